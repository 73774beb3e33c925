// What the processes share: a table in columns, the names of the cities, and the results.

import {
  array,
  type Barrier,
  type Elements,
  f64,
  type Mutex,
  type Span,
  struct,
  u32,
  utf8,
  type ViewOf,
} from 'memspan';
import type { Group } from './group.ts';

/** A row of the file has at least so many bytes: `2026-01-01 00:00,X,0,0.00` and the end of the line. */
const ROW_MIN = 26;
const CITIES_MAX = 256;

const cities = struct({ count: u32, names: array(utf8(64), CITIES_MAX) });
const results = array(
  struct({
    rides: u32,
    meanTime: f64,
    meanPrice: f64,
    medianPrice: f64,
    price95: f64,
    price99: f64,
  }),
  CITIES_MAX,
);
const counts = array(u32, 64);

/** The bytes of a span for the rows of such a file. */
export function spanSizeFor(fileSize: number): number {
  return 2 ** 20 + capacityFor(fileSize) * 9;
}

function capacityFor(fileSize: number): number {
  return Math.ceil(fileSize / ROW_MIN);
}

export class Table {
  /** A phase begins when all have finished the one before. */
  readonly phase: Barrier;
  /** How many rows each worker has in its part of the file. */
  readonly rows: Uint32Array;
  /** The columns: a row's city, by its number, and what the ride took. */
  readonly city: Uint8Array;
  readonly seconds: Int32Array;
  readonly cents: Int32Array;
  /** For each city; written by the worker whose city it is. */
  readonly results: Elements<Group, Group>;
  readonly #cities: ViewOf<typeof cities>;
  readonly #citiesLock: Mutex;

  /** `workers` and one more process, which waits for them. */
  constructor(span: Span, fileSize: number, workers: number) {
    const capacity = capacityFor(fileSize);
    this.phase = span.barrier('phase', { parties: workers + 1 });
    this.rows = span.view('rows', counts).typed as Uint32Array;
    this.city = span.bytes('city', { size: capacity });
    this.seconds = integers(span.bytes('seconds', { size: 4 * capacity }));
    this.cents = integers(span.bytes('cents', { size: 4 * capacity }));
    this.results = span.view('results', results);
    this.#cities = span.view('cities', cities);
    this.#citiesLock = span.mutex('cities lock');
  }

  /** How many different cities have been seen. */
  get cities(): number {
    return this.#cities.count;
  }

  nameOf(city: number): string {
    return this.#cities.names.get(city);
  }

  /** The number of a city, which it gets when somebody sees it first. */
  numberOf(name: string): number {
    const { names } = this.#cities;
    using _ = this.#citiesLock.lock();
    for (let city = 0; city < this.cities; city++) {
      if (names.get(city) === name) return city;
    }
    if (this.cities === CITIES_MAX) throw new Error(`more than ${CITIES_MAX} cities`);
    names.set(this.cities, name);
    return this.#cities.count++;
  }
}

function integers({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}
