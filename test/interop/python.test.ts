// Python's multiprocessing.shared_memory.SharedMemory and mmap, and segments: the same bytes, made by either.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Segment, spawnWith } from '../../src/index.ts';
import {
  O_CREAT,
  O_EXCL,
  sem_close,
  sem_getvalue,
  sem_open,
  sem_post,
  sem_unlink,
  sem_wait,
  sem_waitAsync,
} from '../../src/os/posix.ts';
import { needs } from '../support/extras.ts';
import { codeOf, shmPath, uniqueName, until } from '../support/segments.ts';
import { ATTACH, Python, program } from './python.ts';

const imports = ['from multiprocessing.shared_memory import SharedMemory', 'import json, mmap, os'];

suite('SharedMemory', { skip: needs('python3') }, () => {
  test('what Python has made is opened here: same size, same bytes, both ways', async () => {
    const name = uniqueName();
    const python = await Python.start(...imports);
    await python.run(`shm = SharedMemory("${name}", create=True, size=5000)`);
    await python.run('shm.buf[:4] = b"\\x01\\x02\\x03\\xff"');
    using segment = Segment.open(name);
    assert.equal(segment.size, 5000);
    const bytes = new Uint8Array(segment.buffer);
    assert.deepEqual([...bytes.subarray(0, 5)], [1, 2, 3, 255, 0]);
    bytes[4999] = 42;
    assert.equal(await python.run('shm.buf[4999]'), '42');
    await python.run('shm.buf[4998] = 41');
    assert.equal(bytes[4998], 41);
    await python.run('shm.unlink()');
    assert.equal(
      codeOf(() => Segment.open(name)),
      'ERR_MEMSPAN_NOT_FOUND',
    );
    assert.equal(bytes[4998], 41, 'who has it keeps it');
    await python.run('shm.close()');
    await python.peer.end();
  });

  test('what is made here is attached by Python: same size, same bytes, both ways', async () => {
    using segment = Segment.create(uniqueName(), { size: 12_345 });
    const words = new Int32Array(segment.buffer, 0, 4);
    words[0] = -2;
    const python = await Python.start(...imports, ATTACH);
    await python.run(`shm = attach("${segment.name}"); words = shm.buf[:16].cast("i")`);
    assert.equal(await python.run('shm.size, words[0]'), '(12345, -2)');
    await python.run('words[1] = 7');
    assert.equal(words[1], 7);
    assert.equal(segment.unlink(), true);
    words[2] = 8;
    assert.equal(await python.run('words[2]'), '8', 'who has it keeps it');
    await python.run('words.release(); shm.close()');
    await python.peer.end();
    assert.equal(python.peer.errors, '');
  });

  test('a name that Python chose', async () => {
    const python = await Python.start(...imports);
    await python.run('shm = SharedMemory(create=True, size=1)');
    const name = (await python.run('shm.name')).slice(1, -1);
    using segment = Segment.open(name);
    new Uint8Array(segment.buffer)[0] = 9;
    assert.equal(await python.run('shm.buf[0]'), '9');
    assert.equal(segment.unlink(), true);
    await python.run('shm.close()');
    await python.peer.kill();
    await until(() => python.peer.errors.includes('leaked'), 'the tracker to say what it missed');
  });

  test('its names are taken here, and ours there', async () => {
    const name = uniqueName();
    using segment = Segment.create(name, { size: 1 });
    const python = await Python.start(...imports);
    const create = `SharedMemory("${name}", create=True, size=1)`;
    await assert.rejects(python.run(create), { name: 'FileExistsError' });
    segment.unlink();
    await assert.rejects(python.run(`SharedMemory("${name}")`), { name: 'FileNotFoundError' });
    await python.run(`shm = ${create}`);
    assert.equal(
      codeOf(() => Segment.create(name, { size: 1 })),
      'ERR_MEMSPAN_EXISTS',
    );
    await python.run('shm.close(); shm.unlink()');
    await python.peer.end();
  });

  for (const end of ['end', 'kill'] as const) {
    test(`a Python that has merely attached takes the name along at its ${end}`, async () => {
      using segment = Segment.create(uniqueName(), { size: 1 });
      const python = await Python.start(...imports);
      await python.run(`shm = SharedMemory("${segment.name}"); shm.close()`);
      assert.equal(segment.isLinked, true);
      await python.peer[end]();
      await until(() => !segment.isLinked, "Python's resource tracker");
      await until(() => python.peer.errors.includes('leaked'), 'its complaint');
    });

    test(`attached as the guide says, it leaves the name alone at its ${end}`, async () => {
      using segment = Segment.create(uniqueName(), { size: 1 });
      const python = await Python.start(ATTACH);
      // What its tracker does take along tells that it is done.
      const taken = uniqueName();
      await python.run(`made = SharedMemory("${taken}", create=True, size=1)`);
      await python.run(`shm = attach("${segment.name}")`);
      await python.peer[end]();
      await until(() => !existsSync(shmPath(taken)), "Python's resource tracker");
      assert.equal(segment.isLinked, true);
      segment.unlink();
    });
  }
});

