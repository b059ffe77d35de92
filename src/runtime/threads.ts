/** Threads of a session by what it runs: the one place that decides it. */
import { availableParallelism, cpus } from "node:os";
import { jobPlace } from "../base/job-place.js";

export type Workload = "face" | "generator" | "training";

/** More threads than this bring nothing for networks of our size. */
const most = 16;

/**
 * Small face networks run on one thread (two were 3 to 10 times slower: their threads spin while they wait for each other);
 * generators and training use the machine, or the part of it that is left to this one of several ranks.
 */
export function threadsFor(workload: Workload): number {
  if (workload === "face") return 1;
  const place = jobPlace();
  return Math.min(most, place === null ? availableParallelism() : coresOfRank(place, availableParallelism(), cpus().length));
}

/** Cores that one of the ranks on a machine of `total` cores may load, of the `seen` ones that the launcher lets it use. */
export function coresOfRank({ localSize, bound }: { readonly localSize: number; readonly bound: boolean }, seen: number, total: number): number {
  return Math.max(1, bound ? Math.min(seen, Math.floor(total / localSize)) : Math.floor(seen / localSize));
}
