/** ET-GAN-ACW for one person: a minute or two of video, half an hour on two cores. */
import type { Personal } from "../system.js";
import { type Config, has } from "./config.js";

/**
 * Only pictures learn, and at once against the discriminators: points and lips come from many people, whom one would make worse, and
 * reconstruction alone blurs. There is nobody else to drive the person with, so the cross-identity half, which takes as long as the other, is left
 * out, and batches are small: a few hundred steps are what the time gives.
 */
export const personal: Personal<Config> = {
  phases: [{ name: "adversarial", steps: 600, rate: 2e-4 }],
  adapt: (config) => ({
    ...config,
    render: { ...config.render, batch: Math.min(2, config.render.batch), frames: Math.min(3, config.render.frames) },
    without: has(config, "cross") ? [...config.without, "cross"] : config.without,
  }),
};
