// docs/format.md is true: its tables agree with the constants in src, a real span is decoded with them alone, and the
// inspector at its end compiles and says what is there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { native } from '../../src/binding.ts';
import { mutex, Span, struct, u8 } from '../../src/index.ts';
import { fnv1a } from '../../src/layout/fingerprint.ts';
import '../../src/locks/locks.ts';
import { ENTRY_SIZE, Entry, NAME_SIZE, READY } from '../../src/span/directory.layout.ts';
import * as header from '../../src/span/header.layout.ts';
import { kindNames, kindOf } from '../../src/span/kinds.ts';
import * as participant from '../../src/span/participant.layout.ts';
import { encode } from '../../src/sync/mutex-options.ts';
import { needs } from '../support/extras.ts';
import { bits, type Field, fields, page, type Row, table } from '../support/format-page.ts';
import { startChild } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

const Header = fields('Header', header.HEADER_SIZE);
const Slot = fields('Slot', participant.SLOT_SIZE);
const Cell = fields('Cell', 4 * participant.CELL_WORDS);
const EntryField = fields('Directory entry', ENTRY_SIZE);
const structures: [string, Record<string, Field>, Record<string, number>][] = [
  ['the header', Header, header.Header],
  ['a slot', Slot, participant.Slot],
  ['a cell', Cell, participant.Cell],
  ['a directory entry', EntryField, Entry],
];

for (const [what, documented, constants] of structures) {
  test(`the fields of ${what} are where the page says`, () => {
    const offsets = Object.entries(documented).map(([name, { offset }]) => [name, offset]);
    const words = Object.entries(constants).map(([name, word]) => [name, 4 * word]);
    assert.deepEqual(Object.fromEntries(offsets), Object.fromEntries(words));
  });
}

test('the fields are as large as the page says', () => {
  assert.equal(Slot.name?.size, participant.TEXT_SIZE);
  assert.equal(Slot.program?.size, participant.TEXT_SIZE);
  assert.equal(Slot.cells?.size, 4 * participant.CELLS * participant.CELL_WORDS);
  assert.equal(EntryField.name?.size, NAME_SIZE);
  assert.equal(Slot.reads?.size, 4 * (1 + participant.READS));
  assert.equal(Header.magic?.size, header.MAGIC.length);
  assert.equal(Header.readers?.size, 4 * header.READERS_WORDS);
});

test('the bits mean what the page says', () => {
  const id = bits('Participants and their ids');
  assert.equal(id.SLOT_MASK, participant.SLOT_MASK);
  assert.equal(id.EPOCH_MASK, participant.EPOCH_MASK * 2 ** participant.SLOT_BITS);
  assert.equal((id.SLOT_MASK as number) + (id.EPOCH_MASK as number), participant.ID_MASK);
  assert.equal(bits('Slot').ATTACHED, participant.ATTACHED);
  const { SEQUENCE, ...state } = bits('Cell', 'bits of state');
  const { MODE_MASK, BLOCKING } = participant;
  assert.deepEqual(state, { MODE_MASK, BLOCKING });
  assert.equal(SEQUENCE, 0x7fff_ff00);
  assert.deepEqual(bits('Waits'), { COUNT: 0xffff, EPOCH: 0xffff_0000 });
  assert.ok(page.includes(`0x${READY.toString(16)}, \`READY\``));
});

test('the header has the numbers that the page says', () => {
  const rows = Object.fromEntries(table('Header', 'offset').map((row) => [row.name, row]));
  assert.equal(Number(rows.version?.contents), header.FORMAT_VERSION);
  assert.equal(Number(rows.byteOrder?.contents), header.BYTE_ORDER);
  assert.equal(Number(rows.headerSize?.contents), header.HEADER_SIZE);
  assert.equal(Number(rows.waitsOffset?.contents), header.HEADER_SIZE);
  const most = (row: Row | undefined): number =>
    Number(row?.['a reader checks']?.match(/from 1 to ([\d,]+)/)?.[1]?.replace(',', ''));
  assert.equal(most(rows.participants), header.PARTICIPANTS_MAX);
  assert.equal(most(rows.entries), header.ENTRIES_MAX);
  assert.match(rows.flags?.contents as string, /^1 is lastClose/);
  assert.deepEqual(header.HeaderFlag, { lastClose: 1 });
  assert.equal(header.SPAN_SIZE_MAX, 2 ** 34);
});

