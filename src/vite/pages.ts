/** The HTML of the gallery and of each unikernel's page. Every URL in it is relative. */

import { readFileSync } from "node:fs";
import type { Description } from "../config/index.ts";
import { escapeHtml } from "./html.ts";
import type { Inspection } from "./inspect.ts";
import { pageFiles } from "./page-script.ts";
import { drawGraph } from "./picture.ts";
import { formatProblem, problemOf } from "./problems.ts";
import type { UnikernelFolder } from "./unikernels.ts";

/** A unikernel and what its configuration came to. */
export interface GalleryEntry {
  readonly unikernel: UnikernelFolder;
  readonly inspection: Inspection;
}

/** The home page: every unikernel with its sentence, its devices and their picture. */
export async function galleryPage(entries: readonly GalleryEntry[]): Promise<string> {
  const cards = await Promise.all(entries.map(card));
  return page({
    title: "Morgana",
    base: "./",
    isHome: true,
    head: elements("./"),
    body: `<main data-unikernels>
      <h1>Unikernels</h1>
      <p class="lead">Each is a TypeScript module, linked with the devices it names and nothing else.
        Open one, and it boots in a worker of this tab.</p>
      <ul class="cards">${cards.join("\n")}</ul>
      <morgana-disks></morgana-disks>
    </main>`,
  });
}

/**
 * A unikernel's page: what its `page.html` holds, or else one element, booted with the arguments of
 * the page's URL, the site that it serves and the disks of this browser, if it has such devices.
 */
export function unikernelPage({ unikernel, inspection }: GalleryEntry): string {
  const { name } = unikernel;
  const own = unikernel.page === undefined ? undefined : readFileSync(unikernel.page, "utf8");
  const [, style = "", rest = ""] = /^\s*((?:<style>.*?<\/style>\s*)*)(.*)$/s.exec(own ?? "") ?? [];
  return page({
    title: `${name} · Morgana`,
    base: "../",
    head: elements("../") + style,
    body: `<main>
      <h1>${escapeHtml(name)}</h1>
      ${own === undefined ? usualPart(inspection) : rest}
    </main>`,
  });
}

/** What a page holds that nobody wrote. */
function usualPart(inspection: Inspection): string {
  const description = inspection.kind === "description" ? inspection.description : undefined;
  const sentence = description?.description ?? "";
  const has = (device: string): boolean =>
    description?.devices.some(({ signature }) => signature === device) ?? false;
  return `${sentence === "" ? "" : `<p class="lead">${escapeHtml(sentence)}</p>`}
      <morgana-unikernel src="./" url-args></morgana-unikernel>
      ${has("HttpServer") ? "<morgana-site></morgana-site>" : ""}
      ${has("Block") ? "<morgana-disks></morgana-disks>" : ""}`;
}

/**
 * The page for a path that nothing is at. A static host shows it at any depth of a site that may be
 * anywhere, so it brings its own style, and without a `base` finds the site by looking upwards.
 */
export function notFoundPage(
  names: readonly string[],
  { path, base }: { readonly path?: string; readonly base?: string },
): string {
  const links = names.map((name) => `<li>${link(name, base ?? "./")}</li>`).join("");
  const style = pageFiles().get("morgana.css")?.().toString() ?? "";
  return page({
    title: "Not found · Morgana",
    base: base ?? "./",
    head: `<style>${style}</style>${base === undefined ? `<script>${findBase}</script>` : ""}`,
    body: `<main data-unikernels>
      <h1>There is no unikernel at ${escapeHtml(path ?? "this address")}</h1>
      <p class="lead">These are there:</p>
      <ul class="names">${links}</ul>
    </main>`,
  });
}

/** Makes the site's folder the base of every link: the nearest above that has the page's script. */
const findBase = `
  const above = (path) => path.replace(/[^/]*\\/?$/, "");
  (async () => {
    for (let path = above(location.pathname); path !== ""; path = above(path)) {
      const found = await fetch(path + "morgana.js", { method: "HEAD" }).catch(() => ({}));
      if (!found.ok) continue;
      document.head.append(Object.assign(document.createElement("base"), { href: path }));
      break;
    }
  })();
`;

async function card({ unikernel, inspection }: GalleryEntry): Promise<string> {
  const heading = `<h2>${link(unikernel.name, "./")}</h2>`;
  if (inspection.kind === "broken") {
    const { frame = "", ...problem } = problemOf(inspection.error, unikernel.config);
    return `<li class="card broken">${heading}
      <p role="alert">${escapeHtml(formatProblem(problem, unikernel.folder))}</p>
      <pre tabindex="0">${escapeHtml(frame.trimEnd())}</pre></li>`;
  }
  const { description } = inspection;
  return `<li class="card">${heading}
    <p>${escapeHtml(description.description)}</p>
    ${devices(description)}
    <div class="picture">${await drawGraph(description)}</div></li>`;
}

function devices(description: Description): string {
  const signatures = new Set(description.devices.map(({ signature }) => signature));
  if (signatures.size === 0) return '<p class="devices">No devices</p>';
  const items = [...signatures].map((signature) => `<li>${escapeHtml(signature)}</li>`);
  return `<ul class="devices" aria-label="Devices">${items.join("")}</ul>`;
}

function link(name: string, base: string): string {
  return `<a href="${base}${encodeURIComponent(name)}/">${escapeHtml(name)}</a>`;
}

/** The style and the script of a page with elements. */
function elements(base: string): string {
  return `<link rel="stylesheet" href="${base}morgana.css">
    <script type="module" src="${base}morgana.js"></script>`;
}

interface PageParts {
  readonly title: string;
  /** Where the site's root is, seen from the page. */
  readonly base: string;
  /** Whether it is what the others lead back to. */
  readonly isHome?: boolean;
  readonly head: string;
  readonly body: string;
}

function page({ title, base, isHome = false, head, body }: PageParts): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="data:,">
    ${head}
  </head>
  <body>
    <header class="site">
      <a class="brand" href="${base}">Morgana</a>
      <span>A library operating system for the browser</span>
      ${isHome ? "" : `<nav><a href="${base}">All unikernels</a></nav>`}
    </header>
    ${body}
  </body>
</html>
`;
}
