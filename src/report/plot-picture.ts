/** Plots as one picture: what pages draw, one below the other, with titles and legends, in the light colours. Its letters come from the machine's fonts. */
import { writeAtomic } from "../base/files.js";
import { drawSvg } from "../media/image.js";
import { type Curve, type CurvesOptions, drawCurves, plotSize } from "./curves.js";
import { Html, html } from "./html.js";
import { light } from "./style.js";

export interface Plots {
  readonly title: string;
  readonly plots: readonly { readonly list: readonly Curve[]; readonly options: CurvesOptions }[];
}

const margin = 16;
const titleHeight = 30;
const captionHeight = 22;
const legendHeight = 26;
const gap = 10;
/** Pixels of the picture for one unit of a plot. */
const zoom = 2;

/** The stylesheet of pages needs a browser: here is what plots take of it, without custom properties. */
const style = `
  text { font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; font-size: 11.5px; fill: ${light.soft}; }
  .title { font-size: 15px; font-weight: 600; fill: ${light.ink}; } .caption { font-size: 13px; font-weight: 600; fill: ${light.ink}; } .unit { font-weight: 400; fill: ${light.soft}; }
  .middle { text-anchor: middle; } .end { text-anchor: end; }
  .grid { stroke: ${light.rule}; stroke-width: 1; } .mark { stroke: ${light.soft}; stroke-width: 1; stroke-dasharray: 3 3; }
  .line, .key { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; } .key { stroke-width: 4; }
  ${light.series.map((colour, i) => `.c${i} { stroke: ${colour}; }`).join(" ")}
`;

/** Writes a PNG, replacing what stands there. */
export async function writePlots(path: string, plots: Plots): Promise<void> {
  await writeAtomic(path, await drawSvg(pictureOf(plots).text, zoom));
}

/** The picture as SVG. */
export function pictureOf({ title, plots }: Plots): Html {
  const width = plotSize.width + 2 * margin;
  let top = margin + titleHeight;
  const parts = plots.map(({ list, options }) => {
    const y = top;
    const isNamed = list.length > 1;
    top += captionHeight + plotSize.height + (isNamed ? legendHeight : 0) + gap;
    return html`<text class="caption" x="${margin}" y="${y + 14}">${options.title}${options.unit === "" ? null : html`<tspan class="unit" dx="6">${options.unit}</tspan>`}</text>
<svg x="${margin}" y="${y + captionHeight}" width="${plotSize.width}" height="${plotSize.height}">${drawCurves(list, options)}</svg>
${isNamed ? legendOf(list, y + captionHeight + plotSize.height + 14) : null}`;
  });
  const height = top - gap + margin;
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><style>${new Html(style)}</style>
<rect width="${width}" height="${height}" fill="${light.sheet}"/>
<text class="title" x="${margin}" y="${margin + 14}">${title}</text>
${parts}</svg>`;
}

/** Names beside their colours, equally far apart. */
function legendOf(list: readonly Curve[], y: number): Html {
  const step = plotSize.width / Math.max(4, list.length);
  return html`${list.map(({ name, colour }, i) => {
    const x = margin + i * step;
    return html`<path class="key c${colour % 8}" d="M${x + 2} ${y - 4}h16"/><text x="${x + 26}" y="${y}">${name}</text>`;
  })}`;
}
