// Defects of the line in which a channel's users wait.
import type { Mutant } from '../mutate.ts';

export const line: readonly Mutant[] = [
  {
    name: 'line: marked after the look',
    file: 'channel/line.js',
    from: `if (load(this.#words, this.#index) !== MARKED)
                    store(this.#words, this.#index, MARKED);
                // step: line-marked
                this.#isLooking = true;
                try {
                    return look();
                }`,
    to: `try {
                    const found = look();
                    store(this.#words, this.#index, MARKED);
                    return found;
                }`,
    model: 'line: two are brought, two wait',
    stress: 'stress/queue',
  },
  {
    name: 'line: no look at who has come after the mark is taken away',
    file: 'channel/line.js',
    from: 'if (mark === 0 || waiting.first(this.#index) === null)',
    to: 'if (waiting !== null)',
    model: 'line: two bring one each, two wait',
    stress: 'stress/queue',
  },
  {
    name: 'line: who leaves rings nobody',
    file: 'channel/line.js',
    from: `if (load(this.#words, this.#index) !== 0)
                    this.#ring();`,
    to: '',
    model: 'line: two are brought, two wait',
    stress: 'stress/queue-flow',
  },
];
