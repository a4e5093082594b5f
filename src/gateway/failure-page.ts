/** Pages for what cannot be served, in the place of a site's own. */

/** An answer with a page that says what is wrong and why. */
export function unavailable(status: number, title: string, reason: string): Response {
  return new Response(failurePage(title, reason), {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });
}

/** The HTML of such a page. */
export function failurePage(title: string, reason: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
  body { max-width: 36rem; margin: 10vh auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif }
  h1 { font-size: 1.25rem }
</style>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(reason)}</p>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
