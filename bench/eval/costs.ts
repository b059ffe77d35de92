/** What metrics cost on one pair of videos: milliseconds of processor time a pair of frames, so that other work on the machine hardly counts. */
import type { Pairing } from "../../src/eval/frame-pairs.js";
import { planOfPaths } from "../../src/eval/pairs.js";
import { Workbench } from "../../src/eval/score-unit.js";

const pairing: Pairing = { frames: "truncate", crop: "none", size: null, resize: false };
/** Reads both videos, and does nothing with them. */
const reading = "length-ratio";
/** Finds the faces, and hardly does more. */
const following = "lmd";
const ofPictures = ["psnr", "ssim", "ssim:gaussian", "ssim:padded", "ms-ssim", "cpbd", "flicker"];
const ofFaces = ["expression", "id-cosine"];

export interface Costs {
  /** Taking the frames from ffmpeg, whose own time is not among it. */
  readonly reading: number;
  /** Finding the faces of both videos: what all metrics of faces share, and most of what those of points and angles need. */
  readonly faces: number;
  /** By metric, without what it shares. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The least of `rounds` measurements each. */
export async function metricCosts(made: string, real: string, rounds: number): Promise<Costs> {
  const { units: [unit] } = await planOfPaths([made], real);
  const bench = new Workbench();
  const timed = async (name: string): Promise<number> => {
    const started = process.cpuUsage();
    const { problem, scores, frames } = await bench.score(unit!, [name], pairing);
    const { user, system } = process.cpuUsage(started);
    const score = scores[name];
    if (problem !== null || score === undefined || "missing" in score) throw new Error(`${name}: ${problem ?? (score as { missing?: string } | undefined)?.missing ?? "no score"}`);
    return (user + system) / 1000 / Math.min(frames.made, frames.real);
  };
  try {
    const best = new Map<string, number>();
    const names = [reading, following, ...ofPictures, ...ofFaces];
    for (const name of names) await timed(name); // networks are opened, code is compiled
    for (let round = 0; round < rounds; round++) for (const name of names) best.set(name, Math.min(best.get(name) ?? Infinity, await timed(name)));
    const base = best.get(reading)!;
    const over = (list: readonly string[], shared: number): [string, number][] => list.map((name) => [name, Math.max(0, best.get(name)! - shared)]);
    return { reading: base, faces: best.get(following)! - base, metrics: Object.fromEntries([...over(ofPictures, base), ...over(ofFaces, best.get(following)!)]) };
  } finally {
    await bench.close();
  }
}
