/**
 * PSNR and SSIM of pairs of videos (256 x 256) by talkface and by scikit-image, taking turns on the same cores: whole commands, from start to figures,
 * both fed by ffmpeg. `ratio`: the usual script, one process of Python, over talkface. `ratio_pool`: the script with a process a core over talkface. Both
 * sides must agree on the scores. `peak_long`: talkface's peak of memory on one pair four times as long, over that on one pair. `ms_NAME`: processor
 * time of a metric a pair of frames beside taking these from ffmpeg (`ms_reading`) and, for metrics of faces, finding these (`ms_faces`).
 *
 * Arguments: --clips 6 --seconds 10 --rounds 2. Needs python3 with scikit-image (Debian: apt-get install python3-skimage).
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { planClips, writePersonaClip } from "../src/media/persona/clips.js";
import { runFfmpeg } from "../test/support/media-files.js";
import { metricCosts } from "./eval/costs.js";

interface Outcome {
  readonly psnr: number;
  readonly ssim: number;
  readonly frames: number;
  readonly peakMegabytes: number;
}

/** How far scores of both sides may be apart: sums in another order, nothing else. */
const tolerance = { psnr: 1e-6, ssim: 1e-6 };

export async function run(args: readonly string[]): Promise<Record<string, number | string>> {
  const { values } = parseArgs({ args: [...args], options: { clips: { type: "string", default: "6" }, seconds: { type: "string", default: "10" }, rounds: { type: "string", default: "2" } } });
  const [clips, seconds, rounds] = [Number(values.clips), Number(values.seconds), Number(values.rounds)];
  const python = ["python3", "/usr/bin/python3"].find((program) => spawnSync(program, ["-c", "import skimage.metrics"]).status === 0);
  if (python === undefined) {
    process.stderr.write("skipped: no python3 with scikit-image here (Debian: apt-get install python3-skimage).\n");
    return { skipped: "no-skimage" };
  }
  const folder = mkdtempSync(join(tmpdir(), "talkface-bench-"));
  try {
    const [made, real] = await writePairs(folder, clips, seconds);
    const cores = availableParallelism();
    const pairs = Array.from({ length: clips }, (_, i) => [join(made, `${i}.mp4`), join(real, `${i}.mp4`)]).flat();
    const talkface = (left: string, right: string, jobs: number): Timed => timed(process.execPath, ["--import", "tsx", join(import.meta.dirname, "eval/talkface-side.ts"), left, right, String(jobs)]);
    const skimage = (processes: number): Timed => timed(python, [join(import.meta.dirname, "eval/skimage_side.py"), String(processes), ...pairs]);
    const times: { own: number; script: number; pool: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const [own, script, pool] = [talkface(made, real, cores), skimage(1), skimage(cores)];
      for (const other of [script, pool]) requireSame(own.outcome, other.outcome);
      const perFrame = (side: Timed): number => (1000 * side.seconds) / side.outcome.frames;
      times.push({ own: perFrame(own), script: perFrame(script), pool: perFrame(pool) });
      process.stdout.write(`round ${round + 1}: ms a pair of frames: talkface ${perFrame(own).toFixed(2)}, scikit-image ${perFrame(script).toFixed(2)}, with ${cores} processes ${perFrame(pool).toFixed(2)}\n`);
    }
    const short = talkface(made, real, 1).outcome;
    const [longMade, longReal] = await writePairs(join(folder, "long"), 1, 4 * clips * seconds);
    const long = talkface(longMade, longReal, 1).outcome;
    const costs = await metricCosts(join(made, "0.mp4"), join(real, "0.mp4"), rounds);
    const best = (side: "own" | "script" | "pool"): number => Math.min(...times.map((time) => time[side]));
    return {
      ratio: (best("script") / best("own")).toFixed(2),
      ratio_pool: (best("pool") / best("own")).toFixed(2),
      talkface_ms: best("own").toFixed(2),
      skimage_ms: best("script").toFixed(2),
      psnr: short.psnr.toFixed(4),
      ssim: short.ssim.toFixed(6),
      frames: short.frames,
      peak_long: (long.peakMegabytes / short.peakMegabytes).toFixed(2),
      ms_reading: costs.reading.toFixed(2),
      ms_faces: costs.faces.toFixed(2),
      ...Object.fromEntries(Object.entries(costs.metrics).map(([name, ms]) => [`ms_${name.replace(/\W/g, "_")}`, ms.toFixed(2)])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Timed {
  readonly seconds: number;
  readonly outcome: Outcome;
}

function timed(program: string, args: readonly string[]): Timed {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return { seconds: (performance.now() - started) / 1000, outcome: JSON.parse(stdout) as Outcome };
}

function requireSame(a: Outcome, b: Outcome): void {
  for (const score of ["psnr", "ssim"] as const) {
    if (!(Math.abs(a[score] - b[score]) < tolerance[score])) throw new Error(`the sides do not score the same frames: ${score} ${a[score]} and ${b[score]}`);
  }
  if (a.frames !== b.frames) throw new Error(`${a.frames} and ${b.frames} frames`);
}

/** One persona, played again and again, under many names: real ones, and made ones of rising compression. */
async function writePairs(folder: string, clips: number, seconds: number): Promise<[made: string, real: string]> {
  const [made, real] = [join(folder, "made"), join(folder, "real")];
  for (const path of [made, real]) mkdirSync(path, { recursive: true });
  const [clip] = planClips(1, 810, 2, 256, ["neutral"]);
  await writePersonaClip(join(folder, "persona"), clip!, { force: false });
  await runFfmpeg(["-stream_loop", "-1", "-i", join(folder, "persona.mp4"), "-t", String(seconds), "-an", join(real, "0.mp4")]);
  for (let i = 0; i < clips; i++) {
    if (i > 0) copyFileSync(join(real, "0.mp4"), join(real, `${i}.mp4`));
    await runFfmpeg(["-i", join(real, "0.mp4"), "-crf", String(28 + 2 * i), join(made, `${i}.mp4`)]);
  }
  return [made, real];
}
