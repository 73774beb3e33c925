// Defects of a ring; as in mutants.ts.
import type { Mutant } from '../mutate.ts';

export const ring: readonly Mutant[] = [
  {
    name: 'ring: wakes nobody',
    file: 'channel/ring-end.js',
    from: `if (found & SLEEPS)
                this.ends.wake(this.#peer, cursor);`,
    to: '',
    model: 'ring: all that is sent arrives',
    stress: 'channel/ring.processes',
  },
  {
    name: 'ring: falls asleep without another look',
    file: 'channel/ring-end.js',
    from: `const found = compareExchange(this.words, this.#peer.cursor, this.seen, armed);
        if (found !== this.seen)
            return false;
        this.seen = armed;`,
    to: 'this.seen = Atomics.or(this.words, this.#peer.cursor, SLEEPS) | SLEEPS;',
    model: 'ring: all that is sent arrives',
    stress: 'channel/ring.processes',
  },
  {
    name: 'ring in a span: a reader sleeps without another look',
    file: 'channel/span-ends.js',
    from: 'if (this.#isNothing(peer, seen))',
    to: 'if (peer.cursor >= 0)',
    model: 'ring in a span: sent, and received',
    stress: 'stress/ring-kills',
  },
  {
    name: 'ring in a span: a writer that comes leaves what was said to the last one',
    file: 'channel/span-ends.js',
    from: 'this.#begin(role);',
    to: '',
    model: 'ring in a span: two writers, one after the other',
    stress: 'stress/ring-kills',
  },
];
