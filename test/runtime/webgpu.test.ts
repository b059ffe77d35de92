/** WebGPU against the CPU, on a real GPU or on the software driver of Chromium; skipped where there is neither. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { vulkanEnvironment } from "../support/vulkan.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

function node(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, ["--import", "tsx", ...args], { cwd: root, encoding: "utf8", env: { ...process.env, ...vulkanEnvironment() } });
}

const probe = node("--eval", 'import("./src/runtime/devices.ts").then(async ({ probeDevice }) => process.stdout.write(JSON.stringify(await probeDevice("webgpu"))))');
const { available, missing } = JSON.parse(probe.stdout === "" ? '{"available":false,"missing":"the probe ended early"}' : probe.stdout) as { available: boolean; missing: string };

// Sums run in another order there: 1e-6 was seen, and four steps of training multiply it.
const tolerance = 1e-5;

test.skipIf(!available)(`a training step, a deployed network, and no node on the CPU${available ? "" : ` (skipped: ${missing}; chromium-common brings a software driver)`}`, { timeout: 400_000 }, () => {
  const { status, stdout, stderr } = node("test/support/webgpu-run.ts");
  expect({ status, stderr: stderr.split("\n").filter((line) => line.startsWith("warning")) }).toEqual({ status: 0, stderr: [] });
  const found = JSON.parse(stdout) as Record<string, number> & { losses: number[] };
  expect(found.losses.at(-1)).toBeLessThan(found.losses[0]!);
  for (const name of ["lossDifference", "thetaDifference", "momentDifference", "toyDifference", "speechDifference"]) expect(found[name], name).toBeLessThan(tolerance);
});
