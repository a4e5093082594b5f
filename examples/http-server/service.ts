/** The whole service: a function from requests to responses. */

import { deleteAccount, logIn, logOut, register, showAccount, type Service } from "./accounts.ts";
import { withCors } from "./cors.ts";
import { json } from "./json.ts";
import { createNote, deleteNote, listNotes, replaceNote, showNote } from "./notes.ts";
import { openApi } from "./openapi.ts";
import { Problem } from "./problem.ts";
import { router, type Answer, type Routes } from "./router.ts";
import { Turns } from "./turns.ts";

/** What a {@link Service} is made of. */
export type ServiceDevices = Omit<Service, "turns" | "failures">;

/** Makes the service. A failure that is not its own is thrown, for the server to answer 500. */
export function serviceOf(devices: ServiceDevices): (request: Request) => Promise<Response> {
  const service: Service = { ...devices, turns: new Turns(), failures: new Map() };
  const route = router(routesOf(service));
  return async (request) => {
    try {
      return withCors(request, await route(request));
    } catch (error) {
      return withCors(request, problemOf(error).toResponse());
    }
  };
}

/** Which answers there are, by path and method. `openapi.ts` describes the same. */
export function routesOf(service: Service): Routes {
  const on =
    (answer: (service: Service, call: Parameters<Answer>[0]) => Promise<Response>): Answer =>
    (call) =>
      answer(service, call);
  return {
    "/": { GET: () => json({ description: "openapi.json", accounts: "accounts", notes: "notes" }) },
    "/openapi.json": { GET: () => json(openApi) },
    "/accounts": { POST: on(register) },
    "/accounts/{name}": { GET: on(showAccount), DELETE: on(deleteAccount) },
    "/tokens": { POST: on(logIn) },
    "/tokens/current": { DELETE: on(logOut) },
    "/notes": { GET: on(listNotes), POST: on(createNote) },
    "/notes/{id}": { GET: on(showNote), PUT: on(replaceNote), DELETE: on(deleteNote) },
  };
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const isFull = error instanceof Error && "code" in error && error.code === "no-space";
  if (isFull) return new Problem(507, "The disk is full");
  throw error;
}
