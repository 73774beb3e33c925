// What the TypeScript programs have in common: a prompt, commands of one letter, and texts as C has them.
//
// A character is a byte here (latin1), so that every text has the bytes that it has in C, also those of half a letter.

import { createInterface } from 'node:readline';

export function print(line: string): void {
  process.stdout.write(`${line}\n`, 'latin1');
}

/**
 * Asks for lines with "> ": the first letter of each, and what stands behind the letter and its space. Ends with q, and at
 * the end of the input.
 */
export async function* commands(): AsyncGenerator<readonly [letter: string, rest: string]> {
  const lines = createInterface({ input: process.stdin.setEncoding('latin1') });
  process.stdout.write('> ');
  for await (const line of lines) {
    if (line[0] === 'q') break;
    yield [line.slice(0, 1), line.slice(2)];
    process.stdout.write('> ');
  }
  lines.close(); // or the input would keep the process
}

/** Writes the text there as strncpy does: cut off before the last byte, and zeros up to it. */
export function writeText(bytes: Uint8Array, text: string): void {
  const room = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - 1);
  bytes.fill(0, room.write(text, 'latin1'));
}

/** The text that is there, up to its zero byte. */
export function readText(bytes: Uint8Array): string {
  const characters = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return characters.split('\0', 1)[0] as string;
}
