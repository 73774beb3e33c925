// Programs in other languages that a test leads by the hand: a line in, a line out, ended by pid at the latest when
// the test file is done.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { root } from '../support/tree.ts';

const ANSWER_LIMIT_MS = 50_000;

const peers = new Set<Peer>();
after(() => Promise.all([...peers].map((peer) => peer.kill())));

/** The source of a program that tests start: a fixture's name, or a path from the root. */
export function fixture(name: string): string {
  return path.join(root, name.includes('/') ? '' : 'test/fixtures/os/interop', name);
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Peer {
  readonly process: ChildProcess;
  /** When it has ended and all that it wrote has been read. */
  readonly exited: Promise<Exit>;
  /** What it has written to standard error so far. */
  errors = '';
  readonly #answers: ((line: string | Error) => void)[] = [];
  #ending: Error | undefined;

  /** Of a child whose first three descriptors are pipes. */
  constructor(child: ChildProcess) {
    this.process = child;
    child.on('error', (error) => {
      this.errors += error.message;
    });
    child.stdin?.on('error', () => {}); // `exited` tells.
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code, signal });
      });
    });
    assert.ok(child.stdout);
    const lines = createInterface(child.stdout);
    lines.on('line', (line) => this.#answers.shift()?.(line));
    lines.once('close', async () => {
      const { code, signal } = await this.exited;
      this.#ending = new Error(`the program ended with ${signal ?? code}\n${this.errors}`);
      for (const settle of this.#answers.splice(0)) settle(this.#ending);
    });
    peers.add(this);
  }

  static start(command: string, ...args: string[]): Peer {
    return new Peer(spawn(command, args, { stdio: 'pipe' }));
  }

  get pid(): number {
    return this.process.pid as number;
  }

  /** Whether its main thread sleeps in the kernel (proc_pid_stat(5)). */
  get sleeps(): boolean {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'latin1');
    return stat[stat.lastIndexOf(')') + 2] === 'S';
  }

  /** Sends a line; its answer, which must come. */
  ask(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#ending !== undefined) return reject(this.#ending);
      const watchdog = setTimeout(() => {
        this.process.kill('SIGKILL');
        reject(new Error(`no answer to: ${line}\n${this.errors}`));
      }, ANSWER_LIMIT_MS);
      this.#answers.push((answer) => {
        clearTimeout(watchdog);
        if (typeof answer === 'string') resolve(answer);
        else reject(answer);
      });
      this.process.stdin?.write(`${line}\n`);
    });
  }

  /** Its end of input, upon which it ends by itself. */
  async end(): Promise<void> {
    this.process.stdin?.end();
    assert.deepEqual(await this.exited, { code: 0, signal: null }, this.errors);
  }

  /** SIGKILL. */
  kill(): Promise<Exit> {
    this.process.kill('SIGKILL');
    return this.exited;
  }
}
