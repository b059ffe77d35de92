/** Which cross-modal weights a frame network may tell, and of what. */
import { modalities, mouthModalities } from "../systems/et-gan-acw/networks.js";

export interface Weighting {
  /** Output of the frame network: [N, m], mean over channels and places, sums to 1 over the m modalities. */
  readonly output: string;
  readonly title: string;
  readonly modalities: readonly string[];
}

export const weightings: readonly Weighting[] = [
  { output: "weights", title: "whole face", modalities },
  { output: "mouth_weights", title: "lips", modalities: mouthModalities },
];
