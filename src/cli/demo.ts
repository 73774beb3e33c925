// `memspan demo`: shared memory at work, in front of the user's eyes. Three parts: lost updates, a file between
// processes, and /dev/shm before, during and after.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { Segment, type SegmentInfo } from '../index.ts';
import { type CounterResult, raceCounters } from './demo/counter.ts';
import { processSend } from './demo/process-send.ts';
import { ring } from './demo/ring.ts';
import * as screen from './demo/screen.ts';
import { Stage, sweep } from './demo/stage.ts';
import { measure, type Phase, type TransferPlan, type TransferResult } from './demo/transfer.ts';
import type { Transport } from './demo/transport.ts';
import { unixSocket } from './demo/unix-socket.ts';
import { count, cut, memory, paint, volume } from './format.ts';
import { CommandError, onInterrupt } from './report.ts';

interface Options {
  quick?: boolean;
  json?: boolean;
}

const QUICK_BYTES = 8e6;

export async function demo({ quick = false, json = false }: Options): Promise<void> {
  const startedAt = performance.now();
  const stage = new Stage();
  const show = json ? undefined : new Show(stage);
  const abandon = (): void => {
    show?.abandon();
    stage.end();
  };
  const restore = onInterrupt(abandon);
  try {
    show?.title();
    const swept = sweep();
    const before = Segment.list();
    show?.swept(swept);
    const counter = await raceCounters(stage);
    show?.counters(counter);
    const plan = planOf(quick);
    show?.file(plan);
    let during: SegmentInfo[] = [];
    const results: TransferResult[] = [];
    for (const transport of [processSend, unixSocket, ring]) {
      show?.begin(transport, plan);
      const result = await measure(transport, stage, plan, {
        onSent: (bytes) => show?.sent(bytes),
        onPhase: (phase) => show?.phase(phase),
        onReady: () => {
          during = Segment.list();
        },
      });
      show?.end(result);
      results.push(result);
    }
    show?.notes(results);
    stage.end();
    const after = Segment.list();
    const seconds = (performance.now() - startedAt) / 1000;
    show?.segments({ before, during, after });
    show?.conclusion(results, seconds);
    if (json) {
      const { file, sha256 } = plan;
      const own = (list: readonly SegmentInfo[]): string[] =>
        list.map(({ name }) => name).filter((name) => name.startsWith(stage.prefix));
      const document = {
        node: process.version,
        cores: availableParallelism(),
        seconds,
        counter: { ...counter, lost: counter.expected - counter.plain },
        file: { name: basename(process.execPath), bytes: file.length, sha256 },
        transports: results,
        segments: { before: own(before), during: own(during), after: own(after) },
      };
      const brief = (_key: string, value: unknown): unknown =>
        typeof value === 'number' ? Number(value.toFixed(6)) : value;
      console.log(JSON.stringify(document, brief, 2));
    }
    const spoiled = results.find(({ isIntact }) => !isIntact);
    if (spoiled !== undefined) {
      const cause = `demo: what arrived by ${spoiled.name} is not what was sent`;
      throw new CommandError('ERR_MEMSPAN_DEMO', cause, 'Report this with what `uname -a` says');
    }
  } finally {
    abandon();
    restore();
  }
}

function planOf(quick: boolean): TransferPlan {
  const file = contentsOf(process.execPath, quick ? QUICK_BYTES : Number.POSITIVE_INFINITY);
  const sha256 = createHash('sha256').update(file).digest('hex');
  return quick
    ? { file, sha256, passes: 1, messagesMs: 100, trips: 300 }
    : { file, sha256, passes: 5, messagesMs: 700, trips: 5000 };
}

function contentsOf(path: string, bytesMax: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(Math.min(statSync(path).size, bytesMax));
  const fd = openSync(path, 'r');
  try {
    for (let at = 0; at < bytes.length; ) {
      const length = readSync(fd, bytes, at, bytes.length - at, null);
      if (length === 0) throw new Error(`${path} has become shorter`);
      at += length;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** The demo for people. */
class Show {
  readonly #prefix: string;
  #line: screen.TransferLine | undefined;

  constructor({ prefix }: Stage) {
    this.#prefix = prefix;
  }

  title(): void {
    const machine = `Node ${process.version}, ${availableParallelism()} cores`;
    console.log(`${paint.bold('memspan')}: one memory, several processes  ${paint.dim(machine)}`);
    screen.heading(1, 'One counter, two processes: each adds 1 to it 1,000,000 times');
  }

  swept(segments: number): void {
    if (segments > 0) screen.line(`(removed ${segments} segments of a demo that was killed)`);
  }

  counters(result: CounterResult): void {
    screen.showCounters(result);
  }

  file({ file, passes }: TransferPlan): void {
    const name = cut(basename(process.execPath), 16);
    const what = `${name}, ${volume(file.length)}`;
    const times = passes > 1 ? `, median of ${passes}` : '';
    screen.heading(2, `One file (${what}), three ways between processes${times}`);
    screen.showHead();
  }

  begin({ name }: Transport, { file, passes }: TransferPlan): void {
    this.#line = new screen.TransferLine(name, file.length * passes);
  }

  sent(bytes: number): void {
    this.#line?.sent(bytes);
  }

  phase(phase: Phase): void {
    this.#line?.note(phase === 'file' ? '' : `now ${phase} of 64 B…`);
  }

  end(result: TransferResult): void {
    this.#line?.done(result);
    this.#line = undefined;
  }

  abandon(): void {
    this.#line?.abandon();
  }

  notes([first, ...others]: readonly TransferResult[]): void {
    const chunk = (result: TransferResult | undefined): string =>
      memory(result?.chunkBytes ?? 0).replace('.0', '');
    const notes = [
      `MB/s: from first to last byte; ${chunk(first)} a call (${first?.name}) or ${chunk(others[0])}.`,
      'Messages, round trips: 64 B, one call (socket: one write) each, by await.',
    ];
    for (const note of notes) screen.line(paint.dim(note));
  }

  segments(lists: Record<string, readonly SegmentInfo[]>): void {
    screen.heading(3, '/dev/shm, where the segments are');
    for (const [when, list] of Object.entries(lists)) {
      screen.showSegments(when.padEnd(6), list, this.#prefix);
    }
  }

  conclusion([send, socket, ring]: readonly TransferResult[], seconds: number): void {
    const faster = (than: TransferResult | undefined): string =>
      `${count((ring?.messagesPerSecond ?? 0) / (than?.messagesPerSecond ?? 1))}×`;
    const lines = [
      `${paint.bold('What you saw')}: one memory in two processes. Atomics works across them, and small`,
      `messages went ${faster(socket)} as fast as by a Unix socket, ${faster(send)} as fast as by process.send.`,
      `${seconds.toFixed(1)} s, nothing left behind. Next: ${paint.bold('memspan --help')}`,
    ];
    console.log(`\n${lines.join('\n')}`);
  }
}
