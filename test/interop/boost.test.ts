// Boost.Interprocess and memspan: shared memory objects, mapped regions, mutexes and named semaphores, made by either.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { codeOf } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { makers, Shared } from './shared.ts';

const SIZE = 4096;

suite('boost.cc', { skip: needs('boost') }, () => {
  before(() => compiled('boost.cc'));

  for (const maker of makers) {
    test(`shared_memory_object and mapped_region over what ${maker} has made`, async () => {
      await using both = await Shared.by(maker, 'boost.cc', SIZE);
      const words = new Int32Array(both.buffer);
      assert.equal(await both.ask('size'), String(SIZE));
      words[1023] = -5;
      assert.equal(await both.ask('get 4092'), '-5');
      await both.ask('put 100 123456789');
      assert.equal(words[25], 123456789);
    });
  }

  test('remove takes away the name of either, and who has it keeps it', async () => {
    await using both = await Shared.by('memspan', 'boost.cc', SIZE);
    assert.equal(await both.ask('remove'), '1');
    assert.equal(
      codeOf(() => Segment.open(both.segment.name as string)),
      'ERR_MEMSPAN_NOT_FOUND',
    );
    await both.ask('put 0 6');
    assert.equal(new Int32Array(both.buffer)[0], 6);
  });

  test('a segment that is not there is an exception there', async () => {
    const both = await Shared.by('memspan', 'boost.cc', SIZE);
    await both[Symbol.asyncDispose]();
    const late = await both.another();
    assert.equal((await late.exited).signal, 'SIGABRT');
    assert.match(late.errors, /interprocess_exception.*No such file or directory/s);
  });
});
