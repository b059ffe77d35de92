/** A run as a page that stands alone: how far it is, curves, sample sheets, shares of the modalities, settings. */
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { duration } from "../../base/log.js";
import { encodeJpeg, readImage, resizeImage } from "../../media/image.js";
import { chooser, sheet } from "../../report/footage.js";
import { dataUri, type Html, html } from "../../report/html.js";
import { page } from "../../report/page.js";
import { type Cell, type Column, facts, table } from "../../report/table.js";
import { figuresOf, type JournalEntry } from "../journal.js";
import { figurePlots, lossesFirst, sharePlot } from "./plots.js";
import { ofKind, readRun, type RunRecord } from "./run-record.js";

/** Sheets that a page holds, the newest, and their greatest width in pixels. */
const mostSheets = 8;
const widest = 2048;
const mostEvents = 100;

/** The page's text, from the files in the run's folder alone. */
export async function runPage(folder: string): Promise<string> {
  const run = await readRun(folder);
  const { done, total } = progressOf(run);
  return page({
    title: `Training ${basename(resolve(folder))}`,
    subtitle: `${run.config.system}, preset ${run.config.preset} — step ${done} of ${total}`,
    sections: [
      { id: "state", title: "State", lead: "The newest figures: training as the mean since the report before, validation on people that training never sees, with the averaged weights.", content: html`${facts(stateOf(run))}${figureTable(run)}` },
      { id: "samples", title: "Samples", lead: "Windows of validation, the same ones each time; the newest first.", content: await samples(run) },
      { id: "curves", title: "Curves", lead: "A dashed line is the beginning of a phase, whose losses do not compare with those before. An axis is logarithmic where values reach far.", content: figurePlots(run) },
      { id: "shares", title: "Shares of the modalities", lead: "What each modality contributes to the cross-modal weighting, mean over places.", content: sharePlot(run) },
      { id: "events", title: "Events", content: events(run) },
      { id: "settings", title: "Settings", content: facts(settings(run.config)) },
    ],
    footer: "Made by talkface. The page holds everything it shows.",
  });
}

function progressOf({ config, entries }: RunRecord): { readonly done: number; readonly total: number } {
  return { done: entries.at(-1)?.step ?? 0, total: config.phases.reduce((sum, { steps }) => sum + steps, 0) };
}

function stateOf(run: RunRecord): [string, string][] {
  const { done, total } = progressOf(run);
  const last = run.entries.at(-1);
  const best = ofKind(run.entries, "best").at(-1);
  const seconds = Object.values(Object.fromEntries(ofKind(run.entries, "train").map((entry) => [entry.phase, Number(entry["seconds"] ?? 0)]))).reduce((sum, each) => sum + each, 0);
  return [
    ["Steps", `${done} of ${total}`],
    ...(last === undefined ? [] : [["Phase", last.phase] as [string, string]]),
    ["Best weights", best === undefined ? "none yet" : `step ${best.step}: ${best["figure"]} ${best["value"]} (${best["better"]} is better), phase ${best.phase}`],
    ["Time", `${duration(seconds)} since each phase was last begun`],
  ];
}

/** The newest figures of every phase, and the step and value of the least and the greatest of validation. */
function figureTable({ entries, config }: RunRecord): Html | null {
  const rows = config.phases.flatMap(({ name: phase }) => {
    const own = (kind: JournalEntry["kind"]): Record<string, number>[] => ofKind(entries, kind).filter((entry) => entry.phase === phase).map((entry) => figuresOf(entry).figures);
    const [trained, judged] = [own("train"), own("validation")];
    const names = lossesFirst([...new Set([...Object.keys(trained.at(-1) ?? {}), ...Object.keys(judged.at(-1) ?? {})])]);
    return names.map((name): Cell[] => {
      const all = judged.flatMap((figures) => figures[name] ?? []);
      return [{ text: name }, { text: phase }, number(trained.at(-1)?.[name]), number(all.at(-1)), number(all.length === 0 ? undefined : Math.min(...all)), number(all.length === 0 ? undefined : Math.max(...all))];
    });
  });
  const columns: Column[] = [{ title: "Figure", kind: "text" }, { title: "Phase", kind: "text" }, ...["Training", "Validation", "least", "greatest"].map((title): Column => ({ title, kind: "number" }))];
  return rows.length === 0 ? null : table(columns, rows, { caption: "Figures" });
}

function number(value: number | undefined): Cell {
  return value === undefined ? { text: "–", sort: null, mark: "quiet" } : { text: value.toPrecision(4), sort: value };
}

/** Sheets by the names of their files: a journal of another version need not name them. */
async function samples({ folder, entries }: RunRecord): Promise<Html | null> {
  const names = await readdir(join(folder, "samples")).catch(() => []);
  const newest = names.filter((name) => /^\d{8}\.png$/.test(name)).sort().reverse().slice(0, mostSheets);
  const known = new Map(ofKind(entries, "samples").map((entry) => [entry["file"], entry]));
  const choices = [];
  for (const name of newest) {
    const entry = known.get(`samples/${name}`);
    const step = Number(name.slice(0, 8));
    const image = await readImage(join(folder, "samples", name));
    const width = Math.min(widest, image.width);
    const height = Math.max(1, Math.round((image.height * width) / image.width));
    const uri = dataUri("image/jpeg", await encodeJpeg(await resizeImage(image, width, height), 88));
    const rows = entry?.["rows"];
    const content = html`${rows === undefined ? null : html`<p class="lead">Rows: ${rows}</p>`}${sheet({ uri, width, height, alt: `samples after step ${step}` })}`;
    choices.push({ id: `step-${step}`, name: `step ${step}${entry === undefined ? "" : `, ${entry.phase}`}`, content });
  }
  return chooser("Sheet", choices);
}

function events({ entries }: RunRecord): Html | null {
  const told = entries.filter(({ kind }) => kind === "event" || kind === "resumed");
  if (told.length === 0) return null;
  const left = told.length - mostEvents;
  return html`<ul class="remarks">${told.slice(-mostEvents).map(({ kind, step, phase, event }) => html`<li>step ${step}, ${phase}: ${kind === "resumed" ? "resumed" : String(event ?? "")}</li>`)}</ul>${left > 0 ? html`<p class="lead">${left} earlier ones are in the journal.</p>` : null}`;
}

/** Names with dots for what lies deeper. */
function settings(value: object, prefix = ""): [string, string][] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    if (Array.isArray(inner)) return [[`${prefix}${name}`, inner.map((item) => (typeof item === "object" ? Object.values(item as object).join(" ") : String(item))).join(", ")] as [string, string]];
    return typeof inner === "object" && inner !== null ? settings(inner, `${prefix}${name}.`) : [[`${prefix}${name}`, String(inner)] as [string, string]];
  });
}
