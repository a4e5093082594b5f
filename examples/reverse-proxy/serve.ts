import type { Console, HttpHandler } from "fata-morgana/devices";

/** A page that says who made it; `/health` is for those who only want to know that we are there. */
export function handlerOf(name: string, console: Console): HttpHandler {
  let count = 0;
  return (request) => {
    const headers = { "x-served-by": name };
    if (new URL(request.url).pathname === "/health") return new Response("well\n", { headers });
    count += 1;
    const client = request.headers.get("x-forwarded-for") ?? "somebody";
    void console.writeLine(`${request.method} ${request.url} for ${client}`);
    const type = "text/html; charset=utf-8";
    return new Response(pageOf(name, count, client), {
      headers: { ...headers, "content-type": type },
    });
  };
}

function pageOf(name: string, count: number, client: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width">
<title>${escaped(name)}</title>
<style>body { font: 1.125rem/1.5 system-ui, sans-serif; margin: 2rem; }</style>
<h1>${escaped(name)} answers</h1>
<p>This is my request number ${count}, and the proxy says that it is for ${escaped(client)}.</p>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
