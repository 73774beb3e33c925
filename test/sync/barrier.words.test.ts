// A barrier's bytes, written by hand: every sort of word with every sort of seat, and what each method makes of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Barrier, type Span } from '../../src/index.ts';
import { wordOf } from '../../src/sync/barrier.layout.ts';
import { Phase, phaseIn } from '../../src/sync/barrier-word.ts';
import { codeOf } from '../support/segments.ts';
import { PARTIES, type Sitter, type Stage, stage } from './barrier-stage.ts';

const BROKEN = 0x8000_0000;
const GENERATION = 2 ** 12;
const LAST = 2 ** 19 - 1;

interface Row {
  readonly seats: readonly Sitter[];
  readonly word: number;
  /** 'null', a number, or a code without its first part. */
  readonly wait: string;
  readonly tryWait: string;
  readonly join: string;
  readonly broken: boolean;
  /** The word after a wait whose time is over at once. */
  readonly after: number;
}

const G = 5 * GENERATION;
const row = (
  seats: readonly Sitter[],
  word: number,
  [wait, tryWait, join]: readonly [string, string, string],
  after: number,
  broken = false,
): Row => ({ seats, word, wait, tryWait, join, broken, after });

const late = ['null', 'null', 'joined'] as const;
const last = ['2', '2', 'joined'] as const;
const isBroken = ['BROKEN', 'BROKEN', 'BROKEN'] as const;
const bad = (BROKEN + G) >>> 0;

const ROWS: readonly Row[] = [
  // Nobody alive is there: it begins anew, unless there is nothing to forget.
  row([], 0, late, 0),
  row([], G, late, G),
  row([], G + 1, late, 7 * GENERATION),
  row([], G + 2, late, 7 * GENERATION),
  row([], bad, late, 7 * GENERATION),
  row([], bad + 2, late, 7 * GENERATION),
  row(['dead'], G, late, 7 * GENERATION),
  row(['dead', 'garbage', 'dead'], G + 2, late, 7 * GENERATION),
  row(['nobody', 'dead'], bad, late, 7 * GENERATION),
  row(['dead'], LAST * GENERATION + 1, late, GENERATION),
  // Somebody alive is.
  row(['alive'], G, late, G),
  row(['alive'], G + 1, late, G + 1),
  row(['self', 'alive'], G + 1, late, G + 1),
  row(['alive', 'alive'], G + 2, last, 6 * GENERATION),
  row(['alive', 'self', 'alive'], LAST * GENERATION + 2, last, 0),
  row(['self'], G + 1, late, G + 1),
  row(['alive', 'alive', 'alive'], G + 1, ['LIMIT', 'null', 'LIMIT'], G + 1),
  row(['alive', 'alive', 'alive'], G + 2, ['LIMIT', 'LIMIT', 'LIMIT'], G + 2),
  row(['alive'], bad, isBroken, bad, true),
  row(['alive', 'dead'], G, isBroken, bad, true),
  row(['alive', 'dead'], G + 2, isBroken, bad, true),
  row(['self', 'garbage'], G + 1, isBroken, bad, true),
  row(['dead', 'alive', 'alive'], bad, isBroken, bad, true),
  // More have arrived than can.
  row(['alive'], G + 3, ['CORRUPT', 'CORRUPT', 'joined'], G + 3),
  row(['self', 'alive'], G + 4095, ['CORRUPT', 'CORRUPT', 'joined'], G + 4095),
];

const shown = ({ seats, word }: Row): string => `${seats.join()} with word 0x${word.toString(16)}`;

function write({ words, ids }: Stage, { seats, word }: Row): void {
  words[0] = word;
  for (let seat = 0; seat < PARTIES; seat++) words[1 + seat] = ids[seats[seat] ?? 'nobody'];
}

async function outcome(act: () => unknown): Promise<string> {
  try {
    return String(await act());
  } catch (error) {
    return String((error as { code?: string }).code).replace('ERR_MEMSPAN_', '');
  }
}

test('what wait and waitAsync make of every sort of word and seats', async (t) => {
  const it = stage(t);
  const ways = [
    () => it.barrier.wait({ timeoutMs: 0 }),
    () => it.barrier.wait({ timeoutMs: 2 }),
    () => it.barrier.waitAsync({ timeoutMs: 0 }),
    () => it.barrier.waitAsync({ timeoutMs: 2 }),
  ];
  for (const each of ROWS) {
    for (const way of ways) {
      write(it, each);
      assert.equal(it.barrier.broken, each.broken, shown(each));
      assert.equal(await outcome(way), each.wait, shown(each));
      assert.equal(it.words[0], each.after, `${shown(each)}: the word`);
      const mine = [...it.words].filter((id, at) => at > 0 && id === it.ids.self).length;
      const isParty = each.wait !== 'BROKEN' && each.wait !== 'LIMIT';
      assert.equal(mine, isParty || each.seats.includes('self') ? 1 : 0, `${shown(each)}: seats`);
    }
  }
});

