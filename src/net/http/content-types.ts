/** Media types of files, by the extension of their names (RFC 9110, 8.3). */

/** Types without `text/`, by extension. */
const types: Readonly<Record<string, string>> = {
  avif: "image/avif",
  br: "application/octet-stream",
  bin: "application/octet-stream",
  bmp: "image/bmp",
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  gz: "application/gzip",
  htm: "text/html",
  html: "text/html",
  ico: "image/vnd.microsoft.icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  map: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  ogg: "audio/ogg",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  tar: "application/x-tar",
  ttf: "font/ttf",
  txt: "text/plain",
  wasm: "application/wasm",
  wav: "audio/wav",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  xml: "application/xml",
  zip: "application/zip",
};

/**
 * The media type of a file, which is `application/octet-stream` where nothing is known. Text is
 * taken to be UTF-8, and says so.
 */
export function contentTypeOf(
  name: string,
  further: Readonly<Record<string, string>> = {},
): string {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  if (Object.hasOwn(further, extension)) return further[extension] ?? "";
  const type = Object.hasOwn(types, extension) ? types[extension] : undefined;
  if (type === undefined) return "application/octet-stream";
  // JSON is UTF-8 by definition (RFC 8259, 8.1), and XML says what it is itself.
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}
