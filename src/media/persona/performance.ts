/** A persona's act: what it says, how the mouth moves with it, and what brows, lids, eyes and head do meanwhile. */
import { Random } from "../../base/random.js";
import { smooth } from "./face-shape.js";
import { neutralState, type FaceState } from "./face-state.js";
import { drawIdentity } from "./identity.js";
import { randomUtterance, speak, type Phoneme, type PhonemeSymbol } from "./voice.js";

export const framesPerSecond = 25;

type Mood = Partial<Pick<FaceState, "smile" | "frown" | "browRaise" | "browFurrow" | "eyeSquint" | "eyeWide">>;

export const moods = {
  neutral: {},
  happy: { smile: 0.85, eyeSquint: 0.25, browRaise: 0.15 },
  sad: { frown: 0.75, browRaise: 0.25, browFurrow: 0.45 },
  angry: { browFurrow: 1, eyeSquint: 0.35, frown: 0.35 },
  surprised: { browRaise: 1, eyeWide: 0.9 },
} as const satisfies Record<string, Mood>;

/** A mood that is held, or all of them one after another. */
export type Expression = keyof typeof moods | "varied";

export const expressions = [...Object.keys(moods), "varied"] as readonly Expression[];

export interface Performance {
  /** [T] at 25 a second. */
  readonly states: readonly FaceState[];
  /** [S] at 16 kHz, 640 samples a frame. */
  readonly speech: Float32Array;
  readonly phonemes: readonly Phoneme[];
}

export interface PerformanceOptions {
  /** What is said: babble by default, [] for silence. */
  readonly phonemes?: readonly Phoneme[];
  /** Height of the voice -1..1, as in an identity; drawn from the seed by default. */
  readonly voice?: number;
  /** Size of the head's movement, 1 by default. */
  readonly headMotion?: number;
}

interface MouthShape {
  readonly open: number;
  readonly wide: number;
  readonly round: number;
  readonly press: number;
  /** How firmly this sound holds its shape against its neighbours. */
  readonly grip: number;
}

const mouthShape = (open: number, wide: number, round: number, press: number, grip = 1): MouthShape => ({ open, wide, round, press, grip });

const mouths: Readonly<Record<PhonemeSymbol, MouthShape>> = {
  a: mouthShape(0.78, 0.15, 0, 0),
  e: mouthShape(0.46, 0.5, 0, 0),
  i: mouthShape(0.22, 0.85, 0, 0),
  o: mouthShape(0.5, 0, 0.6, 0),
  u: mouthShape(0.2, 0, 0.95, 0),
  w: mouthShape(0.1, 0, 1, 0, 1.3),
  m: mouthShape(0, 0.05, 0, 0.75, 4),
  n: mouthShape(0.17, 0.25, 0, 0, 0.8),
  l: mouthShape(0.28, 0.25, 0, 0, 0.8),
  f: mouthShape(0.06, 0.2, 0, 0.35, 2),
  s: mouthShape(0.1, 0.55, 0, 0, 1.2),
  p: mouthShape(0, 0, 0.05, 0.9, 4),
  t: mouthShape(0.16, 0.3, 0, 0, 0.8),
  sil: mouthShape(0, 0, 0, 0.05, 0.7),
};

/** The act of a seed: `round(25 seconds)` frames and as much sound. The same arguments give the same act. */
export function performance(seed: number, seconds: number, expression: Expression, options: PerformanceOptions = {}): Performance {
  const random = new Random(seed).split("performance");
  const frames = Math.max(1, Math.round(seconds * framesPerSecond));
  const length = frames / framesPerSecond;
  const phonemes = options.phonemes ?? randomUtterance(random.split("words"), length);
  const pitchHz = 150 * 2 ** (0.75 * (options.voice ?? drawIdentity(seed).voice));
  const spoken = speak(phonemes, { random: random.split("voice"), pitchHz });
  const speech = new Float32Array(frames * 640);
  speech.set(spoken.subarray(0, speech.length));
  const articulation = createArticulation(phonemes);
  const moodAt = createMood(expression, length);
  const blinkAt = createBlinks(random.split("blinks"), length);
  const gazeAt = createGaze(random.split("gaze"), length);
  const sway = createSway(random.split("head"), options.headMotion ?? 1);
  const states = Array.from({ length: frames }, (_, t): FaceState => {
    const time = (t + 0.5) / framesPerSecond;
    const mouth = articulation(time);
    const mood = { ...neutralState, ...moodAt(time) };
    const head = sway(time);
    // Stress lifts the brows and nods the head a little.
    const stress = Math.max(0, mouth.level - 0.95);
    return {
      ...mood,
      smile: mood.smile * (1 - 0.45 * mouth.mouthRound),
      browRaise: Math.min(1, mood.browRaise + 0.5 * stress),
      blink: blinkAt(time),
      ...gazeAt(time),
      ...head,
      pitch: head.pitch - 0.06 * stress,
      mouthOpen: mouth.mouthOpen,
      mouthWide: mouth.mouthWide * (1 - 0.5 * mood.smile),
      mouthRound: mouth.mouthRound,
      mouthPress: mouth.mouthPress,
    };
  });
  return { states, speech, phonemes };
}

