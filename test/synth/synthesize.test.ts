/** The whole path with the shipped persona and a small untrained model: what it draws is no talking face, but everything else is real. */
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../src/base/random.js";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { readAudio } from "../../src/media/audio.js";
import { encodePng, readImage } from "../../src/media/image.js";
import { probe } from "../../src/media/probe.js";
import { readFrames } from "../../src/media/video-reader.js";
import { encodeWav } from "../../src/media/wav.js";
import { blinkAmounts } from "../../src/synth/blinks.js";
import { readCandidates } from "../../src/synth/candidates.js";
import { chooseViews } from "../../src/synth/identity-views.js";
import type { SynthRequest } from "../../src/synth/request.js";
import { synthesize } from "../../src/synth/synthesize.js";
import { StageClock } from "../../src/synth/timings.js";
import { runTalkface, startTalkface } from "../support/command.js";
import { writeUntrainedModel } from "../support/untrained-model.js";

const personas = fileURLToPath(new URL("../../datasets/personas", import.meta.url));
const ada = join(personas, "ada");
const guide = join(personas, "expression.mp4");
let folder: string;
let base: SynthRequest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-synth-"));
  await writeUntrainedModel(join(folder, "model"), "tiny");
  const speech = (await readAudio(join(personas, "speech.wav"))).slice(0, 21_000); // 1.3125 s: 32.8 frames
  await writeFile(join(folder, "speech.wav"), encodeWav(speech, 16000));
  await writeFile(join(folder, "long.wav"), encodeWav(new Float32Array(16000 * 300).map((_, i) => speech[i % speech.length]!), 16000));
  await writeFile(join(folder, "silent.wav"), encodeWav(new Float32Array(16000), 16000));
  await writeFile(join(folder, "text.mp4"), "this is no video\n".repeat(50));
  await writeFile(join(folder, "grey.png"), await encodePng({ data: new Uint8Array(200 * 200 * 3).fill(120), width: 200, height: 200 }));
  base = {
    ...{ identity: [ada], guide: null, audio: join(folder, "speech.wav"), output: join(folder, "out.mp4"), frame: "crop", size: null, crf: 23, articulation: 1, intensity: 1, seed: 0 },
    ...{ face: "largest", modelFolder: join(folder, "model"), device: "cpu", preview: false, force: true },
  };
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function framesOf(path: string): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const { data } of readFrames(path)) frames.push(data);
  return frames;
}

/** Names in the folder that no test put there. */
async function leftOvers(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith("."));
}

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}

