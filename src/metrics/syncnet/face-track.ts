/** Face tracks as SyncNet's evaluation cuts them (joonson/syncnet_python, run_pipeline.py), frame by frame: only the frames that a later box can still move are kept. */
import type { Image } from "../../media/image.js";

/** Corners in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where the pictures of a track go, in order. */
export interface CropSink {
  add(crop: Image): Promise<void>;
}

/** A face that was followed. */
export interface Track<S extends CropSink> {
  readonly sink: S;
  /** Frames of the video. */
  readonly first: number;
  readonly last: number;
  /** Frames in which the face was found; it is interpolated in the others. */
  readonly detections: number;
  /** The larger one of mean width and mean height, in pixels. */
  readonly side: number;
}

export const trackRules = { sameFace: 0.5, mostFramesApart: 25, filterFrames: 13, cropScale: 0.4, fill: 110 } as const;
const reach = (trackRules.filterFrames - 1) / 2;

/** Frames come in order, each with its face or none. A face that jumps, or is lost for as long as 25 frames, begins a new track. */
export class FaceTracks<S extends CropSink> {
  readonly #open: () => S;
  readonly #done: Track<S>[] = [];
  #track: OpenTrack<S> | null = null;
  #frame = 0;

  constructor(open: () => S) {
    this.#open = open;
  }

  async add(image: Image, box: Box | null): Promise<void> {
    const t = this.#frame++;
    const track = this.#track;
    if (track !== null && (t - track.lastFound >= trackRules.mostFramesApart + (box === null ? 0 : 1) || (box !== null && overlap(track.lastBox, box) <= trackRules.sameFace))) await this.#close();
    if (box === null) return void this.#track?.wait(image);
    this.#track ??= new OpenTrack(this.#open(), t);
    await this.#track.find(image, box);
  }

  /** All tracks, in order. */
  async finish(): Promise<readonly Track<S>[]> {
    await this.#close();
    return this.#done;
  }

  async #close(): Promise<void> {
    if (this.#track !== null) this.#done.push(await this.#track.close());
    this.#track = null;
  }
}

class OpenTrack<S extends CropSink> {
  readonly #sink: S;
  readonly #first: number;
  /** A box for every frame up to the last one found. */
  readonly #boxes: Box[] = [];
  /** Frames that are not cut yet, the first one being number `#cut` of the track. */
  readonly #waiting: Image[] = [];
  #cut = 0;
  #detections = 0;

  constructor(sink: S, first: number) {
    this.#sink = sink;
    this.#first = first;
  }

  get lastBox(): Box {
    return this.#boxes.at(-1)!;
  }

  get lastFound(): number {
    return this.#first + this.#boxes.length - 1;
  }

  /** A frame without a face. */
  wait(image: Image): void {
    this.#waiting.push(image);
  }

  async find(image: Image, box: Box): Promise<void> {
    const before = this.#boxes.at(-1) ?? box;
    this.#waiting.push(image);
    const steps = this.#cut + this.#waiting.length - this.#boxes.length;
    for (let step = 1; step <= steps; step++) this.#boxes.push(between(before, box, step / steps));
    this.#detections++;
    while (this.#cut + reach < this.#boxes.length) await this.#cutNext();
  }

  async close(): Promise<Track<S>> {
    while (this.#cut < this.#boxes.length) await this.#cutNext();
    const mean = (measure: (box: Box) => number): number => this.#boxes.reduce((sum, box) => sum + measure(box), 0) / this.#boxes.length;
    return { sink: this.#sink, first: this.#first, last: this.lastFound, detections: this.#detections, side: Math.max(mean((box) => box.right - box.left), mean((box) => box.bottom - box.top)) };
  }

  async #cutNext(): Promise<void> {
    const t = this.#cut++;
    const image = this.#waiting.shift()!;
    await this.#sink.add(cropFace(image, this.#filtered(t, centreX), this.#filtered(t, centreY), this.#filtered(t, halfSide)));
  }

  /** Median over 13 frames with zeros beyond the ends, which draws the first and last values down; so does SciPy's medfilt. */
  #filtered(t: number, measure: (box: Box) => number): number {
    const values = Array.from({ length: trackRules.filterFrames }, (_, k) => {
      const box = this.#boxes[t + k - reach];
      return box === undefined ? 0 : measure(box);
    });
    return values.sort((a, b) => a - b)[reach]!;
  }
}

const centreX = (box: Box): number => (box.left + box.right) / 2;
const centreY = (box: Box): number => (box.top + box.bottom) / 2;
const halfSide = (box: Box): number => Math.max(box.bottom - box.top, box.right - box.left) / 2;

function between(a: Box, b: Box, share: number): Box {
  const mix = (p: number, q: number): number => p + (q - p) * share;
  return { left: mix(a.left, b.left), top: mix(a.top, b.top), right: mix(a.right, b.right), bottom: mix(a.bottom, b.bottom) };
}

/** Intersection over union. */
function overlap(a: Box, b: Box): number {
  const area = (box: Box): number => (box.right - box.left) * (box.bottom - box.top);
  const shared = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  return shared / (area(a) + area(b) - shared);
}

/** From s above to 1.8 s below the centre and 1.4 s to both sides, cut at whole pixels as NumPy's slices are; grey beyond the picture. */
function cropFace(image: Image, x: number, y: number, s: number): Image {
  const { cropScale, fill } = trackRules;
  const pad = Math.trunc(s * (1 + 2 * cropScale));
  // In the padded picture, whose bounds end the slice.
  const [wide, high] = [image.width + 2 * pad, image.height + 2 * pad];
  const at = (value: number, size: number): number => Math.min(size - 1, Math.max(0, Math.trunc(value)));
  const [left, top] = [at(x + pad - s * (1 + cropScale), wide), at(y + pad - s, high)];
  const width = Math.max(1, Math.min(wide, Math.trunc(x + pad + s * (1 + cropScale))) - left);
  const height = Math.max(1, Math.min(high, Math.trunc(y + pad + s * (1 + 2 * cropScale))) - top);
  const data = new Uint8Array(width * height * 3).fill(fill);
  const [from, to] = [Math.max(0, left - pad), Math.min(image.width, left - pad + width)];
  for (let row = 0; row < height; row++) {
    const source = top - pad + row;
    if (source < 0 || source >= image.height || to <= from) continue;
    data.set(image.data.subarray((source * image.width + from) * 3, (source * image.width + to) * 3), (row * width + from - (left - pad)) * 3);
  }
  return { data, width, height };
}
