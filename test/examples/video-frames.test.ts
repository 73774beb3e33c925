// Frames through pools: a camera, two filters, an encoder. What arrives is whole, and a filter that is killed takes no chunk with it.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { crc32 } from '../../examples/video-frames/frame.ts';
import { helps, interrupt, runAsShown, shownFor, start, terminate } from './example.ts';

const example = 'video-frames';
const small = ['--width', '64', '--height', '48', '--rate', '60'];

test('a filter is killed with a chunk of two pools in hand: they come back, and the rest arrives whole', async () => {
  const output = await runAsShown(example, ...small, '--frames', '24', '--kill', '6');
  assert.match(output, /^edges +24 files, 0 damaged, 0 missing$/m);
  const [files = 0, missing = 0] = numbersOf(
    output,
    /^blur +(\d+) files, 0 damaged, (\d+) missing$/m,
  );
  // What was published before is with the encoder; the frame that it worked on is lost.
  assert.ok(files >= 6 && missing >= 1 && files + missing === 24, output);
  assert.match(output, /: 6, 6, 6 of 6 each$/m);
});

test('killed in the midst of the last frame, it is started again for nothing, and all end', async () => {
  const { command } = shownFor(example);
  const options = [...small, '--frames', '8', '--kill', '7'];
  const { code, output, errors } = await start([...command, ...options]).ended;
  assert.deepEqual([code, errors], [0, ''], output);
  assert.match(output, /^blur +7 files, 0 damaged, 1 missing$/m);
  assert.match(output, /: 6, 6, 6 of 6 each$/m);
});

test('every frame is a PNG file', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'memspan-test-video-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { command } = shownFor(example);
  const options = [...small, '--frames', '5', '--kill', '0', '--out', folder];
  const { code, output, errors } = await start([...command, ...options]).ended;
  assert.deepEqual([code, errors], [0, ''], output);
  const files = readdirSync(folder).sort();
  const named = (filter: string) => [0, 1, 2, 3, 4].map((number) => `${filter}-000${number}.png`);
  assert.deepEqual(files, [...named('blur'), ...named('edges')]);
  for (const file of files) {
    const channels = file.startsWith('blur') ? 3 : 1;
    const lines = linesOf(readFileSync(path.join(folder, file)), channels);
    assert.equal(lines.length, (64 * channels + 1) * 48, file);
    assert.ok(new Set(lines).size > 10, `${file} is a picture`);
  }
});

test('checksums are CRC-32', () => {
  assert.equal(crc32(Buffer.from('123456789')), 0xcbf43926);
});

test('interrupted or terminated, it leaves nothing', async () => {
  await Promise.all([
    interrupt(example, 'a second', ...small, '--frames', '9999'),
    terminate(example, 'a second', ...small, '--frames', '9999'),
  ]);
});

test('it explains its options', () => helps(example));

/** Checks the parts of a PNG file of 64 × 48; its lines. */
function linesOf(png: Buffer, channels: number): Buffer {
  assert.equal(png.toString('latin1', 0, 8), '\x89PNG\r\n\x1a\n');
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const content = png.subarray(at + 4, at + 8 + length);
    assert.equal(png.readUInt32BE(at + 8 + length), crc32(content));
    parts.set(content.toString('latin1', 0, 4), content.subarray(4));
    at += 12 + length;
  }
  assert.deepEqual([...parts.keys()], ['IHDR', 'IDAT', 'IEND']);
  const header = parts.get('IHDR') as Buffer;
  assert.deepEqual([header.readUInt32BE(0), header.readUInt32BE(4)], [64, 48]);
  assert.deepEqual([...header.subarray(8)], [8, channels === 1 ? 0 : 2, 0, 0, 0]);
  return inflateSync(parts.get('IDAT') as Buffer);
}

function numbersOf(text: string, pattern: RegExp): number[] {
  const found = pattern.exec(text);
  assert.ok(found, text);
  return found.slice(1).map(Number);
}
