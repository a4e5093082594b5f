import type { Block } from "../devices/index.ts";
import { contentsChecks } from "./block-contents.ts";
import { survives } from "./block-durability.ts";
import { blockOverlapLaws } from "./block-overlap.ts";
import { orderChecks } from "./block-order.ts";
import { refusalChecks, refusesWhenReadOnly } from "./block-refusals.ts";
import { deviceLaws } from "./device.ts";
import { withDevice, type Law } from "./law.ts";

/** What the laws need to know of a driver of {@link Block}. */
export interface BlockSubject {
  /** Connects a fresh disk, all zeros, writable, of at least 64 sectors. The law disposes it. */
  readonly connect: () => Promise<Block>;

  /** Connects the disk of `previous` again; `previous` is disposed already. Proves durability. */
  readonly reopen?: (previous: Block) => Promise<Block>;

  /**
   * Connects the disk of `previous` as after a power cut or a killed process: `previous` was not
   * disposed, and is not used again.
   */
  readonly crash?: (previous: Block) => Promise<Block>;

  /** Connects a disk of at least one sector that must not be written. */
  readonly connectReadOnly?: () => Promise<Block>;
}

/** The laws of {@link Block}. */
export function blockLaws(subject: BlockSubject): readonly Law[] {
  const { connect } = subject;
  const checks = [...contentsChecks, ...orderChecks, ...refusalChecks];
  return [
    ...deviceLaws(connect),
    ...checks.map(([name, check]) => ({ name, run: () => withDevice(connect, check) })),
    ...blockOverlapLaws(subject),
    ...durabilityLaws(subject),
    ...readOnlyLaws(subject),
  ];
}

function durabilityLaws({ connect, reopen, crash }: BlockSubject): readonly Law[] {
  const laws: Law[] = [];
  if (reopen !== undefined) {
    laws.push({
      name: "what was written and grown is there, when the disk is connected again",
      run: () => survives(connect, reopen, (block) => block[Symbol.asyncDispose]()),
    });
  }
  if (crash !== undefined) {
    laws.push({
      name: "what was durable is there, after a crash",
      run: () => survives(connect, crash, () => Promise.resolve()),
    });
  }
  return laws;
}

function readOnlyLaws({ connectReadOnly }: BlockSubject): readonly Law[] {
  if (connectReadOnly === undefined) return [];
  return [
    {
      name: "write(), grow() and discard() reject with read-only, on a read-only disk",
      run: () => withDevice(connectReadOnly, refusesWhenReadOnly),
    },
  ];
}
