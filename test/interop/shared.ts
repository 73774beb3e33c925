// A segment between a test and a compiled program that has it mapped, made by either.
import assert from 'node:assert/strict';
import { Segment } from '../../src/index.ts';
import { uniqueName } from '../support/segments.ts';
import { compiled } from './compile.ts';
import { Peer } from './peer.ts';

/** Who makes it: the test, or the program. */
export type Maker = 'memspan' | 'the program';
export const makers: readonly Maker[] = ['memspan', 'the program'];

export class Shared implements AsyncDisposable {
  readonly segment: Segment;
  readonly #source: string;
  #peer: Peer;

  private constructor(source: string, segment: Segment, peer: Peer) {
    this.#source = source;
    this.segment = segment;
    this.#peer = peer;
  }

  static async by(maker: Maker, source: string, size: number): Promise<Shared> {
    const program = await compiled(source);
    const name = uniqueName();
    if (maker === 'memspan') {
      const segment = Segment.create(name, { size });
      return new Shared(source, segment, Peer.start(program, `/${name}`, 'open'));
    }
    const peer = Peer.start(program, `/${name}`, 'create');
    await peer.ask('get');
    const segment = Segment.open(name);
    assert.equal(segment.size, size);
    return new Shared(source, segment, peer);
  }

  get buffer(): SharedArrayBuffer {
    return this.segment.buffer;
  }

  get peer(): Peer {
    return this.#peer;
  }

  ask(order: string): Promise<string> {
    return this.#peer.ask(order);
  }

  /** Another process of the same program, which opens what there is. `peer` stays who it is. */
  async another(): Promise<Peer> {
    return Peer.start(await compiled(this.#source), `/${this.segment.name}`, 'open');
  }

  /** SIGKILL; a new process of the same program takes its place. */
  async replace(): Promise<void> {
    assert.equal((await this.#peer.kill()).signal, 'SIGKILL');
    this.#peer = await this.another();
  }

  /** Ends the program, which must end well, and removes the segment. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#peer.end();
    this.segment.unlink();
    this.segment.close();
  }
}
