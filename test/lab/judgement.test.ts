// The lab's exercises that look from outside, each run as users run it: race-explorer, when-not-to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observed, shown } from './observed.ts';

interface Explored {
  readonly ok: boolean;
  readonly coverage: string;
  readonly failure?: {
    readonly kind: string;
    readonly steps: readonly {
      readonly thread: string;
      readonly operation: string;
      readonly after: number;
    }[];
  };
}

interface Exploration {
  readonly plain: Explored;
  readonly atomic: Explored;
}

test('race-explorer: both read 5 and write 6; of the atomic addition there is no such schedule', async () => {
  const { plain, atomic } = await observed<Exploration>('race-explorer');
  assert.deepEqual([plain.ok, plain.failure?.kind], [false, 'at-end']);
  const steps = plain.failure?.steps.map(
    ({ thread, operation, after }) => `${thread} ${operation} ${after}`,
  );
  assert.deepEqual(steps?.sort(), ['alice read 5', 'alice write 6', 'bob read 5', 'bob write 6']);
  assert.deepEqual([atomic.ok, atomic.coverage, atomic.failure], [true, 'complete', undefined]);
  const text = await shown('race-explorer');
  assert.match(text, /│◀ read 5 ─+ 5/);
  assert.match(text, /5 ─+ read 5 ▶│/);
});

interface Costs {
  readonly tripMs: number;
  readonly eachUs: number;
}

interface WhenNotTo {
  readonly send: Costs;
  readonly ring: Costs;
  readonly sharedMemoryLeft: number;
}

test('when-not-to: now and then a message costs nothing either way, and only one way leaves something behind', async () => {
  const { send, ring, sharedMemoryLeft } = await observed<WhenNotTo>('when-not-to');
  assert.ok(send.tripMs > 0 && send.tripMs < 10, `${send.tripMs} ms`);
  assert.ok(ring.eachUs > 0 && ring.eachUs < send.eachUs, `${ring.eachUs}, ${send.eachUs} µs`);
  assert.equal(sharedMemoryLeft, 1);
  assert.match(await shown('when-not-to'), /1,000,000 .* too many/);
});
