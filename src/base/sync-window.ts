/** Lengths that the audio-lip expert is built with, and with which it is asked. */

/** Frames on either side that a mouth code takes in. */
export const mouthContext = 2;

/** Frames of one mean: what is compared is this long, as in SyncNet. */
export const syncRun = 5;

/** Frames over which the mean mouth is taken out: it is the person's and the expression's business. */
export const syncWindow = 24;
