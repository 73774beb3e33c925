// A counter that a mutex guards is exact, whoever adds to it, and however.
import { test } from 'node:test';
import { count } from './mutex-counter.ts';

for (const fair of [false, true]) {
  test(`four processes of two workers, blocking and not: the counter is exact (${fair ? 'fair' : 'not fair'})`, (t) =>
    count(t, fair, 600));
}
