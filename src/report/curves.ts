/** Lines over time. */
import { fittingScale, placeOf, scaleOf, short, tickBelow, tickText } from "./axis.js";
import { type Html, html } from "./html.js";

export interface Curve {
  readonly name: string;
  /** One value a step, or one every few steps; where one that is due is not finite, there is a gap. */
  readonly values: readonly number[];
  /** Steps of the values; 0, 1, 2, ... where absent. */
  readonly steps?: readonly number[];
  /** Number of its colour. */
  readonly colour: number;
}

export interface CurvesOptions {
  readonly title: string;
  readonly unit: string;
  /** What the steps are: frames, steps of training. */
  readonly along: string;
  /** Steps of one unit of the axis: 25 for seconds of frames. */
  readonly perUnit?: number;
  /** True takes a logarithmic axis where values reach far. */
  readonly mayBeLogarithmic?: boolean;
  /** Steps at which something begins. */
  readonly marks?: readonly { readonly at: number; readonly name: string }[];
}

/** Units of a drawing. */
export const plotSize = { width: 560, height: 190 } as const;
const { width, height } = plotSize;
const area = { left: 46, right: 10, top: 12, bottom: 30 };
/** More points than this cannot be seen: neighbours are averaged. */
const mostPoints = 400;

/** Lines in one frame, with a legend. */
export function curves(list: readonly Curve[], options: CurvesOptions): Html {
  const { title, unit } = options;
  return html`<figure class="plot"><figcaption>${title}${unit === "" ? null : html` <span class="unit">${unit}</span>`}</figcaption>
${drawCurves(list, options)}${list.length > 1 ? legend(list) : null}</figure>`;
}

/** The frame with its lines and axes alone, an SVG of `plotSize`. */
export function drawCurves(list: readonly Curve[], { title, unit, along, perUnit = 1, mayBeLogarithmic = false, marks = [] }: CurvesOptions): Html {
  const drawn = list.map(thinned);
  const y = (mayBeLogarithmic ? fittingScale : scaleOf)(drawn.flatMap(({ values }) => values));
  const x = scaleOf([...drawn.flatMap(({ steps }) => [steps[0] ?? 0, steps.at(-1) ?? 1])].map((step) => step / perUnit), 6);
  const last = Math.max(...drawn.map(({ steps }) => (steps.at(-1) ?? 1) / perUnit));
  const first = Math.min(...drawn.map(({ steps }) => (steps[0] ?? 0) / perUnit));
  const across = { ...x, low: Math.max(x.low, Math.min(first, x.high)), high: last > first ? last : first + 1 };
  const [w, h] = [width - area.left - area.right, height - area.top - area.bottom];
  const px = (step: number): number => area.left + placeOf(across, step / perUnit, w);
  const py = (value: number): number => area.top + h - placeOf(y, value, h);
  const lines = drawn.map(({ steps, values, colour }) => html`<path class="line c${colour % 8}" d="${pathOf(steps.map(px), values.map(py))}"/>`);
  const inside = marks.filter(({ at }) => at / perUnit >= across.low && at / perUnit < across.high);
  const begun = inside.map(({ at, name }, i) => {
    const isLate = px(at) > area.left + w / 2; // its name goes to the left, or it would leave the plot
    return html`<path class="mark" d="M${short(px(at))} ${area.top}v${h}"/><text class="tick${isLate ? " end" : ""}" x="${short(px(at) + (isLate ? -4 : 4))}" y="${area.top + 9 + (i % 4) * 13}">${name}</text>`;
  });
  const label = `${title}${unit === "" ? "" : ` in ${unit}`}${y.isLogarithmic === true ? ", logarithmic" : ""}, over ${along}: ${drawn.map(({ name, values }) => `${name} ${rangeOf(values)}`).join(", ")}`;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${y.ticks.map((tick) => html`<line class="grid" x1="${area.left}" x2="${width - area.right}" y1="${short(py(tick))}" y2="${short(py(tick))}"/><text class="tick end" x="${area.left - 6}" y="${short(py(tick) + 3.5)}">${tickText(y, tick)}</text>`)}
${x.ticks.filter((tick) => tick >= across.low && tick <= across.high).map((tick) => tickBelow(tick.toFixed(x.decimals), px(tick * perUnit), height - area.bottom + 15, width))}
<text class="tick end" x="${width - area.right}" y="${height - 2}">${along}</text>
${begun}${lines}</svg>`;
}

/** Names beside their colours. */
export function legend(list: readonly { readonly name: string; readonly colour: number }[]): Html {
  return html`<ul class="legend">${list.map(({ name, colour }) => html`<li><span class="key c${colour % 8}" aria-hidden="true"></span>${name}</li>`)}</ul>`;
}

function rangeOf(values: readonly number[]): string {
  const { low, high, count } = values.filter(Number.isFinite).reduce((all, value) => ({ low: Math.min(all.low, value), high: Math.max(all.high, value), count: all.count + 1 }), { low: Infinity, high: -Infinity, count: 0 });
  return count === 0 ? "no values" : `${low.toPrecision(3)} to ${high.toPrecision(3)}`;
}

function thinned({ name, values, steps, colour }: Curve): { name: string; steps: number[]; values: number[]; colour: number } {
  const all = steps ?? values.map((_, i) => i);
  const size = Math.ceil(values.length / mostPoints) || 1;
  const out: { name: string; steps: number[]; values: number[]; colour: number } = { name, steps: [], values: [], colour };
  for (let start = 0; start < values.length; start += size) {
    const known = values.slice(start, start + size).filter(Number.isFinite);
    out.steps.push(all[Math.min(values.length - 1, start + (size >> 1))]!);
    out.values.push(known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length);
  }
  return out;
}

/**
 * A path through points, broken where one is missing; a lone point becomes a short dash. Points that all lie further apart, of every fifth frame, are joined.
 */
function pathOf(xs: readonly number[], ys: readonly number[]): string {
  const known = ys.flatMap((y, i) => (Number.isFinite(y) ? [i] : []));
  const apart = Math.min(...known.slice(1).map((at, k) => at - known[k]!));
  const isJoined = (k: number): boolean => known[k]! - known[k - 1]! === apart; // false beyond both ends
  return known.map((at, k) => `${isJoined(k) ? "L" : "M"}${short(xs[at]!)} ${short(ys[at]!)}${isJoined(k) || isJoined(k + 1) ? "" : "h1.5"}`).join("");
}
