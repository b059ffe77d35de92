/** Paints the skin of the face once per persona: complexion, lips, brows, lashes, folds, freckles, beard. */
import { Random } from "../../base/random.js";
import type { CanonicalMesh } from "../canonical-mesh.js";
import { smooth } from "./face-shape.js";
import { mix, scale, type Colour, type Identity } from "./identity.js";
import { valueNoise } from "./noise.js";
import { eyes, lipRing, oval, upperInnerLip, type EyeRegion } from "./regions.js";

export interface SkinTexture {
  readonly size: number;
  /** [size,size,4]: linear albedo and gloss 0..1, over the uv plane of the canonical mesh. */
  readonly texels: Float32Array;
}

interface Brush {
  colour: [number, number, number];
  gloss: number;
}

/** The painted skin, 512 texels wide, and its halvings down to 64 for small pictures: the finest first. */
export function paintSkin(mesh: CanonicalMesh, rest: Float32Array, identity: Identity): SkinTexture[] {
  const levels = [paintLevel(mesh, rest, identity, 512)];
  while (levels.at(-1)!.size > 64) levels.push(halve(levels.at(-1)!));
  return levels;
}

function halve({ size, texels }: SkinTexture): SkinTexture {
  const half = size / 2;
  const out = new Float32Array(half * half * 4);
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      for (let k = 0; k < 4; k++) {
        const at = (2 * y * size + 2 * x) * 4 + k;
        out[(y * half + x) * 4 + k] = (texels[at]! + texels[at + 4]! + texels[at + size * 4]! + texels[at + size * 4 + 4]!) / 4;
      }
    }
  }
  return { size: half, texels: out };
}

function paintLevel(mesh: CanonicalMesh, rest: Float32Array, identity: Identity, size: number): SkinTexture {
  const places = placeMap(mesh, rest, size);
  const texels = new Float32Array(size * size * 4);
  const paint = makePainter(rest, identity);
  const brush: Brush = { colour: [0, 0, 0], gloss: 0 };
  for (let i = 0; i < size * size; i++) {
    const z = places[3 * i + 2]!;
    brush.colour[0] = identity.skin[0];
    brush.colour[1] = identity.skin[1];
    brush.colour[2] = identity.skin[2];
    brush.gloss = 0.35;
    if (!Number.isNaN(z)) paint(brush, places[3 * i]!, places[3 * i + 1]!);
    texels[4 * i] = brush.colour[0];
    texels[4 * i + 1] = brush.colour[1];
    texels[4 * i + 2] = brush.colour[2];
    texels[4 * i + 3] = brush.gloss;
  }
  return { size, texels };
}

/** Stubble 0..1 at a place of the face or the underside of the jaw, in cm; also colours the vertices beyond the face. */
export function beardShare(identity: Identity, rest: Float32Array, x: number, y: number): number {
  if (identity.beard === 0) return 0;
  const mouthY = rest[3 * 13 + 1]!;
  const a = Math.abs(x);
  const jaw = smooth(mouthY + 2 - 0.9 * smooth(2.5, 5, a) + 1.5 * smooth(5.2, 6.6, a), mouthY - 1.6 + 1.4 * smooth(5, 6.6, a), y);
  const lip = Math.exp(-(((y - mouthY - 1.05) / 0.55) ** 2)) * (1 - smooth(2.1, 3.2, a));
  return identity.beard * Math.min(1, Math.max(jaw, lip));
}

