// Deaths at every step of the protocol, and what must be true after each: the right one comes next, never two at once,
// and nothing is left of the dead.
import assert from 'node:assert/strict';
import { Segment } from '../../src/index.ts';
import { type LockInfo, LockManager } from '../../src/locks/locks.ts';
import { type Puppet, startChild, startWorker } from '../support/puppets.ts';
import { leftovers, uniqueName, until } from '../support/segments.ts';
import {
  arm,
  ask,
  close,
  type Deed,
  type End,
  ending,
  open,
  perform,
  release,
  turns,
} from './deeds.ts';
import { type Holding, hold } from './spaces.ts';

/** What the victim does when it ends, and at which steps of that. */
export const steps: readonly (readonly [Deed, readonly string[]])[] = [
  ['take', ['claim-filled', 'claim-held', 'claim-granted', 'claims-before-forget']],
  ['hold', ['holding']],
  ['wait', ['claim-filled', 'claim-stored', 'claim-published', 'claim-backed-off']],
  ['granted', ['claim-held', 'claim-granted']],
  ['release', ['claim-freed', 'ring-before', 'bell-rung', 'rung-before-look']],
  ['give up', ['claim-withdrawn']],
  ['steal', ['steal-stored', 'steal-published', 'steal-robbed', 'bell-rung', 'steal-done']],
];

/** At these steps of a theft the holder has lost nothing yet. */
const BEFORE_ROBBING = new Set(['steal-stored', 'steal-published']);

const TRIES_MAX = 50;

const env: NodeJS.ProcessEnv = { MEMSPAN_STEPS: '1' };
const ENDED: Readonly<Partial<Record<End, readonly [number | null, string | null]>>> = {
  SIGKILL: [null, 'SIGKILL'],
  exit: [0, null],
  terminate: [1, null],
};

/** A child that is always there, and victims that start before they are needed. */
export class Arena implements AsyncDisposable {
  readonly #neighbour: Puppet;
  readonly #stock: Promise<Puppet>[] = [];
  readonly #control: Segment = Segment.create(uniqueName(), { size: 4 });

  private constructor(neighbour: Puppet) {
    this.#neighbour = neighbour;
  }

  static async open(): Promise<Arena> {
    return new Arena(await startChild({ env }));
  }

  #victim(end: End): Promise<Puppet> {
    if (end === 'terminate') return startWorker({ env });
    while (this.#stock.length < 2) this.#stock.push(startChild({ env }));
    return this.#stock.shift() as Promise<Puppet>;
  }

  /** A victim dies at that step. Who looks by chance at the right moment can spare it some: then once more. */
  async kill(deed: Deed, step: string, end: End): Promise<void> {
    for (let tries = 1; !(await this.#tryKill(deed, step, end)); tries++) {
      assert.ok(tries < TRIES_MAX, `${deed} does not come to ${step}`);
    }
  }

  async #tryKill(deed: Deed, step: string, end: End): Promise<boolean> {
    const where = `${deed}: ${step} by ${end}`;
    const victim = await this.#victim(end);
    const us = new LockManager({ space: uniqueName() });
    const bout = new Bout(us, this.#neighbour, victim);
    await bout.open();
    if (step === 'claims-before-forget') await leaveClaims(us.space);
    await bout.prepare(deed);
    const isReached = await this.#end(bout, deed, step, end, where);
    await bout.checkNext(deed, step, where);
    await this.#checkAll(us, where);
    await this.#neighbour.run(close);
    us.close();
    assert.ok(!leftovers().includes(us.space), where);
    return isReached;
  }

  async #end(bout: Bout, deed: Deed, step: string, end: End, where: string): Promise<boolean> {
    const { victim, neighbour } = bout;
    const flag = new Int32Array(new SharedArrayBuffer(4));
    await victim.run(arm, step, end, flag);
    let isOver = false;
    const over = victim.run(perform, deed).then(
      () => {
        isOver = true;
      },
      () => {},
    );
    if (deed === 'granted') await neighbour.run(release);
    if (end === 'terminate') {
      await until(() => isOver || flag[0] === 1, `the worker to come to its step; ${where}`);
      await victim.kill();
    }
    await over;
    const { code, signal } = isOver ? await victim.kill() : await victim.exited;
    if (!isOver) assert.deepEqual([code, signal], ENDED[end], where);
    return !isOver;
  }

