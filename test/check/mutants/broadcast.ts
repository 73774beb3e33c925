// Defects of broadcast; as in mutants.ts.
import type { Mutant } from '../mutate.ts';

export const broadcast: readonly Mutant[] = [
  {
    name: "broadcast: looks at 'oldest' before it copies, and not after",
    file: 'channel/broadcast-cursor.js',
    from: `const copy = isPossible ? data.copy(position, length) : null;
            // step: broadcast-copied
            // What was read before is not older than the \`oldest\` that is loaded now.
            fence();
            if (this.#status[0] !== 0)
                this.#memory.check('reader.receive');
            if (!this.#memory.isPassed(this)) {`,
    to: `const isPassed = this.#memory.isPassed(this);
            const copy = isPossible ? data.copy(position, length) : null;
            if (!isPassed) {`,
    model: 'broadcast, drop-oldest: room for one, one reads',
    stress: 'stress/broadcast',
  },
  {
    name: "broadcast: overwrites before it moves 'oldest'",
    file: 'channel/broadcast-tail.js',
    from: `if (!this.reserve(bytes.length))
            return false;
        this.#data.put(this.#position, bytes);`,
    to: `this.#data.put(this.#position, bytes);
        if (!this.reserve(bytes.length))
            return false;`,
    model: 'broadcast, drop-oldest: room for one, one reads',
    stress: 'stress/broadcast',
  },
  {
    name: "broadcast: joins at 'written' as it was before anybody could see that",
    file: 'channel/broadcast-cursor.js',
    from: `if (compareExchange(words, at, JOINING, cursor) !== JOINING) {`,
    to: `store(words, at, cursor);
        if (false) {`,
    model: 'broadcast, block: room for one, one reads',
    stress: 'stress/broadcast',
  },
  {
    name: 'broadcast: who joins is not looked at before it has joined',
    file: 'channel/broadcast-gate.js',
    from: 'if (cursor & JOINING) {',
    to: `if (cursor & JOINING)
            return 0;
        if (false) {`,
    model: 'broadcast, block: room for one, one reads',
    stress: 'stress/broadcast',
  },
  {
    name: 'broadcast: the writer waits for the dead',
    file: 'channel/broadcast-gate.js',
    from: 'attachment.view.isAlive(owner))',
    to: 'owner !== 0)',
    model: 'broadcast, block: room for one, one reads, one is killed',
    stress: 'stress/broadcast-kills',
  },
  {
    name: 'broadcast: a reader does not say that there is room',
    file: 'channel/broadcast-cursor.js',
    from: `// step: broadcast-settled
        this.#memory.room.ring();`,
    to: '',
    model: 'broadcast, block: room for one, one reads',
    stress: 'stress/broadcast',
  },
  {
    name: 'broadcast: a writer that closes tells nobody',
    file: 'channel/broadcast-tail.js',
    from: `// step: broadcast-unseated
        this.#memory.messages.ringAll();`,
    to: '',
    model: 'broadcast, block: room for one, one reads',
    stress: 'stress/broadcast',
  },
  {
    name: 'broadcast: a dead writer has said nothing since the look before its death',
    file: 'channel/broadcast-cursor.js',
    from: 'return (load(words, this.#base + Word.written) === this.#written &&',
    to: 'return (true &&',
    model: 'broadcast, block: room for one, one reads, one is killed',
    stress: 'stress/broadcast-kills',
  },
];
