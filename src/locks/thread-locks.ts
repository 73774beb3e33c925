// The locks of one thread in one lock space: what it holds and waits for, whichever LockManager that was asked of.
//
// What can be settled among the thread's own requests is settled here. While any are pending, the doorbell has a
// listener, which keeps the event loop open; while any are held, a timer that does not looks for thefts.

import type { Attachment } from '../span/attachment.ts';
import type { Listener } from '../span/doorbell.ts';
import { load } from '../word/atomics.ts';
import { CallTurns } from './call-turns.ts';
import { ClaimTable, type OwnClaim } from './claim-table.ts';
import { PHASE_MASK, Phase } from './claims.layout.ts';
import { publish, request, ring, steal, takeNow, tryPending } from './grants.ts';
import { type LocalName, LocalNames } from './local-name.ts';
import { tell } from './lock-events.ts';
import { fullError } from './lock-options.ts';
import type { Keeper, LockRequest } from './lock-request.ts';

/** While fewer chunks than these are free, requests for a name that the thread waits for already get no claim yet. */
const RESERVE = 32;
/** A thief in another thread rings, but who holds does not sleep: it looks this often. */
const WATCH_MS = 10;

export class ThreadLocks implements Listener, Keeper {
  readonly table: ClaimTable;
  readonly #attachment: Attachment;
  readonly #names = new LocalNames();
  /** With requests that are pending. */
  readonly #waiting = new Set<LocalName>();
  /** Pending without a claim, in the order of the requests; some are pending no more. */
  #unclaimed: LockRequest[] = [];
  #isListening = false;
  #listenSoon: NodeJS.Immediate | undefined;
  #watch: NodeJS.Timeout | undefined;
  readonly #turns = new CallTurns();

  constructor(attachment: Attachment, offset: number) {
    this.#attachment = attachment;
    this.table = new ClaimTable(attachment, offset);
  }

  /** Throws what is wrong with the memory, `ERR_MEMSPAN_LIMIT`, or RangeError for a name that is too long. */
  enter(asked: LockRequest): void {
    const { name, how } = asked.order;
    this.#checkMemory();
    const local = this.#names.of(name);
    tell('request', this.table.space, name);
    if (local.held.size > 0) this.#noticeThefts(local);
    if (how === 'wait') this.#enterQueue(local, asked);
    else if (how === 'steal') this.#steal(local, asked);
    else this.#enterIfAvailable(local, asked);
    this.#checkMemory();
  }

