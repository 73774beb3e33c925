// A barrier's bytes, written by hand: every sort of word with every sort of seat, and what each method makes of it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Barrier, Segment, Span } from '../../src/index.ts';
import { barrierSize, wordOf } from '../../src/sync/barrier.layout.ts';
import { Phase, phaseIn } from '../../src/sync/barrier-word.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, seededRandom, uniqueName } from '../support/segments.ts';

const BROKEN = 0x8000_0000;
const GENERATION = 2 ** 12;
const LAST = 2 ** 19 - 1;

type Sitter = 'nobody' | 'dead' | 'garbage' | 'alive' | 'self';

interface Stage {
  readonly span: Span;
  readonly barrier: Barrier;
  /** The word and three seats. */
  readonly words: Uint32Array;
  readonly ids: Readonly<Record<Sitter, number>>;
}

const PARTIES = 3;

function stage(t: TestContext): Stage {
  const name = uniqueName();
  const span = Span.create(name, { participants: 4, objects: 4 });
  const { buffer, byteOffset } = span.bytes('x', { size: barrierSize(PARTIES) });
  const words = new Uint32Array(buffer, byteOffset, 1 + PARTIES);
  const barrier = Barrier.at(span, byteOffset, { parties: PARTIES });
  barrier.join();
  const self = words[1] as number;
  barrier.leave();
  // Whoever holds the lifeline of an id is alive.
  const other = Segment.open(name);
  const alive = (7 << 12) | 4;
  const lifeline = other.lifeline(alive);
  t.after(() => {
    lifeline?.release();
    other.close();
    span.unlink();
    span.close();
  });
  assert.ok(lifeline !== null && self > 0);
  assert.deepEqual([...words], [0, 0, 0, 0]);
  const ids = { nobody: 0, dead: (9 << 12) | 4, garbage: 0xffff_ffff, alive, self };
  return { span, barrier, words, ids };
}

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

test('garbage in every word while it is used: errors with a code, or none, and an end', async (t) => {
  const random = seededRandom(t);
  const { name } = stage(t).span;
  // In a child, because a hang would be one of the event loop.
  const child = await startChild();
  const seed = Math.floor(random() * 2 ** 31);
  const codes = await child.run(garble, name as string, seed);
  t.diagnostic(JSON.stringify(codes));
  await child.kill();
});

async function garble(
  { memspan }: { memspan: typeof import('../../src/index.ts') },
  name: string,
  seed: number,
): Promise<Record<string, number>> {
  const span = memspan.Span.join(name);
  const { buffer, byteOffset } = span.bytes('x', { size: 16 });
  const words = new Int32Array(buffer, byteOffset, 4);
  const barrier = memspan.Barrier.at(span, byteOffset, { parties: 3 });
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
  const codes: Record<string, number> = {};
  const own = span.segment;
  const ids = [0, (7 << 12) | 4, (9 << 12) | 4, -1, 1, 4096, 0x7fffffff];
  const attempt = async (act: () => unknown): Promise<void> => {
    let code = 'nothing thrown';
    try {
      await act();
    } catch (error) {
      code = String((error as { code?: string }).code);
      if (!code.startsWith('ERR_MEMSPAN_')) throw error;
    }
    codes[code] = (codes[code] ?? 0) + 1;
  };
  for (let i = 0; i < 1500; i++) {
    const soil = (): void => {
      for (let at = 0; at < 4; at++) {
        const value = random() < 0.5 ? ids[Math.floor(random() * 7)] : random() * 2 ** 32;
        if (random() < 0.7) words[at] = value as number;
      }
    };
    soil();
    await attempt(() => barrier.wait({ timeoutMs: i % 8 === 0 ? 1 : 0 }));
    await attempt(() => barrier.tryWait());
    const pending = [0, 0].map(() => attempt(() => barrier.waitAsync({ timeoutMs: 1 })));
    soil();
    await attempt(() => barrier.join());
    await attempt(() => [barrier.arrived, barrier.phase, barrier.broken]);
    soil();
    if (i % 3 === 0) await attempt(() => barrier.reset());
    await Promise.all(pending);
    await attempt(() => barrier.leave());
  }
  if (own.name !== name) throw new Error('another segment');
  span.close();
  return codes;
}

test('one thread cannot use the same bytes for different numbers of parties', (t) => {
  const { span, words } = stage(t);
  const at = (parties: number) => codeOf(() => Barrier.at(span, words.byteOffset, { parties }));
  assert.deepEqual([2, 3, 4].map(at), [
    'ERR_MEMSPAN_OPTIONS_MISMATCH',
    undefined,
    'ERR_MEMSPAN_OUT_OF_RANGE',
  ]);
});
