// Explores one model, and tells its parent what came of it: node one.js NAME quick|full.
import type { Outcome } from './findings.ts';
import type { Effort } from './model.ts';
import { models } from './models.ts';

const TELL_EACH_MS = 200;

const [name, effort] = process.argv.slice(2);
const model = models.find((each) => each.name === name);
if (model === undefined) throw new Error(`there is no model "${name}"`);
let told = performance.now();
const report = await model.run(effort as Effort, {
  onProgress: (schedules) => {
    if (performance.now() - told < TELL_EACH_MS) return;
    told = performance.now();
    process.send?.(schedules);
  },
});
const { ok, coverage, schedules, states, bound, failure } = report;
const outcome: Outcome = {
  report: { ok, coverage, schedules, states, bound: Number.isFinite(bound) ? bound : null },
  kind: failure?.kind,
  steps: failure?.steps.length ?? 0,
  text: report.toString(),
};
process.send?.(outcome, () => {
  if (process.connected) process.disconnect();
});
