// The `memspan` program: its commands, their options, and how it ends. What a command does is loaded when it is
// run, so that --help needs no native core.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { root } from '../root.ts';
import { CommandError, endQuietly, report } from './report.ts';

const STREAM_HELP = `
Either side may come first, and waits for the other. When one side dies, the
other one ends with an error. In two terminals:

  memspan send photos < photos.tar
  memspan recv photos > copy.tar`;

const SHELL_HELP = `
On a terminal it asks; \`help\` lists its commands. Otherwise it runs those that
it is given, until one fails:

  printf 'w hello\\ni 5\\nr\\n' | memspan shell board`;

const LS_HELP = `
HELD says whether anybody alive has it; '?': nobody was seen, but not everybody
may be looked at. What is large, young or nobody's comes first:

  memspan ls --sort size
  memspan ls --kind span --sort held 'game-*'`;

const INSPECT_HELP = `
Only reads: attaches to nothing, and shows what is intact of a damaged span.

  memspan inspect game
  memspan inspect game/score
  memspan inspect frames --offset 0x1000 --layout 'array(f32,16)'`;

const TOP_HELP = `
On a terminal ? lists the keys, and q quits. Elsewhere it prints a frame for
each interval:

  memspan top
  memspan top 'game-*' --sort trouble
  memspan top --once | head -20
  memspan top --json --samples 60 > last-minute.jsonl`;

const DOCTOR_HELP = `
Looks only, unless told --clean --yes. Exits with 1 when it finds errors, with 0
when there are none; warnings and notes are no errors. With --clean it exits
with 1 when something could not be removed. For example:

  memspan doctor
  memspan doctor --clean          # what would go
  memspan doctor --clean --yes    # and now it goes`;

const args = process.argv.slice(2);
const program = new Command('memspan');

process.stdout.on('error', endQuietly);
// A closed stderr takes the messages with it, not the work.
process.stderr.on('error', () => {});
await main();

async function main(): Promise<void> {
  define();
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    report(error instanceof CommanderError ? usageError(error) : error, {
      json: args.includes('--json'),
    });
    process.exitCode = 1;
    // What is still being waited for shall not keep it; what was printed shall be read.
    process.stdout.write('', () => process.exit());
  }
}

