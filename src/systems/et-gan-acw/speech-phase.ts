/**
 * Phase 3: the audio-lip encoder alone, on points. Phase 1 ends when the other encoders have learned enough, before they know people by heart; lips, for
 * which there is never enough speech, go on, with it said faster and slower than it was (features/speech-variation.ts).
 */
import { speechPoints } from "../../base/points.js";
import { add, div, mul, sub } from "../../graph/ops/arithmetic.js";
import { reshape } from "../../graph/ops/layout.js";
import type { Value } from "../../graph/value.js";
import { l2 } from "../../nn/losses.js";
import { Noise } from "../parts/noise.js";
import { syncLoss } from "../parts/sync-expert.js";
import type { Phase } from "../system.js";
import { type Config, has, pointCount } from "./config.js";
import { encodeWindows, windowFields } from "./motion-phase.js";
import { followed, opening, spokenPart, velocity } from "./mouth.js";
import { heardMotion, lipCode, placed } from "./networks.js";

export const speechPhase: Phase<Config> = {
  name: "speech",
  groups: ["generator"],
  defaultSteps: 2400,
  defaultRate: 1e-3,
  judgedBy: { figure: "lips", better: "higher" },
  batch: (config) => windowFields(config, config.motion),
  build(config, params, batch, training) {
    const p = params("generator");
    const { batch: b, frames: t } = config.motion;
    const rows = (name: string): Value => reshape(batch(name), [b * t, pointCount, 2]);
    const truth = spokenPart(div(sub(rows("points"), rows("base")), reshape(batch("scale"), [b * t, 1, 1])), b, t); // centimetres
    // What fusion adds stays: without it nobody would say where a mouth is when nothing moves it.
    const { frame } = encodeWindows(config, p.frozen(), config.motion, batch, undefined);
    const code = lipCode(config, p, batch("mel"), training ? new Noise(batch("noise")) : undefined); // [B, T, C]
    const heard = heardMotion(config, p, reshape(code, [b * t, config.width]));
    const made = spokenPart(add(frame.told, placed(heard, speechPoints)), b, t);

    const place = l2(made, truth);
    const motion = l2(velocity(made), velocity(truth));
    const lips = followed(opening(made), opening(truth));
    const expert = has(config, "expert") ? syncLoss(params("expert").frozen(), made, batch("mel")).loss : p.graph.scalar(0);
    const { follow, expert: weight } = config.losses;
    const parts = [mul(place, 10), mul(motion, 20), mul(sub(1, lips), follow), mul(expert, weight)];
    return { losses: [{ group: "generator", loss: parts.reduce((x, y) => add(x, y)) }], figures: { place, motion, lips, expert }, pictures: {} };
  },
};
