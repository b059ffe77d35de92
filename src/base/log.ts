/** Messages and progress on stderr; results belong on stdout and are printed by the commands themselves. */
import ora, { type Ora } from "ora";

let quiet = false;

export function setQuiet(value: boolean): void {
  quiet = value;
}

export function info(text: string): void {
  if (!quiet) process.stderr.write(`${text}\n`);
}

export function warn(text: string): void {
  process.stderr.write(`warning: ${text}\n`);
}

export interface Progress {
  /** Reports that `done` of the total units are finished. */
  update(done: number, note?: string): void;
  /** Ends the line; the text stays. */
  finish(text?: string): void;
}

/** A spinner on a terminal, a plain line every ten seconds elsewhere. `from` units were done before; `endsAt`: when it ends at the latest, in ms of `performance.now()`. */
export function progress(label: string, total: number, unit: string, from = 0, endsAt: number | null = null): Progress {
  const started = performance.now();
  const terminal = process.stderr.isTTY === true && !quiet;
  const spinner: Ora | null = terminal ? ora({ text: label, stream: process.stderr }).start() : null;
  let printed = started;
  const text = (done: number, note: string): string => {
    const seconds = (performance.now() - started) / 1000;
    const rate = (done - from) / Math.max(seconds, 1e-9);
    const latest = endsAt === null ? Infinity : Math.max(0, endsAt - performance.now()) / 1000;
    const left = done > from && total >= done ? `, ${duration(Math.min((total - done) / rate, latest))} left` : "";
    return `${label}: ${done}/${total} ${unit}, ${rate.toFixed(rate < 10 ? 2 : 0)}/s${left}${note === "" ? "" : `, ${note}`}`;
  };
  return {
    update(done, note = "") {
      if (spinner !== null) spinner.text = text(done, note);
      else if (!quiet && performance.now() - printed > 10_000) {
        printed = performance.now();
        process.stderr.write(`${text(done, note)}\n`);
      }
    },
    finish(final) {
      if (spinner !== null) {
        if (final === undefined) spinner.stop();
        else spinner.succeed(final);
      } else if (final !== undefined && !quiet) process.stderr.write(`${final}\n`);
    },
  };
}

/** Seconds as `1 h 02 min`, `3 min 20 s` or `12 s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return s >= 60 ? `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s` : `${s} s`;
}
