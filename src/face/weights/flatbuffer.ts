/** Reader for FlatBuffers tables by field number (https://flatbuffers.dev/internals/), as far as TFLite files need it. */
export class FlatTable {
  readonly #view: DataView;
  readonly #position: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  private constructor(view: DataView, position: number) {
    this.#view = view;
    this.#position = position;
    this.#vtable = position - view.getInt32(position, true);
    this.#vtableBytes = view.getUint16(this.#vtable, true);
  }

  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  int8(field: number, missing = 0): number {
    const at = this.#field(field);
    return at === 0 ? missing : this.#view.getInt8(at);
  }

  int32(field: number, missing = 0): number {
    const at = this.#field(field);
    return at === 0 ? missing : this.#view.getInt32(at, true);
  }

  uint32(field: number, missing = 0): number {
    const at = this.#field(field);
    return at === 0 ? missing : this.#view.getUint32(at, true);
  }

  table(field: number): FlatTable | null {
    const at = this.#field(field);
    return at === 0 ? null : new FlatTable(this.#view, this.#follow(at));
  }

  text(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  /** Vector of tables. */
  tables(field: number): FlatTable[] {
    const { length, start } = this.#vector(field);
    return Array.from({ length }, (_, i) => new FlatTable(this.#view, this.#follow(start + 4 * i)));
  }

  int32s(field: number): number[] {
    const { length, start } = this.#vector(field);
    return Array.from({ length }, (_, i) => this.#view.getInt32(start + 4 * i, true));
  }

  uint16s(field: number): number[] {
    const { length, start } = this.#vector(field);
    return Array.from({ length }, (_, i) => this.#view.getUint16(start + 2 * i, true));
  }

  /** Vector of bytes, not copied. */
  bytes(field: number): Uint8Array {
    const { length, start } = this.#vector(field);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length);
  }

  /** Place of a field's value, 0 where the field has its default. */
  #field(field: number): number {
    const entry = 4 + 2 * field;
    if (entry >= this.#vtableBytes) return 0;
    const offset = this.#view.getUint16(this.#vtable + entry, true);
    return offset === 0 ? 0 : this.#position + offset;
  }

  #follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  #vector(field: number): { length: number; start: number } {
    const at = this.#field(field);
    if (at === 0) return { length: 0, start: 0 };
    const start = this.#follow(at);
    return { length: this.#view.getUint32(start, true), start: start + 4 };
  }
}
