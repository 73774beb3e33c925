// A queue's bytes as one thread has them: words, cells, payload, the two lines; what writers and readers have in common.

import { MemspanError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { view } from '../layout/view.ts';
import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { add, compareExchange, load } from '../word/atomics.ts';
import { RacingBytes } from '../word/racing.ts';
import { Tallies } from '../word/tallies.ts';
import { DeathWatch } from './death-watch.ts';
import { Line } from './line.ts';
import {
  CELLS_OFFSET,
  ENDED,
  free,
  ownerOf,
  Positions,
  QueueCell,
  QueueWord,
  queueSize,
  Standing,
  strideOf,
} from './queue.layout.ts';
import type { QueueFacts } from './queue-options.ts';

/** No cell: nothing to take, or no room. */
export const NONE = -1;

/** So often a call tries again because somebody else was first. Nobody is unlucky for so long but among the hostile. */
const TRIES_MAX = 2 ** 20;

export class QueueMemory {
  readonly attachment: Attachment;
  readonly facts: QueueFacts;
  readonly positions: Positions;
  readonly words: Int32Array;
  /** The index of its first word. */
  readonly base: number;
  /** Who waits for a message, and who for room. */
  readonly messages: Line;
  readonly room: Line;
  /** From its first byte on, for who has the cell. */
  readonly bytes: Uint8Array;
  readonly #cells: RacingBytes;
  readonly #tallies: Tallies;
  readonly #stride: number;

  constructor(attachment: Attachment, offset: number, facts: QueueFacts) {
    const length = queueSize(facts.capacity, facts.messageMax);
    const { view } = attachment;
    this.attachment = attachment;
    this.facts = facts;
    this.positions = new Positions(facts.capacity);
    this.words = view.words;
    this.base = offset / 4;
    this.messages = Line.of(attachment, offset + 4 * QueueWord.messages, Mode.message);
    this.room = Line.of(attachment, offset + 4 * QueueWord.room, Mode.room);
    const { bulk } = view.segment;
    this.bytes = new Uint8Array(bulk, offset, length);
    this.#cells = new RacingBytes(view.words, bulk);
    this.#tallies = new Tallies(bulk, offset, length);
    this.#stride = strideOf(facts.messageMax);
  }

  get id(): number {
    return this.attachment.id;
  }

  /** Made for each who judges by it: one who asks does not answer for another. */
  watch(): DeathWatch {
    return new DeathWatch(this.attachment);
  }

  /** Bytes from the queue's start. */
  cellAt(index: number): number {
    return CELLS_OFFSET + index * this.#stride;
  }

  /** The index of the word, for atomics. */
  stateAt(index: number): number {
    return this.base + this.cellAt(index) / 4;
  }

  payloadAt(index: number): number {
    return this.cellAt(index) + QueueCell.payload;
  }

  /** The message in place. Its buffer stays, closed or not. */
  viewOf(layout: Layout, index: number): object {
    const { buffer } = this.attachment.view.segment;
    return view(layout, buffer, 4 * this.base + this.payloadAt(index));
  }

  /** Copies the message into a cell that is claimed. */
  fill(index: number, message: Uint8Array): void {
    this.#cells.write(4 * this.base + this.payloadAt(index), message);
  }

  /** A copy of the message in a cell that is taken. */
  copyOf(index: number, length: number): Uint8Array {
    return this.#cells.read(4 * this.base + this.payloadAt(index), length);
  }

  /** What its writer has said, whatever that is. */
  lengthOf(index: number): number {
    return this.#cells.word(this.base + (this.cellAt(index) + QueueCell.length) / 4);
  }

  /** For who is about to commit it. */
  putLength(index: number, length: number): void {
    const at = this.cellAt(index);
    this.#cells.setWord(this.base + (at + QueueCell.length) / 4, length);
    this.#tallies.add(at + QueueCell.volume, length);
  }

  /** For who is about to release it. */
  countReceived(index: number): void {
    this.#tallies.add(this.cellAt(index) + QueueCell.received, 1);
  }

  receivedOf(index: number): number {
    return this.#tallies.at(this.cellAt(index) + QueueCell.received);
  }

  volumeOf(index: number): number {
    return this.#tallies.at(this.cellAt(index) + QueueCell.volume);
  }

  /** A word of the head part. */
  load(word: number): number {
    return load(this.words, this.base + word);
  }

  /** The position that tail or head is at. */
  position(word: number): number {
    const position = load(this.words, this.base + word);
    if (this.positions.index(position) >= this.facts.capacity) this.refuse(word, position);
    return position;
  }

  /** Moves tail or head on, unless somebody has. */
  advance(word: number, from: number): void {
    compareExchange(this.words, this.base + word, from, this.positions.next(from));
  }

  count(word: number): void {
    add(this.words, this.base + word, 1);
  }

  get isEnded(): boolean {
    return (this.load(QueueWord.notice) & ENDED) !== 0;
  }

  /**
   * Moves head on over what was taken, or was claimed by somebody who will never commit it, which it frees. True: look again.
   * False: the cell is free, full, or somebody alive is writing there.
   */
  passHead(head: number, watch: DeathWatch): boolean {
    const { positions, words } = this;
    const lap = positions.lap(head);
    const at = this.stateAt(positions.index(head));
    const state = load(words, at);
    const standing = positions.standing(state, lap);
    // By another head it would have been judged otherwise.
    if (this.load(QueueWord.head) !== head) return true;
    if (standing === Standing.reading || standing === Standing.after) {
      this.advance(QueueWord.head, head);
      return true;
    }
    if (standing === Standing.free) return this.#passGap(head, at, state);
    if (standing === Standing.before) return false;
    if (standing === Standing.full) return false;
    if (standing !== Standing.writing) this.refuse(QueueWord.head, head);
    const owner = ownerOf(state);
    if (owner !== 0 && !watch.isDead(owner)) return false;
    // step: queue-before-skip
    // It may have committed before it died.
    if (compareExchange(words, at, state, free(positions.nextLap(lap))) !== state) return true;
    // step: queue-skipped
    this.count(QueueWord.skipped);
    this.advance(QueueWord.head, head);
    // step: queue-skip-told
    // Those who had been rung for what lies behind it have looked in vain.
    this.messages.ringLater();
    this.room.ringLater();
    return true;
  }

  /**
   * A free cell that tail has passed: nobody's doing but somebody hostile's, or of who was paused while positions went once
   * round 2^32. Nobody will ever fill it. False when tail has not passed it: there is nothing in the queue.
   */
  #passGap(head: number, at: number, state: number): boolean {
    const tail = this.position(QueueWord.tail);
    if (tail === head) return false;
    // After tail: a cell that was passed is not free for that lap any more.
    if (load(this.words, at) !== state) return true;
    const distance = this.positions.distance(head, tail);
    if (distance <= 0) return false;
    if (distance > this.facts.capacity) this.refuse(QueueWord.tail, tail);
    const nextLap = this.positions.nextLap(this.positions.lap(head));
    if (compareExchange(this.words, at, state, free(nextLap)) !== state) return true;
    this.count(QueueWord.skipped);
    this.advance(QueueWord.head, head);
    return true;
  }

  /** Throws when a call has tried too often. */
  checkTries(tries: number): void {
    if (tries < TRIES_MAX) return;
    this.refuse(QueueWord.tail, this.load(QueueWord.tail));
  }

  /** Memory that is gone reads as zeros, which is no corruption. */
  refuse(word: number, found: number): never {
    if (this.attachment.view.status[0] !== 0) void this.attachment.view.segment.buffer;
    const { view } = this.attachment;
    const what = word === QueueWord.tail ? 'tail' : 'head';
    throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
      operation: 'queue',
      object: `${view.segment.name ?? ''}/${view.nameAt(4 * this.base)}`,
      cause: `its ${what} is ${found}, and its cells do not go with that`,
      remedy: 'Somebody has written over it: make it anew, in another span',
      found,
    });
  }
}
