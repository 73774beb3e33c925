// The parts of `memspan top` that are functions: what keys do, filters, sparklines, amounts in five columns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitted, short, shortMemory, visibleWidth } from '../../src/cli/top/amounts.ts';
import { SORTS } from '../../src/cli/top/columns.ts';
import {
  filterOf,
  indexOf,
  newView,
  pressed,
  type Sight,
  type View,
} from '../../src/cli/top/keys.ts';
import { sparkline } from '../../src/cli/top/sparkline.ts';

const sight: Sight = { rows: ['a', 'b', 'c', 'd', 'e'], height: 2, lines: 9 };

function after(keys: readonly string[], view: View = newView('rate', false, 1000)): View {
  return keys.reduce((found: View, key) => {
    const next = pressed(found, key, sight);
    assert.ok(next !== 'quit');
    return next;
  }, view);
}

test('the cursor moves, stays inside, and stays with its row', () => {
  const cases: [keys: string[], row: number][] = [
    [['down'], 1],
    [['j', 'j', 'k'], 1],
    [['up'], 0],
    [['pagedown', 'pagedown', 'pageup'], 2],
    [['G'], 4],
    [['end', 'down', 'g'], 0],
    [['x', 'left'], 0],
  ];
  for (const [keys, row] of cases) assert.equal(indexOf(after(keys), sight.rows), row, `${keys}`);
  const view = after(['down', 'down']);
  assert.equal(indexOf(view, ['c', 'a', 'b']), 0, 'where its row is now');
  assert.equal(indexOf(view, ['a', 'b', 'd']), 2, 'its row has gone: the one in its place');
  assert.equal(indexOf(view, ['a']), 0);
  assert.equal(indexOf(view, []), 0);
  assert.deepEqual(pressed(view, 'enter', { ...sight, rows: [] }), view);
});

test('a filter is typed, kept, and cleared; while it is typed, q is a letter', () => {
  const typing = after(['/', 'q', 'S', ' ', 'ü', '\u0001', 'escaped', 'backspace']);
  assert.deepEqual([typing.filter, typing.isTyping, typing.isReversed], ['qS ', true, false]);
  assert.deepEqual(after(['enter', 'r'], typing), {
    ...typing,
    isTyping: false,
    isReversed: true,
  });
  assert.equal(after(['escape'], typing).filter, '');
  assert.equal(after(['ctrl-u', 'x'], typing).filter, 'x');
  assert.equal(after(['enter', 'escape'], typing).filter, '');
  assert.equal(after(['/', ...'x'.repeat(99)]).filter.length, 60);
});

test('sorting goes through all columns; the interval has its ends; pages open and close', () => {
  assert.equal(after(SORTS.map(() => 's')).sort, 'rate');
  assert.equal(after(['s', 'S']).isReversed, true);
  assert.equal(after(Array(20).fill('+')).intervalMs, 60_000);
  assert.equal(after(Array(20).fill('-')).intervalMs, 100);
  assert.equal(after(['+'], newView('rate', false, 700)).intervalMs, 1000);
  assert.equal(after(['+'], newView('rate', false, 90_000)).intervalMs, 90_000);
  assert.equal(after(['p']).isPaused, true);
  assert.equal(after(['p', ' ']).isPaused, false);
  const opened = after(['down', 'enter', 'down', 'pagedown']);
  assert.deepEqual([opened.page, opened.opened, opened.scroll], ['detail', 'b', 3]);
  assert.equal(after(['end'], opened).scroll, 7);
  assert.equal(after(['?'], opened).page, 'help');
  assert.equal(after(['?', '?'], opened).page, 'detail');
  assert.deepEqual(after(['escape'], opened).opened, undefined);
  assert.equal(pressed(opened, 'q', sight), 'quit');
});

test('filters: any part, any case, * and ?, and nothing else is special', () => {
  const cases: [filter: string, name: string, isShown: boolean][] = [
    ['game', 'my-GAME-1', true],
    ['gome', 'my-GAME-1', false],
    ['m*1', 'my-GAME-1', true],
    ['m?-', 'my-GAME-1', true],
    ['.', 'my-GAME-1', false],
    ['a(b[', 'a(b[c', true],
    ['**', '', true],
    ['segm', 'anything', true],
  ];
  for (const [filter, name, isShown] of cases)
    assert.equal(filterOf(filter)(name, 'segment'), isShown, filter);
});

test('sparklines: zero is low and nothing else is, the largest is high, the newest is right', () => {
  assert.equal(sparkline([0, 1, 100, 50], 4), '▁▂█▅');
  assert.equal(sparkline([0, 0], 4), '  ▁▁');
  assert.equal(sparkline([9, undefined, 3], 2), ' █');
  assert.equal(sparkline([1, 2], 0), '');
  assert.equal(sparkline([Number.MAX_VALUE, 1], 2), '█▂');
});

test('amounts take five columns at most, and texts as many as they are given', () => {
  const amounts = [0, 0.01, 0.4, 3, 9.94, 9.96, 17, 999.4, 999.6, 9999, 340_400, 5e6, 2 ** 53];
  assert.deepEqual(
    amounts.map(short),
    '0 <0.1 0.4 3 9.9 10 17 999 1.0k 10k 340k 5.0M 9.0P'.split(' '),
  );
  const sizes = [0, 512, 1023.6, 4096, 2 ** 24, 1.5 * 2 ** 30, 1023.9 * 2 ** 20];
  assert.deepEqual(sizes.map(shortMemory), '0 512 1.0K 4.0K 16M 1.5G 1.0G'.split(' '));
  assert.equal(fitted('ab', 4, 'right'), '  ab');
  assert.equal(fitted('abcdef', 4), 'abc…');
  assert.equal(fitted('日本語', 4), '日… ');
  assert.equal(fitted('abc', 0), '');
  assert.equal(visibleWidth('\u001b[31m日本\u001b[39m!'), 5);
});
