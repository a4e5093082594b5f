// Node's own server, with the answer of bench/unikernels/answers: the peer.

import { createServer } from "node:http";

const body = "a".repeat(100);
const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/plain", "content-length": "100" });
  response.end(body);
});
const port = Number(process.argv[2]);
server.listen(port, "127.0.0.1", () => console.log(`Serving on port ${port}`));
