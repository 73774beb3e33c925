// Trains a model and writes its weights into a file.
//   train FILE HIDDEN DIGITS SEED

import { writeFileSync } from 'node:fs';
import { readDigits } from './digits.ts';
import { train } from './model.ts';

const [file, hidden, digits, seed] = process.argv.slice(2) as [string, string, string, string];
const examples = readDigits().slice(0, Number(digits));
writeFileSync(file, new Uint8Array(train(examples, Number(hidden), Number(seed))));
