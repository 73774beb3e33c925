// Commands in remedies: people copy them into a shell, and names are whatever somebody has made.

import type { MemspanError } from '../../errors.ts';

/** In backquotes; each word is one to the shell. */
export function command(...words: readonly string[]): string {
  return `\`${words.map(quoted).join(' ')}\``;
}

/** How the name of a segment is removed. */
export function removal(name: string): string {
  return command('memspan', 'rm', ...(name.startsWith('-') ? ['--'] : []), name);
}

/** What happened; an error's message ends with a remedy of its own. */
export function causeOf({ message, remedy }: MemspanError): string {
  return message.replace(`. ${remedy}`, '');
}

function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
