import { describe, expect, test } from "vitest";
import type { Tcp } from "../../src/devices/index.ts";
import { profiles, type Profile } from "./profile.ts";
import { run, type Parts } from "./run.ts";
import { connect } from "./subject.ts";
import type { Verdict } from "./verdict.ts";

const { own, freebsd } = profiles as { own: Profile; freebsd: Profile };

const accepted = `
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 listen(3, 1) = 0
 +0 < S 0:0(0) win 1000 <mss 1000>
 +0 > S. 0:0(0) ack 1 win 65535 <mss 1460>
+.1 < . 1:1(0) ack 1 win 1000
 +0 accept(3, ..., ...) = 4
`;

function runOwn(text: string): Promise<Verdict> {
  return run(text, { profile: own, connect });
}

/** Our TCP, but zeros are sent for what is written. */
function connectFaulty(parts: Parts): Tcp {
  const tcp = connect(parts);
  const listen = tcp.listen.bind(tcp);
  tcp.listen = (port, accept, options) =>
    listen(
      port,
      (flow) => {
        const write = flow.write.bind(flow);
        flow.write = (bytes) => write(new Uint8Array(bytes.length));
        return accept(flow);
      },
      options,
    );
  return tcp;
}

async function failureOf(text: string): Promise<string> {
  const verdict = await runOwn(text);
  return verdict.kind === "fail" ? `${verdict.line}: ${verdict.expected} | ${verdict.got}` : "";
}

describe("run() passes", () => {
  test.each([
    [
      "a passive open, data both ways and the end of the stream",
      `${accepted}
      +0 < P. 1:11(10) ack 1 win 1000
      +.04 > . 1:1(0) ack 11 win 65525
      +0 recv(4, ..., 4, MSG_PEEK) = 4
      +0 read(4, ..., 4) = 4
      +0 read(4, ..., 100) = 6
      +0 write(4, ..., 5) = 5
      +0 > P. 1:6(5) ack 11
      +.1 < F. 11:11(0) ack 6 win 1000
      +0 > . 6:6(0) ack 12
      +0 read(4, ..., 100) = 0
      +0 close(4) = 0
      +0 > F. 6:6(0) ack 12 <...>`,
    ],
    [
      "an active open that does not block",
      `
       0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
      +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
      +0 > S 0:0(0) <...>
      +.1 < S. 0:0(0) ack 1 win 1000 <mss 1000>
      *  > . 1:1(0) ack 1
      +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
      +0 read(3, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)`,
    ],
    [
      "a call that blocks until an answer",
      `
       0...0.2 connect(3, ..., ...) = 0
      +0 > S 0:0(0) <...>
      +.2 < S. 0:0(0) ack 1 win 1000 <mss 1000>
      +0 > . 1:1(0) ack 1`.replace("\n", "\n 0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n"),
    ],
    [
      "a refused connection",
      `
       0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
      +0 connect(3, ..., ...) = -1 EINPROGRESS
      +0 > S 0:0(0) win 65535 <...>
      +0 < R. 0:0(0) ack 1 win 0
      +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0
      +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0`,
    ],
    [
      "a segment for nobody",
      `
       0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 < S 7:7(0) win 1000
      +0 > R. 0:0(0) ack 8 win 0`,
    ],
    [
      "segments that are written as one",
      `${accepted}
      +0 setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0
      +0 write(4, ..., 10) = 10
      +0 write(4, ..., 20) = 20
      +0 > P. 1:31(30) ack 1`,
    ],
    [
      "IPv6",
      `--ip_version=ipv6\n${accepted.replace("1460", "1440")}
      +0 write(4, ..., 10) = 10
      +0 > P. 1:11(10) ack 1`,
    ],
    [
      "the descriptors that a script says",
      `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0 close(3) = 0
      +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 7
      +0 close(7) = 0`,
    ],
    [
      "a reset",
      `${accepted}
      +0 < R. 1:1(0) ack 1 win 0
      +0 read(4, ..., 10) = -1 ECONNRESET`,
    ],
  ])("%s", async (_, text) => {
    expect(await runOwn(text)).toEqual({ kind: "pass", unchecked: [] });
  });
});

