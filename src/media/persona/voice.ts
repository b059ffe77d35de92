/** The personas' voice: a glottal source or noise through resonators, phoneme by phoneme, with times that are known exactly. */
import { TalkfaceError } from "../../base/errors.js";
import type { Random } from "../../base/random.js";

export const voiceRateHz = 16000;

export type PhonemeSymbol = "a" | "e" | "i" | "o" | "u" | "w" | "m" | "n" | "l" | "f" | "s" | "p" | "t" | "sil";

export interface Phoneme {
  readonly symbol: PhonemeSymbol;
  readonly seconds: number;
  /** Stress: loudness and size of the mouth movement, 1 by default. */
  readonly level?: number;
}

interface Sound {
  /** Resonances in Hz. */
  readonly formants: readonly [number, number, number];
  /** Strength of the glottal source and of the noise, 0..1. */
  readonly voicing: number;
  readonly noise: number;
  /** Centre and width of the noise band in Hz. */
  readonly hiss: readonly [number, number];
  /** A stop: silence that ends in a burst. */
  readonly stop?: boolean;
}

const vowel = (f1: number, f2: number, f3: number, voicing = 1): Sound => ({ formants: [f1, f2, f3], voicing, noise: 0, hiss: [3000, 2000] });

const sounds: Readonly<Record<PhonemeSymbol, Sound>> = {
  a: vowel(760, 1250, 2550),
  e: vowel(540, 1850, 2500),
  i: vowel(290, 2280, 2950),
  o: vowel(480, 880, 2450),
  u: vowel(320, 800, 2300, 0.85),
  w: vowel(300, 640, 2250, 0.6),
  m: vowel(260, 1050, 2200, 0.35),
  n: vowel(270, 1650, 2500, 0.38),
  l: vowel(360, 1150, 2750, 0.6),
  f: { formants: [400, 1200, 2500], voicing: 0, noise: 0.16, hiss: [5200, 4500] },
  s: { formants: [320, 1600, 2600], voicing: 0, noise: 0.42, hiss: [5600, 1900] },
  p: { formants: [350, 900, 2300], voicing: 0, noise: 0.4, hiss: [900, 900], stop: true },
  t: { formants: [350, 1750, 2650], voicing: 0, noise: 0.5, hiss: [4200, 2600], stop: true },
  sil: { formants: [500, 1500, 2500], voicing: 0, noise: 0, hiss: [3000, 2000] },
};

export const phonemeSymbols = Object.keys(sounds) as readonly PhonemeSymbol[];

export interface SpeakOptions {
  /** Middle pitch, 120 Hz by default. */
  readonly pitchHz?: number;
  readonly random: Random;
}

/** Sound [S] of a phoneme sequence at 16 kHz; phoneme n starts at the sum of the durations before it. */
export function speak(phonemes: readonly Phoneme[], options: SpeakOptions): Float32Array {
  const { random, pitchHz = 120 } = options;
  const ends: number[] = [];
  let total = 0;
  for (const { seconds, symbol } of phonemes) {
    if (!(seconds > 0)) throw new TalkfaceError("internal", `phoneme ${symbol} of ${seconds} s.`);
    total += seconds;
    ends.push(Math.round(total * voiceRateHz));
  }
  const out = new Float32Array(ends.at(-1) ?? 0);
  const tract = [makeResonator(), makeResonator(), makeResonator(), makeResonator()];
  const hiss = makeResonator();
  const now = { formants: [500, 1500, 2500], voicing: 0, noise: 0, hiss: [3000, 2000], level: 0 };
  const towards = (from: number, to: number, share: number): number => from + (to - from) * share;
  const drift = random.uniform(0, 6);
  let phase = 0;
  let wobble = 1;
  for (let i = 0, p = 0; i < out.length; i++) {
    while (i >= ends[p]!) p++;
    const phoneme = phonemes[p]!;
    const sound = sounds[phoneme.symbol];
    if (i % 16 === 0) {
      // The tract glides to its next shape in about 20 ms, the source faster.
      for (let k = 0; k < 3; k++) now.formants[k] = towards(now.formants[k]!, sound.formants[k]!, 0.05);
      const burst = sound.stop === true ? (ends[p]! - i < 0.022 * voiceRateHz ? 1 : 0) : 1;
      now.voicing = towards(now.voicing, sound.voicing, 0.09);
      now.noise = towards(now.noise, sound.noise * burst, sound.stop === true ? 0.3 : 0.07);
      now.hiss[0] = sound.hiss[0];
      now.hiss[1] = sound.hiss[1];
      now.level = towards(now.level, phoneme.level ?? 1, 0.03);
      now.formants.forEach((hz, k) => tract[k]!.tune(hz, 50 + 0.05 * hz));
      tract[3]!.tune(3500, 220);
      hiss.tune(now.hiss[0]!, now.hiss[1]!);
    }
    const seconds = i / voiceRateHz;
    const melody = 1 + 0.12 * Math.sin(2.1 * seconds + drift) + 0.06 * Math.sin(5.3 * seconds + 2 * drift) + 0.08 * (now.level - 1);
    phase += (pitchHz * melody * wobble) / voiceRateHz;
    if (phase >= 1) {
      phase -= 1;
      wobble = 1 + 0.012 * random.normal();
    }
    const breath = random.uniform(-1, 1);
    let value = now.voicing * (glottal(phase) + 0.015 * breath);
    for (const resonator of tract) value = resonator.next(value);
    out[i] = now.level * (0.5 * value + now.noise * 0.5 * hiss.next(breath));
  }
  return out.map((v) => Math.tanh(1.4 * v) * 0.7);
}

