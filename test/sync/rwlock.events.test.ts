// What a reader-writer lock tells to node:diagnostics_channel.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { type LockEvent, Span, type WriteGuard } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';
import { takeElsewhere } from './rwlock-elsewhere.ts';

const CHANNELS = ['request', 'grant', 'release', 'abandoned', 'deadlock'] as const;

test('requests, grants, releases, deaths and deadlocks are published, with kind and name', async (t) => {
  const seen: string[] = [];
  for (const channel of CHANNELS) {
    const listener = (message: unknown): void => {
      const { kind, name, fullName, waitedMs } = message as LockEvent;
      assert.deepEqual([kind, name, fullName], ['rwlock', 'l', `${span.name}/l`]);
      assert.equal(typeof waitedMs, channel === 'grant' ? 'number' : 'undefined');
      seen.push(channel);
    };
    subscribe(`memspan:lock:${channel}`, listener);
    t.after(() => unsubscribe(`memspan:lock:${channel}`, listener));
  }
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const lock = span.rwlock('l');
  const told = (...events: (typeof CHANNELS)[number][]): void => {
    assert.deepEqual(seen.splice(0), events);
  };
  lock.read().release();
  told('request', 'grant', 'release');
  (await lock.writeAsync()).release();
  told('request', 'grant', 'release');
  const reading = lock.write().downgrade();
  told('request', 'grant');
  assert.throws(() => lock.write(), { code: 'ERR_MEMSPAN_DEADLOCK' });
  told('deadlock');
  (reading.tryUpgrade() as WriteGuard).release();
  told('release');
  await takeElsewhere(span, 'write', true);
  const guard = lock.tryRead();
  told('request', 'abandoned', 'grant');
  guard?.markConsistent();
  guard?.release();
  told('release');
});
