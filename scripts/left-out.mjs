// Tests that a run of scripts/kernels.mjs leaves out, because they need what is switched off there.

/**
 * `without`: in a run that lacks any of these. `part`: of a file's name; or `tests`: of the tests' names, as a regular
 * expression. The tests of what is done instead are never in here: they switch it off by themselves.
 */
export const LEFT_OUT = [
  {
    without: ['o_tmpfile'],
    tests: '100 creators killed at random moments: no half-made name, nothing left',
    reason: 'a killed creator leaves a hidden file; the test after it counts those',
  },
  {
    without: ['o_tmpfile'],
    tests: 'a creator killed at any system call leaves nothing',
    reason: 'the same; the calls of both other ways are in it, too',
  },
  {
    without: ['memfd'],
    tests: 'a size that no machine has is refused at once',
    reason:
      'an anonymous segment is room of /dev/shm: ERR_MEMSPAN_NO_SPACE in place of ERR_MEMSPAN_NO_MEMORY',
  },
  ...['test/segment/deserted', 'test/inspect/leftovers'].map((part) => ({
    without: ['leases'],
    part,
    reason: 'removing what is nobody’s; that nothing is removed is test/inspect/no-leases',
  })),
  ...['a leak: what, the remedy, the way to clean', '--json: findings, and what became'].map(
    (tests) => ({ without: ['leases'], tests, reason: 'the same, on the command line' }),
  ),
  ...[
    ...[
      'test/span/',
      'test/sync/',
      'test/channel/',
      'test/locks/',
      'test/inspect/',
      'test/examples/',
    ],
    ...['test/cli/', 'test/segment/deserted', 'test/segment/unfinished', 'test/segment/sandbox'],
  ].map((part) => ({
    without: ['ofd_locks'],
    part,
    reason: 'spans, or lifelines themselves; that they refuse is test/segment/no-lifelines',
  })),
  ...[
    'lifelines: nothing stays',
    'dropped without close: nothing stays',
    'what a segment can do that is',
    'killed between its two names',
    'killed before it has lost its name',
    'an ordinary user can do all the rest',
    'closes the descriptors of its segments',
  ].map((tests) => ({ without: ['ofd_locks'], tests, reason: 'it takes a lifeline, too' })),
  ...[
    'test/word/beyond-queues',
    'test/word/conformance-notify',
    'test/word/conformance-wait-async',
  ].map((part) => ({
    without: ['futex_waitv'],
    part,
    reason:
      'order and exact counts, which waits in slices do not have; test/word/fallback has what they do',
  })),
  ...[
    'a store to the upper half and a notify in the middle of going to sleep',
    'as many are woken as it was told',
    'as many are woken as notify says',
    'at most 1024 at once',
  ].map((tests) => ({ without: ['futex_waitv'], tests, reason: 'the same' })),
];
