/** `talkface eval` on videos whose scores are known. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runTalkface } from "../support/command.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("eval");
const [made, real] = [folder.path("made"), folder.path("real")];

/** A grey video without loss: `level` of 255, `seconds` long. */
const grey = (path: string, level: number, seconds: number, size = 64): Promise<void> =>
  runFfmpeg(["-f", "lavfi", "-i", `color=c=0x${level.toString(16).padStart(2, "0").repeat(3)}:s=${size}x${size}:r=25:d=${seconds},format=gbrp`, "-c:v", "ffv1", "-pix_fmt", "gbrp", path]);

beforeAll(async () => {
  for (const path of [made, real]) mkdirSync(path);
  await grey(folder.path("made/flat.mkv"), 100, 1);
  await grey(folder.path("real/flat.mkv"), 110, 1.2);
  await grey(folder.path("made/near.mkv"), 108, 1);
  await grey(folder.path("real/near.mkv"), 110, 1);
  await grey(folder.path("made/small.mkv"), 110, 1, 32);
  await grey(folder.path("real/small.mkv"), 110, 1);
  writeFileSync(folder.path("made/broken.mp4"), "no video");
  copyFileSync(folder.path("real/flat.mkv"), folder.path("real/broken.mkv"));
  copyFileSync(folder.path("real/flat.mkv"), folder.path("real/alone.mkv"));
  const [clip] = planClips(1, 900, 1, 160, ["neutral"]);
  await writePersonaClip(folder.path("persona"), clip!, { force: false });
}, 120_000);
afterAll(folder.remove);

interface Outcome {
  readonly [metric: string]: { readonly mean: number; readonly sd: number; readonly ci95: readonly number[]; readonly n: number; readonly protocol: string } | null;
}

