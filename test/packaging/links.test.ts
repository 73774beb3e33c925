// Links in the pages: all of ours lead somewhere, and each way of leading nowhere is found.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { root } from '../support/tree.ts';

test('every link in README.md, docs/ and the other pages leads to a file or a heading that is there', () => {
  assert.deepEqual(broken(root), []);
});

test('a link that leads nowhere is told with its page and line', () => {
  const page = [
    '# One *thing*, `a-b_c` & more',
    '## [Linked](docs/other.md) heading',
    '## Twice',
    '## Twice',
    '[good](#one-thing-a-b_c--more) [good](#linked-heading) [good](#twice-1) [good](docs/other.md "title")',
    '[good](docs/other.md#there) [good](https://example.org/#x) [good](docs) [good](<docs/other.md>)',
    '`[code](nowhere.md)`',
    '```md',
    '[code](nowhere.md)',
    '## Not a heading',
    '```',
    '[bad](nowhere.md)',
    '[bad](#twice-2)',
    '[bad](#not-a-heading)',
    '[bad](docs/other.md#One)',
    '[bad](/docs/other.md)',
    '[bad](../outside.md)',
    '[bad](http://example.org/)',
  ].join('\n');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'memspan-test-links-'));
  try {
    fs.mkdirSync(path.join(folder, 'docs'));
    fs.mkdirSync(path.join(folder, 'node_modules'));
    fs.writeFileSync(path.join(folder, 'package.json'), '{"version":"1.2.3"}');
    fs.writeFileSync(path.join(folder, 'README.md'), page);
    fs.writeFileSync(path.join(folder, 'docs/other.md'), '# There\n\n[bad](README.md)\n');
    fs.writeFileSync(path.join(folder, 'node_modules/theirs.md'), '[bad](nowhere.md)\n');
    assert.deepEqual(
      broken(folder).map((line) => /^(\S+:\d+: \S+)/.exec(line)?.[1]),
      [
        'README.md:12: nowhere.md',
        'README.md:13: #twice-2',
        'README.md:14: #not-a-heading',
        'README.md:15: docs/other.md#One',
        'README.md:16: /docs/other.md',
        'README.md:17: ../outside.md',
        'README.md:18: http://example.org/',
        'docs/other.md:3: README.md',
      ],
    );
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

function broken(folder: string): string[] {
  const command = ['scripts/release-check.mjs', `--root=${folder}`, 'links'];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  const found = [...stdout.matchAll(/^FAIL {2}links: (.*)$/gm)].map(([, line]) => line as string);
  assert.equal(status, found.length === 0 ? 0 : 1, stderr);
  assert.equal(stderr, '');
  return found;
}
