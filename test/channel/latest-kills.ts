// The kill matrix of newest values: writers and readers that die at every step. The newest whole value stays, who waits is told or
// goes on waiting, and the next writer goes on from it. One victim dies in one bout after the other.
import assert from 'node:assert/strict';
import { type Latest, type LatestReader, type Message, Span } from '../../src/index.ts';
import { type Child, type Puppet, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import {
  deed,
  type End,
  endAt,
  isStopped,
  startStepper,
  startVictim,
  stopAt,
} from '../support/victims.ts';

type Values = Latest<Uint8Array, Message, Uint8Array>;
type Form = 'publish' | 'claim' | 'close' | 'read' | 'receive' | 'receiveAsync' | 'giveUp';

/** What becomes of who has waited: goes on, has the value, is told. */
type Told = 'nothing' | 'new' | 'died' | 'ended';

interface Case {
  readonly form: Form;
  readonly step: string;
  /** The newest value after the death. */
  readonly value: 'old' | 'new';
  readonly told: Told;
  /** Another publishes while the victim waits. */
  readonly isLed: boolean;
}

const cases = (form: Form, facts: Partial<Case>, ...steps: string[]): Case[] =>
  steps.map((step) => ({ form, step, value: 'old', told: 'nothing', isLed: false, ...facts }));

const OLD: Partial<Case> = { told: 'died' };
const NEW: Partial<Case> = { value: 'new', told: 'died' };
const RUNG: Partial<Case> = { value: 'new', told: 'new', isLed: true };

/** The survivors' readers wait for the second value; no writer has closed. */
const WRITING: readonly Case[] = [
  ...cases('publish', {}, 'seat-before-take'),
  ...cases('publish', OLD, 'latest-seat-taken', 'latest-reopened', 'latest-before-half'),
  ...cases('publish', OLD, 'latest-before-fill', 'latest-filled', 'latest-before-publish'),
  ...cases('publish', NEW, 'latest-published', 'latest-before-ring'),
  ...cases('claim', OLD, 'latest-claimed', 'in-loan', 'latest-before-publish'),
  ...cases('claim', NEW, 'latest-published'),
  ...cases('close', { value: 'new', told: 'ended' }, 'latest-ended', 'latest-left'),
];

const READING: readonly Case[] = [
  ...cases('read', {}, 'latest-copied'),
  ...cases('receive', {}, 'cell-filled', 'wait-published', 'line-marked', 'wait-before-sleep'),
  // By the end of a slice.
  ...cases('receive', {}, 'wait-woken'),
  ...cases('receive', RUNG, 'wait-withdrawn'),
  ...cases('giveUp', {}, 'wait-withdrawn', 'line-before-ring'),
  ...cases('receiveAsync', {}, 'cell-filled', 'line-marked'),
];

export const CASES: readonly Case[] = [...WRITING, ...READING];

const SIZE = 64;

interface Bout {
  readonly latest: Values;
  readonly reader: LatestReader<Uint8Array>;
  readonly outcome: { told: string };
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString();
}

/** A value, and one who waits for the next. */
function begin(span: Span, i: number): Bout {
  const latest = span.latest(`l${i}`, { size: SIZE, buffers: 2 });
  const writer = latest.writer();
  writer.publish('old');
  leave(span, i);
  const reader = latest.reader();
  assert.equal(text(reader.tryReceive()), 'old');
  const outcome = { told: 'nothing' };
  reader.receiveAsync().then(
    (value) => {
      outcome.told = value === null ? 'ended' : (text(value) as string);
    },
    ({ code }) => {
      outcome.told = code === 'ERR_MEMSPAN_PEER_DIED' ? 'died' : code;
    },
  );
  return { latest, reader, outcome };
}

/** For the victim. */
function perform({ memspan }: Tools, name: string, i: number, form: Form): unknown {
  const hooks = globalThis as { memspanStep?: (step: string) => void };
  const latest = memspan.Span.join(name).latest(`l${i}`, { size: 64 });
  if (form === 'read') return latest.read();
  if (form === 'receive' || form === 'receiveAsync' || form === 'giveUp') {
    const reader = latest.reader();
    reader.tryReceive();
    return form === 'giveUp' ? reader.receive({ timeoutMs: 1 }) : reader[form]();
  }
  const writer = latest.writer();
  if (form === 'claim') {
    const loan = writer.claim();
    loan.bytes.fill(120, 0, 2);
    hooks.memspanStep?.('in-loan');
    loan.bytes.set([110, 101, 119]);
    loan.commit(3);
    return;
  }
  writer.publish('new');
  if (form === 'close') writer.close();
}

/** A victim dies in the midst of all of these. */
export async function kill(cases: readonly Case[], end: End): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const bouts = cases.map((_, i) => begin(span, i));
  const victim = await startVictim(end);
  const deeds = cases.map(({ step, form }, i) => deed(step, perform, span.name as string, i, form));
  await Promise.all([endAt(victim, deeds, end), lead(span, cases, bouts, victim)]);
  for (const [i, each] of cases.entries()) await check(each, bouts[i] as Bout);
  await until(
    () => span.threads().every(({ waitingOn }) => waitingOn.length === 0),
    'cells at rest',
  );
}

/** Publishes where the victim comes to its step by that. */
async function lead(span: Span, cases: readonly Case[], bouts: readonly Bout[], victim: Puppet) {
  let isOver = false;
  void victim.exited.then(() => {
    isOver = true;
  });
  const { view, id: mine } = span.attachment('test');
  for (const [i, { isLed, step }] of cases.entries()) {
    if (!isLed) continue;
    const mark = offsetOf(span, i) + 4 * 34;
    const waits = (): boolean =>
      [...view.ids()].some(
        (id) => id !== mine && view.waitsOf(id).some(({ offset }) => offset === mark),
      );
    await until(() => isOver || waits(), `the victim, for ${step}`);
    const writer = (bouts[i] as Bout).latest.writer();
    writer.publish('new');
    leave(span, i);
  }
}

