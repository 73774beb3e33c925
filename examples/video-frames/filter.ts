// A filter: reads frames where they are and writes what it makes of them to where the encoder will read it.
//   filter edges|blur WIDTH HEIGHT KILL     KILL: the number of a frame in whose midst it is killed; 0: never

import { inherited, type Loan, Span, type Taken } from 'memspan';
import { type Filter, type Frame, isSound, poolsIn, seal } from './frame.ts';

const [name, ...numbers] = process.argv.slice(2) as [Filter, ...string[]];
const [width, height, kill] = numbers.map(Number) as [number, number, number];
const size = { width, height };
const effect = { edges, blur }[name];

if (!process.connected) process.exit(); // main has ended
process.once('disconnect', () => process.exit());
process.channel?.unref();

using span = Span.fromSegment(inherited('video'), { as: name });
const { raw, filtered, over } = poolsIn(span, size);
using writer = filtered[name].writer();
using reader = raw.reader();
process.send?.('ready');

if (over.isSet) {
  // Started again too late for the camera's end to be told: there is what there is.
  for (let taken = reader.tryTake(); taken !== null; taken = reader.tryTake()) await work(taken);
} else {
  for await (const taken of reader) await work(taken);
}

async function work(taken: Taken<Frame>): Promise<void> {
  using source = taken;
  using loan: Loan<Frame> = await writer.loanAsync();
  const [from, to] = [source.value, loan.value];
  if (!isSound(from, size)) throw new Error(`frame ${from.number} is damaged`);
  to.number = from.number;
  effect(from.pixels, to);
  if (kill > 0 && from.number === kill) process.kill(process.pid, 'SIGKILL'); // with a chunk of either pool
  seal(to, size);
  loan.publish();
}

/** Brightness, then its gradient (Sobel and Feldman, 1968). */
function edges(from: Uint8Array, to: Frame): void {
  const { pixels } = to;
  to.channels = 1;
  const grey = (x: number, y: number) => {
    const column = Math.min(Math.max(x, 0), width - 1);
    const at = 3 * (Math.min(Math.max(y, 0), height - 1) * width + column);
    return (from[at]! * 77 + from[at + 1]! * 150 + from[at + 2]! * 29) >> 8;
  };
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const right = grey(x + 1, y - 1) + 2 * grey(x + 1, y) + grey(x + 1, y + 1);
      const left = grey(x - 1, y - 1) + 2 * grey(x - 1, y) + grey(x - 1, y + 1);
      const below = grey(x - 1, y + 1) + 2 * grey(x, y + 1) + grey(x + 1, y + 1);
      const above = grey(x - 1, y - 1) + 2 * grey(x, y - 1) + grey(x + 1, y - 1);
      pixels[at++] = Math.min(255, Math.hypot(right - left, below - above));
    }
  }
}

/** As if the camera had moved: the mean of five pixels in a line, for each colour. */
function blur(from: Uint8Array, to: Frame): void {
  const { pixels } = to;
  to.channels = 3;
  const line = 3 * width;
  for (let at = 0; at < line * height; at++) {
    const start = at - (at % line) + (at % 3);
    const end = start + line - 3;
    let sum = 0;
    for (let step = -6; step <= 6; step += 3) {
      sum += from[Math.min(Math.max(at + step, start), end)]!;
    }
    pixels[at] = sum / 5;
  }
}
