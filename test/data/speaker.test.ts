/** Two faces beside each other with the sound of one: the clip is of the one who speaks. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { prepareVideos, shardDigests } from "../../src/data/prepare.js";
import { isClear, speakingScore } from "../../src/data/speaker.js";
import type { PreparedFace } from "../../src/data/stage-video.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("speaker");
afterAll(folder.remove);

/** A video with `left` and `right` beside each other, `side` pixels each, and the sound of `sound`. */
async function beside(out: string, left: string, right: string, sound: string, { side = 128, seconds = 3 } = {}): Promise<void> {
  const scale = `fps=25,scale=${side}:${side}:force_original_aspect_ratio=increase,crop=${side}:${side}`;
  const filter = `[0:v]${scale}[l];[1:v]${scale}[r];[l][r]hstack,format=yuv420p[v]`;
  await runFfmpeg(["-i", left, "-i", right, "-i", sound, "-filter_complex", filter, "-map", "[v]", "-map", "2:a", "-t", String(seconds), "-c:v", "libx264", "-c:a", "aac", folder.path(out)]);
}

const options = (face: PreparedFace) => ({
  size: 64, jobs: 1, limit: null, face, peopleFile: null, split: "all",
  allowSilent: true, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
}) as const;

/** Name of a video -> the half that its clip shows. */
async function halves(videos: string, out: string, face: PreparedFace): Promise<Record<string, string>> {
  await prepareVideos({ ...options(face), paths: [folder.path(videos)], outFolder: folder.path(out) });
  const dataset = await openDataset([folder.path(out)]);
  try {
    const sides: Record<string, string> = {};
    for (const clip of dataset.clips) {
      const [a, b, c] = (await dataset.readArray(clip, "crop")).data as unknown as [number, number, number];
      const { size } = dataset.contract;
      sides[clip.source.path.split("/").at(-1)!] = ((a + b) * size) / 2 + c < clip.source.width / 2 ? "left" : "right";
    }
    return sides;
  } finally {
    await dataset.close();
  }
}

describe("two personas, one of whom is heard", () => {
  const [anna, ben, carl] = ["anna", "ben", "carl"].map((name) => folder.path(`alone/${name}.mp4`)) as [string, string, string];
  let spoken: Record<string, string>;
  beforeAll(async () => {
    mkdirSync(folder.path("pairs"));
    for (const [i, clip] of planClips(3, 900, 3, 128, ["neutral"]).entries()) await writePersonaClip([anna, ben, carl][i]!.replace(/\.mp4$/, ""), clip, { force: false });
    await beside("pairs/anna-of-both.mp4", anna, ben, anna);
    await beside("pairs/ben-of-both.mp4", anna, ben, ben);
    await beside("pairs/stranger.mp4", anna, ben, carl);
    await runFfmpeg(["-i", folder.path("pairs/ben-of-both.mp4"), "-f", "lavfi", "-i", "anullsrc=r=16000", "-map", "0:v", "-map", "1:a", "-shortest", "-c:v", "copy", folder.path("pairs/silence.mp4")]);
    spoken = await halves("pairs", "out", "speaker");
  }, 300_000);

  it("are told apart by their lips", () => {
    expect(spoken).toMatchObject({ "anna-of-both.mp4": "left", "ben-of-both.mp4": "right" });
  });

  it("give the face that would be taken without looking at the sound where that is silent, or is somebody else's", async () => {
    const largest = await halves("pairs", "largest", "largest");
    expect(spoken["silence.mp4"]).toBe(largest["silence.mp4"]);
    expect(spoken["stranger.mp4"]).toBe(largest["stranger.mp4"]);
    expect(new Set(["anna-of-both.mp4", "ben-of-both.mp4"].map((name) => largest[name])).size).toBe(1);
  });

  it("give the same bytes as ever where there is one face", async () => {
    for (const face of ["speaker", "largest"] as const) await prepareVideos({ ...options(face), paths: [anna], outFolder: folder.path(`one-${face}`) });
    const digests = await shardDigests(folder.path("one-speaker"));
    expect(Object.keys(digests).length).toBeGreaterThan(0);
    expect(digests).toEqual(await shardDigests(folder.path("one-largest")));
  });
});

describe("agreement of lips and sound", () => {
  it("is that of the best offset, which costs by its size, within ten frames", () => {
    const curve = new Float64Array(31).fill(Number.NaN);
    curve.set([0.9, 0.5, 0.45, 0.2], 4); // 11, 10, 9 and 8 frames early
    expect(speakingScore({ curve })).toBeCloseTo(0.4);
    curve[15] = 0.41;
    expect(speakingScore({ curve })).toBeCloseTo(0.41);
  });

  it("must be clearly more to overrule the first face, in short parts most of all", () => {
    expect([isClear(0.11, 50), isClear(0.11, 500), isClear(0.09, 500), isClear(0.11, 29), isClear(0.18, 29), isClear(Number.NaN, 50)]).toEqual([true, true, false, false, true, false]);
  });
});

const media = process.env["TALKFACE_MEDIA"] ?? "";
const talking = [["voxceleb2/vox2_741400163.mp4", "moore_4.mp4"], ["more/lrs3_ZJNESMhIxQ0_00001.mp4", "video-retalking_face5.mp4"]].map((pair) => pair.map((name) => join(media, "talking", name)) as [string, string]);

describe.skipIf(media === "" || !talking.flat().every(existsSync))("two real people, one of whom is heard (skipped without TALKFACE_MEDIA)", () => {
  it("are told apart in both orders and with the sound of either", async () => {
    mkdirSync(folder.path("real"));
    const expected: Record<string, string> = {};
    for (const [i, [one, other]] of talking.entries()) {
      for (const [name, left, right, sound, side] of [["a", one, other, one, "left"], ["b", one, other, other, "right"], ["c", other, one, one, "right"], ["d", other, one, other, "left"]] as const) {
        await beside(`real/${i}${name}.mp4`, left, right, sound, { side: 256, seconds: 4 });
        expected[`${i}${name}.mp4`] = side;
      }
    }
    expect(await halves("real", "real-out", "speaker")).toEqual(expected);
  }, 240_000);
});
