/**
 * Stack traces of a worker, with the positions of the user's own files. Loaded when one is shown.
 */

import type { TraceMap } from "@jridgewell/trace-mapping";

/**
 * Rewrites the positions of a stack by the source map beside each script (`<script>.map`). A line
 * whose script has none is left as it is; never rejects.
 */
export async function mapStack(stack: string): Promise<string> {
  const maps = new Map<string, Promise<TraceMap | undefined>>();
  const lines = stack.split("\n").map(async (line) => {
    const found = /(https?:\/\/[^\s()]+?\.js)(?:\?[^\s():]*)?:(\d+):(\d+)/.exec(line);
    if (found === null) return line;
    const [position, script = "", lineNumber, column] = found;
    if (!maps.has(script)) maps.set(script, loadMap(`${script}.map`));
    const map = await maps.get(script);
    if (map === undefined) return line;
    const original = await originalPosition(map, Number(lineNumber), Number(column));
    return original === undefined ? line : line.replace(position, () => original);
  });
  return (await Promise.all(lines)).join("\n");
}

async function originalPosition(
  map: TraceMap,
  lineNumber: number,
  column: number,
): Promise<string | undefined> {
  const { originalPositionFor } = await import("@jridgewell/trace-mapping");
  try {
    const original = originalPositionFor(map, { line: lineNumber, column: column - 1 });
    if (original.source === null) return undefined;
    const source = original.source.replace(/^(?:\.\.?\/)+/, "");
    return `${source}:${original.line}:${original.column + 1}`;
  } catch {
    // A position that no script has, such as 0:0 in a message, or a map that only looked like one.
    return undefined;
  }
}

async function loadMap(url: string): Promise<TraceMap | undefined> {
  try {
    const response = await fetch(url);
    if (!response.ok) return undefined;
    const { TraceMap } = await import("@jridgewell/trace-mapping");
    return new TraceMap(await response.text());
  } catch {
    return undefined;
  }
}
