/** Wav2Lip's generator from weights by their published names. */
import { TalkfaceError } from "../../base/errors.js";
import { Graph } from "../../graph/graph.js";
import { declareParams, type Layout, type Params, paramsFromWeights } from "../../nn/params.js";
import type { Value } from "../../graph/value.js";
import { wav2lipGenerator, wav2lipSizes } from "./wav2lip-generator.js";

const { face, bands, steps } = wav2lipSizes;
/** What PyTorch calls the state of a norm. */
const published: Readonly<Record<string, string>> = { mean: "running_mean", variance: "running_var" };

/** A tensor of a file, in the order of its axes. */
export interface PublishedWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * faces [1,6,96,96] (the frame with its lower half dark, then a reference frame; blue, green, red in 0..1) and mel [1,1,80,16] -> frame [1,3,96,96], with the
 * norms' running statistics. Throws `bad-model` where a weight is missing or of another shape; weights of other networks are passed over.
 */
export function wav2lipGraph(weights: ReadonlyMap<string, PublishedWeight>, where: string): Graph {
  const table = declareParams((p) => void network(p, 2)); // a norm that measures needs two
  const graph = new Graph("wav2lip");
  const params = paramsFromWeights(graph, table, vectorOf(weights, table, where), vectorOf(weights, table.state, where));
  graph.output("frame", network(params, 1));
  return graph;
}

function network(p: Params, batch: number): Value {
  return wav2lipGenerator(p, p.graph.input("faces", [batch, 6, face, face]), p.graph.input("mel", [batch, 1, bands, steps]));
}

/** The flat vector of a layout. */
function vectorOf(weights: ReadonlyMap<string, PublishedWeight>, { specs, size }: Layout, where: string): Float32Array {
  const vector = new Float32Array(size);
  let at = 0;
  for (const { name, shape } of specs) {
    const parts = name.split("/");
    const asked = [...parts.slice(0, -1), published[parts.at(-1)!] ?? parts.at(-1)!].join(".");
    const weight = weights.get(asked);
    if (weight === undefined || weight.shape.join() !== shape.join()) {
      const found = weight === undefined ? "none" : `[${weight.shape.join(", ")}]`;
      throw new TalkfaceError("bad-model", `${where}: the weight ${asked} should be [${shape.join(", ")}], found ${found}. Give a checkpoint of Wav2Lip's generator.`);
    }
    vector.set(weight.data, at);
    at += weight.data.length;
  }
  return vector;
}
