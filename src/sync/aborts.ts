// Who is to be told when a signal is aborted: any number of waits, with one listener for each signal.
//
// Node takes more than ten listeners of one signal for a leak, and says so on stderr.

interface Listening {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/** Calls `call` once the signal is aborted, in the order of the calls; the returned function ends that. */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const found = listening.get(signal) ?? listen(signal);
  found.calls.add(call);
  return () => {
    if (!found.calls.delete(call) || found.calls.size > 0) return;
    if (listening.get(signal) === found) listening.delete(signal);
    signal.removeEventListener('abort', found.listener);
  };
}

function listen(signal: AbortSignal): Listening {
  const calls = new Set<() => void>();
  const listener = (): void => {
    listening.delete(signal);
    // Whom the ones before have taken away is not told any more.
    for (const call of calls) call();
  };
  const made = { calls, listener };
  listening.set(signal, made);
  signal.addEventListener('abort', listener, { once: true });
  return made;
}
