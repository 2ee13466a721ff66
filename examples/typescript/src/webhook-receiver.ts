/**
 * Receive Rollcall's webhooks (docs/webhooks.md) and keep who may sign in, in a file of SQLite.
 *
 *     WEBHOOK_SECRET=... node build/webhook-receiver.js
 *
 * PORT (9000) and DATABASE (access.db) are further settings. WEBHOOK_SECRET may have two secrets, separated by a comma,
 * while one takes the place of the other. It listens on this machine alone: a proxy in front ends TLS and bounds
 * connections.
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from "node:http";
import sqlite, { type Database } from "node-sqlite3-wasm";
import { isMain } from "./main.ts";
import { bodyOf, eventOf, jsonOf, type LifecycleEvent, MalformedEvent, member } from "./receiving.ts";

export const PATH = "/hooks/rollcall";
/** Bytes; an event has at most 256 KB. */
const MAX_BODY = 300_000;
/** Seconds that the clock of a signer may be off, or a signed message may be old. */
const MAX_AGE = 300;
/** Seconds that the ids of messages are remembered. */
const KEPT = 60 * 86_400;

/** The message is not accepted: status of the answer, and why. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, why: string) {
    super(why);
    this.status = status;
  }
}

// region check the sender
/**
 * Return if the sender knows one of the secrets; throw Refused (401) otherwise. `now` is in seconds since 1970.
 *
 * Without a signature the time says nothing: anyone who has the secret can write any, and EventBridge repeats a message
 * for a day with the time of the change.
 */
export function checkSender(headers: IncomingHttpHeaders, body: string, secrets: readonly string[], now: number): void {
  const given = textOf(headers, "webhook-signature");
  let [expected, found] = [secrets.map((secret) => `Bearer ${secret}`), [headers.authorization ?? ""]];
  if (given !== undefined) {
    const timestamp = textOf(headers, "webhook-timestamp") ?? "";
    if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Number(timestamp) - now) > MAX_AGE) {
      throw new Refused(401, "the timestamp is missing, or too far from now");
    }
    const id = textOf(headers, "webhook-id") ?? "";
    expected = secrets.map((secret) => signature(secret, id, timestamp, body));
    found = given.split(" ").slice(0, 8);
  }
  if (!expected.some((one) => found.some((other) => isSame(one, other)))) {
    throw new Refused(401, "the secret or the signature is wrong");
  }
}

/** Return the signature of a message in the form of Standard Webhooks; a secret `whsec_...` is base64 behind that. */
export function signature(secret: string, id: string, timestamp: string, body: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** Compare in a time that says nothing about either text, nor about their lengths. */
function isSame(one: string, other: string): boolean {
  const [first, second] = [one, other].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(first as Buffer, second as Buffer);
}
// endregion

/** Who may sign in, by the events so far. */
export class Access {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    database.exec(`
      CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS seen_at ON seen (at);
      CREATE TABLE IF NOT EXISTS users (account TEXT, id TEXT, version INTEGER NOT NULL, active INTEGER NOT NULL,
        gone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, id))`);
  }

  /** Take an event over; it is on the disk when this returns. Throws MalformedEvent for one that says too little. */
  take(messageId: string, body: string, now: number): void {
    const message = jsonOf(body);
    const event = eventOf(member(message, "type"), member(message, "data"));
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      this.#database.run("DELETE FROM seen WHERE at < ?", [Math.floor(now) - KEPT]);
      const seen = this.#database.run("INSERT OR IGNORE INTO seen VALUES (?, ?)", [messageId, Math.floor(now)]);
      if (seen.changes > 0 && event.kind.startsWith("User")) {
        this.#takeUser(event);
      }
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  maySignIn(account: string, userId: string): boolean {
    const user = this.#database.get("SELECT active FROM users WHERE account = ? AND id = ?", [account, userId]);
    return user?.["active"] === 1;
  }

  #takeUser({ kind, account, userId, version, active }: LifecycleEvent): void {
    if (userId !== undefined && kind === "UserDeprovisioned") {
      // The last event of a user, whatever comes late. An id is not used again.
      this.#database.run(
        "INSERT INTO users VALUES (?, ?, 0, 0, 1) ON CONFLICT DO UPDATE SET active = 0, gone = 1",
        [account, userId],
      );
    } else if (userId !== undefined && version !== undefined && active !== undefined) {
      this.#database.run(
        `INSERT INTO users VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET version = excluded.version,
         active = excluded.active WHERE excluded.version > version AND NOT gone`,
        [account, userId, version, active],
      );
    } else {
      throw new MalformedEvent("the event has not the form of a user's");
    }
  }
}

/** Return a server that answers 204 once an event is on the disk; any other status says whether to repeat it. */
export function receiver(access: Access, secrets: readonly string[]): Server {
  const server = createServer(async (request, response) => {
    const [status, why] = await outcome(request, access, secrets);
    response.writeHead(status, { "Content-Length": Buffer.byteLength(why), Connection: "close" }).end(why);
  });
  server.requestTimeout = 5000; // EventBridge waits no longer
  return server;
}

async function outcome(request: IncomingMessage, access: Access, secrets: readonly string[]): Promise<[number, string]> {
  try {
    if (request.method !== "POST" || request.url !== PATH) {
      throw new Refused(404, `webhooks are posted to ${PATH}`);
    }
    const body = await bodyOf(request, MAX_BODY);
    if (body === undefined) {
      throw new Refused(413, `more than ${MAX_BODY} bytes`);
    }
    const now = Date.now() / 1000;
    checkSender(request.headers, body, secrets, now);
    const id = textOf(request.headers, "webhook-id") ?? "";
    if (id.length === 0 || id.length > 256) {
      throw new Refused(400, "webhook-id is missing or too long");
    }
    access.take(id, body, now);
    return [204, ""];
  } catch (error) {
    if (error instanceof Refused) {
      return [error.status, error.message];
    }
    if (error instanceof MalformedEvent) {
      return [400, "the message has not the form of an event"];
    }
    console.error(`not stored: ${String(error)}`);
    return [503, "not stored; send it again"];
  }
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Return the secrets in WEBHOOK_SECRET. Throws an Error for none, or one that is too short or malformed. */
export function secretsOf(text: string): string[] {
  const secrets = text.split(",").map((secret) => secret.trim()).filter((secret) => secret !== "");
  if (secrets.length === 0 || secrets.some((secret) => secret.length < 32)) {
    throw new Error("WEBHOOK_SECRET needs 32 characters or more: openssl rand -base64 32");
  }
  if (secrets.some((secret) => secret.startsWith("whsec_") && !/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret))) {
    throw new Error("WEBHOOK_SECRET has no base64 behind whsec_");
  }
  return secrets;
}

function main(): void {
  const { WEBHOOK_SECRET: secrets = "", PORT: port = "9000", DATABASE: file = "access.db" } = process.env;
  try {
    const server = receiver(new Access(new sqlite.Database(file)), secretsOf(secrets));
    server.listen(Number(port), "127.0.0.1", () => console.error(`Webhooks: http://127.0.0.1:${port}${PATH}`));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}

if (isMain(import.meta.filename)) {
  main();
}
