/** Peak signal-to-noise ratio. */
import { TalkfaceError } from "../base/errors.js";
import type { Image } from "../media/image.js";

export const psnrProtocol = "psnr: RGB, 8 bit, peak 255, dB per frame, mean over frames";

/** PSNR in dB of two pictures of one size, all channels together; Infinity where they are equal. As scikit-image's peak_signal_noise_ratio. */
export function psnr(a: Image, b: Image): number {
  requireSameSize(a, b, "psnr");
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
  return 10 * Math.log10((255 * 255 * a.data.length) / sum);
}

/** Scores compare pixel by pixel: pictures of two sizes are a mistake of the caller. */
export function requireSameSize(a: Image, b: Image, where: string): void {
  if (a.width !== b.width || a.height !== b.height) {
    throw new TalkfaceError("internal", `internal: ${where}: ${a.width}x${a.height} and ${b.width}x${b.height} pixels, expected one size.`);
  }
}
