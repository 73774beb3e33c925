// All that a program of programs.ts can come to, by trying everything. Slow and simple, and it knows nothing of
// src/check: what that finds is compared with this.
import { type Operation, type Program, WORDS } from './programs.ts';

export interface Rules {
  readonly crashes: number;
  /** Preemptions. */
  readonly bound: number;
  /** Whether the operation is a step. All others are done together with the step before them. */
  readonly isStep: (operation: Operation, thread: number) => boolean;
}

interface Party {
  readonly at: number;
  readonly said: readonly (number | string | undefined)[];
  readonly is: 'ready' | 'asleep' | 'done' | 'dead';
}

interface State {
  readonly words: readonly number[];
  readonly parties: readonly Party[];
  /** In the order in which they came. */
  readonly sleepers: readonly number[];
  /** Who has taken the last step. */
  readonly last: number;
  readonly preemptions: number;
  readonly steps: number;
}

export interface End {
  readonly words: readonly number[];
  /** Null for those who were killed, undefined for who sleeps for ever. */
  readonly results: readonly (string | null | undefined)[];
  readonly isStuck: boolean;
  /** Of the shortest way there. */
  readonly steps: number;
}

export function allEnds(program: Program, rules: Rules): End[] {
  const ends = new Map<string, End>();
  const known = new Map<string, number>();
  const visit = (state: State): void => {
    const { steps, ...rest } = state;
    const key = JSON.stringify(rest);
    if ((known.get(key) ?? Number.POSITIVE_INFINITY) <= steps) return;
    known.set(key, steps);
    const next = moves(program, rules, state);
    const isStuck = state.parties.some(({ is }) => is === 'asleep');
    for (const each of [...next, ...deaths(rules, state)]) visit(each);
    if (next.length > 0) return;
    const results = state.parties.map(({ is, said }) => {
      if (is === 'done') return said.join();
      return is === 'dead' ? null : undefined;
    });
    const end: Omit<End, 'steps'> = { words: state.words, results, isStuck };
    const name = JSON.stringify(end);
    const before = ends.get(name)?.steps ?? Number.POSITIVE_INFINITY;
    ends.set(name, { ...end, steps: Math.min(before, steps) });
  };
  visit({
    words: Array<number>(WORDS).fill(0),
    parties: program.map(() => ({ at: 0, said: [], is: 'ready' })),
    sleepers: [],
    last: -1,
    preemptions: 0,
    steps: 0,
  });
  return [...ends.values()];
}

function moves(program: Program, rules: Rules, state: State): State[] {
  const { parties, last } = state;
  const found: State[] = [];
  for (const [who, { is, at }] of parties.entries()) {
    if (is === 'ready') {
      const isPreemption = last >= 0 && last !== who && parties[last]?.is === 'ready';
      const preemptions = state.preemptions + (isPreemption ? 1 : 0);
      if (preemptions <= rules.bound)
        found.push(go(program, rules, { ...state, preemptions }, who));
    }
    if (is === 'asleep') {
      const operation = program[who]?.[at];
      if (operation !== undefined && 'isTimed' in operation && operation.isTimed) {
        found.push(wakeUp({ ...state, steps: state.steps + 1 }, who, 'timed-out'));
      }
    }
  }
  return found;
}

/** Who has returned may die, too. */
function deaths({ crashes }: Rules, state: State): State[] {
  const { parties } = state;
  if (parties.filter(({ is }) => is === 'dead').length >= crashes) return [];
  return parties.flatMap(({ is }, who) => (is === 'dead' ? [] : [kill(state, who)]));
}

function changed(state: State, who: number, party: Partial<Party>): State {
  const parties = state.parties.map((each, i) => (i === who ? { ...each, ...party } : each));
  return { ...state, parties };
}

function kill(state: State, who: number): State {
  const sleepers = state.sleepers.filter((each) => each !== who);
  return { ...changed(state, who, { is: 'dead' }), sleepers, steps: state.steps + 1 };
}

/** One step, and what is no step before and after it. */
function go(program: Program, rules: Rules, before: State, who: number): State {
  let state = before;
  let isTaken = false;
  for (;;) {
    const { at, is } = state.parties[who] as Party;
    if (is === 'asleep') return state;
    const operation = program[who]?.[at];
    if (operation === undefined) return changed(state, who, { is: 'done' });
    if (operation.does !== 'unless-skip' && rules.isStep(operation, who)) {
      if (isTaken) return state;
      isTaken = true;
      state = { ...state, last: who, steps: state.steps + 1 };
    }
    state = perform(program, state, who, operation);
  }
}

function say(state: State, who: number, answer: number | string | undefined): State {
  const { at, said } = state.parties[who] as Party;
  return changed(state, who, { at: at + 1, said: [...said, answer], is: 'ready' });
}

function perform(program: Program, state: State, who: number, operation: Operation): State {
  const { at, said } = state.parties[who] as Party;
  if (operation.does === 'unless-skip') {
    return changed(state, who, { at: at + (said.at(-1) === operation.answer ? 1 : 2) });
  }
  const { does, word } = operation;
  const value = state.words[word] as number;
  const put = (next: number): State => ({
    ...state,
    words: state.words.map((each, i) => (i === word ? next : each)),
  });
  switch (does) {
    case 'load':
    case 'read':
      return say(state, who, value);
    case 'store':
      return say(put(operation.value), who, operation.value);
    case 'write':
      return say(put(operation.value), who, undefined);
    case 'add':
      return say(put(value + operation.value), who, value);
    case 'exchange':
      return say(put(operation.value), who, value);
    case 'compareExchange':
      return say(put(value === operation.expected ? operation.value : value), who, value);
    case 'sleep':
    case 'wait':
      if (value !== operation.value) return say(state, who, 'not-equal');
      return { ...changed(state, who, { is: 'asleep' }), sleepers: [...state.sleepers, who] };
    case 'wake':
    case 'notify': {
      const kind = does === 'wake' ? 'sleep' : 'wait';
      const woken = state.sleepers
        .filter((sleeper) => {
          const on = program[sleeper]?.[(state.parties[sleeper] as Party).at];
          return on?.does === kind && on.word === word;
        })
        .slice(0, operation.count);
      const after = woken.reduce((so, each) => wakeUp(so, each, 'ok'), state);
      return say(after, who, woken.length);
    }
  }
}

function wakeUp(state: State, who: number, why: string): State {
  const sleepers = state.sleepers.filter((each) => each !== who);
  return say({ ...state, sleepers }, who, why);
}
