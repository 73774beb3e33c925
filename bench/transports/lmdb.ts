// lmdb, a database in mapped memory: a write transaction as a lock (it is exclusive among processes), and a value that one side puts
// and the other one reads. In /dev/shm, and never flushed: as fast as its manual says that it can be (`noSync`, `useWritemap`).

import { rmSync } from 'node:fs';
import { Segment } from '../../src/index.ts';
import { COUNTS_SIZE, contestOfA, contestOfB, count, timed } from '../contest.ts';
import { peerPackage } from '../packages.ts';
import { say, type Transport } from '../task.ts';
import { newest } from './newest.ts';

/** What is used of it: https://github.com/kriszyp/lmdb-js. */
export interface Database {
  transactionSync(work: () => void): void;
  putSync(key: string, value: Uint8Array): void;
  getBinaryFast(key: string): Uint8Array;
  resetReadTxn(): void;
  close(): Promise<void>;
}

const folderOf = (name: string): string => `/dev/shm/${name}-lmdb`;

/** `mapSize`: bytes that it may hold; by default it grows. */
export function openLmdb(path: string, mapSize?: number): Database {
  const { open } = peerPackage('lmdb') as { open(options: object): Database };
  const flags = { noSync: true, useWritemap: true, overlappingSync: false };
  return open({ path, encoding: 'binary', ...flags, ...(mapSize && { mapSize }) });
}

export const remove = (path: string): void => rmSync(path, { recursive: true });

export const lmdbTransaction: Transport = {
  async a(task, { name, heard }) {
    using segment = Segment.create(name, { size: COUNTS_SIZE });
    const database = openLmdb(folderOf(name));
    await heard();
    const words = new Int32Array(segment.buffer);
    const result =
      task.kind === 'contest'
        ? await contestOfA(task, words, contend.bind(undefined, database))
        : await timed(task, async (times) => {
            for (let i = 0; i < times; i++) database.transactionSync(() => {});
          });
    await database.close();
    remove(folderOf(name));
    segment.unlink();
    return result;
  },

  async b(task, name) {
    using segment = Segment.open(name);
    const database = openLmdb(folderOf(name));
    const isOver = new Promise((resolve) => process.once('disconnect', resolve));
    say('ready');
    if (task.kind === 'contest') {
      const words = new Int32Array(segment.buffer);
      await contestOfB(task, words, contend.bind(undefined, database));
    }
    await isOver;
  },
};

async function contend(
  database: Database,
  words: Int32Array,
  own: number,
  until: number,
): Promise<void> {
  for (let isOver = false; !isOver; ) {
    database.transactionSync(() => {
      isOver = count(words, own, until);
    });
  }
}

export const lmdbNewest: Transport = newest({
  async start(name) {
    return async () => remove(folderOf(name));
  },
  async open(name) {
    const database = openLmdb(folderOf(name));
    return {
      publish: (value) => database.putSync('x', value),
      readInto(target) {
        database.resetReadTxn();
        const value = database.getBinaryFast('x');
        target.set(value.subarray(0, target.length));
      },
      close: () => database.close(),
    };
  },
});
