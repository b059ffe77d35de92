/** Options, progress and outcome that all commands of preparation share. */
import type { Command } from "commander";
import { exitStatus, TalkfaceError } from "../base/errors.js";
import { duration, progress, type Progress } from "../base/log.js";
import { PackedList } from "../base/packed-list.js";
import type { ExpectedCount, InputList, InputVideo } from "../data/inputs.js";
import { rejectsName, splits, type Split } from "../data/manifest.js";
import { type PrepareOptions, type PrepareProgress, type PrepareResult, prepareInputs, stageShare } from "../data/prepare.js";
import type { PreparedFace } from "../data/stage-video.js";
import { shardHelp, shareOf } from "./share.js";

export interface PrepareFlags {
  readonly out: string;
  readonly size: string;
  readonly jobs: string;
  readonly limit?: string;
  readonly face: string;
  readonly split: string;
  readonly only?: readonly string[];
  readonly maxSeconds: string;
  readonly allowSilent?: boolean;
  readonly shard?: string;
  readonly merge?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly force?: boolean;
}

const sizes = [64, 96, 128, 256];
const gibibyte = 2 ** 30;

export function addPrepareOptions(command: Command): Command {
  return command
    .requiredOption("--out <dir>", "folder for shards, manifest.jsonl, rejects.jsonl and contract.json")
    .option("--size <pixels>", `side of the crops: ${sizes.join(", ")}`, "128")
    .option("--jobs <n>", "videos worked on at once", "2")
    .option("--limit <n>", "stop after so many videos")
    .option("--only <field=value...>", "only videos whose person, split or label has one of the values: view=front emotion=happy,sad")
    .option("--face <which>", "speaker (of several faces the one whose lips go with the sound), largest, or the n-th from the left, counted from 1", "speaker")
    .option("--split <name>", `prepare only ${splits.join(", ")}, or all`, "all")
    .option("--max-seconds <s>", "longer videos become several clips", "20")
    .option("--allow-silent", "keep clips without sound")
    .option("--shard <i/n>", shardHelp)
    .option("--merge", "put together what all shares have prepared")
    .option("--dry-run", "count what would be prepared and what is missing; decode and write nothing")
    .option("--json", "summary as JSON on stdout")
    .option("--force", "replace what stands in the folder");
}

/** Everything but what is to be prepared. */
function prepareOptions(flags: PrepareFlags, onProgress: (progress: PrepareProgress) => void): PrepareOptions {
  return {
    outFolder: flags.out,
    size: oneOf("--size", flags.size, sizes),
    jobs: whole("--jobs", flags.jobs, 1, 64),
    limit: flags.limit === undefined ? null : whole("--limit", flags.limit, 1, 1e9),
    face: faceName(flags.face),
    split: splitName(flags.split),
    allowSilent: flags.allowSilent === true,
    maxSeconds: whole("--max-seconds", flags.maxSeconds, 2, 600),
    maxShardBytes: gibibyte,
    force: flags.force === true,
    merge: flags.merge === true,
    onProgress,
  };
}

