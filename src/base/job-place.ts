/** Where this process stands among those that were started with it: launchers say so in the environment. */
import { TalkfaceError } from "./errors.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** One of the processes that a launcher started together. */
export interface JobPlace {
  readonly launcher: "mpirun" | "srun";
  readonly rank: number;
  readonly size: number;
  /** Position among the processes on this machine, and their number. */
  readonly localRank: number;
  readonly localSize: number;
  /** The launcher has dealt out the cores: every process may use those that it sees. */
  readonly bound: boolean;
}

/**
 * The place among processes that share machines, whether they can find each other or not; null for a process on its own. Open MPI:
 * `OMPI_COMM_WORLD_*`; srun: `SLURM_*`; other launchers: PMI.
 */
export function jobPlace(env: Environment = process.env): JobPlace | null {
  const ompi = place(env, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
  if (ompi !== null) {
    const localRank = whole(env, "OMPI_COMM_WORLD_LOCAL_RANK") ?? 0;
    const localSize = whole(env, "OMPI_COMM_WORLD_LOCAL_SIZE") ?? 1;
    return { launcher: "mpirun", ...ompi, localRank, localSize, bound: env["OMPI_MCA_orte_bound_at_launch"] === "1" };
  }
  const step = place(env, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS");
  if (step !== null) {
    const localSize = tasksHere(env["SLURM_STEP_TASKS_PER_NODE"] ?? "", whole(env, "SLURM_NODEID") ?? 0) ?? step.size;
    const bound = /mask_cpu|map_cpu/.test(env["SLURM_CPU_BIND"] ?? "") || env["SLURM_CPUS_PER_TASK"] !== undefined;
    return { launcher: "srun", ...step, localRank: whole(env, "SLURM_LOCALID") ?? 0, localSize, bound };
  }
  const pmi = place(env, "PMI_RANK", "PMI_SIZE");
  return pmi === null ? null : { launcher: "mpirun", ...pmi, localRank: pmi.rank, localSize: pmi.size, bound: false };
}

/** The place in an MPI job, or null for a process on its own. Throws `usage` where srun gave its processes no PMIx or PMI to find each other by. */
export function mpiPlace(env: Environment = process.env): JobPlace | null {
  const place = jobPlace(env);
  if (place?.launcher === "srun" && env["PMIX_RANK"] === undefined && env["PMI_RANK"] === undefined) {
    throw new TalkfaceError("usage", `srun started ${place.size} processes that cannot find each other. Start them with srun --mpi=pmix (srun --mpi=list shows what there is), or with mpirun.`);
  }
  return place;
}

/** A share of work that is split without the processes talking to each other. */
export interface WorkShare {
  /** 0-based. */
  readonly index: number;
  /** Null where the launcher does not say how many there are. */
  readonly count: number | null;
}

/**
 * The share of this process: its rank among those that mpirun or srun started, in its task of a Slurm array, or its index in a Kubernetes job; null for
 * a process on its own.
 */
export function workShare(env: Environment = process.env): WorkShare | null {
  // they need not find each other here: srun without PMI will do
  const job = place(env, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE") ?? place(env, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS") ?? place(env, "PMI_RANK", "PMI_SIZE") ?? { rank: 0, size: 1 };
  const array = whole(env, "SLURM_ARRAY_TASK_ID");
  if (array !== undefined) {
    const first = whole(env, "SLURM_ARRAY_TASK_MIN") ?? 0;
    const task = Math.floor((array - first) / (whole(env, "SLURM_ARRAY_TASK_STEP") || 1));
    const tasks = whole(env, "SLURM_ARRAY_TASK_COUNT");
    return { index: task * job.size + job.rank, count: tasks === undefined ? null : tasks * job.size };
  }
  if (job.size > 1) return { index: job.rank, count: job.size };
  const completion = whole(env, "JOB_COMPLETION_INDEX");
  return completion === undefined ? null : { index: completion, count: null };
}

/** Rank and size of a job of several processes. */
function place(env: Environment, rankName: string, sizeName: string): { readonly rank: number; readonly size: number } | null {
  const rank = whole(env, rankName);
  const size = whole(env, sizeName);
  if (rank === undefined || size === undefined || size < 2) return null;
  if (rank >= size) throw new TalkfaceError("usage", `${rankName}=${rank}: expected less than ${sizeName}=${size}. Start talkface with mpirun or srun, which set both.`);
  return { rank, size };
}

function whole(env: Environment, name: string): number | undefined {
  const text = env[name];
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new TalkfaceError("usage", `${name}=${text}: expected a whole number. The launcher of the processes sets it.`);
  return Number(text);
}

/** Slurm's list of tasks by machine, `4(x2),3` for 4, 4 and 3. */
function tasksHere(list: string, machine: number): number | undefined {
  const counts = list.split(",").flatMap((part) => {
    const [, tasks, times = "1"] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part) ?? [];
    return tasks === undefined ? [] : new Array<number>(Math.min(Number(times), 100_000)).fill(Number(tasks));
  });
  return counts[machine];
}
