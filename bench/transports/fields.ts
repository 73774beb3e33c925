// A million records, updated or summed up: through a view of their layout, by typed arrays that are indexed by hand, and by a
// DataView. One process measures; the other does nothing.

import { array, bool, f32, f64, Segment, sizeOf, struct, u32, view } from '../../src/index.ts';
import { timed } from '../contest.ts';
import { say, type Task, type Transport } from '../task.ts';

/** 32 bytes: id at 0, alive at 4, x at 8, y at 16, vx at 24, vy at 28. */
const Body = struct({ id: u32, alive: bool, x: f64, y: f64, vx: f32, vy: f32 });
const SIZE = sizeOf(Body);
const RECORDS = 1_000_000;
const STEP = 1 / 64;

/** The same to all records, or something that comes of all of them. */
interface Loops {
  /** Moves who is alive. */
  update(count: number): void;
  sum(count: number): number;
}

function throughView(buffer: ArrayBufferLike): Loops {
  const bodies = view(array(Body, RECORDS), buffer);
  return {
    update(count) {
      for (let i = 0; i < count; i++) {
        const body = bodies.get(i);
        if (!body.alive) continue;
        body.x += body.vx * STEP;
        body.y += body.vy * STEP;
      }
    },
    sum(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const body = bodies.get(i);
        sum += body.id + body.x;
      }
      return sum;
    },
  };
}

function byHand(buffer: ArrayBufferLike): Loops {
  const u8 = new Uint8Array(buffer);
  const u32 = new Uint32Array(buffer);
  const f32 = new Float32Array(buffer);
  const f64 = new Float64Array(buffer);
  return {
    update(count) {
      for (let i = 0; i < count; i++) {
        if (u8[i * 32 + 4] === 0) continue;
        f64[i * 4 + 1]! += f32[i * 8 + 6]! * STEP;
        f64[i * 4 + 2]! += f32[i * 8 + 7]! * STEP;
      }
    },
    sum(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += u32[i * 8]! + f64[i * 4 + 1]!;
      return sum;
    },
  };
}

function byDataView(buffer: ArrayBufferLike): Loops {
  const data = new DataView(buffer);
  return {
    update(count) {
      for (let i = 0; i < count; i++) {
        const at = i * SIZE;
        if (data.getUint8(at + 4) === 0) continue;
        data.setFloat64(
          at + 8,
          data.getFloat64(at + 8, true) + data.getFloat32(at + 24, true) * STEP,
          true,
        );
        data.setFloat64(
          at + 16,
          data.getFloat64(at + 16, true) + data.getFloat32(at + 28, true) * STEP,
          true,
        );
      }
    },
    sum(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        sum += data.getUint32(i * SIZE, true) + data.getFloat64(i * SIZE + 8, true);
      }
      return sum;
    },
  };
}

function fill(buffer: ArrayBufferLike): void {
  const u32 = new Uint32Array(buffer);
  const f32 = new Float32Array(buffer);
  const f64 = new Float64Array(buffer);
  for (let i = 0; i < RECORDS; i++) {
    u32.set([i, i % 8 === 0 ? 0 : 1], i * 8);
    f64.set([i, -i], i * 4 + 1);
    f32.set([1, -1], i * 8 + 6);
  }
}

/** Whether all of them do the same: the sum after an update. */
function checked(loops: Loops): Loops {
  loops.update(100);
  const sum = loops.sum(100);
  // 87 of them are alive, and go on by STEP; ids and places are 0 to 99.
  if (sum !== 4950 + 4950 + 87 * STEP) throw new Error(`the sum is ${sum}`);
  return loops;
}

function fields(make: (buffer: ArrayBufferLike) => Loops, what: keyof Loops): Transport {
  return {
    async a(task: Task, { heard }) {
      using segment = Segment.anonymous(RECORDS * SIZE, { populate: true });
      fill(segment.buffer);
      const loops = checked(make(segment.buffer));
      await heard();
      return timed(task, async (count) => {
        // One call for each time through all records, as a program would: the engine compiles what is called often.
        for (let left = count; left > 0; left -= RECORDS) loops[what](Math.min(left, RECORDS));
      });
    },
    async b() {
      const isOver = new Promise((resolve) => process.once('disconnect', resolve));
      say('ready');
      await isOver;
    },
  };
}

type Fields = Readonly<Record<'view' | 'typedArrays' | 'dataView', Transport>>;

function ways(what: keyof Loops): Fields {
  return {
    view: fields(throughView, what),
    typedArrays: fields(byHand, what),
    dataView: fields(byDataView, what),
  };
}

export const fieldUpdates: Fields = ways('update');
export const fieldSums: Fields = ways('sum');
