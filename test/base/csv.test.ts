import { expect, it } from "vitest";
import { formatCsv, parseCsv } from "../../src/base/csv.js";

it("reads fields with commas, quotes and line breaks, and leaves empty lines out", () => {
  expect(parseCsv('\uFEFFa,"b ""c""\nd",\r\n\n  \n"1", "2, 3" ,4', "")).toEqual([["a", 'b "c"\nd', ""], ["1", "2, 3 ", "4"]]);
  expect(parseCsv("", "")).toEqual([]);
});

it("reads what it writes", () => {
  const rows = [["a", 'b "c"', "d\ne"], ["", "f,g", "h"]];
  expect(parseCsv(formatCsv(rows), "")).toEqual(rows);
});

it("says where a quote is opened that nothing closes", () => {
  expect(() => parseCsv('a,b\n"1\n2",3\n4,"5\n6', "f.csv")).toThrow("f.csv: the quoted field that begins in line 4 does not end: close its quote.");
});
