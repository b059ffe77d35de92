/** Picture networks of a warping generator: an hourglass that judges each warped view, and a painter for what warping cannot give. */
import { sigmoid, tanh } from "../../graph/ops/activation.js";
import { add, mul, sub } from "../../graph/ops/arithmetic.js";
import { concat, reshape, slice, transpose } from "../../graph/ops/layout.js";
import { resizeBilinear, resizeNearest } from "../../graph/ops/resize.js";
import type { Value } from "../../graph/value.js";
import { activate, convLayer } from "../../nn/layers.js";
import { shrink } from "./pictures.js";
import type { Params } from "../../nn/params.js";

/**
 * Judges warped views [N, C, S, S]: a correction of the motion in pixels [N, 2, S, S] (at most `reach`) and a score [N, 1, S, S] by which
 * views are blended.
 */
export function viewJudge(p: Params, name: string, x: Value, reach: number): { readonly shift: Value; readonly score: Value } {
  return p.scope(name, (q) => {
    const fine = activate(convLayer(q, "in", x, { out: 16, kernel: 3 })); // S
    const half = activate(convLayer(q, "down1", fine, { out: 24, kernel: 3, stride: 2, pad: 1 })); // S/2
    const quarter = activate(convLayer(q, "down2", half, { out: 32, kernel: 3, stride: 2, pad: 1 })); // S/4
    const deep = activate(convLayer(q, "deep", quarter, { out: 32, kernel: 3 }));
    const up1 = activate(convLayer(q, "up1", concat([resizeNearest(deep, 2), half], 1), { out: 16, kernel: 3 })); // S/2
    const up2 = activate(convLayer(q, "up2", concat([resizeNearest(up1, 2), fine], 1), { out: 16, kernel: 3 })); // S
    const out = convLayer(q, "out", up2, { out: 3, kernel: 3, gain: 0.1 });
    return { shift: mul(tanh(slice(out, 1, 0, 2)), reach), score: slice(out, 1, 2, 3) };
  });
}

/** Smallest share of the painter at a pixel. */
const leastPaint = 0.1;

/** Share of the painter where warping gives nearly everything: enough for lost texture and for edges that a turn lays bare, too little for a face of its own. */
const elsewhere = 0.25;

/** Moves r x r pixel blocks into channels: [N, C, H, W] -> [N, C r², H/r, W/r]. */
export function spaceToDepth(x: Value, r: number): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return reshape(transpose(reshape(x, [n, c, h / r, r, w / r, r]), [0, 1, 3, 5, 2, 4]), [n, c * r * r, h / r, w / r]);
}

/** The inverse: [N, C r², H, W] -> [N, C, H r, W r]. */
export function depthToSpace(x: Value, r: number): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return reshape(transpose(reshape(x, [n, c / (r * r), r, r, h, w]), [0, 1, 4, 2, 5, 3]), [n, c / (r * r), h * r, w * r]);
}

/**
 * Paints over a warped picture. warped [N, 3, 2S, 2S], maps [N, G, S, S], region [N, 1, S, S] (where painting is free), code [N, C, 4, 4] at the bottleneck ->
 * picture [N, 3, 2S, 2S] (about 0..1) and the mask [N, 1, 2S, 2S] of what was painted. Works at half resolution with 2 x 2 pixel
 * blocks as channels: a quarter of the arithmetic.
 */
export function painter(p: Params, name: string, inputs: { readonly warped: Value; readonly maps: Value; readonly region: Value; readonly code: Value }, widths: readonly number[]): { readonly picture: Value; readonly mask: Value } {
  const { warped, maps, region, code } = inputs;
  const [w0, w1, w2, w3] = widths as [number, number, number, number];
  return p.scope(name, (q) => {
    const packed = sub(mul(spaceToDepth(warped, 2), 2), 1); // [N, 12, S, S]
    const a = activate(convLayer(q, "in", concat([packed, maps], 1), { out: w0, kernel: 3 })); // S
    const b = activate(convLayer(q, "down1", a, { out: w1, kernel: 3, stride: 2, pad: 1 })); // S/2
    const c = residual(q, "down2", activate(convLayer(q, "down2", b, { out: w2, kernel: 3, stride: 2, pad: 1 }))); // S/4
    const deep = activate(convLayer(q, "down3", c, { out: w3, kernel: 3, stride: 2, pad: 1 })); // S/8
    const side = deep.shape[2] as number;
    const codeSide = code.shape[2] as number;
    const told = side >= codeSide ? resizeNearest(code, side / codeSide) : shrink(code, side);
    const d = residual(q, "deep", activate(add(deep, convLayer(q, "code", told, { out: w3, kernel: 1 }))));
    const up3 = activate(convLayer(q, "up3", d, { out: w2, kernel: 1 }));
    const e = activate(convLayer(q, "join3", concat([resizeNearest(up3, 2), c], 1), { out: w2, kernel: 3 })); // S/4
    const up2 = activate(convLayer(q, "up2", e, { out: w1, kernel: 1 }));
    const f = activate(convLayer(q, "join2", concat([resizeNearest(up2, 2), b], 1), { out: w1, kernel: 3 })); // S/2
    const up1 = activate(convLayer(q, "up1", f, { out: w0, kernel: 1 }));
    const g = activate(convLayer(q, "join1", concat([resizeNearest(up1, 2), a], 1), { out: w0, kernel: 3 })); // S
    // What is painted is a difference that starts at nothing, and the mask never closes: a painter that is shut out before it has learned
    // anything does not come back.
    const out = depthToSpace(convLayer(q, "out", g, { out: 16, kernel: 3, gain: 0 }), 2); // [N, 4, 2S, 2S]
    const allowed = add(mul(resizeBilinear(region, 2), 1 - elsewhere), elsewhere);
    const mask = mul(add(mul(sigmoid(slice(out, 1, 3, 4)), 1 - leastPaint), leastPaint), allowed);
    return { picture: add(warped, mul(tanh(slice(out, 1, 0, 3)), mask)), mask };
  });
}

function residual(p: Params, name: string, x: Value): Value {
  return add(x, activate(convLayer(p, `${name}-residual`, x, { out: x.shape[1] as number, kernel: 3, gain: 0.3 })));
}
