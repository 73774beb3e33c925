// A counter that a mutex guards is exact, for half a minute each of fair and not.
import { test } from 'node:test';
import { count } from '../sync/mutex-counter.ts';

for (const fair of [false, true]) {
  test(`four processes of two workers, blocking and not: the counter is exact (${fair ? 'fair' : 'not fair'})`, (t) =>
    count(t, fair, 30_000));
}
