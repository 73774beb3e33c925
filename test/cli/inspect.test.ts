// `memspan inspect` as users call it: raw bytes, layouts, single objects, and its errors.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Ring, Segment, Span } from '../../src/index.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { bin, failureOf, lineOf, memspan, startProgram } from './memspan.ts';

/** A segment whose first bytes are text, then a float64 and zeros. */
function withSegment(use: (name: string) => Promise<void>): Promise<void> {
  const name = uniqueName();
  const segment = Segment.create(name, {
    size: 4096,
    init: ({ buffer }) => {
      new Uint8Array(buffer).set(Buffer.from('hello\u0007, world'));
      new Float64Array(buffer)[2] = -1.5;
    },
  });
  return use(name).finally(() => {
    segment.close();
    Segment.unlink(name);
  });
}

test('raw bytes are shown as hexadecimal numbers and text, equal rows once', () =>
  withSegment(async (name) => {
    const { stdout, code } = await memspan('inspect', name);
    assert.equal(code, 0);
    const [head, , ...rows] = String(stdout).trimEnd().split('\n');
    assert.equal(head, `${name}  segment, 4.0 KiB (4,096 bytes), mode 0600`);
    assert.deepEqual(rows, [
      '00000000  68 65 6c 6c 6f 07 2c 20  77 6f 72 6c 64 00 00 00  hello., world...',
      '00000010  00 00 00 00 00 00 f8 bf  00 00 00 00 00 00 00 00  ................',
      '00000020  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................',
      '*',
      '000000f0  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................',
      '… 3,840 bytes more (--length, --offset)',
    ]);
  }));

test('--offset and --length choose the bytes, --layout says what they are', () =>
  withSegment(async (name) => {
    const some = await memspan('inspect', `/${name}`, '--offset', '0x7', '--length', '6', '--json');
    const { hex, offset, kind } = JSON.parse(String(some.stdout));
    assert.deepEqual([hex, offset, kind], ['20776f726c64', 7, 'segment']);
    const layout = 'struct{ text: utf8(16), pace: f64 }';
    const { stdout } = await memspan('inspect', name, '--layout', layout);
    const lines = String(stdout).trimEnd().split('\n').slice(2);
    assert.deepEqual(lines, ['text = "hello\\u0007, world"', 'pace = -1.5']);
    const json = await memspan('inspect', name, '--offset', '16', '--layout', 'f64', '--json');
    assert.equal(JSON.parse(String(json.stdout)).value, -1.5);
  }));

test('a segment without bytes is labelled', async () => {
  const name = uniqueName();
  fs.writeFileSync(shmPath(name), '', { mode: 0o640 });
  const { code, stdout } = await memspan('inspect', name);
  fs.rmSync(shmPath(name));
  assert.equal(code, 0);
  assert.match(String(stdout), /segment, 0 bytes, mode 0640\n {2}segment: it has no bytes/);
});

test('a segment that is a ring is called one', async () => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: Ring.bytesFor(256) });
  const ring = new Ring(segment);
  ring.writer().trySend(new Uint8Array(12));
  const [head, depth] = String((await memspan('inspect', name)).stdout).split('\n');
  assert.match(head as string, /ring, 1.3 KiB/);
  assert.equal(depth, '  1 message (16 of 256 bytes), 1 sent');
  segment.close();
  Segment.unlink(name);
});

test('an object of a span: its bytes, its value, its fields by another layout', async () => {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close', as: 'test' });
  new Uint32Array(
    span.bytes('a/b', { size: 64 }).buffer,
    span.bytes('a/b', { size: 64 }).byteOffset,
  )[1] = 7;
  const raw = await memspan('inspect', `${name}/a/b`, '--offset', '4', '--length', '4', '--json');
  assert.equal(JSON.parse(String(raw.stdout)).hex, '07000000');
  const value = await memspan('inspect', `${name}/a/b`, '--layout', 'array(u32,3)', '--json');
  assert.deepEqual(JSON.parse(String(value.stdout)).value, [0, 7, 0]);
  assert.match(String((await memspan('inspect', `${name}/a/b`)).stdout), /bytes, 64 bytes at \d+/);
  const all = JSON.parse(String((await memspan('inspect', `${name}/a/b`, '--json')).stdout));
  assert.deepEqual([all.span, all.name, all.kind, all.length], [name, 'a/b', 'bytes', 64]);
});

test('what is not there, or cannot be meant, is one line with a remedy', () =>
  withSegment(async (name) => {
    const nothing = `${name}-nothing`;
    assert.match(
      lineOf(await memspan('inspect', nothing)),
      /there is no segment '.*'\. See what there is/,
    );
    const cases: [args: string[], code: string, message: RegExp][] = [
      [[nothing], 'ERR_MEMSPAN_NOT_FOUND', /there is no segment/],
      [[`${name}/x`], 'ERR_MEMSPAN_NOT_FOUND', /is no span, so it has no object 'x'/],
      [[name, '--offset', '9999'], 'ERR_MEMSPAN_OUT_OF_RANGE', /nothing at byte 9999/],
      [[name, '--length', 'all'], 'ERR_MEMSPAN_USAGE', /--length is a number of bytes, not 'all'/],
      [[name, '--layout', 'u33'], 'ERR_MEMSPAN_USAGE', /--layout: at character 0 there is "u33"/],
      [
        [name, '--layout', 'bytes(5000)'],
        'ERR_MEMSPAN_OUT_OF_RANGE',
        /5000 bytes, and there are 4096/,
      ],
    ];
    for (const [args, code, message] of cases) {
      const failure = failureOf(await memspan('inspect', ...args, '--json'));
      assert.equal(failure.code, code);
      assert.match(failure.message, message);
    }
  }));

test('`| head -1` is success', () =>
  withSegment(async (name) => {
    const line = `"${process.execPath}" "${bin}" inspect ${name} --length 4096 | head -1; exit \${PIPESTATUS[0]}`;
    const { code, stdout, stderr } = await startProgram('bash', ['-c', line]).ended;
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(String(stdout), new RegExp(`^${name} .*\n$`));
  }));
