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
  // By pid and time of birth: a run of minutes comes round to the same pids.
  let seen = new Map();
  const look = () => {
    const now = performance.now();
    const there = new Map();
    for (const [pid, command] of strays(marked, runner)) {
      const key = `${pid} ${birth(pid)}`;
      const since = seen.get(key) ?? now;
      there.set(key, since);
      if (now - since > limitMs) onOverdue(pid, command);
    }
    seen = there;
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

/** In ticks since the machine's start: proc_pid_stat(5), field 22. The name before the fields may have spaces. */
function birth(pid) {
  const [stat = ''] = words(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Empty for zombies and for other users' processes. */
function words(pid, file) {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
