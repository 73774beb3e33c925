// How long a name lasts: 'until-unlinked' until somebody removes it, 'last-close' until the last one out, who is exactly one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Segment, Span } from '../../src/index.ts';
import { startChild, startWorker, type Tools } from '../support/puppets.ts';
import { leftovers, shmPath, uniqueName } from '../support/segments.ts';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';

test("'until-unlinked', the default, keeps the name and the bytes when all have closed", () => {
  const name = uniqueName();
  for (const options of [{}, { lifetime: 'until-unlinked' } as const]) {
    using span = Span.open(name, options);
    const bytes = span.bytes('b', { size: 1 });
    bytes[0] = (bytes[0] as number) + 1;
    assert.equal(span.lifetime, 'until-unlinked');
  }
  using span = Span.join(name);
  assert.equal(span.bytes('b', { size: 1 })[0], 2);
  assert.equal(span.unlink(), true);
  assert.equal(span.unlink(), false);
  assert.deepEqual(leftovers(), []);
  assert.equal(span.bytes('b', { size: 1 })[0], 2, 'who is attached stays so');
});

test("'last-close' removes the name with the last close of the last thread", async () => {
  const name = uniqueName();
  const first = Span.open(name, { lifetime: 'last-close' });
  const puppets = await Promise.all([startChild(), startWorker()]);
  for (const puppet of puppets) {
    await puppet.run(({ memspan, kept }, name) => {
      kept.span = memspan.Span.join(name);
      memspan.Span.open(name).close();
    }, name);
  }
  first.close();
  for (const puppet of puppets) {
    assert.deepEqual(leftovers(), [name]);
    await puppet.run(({ kept }) => kept.span.close());
  }
  assert.deepEqual(leftovers(), []);
});

test("'last-close' leaves a name alone that is another's by now", () => {
  const name = uniqueName();
  const old = Span.create(name, { lifetime: 'last-close' });
  old.unlink();
  using another = Span.create(name);
  old.close();
  assert.deepEqual(leftovers(), [name]);
  another.unlink();
});

test('last-close: when the last but one was killed, the last one still removes the name', async () => {
  const name = uniqueName();
  const span = Span.create(name, { lifetime: 'last-close' });
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name);
  }, name);
  await child.kill();
  span.close();
  assert.deepEqual(leftovers(), []);
});

test('last-close: a name that the last one out leaves to one who comes and fails is removed by that one', async () => {
  const name = uniqueName();
  const span = Span.create(name, { lifetime: 'last-close', participants: 1 });
  const child = await startStepper();
  await stopAt(child, 'attach-failed');
  const coming = child.run(({ memspan }, name) => {
    memspan.Span.join(name);
  }, name);
  await isStopped(child, 'the one who comes');
  span.close();
  assert.deepEqual(leftovers(), [name]);
  child.process.kill('SIGCONT');
  await assert.rejects(coming, { code: 'ERR_MEMSPAN_LIMIT' });
  assert.deepEqual(leftovers(), []);
});

test('last-close: who finds the last one removing the name begins anew', async () => {
  const name = uniqueName();
  const options = { lifetime: 'last-close' } as const;
  const [leaver, comer] = await Promise.all([startStepper(), startStepper()]);
  const open = ({ memspan, kept }: Tools, name: string, options: object): boolean => {
    kept.span = memspan.Span.open(name, options);
    return kept.span.created;
  };
  assert.equal(await leaver.run(open, name, options), true);
  await stopAt(leaver, 'close-before-unlink');
  const leaving = leaver.run(({ kept }) => kept.span.close());
  await isStopped(leaver, 'the leaver');
  await stopAt(comer, 'gate-refused');
  const coming = comer.run(open, name, options);
  await isStopped(comer, 'the comer');
  leaver.process.kill('SIGCONT');
  await leaving;
  comer.process.kill('SIGCONT');
  assert.equal(await coming, true);
  assert.deepEqual(leftovers(), [name]);
  await comer.run(({ kept }) => kept.span.close());
  assert.deepEqual(leftovers(), []);
});

