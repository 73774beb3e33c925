// Loading the native core, and where that fails, which of the reasons it is and what to do: no core for this platform, one
// that cannot be loaded, a runtime that forbids it, memspan bundled into another program.

import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MemspanError } from '../errors.ts';
import { root } from '../root.ts';

const OPERATION = 'import memspan';
const PAGE = 'docs/install.md';
/** What the dynamic linkers of glibc and musl say of a core for another C library, or a newer one. */
const OTHER_LIBC = /GLIBC(XX)?_|CXXABI_|ld-linux|ld-musl|libc\.(so|musl)|Error relocating/;

interface NodeGypBuild {
  /** The path of the core for this platform. Throws where there is none. */
  resolve(root: string): string;
}

/** The addon's exports: of the package's core, or of that in the folder MEMSPAN_PREBUILD. Throws `ERR_MEMSPAN_ADDON`. */
export function load(): unknown {
  const require = createRequire(import.meta.url);
  let path: string;
  try {
    path = (require('node-gyp-build') as NodeGypBuild).resolve(
      process.env.MEMSPAN_PREBUILD || root,
    );
  } catch (error) {
    throw isOurs() ? noCore(error as Error) : bundled(error as Error);
  }
  try {
    if (isCut(path)) throw new Error('its end is missing');
    return require(path);
  } catch (error) {
    // It tells musl from glibc by Alpine's release file alone; other systems have musl, too.
    for (const other of others(path)) {
      try {
        return require(other);
      } catch {
        // The first one's error says more.
      }
    }
    throw unloadable(error as Error & { code?: string }, path);
  }
}

/** For a runtime that has loaded the core, and then does not allow what it needs. */
export function refused(cause: unknown): MemspanError {
  const electron = process.versions.electron;
  const what = electron === undefined ? 'this runtime' : `Electron ${electron}`;
  return new MemspanError('ERR_MEMSPAN_UNSUPPORTED', {
    operation: OPERATION,
    cause: `${what} allows no buffers over memory that is not its own (${messageOf(cause)})`,
    remedy: `Use memspan in a process of plain Node, started beside this one; see ${PAGE}`,
  });
}

/** Whether the files are where the package has them: what was bundled is in another's folder. */
function isOurs(): boolean {
  try {
    return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name === 'memspan';
  } catch {
    return false;
  }
}

function bundled(error: Error): MemspanError {
  return absent(
    `it is looked for in ${root}, which is not memspan's folder: ${messageOf(error)}`,
    `Leave memspan out of the bundle (esbuild: --external:memspan) and install it beside, or set MEMSPAN_PREBUILD to where it is installed; see ${PAGE}`,
  );
}

function noCore(error: Error): MemspanError {
  const have = read(join(root, 'prebuilds')).flatMap((platform) =>
    read(join(root, 'prebuilds', platform))
      .filter((file) => file.endsWith('.node'))
      .map((file) => `${platform} ${/\.(glibc|musl)\./.exec(file)?.[1] ?? ''}`.trim()),
  );
  const list = have.length > 0 ? `it has: ${have.join(', ')}` : `it has none: ${messageOf(error)}`;
  return absent(
    `this package has none for ${platformName()}; ${list}`,
    `In a clone run \`npm run build\`; elsewhere, build a clone and set MEMSPAN_PREBUILD to its folder; see ${PAGE}`,
  );
}

function unloadable(error: Error & { code?: string }, path: string): MemspanError {
  const message = messageOf(error);
  if (error.code === 'ERR_DLOPEN_DISABLED') {
    return absent(`addons are not allowed here: ${message}`, 'Run node with --allow-addons');
  }
  if (/--allow-ffi/.test(message)) {
    return absent(`addons are not allowed here: ${message}`, 'Run deno with --allow-ffi, or -A');
  }
  if (OTHER_LIBC.test(message)) {
    return absent(
      `${path} is for another C library, or a newer one, than this system's: ${message}`,
      `Use a newer system, or build a clone on this one and set MEMSPAN_PREBUILD to its folder; see ${PAGE}`,
    );
  }
  return absent(
    `${path} is there and cannot be loaded on ${platformName()}: ${message}`,
    `Install memspan again, in case the file is damaged; see ${PAGE}`,
  );
}

function absent(cause: string, remedy: string): MemspanError {
  return new MemspanError('ERR_MEMSPAN_ADDON', {
    operation: OPERATION,
    cause: `the native core cannot be loaded: ${cause}`,
    remedy,
  });
}

/**
 * Whether an ELF file ends before its section headers do, which are its last part: the dynamic linker would end the process by
 * SIGBUS. Source: elf(5), Elf64_Ehdr.
 */
function isCut(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const header = new DataView(new ArrayBuffer(64));
    if (readSync(fd, header, 0, 64, 0) < 64 || header.getUint32(0) !== 0x7f454c46) return false;
    const end = Number(header.getBigUint64(40, true));
    const size = header.getUint16(58, true) * header.getUint16(60, true);
    return end + size > fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

function others(path: string): string[] {
  const folder = dirname(path);
  return read(folder)
    .filter((name) => name.endsWith('.node'))
    .map((name) => join(folder, name))
    .filter((other) => other !== path);
}

function read(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function platformName(): string {
  return `${process.platform}-${process.arch}, Node ${process.version}`;
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : `${error}`).split('\n')[0] as string;
}
