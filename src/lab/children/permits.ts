// `semaphore`: makes the textbook's semaphore and waits for it, or posts to it; and waits in the queue of memspan's.

import { Span } from '../../index.ts';
import { O_CREAT, O_EXCL, sem_close, sem_open, sem_post, sem_timedwait } from '../../os/posix.ts';
import { LONG_MS, obey } from './orders.ts';

obey({
  /** The first program: the value is 0, there is nothing to take. */
  wait: ({ name }: { name: string }) => {
    const semaphore = sem_open(`/${name}`, O_CREAT | O_EXCL, 0o600, 0);
    const began = now();
    sem_timedwait(semaphore, Date.now() + LONG_MS);
    const ended = now();
    sem_close(semaphore);
    return { began, ended };
  },
  /** The second program. */
  post: ({ name }: { name: string }) => {
    const semaphore = sem_open(`/${name}`, 0);
    const at = now();
    sem_post(semaphore);
    sem_close(semaphore);
    return at;
  },

  acquire: ({ span, as }: { span: string; as: string }) => {
    const permit = Span.join(span, { as }).semaphore('turns').acquire({ timeoutMs: LONG_MS });
    return permit === null ? null : now();
  },
});

/** Milliseconds that compare between processes. */
function now(): number {
  return performance.timeOrigin + performance.now();
}
