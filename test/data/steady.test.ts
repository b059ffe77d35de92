/** A head that keeps still keeps still in its crops: noise of the camera and of the encoder moves neither window nor points. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { prepareVideos } from "../../src/data/prepare.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("steady");
afterAll(folder.remove);

/** Two seconds of a picture with grain, sound from elsewhere, encoded as the web does. */
async function still(picture: string, name: string): Promise<void> {
  const grain = "scale=480:-2,loop=-1:1:0,fps=25,noise=alls=6:allf=t,format=yuv420p";
  await runFfmpeg(["-i", picture, "-f", "lavfi", "-i", "sine=frequency=300:sample_rate=16000,volume='0.5+0.5*sin(6*t)':eval=frame", "-filter_complex", `[0:v]select=eq(n\\,0),${grain}[v]`, "-map", "[v]", "-map", "1:a", "-t", "2", "-c:v", "libx264", "-crf", "26", "-c:a", "aac", folder.path(`in/${name}.mp4`)]);
}

/** Root mean square of how far things move from their mean, in crop pixels: the crop's corners, and the 68 points. */
async function jitter(out: string): Promise<{ corners: number; points: number }[]> {
  const dataset = await openDataset([out]);
  const found: { corners: number; points: number }[] = [];
  for (const clip of dataset.clips) {
    const crop = (await dataset.readArray(clip, "crop")).data;
    const scale = Math.hypot(crop[0]!, crop[3]!); // source pixels in a crop pixel
    const corner = (t: number, x: number, y: number): number[] => [0, 1].map((row) => (crop[6 * t + 3 * row]! * x + crop[6 * t + 3 * row + 1]! * y + crop[6 * t + 3 * row + 2]!) / scale);
    const { size } = dataset.contract;
    const frames = Array.from({ length: clip.frames }, (_, t) => t);
    const corners = frames.map((t) => [corner(t, 0, 0), corner(t, size, 0), corner(t, 0, size), corner(t, size, size)].flat());
    const landmarks = (await dataset.readArray(clip, "landmarks")).data;
    found.push({ corners: spread(corners), points: spread(frames.map((t) => [...landmarks.subarray(136 * t, 136 * (t + 1))])) });
  }
  await dataset.close();
  return found;
}

function spread(rows: readonly (readonly number[])[]): number {
  const width = rows[0]!.length;
  const mean = Array.from({ length: width }, (_, k) => rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length);
  return Math.sqrt((2 * rows.reduce((sum, row) => sum + row.reduce((each, x, k) => each + (x - mean[k]!) ** 2, 0), 0)) / (rows.length * width));
}

const media = process.env["TALKFACE_MEDIA"];
const portraits = media === undefined ? "" : join(media, "portraits");

describe("a still head", () => {
  beforeAll(async () => {
    const [clip] = planClips(1, 640, 0.2, 400, ["neutral"]);
    await writePersonaClip(folder.path("persona"), clip!, { force: false });
    mkdirSync(folder.path("in"));
    await still(folder.path("persona.mp4"), "persona");
    if (existsSync(portraits)) {
      const pictures = readdirSync(portraits, { recursive: true, encoding: "utf8" }).filter((name) => /\.(jpg|png)$/i.test(name)).sort();
      for (let i = 0; i < 3; i++) await still(join(portraits, pictures[Math.floor((i * pictures.length) / 3)]!), `portrait${i}`);
    }
  }, 300_000);

  it("moves by less than half a pixel of its crop", async () => {
    const out = folder.path("out");
    await prepareVideos({
      paths: [folder.path("in")], outFolder: out, size: 128, jobs: 1, limit: null, face: "largest", peopleFile: null, split: "all",
      allowSilent: true, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
    });
    const found = await jitter(out);
    expect(found.length).toBeGreaterThanOrEqual(1);
    for (const { corners, points } of found) {
      expect(corners).toBeLessThan(0.5);
      expect(points).toBeLessThan(0.5);
    }
  });
});
