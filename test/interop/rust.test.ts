// A Rust program with nothing but its standard library and libc's functions, and TypeScript: each in both roles.
import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { notify, waitAsync } from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { until } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { makers, Shared } from './shared.ts';

const SIZE = 128;

suite('rust.rs', { skip: needs('rustc') }, () => {
  before(() => compiled('rust.rs'));

  for (const maker of makers) {
    test(`both count in what ${maker} has made, and no step is lost`, async () => {
      await using both = await Shared.by(maker, 'rust.rs', SIZE);
      const words = new Int32Array(both.buffer);
      const adding = both.ask('add 2000000');
      await until(() => Atomics.load(words, 0) > 0, 'Rust to begin');
      for (let i = 0; i < 200_000; i++) Atomics.add(words, 0, 1);
      await adding;
      assert.equal(Atomics.load(words, 0), 2_200_000);
      assert.equal(await both.ask('get'), '2200000');
    });

    test(`each wakes the other, in what ${maker} has made`, async () => {
      await using both = await Shared.by(maker, 'rust.rs', SIZE);
      const words = new Int32Array(both.buffer);
      const woken = both.ask('wait 0');
      await until(() => notify(words, 1) === 1, 'Rust to sleep');
      Atomics.store(words, 1, 7);
      notify(words, 1);
      assert.equal(await woken, '7');
      const { value } = waitAsync(words, 1, 7);
      assert.equal(await both.ask('tell 9'), '1');
      assert.equal(await value, 'ok');
      assert.equal(Atomics.load(words, 1), 9);
    });
  }

  test('Rust is killed while it counts: every step that it did is there', async () => {
    await using both = await Shared.by('the program', 'rust.rs', SIZE);
    const words = new Int32Array(both.buffer);
    both.ask('add 2000000000').catch(() => {});
    await until(() => Atomics.load(words, 0) > 10_000, 'Rust to count');
    await both.replace();
    const count = Atomics.add(words, 0, 1);
    assert.equal(Number(await both.ask('get')), count + 1);
  });
});
