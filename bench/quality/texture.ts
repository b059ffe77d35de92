/** How sharp and how steady made frames are, against the real ones at the same place. */
import { to68 } from "../../src/face/landmarks.js";
import { meanOf } from "../../src/metrics/bootstrap.js";
import { Flicker } from "../../src/metrics/flicker.js";
import { greyPlane, type Plane } from "../../src/metrics/plane.js";
import type { SeenFrames } from "./score.js";

export const sharpnessProtocol =
  "sharpness: mean squared difference of neighbouring grey pixels, across and down, in a box around the real frame's points (mouth: 48-67, face: 0-67), a fifth of its size added on each side; made over real in each frame, mean over frames";

export interface TextureScores {
  /** Gradient energy, made over real, of the boxes around mouth and face; null where no box has any. */
  readonly mouthSharpness: number | null;
  readonly faceSharpness: number | null;
  /** Change of static regions, made over real (`Flicker`); null where nothing stood still. */
  readonly flicker: number | null;
}

/** Both series show the same instants; `shown` frames, which the generator was given, do not count for sharpness. */
export function scoreTexture(real: SeenFrames, made: SeenFrames, shown: ReadonlySet<number>): TextureScores {
  const flicker = new Flicker();
  const [mouths, faces]: [number[], number[]] = [[], []];
  for (const [t, image] of real.images.entries()) {
    const other = made.images[t]!;
    flicker.add(other, image);
    const mesh = real.meshes[t] ?? null;
    if (mesh === null || shown.has(t)) continue;
    const [a, b] = [greyPlane(image), greyPlane(other)];
    const points = to68(mesh);
    for (const [list, places] of [[mouths, mouthPoints], [faces, facePoints]] as const) {
      const box = boxAround(points, places, a);
      const energy = gradientEnergy(a, box);
      if (energy > 0) list.push(gradientEnergy(b, box) / energy);
    }
  }
  const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : meanOf(values));
  return { mouthSharpness: mean(mouths), faceSharpness: mean(faces), flicker: flicker.finish()?.ratio ?? null };
}

const margin = 0.2;
const mouthPoints = Array.from({ length: 20 }, (_, i) => 48 + i);
const facePoints = Array.from({ length: 68 }, (_, i) => i);

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Whole pixels of `plane` around points [68,2], right and bottom excluded. */
function boxAround(points: Float32Array, places: readonly number[], { width, height }: Plane): Box {
  const xs = places.map((i) => points[2 * i]!);
  const ys = places.map((i) => points[2 * i + 1]!);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [dx, dy] = [margin * (x1 - x0), margin * (y1 - y0)];
  return { left: Math.max(0, Math.floor(x0 - dx)), top: Math.max(0, Math.floor(y0 - dy)), right: Math.min(width, Math.ceil(x1 + dx)), bottom: Math.min(height, Math.ceil(y1 + dy)) };
}

function gradientEnergy({ data, width }: Plane, { left, top, right, bottom }: Box): number {
  let sum = 0;
  for (let y = top; y < bottom - 1; y++) {
    for (let at = y * width + left; at < y * width + right - 1; at++) sum += (data[at + 1]! - data[at]!) ** 2 + (data[at + width]! - data[at]!) ** 2;
  }
  return sum;
}
