/** Curves of a run: one plot for each figure, training against validation; shares of modalities in one. */
import { type Curve, curves } from "../../report/curves.js";
import { type Html, html } from "../../report/html.js";
import { figuresOf, type JournalEntry } from "../journal.js";
import { ofKind, phaseStarts, type RunRecord } from "./run-record.js";

/** Figures of this beginning are shares of a whole, one for each modality. */
const sharePrefix = "weight_";

interface Series {
  readonly steps: number[];
  readonly values: number[];
}

/** Names with losses first, else as they were. */
export function lossesFirst(names: readonly string[]): string[] {
  return names.toSorted((a, b) => Number(b.startsWith("loss.")) - Number(a.startsWith("loss.")));
}

/** Figures by name. Between phases there is a gap: what one name stands for need not be the same in both. */
function seriesOf(entries: readonly JournalEntry[], part: "figures" | "course"): Map<string, Series> {
  const found = new Map<string, Series>();
  const phases = new Map<string, string>();
  for (const entry of entries) {
    for (const [name, value] of Object.entries(figuresOf(entry)[part])) {
      const series = found.get(name) ?? { steps: [], values: [] };
      if ((phases.get(name) ?? entry.phase) !== entry.phase) {
        series.steps.push(entry.step);
        series.values.push(Number.NaN);
      }
      phases.set(name, entry.phase);
      series.steps.push(entry.step);
      series.values.push(value);
      found.set(name, series);
    }
  }
  return found;
}

/** Null where nothing was reported yet. */
export function figurePlots({ entries, config }: RunRecord): Html | null {
  const trained = seriesOf(ofKind(entries, "train"), "figures");
  const judged = seriesOf(ofKind(entries, "validation"), "figures");
  const rate = seriesOf(ofKind(entries, "train"), "course").get("rate");
  const marks = marksOf(config);
  const names = lossesFirst([...new Set([...trained.keys(), ...judged.keys()])]).filter((name) => !name.startsWith(sharePrefix));
  const plots = names.map((title) => {
    const lines = [curveOf("training", trained.get(title), 0), curveOf("validation", judged.get(title), 1)].flat();
    return curves(lines, { title, unit: "", along: "steps", mayBeLogarithmic: true, marks });
  });
  if (rate !== undefined) plots.push(curves(curveOf("rate", rate, 2), { title: "learning rate", unit: "", along: "steps", marks }));
  return plots.length === 0 ? null : html`<div class="grid-of-plots">${plots}</div>`;
}

/** The shares of the modalities over the steps, validation's where there are some; null where a system has none. */
export function sharePlot({ entries, config }: RunRecord): Html | null {
  for (const kind of ["validation", "train"] as const) {
    const shares = [...seriesOf(ofKind(entries, kind), "figures")].filter(([name]) => name.startsWith(sharePrefix));
    const lines = shares.flatMap(([name, series], i) => curveOf(name.slice(sharePrefix.length), series, i));
    if (lines.length > 0) return curves(lines, { title: kind === "train" ? "shares in training" : "shares in validation", unit: "", along: "steps", marks: marksOf(config) });
  }
  return null;
}

/** Where phases begin, if there are several. */
function marksOf(config: RunRecord["config"]): ReturnType<typeof phaseStarts> {
  return config.phases.length > 1 ? phaseStarts(config) : [];
}

function curveOf(name: string, series: Series | undefined, colour: number): Curve[] {
  return series === undefined ? [] : [{ name, ...series, colour }];
}
