// The habits of this repository as claims about its sources: who imports whom, sizes, dead files, monopolies, bans.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allFiles, entries, lineAt, manifest, read, type Source, source } from './support/tree.ts';

/** From DESIGN §2. A row is a room or a file of src; it may import itself and what is listed. */
const mayImport: Record<string, readonly string[]> = {
  errors: [],
  root: [],
  binding: ['errors', 'root'],
  word: ['errors', 'binding'],
  layout: ['errors'],
  segment: ['errors', 'binding'],
  span: ['errors', 'binding', 'word', 'layout', 'segment'],
  sync: ['errors', 'word', 'layout', 'span'],
  channel: ['errors', 'word', 'layout', 'span', 'sync'],
  locks: ['errors', 'word', 'layout', 'segment', 'span', 'sync', 'channel'],
  check: ['errors', 'word', 'layout', 'segment', 'span', 'sync', 'channel'],
  os: ['errors', 'binding', 'word', 'segment'],
  store: ['errors', 'word', 'layout', 'segment', 'span', 'sync', 'channel'],
  inspect: ['errors', 'word', 'layout', 'segment', 'span', 'sync', 'channel', 'locks', 'os'],
  cli: ['inspect', 'lab', 'root'],
  lab: ['inspect', 'root'],
  bench: ['inspect'],
  examples: ['inspect'],
};
const mayImportTypes: Record<string, readonly string[]> = { layout: ['word'] };
/** Programs see the library as its users do, through the public entry points. */
const programs = ['cli', 'lab', 'bench', 'examples'];

const linesMax = 300;
/** path → lines it may have, and a comment that says why it can't be two files. */
const longer: Record<string, number> = {};

const files = allFiles();
const sources = files
  .filter((file) => /^(src|native|test|bench|examples)\/.*\.(ts|cc|h|c)$/.test(file))
  .map(source);
const typescript = sources.filter((file) => file.path.endsWith('.ts'));
const library = typescript.filter((file) => file.path.startsWith('src/'));
const tests = typescript.filter((file) => file.path.startsWith('test/'));

claim('rooms import only what the table allows', () =>
  typescript.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === 'index' || room === 'test') return [];
    if (!Object.hasOwn(mayImport, room)) {
      return [
        `${file.path}: "${room}" has no row: decide what it may import, in DESIGN §2 and in mayImport`,
      ];
    }
    return file.imports
      .filter((found) => found.local && !isAllowed(room, found.target, found.typeOnly))
      .map((found) => `${file.path} imports ${found.target}: ${remedy(room)}`);
  }),
);

claim('npm packages stay in the programs; the library needs none', () =>
  library.flatMap((file) =>
    packagesOf(file).flatMap((name) => {
      if (name === 'node-gyp-build' && file.path === 'src/binding/absence.ts') return [];
      if (roomOf(file.path) !== 'cli')
        return [`${file.path} imports ${name}: write it, or move it to src/cli`];
      if (Object.hasOwn(manifest.dependencies, name)) return [];
      return [`${file.path} imports ${name}: list it under "dependencies", users need it`];
    }),
  ),
);

claim('layout is pure: no I/O, no process, no clock', () =>
  within('src/layout/').flatMap((file) => [
    ...file.imports
      .filter((found) => found.target.startsWith('node:'))
      .map((found) => `${file.path} imports ${found.target}: take what it gives as a parameter`),
    ...hits(
      file,
      /\b(process|performance|setTimeout|fetch)\b|\bDate\.now\b/,
      'take it as a parameter',
    ),
  ]),
);

claim('src/index.ts exports, nothing else', () => {
  const text = library.find((file) => file.path === 'src/index.ts')?.code ?? '';
  const rest = text
    .replace(/export\s+(type\s+)?(\{[^}]*\}|\*(\s+as\s+\w+)?)\s+from\s+'[^']+';/g, '')
    .trim();
  return rest === ''
    ? []
    : [`src/index.ts: move to a room and export it from there: ${rest.slice(0, 80)}`];
});

claim('only src/binding/absence.ts loads the addon', () =>
  library
    .filter((file) => file.path !== 'src/binding/absence.ts')
    .flatMap((file) =>
      hits(
        file,
        /\bcreateRequire\b|\bprocess\.dlopen\b/,
        'add a function to src/binding.ts and import it',
      ),
    ),
);

