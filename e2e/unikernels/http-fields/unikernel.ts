import type { Console, HttpServer, Stack } from "fata-morgana/devices";

const names = ["cookie", "host", "origin", "content-length", "accept-charset"];

export async function start(console: Console, stack: Stack, http: HttpServer): Promise<void> {
  http.serve(80, async (request) => {
    const copy = new Request(request.clone(), { headers: request.headers });
    const seen = [request, copy].map(({ headers }) =>
      names.map((name) => headers.get(name)).join(),
    );
    const text = [...seen, request.url, await request.text(), copy instanceof Request].join(" | ");
    const response = new Response(text, { headers: { "Set-Cookie": "a=1" } });
    response.headers.append("set-cookie", "b=2");
    return response;
  });
  const flow = await stack.tcp.connect({ address: "127.0.0.1", port: 80 });
  const request =
    "POST /there HTTP/1.1\r\nHost: example.org\r\nCookie: c=3\r\nOrigin: null\r\n" +
    "Accept-Charset: utf-8\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
  await flow.write(new TextEncoder().encode(request));
  const decoder = new TextDecoder();
  for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
    await console.write(decoder.decode(bytes).replaceAll("\r", ""));
  }
  await flow[Symbol.asyncDispose]();
}
