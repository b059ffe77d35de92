/** Videos that are broken or mean harm: every one of them is a clip or stands in the ledger, and nothing else is read. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readManifest, readRejects } from "../../src/data/manifest.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { nodeArguments, runTalkface } from "../support/command.js";
import { hostileVideos } from "../support/hostile.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("hostile");
const canary = folder.path("secret/canary.mp4");
const inputs = folder.path("in");
const count = 24;
let paths: string[] = [];

beforeAll(async () => {
  const [clip] = planClips(1, 300, 1.2, 96, ["neutral"]);
  await writePersonaClip(folder.path("clip"), clip!, { force: false });
  mkdirSync(folder.path("secret"));
  copyFileSync(folder.path("clip.mp4"), canary);
  paths = hostileVideos(inputs, folder.path("clip.mp4"), count, canary);
});
afterAll(folder.remove);

it("none crashes or hangs, and all are accounted for", async () => {
  const out = folder.path("out");
  const { status, stderr } = runTalkface(["prep-videos", inputs, "--out", out, "--size", "64", "--jobs", "1"]);
  expect({ status, stderr: stderr.split("\n").filter((line) => /internal|unhandled|at .*\.ts:/i.test(line)) }).toEqual({ status: 3, stderr: [] });
  const seen = new Set([...(await readManifest(out)).map(({ source }) => source.path), ...(await readRejects(out)).map(({ path }) => path)]);
  const wanted = paths.filter((path) => !basename(path).startsWith(".")).map((path) => join("in", relative(inputs, path)));
  expect([...seen].sort()).toEqual(wanted.sort());
  // names alone do no harm: whole videos under strange names are clips
  const clips = (await readManifest(out)).map(({ source }) => basename(source.path));
  for (const name of ["-i.mp4", "concat:a|b.mp4", "%05d*?[a].mp4", "line\nbreak.mp4"]) expect(clips).toContain(name);
  // and none of those that name another file has its pictures
  for (const name of ["list.mp4", "list.mkv", "session.mov", "manifest.mp4"]) expect(clips).not.toContain(name);
});

it("given by name, each is refused or taken, and the file that some of them name is not opened", () => {
  const strace = spawnSync("strace", ["-V"]).status === 0;
  for (const name of ["list.mp4", "list.mkv", "session.mov", "manifest.mp4"]) {
    const path = paths.find((each) => basename(each) === name)!;
    const log = folder.path("trace");
    const command = [process.execPath, ...nodeArguments(["prep-videos", path, "--out", folder.path(`one-${name}`), "--size", "64", "--jobs", "1"])];
    const done = spawnSync(strace ? "strace" : command[0]!, strace ? ["-f", "-e", "trace=open,openat", "-o", log, ...command] : command.slice(1), { encoding: "utf8", cwd: join(import.meta.dirname, "../..") });
    expect({ name, status: done.status }).toEqual({ name, status: 1 });
    if (strace) expect(readFileSync(log, "utf8").includes(canary), name).toBe(false);
  }
  expect(readdirSync(folder.path("secret"))).toEqual(["canary.mp4"]);
});
