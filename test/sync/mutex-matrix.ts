// The kill matrix as tests: every step that a locker passes, every way to die, fair and not, alone and as the one
// who repairs.
import { after, before, suite, test } from 'node:test';
import { BOUT_LOST } from './mutex-arena.ts';
import { Arena, type End, type Told } from './mutex-kills.ts';

type Steps = Readonly<Record<string, Told>>;

/** At these the victim has nothing that anybody could miss; at the others it has the lock. */
const common: Steps = {
  'cell-filled': 'nothing',
  'wait-published': 'nothing',
  'lock-before-mark': 'nothing',
  'lock-marked': 'nothing',
  'wait-before-sleep': 'nothing',
  'wait-woken': 'nothing',
  'lock-before-take': 'nothing',
  'lock-taken': 'ownerDied',
  holding: 'ownerDied',
  'unlock-before-find': 'ownerDied',
  'bell-rung': 'nothing',
};
const plain: Steps = { ...common, 'unlock-before-wake': 'nothing', 'unlock-done': 'nothing' };
const fair: Steps = { ...common, 'unlock-granted': 'nothing' };
/** Only who blocks passes these. */
const BLOCKING = new Set(['wait-published', 'wait-before-sleep', 'wait-woken']);

/** The repairer: its predecessor's death is told to whoever comes after it, until it has repaired. */
const repair: Steps = {
  'lock-before-take': 'ownerDied',
  'lock-taken': 'ownerDied',
  'recover-before': 'ownerDied',
  'recover-after': 'ownerDied',
  'recover-consistent': 'ownerDied',
  holding: 'ownerDied',
  'unlock-before-find': 'ownerDied',
  'bell-rung': 'nothing',
};
const repairPlain: Steps = { ...repair, 'unlock-before-wake': 'nothing', 'unlock-done': 'nothing' };
const repairFair: Steps = { ...repair, 'unlock-granted': 'nothing' };

const LEVELS = 10;

/** `kills` per step with SIGKILL, `others` in each of the other ways; ten at a time. */
export function runKills(kills: number, others: number): void {
  suite('the kill matrix', () => declareKills(kills / LEVELS, others / LEVELS));
}

function declareKills(kills: number, others: number): void {
  let arena: Arena;
  before(async () => {
    arena = await Arena.open(LEVELS, 3);
  });
  after(() => arena[Symbol.asyncDispose]());

  for (const [how, steps, bout] of [
    ['plain', plain, 2],
    ['fair', fair, 3],
  ] as const) {
    for (const [i, end] of (['SIGKILL', 'exit', 'terminate'] as const satisfies End[]).entries()) {
      const rounds = end === 'SIGKILL' ? kills : others;
      for (const [step, told] of Object.entries(steps)) {
        test(`${how}: dies by ${end} at ${step}`, async () => {
          for (let round = 0; round < rounds; round++) {
            // Both forms, also where there is only one round of each end.
            const isAsync = (round + i) % 2 === 1 && !BLOCKING.has(step);
            await arena.kill({ bout, step, end, told, isAsync });
          }
        });
      }
    }
    test(`${how}: dies at a random moment`, async () => {
      for (let round = 0; round < kills; round++) {
        await arena.killAtRandom(bout, Math.random() * 5);
      }
    });
  }

  for (const [how, steps, first] of [
    ['plain', repairPlain, 100],
    ['fair', repairFair, 101],
  ] as const) {
    test(`${how}: the repairer dies, too, at each of its steps`, async () => {
      const names = Object.keys(steps);
      const bouts = names.map((_, i) => first + 2 * i);
      for (let round = 0; round < kills; round++) {
        await arena.abandon(bouts);
        for (const [i, step] of names.entries()) {
          const told = steps[step] as Told;
          const bout = bouts[i] as number;
          await arena.kill({ bout, step, end: 'SIGKILL', told, isRepairer: true });
        }
      }
    });
    test(`${how}: who does not repair, and dies giving it up, leaves it not recoverable`, async () => {
      const deaths = ['unlock-before-lose', 'unlock-lost'];
      const [told, end, isRepairer] = ['notRecoverable', 'SIGKILL', true] as const;
      for (let round = 0; round < kills; round++) {
        const bouts = deaths.map((_, i) => BOUT_LOST + 4 * round + 2 * i + (first % 2));
        await arena.abandon(bouts);
        for (const [i, step] of deaths.entries()) {
          await arena.kill({ bout: bouts[i] as number, step, end, told, isRepairer });
        }
      }
    });
  }

  test('the time from the death of an owner to the next one', (t) => {
    t.diagnostic(arena.describeDelays());
  });
}
