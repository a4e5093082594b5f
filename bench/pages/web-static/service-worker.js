// The least that a service worker does for an answer.

const worker = /** @type {any} */ (globalThis);
worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) =>
  event.waitUntil(worker.clients.claim()),
);
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  if (!event.request.url.includes("/~/")) return;
  event.respondWith(new Response("a".repeat(100), { headers: { "content-type": "text/plain" } }));
});
