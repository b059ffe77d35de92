/** A head that keeps still keeps still in its crops: noise of the camera and of the encoder moves neither window nor points. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, spread, trackOf, trembling } from "../../bench/steady.js";
import { Random } from "../../src/base/random.js";
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

/** How far things move from their mean place, in crop pixels: the crop's corners, and the 68 points. */
async function jitter(out: string): Promise<{ corners: number; points: number }[]> {
  const dataset = await openDataset([out]);
  const found: { corners: number; points: number }[] = [];
  for (const clip of dataset.clips) {
    const { window, points } = await trackOf(dataset, clip);
    found.push({ corners: spread(window), points: spread(points) });
  }
  await dataset.close();
  return found;
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

  it("is found by the bench, which takes motion for none of its trembling", async () => {
    const figures = await run(["--data", folder.path("out")]);
    expect(Number(figures["still"])).toBeGreaterThanOrEqual(1);
    expect(Number(figures["window_px_most"])).toBeLessThan(0.1);
    expect(Number(figures["points_px_most"])).toBeLessThan(0.5);
    const random = new Random(3);
    const rows = Array.from({ length: 400 }, (_, t) => [t / 10 + 0.3 * random.normal(), 0.3 * random.normal()]);
    expect(trembling(rows)).toBeCloseTo(0.3 * Math.SQRT2, 1);
    expect(trembling(rows.map((_, t) => [t, 5 - 2 * t]))).toBe(0);
  });
});
