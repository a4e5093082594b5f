/**
 * Where the two servers of the browser tests listen: uncommon ports, so that a dev server of one's
 * own may run beside them. The environment can move them.
 */

/** The port of the dev server on the examples. */
export const devPort = Number(process.env["MORGANA_DEV_PORT"] ?? 47_310);

/** The port of the static server. */
export const staticPort = Number(process.env["MORGANA_STATIC_PORT"] ?? 47_311);

/** The path of the static site in its server: not the root, as on a project page of a free host. */
export const staticBase = "/sub/path/";

/** The gallery on the dev server; the tests' base URL. */
export const devUrl: string = `http://localhost:${devPort}/`;

/** The gallery as static files without special headers. */
export const staticUrl: string = `http://127.0.0.1:${staticPort}${staticBase}`;
