// The shell on a terminal: a prompt, history, completion; Ctrl-C for what waits, and for the line; Ctrl-D to leave.

import { clearLine, createInterface, cursorTo, type Interface } from 'node:readline';
import { cut, paint, printable } from '../format.ts';
import { CommandError, report } from '../report.ts';
import type { Board } from './board.ts';
import { complete, parse, QUIT } from './commands.ts';
import { recall, remember } from './history.ts';

const NAME_WIDTH = 24;

/** Resolves when whoever sits there has left. */
export function converse(board: Board, { json }: { json: boolean }): Promise<void> {
  return new Conversation(board, json).ended;
}

class Conversation {
  readonly ended: Promise<void>;
  readonly #board: Board;
  readonly #json: boolean;
  readonly #terminal: Interface;
  /** Typed, and not yet run. */
  #lines: string[] = [];
  /** Of the command that runs. */
  #running: AbortController | null = null;
  /** Of whoever sits there; the command that runs may have to be told. */
  #isOver = false;
  readonly #end: () => void;

  constructor(board: Board, json: boolean) {
    this.#board = board;
    this.#json = json;
    const terminal = createInterface({
      input: process.stdin,
      output: process.stdout,
      history: recall(),
      removeHistoryDuplicates: true,
      completer: complete,
    });
    this.#terminal = terminal;
    terminal.on('line', (line) => {
      remember(line);
      this.#lines.push(line);
      if (this.#running === null) void this.#work();
    });
    terminal.on('SIGINT', () => this.#interrupt());
    let end = (): void => {};
    this.ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#end = end;
    terminal.once('close', () => {
      this.#isOver = true;
      this.#running?.abort();
      if (this.#running !== null) return;
      // Ctrl-D leaves the cursor behind the prompt.
      console.log();
      end();
    });
    this.#prompt();
  }

  async #work(): Promise<void> {
    for (;;) {
      const line = this.#lines.shift();
      if (line === undefined || this.#isOver) break;
      this.#running = new AbortController();
      try {
        await this.#run(line, this.#running.signal);
      } catch (error) {
        if (this.#isOver) break;
        this.#makeRoom();
        report(error, { json: this.#json });
      }
      this.#running = null;
    }
    if (this.#isOver) this.#end();
    else this.#prompt();
  }

  async #run(line: string, signal: AbortSignal): Promise<void> {
    const parsed = parse(line);
    if (parsed === undefined) return;
    const { command, rest } = parsed;
    if (command.name === QUIT) {
      this.#terminal.close();
      return;
    }
    const tell = (news: string): void => {
      if (!this.#json) console.log(paint.dim(`${news}; Ctrl-C ends it`));
    };
    try {
      const { text, facts } = await command.run({ board: this.#board, rest, signal, tell });
      this.#makeRoom();
      if (this.#json) console.log(JSON.stringify({ command: command.name, ...facts }));
      else if (text !== '') console.log(text);
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      throw new CommandError('ERR_MEMSPAN_INTERRUPTED', `${command.name}: given up`, AGAIN);
    }
  }

  /** What is typed ahead stands where the answer has to go; the prompt shows it again. */
  #makeRoom(): void {
    if (this.#terminal.line !== '') this.#clear();
  }

  #clear(): void {
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
  }

  #interrupt(): void {
    this.#lines = [];
    this.#running?.abort();
    const isEmpty = this.#terminal.line === '';
    if (!isEmpty) {
      // As the keys do that clear a line.
      this.#terminal.write(null, { ctrl: true, name: 'e' });
      this.#terminal.write(null, { ctrl: true, name: 'u' });
    }
    if (this.#running !== null) this.#clear();
    else if (isEmpty) {
      console.log(paint.dim('\nq or Ctrl-D quits'));
      this.#terminal.prompt();
    }
  }

  /** Keeps what is typed already. */
  #prompt(): void {
    const { name, readOnly } = this.#board;
    const isLocked = !readOnly && this.#board.attached().guard !== null;
    const state = readOnly ? ' (read-only)' : isLocked ? ' (locked)' : '';
    this.#terminal.setPrompt(`${paint.bold(cut(printable(name), NAME_WIDTH))}${state}> `);
    this.#terminal.prompt(true);
  }
}

const AGAIN = 'Nothing was taken; type it again to wait again';
