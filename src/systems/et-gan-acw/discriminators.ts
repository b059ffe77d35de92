/** The two discriminators of ET-GAN: single frames, and short clips in space and time. */
import { concat, reshape, transpose } from "../../graph/ops/layout.js";
import type { Value } from "../../graph/value.js";
import { activate, convLayer } from "../../nn/layers.js";
import type { Params } from "../../nn/params.js";
import type { Config } from "./config.js";

/** Patch scores (Isola et al. 2017) of a frame beside an identity view: x, view [N, 3, S, S] -> [N, 1, S/8, S/8]. */
export function frameDiscriminator(config: Config, p: Params, x: Value, view: Value): Value {
  return p.scope("frame", (q) => {
    let y = concat([x, view], 1);
    config.discriminatorWidths.forEach((out, i) => {
      y = activate(convLayer(q, `down${i}`, y, { out, kernel: 4, stride: 2, pad: 1 }));
    });
    return convLayer(q, "score", y, { out: 1, kernel: 3 });
  });
}

/** Scores of a clip: x [B, T, 3, S, S] -> [B, 1, T', S/8, S/8]; 3-D convolutions, stride 2 in space and 1 in time. */
export function clipDiscriminator(config: Config, p: Params, x: Value): Value {
  return p.scope("clip", (q) => {
    let y = transpose(x, [0, 2, 1, 3, 4]); // [B, 3, T, S, S]
    config.discriminatorWidths.forEach((out, i) => {
      const [b, c, t, h, w] = y.shape as [number, number, number, number, number];
      // A 3 x 4 x 4 kernel in two steps, space then time: same reach, a third of the arithmetic (Tran et al. 2018, "(2+1)D").
      const frames = reshape(transpose(y, [0, 2, 1, 3, 4]), [b * t, c, h, w]);
      const space = activate(convLayer(q, `space${i}`, frames, { out, kernel: 4, stride: 2, pad: 1 }));
      const [, , h2, w2] = space.shape as [number, number, number, number];
      const inTime = transpose(reshape(space, [b, t, out, h2, w2]), [0, 2, 1, 3, 4]); // [B, C, T, H/2, W/2]
      y = activate(convLayer(q, `time${i}`, inTime, { out, kernel: [3, 1, 1] }));
    });
    return convLayer(q, "score", y, { out: 1, kernel: [1, 3, 3] });
  });
}