function makePainter(rest: Float32Array, identity: Identity): (brush: Brush, x: number, y: number) => void {
  const random = new Random(identity.seed).split("skin");
  const coarse = valueNoise(random, 64);
  const fine = valueNoise(random, 128);
  const at = (i: number): [number, number] => [rest[3 * i]!, rest[3 * i + 1]!];
  const lips = lipRing().map(at);
  const mouthLine = upperInnerLip.map(at);
  const outline = oval.map(at);
  const freckles = Array.from({ length: Math.round(160 * identity.freckles) }, () => {
    const side = random.uniform() < 0.5 ? -1 : 1;
    return [side * Math.abs(2.6 + 1.9 * random.normal()), 0.2 + 1.5 * random.normal(), random.uniform(0.05, 0.11)] as const;
  });
  const eyeLines = eyes.map((eye) => eyePainting(eye, at));
  const nostril = [at(60), at(290)].map(([x, y]): [number, number] => [x * 1.05, y + 0.12]);
  const wing = [at(64), at(294)];
  const { skin, age } = identity;
  const blush: Colour = [skin[0] * 1.02, skin[1] * 0.72, skin[2] * 0.7];
  const deep: Colour = [skin[0] * 0.55, skin[1] * 0.4, skin[2] * 0.36];
  const stubble = mix(scale(skin, 0.5), identity.hair, 0.6);
  const line: Colour = [deep[0] * 0.4, deep[1] * 0.3, deep[2] * 0.3];

  const lay = (brush: Brush, colour: Colour, share: number): void => {
    for (let k = 0; k < 3; k++) brush.colour[k] = brush.colour[k]! + (colour[k]! - brush.colour[k]!) * share;
  };
  return (brush, x, y) => {
    const a = Math.abs(x);
    const edge = insideDistance(outline, x, y);
    const inner = smooth(0, 1.4, edge); // details fade where the skull's plain skin takes over
    const spot = (cx: number, cy: number, rx: number, ry: number): number => Math.exp(-(((a - cx) / rx) ** 2) - ((y - cy) / ry) ** 2);
    const mottle = 1 + inner * (0.07 * (coarse(x * 0.9 + 30, y * 0.9 + 30) - 0.5) + 0.07 * (fine(x * 9 + 60, y * 9 + 60) - 0.5));
    for (let k = 0; k < 3; k++) brush.colour[k] = brush.colour[k]! * mottle;
    lay(brush, blush, inner * (0.42 * spot(4.3, -1.1, 1.7, 1.5) + 0.4 * spot(0, -0.7, 1.2, 0.9) + 0.18 * spot(0, -8, 1.6, 1)));
    brush.gloss += 0.3 * spot(0, -0.4, 0.8, 1.6) + 0.25 * spot(0, 6, 3, 1.3) - 0.15 * spot(5, -3, 2, 3);
    // Soft shadows that a light of few directions does not give: inner eye corners, wings of the nose, below the lower lip.
    lay(brush, deep, inner * 0.3 * spot(1.75, 3, 0.75, 0.8));
    lay(brush, deep, inner * (0.12 + 0.2 * age) * spot(3.2, 1.35, 1.5, 0.35));
    lay(brush, deep, 0.16 * spot(0, lips[15]![1] - 0.55, 1.6, 0.4));
    lay(brush, deep, 0.1 * spot(0.32, -2.85, 0.16, 0.5));
    for (const [wx, wy] of wing) lay(brush, deep, 0.4 * Math.exp(-(((x - wx * 1.04) / 0.2) ** 2) - ((y - wy) / 0.6) ** 2));
    const fold = Math.sqrt(segmentSquare(a, y, 1.95, -1.2, 3.05, -3.7));
    lay(brush, deep, (0.07 + 0.24 * age) * Math.exp(-((fold / 0.24) ** 2)));
    if (age > 0.3) {
      for (const cy of [5.9, 6.6, 7.2]) lay(brush, deep, inner * 0.16 * (age - 0.3) * Math.exp(-(((y - cy - 0.15 * coarse(x * 0.5 + 9, cy)) / 0.09) ** 2)) * (1 - smooth(2.5, 4.5, a)));
    }
    for (const [nx, ny] of nostril) lay(brush, line, 0.9 * smooth(1.25, 0.5, Math.hypot((x - nx) / 0.36, (y - ny) / 0.24)));
    for (const [fx, fy, r] of freckles) {
      const d = (x - fx) ** 2 + (y - fy) ** 2;
      if (d < 0.1) lay(brush, deep, inner * 0.38 * Math.exp(-d / (r * r)));
    }
    const beard = beardShare(identity, rest, x, y) * (0.75 + 0.5 * (fine(x * 14 + 60, y * 10 + 60) - 0.5));
    lay(brush, stubble, Math.min(1, 0.85 * beard));
    brush.gloss *= 1 - 0.6 * beard;
    paintLips(brush, identity, { lips, mouthLine, line, fine, lay }, x, y);
    for (const paintEye of eyeLines) paintEye(brush, { identity, deep, fine, lay }, x, y);
    if (identity.hairStyle !== "bald" && y > 3) {
      lay(brush, identity.hair, 0.8 * smooth(0.9 * (0.35 + fine(x * 7 + 60, 3)), 0, edge));
    }
  };
}

type Lay = (brush: Brush, colour: Colour, share: number) => void;
type Line = readonly (readonly [number, number])[];

interface LipPaint {
  readonly lips: Line;
  readonly mouthLine: Line;
  readonly line: Colour;
  readonly fine: (x: number, y: number) => number;
  readonly lay: Lay;
}

function paintLips(brush: Brush, identity: Identity, paint: LipPaint, x: number, y: number): void {
  const { lips, mouthLine, line, fine, lay } = paint;
  if (Math.abs(y - mouthLine[5]![1]) > 2.5) return;
  const depth = insideDistance(lips, x, y);
  if (depth <= -0.3) return;
  const share = smooth(-0.16, 0.14, depth);
  const creases = 0.9 + 0.2 * fine(x * 7 + 60, y * 1.2 + 60);
  const middle = lineDistance(mouthLine, x, y);
  lay(brush, scale(identity.lips, creases * (0.86 + 0.14 * smooth(0, 0.5, middle))), share);
  lay(brush, line, 0.75 * Math.exp(-((middle / 0.11) ** 2)));
  brush.gloss += share * 0.45;
}