suite('mmap', { skip: needs('python3') }, () => {
  test('the file behind a name, which no tracker looks after', async () => {
    using segment = Segment.create(uniqueName(), { size: 4096 });
    const words = new Float64Array(segment.buffer);
    words[511] = Math.PI;
    const python = await Python.start(...imports);
    await python.run(`f = open("${shmPath(segment.name as string)}", "r+b")`);
    await python.run('m = mmap.mmap(f.fileno(), 0); words = memoryview(m).cast("d")');
    assert.equal(await python.run('len(m), words[511]'), `(4096, ${Math.PI})`);
    await python.run('words[0] = 0.5');
    assert.equal(words[0], 0.5);
    await python.peer.kill();
    assert.equal(segment.unlink(), true);
  });

  test('a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'memspan-test-python-'));
    try {
      const path = join(folder, 'table');
      using segment = Segment.file(path, { size: 10_000 });
      const bytes = Buffer.from(segment.buffer);
      bytes.write('from here', 0);
      const python = await Python.start(...imports);
      await python.run(`f = open("${path}", "r+b"); m = mmap.mmap(f.fileno(), 0)`);
      assert.equal(await python.run('m[:9]'), "b'from here'");
      await python.run('m[9990:10000] = b"from there"; m.flush()');
      assert.equal(bytes.toString('latin1', 9990), 'from there');
      segment.flush();
      assert.equal(readFileSync(path, 'latin1').slice(9990), 'from there');
      await python.run('m.close(); f.close()');
      await python.peer.end();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a descriptor that it was given at its birth', async () => {
    using frames = Segment.anonymous(8192);
    const bytes = new Uint8Array(frames.buffer);
    bytes[8191] = 3;
    const [command, ...args] = program;
    const python = Python.of(spawnWith(command, args, { share: { frames } }));
    await python.run(imports[1] as string);
    await python.run('fd = json.loads(os.environ["MEMSPAN_INHERITED"])["frames"]["fd"]');
    await python.run('m = mmap.mmap(fd, 0)');
    assert.equal(await python.run('len(m), m[8191]'), '(8192, 3)');
    await python.run('m[0] = 5');
    assert.equal(bytes[0], 5);
    await python.peer.end();
  });

  test('what it made private or read-only stays so', async () => {
    using segment = Segment.create(uniqueName(), { size: 4096 });
    const bytes = new Uint8Array(segment.buffer);
    const python = await Python.start(...imports);
    await python.run(`f = open("${shmPath(segment.name as string)}", "r+b")`);
    await python.run('copy = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY); copy[0] = 1');
    await python.run('view = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)');
    await assert.rejects(python.run('view.write(b"x")'), { name: 'TypeError' });
    assert.equal(bytes[0], 0);
    bytes[0] = 2;
    assert.equal(await python.run('copy[0], view[0]'), '(1, 2)');
    await python.peer.kill();
    segment.unlink();
  });
});

suite("Python's locks", { skip: needs('python3') }, () => {
  // ctypes is in the standard library; Python's own named semaphores have no names for others.
  const semaphore = `
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.sem_open.restype = ctypes.c_void_p
for call in (libc.sem_post, libc.sem_wait, libc.sem_trywait, libc.sem_close):
    call.argtypes = [ctypes.c_void_p]
`;

  test('a named semaphore, by ctypes: a counter that both add to, and no step is lost', async () => {
    using segment = Segment.create(uniqueName(), { size: 8 });
    const name = `/${segment.name}`;
    const sem = sem_open(name, O_CREAT | O_EXCL, 0o600, 1);
    const python = await Python.start(ATTACH, semaphore);
    await python.run(`sem = libc.sem_open(b"${name}", 0)`);
    await python.run(`shm = attach("${segment.name}"); words = shm.buf.cast("i")`);
    const words = new Int32Array(segment.buffer);
    const adding = python.run(`
for _ in range(20000):
    libc.sem_wait(sem)
    words[0] += 1
    libc.sem_post(sem)
`);
    await until(() => Atomics.load(words, 0) > 0, 'Python to begin');
    for (let i = 0; i < 20_000; i++) {
      sem_wait(sem);
      (words[0] as number)++;
      sem_post(sem);
    }
    await adding;
    assert.equal(await python.run('words[0]'), '40000');
    const taken = [sem_waitAsync(sem), sem_waitAsync(sem)];
    await python.run('libc.sem_post(sem)');
    assert.deepEqual(await Promise.all(taken), [0, 0]);
    assert.equal(await python.run('libc.sem_trywait(sem), ctypes.get_errno()'), '(-1, 11)');
    await python.run('words.release(); shm.close(); libc.sem_close(sem)');
    await python.peer.end();
    sem_close(sem);
    sem_unlink(name);
    segment.unlink();
  });

  test('a named semaphore that Python has made, and a Python killed with its permit', async () => {
    const name = `/${uniqueName()}`;
    const python = await Python.start(semaphore);
    const flags = O_CREAT | O_EXCL;
    await python.run(`sem = libc.sem_open(b"${name}", ${flags}, 0o600, 2)`);
    const sem = sem_open(name, 0);
    assert.equal(sem_getvalue(sem), 2);
    await python.run('libc.sem_wait(sem)');
    await python.peer.kill();
    assert.equal(sem_getvalue(sem), 1);
    sem_close(sem);
    sem_unlink(name);
  });
});
