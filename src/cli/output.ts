// Standard output as a place for blocks, whatever it is: a write is over when the block can be reused.

import { fstatSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { CommandError, endQuietly } from './report.ts';

const FD = 1;

/** Writes a block; false when nobody reads any more. */
export type Write = (block: Uint8Array) => Promise<boolean>;

export function standardOutput(): Write {
  process.stdout.off('error', endQuietly);
  process.stdout.on('error', () => {});
  const stat = fstatSync(FD);
  const isStream = stat.isFIFO() || stat.isSocket() || process.stdout.isTTY === true;
  const writeTo = isStream ? writeToStream : writeToFile;
  return async (block) => {
    try {
      await writeTo(block);
      return true;
    } catch (error) {
      const { code = 'an error' } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      throw new CommandError(
        'ERR_MEMSPAN_SYSTEM',
        `recv: standard output cannot be written (${code})`,
        code === 'ENOSPC' ? 'Make room (`df -h`)' : 'Check what `>` names',
      );
    }
  };
}

function writeToStream(block: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(block, (error) => (error ? reject(error) : resolve()));
  });
}

const writeFrom = promisify(write);

async function writeToFile(block: Uint8Array): Promise<void> {
  for (let at = 0; at < block.length; ) {
    const { bytesWritten } = await writeFrom(FD, block, at, block.length - at, null);
    at += bytesWritten;
  }
}
