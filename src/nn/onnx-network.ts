/** A network from an ONNX file as a part of ours: its weights become parameters, which are trained further. */
import type { TypedArray } from "../graph/dtype.js";
import { fromBytes } from "../graph/dtype.js";
import type { OnnxModel } from "../graph/onnx.js";
import { readModel, type ReadOptions } from "../graph/read/read-model.js";
import type { Value } from "../graph/value.js";
import type { Params } from "./params.js";

export interface OnnxNetworkOptions extends Omit<ReadOptions, "weight"> {
  /** Whether a weight is trained; the others stay constant. All by default. */
  readonly trained?: (name: string) => boolean;
}

/**
 * Values of the network by name (`outputs`, or its own outputs). The float32 initializers of the file become parameters under
 * their names, with the file's numbers as initial values. Without parameters, `readModel` gives the same network frozen.
 */
export function onnxNetwork(params: Params, model: OnnxModel, { trained = () => true, ...options }: OnnxNetworkOptions): ReadonlyMap<string, Value> {
  return readModel(params.graph, model, {
    ...options,
    weight: ({ name, dtype, shape, data }) => {
      const values: TypedArray = fromBytes(dtype, data);
      return trained(name) ? params.get(name, shape, { kind: "values", values: values as Float32Array }) : params.graph.constant(values, shape, dtype);
    },
  });
}
