// The segments of explored threads: a directory of names as the kernel has one, and memory for what they lead to.
//
// While threads are explored, this is in the place of Segment's own ways to get one, so that production code comes
// here (src/span/join.ts), and users' `Segment.create` and `Span.open` do. A name is a word of the kernel's: 0, or the number of
// the file it leads to. A file is filled before it is linked, and nobody else can see it until then.

import { invalidArgument, type MemspanError, systemError } from '../errors.ts';
import { eitherWay } from '../segment/acquire.ts';
import { matcherOf, type SegmentInfo } from '../segment/list.ts';
import { pathOf } from '../segment/name.ts';
import { type CreateOptions, checkOptions, checkSize } from '../segment/options.ts';
import { Segment } from '../segment/segment.ts';
import { hasMagic } from '../span/geometry.ts';
import { SpanView } from '../span/view.ts';
import type { Engine } from './engine.ts';
import { guardedBytes, type Region, unexplorable } from './memory.ts';
import { spanNames } from './names.ts';
import { ExploredSegment } from './segment.ts';

const ENOENT = 2;
const EEXIST = 17;

interface File {
  /** From 1 up; no two have the same. */
  readonly number: number;
  readonly words: Int32Array;
  readonly region: Region;
}

/** What is the thread's own that acts at the moment. */
export interface Maker {
  /** The thread's number; −1 for who sets up and looks. */
  readonly index: number;
  /** How many files it has made, in this very run. */
  made: number;
}

export class Segments {
  readonly #engine: Engine;
  /** Number 1 first. */
  readonly #files: File[] = [];
  readonly #byMaking = new Map<string, File>();
  readonly #names = new Set<string>();
  maker: Maker = { index: -1, made: 0 };

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Puts itself in; the returned function takes it out again. */
  put(): () => void {
    const { create, open, openOrCreate, anonymous, file, fromHandle, unlink, list } = Segment;
    const before = { create, open, openOrCreate, anonymous, file, fromHandle, unlink, list };
    const instead: typeof before = {
      create: (name, options) =>
        options.exclusive === false
          ? Segment.openOrCreate(name, options)
          : this.#create(name, options),
      open: (name) => this.#open(name),
      openOrCreate: (name, options) =>
        eitherWay(
          () => this.#open(name),
          () => this.#create(name, options),
        ),
      anonymous: (size) => this.#segmentOf(this.#make(size), undefined, true),
      file: () => {
        throw unexplorable('a thread opens a file', 'Use Segment.create');
      },
      fromHandle: ({ ino, name }) => {
        const file = this.#files[Number(ino) - 1];
        if (file === undefined) throw invalidArgument('this handle is of no explored segment');
        return this.#segmentOf(file, name, false);
      },
      unlink: (name) => this.unlink(name),
      list: (pattern = '*') => this.#list(pattern),
    };
    Object.assign(Segment, instead);
    return () => {
      Object.assign(Segment, before);
    };
  }

  #segmentOf({ number, words }: File, name: string | undefined, created: boolean): Segment {
    const buffer = words.buffer as ArrayBuffer;
    return new ExploredSegment(this.#engine, { buffer, name, number, created, names: this })
      .asSegment;
  }

