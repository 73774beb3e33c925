// Child processes and workers that a test leads by the hand: `await child.run(({memspan}, name) => …, name)`.
//
// The function travels as text: it sees its tools and its arguments, nothing of what surrounds it here.
// Every order has a watchdog, and no puppet outlives its test file.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Tools } from '../fixtures/segment/puppet.ts';

export type { Tools } from '../fixtures/segment/puppet.ts';

const PUPPET = new URL('../fixtures/segment/puppet.js', import.meta.url);
const ORDER_LIMIT_MS = 50_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a puppet is under the hood. */
interface Strings {
  post(message: unknown): void;
  cut(): void;
}

interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { name: string; message: string; code?: unknown; stack: string };
}

type Settle = (reply: Reply) => void;

export class Puppet {
  readonly exited: Promise<Exit>;
  readonly #strings: Strings;
  readonly #pending = new Map<number, Settle>();
  #lastId = 0;
  #exit: Exit | undefined;

  constructor(strings: Strings, exited: Promise<Exit>) {
    this.#strings = strings;
    this.exited = exited.then((exit) => {
      this.#exit = exit;
      const message = `the puppet ended with ${exit.signal ?? exit.code}`;
      const error = { name: 'Error', message, code: exit.signal ?? exit.code, stack: message };
      for (const [id, settle] of this.#pending) settle({ id, error });
      return exit;
    });
    puppets.add(this);
  }

  receive(reply: Reply): void {
    this.#pending.get(reply.id)?.(reply);
  }

  ready(): Promise<this> {
    return this.#answerTo(0).then(() => this);
  }

  /** Rejects with what the function throws (name, code, message), or when the puppet ends. */
  run<A extends unknown[], T>(
    act: (tools: Tools, ...args: A) => T | Promise<T>,
    ...args: A
  ): Promise<T> {
    this.#lastId++;
    const answer = this.#answerTo(this.#lastId);
    this.#strings.post({ id: this.#lastId, text: act.toString(), args });
    return answer as Promise<T>;
  }

  /** SIGKILL, or worker.terminate(). */
  kill(): Promise<Exit> {
    this.#strings.cut();
    return this.exited;
  }

  #answerTo(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const watchdog = setTimeout(() => {
        settle({ id, error: { name: 'Error', message: `no answer to order ${id}`, stack: '' } });
        this.#strings.cut();
      }, ORDER_LIMIT_MS);
      const settle = ({ value, error }: Reply): void => {
        clearTimeout(watchdog);
        this.#pending.delete(id);
        if (error === undefined) resolve(value);
        else reject(Object.assign(new Error(error.message), error));
      };
      this.#pending.set(id, settle);
      if (this.#exit) settle({ id, error: { name: 'Error', message: 'it has ended', stack: '' } });
    });
  }
}

const puppets = new Set<Puppet>();
after(() => Promise.all([...puppets].map((puppet) => puppet.kill())));

export interface ChildOptions {
  /** Node's own options, such as --expose-gc. */
  readonly execArgv?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A command that ends by running the one it is given: ['unshare', '-m']. */
  readonly under?: readonly string[];
}

export class Child extends Puppet {
  readonly process: ChildProcess;

  constructor(child: ChildProcess) {
    const strings: Strings = {
      // An answer that cannot be sent is missed by its watchdog, or by `exited`.
      post: (message) => child.connected && child.send(message as object, () => {}),
      cut: () => child.kill('SIGKILL'),
    };
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    super(strings, exited);
    this.process = child;
    child.on('message', (reply) => this.receive(reply as Reply));
  }

  get pid(): number {
    return this.process.pid as number;
  }
}

/** A child that runs the puppet; `options` as for spawn, with `serialization: 'advanced'`. */
export function startChild({ execArgv = [], env, under = [] }: ChildOptions = {}): Promise<Child> {
  const [command = '', ...args] = [...under, process.execPath, ...execArgv, fileURLToPath(PUPPET)];
  const options: SpawnOptions = {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
  };
  return new Child(spawn(command, args, options)).ready();
}

/** A child that somebody else has started with the puppet as its program. */
export function leadChild(child: ChildProcess): Promise<Child> {
  return new Child(child).ready();
}

export const puppetPath: string = fileURLToPath(PUPPET);

export function startWorker({ env = {} }: Pick<ChildOptions, 'env'> = {}): Promise<Puppet> {
  const worker = new Worker(PUPPET, { env: { ...process.env, ...env } });
  const exited = new Promise<Exit>((resolve) => {
    worker.once('exit', (code) => resolve({ code, signal: null }));
  });
  const strings: Strings = {
    post: (message) => worker.postMessage(message),
    cut: () => void worker.terminate(),
  };
  const puppet = new Puppet(strings, exited);
  worker.on('message', (reply) => puppet.receive(reply as Reply));
  worker.on('error', (error) => console.error(error));
  return puppet.ready();
}
