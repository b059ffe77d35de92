/** `--shard`, and what launchers say: the share of the work that is this process's. */
import { TalkfaceError } from "../base/errors.js";
import { workShare } from "../base/job-place.js";

/** 0 <= index < count. */
export interface Share {
  readonly index: number;
  readonly count: number;
}

export const shardHelp = "only the i-th of n shares, 1 to n, beside others into the same folder; by itself under mpirun, srun and in Slurm arrays; auto/n in an indexed job of Kubernetes";

/** From `--shard`, or from what the launcher says; null where this process does all. Throws `usage`. */
export function shareOf({ shard, force }: { readonly shard?: string; readonly force?: boolean }): Share | null {
  const [, first, n] = /^(\d{1,6}|auto)\/(\d{1,6})$/.exec(shard ?? "") ?? [];
  if (shard !== undefined && (first === undefined || Number(n) < 1 || Number(first) < 1 || Number(first) > Number(n))) fail(`--shard ${shard}: expected I/N with I from 1 to N, or auto/N.`);
  if (shard !== undefined && force === true) fail("--force would remove what other shares have done. Remove the folder, then start all shares.");
  if (first !== undefined && first !== "auto") return { index: Number(first) - 1, count: Number(n) };
  const place = workShare();
  if (place === null) return shard === undefined ? null : fail(`--shard ${shard}: no launcher says which of them this is. Give a number.`);
  const count = n === undefined ? place.count : Number(n);
  if (count === null) return fail("the launcher says which share this is, but not how many there are. Give --shard auto/N.");
  if (place.index >= count) fail(`--shard ${shard}: this is number ${place.index + 1}, there are only ${count}.`);
  return count === 1 ? null : { index: place.index, count };
}

function fail(message: string): never {
  throw new TalkfaceError("usage", message);
}
