// Faults that are none of memspan's: V8's own, which end as WebAssembly traps, and real ones, which still end
// the process with their signal. Loading memspan changes neither.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

/** As much of it as is used here; its types belong to the web's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { exports: { read(at: number): number } };
  readonly RuntimeError: ErrorConstructor;
};

/** (module (memory 1) (func (export "read") (param i32) (result i32) local.get 0 i32.load)) */
const READER = [
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 6, 1, 96, 1, 127, 1, 127],
  ...[3, 2, 1, 0],
  ...[5, 3, 1, 0, 1],
  ...[7, 8, 1, 4, 114, 101, 97, 100, 0, 0],
  ...[10, 9, 1, 7, 0, 32, 0, 40, 2, 0, 11],
];

function outOfBounds(): unknown {
  const module = new WebAssembly.Module(new Uint8Array(READER));
  const { read } = new WebAssembly.Instance(module).exports;
  assert.equal(read(0), 0);
  for (let i = 0; i < 1000; i++) {
    assert.throws(() => read(65_533 + i), WebAssembly.RuntimeError);
  }
  return read(65_532);
}

test("V8's WebAssembly bounds check by fault works behind the guard, before and after faults of ours", () => {
  assert.equal(outOfBounds(), 0);
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8192 });
  const bytes = new Uint8Array(segment.buffer);
  fs.truncateSync(shmPath(name), 0);
  assert.equal(bytes[4096], 0);
  assert.throws(() => segment.buffer, { code: 'ERR_MEMSPAN_TRUNCATED' });
  assert.equal(outOfBounds(), 0);
  segment.unlink();
});

test('it works in workers that have loaded memspan, too, eight at once', async () => {
  const workers = await Promise.all(Array.from({ length: 8 }, startWorker));
  const traps = await Promise.all(
    workers.map((worker) =>
      worker.run((_, bytes) => {
        const module = new WebAssembly.Module(new Uint8Array(bytes));
        const { read } = new WebAssembly.Instance(module).exports;
        let traps = 0;
        for (let i = 0; i < 1000; i++) {
          try {
            read(70_000 + i);
          } catch (error) {
            if (error instanceof WebAssembly.RuntimeError) traps++;
          }
        }
        return traps;
      }, READER),
    ),
  );
  assert.deepEqual(traps, Array(8).fill(1000));
});

for (const signal of ['SIGSEGV', 'SIGBUS'] as const) {
  test(`a process that is sent ${signal} ends by it, also in the middle of its segments`, async () => {
    const child = await startChild();
    const order = child.run(({ memspan, kept }, signal) => {
      kept.segment = memspan.Segment.anonymous(4096);
      new Uint8Array(kept.segment.buffer).fill(1);
      process.kill(process.pid, signal);
    }, signal);
    await assert.rejects(order, { code: signal });
    assert.deepEqual(await child.exited, { code: null, signal });
  });
}

for (const [what, before] of [
  ['at once', ''],
  ['after faults of ours that were mended', 'truncate'],
] as const) {
  test(`a real fault outside our ranges still ends the process with SIGSEGV, ${what}`, async () => {
    const child = await startChild();
    const name = uniqueName();
    const order = child.run(
      ({ memspan, native, fs }, name, before) => {
        const segment = memspan.Segment.create(name, { size: 8192 });
        if (before === 'truncate') fs.truncateSync(`/dev/shm/${name}`, 0);
        void new Uint8Array(segment.buffer)[4096];
        segment.unlink();
        // Nothing but memspan itself calls this; with anything but a mapping's handle it reads address 0.
        native.readProbe({} as never);
      },
      name,
      before,
    );
    await assert.rejects(order, { code: 'SIGSEGV' });
  });
}
