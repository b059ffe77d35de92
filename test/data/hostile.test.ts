/** Videos that are broken or mean harm: every one of them is a clip or stands in the ledger, and nothing else is read. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readManifest, readRejects } from "../../src/data/manifest.js";
import { nodeArguments, runTalkface } from "../support/command.js";
import { canarySide, hostileKinds, hostileMedia, hostileVideos } from "../support/hostile.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("hostile");
const canary = folder.path("secret/canary.mp4");
const inputs = folder.path("in");
/** They name the canary. */
const pointing = ["list.mp4", "list.mkv", "session.mov", "manifest.mp4", "comment.mp4", "blank.mp4", "parts.mp4", "key.ts", "titles.mp4"];
let paths: string[] = [];

beforeAll(async () => {
  paths = hostileVideos(inputs, await hostileMedia(folder.path("")), hostileKinds);
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
  for (const name of ["-i.mp4", "concat:a|b.mp4", "%05d*?[a].mp4", "line\nbreak.mp4", "--help.mp4", "@list ~ $HOME.mp4", "rate-0.avi"]) expect(clips).toContain(name);
  // and none of those that name another file has its pictures
  for (const name of pointing) expect(clips).not.toContain(name);
  expect((await readManifest(out)).map(({ source }) => source.width)).not.toContain(canarySide);
  const reason = Object.fromEntries((await readRejects(out)).map(({ path, reason }) => [basename(path), reason]));
  expect(reason).toMatchObject({ "mute.mp4": "no-audio", "blind.mp4": "no-video", "huge.mp4": "unreadable", "wide.mp4": "no-audio" });
});

it("given by name, those that name another file are refused, and it is not opened", () => {
  const strace = spawnSync("strace", ["-V"]).status === 0;
  const log = folder.path("trace");
  const given = paths.filter((path) => pointing.includes(basename(path)));
  expect(given).toHaveLength(pointing.length);
  const command = [process.execPath, ...nodeArguments(["prep-videos", ...given, "--out", folder.path("named"), "--size", "64", "--jobs", "1"])];
  const done = spawnSync(strace ? "strace" : command[0]!, strace ? ["-f", "-e", "trace=open,openat", "-o", log, ...command] : command.slice(1), { encoding: "utf8", cwd: join(import.meta.dirname, "../..") });
  expect(done.status, done.stderr).toBe(1);
  expect(done.stderr).toContain("none of the 9 videos gave a clip");
  if (strace) expect(readFileSync(log, "utf8").includes(canary)).toBe(false);
  expect(readdirSync(folder.path("secret")).sort()).toEqual(["canary.json", "canary.mp4"]);
});
