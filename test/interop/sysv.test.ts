// A C program and TypeScript over one System V segment and one semaphore, each in both roles: a counter that the semaphore
// guards; and either killed while it holds.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, suite, type TestContext, test } from 'node:test';
import * as sysv from '../../src/os/sysv.ts';
import { newKey, removeSegment, removeSet } from '../os/sysv/objects.ts';
import { needs } from '../support/extras.ts';
import { startChild, type Tools } from '../support/puppets.ts';
import { until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { Peer } from './peer.ts';
import { type Maker, makers } from './shared.ts';

const { SEM_UNDO } = sysv;
const lock = [{ sem_num: 0, sem_op: -1, sem_flg: SEM_UNDO }];
const unlock = [{ sem_num: 0, sem_op: 1, sem_flg: SEM_UNDO }];

interface Both {
  readonly file: string;
  readonly peer: Peer;
  readonly shmid: number;
  readonly semid: number;
  readonly count: BigInt64Array;
}

/** The objects, made by one and found by the other, and gone when the test is done. */
async function madeBy(maker: Maker, t: TestContext): Promise<Both> {
  const { file } = newKey();
  const flags = maker === 'memspan' ? sysv.IPC_CREAT | sysv.IPC_EXCL | 0o600 : 0;
  const make = (): [number, number] => [
    sysv.shmget(sysv.ftok(file, 'M'.charCodeAt(0)), 64, flags),
    sysv.semget(sysv.ftok(file, 'S'.charCodeAt(0)), 1, flags),
  ];
  const first = maker === 'memspan' ? make() : undefined;
  if (first) sysv.semctl(first[1], 0, sysv.SETVAL, 1);
  const program = await compiled('sysv.c');
  const peer = Peer.start(program, file, maker === 'memspan' ? 'open' : 'create');
  if (!first) await peer.ask('get');
  const [shmid, semid] = first ?? make();
  const buffer = sysv.shmat(shmid, null);
  t.after(async () => {
    sysv.shmdt(buffer);
    await peer.kill();
    removeSegment(shmid);
    removeSet(semid);
  });
  return { file, peer, shmid, semid, count: new BigInt64Array(buffer) };
}

/** So many steps, each under the semaphore, in a child. */
function addIn({ sysv }: Tools, file: string, times: number): void {
  const count = new BigInt64Array(sysv.shmat(sysv.shmget(sysv.ftok(file, 77), 0, 0), null));
  const semid = sysv.semget(sysv.ftok(file, 83), 0, 0);
  for (let i = 0; i < times; i++) {
    sysv.semop(semid, [{ sem_num: 0, sem_op: -1, sem_flg: sysv.SEM_UNDO }]);
    count[0] = (count[0] as bigint) + 1n;
    sysv.semop(semid, [{ sem_num: 0, sem_op: 1, sem_flg: sysv.SEM_UNDO }]);
  }
}

suite('sysv.c', { skip: needs('gcc') }, () => {
  before(() => compiled('sysv.c'));

  for (const maker of makers) {
    test(`both count in what ${maker} has made, and no step is lost`, async (t) => {
      const { file, peer, count } = await madeBy(maker, t);
      const child = await startChild();
      const adding = [peer.ask('add 20000'), child.run(addIn, file, 20_000)];
      await Promise.all(adding);
      assert.equal(count[0], 40_000n);
      assert.equal(await peer.ask('get'), '40000');
    });

    test(`the bytes and the counts of what ${maker} has made are the same on both ends`, async (t) => {
      const { peer, shmid, semid, count } = await madeBy(maker, t);
      assert.equal(count.byteLength, 64);
      await peer.ask('put -123456789012');
      assert.equal(count[0], -123456789012n);
      count[0] = 77n;
      assert.equal(await peer.ask('get'), '77');
      assert.equal(await peer.ask('attached'), '2');
      assert.equal(sysv.shmctl(shmid, sysv.IPC_STAT).shm_nattch, 2);
      sysv.semop(semid, lock);
      assert.equal(await peer.ask('value'), '0');
      sysv.semop(semid, unlock);
      assert.equal(await peer.ask('hold'), '0');
      assert.equal(sysv.semctl(semid, 0, sysv.GETPID), peer.pid);
      assert.equal(sysv.semctl(semid, 0, sysv.GETVAL), 0);
      await peer.ask('free');
    });

    test(`C waits for what TypeScript holds, and the other way round (${maker} has made it)`, async (t) => {
      const { peer, semid } = await madeBy(maker, t);
      sysv.semop(semid, lock);
      const there = peer.ask('hold');
      await until(() => sysv.semctl(semid, 0, sysv.GETNCNT) === 1, 'C to wait');
      sysv.semop(semid, unlock);
      assert.equal(await there, '0');
      const here = sysv.semopAsync(semid, lock);
      await until(() => sysv.semctl(semid, 0, sysv.GETNCNT) === 1, 'the asynchronous wait');
      await peer.ask('free');
      await here;
      sysv.semop(semid, unlock);
    });

    test(`C is killed while it holds: the semaphore comes back, and it is detached (${maker} has made it)`, async (t) => {
      const { peer, shmid, semid, count } = await madeBy(maker, t);
      await peer.ask('put 5');
      await peer.ask('hold');
      const waiting = sysv.semopAsync(semid, lock);
      await until(() => sysv.semctl(semid, 0, sysv.GETNCNT) === 1, 'it to wait');
      assert.equal((await peer.kill()).signal, 'SIGKILL');
      await waiting;
      await until(() => sysv.shmctl(shmid, sysv.IPC_STAT).shm_nattch === 1, 'the kernel to detach');
      assert.equal(count[0], 5n);
      sysv.semop(semid, unlock);
      assert.equal(sysv.semctl(semid, 0, sysv.GETVAL), 1);
    });

    test(`TypeScript is killed while it holds: C goes on (${maker} has made it)`, async (t) => {
      const { file, peer, shmid, semid } = await madeBy(maker, t);
      const child = await startChild();
      await child.run(({ sysv, kept }, file) => {
        kept.buffer = sysv.shmat(sysv.shmget(sysv.ftok(file, 77), 0, 0), null);
        sysv.semop(sysv.semget(sysv.ftok(file, 83), 0, 0), [
          { sem_num: 0, sem_op: -1, sem_flg: sysv.SEM_UNDO },
        ]);
      }, file);
      assert.equal(sysv.shmctl(shmid, sysv.IPC_STAT).shm_nattch, 3);
      const there = peer.ask('add 10');
      await until(() => sysv.semctl(semid, 0, sysv.GETNCNT) === 1, 'C to wait');
      await child.kill();
      assert.equal(await there, '10');
      await until(() => sysv.shmctl(shmid, sysv.IPC_STAT).shm_nattch === 2, 'the kernel to detach');
    });
  }

  test('either is killed in the midst of counting, a few times: no step is taken twice or lost by the others', async (t) => {
    const { file, peer, semid, count } = await madeBy('memspan', t);
    for (let round = 0; round < 3; round++) {
      const [child, program] = [
        await startChild(),
        Peer.start(await compiled('sysv.c'), file, 'open'),
      ];
      const start = count[0] as bigint;
      program.ask('add 100000000').catch(() => {});
      child.run(addIn, file, 100_000_000).catch(() => {});
      await until(() => (count[0] as bigint) > start + 1000n, 'both to count');
      await Promise.all([program.kill(), child.kill()]);
      assert.equal(sysv.semctl(semid, 0, sysv.GETVAL), 1);
      const stopped = count[0] as bigint;
      assert.equal(await peer.ask('add 100'), String(stopped + 100n));
    }
  });

  test('what C has removed is told to who waits for it', async (t) => {
    const { peer, shmid, semid, count } = await madeBy('the program', t);
    sysv.semop(semid, lock);
    const waiting = sysv.semopAsync(semid, lock);
    const told = assert.rejects(waiting, { errno: 43, code: 'ERR_MEMSPAN_CLOSED' });
    await until(() => sysv.semctl(semid, 0, sysv.GETNCNT) === 1, 'it to wait');
    assert.equal(await peer.ask('remove'), '0');
    await told;
    assert.equal(sysv.shmctl(shmid, sysv.IPC_STAT).shm_perm.mode & sysv.SHM_DEST, sysv.SHM_DEST);
    count[0] = 3n;
    assert.equal(await peer.ask('get'), '3');
  });
});

test('the constants are those of the C library’s headers', { skip: needs('gcc') }, async () => {
  const text = execFileSync(await compiled('sysv-constants.c'), { encoding: 'utf8' });
  const theirs = text
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([name, value]) => [name, Number(value)]);
  const ours = Object.entries(sysv).filter(
    ([name, value]) => /^[A-Z_]+$/.test(name) && typeof value === 'number',
  );
  assert.deepEqual(Object.fromEntries(ours.sort()), Object.fromEntries(theirs.sort()));
  // Those of <linux/shm.h>, which does not go together with <sys/shm.h>.
  assert.deepEqual([sysv.SHM_HUGE_2MB, sysv.SHM_HUGE_1GB], [21 << 26, 30 << 26]);
});
