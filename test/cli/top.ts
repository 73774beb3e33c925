// What `memspan top` is shown in its tests: a span in which messages flow, one where nothing happens, one that is damaged, a
// segment.
import fs from 'node:fs';
import type { TestContext } from 'node:test';
import { Segment, Span } from '../../src/index.ts';
import { shmPath, uniqueName } from '../support/segments.ts';

export interface TopScene {
  readonly prefix: string;
  readonly flow: string;
  readonly idle: string;
  readonly torn: string;
  readonly raw: string;
}

/** As long as the test runs. Sizes: raw, torn, flow, idle, the largest first. */
export function newScene(t: TestContext): TopScene {
  const prefix = uniqueName();
  const scene = {
    prefix,
    flow: `${prefix}-f`,
    idle: `${prefix}-i`,
    torn: `${prefix}-t`,
    raw: `${prefix}-r`,
  };
  const flow = Span.create(scene.flow, { size: 2 ** 18, as: 'sender' });
  const ring = flow.ring('orders', { capacity: 2 ** 14 });
  const [writer, reader] = [ring.writer(), ring.reader()];
  const message = new Uint8Array(64);
  const timer = setInterval(() => {
    writer.trySend(message);
    reader.tryReceive();
  }, 2);
  const idle = Span.create(scene.idle, {
    size: 2 ** 17,
    participants: 8,
    objects: 8,
    as: 'sleeper',
  });
  idle.mutex('ledger');
  Span.create(scene.torn, { size: 2 ** 20 }).close();
  fs.truncateSync(shmPath(scene.torn), 2 ** 19);
  Segment.create(scene.raw, { size: 2 ** 21 }).close();
  t.after(() => {
    clearInterval(timer);
    for (const span of [flow, idle]) span.close();
    for (const name of [scene.flow, scene.idle, scene.torn, scene.raw]) Segment.unlink(name);
  });
  return scene;
}
