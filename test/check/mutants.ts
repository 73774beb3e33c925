// Defects of our own primitives, as one could make them; each is found by a model.
//
// What stands in `from` is compiled code: comments and all, without types.

import { broadcast } from './mutants/broadcast.ts';
import { latest } from './mutants/latest.ts';
import { line } from './mutants/line.ts';
import { pool } from './mutants/pool.ts';
import { queueMutants } from './mutants/queue.ts';
import { ring } from './mutants/ring.ts';
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
    stress: 'stress/mutex-counter',
  },
  {
    name: 'waiting: a dead sleeper counts as rung',
    file: 'span/waiting.js',
    from: `if (id === this.#id || this.#view.isAlive(id))
            return Rung.awake;`,
    to: 'if (id !== 0) return Rung.woken;',
    model: 'mutex: three lockers, one is killed, and who repairs',
    stress: 'stress/mutex-counter',
  },
  {
    name: 'waiting: the news is taken after the look',
    file: 'sync/wait-queue.js',
    from: 'waiting.sleep(before, deadline - now);',
    to: 'waiting.sleep({ bell: before.bell, news: waiting.before().news }, deadline - now);',
    model: 'mutex: two lockers, one is killed',
    stress: 'stress/mutex-counter',
  },
];

const mutex: readonly Mutant[] = [
  {
    name: 'mutex: released by a store, WAITERS overwritten',
    file: 'sync/mutex-state.js',
    from: 'if (compareExchange(this.words, this.index, this.id, 0) === this.id)',
    to: 'Atomics.store(this.words, this.index, 0); if (true)',
    model: 'mutex: two lockers',
    stress: 'stress/mutex-counter',
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
    stress: 'stress/mutex-counter',
  },
  {
    name: 'mutex: who takes a free one forgets WAITERS',
    file: 'sync/mutex-word.js',
    from: `if (owner === 0 || owner === id)
            next = id | (word & (WAITERS | DIED));`,
    to: 'if (owner === 0 || owner === id) next = id | (word & DIED);',
    model: 'mutex: three lockers',
    stress: 'stress/mutex-counter',
  },
  {
    name: 'mutex: a takeover tells nobody that an owner has died',
    file: 'sync/mutex-word.js',
    from: 'next = id | (word & (WAITERS | DIED)) | ((word & GRANTED) !== 0 ? 0 : DIED);',
    to: 'next = id | (word & WAITERS);',
    model: 'mutex: two lockers, one is killed',
    stress: 'stress/mutex-counter',
  },
  {
    name: 'fair mutex: granted without another look at who waits',
    file: 'sync/mutex-word.js',
    from: 'if (waiting.stillWaits(first) && waiting.ring(first.id) !== Rung.dead)',
    to: 'if (waiting.ring(first.id) !== Rung.dead)',
    model: 'fair mutex: two lockers, and one who gives up at any time',
    stress: 'stress/mutex-counter',
  },
];

const semaphore: readonly Mutant[] = [
  {
    name: 'semaphore: no look after the mark',
    file: 'sync/count.js',
    from: '            // step: count-marked',
    to: '            return false;',
    model: 'semaphore: two users of one permit',
    stress: 'stress/semaphore',
  },
  {
    name: 'semaphore: who comes first is let through',
    file: 'sync/count.js',
    from: 'this.#waiting(ticket) < value',
    to: 'this.#waiting(ticket) < value + 1',
    model: 'semaphore: three users of one permit, first come, first served',
    stress: 'stress/semaphore',
  },
  {
    name: 'semaphore with undo: permits of the dead are theirs',
    file: 'sync/owned-permits.js',
    from: 'return owner === 0 || (owner !== id && !view.isAlive(owner));',
    to: 'return owner === 0;',
    model: 'semaphore with undo: two users of one permit, one is killed',
    stress: 'stress/semaphore',
  },
];

