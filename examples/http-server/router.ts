/** From a method and a path to the function that answers. */

import { Problem } from "./problem.ts";

/** A request, with what its path says. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  /** The segments that a pattern names. */
  readonly parameters: Readonly<Record<string, string>>;
}

export type Answer = (call: Call) => Response | Promise<Response>;

/** Answers by path, such as `/notes/{id}`, and by method. `GET` also answers `HEAD`. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Answer>>>>;

/**
 * Makes of routes a function that answers, or throws a {@link Problem}: 404 if no path is like the
 * request's, 405 if its method is not there. `OPTIONS` says which are.
 */
export function router(routes: Routes): (request: Request) => Promise<Response> {
  const patterns = Object.entries(routes).map(([path, answers]) => ({
    segments: path.split("/"),
    answers,
  }));
  return async (request) => {
    const url = new URL(request.url);
    for (const { segments, answers } of patterns) {
      const parameters = match(segments, url.pathname.split("/"));
      if (parameters !== undefined) return answer(answers, { request, url, parameters });
    }
    throw new Problem(404, `There is nothing at ${url.pathname}`);
  };
}

function answer(answers: Readonly<Record<string, Answer>>, call: Call): ReturnType<Answer> {
  const { method } = call.request;
  const found = answers[method === "HEAD" ? "GET" : method];
  if (found !== undefined) return found(call);
  const allow = methodsOf(answers).join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  throw new Problem(405, `${method} is not allowed here, but ${allow}`, { headers: { allow } });
}

function methodsOf(answers: Readonly<Record<string, Answer>>): string[] {
  const methods = Object.keys(answers);
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
}

/** The parameters in a path that is like the pattern; `undefined` if it is not. */
function match(
  pattern: readonly string[],
  path: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of pattern.entries()) {
    const name = /^\{(.+)\}$/.exec(segment)?.[1];
    if (name !== undefined) parameters[name] = path[index] ?? "";
    else if (segment !== path[index]) return undefined;
  }
  return parameters;
}
