// `leak`: makes a segment and two spans, and then exits or is killed.

import { Segment, Span } from '../../index.ts';
import { obey } from './orders.ts';

/** They live as long as this process. */
const held: unknown[] = [];

obey({
  make: (names: { segment: string; span: string; lastClose: string; as: string }) => {
    const { as } = names;
    held.push(
      Segment.create(names.segment, { size: 65_536 }),
      Span.open(names.span, { as }),
      Span.open(names.lastClose, { as, lifetime: 'last-close' }),
    );
  },
});
