// What every call of a pool, of its ends and of the chunks they have does in every state.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import {
  type Loan,
  type Pool,
  type PoolReader,
  type PoolWriter,
  Span,
  type Taken,
} from '../../src/index.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

const SIZE = 100;

const make = (): Span => Span.create(uniqueName(), { lifetime: 'last-close', size: 2 ** 18 });

interface Subject {
  readonly span: Span;
  readonly pool: Pool;
  readonly writer: PoolWriter<Uint8Array, Uint8Array | string, undefined>;
  readonly reader: PoolReader<Uint8Array, Uint8Array | string, undefined>;
  readonly loan: Loan;
  readonly taken: Taken;
}

const acts: Record<string, (subject: Subject) => unknown> = {
  'pool.writer': ({ pool }) => pool.writer().close(),
  'pool.reader': ({ pool }) => pool.reader().close(),
  'pool.counters': ({ pool }) => pool.counters,
  'pool.used': ({ pool }) => pool.used,
  'pool.leaks': ({ pool }) => pool.leaks,
  'writer.tryLoan': ({ writer }) => writer.tryLoan(),
  'writer.loan': ({ writer }) => writer.loan({ timeoutMs: 0 }),
  'writer.loanAsync': ({ writer }) => writer.loanAsync({ timeoutMs: 0 }),
  'writer.trySend': ({ writer }) => writer.trySend('x'),
  'writer.send': ({ writer }) => writer.send('x', { timeoutMs: 0 }),
  'writer.sendAsync': ({ writer }) => writer.sendAsync('x', { timeoutMs: 0 }),
  'writer.close': ({ writer }) => writer.close(),
  'reader.tryTake': ({ reader }) => reader.tryTake(),
  'reader.take': ({ reader }) => reader.take({ timeoutMs: 0 }),
  'reader.takeAsync': ({ reader }) => reader.takeAsync({ timeoutMs: 0 }),
  'reader.tryReceive': ({ reader }) => reader.tryReceive(),
  'reader.receive': ({ reader }) => reader.receive({ timeoutMs: 0 }),
  'reader.receiveAsync': ({ reader }) => reader.receiveAsync({ timeoutMs: 0 }),
  'reader.readBatch': ({ reader }) => reader.readBatch(3),
  'reader.ended': ({ reader }) => reader.ended,
  'reader.close': ({ reader }) => reader.close(),
  'loan.bytes': ({ loan }) => loan.bytes,
  'loan.plainBytes': ({ loan }) => loan.plainBytes,
  'loan.value': ({ loan }) => loan.value,
  'loan.publish': ({ loan }) => loan.publish(),
  'loan.abort': ({ loan }) => loan.abort(),
  'taken.bytes': ({ taken }) => taken.bytes,
  'taken.plainBytes': ({ taken }) => taken.plainBytes,
  'taken.value': ({ taken }) => taken.value,
  'taken.release': ({ taken }) => taken.release(),
};

const states: Record<string, (subject: Subject) => void> = {
  open: () => {},
  published({ loan, taken }) {
    loan.publish();
    taken.release();
  },
  aborted({ loan, taken }) {
    loan.abort();
    taken.release();
  },
  endsClosed({ writer, reader }) {
    writer.close();
    reader.close();
  },
  spanClosed: ({ span }) => span.close(),
  truncated: ({ span }) => fs.truncateSync(shmPath(span.name as string), 0),
};

/**
 * One line per call, one column per state: `ok`, or the code that is thrown, less ERR_MEMSPAN_. That memory was cut short is
 * seen by who reads or writes it.
 */
const [header = [], ...rows] = `
  .                    open  published  aborted  endsClosed  spanClosed  truncated
  pool.writer          ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.reader          ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.counters        ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.used            ok    ok         ok       ok          CLOSED      TRUNCATED
  pool.leaks           ok    ok         ok       ok          ok          ok
  writer.tryLoan       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.loan          ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.loanAsync     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.trySend       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.send          ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.sendAsync     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  writer.close         ok    ok         ok       ok          ok          ok
  reader.tryTake       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.take          ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.takeAsync     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.tryReceive    ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.receive       ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.receiveAsync  ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.readBatch     ok    ok         ok       CLOSED      CLOSED      TRUNCATED
  reader.ended         ok    ok         ok       ok          ok          ok
  reader.close         ok    ok         ok       ok          ok          ok
  loan.bytes           ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  loan.plainBytes      ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  loan.value           ok    CLOSED     CLOSED   CLOSED      ok          ok
  loan.publish         ok    CLOSED     CLOSED   CLOSED      CLOSED      TRUNCATED
  loan.abort           ok    ok         ok       ok          ok          ok
  taken.bytes          ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  taken.plainBytes     ok    CLOSED     CLOSED   CLOSED      CLOSED      ok
  taken.value          ok    CLOSED     CLOSED   CLOSED      ok          ok
  taken.release        ok    ok         ok       ok          ok          ok`
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/));

for (const [column, state] of header.slice(1).entries()) {
  test(`what the ends of a pool can do that is ${state}`, async () => {
    for (const [what = '', ...outcomes] of rows) {
      using span = make();
      const pool = span.pool('p', { chunks: 3, chunkSize: SIZE });
      const [writer, reader] = [pool.writer(), pool.reader()];
      writer.send('one');
      const taken = reader.take() as Taken;
      const loan = writer.loan();
      const subject = { span, pool, writer, reader, loan, taken };
      states[state]?.(subject);
      let code = 'ok';
      try {
        await acts[what]?.(subject);
      } catch (error) {
        code = (error as { code: string }).code.replace('ERR_MEMSPAN_', '');
      }
      // A name whose file was cut short is not removed by the last who leaves.
      if (state === 'truncated') Span.unlink(span.name as string);
      assert.equal(code, outcomes[column], `${what} of a pool that is ${state}`);
    }
  });
}

test('the table knows every call', () => {
  assert.deepEqual(
    rows.map(([what]) => what),
    Object.keys(acts),
  );
  assert.deepEqual(header.slice(1), Object.keys(states));
});
