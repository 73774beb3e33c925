// dist/src of the package: few modules instead of many, so that importing it reads few files. A class is in one chunk, whichever
// sub-path it is imported by; what is loaded on demand stays a chunk of its own.
import fs from 'node:fs';
import path from 'node:path';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build } from 'esbuild';

export async function bundle({ root, entries, outdir }) {
  const { warnings, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: entries,
    outbase: 'src',
    outdir,
    write: false,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // Names stay as they are, and lines short: a stack trace, and the line that Node prints above it, shall be readable.
    minifyWhitespace: true,
    lineLimit: 120,
    legalComments: 'none',
    charset: 'utf8',
    sourcemap: 'linked',
    // A stack trace says src/channel/ring.ts:12; the text behind it is in the repository.
    sourcesContent: false,
    tsconfig: path.join(root, 'tsconfig.json'),
    logLevel: 'silent',
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
  const maps = new Map(outputFiles.map(({ path: file, text }) => [file, text]));
  for (const [file, text] of maps) {
    if (file.endsWith('.map')) continue;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const { code, cuts } = withClassNames(text);
    fs.writeFileSync(file, code);
    fs.writeFileSync(`${file}.map`, thinned(maps.get(`${file}.map`), { root, file, outdir, cuts }));
  }
}

/**
 * esbuild writes `var Span=class _Span{…}` for a class that names itself, and users would read "_Span" in every stack trace. Inside
 * it both names are the same class, so the underscore is cut; `cuts` has where, by line, for the map.
 */
function withClassNames(text) {
  const names = [...text.matchAll(/\b(?:var|let) (\w+)=class _\1\b/g)].map(([, name]) => name);
  if (names.length === 0) return { code: text, cuts: [] };
  const word = new RegExp(`(?<![\\w$])_(?=(?:${names.join('|')})(?![\\w$]))`, 'g');
  const lines = text.split('\n');
  return {
    code: lines.map((line) => line.replace(word, '')).join('\n'),
    cuts: lines.map((line) => [...line.matchAll(word)].map(({ index }) => index)),
  };
}

/**
 * The map with one segment for each line of the source, which is all that a stack trace tells, and a quarter of the size.
 * Its sources are named as if src stood beside dist.
 */
function thinned(text, { root, file, outdir, cuts }) {
  const map = JSON.parse(text);
  const packageRoot = path.resolve(outdir, '../..');
  const mappings = decode(map.mappings).map((segments, index) => {
    const cut = cuts[index] ?? [];
    let last = '';
    return segments
      .filter(([, source, line]) => {
        const place = `${source}:${line}`;
        const isNew = place !== last;
        last = place;
        return isNew;
      })
      .map(([column, ...place]) => [
        column - cut.filter((at) => at < column).length,
        ...place.slice(0, 3),
      ]);
  });
  const sources = map.sources.map((source) => {
    const fromRoot = path.relative(root, path.resolve(path.dirname(file), source));
    return path.relative(path.dirname(file), path.join(packageRoot, fromRoot));
  });
  return JSON.stringify({ version: 3, sources, names: [], mappings: encode(mappings) });
}
