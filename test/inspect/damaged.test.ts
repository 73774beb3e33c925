// An inspector and damaged spans: it labels what cannot be, shows the rest, and changes nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import type { Segment } from '../../src/index.ts';
import { type Anatomy, DamagedValue, dissect } from '../../src/inspect/anatomy.ts';
import { Entry, READY } from '../../src/span/directory.layout.ts';
import { Header } from '../../src/span/header.layout.ts';
import { Cell, Slot } from '../../src/span/participant.layout.ts';
import { SpanView } from '../../src/span/view.ts';
import { memspan } from '../cli/memspan.ts';
import { shmPath } from '../support/segments.ts';
import { hashOf, inspectDamaged } from './damages.ts';
import { specimen, staged } from './specimen.ts';

test('200 randomly damaged spans: each ends in a labelled report, and no byte has changed', (t) =>
  inspectDamaged(t, 200));

interface Patient {
  readonly segment: Segment;
  readonly words: Int32Array;
  readonly view: SpanView;
  readonly sound: Anatomy;
}

async function withPatient(harm: (patient: Patient) => void | Promise<void>): Promise<void> {
  const segment = staged(await specimen());
  try {
    const view = new SpanView(segment, 'test');
    const words = new Int32Array(segment.buffer);
    await harm({ segment, words, view, sound: dissect(segment) });
  } finally {
    segment.unlink();
    segment.close();
  }
}

/** Labels as `where: what`. */
function labelsOf({ damage }: Anatomy): string {
  return damage.map(({ where, what }) => `${where}: ${what}`).join('\n');
}

function namesOf({ objects }: Anatomy): string[] {
  return objects.map(({ name }) => name);
}

test('a sound span has no labels, and every kind of object a state or a value', () =>
  withPatient(({ sound }) => {
    assert.deepEqual(sound.damage, []);
    const dumb = sound.objects.filter(
      ({ state, value, kind }) => state === undefined && value === undefined && kind !== 'bytes',
    );
    assert.deepEqual(dumb, []);
    assert.equal(new Set(sound.objects.map(({ kind }) => kind)).size, 14);
  }));

for (const field of [
  'version',
  'byteOrder',
  'headerSize',
  'flags',
  'size',
  'participants',
  'entries',
  'waitsOffset',
  'participantsOffset',
  'directoryOffset',
  'objectsOffset',
] as const) {
  for (const value of [0, -1, 77]) {
    test(`a header whose ${field} is ${value}: labelled, all objects and participants are there`, () =>
      withPatient(({ segment, words, sound }) => {
        words[Header[field]] = value;
        const found = dissect(segment);
        const isPossible = field === 'flags' && value === 0;
        if (!isPossible) assert.match(labelsOf(found), /^header: /);
        assert.deepEqual(namesOf(found), namesOf(sound));
        assert.deepEqual(found.participants, sound.participants);
      }));
  }
}

test('without its magic a span is still taken apart; other bytes are none', () =>
  withPatient(({ segment, words, sound }) => {
    words[Header.magic] = 0;
    const found = dissect(segment);
    assert.match(labelsOf(found), /header: it does not begin with the magic/);
    assert.deepEqual(namesOf(found), namesOf(sound));
    words.fill(0x2020_2020);
    assert.deepEqual([dissect(segment).kind, dissect(segment).damage], ['segment', []]);
  }));

test('a damaged entry is labelled, and the others are as they were', () =>
  withPatient(({ segment, words, view, sound }) => {
    const at = view.entryAt(2);
    const harms: [field: number, value: number, label: RegExp][] = [
      [Entry.state, 0, /its state is 0x0, though others follow/],
      [Entry.state, 0x1001, /though others follow/],
      [Entry.nameLength, 200, /its name has 200 bytes/],
      [Entry.kind, 99, /its kind is 99/],
      [Entry.offset, 4, /before the objects do/],
      [Entry.offset + 1, -1, /the span ends at/],
      [Entry.length, -1, /the span ends at/],
      [Entry.name, -1, /no UTF-8/],
    ];
    for (const [field, value, label] of harms) {
      const before = words[at + field] as number;
      words[at + field] = value;
      const found = dissect(segment);
      assert.match(labelsOf(found), label);
      const others = ({ objects }: Anatomy): unknown[] =>
        objects.filter(({ index }) => index !== 2);
      assert.deepEqual(others(found), others(sound));
      assert.equal(found.objects.length, sound.objects.length);
      words[at + field] = before;
    }
    assert.equal(words[at], READY);
    assert.deepEqual(dissect(segment), sound);
  }));

