// A barrier whose bytes somebody writes over while it is used: errors with a code, or none, and always an end.
import { test } from 'node:test';
import { startChild } from '../support/puppets.ts';
import { seededRandom } from '../support/segments.ts';
import { stage } from './barrier-stage.ts';

test('garbage in every word while it is used: errors with a code, or none, and an end', async (t) => {
  const random = seededRandom(t);
  const { name } = stage(t).span;
  // In a child, because a hang would be one of the event loop.
  const child = await startChild();
  const seed = Math.floor(random() * 2 ** 31);
  const codes = await child.run(garble, name as string, seed);
  t.diagnostic(JSON.stringify(codes));
  await child.kill();
});

async function garble(
  { memspan }: { memspan: typeof import('../../src/index.ts') },
  name: string,
  seed: number,
): Promise<Record<string, number>> {
  const span = memspan.Span.join(name);
  const { buffer, byteOffset } = span.bytes('x', { size: 16 });
  const words = new Int32Array(buffer, byteOffset, 4);
  const barrier = memspan.Barrier.at(span, byteOffset, { parties: 3 });
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 0x80000000;
  };
  const codes: Record<string, number> = {};
  const own = span.segment;
  const ids = [0, (7 << 12) | 4, (9 << 12) | 4, -1, 1, 4096, 0x7fffffff];
  const attempt = async (act: () => unknown): Promise<void> => {
    let code = 'nothing thrown';
    try {
      await act();
    } catch (error) {
      code = String((error as { code?: string }).code);
      if (!code.startsWith('ERR_MEMSPAN_')) throw error;
    }
    codes[code] = (codes[code] ?? 0) + 1;
  };
  for (let i = 0; i < 1500; i++) {
    const soil = (): void => {
      for (let at = 0; at < 4; at++) {
        const value = random() < 0.5 ? ids[Math.floor(random() * 7)] : random() * 2 ** 32;
        if (random() < 0.7) words[at] = value as number;
      }
    };
    soil();
    await attempt(() => barrier.wait({ timeoutMs: i % 8 === 0 ? 1 : 0 }));
    await attempt(() => barrier.tryWait());
    const pending = [0, 0].map(() => attempt(() => barrier.waitAsync({ timeoutMs: 1 })));
    soil();
    await attempt(() => barrier.join());
    await attempt(() => [barrier.arrived, barrier.phase, barrier.broken]);
    soil();
    if (i % 3 === 0) await attempt(() => barrier.reset());
    await Promise.all(pending);
    await attempt(() => barrier.leave());
  }
  if (own.name !== name) throw new Error('another segment');
  span.close();
  return codes;
}
