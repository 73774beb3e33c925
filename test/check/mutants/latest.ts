// Defects of latest; as in mutants.ts.
import type { Mutant } from '../mutate.ts';

export const latest: readonly Mutant[] = [
  {
    name: 'latest: no second look',
    file: 'channel/latest-state.js',
    from: `if (passed > this.#mask - 1)
            return false;`,
    to: '',
    model: 'latest: two buffers, three values, one reads',
    stress: 'stress/latest-torn',
  },
  {
    name: 'latest: a writer may be in one buffer more',
    file: 'channel/latest-state.js',
    from: 'passed > this.#mask - 1',
    to: 'passed > this.#mask',
    model: 'latest: four buffers, five values, one reads',
    stress: 'stress/latest-torn',
  },
  {
    name: 'latest: published before it is filled',
    file: 'channel/latest-writer.js',
    from: `this.#state.fill(this.#sequence + 1, bytes);
        this.#publish(length);`,
    to: `this.#publish(length);
        this.#state.fill(this.#sequence, bytes);`,
    model: 'latest: two buffers, one reads twice',
    stress: 'stress/latest-torn',
  },
  {
    name: 'latest: filled where the newest value lies',
    file: 'channel/latest-state.js',
    from: 'this.#bytes.write(this.valueAt(sequence), value);',
    to: 'this.#bytes.write(this.valueAt(sequence - 1), value);',
    model: 'latest: two buffers, one reads twice',
    stress: 'stress/latest-torn',
  },
  {
    name: 'latest: tells nobody who waits',
    file: 'channel/latest-writer.js',
    from: `// step: latest-before-ring
        this.#line.ringAll();`,
    to: '',
    model: 'latest: one waits for the second value',
    stress: 'stress/latest-kills',
  },
  {
    name: 'latest: tells nobody that it has closed',
    file: 'channel/latest-writer.js',
    from: `// step: latest-left
        this.#line.ringAll();`,
    to: '',
    model: 'latest: two wait for a value',
    stress: 'stress/latest-kills',
  },
  {
    name: 'latest: the end, without a look for what came before it',
    file: 'channel/latest-reader.js',
    from: `const come = this.#take();
        if (come !== null || this.#state.sequence !== this.#seen)
            return come;
        this.#ended = true;`,
    to: 'this.#ended = true;',
    model: 'latest: one waits for each value',
    stress: 'stress/latest-kills',
  },
  {
    name: 'latest: the high word comes first',
    file: 'channel/latest-state.js',
    from: `// step: latest-before-publish
        store(words, index + PUBLISHED, sequence | 0);`,
    to: `if ((sequence & 0x7fff_ffff) === 0)
            store(words, index + HALF, halfOf(sequence));
        store(words, index + PUBLISHED, sequence | 0);`,
    model: 'latest: after 2^32 values, one waits, one is killed',
    stress: 'stress/latest-kills',
  },
];
