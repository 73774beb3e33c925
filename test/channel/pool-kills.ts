// The kill matrix of a pool: one victim dies in the midst of many calls at once, at every step of each, each on a span of
// its own. Then every chunk can be had, each by one; what was published has arrived, and nothing else; a new
// reader gets the seat.
import assert from 'node:assert/strict';
import { type Loan, type Pool, Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Deed, deed, type End, endAt, startVictim } from '../support/victims.ts';

const SHAPE = { chunks: 2, chunkSize: 16, readers: 2 };

type Act =
  | 'comes to write'
  | 'loans'
  | 'takes a loan of the dead over'
  | 'publishes'
  | 'aborts'
  | 'stops writing'
  | 'comes to read'
  | 'takes'
  | 'releases'
  | 'stops reading'
  | 'repairs the seat of the dead'
  | 'waits for a chunk'
  | 'waits for a chunk, async'
  | 'waits for a message'
  | 'waits for a message, async';

interface Case {
  readonly act: Act;
  readonly step: string;
  /** What the reader of this process gets of the victim. */
  readonly messages: readonly string[];
  /** What the reader hears when it waits for more; undefined: there are other writers, or none. */
  readonly hears?: 'died' | 'ended' | undefined;
}

const cases = (act: Act, steps: readonly string[], given: Partial<Case> = {}): Case[] =>
  steps.map((step) => ({ act, step, messages: [], ...given }));

const waiting = ['cell-filled', 'line-marked'];
const blocking = ['wait-published', ...waiting, 'wait-before-sleep'];
const repairing = [
  'pool-before-repair',
  'pool-repairing',
  'pool-before-release',
  'pool-repaired',
  'pool-seat-freed',
];

const CASES: readonly Case[] = [
  ...cases('comes to write', ['pool-writer-before-seat', 'seat-before-take']),
  ...cases('loans', ['pool-before-loan', 'pool-loaned'], { hears: 'died' }),
  ...cases('takes a loan of the dead over', ['pool-before-takeover']),
  ...cases('publishes', ['pool-before-publish'], { hears: 'died' }),
  ...cases('publishes', ['pool-published', 'line-before-ring', 'bell-rung'], {
    messages: ['v'],
    hears: 'died',
  }),
  ...cases('aborts', ['pool-before-abort', 'pool-aborted'], { hears: 'died' }),
  ...cases('stops writing', ['pool-closing-counted'], { hears: 'died' }),
  ...cases('stops writing', ['pool-writer-left'], { hears: 'ended' }),
  ...cases('comes to read', repairing),
  ...cases('takes', ['pool-before-take', 'pool-taken'], { messages: ['v'], hears: 'died' }),
  ...cases('releases', ['pool-before-release', 'pool-released'], {
    messages: ['v'],
    hears: 'died',
  }),
  ...cases('stops reading', ['pool-before-leave', 'pool-leaving', ...repairing], {
    messages: ['v', 'w'],
    hears: 'died',
  }),
  ...cases('repairs the seat of the dead', repairing),
  ...cases('waits for a chunk', blocking),
  ...cases('waits for a chunk, async', waiting),
  ...cases('waits for a message', blocking),
  ...cases('waits for a message, async', waiting),
];

/** What the victim is in the midst of: the steps count from where its preparations are done. */
function perform({ memspan }: Tools, name: string, act: Act): unknown {
  const pool = memspan.Span.join(name).pool('x');
  const hooks = globalThis as { memspanStep?: ((step: string) => void) | undefined };
  const { memspanStep: die } = hooks;
  hooks.memspanStep = undefined;
  if (act === 'comes to read') {
    hooks.memspanStep = die;
    return pool.reader();
  }
  if (act.startsWith('waits for a message')) {
    const reader = pool.reader();
    hooks.memspanStep = die;
    return act.endsWith('async') ? reader.takeAsync() : reader.take();
  }
  if (act === 'comes to write') {
    hooks.memspanStep = die;
    return pool.writer();
  }
  const writer = pool.writer();
  if (act.startsWith('waits for a chunk')) {
    hooks.memspanStep = die;
    return act.endsWith('async') ? writer.loanAsync() : writer.loan();
  }
  if (act === 'publishes' || act === 'aborts') {
    const loan = writer.loan({ length: 1 });
    loan.bytes[0] = 'v'.charCodeAt(0);
    // Somebody waits who does not look before it is rung: others may have taken the message by then.
    if (act === 'publishes') pool.reader().takeAsync();
    hooks.memspanStep = die;
    return act === 'publishes' ? loan.publish() : loan.abort();
  }
  if (act === 'takes' || act === 'releases' || act === 'stops reading') {
    const reader = pool.reader();
    writer.send('v');
    if (act === 'stops reading') writer.send('w');
    const taken = act === 'takes' ? undefined : reader.take();
    hooks.memspanStep = die;
    if (act === 'takes') return reader.take();
    return act === 'releases' ? taken?.release() : reader.close();
  }
  hooks.memspanStep = die;
  return act === 'stops writing' ? writer.close() : writer.tryLoan();
}

