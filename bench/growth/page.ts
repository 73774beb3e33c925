// The part of docs/performance.md that is made of the numbers: between `<!-- growth -->` and `<!-- /growth -->`.

import type { Chart, Drawn } from './family.ts';

const PLACE = /(<!-- growth -->\n).*?(<!-- \/growth -->)/s;

/** The page with the charts as they were measured; `byName` is what docs/charts has. */
export function paged(
  page: string,
  charts: readonly Chart[],
  byName: ReadonlyMap<string, Drawn>,
): string {
  const parts = charts.map((chart) => {
    const found = byName.get(chart.name);
    return found ? part(chart, found) : unmeasured(chart);
  });
  return page.replace(
    PLACE,
    (_, open: string, close: string) => `${open}\n${parts.join('\n')}\n${close}`,
  );
}

function unmeasured({ name, title, about }: Chart): string {
  const command = `npm run bench:growth -- ${name} --write`;
  return [`### ${title}`, '', `${about} Not measured yet: \`${command}\`.`, ''].join('\n');
}

function part(chart: Chart, found: Drawn): string {
  const { title, about, machine, node, date, command, rounds } = found;
  const name = found.chart;
  return [
    `### ${title}`,
    '',
    about,
    '',
    `![${title.replaceAll('`', '')}](charts/${name}.svg)`,
    '',
    chart.says(found),
    '',
    `\`${command}\`, ${date}, ${machine}, Node ${node}, ${rounds} round${rounds === 1 ? '' : 's'}, ` +
      `a spinning round trip in C took ${found.placementNs.min} to ${found.placementNs.max} ns. [Numbers](charts/${name}.json)`,
    '',
  ].join('\n');
}
