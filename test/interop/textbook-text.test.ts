// examples/textbook, the programs around one object: the counters, hello, reader-writer and the one that tears.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import { needs } from '../support/extras.ts';
import { shmPath, uniqueName } from '../support/segments.ts';
import { compile, type Language, languages, pairs, Terminal } from './textbook.ts';

const KIB = 1024;

suite('the textbook: one object', { skip: needs('gcc') }, () => {
  before(() => compile('counter', 'mutex', 'hello', 'reader-writer', 'tearing'));

  for (const language of languages) {
    test(`counter.${suffix(language)}: atomic loses nothing, plain does`, async () => {
      const atomic = await Terminal.start(language, 'counter', 'atomic', '100000');
      assert.equal(await atomic.rest(), '200000 of 200000\n');
      for (let run = 1, total = 2_000_000; total === 2_000_000; run++) {
        assert.ok(run <= 500, 'nothing was ever lost');
        const plain = await Terminal.start(language, 'counter', 'plain', '1000000');
        total = Number.parseInt(await plain.rest(), 10);
        assert.ok(total >= 2 && total <= 2_000_000, `${total}`);
      }
    });
  }

  for (const [one, other] of pairs) {
    test(`mutex.${suffix(one)} and mutex.${suffix(other)} add at once, and nothing is lost`, async () => {
      const name = uniqueName();
      const mutex = async (language: Language, ...args: [string, ...string[]]) =>
        (await Terminal.start(language, 'mutex', args[0], `/${name}`, ...args.slice(1))).rest();
      await mutex(one, 'create');
      const totals = await Promise.all([mutex(one, 'add', '20000'), mutex(other, 'add', '20000')]);
      assert.equal(Math.max(...totals.map(Number)), 40_000);
      await mutex(other, 'remove');
      assert.equal(existsSync(shmPath(name)), false);
    });

    test(`hello.${suffix(one)} writes and ends; hello.${suffix(other)} reads it later`, async () => {
      const name = uniqueName();
      const hello = async (language: Language, what: string) =>
        (await Terminal.start(language, 'hello', what, `/${name}`)).rest();
      await hello(one, 'write');
      assert.equal(readFileSync(shmPath(name)).length, 4096);
      assert.equal(await hello(other, 'read'), 'Hello\n');
      await hello(one, 'remove');
      assert.equal(existsSync(shmPath(name)), false);
    });

    test(`reader-writer.${suffix(one)} and reader-writer.${suffix(other)} have one text, one version, one counter`, async (t) => {
      const name = nameFor(t);
      const [writer, reader] = await both(one, other, name);
      assert.equal(await reader.command('r'), 'version 0, counter 0:');
      assert.equal(await writer.command('w Hello, wörld'), '');
      assert.equal(await reader.command('r'), 'version 1, counter 0: Hello, wörld');
      await reader.command('w Hi');
      assert.equal(await writer.command('r'), 'version 2, counter 0: Hi');
      assert.equal(await writer.command('?'), 'r, w TEXT, i NUM, d NUM, t OFFSET, q');
      await Promise.all(
        [writer, reader].map(async (terminal) => {
          const steps = Array.from({ length: 100 }, (_, i) => (i % 4 === 3 ? 'd 2' : 'i 3'));
          terminal.type(...steps);
          for (const _ of steps) await terminal.take('> ');
        }),
      );
      assert.equal(await reader.command('r'), 'version 2, counter 350: Hi');
      writer.type('q');
      assert.deepEqual(await writer.end(), { code: 0, signal: null });
      await reader.rest();
    });

    test(`tearing.${suffix(one)} writes one letter at a time, and reader-writer.${suffix(other)} sees two`, async (t) => {
      const name = nameFor(t);
      const writer = await Terminal.start(one, 'tearing', `/${name}`);
      const reader = await Terminal.start(other, 'reader-writer', `/${name}`);
      assert.equal(await writer.line(), 'writing; Ctrl-C ends it');
      await reader.take('> ');
      for (let reads = 1, letters = 0; letters < 2; reads++) {
        assert.ok(reads <= 20_000, 'every text was whole');
        const text = /^version 0, counter 0: ([a-z]*)$/.exec(await reader.command('r'))?.[1];
        letters = new Set(text).size;
      }
      await reader.rest();
      assert.deepEqual(await writer.kill('SIGINT'), { code: null, signal: 'SIGINT' });
    });
  }

  test('reader-writer leaves the same bytes in either language, also of texts that are too long', async (t) => {
    const left: Buffer[] = [];
    for (const language of languages) {
      const name = nameFor(t);
      const terminal = await Terminal.start(language, 'reader-writer', `/${name}`);
      await terminal.take('> ');
      // The last byte that there is room for is the first half of a letter.
      await terminal.command(`w x${'ö'.repeat(700)}`);
      left.push(readFileSync(shmPath(name)));
      await terminal.command('w a €, and no more of the former text');
      await terminal.command('i 2147483647');
      await terminal.command('i 2');
      await terminal.rest();
      left.push(readFileSync(shmPath(name)));
    }
    assert.deepEqual(left[0], left[2]);
    assert.deepEqual(left[1], left[3]);
    const [long, short] = left as [Buffer, Buffer];
    assert.equal(long.length, KIB + 4);
    assert.equal(long.readInt32LE(0), 1);
    assert.deepEqual(long.subarray(4, KIB), Buffer.from(`x${'ö'.repeat(509)}\0`));
    assert.deepEqual(
      short.subarray(0, KIB),
      Buffer.concat(
        [Buffer.of(2, 0, 0, 0), Buffer.from('a €, and no more of the former text')],
        KIB,
      ),
    );
    assert.equal(short.readInt32LE(KIB), -2147483647);
  });

  for (const language of languages) {
    test(`reader-writer.${suffix(language)} says where the kernel has mapped the object`, async (t) => {
      const name = nameFor(t);
      const terminal = await Terminal.start(language, 'reader-writer', `/${name}`, '1M');
      const address = /^1048576 bytes at 0x([0-9a-f]+)$/.exec(await terminal.line())?.[1];
      const maps = readFileSync(`/proc/${terminal.pid}/maps`, 'utf8').split('\n');
      const mapped = maps.filter((line) => line.endsWith(shmPath(name)));
      assert.ok(
        mapped.some((line) => line.startsWith(`${address}-`)),
        `${address} ${mapped}`,
      );
      await terminal.rest();
    });
  }

  test('C: a touch beyond the object is SIGBUS, one outside the mapping and a write to read-only memory are SIGSEGV', async (t) => {
    const name = nameFor(t);
    const touch = async (options: string[], ...lines: string[]) => {
      const terminal = await Terminal.start('C', 'reader-writer', `/${name}`, ...options);
      await terminal.take('> ');
      terminal.type(...lines);
      return { ...(await terminal.end()), output: terminal.output };
    };
    const died = (signal: string, output: string) => ({ code: null, signal, output });
    // What the text does not fill of its page is there, too.
    assert.deepEqual(await touch(['1M'], 't 4095', 't 4096'), died('SIGBUS', '0\n> '));
    assert.deepEqual(await touch(['1M'], 't 1048575'), died('SIGBUS', ''));
    assert.deepEqual(await touch(['1M'], 't 1073741824'), died('SIGSEGV', ''));
    assert.deepEqual(await touch(['read-only'], 'w no'), died('SIGSEGV', ''));
    const after = await Terminal.start('C', 'reader-writer', `/${name}`, 'read-only');
    await after.take('> ');
    assert.equal(await after.command('r'), 'version 0, counter 0:');
  });

  test('TypeScript: the same touches are errors, and the program goes on', async (t) => {
    const name = nameFor(t);
    const wide = await Terminal.start('TypeScript', 'reader-writer', `/${name}`, '1M');
    await wide.take('> ');
    await wide.command('w still here');
    assert.equal(await wide.command('t 4095'), '0');
    for (const offset of [4096, 1048575]) {
      assert.match(await wide.command(`t ${offset}`), /^0\nERR_MEMSPAN_TRUNCATED: .*its end/);
    }
    assert.equal(await wide.command('t 1073741824'), 'undefined');
    assert.equal(await wide.command('r'), 'version 1, counter 0: still here');

    const reader = await Terminal.start('TypeScript', 'reader-writer', `/${name}`, 'read-only');
    await reader.take('> ');
    assert.match(await reader.command('w no'), /^ERR_MEMSPAN_READ_ONLY: /);
    assert.match(await reader.command('i 1'), /^ERR_MEMSPAN_READ_ONLY: /);
    assert.equal(await reader.command('r'), 'version 1, counter 0: still here');
    await wide.command('w and seen');
    assert.equal(await reader.command('r'), 'version 2, counter 0: and seen');
    await wide.rest();
    await reader.rest();
  });
});

function suffix(language: Language): string {
  return language === 'C' ? 'c' : 'ts';
}

/** An object's name, which is removed when the test is done. */
function nameFor(t: { after(fn: () => void): void }): string {
  const name = uniqueName();
  t.after(() => rmSync(shmPath(name)));
  return name;
}

async function both(one: Language, other: Language, name: string): Promise<[Terminal, Terminal]> {
  const writer = await Terminal.start(one, 'reader-writer', `/${name}`);
  const reader = await Terminal.start(other, 'reader-writer', `/${name}`);
  for (const terminal of [writer, reader]) {
    assert.match(await terminal.line(), /^1028 bytes at 0x[0-9a-f]+$/);
    await terminal.take('> ');
  }
  return [writer, reader];
}
