import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gpuOfRank } from "../../src/runtime/devices.js";
import { joinRanks, oneProcess } from "../../src/runtime/ranks.js";
import { coresOfRank } from "../../src/runtime/threads.js";
import { evalRanks, hasMpirun, mpirunNote } from "../support/mpirun.js";

describe("ranks", () => {
  test("a process on its own loads no MPI", async () => {
    expect(await joinRanks()).toBe(oneProcess);
    if (process.platform === "linux") expect(readFileSync("/proc/self/maps", "utf8")).not.toMatch(/libmpi|koffi/);
  });

  test("share the cores of a machine, unless the launcher has dealt them out", () => {
    expect(coresOfRank({ localSize: 4, bound: false }, 16, 16)).toBe(4);
    expect(coresOfRank({ localSize: 4, bound: true }, 4, 16)).toBe(4);
    expect(coresOfRank({ localSize: 4, bound: true }, 8, 16)).toBe(4); // two ranks on each half of the machine
    expect(coresOfRank({ localSize: 4, bound: true }, 1, 16)).toBe(1);
    expect(coresOfRank({ localSize: 4, bound: false }, 2, 2)).toBe(1);
  });
});

test("ranks on one machine take its GPUs in turn, or the ones that are left to them", () => {
  const two = { list: () => ["nvidia0", "nvidia1", "nvidiactl", "null"] };
  expect([0, 1, 2].map((rank) => gpuOfRank(rank, { ...two, environment: {} }))).toEqual([0, 1, 0]);
  expect(gpuOfRank(1, { ...two, environment: { CUDA_VISIBLE_DEVICES: "1" } })).toBe(0); // as Slurm gives each task its own
  expect(gpuOfRank(3, { list: () => [], environment: {} })).toBe(0);
});

describe.skipIf(!hasMpirun)(`ranks under mpirun${mpirunNote}`, () => {
  test("take means, hear rank 0, and agree", async () => {
    const { status, stdout, stderr } = await evalRanks(3, `
      const mean = Float32Array.of(ranks.rank, 10 * ranks.rank, 1);
      ranks.allReduceMean(mean);
      const large = new Float32Array(1_000_003).fill(ranks.rank + 1);
      ranks.allReduceMean(large);
      const step = Float64Array.of(ranks.rank === 0 ? 123456789.5 : 0);
      ranks.broadcast(step);
      ranks.barrier();
      process.stdout.write(JSON.stringify([ranks.size, [...mean], large.every((x) => x === 2), step[0], anyRank(ranks, ranks.rank === 2), anyRank(ranks, false)]) + "\\n");
      ranks.close();`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.trim().split("\n")).toEqual(Array(3).fill("[3,[1,10,1],true,123456789.5,true,false]"));
  });

  test.each([
    ["an exception", `if (ranks.rank === 1) throw new Error("the second rank fails");`, /the second rank fails/],
    ["a kill", `if (ranks.rank === 1) process.kill(process.pid, "SIGKILL");`, /signal 9/],
    ["an early end", `if (ranks.rank === 1) return;`, /rank 1 of 2 ends early, and all others with it/],
  ])("%s of one rank ends all", async (_name, body, text) => {
    const { status, stderr, stdout } = await evalRanks(2, `${body} ranks.barrier(); process.stdout.write("went on\\n"); ranks.close();`);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(text);
    expect(stdout).not.toMatch(/went on/);
  });

  test("processes that another MPI started are refused", async () => {
    // Rank and size as such a launcher gives them, and nothing by which Open MPI could find the others.
    const { status, stderr } = await evalRanks(1, "", { PMI_RANK: "0", PMI_SIZE: "2" });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/started 2 processes, but Open MPI finds 1/);
  });
});
