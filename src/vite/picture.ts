/** The picture of a device graph: Graphviz draws it, the page's own colours and type paint it. */

import type { Viz } from "@viz-js/viz";
import { instance } from "@viz-js/viz";
import type { Description } from "../config/index.ts";
import { describeAsDot } from "../config/index.ts";
import { escapeHtml } from "./html.ts";

/** Graphviz, compiled once. */
let graphviz: Promise<Viz> | undefined;

/** Draws a unikernel's devices as an SVG element that takes the text colour around it. */
export async function drawGraph(description: Description): Promise<string> {
  const viz = await (graphviz ??= instance());
  const svg = viz.renderString(describeAsDot(description), {
    format: "svg_inline",
    graphAttributes: {
      bgcolor: "transparent",
      rankdir: "LR",
      pad: 0.05,
      nodesep: 0.12,
      ranksep: 0.35,
    },
    nodeAttributes: {
      color: "currentColor",
      fontcolor: "currentColor",
      // The widest of the usual fonts, to leave room for any that the page has.
      fontname: "Verdana",
      fontsize: 11,
      height: 0.3,
      margin: "0.12,0.06",
      shape: "box",
      style: "rounded",
    },
    edgeAttributes: { color: "currentColor", arrowsize: 0.6 },
  });
  const label = `Devices of ${description.name}: ${description.start.join(", ") || "none"}`;
  return (
    svg
      .replace("<svg ", () => `<svg role="img" aria-label="${escapeHtml(label)}" `)
      .replaceAll("#000000", "currentColor")
      .replaceAll('font-family="Verdana"', 'font-family="system-ui, sans-serif"')
      // Every picture of a page has the same ones.
      .replaceAll(/ id="[^"]*"/g, "")
      .replaceAll(/<title>.*?<\/title>|<!--.*?-->/gs, "")
  );
}
