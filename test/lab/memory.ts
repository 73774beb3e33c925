// The lab's exercises on memory itself: what is shared, guarded and left behind.

export const MEMORY = [
  'counter',
  'tearing',
  'read-only',
  'beyond-the-end',
  'private-vs-shared',
  'named-lifetime',
  'leak',
] as const;
