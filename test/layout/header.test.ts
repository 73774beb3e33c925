// A header for raw memory: what is written, what is checked, and the same from a C program.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  array,
  checkHeader,
  f64,
  header,
  layoutText,
  MemspanError,
  offsetOf,
  Segment,
  sizeOf,
  struct,
  toC,
  u8,
  u32,
  view,
  writeHeader,
} from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { codeOf, shmPath, uniqueName } from '../support/segments.ts';

const Header = header({ magic: 'FRMS', version: 3 });
const Frames = struct({ header: Header, width: u32, values: array(f64, 4) });

function errorOf(act: () => unknown): MemspanError {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof MemspanError, String(error));
    return error;
  }
  return assert.fail('nothing was thrown');
}

test('24 bytes: magic, byte order, version, size; the rest is untouched', () => {
  assert.equal(layoutText(Header), 'struct{magic:utf8(8),byteOrder:u32,version:u32,size:u64}');
  assert.deepEqual([sizeOf(Header), Header.align, offsetOf(Frames, 'width')], [24, 8, 24]);
  const memory = new Uint8Array(sizeOf(Frames)).fill(0xee);
  writeHeader(Frames, memory);
  const bytes = Buffer.from(memory.buffer);
  assert.equal(bytes.toString('latin1', 0, 8), 'FRMS\0\0\0\0');
  assert.equal(bytes.readUInt32LE(8), 0x01020304);
  assert.equal(bytes.readUInt32LE(12), 3);
  assert.equal(bytes.readBigUInt64LE(16), BigInt(sizeOf(Frames)));
  assert.ok(bytes.subarray(24).every((byte) => byte === 0xee));
  const facts = { magic: 'FRMS', byteOrder: 'little-endian', version: 3, size: sizeOf(Frames) };
  assert.deepEqual(checkHeader(Frames, memory), facts);
  assert.equal(view(Frames, memory).header.version, 3);
});

test('alone it stands for all the memory from there on, which may be larger later', () => {
  const memory = new SharedArrayBuffer(1000);
  writeHeader(Header, memory, 101);
  assert.equal(checkHeader(Header, memory, 101).size, 899);
  const larger = new Uint8Array(1200);
  larger.set(new Uint8Array(memory, 101));
  assert.equal(checkHeader(Header, larger).size, 899);
  assert.throws(() => checkHeader(Header, larger.subarray(0, 898)), {
    code: 'ERR_MEMSPAN_HEADER_MISMATCH',
    message: /it has 899 bytes, of which 898 are there/,
  });
  const full = header({ magic: '12345678', version: 2 ** 32 - 1 });
  writeHeader(full, memory);
  assert.equal(checkHeader(full, memory).magic, '12345678');
});

test('whatever is not as it has to be is said, with what was expected and what was found', () => {
  const cases: Record<string, [change: (data: DataView) => void, says: RegExp]> = {
    nothing: [(data) => data.setBigUint64(0, 0n), /there is no header yet, of "FRMS"/],
    magic: [(data) => data.setUint8(3, 'X'.charCodeAt(0)), /it is "FRMX", not "FRMS"/],
    'a longer magic': [(data) => data.setUint8(4, 0x80), /it is "FRMS\u0080", not "FRMS"/],
    'the other byte order': [
      (data) => {
        data.setUint32(8, 0x01020304, false);
        data.setUint32(12, 3, false);
        data.setBigUint64(16, BigInt(sizeOf(Frames)), false);
      },
      /another byte order: big-endian, not little-endian/,
    ],
    'no byte order': [(data) => data.setUint32(8, 7), /byte order: unknown, not little-endian/],
    version: [(data) => data.setUint32(12, 4, true), /it is version 4, not 3/],
    size: [(data) => data.setUint32(16, 24, true), /it has 24 bytes, not 64/],
    'a huge size': [(data) => data.setUint32(20, 1, true), /it has 4294967360 bytes, not 64/],
  };
  for (const [what, [change, says]] of Object.entries(cases)) {
    const memory = new ArrayBuffer(sizeOf(Frames));
    writeHeader(Frames, memory);
    change(new DataView(memory));
    const error = errorOf(() => checkHeader(Frames, memory));
    assert.equal(error.code, 'ERR_MEMSPAN_HEADER_MISMATCH', what);
    assert.match(error.message, says, what);
    const found = error.found as { version: number; size: number };
    assert.deepEqual(error.expected, {
      magic: 'FRMS',
      byteOrder: 'little-endian',
      version: 3,
      size: 64,
    });
    if (what === 'the other byte order') assert.deepEqual([found.version, found.size], [3, 64]);
  }
  // Less than the struct, but the header is there: what it says tells the two apart.
  const short = new ArrayBuffer(40);
  writeHeader(header({ magic: 'OTHER', version: 1 }), short);
  assert.match(errorOf(() => checkHeader(Frames, short)).message, /it is "OTHER", not "FRMS"/);
  const [mine, memory] = [struct({ header: Header, n: u8 }), new ArrayBuffer(32)];
  writeHeader(mine, memory);
  assert.match(
    errorOf(() => checkHeader(mine, new Uint8Array(memory, 0, 24))).message,
    /of which 24/,
  );
});

