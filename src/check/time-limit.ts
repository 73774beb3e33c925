// Ends a function that does not come back: a thread's endless loop, which no exception would leave.

import { createContext, Script } from 'node:vm';

interface Global {
  work: (() => unknown) | undefined;
}

let context: Global | undefined;
const script = new Script('work()');

/** Calls it; after so many milliseconds it is ended wherever it is, and `late` says what is thrown. */
export function withTimeLimit<T>(work: () => T, timeoutMs: number, late: () => unknown): T {
  context ??= createContext({ work: undefined }) as Global;
  const before = context.work;
  context.work = work;
  try {
    return script.runInContext(context, { timeout: timeoutMs }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw late();
    }
    throw error;
  } finally {
    context.work = before;
  }
}