/** Brow, lid fold, lashes of one eye. */
function eyePainting(eye: EyeRegion, at: (i: number) => [number, number]) {
  const contour = (list: readonly number[]): Line => [eye.outerCorner, ...list, eye.innerCorner].map(at);
  const upper = contour(eye.upper);
  const lower = contour(eye.lower);
  const fold = eye.upperFold.map(at);
  const brow = eye.browTop.map((i, k): [number, number] => {
    const [a, b] = [at(i), at(eye.browBottom[k]!)];
    return [a[0] * 0.55 + b[0] * 0.45, a[1] * 0.55 + b[1] * 0.45];
  });
  const centre = at(eye.outerCorner)[0];
  return (brush: Brush, paint: { identity: Identity; deep: Colour; fine: (x: number, y: number) => number; lay: Lay }, x: number, y: number): void => {
    if (x * centre < 0 || Math.abs(y - 3.5) > 3.5) return;
    const { identity, deep, fine, lay } = paint;
    lay(brush, deep, 0.5 * Math.exp(-((lineDistance(fold, x, y) / 0.11) ** 2)));
    const top = lineDistance(upper, x, y);
    lay(brush, deep, 0.28 * Math.exp(-((top / 0.4) ** 2)));
    lay(brush, [0.012, 0.008, 0.007], 0.92 * Math.exp(-((top / 0.1) ** 2)));
    const low = lineDistance(lower, x, y);
    lay(brush, deep, 0.5 * Math.exp(-((low / 0.12) ** 2)));
    const { distance, place } = nearest(brow, x, y);
    const half = (0.2 + 0.26 * identity.browThickness) * (0.5 + 0.5 * smooth(0, 0.45, place)) * (1 - 0.25 * smooth(0.8, 1, place));
    if (distance < half + 0.5) {
      const hairs = 0.6 + 0.55 * fine(x * 13 * Math.sign(centre) * -1 - y * 9 + 60, y * 4 + x * 2 + 60);
      const body = smooth(half + 0.14, half * 0.35, distance);
      const dark = scale(identity.hair, 0.6);
      lay(brush, dark, Math.min(0.94, body * hairs * (0.75 + 0.25 * identity.browThickness)));
      brush.gloss *= 1 - 0.5 * body;
    }
  };
}

/** The place in cm of every texel that lies on the mesh; z is NaN elsewhere. */
function placeMap(mesh: CanonicalMesh, rest: Float32Array, size: number): Float32Array {
  const map = new Float32Array(size * size * 3).fill(NaN);
  const { uvs, triangles } = mesh;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    const px = [a, b, c].map((i) => uvs[2 * i]! * size - 0.5);
    const py = [a, b, c].map((i) => uvs[2 * i + 1]! * size - 0.5);
    const area = (px[1]! - px[0]!) * (py[2]! - py[0]!) - (px[2]! - px[0]!) * (py[1]! - py[0]!);
    if (Math.abs(area) < 1e-9) continue;
    // One texel beyond each edge, so that filtering at the outline finds paint.
    const slack = 1.5 / Math.sqrt(Math.abs(area));
    for (let y = Math.max(0, Math.floor(Math.min(...py)) - 1); y <= Math.min(size - 1, Math.max(...py) + 2); y++) {
      for (let x = Math.max(0, Math.floor(Math.min(...px)) - 1); x <= Math.min(size - 1, Math.max(...px) + 2); x++) {
        const w1 = ((x - px[0]!) * (py[2]! - py[0]!) - (px[2]! - px[0]!) * (y - py[0]!)) / area;
        const w2 = ((px[1]! - px[0]!) * (y - py[0]!) - (x - px[0]!) * (py[1]! - py[0]!)) / area;
        const w0 = 1 - w1 - w2;
        const outside = Math.min(w0, w1, w2);
        const at = (y * size + x) * 3;
        if (outside < -slack || (outside < 0 && !Number.isNaN(map[at]!))) continue;
        for (let k = 0; k < 3; k++) map[at + k] = w0 * rest[3 * a + k]! + w1 * rest[3 * b + k]! + w2 * rest[3 * c + k]!;
      }
    }
  }
  return map;
}

/** Squared distance to a segment; squares, because roots of every segment would take most of the painting time. */
function segmentSquare(x: number, y: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  const ex = x - ax - t * dx;
  const ey = y - ay - t * dy;
  return ex * ex + ey * ey;
}

/** Distance to an open line and where along it (0..1) the nearest point lies. */
function nearest(line: Line, x: number, y: number): { distance: number; place: number } {
  let best = Infinity;
  let place = 0;
  for (let i = 0; i + 1 < line.length; i++) {
    const [ax, ay] = line[i]!;
    const [bx, by] = line[i + 1]!;
    const square = segmentSquare(x, y, ax, ay, bx, by);
    if (square >= best) continue;
    best = square;
    place = (i + Math.max(0, Math.min(1, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2 || 1)))) / (line.length - 1);
  }
  return { distance: Math.sqrt(best), place };
}

function lineDistance(line: Line, x: number, y: number): number {
  return nearest(line, x, y).distance;
}

/** Distance to a closed contour, positive inside. */
function insideDistance(ring: Line, x: number, y: number): number {
  let distance = Infinity;
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[i]!;
    const [bx, by] = ring[j]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    distance = Math.min(distance, segmentSquare(x, y, ax, ay, bx, by));
  }
  return inside ? Math.sqrt(distance) : -Math.sqrt(distance);
}
