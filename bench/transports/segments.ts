// The life of a segment: made and removed, with each page of it written in between or not; one that is there opened, its last byte read,
// and closed. memspan's; a file in the same place that is written and read whole; an environment of lmdb.

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Segment } from '../../src/index.ts';
import { now } from '../contest.ts';
import { say, type Transport } from '../task.ts';
import { openLmdb, remove } from './lmdb.ts';

const PAGE = 4096;

/** Makes it, writes it or not, and removes it; or opens one that is there. */
interface Life {
  make(name: string, size: number): Promise<void> | void;
  open(name: string, size: number): Promise<void> | void;
  remove(name: string): Promise<void> | void;
}

type Step = 'created' | 'written' | 'opened';

function life(step: Step, { make, open, remove }: Life): Transport {
  return {
    async a({ size, count }, { name, heard }) {
      await heard();
      if (step === 'opened') await make(name, size);
      const repeat = async (times: number): Promise<void> => {
        for (let i = 0; i < times; i++) {
          if (step === 'opened') await open(name, size);
          else {
            await make(name, size);
            await remove(name);
          }
        }
      };
      await repeat(Math.ceil(count / 10));
      const start = now();
      await repeat(count);
      const ns = Number(now() - start);
      if (step === 'opened') await remove(name);
      return { nsPerOp: ns / count };
    },
    async b() {
      say('ready');
    },
  };
}

function checkZero(byte: number | undefined): void {
  if (byte !== 0) throw new Error('a byte of a new segment is not zero');
}

const memspan = (isWritten: boolean): Life => ({
  make(name, size) {
    const segment = Segment.create(name, { size });
    if (isWritten) {
      const bytes = new Uint8Array(segment.buffer);
      for (let at = 0; at < size; at += PAGE) bytes[at] = 1;
    }
    segment.close();
  },
  open(name, size) {
    const segment = Segment.open(name);
    checkZero(new Uint8Array(segment.buffer)[size - 1]);
    segment.close();
  },
  remove(name) {
    Segment.unlink(name);
  },
});

const pathOf = (name: string): string => `/dev/shm/${name}-file`;
let bytes = new Uint8Array(0);

const file: Life = {
  make(name, size) {
    if (bytes.length !== size) bytes = new Uint8Array(size);
    writeFileSync(pathOf(name), bytes, { flag: 'wx', mode: 0o600 });
  },
  open(name, size) {
    checkZero(readFileSync(pathOf(name))[size - 1]);
  },
  remove(name) {
    rmSync(pathOf(name));
  },
};

const folderOf = (name: string): string => `/dev/shm/${name}-lmdb`;

/** An environment of that size is made, not a value in it. */
const lmdb: Life = {
  async make(name, size) {
    await openLmdb(folderOf(name), size).close();
  },
  async open(name) {
    await openLmdb(folderOf(name)).close();
    statSync(folderOf(name));
  },
  remove(name) {
    remove(folderOf(name));
  },
};

export const segments: Record<Step, Transport> = {
  created: life('created', memspan(false)),
  written: life('written', memspan(true)),
  opened: life('opened', memspan(false)),
};

export const files: Record<'written' | 'opened', Transport> = {
  written: life('written', file),
  opened: life('opened', file),
};

export const environments: Record<'created' | 'opened', Transport> = {
  created: life('created', lmdb),
  opened: life('opened', lmdb),
};
