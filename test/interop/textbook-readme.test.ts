// The dialogues in examples/textbook/README.md, played: terminal A in one language and B in the other, and the other way round.
//
// A block is tagged `terminals`, and `C` or `TypeScript` where it shows one language. Its lines begin with the terminal:
//   A $ PROGRAM ARGUMENT…   starts it          A > LINE   the prompt is there, and is answered       A ⏎   Enter
//   A TEXT                  it prints that     A …        it waits, and has printed nothing more
// An address may be another one, and names are the test's own. The blocks of a chapter have one object.
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import { needs } from '../support/extras.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { read } from '../support/tree.ts';
import { compile, isAsleep, type Language, Terminal } from './textbook.ts';

const signals: Record<string, NodeJS.Signals> = {
  'Bus error': 'SIGBUS',
  'Segmentation fault': 'SIGSEGV',
};

interface Block {
  readonly only: Language | undefined;
  readonly lines: readonly string[];
}

const chapters = read('examples/textbook/README.md')
  .split(/^## /m)
  .map((text) => ({ title: text.split('\n', 1)[0] as string, blocks: blocksOf(text) }))
  .filter(({ blocks }) => blocks.length > 0);

suite('the textbook’s README', { skip: needs('gcc') }, () => {
  const programs = chapters.flatMap(({ blocks }) =>
    blocks.flatMap(({ lines }) => lines.flatMap((line) => /^\w \$ ([\w-]+)/.exec(line)?.[1] ?? [])),
  );
  before(() => compile(...new Set(programs)));

  for (const { title, blocks } of chapters) {
    for (const [a, b] of [
      ['C', 'TypeScript'],
      ['TypeScript', 'C'],
    ] as const) {
      test(`${title}: A in ${a}, B in ${b}`, async (t) => {
        const name = uniqueName();
        t.after(() => removeAll(name));
        for (const [index, { only, lines }] of blocks.entries()) {
          // What repairs begins anew.
          if (lines.some((line) => line.includes('repaired-init'))) removeAll(name);
          assert.ok(lines.length > 0, `block ${index}`);
          await play(lines, name, { A: only ?? a, B: only ?? b });
        }
      });
    }
  }
});

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```terminals(?: (C|TypeScript))?\n(.*?)^```$/gms)].map((found) => ({
    only: found[1] as Language | undefined,
    lines: (found[2] as string).trimEnd().split('\n'),
  }));
}

async function play(
  lines: readonly string[],
  name: string,
  languages: Record<string, Language>,
): Promise<void> {
  const terminals = new Map<string, Terminal>();
  let before: { where: string; what: string } | undefined;
  for (const line of lines) {
    const [, where, what] = /^([AB]) (.*)$/.exec(line) as unknown as [string, string, string];
    // Nobody turns to the other terminal while this one is still at it.
    if (before !== undefined && before.where !== where && /^[$>] /.test(before.what)) {
      await terminals.get(before.where)?.settled();
    }
    before = { where, what };
    const start = /^\$ (\S+) ?(.*)$/.exec(what);
    if (start !== null) {
      await terminals.get(where)?.rest();
      const [program, options] = [start[1] as string, start[2] as string];
      const args = [...options.split(' ').filter((option) => option !== ''), `/${name}`];
      const language = languages[where] as Language;
      terminals.set(where, await Terminal.start(language, program, ...args));
      continue;
    }
    const terminal = terminals.get(where) as Terminal;
    if (what.startsWith('> ')) {
      assert.equal(await terminal.take('> '), '', line);
      terminal.type(what.slice(2));
    } else if (what === '⏎') {
      terminal.type('');
    } else if (what === '…') {
      await until(() => isAsleep(terminal), `${line}: it sleeps`);
      assert.equal(terminal.output, '', line);
    } else if (signals[what] !== undefined) {
      assert.deepEqual(await terminal.end(), { code: null, signal: signals[what] }, line);
      terminals.delete(where);
    } else {
      await says(terminal, what.replace(/\/textbook-\w+/, `/${name}`));
    }
  }
  for (const terminal of terminals.values()) await terminal.kill();
}

/** It prints the line; one that says what the system refused is on standard error. */
async function says(terminal: Terminal, expected: string): Promise<void> {
  if (expected.endsWith('No such file or directory')) {
    assert.deepEqual(await terminal.end(), { code: 1, signal: null });
    assert.equal(terminal.errors, `${expected}\n`);
    return;
  }
  const address = /0x[0-9a-f]+$/;
  const [found, wanted] = [await terminal.line(), expected].map((text) =>
    text.replace(address, ''),
  );
  assert.equal(found, wanted);
}

function removeAll(name: string): void {
  const files = readdirSync(shmPath('')).filter((file) =>
    [name, `sem.${name}`].some((own) => file === own || file.startsWith(`${own}-`)),
  );
  for (const file of files) rmSync(shmPath(file));
}
