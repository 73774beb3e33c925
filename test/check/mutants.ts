// Defects of our own primitives, as one could make them; each is found by a model.
//
// What stands in `from` is compiled code: comments and all, without types.
import type { Mutant } from './mutate.ts';

const waiting: readonly Mutant[] = [
  {
    name: 'waiting: no look between the mark and the sleep: the bell is read after the look',
    file: 'sync/wait-queue.js',
    from: `const before = waiting.before();
            const value = wait.attempt(ticket);`,
    to: `const value = wait.attempt(ticket);
            const before = waiting.before();`,
    model: 'mutex: two lockers',
    stress: 'mutex-counter',
  },
  {
    name: 'waiting: a dead sleeper counts as rung',
    file: 'span/waiting.js',
    from: `if (id === this.#id || this.#view.isAlive(id))
            return Rung.awake;`,
    to: 'if (id !== 0) return Rung.woken;',
    model: 'mutex: three lockers, one is killed, and who repairs',
    stress: 'mutex-counter',
  },
  {
    name: 'waiting: the news is taken after the look',
    file: 'sync/wait-queue.js',
    from: 'waiting.sleep(before, deadline - now);',
    to: 'waiting.sleep({ bell: before.bell, news: waiting.before().news }, deadline - now);',
    model: 'mutex: two lockers, one is killed',
    stress: 'mutex-counter',
  },
];

const mutex: readonly Mutant[] = [
  {
    name: 'mutex: released by a store, WAITERS overwritten',
    file: 'sync/mutex-state.js',
    from: 'if (compareExchange(this.words, this.index, this.id, 0) === this.id)',
    to: 'Atomics.store(this.words, this.index, 0); if (true)',
    model: 'mutex: two lockers',
    stress: 'mutex-counter',
  },
  {
    name: 'mutex: wakes before the word is free',
    file: 'sync/mutex-word.js',
    from: `if (compareExchange(words, index, word, WAITERS) !== word)
            continue;`,
    to: `place.waiting.ringFirst(index);
        if (compareExchange(words, index, word, WAITERS) !== word)
            continue;
        if (true) return Released.done;`,
    model: 'mutex: two lockers',
    stress: 'mutex-counter',
  },
  {
    name: 'mutex: who takes a free one forgets WAITERS',
    file: 'sync/mutex-word.js',
    from: `if (owner === 0 || owner === id)
            next = id | (word & (WAITERS | DIED));`,
    to: 'if (owner === 0 || owner === id) next = id | (word & DIED);',
    model: 'mutex: three lockers',
    stress: 'mutex-counter',
  },
  {
    name: 'mutex: a takeover tells nobody that an owner has died',
    file: 'sync/mutex-word.js',
    from: 'next = id | (word & (WAITERS | DIED)) | ((word & GRANTED) !== 0 ? 0 : DIED);',
    to: 'next = id | (word & WAITERS);',
    model: 'mutex: two lockers, one is killed',
    stress: 'mutex-counter',
  },
];

export const mutants: readonly Mutant[] = [...waiting, ...mutex];
