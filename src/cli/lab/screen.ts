// What an exercise of the lab looks like: what will happen, what was seen, the question and its answer, memspan's way.

import type { Exercise, Result } from '../../lab/exercise.ts';
import { duration, paint } from '../format.ts';

const COLUMNS_MAX = 78;
const MARGIN = '  ';
/** Of the labels before question, answer and memspan's way. */
const LABEL_WIDTH = 10;

/** Before it runs. Until `end` a line says that it does. */
export function showBefore({ name, title, lesson, before }: Exercise): { end(): void } {
  const head = `${paint.cyan(name)}  ${paint.bold(title)}`;
  const where = `textbook ${lesson}`;
  const gap = COLUMNS_MAX - name.length - 2 - title.length - where.length;
  console.log(gap > 1 ? `${head}${' '.repeat(gap)}${paint.dim(where)}` : head);
  for (const paragraph of before) console.log(`\n${indented(paragraph, MARGIN)}`);
  console.log();
  const isShown = process.stdout.isTTY === true;
  let isOver = false;
  if (isShown) process.stdout.write(`${MARGIN}${paint.dim('it is happening…')}`);
  return {
    end: () => {
      if (isShown && !isOver) process.stdout.write('\r\x1b[K');
      isOver = true;
    },
  };
}

export function showResult(exercise: Exercise, result: Result, seconds: number): void {
  for (const line of result.picture) console.log(`${MARGIN}${line}`.trimEnd());
  const verdict = result.observed
    ? paint.green('✓ really observed')
    : paint.red('✗ not observed this time');
  console.log(`\n${MARGIN}${verdict} ${paint.dim(`in ${duration(seconds)}`)}\n`);
  labelled('Question', [exercise.question]);
  labelled('Answer', [exercise.answer]);
  labelled('memspan', exercise.way);
}

function labelled(label: string, paragraphs: readonly string[]): void {
  const margin = MARGIN + ' '.repeat(LABEL_WIDTH);
  const text = paragraphs.map((paragraph) => indented(paragraph, margin)).join('\n');
  const head = MARGIN + paint.bold(label.padEnd(LABEL_WIDTH));
  console.log(head + text.slice(margin.length));
}

/** Broken into lines at spaces. */
function indented(text: string, margin: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && margin.length + line.length + 1 + word.length > COLUMNS_MAX) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => margin + each).join('\n');
}
