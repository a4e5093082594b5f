import type { Context } from "fata-morgana/config";
import type { Clock, Console, HttpServer } from "fata-morgana/devices";

interface Arguments {
  readonly name: string;
  readonly delay: number;
}

/** A minute of a tone, as 8-bit samples. */
const tone = waveFile(8_000, 60);

export async function start(
  console: Console,
  http: HttpServer,
  clock: Clock,
  { args: { name, delay }, signal }: Context<Arguments>,
): Promise<void> {
  await clock.sleep(delay, signal);
  let visits = 0;

  const routes: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
    "/": () => html(frontPage(name)),
    "/style.css": () => text("h1 { color: rgb(1, 2, 3) }", "text/css"),
    "/absolute.css": () => text("p { color: rgb(4, 5, 6) }", "text/css"),
    "/module.js": () =>
      text("document.querySelector('p').textContent = 'The module ran'", "text/javascript"),
    "/picture.svg": () =>
      text('<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>', "image/svg+xml"),
    "/tone.wav": ({ headers }) => partOf(tone, headers.get("range")),
    "/form": async (request) => {
      const form = await request.formData();
      return html(`<h1>Hello, ${form.get("who") as string}</h1>`);
    },
    "/echo": async (request) =>
      Response.json({
        method: request.method,
        url: request.url,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      }),
    "/size": async (request) => {
      let bytes = 0;
      for await (const chunk of request.body ?? []) bytes += chunk.length;
      return text(String(bytes));
    },
    "/big": () => new Response(bigBody(64), { headers: { "content-type": "text/plain" } }),
    "/stream": () =>
      new Response(ticks(clock, signal), { headers: { "content-type": "text/plain" } }),
    "/login": () =>
      new Response(null, {
        status: 303,
        headers: { location: "/private", "set-cookie": "session=s3cret; Path=/; HttpOnly" },
      }),
    "/private": ({ headers }) =>
      headers.get("cookie") === "session=s3cret" ? html("<h1>Come in</h1>") : text("Who are you?"),
    "/visits": () => text(String((visits += 1))),
    "/never": () => new Promise<Response>(() => {}),
    "/throws": () => {
      throw new Error("A mistake");
    },
    "/form-to-echo": () => html('<form method="post" action="echo"><button>Send</button></form>'),
    "/reaches-out": () => html(reachingPage),
    "/evil": () =>
      new Response(evilPage, {
        headers: {
          "content-type": "text/html",
          "set-cookie": "planted=1; Path=/",
          "clear-site-data": '"cookies", "storage"',
          "service-worker-allowed": "/",
        },
      }),
  };
  http.serve(80, (request) => {
    const route = routes[new URL(request.url).pathname];
    return route?.(request) ?? new Response("Not here", { status: 404 });
  });
  await console.writeLine(`${name} serves`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}

function frontPage(name: string): string {
  return `<h1>${name}</h1>
    <link rel="stylesheet" href="style.css">
    <link rel="stylesheet" href="/absolute.css">
    <script type="module" src="module.js"></script>
    <p>No module yet</p>
    <img src="picture.svg" alt="A picture">
    <audio src="tone.wav" preload="metadata"></audio>
    <form method="post" action="form"><input name="who" value="you"><button>Send</button></form>
    <form method="post" action="login"><button>Log in</button></form>
    <a href="nowhere">A dead link</a>`;
}

/** Tells what it gets at, by its title. */
const evilPage = `<title>The script did not run</title><script>
  const found = [];
  try { found.push("page " + parent.document.title) } catch {}
  found.push("cookie " + document.cookie);
  document.title = found.join(", ");
</script>`;

/** Asks for what lies beside the site, and says as little as it can of who asks. */
const reachingPage = `<meta name="referrer" content="no-referrer"><h1>It reaches out</h1>
  <img id="picture" src="/beside/picture">
  <iframe srcdoc="<img src='/beside/picture-in-text'>"></iframe>
  <iframe src="/beside/frame"></iframe><object data="/beside/object"></object>
  <form method="post" action="/beside/form"><button>Act</button></form>`;

function html(body: string): Response {
  return text(`<!doctype html><meta charset="utf-8">${body}`, "text/html");
}

function text(body: string, type = "text/plain"): Response {
  return new Response(body, { headers: { "content-type": `${type}; charset=utf-8` } });
}

function partOf(bytes: Uint8Array<ArrayBuffer>, range: string | null): Response {
  const headers = { "content-type": "audio/wav", "accept-ranges": "bytes" };
  const [, from = "", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (from === "") return new Response(bytes, { headers });
  const end = to === "" ? bytes.length : Math.min(bytes.length, Number(to) + 1);
  return new Response(bytes.slice(Number(from), end), {
    status: 206,
    headers: { ...headers, "content-range": `bytes ${from}-${end - 1}/${bytes.length}` },
  });
}

/** A WAVE file of unsigned 8-bit samples, one channel. */
function waveFile(rate: number, seconds: number): Uint8Array<ArrayBuffer> {
  const samples = rate * seconds;
  const bytes = new Uint8Array(44 + samples);
  const view = new DataView(bytes.buffer);
  const ascii = (at: number, word: string): void =>
    void new TextEncoder().encodeInto(word, bytes.subarray(at));
  ascii(0, "RIFF");
  view.setUint32(4, 36 + samples, true);
  ascii(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  ascii(36, "data");
  view.setUint32(40, samples, true);
  for (let sample = 0; sample < samples; sample += 1) {
    bytes[44 + sample] = 128 + Math.round(20 * Math.sin((sample * 2 * Math.PI * 440) / rate));
  }
  return bytes;
}

/** A mebibyte at a time. */
function bigBody(mebibytes: number): ReadableStream<Uint8Array> {
  let left = mebibytes;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(2 ** 20).fill(97));
      else controller.close();
    },
  });
}

/** A line each 100 ms, without end. */
function ticks(clock: Clock, signal: AbortSignal): ReadableStream<Uint8Array> {
  let tick = 0;
  return new ReadableStream({
    async pull(controller) {
      await clock.sleep(100, signal);
      controller.enqueue(new TextEncoder().encode(`tick ${(tick += 1)}\n`));
    },
  });
}
