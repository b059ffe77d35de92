/** What a prepared folder holds, and whether it is whole. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { TalkfaceError } from "../base/errors.js";
import { sha256File } from "../base/files.js";
import { contactSheet, type Image } from "../media/image.js";
import { type Dataset, openDataset } from "./dataset.js";
import { type ManifestClip, readRejects, type Split, splits } from "./manifest.js";
import { shardDigests } from "./prepare.js";

export interface Counted {
  readonly clips: number;
  readonly frames: number;
}

export interface Inspection {
  readonly clips: number;
  readonly frames: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly size: number;
  readonly splits: Readonly<Record<Split, Counted & { readonly people: number }>>;
  readonly people: Readonly<Record<string, Counted>>;
  /** By emotion, where clips have that label. */
  readonly emotions: Readonly<Record<string, Counted>>;
  /** Clips by length: `<2 s`, `2-5 s`, ... */
  readonly lengths: Readonly<Record<string, number>>;
  readonly rejects: Readonly<Record<string, number>>;
  /** Shards that are not what the folder says, each in a sentence. */
  readonly damaged: readonly string[];
}

const lengthBounds = [2, 5, 10, 20] as const;

/** Counts, and the digest of every shard; where there is none, every member is read at its place. */
export async function inspect(folder: string, onShard: (done: number, total: number) => void): Promise<Inspection> {
  const dataset = await openDataset([folder]);
  const { clips, contract } = dataset;
  const names = [...new Set(clips.map(({ shard }) => shard))].sort();
  const known = await shardDigests(folder);
  const damaged: string[] = [];
  let bytes = 0;
  try {
    for (const [i, name] of names.entries()) {
      onShard(i, names.length);
      const path = join(folder, name);
      bytes += (await stat(path).catch(() => ({ size: 0 }))).size;
      const problem = await problemOf(dataset, path, clips.filter(({ shard }) => shard === name), known[name]);
      if (problem !== null) damaged.push(problem);
    }
    onShard(names.length, names.length);
  } finally {
    await dataset.close();
  }
  const rejects: Record<string, number> = {};
  for (const { reason } of await readRejects(folder)) rejects[reason] = (rejects[reason] ?? 0) + 1;
  const seconds = (clip: ManifestClip): number => clip.frames / contract.fps;
  const ofSplit = (split: Split): Counted & { people: number } => {
    const own = clips.filter((clip) => clip.split === split);
    return { ...counted(own), people: new Set(own.map(({ person }) => person)).size };
  };
  return {
    ...counted(clips),
    seconds: clips.reduce((sum, clip) => sum + seconds(clip), 0),
    bytes,
    size: contract.size,
    splits: Object.fromEntries(splits.map((split) => [split, ofSplit(split)])) as Inspection["splits"],
    people: countBy(clips, ({ person }) => person),
    emotions: countBy(clips.filter(({ labels }) => labels["emotion"] !== undefined), ({ labels }) => String(labels["emotion"])),
    lengths: Object.fromEntries([...lengthBounds, Infinity].map((bound, i) => {
      const low = lengthBounds[i - 1] ?? 0;
      const label = i === 0 ? `<${bound} s` : bound === Infinity ? `>=${low} s` : `${low}-${bound} s`;
      return [label, clips.filter((clip) => seconds(clip) >= low && seconds(clip) < bound).length];
    })),
    rejects,
    damaged,
  };
}

async function problemOf(dataset: Dataset, path: string, clips: Dataset["clips"], digest: string | undefined): Promise<string | null> {
  try {
    if (digest !== undefined) return (await sha256File(path)) === digest ? null : `${path}: its bytes are not those that were written (SHA-256). Prepare the data again, or copy the shard again.`;
    for (const clip of clips) for (const extension of Object.keys(clip.members)) await dataset.readMember(clip, extension);
    return null;
  } catch (error) {
    if (error instanceof TalkfaceError) return error.message;
    throw error;
  }
}

function counted(clips: readonly ManifestClip[]): Counted {
  return { clips: clips.length, frames: clips.reduce((sum, { frames }) => sum + frames, 0) };
}

/** Groups in the order of their names. */
function countBy(clips: readonly ManifestClip[], name: (clip: ManifestClip) => string): Record<string, Counted> {
  const groups = new Map<string, ManifestClip[]>();
  for (const clip of clips) (groups.get(name(clip)) ?? groups.set(name(clip), []).get(name(clip))!).push(clip);
  return Object.fromEntries([...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, own]) => [key, counted(own)]));
}

const mark = [0, 255, 0] as const;

/** The middle frames of up to `most` clips, spread over the folder, with their 68 points. */
export async function dataSheet(folder: string, most = 48): Promise<Image> {
  const dataset = await openDataset([folder]);
  try {
    const step = Math.max(1, dataset.clips.length / most);
    const chosen = Array.from({ length: Math.min(most, dataset.clips.length) }, (_, i) => dataset.clips[Math.floor(i * step)]!);
    const pictures: Image[] = [];
    for (const clip of chosen) {
      const t = clip.frames >> 1;
      const { width, height, data } = await dataset.readFrame(clip, t);
      const drawn = data.slice();
      const points = (await dataset.readArray(clip, "landmarks")).data.subarray(t * 136, (t + 1) * 136);
      for (let k = 0; k < 68; k++) {
        const [x, y] = [Math.floor(points[2 * k]!), Math.floor(points[2 * k + 1]!)];
        if (x >= 0 && y >= 0 && x < width && y < height) drawn.set(mark, 3 * (y * width + x));
      }
      pictures.push({ width, height, data: drawn });
    }
    if (pictures.length === 0) throw new TalkfaceError("bad-data", `${folder}: holds no clip to draw.`);
    return contactSheet(pictures, Math.min(8, pictures.length));
  } finally {
    await dataset.close();
  }
}
