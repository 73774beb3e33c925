// Numbers of a chart as its sentence says them.

import type { Drawn } from './family.ts';

const DECIMAL = ['', 'k', 'M', 'G', 'T'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti'];

/** The median of a series there; NaN when it was not measured. */
export function at(drawn: Drawn, series: string, x: number): number {
  const points = drawn.series.find(({ name }) => name === series)?.points;
  return points?.find((point) => point.x === x)?.median ?? Number.NaN;
}

/** The first and the last point of a series: x and median. */
export function ends(drawn: Drawn, series: string): [first: number, last: number] {
  const points = drawn.series.find(({ name }) => name === series)?.points;
  return [points?.at(0)?.median ?? Number.NaN, points?.at(-1)?.median ?? Number.NaN];
}

/** 12,300,000 is '12.3 M', or in steps of 1024: 65,536 is '64 Ki'. */
export function many(value: number, step: 1000 | 1024 = 1000): string {
  if (Number.isNaN(value)) return '(not measured) ';
  let power = 0;
  let rest = value;
  for (; Math.abs(rest) >= step * 0.9995 && power < DECIMAL.length - 1; power++) rest /= step;
  const unit = (step === 1000 ? DECIMAL : BINARY)[power];
  return `${short(rest)} ${unit}`;
}

/** Two or three digits. */
export function ratio(value: number): string {
  return Number.isNaN(value) ? '(not measured)' : short(value, value < 10 ? 2 : 3);
}

const DURATIONS: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
];

export function time(ns: number): string {
  if (Number.isNaN(ns)) return '(not measured)';
  const [size, unit] = DURATIONS.find(([least]) => ns >= least * 0.9995) ?? [1, 'ns'];
  return `${short(ns / size)} ${unit}`;
}

function short(value: number, digits = 3): string {
  const rounded = Number(value.toPrecision(digits));
  return rounded.toLocaleString('en', { maximumFractionDigits: 6 });
}
