/** Eigenvalues of symmetric matrices: Householder's reduction to three diagonals, then implicit QL steps (Golub & Van Loan, Matrix Computations, 8.3). */
import { TalkfaceError } from "../base/errors.js";

/** QL steps for one eigenvalue; it usually takes two. */
const mostSteps = 60;

/** Eigenvalues [n], in no order, of a symmetric matrix [n,n], which is overwritten; as exact as rounding of the largest one. */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  const { diagonal, beside } = tridiagonal(matrix, n);
  return tridiagonalEigenvalues(diagonal, beside);
}

/** Diagonal [n] and the one beside it [n], its last number 0, of a similar matrix. */
function tridiagonal(a: Float64Array, n: number): { diagonal: Float64Array; beside: Float64Array } {
  const beside = new Float64Array(n);
  const v = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    let norm = 0;
    for (let i = k + 1; i < n; i++) norm = Math.hypot(norm, (v[i] = a[i * n + k]!));
    const first = v[k + 1]!;
    beside[k] = first > 0 ? -norm : norm;
    if (norm === 0 || k === n - 2) {
      if (k === n - 2) beside[k] = first;
      continue;
    }
    // The mirror that takes column k below the diagonal to one number: I - factor v v'.
    v[k + 1] = first - beside[k]!;
    const factor = -1 / (beside[k]! * v[k + 1]!);
    let share = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += a[i * n + j]! * v[j]!;
      w[i] = factor * sum;
      share += w[i]! * v[i]!;
    }
    for (let i = k + 1; i < n; i++) w[i] = w[i]! - (factor / 2) * share * v[i]!;
    for (let i = k + 1; i < n; i++) {
      const [vi, wi] = [v[i]!, w[i]!];
      for (let j = k + 1; j < n; j++) a[i * n + j] = a[i * n + j]! - vi * w[j]! - wi * v[j]!;
    }
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i]!), beside };
}

function tridiagonalEigenvalues(d: Float64Array, e: Float64Array): Float64Array {
  const n = d.length;
  // Of the whole matrix: beside eigenvalues that are zero nothing is ever small for itself.
  const negligible = Number.EPSILON * d.reduce((most, value, i) => Math.max(most, Math.abs(value) + Math.abs(e[i]!)), 0);
  for (let l = 0; l < n; l++) {
    for (let step = 0; ; step++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > negligible) m++;
      if (m === l) break;
      if (step === mostSteps) throw new TalkfaceError("internal", "internal: symmetricEigenvalues: no convergence; the matrix may hold numbers that are not finite.");
      qlStep(d, e, l, m);
    }
  }
  return d;
}

/** One implicit step with Wilkinson's shift on the block l..m. */
function qlStep(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const half = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  const root = Math.hypot(half, 1);
  let g = d[m]! - d[l]! + e[l]! / (half + (half < 0 ? -root : root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = d[i + 1]! - p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    const t = (d[i]! - g) * s + 2 * c * b;
    p = s * t;
    d[i + 1] = g + p;
    g = c * t - b;
  }
  d[l] = d[l]! - p;
  e[l] = g;
  e[m] = 0;
}
