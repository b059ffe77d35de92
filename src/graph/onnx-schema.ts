/**
 * The part of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, IR version 8) that this toolkit writes and reads, as a
 * protobufjs reflection descriptor. Field numbers are ONNX's; fields left out are skipped when reading, except those listed only so
 * that their presence can be refused.
 */
import protobuf, { type INamespace, type Type } from "protobufjs/light.js";

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });
const packed = (type: string, id: number) => ({ rule: "repeated", type, id, options: { packed: true } });

const descriptor: INamespace = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: field("int64", 1),
        producerName: field("string", 2),
        graph: field("GraphProto", 7),
        opsetImport: repeated("OperatorSetIdProto", 8),
        metadataProps: repeated("StringStringEntryProto", 14),
        functions: repeated("bytes", 25), // refused
      },
    },
    OperatorSetIdProto: { fields: { domain: field("string", 1), version: field("int64", 2) } },
    StringStringEntryProto: { fields: { key: field("string", 1), value: field("string", 2) } },
    GraphProto: {
      fields: {
        node: repeated("NodeProto", 1),
        name: field("string", 2),
        initializer: repeated("TensorProto", 5),
        input: repeated("ValueInfoProto", 11),
        output: repeated("ValueInfoProto", 12),
        sparseInitializer: repeated("bytes", 15), // refused
      },
    },
    NodeProto: {
      fields: {
        input: repeated("string", 1),
        output: repeated("string", 2),
        name: field("string", 3),
        opType: field("string", 4),
        attribute: repeated("AttributeProto", 5),
        domain: field("string", 7),
      },
    },
    AttributeProto: {
      fields: {
        name: field("string", 1),
        f: field("float", 2),
        i: field("int64", 3),
        s: field("bytes", 4),
        t: field("TensorProto", 5),
        g: field("GraphProto", 6),
        floats: repeated("float", 7),
        ints: repeated("int64", 8),
        strings: repeated("bytes", 9),
        type: field("int32", 20),
      },
    },
    TensorProto: {
      fields: {
        dims: repeated("int64", 1),
        dataType: field("int32", 2),
        floatData: packed("float", 4),
        int32Data: packed("int32", 5),
        int64Data: packed("int64", 7),
        name: field("string", 8),
        rawData: field("bytes", 9),
        doubleData: packed("double", 10),
        uint64Data: packed("uint64", 11),
        externalData: repeated("StringStringEntryProto", 13), // refused
        dataLocation: field("int32", 14),
      },
    },
    ValueInfoProto: { fields: { name: field("string", 1), type: field("TypeProto", 2) } },
    TypeProto: { fields: { tensorType: field("TypeProtoTensor", 1) } },
    TypeProtoTensor: { fields: { elemType: field("int32", 1), shape: field("TensorShapeProto", 2) } },
    TensorShapeProto: { fields: { dim: repeated("TensorShapeDimension", 1) } },
    TensorShapeDimension: { fields: { dimValue: field("int64", 1), dimParam: field("string", 2) } },
  },
};

/** ModelProto ready to encode and decode. */
export const modelType: Type = protobuf.Root.fromJSON(descriptor).lookupType("ModelProto");

/** AttributeProto.AttributeType. */
export const attributeTypes = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

/** TensorProto.DataType numbers of the element types that the toolkit knows. */
export const dtypeNumbers = {
  float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, uint32: 12, uint64: 13,
} as const;

export type Dtype = keyof typeof dtypeNumbers;

/** Bytes per element. */
export const dtypeBytes: Readonly<Record<Dtype, number>> = {
  float32: 4, uint8: 1, int8: 1, uint16: 2, int16: 2, int32: 4, int64: 8, bool: 1, float16: 2, float64: 8, uint32: 4, uint64: 8,
};

/** Plain objects as protobufjs takes and gives them; 64-bit integers are decimal strings when read, numbers when written. */
export type Int64 = number | string;
export interface TensorMessage {
  name?: string;
  dims?: readonly Int64[];
  dataType?: number;
  rawData?: Uint8Array;
  floatData?: readonly number[];
  doubleData?: readonly number[];
  int32Data?: readonly number[];
  int64Data?: readonly Int64[];
  uint64Data?: readonly Int64[];
  externalData?: readonly unknown[];
  dataLocation?: number;
}
export interface AttributeMessage {
  name?: string;
  type?: number;
  f?: number;
  i?: Int64;
  s?: Uint8Array;
  t?: TensorMessage;
  g?: GraphMessage;
  floats?: readonly number[];
  ints?: readonly Int64[];
  strings?: readonly Uint8Array[];
}
export interface NodeMessage {
  opType?: string;
  name?: string;
  domain?: string;
  input?: readonly string[];
  output?: readonly string[];
  attribute?: readonly AttributeMessage[];
}
export interface ValueInfoMessage {
  name?: string;
  type?: { tensorType?: { elemType?: number; shape?: { dim?: readonly { dimValue?: Int64; dimParam?: string }[] } } };
}
export interface GraphMessage {
  name?: string;
  node?: readonly NodeMessage[];
  initializer?: readonly TensorMessage[];
  input?: readonly ValueInfoMessage[];
  output?: readonly ValueInfoMessage[];
  sparseInitializer?: readonly unknown[];
}
export interface ModelMessage {
  irVersion?: Int64;
  producerName?: string;
  graph?: GraphMessage;
  opsetImport?: readonly { domain?: string; version?: Int64 }[];
  metadataProps?: readonly { key?: string; value?: string }[];
  functions?: readonly unknown[];
}