/** Derivative of Rosenberg's glottal pulse: open for 60 % of the period, closing fast. */
function glottal(phase: number): number {
  if (phase < 0.42) return 0.5 * Math.sin((Math.PI * phase) / 0.42);
  return phase < 0.6 ? -Math.sin((Math.PI / 2) * ((phase - 0.42) / 0.18)) : 0;
}

/** Klatt's second-order resonator with gain 1 at 0 Hz, or at its centre when that is high. */
function makeResonator(): { tune(hz: number, widthHz: number): void; next(x: number): number } {
  let [a, b, c, y1, y2] = [1, 0, 0, 0, 0];
  return {
    tune(hz, widthHz) {
      const r = Math.exp((-Math.PI * widthHz) / voiceRateHz);
      c = -r * r;
      b = 2 * r * Math.cos((2 * Math.PI * hz) / voiceRateHz);
      a = 1 - b - c;
      if (hz > 2800) a = Math.min(a, 0.6);
    },
    next(x) {
      const y = a * x + b * y1 + c * y2;
      y2 = y1;
      y1 = y;
      return y;
    },
  };
}

const vowels: readonly PhonemeSymbol[] = ["a", "e", "i", "o", "u"];
const consonants: readonly PhonemeSymbol[] = ["m", "n", "l", "w", "f", "s", "p", "t"];

/** Babble of exactly `seconds`: phrases of open syllables with pauses between them, silent at both ends. */
export function randomUtterance(random: Random, seconds: number): Phoneme[] {
  const out: Phoneme[] = [];
  let left = seconds;
  const add = (symbol: PhonemeSymbol, length: number, level = 1): void => {
    const fits = Math.min(length, left);
    if (fits > 0) out.push({ symbol, seconds: fits, level });
    left -= fits;
  };
  add("sil", random.uniform(0.12, 0.3));
  while (left > 0.7) {
    const syllables = 3 + random.integer(6);
    for (let n = 0; n < syllables && left > 0.55; n++) {
      const level = n % 2 === 0 ? random.uniform(0.9, 1.25) : random.uniform(0.6, 0.95);
      const consonant = random.pick(consonants);
      add(consonant, consonant === "s" || consonant === "f" ? random.uniform(0.08, 0.13) : random.uniform(0.06, 0.1), level);
      add(random.pick(vowels), random.uniform(0.09, 0.22), level);
      if (random.uniform() < 0.15) add(random.pick(["n", "m", "s"]), random.uniform(0.06, 0.1), level);
    }
    add("sil", Math.min(random.uniform(0.18, 0.45), Math.max(0.2, left - 0.4)));
  }
  if (left > 0) add("sil", left);
  return out;
}
