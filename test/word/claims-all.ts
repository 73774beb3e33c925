// All claims about the arguments, and the check of all.
import type { Claim } from './claims.ts';
import { claimArrays } from './claims-arrays.ts';
import { claimIndices } from './claims-indices.ts';
import { claimValues } from './claims-values.ts';

/** Hands every claim, in turn, to `take`. */
export function eachClaim(take: Claim): void {
  claimArrays(take);
  claimIndices(take);
  claimValues(take);
}

/** Checks every claim over this buffer; says which do not hold, and how many there are. */
export async function check(
  buffer: SharedArrayBuffer,
): Promise<{ count: number; broken: string[] }> {
  const claims: Parameters<Claim>[] = [];
  eachClaim((...claim) => claims.push(claim));
  const broken: string[] = [];
  for (const [title, holds] of claims) {
    try {
      await holds(buffer);
    } catch (error) {
      broken.push(`${title}: ${(error as Error).message}`);
    }
  }
  return { count: claims.length, broken };
}
