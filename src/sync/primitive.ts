// What all primitives have in common: a place in a span, by name or embedded in another object; names; the check that
// the span is open and its memory is there.

import { invalidArgument, outOfRange } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { Attachment } from '../span/attachment.ts';
import { openObject } from '../span/directory.ts';
import { Span } from '../span/span.ts';

/** Where a primitive is, and who uses it. */
export interface Place {
  readonly span: Span;
  readonly attachment: Attachment;
  /** Bytes from the span's start. */
  readonly offset: number;
  readonly name: string;
}

interface Named {
  readonly operation: string;
  /** A kind's code. */
  readonly kind: number;
  /** Bytes. */
  readonly length: number;
  /** Option bits: all who open it must mean the same. */
  readonly options: number;
  readonly describeOptions: (options: number) => string;
  /** Of what it carries: all who open it must mean the same. */
  readonly layout?: Layout | undefined;
}

/** The object of that name; made, of zeros, if there is none. */
export function named(span: Span, name: string, request: Named): Place {
  const attachment = span.attachment(request.operation);
  const { offset } = openObject(attachment, { ...request, name });
  return { span, attachment, offset, name };
}

/** So many bytes at that offset, within an object of the span; at a multiple of 4. */
export function embedded(span: Span, offset: number, length: number, operation: string): Place {
  if (!(span instanceof Span) || typeof offset !== 'number') {
    throw invalidArgument(`${operation} takes a span and an offset in bytes`);
  }
  const attachment = span.attachment(operation);
  const { view } = attachment;
  void view.segment.buffer;
  if (offset % 4 !== 0 || !view.isInObject(offset, length)) {
    throw outOfRange(
      `${operation}: an offset is a multiple of 4, with ${length} bytes from there on within an object of the span, not ${offset}`,
    );
  }
  return { span, attachment, offset, name: view.nameAt(offset) };
}

export abstract class Primitive {
  readonly span: Span;
  /** Its own name, or `name+offset` of the object it is embedded in. */
  readonly name: string;
  /** @internal */
  protected readonly attachment: Attachment;

  /** @internal */
  constructor({ span, attachment, name }: Place) {
    this.span = span;
    this.name = name;
    this.attachment = attachment;
  }

  /** `span/name`. */
  get fullName(): string {
    return `${this.span.name ?? ''}/${this.name}`;
  }

  /** Throws when the span is closed, or its memory is gone. */
  protected check(operation: string): void {
    this.span.attachment(operation);
    // Says what is wrong with the memory, if anything is.
    if (this.attachment.view.status[0] !== 0) void this.attachment.view.segment.buffer;
  }
}
