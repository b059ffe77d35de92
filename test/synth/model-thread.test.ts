import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modelPointCount } from "../../src/base/points.js";
import { ModelThread } from "../../src/synth/model-thread.js";
import { TalkingModel } from "../../src/synth/talking-model.js";
import { writeUntrainedModel } from "../support/untrained-model.js";

let folder: string;
const model = (): string => join(folder, "model");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-thread-"));
  await writeUntrainedModel(model(), "tiny");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("a model in its thread", () => {
  test("answers in order, as the model itself does, and tells how long it worked", async () => {
    let busy = 0;
    const thread = await ModelThread.open(model(), "cpu", (milliseconds) => (busy += milliseconds));
    const here = await TalkingModel.open(model(), "cpu");
    const { size, mel } = here.contract;
    expect({ size: thread.contract.size, frames: thread.speechFrames, views: thread.maximumViews }).toEqual({ size, frames: here.speechFrames, views: here.maximumViews });
    const sound = new Float32Array(mel.bands * 4 * (here.speechFrames + 2 * here.speechContext)).map((_, i) => Math.sin(i));
    const picture = { data: new Uint8Array(size * size * 3).map((_, i) => i % 251), width: size, height: size };
    const face = { image: picture, shape: new Float32Array(3 * modelPointCount).map((_, i) => Math.cos(i)) };
    const [codes, expressions] = await Promise.all([thread.speech(sound), thread.expression([face])]);
    expect(codes).toEqual(await here.speech(sound));
    expect(expressions).toEqual(await here.expression([face]));
    expect(busy).toBeGreaterThan(0);
    await thread.close();
    await here.close();
    await expect(thread.speech(sound)).rejects.toThrow();
  });

  test("passes errors on with their codes", async () => {
    const thread = await ModelThread.open(model(), "cpu", () => undefined);
    await expect(thread.speech(new Float32Array(3))).rejects.toMatchObject({ code: "internal", message: expect.stringContaining("speech.onnx") as string });
    await thread.close();
    await appendFile(join(model(), "frame.onnx"), "x");
    await expect(ModelThread.open(model(), "cpu", () => undefined)).rejects.toMatchObject({ code: "bad-model", message: expect.stringContaining("digest") as string });
  });
});
