// The kill matrix of a broadcast: one victim dies in the midst of many calls at once, at every step of each, each on a broadcast of
// its own. What it had published is received, nothing else is, and everybody goes on: other readers, other writers, in its seats.
import assert from 'node:assert/strict';
import {
  type Broadcast,
  type BroadcastReader,
  type BroadcastWriter,
  type MemspanError,
  type Message,
  type Overflow,
  Span,
} from '../../src/index.ts';
import type { Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Deed, deed, type End, endAt, startVictim } from '../support/victims.ts';
import { text } from './broadcast-stage.ts';

const ACTS = {
  writer: ['opens', 'sends', 'overwrites', 'commits', 'waits for room', 'closes'],
  reader: ['joins', 'receives', 'waits', 'waits, async', 'leaves'],
} as const;

type Act = (typeof ACTS)['writer' | 'reader'][number];

interface Case {
  readonly overflow: Overflow;
  readonly act: Act;
  readonly step: string;
  /** What it has sent by then. */
  readonly sent: readonly string[];
  /** What a reader is told when it has taken that. */
  readonly told: 'died' | 'ended' | 'nothing';
}

const FULL = ['message1', 'message2', 'message3'];

function casesOf(overflow: Overflow): Case[] {
  const rows = (act: Act, told: Case['told'], sent: readonly string[], ...steps: string[]) =>
    steps.map((step): Case => ({ overflow, act, step, sent, told }));
  const blocks = overflow === 'block';
  return [
    ...rows('opens', 'nothing', [], 'seat-before-take'),
    ...rows('opens', 'died', [], 'broadcast-seated', 'broadcast-opened'),
    ...rows('sends', 'died', ['a'], 'broadcast-filled', 'broadcast-before-publish'),
    ...rows('sends', 'died', ['a', 'b'], 'broadcast-published'),
    ...rows('commits', 'died', ['a'], 'broadcast-claim-filled', 'broadcast-before-publish'),
    ...rows('commits', 'died', ['a', 'c'], 'broadcast-published'),
    ...rows('closes', 'died', ['a'], 'broadcast-before-close'),
    ...rows('closes', 'ended', ['a'], 'broadcast-closed', 'broadcast-unseated'),
    ...(blocks
      ? rows('waits for room', 'died', FULL, 'line-marked', 'wait-published', 'wait-before-sleep')
      : rows('overwrites', 'died', FULL, 'broadcast-dropped', 'broadcast-filled')),
    ...rows('joins', 'nothing', [], 'seat-before-take', 'broadcast-taken', 'broadcast-joined'),
    ...rows('joins', 'nothing', [], blocks ? 'broadcast-joining' : 'broadcast-found'),
    ...rows('receives', 'nothing', [], 'broadcast-copied'),
    ...(blocks
      ? rows('receives', 'nothing', [], 'broadcast-before-settle', 'broadcast-settled')
      : []),
    ...rows('waits', 'nothing', [], 'cell-filled', 'line-marked', 'wait-before-sleep'),
    ...rows('waits, async', 'nothing', [], 'cell-filled', 'line-marked'),
    ...rows('leaves', 'nothing', [], 'broadcast-before-leave', 'broadcast-left'),
  ];
}

export const CASES: readonly Case[] = [...casesOf('block'), ...casesOf('drop-oldest')];

const optionsOf = ({ overflow }: Case) => ({ capacity: 64, overflow, readers: 2 });

/** The victim. */
async function perform(
  { memspan }: Tools,
  span: string,
  name: string,
  options: { capacity: number; overflow: Overflow },
  act: Act,
): Promise<unknown> {
  const hooks = globalThis as { memspanStep?: ((step: string) => void) | undefined };
  const { memspanStep: die } = hooks;
  hooks.memspanStep = undefined;
  const broadcast = memspan.Span.join(span).broadcast(name, options);
  const arm = (): void => {
    hooks.memspanStep = die;
  };
  if (['joins', 'receives', 'waits', 'waits, async', 'leaves'].includes(act)) {
    if (act === 'joins') arm();
    const reader = broadcast.reader();
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (act === 'receives' && broadcast.counters.sent === 0) Atomics.wait(sleeper, 0, 0, 1);
    arm();
    if (act === 'waits, async') return reader.receiveAsync();
    return act === 'leaves' ? reader.close() : reader.receive();
  }
  if (act === 'opens') arm();
  const writer = broadcast.writer();
  if (act === 'overwrites' || act === 'waits for room') {
    for (const message of ['message1', 'message2', 'message3']) writer.send(message);
    arm();
    return writer.send('message4');
  }
  writer.send('a');
  if (act === 'commits') {
    const claim = writer.tryClaim(1);
    claim?.bytes.fill('c'.charCodeAt(0));
    arm();
    return claim?.commit();
  }
  arm();
  return act === 'closes' ? writer.close() : writer.send('b');
}

interface Bout extends Case {
  readonly what: string;
  readonly broadcast: Broadcast;
  /** Waits for every message, from the beginning on. */
  readonly eager: Listener;
  /** Takes nothing before the victim is dead; where that one writes. */
  readonly lazy: BroadcastReader<Uint8Array, Uint8Array> | undefined;
  /** Where the victim reads. */
  readonly writer: BroadcastWriter<Message, Uint8Array> | undefined;
}

interface Listener {
  readonly reader: BroadcastReader<Uint8Array, Uint8Array>;
  readonly taken: string[];
  told: 'died' | 'ended' | undefined;
}

