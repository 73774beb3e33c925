// The repository as text, for tests that check the sources themselves: files, their code without comments, their imports.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Import {
  /** A path from the root such as `src/errors.ts`, or a bare specifier such as `node:fs`. */
  readonly target: string;
  readonly local: boolean;
  readonly typeOnly: boolean;
}

export interface Source {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** `text` with its comments blanked; every index stays where it was. */
  readonly code: string;
  /** `code` with the insides of strings, templates and regular expressions blanked as well. */
  readonly bare: string;
  readonly imports: readonly Import[];
}

export interface Manifest {
  readonly name: string;
  readonly exports: Record<string, { readonly default?: string } | string>;
  readonly dependencies: Record<string, string>;
}

const ownWork = new Set([
  '.darwin',
  '.git',
  '.nodes',
  '.windows',
  'build',
  'coverage',
  'dist',
  'node_modules',
  'prebuilds',
]);

export const root: string = findRoot();
export const manifest: Manifest = JSON.parse(
  fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
);

/** The source file of each public entry point, by what a user imports: `memspan/posix` → `src/os/posix.ts`. */
export const entries: ReadonlyMap<string, string> = new Map(
  Object.entries(manifest.exports).flatMap(([name, target]) => {
    const file = typeof target === 'string' ? target : (target.default ?? '');
    const source = /^\.\/dist\/(.*)\.js$/.exec(file)?.[1];
    return source ? [[path.posix.join(manifest.name, name), `${source}.ts`] as const] : [];
  }),
);

/** Every file of the repository except what tools made. */
export function allFiles(folder = ''): string[] {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return ownWork.has(entry.name) ? [] : allFiles(name);
    return entry.isFile() && !entry.name.startsWith('.ready.lock') ? [name] : [];
  });
}

export function read(file: string): string {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

export function source(file: string): Source {
  const text = read(file);
  const code = blank(text, false);
  const imports = file.endsWith('.ts') ? importsOf(file, code) : [];
  return {
    path: file,
    text,
    lines: text.trimEnd().split('\n'),
    code,
    bare: blank(text, true),
    imports,
  };
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

const tokens = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    '`(?:\\\\[\\s\\S]|[^`\\\\])*`',
    // A slash where a value may begin opens a regular expression.
    String.raw`(?<=(?:^|[(,=:\[!&|?{};>]|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/`,
  ].join('|'),
  'gm',
);

function blank(text: string, strings: boolean): string {
  return text.replace(tokens, (token: string, comment: string | undefined) => {
    if (comment !== undefined) return token.replace(/[^\n]/g, ' ');
    return strings ? token[0] + token.slice(1, -1).replace(/[^\n]/g, ' ') + token.at(-1) : token;
  });
}

/**
 * Also what is started as a thread or a child: `new URL('./worker.ts', import.meta.url)`, `program('cli/demo/far-end')` of
 * src/root.ts, and the lab's `stage.cast('adder', …)`.
 */
function importsOf(file: string, code: string): Import[] {
  const statement =
    /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  const call =
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)|\bnew URL\(\s*['"]([^'"]+\.[jt]s)['"],\s*import\.meta\.url/g;
  const found = [
    ...[...code.matchAll(statement)].map(([, type, name]) => ({
      name,
      typeOnly: type !== undefined,
    })),
    ...[...code.matchAll(call)].map(([, a, b]) => ({ name: a ?? b, typeOnly: false })),
    ...[...code.matchAll(/\bprogram\('([\w/-]+)'/g)].map(([, program]) => ({
      name: path.posix
        .relative(path.posix.dirname(file), `src/${program}.ts`)
        .replace(/^(?!\.)/, './'),
      typeOnly: false,
    })),
    ...[...code.matchAll(/\bstage\.cast\(\s*'([\w-]+)'/g)].map(([, program]) => ({
      name: `./children/${program}.ts`,
      typeOnly: false,
    })),
  ];
  return found.map(({ name = '', typeOnly }) => ({ ...resolve(file, name), typeOnly }));
}

function resolve(file: string, name: string): { target: string; local: boolean } {
  const entry = entries.get(name);
  if (entry) return { target: entry, local: true };
  if (!name.startsWith('.')) return { target: name, local: false };
  const target = path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts');
  return { target, local: true };
}

function findRoot(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')).name === 'memspan')
      return folder;
    if (folder === path.dirname(folder))
      throw new Error('no package.json named memspan above this file');
  }
}
