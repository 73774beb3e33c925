// The errors of System V's calls: the system's number, and what the manual pages say it means here.

import { type ErrorCode, MemspanError } from '../../errors.ts';
import { checked as checkedByNumber } from '../outcome.ts';

/** By errno(3)'s numbers on Linux: where the general code or remedy is about files. */
const MEANINGS: Readonly<Record<number, { code?: ErrorCode; remedy: string }>> = {
  /* EPERM */ 1: { remedy: 'Its owner, its creator and root may; see `ipcs`' },
  /* ENOENT */ 2: { remedy: 'Create it with IPC_CREAT, or see what there is with `ipcs`' },
  /* E2BIG */ 7: {
    code: 'ERR_MEMSPAN_LIMIT',
    remedy: 'Ask for fewer at once; `ipcs -l` says how many',
  },
  /* EACCES */ 13: { remedy: 'Check its owner and mode with `ipcs`' },
  /* EEXIST */ 17: { remedy: 'Leave out IPC_EXCL to use it, or remove it with `ipcrm`' },
  /* EFBIG */ 27: {
    code: 'ERR_MEMSPAN_SYSTEM',
    remedy: 'sem_num counts from 0 to sem_nsems - 1',
  },
  /* ENOSPC */ 28: {
    remedy: 'Remove what nobody uses any more (`ipcs`, `ipcrm`), or raise the limit (`ipcs -l`)',
  },
  /* ERANGE */ 34: {
    code: 'ERR_MEMSPAN_OVERFLOW',
    remedy: 'A semaphore counts from 0 to 32767 (SEMVMX)',
  },
  /* EIDRM */ 43: { remedy: 'Get or create it again by its key' },
};
const OF_FTOK = 'Name a file that is there and that all of the programs can reach';

/** The result, or the error that it stands for. */
export function checked(result: number, call: string, object?: string): number {
  try {
    return checkedByNumber(result, call, object);
  } catch (error) {
    if (!(error instanceof MemspanError) || error.errno === undefined) throw error;
    const meaning = MEANINGS[error.errno];
    const remedy = call === 'ftok' ? OF_FTOK : meaning?.remedy;
    if (remedy === undefined) throw error;
    const { operation, errno, syscall } = error;
    const cause = /: (.*?)(\.|$)/.exec(error.message)?.[1] ?? '';
    const code = meaning?.code ?? error.code;
    throw new MemspanError(code, { operation, object, cause, remedy, errno, syscall });
  }
}
