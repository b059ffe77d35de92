/** Weights of 2 reach + 1 neighbours that give the value at the middle of the least-squares parabola through them (Savitzky & Golay 1964). */
export function parabolaWeights(reach: number): number[] {
  const scale = ((2 * reach - 1) * (2 * reach + 1) * (2 * reach + 3)) / 3;
  return Array.from({ length: 2 * reach + 1 }, (_, k) => (3 * reach * (reach + 1) - 1 - 5 * (k - reach) ** 2) / scale);
}
