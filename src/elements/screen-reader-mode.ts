/**
 * Whether this person wants xterm.js's screen-reader mode, kept for later visits. A flag that is
 * read at once, and not in a database, since a terminal must have it when it opens.
 */

const key = "morgana-screen-reader-mode";

/** Reads the choice; off where nothing may be stored. */
export function isScreenReaderMode(): boolean {
  try {
    return localStorage.getItem(key) === "on";
  } catch {
    return false;
  }
}

/** Keeps the choice, where the browser lets it. */
export function keepScreenReaderMode(on: boolean): void {
  try {
    if (on) localStorage.setItem(key, "on");
    else localStorage.removeItem(key);
  } catch {
    // It holds for this visit.
  }
}
