// A process with another binary of the core than this one's: by default this Node with the one that is made for the package;
// another architecture, or another C library, where MEMSPAN_FOREIGN says how to start it.
import { spawn } from 'node:child_process';
import { type Child, leadChild, puppetPath } from '../support/puppets.ts';

interface Foreign {
  readonly name: string;
  /** To be followed by a program of ours. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const told = process.env.MEMSPAN_FOREIGN;

export const foreign: Foreign =
  told === undefined
    ? { name: 'the prebuilt core', command: [process.execPath], env: { PREBUILDS_ONLY: '1' } }
    : (JSON.parse(told) as Foreign);

/** Answers as JSON, which every runtime has. */
export function startForeigner(): Promise<Child> {
  const [command = '', ...args] = [...foreign.command, puppetPath];
  return leadChild(
    spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...foreign.env },
    }),
  );
}
