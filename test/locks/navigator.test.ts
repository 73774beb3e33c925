// The same programs with navigator.locks, where the runtime has it (Node 24.5), and with ours: the same story.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LockManager } from '../../src/locks/locks.ts';
import { managerFor } from './spaces.ts';

type Locks = Pick<LockManager, 'request' | 'query'>;
type Program = (locks: Locks, say: (text: unknown) => void) => Promise<unknown>;

const native = (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const names = async (locks: Locks): Promise<string> => {
  const { held, pending } = await locks.query();
  const list = (infos: typeof held): string => infos.map((i) => `${i.name}:${i.mode}`).join();
  return `held ${list(held)} pending ${list(pending)}`;
};
const reason = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    (value) => `resolved ${value}`,
    (error) => `${error?.constructor?.name} ${error?.name ?? error}`,
  );

const programs: Record<string, Program> = {
  'modes and their order': async (locks, say) => {
    const task = (mode: 'shared' | 'exclusive', i: number): Promise<unknown> =>
      locks.request('a', { mode }, async () => {
        say(`${mode} ${i} begins`);
        await tick();
        say(await names(locks));
        say(`${mode} ${i} ends`);
      });
    const modes = ['exclusive', 'shared', 'shared', 'exclusive', 'shared'] as const;
    const all = modes.map(task);
    say(await names(locks));
    await Promise.all(all);
    say(await names(locks));
  },
  ifAvailable: async (locks, say) => {
    const take = (mode: 'shared' | 'exclusive'): Promise<void> =>
      locks.request('a', { mode, ifAvailable: true }, (lock) => say(lock?.mode ?? null));
    await locks.request('a', { mode: 'shared' }, async () => {
      await take('shared');
      await take('exclusive');
      const waiting = locks.request('a', () => say('waited'));
      await take('shared');
      waiting.then(() => say('done'));
    });
    await tick();
    await take('exclusive');
  },
  steal: async (locks, say) => {
    const first = locks.request('a', () => new Promise(() => {}));
    const lost = reason(first);
    await tick();
    const second = locks.request('a', () => say('second'));
    await locks.request('a', { steal: true }, async (lock) => {
      say(lock.mode);
      say(await names(locks));
    });
    say(await lost);
    await second;
  },
  'what is refused': async (locks, say) => {
    const request = locks.request.bind(locks) as (...given: unknown[]) => Promise<unknown>;
    const { signal } = new AbortController();
    const f = (): number => 1;
    const given: unknown[][] = [
      ...[
        ['-a', f],
        ['a', { mode: 'foo' }, f],
        ['a', { steal: true, ifAvailable: true }, f],
      ],
      ...[
        ['a', { steal: true, mode: 'shared' }, f],
        ['a', { steal: true, signal }, f],
      ],
      ...[
        ['a', { ifAvailable: true, signal }, f],
        ['a', {}, undefined],
        ['a', 1, f],
        [5, f],
      ],
      ...[
        ['a', undefined, f],
        ['', f],
        ['a', { signal: 1 }, f],
        ['a', { steal: 0 }, f],
      ],
    ];
    for (const each of given) say(await reason(request(...each)));
  },
  // Without a query: in Node 24 a request that was aborted is told as pending until the lock is free.
  aborting: async (locks, say) => {
    const controller = new AbortController();
    const { signal } = controller;
    await locks.request('d', async () => {
      const waiting = locks.request('d', { signal }, () => say('never'));
      await tick();
      controller.abort('why');
      say(await reason(waiting));
    });
    say(await reason(locks.request('d', { signal }, () => say('never'))));
  },
};

for (const [what, program] of Object.entries(programs)) {
  test(`${what}: as in navigator.locks`, {
    skip: native === undefined && 'needs a runtime with navigator.locks, such as Node 24.5',
  }, async (t) => {
    const story = async (locks: Locks): Promise<string[]> => {
      const said: string[] = [];
      await program(locks, (text) => said.push(String(text)));
      return said;
    };
    assert.deepEqual(await story(managerFor(t)), await story(native as Locks));
  });
}
