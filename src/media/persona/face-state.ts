/** What a persona does at one moment. */
export interface FaceState {
  /** Expression, 0..1 each. */
  readonly smile: number;
  readonly frown: number;
  readonly browRaise: number;
  readonly browFurrow: number;
  readonly eyeSquint: number;
  readonly eyeWide: number;
  /** 0 open .. 1 closed. */
  readonly blink: number;
  /** -1..1: to the picture's right, up. */
  readonly gazeX: number;
  readonly gazeY: number;
  /** Radians: yaw turns the face to the picture's right, pitch lifts the chin, roll tilts the head counter-clockwise in the picture. */
  readonly yaw: number;
  readonly pitch: number;
  readonly roll: number;
  /** Head shift in cm: to the picture's right, up, towards the viewer. */
  readonly shift: readonly [number, number, number];
  /** Mouth shape, 0..1 each: jaw open, corners wide (ee), lips round (oo), lips pressed (m). */
  readonly mouthOpen: number;
  readonly mouthWide: number;
  readonly mouthRound: number;
  readonly mouthPress: number;
}

export const neutralState: FaceState = {
  smile: 0,
  frown: 0,
  browRaise: 0,
  browFurrow: 0,
  eyeSquint: 0,
  eyeWide: 0,
  blink: 0,
  gazeX: 0,
  gazeY: 0,
  yaw: 0,
  pitch: 0,
  roll: 0,
  shift: [0, 0, 0],
  mouthOpen: 0,
  mouthWide: 0,
  mouthRound: 0,
  mouthPress: 0,
};
