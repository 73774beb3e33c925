// What the pages tell people to type: each npm script that they name is in package.json, and each of package.json's is on some page.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allFiles, manifest, read } from '../support/tree.ts';

const scripts = Object.keys(
  (manifest as unknown as { scripts: Record<string, string> }).scripts,
).sort();
const pages = allFiles().filter((file) => file.endsWith('.md'));

/** `npm test`, `npm start`, `npm run NAME`. */
function scriptsIn(page: string): string[] {
  const calls = read(page).matchAll(/\bnpm (?:run (?:-s )?([a-z][\w:-]*)|(test|start)\b)/g);
  return [...calls].map(([, name, short]) => (name ?? short) as string);
}

test('every npm script that a page names is there', () => {
  const strange = pages.flatMap((page) =>
    scriptsIn(page)
      .filter((name) => !scripts.includes(name))
      .map((name) => `${page}: npm run ${name}`),
  );
  assert.deepEqual(strange, []);
});

test('every npm script is on a page', () => {
  const named = new Set(pages.flatMap(scriptsIn));
  assert.deepEqual(
    scripts.filter((name) => !named.has(name)),
    [],
  );
});
