import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

test("ping: one unikernel of the page pings the other over IPv4", async ({ page }) => {
  await page.goto("ping/");
  const pinger = new MachinePage(page, 1);
  expect(await pinger.exited()).toBe(0);
  const text = await pinger.text();
  expect(text).toMatch(/64 bytes from 10\.0\.0\.1: icmp_seq=1 ttl=64 time=[\d.]+ ms/);
  expect(text).toContain("4 packets transmitted, 4 received, 0% packet loss");
});

test("ping: over IPv6, and to nobody", async ({ page }) => {
  await page.goto("ping/");
  await new MachinePage(page, 0).shows("Waiting to be pinged");
  await page.evaluate(() => {
    for (const to of ["fd00::1", "10.0.0.99"]) {
      const machine = document.createElement("morgana-unikernel");
      machine.setAttribute("src", "./");
      const own = to === "fd00::1" ? 3 : 4;
      const args = `--ipv4=10.0.0.${own}/24 --ipv6=fd00::${own}/64 --count=1 --to=${to}`;
      machine.setAttribute("args", args);
      document.querySelector(".machines")?.append(machine);
    }
  });
  const [over6, inVain] = [new MachinePage(page, 2), new MachinePage(page, 3)];
  expect(await over6.exited()).toBe(0);
  expect(await over6.text()).toContain("64 bytes from fd00::1: icmp_seq=1 ttl=64");
  expect(await inVain.exited()).toBe(1);
  expect(await inVain.text()).toContain("1 packets transmitted, 0 received, 100% packet loss");
});
