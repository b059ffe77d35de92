/** How `talkface train` reads its options; what they do is tested in test/train. */
import { describe, expect, test } from "vitest";
import { runTalkface } from "../support/command.js";

const train = (...args: string[]): { status: number | null; stderr: string } => runTalkface(["train", "--system", "et-gan-acw", "--data", "no-such-folder", "--out", "no-such-run", ...args]);

describe("talkface train", () => {
  test.each([
    [["--optimizer", "adamw,decai=1"], /"decai=1": expected key=number/],
    [["--schedule", "steep"], /Allowed choices are cosine, linear, constant/],
  ])("%s is wrong usage", (args, text) => {
    const { status, stderr } = train(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(text);
  });

  test("a good line is read to its end: then the data is missing", () => {
    const { status, stderr } = train("--optimizer", "adamw,decay=0.01,clip=0.5", "--schedule", "linear", "--warmup", "10", "--accumulate", "2", "--skip-limit", "3");
    expect(status).toBe(1);
    expect(stderr).toMatch(/no-such-folder/);
  });
});
