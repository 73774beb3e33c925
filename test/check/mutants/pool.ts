// Defects of a pool; as in mutants.ts.
import type { Mutant } from '../mutate.ts';

export const pool: readonly Mutant[] = [
  {
    name: 'pool: a reader takes the earliest of one walk',
    file: 'channel/pool-chunks.js',
    from: `earliest = sequence;
                    left = count;`,
    to: 'earliest = sequence;',
    model: 'pool: a writer, a reader, two chunks',
    stress: 'stress/pool',
  },
  {
    name: 'pool: a publisher does not look at the seats again',
    file: 'channel/pool-state.js',
    from: 'this.seats.lookAgain(mask);',
    to: '',
    model: 'pool: two writers, a reader that leaves while one of them waits for its chunk',
    stress: 'stress/pool',
  },
  {
    name: 'pool: who frees a seat does not look for bits again',
    file: 'channel/pool-seats.js',
    from: `if (!this.#chunks.hasBits(seat))
                return;`,
    to: 'return;',
    model: 'pool: two writers, a reader that leaves while one of them waits for its chunk',
    stress: 'stress/pool',
  },
  {
    name: "pool: a seat that somebody alive repairs counts as nobody's",
    file: 'channel/pool-seats.js',
    from: 'return word !== 0 && word !== (REPAIR | id) && view.isAlive(word & ~REPAIR);',
    to: 'return (word & REPAIR) === 0 && view.isAlive(word);',
    model: 'pool: a reader comes to a seat that another one leaves',
    stress: 'stress/pool',
  },
  {
    name: 'pool: a published chunk is free when one reader has released it',
    file: 'channel/pool-chunks.js',
    from: 'const next = state & ~bits;',
    to: 'const next = PUBLISHED;',
    model: 'pool: a writer, two readers, one chunk',
    stress: 'stress/pool',
  },
  {
    name: 'pool: what a dead writer has loaned is its own',
    file: 'channel/pool-chunks.js',
    from: 'if (view.isAlive(owner))',
    to: 'if (true)',
    model: 'pool: a writer, a reader, one is killed',
    stress: 'stress/pool',
  },
];
