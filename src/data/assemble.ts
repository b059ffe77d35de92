/** Staged clips to the finished folder: sound brought in step, shards, manifest, rejects, contract. */
import { readdir, rm } from "node:fs/promises";
import { join, posix } from "node:path";
import type { DataContract } from "../base/contract.js";
import { AtomicText, writeAtomic } from "../base/files.js";
import type { List } from "../base/packed-list.js";
import { encodeWav } from "../media/wav.js";
import type { InputVideo } from "./inputs.js";
import {
  contractName,
  frameExtension,
  jsonLines,
  manifestName,
  rejectsName,
  splits,
  type ClipSource,
  type ManifestClip,
  type Reject,
  type SyncRecord,
  type Word,
} from "./manifest.js";
import { decodeNpy, encodeNpy } from "./npy.js";
import { Tally } from "./prepare-summary.js";
import { archiveBytes, endBytes, ShardWriter, type Member } from "./shard-writer.js";
import type { PartOutline, StagedOutlines } from "./staged-outlines.js";
import { type Staging, stagingIdOf } from "./staging.js";
import type { SyncClip, SyncEstimate } from "./sync-clips.js";
import { maxOffset } from "./sync-evidence.js";
import { clearConfidence, estimateOffsets } from "./sync.js";

export interface AssembleOptions {
  readonly outFolder: string;
  readonly contract: DataContract;
  /** 1 GiB by default. */
  readonly maxShardBytes: number;
  readonly onClip: (done: number) => void;
}

export interface Assembled {
  readonly tally: Tally;
  readonly rejects: readonly Reject[];
  /** SHA-256 by shard. */
  readonly digests: Readonly<Record<string, string>>;
}

/** A clip to be; made anew whenever it is its turn. */
interface Candidate {
  readonly key: string;
  readonly input: InputVideo;
  readonly part: PartOutline;
}

/** Clips to be, in the order of their keys: of each the number of its part is held, for there are half a million of them. */
class Candidates {
  readonly #inputs: List<InputVideo>;
  readonly #outlines: StagedOutlines;
  readonly #order: Uint32Array;

  constructor(inputs: List<InputVideo>, outlines: StagedOutlines) {
    this.#inputs = inputs;
    this.#outlines = outlines;
    const keys = Array.from({ length: outlines.length }, (_, i) => this.#of(i).key);
    this.#order = Uint32Array.from(keys.keys()).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
  }

  get length(): number {
    return this.#order.length;
  }

  at(i: number): Candidate {
    return this.#of(this.#order[i]!);
  }

  #of(i: number): Candidate {
    const part = this.#outlines.at(i);
    const input = this.#inputs.at(part.video)!;
    return { key: `${input.stem}-${String(part.index).padStart(3, "0")}`, input, part };
  }
}

/** Below this correlation even a clear best offset says little about the mouth, and the clip stays as it is. */
const leastCorrelation = 0.1;

/**
 * Estimates the offsets of all clips and writes the finished folder; `outlines` are those of `inputs`, `known` the rejects of before. The manifest comes last: where
 * it stands, everything stands.
 */
export async function assemble(staging: Staging, inputs: List<InputVideo>, outlines: StagedOutlines, known: readonly Reject[], options: AssembleOptions): Promise<Assembled> {
  const { outFolder, contract } = options;
  const candidates = new Candidates(inputs, outlines);
  const rejects = [...outlines.drops()].map(([video, drop]): Reject => ({ path: inputs.at(video)!.source, ...drop })).concat(known);
  const records = await synchronise(staging, candidates);
  for (let i = 0; i < candidates.length; i++) {
    if (!isOutOfStep(records(i))) continue;
    const { input, part } = candidates.at(i);
    rejects.push({ path: input.source, reason: "out-of-step", detail: `mouth and sound are ${maxOffset} frames apart or more`, startFrame: part.startFrame, frames: part.frames });
  }
  rejects.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : (a.startFrame ?? 0) - (b.startFrame ?? 0)));

  await clear(outFolder);
  const tally = new Tally();
  const digests: Record<string, string> = {};
  const manifest = await AtomicText.create(join(outFolder, manifestName));
  try {
    for (const split of splits) {
      const shards = new ShardSeries(outFolder, split, options.maxShardBytes, digests);
      try {
        for (let i = 0; i < candidates.length; i++) {
          const candidate = candidates.at(i);
          const record = records(i);
          if (candidate.input.split !== split || isOutOfStep(record)) continue;
          const clip = await finishedClip(staging, candidate, record, contract);
          await manifest.write(jsonLines([{ ...clip.entry, ...(await shards.add(clip.members)) } satisfies ManifestClip]));
          tally.add(clip.entry);
          options.onClip(tally.clips);
        }
        await shards.finish();
      } catch (error) {
        await shards.abort();
        throw error;
      }
    }
    await writeAtomic(join(outFolder, contractName), `${JSON.stringify(contract, null, 2)}\n`);
    await writeAtomic(join(outFolder, rejectsName), jsonLines(rejects));
    await manifest.finish();
  } catch (error) {
    await manifest.abort();
    throw error;
  }
  return { tally, rejects, digests };
}

