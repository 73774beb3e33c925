// The kill matrix of the reader-writer lock as tests: every step that readers and writers pass, and every way to die.
import { suite, test } from 'node:test';
import { ENDS, type End } from '../support/victims.ts';
import { Arena, type Use } from './rwlock-arena.ts';

const WAITING = [
  'cell-filled',
  'wait-published',
  'rwlock-before-mark',
  'rwlock-marked',
  'wait-before-sleep',
  'wait-woken',
];
/** Only who blocks passes these. */
const BLOCKING = new Set(['wait-published', 'wait-before-sleep', 'wait-woken', 'wait-withdrawn']);

/** At these the victim writes, or has just ceased to; at the others nobody can miss it. */
const WRITING = new Set(['write-held', 'write-before-free', 'wait-withdrawn']);

const STEPS: Record<Use, readonly string[]> = {
  read: [
    ...WAITING,
    'wait-withdrawn',
    'read-announced',
    'read-entered',
    'read-retracted',
    'read-left',
    'bell-rung',
  ],
  write: [
    ...WAITING,
    'wait-withdrawn',
    'write-before-take',
    'write-taken',
    'write-drained',
    'write-held',
    'write-before-free',
    'write-freed',
    'bell-rung',
  ],
};

const LEVELS = 4;

type Step = readonly [Use, string];

const ALL: readonly Step[] = (['read', 'write'] as const).flatMap((use) =>
  STEPS[use].map((step): Step => [use, step]),
);

async function killAt(arena: Arena, [use, step]: Step, end: End, isOdd: boolean): Promise<void> {
  const isAsync = isOdd && !BLOCKING.has(step);
  const told = use === 'write' && WRITING.has(step) ? 'ownerDied' : 'nothing';
  await arena.kill({ use, step, end, isAsync, told });
}

/** At each step one victim, on several levels at once, by one of the ends in turn. */
export async function killOnce(): Promise<void> {
  await using arena = await Arena.open(LEVELS);
  for (const [i, step] of ALL.entries()) {
    await killAt(arena, step, ENDS[i % ENDS.length] as End, i % 2 === 1);
  }
  await arena.rest();
}

/** The same `kills` times for each end, every other time without blocking. */
export function runKills(kills: number): void {
  suite('the kill matrix', () => {
    for (const end of ENDS) {
      for (const step of ALL) {
        test(`dies by ${end} at ${step[1]}, wanting to ${step[0]}`, async () => {
          await using arena = await Arena.open(LEVELS);
          for (let i = 0; i < kills; i++) await killAt(arena, step, end, i % 2 === 1);
          await arena.rest();
        });
      }
    }
  });
}
