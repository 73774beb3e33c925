// Conservation: what four processes of two threads each add to a plain counter, under one mutex.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Span } from '../../src/index.ts';
import { startChild } from '../channel/children.ts';
import type { CounterJob } from '../fixtures/sync/counter.ts';
import { uniqueName } from '../support/segments.ts';

const PROCESSES = 4;

export async function count(t: TestContext, fair: boolean, ms: number): Promise<void> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const bytes = span.bytes('counter', { size: 8 });
  const program = new URL('../fixtures/sync/counter.js', import.meta.url);
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, () => startChild<CounterJob, number>(t, program)),
  );
  const job = { span: span.name as string, fair, ms };
  const added = await Promise.all(children.map((child) => child.ask(job)));
  const total = added.reduce((sum, each) => sum + each);
  assert.equal(new Int32Array(bytes.buffer, bytes.byteOffset, 1)[0], total);
  t.diagnostic(`${Math.round(total / (ms / 1000))} turns in a second`);
  for (const child of children) child.hangUp();
  await Promise.all(children.map(({ ended }) => ended));
}
