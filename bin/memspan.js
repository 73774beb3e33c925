#!/usr/bin/env node
// The `memspan` command: starts the compiled command line, or says that a clone is not built yet.
import { existsSync } from 'node:fs';

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('memspan: not built yet; run npm run build');
  process.exit(1);
}
await import(main.href);
