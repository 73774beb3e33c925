// Getting attached: create, join, or either; and what happens to a span whose participants have all died.
//
//   open or make the segment → gate → is the name still this one? → slot
//
// A new span is published whole (segment.init). The gate is taken exclusively first, without waiting: who gets
// it is alone, and may recover, reset or refuse a span in which somebody died; then it is lowered to shared.
// Who cannot have it exclusively joins others, and is alone with nobody's remains.

import { invalidArgument, MemspanError } from '../errors.ts';
import { eitherWay } from '../segment/acquire.ts';
import type { SegmentHandle } from '../segment/handle.ts';
import { Segment } from '../segment/segment.ts';
import { load, store } from '../word/atomics.ts';
import { Attachment } from './attachment.ts';
import { attachments } from './attachments.ts';
import { GATE_WAIT_MS, passGate, type Request, unlinkIfLast } from './gate.ts';
import { format, geometryOf, type Lifetime } from './geometry.ts';
import { Header } from './header.layout.ts';
import { type AttachOptions, checkSpanOptions, type SpanOptions } from './options.ts';
import { clearDead, hasDead, takeSlot } from './slot.ts';
import { SpanView } from './view.ts';

const SIZE = 2 ** 20;
const PARTICIPANTS = 64;
const ENTRIES = 256;

type Insist = 'create' | 'join' | undefined;

/** It was reset: gone, and to be made anew with these options unless somebody else was first. */
interface Reset {
  readonly anew: SpanOptions;
}

export function attachNamed(name: string, options: SpanOptions, insist: Insist): Attachment {
  const operation = insist === undefined ? 'Span.open' : `Span.${insist}`;
  checkSpanOptions(options, operation);
  Segment.requireLifelines(operation, name);
  const request = { operation, deadline: performance.now() + GATE_WAIT_MS, byName: true };
  let how = insist;
  let shape = options;
  for (;;) {
    const acquire = (): Segment => asOperation(operation, () => segmentOf(name, shape, how));
    const attached = tryNamed(options, request, acquire);
    if (attached instanceof Attachment) return attached;
    if (attached === null) continue;
    shape = attached.anew;
    if (how === 'join') how = undefined;
  }
}

/** Null when the name has changed hands meanwhile. */
function tryNamed(
  options: SpanOptions,
  request: Request,
  acquire: () => Segment,
): Attachment | Reset | null {
  const segment = acquire();
  try {
    const attached = attach(segment, options, request);
    if (!(attached instanceof Attachment)) segment.close();
    return attached;
  } catch (error) {
    segment.close();
    throw error;
  }
}

function segmentOf(name: string, options: SpanOptions, insist: Insist): Segment {
  const { mode, allowOwner } = options;
  const open = (): Segment => Segment.open(name, { allowOwner });
  if (insist === 'join') return open();
  const size = options.size ?? SIZE;
  const geometry = shapeOf(options);
  const create = (): Segment =>
    Segment.create(name, {
      size,
      mode,
      init: ({ buffer }) => {
        // step: create-before-format
        format(buffer, geometry, options.lifetime ?? 'until-unlinked');
        // step: create-before-link
      },
    });
  return insist === 'create' ? create() : eitherWay(open, create);
}

/** What goes wrong with the segment goes wrong with what the user has called. */
function asOperation<T>(operation: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof MemspanError ? error.of(operation) : error;
  }
}

function shapeOf({ size = SIZE, participants = PARTICIPANTS, objects = ENTRIES }: SpanOptions) {
  return geometryOf(size, participants, objects);
}

/** A span without a name, in a segment without one. */
export function attachAnonymous(options: SpanOptions): Attachment {
  const operation = 'Span.anonymous';
  checkSpanOptions(options, operation);
  Segment.requireLifelines(operation);
  const geometry = shapeOf(options);
  const segment = asOperation(operation, () => Segment.anonymous(geometry.size));
  format(segment.buffer, geometry, 'until-unlinked');
  return attachSegment(segment, options, operation);
}

export function attachHandle(handle: SegmentHandle, options: AttachOptions): Attachment {
  const operation = 'Span.fromHandle';
  checkSpanOptions(options, operation);
  Segment.requireLifelines(operation);
  const { allowOwner } = options;
  const segment = asOperation(operation, () => Segment.fromHandle(handle, { allowOwner }));
  return attachSegment(segment, options, operation);
}

/** The segment is the attachment's from now on, and closed when that cannot be. */
export function attachSegment(
  segment: Segment,
  options: AttachOptions,
  operation: string,
): Attachment {
  checkSpanOptions(options, operation);
  for (const present of attachments.values()) {
    if (present.isOpen && present.view.segment === segment) return present.use();
  }
  try {
    Segment.requireLifelines(operation, segment.name);
    const deadline = performance.now() + GATE_WAIT_MS;
    const attached = attach(segment, options, { operation, deadline, byName: false });
    if (attached instanceof Attachment) return attached;
    throw new MemspanError('ERR_MEMSPAN_NOT_FOUND', {
      operation,
      object: segment.name,
      cause: 'it was removed meanwhile',
      remedy: 'Open it by its name',
    });
  } catch (error) {
    segment.close();
    throw error;
  }
}

