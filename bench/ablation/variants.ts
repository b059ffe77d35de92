/** What is left out, one thing at a time. */
import { TalkfaceError } from "../../src/base/errors.js";
import { type Config, presets } from "../../src/systems/et-gan-acw/config.js";

export const variantNames = [
  "full",
  "no-speech",
  "no-expression",
  "no-position",
  "single-image",
  "concatenation",
  "no-frame-discriminator",
  "no-clip-discriminator",
  "no-identity-removal",
  "no-expert",
] as const;

export type VariantName = (typeof variantNames)[number];

const without: Readonly<Partial<Record<VariantName, Config["without"][number]>>> = {
  "no-speech": "speech",
  "no-expression": "expression",
  "no-position": "position",
  concatenation: "weighting",
  "no-frame-discriminator": "frame-discriminator",
  "no-clip-discriminator": "clip-discriminator",
  "no-identity-removal": "identity-removal",
  "no-expert": "expert",
};

/** What a variant changes in a preset, for crops of `size` pixels. */
export function changesOf(name: VariantName, preset: string, size: number): Partial<Config> {
  const config = presets[preset];
  if (config === undefined) throw new TalkfaceError("usage", `--preset ${preset}: expected ${Object.keys(presets).join(" or ")}.`);
  if (size !== 64 && size !== 128 && size !== 256) throw new TalkfaceError("bad-data", `crops of ${size} px, expected 64, 128 or 256. Prepare the data with --size 128.`);
  const part = without[name];
  return {
    size,
    ...(part === undefined ? {} : { without: [part] }),
    ...(name === "single-image" ? { views: 1, motion: { ...config.motion, views: 1 }, render: { ...config.render, views: 1 } } : {}),
  };
}

/** `a,b` as variants in the order of the table; all without it. */
export function readVariants(text: string | undefined): VariantName[] {
  if (text === undefined) return [...variantNames];
  const wanted = text.split(",");
  const unknown = wanted.find((name) => !variantNames.some((known) => known === name));
  if (unknown !== undefined) throw new TalkfaceError("usage", `--only ${unknown}: expected some of ${variantNames.join(", ")}.`);
  return variantNames.filter((name) => wanted.includes(name));
}
