/** csim, acd and fid as `talkface eval` gives them, against embeddings and features by PyTorch and distances by SciPy (support/imported_eval_torch.py). */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { framePairs, noCounts } from "../../src/eval/frame-pairs.js";
import { Sources } from "../../src/eval/sources.js";
import { createFaceAnalyzer } from "../../src/face/analyzer.js";
import { to68 } from "../../src/face/landmarks.js";
import { locateFfmpeg } from "../../src/media/ffmpeg.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runTalkface } from "../support/command.js";
import { runFfmpeg, testFolder } from "../support/media-files.js";
import { findTorch } from "../support/torch-check.js";

const python = findTorch("scipy");
const folder = testFolder("imported-scores");
const home = { TALKFACE_HOME: folder.path("home") };
/** Whatever reads them finds the same colours. */
const lossless = ["-an", "-c:v", "ffv1", "-pix_fmt", "gbrp"];

interface Wanted {
  /** By clip. */
  readonly csim: Readonly<Record<string, number>>;
  readonly acd: Readonly<Record<string, number>>;
  readonly fid: number;
  readonly frames: number;
}

interface Outcome {
  readonly clips: readonly { readonly name: string; readonly scores: Readonly<Record<string, { readonly value: number; readonly frames: number }>> }[];
  readonly [score: string]: unknown;
}

type Points = readonly number[][] | null;

/** The points [68,2] of every frame of both videos, as the evaluation finds them: not these are compared here. */
async function pointsOf(clip: string): Promise<{ made: Points[]; real: Points[] }> {
  const sources = new Sources();
  const [made, real] = [await sources.open({ kind: "file", path: folder.path(`faces/made/${clip}.mkv`) }), await sources.open({ kind: "file", path: folder.path(`faces/real/${clip}.mkv`) })];
  const points = (mesh: Float32Array | null | undefined): Points => {
    const flat = mesh === null || mesh === undefined ? null : to68(mesh);
    return flat === null ? null : Array.from({ length: 68 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);
  };
  const all: { made: Points[]; real: Points[] } = { made: [], real: [] };
  for await (const pair of framePairs(made, real, await createFaceAnalyzer(), { frames: "truncate", crop: "none", size: null, resize: false }, noCounts())) {
    all.made.push(points(pair.made.mesh));
    all.real.push(points(pair.real!.mesh));
  }
  return all;
}

describe.skipIf(python === null)("scores of imported networks (skipped where python3 has no torch and scipy)", () => {
  let wanted: Wanted;
  let found: Outcome;
  let set: Outcome;
  beforeAll(async () => {
    for (const path of ["faces/made", "faces/real", "frames/made", "frames/real"]) mkdirSync(folder.path(path), { recursive: true });
    for (const [seed, name, size] of [[930, "a", 160], [931, "b", 128], [932, "c", 144]] as const) {
      const [plan] = planClips(1, seed, 1.2, size, [name === "b" ? "happy" : "neutral"]);
      await writePersonaClip(folder.path(name), plan!, { force: false });
    }
    // Other people; the face of one real video comes late, beside the sampled frames, and the other pair differs in size.
    const clips = { late: ["a", "b", "tpad=start=3:color=gray"], other: ["c", "a", "hue=h=20"] } as const;
    for (const [name, [made, real, filter]] of Object.entries(clips)) {
      await runFfmpeg(["-i", folder.path(`${made}.mp4`), "-vf", "crop=iw:ih-12:0:0", ...lossless, folder.path(`faces/made/${name}.mkv`)]);
      await runFfmpeg(["-i", folder.path(`${real}.mp4`), "-vf", filter, ...lossless, folder.path(`faces/real/${name}.mkv`)]);
    }
    // One is longer than what is taken of a clip; sizes and lengths differ.
    for (const [name, made, real] of [["long", 20.6, 21], ["short", 3.2, 2.5]] as const) {
      await runFfmpeg(["-f", "lavfi", "-i", `testsrc2=s=72x52:r=25:d=${made},gblur=1.5`, ...lossless, folder.path(`frames/made/${name}.mkv`)]);
      await runFfmpeg(["-f", "lavfi", "-i", `testsrc2=s=64x48:r=25:d=${real}`, ...lossless, folder.path(`frames/real/${name}.mkv`)]);
    }
    const landmarks: Record<string, unknown> = {};
    for (const name of Object.keys(clips)) landmarks[name] = await pointsOf(name);
    writeFileSync(folder.path("landmarks.json"), JSON.stringify(landmarks));
    wanted = JSON.parse(execFileSync(python!, [`${import.meta.dirname}/../support/imported_eval_torch.py`, folder.path(""), (await locateFfmpeg()).path], { encoding: "utf8" })) as Wanted;
    for (const network of ["arcface", "inception"]) expect(runTalkface(["import", network, folder.path(`${network}.onnx`)], home)).toMatchObject({ status: 0 });
    const evaluate = (kind: string, metrics: string): Outcome => {
      const { status, stdout, stderr } = runTalkface(["eval", folder.path(`${kind}/made`), folder.path(`${kind}/real`), "--metrics", metrics, "--json"], home);
      expect(status, stderr).toBe(3); // lengths differ
      return JSON.parse(stdout) as Outcome;
    };
    found = evaluate("faces", "csim,acd");
    set = evaluate("frames", "fid");
  }, 180_000);
  afterAll(folder.remove);

  it.each(["csim", "acd"] as const)("%s is PyTorch's, clip by clip", (score) => {
    expect(found.clips.map(({ name }) => name).sort()).toEqual(["late", "other"]);
    for (const { name, scores } of found.clips) expect(scores[score]!.value, name).toBeCloseTo(wanted[score][name]!, 4);
    // Faces that all look the same to the network would agree by any way of alignment.
    expect(Math.max(...Object.values(wanted.csim))).toBeLessThan(0.9);
    expect(Math.min(...Object.values(wanted.acd))).toBeGreaterThan(0.2);
  });

  it("fid is SciPy's of PyTorch's features, over every 25th frame and at most 20 of a clip", () => {
    expect(wanted.frames).toBe(20 + 3);
    expect(wanted.fid).toBeGreaterThan(0.01);
    const { mean, n } = set["fid"] as { mean: number; n: number };
    expect(n).toBe(2);
    expect(Math.abs(mean - wanted.fid)).toBeLessThan(1e-4 * wanted.fid);
  });
});
