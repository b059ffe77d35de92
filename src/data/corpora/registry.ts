/** All corpora with a command of their own. */
import type { Corpus } from "./corpus.js";
import { cremad } from "./cremad.js";
import { grid } from "./grid.js";
import { lrw } from "./lrw.js";
import { mead } from "./mead.js";

export const corpora: readonly Corpus[] = [lrw, grid, mead, cremad];
