/** A page that stands alone: one file, no network, light and dark, readable without scripts and on paper. */
import { Html, html } from "./html.js";
import { script } from "./script.js";
import { style } from "./style.js";

export interface Section {
  readonly id: string;
  readonly title: string;
  /** A sentence on what is seen, and how to read it. */
  readonly lead?: string;
  readonly content: Html | null;
}

export interface Page {
  readonly title: string;
  readonly subtitle: string;
  readonly sections: readonly Section[];
  /** What stands at the end. */
  readonly footer: string;
}

/** Nothing is fetched from anywhere: only what the file itself holds may be used, and videos beside it. */
const policy = "default-src 'none'; img-src data:; media-src data: file: 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

export function page({ title, subtitle, sections, footer }: Page): string {
  const shown = sections.filter((section): section is Section & { readonly content: Html } => section.content !== null);
  const whole = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<header><h1>${title}</h1><p>${subtitle}</p>
<nav aria-label="Sections">${shown.map(({ id, title: name }) => html`<a href="#${id}">${name}</a>`)}</nav></header>
<main>
${shown.map(({ id, title: name, lead, content }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>${lead === undefined ? null : html`<p class="lead">${lead}</p>`}${content}</section>
`)}</main>
<footer>${footer}</footer>
<script>${new Html(script)}</script>
</body>
</html>
`;
  return whole.text;
}
