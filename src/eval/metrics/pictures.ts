/** Metrics of pixels: made pictures against real ones, and how sharp they are alone. */
import type { Image } from "../../media/image.js";
import { cpbd, cpbdBlock, cpbdProtocol } from "../../metrics/cpbd.js";
import { Flicker, flickerProtocol } from "../../metrics/flicker.js";
import { meanOverFrames, type Metric } from "../../metrics/metric.js";
import { msSsim, msSsimProtocol, smallestMsSsimSide } from "../../metrics/ms-ssim.js";
import { psnr } from "../../metrics/psnr.js";
import { smallestSsimSide, ssim, ssimProtocol } from "../../metrics/ssim.js";
import { gaussianSsim, gaussianSsimProtocol, paddedSsim, paddedSsimProtocol, windowSide } from "../../metrics/ssim-gaussian.js";

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

const sharpness: Metric = {
  name: "cpbd",
  title: "sharpness (probability that no blur is seen)",
  scores: [{ name: "cpbd", unit: "", better: "higher" }],
  reference: "none",
  needs: [],
  protocol: cpbdProtocol,
  start: () =>
    meanOverFrames("cpbd", `no frame of at least ${cpbdBlock} x ${cpbdBlock} pixels`, ({ made }) => (Math.min(made.image.width, made.image.height) < cpbdBlock ? null : cpbd(made.image))),
};

const flicker: Metric = {
  name: "flicker",
  title: "flicker of static regions, made over real",
  scores: [
    { name: "flicker", unit: "x real", better: "near 1" },
    { name: "flicker-made", unit: "levels", better: "nearer real" },
    { name: "flicker-real", unit: "levels", better: "nearer real" },
  ],
  reference: "full",
  needs: ["one size"],
  protocol: flickerProtocol,
  start: () => {
    const clip = new Flicker();
    const perFrame: number[] = [];
    return {
      // Frames that a generator was given count too: what follows them may jump.
      add: ({ made, real }) => void perFrame.push(real === null ? Number.NaN : clip.add(made.image, real.image)),
      finish() {
        const found = clip.finish();
        if (found === null) return { missing: "no region of the real video stands still between two frames" };
        return { values: { flicker: found.ratio, "flicker-made": found.made, "flicker-real": found.real }, frames: perFrame.length - 1, perFrame };
      },
    };
  },
};

export const pictureMetrics: readonly Metric[] = [
  pictureMetric("psnr", { title: "peak signal-to-noise ratio", unit: "dB", protocol: `psnr: RGB, 8 bit, peak 255, mean over frames of a clip; equal frames count as ${equalPictures} dB` }, (made, real) =>
    Math.min(equalPictures, psnr(made, real)),
  ),
  pictureMetric("ssim", { title: "structural similarity", protocol: ssimProtocol, smallestSide: smallestSsimSide }, ssim),
  pictureMetric("ssim:gaussian", { title: "structural similarity, Gaussian window", protocol: gaussianSsimProtocol, smallestSide: windowSide }, gaussianSsim),
  pictureMetric("ssim:padded", { title: "structural similarity, Gaussian window, zeros around", protocol: paddedSsimProtocol }, paddedSsim),
  pictureMetric("ms-ssim", { title: "structural similarity over five scales", protocol: msSsimProtocol, smallestSide: smallestMsSsimSide }, msSsim),
  sharpness,
  flicker,
];
