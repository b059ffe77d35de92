/** Whether lips and sound belong together, as SyncNet sees it. */
import { TalkfaceError } from "../../base/errors.js";
import type { Metric } from "../../metrics/metric.js";
import { SyncNet, syncnetProtocol } from "../../metrics/syncnet/expert.js";

export const lipSyncMetrics: readonly Metric[] = [
  {
    name: "lse",
    title: "lip-sync error by SyncNet: confidence, distance, offset",
    scores: [
      { name: "lse-c", unit: "", better: "higher" },
      { name: "lse-d", unit: "", better: "lower" },
      { name: "av-offset", unit: "frames", better: "near 0" },
    ],
    reference: "none",
    needs: ["sound"],
    speech: true,
    protocol: `lse: ${syncnetProtocol}`,
    async start({ tools, sound }) {
      const net = await tools.once("syncnet", SyncNet.open);
      if (net === null) throw new TalkfaceError("missing-file", "SyncNet's weights are not here: talkface import syncnet FILE");
      const clip = net.clip();
      return {
        add: ({ made }) => clip.add(made.image),
        async finish() {
          const found = await clip.finish(await joined(sound!()));
          if (found === null) return { missing: "fewer than six frames with sound" };
          const { confidence, distance, offset } = found.score;
          return { values: { "lse-c": confidence, "lse-d": distance, "av-offset": offset }, frames: found.windows };
        },
      };
    },
  },
];

async function joined(blocks: AsyncIterable<Float32Array>): Promise<Float32Array> {
  const all: Float32Array[] = [];
  for await (const block of blocks) all.push(block);
  const samples = new Float32Array(all.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of all) {
    samples.set(block, at);
    at += block.length;
  }
  return samples;
}
