// Segment: raw shared bytes as a SharedArrayBuffer. No header, no byte written that was not asked for.
//
// A segment belongs to the thread that opened it. It keeps a descriptor and one mapping (more after a
// resize); the buffers may travel to workers by postMessage.

import { hasSharedBuffers, native } from '../binding.ts';
import { MemspanError } from '../errors.ts';
import type { SegmentHandle, SegmentKind } from './handle.ts';
import type { Lifeline } from './lifeline.ts';
import type { SegmentInfo } from './list.ts';
import { type ByteRange, closedError, type FormerMapping, Mapping } from './mapping.ts';
import { closingOnError, type Subject } from './object.ts';
import {
  type CreateOptions,
  checkSize,
  type FileOptions,
  type MappingOptions,
  type OpenOptions,
} from './options.ts';
import { type Make, type Parts, system } from './system.ts';

// A segment that is lost without close() would keep its descriptor until the thread ends.
const lost = new FinalizationRegistry<number>((fd) => native.close(fd));

export class Segment implements Disposable {
  readonly #fd: number;
  readonly #parts: Parts;
  #mapping: Mapping;
  // Mappings that a resize has replaced: older buffers may still be in use.
  #former: FormerMapping[] = [];
  #isClosed = false;

  private constructor(fd: number, size: number, parts: Parts, operation: string) {
    this.#fd = fd;
    this.#parts = parts;
    const subject = { operation, object: parts.name };
    this.#mapping = closingOnError(fd, () => new Mapping(fd, size, parts.access.flags, subject));
    lost.register(this, fd, this);
  }

  static readonly #make: Make<Segment> = (fd, size, parts, operation) =>
    new Segment(fd, size, parts, operation);

