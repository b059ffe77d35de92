/** Whom the model is fitted to, and on which clips that is judged. */
import { TalkfaceError } from "../../src/base/errors.js";
import { openDataset } from "../../src/data/dataset.js";
import { clipProtocol, namedClips, type QualityClip } from "../quality/clips.js";

/** The one person in the training clips of a prepared folder. Throws `bad-data` where there are none or several. */
export async function personIn(folder: string): Promise<string> {
  const dataset = await openDataset([folder]);
  await dataset.close();
  const people = [...new Set(dataset.clips.filter(({ split }) => split === "train").map(({ person }) => person))];
  if (people.length !== 1) {
    throw new TalkfaceError("bad-data", `${folder}: ${people.length} people in its training clips, expected one. Prepare videos of one person with --person NAME.`);
  }
  return people[0]!;
}

/** The clips of these names, or all of the person where none is given. Throws `usage` where one is not among the usable clips. */
export function clipsOf(all: readonly QualityClip[], only: readonly string[], person: string): QualityClip[] {
  if (only.length > 0) return namedClips(all, only);
  const own = all.filter((clip) => clip.person === person);
  if (own.length === 0) throw new TalkfaceError("usage", `--data: no clip of ${person} fits (${clipProtocol}). Name clips with --only.`);
  return own;
}
