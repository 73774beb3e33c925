// Exercise `when-not-to`: one small message now and then. process.send is fast enough for it, needs nothing to be set up, and
// leaves nothing behind.

import { type RingReader, type RingWriter, Segment, Span } from '../index.ts';
import type { Actor, Exercise, Ink, Result, Stage } from './exercise.ts';
import { bar, number } from './pictures.ts';

export const whenNotTo: Exercise = {
  name: 'when-not-to',
  title: 'When shared memory is the wrong choice',
  lesson: 'P9',
  before: [
    'Two ways between two processes: process.send, and a ring in shared memory. One small message now and then, and then many. At the end both sides are gone, and nobody has cleaned up.',
  ],
  question: 'Say in one sentence when shared memory is the wrong choice.',
  answer:
    'When messages are few and small, or the other side may be on another machine or is not to be trusted with your bytes: then process.send, a pipe or a socket is fast enough, needs no set-up, and leaves nothing behind.',
  way: [
    "Waking the other process is what a single message costs, in either way. memspan is for what comes often, is large, or is read by many: thousands of messages a second, frames, tables, locks. lifetime: 'last-close' has a span removed by the last one who leaves it.",
  ],
  run,
};

/** Now and then, in this exercise: once a second. */
const PERIOD_MS = 1000;
/** Of that second: what is less is nothing. */
const SHARE_MAX = 0.01;
/** Round trips, with a pause before each; what counts is the quickest: whatever disturbs one makes it longer. */
const TRIPS = 9;
const PAUSE_MS = 3;
/** And many, without a pause, again the quickest of some series. */
const SERIES = 4;
const SENDS = 500;
const RING_SENDS = 5_000;
const RING_BYTES = 65_536;
const TEXT = 'x'.repeat(64);
interface Costs {
  /** Milliseconds of a round trip now and then. */
  readonly tripMs: number;
  /** Microseconds of a message, one of many. */
  readonly eachUs: number;
}

async function run(stage: Stage): Promise<Result> {
  const [far] = (await stage.cast('messenger', ['far end'])) as [Actor];
  const name = stage.name('span');
  let costs: readonly [send: Costs, ring: Costs];
  let rounds = 0;
  {
    using span = Span.create(name);
    const writerOf = (ring: string): RingWriter =>
      span.ring(ring, { capacity: RING_BYTES }).writer();
    const [trips, stream] = [writerOf('trips'), writerOf('stream')];
    const back = span.ring('back', { capacity: RING_BYTES }).reader();
    await far.ask('attach', { name });
    // On a busy machine a measurement may be anything: then it is taken again.
    do {
      rounds++;
      costs = [await costsOfSend(far), await costsOfRing({ trips, stream, back })];
    } while (!isClear(...costs) && stage.hasTime);
    await far.kill();
  }
  // Both sides have gone, one of them by SIGKILL: what is there is there until somebody removes it.
  const left = Segment.list(name).length;
  const [send, ring] = costs;
  return {
    observed: isClear(send, ring) && left === 1,
    picture: [...pictureOf(costs, stage.ink), '', ...remainsOf(left, stage.ink)],
    facts: { send, ring, sharedMemoryLeft: left, rounds },
  };
}

function isClear(send: Costs, ring: Costs): boolean {
  const saved = (send.tripMs - ring.tripMs) / PERIOD_MS;
  return send.tripMs / PERIOD_MS < SHARE_MAX && saved < SHARE_MAX && ring.eachUs < send.eachUs;
}

async function costsOfSend(far: Actor): Promise<Costs> {
  const tripMs = await quickestOf(() => far.ask('echo', { text: TEXT }));
  const eachUs = await costOf(SENDS, async () => {
    for (let i = 0; i < SENDS; i++) far.child.send(TEXT);
    // It answers what came before first.
    await far.ask('received');
  });
  return { tripMs, eachUs };
}

interface Rings {
  readonly trips: RingWriter;
  readonly stream: RingWriter;
  readonly back: RingReader<Uint8Array>;
}

async function costsOfRing({ trips, stream, back }: Rings): Promise<Costs> {
  const tripMs = await quickestOf(async () => {
    await trips.sendAsync(TEXT);
    await back.receiveAsync();
  });
  const eachUs = await costOf(RING_SENDS, async () => {
    for (let i = 0; i < RING_SENDS; i++) stream.trySend(TEXT) || (await stream.sendAsync(TEXT));
    await stream.sendAsync('.');
    await back.receiveAsync();
  });
  return { tripMs, eachUs };
}

async function quickestOf(trip: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < TRIPS; i++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const began = performance.now();
    await trip();
    times.push(performance.now() - began);
  }
  return Math.min(...times);
}

async function costOf(count: number, work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SERIES; i++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  return (Math.min(...times) * 1000) / count;
}

/** Messages a second: which share of the second goes into them. */
const RATES = [1, 1_000, 10_000, 100_000, 1_000_000];
const BAR = 20;

function pictureOf([send, ring]: readonly [Costs, Costs], ink: Ink): string[] {
  const trip = ({ tripMs }: Costs): string =>
    `${tripMs.toFixed(2)} ms, ${percent(tripMs / PERIOD_MS)} of the second`;
  const share = ({ eachUs }: Costs, rate: number): string => {
    const taken = (rate * eachUs) / 1e6;
    const isTooMuch = taken > 1;
    const drawn = bar(taken, BAR).padEnd(BAR);
    const text = isTooMuch ? 'too many' : percent(taken);
    return `${isTooMuch ? ink.red(drawn) : ink.cyan(drawn)} ${text.padStart(9)}`;
  };
  return [
    ink.bold(`one message a second, there and back (the quickest of ${TRIPS})`),
    `process.send     ${trip(send)}`,
    `memspan's ring   ${trip(ring)}`,
    '',
    ink.bold('many, one way: the share of the second that they take'),
    ink.dim(`a second   ${'process.send'.padEnd(BAR + 13)}memspan's ring`),
    ...RATES.map((rate) => {
      return `${number(rate).padStart(9)}  ${share(send, rate)}   ${share(ring, rate)}`;
    }),
  ];
}

function percent(share: number): string {
  const value = share * 100;
  return `${value.toFixed(value < 0.1 ? 4 : value < 10 ? 1 : 0)} %`;
}

function remainsOf(left: number, ink: Ink): string[] {
  return [
    ink.bold('both sides gone, one of them by SIGKILL, nobody has cleaned up'),
    'process.send    nothing is left',
    `shared memory   ${left} name in /dev/shm, until somebody removes it`,
  ];
}
