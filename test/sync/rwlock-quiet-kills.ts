// Deaths at a reader-writer lock that nobody else wants just then: a victim dies at one step of many locks at once,
// another one where it repairs what that one has left; and what the next one is told.
import assert from 'node:assert/strict';
import { type RwLock, Span } from '../../src/index.ts';
import type { Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';
import { type Deed, deed, type End, endAt, startVictim } from '../support/victims.ts';

type Told = 'nothing' | 'ownerDied' | 'notRecoverable';

/** What the victim does, as the text of calls, and where it dies. */
type Act = 'read' | 'leave' | 'write' | 'downgrade' | 'upgrade' | 'lose' | 'repair' | 'settle';

interface Death {
  readonly act: Act;
  readonly step: string;
  readonly told: Told;
  readonly isAsync?: boolean;
  readonly asReader?: boolean;
}

/** On a lock that is free. */
const FREE: readonly Death[] = [
  { act: 'read', step: 'read-announced', told: 'nothing' },
  { act: 'read', step: 'read-entered', told: 'nothing' },
  { act: 'leave', step: 'read-retracted', told: 'nothing' },
  { act: 'leave', step: 'read-left', told: 'nothing' },
  { act: 'write', step: 'write-before-take', told: 'nothing' },
  { act: 'write', step: 'write-taken', told: 'nothing' },
  { act: 'write', step: 'write-drained', told: 'nothing' },
  { act: 'write', step: 'write-held', told: 'ownerDied' },
  { act: 'downgrade', step: 'downgrade-announced', told: 'ownerDied' },
  { act: 'upgrade', step: 'write-taken', told: 'nothing' },
  { act: 'upgrade', step: 'write-held', told: 'ownerDied' },
  { act: 'upgrade', step: 'read-retracted', told: 'ownerDied' },
  { act: 'upgrade', step: 'upgrade-done', told: 'ownerDied' },
];

/** On one whose writer has died while it waited for readers. */
const UNTOUCHED: readonly Death[] = [
  { act: 'read', step: 'read-cleared', told: 'nothing' },
  { act: 'read', step: 'read-entered', told: 'nothing' },
  { act: 'write', step: 'write-taken', told: 'nothing' },
  { act: 'write', step: 'write-held', told: 'ownerDied' },
];

/** On one whose writer has died. */
const ABANDONED: readonly Death[] = [false, true]
  .flatMap((asReader): Death[] => [
    { act: 'repair', step: 'write-before-take', told: 'ownerDied', asReader },
    { act: 'repair', step: 'write-taken', told: 'ownerDied', asReader },
    { act: 'repair', step: 'write-held', told: 'ownerDied', asReader },
    { act: 'repair', step: 'recover-before', told: 'ownerDied', asReader },
    { act: 'repair', step: 'recover-after', told: 'ownerDied', asReader },
    { act: 'repair', step: 'recover-consistent', told: 'ownerDied', asReader },
    { act: 'lose', step: 'write-before-lose', told: 'ownerDied', asReader },
    { act: 'lose', step: 'write-lost', told: 'notRecoverable', asReader },
  ])
  .concat([
    { act: 'repair', step: 'downgrade-announced', told: 'ownerDied', asReader: true },
    { act: 'settle', step: 'downgrade-announced', told: 'ownerDied', asReader: true },
  ]);

async function perform(
  { memspan }: Tools,
  span: string,
  name: string,
  act: Act,
  isAsync: boolean,
  asReader: boolean,
): Promise<void> {
  const recover = act === 'repair' ? () => {} : undefined;
  const lock = memspan.Span.join(span).rwlock(name, { recover });
  if (act === 'write') void (isAsync ? await lock.writeAsync() : lock.write());
  else if (act === 'downgrade') lock.write().downgrade();
  else if (act === 'repair') void (asReader ? lock.read() : lock.write());
  else if (act === 'lose') (asReader ? lock.read() : lock.write()).release();
  else {
    const guard = isAsync ? await lock.readAsync() : lock.read();
    if (act === 'leave') guard.release();
    if (act === 'upgrade') guard.tryUpgrade();
    if (act === 'settle') guard.markConsistent();
  }
}

const deedOf = (span: string, name: string, { act, step, isAsync, asReader }: Death): Deed =>
  deed(step, perform, span, name, act, isAsync ?? false, asReader ?? false);

const DEATHS: readonly (readonly [string, Death | null, readonly Death[]])[] = [
  ['free', null, FREE],
  ['untouched', { act: 'write', step: 'write-taken', told: 'nothing' }, UNTOUCHED],
  ['abandoned', { act: 'write', step: 'write-held', told: 'ownerDied' }, ABANDONED],
];

/** A victim dies at all of these at once, each of its locks in the state in which another one has left it. */
export async function dieQuietly(end: End, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    using span = Span.create(uniqueName(), { lifetime: 'last-close' });
    const spanName = span.name as string;
    const cases = DEATHS.flatMap(([state, first, deaths]) =>
      deaths.map((death, i) => {
        const isAsync = (round + i) % 2 === 1 && i === 0;
        return { name: `${state}-${i}-${round}`, first, death: { ...death, isAsync } };
      }),
    );
    const before = cases.flatMap(({ name, first }) =>
      first === null ? [] : [deedOf(spanName, name, first)],
    );
    await endAt(await startVictim('SIGKILL'), before, 'SIGKILL');
    const deeds = cases.map(({ name, death }) => deedOf(spanName, name, death));
    await endAt(await startVictim(end), deeds, end);
    for (const [i, { name, death }] of cases.entries()) {
      const what = `${name}: ${death.act} at ${death.step}, ${end}`;
      await checkNext(span, name, (round + i) % 4, death.told, what);
    }
  }
}

/** The next one, reader or writer, blocking or not, is told what it must know; then it is as good as new. */
async function checkNext(
  span: Span,
  name: string,
  how: number,
  told: Told,
  what: string,
): Promise<void> {
  const lock: RwLock = span.rwlock(name);
  const ways = [
    () => lock.read(),
    () => lock.writeAsync(),
    () => lock.tryWrite(),
    () => lock.readAsync({ timeoutMs: 1000 }),
  ];
  const way = ways[how] as (typeof ways)[0];
  if (told === 'notRecoverable') {
    await assert.rejects(async () => way(), { code: 'ERR_MEMSPAN_NOT_RECOVERABLE' }, what);
    return;
  }
  const guard = await way();
  assert.equal(guard?.ownerDied, told === 'ownerDied', what);
  guard?.markConsistent();
  guard?.release();
  const writing = lock.tryWrite();
  assert.equal(writing?.ownerDied, false, what);
  writing?.release();
  assert.deepEqual(lock.readers, [], what);
}
