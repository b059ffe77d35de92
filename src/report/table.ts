/** A table that sorts by its heads. */
import { Html, html } from "./html.js";

export interface Column {
  readonly title: string;
  /** Said when the head is pointed at. */
  readonly hint?: string;
  /** `number`: to the right, sorted by value. `prose`: breaks into lines. */
  readonly kind: "text" | "number" | "prose";
}

export interface Cell {
  readonly text: string | Html;
  /** What it is sorted by where that is not its text; null sorts last. */
  readonly sort?: number | string | null;
  readonly hint?: string;
  /** Set apart: the best of its row, or a remark. */
  readonly mark?: "best" | "quiet";
}

export interface TableOptions {
  /** Said by screen readers, and above the table. */
  readonly caption: string;
  /** Column that the rows are sorted by already. */
  readonly sorted?: { readonly column: number; readonly direction: "ascending" | "descending" };
  /** The section of a chooser that a row leads to; null: none. */
  readonly leadsTo?: (row: number) => string | null;
}

export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], { caption, sorted, leadsTo }: TableOptions): Html {
  const head = columns.map(({ title, hint, kind }, i) => {
    const order = sorted?.column === i ? html` aria-sort="${sorted.direction}"` : null;
    return html`<th scope="col" class="${kind}"${order}><button type="button" class="sort"${hint === undefined ? null : html` title="${hint}"`}>${title}</button></th>`;
  });
  const body = rows.map((cells, r) => {
    const id = leadsTo?.(r) ?? null;
    return html`<tr${id === null ? null : html` data-row="${id}"`}>${cells.map((cell, i) => cellOf(cell, columns[i]!, i === 0))}</tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="sortable"><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function cellOf({ text, sort, hint, mark }: Cell, { kind }: Column, isFirst: boolean): Html {
  const classes = [kind, ...(mark === undefined ? [] : [mark])].join(" ");
  const value = sort === undefined ? null : html` data-sort="${sort ?? ""}"`;
  const title = hint === undefined ? null : html` title="${hint}"`;
  return isFirst ? html`<th scope="row" class="${classes}"${value}${title}>${text}</th>` : html`<td class="${classes}"${value}${title}>${text}</td>`;
}

/** Names with values, for settings. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
