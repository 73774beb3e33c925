// A region whose pages are protected and unmapped at random, beside a table that says what each page must do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { codeOf, seededRandom } from '../../support/segments.ts';
import { newObject, PAGE, READ_WRITE, shared } from './objects.ts';

const { check, mmap, mprotect, munmap } = posix;
const { MAP_SHARED, PROT_NONE, PROT_READ } = posix;
const PAGES = 24;

type Kind = number | 'unmapped';

/** What a write to such a page is told as. */
const codes = new Map<Kind, string | undefined>([
  [READ_WRITE, undefined],
  [PROT_READ, 'ERR_MEMSPAN_READ_ONLY'],
  [PROT_NONE, 'ERR_MEMSPAN_PERMISSION'],
  ['unmapped', 'ERR_MEMSPAN_CLOSED'],
]);

test('each page does what was last said of it', (t) => {
  const random = seededRandom(t);
  const pick = (below: number): number => Math.floor(random() * below);
  for (let run = 0; run < 20; run++) {
    const { fd } = newObject(t, PAGES * PAGE);
    const object = shared(t, fd, PAGES * PAGE).fill(7);
    const bytes = new Uint8Array(mmap(null, PAGES * PAGE, READ_WRITE, MAP_SHARED, fd, 0));
    const model: Kind[] = new Array(PAGES).fill(READ_WRITE);
    for (let step = 0; step < 60; step++) {
      const first = pick(PAGES);
      const end = first + 1 + pick(Math.min(8, PAGES - first));
      const view = bytes.subarray(first * PAGE, end * PAGE);
      // Never all of it.
      if (pick(12) === 0 && model.filter((kind) => kind === 'unmapped').length < PAGES - 8) {
        munmap(view);
        model.fill('unmapped', first, end);
        continue;
      }
      const prot = [READ_WRITE, PROT_READ, PROT_NONE][pick(3)] as number;
      const isRefused = model.slice(first, end).includes('unmapped');
      assert.equal(
        codeOf(() => mprotect(view, prot)),
        isRefused ? 'ERR_MEMSPAN_CLOSED' : undefined,
      );
      if (!isRefused) model.fill(prot, first, end);
      const page = pick(PAGES);
      touch(page);
      if (pick(4) === 0) for (let all = 0; all < PAGES; all++) touch(all);
    }
    munmap(bytes);

    function touch(page: number): void {
      const at = page * PAGE;
      const kind = model[page]!;
      const before = object[at]!;
      const value = (before + 1) & 255;
      bytes[at] = value;
      const what = `page ${page}, ${kind}`;
      assert.equal(object[at], kind === READ_WRITE ? value : before, what);
      assert.equal(
        codeOf(() => check(bytes.subarray(at, at + PAGE))),
        codes.get(kind),
        what,
      );
      if (kind === READ_WRITE || kind === PROT_READ) assert.equal(bytes[at], object[at], what);
    }
  }
});
