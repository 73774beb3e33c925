// find: threads, mutexes and every other kind on this machine, by the pattern of their full names.

import { invalidArgument, MemspanError } from '../errors.ts';
import { checkOptions, type OpenOptions } from '../segment/options.ts';
import { Segment } from '../segment/segment.ts';
import { kindName, kindNames } from './kinds.ts';
import { matcherFor, Span, type SpanThread } from './span.ts';
import { type Looking, type Thread, type ThreadHandle, threadsOf } from './thread.ts';
import { SpanView } from './view.ts';

export interface FindOptions {
  /** 'thread', 'mutex', 'bytes', …; all kinds by default. */
  kind?: string | undefined;
  /** A pattern of the full name `span/object`: `*` any run of characters, `?` one. Default '*'. */
  name?: string | undefined;
  /** Whose spans are looked into besides this user's own. */
  allowOwner?: OpenOptions['allowOwner'];
}

/** Something that was found. */
export interface Found {
  readonly kind: string;
  readonly span: string;
  readonly name: string;
  readonly fullName: string;
  /**
   * Joins the span and opens the object; close its span (`object.span.close()`) when it is no longer needed.
   * For a thread: a handle with `exited()` and `close()`. Bytes and records know no span: join `span` by its name to close it.
   */
  open(): unknown;
}

/** A thread that was found. It is no longer `alive`, as far as can be known, once the name of its span is gone. */
export interface FoundThread extends Found, ThreadHandle {
  readonly kind: 'thread';
  readonly span: string;
  open(): OpenedThread;
}

/** A thread of a span that was joined for it; `close()` leaves that span. */
export interface OpenedThread extends SpanThread, Disposable {
  close(): void;
}

/**
 * What is in the spans on this machine, sorted by full name. Spans that are damaged, not this user's, or gone
 * by the time they are looked at are left out. Attaches to nothing. Throws `ERR_MEMSPAN_UNSUPPORTED` where nothing tells of who
 * is alive.
 */
export function find(options: FindOptions & { kind: 'thread' }): FoundThread[];
export function find(options?: FindOptions): Found[];
export function find(options: FindOptions = {}): Found[] {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('find takes {kind, name}');
  }
  const { kind, name = '*', allowOwner } = options;
  checkOptions({ allowOwner }, 'find');
  Segment.requireLifelines('find');
  const isMatch = matcherFor(name, 'find');
  const kinds = ['thread', ...kindNames()];
  if (kind !== undefined && !kinds.includes(kind)) {
    throw invalidArgument(
      `find: kind is one of ${kinds.join(', ')}, not ${JSON.stringify(kind) ?? String(kind)}`,
    );
  }
  const found = Segment.list().flatMap((info) => {
    const looking = lookingAt(info.name, allowOwner);
    try {
      return looking((view) => {
        const threads =
          kind === undefined || kind === 'thread' ? foundThreads(view, looking, allowOwner) : [];
        const objects = kind === 'thread' ? [] : foundObjects(view, allowOwner);
        return [...threads, ...objects];
      });
    } catch (error) {
      // Not a span, not ours, damaged, or gone.
      if (error instanceof MemspanError) return [];
      throw error;
    }
  });
  return found
    .filter((each) => isMatch(each.fullName) && (kind === undefined || each.kind === kind))
    .sort((a, b) => (a.fullName < b.fullName ? -1 : a.fullName > b.fullName ? 1 : 0));
}

/** Opens the span of that name to look at it, always the same one, and closes it again. */
function lookingAt(name: string, allowOwner: OpenOptions['allowOwner']): Looking {
  let inode: string | undefined;
  return (look) => {
    const segment = Segment.open(name, { readOnly: true, allowOwner });
    try {
      const { dev, ino } = segment.handle;
      inode ??= `${dev}:${ino}`;
      if (inode !== `${dev}:${ino}`) throw goneError(name);
      return look(new SpanView(segment, 'find'));
    } finally {
      segment.close();
    }
  };
}

function foundObjects(view: SpanView, allowOwner: OpenOptions['allowOwner']): Found[] {
  const span = view.segment.name as string;
  return [...view.entries('skip')].map((entry) => ({
    kind: kindName(entry.kind),
    span,
    name: entry.name,
    fullName: `${span}/${entry.name}`,
    open: () => {
      const joined = Span.join(span, { allowOwner });
      try {
        const object = joined.object(entry.name);
        if (object !== undefined) return object.open();
        throw goneError(`${span}/${entry.name}`);
      } catch (error) {
        joined.close();
        throw error;
      }
    },
  }));
}

function foundThreads(
  view: SpanView,
  looking: Looking,
  allowOwner: OpenOptions['allowOwner'],
): Found[] {
  const span = view.segment.name as string;
  return threadsOf(view, () => true, looking).map((thread) =>
    Object.assign(thread, { span, open: () => openThread(span, thread, allowOwner) }),
  );
}

function openThread(
  name: string,
  thread: Thread,
  allowOwner: OpenOptions['allowOwner'],
): OpenedThread {
  const span = Span.join(name, { allowOwner });
  try {
    // Another span may have the name by now; its threads attached at other times.
    const same = span
      .threads()
      .find(
        (each) =>
          (each as unknown as Thread).isSame(thread) && +each.attachedAt === +thread.attachedAt,
      );
    const close = (): void => span.close();
    if (same !== undefined) return Object.assign(same, { close, [Symbol.dispose]: close });
    throw goneError(thread.fullName);
  } catch (error) {
    span.close();
    throw error;
  }
}

function goneError(object: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
    operation: 'find',
    object,
    cause: 'what was found is no longer there',
    remedy: 'Find it again',
  });
}
