// Tests that a run of scripts/kernels.mjs leaves out, because they need what is switched off there.

/**
 * `without`: in a run that lacks any of these. `part`: of a file's name; or `tests`: of the tests' names, as a regular
 * expression. The tests of what is done instead are never in here: they switch it off by themselves.
 */
export const LEFT_OUT = [];
