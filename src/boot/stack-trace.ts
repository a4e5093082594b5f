/** Stack traces of a worker, with the positions of the user's own files. Loaded when one is shown. */

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
    const { originalPositionFor } = await import("@jridgewell/trace-mapping");
    const original = originalPositionFor(map, {
      line: Number(lineNumber),
      column: Number(column) - 1,
    });
    if (original.source === null) return line;
    const source = original.source.replace(/^(?:\.\.?\/)+/, "");
    return line.replace(position, `${source}:${original.line}:${original.column + 1}`);
  });
  return (await Promise.all(lines)).join("\n");
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