/** What is known of the sound of candidate i. */
async function synchronise(staging: Staging, candidates: Candidates): Promise<(i: number) => SyncRecord> {
  const clip = ({ input, part }: Candidate): SyncClip => ({
    file: input.path,
    collection: posix.dirname(input.source),
    person: input.person,
    isSilent: part.silent,
    frames: part.frames,
  });
  const estimates = await estimateOffsets({ length: candidates.length, at: (i) => clip(candidates.at(i)) }, async (i) => {
    const { input, part: { index } } = candidates.at(i);
    const part = await staging.part(stagingIdOf(input), index);
    return staging.readPart(part, async (read) => ({
      opening: decodeNpy(await read("opening.npy"), part.file).data,
      speech: decodeNpy(await read("speech.npy"), part.file).data,
    }));
  });
  return (i) => {
    const estimate = estimates.at(i);
    return { ...estimate, corrected: isClear(estimate) };
  };
}

function isClear({ method, confidence, correlation }: SyncEstimate): boolean {
  return method !== "none" && confidence >= clearConfidence && correlation >= leastCorrelation;
}

/** A clear best offset at the end of those that were tried: the true one lies beyond, or the sound is of something else. */
function isOutOfStep({ corrected, offsetFrames }: SyncRecord): boolean {
  return corrected && Math.abs(offsetFrames) >= maxOffset;
}

/**
 * The members of a clip as they go into the shard. Where the offset is corrected, mouth frame t takes the sound of frame t - offset;
 * frames whose sound lies outside the clip are dropped.
 */
async function finishedClip(staging: Staging, { key, input, part: { index } }: Candidate, sync: SyncRecord, contract: DataContract): Promise<{ entry: Omit<ManifestClip, "shard" | "members">; members: Member[] }> {
  const part = await staging.part(stagingIdOf(input), index);
  const offset = sync.corrected ? sync.offsetFrames : 0;
  const from = Math.max(0, offset);
  const frames = part.frames - Math.abs(offset);
  const perFrame = contract.sampleRateHz / contract.fps;
  const source: ClipSource = {
    path: input.source,
    startFrame: part.startFrame + from,
    width: part.width,
    height: part.height,
    ...(input.licence === null ? {} : { licence: input.licence }),
  };
  // the sound of the clip's first frame, in seconds of the source
  const heardFrom = (part.startFrame + from - offset) / contract.fps;
  const words = input.words === undefined ? {} : { words: wordsOfClip(input.words, heardFrom, frames / contract.fps) };
  const entry = { key, frames, person: input.person, split: input.split, labels: { ...input.labels }, ...words, silent: part.silent, sync, source };
  return staging.readPart(part, async (read) => {
    const slice = async (name: string): Promise<Uint8Array> => {
      const { data, shape } = decodeNpy(await read(name), part.file);
      const width = data.length / part.frames;
      return encodeNpy({ data: data.slice(from * width, (from + frames) * width), shape: [frames, ...shape.slice(1)] });
    };
    const pictures = Array.from({ length: frames }, async (_, t): Promise<Member> => ({ name: `${key}.${frameExtension(t, frames)}`, data: await read(`${from + t}.jpg`) }));
    const members = await Promise.all(pictures);
    const samples = decodeNpy(await read("samples.npy"), part.file).data;
    const spoken = samples.slice((from - offset) * perFrame, (from - offset + frames) * perFrame);
    members.push({ name: `${key}.wav`, data: encodeWav(spoken, contract.sampleRateHz) });
    for (const name of ["landmarks.npy", "mesh.npy", "crop.npy"]) members.push({ name: `${key}.${name}`, data: await slice(name) });
    members.push({ name: `${key}.json`, data: Buffer.from(JSON.stringify(entry)) });
    return { entry, members };
  }, { whole: true });
}

/** Words in seconds of the clip, those outside left out. */
function wordsOfClip(words: readonly Word[], from: number, seconds: number): Word[] {
  const inside = (time: number): number => Math.round(Math.min(seconds, Math.max(0, time - from)) * 1000) / 1000;
  return words.map(({ word, start, end }) => ({ word, start: inside(start), end: inside(end) })).filter(({ start, end }) => end > start);
}

/** Shards of one split, a new one begun before the limit would be passed. */
class ShardSeries {
  readonly #folder: string;
  readonly #split: string;
  readonly #maxBytes: number;
  /** Takes the SHA-256 of every finished shard. */
  readonly #digests: Record<string, string>;
  #writer: ShardWriter | null = null;
  #name = "";
  #count = 0;

  constructor(folder: string, split: string, maxBytes: number, digests: Record<string, string>) {
    this.#folder = folder;
    this.#split = split;
    this.#maxBytes = maxBytes;
    this.#digests = digests;
  }

  async add(members: readonly Member[]): Promise<Pick<ManifestClip, "shard" | "members">> {
    const bytes = archiveBytes(members.map((member) => member.data.length));
    if (this.#writer !== null && this.#writer.position + bytes + endBytes > this.#maxBytes) await this.finish();
    if (this.#writer === null) {
      this.#name = `${this.#split}-${String(this.#count++).padStart(6, "0")}.tar`;
      this.#writer = await ShardWriter.create(join(this.#folder, this.#name));
    }
    const extents: ManifestClip["members"] = {};
    for (const member of members) extents[member.name.slice(member.name.indexOf(".") + 1)] = await this.#writer.add(member);
    return { shard: this.#name, members: extents };
  }

  async finish(): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    if (writer !== null) this.#digests[this.#name] = await writer.finish();
  }

  async abort(): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    await writer?.abort();
  }
}

/** Removes an earlier result, its manifest first, and what killed writers left. */
async function clear(folder: string): Promise<void> {
  for (const name of [manifestName, rejectsName, contractName]) await rm(join(folder, name), { force: true });
  for (const name of await readdir(folder)) {
    if (/^(train|val|test)-\d{6}\.tar$/.test(name) || /^\..*\.part$/.test(name)) await rm(join(folder, name), { force: true });
  }
}
