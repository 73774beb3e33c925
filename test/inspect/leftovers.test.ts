// What is nobody's, one by one: spans, streams, unfinished segments; and what looks like it and is not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Lifetime, Segment, Span } from '../../src/index.ts';
import {
  type Leftover,
  type Outcome,
  removeLeftover,
} from '../../src/inspect/diagnosis/leftover.ts';
import { diagnose } from '../../src/inspect/diagnosis.ts';
import { start } from '../cli/memspan.ts';
import { type Child, startChild } from '../support/puppets.ts';
import { shmPath, uniqueName, until } from '../support/segments.ts';
import { isStopped, startStepper, stopAt } from '../support/victims.ts';

const SLOW = fileURLToPath(new URL('../fixtures/inspect/slow-cleaner.js', import.meta.url));

function attach(child: Child, name: string, lifetime?: Lifetime): Promise<boolean> {
  return child.run(
    ({ memspan, kept }, name, lifetime) => {
      kept.span = memspan.Span.open(name, lifetime === undefined ? {} : { lifetime });
      return kept.span.recovered;
    },
    name,
    lifetime,
  );
}

/** A span in which somebody has died. */
async function leak(lifetime: Lifetime = 'last-close'): Promise<string> {
  const name = uniqueName();
  const victim = await startChild();
  await attach(victim, name, lifetime);
  await victim.kill();
  return name;
}

/** What is there to be removed, once whoever lists all segments of this machine has let go of it. */
async function fixOf(name: string): Promise<Leftover> {
  await until(() => fixesOf(name).length === 1, 'a leftover to be found');
  return fixesOf(name)[0] ?? fixOf(name);
}

function fixesOf(name: string): Leftover[] {
  return diagnose({ pattern: name }).flatMap(({ fix }) => fix ?? []);
}

const spanOf = (name: string): Leftover => ({ kind: 'span', name, residentSize: 0 });

/** Once whoever lists all segments of this machine just then has let go of it. */
async function removed(leftover: Leftover): Promise<Outcome['outcome']> {
  let outcome: Outcome['outcome'] = 'in-use';
  await until(() => {
    outcome = removeLeftover(leftover).outcome;
    return outcome !== 'in-use';
  }, 'nobody to have it');
  return outcome;
}

test('a span that goes with its last participant: found when all were killed, and removed', async () => {
  const name = await leak();
  const fix = await fixOf(name);
  assert.deepEqual([fix.kind, fix.name], ['span', name]);
  assert.ok(fix.residentSize > 0);
  assert.equal(await removed(fix), 'removed');
  assert.ok(!fs.existsSync(shmPath(name)));
  assert.equal(removeLeftover(fix).outcome, 'gone');
});

test('while one lives, paused or not, it stays, and so does one that somebody only looks at', async () => {
  const name = await leak();
  const other = await startChild();
  assert.equal(await attach(other, name), true);
  assert.deepEqual(fixesOf(name), []);
  assert.equal(removeLeftover(spanOf(name)).outcome, 'in-use');
  other.process.kill('SIGSTOP');
  await isStopped(other, 'it to stop');
  assert.equal(removeLeftover(spanOf(name)).outcome, 'in-use');
  await other.kill();

  const onlooker = await startChild();
  await onlooker.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.open(name, { readOnly: true });
  }, name);
  assert.deepEqual(fixesOf(name), []);
  const finding = diagnose({ pattern: name }).find(({ code }) => code === 'leaked-span');
  assert.match(finding?.remedy ?? '', new RegExp(`\\b${onlooker.pid}\\b`));
  assert.equal(removeLeftover(spanOf(name)).outcome, 'in-use');
  await onlooker.kill();
  assert.equal(await removed(spanOf(name)), 'removed');
});

test('what stays by its own word stays: spans until they are unlinked, raw segments, damaged spans', async () => {
  const stale = await leak('until-unlinked');
  const raw = uniqueName();
  Segment.create(raw, { size: 4096 }).close();
  const damaged = await leak();
  fs.truncateSync(shmPath(damaged), 8192);
  for (const name of [stale, raw, damaged]) {
    assert.deepEqual(fixesOf(name), []);
    for (const kind of ['span', 'stream'] as const) {
      assert.equal(removeLeftover({ ...spanOf(name), kind }).outcome, 'gone');
    }
    assert.ok(fs.existsSync(shmPath(name)));
    Segment.unlink(name);
  }
});

for (const [step, outcome, recovered] of [
  // It sees that somebody has come, and leaves it; or the other one finds the name gone.
  ['deserted-gate-taken', 'in-use', true],
  ['deserted-before-unlink', 'removed', false],
] as const) {
  test(`who joins while a cleaner stands at ${step} has what the name leads to`, async () => {
    const name = await leak();
    const cleaner = spawn(process.execPath, [SLOW, name, step], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(cleaner, 'close');
    let printed = '';
    cleaner.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    await isStopped({ pid: cleaner.pid } as Child, 'the cleaner to stop');
    const joiner = await startStepper();
    await stopAt(joiner, 'gate-refused');
    const joining = attach(joiner, name);
    await isStopped(joiner, 'the joiner to stand at the gate');
    cleaner.kill('SIGCONT');
    await ended;
    joiner.process.kill('SIGCONT');
    assert.deepEqual([await joining, printed.trim()], [recovered, outcome]);
    assert.ok(await joiner.run(({ kept }) => kept.span.segment.isLinked));
    await joiner.run(({ kept }) => kept.span.close());
    Span.unlink(name);
  });
}

test('a stream whose two sides were killed is found and removed, and not while one lives', async () => {
  const name = uniqueName();
  const sides = [start(['recv', name], { unread: true }), start(['send', name], { stdio: 'pipe' })];
  await until(() => isTaken(name), 'both sides to come');
  assert.deepEqual(fixesOf(name), []);
  const stream: Leftover = { kind: 'stream', name, residentSize: 0 };
  assert.equal(removeLeftover(stream).outcome, 'in-use');
  // The other one would notice, and remove it in good order.
  for (const { child } of sides) child.kill('SIGSTOP');
  for (const { child } of sides) child.kill('SIGKILL');
  for (const { ended } of sides) await ended;
  assert.equal((await fixOf(name)).kind, 'stream');
  assert.equal(await removed(stream), 'removed');
});

/** Both ends of the ring have somebody. */
function isTaken(name: string): boolean {
  if (!fs.existsSync(shmPath(name))) return false;
  using segment = Segment.open(name, { readOnly: true });
  return segment.isHeld(0) && segment.isHeld(1);
}

test('an unfinished segment is found when its maker is dead', async () => {
  const maker = await startChild({ env: { MEMSPAN_WITHOUT: 'o_tmpfile' } });
  const pattern = `.memspan-${maker.pid}-*`;
  const making = maker.run(({ memspan }, name) => {
    memspan.Segment.create(name, {
      size: 4096,
      init: () => process.kill(process.pid, 'SIGSTOP'),
    });
  }, uniqueName());
  making.catch(() => {});
  await isStopped(maker, 'the maker to stop in init');
  assert.deepEqual(diagnose({ pattern }), []);
  await maker.kill();
  await assert.rejects(making);
  const [finding, ...others] = diagnose({ pattern });
  assert.deepEqual([finding?.code, others], ['unfinished-segment', []]);
  assert.deepEqual(
    [true, false, false].map(
      (dryRun) => removeLeftover(finding?.fix as Leftover, { dryRun }).outcome,
    ),
    ['removable', 'removed', 'in-use'],
  );
  assert.deepEqual(diagnose({ pattern }), []);
});
