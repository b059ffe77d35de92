/** Scores in shares, through kills and with more metrics: the same figures in the end, nothing computed twice. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { evaluate, evaluateShare, mergeShares } from "../../src/eval/evaluate.js";
import type { Pairing } from "../../src/eval/frame-pairs.js";
import { planOfPaths } from "../../src/eval/pairs.js";
import { jsonOf } from "../../src/eval/present.js";
import { metricsOf } from "../../src/eval/registry.js";
import type { Plan } from "../../src/eval/units.js";
import { nodeArguments, runTalkface } from "../support/command.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = testFolder("eval-shares");
const [made, real] = [folder.path("made"), folder.path("real")];
const pairing: Pairing = { frames: "truncate", crop: "none", size: null, resize: false };
const metrics = metricsOf(["psnr", "ssim"]);
const options = { pairing, jobs: 1, onProgress: () => undefined };
let plan: Plan;
let whole: object;

beforeAll(async () => {
  for (const path of [made, real]) mkdirSync(path);
  for (let i = 0; i < 4; i++) {
    await runFfmpeg(["-f", "lavfi", "-i", `testsrc2=s=64x48:r=25:d=0.${i + 4}`, "-crf", "20", join(real, `${i}.mp4`)]);
    await runFfmpeg(["-i", join(real, `${i}.mp4`), "-crf", String(30 + 4 * i), join(made, `${i}.mp4`)]);
  }
  plan = await planOfPaths([made], real);
  whole = jsonOf(await evaluate(plan, metrics, { ...options, keep: null }));
}, 120_000);
afterAll(folder.remove);

const scores = (keep: string): string[] => readdirSync(join(keep, "scores")).sort();
const times = (keep: string): number[] => scores(keep).map((name) => statSync(join(keep, "scores", name)).mtimeMs);

it("gives the figures of one run from shares, and says which are missing", async () => {
  const keep = folder.path("keep");
  await evaluateShare(plan, metrics, { ...options, keep }, { index: 0, count: 2 });
  await expect(mergeShares(plan, metrics, { pairing, keep })).rejects.toThrow(/2 of 4 clips are not through, 1 among them/);
  await evaluateShare(plan, metrics, { ...options, keep }, { index: 1, count: 2 });
  expect(jsonOf(await mergeShares(plan, metrics, { pairing, keep }))).toEqual(whole);
});

it("finds its share under a launcher, in one folder with others", async () => {
  const keep = folder.path("launched");
  const run = (env: Readonly<Record<string, string>>, extra: readonly string[] = []): Promise<number | null> =>
    new Promise((resolve) => spawn(process.execPath, nodeArguments(["eval", made, real, "--metrics", "psnr,ssim", "--out", keep, ...extra]), { cwd: root, env: { ...process.env, ...env }, stdio: "ignore" }).on("exit", resolve));
  expect(await Promise.all([run({ OMPI_COMM_WORLD_RANK: "0", OMPI_COMM_WORLD_SIZE: "2" }), run({ SLURM_ARRAY_TASK_ID: "8", SLURM_ARRAY_TASK_MIN: "7", SLURM_ARRAY_TASK_COUNT: "2" })])).toEqual([0, 0]);
  const merged = runTalkface(["eval", made, real, "--metrics", "psnr,ssim", "--out", keep, "--merge", "--json"]);
  expect(JSON.parse(merged.stdout)).toEqual(JSON.parse(JSON.stringify(whole)));
  expect(runTalkface(["eval", made, real, "--shard", "1/2"])).toMatchObject({ status: 2, stderr: expect.stringContaining("--out DIR") });
});

it("goes on after a kill, and computes only what is new", async () => {
  const keep = folder.path("killed");
  const child = spawn(process.execPath, nodeArguments(["eval", made, real, "--metrics", "psnr,ssim", "--out", keep, "--jobs", "1"]), { cwd: root, stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  while (!existsSync(join(keep, "scores")) || scores(keep).filter((name) => name.endsWith(".json")).length === 0) await after(20);
  child.kill("SIGKILL");
  await ended;
  const before = scores(keep).length;
  expect(jsonOf(await evaluate(plan, metrics, { ...options, keep }))).toEqual(whole);
  expect(before).toBeGreaterThan(0);

  const first = times(keep);
  expect(jsonOf(await evaluate(plan, metrics, { ...options, keep }))).toEqual(whole);
  expect(times(keep)).toEqual(first);

  // Another metric is added to what is known; another pairing is another record.
  const more = await evaluate(plan, metricsOf(["psnr", "length-ratio"]), { ...options, keep });
  expect(more.systems[0]!.scores).toMatchObject({ psnr: (whole as { psnr: object }).psnr, "length-ratio": { n: 4 } });
  expect(JSON.parse(readFileSync(join(keep, "scores", scores(keep).find((name) => name.endsWith(".json"))!), "utf8"))).toMatchObject({ scores: { psnr: {}, ssim: {}, "length-ratio": {} } });
  const records = scores(keep).length;
  await evaluate(plan, metrics, { ...options, keep, pairing: { ...pairing, size: 32 } });
  expect(scores(keep).length).toBe(records + 4);
});

it("tries again what could not be read, though the file looks the same", async () => {
  const keep = folder.path("mended");
  const [path, partner] = [folder.path("once.mp4"), join(real, "0.mp4")];
  const good = readFileSync(join(made, "0.mp4"));
  const put = (bytes: Uint8Array): void => {
    writeFileSync(path, bytes);
    utimesSync(path, 1e9, 1e9);
  };
  const evaluation = async (): Promise<unknown> => {
    const { clips: [clip], systems: [system] } = await evaluate(await planOfPaths([path], partner), metrics, { ...options, keep });
    return [clip!.problem === null, system!.scores["psnr"]?.n ?? 0];
  };
  put(new Uint8Array(good.length));
  expect(await evaluation()).toEqual([false, 0]);
  put(good);
  expect(await evaluation()).toEqual([true, 1]);
  expect(scores(keep)).toHaveLength(1);
});