/** Prepares all that `find` finds, or the share of this process, and reports. */
export async function prepareAndReport(find: () => Promise<InputList>, flags: PrepareFlags): Promise<void> {
  const show = new PrepareDisplay();
  const options = prepareOptions(flags, (state) => show.update(state));
  const share = flags.merge === true ? null : shareOf(flags);
  const chosen = only(await find(), flags.only);
  if (flags.dryRun === true) return reportDryRun(flags, chosen);
  if (share === null) {
    const result = await prepareInputs(chosen, options);
    show.finish();
    report(flags, result);
    return;
  }
  const { videos, empty, total, work } = await stageShare(chosen, options, share);
  show.finish();
  const { index, count } = share;
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ out: flags.out, shard: index + 1, shards: count, videos, empty, total, frames: work.frames, seconds: work.wallMs / 1000 })}\n`);
  else process.stdout.write(`${flags.out}: share ${index + 1} of ${count} is through: ${videos} of ${total} videos, ${empty} without a clip. When all shares are: the same command with --merge.\n`);
  if (empty > 0) process.exitCode = exitStatus.rejects;
}

/** The videos of the list that `--only` asks for; rejects stay, for nobody has looked at what they would be. */
function only(list: InputList, wanted: readonly string[] = []): InputList {
  const tests = wanted.map((text) => {
    const [, field, values] = /^([A-Za-z_]+)=(.+)$/.exec(text) ?? [];
    if (field === undefined || values === undefined) throw new TalkfaceError("usage", `--only ${text}: expected FIELD=VALUE or FIELD=VALUE,VALUE, e.g. emotion=happy,sad.`);
    const known = new Set(["person", "split"]);
    for (const { labels } of list.inputs) for (const label of Object.keys(labels)) known.add(label);
    if (!known.has(field) && list.inputs.length > 0) {
      throw new TalkfaceError("usage", `--only ${text}: no video has the field ${field}. There are ${[...known].join(", ")}.`);
    }
    const allowed = new Set(values.split(","));
    return (input: InputVideo): boolean => allowed.has(String(fieldOf(input, field)));
  });
  return tests.length === 0 ? list : { ...list, inputs: new PackedList(passing(list.inputs, tests)) };
}

function* passing(inputs: Iterable<InputVideo>, tests: readonly ((input: InputVideo) => boolean)[]): Generator<InputVideo> {
  for (const input of inputs) if (tests.every((test) => test(input))) yield input;
}

function fieldOf(input: InputVideo, field: string): string | number | boolean | undefined {
  return field === "person" || field === "split" ? input[field] : input.labels[field];
}

/** Counts by split, what is missing of a complete copy, and rejects that are known without decoding. */
function reportDryRun(flags: PrepareFlags, list: InputList): void {
  const split = splitName(flags.split);
  const people = new Set<string>();
  const counts = Object.fromEntries(splits.map((name) => [name, 0])) as Record<Split, number>;
  for (const input of list.inputs) {
    if (split !== "all" && input.split !== split) continue;
    counts[input.split]++;
    people.add(input.person);
  }
  const videos = splits.reduce((sum, name) => sum + counts[name], 0);
  const rejects: Record<string, number> = {};
  for (const { reason } of list.rejects) rejects[reason] = (rejects[reason] ?? 0) + 1;
  const short = list.expected.filter(({ found, expected }) => found !== expected);
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify({ videos, people: people.size, splits: counts, rejects, expected: list.expected, rejected: list.rejects })}\n`);
  } else {
    const lines = [
      `${videos} videos of ${people.size} people: ${splits.map((name) => `${counts[name]} ${name}`).join(", ")}`,
      ...(list.rejects.length === 0 ? [] : [`rejects: ${Object.entries(rejects).map(([reason, count]) => `${count} ${reason}`).join(", ")}`]),
      ...list.rejects.slice(0, shownRejects).map(({ path, reason, detail }) => `  ${path}: ${reason}: ${detail}`),
      ...(list.rejects.length > shownRejects ? [`  and ${list.rejects.length - shownRejects} more; --json lists all`] : []),
      ...(list.expected.length === 0 ? [] : [short.length === 0 ? "complete: every count is that of a complete copy" : `against a complete copy: ${missing(short)}`]),
    ];
    process.stdout.write(lines.map((line) => `${line}\n`).join(""));
  }
  if (list.rejects.length > 0) process.exitCode = exitStatus.rejects;
}

const shownRejects = 20;
/** GRID is counted by its 33 speakers. */
const shownCounts = 40;

function missing(short: readonly ExpectedCount[]): string {
  const shown = short.slice(0, shownCounts).map(({ what, found, expected, known }) => `${what} ${found} of ${expected}${known === undefined ? "" : ` (${known})`}`);
  return `${shown.join(", ")}${short.length > shownCounts ? `, and ${short.length - shownCounts} more; --json lists all` : ""}`;
}

