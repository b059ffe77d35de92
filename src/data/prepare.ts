/** Any talking videos to a prepared folder: find, stage (resumable), assemble. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { dataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { exists, readJson, writeAtomic } from "../base/files.js";
import { PackedList } from "../base/packed-list.js";
import { assemble } from "./assemble.js";
import type { StageInput } from "./decode-ahead.js";
import { findInputs, type InputList, type InputVideo, type InputVideos } from "./inputs.js";
import { check, manifestName, type Split } from "./manifest.js";
import { stageAll } from "./prepare-pool.js";
import { summarySchema, type PrepareSummary } from "./prepare-summary.js";
import type { PreparedFace, StageOptions, StageTimes } from "./stage-video.js";
import { StagedOutlines } from "./staged-outlines.js";
import { Staging, stagingIdOf } from "./staging.js";

export interface PrepareOptions {
  readonly outFolder: string;
  /** Side of the crops in pixels. */
  readonly size: number;
  readonly jobs: number;
  /** At most so many videos. */
  readonly limit: number | null;
  /** Which face: the one that speaks, the largest, or the n-th from the left, counted from 1. */
  readonly face: PreparedFace;
  readonly split: Split | "all";
  /** Clips without sound are kept, with silence. */
  readonly allowSilent: boolean;
  readonly maxSeconds: number;
  readonly maxShardBytes: number;
  readonly force: boolean;
  /** Only what other processes have staged already is put together; by default what is missing is staged first. */
  readonly merge?: boolean;
  readonly onProgress: (progress: PrepareProgress) => void;
}

/** The part of the videos that this process stages, 0 <= index < count. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

export interface PrepareProgress {
  readonly stage: "videos" | "clips";
  readonly done: number;
  readonly total: number;
  /** Frames read by this run so far. */
  readonly frames: number;
}

export interface PrepareResult {
  readonly summary: PrepareSummary;
  /** True when the folder was finished before and nothing was done. */
  readonly wasFinished: boolean;
  /** Of this run alone: frames read, and milliseconds by stage summed over the jobs. */
  readonly work: { readonly frames: number; readonly videos: number; readonly wallMs: number; readonly times: StageTimes };
}

/** The last file to be written: the same command again finds it and does nothing. */
const preparedName = "prepared.json";
const preparedSchema = z.object({ digest: z.string(), summary: summarySchema, /** SHA-256 by shard. */ shards: z.record(z.string(), z.string()).default({}) });

/** Prepares any videos (inputs.ts). */
export async function prepareVideos({ paths, peopleFile, ...options }: PrepareOptions & { readonly paths: readonly string[]; readonly peopleFile: string | null }): Promise<PrepareResult> {
  return prepareInputs(await findInputs(paths, peopleFile), options);
}

/**
 * Prepares videos into `outFolder` in the shard format (see manifest.ts). A run that was killed continues when called again; a finished
 * folder made from the same videos with the same options is left as it is, another one is refused (`exists`) without `force`.
 */
export async function prepareInputs(list: InputList, options: PrepareOptions): Promise<PrepareResult> {
  const started = performance.now();
  const plan = planOf(list, options);
  const finished = await finishedSummary(options.outFolder, plan.digest, options.force);
  const staging = new Staging(options.outFolder);
  if (finished !== null) {
    await staging.remove();
    return { summary: finished, wasFinished: true, work: { frames: 0, videos: 0, wallMs: performance.now() - started, times: noTimes() } };
  }
  await staging.open({ ...plan.stageOptions }, { force: options.force, shared: false });
  const { outlines, left } = await alreadyStaged(staging, plan, { index: 0, count: 1 });
  if (options.merge === true && left.length > 0) {
    throw new TalkfaceError("missing-file", `${options.outFolder}: ${left.length} of ${plan.inputs.length} videos are not through, ${plan.inputs.at(left[0]!)!.source} among them. Run the shares that were stopped again, or leave out --merge.`);
  }
  const work = await stageLeft(left, outlines, plan, options);

  const { tally, rejects, digests } = await assemble(staging, plan.inputs, outlines, list.rejects, {
    outFolder: options.outFolder,
    contract: plan.stageOptions.contract,
    maxShardBytes: options.maxShardBytes,
    onClip: (done) => options.onProgress({ stage: "clips", done, total: outlines.length, frames: work.frames }),
  });
  const summary = tally.summary(plan.inputs.length + list.rejects.length, rejects, plan.stageOptions.contract.fps);
  await writeAtomic(join(options.outFolder, preparedName), `${JSON.stringify({ digest: plan.digest, summary, shards: digests }, null, 2)}\n`);
  await staging.remove();
  return { summary, wasFinished: false, work: { ...work, wallMs: performance.now() - started } };
}

export interface ShareResult {
  /** Videos of the share, and how many of them gave no clip. */
  readonly videos: number;
  readonly empty: number;
  /** Videos of the whole. */
  readonly total: number;
  readonly work: PrepareResult["work"];
}

/** Stages a share of the videos. Several processes do so at the same time in one folder; `prepareInputs` with `merge` puts all together. */
export async function stageShare(list: InputList, options: PrepareOptions, share: Share): Promise<ShareResult> {
  const started = performance.now();
  const plan = planOf(list, options);
  const staging = new Staging(options.outFolder);
  const videos = [...numbersOf(plan, share)].length;
  const result = (work: PrepareResult["work"], empty: number): ShareResult => ({ videos, empty, total: plan.inputs.length, work: { ...work, wallMs: performance.now() - started } });
  if ((await finishedSummary(options.outFolder, plan.digest, false)) !== null) return result({ frames: 0, videos: 0, wallMs: 0, times: noTimes() }, 0);
  await staging.open({ ...plan.stageOptions }, { force: false, shared: true });
  const { outlines, left } = await alreadyStaged(staging, plan, share);
  const work = await stageLeft(left, outlines, plan, options);
  return result(work, outlines.empty);
}

