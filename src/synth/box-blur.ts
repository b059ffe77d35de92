/** Mean over a square window, in place. */

/** values: [size, size]; the window reaches `radius` to either side and is cut off at the edge. `scratch` is as large as `values`. */
export function boxBlur(values: Float32Array, size: number, radius: number, scratch: Float32Array): void {
  blurLines(values, scratch, size, radius, size, 1);
  blurLines(scratch, values, size, radius, 1, size);
}

/** Along one axis: `line` is the step between lines, `along` that within one. */
function blurLines(from: Float32Array, to: Float32Array, size: number, radius: number, line: number, along: number): void {
  for (let l = 0; l < size; l++) {
    const base = l * line;
    let sum = 0;
    for (let i = 0; i < Math.min(radius, size); i++) sum += from[base + i * along]!;
    for (let i = 0; i < size; i++) {
      if (i + radius < size) sum += from[base + (i + radius) * along]!;
      if (i - radius - 1 >= 0) sum -= from[base + (i - radius - 1) * along]!;
      const count = Math.min(size - 1, i + radius) - Math.max(0, i - radius) + 1;
      to[base + i * along] = sum / count;
    }
  }
}
