// `memspan send` and `memspan recv` when one of them is killed, interrupted, or has nobody to write to: the other is
// told and ends, what had arrived is right, and the name is free again.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { leftovers, seededRandom, shmPath, uniqueName, until } from '../support/segments.ts';
import { type Ended, failureOf, lineOf, type Running, start } from './memspan.ts';

const KILLS = 5;
const file = process.execPath;
const contents = fs.readFileSync(file);

interface Pair {
  readonly name: string;
  readonly sender: Running;
  readonly receiver: Running;
  /** What has been read of the receiver's output. */
  received(): Buffer;
  /** Reads until there are so many bytes, and then stops. */
  readUpTo(bytes: number): Promise<void>;
  /** Reads the rest and waits for the receiver's end. */
  drained(): Promise<Ended>;
}

/** A large file on its way; only what the test reads of the receiver's output gets on. */
function startPair(name: string = uniqueName()): Pair {
  const sender = start(['send', name, '--json'], {
    stdio: [fs.openSync(file, 'r'), 'pipe', 'pipe'],
  });
  const receiver = start(['recv', name, '--json'], { unread: true });
  const chunks: Buffer[] = [];
  let length = 0;
  const stdout = receiver.child.stdout!;
  const take = (chunk: Buffer | null): void => {
    if (chunk === null) return;
    chunks.push(chunk);
    length += chunk.length;
  };
  return {
    name,
    sender,
    receiver,
    received: () => Buffer.concat(chunks),
    readUpTo: (bytes) =>
      until(() => {
        take(stdout.read());
        return length >= bytes;
      }, `${bytes} bytes`),
    // By asking again, not by 'readable': after reads without a listener that event may not come.
    drained: async () => {
      let isOver = false;
      const over = (): void => {
        isOver = true;
      };
      receiver.ended.then(over, over);
      while (!isOver) {
        take(stdout.read());
        await new Promise(setImmediate);
      }
      take(stdout.read());
      return receiver.ended;
    },
  };
}

function assertPrefix(received: Buffer): void {
  assert.ok(received.length < contents.length, 'it ended midway');
  assert.ok(received.equals(contents.subarray(0, received.length)), 'what arrived is right');
}

test('a sender killed midway: the receiver writes what it has and fails', async (t) => {
  const random = seededRandom(t);
  for (let kill = 0; kill < KILLS; kill++) {
    const pair = startPair();
    await pair.readUpTo(Math.floor(random() * 2 ** 25));
    pair.sender.child.kill('SIGKILL');
    const failure = failureOf(await pair.drained());
    assert.equal(failure.code, 'ERR_MEMSPAN_PEER_DIED');
    assert.match(failure.message, /the sender died before the end of its stream/);
    assertPrefix(pair.received());
    assert.deepEqual(leftovers(), []);
  }
});

test('a receiver killed midway: the sender fails', async (t) => {
  const random = seededRandom(t);
  for (let kill = 0; kill < KILLS; kill++) {
    const pair = startPair();
    await pair.readUpTo(Math.floor(random() * 2 ** 25));
    pair.receiver.child.kill('SIGKILL');
    const failure = failureOf(await pair.sender.ended);
    assert.equal(failure.code, 'ERR_MEMSPAN_PEER_DIED');
    assert.match(failure.message, /the receiver died before it had received everything/);
    assert.deepEqual(leftovers(), []);
    await pair.receiver.ended;
  }
});

