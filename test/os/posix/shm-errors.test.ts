// shm_open(3) and shm_unlink(3): what they do to the letter, and each of their errors, provoked.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { test } from 'node:test';
import * as posix from '../../../src/os/posix.ts';
import { shmPath, uniqueName } from '../../support/segments.ts';
import { fails, startLimited, triedIn } from './failures.ts';
import { newObject, opened, PAGE } from './objects.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, shm_open, shm_unlink } = posix;
const NEW = O_RDWR | O_CREAT;
const isRoot = process.getuid?.() === 0;

test('a new object is seen in /dev/shm with its mode, empty, and gone after shm_unlink', () => {
  const name = `/${uniqueName()}`;
  const before = process.umask(0o027);
  const fd = shm_open(name, NEW | O_EXCL, 0o666);
  process.umask(before);
  const stat = posix.fstat(fd);
  assert.equal(stat.st_mode, posix.S_IFREG | 0o640);
  assert.deepEqual([stat.st_size, stat.st_nlink, stat.st_uid], [0, 1, process.geteuid?.()]);
  assert.equal(fs.statSync(shmPath(name.slice(1)), { bigint: true }).ino, stat.st_ino);
  assert.equal(shm_unlink(name), 0);
  assert.equal(posix.fstat(fd).st_nlink, 0);
  assert.equal(posix.close(fd), 0);
});

test('O_TRUNC empties an object, O_CREAT alone opens it', (t) => {
  const object = newObject(t, 3 * PAGE);
  assert.equal(posix.fstat(opened(t, object, NEW)).st_size, 3 * PAGE);
  opened(t, object, O_RDWR | O_TRUNC);
  assert.equal(posix.fstat(object.fd).st_size, 0);
});

