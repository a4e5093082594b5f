/** What docs/conformance.md says of each requirement. */

import { documents } from "./documents.ts";
import { testFileOf, type Document, type Standing } from "./requirement.ts";

/** Where the generated part of docs/conformance.md begins. */
export const marker = "<!-- From here on: npm run conformance -->";

const kinds = ["met", "not applicable", "open"] as const;

type Kind = (typeof kinds)[number];

/** Writes all tables, from {@link marker} on. */
export function conformanceTables(): string {
  return `${marker}\n\n${summary()}\n\n${documents.map(section).join("\n\n")}\n`;
}

function summary(): string {
  const heads = row("RFC", "", ...kinds);
  const rows = documents.map((document) => {
    const standings = standingsOf(document);
    const counts = kinds.map((kind) => standings.filter((each) => kindOf(each) === kind).length);
    const link = `[${document.number}](#rfc-${document.number})`;
    return row(link, document.title, ...counts.map(String));
  });
  return [heads, row("---", "---", ...kinds.map(() => "---:")), ...rows].join("\n");
}

function section(document: Document): string {
  const { number, title, requirements } = document;
  const hasOwnTests = standingsOf(document).some(({ kind }) => kind === "met");
  const tests = hasOwnTests ? ` Tests: ${linkTo(testFileOf(document))}.` : "";
  const rows = Object.entries(requirements).map(([id, [what, standing, level = "MUST"]]) =>
    row(id, level, what, describe(standing)),
  );
  return [
    `## RFC ${number}`,
    "",
    `${title}.${tests}`,
    "",
    row("", "", "Requirement", "Standing"),
    row("---", "---", "---", "---"),
    ...rows,
  ].join("\n");
}

function standingsOf({ requirements }: Document): readonly Standing[] {
  return Object.values(requirements).map(([, standing]) => standing);
}

function kindOf({ kind }: Standing): Kind {
  return kind === "test" || kind === "scripts" ? "met" : kind;
}

function describe(standing: Standing): string {
  switch (standing.kind) {
    case "met":
      return "met";
    case "test":
      return `met: ${linkTo(standing.file)}`;
    case "scripts":
      return `met: ${standing.scripts.map((name) => `${name}.pkt`).join(", ")}`;
    default:
      return `**${standing.kind}**: ${standing.reason}`;
  }
}

function linkTo(file: string): string {
  return `[${file.split("/").at(-1)}](../${file})`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
