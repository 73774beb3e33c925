// Makes a failing schedule shorter: takes away one switch after the other, and keeps what still fails the same way.

import { wallNow } from './clock.ts';
import { type Token, tokensOf } from './schedule.ts';
import type { Found, Search } from './search.ts';
import { AsSaid } from './strategies.ts';

const TRIES_MAX = 400;
const TIME_MS = 1_000;

export function shrink(search: Search, tokens: readonly Token[], found: Found): Token[] {
  let best = [...tokens];
  let { steps } = found;
  let tries = 0;
  const end = wallNow() + TIME_MS;
  search.bound = Number.POSITIVE_INFINITY;
  search.limit = Number.POSITIVE_INFINITY;
  for (let isShorter = true; isShorter; ) {
    isShorter = false;
    for (let i = best.length - 1; i >= 0; i--, tries++) {
      if (tries >= TRIES_MAX || wallNow() > end) return best;
      const without = best.filter((_, at) => at !== i);
      const again = search.withinQuickly(() => search.once(new AsSaid(search, without)));
      if (again === undefined || again.kind !== found.kind) continue;
      const next = tokensOf(again.made, again.done);
      if (again.steps > steps || (again.steps === steps && next.length >= best.length)) continue;
      best = next;
      steps = again.steps;
      isShorter = true;
      break;
    }
  }
  return best;
}
