// All that grows, in the order of the page.

import { contention } from './contention.ts';
import type { Chart, Family } from './family.ts';
import { messageSizes, ringSizes } from './messages.ts';
import { participants, readers } from './participants.ts';
import { segments } from './segments.ts';
import { waiters } from './waiters.ts';

export const families: readonly Family[] = [
  messageSizes,
  ringSizes,
  contention,
  participants,
  readers,
  waiters,
  segments,
];

export const charts: readonly Chart[] = families.flatMap(({ charts }) => charts);
