// The demo's far end, a child process: does the tasks that come over the IPC channel, with the transport that
// its first argument names.

import { createHash } from 'node:crypto';
import { processSend } from './process-send.ts';
import { ring } from './ring.ts';
import type { FileReceived, MessagesReceived, Task } from './transport.ts';
import { unixSocket } from './unix-socket.ts';

const [name, prefix = ''] = process.argv.slice(2);
const transport = [processSend, unixSocket, ring].find((candidate) => candidate.name === name);
if (transport === undefined) throw new Error(`no transport ${name}`);
const end = transport.far(prefix);
let target = new Uint8Array(0);
let startedAt = 0;

const onFirst = (): void => {
  startedAt = performance.now();
};
const seconds = (): number => (performance.now() - startedAt) / 1000;

process.on('disconnect', () => process.exit());
process.on('message', async (message: Task | Uint8Array) => {
  // Bytes are the transport's.
  if (message instanceof Uint8Array) return;
  if (message.task === 'file') await receiveFile(message.bytes);
  else if (message.task === 'messages') await receiveMessages();
  else await over(end.echo());
});
process.send?.('here');

async function receiveFile(bytes: number): Promise<void> {
  // Touched, so that no page has to be made while time is taken; and nothing of the last pass is left.
  if (target.length !== bytes) target = new Uint8Array(bytes);
  target.fill(1);
  await over(end.receiveFile(target, onFirst));
  const result: FileReceived = { seconds: seconds(), sha256: '' };
  const sha256 = createHash('sha256').update(target).digest('hex');
  process.send?.({ ...result, sha256 });
}

async function receiveMessages(): Promise<void> {
  const count = await over(end.receiveMessages(onFirst));
  const result: MessagesReceived = { seconds: seconds(), count };
  process.send?.(result);
}

/** Says that it is ready only when the end is listening. */
async function over<T>(work: Promise<T>): Promise<T> {
  process.send?.('ready');
  return await work;
}
