/** The upright cut-out that face-api's 112-pixel networks expect. */
import type { Image } from "../media/image.js";
import type { Affine } from "../media/transform.js";

/** On each side, of the points' bounds; 0 and 20 % were both worse (reference measurements on five annotated pictures). */
const margin = 0.1;

export interface FaceBox {
  /** The part of the picture inside the box; black is added around it by sampling beyond its edge. */
  readonly picture: Image;
  /** Network input pixels -> pixels of `picture`. */
  readonly toPicture: Affine;
  /** Unit square of the network's input -> source pixels. */
  readonly unitToSource: Affine;
}

/** Bounds of 68 points [L,2] and a margin, clipped to the picture, centred in a square of `side` input pixels. Null outside the picture. */
export function faceBox(image: Image, landmarks: Float32Array, side: number): FaceBox | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < landmarks.length; i += 2) {
    left = Math.min(left, landmarks[i]!);
    right = Math.max(right, landmarks[i]!);
    top = Math.min(top, landmarks[i + 1]!);
    bottom = Math.max(bottom, landmarks[i + 1]!);
  }
  const [dx, dy] = [(right - left) * margin, (bottom - top) * margin];
  const x = Math.max(0, Math.floor(left - dx));
  const y = Math.max(0, Math.floor(top - dy));
  const width = Math.min(image.width, Math.floor(right + dx)) - x;
  const height = Math.min(image.height, Math.floor(bottom + dy)) - y;
  if (!(width > 0 && height > 0)) return null;
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * image.width + x) * 3;
    data.set(image.data.subarray(from, from + width * 3), row * width * 3);
  }
  const longest = Math.max(width, height);
  const scale = longest / side;
  const [padX, padY] = [(longest - width) / 2, (longest - height) / 2];
  return {
    picture: { data, width, height },
    toPicture: [scale, 0, -padX, 0, scale, -padY],
    unitToSource: [longest, 0, x - padX, 0, longest, y - padY],
  };
}
