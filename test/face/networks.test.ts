import { describe, expect, it } from "vitest";
import { TalkfaceError } from "../../src/base/errors.js";
import { sha256 } from "../../src/base/files.js";
import { faceNetworks, loadFaceNetwork, type FaceNetwork } from "../../src/face/networks.js";
import { encodeModel } from "../../src/graph/onnx.js";
import { readCanonicalMesh, readPackagedFile } from "../../src/media/canonical-mesh.js";
import { createSession } from "../../src/runtime/session.js";

/**
 * Digests of the ONNX files and root mean squares of the outputs for one fixed input. The rebuilt networks were compared with the
 * originals (MediaPipe's own solution in a browser, face-api on TensorFlow.js) before these figures were taken.
 */
const golden: Readonly<Record<FaceNetwork, { readonly digest: string; readonly top: number; readonly rms: Readonly<Record<string, number>> }>> = {
  shortRange: { digest: "946f05425fc3a894", top: 1, rms: { boxes: 23.2889, scores: 5.87611 } },
  fullRangeSparse: { digest: "9ab58a3fa8f78198", top: 1, rms: { boxes: 8.00585, scores: 11.7051 } },
  attentionMesh: {
    digest: "c912dbc2397558a7",
    top: 1,
    rms: { mesh: 83.2808, lips: 109.071, leftEye: 73.1677, rightEye: 100.676, leftIris: 77.4652, rightIris: 94.7481, presence: 15.3403 },
  },
  landmarks68: { digest: "143c940e725b1250", top: 255, rms: { output: 0.628498 } },
  identity: { digest: "8e13eed699f3b83d", top: 255, rms: { output: 0.118709 } },
  expression: { digest: "9ab1034e86a5573d", top: 255, rms: { output: 0.375561 } },
};

describe.each(Object.keys(faceNetworks) as FaceNetwork[])("face network %s", (name) => {
  const { digest, top, rms } = golden[name];
  const model = loadFaceNetwork(name);

  it("is rebuilt to the same bytes", () => {
    expect(sha256(encodeModel(model)).slice(0, digest.length)).toBe(digest);
  });

  it("gives the known outputs", async () => {
    const session = await createSession(model, { threads: 1 });
    const shape = model.graph.inputs[0]!.shape.map(Number);
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => top * (0.5 + 0.5 * Math.sin(i * 0.37)));
    const outputs = await session.run({ image: { dtype: "float32", shape, data } });
    const again = await session.run({ image: { dtype: "float32", shape, data } });
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(rms).sort());
    for (const [output, expected] of Object.entries(rms)) {
      const values = outputs[output]!.data as Float32Array;
      const found = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      expect(Math.abs(found / expected - 1)).toBeLessThan(1e-3);
      expect((again[output]!.data as Float32Array).every((value, i) => value === values[i])).toBe(true);
    }
    await session.release();
  });
});

describe("files of the packages", () => {
  const { files } = faceNetworks.shortRange;

  it("are refused when their bytes are not the pinned ones", () => {
    const changed = { ...files[0]!, sha256: "0".repeat(64) };
    expect(() => readPackagedFile(changed)).toThrow(/SHA-256 is 3bc182eb9f33…, expected 000000000000… of the pinned @mediapipe\/face_mesh\. Run npm ci/);
    try {
      readPackagedFile(changed);
    } catch (error) {
      expect((error as TalkfaceError).code).toBe("bad-model");
    }
    expect(() => readPackagedFile({ ...files[0]!, range: [3757224, 3900000] })).toThrow(TalkfaceError);
  });

  it("are asked for by name when they are missing", () => {
    expect(() => readPackagedFile({ package: "@mediapipe/none", path: "x.tflite", sha256: "" })).toThrow(/@mediapipe\/none\/x\.tflite: not installed\. Run npm ci/);
  });

  it("hold the canonical mesh", () => {
    const { positions, uvs, triangles } = readCanonicalMesh();
    expect([positions.length, uvs.length, triangles.length]).toEqual([468 * 3, 468 * 2, 898 * 3]);
    expect(Math.max(...triangles)).toBe(467);
    const eyes = positions[3 * 263]! - positions[3 * 33]!;
    expect(eyes).toBeCloseTo(8.892, 3); // cm between the outer eye corners
  });
});
