/**
 * Lets pages of any origin use the service. They send a token of their own with each request, and
 * no cookie, so that there is nothing to gain from it.
 *
 * @see The Fetch standard, 3.3
 */
export function withCors(request: Request, response: Response): Response {
  if (!request.headers.has("origin")) return response;
  const { headers } = response;
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", "ETag, Link, Location, Retry-After");
  if (request.method === "OPTIONS" && request.headers.has("access-control-request-method")) {
    headers.set("access-control-allow-methods", headers.get("allow") ?? "");
    headers.set(
      "access-control-allow-headers",
      "Authorization, Content-Type, If-Match, If-None-Match",
    );
    headers.set("access-control-max-age", "600");
  }
  return response;
}
