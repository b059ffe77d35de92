/** Colour of one visible sample: skin, eyeball, mouth, hair, cloth under a main light, a fill and the sky. */
import { Random } from "../../base/random.js";
import { moveWithJaw } from "./expression.js";
import { smooth } from "./face-shape.js";
import { material } from "./mesh-builder.js";
import type { Persona } from "./model.js";
import { valueNoise } from "./noise.js";
import { along, unit, type Vec } from "./skull.js";

/** A persona at one moment, ready to be shaded. */
export interface Shot {
  readonly persona: Persona;
  /** [N,3] cm: in head space and in the world. */
  readonly head: Float32Array;
  readonly world: Float32Array;
  readonly normals: Float32Array;
  readonly rotation: Float64Array;
  readonly pivot: readonly [number, number, number];
  readonly shift: readonly [number, number, number];
  readonly camera: readonly [number, number, number];
  readonly gaze: readonly [number, number];
  readonly jaw: number;
  /** Roundness of the lips 0..1: they cover the teeth. */
  readonly round: number;
}

/** Adds `weight` times the colour of the place with the corner weights `w1`, `w2` in the triangle to `sum` [C], linear. */
export type Shader = (triangle: number, w1: number, w2: number, weight: number, sum: Float64Array) => void;

const eyeballRadius = 1.28;

