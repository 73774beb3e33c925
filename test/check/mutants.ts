// Defects of our own primitives, as one could make them; each is found by a model.
import type { Mutant } from './mutate.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'mutex: released by a store, WAITERS overwritten',
    file: 'sync/mutex-state.js',
    from: 'if (compareExchange(this.words, this.index, this.id, 0) === this.id)',
    to: 'this.words[this.index] = 0; if (true)',
    model: 'mutex: two lockers',
  },
];
