// A record of a span for those who only read: a view over a read-only mapping, without being attached to the span.

import { MemspanError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import { view } from '../layout/view.ts';
import type { Segment } from '../segment/segment.ts';
import { kindName } from '../span/kinds.ts';
import '../span/record.ts';
import { agreeOnLayout } from '../span/stored-layout.ts';
import { SpanView } from '../span/view.ts';

const OPERATION = 'recordIn';

/**
 * What `span.view(name, layout)` sees, in a segment that was opened by the span's name, read-only or not; undefined when there is no
 * such record. Nothing can be assigned to a view of a read-only segment (`ERR_MEMSPAN_READ_ONLY`). Throws
 * `ERR_MEMSPAN_NOT_A_SPAN`, `ERR_MEMSPAN_VERSION`, `ERR_MEMSPAN_CORRUPT`, `ERR_MEMSPAN_LAYOUT_MISMATCH`, as span.view does.
 */
export function recordIn<View extends object>(
  segment: Segment,
  name: string,
  // biome-ignore lint/suspicious/noExplicitAny: of whatever value.
  layout: Layout<any, View>,
): View | undefined {
  const span = new SpanView(segment, OPERATION);
  for (const entry of span.entries('skip')) {
    if (entry.name !== name || kindName(entry.kind) !== 'record') continue;
    agreeOnLayout(span, entry, { operation: OPERATION, name, layout, extensible: true });
    // The layout's text may be right and the numbers beside it not.
    if (entry.offset % layout.align !== 0 || entry.length < layout.size) {
      throw new MemspanError('ERR_MEMSPAN_CORRUPT', {
        operation: OPERATION,
        object: `${segment.name ?? ''}/${name}`,
        cause: `${entry.length} bytes at ${entry.offset} cannot be a record of ${layout.size}`,
        remedy: 'Remove the span with Span.unlink or `memspan rm`, and make it anew',
      });
    }
    return view(layout, segment.buffer, entry.offset);
  }
  return undefined;
}
