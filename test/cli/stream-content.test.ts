// `memspan send` and `memspan recv`: what goes in comes out, whatever it is, wherever from, whoever comes first.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ring, Segment } from '../../src/index.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { type Ended, type Running, start, startProgram } from './memspan.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/cli/${name}.js`, import.meta.url));

/** Both sides to their ends; what was received. */
async function passed(sender: Running, receiver: Running): Promise<Buffer> {
  const [sent, received] = await Promise.all([sender.ended, receiver.ended]);
  assertFine(sent);
  assertFine(received);
  return received.stdout;
}

function assertFine({ code, signal, stderr }: Ended): void {
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
}

function sendBytes(name: string, bytes: Uint8Array, ...options: string[]): Running {
  const sender = start(['send', name, ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
  sender.child.stdin?.end(bytes);
  return sender;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

for (const [title, length] of [
  ['an empty stream', 0],
  ['one byte', 1],
  ['4095 bytes', 4095],
  ['4097 bytes', 4097],
  ['a prime number of bytes', 1_299_709],
  ['a megabyte', 1 << 20],
] as const) {
  test(`${title} from a pipe arrives bit by bit`, async () => {
    const name = uniqueName();
    const bytes = randomBytes(length);
    const received = await passed(sendBytes(name, bytes), start(['recv', name]));
    assert.ok(received.equals(bytes), `${received.length} of ${length} bytes`);
    assert.ok(!fs.existsSync(shmPath(name)));
  });
}

test('the smallest ring passes what is a hundred times its size', async () => {
  const name = uniqueName();
  const bytes = randomBytes(409_601);
  const options = ['--ring', '4096'];
  const received = await passed(
    sendBytes(name, bytes, ...options),
    start(['recv', name, ...options]),
  );
  assert.ok(received.equals(bytes));
});

test('a file goes to a file', async (t) => {
  const name = uniqueName();
  const [from, to] = [process.execPath, shmPath(uniqueName())];
  t.after(() => fs.rmSync(to, { force: true }));
  const receiver = start(['recv', name], { stdio: ['ignore', fs.openSync(to, 'w'), 'pipe'] });
  const sender = start(['send', name], { stdio: [fs.openSync(from, 'r'), 'pipe', 'pipe'] });
  await passed(sender, receiver);
  assert.equal(sha256(fs.readFileSync(to)), sha256(fs.readFileSync(from)));
});

test('what is appended to a file stays behind what was there', async (t) => {
  const name = uniqueName();
  const to = shmPath(uniqueName());
  t.after(() => fs.rmSync(to, { force: true }));
  fs.writeFileSync(to, 'before,');
  const receiver = start(['recv', name], { stdio: ['ignore', fs.openSync(to, 'a'), 'pipe'] });
  await passed(sendBytes(name, Buffer.from('after')), receiver);
  assert.equal(fs.readFileSync(to, 'utf8'), 'before,after');
});

test('a sender that comes first waits for its receiver', async () => {
  const name = uniqueName();
  const sender = sendBytes(name, Buffer.from('first'));
  await until(() => fs.existsSync(shmPath(name)), 'the sender');
  assert.equal(fs.statSync(shmPath(name)).mode & 0o777, 0o600);
  assert.equal(String(await passed(sender, start(['recv', name]))), 'first');
});

test('a receiver that comes first waits for its sender', async () => {
  const name = uniqueName();
  const receiver = start(['recv', name]);
  await until(() => fs.existsSync(shmPath(name)), 'the receiver');
  assert.equal(String(await passed(sendBytes(name, Buffer.from('second')), receiver)), 'second');
});

test('pairs that start at the same moment find each other', async () => {
  await Promise.all(
    Array.from({ length: 6 }, async (_, number) => {
      const name = uniqueName();
      const bytes = randomBytes(1000 + number);
      const receiver = start(['recv', name]);
      assert.ok((await passed(sendBytes(name, bytes), receiver)).equals(bytes));
    }),
  );
});

test('one name serves one stream after another', async () => {
  const name = uniqueName();
  for (const text of ['one', 'two', 'three']) {
    const receiver = start(['recv', name]);
    assert.equal(String(await passed(sendBytes(name, Buffer.from(text)), receiver)), text);
  }
});

test('a slow source and a slow sink change nothing', async () => {
  const name = uniqueName();
  const sender = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
  const receiver = start(['recv', name]);
  for (const text of ['a', 'bc', 'def']) {
    const before = receiver.output().length;
    sender.child.stdin?.write(text);
    await until(() => receiver.output().length === before + text.length, `'${text}'`);
  }
  sender.child.stdin?.end();
  assert.equal(String(await passed(sender, receiver)), 'abcdef');
});

test('1 GiB from pipe to pipe has the same SHA-256 on both ends', async () => {
  const name = uniqueName();
  const length = 2 ** 30;
  const source = startProgram(process.execPath, [fixture('source'), String(length), '1048576'], {
    unread: true,
  });
  const digest = startProgram(process.execPath, [fixture('digest')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const sender = start(['send', name], { stdio: [source.child.stdout, 'pipe', 'pipe'] });
  const receiver = start(['recv', name], { stdio: ['ignore', digest.child.stdin, 'pipe'] });
  // Theirs alone from now on: otherwise nobody would see the other end close.
  source.child.stdout?.destroy();
  digest.child.stdin?.destroy();
  await passed(sender, receiver);
  const [wrote, read] = await Promise.all([source.ended, digest.ended]);
  assert.deepEqual(JSON.parse(String(read.stdout)), { length, sha256: wrote.stderr });
});

test('64-byte writes arrive as the same bytes', async () => {
  const name = uniqueName();
  const source = startProgram(process.execPath, [fixture('source'), String(64 * 20_000), '64'], {
    unread: true,
  });
  const sender = start(['send', name], { stdio: [source.child.stdout, 'pipe', 'pipe'] });
  source.child.stdout?.destroy();
  const received = await passed(sender, start(['recv', name]));
  assert.equal(sha256(received), (await source.ended).stderr);
});

test('a million messages of 64 bytes have the same SHA-256 on both ends', async (t) => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: Ring.bytesFor(1 << 20) });
  t.after(() => segment.unlink());
  const [sent, received] = await Promise.all(
    ['send', 'receive'].map((verb) => {
      const args = [fixture('messages'), verb, name, '1000000'];
      return startProgram(process.execPath, args).ended;
    }),
  );
  assert.match(String(sent?.stdout), /^[0-9a-f]{64}\n$/, sent?.stderr);
  assert.equal(String(received?.stdout), String(sent?.stdout), received?.stderr);
});

test('--json sums up: the sender on stdout, the receiver on stderr', async () => {
  const name = uniqueName();
  const receiver = start(['recv', name, '--json']);
  const sent = await sendBytes(name, Buffer.from('12345'), '--json').ended;
  const received = await receiver.ended;
  assert.equal(String(received.stdout), '12345');
  for (const text of [String(sent.stdout), received.stderr]) {
    const { seconds, bytesPerSecond, ...rest } = JSON.parse(text);
    assert.deepEqual(rest, { name, bytes: 5 });
    assert.ok(seconds >= 0 && bytesPerSecond >= 0);
  }
});

test("recv reads a program's ring, and leaves the name to the program", async (t) => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: Ring.bytesFor(4096) });
  t.after(() => segment.unlink());
  const writer = new Ring(segment).writer();
  for (const word of ['from ', 'a ', 'program']) writer.send(word);
  const receiver = start(['recv', name]);
  writer.close();
  const received = await receiver.ended;
  assertFine(received);
  assert.equal(String(received.stdout), 'from a program');
  assert.equal(await writer.finished(), true);
  assert.ok(fs.existsSync(shmPath(name)));
});

test('a program reads what send writes', async () => {
  const name = uniqueName();
  const sender = sendBytes(name, Buffer.from('for a program'));
  await until(() => fs.existsSync(shmPath(name)), 'the sender');
  const reader = new Ring(Segment.open(name)).reader();
  let text = '';
  for await (const message of reader) text += Buffer.from(message);
  reader.close();
  assertFine(await sender.ended);
  assert.equal(text, 'for a program');
});
