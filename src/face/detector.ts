/**
 * BlazeFace (Bazarevsky et al. 2019) as MediaPipe runs it: letterboxed input, fixed anchors, weighted non-maximum suppression.
 * Constants: mediapipe/modules/face_detection/*.pbtxt (Apache-2.0).
 */
import type { Image } from "../media/image.js";
import { ImageNetwork } from "./image-network.js";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function boxArea({ width, height }: Box): number {
  return width * height;
}

export function boxCentre({ x, y, width, height }: Box): { readonly x: number; readonly y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

export interface Detection {
  /** Source pixels; may reach over the picture's edge. */
  readonly box: Box;
  /** 0..1 */
  readonly score: number;
  /** [6,2] source pixels: right eye, left eye, nose tip, mouth, right ear, left ear of the subject. */
  readonly keypoints: Float64Array;
}

/** Anchor grids as [cells along a side, anchors a cell]. */
export const shortRangeGrids = [[16, 2], [8, 6]] as const;
export const fullRangeGrids = [[48, 1]] as const;

const scoreThreshold = 0.5;
const suppressionOverlap = 0.3;
const valuesPerBox = 16; // x, y, width, height, six keypoints

/** Anchor centres [N,2] in 0..1: the networks' boxes are offsets from them. */
export function anchors(grids: readonly (readonly [cells: number, perCell: number])[]): Float32Array {
  const centres: number[] = [];
  for (const [cells, perCell] of grids) {
    for (let y = 0; y < cells; y++) {
      for (let x = 0; x < cells; x++) {
        for (let k = 0; k < perCell; k++) centres.push((x + 0.5) / cells, (y + 0.5) / cells);
      }
    }
  }
  return Float32Array.from(centres);
}

export class BlazeFace {
  readonly #network: ImageNetwork;
  readonly #anchors: Float32Array;

  private constructor(network: ImageNetwork, centres: Float32Array) {
    this.#network = network;
    this.#anchors = centres;
  }

  static async open(range: "shortRange" | "fullRangeSparse"): Promise<BlazeFace> {
    const grids = range === "shortRange" ? shortRangeGrids : fullRangeGrids;
    return new BlazeFace(await ImageNetwork.open(range), anchors(grids));
  }

  async detect(image: Image): Promise<Detection[]> {
    const { side } = this.#network;
    const longest = Math.max(image.width, image.height);
    const scale = longest / side;
    const left = (longest - image.width) / 2;
    const top = (longest - image.height) / 2;
    const outputs = await this.#network.run(image, [scale, 0, -left, 0, scale, -top], { scale: 2 / 255, offset: -1, border: "black" });
    const boxes = outputs("boxes");
    const logits = outputs("scores");
    const found: Detection[] = [];
    for (let i = 0; i < logits.length; i++) {
      const score = 1 / (1 + Math.exp(-Math.min(100, Math.max(-100, logits[i]!))));
      if (score <= scoreThreshold) continue;
      const place = (k: number, margin: number): number =>
        (boxes[i * valuesPerBox + k]! / side + this.#anchors[2 * i + (k & 1)]!) * longest - margin;
      const width = boxes[i * valuesPerBox + 2]! * scale;
      const height = boxes[i * valuesPerBox + 3]! * scale;
      const box = { x: place(0, left) - width / 2, y: place(1, top) - height / 2, width, height };
      found.push({ box, score, keypoints: Float64Array.from({ length: 12 }, (_, k) => place(4 + k, (k & 1) === 0 ? left : top)) });
    }
    return weightedSuppression(found);
  }
}

/** Averages each group of overlapping detections, weighted by score; best first. */
export function weightedSuppression(detections: readonly Detection[]): Detection[] {
  let rest = [...detections].sort((a, b) => b.score - a.score);
  const kept: Detection[] = [];
  for (let best = rest[0]; best !== undefined; best = rest[0]) {
    const { box } = best;
    const group = rest.filter((other) => other === best || overlap(other.box, box) > suppressionOverlap);
    rest = rest.filter((other) => !group.includes(other));
    const total = group.reduce((sum, { score }) => sum + score, 0);
    const average = (value: (detection: Detection) => number): number =>
      group.reduce((sum, detection) => sum + detection.score * value(detection), 0) / total;
    kept.push({
      box: {
        x: average((d) => d.box.x),
        y: average((d) => d.box.y),
        width: average((d) => d.box.width),
        height: average((d) => d.box.height),
      },
      score: best.score,
      keypoints: best.keypoints.map((_, k) => average((d) => d.keypoints[k]!)),
    });
  }
  return kept;
}

/** `first` and those of `second` that overlap none of it: each network's boxes stay its own. */
export function mergeDetections(first: readonly Detection[], second: readonly Detection[]): Detection[] {
  const added = second.filter(({ box }) => !first.some((known) => overlap(known.box, box) > suppressionOverlap));
  return [...first, ...added].sort((a, b) => b.score - a.score);
}

/** Intersection over union, 0..1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (boxArea(a) + boxArea(b) - shared);
}
