/** Who a persona is: proportions, colours and styles, drawn from a seed. */
import { Random } from "../../base/random.js";

/** Linear RGB, 0..1. */
export type Colour = readonly [number, number, number];

export type HairStyle = "cropped" | "short" | "parted" | "fringe" | "bob" | "long" | "bun" | "curls" | "bald";

/** Deviations from the canonical face, each about -1..1, and styles. */
export interface Identity {
  readonly seed: number;
  readonly proportions: {
    readonly faceWidth: number;
    readonly jawWidth: number;
    readonly chinLength: number;
    readonly foreheadHeight: number;
    readonly cheeks: number;
    readonly noseWidth: number;
    readonly noseLength: number;
    readonly noseHeight: number;
    readonly eyeSize: number;
    readonly eyeSpacing: number;
    readonly eyeTilt: number;
    readonly browHeight: number;
    readonly mouthWidth: number;
    readonly upperLip: number;
    readonly lowerLip: number;
  };
  readonly skin: Colour;
  readonly lips: Colour;
  readonly iris: Colour;
  readonly hair: Colour;
  readonly hairStyle: HairStyle;
  /** 0..1 each. */
  readonly freckles: number;
  readonly beard: number;
  readonly browThickness: number;
  readonly age: number;
  readonly cloth: Colour;
  readonly background: { readonly low: Colour; readonly high: Colour };
  /** Where the main light stands: -1 left .. 1 right, and its strength 0..1 over the fill. */
  readonly light: { readonly side: number; readonly contrast: number };
  /** Semitones around a middle voice: -1 low .. 1 high. */
  readonly voice: number;
}

// sRGB bytes; a wide range of complexions, each with lips that suit it.
const skins = ["#efcfbb", "#e8bda0", "#dfb092", "#d1a07e", "#b98565", "#9a6a4b", "#7c5138", "#5f3a24"];
const irises = ["#4a2c17", "#6b4423", "#7d6a35", "#4f7a55", "#5b8aa8", "#3f5f86", "#7f8c8d"];
const hairs = ["#14100e", "#2a1a12", "#4a2d1a", "#6e4527", "#9c6b3a", "#c79a5b", "#8b3a1e", "#8f8a86"];
const clothes = ["#2f4a66", "#7a2f3a", "#3d5a45", "#555a62", "#c8c2b5", "#22262d", "#8a6d3b", "#5b4a78"];
const walls = ["#8fa3b0", "#b7ab9a", "#7d8f86", "#a39aae", "#c9c5bd", "#5f6d7a", "#94806c"];

/** The same seed always gives the same person. */
export function drawIdentity(seed: number): Identity {
  const random = new Random(seed).split("identity");
  const deviation = (): number => Math.max(-1, Math.min(1, 0.5 * random.normal()));
  const tone = random.integer(skins.length);
  const skin = jitter(random, colour(skins[tone]!), 0.06);
  const feminine = random.uniform() < 0.5;
  const grown = random.uniform();
  const styles: readonly HairStyle[] = feminine ? ["bob", "long", "bun", "fringe", "parted", "curls"] : ["cropped", "short", "parted", "curls", "bald", "short"];
  const wall = jitter(random, colour(random.pick(walls)), 0.15);
  // Dark complexions rarely come with fair hair.
  const hair = colour(hairs[random.integer(tone >= 4 ? 3 : hairs.length)]!);
  return {
    seed,
    proportions: {
      faceWidth: deviation(),
      jawWidth: deviation() + (feminine ? -0.35 : 0.35),
      chinLength: deviation() + (feminine ? -0.25 : 0.25),
      foreheadHeight: deviation(),
      cheeks: deviation() + (feminine ? 0.2 : -0.1),
      noseWidth: deviation() + (tone >= 5 ? 0.5 : 0) + (feminine ? -0.2 : 0.2),
      noseLength: deviation(),
      noseHeight: deviation(),
      eyeSize: deviation() + (feminine ? 0.4 : 0),
      eyeSpacing: deviation(),
      eyeTilt: deviation(),
      browHeight: deviation() + (feminine ? 0.3 : -0.3),
      mouthWidth: deviation(),
      upperLip: deviation() + (feminine ? 0.4 : -0.1) + (tone >= 5 ? 0.4 : 0),
      lowerLip: deviation() + (feminine ? 0.4 : 0) + (tone >= 5 ? 0.3 : 0),
    },
    skin,
    lips: jitter(random, lipColour(skin, feminine ? random.uniform(0.35, 0.8) : random.uniform(0.15, 0.4)), 0.05),
    iris: jitter(random, colour(irises[random.integer(tone >= 4 ? 2 : irises.length)]!), 0.1),
    hair: jitter(random, hair, 0.1),
    hairStyle: random.pick(styles),
    freckles: tone <= 2 && random.uniform() < 0.35 ? random.uniform(0.4, 1) : 0,
    beard: !feminine && random.uniform() < 0.45 ? random.uniform(0.25, 1) : 0,
    browThickness: (feminine ? 0.25 : 0.55) + 0.35 * random.uniform(),
    age: grown * grown,
    cloth: jitter(random, colour(random.pick(clothes)), 0.15),
    background: { low: scale(wall, 0.55), high: wall },
    light: { side: random.uniform(-1, 1), contrast: random.uniform(0.25, 0.8) },
    voice: Math.max(-1, Math.min(1, (feminine ? 0.6 : -0.6) + 0.3 * deviation())),
  };
}

export function colour(hex: string): Colour {
  const value = (at: number): number => srgbToLinear(parseInt(hex.slice(at, at + 2), 16) / 255);
  return [value(1), value(3), value(5)];
}

export function srgbToLinear(v: number): number {
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
}

export function linearToSrgb(v: number): number {
  return v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
}

export function mix(a: Colour, b: Colour, t: number): Colour {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

export function scale(a: Colour, k: number): Colour {
  return [a[0] * k, a[1] * k, a[2] * k];
}

function jitter(random: Random, c: Colour, amount: number): Colour {
  const level = 1 + amount * random.uniform(-1, 1);
  const one = (v: number): number => Math.min(0.95, v * level * (1 + 0.5 * amount * random.uniform(-1, 1)));
  return [one(c[0]), one(c[1]), one(c[2])];
}

/** Lips are the skin with less green and blue; `strength` 0..1 up to lipstick. */
function lipColour(skin: Colour, strength: number): Colour {
  const level = 0.85 - 0.2 * strength;
  return [skin[0] * (level + 0.12), skin[1] * level * (0.75 - 0.4 * strength), skin[2] * level * (0.8 - 0.35 * strength)];
}
