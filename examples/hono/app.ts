/** An app of Hono's, which knows nothing of Morgana: it would run on any of Hono's other hosts. */

import { Hono } from "hono";
import { basicAuth } from "hono/basic-auth";
import { getCookie, setCookie } from "hono/cookie";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { html } from "hono/html";
import { logger } from "hono/logger";
import { stream } from "hono/streaming";

interface Stone {
  readonly name: string;
  readonly hardness: number;
}

/** Makes the app. A line for each request and each response goes to `print`. */
export function appOf(print: (line: string) => void): Hono {
  const stones = new Map<string, Stone>([["talc", { name: "talc", hardness: 1 }]]);
  const app = new Hono();

  app.use(logger(print));
  app.use("/stones/*", cors(), etag());
  app.use("/admin", basicAuth({ username: "mira", password: "fata" }));

  app.get("/", (c) => {
    const visits = Number(getCookie(c, "visits") ?? 0) + 1;
    setCookie(c, "visits", `${visits}`, { httpOnly: true, path: "/", sameSite: "Lax" });
    return c.html(page(visits, [...stones.values()]));
  });

  app.post("/", async (c) => {
    const { name, hardness } = await c.req.parseBody();
    if (typeof name === "string") stones.set(name, { name, hardness: Number(hardness) });
    return c.redirect("./", 303);
  });

  app.get("/stones", (c) => c.json([...stones.values()]));

  app.get("/stones/:name", (c) => {
    const stone = stones.get(c.req.param("name"));
    return stone ? c.json(stone) : c.json({ error: "There is no such stone" }, 404);
  });

  app.put("/stones/:name", async (c) => {
    const name = c.req.param("name");
    const { hardness } = await c.req.json<{ hardness: number }>();
    stones.set(name, { name, hardness });
    return c.json({ name, hardness }, 201);
  });

  app.get("/count", (c) =>
    stream(c, async (out) => {
      for (let count = 1; count <= 1000; count += 1) await out.write(`${count}\n`);
    }),
  );

  app.get("/admin", (c) => c.text("Come in"));

  app.get("/broken", () => {
    throw new Error("As asked");
  });

  return app;
}

/** Values in it are escaped by Hono. */
function page(visits: number, stones: readonly Stone[]): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Stones</title>
        <style>
          body {
            max-width: 40rem;
            margin: 1rem auto;
            padding: 0 1rem;
            font:
              1rem/1.5 system-ui,
              sans-serif;
          }
        </style>
      </head>
      <body>
        <h1>Stones</h1>
        <p>You were here ${visits} ${visits === 1 ? "time" : "times"}.</p>
        <ul>
          ${stones.map(({ name, hardness }) => html`<li>${name}: ${hardness}</li>`)}
        </ul>
        <form method="post">
          <label>Name <input name="name" required /></label>
          <label>Hardness <input name="hardness" type="number" min="1" max="10" required /></label>
          <button>Add</button>
        </form>
      </body>
    </html>`;
}
