// Defects of the queue, as one could make them; each is found by a model (mutants.ts).
import type { Mutant } from '../mutate.ts';

export const queueMutants: readonly Mutant[] = [
  {
    name: 'queue: committed before it is filled',
    file: 'channel/queue-writer.js',
    from: `memory.fill(index, bytes);
        tail.commit(index, tail.lap, bytes.length);`,
    to: `tail.commit(index, tail.lap, bytes.length);
        memory.fill(index, bytes);`,
    model: 'queue, at-least-once: one writes two, one reads until the end',
    stress: 'stress/queue-flow',
  },
  {
    name: 'queue: no look after the claim whether it was ended',
    file: 'channel/queue-tail.js',
    from: `if (memory.isEnded) {
                        this.abort(index, lap);
                        throw this.#ended();
                    }`,
    to: '',
    model: 'queue, at-least-once: one writes, one ends it, one reads until the end',
    stress: 'stress/queue-flow',
  },
  {
    name: 'queue: a release tells no writer',
    file: 'channel/queue-head.js',
    from: 'memory.room.ring();',
    to: '',
    model: 'queue, at-least-once: two write, one reads',
    stress: 'stress/queue-flow',
  },
  {
    name: 'queue: what the dead had taken is theirs',
    file: 'channel/queue-head.js',
    from: 'if (owner !== 0 && !this.#watch.isDead(owner))',
    to: 'if (owner !== 0)',
    model: 'queue, at-least-once: one writes, two read until the end, a reader is killed',
    stress: 'stress/queue-kills',
  },
  {
    name: 'queue: who is alive once is so for ever',
    file: 'channel/death-watch.js',
    from: 'if (news === this.#news && now < this.#until)',
    to: 'if (this.#news !== -1)',
    model: 'queue, at-least-once: one writes, two read until the end, a reader is killed',
    stress: 'stress/queue-kills',
  },
  {
    name: 'queue: head passes a claim of the dead that was committed meanwhile',
    file: 'channel/queue-memory.js',
    from: `if (compareExchange(words, at, state, free(positions.nextLap(lap))) !== state)
            return true;`,
    to: 'compareExchange(words, at, state, free(positions.nextLap(lap)));',
    model: 'queue, at-least-once: one writes and one reads, one is killed',
    stress: 'stress/queue-kills',
  },
];
