// File mappings and their views. A view is a SharedArrayBuffer; what is a pointer into one in C is any view of it here.

import { isAnyArrayBuffer } from 'node:util/types';
import type { RawMapping } from '../../binding.ts';
import { invalidArgument, MemspanError } from '../../errors.ts';
import { integerOf, unsignedOf } from '../arguments.ts';
import type { Region } from '../pointer.ts';
import {
  core,
  flagOf,
  HANDLE,
  inheritOf,
  nameOf,
  newNameOf,
  opened,
  result,
  type SecurityAttributes,
} from './handle.ts';

/**
 * Makes a file mapping, or opens the one of that name, whatever its size; then GetLastError() is ERROR_ALREADY_EXISTS.
 * `hFile` is INVALID_HANDLE_VALUE for memory of the paging file, or a descriptor of node:fs. The size is in bytes, its high
 * and low 32 bits; 0 for a file's whole size. Names are of this login session unless they begin with `Global\`.
 * Throws, with `errno` as GetLastError() says: ERROR_INVALID_HANDLE when the name is another kind's or the descriptor is
 * none, ERROR_INVALID_PARAMETER for no size, ERROR_FILE_INVALID for an empty file, ERROR_NOT_ENOUGH_MEMORY and
 * ERROR_COMMITMENT_LIMIT. Source: CreateFileMappingW (memoryapi.h).
 */
export function CreateFileMapping(
  hFile: number,
  lpFileMappingAttributes: SecurityAttributes | null,
  flProtect: number,
  dwMaximumSizeHigh: number,
  dwMaximumSizeLow: number,
  lpName: string | null = null,
): HANDLE<'file mapping'> {
  const call = 'CreateFileMapping';
  const windows = core(call);
  const fd = integerOf(hFile, 'hFile', call, -1);
  const inherit = inheritOf(lpFileMappingAttributes, call);
  const protect = unsignedOf(flProtect, 'flProtect', call);
  const high = unsignedOf(dwMaximumSizeHigh, 'dwMaximumSizeHigh', call);
  const low = unsignedOf(dwMaximumSizeLow, 'dwMaximumSizeLow', call);
  const name = newNameOf(lpName, call);
  const value = windows.createSection(fd, inherit, protect, high, low, name);
  return opened('file mapping', value, name, call);
}

/**
 * Opens the file mapping of that name. Throws ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED, and ERROR_INVALID_HANDLE when the
 * name is another kind's. Source: OpenFileMappingW (memoryapi.h).
 */
export function OpenFileMapping(
  dwDesiredAccess: number,
  bInheritHandle: boolean,
  lpName: string,
): HANDLE<'file mapping'> {
  const call = 'OpenFileMapping';
  const windows = core(call);
  const access = unsignedOf(dwDesiredAccess, 'dwDesiredAccess', call);
  const inherit = flagOf(bInheritHandle, 'bInheritHandle', call);
  const name = nameOf(lpName, call);
  return opened('file mapping', windows.openSection(access, inherit, name), name, call);
}

/**
 * Maps bytes of the file mapping: `dwNumberOfBytesToMap` of them, or with 0 all from the offset on, which are whole pages of
 * 4096. The offset, its high and low 32 bits, is a multiple of 65536. The buffer keeps the memory, and the file mapping
 * may be closed. With FILE_MAP_READ alone, a write through the buffer reaches nobody: its page becomes this process's own.
 * Throws ERROR_ACCESS_DENIED when the handle or the mapping does not allow that access or that many bytes,
 * ERROR_MAPPED_ALIGNMENT, ERROR_NOT_ENOUGH_MEMORY. Source: MapViewOfFile (memoryapi.h).
 */
export function MapViewOfFile(
  hFileMappingObject: HANDLE<'file mapping'>,
  dwDesiredAccess: number,
  dwFileOffsetHigh: number,
  dwFileOffsetLow: number,
  dwNumberOfBytesToMap: number,
): SharedArrayBuffer {
  const call = 'MapViewOfFile';
  const windows = core(call);
  const section = HANDLE.valueOf(hFileMappingObject, ['file mapping'], call);
  const access = unsignedOf(dwDesiredAccess, 'dwDesiredAccess', call);
  const high = unsignedOf(dwFileOffsetHigh, 'dwFileOffsetHigh', call);
  const low = unsignedOf(dwFileOffsetLow, 'dwFileOffsetLow', call);
  const size = bytesOf(dwNumberOfBytesToMap, 'dwNumberOfBytesToMap', call);
  let mapped: RawMapping | number;
  try {
    mapped = windows.mapSection(section, access, high * 2 ** 32 + low, size);
  } catch (error) {
    throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
      operation: call,
      object: hFileMappingObject.name ?? undefined,
      cause: `Node ${process.version} gives no buffer for it: ${(error as Error).message}`,
      remedy: 'Map fewer bytes at once',
    });
  }
  if (typeof mapped !== 'number') return mapped.buffer;
  result(mapped, call, hFileMappingObject.name);
  throw new Error('unreachable');
}

/**
 * Writes changed pages of a mapped file back to it: `dwNumberOfBytesToFlush` bytes from the region's first one on, or with 0
 * all to the view's end. As on every Windows, that they are on the disk then is only sure after fs.fsyncSync. True.
 * Throws ERROR_INVALID_ADDRESS when the bytes do not lie in the view, `ERR_MEMSPAN_CLOSED` after UnmapViewOfFile,
 * `ERR_MEMSPAN_READ_ONLY` when there was a write to a view mapped with FILE_MAP_READ.
 * Source: FlushViewOfFile (memoryapi.h).
 */
export function FlushViewOfFile(lpBaseAddress: Region, dwNumberOfBytesToFlush: number = 0): true {
  const call = 'FlushViewOfFile';
  const windows = core(call);
  const bytes = regionOf(lpBaseAddress, call);
  const count = bytesOf(dwNumberOfBytesToFlush, 'dwNumberOfBytesToFlush', call);
  result(windows.flushRegion(bytes, count), call);
  return true;
}

/**
 * Lets go of the view at once, in all threads of this process: who still reads its buffer gets zeros, who writes to it
 * reaches nobody. `lpBaseAddress` is the buffer, or a view that begins with it. True. Throws ERROR_INVALID_ADDRESS when
 * it begins elsewhere, `ERR_MEMSPAN_CLOSED` when it is unmapped. Source: UnmapViewOfFile (memoryapi.h).
 */
export function UnmapViewOfFile(lpBaseAddress: Region): true {
  const call = 'UnmapViewOfFile';
  const windows = core(call);
  result(windows.unmapRegion(regionOf(lpBaseAddress, call)), call);
  return true;
}

function bytesOf(value: unknown, what: string, call: string): number {
  return integerOf(value, what, call, 0, Number.MAX_SAFE_INTEGER);
}

function regionOf(region: unknown, call: string): Uint8Array {
  if (isAnyArrayBuffer(region)) return new Uint8Array(region);
  if (ArrayBuffer.isView(region)) {
    return new Uint8Array(region.buffer, region.byteOffset, region.byteLength);
  }
  throw invalidArgument(
    `${call}: the region is a buffer, as MapViewOfFile returns it, or a view of one`,
  );
}