describe("synthesize", () => {
  test("makes a video as long as the speech, with a sheet", async () => {
    const result = await synthesize({ ...base, guide, preview: true });
    expect(result).toMatchObject({ frames: 33, width: 64, height: 64, views: 2, isSilent: false });
    const info = await probe(base.output);
    expect(info.video).toMatchObject({ codec: "h264", fps: 25, width: 64, height: 64 });
    expect(info.audio?.codec).toBe("aac");
    expect(Math.abs(info.durationSeconds! - 1.3125)).toBeLessThan(0.06);
    expect(await framesOf(base.output)).toHaveLength(33);
    expect(await readImage(join(folder, "out.png"))).toMatchObject({ width: 8 * 68 - 4 });
    expect(Object.values(result.timings.seconds).every((seconds) => seconds >= 0)).toBe(true);
    expect(await leftOvers()).toEqual([]);
  });

  test("gives the same bytes for the same request, others for another seed", async () => {
    const make = async (seed: number): Promise<Uint8Array> => {
      await synthesize({ ...base, seed });
      return readFile(base.output);
    };
    // One seed that blinks within the video and one that does not.
    const blinks = (seed: number): boolean => blinkAmounts(1500, new Random(seed).split("blinks"), 25).subarray(0, 30).some((amount) => amount > 0);
    const [open, blinking] = [false, true].map((wanted) => Array.from({ length: 100 }, (_, seed) => seed).find((seed) => blinks(seed) === wanted)!) as [number, number];
    const first = await make(open);
    expect(await make(open)).toEqual(first);
    expect(await make(blinking)).not.toEqual(first);
  });

  test("another guide moves the face differently", async () => {
    await synthesize({ ...base, guide });
    const guided = await framesOf(base.output);
    await synthesize(base);
    const still = await framesOf(base.output);
    expect(difference(guided[30]!, guided[5]!)).toBeGreaterThan(difference(still[30]!, still[5]!));
  });

  test("--size changes the face's side", async () => {
    expect(await synthesize({ ...base, size: 100 })).toMatchObject({ width: 100, height: 100 });
    expect((await probe(base.output)).video).toMatchObject({ width: 100, height: 100 });
  });

  test("--frame full keeps the picture around the face", async () => {
    const result = await synthesize({ ...base, identity: [join(ada, "1-front.jpg")], frame: "full", size: 320 });
    expect(Math.max(result.width, result.height)).toBe(320);
    const picture = await readImage(join(ada, "1-front.jpg"));
    expect(result.width / result.height).toBeCloseTo(picture.width / picture.height, 1);
    const frames = await framesOf(base.output);
    const corner = (frame: Uint8Array): Uint8Array => frame.subarray(0, 20 * 3);
    expect(difference(corner(frames[30]!), corner(frames[1]!))).toBeLessThan(3);
  });

  test("a video may be the identity", async () => {
    expect(await synthesize({ ...base, identity: [guide], frame: "full", size: 256 })).toMatchObject({ views: 2, frames: 33 });
  });

  test("--explain tells the weights of every frame and the loudness of its speech, and changes nothing else", async () => {
    // Twelve and a half frames of nothing, then noise.
    const random = new Random(3);
    const sound = Float32Array.from({ length: 21_000 }, (_, i) => (i < 8000 ? 0 : random.uniform(-0.3, 0.3)));
    await writeFile(join(folder, "late.wav"), encodeWav(sound, 16000));
    const late = { ...base, guide, audio: join(folder, "late.wav") };
    await synthesize(late);
    const plain = await readFile(base.output);
    const { explanation, frames } = await synthesize({ ...late, explain: join(folder, "why.csv") });
    expect(explanation).toEqual({ picture: join(folder, "why.png"), table: join(folder, "why.csv") });
    expect(await readFile(base.output)).toEqual(plain);
    expect(await readImage(join(folder, "why.png"))).toMatchObject({ width: 2 * 592 });
    const [head, ...rows] = (await readFile(join(folder, "why.csv"), "utf8")).trimEnd().split("\n").map((line) => line.split(","));
    const faceNames = ["identity", "expression", "speech", "position"].map((name) => `whole face: ${name}`);
    expect(head).toEqual(["frame", "seconds", "loudness dB", ...faceNames, ...["identity", "expression", "speech"].map((name) => `lips: ${name}`)]);
    expect(rows).toHaveLength(frames);
    const numbers = rows.map((row) => row.map(Number));
    numbers.forEach(([t, seconds, , ...weights], i) => {
      expect([t, seconds]).toEqual([i, i / 25]);
      expect(weights.slice(0, 4).reduce((a, b) => a + b)).toBeCloseTo(1, 3);
      expect(weights.slice(4).reduce((a, b) => a + b)).toBeCloseTo(1, 3);
    });
    // What is silent and what is loud stands where it is heard, and the weights go with the input.
    const loudness = numbers.map((row) => row[2]!);
    expect(Math.max(...loudness.slice(0, 12))).toBeLessThan(-40);
    expect(loudness.slice(13).every((level) => Math.abs(level) < 6)).toBe(true);
    expect(new Set(numbers.map((row) => row[3])).size).toBeGreaterThan(5);
  });

  test("--explain of a model that weighs nothing is refused in one sentence, before anything is written", async () => {
    await writeUntrainedModel(join(folder, "plain"), "tiny", 1, { without: ["weighting"] });
    const request = { ...base, modelFolder: join(folder, "plain"), output: join(folder, "plain.mp4") };
    await expect(synthesize({ ...request, explain: join(folder, "plain.png") })).rejects.toMatchObject({ code: "usage", message: expect.stringMatching(/plain has no adaptive cross-modal weighting/) as string });
    await expect(stat(request.output)).rejects.toThrow();
    expect(await synthesize(request)).toMatchObject({ frames: 33, explanation: null });
  });

  test("silence is said and makes a video", async () => {
    expect(await synthesize({ ...base, audio: join(folder, "silent.wav") })).toMatchObject({ isSilent: true, frames: 25 });
  });
});

