/** What the two models reach, in lines of text and as figures. */
import { meanOf } from "../../src/metrics/bootstrap.js";
import type { FullScores } from "../quality/measure.js";
import type { Pair } from "./compare.js";

/** Names of figures, where they are found and with how many decimals they are told. */
const figures = [
  ["psnr", "psnr", 2],
  ["ssim", "ssim", 4],
  ["id", "id", 3],
  ["lips", "lips", 3],
  ["mouth_sharpness", "mouthSharpness", 3],
] as const satisfies readonly (readonly [string, keyof FullScores, number])[];

/** A line for each model with means over clips, and one for what the personal one has gained. */
export function linesOf(clips: readonly Pair<FullScores>[]): string {
  const line = (label: string, values: Readonly<Record<string, string>>): string =>
    `${label.padEnd(9)}${Object.entries(values).map(([key, value]) => `${key}=${value}`).join(" ")}\n`;
  const meansOf = (side: keyof Pair<unknown>): Record<string, string> =>
    Object.fromEntries(figures.map(([key, name, digits]) => [key, meanOver(clips, side, name)?.toFixed(digits) ?? "none"]));
  return line("base", meansOf("base")) + line("personal", meansOf("personal")) + line("gain", gainsOf(clips));
}

/** Personal less base, of means over the clips in which both have the figure. */
export function gainsOf(clips: readonly Pair<FullScores>[]): Record<string, string> {
  return Object.fromEntries(
    figures.map(([key, name, digits]) => {
      const both = clips.filter(({ base, personal }) => base[name] !== null && personal[name] !== null);
      const [before, after] = [meanOver(both, "base", name), meanOver(both, "personal", name)];
      return [key, before === null || after === null ? "none" : `${after >= before ? "+" : ""}${(after - before).toFixed(digits)}`];
    }),
  );
}

function meanOver(clips: readonly Pair<FullScores>[], side: keyof Pair<unknown>, name: (typeof figures)[number][1]): number | null {
  const values = clips.map((clip) => clip[side][name]).filter((value) => value !== null);
  return values.length === 0 ? null : meanOf(values);
}
