// Measures a family of charts: in each round every contender at every x, so that what a machine does meanwhile is in all of them.

import { settled } from '../calibration.ts';
import { median } from '../statistics.ts';
import type { Chart, Drawn, Family, Sample, Series } from './family.ts';

export interface Plan {
  readonly rounds: number;
  readonly share: number;
  readonly isSmoke: boolean;
  readonly isWithC: boolean;
  progress(text: string): void;
}

/** Where and how: what a chart says of itself besides its numbers. */
export type Setting = Pick<Drawn, 'machine' | 'node' | 'date' | 'command'>;

type Samples = Map<string, Map<number, Sample[]>>;

export async function measured(family: Family, plan: Plan, setting: Setting): Promise<Drawn[]> {
  const samples: Samples = new Map();
  const placements: number[] = [];
  const { contenders, close } = await family.open();
  try {
    const present = contenders.filter(({ name }) => plan.isWithC || !name.startsWith('C: '));
    for (let round = 0; round < plan.rounds; round++) {
      for (const x of plan.isSmoke ? family.smoke : family.xs) {
        plan.progress(`${family.name}: round ${round + 1} of ${plan.rounds}, at ${x}`);
        const { result, placementNs } = await settled(() => each(present, x, plan.share), {
          isWithC: plan.isWithC,
          triesMax: plan.isSmoke ? 1 : 2,
        });
        placements.push(placementNs);
        for (const [name, sample] of result) add(samples, name, x, sample);
      }
    }
  } finally {
    await close();
  }
  const placementNs = {
    min: Math.round(Math.min(...placements)),
    max: Math.round(Math.max(...placements)),
  };
  return family.charts.map((chart) => ({
    chart: chart.name,
    title: chart.title,
    about: chart.about,
    x: chart.x,
    y: chart.y,
    series: seriesOf(chart, samples),
    rounds: plan.rounds,
    ...setting,
    placementNs,
  }));
}

async function each(
  contenders: Awaited<ReturnType<Family['open']>>['contenders'],
  x: number,
  share: number,
): Promise<Map<string, Sample>> {
  const found = new Map<string, Sample>();
  for (const { name, covers, run } of contenders) {
    if (covers?.(x) ?? true) found.set(name, await run(x, share));
  }
  return found;
}

function add(samples: Samples, name: string, x: number, sample: Sample): void {
  const of = samples.get(name) ?? new Map<number, Sample[]>();
  of.set(x, [...(of.get(x) ?? []), sample]);
  samples.set(name, of);
}

function seriesOf(chart: Chart, samples: Samples): Series[] {
  return chart.series.flatMap((name) => {
    const points = [...(samples.get(chart.from ?? name) ?? [])].flatMap(([x, list]) => {
      const values = list.flatMap((sample) => chart.of(sample, x, name) ?? []);
      if (values.length === 0) return [];
      const [low, high] = [Math.min(...values), Math.max(...values)];
      return { x, median: round(median(values)), low: round(low), high: round(high) };
    });
    return points.length === 0 ? [] : { name, points };
  });
}

/** More digits are noise, and make every measuring a larger difference than it is. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
