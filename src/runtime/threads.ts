/** Threads of a session by what it runs: the one place that decides it. */
import { availableParallelism } from "node:os";

export type Workload = "face" | "generator" | "training";

/** More threads than this bring nothing for networks of our size. */
const most = 16;

/**
 * Small face networks run on one thread (two were 3 to 10 times slower: their threads spin while they wait for each other);
 * generators and training use the machine.
 */
export function threadsFor(workload: Workload): number {
  return workload === "face" ? 1 : Math.min(most, availableParallelism());
}
