import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dataContract } from "../../src/base/contract.js";
import { DecodeAhead, frameOptions, removeDecoded } from "../../src/data/decode-ahead.js";
import { soundOf } from "../../src/data/sound-track.js";
import { readAudio } from "../../src/media/audio.js";
import { decodeTogether } from "../../src/media/ffmpeg.js";
import type { Image } from "../../src/media/image.js";
import { probe } from "../../src/media/probe.js";
import { readFrames, readWrittenFrames, writtenFrames } from "../../src/media/video-reader.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("decode-ahead");
const contract = dataContract(64);

const video = (name: string) => ({ id: name, path: folder.path(`${name}.mp4`), wavPath: null, prefersWav: false });
let scratches = 0;
const ahead = (names: readonly string[], jobs = 1): DecodeAhead => new DecodeAhead(names.map(video), { contract, jobs, scratch: (id) => folder.path(`.${id}.${scratches++}.part`) });
const left = (): string[] => readdirSync(folder.path("")).filter((name) => name.endsWith(".part"));

beforeAll(async () => {
  const make = (name: string, size: string, seconds: number, ...more: string[]): Promise<void> =>
    runFfmpeg(["-f", "lavfi", "-i", `testsrc=size=${size}:rate=30:duration=${seconds}`, "-f", "lavfi", "-i", `sine=frequency=330:duration=${seconds}`, "-c:v", "mpeg4", "-c:a", "aac", ...more, folder.path(`${name}.mp4`)]);
  await make("a", "64x48", 1.2);
  await make("wide", "1400x40", 0.4);
  await make("silent", "48x64", 0.6, "-an");
  await make("large", "640x480", 1.5); // 35 MB of pictures
  writeFileSync(folder.path("text.mp4"), "no video");
  await make("indexed", "64x48", 1.2, "-movflags", "+faststart");
  const indexed = readFileSync(folder.path("indexed.mp4"));
  writeFileSync(folder.path("torn.mp4"), indexed.subarray(0, indexed.length * 0.7));
});
afterAll(folder.remove);

async function bytesOf(frames: AsyncIterable<Image>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const { data } of frames) all.push(data);
  return Buffer.concat(all);
}

it("gives the pictures and sounds of short videos that reading each by itself gives; the others are left to be read", async () => {
  const names = ["a", "large", "wide", "text", "silent"];
  const read = ahead(names);
  for (const [i, name] of names.entries()) {
    const { probed, decoded } = await read.of(i);
    const one = video(name);
    if (!("info" in probed)) {
      expect(probed.error.code).toBe("bad-media");
      continue;
    }
    expect(decoded === null, name).toBe(name === "large");
    if (decoded === null) continue;
    const { sourceScale, ...wanted } = frameOptions(probed.info, contract);
    expect(sourceScale).toBeCloseTo(name === "wide" ? 1400 / 1280 : 1, 6);
    const { width, height } = writtenFrames(probed.info, one.path, wanted);
    const written = await bytesOf(readWrittenFrames(decoded.pictures, width, height));
    expect(written.equals(await bytesOf(readFrames(one.path, wanted))), name).toBe(true);
    const sound = soundOf(one, await probe(one.path), decoded.sound);
    expect(sound === null).toBe(name === "silent");
    if (sound === null) continue;
    await bytesOf(sound.with(readWrittenFrames(decoded.pictures, width, height)));
    expect(await sound.range(0, 100_000)).toEqual(await readAudio(one.path));
    await sound.close();
    await removeDecoded(decoded);
  }
  await read.close();
  expect(left().map((name) => name.split(".")[1])).toEqual(["silent"]); // the reader removes what it was given
});

it("leaves a whole group to be read where ffmpeg has something to say of one file, and nothing behind", async () => {
  const before = left();
  const read = ahead(["a", "torn", "silent"]);
  const found = [await read.of(0), await read.of(1), await read.of(2)];
  expect(found.map(({ decoded }) => decoded)).toEqual([null, null, null]);
  expect(found.every(({ probed }) => "info" in probed)).toBe(true);
  expect(left()).toEqual(before);
});

it("removes what nobody has asked for when it is closed", async () => {
  const before = left();
  const read = ahead(Array.from({ length: 20 }, () => "silent"), 2);
  const { decoded } = await read.of(0);
  await read.close();
  await removeDecoded(decoded!);
  expect(left()).toEqual(before);
});

it("stops writing a file that holds more than it says", async () => {
  const info = await probe(folder.path("large.mp4"));
  const { write } = writtenFrames(info, folder.path("large.mp4"), {});
  const path = folder.path("limited.raw");
  expect(await decodeTogether([{ path: folder.path("large.mp4"), outputs: [{ path, options: [...write, "-fs", "2000000"] }] }])).toBe(true);
  expect(readFileSync(path).length).toBeLessThan(8e6); // some versions of ffmpeg notice the limit a few frames late
});
