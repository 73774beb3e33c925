// Every snippet in README.md and docs/ is run: blocks of `js`, `c`, `cpp`, `rust` and `python` that begin with `// NAME.mjs`
// (or .c, .cc, .rs, `# NAME.py`) become files that the following `sh` blocks start; other `js` blocks are run alone. An
// `output` block is what the block before it has printed. `console`, `text` and other blocks are for reading.

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
import { type Extra, needs } from './support/extras.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** The languages besides our own, and what compiles or runs them. */
const extras = new Map<string, Extra>([
  ['c', 'gcc'],
  ['cpp', 'boost'],
  ['rust', 'rustc'],
  ['python', 'python3'],
]);

interface Block {
  readonly language: string;
  readonly text: string;
  /** The file that it becomes. */
  readonly file: string | undefined;
  readonly line: number;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language, 2: body, index }) => ({
    language: language as string,
    text: body as string,
    file: /^(?:\/\/|#) ([\w-]+\.(?:mjs|c|cc|rs|py))\b/.exec(body as string)?.[1],
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
  // What programs remember is forgotten with the folder.
  return { folder, env: { ...process.env, PATH: path, XDG_STATE_HOME: folder } };
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
  const blocks = blocksOf(document).filter(
    ({ language, file }) =>
      ['js', 'sh', 'output'].includes(language) || (extras.has(language) && file !== undefined),
  );
  if (blocks.length === 0) continue;
  const wanted = new Set(blocks.flatMap(({ language }) => extras.get(language) ?? []));
  const skip = [...wanted].map((extra) => needs(extra)).find((reason) => reason !== false) ?? false;
  test(`every snippet in ${document} runs`, { skip }, () => {
    const where = scratch();
    let printed = '';
    try {
      for (const { language, text, file, line } of blocks) {
        const what = `${document}:${line}`;
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
