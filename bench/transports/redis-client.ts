// A server of Redis of our own, on a Unix socket, that keeps nothing; and a client of it: as much of its protocol (RESP 2) as is
// used here, many questions under way at once (https://redis.io/docs/latest/develop/use/pipelining/).

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connected, startServer } from '../server.ts';

/** Where side a has the server listen. */
const socketOf = (name: string): string => join(tmpdir(), `${name}-redis.sock`);

/** Resolves when it listens, with what ends it. */
export async function startRedis(name: string): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const config = {
    port: '0',
    unixsocket: socketOf(name),
    dir: folder,
    save: '',
    appendonly: 'no',
    loglevel: 'warning',
  };
  const options = Object.entries(config).flatMap(([key, value]) => [`--${key}`, value]);
  const server = startServer('redis-server', options);
  const end = async (): Promise<void> => {
    await server.end();
    rmSync(folder, { recursive: true });
  };
  try {
    (await connected({ path: socketOf(name) })).destroy();
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

export type Reply = Buffer | number | null | Reply[];

export interface Redis {
  ask(...words: (string | Uint8Array)[]): Promise<Reply>;
  close(): void;
}

/** Rejects when there is no server yet. */
export async function openRedis(name: string): Promise<Redis> {
  const socket = connect(socketOf(name));
  await once(socket, 'connect');
  const waiting = new Waiting();
  const replies = new Replies();
  const questions = new Questions(socket);
  socket.on('data', (chunk: Buffer) => {
    for (const reply of replies.in(chunk)) {
      if (reply instanceof Error) waiting.next().reject(reply);
      else waiting.next().resolve(reply);
    }
  });
  socket.on('close', () => waiting.end(new Error('redis has closed the connection')));
  return {
    ask: (...words) =>
      new Promise((resolve, reject) => {
        waiting.add({ resolve, reject });
        questions.put(words);
      }),
    close: () => socket.destroy(),
  };
}

const LINE_END = Buffer.from('\r\n');

/** Longer words are written from where they are. */
const COPIED_MAX = 4096;

/** What is asked in one turn of the event loop is written together. */
class Questions {
  readonly #socket: Socket;
  #text = '';

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  put(words: readonly (string | Uint8Array)[]): void {
    if (this.#text === '') {
      this.#socket.cork();
      process.nextTick(() => {
        this.#write();
        this.#socket.uncork();
      });
    }
    this.#text += `*${words.length}\r\n`;
    for (const word of words) {
      this.#text += `$${word.length}\r\n`;
      if (typeof word === 'string') this.#text += word;
      else if (word.length <= COPIED_MAX) this.#text += latin1(word);
      else {
        this.#write();
        this.#socket.write(word);
      }
      this.#text += '\r\n';
    }
  }

  #write(): void {
    this.#socket.write(this.#text, 'latin1');
    this.#text = '';
  }
}

const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1');

interface Asker {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** Who asked first is answered first. */
class Waiting {
  #askers: Asker[] = [];
  #answered = 0;

  add(asker: Asker): void {
    this.#askers.push(asker);
  }

  next(): Asker {
    const asker = this.#askers[this.#answered++] as Asker;
    if (this.#answered === this.#askers.length || this.#answered === 1000) {
      this.#askers = this.#askers.slice(this.#answered);
      this.#answered = 0;
    }
    return asker;
  }

  end(error: Error): void {
    for (const { reject } of this.#askers.slice(this.#answered)) reject(error);
  }
}

class Replies {
  #pieces: Buffer[] = [];
  #length = 0;
  /** Bytes that the next reply has at least. */
  #needed = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Those that are whole. */
  in(chunk: Buffer): (Reply | Error)[] {
    this.#pieces.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return [];
    this.#bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces);
    this.#at = 0;
    this.#needed = 0;
    const replies: (Reply | Error)[] = [];
    for (let start = 0; ; start = this.#at) {
      const reply = start < this.#bytes.length ? this.#next() : undefined;
      if (reply !== undefined) replies.push(reply);
      else {
        this.#pieces = start < this.#bytes.length ? [this.#bytes.subarray(start)] : [];
        this.#length = this.#bytes.length - start;
        this.#needed = Math.max(0, this.#needed - start);
        return replies;
      }
    }
  }

  /** Undefined when it is not whole. */
  #next(): Reply | Error | undefined {
    const end = this.#bytes.indexOf(LINE_END, this.#at);
    if (end < 0) return undefined;
    const kind = this.#bytes[this.#at];
    const text = this.#bytes.toString('latin1', this.#at + 1, end);
    this.#at = end + 2;
    if (kind === 0x2d) return new Error(`redis: ${text}`);
    if (kind === 0x2b) return Buffer.from(text, 'latin1');
    const number = Number(text);
    if (kind === 0x3a) return number;
    if (number < 0) return null;
    return kind === 0x24 ? this.#bulk(number) : this.#array(number);
  }

  #bulk(length: number): Buffer | undefined {
    const start = this.#at;
    this.#at += length + 2;
    if (this.#at <= this.#bytes.length) return this.#bytes.subarray(start, start + length);
    this.#needed = this.#at;
    return undefined;
  }

  #array(length: number): Reply[] | undefined {
    const list: Reply[] = [];
    while (list.length < length) {
      const reply = this.#next();
      if (reply === undefined) return undefined;
      list.push(reply as Reply);
    }
    return list;
  }
}
