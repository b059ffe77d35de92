/** Smooth noise for skin, hair and eyes. */
import type { Random } from "../../base/random.js";

/** Noise 0..1 over the plane that repeats every `period`, a power of two. No closures inside: it runs for every pixel. */
export function valueNoise(random: Random, period: number): (x: number, y: number) => number {
  const values = Float32Array.from({ length: period * period }, () => random.uniform());
  const mask = period - 1;
  return (x, y) => {
    const i = Math.floor(x);
    const j = Math.floor(y);
    const fx = x - i;
    const fy = y - j;
    const u = fx * fx * (3 - 2 * fx);
    const v = fy * fy * (3 - 2 * fy);
    const left = i & mask;
    const right = (i + 1) & mask;
    const row = (j & mask) * period;
    const next = ((j + 1) & mask) * period;
    const upper = values[row + left]! + (values[row + right]! - values[row + left]!) * u;
    const lower = values[next + left]! + (values[next + right]! - values[next + left]!) * u;
    return upper + (lower - upper) * v;
  };
}
