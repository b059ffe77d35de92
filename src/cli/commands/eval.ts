/** `talkface eval GENERATED REAL`: scores of made videos, alone or against real ones. */
import type { Command } from "commander";
import { availableParallelism } from "node:os";
import { exitStatus, TalkfaceError } from "../../base/errors.js";
import { refuseOverwrite, writeAtomic } from "../../base/files.js";
import { progress, type Progress } from "../../base/log.js";
import { type Split, splits } from "../../data/manifest.js";
import { planOfModels, withControls } from "../../eval/controls.js";
import { evaluate, evaluateShare, mergeShares } from "../../eval/evaluate.js";
import type { Pairing } from "../../eval/frame-pairs.js";
import { evaluationPage, type PageOptions } from "../../eval/page.js";
import { planOfCsv, planOfPaths } from "../../eval/pairs.js";
import { csvOf, jsonOf, textOf } from "../../eval/present.js";
import { defaultMetrics, metrics as known, metricsOf } from "../../eval/registry.js";
import { type Evaluation, remarksOf } from "../../eval/summary.js";
import type { Plan } from "../../eval/units.js";
import type { Metric } from "../../metrics/metric.js";
import { devices, parseDevice } from "../../runtime/devices.js";
import { shardHelp, shareOf } from "../share.js";

interface Flags {
  readonly metrics?: string;
  readonly pairs?: string;
  readonly model?: readonly string[];
  readonly data?: readonly string[];
  readonly split: string;
  readonly limit?: string;
  readonly device: string;
  readonly pairing: string;
  readonly crop: string;
  readonly size?: string;
  readonly resize?: boolean;
  readonly controls?: boolean;
  readonly out?: string;
  readonly shard?: string;
  readonly merge?: boolean;
  readonly jobs?: string;
  readonly perClip?: boolean;
  readonly csv?: string;
  readonly html?: string;
  readonly htmlClips: string;
  readonly json?: boolean;
  readonly list?: boolean;
  readonly force?: boolean;
}

const examples = `
Examples:
  talkface eval made/ real/                                        the usual scores of all videos that have the same name
  talkface eval ours/ theirs/ real/ --controls                     two systems, compared clip by clip, and what nobody may fall below
  talkface eval --pairs pairs.csv --metrics lips,id-cosine --json | jq .lips.mean
  talkface eval --model model/ --data shards/ --split test --out scores/
  talkface eval made/ real/ --metrics psnr,ssim --crop face --size 128
  talkface eval ours/ theirs/ real/ --html report.html             a page with tables, plots, videos side by side
  talkface eval made/ real/ --out scores/ --shard 2/8              a share of the clips; then the same with --merge

Exit status 3: something was left out or is unusual; it is named, and n says how many clips a figure stands for.
`;

