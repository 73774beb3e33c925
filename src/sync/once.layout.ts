// The bytes of an initialisation that happens once: one word, a mutex's (mutex.layout.ts), of which one bit means
// something else. Zeros are one that has not begun.
//
//   │ WAITERS │ DONE │ GRANTED │ DIED │ the initialiser's id: 28 bits; 0 is nobody │
//       31       30      29       28
//
// | word               | means                                        | becomes                                      |
// |--------------------|----------------------------------------------|----------------------------------------------|
// | 0                  | not begun                                    | initialiser: who comes first                 |
// | DIED               | given up by one whose predecessor had died   | initialiser, DIED                            |
// | initialiser        | its init runs                                | DONE: when that returns                      |
// |                    |                                              | 0: when that throws                          |
// |                    |                                              | another, DIED: it is dead                    |
// | initialiser, DIED  | the same; a predecessor died half-way        | DONE; DIED; another, DIED                    |
// | DONE               | done, whatever else is in the word           | nothing else, ever                           |
//
// WAITERS goes with any of them: somebody has published a cell. GRANTED is never set. Taking it, giving it up and
// waiting for it are the mutex's; to it DONE is UNRECOVERABLE: nobody can have it any more, and nobody need.

import { UNRECOVERABLE } from './mutex.layout.ts';

export const ONCE_SIZE = 4;

export const DONE: number = UNRECOVERABLE;
