// How soon all parties know of one's death: a victim among blocking and asynchronous waiters, killed while it waits with
// them, or while it computes and they wait for it.
import assert from 'node:assert/strict';
import { Span } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';

/** One that nobody is: so that all wait until the victim dies. */
const PARTIES = 5;

export type Doing = 'computes' | 'blocks' | 'waits asynchronously';

/** Milliseconds of a clock that all processes share. */
const clock = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Told {
  readonly code: string;
  readonly at: number;
}

/** Of one death: milliseconds from the SIGKILL until the last of the others was told, and until the parent knew. */
export interface Delay {
  readonly toldMs: number;
  readonly endedMs: number;
}

export async function killParties(doing: Doing, rounds: number): Promise<Delay[]> {
  using span = Span.create(uniqueName(), { lifetime: 'last-close' });
  const barrier = span.barrier('b', { parties: PARTIES });
  const name = span.name as string;
  const others = await Promise.all([startChild(), startChild()]);
  const delays: Delay[] = [];
  let next = startChild();
  for (let round = 0; round < rounds; round++) {
    const victim = await next;
    next = startChild();
    barrier.reset();
    await victim.run(({ memspan, kept }, name) => {
      kept.span = memspan.Span.join(name);
      kept.span.barrier('b').join();
    }, name);
    const told = [
      ...others.map((child, i) => child.run(wait, name, i === 0 ? 'wait' : 'waitAsync')),
      barrier.waitAsync().then(
        () => assert.fail('it passed'),
        (error): Told => ({ code: error.code, at: clock() }),
      ),
    ];
    await until(() => barrier.arrived === 3, 'the others');
    if (doing !== 'computes') await join(victim, name, doing);
    const ended = victim.exited.then(clock);
    const killedAt = clock();
    victim.process.kill('SIGKILL');
    const found = await Promise.all(told);
    for (const { code } of found) assert.equal(code, 'ERR_MEMSPAN_BROKEN');
    const toldMs = Math.max(...found.map(({ at }) => at)) - killedAt;
    delays.push({ toldMs, endedMs: (await ended) - killedAt });
    assert.equal(barrier.broken, true);
    // It stays so.
    assert.throws(() => barrier.wait(), { code: 'ERR_MEMSPAN_BROKEN' });
    await assert.rejects((others[0] as Child).run(wait, name, 'again'), {
      code: 'ERR_MEMSPAN_BROKEN',
    });
  }
  barrier.reset();
  assert.equal(barrier.arrived, 0);
  await Promise.all([...others, await next].map((child) => child.kill()));
  return delays;

  async function join(victim: Child, name: string, doing: Doing): Promise<void> {
    victim.run(wait, name, doing === 'blocks' ? 'wait' : 'waitAsync').catch(() => {});
    await until(() => barrier.arrived === 4, 'the victim');
  }
}

async function wait({ memspan, kept }: Tools, name: string, form: string): Promise<Told> {
  kept.span ??= memspan.Span.join(name);
  const barrier = kept.span.barrier('b');
  if (form === 'again') barrier.wait();
  try {
    if (form === 'wait') barrier.wait();
    else await barrier.waitAsync();
  } catch (error) {
    const { code } = error as { code: string };
    return { code, at: Number(process.hrtime.bigint()) / 1e6 };
  }
  throw new Error('it passed');
}

export function describe(delays: readonly Delay[]): string {
  const at = (of: (delay: Delay) => number): string => {
    const sorted = delays.map(of).sort((a, b) => a - b);
    const part = (p: number): string =>
      (sorted[Math.floor(p * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
    return `${part(0.5)} ms (p50), ${part(0.99)} ms (p99), ${part(1)} ms (max)`;
  };
  return (
    `${delays.length} deaths: from the SIGKILL, all were told after ${at(({ toldMs }) => toldMs)}; ` +
    `the parent knew of the death after ${at(({ endedMs }) => endedMs)}; ` +
    `from that until all were told ${at(({ toldMs, endedMs }) => toldMs - endedMs)}`
  );
}
