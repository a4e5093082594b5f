import { defineConfig } from "vitest/config";

/** Tests of synchronous code that leaves nothing behind: their files can share a module graph. */
const pure = [
  "src/{conformance,net,simulated,storage}/**/*.test.ts",
  "test/{attacks,fuzz,packetdrill,rfc,simulation,websocket}/**/*.test.ts",
  "test/http-*.test.ts",
];

export default defineConfig({
  resolve: {
    // Unit tests of the composition run on the simulated drivers, from source.
    alias: { "#drivers": new URL("src/config/drivers/simulated.ts", import.meta.url).pathname },
  },
  // Threads start in less than half the time of processes, and there are many files.
  test: {
    pool: "threads",
    testTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: "protocols",
          include: pure,
          isolate: false,
          setupFiles: ["test/nothing-left.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "rest",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: pure,
        },
      },
    ],
  },
});
