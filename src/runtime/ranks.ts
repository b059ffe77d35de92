/** Ranks: the processes that train together, each on its own share of every batch. */
import { mpiPlace } from "../base/job-place.js";

export interface Ranks {
  /** 0-based; rank 0 writes what a run leaves behind. */
  readonly rank: number;
  readonly size: number;
  /** Ranks on this machine, which share its cores and memory. */
  readonly localSize: number;
  /** Spent in allReduceMean so far, waiting for slower ranks included. */
  readonly seconds: number;
  /** Replaces the vector [P] by its mean over all ranks. Every rank calls it with as many numbers. */
  allReduceMean(vector: Float32Array): void;
  /** Replaces the numbers by those of rank 0. */
  broadcast(numbers: Float32Array | Float64Array): void;
  /** Returns when all ranks have called it. */
  barrier(): void;
  /** Leaves the job in good order. A process that ends without it takes all others down. */
  close(): void;
}

/** A process on its own. */
export const oneProcess: Ranks = {
  rank: 0,
  size: 1,
  localSize: 1,
  seconds: 0,
  allReduceMean: () => undefined,
  broadcast: () => undefined,
  barrier: () => undefined,
  close: () => undefined,
};

/** Joins the processes that mpirun or srun started with this one. Without them nothing is loaded. */
export async function joinRanks(): Promise<Ranks> {
  const place = mpiPlace();
  if (place === null) return oneProcess;
  const { joinMpi } = await import("./mpi.js");
  return joinMpi(place);
}

/** Whether any rank says yes. */
export function anyRank(ranks: Ranks, answer: boolean): boolean {
  const share = Float32Array.of(answer ? 1 : 0);
  ranks.allReduceMean(share);
  return share[0] !== 0;
}
