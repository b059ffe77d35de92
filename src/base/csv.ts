/** Comma-separated values (RFC 4180): fields may be quoted, and then hold commas, quotes and line breaks. */
import { TalkfaceError } from "./errors.js";

/** Rows of fields; empty lines are left out. Throws `bad-data` where a quote is not closed: all that follows it would be one field. */
export function parseCsv(text: string, where: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let quoted = false;
  let opened = 0;
  const endRow = (): void => {
    row.push(field);
    if (row.length > 1 || row[0]!.trim() !== "") rows.push(row);
    row = [];
    field = "";
  };
  const source = text.replace(/^\uFEFF/, "");
  for (let i = 0; i < source.length; i++) {
    const character = source[i]!;
    if (quoted) {
      if (character !== '"') field += character;
      else if (source[i + 1] === '"') {
        field += '"';
        i++;
      } else quoted = false;
    } else if (character === '"' && field.trim() === "") {
      field = "";
      quoted = true;
      opened = i;
    } else if (character === ",") {
      row.push(field);
      field = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r") field += character;
  }
  if (quoted) {
    const line = source.slice(0, opened).split("\n").length;
    throw new TalkfaceError("bad-data", `${where}: the quoted field that begins in line ${line} does not end: close its quote.`);
  }
  if (field !== "" || row.length > 0) endRow();
  return rows;
}

export function formatCsv(rows: readonly (readonly string[])[]): string {
  const quoted = (field: string): string => (/[",\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  return rows.map((row) => `${row.map(quoted).join(",")}\n`).join("");
}
