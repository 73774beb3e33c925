// An event's word, written by hand: what every method makes of it; and a peer that writes it all the time.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Event, type EventOptions, Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

const WAITERS = 0x8000_0000;
const SET = 0x4000_0000;
const GENERATION = 0x3fff_ffff;

function stage(
  t: TestContext,
  options: EventOptions,
): { span: Span; event: Event; word: Uint32Array } {
  const span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const { buffer, byteOffset } = span.bytes('here', { size: 8 });
  t.after(() => span.close());
  const word = new Uint32Array(buffer, byteOffset, 1);
  return { span, event: Event.at(span, byteOffset, options), word };
}

for (const initial of [false, true]) {
  const which = initial ? ', set at first' : '';

  test(`manual: SET, a generation that wraps, a mark that nobody needs${which}`, async (t) => {
    const { event, word } = stage(t, { initial });
    for (const rest of [0, 7, GENERATION, WAITERS, (WAITERS | GENERATION) >>> 0]) {
      for (const set of [0, SET]) {
        const isSet = (set !== 0) !== initial;
        const shown = `0x${(rest + set).toString(16)}`;
        const write = (): void => {
          word[0] = rest + set;
        };
        write();
        assert.equal(event.isSet, isSet, shown);
        assert.equal(event.tryWait(), isSet, shown);
        assert.equal(event.wait({ timeoutMs: 1 }), isSet || null, shown);
        assert.equal(await event.waitAsync({ timeoutMs: 1 }), isSet || null, shown);
        write();
        const waits = event.waitAsync();
        event.set();
        event.reset();
        assert.equal(await waits, true, shown);
        assert.equal(event.isSet, false, shown);
        write();
        event.set();
        assert.equal(event.isSet, true, shown);
        if (!isSet) {
          const next = (rest + 1) & GENERATION;
          assert.equal(
            word[0],
            initial ? next : next + SET,
            `${shown}: no mark, one generation more`,
          );
        }
        event.reset();
        assert.equal(event.tryWait(), false, shown);
      }
    }
  });

  test(`auto: nobody waits, so that at most one gets through, whatever the word says${which}`, async (t) => {
    const { event, word } = stage(t, { reset: 'auto', initial });
    for (const count of [0, 1, 2, 7, 0x7fff_fffe, 0x7fff_ffff]) {
      for (const mark of [0, WAITERS]) {
        const value = (count + Number(initial)) & 0x7fff_ffff;
        const shown = `0x${(count + mark).toString(16)}`;
        const write = (): void => {
          word[0] = count + mark;
        };
        write();
        assert.equal(event.isSet, value > 0, shown);
        assert.equal(event.wait({ timeoutMs: 1 }), value > 0 || null, shown);
        assert.equal(await event.waitAsync({ timeoutMs: 1 }), null, shown);
        assert.equal(event.isSet, false, shown);
        write();
        event.reset();
        assert.equal(event.isSet, false, shown);
        event.set();
        assert.deepEqual([event.tryWait(), event.tryWait()], [true, false], shown);
      }
    }
  });
}

for (const reset of ['manual', 'auto'] as const) {
  test(`a peer that writes whatever it likes all the time: no crash, no hang (${reset})`, async (t) => {
    const { span, event, word } = stage(t, { reset });
    const rival = await startChild();
    const writing = rival.run(async ({ memspan }, name) => {
      const span = memspan.Span.join(name);
      const { buffer, byteOffset } = span.bytes('here', { size: 8 });
      const words = new Int32Array(buffer, byteOffset, 2);
      let turns = 0;
      for (; Atomics.load(words, 1) === 0; turns++) {
        Atomics.store(words, 0, (Math.random() * 2 ** 32) | 0);
        if (turns % 1000 === 0) await new Promise(setImmediate);
      }
      span.close();
      return turns;
    }, span.name as string);
    await until(() => word[0] !== 0, 'the rival');
    for (const end = performance.now() + 300; performance.now() < end; ) {
      event.wait({ timeoutMs: 1 });
      const waits = event.waitAsync({ timeoutMs: 1 });
      event.set();
      event.reset();
      event.tryWait();
      await waits;
    }
    Atomics.store(new Int32Array(word.buffer, word.byteOffset, 2), 1, 1);
    assert.ok((await writing) > 0);
    word[0] = 0;
    assert.equal(event.wait({ timeoutMs: 1 }), null);
    assert.deepEqual(
      span.threads().flatMap(({ waitingOn }) => waitingOn),
      [],
    );
  });
}
