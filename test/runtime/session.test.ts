import { describe, expect, test } from "vitest";
import { Graph } from "../../src/graph/graph.js";
import { encodeModel } from "../../src/graph/onnx.js";
import { add, mul, sub } from "../../src/graph/ops/arithmetic.js";
import { cast } from "../../src/graph/ops/compare.js";
import { sum } from "../../src/graph/ops/reduce.js";
import { parseDevice, probeDevice, providersFor } from "../../src/runtime/devices.js";
import { createSession } from "../../src/runtime/session.js";
import { floats, tensorOf, zerosTensor } from "../../src/runtime/tensor.js";
import { threadsFor } from "../../src/runtime/threads.js";

function step(): Graph {
  const graph = new Graph();
  const theta = graph.input("theta", [4]);
  const pixels = graph.input("pixels", [4], "uint8");
  graph.output("theta_next", sub(theta, mul(cast(pixels, "float32"), 0.5)));
  graph.output("total", sum(theta));
  return graph;
}

const feeds = { theta: floats(Float32Array.of(1, 2, 3, 4), [4]), pixels: tensorOf("uint8", [2, 4, 6, 8], [4]) };

describe("sessions", () => {
  test("run a model or its bytes, all outputs or some", async () => {
    for (const model of [step().toModel(), encodeModel(step().toModel())]) {
      const session = await createSession(model, { threads: 1 });
      expect(session.provider).toBe("cpu");
      const results = await session.run(feeds);
      expect([...results["theta_next"]!.data]).toEqual([0, 0, 0, 0]);
      expect(results["total"]!.shape).toEqual([]);
      expect(Object.keys(await session.run(feeds, { fetch: ["total"] }))).toEqual(["total"]);
      await session.release();
      await session.release();
      await expect(session.run(feeds)).rejects.toThrow("the session was released");
    }
  });

  test("fill given tensors in place, also the fed one", async () => {
    const graph = new Graph();
    const theta = graph.input("theta", [3]);
    graph.output("theta_next", add(mul(theta, 2), 1));
    const session = await createSession(graph.toModel(), { training: true, threads: 1 });
    const state = floats(Float32Array.of(1, 2, 3), [3]);
    const { theta_next } = await session.run({ theta: state }, { into: { theta_next: state } });
    expect(theta_next!.data).toBe(state.data);
    expect([...state.data]).toEqual([3, 5, 7]);
    const other = zerosTensor("float32", [3]);
    await session.run({ theta: state }, { into: { theta_next: other } });
    expect([...other.data]).toEqual([7, 11, 15]);
  });

  test("name everything that is wrong in one message", async () => {
    const session = await createSession(step().toModel(), { where: "step", threads: 1 });
    const wrong = { theta: floats(new Float32Array(3), [3]), pixel: feeds.pixels };
    const run = session.run(wrong, { fetch: ["totals"], into: { theta_next: zerosTensor("int32", [4]) } });
    await expect(run).rejects.toThrow(
      'step: cannot run: there is no input "pixel" (there are theta, pixels); input "theta" has shape [3], expected [4]; input "pixels" is missing; ' +
        'output "theta_next" is to be filled but not fetched; there is no output "totals" (there are theta_next, total).',
    );
    await expect(session.run({ ...feeds, pixels: tensorOf("int32", [1, 2, 3, 4], [4]) })).rejects.toThrow('input "pixels" is int32, expected uint8');
    await expect(session.run({ ...feeds, theta: floats(new Float32Array(5), [4]) })).rejects.toThrow('input "theta" holds 5 elements in Float32Array, expected 4 in Float32Array');
  });

  test("say that a model is at fault, not the device", async () => {
    const model = step().toModel();
    const broken = { ...model, graph: { ...model.graph, nodes: model.graph.nodes.map((node) => ({ ...node, op: node.op === "Sub" ? "Subtract" : node.op })) } };
    await expect(createSession(broken)).rejects.toMatchObject({ code: "bad-model", message: expect.stringMatching(/^ONNX Runtime refuses the model on cpu: .*Subtract/) as string });
    await expect(createSession(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ code: "bad-model" });
  });
});

describe("devices", () => {
  test("the CPU works; what does not work says why and what to do", async () => {
    expect(await probeDevice("cpu")).toEqual({ provider: "cpu", available: true, missing: "", remedy: "" });
    for (const provider of ["cuda", "webgpu"] as const) {
      const { available, missing, remedy } = await probeDevice(provider);
      if (available) continue;
      expect(remedy).toMatch(/--device cpu/);
      await expect(createSession(step().toModel(), { device: provider })).rejects.toMatchObject({ code: "device", message: `${provider} is not available: ${missing}. ${remedy}` });
    }
  });

  test("auto falls back to the CPU in our own code", async () => {
    expect(providersFor("auto")).toEqual(["cuda", "cpu"]);
    const session = await createSession(step().toModel(), { device: "auto" });
    expect(["cuda", "cpu"]).toContain(session.provider);
    expect(parseDevice("webgpu")).toBe("webgpu");
    expect(() => parseDevice("gpu")).toThrow("--device gpu: expected one of auto, cpu, cuda, webgpu.");
  });

  test("small face networks get one thread", () => {
    expect(threadsFor("face")).toBe(1);
    expect(threadsFor("training")).toBeGreaterThanOrEqual(1);
  });
});
