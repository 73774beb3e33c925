// Ring: everything that is sent is taken, once and in its order; nobody is left asleep; close() and death are told when
// there is nothing left to take, or no room.
import assert from 'node:assert/strict';
import type { End } from '../../../src/check/explore.ts';
import { MemspanError, Ring, type RingWaitOptions, Segment } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

/** The ring takes two of them; the third runs over its end. */
const MESSAGES = ['first', 'second', 'third'].map((text) => text.padEnd(20, '.'));

interface Shared {
  /** How many the writer knows to be sent. */
  readonly sent: Int32Array;
}

interface Ended {
  readonly taken: readonly string[];
  /** How it has ended: an error's code, or one of these. */
  readonly how: string;
}

/** The memory, of which a Ring itself knows nothing: one will do for both threads. */
let memory: Ring;

function setup(): Shared {
  memory = new Ring(Segment.create('ring', { size: Ring.bytesFor(64) }));
  return { sent: new Int32Array(1) };
}

/** Sends all of them and closes; gives up when that takes too long. */
function writer(options: RingWaitOptions = {}) {
  return ({ sent }: Shared): Ended => {
    const end = memory.writer();
    const how = untilError(() => {
      for (const [i, message] of MESSAGES.entries()) {
        if (end.send(message, options) === null) return 'gave up';
        sent[0] = i + 1;
      }
      return 'sent';
    });
    end.close();
    return { taken: [], how };
  };
}

/** Takes up to `most`, the first with a time limit of its own. */
function reader(most: number, options: RingWaitOptions = {}, goesOn = true) {
  return (): Ended => {
    const end = memory.reader();
    const taken: string[] = [];
    const how = untilError(() => {
      for (let turn = 0; taken.length < most; turn++) {
        const message = end.receive(turn === 0 ? options : {});
        if (message !== null) taken.push(Buffer.from(message).toString());
        else if (end.ended) return 'ended';
        else if (!goesOn) return 'gave up';
      }
      return 'enough';
    });
    end.close();
    return { taken, how };
  };
}

function untilError(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemspanError) return error.code;
    throw error;
  }
}

function allArrive(_shared: Shared, { results }: End<Ended>): void {
  const [sent, taken] = results;
  assert.equal(sent?.how, 'sent');
  assert.equal(taken?.how, 'ended');
  assert.deepEqual(taken?.taken, MESSAGES);
}

/** Who goes early is told of to the other one only where it matters. */
function areTold({ sent }: Shared, { results, killed }: End<Ended>): void {
  const [left, right] = results;
  const wasKilled = killed.length > 0;
  if (right !== undefined) {
    const { taken, how } = right;
    assert.deepEqual(taken, MESSAGES.slice(0, taken.length), 'not what was sent');
    assert.ok(['ended', 'gave up', 'enough', 'ERR_MEMSPAN_PEER_DIED'].includes(how), how);
    if (how === 'ended' && left?.how === 'sent') assert.equal(taken.length, MESSAGES.length);
    if (how === 'ERR_MEMSPAN_PEER_DIED') {
      assert.ok(wasKilled, 'nobody has died');
      assert.ok(taken.length >= (sent[0] as number), 'told before everything was taken');
    }
    if (how === 'ended') assert.ok(taken.length >= (sent[0] as number), 'something is lost');
  }
  if (left === undefined) return;
  const { how } = left;
  const codes = ['sent', 'gave up', 'ERR_MEMSPAN_PEER_CLOSED', 'ERR_MEMSPAN_PEER_DIED'];
  assert.ok(codes.includes(how), how);
  if (how === 'ERR_MEMSPAN_PEER_DIED') assert.ok(wasKilled, 'nobody has died');
  if (how === 'ERR_MEMSPAN_PEER_CLOSED') assert.notEqual(right?.how, 'ended');
}

const all = Number.POSITIVE_INFINITY;
const brief: RingWaitOptions = { timeoutMs: 5 };

export const ring: readonly Model[] = [
  model('ring: all that is sent arrives', {
    setup,
    threads: [writer(), reader(all)],
    atEnd: allArrive,
    quick: { bound: 2 },
    full: { bound: 4 },
  }),
  model('ring: the reader has no time at first', {
    setup,
    threads: [writer(), reader(all, brief)],
    atEnd: allArrive,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('ring: the reader has enough', {
    setup,
    threads: [writer(), reader(1)],
    atEnd: areTold,
    quick: { bound: 2 },
    full: { bound: 4 },
  }),
  model('ring: either gives up', {
    setup,
    threads: [writer(brief), reader(all, brief, false)],
    atEnd: areTold,
    quick: { bound: 1 },
    full: { bound: 3 },
  }),
  model('ring: one end is killed', {
    setup,
    threads: [writer(brief), reader(all, brief, false)],
    atEnd: areTold,
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
];
