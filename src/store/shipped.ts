/** Where the models that come with the toolkit are. */
import { fileURLToPath } from "node:url";

/** The folder of the model of a system, by the system's name; it need not be there. */
export function shippedModel(system: string): string {
  return fileURLToPath(new URL(`../../onnx/${system}`, import.meta.url));
}
