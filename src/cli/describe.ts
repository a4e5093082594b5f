/** `morgana describe`: a unikernel's device graph. */

import { parseArgs } from "node:util";
import { describeAsDot, describeAsText } from "../config/index.ts";
import type { Description } from "../config/index.ts";
import { drawGraph, findUnikernel, formatProblem, inspect, problemOf } from "../vite/index.ts";
import type { Command } from "./command.ts";
import { onlyWord, UsageError } from "./command.ts";

const formats: Readonly<Record<string, (description: Description) => string | Promise<string>>> = {
  text: describeAsText,
  json: (description) => JSON.stringify(description, null, 2),
  dot: describeAsDot,
  svg: drawGraph,
};

export const command: Command = {
  usage: "describe <unikernel>",
  summary: "Show a unikernel's device graph",
  help: `  --format <f>   ${Object.keys(formats).join(", ")} (default text)`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { format: { type: "string", default: "text" } },
    });
    const format = Object.hasOwn(formats, values.format) ? formats[values.format] : undefined;
    if (format === undefined) {
      const known = Object.keys(formats).join(", ");
      throw new UsageError(`--format must be one of ${known}, not "${values.format}"`);
    }
    const unikernel = findUnikernel(onlyWord(positionals, "unikernel"));
    const inspection = await inspect(unikernel);
    if (inspection.kind === "broken") {
      throw new Error(formatProblem(problemOf(inspection.error, unikernel.config), "."));
    }
    process.stdout.write(`${await format(inspection.description)}\n`);
    return 0;
  },
};
