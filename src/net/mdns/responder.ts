import type { Endpoint, Random } from "../../devices/index.ts";
import { isSameName, keyOf } from "../dns/domain.ts";
import { recordType } from "../dns/packet.ts";
import { namesIn } from "../dns/record-fields.ts";
import type { Timer, Timers } from "../timers.ts";
import type { Claim } from "./claim.ts";
import type { Link } from "./link.ts";
import { encodeTypes, nsecType } from "./nsec.ts";
import {
  encodePlainResponse,
  encodeQuery,
  encodeResponse,
  port,
  recordKey,
  type MdnsMessage,
  type MdnsQuestion,
  type MdnsRecord,
} from "./packet.ts";

/** Asks for all types. */
const anyType = 255;

/** A record is not sent to all more often (RFC 6762, 6), unless somebody is about to claim it. */
const repeatMs = 1000;
const defendMs = 250;

/** Records whose last sending is remembered. */
const maxRemembered = 1000;

/** Records that wait to be sent at most. */
const maxPending = 500;

interface Pending {
  readonly record: MdnsRecord;
  readonly dueMs: number;
  /** Who asked, so that what it turns out to know is left out. */
  readonly asker: string | undefined;
}

/**
 * Answers for the names that we hold.
 *
 * @see RFC 6762, 6 and 7
 */
export class Responder {
  readonly counters = { answered: 0, answeredAlone: 0, suppressed: 0 };
  readonly #claims = new Set<Claim>();
  readonly #link: Link;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #pending = new Map<string, Pending>();
  readonly #timer: Timer;
  /** When each record was last sent to all. */
  readonly #sentMs = new Map<string, number>();

  constructor(link: Link, timers: Timers, random: Random) {
    this.#link = link;
    this.#timers = timers;
    this.#random = random;
    this.#timer = timers.timer((nowMs) => this.#sendDue(nowMs));
  }

  /** Answers for this one, too, as soon as it is held. */
  add(claim: Claim): void {
    this.#claims.add(claim);
  }

