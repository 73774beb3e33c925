// The charts of how cost grows: they run, they are drawn from the numbers that are kept, and the page shows all of them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { charts, families } from '../../bench/growth/families.ts';
import type { Drawn } from '../../bench/growth/family.ts';
import { chartsIn, docs } from '../../bench/growth/files.ts';
import { paged } from '../../bench/growth/page.ts';
import { drawn } from '../../bench/growth/svg.ts';

const main = fileURLToPath(new URL('../../bench/growth/main.js', import.meta.url));
const page = readFileSync(new URL('performance.md', docs), 'utf8');
const kept = chartsIn();

for (const { name, charts: own } of families) {
  test(`the family ${name} measures every series of its charts`, () => {
    const args = [main, ...own.map((chart) => chart.name), '--smoke', '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const found = (JSON.parse(stdout) as { charts: Drawn[] }).charts;
    assert.deepEqual(
      found.map(({ chart }) => chart),
      own.map((chart) => chart.name),
    );
    const isWithC = !stderr.includes('no C compiler');
    for (const [i, chart] of own.entries()) {
      const { series, title } = found[i] as Drawn;
      assert.deepEqual(
        series.map(({ name }) => name),
        chart.series.filter((name) => isWithC || !name.startsWith('C: ')),
        title,
      );
      for (const { points } of series) {
        assert.ok(points.length > 0, title);
        for (const { low, median, high } of points) assert.ok(low <= median && median <= high);
      }
      assert.match(drawn(found[i] as Drawn), /^<svg .*<\/svg>\n$/s);
      assert.doesNotMatch(drawn(found[i] as Drawn), /NaN|undefined|Infinity/, title);
      assert.doesNotMatch(chart.says(found[i] as Drawn), /undefined|Infinity/, title);
    }
  });
}

test('every chart is on the page: drawn, or said to be not measured yet', () => {
  assert.ok(kept.size > 0);
  for (const { name } of charts) {
    const shown = kept.has(name) ? `](charts/${name}.svg)` : `bench:growth -- ${name} --write`;
    assert.ok(page.includes(shown), name);
  }
});

test('a chart that is kept is what its numbers give', () => {
  for (const [name, numbers] of kept) {
    const file = new URL(`charts/${name}.svg`, docs);
    assert.ok(existsSync(file), name);
    assert.equal(readFileSync(file, 'utf8'), drawn(numbers), name);
  }
});

test('the page says what the numbers say', () => {
  assert.equal(paged(page, charts, kept), page);
});

test('a chart has a title, a description, and colours for light and dark', () => {
  for (const [name, numbers] of kept) {
    const svg = drawn(numbers);
    assert.match(svg, /role="img" aria-labelledby="title about"/, name);
    assert.match(svg, /<title id="title">[^<]+<\/title>\n<desc id="about">[^<]+<\/desc>/, name);
    assert.match(svg, /@media \(prefers-color-scheme:dark\)/, name);
  }
});
