/** Networks that users bring: how they are checked and fed, and the scores that they give. Golden values: support/imported_torch.py. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { encodeModel } from "../../src/graph/onnx.js";
import { conv } from "../../src/graph/ops/conv.js";
import { reshape } from "../../src/graph/ops/layout.js";
import type { Image } from "../../src/media/image.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { frechetDistance, type Rows } from "../../src/metrics/frechet.js";
import { alignedFace } from "../../src/metrics/imported/arcface.js";
import { inceptionInput, inceptionNetwork } from "../../src/metrics/imported/inception.js";
import { symmetricEigenvalues } from "../../src/metrics/symmetric-eigenvalues.js";
import { readForeignNetwork } from "../../src/store/foreign-network.js";
import { runTalkface } from "../support/command.js";

const golden = JSON.parse(readFileSync(new URL("golden/imported.json", import.meta.url), "utf8")) as {
  readonly aligned: readonly (readonly (readonly number[])[])[];
  readonly resized: readonly (readonly (readonly number[])[])[];
  readonly frechet: Readonly<Record<string, number>>;
};

function picture(width: number, height: number): Image {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    data[i] = Math.abs(((3 * x + 2 * y + 40 * c) % 300) - 150) + Math.abs(((x + 4 * y) % 160) - 80);
  }
  return { data, width, height };
}

describe("what imported networks are fed with", () => {
  it("is the face as insightface aligns it", () => {
    // OpenCV counts from pixel centres; the eyes' six points lie at their middles.
    const points = new Float32Array(136);
    const put = (first: number, count: number, x: number, y: number): void => {
      for (let i = first; i < first + count; i++) points.set([x + 0.5, y + 0.5], 2 * i);
    };
    put(36, 6, 70.5, 60.25);
    put(42, 6, 121.75, 66.5);
    put(30, 1, 92, 92.5);
    put(48, 1, 66.25, 118);
    put(54, 1, 108.5, 122.75);
    const planes = alignedFace(picture(200, 180), points);
    let [sum, count] = [0, 0];
    golden.aligned.forEach((row, r) => row.forEach((pixel, k) => pixel.forEach((value, c) => {
      sum += Math.abs((planes[c * 112 * 112 + 9 * r * 112 + 9 * k]! + 1) * 127.5 - value);
      count++;
    })));
    expect(count).toBe(13 * 13 * 3);
    // OpenCV rounds places to 1/32 px and colours to whole numbers.
    expect(sum / count).toBeLessThan(0.6);
  });

  it("is the picture as PyTorch resizes it", () => {
    const planes = inceptionInput(picture(160, 90));
    golden.resized.forEach((rows, c) => rows.forEach((row, r) => row.forEach((value, k) => expect(planes[c * 299 * 299 + 23 * r * 299 + 23 * k]!).toBeCloseTo(value, 5))));
  });
});

describe("Fréchet distance", () => {
  const vectors = (rows: number, size: number, seed: number): Rows => {
    const wave = (r: number, k: number): number => {
      const x = (r * size + ((k + size) % size) + 1) * (0.6180339887498949 + seed * 0.0123);
      return (x - Math.floor(x)) * 2 - 1;
    };
    return { rows, size, data: Float64Array.from({ length: rows * size }, (_, i) => {
      const [r, k] = [Math.floor(i / size), i % size];
      return wave(r, k) + 0.5 * wave(r, k - 1) + 0.1 * seed * (k % 3);
    }) };
  };

  it("is SciPy's", () => {
    for (const [m, n] of [[60, 45], [14, 60], [60, 13]] as const) expect(frechetDistance(vectors(m, 12, 1), vectors(n, 12, 2)), `${m} ${n}`).toBeCloseTo(golden.frechet[`${m}x${n}`]!, 7); // the root of what is zero but for rounding is 1e-8
  });

  it("is the same by vectors and by covariances, zero for equal sets, the shift's square for a shifted one", () => {
    const a = vectors(12, 12, 1);
    expect(frechetDistance(a, a)).toBeCloseTo(0, 6);
    expect(frechetDistance(a, { ...a, data: a.data.map((value) => value + 2) })).toBeCloseTo(4 * 12, 6);
    // Each vector twice: the covariance of 24 rows is 22/23 of that of twelve, whichever way it is factored.
    const twice: Rows = { rows: 24, size: 12, data: Float64Array.of(...a.data, ...a.data) };
    const trace = (frechetDistance(a, { ...a, data: new Float64Array(144) }) - a.data.reduce((sums, value, i) => sums.map((sum, k) => (k === i % 12 ? sum + value / 12 : sum)), Array<number>(12).fill(0)).reduce((sum, mean) => sum + mean * mean, 0));
    expect(frechetDistance(a, twice)).toBeCloseTo(trace * (1 - Math.sqrt(22 / 23)) ** 2, 6);
    expect(() => frechetDistance(a, vectors(1, 12, 1))).toThrow(/two vectors or more/);
  });

  it("takes eigenvalues that are known", () => {
    // Second differences: 2 - 2 cos(pi k / (n + 1)).
    const n = 7;
    const matrix = Float64Array.from({ length: n * n }, (_, i) => [2, -1][Math.abs(Math.floor(i / n) - (i % n))] ?? 0);
    const known = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((Math.PI * (k + 1)) / (n + 1)));
    [...symmetricEigenvalues(matrix, n)].sort((a, b) => a - b).forEach((value, k) => expect(value).toBeCloseTo(known[k]!, 12));
    // Many that are zero: their sum is the trace, that of their squares the squared norm.
    const low = 120;
    const product = Float64Array.from({ length: low * low }, (_, i) => (Math.floor(i / low) * (i % low) * 0.37) % 1);
    const [trace, squares] = [product.filter((_, i) => i % (low + 1) === 0).reduce((a, b) => a + b, 0), product.reduce((sum, value) => sum + value * value, 0)];
    const all = symmetricEigenvalues(product, low);
    expect(all.reduce((a, b) => a + b, 0)).toBeCloseTo(trace, 9);
    expect(all.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(squares, 8);
    expect(all.filter((value) => Math.abs(value) < 1e-10).length).toBeGreaterThan(10);
    expect([...symmetricEigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0]);
    expect([...symmetricEigenvalues(Float64Array.of(5), 1)]).toEqual([5]);
    expect([...symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2)].sort()).toEqual([expect.closeTo(1, 12), expect.closeTo(3, 12)]);
  });
});

describe("talkface import arcface and inception", () => {
  const folder = mkdtempSync(join(tmpdir(), "talkface-imported-"));
  const clip = join(folder, "clip.mp4");
  const home = { TALKFACE_HOME: join(folder, "home") };
  /** One convolution without overlap: [1,3,side,side] to [1, 32 (side / step)²]. */
  const network = (side: number, step: number): string => {
    const graph = new Graph("picture");
    const cells = Math.floor(side / step);
    const weight = Float32Array.from({ length: 32 * 3 * step * step }, (_, i) => Math.sin(i * i * 0.37) / step);
    const features = conv(graph.input("input.1", [1, 3, side, side]), graph.constant(weight, [32, 3, step, step]), { stride: step, pad: 0 });
    graph.output("683", reshape(features, [1, 32 * cells * cells]));
    const path = join(folder, `${side}-${step}.onnx`);
    writeFileSync(path, encodeModel(graph.toModel()));
    return path;
  };
  beforeAll(async () => {
    const [plan] = planClips(1, 920, 1.2, 128, ["neutral"]);
    await writePersonaClip(join(folder, "clip"), plan!, { force: false });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("brings csim, acd and fid: one and zero for a video against itself", () => {
    const evaluate = (): ReturnType<typeof runTalkface> => runTalkface(["eval", clip, clip, "--metrics", "csim,acd,fid", "--json"], home);
    expect(evaluate()).toMatchObject({ status: 1, stderr: expect.stringContaining("talkface import arcface FILE.onnx") });
    expect(runTalkface(["import", "arcface", network(112, 28)], home).status).toBe(0);
    expect(runTalkface(["import", "inception", network(299, 37), "--json"], home).stdout).toContain('"networks":["network"]');
    const { status, stdout } = evaluate();
    expect(status).toBe(0);
    const found = JSON.parse(stdout) as Record<string, { mean: number; n: number; sd: number | null }>;
    expect(found["csim"]!.mean).toBeCloseTo(1, 5);
    expect(found["acd"]!.mean).toBeGreaterThanOrEqual(0);
    expect(found["acd"]!.mean).toBeLessThan(1);
    expect(found["fid"]).toMatchObject({ mean: expect.closeTo(0, 4), n: 1, sd: null });
  });

  it("refuses other shapes and other files in one sentence", async () => {
    const wrong = [network(96, 24), network(112, 56)];
    expect(runTalkface(["import", "arcface", wrong[0]!, "--out", join(folder, "x")])).toMatchObject({ status: 1, stderr: expect.stringMatching(/takes "input\.1" float32 \[1, 3, 96, 96\]; ArcFace takes one picture float32 \[1, 3, 112, 112\]/) });
    expect(runTalkface(["import", "arcface", wrong[1]!, "--out", join(folder, "x")])).toMatchObject({ status: 1, stderr: expect.stringMatching(/gives "683" float32 \[1, 128\]/) });
    expect(runTalkface(["import", "inception", clip, "--out", join(folder, "x")])).toMatchObject({ status: 1, stderr: expect.stringMatching(/not an ONNX file/) });
    expect(runTalkface(["import", "inception", join(folder, "none.onnx"), "--out", join(folder, "x")])).toMatchObject({ status: 1, stderr: expect.stringMatching(/no such file/) });
    await expect(readForeignNetwork("/dev/zero", inceptionNetwork)).rejects.toThrow(/is a device, a pipe or a socket/);
    await expect(readForeignNetwork(folder, inceptionNetwork)).rejects.toThrow(/is a folder/);
  });
});
