// recordIn: a record of a span seen through a read-only mapping by somebody who is not attached; damaged ones, too.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Segment, Span, struct, u32, utf8 } from '../../src/index.ts';
import { recordIn } from '../../src/inspect/record.ts';
import { ENTRY_SIZE, Entry } from '../../src/span/directory.layout.ts';
import { SpanView } from '../../src/span/view.ts';
import { codeOf, seededRandom, uniqueName } from '../support/segments.ts';

const Note = struct({ count: u32, text: utf8(124) });

function make(t: TestContext): { span: Span; segment: Segment } {
  const span = Span.create(uniqueName());
  span.bytes('bytes', { size: 16 });
  Object.assign(span.view('note', Note), { count: 7, text: 'grüße' });
  const segment = Segment.open(span.name as string, { readOnly: true });
  t.after(() => {
    segment.close();
    span.unlink();
    span.close();
  });
  return { span, segment };
}

test('it is the memory, and nothing can be assigned to it', (t) => {
  const { span, segment } = make(t);
  const note = recordIn(segment, 'note', Note);
  assert.ok(note);
  assert.deepEqual([note.count, note.text], [7, 'grüße']);
  span.view('note', Note).count = 8;
  assert.equal(note.count, 8);
  assert.equal(
    codeOf(() => {
      note.count = 9;
    }),
    'ERR_MEMSPAN_READ_ONLY',
  );
  assert.equal(span.threads().length, 1, 'nobody else is attached');
});

test('what is none, or another one', (t) => {
  const { segment } = make(t);
  assert.equal(recordIn(segment, 'nothing', Note), undefined);
  assert.equal(recordIn(segment, 'bytes', Note), undefined, 'no record');
  assert.equal(recordIn(segment, 'note', struct({ count: u32 }))?.count, 7, 'it may have more');
  const another = struct({ count: u32, text: utf8(9) });
  assert.equal(
    codeOf(() => recordIn(segment, 'note', another)),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
  );
});

test('what is no span', () => {
  using segment = Segment.anonymous(4096);
  assert.equal(
    codeOf(() => recordIn(segment, 'note', Note)),
    'ERR_MEMSPAN_NOT_A_SPAN',
  );
});

test('an entry that leads elsewhere', (t) => {
  const { span, segment } = make(t);
  const at = new SpanView(span.segment, 'test').entryAt(1);
  const words = new Uint32Array(span.segment.buffer);
  const [offset, length] = [words[at + Entry.offset]!, words[at + Entry.length]!];
  // The layout's text is still where it has to be: behind the object.
  words[at + Entry.length] = length - 64;
  words[at + Entry.offset] = offset + 64;
  assert.equal(
    codeOf(() => recordIn(segment, 'note', Note)),
    'ERR_MEMSPAN_CORRUPT',
    'too short',
  );
  words[at + Entry.length] = length;
  assert.equal(recordIn(segment, 'note', Note), undefined, 'elsewhere than its text says');
  words[at + Entry.offset] = offset;
  const textLength = words[at + Entry.layoutLength]!;
  words[at + Entry.layoutLength] = 0;
  assert.equal(
    codeOf(() => recordIn(segment, 'note', Note)),
    'ERR_MEMSPAN_LAYOUT_MISMATCH',
    'no layout',
  );
  words[at + Entry.layoutLength] = textLength;
  assert.equal(recordIn(segment, 'note', Note)?.count, 7);
});

test('whatever stands in its entry: a view, nothing, or an error with a code', (t) => {
  const random = seededRandom(t);
  const { span, segment } = make(t);
  const { directoryOffset } = new SpanView(span.segment, 'test').geometry;
  const bytes = new Uint8Array(span.segment.buffer, directoryOffset, 2 * ENTRY_SIZE);
  const sound = bytes.slice();
  const seen = new Map<string, number>();
  for (let round = 0; round < 2000; round++) {
    bytes.set(sound);
    for (let nth = 0; nth <= random() * 4; nth++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    let outcome: string;
    try {
      const note = recordIn(segment, 'note', Note);
      outcome = note === undefined ? 'nothing' : `a view: ${typeof note.count} ${typeof note.text}`;
    } catch (error) {
      outcome = (error as { code?: string }).code ?? String(error);
    }
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
  bytes.set(sound);
  t.diagnostic(JSON.stringify([...seen]));
  const codes = ['ERR_MEMSPAN_CORRUPT', 'ERR_MEMSPAN_LAYOUT_MISMATCH'];
  const allowed = ['nothing', 'a view: number string', ...codes];
  assert.deepEqual(
    [...seen.keys()].filter((outcome) => !allowed.includes(outcome)),
    [],
  );
});
