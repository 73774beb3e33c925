// The textbook's bounded buffer: producers and consumers in processes of their own, two conditions, one mutex. Consumers may be
// killed at any moment; what each had done is in the journal, because taking an item is one store.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

const ROOM = 4;
const PRODUCERS = 2;

/** Words, and then the buffer, and then the journal: item for item as it was taken. */
const Word = { taken: 0, put: 1, limit: 2, buffer: 3, journal: 3 + ROOM } as const;

interface Job {
  readonly span: string;
  readonly room: number;
  /** How many items there are in all. */
  readonly total: number;
  readonly form: 'wait' | 'waitAsync' | 'mixed';
  /** A producer's own number and its items; consumers have none. */
  readonly producer: number;
  readonly items: number;
  readonly mayDie: boolean;
}

/** Puts its items, or takes what there is until all have been taken. */
async function work({ memspan }: Tools, job: Job): Promise<void> {
  const { room, total, form, producer, items, mayDie } = job;
  const span = memspan.Span.join(job.span);
  const { buffer, byteOffset } = span.bytes('buffer', { size: 4 * (3 + room + total) });
  const words = new Int32Array(buffer, byteOffset, 3 + room + total);
  const notEmpty = span.condition('not empty');
  const notFull = span.condition('not full');
  // Nothing is ever half done; but who died may not have come to notifying.
  const recover = (): void => {
    notEmpty.notifyAll();
    notFull.notifyAll();
  };
  const mutex = span.mutex('lock', { recover });
  const at = (index: number): number => words[index] as number;
  const isFull = (): boolean => at(1) - at(0) === room || at(1) === at(2);
  const isEmpty = (): boolean => at(1) === at(0) && at(0) < total;
  for (let mine = 0; producer < 0 || mine < items; mine++) {
    const guard = mine % 2 === 0 ? mutex.lock() : await mutex.lockAsync();
    const [condition, hasToWait] = producer < 0 ? [notEmpty, isEmpty] : [notFull, isFull];
    while (hasToWait()) {
      const isAsync = form === 'waitAsync' || (form === 'mixed' && mine % 3 === 0);
      if (isAsync) await condition.waitAsync(guard);
      else condition.wait(guard);
    }
    if (producer >= 0) {
      words[3 + (at(1) % room)] = producer * items + mine;
      words[1] = at(1) + 1;
    } else if (at(0) < total) {
      words[3 + room + at(0)] = at(3 + (at(0) % room));
      words[0] = at(0) + 1;
    } else {
      guard.release();
      break;
    }
    const isOver = at(0) === total;
    // Before the release or after: both are right, but for who dies in between, of whom nobody is told.
    if (!mayDie && mine % 2 === 0) guard.release();
    if (isOver) notEmpty.notifyAll();
    else (producer < 0 ? notFull : notEmpty).notifyOne();
    guard.release();
  }
  span.close();
}

export interface Plan {
  readonly items: number;
  readonly form: Job['form'];
  /** How many consumers are killed, one after the other. */
  readonly kills: number;
}

/** Two producers and two consumers; when all is done, each item was taken once, each producer's in its order. */
export async function passThrough({ items, form, kills }: Plan): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 22 });
  const total = PRODUCERS * items;
  const size = 4 * (Word.journal + total);
  const { buffer, byteOffset } = span.bytes('buffer', { size });
  const words = new Int32Array(buffer, byteOffset, Word.journal + total);
  const job = { span: span.name as string, room: ROOM, total, form, items, mayDie: kills > 0 };
  const start = (producer: number): [Child, Promise<void>] => {
    const child = starting.shift() as Child;
    return [child, child.run(work, { ...job, producer })];
  };
  const starting = await Promise.all(Array.from({ length: 4 + kills }, () => startChild()));
  // Producers come so far, and no farther before the next victim was killed: that is always in the midst of it.
  const mutex = span.mutex('lock', { recover: () => {} });
  const goOnTo = async (limit: number): Promise<void> => {
    using _ = await mutex.lockAsync();
    words[Word.limit] = limit;
    // Also for what the one who died holding it did not come to.
    for (const name of ['not full', 'not empty']) span.condition(name).notifyAll();
  };
  await goOnTo(Math.floor(total / (kills + 1)));
  const consumers = [start(-1), start(-1)];
  const producers = Array.from({ length: PRODUCERS }, (_, i) => start(i));
  for (let killed = 1; killed <= kills; killed++) {
    await delay(Math.random() * 10);
    const [victim, lost] = consumers.shift() as [Child, Promise<void>];
    const gone = lost.catch(() => {});
    await victim.kill();
    await gone;
    consumers.push(start(-1));
    await goOnTo(Math.floor(((killed + 1) * total) / (kills + 1)));
  }
  await Promise.all([...producers, ...consumers].map(([, done]) => done));
  assert.equal(words[Word.taken], total);
  const next = Array.from({ length: PRODUCERS }, (_, i) => i * items);
  for (const item of words.subarray(Word.journal)) {
    const producer = Math.floor(item / items);
    assert.equal(item, next[producer], 'each producer’s items in order, each once');
    next[producer] = item + 1;
  }
  assert.equal(span.condition('not empty').waiters, 0);
  assert.equal(span.condition('not full').waiters, 0);
  await Promise.all([...producers, ...consumers].map(([child]) => child.kill()));
}
