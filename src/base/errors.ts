/** The one error class that users see: a stable code and one sentence that says what, where, what was expected, what to do. */
export type ErrorCode =
  | "usage" // wrong option or argument
  | "missing-file"
  | "bad-media" // unreadable, empty, truncated or of the wrong kind
  | "bad-model"
  | "bad-data" // shards, manifests, checkpoints
  | "no-face"
  | "exists" // would overwrite without --force
  | "io" // permission, full disk
  | "device"
  | "graph" // a network that cannot be built
  | "interrupted"
  | "diverged" // training produced non-finite numbers
  | "internal";

/** Exit status of the command line: 0 done, 1 failed, 2 wrong usage, 3 done with rejects. */
export const exitStatus = { done: 0, failed: 1, usage: 2, rejects: 3 } as const;

export class TalkfaceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "TalkfaceError";
    this.code = code;
  }

  get exitStatus(): number {
    return this.code === "usage" ? exitStatus.usage : exitStatus.failed;
  }
}

/** Node's own text for a system error, turned into one of ours; anything else is returned unchanged. */
export function fromSystemError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const say = (family: ErrorCode, text: string): TalkfaceError => new TalkfaceError(family, text, { cause: error });
  switch (code) {
    case "ENOENT":
      return say("missing-file", `${path}: no such file or folder. Check the path.`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return say("io", `${path}: no permission. Choose another folder or change its rights.`);
    case "ENOSPC":
      return say("io", `${path}: the disk is full. Free some space and run the same command again.`);
    case "EISDIR":
      return say("io", `${path}: is a folder, expected a file.`);
    case "EEXIST": // of a folder to be made, where a file stands
    case "ENOTDIR":
      return say("io", `${path}: a part of this path is a file, expected a folder. Choose another path, or remove the file.`);
    default:
      return error;
  }
}
