// Finds the processes of one run by a mark in their environment, however they are related, and ends those that hang.
// A test that blocks its thread cannot time itself out, and its children outlive it. Linux only; elsewhere it finds none.
import fs from 'node:fs';

const variable = 'MEMSPAN_RUN';

export function mark() {
  return { [variable]: `${process.pid}-${Date.now()}` };
}

/** The run's processes but for `runner`: pid → command line. */
export function strays(marked, runner) {
  const wanted = `${variable}=${marked[variable]}`;
  const pids = fs.existsSync('/proc/self/environ') ? fs.readdirSync('/proc').filter(Number) : [];
  const ours = pids.filter(
    (pid) => Number(pid) !== runner && words(pid, 'environ').includes(wanted),
  );
  return new Map(ours.map((pid) => [Number(pid), command(pid)]));
}

export function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** Calls `onOverdue(pid, command)` for each process that has been there for `limitMs`; returns a stop function. */
export function watch(marked, runner, limitMs, onOverdue) {
  const seen = new Map();
  const look = () => {
    for (const [pid, command] of strays(marked, runner)) {
      if (!seen.has(pid)) seen.set(pid, Date.now());
      else if (Date.now() - seen.get(pid) > limitMs) onOverdue(pid, command);
    }
  };
  const timer = setInterval(look, Math.min(5000, limitMs / 2));
  return () => clearInterval(timer);
}

/** Less the options, of which Node's test runner gives its children dozens. */
function command(pid) {
  return words(pid, 'cmdline')
    .filter((word) => word !== '' && !word.startsWith('--'))
    .join(' ');
}

/** Empty for zombies and for other users' processes. */
function words(pid, file) {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