  /**
   * Makes a segment that every process can open by `name` (`shm_open("/name")` in C). The name appears
   * when the segment is complete: sized, its room reserved, filled by `init`.
   * Throws `ERR_MEMSPAN_EXISTS`, `ERR_MEMSPAN_NO_SPACE`, `ERR_MEMSPAN_INVALID_NAME` and what `init` throws.
   */
  static create(name: string, options: CreateOptions): Segment {
    return system.create(name, options, Segment.#make);
  }

  /**
   * Opens the segment of that name at its full size.
   * Throws `ERR_MEMSPAN_NOT_FOUND`, `ERR_MEMSPAN_NOT_A_SEGMENT`, `ERR_MEMSPAN_FOREIGN_OWNER`,
   * `ERR_MEMSPAN_PERMISSION`, `ERR_MEMSPAN_EMPTY`.
   */
  static open(name: string, options: OpenOptions = {}): Segment {
    return system.open(name, options, Segment.#make);
  }

  /**
   * Opens the segment of that name, or makes it: of any number of processes that race, exactly one makes it
   * (`segment.created`), and all see what its `init` put there.
   * Throws `ERR_MEMSPAN_SIZE_MISMATCH` when it is there with another size, and what open and create throw.
   */
  static openOrCreate(name: string, options: CreateOptions & OpenOptions): Segment {
    return system.openOrCreate(name, options, Segment.#make);
  }

  /**
   * Makes a segment without a name (a memfd, sealed against shrinking). It is shared by its buffer, with
   * workers, or by its handle; it is gone when the last process that has it is. `size` in bytes.
   */
  static anonymous(size: number, options: MappingOptions = {}): Segment {
    return system.anonymous(size, options, Segment.#make);
  }

  /**
   * Maps a file. Pages come in on first touch; `flush` writes them back, the kernel does so by itself some
   * time. With `size`, a missing or empty file is made that large, and any other size is
   * `ERR_MEMSPAN_SIZE_MISMATCH`; without it the file must exist.
   */
  static file(path: string, options: FileOptions = {}): Segment {
    return system.file(path, options, Segment.#make);
  }

  /**
   * Opens what `segment.handle` of another thread or process describes, while its lender lives.
   * Throws `ERR_MEMSPAN_NOT_FOUND` when that very segment can no longer be had.
   */
  static fromHandle(handle: SegmentHandle, options: OpenOptions = {}): Segment {
    return system.fromHandle(handle, options, Segment.#make);
  }

  /** Removes the name; who has the segment open keeps it. False when there was none. */
  static unlink(name: string): boolean {
    return system.unlinkName(name, { operation: 'Segment.unlink', object: name });
  }

  /** The segments on this machine whose names match (`*`, `?`), sorted by name. */
  static list(pattern?: string): SegmentInfo[] {
    return system.list(pattern);
  }

  /** The name of a named segment, the path of a file as it was given, else undefined. */
  get name(): string | undefined {
    return this.#parts.name;
  }

  /** Bytes: `buffer.byteLength`. */
  get size(): number {
    return this.#mapping.size;
  }

  /** 'external': this runtime has no SharedArrayBuffer over foreign memory; `buffer` is an ArrayBuffer. */
  get kind(): SegmentKind {
    return hasSharedBuffers ? this.#parts.origin : 'external';
  }

  get readOnly(): boolean {
    return this.#parts.access.readOnly;
  }

  /** True when this call made it, false when it was there. */
  get created(): boolean {
    return this.#parts.created;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /**
   * The memory. After close() views of it read as zeros, as do pages that a peer has cut off.
   * Throws `ERR_MEMSPAN_CLOSED`, `ERR_MEMSPAN_TRUNCATED`, and once `ERR_MEMSPAN_READ_ONLY` after a write to
   * a read-only segment; so does every method below.
   */
  get buffer(): SharedArrayBuffer {
    this.#check('segment.buffer');
    return this.#mapping.buffer;
  }

  /**
   * The same bytes as an ArrayBuffer, for bulk copies (V8 copies shared memory word by word) and for web
   * APIs that refuse shared memory. Not for atomics. Detached by close().
   * Throws `ERR_MEMSPAN_UNSUPPORTED` for more than 4 GiB on Node 20.
   */
  get bulk(): ArrayBuffer {
    return this.#mapping.bulk(this.#check('segment.bulk'));
  }

  /** One word that is 0 while the memory is sound: lets a hot path look without a call. */
  get status(): Uint32Array {
    return this.#mapping.status;
  }

  /** A ticket for `Segment.fromHandle` in another thread or process; plain data. */
  get handle(): SegmentHandle {
    const subject = this.#check('segment.handle');
    if (this.#parts.access.isPrivate) {
      throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
        ...subject,
        cause: 'a private mapping cannot be shared',
        remedy: 'Open it without private to share it',
      });
    }
    const { dev, ino } = system.identity(this.#fd, subject);
    const { origin: kind, name, path } = this.#parts;
    const label = kind === 'file' ? path : name;
    return {
      memspan: 'segment',
      version: 1,
      kind,
      ...(label === undefined ? {} : { name: label }),
      pid: process.pid,
      fd: this.#fd,
      dev,
      ino,
      readOnly: this.readOnly,
    };
  }

  /** Writes changed pages of a file back to it and waits for the disk (msync(2), MS_SYNC). */
  flush(range: ByteRange = {}): void {
    const subject = this.#check('segment.flush');
    this.#mapping.flush(range, subject);
  }

  /**
   * Changes the size for everybody, then maps anew: `buffer` is another one afterwards, buffers from before
   * keep what is left of their range. Without an argument it takes up the size that a peer has given it.
   * Peers who use bytes that are cut off get zeros and then `ERR_MEMSPAN_TRUNCATED`. An anonymous segment
   * does not shrink.
   */
  resize(size?: number): void {
    const subject = this.#subject('segment.resize');
    if (size !== undefined) {
      checkSize(size);
      if (this.readOnly || this.#parts.access.isPrivate) {
        throw new MemspanError('ERR_MEMSPAN_READ_ONLY', {
          ...subject,
          cause: 'this opening of it may not change it',
          remedy: 'Open it without readOnly or private to resize it',
        });
      }
      const current = system.currentSize(this.#fd, subject);
      if (size < current && this.#parts.origin === 'anonymous') {
        throw new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
          ...subject,
          cause: `an anonymous segment does not shrink (it has ${current} bytes)`,
          remedy: 'Make another one',
        });
      }
      this.#mapping.cut(size, subject);
      for (const mapping of this.#former) mapping.cut(size, subject);
      system.resize(this.#fd, current, size, subject);
    }
    const whole = system.wholeSize(this.#fd, subject);
    const next = new Mapping(this.#fd, whole, this.#parts.access.flags, subject);
    const former = [...this.#former, this.#mapping.retire()];
    this.#former = former.filter((mapping) => mapping.cut(whole, subject));
    this.#mapping = next;
  }

  /** Throws `ERR_MEMSPAN_UNSUPPORTED` where there are no lifelines: for what needs them, before it makes anything. @internal */
  static requireLifelines(operation: string, object?: string): void {
    system.requireLifelines({ operation, object });
  }

  /** Takes the exclusive (or `shared`) lifeline `index`, from 0 to 2^30; null when somebody has it (lifeline.ts). */
  lifeline(index: number, { shared = false }: { shared?: boolean } = {}): Lifeline | null {
    return system.lifeline(this.#fd, index, shared, this.#check('segment.lifeline'));
  }

  /** Whether anybody holds lifeline `index`, or any of `count` from there on, this process included. */
  isHeld(index: number, count = 1): boolean {
    return system.isHeld(this.#fd, index, count, this.#check('segment.isHeld'));
  }

  /** Until `unwatch`, sleepers are disturbed when a descriptor that could write to it is closed. 0: none can be had. */
  watch(): number {
    this.#subject('segment.watch');
    return system.watch(this.#fd);
  }

  unwatch(watch: number): void {
    system.unwatch(watch);
  }

  /** Whether its name still leads to it. */
  get isLinked(): boolean {
    return system.isLinked(this.#fd, this.#parts, this.#subject('segment.isLinked'));
  }

  /** Removes the name if it still leads to this segment. False when it did not. */
  unlink(): boolean {
    return system.unlink(this.#fd, this.#parts, this.#subject('segment.unlink'));
  }

  /**
   * Lets go of the memory at once: views of it read as zeros from now on, in this thread and in workers
   * that were sent the buffer; pending waits on it reject with `ERR_MEMSPAN_CLOSED`. Again is harmless. Throws
   * `ERR_MEMSPAN_BUSY`, and leaves it open, while this process holds a lock of `memspan/posix` in it.
   */
  close(): void {
    if (this.#isClosed) return;
    const subject = { operation: 'segment.close', object: this.name };
    try {
      for (const mapping of [this.#mapping, ...this.#former]) mapping.close(subject);
    } catch (error) {
      if ((error as MemspanError).code === 'ERR_MEMSPAN_BUSY') throw error;
    }
    this.#isClosed = true;
    lost.unregister(this);
    native.close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #subject(operation: string): Subject {
    const subject = { operation, object: this.name };
    if (this.#isClosed) throw closedError(subject);
    return subject;
  }

  #check(operation: string): Subject {
    const subject = this.#subject(operation);
    this.#mapping.check(this.#fd, subject);
    return subject;
  }
}
