/** Whether lips and sound belong together, as SyncNet sees it. */
import { TalkfaceError } from "../../base/errors.js";
import type { Frame, Metric, Missing, Need } from "../../metrics/metric.js";
import type { Ends, SyncScore } from "../../metrics/syncnet/distances.js";
import { samplesPerFrame, SyncNet, syncnetProtocol, trackedSyncnetProtocol, validSyncnetProtocol } from "../../metrics/syncnet/expert.js";
import { type Box, FaceTracks } from "../../metrics/syncnet/face-track.js";
import { importedDigest } from "../../store/imported.js";

/** Shorter and smaller tracks are no score in SyncNet's pipeline; LatentSync's evaluation is content with 50 frames. */
const [trackFrames, shortTrackFrames, trackSide] = [100, 50, 100];

type Values = "c" | "d" | "offset";

function lipSync(name: string, title: string, protocol: string, names: Readonly<Record<Values, string>>, needs: readonly Need[], start: (net: SyncNet) => LipSyncClip): Metric {
  return {
    name, title, needs,
    scores: [
      { name: names.c, unit: "", better: "higher" },
      { name: names.d, unit: "", better: "lower" },
      { name: names.offset, unit: "frames", better: "near 0" },
    ],
    reference: "none",
    speech: true,
    protocol: `${name}: ${protocol}`,
    weights: () => importedDigest("syncnet"),
    async start({ tools, sound }) {
      const net = await tools.once("syncnet", SyncNet.open);
      if (net === null) throw new TalkfaceError("missing-file", "SyncNet's weights are not here: talkface import syncnet FILE");
      const clip = start(net);
      return {
        add: ({ made }) => clip.add(made),
        async finish() {
          const found = await clip.finish(await joined(sound!()));
          if ("missing" in found) return found;
          const { confidence, distance, offset } = found.score;
          return { values: { [names.c]: confidence, [names.d]: distance, [names.offset]: offset }, frames: found.windows };
        },
      };
    },
  };
}

interface LipSyncClip {
  add(frame: Frame): Promise<void>;
  finish(samples: Float32Array): Promise<Windows | Missing>;
}

interface Windows {
  readonly score: SyncScore;
  readonly windows: number;
}

const tooShort: Missing = { missing: "fewer than six frames with sound" };

const wholeFrames = (ends: Ends) => (net: SyncNet): LipSyncClip => {
  const clip = net.clip();
  return { add: ({ image }) => clip.add(image), finish: async (samples) => (await clip.finish(samples, ends)) ?? tooShort };
};

/** The longest track of a clip with more than `fewest` detections. */
const longestTrack = (fewest: number) => (net: SyncNet): LipSyncClip => {
  const tracks = new FaceTracks(() => net.clip());
  return {
    add: ({ image, mesh }) => tracks.add(image, mesh === null ? null : boundingBox(mesh)),
    async finish(samples) {
      const all = [...(await tracks.finish())].sort((a, b) => b.detections - a.detections);
      const track = all.find(({ detections, side }) => detections > fewest && side > trackSide);
      if (track === undefined) {
        const longest = all[0];
        return { missing: `no face is followed for more than ${fewest} frames at more than ${trackSide} px${longest === undefined ? "" : ` (the longest track: ${longest.detections} frames, ${Math.round(longest.side)} px)`}` };
      }
      return (await track.sink.finish(samples.subarray(track.first * samplesPerFrame, (track.last + 1) * samplesPerFrame))) ?? tooShort;
    },
  };
};

/** Of a mesh [478,3]. */
function boundingBox(mesh: Float32Array): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < mesh.length; i += 3) {
    left = Math.min(left, mesh[i]!);
    right = Math.max(right, mesh[i]!);
    top = Math.min(top, mesh[i + 1]!);
    bottom = Math.max(bottom, mesh[i + 1]!);
  }
  return { left, top, right, bottom };
}

function scoreNames(variant: string): Readonly<Record<Values, string>> {
  return { c: `lse-c${variant}`, d: `lse-d${variant}`, offset: `av-offset${variant}` };
}

const tracked = (name: string, fewest: number): Metric =>
  lipSync(
    name,
    `lip-sync error by SyncNet in the face track (more than ${fewest} frames): confidence, distance, offset`,
    `${trackedSyncnetProtocol}; the longest track, more than ${fewest} detections`,
    scoreNames(name.slice("lse".length)),
    ["sound", "faces"],
    longestTrack(fewest),
  );

export const lipSyncMetrics: readonly Metric[] = [
  lipSync("lse", "lip-sync error by SyncNet: confidence, distance, offset", syncnetProtocol, scoreNames(""), ["sound"], wholeFrames("zeros")),
  lipSync("lse:valid", "lip-sync error by SyncNet without what lies beyond the ends: confidence, distance, offset", validSyncnetProtocol, scoreNames(":valid"), ["sound"], wholeFrames("left out")),
  tracked("lse:tracked", trackFrames),
  tracked("lse:tracked-short", shortTrackFrames),
];

export async function joined(blocks: AsyncIterable<Float32Array>): Promise<Float32Array> {
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