  /** Answers for it no more, and says that it is gone. */
  remove(claim: Claim): void {
    if (!this.#claims.delete(claim)) return;
    const gone = claim.end().map((record) => Object.assign({}, record, { ttlSeconds: 0 }));
    // Others may lead to the same, such as two services of one type.
    const kept = new Set(this.#records().map(recordKey));
    const left = gone.filter((record) => !kept.has(recordKey(record)));
    if (left.length > 0) this.send(left);
  }

  /** Gives all up. */
  end(): void {
    const gone = [...this.#claims].flatMap((claim) => claim.end());
    this.#claims.clear();
    this.#timer.clear();
    this.#pending.clear();
    if (gone.length > 0) this.send(gone.map((each) => Object.assign({}, each, { ttlSeconds: 0 })));
  }

  /** Asks whether somebody has a name. */
  probe(name: string, records: readonly MdnsRecord[]): void {
    const questions = [{ name, type: anyType, wantsUnicast: true }];
    for (const message of encodeQuery({ questions, claimed: records })) this.#link.send(message);
  }

  /** Sends records to all. */
  send(records: readonly MdnsRecord[]): void {
    const nowMs = this.#timers.nowMs();
    if (this.#sentMs.size > maxRemembered) this.#sentMs.clear();
    for (const record of records) {
      this.#sentMs.set(recordKey(record), nowMs);
      this.#pending.delete(recordKey(record));
    }
    const additionals = records.some(({ ttlSeconds }) => ttlSeconds === 0)
      ? []
      : this.#additionals(records);
    for (const message of encodeResponse(records, additionals)) this.#link.send(message);
  }

  /** Hears a message; `from` is `undefined` for our own. */
  hear(message: MdnsMessage, from: Endpoint | undefined): void {
    if (message.isResponse) {
      for (const record of message.answers) this.#hearRecord(record);
      return;
    }
    if (message.authorities.length > 0 && from !== undefined) {
      for (const claim of this.#claims) claim.hearProbe(message.authorities);
    }
    this.#forgetKnown(message, from?.address);
    this.#answer(message, from);
  }

  #hearRecord(record: MdnsRecord): void {
    for (const claim of this.#claims) claim.hear(record);
    const key = recordKey(record);
    const pending = this.#pending.get(key);
    // Somebody else has said it (RFC 6762, 7.4).
    if (pending === undefined || record.ttlSeconds < pending.record.ttlSeconds) return;
    this.#pending.delete(key);
    this.counters.suppressed += 1;
  }

  /** What who asked says it knows, in a message that follows (RFC 6762, 7.2). */
  #forgetKnown({ answers }: MdnsMessage, asker: string | undefined): void {
    for (const record of answers) {
      const key = recordKey(record);
      const pending = this.#pending.get(key);
      if (pending?.asker !== asker || pending === undefined || !isKnown(pending.record, [record])) {
        continue;
      }
      this.#pending.delete(key);
      this.counters.suppressed += 1;
    }
  }

  #answer(message: MdnsMessage, from: Endpoint | undefined): void {
    const all = message.questions.flatMap((question) => this.#answersTo(question));
    const answers = [...new Map(all.map((each) => [recordKey(each), each])).values()].filter(
      (record) => !isKnown(record, message.answers),
    );
    this.counters.suppressed += all.length - answers.length;
    if (answers.length === 0) return;
    if (from !== undefined && from.port !== port) {
      this.counters.answeredAlone += 1;
      const additionals = this.#additionals(answers);
      this.#link.sendTo(encodePlainResponse(message, answers, additionals), from);
    } else if (from !== undefined && this.#maySendAlone(message, answers)) {
      this.counters.answeredAlone += 1;
      for (const each of encodeResponse(answers, this.#additionals(answers))) {
        this.#link.sendTo(each, from);
      }
    } else {
      this.#plan(answers, message, from?.address);
    }
  }

  /** Whether who asks wants it alone, and all others have heard it lately (RFC 6762, 5.4). */
  #maySendAlone({ questions }: MdnsMessage, answers: readonly MdnsRecord[]): boolean {
    const nowMs = this.#timers.nowMs();
    const isFresh = (record: MdnsRecord): boolean =>
      nowMs - (this.#sentMs.get(recordKey(record)) ?? -Infinity) < 250 * record.ttlSeconds;
    return questions.every(({ wantsUnicast }) => wantsUnicast) && answers.every(isFresh);
  }

  /** Sends answers to all: at once, if nobody else can have any; else after a moment. */
  #plan(answers: readonly MdnsRecord[], message: MdnsMessage, asker: string | undefined): void {
    const nowMs = this.#timers.nowMs();
    const isProbe = message.authorities.length > 0;
    const apartMs = isProbe ? defendMs : repeatMs;
    const wanted = answers.filter(
      (record) => nowMs - (this.#sentMs.get(recordKey(record)) ?? -Infinity) >= apartMs,
    );
    this.counters.suppressed += answers.length - wanted.length;
    const isOurs = answers.every(({ isUnique }) => isUnique);
    const base = message.isTruncated ? 400 : isOurs || isProbe ? 0 : 20;
    const dueMs = nowMs + (base === 0 ? 0 : base + (this.#random.uint32() % 101));
    for (const record of wanted) {
      const key = recordKey(record);
      if (this.#pending.size >= maxPending || this.#pending.has(key)) continue;
      this.#pending.set(key, { record, dueMs, asker });
    }
    if (base === 0) this.#sendDue(nowMs);
    else this.#setTimer();
  }

  #sendDue(nowMs: number): void {
    const due = [...this.#pending.values()].filter(({ dueMs }) => dueMs <= nowMs);
    if (due.length > 0) {
      this.counters.answered += 1;
      this.send(due.map(({ record }) => record));
    }
    this.#setTimer();
  }

  #setTimer(): void {
    this.#timer.set(Math.min(...[...this.#pending.values()].map(({ dueMs }) => dueMs)));
  }

  #records(): readonly MdnsRecord[] {
    return [...this.#claims].filter(({ isHeld }) => isHeld).flatMap(allOf);
  }

  #answersTo(question: MdnsQuestion): readonly MdnsRecord[] {
    const { name, type } = question;
    const found = this.#records().filter(
      (record) => isSameName(record.name, name) && (type === anyType || record.type === type),
    );
    if (found.length > 0) return found;
    const holder = [...this.#claims].find((each) => each.isHeld && isSameName(each.name, name));
    return holder === undefined ? [] : [typesOf(holder)];
  }

  /** What who hears of a service, or of a host, will ask next (RFC 6763, 12). */
  #additionals(answers: readonly MdnsRecord[]): readonly MdnsRecord[] {
    const added = new Map<string, MdnsRecord>();
    const given = new Set(answers.map(recordKey));
    const pointing: ReadonlySet<number> = new Set([recordType.PTR, recordType.SRV]);
    const follow = (records: readonly MdnsRecord[]): void => {
      for (const target of records.filter(({ type }) => pointing.has(type)).flatMap(namesIn)) {
        const holder = [...this.#claims].find((each) => isSameName(each.name, target));
        const more = holder?.isHeld === true ? holder.holding.unique : [];
        const fresh = more.filter((each) => !added.has(recordKey(each)));
        for (const record of fresh) added.set(recordKey(record), record);
        if (fresh.length > 0) follow(fresh);
      }
    };
    follow(answers);
    return [...added.values()].filter((record) => !given.has(recordKey(record)));
  }
}

function allOf({ holding }: Claim): readonly MdnsRecord[] {
  return [...holding.unique, ...holding.shared];
}

/** Whether who asks has a record already, with at least half of its life left (RFC 6762, 7.1). */
function isKnown(record: MdnsRecord, known: readonly MdnsRecord[]): boolean {
  return known.some(
    (each) => recordKey(each) === recordKey(record) && 2 * each.ttlSeconds >= record.ttlSeconds,
  );
}

/** Says which types a name of ours has, and so that it has no others. */
function typesOf({ name, holding }: Claim): MdnsRecord {
  const types = holding.unique.map(({ type }) => type);
  const data = encodeTypes(keyOf(name), types);
  return { name, type: nsecType, class: 1, ttlSeconds: 120, data, isUnique: true };
}
