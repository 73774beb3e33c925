// Claims about types, checked by the compiler: `same<A, B>(true)` compiles only if A and B are the same type.

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does nothing when it runs. */
export function same<A, B>(_claim: Same<A, B>): void {}