/** What is to be done, in a fixed order: the same for all who share it. */
interface Plan {
  readonly inputs: InputVideos;
  readonly stageOptions: StageOptions;
  /** Of videos and options. */
  readonly digest: string;
}

function planOf(list: InputList, options: PrepareOptions): Plan {
  const [first] = list.rejects;
  if (list.inputs.length === 0 && first !== undefined) throw new TalkfaceError("bad-media", `${first.path}: ${first.reason}: ${first.detail}; and no other video can be prepared.`);
  const inputs = options.limit === null && options.split === "all" ? list.inputs : new PackedList(chosen(list.inputs, options));
  if (inputs.length === 0) throw new TalkfaceError("missing-file", `none of the ${list.inputs.length} videos is in the split ${options.split}. Check --people and --split.`);
  const stageOptions = { contract: dataContract(options.size), face: options.face, maxSeconds: options.maxSeconds, allowSilent: options.allowSilent };
  // the digest of one JSON array; as one text half a million videos would be too much
  const hash = createHash("sha256").update(`[${JSON.stringify(stageOptions)},${options.maxShardBytes},[`);
  let comma = "";
  for (const input of inputs) {
    hash.update(`${comma}${JSON.stringify([stagingIdOf(input), input])}`);
    comma = ",";
  }
  const digest = hash.update(`],${JSON.stringify(list.rejects)}]`).digest("hex");
  return { inputs, stageOptions, digest };
}

function* chosen(inputs: Iterable<InputVideo>, { split, limit }: PrepareOptions): Generator<InputVideo> {
  let count = 0;
  for (const input of inputs) {
    if (count === limit) return;
    if (split !== "all" && input.split !== split) continue;
    count++;
    yield input;
  }
}

/** Numbers of the videos of a share. */
function* numbersOf({ inputs }: Plan, { index, count }: Share): Generator<number> {
  for (let video = index; video < inputs.length; video += count) yield video;
}

/** Of a share's videos the outlines of those that are staged, and the numbers of the others. */
async function alreadyStaged(staging: Staging, plan: Plan, share: Share): Promise<{ outlines: StagedOutlines; left: number[] }> {
  const outlines = new StagedOutlines();
  const left: number[] = [];
  for (const video of numbersOf(plan, share)) {
    const record = await staging.read(stagingIdOf(plan.inputs.at(video)!));
    if (record === null) left.push(video);
    else outlines.add(video, record);
  }
  return { outlines, left };
}

/** Stages what is left, and adds it to `outlines`. */
async function stageLeft(left: readonly number[], outlines: StagedOutlines, { inputs, stageOptions }: Plan, options: PrepareOptions): Promise<PrepareResult["work"]> {
  const times = noTimes();
  const work = { frames: 0, videos: left.length, wallMs: 0, times };
  const total = outlines.videos + left.length;
  // The longest first, so that no job is left alone with one at the end.
  const bytes = Float64Array.from(left, (video) => inputs.at(video)!.bytes);
  const order = Uint32Array.from(left.keys()).sort((a, b) => bytes[b]! - bytes[a]! || a - b).map((i) => left[i]!);
  const stageInput = (input: InputVideo): StageInput => ({ id: stagingIdOf(input), path: input.path, wavPath: input.wavPath, prefersWav: input.prefersWav === true });
  const stageInputs = { length: order.length, at: (i: number) => stageInput(inputs.at(order[i]!)!) };
  for await (const staged of stageAll(stageInputs, { outFolder: options.outFolder, jobs: options.jobs, options: stageOptions })) {
    outlines.add(order[staged.index]!, staged.video);
    work.frames += staged.video.framesRead;
    for (const stage of Object.keys(times) as (keyof StageTimes)[]) times[stage] += staged.times[stage];
    options.onProgress({ stage: "videos", done: outlines.videos, total, frames: work.frames });
  }
  return work;
}

const noTimes = (): StageTimes => ({ total: 0, decode: 0, track: 0, align: 0, write: 0 });

/** SHA-256 of the shards of a finished folder; none where an older version made it. */
export async function shardDigests(folder: string): Promise<Readonly<Record<string, string>>> {
  const path = join(folder, preparedName);
  return (await exists(path)) ? check(preparedSchema, await readJson(path), path).shards : {};
}

async function finishedSummary(outFolder: string, digest: string, force: boolean): Promise<PrepareSummary | null> {
  const path = join(outFolder, preparedName);
  if (await exists(path)) {
    const prepared = check(preparedSchema, await readJson(path), path);
    if (prepared.digest === digest) return prepared.summary;
    if (!force) throw new TalkfaceError("exists", `${outFolder}: holds clips of other videos or options. Give --force to replace them, or another --out.`);
  } else if (!force && (await exists(join(outFolder, manifestName))) && !(await exists(new Staging(outFolder).folder))) {
    throw new TalkfaceError("exists", `${outFolder}: holds prepared clips already. Give --force to replace them, or another --out.`);
  }
  return null;
}
