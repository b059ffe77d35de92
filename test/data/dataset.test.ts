import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dataContract } from "../../src/base/contract.js";
import { openDataset } from "../../src/data/dataset.js";
import { frameExtension, jsonLines, readManifest, readRejects, type ManifestClip } from "../../src/data/manifest.js";
import { encodeNpy } from "../../src/data/npy.js";
import { ShardWriter } from "../../src/data/shard-writer.js";
import { encodeJpeg } from "../../src/media/image.js";
import { encodeWav } from "../../src/media/wav.js";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "talkface-dataset-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A prepared folder of flat grey clips: frame t of clip c has the level 10 c + t. */
async function prepared(name: string, options: { clips?: number; frames?: number; size?: number } = {}): Promise<string> {
  const { clips = 2, frames = 3, size = 32 } = options;
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  const writer = await ShardWriter.create(join(folder, "train-000000.tar"));
  const lines: ManifestClip[] = [];
  for (let c = 0; c < clips; c++) {
    const key = `clip${c}-000`;
    const members: ManifestClip["members"] = {};
    const add = async (extension: string, data: Uint8Array): Promise<void> => {
      members[extension] = await writer.add({ name: `${key}.${extension}`, data });
    };
    for (let t = 0; t < frames; t++) {
      const data = new Uint8Array(size * size * 3).fill(10 * c + t + 50);
      await add(frameExtension(t, frames), await encodeJpeg({ data, width: size, height: size }, 95));
    }
    await add("wav", encodeWav(new Float32Array(frames * 640).fill(0.25 * (c + 1)), 16000));
    for (const [member, shape] of [["mesh", [frames, 478, 3]], ["landmarks", [frames, 68, 2]], ["crop", [frames, 2, 3]]] as const) {
      const count = shape.reduce((a, b) => a * b, 1);
      await add(`${member}.npy`, encodeNpy({ data: new Float32Array(count).fill(c), shape }));
    }
    await add("json", Buffer.from("{}"));
    lines.push({
      key,
      shard: "train-000000.tar",
      frames,
      person: `p${c}`,
      split: "train",
      labels: { emotion: "happy" },
      silent: false,
      sync: { offsetFrames: -3, confidence: 0.9, correlation: 0.5, corrected: true, method: "ridge" },
      source: { path: `in/clip${c}.mp4`, startFrame: 0, width: 640, height: 480 },
      members,
    });
  }
  await writer.finish();
  await writeFile(join(folder, "manifest.jsonl"), jsonLines(lines));
  await writeFile(join(folder, "contract.json"), JSON.stringify(dataContract(size)));
  return folder;
}

