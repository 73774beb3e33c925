// Eight processes ask for one name at once, a hundred times: one of them makes it, and all see its content.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Segment } from '../../src/index.ts';
import { startChild } from '../support/puppets.ts';
import { leftovers, uniqueName } from '../support/segments.ts';

const PROCESSES = 8;
const ROUNDS = 100;

for (const env of [
  {},
  { MEMSPAN_WITHOUT: 'o_tmpfile' },
  { MEMSPAN_WITHOUT: 'o_tmpfile,renameat2' },
]) {
  test(`${PROCESSES} processes race for a name, ${ROUNDS} times: exactly one creates it ${JSON.stringify(env)}`, async () => {
    const name = uniqueName();
    using gate = Segment.create(name, { size: 64 });
    const racers = await Promise.all(Array.from({ length: PROCESSES }, () => startChild({ env })));
    const results = await Promise.all(
      racers.map((racer, id) => racer.run(race, name, id, PROCESSES, ROUNDS)),
    );

    for (let round = 0; round < ROUNDS; round++) {
      const creators = results.flatMap((result, id) => (result[round]?.created ? [id] : []));
      assert.equal(creators.length, 1, `round ${round}: created by ${creators}`);
      for (const result of results) assert.equal(result[round]?.author, creators[0]);
      Segment.unlink(`${name}-${round}`);
    }
    gate.unlink();
    assert.deepEqual(leftovers(), []);
  });
}

interface Result {
  created: boolean;
  /** Who has filled it, as this racer reads it. */
  author: number | undefined;
}

type Tools = Parameters<Parameters<Awaited<ReturnType<typeof startChild>>['run']>[0]>[0];

function race(
  { memspan }: Tools,
  name: string,
  id: number,
  processes: number,
  rounds: number,
): Result[] {
  const gate = new Int32Array(memspan.Segment.open(name).buffer);
  const results: Result[] = [];
  for (let round = 0; round < rounds; round++) {
    // The last to arrive opens the gate for all. Word 0 counts arrivals, word 1 is the round.
    if (Atomics.add(gate, 0, 1) === processes - 1) {
      Atomics.store(gate, 0, 0);
      Atomics.store(gate, 1, round + 1);
      memspan.notify(gate, 1);
    } else {
      while (Atomics.load(gate, 1) === round) memspan.wait(gate, 1, round);
    }
    const init = (made: Segment): void => {
      new Int32Array(made.buffer).fill(id);
    };
    const segment = memspan.Segment.openOrCreate(`${name}-${round}`, { size: 65_536, init });
    const words = new Int32Array(segment.buffer);
    const author = words.every((word) => word === words[0]) ? words[0] : undefined;
    results.push({ created: segment.created, author });
    segment.close();
  }
  return results;
}