const rwlock: readonly Mutant[] = [
  {
    name: 'rwlock: a reader looks before it announces itself',
    file: 'sync/rwlock-reader.js',
    from: `const at = this.#announce();
        // step: read-announced
        const word = load(words, index);`,
    to: `const word = load(words, index);
        const at = this.#announce();`,
    model: 'rwlock: a writer and a reader',
    stress: 'stress/rwlock',
  },
  {
    name: 'rwlock: a reader that leaves does not ring the writer',
    file: 'sync/rwlock-reader.js',
    from: `if ((word & DRAINING) !== 0 && owner !== id && isAlive(owner))
            waiting.ring(owner);`,
    to: '',
    model: 'rwlock: a writer and a reader',
    stress: 'stress/rwlock',
  },
  {
    name: 'rwlock: the dead go on reading',
    file: 'span/reads.js',
    from: `if (id === this.#id || this.#view.isAlive(id))
            return true;
        this.#forget(id);`,
    to: 'if (id !== 0) return true;',
    model: 'rwlock: a writer and a reader, one is killed',
    stress: 'stress/rwlock',
  },
];

const condition: readonly Mutant[] = [
  {
    name: 'condition: notifies without ringing',
    file: 'sync/condition-state.js',
    from: 'ringEarliest(this.#attachment, this.#index, value + amount);',
    to: '',
    model: 'condition: two wait, and one lets the other go on',
    stress: 'stress/condition-buffer',
  },
];

const event: readonly Mutant[] = [
  {
    name: 'event: set again before the waiter looks, it sleeps on',
    file: 'sync/event-states.js',
    from: 'SET | ((word + 1) & GENERATION)',
    to: 'SET | (word & GENERATION)',
    model: 'event: one sets and resets it, two wait',
    stress: 'stress/event-kills',
  },
  {
    name: 'auto event: a second set is lost',
    file: 'sync/count.js',
    from: `if (load(this.#words, this.#index) === word)
                    return false;
                continue;`,
    to: 'return false;',
    model: 'auto event: one sets it twice, two wait',
    stress: 'stress/event-kills',
  },
];

const barrier: readonly Mutant[] = [
  {
    name: 'barrier: the last one wakes nobody',
    file: 'sync/barrier-word.js',
    from: `if (isLast)
            waiting.ringAll(index);`,
    to: '',
    model: 'barrier: two parties, three phases',
    stress: 'stress/barrier-phases',
  },
  {
    name: 'barrier: waiters do not look for the dead',
    file: 'sync/barrier-word.js',
    from: 'if (phase !== Phase.open || !isAnyDead(place))',
    to: 'if (true)',
    model: 'barrier: two parties, two phases, one is killed',
    stress: 'stress/barrier-deaths',
  },
];

const once: readonly Mutant[] = [
  {
    name: 'once: done before it is made',
    file: 'sync/once.js',
    from: `            // step: once-before-init
            const result = init({ ownerDied });`,
    to: `            this.#finish(operation);
            const result = init({ ownerDied });`,
    model: 'once: two who need it',
    stress: 'stress/once-race',
  },
  {
    name: 'once: whoever waits is not rung',
    file: 'sync/once.js',
    from: 'waiting.ringAll(index);',
    to: '',
    model: 'once: two who need it',
    stress: 'stress/once-race',
  },
];

const span: readonly Mutant[] = [
  {
    name: 'span: the epoch is claimed before its lifeline is held',
    file: 'span/slot.js',
    from: `const lifeline = view.segment.lifeline(id);
        if (lifeline === null)
            return undefined;
        // step: slot-lifeline
        if (compareExchange(view.words, at, before, id) === before)
            return { id, lifeline };
        lifeline.release();`,
    to: `if (compareExchange(view.words, at, before, id) !== before)
            continue;
        const lifeline = view.segment.lifeline(id);
        return lifeline === null ? undefined : { id, lifeline };`,
    model: 'span: two come where somebody is, and there is room for one',
    stress: 'stress/span-kills',
  },
  {
    name: 'span: behind the gate nobody looks whether the name is still its own',
    file: 'span/join.js',
    from: 'if (mayBeGone && !segment.isLinked)',
    to: 'if (false)',
    model: 'span: two come and go, the last one takes the name along',
    stress: 'stress/span-kills',
  },
  {
    name: 'span: a recoverer that dies leaves no trace',
    file: 'span/join.js',
    from: 'store(view.words, Header.recovering, 1);',
    to: '',
    model: 'span: two find it left by the dead, and who recovers is killed',
    stress: 'stress/span-kills',
  },
];

export const mutants: readonly Mutant[] = [
  ...waiting,
  ...line,
  ...mutex,
  ...semaphore,
  ...rwlock,
  ...condition,
  ...event,
  ...barrier,
  ...once,
  ...span,
  ...queueMutants,
  ...ring,
  ...latest,
  ...broadcast,
  ...pool,
];
