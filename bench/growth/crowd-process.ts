// One of the processes that contend (contention.ts): does what it is told until the shared word says that it is over.

import { Span } from '../../src/index.ts';
import { say } from '../task.ts';
import { loops, type Order, ownOf, roomIn } from './crowd.ts';

const [name = '', number = '0'] = process.argv.slice(2);
const room = roomIn(Span.join(name));
process.on('message', ({ kind, turn }: Order) => {
  loops[kind](room, ownOf(Number(number)), turn);
  say('done');
});
process.once('disconnect', () => room.span.close());
say('ready');
