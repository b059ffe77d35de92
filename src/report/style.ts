/** How pages look. Colours of systems keep apart for colour-blind eyes, on white and on black. */
export const light = { sheet: "#ffffff", ink: "#18202b", soft: "#5a6676", rule: "#e1e5eb", series: ["#0b6bcb", "#cf5b06", "#07835f", "#a9318f", "#6a4fd0", "#806300", "#bb3434", "#66717f"] } as const;

export const style = `
:root {
  --ground: #f6f7f9; --sheet: ${light.sheet}; --ink: ${light.ink}; --soft: ${light.soft}; --rule: ${light.rule}; --wash: #eef2f7; --accent: #0b62c4;
  ${light.series.map((colour, i) => `--c${i}: ${colour};`).join(" ")}
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141a; --sheet: #181e26; --ink: #e6eaf0; --soft: #9aa6b5; --rule: #2b333e; --wash: #202834; --accent: #6db3ff;
    --c0: #5aa9f8; --c1: #f5953f; --c2: #3ec79b; --c3: #e583d0; --c4: #a693f5; --c5: #d3b445; --c6: #f07c7c; --c7: #9aa5b3;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header, main, footer { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; letter-spacing: -0.015em; }
header p { margin: 6px 0 0; color: var(--soft); overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 18px 0 0; padding: 10px 0; border-bottom: 1px solid var(--rule); }
a { color: var(--accent); }
nav a { text-decoration: none; font-weight: 500; }
nav a:hover { text-decoration: underline; }
section { margin: 28px 0; padding: 20px 24px 24px; background: var(--sheet); border: 1px solid var(--rule); border-radius: 12px; }
h2 { margin: 0 0 4px; font-size: 19px; letter-spacing: -0.01em; }
h3 { margin: 18px 0 10px; font-size: 16px; overflow-wrap: anywhere; }
.lead { margin: 0 0 14px; max-width: 82ch; color: var(--soft); }
footer { padding-bottom: 40px; color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }

table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: 7px 12px; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: baseline; }
thead th { border-bottom-color: var(--soft); white-space: nowrap; }
tbody th { font-weight: 500; white-space: nowrap; max-width: 30ch; overflow: hidden; text-overflow: ellipsis; }
td small.below { display: block; line-height: 1.35; }
tbody tr:hover { background: var(--wash); }
tbody tr[data-row] { cursor: pointer; }
tr.chosen { background: var(--wash); box-shadow: inset 3px 0 0 var(--accent); }
.number { text-align: right; }
.number, .text { white-space: nowrap; }
.prose { min-width: min(60ch, 80vw); }
.best { font-weight: 700; }
.quiet, .unit, td small, th small { color: var(--soft); font-weight: 400; }
td small { white-space: nowrap; }
.sort { all: unset; cursor: pointer; font-weight: 600; color: var(--soft); font-size: 13px; }
.sort:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
[aria-sort] .sort { color: var(--ink); }
[aria-sort=ascending] .sort::before { content: "\\2191  "; }
[aria-sort=descending] .sort::before { content: "\\2193  "; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 260px), 1fr)); gap: 10px 24px; margin: 0 0 18px; }
.facts dt { color: var(--soft); font-size: 13px; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.protocols { margin: 0; padding: 0; list-style: none; font-size: 13.5px; }
.protocols li { margin: 0 0 8px; overflow-wrap: anywhere; }
code { padding: 1px 5px; border-radius: 4px; background: var(--wash); font: 12.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.remarks { margin: 0; padding-left: 20px; max-height: 22em; overflow-y: auto; }
.remarks li { overflow-wrap: anywhere; }

.grid-of-plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 18px 28px; }
.plot { margin: 0; min-width: 0; }
.plot figcaption { font-weight: 600; margin-bottom: 4px; }
.plot svg { display: block; width: 100%; height: auto; }
.c0 { --own: var(--c0); } .c1 { --own: var(--c1); } .c2 { --own: var(--c2); } .c3 { --own: var(--c3); }
.c4 { --own: var(--c4); } .c5 { --own: var(--c5); } .c6 { --own: var(--c6); } .c7 { --own: var(--c7); }
svg text { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
svg .name { fill: var(--own); font-size: 12.5px; font-weight: 600; }
.middle { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: var(--rule); stroke-width: 1; }
.mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
.line { fill: none; stroke: var(--own); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.dots circle { fill: var(--own); fill-opacity: 0.45; }
.box { fill: var(--own); fill-opacity: 0.14; }
.interval { stroke: var(--own); stroke-width: 4; stroke-linecap: round; }
.mean { stroke: var(--own); stroke-width: 2.5; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 6px 0 0; padding: 0; list-style: none; font-size: 13.5px; }
.key { display: inline-block; width: 18px; height: 4px; margin-right: 7px; border-radius: 2px; background: var(--own); vertical-align: middle; }
.shared { margin: 0 0 14px; }

.sheet { display: block; max-width: none; height: auto; border-radius: 6px; }
.choice { margin: 6px 0 4px; }
select, button, input[type=range] { font: inherit; accent-color: var(--accent); }
select, .step, .play { padding: 5px 10px; color: var(--ink); background: var(--wash); border: 1px solid var(--rule); border-radius: 7px; max-width: 100%; }
button:not(.sort) { cursor: pointer; }
.play { min-width: 76px; background: var(--accent); border-color: var(--accent); color: var(--sheet); font-weight: 600; }
.screens { display: flex; flex-wrap: wrap; gap: 14px; }
.screens figure { margin: 0; flex: 0 1 auto; min-width: 0; }
.screens figcaption { padding-top: 4px; font-size: 13.5px; color: var(--soft); }
video { display: block; max-width: 100%; height: auto; background: #000; border-radius: 8px; }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 16px; margin: 12px 0 18px; }
.controls label { color: var(--soft); font-size: 13.5px; }
.seek { flex: 1 1 180px; min-width: 120px; }
.time { min-width: 8ch; font-variant-numeric: tabular-nums; color: var(--soft); }
.strips { display: grid; gap: 6px; min-width: min-content; margin-bottom: 18px; }
.strip { display: grid; grid-template-columns: 118px repeat(var(--columns), minmax(56px, 124px)); gap: 6px; align-items: center; justify-content: start; }
.strip .label { font-size: 13.5px; color: var(--soft); overflow-wrap: anywhere; }
.strip img { display: block; width: 100%; height: auto; border-radius: 5px; }
@media (max-width: 640px) {
  header, main, footer { padding-left: 12px; padding-right: 12px; }
  section { padding: 16px 14px; }
  .screens { display: grid; grid-template-columns: 1fr 1fr; }
  .strip { grid-template-columns: 76px repeat(var(--columns), minmax(56px, 124px)); }
}
@media print {
  body { background: none; }
  section { border: none; padding: 0; break-inside: avoid-page; }
  nav, .controls, .choice { display: none; }
}
`;
