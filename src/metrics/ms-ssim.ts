/** Structural similarity over five scales (Wang, Simoncelli & Bovik 2003) as pytorch-msssim computes it. */
import { TalkfaceError } from "../base/errors.js";
import type { Image } from "../media/image.js";
import { paddedPlane, type Plane } from "./plane.js";
import { meanOverChannels, similarity, windowSide } from "./ssim-gaussian.js";

export const msSsimProtocol =
  "ms-ssim: RGB, 8 bit, five scales weighted 0.0448 0.2856 0.3001 0.2363 0.1333, 11x11 Gaussian window of sigma 1.5, 2x2 means between scales, terms below 0 count as 0, mean over channels and frames (pytorch-msssim)";

const weights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;
/** The window must fit into the coarsest scale. */
export const smallestMsSsimSide = (windowSide - 1) * 2 ** (weights.length - 1) + 1;

/** MS-SSIM 0..1 of two pictures of one size, at least 161x161. */
export function msSsim(a: Image, b: Image): number {
  if (Math.min(a.width, a.height) < smallestMsSsimSide) throw new TalkfaceError("internal", `internal: ms-ssim: ${a.width}x${a.height} pixels, expected sides of at least ${smallestMsSsimSide}.`);
  return meanOverChannels(a, b, (p, q) => {
    let product = 1;
    weights.forEach((weight, scale) => {
      const { ssim, structure } = similarity(p, q);
      const isLast = scale === weights.length - 1;
      product *= Math.max(0, isLast ? ssim : structure) ** weight;
      if (!isLast) [p, q] = [halved(p), halved(q)];
    });
    return product;
  });
}

/** Means of 2x2 pixels. Odd sides first get zeros at both ends, and these count. */
function halved(plane: Plane): Plane {
  const { data, width: wide, height: high } = paddedPlane(plane, plane.width % 2, plane.height % 2);
  const [width, height] = [wide >> 1, high >> 1];
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 2 * y * wide + 2 * x;
      out[y * width + x] = (data[at]! + data[at + 1]! + data[at + wide]! + data[at + wide + 1]!) / 4;
    }
  }
  return { data: out, width, height };
}
