// Named objects: finding one, or making it, whoever else does the same at that moment.

import { invalidArgument, MemspanError, optionsMismatch, outOfRange } from '../errors.ts';
import { layoutText } from '../layout/canonical.ts';
import type { Layout } from '../layout/layout.ts';
import { compareExchange, load, store } from '../word/atomics.ts';
import { clearBytes, writeBytes } from '../word/bytes.ts';
import { newsCount, sleep, wake } from '../word/sleep.ts';
import type { Attachment } from './attachment.ts';
import { ENTRY_SIZE, Entry, NAME_SIZE, READY } from './directory.layout.ts';
import { OBJECT_ALIGNMENT } from './header.layout.ts';
import { kindName } from './kinds.ts';
import { agreeOnLayout, endOf, extentOf, storeLayout } from './stored-layout.ts';
import type { ObjectEntry, SpanView } from './view.ts';

/** How long somebody alive may take to make an object before we say that it is in the way. */
const CLAIM_WAIT_MS = 10_000;

export interface ObjectRequest {
  readonly operation: string;
  readonly kind: number;
  readonly name: string;
  readonly length: number;
  readonly options: number;
  /** What the options mean, for the error that shows both. */
  readonly describeOptions: (options: number) => string;
  /** What its bytes, or the messages in them, mean: is remembered, and whoever opens the object must mean the same. */
  readonly layout?: Layout | undefined;
  /**
   * The object consists of that layout and nothing else, so that one with appended members, longer by them, will do: the
   * entry says how long it is.
   */
  readonly extensible?: boolean | undefined;
}

/** The object of that name; made, of zeros, if there is none. Of any number who race, exactly one makes it. */
export function openObject(attachment: Attachment, request: ObjectRequest): ObjectEntry {
  checkName(request.name, request.operation);
  // Throws for one that has no text, before anything is claimed.
  if (request.layout !== undefined) layoutText(request.layout);
  const { segment } = attachment.view;
  void segment.buffer;
  try {
    return findOrMake(attachment, request);
  } finally {
    // Where the memory was cut short meanwhile, we have read and written zeros that nobody else sees: throws.
    void segment.buffer;
  }
}

function findOrMake(attachment: Attachment, request: ObjectRequest): ObjectEntry {
  const { view } = attachment;
  for (;;) {
    let next = 0;
    for (const entry of view.entries()) {
      if (entry.name === request.name) return agreed(view, entry, request);
      next = entry.index + 1;
    }
    if (next >= view.geometry.entries) throw full(view, request);
    if (claim(attachment, next, request)) {
      const entry = make(view, next, request);
      if (entry !== undefined) return entry;
    }
  }
}

/** True when this thread may fill the entry; false when somebody has filled it. */
function claim({ view, waiting, id }: Attachment, index: number, request: ObjectRequest): boolean {
  const at = view.entryAt(index) + Entry.state;
  const deadline = performance.now() + CLAIM_WAIT_MS;
  for (;;) {
    const news = newsCount();
    const state = load(view.words, at);
    if (state === READY) return false;
    // This thread claims nothing while it is here: its own id is somebody else's doing.
    const isFree = state === id || !view.isAlive(state);
    if (isFree) {
      if (compareExchange(view.words, at, state, id) === state) return true;
      continue;
    }
    if (performance.now() > deadline) {
      throw new MemspanError('ERR_MEMSPAN_BUSY', {
        operation: request.operation,
        object: request.name,
        cause: `somebody has been making an object in this span for ${CLAIM_WAIT_MS} ms, and may be paused`,
        remedy: 'Look for a stopped process that has the span open, and continue or end it',
      });
    }
    sleep(view.words, at, state, Number.POSITIVE_INFINITY, waiting.sliceMs, waiting.watch, news);
  }
}