/** `detail`: pixels across the picture, by which the painted skin is chosen fine or coarse. */
export function createShader(shot: Shot, detail: number): Shader {
  const { persona, world, normals, head, camera } = shot;
  const { mesh, identity, texture } = persona;
  const { contrast, side } = identity.light;
  const key = unit([side * 0.75, 0.55, 0.85]);
  const fill = unit([-side * 0.8, 0.1, 0.7]);
  const strength = { key: 0.6 + 0.32 * contrast, fill: 0.27 * (1 - 0.5 * contrast), sky: 0.37 - 0.13 * contrast };
  const strands = valueNoise(new Random(identity.seed).split("strands"), 128);
  const eye = createEyeShader(shot);
  const mouth = createMouthShader(shot);
  const { texels, size } = texture.find((level) => level.size < 1.4 * detail) ?? texture.at(-1)!;
  const albedo = new Float64Array(3);
  // Light reaches further round skin in red than in blue, because it travels below the surface.
  const wrap = [0.34, 0.2, 0.16];

  return (f, w1, w2, weight, sum) => {
    // Written out and without closures: this runs for every visible pixel.
    const { triangles, materials, twoSided, colours, places } = mesh;
    const na = triangles[3 * f]!;
    const nb = triangles[3 * f + 1]!;
    const nc = triangles[3 * f + 2]!;
    const [a, b, c] = [3 * na, 3 * nb, 3 * nc];
    const w0 = 1 - w1 - w2;
    const kind = materials[f]!;
    let nx = w0 * normals[a]! + w1 * normals[b]! + w2 * normals[c]!;
    let ny = w0 * normals[a + 1]! + w1 * normals[b + 1]! + w2 * normals[c + 1]!;
    let nz = w0 * normals[a + 2]! + w1 * normals[b + 2]! + w2 * normals[c + 2]!;
    const scale = 1 / (Math.sqrt(nx * nx + ny * ny + nz * nz) || 1);
    nx *= scale;
    ny *= scale;
    nz *= scale;
    let vx = camera[0] - (w0 * world[a]! + w1 * world[b]! + w2 * world[c]!);
    let vy = camera[1] - (w0 * world[a + 1]! + w1 * world[b + 1]! + w2 * world[c + 1]!);
    let vz = camera[2] - (w0 * world[a + 2]! + w1 * world[b + 2]! + w2 * world[c + 2]!);
    const near = 1 / Math.sqrt(vx * vx + vy * vy + vz * vz);
    vx *= near;
    vy *= near;
    vz *= near;
    if (twoSided[f] === 1 && nx * vx + ny * vy + nz * vz < 0) {
      nx = -nx;
      ny = -ny;
      nz = -nz;
    }
    const lit = nx * key[0] + ny * key[1] + nz * key[2];
    if (kind === material.eye || kind === material.mouth) {
      const light = strength.sky + strength.key * Math.max(0.15, lit) + strength.fill * 0.5;
      const shader = kind === material.eye ? eye : mouth;
      const x = w0 * head[a]! + w1 * head[b]! + w2 * head[c]!;
      const y = w0 * head[a + 1]! + w1 * head[b + 1]! + w2 * head[c + 1]!;
      const z = w0 * head[a + 2]! + w1 * head[b + 2]! + w2 * head[c + 2]!;
      shader(x, y, z, w0 * colours[a]! + w1 * colours[b]! + w2 * colours[c]!, light * weight, weight, sum);
      return;
    }
    const u = w0 * places[2 * na]! + w1 * places[2 * nb]! + w2 * places[2 * nc]!;
    const v = w0 * places[2 * na + 1]! + w1 * places[2 * nb + 1]! + w2 * places[2 * nc + 1]!;
    let gloss = 0.3;
    if (kind === material.face) {
      gloss = sample(texels, size, u, v, albedo);
    } else if (kind === material.cloth && v < 1) {
      for (let k = 0; k < 3; k++) albedo[k] = identity.skin[k]! * 0.85;
    } else {
      for (let k = 0; k < 3; k++) albedo[k] = w0 * colours[a + k]! + w1 * colours[b + k]! + w2 * colours[c + k]!;
    }
    const filled = nx * fill[0] + ny * fill[1] + nz * fill[2];
    const sky = strength.sky * (0.72 + 0.28 * ny);
    if (kind === material.hair) {
      shadeHair(u, v, lit, filled, sky, ny);
      for (let k = 0; k < 3; k++) sum[k] = sum[k]! + weight * albedo[k]!;
      return;
    }
    const isSkin = kind !== material.cloth || v < 1;
    let shine = 0;
    if (isSkin) {
      const hx = key[0] + vx;
      const hy = key[1] + vy;
      const hz = key[2] + vz;
      const half = Math.max(0, (nx * hx + ny * hy + nz * hz) / Math.sqrt(hx * hx + hy * hy + hz * hz));
      const edge = 1 - Math.max(0, nx * vx + ny * vy + nz * vz);
      const broad = half > 0.6 ? Math.exp(22 * Math.log(half)) : 0;
      const sharp = broad * broad * broad * broad;
      shine = strength.key * gloss * (0.1 * broad + 0.1 * gloss * sharp) + 0.035 * edge * edge * edge * edge;
    } else {
      const seam = 1 - 0.3 * Math.exp(-(((v - 1.04) / 0.03) ** 2));
      for (let k = 0; k < 3; k++) albedo[k] = albedo[k]! * seam;
    }
    for (let k = 0; k < 3; k++) {
      const round = isSkin ? wrap[k]! : 0.1;
      const diffuse = strength.key * Math.max(0, (lit + round) / (1 + round)) + strength.fill * Math.max(0, (filled + 0.3) / 1.3) + sky;
      sum[k] = sum[k]! + weight * (albedo[k]! * diffuse + shine);
    }
  };

  function shadeHair(u: number, v: number, lit: number, filled: number, sky: number, ny: number): void {
    const strand = 0.6 * strands(u * 9 + 64, v * 4 + 64) + 0.4 * strands(u * 26 + 64, v * 7 + 64);
    const body = 0.45 + 0.9 * strand;
    const diffuse = strength.key * Math.max(0, (lit + 0.35) / 1.35) + strength.fill * Math.max(0, (filled + 0.4) / 1.4) + sky;
    // A band of light across the strands, where they turn away from it.
    const band = 0.5 * Math.exp(-(((lit - 0.72 - 0.12 * (strand - 0.5)) / 0.16) ** 2)) * (0.4 + 0.6 * strand) * (0.5 + 0.5 * Math.max(0, ny + 0.3));
    for (let k = 0; k < 3; k++) albedo[k] = albedo[k]! * body * diffuse + strength.key * band * (0.03 + 0.45 * albedo[k]!);
  }
}

