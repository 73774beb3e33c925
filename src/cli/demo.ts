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
import { measure, type TransferPlan, type TransferResult } from './demo/transfer.ts';
import type { Transport } from './demo/transport.ts';
import { unixSocket } from './demo/unix-socket.ts';
import { count, paint, volume } from './format.ts';
import { onInterrupt } from './report.ts';

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
    show?.table(results);
    stage.end();
    const after = Segment.list();
    const seconds = (performance.now() - startedAt) / 1000;
    show?.segments(before, during, after);
    show?.conclusion(counter, results, seconds);
    if (json) {
      const named = (list: readonly SegmentInfo[]): string[] =>
        list.map(({ name }) => name).filter((name) => name.startsWith(stage.prefix));
      const { file, sha256 } = plan;
      const document = {
        node: process.version,
        cores: availableParallelism(),
        seconds,
        counter: { ...counter, lostPlain: counter.expected - counter.plain },
        file: { name: basename(process.execPath), bytes: file.length, sha256 },
        transports: results,
        segments: { before: named(before), during: named(during), after: named(after) },
      };
      console.log(JSON.stringify(document, null, 2));
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
    : { file, sha256, passes: 3, messagesMs: 500, trips: 5000 };
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
    screen.heading(1, 'Two processes add 1 to the same counter, 1,000,000 times each');
  }

  swept(segments: number): void {
    if (segments > 0) screen.line(`(removed ${segments} leftovers of a demo that was killed)`);
  }

  counters(result: CounterResult): void {
    screen.showCounters(result);
  }

  file({ file, passes }: TransferPlan): void {
    const what = `${basename(process.execPath)}, ${volume(file.length)}`;
    const times = passes > 1 ? `, ${passes} times` : '';
    screen.heading(2, `A file (${what}) from this process to another${times}`);
  }

  begin({ name }: Transport, { file, passes }: TransferPlan): void {
    this.#line = new screen.TransferLine(name, file.length * passes);
  }

  sent(bytes: number): void {
    this.#line?.sent(bytes);
  }

  phase(phase: string): void {
    this.#line?.note(phase === 'file' ? '' : `measuring ${phase}…`);
  }

  end(result: TransferResult): void {
    this.#line?.done(result);
    this.#line = undefined;
  }

  abandon(): void {
    this.#line?.abandon();
  }

  table(results: readonly TransferResult[]): void {
    screen.showTable(results);
  }

  segments(
    before: readonly SegmentInfo[],
    during: readonly SegmentInfo[],
    after: readonly SegmentInfo[],
  ): void {
    screen.heading(3, 'Segments in /dev/shm');
    screen.showSegments('before', before, this.#prefix);
    screen.showSegments('during', during, this.#prefix);
    screen.showSegments('after', after, this.#prefix);
  }

  conclusion(_counter: CounterResult, _results: readonly TransferResult[], seconds: number): void {
    console.log(`\n${count(seconds)} s`);
  }
}
