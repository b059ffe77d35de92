/**
 * Preparation of clips like LRW's (29 frames of 256 x 256 pixels with sound, made of personas): by stage, with one job and with two, and what LRW
 * with its 538,766 clips would take on 1, 8 and 64 cores if cores go on to bring what the second one brings. Argument: clips (48).
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
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
    const perClip = ([1, 2] as const).map((jobs) => {
      const [short, long] = [measure(few, jobs), measure(Number(count), jobs)];
      const { msPerFrame, framesPerSecond, peakMegabytes } = long.run;
      const seconds = (long.run.seconds - short.run.seconds) / (Number(count) - few);
      process.stdout.write(`${jobs} job${jobs > 1 ? "s" : ""}: ${seconds.toFixed(3)} s a clip, ${framesPerSecond.toFixed(0)} frames/s in all; ms a frame: ${Object.entries(msPerFrame).map(([stage, ms]) => `${stage} ${ms}`).join(", ")}; ${peakMegabytes} MB at most (${few} clips: ${short.run.peakMegabytes} MB)\n`);
      return { seconds, peakMegabytes };
    });
    const [one, two] = perClip.map(({ seconds }) => seconds) as [number, number];
    const gain = one / two;
    const hours = (cores: number): string => ((lrwClips * one) / 3600 / (1 + (cores - 1) * (gain - 1))).toFixed(1);
    return { one_job_s: one.toFixed(3), two_jobs_s: two.toFixed(3), scaling: gain.toFixed(2), peak_mb: Math.max(...perClip.map(({ peakMegabytes }) => peakMegabytes)), lrw_hours_1: hours(1), lrw_hours_8: hours(8), lrw_hours_64: hours(64) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
