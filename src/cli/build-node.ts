/** `morgana build -t node`: a unikernel as one file for a server, and what runs it there. */

import { mkdir, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import type { Description } from "../config/index.ts";
import type { UnikernelFolder } from "../vite/index.ts";
import { makeProgram } from "./program.ts";

/**
 * Writes `<name>.mjs`, which needs nothing but Node, with a container's recipe and systemd's unit
 * for it. Files of the same names are replaced, and nothing else is touched.
 *
 * @throws {Error} as {@link makeProgram}; nothing was written
 */
export async function buildForNode(unikernel: UnikernelFolder, outDir: string): Promise<void> {
  const { code, description } = await makeProgram(unikernel, "node", { minify: true });
  const { name } = unikernel;
  // A map would be a second file, and name places that only this machine has.
  const program = code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
  const files: readonly (readonly [string, string, number])[] = [
    [`${name}.mjs`, `#!/usr/bin/env node\n${program}`, 0o755],
    ["Containerfile", containerfile(name, description), 0o644],
    [`${name}.service`, serviceUnit(name, description), 0o644],
  ];
  await mkdir(outDir, { recursive: true });
  for (const [file, text, mode] of files) await writeFile(join(outDir, file), text, { mode });
  const shown = relative(".", outDir) || ".";
  process.stdout.write(`Wrote ${files.map(([file]) => join(shown, file)).join(", ")}\n`);
}

/** Where it goes by default: beside the static files, which replace everything in their folder. */
export function nodeFolder({ folder }: UnikernelFolder): string {
  return resolve(folder, "dist-node");
}

function hasDisk({ devices }: Description): boolean {
  return devices.some(({ signature }) => signature === "Block");
}

/** The ports of the unikernel's own arguments, by their default values. */
function portsOf({ args }: Description): readonly number[] {
  return Object.entries(args).flatMap(([name, { default: value }]) =>
    /^port$|Port$/.test(name) && typeof value === "number" ? [value] : [],
  );
}

function containerfile(name: string, description: Description): string {
  const ports = portsOf(description);
  return [
    `# Build: podman build -t ${name} .`,
    `# Run:   podman run --rm --init${ports.map((port) => ` -p ${port}:${port}`).join("")} ${name}`,
    "FROM node:22-slim",
    `COPY ${name}.mjs /opt/${name}/`,
    "# What it keeps on disks lies here.",
    `RUN mkdir -p /var/lib/${name} && chown node:node /var/lib/${name}`,
    `WORKDIR /var/lib/${name}`,
    ...(hasDisk(description) ? [`VOLUME /var/lib/${name}`] : []),
    "USER node",
    ...ports.map((port) => `EXPOSE ${port}`),
    "STOPSIGNAL SIGTERM",
    `ENTRYPOINT ["node", "/opt/${name}/${name}.mjs"]`,
    "",
  ].join("\n");
}

function serviceUnit(name: string, description: Description): string {
  const sentence = description.description.replaceAll(/\s+/g, " ") || name;
  return [
    `# cp ${name}.mjs /opt/${name}/ && cp ${name}.service /etc/systemd/system/`,
    `# systemctl daemon-reload && systemctl enable --now ${name}`,
    "[Unit]",
    `Description=${sentence.replaceAll("%", "%%")}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "",
    "[Service]",
    `ExecStart=/usr/bin/env node /opt/${name}/${name}.mjs`,
    "# Its disks are files in /var/lib.",
    `StateDirectory=${name}`,
    `WorkingDirectory=%S/${name}`,
    "Restart=on-failure",
    "# Wrong arguments do not become right by themselves.",
    "RestartPreventExitStatus=63 64",
    "TimeoutStopSec=5",
    "DynamicUser=yes",
    "AmbientCapabilities=CAP_NET_BIND_SERVICE",
    "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
    "NoNewPrivileges=yes",
    "PrivateDevices=yes",
    "PrivateTmp=yes",
    "ProtectControlGroups=yes",
    "ProtectHome=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectSystem=strict",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "SystemCallArchitectures=native",
    "UMask=0077",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}
