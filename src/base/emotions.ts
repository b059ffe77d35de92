/** The emotions that corpora label, under one name each (MEAD's eight; CREMA-D has six of them). */

export const emotions = ["angry", "contempt", "disgusted", "fear", "happy", "neutral", "sad", "surprised"] as const;

const aliases: Readonly<Record<string, (typeof emotions)[number]>> = { anger: "angry", ang: "angry", disgust: "disgusted", dis: "disgusted", fea: "fear", fearful: "fear", hap: "happy", happiness: "happy", neu: "neutral", sadness: "sad", sur: "surprised", surprise: "surprised", con: "contempt" };

/** The one name of a label: of `emotions` where it is one of them, else the label in small letters. */
export function emotionName(label: unknown): string {
  const name = String(label).trim().toLowerCase();
  return Object.hasOwn(aliases, name) ? aliases[name]! : name;
}

/** Place of a label among `emotions`, -1 for none of them. */
export function emotionOf(label: unknown): number {
  return (emotions as readonly string[]).indexOf(emotionName(label));
}
