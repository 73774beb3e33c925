// Records: named objects of a span that are a layout's bytes, seen through views; with the locks that are in them.

import { invalidArgument, MemspanError } from '../errors.ts';
import type { Layout, ShapeOf } from '../layout/layout.ts';
import type { Host } from '../layout/lens.ts';
import { isInPlace, viewWithin } from '../layout/view.ts';
import { openObject } from './directory.ts';
import { defineKind, embody } from './kinds.ts';
import { Span } from './span.ts';
import { layoutOf } from './stored-layout.ts';
import type { ObjectEntry } from './view.ts';

/** In the directory. */
const KIND = 9;

declare module './span.ts' {
  interface Span {
    /**
     * A named value of that layout, in place: made, of zeros, if there is none. To read a property is to read the memory,
     * to assign one is to write it; nothing orders that but what its users agree on: a lock in it, atomics. Locks in it
     * are live: `span.view('game', Game).lock.lock()`. A bare lock is a layout, too.
     *
     * What is there may have more members than `layout`, behind those (not fewer: their bytes would not be there). Throws
     * `ERR_MEMSPAN_LAYOUT_MISMATCH`, with the first member that differs, both types and both offsets, when it is
     * another one; `ERR_MEMSPAN_OPTIONS_MISMATCH` when it is no record, `ERR_MEMSPAN_NO_SPACE`, `ERR_MEMSPAN_CORRUPT`;
     * TypeError for a layout of a single value, which has nothing in place: use `atomic`, or a struct of it.
     */
    view<View extends object>(
      name: string,
      // biome-ignore lint/suspicious/noExplicitAny: of whatever value.
      layout: Layout<any, View>,
    ): View;
  }
}

Span.prototype.view = function view<View extends object>(
  this: Span,
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: of whatever value.
  layout: Layout<any, View>,
): View {
  const operation = 'span.view';
  if (typeof layout?.shape?.kind !== 'string') {
    throw invalidArgument(`${operation} takes a name and a layout`);
  }
  if (!isInPlace(layout)) {
    throw invalidArgument(
      `${operation}: a single value has no members: use a word of \`atomic\`, or a struct`,
    );
  }
  const attachment = this.attachment(operation);
  const entry = openObject(attachment, {
    operation,
    kind: KIND,
    name,
    length: layout.size,
    options: 0,
    describeOptions: () => 'none',
    layout,
    extensible: true,
  });
  if (entry.offset % layout.align !== 0) throw damaged(this, name, 'it is not where it has to be');
  return viewWithin(hostOf(this), layout, entry.offset);
};

const hosts = new WeakMap<Span, Host>();

function hostOf(span: Span): Host {
  const known = hosts.get(span);
  if (known !== undefined) return known;
  const host: Host = {
    buffer: span.segment.buffer,
    live: ({ shape }, at) => embody(span, at, shape as ShapeOf<'embedded'>),
  };
  hosts.set(span, host);
  return host;
}

/** The record as what its maker has said it is. */
function openRecord(span: Span, entry: ObjectEntry): object {
  const layout = layoutOf(span.attachment('open').view, entry);
  if (layout !== undefined && isInPlace(layout)) return span.view(entry.name, layout);
  throw damaged(span, entry.name, 'it has no layout that a record can have');
}

function damaged(span: Span, name: string, cause: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_CORRUPT', {
    operation: 'span.view',
    object: `${span.name ?? ''}/${name}`,
    cause,
    remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
  });
}

defineKind({ code: KIND, name: 'record', open: openRecord });
