import { execFile } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "vite";
import { expect, test } from "vitest";
import { networkLaws } from "../conformance/index.ts";
import { connect } from "./network-socket.ts";

/**
 * Node itself cannot make a socket that keeps the limits of packets, and a descriptor has to be
 * there when the process starts.
 */
const withPairs = `
  use Socket; use Fcntl;
  my @kept;
  for (1 .. 64) {
    socketpair(my $one, my $other, AF_UNIX, SOCK_SEQPACKET, 0) or die "socketpair: $!";
    for ($one, $other) { fcntl($_, F_SETFD, 0); push @kept, $_ }
  }
  exec @ARGV or die "exec: $!";`;

const names = networkLaws({
  connectPair: () => Promise.reject(new Error("Only the names are wanted")),
  settle: () => Promise.resolve(),
}).map(({ name }) => name);

const onLinux = test.skipIf(process.platform !== "linux");

onLinux(
  "the laws of Network hold, over descriptors that the process was started with",
  async () => {
    const outDir = mkdtempSync(join(tmpdir(), "morgana-descriptors-"));
    try {
      await build({
        configFile: false,
        logLevel: "silent",
        build: { ssr: "test/descriptor-laws.ts", outDir, minify: false, target: "node20" },
      });
      const program = join(outDir, "descriptor-laws.js");
      const args = ["-e", withPairs, process.execPath, program];
      const { stdout } = await promisify(execFile)("perl", args);
      expect(JSON.parse(stdout)).toEqual(Object.fromEntries(names.map((name) => [name, "kept"])));
    } finally {
      rmSync(outDir, { recursive: true, force: true });
    }
  },
);

test("connect() rejects with unreachable, for a descriptor that carries no frames", async () => {
  for (const path of ["/dev/null", "/dev/zero", new URL(import.meta.url).pathname]) {
    const fd = openSync(path, "r");
    const connecting = connect({ link: { kind: "fd", fd } });
    await expect(connecting).rejects.toMatchObject({
      code: "unreachable",
      message: `Cannot connect a network: descriptor ${fd} is neither a TAP device nor a socket`,
    });
    closeSync(fd);
  }
});
