// Eight processes race for one initialisation, and whoever is at it is killed, again and again: at no time are there two of
// them, each is told of the dead before it, and in the end it has been done once.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const RACERS = 8;
/** Spare ones that have started already. */
const SPARE = 2;

/** Words that the racers share. */
const Word = {
  /** The pid of who is half-way, 0: nobody. */
  half: 0,
  /** Whether it may go on. */
  mayFinish: 1,
  /** Inits that were begun, those that were told of a dead one, and those that have come to their end. */
  begun: 2,
  told: 3,
  ended: 4,
  /** What must not be: two at once, a death that was not told, one told that was not. */
  violations: 5,
  /** What is initialised: two halves. */
  first: 6,
  second: 7,
} as const;
const WORDS = 8;

export async function race(t: TestContext, kills: number): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const once = span.once('o');
  const bytes = span.bytes('w', { size: 4 * WORDS });
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, WORDS);
  const spare = Array.from({ length: SPARE }, () => startChild());
  const racers = new Map<number, { child: Child; outcome: Promise<boolean | 'killed'> }>();
  let started = 0;
  const enter = (child: Child): void => {
    const form = started++ % 2 === 0 ? 'run' : 'runAsync';
    const outcome = child.run(takePart, span.name as string, form).catch((error) => {
      assert.match(error.message, /the puppet ended with SIGKILL/);
      return 'killed' as const;
    });
    racers.set(child.pid, { child, outcome });
  };
  for (const child of await Promise.all(Array.from({ length: RACERS }, () => startChild()))) {
    enter(child);
  }
  for (let kill = 0; kill < kills; kill++) {
    await until(() => words[Word.half] !== 0, 'an initialiser');
    const pid = Atomics.exchange(words, Word.half, 0);
    const racer = racers.get(pid);
    assert.ok(racer !== undefined, `${pid} is at it, whom nobody knows`);
    assert.deepEqual([once.owner?.pid, once.done], [pid, false]);
    racer.child.process.kill('SIGKILL');
    assert.equal(await racer.outcome, 'killed');
    racers.delete(pid);
    spare.push(startChild());
    enter(await (spare.shift() as Promise<Child>));
  }
  Atomics.store(words, Word.mayFinish, 1);
  const outcomes = await Promise.all([...racers.values()].map(({ outcome }) => outcome));
  assert.equal(outcomes.filter((outcome) => outcome === true).length, 1);
  assert.equal(outcomes.filter((outcome) => outcome === false).length, RACERS - 1);
  assert.equal(words[Word.violations], 0);
  assert.deepEqual(
    [words[Word.begun], words[Word.told], words[Word.ended]],
    [kills + 1, kills, 1],
    'begun, told of a death, done',
  );
  assert.deepEqual([words[Word.first], words[Word.second]], [42, 42]);
  assert.deepEqual([once.done, once.owner], [true, null]);
  t.diagnostic(
    `${words[Word.begun]} inits begun, ${kills} initialisers killed, ${words[Word.ended]} done`,
  );
  for (const { child } of racers.values()) await child.kill();
  for (const child of await Promise.all(spare)) await child.kill();
}

/** Travels as text. */
async function takePart(
  { memspan, kept }: Tools,
  name: string,
  form: 'run' | 'runAsync',
): Promise<boolean> {
  kept.span ??= memspan.Span.join(name);
  const bytes = kept.span.bytes('w', { size: 32 });
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, 8);
  const [half, mayFinish, begun, told, ended, violations, first, second] = [0, 1, 2, 3, 4, 5, 6, 7];
  const begin = (ownerDied: boolean): void => {
    const before = Atomics.add(words, begun, 1);
    if (ownerDied) Atomics.add(words, told, 1);
    // All who began before this one have died, or there are two.
    if (ownerDied !== before > 0) Atomics.add(words, violations, 1);
    words[first] = 42;
    if (Atomics.compareExchange(words, half, 0, process.pid) !== 0)
      Atomics.add(words, violations, 1);
  };
  const mayGoOn = (): boolean => Atomics.load(words, mayFinish) === 1;
  const finish = (): void => {
    const who = Atomics.exchange(words, half, 0);
    if (who !== process.pid) Atomics.add(words, violations, 1);
    words[second] = words[first] as number;
    Atomics.add(words, ended, 1);
  };
  const once = kept.span.once('o');
  let done: boolean;
  if (form === 'run') {
    done = once.run(({ ownerDied }) => {
      begin(ownerDied);
      while (!mayGoOn()) memspan.wait(words, mayFinish, 0, 5);
      finish();
    });
  } else {
    done = await once.runAsync(async ({ ownerDied }) => {
      begin(ownerDied);
      while (!mayGoOn()) await new Promise((resolve) => setTimeout(resolve, 1));
      finish();
    });
  }
  if (words[second] !== 42 || !once.done) Atomics.add(words, violations, 1);
  return done;
}
