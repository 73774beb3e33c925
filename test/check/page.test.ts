// docs/verification.md speaks of every model and every mutant there is.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { models } from './models.ts';
import { mutants } from './mutants.ts';

const file = new URL('../../../docs/verification.md', import.meta.url);
/** What `npm run check -- --write` has written. */
const page = fs.readFileSync(file, 'utf8').split(/<!-- .* -->/)[1] ?? '';

for (const [kind, all] of Object.entries({ models, mutants })) {
  test(`the page has all ${kind}, each once`, () => {
    for (const { name } of all) {
      assert.equal(page.split(`| ${name} |`).length, 2, `npm run check -- --write: ${name}`);
    }
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length, 'two have one name');
  });
}

test('every mutant has its model', () => {
  for (const { name, model } of mutants) {
    assert.ok(
      models.some((each) => each.name === model),
      `${name}: there is no model "${model}"`,
    );
  }
});
