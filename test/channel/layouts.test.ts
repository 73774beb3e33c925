// What every channel says of a layout that messages cannot have; before anything is made.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutex, Span, struct, u32 } from '../../src/index.ts';

type Open = (span: Span, layout: never) => unknown;

const kinds: Readonly<Record<string, Open>> = {
  ring: (span, layout) => span.ring('x', { capacity: 64, layout }),
  queue: (span, layout) => span.queue('x', { capacity: 4, layout }),
  broadcast: (span, layout) => span.broadcast('x', { capacity: 64, layout }),
  latest: (span, layout) => span.latest('x', { layout }),
  pool: (span, layout) => span.pool('x', { chunks: 2, layout }),
};

for (const [kind, open] of Object.entries(kinds)) {
  test(`a ${kind} takes no locks in its messages, and no layout that is none`, () => {
    using span = Span.anonymous();
    for (const wrong of [struct({ n: u32, lock: mutex() }), {}, 5, null, 'u32']) {
      assert.throws(() => open(span, wrong as never), { name: 'TypeError' });
    }
    assert.deepEqual(span.objects(), []);
  });
}
