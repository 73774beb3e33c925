// Exercise `ring`: the textbook's bounded buffer between two processes, its fill level drawn; and memspan's ring.

import { Segment, Span } from '../index.ts';
import { O_CREAT, O_EXCL } from '../os/posix.ts';
import { BoundedBuffer, type BufferEvent, CAPACITY, SIZE } from './children/bounded-buffer.ts';
import type { Actor, Exercise, Ink, Result, Stage } from './exercise.ts';
import { isAsleep, until } from './waiting.ts';

/** Items in each half: of the first the consumer takes none until the buffer is full; then the producer makes a pause. */
const HALF = 16;
/** Of memspan's ring. */
const RING_ITEMS = 40;
const RING_BYTES = 256;

export const ring: Exercise = {
  name: 'ring',
  title: 'A bounded buffer',
  lesson: 'P7',
  before: [
    `A ring of items of 256 bytes, for ${CAPACITY} of them, with two indices. Three named semaphores: the room that is left, the items that are there, and whose turn it is. At first nobody gets anything; in the middle nobody puts anything.`,
  ],
  question: 'Why has it one slot more than items? Who waits for whom, and how?',
  answer: `With as many slots as items, in == out would mean full and empty. A put takes one from "room" and adds one to "items", a get the other way round: whoever finds 0 sleeps until the other one has posted. Nobody looks again and again.`,
  way: [
    `span.ring(name, {capacity}): messages of any length, without a system call while both ends are awake; and an end that dies is noticed. Here the writer has sent ${RING_ITEMS} items and was killed: the reader got all of them and then ERR_MEMSPAN_PEER_DIED. At the bounded buffer it would wait for ever.`,
  ],
  run,
};

async function run(stage: Stage): Promise<Result> {
  const [producer, consumer] = (await stage.cast('buffering', ['producer', 'consumer'])) as [
    Actor,
    Actor,
  ];
  const segment = Segment.create(stage.name('buffer'), { size: SIZE });
  const name = segment.name as string;
  const buffer = new BoundedBuffer(segment, O_CREAT | O_EXCL);
  const spanName = stage.name('span');
  using span = Span.create(spanName);
  span.ring('items', { capacity: RING_BYTES });
  await Promise.all([producer, consumer].map((end) => end.ask('open', { name, span: spanName })));

  // Nobody takes anything: the producer has to wait.
  const first = producer.ask('put', { from: 1, count: HALF });
  await until(() => buffer.waiting.put && isAsleep(producer.pid), 'a full buffer');
  const getting = consumer.ask<string[]>('get', { count: 2 * HALF });
  await first;
  // Nobody brings anything: the consumer has to wait, once it has taken everything.
  const isDrained = (): boolean => buffer.events.length === 2 * HALF && buffer.waiting.get;
  await until(() => isDrained() && isAsleep(consumer.pid), 'an empty buffer');
  await producer.ask('put', { from: HALF + 1, count: HALF });
  const got = await getting;

  const { events, waits } = buffer;
  const levels = events.map(({ level }) => level);
  const isInOrder = got.join() === itemsUpTo(2 * HALF).join();
  const isRight =
    isInOrder &&
    events.length === 4 * HALF &&
    Math.max(...levels) === CAPACITY &&
    Math.min(...levels) === 0 &&
    waits.full > 0 &&
    waits.empty > 0;

  const reading = consumer.ask<{ texts: string[]; end: string }>('read');
  await producer.ask('write', { from: 1, count: RING_ITEMS });
  await producer.kill();
  const read = await reading;
  const isTold =
    read.end === 'ERR_MEMSPAN_PEER_DIED' && read.texts.join() === itemsUpTo(RING_ITEMS).join();
  return {
    observed: isRight && isTold,
    picture: [
      ...pictureOf(events, stage.ink),
      '',
      stage.ink.bold("memspan's ring"),
      `writer   sends ${RING_ITEMS} items ─ SIGKILL †`,
      `reader   receives ${read.texts.length} items ─ ${stage.ink.green(read.end)}`,
    ],
    facts: { capacity: CAPACITY, waits, items: got.length, isInOrder, levels, ring: read },
  };
}

function itemsUpTo(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `item ${i + 1}`);
}

/** One column for each put and get. */
function pictureOf(events: readonly BufferEvent[], ink: Ink): string[] {
  const lines = [ink.bold('how many items are in the buffer')];
  for (let level = CAPACITY; level > 0; level--) {
    const row = events.map((event) => (event.level >= level ? '█' : ' ')).join('');
    const what = level === CAPACITY ? 'full' : '';
    lines.push(`${what.padStart(7)} ${level} ┤${ink.cyan(row.trimEnd())}`);
  }
  const mark = (event: BufferEvent): string => {
    if (!event.waited) return ' ';
    return event.isPut ? 'p' : 'g';
  };
  lines.push(`  empty 0 └${'─'.repeat(events.length - 1)}▶`);
  lines.push(ink.yellow(` waited    ${events.map(mark).join('')}`.trimEnd()));
  lines.push(ink.dim(`           one column for each put and get; p, g: it had to wait`));
  return lines;
}
