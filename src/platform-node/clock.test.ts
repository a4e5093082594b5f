import { describe, test } from "vitest";
import { clockLaws } from "../conformance/index.ts";
import { connect } from "./clock.ts";

describe("the laws of Clock", () => {
  for (const law of clockLaws({ connect: async () => connect() })) test(law.name, () => law.run());
});