test('what is no header, no memory, no magic, no version', () => {
  const memory = new ArrayBuffer(64);
  for (const layout of [u8, struct({ n: u8, header: Header }), struct({ magic: u8 }), undefined]) {
    assert.throws(() => writeHeader(layout as never, memory), TypeError);
    assert.throws(() => checkHeader(layout as never, memory), TypeError);
  }
  assert.throws(() => writeHeader(Frames, memory, 9), RangeError);
  assert.throws(() => checkHeader(Frames, memory, 41), RangeError);
  for (const magic of ['', '123456789', 'ä', 'a\0', 7]) {
    assert.throws(() => header({ magic: magic as string, version: 1 }), TypeError);
  }
  assert.throws(() => header(undefined as never), TypeError);
  assert.throws(() => header({ magic: 'x' } as never), TypeError);
  for (const version of [-1, 0.5, 2 ** 32]) {
    assert.throws(() => header({ magic: 'x', version }), RangeError);
  }
});

test('a segment is published with its header; who reads checks it', () => {
  const name = uniqueName();
  const size = sizeOf(Frames);
  using made = Segment.create(name, { size, init: ({ buffer }) => writeHeader(Frames, buffer) });
  using opened = Segment.open(name, { readOnly: true });
  assert.equal(checkHeader(Frames, opened.buffer).version, 3);
  assert.equal(
    codeOf(() => writeHeader(Frames, opened.buffer)),
    'ERR_MEMSPAN_READ_ONLY',
  );
  const Next = struct({ header: header({ magic: 'FRMS', version: 4 }), width: u32 });
  assert.equal(
    codeOf(() => checkHeader(Next, opened.buffer)),
    'ERR_MEMSPAN_HEADER_MISMATCH',
  );
  made.unlink();
});

function compile(t: TestContext, body: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'memspan-test-header-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = path.join(folder, 'program.c');
  const program = path.join(folder, 'program');
  writeFileSync(
    source,
    `#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
${toC(Frames, 'Frames')}
${body}`,
  );
  execFileSync('gcc', ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-o', program, source]);
  return program;
}

test('a C program checks what we write, and writes what we check', { skip: needs('gcc') }, (t) => {
  const program = compile(
    t,
    `int main(int count, char **arguments) {
  int writes = count == 3, fd = open(arguments[1], writes ? O_RDWR : O_RDONLY);
  struct stat file;
  if (fd < 0 || fstat(fd, &file) != 0) return 1;
  Frames *frames = mmap(0, sizeof *frames, PROT_READ | (writes ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
  if (frames == MAP_FAILED) return 1;
  if (writes) {
    frames->header = (Frames_header){"FRMS", 0x01020304, 3, sizeof *frames};
    frames->values[3] = 0.5;
    return 0;
  }
  const Frames_header *h = &frames->header;
  if (strncmp(h->magic, "FRMS", 8) != 0) return puts("not frames"), 0;
  if (h->byteOrder != 0x01020304) return puts("of another byte order"), 0;
  if (h->version != 3) return puts("of another version"), 0;
  if (h->size != sizeof *frames || h->size > (uint64_t)file.st_size) return puts("of another size"), 0;
  printf("frames of width %u\\n", frames->width);
  return 0;
}`,
  );
  const name = uniqueName();
  using segment = Segment.create(name, { size: sizeOf(Frames) });
  const run = (...more: string[]): string =>
    execFileSync(program, [shmPath(name), ...more], { encoding: 'utf8' });
  assert.equal(run(), 'not frames\n');
  writeHeader(Frames, segment.buffer);
  view(Frames, segment.buffer).width = 640;
  assert.equal(run(), 'frames of width 640\n');
  writeHeader(struct({ header: header({ magic: 'FRMS', version: 2 }), n: u8 }), segment.buffer);
  assert.equal(run(), 'of another version\n');
  new Uint8Array(segment.buffer).fill(0);
  run('write');
  assert.equal(checkHeader(Frames, segment.buffer).size, sizeOf(Frames));
  assert.equal(view(Frames, segment.buffer).values.get(3), 0.5);
  segment.unlink();
});
