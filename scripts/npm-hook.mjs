// npm runs a script called `prebuild` also before `npm run build`, and passes it nothing by which it could tell.
import fs from 'node:fs';

/** Whether npm runs this process as what comes before its script `name`. npm's own title has the command. */
export function isBefore(name) {
  if (process.env.npm_lifecycle_event !== `pre${name}` || process.platform !== 'linux')
    return false;
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    const [title] = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (/^npm run/.test(title)) return new RegExp(`^npm run(-script)? ${name}( |$)`).test(title);
  }
  return false;
}

function parentOf(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Behind the program's name, which may hold anything: state, parent.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
