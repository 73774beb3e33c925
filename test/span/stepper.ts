// The deeds of the victims of src/span: opening a span, closing it, making an object without a layout or with one.
import type { Span, SpanOptions } from '../../src/index.ts';
import type { Puppet, Tools } from '../support/puppets.ts';
import { deed, type End, endAt } from '../support/victims.ts';

export type Act = 'open' | 'close' | 'make' | 'describe';

export interface Job {
  /** A step that its act comes to. */
  readonly step: string;
  readonly act: Act;
  readonly name: string;
  readonly options: SpanOptions;
}

type WithSpans = Tools & { kept: { spans: Map<string, Span> } };

/** For a victim: opens the spans whose act needs it. */
export function openAll({ memspan, kept }: Tools, jobs: readonly Job[]): void {
  const spans = new Map<string, Span>();
  (kept as WithSpans['kept']).spans = spans;
  for (const { act, name, options } of jobs) {
    if (act !== 'open') spans.set(name, memspan.Span.open(name, options));
  }
}

function perform({ memspan, kept }: Tools, { act, name, options }: Job): void {
  const { spans } = kept as WithSpans['kept'];
  if (act === 'open') memspan.Span.open(name, options);
  else if (act === 'close') spans.get(name)?.close();
  else if (act === 'make') spans.get(name)?.bytes('contested', { size: 100 });
  else spans.get(name)?.view('contested', memspan.array(memspan.u8, 100));
}

/** Has the victim end at the steps of all its jobs. */
export function endAtJobs(victim: Puppet, jobs: readonly Job[], end: End): Promise<void> {
  return endAt(
    victim,
    jobs.map((job) => deed(job.step, perform, job)),
    end,
  );
}
