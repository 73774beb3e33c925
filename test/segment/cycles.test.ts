// A thousand times open and close, of every kind: no descriptor, no mapping and no thread stays.
//
// What is closed keeps its range of addresses (as zeros, without memory) until its buffer is collected, since a
// SharedArrayBuffer cannot be detached; what is dropped without close() is collected altogether. So the tests
// collect garbage, in children started with --expose-gc, before they count.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { type Child, startChild, type Tools } from '../support/puppets.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

const CYCLES = 1000;
/** So large that what leaks is far more than the engine's own heap moves. */
const SIZE = 2 ** 20;
const LEAK_MIB = CYCLES;

interface Counts {
  fds: number;
  /** Mappings of shared memory, by their path. */
  shared: number;
  mappings: number;
  threads: number;
  /** Address space. */
  mib: number;
}

async function countsOf({ fs, collect }: Tools): Promise<Counts> {
  await collect();
  const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\n');
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  return {
    fds: fs.readdirSync('/proc/self/fd').length,
    shared: maps.filter((line) => /\/dev\/shm\/|\/memfd:/.test(line)).length,
    mappings: maps.length,
    threads: fs.readdirSync('/proc/self/task').length,
    mib: Number(/VmSize:\s*(\d+)/.exec(status)?.[1]) / 1024,
  };
}

/** The first counts of the child that will do, or its last. */
async function settled(child: Child, isFine: (counts: Counts) => boolean): Promise<Counts> {
  let counts = await child.run(countsOf);
  for (let looks = 1; looks < 50 && !isFine(counts); looks++) counts = await child.run(countsOf);
  return counts;
}

/** Turns of `act` after some to warm up; the counts before and after must be the same. */
async function assertNothingStays(
  child: Child,
  act: (tools: Tools, name: string, size: number, times: number) => unknown,
  name: string,
): Promise<void> {
  await child.run(act, name, SIZE, 10);
  const before = await child.run(countsOf);
  await child.run(act, name, SIZE, CYCLES);
  // The engine collects when it likes, and frees on threads of its own: it may want some turns more.
  const after = await settled(child, ({ fds, shared, mib }) => {
    return fds <= before.fds && shared <= before.shared && mib < before.mib + LEAK_MIB / 4;
  });
  const { fds, shared, threads } = before;
  assert.deepEqual(
    { fds: after.fds, shared: after.shared, threads: after.threads },
    { fds, shared, threads },
  );
  assert.ok(after.mappings < before.mappings + 100, `${before.mappings} → ${after.mappings}`);
  assert.ok(after.mib < before.mib + LEAK_MIB / 4, `${before.mib} → ${after.mib} MiB`);
}

const closing: Record<
  string,
  (tools: Tools, name: string, size: number, times: number) => unknown
> = {
  named: ({ memspan }, name, _size, times) => {
    while (times-- > 0) memspan.Segment.open(name).close();
  },
  'named, with its bulk buffer': ({ memspan }, name, _size, times) => {
    while (times-- > 0) {
      const segment = memspan.Segment.open(name);
      new Uint8Array(segment.bulk)[0] = 1;
      segment.close();
    }
  },
  'read-only, written to and mended': ({ memspan }, name, _size, times) => {
    while (times-- > 0) {
      const segment = memspan.Segment.open(name, { readOnly: true });
      new Uint8Array(segment.buffer)[0] = 1;
      try {
        void segment.buffer;
      } catch {}
      segment.close();
    }
  },
  anonymous: ({ memspan }, _name, size, times) => {
    while (times-- > 0) memspan.Segment.anonymous(size).close();
  },
  file: ({ memspan }, name, _size, times) => {
    while (times-- > 0) memspan.Segment.file(`/dev/shm/${name}`).close();
  },
  'by handle': ({ memspan }, name, _size, times) => {
    const lender = memspan.Segment.open(name);
    while (times-- > 0) memspan.Segment.fromHandle(lender.handle).close();
    lender.close();
  },
  'created and unlinked': ({ memspan }, name, _size, times) => {
    while (times-- > 0) {
      const segment = memspan.Segment.create(`${name}-new`, { size: 4096 });
      segment.unlink();
      segment.close();
    }
  },
  'refused in every way': ({ memspan }, name, size, times) => {
    const refused = (act: () => unknown): void => {
      try {
        act();
      } catch {}
    };
    const init = (): void => {
      throw new Error('no');
    };
    while (times-- > 0) {
      refused(() => memspan.Segment.create(name, { size: 4096 }));
      refused(() => memspan.Segment.openOrCreate(name, { size: size + 1 }));
      refused(() => memspan.Segment.file(`/dev/shm/${name}`, { size: size + 1 }));
      refused(() => memspan.Segment.create(`${name}-no`, { size: 4096, init }));
    }
  },
  lifelines: ({ memspan }, name, _size, times) => {
    const segment = memspan.Segment.open(name);
    while (times-- > 0) segment.lifeline(times)?.release();
    segment.close();
  },
};

const dropping: typeof closing = {
  'dropped without close': ({ memspan }, name, _size, times) => {
    // Descriptors are scarce, so less of them than cycles.
    for (let i = 0; i < times / 10; i++) {
      memspan.Segment.open(name);
      memspan.Segment.anonymous(4096);
      memspan.Segment.open(name, { readOnly: true }).lifeline(i, { shared: true });
    }
  },
};

test('a segment resized a thousand times keeps no mapping that nobody has a buffer of', async () => {
  const child = await startChild({ execArgv: ['--expose-gc'] });
  await child.run(({ memspan, kept }) => {
    kept.segment = memspan.Segment.anonymous(4096);
    kept.bytes = new Uint8Array(kept.segment.buffer);
  });
  const before = await child.run(countsOf);
  await child.run(({ kept: { segment } }, times) => {
    for (let i = 1; i <= times; i++) segment.resize(4096 * (i + 1));
  }, CYCLES);
  await child.run(countsOf);
  await child.run(({ kept: { segment, bytes } }) => {
    segment.resize();
    bytes[0] = 5;
    if (new Uint8Array(segment.buffer)[0] !== 5) throw new Error('its oldest buffer is cut off');
  });
  // The oldest, whose buffer is still used, the latest, and the one before it.
  const most = before.shared + 2;
  const after = await settled(child, ({ shared }) => shared <= most);
  assert.ok(after.shared <= most, `${before.shared} → ${after.shared}`);
});

for (const [what, act] of Object.entries({ ...closing, ...dropping })) {
  test(`${CYCLES} segments, ${what}: nothing stays`, async () => {
    const name = uniqueName();
    using segment = Segment.create(name, { size: SIZE });
    const child = await startChild({ execArgv: ['--expose-gc'] });
    await assertNothingStays(child, act, name);
    await child.kill();
    segment.unlink();
    assert.equal(fs.existsSync(shmPath(`${name}-no`)), false);
  });
}
