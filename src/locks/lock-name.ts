// A lock's name as it is written into claims and compared with them: bytes, their hash, their bucket.
//
// A name is any string. Well-formed ones are UTF-8; those with half of a surrogate pair have no UTF-8, and are UTF-16.
// The one or the other follows from the name, so equal names are equal bytes.

import { outOfRange } from '../errors.ts';
import { load } from '../word/atomics.ts';
import {
  BUCKETS,
  CHUNK_WORDS,
  CHUNKS,
  Claim,
  chunksOf,
  NAME_BYTES_MAX,
  nameWordAt,
  UTF16,
} from './claims.layout.ts';

const encoder = new TextEncoder();
// A byte order mark is a part of the name.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** FNV-1a, 32 bits (draft-eastlake-fnv). */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash | 0;
}

export class LockName {
  readonly text: string;
  /** Its bytes, filled up with zeros. */
  readonly words: Int32Array;
  /** Bytes, and UTF16. */
  readonly length: number;
  readonly hash: number;
  readonly bucket: number;
  /** How many chunks its claims take. */
  readonly chunks: number;

  /** Throws RangeError for a name of too many bytes. */
  constructor(text: string) {
    const isUtf8 = text.isWellFormed();
    const bytes = isUtf8 ? encoder.encode(text) : new Uint8Array(Buffer.from(text, 'utf16le'));
    if (bytes.length > NAME_BYTES_MAX) {
      throw outOfRange(
        `locks.request: the name has ${bytes.length} bytes, ${NAME_BYTES_MAX} are allowed`,
      );
    }
    this.text = text;
    this.words = new Int32Array(Math.ceil(bytes.length / 4));
    new Uint8Array(this.words.buffer).set(bytes);
    this.length = bytes.length | (isUtf8 ? 0 : UTF16);
    this.hash = hashOf(bytes);
    this.bucket = this.hash & (BUCKETS - 1);
    this.chunks = chunksOf(bytes.length);
  }

  /** Writes it into the claim that begins with word `at`. */
  write(words: Int32Array, at: number): void {
    words[at + Claim.hash] = this.hash;
    words[at + Claim.nameLength] = this.length;
    for (let i = 0; i < this.words.length; i++) words[at + nameWordAt(i)] = this.words[i] as number;
  }

  /** Whether the claim in this chunk of its slot has this name. What follows the slot's end is no part of it. */
  isIn(words: Int32Array, at: number, chunk: number): boolean {
    if (load(words, at + Claim.hash) !== this.hash) return false;
    if (load(words, at + Claim.nameLength) !== this.length) return false;
    if (chunk + this.chunks > CHUNKS) return false;
    for (let i = 0; i < this.words.length; i++) {
      if (words[at + nameWordAt(i)] !== this.words[i]) return false;
    }
    return true;
  }
}

/** The name that a claim has; undefined for one that cannot be. */
export function readName(words: Int32Array, at: number, chunk: number): string | undefined {
  const length = load(words, at + Claim.nameLength);
  const bytes = length & ~UTF16;
  if (bytes < 0 || bytes > NAME_BYTES_MAX || chunk + chunksOf(bytes) > CHUNKS) return undefined;
  const copy = new Int32Array(Math.ceil(bytes / 4));
  for (let i = 0; i < copy.length; i++) copy[i] = words[at + nameWordAt(i)] as number;
  if ((length & UTF16) !== 0) return Buffer.from(copy.buffer, 0, bytes).toString('utf16le');
  return decoder.decode(new Uint8Array(copy.buffer, 0, bytes));
}

/** The chunk's first word, from the slot's first on. */
export function chunkAt(slotAt: number, chunk: number): number {
  return slotAt + CHUNK_WORDS * chunk;
}
