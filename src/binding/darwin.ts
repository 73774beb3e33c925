// What the core for macOS has beside the rest, as TypeScript sees it; each function is described where it is defined, in
// native/darwin. Results are from 0 up, or −errno.

/** Of a POSIX shared memory object (fstat(2)); the system tells no more of it. */
export interface Measured {
  /** Bytes, in whole pages; 0 until its maker has set it. */
  readonly size: number;
  readonly uid: number;
}

/** Names are without the slash. Descriptors are closed by `close` of the core. */
export interface DarwinBinding {
  createObject(name: string, size: number, mode: number): number;
  openObject(name: string, readOnly: boolean): number;
  measureObject(fd: number): Measured | number;
  unlinkObject(name: string): number;
}
