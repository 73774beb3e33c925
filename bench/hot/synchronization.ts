// The hot paths of locks and signals that nobody else wants, of words, and of a layout's fields.

import { array, CriticalSection, f64, notify, type Span, struct, u32 } from '../../src/index.ts';
import { type HotPath, repeated } from './path.ts';

const wordsIn = (span: Span): Int32Array => {
  const { buffer, byteOffset } = span.bytes('words', { size: 64 });
  return new Int32Array(buffer, byteOffset, 16);
};

const GUARD = 'the guard';
const Body = struct({ id: u32, x: f64, y: f64, step: struct({ x: f64, y: f64 }) });
const BODIES = 64;

export const synchronization: readonly HotPath[] = [
  {
    name: 'mutex: lock, release',
    bytesMax: 80,
    because: GUARD,
    alone: (span) => {
      const mutex = span.mutex('mutex');
      return repeated(() => mutex.lock().release());
    },
  },
  {
    name: 'mutex: tryLock, release',
    bytesMax: 80,
    because: GUARD,
    alone: (span) => {
      const mutex = span.mutex('mutex');
      return repeated(() => mutex.tryLock()?.release());
    },
  },
  {
    name: 'mutex: using, as TypeScript compiles it',
    bytesMax: 680,
    because:
      "the guard, and TypeScript's list of what is to be disposed of, without the syntax in the engine",
    alone: (span) => {
      const mutex = span.mutex('mutex');
      const words = wordsIn(span);
      return repeated(() => {
        using _guard = mutex.lock();
        words[0] = (words[0] as number) + 1;
      });
    },
  },
  {
    name: 'critical section: lock, release',
    bytesMax: 80,
    because: GUARD,
    alone: () => {
      const section = new CriticalSection();
      return repeated(() => section.lock().release());
    },
  },
  {
    name: 'semaphore: acquire, release',
    bytesMax: 80,
    because: 'the permit',
    alone: (span) => {
      const semaphore = span.semaphore('semaphore', { initial: 1 });
      return repeated(() => semaphore.acquire().release());
    },
  },
  {
    name: 'rwlock: read, release',
    bytesMax: 80,
    because: GUARD,
    alone: (span) => {
      const rwlock = span.rwlock('rwlock');
      return repeated(() => rwlock.read().release());
    },
  },
  {
    name: 'rwlock: write, release',
    bytesMax: 80,
    because: GUARD,
    alone: (span) => {
      const rwlock = span.rwlock('rwlock');
      return repeated(() => rwlock.write().release());
    },
  },
  {
    name: 'event: set, tryWait, reset, nobody waits',
    bytesMax: 0,
    alone: (span) => {
      const event = span.event('event');
      return repeated(() => {
        event.set();
        event.tryWait();
        event.reset();
      });
    },
  },
  {
    name: 'condition: notifyOne, notifyAll, nobody waits',
    bytesMax: 0,
    alone: (span) => {
      const condition = span.condition('condition');
      return repeated(() => {
        condition.notifyOne();
        condition.notifyAll();
      });
    },
  },
  {
    name: 'Atomics on words of a span',
    bytesMax: 0,
    alone: (span) => {
      const words = wordsIn(span);
      return repeated(() => {
        Atomics.add(words, 1, 1);
        Atomics.compareExchange(words, 2, 0, 1);
        Atomics.store(words, 2, 0);
      });
    },
  },
  {
    name: 'notify, nobody waits',
    bytesMax: 0,
    // Only the kernel knows who waits for a bare word.
    callsMax: 1e6,
    alone: (span) => {
      const words = wordsIn(span);
      return repeated(() => void notify(words, 3));
    },
  },
  {
    name: "a layout's fields, read and written",
    bytesMax: 0,
    alone: (span) => {
      const bodies = span.view('bodies', array(Body, BODIES));
      let i = 0;
      return repeated(() => {
        const body = bodies.get(i);
        body.id = (body.id + 1) >>> 0;
        body.x += body.step.x;
        body.y += body.step.y;
        i = (i + 1) % BODIES;
      });
    },
  },
];
