// Writers and readers that are killed at any time and replaced, while one reader and one writer of this process go on: what
// arrives is whole and in order, and in the end every chunk is free.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { seededRandom, uniqueName, until } from '../support/segments.ts';

const SHAPE = { chunks: 6, chunkSize: 512 };

/** Publishes as long as it lives: who it is, a count, and one byte all over. */
function writeOn({ memspan, kept }: Tools, name: string, writer: number): Promise<void> {
  kept.span = memspan.Span.join(name);
  const end = kept.span.pool('p').writer();
  return (async () => {
    for (let i = 0; ; i++) {
      const loan = i % 2 === 0 ? end.loan() : await end.loanAsync();
      const { bytes } = loan;
      new DataView(bytes.buffer, bytes.byteOffset).setInt32(0, i);
      new DataView(bytes.buffer, bytes.byteOffset).setInt32(4, writer);
      bytes.fill(i & 255, 8);
      loan.publish();
      if (i % 64 === 0) await new Promise(setImmediate);
    }
  })();
}

/** Takes as long as it lives, two at a time. */
function readOn({ memspan, kept }: Tools, name: string): Promise<void> {
  kept.span = memspan.Span.join(name);
  return (async () => {
    for (;;) {
      const end = kept.span.pool('p').reader();
      for (let i = 0; i < 500; i++) {
        try {
          const taken =
            i % 2 === 0 ? end.take({ timeoutMs: 20 }) : await end.takeAsync({ timeoutMs: 20 });
          const next = end.tryTake();
          taken?.release();
          next?.release();
        } catch (error) {
          if ((error as { code: string }).code !== 'ERR_MEMSPAN_PEER_DIED') throw error;
          break;
        }
      }
      end.close();
      await new Promise(setImmediate);
    }
  })();
}

export async function soak(
  t: TestContext,
  forMs: number,
): Promise<{ kills: number; messages: number }> {
  const random = seededRandom(t);
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close', size: 2 ** 19 });
  const pool = span.pool('p', SHAPE);
  const reader = pool.reader();
  // So that there is always a writer that lives.
  const own = pool.writer();
  let writers = 0;
  const start = async (what: 'writer' | 'reader'): Promise<Child> => {
    const child = await startChild();
    const going = what === 'writer' ? child.run(writeOn, name, writers++) : child.run(readOn, name);
    going.catch((error: Error) => {
      if (!/the puppet ended/.test(error.message)) failures.push(error);
    });
    return child;
  };
  const failures: Error[] = [];
  const kinds = ['writer', 'writer', 'reader', 'reader'] as const;
  const children = await Promise.all(kinds.map(start));
  const last = new Map<number, number>();
  let messages = 0;
  let kills = 0;
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const taken = await reader.takeAsync({ timeoutMs: 50 });
      if (taken === null) continue;
      const data = new DataView(taken.bytes.buffer, taken.bytes.byteOffset);
      const [i, writer] = [data.getInt32(0), data.getInt32(4)];
      const wrong = taken.bytes.subarray(8).find((byte) => byte !== (i & 255));
      assert.equal(wrong, undefined, `message ${i} of writer ${writer} is torn`);
      assert.ok(i > (last.get(writer) ?? -1), `${i} of ${writer} after ${last.get(writer)}`);
      last.set(writer, i);
      messages++;
      taken.release();
    }
  })();
  const deadline = performance.now() + forMs;
  while (performance.now() < deadline) {
    const at = Math.floor(random() * kinds.length);
    // Something arrives between two deaths, whoever has died before.
    const before = messages;
    await Promise.race([until(() => messages > before, 'a message'), reading]);
    const child = children[at] as Child;
    child.process.kill(random() < 0.2 ? 'SIGSTOP' : 'SIGCONT');
    await child.kill();
    kills++;
    children[at] = await start(kinds[at] as 'writer' | 'reader');
  }
  await Promise.all(children.map((child) => child.kill()));
  isOver = true;
  await reading;
  assert.deepEqual(failures, []);
  reader.readBatch(SHAPE.chunks);
  const all = [];
  for (let i = 0; i < SHAPE.chunks; i++) all.push(await own.loanAsync());
  assert.equal(new Set(all.map(({ chunk }) => chunk)).size, SHAPE.chunks);
  for (const loan of all) loan.abort();
  assert.equal(pool.counters.free, SHAPE.chunks);
  return { kills, messages };
}