/** Fills the claimed entry. Undefined when another has taken the name meanwhile. */
function make(view: SpanView, index: number, request: ObjectRequest): ObjectEntry | undefined {
  // step: entry-claimed
  const { words, geometry } = view;
  const at = view.entryAt(index);
  const release = (): void => {
    store(words, at + Entry.state, 0);
    wake(words, at + Entry.state, Number.POSITIVE_INFINITY);
  };
  try {
    let end = geometry.objectsOffset;
    for (const entry of view.entries()) {
      if (entry.name === request.name) {
        release();
        return undefined;
      }
      end = Math.max(end, endOf(entry));
    }
    const offset = Math.ceil(end / OBJECT_ALIGNMENT) * OBJECT_ALIGNMENT;
    const extent = extentOf(offset, request.length, request.layout);
    if (endOf(extent) > geometry.size) {
      throw noRoom(view, offset, request, endOf(extent) - offset);
    }
    // A claimant that died may have written here.
    clearBytes(words, offset, request.length);
    clearBytes(words, 4 * (at + Entry.kind), ENTRY_SIZE - 4 * Entry.kind);
    const name = new TextEncoder().encode(request.name);
    writeBytes(words, 4 * (at + Entry.name), name);
    store(words, at + Entry.kind, request.kind);
    store(words, at + Entry.nameLength, name.length);
    store(words, at + Entry.options, request.options);
    storeLong(words, at + Entry.offset, offset);
    storeLong(words, at + Entry.length, request.length);
    // step: entry-before-layout
    if (request.layout !== undefined) storeLayout(words, at, extent, request.layout);
    // step: entry-filled
    store(words, at + Entry.state, READY);
    // step: entry-ready
    wake(words, at + Entry.state, Number.POSITIVE_INFINITY);
    const { kind, options } = request;
    return { index, kind, name: request.name, options, ...extent };
  } catch (error) {
    release();
    throw error;
  }
}

function storeLong(words: Int32Array, at: number, value: number): void {
  store(words, at, value | 0);
  store(words, at + 1, Math.floor(value / 2 ** 32));
}

function agreed(view: SpanView, entry: ObjectEntry, request: ObjectRequest): ObjectEntry {
  agreedKind(view, entry, request);
  const { options, length } = entry;
  if (options !== request.options) {
    const [expected, found] = [request.options, options].map(request.describeOptions);
    throw mismatch(view, request, 'options', expected, found);
  }
  agreeOnLayout(view, entry, request);
  if (!request.extensible && length !== request.length) {
    throw mismatch(view, request, 'bytes', request.length, length);
  }
  if (length < request.length) throw tooShort(view, request, length);
  return entry;
}

type Wanted = Pick<ObjectRequest, 'operation' | 'kind' | 'name'>;

/** The object of that name, if there is one. Throws `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is of another kind. */
export function findObject({ view }: Attachment, wanted: Wanted): ObjectEntry | undefined {
  checkName(wanted.name, wanted.operation);
  for (const entry of view.entries()) {
    if (entry.name === wanted.name) return agreedKind(view, entry, wanted);
  }
  return undefined;
}

function agreedKind(view: SpanView, entry: ObjectEntry, wanted: Wanted): ObjectEntry {
  if (entry.kind === wanted.kind) return entry;
  throw mismatch(view, wanted, 'kind', kindName(wanted.kind), kindName(entry.kind));
}

function mismatch(
  view: SpanView,
  { operation, name }: Wanted,
  what: string,
  expected: unknown,
  found: unknown,
): MemspanError {
  const object = `${view.segment.name ?? ''}/${name}`;
  const cause = `it is there as ${what}: ${found}, not ${expected}`;
  return optionsMismatch({ operation, object }, expected, found, cause);
}

/** Its layout says that it is longer. */
function tooShort(
  view: SpanView,
  { operation, name, length }: ObjectRequest,
  found: number,
): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation,
    object: `${view.segment.name ?? ''}/${name}`,
    cause: `it has ${found} bytes, and its layout says ${length}`,
    remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
    expected: length,
    found,
  });
}

/** Throws TypeError or RangeError for what cannot be an object's name. */
function checkName(name: unknown, operation: string): void {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || !name.isWellFormed()) {
    throw invalidArgument(
      `${operation}: a name is a string, not empty, without NUL characters`,
      'ERR_MEMSPAN_INVALID_NAME',
    );
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_SIZE) {
    throw outOfRange(
      `${operation}: the name has ${bytes} bytes of UTF-8, ${NAME_SIZE} are allowed`,
    );
  }
}

function full(view: SpanView, { operation, name }: ObjectRequest): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NO_SPACE', {
    operation,
    object: name,
    cause: `its span has all of its ${view.geometry.entries} named objects`,
    remedy: 'Make the span with more objects',
    expected: view.geometry.entries,
  });
}

function noRoom(
  view: SpanView,
  offset: number,
  request: ObjectRequest,
  needed: number,
): MemspanError {
  const left = Math.max(view.geometry.size - offset, 0);
  return new MemspanError('ERR_MEMSPAN_NO_SPACE', {
    operation: request.operation,
    object: request.name,
    cause: `it needs ${needed} bytes, and the span has ${left} left`,
    remedy: 'Make the span larger',
    expected: needed,
    found: left,
  });
}