const RUN_MS = 1000;

interface Rounds {
  readonly rounds: number;
  readonly made: number;
}

/**
 * Opens and closes it until the time is over. `register` is a segment of words that says which span is in use:
 * lock, users, its inode, and the number that is counted in it.
 */
function comeAndGo(
  { memspan }: Tools,
  name: string,
  register: string | undefined,
  runMs: number,
): Rounds {
  const { Segment, Span, notify, wait } = memspan;
  const segment = register === undefined ? undefined : Segment.open(register);
  const words = new Int32Array(segment?.buffer ?? new ArrayBuffer(16));
  const locked = (act: () => void): void => {
    while (segment !== undefined && Atomics.compareExchange(words, 0, 0, 1) !== 0) {
      wait(words, 0, 1, 1);
    }
    act();
    if (segment === undefined) return;
    Atomics.store(words, 0, 0);
    notify(words, 0, 1);
  };
  let [rounds, made] = [0, 0];
  const end = Date.now() + runMs;
  while (Date.now() < end) {
    const span = Span.open(name, { lifetime: 'last-close' });
    const ino = Number(span.handle.ino) | 0;
    if (span.created) made++;
    if (span.recovered && segment !== undefined) throw new Error('nobody has died');
    const guard = span.mutex('m', { recover: () => {} }).lock();
    const bytes = span.bytes('n', { size: 4 });
    const count = new Int32Array(bytes.buffer, bytes.byteOffset, 1);
    locked(() => {
      const [, users = 0, current = 0, counted = 0] = words;
      if (users > 0 && current !== ino) throw new Error('two spans are in use');
      const expected = current === ino ? counted : 0;
      if (segment !== undefined && count[0] !== expected) {
        throw new Error(`the count is ${count[0]}, not ${expected}`);
      }
      count[0] = (count[0] as number) + 1;
      words.set([users + 1, ino, count[0]], 1);
    });
    guard.release();
    locked(() => {
      words[1] = (words[1] as number) - 1;
    });
    span.close();
    rounds++;
  }
  segment?.close();
  return { rounds, made };
}

test('last-close, eight who come and go: never an error, never two spans at a time, and no name in the end', async (t) => {
  const name = uniqueName();
  using register = Segment.create(uniqueName(), { size: 16 });
  const children = await Promise.all(Array.from({ length: 8 }, () => startChild()));
  const done = await Promise.all(
    children.map((child) => child.run(comeAndGo, name, register.name, RUN_MS)),
  );
  const sum = (key: keyof Rounds): number => done.reduce((total, each) => total + each[key], 0);
  t.diagnostic(`${sum('rounds')} rounds in ${sum('made')} spans`);
  assert.ok(sum('made') > 0 && sum('rounds') > sum('made'));
  assert.equal(fs.existsSync(shmPath(name)), false);
  register.unlink();
});

test('the same when half of them are killed meanwhile: the others see no error', async () => {
  const name = uniqueName();
  const children = await Promise.all(Array.from({ length: 6 }, () => startChild()));
  // Those who are killed would go on for much longer.
  const orders = children.map((child, i) =>
    child.run(comeAndGo, name, undefined, i < 3 ? 20 * RUN_MS : RUN_MS / 2),
  );
  const kills = children.slice(0, 3).map(async (child, i) => {
    await assert.rejects(orders[i] as Promise<Rounds>, { code: 'SIGKILL' });
    return child.exited;
  });
  for (const child of children.slice(0, 3)) {
    await delay(30);
    await child.kill();
  }
  await Promise.all([...orders.slice(3), ...kills]);
  // What the last of the dead may have left goes with whoever closes next.
  Span.open(name, { lifetime: 'last-close' }).close();
  assert.equal(fs.existsSync(shmPath(name)), false);
});
