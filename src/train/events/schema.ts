/** The part of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto that a run writes, as a protobufjs reflection descriptor. */
import protobuf, { type INamespace } from "protobufjs/light.js";

const field = (type: string, id: number) => ({ type, id });

const descriptor: INamespace = {
  nested: {
    Event: {
      fields: {
        wallTime: field("double", 1),
        step: field("int64", 2),
        fileVersion: field("string", 3),
        summary: field("Summary", 5),
        sessionLog: field("SessionLog", 7),
      },
    },
    SessionLog: { fields: { status: field("int32", 1) } },
    Summary: { fields: { value: { rule: "repeated", ...field("Value", 1) } } },
    // as a choice: a figure that is 0 would be left out as the default otherwise
    Value: { oneofs: { value: { oneof: ["simpleValue", "image"] } }, fields: { tag: field("string", 1), simpleValue: field("float", 2), image: field("Image", 4) } },
    Image: { fields: { height: field("int32", 1), width: field("int32", 2), colorspace: field("int32", 3), encodedImageString: field("bytes", 4) } },
  },
};

const event = protobuf.Root.fromJSON(descriptor).lookupType("Event");

/** `simpleValue` is a figure, `image` a PNG with 3 (RGB) as its colorspace. */
export interface SummaryValue {
  readonly tag: string;
  readonly simpleValue?: number;
  readonly image?: { readonly height: number; readonly width: number; readonly colorspace: number; readonly encodedImageString: Uint8Array };
}

export interface EventMessage {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step?: number;
  readonly fileVersion?: string;
  readonly summary?: { readonly value: readonly SummaryValue[] };
  /** Status 1: what was written of this step and later ones before is void. */
  readonly sessionLog?: { readonly status: number };
}

export function encodeEvent(message: EventMessage): Uint8Array {
  return event.encode(event.fromObject(message)).finish();
}
