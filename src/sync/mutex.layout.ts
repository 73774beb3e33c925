// The bytes of a mutex: one word. Zeros are a mutex that is free.
//
//   │ WAITERS │ UNRECOVERABLE │ GRANTED │ DIED │ the owner's id: 28 bits; 0 is free │
//       31           30           29       28
//
// | bit           | set by                                | cleared by                                   |
// |---------------|---------------------------------------|----------------------------------------------|
// | owner         | who takes it, from nobody or the dead | the owner                                    |
// |               | a fair owner, for the one it grants to | who finds the grantee waiting no more       |
// | DIED          | who takes it from a dead owner        | the owner: markConsistent                    |
// | GRANTED       | a fair owner, who grants it           | the grantee, when it accepts                 |
// | UNRECOVERABLE | an owner who releases it with DIED    | nobody                                       |
// | WAITERS       | who has published a waiting cell      | who releases and then finds no cell          |
//
// | word                     | means                                                                     |
// |--------------------------|---------------------------------------------------------------------------|
// | 0                        | free                                                                      |
// | WAITERS                  | free; one waiter has been rung, and who comes first takes it              |
// | DIED                     | free, but its data has still to be repaired                               |
// | owner                    | held                                                                      |
// | owner, DIED              | held by who has taken it from a dead one, and has not repaired the data   |
// | owner, GRANTED           | the owner has it, and does not know it yet                                |
// | UNRECOVERABLE            | nobody can have it any more                                               |
//
// An owner whose lifeline is free is dead: whoever finds it takes the word over with one compare-exchange. A
// dead id never lives again, so what was found cannot become untrue in between.

import { ID_MASK } from '../span/participant.layout.ts';

export const MUTEX_SIZE = 4;

export const OWNER: number = ID_MASK;
export const DIED = 0x1000_0000;
export const GRANTED = 0x2000_0000;
export const UNRECOVERABLE = 0x4000_0000;
export const WAITERS: number = 0x8000_0000 | 0;
