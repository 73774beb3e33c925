// The kill matrix of rings in a span: one victim ends in the midst of every act of a writer and of a reader, each on a ring of
// its own. What it had published is there, once and in its order; its peer is told; a successor goes on.
import assert from 'node:assert/strict';
import { type RingReader, type RingWriter, Span } from '../../src/index.ts';
import type { Tools } from '../support/puppets.ts';
import { type Deed, deed, type End, endAt, startVictim } from '../support/victims.ts';
import { textOf } from './spans.ts';

type Handle = Span['handle'];
type Act = (tools: Tools, handle: Handle, name: string) => unknown;

interface Case {
  readonly step: string;
  readonly act: Act;
  /** How many messages the victim has published, or taken. */
  readonly done: number;
  /** Its peer sleeps, or has closed. */
  readonly peer?: 'asleep' | 'closed';
  /** It had got so far with closing that its peer is told so. */
  readonly isClosed?: boolean;
}

const sends: Act = ({ memspan }, handle, name) => {
  const writer = memspan.Span.fromHandle(handle).ring(name).writer();
  for (let i = 0; i < 3; i++) writer.send(`v${i}`);
};
const fills: Act = ({ memspan }, handle, name) => {
  const writer = memspan.Span.fromHandle(handle).ring(name).writer();
  for (let i = 0; ; i++) writer.send(`v${i}`);
};
const sendsBatch: Act = ({ memspan }, handle, name) => {
  const writer = memspan.Span.fromHandle(handle).ring(name).writer();
  writer.sendBatch(['v0', 'v1', 'v2']);
};
const claims: Act = ({ memspan }, handle, name) => {
  const writer = memspan.Span.fromHandle(handle).ring(name).writer();
  const claim = writer.claim(28);
  claim?.bytes.set([118, 48]);
  claim?.commit(2);
};
const sendsAndCloses: Act = ({ memspan }, handle, name) => {
  const writer = memspan.Span.fromHandle(handle).ring(name).writer();
  writer.send('v0');
  writer.close();
};

const receives: Act = ({ memspan }, handle, name) => {
  const reader = memspan.Span.fromHandle(handle).ring(name).reader();
  while (reader.receive() !== null) {}
};
const receivesAsync: Act = ({ memspan }, handle, name) => {
  const reader = memspan.Span.fromHandle(handle).ring(name).reader();
  while (reader.tryReceive() !== null) {}
  return reader.receiveAsync();
};
const takes: Act = ({ memspan }, handle, name) => {
  const reader = memspan.Span.fromHandle(handle).ring(name).reader();
  for (;;) reader.take()?.release();
};
const readsBatch: Act = ({ memspan }, handle, name) => {
  memspan.Span.fromHandle(handle).ring(name).reader().readBatch();
};
const receivesAndCloses: Act = ({ memspan }, handle, name) => {
  const reader = memspan.Span.fromHandle(handle).ring(name).reader();
  reader.receive();
  reader.close();
};

const coming = ['seat-before-take', 'ring-seat-taken', 'ring-own-cleared', 'ring-begun'];

const writing: readonly Case[] = [
  ...coming.map((step) => ({ step, act: sends, done: 0 })),
  { step: 'ring-before-publish', act: sends, done: 0 },
  { step: 'ring-published', act: sends, done: 1 },
  { step: 'ring-before-wake', act: sends, done: 1, peer: 'asleep' },
  { step: 'ring-before-publish', act: sendsBatch, done: 0 },
  { step: 'ring-published', act: sendsBatch, done: 3 },
  { step: 'ring-before-wake', act: sendsBatch, done: 3, peer: 'asleep' },
  { step: 'ring-claimed', act: claims, done: 0 },
  { step: 'ring-before-publish', act: claims, done: 0 },
  { step: 'ring-published', act: claims, done: 1 },
  // One message is there before, of 8 bytes as all are.
  { step: 'ring-sleep-published', act: fills, done: 7 },
  { step: 'ring-before-close', act: sendsAndCloses, done: 1 },
  { step: 'ring-closed', act: sendsAndCloses, done: 1, isClosed: true },
  { step: 'ring-farewell', act: sendsAndCloses, done: 1, isClosed: true },
];

