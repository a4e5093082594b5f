/** The picture of a device graph: Graphviz draws it, the page's own colours paint it. */

import { instance } from "@viz-js/viz";
import type { Description } from "../config/index.ts";
import { describeAsDot } from "../config/index.ts";

/** Draws a unikernel's devices as an SVG element that takes the text colour around it. */
export async function drawGraph(description: Description): Promise<string> {
  const viz = await instance();
  const svg = viz.renderString(describeAsDot(description), {
    format: "svg_inline",
    graphAttributes: {
      bgcolor: "transparent",
      rankdir: "LR",
      pad: 0.1,
      nodesep: 0.15,
      ranksep: 0.3,
    },
    nodeAttributes: {
      color: "currentColor",
      fontcolor: "currentColor",
      fontname: "system-ui, sans-serif",
      fontsize: 11,
      height: 0.3,
      margin: "0.1,0.05",
      shape: "box",
      style: "rounded",
    },
    edgeAttributes: { color: "currentColor", arrowsize: 0.6 },
  });
  const label = `Devices of ${description.name}: ${description.start.join(", ") || "none"}`;
  return svg
    .replace("<svg ", `<svg role="img" aria-label="${label}" `)
    .replaceAll("#000000", "currentColor")
    .replaceAll(/<title>.*?<\/title>|<!--.*?-->/gs, "");
}
