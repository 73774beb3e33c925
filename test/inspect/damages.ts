// Damaged spans by the thousand: whatever was overwritten or cut off, an inspector ends with a report in which it is labelled,
// and has not changed a byte. For damaged.test.ts here and in test/stress.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { TestContext } from 'node:test';
import { plain } from '../../src/cli/inspect/plain.ts';
import { segmentHead, spanReport } from '../../src/cli/inspect/span-report.ts';
import { MemspanError, type Segment } from '../../src/index.ts';
import { type Anatomy, dissect } from '../../src/inspect/anatomy.ts';
import { SpanView } from '../../src/span/view.ts';
import { seededRandom } from '../support/segments.ts';
import { damage, specimen, staged } from './specimen.ts';

export async function inspectDamaged(t: TestContext, rounds: number): Promise<void> {
  const random = seededRandom(t);
  const whole = await specimen();
  const segment = staged(whole);
  const seen = { labelled: 0, unharmed: 0, raw: 0, cut: 0 };
  try {
    const bytes = new Uint8Array(segment.buffer);
    for (let round = 0; round < rounds; round++) {
      const copy = whole.slice();
      damage(copy, random);
      const isCut = round % 16 === 15;
      if (isCut) {
        const short = staged(copy.subarray(0, 1 + Math.floor(random() * copy.length)));
        try {
          count(seen, look(short));
        } finally {
          short.unlink();
          short.close();
        }
        seen.cut++;
      } else {
        bytes.set(copy);
        count(seen, look(segment));
      }
    }
  } finally {
    segment.unlink();
    segment.close();
  }
  t.diagnostic(`${rounds} spans: ${JSON.stringify(seen)}`);
  // The series is one of damaged spans indeed.
  assert.ok(seen.labelled > rounds / 3, JSON.stringify(seen));
}

function count(seen: { labelled: number; unharmed: number; raw: number }, found: Anatomy): void {
  if (found.kind === 'segment') seen.raw++;
  else if (found.damage.length > 0) seen.labelled++;
  else seen.unharmed++;
}

/** Takes it apart, prints it in both forms, and compares with what production code says. */
function look(segment: Segment): Anatomy {
  const before = hashOf(segment);
  const found = dissect(segment);
  const lines = found.kind === 'span' ? spanReport(found) : segmentHead(found);
  assert.ok(lines.length > 0);
  assert.ok(JSON.stringify(plain(found)).length > 0);
  assert.equal(hashOf(segment), before, 'looking has changed it');
  const refusal = refusalOf(segment);
  if (refusal !== undefined && refusal !== 'ERR_MEMSPAN_NOT_A_SPAN') {
    assert.ok(found.damage.length > 0, `${refusal}, and no label says so`);
  }
  return found;
}

export function hashOf({ buffer }: Segment): string {
  return createHash('sha256').update(new Uint8Array(buffer).slice()).digest('hex');
}

/** What a participant would be told that reads the header and the directory. */
function refusalOf(segment: Segment): string | undefined {
  try {
    for (const _ of new SpanView(segment, 'test').entries());
    return undefined;
  } catch (error) {
    assert.ok(error instanceof MemspanError, String(error));
    return error.code;
  }
}
