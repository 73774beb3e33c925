// The help page of `memspan top`.

import { paint } from '../format.ts';
import { MARKS } from './vitals.ts';

export const HELP: readonly string[] = [
  paint.bold('Keys'),
  '  ↑ ↓ j k  PgUp PgDn  g G    move the cursor, or scroll',
  '  Enter                      what is in there, live; Esc goes back',
  '  /                          names and kinds that contain it; Esc clears it',
  '  s                          sort by the next column; r or S turns it round',
  '  p or space                 pause',
  '  + -                        look less often, more often',
  '  q or Ctrl-C                quit',
  '',
  paint.bold('Columns'),
  '  PART     participants: 3†1 are three alive, and one that died attached',
  '  PROCS    processes that map it',
  '  WAIT     participants that wait for something now;  WAITS/S  waits that begin',
  '  RATE/S   messages, values, events and phases per second; 12w: waits, where',
  '           nothing else is counted; then how that was of late',
  paint.bold('Marks'),
  `  ${MARKS.damaged} damaged   ${MARKS.deadlock} a deadlock   ${MARKS['dead holder']} the dead hold something`,
];
