/** Parts of a video whose faces are followed: one part at a time, of the face that is chosen when all of it has been seen. */
import type { TrackedFace, TrackedFaces } from "../face/track-faces.js";
import type { Image } from "../media/image.js";
import { ClipCutter, type CutterOptions, type Part, type PartEnd } from "./clip-cutter.js";

/** A face beside the first one competes for a part where it was followed over this share of it. */
const leastShare = 0.5;

/** Yields the parts of a video in their order; the first face sets where they begin and end. `choose` is asked where several faces compete; the part of the first face comes first. */
export async function* cutParts(frames: AsyncIterable<TrackedFaces>, options: CutterOptions, choose: (parts: readonly Part[]) => Promise<Part>): AsyncGenerator<Part> {
  let stretch = new Stretch(options);
  let index = -1;
  const chosen = async (end: PartEnd): Promise<Part | null> => {
    const parts = await stretch.end(end);
    stretch = new Stretch(options);
    return parts.length > 1 ? choose(parts) : (parts[0] ?? null);
  };
  for await (const { image, faces, cut } of frames) {
    index++;
    if (cut || !stretch.isOf(faces)) {
      const part = await chosen(cut ? "cut" : "lost");
      if (part !== null) yield part;
    }
    if (await stretch.add(image, faces, index)) {
      const part = await chosen("end");
      if (part !== null) yield part;
    }
  }
  const part = await chosen("end");
  if (part !== null) yield part;
}

/** From the first frame of a part to its last. */
class Stretch {
  readonly #options: CutterOptions;
  readonly #cutters = new Map<number, ClipCutter>();
  /** Of the face that comes first. */
  #first: number | null = null;
  #part: Part | null = null;
  /** Parts of the other faces that ended before. */
  readonly #others: Part[] = [];

  constructor(options: CutterOptions) {
    this.#options = options;
  }

  isOf([first]: readonly TrackedFace[]): boolean {
    return this.#first === null || first?.id === this.#first;
  }

  /** True where the part of the first face ends here. */
  async add(image: Image, faces: readonly TrackedFace[], index: number): Promise<boolean> {
    this.#first ??= faces[0]?.id ?? null;
    for (const { id, mesh } of faces) {
      const cutter = this.#cutters.get(id) ?? new ClipCutter(this.#options);
      this.#cutters.set(id, cutter);
      const part = await cutter.add(image, mesh?.points ?? null, index);
      if (id === this.#first) this.#part = part;
      else if (part !== null) this.#others.push(part);
    }
    for (const [id, cutter] of this.#cutters) {
      if (faces.some((face) => face.id === id)) continue;
      this.#cutters.delete(id);
      const part = await cutter.end("lost");
      if (part !== null) this.#others.push(part);
    }
    return this.#part !== null;
  }

  /** The part of the first face, and those that compete with it. */
  async end(end: PartEnd): Promise<Part[]> {
    for (const [id, cutter] of this.#cutters) {
      const part = await cutter.end(end);
      if (id === this.#first) this.#part ??= part;
      else if (part !== null) this.#others.push(part);
    }
    const first = this.#part;
    if (first === null) return [];
    return [first, ...this.#others.filter((other) => sharedFrames(first, other) >= leastShare * first.frames)];
  }
}

function sharedFrames(a: Part, b: Part): number {
  return Math.min(a.startFrame + a.frames, b.startFrame + b.frames) - Math.max(a.startFrame, b.startFrame);
}
