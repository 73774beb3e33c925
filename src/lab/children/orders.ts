// How a child of the lab is led: it is sent orders, does one after the other, and answers each.

/** An order and what it is about. */
export interface Order {
  readonly order: string;
  readonly [about: string]: unknown;
}

/** What a child says to an order. */
export interface Answer {
  readonly answer?: unknown;
  readonly error?: { readonly code: string | undefined; readonly message: string };
}

/** The order to end, which every child takes. */
export const LEAVE = 'leave';

/** Nothing waits for longer, so that a child whose lab was killed ends. Milliseconds. */
export const LONG_MS = 30_000;

const parent = process.ppid;

/** Whether the lab is gone: for loops that hear of nothing else. */
export function isAlone(): boolean {
  return process.ppid !== parent;
}

/** Names the orders that this child takes, and says that it is there. It ends when the lab does. */
export function obey(orders: Readonly<Record<string, (about: never) => unknown>>): void {
  process.once('disconnect', () => process.exit());
  process.on('message', async (about: Order | string) => {
    // Text is for whoever else listens.
    if (typeof about === 'string') return;
    if (about.order === LEAVE) process.exit();
    try {
      const work = orders[about.order];
      if (work === undefined) throw new Error(`there is no order '${about.order}'`);
      process.send?.({ answer: await work(about as never) } satisfies Answer);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      process.send?.({ error: { code, message } } satisfies Answer);
    }
  });
  process.send?.({ answer: 'here' } satisfies Answer);
}
