// A glance at a segment: whether it is worth to be taken apart. Reads a word, and maps nothing, so that who looks every second
// is not among those who map it.

import { RING_MAGIC } from '../channel/ring.layout.ts';
import { MemspanError } from '../errors.ts';
import { closeDescriptor, readAt } from '../segment/descriptor.ts';
import { SHM_DIRECTORY } from '../segment/name.ts';
import { openObject } from '../segment/object.ts';

/** Whether the segment of that name begins as a ring does. Of what is gone, or may not be read: false. */
export function isRing(name: string): boolean {
  const subject = { operation: 'isRing', object: name };
  let fd: number;
  try {
    fd = openObject(`${SHM_DIRECTORY}/${name}`, { readOnly: true, follow: false, subject });
  } catch (error) {
    if (error instanceof MemspanError) return false;
    throw error;
  }
  try {
    const first = new Int32Array(1);
    return readAt(fd, first, 0) === 4 && first[0] === RING_MAGIC;
  } finally {
    closeDescriptor(fd);
  }
}
