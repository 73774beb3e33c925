// Parts of test files' names that a run under other conditions may leave out, because nothing in them would be different.

/** Texts, tools, lessons, examples, models, the package and other languages: neither Node's version nor the kernel's makes a difference. */
export const TEXTS = [
  ...['test/tidy', 'test/docs', 'test/bench/', 'test/check/', 'test/interop/', 'test/packaging/'],
  ...['test/cli/demo', 'test/cli/stream-death', 'test/cli/stream-names', 'test/cli/terminal'],
  ...['test/cli/lab', 'test/cli/shell', 'test/cli/inspect', 'test/cli/top'],
  ...['test/layout/languages', 'test/lab/', 'test/examples/'],
];

/** What only the kernel or plain JavaScript decides: the same on all versions of Node. */
export const KERNEL = [
  ...['test/segment/published-whole', 'test/span/containers', 'test/cli/doctor', 'test/inspect/'],
  ...['.words', '.format'],
];
