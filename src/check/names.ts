// What the words of an explored span are called.

import { ENTRY_SIZE, Entry } from '../span/directory.layout.ts';
import { Header } from '../span/header.layout.ts';
import { CELL_WORDS, Cell, SLOT_SIZE, Slot } from '../span/participant.layout.ts';
import type { SpanView } from '../span/view.ts';

const headerNames = nameOfEach(Header);
const slotNames = nameOfEach(Slot);
const cellNames = nameOfEach(Cell);
const entryNames = nameOfEach(Entry);

function nameOfEach(words: Readonly<Record<string, number>>): Map<number, string> {
  return new Map(Object.entries(words).map(([name, index]) => [index, name]));
}

/** Names for the offsets of that span's words; `owner` says what a slot is called. */
export function spanNames(
  view: SpanView,
  owner: (slot: number) => string,
): (offset: number) => string {
  const { waitsOffset, participantsOffset, directoryOffset, objectsOffset } = view.geometry;
  return (offset) => {
    if (offset >= objectsOffset) return view.nameAt(offset);
    if (offset >= directoryOffset) {
      const index = Math.floor((offset - directoryOffset) / ENTRY_SIZE);
      const word = ((offset - directoryOffset) % ENTRY_SIZE) / 4;
      return `entry ${index}: ${entryNames.get(word) ?? word}`;
    }
    if (offset >= participantsOffset) {
      const slot = Math.floor((offset - participantsOffset) / SLOT_SIZE);
      return `${owner(slot)}: ${nameInSlot(((offset - participantsOffset) % SLOT_SIZE) / 4)}`;
    }
    if (offset >= waitsOffset) return `${owner((offset - waitsOffset) / 4)}: waits`;
    return `header: ${headerNames.get(offset / 4) ?? offset / 4}`;
  };
}

function nameInSlot(word: number): string {
  if (word < Slot.cells) {
    const name = slotNames.get(word);
    if (name !== undefined) return name;
    return word > Slot.reads ? `reads[${word - Slot.reads - 1}]` : `word ${word}`;
  }
  const cell = Math.floor((word - Slot.cells) / CELL_WORDS);
  return `cell ${cell} ${cellNames.get((word - Slot.cells) % CELL_WORDS)}`;
}