function define(): void {
  program
    .description('Shared memory between processes, for Node.js.')
    .usage('<command> [options]')
    .version(version(), '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .helpOption('-h, --help', 'print this; memspan COMMAND --help explains a command')
    .helpCommand(false)
    // Without '[options]': there is room for one line each.
    .configureHelp({
      subcommandTerm: (found) => `${found.name()} ${found.usage().replace('[options]', '')}`.trim(),
    });

  command('demo', 'see it work: lost updates, a file between processes, /dev/shm')
    .option('--quick', 'with a smaller file, in a second or two')
    .option('--json', 'print the results as one JSON document')
    .action(async (options) => (await import('./demo.ts')).demo(options));

  command('ls', 'list what memory is shared on this machine, and who has it')
    .argument('[pattern...]', "names to list: * any text, ? any character, as in 'game-*'")
    .option('-k, --kind <kinds>', 'span, segment, sem, sysv, anonymous, foreign; or several: a,b')
    .option('-a, --anonymous', 'also memory without a name, such as memfds')
    .option(
      '-s, --sort <column>',
      'name, kind, size, resident, mode, owner, age, held, procs',
      'name',
    )
    .option('-r, --reverse', 'the other way round')
    .option('-p, --processes', 'below each, the processes that map it')
    .option('--json', 'print a JSON array')
    .addHelpText('after', LS_HELP)
    .action(async (patterns, options) => (await import('./ls.ts')).ls(patterns, options));

  command('inspect', 'take a span apart: who is attached, what is held, who waits')
    .argument('<name>', 'a span, SPAN/OBJECT, or a segment of raw bytes')
    .option('--layout <text>', "show bytes as values: 'struct{hp:u32,pos:array(f64,3)}'")
    .option('--offset <bytes>', 'where raw bytes begin: 4096, 0x1000')
    .option('--length <bytes>', 'how many raw bytes to show (default: 256)')
    .option('--json', 'print all of it as one JSON document')
    .addHelpText('after', INSPECT_HELP)
    .action(async (name, options) => (await import('./inspect.ts')).inspect(name, options));

  command('top', 'the same, live: what is shared, who waits, how much flows')
    .argument('[pattern...]', "names to show: * any text, ? any character, as in 'game-*'")
    .option('-i, --interval <ms>', 'milliseconds from one look to the next', '1000')
    .option(
      '-s, --sort <column>',
      'rate, name, kind, size, resident, participants, procs, waiting, trouble',
      'rate',
    )
    .option('-r, --reverse', 'the other way round')
    .option('-1, --once', 'print one frame as text')
    .option('-n, --samples <count>', 'print so many frames, or lines of JSON')
    .option('--json', 'print each sample as a line of JSON')
    .addHelpText('after', TOP_HELP)
    .action(async (patterns, options) => (await import('./top.ts')).top(patterns, options));

  command('doctor', 'find what is wrong with shared memory; remove what is nobody’s')
    .argument('[pattern]', "look only at these names, as in 'game-*', not at the machine")
    .option('--clean', 'show what is provably nobody’s and would be removed')
    .option('--yes', 'with --clean: remove it')
    .option('--json', 'print one JSON document')
    .addHelpText('after', DOCTOR_HELP)
    .action(async (pattern, options) => (await import('./doctor.ts')).doctor(pattern, options));

  command('shell', 'read, write, lock and wait by hand, in several terminals at once')
    .argument('<name>', 'the span that the shells share; made if there is none')
    .option('--read-only', 'map it without leave to write')
    .option('--as <name>', 'what the others call this shell', 'shell')
    .option('--json', 'print each answer as a line of JSON')
    .addHelpText('after', SHELL_HELP)
    .action(async (name, options) => (await import('./shell.ts')).shell(name, options));

  command('lab', 'the lessons on shared memory as experiments that really happen')
    .argument('[exercise]', 'its name; without one: lists them, with what was done so far')
    .option('--all', 'all of them, one after the other')
    .option('--json', 'print what was observed, or the list, as one JSON document')
    .addHelpText('after', '\nFor example:\n\n  memspan lab counter')
    .action(async (name, options) => (await import('./lab.ts')).lab(name, options));

  command('rm', 'remove segments; who has one open keeps it')
    .argument('<name...>', 'the segments to remove')
    .option('-f, --force', 'a name that is not there is no error')
    .option('--json', 'print a JSON array: what became of each name')
    .action(async (names, options) => (await import('./rm.ts')).rm(names, options));

  stream('send', 'send standard input to a `memspan recv` of the same name')
    .option('--json', 'print {name, bytes, seconds, bytesPerSecond} at the end')
    .action(async (name, options) => (await import('./send.ts')).send(name, options));

  stream('recv', 'write what a `memspan send` of the same name sends')
    .option('--json', 'print {name, bytes, seconds, bytesPerSecond} on stderr at the end')
    .action(async (name, options) => (await import('./recv.ts')).recv(name, options));
}

function command(name: string, description: string): Command {
  return program.command(name).description(description).helpOption('-h, --help', 'print this');
}

function stream(name: string, description: string): Command {
  return command(name, description)
    .argument('<name>', 'what both sides call the stream')
    .option('-t, --timeout <seconds>', 'give up when the other side has not come by then')
    .option('--ring <bytes>', 'size of the ring, if this side makes it: 4k to 1G', '4M')
    .option('-q, --quiet', 'no progress line on the terminal')
    .addHelpText('after', STREAM_HELP);
}

function version(): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string })
    .version;
}

/** Commander's "error: unknown option '--x'\n(Did you mean --y?)" in our form. */
function usageError(error: CommanderError): CommandError {
  const [first = '', hint] = error.message.replace(/^error: /, '').split('\n');
  const suggestion = /Did you mean (.*)\?/.exec(hint ?? '')?.[1];
  const named = program.commands.find((candidate) => candidate.name() === args[0])?.name();
  const help = `See \`memspan ${named === undefined ? '' : `${named} `}--help\``;
  return new CommandError(
    'ERR_MEMSPAN_USAGE',
    first.replace(/\.$/, ''),
    suggestion === undefined ? help : `Did you mean \`${suggestion}\`? ${help}`,
  );
}
