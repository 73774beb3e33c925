// Draws a chart as SVG: the same text for the same numbers. It is shown by <img>, in which media queries work: one file for light and
// dark. Series differ by colour (distinct also to the colour-blind), by mark and by dash; the legend stands below the chart, not in it.

import {
  line,
  type SymbolType,
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
  symbolWye,
} from 'd3-shape';
import { xAxis, yAxis } from './axes.ts';
import type { Drawn, Point, Series } from './family.ts';

const WIDTH = 720;
const PLOT = { left: 80, right: 686, top: 70, bottom: 366 };
/** Two columns below the chart. */
const LEGEND = { columns: [80, 400], y: 436, step: 23 } as const;
const MARK_AREA = 42;
const DIGITS = 1;

interface Look {
  readonly light: string;
  readonly dark: string;
  readonly mark: SymbolType;
  readonly dash: string;
}

/** After Okabe and Ito; darker where the ground is white. */
const LOOKS: readonly Look[] = [
  { light: '#0062a3', dark: '#56b4e9', mark: symbolCircle, dash: '' },
  { light: '#b34700', dark: '#ff9d4d', mark: symbolSquare, dash: '' },
  { light: '#007a59', dark: '#3ecf9f', mark: symbolTriangle, dash: '' },
  { light: '#9c3c77', dark: '#e59bc8', mark: symbolDiamond, dash: '' },
  { light: '#444444', dark: '#dddddd', mark: symbolCross, dash: '6 3' },
  { light: '#8a6d00', dark: '#f0e442', mark: symbolStar, dash: '2 3' },
  { light: '#a01818', dark: '#ff8a80', mark: symbolWye, dash: '7 3 2 3' },
  { light: '#4f46b8', dark: '#b3adff', mark: symbolCircle, dash: '4 4' },
];

export function drawn(chart: Drawn): string {
  const { title, about, series } = chart;
  const height = LEGEND.y + (Math.ceil(series.length / 2) - 1) * LEGEND.step + 20;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title about">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="about">${escaped(`${about} ${summary(chart)}`)}</desc>`,
    `<style>${style(series.length)}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="title" x="20" y="30">${escaped(title.replaceAll('`', ''))}</text>`,
    ...axes(chart),
    ...series.flatMap((one, i) => curve(chart, one, i)),
    ...series.map(legend),
    '</svg>',
  ].join('\n')}\n`;
}

function axes({ x, y, series }: Drawn): string[] {
  const { left, right, top, bottom } = PLOT;
  const across = xAxis(x, series, [left, right]);
  const up = yAxis(y, series, [bottom, top]);
  return [
    `<text class="label" x="20" y="${top - 18}">${escaped(y.label)}</text>`,
    ...up.ticks.flatMap(({ at, text }) => [
      `<path class="grid" d="M${left},${short(at)}H${right}"/>`,
      `<text class="tick end" x="${left - 8}" y="${short(at + 4)}">${escaped(text)}</text>`,
    ]),
    ...across.ticks.flatMap(({ at, text }) => [
      `<path class="axis" d="M${short(at)},${bottom}v5"/>`,
      `<text class="tick middle" x="${short(at)}" y="${bottom + 19}">${escaped(text)}</text>`,
    ]),
    `<path class="axis" d="M${left},${bottom}H${right}"/>`,
    `<text class="label middle" x="${(left + right) / 2}" y="${bottom + 42}">${escaped(x.label)}</text>`,
  ];
}

/** The line through the medians, and behind it from the lowest to the highest of the rounds. */
function curve({ x, y, series }: Drawn, { points }: Series, i: number): string[] {
  const { left, right, top, bottom } = PLOT;
  const across = xAxis(x, series, [left, right]).place;
  const up = yAxis(y, series, [bottom, top]).place;
  const path = line<Point>(
    (point) => across(point.x),
    (point) => up(point.median),
  ).digits(DIGITS)(points);
  return [
    ...points.map((point) => {
      const at = short(across(point.x));
      return `<path class="spread s${i}" d="M${at},${short(up(point.low))}V${short(up(point.high))}"/>`;
    }),
    `<path class="line s${i}" d="${path}"/>`,
    ...points.map((point) => mark(i, across(point.x), up(point.median))),
  ];
}

function legend({ name }: Series, i: number): string {
  const x = LEGEND.columns[i % 2] as number;
  const y = LEGEND.y + Math.floor(i / 2) * LEGEND.step;
  const middle = y - 4;
  return [
    `<path class="line s${i}" d="M${x},${middle}h26"/>`,
    mark(i, x + 13, middle),
    `<text class="tick" x="${x + 34}" y="${y}">${escaped(name)}</text>`,
  ].join('');
}

function mark(i: number, x: number, y: number): string {
  const shape = symbol(lookOf(i).mark, MARK_AREA).digits(DIGITS)();
  return `<path class="mark s${i}" transform="translate(${short(x)},${short(y)})" d="${shape}"/>`;
}

function style(count: number): string {
  const each = (how: (look: Look, i: number) => string): string =>
    Array.from({ length: count }, (_, i) => how(lookOf(i), i)).join('');
  const colours = (key: 'light' | 'dark'): string =>
    each((look, i) => `.s${i}{stroke:${look[key]}}.mark.s${i}{fill:${look[key]}}`);
  return [
    'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:13px;fill:#1f2328}',
    '.title{font-size:17px;font-weight:600}.end{text-anchor:end}.middle{text-anchor:middle}',
    '.ground{fill:#ffffff}.grid{stroke:#d8dee4;fill:none}.axis{stroke:#59636e;fill:none}.label,.tick{fill:#424a53}',
    '.line{fill:none;stroke-width:2}.spread{fill:none;stroke-width:6;stroke-opacity:0.3}.mark{stroke-width:1}',
    colours('light'),
    each(({ dash }, i) => (dash ? `.line.s${i}{stroke-dasharray:${dash}}` : '')),
    '@media (prefers-color-scheme:dark){text{fill:#f0f6fc}.ground{fill:#0d1117}.grid{stroke:#30363d}.axis{stroke:#9198a1}.label,.tick{fill:#c9d1d9}',
    `${colours('dark')}}`,
  ].join('');
}

/** For who does not see it: where each line begins and ends. */
function summary({ series, y }: Drawn): string {
  return series
    .map(({ name, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      return `${name}: ${first?.median} at ${first?.x}, ${last?.median} at ${last?.x} (${y.label}${y.unit === 'ns' ? ', ns' : ''}).`;
    })
    .join(' ');
}

const lookOf = (i: number): Look => LOOKS[i % LOOKS.length] as Look;

function short(value: number): number {
  return Number(value.toFixed(DIGITS));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