type Mouth = Pick<FaceState, "mouthOpen" | "mouthWide" | "mouthRound" | "mouthPress"> & { readonly level: number };

/**
 * Mouth shape over time with co-articulation: each sound pulls with a strength that decays before and after it (Cohen & Massaro
 * 1993), so that vowels are prepared early and short sounds are undershot; closures grip firmly and are reached.
 */
export function createArticulation(phonemes: readonly Phoneme[]): (time: number) => Mouth {
  let start = 0;
  const segments = phonemes.map((phoneme) => {
    const segment = { ...phoneme, level: phoneme.level ?? 1, from: start, to: start + phoneme.seconds };
    start = segment.to;
    return segment;
  });
  return (time) => {
    let [open, wide, round, press, level, total] = [0, 0, 0, 0, 0, 1e-9];
    for (const segment of segments) {
      const away = Math.max(0, segment.from - time, time - segment.to);
      if (away > 0.3) continue;
      const shape = mouths[segment.symbol];
      // Movement leads the sound slightly: preparing reaches further than letting go.
      const reach = time < segment.from ? 0.05 : 0.035;
      const pull = shape.grip * Math.exp(-away / reach);
      open += pull * shape.open * Math.min(1.2, segment.level);
      wide += pull * shape.wide;
      round += pull * shape.round;
      press += pull * shape.press;
      level += pull * (segment.symbol === "sil" ? 0 : segment.level);
      total += pull;
    }
    return { mouthOpen: Math.min(1, open / total), mouthWide: wide / total, mouthRound: round / total, mouthPress: press / total, level: level / total };
  };
}

function createMood(expression: Expression, seconds: number): (time: number) => Mood {
  if (expression !== "varied") return () => moods[expression];
  const order = ["neutral", "happy", "surprised", "sad", "angry", "neutral"] as const;
  const each = seconds / order.length;
  return (time) => {
    const place = Math.min(order.length - 1, time / each);
    const i = Math.floor(place);
    const share = smooth(0.6, 1, place - i);
    const [now, next]: [Mood, Mood] = [moods[order[i]!], moods[order[Math.min(order.length - 1, i + 1)]!]];
    const names = ["smile", "frown", "browRaise", "browFurrow", "eyeSquint", "eyeWide"] as const;
    return Object.fromEntries(names.map((name) => [name, (now[name] ?? 0) * (1 - share) + (next[name] ?? 0) * share]));
  };
}

/** Lids fall in 80 ms and rise in 150 ms, every two to five seconds. */
function createBlinks(random: Random, seconds: number): (time: number) => number {
  const times: number[] = [];
  for (let t = random.uniform(0.6, 2.5); t < seconds; t += random.uniform(2, 5)) times.push(t);
  return (time) => Math.max(0, ...times.map((t) => (time < t ? smooth(t - 0.09, t - 0.01, time) : 1 - smooth(t + 0.02, t + 0.17, time))));
}

/** Mostly at the viewer, with short glances aside. */
function createGaze(random: Random, seconds: number): (time: number) => { gazeX: number; gazeY: number } {
  const stops: { from: number; x: number; y: number }[] = [{ from: 0, x: 0, y: 0 }];
  for (let t = random.uniform(0.8, 2); t < seconds; ) {
    stops.push({ from: t, x: random.uniform(-0.7, 0.7), y: random.uniform(-0.35, 0.35) });
    t += random.uniform(0.4, 1);
    stops.push({ from: t, x: random.uniform(-0.08, 0.08), y: random.uniform(-0.06, 0.06) });
    t += random.uniform(0.9, 2.4);
  }
  return (time) => {
    const i = stops.findLastIndex((stop) => stop.from <= time);
    const [now, before] = [stops[i]!, stops[Math.max(0, i - 1)]!];
    const share = smooth(0, 0.06, time - now.from);
    return { gazeX: before.x + (now.x - before.x) * share, gazeY: before.y + (now.y - before.y) * share };
  };
}

/** Slow irregular movement of the head: three sines each for turn, nod, tilt and shift. */
function createSway(random: Random, size: number): (time: number) => Pick<FaceState, "yaw" | "pitch" | "roll" | "shift"> {
  const wave = (amplitude: number): ((time: number) => number) => {
    const parts = [0.17, 0.41, 0.83].map((hz, n) => ({ hz: hz * random.uniform(0.8, 1.25), phase: random.uniform(0, 2 * Math.PI), size: amplitude / (n + 1) }));
    return (time) => size * parts.reduce((sum, part) => sum + part.size * Math.sin(2 * Math.PI * part.hz * time + part.phase), 0);
  };
  const [yaw, pitch, roll, x, y, z] = [wave(0.16), wave(0.07), wave(0.06), wave(0.5), wave(0.25), wave(0.5)];
  return (time) => ({ yaw: yaw(time), pitch: pitch(time), roll: roll(time), shift: [x(time), y(time), z(time)] });
}
