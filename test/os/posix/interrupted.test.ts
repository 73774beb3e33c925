// EINTR, which is retried; and errors that only a broken or a full system has, told by strace in the system's place: no
// signal that a process survives interrupts these calls on tmpfs any more.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { needs } from '../../support/extras.ts';
import { type Puppet, startChild } from '../../support/puppets.ts';
import { shmPath, uniqueName } from '../../support/segments.ts';
import { triedIn } from './failures.ts';
import { newObject, PAGE, READ_WRITE } from './objects.ts';

const skip = needs('strace');

interface Traced {
  readonly child: Puppet;
  /** What strace has seen so far. */
  trace(): string;
}

/** A child of which strace watches, and changes, what those options say. */
async function startTraced(t: TestContext, ...options: string[]): Promise<Traced> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'memspan-test-strace-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'trace');
  const child = await startChild({
    under: ['strace', '-qq', '-f', '-o', file, '-e', 'signal=none', ...options],
  });
  // strace has the pid that was started, and would leave its child behind.
  t.after(async () => {
    child.process.disconnect();
    await child.exited;
  });
  return { child, trace: () => fs.readFileSync(file, 'utf8') };
}

/** Options by which the first call of each that has to do with that object fails. */
function failing(name: string, calls: string, errno: string): string[] {
  return ['-P', shmPath(name), '-e', `inject=${calls}:error=${errno}:when=1`];
}

test('EINTR: shm_open, ftruncate and posix_fallocate try again', { skip }, async (t) => {
  const name = uniqueName();
  const { child, trace } = await startTraced(
    t,
    ...failing(name, 'openat,ftruncate,fallocate', 'EINTR'),
  );
  const size = await child.run(({ posix }, name) => {
    const fd = posix.shm_open(`/${name}`, posix.O_CREAT | posix.O_RDWR);
    posix.ftruncate(fd, 10);
    posix.posix_fallocate(fd, 0, 5000);
    posix.shm_unlink(`/${name}`);
    const { st_size } = posix.fstat(fd);
    posix.close(fd);
    return st_size;
  }, name);
  assert.equal(size, 5000);
  for (const call of ['openat', 'ftruncate', 'fallocate']) {
    assert.match(trace(), new RegExp(`${call}\\(.*EINTR.*INJECTED`), call);
  }
});

test('ENFILE, EIO: what strace says in the system’s place is told', { skip }, async (t) => {
  const { name } = newObject(t, PAGE);
  const opening = await startTraced(t, ...failing(name.slice(1), 'openat', 'ENFILE'));
  assert.equal(await triedIn(opening.child, 'shm_open', name, 0), 'ENFILE');
  assert.equal(await triedIn(opening.child, 'shm_open', name, 0), 'ok');

  const closing = await startTraced(t, ...failing(name.slice(1), 'close', 'EIO'));
  const errno = await closing.child.run(({ posix }, name) => {
    const fd = posix.shm_open(name, posix.O_RDONLY);
    try {
      posix.close(fd);
    } catch (error) {
      return (error as NodeJS.ErrnoException).errno;
    }
  }, name);
  assert.equal(errno, 5);

  const syncing = await startTraced(t, '-e', 'inject=msync:error=EIO:when=1');
  const told = await syncing.child.run(
    ({ posix }, prot, length) => {
      const region = posix.mmap(null, length, prot, posix.MAP_SHARED | posix.MAP_ANONYMOUS, -1);
      try {
        posix.msync(region, posix.MS_SYNC);
      } catch (error) {
        posix.msync(region, posix.MS_SYNC);
        return (error as Error).message;
      }
    },
    READ_WRITE,
    PAGE,
  );
  assert.match(told ?? '', /^msync: msync failed with EIO/);

  const semaphore = uniqueName();
  const naming = await startTraced(t, ...failing(`sem.${semaphore}`, 'openat', 'ENFILE'));
  assert.equal(await triedIn(naming.child, 'sem_open', `/${semaphore}`, 0), 'ENFILE');
});
