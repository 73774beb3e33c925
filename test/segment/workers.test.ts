// Segments and worker threads: buffers and handles by postMessage, what ends with a thread and what does not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Segment } from '../../src/index.ts';
import { startChild, startWorker } from '../support/puppets.ts';
import { seededRandom, shmPath, uniqueName, until } from '../support/segments.ts';

test('a worker gets the buffer itself by postMessage, and the segment by its handle', async () => {
  const name = uniqueName();
  using named = Segment.create(name, { size: 64 });
  using anonymous = Segment.anonymous(64);
  const worker = await startWorker();
  for (const segment of [named, anonymous]) {
    const seen = await worker.run(
      ({ memspan }, buffer, handle) => {
        new Int32Array(buffer)[0] = 1;
        const opened = memspan.Segment.fromHandle(handle);
        const words = new Int32Array(opened.buffer);
        words[1] = 2;
        const both = [words[0], new Int32Array(buffer)[1]];
        opened.close();
        return both;
      },
      segment.buffer,
      segment.handle,
    );
    assert.deepEqual(seen, [1, 2]);
    assert.deepEqual([...new Int32Array(segment.buffer, 0, 2)], [1, 2]);
  }
  named.unlink();
});

test('a worker that made a segment sends its buffer and ends: the buffer lives on', async () => {
  const name = uniqueName();
  const worker = await startWorker();
  const buffer = await worker.run(({ memspan, kept }, name) => {
    kept.segment = memspan.Segment.create(name, { size: 8192 });
    new Uint8Array(kept.segment.buffer).fill(5);
    return kept.segment.buffer;
  }, name);
  await worker.kill();
  const bytes = new Uint8Array(buffer);
  assert.ok(bytes.every((byte) => byte === 5));
  using again = Segment.open(name);
  new Uint8Array(again.buffer)[8191] = 6;
  assert.equal(bytes[8191], 6);
  // The guard watches over it still.
  fs.truncateSync(shmPath(name), 1);
  assert.equal(bytes[8191], 0);
  again.unlink();
});

test('close in the thread that opened it: views in other threads read zeros and harm nobody', async () => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: 8192 });
  using peer = Segment.open(name);
  const worker = await startWorker();
  await worker.run(({ kept }, buffer) => {
    kept.bytes = new Uint8Array(buffer);
    kept.bytes.fill(3);
  }, segment.buffer);
  segment.close();
  const seen = await worker.run(({ kept }) => {
    const before = [kept.bytes[0], kept.bytes[8191]];
    kept.bytes.fill(4);
    return before;
  });
  assert.deepEqual(seen, [0, 0]);
  assert.equal(new Uint8Array(peer.buffer)[0], 3);
  peer.unlink();
});

test('close while workers are in the middle of reading and writing', async () => {
  const workers = await Promise.all([startWorker(), startWorker()]);
  const flag = new Int32Array(new SharedArrayBuffer(8));
  for (let round = 0; round < 10; round++) {
    const segment = Segment.anonymous(65_536);
    flag.fill(0);
    const atEnd = workers.map((worker) =>
      worker.run(
        (_, buffer, flag) => {
          const bytes = new Uint8Array(buffer);
          let sum = 0;
          Atomics.add(flag, 0, 1);
          do {
            bytes.fill(1);
            sum += bytes.indexOf(2);
          } while (Atomics.load(flag, 1) === 0);
          return sum < 0;
        },
        segment.buffer,
        flag,
      ),
    );
    await until(() => flag[0] === 2, 'the workers');
    segment.close();
    Atomics.store(flag, 1, 1);
    assert.deepEqual(await Promise.all(atEnd), [true, true]);
  }
});

test('worker.terminate() closes the descriptors of its segments, also in an endless loop', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 8 });
  const path = shmPath(uniqueName());
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const before = sharedDescriptors();
  for (const isStuck of [false, true]) {
    flag[0] = 0;
    const worker = await startWorker();
    const order = worker.run(
      ({ memspan, kept }, name, path, flag, isStuck) => {
        const { Segment } = memspan;
        kept.segments = [];
        for (let i = 0; i < 10; i++) {
          kept.segments.push(Segment.open(name), Segment.anonymous(8));
          kept.segments.push(Segment.open(name, { readOnly: true }));
          kept.segments.push(Segment.file(path, { size: 8 }));
          kept.segments[i]?.lifeline(i, { shared: true });
        }
        Atomics.store(flag, 0, 1);
        while (isStuck);
      },
      name,
      path,
      flag,
      isStuck,
    );
    order.catch(() => {});
    await until(() => flag[0] === 1, 'the worker');
    assert.ok(sharedDescriptors() >= before + 40);
    await worker.kill();
    assert.equal(sharedDescriptors(), before);
    assert.equal(segment.isHeld(0), false, 'a lifeline of a thread that is gone');
  }
  fs.rmSync(path);
  segment.unlink();
});

