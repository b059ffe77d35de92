/** The part of koffi that mpi.ts and heap.ts use; its own declarations say `any`. */
declare module "koffi" {
  export interface LibraryHandle {
    func(definition: string): (...values: readonly unknown[]) => unknown;
    func(name: string, result: string, types: readonly string[]): (...values: readonly unknown[]) => unknown;
    /** Address of a variable. */
    symbol(name: string): unknown;
  }
  /** `global`: its symbols are there for libraries that it loads itself. */
  export function load(path: string, options?: { readonly global?: boolean }): LibraryHandle;
}
