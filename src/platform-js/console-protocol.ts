/**
 * What a console's two halves, the unikernel's worker and the page, say over their MessagePort. The
 * worker asks for input, so that what is typed stays with the page until somebody reads it, and a
 * line is edited where it is shown.
 */

/** How input is wanted: as it was typed, as an edited line, or not any more. */
export type Want = "bytes" | "line" | "nothing";

/** From the worker: output (UTF-8, transferred) and what input it wants. */
export type WorkerMessage =
  | Uint8Array
  | { readonly want: Want }
  /** Input that was asked for and came too late to be read; it is next again. */
  | { readonly unread: Uint8Array };

/** From the page. */
export type PageMessage =
  /** The input that was wanted. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "line"; readonly line: string }
  /** There is no more input, and there will be none. */
  | { readonly kind: "end" }
  /** So many bytes of output have been taken by the screen. */
  | { readonly kind: "credit"; readonly bytes: number }
  /** The size of the screen, at first and after each change. */
  | { readonly kind: "size"; readonly columns: number; readonly rows: number };

/** The most output, in bytes, that may be with the page and not yet on its screen. */
export const windowBytes: number = 256 * 1024;
