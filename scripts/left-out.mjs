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
];
