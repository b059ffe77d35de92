/** Which triangle each sample of the picture sees, by a depth buffer; shading comes afterwards, once for each visible sample. */

export interface Coverage {
  readonly width: number;
  readonly height: number;
  /** [H,W] triangle number, -1 for none. */
  readonly triangle: Int32Array;
  /** [H,W] weights of the triangle's second and third corner. */
  readonly second: Float32Array;
  readonly third: Float32Array;
}

export interface RasterInput {
  /** [N,3]: picture place in samples and nearness (larger is nearer). */
  readonly places: Float32Array;
  /** [F,3] */
  readonly triangles: Uint32Array;
  /** Per triangle: 1 when both sides are seen. Others show the side from which their corners run counter-clockwise. */
  readonly twoSided: Uint8Array;
}

export function rasterise(input: RasterInput, width: number, height: number): Coverage {
  const { places, triangles, twoSided } = input;
  const triangle = new Int32Array(width * height).fill(-1);
  const second = new Float32Array(width * height);
  const third = new Float32Array(width * height);
  const depth = new Float32Array(width * height).fill(-Infinity);
  for (let f = 0; f < twoSided.length; f++) {
    const a = 3 * triangles[3 * f]!;
    const b = 3 * triangles[3 * f + 1]!;
    const c = 3 * triangles[3 * f + 2]!;
    const ax = places[a]!;
    const ay = places[a + 1]!;
    const bx = places[b]! - ax;
    const by = places[b + 1]! - ay;
    const cx = places[c]! - ax;
    const cy = places[c + 1]! - ay;
    // Picture rows run downwards, so counter-clockwise corners give a negative area.
    const area = bx * cy - cx * by;
    if (area === 0 || (area > 0 && twoSided[f] === 0)) continue;
    const x0 = Math.max(0, Math.ceil(ax + Math.min(0, bx, cx) - 0.5));
    const x1 = Math.min(width - 1, Math.floor(ax + Math.max(0, bx, cx) - 0.5));
    const y0 = Math.max(0, Math.ceil(ay + Math.min(0, by, cy) - 0.5));
    const y1 = Math.min(height - 1, Math.floor(ay + Math.max(0, by, cy) - 0.5));
    if (x0 > x1 || y0 > y1) continue;
    const inverse = 1 / area;
    const az = places[a + 2]!;
    const bz = places[b + 2]! - az;
    const cz = places[c + 2]! - az;
    for (let y = y0; y <= y1; y++) {
      const v = y + 0.5 - ay;
      let w1 = ((x0 + 0.5 - ax) * cy - cx * v) * inverse;
      let w2 = (bx * v - (x0 + 0.5 - ax) * by) * inverse;
      for (let x = x0, at = y * width + x0; x <= x1; x++, at++, w1 += cy * inverse, w2 -= by * inverse) {
        if (w1 < 0 || w2 < 0 || w1 + w2 > 1) continue;
        const z = az + w1 * bz + w2 * cz;
        if (z <= depth[at]!) continue;
        depth[at] = z;
        triangle[at] = f;
        second[at] = w1;
        third[at] = w2;
      }
    }
  }
  return { width, height, triangle, second, third };
}

/** Unit normals [N,3], the area-weighted means of the triangles at each vertex. */
export function vertexNormals(positions: Float32Array, triangles: Uint32Array): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t]!, 3 * triangles[t + 1]!, 3 * triangles[t + 2]!];
    const ux = positions[b]! - positions[a]!;
    const uy = positions[b + 1]! - positions[a + 1]!;
    const uz = positions[b + 2]! - positions[a + 2]!;
    const vx = positions[c]! - positions[a]!;
    const vy = positions[c + 1]! - positions[a + 1]!;
    const vz = positions[c + 2]! - positions[a + 2]!;
    const n = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (let k = 0; k < 3; k++) {
      normals[a + k] = normals[a + k]! + n[k]!;
      normals[b + k] = normals[b + k]! + n[k]!;
      normals[c + k] = normals[c + k]! + n[k]!;
    }
  }
  for (let i = 0; i < normals.length; i += 3) {
    const length = Math.hypot(normals[i]!, normals[i + 1]!, normals[i + 2]!) || 1;
    for (let k = 0; k < 3; k++) normals[i + k] = normals[i + k]! / length;
  }
  return normals;
}
