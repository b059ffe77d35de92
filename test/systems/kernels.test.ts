/** Every graph of every system has kernels on CUDA and on WebGPU for all of its nodes, by the tables of ONNX Runtime's kernels. */
import { expect, test } from "vitest";
import { forWebGpu } from "../../src/graph/for-webgpu.js";
import { unsupportedNodes } from "../../src/runtime/kernels/unsupported.js";
import { everyGraph } from "../../src/systems/every-graph.js";
import { findSystem, systemNames } from "../../src/systems/registry.js";

test.each(systemNames())("%s", (name) => {
  const system = findSystem(name);
  const missing = everyGraph(system, system.presets["tiny"]).flatMap(({ label, build }) => {
    const built = build().toModel();
    return (["cuda", "webgpu"] as const).flatMap((provider) =>
      unsupportedNodes(provider === "webgpu" ? forWebGpu(built) : built, provider)
        .filter(({ isHarmless }) => !isHarmless)
        .map(({ name: node, op, types }) => `${provider} ${label}: ${op}(${types.join(", ")}) ${node}`),
    );
  });
  expect(missing).toEqual([]);
});
