/** Means with intervals over clips, as a table, as JSON and as the figures of the last line. Pure functions of the clips' results. */
import { bootstrapDifference, bootstrapMean, meanOf, intervalProtocol, type Interval } from "../../src/metrics/bootstrap.js";
import { identityProtocol } from "../../src/metrics/identity.js";
import { mouthDistanceProtocol, mouthDistanceShareProtocol } from "../../src/metrics/landmarks.js";
import { chinProtocol, lipsProtocol } from "../../src/metrics/lips.js";
import { psnrProtocol } from "../../src/metrics/psnr.js";
import { ssimProtocol } from "../../src/metrics/ssim.js";
import { browsProtocol, eyesProtocol } from "../../src/metrics/upper-face.js";
import { flickerProtocol } from "../../src/metrics/flicker.js";
import { clipProtocol } from "./clips.js";
import { crossProtocol } from "./cross.js";
import { foreignProtocol, viewProtocol, type ClipResult } from "./measure.js";
import { sharpnessProtocol } from "./texture.js";

export const protocols = {
  clips: clipProtocol,
  drive: viewProtocol,
  foreign: foreignProtocol,
  cross: crossProtocol,
  lips: lipsProtocol,
  chin: chinProtocol,
  eyes: eyesProtocol,
  brows: browsProtocol,
  sharpness: sharpnessProtocol,
  flicker: flickerProtocol,
  speaker: "lips of the speaker: made lip opening with foreign speech against the opening in that speaker's own prepared frames, over the frames that both clips have",
  mouth: mouthDistanceProtocol,
  mouthShare: mouthDistanceShareProtocol,
  psnr: psnrProtocol,
  ssim: ssimProtocol,
  id: identityProtocol,
  intervals: intervalProtocol,
} as const;

const variants = ["model", "foreign", "still"] as const;
const metrics = ["lips", "speaker", "chin", "eyes", "brows", "mouth", "mouthShare", "psnr", "ssim", "mouthSharpness", "faceSharpness", "flicker", "id", "found"] as const;
const crossScores = ["lips", "eyes", "brows", "id", "idReal", "idOther", "expression", "expressionChance"] as const;
type CrossScore = (typeof crossScores)[number];
type Variant = (typeof variants)[number];
type Metric = (typeof metrics)[number];

const labels: Readonly<Record<Metric, string>> = {
  lips: "lip opening, r with the guide",
  speaker: "lip opening, r with the speaker",
  eyes: "eye opening, r",
  brows: "brow height, r",
  mouthSharpness: "mouth sharpness / real",
  faceSharpness: "face sharpness / real",
  flicker: "flicker / real",
  chin: "chin, r",
  mouth: "mouth distance, px",
  mouthShare: "mouth distance / eyes",
  psnr: "PSNR, dB",
  ssim: "SSIM",
  id: "identity cosine",
  found: "faces found",
};
const digits: Readonly<Record<Metric, number>> = { lips: 3, speaker: 3, chin: 3, eyes: 3, brows: 3, mouthSharpness: 3, faceSharpness: 3, flicker: 3, mouth: 3, mouthShare: 4, psnr: 2, ssim: 4, id: 3, found: 3 };

export interface Summary {
  readonly clips: number;
  readonly people: number;
  /** Null where a variant is not scored so. */
  readonly means: Readonly<Record<Variant, Readonly<Record<Metric, Interval | null>>>>;
  /** Model's mean over people of the means over their clips: no one's many clips decide. */
  readonly overPeople: Readonly<Record<Metric, number | null>>;
  /** Another person's pictures moved by the clip. */
  readonly cross: Readonly<Record<CrossScore, Interval | null>>;
  /** Model less control, clip by clip; for `mouth` control less model, so that positive is better throughout. */
  readonly gains: Readonly<Record<"lipsOverForeign" | "lipsOverStill" | "mouthOverStill" | "mouthOverForeign", Interval | null>>;
}

export function summarise(results: readonly ClipResult[]): Summary {
  const valuesOf = (list: readonly ClipResult[], variant: Variant, metric: Metric): number[] =>
    list.map((result) => valueOf(result, variant, metric)).filter((value) => value !== null);
  const interval = (values: readonly number[]): Interval | null => (values.length === 0 ? null : bootstrapMean(values));
  const people = [...new Set(results.map(({ person }) => person))];
  const overPeople = (metric: Metric): number | null => {
    const means = people.map((person) => valuesOf(results.filter((result) => result.person === person), "model", metric)).filter((values) => values.length > 0);
    return means.length === 0 ? null : meanOf(means.map(meanOf));
  };
  const gain = (metric: Metric, better: Variant, worse: Variant): Interval | null => {
    const pairs = results.map((result) => [valueOf(result, better, metric), valueOf(result, worse, metric)] as const);
    const known = pairs.filter((pair): pair is readonly [number, number] => pair[0] !== null && pair[1] !== null);
    return known.length === 0 ? null : bootstrapDifference(known.map(([a]) => a), known.map(([, b]) => b));
  };
  return {
    clips: results.length,
    people: people.length,
    means: record(variants, (variant) => record(metrics, (metric) => interval(valuesOf(results, variant, metric)))),
    overPeople: record(metrics, overPeople),
    cross: record(crossScores, (score) => interval(results.map(({ cross }) => cross[score]).filter((value) => value !== null))),
    gains: {
      lipsOverForeign: gain("lips", "model", "foreign"),
      lipsOverStill: gain("lips", "model", "still"),
      mouthOverStill: gain("mouth", "still", "model"),
      mouthOverForeign: gain("mouth", "foreign", "model"),
    },
  };
}

