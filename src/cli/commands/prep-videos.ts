/** `talkface prep-videos PATH... --out DIR`: any talking videos to prepared shards. */
import type { Command } from "commander";
import { exitStatus, TalkfaceError } from "../../base/errors.js";
import { duration, progress, type Progress } from "../../base/log.js";
import { rejectsName } from "../../data/manifest.js";
import { prepareVideos, type PrepareProgress, type PrepareResult } from "../../data/prepare.js";

interface Flags {
  readonly out: string;
  readonly size: string;
  readonly jobs: string;
  readonly limit?: string;
  readonly face: string;
  readonly people?: string;
  readonly split: string;
  readonly maxSeconds: string;
  readonly allowSilent?: boolean;
  readonly json?: boolean;
  readonly force?: boolean;
}

const sizes = [64, 96, 128, 256];
const gibibyte = 2 ** 30;

export function registerPrepVideos(program: Command): void {
  program
    .command("prep-videos")
    .description("talking videos to aligned faces with speech, in WebDataset shards; a stopped run continues when repeated")
    .argument("<path...>", "videos, or folders searched for them; sound inside, or a .wav of the same name beside")
    .requiredOption("--out <dir>", "folder for shards, manifest.jsonl, rejects.jsonl and contract.json")
    .option("--size <pixels>", `side of the crops: ${sizes.join(", ")}`, "128")
    .option("--jobs <n>", "videos worked on at once", "2")
    .option("--limit <n>", "stop after so many videos")
    .option("--face <which>", "largest, or the n-th from the left, counted from 1", "largest")
    .option("--people <file>", "JSON: path or name -> person, or a list of { path, person, split, licence, labels }")
    .option("--split <name>", "prepare only train or val: train, val, all", "all")
    .option("--max-seconds <s>", "longer videos become several clips", "20")
    .option("--allow-silent", "keep clips without sound")
    .option("--json", "summary as JSON on stdout")
    .option("--force", "replace what stands in the folder")
    .action(async (paths: string[], flags: Flags) => {
      const show = new PrepareDisplay();
      const result = await prepareVideos({
        paths,
        outFolder: flags.out,
        size: oneOf("--size", flags.size, sizes),
        jobs: whole("--jobs", flags.jobs, 1, 64),
        limit: flags.limit === undefined ? null : whole("--limit", flags.limit, 1, 1e9),
        face: flags.face === "largest" ? "largest" : whole("--face", flags.face, 1, 99),
        peopleFile: flags.people ?? null,
        split: splitName(flags.split),
        allowSilent: flags.allowSilent === true,
        maxSeconds: whole("--max-seconds", flags.maxSeconds, 2, 600),
        maxShardBytes: gibibyte,
        force: flags.force === true,
        onProgress: (state) => show.update(state),
      });
      show.finish();
      report(flags, result);
    });
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

function report(flags: Flags, { summary, wasFinished, work }: PrepareResult): void {
  const rejected = Object.values(summary.rejects).reduce((sum, count) => sum + count, 0);
  const seconds = work.wallMs / 1000;
  const perFrame = (ms: number): number => Math.round((ms / Math.max(1, work.frames)) * 100) / 100;
  const { total, decode, track, align, write } = work.times;
  if (flags.json === true) {
    const stages = { decode: perFrame(decode), track: perFrame(track), align: perFrame(align), write: perFrame(write), all: perFrame(total) };
    const run = { frames: work.frames, seconds, framesPerSecond: work.frames / seconds, msPerFrame: stages };
    process.stdout.write(`${JSON.stringify({ out: flags.out, wasFinished, ...summary, run })}\n`);
  } else {
    const { clips, videos, people, splits, sync } = summary;
    process.stdout.write(
      [
        `${flags.out}: ${wasFinished ? "was finished already: " : ""}${clips} clips, ${duration(summary.seconds)}, ${people} people from ${videos} videos (${splits.train} train, ${splits.val} val)`,
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

function splitName(text: string): "train" | "val" | "all" {
  if (text === "train" || text === "val" || text === "all") return text;
  throw new TalkfaceError("usage", `--split ${text}: expected train, val or all.`);
}
