// The demo's second part: each transport does the same tasks, one after the other, between this process and a child.

import { program } from '../../root.ts';
import type { Stage } from './stage.ts';
import {
  type FileReceived,
  type MessagesReceived,
  message,
  type NearEnd,
  type Task,
  type Transport,
} from './transport.ts';

export interface TransferPlan {
  readonly file: Uint8Array;
  readonly sha256: string;
  /** How often the file is sent; the median time counts. */
  readonly passes: number;
  readonly messagesMs: number;
  readonly trips: number;
}

export interface TransferResult {
  readonly name: string;
  readonly chunkBytes: number;
  /** Seconds from the first byte's arrival to the last one's, of each pass. */
  readonly passSeconds: readonly number[];
  readonly megabytesPerSecond: number;
  readonly messagesPerSecond: number;
  readonly roundTripMicroseconds: number;
  /** Every pass arrived bit by bit. */
  readonly isIntact: boolean;
}

export type Phase = 'file' | 'messages' | 'round trips';

/** What the screen is told meanwhile. */
export interface TransferEvents {
  onSent(bytes: number): void;
  onPhase(phase: Phase): void;
  /** Both ends are attached. */
  onReady?(): void;
}

const WARM_UP = 500;

export async function measure(
  transport: Transport,
  stage: Stage,
  plan: TransferPlan,
  events: TransferEvents,
): Promise<TransferResult> {
  transport.prepare?.(stage);
  const far = stage.start('receiving process', program('cli/demo/far-end'), [
    transport.name,
    stage.prefix,
  ]);
  await stage.answer(far);
  const near = transport.near(far, stage);
  events.onReady?.();

  const ask = (task: Task): Promise<unknown> => stage.ask(far, task);
  /** Asks, does the near end's part, and has the far end's result. */
  const perform = async <T>(task: Task, work: () => Promise<void>): Promise<T> => {
    await ask(task);
    // It may answer before the work here is over.
    const answer = stage.answer(far) as Promise<T>;
    await stage.unlessFailed(Promise.all([work(), answer]));
    return await answer;
  };

  events.onPhase('file');
  const passes: FileReceived[] = [];
  for (let pass = 0; pass < plan.passes; pass++) {
    const send = (): Promise<void> => near.sendFile(plan.file, events.onSent);
    passes.push(await perform({ task: 'file', bytes: plan.file.length }, send));
  }
  events.onPhase('messages');
  const messages = await perform<MessagesReceived>({ task: 'messages' }, () =>
    near.sendMessages(plan.messagesMs),
  );
  events.onPhase('round trips');
  await ask({ task: 'echo' });
  const roundTrip = await stage.unlessFailed(timeTrips(near, plan.trips));
  stage.dismiss(far);

  const passSeconds = passes.map(({ seconds }) => seconds);
  return {
    name: transport.name,
    chunkBytes: transport.chunkBytes,
    passSeconds,
    megabytesPerSecond: plan.file.length / 1e6 / median(passSeconds),
    messagesPerSecond: messages.count / messages.seconds,
    roundTripMicroseconds: roundTrip,
    isIntact: passes.every(({ sha256 }) => sha256 === plan.sha256),
  };
}

/** The median, in microseconds. */
async function timeTrips(near: NearEnd, trips: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < WARM_UP + trips; i++) {
    const start = performance.now();
    await near.roundTrip(message(i === WARM_UP + trips - 1));
    if (i >= WARM_UP) times.push(performance.now() - start);
  }
  return median(times) * 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}
