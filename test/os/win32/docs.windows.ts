// The programs of docs/win32.md do what is written below them. (test/docs.test.ts runs those that need no Windows.)
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../../support/tree.ts';

const text = fs.readFileSync(path.join(root, 'docs/win32.md'), 'utf8');
const programs = [...text.matchAll(/^```javascript\n(.*?)^```\n\n^```text\n(.*?)^```$/gms)];

test('each program of docs/win32.md prints what follows it', () => {
  assert.equal(programs.length, text.match(/^```javascript$/gm)?.length);
  // Inside the package, so that 'memspan/win32' means this checkout.
  const folder = fs.mkdtempSync(path.join(root, '.windows/docs-'));
  try {
    for (const [, program = '', output] of programs) {
      const file = path.join(folder, 'program.mjs');
      // Node 22 has no `using` yet.
      fs.writeFileSync(file, program.replace(/^using /gm, 'const '));
      const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
      assert.deepEqual([stdout, stderr], [output, '']);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
