// Hot paths take no heap, or what is said of them, and ask nothing of the kernel. Bytes and calls are counted; nothing is timed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callsOf } from '../../bench/hot/calls.ts';
import { bytesOf } from '../../bench/hot/heap.ts';
import { callsMaxOf, type HotPath, NOTHING } from '../../bench/hot/path.ts';
import { paths } from '../../bench/hot/paths.ts';
import { needs } from '../support/extras.ts';

const OPERATIONS = 1e6;
/** Those that hand out objects: a tenth tells as much of them. */
const FEWER = 1e5;
const TRACED = 1e5;

/** They wait where the other end is not there, as it may be on a machine that has much else to do. */
const mayWait = ({ name, callsMax = 0, isAsync = false }: HotPath): boolean =>
  name.startsWith('ring: send, receiveInto') || callsMax > 0 || isAsync;

for (const path of paths) {
  const { name, bytesMax } = path;
  test(`${name}: ${bytesMax === 0 ? 'no heap' : `no more than ${bytesMax} bytes of heap`}`, async () => {
    const most = bytesMax || NOTHING;
    let bytes = Number.POSITIVE_INFINITY;
    // On a busy machine the engine may have compiled it too late for a measurement.
    for (let tries = 0; tries < 3 && bytes > most; tries++) {
      bytes = await bytesOf(path, bytesMax === 0 ? OPERATIONS : FEWER);
    }
    assert.ok(bytes <= most, `${bytes} bytes for each operation`);
  });
  if (mayWait(path)) continue;
  test(`${name}: no system call of its own`, { skip: needs('strace') }, async () => {
    const { byName, total } = await callsOf(path, TRACED);
    const callsMax = (callsMaxOf(path) * TRACED) / 1e6;
    assert.ok(total <= callsMax, JSON.stringify(byName));
  });
}
