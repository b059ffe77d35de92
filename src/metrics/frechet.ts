/** Fréchet distance of two Gaussians (Dowson & Landau 1982; FID of Heusel et al. 2017) fitted to feature vectors. */
import { TalkfaceError } from "../base/errors.js";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.js";

/** Vectors as rows, [rows, size]. */
export interface Rows {
  readonly data: Float64Array;
  readonly rows: number;
  readonly size: number;
}

/**
 * |m1 - m2|² + Tr(S1 + S2 - 2 (S1 S2)^(1/2)), covariances unbiased. The root's trace is the sum of the singular values of F1 F2' for any factors with Si = Fi' Fi: with
 * few vectors these are the centred vectors themselves, so that nothing as large as a covariance is needed, and singular ones need no correction.
 * Throws `internal` for fewer than two vectors on a side.
 */
export function frechetDistance(a: Rows, b: Rows): number {
  if (a.size !== b.size || a.rows < 2 || b.rows < 2) throw new TalkfaceError("internal", `internal: frechetDistance: ${a.rows} x ${a.size} and ${b.rows} x ${b.size} numbers, expected two vectors or more of one size.`);
  const [p, q] = [centred(a), centred(b)];
  let distance = 0;
  for (let i = 0; i < a.size; i++) distance += (p.mean[i]! - q.mean[i]!) ** 2;
  return distance + squares(p.spread) + squares(q.spread) - 2 * nuclearNorm(factor(p.spread), factor(q.spread));
}

/** The mean [size], and rows less the mean over the root of their number less one: spread' spread is the covariance. */
function centred({ data, rows, size }: Rows): { readonly mean: Float64Array; readonly spread: Rows } {
  const mean = new Float64Array(size);
  for (let r = 0; r < rows; r++) for (let i = 0; i < size; i++) mean[i] = mean[i]! + data[r * size + i]! / rows;
  const scale = 1 / Math.sqrt(rows - 1);
  return { mean, spread: { data: data.map((value, at) => (value - mean[at % size]!) * scale), rows, size } };
}

function squares({ data }: Rows): number {
  return data.reduce((sum, value) => sum + value * value, 0);
}

/** At most `size` rows F with F' F = spread' spread: with more vectors, the triangle of Cholesky. */
function factor(spread: Rows): Rows {
  const { data, rows, size } = spread;
  if (rows <= size) return spread;
  const covariance = new Float64Array(size * size);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < size; i++) {
      const value = data[r * size + i]!;
      for (let j = i; j < size; j++) covariance[i * size + j]! += value * data[r * size + j]!;
    }
  }
  return { data: cholesky(covariance, size), rows: size, size };
}

/** Upper triangle U with U' U = s, row by row in place. A pivot that is zero but for rounding belongs to a feature that the others settle: its row is zero. */
function cholesky(s: Float64Array, n: number): Float64Array {
  const tiny = 1e-14 * Array.from({ length: n }, (_, i) => s[i * n + i]!).reduce((a, b) => Math.max(a, b), 0);
  for (let i = 0; i < n; i++) {
    const pivot = s[i * n + i]!;
    const root = Math.sqrt(Math.max(0, pivot));
    for (let j = 0; j < n; j++) s[i * n + j] = j < i || pivot <= tiny ? 0 : s[i * n + j]! / root;
    if (pivot <= tiny) continue;
    for (let k = i + 1; k < n; k++) {
      const value = s[i * n + k]!;
      if (value !== 0) for (let j = k; j < n; j++) s[k * n + j]! -= value * s[i * n + j]!;
    }
  }
  return s;
}

/** Sum of the singular values of A B'. */
function nuclearNorm(a: Rows, b: Rows): number {
  const [few, many] = a.rows <= b.rows ? [a, b] : [b, a];
  const product = timesTransposed(few, many);
  const gram = timesTransposed(product, product);
  return symmetricEigenvalues(gram.data, few.rows).reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
}

/** A B', [a.rows, b.rows]. Four rows of B meet a row of A at once: it is read from memory once for all of them. */
function timesTransposed(a: Rows, b: Rows): Rows {
  const { size } = a;
  const data = new Float64Array(a.rows * b.rows);
  for (let j = 0; j < b.rows; j += 4) {
    const [b0, b1, b2, b3] = [0, 1, 2, 3].map((more) => Math.min(j + more, b.rows - 1) * size) as [number, number, number, number];
    for (let i = 0; i < a.rows; i++) {
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let k = 0, p = i * size; k < size; k++, p++) {
        const value = a.data[p]!;
        s0 += value * b.data[b0 + k]!;
        s1 += value * b.data[b1 + k]!;
        s2 += value * b.data[b2 + k]!;
        s3 += value * b.data[b3 + k]!;
      }
      data.set([s0, s1, s2, s3].slice(0, b.rows - j), i * b.rows + j);
    }
  }
  return { data, rows: a.rows, size: b.rows };
}
