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

/** By thread: what it has returned, '†' for who was killed, '…' for who sleeps for ever. */
const textOf = (
  results: readonly (string | null | undefined)[],
  words: readonly number[] | undefined,
): string =>
  `${results.map((result) => (result === null ? '†' : (result ?? '…'))).join(' ')} ${words ?? ''}`;

async function explored(
  { program, crashes, isObserved }: Case,
  bound: number,
): Promise<Set<string>> {
  const found = new Set<string>();
  const report = await explore({
    setup: () => ({ x: new Int32Array(new SharedArrayBuffer(4 * WORDS)) }),
    threads: program.map(threadOf),
    mayWait: () => true,
    atEnd: ({ x }, { results, killed }) => {
      const ends = results.map((result, i) => (killed.includes(i) ? null : result));
      found.add(textOf(ends, isObserved ? [...x] : undefined));
    },
    crashes,
    bound,
  });
  report.assert();
  return found;
}

/** As it has to be: with the ends that the bound allows. */
function expected(each: Case, bound: number): Set<string> {
  const { program, crashes, isObserved } = each;
  const isStep = bound === Number.POSITIVE_INFINITY ? () => true : stepsOf(each);
  const ends = allEnds(program, { crashes, bound, isStep });
  return new Set(ends.map(({ results, words }) => textOf(results, isObserved ? words : undefined)));
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

function check(each: Case, found: Set<string>, all: Set<string>): void {
  assert.deepEqual([...found].sort(), [...all].sort(), JSON.stringify(each));
}

const anyTaste = (i: number): Taste => ({
  threads: 2 + (i % 2),
  operations: i % 2 === 0 ? 4 : 3,
  words: 1 + (i % 3),
  sleeps: i % 5 < 3,
  branches: i % 2 === 0,
});

test('every end of every schedule is found, and no other', async () => {
  for (const each of cases(160, anyTaste)) {
    const bound = Number.POSITIVE_INFINITY;
    check(each, await explored(each, bound), expected(each, bound));
  }
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
