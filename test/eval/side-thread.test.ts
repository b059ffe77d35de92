/** A video that is read in a thread of its own gives what it gives in this one. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Counts, framePairs, noCounts, type Pairing } from "../../src/eval/frame-pairs.js";
import { deservesThread, ThreadSide } from "../../src/eval/side-thread.js";
import { type OpenSource, Sources } from "../../src/eval/sources.js";
import type { Source } from "../../src/eval/units.js";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import type { FramePair } from "../../src/metrics/metric.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("side-thread");
const file = (name: string): Source => ({ kind: "file", path: folder.path(name) });
const plain: Pairing = { frames: "truncate", crop: "none", size: null, resize: false };
const sources = new Sources();
let analyzer: FaceAnalyzer;

beforeAll(async () => {
  analyzer = await createFaceAnalyzer();
  for (const [name, seed, seconds] of [["short", 940, 0.6], ["long", 941, 0.9]] as const) {
    const [clip] = planClips(1, seed, seconds, 128, ["happy"]);
    await writePersonaClip(folder.path(name), clip!, { force: false });
  }
  await runFfmpeg(["-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=30", "-c:v", "libx264", "-preset", "ultrafast", folder.path("pattern.mp4")]);
  writeFileSync(folder.path("broken.mp4"), "no video");
}, 60_000);
afterAll(folder.remove);

async function pairsOf(made: string, real: string, pairing: Pairing, inThread: boolean): Promise<{ pairs: FramePair[]; counts: Counts }> {
  const counts = noCounts();
  const pairs: FramePair[] = [];
  const [left, right] = [await sources.open(file(made)), await sources.open(file(real))];
  for await (const pair of framePairs(left, right, analyzer, pairing, counts, inThread ? (sampling) => new ThreadSide(file(real), pairing, sampling) : null)) pairs.push(pair);
  return { pairs, counts };
}

/** ffmpeg processes of this one that run. */
function ffmpegs(): string[] {
  return readdirSync("/proc").filter((id) => {
    try {
      const [, name, state, parent] = /\((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${id}/stat`, "utf8")) ?? [];
      return parent === String(process.pid) && name === "ffmpeg" && state !== "Z";
    } catch {
      return false; // no process, or one that has ended
    }
  });
}

describe("a side in a thread", () => {
  it.each<[string, string, string, Partial<Pairing>]>([
    ["to the end of the made video", "short.mp4", "long.mp4", {}],
    ["to the end of the real one", "long.mp4", "short.mp4", { size: 96 }],
    ["sampled evenly, cut to the face", "short.mp4", "long.mp4", { frames: "even", crop: "face", size: 64 }],
  ])("gives the same frames, faces and counts: %s", async (_, made, real, change) => {
    const [own, other] = [await pairsOf(made, real, { ...plain, ...change }, false), await pairsOf(made, real, { ...plain, ...change }, true)];
    expect(own.pairs).toHaveLength(15);
    expect(own.pairs.every((pair) => pair.real!.mesh !== null)).toBe(true);
    expect(other.counts).toEqual(own.counts);
    other.pairs.forEach(({ made: a, real: b }, t) => {
      for (const [frame, wanted] of [[a, own.pairs[t]!.made], [b!, own.pairs[t]!.real!]] as const) {
        expect(frame.mesh, `frame ${t}`).toEqual(wanted.mesh);
        expect([frame.image.width, frame.image.height, Buffer.compare(frame.image.data, wanted.image.data)], `frame ${t}`).toEqual([wanted.image.width, wanted.image.height, 0]);
      }
    });
  });

  it.skipIf(process.platform !== "linux")("leaves no process behind when it is left early", async () => {
    const [made, real] = [await sources.open(file("pattern.mp4")), await sources.open(file("pattern.mp4"))];
    let seen = 0;
    for await (const pair of framePairs(made, real, analyzer, plain, noCounts(), () => new ThreadSide(file("pattern.mp4"), plain, null))) {
      expect(pair.real!.image.width).toBe(64);
      seen = ffmpegs().length;
      break;
    }
    expect(seen).toBe(2);
    expect(ffmpegs()).toEqual([]);
  });

  it("tells what is wrong with a file, and ends", async () => {
    const side = new ThreadSide(file("broken.mp4"), plain, null);
    await expect(side.next()).rejects.toMatchObject({ code: "bad-media", message: expect.stringContaining("broken.mp4") });
    await side.close();
  });

  it("is for pairs that last", () => {
    const lasting = (seconds: number | null): OpenSource => ({ frames: async function* () {}, sound: null, seconds, shown: new Set(), notes: [] });
    expect(deservesThread(lasting(60), lasting(61))).toBe(true);
    for (const [made, real] of [[60, 3], [3, 60], [60, null], [null, null]] as const) expect(deservesThread(lasting(made), lasting(real))).toBe(false);
    expect(deservesThread(lasting(60), null)).toBe(false);
  });
});
