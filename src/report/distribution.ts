/** How values spread: a row of dots for each group, its quartiles, its mean with the interval. */
import { placeOf, scaleOf, short, tickBelow } from "./axis.js";
import { type Html, html } from "./html.js";

export interface Group {
  readonly name: string;
  readonly colour: number;
  readonly values: readonly { readonly value: number; readonly name: string }[];
  readonly mean: number;
  readonly interval: readonly [low: number, high: number] | null;
}

const width = 560;
const rowHeight = 46;
const area = { left: 12, right: 12, top: 6, bottom: 24 };
/** More dots than this are one blot: they are thinned, the quartiles are of all. */
const mostDots = 300;

export function distribution(groups: readonly Group[], { title, unit }: { readonly title: string; readonly unit: string }): Html {
  const height = area.top + groups.length * rowHeight + area.bottom;
  const x = scaleOf(groups.flatMap(({ values, interval }) => [...values.map(({ value }) => value), ...(interval ?? [])]), 6);
  const px = (value: number): number => area.left + placeOf(x, value, width - area.left - area.right);
  const label = `${title}: ${groups.map(({ name, mean, interval, values }) => `${name} mean ${mean.toPrecision(4)}${interval === null ? "" : `, interval ${interval[0].toPrecision(4)} to ${interval[1].toPrecision(4)}`}, ${values.length} clips`).join("; ")}`;
  const rows = groups.map((group, i) => row(group, area.top + i * rowHeight, px));
  return html`<figure class="plot"><figcaption>${title}${unit === "" ? null : html` <span class="unit">${unit}</span>`}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${x.ticks.map((tick) => html`<line class="grid" x1="${short(px(tick))}" x2="${short(px(tick))}" y1="${area.top}" y2="${height - area.bottom}"/>${tickBelow(tick.toFixed(x.decimals), px(tick), height - 8, width)}`)}
${rows}</svg></figure>`;
}

function row({ name, colour, values, mean, interval }: Group, top: number, px: (value: number) => number): Html {
  const middle = top + 29;
  const sorted = values.map(({ value }) => value).sort((a, b) => a - b);
  const quartile = (share: number): number => sorted[Math.round(share * (sorted.length - 1))]!;
  const every = Math.ceil(values.length / mostDots);
  const dots = values.filter((_, i) => i % every === 0).map(({ value, name: clip }, i) => html`<circle cx="${short(px(value))}" cy="${short(middle + lift(i))}" r="3"><title>${clip}: ${value.toPrecision(5)}</title></circle>`);
  const box = sorted.length < 4 ? null : html`<rect class="box" x="${short(px(quartile(0.25)))}" width="${short(Math.max(1, px(quartile(0.75)) - px(quartile(0.25))))}" y="${middle - 9}" height="18" rx="3"/>`;
  const span = interval === null ? null : html`<line class="interval" x1="${short(px(interval[0]))}" x2="${short(px(interval[1]))}" y1="${middle}" y2="${middle}"/>`;
  return html`<g class="c${colour % 8}"><text class="name" x="${area.left}" y="${top + 12}">${name}</text>${box}<g class="dots">${dots}</g>${span}<path class="mean" d="M${short(px(mean))} ${middle - 11}v22"/></g>`;
}

/** Dots of like values lie apart: the golden ratio spreads them evenly over the row. */
function lift(i: number): number {
  return ((i * 0.618034) % 1) * 14 - 7;
}