function attach(
  segment: Segment,
  options: SpanOptions,
  request: Request,
): Attachment | Reset | null {
  const { operation } = request;
  const view = new SpanView(segment, operation);
  checkWritable(segment, operation);
  checkAgreement(view, options, operation);
  const key = keyOf(segment);
  const present = attachments.get(key);
  if (present?.isOpen) {
    segment.close();
    return present.use();
  }
  const { gate, alone } = passGate(view, request);
  try {
    // step: gate-taken
    const mayBeGone = segment.name !== undefined && (alone || request.byName);
    if (mayBeGone && !segment.isLinked) {
      gate.release();
      return null;
    }
    const recovered = alone && isStale(view);
    const reset = recovered ? settle(view, options, operation) : undefined;
    if (reset !== undefined) {
      gate.release();
      return reset;
    }
    const { created } = segment;
    const slot = takeSlot(view, options.as);
    const attached = new Attachment(view, gate, slot, { created, recovered, key });
    if (alone) {
      store(view.words, Header.recovering, 0);
      gate.share({ operation, object: segment.name });
    }
    attachments.set(key, attached);
    return attached.use();
  } catch (error) {
    // step: attach-failed
    gate.release();
    // The last one out may have left the name to us.
    try {
      unlinkIfLast(view, () => !isStale(view));
    } catch {
      // What went wrong first is what is told.
    }
    throw error;
  }
}

/** Whether somebody died attached and nobody has taken over since: a recoverer may have died midway. */
function isStale(view: SpanView): boolean {
  return hasDead(view) || load(view.words, Header.recovering) !== 0;
}

/** What is done with a span whose participants have all died; nobody else is there. */
function settle(view: SpanView, options: SpanOptions, operation: string): Reset | undefined {
  const { segment } = view;
  const stale = options.stale ?? 'recover';
  if (stale === 'fail') {
    throw new MemspanError('ERR_MEMSPAN_STALE', {
      operation,
      object: segment.name,
      cause: 'all who were attached to it have died',
      remedy: "Pass stale: 'recover' to go on with what they left, or 'reset' to begin anew",
    });
  }
  if (stale === 'reset') {
    if (segment.name === undefined) {
      throw invalidArgument(`${operation}: without a name there is nothing to reset it to`);
    }
    const { size, participants, entries } = view.geometry;
    const mode = Segment.list(segment.name).find(({ name }) => name === segment.name)?.mode;
    // step: reset-before-unlink
    segment.unlink();
    const { lifetime } = view;
    return { anew: { mode, ...options, size, participants, objects: entries, lifetime } };
  }
  store(view.words, Header.recovering, 1);
  clearDead(view);
  // step: recover-cleared
  return undefined;
}

/** Being attached means writing; nobody else sees what is written to a private mapping. */
function checkWritable(segment: Segment, operation: string): void {
  // Throws for a private one.
  void segment.handle;
  if (!segment.readOnly) return;
  throw new MemspanError('ERR_MEMSPAN_READ_ONLY', {
    operation,
    object: segment.name,
    cause: 'its segment was opened for reading, and a participant of a span has to write',
    remedy: 'Open it without readOnly; find() looks at spans without attaching',
  });
}

/** Who says what the span should be must be right. */
function checkAgreement(view: SpanView, options: SpanOptions, operation: string): void {
  const { size, participants, entries } = view.geometry;
  const found: Required<Pick<SpanOptions, 'size' | 'participants' | 'objects' | 'lifetime'>> = {
    size,
    participants,
    objects: entries,
    lifetime: view.lifetime satisfies Lifetime,
  };
  for (const [key, value] of Object.entries(found)) {
    const wanted = options[key as keyof typeof found];
    if (wanted === undefined || wanted === value) continue;
    throw new MemspanError('ERR_MEMSPAN_OPTIONS_MISMATCH', {
      operation,
      object: view.segment.name,
      cause: `it is there with ${key}: ${JSON.stringify(value)}, not ${JSON.stringify(wanted)}`,
      remedy: `Leave ${key} out to take what is there, agree on one, or remove the span`,
      expected: wanted,
      found: value,
    });
  }
}

function keyOf(segment: Segment): string {
  const { dev, ino } = segment.handle;
  return `${dev}:${ino}`;
}

/** Gives up one use of the attachment. */
export function detach(attachment: Attachment, error: unknown): void {
  if (attachment.release(error)) attachments.delete(attachment.key);
}
