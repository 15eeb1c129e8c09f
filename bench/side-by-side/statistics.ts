// Figures with their noise. Pure.

/** The middle of some samples, and how far they lie apart. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Null of no samples. */
export function spreadOf(samples: readonly number[]): Spread | null {
  const sorted = [...samples].sort((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (min === undefined || max === undefined) return null;
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? min) + (sorted[Math.ceil(middle)] ?? max)) / 2;
  return { min, median, max };
}

/** One figure of one round. */
export interface Timed {
  readonly round: number;
  readonly wallMs: number;
}

/**
 * How often as long as something else. Round by round: what slows the machine for a while slows both, and is no
 * difference between them.
 */
export function ratioOf(own: readonly Timed[], others: readonly Timed[]): Spread | null {
  const ratios = own.flatMap(({ round, wallMs }) => {
    const other = others.find((sample) => sample.round === round);
    return other === undefined || other.wallMs === 0 ? [] : [wallMs / other.wallMs];
  });
  return spreadOf(ratios);
}
