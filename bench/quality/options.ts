/** What benches of models have in common: how many clips, and data that fit the model. */
import { TalkfaceError } from "../../src/base/errors.js";
import type { Dataset } from "../../src/data/dataset.js";

/** `--limit N`; without it all. */
export function readLimit(text: string | undefined, otherwise = Infinity): number {
  const count = text === undefined ? otherwise : Number(text);
  if (!(count >= 1)) throw new TalkfaceError("usage", `--limit ${text}: expected a whole number from 1.`);
  return count;
}

/** Throws `bad-data` where crops of the data are not as large as the model's. */
export function requireSize({ size }: { readonly size: number }, { contract }: Dataset, data: readonly string[]): void {
  if (size !== contract.size) throw new TalkfaceError("bad-data", `${data.join(", ")}: crops of ${contract.size} px, expected ${size} px as the model. Prepare the data with --size ${size}.`);
}
