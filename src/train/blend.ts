/** Weights between two trainings of the same networks (network interpolation: Wang et al., ESRGAN 2018, section 3.4). */
import { TalkfaceError } from "../base/errors.js";
import { findCheckpoint } from "../store/checkpoint.js";

export interface Blend {
  /** A run, or a file of weights. */
  readonly source: string;
  /** Its share, 0 to 1. */
  readonly share: number;
}

interface Weights {
  readonly vectors: ReadonlyMap<string, Float32Array>;
  readonly facts: Readonly<Record<string, string>>;
}

/** `own` with `share` of the other weights, vector by vector; what only `own` has stays. Throws `bad-data` where the other's networks are not the same. */
export async function blended(own: Weights, { source, share }: Blend): Promise<Map<string, Float32Array>> {
  const other = await findCheckpoint(source, "latest");
  for (const fact of ["system", "parameters", "contract"]) {
    if (own.facts[fact] !== other.facts[fact]) throw new TalkfaceError("bad-data", `${other.path}: other ${fact} than the weights that it is blended with. Give weights of the same system, sizes and data contract.`);
  }
  return new Map(
    [...own.vectors].map(([name, vector]) => {
      const add = other.vectors.get(name);
      if (add !== undefined && add.length !== vector.length) throw new TalkfaceError("bad-data", `${other.path}: ${name} has ${add.length} numbers, expected ${vector.length}. Give weights of the same sizes.`);
      return [name, add === undefined ? vector : vector.map((value, i) => (1 - share) * value + share * (add[i] as number))];
    }),
  );
}
