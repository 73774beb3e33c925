// examples/textbook, the initialisation that goes wrong and its repair: who comes between the creator's shm_open and its
// sem_init, and whether he ever goes on.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import {
  close,
  MAP_SHARED,
  mmap,
  munmap,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  sem_init,
  sem_post,
  sem_t,
  sem_trywait,
  shm_open,
  sizeof,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import {
  compile,
  isAsleep,
  type Language,
  languages,
  pairs,
  semaphoreState,
  Terminal,
} from './textbook.ts';

suite('the textbook: initialisation', { skip: needs('gcc') }, () => {
  before(() => compile('broken-init', 'repaired-init'));

  for (const [creator, late] of pairs.filter(([, late]) => late === 'C')) {
    test(`broken-init: C comes while ${creator} makes it, and waits for ever`, async (t) => {
      const name = visitsFor(t);
      const waiting = await initialisedUnder(name, creator, late);
      // Its permit is there, and nobody knows that it sleeps: nothing will wake it.
      assert.deepEqual(semaphoreState(name), { value: 1, waiters: 0 });
      const another = await Terminal.start(creator, 'broken-init', '0', `/${name}`);
      assert.equal(await another.rest(), `opened /${name}\nvisit 2\n`);
      assert.deepEqual(semaphoreState(name), { value: 1, waiters: 0 });
      assert.ok(isAsleep(waiting));
      assert.equal(waiting.output, '');
      assert.deepEqual(await waiting.kill(), { code: null, signal: 'SIGKILL' });
    });
  }

  for (const creator of languages) {
    test(`broken-init: TypeScript comes while ${creator} makes it, looks again, and leaves it broken for the next one`, async (t) => {
      let name: string;
      do {
        name = visitsFor(t);
        const waiting = await initialisedUnder(name, creator, 'TypeScript');
        assert.equal(await waiting.rest(), 'visit 2\n');
        assert.equal(semaphoreState(name).value, 1);
        // It has taken itself off the list of those who wait, of which the creator had taken it off already: −1. Unless the
        // creator came just when it looked.
      } while (semaphoreState(name).waiters !== -1);

      const lock = semaphoreOf(name);
      sem_trywait(lock);
      const next = await Terminal.start('C', 'broken-init', '0', `/${name}`);
      assert.equal(await next.line(), `opened /${name}`);
      await until(() => semaphoreState(name).waiters === 0, 'the next one to wait');
      await until(() => isAsleep(next), 'the next one to sleep');
      sem_post(lock);
      assert.deepEqual(semaphoreState(name), { value: 1, waiters: 0 });
      assert.ok(isAsleep(next));
      await next.kill();
      munmap(lock.buffer);
    });
  }

  for (const [creator, late] of pairs) {
    test(`repaired-init: ${late} comes while ${creator} makes it, and both go on`, async (t) => {
      const name = visitsFor(t);
      const first = await Terminal.start(creator, 'repaired-init', 'enter', `/${name}`);
      assert.equal(await first.line(), `making /${name}`);
      const second = await Terminal.start(late, 'repaired-init', '0', `/${name}`);
      assert.equal(await second.rest(), `making /${name}\nvisit 1\n`);
      first.type('');
      assert.equal(await first.rest(), `opened /${name}\nvisit 2\n`);
      assert.deepEqual(semaphoreState(name), { value: 1, waiters: 0 });
    });
  }

  for (const [one, other] of [
    ['C', 'C'],
    ['C', 'TypeScript'],
    ['TypeScript', 'TypeScript'],
  ] as const) {
    test(`repaired-init: ${one} and ${other} meet thirty times, and nobody waits for ever`, async (t) => {
      const rounds = Array.from({ length: 30 }, () => ({ gate: gateFor(t), name: visitsFor(t) }));
      const names = rounds.flatMap(({ gate, name }) => [`/${gate}`, `/${name}`]);
      const ends = await Promise.all(
        [one, one, other, other].map((language) =>
          Terminal.start(language, 'repaired-init', '0', ...names),
        ),
      );
      for (const { gate } of rounds) {
        await until(() => semaphoreState(gate).waiters === ends.length, 'all to be at the gate');
        const lock = semaphoreOf(gate);
        for (const _ of ends) sem_post(lock);
        munmap(lock.buffer);
      }
      for (const end of ends) await end.rest();
      for (const { name } of rounds) {
        assert.deepEqual(semaphoreState(name), { value: 1, waiters: 0 });
        assert.equal(countOf(name), ends.length);
        assert.deepEqual(draftsOf(name), []);
      }
      t.diagnostic(
        `made twice or more in ${rounds.filter(({ name }) => makersOf(ends, name) > 1).length} of ${rounds.length}`,
      );
    });
  }

  test('repaired-init: a creator that is killed before the name is there leaves a draft, and keeps nobody waiting', async (t) => {
    const name = visitsFor(t);
    for (const language of languages) {
      const creator = await Terminal.start(language, 'repaired-init', 'enter', `/${name}`);
      await creator.line();
      await creator.kill();
      assert.equal(existsSync(shmPath(name)), false);
      assert.deepEqual(draftsOf(name), [`${name}.${creator.pid}`]);
      rmSync(shmPath(`${name}.${creator.pid}`));
    }
    const next = await Terminal.start('C', 'repaired-init', '0', `/${name}`);
    assert.equal(await next.rest(), `making /${name}\nvisit 1\n`);
  });
});

/** One who sleeps on the semaphore that the creator, whom it met between shm_open and sem_init, has initialised under it. */
async function initialisedUnder(
  name: string,
  creator: Language,
  late: Language,
): Promise<Terminal> {
  const first = await Terminal.start(creator, 'broken-init', 'enter', `/${name}`);
  assert.equal(await first.line(), `making /${name}`);
  const second = await Terminal.start(late, 'broken-init', '0', `/${name}`);
  assert.equal(await second.line(), `opened /${name}`);
  await until(() => semaphoreState(name).waiters === 1, 'the late one to wait');
  await until(() => isAsleep(second), 'the late one to sleep');
  first.type('');
  assert.equal(await first.rest(), 'visit 1\n');
  return second;
}

interface Test {
  after(fn: () => void): void;
}

/** The name of an object that a program makes; it is removed when the test is done. */
function visitsFor(t: Test): string {
  const name = uniqueName();
  t.after(() => rmSync(shmPath(name)));
  return name;
}

/** An object whose visitors wait until it is posted. */
function gateFor(t: Test): string {
  const name = visitsFor(t);
  writeFileSync(shmPath(name), Buffer.alloc(sizeof.sem_t + 4));
  const lock = semaphoreOf(name);
  sem_init(lock, 1, 0);
  munmap(lock.buffer);
  return name;
}

function semaphoreOf(name: string): sem_t {
  const fd = shm_open(`/${name}`, O_RDWR);
  const memory = mmap(null, sizeof.sem_t, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return sem_t(memory);
}

function countOf(name: string): number {
  return readFileSync(shmPath(name)).readInt32LE(sizeof.sem_t);
}

function draftsOf(name: string): string[] {
  return readdirSync(shmPath('')).filter((file) => file.startsWith(`${name}.`));
}

function makersOf(ends: readonly Terminal[], name: string): number {
  return ends.filter((end) => end.output.includes(`making /${name}\n`)).length;
}
