/** Wilcoxon's signed-rank test (1945): whether paired differences lie around zero, without asking how they are distributed. */

/** With at most so many differences every sign pattern is counted; with more the sum of ranks is normal enough. */
const exactLimit = 50;

export interface SignedRank {
  /** Two-sided. */
  readonly p: number;
  /** Differences that are not zero: zeros say nothing and are left out. */
  readonly n: number;
}

/** Null where no difference is left. Equal differences share their rank; the exact distribution is that of the ranks as they are. */
export function signedRank(differences: readonly number[]): SignedRank | null {
  const values = differences.filter((value) => value !== 0);
  const n = values.length;
  if (n === 0) return null;
  const doubled = doubledRanks(values.map(Math.abs));
  const positive = values.reduce((sum, value, i) => sum + (value > 0 ? doubled[i]! : 0), 0);
  return { p: Math.min(1, n <= exactLimit ? exactP(doubled, positive) : normalP(doubled, positive)), n };
}

/** Twice the mid-ranks: whole numbers, ties and all. */
function doubledRanks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = start + 1 + end;
    start = end;
  }
  return ranks;
}

/** Twice the smaller tail over all 2^n sign patterns, which are counted by their sum. */
function exactP(doubled: readonly number[], positive: number): number {
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const share = new Float64Array(total + 1);
  share[0] = 1;
  let reach = 0;
  for (const rank of doubled) {
    reach += rank;
    for (let sum = reach; sum >= 0; sum--) share[sum] = 0.5 * share[sum]! + (sum >= rank ? 0.5 * share[sum - rank]! : 0);
  }
  const smaller = Math.min(positive, total - positive);
  let tail = 0;
  for (let sum = 0; sum <= smaller; sum++) tail += share[sum]!;
  return 2 * tail;
}

/** Normal approximation; the variance is that of the ranks as they are, which corrects for ties. */
function normalP(doubled: readonly number[], positive: number): number {
  const total = doubled.reduce((sum, rank) => sum + rank, 0);
  const deviation = Math.sqrt(doubled.reduce((sum, rank) => sum + rank * rank, 0)) / 2;
  return complementaryError(Math.abs(positive - total / 2) / deviation / Math.SQRT2);
}

/** erfc(x) for x >= 0: its series near zero, its continued fraction (Lentz) beyond. */
function complementaryError(x: number): number {
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) {
      term *= (-x * x) / k;
      sum += term / (2 * k + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 80; k > 0; k--) fraction = k / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}
