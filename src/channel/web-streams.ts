// The ends of channels as Web streams (WHATWG, Streams Standard). What becomes of the end: streams.ts.

import { ReadableStream, WritableStream } from 'node:stream/web';
import { Intake, Outlet, type ReadingEnd, type WritingEnd } from './streams.ts';

/** A chunk is a message. Not of type 'bytes': that may cut messages, and cannot carry those of 0 bytes. */
export function webReadable<T>(reader: ReadingEnd<T>): ReadableStream<T> {
  const aborter = new AbortController();
  const intake = new Intake(reader, aborter.signal);
  const end = (): void => {
    aborter.abort();
    reader.close();
  };
  return new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          const message = intake.now() ?? (await intake.soon());
          if (message !== null) {
            controller.enqueue(message);
            return;
          }
          controller.close();
        } catch (error) {
          end();
          throw error;
        }
        end();
      },
      cancel: end,
    },
    // Nothing is taken that nobody has asked for.
    { highWaterMark: 0 },
  );
}

/** A chunk is a message; it is written when there was room for it. */
export function webWritable<S>(writer: WritingEnd<S>): WritableStream<S> {
  let outlet: Outlet<S>;
  return new WritableStream<S>({
    start(controller) {
      // Node 20's types do not know its signal.
      const { signal } = controller as unknown as { readonly signal: AbortSignal };
      outlet = new Outlet(writer, signal);
    },
    async write(message) {
      try {
        await outlet.put(message);
      } catch (error) {
        writer.close();
        throw error;
      }
    },
    close: () => writer.close(),
    abort: () => writer.close(),
  });
}
