// The shell without a terminal: commands from standard input, one a line, until one fails.

import { fstatSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CommandError, failureOf } from '../report.ts';
import type { Board } from './board.ts';
import { parse, QUIT } from './commands.ts';

export async function runScript(board: Board, { json }: { json: boolean }): Promise<void> {
  // Node takes it for an empty one.
  if (fstatSync(0).isDirectory()) throw unreadable('EISDIR');
  const { stdin } = process;
  const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  let failed: string | undefined;
  stdin.on('error', ({ code = 'an error' }: NodeJS.ErrnoException) => {
    failed = code;
    lines.close();
  });
  let line = 0;
  try {
    for await (const text of lines) {
      line++;
      if (!(await runLine(text, line, board, json))) break;
    }
  } catch (error) {
    const { code, message, remedy } = failureOf(error);
    throw new CommandError(code, `line ${line}: ${message}`, remedy);
  } finally {
    // Whoever keeps the other end open does not keep the shell.
    stdin.destroy();
  }
  if (failed !== undefined) throw unreadable(failed);
}

/** False when it was the last one. */
async function runLine(text: string, line: number, board: Board, json: boolean): Promise<boolean> {
  const parsed = parse(text);
  if (parsed === undefined) return true;
  const { command, rest } = parsed;
  const tell = (news: string): void => {
    if (!json) console.error(`memspan: line ${line}: ${news}`);
  };
  // Ctrl-C ends the script: nothing in it is given up by itself.
  const answer = await command.run({ board, rest, tell, signal: new AbortController().signal });
  if (json) console.log(JSON.stringify({ line, command: command.name, ...answer.facts }));
  else if (answer.text !== '') console.log(answer.text);
  return command.name !== QUIT;
}

function unreadable(code: string): CommandError {
  return new CommandError(
    'ERR_MEMSPAN_SYSTEM',
    `shell: standard input cannot be read (${code})`,
    'Check what `<` names',
  );
}
