// Runs the program that shows torn reads, and none (test/fixtures/channel/torn.ts).
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Mode, Seen } from '../fixtures/channel/torn.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/channel/torn.js', import.meta.url));

export interface Report {
  readonly mode: Mode;
  readonly published: number;
  readonly seen: readonly Seen[];
}

export async function torn(mode: Mode, ms: number, readers: number): Promise<Report> {
  const args = [PROGRAM, mode, String(ms), String(readers)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Report;
}
