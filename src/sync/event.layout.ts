// The bytes of an event: one word. Zeros are an event as it is at first.
//
// With reset 'manual':
//
//   │ WAITERS │ SET │ generation: 30 bits │         SET is the other way round with `initial: true`
//       31       30
//
// | what       | changed by                                                                        |
// |------------|-----------------------------------------------------------------------------------|
// | SET        | set and reset                                                                     |
// | generation | set, in the same exchange: who waited then goes on, also when it is reset at once |
// | WAITERS    | set by who has published a cell; cleared by set, which then rings everybody       |
//
// With reset 'auto' it is a count (count.ts) that begins at 0, or with `initial: true` at 1. Setting it makes it 1,
// or more where that many wait already: each of several sets lets one of them through, however late they look. What
// was for waiters that have died is not kept for others but for one.

export const EVENT_SIZE = 4;

export const SET = 0x4000_0000;
export const GENERATION = 0x3fff_ffff;
export const WAITERS: number = 0x8000_0000 | 0;
