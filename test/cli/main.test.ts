/** The built-in behaviour of the command line, through the real process. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CommanderError } from "commander";
import { TalkfaceError } from "../../src/base/errors.js";
import { describeFailure } from "../../src/cli/failure.js";
import { checkNode } from "../../src/cli/doctor/checks.js";
import { runTalkface } from "../support/command.js";

describe("talkface", () => {
  test("prints its version", () => {
    expect(runTalkface(["--version"])).toMatchObject({ status: 0, stdout: "0.1.0\n" });
  });

  test("lists its commands", () => {
    const { status, stdout } = runTalkface(["--help"]);
    expect(status).toBe(0);
    for (const name of ["synth", "doctor", "prep-videos", "train"]) expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  test.each([
    ["no command", [], /Usage: talkface/],
    ["an unknown command", ["sing"], /^talkface: unknown command 'sing'/],
    ["an unknown option", ["doctor", "--bogus"], /^talkface: unknown option '--bogus'/],
    ["a missing argument", ["synth"], /^talkface: required option '--id/],
    ["an argument too many", ["doctor", "extra"], /^talkface: too many arguments/],
  ])("%s is wrong usage", (_name, args, text) => {
    const { status, stderr, stdout } = runTalkface(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(text);
  });

  test("doctor tells what works", () => {
    const { status, stdout } = runTalkface(["doctor", "--json"]);
    const report = JSON.parse(stdout) as { works: boolean; findings: { name: string; status: string; remedy: string }[] };
    expect(report.findings.map(({ name }) => name)).toEqual(expect.arrayContaining(["node", "ffmpeg", "pictures", "cpu", "cuda", "webgpu", "mpi", "face networks"]));
    expect(report.findings.filter((finding) => finding.status !== "ok" && finding.remedy === "")).toEqual([]);
    expect(status).toBe(report.works ? 0 : 1);
  });

  test("doctor tests only a device that is named and there", () => {
    expect(runTalkface(["doctor", "--device", "auto"])).toMatchObject({ status: 2, stderr: "talkface: --device auto: name the device to test: cpu, cuda or webgpu.\n" });
    const { status, stderr } = runTalkface(["doctor", "--device", "webgpu"], { VK_DRIVER_FILES: "none.json", VK_ICD_FILENAMES: "none.json" });
    if (process.platform === "linux") expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringMatching(/^talkface: webgpu is not available: /m) as string });
  });

  test("doctor fails where ffmpeg is named wrongly", () => {
    const { status, stdout } = runTalkface(["doctor"], { FFMPEG_PATH: "no-such-program" });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^failed {3}ffmpeg .*FFMPEG_PATH=no-such-program/m);
  });
});

describe("failures", () => {
  test("ours are one sentence with their status", () => {
    expect(describeFailure(new TalkfaceError("no-face", "a.png: no face. Give another."), false)).toEqual({ text: "talkface: a.png: no face. Give another.\n", status: 1 });
    expect(describeFailure(new TalkfaceError("usage", "--crf 99: too large."), false).status).toBe(2);
  });

  test("a system error becomes a sentence", () => {
    const error = Object.assign(new Error("EACCES: permission denied, open 'x'"), { code: "EACCES", path: "x" });
    expect(describeFailure(error, false).text).toBe("talkface: x: no permission. Choose another folder or change its rights.\n");
  });

  test("a bug shows its stack only on demand", () => {
    const bug = new RangeError("index 7\nmore");
    expect(describeFailure(bug, false).text).toMatch(/^talkface: internal: index 7\.\nRun it again with --debug/);
    expect(describeFailure(bug, true).text).toContain("main.test.ts");
    expect(describeFailure("a string", false).text).toContain("internal: a string.");
  });

  test("help that was asked for is no failure", () => {
    expect(describeFailure(new CommanderError(0, "commander.helpDisplayed", "(outputHelp)"), false)).toEqual({ text: "", status: 0 });
  });

  test("an old Node is refused", () => {
    expect(checkNode("18.19.0")).toMatchObject({ status: "failed", remedy: "Install Node 20 or newer." });
    expect(checkNode("20.0.0").status).toBe("ok");
  });
});

test("npm run bench without a name lists the benches", () => {
  const run = fileURLToPath(new URL("../../bench/run.ts", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", run], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^usage: npm run bench -- NAME/);
});
