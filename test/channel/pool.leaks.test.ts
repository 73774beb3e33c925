// What is taken and not given back: told on demand, and by a warning when nobody can give it back any more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

test('with trackLoans, what is out is told with the place that took it', () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });
  const untracked = span.pool('p', { chunks: 4, chunkSize: 8 });
  const pool = span.pool('p', { trackLoans: true });
  const [writer, reader] = [pool.writer(), pool.reader()];
  function takesOne() {
    return writer.loan();
  }
  const loan = takesOne();
  writer.send('x');
  const taken = reader.take();
  const other = untracked.writer().loan();
  assert.deepEqual(
    pool.leaks.map(({ kind, chunk, lost, fullName }) => [kind, chunk, lost, fullName]),
    [
      ['loan', 0, false, pool.fullName],
      ['take', 1, false, pool.fullName],
    ],
  );
  assert.match(pool.leaks[0]?.stack ?? '', /takesOne/);
  assert.ok((pool.leaks[0]?.since.getTime() ?? 0) <= Date.now());
  assert.deepEqual(untracked.leaks, []);
  loan.publish();
  assert.equal(pool.leaks.length, 1);
  taken?.release();
  assert.deepEqual(pool.leaks, []);
  writer.loan();
  writer.close();
  assert.deepEqual(pool.leaks, [], 'closed');
  other.abort();
});

test('what is lost is reported with its stack, and stays out until its end is closed', async () => {
  using span = Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });
  const pool = span.pool('p', { chunks: 2, chunkSize: 8 });
  const child = await startChild({ execArgv: ['--expose-gc', '--no-warnings'] });
  const found = await child.run(async ({ memspan, kept, collect }, name) => {
    const { subscribe } = process.getBuiltinModule('node:diagnostics_channel');
    kept.span = memspan.Span.join(name);
    const pool = kept.span.pool('p', { trackLoans: true });
    const [writer, reader] = [pool.writer(), pool.reader()];
    const leaks: { kind: string; chunk: number; lost: boolean; stack: string }[] = [];
    const warnings: string[] = [];
    subscribe('memspan:pool:leak', (leak) => leaks.push(leak as (typeof leaks)[0]));
    process.on('warning', (warning) => warnings.push((warning as { code?: string }).code ?? ''));
    (function loses() {
      writer.loan();
      writer.loan().publish();
      reader.take();
    })();
    for (let turn = 0; turn < 100 && warnings.length < 2; turn++) await collect();
    const lost = pool.leaks.map((leak) => leak.lost);
    const { free } = pool.counters;
    writer.close();
    reader.close();
    return { leaks, warnings, lost, free, left: pool.leaks.length };
  }, span.name as string);
  assert.deepEqual(found.leaks.map(({ kind, chunk, lost }) => `${kind} ${chunk} ${lost}`).sort(), [
    'loan 0 true',
    'take 1 true',
  ]);
  assert.match(found.leaks[0]?.stack ?? '', /loses/);
  assert.deepEqual(found.warnings, ['MEMSPAN_POOL_LEAK', 'MEMSPAN_POOL_LEAK']);
  assert.deepEqual([found.lost, found.free, found.left], [[true, true], 0, 0]);
  assert.equal(pool.counters.free, 2);
  await child.kill();
});