test('a layout of another fingerprint, or elsewhere, is labelled; so is a value that cannot be', () =>
  withPatient(({ segment, words, view }) => {
    const account = dissect(segment).objects.find(({ name }) => name === 'account');
    const { index = 0, offset = 0, value } = account ?? {};
    assert.equal((value as { state: unknown }).state, 'frozen');
    // state: behind owner, balance, serial.
    new Uint8Array(segment.buffer)[offset + 40] = 9;
    const harmed = dissect(segment).objects[index]?.value as Record<string, unknown>;
    assert.ok(harmed.state instanceof DamagedValue);
    assert.match(harmed.state.damaged, /^9 is none of its enumeration's numbers$/);
    assert.equal(harmed.owner, 'alice');
    const at = view.entryAt(index);
    (words[at + Entry.fingerprint] as number) += 1;
    assert.match(
      labelsOf(dissect(segment)),
      /account: its layout is damaged: the text and its fingerprint/,
    );
    (words[at + Entry.layoutOffset] as number) += 4;
    assert.match(labelsOf(dissect(segment)), /account: the text of its layout is not where/);
  }));

test('a slot and its cells: what cannot be is labelled', () =>
  withPatient(({ segment, words, view }) => {
    const slot = view.slotAt(0);
    const cell = slot + Slot.cells + 4;
    const harms: [at: number, value: number, label: RegExp][] = [
      [slot + Slot.identity, -1, /slot 0: its identity 0xffffffff is no id/],
      [slot + Slot.attachedAt + 1, -1, /slot 0: attachedAt is no time/],
      [slot + Slot.name, -1, /slot 0: its name is no UTF-8/],
      [slot + Slot.reads, (1 << 16) | 99, /slot 0: it counts 99 reader words/],
      [view.geometry.waitsOffset / 4, (1 << 16) | 999, /slot 0: its waits word counts 999/],
      [view.geometry.waitsOffset / 4, 7 << 16, /slot 0: its waits word is of another epoch/],
      [cell + Cell.object, -1, /slot 0: a cell names a word at \d+, beyond the span/],
      [cell + Cell.since, -1, /slot 0: a cell says that its wait begins in the future/],
      [cell + Cell.state, 0x17f, /slot 0: a cell says that it waits in mode 127/],
    ];
    for (const [at, value, label] of harms) {
      const before = words[at] as number;
      words[at] = value;
      assert.match(labelsOf(dissect(segment)), label);
      words[at] = before;
    }
  }));

test('a file that is cut off under the mapping: a report that says so', () =>
  withPatient(({ segment }) => {
    fs.truncateSync(shmPath(segment.name as string), 8192);
    const found = dissect(segment);
    assert.match(labelsOf(found), /segment: (the look at it ended early|it was cut off)/);
  }));

test('the command on a damaged span: a report with labels, exit code 0, and no byte has changed', () =>
  withPatient(async ({ segment, words, view, sound }) => {
    words[Header.participants] = 0;
    words[view.entryAt(1) + Entry.length] = -1;
    (words[view.slotAt(0) + Slot.name] as number) = -1;
    const before = hashOf(segment);
    const text = await memspan('inspect', segment.name as string);
    assert.deepEqual([text.code, text.stderr], [0, '']);
    assert.match(
      String(text.stdout),
      /\nDAMAGE\n {2}header: participants is 0: its offsets say 6\n/,
    );
    const json = await memspan('inspect', segment.name as string, '--json');
    const { damage, objects } = JSON.parse(String(json.stdout));
    assert.equal(damage.length, 3);
    assert.equal(objects.length, sound.objects.length);
    assert.equal(hashOf(segment), before);
  }));
