// Standard input as blocks, whatever it is: at most one block ahead of its user.

import { fstatSync, read, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { CommandError } from './report.ts';

const FD = 0;

export interface Input {
  /** Bytes, when it is a file. */
  readonly total: number | undefined;
  /** Each block is valid until the next one is asked for. `blockBytes`: the size of a file's blocks. */
  blocks(blockBytes: number): AsyncIterable<Uint8Array>;
}

export function standardInput(): Input {
  const stat = fstatSync(FD);
  const total = stat.isFile() ? stat.size : undefined;
  // Node waits on pipes and terminals without a thread; reading files and devices never waits for long.
  return { total, blocks: (bytes) => (isStream(stat) ? process.stdin : blocksOfFile(bytes)) };
}

function isStream(stat: Stats): boolean {
  return stat.isFIFO() || stat.isSocket() || process.stdin.isTTY === true;
}

/** Reads the next block while the last one is used. */
async function* blocksOfFile(bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let [current, next] = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)];
  let reading = fill(current);
  for (;;) {
    const length = await reading;
    if (length === 0) return;
    reading = fill(next);
    // Its failure is met above, or by nobody when the user leaves.
    reading.catch(() => {});
    yield current.subarray(0, length);
    [current, next] = [next, current];
  }
}

const readInto = promisify(read);

async function fill(buffer: Buffer): Promise<number> {
  try {
    const { bytesRead } = await readInto(FD, buffer, 0, buffer.length, null);
    return bytesRead;
  } catch (error) {
    const { code = 'an error' } = error as NodeJS.ErrnoException;
    throw new CommandError(
      'ERR_MEMSPAN_SYSTEM',
      `send: standard input cannot be read (${code})`,
      code === 'EISDIR'
        ? 'Send a file: a directory can be sent with `tar`'
        : 'Check what `<` names',
    );
  }
}
