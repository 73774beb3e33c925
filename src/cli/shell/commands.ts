// What can be typed at `memspan shell`: each command with its arguments, its help and what it does.

import { cut } from '../format.ts';
import { type Answer, type Call, usage } from './call.ts';
import { fill } from './fill.ts';
import { locking, unlocking } from './locking.ts';
import { change, read, write } from './page.ts';
import { objectsLine, participantsOf, tableOfParticipants } from './people.ts';
import { get, post, put, wait } from './waits.ts';

interface ShellCommand {
  readonly name: string;
  /** 'TEXT', 'NUM', '[NUM]'; empty: it takes nothing. */
  readonly takes: string;
  readonly help: string;
  run(call: Call): Answer | Promise<Answer>;
}

export const QUIT = 'q';

export const COMMANDS: readonly ShellCommand[] = [
  { name: 'r', takes: '', help: 'read version, counter and text', run: read },
  { name: 'w', takes: 'TEXT', help: 'write the text: 1 more version', run: write },
  { name: 'i', takes: '[NUM]', help: 'increase the counter by NUM, or 1', run: change(1) },
  { name: 'd', takes: '[NUM]', help: 'decrease it', run: change(-1) },
  { name: 'p', takes: 'TEXT', help: 'put an item into the ring; waits while it is full', run: put },
  { name: 'g', takes: '', help: 'get the oldest item; waits while there is none', run: get },
  { name: 'wait', takes: '', help: 'take a permit of the semaphore; waits for one', run: wait },
  { name: 'post', takes: '', help: 'add a permit: who waits longest has it', run: post },
  { name: 'lock', takes: '', help: 'lock the mutex; waits while it is held', run: locking },
  { name: 'unlock', takes: '', help: 'unlock it', run: unlocking },
  { name: 'fill', takes: '[NUM]', help: 'fill the text with a, b, c … until Ctrl-C', run: fill },
  { name: 'who', takes: '', help: 'list who is attached, and what the objects are at', run: who },
  { name: 'help', takes: '[COMMAND]', help: 'print this', run: help },
  { name: QUIT, takes: '', help: 'quit, as Ctrl-D does', run: () => ({ text: '', facts: {} }) },
];

/** The command on that line, and what is behind it; undefined for an empty line or a `# comment`. */
export function parse(line: string): { command: ShellCommand; rest: string } | undefined {
  const [, name = '', rest = ''] = /^\s*(\S*)(?:\s(.*))?$/su.exec(line) ?? [];
  if (name === '' || name.startsWith('#')) return undefined;
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) {
    throw usage(`there is no command '${cut(name, 40)}'`, '`help` lists the commands');
  }
  if (command.takes === '' && rest.trim() !== '') {
    throw usage(`${name} takes nothing, not '${rest.trim()}'`, `\`help ${name}\` explains it`);
  }
  return { command, rest };
}

/** What Tab makes of a line: what it could go on as, and the part that this is instead of. */
export function complete(line: string): [string[], string] {
  const [, before = '', word = ''] = /^(\s*(?:help\s+)?)(\S*)$/.exec(line) ?? [];
  if (before + word !== line) return [[], line];
  const names = COMMANDS.map(({ name }) => name).filter((name) => name.startsWith(word));
  // One that takes something goes on behind a space; the topic of a help does not.
  const ends = before.trim() === '' && names.length === 1;
  return [names.map((name) => (ends && takesMore(name) ? `${name} ` : name)), word];
}

function takesMore(name: string): boolean {
  return COMMANDS.some((one) => one.name === name && one.takes !== '');
}

function who({ board }: Call): Answer {
  const participants = participantsOf(board);
  const table = tableOfParticipants(participants);
  if (board.readOnly) return { text: table, facts: { participants } };
  const attached = board.attached();
  const { semaphore, items } = attached;
  return {
    text: `${table}\n${objectsLine(attached)}`,
    facts: {
      participants,
      semaphore: semaphore.value,
      items: items.counters.depth,
      capacity: items.capacity,
    },
  };
}

function help({ rest }: Call): Answer {
  const topic = rest.trim();
  const found = COMMANDS.filter(({ name }) => topic === '' || name === topic);
  if (found.length === 0) throw usage(`there is no command '${topic}'`, '`help` lists them');
  const lines = found.map((one) => `${usageOf(one).padEnd(16)}${one.help}`);
  const more = topic === '' ? KEYS : [];
  return {
    text: [...lines, ...more].join('\n'),
    facts: { commands: found.map((one) => ({ usage: usageOf(one), help: one.help })) },
  };
}

const KEYS = [
  '',
  'Ctrl-C ends a wait, and clears the line; Ctrl-D quits; Tab completes.',
  'TEXT is the rest of the line. Nothing locks by itself: r and w are plain.',
];

function usageOf({ name, takes }: ShellCommand): string {
  return `${name} ${takes}`.trim();
}