function listen(broadcast: Broadcast): Listener {
  const listener: Listener = { reader: broadcast.reader(), taken: [], told: undefined };
  void hear(listener);
  return listener;
}

async function hear(listener: Listener): Promise<void> {
  listener.told = undefined;
  try {
    for await (const message of listener.reader) listener.taken.push(text(message) as string);
    listener.told = 'ended';
  } catch (error) {
    const { code } = error as MemspanError;
    if (code === 'ERR_MEMSPAN_CLOSED') return;
    assert.equal(code, 'ERR_MEMSPAN_PEER_DIED');
    listener.told = 'died';
  }
}

/** Everything that can be died in the midst of, and one death. */
export async function killInAll(end: End): Promise<void> {
  const name = uniqueName();
  using span = Span.create(name, { lifetime: 'last-close' });
  const bouts = CASES.map((each, i): Bout => {
    const broadcast = span.broadcast(`b${i}`, optionsOf(each));
    const isWriter = (ACTS.writer as readonly Act[]).includes(each.act);
    return {
      ...each,
      what: `${end}: ${each.overflow}, ${each.act}, at ${each.step}`,
      broadcast,
      eager: listen(broadcast),
      lazy: isWriter ? broadcast.reader() : undefined,
      writer: isWriter ? undefined : broadcast.writer(),
    };
  });
  const victim = await startVictim(end);
  const deeds = bouts.map((bout, i): Deed => {
    return deed(bout.step, perform, name, `b${i}`, optionsOf(bout), bout.act);
  });
  const ended = endAt(victim, deeds, end);
  await Promise.race([Promise.all([ended, lead(bouts)]), ended.then(() => {})]);
  for (const bout of bouts) await (bout.writer ? settleReader(bout) : settleWriter(bout));
  for (const { alive, waitingOn } of span.threads()) {
    if (alive) assert.deepEqual(waitingOn, [], 'cells at rest');
  }
}

/** Sends what the victim is to die of. */
async function lead(bouts: readonly Bout[]): Promise<void> {
  for (const { act, broadcast, writer, what } of bouts) {
    if (act !== 'receives') continue;
    await until(() => broadcast.readers === 2, what);
    assert.equal(writer?.trySend('for you'), true);
  }
}

/** It has died as a writer. */
async function settleWriter({ broadcast, eager, lazy, sent, told, what }: Bout): Promise<void> {
  assert.ok(lazy !== undefined);
  const outcome = told === 'nothing' ? undefined : told;
  await until(() => eager.told === outcome, `${what}: told ${told}, not ${eager.told}`);
  const whole = (reader: Listener['reader'], taken: readonly string[]): void => {
    assert.deepEqual(taken, sent.slice(sent.length - taken.length), what);
    assert.equal(taken.length + reader.missed, sent.length, what);
    if (broadcast.overflow === 'block') assert.equal(reader.missed, 0, what);
  };
  whole(eager.reader, eager.taken);
  whole(lazy, lazy.readBatch(9).map(text) as string[]);
  const code = told === 'died' ? 'ERR_MEMSPAN_PEER_DIED' : undefined;
  if (code) assert.throws(() => lazy.receive({ timeoutMs: 0 }), { code }, what);
  else assert.equal(lazy.receive({ timeoutMs: 0 }), null, what);
  assert.equal(lazy.ended, told === 'ended', what);
  assert.equal(broadcast.hasWriter, false, what);
  // The next one goes on.
  eager.taken.length = 0;
  const writer = broadcast.writer();
  if (told !== 'nothing') void hear(eager);
  assert.equal(broadcast.counters.sent, sent.length, what);
  const more = ['next1', 'next2', 'next3', 'next4', 'next5'];
  const sending = Promise.all(more.map((message) => writer.sendAsync(message)));
  const taken: (string | null)[] = [];
  while (taken.at(-1) !== 'next5') taken.push(text(await lazy.receiveAsync()));
  await sending;
  await until(() => eager.taken.at(-1) === 'next5', `${what}: next messages`);
  writer.close();
  await until(() => eager.told === 'ended', `${what}: the end`);
  eager.reader.close();
  lazy.close();
  assert.equal(broadcast.readers, 0, what);
}

/** It has died as a reader. */
async function settleReader({ broadcast, eager, writer, act, what }: Bout): Promise<void> {
  assert.ok(writer !== undefined);
  const messages = Array.from({ length: 20 }, (_, i) => `message${i}`);
  for (const message of messages) assert.equal(await writer.sendAsync(message), true);
  const all = [...(act === 'receives' ? ['for you'] : []), ...messages];
  const { reader, taken } = eager;
  await until(() => taken.at(-1) === 'message19', `${what}: all messages`);
  assert.equal(taken.length + reader.missed, all.length, what);
  if (broadcast.overflow === 'block') assert.deepEqual(taken, all, what);
  assert.equal(writer.readers, 1, what);
  // Its seat is another's.
  const next = broadcast.reader();
  assert.equal(writer.readers, 2, what);
  assert.throws(() => broadcast.reader(), { code: 'ERR_MEMSPAN_LIMIT' }, what);
  assert.equal(writer.trySend('last'), true);
  assert.equal(text(next.receive()), 'last', what);
  assert.equal(next.missed, 0, what);
  next.close();
  writer.close();
  await until(() => eager.told === 'ended', `${what}: the end`);
  reader.close();
  assert.equal(broadcast.readers, 0, what);
}
