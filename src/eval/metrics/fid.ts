/** Whether made frames are distributed as real ones are. */
import { TalkfaceError } from "../../base/errors.js";
import { frechetDistance } from "../../metrics/frechet.js";
import { Inception, inceptionNetwork } from "../../metrics/imported/inception.js";
import type { Metric } from "../../metrics/metric.js";
import { importedDigest } from "../../store/imported.js";

/** Frames of one clip are near copies, and features are kept until the end. */
const every = 25;
const mostFrames = 20;
const { output: size } = inceptionNetwork;

export const distributionMetrics: readonly Metric[] = [
  {
    name: "fid",
    title: "Fréchet Inception distance of the whole set",
    scores: [{ name: "fid", unit: "", better: "lower" }],
    reference: "full",
    needs: [],
    protocol: `fid: Inception as imported, ${size} pooled features, RGB resized to 299x299 (bilinear between pixel centres), -1..1; every ${every}th frame of both videos, at most ${mostFrames} a clip, all clips together; covariances unbiased; fewer than ${size} frames in all leave these singular: compare only figures of as many frames`,
    weights: () => importedDigest("inception"),
    async start({ tools }) {
      const net = await tools.once("inception", Inception.open);
      if (net === null) throw new TalkfaceError("missing-file", "Inception is not here: talkface import inception FILE.onnx");
      const [made, real]: [number[], number[]] = [[], []];
      let [t, frames] = [0, 0];
      return {
        async add(pair) {
          if (t++ % every !== 0 || pair.real === null || frames === mostFrames) return;
          made.push(...(await net.features(pair.made.image)));
          real.push(...(await net.features(pair.real.image)));
          frames++;
        },
        finish: () => (frames === 0 ? { missing: "there are no frames in both videos" } : { values: {}, frames, pool: [...made, ...real] }),
      };
    },
    combine(pools) {
      const side = (part: 0 | 1): { data: Float64Array; rows: number; size: number } => {
        const rows = pools.reduce((sum, pool) => sum + pool.length / 2 / size, 0);
        const data = new Float64Array(rows * size);
        let at = 0;
        for (const pool of pools) {
          const half = pool.length / 2;
          data.set(pool.subarray(part * half, (part + 1) * half), at);
          at += half;
        }
        return { data, rows, size };
      };
      const [made, real] = [side(0), side(1)];
      return { fid: made.rows < 2 ? Number.NaN : frechetDistance(made, real) };
    },
  },
];
