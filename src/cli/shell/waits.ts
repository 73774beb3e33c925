// p, g, wait, post: the ring of items and the semaphore. What cannot be had at once is waited for.

import { paint, printable } from '../format.ts';
import { ITEM_MAX } from './board.ts';
import { type Answer, type Call, textOf } from './call.ts';

export async function put(call: Call): Promise<Answer> {
  const { writer, items } = call.board.attached();
  const item = { text: textOf(call, 'p', ITEM_MAX) };
  if (!writer.trySend(item)) {
    call.tell(`the ring is full (${items.capacity} items): waiting until somebody gets one`);
    await writer.sendAsync(item, { signal: call.signal });
  }
  return depth(items.counters.depth, items.capacity);
}

function depth(items: number, capacity: number): Answer {
  return { text: `${paint.dim('items ')}${items} of ${capacity}`, facts: { items, capacity } };
}

export async function get({ board, signal, tell }: Call): Promise<Answer> {
  const { reader } = board.attached();
  let item = reader.tryReceive();
  while (item === null) {
    tell('the ring is empty: waiting for an item');
    item = await reader.receiveAsync({ signal });
  }
  return { text: printable(item.text), facts: { text: item.text } };
}

export async function wait({ board, signal, tell }: Call): Promise<Answer> {
  const { semaphore } = board.attached();
  // The permit is a number: whoever posts gives it back.
  if (semaphore.tryAcquire() === null) {
    tell('no permit: waiting for a post');
    await semaphore.acquireAsync({ signal });
  }
  return permits(semaphore.value);
}

export function post({ board }: Call): Answer {
  const { semaphore } = board.attached();
  semaphore.release();
  return permits(semaphore.value);
}

function permits(value: number): Answer {
  return { text: `${paint.dim('semaphore ')}${value}`, facts: { value } };
}
