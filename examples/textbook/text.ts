// The object of reader-writer and tearing: where the members of `struct text` (text.h) are, in bytes, and its size.

export const offset = { version: 0, text: 4, counter: 1024 } as const;
export const textSize = 1020;
export const size = 1028;
