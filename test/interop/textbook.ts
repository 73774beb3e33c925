// The programs of examples/textbook at their terminals: started in either language, typed at, and read from.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import { shmPath } from '../support/segments.ts';
import { root } from '../support/tree.ts';
import { compiled } from './compile.ts';
import type { Exit } from './peer.ts';

export type Language = 'C' | 'TypeScript';
export const languages: readonly Language[] = ['C', 'TypeScript'];
/** Each with itself and with the other, in both roles. */
export const pairs: readonly (readonly [Language, Language])[] = languages.flatMap((one) =>
  languages.map((other) => [one, other] as const),
);

const LIMIT_MS = 40_000;
const terminals = new Set<Terminal>();
after(() => Promise.all([...terminals].map((terminal) => terminal.kill())));

/** Compiles the C programs that a test file starts, so that its tests need not wait for it. */
export async function compile(...programs: string[]): Promise<void> {
  await Promise.all(programs.map((program) => compiled(`examples/textbook/${program}.c`)));
}

/** A process and what it has written, which is taken from it piece by piece. */
export class Terminal {
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  errors = '';
  #output = '';
  #isOver = false;
  #onChange: () => void = () => {};

  private constructor(command: string, args: readonly string[]) {
    this.process = spawn(command, args, { stdio: 'pipe' });
    this.process.stdin?.on('error', () => {}); // It has ended: `exited` tells.
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#onChange();
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.exited = new Promise((resolve, reject) => {
      this.process.once('error', reject);
      this.process.once('close', (code, signal) => {
        this.#isOver = true;
        this.#onChange();
        resolve({ code, signal });
      });
    });
    terminals.add(this);
  }

  static async start(language: Language, program: string, ...args: string[]): Promise<Terminal> {
    if (language === 'C') {
      return new Terminal(await compiled(`examples/textbook/${program}.c`), args);
    }
    const script = path.join(root, 'dist/examples/textbook', `${program}.js`);
    return new Terminal(process.execPath, [script, ...args]);
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** What has been written and not yet taken. */
  get output(): string {
    return this.#output;
  }

  type(...lines: string[]): void {
    this.process.stdin?.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Takes what is written up to `end`, which must come; without `end`. */
  async take(end: string): Promise<string> {
    await this.#until(() => this.#output.includes(end), JSON.stringify(end));
    const index = this.#output.indexOf(end);
    const text = this.#output.slice(0, index);
    this.#output = this.#output.slice(index + end.length);
    return text;
  }

  /** When the prompt is there, or it has ended. */
  async settled(): Promise<void> {
    await this.#until(() => this.#output.includes('> ') || this.#isOver, 'the prompt', true);
  }

  line(): Promise<string> {
    return this.take('\n');
  }

  /** Types a command; what it prints until the prompt is there again. */
  async command(line: string): Promise<string> {
    this.type(line);
    return (await this.take('> ')).trimEnd();
  }

  /** What is written from now on until it ends, which it must do by itself and well. */
  async rest(): Promise<string> {
    this.process.stdin?.end();
    assert.deepEqual(await this.end(), { code: 0, signal: null }, this.errors);
    return this.#output;
  }

  /** How it ends, which it must do by itself. */
  async end(): Promise<Exit> {
    await this.#until(() => this.#isOver, 'its end', true);
    return this.exited;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    this.process.kill(signal);
    return this.exited;
  }

  async #until(condition: () => boolean, what: string, isEnd = false): Promise<void> {
    let watchdog: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) =>
        reject(new Error(`${why} ${what}; it wrote ${this.#output}${this.errors}`));
      this.#onChange = () => {
        if (condition()) resolve();
        else if (this.#isOver && !isEnd) fail('ended before');
      };
      watchdog = setTimeout(() => fail('waited in vain for'), LIMIT_MS);
      this.#onChange();
    }).finally(() => clearTimeout(watchdog));
  }
}

/**
 * What stands in the first bytes of a sem_t: its value and how many wait for it (struct new_sem of glibc's
 * internaltypes.h, where there are 64-bit atomics). `file` is a name in /dev/shm: of an object, or `sem.NAME`.
 */
export function semaphoreState(file: string): { value: number; waiters: number } {
  // Who has opened it may not have given it its size yet: zeros will be there.
  const bytes = Buffer.concat([readFileSync(shmPath(file)), Buffer.alloc(8)]);
  return { value: bytes.readUInt32LE(0), waiters: bytes.readInt32LE(4) };
}

/** Whether its main thread sleeps on a word of memory, as in sem_wait, and not in reading (proc_pid_wchan(5)). */
export function isAsleep({ pid }: Terminal): boolean {
  return readFileSync(`/proc/${pid}/wchan`, 'latin1').includes('futex');
}