describe("eval", () => {
  it("gives PSNR and SSIM that follow from the levels, names what cannot be scored, scores the rest", () => {
    const { status, stdout } = runTalkface(["eval", made, real, "--metrics", "psnr,ssim,length-ratio,lmd", "--json"]);
    expect(status).toBe(3);
    const found = JSON.parse(stdout) as Outcome & { clips: { name: string; problems: Record<string, string>; scores: Record<string, { value: number; frames: number }> }[] };
    const [far, near] = [20 * Math.log10(255 / 10), 20 * Math.log10(255 / 2)];
    expect(found["psnr"]).toMatchObject({ n: 2, mean: expect.closeTo((far + near) / 2, 6), sd: expect.closeTo((near - far) / Math.SQRT2, 6), protocol: expect.stringContaining("RGB, 8 bit") });
    const constant = (0.01 * 255) ** 2;
    const similarity = (a: number, b: number): number => (2 * a * b + constant) / (a * a + b * b + constant);
    expect(found["ssim"]).toMatchObject({ n: 2, mean: expect.closeTo((similarity(100, 110) + similarity(108, 110)) / 2, 9) });
    expect(found["length-ratio"]).toMatchObject({ n: 3, mean: expect.closeTo((25 / 30 + 2) / 3, 6) });
    expect(found["lmd"]).toBeNull();
    const clips = Object.fromEntries(found.clips.map((clip) => [clip.name, clip]));
    expect(clips["flat"]!.scores["psnr"]).toEqual({ value: expect.closeTo(far, 6), frames: 25 });
    expect(clips["flat"]!.problems).toEqual({ lmd: "no frame shows a face in both videos" });
    expect(clips["small"]!.problems["psnr"]).toMatch(/32x32 and 64x64; --resize/);
    expect(clips["broken"]!.problems[""]).toMatch(/broken\.mp4/);
    expect(clips["alone"]!.problems[""]).toMatch(/made has no video of that name/);
    expect(Object.keys(clips).sort()).toEqual(["alone", "broken", "flat", "near", "small"]);
  });

  it("finds a video equal to itself, with every metric", () => {
    const path = folder.path("persona.mp4");
    const { status, stdout } = runTalkface(["eval", path, path, "--metrics", "psnr,ssim,ssim:gaussian,ssim:padded,flicker,cpbd,lmd,f-lmd,mouth-place,lips,eyes,brows,pose-error,blinks,expression,id-cosine,length-ratio", "--json"]);
    expect(status).toBe(0);
    const found = JSON.parse(stdout) as Outcome;
    for (const [name, value] of Object.entries({ psnr: 100, ssim: 1, "ssim:gaussian": 1, "ssim:padded": 1, flicker: 1, lmd: 0, "f-lmd": 0, "mouth-place": 0, lips: 1, eyes: 1, brows: 1, "pose-error": 0, "roll-error": 0, expression: 1, "expression-class": 1, "id-cosine": 1, "length-ratio": 1 })) expect(found[name]!.mean, name).toBeCloseTo(value, 5);
    expect(found["cpbd"]!.mean).toBeGreaterThan(0.01);
    expect(found["blinks"]!.mean).toBe(found["blinks-real"]!.mean);
    expect(found["flicker-made"]!.mean).toBe(found["flicker-real"]!.mean);
    expect(JSON.parse(runTalkface(["eval", path, path, "--metrics", "psnr,ms-ssim", "--json"]).stdout)).toMatchObject({ "ms-ssim": null, clips: [{ problems: { "ms-ssim": "no pair of frames of at least 161 x 161 pixels" } }] });
  });

  it("sees expressions, head poses and brows that differ", async () => {
    for (const [name, emotion] of [["calm", "neutral"], ["glad", "happy"]] as const) {
      const [clip] = planClips(1, 901, 1, 192, [emotion]);
      await writePersonaClip(folder.path(name), clip!, { force: false });
    }
    const { stdout } = runTalkface(["eval", folder.path("glad.mp4"), folder.path("calm.mp4"), "--metrics", "expression,pose-error,brows", "--json"]);
    const found = JSON.parse(stdout) as Outcome;
    expect(found["expression"]!.mean).toBeLessThan(0.98);
    expect(found["pose-error"]!.mean).toBeGreaterThan(0);
    expect(found["pose-error"]!.mean).toBeCloseTo((found["yaw-error"]!.mean + found["pitch-error"]!.mean + found["roll-error"]!.mean) / 3, 9);
    expect(Math.abs(found["brows"]!.mean)).toBeLessThanOrEqual(1);
  });

  it("takes pairs from a file, resizes when asked to, and writes a table and a CSV", () => {
    writeFileSync(folder.path("pairs.csv"), "real,generated\nreal/small.mkv,made/small.mkv\n");
    const csv = folder.path("scores.csv");
    const args = ["eval", "--pairs", folder.path("pairs.csv"), "--metrics", "psnr", "--resize", "--csv", csv, "--per-clip"];
    const { status, stdout } = runTalkface(args);
    expect({ status, lines: stdout.split("\n").slice(0, 2) }).toEqual({ status: 0, lines: [expect.stringMatching(/^score +mean +sd +low +high +clips$/), expect.stringMatching(/^psnr +100\.00 +0\.00 .* 1 {2}dB, higher is better$/)] });
    expect(stdout).toMatch(/^made\/small +100\.00 +25$/m);
    expect(readFileSync(csv, "utf8")).toBe("system,clip,psnr,frames made,frames real,remarks\ngenerated,made/small,100,25,25,\n");
    expect(runTalkface(args)).toMatchObject({ status: 1, stderr: expect.stringContaining("--force") });
  });

  it("says in one sentence what is wrong", () => {
    const cases: [string[], number, RegExp][] = [
      [["eval"], 2, /expected GENERATED and REAL, or --pairs/],
      [["eval", made], 2, /the default metrics compare with real videos/],
      [["eval", made, real, "--metrics", "psnr,beauty"], 2, /--metrics beauty: there are psnr, ssim, /],
      [["eval", made, folder.path("persona.mp4")], 2, /two videos or two folders/],
      [["eval", folder.path("none"), real], 1, /none/],
      [["eval", folder.path("made/broken.mp4"), folder.path("real/flat.mkv")], 1, /no clip could be scored: broken\.mp4/],
    ];
    for (const [args, status, message] of cases) expect(runTalkface(args), args.join(" ")).toMatchObject({ status, stderr: expect.stringMatching(message) });
    expect(existsSync(folder.path("none"))).toBe(false);
    expect(runTalkface(["eval", "--list"]).stdout).toContain("ssim: RGB, 8 bit, 7x7 uniform window");
  });
});
