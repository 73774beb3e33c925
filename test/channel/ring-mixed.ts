// Rings in a span at length: every way of sending and of taking in turn between two processes, and ends that are killed and replaced.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { type RingReader, type RingWriter, Span } from '../../src/index.ts';
import type { MixJob, MixReport } from '../fixtures/channel/mixer.ts';
import { startChild as startPuppet } from '../support/puppets.ts';
import { until } from '../support/segments.ts';
import { type Child, startChild } from './children.ts';
import { textOf } from './spans.ts';

/** Of 0 bytes, of 1, of odd lengths, of more than half the ring. */
const CAPACITY = 1024;

export const startMixer = (
  file: Parameters<typeof startChild>[0],
): Promise<Child<MixJob, MixReport>> =>
  startChild<MixJob, MixReport>(file, new URL('../fixtures/channel/mixer.js', import.meta.url));

/** How many messages went through, each once, whole, in order. */
export async function mix(
  children: readonly Child<MixJob, MixReport>[],
  seed: number,
  count: number,
  ms: number,
): Promise<number> {
  using span = Span.anonymous({ size: 2 ** 20 });
  const ring = span.ring('r', { capacity: CAPACITY });
  const ends = ['writer', 'reader'] as const;
  const [written, read] = await Promise.all(
    children.map((child, i) =>
      child.ask({ span: span.handle, end: ends[i] as (typeof ends)[number], seed, count, ms }),
    ),
  );
  assert.ok(written !== undefined && written.count > 0);
  assert.deepEqual(read, written);
  const { depth, sent, received } = ring.counters;
  assert.deepEqual([depth, sent, received], [0, written.count, written.count]);
  return written.count;
}

/** Writers that are killed, one after the other: of each there is a beginning of what it sends. How many messages. */
export async function killWriters(rounds: number): Promise<number> {
  using span = Span.anonymous({ size: 2 ** 20 });
  const ring = span.ring('r', { capacity: CAPACITY });
  const reader = ring.reader();
  let taken = 0;
  for (let round = 0; round < rounds; round++) {
    const child = await startPuppet();
    await child.run(({ memspan, kept }, handle) => {
      kept.span = memspan.Span.fromHandle(handle);
      Object.assign(globalThis, { end: kept.span.ring('r').writer() });
    }, span.handle);
    // Before it came, the reader would have been told of the death of the one before.
    const reading = readUntilDeath(reader, round);
    const sending = child.run((_, round) => {
      const { end } = globalThis as unknown as { end: RingWriter };
      for (let i = 0; ; i++) {
        const text = `${round}:${i}:`.padEnd(i % 100, '.');
        if (i % 3 === 0) end.send(text);
        else if (i % 3 === 1) end.sendBatch([text]);
        else {
          const claim = end.claim(text.length + 5);
          claim?.bytes.set(new TextEncoder().encode(text));
          claim?.commit(text.length);
        }
      }
    }, round);
    const ending = assert.rejects(sending);
    await reading.first;
    await delay(randomInt(10));
    await child.kill();
    await ending;
    taken += await reading.count;
  }
  return taken;
}

interface Reading {
  /** Resolves when something has come. */
  readonly first: Promise<void>;
  readonly count: Promise<number>;
}

function readUntilDeath(reader: RingReader, round: number): Reading {
  let count = 0;
  const next = async (): Promise<void> => {
    const text = textOf(await reader.receiveAsync());
    assert.equal(text, `${round}:${count}:`.padEnd(count % 100, '.'));
    count++;
  };
  const first = next();
  const rest = async (): Promise<number> => {
    await first;
    try {
      for (;;) await next();
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_MEMSPAN_PEER_DIED') throw error;
      return count;
    }
  };
  return { first, count: rest() };
}

/** Readers that are killed, one after the other: the next goes on where that one was, or one before. How many messages. */
export async function killReaders(rounds: number): Promise<number> {
  using span = Span.anonymous({ size: 2 ** 20 });
  const ring = span.ring('r', { capacity: CAPACITY });
  const { buffer, byteOffset } = span.bytes('noted', { size: 4 });
  const noted = new Int32Array(buffer, byteOffset, 1);
  const writer = ring.writer();
  let isDone = false;
  const writing = (async () => {
    let i = 0;
    while (!isDone) {
      try {
        await writer.sendAsync(`${i}:`.padEnd(i % 300, '.'));
        // Where there is room it needs no event loop.
        if (i++ % 64 === 0) await nextTurn();
      } catch (error) {
        const { code } = error as { code?: string };
        // A reader has died, or has closed: another one comes.
        if (code !== 'ERR_MEMSPAN_PEER_DIED' && code !== 'ERR_MEMSPAN_PEER_CLOSED') throw error;
        await delay(1);
      }
    }
    return i;
  })();
  for (let round = 0; round < rounds; round++) {
    const child = await startPuppet();
    const start = Atomics.load(noted, 0);
    const reading = child.run(({ memspan }, handle) => {
      const span = memspan.Span.fromHandle(handle);
      const bytes = span.bytes('noted', { size: 4 });
      const noted = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
      const reader = span.ring('r').reader();
      for (let turn = 0; ; turn++) {
        const message = turn % 2 === 0 ? reader.take() : undefined;
        const bytes = message?.bytes ?? reader.receive();
        const index = Number.parseInt(new TextDecoder().decode(bytes?.slice()), 10);
        Atomics.store(noted, 0, index + 1);
        message?.release();
      }
    }, span.handle);
    const ending = assert.rejects(reading);
    await until(() => Atomics.load(noted, 0) !== start, 'a message to be taken');
    await delay(randomInt(10));
    await child.kill();
    await ending;
    using next = ring.reader();
    const index = Number.parseInt(textOf(await next.receiveAsync()) as string, 10);
    const known = Atomics.load(noted, 0);
    // Noted before it was given back; or given back and not noted.
    assert.ok(index >= known - 1 && index <= known + 1, `${index} came after ${known}`);
    Atomics.store(noted, 0, index + 1);
  }
  isDone = true;
  writer.close();
  await writing.catch(() => {});
  return Atomics.load(noted, 0);
}
