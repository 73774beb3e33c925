// A lock between processes that need nothing but Node: a file that says who its owner is.
// It appears with its content (link), so it is never seen half-made; a dead owner's lock is taken over.
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for the lock; `onWait(pid)` is called once if someone else holds it. What comes back has `release()` and
 * `join(pid)`: a child that may outlive us keeps the lock held until it ends too.
 */
export async function acquire(file, onWait) {
  const own = identity(process.pid);
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, own);
  try {
    for (let waited = false; !tryLink(draft, file); waited = true) {
      const owner = read(file);
      if (owner === undefined) continue;
      if (!alive(owner)) {
        takeAway(file, owner);
        continue;
      }
      if (!waited) onWait(owner.split(' ')[0]);
      await sleep(100);
    }
  } finally {
    fs.rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (read(file)?.startsWith(own)) fs.rmSync(file, { force: true });
    },
    join: (pid) => fs.appendFileSync(file, `\n${identity(pid)}`),
  };
}

/** A pid alone may be reused, and in containers it soon is: Linux also tells when the process began. */
function identity(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return `${pid} ${stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
}

/** One line for each process that holds the lock. */
function alive(owners) {
  return owners.split('\n').some((owner) => {
    const pid = Number(owner.split(' ')[0]);
    try {
      process.kill(pid, 0);
    } catch (error) {
      if (error.code === 'ESRCH') return false;
    }
    return identity(pid) === owner;
  });
}

/** Of several that saw the same dead owner, one may meanwhile hold the lock: what was moved away is looked at. */
function takeAway(file, dead) {
  const aside = `${file}.${process.pid}.stale`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== dead) tryLink(aside, file);
  fs.rmSync(aside, { force: true });
}

function tryLink(from, to) {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
