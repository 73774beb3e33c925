// What `memspan send` and `memspan recv` have in common around the moving of bytes: options, the watch on the
// other side, the progress line, Ctrl-C, the summary, and what the errors are called.

import { MemspanError } from '../index.ts';
import { duration, rate, volume } from './format.ts';
import { ProgressLine } from './progress.ts';
import { CommandError, onInterrupt } from './report.ts';
import {
  isNamed,
  type Joined,
  join,
  leave,
  type Role,
  type Side,
  type StreamEnd,
} from './stream.ts';

/** As commander gives them. */
export interface StreamOptions {
  readonly timeout?: string;
  readonly ring: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export interface Work<End extends StreamEnd> {
  readonly side: Side<End>;
  /** Moves the bytes; resolves when the last one is where it belongs. */
  move(joined: Joined<End>, flow: Flow): Promise<void>;
  /** Bytes that will move, if that is known. */
  readonly total?: number | undefined;
  readonly showProgress: boolean;
  /** Where --json prints the summary. */
  readonly summaryTo: NodeJS.WritableStream;
}

const TICK_MS = 100;
/** So often the other side must have looked gone before the ring's own word is not waited for any longer. */
const GONE_LOOKS = 2;
/** Every so many looks it is seen whether the name is still there: that takes opening it. */
const NAME_LOOKS = 5;
const RING_MIN = 4096;
const RING_MAX = 2 ** 30;

/** What has moved since when, and whether the other side is still needed. */
export class Flow {
  bytes = 0;
  /** When both sides were there, or the first byte moved. */
  startedAt: number | undefined;
  /** Set when all that is left to do is to wait for the other side's end: then its end is no surprise. */
  isEnding = false;

  start(): void {
    this.startedAt ??= performance.now();
  }

