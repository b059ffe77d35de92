/** `talkface graph`: what it writes runs, what it prints adds up, and wrong usage is said. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { decodeModel } from "../../src/graph/onnx.js";
import { createSession } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { runTalkface, type CommandResult } from "../support/command.js";
import { randomFeeds } from "../support/feeds.js";

const folder = mkdtempSync(join(tmpdir(), "talkface-graph-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const graph = (...args: string[]): CommandResult => runTalkface(["graph", "--system", "et-gan-acw", "--preset", "tiny", ...args]);

describe("talkface graph", () => {
  test("-o writes a gradient graph that runs from the values beside it", async () => {
    const path = join(folder, "grad.onnx");
    const { status, stdout } = graph("--what", "grad", "--phase", "adversarial", "--group", "discriminator", "-o", path);
    expect(status).toBe(0);
    expect(stdout).toMatch(/grad\.onnx: \d+ nodes, \d+ bytes, \d+ parameters/);
    const session = await createSession(new Uint8Array(readFileSync(path)), { training: true });
    const vector = (name: string) => {
      const file = readFileSync(`${path}.${name}.f32`);
      return floats(new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)), [file.byteLength / 4]);
    };
    const feeds = { ...randomFeeds(session, 32, 1), theta: vector("theta"), "theta.generator": vector("theta.generator") };
    const results = await session.run(feeds);
    await session.release();
    expect(Object.keys(results)).toEqual(["loss", "grad"]);
    expect(results["grad"]!.shape).toEqual(feeds.theta.shape);
    expect((results["grad"]!.data as Float32Array).some((x) => x !== 0)).toBe(true);
  });

  test("-o overwrites only with --force", () => {
    const path = join(folder, "forward.onnx");
    writeFileSync(path, "precious");
    const refused = graph("--what", "forward", "-o", path);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/--force/);
    expect(readFileSync(path, "utf8")).toBe("precious");
    expect(graph("--what", "forward", "-o", path, "--force").status).toBe(0);
    expect(decodeModel(readFileSync(path), "forward").graph.outputs.map(({ name }) => name)).toContain("loss");
  });

  test("--what step and --network write their graphs", () => {
    const [step, frame] = [join(folder, "step.onnx"), join(folder, "frame.onnx")];
    expect(graph("--what", "step", "--phase", "motion", "-o", step).status).toBe(0);
    expect(decodeModel(readFileSync(step), "step").graph.outputs.map(({ name }) => name)).toContain("next.theta.generator");
    expect(existsSync(`${step}.theta.generator.f32`)).toBe(true);
    expect(graph("--what", "forward", "--network", "frame", "-o", frame).status).toBe(0);
    expect(decodeModel(readFileSync(frame), "frame").graph.initializers.length).toBeGreaterThan(10);
    expect(existsSync(`${frame}.theta.f32`)).toBe(false);
  });

  test("--list-groups", () => {
    expect(graph("--list-groups").stdout).toMatch(/^generator \d+ motion,expression,speech,render,adversarial\ndiscriminator \d+ adversarial\nexpert \d+ frozen\n$/);
    const groups = JSON.parse(graph("--list-groups", "--json").stdout) as { group: string; parameters: number }[];
    expect(groups.map(({ group: name }) => name)).toEqual(["generator", "discriminator", "expert"]);
  });

  test("--print lists nodes with shapes", () => {
    expect(graph("--print", "--what", "forward").stdout).toMatch(/^speech\/encoder.*: float32\[[\d,]+\] = \w+\(.*\)/m);
  });

  test("--summary says the same in words and as JSON", () => {
    const { stdout } = graph("--summary", "--depth", "1", "--phase", "render");
    const json = JSON.parse(graph("--summary", "--depth", "1", "--phase", "render", "--json").stdout) as {
      nodes: number;
      forwardOperations: number;
      operators: Record<string, number>;
      modules: Record<string, { nodes: number; forwardOperations: number; parameters: number }>;
      memory: { peakActivationBytes: number };
      parameters: Record<string, number>;
    };
    const total = /^total\s+(\d+)\s+([\d.]+)/m.exec(stdout)!;
    expect(Number(total[1])).toBe(json.nodes);
    expect(Math.abs(Number(total[2]) - json.forwardOperations / 1e6)).toBeLessThan(0.5);
    const modules = Object.values(json.modules);
    expect(modules.reduce((n, module) => n + module.nodes, 0)).toBe(json.nodes);
    expect(modules.reduce((n, module) => n + module.forwardOperations, 0)).toBe(json.forwardOperations);
    expect(Object.keys(json.modules)).toContain("generator");
    expect(stdout).toMatch(/^generator +\d+ +\d+/m);
    expect(stdout).toContain(`activations: at most ${(json.memory.peakActivationBytes / 1e6).toFixed(1)} MB`);
    expect(stdout).toContain(`parameters: generator ${json.parameters["generator"]!}`);
  });

  test.each([
    [[], 2, /nothing to do/],
    [["--json", "--print"], 2, /--json: goes with/],
    [["--group", "critic", "--print"], 2, /--group critic: et-gan-acw has generator, discriminator/],
    [["--phase", "nap", "--print"], 2, /--phase nap: et-gan-acw has motion, expression, speech, render, adversarial/],
    [["--network", "frame", "--print"], 2, /goes with --what forward/],
    [["--phase", "motion", "--group", "discriminator", "--print"], 2, /does not learn in phase motion/],
  ])("%j is wrong usage", (args, status, message) => {
    const result = graph(...args);
    expect(result.stderr).toMatch(message);
    expect(result.status).toBe(status);
  });
});
