// The constants, sizes and alignments are this platform's: a C program that is written here says the same.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import * as constants from '../../../src/os/posix/constants.ts';
import * as constantsSync from '../../../src/os/posix/constants-sync.ts';
import * as posix from '../../../src/os/posix.ts';
import { needs } from '../../support/extras.ts';

const HEADERS = [
  ...['errno', 'fcntl', 'limits', 'pthread', 'semaphore', 'stdio', 'time', 'unistd'],
  ...['sys/mman', 'sys/stat', 'sys/types', 'linux/mman'],
];
/** What C has no one-word name for. */
const inC: Record<string, string> = { pointer: 'void *', timespec: 'struct timespec' };

/** What a C program says of the expressions: integers. */
function asked(expressions: readonly string[]): number[] {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'memspan-test-constants-'));
  const lines = [
    '#define _GNU_SOURCE',
    ...HEADERS.map((header) => `#include <${header}.h>`),
    'int main(void) {',
    ...expressions.map((expression) => `printf("%lld\\n", (long long)(${expression}));`),
    'return 0; }',
  ];
  try {
    fs.writeFileSync(path.join(folder, 'ask.c'), lines.join('\n'));
    execFileSync('gcc', ['ask.c', '-o', 'ask'], { cwd: folder });
    return execFileSync(path.join(folder, 'ask'), { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test('every constant has the value of the headers', { skip: needs('gcc') }, () => {
  const ours = { ...constants, ...constantsSync } as Record<string, number>;
  const names = Object.keys(ours);
  assert.ok(names.length > 100);
  const theirs = asked(names);
  assert.deepEqual(ours, Object.fromEntries(names.map((name, i) => [name, theirs[i]])));
});

test('sizeof and alignof are the compiler’s', { skip: needs('gcc') }, () => {
  const types = Object.keys(posix.sizeof) as posix.CType[];
  assert.ok(types.includes('pthread_mutex_t') && types.includes('sem_t'));
  for (const of of ['sizeof', 'alignof'] as const) {
    const operator = of === 'sizeof' ? 'sizeof' : '_Alignof';
    const theirs = asked(types.map((type) => `${operator}(${inC[type] ?? type})`));
    assert.deepEqual(
      { ...{ sizeof: posix.sizeof, alignof: posix.alignof }[of] },
      Object.fromEntries(types.map((type, i) => [type, theirs[i]])),
    );
  }
});

test('sysconf says what getconf says', () => {
  const getconf = (name: string): number =>
    Number(execFileSync('getconf', [name], { encoding: 'utf8' }));
  assert.equal(posix.sysconf(posix._SC_PAGESIZE), getconf('PAGESIZE'));
  assert.equal(posix.sysconf(posix._SC_NPROCESSORS_CONF), getconf('_NPROCESSORS_CONF'));
  assert.equal(posix.sysconf(posix._SC_OPEN_MAX), getconf('OPEN_MAX'));
  assert.ok(posix.sysconf(posix._SC_SHARED_MEMORY_OBJECTS) >= 200112);
});
