/** The HTML of the gallery and of each unikernel's page. Every URL in it is relative. */

import type { Description } from "../config/index.ts";
import type { Inspection } from "./inspect.ts";
import { drawGraph } from "./picture.ts";
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
    body: `<main class="gallery">
      <h1>Unikernels</h1>
      <ul class="cards">${cards.join("\n")}</ul>
      <morgana-disks></morgana-disks>
    </main>`,
  });
}

/** A unikernel's page: one element, booted with the arguments of the page's URL. */
export function unikernelPage({ unikernel, inspection }: GalleryEntry): string {
  const { name } = unikernel;
  const sentence = inspection.kind === "description" ? inspection.description.description : "";
  return page({
    title: `${name} · Morgana`,
    base: "../",
    body: `<main class="unikernel">
      <nav><a href="../">All unikernels</a></nav>
      <h1>${escape(name)}</h1>
      <p>${escape(sentence)}</p>
      <morgana-unikernel src="./" url-args></morgana-unikernel>
      <morgana-disks></morgana-disks>
    </main>`,
  });
}

/** The page for a name that no unikernel has. */
export function notFoundPage(path: string, names: readonly string[]): string {
  const links = names.map((name) => `<li><a href="/${name}/">${escape(name)}</a></li>`).join("");
  return page({
    title: "Not found · Morgana",
    base: "/",
    body: `<main class="gallery">
      <h1>There is no unikernel at ${escape(path)}</h1>
      <p>These are there:</p>
      <ul>${links}</ul>
    </main>`,
  });
}

async function card({ unikernel, inspection }: GalleryEntry): Promise<string> {
  const link = `<a href="./${unikernel.name}/">${escape(unikernel.name)}</a>`;
  if (inspection.kind === "broken") {
    return `<li class="card broken"><h2>${link}</h2>
      <p role="alert">Its configuration is broken: ${escape(inspection.error.message)}</p></li>`;
  }
  const { description } = inspection;
  return `<li class="card"><h2>${link}</h2>
    <p>${escape(description.description)}</p>
    <p class="devices">${devices(description)}</p>
    <div class="graph">${await drawGraph(description)}</div></li>`;
}

function devices(description: Description): string {
  const names = description.devices.map(({ signature }) => signature);
  return names.length === 0 ? "No devices" : escape([...new Set(names)].join(", "));
}

interface PageParts {
  readonly title: string;
  /** Where the site's root is, seen from the page. */
  readonly base: string;
  readonly body: string;
}

function page({ title, base, body }: PageParts): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escape(title)}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${base}morgana.css" vite-ignore>
    <script type="module" src="${base}morgana.js"></script>
  </head>
  <body>
    ${body}
  </body>
</html>
`;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