test('a program that is started does not inherit the descriptor', (t) => {
  const { fd } = newObject(t);
  const flags = /^flags:\s+(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  assert.ok(Number.parseInt(flags ?? '', 8) & posix.O_CLOEXEC);
});

test('EEXIST: O_CREAT | O_EXCL of a name that is taken', (t) => {
  const { name } = newObject(t);
  const error = fails('shm_open', 'EEXIST', () => shm_open(name, NEW | O_EXCL));
  assert.deepEqual([error.code, error.object], ['ERR_MEMSPAN_EXISTS', name]);
});

test('ENOENT: there is no such name', () => {
  const name = `/${uniqueName()}`;
  const error = fails('shm_open', 'ENOENT', () => shm_open(name, O_RDWR));
  assert.deepEqual([error.code, error.object], ['ERR_MEMSPAN_NOT_FOUND', name]);
  fails('shm_unlink', 'ENOENT', () => shm_unlink(name));
});

for (const name of ['', '/', '/a/b', '/.', '/..']) {
  test(`EINVAL: ${JSON.stringify(name)} is no name`, () => {
    fails('shm_open', 'EINVAL', () => shm_open(name, NEW));
    assert.throws(() => shm_unlink(name), { name: 'MemspanError', syscall: 'shm_unlink' });
  });
}

test('ENAMETOOLONG: NAME_MAX bytes are a name, one more is none', () => {
  const stem = `/${uniqueName()}-`;
  const longest = stem.padEnd(posix.NAME_MAX + 1, 'x');
  posix.close(shm_open(longest, NEW));
  shm_unlink(longest);
  fails('shm_open', 'ENAMETOOLONG', () => shm_open(`${longest}x`, NEW));
  fails('shm_unlink', 'ENAMETOOLONG', () => shm_unlink(`${longest}x`));
  // Bytes, not letters.
  const last = `${longest.slice(0, -1)}ü`;
  fails('shm_open', 'ENAMETOOLONG', () => shm_open(last, NEW));
});

test('ELOOP: a symbolic link in /dev/shm is not followed', (t) => {
  const { name } = newObject(t);
  const link = uniqueName();
  fs.symlinkSync(name.slice(1), shmPath(link));
  t.after(() => fs.rmSync(shmPath(link)));
  fails('shm_open', 'ELOOP', () => shm_open(`/${link}`, O_RDWR));
});

test('EACCES: another user’s object, by its mode, and its name', {
  skip: !isRoot && 'needs root',
}, async (t) => {
  const { name, fd } = newObject(t);
  const nobody = await startLimited('', { asNobody: true });
  assert.equal(await triedIn(nobody, 'shm_open', name, O_RDONLY), 'EACCES');
  fs.fchmodSync(fd, 0o644);
  assert.equal(await triedIn(nobody, 'shm_open', name, O_RDWR), 'EACCES');
  assert.equal(await triedIn(nobody, 'shm_open', name, O_RDONLY), 'ok');
  assert.equal(await triedIn(nobody, 'shm_open', name, O_RDONLY | O_TRUNC), 'EACCES');
  assert.equal(await triedIn(nobody, 'shm_unlink', name), 'EACCES');
});

test('EMFILE: more descriptors than the process may have', async (t) => {
  const { name } = newObject(t);
  const child = await startLimited('-n 512');
  const [opened, code] = await child.run(({ posix }, name) => {
    const fds: number[] = [];
    try {
      for (;;) fds.push(posix.shm_open(name, posix.O_RDONLY));
    } catch (error) {
      for (const fd of fds) posix.close(fd);
      return [fds.length > 0, (error as { code: string }).code];
    }
  }, name);
  assert.deepEqual([opened, code], [true, 'ERR_MEMSPAN_LIMIT']);
  assert.equal(await triedIn(child, 'shm_open', name, O_RDONLY), 'ok');
});

const sleeper = '/bin/sleep';
test('ETXTBSY: a program in /dev/shm that runs', {
  skip: mountedNoExec() && 'programs in /dev/shm may not be run',
}, async () => {
  const name = uniqueName();
  fs.copyFileSync(fs.realpathSync(sleeper), shmPath(name));
  fs.chmodSync(shmPath(name), 0o700);
  const program: ChildProcess = spawn(shmPath(name), ['1000'], { argv0: 'sleep', stdio: 'ignore' });
  await once(program, 'spawn');
  fails('shm_open', 'ETXTBSY', () => shm_open(`/${name}`, O_RDWR));
  fails('shm_open', 'ETXTBSY', () => shm_open(`/${name}`, O_RDONLY | O_TRUNC));
  posix.close(shm_open(`/${name}`, O_RDONLY));
  shm_unlink(`/${name}`);
  program.kill('SIGKILL');
  await once(program, 'exit');
});

test('close: EBADF for what is not open, and for a segment’s own descriptor', (t) => {
  const { fd } = newObject(t);
  const again = fs.openSync(`/proc/self/fd/${fd}`, 'r');
  assert.equal(posix.close(again), 0);
  fails('close', 'EBADF', () => posix.close(again));
  fails('close', 'EBADF', () => posix.close(-1));
  fails('fstat', 'EBADF', () => posix.fstat(-1));
  fails('fstat', 'EBADF', () => posix.fstat(again));
});

test('the object lives as long as anybody has it open or mapped', () => {
  const name = `/${uniqueName()}`;
  const fd = shm_open(name, NEW | O_EXCL);
  posix.ftruncate(fd, PAGE);
  shm_unlink(name);
  const region = posix.mmap(null, PAGE, posix.PROT_READ | posix.PROT_WRITE, posix.MAP_SHARED, fd);
  const other = posix.mmap(null, PAGE, posix.PROT_READ, posix.MAP_SHARED, fd);
  posix.close(fd);
  new Uint8Array(region)[0] = 5;
  assert.equal(new Uint8Array(other)[0], 5);
  // The name is free again, for another object.
  const another = shm_open(name, NEW | O_EXCL);
  assert.equal(posix.fstat(another).st_size, 0);
  posix.close(another);
  shm_unlink(name);
  posix.munmap(region);
  posix.munmap(other);
});

function mountedNoExec(): boolean {
  const mounts = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts.some((line) => /^\S+ \/dev\/shm \S+ \S*\bnoexec\b/.test(line));
}
