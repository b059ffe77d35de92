/** Movement of the face: blend fields of expression and mouth, a jaw on a hinge, lids. */
import { smooth, type FaceShape } from "./face-shape.js";
import { harmonicField } from "./fields.js";
import type { FaceState } from "./face-state.js";
import { eyes, lowerInnerLip, lowerMiddleLip, lowerOuterLip, nose, oval, upperInnerLip, upperMiddleLip, upperOuterLip } from "./regions.js";

type BlendName = "smile" | "frown" | "browRaise" | "browFurrow" | "eyeSquint" | "eyeWide" | "mouthWide" | "mouthRound" | "mouthPress";

export interface FaceMotion {
  /** [L,3] cm at full strength. */
  readonly blends: Readonly<Record<BlendName, Float32Array>>;
  /** [L] share of the jaw's turn. */
  readonly jaw: Float32Array;
  /** [L,3] cm: from open eyes to closed ones. */
  readonly lids: Float32Array;
}

/** The jaw turns about an axis through both ears, in cm, at most by this angle in radians. */
const hinge = { y: -0.8, z: -2.2 };
const maxJaw = 0.3;

const upperLips = [upperOuterLip, ...upperMiddleLip, upperInnerLip];
const lowerLips = [lowerOuterLip, ...lowerMiddleLip, lowerInnerLip];
const corners = new Set([61, 291, 76, 306, 62, 292, 78, 308]);

/** Solves the fields of one face. */
export function prepareMotion(shape: FaceShape): FaceMotion {
  const { rest, graph } = shape;
  const x = (i: number): number => rest[3 * i]!;
  const y = (i: number): number => rest[3 * i + 1]!;
  const half = Math.abs(x(61));
  const lipVertices = [...new Set([...upperLips.flat(), ...lowerLips.flat()])];
  const isUpper = new Set(upperLips.flat());
  const side = (i: number): number => x(i) / half; // -1 at the right corner .. 1 at the left one
  const still = (vertices: readonly number[]): [number, number[]][] => vertices.map((i) => [i, [0, 0, 0]]);
  const solve = (handles: [number, number[]][]): Float32Array => harmonicField(graph, new Map(handles), 3);
  const eyeEdges = eyes.flatMap((eye) => [eye.outerCorner, eye.innerCorner, ...eye.upper, ...eye.lower, ...eye.upperFold]);
  const belowEyes = [...still(oval), ...still(nose), ...still(eyeEdges)];
  const lips = (move: (i: number, s: number, upper: boolean) => number[]): [number, number[]][] =>
    lipVertices.map((i) => [i, move(i, side(i), isUpper.has(i))]);
  const middle = y(13);
  const brows = eyes.flatMap((eye) => [eye.browTop, eye.browBottom]);
  const browHandles = (move: (k: number, sign: number) => number[]): [number, number[]][] =>
    brows.flatMap((line) => line.map((i, k): [number, number[]] => [i, move(k, Math.sign(x(i)))]));
  const aboveBrows = [...still(oval), ...still(nose), ...still(eyes.flatMap((eye) => [eye.outerCorner, eye.innerCorner, ...eye.upper, ...eye.lower]))];

  const blends: Record<BlendName, Float32Array> = {
    smile: solve([
      ...belowEyes,
      ...lips((_i, s) => [0.62 * s * Math.abs(s), 0.72 * Math.abs(s) ** 1.7 - 0.1, -0.3 * s * s - 0.12]),
      ...[50, 280, 205, 425, 117, 346, 36, 266].map((i): [number, number[]] => [i, [0.16 * Math.sign(x(i)), 0.38, 0.22]]),
    ]),
    frown: solve([...belowEyes, ...lips((_i, s, upper) => [0, -0.55 * Math.abs(s) ** 1.6 + (upper ? 0.02 : 0.1), 0.05])]),
    mouthWide: solve([...belowEyes, ...lips((i, s, upper) => [0.55 * s, (upper ? 0.1 : -0.14) * (1 - s * s) - 0.1 * (y(i) - middle), -0.28 * s * s])]),
    mouthRound: solve([
      ...belowEyes,
      ...lips((i, s, upper) => {
        // From an almond outline to an oval one.
        const oval = Math.sqrt(Math.max(0, 1 - s * s));
        const swell = 0.8 * (Math.min(2.2, 1 / (oval + 0.12)) - 0.9) * (y(i) - middle);
        return [-0.4 * x(i), (upper ? 0.14 : -0.2) * oval + swell, 0.75 - 0.3 * s * s];
      }),
    ]),
    mouthPress: solve([...belowEyes, ...lips((i, s) => [0.03 * s, -0.42 * (y(i) - middle) * (1 - 0.5 * s * s), -0.14])]),
    browRaise: solve([...aboveBrows, ...browHandles((k) => [0, 0.62 + 0.05 * k, 0.03])]),
    browFurrow: solve([...aboveBrows, ...browHandles((k, sign) => [-0.3 * sign * smooth(1, 4, k), -0.46 * smooth(0, 4, k), 0.1 * smooth(2, 4, k)])]),
    eyeSquint: lidField(shape, 0.2, 0.34),
    eyeWide: lidField(shape, -0.28, -0.08),
  };
  const jawHandles: [number, number[]][] = [
    ...upperLips.flat().map((i): [number, number[]] => [i, [0]]),
    ...lowerLips.flat().map((i): [number, number[]] => [i, [1 - 0.35 * Math.abs(side(i)) ** 3]]),
    ...[...corners].map((i): [number, number[]] => [i, [0.36]]),
    ...[...nose, ...eyeEdges, 205, 425, 50, 280].map((i): [number, number[]] => [i, [0]]),
    ...oval.map((i): [number, number[]] => [i, [smooth(-2, -7.2, y(i))]]),
    ...[199, 200, 18, 175].map((i): [number, number[]] => [i, [1]]),
  ];
  return { blends, jaw: harmonicField(graph, new Map(jawHandles), 1), lids: lidField(shape, 0.86, 0.14) };
}

