// When there is no room: a full /dev/shm, a file size limit, a limit of descriptors or of address space. An
// error with its code, nothing left behind, and the process goes on.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { needs } from '../support/extras.ts';
import { startChild, type Tools } from '../support/puppets.ts';
import { uniqueName } from '../support/segments.ts';

const NO_SPACE = 'ERR_MEMSPAN_NO_SPACE';
const MIB = 2 ** 20;

/** Runs what follows with a /dev/shm of its own, 1 MiB large. */
const ownShm = (flags: string): string[] => [
  ...['unshare', flags, 'sh', '-c'],
  'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"',
  'sh',
];
// An ordinary user becomes root in a user namespace of its own, where that is allowed.
const OWN_SHM = ['-m', '-rm'].map(ownShm).find((command) => works([...command, 'true']));
const withoutMounts = needs('unshare', () => OWN_SHM !== undefined);

interface Attempt {
  /** `ok`, or the code. */
  outcome: string;
  /** In /dev/shm afterwards. */
  names: string[];
  /** Descriptors that lead to shared memory. */
  fds: number;
}

/** What comes of Segment.create, and what is left of it. */
function create({ memspan, fs }: Tools, name: string, size: number): Attempt {
  let outcome = 'ok';
  try {
    memspan.Segment.create(name, { size }).close();
  } catch (error) {
    outcome = (error as { code: string }).code;
  }
  const links = fs.readdirSync('/proc/self/fd').map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  const fds = links.filter((link) => /^\/(dev\/shm|memfd)/.test(link)).length;
  return { outcome, names: fs.readdirSync('/dev/shm'), fds };
}

const refused: Attempt = { outcome: NO_SPACE, names: [], fds: 0 };

for (const env of [
  {},
  { MEMSPAN_WITHOUT: 'o_tmpfile' },
  { MEMSPAN_WITHOUT: 'o_tmpfile,renameat2' },
]) {
  test(`a full /dev/shm is ERR_MEMSPAN_NO_SPACE at create, and leaves it as it was ${JSON.stringify(env)}`, {
    skip: withoutMounts,
  }, async () => {
    const child = await startChild({ under: OWN_SHM!, env });
    assert.deepEqual(await child.run(create, 'whole', 2 * MIB), refused);
    assert.deepEqual(await child.run(create, 'most', MIB / 2), {
      outcome: 'ok',
      names: ['most'],
      fds: 0,
    });
    assert.deepEqual(await child.run(create, 'rest', MIB / 2 + 1), { ...refused, names: ['most'] });
    assert.equal((await child.run(create, 'fits', MIB / 4)).outcome, 'ok');
  });
}

test('a resize that finds no room changes nothing', {
  skip: withoutMounts,
}, async () => {
  const child = await startChild({ under: OWN_SHM! });
  const sizes = await child.run(({ memspan, fs }) => {
    const segment = memspan.Segment.create('grows', { size: 4096 });
    new Uint8Array(segment.buffer)[4095] = 5;
    let code = 'none';
    try {
      segment.resize(2 ** 21);
    } catch (error) {
      ({ code } = error as { code: string });
    }
    const { size } = fs.statSync('/dev/shm/grows');
    segment.resize(2 ** 19);
    const byte = new Uint8Array(segment.buffer)[4095];
    return { code, size, grown: segment.buffer.byteLength, byte };
  });
  assert.deepEqual(sizes, { code: NO_SPACE, size: 4096, grown: 2 ** 19, byte: 5 });
});

