// A stand-in for the core for macOS, under src/segment/darwin.ts: it keeps objects as macOS' manual and kernel sources say.
import { constants } from 'node:os';
import type { DarwinBinding } from '../../src/binding/darwin.ts';

const { ENOENT, EEXIST, EINVAL } = constants.errno;
const uid = process.geteuid?.() ?? 0;

export interface Fake {
  size: number;
  uid: number;
  mode: number;
}

/** Objects by name and descriptors, as one Mac with pages of that size would keep them. */
export class Mac implements DarwinBinding {
  readonly objects: Map<string, Fake> = new Map();
  readonly open: Map<number, { object: Fake; readOnly: boolean }> = new Map();
  readonly calls: string[] = [];
  page: number;
  /** Called before each call, for what others do meanwhile. */
  meanwhile: (call: string) => void = () => {};
  #lastFd = 10;

  constructor(page: number) {
    this.page = page;
  }

  #begin(call: string): void {
    this.calls.push(call);
    this.meanwhile(call);
  }

  #descriptor(object: Fake, readOnly: boolean): number {
    const fd = ++this.#lastFd;
    this.open.set(fd, { object, readOnly });
    return fd;
  }

  put(name: string, size: number, owner: number = uid): Fake {
    const object = { size: Math.ceil(size / this.page) * this.page, uid: owner, mode: 0o600 };
    this.objects.set(name, object);
    return object;
  }

  createObject(name: string, size: number, mode: number): number {
    this.#begin('createObject');
    if (Buffer.byteLength(`/${name}`) > 31) throw new Error('ENAMETOOLONG');
    if (this.objects.has(name)) return -EEXIST;
    const object = this.put(name, size);
    object.mode = mode;
    return this.#descriptor(object, false);
  }

  openObject(name: string, readOnly: boolean): number {
    this.#begin('openObject');
    const object = this.objects.get(name);
    if (object === undefined) return -ENOENT;
    return this.#descriptor(object, readOnly);
  }

  measureObject(fd: number): { size: number; uid: number } | number {
    this.#begin('measureObject');
    const found = this.open.get(fd);
    return found === undefined ? -EINVAL : { size: found.object.size, uid: found.object.uid };
  }

  unlinkObject(name: string): number {
    this.#begin('unlinkObject');
    return this.objects.delete(name) ? 0 : -ENOENT;
  }
}
