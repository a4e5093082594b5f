/**
 * xterm.js as Morgana uses it. A module of its own, so that a page can boot before it has loaded.
 */

import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { SerializeAddon } from "@xterm/addon-serialize";
import { WebLinksAddon } from "@xterm/addon-web-links";
import type { ITheme } from "@xterm/xterm";
import { Terminal } from "@xterm/xterm";
import style from "@xterm/xterm/css/xterm.css?inline";

/** Where a search begins: at the match that is selected, after it, or before it. */
export type FindFrom = "here" | "next" | "previous";

/** A terminal on the page. */
export interface TerminalView {
  /** Shows output; `shown` is called when it has been parsed. The bytes are *given*. */
  write(bytes: Uint8Array, shown?: () => void): void;
  /** Empties it, and whatever was written before is not shown any more. */
  clear(): void;
  focus(): void;
  /** Selects a match; gives the row it begins in, counted from 1, or `undefined` for none. */
  find(text: string, from: FindFrom): number | undefined;
  /** What the terminal shows and has scrolled away, with its escape sequences. */
  serialize(): string;
  setScreenReaderMode(on: boolean): void;
  dispose(): void;
}

/** What a terminal tells. */
export interface TerminalEvents {
  onInput(text: string): void;
  onResize(columns: number, rows: number): void;
  /** Whether the unikernel waits for input, which a Tab then is. */
  isInputWanted(): boolean;
}

/** Below this width the text is smaller. */
const narrowPixels = 480;

const light: ITheme = {
  background: "#fbfafd",
  foreground: "#1c1b22",
  cursor: "#6d28d9",
  cursorAccent: "#fbfafd",
  selectionBackground: "#d9c8f7",
};

const dark: ITheme = {
  background: "#16141d",
  foreground: "#e8e6ef",
  cursor: "#b794f6",
  cursorAccent: "#16141d",
  selectionBackground: "#4b3a70",
};

/** Opens a terminal that fills `container`, follows its size and the page's colour scheme. */
export function openTerminal(container: HTMLElement, events: TerminalEvents): TerminalView {
  const terminal = new Terminal({
    convertEol: true,
    cursorBlink: true,
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
    // A phone shows 48 columns so, rather than 41.
    fontSize: container.clientWidth < narrowPixels ? 12 : 14,
    linkHandler: { activate: (_event, url) => openHiddenLink(url) },
    // It would log each malformed escape sequence, which noise is full of.
    logLevel: "off",
    minimumContrastRatio: 4.5,
    scrollback: 10_000,
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  const serialize = new SerializeAddon();
  const links = new WebLinksAddon((_event, url) => openLink(url));
  for (const addon of [fit, search, serialize, links]) terminal.loadAddon(addon);

  const stopPainting = paintByScheme(terminal, container);
  terminal.open(makeFrame(container));
  const leaves = leavesTheTerminal(events);
  terminal.attachCustomKeyEventHandler(
    (event) => !leaves(event) && !copiesOrPastes(terminal, event),
  );
  if (terminal.textarea !== undefined) terminal.textarea.ariaDescription = leaveHint;

  const resized = new ResizeObserver(() => fit.fit());
  resized.observe(container);
  terminal.onData((text) => events.onInput(text));
  terminal.onResize(({ cols, rows }) => events.onResize(cols, rows));
  fit.fit();
  events.onResize(terminal.cols, terminal.rows);

  return {
    write: (bytes, shown) => terminal.write(bytes, shown),
    clear: () => terminal.write("", () => terminal.reset()),
    focus: () => terminal.focus(),
    find(text, from) {
      const found =
        from === "previous"
          ? search.findPrevious(text)
          : search.findNext(text, { incremental: from === "here" });
      const row = terminal.getSelectionPosition()?.start.y;
      return found && row !== undefined ? row + 1 : undefined;
    },
    serialize: () => serialize.serialize(),
    setScreenReaderMode(on) {
      terminal.options.screenReaderMode = on;
    },
    dispose() {
      stopPainting();
      resized.disconnect();
      terminal.dispose();
      container.replaceChildren();
    },
  };
}

/** Makes a place for a terminal in `container`. */
function makeFrame(container: HTMLElement): HTMLElement {
  // xterm.js finds its style in the document; here it must be beside it, inside a shadow root.
  const sheet = document.createElement("style");
  sheet.textContent = style;
  const frame = document.createElement("div");
  frame.style.cssText = "height:100%;padding:0.4rem 0 0 0.6rem;box-sizing:border-box";
  container.append(sheet, frame);
  return frame;
}

/** Gives a terminal the colours of the page's scheme, now and later. Returns what stops it. */
function paintByScheme(terminal: Terminal, container: HTMLElement): () => void {
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const paint = (): void => {
    const theme = scheme.matches ? dark : light;
    terminal.options.theme = theme;
    container.style.background = theme.background ?? "";
  };
  paint();
  scheme.addEventListener("change", paint);
  return () => scheme.removeEventListener("change", paint);
}

/** How to leave the terminal by keyboard; shown where it has the focus. */
const leaveHint = "Escape, then Tab, leaves the console";

/**
 * A terminal must not trap the focus (WCAG 2.1.2): a Tab leaves it after an Escape, and whenever no
 * unikernel waits for input. Gives the function that says whether a key does.
 */
function leavesTheTerminal(events: TerminalEvents): (event: KeyboardEvent) => boolean {
  let escaped = false;
  return ({ type, key }) => {
    if (type !== "keydown" || key === "Shift") return false;
    const leaves = key === "Tab" && (escaped || !events.isInputWanted());
    escaped = key === "Escape";
    return leaves;
  };
}

/**
 * Leaves copying and pasting to the browser: Ctrl-C copies where something is selected, and is
 * typed where nothing is; Ctrl-V and Shift-Insert paste, and so do Cmd-C and Cmd-V, which xterm.js
 * types nothing for. Returns whether a key is such a one.
 */
function copiesOrPastes(terminal: Terminal, event: KeyboardEvent): boolean {
  if (event.type !== "keydown" || !event.ctrlKey || event.altKey) return false;
  const key = event.key.toLowerCase();
  if (key === "c" && (terminal.hasSelection() || event.shiftKey)) {
    event.preventDefault();
    // Not navigator.clipboard, which a page served over plain HTTP in a classroom does not have.
    if (terminal.hasSelection()) document.execCommand("copy");
    terminal.clearSelection();
    return true;
  }
  return key === "v";
}

/** Opens a link that a unikernel printed: it learns nothing of this page, and cannot steer it. */
function openLink(url: string): void {
  window.open(url, "_blank", "noopener,noreferrer");
}

/** The same for a link under some other text (OSC 8; HTTP only), which may not be what it says. */
function openHiddenLink(url: string): void {
  if (confirm(`Open ${url}?`)) openLink(url);
}
