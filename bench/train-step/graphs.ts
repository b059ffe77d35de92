/** The networks that both sides of the bench `train-step` run. */
import { Graph } from "../../src/graph/graph.js";
import type { Value } from "../../src/graph/value.js";
import { l1 } from "../../src/nn/losses.js";
import { declareParams, type Params, type ParamTable, paramsFromWeights } from "../../src/nn/params.js";
import { wav2lipGenerator, wav2lipSizes } from "../../src/systems/parts/wav2lip-generator.js";
import type { Phase, System } from "../../src/systems/system.js";

const { face, bands, steps } = wav2lipSizes;

/** Rows and columns of the matrices whose product shows what the machine can do. */
export const productSide = 2048;

export const inputShapes = (batch: number): Readonly<Record<"faces" | "mel" | "target", readonly number[]>> => ({
  faces: [batch, 6, face, face],
  mel: [batch, 1, bands, steps],
  target: [batch, 3, face, face],
});

function network(p: Params, batch: number): Value {
  const shapes = inputShapes(batch);
  return wav2lipGenerator(p, p.graph.input("faces", shapes.faces), p.graph.input("mel", shapes.mel));
}

export function wav2lipTable(): ParamTable {
  return declareParams((p) => void network(p, 2));
}

/** The network as a system whose one phase learns faces by their L1 distance; the configuration is the batch size. */
const phase: Phase<unknown> = {
  name: "draw",
  groups: ["generator"],
  defaultSteps: 1,
  defaultRate: 1e-4,
  batch: (batch) => Object.entries(inputShapes(batch as number)).map(([name, shape]) => ({ name, dtype: "float32", shape })),
  build: (_, params, batch) => ({
    losses: [{ group: "generator", loss: l1(wav2lipGenerator(params("generator"), batch("faces"), batch("mel")), batch("target")) }],
    figures: {},
    pictures: {},
  }),
};
export const wav2lipSystem: System = { name: "wav2lip", title: "Wav2Lip", citation: "", groups: ["generator"], phases: [phase], networks: [], presets: {}, parseConfig: (value) => value };

/** The deployed network. */
export function inferenceGraph(batch: number, weights: Float32Array, state: Float32Array): Graph {
  const graph = new Graph("wav2lip");
  graph.output("picture", network(paramsFromWeights(graph, wav2lipTable(), weights, state), batch));
  return graph;
}
