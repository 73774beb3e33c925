// Something else where a segment is expected: a directory, a link, a pipe, a socket, a device, a sparse
// monster. It is refused with a code; nothing hangs, nothing is changed, no descriptor stays open.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { codeOf, needsRoot, shmPath, uniqueName } from '../support/segments.ts';

const NOT_A_SEGMENT = 'ERR_MEMSPAN_NOT_A_SEGMENT';
const EXISTS = 'ERR_MEMSPAN_EXISTS';

interface Outcomes {
  open: string | undefined;
  readOnly: string | undefined;
  openOrCreate: string | undefined;
  create: string | undefined;
  unlink: string | undefined;
}

/** By every door; what stands there stays as it is until unlink. */
function outcomesOf(name: string): Outcomes {
  const before = fs.readdirSync('/proc/self/fd').length;
  const found = {
    open: codeOf(() => Segment.open(name)),
    readOnly: codeOf(() => Segment.open(name, { readOnly: true })),
    openOrCreate: codeOf(() => Segment.openOrCreate(name, { size: 8 })),
    create: codeOf(() => Segment.create(name, { size: 8 })),
  };
  assert.equal(fs.readdirSync('/proc/self/fd').length, before, 'a descriptor stayed open');
  assert.ok(fs.lstatSync(shmPath(name)));
  return { ...found, unlink: codeOf(() => Segment.unlink(name)) };
}

const refused: Outcomes = {
  open: NOT_A_SEGMENT,
  readOnly: NOT_A_SEGMENT,
  openOrCreate: NOT_A_SEGMENT,
  create: EXISTS,
  unlink: undefined,
};

test('a directory is no segment, and unlink leaves it', () => {
  const name = uniqueName();
  fs.mkdirSync(shmPath(name));
  assert.deepEqual(outcomesOf(name), { ...refused, unlink: NOT_A_SEGMENT });
  fs.rmdirSync(shmPath(name));
});

test('a symbolic link is not followed: to a segment, to nothing, to itself; unlink removes the link alone', () => {
  const target = uniqueName();
  using segment = Segment.create(target, { size: 8 });
  for (const [to, keeps] of [
    [shmPath(target), true],
    [shmPath('memspan-test-no-such-thing'), false],
    // Of all system files one that nobody can write to, whatever another test does with this name: it runs.
    [process.execPath, true],
  ] as const) {
    const name = uniqueName();
    fs.symlinkSync(to, shmPath(name));
    assert.deepEqual(outcomesOf(name), refused, to);
    assert.equal(fs.existsSync(to), keeps);
  }
  const name = uniqueName();
  fs.symlinkSync(name, shmPath(name));
  assert.deepEqual(outcomesOf(name), refused);
  segment.unlink();
});

test('a pipe is no segment, and nobody waits for its other end', () => {
  const name = uniqueName();
  execFileSync('mkfifo', [shmPath(name)]);
  assert.deepEqual(outcomesOf(name), refused);
});

test('a socket is no segment', async () => {
  const name = uniqueName();
  const server = net.createServer().listen(shmPath(name));
  await once(server, 'listening');
  assert.deepEqual(outcomesOf(name), refused);
  server.close();
});

test('a device is no segment', { skip: needsRoot }, () => {
  const name = uniqueName();
  execFileSync('mknod', [shmPath(name), 'c', '1', '3']);
  const outcomes = outcomesOf(name);
  // Where /dev/shm is mounted nodev, the kernel refuses before memspan can look.
  const isNodev = outcomes.open === 'ERR_MEMSPAN_PERMISSION';
  const code = isNodev ? 'ERR_MEMSPAN_PERMISSION' : NOT_A_SEGMENT;
  assert.deepEqual(outcomes, { ...refused, open: code, readOnly: code, openOrCreate: code });
});