test("a peer's sparse segment on a full /dev/shm: what has no room reads as zeros, and is reported", {
  skip: withoutMounts,
}, async () => {
  const child = await startChild({ under: OWN_SHM! });
  const found = await child.run(({ memspan, fs }) => {
    fs.writeFileSync('/dev/shm/sparse', '');
    fs.truncateSync('/dev/shm/sparse', 4 * 2 ** 20);
    const segment = memspan.Segment.open('sparse');
    const bytes = new Uint8Array(segment.buffer);
    for (let at = 0; at < bytes.length; at += 4096) bytes[at] = 1;
    let code = 'none';
    try {
      void segment.buffer;
    } catch (error) {
      ({ code } = error as { code: string });
    }
    const { blocks } = fs.statSync('/dev/shm/sparse');
    return { code, first: bytes[0], isFull: blocks * 512 >= 0.9 * 2 ** 20 };
  });
  assert.deepEqual(found, { code: 'ERR_MEMSPAN_TRUNCATED', first: 1, isFull: true });
});

test('a file size limit (ulimit -f) is an error, not SIGXFSZ', async () => {
  // In blocks of 512 bytes, by POSIX; some shells count KiB.
  const under = ['sh', '-c', 'ulimit -f 2048 && exec "$@"', 'sh'];
  const child = await startChild({ under });
  const name = uniqueName();
  const ours = (attempt: Attempt): string[] => attempt.names.filter((left) => left === name);
  const large = await child.run(create, name, 16 * MIB);
  assert.equal(large.outcome, NO_SPACE);
  assert.deepEqual(ours(large), []);
  assert.equal((await child.run(create, name, MIB / 2)).outcome, 'ok');
  const others = await child.run(({ memspan }, name) => {
    const codeOf = (act: () => unknown): unknown => {
      try {
        act();
        return 'ok';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    const segment = memspan.Segment.open(name);
    const codes = [
      codeOf(() => memspan.Segment.anonymous(16 * 2 ** 20)),
      codeOf(() => segment.resize(16 * 2 ** 20)),
      codeOf(() => segment.buffer),
    ];
    segment.unlink();
    return [...codes, segment.size];
  }, name);
  assert.deepEqual(others, [NO_SPACE, NO_SPACE, 'ok', MIB / 2]);
});

test('without descriptors left (ulimit -n) every way in is ERR_MEMSPAN_LIMIT, and works again after', async () => {
  const child = await startChild({ under: ['sh', '-c', 'ulimit -n 200 && exec "$@"', 'sh'] });
  const codes = await child.run(({ memspan }, name) => {
    const { Segment } = memspan;
    const segments = [Segment.create(name, { size: 8 })];
    const { handle } = segments[0] as (typeof segments)[0];
    const codeOf = (act: () => unknown): unknown => {
      try {
        act();
        return 'ok';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    while (codeOf(() => segments.push(Segment.anonymous(8))) === 'ok');
    const codes = [
      codeOf(() => Segment.anonymous(8)),
      codeOf(() => Segment.open(name)),
      codeOf(() => Segment.create(`${name}-2`, { size: 8 })),
      codeOf(() => Segment.openOrCreate(name, { size: 8 })),
      codeOf(() => Segment.file(`/dev/shm/${name}`)),
      codeOf(() => Segment.fromHandle(handle)),
      codeOf(() => segments[0]?.lifeline(0)),
    ];
    for (const segment of segments) segment.close();
    return [...codes, codeOf(() => Segment.open(name).unlink())];
  }, uniqueName());
  assert.deepEqual(codes, [...Array(7).fill('ERR_MEMSPAN_LIMIT'), 'ok']);
});

test('without address space left (ulimit -v) it is ERR_MEMSPAN_NO_MEMORY', {
  skip: works(['prlimit']) ? false : 'needs prlimit, of util-linux',
}, async () => {
  const child = await startChild();
  // Node itself wants far more than it uses: the limit is what it has now and 64 MiB.
  const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const kib = Number(/VmSize:\s*(\d+)/.exec(status)?.[1]);
  const limit = `--as=${kib * 1024 + 64 * MIB}`;
  execFileSync('prlimit', ['--pid', String(child.pid), limit]);
  const name = uniqueName();
  assert.equal((await child.run(create, name, 256 * MIB)).outcome, 'ERR_MEMSPAN_NO_MEMORY');
  assert.equal((await child.run(create, name, 4096)).outcome, 'ok');
  Segment.unlink(name);
});

function works([program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}
