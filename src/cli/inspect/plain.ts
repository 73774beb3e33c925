// What was found as plain data for --json: times as ISO texts, numbers that JSON has not as texts, bytes as
// hexadecimal text, modes as octal numbers.

/** Undefined members are left out by JSON itself. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === 'mode' && typeof member === 'number' ? octal(member) : plain(member),
    ]),
  );
}

/** `0600`. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
