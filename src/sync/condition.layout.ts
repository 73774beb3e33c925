// The bytes of a condition: one word, a count (count.ts) that begins at 0: notifications that have been given and not
// been taken yet. Zeros are a condition that nobody waits for.
//
//   │ WAITERS │ notifications: 31 bits │
//       31
//
// | what          | set by                                              | cleared by                                    |
// |---------------|-----------------------------------------------------|-----------------------------------------------|
// | notifications | notifyOne: one more, if there are more who live and | each waiter whose turn it is takes one        |
// |               | wait; notifyAll: as many as live and wait           |                                               |
// | WAITERS       | who waits, before it releases the mutex             | who would ring the waiters and finds none     |
//
// Notifications belong to those who have waited longest and live. One that was for somebody who has died is the next
// one's; what is left when all are gone is taken away by the next who comes, before it waits.

export const CONDITION_SIZE = 4;
