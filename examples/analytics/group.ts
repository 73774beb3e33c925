// What is computed for each city, from its rides.

export interface Group {
  readonly rides: number;
  /** Minutes. */
  readonly meanTime: number;
  readonly meanPrice: number;
  readonly medianPrice: number;
  readonly price95: number;
  readonly price99: number;
}

/** `cents` gets sorted. Sums of integers: the same in every order of the rides. */
export function summarize(seconds: Int32Array, cents: Int32Array): Group {
  const rides = seconds.length;
  cents.sort();
  return {
    rides,
    meanTime: sum(seconds) / rides / 60,
    meanPrice: sum(cents) / rides / 100,
    medianPrice: percentile(cents, 0.5),
    price95: percentile(cents, 0.95),
    price99: percentile(cents, 0.99),
  };
}

function sum(numbers: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]!;
  return sum;
}

/** The smallest price that so many are not above: the nearest rank. */
function percentile(sortedCents: Int32Array, share: number): number {
  return sortedCents[Math.ceil(share * sortedCents.length) - 1]! / 100;
}
