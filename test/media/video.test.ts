import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TalkfaceError } from "../../src/base/errors.js";
import { readAudio, readAudioBlocks } from "../../src/media/audio.js";
import { locateFfmpeg } from "../../src/media/ffmpeg.js";
import type { Image } from "../../src/media/image.js";
import { probe, probeAll } from "../../src/media/probe.js";
import { readFrames, type ReadFramesOptions } from "../../src/media/video-reader.js";
import { abortOpenWriters, openVideoWriter } from "../../src/media/video-writer.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("video");
afterAll(folder.remove);

/** A picture whose brightness tells its number, brighter on the left. */
function numbered(t: number, width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.fill(4 * t + (i % width < width / 2 ? 40 : 0), 3 * i, 3 * i + 3);
  return { data, width, height };
}

const tone = (seconds: number, hz: number): Float32Array => Float32Array.from({ length: Math.round(seconds * 16000) }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / 16000));

async function write(path: string, count: number, width: number, height: number, samples?: Float32Array): Promise<void> {
  const writer = await openVideoWriter({ path, width, height, force: true, metadata: { comment: "synthetic media made by talkface" }, ...(samples === undefined ? {} : { audio: { samples, sampleRateHz: 16000 } }) });
  for (let t = 0; t < count; t++) await writer.write(numbered(t, width, height));
  await writer.finish();
}

async function frames(path: string, options?: ReadFramesOptions): Promise<Image[]> {
  const all: Image[] = [];
  for await (const image of readFrames(path, options)) all.push(image);
  return all;
}

/** Number of a picture of `numbered`, from its right half. */
const numberOf = (image: Image): number => Math.round(image.data[(Math.floor(image.height / 2) * image.width + Math.floor(image.width * 0.75)) * 3]! / 4);

/** The first sample that is louder than a tenth. */
const onset = (samples: Float32Array): number => samples.findIndex((value) => Math.abs(value) > 0.1);

describe("a written video", () => {
  it("comes back with the same frames, rate and sound", async () => {
    const path = folder.path("plain.mp4");
    await write(path, 50, 64, 48, tone(2, 440));
    const info = await probe(path);
    expect(info.video).toMatchObject({ codec: "h264", width: 64, height: 48, fps: 25, rotation: 0 });
    expect(info.audio).toMatchObject({ codec: "aac" });
    expect(Math.abs(info.durationSeconds! - 2)).toBeLessThanOrEqual(0.04);
    const all = await frames(path);
    expect(all.map(numberOf)).toEqual(Array.from({ length: 50 }, (_, t) => t));
    const sound = await readAudio(path);
    expect(Math.abs(sound.length - 32000)).toBeLessThan(640);
    const original = tone(2, 440);
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = 2000; i < 30000; i++) {
      ab += sound[i]! * original[i]!;
      aa += sound[i]! ** 2;
      bb += original[i]! ** 2;
    }
    expect(ab / Math.sqrt(aa * bb)).toBeGreaterThan(0.99);
  });

  it("keeps colours", async () => {
    const path = folder.path("colour.mp4");
    const colours = [200, 60, 40, 40, 180, 70, 50, 70, 190];
    const writer = await openVideoWriter({ path, width: 96, height: 32, crf: 10 });
    const data = Uint8Array.from({ length: 96 * 32 * 3 }, (_, i) => colours[Math.floor((Math.floor(i / 3) % 96) / 32) * 3 + (i % 3)]!);
    for (let t = 0; t < 5; t++) await writer.write({ data, width: 96, height: 32 });
    await writer.finish();
    const [first] = await frames(path);
    for (let k = 0; k < 3; k++) {
      for (let c = 0; c < 3; c++) expect(Math.abs(first!.data[(16 * 96 + 32 * k + 16) * 3 + c]! - colours[3 * k + c]!)).toBeLessThan(8);
    }
  });

  it("takes odd sizes, seeks, and shrinks", async () => {
    const path = folder.path("-odd %d 'name'.mp4");
    await write(path, 40, 65, 49);
    expect((await probe(path)).video).toMatchObject({ width: 66, height: 50 });
    expect((await frames(path, { startSeconds: 0.4, durationSeconds: 0.8 })).map(numberOf)).toEqual(Array.from({ length: 20 }, (_, t) => t + 10));
    const small = await frames(path, { maxSide: 33, durationSeconds: 0.2 });
    expect(small.map((image) => [image.width, image.height])).toEqual(Array.from({ length: 5 }, () => [33, 25]));
    expect((await frames(path, { fps: 50 })).length).toBe(80);
  });

  it("takes its sound from a file", async () => {
    const path = folder.path("from-file.mp4");
    await runFfmpeg(["-f", "lavfi", "-i", "sine=frequency=300:duration=3:sample_rate=44100", "-ac", "2", folder.path("stereo.mp3")]);
    const writer = await openVideoWriter({ path, width: 32, height: 32, audio: { path: folder.path("stereo.mp3"), durationSeconds: 1 } });
    for (let t = 0; t < 25; t++) await writer.write(numbered(t, 32, 32));
    await writer.finish();
    expect(Math.abs((await readAudio(path)).length - 16000)).toBeLessThan(900);
    await expect(openVideoWriter({ path: folder.path("x.mp4"), width: 32, height: 32, audio: { path: folder.path("no.wav") } })).rejects.toMatchObject({ code: "missing-file" });
  });

  it("is whole or absent", async () => {
    const path = folder.path("aborted.mp4");
    const writer = await openVideoWriter({ path, width: 32, height: 32, audio: { samples: tone(1, 200), sampleRateHz: 16000 } });
    await writer.write(numbered(1, 32, 32));
    await abortOpenWriters();
    await expect(writer.write(numbered(2, 32, 32))).rejects.toMatchObject({ code: "interrupted" });
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder.path(".")).filter((name) => name.includes("aborted"))).toEqual([]);
    writeFileSync(path, "mine");
    await expect(openVideoWriter({ path, width: 32, height: 32 })).rejects.toMatchObject({ code: "exists" });
    await expect(openVideoWriter({ path: `${path}/below.mp4`, width: 32, height: 32 })).rejects.toMatchObject({ code: "io", message: expect.stringContaining("is a file") as string });
    await expect(openVideoWriter({ path: folder.path("y.mp4"), width: 32, height: 32, crf: 99 })).rejects.toMatchObject({ code: "usage" });
  });

  it("tells when nothing was written to it", async () => {
    const writer = await openVideoWriter({ path: folder.path("nothing.mp4"), width: 32, height: 32 });
    await expect(writer.finish()).rejects.toMatchObject({ code: "bad-media" });
    expect(readdirSync(folder.path(".")).filter((name) => name.includes("nothing"))).toEqual([]);
  });
});

