/** Emotion accuracy: labels of pairs.csv and of prepared data, a classifier that was imported, the toolkit's own under another name. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { emotionName, emotionOf, emotions } from "../../src/base/emotions.js";
import { planOfModels } from "../../src/eval/controls.js";
import { Graph } from "../../src/graph/graph.js";
import { encodeModel } from "../../src/graph/onnx.js";
import { conv } from "../../src/graph/ops/conv.js";
import { reshape } from "../../src/graph/ops/layout.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { parseClasses } from "../../src/metrics/imported/emotion.js";
import { runTalkface } from "../support/command.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";
import { writeShards } from "../support/shards.js";
import { writeUntrainedModel } from "../support/untrained-model.js";

const folder = testFolder("eval-emotion");
const home = { TALKFACE_HOME: folder.path("home") };
const pairs = folder.path("pairs.csv");

/** [1,3,224,224] to the mean of all colours, 0.3 and 0.1: a bright face is of the first class, a dark one of the second. */
function brightness(): string {
  const graph = new Graph("brightness");
  const weight = new Float32Array(3 * 3 * 224 * 224).fill(1 / (3 * 224 * 224), 0, 3 * 224 * 224);
  const scores = conv(graph.input("face", [1, 3, 224, 224]), graph.constant(weight, [3, 3, 224, 224]), {}, graph.constant(Float32Array.of(0, 0.3, 0.1), [3]));
  graph.output("scores", reshape(scores, [1, 3]));
  const path = folder.path("classifier.onnx");
  writeFileSync(path, encodeModel(graph.toModel()));
  return path;
}

beforeAll(async () => {
  const [plan] = planClips(1, 940, 0.6, 128, ["neutral"]);
  await writePersonaClip(folder.path("bright"), plan!, { force: false });
  await runFfmpeg(["-i", folder.path("bright.mp4"), "-vf", "lutrgb=r=val*0.3:g=val*0.3:b=val*0.3", folder.path("dark.mp4")]);
}, 60_000);
afterAll(folder.remove);

interface Found {
  readonly [metric: string]: { readonly mean: number; readonly n: number; readonly of: number; readonly protocol: string };
}
type Clips = readonly { readonly name: string; readonly problems: Readonly<Record<string, string>> }[];

describe("emotion accuracy", () => {
  it("is the share of labelled clips that an imported classifier calls by their label, whatever the label's spelling", () => {
    const evaluate = (): ReturnType<typeof runTalkface> => runTalkface(["eval", "--pairs", pairs, "--metrics", "emotion-accuracy", "--json"], home);
    copyFileSync(folder.path("dark.mp4"), folder.path("wrong.mp4"));
    for (const name of ["unknown", "unlabelled"]) copyFileSync(folder.path("bright.mp4"), folder.path(`${name}.mp4`));
    writeFileSync(pairs, "generated,emotion\nbright.mp4,HAP\ndark.mp4,sadness\nwrong.mp4,happy\nunknown.mp4,contempt\nunlabelled.mp4,\n");
    expect(evaluate()).toMatchObject({ status: 1, stderr: expect.stringContaining("talkface import emotion FILE.onnx") });
    expect(runTalkface(["import", "emotion", brightness(), "--classes", "happy,sad,Neutral"], home).status).toBe(0);
    const { status, stdout } = evaluate();
    expect(status).toBe(3);
    const found = JSON.parse(stdout) as Found;
    expect(found["emotion-accuracy"]).toMatchObject({ mean: expect.closeTo(2 / 3, 9), n: 3, of: 5, protocol: expect.stringMatching(/classifier as imported.*; weights [0-9a-f]{12}; /) });
    const problems = Object.fromEntries((JSON.parse(stdout) as { clips: Clips }).clips.map(({ name, problems: { "emotion-accuracy": problem } }) => [name, problem]));
    expect(problems).toMatchObject({ unknown: "the clip is labelled contempt, and the classifier knows happy, sad, neutral", unlabelled: expect.stringMatching(/^nobody says which emotion/) });
    expect(Object.values(problems).filter((problem) => problem !== undefined)).toHaveLength(2);
  });

  it("has a stand-in under another name: of all its classes one is the clip's", () => {
    const classes = ["neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised"];
    for (const name of classes) copyFileSync(folder.path("bright.mp4"), folder.path(`${name}.mp4`));
    writeFileSync(pairs, `generated,emotion\n${classes.map((name) => `${name}.mp4,${name}\n`).join("")}`);
    const { status, stdout } = runTalkface(["eval", "--pairs", pairs, "--metrics", "expression-label", "--json"]);
    expect(status).toBe(0);
    expect((JSON.parse(stdout) as Found)["expression-label"]).toMatchObject({ mean: expect.closeTo(1 / 7, 9), n: 7, protocol: expect.stringContaining("not the accuracy of a classifier trained on MEAD") });
  });

  it("takes the labels of prepared data", async () => {
    const [data, model] = [folder.path("data"), folder.path("model")];
    await writeShards(data, { people: 1, frames: 12, size: 64 });
    await writeUntrainedModel(model, "tiny");
    const manifest = join(data, "manifest.jsonl");
    writeFileSync(manifest, readFileSync(manifest, "utf8").replace('"labels":{}', '"labels":{"emotion":"happiness"}'));
    const { units } = await planOfModels({ models: [model], data: [data], split: "all", device: "cpu", limit: null });
    expect(units.map(({ emotion }) => emotion)).toEqual(["happiness"]);
    expect(emotionName("happiness")).toBe("happy");
  });

  it("knows the names that corpora use, and refuses classes that are no list", () => {
    expect(["anger", "DIS", "fear", "happiness", "neutral", "sadness", "surprise", "con"].map((label) => emotions[emotionOf(label)])).toEqual(["angry", "disgusted", "fear", "happy", "neutral", "sad", "surprised", "contempt"]);
    expect([emotionOf("bored"), emotionOf("constructor")]).toEqual([-1, -1]);
    expect(parseClasses("Happy, ANG,bored")).toEqual(["happy", "angry", "bored"]);
    for (const text of ["happy", "happy,HAP", "happy,,sad"]) expect(() => parseClasses(text)).toThrow(`--classes ${text}: expected two different names`);
    expect(runTalkface(["import", "emotion", folder.path("classifier.onnx"), "--out", folder.path("other")])).toMatchObject({ status: 1, stderr: expect.stringMatching(/gives "scores" float32 \[1, 3\]; a classifier of emotions takes one picture float32 \[1, 3, 224, 224\] and gives \[1, 8\]/) });
  });
});
