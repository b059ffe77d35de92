/**
 * ET-GAN-ACW: several identity images, an expression video of anyone and speech -> that identity speaking with that expression.
 *
 * Zeng, Liu, Lin, Ge: Talking Face Generation with Expression-Tailored Generative Adversarial Network, ACM Multimedia 2020.
 * Zeng, Zhao, Zhang, Liu, Li: Expression-tailored talking face generation with adaptive cross-modal weighting, Neurocomputing 2022.
 *
 * The papers' (block level; no figure of widths, weights or training is known):
 *   multi-image identity encoder with a learned merge, expression encoder, audio-lip encoder, face-position branch, adaptive
 *   cross-modal weighting of the four, one generator with identity skips, frame discriminator, spatial-temporal discriminator.
 * Ours, with the reason:
 *   - the generator predicts face points, warps the identity views by them and paints only what warping cannot give: a painter of
 *     whole faces needs hundreds of people to keep an unseen identity;
 *   - the expression encoder sees only the part of pictures above the nose tip, and one code a second: lips can only come from the speech;
 *   - it is told the guide's points too, mouth and cheeks among them, and finds what of their shape is a lasting expression and not the person
 *     (expression-phase.ts); of the mouth that leaves corners and cheeks, for lips never part by it and the jaw stays;
 *   - position carries the rigid head motion and the guide's brow and eye displacements, relative to the guide's own face at rest;
 *   - the lips have a weighting of their own, over identity, expression and speech: heads nod as they speak, and a guide's nods
 *     must not talk;
 *   - training in phases: points first (all encoders), then expressions of points, then lips by speech alone, then pictures, then the adversaries;
 *   - a frozen audio-lip expert (the system `sync`) hears whether predicted mouths say what was said: it sees points, as the mouth's
 *     motion is decided on points;
 *   - half of the adversarial phase drives each person with the head, brows and eyes of another one of the batch: no picture shows what should
 *     come out, so discriminators, identity and expression judge it.
 */
import type { System } from "../system.js";
import { type Config, parseConfig, presets } from "./config.js";
import { expressionNetwork, frameNetwork, identityNetwork, speechNetwork } from "./deploy.js";
import { expressionPhase } from "./expression-phase.js";
import { motionPhase } from "./motion-phase.js";
import { personal } from "./personal.js";
import { adversarialPhase, renderPhase } from "./render-phase.js";
import { speechPhase } from "./speech-phase.js";

export const etGanAcw: System<Config> = {
  name: "et-gan-acw",
  title: "ET-GAN-ACW",
  citation: "Zeng et al., ACM Multimedia 2020 (doi 10.1145/3394171.3413844); Zeng et al., Neurocomputing 2022",
  groups: ["generator", "discriminator", "expert"],
  experts: { expert: "sync" },
  parseConfig,
  presets,
  phases: [motionPhase, expressionPhase, speechPhase, renderPhase, adversarialPhase],
  networks: [identityNetwork, expressionNetwork, speechNetwork, frameNetwork],
  personal,
};
