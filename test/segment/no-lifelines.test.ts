// Where there are no open-file-description locks nobody can tell who is alive: what stands on that refuses before it has
// made anything, and says why; what does not goes on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notify, Segment } from '../../src/index.ts';
import { type Ended, start } from '../cli/memspan.ts';
import { startChild } from '../support/puppets.ts';
import { leftovers, uniqueName, until } from '../support/segments.ts';

const env = { MEMSPAN_WITHOUT: 'ofd_locks' };

test('spans, and all that is made by way of them, refuse and leave nothing', async () => {
  const child = await startChild({ env });
  const refusals = await child.run(async ({ memspan, locks, fs }, name) => {
    const { Span, Segment, Ring } = memspan;
    const descriptors = (): number => fs.readdirSync('/proc/self/fd').length;
    const acts: Record<string, () => unknown> = {
      'Span.open': () => Span.open(name),
      'Span.create': () => Span.create(name),
      'Span.join': () => Span.join(name),
      'Span.user': () => Span.user(),
      'Span.anonymous': () => Span.anonymous(),
      'Span.fromSegment': () => Span.fromSegment(Segment.anonymous(2 ** 20)),
      find: () => memspan.find(),
      'locks.request': () => new locks.LockManager({ space: name }).request('x', () => {}),
      'ring.writer': () => {
        const memory = Segment.anonymous(2 ** 16);
        try {
          return new Ring(memory).writer();
        } finally {
          memory.close();
        }
      },
    };
    const refusals: { what: string; code: string; message: string; left: number }[] = [];
    for (const [what, act] of Object.entries(acts)) {
      const before = descriptors();
      try {
        await act();
        refusals.push({ what, code: 'none', message: '', left: 0 });
      } catch (error) {
        const { code, message } = error as { code: string; message: string };
        refusals.push({ what, code, message, left: descriptors() - before });
      }
    }
    return refusals;
  }, uniqueName());
  assert.equal(refusals.length, 9);
  for (const { what, code, message, left } of refusals) {
    assert.deepEqual([code, left], ['ERR_MEMSPAN_UNSUPPORTED', 0], `${what}: ${message}`);
    assert.match(message, /no open-file-description locks.*EINVAL.*Linux 3\.15/, what);
  }
  assert.deepEqual(leftovers(), []);
});

test('raw segments, wait, notify and the system’s own objects go on', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 4096 });
  const child = await startChild({ env });
  const waited = child.run(({ memspan, posix, kept }, name) => {
    kept.segment = memspan.Segment.open(name);
    kept.words = new Int32Array(kept.segment.buffer);
    const mutex = posix.pthread_mutex_t(kept.segment.buffer, 64);
    posix.pthread_mutex_init(mutex, {});
    posix.pthread_mutex_lock(mutex);
    posix.pthread_mutex_unlock(mutex);
    return memspan.wait(kept.words, 0, 0, 30_000);
  }, name);
  const words = new Int32Array(segment.buffer);
  await until(() => notify(words, 0) === 1, 'it to wait');
  assert.equal(await waited, 'ok');
  segment.unlink();
});

const ended = (...args: string[]): Promise<Ended> => start(args, { env }).ended;

test('the command line lists and diagnoses what there is, and says what is missing', async () => {
  const name = uniqueName();
  using raw = Segment.create(name, { size: 4096 });
  const owner = await startChild({ env: { MEMSPAN_WITHOUT: '' } });
  await owner.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name, { lifetime: 'last-close' });
  }, `${name}-span`);
  const [list, doctor, clean, send, inspect, demo] = await Promise.all([
    ended('ls', `${name}*`),
    ended('doctor'),
    ended('doctor', '--clean', '--yes', `${name}*`),
    ended('send', `${name}-stream`),
    ended('inspect', `${name}-span`),
    ended('demo'),
  ]);
  assert.match(String(list.stdout), new RegExp(`${name} `));
  assert.match(String(doctor.stdout), /✗ kernel: open-file-description locks cannot be had/);
  for (const { code, stderr } of [send, inspect, demo]) {
    assert.equal(code, 1);
    assert.match(stderr, /^memspan: .*no open-file-description locks/m);
  }
  assert.deepEqual([list.stderr, doctor.stderr, clean.stderr], ['', '', '']);
  assert.deepEqual(
    Segment.list(`${name}*`).map((info) => info.name),
    [name, `${name}-span`],
  );
  assert.ok(!raw.closed);
  await owner.run(({ kept }) => kept.span.close());
  raw.unlink();
});
