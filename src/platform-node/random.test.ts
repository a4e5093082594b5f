import { describe, test } from "vitest";
import { randomLaws } from "../conformance/index.ts";
import { connect } from "./random.ts";

describe("the laws of Random", () => {
  for (const law of randomLaws({ connect: async () => connect() })) test(law.name, () => law.run());
});