export function registerEval(program: Command): void {
  program
    .command("eval")
    .description("scores of made videos: mean, deviation, 95 % interval and number of clips, each with the protocol that a figure must share to be compared")
    .argument("[paths...]", "made videos of one or more systems, and the real ones: GENERATED... REAL, all of them videos or all folders; GENERATED alone where no metric needs a real video")
    .option("--metrics <names>", `comma-separated, see --list; by default ${defaultMetrics.join(",")}, and of these what needs no real video where there is none`)
    .option("--pairs <file.csv>", "in place of paths: a CSV with the columns generated and real, and where wanted audio, identity, emotion, system")
    .option("--model <dir...>", "in place of paths: models that draw the clips of --data, each clip driven by itself")
    .option("--data <dir...>", "prepared data for --model")
    .option("--split <name>", `clips of --data: ${splits.join(", ")} or all`, "test")
    .option("--limit <n>", "at most so many clips of --data, spread over them")
    .option("--device <name>", `where models run: ${devices.join(", ")}`, "cpu")
    .option("--pairing <how>", "truncate: to the shorter video; even: both sampled evenly to the length of the shorter", "truncate")
    .option("--crop <what>", "none: whole frames; face: both cut to their aligned face", "none")
    .option("--size <pixels>", "side of the compared pictures (256 for --crop face)")
    .option("--resize", "bring made frames to the size of the real ones; otherwise different sizes are a problem of the clip")
    .option("--controls", "score the still picture, shuffled audio and the real video too")
    .option("--out <dir>", "folder that keeps the scores of clips: a repeated command continues, and computes only what is new")
    .option("--shard <i/n>", shardHelp)
    .option("--merge", "put together what all shares have scored")
    .option("--jobs <n>", "clips scored at once (the number of cores; one with --model)")
    .option("--per-clip", "a line for each clip")
    .option("--csv <file>", "scores of every clip as CSV")
    .option("--html <file>", "a report as one page that stands alone: tables, plots, the worst clips with videos, frames and curves")
    .option("--html-clips <n>", "clips that the page shows with videos", "8")
    .option("--json", "everything as JSON on stdout: each score with mean, sd, ci95, n and protocol; a metric whose scores have other names stands there too, as its first one (lse: lse-c)")
    .option("--list", "all metrics with their protocols")
    .option("--force", "overwrite the files that are written")
    .addHelpText("after", examples)
    .action(async (paths: readonly string[], flags: Flags) => {
      if (flags.list === true) return void process.stdout.write(listOf(known, flags.json === true));
      await run(paths, flags);
    });
}

async function run(paths: readonly string[], flags: Flags): Promise<void> {
  const pairing = pairingOf(flags);
  const share = flags.merge === true ? null : shareOf({ ...(flags.shard === undefined ? {} : { shard: flags.shard }) });
  if ((share !== null || flags.merge === true) && flags.out === undefined) throw new TalkfaceError("usage", "shares and --merge need --out DIR, the folder that all of them fill.");
  const htmlClips = whole("--html-clips", flags.htmlClips, 0, 1000);
  for (const file of [flags.csv, flags.html]) if (file !== undefined && share === null) await refuseOverwrite(file, flags.force === true);
  const base = await planOf(paths, flags);
  const hasReal = base.units.some(({ real }) => real !== null);
  const metrics = flags.metrics === undefined ? metricsOf(defaultMetrics).filter(({ reference }) => hasReal || reference === "none") : metricsOf(flags.metrics.split(",").map((name) => name.trim()));
  if (metrics.length === 0) throw new TalkfaceError("usage", "the default metrics compare with real videos. Give REAL, or --metrics with some that need none (talkface eval --list).");
  const plan = flags.controls === true ? withControls(base, metrics) : base;

  let line = progress("scoring", plan.units.length, "clips");
  let started = false;
  const options = {
    pairing,
    jobs: flags.jobs === undefined ? (flags.model === undefined ? availableParallelism() : 1) : whole("--jobs", flags.jobs, 1, 256),
    keep: flags.out ?? null,
    onProgress: (done: number, total: number) => {
      if (!started) line = progress("scoring", total, "clips", done);
      started = true;
      line.update(done);
    },
  };
  if (share !== null) {
    const results = await evaluateShare(plan, metrics, { ...options, keep: flags.out! }, share);
    line.finish();
    const remarks = remarksOf({ clips: results, systems: [] });
    process.stdout.write(flags.json === true ? `${JSON.stringify({ out: flags.out, shard: share.index + 1, shards: share.count, clips: results.length, total: plan.units.length, remarks })}\n` : `${[...remarks, `${flags.out}: share ${share.index + 1} of ${share.count} is through: ${results.length} of ${plan.units.length} clips. When all shares are: the same command with --merge.`].join("\n")}\n`);
    if (remarks.length > 0) process.exitCode = exitStatus.rejects;
    return;
  }
  const found = flags.merge === true ? await mergeShares(plan, metrics, { pairing, keep: flags.out! }) : await evaluate(plan, metrics, options);
  line.finish();
  if (flags.csv !== undefined) await writeAtomic(flags.csv, csvOf(found));
  if (flags.html !== undefined) await writePage(flags.html, found, plan, { views: htmlClips, settings: settingsOf(paths, flags) });
  process.stdout.write(flags.json === true ? `${JSON.stringify(jsonOf(found))}\n` : textOf(found, { perClip: flags.perClip === true }));
  endWith(found);
}

