// `memspan top` on a real terminal of 80×24 (tmux): rows and rates, sorting, the filter, the page of a span, other sizes of the
// window, colours and their absence, and a terminal that is as it was before.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { uniqueName, until } from '../support/segments.ts';
import { type Pane, run, shows, skip } from './terminal.ts';
import { newScene, type TopScene } from './top.ts';

/** What a shell sees of the terminal afterwards; its settings come before the exit code. */
const THEN = '; code=$?; stty -a; (exit $code)';

function top(t: TestContext, args: string, env = '', columns = 80): Pane {
  return run(t, `top -i 150 ${args}${THEN}`, `echo what stood there;${env}`, columns);
}

/**
 * Resolves with the lines of a whole frame that has the text, and fulfils the condition: one line less than the terminal has.
 * While one is drawn over another, there are both.
 */
async function frame(
  pane: Pane,
  text: RegExp,
  { rows = 24, is = () => true }: { rows?: number; is?: (lines: string[]) => boolean } = {},
): Promise<string[]> {
  let screen = '';
  const isWhole = (lines: readonly string[]): boolean =>
    lines.length === rows &&
    lines.findIndex((line) => /^memspan top {2}\d\d:\d\d:\d\d/.test(line)) === 0 &&
    lines.findLastIndex((line) => line.startsWith('memspan top')) === 0 &&
    lines.at(-2) !== '' &&
    lines.at(-1) === '';
  try {
    await until(() => {
      screen = pane.screen();
      const lines = linesOf(screen);
      return text.test(screen) && isWhole(lines) && is(lines);
    }, `a frame with ${text} ${is}`);
  } catch (error) {
    throw new Error(`${error}\n${screen}`);
  }
  return linesOf(screen);
}

function linesOf(screen: string): string[] {
  return screen.replace(/\n$/, '').split('\n');
}

const rowOf = (name: string, rest: string): RegExp => new RegExp(`^>?.*${name} +${rest}`, 'm');
const FLOWS = 'span .* (?!0 )[\\d.]+k? +[▁-█]+$';

async function ends(pane: Pane, code: number): Promise<void> {
  const screen = await shows(pane, new RegExp(`^exit code ${code}$`, 'm'));
  assert.match(screen, /^what stood there$/m);
  assert.ok(!screen.includes('memspan top'), 'nothing of it is left');
  assert.match(screen, /(?<!-)\bicanon\b/);
  assert.match(screen, /(?<!-)\becho\b/);
  assert.deepEqual(pane.state(), { cursor: true, alternateScreen: false });
  // The shell's cat has what is typed.
  pane.keys('still here', 'Enter');
  await shows(pane, /^still here\nstill here$/m);
}

/** Whether those of the scene are the rows, by their last letters. */
function inOrder({ prefix }: TopScene, letters: string): (lines: string[]) => boolean {
  return (lines) => {
    const names = lines.flatMap((line) => /^[> ][ \S] (\S+)/.exec(line)?.[1] ?? []);
    const own = names.filter((name) => name.startsWith(prefix));
    return own.map((name) => name.slice(-1)).join('') === letters;
  };
}

test('rows with rates, sorted as one likes, paused, more or less often; q', { skip }, async (t) => {
  const scene = newScene(t);
  const pane = top(t, `"${scene.prefix}-*"`);
  const lines = await frame(pane, rowOf(scene.flow, FLOWS));
  assert.deepEqual(pane.state(), { cursor: false, alternateScreen: true });
  assert.match(lines[3] as string, /^ {3}NAME +KIND +SIZE +PART PROCS WAIT RATE\/S$/);
  assert.ok(lines.every((line) => line.length < 80));
  assert.ok(pane.coloured().includes('\u001b[3'));
  assert.match(lines.join('\n'), rowOf(scene.raw, 'segment +2.0M +- +0 +- +- *$'));
  assert.match(lines.find((line) => line.includes(scene.torn)) ?? '', /^[> ]✗ /);
  await shows(pane, /, 1 in trouble +[\d.k]+ ops\/s/);
  await shows(pane, new RegExp(`^>. ${scene.flow}`, 'm'));
  pane.keys('s');
  await frame(pane, /by name$/m, { is: inOrder(scene, 'firt') });
  pane.keys('r');
  await frame(pane, /by name reversed$/m, { is: inOrder(scene, 'trif') });
  pane.keys('S', 's', 's');
  await frame(pane, /by size$/m, { is: inOrder(scene, 'rtfi') });
  pane.keys('+');
  await shows(pane, /every 0\.2 s/);
  pane.keys('-l', '--', 'p-');
  await shows(pane, /PAUSED {2}by size/);
  const [paused = ''] = await frame(pane, /PAUSED/);
  pane.keys('Down');
  // A key is answered, but nothing is looked at.
  await shows(pane, new RegExp(`^>✗ ${scene.torn}`, 'm'));
  await shows(pane, /: header: it says 1048576 bytes, but/);
  assert.equal((await frame(pane, /PAUSED/))[0], paused);
  pane.keys('Space');
  await shows(pane, /every 0\.1 s/);
  pane.keys('q');
  await ends(pane, 0);
});