describe("openDataset", () => {
  it("reads frames, arrays and speech of several folders in any order", async () => {
    const a = await prepared("a");
    const b = await prepared("b", { clips: 1 });
    const dataset = await openDataset([a, b]);
    expect(dataset.contract).toEqual(dataContract(32));
    expect(dataset.clips.map((clip) => clip.id)).toEqual(["a/clip0-000", "a/clip1-000", "b/clip0-000"]);
    const clip = dataset.clips[1]!;
    expect(clip).toMatchObject({ dataset: a, person: "p1", split: "train", labels: { emotion: "happy" }, sync: { offsetFrames: -3, corrected: true } });
    for (const t of [2, 0, 1]) {
      const image = await dataset.readFrame(clip, t);
      expect([image.width, image.height, image.data.length]).toEqual([32, 32, 3072]);
      expect(Math.abs(image.data[500]! - (60 + t))).toBeLessThanOrEqual(2);
    }
    expect((await dataset.readArray(clip, "mesh")).shape).toEqual([3, 478, 3]);
    expect((await dataset.readArray(clip, "landmarks")).data[7]).toBe(1);
    expect((await dataset.readArray(clip, "crop")).shape).toEqual([3, 2, 3]);
    const speech = await dataset.readSpeech(clip);
    expect(speech.length).toBe(1920);
    expect(speech[100]).toBeCloseTo(0.5, 3);
    await expect(dataset.readFrame(clip, 3)).rejects.toThrow(/frame 3 of a clip of 3 frames/);
    await dataset.close();
    expect((await dataset.readFrame(clip, 0)).width).toBe(32);
    await dataset.close();
  });

  it("reads many members at once", async () => {
    const dataset = await openDataset([await prepared("many", { clips: 3, frames: 8 })]);
    const images = await Promise.all(dataset.clips.flatMap((clip) => Array.from({ length: 8 }, (_, t) => dataset.readFrame(clip, t))));
    expect(images.length).toBe(24);
    await dataset.close();
  });

  it("tells folders of the same name apart and refuses one given twice, none, and other contracts", async () => {
    const a = await prepared("x/same");
    const b = await prepared("y/same");
    expect((await openDataset([a, b])).clips.map((clip) => clip.id)).toEqual(["0-same/clip0-000", "0-same/clip1-000", "1-same/clip0-000", "1-same/clip1-000"]);
    await expect(openDataset([a, `${a}/`])).rejects.toThrow(/given twice/);
    await expect(openDataset([])).rejects.toThrow(/no data folder/);
    await expect(openDataset([join(root, "absent")])).rejects.toThrow(/absent.*no such file/);
    const other = await prepared("other", { size: 48 });
    await expect(openDataset([a, other])).rejects.toThrow(/size is 48, expected 32/);
  });

  it("refuses hostile manifests with file and line", async () => {
    const folder = await prepared("hostile");
    const path = join(folder, "manifest.jsonl");
    const [first, second] = (await readFile(path, "utf8")).trim().split("\n").map((line) => JSON.parse(line) as ManifestClip) as [ManifestClip, ManifestClip];
    const { "001.jpg": _dropped, ...fewer } = second.members;
    const cases: [unknown, RegExp][] = [
      [{ ...second, shard: "../../etc/passwd.tar" }, /manifest\.jsonl:2: shard: the plain name of a .tar file/],
      [{ ...second, key: "a/b" }, /manifest\.jsonl:2: key: letters, digits/],
      [{ ...second, key: first.key }, /the clip clip0-000 stands twice/],
      [{ ...second, frames: 1e9 }, /has no/],
      [{ ...second, members: fewer }, /the clip clip1-000 has no 001\.jpg/],
      [{ ...second, members: { ...second.members, wav: { offset: -512, size: 3 } } }, /members\.wav\.offset/],
      [{ ...second, split: "dev" }, /split/],
      [[1, 2], /manifest\.jsonl:2/],
      ["text", /manifest\.jsonl:2/],
    ];
    for (const [line, message] of cases) {
      await writeFile(path, jsonLines([first, line]));
      await expect(readManifest(folder)).rejects.toThrow(message);
    }
    await writeFile(path, `${JSON.stringify(first)}\n{"key": "torn`);
    expect((await readManifest(folder)).length).toBe(1);
    await writeFile(path, `{"key": \n${JSON.stringify(first)}\n`);
    await expect(readManifest(folder)).rejects.toThrow(/manifest\.jsonl:1: not valid JSON/);
    await writeFile(join(folder, "contract.json"), JSON.stringify({ ...dataContract(32), formatVersion: 2 }));
    await expect(openDataset([folder])).rejects.toThrow(/another version of talkface/);
    await writeFile(join(folder, "rejects.jsonl"), jsonLines([{ path: "a.mp4", reason: "because", detail: "" }]));
    await expect(readRejects(folder)).rejects.toThrow(/rejects\.jsonl:1: reason/);
  });

  it("refuses members that are not what the manifest says", async () => {
    const folder = await prepared("swapped");
    const path = join(folder, "manifest.jsonl");
    const [first] = (await readFile(path, "utf8")).trim().split("\n").map((line) => JSON.parse(line) as ManifestClip) as [ManifestClip];
    const shifted = { ...first, members: { ...first.members, wav: first.members["json"]! } };
    await writeFile(path, jsonLines([shifted]));
    const dataset = await openDataset([folder]);
    await expect(dataset.readSpeech(dataset.clips[0]!)).rejects.toThrow(/expected clip0-000\.wav/);
    await dataset.close();
  });
});