describe("run() fails", () => {
  test.each([
    ["on a wrong flag", "+0 write(4, ..., 10) = 10\n+0 > . 1:11(10) ack 1", /\(flags\)/],
    ["on a wrong number", "+0 write(4, ..., 10) = 10\n+0 > P. 2:12(10) ack 1", /\(sequence\)/],
    ["on a wrong length", "+0 write(4, ..., 10) = 10\n+0 > P. 1:10(9) ack 1", /\(length\)/],
    ["on a wrong ack", "+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 9", /\(ack\)/],
    ["on a wrong window", "+0 write(4, ..., 1) = 1\n+0 > P. 1:2(1) ack 1 win 7", /\(win\)/],
    [
      "on an option",
      "+0 write(4, ..., 1) = 1\n+0 > P. 1:2(1) ack 1 <TS val 1 ecr 1>",
      /\(options\)/,
    ],
    ["on silence", "+0 > P. 1:11(10) ack 1", /by 0\.100 s \| nothing/],
    [
      "when it is early",
      "+0 write(4, ..., 1) = 1\n+.5 > P. 1:2(1) ack 1",
      /at 0\.600 s \| it at 0\.100/,
    ],
    ["on a wrong count", "+0 write(4, ..., 1) = 2", /= 2 \| .*= 1/],
    [
      "on a wrong errno",
      "+0 fcntl(4, F_SETFL, O_NONBLOCK) = 0\n+0 read(4, ..., 1) = -1 EPIPE",
      /EAGAIN/,
    ],
    ["on a call that waits", "+0 read(4, ..., 1) = 1", /waiting/],
    [
      "on a call that never ends",
      "+0...0.5 read(4, ..., 1) = 1",
      /to return at 0\.600 s \| that it waits/,
    ],
  ])("%s", async (_, text, message) => {
    expect(await failureOf(accepted + text)).toMatch(message);
  });

  test("with the line of the event", async () => {
    expect(await failureOf(`${accepted}\n\n+0 > . 1:1(0) ack 1`)).toMatch(/^11: /);
  });

  test("when bytes come out otherwise than they went in", async () => {
    const text = `${accepted}+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1`;
    const verdict = await run(text, { profile: own, connect: connectFaulty });
    expect(verdict).toMatchObject({ kind: "fail", got: "other bytes" });
  });
});

describe("run() cannot say", () => {
  test.each([
    ["epoll_create(1) = 5", "the call epoll_create"],
    ["setsockopt(4, SOL_TCP, TCP_CORK, [1], 4) = 0", "setsockopt TCP_CORK"],
    ["setsockopt(4, SOL_TCP, TCP_NODELAY, [1], 4) = 0", ""],
    ["> SEW 0:0(0)", "ECN (RFC 3168)"],
    ["< . 1:1(0) ack 1 win 1 <FO abcd>", "the TCP option FO"],
    ["< . 1:1(0) ack 1 win 1/udp(1 > 2)", "TCP over UDP"],
    ["what is this", "cannot parse"],
  ])("what %s comes to", async (text, reason) => {
    const verdict = await runOwn(`${accepted}+0 ${text}`);
    if (reason === "") expect(verdict.kind).toBe("pass");
    else expect(verdict).toMatchObject({ kind: "unsupported" });
    if (verdict.kind === "unsupported") expect(verdict.reason).toContain(reason);
  });

  test("anything of a failure that the profile exempts", async () => {
    const text = "0 `sysctl -w net.inet.tcp.insecure_rst=1`\n+0 > . 1:1(0) ack 1";
    const verdict = await run(text, { profile: freebsd, connect });
    expect(verdict).toMatchObject({ kind: "unsupported" });
  });

  test("what assertions in Python would come to, and lists them", async () => {
    const verdict = await runOwn(`${accepted}+0 %{ assert tcpi_state == 1 }%`);
    expect(verdict).toEqual({ kind: "pass", unchecked: ["assert tcpi_state == 1"] });
  });
});

test("run() gives the same verdict for the same seed", async () => {
  const text = `${accepted}+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 2`;
  const verdicts = await Promise.all(
    [1, 1, 2].map((seed) => run(text, { profile: own, connect, seed })),
  );
  expect(new Set(verdicts.map((verdict) => JSON.stringify(verdict))).size).toBe(1);
});

test("run() configures the stack with what a script's sysctls say before its first socket", async () => {
  const seen: unknown[] = [];
  const text = `--mtu=1280
    0 \`sysctl -w net.inet.tcp.sack.enable=0\`
    +0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3`;
  await run(text, {
    profile: freebsd,
    connect: (parts) => {
      seen.push(parts.settings);
      return connect(parts);
    },
  });
  expect(seen).toMatchObject([{ mtuBytes: 1280, selectiveAcknowledgment: false }]);
});
