/** Hair as shells over the skull: a cap, a fringe over the forehead, a curtain to the shoulders, a bun. */
import { Random } from "../../base/random.js";
import { smooth } from "./face-shape.js";
import { scale, type HairStyle, type Identity } from "./identity.js";
import { material, type MeshBuilder } from "./mesh-builder.js";
import { valueNoise } from "./noise.js";
import { along, unit, type Skull, type Vec } from "./skull.js";

interface Cut {
  /** Thickness in cm on top and at the sides. */
  readonly top: number;
  readonly side: number;
  /** Length of the fringe in cm and how ragged it is. */
  readonly fringe: number;
  readonly ragged: number;
  /** Side of the parting -1..1, 0 for none. */
  readonly parting: number;
  /** How far the hair hangs down, in cm below the ears; 0 for none. */
  readonly hang: number;
  readonly curl: number;
}

const cuts: Readonly<Record<Exclude<HairStyle, "bald">, Cut>> = {
  cropped: { top: 0.35, side: 0.15, fringe: 0, ragged: 0, parting: 0, hang: 0, curl: 0 },
  short: { top: 1.3, side: 0.45, fringe: 1.1, ragged: 0.8, parting: 0.4, hang: 0, curl: 0.1 },
  parted: { top: 1.5, side: 0.6, fringe: 1.5, ragged: 0.5, parting: 0.9, hang: 0, curl: 0 },
  fringe: { top: 1.2, side: 0.9, fringe: 2.6, ragged: 0.5, parting: 0, hang: 5, curl: 0 },
  bob: { top: 1.2, side: 0.9, fringe: 0.9, ragged: 0.4, parting: 0.7, hang: 7.5, curl: 0.05 },
  long: { top: 1.3, side: 0.9, fringe: 0, ragged: 0.3, parting: -0.5, hang: 15, curl: 0.08 },
  bun: { top: 0.7, side: 0.35, fringe: 0, ragged: 0.2, parting: 0, hang: 0, curl: 0 },
  curls: { top: 2.4, side: 1.7, fringe: 0.9, ragged: 0.9, parting: 0, hang: 0, curl: 0.5 },
};

/** Where the hairline lies on the way to the back of the head, by place on the outline 0 (forehead) .. 18 (chin). */
const hairline = [0, 0, 0, 0, 0, 0, 0.005, 0.05, 0.27, 0.33, 0.36, 0.41, 0.48, 0.56, 0.63, 0.68, 0.73, 0.76, 0.78];

export function addHair(builder: MeshBuilder, skull: Skull, rest: Float32Array, identity: Identity): void {
  if (identity.hairStyle === "bald") return;
  const cut = cuts[identity.hairStyle];
  const random = new Random(identity.seed).split("hair");
  const bumps = valueNoise(random, 64);
  const side = random.uniform() < 0.5 ? -1 : 1;
  const thickness = (k: number, depth: number): number => {
    const top = cut.side + (cut.top - cut.side) * (1 - smooth(3.5, 8, Math.abs(k)));
    const curls = 1 + cut.curl * (bumps(k * 1.7 + 40, depth * 14) - 0.5) * 2;
    return 0.05 + top * curls * smooth(0, 0.16, depth);
  };
  const cap = (k: number, row: number): Vec => {
    const start = lookUp(hairline, Math.abs(k));
    const t = start + (0.999 - start) * row ** 1.3;
    const p = skull.point(k, t);
    const n = skull.normal(k, t);
    const h = thickness(k, t - start);
    return along((d) => p[d]! + n[d]! * h);
  };
  const colour = identity.hair;
  const rows = 15;
  const columns = 96;
  builder.sheet(
    rows,
    columns,
    (row, column) => {
      const k = -18 + (36 * column) / columns;
      const r = row / (rows - 1);
      return { position: cap(k, 1 - r), u: k, v: 1 - r, colour, follow: 1 };
    },
    material.hair,
    { closed: true },
  );
  if (cut.fringe > 0) addFringe(builder, { cut, cap, rest, skull, colour, random, side });
  if (cut.hang > 0) addCurtain(builder, identity, cut, random);
  if (identity.hairStyle === "bun") addBall(builder, [0, 11.4, -8], 3, colour);
}

/** Whether a style hangs over the ears. */
export function coversEars(style: HairStyle): boolean {
  return style !== "bald" && cuts[style].hang > 0;
}

interface FringeParts {
  readonly cut: Cut;
  readonly cap: (k: number, row: number) => Vec;
  readonly rest: Float32Array;
  readonly skull: Skull;
  readonly colour: Identity["hair"];
  readonly random: Random;
  readonly side: number;
}

