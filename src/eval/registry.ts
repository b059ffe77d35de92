/** All metrics by name. */
import { ibug, ibugCount, span } from "../base/points.js";
import { cosine } from "../face/identity.js";
import { to68 } from "../face/landmarks.js";
import { readAudio } from "../media/audio.js";
import { probe } from "../media/probe.js";
import { pearson } from "../metrics/correlation.js";
import { identityProtocol } from "../metrics/identity.js";
import { mouthDistance, rangeDistance } from "../metrics/landmarks.js";
import { lipsProtocol, mouthSeries } from "../metrics/lips.js";
import { type FramePair, meanOverFrames, type Metric } from "../metrics/metric.js";
import { psnr } from "../metrics/psnr.js";
import { ssim, ssimProtocol } from "../metrics/ssim.js";
import type { SyncScore } from "../metrics/syncnet/distances.js";
import { type SyncClip, syncnetProtocol } from "../metrics/syncnet/expert.js";

/** Equal pictures have no finite PSNR. */
const equalPictures = 100;
const noFaces = "no frame shows a face in both videos";
const points = "MediaPipe attention mesh, one face followed";

/** 68 points [L,2] of both faces, in pixels; null where one is not seen. */
function points68({ meshes }: FramePair): { readonly made: Float32Array; readonly real: Float32Array } | null {
  const { made, real } = meshes ?? { made: null, real: null };
  return made === null || real === null ? null : { made: flat(to68(made, 3)), real: flat(to68(real, 3)) };
}

/** [L,3] -> [L,2] */
function flat(mesh: Float32Array): Float32Array {
  return Float32Array.from({ length: (mesh.length / 3) * 2 }, (_, i) => mesh[3 * (i >> 1) + (i % 2)]!);
}

function distance(name: string, protocol: string, measure: (made: Float32Array, real: Float32Array) => number): Metric {
  return {
    name, unit: "px", better: "lower", protocol: `${name}: ${protocol}`, needs: ["faces", "one size"],
    start: () => meanOverFrames(noFaces, (pair) => {
      const both = points68(pair);
      return both === null ? null : measure(both.made, both.real);
    }),
  };
}

/** Frames between two whose identity is compared. */
const identityEvery = 5;

/** What SyncNet says of the made video; the three figures share one computation. */
function sync(name: string, better: Metric["better"], unit: string, value: (score: SyncScore) => number): Metric {
  return {
    name, unit, better, protocol: `${name}: ${syncnetProtocol}`, needs: ["syncnet"],
    start: ({ syncnet }, { made, shared }) => {
      const isFirst = !shared.has("syncnet");
      if (isFirst) shared.set("syncnet", syncnet?.clip());
      const clip = shared.get("syncnet") as SyncClip | undefined;
      return {
        add: async (pair) => {
          if (isFirst) await clip?.add(pair.made);
        },
        async finish() {
          if (clip === undefined) return { missing: "SyncNet's weights are not here: talkface import syncnet FILE" };
          if (isFirst) shared.set("syncnet score", (await probe(made)).audio === null ? "the made video has no sound" : await clip.finish(await readAudio(made)));
          const found = shared.get("syncnet score") as Awaited<ReturnType<SyncClip["finish"]>> | string;
          if (typeof found === "string") return { missing: found };
          return found === null ? { missing: "fewer than six frames with sound" } : { value: value(found.score), frames: found.windows };
        },
      };
    },
  };
}

export const metrics: readonly Metric[] = [
  {
    name: "psnr", unit: "dB", better: "higher", needs: ["one size"],
    protocol: `psnr: RGB, 8 bit, peak 255, mean over frames of a clip; equal frames count as ${equalPictures} dB`,
    start: () => meanOverFrames("no frames", ({ made, real }) => Math.min(equalPictures, psnr(made, real))),
  },
  { name: "ssim", unit: "", better: "higher", needs: ["one size"], protocol: ssimProtocol, start: () => meanOverFrames("no frames", ({ made, real }) => ssim(made, real)) },
  distance("lmd", `${points}; 20 mouth points less their centroid, mean over points and frames, px of the video`, mouthDistance),
  distance("f-lmd", `${points}; 68 points less their centroid, mean over points and frames, px of the video`, (made, real) => rangeDistance(made, real, [0, ibugCount])),
  distance("mouth-place", `${points}; centroids of the 20 mouth points, distance, px of the video`, (made, real) => centroidDistance(made, real)),
  {
    name: "lips", unit: "", better: "higher", needs: ["faces"], protocol: `lips: ${lipsProtocol}; ${points}`,
    start: () => {
      const series: { made: Float32Array; real: Float32Array }[] = [];
      return {
        add: ({ meshes }) => {
          if (meshes?.made != null && meshes.real !== null) series.push({ made: meshes.made, real: meshes.real });
        },
        finish: () => {
          if (series.length < 10) return { missing: `${series.length} frames show a face in both videos, at least 10 are needed` };
          const [made, real] = [mouthSeries(series.map((pair) => pair.made)).lips, mouthSeries(series.map((pair) => pair.real)).lips];
          const value = pearson(made, real);
          return Number.isFinite(value) ? { value, frames: series.length } : { missing: "the lips of one video do not move" };
        },
      };
    },
  },
  {
    name: "id-cosine", unit: "", better: "higher", needs: ["faces", "identity"], protocol: `id-cosine: ${identityProtocol}; every ${identityEvery}th frame`,
    start: ({ identity }) => {
      let [sum, frames, seen] = [0, 0, 0];
      return {
        async add(pair) {
          if (seen++ % identityEvery !== 0) return;
          const both = points68(pair);
          if (both === null || identity === null) return;
          sum += cosine(await identity.embed(pair.made, both.made), await identity.embed(pair.real, both.real));
          frames++;
        },
        finish: () => (frames === 0 ? { missing: noFaces } : { value: sum / frames, frames }),
      };
    },
  },
  sync("lse-c", "higher", "", ({ confidence }) => confidence),
  sync("lse-d", "lower", "", ({ distance: least }) => least),
  sync("av-offset", "near 0", "frames", ({ offset }) => offset),
  {
    name: "length-ratio", unit: "", better: "near 1", needs: [], protocol: "length-ratio: frames of the made video over those of the real one, at 25 a second",
    start: () => ({ add: () => undefined, finish: ({ made, real }) => ({ value: made / real, frames: Math.max(made, real) }) }),
  },
];

const mouth = span([ibug.outerLips[0], ibug.innerLips[1]]);

function centroidDistance(a: Float32Array, b: Float32Array): number {
  const mean = (axis: number): number => mouth.reduce((sum, i) => sum + a[2 * i + axis]! - b[2 * i + axis]!, 0) / mouth.length;
  return Math.hypot(mean(0), mean(1));
}
