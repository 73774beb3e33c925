// What a family of charts is: contenders that are measured at each x, and the charts that are drawn of what they took.

/** What one run of a contender came to, by name: 'nsPerOp', 'threads' and so on. */
export type Sample = Readonly<Record<string, number>>;

export interface Contender {
  readonly name: string;
  /** Whether it is measured there at all. */
  readonly covers?: (x: number) => boolean;
  /** Does that share of its full work. */
  readonly run: (x: number, share: number) => Promise<Sample>;
}

/** How numbers are written: 'bytes' 64 KiB, 'count' 1,000, 'rate' 10 M, 'ns' 10 µs, 'MB/s' 1,000. */
export type Unit = 'bytes' | 'count' | 'rate' | 'ns' | 'MB/s';

export interface Axis {
  readonly label: string;
  readonly unit: Unit;
  readonly scale: 'log' | 'linear';
}

export interface Chart {
  /** Of its files in docs/charts. */
  readonly name: string;
  readonly title: string;
  /** What a point is, in one sentence. */
  readonly about: string;
  readonly x: Axis;
  readonly y: Axis;
  /** The contenders that it shows, in the order of the legend. */
  readonly series: readonly string[];
  /** The contender whose samples all of them are of, where they are not contenders themselves. */
  readonly from?: string;
  /** A point's height. Undefined: it has no such number. */
  readonly of: (sample: Sample, x: number, series: string) => number | undefined;
  /** One sentence or two on what one sees: made of the numbers, so that it is true of whatever was measured. */
  readonly says: (drawn: Drawn) => string;
}

export interface Apparatus {
  readonly contenders: readonly Contender[];
  /** Ends what it has started. */
  close(): Promise<void>;
}

export interface Family {
  readonly name: string;
  readonly xs: readonly number[];
  /** Those that are enough to see whether it runs. */
  readonly smoke: readonly number[];
  readonly charts: readonly Chart[];
  open(): Promise<Apparatus>;
}

export interface Point {
  readonly x: number;
  readonly median: number;
  /** The lowest and the highest of the rounds. */
  readonly low: number;
  readonly high: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/** A chart with its numbers, as docs/charts/NAME.json keeps it: all that is drawn, and where it was measured. */
export interface Drawn {
  readonly chart: string;
  readonly title: string;
  readonly about: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly rounds: number;
  readonly machine: string;
  readonly node: string;
  readonly date: string;
  readonly command: string;
  /** Nanoseconds of a spinning round trip in C, before each round: how far apart the cores were. */
  readonly placementNs: { readonly min: number; readonly max: number };
}

/** Apparatus that needs no setting up. */
export function stateless(contenders: readonly Contender[]): () => Promise<Apparatus> {
  return async () => ({ contenders, close: async () => {} });
}
