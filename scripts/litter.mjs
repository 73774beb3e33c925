// Names in /dev/shm that were not there before a run and that nobody uses: what it has left. Another suite, or any other
// program, may run at the same time: what has the number of a living process in its name, or is open in one, is not ours.
import fs from 'node:fs';

const FOLDER = '/dev/shm';
/** Of programs that come and go on a desktop. */
const foreign = /^(\.?(org\.(chromium|mozilla)|com\.google)\.|pulse-shm-|wayland\.)/;
/** `memspan-test-PID-…`, and what is still being made: `.memspan-PID-…`. */
const made = /^(?:\.?memspan-|memspan-test-|memspan-demo-)(\d+)-/;

/** To be called before the run; the function that it returns tells what is left. */
export function litter() {
  const before = new Set(names());
  return () => {
    const left = names().filter((name) => !before.has(name) && !isAlive(made.exec(name)?.[1]));
    if (left.length === 0) return left;
    const used = inUse();
    return left.filter((name) => !used.has(`${FOLDER}/${name}`));
  };
}

function names() {
  const found = fs.existsSync(FOLDER) ? fs.readdirSync(FOLDER) : [];
  return found.filter((name) => !foreign.test(name));
}

function isAlive(pid) {
  return pid !== undefined && fs.existsSync(`/proc/${pid}`);
}

/** Files that are open or mapped in any process, as far as one may look. */
function inUse() {
  const used = new Set();
  for (const pid of fs.readdirSync('/proc').filter(Number)) {
    try {
      for (const fd of fs.readdirSync(`/proc/${pid}/fd`)) {
        used.add(fs.readlinkSync(`/proc/${pid}/fd/${fd}`));
      }
    } catch {
      // It has ended, or belongs to somebody else.
    }
    try {
      const maps = fs.readFileSync(`/proc/${pid}/maps`, 'utf8');
      for (const [file] of maps.matchAll(/\/dev\/shm\/.*$/gm)) used.add(file);
    } catch {
      // The same.
    }
  }
  return used;
}
