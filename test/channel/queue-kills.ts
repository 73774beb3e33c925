// The kill matrix of a queue: one victim ends in the midst of many calls at once, at every step of each, each on a queue of its own;
// then nothing is lost but what the delivery mode allows, nothing is stuck, and those who were waiting go on.
import assert from 'node:assert/strict';
import { reading, writing } from '../../src/channel/queue.layout.ts';
import { type Delivery, Span } from '../../src/index.ts';
import type { Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';
import { type Deed, deed, type End, endAt, startVictim } from '../support/victims.ts';
import { type Bench, type Bytes, benchOf, DEAD, textOf } from './queues.ts';

type Act =
  | 'sends'
  | 'commits a claim'
  | 'aborts a claim'
  | 'takes'
  | 'gives back'
  | 'passes over a dead claim'
  | 'takes over from the dead'
  | 'makes room'
  | 'ends the queue'
  | 'makes a queue';

interface Case {
  readonly delivery: Delivery;
  readonly act: Act;
  readonly step: string;
  /** What there is in it afterwards. */
  readonly left: readonly string[];
  readonly ended?: boolean;
}

/** In it there are 'a' and 'b' where it matters; the victim sends 'v'. Its capacity is 2. */
function casesOf(delivery: Delivery): Case[] {
  const row = (act: Act, steps: string, left: readonly string[], ended = false): Case[] =>
    steps.split(' ').map((step) => ({ delivery, act, step: `queue-${step}`, left, ended }));
  const isAtLeastOnce = delivery === 'at-least-once';
  const b = ['b'];
  const both = ['a', 'b'];
  const kept = isAtLeastOnce ? both : b;
  const repairs = isAtLeastOnce
    ? row('takes over from the dead', 'before-adopt adopted adoption-counted', both)
    : [
        ...row('takes over from the dead', 'before-drop dropped drop-counted', b),
        ...row('makes room', 'before-drop dropped', b),
      ];
  return [
    ...row('sends', 'before-claim claimed claim-told before-commit', []),
    ...row('sends', 'committed', ['v']),
    ...row('commits a claim', 'before-commit', []),
    ...row('commits a claim', 'committed', ['v']),
    ...row('aborts a claim', 'before-abort aborted', []),
    ...row('takes', 'before-take', both),
    ...row('takes', 'taken take-told before-release', kept),
    ...row('takes', 'released', b),
    ...row('gives back', 'before-give-back', kept),
    ...row('gives back', 'given-back noticed', both),
    ...row('passes over a dead claim', 'before-skip skipped skip-told', b),
    ...repairs,
    ...row('ends the queue', 'before-end', []),
    ...row('ends the queue', 'ended end-told', [], true),
    ...row('makes a queue', 'before-options capacity-said said', []),
  ];
}

const CASES: readonly Case[] = [...casesOf('at-least-once'), ...casesOf('at-most-once')];

/** The victim. */
function perform({ memspan }: Tools, span: string, name: string, act: Act, delivery: Delivery) {
  const hooks = globalThis as { memspanStep?: ((step: string) => void) | undefined };
  const { memspanStep: die } = hooks;
  hooks.memspanStep = undefined;
  const joined = memspan.Span.join(span);
  const options = { capacity: 2, messageMax: 8, delivery };
  if (act === 'makes a queue') {
    hooks.memspanStep = die;
    return joined.queue(name, options);
  }
  const queue = joined.queue(name, options);
  const [writer, reader] = [queue.writer(), queue.reader()];
  const claim = act.endsWith('a claim') ? writer.claim(1) : undefined;
  claim?.bytes.set([118]);
  const loan = act === 'gives back' ? reader.take() : undefined;
  hooks.memspanStep = die;
  if (act === 'sends') writer.send('v');
  else if (act === 'makes room') writer.trySend('v');
  else if (act === 'commits a claim') claim?.commit();
  else if (act === 'aborts a claim') claim?.abort();
  else if (act === 'gives back') loan?.abort();
  else if (act === 'ends the queue') queue.end();
  else reader.receive();
  return undefined;
}

interface Bout extends Case {
  readonly name: string;
  readonly queue: Bytes | undefined;
  /** Somebody who waited when the victim came: for a message, or for room. */
  readonly waiting: Promise<unknown> | undefined;
}

/** Everything that can be died in the midst of, and one death. */
export async function killInAll(end: End): Promise<void> {
  const span = Span.create(uniqueName(), {
    lifetime: 'last-close',
    participants: 4,
    objects: 2 * CASES.length,
  });
  const bouts = CASES.map((each, i) => stage(span, `q${i}`, each));
  const victim = await startVictim(end);
  const deeds = bouts.map(({ step, name, act, delivery }): Deed => {
    return deed(step, perform, span.name as string, name, act, delivery);
  });
  await endAt(victim, deeds, end);
  for (const bout of bouts) {
    const { delivery, act, step } = bout;
    await settle(span, bout, `${end}: ${delivery}, ${act}, at ${step}`);
  }
  span.close();
}

function stage(span: Span, name: string, each: Case): Bout {
  const { act, delivery } = each;
  if (act === 'makes a queue') return { ...each, name, queue: undefined, waiting: undefined };
  const queue: Bytes = span.queue(name, { capacity: 2, messageMax: 8, delivery });
  const isReading = !['sends', 'commits a claim', 'aborts a claim', 'ends the queue'].includes(act);
  if (!isReading) return { ...each, name, queue, waiting: queue.reader().receiveAsync() };
  const writer = queue.writer();
  for (const text of ['a', 'b']) writer.send(text);
  if (act.includes('dead') || act === 'makes room') makeDead(benchOf(span, queue), act);
  return { ...each, name, queue, waiting: waitsForRoom(each) ? writer.sendAsync('z') : undefined };
}

/** There is none for as long as the victim lives. */
function waitsForRoom({ act }: Case): boolean {
  return act === 'takes' || act === 'gives back';
}

/** The first cell was somebody's who has died. */
function makeDead({ words, cell, word, positions }: Bench, act: Act): void {
  if (act === 'passes over a dead claim') {
    words[cell(0)] = writing(DEAD, 0);
    return;
  }
  words[cell(0)] = reading(DEAD, 0);
  words[word('head')] = positions.next(0);
}

async function settle(span: Span, bout: Bout, what: string): Promise<void> {
  const { delivery, left, ended = false, waiting } = bout;
  const queue: Bytes =
    bout.queue ?? span.queue(bout.name, { capacity: 2, messageMax: 8, delivery });
  using writer = queue.writer();
  using reader = queue.reader();
  if (ended) {
    assert.equal(await waiting, null, what);
    assert.throws(() => writer.send('z'), { code: 'ERR_MEMSPAN_PEER_CLOSED' }, what);
    return;
  }
  const expected = [...left];
  if (waiting !== undefined && !waitsForRoom(bout)) {
    // It had waited for the victim's message, or has the first one after it.
    if (expected.shift() === undefined) writer.send('z');
    assert.equal(textOf((await waiting) as Uint8Array), left[0] ?? 'z', what);
  } else if (waiting !== undefined) {
    // Where something is dropped there is room without anybody who reads.
    if (left.length < 2) assert.equal(await waiting, true, what);
    expected.push('z');
  }
  for (const text of expected) {
    assert.equal(textOf(await reader.receiveAsync()), text, what);
  }
  await waiting;
  assert.equal(reader.tryReceive(), null, what);
  // All of it is there for others.
  for (const text of ['1', '2']) assert.ok(writer.trySend(text), `${what}: room for ${text}`);
  assert.equal(writer.trySend('3'), false, what);
  assert.deepEqual(reader.readBatch(3).map(textOf), ['1', '2'], what);
  queue.end();
  assert.equal(await reader.receiveAsync(), null, what);
  assert.ok(reader.ended, what);
}