for (const [how, code] of [
  ['SIGKILL', null],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a receiver that ends by ${how} while the sender has nothing to send: it fails`, async () => {
    const name = uniqueName();
    const sender = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
    const receiver = start(['recv', name]);
    sender.child.stdin?.write('something');
    await until(() => receiver.output().length > 0, 'the first bytes');
    receiver.child.kill(how);
    assert.equal((await receiver.ended).code, code);
    assert.match(lineOf(await sender.ended), /the receiver died/);
  });

  test(`a sender that ends by ${how}: it does not look like the end of the stream`, async () => {
    const name = uniqueName();
    const sender = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
    const receiver = start(['recv', name]);
    sender.child.stdin?.write('something');
    await until(() => receiver.output().length > 0, 'the first bytes');
    sender.child.kill(how);
    assert.equal((await sender.ended).code, code);
    const received = await receiver.ended;
    assert.match(lineOf(received), /the sender died/);
    assert.equal(String(received.stdout), 'something');
  });
}

for (const verb of ['send', 'recv'] as const) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`${verb} that is still waiting ends by ${signal} and leaves nothing`, async () => {
      const name = uniqueName();
      const waiting = start([verb, name]);
      await until(() => fs.existsSync(shmPath(name)), `${verb}`);
      waiting.child.kill(signal);
      const { code, stdout, stderr } = await waiting.ended;
      const number = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }[signal];
      assert.deepEqual([code, String(stdout), stderr], [128 + number, '', '']);
      assert.deepEqual(leftovers(), []);
    });
  }
}

test('both killed: a new pair of the same name works', async () => {
  const name = uniqueName();
  const pair = startPair(name);
  await pair.readUpTo(1_000_000);
  pair.sender.child.kill('SIGKILL');
  pair.receiver.child.kill('SIGKILL');
  await Promise.all([pair.sender.ended, pair.receiver.ended]);
  assert.ok(fs.existsSync(shmPath(name)), 'nobody was left to remove it');
  const sender = start(['send', name], { stdio: [fs.openSync(file, 'r'), 'pipe', 'pipe'] });
  const received = await start(['recv', name]).ended;
  assert.equal((await sender.ended).code, 0);
  assert.ok(received.stdout.equals(contents));
});

test('a lone sender killed: what it left is not received by the next receiver', async () => {
  const name = uniqueName();
  const killed = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
  killed.child.stdin?.end('of the dead');
  await until(() => fs.existsSync(shmPath(name)), 'the sender');
  killed.child.kill('SIGKILL');
  await killed.ended;
  const receiver = start(['recv', name]);
  const sender = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
  sender.child.stdin?.end('of the living');
  assert.equal(String((await receiver.ended).stdout), 'of the living');
});

test('a new sender waits until the receiver of a killed one has left', async () => {
  const name = uniqueName();
  const pair = startPair(name);
  await pair.readUpTo(1_000_000);
  pair.sender.child.kill('SIGKILL');
  await pair.sender.ended;
  const sender = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
  sender.child.stdin?.end('the second stream');
  assert.equal(failureOf(await pair.drained()).code, 'ERR_MEMSPAN_PEER_DIED');
  assertPrefix(pair.received());
  const receiver = await start(['recv', name]).ended;
  assert.equal(String(receiver.stdout), 'the second stream');
  assert.equal((await sender.ended).code, 0);
});

test('a paused side is not a dead one', async () => {
  for (const side of ['sender', 'receiver'] as const) {
    const [pair, control] = [startPair(), startPair()];
    await Promise.all([pair.readUpTo(1_000_000), control.readUpTo(1_000_000)]);
    let isOver = false;
    void (side === 'sender' ? pair.receiver : pair.sender).ended.then(() => {
      isOver = true;
    });
    pair[side].child.kill('SIGSTOP');
    const drained = pair.drained();
    // As long as it takes to notice a death.
    control[side].child.kill('SIGKILL');
    const ends = await Promise.all([control.sender.ended, control.drained()]);
    assert.ok(ends.some(({ code }) => code === 1));
    assert.equal(isOver, false);
    pair[side].child.kill('SIGCONT');
    assert.equal((await drained).code, 0);
    assert.equal((await pair.sender.ended).code, 0);
    assert.ok(pair.received().equals(contents));
  }
});

test('| head: the receiver has done its work, the sender is told', async () => {
  const pair = startPair();
  await pair.readUpTo(10);
  pair.receiver.child.stdout?.destroy();
  assert.equal((await pair.receiver.ended).code, 0);
  const failure = failureOf(await pair.sender.ended);
  assert.equal(failure.code, 'ERR_MEMSPAN_PEER_CLOSED');
  assert.match(failure.message, /the receiver closed before it had received everything/);
});

test('output that closes before the last byte is written is not taken for success', async () => {
  const name = uniqueName();
  const receiver = start(['recv', name], { unread: true });
  receiver.child.stdout?.destroy();
  const sender = start(['send', name, '--json'], { stdio: ['pipe', 'pipe', 'pipe'] });
  sender.child.stdin?.end('all of it fits into the ring');
  assert.equal((await receiver.ended).code, 0);
  assert.equal(failureOf(await sender.ended).code, 'ERR_MEMSPAN_PEER_CLOSED');
});

test('output that cannot be written is an error on both sides', async () => {
  const name = uniqueName();
  const full = fs.openSync('/dev/full', 'w');
  const receiver = start(['recv', name, '--json'], { stdio: ['ignore', full, 'pipe'] });
  const sender = start(['send', name, '--json'], { stdio: ['pipe', 'pipe', 'pipe'] });
  sender.child.stdin?.end('nowhere to go');
  const failure = failureOf(await receiver.ended);
  assert.match(failure.message, /standard output cannot be written \(ENOSPC\)/);
  assert.match(failureOf(await sender.ended).code, /ERR_MEMSPAN_PEER_(DIED|CLOSED)/);
});

test('input that cannot be read is an error on both sides', async () => {
  const name = uniqueName();
  const directory = fs.openSync('.', 'r');
  const receiver = start(['recv', name]);
  await until(() => fs.existsSync(shmPath(name)), 'the receiver');
  const sender = start(['send', name], { stdio: [directory, 'pipe', 'pipe'] });
  assert.match(lineOf(await sender.ended), /cannot be read \(EISDIR\)\. .*tar/);
  assert.match(lineOf(await receiver.ended), /the sender died/);
});