test('what tryWait makes of it; unless it passes, nothing has changed', async (t) => {
  const it = stage(t);
  for (const each of ROWS) {
    write(it, each);
    const before = [...it.words];
    const found = await outcome(() => it.barrier.tryWait());
    assert.equal(found, each.tryWait, shown(each));
    if (found === 'null') assert.deepEqual([...it.words], before, shown(each));
  }
});

test('what join, leave and reset make of it', async (t) => {
  const it = stage(t);
  for (const each of ROWS) {
    write(it, each);
    const found = await outcome(() => it.barrier.join() ?? 'joined');
    assert.equal(found, each.join, shown(each));
    it.barrier.leave();
    assert.ok(!it.words.subarray(1).includes(it.ids.self), shown(each));
    write(it, each);
    it.barrier.reset();
    const generation = (Math.floor((each.word % BROKEN) / GENERATION) + 2) % (LAST + 1);
    assert.equal(it.words[0], generation * GENERATION, shown(each));
    assert.equal(it.barrier.broken, false);
    const kept = each.seats.map((who) => (who === 'dead' || who === 'garbage' ? 'nobody' : who));
    assert.deepEqual(
      [...it.words.subarray(1, 1 + kept.length)],
      kept.map((who) => it.ids[who]),
    );
  }
});

test('one who waits goes by how far the generation is: an odd number of steps is a completed phase', async (t) => {
  const it = stage(t);
  const ends: readonly [number, string][] = [
    [1 * GENERATION, '1'],
    [1 * GENERATION + 1, '1'],
    [BROKEN + GENERATION, '1'],
    [3 * GENERATION, '1'],
    [LAST * GENERATION, '1'],
    [BROKEN, 'BROKEN'],
    [2 * GENERATION, 'BROKEN'],
    [BROKEN + 2 * GENERATION, 'BROKEN'],
    [(LAST - 1) * GENERATION, 'BROKEN'],
  ];
  for (const [word, expected] of ends) {
    write(it, row(['alive'], 1, late, 0));
    // Somebody writes it while this thread waits.
    const waiting = outcome(() => it.barrier.waitAsync({ timeoutMs: 20_000 }));
    assert.equal(it.words[0], 2);
    it.words[0] = word >>> 0;
    assert.equal(await waiting, expected, word.toString(16));
    assert.equal(it.words[0], word >>> 0, 'who is told writes nothing');
  }
  assert.equal(phaseIn(wordOf(0, 0), LAST), Phase.completed);
  assert.equal(phaseIn(wordOf(1, 0), LAST), Phase.broken);
});

test('who gives up takes its own arrival back, and none of another phase', async (t) => {
  const it = stage(t);
  for (const [word, expected] of [
    [0, 0],
    [1, 0],
    [2, 1],
    [BROKEN, BROKEN],
    [2 * GENERATION + 1, 2 * GENERATION + 1],
    [GENERATION + 1, GENERATION + 1],
  ] as const) {
    write(it, row(['alive'], 0, late, 0));
    const abort = new AbortController();
    const waiting = outcome(() => it.barrier.waitAsync({ signal: abort.signal }));
    it.words[0] = word;
    abort.abort(Object.assign(new Error('enough'), { code: 'ENOUGH' }));
    // What was completed first counts.
    assert.equal(await waiting, word === GENERATION + 1 ? '0' : 'ENOUGH');
    assert.equal(it.words[0], expected);
  }
});

test('one thread cannot use the same bytes for different numbers of parties', (t) => {
  const { span, words } = stage(t);
  const at = (parties: number) => codeOf(() => Barrier.at(span, words.byteOffset, { parties }));
  assert.deepEqual([2, 3, 4].map(at), [
    'ERR_MEMSPAN_OPTIONS_MISMATCH',
    undefined,
    'ERR_MEMSPAN_OUT_OF_RANGE',
  ]);
});

test('a broken word that was loaded before others began anew is not taken for theirs', async (t) => {
  const steps = new URL('../../steps/index.js', import.meta.url).href;
  const library = (await import(steps)) as { Span: typeof Span; Barrier: typeof Barrier };
  const hooks = globalThis as { memspanStep?: ((step: string) => void) | undefined };
  t.after(() => {
    hooks.memspanStep = undefined;
  });
  for (const form of ['wait', 'join', 'tryWait'] as const) {
    const it = stage(t, library);
    write(it, row(['dead'], bad, late, 0));
    hooks.memspanStep = (step) => {
      if (step !== 'barrier-loaded') return;
      hooks.memspanStep = undefined;
      write(it, row(['alive'], 7 * GENERATION, late, 0));
    };
    const use = () => (form === 'wait' ? it.barrier.wait({ timeoutMs: 0 }) : it.barrier[form]());
    assert.equal(codeOf(use), undefined, form);
    assert.equal(it.words[0], 7 * GENERATION);
  }
});
