// The peers that the benchmark stands beside and that are no part of this package: npm packages go into .peers/, in the versions
// that were measured; which of the system's packages are missing is told. The benchmark leaves out by name what is not there.
//   node scripts/peers.mjs
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { missing as missingTools, nodeDir, onPath } from './toolchain.mjs';

const packages = {
  lmdb: '3.5.6',
  nats: '2.29.3',
  'ringbuf.js': '0.4.0',
  'shared-memory-disruptor': '4.2.1',
  zeromq: '6.8.0',
};
/** Those that ship no binary: compiled here. The others' install scripts would fetch what they ship already, so none is run. */
const compiled = ['shared-memory-disruptor'];
/** Debian's packages: a program or a header of each. */
const debian = {
  gcc: 'gcc',
  'g++': 'g++',
  'libboost-dev': '/usr/include/boost/version.hpp',
  iceoryx: 'iox-roudi',
  'libiceoryx-binding-c-dev': '/usr/lib/*/libiceoryx_binding_c.so',
  'redis-server': 'redis-server',
  'nats-server': 'nats-server',
  'util-linux': 'taskset',
};

const root = fileURLToPath(new URL('..', import.meta.url));
const store = path.join(root, '.peers');

fs.mkdirSync(store, { recursive: true });
fs.writeFileSync(
  path.join(store, 'package.json'),
  `${JSON.stringify({ private: true, dependencies: packages }, undefined, 2)}\n`,
);
run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', store]);
const results = [...compiled.map(compile), ...tellMissing()];
process.exit(results.every(Boolean) ? 0 : 1);

function compile(name) {
  const lacking = missingTools();
  if (lacking) {
    console.error(`memspan: ${name} is not compiled: ${lacking}`);
    return false;
  }
  const gyp = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  const dir = nodeDir();
  const args = [gyp, 'rebuild', '--loglevel=error', ...(dir ? [`--nodedir=${dir}`] : [])];
  return run(process.execPath, args, path.join(store, 'node_modules', name));
}

function tellMissing() {
  const absent = Object.entries(debian).filter(([, sign]) => !isThere(sign));
  if (absent.length === 0) return [];
  const names = absent.map(([name]) => name).join(' ');
  console.log(`memspan: the system lacks peers: apt-get install --no-install-recommends ${names}`);
  return [false];
}

/** A program, or a file; `*` stands for the folder of the machine's architecture. */
function isThere(sign) {
  if (!sign.startsWith('/')) return ['', '/usr/sbin/'].some((folder) => onPath(`${folder}${sign}`));
  const [before, after] = sign.split('*');
  if (after === undefined) return fs.existsSync(sign);
  return fs.readdirSync(before).some((folder) => fs.existsSync(`${before}${folder}${after}`));
}

/** Of a failure, what was said is shown. */
function run(command, args, cwd = root) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return true;
  console.error(`${stdout}${stderr}\nmemspan: failed: ${command} ${args.join(' ')}`);
  return false;
}
