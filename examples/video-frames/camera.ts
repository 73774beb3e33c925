// The camera: publishes frames of a generated pattern, so many a second.
//   camera WIDTH HEIGHT FRAMES RATE

import { setTimeout as delay } from 'node:timers/promises';
import { inherited, Span } from 'memspan';
import { type Frame, poolsIn, seal } from './frame.ts';

const [width, height, frames, rate] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const size = { width, height };

if (!process.connected) process.exit(); // main has ended
process.once('disconnect', () => process.exit());
process.channel?.unref();

using span = Span.fromSegment(inherited('video'), { as: 'camera' });
const { raw, over } = poolsIn(span, size);
using writer = raw.writer();

const start = performance.now();
for (let number = 0; number < frames; number++) {
  // Waits while no chunk is free: whoever is slow slows down the camera, nothing is lost.
  using loan = await writer.loanAsync();
  const frame = loan.value;
  frame.number = number;
  expose(frame);
  seal(frame, size);
  loan.publish();
  await delay(Math.max(0, start + (1000 * (number + 1)) / rate - performance.now()));
}
over.set();

/** A bright disc on its way over coloured stripes. */
function expose(frame: Frame): void {
  const { pixels, number } = frame;
  const [x0, y0] = [
    width * (0.5 + 0.4 * Math.sin(number / 10)),
    height * (0.5 + 0.4 * Math.cos(number / 7)),
  ];
  const radius = height / 6;
  frame.channels = 3;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const isDisc = (x - x0) ** 2 + (y - y0) ** 2 < radius ** 2;
      pixels[at] = isDisc ? 255 : (x + number) & 255;
      pixels[at + 1] = isDisc ? 240 : (y * 2) & 255;
      pixels[at + 2] = isDisc ? 200 : ((x ^ y) + 2 * number) & 255;
    }
  }
}
