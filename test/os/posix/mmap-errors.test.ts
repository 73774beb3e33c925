// mmap(2), munmap(2), mprotect(2), msync(2), madvise(2), mlock(2): each of their errors, provoked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { needs } from '../../support/extras.ts';
import { fails, nameOf, startLimited, triedIn } from './failures.ts';
import { newObject, opened, openPipe, PAGE, READ_WRITE, shared } from './objects.ts';

const { madvise, mlock, mmap, mprotect, msync, munlock, munmap } = posix;
const { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE } = posix;
const MIB = 2 ** 20;
const isRoot = process.getuid?.() === 0;

const anonymous = (length: number, flags = MAP_PRIVATE, prot = READ_WRITE): SharedArrayBuffer =>
  mmap(null, length, prot, MAP_ANONYMOUS | flags, -1, 0);

test('mmap EACCES: more than the descriptor was opened for', (t) => {
  const object = newObject(t);
  const readable = opened(t, object, posix.O_RDONLY);
  for (const prot of [PROT_WRITE, READ_WRITE]) {
    fails('mmap', 'EACCES', () => mmap(null, PAGE, prot, MAP_SHARED, readable, 0));
  }
  // A private mapping may be written to all the same.
  munmap(mmap(null, PAGE, READ_WRITE, MAP_PRIVATE, readable, 0));
  const writable = fs.openSync(`/proc/self/fd/${object.fd}`, 'a');
  t.after(() => fs.closeSync(writable));
  for (const flags of [MAP_SHARED, MAP_PRIVATE]) {
    fails('mmap', 'EACCES', () => mmap(null, PAGE, PROT_READ, flags, writable, 0));
  }
});

test('mmap EBADF: no descriptor', () => {
  for (const fd of [-1, -2, 1_000_000]) {
    fails('mmap', 'EBADF', () => mmap(null, PAGE, PROT_READ, MAP_SHARED, fd, 0));
  }
});

test('mmap EINVAL: no bytes, an offset inside a page, neither shared nor private', (t) => {
  const { fd } = newObject(t, 2 * PAGE);
  fails('mmap', 'EINVAL', () => mmap(null, 0, PROT_READ, MAP_SHARED, fd, 0));
  fails('mmap', 'EINVAL', () => mmap(null, PAGE, PROT_READ, MAP_SHARED, fd, 100));
  fails('mmap', 'EINVAL', () => mmap(null, PAGE, PROT_READ, 0, fd, 0));
});

test('mmap ENODEV: what cannot be mapped', (t) => {
  const directory = fs.openSync(tmpdir(), 'r');
  t.after(() => fs.closeSync(directory));
  for (const fd of [directory, openPipe(t)]) {
    fails('mmap', 'ENODEV', () => mmap(null, PAGE, PROT_READ, MAP_SHARED, fd, 0));
  }
});

test('mmap ENOMEM: more than there are addresses', (t) => {
  const { fd } = newObject(t);
  const error = fails('mmap', 'ENOMEM', () => mmap(null, 2 ** 52, PROT_READ, MAP_SHARED, fd, 0));
  assert.equal(error.code, 'ERR_MEMSPAN_NO_MEMORY');
  fails('mmap', 'ENOMEM', () => mmap(null, Number.MAX_SAFE_INTEGER, PROT_READ, MAP_SHARED, fd));
});

test('mmap EOVERFLOW: an end that no file can have', (t) => {
  const { fd } = newObject(t);
  const last = 2n ** 63n - BigInt(PAGE);
  fails('mmap', 'EOVERFLOW', () => mmap(null, 2 * PAGE, PROT_READ, MAP_SHARED, fd, last));
});

test('mmap EOPNOTSUPP: a flag that this memory does not have, asked for with MAP_SHARED_VALIDATE', (t) => {
  const { fd } = newObject(t);
  const flags = posix.MAP_SHARED_VALIDATE | posix.MAP_SYNC;
  // The same number as EOPNOTSUPP, which is its name in the manual page.
  fails('mmap', 'ENOTSUP', () => mmap(null, PAGE, PROT_READ, flags, fd, 0));
});

