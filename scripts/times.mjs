// A reporter for Node's test runner: what each file has taken, the longest first.
//   node scripts/test.mjs --times

/** Only tests that are in no other one: those are in the time of theirs. */
const isWhole = ({ type, data }) =>
  (type === 'test:pass' || type === 'test:fail') && data.nesting === 0 && data.file !== undefined;

export default async function* times(events) {
  const files = new Map();
  for await (const event of events) {
    if (!isWhole(event)) continue;
    const { file, details } = event.data;
    files.set(file, (files.get(file) ?? 0) + details.duration_ms);
  }
  const rows = [...files].sort(([, a], [, b]) => b - a);
  const total = rows.reduce((sum, [, ms]) => sum + ms, 0);
  for (const [file, ms] of [['all files', total], ...rows]) {
    yield `${(ms / 1000).toFixed(1).padStart(8)} s  ${file.replace(/^.*\/(?=test\/)/, '')}\n`;
  }
}