describe("streams that do not start together", () => {
  beforeAll(async () => {
    await write(folder.path("pictures.mp4"), 50, 64, 48);
    await runFfmpeg(["-f", "lavfi", "-i", "sine=frequency=500:duration=2:sample_rate=16000", "-c:a", "pcm_s16le", folder.path("tone.wav")]);
    const both = ["-i", folder.path("pictures.mp4"), "-i", folder.path("tone.wav")];
    const codecs = ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "pcm_s16le"];
    await runFfmpeg([...both.slice(0, 2), "-itsoffset", "0.48", ...both.slice(2), ...codecs, folder.path("late-sound.mkv")]);
    await runFfmpeg(["-itsoffset", "0.4", ...both, ...codecs, folder.path("late-pictures.mkv")]);
    await runFfmpeg(["-itsoffset", "3", ...both.slice(0, 2), "-itsoffset", "3.2", ...both.slice(2), ...codecs, folder.path("all-late.mkv")]);
  });

  it("late sound is led by silence", async () => {
    expect(Math.abs(onset(await readAudio(folder.path("late-sound.mkv"))) - 0.48 * 16000)).toBeLessThan(40);
    expect((await frames(folder.path("late-sound.mkv"))).map(numberOf).slice(0, 3)).toEqual([0, 1, 2]);
  });

  it("late pictures are led by copies of the first one", async () => {
    const numbers = (await frames(folder.path("late-pictures.mkv"))).map(numberOf);
    expect(numbers.slice(0, 13)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    expect(numbers.length).toBe(60);
    expect(onset(await readAudio(folder.path("late-pictures.mkv")))).toBeLessThan(40);
  });

  it("count from the earliest stream", async () => {
    expect((await frames(folder.path("all-late.mkv"))).map(numberOf).slice(0, 3)).toEqual([0, 1, 2]);
    expect(Math.abs(onset(await readAudio(folder.path("all-late.mkv"))) - 0.2 * 16000)).toBeLessThan(40);
    expect(Math.abs(onset(await readAudio(folder.path("all-late.mkv"), { startSeconds: 0.1, durationSeconds: 0.5 })) - 0.1 * 16000)).toBeLessThan(40);
  });
});

