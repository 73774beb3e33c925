// What is shared that was not there before a run and that nobody uses: what it has left. Another suite, or any other program,
// may run at the same time: what has the number of a living process in its name, or is open in one, is not ours.
import fs from 'node:fs';

const FOLDER = '/dev/shm';
/** Of programs that come and go on a desktop. */
const foreign = /^(\.?(org\.(chromium|mozilla)|com\.google)\.|pulse-shm-|wayland\.)/;
/** `memspan-test-PID-…`, and what is still being made: `.memspan-PID-…`. */
const made = /^(?:\.?memspan-|memspan-test-|memspan-demo-)(\d+)-/;

/** To be called before the run; the function that it returns tells what is left. */
export function litter() {
  const before = new Set(names());
  const systemVBefore = new Set(systemV());
  return () => {
    const left = names().filter((name) => !before.has(name) && !isAlive(made.exec(name)?.[1]));
    const used = left.length === 0 ? new Set() : inUse();
    const paths = left.map((name) => `${FOLDER}/${name}`).filter((path) => !used.has(path));
    return [...paths, ...systemV().filter((object) => !systemVBefore.has(object))];
  };
}

/** This user's System V objects (proc(5): /proc/sysvipc); of segments, those whose creator has ended. */
function systemV() {
  const segments = table('shm').filter(({ cpid }) => !isAlive(cpid));
  return [
    ...segments.map(({ shmid }) => `a System V segment (ipcrm -m ${shmid})`),
    ...table('sem').map(({ semid }) => `a System V semaphore set (ipcrm -s ${semid})`),
  ];
}

function table(kind) {
  const path = `/proc/sysvipc/${kind}`;
  if (!fs.existsSync(path)) return [];
  const [head, ...rows] = fs
    .readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return rows
    .map((row) => Object.fromEntries(row.map((value, column) => [head[column], value])))
    .filter(({ cuid }) => Number(cuid) === process.getuid());
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
