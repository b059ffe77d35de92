/** What is measured: anything that makes the frames of a clip from the clip's own pictures and some speech. */
import type { Image } from "../../src/media/image.js";

/** An aligned crop with its mesh [478,3] in crop pixels. */
export interface FaceCrop {
  readonly image: Image;
  readonly mesh: Float32Array;
}

export interface DriveInput {
  /** Identity pictures; the first one leads. The same array for every speech of a clip. */
  readonly views: readonly FaceCrop[];
  /** The clip's T crops: whoever uses them as guide must hide the mouth. */
  readonly guide: readonly FaceCrop[];
  /** [S = 640 frames] at 16 kHz, in step with the guide. */
  readonly speech: Float32Array;
  readonly frames: number;
  /** The views are of another clip than the guide: its motion is carried over from its own rest. */
  readonly lent?: boolean;
  /** As without an expression encoder: head, brows and lids are the guide's, the expression stays that of the views. */
  readonly ownExpression?: boolean;
}

/** Makes `frames` pictures of the guide's size. */
export type SelfDrive = (input: DriveInput) => Promise<readonly Image[]>;

/** The control: the first identity picture, held. */
export const stillDrive: SelfDrive = async ({ views, frames }) => Array.from({ length: frames }, () => (views[0] as FaceCrop).image);
