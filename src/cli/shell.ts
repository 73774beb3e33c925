// `memspan shell NAME`: the textbooks' interactive reader and writer of a shared object. Several shells of one name see
// each other; from a script it takes its commands from standard input.

import { paint, printable } from './format.ts';
import { CommandError, onInterrupt } from './report.ts';
import { type Board, openBoard } from './shell/board.ts';
import { called, type Participant, participantsOf } from './shell/people.ts';

interface Options {
  readonly readOnly?: boolean;
  readonly as: string;
  readonly json?: boolean;
}

const AS_BYTES_MAX = 64;

export async function shell(name: string, options: Options): Promise<void> {
  const { json = false, readOnly = false, as } = options;
  checkName(as);
  const board = openBoard(name, { readOnly, as });
  // However it ends but by SIGKILL, it leaves in order.
  process.once('exit', () => board.close());
  const restore = onInterrupt(() => board.close());
  try {
    if (process.stdin.isTTY && process.stdout.isTTY) {
      if (!json) greet(board);
      await (await import('./shell/conversation.ts')).converse(board, { json });
    } else {
      await (await import('./shell/script.ts')).runScript(board, { json });
    }
  } finally {
    restore();
    board.close();
  }
}

/** What a span takes as a thread's name. */
function checkName(as: string): void {
  const bytes = Buffer.byteLength(as);
  if (bytes >= 1 && bytes <= AS_BYTES_MAX) return;
  throw new CommandError(
    'ERR_MEMSPAN_USAGE',
    `shell: --as takes 1 to ${AS_BYTES_MAX} bytes of UTF-8, not ${bytes}`,
    'For example: --as left',
  );
}

/** Two lines. */
function greet(board: Board): void {
  const others = participantsOf(board).filter(({ isThisShell, alive }) => alive && !isThisShell);
  const here = others.length === 0 ? 'nobody else is here' : `here: ${listOf(others)}`;
  console.log(paint.dim(`${origin(board)}\n${here}; help lists the commands`));
}

function origin(board: Board): string {
  if (board.readOnly) return 'mapped read-only';
  const { created, recovered } = board.attached().span;
  if (created) return `made; it stays until \`memspan rm ${printable(board.name)}\``;
  return recovered ? 'found, as those left it who were killed' : 'found';
}

const NAMES_MAX = 2;

function listOf(others: readonly Participant[]): string {
  const more = others.length - NAMES_MAX;
  const names = others.slice(0, NAMES_MAX).map(called).join(', ');
  return more > 0 ? `${names} and ${more} more` : names;
}
