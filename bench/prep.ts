/**
 * Preparation of clips like LRW's (29 frames of 256 x 256 pixels with sound, made of personas): by stage, with one job and with one for each core of this machine,
 * and what LRW with its 538,766 clips would take on 1, 8 and 64 cores if every core brings what those of this machine bring. Argument: clips (48).
 * Putting the clips together is one process' work, and a floor under that: bench assemble.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { planClips, writePersonaClip } from "../src/media/persona/clips.js";
import { nodeArguments } from "../test/support/command.js";

const lrwClips = 538_766;
const people = 4;

interface Outcome {
  readonly clips: number;
  readonly run: { readonly frames: number; readonly seconds: number; readonly framesPerSecond: number; readonly msPerFrame: Readonly<Record<string, number>>; readonly peakMegabytes: number };
}

export async function run([count = "48"]: readonly string[]): Promise<Record<string, string | number>> {
  const folder = mkdtempSync(join(tmpdir(), "talkface-prep-"));
  try {
    for (const [i, clip] of planClips(people, 800, 29 / 25, 256, ["neutral"]).entries()) await writePersonaClip(join(folder, `p${i}`), clip, { force: false });
    mkdirSync(join(folder, "in"));
    for (let i = 0; i < Number(count); i++) copyFileSync(join(folder, `p${i % people}.mp4`), join(folder, "in", `clip${i}.mp4`));
    const measure = (clips: number, jobs: number): Outcome => {
      const out = join(folder, `out-${clips}-${jobs}`);
      const done = spawnSync(process.execPath, nodeArguments(["prep-videos", join(folder, "in"), "--out", out, "--jobs", String(jobs), "--limit", String(clips), "--json"]), { encoding: "utf8" });
      if (done.status !== 0 && done.status !== 3) throw new Error(done.stderr);
      return JSON.parse(done.stdout) as Outcome;
    };
    // starting and opening networks happen once: the difference of two runs leaves them out
    const few = Math.max(people, Number(count) >> 2);
    const cores = Math.max(2, availableParallelism());
    const perClip = [1, cores].map((jobs) => {
      const [short, long] = [measure(few, jobs), measure(Number(count), jobs)];
      const { msPerFrame, framesPerSecond, peakMegabytes } = long.run;
      const seconds = (long.run.seconds - short.run.seconds) / (Number(count) - few);
      process.stdout.write(`${jobs} job${jobs > 1 ? "s" : ""}: ${seconds.toFixed(3)} s a clip, ${framesPerSecond.toFixed(0)} frames/s in all; ms a frame: ${Object.entries(msPerFrame).map(([stage, ms]) => `${stage} ${ms}`).join(", ")}; ${peakMegabytes} MB at most (${few} clips: ${short.run.peakMegabytes} MB)\n`);
      return { seconds, peakMegabytes };
    });
    const [one, all] = perClip.map(({ seconds }) => seconds) as [number, number];
    const gain = one / all;
    const ofCore = (gain - 1) / (cores - 1);
    const hours = (count: number): string => ((lrwClips * one) / 3600 / (1 + (count - 1) * ofCore)).toFixed(1);
    const extrapolated = `more than ${cores} cores are extrapolated, each further one taken to bring ${ofCore.toFixed(2)} of the first`;
    process.stdout.write(`LRW on 1, 8 and 64 cores: ${hours(1)}, ${hours(8)} and ${hours(64)} hours; ${extrapolated}\n`);
    const peak = Math.max(...perClip.map(({ peakMegabytes }) => peakMegabytes));
    const lrw = { lrw_hours_1: hours(1), lrw_hours_8: hours(8), lrw_hours_64: hours(64) };
    return { one_job_s: one.toFixed(3), jobs: cores, all_jobs_s: all.toFixed(3), scaling: gain.toFixed(2), peak_mb: peak, ...lrw };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
