// The bytes of a reader-writer lock: one word, which only writers own, and a reader word in the slot of each reader
// (span/reads.ts). Zeros are a lock that is free.
//
//   │ WAITERS │ UNRECOVERABLE │ DRAINING │ DIED │ the writer's id: 28 bits; 0 is nobody │
//       31           30            29       28
//
// | bit           | set by                                    | cleared by                                    |
// |---------------|-------------------------------------------|-----------------------------------------------|
// | owner         | who takes it, from nobody or the dead     | the owner; anybody, if it died DRAINING       |
// | DRAINING      | the same, with the owner                  | the owner, when nobody living reads           |
// | DIED          | who takes it from a dead owner that was   | the owner: markConsistent                     |
// |               | not DRAINING                              |                                               |
// | UNRECOVERABLE | an owner who releases it with DIED        | nobody                                        |
// | WAITERS       | who has published a waiting cell          | who finds it free, and no cell                |
//
// | word             | may a reader enter                    | may a writer take it         | means                   |
// |------------------|---------------------------------------|------------------------------|-------------------------|
// | 0, WAITERS       | yes                                   | yes, DRAINING                | free, or being read     |
// | owner, DRAINING  | no                                    | no                           | waits for readers       |
// | owner            | no                                    | no                           | being written           |
// | DIED             | as a writer: alone, until it is repaired | yes, DRAINING             | to be repaired          |
// | owner, DIED      | no                                    | no                           | being repaired          |
// | dead, DRAINING   | yes: clears the owner                 | yes, without DIED            | the data is as it was   |
// | dead             | as a writer: alone, until it is repaired | yes, with DIED            | died writing            |
// | UNRECOVERABLE    | never                                 | never                        | lost                    |
//
// Readers and writers, step by step; `own` is the reader's word in its slot, `owns` are all of them:
//
// | reader: own ←, load(word)   | writer: word ←, load(owns)    | then                                                 |
// |-----------------------------|-------------------------------|------------------------------------------------------|
// | own, load                   | word, load                    | it reads; the writer sees that, and waits            |
// | own                         | word, load                    | both see each other: the reader takes its word back  |
// | … load                      |                               | and rings the owner, who may sleep because of it     |
// |                             | word, load, held              | the reader does not enter                            |
// | own ← 0                     | load(owns)                    | held                                                 |
// | own ← 0, load(word)         | had seen it reading           | the reader sees DRAINING and rings                   |
// | dies between those two      | sleeps                        | is disturbed by the death, and skips the dead        |
// | is stopped while it reads   | sleeps                        | waits until it goes on                               |
// | sleeps, WAITERS             | dies                          | is disturbed by the death, and looks                 |
// | sleeps, WAITERS             | is stopped                    | waits until it goes on                               |
//
// Sources: reader words apart from the writer's, as in the "big-reader" locks of W. C. Hsieh and W. E. Weihl, Scalable
// Reader-Writer Locks for Parallel Systems (1992); writers preferred, as in P. J. Courtois, F. Heymans and D. L. Parnas,
// Concurrent Control with "Readers" and "Writers" (1971).

import { ID_MASK } from '../span/participant.layout.ts';

export const RWLOCK_SIZE = 4;

export const OWNER: number = ID_MASK;
export const DIED = 0x1000_0000;
/** Where a mutex has GRANTED: in both, an owner that does not use it yet. */
export const DRAINING = 0x2000_0000;
export const UNRECOVERABLE = 0x4000_0000;
export const WAITERS: number = 0x8000_0000 | 0;

/** Any of these, and no reader may enter. */
export const BARRED: number = OWNER | DIED | UNRECOVERABLE;