test('Segment.file refuses directories, pipes and devices, and follows links', () => {
  const name = uniqueName();
  execFileSync('mkfifo', [shmPath(name)]);
  for (const path of ['/', '/dev/shm', '/dev/null', '/dev/zero', shmPath(name)]) {
    for (const options of [{}, { size: 8 }, { readOnly: true }, { private: true }]) {
      assert.equal(
        codeOf(() => Segment.file(path, options)),
        NOT_A_SEGMENT,
        path,
      );
    }
  }
  fs.rmSync(shmPath(name));
  fs.writeFileSync(shmPath(name), 'content');
  const link = uniqueName();
  fs.symlinkSync(shmPath(name), shmPath(link));
  using file = Segment.file(shmPath(link));
  assert.equal(file.size, 7);
  assert.equal(file.unlink(), false, 'the link is not what was opened');
  fs.rmSync(shmPath(link));
  assert.equal(
    codeOf(() => Segment.file(`${shmPath(name)}/below`)),
    NOT_A_SEGMENT,
  );
  fs.rmSync(shmPath(name));
  assert.equal(
    codeOf(() => Segment.file(shmPath(name))),
    'ERR_MEMSPAN_NOT_FOUND',
  );
  assert.equal(
    codeOf(() => Segment.file(`${shmPath(name)}/below`, { size: 8 })),
    'ERR_MEMSPAN_NOT_FOUND',
  );
});

test('a link to nothing is not made into a file, and is not looked at for ever', () => {
  const name = uniqueName();
  fs.symlinkSync(shmPath('memspan-test-no-such-thing'), shmPath(name));
  assert.equal(
    codeOf(() => Segment.file(shmPath(name), { size: 8 })),
    EXISTS,
  );
  fs.rmSync(shmPath(name));
});

test('an object without bytes is ERR_MEMSPAN_EMPTY, also when it gets some later', () => {
  const name = uniqueName();
  fs.writeFileSync(shmPath(name), '');
  assert.equal(
    codeOf(() => Segment.open(name)),
    'ERR_MEMSPAN_EMPTY',
  );
  assert.equal(
    codeOf(() => Segment.openOrCreate(name, { size: 8 })),
    'ERR_MEMSPAN_EMPTY',
  );
  fs.truncateSync(shmPath(name), 8);
  assert.equal(
    codeOf(() => Segment.open(name).close()),
    undefined,
  );
  fs.rmSync(shmPath(name));
});

/** V8 aborts the process (CHECK) for a buffer beyond its limit; the kernel's limit comes first, or ours. */
for (const exponent of [33, 40, 46, 47, 53, 62]) {
  test(`a peer's sparse object of 2^${exponent} bytes is mapped or refused, never fatal`, async () => {
    const name = uniqueName();
    execFileSync('truncate', ['-s', String(2n ** BigInt(exponent)), shmPath(name)]);
    const child = await startChild();
    const found = await child.run(
      ({ memspan }, name, size) => {
        const outcome = { code: '', size: 0, last: 0 };
        try {
          const segment = memspan.Segment.open(name);
          const { buffer } = segment;
          outcome.size = buffer.byteLength;
          new DataView(buffer).setUint8(size - 1, 7);
          outcome.last = new DataView(buffer).getUint8(size - 1);
          structuredClone(buffer);
          try {
            void segment.bulk;
          } catch (error) {
            outcome.code = (error as { code: string }).code;
          }
          segment.close();
        } catch (error) {
          outcome.code = (error as { code: string }).code;
        }
        return outcome;
      },
      name,
      2 ** exponent,
    );
    if (found.size === 0) {
      assert.equal(found.code, 'ERR_MEMSPAN_NO_MEMORY');
    } else {
      assert.deepEqual({ ...found, code: '' }, { code: '', size: 2 ** exponent, last: 7 });
      assert.ok(['', 'ERR_MEMSPAN_UNSUPPORTED'].includes(found.code));
    }
    if (exponent === 33) assert.equal(found.size, 2 ** 33);
    Segment.unlink(name);
  });
}
