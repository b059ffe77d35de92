import { describe, expect, test } from "vitest";
import { jobPlace, mpiPlace, workShare } from "../../src/base/job-place.js";

describe("the place in a job", () => {
  test("a process on its own has none", () => {
    expect(mpiPlace({})).toBeNull();
    expect(mpiPlace({ OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "1" })).toBeNull();
    expect(mpiPlace({ SLURM_NTASKS: "4", SLURM_PROCID: "0" })).toBeNull(); // a batch script that has not called srun yet
    expect(workShare({})).toBeNull();
  });

  test("mpirun of Open MPI", () => {
    const env = { OMPI_COMM_WORLD_RANK: "5", OMPI_COMM_WORLD_SIZE: "8", OMPI_COMM_WORLD_LOCAL_RANK: "1", OMPI_COMM_WORLD_LOCAL_SIZE: "4", PMIX_RANK: "5" };
    expect(mpiPlace(env)).toEqual({ launcher: "mpirun", rank: 5, size: 8, localRank: 1, localSize: 4, bound: false });
    expect(mpiPlace({ ...env, OMPI_MCA_orte_bound_at_launch: "1" })?.bound).toBe(true);
    expect(mpiPlace({ ...env, SLURM_PROCID: "1", SLURM_STEP_NUM_TASKS: "2" })).toMatchObject({ rank: 5, size: 8 }); // mpirun within a Slurm job
  });

  test("srun with PMIx, on machines that run different numbers of tasks", () => {
    const env = { SLURM_PROCID: "9", SLURM_STEP_NUM_TASKS: "11", SLURM_LOCALID: "1", SLURM_NODEID: "2", SLURM_STEP_TASKS_PER_NODE: "4(x2),3", PMIX_RANK: "9" };
    expect(mpiPlace(env)).toEqual({ launcher: "srun", rank: 9, size: 11, localRank: 1, localSize: 3, bound: false });
    expect(mpiPlace({ ...env, SLURM_NODEID: "1" })?.localSize).toBe(4);
    expect(mpiPlace({ ...env, SLURM_CPU_BIND: "quiet,mask_cpu:0x1,0x2" })?.bound).toBe(true);
  });

  test("srun without PMI is refused where processes have to find each other, and numbers that are none everywhere", () => {
    expect(jobPlace({ SLURM_PROCID: "1", SLURM_STEP_NUM_TASKS: "2", SLURM_LOCALID: "1" })).toEqual({ launcher: "srun", rank: 1, size: 2, localRank: 1, localSize: 2, bound: false });
    expect(() => mpiPlace({ SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "2" })).toThrow(/srun started 2 processes that cannot find each other.*--mpi=pmix/);
    expect(() => mpiPlace({ OMPI_COMM_WORLD_RANK: "x", OMPI_COMM_WORLD_SIZE: "2" })).toThrow("OMPI_COMM_WORLD_RANK=x: expected a whole number.");
    expect(() => mpiPlace({ PMI_RANK: "2", PMI_SIZE: "2" })).toThrow("PMI_RANK=2: expected less than PMI_SIZE=2.");
  });

  test("shares of work: MPI, Slurm arrays, Kubernetes jobs", () => {
    expect(workShare({ PMI_RANK: "1", PMI_SIZE: "3" })).toEqual({ index: 1, count: 3 });
    expect(workShare({ SLURM_ARRAY_TASK_ID: "14", SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_STEP: "2", SLURM_ARRAY_TASK_COUNT: "4" })).toEqual({ index: 2, count: 4 });
    expect(workShare({ SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_COUNT: "4", SLURM_PROCID: "2", SLURM_STEP_NUM_TASKS: "3" })).toEqual({ index: 5, count: 12 });
    expect(workShare({ SLURM_PROCID: "1", SLURM_STEP_NUM_TASKS: "2" })).toEqual({ index: 1, count: 2 }); // without PMI
    expect(workShare({ JOB_COMPLETION_INDEX: "3" })).toEqual({ index: 3, count: null });
  });
});
