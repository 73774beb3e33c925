// A network of one hidden layer, as its weights lie in memory: as bytes of a file, of an array, or of a segment.
//
// The hidden layer is random and wide and stays as it is; only the weights behind it are trained (Rahimi and Recht,
// Random features for large-scale kernel machines, 2007). A pass over a thousand digits is enough for that.

import { sizeOf, struct, u32, view } from 'memspan';
import { classes, type Digit, pixels } from './digits.ts';

/** What the bytes begin with. Behind it, in f32: first[pixels][width], bias[width], second[width][classes]. */
const Header = struct({ magic: u32, version: u32, width: u32, reserved: u32 });
const MAGIC = 0x3150_4c4d; // "MLP1"

type Bytes = ArrayBuffer | SharedArrayBuffer;

export function bytesFor(width: number): number {
  return sizeOf(Header) + 4 * width * (pixels + 1 + classes);
}

/** The network over those bytes: it reads the weights where they are. */
export class Model {
  readonly first: Float32Array;
  readonly bias: Float32Array;
  readonly second: Float32Array;
  /** Of the last prediction: the hidden layer, and how much speaks for each digit. */
  readonly hidden: Float32Array;
  readonly scores: Float32Array = new Float32Array(classes);

  constructor(memory: Bytes) {
    const { magic, version, width } = view(Header, memory);
    if (magic !== MAGIC || version !== 1) throw new Error('these are no weights of version 1');
    if (memory.byteLength !== bytesFor(width)) throw new Error('the weights are not complete');
    let at = sizeOf(Header);
    const next = (count: number) => {
      const part = new Float32Array(memory, at, count);
      at += part.byteLength;
      return part;
    };
    this.first = next(pixels * width);
    this.bias = next(width);
    this.second = next(width * classes);
    this.hidden = new Float32Array(width);
  }

  /** The digit that it takes the image for. */
  predict(image: Float32Array): number {
    const { first, bias, second, hidden, scores } = this;
    const width = hidden.length;
    hidden.set(bias);
    for (let pixel = 0; pixel < pixels; pixel++) {
      const shade = image[pixel]!;
      if (shade === 0) continue;
      const row = pixel * width;
      for (let i = 0; i < width; i++) hidden[i]! += shade * first[row + i]!;
    }
    scores.fill(0);
    for (let i = 0; i < width; i++) {
      const value = hidden[i]!;
      if (value <= 0) continue; // ReLU
      const row = i * classes;
      for (let digit = 0; digit < classes; digit++) scores[digit]! += value * second[row + digit]!;
    }
    return scores.indexOf(Math.max(...scores));
  }
}

/** Weights trained with those digits; the same for the same seed. */
export function train(digits: readonly Digit[], width: number, seed: number): ArrayBuffer {
  const memory = new ArrayBuffer(bytesFor(width));
  Object.assign(view(Header, memory), { magic: MAGIC, version: 1, width });
  const model = new Model(memory);
  randomize(model, meanOf(digits), seed);

  // The averaged perceptron (Freund and Schapire, 1999): what counts is the mean of the weights after each digit. A change
  // made at digit i of n is in n - i of those; `late` is how much of the changes is not.
  const { second, hidden } = model;
  const late = new Float32Array(second.length);
  for (const [i, { image, label }] of digits.entries()) {
    const guess = model.predict(image);
    if (guess === label) continue;
    for (let j = 0; j < width; j++) {
      const value = Math.max(hidden[j]!, 0);
      second[j * classes + label]! += value;
      second[j * classes + guess]! -= value;
      late[j * classes + label]! += (value * i) / digits.length;
      late[j * classes + guess]! -= (value * i) / digits.length;
    }
  }
  for (let i = 0; i < second.length; i++) second[i]! -= late[i]!;
  return memory;
}

/** Random directions through the mean image; a unit speaks for what is some way off in its own. */
function randomize({ first, bias }: Model, mean: Float64Array, seed: number): void {
  const random = randomFrom(seed);
  const width = bias.length;
  for (let i = 0; i < width; i++) bias[i] = -2 * random();
  for (let i = 0; i < first.length; i++) {
    first[i] = 2 * random() - 1;
    bias[i % width]! -= mean[Math.floor(i / width)]! * first[i]!;
  }
}

function meanOf(digits: readonly Digit[]): Float64Array {
  const mean = new Float64Array(pixels);
  for (const { image } of digits) {
    for (let i = 0; i < pixels; i++) mean[i]! += image[i]! / digits.length;
  }
  return mean;
}

/** From 0 up to 1: mulberry32 (Tommy Ettinger, 2017). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