async function writePage(path: string, found: Evaluation, plan: Plan, { views, settings }: Pick<PageOptions, "views" | "settings">): Promise<void> {
  let line: Progress | null = null;
  const onProgress = (done: number, total: number): void => (line ??= progress("report", total, "clips")).update(done);
  await writeAtomic(path, await evaluationPage(found, plan, { title: "Talking-face evaluation", settings, views, path, onProgress }));
  (line as Progress | null)?.finish();
}

/** What was asked for, as the page tells it. */
function settingsOf(paths: readonly string[], { pairs, model, data, split, crop, size, controls }: Flags): [string, string][] {
  const given: [string, string | undefined][] = [
    ["Videos", paths.length === 0 ? undefined : paths.join(", ")],
    ["Pairs", pairs],
    ["Models", model?.join(", ")],
    ["Data", data === undefined ? undefined : `${data.join(", ")}, split ${split}`],
    ["Crop", crop],
    ["Size", size === undefined ? undefined : `${size} px`],
    ["Controls", controls === true ? "yes" : undefined],
  ];
  return given.filter((each): each is [string, string] => each[1] !== undefined);
}

/** Nothing scored at all is a failure; something left out is status 3. */
function endWith(found: Evaluation): void {
  const remarks = remarksOf(found);
  if (found.systems.every(({ scores }) => Object.values(scores).every((each) => each === null))) throw new TalkfaceError("bad-media", `no clip could be scored: ${remarks[0] ?? "there are none"}`);
  if (remarks.length > 0) process.exitCode = exitStatus.rejects;
}

async function planOf(paths: readonly string[], flags: Flags): Promise<Plan> {
  const given = [paths.length > 0, flags.pairs !== undefined, flags.model !== undefined].filter(Boolean).length;
  if (given !== 1) throw new TalkfaceError("usage", "expected GENERATED and REAL, or --pairs FILE, or --model DIR with --data DIR.");
  if (flags.pairs !== undefined) return planOfCsv(flags.pairs);
  if (flags.model !== undefined) {
    if (flags.data === undefined) throw new TalkfaceError("usage", "--model needs --data DIR, prepared data whose clips the model draws.");
    const limit = flags.limit === undefined ? null : whole("--limit", flags.limit, 1, 1e9);
    return planOfModels({ models: flags.model, data: flags.data, split: oneOf("--split", flags.split, [...splits, "all"] as const) as Split | "all", device: parseDevice(flags.device), limit });
  }
  return paths.length === 1 ? planOfPaths(paths, null) : planOfPaths(paths.slice(0, -1), paths.at(-1)!);
}

function pairingOf(flags: Flags): Pairing {
  return {
    frames: oneOf("--pairing", flags.pairing, ["truncate", "even"] as const),
    crop: oneOf("--crop", flags.crop, ["none", "face"] as const),
    size: flags.size === undefined ? null : whole("--size", flags.size, 16, 4096),
    resize: flags.resize === true,
  };
}

function listOf(metrics: readonly Metric[], asJson: boolean): string {
  if (asJson) return `${JSON.stringify(metrics.map(({ name, title, scores, reference, protocol }) => ({ name, title, scores, reference, protocol })))}\n`;
  return metrics.map(({ name, title, scores, protocol }) => `${name}: ${title} (${scores.map((score) => `${scores.length > 1 ? `${score.name}: ` : ""}${/^(high|low)er$/.test(score.better) ? `${score.better} is better` : score.better}`).join(", ")})\n  ${protocol}\n`).join("");
}

function whole(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) throw new TalkfaceError("usage", `${name} ${text}: expected a whole number from ${low} to ${high}.`);
  return value;
}

function oneOf<T extends string>(name: string, text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new TalkfaceError("usage", `${name} ${text}: expected ${values.join(", ")}.`);
  return found;
}
