// Who has died, for ends of channels that look at the same owners again and again, and must not ask the kernel each time.
//
// Who was found alive is taken to be so until there is news of a death, or a slice is over. News comes before the death is
// done (span/waiting.ts): so after it a slice is short at first.

import type { Attachment } from '../span/attachment.ts';

export class DeathWatch {
  readonly #attachment: Attachment;
  readonly #alive = new Set<number>();
  #news = -1;
  #until: number = Number.NEGATIVE_INFINITY;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
  }

  /** Forgets who was alive, when that may have changed: before a number of questions. */
  refresh(): void {
    const { waiting } = this.#attachment;
    const { news } = waiting.before();
    const now = performance.now();
    if (news === this.#news && now < this.#until) return;
    this.#alive.clear();
    this.#news = news;
    this.#until = now + waiting.sliceMs;
  }

  isDead(id: number): boolean {
    const { id: mine, view } = this.#attachment;
    if (id === mine || this.#alive.has(id)) return false;
    if (!view.isAlive(id)) return true;
    this.#alive.add(id);
    return false;
  }
}
