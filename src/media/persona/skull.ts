/** The head behind the face: an ellipsoid that the outline of the face runs into along meridians towards the back of the head. */
import { oval } from "./regions.js";

export type Vec = [number, number, number];

const centre: Vec = [0, 2.2, -4];
const radii: Vec = [7.5, 9.3, 9.2];

export interface Skull {
  /**
   * The point at the outline place `k` (0 = top of the forehead, 18 = chin, fractions between; negative ones on the subject's
   * right) and the fraction `t` of the way from the outline (0) to the back of the head (1), in cm.
   */
  point(k: number, t: number): Vec;
  /** Unit normal of the skull there, outwards. */
  normal(k: number, t: number): Vec;
}

export function makeSkull(rest: Float32Array): Skull {
  const outline = (k: number): Vec => {
    const place = ((k % 36) + 36) % 36;
    const i = Math.floor(place);
    const f = place - i;
    const p = (n: number): Vec => {
      const v = oval[(i + n + 36) % 36]!;
      return [rest[3 * v]!, rest[3 * v + 1]!, rest[3 * v + 2]!];
    };
    const [a, b, c, d] = [p(-1), p(0), p(1), p(2)];
    return along((n) => 0.5 * (2 * b[n]! + (c[n]! - a[n]!) * f + (2 * a[n]! - 5 * b[n]! + 4 * c[n]! - d[n]!) * f * f + (3 * b[n]! - a[n]! - 3 * c[n]! + d[n]!) * f ** 3));
  };
  const direction = (p: Vec, t: number): Vec => {
    const u = unit(along((n) => (p[n]! - centre[n]!) / radii[n]!));
    const angle = Math.acos(Math.max(-1, Math.min(1, -u[2])));
    const s = Math.sin(angle);
    const from = Math.sin((1 - t) * angle) / s;
    const to = Math.sin(t * angle) / s;
    return [u[0] * from, u[1] * from, u[2] * from - to];
  };
  return {
    point(k, t) {
      const p = outline(k);
      const start = direction(p, 0);
      const there = direction(p, t);
      const rest2 = (1 - t) ** 2;
      return along((n) => centre[n]! + radii[n]! * there[n]! + (p[n]! - centre[n]! - radii[n]! * start[n]!) * rest2);
    },
    normal(k, t) {
      const there = direction(outline(k), t);
      return unit(along((n) => there[n]! / radii[n]!));
    },
  };
}

export function along(f: (n: number) => number): Vec {
  return [f(0), f(1), f(2)];
}

export function unit(v: Vec): Vec {
  const length = Math.hypot(v[0], v[1], v[2]) || 1;
  return [v[0] / length, v[1] / length, v[2] / length];
}