  #enterQueue(local: LocalName, asked: LockRequest): void {
    const { table } = this;
    const isLocal = local.queue.length > 0;
    const isShort = table.free - local.name.chunks < RESERVE;
    if (isLocal && (isShort || local.isFull)) {
      this.#unclaimed.push(asked);
      this.#enqueue(local, asked);
      return;
    }
    const claim = this.#claim(local, asked);
    if (isLocal || local.isHeldAgainst(asked)) publish(table, claim);
    else if (request(table, claim, local)) {
      this.#grant(local, asked);
      return;
    }
    this.#enqueue(local, asked);
  }

  #enqueue(local: LocalName, asked: LockRequest): void {
    local.queue.push(asked);
    this.#waiting.add(local);
    asked.limit();
    // Later, because a task of this thread may release it before that.
    if (!this.#isListening) this.#listenSoon ??= setImmediate(this.#listen);
  }

  #enterIfAvailable(local: LocalName, asked: LockRequest): void {
    if (local.queue.length === 0 && !local.isHeldAgainst(asked)) {
      const claim = this.#claim(local, asked);
      if (takeNow(this.table, claim, local)) {
        this.#grant(local, asked);
        return;
      }
      asked.claim = null;
      this.table.give(claim);
    }
    asked.settle(null);
    this.#turns.call(asked);
  }

  #steal(local: LocalName, asked: LockRequest): void {
    const claim = this.#claim(local, asked);
    const isKept = steal(this.table, claim);
    const robbed = [...local.held];
    // First: who hears of a theft may ask for the lock at once.
    local.held.add(asked);
    for (const holder of robbed) this.#robbed(local, holder);
    this.#grant(local, asked);
    if (isKept) return;
    this.#noticeThefts(local);
    this.#gone(local);
  }

  #claim(local: LocalName, asked: LockRequest): OwnClaim {
    const claim = this.#fill(local, asked);
    if (claim === null) throw fullError(asked.order.name);
    return claim;
  }

  #fill({ name }: LocalName, asked: LockRequest): OwnClaim | null {
    asked.claim = this.table.fill(name, asked.shared);
    this.#watch ??= setInterval(this.#lookForThefts, WATCH_MS).unref();
    return asked.claim;
  }

  #grant(local: LocalName, asked: LockRequest): void {
    local.held.add(asked);
    asked.settle('granted');
    tell('grant', this.table.space, asked.order.name, asked.since);
    this.#turns.call(asked);
  }

  release(holder: LockRequest): boolean {
    const local = this.#names.of(holder.order.name);
    const claim = holder.claim;
    local.held.delete(holder);
    if (claim === null) return false;
    holder.claim = null;
    const found = this.table.end(claim);
    // step: claim-freed
    this.#gone(local);
    tell('release', this.table.space, holder.order.name);
    // Anything else but a theft is nobody's protocol.
    return found !== (claim.state | PHASE_MASK);
  }

  withdraw(asked: LockRequest): void {
    const local = this.#names.of(asked.order.name);
    const at = local.queue.indexOf(asked);
    if (at < 0) return;
    local.queue.splice(at, 1);
    const { claim } = asked;
    asked.claim = null;
    if (claim !== null) {
      this.table.end(claim);
      // step: claim-withdrawn
      this.#gone(local);
    } else {
      const late = this.#unclaimed.indexOf(asked);
      if (late >= 0) this.#unclaimed.splice(late, 1);
    }
    this.#restIfIdle(local);
  }

  lookOnce(asked: LockRequest): void {
    try {
      this.#look(this.#names.of(asked.order.name));
    } catch {
      // The memory is gone; the doorbell says so to all.
    }
  }

  /** A claim of that name has gone: others can have theirs. */
  #gone(local: LocalName): void {
    const { status } = this.#attachment.view;
    if (status[0] !== 0) return;
    try {
      ring(this.table, local);
      // step: rung-before-look
      if (local.queue.length > 0) this.#look(local);
      if (this.#unclaimed.length > 0) this.#claimLate();
    } catch (error) {
      // Cut short this very moment? The doorbell says so to all who wait.
      if (status[0] === 0) throw error;
    }
  }

  /** Those who have found no room get their claims, as far as there is room now. */
  #claimLate(): void {
    while (this.table.free >= RESERVE && this.#unclaimed.length > 0) {
      const asked = this.#unclaimed[0] as LockRequest;
      if (asked.isPending && asked.claim === null) {
        const claim = this.#fill(this.#names.of(asked.order.name), asked);
        if (claim === null) return;
        publish(this.table, claim);
      }
      this.#unclaimed.shift();
    }
  }

  /** Grants what can be granted of one name, in the order of the requests. */
  #look(local: LocalName): void {
    const { table } = this;
    if (local.held.size > 0) this.#noticeThefts(local);
    for (let first = local.queue[0]; first !== undefined; first = local.queue[0]) {
      if (local.isHeldAgainst(first)) break;
      const claim = first.claim ?? this.#fill(local, first);
      if (claim === null) break;
      if (claim.state === 0) publish(table, claim);
      if (!tryPending(table, claim, local)) break;
      local.queue.shift();
      this.#grant(local, first);
    }
    this.#restIfIdle(local);
  }

  readonly #listen = (): void => {
    this.#listenSoon = undefined;
    if (this.#waiting.size === 0) return;
    this.#isListening = true;
    // It may be asleep already, since before the requests were published: look after that, too.
    this.#attachment.doorbell.add(this);
    try {
      this.look();
    } catch (error) {
      this.end(error);
    }
  };

  look(): void {
    for (const local of [...this.#waiting]) this.#look(local);
    this.#lookForThefts();
  }

  end(error: unknown): void {
    for (const local of [...this.#waiting]) {
      for (const asked of local.queue.splice(0)) {
        if (asked.claim !== null) this.table.end(asked.claim);
        asked.claim = null;
        asked.fail(error);
      }
      this.#restIfIdle(local);
    }
  }

  #restIfIdle(local: LocalName): void {
    if (local.queue.length > 0) return;
    this.#waiting.delete(local);
    if (this.#waiting.size > 0) return;
    this.#unclaimed = [];
    clearImmediate(this.#listenSoon);
    this.#listenSoon = undefined;
    if (this.#isListening) this.#attachment.doorbell.delete(this);
    this.#isListening = false;
  }

  readonly #lookForThefts = (): void => {
    for (const local of this.#names.all()) {
      if (local.held.size > 0) this.#noticeThefts(local);
    }
    if (!this.table.lower()) return;
    clearInterval(this.#watch);
    this.#watch = undefined;
  };

  #noticeThefts(local: LocalName): void {
    for (const holder of local.held) {
      const at = holder.claim?.at;
      if (at === undefined || (load(this.table.words, at) & PHASE_MASK) !== Phase.STOLEN) continue;
      this.#robbed(local, holder);
    }
  }

  #robbed(local: LocalName, holder: LockRequest): void {
    local.held.delete(holder);
    if (holder.claim !== null) this.table.end(holder.claim);
    holder.claim = null;
    tell('release', this.table.space, holder.order.name);
    holder.steal();
  }

  /** Requests that are pending without a claim: nobody else can see them. */
  unclaimed(): LockRequest[] {
    return this.#unclaimed.filter(({ isPending, claim }) => isPending && claim === null);
  }

  /** Ends what that LockManager has asked for: what is pending fails, what is held is released. */
  leave(owner: object, error: unknown): void {
    for (const local of this.#names.all()) {
      for (const asked of local.queue.filter((each) => each.owner === owner)) {
        this.withdraw(asked);
        asked.fail(error);
      }
      for (const holder of [...local.held].filter((each) => each.owner === owner)) {
        holder.part(error);
        this.release(holder);
      }
    }
    this.#lookForThefts();
  }

  #checkMemory(): void {
    const { view } = this.#attachment;
    if (view.status[0] !== 0) void view.segment.buffer;
  }
}
