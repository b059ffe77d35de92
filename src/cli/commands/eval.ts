/** `talkface eval GENERATED REAL`: scores of made videos against real ones. */
import type { Command } from "commander";
import { exitStatus, TalkfaceError } from "../../base/errors.js";
import { refuseOverwrite, writeAtomic } from "../../base/files.js";
import { progress } from "../../base/log.js";
import { type Clip, evaluate, type Evaluation, metricsOf } from "../../eval/evaluate.js";
import { pairOf, pairsOfFile } from "../../eval/pairs.js";
import { metrics as known } from "../../eval/registry.js";
import type { Metric } from "../../metrics/metric.js";

interface Flags {
  readonly metrics: string;
  readonly pairs?: string;
  readonly resize?: boolean;
  readonly perClip?: boolean;
  readonly list?: boolean;
  readonly csv?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

export function registerEval(program: Command): void {
  program
    .command("eval")
    .description("scores of made videos against real ones, frame by frame at 25 a second: mean, deviation and 95 % interval over clips")
    .argument("[generated]", "a video, or a folder of them")
    .argument("[real]", "the real video, or a folder with videos of the same names")
    .option("--metrics <names>", `comma-separated: ${known.map(({ name }) => name).join(", ")}; lse for the three of SyncNet`, "psnr,ssim,lmd")
    .option("--pairs <file.csv>", "pairs in place of two paths: a CSV with the columns generated and real")
    .option("--resize", "bring made frames to the size of the real ones; otherwise different sizes are a problem of the clip")
    .option("--per-clip", "a line for each clip")
    .option("--csv <file>", "scores of every clip as CSV")
    .option("--json", "everything as JSON on stdout: each metric with mean, sd, ci95, n and protocol")
    .option("--list", "all metrics with what they mean")
    .option("--force", "overwrite the CSV")
    .addHelpText("after", "\nExamples:\n  talkface eval --metrics psnr,ssim made.mp4 real.mp4\n  talkface eval made/ real/ --per-clip --csv scores.csv\n  talkface eval --pairs pairs.csv --metrics lips,id-cosine --json | jq .lips.mean\n")
    .action(async (made: string | undefined, real: string | undefined, flags: Flags) => {
      if (flags.list === true) return void process.stdout.write(known.map(({ name, better, protocol }) => `${name} (${better}${better.startsWith("near") ? "" : " is better"})\n  ${protocol}\n`).join(""));
      const metrics = metricsOf(flags.metrics.split(",").map((name) => name.trim()));
      if ((flags.pairs === undefined) === (made === undefined || real === undefined)) throw new TalkfaceError("usage", "expected GENERATED and REAL, or --pairs FILE.");
      if (flags.csv !== undefined) await refuseOverwrite(flags.csv, flags.force === true);
      const pairing = flags.pairs === undefined ? await pairOf(made!, real!) : await pairsOfFile(flags.pairs);
      const line = progress("scoring", pairing.pairs.length, "clips");
      const found = await evaluate(pairing, metrics, { resize: flags.resize === true, onClip: (done) => line.update(done) });
      line.finish();
      if (flags.csv !== undefined) await writeAtomic(flags.csv, csv(found, metrics));
      process.stdout.write(flags.json === true ? `${JSON.stringify(json(found))}\n` : text(found, metrics, flags.perClip === true));
      if (Object.values(found.summary).every((each) => each === null)) throw new TalkfaceError("bad-media", `no clip could be scored: ${firstProblem(found.clips)}`);
      if (found.clips.some(({ problems }) => Object.keys(problems).length > 0)) process.exitCode = exitStatus.rejects;
    });
}

function json({ summary, clips }: Evaluation): object {
  return { ...summary, clips: clips.map(({ name, scores, problems }) => ({ name, scores: Object.fromEntries(Object.entries(scores ?? {}).filter(([, each]) => "value" in each)), problems })) };
}

function text({ summary, clips }: Evaluation, metrics: readonly Metric[], perClip: boolean): string {
  const width = Math.max(...metrics.map(({ name }) => name.length), 6);
  const cell = (value: number): string => value.toFixed(4).padStart(10);
  const rows = metrics.map(({ name, better, unit }) => {
    const found = summary[name];
    if (found == null) return `${name.padEnd(width)}  no clip has a value`;
    return `${name.padEnd(width)}${cell(found.mean)}${cell(found.sd)}${cell(found.ci95[0])}${cell(found.ci95[1])}${String(found.n).padStart(6)}  ${unit === "" ? "" : `${unit}, `}${better.startsWith("near") ? better : `${better} is better`}`;
  });
  const problems = clips.flatMap(({ name, problems: own }) => Object.entries(own).map(([metric, problem]) => `${name}: ${metric === "" ? "" : `${metric}: `}${problem}`));
  return [
    `${"metric".padEnd(width)}${["mean", "sd", "low", "high"].map((head) => head.padStart(10)).join("")}${"clips".padStart(6)}`,
    ...rows,
    ...(perClip ? ["", ...clips.map(({ name, scores }) => `${name}: ${metrics.map((metric) => `${metric.name} ${valueOf(scores?.[metric.name])}`).join(", ")}`)] : []),
    ...(problems.length === 0 ? [] : ["", ...problems]),
    "",
    ...metrics.map(({ protocol }) => protocol),
    "low and high: 95 % interval of the mean, percentile bootstrap over clips",
    "",
  ].join("\n");
}

function valueOf(score: NonNullable<Clip["scores"]>[string] | undefined): string {
  return score !== undefined && "value" in score ? `${score.value.toFixed(4)} (${score.frames} frames)` : "none";
}

function csv({ clips }: Evaluation, metrics: readonly Metric[]): string {
  const quoted = (field: string): string => (/[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const rows = clips.map(({ name, scores, problems }) => [
    name,
    ...metrics.map((metric) => {
      const score = scores?.[metric.name];
      return score !== undefined && "value" in score ? String(score.value) : "";
    }),
    Object.values(problems).join("; "),
  ]);
  return [["clip", ...metrics.map(({ name }) => name), "problems"], ...rows].map((row) => `${row.map(quoted).join(",")}\n`).join("");
}

function firstProblem(clips: readonly Clip[]): string {
  const [clip] = clips.filter(({ problems }) => Object.keys(problems).length > 0);
  return clip === undefined ? "there are no frames" : `${clip.name}: ${Object.values(clip.problems)[0]!}`;
}
