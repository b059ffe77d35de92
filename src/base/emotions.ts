/** The emotions that corpora label, under one name each (MEAD's eight; CREMA-D has six of them). */

export const emotions = ["angry", "contempt", "disgusted", "fear", "happy", "neutral", "sad", "surprised"] as const;

const aliases: Readonly<Record<string, (typeof emotions)[number]>> = { anger: "angry", ang: "angry", disgust: "disgusted", dis: "disgusted", fea: "fear", fearful: "fear", hap: "happy", neu: "neutral", sadness: "sad", surprise: "surprised" };

/** Place of a label among `emotions`, -1 for none of them. */
export function emotionOf(label: unknown): number {
  const name = String(label).toLowerCase();
  return (emotions as readonly string[]).indexOf(aliases[name] ?? name);
}
