// In a sandbox that refuses system calls, as containers do: with EPERM (Docker for long) or ENOSYS. What memspan can do
// without goes on in another way; what it cannot do without is said.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Segment } from '../../src/index.ts';
import { compiled } from '../interop/compile.ts';
import { needs } from '../support/extras.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { leftovers, uniqueName } from '../support/segments.ts';

const SEAL = 'test/fixtures/segment/seal.c';
const skip = needs('gcc');
const FEATURES = new URL('../../src/segment/features.js', import.meta.url).href;

/** What is refused, and which features are then missing. */
const groups: readonly (readonly [groups: string, missing: readonly string[]])[] = [
  ['memfd', ['memfd']],
  ['o_tmpfile', ['oTmpfile']],
  ['renameat2', ['renameat2']],
  ['o_tmpfile,renameat2', ['oTmpfile', 'renameat2']],
  ['leases', ['leases']],
  ['inotify', ['inotify']],
  ['futex_waitv', ['futexWaitv']],
  ['pidfd', []],
  ['io_uring', ['ioUring']],
  [
    'memfd,o_tmpfile,renameat2,leases,inotify,futex_waitv,pidfd,io_uring',
    ['futexWaitv', 'inotify', 'ioUring', 'leases', 'memfd', 'oTmpfile', 'renameat2'],
  ],
];

async function sealed(error: string, what: string): Promise<Child> {
  return startChild({ under: [await compiled(SEAL), error, what] });
}

/** In that sandbox, or in none but the one that the suite may be in. */
async function missingIn(...seal: [error: string, what: string] | []): Promise<string[]> {
  const program = `
    import { features } from ${JSON.stringify(FEATURES)};
    console.log(Object.entries(features()).flatMap(([name, has]) => (has ? [] : name)).sort().join());`;
  const under = seal.length > 0 ? [await compiled(SEAL), ...seal] : [];
  const [command = '', ...args] = [
    ...under,
    process.execPath,
    '--input-type=module',
    '-e',
    program,
  ];
  const { stdout } = await promisify(execFile)(command, args);
  return stdout.trim().split(',').filter(Boolean);
}

for (const error of ['EPERM', 'ENOSYS']) {
  for (const [what, missing] of groups) {
    test(`${what} answers ${error}: segments are made whole, a killed owner's mutex goes on`, {
      skip,
    }, async () => {
      const name = uniqueName();
      const [owner, waiter] = await Promise.all([sealed(error, what), sealed(error, what)]);
      const expected = new Set([...missing, ...(await missingIn())]);
      assert.deepEqual(await missingIn(error, what), [...expected].sort());

      const made = await owner.run(({ memspan }, name) => {
        const { Segment } = memspan;
        const init = ({ buffer }: { buffer: SharedArrayBuffer }): void => {
          new Uint8Array(buffer).fill(9);
        };
        const segment = Segment.create(`${name}-raw`, { size: 5000, init });
        let second = 'replaced';
        try {
          Segment.create(`${name}-raw`, { size: 1 });
        } catch (error) {
          second = (error as { code: string }).code;
        }
        const words = new Int32Array(Segment.anonymous(4096).buffer);
        return { linked: segment.isLinked, second, wait: memspan.wait(words, 0, 0, 1) };
      }, name);
      assert.deepEqual(made, { linked: true, second: 'ERR_MEMSPAN_EXISTS', wait: 'timed-out' });
      using raw = Segment.open(`${name}-raw`);
      assert.ok(new Uint8Array(raw.buffer).every((byte) => byte === 9));
      raw.unlink();

      await owner.run(({ memspan, kept }, name) => {
        kept.span = memspan.Span.open(name, { lifetime: 'last-close' });
        kept.span.mutex('m').lock();
      }, name);
      const next = waiter.run(async ({ memspan, kept }, name) => {
        kept.span = memspan.Span.join(name);
        const mutex = kept.span.mutex('m', { recover: () => {} });
        const [blocking, waiting] = [mutex.lockAsync(), mutex.lockAsync()];
        const first = await blocking;
        const { ownerDied } = first;
        first.release();
        (await waiting).release();
        const again = mutex.lock();
        again.release();
        return ownerDied;
      }, name);
      await owner.kill();
      assert.equal(await next, true);
      await waiter.run(({ kept }) => kept.span.close());
      assert.deepEqual(leftovers(), []);
    });
  }

  test(`OFD locks answer ${error}: spans refuse, and segments go on`, { skip }, async () => {
    const child = await sealed(error, 'ofd_locks');
    const expected = new Set(['ofdLocks', ...(await missingIn())]);
    assert.deepEqual(await missingIn(error, 'ofd_locks'), [...expected].sort());
    const name = uniqueName();
    const answers = await child.run(({ memspan }, name) => {
      const raw = memspan.Segment.create(name, { size: 10 });
      raw.unlink();
      try {
        memspan.Span.open(name);
        return [raw.created, 'open'];
      } catch (error) {
        return [raw.created, (error as { code: string }).code, (error as Error).message];
      }
    }, name);
    assert.deepEqual(answers.slice(0, 2), [true, 'ERR_MEMSPAN_UNSUPPORTED']);
    assert.match(String(answers[2]), new RegExp(`F_OFD_SETLK: ${error}`));
    assert.deepEqual(leftovers(), []);
  });
}
