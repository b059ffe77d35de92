/** Prepared data without videos: faces of the canonical mesh that move a little, over pictures and sound of random numbers. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { dataContract } from "../../src/base/contract.js";
import { Random } from "../../src/base/random.js";
import { frameExtension, jsonLines, type ManifestClip } from "../../src/data/manifest.js";
import { encodeNpy } from "../../src/data/npy.js";
import { ShardWriter } from "../../src/data/shard-writer.js";
import { canonicalMesh } from "../../src/face/canonical.js";
import { encodeJpeg } from "../../src/media/image.js";
import { encodeWav } from "../../src/media/wav.js";

interface ShardsOptions {
  readonly people: number;
  /** How many of the people, the last ones, are for validation. */
  readonly heldOut?: number;
  readonly frames: number;
  readonly size: number;
  /** Whether the sound counts as in step. */
  readonly inStep?: boolean;
}

/** Writes one clip for each of `people`. */
export async function writeShards(folder: string, { people, heldOut = 0, frames, size, inStep = false }: ShardsOptions): Promise<void> {
  await mkdir(folder, { recursive: true });
  const writer = await ShardWriter.create(join(folder, "train-000000.tar"));
  const face = canonicalMesh();
  const lines: ManifestClip[] = [];
  for (let person = 0; person < people; person++) {
    const random = new Random(person);
    const key = `clip${person}-000`;
    const members: ManifestClip["members"] = {};
    const add = async (extension: string, data: Uint8Array): Promise<void> => {
      members[extension] = await writer.add({ name: `${key}.${extension}`, data });
    };
    for (let t = 0; t < frames; t++) {
      const data = Uint8Array.from({ length: size * size * 3 }, () => random.integer(256));
      await add(frameExtension(t, frames), await encodeJpeg({ data, width: size, height: size }, 95));
    }
    await add("wav", encodeWav(Float32Array.from({ length: frames * 640 }, () => random.uniform(-0.3, 0.3)), 16000));
    const mesh = Array.from({ length: frames }, () => meshOf(face, size, random)).flat();
    await add("mesh.npy", encodeNpy({ data: Float32Array.from(mesh), shape: [frames, 478, 3] }));
    for (const [member, shape] of [["landmarks", [frames, 68, 2]], ["crop", [frames, 2, 3]]] as const) {
      await add(`${member}.npy`, encodeNpy({ data: new Float32Array(shape[0] * shape[1] * shape[2]), shape }));
    }
    await add("json", Buffer.from("{}"));
    lines.push({
      key, shard: "train-000000.tar", frames, person: `person${person}`, split: person < people - heldOut ? "train" : "val", labels: {}, silent: false,
      sync: { offsetFrames: 0, confidence: 1, correlation: 1, corrected: inStep, method: "ridge" },
      source: { path: `${key}.mp4`, startFrame: 0, width: size, height: size }, members,
    });
  }
  await writer.finish();
  await writeFile(join(folder, "manifest.jsonl"), jsonLines(lines));
  await writeFile(join(folder, "contract.json"), JSON.stringify(dataContract(size)));
}

/** The canonical face, in centimetres with y up and z towards the camera, in a crop of that size, moved a little and with some noise: [478, 3]. */
function meshOf(face: Float32Array, size: number, random: Random): number[] {
  const shift = random.uniform(-0.03, 0.03);
  const scale = size / 24;
  return Array.from({ length: 478 * 3 }, (_, i) => {
    const value = face[i] ?? 0; // irises are not part of it
    const noise = random.uniform(-0.05, 0.05);
    return [size / 2 + size * shift + scale * (value + noise), size / 2 - scale * (value + noise), -scale * (value + noise)][i % 3] as number;
  });
}
