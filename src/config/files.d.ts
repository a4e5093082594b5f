/**
 * A folder whose files the bundler compiles into the unikernel: `import("./site?files")`, for
 * `compiledFiles()`. The type is that of `CompiledFolder`; a declaration for all modules of a kind
 * can name no module itself.
 */
declare module "*?files" {
  interface Base {
    readonly name: string;
    readonly digest: string;
    readonly modifiedMs: number;
  }
  type File = Base & ({ readonly text: string } | { readonly base64: string });
  interface Folder extends Base {
    readonly entries: readonly (File | Folder)[];
  }
  const folder: Folder;
  export default folder;
}
