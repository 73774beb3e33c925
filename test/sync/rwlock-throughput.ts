// How fast threads of one and of two processes read the same lock; and whether writers come through a stream of readers.
import { Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

/** Readings per millisecond, and per millisecond of processor time of those who read. */
export interface Rate {
  readonly wall: number;
  readonly cpu: number;
}

/** Reads and releases for so long from that moment on. */
function readFor({ memspan, kept }: Tools, name: string, startAt: number, ms: number): Rate {
  kept.span ??= memspan.Span.join(name);
  const lock = kept.span.rwlock('l');
  while (Date.now() < startAt);
  const cpu = process.cpuUsage();
  const start = performance.now();
  let count = 0;
  while (performance.now() < start + ms) {
    for (let i = 0; i < 1000; i++) lock.read().release();
    count += 1000;
  }
  const { user, system } = process.cpuUsage(cpu);
  return { wall: count / (performance.now() - start), cpu: (count * 1000) / (user + system) };
}

/** By one process, and by two at once: the best of so many rounds. */
export async function measureReaders(
  rounds: number,
  ms: number,
): Promise<{ one: Rate; two: Rate }> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  span.rwlock('l');
  const children = await Promise.all([startChild(), startChild()]);
  const read = async (who: readonly Child[], best: Rate): Promise<Rate> => {
    const startAt = Date.now() + 20;
    const name = span.name as string;
    const rates = await Promise.all(who.map((child) => child.run(readFor, name, startAt, ms)));
    const sum = (of: (rate: Rate) => number): number =>
      rates.reduce((all, rate) => all + of(rate), 0);
    return {
      wall: Math.max(
        best.wall,
        sum((r) => r.wall),
      ),
      cpu: Math.max(
        best.cpu,
        sum((r) => r.cpu),
      ),
    };
  };
  const none = { wall: 0, cpu: 0 };
  await read(children, none);
  let [one, two] = [none, none];
  for (let round = 0; round < rounds; round++) {
    one = await read(children.slice(round % 2, (round % 2) + 1), one);
    two = await read(children, two);
  }
  await Promise.all(children.map((child) => child.kill()));
  return { one, two };
}

/** Always reads, one task at least, until it is told to end. */
async function readAlways({ memspan }: Tools, name: string, isAsync: boolean): Promise<number> {
  const span = memspan.Span.join(name);
  const lock = span.rwlock('l');
  const words = new Int32Array(span.bytes('stop', { size: 4 }).buffer);
  const at = span.bytes('stop', { size: 4 }).byteOffset / 4;
  const isOver = (): boolean => Atomics.load(words, at) !== 0;
  let count = 0;
  const dawdle = (): void => {
    const end = performance.now() + 0.05;
    while (performance.now() < end);
  };
  const task = async (): Promise<void> => {
    while (!isOver()) {
      const guard = isAsync ? await lock.readAsync() : lock.read();
      count++;
      dawdle();
      if (isAsync) await new Promise(setImmediate);
      guard.release();
    }
  };
  await Promise.all(isAsync ? [task(), task(), task()] : [task()]);
  span.close();
  return count;
}

/** How long each of so many writes had to wait, in milliseconds, while two processes read without a pause. */
export async function writeAmongReaders(writes: number): Promise<number[]> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  const { buffer, byteOffset } = span.bytes('stop', { size: 4 });
  const stop = new Int32Array(buffer, byteOffset, 1);
  const children = await Promise.all([startChild(), startChild()]);
  const reading = children.map((child, i) => child.run(readAlways, span.name as string, i === 0));
  await until(() => lock.readers.length === 2, 'readers');
  const waits: number[] = [];
  for (let i = 0; i < writes; i++) {
    const start = performance.now();
    const guard =
      i % 2 === 0
        ? lock.write({ timeoutMs: 20_000 })
        : await lock.writeAsync({ timeoutMs: 20_000 });
    if (guard === null) throw new Error('a writer has starved');
    waits.push(performance.now() - start);
    guard.release();
    await new Promise(setImmediate);
  }
  Atomics.store(stop, 0, 1);
  const counts = await Promise.all(reading);
  if (counts.some((count) => count === 0)) throw new Error('a reader has starved');
  await Promise.all(children.map((child) => child.kill()));
  return waits.sort((a, b) => a - b);
}
