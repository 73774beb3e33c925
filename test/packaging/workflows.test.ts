// The workflows, as far as they can be judged without GitHub, which has never run them: what they call is there, they may do no more
// than they must, and they try the Nodes that we support.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { allFiles, manifest, read, root } from '../support/tree.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}

interface Job {
  readonly permissions?: Record<string, string>;
  readonly environment?: string;
  readonly needs?: string | string[];
  readonly container?: { readonly image: string };
  readonly strategy?: { readonly matrix: { readonly node?: number[] } };
  readonly 'timeout-minutes'?: number;
  readonly 'runs-on': string;
  readonly steps: Step[];
}

interface Workflow {
  readonly on: Record<string, Record<string, string[]> | null>;
  readonly permissions?: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

const folder = '.github/workflows';
const workflows = new Map<string, Workflow>(
  fs
    .readdirSync(path.join(root, folder))
    .map((name) => [name, parse(read(path.posix.join(folder, name)), { strict: true })]),
);
const scripts = new Set(Object.keys((manifest as unknown as { scripts: object }).scripts));
const supported: { NODES: string[] } = await import(
  pathToFileURL(path.join(root, 'scripts/supported.mjs')).href
);
const nodes = supported.NODES.map(Number);
const jobs = [...workflows].flatMap(([file, workflow]) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ where: `${file}, ${name}`, job, file })),
);
const steps = jobs.flatMap(({ where, job, file }) =>
  job.steps.map((step) => ({ where, step, file })),
);

test('there are two: one for every change, one for a release', () => {
  assert.deepEqual([...workflows.keys()], ['ci.yml', 'release.yml']);
  const { ci, release } = { ci: workflows.get('ci.yml')!, release: workflows.get('release.yml')! };
  assert.deepEqual(Object.keys(ci.on), ['push', 'pull_request']);
  assert.deepEqual(release.on, { push: { tags: ['v[0-9]+.[0-9]+.[0-9]+'] } });
});

test('every npm script and every file that they call is there', () => {
  const files = new Set(allFiles());
  let called = 0;
  for (const { where, step } of steps) {
    const text = step.run ?? '';
    for (const [, name] of text.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)) {
      assert.ok(scripts.has(name!), `${where}: npm run ${name} is not in package.json`);
      called += 1;
    }
    if (/\bnpm (test|start)\b/.test(text)) called += 1;
    for (const [name] of text.matchAll(/(?<![\w/.-])(?:\.ci|scripts)\/[\w./-]+/g)) {
      assert.ok(files.has(name), `${where}: ${name} is not there`);
      called += 1;
    }
  }
  assert.ok(called >= 8, `only ${called} calls were found`);
});

test('they may read, and nothing more; only the job that publishes may prove who it is', () => {
  for (const [file, { permissions }] of workflows) {
    const expected = file === 'ci.yml' ? { contents: 'read' } : {};
    assert.deepEqual(permissions, expected, file);
  }
  for (const { where, job, file } of jobs) {
    const expected =
      where === 'release.yml, publish'
        ? { 'id-token': 'write' }
        : file === 'ci.yml'
          ? undefined
          : { contents: 'read' };
    assert.deepEqual(job.permissions, expected, where);
  }
});

test('the job that publishes waits for a person, and runs nothing of the repository', () => {
  const publish = workflows.get('release.yml')!.jobs.publish!;
  assert.equal(publish.environment, 'npm');
  assert.deepEqual(publish.needs, ['check', 'package']);
  for (const { uses, run } of publish.steps) {
    assert.doesNotMatch(uses ?? '', /checkout/);
    assert.doesNotMatch(run ?? '', /npm (ci|install|run|test|exec)|npx|node /);
  }
  assert.match(publish.steps.at(-1)?.run ?? '', /^npm publish \.\/memspan-\*\.tgz --provenance /);
});

test('no secret, no credential, and nothing that who opens a pull request could write is in a command', () => {
  for (const [file] of workflows) {
    const text = read(path.posix.join(folder, file));
    assert.doesNotMatch(text, /\bsecrets\b|NODE_AUTH_TOKEN|pull_request_target/, file);
  }
  for (const { where, step } of steps) {
    assert.doesNotMatch(step.run ?? '', /\$\{\{/, where);
    if (step.uses?.startsWith('actions/checkout@'))
      assert.equal(step.with?.['persist-credentials'], false, where);
    // A cache is what others have written.
    if (step.uses?.startsWith('actions/setup-node@'))
      assert.equal(step.with?.['package-manager-cache'], false, where);
  }
});

test("actions are GitHub's own, each of one major or commit", () => {
  const versions = new Map<string, Set<string>>();
  for (const { where, step } of steps) {
    if (step.uses === undefined) continue;
    const match = /^(actions\/[\w-]+)@(v\d+|[0-9a-f]{40})$/.exec(step.uses);
    assert.ok(match, `${where}: ${step.uses} is not pinned, or not GitHub's`);
    const [, name, version] = match as unknown as [string, string, string];
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  for (const [name, found] of versions) assert.equal(found.size, 1, `${name}: ${[...found]}`);
  assert.ok(versions.size >= 4);
});

test('the Nodes are those of scripts/supported.mjs', () => {
  let matrices = 0;
  for (const { where, job } of jobs) {
    const matrix = job.strategy?.matrix.node;
    if (matrix !== undefined) {
      assert.deepEqual(matrix, nodes, where);
      matrices += 1;
    }
    const chosen = [
      ...job.steps.map((step) => step.with?.['node-version']),
      /^node:(.*?)(-\w+)?$/.exec(job.container?.image ?? '')?.[1],
    ].filter((version) => version !== undefined);
    assert.ok(chosen.length > 0, `${where} says no version of Node`);
    for (const version of chosen) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how GitHub writes it.
      if (version === '${{ matrix.node }}') assert.ok(matrix !== undefined, where);
      else assert.ok(nodes.includes(Number(version)), `${where}: Node ${version}`);
    }
  }
  assert.equal(matrices, 4);
});

test('every job ends by itself, on a machine that is not chosen anew by others', () => {
  for (const { where, job } of jobs) {
    assert.ok((job['timeout-minutes'] ?? Infinity) <= 60, `${where} has no limit`);
    assert.doesNotMatch(job['runs-on'], /ubuntu-latest/, where);
  }
});