/** A progress line for each of the two stages. */
class PrepareDisplay {
  #line: Progress | null = null;
  #stage = "";
  readonly #started = performance.now();

  update({ stage, done, total, frames }: PrepareProgress): void {
    if (this.#stage !== stage) {
      this.#line?.finish();
      this.#line = progress(stage === "videos" ? "preparing" : "writing shards", total, stage);
      this.#stage = stage;
    }
    const rate = (frames / (performance.now() - this.#started)) * 1000;
    this.#line?.update(done, stage === "videos" ? `${rate.toFixed(0)} frames/s` : "");
  }

  finish(): void {
    this.#line?.finish();
  }
}

/** The outcome on stdout; exit status 3 where something was rejected. */
function report(flags: PrepareFlags, { summary, wasFinished, work }: PrepareResult): void {
  const rejected = Object.values(summary.rejects).reduce((sum, count) => sum + count, 0);
  const seconds = work.wallMs / 1000;
  const perFrame = (ms: number): number => Math.round((ms / Math.max(1, work.frames)) * 100) / 100;
  const { total, decode, track, align, write } = work.times;
  if (flags.json === true) {
    const stages = { decode: perFrame(decode), track: perFrame(track), align: perFrame(align), write: perFrame(write), all: perFrame(total) };
    const run = { frames: work.frames, seconds, framesPerSecond: work.frames / seconds, msPerFrame: stages, peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024) };
    process.stdout.write(`${JSON.stringify({ out: flags.out, wasFinished, ...summary, run })}\n`);
  } else {
    const { clips, videos, people, splits: by, sync } = summary;
    process.stdout.write(
      [
        `${flags.out}: ${wasFinished ? "was finished already: " : ""}${clips} clips, ${duration(summary.seconds)}, ${people} people from ${videos} videos (${by.train} train, ${by.val} val${by.test > 0 ? `, ${by.test} test` : ""})`,
        `sound: ${sync.moved} clips moved, ${sync.inStep} in step, ${sync.unclear} unclear and left as they were${sync.silent > 0 ? `, ${sync.silent} silent` : ""}`,
        ...(rejected === 0 ? [] : [`rejects: ${Object.entries(summary.rejects).map(([reason, count]) => `${count} ${reason}`).join(", ")} (${rejectsName})`]),
        ...(work.frames === 0 ? [] : [`${work.frames} frames in ${duration(seconds)}: ${(work.frames / seconds).toFixed(0)} frames/s`]),
      ]
        .map((line) => `${line}\n`)
        .join(""),
    );
  }
  if (summary.clips === 0) {
    throw new TalkfaceError("bad-media", `${flags.out}: none of the ${summary.videos} videos gave a clip; ${rejectsName} says why.`);
  }
  if (rejected > 0) process.exitCode = exitStatus.rejects;
}

function whole(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw new TalkfaceError("usage", `${name} ${text}: expected a whole number from ${low} to ${high}.`);
  }
  return value;
}

function oneOf(name: string, text: string, values: readonly number[]): number {
  const value = Number(text);
  if (!values.includes(value)) throw new TalkfaceError("usage", `${name} ${text}: expected ${values.join(", ")}.`);
  return value;
}

function splitName(text: string): Split | "all" {
  const known = [...splits, "all"] as const;
  return known.find((name) => name === text) ?? fail(`--split ${text}: expected ${known.join(", ")}.`);
}

function faceName(text: string): PreparedFace {
  if (text === "speaker" || text === "largest") return text;
  return /^[1-9]\d?$/.test(text) ? Number(text) : fail(`--face ${text}: expected speaker, largest, or a whole number from 1 to 99.`);
}

function fail(message: string): never {
  throw new TalkfaceError("usage", message);
}
