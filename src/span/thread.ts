// The threads that are attached to a span, as handles.

import type { MemspanError } from '../errors.ts';
import type { SpanView, WaitInfo } from './view.ts';

/** What a thread waits for. */
export interface ThreadWait {
  /** The object: its name, `name+offset` for one that is embedded in it, `@offset` for one in neither. */
  readonly name: string;
  /** True: the thread blocks. False: one of its asynchronous tasks waits. */
  readonly blocking: boolean;
  readonly since: Date;
}

export interface ThreadHandle {
  readonly kind: 'thread';
  readonly span: string | undefined;
  readonly name: string;
  /** `span/name`. */
  readonly fullName: string;
  /** As it sees itself; in another container the number means nothing here. */
  readonly pid: number;
  readonly tid: number;
  readonly program: string;
  readonly attachedAt: Date;
  /** The kernel's word, asked each time. A paused thread is alive. False once it has left, too. */
  readonly alive: boolean;
  /** Asked each time. */
  readonly waitingOn: readonly ThreadWait[];
}

/** Runs `look` over a view of the span that is open while it runs. */
export type Looking = <T>(look: (view: SpanView) => T) => T;

export class Thread implements ThreadHandle {
  readonly kind = 'thread';
  readonly span: string | undefined;
  readonly name: string;
  readonly fullName: string;
  readonly pid: number;
  readonly tid: number;
  readonly program: string;
  readonly attachedAt: Date;
  readonly #id: number;
  readonly #looking: Looking;

  constructor(info: NonNullable<ReturnType<SpanView['participant']>>, view: SpanView, as: Looking) {
    this.#id = info.id;
    this.#looking = as;
    this.span = view.segment.name;
    this.name = info.name;
    this.fullName = `${this.span ?? ''}/${info.name}`;
    this.pid = info.pid;
    this.tid = info.tid;
    this.program = info.program;
    this.attachedAt = info.attachedAt;
  }

  /** Whether both are of the same participant of the same span. @internal */
  isSame(other: Thread): boolean {
    return this.#id === other.#id;
  }

  get alive(): boolean {
    return this.#look(false, (view) => view.isAlive(this.#id));
  }

  get waitingOn(): readonly ThreadWait[] {
    return this.#look([] as readonly ThreadWait[], (view) => {
      if (!view.isAlive(this.#id)) return [];
      return view.waitsOf(this.#id).map((wait) => describeWait(view, wait));
    });
  }

  /** A span that is gone has no living threads. */
  #look<T>(whenGone: T, look: (view: SpanView) => T): T {
    try {
      return this.#looking(look);
    } catch (error) {
      if ((error as MemspanError).code === 'ERR_MEMSPAN_NOT_FOUND') return whenGone;
      throw error;
    }
  }
}

function describeWait(view: SpanView, { offset, blocking, since }: WaitInfo): ThreadWait {
  return { name: view.nameAt(offset), blocking, since: new Date(since) };
}

/** The attached threads whose names match; those who died attached are among them, until their slot is reused. */
export function threadsOf(
  view: SpanView,
  isMatch: (name: string) => boolean,
  looking: Looking,
): Thread[] {
  const found: Thread[] = [];
  for (const id of view.ids()) {
    const info = view.participant(id);
    if (info !== undefined && isMatch(info.name)) found.push(new Thread(info, view, looking));
  }
  return found;
}
