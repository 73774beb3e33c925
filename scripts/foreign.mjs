// Runs a program of the suite where there is a /dev/shm of its own: what another run of this machine does is not seen, and
// what this one leaves is gone with it. A private user namespace, so that no rights are needed; binfmt_misc in it is private, too.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { onPath } from './toolchain.mjs';

const qemu = '/usr/bin/qemu-aarch64-static';
/** An ELF file for aarch64 (binfmt_misc in the kernel's documentation); F: opened now, whatever is mounted later. */
const binfmt = [
  ':memspan-aarch64:M::',
  '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:',
  '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff:',
  `${qemu}:F`,
].join('');

const alone = 'mount -t tmpfs -o mode=1777,size=2g memspan /dev/shm';
const others = `mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc && printf %s '${binfmt}' > /proc/sys/fs/binfmt_misc/register`;

/** Whether it passed, and how many tests did. `isArm`: programs for aarch64 are run by qemu, also by its children. */
export async function runApart(command, { env = {}, isArm = false, limitMs }) {
  const steps = [alone, ...(isArm ? [others] : []), 'exec "$@"'].join(' && ');
  const unshare = ['-U', '-r', '-m', '--kill-child', 'sh', '-c', steps, 'sh'];
  const child = spawn('unshare', [...unshare, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  const status = await new Promise((resolve) => {
    child.once('error', () => resolve(-1));
    child.once('close', resolve);
  });
  clearTimeout(watchdog);
  const count = (word) => Number(new RegExp(`^\\W*${word} (\\d+)\\s*$`, 'm').exec(text)?.[1] ?? 0);
  const [passed, failed, skipped] = [count('pass'), count('fail'), count('skipped')];
  return { passed, failed, skipped, isGood: status === 0 && passed > 0 && failed + skipped === 0 };
}

/** What is missing, as Debian packages; `[package, program or file]`. */
export function needs(wanted) {
  const absent = wanted.filter(([, name]) => !(fs.existsSync(name) || onPath(name)));
  if (absent.length === 0) return;
  const list = [...new Set(absent.map(([debian]) => debian))];
  process.stderr.write(
    `memspan: needs more tools: sudo apt-get install --no-install-recommends ${list.join(' ')}\n`,
  );
  process.exit(1);
}
