/** Moving and still pictures of a clip: side by side, playing together, as strips of frames. */
import { legend } from "./curves.js";
import { type Html, html } from "./html.js";

export interface Strip {
  readonly name: string;
  /** URIs of pictures, spread over the clip. */
  readonly pictures: readonly string[];
  /** Seconds of the pictures. */
  readonly times: readonly number[];
}

/** Rows of frames of the same instants, one below the other. */
export function strips(rows: readonly Strip[]): Html | null {
  if (rows.every(({ pictures }) => pictures.length === 0)) return null;
  const columns = Math.max(...rows.map(({ pictures }) => pictures.length));
  return html`<div class="scroll" tabindex="0" role="region" aria-label="frames"><div class="strips" style="--columns: ${columns}">${rows.map(
    ({ name, pictures, times }) => html`<div class="strip"><span class="label">${name}</span>${pictures.map((picture, i) => html`<img src="${picture}" alt="${name} at ${times[i]!.toFixed(2)} s" title="${times[i]!.toFixed(2)} s" loading="lazy">`)}</div>`,
  )}</div></div>`;
}

/** A picture that is wider than the page in a frame that scrolls. */
export function sheet({ uri, width, height, alt }: { readonly uri: string; readonly width: number; readonly height: number; readonly alt: string }): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${alt}"><img class="sheet" src="${uri}" width="${width}" height="${height}" alt="${alt}"></div>`;
}

export interface Footage {
  readonly name: string;
  readonly uri: string;
  /** URI of the first frame, shown until the video plays. */
  readonly poster: string;
  readonly width: number;
  readonly height: number;
  readonly hasSound: boolean;
}

/** Videos that play, pause and seek together; the sound is that of one of them. */
export function players(videos: readonly Footage[], label: string): Html | null {
  if (videos.length === 0) return null;
  const audible = videos.findIndex(({ hasSound }) => hasSound);
  const sounds = videos.flatMap(({ name, hasSound }, i) => (hasSound ? [html`<option value="${i}"${i === audible ? html` selected` : null}>${name}</option>`] : []));
  return html`<div class="players" role="group" aria-label="${label}"><div class="screens">${videos.map(
    ({ name, uri, poster, width, height }) => html`<figure><video src="${uri}" poster="${poster}" width="${width}" height="${height}" muted playsinline preload="metadata" aria-label="${name}"></video><figcaption>${name}</figcaption></figure>`,
  )}</div><div class="controls"><button type="button" class="play" aria-pressed="false">Play</button><input type="range" class="seek" min="0" max="1" step="0.001" value="0" aria-label="Position"><output class="time">0.00 s</output>${
    sounds.length === 0 ? null : html`<label>Sound <select class="sound"><option value="-1">off</option>${sounds}</select></label>`
  }<label>Speed <select class="speed"><option value="0.25">¼</option><option value="0.5">½</option><option value="1" selected>1</option></select></label></div></div>`;
}

/** Sections of which one is shown, chosen from a list; without scripts all are shown. */
export function chooser(label: string, choices: readonly { readonly id: string; readonly name: string; readonly content: Html }[]): Html | null {
  if (choices.length === 0) return null;
  return html`<div class="chooser"><p class="choice"><label>${label} <select>${choices.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select></label> <button type="button" class="step" data-step="-1">Previous</button> <button type="button" class="step" data-step="1">Next</button></p>${choices.map(
    ({ id, name, content }) => html`<article data-choice="${id}" aria-label="${name}"><h3>${name}</h3>${content}</article>`,
  )}</div>`;
}

/** A legend of its own, above several plots that share it. */
export function sharedLegend(list: Parameters<typeof legend>[0]): Html {
  return html`<div class="shared">${legend(list)}</div>`;
}
