// `race-explorer`: runs the textbook's race in every order of its steps, and then the atomic one.

import { explore } from '../../check/explore.ts';
import { obey } from './orders.ts';

interface Shared {
  readonly x: Int32Array;
}

const setup = (): Shared => ({ x: Int32Array.of(5) });
const atEnd = ({ x }: Shared): boolean => x[0] === 7;

obey({
  plain: async () => {
    const add = ({ x }: Shared): void => {
      x[0] = x[0]! + 1;
    };
    const alice = (shared: Shared): void => add(shared);
    const bob = (shared: Shared): void => add(shared);
    return (await explore({ setup, atEnd, threads: [alice, bob] })).toJSON();
  },
  atomic: async () => {
    const alice = ({ x }: Shared): number => Atomics.add(x, 0, 1);
    const bob = ({ x }: Shared): number => Atomics.add(x, 0, 1);
    return (await explore({ setup, atEnd, threads: [alice, bob] })).toJSON();
  },
});
