// A layout in 64 bits, to see at once that two programs mean the same bytes.
//
// FNV-1a over the canonical text (Fowler, Noll, Vo; draft-eastlake-fnv): five lines in any language, so that a C program can
// check it, too. It is no protection against forgery and needs to be none: whoever can write the fingerprint can write
// the text and the data as well. By chance two of a million layouts collide with a probability of 3 in 10^8.

import { layoutText } from './canonical.ts';
import type { Layout } from './layout.ts';

const BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** The FNV-1a hash, 64 bits, of the layout's canonical text. */
export function fingerprint(layout: Layout): bigint {
  return fnv1a(layoutText(layout));
}

/** @internal */
export function fnv1a(ascii: string): bigint {
  let hash = BASIS;
  for (let k = 0; k < ascii.length; k++)
    hash = BigInt.asUintN(64, (hash ^ BigInt(ascii.charCodeAt(k))) * PRIME);
  return hash;
}
