// The order in which a semaphore lets waiters through: 6 threads in 3 processes, blocking and not, and some of them give up or
// are killed. The order of arrival is the order of tickets; what counts is that nobody is let through before one whose
// cell was there to be seen before its own arrival began.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { Span } from '../../src/index.ts';
import { uniqueName, until } from '../support/segments.ts';
import { Control, countInversions, countOvertaken, logSize, readLog } from './semaphore-log.ts';

const TAKER = new URL('../fixtures/sync/taker.js', import.meta.url);
const PROCESSES = 3;

export interface Course {
  readonly grants: number;
  /** Of one, the order is exact. */
  readonly permits: number;
  readonly undo: boolean;
  /** Of processes and of workers in turn; with undo only, as what the dead had is gone else. */
  readonly kills: number;
}

export async function letThrough(t: TestContext, course: Course): Promise<void> {
  const { grants, permits, undo, kills } = course;
  using span = Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 21 });
  const semaphore = span.semaphore('s', { initial: permits, max: permits, undo });
  const { buffer, byteOffset } = span.bytes('log', { size: logSize });
  const log = new Int32Array(buffer, byteOffset, logSize / 4);
  let isOver = false;
  const start = (): ChildProcess => {
    const child = fork(TAKER, [span.name as string, undo ? 'undo' : 'plain', String(permits)]);
    child.once('exit', (code, signal) => {
      assert.ok(isOver ? code === 0 : signal === 'SIGKILL', `a taker ended with ${signal ?? code}`);
    });
    return child;
  };
  const takers = Array.from({ length: PROCESSES }, start);
  t.after(() => {
    isOver = true;
    for (const taker of takers) taker.kill('SIGKILL');
  });
  await until(() => span.threads().filter(({ alive }) => alive).length > 2 * PROCESSES, 'takers');
  const reach = (grant: number): Promise<void> =>
    until(() => {
      assert.ok(semaphore.value <= permits, 'never above max');
      return Atomics.load(log, Control.grants) >= grant;
    }, `grant ${grant}`);
  for (let kill = 0; kill < kills; kill++) {
    await reach(Math.floor((grants * kill) / kills));
    const which = kill % PROCESSES;
    const victim = takers[which] as ChildProcess;
    const answer = once(victim, kill % 2 === 0 ? 'exit' : 'message');
    if (kill % 2 === 0) {
      victim.kill('SIGKILL');
      takers[which] = start();
    } else {
      victim.send('terminate your worker');
    }
    await answer;
  }
  await reach(grants);
  isOver = true;
  const ended = takers.map((taker) => once(taker, 'exit'));
  Atomics.store(log, Control.over, 1);
  await Promise.all(ended);
  const arrivals = readLog(log);
  const gaveUp = log[Control.gaveUp] as number;
  t.diagnostic(
    `${log[Control.grants]} let through, ${arrivals.length} of them after waiting; ${gaveUp} gave up, ` +
      `${kills} killed; ${countInversions(arrivals)} tickets came before a smaller one`,
  );
  if (permits === 1) assert.equal(countOvertaken(arrivals), 0, 'nobody was overtaken');
  if (kills === 0) {
    assert.equal(log[Control.broken], 0, 'never more than there are');
    assert.equal(log[Control.inside], 0);
  }
  assert.ok(arrivals.length > grants / 4, 'they had to wait');
  assert.ok(gaveUp > arrivals.length / 10, 'a tenth gave up');
  for (const { alive, waitingOn } of span.threads()) if (alive) assert.deepEqual(waitingOn, []);
  assert.equal(semaphore.value, permits);
  for (let i = 0; i < permits; i++) assert.notEqual(semaphore.tryAcquire(), null);
  assert.equal(semaphore.tryAcquire(), null);
}
