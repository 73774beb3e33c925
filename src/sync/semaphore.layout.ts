// The bytes of a semaphore: three words, and with `undo` one more for each permit. Zeros are a semaphore that nobody
// has used yet.
//
//   word 0   │ WAITERS │ count: 31 bits │      count: permits that are free, less `initial`, modulo 2^31;
//                 31                            with `undo` it only changes with every permit taken
//   word 1   `initial` + 1; 0 until somebody has said it
//   word 2   `max`; 0 until somebody has said it
//   word 3…  with `undo`: who has that permit, an id; 0 is nobody
//
// | what            | set by                                       | cleared by                                      |
// |-----------------|----------------------------------------------|-------------------------------------------------|
// | count           | who takes, who releases                      |                                                 |
// | a permit's word | who takes it, from nobody or from the dead   | its owner                                       |
// | WAITERS         | who has published a cell and may not take yet | who could hand out permits and finds no waiter |
//
// Nobody is handed a permit. When there are n free ones, they belong to the n living waiters with the earliest
// tickets, and each of those takes its own: it counts who is earlier, and then exchanges word 0, which fails when
// anybody else has taken or released since. So none is lost with a waiter that dies, and nobody is overtaken.
// Who comes without a ticket counts every living waiter as earlier. It passes one only where that has come in between
// the last look of who takes WAITERS away and its doing so, and until that one has looked again and put it back.
// Who is stopped between taking its permit and withdrawing its cell is counted as a waiter still, and so holds up one
// permit more, as it would have a moment before.

export const SEMAPHORE_SIZE = 12;

/** Words. */
export const SemaphoreWord = { count: 0, initial: 1, max: 2, permits: 3 } as const;

export const WAITERS: number = 0x8000_0000 | 0;
export const COUNT = 0x7fff_ffff;

/** The largest value, SEM_VALUE_MAX of limits.h(0p). */
export const PERMITS_MAX: number = COUNT;
/** With `undo`. */
export const OWNED_PERMITS_MAX = 4096;