  /** As publish() of src/segment: the name appears with everything in place, or not at all. */
  #create(name: string, options: CreateOptions): Segment {
    checkOptions(options, 'Segment.create');
    const word = this.#wordOf(name);
    const { kernel } = this.#engine;
    const file = this.#make(options.size);
    const segment = this.#segmentOf(file, name, true);
    this.#engine.alone(() => options.init?.(segment));
    const isLinked = this.#engine.step('link', kernel.at(word), true, () => {
      this.#guard(file);
      if (kernel.get(word) === 0) kernel.set(word, file.number);
      else this.#clear(file);
      return kernel.get(word) === file.number;
    });
    if (isLinked) return segment;
    // The kernel takes it back.
    this.maker.made--;
    throw this.#failure('linkat', EEXIST, 'Segment.create', name);
  }

  /** One that nobody has seen, all zeros. The same in all schedules in which the thread has made as many. */
  #make(size: number): File {
    checkSize(size);
    const { index } = this.maker;
    const key = `${index} ${this.maker.made++} ${size}`;
    let file = this.#byMaking.get(key);
    if (file === undefined) {
      const words = new Int32Array(new ArrayBuffer(size), 0, Math.floor(size / 4));
      const number = this.#files.length + 1;
      const nameOf = (offset: number): string => this.#nameOf(number, offset);
      const whole = { start: 0, end: size };
      const region = this.#engine.world.memory.add(words.buffer, nameOf, whole);
      file = { number, words, region };
      this.#files.push(file);
      this.#byMaking.set(key, file);
      this.#engine.contention.hasGrown = true;
    }
    return file;
  }

  /** What is no span may be written to by plain accesses. */
  #guard({ region, words }: File): void {
    const isPlain = !hasMagic(words.buffer as unknown as SharedArrayBuffer);
    if ((region.guarded !== undefined) === isPlain) return;
    region.guarded = isPlain ? { start: 0, end: words.buffer.byteLength } : undefined;
    this.#engine.contention.hasGrown = true;
  }

  #clear({ words, region }: File): void {
    const { memory } = this.#engine.world;
    const place = memory.placeOf(words);
    if (place === undefined) return;
    for (const [index, word] of words.entries()) if (word !== 0) memory.write(place, index, 0);
    guardedBytes(region)?.fill(0);
  }

  #open(name: string): Segment {
    const word = this.#wordOf(name);
    const { kernel } = this.#engine;
    const look = (): number => kernel.get(word);
    const number = this.#engine.step('open', kernel.at(word), false, look);
    const file = this.#files[number - 1];
    if (file === undefined) throw this.#failure('open', ENOENT, 'Segment.open', name);
    return this.#segmentOf(file, name, false);
  }

  /** Whether the name leads to the file of that number. */
  leadsTo(name: string, number: number): boolean {
    const word = this.#wordOf(name);
    const { kernel } = this.#engine;
    const look = (): number => kernel.get(word);
    return this.#engine.step('stat', kernel.at(word), false, look) === number;
  }

  /** False when there was no such name. */
  unlink(name: string): boolean {
    const word = this.#wordOf(name);
    const { kernel } = this.#engine;
    return this.#engine.step('unlink', kernel.at(word), true, () => {
      const wasThere = kernel.get(word) !== 0;
      kernel.set(word, 0);
      return wasThere;
    });
  }

  #list(pattern: string): SegmentInfo[] {
    const { kernel } = this.#engine;
    const isMatch = matcherOf(pattern);
    // One answer, which stays the same however many names other schedules know.
    const look = (): string =>
      [...this.#names]
        .filter((name) => isMatch(name) && kernel.get(this.#wordOf(name)) !== 0)
        .map(
          (name) =>
            `${name}\n${this.#files[kernel.get(this.#wordOf(name)) - 1]?.words.buffer.byteLength}`,
        )
        .sort()
        .join('\n');
    const words = [...this.#names].map((name) => kernel.at(this.#wordOf(name)));
    const found = this.#engine.step('list', kernel.at(kernel.wordOf('names')), false, look, words);
    const parts = found === '' ? [] : found.split('\n');
    return parts.flatMap((name, i) => (i % 2 === 0 ? [infoOf(name, Number(parts[i + 1]))] : []));
  }

  #wordOf(name: string): number {
    pathOf(name);
    this.#names.add(name);
    return this.#engine.kernel.wordOf(`name '${name}'`);
  }

  #failure(syscall: string, errno: number, operation: string, name: string): MemspanError {
    return systemError(syscall, errno, operation, name);
  }

  #nameOf(number: number, offset: number): string {
    const segment = this.#segmentOf(this.#files[number - 1] as File, undefined, false);
    if (!hasMagic(segment.buffer)) return `segment ${number}[${offset / 4}]`;
    const view = new SpanView(segment, 'explore');
    return `span ${number}: ${spanNames(view, (slot) => `slot ${slot}`)(offset)}`;
  }
}

function infoOf(name: string, size: number): SegmentInfo {
  const modifiedAt = new Date(0);
  return { name, size, residentSize: size, mode: 0o600, uid: 0, gid: 0, modifiedAt };
}
