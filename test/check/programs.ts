// Tiny programs over shared words, made by chance: as data, so that they can be run by whoever knows what they mean.
import { notify, wait } from '../../src/index.ts';

export type Operation =
  | { readonly does: 'load' | 'read'; readonly word: number }
  | {
      readonly does: 'store' | 'write' | 'add' | 'exchange';
      readonly word: number;
      readonly value: number;
    }
  | {
      readonly does: 'compareExchange';
      readonly word: number;
      readonly expected: number;
      readonly value: number;
    }
  /** 'sleep': memspan's wait. 'wait': that of Atomics. */
  | {
      readonly does: 'sleep' | 'wait';
      readonly word: number;
      readonly value: number;
      readonly isTimed: boolean;
    }
  | { readonly does: 'wake' | 'notify'; readonly word: number; readonly count: number }
  /** The next one is done only if the last answer was this. */
  | { readonly does: 'unless-skip'; readonly answer: number | string };

export type Program = readonly (readonly Operation[])[];

export const WORDS = 3;

export interface Words {
  readonly x: Int32Array;
}

/** What a thread of a program returns: all answers. */
export function threadOf(operations: readonly Operation[]): (shared: Words) => string {
  return ({ x }) => {
    const said: unknown[] = [];
    for (let i = 0; i < operations.length; i++) {
      const operation = operations[i] as Operation;
      if (operation.does === 'unless-skip') {
        if (said.at(-1) !== operation.answer) i++;
      } else said.push(perform(x, operation));
    }
    return said.join();
  };
}

function perform(
  x: Int32Array,
  operation: Exclude<Operation, { does: 'unless-skip' }>,
): number | string | undefined {
  const { word } = operation;
  switch (operation.does) {
    case 'load':
      return Atomics.load(x, word);
    case 'read':
      return x[word];
    case 'store':
      return Atomics.store(x, word, operation.value);
    case 'write':
      x[word] = operation.value;
      return undefined;
    case 'add':
      return Atomics.add(x, word, operation.value);
    case 'exchange':
      return Atomics.exchange(x, word, operation.value);
    case 'compareExchange':
      return Atomics.compareExchange(x, word, operation.expected, operation.value);
    case 'sleep':
      return wait(x, word, operation.value, operation.isTimed ? 10 : undefined);
    case 'wait':
      return Atomics.wait(x, word, operation.value, operation.isTimed ? 10 : undefined);
    case 'wake':
      return notify(x, word, operation.count);
    case 'notify':
      return Atomics.notify(x, word, operation.count);
  }
}

export interface Taste {
  readonly threads: number;
  readonly operations: number;
  readonly words: number;
  readonly sleeps: boolean;
  readonly branches: boolean;
}

export function programOf(random: () => number, taste: Taste): Program {
  const upTo = (count: number): number => Math.floor(random() * count);
  const operation = (): Operation => {
    const word = upTo(taste.words);
    const value = upTo(3);
    switch (upTo(taste.sleeps ? 12 : 8)) {
      case 0:
        return { does: 'load', word };
      case 1:
        return { does: 'read', word };
      case 2:
        return { does: 'store', word, value };
      case 3:
        return { does: 'write', word, value };
      case 4:
        return { does: 'add', word, value };
      case 5:
        return { does: 'exchange', word, value };
      case 6:
      case 7:
        return { does: 'compareExchange', word, expected: upTo(2), value };
      case 8:
        return { does: 'sleep', word, value: upTo(2), isTimed: upTo(2) === 0 };
      case 9:
        return { does: 'wait', word, value: upTo(2), isTimed: upTo(2) === 0 };
      case 10:
        return { does: 'wake', word, count: upTo(2) === 0 ? 1 : Number.POSITIVE_INFINITY };
      default:
        return { does: 'notify', word, count: upTo(2) === 0 ? 1 : Number.POSITIVE_INFINITY };
    }
  };
  return Array.from({ length: taste.threads }, () => {
    const operations: Operation[] = [];
    const length = 1 + upTo(taste.operations);
    for (let i = 0; i < length; i++) {
      if (i > 0 && taste.branches && upTo(3) === 0) {
        operations.push({ does: 'unless-skip', answer: upTo(2) });
      }
      operations.push(operation());
    }
    return operations;
  });
}