test('the filter is typed live; Enter opens what is in there, and it ends while it is open', {
  skip,
}, async (t) => {
  const scene = newScene(t);
  const pane = top(t, `"${scene.prefix}-*"`);
  await frame(pane, rowOf(scene.flow, FLOWS));
  pane.keys('/');
  await shows(pane, /^\/ +Enter keeps it, Esc clears it$/m);
  pane.keys('-l', '--', '-[i');
  await shows(pane, /nothing matches the filter/);
  pane.keys('BSpace', 'BSpace', 'i');
  await frame(pane, /^\/-i /m, { is: inOrder(scene, 'i') });
  pane.keys('Escape');
  await shows(pane, /1–4 of 4$/m);
  pane.keys('-l', '--', '/-f');
  pane.keys('Enter');
  await shows(pane, /filter: -f\n/);
  await shows(pane, /1–1 of 1$/m);
  pane.keys('Enter');
  const lines = await frame(pane, /ring +orders +[\d.]+k?\/s, [\d.]+ k?B\/s +[▁-█]+$/m);
  const page = lines.join('\n');
  assert.match(page, new RegExp(`^${scene.flow} {2}span, 256\\.0 KiB`, 'm'));
  assert.match(page, /^ +sender +\d+ +alive/m);
  assert.match(page, new RegExp(`^ +${process.pid} +node `, 'm'));
  pane.keys('?');
  await shows(pane, /^ +q or Ctrl-C +quit$/m);
  pane.keys('Escape');
  await shows(pane, /^OBJECTS$/m);
  pane.keys('Escape');
  await shows(pane, /1–1 of 1$/m);
  pane.keys('Escape');
  await shows(pane, /1–4 of 4$/m);
  pane.keys('/', scene.idle.slice(-2), 'Enter');
  await shows(pane, /1–1 of 1$/m);
  pane.keys('Enter');
  await shows(pane, /^ +mutex +ledger$/m);
  Segment.unlink(scene.idle);
  await shows(pane, new RegExp(`^${scene.idle} is gone\\.$`, 'm'));
  pane.keys('q');
  await ends(pane, 0);
});

test('what a killed process held is marked, and said', { skip }, async (t) => {
  const name = uniqueName();
  using span = Span.create(name, { size: 2 ** 18, lifetime: 'last-close' });
  span.mutex('ledger');
  const child = await startChild();
  await child.run(({ memspan, kept }, name) => {
    kept.span = memspan.Span.open(name, { as: 'victim' });
    (kept as unknown as { guard: unknown }).guard = kept.span.mutex('ledger').lock();
  }, name);
  const pane = top(t, `${name} --sort trouble`);
  await frame(pane, rowOf(name, 'span +256K +256K +2 +2 +0 '));
  await child.kill();
  const lines = await frame(pane, new RegExp(`^>† ${name} +span +256K +256K +1†1 `, 'm'));
  assert.match(lines.at(-2) as string, /: victim \(pid \d+, dead\) held ledger +1–1 of 1$/);
  pane.keys('C-c');
  await ends(pane, 130);
});

test('the window may change its size, also while a page is open', {
  skip,
}, async (t) => {
  const scene = newScene(t);
  const pane = top(t, `"${scene.prefix}-*"`);
  await frame(pane, rowOf(scene.flow, FLOWS));
  pane.resize(120, 30);
  await frame(pane, /RES +PART PROCS WAIT WAITS\/S RATE\/S$/m, {
    rows: 30,
    is: (lines) =>
      lines.some(({ length }) => length > 80) && lines.every(({ length }) => length < 120),
  });
  pane.resize(60, 10);
  await frame(pane, /NAME .*RATE\/S$/m, {
    rows: 10,
    is: (lines) =>
      lines.every(({ length }) => length < 60) &&
      [...'frit'].every((letter) =>
        lines.some((line) => line.includes(`${scene.prefix}-${letter}`)),
      ),
  });
  pane.keys('G', 'Enter');
  await frame(pane, /Esc back .* of \d+$/m, { rows: 10 });
  pane.resize(80, 24);
  await frame(pane, /Esc back .* of \d+$/m);
  pane.keys('Escape');
  await frame(pane, rowOf(scene.flow, FLOWS));
  pane.keys('q');
  await ends(pane, 0);
});

test('Ctrl-Z stops it, fg brings it back', { skip }, async (t) => {
  const { prefix, flow } = newScene(t);
  const command = `top -i 150 "${prefix}-*"; echo stopped with $?; fg${THEN}`;
  const pane = run(t, command, 'set -m; echo what stood there;');
  await frame(pane, rowOf(flow, FLOWS));
  pane.keys('C-z');
  await until(() => /stopped with 148/.test(pane.written()), 'the shell');
  await frame(pane, rowOf(flow, FLOWS));
  pane.keys('q');
  await ends(pane, 0);
});

test('with NO_COLOR there is no colour, not even for a moment', { skip }, async (t) => {
  const { prefix, flow } = newScene(t);
  const pane = top(t, `"${prefix}-*"`, 'NO_COLOR=1');
  await frame(pane, rowOf(flow, FLOWS));
  pane.keys('q');
  await ends(pane, 0);
  await until(() => pane.written().includes('exit code 0'), 'all that was written');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are made of them.
  assert.doesNotMatch(pane.written(), /\u001b\[[\d;]*m/);
});