test('eight workers load memspan at once and use segments; each ends in its own way', async () => {
  const name = uniqueName();
  using segment = Segment.create(name, { size: 64 });
  const before = sharedDescriptors();
  for (let round = 0; round < 3; round++) {
    const workers = await Promise.all(Array.from({ length: 8 }, startWorker));
    await Promise.all(
      workers.map((worker, id) =>
        worker.run(
          ({ memspan }, name, id) => {
            const kept = memspan.Segment.open(name);
            Atomics.add(new Int32Array(kept.buffer), id, 1);
            for (let i = 0; i < 50; i++) {
              const segment = memspan.Segment.anonymous(4096 * (id + 1));
              new Uint8Array(segment.buffer).fill(1);
              if (i % 2 === 0) segment.close();
            }
          },
          name,
          id,
        ),
      ),
    );
    await Promise.all(workers.map((worker) => worker.kill()));
  }
  assert.deepEqual([...new Int32Array(segment.buffer, 0, 8)], Array(8).fill(3));
  assert.equal(sharedDescriptors(), before);
  segment.unlink();
});

test("a worker's exit leaves the segments of other threads alone", async () => {
  using segment = Segment.anonymous(8);
  const [first, second] = await Promise.all([startWorker(), startWorker()]);
  const open = ({ kept }: { kept: { bytes: Uint8Array } }, buffer: SharedArrayBuffer): void => {
    kept.bytes = new Uint8Array(buffer);
  };
  await first.run(open, segment.buffer);
  await second.run(open, segment.buffer);
  await first.kill();
  new Uint8Array(segment.buffer)[0] = 9;
  assert.equal(await second.run(({ kept }) => kept.bytes[0]), 9);
  assert.equal(segment.handle.readOnly, false);
});

test('a worker terminated at any moment leaves no descriptor and no mapping', async (t) => {
  const random = seededRandom(t);
  const name = uniqueName();
  using segment = Segment.create(name, { size: 65_536 });
  const before = [sharedDescriptors(), sharedMappings()];
  for (let round = 0; round < 12; round++) {
    const worker = await startWorker();
    const order = worker.run(({ memspan }, name) => {
      for (;;) {
        const named = memspan.Segment.open(name, { readOnly: true });
        const anonymous = memspan.Segment.anonymous(4096);
        anonymous.resize(8192);
        new Uint8Array(anonymous.bulk).set(new Uint8Array(named.buffer, 0, 4096));
        memspan.Segment.fromHandle(anonymous.handle).close();
        if (named.lifeline(0, { shared: true })) named.close();
      }
    }, name);
    order.catch(() => {});
    await delay(random() * 8);
    await worker.kill();
  }
  // The engine may free the last buffers of a worker on a thread of its own, after that worker has ended.
  const now = (): number[] => [sharedDescriptors(), sharedMappings()];
  // And a buffer that a test before this one got from a worker goes whenever it is collected.
  const isClean = (): boolean => now().every((count, i) => count <= (before[i] as number));
  await until(isClean, `${before} descriptors and mappings`);
  segment.unlink();
});

test('a process exits cleanly in the middle of what its workers do', async () => {
  for (let round = 0; round < 5; round++) {
    const child = await startChild();
    const order = child.run(
      async ({ memspan, Worker }, path) => {
        const segment = memspan.Segment.anonymous(65_536);
        const program = `
          const { workerData, parentPort } = require('node:worker_threads');
          const bytes = new Uint8Array(workerData);
          import(${JSON.stringify(path)}).then(({ Segment }) => {
            parentPort.postMessage('started');
            for (let i = 0; ; i++) {
              bytes.fill(i);
              const segment = Segment.anonymous(4096);
              if (i % 3 === 0) segment.close();
            }
          });`;
        const workers = [1, 2].map(
          () => new Worker(program, { eval: true, workerData: segment.buffer }),
        );
        await Promise.all(workers.map((worker) => new Promise((go) => worker.once('message', go))));
        process.exit(5);
      },
      new URL('../../src/index.js', import.meta.url).href,
    );
    await assert.rejects(order);
    assert.deepEqual(await child.exited, { code: 5, signal: null });
  }
});

/** Mappings of shared memory in this process. */
function sharedMappings(): number {
  const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\n');
  return maps.filter((line) => /\/dev\/shm\/|\/memfd:/.test(line)).length;
}

/** Descriptors of this process that lead to shared memory. */
function sharedDescriptors(): number {
  const links = fs.readdirSync('/proc/self/fd').map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => /^\/(dev\/shm|memfd)/.test(link)).length;
}
