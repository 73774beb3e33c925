// One of N: parses its part of the file into the columns that all share, then aggregates every Nth city over all rows.
//   worker FILE INDEX WORKERS PARENT

import { inherited, Segment, Span } from 'memspan';
import { summarize } from './group.ts';
import { countRows, parse, partOf } from './parse.ts';
import { Table } from './table.ts';

const [file, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [index, workers, parent] = numbers.map(Number) as [number, number, number];

using span = Span.fromSegment(inherited('table'), { as: `worker-${index}` });
using segment = Segment.file(file, { readOnly: true }); // mapped: nobody copies it
const csv = new Uint8Array(segment.buffer);
const table = new Table(span, csv.length, workers);
phaseIsOver(); // all are ready

const part = partOf(csv, index, workers);
table.rows[index] = countRows(csv, part);
phaseIsOver(); // all have counted: so many rows are before mine
const before = table.rows.subarray(0, index).reduce((sum, rows) => sum + rows, 0);
parse(csv, part, table, before);
phaseIsOver(); // the columns are complete

aggregate(table.rows.reduce((sum, rows) => sum + rows, 0));
phaseIsOver(); // the results are
table.phase.leave();

/** Summarizes city `index` and every Nth after it. */
function aggregate(rows: number): void {
  const { city, seconds, cents, results } = table;
  const rides = new Uint32Array(table.cities);
  for (let row = 0; row < rows; row++) rides[city[row]!]!++;
  const groups = Array.from(rides, (count, city) => {
    if (city % workers !== index) return undefined;
    return { seconds: new Int32Array(count), cents: new Int32Array(count), filled: 0 };
  });
  for (let row = 0; row < rows; row++) {
    const group = groups[city[row]!];
    if (group === undefined) continue;
    group.seconds[group.filled] = seconds[row]!;
    group.cents[group.filled++] = cents[row]!;
  }
  for (const [city, group] of groups.entries()) {
    if (group !== undefined) results.set(city, summarize(group.seconds, group.cents));
  }
}

/** Waits for all others, as long as there is somebody whom the results are for. */
function phaseIsOver(): void {
  while (table.phase.wait({ timeoutMs: 500 }) === null) {
    if (process.ppid !== parent) process.exit(1);
  }
}
