/** Named vertices of the canonical 468-point mesh; "right" is the subject's right, at negative x and left in the picture. */

/** The outline, clockwise in the picture from the top of the forehead; its first half has positive x. */
export const oval: readonly number[] = [
  10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234,
  127, 162, 21, 54, 103, 67, 109,
];

/** From the right corner to the left one, corners included above and left out below. */
export const upperOuterLip: readonly number[] = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291];
export const lowerOuterLip: readonly number[] = [146, 91, 181, 84, 17, 314, 405, 321, 375];
export const upperInnerLip: readonly number[] = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308];
export const lowerInnerLip: readonly number[] = [95, 88, 178, 87, 14, 317, 402, 318, 324];

/** Between outer and inner lip: the ridge of the lips. */
export const upperMiddleLip: readonly (readonly number[])[] = [
  [76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306],
  [62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292],
];
export const lowerMiddleLip: readonly (readonly number[])[] = [
  [77, 90, 180, 85, 16, 315, 404, 320, 307],
  [96, 89, 179, 86, 15, 316, 403, 319, 325],
];

export interface EyeRegion {
  readonly outerCorner: number;
  readonly innerCorner: number;
  /** From outer to inner corner, without them; the same place in both lists faces each other. */
  readonly upper: readonly number[];
  readonly lower: readonly number[];
  /** The fold above the upper lid and the rim below the lower one, from outer to inner. */
  readonly upperFold: readonly number[];
  readonly lowerFold: readonly number[];
  /** Upper and lower edge of the brow, from outer to inner end. */
  readonly browTop: readonly number[];
  readonly browBottom: readonly number[];
}

export const rightEye: EyeRegion = {
  outerCorner: 33,
  innerCorner: 133,
  upper: [246, 161, 160, 159, 158, 157, 173],
  lower: [7, 163, 144, 145, 153, 154, 155],
  upperFold: [247, 30, 29, 27, 28, 56, 190],
  lowerFold: [25, 110, 24, 23, 22, 26, 112],
  browTop: [70, 63, 105, 66, 107],
  browBottom: [46, 53, 52, 65, 55],
};

export const leftEye: EyeRegion = {
  outerCorner: 263,
  innerCorner: 362,
  upper: [466, 388, 387, 386, 385, 384, 398],
  lower: [249, 390, 373, 374, 380, 381, 382],
  upperFold: [467, 260, 259, 257, 258, 286, 414],
  lowerFold: [255, 339, 254, 253, 252, 256, 341],
  browTop: [300, 293, 334, 296, 336],
  browBottom: [276, 283, 282, 295, 285],
};

export const eyes: readonly EyeRegion[] = [rightEye, leftEye];

/** The nose and its wings, which no expression here moves. */
export const nose: readonly number[] = [
  1, 2, 4, 5, 6, 19, 94, 97, 98, 326, 327, 168, 195, 197, 44, 274, 45, 275, 48, 278, 64, 294, 115, 344, 131, 360, 79, 309, 166, 392, 220, 440, 8, 122, 351,
];

/** The closed contour of an eye as a list of vertices. */
export function eyeRing(eye: EyeRegion): number[] {
  return [eye.outerCorner, ...eye.upper, eye.innerCorner, ...[...eye.lower].reverse()];
}

/** The closed contour of the mouth opening. */
export function mouthRing(): number[] {
  return [...upperInnerLip, ...[...lowerInnerLip].reverse()];
}

/** The closed contour of the lips. */
export function lipRing(): number[] {
  return [...upperOuterLip, ...[...lowerOuterLip].reverse()];
}