  get seconds(): number {
    return this.startedAt === undefined ? 0 : (performance.now() - this.startedAt) / 1000;
  }
}

/** Attaches, moves, leaves. */
export async function run<End extends StreamEnd>(
  name: string,
  options: StreamOptions,
  work: Work<End>,
): Promise<void> {
  const { side } = work;
  const timeoutMs = timeoutOf(options.timeout);
  const capacity = ringOf(options.ring);
  const isShown = work.showProgress && options.quiet !== true && process.stderr.isTTY === true;
  const line = isShown ? new ProgressLine(`${side.verb} ${name}`, work.total) : undefined;
  let joined: Joined<End> | undefined;
  let watch: Watch | undefined;
  // What is not closed is, to the other side, dead: an interrupted stream must not look like a finished one.
  const abandon = (): void => {
    watch?.stop();
    line?.stop();
    if (joined !== undefined) leave(joined);
  };
  const restore = onInterrupt(abandon);
  const flow = new Flow();
  try {
    joined = await join(name, side, { capacity, timeoutMs });
    watch = watchOver(joined, { side, name, flow, timeoutMs, line });
    await Promise.race([work.move(joined, flow), watch.broken]);
  } catch (error) {
    abandon();
    throw explained(error, name, side, flow);
  }
  abandon();
  restore();
  summarize(name, flow, options, work);
}

interface Watch {
  /** Never resolves; rejects when there is no point in going on. */
  readonly broken: Promise<never>;
  stop(): void;
}

interface Watched<End extends StreamEnd> {
  readonly side: Side<End>;
  readonly name: string;
  readonly flow: Flow;
  readonly timeoutMs: number;
  readonly line: ProgressLine | undefined;
}

/** Looks after the other side while this one may be busy elsewhere: the ring only tells those who wait for it. */
function watchOver<End extends StreamEnd>(
  { segment, end, peer }: Joined<End>,
  { side, name, flow, timeoutMs, line }: Watched<End>,
): Watch {
  const deadline = performance.now() + timeoutMs;
  let looks = 0;
  let looksGone = 0;
  let timer: NodeJS.Timeout;
  const broken = new Promise<never>((_resolve, reject) => {
    const look = (): void => {
      const state = peer();
      if (state === 'absent') {
        const isLost = looks++ % NAME_LOOKS === 0 && !isNamed(segment);
        // A peer that came, took all, and left with the name meanwhile is none of that.
        if (isLost && peer() === 'absent') throw nameRemoved(name, side);
        if (performance.now() > deadline) throw timedOut(name, side, timeoutMs);
        line?.say(`waiting for a ${side.peer}… (memspan ${otherVerb(side)} ${name})`);
        return;
      }
      flow.start();
      line?.show(flow.bytes);
      // A reader first takes what is left, and a writer that waits is told by the ring: both know more.
      if (state === 'attached' || side.name === 'receiver' || flow.isEnding) return;
      looksGone++;
      if (looksGone < GONE_LOOKS) return;
      side.askIfClosed(end);
      throw died(name, side, flow);
    };
    timer = setInterval(() => {
      try {
        look();
      } catch (error) {
        reject(error);
      }
    }, TICK_MS);
    look();
  });
  return { broken, stop: () => clearInterval(timer) };
}

function otherVerb({ verb }: Role): string {
  return verb === 'send' ? 'recv' : 'send';
}

/** The ring's words in the command's. */
function explained(error: unknown, name: string, side: Role, flow: Flow): unknown {
  if (!(error instanceof MemspanError)) return error;
  if (error.code === 'ERR_MEMSPAN_PEER_DIED') return died(name, side, flow);
  if (error.code === 'ERR_MEMSPAN_PEER_CLOSED') return closed(name, side);
  return error;
}

function died(name: string, { verb, peer }: Role, { bytes }: Flow): CommandError {
  const when = peer === 'sender' ? 'the end of its stream' : 'it had received everything';
  return new CommandError(
    'ERR_MEMSPAN_PEER_DIED',
    `${verb} '${name}': the ${peer} died before ${when} (killed, interrupted or failed, after ${volume(bytes)})`,
    'Start both sides again',
  );
}

function closed(name: string, { verb, peer }: Role): CommandError {
  return new CommandError(
    'ERR_MEMSPAN_PEER_CLOSED',
    `${verb} '${name}': the ${peer} closed before it had received everything`,
    'Start both sides again',
  );
}

function timedOut(name: string, side: Role, timeoutMs: number): CommandError {
  const { verb, peer } = side;
  return new CommandError(
    'ERR_MEMSPAN_TIMED_OUT',
    `${verb} '${name}': no ${peer} came within ${timeoutMs / 1000} s`,
    `Start one with \`memspan ${otherVerb(side)} ${name}\`, or wait longer`,
  );
}

function nameRemoved(name: string, { verb, peer }: Role): CommandError {
  return new CommandError(
    'ERR_MEMSPAN_NOT_FOUND',
    `${verb} '${name}': somebody removed the name while this side was waiting for a ${peer}`,
    'Start it again',
  );
}

function summarize<End extends StreamEnd>(
  name: string,
  flow: Flow,
  { json, quiet }: StreamOptions,
  { side, summaryTo }: Work<End>,
): void {
  const { bytes } = flow;
  const seconds = Number(flow.seconds.toFixed(6));
  if (json === true) {
    const bytesPerSecond = seconds > 0 ? Math.round(bytes / seconds) : 0;
    summaryTo.write(`${JSON.stringify({ name, bytes, seconds, bytesPerSecond })}\n`);
  } else if (process.stderr.isTTY && quiet !== true) {
    const verb = side.name === 'sender' ? 'sent' : 'received';
    const speed = bytes > 0 && seconds > 0 ? ` (${rate(bytes, seconds)})` : '';
    process.stderr.write(`${verb} ${volume(bytes)} in ${duration(seconds)}${speed}\n`);
  }
}

/** Milliseconds. */
function timeoutOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const seconds = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (seconds >= 0) return seconds * 1000;
  throw usage(`--timeout takes seconds, not '${text}'`, 'For example: --timeout 30');
}

/** Bytes: `4194304`, `4096k`, `4M`, `1GiB`; the units are powers of two. */
function ringOf(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)(?:ib|b)?$/i.exec(text) ?? [];
  const bytes = Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
  if (bytes >= RING_MIN && bytes <= RING_MAX) return bytes;
  throw usage(`--ring takes ${RING_MIN} bytes to 1G, not '${text}'`, 'For example: --ring 16M');
}

function usage(message: string, remedy: string): CommandError {
  return new CommandError('ERR_MEMSPAN_USAGE', message, remedy);
}
