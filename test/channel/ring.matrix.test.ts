// State × method, as a table that reads as sentences: what each call of each end comes to in each state.
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { Ring, type RingReader, type RingWriter, Segment } from '../../src/index.ts';
import { AT, fill, pair, stage } from './rings.ts';

/** Long enough to look once; what waits for ever says null. */
const options = { timeoutMs: 0 };

const sending: Record<string, (writer: RingWriter) => unknown> = {
  trySend: (writer) => writer.trySend('x'),
  send: (writer) => writer.send('x', options),
  sendAsync: (writer) => writer.sendAsync('x', options),
  finished: (writer) => writer.finished(options),
};

const receiving: Record<string, (reader: RingReader) => unknown> = {
  tryReceive: (reader) => reader.tryReceive(),
  tryReceiveInto: (reader) => reader.tryReceiveInto(new Uint8Array(8)),
  receive: (reader) => reader.receive(options),
  receiveInto: (reader) => reader.receiveInto(new Uint8Array(8), options),
  receiveAsync: (reader) => reader.receiveAsync(options),
};

const writerStates: Record<string, (t: TestContext) => RingWriter> = {
  'no reader yet': (t) => stage(t).ring.writer(),
  'no reader yet, full': (t) => filled(stage(t).ring.writer()),
  'reader there': (t) => pair(t).writer,
  'reader there, full': (t) => filled(pair(t).writer),
  'reader closed': (t) => afterReaderClosed(pair(t)),
  'reader closed, full': (t) => {
    const ends = pair(t);
    filled(ends.writer);
    return afterReaderClosed(ends);
  },
  'reader died': (t) => afterReaderDied(stage(t)),
  'reader died, full': (t) => filled(afterReaderDied(stage(t))),
  closed: (t) => {
    const { writer } = pair(t);
    writer.close();
    return writer;
  },
  'closed, reader closed': (t) => {
    const { writer, reader } = pair(t);
    writer.close();
    reader.close();
    return writer;
  },
  'segment closed': (t) => {
    const { writer, segment } = pair(t);
    segment.close();
    return writer;
  },
  'segment truncated': (t) => truncated(t).writer,
};

const readerStates: Record<string, (t: TestContext) => RingReader> = {
  'no writer yet': (t) => stage(t).ring.reader(),
  'writer there': (t) => pair(t).reader,
  'writer there, one message': (t) => withOne(pair(t)).reader,
  'writer closed': (t) => {
    const { writer, reader } = pair(t);
    writer.close();
    return reader;
  },
  'writer closed, one message': (t) => {
    const { writer, reader } = withOne(pair(t));
    writer.close();
    return reader;
  },
  'writer died': (t) => afterWriterDied(stage(t)),
  'writer died, one message': (t) => {
    const made = stage(t);
    made.words[AT.written] = 8;
    return afterWriterDied(made);
  },
  closed: (t) => {
    const { reader } = withOne(pair(t));
    reader.close();
    return reader;
  },
  'segment closed': (t) => {
    const { reader, segment } = withOne(pair(t));
    segment.close();
    return reader;
  },
  'segment closed, more was seen': (t) => {
    const { reader, segment } = withOne(withOne(pair(t)));
    reader.tryReceive();
    segment.close();
    return reader;
  },
  'segment truncated': (t) => truncated(t).reader,
};

// What a call comes to: its result (a message is its length), or the error's code without ERR_MEMSPAN_.
const outcomes = {
  writer: `
                            trySend      send         sendAsync    finished
    no reader yet           true         true         true         null
    no reader yet, full     false        null         null         null
    reader there            true         true         true         null
    reader there, full      false        null         null         null
    reader closed           PEER_CLOSED  PEER_CLOSED  PEER_CLOSED  true
    reader closed, full     PEER_CLOSED  PEER_CLOSED  PEER_CLOSED  PEER_CLOSED
    reader died             true         true         true         PEER_DIED
    reader died, full       false        PEER_DIED    PEER_DIED    PEER_DIED
    closed                  CLOSED       CLOSED       CLOSED       null
    closed, reader closed   CLOSED       CLOSED       CLOSED       true
    segment closed          CLOSED       CLOSED       CLOSED       CLOSED
    segment truncated       TRUNCATED    TRUNCATED    TRUNCATED    TRUNCATED`,
  reader: `
                               tryReceive  tryReceiveInto  receive    receiveInto  receiveAsync
    no writer yet              null        -1              null       -1           null
    writer there               null        -1              null       -1           null
    writer there, one message  1           1               1          1            1
    writer closed              null        -1              null       -1           null
    writer closed, one message 1           1               1          1            1
    writer died                null        -1              PEER_DIED  PEER_DIED    PEER_DIED
    writer died, one message   0           0               0          0            0
    closed                     CLOSED      CLOSED          CLOSED     CLOSED       CLOSED
    segment closed             CLOSED      CLOSED          CLOSED     CLOSED       CLOSED
    segment closed, more was seen  CLOSED  CLOSED          CLOSED     CLOSED       CLOSED
    segment truncated          TRUNCATED   TRUNCATED       TRUNCATED  TRUNCATED    TRUNCATED`,
};

for (const [end, states, methods] of [
  ['writer', writerStates, sending],
  ['reader', readerStates, receiving],
] as const) {
  const [head, ...rows] = outcomes[end].trim().split('\n');
  const names = head!.trim().split(/\s+/);
  for (const row of rows) {
    const cells = row.trim().split(/\s+/);
    const expected = cells.slice(-names.length);
    const stateName = cells.slice(0, -names.length).join(' ');
    test(`${end}, ${stateName}: ${names.map((name, i) => `${name} ${expected[i]}`).join(', ')}`, async (t) => {
      const found: string[] = [];
      for (const name of names) {
        const subject = (states as Record<string, (t: TestContext) => never>)[stateName]!(t);
        found.push(await outcomeOf(() => methods[name]!(subject)));
      }
      assert.deepEqual(found, expected);
    });
  }
}

async function outcomeOf(call: () => unknown): Promise<string> {
  try {
    const result = await call();
    return String(result instanceof Uint8Array ? result.length : result);
  } catch (error) {
    return String((error as { code?: string }).code ?? error).replace('ERR_MEMSPAN_', '');
  }
}

function filled(writer: RingWriter): RingWriter {
  fill(writer);
  return writer;
}

function withOne(ends: ReturnType<typeof pair>): ReturnType<typeof pair> {
  ends.writer.send('m');
  return ends;
}

function afterReaderClosed({ writer, reader }: ReturnType<typeof pair>): RingWriter {
  reader.close();
  return writer;
}

/** An end is dead when it was attached and nobody holds its lifeline. */
function afterReaderDied({ ring, words }: ReturnType<typeof stage>): RingWriter {
  words[AT.reader] = 1;
  return ring.writer();
}

function afterWriterDied({ ring, words }: ReturnType<typeof stage>): RingReader {
  words[AT.writer] = 1;
  return ring.reader();
}

let count = 0;
function truncated(t: TestContext): { writer: RingWriter; reader: RingReader } {
  const name = `memspan-test-${process.pid}-${++count}`;
  const segment = Segment.create(name, { size: Ring.bytesFor(64) });
  t.after(() => {
    segment.unlink();
    segment.close();
  });
  const ring = new Ring(segment);
  const ends = { writer: ring.writer(), reader: ring.reader() };
  ends.writer.send('m');
  truncateSync(`/dev/shm/${name}`, 0);
  return ends;
}