test('the kinds are those of the page, with its options', () => {
  const rows = table('Kinds', 'kind');
  assert.deepEqual(rows.map(({ name }) => name).sort(), kindNames().sort());
  for (const { kind, name } of rows) assert.equal(kindOf(Number(kind))?.name, name);
  const options = rows.find(({ name }) => name === 'mutex')?.options as string;
  for (const [, bit, name] of options.matchAll(/(\d+): (\w+)/g)) {
    assert.equal(encode({ [name as string]: true }, 'test'), Number(bit));
  }
});

const State = struct({ lock: mutex({ fair: true }), n: u8 });

/** A span with somebody alive who holds `lock` and waits for it, somebody who died with `left`, and `data`. */
async function stage(t: TestContext): Promise<{ name: string; pid: number }> {
  const name = uniqueName();
  const span = Span.create(name, { participants: 5, objects: 7, as: 'maker' });
  t.after(() => {
    span.unlink();
    span.close();
  });
  span.mutex('lock', { fair: true, recursive: true });
  span.bytes('dätä', { size: 100 }).fill(0xab);
  span.view('state', State).n = 7;
  const [holder, victim] = await Promise.all([startChild(), startChild()]);
  await holder.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name, { as: 'holder' });
    const mutex = kept.span.mutex('lock', { fair: true, recursive: true });
    mutex.lock();
    // Waits for itself, until it is killed.
    mutex.lockAsync();
  }, name);
  await victim.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.join(name, { as: 'victim' });
    kept.span.mutex('left').lock();
  }, name);
  await victim.kill();
  return { name, pid: holder.pid };
}

test('a span, decoded with the tables of the page', async (t) => {
  const { name, pid } = await stage(t);
  const bytes = fs.readFileSync(shmPath(name));
  const fd = fs.openSync(shmPath(name), 'r');
  t.after(() => fs.closeSync(fd));
  const at = ({ offset }: Field, base = 0): number => bytes.readUInt32LE(base + offset);
  const long = (field: Field, base: number): number =>
    at(field, base) + at({ offset: field.offset + 4, size: 4 }, base) * 2 ** 32;
  const text = ({ offset, size }: Field, base: number): string =>
    bytes.toString('utf8', base + offset, base + offset + size).replace(/\0.*/s, '');
  const first = 2 ** Number(page.match(/2\^(\d+) \+ id/)?.[1]);
  const isAlive = (id: number): boolean => native.probeBytes(fd, first + id, 1) === 1;
  const field = <K extends string>(fields: Record<K, Field>, key: K): Field => fields[key];
  const h = (key: string): number => at(field(Header, key));

  assert.equal(text(field(Header, 'magic'), 0), 'memspan');
  assert.equal(long(field(Header, 'size'), 0), bytes.length);
  assert.deepEqual([h('participants'), h('entries'), h('flags')], [5, 7, 0]);
  assert.equal(h('creatorPid'), process.pid);
  assert.equal(h('creatorUid'), process.geteuid?.());
  const made = bytes.readDoubleLE(field(Header, 'createdAt').offset);
  assert.ok(made <= Date.now() && made > Date.now() - 60_000);
  assert.equal(h('tickets'), 1);
  assert.equal(h('slotCursor'), 3);
  assert.equal(h('recovering'), 0);
  assert.equal(native.probeBytes(fd, first, 1), 1, 'the gate');

  const id = bits('Participants and their ids');
  const [objectsOffset, directoryOffset] = [h('objectsOffset'), h('directoryOffset')];
  const threads = [0, 1, 2, 3, 4].map((slot) => {
    const base = h('participantsOffset') + participant.SLOT_SIZE * slot;
    const identity = at(field(Slot, 'identity'), base);
    const waits = bytes.readUInt32LE(h('waitsOffset') + 4 * slot);
    return { slot, base, identity, waits, id: identity % 2 ** 28 };
  });
  const facts = threads.map(({ slot, base, identity, waits, id: whole }) => {
    if (identity === 0) return null;
    assert.equal(whole & (id.SLOT_MASK as number), slot + 1);
    assert.equal(Math.floor(waits / 2 ** 16), whole >>> 12, 'the epoch');
    const name = text(field(Slot, 'name'), base);
    return [name, identity - whole === bits('Slot').ATTACHED, isAlive(whole), waits % 2 ** 16];
  });
  assert.deepEqual(facts.slice(0, 3), [
    ['maker', true, true, 0],
    ['holder', true, true, 2],
    ['victim', true, false, 0],
  ]);
  assert.deepEqual(facts.slice(3), [null, null]);
  const [, holder, victim] = threads as [unknown, (typeof threads)[0], (typeof threads)[0]];
  assert.equal(at(field(Slot, 'pid'), holder.base), pid);
  const namespace = fs.statSync('/proc/self/ns/pid').ino;
  assert.equal(at(field(Slot, 'pidNamespace'), holder.base), namespace % 2 ** 32);
  assert.equal(text(field(Slot, 'program'), holder.base), 'puppet.js');

  // Cell 0 is for blocking; its only task took the next one that was free.
  const cell = holder.base + field(Slot, 'cells').offset + 16;
  const state = at(field(Cell, 'state'), cell);
  const part = bits('Cell', 'bits of state') as Record<string, number>;
  assert.equal(state & (part.MODE_MASK as number), 1);
  assert.equal(state & (part.BLOCKING as number), 0);
  assert.notEqual(state & (part.SEQUENCE as number), 0);
  assert.equal(at(field(Cell, 'ticket'), cell), 0);
  assert.equal(4 * at(field(Cell, 'object'), cell), objectsOffset);
  assert.equal(at(field(Slot, 'cells'), holder.base), 0, 'nobody blocks');

  const entries = [0, 1, 2, 3, 4].map((index) => {
    const base = directoryOffset + ENTRY_SIZE * index;
    const e = (key: string): number => at(field(EntryField, key), base);
    const length = long(field(EntryField, 'length'), base);
    const name = text({ offset: 64, size: e('nameLength') }, base);
    const offset = long(field(EntryField, 'offset'), base);
    return [e('state'), e('kind'), name, e('options'), offset, length];
  });
  assert.deepEqual(entries, [
    [READY, 2, 'lock', 3, objectsOffset, 4],
    [READY, 1, 'dätä', 0, objectsOffset + 64, 100],
    [READY, 9, 'state', 0, objectsOffset + 192, 8],
    [READY, 2, 'left', 0, objectsOffset + 256, 4],
    [0, 0, '', 0, 0, 0],
  ]);
  const word = bits('Mutex') as Record<string, number>;
  assert.equal(bytes.readUInt32LE(objectsOffset), (word.WAITERS as number) + holder.id);
  assert.equal(bytes.readUInt32LE(objectsOffset + 256), victim.id);
  const record = directoryOffset + ENTRY_SIZE * 2;
  const textAt = long(field(EntryField, 'layoutOffset'), record);
  assert.equal(textAt, objectsOffset + 200);
  const length = at(field(EntryField, 'layoutLength'), record);
  const layout = bytes.toString('latin1', textAt, textAt + length);
  assert.equal(layout, 'struct{lock:mutex(fair),n:u8}');
  const print = bytes.readBigUInt64LE(record + field(EntryField, 'fingerprint').offset);
  assert.equal(print, fnv1a(layout));
  assert.equal(at(field(EntryField, 'layoutLength'), directoryOffset), 0);
  const data = bytes.subarray(objectsOffset + 64, objectsOffset + 192);
  assert.deepEqual([...data], [...Array(100).fill(0xab), ...Array(28).fill(0)]);
});