test('mmap ENOTSUP: memory that grows by itself', () => {
  const MAP_GROWSDOWN = 0x100;
  fails('mmap', 'ENOTSUP', () => anonymous(PAGE, MAP_PRIVATE | MAP_GROWSDOWN));
});

test('mmap ENOMEM: more huge pages than there are', () => {
  const free = /HugePages_Free:\s+(\d+)/.exec(fs.readFileSync('/proc/meminfo', 'utf8'))?.[1];
  const beyond = (Number(free) + 1) * 2 * MIB;
  const flags = MAP_PRIVATE | posix.MAP_HUGETLB | posix.MAP_HUGE_2MB;
  fails('mmap', 'ENOMEM', () => anonymous(beyond, flags));
});

/** What mmap and mlock say in a child that may lock so many KiB: of 1 MiB, then of a page, then munlock. */
async function locked(kib: number): Promise<string[]> {
  const child = await startLimited(`-l ${kib}`, { asNobody: true });
  const outcomes = await child.run(({ posix }) => {
    const { MAP_ANONYMOUS, MAP_LOCKED, MAP_PRIVATE } = posix;
    const map = (length: number, flags: number): SharedArrayBuffer =>
      posix.mmap(null, length, 3, MAP_ANONYMOUS | MAP_PRIVATE | flags, -1, 0);
    const errno = (act: () => unknown): number => {
      try {
        act();
        return 0;
      } catch (error) {
        return (error as { errno: number }).errno;
      }
    };
    const page = map(4096, 0);
    return [
      errno(() => map(2 ** 20, MAP_LOCKED)),
      errno(() => posix.mlock(map(2 ** 20, 0))),
      errno(() => posix.mlock(page)),
      errno(() => posix.munlock(page)),
    ];
  });
  return outcomes.map(nameOf);
}

const needsRoot = !isRoot && 'needs root, whose rights the child gives away';

test('mmap EAGAIN, mlock ENOMEM: more than `ulimit -l` says', { skip: needsRoot }, async () => {
  assert.deepEqual(await locked(64), ['EAGAIN', 'ENOMEM', 'ok', 'ok']);
});

test('mmap EPERM, mlock EPERM: who may not lock at all', { skip: needsRoot }, async () => {
  assert.deepEqual(await locked(0), ['EPERM', 'EPERM', 'EPERM', 'ok']);
});

/** Runs what follows with a /dev/shm of its own, whose files cannot be run. */
const noExec = [
  ...['unshare', '-m', 'sh', '-c'],
  'mount -t tmpfs -o noexec tmpfs /dev/shm && exec "$@"',
  'sh',
];

test('mmap EPERM: PROT_EXEC where programs may not be run', {
  skip: needs('unshare', () => spawnSync('unshare', [...noExec.slice(1), 'true']).status === 0),
}, async () => {
  const child = await startLimited('', { under: noExec });
  const fd = await child.run(({ posix }) => {
    const { O_CREAT, O_RDWR } = posix;
    const fd = posix.shm_open('/program', O_RDWR | O_CREAT);
    posix.ftruncate(fd, 4096);
    return fd;
  });
  const { PROT_EXEC } = posix;
  assert.equal(await triedIn(child, 'mmap', null, PAGE, PROT_EXEC, MAP_SHARED, fd, 0), 'EPERM');
});

test('munmap EINVAL: a view that does not begin at a page, or has no bytes', (t) => {
  const bytes = shared(t, newObject(t, 2 * PAGE).fd, 2 * PAGE);
  fails('munmap', 'EINVAL', () => munmap(bytes.subarray(1)));
  fails('munmap', 'EINVAL', () => munmap(bytes.subarray(PAGE, PAGE)));
  bytes[2 * PAGE - 1] = 1;
  assert.equal(bytes[2 * PAGE - 1], 1);
});