/** Lids meet when both shares sum to 1: the upper one travels `down`, the lower one `up` of the opening. */
function lidField(shape: FaceShape, down: number, up: number): Float32Array {
  const { rest, graph } = shape;
  const handles = new Map<number, number[]>([...oval, ...nose].map((i) => [i, [0, 0, 0]]));
  for (const eye of eyes) {
    for (const i of [eye.outerCorner, eye.innerCorner, ...eye.browTop, ...eye.browBottom]) handles.set(i, [0, 0, 0]);
    eye.upper.forEach((top, k) => {
      const low = eye.lower[k]!;
      const gap = [0, 1, 2].map((d) => rest[3 * low + d]! - rest[3 * top + d]!);
      handles.set(top, gap.map((v) => v * down));
      handles.set(low, gap.map((v) => -v * up));
      handles.set(eye.upperFold[k]!, gap.map((v) => v * down * 0.35));
      handles.set(eye.lowerFold[k]!, gap.map((v) => -v * up * 0.5));
    });
  }
  return harmonicField(graph, handles, 3);
}

/** The jaw's angle in radians for a state. */
export function jawAngle(state: FaceState): number {
  return maxJaw * state.mouthOpen * (1 - 0.7 * state.mouthPress);
}

/** Vertices [L,3] in head space (cm) for a state. */
export function moveFace(shape: FaceShape, motion: FaceMotion, state: FaceState): Float32Array {
  const out = Float32Array.from(shape.rest);
  const add = (field: Float32Array, weight: number): void => {
    if (weight === 0) return;
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + weight * field[i]!;
  };
  const { blends } = motion;
  add(blends.smile, state.smile);
  add(blends.frown, state.frown);
  add(blends.browRaise, state.browRaise);
  add(blends.browFurrow, state.browFurrow);
  add(blends.mouthWide, state.mouthWide);
  add(blends.mouthRound, state.mouthRound);
  add(blends.mouthPress, state.mouthPress);
  // Lids share what is left of the opening, so that no sum of squint, smile and blink makes them cross.
  const closed = state.blink;
  const open = 1 - closed;
  add(motion.lids, closed);
  add(blends.eyeSquint, open * Math.min(1, state.eyeSquint + 0.35 * state.smile));
  add(blends.eyeWide, open * Math.max(0, Math.min(1, state.eyeWide + 0.3 * Math.max(0, state.gazeY))));
  add(motion.lids, open * 0.25 * Math.max(0, -state.gazeY));
  const angle = jawAngle(state);
  for (let i = 0; i < 468; i++) {
    const turn = angle * motion.jaw[i]!;
    if (turn === 0) continue;
    const [y, z] = [out[3 * i + 1]! - hinge.y, out[3 * i + 2]! - hinge.z];
    out[3 * i + 1] = hinge.y + y * Math.cos(turn) - z * Math.sin(turn);
    out[3 * i + 2] = hinge.z + y * Math.sin(turn) + z * Math.cos(turn);
  }
  return out;
}

/** Where a point that is fixed to the jaw goes: (y, z) in head space. */
export function moveWithJaw(y: number, z: number, angle: number): [number, number] {
  const [u, v] = [y - hinge.y, z - hinge.z];
  return [hinge.y + u * Math.cos(angle) - v * Math.sin(angle), hinge.z + u * Math.sin(angle) + v * Math.cos(angle)];
}
