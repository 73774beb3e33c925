// Wrong types and closed handles: an error before any call of the system.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as w from '../../../src/os/win32.ts';

const TYPE = { name: 'TypeError', code: 'ERR_MEMSPAN_INVALID_ARGUMENT' };
const RANGE = { name: 'RangeError', code: 'ERR_MEMSPAN_OUT_OF_RANGE' };
const CLOSED = { name: 'MemspanError', code: 'ERR_MEMSPAN_CLOSED' };
// What a program without TypeScript could pass.
const any = <T>(value: unknown): T => value as T;

test('wrong types are TypeErrors', async () => {
  using mutex = w.CreateMutex(null, false);
  using event = w.CreateEvent(null, false, false);
  const acts: (() => unknown)[] = [
    () => w.CreateFileMapping(any('x'), null, w.PAGE_READWRITE, 0, 1),
    () => w.CreateFileMapping(-1, any(5), w.PAGE_READWRITE, 0, 1),
    () => w.CreateFileMapping(-1, any({ bInheritHandle: 1 }), w.PAGE_READWRITE, 0, 1),
    () => w.CreateFileMapping(-1, null, any(undefined), 0, 1),
    () => w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, any('1')),
    () => w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 1, any(7)),
    () => w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 1, 'a\0b'),
    () => w.OpenFileMapping(w.FILE_MAP_READ, any(0), 'x'),
    () => w.OpenFileMapping(w.FILE_MAP_READ, false, any(null)),
    () => w.MapViewOfFile(any(mutex), w.FILE_MAP_READ, 0, 0, 0),
    () => w.MapViewOfFile(any(17), w.FILE_MAP_READ, 0, 0, 0),
    () => w.UnmapViewOfFile(any('x')),
    () => w.UnmapViewOfFile(new SharedArrayBuffer(8)),
    () => w.FlushViewOfFile(new Uint8Array(8)),
    () => w.CreateMutex(null, any(1)),
    () => w.CreateSemaphore(null, any(null), 1),
    () => w.CreateEvent(null, any(0), false),
    () => w.ReleaseMutex(any(event)),
    () => w.ReleaseSemaphore(any(mutex)),
    () => w.SetEvent(any(mutex)),
    () => w.ResetEvent(any({})),
    () => w.CloseHandle(any(4)),
    () => w.WaitForSingleObject(any(null), 0),
    () => w.WaitForSingleObject(mutex, any('0')),
    () => w.WaitForMultipleObjects(any(mutex), false, 0),
    () => w.WaitForMultipleObjects([], false, 0),
    () => w.WaitForMultipleObjects(Array(65).fill(event), false, 0),
    () => w.WaitForMultipleObjects([event], any(1), 0),
  ];
  for (const act of acts) assert.throws(act, TYPE, act.toString());
  await assert.rejects(w.WaitForSingleObjectAsync(any('x'), 0), TYPE);
  await assert.rejects(w.WaitForMultipleObjectsAsync([event, any(1)], false, 0), TYPE);
  await assert.rejects(w.WaitForSingleObjectAsync(event, 0, any({ signal: 5 })), TYPE);
  using mapping = w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 1);
  assert.throws(() => w.WaitForSingleObject(any(mapping), 0), TYPE);
});

test('numbers that do not fit are RangeErrors', () => {
  using mapping = w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 1);
  using event = w.CreateEvent(null, false, false);
  const acts: (() => unknown)[] = [
    () => w.CreateFileMapping(-2, null, w.PAGE_READWRITE, 0, 1),
    () => w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 2 ** 32),
    () => w.CreateFileMapping(-1, null, w.PAGE_READWRITE, -1, 1),
    () => w.MapViewOfFile(mapping, w.FILE_MAP_READ, 0, 0, 1.5),
    () => w.MapViewOfFile(mapping, w.FILE_MAP_READ, 0, 0, 2 ** 53),
    () => w.CreateSemaphore(null, 0, 2 ** 31),
    () => w.WaitForSingleObject(event, -1),
    () => w.WaitForSingleObject(event, Number.NaN),
    () => w.WaitForSingleObject(event, Number.POSITIVE_INFINITY),
  ];
  for (const act of acts) assert.throws(act, RANGE, act.toString());
});

test('a closed handle is ERR_MEMSPAN_CLOSED for every call', async () => {
  const mutex = w.CreateMutex(null, false);
  const semaphore = w.CreateSemaphore(null, 0, 1);
  const event = w.CreateEvent(null, false, false);
  const mapping = w.CreateFileMapping(-1, null, w.PAGE_READWRITE, 0, 1);
  for (const handle of [mutex, semaphore, event, mapping]) {
    assert.equal(w.CloseHandle(handle), true);
    assert.throws(() => w.CloseHandle(handle), CLOSED);
    handle[Symbol.dispose]();
  }
  assert.throws(() => w.ReleaseMutex(mutex), CLOSED);
  assert.throws(() => w.ReleaseSemaphore(semaphore), CLOSED);
  assert.throws(() => w.SetEvent(event), CLOSED);
  assert.throws(() => w.ResetEvent(event), CLOSED);
  assert.throws(() => w.MapViewOfFile(mapping, w.FILE_MAP_READ, 0, 0, 0), CLOSED);
  assert.throws(() => w.WaitForSingleObject(mutex, 0), CLOSED);
  assert.throws(() => w.WaitForMultipleObjects([event, mutex], true, 0), CLOSED);
  await assert.rejects(w.WaitForSingleObjectAsync(event, 0), CLOSED);
});
