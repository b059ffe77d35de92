/** Every gradient graph of every system against PyTorch's own differentiation, where Python has torch and onnx. */
import { describe, expect, it } from "vitest";
import { checkAgainstTorch, findTorch, gradientGraphs } from "../support/torch-check.js";

const python = findTorch();

describe.skipIf(python === null)("gradients equal PyTorch's (skipped where python3 has no torch and onnx)", () => {
  for (const graph of gradientGraphs("tiny")) {
    it(graph.name, () => {
      const { gradientNorm, relativeError } = checkAgainstTorch(python as string, graph);
      expect(gradientNorm).toBeGreaterThan(0);
      expect(relativeError).toBeLessThan(1e-3);
    });
  }
});
