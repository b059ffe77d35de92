/** Preparation in shares and through kills: whatever happens on the way, the same bytes at the end. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sha256File } from "../../src/base/files.js";
import { Random } from "../../src/base/random.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { nodeArguments, runTalkface } from "../support/command.js";
import { testFolder } from "../support/media-files.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = testFolder("shares");
const videos = folder.path("videos");
const whole = folder.path("whole");
const args = (out: string): string[] => ["prep-videos", videos, "--out", out, "--size", "64", "--jobs", "1"];

/** Bytes of everything in a prepared folder. */
async function digests(out: string): Promise<Record<string, string>> {
  return Object.fromEntries(await Promise.all(readdirSync(out).sort().map(async (name) => [name, await sha256File(join(out, name))] as const)));
}

beforeAll(async () => {
  for (const [i, clip] of planClips(4, 700, 1.2, 128, ["neutral"]).entries()) await writePersonaClip(join(videos, `p${i}`), clip, { force: false });
  writeFileSync(join(videos, "broken.mp4"), "no video");
  expect(runTalkface(args(whole)).status).toBe(3);
}, 300_000);
afterAll(folder.remove);

it("three shares at once into one folder, then merged, give the bytes of one run", async () => {
  const out = folder.path("shares");
  const early = runTalkface([...args(out), "--merge"]);
  expect(early).toMatchObject({ status: 1, stderr: expect.stringContaining("5 of 5 videos are not through, videos/broken.mp4 among them") });
  const run = (extra: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number | null> =>
    new Promise((resolve) => spawn(process.execPath, nodeArguments([...args(out), ...extra]), { cwd: root, env: { ...process.env, ...env }, stdio: "ignore" }).on("exit", resolve));
  const statuses = await Promise.all([run([], { SLURM_PROCID: "0", SLURM_STEP_NUM_TASKS: "3" }), run([], { SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_COUNT: "3" }), run(["--shard", "auto/3"], { JOB_COMPLETION_INDEX: "2" })]);
  expect(statuses.sort()).toEqual([0, 0, 3]); // one of them has the broken one
  expect(runTalkface([...args(out), "--merge"]).status).toBe(3);
  expect(await digests(out)).toEqual(await digests(whole));
  expect(runTalkface([...args(out), "--shard", "2/3"])).toMatchObject({ status: 0, stdout: expect.stringContaining("share 2 of 3 is through") });
});

it("killed at any moment and started again, gives the same bytes", async () => {
  const out = folder.path("killed");
  const random = new Random(11);
  let kills = 0;
  for (let done = false; !done; ) {
    const child = spawn(process.execPath, nodeArguments(args(out)), { cwd: root, stdio: "ignore" });
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    const killer = new AbortController();
    if (kills < 5) after(random.uniform(300, 2500), null, { signal: killer.signal }).then(() => child.kill("SIGKILL"), () => undefined);
    done = (await ended) === null;
    killer.abort();
    if (!done) kills++;
  }
  expect(kills).toBeGreaterThan(0);
  expect(await digests(out)).toEqual(await digests(whole));
});

it("refuses shares that cannot be", () => {
  for (const [shard, message] of [["0/3", "I from 1 to N"], ["4/3", "I from 1 to N"], ["x", "expected I/N"], ["auto/3", "no launcher says"]] as const) {
    expect(runTalkface([...args(folder.path("none")), "--shard", shard]), shard).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  }
  expect(runTalkface([...args(whole), "--shard", "1/2", "--force"])).toMatchObject({ status: 2, stderr: expect.stringContaining("Remove the folder") });
});

it("ends with one sentence where the disk is full, and goes on when there is room", async () => {
  const out = folder.path("full");
  mkdirSync(out);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=200k", "none", out]).status !== 0) return; // not allowed here
  try {
    const full = runTalkface(args(out));
    expect(full.status).toBe(1);
    expect(full.stderr.trim().split("\n").at(-1)).toMatch(/no space|disk is full/i);
    expect(spawnSync("mount", ["-o", "remount,size=100m", out]).status).toBe(0);
    expect(runTalkface(args(out)).status).toBe(3);
    expect(await digests(out)).toEqual(await digests(whole));
  } finally {
    spawnSync("umount", [out]);
    rmSync(out, { recursive: true, force: true });
  }
});
