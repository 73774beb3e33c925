// Exercise `tearing`: a text that is read while it is written is a mixture of two; memspan's Latest beside it.

import { Segment, Span } from '../index.ts';
import { type Seen, SIZE, STOP, TEXT_BYTES, WRITTEN } from './children/text.ts';
import type { Actor, Exercise, Result, Stage } from './exercise.ts';
import { number } from './pictures.ts';

export const tearing: Exercise = {
  name: 'tearing',
  title: 'A text is read while it is written',
  lesson: 'P5',
  before: [
    `One process fills a text of ${number(TEXT_BYTES)} characters with one letter, then with the next one, a to z, for ever. Another one copies the text and looks whether it is one letter throughout. Then the same with memspan's Latest.`,
  ],
  question:
    'Each letter is written whole, so how can the reader see two of them? Which mixtures are there?',
  answer:
    'A text is many stores and many loads, and nothing keeps the two processes apart: the reader overtakes the writer, or is overtaken. What it sees was never written by anybody. A version number beside the text does not help by itself: it is one more store.',
  way: [
    'span.latest(name, layout): the writer publishes into the next of several buffers, and one atomic word says which one is the newest. Readers get a whole value, and nobody waits for anybody. Where each change counts, take a mutex around text and version.',
  ],
  run,
};

/** Of the newest value. */
const LOOKS_ENOUGH = 50;
const SAMPLES = 3;

interface Trial {
  /** Texts that were written meanwhile. */
  readonly written: number;
  readonly seen: Seen;
}

const NOTHING: Seen = { looks: 0, torn: 0, samples: [] };

async function run(stage: Stage): Promise<Result> {
  const theatre = await Theatre.begin(stage);
  const plain = await theatre.play('fill', 'look', ({ torn }) => torn > 0);
  const latest = await theatre.play('publish', 'receive', ({ looks }) => looks >= LOOKS_ENOUGH);
  return {
    observed: plain.seen.torn > 0 && latest.seen.looks > 0 && latest.seen.torn === 0,
    picture: pictureOf(stage, plain, latest),
    facts: { plain, latest },
  };
}

class Theatre {
  readonly #stage: Stage;
  readonly #words: Int32Array;
  readonly #writer: Actor;
  readonly #reader: Actor;

  private constructor(stage: Stage, words: Int32Array, [writer, reader]: readonly [Actor, Actor]) {
    this.#stage = stage;
    this.#words = words;
    this.#writer = writer;
    this.#reader = reader;
  }

  static async begin(stage: Stage): Promise<Theatre> {
    const segment = Segment.create(stage.name('text'), { size: SIZE });
    const span = Span.create(stage.name('span'));
    stage.owns(() => {
      span.close();
      segment.close();
    });
    span.latest('text', { size: TEXT_BYTES });
    const cast = (await stage.cast('letters', ['writer', 'reader'])) as [Actor, Actor];
    const names = { segment: segment.name, span: stage.name('span') };
    await Promise.all(cast.map((actor) => actor.ask('open', { ...names, as: actor.role })));
    return new Theatre(stage, new Int32Array(segment.buffer), cast);
  }

  /** One writes until the other one has seen enough, or there is no more time. */
  async play(write: string, read: string, isEnough: (seen: Seen) => boolean): Promise<Trial> {
    Atomics.store(this.#words, STOP, 0);
    Atomics.store(this.#words, WRITTEN, 0);
    const writing = this.#writer.ask<number>(write);
    let seen = NOTHING;
    do {
      const more = await this.#reader.ask<Seen>(read);
      seen = {
        looks: seen.looks + more.looks,
        torn: seen.torn + more.torn,
        samples: [...seen.samples, ...more.samples].slice(0, SAMPLES),
      };
    } while (!isEnough(seen) && this.#stage.hasTime);
    Atomics.store(this.#words, STOP, 1);
    return { written: await writing, seen };
  }
}

/** Columns of a text; each stands for several characters of it. */
const COLUMNS = 68;

function pictureOf({ ink }: Stage, plain: Trial, latest: Trial): string[] {
  const verdict = ({ written, seen }: Trial): string => {
    const torn = `${number(seen.torn)} torn`;
    const looked = `${number(written)} written, ${number(seen.looks)} read, `;
    return looked + (seen.torn > 0 ? ink.red(torn) : ink.green(torn));
  };
  return [
    `${ink.bold('text.fill(letter)')}       ${verdict(plain)}`,
    ...plain.seen.samples.map((sample) => `  │${mixture(sample, ink)}│`),
    ink.dim(`   one column for every ${TEXT_BYTES / COLUMNS} characters`),
    '',
    `${ink.bold('latest.publish(text)')}    ${verdict(latest)}`,
  ];
}

/** The first letter as it is, the next ones in colours. */
function mixture(sample: string, ink: Stage['ink']): string {
  const inks = [ink.cyan, ink.yellow, ink.red, ink.green];
  const step = Math.ceil(sample.length / COLUMNS);
  const columns = [...sample].filter((_letter, i) => i % step === 0).join('');
  let run = 0;
  return columns.replace(/(.)\1*/g, (same) =>
    (inks[run++ % inks.length] as Stage['ink']['red'])(same),
  );
}
