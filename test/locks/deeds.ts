// What puppets do with locks. Each function travels as text: it sees its tools and its arguments alone.
import type { Tools } from '../support/puppets.ts';

type Manager = InstanceType<Tools['locks']['LockManager']>;
type Mode = 'exclusive' | 'shared';

/** What a puppet keeps between its deeds. */
export interface KeptLocks {
  manager: Manager;
  release(value?: unknown): void;
  /** How the request that it has made ends: what it resolves with, or the name of what it rejects with. */
  ending: Promise<unknown>;
  controller: AbortController;
}

export type WithLocks = Tools & { readonly kept: KeptLocks };

type Hooks = { memspanStep?: ((step: string) => void) | undefined };

export function open({ locks, kept }: Tools, space: string): string {
  const mine = kept as unknown as KeptLocks;
  mine.manager = new locks.LockManager({ space });
  return mine.manager.clientId;
}

export function close({ kept }: Tools): void {
  (kept as unknown as KeptLocks).manager.close();
}

/** Asks for a lock, to be held until `release`. Returns when it has asked; `true` when it is granted. */
export function ask(
  { kept }: Tools,
  name: string,
  mode: Mode = 'exclusive',
  steal = false,
  isAwaited = true,
): Promise<boolean> | boolean {
  const mine = kept as unknown as KeptLocks;
  const held = new Promise((release) => {
    mine.release = release;
  });
  mine.controller = new AbortController();
  const { signal } = mine.controller;
  const granted = new Promise<boolean>((resolve) => {
    const callback = (): Promise<unknown> => {
      resolve(true);
      return held;
    };
    const options = steal ? { steal } : { mode, signal };
    mine.ending = mine.manager
      .request(name, options, callback)
      .catch((error) => error.name ?? error);
  });
  return isAwaited ? granted : false;
}

export function release({ kept }: Tools): Promise<unknown> {
  const mine = kept as unknown as KeptLocks;
  mine.release('released');
  return mine.ending;
}

export function ending({ kept }: Tools): Promise<unknown> {
  return (kept as unknown as KeptLocks).ending;
}

export function abort({ kept }: Tools): Promise<unknown> {
  const mine = kept as unknown as KeptLocks;
  mine.controller.abort('aborted');
  return mine.ending;
}

/** So many exclusive turns, one at a time; how often somebody else was in there, too. */
export async function turns(
  { memspan, kept }: Tools,
  name: string,
  control: string,
  count: number,
): Promise<number> {
  const { manager } = kept as unknown as KeptLocks;
  const segment = memspan.Segment.open(control);
  const owner = new Int32Array(segment.buffer);
  let broken = 0;
  for (let i = 0; i < count; i++) {
    await manager.request(name, async () => {
      if (Atomics.compareExchange(owner, 0, 0, process.pid) !== 0) broken++;
      if (i % 2 === 0) await new Promise(setImmediate);
      if (Atomics.compareExchange(owner, 0, process.pid, 0) !== process.pid) broken++;
    });
  }
  segment.close();
  return broken;
}

export type Deed = 'take' | 'wait' | 'granted' | 'release' | 'give up' | 'steal' | 'hold';

export type End = 'SIGKILL' | 'exit' | 'SIGSTOP' | 'terminate';

/** From now on the puppet ends, or stops, when it comes to that step. */
export function arm(_: Tools, step: string, end: End, flag: Int32Array): void {
  const hooks = globalThis as Hooks;
  hooks.memspanStep = (at) => {
    if (at !== step) return;
    hooks.memspanStep = undefined;
    if (end === 'exit') process.exit(0);
    if (end !== 'terminate') process.kill(process.pid, end);
    else for (Atomics.store(flag, 0, 1); ; );
  };
}

/** What it does then; 'granted' is what others do. How its request ends. */
export function perform({ kept }: Tools, deed: Deed): Promise<unknown> {
  const mine = kept as unknown as KeptLocks;
  if (deed === 'release') mine.release('released');
  else if (deed === 'give up') mine.controller.abort('aborted');
  else if (deed !== 'granted') {
    const callback = (): Promise<unknown> => {
      (globalThis as Hooks).memspanStep?.('holding');
      return new Promise((release) => {
        mine.release = release;
      });
    };
    const options = { steal: deed === 'steal' };
    mine.ending = mine.manager.request('x', options, callback).catch((error) => error.name);
  }
  return mine.ending;
}
