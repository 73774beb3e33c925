// Telling "this kernel, file system or sandbox does not have that call" from all other failures.

const EPERM = -1;
const EACCES = -13;
const EINVAL = -22;
const ENOSYS = -38;
const EOPNOTSUPP = -95;

/**
 * What is answered in place of a call that cannot be had: ENOSYS and EINVAL by kernels that do not know it, EOPNOTSUPP
 * by file systems, EPERM, EACCES or ENOSYS by sandboxes (seccomp(2); Docker's default answers EPERM). Who forbids a call may
 * have meant this very use of it: what is done instead is then refused, too, and that refusal is what is told.
 */
const ANSWERS: ReadonlySet<number> = new Set([EPERM, EACCES, EINVAL, ENOSYS, EOPNOTSUPP]);

/** Of a call's result, or its −errno. Only for calls whose arguments cannot be what is wrong. */
export function isLacking(result: number): boolean {
  return ANSWERS.has(result);
}
