// What the demo measures of a way between two processes: a file, many small messages, round trips. Each transport
// implements both ends, near (the demo itself) and far (far-end.ts, a child).

import type { Actor, Stage } from './stage.ts';

export const MESSAGE_BYTES = 64;
/** A message's first byte: 1 in the last one. */
export const LAST = 1;

/** The end that starts things. */
export interface NearEnd {
  /** Sends the file; `onSent` hears how many bytes are on their way. */
  sendFile(file: Uint8Array, onSent: (bytes: number) => void): Promise<void>;
  /** Sends messages of 64 bytes, one call each, for so long, and then the last one. */
  sendMessages(milliseconds: number): Promise<void>;
  /** Sends a message and resolves when it has come back. */
  roundTrip(message: Uint8Array): Promise<void>;
}

/** The end that receives. */
export interface FarEnd {
  /** Fills `target`; `onFirst` is called when the first bytes have come. */
  receiveFile(target: Uint8Array, onFirst: () => void): Promise<void>;
  /** Counts messages up to the last one; `onFirst` as above. */
  receiveMessages(onFirst: () => void): Promise<number>;
  /** Sends back what comes, up to the last one. */
  echo(): Promise<void>;
}

export interface Transport {
  readonly name: string;
  /** Bytes per call when the file is sent. */
  readonly chunkBytes: number;
  near(actor: Actor, stage: Stage): NearEnd;
  /** `prefix` is the stage's. */
  far(prefix: string): FarEnd;
  /** Before the far end is started. */
  prepare?(stage: Stage): void;
}

/** What the far end is asked to do, and what it answers when it has done it. */
export type Task =
  | { readonly task: 'file'; readonly bytes: number }
  | { readonly task: 'messages' | 'echo' };

export interface FileReceived {
  readonly seconds: number;
  readonly sha256: string;
}

export interface MessagesReceived {
  readonly seconds: number;
  readonly count: number;
}

export function message(last = false): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_BYTES).fill(7);
  bytes[0] = last ? LAST : 0;
  return bytes;
}

/** The file in pieces, without copying. */
export function* chunksOf(file: Uint8Array, chunkBytes: number): Generator<Uint8Array> {
  for (let at = 0; at < file.length; at += chunkBytes) yield file.subarray(at, at + chunkBytes);
}
