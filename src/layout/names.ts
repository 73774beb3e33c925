// Names of fields, bits and enumerators: identifiers in C, Python, Rust and JavaScript alike, so that every description
// of the bytes can use them, and so that no name from a hostile text can be anything else.

import { invalidArgument } from '../errors.ts';

/** A plain identifier of at most 64 characters. `__proto__` is none: it would not be a property of what `read` returns. */
export function checkName(name: string, what: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && name !== '__proto__') return;
  throw invalidArgument(
    `${what} ${JSON.stringify(name)} is not an identifier of 1 to 64 letters, digits and underscores`,
  );
}

/** Each a name, each once, and at least one. */
export function checkNames(names: readonly string[], what: string): void {
  if (names.length === 0) throw invalidArgument(`at least one ${what} is needed`);
  const seen = new Set<string>();
  for (const name of names) {
    checkName(name, what);
    if (seen.has(name)) throw invalidArgument(`${what} "${name}" is there twice`);
    seen.add(name);
  }
}
