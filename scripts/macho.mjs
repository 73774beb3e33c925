// Reads what a Mach-O file for macOS says of itself (<mach-o/loader.h>, <mach-o/nlist.h>): its machine, the oldest system
// that it is for, the libraries it names, and the symbols it wants and gives.
const MAGIC_64 = 0xfeedfacf;
const MACHINES = new Map([
  [0x01000007, 'x86_64'],
  [0x0100000c, 'arm64'],
]);
const LC_SYMTAB = 0x2;
const LC_LOAD_DYLIB = 0xc;
const LC_BUILD_VERSION = 0x32;
const N_STAB = 0xe0;
const N_PEXT = 0x10;
const N_TYPE = 0x0e;
const N_EXT = 0x01;

/** Throws for what is none. */
export function readMachO(bytes) {
  const magic = bytes.length < 32 ? 0 : bytes.readUInt32LE(0);
  if (magic !== MAGIC_64) throw new Error(`not a 64-bit Mach-O file: it begins with ${magic}`);
  const found = {
    machine: MACHINES.get(bytes.readUInt32LE(4)) ?? bytes.readUInt32LE(4),
    minimum: undefined,
    libraries: [],
    wanted: [],
    given: [],
  };
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    const command = bytes.readUInt32LE(at);
    if (command === LC_SYMTAB) readSymbols(bytes, at, found);
    if (command === LC_LOAD_DYLIB) {
      found.libraries.push(textAt(bytes, at + bytes.readUInt32LE(at + 8)));
    }
    if (command === LC_BUILD_VERSION) {
      const version = bytes.readUInt32LE(at + 12);
      found.minimum = `${version >>> 16}.${(version >>> 8) & 255}`;
    }
    at += bytes.readUInt32LE(at + 4);
  }
  return found;
}

function readSymbols(bytes, command, { wanted, given }) {
  const [first, count, names] = [8, 12, 16].map((offset) => bytes.readUInt32LE(command + offset));
  for (let i = 0; i < count; i++) {
    const at = first + 16 * i;
    const type = bytes[at + 4];
    if ((type & N_STAB) !== 0 || (type & N_EXT) === 0 || (type & N_PEXT) !== 0) continue;
    const name = textAt(bytes, names + bytes.readUInt32LE(at));
    ((type & N_TYPE) === 0 ? wanted : given).push(name);
  }
}

function textAt(bytes, at) {
  return bytes.toString('utf8', at, bytes.indexOf(0, at));
}
