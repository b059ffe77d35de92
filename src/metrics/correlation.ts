/** Pearson's correlation of two series of one length; 0 where either does not move, because a still mouth follows nothing. */
export function pearson(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const count = Math.min(a.length, b.length);
  let [ma, mb] = [0, 0];
  for (let i = 0; i < count; i++) {
    ma += a[i]! / count;
    mb += b[i]! / count;
  }
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [p, q] = [a[i]! - ma, b[i]! - mb];
    aa += p * p;
    bb += q * q;
    ab += p * q;
  }
  // Rounding leaves a trace of movement in a constant series.
  const still = (sum: number, mean: number): boolean => sum <= 1e-18 * count * Math.max(1e-12, mean * mean);
  return still(aa, ma) || still(bb, mb) ? 0 : ab / Math.sqrt(aa * bb);
}
