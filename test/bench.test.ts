// The benchmark runs to its end and reports; what it measures is not judged here.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../bench/main.js', import.meta.url));

interface Report {
  results: { name: string; nsPerOp: Record<string, number> }[];
  targets: { name: string; ratio: number; goal: string; met: boolean }[];
}

for (const group of ['roundtrip', 'ring', 'stream', 'locks']) {
  test(`the benchmark's group ${group} measures every contender and ends with its targets`, () => {
    const args = [main, group, '--smoke', '--json'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const { results, targets } = JSON.parse(stdout) as Report;
    assert.ok(results.length > 0);
    for (const { name, nsPerOp } of results) {
      assert.ok((nsPerOp.memspan ?? 0) > 0, name);
      for (const [contender, ns] of Object.entries(nsPerOp))
        assert.ok(ns > 0, `${name}: ${contender}`);
    }
    assert.ok(targets.length > 0);
    for (const { ratio } of targets) assert.ok(ratio > 0);
  });
}
