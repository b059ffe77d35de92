/** `talkface data`, and readers that are not ours on what preparation writes. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readManifest } from "../../src/data/manifest.js";
import { decodeNpy } from "../../src/data/npy.js";
import { prepareVideos } from "../../src/data/prepare.js";
import { readImage } from "../../src/media/image.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runTalkface } from "../support/command.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("data");
const data = folder.path("shards");
beforeAll(async () => {
  for (const [i, clip] of planClips(2, 500, 1.4, 160, ["neutral"]).entries()) await writePersonaClip(folder.path(`videos/p${i}`), clip, { force: false });
  writeFileSync(folder.path("people.json"), JSON.stringify({ p0: { person: "ann", labels: { emotion: "happy" } }, p1: { person: "bob", split: "test" } }));
  await prepareVideos({
    paths: [folder.path("videos")], outFolder: data, size: 64, jobs: 1, limit: null, face: "largest", peopleFile: folder.path("people.json"), split: "all",
    allowSilent: false, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
  });
}, 300_000);
afterAll(folder.remove);

it("counts by split, person, emotion and length, checks the shards and draws a sheet", async () => {
  const sheet = folder.path("sheet.png");
  const { status, stdout } = runTalkface(["data", data, "--sheet", sheet]);
  expect(status).toBe(0);
  for (const line of ["2 clips, 3 s, 2 people, crops of 64 pixels", "val 0 clips of 0 people, test 1 clips of 1 people", "clips by person: ", "clips by emotion: happy 1", "<2 s 2", "all shards are whole"]) expect(stdout).toContain(line);
  expect(await readImage(sheet)).toMatchObject({ height: 64 });
  expect(JSON.parse(runTalkface(["data", data, "--json"]).stdout)).toMatchObject({ clips: 2, people: { ann: { clips: 1 }, bob: { clips: 1 } }, damaged: [] });
  expect(runTalkface(["data", data, "--sheet", sheet])).toMatchObject({ status: 1, stderr: expect.stringContaining("--force") });
});

it("names shards that were damaged, with and without digests", () => {
  const bad = folder.path("bad");
  mkdirSync(bad);
  for (const name of readdirSync(data)) copyFileSync(join(data, name), join(bad, name));
  const shard = readdirSync(bad).find((name) => name.endsWith(".tar"))!;
  const bytes = readFileSync(join(bad, shard));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(join(bad, shard), bytes);
  expect(runTalkface(["data", bad])).toMatchObject({ status: 1, stdout: expect.stringContaining(`${shard}: its bytes are not those that were written`) });
  writeFileSync(join(bad, shard), bytes.subarray(0, bytes.length >> 1));
  const prepared = JSON.parse(readFileSync(join(bad, "prepared.json"), "utf8")) as Record<string, unknown>;
  delete prepared["shards"];
  writeFileSync(join(bad, "prepared.json"), JSON.stringify(prepared));
  expect(runTalkface(["data", bad])).toMatchObject({ status: 1, stdout: expect.stringContaining("the file ends within") });
  expect(runTalkface(["data", folder.path("videos")])).toMatchObject({ status: 1, stderr: expect.stringContaining("contract.json") });
});

it("tar lists and extracts what numpy reads", async () => {
  const [clip] = await readManifest(data);
  const shard = join(data, clip!.shard);
  const names = spawnSync("tar", ["-tf", shard], { encoding: "utf8" }).stdout.trim().split("\n");
  expect(names.sort()).toEqual(Object.keys(clip!.members).map((extension) => `${clip!.key}.${extension}`).sort());
  const out = folder.path("extracted");
  mkdirSync(out);
  expect(spawnSync("tar", ["-xf", shard, "-C", out]).status).toBe(0);
  const path = join(out, `${clip!.key}.landmarks.npy`);
  const script = "import sys, json, numpy; a = numpy.load(sys.argv[1], allow_pickle=False); print(json.dumps([list(a.shape), str(a.dtype), a[3, 7].tolist()]))";
  const numpy = spawnSync("/usr/bin/python3", ["-c", script, path], { encoding: "utf8" });
  if (numpy.status !== 0) return; // no numpy here
  const { data: points } = decodeNpy(readFileSync(path), path);
  expect(JSON.parse(numpy.stdout)).toEqual([[clip!.frames, 68, 2], "float32", [...points.subarray(2 * (3 * 68 + 7), 2 * (3 * 68 + 8))]]);
});
