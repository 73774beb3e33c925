// What a lock space tells to node:diagnostics_channel.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import type { LockEvent } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { ask, open } from './deeds.ts';
import { hold, managerFor, reasonOf } from './spaces.ts';

test('request, grant, release, and abandoned by somebody who died', async (t) => {
  const locks = managerFor(t);
  const told: string[] = [];
  for (const what of ['request', 'grant', 'release', 'abandoned']) {
    const listener = (message: unknown): void => {
      const { kind, name, fullName, waitedMs } = message as LockEvent;
      assert.deepEqual([kind, fullName], ['lock', `${locks.space}/${name}`]);
      assert.equal(waitedMs !== undefined && waitedMs >= 0, what === 'grant');
      told.push(`${what} ${name}`);
    };
    const channel = `memspan:lock:${what}`;
    subscribe(channel, listener);
    t.after(() => unsubscribe(channel, listener));
  }
  await locks.request('a', () => {});
  assert.deepEqual(told.splice(0), ['request a', 'grant a', 'release a']);
  const robbed = await hold(locks, 'a');
  const lost = reasonOf(robbed.done);
  await locks.request('a', { steal: true }, () => {});
  await lost;
  assert.deepEqual(told.splice(0), [
    ...['request a', 'grant a', 'request a', 'release a', 'grant a', 'release a'],
  ]);
  assert.equal(await locks.request('a', { ifAvailable: true }, () => 1), 1);
  told.length = 0;
  const child = await startChild();
  await child.run(open, locks.space);
  await child.run(ask, 'b');
  await child.run(ask, 'c');
  const waiting = hold(locks, 'b');
  await child.kill();
  (await waiting).release();
  await (await hold(locks, 'c')).release();
  assert.deepEqual(
    told.filter((each) => each.startsWith('abandoned')),
    ['abandoned b', 'abandoned c'],
  );
});
