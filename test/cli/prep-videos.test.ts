import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/data/dataset.js";
import { readManifest, readRejects, type ManifestClip } from "../../src/data/manifest.js";
import type { Image } from "../../src/media/image.js";
import { createPersona } from "../../src/media/persona/model.js";
import { performance } from "../../src/media/persona/performance.js";
import { renderPersona } from "../../src/media/persona/render.js";
import { openVideoWriter } from "../../src/media/video-writer.js";
import { encodeWav } from "../../src/media/wav.js";
import { runTalkface, startTalkface } from "../support/command.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const folder = testFolder("prep");
const seconds = 5;
const lateFrames = 4;
/** Text and pictures without a face, without sound, and a cut too near the beginning. */
const expectedRejects = [
  ["in/bars.mp4", "no-face"],
  ["in/cut.mp4", "too-short"],
  ["in/mute.mp4", "no-audio"],
  ["in/text.mp4", "unreadable"],
];

interface Act {
  readonly images: readonly Image[];
  readonly speech: Float32Array;
}

function act(seed: number): Act {
  const persona = createPersona(seed);
  const { states, speech } = performance(seed, seconds, "neutral");
  return { images: states.map((state) => renderPersona(persona, state, 192).image), speech };
}

async function film(name: string, images: readonly Image[], speech: Float32Array | null): Promise<void> {
  const audio = speech === null ? {} : { audio: { samples: speech, sampleRateHz: 16000 } };
  const writer = await openVideoWriter({ path: folder.path(`in/${name}`), width: 192, height: 192, ...audio });
  for (const image of images) await writer.write(image);
  await writer.finish();
}

function delayed(speech: Float32Array, frames: number): Float32Array {
  const out = new Float32Array(speech.length);
  out.set(speech.subarray(0, speech.length - frames * 640), frames * 640);
  return out;
}

/** The speech of the second persona. */
let ben: Float32Array = new Float32Array(0);

beforeAll(async () => {
  mkdirSync(folder.path("in"));
  const [one, two] = [act(36), act(27)];
  ben = two.speech;
  await film("ann.mp4", one.images, one.speech);
  await film("late.mp4", two.images, delayed(ben, lateFrames));
  await film("pair.mp4", two.images, null);
  writeFileSync(folder.path("in/pair.wav"), encodeWav(ben, 16000));
  await film("mute.mp4", one.images, null);
  await film("cut.mp4", [...one.images.slice(0, 15), ...two.images.slice(15)], ben);
  await runFfmpeg(["-f", "lavfi", "-i", "smptebars=s=160x120:d=1.5", "-f", "lavfi", "-i", "sine=d=1.5", "-pix_fmt", "yuv420p", folder.path("in/bars.mp4")]);
  writeFileSync(folder.path("in/text.mp4"), "I am no video at all.\n".repeat(50));
});
afterAll(() => folder.remove());

const bytesOf = (out: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder.path(out)).sort().map((name) => [name, readFileSync(folder.path(`${out}/${name}`)).toString("base64")]));