/** The writing end is free, and yet nobody has closed, nor died with it: who waits goes on waiting. */
function leave(span: Span, i: number): void {
  Atomics.store(span.attachment('test').view.words, offsetOf(span, i) / 4, 0);
}

function offsetOf(span: Span, i: number): number {
  const entries = [...span.attachment('test').view.entries()];
  const entry = entries.find(({ name }) => name === `l${i}`);
  assert.ok(entry !== undefined);
  return entry.offset;
}

async function check(each: Case, { latest, reader, outcome }: Bout): Promise<void> {
  const { form, step, value, told } = each;
  const what = `${form} at ${step}`;
  assert.equal(text(latest.read()), value, `${what}: the newest value`);
  const sent = value === 'old' ? 1 : 2;
  assert.deepEqual(latest.counters, { sent, bytes: 3 * sent }, what);
  if (told !== 'nothing') {
    // A published value comes before the news of a death or of the end.
    const first = value === 'new' ? 'new' : told;
    await until(() => outcome.told !== 'nothing', `${what}: who waits to be told`);
    assert.equal(outcome.told, first, what);
    if (first !== told) assert.equal(await tell(reader), told, `${what}: after the value`);
  } else assert.equal(outcome.told, 'nothing', what);
  const writer = latest.writer();
  assert.equal(writer.sequence, sent, what);
  const waiting = told === 'nothing' ? undefined : reader.receiveAsync();
  writer.publish('next');
  if (waiting === undefined) await until(() => outcome.told === 'next', `${what}: who waits`);
  else assert.equal(text(await waiting), 'next', what);
  assert.equal(text(latest.read()), 'next', what);
  assert.equal(reader.missed, 0, what);
  writer.close();
  assert.equal(await reader.receiveAsync(), null, what);
  assert.ok(reader.ended, what);
}

async function tell(reader: LatestReader<Uint8Array>): Promise<Told | string> {
  try {
    const value = await reader.receiveAsync();
    return reader.ended ? 'ended' : (text(value) as string);
  } catch (error) {
    const { code } = error as { code?: string };
    return code === 'ERR_MEMSPAN_PEER_DIED' ? 'died' : String(error);
  }
}

/** A writer that is paused at each of its steps keeps its end; what was published is read; it goes on as if nothing had been. */
export async function pause(): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const child = await startStepper();
  for (const [i, { step, form, value }] of WRITING.entries()) {
    if (step === 'in-loan') continue;
    const what = `${form}, paused at ${step}`;
    const latest = span.latest(`l${i}`, { size: SIZE, buffers: 2 });
    const first = latest.writer();
    first.publish('old');
    first.close();
    await stopAt(child, step);
    const going = child.run(perform, span.name as string, i, form);
    await isStopped(child, what);
    assert.equal(text(latest.read()), value, what);
    const reader = latest.reader();
    assert.equal(text(reader.tryReceive()), value, what);
    assert.equal(reader.receive({ timeoutMs: 1 }), null, what);
    const isFree = step === 'seat-before-take' || step === 'latest-left';
    if (!isFree) assert.throws(() => latest.writer(), { code: 'ERR_MEMSPAN_BUSY' }, what);
    child.process.kill('SIGCONT');
    await going;
    assert.equal(text(latest.read()), 'new', what);
  }
  await child.kill();
}

const LETTERS = 26;

/** For a writer that publishes until it is killed: each value has its sequence's letter in all bytes. */
function publishForEver({ memspan }: Tools, name: string): void {
  const latest = memspan.Span.join(name).latest('x', { size: 1024, buffers: 2 });
  const writer = latest.writer();
  const lines = Array.from({ length: 26 }, (_, i) => new Uint8Array(1024).fill(65 + i));
  for (;;) writer.publish(lines[(writer.sequence + 1) % 26] as Uint8Array);
}

/** Writers at full speed that are killed wherever they are, one after the other. */
export async function killAnywhere(rounds: number, readers: number): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const latest: Values = span.latest('x', { size: 1024, buffers: 2 });
  const ends = Array.from({ length: readers }, () => latest.reader());
  let next: Promise<Child> = startChild();
  for (let round = 0; round < rounds; round++) {
    const child = await next;
    if (round + 1 < rounds) next = startChild();
    const before = latest.sequence;
    const dies = assert.rejects(child.run(publishForEver, span.name as string), /ended/);
    // Until then, the one before is who has died.
    await until(() => latest.sequence > before, 'the next writer');
    for (const end of ends) {
      for (let taken = 0; taken < 20; taken++) checkLine(await end.receiveAsync(), end);
    }
    await child.kill();
    await dies;
    for (const end of ends) {
      const last = end.tryReceive();
      if (last !== null) checkLine(last, end);
      assert.equal(end.sequence, latest.sequence);
      await assert.rejects(end.receiveAsync(), { code: 'ERR_MEMSPAN_PEER_DIED' });
    }
    assert.equal((latest.read() as Uint8Array)[0], letterOf(latest.sequence));
    assert.deepEqual(latest.counters, { sent: latest.sequence, bytes: 1024 * latest.sequence });
  }
}

function letterOf(sequence: number): number {
  return 65 + (sequence % LETTERS);
}

function checkLine(line: Uint8Array | null, { sequence }: LatestReader<Uint8Array>): void {
  assert.ok(line !== null);
  assert.deepEqual(line, new Uint8Array(1024).fill(letterOf(sequence)), `value ${sequence}`);
}
