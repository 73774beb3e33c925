// What explore finds is all there is, and nothing else: compared with a program that tries everything.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exploration, explore } from '../../src/check/explore.ts';
import { randomFrom } from '../../src/check/hash.ts';
import { allEnds, type End } from './enumerator.ts';
import {
  type Operation,
  type Program,
  programOf,
  type Taste,
  threadOf,
  WORDS,
  type Words,
} from './programs.ts';

interface Case {
  readonly program: Program;
  readonly crashes: number;
  /** Whether the words are looked at in the end: then nobody has one of its own. */
  readonly isObserved: boolean;
}

function* cases(count: number, taste: (i: number) => Taste): Generator<Case> {
  for (let i = 0; i < count; i++) {
    const program = programOf(randomFrom(1000 + i), taste(i));
    yield { program, crashes: [0, 0, 1, 2][i % 4] as number, isObserved: i % 3 === 0 };
  }
}

const textOf = (end: Pick<End, 'words' | 'results'>, isObserved: boolean): string =>
  JSON.stringify([end.results.map((result) => result ?? null), isObserved ? end.words : null]);

async function explored(
  { program, crashes, isObserved }: Case,
  bound: number,
): Promise<Set<string> | 'stuck'> {
  const found = new Set<string>();
  const report = await explore({
    setup: () => ({ x: new Int32Array(new SharedArrayBuffer(4 * WORDS)) }),
    threads: program.map(threadOf),
    atEnd: ({ x }, { results }) => {
      const words = isObserved ? [...x] : [];
      found.add(textOf({ words, results: results.map((each) => each ?? null) }, isObserved));
    },
    crashes,
    bound,
  });
  if (report.failure === undefined) return found;
  assert.match(report.failure.kind, /^(deadlock|lost-wake-up)$/, String(report));
  return 'stuck';
}

/** As it has to be: with the ends that the bound allows. */
function expected(each: Case, bound: number): Set<string> | 'stuck' {
  const { program, crashes, isObserved } = each;
  const isStep = bound === Number.POSITIVE_INFINITY ? () => true : stepsOf(each);
  const ends = allEnds(program, { crashes, bound, isStep });
  if (ends.some(({ isStuck }) => isStuck)) return 'stuck';
  return new Set(ends.map((end) => textOf(end, isObserved)));
}

/** Sleeps and wake-ups, and what is done to words that two use and one changes. */
function stepsOf({ program, isObserved }: Case): (operation: Operation) => boolean {
  const isContended = Array.from({ length: WORDS }, (_, word) => {
    const users = program.filter((thread) =>
      thread.some((operation) => 'word' in operation && operation.word === word),
    );
    const isChanged = program
      .flat()
      .some((each) => 'word' in each && each.word === word && !LOOKS.has(each.does));
    return isChanged && users.length + (isObserved ? 1 : 0) > 1;
  });
  return (operation) =>
    'word' in operation && (ALWAYS.has(operation.does) || (isContended[operation.word] ?? false));
}
const LOOKS = new Set(['load', 'read', 'sleep', 'wait']);
const ALWAYS = new Set(['sleep', 'wait', 'wake', 'notify']);

function check(each: Case, found: Set<string> | 'stuck', all: Set<string> | 'stuck'): void {
  const sorted = (set: Set<string> | 'stuck') => (set === 'stuck' ? set : [...set].sort());
  assert.deepEqual(sorted(found), sorted(all), JSON.stringify(each));
}

const anyTaste = (i: number): Taste => ({
  threads: 2 + (i % 2),
  operations: i % 2 === 0 ? 4 : 3,
  words: 1 + (i % 3),
  sleeps: i % 5 < 3,
  branches: i % 2 === 0,
});

test('every end of every schedule is found, and no other', async () => {
  let stuck = 0;
  for (const each of cases(160, anyTaste)) {
    const all = expected(each, Number.POSITIVE_INFINITY);
    if (all === 'stuck') stuck++;
    check(each, await explored(each, Number.POSITIVE_INFINITY), all);
  }
  assert.ok(stuck > 10, `${stuck}`);
});

test('with up to so many preemptions: those ends, and no other', async () => {
  const taste = (i: number): Taste => ({ ...anyTaste(i), branches: false });
  for (const each of cases(80, taste)) {
    for (const bound of [0, 1, 2]) check(each, await explored(each, bound), expected(each, bound));
  }
});

test('what is shown is the shortest schedule there is with so few preemptions', async () => {
  const taste = (i: number): Taste => ({ ...anyTaste(i), branches: false });
  let count = 0;
  for (const each of cases(80, taste)) {
    const { program, crashes } = each;
    const isStep = stepsOf({ ...each, isObserved: false });
    const ends = (bound: number) => allEnds(program, { crashes, bound, isStep });
    const all = ends(Number.POSITIVE_INFINITY);
    const bad = all[count++ % all.length] as End;
    if (all.some(({ isStuck }) => isStuck)) continue;
    const isBad = (results: End['results']): boolean =>
      results.every((result, i) => (result ?? null) === bad.results[i]);
    const exploration: Exploration<Words, string> = {
      setup: () => ({ x: new Int32Array(new SharedArrayBuffer(4 * WORDS)) }),
      threads: program.map(threadOf),
      atEnd: (_, { results }) => !isBad(results as End['results']),
      crashes,
    };
    const report = await explore(exploration);
    const steps = (bound: number): number =>
      Math.min(...ends(bound).flatMap((end) => (isBad(end.results) ? [end.steps] : [])));
    const text = `${JSON.stringify(each)}\n${report}`;
    const shown = report.failure?.steps.length ?? 0;
    // A word that only one of them lived to use is not shown.
    if (crashes > 0) assert.ok(shown <= steps(report.bound), text);
    else assert.equal(shown, steps(report.bound), text);
    const again = await explore({ ...exploration, seed: report.failure?.seed });
    assert.equal(again.failure?.table, report.failure?.table, text);
    if (report.bound > 0) assert.equal(steps(Math.min(report.bound, 5) - 1), Infinity, text);
  }
});
