// A model of the ring's two ends, one atomic operation a step, small enough to try every interleaving of them.
// It follows src/channel/ring-end.ts, ring-writer.ts and ring-reader.ts; ring.wakes.test.ts holds the real ones to
// the same order of operations. There are no slices of sleep in it: who is not woken sleeps for ever.

const SLEEPS = 1;
const CLOSED = 2;
const REFUSED = 4;
/** Bytes of a message. */
const SIZE = 8;

export interface End {
  /** The step that it takes next. */
  at: string;
  /** Messages sent or taken. */
  done: number;
  /** The other's cursor as it was seen last, and its own as it was found by the slow ways. */
  seen: number;
  found: number;
  outcome: string;
}

export interface World {
  written: number;
  read: number;
  writer: End;
  reader: End;
}

/** Takes the step and returns the next one's name; undefined: it cannot go on by itself. */
type Step = (world: World, me: End) => string | undefined;
export type Steps = Record<string, Step>;

export interface Rules {
  /** Messages that fit into the ring. */
  readonly room: number;
  /** Messages that the writer sends before it closes. */
  readonly sends: number;
  /** Messages after which the reader leaves; without it, it takes all. */
  readonly takes?: number;
  /** Which end may be killed, at any step. */
  readonly mayDie?: 'writer' | 'reader';
}

type Cursor = 'written' | 'read';

const position = (cursor: number): number => cursor & ~(SLEEPS | CLOSED | REFUSED);

function exchange(world: World, cursor: Cursor, expected: number, next: number): boolean {
  if (world[cursor] !== expected) return false;
  world[cursor] = next;
  return true;
}

/** FUTEX_WAKE. */
export function wake(world: World, cursor: Cursor): void {
  const sleeper = cursor === 'written' ? world.reader : world.writer;
  if (sleeper.at === 'asleep') sleeper.at = 'look';
  if (sleeper.at === 'lingers') sleeper.at = 'finish';
}

/** What both ends do in the same way: `own` is the cursor that the end moves, `other` the one it waits for. */
function common(own: Cursor, other: Cursor, farewell: number): Steps {
  return {
    // Set the flag in what was seen, by an exchange.
    arm: (world, me) => {
      const armed = me.seen | SLEEPS;
      if (me.seen !== armed && !exchange(world, other, me.seen, armed)) return 'look';
      me.seen = armed;
      return 'sleep';
    },
    // FUTEX_WAIT: compares, and queues in the same step.
    sleep: (world, me) => (world[other] === me.seen ? 'asleep' : 'look'),
    asleep: () => undefined,
    // The plain exchange of the hot path.
    move: (world, me) => {
      const from = me.done * SIZE;
      if (!exchange(world, own, from, from + SIZE)) return 'moveSlowly';
      me.done++;
      return 'next';
    },
    moveSlowly: (world, me) => {
      me.found = world[own];
      if (!(me.found & REFUSED)) return 'moveFlagged';
      me.outcome = 'peer closed';
      return 'close';
    },
    moveFlagged: (world, me) => {
      if (!exchange(world, own, me.found, (me.done + 1) * SIZE)) return 'moveSlowly';
      me.done++;
      return me.found & SLEEPS ? 'wake' : 'next';
    },
    wake: (world) => {
      wake(world, own);
      return 'next';
    },
    close: (world, me) => {
      me.found = world[own];
      return 'closeOwn';
    },
    closeOwn: (world, me) =>
      exchange(world, own, me.found, (me.found & ~SLEEPS) | CLOSED) ? 'closeWake' : 'close',
    closeWake: (world) => {
      wake(world, own);
      return 'farewell';
    },
    farewell: (world, me) => {
      me.found = world[other];
      return 'farewellFlag';
    },
    farewellFlag: (world, me) =>
      exchange(world, other, me.found, (me.found & ~SLEEPS) | farewell) ? 'finish' : 'farewell',
    end: () => undefined,
    dead: () => undefined,
  };
}

