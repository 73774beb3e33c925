// Those who are merely attached to a span: threads of one process, each of which is a participant when it is told to.

import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Span } from '../../src/index.ts';
import { say } from '../task.ts';

if (isMainThread) host(process.argv[2] as string);
else member(workerData as string);

function host(name: string): void {
  const members: Worker[] = [];
  const ask = async (member: Worker, attached: boolean): Promise<void> => {
    const answer = once(member, 'message');
    member.postMessage(attached);
    await answer;
  };
  process.on('message', async ({ attached }: { attached: number }) => {
    while (members.length < attached) {
      members.push(new Worker(new URL(import.meta.url), { workerData: name }));
    }
    await Promise.all(members.map((member, i) => ask(member, i < attached)));
    say('done');
  });
  process.once('disconnect', async () => {
    await Promise.all(members.map((member) => ask(member, false)));
    await Promise.all(members.map((member) => member.terminate()));
  });
  say('ready');
}

function member(name: string): void {
  let span: Span | undefined;
  parentPort?.on('message', (attached: boolean) => {
    if (attached) span ??= Span.join(name);
    else {
      span?.close();
      span = undefined;
    }
    parentPort?.postMessage('done');
  });
}
