import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { linear } from "../../src/nn/layers.js";
import { batchNorm } from "../../src/nn/norms.js";
import { declareParams, type ParamTable } from "../../src/nn/params.js";
import { writeCheckpoint } from "../../src/store/checkpoint.js";
import { parameterNames, startFrom } from "../../src/train/init.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-init-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A network of two layers with a batch norm between; `extra` puts a layer before them. */
function tablesOf(extra: boolean): ReadonlyMap<string, ParamTable> {
  const table = declareParams((p) => {
    const x = p.graph.input("x", [4, 3]);
    const stem = extra ? batchNorm(p, "new", linear(p, "before", x, { out: 3 })) : x;
    linear(p, "out", batchNorm(p, "norm", stem), { out: 2 });
  });
  return new Map([["net", table]]);
}

const vector = (length: number, from: number): Float32Array => Float32Array.from({ length }, (_, i) => from + i);

it("weights and what layers measured are taken over by name", async () => {
  const known = tablesOf(false);
  const { size, state } = known.get("net")!;
  const vectors = new Map([["theta.net", vector(size, 100)], ["average.net", vector(size, 200)], ["state.net", vector(state.size, 300)]]);
  const path = await writeCheckpoint(folder, { step: 7, vectors, facts: { parameters: parameterNames(known) } }, 1);

  const wanted = tablesOf(true);
  const table = wanted.get("net")!;
  const fresh = new Map([["theta.net", new Float32Array(table.size)], ["average.net", new Float32Array(table.size)], ["state.net", new Float32Array(table.state.size)]]);
  expect(await startFrom(path, fresh, wanted)).toBe("6 of 12 parameters taken over");
  // the new layers come first: weight 9, bias 3, scale and bias 3 each; mean and variance 3 each
  for (const name of ["theta.net", "average.net"]) expect([...fresh.get(name)!]).toEqual([...new Float32Array(18), ...vector(size, 200)]);
  expect([...fresh.get("state.net")!]).toEqual([...new Float32Array(6), ...vector(6, 300)]);
});
