import { defineConfig } from "vitest/config";

// Where set, the counts also go to this file as JSON.
const report = process.env["TALKFACE_TEST_REPORT"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks", // onnxruntime-node and worker threads of the runner do not mix
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
});
