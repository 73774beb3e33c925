// The type declarations that users can reach: those of the public modules, and what these import. The compiler writes many more.
import fs from 'node:fs';
import path from 'node:path';

/** Relative imports of a declaration, in each form that the compiler writes. */
const IMPORT = /(?:\bfrom|\bimport|\bimport\(|\bdeclare module)\s*['"](\.{1,2}\/[^'"]+)\.js['"]/g;

/** Copies from dist/src to the same place below `to`. */
export function copyDeclarations({ root, to, modules }) {
  const wanted = modules.map((module) => path.join('dist', module.replace(/\.ts$/, '.d.ts')));
  const seen = new Set();
  while (wanted.length > 0) {
    const file = wanted.pop();
    if (seen.has(file)) continue;
    seen.add(file);
    const text = fs.readFileSync(path.join(root, file), 'utf8');
    for (const [, name] of text.matchAll(IMPORT)) {
      wanted.push(path.join(path.dirname(file), `${name}.d.ts`));
    }
    const target = path.join(to, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }
}
