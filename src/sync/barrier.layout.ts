// The bytes of a barrier: one word, and a seat for each party. Zeros are a barrier that nobody has come to.
//
//   word 0          │ BROKEN │ generation: 19 bits, wraps │ arrived: 12 bits │
//                       31     30                      12   11            0
//   words 1 to n    seats: the id of a party each, or 0
//
// | word                       | means                                    | becomes                                  |
// |----------------------------|------------------------------------------|------------------------------------------|
// | generation g, arrived a    | a parties wait for the phase to end      | g, a + 1: one more has arrived           |
// |                            |                                          | g, a − 1: one of them has given up       |
// | generation g, arrived n−1  | all but one are there                    | g + 1, 0: the last one has come          |
// | either                     |                                          | BROKEN, g, 0: a seat's owner is dead     |
// | BROKEN, g, 0               | a party is missing for good              | g + 2, 0: reset(), or nobody was left    |
//
// Each change is one compare-exchange of the whole word. Who waits since generation g looks at how far it is by now: an
// odd number of steps, and its phase was completed; an even one, or BROKEN, and it was not. For no phase ends without
// all who have arrived and not noticed yet: each of them has a seat of its own, so that the others are too few.
//
// A seat is taken (0 → id) before its owner arrives, and kept when it has waited: a party is a party between the phases,
// too. After it has taken its seat, and each time that it arrives, it looks at all seats; so does who waits, whenever
// somebody dies. A seat whose owner has died breaks the barrier. Only its owner empties a seat (id → 0), except that who
// begins anew empties those of the dead:
//
//   1  word ← load        reset():  seats of the dead ← load, all of them
//   2                     a joiner: the same, twice: there is nobody alive in any, and no new dead the second time
//   3  word → BROKEN      (where it was not)
//   4  those very seats → 0
//   5  word → generation + 2
//
// 3 and 5 fail when the word is another by then, and all is done again. Killed in between, it leaves a word that is BROKEN,
// and the next one does the same. That nobody's death is forgotten by it: what is emptied in 4, however late, are
// ids which were dead at 2, before the run that begins with 5; an id never comes back. A party that 2 has not seen has
// taken its seat after all of these had died. It looks at the seats after that, and either finds a dead one and breaks
// the barrier, and then 3 or 5 fails or it is told; or finds none, as 4 is over, and its arrival is an exchange of a word
// that it has loaded before it looked, so of the one that 5 has left. A word that was BROKEN before a look at the seats may be
// the last run's where somebody alive was seen: it counts if it is still there after that.

export const COUNT_MASK = 0xfff;
export const GENERATION_SHIFT = 12;
export const GENERATION_MASK = 0x7ffff;
export const BROKEN: number = 0x8000_0000 | 0;

/** Where the seats begin, in words. */
export const SEATS = 1;
export const PARTIES_MAX = 4094;

/** Bytes. */
export function barrierSize(parties: number): number {
  return 4 * (SEATS + parties);
}

export function countOf(word: number): number {
  return word & COUNT_MASK;
}

export function generationOf(word: number): number {
  return (word >>> GENERATION_SHIFT) & GENERATION_MASK;
}

export function wordOf(generation: number, count: number): number {
  return ((generation & GENERATION_MASK) << GENERATION_SHIFT) | count;
}
