/** The configuration language of Morgana: what a `config.ts` imports. */

export type {
  Argument,
  ArgumentTable,
  ArgumentValue,
  ArgumentValues,
  Misuse,
} from "./arguments.ts";
export { flagOf, parseArguments } from "./arguments.ts";
export { checkUnikernel } from "./check.ts";
export type {
  ArgumentCheck,
  BrowserHost,
  DeviceDescription,
  DevicesOf,
  Driver,
  DriverContext,
  Host,
  NodeHost,
  SimulatedHost,
  Target,
} from "./device.ts";
export { device } from "./device.ts";
export type { BlockOptions } from "./devices.ts";
export {
  defaultBlock,
  defaultClock,
  defaultConsole,
  defaultNetwork,
  defaultRandom,
  named,
  networkNamed,
  plainNetwork,
} from "./devices.ts";
export type { Description, DeviceSummary } from "./graph.ts";
export { describe, describeAsDot, describeAsText, devicesInOrder } from "./graph.ts";
export {
  arp,
  ethernet,
  genericStack,
  icmp,
  ipv4,
  ipv6,
  resolver,
  stackOf,
  tcp,
  udp,
} from "./network-devices.ts";
export type { TransportNeeds } from "./network-devices.ts";
export { router } from "./router-device.ts";
export type { RouterInterfaceSettings } from "./router-device.ts";
export { httpClient, httpServer } from "./service-devices.ts";
export { compiledFiles, keyValueOn } from "./storage-devices.ts";
export type { CompiledFolder } from "../storage/key-value-compiled.ts";
export type { LogFilter, Logger, LogLevel } from "./log.ts";
export { createLogger, parseLogFilter } from "./log.ts";
export type {
  About,
  Context,
  Exit,
  Unikernel,
  UnikernelModule,
  UnikernelOptions,
} from "./unikernel.ts";
export { unikernel, unikernelFrom } from "./unikernel.ts";
export { usage } from "./usage.ts";
