import { describe, expect, it } from "vitest";
import { TalkfaceError } from "../../src/base/errors.js";
import { decodeModel, encodeModel, type OnnxGraph, type OnnxModel, type OnnxTensor } from "../../src/graph/onnx.js";
import { modelType, type ModelMessage, type TensorMessage } from "../../src/graph/onnx-schema.js";
import { createSession } from "../../src/runtime/session.js";

const floats = (name: string, values: number[]): OnnxTensor => ({
  name,
  dtype: "float32",
  shape: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});

const inner: OnnxGraph = { name: "inner", nodes: [], initializers: [floats("k", [3])], inputs: [], outputs: [{ name: "k", dtype: "float32", shape: [1] }] };

const model: OnnxModel = {
  irVersion: 8,
  opset: 17,
  producer: "test",
  metadata: { zebra: "1", apple: "ü" },
  graph: {
    name: "g",
    nodes: [
      { op: "Add", name: "add", domain: "", inputs: ["x", "w"], outputs: ["sum"], attributes: {} },
      { op: "LeakyRelu", name: "leaky", domain: "", inputs: ["sum"], outputs: ["y"], attributes: { alpha: { kind: "float", value: 0.5 } } },
    ],
    initializers: [floats("w", [1, 2])],
    inputs: [{ name: "x", dtype: "float32", shape: ["n", 2] }],
    outputs: [{ name: "y", dtype: "float32", shape: ["n", 2] }],
  },
};

function decodeMessage(message: ModelMessage): OnnxModel {
  return decodeModel(modelType.encode(message).finish(), "odd.onnx");
}

function withTensor(tensor: TensorMessage): ModelMessage {
  return { irVersion: 8, opsetImport: [{ domain: "", version: 17 }], graph: { name: "g", initializer: [tensor] } };
}

function failure(run: () => unknown): TalkfaceError {
  try {
    run();
  } catch (error) {
    if (error instanceof TalkfaceError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("ONNX files", () => {
  it("come back as they were written, byte for byte the same each time", () => {
    const bytes = encodeModel(model);
    const back = decodeModel(bytes, "m.onnx");
    expect(back).toEqual(model);
    expect(encodeModel(back)).toEqual(bytes);
    expect(encodeModel({ ...model, metadata: { apple: "ü", zebra: "1" } })).toEqual(bytes);
  });

  it("run in ONNX Runtime", async () => {
    const session = await createSession(model, { threads: 1 });
    const { y } = await session.run({ x: { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, -5) } });
    expect([...(y?.data as Float32Array)]).toEqual([2, -1.5]);
    await session.release();
  });

  it("keep every kind of attribute", () => {
    const attributes = {
      a: { kind: "int", value: -7 },
      b: { kind: "float", value: 0.25 },
      c: { kind: "string", value: "mode ü" },
      d: { kind: "ints", value: [0, -1, 2 ** 40] },
      e: { kind: "floats", value: [0.5, -2] },
      f: { kind: "tensor", value: floats("t", [1, 2, 3]) },
      g: { kind: "graph", value: inner },
      h: { kind: "ints", value: [] },
    } as const;
    const node = { op: "Odd", name: "odd", domain: "my.domain", inputs: ["x", ""], outputs: ["y"], attributes };
    const odd = { ...model, graph: { ...model.graph, nodes: [node] } };
    expect(decodeModel(encodeModel(odd), "m.onnx").graph.nodes[0]).toEqual(node);
  });

  it("refuse tensors whose bytes do not fit their shape when written", () => {
    const broken = { ...floats("w", [1, 2]), shape: [3] };
    expect(failure(() => encodeModel({ ...model, graph: { ...model.graph, initializers: [broken] } })).code).toBe("internal");
  });
});

describe("ONNX files of others", () => {
  it("may list values instead of raw bytes", () => {
    const read = (tensor: TensorMessage): OnnxTensor => decodeMessage(withTensor({ name: "t", ...tensor })).graph.initializers[0]!;
    expect(new Float32Array(read({ dims: [2], dataType: 1, floatData: [1.5, -2] }).data.buffer)).toEqual(Float32Array.of(1.5, -2));
    expect(new Int32Array(read({ dims: [2], dataType: 6, int32Data: [1, -2] }).data.buffer)).toEqual(Int32Array.of(1, -2));
    expect(new BigInt64Array(read({ dims: [2], dataType: 7, int64Data: ["-9223372036854775808", 5] }).data.buffer)).toEqual(BigInt64Array.of(-(2n ** 63n), 5n));
    expect(read({ dims: [2], dataType: 9, int32Data: [1, 0] }).data).toEqual(Uint8Array.of(1, 0));
    expect(read({ dims: [], dataType: 1, floatData: [4] }).shape).toEqual([]);
  });

  it.each<[string, ModelMessage, RegExp]>([
    ["values in another file", withTensor({ name: "t", dims: [1], dataType: 1, dataLocation: 1 }), /another file.*single file/],
    ["missing values", withTensor({ name: "t", dims: [1000000000, 1000000000], dataType: 1 }), /holds 0 bytes/],
    ["negative sizes", withTensor({ name: "t", dims: [-1], dataType: 1 }), /cannot be negative/],
    ["text tensors", withTensor({ name: "t", dims: [1], dataType: 8 }), /element type 8/],
    ["sizes beyond 2^53", withTensor({ name: "t", dims: ["9223372036854775807"], dataType: 1 }), /2\^53/],
    ["functions", { ...withTensor({}), functions: [new Uint8Array([1])] }, /functions/],
    ["no operator set", { irVersion: 8, graph: { name: "g" } }, /operator set/],
    ["no graph", { irVersion: 8 }, /no graph/],
  ])("are refused with a sentence: %s", (_, message, sentence) => {
    const error = failure(() => decodeMessage(message));
    expect(error.code).toBe("bad-model");
    expect(error.message).toMatch(sentence);
    expect(error.message).toMatch(/^odd\.onnx: /);
  });

  it("never end in anything but a model or a bad-model error when damaged", () => {
    const bytes = encodeModel(model);
    const outcomes = new Set<string>();
    const attempt = (damaged: Uint8Array): void => {
      try {
        decodeModel(damaged, "damaged.onnx");
        outcomes.add("model");
      } catch (error) {
        outcomes.add(error instanceof TalkfaceError ? error.code : `${error}`);
      }
    };
    for (let length = 0; length < bytes.length; length++) attempt(bytes.subarray(0, length));
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const damaged = bytes.slice();
        damaged[at] = value;
        attempt(damaged);
      }
    }
    expect([...outcomes].sort()).toEqual(["bad-model", "model"]);
  });

  it("may not nest graphs without end", () => {
    const wrap = (field: number, content: readonly number[]): number[] => {
      const length: number[] = [];
      for (let rest = content.length; length.push(rest > 127 ? (rest & 127) | 128 : rest) && rest > 127; ) rest >>= 7;
      return [(field << 3) | 2, ...length, ...content];
    };
    let graph: number[] = [];
    for (let depth = 0; depth < 2000; depth++) graph = wrap(1, wrap(5, wrap(6, graph))); // node > attribute > graph
    const error = failure(() => decodeModel(Uint8Array.from(wrap(7, graph)), "deep.onnx"));
    expect(error.code).toBe("bad-model");
  });
});
