// An inference process: loads weights or opens those that are there, then says what it takes the digits for.

import { readFileSync } from 'node:fs';
import { Segment } from 'memspan';
import { readDigits } from './digits.ts';
import { Model } from './model.ts';
import type { Answer, Order, Prediction, Source } from './protocol.ts';

const digits = readDigits();
let model: Model;

process.on('message', (order: Order) => {
  if ('load' in order) model = new Model(load(order.load));
  process.send?.(('predict' in order ? order.predict.map(predict) : []) satisfies Answer);
});

function load(source: Source): ArrayBuffer | SharedArrayBuffer {
  // Nobody can write to what was opened like this, not even by mistake.
  if ('segment' in source) return Segment.fromHandle(source.segment, { readOnly: true }).buffer;
  const { buffer, byteOffset, byteLength } = readFileSync(source.file);
  if (byteOffset === 0 && byteLength === buffer.byteLength) return buffer as ArrayBuffer;
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}

function predict(digit: number): Prediction {
  const guess = model.predict(digits[digit]!.image);
  return { digit, guess, scores: [...model.scores] };
}
