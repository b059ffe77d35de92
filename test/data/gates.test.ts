import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamics, lengthGate, mostSound, sharpness, speechGate } from "../../src/data/gates.js";
import { readManifest, readRejects } from "../../src/data/manifest.js";
import { prepareVideos } from "../../src/data/prepare.js";
import type { Image } from "../../src/media/image.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("gates");
beforeAll(async () => {
  const [clip] = planClips(1, 450, 1.4, 320, ["neutral"]);
  await writePersonaClip(folder.path("in/good"), clip!, { force: false });
  const good = folder.path("in/good.mp4");
  await runFfmpeg(["-i", good, "-vf", "gblur=sigma=11", "-c:a", "copy", folder.path("in/soft.mp4")]);
  await runFfmpeg(["-i", good, "-f", "lavfi", "-i", "sine=frequency=220:sample_rate=16000:duration=2", "-map", "0:v", "-map", "1:a", "-shortest", "-c:v", "copy", folder.path("in/hum.mp4")]);
});
afterAll(folder.remove);

describe("gates of quality", () => {
  it("drop a blurred face and a hum, with the figure that decided, and keep the sound clip", async () => {
    const options = {
      paths: [folder.path("in")], size: 128, jobs: 1, limit: null, face: "largest", peopleFile: null, split: "all",
      allowSilent: false, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
    } as const;
    await prepareVideos({ ...options, outFolder: folder.path("out") });
    expect((await readManifest(folder.path("out"))).map(({ source }) => source.path)).toEqual(["in/good.mp4"]);
    expect(await readRejects(folder.path("out"))).toEqual([
      expect.objectContaining({ path: "in/hum.mp4", reason: "no-speech", detail: expect.stringMatching(/rises and falls by 0\.\d dB/) }),
      expect.objectContaining({ path: "in/soft.mp4", reason: "blurred", detail: expect.stringMatching(/sharpness of 0\.\d\d, at least 0\.33/) }),
    ]);
    // a hum may stay where silence may
    await prepareVideos({ ...options, outFolder: folder.path("silent"), allowSilent: true });
    expect((await readManifest(folder.path("silent"))).map(({ source }) => source.path)).toEqual(["in/good.mp4", "in/hum.mp4"]);
  });

  it("drop files whose sound or picture ends much before the other", async () => {
    // 3 s of pictures; the sound of 2.7 s is one of those that real footage has
    const good = folder.path("in/good.mp4");
    const film = (name: string, pictures: number, sound: number): Promise<void> =>
      runFfmpeg(["-stream_loop", "3", "-i", good, "-stream_loop", "3", "-i", good, "-filter_complex", `[0:v]trim=end=${pictures}[v];[1:a]atrim=end=${sound}[a]`, "-map", "[v]", "-map", "[a]", "-c:v", "libx264", folder.path(`lengths/${name}.mp4`)]);
    mkdirSync(folder.path("lengths"));
    await film("early", 3, 1.6);
    await film("long", 1.6, 3);
    await film("near", 3, 2.7);
    const result = await prepareVideos({
      paths: [folder.path("lengths")], size: 64, jobs: 1, limit: null, face: "largest", peopleFile: null, split: "all", outFolder: folder.path("lengths-out"),
      allowSilent: true, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
    });
    expect((await readRejects(folder.path("lengths-out"))).map(({ path, reason, detail, startFrame }) => [path, reason, detail, startFrame])).toEqual([
      ["lengths/early.mp4", "lengths-disagree", expect.stringMatching(/^pictures of 3\.00 s and sound of 1\.[56]\d s: at most/), undefined],
      ["lengths/long.mp4", "lengths-disagree", expect.stringMatching(/^pictures of 1\.60 s and sound of 2\.13 s or more: at most/), undefined],
    ]);
    expect(new Set((await readManifest(folder.path("lengths-out"))).map(({ source }) => source.path))).toEqual(new Set(["lengths/near.mp4"]));
    expect(result.summary.rejects).toEqual({ "lengths-disagree": 2 });
  });

  it("measure what they say", () => {
    const picture = (value: (x: number, y: number) => number): Image => ({ width: 64, height: 64, data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => value(Math.floor(i / 3) % 64, Math.floor(i / 192))) });
    expect(sharpness(picture(() => 90))).toBe(0);
    expect(sharpness(picture((x) => 3 * x))).toBeLessThan(1e-3); // a ramp has contrast and no detail
    expect(sharpness(picture((x) => 100 + 80 * Math.sin(x / 2)))).toBeGreaterThan(1);
    expect(sharpness(picture((x) => 100 + 80 * Math.sin(x / 12)))).toBeLessThan(0.33);
    const tone = Float32Array.from({ length: 16_000 }, (_, i) => 0.3 * Math.sin(i / 5));
    expect(dynamics(tone)).toBeLessThan(0.5);
    expect(dynamics(tone.map((x, i) => (i % 4000 < 2000 ? x : x / 10)))).toBeCloseTo(20, 0);
    for (const [pictures, sound] of [[1.2, 0.75], [1.2, 1.65], [11.09, 9.26], [600, 460], [600, 790], [3, 3]] as const) expect(lengthGate(pictures, sound), `${pictures} ${sound}`).toBeNull();
    for (const [pictures, sound] of [[1.2, 0.65], [1.2, 1.75], [600, 440], [600, 810]] as const) expect(lengthGate(pictures, sound)?.reason, `${pictures} ${sound}`).toBe("lengths-disagree");
    // what is heard is the least that is too much
    for (const pictures of [0.4, 1.2, 1.5, 3, 600]) expect(lengthGate(pictures, mostSound(pictures))?.detail).toContain(" or more:");
    expect(speechGate(tone)?.reason).toBe("no-speech");
    expect(speechGate(tone.map((x, i) => (i % 4000 < 2000 ? x : x / 10)))).toBeNull();
  });
});