/** Bilinear colour of the painted skin into `out`; returns its gloss. */
function sample(texels: Float32Array, size: number, u: number, v: number, out: Float64Array): number {
  const x = Math.max(0, Math.min(size - 1.001, u * size - 0.5));
  const y = Math.max(0, Math.min(size - 1.001, v * size - 0.5));
  const i = Math.floor(x);
  const j = Math.floor(y);
  const fx = x - i;
  const fy = y - j;
  const p = (j * size + i) * 4;
  const q = p + size * 4;
  for (let k = 0; k < 3; k++) {
    const upper = texels[p + k]! + (texels[p + 4 + k]! - texels[p + k]!) * fx;
    const lower = texels[q + k]! + (texels[q + 4 + k]! - texels[q + k]!) * fx;
    out[k] = upper + (lower - upper) * fy;
  }
  const upper = texels[p + 3]! + (texels[p + 7]! - texels[p + 3]!) * fx;
  const lower = texels[q + 3]! + (texels[q + 7]! - texels[q + 3]!) * fx;
  return upper + (lower - upper) * fy;
}

/** `light` includes the weight of the sample. */
type HoleShader = (x: number, y: number, z: number, upper: number, light: number, weight: number, sum: Float64Array) => void;

/** The camera in head space, so that what lies behind lids and lips shifts with the head's turn. */
function cameraInHead(shot: Shot): Vec {
  const { rotation: r, camera, pivot, shift } = shot;
  const d = along((k) => camera[k]! - pivot[k]! - shift[k]!);
  return along((k) => r[k]! * d[0] + r[3 + k]! * d[1] + r[6 + k]! * d[2] + pivot[k]!);
}

/** Follows the view through the opening of the lids to the eyeball behind it. */
function createEyeShader(shot: Shot): HoleShader {
  const { persona, gaze } = shot;
  const { iris, seed } = persona.identity;
  const { eyeballs } = persona;
  const eyepoint = cameraInHead(shot);
  const look = unit([0.5 * gaze[0], 0.34 * gaze[1], 1]);
  const fibres = valueNoise(new Random(seed).split("iris"), 64);
  const shineAt = unit([0.32 * shot.persona.identity.light.side, 0.34, 1]);
  return (x, y, z, upper, light, weight, sum) => {
    const e = x < 0 ? 0 : 3;
    const d = unit([x - eyepoint[0], y - eyepoint[1], z - eyepoint[2]]);
    const o: Vec = [x - eyeballs[e]!, y - eyeballs[e + 1]!, z - eyeballs[e + 2]!];
    const along0 = o[0] * d[0] + o[1] * d[1] + o[2] * d[2];
    const inside = along0 * along0 - (o[0] ** 2 + o[1] ** 2 + o[2] ** 2) + eyeballRadius ** 2;
    const t = inside > 0 ? -along0 - Math.sqrt(inside) : -along0;
    const p = unit([o[0] + t * d[0], o[1] + t * d[1], o[2] + t * d[2]]);
    const angle = Math.acos(Math.min(1, p[0] * look[0] + p[1] * look[1] + p[2] * look[2]));
    const turn = Math.atan2(p[1] - look[1], p[0] - look[0]);
    const white = 0.72 - 0.28 * smooth(0.5, 1.15, Math.abs(p[0]));
    let colour: Vec = [white, white * 0.93, white * 0.9];
    const irisShare = smooth(0.485, 0.455, angle);
    if (irisShare > 0) {
      const ray = 0.7 + 0.6 * fibres(turn * 9 + 32, angle * 6 + 32);
      const rim = 1 - 0.65 * smooth(0.37, 0.47, angle);
      const heart = 1 + 0.35 * smooth(0.34, 0.2, angle);
      const pupil = smooth(0.19, 0.165, angle);
      colour = along((k) => colour[k]! + irisShare * (iris[k]! * 1.15 * ray * rim * heart * (1 - pupil) + 0.004 - colour[k]!));
    }
    // Lids and lashes shade the ball; the wet rim below catches light.
    const shadow = (1 - 0.62 * smooth(0.42, 1, upper)) * (1 - 0.25 * smooth(0.16, 0, upper));
    const lash = smooth(0.84, 0.97, upper) * 0.9;
    const shine = smooth(0.985, 0.994, p[0] * shineAt[0] + p[1] * shineAt[1] + p[2] * shineAt[2]) * (1 - lash);
    for (let k = 0; k < 3; k++) sum[k] = sum[k]! + (colour[k]! * light * shadow * 0.95 + weight * 0.85 * shine) * (1 - lash) + weight * 0.012 * lash;
  };
}

