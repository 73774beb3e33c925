// Every snippet in README.md and docs/ is run: blocks of `js` that begin with `// NAME.mjs` become files that the
// following `sh` blocks start; other `js` blocks are run alone. An `output` block is what the block before it has printed.
// `console`, `text` and other blocks are for reading.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs')).map((name) => join('docs', name)),
];

interface Block {
  readonly language: string;
  readonly text: string;
  readonly line: number;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language, 2: body, index }) => ({
    language: language as string,
    text: body as string,
    line: text.slice(0, index).split('\n').length,
  }));
}

/** A folder in which `import 'memspan'`, `node` and `memspan` are this checkout's. */
function scratch(): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), 'memspan-test-docs-'));
  // The nearest package.json decides what 'memspan' means.
  writeFileSync(join(folder, 'package.json'), '{}');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'memspan'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'bin', 'memspan.js'), join(folder, 'bin', 'memspan'));
  symlinkSync(process.execPath, join(folder, 'bin', 'node'));
  const path = [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter);
  return { folder, env: { ...process.env, PATH: path } };
}

function run(
  command: string,
  args: string[],
  where: ReturnType<typeof scratch>,
  what: string,
): string {
  const { folder, env } = where;
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, `${what} ended with ${signal ?? status}\n${stdout}${stderr}`);
  assert.equal(stderr, '', `${what} wrote to standard error`);
  return stdout;
}

for (const document of documents.filter((name) => name.endsWith('.md'))) {
  const blocks = blocksOf(document).filter(({ language }) =>
    ['js', 'sh', 'output'].includes(language),
  );
  if (blocks.length === 0) continue;
  test(`every snippet in ${document} runs`, () => {
    const where = scratch();
    let printed = '';
    try {
      for (const { language, text, line } of blocks) {
        const what = `${document}:${line}`;
        const file = /^\/\/ ([\w-]+\.mjs)/.exec(text)?.[1];
        if (language === 'output') assert.equal(printed, text, what);
        else if (file !== undefined) writeFileSync(join(where.folder, file), text);
        else if (language === 'sh') printed = run('bash', ['-ec', text], where, what);
        else {
          writeFileSync(join(where.folder, 'alone.mjs'), text);
          printed = run(process.execPath, ['alone.mjs'], where, what);
        }
      }
    } finally {
      rmSync(where.folder, { recursive: true });
    }
  });
}