function addFringe(builder: MeshBuilder, parts: FringeParts): void {
  const { cut, cap, rest, skull, colour, random, side } = parts;
  const ragged = valueNoise(random, 64);
  const columns = 73;
  const rows = 7;
  const reach = 6.9;
  builder.sheet(
    rows,
    columns,
    (row, column) => {
      const k = -reach + (2 * reach * column) / (columns - 1);
      const r = row / (rows - 1);
      const start = cap(k, 0.16 * (1 - Math.min(1, r / 0.34)) ** 0.8);
      if (r <= 0.34) return { position: start, u: k, v: 0.2 * (1 - r), colour, follow: 1 };
      const edge = skull.point(k, 0);
      const ends = 1 - smooth(0.72, 1, Math.abs(k) / reach);
      const parted = 1 + cut.parting * 0.7 * Math.sin((k * side) / 2.6);
      const length = (0.25 + cut.fringe * Math.max(0.15, parted)) * (0.35 + 0.65 * ends) * (1 - cut.ragged * 0.45 * ragged(k * 4 + 50, 3.5));
      const towards = unit([-edge[0] * 0.75 + side * 1.6 * cut.parting, 3.6 - edge[1], 0]);
      const s = (r - 0.34) / 0.66;
      const x = edge[0] + towards[0] * length * s;
      const y = edge[1] + towards[1] * length * s;
      const lift = 0.1 + 0.3 * Math.min(1, cut.fringe) * (1 - 0.75 * s * s);
      const z = Math.max(surfaceHeight(rest, x, y), edge[2] - 0.2 * s) + lift;
      return { position: [x, y, z], u: k, v: -0.25 * s, colour: scale(colour, 1 - 0.15 * s), follow: 1 };
    },
    material.hair,
    { twoSided: true },
  );
}

/** From the temples round the back of the head, open in front. */
function addCurtain(builder: MeshBuilder, identity: Identity, cut: Cut, random: Random): void {
  const wave = valueNoise(random, 64);
  const rows = 14;
  const columns = 49;
  builder.sheet(
    rows,
    columns,
    (row, column) => {
      const s = (column / (columns - 1)) * 2 - 1;
      const angle = s * 2.2;
      const t = row / (rows - 1);
      const ends = 1 - 0.12 * wave(column * 0.6, 9);
      const y = 5.5 - (6 + cut.hang * ends) * t;
      const bulge = 1 + 0.09 * Math.sin(Math.PI * Math.min(1, t * 1.2)) - 0.05 * smooth(0.6, 1, t);
      const strand = 0.22 * (wave(column * 1.1, t * 3 + 20) - 0.5);
      const radius = 9.1 * bulge + strand;
      const x = radius * Math.sin(angle) * (1 - 0.12 * smooth(0.25, 0, t));
      // The angle runs from the right temple over the back to the left one.
      const z = -4.6 - 8.6 * bulge * Math.cos(angle) + (0.35 + strand) * smooth(0, 0.4, t);
      return { position: [-x, y, z], u: s * 18, v: t, colour: scale(identity.hair, 1 - 0.25 * smooth(0.2, 1, Math.abs(s)) * 0.5), follow: 1 - 0.65 * smooth(0.5, 1, t) * Math.min(1, cut.hang / 12) };
    },
    material.hair,
    { twoSided: true },
  );
}

function addBall(builder: MeshBuilder, centre: Vec, radius: number, colour: Identity["hair"]): void {
  builder.sheet(
    9,
    18,
    (row, column) => {
      const polar = (Math.PI * row) / 8;
      const angle = (2 * Math.PI * column) / 18;
      const ring = Math.sin(polar) * radius;
      return { position: [centre[0] + ring * Math.sin(angle), centre[1] + radius * Math.cos(polar), centre[2] + ring * Math.cos(angle)], u: column, v: row / 8, colour, follow: 1 };
    },
    material.hair,
    { closed: true },
  );
}

/** Height of the face over the picture plane near (x, y), by the nearest vertices. */
function surfaceHeight(rest: Float32Array, x: number, y: number): number {
  let [sum, total] = [0, 0];
  for (let i = 0; i < 468; i++) {
    const d = (rest[3 * i]! - x) ** 2 + (rest[3 * i + 1]! - y) ** 2;
    const w = 1 / (d * d + 0.02);
    sum += w * rest[3 * i + 2]!;
    total += w;
  }
  return sum / total;
}

function lookUp(table: readonly number[], at: number): number {
  const i = Math.min(table.length - 2, Math.floor(at));
  return table[i]! + (table[i + 1]! - table[i]!) * (at - i);
}
