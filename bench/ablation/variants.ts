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

/** Throws `usage` where there is none of that name. */
export function presetOf(name: string): Config {
  const config = presets[name];
  if (config === undefined) throw new TalkfaceError("usage", `--preset ${name}: expected ${Object.keys(presets).join(" or ")}.`);
  return config;
}

/** What a variant changes in a preset, for crops of `size` pixels and that many windows a step in the motion phase and in the others. */
export function changesOf(name: VariantName, preset: string, size: number, batch: readonly [number, number]): Partial<Config> {
  const config = presetOf(preset);
  if (size !== 64 && size !== 128 && size !== 256) throw new TalkfaceError("bad-data", `crops of ${size} px, expected 64, 128 or 256. Prepare the data with --size 128.`);
  const part = without[name];
  const views = name === "single-image" ? { views: 1 } : {};
  return {
    size,
    motion: { ...config.motion, batch: batch[0], ...views },
    render: { ...config.render, batch: batch[1], ...views },
    ...views,
    ...(part === undefined ? {} : { without: [part] }),
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
