// Runs groups of the benchmark, as little of each as there is: it ends and reports; what it measures is not judged.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../bench/main.js', import.meta.url));

interface Report {
  peers: Record<string, string | null>;
  failures: Record<string, string>;
  results: { name: string; nsPerOp: Record<string, number> }[];
  targets: { name: string; ratio: number; goal: string; met: boolean }[];
}

export function testGroups(...groups: string[]): void {
  for (const group of groups) {
    test(`the benchmark's group ${group} measures every contender and ends with its targets`, () => {
      const args = [main, group, '--smoke', '--json'];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const { peers, failures, results, targets } = JSON.parse(stdout) as Report;
      assert.deepEqual(failures, {});
      assert.ok(results.length > 0);
      for (const { name, nsPerOp } of results) {
        assert.ok((nsPerOp.memspan ?? 0) > 0, name);
        for (const [contender, ns] of Object.entries(nsPerOp)) {
          assert.ok(ns > 0, `${name}: ${contender}`);
        }
      }
      assert.ok(targets.length > 0);
      for (const { ratio } of targets) assert.ok(ratio > 0);
      for (const [peer, found] of Object.entries(peers)) {
        if (found === null) assert.match(stderr, new RegExp(`no ${peer} found`));
      }
    });
  }
}
