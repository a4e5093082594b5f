/** A dev server on the tests' own unikernels, which the gallery has no place for. */

import { fileURLToPath } from "node:url";
import { test as base } from "@playwright/test";
import { serve } from "./dev-server.ts";

/** Playwright's `test` with `url`, where they are served. */
export const test = base.extend<object, { readonly url: string }>({
  url: [
    // oxlint-disable-next-line no-empty-pattern -- how Playwright learns that it needs no fixture
    async ({}, use) => {
      const server = await serve(fileURLToPath(new URL("unikernels", import.meta.url)));
      await use(server.url);
      await server.close();
    },
    { scope: "worker" },
  ],
});
