/** Log records by level and source, filtered as `--logs` says. */

/** Levels from the most to the least important. */
export const logLevels = ["error", "warning", "info", "debug"] as const;

/** The importance of a log record. */
export type LogLevel = (typeof logLevels)[number];

/** Which records are let through: a level for each named source, and one for all the others. */
export interface LogFilter {
  readonly level: LogLevel;
  readonly sources: ReadonlyMap<string, LogLevel>;
}

type Levels = Readonly<Record<LogLevel, (text: string) => void>>;

/** Writes log records of one source: a function for each level. */
export interface Logger extends Levels {
  /** A logger for another source, filtered by that name. */
  source(name: string): Logger;
}

/**
 * Reads a filter such as `debug,tcp:info`: a level alone is for every source not named. Gives
 * `undefined` if it is none.
 */
export function parseLogFilter(text: string): LogFilter | undefined {
  let level: LogLevel = "info";
  const sources = new Map<string, LogLevel>();
  for (const part of text.split(",").filter((each) => each !== "")) {
    const colon = part.lastIndexOf(":");
    const found = logLevels.find((each) => each === part.slice(colon + 1));
    if (found === undefined) return undefined;
    if (colon < 0 || part.startsWith("*:")) level = found;
    else sources.set(part.slice(0, colon), found);
  }
  return { level, sources };
}

/** Makes a logger whose records that pass `filter` go to `write`, a line each. */
export function createLogger(
  source: string,
  filter: LogFilter,
  write: (line: string) => void,
): Logger {
  const threshold = logLevels.indexOf(filter.sources.get(source) ?? filter.level);
  const log =
    (level: LogLevel): ((text: string) => void) =>
    (text) => {
      if (logLevels.indexOf(level) <= threshold) write(`${level} ${source}: ${text}`);
    };
  return {
    ...(Object.fromEntries(logLevels.map((level) => [level, log(level)])) as Levels),
    source: (name) => createLogger(name, filter, write),
  };
}