  /** Everybody has their turns, one at a time, and then there is nothing. */
  async #checkAll(us: LockManager, where: string): Promise<void> {
    const { name: control } = this.#control;
    const words = new Int32Array(this.#control.buffer);
    let broken = 0;
    const ours = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) {
        await us.request('x', async () => {
          if (Atomics.compareExchange(words, 0, 0, process.pid) !== 0) broken++;
          await new Promise(setImmediate);
          if (Atomics.compareExchange(words, 0, process.pid, 0) !== process.pid) broken++;
        });
      }
    };
    const theirs = this.#neighbour.run(turns, 'x', control as string, 3);
    await ours();
    assert.equal((await theirs) + broken, 0, `${where}: two at once`);
    assert.deepEqual(await us.query(), { held: [], pending: [] }, where);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const spare = await Promise.all(this.#stock);
    await Promise.all([...spare, this.#neighbour].map((puppet) => puppet.kill()));
    this.#control.unlink();
    this.#control.close();
  }
}

/** Somebody has died with a lock. */
async function leaveClaims(space: string): Promise<void> {
  const worker = await startWorker();
  await worker.run(open, space);
  await worker.run(ask, 'x');
  await worker.kill();
}

class Bout {
  readonly us: LockManager;
  readonly neighbour: Puppet;
  readonly victim: Puppet;
  readonly #order: string[] = [];
  /** Our own request, behind the neighbour's and the victim's. */
  #ours: Promise<Holding> | undefined;

  constructor(us: LockManager, neighbour: Puppet, victim: Puppet) {
    this.us = us;
    this.neighbour = neighbour;
    this.victim = victim;
  }

  async open(): Promise<void> {
    await this.neighbour.run(open, this.us.space);
    await this.victim.run(open, this.us.space);
  }

  /** Who holds, and who waits, before the victim comes to its deed. */
  async prepare(deed: Deed): Promise<void> {
    const { neighbour, victim, us } = this;
    if (deed === 'take' || deed === 'hold') return;
    if (deed === 'release') {
      await victim.run(ask, 'x');
      this.#ask();
      await neighbour.run(ask, 'x', 'exclusive', false, false);
    } else {
      await neighbour.run(ask, 'x');
      const isQueued = deed === 'granted' || deed === 'give up';
      if (isQueued) await victim.run(ask, 'x', 'exclusive', false, false);
      if (deed !== 'wait') this.#ask();
      assert.equal((await us.query()).pending.length, isQueued ? 2 : deed === 'wait' ? 0 : 1);
    }
  }

  #ask(): void {
    this.#ours = hold(this.us, 'x');
    this.#ours.then(() => this.#order.push('us'));
  }

  /** Who must have the lock now, gets it, and it goes on from there in order. */
  async checkNext(deed: Deed, step: string, where: string): Promise<void> {
    const { neighbour, us } = this;
    if (deed === 'take' || deed === 'hold') return;
    if (deed === 'wait') this.#ask();
    const isRobbed = deed === 'steal' && !BEFORE_ROBBING.has(step);
    if (deed === 'wait' || deed === 'give up' || (deed === 'steal' && !isRobbed)) {
      const { held } = await us.query();
      assert.deepEqual(held.map(nameOf), ['x'], `${where}: the neighbour has it still`);
      assert.deepEqual(this.#order, [], `${where}: nobody else has it`);
      assert.equal(await neighbour.run(release), 'released', where);
    }
    if (isRobbed) assert.equal(await neighbour.run(ending), 'AbortError', where);
    const ours = (await this.#ours) as Holding;
    const { held, pending } = await us.query();
    assert.deepEqual([held.length, held[0]?.clientId], [1, us.clientId], where);
    assert.equal(pending.length, deed === 'release' ? 1 : 0, where);
    ours.release();
    if (deed === 'release') assert.equal(await neighbour.run(release), 'released', where);
    await ours.done;
  }
}

const nameOf = ({ name }: LockInfo): string => name;
