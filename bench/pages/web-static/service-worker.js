// The least that a service worker does for an answer.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (!event.request.url.includes("/~/")) return;
  event.respondWith(new Response("a".repeat(100), { headers: { "content-type": "text/plain" } }));
});