describe("talkface prep-videos", () => {
  it("makes aligned clips with speech in step, and a ledger of rejects", async () => {
    const { status, stdout, stderr } = runTalkface(["prep-videos", folder.path("in"), "--out", folder.path("out"), "--json"]);
    expect(stderr).not.toMatch(/internal|Error/);
    expect(status).toBe(3);
    const summary = JSON.parse(stdout) as Record<string, unknown>;
    expect(summary).toMatchObject({ videos: 7, clips: 4, wasFinished: false });
    expect((await readRejects(folder.path("out"))).map(({ path, reason }) => [path, reason])).toEqual(expectedRejects);
    expect(readdirSync(folder.path("out")).filter((name) => name.startsWith("."))).toEqual([]);

    const dataset = await openDataset([folder.path("out")]);
    const clips = new Map(dataset.clips.map((clip) => [clip.source.path, clip]));
    expect([...clips.keys()].sort()).toEqual(["in/ann.mp4", "in/cut.mp4", "in/late.mp4", "in/pair.mp4"]);
    expect(clips.get("in/cut.mp4")!.source.startFrame).toBeGreaterThanOrEqual(15);
    // The mouth leads by as many frames as the sound was delayed; a persona's own mouth leads by up to one.
    const offset = (name: string): number => clips.get(`in/${name}.mp4`)!.sync.offsetFrames;
    expect(Math.abs(offset("ann"))).toBeLessThanOrEqual(1);
    // So few clips are judged by their loudness alone, which is right to a frame.
    expect(Math.abs(offset("late") + lateFrames)).toBeLessThanOrEqual(1);
    expect(clips.get("in/late.mp4")!.sync.corrected).toBe(true);
    for (const clip of dataset.clips) {
      const speech = await dataset.readSpeech(clip);
      expect(speech.length).toBe(640 * clip.frames);
      const { data } = await dataset.readArray(clip, "landmarks");
      expect(data.every((value) => value > 0 && value < 128)).toBe(true);
      expect((await dataset.readArray(clip, "mesh")).shape).toEqual([clip.frames, 478, 3]);
      const frame = await dataset.readFrame(clip, clip.frames - 1);
      expect(frame.width).toBe(128);
    }
    // Frame t of the corrected clip has the sound of the file's frame t - offset.
    const late = clips.get("in/late.mp4")!;
    const inFile = delayed(ben, lateFrames).subarray((late.source.startFrame - late.sync.offsetFrames) * 640);
    expect(correlation(await dataset.readSpeech(late), inFile)).toBeGreaterThan(0.95);
    await dataset.close();
  });

  it("does nothing when repeated, and refuses other work in the same place", () => {
    const before = statSync(folder.path("out/train-000000.tar")).mtimeMs;
    const again = runTalkface(["prep-videos", folder.path("in"), "--out", folder.path("out")]);
    expect(again.status).toBe(3);
    expect(again.stdout).toMatch(/was finished already: 4 clips/);
    expect(statSync(folder.path("out/train-000000.tar")).mtimeMs).toBe(before);
    const other = runTalkface(["prep-videos", folder.path("in"), "--out", folder.path("out"), "--size", "96"]);
    expect(other.status).toBe(1);
    expect(other.stderr).toMatch(/holds clips of other videos or options\. Give --force/);
  });

  it("continues after SIGKILL and ends with the same bytes, whatever the number of jobs", async () => {
    mkdirSync(folder.path("killed"));
    const watcher = watch(folder.path("killed"), { recursive: true });
    const child = startTalkface(["prep-videos", folder.path("in"), "--out", folder.path("killed"), "--jobs", "1"]);
    const closed = once(child, "close");
    for await (const [, name] of onChange(watcher)) {
      if (/[0-9a-f]{16}\.json$/.test(name)) break;
    }
    process.kill(-child.pid!, "SIGKILL");
    await closed;
    watcher.close();
    expect(readdirSync(folder.path("killed"))).toEqual([".staging"]);
    const resumed = runTalkface(["prep-videos", folder.path("in"), "--out", folder.path("killed"), "--jobs", "1", "--json"]);
    expect(resumed.status).toBe(3);
    expect((JSON.parse(resumed.stdout) as { run: { frames: number } }).run.frames).toBeGreaterThan(0);
    expect(bytesOf("killed")).toEqual(bytesOf("out"));
  });

  it("takes people, splits and silence from the command line", async () => {
    writeFileSync(folder.path("people.json"), JSON.stringify([{ path: "in/mute.mp4", person: "ann", split: "val", labels: { mood: "calm" } }]));
    const args = ["--people", folder.path("people.json"), "--split", "val", "--allow-silent", "--size", "96", "--jobs", "1"];
    const { status } = runTalkface(["prep-videos", folder.path("in/mute.mp4"), folder.path("in/text.mp4"), "--out", folder.path("val"), ...args]);
    const clips = await readManifest(folder.path("val"));
    expect(clips.map(({ person, split, labels, silent, sync, shard }: ManifestClip) => ({ person, split, labels, silent, method: sync.method, shard }))).toEqual([
      { person: "ann", split: "val", labels: { mood: "calm" }, silent: true, method: "none", shard: "val-000000.tar" },
    ]);
    expect((await openDataset([folder.path("val")])).contract.size).toBe(96);
    expect([0, 3]).toContain(status);
  });

  it("says in one line what is wrong", () => {
    const say = (...args: string[]): [number | null, string] => {
      const { status, stderr } = runTalkface(["prep-videos", ...args]);
      return [status, stderr.trim()];
    };
    expect(say(folder.path("absent"), "--out", folder.path("x"))).toEqual([1, expect.stringMatching(/^talkface: .*absent: no such file or folder/)]);
    expect(say(folder.path("in"), "--out", folder.path("x"), "--size", "100")).toEqual([2, expect.stringMatching(/^talkface: --size 100: expected 64, 96, 128, 256\.$/)]);
    expect(say(folder.path("in"), "--out", folder.path("x"), "--jobs", "0")).toEqual([2, expect.stringMatching(/--jobs 0: expected a whole number/)]);
    expect(say(folder.path("in"))[0]).toBe(2);
    const [status, text] = say(folder.path("in/text.mp4"), "--out", folder.path("none"));
    expect([status, text]).toEqual([1, expect.stringMatching(/none of the 1 videos gave a clip/)]);
  });
});

/** Changes that a watcher reports, one at a time. */
async function* onChange(watcher: ReturnType<typeof watch>): AsyncGenerator<[string, string]> {
  for (;;) {
    const [event, name] = (await once(watcher, "change")) as [string, string | null];
    yield [event, name ?? ""];
  }
}

/** Correlation of two signals over their common length. */
function correlation(a: Float32Array, b: Float32Array): number {
  const count = Math.min(a.length, b.length);
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
    ab += a[i]! * b[i]!;
  }
  return ab / Math.sqrt(aa * bb);
}
