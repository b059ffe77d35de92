/**
 * The audio-lip expert: codes of what mouth and jaw do and of what is said, alike where the two belong together (after SyncNet, Chung &
 * Zisserman 2016, which sees pixels). It sees points with the head's motion taken out: minutes of footage are enough for these, and what
 * they teach holds for faces never seen. The system `sync` trains it; other systems use it frozen.
 */
import { mouthContext, syncRun } from "../../base/sync-window.js";
import { mul, sub } from "../../graph/ops/arithmetic.js";
import { reshape, slice, transpose } from "../../graph/ops/layout.js";
import { mean } from "../../graph/ops/reduce.js";
import type { Value } from "../../graph/value.js";
import { activate, convLayer } from "../../nn/layers.js";
import { contrastive } from "../../nn/losses.js";
import type { Params } from "../../nn/params.js";
import { speechEncoder } from "./encoders.js";
import type { Noise } from "./noise.js";

/** One expert fits all systems and presets, so its sizes are no configuration. */
export const expertSizes = { width: 96, code: 48, melBands: 80 } as const;

const temperature = 0.1;

export interface ExpertTraining {
  readonly noise: Noise;
  readonly dropout: number;
}

/** Motion of the speech points in centimetres [B, T, 2 S] -> codes of the frames 2 .. T-3: [B, T - 4, D]. */
export function mouthCodes(p: Params, mouth: Value, training?: ExpertTraining): Value {
  return p.scope("mouth", (q) => {
    const centred = mul(sub(mouth, mean(mouth, { axes: [1], keepDims: true })), 3);
    const drop = (x: Value): Value => (training === undefined ? x : mul(x, training.noise.dropout(expertSizes.width, training.dropout)));
    let x = transpose(centred, [0, 2, 1]);
    x = drop(activate(convLayer(q, "near", x, { out: expertSizes.width, kernel: 3, pad: 0 })));
    x = activate(convLayer(q, "wide", x, { out: expertSizes.width, kernel: 3, pad: 0 }));
    return transpose(convLayer(q, "code", x, { out: expertSizes.code, kernel: 1 }), [0, 2, 1]);
  });
}

/** Log-mel [B, M, 4 (T + 20)] -> codes [B, T, D]. */
export function heardCodes(p: Params, mel: Value, training?: ExpertTraining): Value {
  const { width, code } = expertSizes;
  return speechEncoder(p, "heard", mel, { width, out: code, dropout: training?.dropout ?? 0, ...(training === undefined ? {} : { noise: training.noise }) });
}

/** Codes [B, T, D] -> their means over consecutive runs of `length` frames [B·⌊T/length⌋, D]. */
export function runs(x: Value, length: number): Value {
  const [b, t, d] = x.shape as [number, number, number];
  const whole = Math.floor(t / length);
  return reshape(mean(reshape(slice(x, 1, 0, whole * length), [b, whole, length, d]), { axes: [2], keepDims: false }), [b * whole, d]);
}

/**
 * How little mouth [B, T, 2 S] and log-mel [B, M, 4 (T + 20)] belong together: each run must find its partner among the runs of the
 * batch, those of its own window included, which begin at least five frames away.
 */
export function syncLoss(p: Params, mouth: Value, mel: Value, training?: ExpertTraining): { readonly loss: Value; readonly seen: Value; readonly heard: Value } {
  const t = mouth.shape[1] as number;
  const seen = runs(mouthCodes(p, mouth, training), syncRun);
  const heard = runs(slice(heardCodes(p, mel, training), 1, mouthContext, t - mouthContext), syncRun);
  return { loss: contrastive(seen, heard, temperature), seen, heard };
}
