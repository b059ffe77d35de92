/** float16 (IEEE 754 binary16) as bits: 1 sign, 5 exponent, 10 fraction. */

/** Largest finite value, and the smallest that keeps all digits. */
export const largestHalf = 65504;
export const smallestHalf = 2 ** -14;

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** The nearest float16 of a number, ties to even; beyond the range infinity. */
export function halfBits(x: number): number {
  word[0] = x;
  const all = bits[0] as number;
  const sign = (all >>> 16) & 0x8000;
  const magnitude = all & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more
  if (magnitude < 0x38800000) return sign | roundEven(Math.abs(word[0] as number) * 2 ** 24); // subnormal: multiples of 2^-24
  const kept = magnitude - 0x38000000; // the exponent's bias is 15 instead of 127
  return sign | roundEven(kept / 2 ** 13);
}

export function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function roundEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
