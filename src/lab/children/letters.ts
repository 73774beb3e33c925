// `tearing`: one process that fills a text with one letter at a time, a to z, for ever, and one that reads it.

import { Segment, Span } from '../../index.ts';
import { isAlone, LONG_MS, obey } from './orders.ts';
import { type Seen, STOP, TEXT_AT, TEXT_BYTES, WRITTEN } from './text.ts';

const A = 97;
const LETTERS = 26;
const SAMPLES = 3;
/** As many as tell enough. */
const TORN_ENOUGH = 1000;
/** Fills between two looks whether it is over. */
const FILLS = 26;
const READ_MS = 60;

let words: Int32Array;
let text: Uint8Array;
let span: Span;

obey({
  open: (names: { segment: string; span: string; as: string }) => {
    const { buffer } = Segment.open(names.segment);
    words = new Int32Array(buffer);
    text = new Uint8Array(buffer, TEXT_AT, TEXT_BYTES);
    span = Span.join(names.span, { as: names.as });
  },

  /** How often it has filled the text, until it was told to stop. */
  fill: () => fillWith((letter) => text.fill(letter)),
  look: () => lookAt(() => text.slice()),

  publish: () => {
    const writer = span.latest('text', { size: TEXT_BYTES }).writer();
    const whole = new Uint8Array(TEXT_BYTES);
    return fillWith((letter) => writer.publish(whole.fill(letter)));
  },
  receive: () => {
    const reader = span.latest('text', { size: TEXT_BYTES }).reader();
    return lookAt(() => reader.tryReceive());
  },
});

function fillWith(write: (letter: number) => void): number {
  const end = performance.now() + LONG_MS;
  let fills = 0;
  while (Atomics.load(words, STOP) === 0 && performance.now() < end && !isAlone()) {
    for (let i = 0; i < FILLS; i++) write(A + (fills++ % LETTERS));
    Atomics.store(words, WRITTEN, fills);
  }
  return fills;
}

/** Looks for as long as it takes to see something, and not much longer; what is null does not count. */
function lookAt(read: () => Uint8Array | null): Seen {
  const end = performance.now() + READ_MS;
  const samples: string[] = [];
  let any: string | undefined;
  let [looks, torn] = [0, 0];
  while (torn < TORN_ENOUGH && performance.now() < end) {
    const copy = read();
    if (copy === null) continue;
    looks++;
    const first = copy[0] as number;
    if (copy.every((letter) => letter === first)) continue;
    torn++;
    const sample = Buffer.from(copy).toString('latin1');
    if (torn === 1) any = sample;
    if (samples.length < SAMPLES && isClear(sample, samples.at(-1))) samples.push(sample);
  }
  return { looks, torn, samples: samples.length > 0 || any === undefined ? samples : [any] };
}

/** A mixture that is seen from afar, and not that of the one before. */
function isClear(sample: string, before: string | undefined): boolean {
  const share = sample.split(sample[0] as string).length / sample.length;
  return share > 0.1 && share < 0.9 && sample[0] !== before?.[0];
}
