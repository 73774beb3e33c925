// Performs an exercise as `memspan lab` does, and looks at what it has shown and at what is left of it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { exercises } from '../../src/lab/index.ts';
import { WIDTH } from '../../src/lab/pictures.ts';
import { Stage } from '../../src/lab/stage.ts';

/** The lab's ink, marked so that a wrong width would be seen. */
const red = (text: string): string => `\x1b[31m${text}\x1b[39m`;
const ink = { bold: red, dim: red, red, green: red, yellow: red, cyan: red };

/** Milliseconds that it took. */
export async function perform(name: string): Promise<number> {
  const exercise = await exercises.get(name)?.();
  assert.ok(exercise?.name === name);
  const began = performance.now();
  const stage = new Stage(ink);
  const { observed, picture, facts } = await stage.perform((on) => exercise.run(on));
  const ms = performance.now() - began;
  assert.ok(observed, `${name} was not observed: ${JSON.stringify(facts)}\n${picture.join('\n')}`);
  assert.ok(picture.length > 0);
  for (const line of picture.map(stripVTControlCharacters)) {
    assert.ok(line.length <= WIDTH, `${line.length} columns: ${line}`);
  }
  assert.equal(typeof JSON.parse(JSON.stringify(facts)), 'object');
  assert.deepEqual(childrenOf(process.pid), [], 'children');
  const names = fs.readdirSync('/dev/shm').filter((each) => each.includes(stage.prefix));
  assert.deepEqual(names, [], 'left behind in /dev/shm');
  return ms;
}

/** The processes that a process's main thread has started. */
export function childrenOf(pid: number): number[] {
  const text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
  return text.split(' ').filter(Boolean).map(Number);
}
