// examples/textbook, the programs that wait for each other: a semaphore's wait and post, and the ring of items.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import { needs } from '../support/extras.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { compile, pairs, semaphoreState, Terminal } from './textbook.ts';

const CAPACITY = 4;
const SLOTS = CAPACITY + 1;
const ITEM = 256;

suite('the textbook: waiting', { skip: needs('gcc') }, () => {
  before(() => compile('sem-wait', 'sem-post', 'ring'));

  for (const [one, other] of pairs) {
    test(`sem-wait in ${one} sleeps until sem-post in ${other}`, async () => {
      const name = uniqueName();
      const waiter = await Terminal.start(one, 'sem-wait', `/${name}`);
      assert.equal(await waiter.line(), 'waiting');
      const semaphore = `sem.${name}`;
      await until(() => semaphoreState(semaphore).waiters === 1, 'sem-wait to sleep');
      assert.equal(waiter.output, '');
      const poster = await Terminal.start(other, 'sem-post', `/${name}`);
      assert.equal(await poster.rest(), '');
      assert.equal(await waiter.rest(), 'posted\n');
      assert.equal(existsSync(shmPath(semaphore)), false);
    });

    test(`ring: ${one} puts and waits while it is full, ${other} gets and waits while it is empty`, async (t) => {
      const name = ringFor(t);
      const [putter, getter] = await rings(name, one, other);

      // One lap more than there are slots, so that every slot is the one between full and empty once.
      for (let lap = 0; lap <= SLOTS; lap++) {
        for (let i = 0; i < CAPACITY; i++) assert.equal(await putter.command(`p ${lap}.${i}`), '');
        const [begin, end] = indices(name);
        assert.equal((end - begin + SLOTS) % SLOTS, CAPACITY);
        putter.type(`p ${lap}.last`);
        await until(() => isWaited(name, 'room'), 'the putter to wait for room');
        assert.deepEqual(indices(name), [begin, end]);
        assert.equal(putter.output, '');
        assert.equal(await getter.command('g'), `${lap}.0`);
        await putter.take('> ');

        for (let i = 1; i < CAPACITY; i++) assert.equal(await getter.command('g'), `${lap}.${i}`);
        assert.equal(await getter.command('g'), `${lap}.last`);
        assert.equal(new Set(indices(name)).size, 1);
        getter.type('g');
        await until(() => isWaited(name, 'items'), 'the getter to wait for an item');
        assert.equal(getter.output, '');
        await putter.command(`p ${lap}.late`);
        assert.equal((await getter.take('> ')).trimEnd(), `${lap}.late`);
      }
      await putter.rest();
      await getter.rest();
    });

    test(`ring: what ${one} puts ${other} gets, in order and with every byte`, async (t) => {
      const name = ringFor(t);
      const [putter, getter] = await rings(name, one, other);
      const items = [
        '',
        'ö'.repeat(127),
        'x'.repeat(255),
        ...Array.from({ length: 100 }, (_, i) => `${i} ${'€'.repeat((i * 7) % 80)}`),
      ];
      putter.type(...items.map((item) => `p ${item}`), `p ${'y'.repeat(300)}`);
      getter.type(...items.map(() => 'g'), 'g');
      for (const item of items) assert.equal(await getter.take('\n> '), item);
      assert.equal(await getter.take('\n> '), 'y'.repeat(255));
      await putter.rest();
      await getter.rest();
      // Where an item was, its slot has zeros to its end.
      const slots = readFileSync(shmPath(name)).subarray(8);
      const last = slots.subarray(((items.length - 1) % SLOTS) * ITEM).subarray(0, ITEM);
      assert.deepEqual(last, Buffer.concat([Buffer.from(items.at(-1) as string)], ITEM));
    });
  }

  test('ring: two put and two get, one of each language: every item once, and in its putter’s order', async (t) => {
    const name = ringFor(t);
    const ends = await rings(name, 'C', 'TypeScript', 'C', 'TypeScript');
    const [putters, getters] = [ends.slice(0, 2), ends.slice(2)];
    const count = 200;
    for (const [who, putter] of putters.entries()) {
      putter.type(...Array.from({ length: count }, (_, i) => `p ${who} ${i}`));
    }
    for (const getter of getters) getter.type(...Array.from({ length: count }, () => 'g'));
    const got = await Promise.all(getters.map(async (getter) => itemsOf(await getter.rest())));
    for (const putter of putters) await putter.rest();
    for (const who of [0, 1]) {
      const ofEach = got.map((items) => items.filter((item) => item.who === who));
      for (const items of ofEach) {
        assert.deepEqual(
          items,
          items.toSorted((a, b) => a.index - b.index),
        );
      }
      const all = ofEach.flat().map(({ index }) => index);
      assert.deepEqual(
        all.toSorted((a, b) => a - b),
        Array.from({ length: count }, (_, i) => i),
      );
    }
  });
});

function itemsOf(output: string): { who: number; index: number }[] {
  const lines = output.split('\n').filter((line) => line !== '> ');
  return lines.map((line) => {
    const [who, index] = line.replace('> ', '').split(' ').map(Number);
    return { who: who as number, index: index as number };
  });
}

/** A ring's name; its object and its semaphores are removed when the test is done. */
function ringFor(t: { after(fn: () => void): void }): string {
  const name = uniqueName();
  t.after(() => {
    rmSync(shmPath(name));
    for (const what of ['room', 'items', 'turn']) rmSync(shmPath(`sem.${name}-${what}`));
  });
  return name;
}

async function rings<Languages extends Parameters<typeof Terminal.start>[0][]>(
  name: string,
  ...of: Languages
): Promise<{ [Index in keyof Languages]: Terminal }> {
  const terminals = await Promise.all(
    of.map((language) => Terminal.start(language, 'ring', `/${name}`)),
  );
  for (const terminal of terminals) assert.equal(await terminal.take('> '), '');
  return terminals as { [Index in keyof Languages]: Terminal };
}

/** The slots of the next get and the next put. */
function indices(name: string): [out: number, into: number] {
  const bytes = readFileSync(shmPath(name));
  return [bytes.readUInt32LE(4), bytes.readUInt32LE(0)];
}

function isWaited(name: string, what: 'room' | 'items'): boolean {
  const { value, waiters } = semaphoreState(`sem.${name}-${what}`);
  return value === 0 && waiters === 1;
}
