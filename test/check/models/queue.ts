// Queue: what was sent is delivered, once, in its order; what the dead had taken is delivered again or not, as said; nobody is
// left asleep beside a message or room; the end comes when everything is done with.
import assert from 'node:assert/strict';
import type { End, Me } from '../../../src/check/explore.ts';
import { type Delivery, MemspanError, type Message, type Queue } from '../../../src/index.ts';
import { type Model, model } from '../model.ts';

type Bytes = Queue<Uint8Array, Message, Uint8Array>;

interface Shared {
  /** Of each message: 1 once its writer knows that it was sent. */
  readonly sent: Int32Array;
  /** Of each message: how often a reader has had it, and was about to release it. */
  readonly done: Int32Array;
}

interface Ended {
  readonly role: 'writer' | 'reader';
  /** Those that were not delivered again, in their order. */
  readonly taken: readonly number[];
  /** How it has ended: an error's code, or one of these. */
  readonly how: string;
}

const MESSAGES = 4;
const EVERY: number = Number.POSITIVE_INFINITY;

function untilError(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof MemspanError) return error.code;
    throw error;
  }
}

interface Facts {
  readonly capacity: number;
  readonly delivery?: Delivery;
}

interface Reading {
  readonly most?: number;
  /** For the first one. */
  readonly timeoutMs?: number;
  /** Gives the first one back. */
  readonly returns?: boolean;
}

/** Who uses such queues. `roles`: who is what. */
function threads(facts: Facts, roles: string) {
  const { capacity, delivery = 'at-least-once' } = facts;
  const isAtLeastOnce = delivery === 'at-least-once';
  const open = ({ span }: Me): Bytes => span.queue('q', { capacity, delivery, messageMax: 1 });

  const setup = (me: Me): Shared => {
    open(me);
    return { sent: new Int32Array(MESSAGES), done: new Int32Array(MESSAGES) };
  };

  /** Sends these, `claims` one before them and thinks better of it, and ends the queue. */
  const writer =
    (messages: readonly number[], { ends = false, aborts = false } = {}) =>
    ({ sent }: Shared, me: Me): Ended => {
      const queue = open(me);
      const how = untilError(() => {
        const end = queue.writer();
        if (aborts) end.claim().abort();
        for (const message of messages) {
          end.send(Uint8Array.of(message));
          sent[message] = 1;
        }
        if (ends) queue.end();
        return 'sent';
      });
      return { role: 'writer', taken: [], how };
    };

  const reader =
    ({ most = EVERY, timeoutMs, returns = false }: Reading = {}) =>
    ({ done }: Shared, me: Me): Ended => {
      const end = open(me).reader();
      const taken: number[] = [];
      const how = untilError(() => {
        for (let turn = 0, count = 0; count < most; turn++) {
          const loan = end.take(turn === 0 ? { timeoutMs } : {});
          if (loan === null && end.ended) return 'ended';
          if (loan === null) continue;
          const [message = -1] = loan.copy();
          if (!loan.redelivered) taken.push(message);
          if (returns && turn === 0) {
            loan.abort();
            continue;
          }
          done[message] = (done[message] as number) + 1;
          loan.release();
          count++;
        }
        return 'enough';
      });
      return { role: 'reader', taken, how };
    };

  /** Messages of one writer are in each reader's hands in their order. */
  const inOrder = (taken: readonly number[], order: readonly (readonly number[])[]): void => {
    for (const messages of order) {
      const mine = taken.filter((message) => messages.includes(message));
      const due = messages.filter((message) => mine.includes(message));
      assert.deepEqual(mine, due, 'out of order');
    }
  };

  const atEnd =
    (order: readonly (readonly number[])[]) =>
    ({ sent, done }: Shared, { span, results, killed }: End<Ended>): void => {
      const queue: Bytes = span.queue('q', { capacity, delivery, messageMax: 1 });
      const left = queue.reader();
      const counts = [...done];
      const hasEnded = results.some((result) => result?.how === 'ended');
      for (let loan = left.tryTake(); loan !== null; loan = left.tryTake()) {
        const [message = -1] = loan.copy();
        assert.ok(killed.length > 0 || !hasEnded, 'a reader has ended before the end');
        counts[message] = (counts[message] as number) + 1;
        loan.release();
      }
      let lost = 0;
      for (let message = 0; message < MESSAGES; message++) {
        const count = counts[message] as number;
        const isSent = sent[message] === 1;
        const most = isAtLeastOnce ? 1 + killed.length : 1;
        assert.ok(count <= most, `message ${message} came ${count} times`);
        if (isSent && count === 0) lost++;
        if (killed.length === 0) assert.equal(count, isSent ? 1 : 0, `message ${message}`);
      }
      assert.ok(lost <= (isAtLeastOnce ? 0 : killed.length), `${lost} are lost`);
      for (const [index, result] of results.entries()) {
        if (result === undefined) continue;
        inOrder(result.taken, order);
        const due =
          result.role === 'writer' ? ['sent', 'ERR_MEMSPAN_PEER_CLOSED'] : ['enough', 'ended'];
        assert.ok(due.includes(result.how), `thread ${index}: ${result.how}`);
        if (result.how === 'ended') assert.ok(queue.ended);
      }
      const { depth, sent: committed, received, dropped } = queue.counters;
      assert.equal(depth, 0, 'nothing is left');
      assert.equal(committed, received + dropped, 'all is done with');
    };

  /** After a death: who reads where there is nothing, who writes where there is no room. */
  const mayWait = (_: Shared, { span, results, killed }: End<Ended>): boolean => {
    const waiting = [...roles].filter(
      (_role, i) => results[i] === undefined && !killed.includes(i),
    );
    const queue: Bytes = span.queue('q', { capacity, delivery, messageMax: 1 });
    const { depth, sent, received, dropped } = queue.counters;
    // To be taken, or taken.
    const held = sent - received - dropped;
    if (waiting.includes('r') && (depth > 0 || held > 0)) return false;
    if (waiting.includes('w') && Math.max(depth, held) < capacity) return false;
    return killed.length > 0;
  };

  return { setup, writer, reader, atEnd, mayWait };
}

