// A Once for tests: embedded, so that its word can be written by hand, with an id of each sort.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type Initialisation, Once, Segment, Span } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';

export interface Stage {
  readonly span: Span;
  readonly once: Once;
  readonly words: Uint32Array;
  /** Ids: nobody's, a dead one's, a living one's, this thread's. */
  readonly ids: Readonly<Record<'nobody' | 'dead' | 'alive' | 'self', number>>;
}

export function stage(t: TestContext): Stage {
  const name = uniqueName();
  const span = Span.create(name, { participants: 4, objects: 4 });
  const { buffer, byteOffset } = span.bytes('room', { size: 8 });
  const words = new Uint32Array(buffer, byteOffset, 2);
  const once = Once.at(span, byteOffset);
  let self = 0;
  assert.throws(() =>
    once.run(() => {
      self = words[0] as number;
      throw new Error();
    }),
  );
  // Whoever holds the lifeline of an id is alive.
  const other = Segment.open(name);
  const alive = (7 << 12) | 4;
  const lifeline = other.lifeline(alive);
  t.after(() => {
    lifeline?.release();
    other.close();
    span.close();
    Span.unlink(name);
  });
  assert.ok(lifeline !== null && self > 0 && words[0] === 0);
  return { span, once, words, ids: { nobody: 0, dead: (9 << 12) | 4, alive, self } };
}

/** 'true' or 'false', with 'died' if init was told so; 'null'; a code. */
export async function outcome(
  act: (init: (how: Initialisation) => void) => unknown,
): Promise<string> {
  let told = '';
  const init = ({ ownerDied }: Initialisation): void => {
    told = ownerDied ? ' died' : '';
  };
  try {
    return `${await act(init)}${told}`;
  } catch (error) {
    return String((error as { code?: string }).code).replace('ERR_MEMSPAN_', '');
  }
}