describe("reading", () => {
  it("turns pictures as the file says, and makes pixels square", async () => {
    await write(folder.path("upright.mp4"), 10, 64, 48);
    // Builds disagree on what the tag means when writing; the file's matrix decides.
    const seen = new Set<number>();
    for (const tag of [90, 180, 270]) {
      const path = folder.path(`turned-${tag}.mp4`);
      await runFfmpeg(["-i", folder.path("upright.mp4"), "-c", "copy", "-metadata:s:v:0", `rotate=${tag}`, path]);
      const { rotation, width, height } = (await probe(path)).video!;
      seen.add(rotation);
      expect([width, height]).toEqual(tag === 180 ? [64, 48] : [48, 64]);
      const [turned] = await frames(path);
      expect([turned!.width, turned!.height]).toEqual([width, height]);
      const at = (x: number, y: number): number => turned!.data[(Math.floor(y * height) * width + Math.floor(x * width)) * 3]!;
      // The bright left half turns clockwise to the top, the right, the bottom.
      const difference = rotation === 180 ? at(0.9, 0.5) - at(0.1, 0.5) : (at(0.5, 0.1) - at(0.5, 0.9)) * (rotation === 90 ? 1 : -1);
      expect(difference).toBeGreaterThan(25);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([90, 180, 270]);
    await runFfmpeg(["-i", folder.path("upright.mp4"), "-vf", "setsar=3/2", "-c:v", "libx264", folder.path("wide.mp4")]);
    expect((await frames(folder.path("wide.mp4")))[0]!.width).toBe(96);
  });

  it("converts other rates without losing time", async () => {
    for (const rate of ["30000/1001", "50", "15"]) {
      await runFfmpeg(["-f", "lavfi", "-i", `testsrc=size=64x48:rate=${rate}:duration=2`, "-c:v", "libx264", folder.path("rate.mp4")]);
      expect(Math.abs((await frames(folder.path("rate.mp4"))).length - 50)).toBeLessThanOrEqual(1);
    }
  });

  it("gives sound in blocks and ends early without leaving a process", async () => {
    const sizes: number[] = [];
    for await (const block of readAudioBlocks(folder.path("tone.wav"), 6400)) sizes.push(block.length);
    expect(sizes).toEqual([6400, 6400, 6400, 6400, 6400]);
    for await (const image of readFrames(folder.path("upright.mp4"))) {
      expect(image.width).toBe(64);
      break;
    }
    expect((await locateFfmpeg()).path).toMatch(/ffmpeg/);
  });
});

describe("hostile files", () => {
  const text = (name: string, content: string | Uint8Array): string => {
    writeFileSync(folder.path(name), content);
    return folder.path(name);
  };
  const first = async (path: string): Promise<Image | undefined> => (await frames(path, { durationSeconds: 0.1 }))[0];

  it("are told in one sentence", async () => {
    await write(folder.path("whole.mp4"), 10, 32, 32);
    await runFfmpeg(["-i", folder.path("whole.mp4"), "-c", "copy", folder.path("slow-start.mp4")]);
    const bytes = readFileSync(folder.path("slow-start.mp4"));
    const cases: [string, RegExp, string][] = [
      [folder.path("absent.mp4"), /no such file/, "missing-file"],
      [text("text.mp4", "this is no video at all, only text\n".repeat(50)), /not a media file/, "bad-media"],
      [text("empty.mp4", ""), /empty/, "bad-media"],
      [text("torn-300.mp4", bytes.subarray(0, bytes.length - 300)), /truncated/, "bad-media"],
      [text("torn-600.mp4", bytes.subarray(0, bytes.length - 600)), /truncated/, "bad-media"],
      [text("torn-half.mp4", bytes.subarray(0, bytes.length / 2)), /truncated/, "bad-media"],
      [text("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n"), /playlist/, "bad-media"],
      [text("concat.mp4", "ffconcat version 1.0\nfile 'whole.mp4'\n"), /playlist/, "bad-media"],
      [folder.path("tone.wav"), /no video stream/, "bad-media"],
      [folder.path("."), /folder/, "bad-media"],
    ];
    for (const [path, message, code] of cases) {
      const failure = (await first(path).catch((error: unknown) => error)) as TalkfaceError;
      expect(failure.message).toMatch(message);
      expect(failure.code).toBe(code);
      expect(failure.message.split("\n").length).toBe(1);
    }
    await write(folder.path("long.mp4"), 50, 64, 48, tone(2, 300));
    const long = readFileSync(folder.path("long.mp4"));
    const tail = text("no-tail.mp4", long.subarray(0, Math.round(long.length * 0.7)));
    await expect(frames(tail)).rejects.toThrow(/truncated/);
    await expect(readAudio(tail)).rejects.toThrow(/truncated/);
    await expect(readAudio(folder.path("whole.mp4"))).rejects.toThrow(/no audio stream/);
    await runFfmpeg(["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", "0", folder.path("zero.wav")]);
    await expect(readAudio(folder.path("zero.wav"))).rejects.toThrow(/0 seconds/);
    await expect(frames(folder.path("whole.mp4"), { startSeconds: 60 })).rejects.toThrow(/no picture after 60 s/);
  });
});

it("probes many files in one process as it does each alone, whatever stands among them", async () => {
  await write(folder.path("one.mp4"), 5, 64, 48, tone(0.2, 440));
  await write(folder.path("two.mp4"), 5, 32, 40);
  await write(folder.path("three\nbreak.mp4"), 5, 16, 16);
  writeFileSync(folder.path("words.mp4"), "no video\n".repeat(50));
  writeFileSync(folder.path("list.mp4"), "ffconcat version 1.0\nfile 'one.mp4'\n");
  const paths = ["one", "two", "three\nbreak", "list", "missing", "two", "words", "one", "two"].map((name) => folder.path(`${name}.mp4`));
  const alone = await Promise.all(paths.map((path) => probe(path).catch((error: TalkfaceError) => error)));
  expect(await probeAll(paths)).toEqual(alone);
  expect(alone.map((info) => ("code" in info ? info.code : `${info.video!.width} x ${info.video!.height}`))).toEqual(["64 x 48", "32 x 40", "16 x 16", "bad-media", "missing-file", "32 x 40", "bad-media", "64 x 48", "32 x 40"]);
  expect(await probeAll([])).toEqual([]);
});