/** The table that a person reads. */
export function tableOf(summary: Summary): string {
  const cell = (value: Interval | null, places: number): string =>
    value === null ? "-" : `${value.mean.toFixed(places)} [${value.low.toFixed(places)}, ${value.high.toFixed(places)}]`;
  const rows = metrics.map((metric) => [
    labels[metric],
    ...variants.map((variant) => cell(summary.means[variant][metric], digits[metric])),
    summary.overPeople[metric]?.toFixed(digits[metric]) ?? "-",
  ]);
  const gains = Object.entries(summary.gains).map(([name, value]) => `${gainLabels[name as keyof Summary["gains"]]}: ${cell(value, 3)}`);
  const crossed = crossScores.map((score) => `cross-driven ${crossLabels[score]}: ${cell(summary.cross[score], 3)}`);
  const title = `${summary.clips} clips of ${summary.people} people; mean [95 % interval over clips]`;
  return [title, ...align([["", "model", "foreign speech", "still picture", "model, by person"], ...rows]), ...gains, ...crossed].map((line) => `${line}\n`).join("");
}

const gainLabels: Readonly<Record<keyof Summary["gains"], string>> = {
  lipsOverForeign: "lip opening, model less foreign speech",
  lipsOverStill: "lip opening, model less still picture",
  mouthOverStill: "mouth distance, still picture less model, px",
  mouthOverForeign: "mouth distance, foreign speech less model, px",
};

const crossLabels: Readonly<Record<CrossScore, string>> = {
  lips: "lip opening, r with the guide",
  eyes: "eye opening, r with the guide",
  brows: "brow height, r with the guide",
  id: "identity cosine, made with views",
  idReal: "identity cosine, other real frames with views",
  idOther: "identity cosine, the guide with views",
  expression: "expression cosine with the guide",
  expressionChance: "expression cosine with a third person",
};

/** The last line of the bench. */
export function figuresOf({ means, cross }: Summary): Record<string, string> {
  const figure = (variant: Variant, metric: Metric): string => means[variant][metric]?.mean.toFixed(digits[metric]) ?? "none";
  return {
    lips: figure("model", "lips"),
    lips_shuffled: figure("foreign", "lips"),
    guide_lips: figure("foreign", "lips"),
    foreign_own: figure("foreign", "speaker"),
    chin: figure("model", "chin"),
    eyes: figure("model", "eyes"),
    brows: figure("model", "brows"),
    mouth_lmd: figure("model", "mouth"),
    mouth_lmd_still: figure("still", "mouth"),
    psnr: figure("model", "psnr"),
    psnr_still: figure("still", "psnr"),
    ssim: figure("model", "ssim"),
    ssim_still: figure("still", "ssim"),
    mouth_sharpness: figure("model", "mouthSharpness"),
    face_sharpness: figure("model", "faceSharpness"),
    flicker: figure("model", "flicker"),
    id: figure("model", "id"),
    ...Object.fromEntries(crossScores.map((score) => [crossKeys[score], cross[score]?.mean.toFixed(3) ?? "none"])),
  };
}

const crossKeys: Readonly<Record<CrossScore, string>> = {
  ...{ lips: "cross_lips", eyes: "cross_eyes", brows: "cross_brows", id: "cross_id", idReal: "id_real", idOther: "id_other" },
  ...{ expression: "cross_expression", expressionChance: "cross_expression_chance" },
};

/** JSON text; what is not finite becomes a word. */
export function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, (_, entry: unknown) => (typeof entry === "number" && !Number.isFinite(entry) ? String(entry) : entry), 2)}\n`;
}

function valueOf(result: ClipResult, variant: Variant, metric: Metric): number | null {
  const scores: Partial<Record<Metric, number | null>> = result[variant];
  return scores[metric] ?? null;
}

function record<K extends string, V>(keys: readonly K[], value: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, V>;
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] as readonly string[]).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column] as number)).join("  ").trimEnd());
}
