/** All operators that can be read. */
import { elementwiseRules } from "./elementwise-rules.js";
import { layoutRules } from "./layout-rules.js";
import { networkRules } from "./network-rules.js";
import type { Rule } from "./node-reader.js";
import { recurrentRules } from "./recurrent-rules.js";
import { reduceRules } from "./reduce-rules.js";
import { resized } from "./resize-rules.js";
import { windowRules } from "./window-rules.js";

export const rules: Readonly<Record<string, Rule>> = { ...elementwiseRules, ...layoutRules, ...networkRules, ...recurrentRules, ...reduceRules, ...windowRules, Resize: resized };
