/** Metrics that compare pictures pixel by pixel. */
import type { Image } from "../../media/image.js";
import { meanOverFrames, type Metric } from "../../metrics/metric.js";
import { psnr } from "../../metrics/psnr.js";
import { smallestSsimSide, ssim, ssimProtocol } from "../../metrics/ssim.js";

/** Equal pictures have no finite PSNR. */
const equalPictures = 100;

/** The mean over frames of one number for two pictures of one size. */
export function pictureMetric(
  name: string,
  about: Pick<Metric, "title" | "protocol"> & { readonly unit?: string; readonly better?: "higher" | "lower"; readonly smallestSide?: number },
  measure: (made: Image, real: Image) => number,
): Metric {
  const { title, protocol, unit = "", better = "higher", smallestSide = 1 } = about;
  return {
    name, title, protocol, reference: "full", needs: ["one size"],
    scores: [{ name, unit, better }],
    start: () =>
      meanOverFrames(name, `no pair of frames of at least ${smallestSide} x ${smallestSide} pixels`, ({ made, real }) => {
        if (real === null || Math.min(made.image.width, made.image.height) < smallestSide) return null;
        return measure(made.image, real.image);
      }),
  };
}

export const pictureMetrics: readonly Metric[] = [
  pictureMetric("psnr", { title: "peak signal-to-noise ratio", unit: "dB", protocol: `psnr: RGB, 8 bit, peak 255, mean over frames of a clip; equal frames count as ${equalPictures} dB` }, (made, real) =>
    Math.min(equalPictures, psnr(made, real)),
  ),
  pictureMetric("ssim", { title: "structural similarity", protocol: ssimProtocol, smallestSide: smallestSsimSide }, ssim),
];
