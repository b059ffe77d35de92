import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { SoundTrack } from "../../src/data/sound-track.js";
import { readAudio } from "../../src/media/audio.js";
import { probe } from "../../src/media/probe.js";
import { readFrames } from "../../src/media/video-reader.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("sound-track");
const short = folder.path("short.mp4");
const scratch = folder.path("scratch.part");

beforeAll(async () => {
  // the sound begins late, ends late and has another rate: what the filters do is the same in either process
  const inputs = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=30:duration=1.2", "-itsoffset", "0.2", "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=44100:duration=1.6"];
  await runFfmpeg([...inputs, "-c:v", "mpeg4", "-c:a", "aac", short]);
  await runFfmpeg(["-f", "lavfi", "-i", "testsrc=size=16x16:rate=5:duration=21", "-f", "lavfi", "-i", "sine=duration=21", "-c:v", "mpeg4", "-c:a", "aac", folder.path("long.mp4")]);
});
afterAll(folder.remove);

/** All pictures, read by the process that writes the sound beside them. */
async function pictures(sound: SoundTrack, path: string): Promise<Buffer> {
  const beside = sound.beside === null ? {} : { beside: sound.beside };
  const all: Uint8Array[] = [];
  for await (const { data } of sound.with(readFrames(path, { info: await probe(path), ...beside }))) all.push(data);
  return Buffer.concat(all);
}

it("reads the sound of a short file from the process that read its pictures, with the samples and pictures of two", async () => {
  const whole = await readAudio(short);
  const alone = new SoundTrack(short);
  const sound = new SoundTrack(short, { info: await probe(short), scratch });
  expect(Buffer.compare(await pictures(sound, short), await pictures(alone, short))).toBe(0);
  expect(existsSync(scratch)).toBe(true);
  // in pieces that are no blocks, and beyond the end
  expect(await sound.range(100, 17_000)).toEqual(whole.slice(100, 17_000));
  expect(await sound.range(16_500, 90_000)).toEqual(whole.slice(16_500));
  await sound.close();
  expect(existsSync(scratch)).toBe(false);
});

it("does not wait for the pictures where a part of the sound is wanted before they have ended", async () => {
  const whole = await readAudio(short);
  const sound = new SoundTrack(short, { info: await probe(short), scratch });
  let seen = 0;
  for await (const _ of sound.with(readFrames(short, { beside: sound.beside! }))) {
    if (++seen === 3) expect(await sound.range(0, 8000)).toEqual(whole.slice(0, 8000));
  }
  expect(await sound.range(8000, 12_000)).toEqual(whole.slice(8000, 12_000));
  await sound.close();
});

it("has a process of its own for long files, and for those that hold more than they say", async () => {
  const path = folder.path("long.mp4");
  const info = await probe(path);
  expect(new SoundTrack(path, { info, scratch }).beside).toBeNull();
  expect(new SoundTrack(path, { info: { ...info, durationSeconds: null }, scratch }).beside).toBeNull();
  const whole = await readAudio(path);
  const sound = new SoundTrack(path, { info: { ...info, durationSeconds: 1 }, scratch, mostBytes: 200_000 });
  await pictures(sound, path);
  expect(await sound.range(0, whole.length)).toEqual(whole);
  await sound.close();
});
