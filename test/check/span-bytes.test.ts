// What span.bytes gives is used by plain accesses: they are put back, and seen, like everything else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type Me } from '../../src/check/explore.ts';

const SIZE = { size: 8 };

function pair({ span }: Me): Int32Array {
  const { buffer, byteOffset } = span.bytes('pair', SIZE);
  return new Int32Array(buffer, byteOffset, 2);
}

interface Shared {
  /** Whatever is done to it is a step. */
  readonly turn: Int32Array;
}

const setup = (me: Me): Shared => {
  me.span.mutex('m');
  pair(me).set([5, -5]);
  return { turn: new Int32Array(1) };
};

/** Changes both, with the mutex; repairs what a dead one has left. */
function transfer({ turn }: Shared, me: Me): void {
  const guard = me.span.mutex('m').lock();
  const words = pair(me);
  if (guard.ownerDied) {
    words[1] = -(words[0] as number);
    guard.markConsistent();
  }
  words[0] = (words[0] as number) + 1;
  // Whoever dies here leaves them unequal.
  Atomics.add(turn, 0, 1);
  words[1] = (words[1] as number) - 1;
  guard.release();
}

for (const crashes of [0, 1]) {
  test(`plain accesses behind a mutex, ${crashes} killed`, async () => {
    const report = await explore({
      setup,
      threads: [transfer, transfer],
      atEnd: (_, end) => {
        const guard = end.span.mutex('m').tryLock();
        assert.ok(guard !== null);
        const [left = 0, right = 0] = pair(end);
        assert.ok(guard.ownerDied || left + right === 0, `${left} and ${right}`);
        assert.ok(left >= 7 - end.killed.length && left <= 7, `${left}`);
      },
      crashes,
      bound: 2,
    });
    report.assert();
    assert.equal(report.coverage === 'sampled', false);
  });
}

test('and without one somebody sees them unequal', async () => {
  const { failure } = await explore({
    setup,
    threads: [
      ({ turn }, me): number => {
        const words = pair(me);
        words[0] = 6;
        Atomics.add(turn, 0, 1);
        words[1] = -6;
        return 0;
      },
      ({ turn }, me): number => {
        Atomics.add(turn, 0, 1);
        const [left = 0, right = 0] = pair(me);
        return left + right;
      },
    ],
    outcomes: [[0, 0]],
  });
  assert.equal(failure?.kind, 'outcome');
});
