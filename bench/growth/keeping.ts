// Has so many segments open, and says what some more take: to create, to open again, and to close each.

import { Segment } from '../../src/index.ts';
import { say } from '../task.ts';

const SIZE = 4096;
/** How many more, for the mean. */
const MORE = 64;

const [name = '', text = '1'] = process.argv.slice(2);
const now = (): bigint => process.hrtime.bigint();
const each = (start: bigint): number => Number(now() - start) / MORE;
const create = (what: string, count: number): Segment[] =>
  Array.from({ length: count }, (_, i) => Segment.create(`${name}-${what}-${i}`, { size: SIZE }));

// The first ones are of the engine's making as much as of ours.
for (const segment of create('warm', MORE)) {
  Segment.open(segment.name as string).close();
  segment.unlink();
  segment.close();
}
const kept = create('kept', Number(text));
say('ready');

process.on('message', () => {
  let start = now();
  const created = create('more', MORE);
  const createNs = each(start);
  start = now();
  const opened = created.map((segment) => Segment.open(segment.name as string));
  const openNs = each(start);
  start = now();
  for (const segment of opened) segment.close();
  const closeNs = each(start);
  for (const segment of created) {
    segment.unlink();
    segment.close();
  }
  say({ createNs, openNs, closeNs });
});
process.once('disconnect', () => {
  for (const segment of kept) {
    segment.unlink();
    segment.close();
  }
});