describe("identity views", () => {
  let analyzer: FaceAnalyzer;
  beforeAll(async () => {
    analyzer = await createFaceAnalyzer();
  });

  test("the frontal view leads, the others are turned differently", async () => {
    const candidates = await readCandidates([ada], analyzer, new StageClock(), { size: 64, face: "largest" });
    expect(candidates.length).toBe((await readdir(ada)).length);
    const chosen = chooseViews(candidates, 3);
    expect(chosen).toHaveLength(3);
    expect(new Set(chosen).size).toBe(3);
    expect(chosen[0]!.where.path).toMatch(/front|smile/);
    expect(chooseViews(candidates, 100)).toHaveLength(candidates.length);
  });

  test("pictures without a face are left out, and only those are an error", async () => {
    const some = await readCandidates([join(folder, "grey.png"), join(ada, "1-front.jpg")], analyzer, new StageClock(), { size: 64, face: "largest" });
    expect(some).toHaveLength(1);
    const none = readCandidates([join(folder, "grey.png")], analyzer, new StageClock(), { size: 64, face: "largest" });
    await expect(none).rejects.toMatchObject({ code: "no-face", message: expect.stringContaining("grey.png") as string });
    const third = readCandidates([join(ada, "1-front.jpg")], analyzer, new StageClock(), { size: 64, face: 3 });
    await expect(third).rejects.toMatchObject({ code: "no-face", message: expect.stringContaining("no face number 3") as string });
  });

  test("a folder without pictures is an error", async () => {
    await mkdir(join(folder, "none"));
    await expect(synthesize({ ...base, identity: [join(folder, "none")] })).rejects.toMatchObject({ code: "missing-file", message: expect.stringContaining("holds no picture") as string });
  });
});

describe("talkface synth", () => {
  const command = (...more: string[]): string[] => ["synth", ...(more.includes("--id") ? [] : ["--id", ada]), "--audio", join(folder, "speech.wav"), "-o", join(folder, "cli.mp4"), "--model", join(folder, "model"), ...more];

  test("prints the outcome", () => {
    const { status, stdout, stderr } = runTalkface(command("--force", "--timings", "--explain", join(folder, "cli-weights.png")));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/cli\.mp4: 33 frames[^]*^.*cli-weights\.png: weights of the modalities[^]*^networks .* frames\/s$[^]*^memory .* MB/m);
  });

  test.each<[string, (folder: string) => string[], number, RegExp]>([
    ["an existing video", () => [], 1, /cli\.mp4: exists already/],
    ["text called .mp4 as identity", (f) => ["--force", "--id", join(f, "text.mp4")], 1, /text\.mp4: not a media file/],
    ["no face", (f) => ["--force", "--id", join(f, "grey.png")], 1, /grey\.png: no face was found/],
    ["a guide without a face", (f) => ["--force", "--expr", join(f, "blank.mp4")], 1, /blank\.mp4: /],
    ["a truncated guide", (f) => ["--force", "--expr", join(f, "cut.mp4")], 1, /cut\.mp4: .*truncated/],
    ["a folder that cannot be made", (f) => ["-o", join(f, "speech.wav", "x.mp4")], 1, /x\.mp4: /],
    ["a wrong choice", () => ["--frame", "half"], 2, /--frame/],
    ["no number", () => ["--size", "big"], 2, /--size/],
  ])("%s is one clear line", async (_name, more, status, text) => {
    await copyFile(guide, join(folder, "whole.mp4"));
    const bytes = await readFile(guide);
    await writeFile(join(folder, "cut.mp4"), bytes.subarray(0, bytes.length / 2));
    await writeFile(join(folder, "blank.mp4"), "");
    await writeFile(join(folder, "cli.mp4"), "something");
    const result = runTalkface(command(...more(folder)));
    expect(result.status).toBe(status);
    expect(result.stdout).toBe("");
    expect(result.stderr).toMatch(/^talkface: [^\n]+\n$/);
    expect(result.stderr).toMatch(text);
    expect(await readFile(join(folder, "cli.mp4"), "utf8")).toBe("something");
  });

  test("Ctrl-C leaves nothing half-written", async () => {
    const output = join(folder, "stopped.mp4");
    const child = startTalkface(["synth", "--id", ada, "--audio", join(folder, "long.wav"), "-o", output, "--model", join(folder, "model"), "--frame", "full"]);
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const exit = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    // Begun as soon as the unfinished file is there.
    const begun = async (): Promise<void> => {
      while (child.exitCode === null && (await leftOvers()).length === 0) await new Promise((resolve) => setImmediate(resolve));
    };
    await begun();
    expect(await leftOvers()).not.toEqual([]);
    process.kill(-child.pid!, "SIGINT"); // to ffmpeg too, as a terminal does
    expect((await exit)[1]).toBe("SIGINT");
    expect(stderr).toBe("talkface: interrupted.\n");
    expect(await leftOvers()).toEqual([]);
    await expect(stat(output)).rejects.toThrow();
  });
});