// The command line and the lab are users of the library: they show what users write.
claim('only src/word calls Atomics: check/ puts itself in its place', () =>
  library
    .filter((file) => !/^src\/(word|cli|lab)\//.test(file.path))
    .flatMap((file) => hits(file, /\bAtomics\b/, 'use or add an operation in src/word')),
);

claim(`no file has more than ${linesMax} lines`, () =>
  sources
    .filter((file) => /^(src|test|native)\//.test(file.path))
    .filter((file) => file.lines.length > (longer[file.path] ?? linesMax))
    .map(
      (file) =>
        `${file.path} has ${file.lines.length} lines: find its second subject and give it a file`,
    ),
);

claim('every file opens with a comment that says what it is for', () =>
  sources
    .filter((file) => !/^(#!.*\n)?\s*(\/\/|\/\*).{16}/.test(file.text))
    .map((file) => `${file.path}: begin it with one sentence on what it is for`),
);

claim('no file is a drawer for things without a place', () =>
  files
    .filter((file) => /(^|\/)(utils?|helpers?|misc)(\.[^/]*)?(\/|$)/i.test(file))
    .map((file) => `${file}: name it after its one subject`),
);

claim(
  'every source file is reachable from an entry point, a test, a benchmark or an example',
  () => {
    const reached = new Set<string>();
    const visit = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const found of typescript.find((file) => file.path === path)?.imports ?? [])
        visit(found.target);
    };
    const others = typescript.filter((file) =>
      /^(bench|examples)\/|^test\/(?!support\/)/.test(file.path),
    );
    for (const path of [...entries.values(), 'src/cli/main.ts', ...others.map((file) => file.path)])
      visit(path);
    return library
      .filter((file) => !reached.has(file.path))
      .map(
        (file) => `${file.path} is reached from nowhere: import it where it is used, or delete it`,
      );
  },
);

claim('every fixture is used by a test', () =>
  files
    .filter((file) => file.startsWith('test/fixtures/'))
    .filter((file) => {
      const stem = file.replace(/^.*\//, '').replace(/\.\w+$/, '');
      const word = new RegExp(`(?<![\\w-])${stem}(?![\\w-])`);
      return !tests.some((by) => by.path !== file && word.test(by.code));
    })
    .map((file) => `${file} is named by no test: use it or delete it`),
);

claim('no test is left out', () =>
  tests.flatMap((file) =>
    hits(
      file,
      /\.only\(|\.skip\(|\.todo\(|\b(only|skip): true\b|\btodo:/,
      "make it pass or delete it; for what a machine may lack there is {skip: needs('…')}",
    ),
  ),
);

claim('nothing names a path of the machine it was written on', () =>
  files
    .filter((file) => !/\.(png|gif|ico|node|bin)$/.test(file))
    .flatMap((file) => {
      const found = /(?<=^|['"`\s(=:>])\/(?:work|root)\/[\w.]*/m.exec(read(file));
      return found
        ? [`${file} says ${found[0]}: use a path relative to the repository, or os.tmpdir()`]
        : [];
    }),
);

claim('the library throws or returns; it does not print', () =>
  library
    .filter((file) => !['cli', 'lab'].includes(roomOf(file.path)))
    .flatMap((file) =>
      hits(file, /\bconsole\.\w+/, 'throw a MemspanError or return the fact; src/cli prints'),
    ),
);

claim('the library leaves ending the process to its user', () =>
  library
    .filter((file) => roomOf(file.path) !== 'cli' && !file.path.startsWith('src/lab/children/'))
    .flatMap((file) =>
      hits(file, /\bprocess\.exit\(/, 'throw a MemspanError; src/cli chooses the exit code'),
    ),
);

claim('tests wait for messages, not for time', () =>
  tests.flatMap((file) =>
    timers(file)
      .filter(({ ms, end }) => ms >= 100 && !/\/\/.*\bwatchdog\b/.test(lineRest(file, end)))
      .map(({ ms, line }) => {
        return `${file.path}:${line} sleeps ${ms} ms: wait for a message or a state; a limit that should never be reached is marked // watchdog`;
      }),
  ),
);

/** A test that passes when `problems` finds none, and otherwise shows them all. */
function claim(name: string, problems: () => string[]): void {
  test(name, () => {
    const found = problems();
    // The problems say where; a stack would only hide them.
    Error.stackTraceLimit = 0;
    assert.ok(found.length === 0, `\n  ${found.join('\n  ')}`);
  });
}

/** `src/sync/mutex.ts` → sync, `src/errors.ts` → errors, `bench/ring.ts` → bench. */
function roomOf(path: string): string {
  return path
    .replace(/^src\//, '')
    .split('/')[0]!
    .replace(/\.ts$/, '');
}

function isAllowed(room: string, target: string, typeOnly: boolean): boolean {
  const to = roomOf(target);
  if (to === room || mayImport[room]!.includes(to)) return true;
  if (typeOnly && mayImportTypes[room]?.includes(to)) return true;
  return programs.includes(room) && [...entries.values()].includes(target);
}

function remedy(room: string): string {
  if (programs.includes(room))
    return 'go through a public entry point (src/index.ts) or src/inspect';
  const rooms = mayImport[room]!.join(', ') || 'nothing';
  return `${room} may import ${rooms}; move the code down, or hand the thing in as a parameter`;
}

function packagesOf(file: Source): string[] {
  return file.imports
    .filter((found) => !found.local && !found.target.startsWith('node:'))
    .map((found) =>
      found.target
        .split('/')
        .slice(0, found.target.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

function within(folder: string): Source[] {
  return library.filter((file) => file.path.startsWith(folder));
}

/** Where the code, less comments and strings, has the pattern. */
function hits(file: Source, pattern: RegExp, instead: string): string[] {
  return [...file.bare.matchAll(new RegExp(pattern, 'g'))].map((hit) => {
    return `${file.path}:${lineAt(file.bare, hit.index)} has ${hit[0]}: ${instead}`;
  });
}

/** Calls of setTimeout, sleep and delay whose time is a plain number: `setTimeout(f, 500)`, `await sleep(500)`. */
function timers(file: Source): { ms: number; line: number; end: number }[] {
  return [...file.bare.matchAll(/\b(?:setTimeout|sleep|delay)\(/g)].flatMap((hit) => {
    let end = hit.index + hit[0].length;
    for (let depth = 1; depth > 0 && end < file.bare.length; end += 1) {
      if ('([{'.includes(file.bare[end]!)) depth += 1;
      if (')]}'.includes(file.bare[end]!)) depth -= 1;
    }
    const inside = file.bare.slice(hit.index + hit[0].length, end - 1);
    const number = /^\s*([\d_]+)\s*(?:,|$)|,\s*([\d_]+)\s*,?\s*$/.exec(inside);
    const ms = Number((number?.[1] ?? number?.[2] ?? '0').replaceAll('_', ''));
    return [{ ms, line: lineAt(file.bare, hit.index), end }];
  });
}

function lineRest(file: Source, index: number): string {
  return file.text.slice(index).split('\n', 1)[0]!;
}