test('mprotect EACCES: writing to what was opened for reading', (t) => {
  const object = newObject(t);
  const readable = opened(t, object, posix.O_RDONLY);
  const bytes = shared(t, readable, PAGE, PROT_READ);
  fails('mprotect', 'EACCES', () => mprotect(bytes, READ_WRITE));
  // It is guarded as before.
  bytes[0] = 1;
  assert.throws(() => posix.check(bytes), { code: 'ERR_MEMSPAN_READ_ONLY' });
  assert.equal(bytes[0], 0);
});

test('mprotect EINVAL: a view that does not begin at a page, a protection that there is not', (t) => {
  const bytes = shared(t, newObject(t).fd);
  fails('mprotect', 'EINVAL', () => mprotect(bytes.subarray(8), PROT_READ));
  fails('mprotect', 'EINVAL', () => mprotect(bytes, 1 << 20));
  bytes[0] = 1;
  posix.check(bytes);
});

const overcommits = fs.readFileSync('/proc/sys/vm/overcommit_memory', 'utf8').trim() === '1';
test('mprotect ENOMEM: private memory that the machine could not give', {
  skip: overcommits && 'this machine promises all memory that is asked for',
}, () => {
  const length = 2 ** 44;
  fails('mmap', 'ENOMEM', () => anonymous(length));
  const region = anonymous(length, MAP_PRIVATE, PROT_NONE);
  fails('mprotect', 'ENOMEM', () => mprotect(region, READ_WRITE));
  // Nothing can be touched still, and that is harmless.
  const view = new DataView(region);
  assert.equal(view.getUint8(2 ** 43), 0);
  assert.throws(() => posix.check(region), { code: 'ERR_MEMSPAN_PERMISSION' });
  munmap(region);
});

test('msync EINVAL: a view that does not begin at a page, both flags at once', (t) => {
  const bytes = shared(t, newObject(t).fd);
  fails('msync', 'EINVAL', () => msync(bytes.subarray(1), posix.MS_SYNC));
  fails('msync', 'EINVAL', () => msync(bytes, posix.MS_SYNC | posix.MS_ASYNC));
  fails('msync', 'EINVAL', () => msync(bytes, 1 << 20));
  for (const flags of [posix.MS_SYNC, posix.MS_ASYNC, posix.MS_INVALIDATE, 0]) msync(bytes, flags);
});

test('msync EBUSY: MS_INVALIDATE of locked memory', (t) => {
  const bytes = shared(t, newObject(t).fd);
  mlock(bytes);
  const flags = posix.MS_SYNC | posix.MS_INVALIDATE;
  const error = fails('msync', 'EBUSY', () => msync(bytes, flags));
  assert.equal(error.code, 'ERR_MEMSPAN_BUSY');
  munlock(bytes);
  assert.equal(msync(bytes, flags), 0);
});

test('madvise EINVAL: an advice that there is not, or none for JavaScript', (t) => {
  const bytes = shared(t, newObject(t).fd);
  const [MADV_HWPOISON, MADV_GUARD_INSTALL] = [100, 102];
  for (const advice of [-1, 999, MADV_HWPOISON, MADV_GUARD_INSTALL]) {
    fails('madvise', 'EINVAL', () => madvise(bytes, advice));
  }
  fails('madvise', 'EINVAL', () => madvise(bytes.subarray(1), posix.MADV_WILLNEED));
});

test('behind the object’s end there is nothing to lock or to have: ENOMEM, EFAULT', (t) => {
  const bytes = shared(t, newObject(t).fd, 3 * PAGE);
  fails('mlock', 'ENOMEM', () => mlock(bytes));
  fails('madvise', 'EFAULT', () => madvise(bytes, posix.MADV_POPULATE_READ));
  fails('madvise', 'EFAULT', () => madvise(bytes.subarray(PAGE), posix.MADV_POPULATE_WRITE));
  madvise(bytes.subarray(0, PAGE), posix.MADV_POPULATE_WRITE);
});

test('sysconf EINVAL: a name that there is not; -1 is a value', () => {
  fails('sysconf', 'EINVAL', () => posix.sysconf(-1));
  fails('sysconf', 'EINVAL', () => posix.sysconf(100_000));
  assert.equal(posix.sysconf(posix._SC_SEM_NSEMS_MAX), -1);
});
