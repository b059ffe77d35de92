/** A sheet of frames of a video, to look at it without playing it. */
import { contactSheet, type Image, resizeImage, writePng } from "../media/image.js";

const cells = 24;
const columns = 8;
const cellSide = 192;

/** Keeps evenly spaced frames, small, while they pass. */
export class PreviewSheet {
  readonly #wanted: ReadonlySet<number>;
  readonly #images: Image[] = [];

  /** `frames`: how many there will be. */
  constructor(frames: number) {
    const count = Math.min(cells, frames);
    this.#wanted = new Set(Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * frames) / count)));
  }

  async add(index: number, image: Image): Promise<void> {
    if (!this.#wanted.has(index)) return;
    const ratio = Math.min(1, cellSide / Math.max(image.width, image.height));
    const small = await resizeImage(image, Math.max(1, Math.round(image.width * ratio)), Math.max(1, Math.round(image.height * ratio)));
    this.#images.push({ ...small, data: new Uint8Array(small.data) }); // the caller may reuse the picture
  }

  async write(path: string): Promise<void> {
    await writePng(path, contactSheet(this.#images, columns));
  }
}
