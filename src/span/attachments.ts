// This thread's attachments, by inode: it attaches once, however often it opens a span.

import type { Attachment } from './attachment.ts';

export type Attachments = Map<string, Attachment>;

export let attachments: Attachments = new Map();

/** Of another thread that this one acts for (memspan/check), from now on. Returns those that were here. */
export function putAttachments(next: Attachments): Attachments {
  const before = attachments;
  attachments = next;
  return before;
}

// A program, or a worker, that ends without close() has not died. The memory stays for other listeners.
process.once('exit', () => {
  for (const attachment of attachments.values()) {
    try {
      attachment.leave();
    } catch {
      // Nobody is left to be told, and the kernel lets go of the rest.
    }
  }
});