/** Follows the view through the lips to teeth and tongue. */
function createMouthShader(shot: Shot): HoleShader {
  const { persona, jaw } = shot;
  const { rest } = persona.shape;
  const eyepoint = cameraInHead(shot);
  const restY = rest[3 * 13 + 1]!;
  const restZ = rest[3 * 13 + 2]!;
  const arch = restZ - 0.35;
  const [lowerY, lowerZ] = moveWithJaw(restY - 0.22 - 0.35 * shot.round, arch - 0.12, jaw);
  const teeth: Vec = [0.66, 0.6, 0.5];
  return (x, y, z, upper, light, weight, sum) => {
    const d = [x - eyepoint[0], y - eyepoint[1], z - eyepoint[2]] as const;
    const reach = (depth: number): [number, number] => {
      const t = (depth - z) / d[2];
      return [x + t * d[0], y + t * d[1]];
    };
    // Lips shade what lies behind them, the more the further they stand out.
    const depth = Math.max(0, z - arch - 0.3);
    const shelter = (0.45 + 0.55 * smooth(1, 0.55, upper)) * (0.7 + 0.3 * smooth(0, 0.3, upper)) * Math.exp(-2 * depth);
    let colour: Vec = [0.055, 0.014, 0.013];
    const [tx, ty] = reach(lowerZ - 1.1);
    const tongue = smooth(1.15, 0.75, Math.hypot(tx / 1.5, (ty - lowerY + 0.35) / (0.35 + 1.3 * jaw)));
    if (tongue > 0) colour = along((k) => colour[k]! + tongue * ([0.3, 0.075, 0.07][k]! - colour[k]!));
    const [lx, ly] = reach(lowerZ - 0.1 * x * x);
    const lower = smooth(lowerY + 0.03, lowerY - 0.05, ly + 0.05 * Math.abs(Math.sin((lx * Math.PI) / 0.44))) * smooth(2.1, 1.7, Math.abs(lx));
    if (lower > 0) colour = tooth(colour, lower * 0.92, lx, 0.44);
    const [ux, uy] = reach(arch - 0.12 * x * x);
    const edge = restY - 0.3 + 0.45 * shot.round + 0.05 * ux * ux;
    const top = smooth(edge - 0.04, edge + 0.04, uy - 0.03 * Math.abs(Math.sin((ux * Math.PI) / 0.62))) * smooth(2.3, 1.9, Math.abs(ux));
    if (top > 0) colour = tooth(colour, top, ux, 0.62);
    for (let k = 0; k < 3; k++) sum[k] = sum[k]! + colour[k]! * shelter * (0.35 * weight + 0.7 * light);
  };

  /** One row of teeth over what lies behind: gaps between them, darker to the sides where the arch turns back. */
  function tooth(behind: Vec, share: number, across: number, width: number): Vec {
    const gap = Math.abs(Math.sin((across * Math.PI) / width));
    const level = (0.78 + 0.22 * smooth(0, 0.28, gap)) * (1 - 0.6 * smooth(0.5, 2.2, Math.abs(across)));
    return along((k) => behind[k]! + share * (teeth[k]! * level - behind[k]!));
  }
}
