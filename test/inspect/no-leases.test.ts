// Where the kernel does not say who has a file open, `memspan doctor --clean` has no proof that a span is nobody's: it stays, and
// that is said. An unfinished segment's maker holds a lock, which is proof enough.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { start } from '../cli/memspan.ts';
import { startChild } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

test('without leases no span is removed, and an unfinished segment is', async () => {
  const name = uniqueName();
  const env = { MEMSPAN_WITHOUT: 'o_tmpfile' };
  const [owner, maker] = await Promise.all([
    startChild({ env: { MEMSPAN_WITHOUT: '' } }),
    startChild({ env }),
  ]);
  await owner.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name, { lifetime: 'last-close' });
  }, name);
  const making = maker.run(({ memspan }, name) => {
    const init = (): void => void process.kill(process.pid, 'SIGKILL');
    memspan.Segment.create(name, { size: 4096, init });
  }, uniqueName());
  await assert.rejects(making);
  await owner.kill();
  const unfinished = fs
    .readdirSync('/dev/shm')
    .find((each) => each.startsWith(`.memspan-${maker.pid}-`));
  assert.ok(unfinished !== undefined);

  const clean = (pattern: string) =>
    start(['doctor', '--clean', '--yes', pattern], { env: { MEMSPAN_WITHOUT: 'leases' } }).ended;
  const [span, hidden] = await Promise.all([clean(name), clean(`.memspan-${maker.pid}-*`)]);
  assert.match(
    String(span.stdout),
    new RegExp(`kept, unknown +${name} .*the kernel does not tell`),
  );
  assert.match(String(hidden.stdout), new RegExp(`removed +${unfinished.replace('.', '\\.')}`));
  assert.deepEqual(
    [fs.existsSync(shmPath(name)), fs.existsSync(shmPath(unfinished))],
    [true, false],
  );
  Segment.unlink(name);
});
