// The bytes of a condition: one word. Zeros are a condition that nobody waits for.
//
//   │ WAITERS │ arrivals: 11 bits │ notifications: 20 bits │
//       31     20                   0
//
// | what          | set by                                              | cleared by                                    |
// |---------------|-----------------------------------------------------|-----------------------------------------------|
// | notifications | notifyOne: one more, if there are more who live and | each waiter whose turn it is takes one, once  |
// |               | wait; notifyAll: as many as live and wait           | it has the mutex again                        |
// | WAITERS       | who waits, before it releases the mutex             | who has the mutex and finds no waiter         |
// | arrivals      | who waits, one more: who has counted the waiters    | the same                                      |
// |               | meanwhile counts again                              |                                               |
//
// Of n notifications each belongs to one of the n living waiters with the earliest tickets. One that was for somebody
// who has died is so the next one's; what is left when all are gone is taken away by the next who has the mutex, before
// it waits or when it goes on.

export const CONDITION_SIZE = 4;

export const WAITERS: number = 0x8000_0000 | 0;
export const ARRIVALS = 0x7ff0_0000;
/** Room for all cells of all participants. */
export const NOTIFICATIONS = 0xf_ffff;