const reading: readonly Case[] = [
  ...coming.map((step) => ({ step, act: receives, done: 0 })),
  { step: 'ring-before-given', act: receives, done: 0 },
  { step: 'ring-given', act: receives, done: 1 },
  { step: 'ring-before-wake', act: receives, done: 1, peer: 'asleep' },
  { step: 'ring-taken', act: takes, done: 0 },
  { step: 'ring-before-given', act: takes, done: 0 },
  { step: 'ring-given', act: takes, done: 1 },
  { step: 'ring-before-given', act: readsBatch, done: 0 },
  { step: 'ring-given', act: readsBatch, done: 8 },
  { step: 'ring-sleep-published', act: receives, done: 8 },
  { step: 'ring-async-published', act: receivesAsync, done: 8 },
  { step: 'ring-before-end-taken', act: receives, done: 8, peer: 'closed' },
  { step: 'ring-before-close', act: receivesAndCloses, done: 1 },
  { step: 'ring-closed', act: receivesAndCloses, done: 1, isClosed: true },
  { step: 'ring-farewell', act: receivesAndCloses, done: 1, isClosed: true },
];

interface Bout {
  readonly deed: Deed;
  verify(): Promise<void>;
}

function deedOf({ step, act }: Case, handle: Handle, name: string): Deed {
  return deed(step, act, handle, name);
}

function codeOf(error: unknown): string {
  return String((error as { code?: string }).code);
}

/** A writer dies; the reader is ours. */
function writerBout(span: Span, fall: Case, name: string): Bout {
  const ring = span.ring(name, { capacity: 64 });
  const isAsleep = fall.peer === 'asleep';
  if (!isAsleep) {
    using before = ring.writer();
    before.send('p0');
  }
  const reader = ring.reader();
  const sleeping = isAsleep ? reader.receiveAsync() : undefined;
  return {
    deed: deedOf(fall, span.handle, name),
    verify: async () => {
      const expected = Array.from({ length: fall.done }, (_, i) => `v${i}`);
      const first = isAsleep ? [] : ['p0'];
      assert.deepEqual(await drained(reader, sleeping), [
        ...first,
        ...expected,
        isEnd(fall) ? 'ended' : 'ERR_MEMSPAN_PEER_DIED',
      ]);
      await goesOn(ring.writer(), reader);
    },
  };
}

/** Whether what the reader hears last is that a writer has closed: the victim, or the one before it. */
function isEnd({ step, isClosed = false }: Case): boolean {
  return isClosed || step === 'seat-before-take' || step === 'ring-seat-taken';
}

async function drained(
  reader: RingReader,
  first: Promise<Uint8Array | null> | undefined,
): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  try {
    for (let next = first; ; next = undefined) {
      const message = await (next ?? reader.receiveAsync());
      if (message === null) return [...found, 'ended'];
      found.push(textOf(message));
    }
  } catch (error) {
    return [...found, codeOf(error)];
  }
}

/** A reader dies; the writer is ours, and has filled the ring. */
function readerBout(span: Span, fall: Case, name: string): Bout {
  const ring = span.ring(name, { capacity: 64 });
  const writer = ring.writer();
  const all = Array.from({ length: 8 }, (_, i) => `m${i}`);
  assert.equal(writer.sendBatch(all), 8);
  const sending = fall.peer === 'asleep' ? writer.sendAsync('m8') : undefined;
  if (fall.peer === 'closed') writer.close();
  return {
    deed: deedOf(fall, span.handle, name),
    verify: async () => {
      // Its death, or its having given a message back, was noticed while it slept.
      if (sending !== undefined) assert.equal(await sending.catch(codeOf), true);
      const reader = ring.reader();
      const rest = [...all.slice(fall.done), ...(sending === undefined ? [] : ['m8'])];
      assert.deepEqual(reader.readBatch().map(textOf), rest);
      if (fall.peer === 'closed') {
        assert.deepEqual([reader.receive(), reader.ended], [null, true]);
        await goesOn(ring.writer(), reader);
      } else await goesOn(writer, reader);
    },
  };
}

async function goesOn(writer: RingWriter, reader: RingReader): Promise<void> {
  const receiving = reader.receiveAsync();
  assert.equal(await writer.sendAsync('after'), true);
  assert.equal(textOf(await receiving), 'after');
  writer.close();
  assert.equal(await reader.receiveAsync(), null);
  reader.close();
}

export async function killInAll(end: End): Promise<void> {
  using span = Span.anonymous({ size: 2 ** 20 });
  const bouts = [
    ...writing.map((fall, i) => writerBout(span, fall, `w${i}`)),
    ...reading.map((fall, i) => readerBout(span, fall, `r${i}`)),
  ];
  const victim = await startVictim(end);
  await endAt(
    victim,
    bouts.map(({ deed }) => deed),
    end,
  );
  for (const { verify } of bouts) await verify();
}
