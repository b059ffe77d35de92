/** `talkface doctor`: what works on this machine, and what to do about the rest. */
import type { Command } from "commander";
import { exitStatus } from "../../base/errors.js";
import { examineMachine, type Finding } from "../doctor/checks.js";

export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("check Node, ffmpeg, compute devices, face networks and models: what works, what to do")
    .option("--json", "findings as JSON on stdout")
    .addHelpText("after", "\nExamples:\n  talkface doctor\n  talkface doctor --json\n\nExit status 1 when something that is needed does not work.")
    .action(async (flags: { json?: boolean }) => {
      const findings: Finding[] = [];
      for await (const finding of examineMachine()) {
        findings.push(finding);
        if (flags.json !== true) process.stdout.write(lines(finding));
      }
      const hasFailed = findings.some(({ status }) => status === "failed");
      if (flags.json === true) process.stdout.write(`${JSON.stringify({ works: !hasFailed, findings }, null, 2)}\n`);
      else process.stdout.write(hasFailed ? "Something that talkface needs does not work.\n" : "talkface can work here.\n");
      if (hasFailed) process.exitCode = exitStatus.failed;
    });
}

function lines({ name, status, detail, remedy }: Finding): string {
  const indent = " ".repeat(28);
  return `${status.padEnd(8)} ${name.padEnd(18)} ${detail}\n${remedy === "" ? "" : `${indent}${remedy}\n`}`;
}
