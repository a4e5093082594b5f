/** What is in the expressions that scripts give to calls. */

import type { Expression } from "./script.ts";

/** The words in an expression, in order. */
export function wordsOf(expression: Expression | undefined): readonly string[] {
  switch (expression?.kind) {
    case "word":
      return [expression.text];
    case "or":
    case "list":
    case "struct":
      return expression.items.flatMap(wordsOf);
    case "field":
      return wordsOf(expression.value);
    default:
      return [];
  }
}

/** The sum of all integers in an expression: of one, its value; of vectors, their lengths. */
export function sumOfIntegers(expression: Expression | undefined): number {
  switch (expression?.kind) {
    case "integer":
      return expression.value;
    case "list":
    case "struct":
      return expression.items.reduce((sum, item) => sum + sumOfIntegers(item), 0);
    default:
      return 0;
  }
}

/** The integer that an expression is, else 0. */
export function integer(expression: Expression | undefined): number {
  return expression?.kind === "integer" ? expression.value : 0;
}

/** The list of buffers in a message or vector. */
export function iovecs(expression: Expression | undefined): Expression | undefined {
  return fieldsOf(expression).find(({ name }) => name === "msg_iov")?.value ?? expression;
}

/** The fields of a struct. */
export function fieldsOf(
  expression: Expression | undefined,
): readonly { readonly name: string; readonly value: Expression }[] {
  if (expression?.kind !== "struct") return [];
  return expression.items.flatMap((item) => (item.kind === "field" ? [item] : []));
}

/** The port in `{sa_family = AF_INET, sin_port = htons(8080), …}`. */
export function portOf(expression: Expression | undefined): number | undefined {
  const port = fieldsOf(expression).find(({ name }) => name === "sin_port")?.value;
  return port?.kind === "struct" ? integer(port.items[0]) : undefined;
}