function models(delivery: Delivery, what: 'alive' | 'killed'): Model[] {
  const kind = `queue, ${delivery}`;
  const wr = threads({ capacity: 1, delivery }, 'wr');
  const wwr = threads({ capacity: 1, delivery }, 'wwr');
  const wrr = threads({ capacity: 2, delivery }, 'wrr');
  const alive = (): Model[] => [
    model(`${kind}: one writes two, one reads until the end`, {
      ...wr,
      threads: [wr.writer([0, 1], { ends: true }), wr.reader()],
      atEnd: wr.atEnd([[0, 1]]),
      quick: { bound: 1 },
      full: { bound: 2 },
    }),
    model(`${kind}: one aborts and writes, one gives back and reads`, {
      ...wr,
      threads: [wr.writer([0], { aborts: true, ends: true }), wr.reader({ returns: true })],
      atEnd: wr.atEnd([[0]]),
      quick: { bound: 1 },
      full: { bound: 2 },
    }),
    model(`${kind}: two write, one reads`, {
      ...wwr,
      threads: [wwr.writer([0]), wwr.writer([1]), wwr.reader({ most: 2 })],
      atEnd: wwr.atEnd([[0], [1]]),
      quick: { bound: 1 },
      full: { bound: 2 },
    }),
    model(`${kind}: one writes, two read until the end`, {
      ...wrr,
      threads: [wrr.writer([0, 1, 2], { ends: true }), wrr.reader(), wrr.reader()],
      atEnd: wrr.atEnd([[0, 1, 2]]),
      quick: { bound: 0 },
      full: { bound: 1 },
    }),
    model(`${kind}: one writes, one ends it, one reads until the end`, {
      ...wwr,
      threads: [wwr.writer([0]), wwr.writer([], { ends: true }), wwr.reader()],
      atEnd: wwr.atEnd([[0]]),
      quick: { bound: 1 },
      full: { bound: 2 },
    }),
  ];
  const killed = (): Model[] => [
    model(`${kind}: one writes and one reads, one is killed`, {
      ...wr,
      threads: [wr.writer([0, 1], { ends: true }), wr.reader()],
      atEnd: wr.atEnd([[0, 1]]),
      crashes: 1,
      quick: { bound: 0 },
      full: { bound: 2 },
    }),
    model(`${kind}: two write, one reads, a writer is killed`, {
      ...wwr,
      threads: [wwr.writer([0]), wwr.writer([1, 2]), wwr.reader({ most: 3, timeoutMs: 10 })],
      atEnd: wwr.atEnd([[0], [1, 2]]),
      crashes: 1,
      victims: [0],
      quick: { bound: 0 },
      full: { bound: 0 },
    }),
    model(`${kind}: one writes, two read until the end, a reader is killed`, {
      ...wrr,
      threads: [wrr.writer([0, 1], { ends: true }), wrr.reader(), wrr.reader()],
      atEnd: wrr.atEnd([[0, 1]]),
      crashes: 1,
      victims: [1, 2],
      quick: { bound: 0 },
      full: { bound: delivery === 'at-least-once' ? 1 : 0 },
    }),
    model(`${kind}: one writes, two read until the end, both readers are killed`, {
      ...wrr,
      threads: [wrr.writer([0], { ends: true }), wrr.reader(), wrr.reader()],
      atEnd: wrr.atEnd([[0, 1]]),
      crashes: 2,
      victims: [1, 2],
      quick: { bound: 0 },
      full: { bound: 0 },
    }),
  ];
  return what === 'alive' ? alive() : killed();
}

/** Delivery makes a difference where somebody dies. */
export const queue: readonly Model[] = [
  ...models('at-least-once', 'alive'),
  ...models('at-least-once', 'killed'),
  ...models('at-most-once', 'killed'),
];
