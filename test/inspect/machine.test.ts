// What the doctor says about a machine, for machines that are not this one: facts in, findings out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { featureFindings } from '../../src/inspect/diagnosis/features.ts';
import { type Limits, limitFindings } from '../../src/inspect/diagnosis/limits.ts';
import {
  type Facts,
  factsOfMachine,
  machineFindings,
  type Shm,
} from '../../src/inspect/diagnosis/machine.ts';
import type { Finding } from '../../src/inspect/diagnosis.ts';

const MIB = 2 ** 20;
const shm: Shm = {
  isTmpfs: true,
  isWritable: true,
  mode: 0o1777,
  size: 8192 * MIB,
  free: 8000 * MIB,
  names: 1e6,
  namesFree: 1e6,
};
const none = Number.POSITIVE_INFINITY;
const limits: Limits = {
  nofile: 4096,
  memlock: 8 * MIB,
  fileSize: none,
  addressSpace: none,
  shmmax: none,
  shmall: none,
  mapCount: 65_530,
  inotifyInstances: 128,
};
const features: Facts['features'] = {
  procfs: true,
  memfd: true,
  ofdLocks: true,
  oTmpfile: true,
  renameat2: true,
  leases: true,
  futexWaitv: true,
  ioUring: true,
  inotify: true,
  sharedBuffers: true,
};

const briefly = (found: readonly Finding[]): string[] =>
  found.map(({ severity, code }) => `${severity} ${code}`);

test('a machine that lacks nothing has no findings', () => {
  assert.deepEqual(machineFindings({ shm, features, limits }), []);
});

for (const [what, change, expected] of [
  ['Docker’s 64 MB', { size: 64 * MIB, free: 64 * MIB }, 'warning small-shm'],
  ['nearly full', { free: 400 * MIB }, 'warning nearly-full-shm'],
  ['full', { free: 4096 }, 'error full-shm'],
  ['no names left', { namesFree: 0 }, 'error full-shm'],
  ['mounted read-only, or another’s', { isWritable: false }, 'error shm-not-writable'],
  ['anybody may remove anybody’s', { mode: 0o777 }, 'error shm-not-sticky'],
  ['a folder on a disk', { isTmpfs: false }, 'warning shm-not-tmpfs'],
] as const) {
  test(`/dev/shm: ${what}`, () => {
    const found = machineFindings({ shm: { ...shm, ...change }, features, limits });
    assert.deepEqual(briefly(found), [expected]);
    assert.equal(found[0]?.subject, '/dev/shm');
  });
}

test('no /dev/shm at all', () => {
  assert.deepEqual(briefly(machineFindings({ shm: undefined, features, limits })), [
    'error no-shm',
  ]);
});

test('names are not counted everywhere', () => {
  assert.deepEqual(
    machineFindings({ shm: { ...shm, names: 0, namesFree: 0 }, features, limits }),
    [],
  );
});

for (const [change, expected] of [
  [{ nofile: 512 }, 'warning low-nofile'],
  [{ nofile: 32 }, 'error low-nofile'],
  [{ memlock: 65_536 }, 'note low-memlock'],
  [{ fileSize: MIB }, 'warning low-fsize'],
  [{ addressSpace: 4096 * MIB }, 'warning low-address-space'],
  [{ shmmax: 32 * MIB }, 'warning low-shmmax'],
  [{ shmall: 32 * MIB }, 'warning low-shmmax'],
  [{ mapCount: 1000 }, 'warning low-map-count'],
  [{ inotifyInstances: 8 }, 'warning low-inotify'],
] as const) {
  test(`limits: ${JSON.stringify(change)}`, () => {
    assert.deepEqual(briefly(limitFindings({ ...limits, ...change }, shm.size)), [expected]);
  });
}

test('a feature that is missing is an error where nothing can take its place', () => {
  const nothing = Object.fromEntries(Object.keys(features).map((name) => [name, false]));
  assert.deepEqual(briefly(featureFindings(nothing as unknown as Facts['features'])), [
    'error no-procfs',
    'warning no-memfd',
    'error no-ofd-locks',
    'warning no-o-tmpfile',
    'note no-renameat2',
    'warning no-leases',
    'warning no-futex-waitv',
    'note no-io-uring',
    'warning no-inotify',
    'warning no-shared-buffers',
  ]);
});

test('every finding about this machine has a remedy, and the facts are numbers', () => {
  const facts = factsOfMachine();
  for (const value of Object.values({ ...facts.limits, ...facts.shm })) {
    assert.ok(typeof value === 'boolean' || value >= 0, JSON.stringify(facts));
  }
  for (const { what, remedy } of machineFindings(facts)) {
    assert.ok(what.length > 0 && remedy.length > 0 && !remedy.endsWith('.'));
  }
});
