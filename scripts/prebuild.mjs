// Makes the binaries that the npm package brings along, all of them on one Linux machine: docs/prebuilds.md.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isBefore } from './npm-hook.mjs';
import { make } from './prebuild/make.mjs';
import { absent, matching, targets } from './prebuild/targets.mjs';

const help = `npm run prebuild [-- TARGET…] [--force] [--json]

Makes memspan's native core for other machines, in prebuilds/. Without a TARGET, for all:
${targets.map(({ name, output }) => `  ${name.padEnd(20)}${output}`).join('\n')}
The beginning of a name will do: linux-x64, linux. Made is what has changed since the last time.

  --here    those for which this machine has the tools, and no table
  --force   make it anew in any case
  --json    the table at the end as JSON, on stdout
  --help    this
`;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
process.exitCode = isBefore('build') ? 0 : await main();

async function main() {
  const options = read();
  if (options === undefined) return 2;
  const { values, positionals } = options;
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const stranger = positionals.find((word) => matching(word).length === 0);
  if (stranger !== undefined) {
    say(`no target "${stranger}"; there are ${targets.map(({ name }) => name).join(', ')}\n`);
    return 2;
  }
  const ready = ['scripts/ready.mjs', 'packages', 'native'];
  const { status } = spawnSync(process.execPath, ready, { stdio: 'inherit' });
  if (status !== 0) return 1;
  const wanted = positionals.flatMap(matching);
  const chosen = targets.filter(
    (target) =>
      (wanted.length === 0 || wanted.includes(target)) &&
      // A machine that says it has everything is not let off.
      (!values.here || process.env.MEMSPAN_CI || absent(target).length === 0),
  );
  try {
    const rows = await make(chosen, {
      force: values.force,
      onBegin: ({ name }, isFresh) => {
        if (!isFresh) say(`making the prebuilt core of ${name}… `);
        else if (!values.here) say(`the prebuilt core of ${name} is up to date\n`);
      },
      onEnd: (_, seconds, isFresh) => {
        if (!isFresh) process.stderr.write(`done in ${seconds} s\n`);
      },
    });
    if (values.here) return 0;
    process.stdout.write(values.json ? `${JSON.stringify(rows, undefined, 2)}\n` : table(rows));
    return 0;
  } catch (error) {
    process.stderr.write('failed\n');
    say(`${error.message}\n`);
    return 1;
  }
}

function read() {
  const boolean = { type: 'boolean', default: false };
  try {
    return parseArgs({
      options: { here: boolean, force: boolean, json: boolean, help: boolean },
      allowPositionals: true,
    });
  } catch (error) {
    say(`${error.message}\n${help}`);
    return undefined;
  }
}

function table(rows) {
  const head = ['target', 'bytes', 'glibc', 'seconds', 'needs'];
  const lines = rows.map(({ target, size, glibc, needed, seconds }) => [
    target,
    `${size}`,
    glibc ?? '-',
    `${seconds}`,
    needed?.join(' ') ?? '-',
  ]);
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => line[i].length)));
  const text = [head, ...lines].map((line) =>
    line
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  return `${text.join('\n')}\n`;
}

function say(text) {
  process.stderr.write(`memspan: ${text}`);
}
