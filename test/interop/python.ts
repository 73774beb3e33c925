// A Python interpreter for tests, at their command.
import { type ChildProcess, spawn } from 'node:child_process';
import { fixture, Peer } from './peer.ts';

export const program: readonly [string, ...string[]] = ['python3', '-u', fixture('python.py')];

/** What Python raised: its class is `name`. */
export class PythonError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export class Python {
  readonly peer: Peer;

  private constructor(peer: Peer) {
    this.peer = peer;
  }

  static of(child: ChildProcess): Python {
    return new Python(new Peer(child));
  }

  static async start(...imports: string[]): Promise<Python> {
    const python = Python.of(spawn(program[0], program.slice(1), { stdio: 'pipe' }));
    for (const statement of imports) await python.run(statement);
    return python;
  }

  /** Runs statements, or evaluates an expression: its repr. */
  async run(code: string): Promise<string> {
    const answer = JSON.parse(await this.peer.ask(JSON.stringify(code)));
    if (answer.error !== undefined) throw new PythonError(answer.error, answer.message);
    return answer.value;
  }
}

/** `SharedMemory(name)` that leaves the name alone when Python ends, in every version: as docs/interop.md says. */
export const ATTACH = `
import sys
from multiprocessing import resource_tracker
from multiprocessing.shared_memory import SharedMemory
def attach(name):
    if sys.version_info >= (3, 13):
        return SharedMemory(name, track=False)
    shm = SharedMemory(name)
    resource_tracker.unregister(shm._name, "shared_memory")
    return shm
`;
