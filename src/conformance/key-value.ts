import type { KeyValue } from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import { contentsChecks } from "./key-value-contents.ts";
import { survives } from "./key-value-durability.ts";
import { namesChecks } from "./key-value-names.ts";
import { refusalChecks, refusesWhenReadOnly } from "./key-value-refusals.ts";
import { withDevice, type Law } from "./law.ts";

/** What the laws need to know of a driver of {@link KeyValue}. */
export interface KeyValueSubject {
  /** Connects a fresh, empty store that can be written. The law disposes it. */
  readonly connect: () => Promise<KeyValue>;

  /** Connects the store of `previous` again; `previous` is disposed already. Proves durability. */
  readonly reopen?: (previous: KeyValue) => Promise<KeyValue>;

  /** Connects a store that must not be written. */
  readonly connectReadOnly?: () => Promise<KeyValue>;
}

/** The laws of {@link KeyValue}. */
export function keyValueLaws(subject: KeyValueSubject): readonly Law[] {
  const { connect } = subject;
  const checks = [...contentsChecks, ...namesChecks, ...refusalChecks];
  return [
    ...deviceLaws(connect),
    ...checks.map(([name, check]) => ({ name, run: () => withDevice(connect, check) })),
    ...furtherLaws(subject),
  ];
}

function furtherLaws({ connect, reopen, connectReadOnly }: KeyValueSubject): readonly Law[] {
  const laws: Law[] = [];
  if (reopen !== undefined) {
    laws.push({
      name: "what was set, renamed and removed stays so, when the store is connected again",
      run: () => survives(connect, reopen),
    });
  }
  if (connectReadOnly !== undefined) {
    laws.push({
      name: "every change rejects with read-only, on a read-only store",
      run: () => withDevice(connectReadOnly, refusesWhenReadOnly),
    });
  }
  return laws;
}
