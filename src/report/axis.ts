/** Scales and their marks. */
import { type Html, html } from "./html.js";

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  /** Decimals that tell the ticks apart. */
  readonly decimals: number;
  /** Equal ratios lie equally far apart. */
  readonly isLogarithmic?: boolean;
}

/** From this ratio of the largest to the smallest value on a linear scale shows the large ones only. */
const manyfold = 30;

/** A logarithmic scale where all values are above zero and reach over more than an order of magnitude, else a linear one. */
export function fittingScale(values: readonly number[]): Scale {
  const finite = values.filter((value) => Number.isFinite(value));
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(low > 0 && high / low >= manyfold && high / low < Infinity)) return scaleOf(values);
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.ceil((last - first) / 6);
  const ticks = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
  return { low: 10 ** first, high: 10 ** last, ticks, decimals: 0, isLogarithmic: true };
}

/** A tick as text; powers of ten that would be long are written with their exponent. */
export function tickText({ decimals, isLogarithmic }: Scale, tick: number): string {
  if (isLogarithmic !== true) return tick.toFixed(decimals);
  const power = Math.round(Math.log10(tick));
  return power >= -3 && power <= 4 ? String(Number(tick.toPrecision(1))) : `1e${power}`;
}

/** Half of what a character of a tick takes, in units of a drawing. */
const halfCharacter = 3.2;

/** The text of a tick, centred below `x` unless it would leave a drawing of that width. */
export function tickBelow(text: string, x: number, y: number, width: number): Html {
  const half = text.length * halfCharacter;
  const [at, side] = x - half < 0 ? [0, ""] : x + half > width ? [width, " end"] : [x, " middle"];
  return html`<text class="tick${side}" x="${short(at)}" y="${short(y)}">${text}</text>`;
}

/** A scale that holds all values with about `count` ticks at round numbers (steps of 1, 2 or 5 times a power of ten). */
export function scaleOf(values: readonly number[], count = 4): Scale {
  const finite = values.filter((value) => Number.isFinite(value));
  let low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  let high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  if (finite.length === 0) [low, high] = [0, 1];
  if (low === high) [low, high] = [low - Math.max(0.5, Math.abs(low) * 0.05), high + Math.max(0.5, Math.abs(high) * 0.05)];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return { low: first * step, high: last * step, ticks, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** Place of a value between 0 and `length`. */
export function placeOf({ low, high, isLogarithmic }: Scale, value: number, length: number): number {
  if (isLogarithmic === true) return (Math.log(value / low) / Math.log(high / low)) * length;
  return ((value - low) / (high - low)) * length;
}

/** A coordinate with one decimal: enough for a picture, and short. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
