// What stands at an axis: where it begins and ends, its ticks, and how a number is written there.

import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale';
import type { Axis, Series, Unit } from './family.ts';
import { many, time } from './words.ts';

export interface Placed {
  readonly place: (value: number) => number;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

type Scale = ScaleContinuousNumeric<number, number>;

/** Every x that was measured is a tick, as far as there is room for its text. */
export function xAxis(axis: Axis, series: readonly Series[], range: [number, number]): Placed {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort(
    (a, b) => a - b,
  );
  const [first = 1, last = 1] = [xs[0], xs.at(-1)];
  const scale = scaleOf(axis)
    .domain([first, Math.max(last, first + 1)])
    .range(range);
  let free = Number.POSITIVE_INFINITY;
  // From the last one on, which says how far it goes.
  const ticks = xs.reverse().flatMap((x) => {
    const [at, text] = [scale(x), written(x, axis.unit)];
    const half = (text.length * CHARACTER) / 2 + 4;
    if (at + half > free) return [];
    free = at - half;
    return { at, text };
  });
  return { place: scale, ticks };
}

/** Pixels, at the size of the ticks' text. */
const CHARACTER = 8;

export function yAxis(axis: Axis, series: readonly Series[], range: [number, number]): Placed {
  const values = series.flatMap(({ points }) => points.flatMap(({ low, high }) => [low, high]));
  const above = values.filter((value) => value > 0);
  const [low, high] = [Math.min(...above, Number.MAX_VALUE), Math.max(...above, 0)];
  if (axis.scale === 'linear' || above.length === 0) {
    const scale = scaleLinear()
      .domain([0, high || 1])
      .nice(5)
      .range(range);
    return { place: scale, ticks: marked(scale, scale.ticks(5), axis.unit) };
  }
  if (axis.unit === 'bytes') return inPowersOfTwo(low, high, range);
  const scale = scaleLog().domain(steps(low, high)).range(range).clamp(true);
  const [from = 1, to = 1] = scale.domain();
  const decades = Math.log10(to / from);
  const wanted = decades > 2.4 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 5];
  const ticks = wanted
    .flatMap((digit) => powers(from, to).map((power) => digit * power))
    .filter((value) => value >= from * 0.999 && value <= to * 1.001)
    .sort((a, b) => a - b);
  return { place: scale, ticks: marked(scale, ticks, axis.unit) };
}

function inPowersOfTwo(low: number, high: number, range: [number, number]): Placed {
  const [first, last] = [Math.floor(Math.log2(low)), Math.ceil(Math.log2(high))];
  const top = Math.max(last, first + 4);
  const scale = scaleLog([2 ** first, 2 ** top], range);
  const step = Math.ceil((top - first) / 6);
  const values = Array.from(
    { length: Math.floor((top - first) / step) + 1 },
    (_, i) => 2 ** (first + i * step),
  );
  return { place: scale, ticks: marked(scale, values, 'bytes') };
}

/** The numbers 1, 2 and 5 times a power of ten around both. */
function steps(low: number, high: number): [number, number] {
  const all = powers(low / 10, high * 10).flatMap((power) => [power, 2 * power, 5 * power]);
  const below = all.filter((value) => value <= low * 1.0001);
  const above = all.filter((value) => value >= high * 0.9999);
  const from = Math.max(...below);
  return [from, Math.max(Math.min(...above), from * 10)];
}

function powers(from: number, to: number): number[] {
  const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
  return Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${first + i}`));
}

function marked(scale: Scale, values: readonly number[], unit: Unit): Placed['ticks'] {
  return values.map((value) => ({ at: scale(value), text: written(value, unit) }));
}

function scaleOf(axis: Axis): Scale {
  return axis.scale === 'log' ? scaleLog() : scaleLinear();
}

function written(value: number, unit: Unit): string {
  if (value === 0) return '0';
  if (unit === 'bytes') return `${many(value, 1024)}B`;
  if (unit === 'rate') return many(value).trim();
  if (unit === 'ns') return time(value);
  return value.toLocaleString('en');
}
