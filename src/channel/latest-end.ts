// What both ends of a newest value know of it.

import { MemspanError } from '../errors.ts';
import type { Attachment } from '../span/attachment.ts';
import { Mode } from '../span/participant.layout.ts';
import { MARK } from './latest.layout.ts';
import type { LatestState } from './latest-state.ts';
import { Line } from './line.ts';

export interface LatestEnd {
  readonly attachment: Attachment;
  readonly state: LatestState;
  readonly status: Uint32Array;
  line(): Line;
  /** Throws when the span is closed, or its memory is gone. */
  check(operation: string): void;
  failure(
    code: MemspanError['code'],
    operation: string,
    cause: string,
    remedy: string,
  ): MemspanError;
  closed(operation: string, cause: string): MemspanError;
}

export function latestEnd(
  attachment: Attachment,
  state: LatestState,
  object: string,
  check: (operation: string) => void,
): LatestEnd {
  const failure: LatestEnd['failure'] = (code, operation, cause, remedy) => {
    // Memory that is gone reads as zeros: that is what there is to say then.
    check(operation);
    return new MemspanError(code, { operation, object, cause, remedy });
  };
  return {
    attachment,
    state,
    status: attachment.view.status,
    // One for each end: its tasks stand behind nobody else's, who may have seen another value.
    line: () => new Line(attachment, 4 * (state.index + MARK), Mode.message),
    check,
    failure,
    closed: (operation, cause) =>
      failure('ERR_MEMSPAN_CLOSED', operation, cause, 'Make another one'),
  };
}
