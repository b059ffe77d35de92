/** A gated recurrent unit whose products are convolutions (Ballas et al. 2016): memory for maps. */
import { sigmoid, tanh } from "../graph/ops/activation.js";
import { add, mul, sub } from "../graph/ops/arithmetic.js";
import { conv } from "../graph/ops/conv.js";
import { concat, reshape, slice, split, transpose } from "../graph/ops/layout.js";
import { show } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { convLayer } from "./layers.js";
import type { Params } from "./params.js";

export interface ConvGruOptions {
  readonly hidden: number;
  /** Odd side of the kernels. */
  readonly kernel: number;
  readonly dilation?: number;
}

/** x [B, T, C, H, W] -> states [B, T, hidden, H, W], starting from zeros. */
export function convGru(p: Params, name: string, x: Value, options: ConvGruOptions): Value {
  const [count = 0, steps = 0, channels = 0, height = 0, width = 0] = x.shape;
  if (x.shape.length !== 5 || steps === 0) x.graph.fail("convGru", `input ${show(x.shape)}, expected [B,T,C,H,W] with at least one step.`);
  return p.scope(name, (q) => {
    const frames = reshape(transpose(x, [1, 0, 2, 3, 4]), [steps * count, channels, height, width]);
    const own = split(inputOf(q, frames, options), new Array<number>(steps).fill(count), 0);
    const states: Value[] = [];
    for (const step of own) states.push(advance(q, step, states.at(-1) ?? null, options));
    return concat(states.map((h) => reshape(h, [count, 1, options.hidden, height, width])), 1);
  });
}

/** One step with the same parameters: x [N, C, H, W], state [N, hidden, H, W] or null for zeros. */
export function convGruCell(p: Params, name: string, x: Value, state: Value | null, options: ConvGruOptions): Value {
  return p.scope(name, (q) => advance(q, inputOf(q, x, options), state, options));
}

/** The input's share of update, reset and candidate: [N, 3·hidden, H, W]. */
function inputOf(p: Params, x: Value, { hidden, kernel, dilation = 1 }: ConvGruOptions): Value {
  if (kernel % 2 !== 1) x.graph.fail("convGru", `the kernel is ${kernel}, expected an odd side, which keeps the size.`);
  return convLayer(p, "input", x, { out: 3 * hidden, kernel, dilation });
}

function advance(p: Params, own: Value, state: Value | null, { hidden, kernel, dilation = 1 }: ConvGruOptions): Value {
  const past = (name: string, h: Value, out: number): Value => {
    const weight = p.get(name, [out, hidden, kernel, kernel], { kind: "normal", deviation: 1 / Math.sqrt(hidden * kernel * kernel) });
    return conv(h, weight, { pad: ((kernel - 1) * dilation) / 2, dilation });
  };
  const gates = slice(own, 1, 0, 2 * hidden);
  const [update, reset] = split(sigmoid(state === null ? gates : add(gates, past("gates", state, 2 * hidden))), [hidden, hidden], 1) as [Value, Value];
  const fresh = slice(own, 1, 2 * hidden, 3 * hidden);
  if (state === null) return mul(update, tanh(fresh));
  const candidate = tanh(add(fresh, past("candidate", mul(reset, state), hidden)));
  return add(state, mul(update, sub(candidate, state)));
}
