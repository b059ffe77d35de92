import { describe, expect, it } from "vitest";
import { ibug, lipPairs, modelPointCount, span } from "../../src/base/points.js";
import { Random } from "../../src/base/random.js";
import { count, initialValues, type ParamTable, placesOf } from "../../src/nn/params.js";
import { createSession, type Session } from "../../src/runtime/session.js";
import type { Tensor } from "../../src/runtime/tensor.js";
import type { Config } from "../../src/systems/et-gan-acw/config.js";
import { modalities, mouthModalities } from "../../src/systems/et-gan-acw/networks.js";
import { etGanAcw } from "../../src/systems/et-gan-acw/system.js";
import { deployedGraphs } from "../../src/systems/graphs.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { stepGraph } from "../../src/systems/step-graph.js";
import type { System } from "../../src/systems/system.js";
import { randomFeeds, stateFeeds } from "../support/feeds.js";

const system = etGanAcw as unknown as System;
const config = etGanAcw.presets["tiny"] as Config;
const tables = paramTables(system, config);
const table = tables.get("generator") as ParamTable;

async function network(name: string): Promise<Session> {
  return createSession(deployedGraphs(system, config, initialValues(table, 5), {}, initialValues(table.state, 5)).get(name)!);
}

describe("ET-GAN-ACW", () => {
  it("merges identity views whatever their order and ignores masked ones", async () => {
    const session = await network("frame");
    const feeds = randomFeeds(session, config.size, 1);
    const k = config.views;
    const run = async (change: Record<string, Tensor>): Promise<Tensor> => (await session.run({ ...feeds, ...change }, { fetch: ["frame"] }))["frame"]!;
    const first = await run({});
    const perView = ["views", "view_preference", "view_points", "identity_map", "identity_score"];
    const swapped = Object.fromEntries(perView.map((name) => [name, rotateRows(feeds[name]!, k)]));
    expect(maximumDifference(first, await run(swapped))).toBeLessThanOrEqual(1); // one grey level: sums in another order

    const mask: Tensor = { dtype: "float32", shape: [k], data: Float32Array.from({ length: k }, (_, i) => (i === 0 ? 1 : 0)) };
    const alone = await run({ view_mask: mask });
    const noise = Object.fromEntries(perView.map((name) => [name, otherRows(feeds[name]!, k)]));
    expect(maximumDifference(alone, await run({ ...noise, view_mask: mask }))).toBeLessThanOrEqual(1);
    expect(maximumDifference(first, alone)).toBeGreaterThan(1);
  });

  it("gives weights that sum to one and depend on the input", async () => {
    const session = await network("frame");
    const [first, second] = [await session.run(randomFeeds(session, config.size, 1)), await session.run(randomFeeds(session, config.size, 2))];
    for (const [name, m] of [["weights", modalities.length], ["mouth_weights", mouthModalities.length]] as const) {
      const [one, two] = [first[name]!.data as Float32Array, second[name]!.data as Float32Array];
      expect(one.length, name).toBe(m * config.deployFrames.frame);
      for (let i = 0; i < one.length; i += m) expect(one.slice(i, i + m).reduce((a, b) => a + b), name).toBeCloseTo(1, 4);
      expect(Math.max(...one.map((x, i) => Math.abs(x - two[i]!))), name).toBeGreaterThan(1e-4);
    }
  });

  it("hides the guide's mouth: what lies below the nose tip has no influence on the expression", async () => {
    const session = await network("expression");
    const feeds = randomFeeds(session, config.size, 1);
    const guide = feeds["guide"]!;
    const [n, h, w] = guide.shape as [number, number, number];
    const lower = (guide.data as Uint8Array).slice();
    const upper = (guide.data as Uint8Array).slice();
    for (let i = 0; i < n; i++) {
      lower.fill(7, (i * h + (9 * h) / 16) * w * 3, (i + 1) * h * w * 3);
      upper.fill(7, (i * h + h / 4) * w * 3, (i * h + h / 2) * w * 3);
    }
    const code = async (data: Uint8Array): Promise<Float32Array> => (await session.run({ ...feeds, guide: { ...guide, data } }))["code"]!.data as Float32Array;
    const before = await code(guide.data as Uint8Array);
    expect(await code(lower)).toEqual(before);
    expect(await code(upper)).not.toEqual(before);
  });

  it("lets an expression move corners and brows, but neither part the lips nor drop the jaw", async () => {
    const session = await network("expression");
    const feeds = randomFeeds(session, config.size, 1);
    const displacement = (await session.run(feeds, { fetch: ["displacement"] }))["displacement"]!.data as Float32Array;
    const at = (point: number, axis: number): number => displacement[2 * point + axis]!;
    for (const [upper, lower] of lipPairs) expect(at(upper, 1) - at(lower, 1), `${upper} and ${lower}`).toBe(0);
    for (const point of [...span(ibug.jaw), modelPointCount - 1]) expect([at(point, 0), at(point, 1)], `${point}`).toEqual([0, 0]);
    for (const point of [48, 54, 19, 24]) expect(Math.hypot(at(point, 0), at(point, 1)), `${point}`).toBeGreaterThan(1e-4);
  });

  it("tells a smile from a wide mouth: expressions put on strange faces are found again, the faces are not", async () => {
    const phase = system.phases.find(({ name }) => name === "expression")!;
    const random = new Random("smiles");
    const { batch: b, frames: t } = { ...config.tailoring, batch: 24 };
    const bent: Config = { ...config, tailoring: { ...config.tailoring, batch: b } };
    const width = 2 * modelPointCount;
    const plain = Float32Array.from({ length: width }, () => 4 * random.normal());
    const smile = Float32Array.from({ length: width }, () => random.normal());
    const wide = Float32Array.from({ length: width }, () => random.normal());
    const batch = (): Record<string, Tensor> => {
      const rest = new Float32Array(b * width);
      const shapes = new Float32Array(b * t * width);
      for (let i = 0; i < b; i++) {
        const [who, felt] = [random.normal(), 0.3 * random.normal()];
        for (let k = 0; k < width; k++) {
          rest[i * width + k] = plain[k]! + who * wide[k]!;
          for (let f = 0; f < t; f++) shapes[(i * t + f) * width + k] = rest[i * width + k]! + felt * smile[k]!;
        }
      }
      return {
        rest: { dtype: "float32", shape: [b, modelPointCount, 2], data: rest },
        shapes: { dtype: "float32", shape: [b, t, modelPointCount, 2], data: shapes },
        noise: { dtype: "float32", shape: [b, 1], data: Float32Array.from({ length: b }, () => random.uniform()) },
      };
    };
    const session = await createSession(stepGraph(system, bent, phase).toModel(), { training: true });
    let state: Record<string, Tensor> = stateFeeds(session, paramTables(system, bent));
    let unexplained = 1;
    for (let step = 1; step <= 400; step++) {
      const scalar = (value: number): Tensor => ({ dtype: "float32", shape: [], data: new Float32Array([value]) });
      const out = await session.run({ ...state, ...batch(), step: scalar(step), rate: scalar(1e-2), memory: scalar(0.9) });
      state = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, out[`next.${name}`] ?? value]));
      unexplained = Number(out["figure.unexplained"]!.data[0]);
    }
    expect(unexplained).toBeLessThan(0.25); // 1 for whoever says nothing, more for whoever takes the face for an expression
  });

  it.each([
    ["expression", /^tailored\//],
    ["speech", /^speech\/lips\/|^points\/spoken\//],
  ])("trains in the phase %s what it is for, and nothing else", async (name, own) => {
    const phase = system.phases.find((one) => one.name === name)!;
    const session = await createSession(stepGraph(system, config, phase).toModel(), { training: true });
    const scalar = (value: number): Tensor => ({ dtype: "float32", shape: [], data: new Float32Array([value]) });
    const state = stateFeeds(session, tables);
    const out = await session.run({ ...randomFeeds(session, config.size, 3), ...state, step: scalar(1), rate: scalar(1e-2), memory: scalar(0.9) });
    const [before, after] = [state["theta.generator"]!, out["next.theta.generator"]!].map(({ data }) => data as Float32Array) as [Float32Array, Float32Array];
    const moved = [...placesOf(table)].filter(([, { offset, shape }]) => before.slice(offset, offset + count(shape)).some((value, i) => value !== after[offset + i])).map(([part]) => part);
    expect(moved.filter((part) => !own.test(part))).toEqual([]);
    expect(moved).toEqual([...placesOf(table).keys()].filter((part) => own.test(part)));
  });

  it("keeps the guide's head and brows out of the lips: position moves other points only", async () => {
    const session = await network("frame");
    const feeds = randomFeeds(session, config.size, 1);
    const points = async (change: Record<string, Tensor>): Promise<Float32Array> => (await session.run({ ...feeds, ...change }, { fetch: ["points"] }))["points"]!.data as Float32Array;
    const position = feeds["position"]!;
    const before = await points({});
    const after = await points({ position: { ...position, data: (position.data as Float32Array).map((x) => 1 - x) } });
    const moved = (from: number, to: number): number => before.slice(2 * from, 2 * to).reduce((most, x, i) => Math.max(most, Math.abs(x - after[2 * from + i]!)), 0);
    expect(moved(ibug.outerLips[0], ibug.innerLips[1])).toBe(0);
    expect(moved(0, ibug.outerLips[0])).toBeGreaterThan(1e-3);
    expect(moved(ibug.innerLips[1], modelPointCount)).toBeGreaterThan(1e-3);
    const speech = feeds["speech"]!;
    const said = await points({ speech: { ...speech, data: (speech.data as Float32Array).map((x) => 1 - x) } });
    expect(Math.max(...before.slice(2 * ibug.outerLips[0], 2 * ibug.innerLips[1]).map((x, i) => Math.abs(x - said[2 * ibug.outerLips[0] + i]!)))).toBeGreaterThan(1e-3);
  });

  it("learns: one batch repeated loses in every phase", async () => {
    for (const phase of system.phases) {
      const session = await createSession(stepGraph(system, config, phase).toModel(), { training: true });
      let feeds = { ...randomFeeds(session, config.size, 3), ...stateFeeds(session, tables) };
      const losses: number[] = [];
      for (let step = 1; step <= 25; step++) {
        const scalar = (value: number): Tensor => ({ dtype: "float32", shape: [], data: new Float32Array([value]) });
        const out = await session.run({ ...feeds, step: scalar(step), rate: scalar(3e-3), memory: scalar(0.9) });
        losses.push(Number(out["loss.generator"]!.data[0]));
        feeds = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, out[`next.${name}`] ?? value]));
      }
      expect(losses.every(Number.isFinite), phase.name).toBe(true);
      // Random pixels cannot be fitted, least of all where nothing is painted: what must fall is small.
      expect(losses.at(-1)!, phase.name).toBeLessThan(0.99 * losses[0]!);
    }
  });

  it("leaves out what the configuration says", async () => {
    const without = (parts: Config["without"]): Config => ({ ...config, without: parts });
    const open = async (changed: Config): Promise<Session> => {
      const own = paramTables(system, changed).get("generator") as ParamTable;
      return createSession(deployedGraphs(system, changed, initialValues(own, 5), {}, initialValues(own.state, 5)).get("frame")!);
    };
    const moved = async (session: Session, name: string): Promise<number> => {
      const feeds = randomFeeds(session, config.size, 1);
      const run = async (change: Record<string, Tensor>): Promise<Float32Array> => (await session.run({ ...feeds, ...change }, { fetch: ["points"] }))["points"]!.data as Float32Array;
      const [before, after] = [await run({}), await run({ [name]: { ...feeds[name]!, data: (feeds[name]!.data as Float32Array).map((x) => 1 - x) } })];
      return Math.max(...before.map((x, i) => Math.abs(x - after[i]!)));
    };
    for (const name of ["expression", "speech", "position"] as const) {
      expect(await moved(await open(without([name])), name), name).toBe(0);
      expect(await moved(await open(config), name), name).toBeGreaterThan(1e-4);
    }
    const plain = await open(without(["weighting"]));
    expect(plain.outputs.map(({ name }) => name)).toEqual(["frame", "points", "mask"]);
    const adversarial = system.phases.find(({ name }) => name === "adversarial")!;
    const groups = (parts: Config["without"]): string[] => [...stepGraph(system, without(parts), adversarial).outputs.keys()].filter((name) => name.startsWith("loss."));
    expect(groups([])).toEqual(["loss.generator", "loss.discriminator"]);
    expect(groups(["frame-discriminator", "clip-discriminator"])).toEqual(["loss.generator"]);
    expect(adversarial.batch(config).some(({ name }) => name === "cross_base")).toBe(true);
    expect(adversarial.batch(without(["cross"])).some(({ name }) => name.startsWith("cross_"))).toBe(false);
  });

  it("has points that agree with the data contract", () => {
    expect(system.phases[0]!.batch(config).find((f) => f.name === "points")!.shape.at(-2)).toBe(modelPointCount);
  });
});

function rotateRows(tensor: Tensor, rows: number): Tensor {
  const data = tensor.data as Float32Array | Uint8Array;
  const width = data.length / rows;
  const out = data.slice();
  for (let r = 0; r < rows; r++) out.set(data.slice(r * width, (r + 1) * width), ((r + 1) % rows) * width);
  return { ...tensor, data: out };
}

/** Everything but the first row replaced. */
function otherRows(tensor: Tensor, rows: number): Tensor {
  const data = tensor.data as Float32Array | Uint8Array;
  return { ...tensor, data: data.map((x: number, i: number) => (i < data.length / rows ? x : x * 0.5)) as Float32Array | Uint8Array };
}

function maximumDifference(a: Tensor, b: Tensor): number {
  const [x, y] = [a.data as Uint8Array, b.data as Uint8Array];
  return x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
}
