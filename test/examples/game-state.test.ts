// Physics and a renderer: it draws whole steps only, also when the physics is killed and started again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advance, createWorld, isWhole, World } from '../../examples/game-state/world.ts';
import { read, sizeOf, view } from '../../src/index.ts';
import { helps, interrupt, runAsShown, shownFor, start, terminate } from './example.ts';

const example = 'game-state';

test('what it draws are whole steps, each later than the one before', async () => {
  const output = await runAsShown(example);
  assert.match(output, /^2 frames, 0 broken, \d+ steps not drawn, 0 restarts$/m);
});

test('the physics is killed: it is started again and goes on with the step after the last one', async () => {
  const options = ['--frames', '12', '--rate', '100', '--kill', '5'];
  const { command } = shownFor(example);
  const { code, output, errors } = await start([...command, ...options]).ended;
  assert.deepEqual([code, errors], [0, ''], output);
  assert.match(output, /^12 frames, 0 broken, \d+ steps not drawn, 1 restarts$/m);
  const steps = [...output.matchAll(/^frame \d+, step (\d+)$/gm)].map(([, step]) => Number(step));
  assert.equal(steps.length, 12);
  for (const [i, step] of steps.entries()) assert.ok(i === 0 || step > steps[i - 1]!, `${steps}`);
});

test('half a step is noticed: the check can fail', () => {
  const memory = new ArrayBuffer(sizeOf(World));
  const world = view(World, memory);
  createWorld(world);
  for (let step = 0; step < 10_000; step++) {
    advance(world);
    if (step % 100 === 0) assert.ok(isWhole(read(World, memory)), `step ${step}`);
  }
  const before = read(World, memory);
  advance(world);
  const after = read(World, memory);
  for (let half = 1; half < before.bodies.length; half++) {
    const bodies = [...after.bodies.slice(0, half), ...before.bodies.slice(half)];
    assert.ok(!isWhole({ step: after.step, bodies }), `${half} bodies of the later step`);
  }
});

test('interrupted or terminated, it leaves nothing', async () => {
  await Promise.all([
    interrupt(example, 'frame 1', '--frames', '0'),
    terminate(example, 'frame 1', '--frames', '0'),
  ]);
});

test('it explains its options', () => helps(example));
