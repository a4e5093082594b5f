/** What went wrong, for programs and for people: problem details (RFC 9457). */

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  428: "Precondition Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  507: "Insufficient Storage",
};

/** What is wrong with a member of the body. */
export interface FieldError {
  /** Where it is: a JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly detail: string;
}

interface ProblemOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly errors?: readonly FieldError[];
}

/** Thrown by whoever cannot answer; {@link Problem.toResponse} is the answer then. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly #options: ProblemOptions;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.status = status;
    this.#options = options;
  }

  toResponse(): Response {
    const { headers = {}, errors } = this.#options;
    const body = {
      type: "about:blank",
      title: titles[this.status] ?? "Error",
      status: this.status,
      detail: this.message,
      ...(errors && { errors }),
    };
    return new Response(JSON.stringify(body), {
      status: this.status,
      headers: { "content-type": "application/problem+json", ...headers },
    });
  }
}