test('the inspector of the page says what is there', { skip: needs('gcc') }, async (t) => {
  const { name, pid } = await stage(t);
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'memspan-test-format-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const source = path.join(folder, 'inspector.c');
  const program = path.join(folder, 'inspector');
  fs.writeFileSync(source, page.match(/^```c\n(.*?)^```$/ms)?.[1] as string);
  const compiled = spawnSync('gcc', ['-Wall', '-Wextra', '-Werror', '-O1', '-o', program, source]);
  assert.equal(compiled.status, 0, String(compiled.stderr));
  const { stdout, status } = spawnSync(program, [shmPath(name)], { encoding: 'utf8' });
  assert.equal(status, 0);
  const owners = [...stdout.matchAll(/, owner (\d+) (\w+)/g)].map(({ 2: state }) => state);
  assert.deepEqual(owners, ['alive', 'dead']);
  const lines = stdout.replaceAll(/pid (\d+)/g, (_, found) => (+found === pid ? 'P' : 'O'));
  assert.deepEqual(
    lines
      .replaceAll(/, owner.*/g, '')
      .trimEnd()
      .split('\n'),
    [
      'thread maker O alive',
      'thread holder P alive',
      '  waits for the word at 16384',
      'thread victim O dead',
      'object lock kind 2 at 16384, 4 bytes',
      'object dätä kind 1 at 16448, 100 bytes',
      'object state kind 9 at 16576, 8 bytes, layout struct{lock:mutex(fair),n:u8}',
      'object left kind 2 at 16640, 4 bytes',
    ],
  );
  fs.writeFileSync(path.join(folder, 'other'), Buffer.alloc(8192));
  assert.equal(spawnSync(program, [path.join(folder, 'other')]).status, 1);
});
