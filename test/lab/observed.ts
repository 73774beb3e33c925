// Runs an exercise of the lab as users do, and looks at what it says of itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { start } from '../cli/memspan.ts';

interface Report<Facts> {
  readonly name: string;
  readonly observed: boolean;
  readonly facts: Facts;
}

/** What was done is remembered: not where the user's own is. */
const state = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-lab-'));
const env = { XDG_STATE_HOME: state };
after(() => fs.rmSync(state, { recursive: true }));

/** What `memspan lab NAME --json` has found out. */
export async function observed<Facts>(name: string): Promise<Facts> {
  const { code, signal, stdout, stderr } = await start(['lab', name, '--json'], { env }).ended;
  assert.deepEqual([code, signal, stderr], [0, null, ''], name);
  const report = JSON.parse(String(stdout)) as Report<Facts>;
  assert.deepEqual([report.name, report.observed], [name, true]);
  return report.facts;
}

/** What `memspan lab NAME` prints; it fits a terminal of 80 columns, and has no colours in a pipe. */
export async function shown(name: string): Promise<string> {
  const { code, stdout, stderr } = await start(['lab', name], { env }).ended;
  const text = String(stdout);
  assert.deepEqual([code, stderr], [0, ''], text);
  const wide = text.split('\n').filter((line) => [...line].length > 80);
  assert.deepEqual(wide, []);
  assert.ok(!text.includes('\x1b'), 'colours in a pipe');
  for (const part of ['really observed', 'Question', 'Answer', 'memspan']) {
    assert.ok(text.includes(part), `${part} is missing:\n${text}`);
  }
  return text;
}