interface Bout extends Case {
  readonly span: Span;
  readonly pool: Pool;
  readonly reader: ReturnType<Pool['reader']>;
  /** What the survivor of this process holds meanwhile. */
  readonly loans: Loan[];
  /** It waits while the victim dies. */
  readonly first: Promise<string | null>;
}

/** Everything that can be died in the midst of, and one death. */
export async function killInAll(end: End): Promise<void> {
  const bouts = CASES.map(prepare);
  const [victim, forerunner] = await Promise.all([startVictim(end), startChild()]);
  await leaveDead(bouts, forerunner);
  const deeds = bouts.map(
    ({ step, act, span }): Deed => deed(step, perform, span.name as string, act),
  );
  await endAt(victim, deeds, end);
  for (const bout of bouts) await settle(bout, `${end}: ${bout.act}, at ${bout.step}`);
}

function prepare(each: Case): Bout {
  const span = Span.create(uniqueName(), { lifetime: 'last-close', participants: 4, objects: 4 });
  const pool = span.pool('x', SHAPE);
  const reader = pool.reader();
  const loans: Loan[] = [];
  if (each.act.startsWith('waits for a chunk')) {
    const writer = pool.writer();
    loans.push(writer.loan(), writer.loan());
  }
  // Whoever is to hear something waits for it.
  const first =
    each.hears === undefined ? Promise.resolve(null) : outcomeOf(reader.receiveAsync(), reader);
  return { ...each, span, pool, reader, loans, first };
}

/** A message as text, or what is heard instead of one. */
async function outcomeOf(
  receiving: Promise<Uint8Array | null>,
  reader: Bout['reader'],
): Promise<string> {
  try {
    const message = await receiving;
    if (message !== null) return Buffer.from(message).toString();
    return reader.ended ? 'ended' : 'no time';
  } catch (error) {
    const { code } = error as { code: string };
    return code === 'ERR_MEMSPAN_PEER_DIED' ? 'died' : code;
  }
}

/** Where a victim is to find something of the dead: both chunks, loaned, or one to be taken and one taken. */
async function leaveDead(bouts: readonly Bout[], forerunner: Child): Promise<void> {
  const left = bouts.filter(({ act }) =>
    ['takes a loan of the dead over', 'comes to read', 'repairs the seat of the dead'].includes(
      act,
    ),
  );
  const jobs = left.map(({ span, act }) => [span.name as string, act] as const);
  await forerunner.run(({ memspan, kept }, jobs) => {
    const pools = jobs.map(([name]) => memspan.Span.join(name).pool('x'));
    const held = pools.map((pool, i) => {
      if (jobs[i]?.[1] !== 'takes a loan of the dead over') return pool.reader();
      const writer = pool.writer();
      return [writer.loan(), writer.loan()];
    });
    Object.assign(kept, { held });
  }, jobs);
  for (const { pool, reader, act } of left) {
    if (act === 'takes a loan of the dead over') continue;
    using writer = pool.writer();
    assert.deepEqual([writer.trySend('x'), writer.trySend('y')], [true, true]);
    assert.equal(reader.readBatch(9).length, 2);
  }
  await forerunner.run(({ kept }) => {
    const { held } = kept as unknown as { held: (Bout['reader'] | unknown[])[] };
    for (const each of held) if (!Array.isArray(each)) each.take();
  });
  await forerunner.kill();
}

async function settle({ span, pool, reader, loans, ...bout }: Bout, what: string): Promise<void> {
  const { messages, hears } = bout;
  for (const loan of loans) loan.abort();
  if (hears === undefined) assert.deepEqual(reader.readBatch(9), [], what);
  else {
    const heard = [await bout.first];
    for (; heard.length <= messages.length; ) {
      heard.push(await outcomeOf(reader.receiveAsync(), reader));
    }
    assert.deepEqual(heard, [...messages, hears], what);
  }
  const writer = pool.writer();
  const both = [await writer.loanAsync(), await writer.loanAsync()] as [Loan, Loan];
  assert.notEqual(both[0].chunk, both[1].chunk, `${what}: each chunk by one`);
  assert.equal(writer.tryLoan(), null, `${what}: and there are two`);
  both[0].abort();
  both[1].abort();
  // Whoever publishes hears of a death a moment later.
  await until(() => {
    const readers = writer.loan({ length: 0 }).publish();
    assert.equal(reader.take()?.release(), undefined);
    return readers === 1;
  }, `${what}: one reader to be left`);
  using second = pool.reader();
  writer.send('z');
  const arrived = [reader, second].map((each) => Buffer.from(each.receive() ?? []).toString());
  assert.deepEqual(arrived, ['z', 'z'], what);
  assert.deepEqual([pool.counters.free, pool.used], [2, []], what);
  for (const { alive, waitingOn } of span.threads()) {
    if (alive) assert.deepEqual(waitingOn, [], `${what}: cells at rest`);
  }
  span.close();
}
