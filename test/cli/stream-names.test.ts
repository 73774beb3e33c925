// What a name can lead to when `memspan send` or `memspan recv` come: somebody else's stream, something that is no
// stream, nothing, or soon nothing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Ring, Segment } from '../../src/index.ts';
import { leftovers, shmPath, uniqueName, until } from '../support/segments.ts';
import { failureOf, lineOf, memspan, start } from './memspan.ts';

for (const verb of ['send', 'recv'] as const) {
  test(`a second ${verb} is told that the side is taken, and disturbs nobody`, async () => {
    const name = uniqueName();
    const sender = start(['send', name], { stdio: ['pipe', 'pipe', 'pipe'] });
    const receiver = start(['recv', name]);
    sender.child.stdin?.write('before, ');
    await until(() => receiver.output().length > 0, 'the first bytes');
    const failure = failureOf(await memspan(verb, name, '--json'));
    assert.equal(failure.code, 'ERR_MEMSPAN_BUSY');
    sender.child.stdin?.end('after');
    assert.equal(String((await receiver.ended).stdout), 'before, after');
    assert.equal((await sender.ended).code, 0);
  });

  const things: [string, (path: string, name: string) => void][] = [
    ['of zeros', (_path, name) => Segment.create(name, { size: 8192 }).close()],
    ['of three bytes', (path) => fs.writeFileSync(path, 'abc')],
    ['of text', (path) => fs.writeFileSync(path, 'no ring at all\n'.repeat(1000))],
    ['without bytes', (path) => fs.writeFileSync(path, '')],
    ['that is a directory', (path) => fs.mkdirSync(path)],
    ['that is a symbolic link', (path) => fs.symlinkSync('/dev/null', path)],
  ];
  for (const [what, make] of things) {
    test(`${verb} leaves a thing ${what} as it is`, async (t) => {
      const name = uniqueName();
      const path = shmPath(name);
      make(path, name);
      t.after(() => fs.rmSync(path, { recursive: true }));
      const look = (): unknown => {
        const stat = fs.lstatSync(path);
        return [stat.ino, stat.mode, stat.isFile() ? fs.readFileSync(path, 'latin1') : ''];
      };
      const before = look();
      assert.match(lineOf(await memspan(verb, name)), new RegExp(name));
      assert.deepEqual(look(), before);
    });
  }

  test(`${verb} gives up when nobody comes within --timeout`, async () => {
    const failure = failureOf(await memspan(verb, uniqueName(), '--timeout', '0.2', '--json'));
    assert.equal(failure.code, 'ERR_MEMSPAN_TIMED_OUT');
    assert.match(failure.message, /within 0.2 s/);
    assert.deepEqual(leftovers(), []);
  });

  test(`${verb} that waits ends when its name is removed`, async () => {
    const name = uniqueName();
    const waiting = start([verb, name]);
    await until(() => fs.existsSync(shmPath(name)), verb);
    assert.equal((await memspan('rm', name)).code, 0);
    assert.match(lineOf(await waiting.ended), /somebody removed the name/);
  });

  test(`${verb} does not remove what has taken its name meanwhile`, async (t) => {
    const name = uniqueName();
    const waiting = start([verb, name]);
    await until(() => fs.existsSync(shmPath(name)), verb);
    const other = `${shmPath(name)}-other`;
    fs.writeFileSync(other, 'mine');
    fs.renameSync(other, shmPath(name));
    t.after(() => fs.rmSync(shmPath(name)));
    lineOf(await waiting.ended);
    assert.equal(fs.readFileSync(shmPath(name), 'utf8'), 'mine');
  });

  test(`${verb} tells of an impossible name`, async () => {
    assert.match(lineOf(await memspan(verb, 'a/b')), /cannot be a segment's name/);
  });

  test(`${verb} refuses options that make no sense`, async () => {
    const wrong = ['--ring=4095', '--ring=2G', '--ring=large', '--timeout=soon', '--timeout=-1'];
    const ends = await Promise.all(wrong.map((option) => memspan(verb, 'x', option, '--json')));
    for (const [index, end] of ends.entries()) {
      const { code, message } = failureOf(end);
      assert.equal(code, 'ERR_MEMSPAN_USAGE');
      assert.ok(message.startsWith(wrong[index]!.split('=')[0]!), message);
    }
  });
}

test("a program's ring whose side is taken is refused, and stays", async (t) => {
  const name = uniqueName();
  const segment = Segment.create(name, { size: Ring.bytesFor(4096) });
  t.after(() => segment.unlink());
  const writer = new Ring(segment).writer();
  assert.match(lineOf(await memspan('send', name)), /another sender is attached/);
  writer.close();
  assert.match(lineOf(await memspan('send', name)), /has had its sender/);
  assert.ok(fs.existsSync(shmPath(name)));
});

test('of several who race for one name, pairs come out whole and the others are told', async () => {
  const name = uniqueName();
  const text = 'x'.repeat(200_000);
  const senders = Array.from({ length: 3 }, () => {
    const sender = start(['send', name, '--timeout', '6'], { stdio: ['pipe', 'pipe', 'pipe'] });
    sender.child.stdin?.end(text);
    return sender.ended;
  });
  const receivers = Array.from({ length: 3 }, () => start(['recv', name, '--timeout', '6']).ended);
  const sent = (await Promise.all(senders)).filter(({ code }) => code === 0);
  const received = (await Promise.all(receivers)).filter(({ code }) => code === 0);
  assert.ok(sent.length > 0, 'one pair at least');
  assert.equal(sent.length, received.length);
  for (const { stdout } of received) assert.equal(stdout.length, text.length);
});
