/** The service in a form that programs read: OpenAPI 3.1. A test holds it against the service. */

const text = { type: "string" };
const time = { type: "string", format: "date-time" };

const schemas = {
  Credentials: {
    type: "object",
    properties: {
      name: { type: "string", pattern: "^[a-z0-9][a-z0-9_-]*$", minLength: 3, maxLength: 32 },
      password: { type: "string", minLength: 10, maxLength: 256 },
    },
    required: ["name", "password"],
    additionalProperties: false,
  },
  Account: {
    type: "object",
    properties: { name: text, noteCount: { type: "integer" } },
    required: ["name"],
  },
  Token: {
    type: "object",
    properties: { token: text, name: text, expires: time },
    required: ["token", "name", "expires"],
  },
  NoteContent: {
    type: "object",
    properties: {
      title: { type: "string", minLength: 1, maxLength: 200 },
      text: { type: "string", maxLength: 20_000 },
    },
    required: ["title", "text"],
    additionalProperties: false,
  },
  Note: {
    type: "object",
    properties: { id: text, title: text, text, created: time, modified: time },
    required: ["id", "title", "text", "created", "modified"],
  },
  ListedNote: {
    allOf: [{ $ref: "#/components/schemas/Note" }],
    properties: { etag: { ...text, description: "Its version, for If-Match" } },
    required: ["etag"],
  },
  NotePage: {
    type: "object",
    properties: {
      items: { type: "array", items: { $ref: "#/components/schemas/ListedNote" } },
      next: { type: ["string", "null"], description: "The cursor of the next page" },
    },
    required: ["items", "next"],
  },
  Problem: {
    type: "object",
    description: "RFC 9457",
    properties: {
      type: { type: "string", format: "uri-reference" },
      title: text,
      status: { type: "integer" },
      detail: text,
      errors: {
        type: "array",
        items: {
          type: "object",
          properties: { pointer: { type: "string", format: "json-pointer" }, detail: text },
          required: ["pointer", "detail"],
        },
      },
    },
    required: ["type", "title", "status", "detail"],
  },
} as const;

type Schema = keyof typeof schemas;

const problems: Readonly<Record<number, string>> = {
  400: "What was sent makes no sense",
  401: "No valid token, or a wrong password",
  403: "Somebody else's account",
  404: "There is no such note",
  409: "The name is taken",
  412: "The note is another version",
  413: "The body is too large",
  415: "The body is not JSON",
  422: "A member of the body is not what it must be",
  428: "If-Match is missing",
  429: "Too many wrong passwords for this name",
  507: "The disk is full",
};

const ref = (schema: Schema): object => ({ $ref: `#/components/schemas/${schema}` });

const body = (schema: Schema): object => ({
  required: true,
  content: { "application/json": { schema: ref(schema) } },
});

const parameter = (
  place: "path" | "query" | "header",
  name: string,
  more: object = {},
): object => ({
  name,
  in: place,
  required: place === "path",
  schema: text,
  ...more,
});

const etagHeader = { ETag: { description: "The note's version", schema: text } };

/** A response: what it means, and what its body is, if it has one. */
function response(description: string, schema?: Schema | "any", headers?: object): object {
  const content = schema && {
    "application/json": { schema: schema === "any" ? { type: "object" } : ref(schema) },
  };
  return { description, ...(content && { content }), ...(headers && { headers }) };
}

/** Responses: those that are given, and a problem for each of these statuses. */
function responses(good: Readonly<Record<number, object>>, ...bad: readonly number[]): object {
  const content = { "application/problem+json": { schema: ref("Problem") } };
  const entries = bad.map((status) => [status, { description: problems[status] ?? "", content }]);
  return { ...good, ...Object.fromEntries(entries) };
}

const withToken = { security: [{ token: [] }] };
const ifMatch = parameter("header", "If-Match", { required: true });

export const openApi = {
  openapi: "3.1.0",
  info: {
    title: "Notes",
    version: "1.0.0",
    description: "Accounts, and notes that only their account sees",
  },
  servers: [{ url: "." }],
  paths: {
    "/": {
      get: {
        operationId: "index",
        summary: "Where everything is",
        responses: responses({ 200: response("Relative links", "any") }),
      },
    },
    "/openapi.json": {
      get: {
        operationId: "describe",
        summary: "This description",
        responses: responses({ 200: response("OpenAPI 3.1", "any") }),
      },
    },
    "/accounts": {
      post: {
        operationId: "register",
        summary: "Makes an account",
        requestBody: body("Credentials"),
        responses: responses({ 201: response("Made", "Account") }, 400, 409, 413, 415, 422, 507),
      },
    },
    "/accounts/{name}": {
      parameters: [parameter("path", "name")],
      get: {
        operationId: "showAccount",
        summary: "One's own account",
        ...withToken,
        responses: responses({ 200: response("The account", "Account") }, 401, 403),
      },
      delete: {
        operationId: "deleteAccount",
        summary: "Deletes one's own account, and all that is in it",
        ...withToken,
        responses: responses({ 204: response("Deleted") }, 401, 403, 507),
      },
    },
    "/tokens": {
      post: {
        operationId: "logIn",
        summary: "Logs in: gives a token for 30 days",
        requestBody: body("Credentials"),
        responses: responses(
          { 201: response("A token", "Token") },
          400,
          401,
          413,
          415,
          422,
          429,
          507,
        ),
      },
    },
    "/tokens/current": {
      delete: {
        operationId: "logOut",
        summary: "Logs out: the token is no longer valid",
        ...withToken,
        responses: responses({ 204: response("Logged out") }, 401, 507),
      },
    },
    "/notes": {
      get: {
        operationId: "listNotes",
        summary: "A page of the notes, oldest first",
        ...withToken,
        parameters: [
          parameter("query", "limit", {
            schema: { type: "integer", minimum: 1, maximum: 100, default: 20 },
          }),
          parameter("query", "cursor", { description: "The `next` of the page before" }),
        ],
        responses: responses({ 200: response("A page", "NotePage") }, 400, 401),
      },
      post: {
        operationId: "createNote",
        summary: "Makes a note",
        ...withToken,
        requestBody: body("NoteContent"),
        responses: responses(
          { 201: response("Made", "Note", etagHeader) },
          400,
          401,
          404,
          413,
          415,
          422,
          507,
        ),
      },
    },
    "/notes/{id}": {
      parameters: [parameter("path", "id")],
      get: {
        operationId: "showNote",
        summary: "A note",
        ...withToken,
        parameters: [parameter("header", "If-None-Match"), parameter("header", "If-Match")],
        responses: responses(
          {
            200: response("The note", "Note", etagHeader),
            304: response("It is still the one of If-None-Match", undefined, etagHeader),
          },
          401,
          404,
          412,
        ),
      },
      put: {
        operationId: "replaceNote",
        summary: "Replaces a note, if it is still the one of If-Match",
        ...withToken,
        parameters: [ifMatch],
        requestBody: body("NoteContent"),
        responses: responses(
          { 200: response("Replaced", "Note", etagHeader) },
          400,
          401,
          404,
          412,
          413,
          415,
          422,
          428,
          507,
        ),
      },
      delete: {
        operationId: "deleteNote",
        summary: "Deletes a note, if it is still the one of If-Match",
        ...withToken,
        parameters: [ifMatch],
        responses: responses({ 204: response("Deleted") }, 401, 404, 412, 428, 507),
      },
    },
  },
  components: {
    schemas,
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
  },
} as const;
