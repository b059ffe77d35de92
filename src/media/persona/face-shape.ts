/** The face of a person at rest: the canonical mesh with closed lips, bent by soft local changes of proportion. */
import type { CanonicalMesh } from "../canonical-mesh.js";
import { faceGraph, harmonicField, type FaceGraph } from "./fields.js";
import type { Identity } from "./identity.js";
import { eyeRing, eyes, lowerInnerLip, lowerMiddleLip, lowerOuterLip, mouthRing, nose, oval, upperInnerLip, upperMiddleLip, upperOuterLip } from "./regions.js";

export interface FaceShape {
  /** [L=468, 3] cm, lips closed, eyes open. */
  readonly rest: Float32Array;
  /** Connections of the skin only: nothing across the mouth and the eyes. */
  readonly graph: FaceGraph;
  /** Triangles [F,3] of the skin and those that close the mouth and the two eyes. */
  readonly skin: readonly number[];
  readonly mouth: readonly number[];
  readonly eyes: readonly (readonly number[])[];
}

export function shapeFace(mesh: CanonicalMesh, identity: Identity): FaceShape {
  const { skin, mouth, eyes: eyeHoles } = splitTriangles(mesh.triangles);
  const graph = faceGraph(468, skin);
  const rest = Float32Array.from(mesh.positions);
  closeLips(rest, graph);
  proportion(rest, identity.proportions);
  return { rest, graph, skin, mouth, eyes: eyeHoles };
}

function splitTriangles(triangles: ArrayLike<number>): { skin: number[]; mouth: number[]; eyes: number[][] } {
  const holes = [mouthRing(), ...eyes.map(eyeRing)].map((ring) => new Set(ring));
  const parts: number[][] = [[], [], [], []];
  for (let t = 0; t < triangles.length; t += 3) {
    const corners = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    parts[holes.findIndex((hole) => corners.every((i) => hole.has(i))) + 1]!.push(...corners);
  }
  return { skin: parts[0]!, mouth: parts[1]!, eyes: [parts[2]!, parts[3]!] };
}

/** The canonical lips stand apart by half a centimetre; at rest they touch, and the rest of the lips follows. */
function closeLips(rest: Float32Array, graph: FaceGraph): void {
  const handles = new Map<number, number[]>([...oval, ...nose].map((i) => [i, [0, 0, 0]]));
  lowerInnerLip.forEach((low, k) => {
    const high = upperInnerLip[k + 1]!;
    const half = [0, 1, 2].map((d) => (rest[3 * low + d]! - rest[3 * high + d]!) / 2);
    handles.set(high, half);
    handles.set(low, half.map((v) => -v));
  });
  for (const corner of [78, 308]) handles.set(corner, [0, 0, 0]);
  addField(rest, harmonicField(graph, handles, 3));
}

function addField(rest: Float32Array, field: Float32Array): void {
  for (let i = 0; i < rest.length; i++) rest[i] = rest[i]! + field[i]!;
}

function proportion(rest: Float32Array, p: Identity["proportions"]): void {
  const lips = new Set([...upperOuterLip, ...lowerOuterLip, ...upperMiddleLip.flat(), ...lowerMiddleLip.flat(), ...mouthRing()]);
  const mouthY = rest[3 * 13 + 1]!;
  for (let i = 0; i < 468; i++) {
    let [x, y, z] = [rest[3 * i]!, rest[3 * i + 1]!, rest[3 * i + 2]!];
    const near = (cx: number, cy: number, radius: number): number => Math.exp(-((Math.abs(x) - cx) ** 2 + (y - cy) ** 2) / (radius * radius));
    const side = Math.sign(x);
    const [nx, ny] = [x, y];
    // Lips first, while the mouth stands where the constants say.
    const fullness = near(0, mouthY, 1.9) * Math.max(0, 1 - (Math.abs(x) / 2.6) ** 2);
    if (y > mouthY) y += 0.22 * p.upperLip * fullness * Math.min(1, (y - mouthY) / 0.7);
    else y += 0.26 * p.lowerLip * fullness * Math.max(-1, (y - mouthY) / 0.9);
    if (lips.has(i)) z += 0.12 * ((ny > mouthY ? p.upperLip : p.lowerLip) + 0.5) * fullness;
    x += 0.28 * p.mouthWidth * near(0, mouthY, 3) * (nx / 2.5);
    x += 0.3 * p.noseWidth * near(1.3, -1.1, 1.2) * side * Math.min(1, Math.abs(nx) / 1.2);
    y += -0.3 * p.noseLength * near(0, -1.1, 1.8);
    z += 0.45 * p.noseHeight * near(0, 0, 2) + 0.25 * p.noseHeight * near(0, 2.2, 1.3);
    const eye = near(3.15, 2.62, 1.9);
    // The canonical eyes are narrowed by a smile; people look awake with wider ones.
    x += 0.1 * p.eyeSize * eye * (Math.abs(nx) - 3.15) * side + 0.2 * p.eyeSpacing * eye * side;
    y += (0.22 * p.eyeSize + 0.42) * eye * (ny - 2.62) + 0.1 * p.eyeTilt * eye * (Math.abs(nx) - 3.15);
    y += 0.3 * p.browHeight * near(3.4, 4.9, 2);
    const cheek = near(4.8, -2.2, 2.6);
    x += 0.4 * p.cheeks * cheek * side;
    z += 0.45 * p.cheeks * cheek;
    const low = smooth(0, -7, ny);
    x *= 1 + 0.035 * p.faceWidth + 0.075 * p.jawWidth * low;
    y += -0.55 * p.chinLength * smooth(-5, -9, ny);
    z += 0.3 * p.chinLength * smooth(-6, -9, ny) * Math.exp(-((nx / 3) ** 2));
    y += 0.45 * p.foreheadHeight * smooth(5, 8.3, ny);
    rest[3 * i] = x;
    rest[3 * i + 1] = y;
    rest[3 * i + 2] = z;
  }
}

/** 0 at `from`, 1 at `to` and beyond, smooth between; `from` may be the larger. */
export function smooth(from: number, to: number, value: number): number {
  const t = Math.max(0, Math.min(1, (value - from) / (to - from)));
  return t * t * (3 - 2 * t);
}

