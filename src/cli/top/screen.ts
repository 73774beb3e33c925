// The screen, drawn by Ink: the head, the body and the foot of a frame, and the keys that come from below.

import { Box, type Key as InkKey, Text, useInput } from 'ink';
import { createElement as h, type MemoExoticComponent, memo, type ReactElement } from 'react';
import type { Frame } from './frame.ts';
import type { Key } from './keys.ts';

export interface ScreenProps {
  readonly frame: Frame;
  readonly columns: number;
  readonly rows: number;
  readonly onKey: (key: Key) => void;
}

/** One line less than the terminal has: the cursor stands there. */
export function Screen({ frame, columns, rows, onKey }: ScreenProps): ReactElement {
  useInput((input, key) => {
    for (const each of keysOf(input, key)) onKey(each);
  });
  const { head, body, foot } = frame;
  const height = Math.max(1, rows - 1);
  const blanks = Array<string>(Math.max(0, height - head.length - body.length - 1)).fill('');
  const lines = [...head, ...body, ...blanks, foot].slice(0, height);
  return h(
    Box,
    { flexDirection: 'column', width: Math.max(1, columns - 1) },
    lines.map((text, at) => h(Line, { key: at, text })),
  );
}

/** Laid out anew only when its text is another one. */
const Line: MemoExoticComponent<(props: { readonly text: string }) => ReactElement> = memo(
  ({ text }: { readonly text: string }) => h(Text, { wrap: 'truncate' }, text === '' ? ' ' : text),
);

/** Several where they came together, as from who pastes. */
function keysOf(input: string, key: InkKey): Key[] {
  if (key.upArrow) return ['up'];
  if (key.downArrow) return ['down'];
  if (key.pageUp) return ['pageup'];
  if (key.pageDown) return ['pagedown'];
  if (key.home) return ['home'];
  if (key.end) return ['end'];
  if (key.return) return ['enter'];
  if (key.backspace || key.delete) return ['backspace'];
  if (key.escape) return ['escape'];
  if (key.ctrl) return [`ctrl-${input}`];
  const typed = [...input].map((character) => CONTROLS[character] ?? character);
  // A key that follows Esc at once looks like one that is pressed together with Alt.
  return key.meta ? ['escape', ...typed] : typed;
}

const CONTROLS: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
  '\u0015': 'ctrl-u',
  '\u001b': 'escape',
};
