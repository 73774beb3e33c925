// Line: whatever is brought is got by somebody who waits, whoever gives up, leaves or dies meanwhile; nobody is left asleep
// beside something that is there.
import assert from 'node:assert/strict';
import { Line } from '../../../src/channel/line.ts';
import type { End, Me } from '../../../src/check/explore.ts';
import type { Span } from '../../../src/index.ts';
import { Mode } from '../../../src/span/participant.layout.ts';
import { add, compareExchange, load } from '../../../src/word/atomics.ts';
import { type Model, model } from '../model.ts';

const EVERY: number = Number.POSITIVE_INFINITY;

/** How many things lie there, in the words of the span, and the mark of who waits for one. */
interface Table {
  readonly words: Int32Array;
  readonly things: number;
  readonly line: Line;
}

function tableOf(span: Span): Table {
  const { byteOffset } = span.bytes('table', { size: 8 });
  const attachment = span.attachment('table');
  const line = Line.of(attachment, byteOffset + 4, Mode.message);
  return { words: attachment.view.words, things: byteOffset / 4, line };
}

const setup = ({ span }: Me): object => {
  tableOf(span);
  return {};
};

const bringer =
  (count: number) =>
  (_: object, { span }: Me): null => {
    const { words, things, line } = tableOf(span);
    for (let i = 0; i < count; i++) {
      add(words, things, 1);
      line.ring();
    }
    return null;
  };

/** True when it got one. */
const taker =
  (timeoutMs = EVERY) =>
  (_: object, { span }: Me): boolean => {
    const { words, things, line } = tableOf(span);
    const take = (): true | null => {
      for (;;) {
        const there = load(words, things);
        if (there <= 0) return null;
        if (compareExchange(words, things, there, there - 1) === there) return true;
      }
    };
    const deadline = performance.now() + timeoutMs;
    return line.block(take, deadline, () => span.attachment('take')) === true;
  };

const left = (span: Span): number => {
  const { words, things } = tableOf(span);
  return load(words, things);
};

/** Only who finds nothing may sleep for ever. */
const mayWait = ({ span }: End<boolean | null>): boolean => left(span) === 0;

/** What was brought is taken or there. The bringers return null. */
const conserved =
  (brought: number) =>
  (_: object, { span, results, killed }: End<boolean | null>): void => {
    const got = results.filter((result) => result === true).length;
    const sum = got + left(span);
    assert.ok(sum <= brought, `${sum} of ${brought}`);
    // Who is killed may have taken one, or not have brought all.
    assert.ok(sum >= (killed.length > 0 ? 0 : brought), `${sum} of ${brought}`);
  };

const shared = { setup, mayWait: (_: object, end: End<boolean | null>) => mayWait(end) };

export const line: readonly Model[] = [
  model('line: two are brought, two wait', {
    ...shared,
    threads: [bringer(2), taker(), taker()],
    atEnd: conserved(2),
    mayWait: undefined,
    quick: { bound: 1 },
    full: { bound: 1 },
  }),
  model('line: two bring one each, two wait', {
    ...shared,
    threads: [bringer(1), bringer(1), taker(), taker()],
    atEnd: conserved(2),
    mayWait: undefined,
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('line: one is brought, one gives up, one waits', {
    ...shared,
    threads: [bringer(1), taker(10), taker()],
    atEnd: conserved(1),
    quick: { bound: 0 },
    full: { bound: 1 },
  }),
  model('line: two are brought, two wait, one is killed', {
    ...shared,
    threads: [bringer(2), taker(), taker()],
    atEnd: conserved(2),
    crashes: 1,
    quick: { bound: 0 },
    full: { bound: 0 },
  }),
];