export function writerSteps({ room, sends }: Rules): Steps {
  return {
    ...common('written', 'read', 0),
    // What it remembers of the reader's cursor may be enough.
    next: (_, me) => {
      if (me.done === sends) return 'close';
      return me.done - position(me.seen) / SIZE < room ? 'move' : 'look';
    },
    look: (world, me) => {
      me.seen = world.read;
      if (me.done - position(me.seen) / SIZE < room) return 'move';
      if (!(me.seen & CLOSED)) return 'arm';
      me.outcome = 'peer closed';
      return 'close';
    },
    // finished(), after closing: sets no flag, as every close wakes.
    finish: (world, me) => {
      me.seen = world.read;
      if (!(me.seen & CLOSED)) return 'linger';
      if (me.outcome === '') {
        me.outcome = position(me.seen) === me.done * SIZE ? 'finished' : 'peer closed early';
      }
      return 'end';
    },
    linger: (world, me) => (world.read === me.seen ? 'lingers' : 'finish'),
    lingers: () => undefined,
  };
}

export function readerSteps({ takes = Number.POSITIVE_INFINITY }: Rules): Steps {
  return {
    ...common('read', 'written', REFUSED),
    next: (_, me) => {
      if (me.done === takes) {
        me.outcome = 'left';
        return 'close';
      }
      return me.done < position(me.seen) / SIZE ? 'move' : 'look';
    },
    look: (world, me) => {
      me.seen = world.written;
      if (me.done < position(me.seen) / SIZE) return 'move';
      if (!(me.seen & CLOSED)) return 'arm';
      me.outcome = 'ended';
      return 'close';
    },
    finish: () => 'end',
  };
}

export interface Explored {
  readonly worlds: number;
  /** Every way in which it can end, as `writer sent, reader taken`; or where it is stuck. */
  readonly endings: readonly string[];
}

/** Tries every interleaving. `onWorld` sees each world once. */
export function explore(
  rules: Rules,
  change: { writer?: Steps; reader?: Steps } = {},
  onWorld: (world: World) => void = () => {},
): Explored {
  const steps = {
    writer: { ...writerSteps(rules), ...change.writer },
    reader: { ...readerSteps(rules), ...change.reader },
  };
  const newEnd = (): End => ({ at: 'next', done: 0, seen: 0, found: 0, outcome: '' });
  const first: World = { written: 0, read: 0, writer: newEnd(), reader: newEnd() };
  const known = new Set([JSON.stringify(first)]);
  const open = [first];
  const endings = new Set<string>();
  for (let world = open.pop(); world !== undefined; world = open.pop()) {
    onWorld(world);
    const next = [...successors(world, steps, rules)];
    if (next.length === 0) endings.add(ending(world));
    for (const after of next) {
      const key = JSON.stringify(after);
      if (known.has(key)) continue;
      known.add(key);
      open.push(after);
    }
  }
  return { worlds: known.size, endings: [...endings].sort() };
}

function* successors(
  world: World,
  steps: Record<'writer' | 'reader', Steps>,
  { mayDie }: Rules,
): Generator<World> {
  for (const who of ['writer', 'reader'] as const) {
    const after = structuredClone(world);
    const me = after[who];
    const at = steps[who][me.at]!(after, me);
    if (at !== undefined) {
      me.at = at;
      yield after;
    } else if (isLeftAlone(world, who)) {
      // What a slice of sleep is for: the other end's lifeline is gone. One more look, then the error.
      yield lastLook(after, who, steps);
    }
    if (mayDie === who && !['end', 'dead'].includes(world[who].at)) {
      const dead = structuredClone(world);
      dead[who].at = 'dead';
      yield dead;
    }
  }
}

function isLeftAlone(world: World, who: 'writer' | 'reader'): boolean {
  const other = who === 'writer' ? world.reader : world.writer;
  return other.at === 'dead' && ['asleep', 'lingers'].includes(world[who].at);
}

function lastLook(
  world: World,
  who: 'writer' | 'reader',
  steps: Record<'writer' | 'reader', Steps>,
): World {
  const me = world[who];
  const look = me.at === 'asleep' ? 'look' : 'finish';
  me.at = steps[who][look]!(world, me) as string;
  if (me.at !== 'arm' && me.at !== 'linger') return world;
  me.outcome = 'peer died';
  me.at = look === 'look' ? 'close' : 'end';
  return world;
}

function ending({ writer, reader }: World): string {
  const told = ({ at, outcome, done }: End, verb: string): string =>
    `${at === 'end' ? outcome : at} ${verb} ${done}`;
  return `writer ${told(writer, 'sent')}, reader ${told(reader, 'took')}`;
}
