// How commands fail: one line with a remedy on stderr, or with --json one line of JSON; exit code 1.

import { constants } from 'node:os';
import { printable } from './format.ts';

/** A failure in the words of a command. `remedy` is a sentence without a full stop. */
export class CommandError extends Error {
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** What --json shows of an error. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

const UNEXPECTED = 'Set MEMSPAN_DEBUG=1 to see where it comes from';
/** For errors that know no remedy. */
const REMEDIES: Readonly<Record<string, string>> = {
  ERR_MEMSPAN_INVALID_NAME: 'Choose another name',
};

/** Any error as code, cause and remedy. */
export function failureOf(error: unknown): Failure {
  const { code, message = String(error), remedy } = (error ?? {}) as Partial<Failure>;
  const advice = remedy ?? REMEDIES[code ?? ''] ?? UNEXPECTED;
  // A MemspanError's message ends with its remedy.
  const cause = message.endsWith(`. ${advice}`) ? message.slice(0, -advice.length - 2) : message;
  return { code: code ?? 'ERR_MEMSPAN_UNEXPECTED', message: cause, remedy: advice };
}

/** Writes the error to stderr. */
export function report(
  error: unknown,
  { json = false }: { json?: boolean | undefined } = {},
): void {
  const failure = failureOf(error);
  const line = `memspan: ${failure.message}. ${failure.remedy}`;
  console.error(json ? JSON.stringify({ error: failure }) : printable(line));
  if (process.env.MEMSPAN_DEBUG === '1') console.error((error as Error).stack);
}

/** An 'error' of standard output: whoever read it has seen enough (`| head`), and that is success. */
export function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  report(error);
  process.exit(1);
}

/**
 * On Ctrl-C, SIGTERM and SIGHUP: cleans up and exits with 128 + the signal's number. Returns a function that
 * takes this back.
 */
export function onInterrupt(cleanUp: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const stop = (signal: (typeof signals)[number]): void => {
    cleanUp();
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of signals) process.on(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}
