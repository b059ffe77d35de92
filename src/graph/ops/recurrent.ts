/**
 * ONNX's fused LSTM and GRU over a whole sequence, starting from zeros. They serve deployed graphs; networks that learn unroll the
 * same weights (nn/recurrent.ts).
 */
import { apply } from "../graph.js";
import type { OnnxAttribute } from "../onnx.js";
import { sameShape, show } from "../shape.js";
import type { Operator, Value } from "../value.js";

interface Recurrence {
  readonly hidden: number;
  readonly directions: 1 | 2;
}

type RecurrentInputs = readonly [Value, Value, Value, Value];

function recurrent(onnx: "LSTM" | "GRU", gates: number, extra: Readonly<Record<string, OnnxAttribute>>): Operator<RecurrentInputs, Recurrence> {
  return {
    onnx,
    infer: ([x, w, r, b], { hidden, directions }) => {
      const [steps = 0, count = 0, width = 0] = x.shape;
      if (x.shape.length !== 3 || x.dtype !== "float32") x.graph.fail(onnx, `input is ${x.dtype} ${show(x.shape)}, expected float32 [T,B,D].`);
      const rows = gates * hidden;
      const wanted = { weight: [w, [directions, rows, width]], recurrence: [r, [directions, rows, hidden]], bias: [b, [directions, 2 * rows]] } as const;
      for (const [name, [value, shape]] of Object.entries(wanted)) {
        if (!sameShape(value.shape, shape)) x.graph.fail(onnx, `the ${name} is ${show(value.shape)}, expected ${show(shape)} for ${hidden} units on ${show(x.shape)}.`);
      }
      return { dtype: x.dtype, shape: [steps, directions, count, hidden] };
    },
    encode: ({ hidden, directions }) => ({
      ...extra,
      hidden_size: { kind: "int", value: hidden },
      direction: { kind: "string", value: directions === 2 ? "bidirectional" : "forward" },
    }),
    vjp: ({ inputs: [x] }) => x.graph.fail(onnx, "the fused operator has no gradient; build the layer for training or inference, not as deployed."),
  };
}

const Lstm = recurrent("LSTM", 4, {});
// the reset gate after the product with the state, as cuDNN and PyTorch have it
const Gru = recurrent("GRU", 3, { linear_before_reset: { kind: "int", value: 1 } });

/**
 * x [T,B,D] → hidden states [T,directions,B,H]; w [directions,4H,D] and r [directions,4H,H] with the gates in the order input, output,
 * forget, cell; b [directions,8H]: those of w, then those of r. The second direction runs backwards.
 */
export function fusedLstm(x: Value, w: Value, r: Value, b: Value): Value {
  return apply(Lstm, [x, w, r, b], recurrenceOf("LSTM", r));
}

/** As `fusedLstm`, with three gates: update, reset, hidden. */
export function fusedGru(x: Value, w: Value, r: Value, b: Value): Value {
  return apply(Gru, [x, w, r, b], recurrenceOf("GRU", r));
}

function recurrenceOf(op: string, r: Value): Recurrence {
  const [directions, , hidden] = r.shape;
  if (r.shape.length !== 3 || (directions !== 1 && directions !== 2)) r.graph.fail(op, `the recurrence is ${show(r.shape)}, expected [1 or 2 directions,gates·H,H].`);
  return { hidden: hidden!, directions };
}
