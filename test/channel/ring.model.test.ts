// Every interleaving of a ring's two ends, in a model of their atomic steps: nobody is ever stuck in a sleep, and
// only the listed endings are possible. Slips that were put into the model on purpose are all found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type Rules, type Steps, type World, wake } from './model.ts';

const REFUSED = 4;

for (const room of [1, 2]) {
  test(`a stream of three through a ring of ${room}: all arrive, both end, nobody stays asleep`, (t) => {
    const { worlds, endings } = explore({ room, sends: 3 }, {}, isConsistent(room));
    t.diagnostic(`${worlds} worlds`);
    assert.deepEqual(endings, ['writer finished sent 3, reader ended took 3']);
  });

  test(`a reader that leaves after one of three, ring of ${room}: the writer hears of it`, () => {
    const { endings } = explore({ room, sends: 3, takes: 1 }, {}, isConsistent(room));
    const legal = [
      // Hears of it as it publishes or waits for room …
      'writer peer closed sent 1, reader left took 1',
      'writer peer closed sent 2, reader left took 1',
      // … or only after all were in the ring.
      ...(room === 1 ? [] : ['writer peer closed early sent 3, reader left took 1']),
      ...(room === 1 ? [] : ['writer peer closed sent 3, reader left took 1']),
    ];
    for (const ending of endings) assert.ok(legal.includes(ending), ending);
    assert.ok(endings.length >= 2);
  });

  test(`a reader that leaves after the last one, ring of ${room}: that is no loss`, () => {
    const { endings } = explore({ room, sends: 2, takes: 2 }, {}, isConsistent(room));
    assert.deepEqual(endings, ['writer finished sent 2, reader left took 2']);
  });

  test(`a writer killed at any step, ring of ${room}: what it published is taken, then its death is told`, () => {
    const { endings } = explore({ room, sends: 2, mayDie: 'writer' }, {}, isConsistent(room));
    assert.deepEqual(endings, [
      'writer dead sent 0, reader peer died took 0',
      'writer dead sent 1, reader peer died took 1',
      'writer dead sent 2, reader ended took 2',
      'writer dead sent 2, reader peer died took 2',
      'writer finished sent 2, reader ended took 2',
    ]);
  });

  test(`a reader killed at any step, ring of ${room}: the writer is not stuck`, () => {
    const { endings } = explore({ room, sends: 3, mayDie: 'reader' }, {}, isConsistent(room));
    for (const ending of endings) {
      assert.match(ending, /^writer (peer died|peer closed|finished) sent \d, reader (dead|ended)/);
    }
    assert.ok(endings.includes(`writer peer died sent ${room}, reader dead took 0`));
  });
}

/** Throws where a cursor is not its owner's, or a message is taken that was not published. */
function isConsistent(room: number): (world: World) => void {
  return ({ written, read, writer, reader }) => {
    const [published, taken] = [written >> 3, read >> 3];
    assert.equal(published, writer.done);
    assert.equal(taken, reader.done);
    assert.ok(published - taken >= 0 && published - taken <= room);
    assert.equal(read & REFUSED, 0);
  };
}

const slips: Record<string, { writer?: Steps; reader?: Steps }> = {
  'publishing by a store, which overlooks the flag': {
    writer: {
      move: (world, me) => {
        me.done++;
        world.written = me.done * 8;
        return 'next';
      },
    },
  },
  'setting the flag by a store, which overlooks a message': {
    reader: {
      arm: (world, me) => {
        me.seen |= 1;
        world.written = me.seen;
        return 'sleep';
      },
    },
  },
  'sleeping without comparing': { reader: { sleep: () => 'asleep' } },
  'waking before the change': {
    writer: {
      moveSlowly: (world, me) => {
        me.found = world.written;
        if (me.found & 1) wake(world, 'written');
        return 'moveFlagged';
      },
      wake: () => 'next',
    },
  },
  'setting the flag in a newer value than the one looked at': {
    writer: {
      arm: (world, me) => {
        world.read |= 1;
        me.seen = world.read;
        return 'sleep';
      },
    },
  },
  'closing without a wake-up': { writer: { closeWake: () => 'farewell' } },
  'a reader that leaves its flag by a store, which overlooks a message': {
    reader: {
      farewellFlag: (world, me) => {
        world.written = (me.found & ~1) | REFUSED;
        return 'finish';
      },
    },
  },
  'waiting for the end without comparing': { writer: { linger: () => 'lingers' } },
  'a reader that closes without a wake-up': { reader: { closeWake: () => 'farewell' } },
};

for (const [slip, change] of Object.entries(slips)) {
  test(`the model would find ${slip}`, () => {
    const explored = (rules: Rules): void => {
      const { endings } = explore(rules, change, isConsistent(rules.room));
      for (const ending of endings) {
        assert.match(
          ending,
          /^writer (finished|peer closed) sent \d, reader (ended|left) took \d$/,
        );
      }
    };
    assert.throws(
      () => {
        explored({ room: 1, sends: 3 });
        explored({ room: 1, sends: 3, takes: 1 });
      },
      { name: 'AssertionError' },
    );
  });
}
