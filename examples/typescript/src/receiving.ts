/**
 * Rollcall's events as they reach an application: from a queue, over HTTP, or from a file.
 *
 * `consume` gives each event to a function of the application. Where the events come from is a setting of the
 * environment, one of:
 *
 * - `QUEUE_URL`: an SQS queue, as docs/events/consumer.yaml makes one. Needs `sqs:ReceiveMessage` and
 *   `sqs:DeleteMessage` of that queue. A message is deleted when the function has ended. One that the function cannot
 *   use stays in the queue, and after five attempts SQS moves it to the dead-letter queue.
 * - `EVENTS_PORT`: a port of 127.0.0.1, for the local server: `EVENTS_URL=http://127.0.0.1:9000/ make run`.
 * - `EVENTS_FILE`: a file with one event a line, as `EVENTS_FILE=events.jsonl make run` writes it, read once to its end.
 *
 * An event may come more than once, late, and out of order (docs/events). So it says "look again", and what the
 * application does with it must come to the same however often it is done.
 */

import { once } from "node:events";
import { open } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

/** An event. It is about a user or a group, or about neither if this code does not know its kind yet. */
export interface LifecycleEvent {
  readonly kind: string;
  readonly account: string;
  readonly userId: string | undefined;
  readonly groupId: string | undefined;
  /** That of the user or group after the change; undefined once it is gone. */
  readonly version: number | undefined;
  /** Whether a user may sign in after the change; undefined of an event that does not say. */
  readonly active: boolean | undefined;
  /** True for the present state, published again by `rollcall events replay`. */
  readonly isReplay: boolean;
}

export type Handle = (event: LifecycleEvent) => Promise<void> | void;

/** What came is no event of Rollcall; it will not become one by being tried again. */
export class MalformedEvent extends Error {
  override readonly name = "MalformedEvent";
}

/** Seconds: SQS answers as soon as there is a message, and an empty queue costs three calls a minute. */
const LONGEST_WAIT = 20;
/** Of an event over HTTP; one on EventBridge has 256 KB. */
const MOST_BYTES = 1_048_576;

/** Return the event in EventBridge's envelope. Throws MalformedEvent. */
export function parse(text: string): LifecycleEvent {
  const envelope = jsonOf(text);
  if (member(envelope, "source") !== "rollcall") {
    throw new MalformedEvent("not an event of Rollcall (its source)");
  }
  return eventOf(member(envelope, "detail-type"), member(envelope, "detail"));
}

/** Return the event of a kind with this detail. Throws MalformedEvent. */
export function eventOf(kind: unknown, detail: unknown): LifecycleEvent {
  const [account, version, active] = ["account", "version", "active"].map((name) => member(detail, name));
  if (typeof kind !== "string" || typeof account !== "string") {
    throw new MalformedEvent("not an event of Rollcall (its kind or account)");
  }
  if ((version !== undefined && !isVersion(version)) || (active !== undefined && typeof active !== "boolean")) {
    throw new MalformedEvent("not an event of Rollcall (its version, or active)");
  }
  const [userId, groupId] = [idOf(detail, "userId"), idOf(detail, "groupId")];
  return { kind, account, userId, groupId, version, active, isReplay: member(detail, "replay") === true };
}

/** A whole number that is exact, as a version counts changes. */
function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Return the value of a JSON text. Throws MalformedEvent. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedEvent("not an event of Rollcall (no JSON)");
  }
}

/** Return a member of a JSON value; undefined if it has none, or null. */
export function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? ((value as Record<string, unknown>)[name] ?? undefined) : undefined;
}

function idOf(detail: unknown, name: string): string | undefined {
  const id = member(detail, name);
  if (id !== undefined && typeof id !== "string") {
    throw new MalformedEvent(`not an event of Rollcall (its ${name})`);
  }
  return id;
}

/**
 * Receive messages once, at most ten, and handle each; return how many are done and deleted.
 *
 * Throws when AWS, the network or the database does not answer. The message that met this, and those behind it, come
 * again when their visibility timeout is over.
 */
export async function work(sqs: SQSClient, queueUrl: string, handle: Handle, wait = LONGEST_WAIT): Promise<number> {
  const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: wait });
  let done = 0;
  for (const message of (await sqs.send(receive)).Messages ?? []) {
    if (await succeeds(message, handle)) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
      done += 1;
    }
  }
  return done;
}

async function succeeds(message: Message, handle: Handle): Promise<boolean> {
  try {
    await handle(parse(message.Body ?? ""));
    return true;
  } catch (error) {
    if (isOutage(error)) {
      throw error;
    }
    // Left in the queue: SQS counts the attempts. What the error says may be personal.
    console.error(`message ${message.MessageId} failed: ${(error as Error).name}`);
    return false;
  }
}

/** Return whether no message is to blame for an error, but AWS, the network or the database. */
function isOutage(error: unknown): boolean {
  return error instanceof Error && ("$metadata" in error || "code" in error || error.name === "SQLite3Error");
}

/** Return what answers requests with an event each: 204 when it is handled, 503 when it is to come again. */
export function receiver(handle: Handle): RequestListener {
  return async (request, response) => {
    response.writeHead(await outcome(request, handle), { "Content-Length": 0, Connection: "close" }).end();
  };
}

async function outcome(request: IncomingMessage, handle: Handle): Promise<number> {
  // A page in a browser cannot send this type to another site without being asked for permission first.
  if (request.method !== "POST" || request.headers["content-type"] !== "application/json") {
    return 415;
  }
  try {
    const body = await bodyOf(request, MOST_BYTES);
    if (body === undefined) {
      return 413;
    }
    await handle(parse(body));
    return 204;
  } catch (error) {
    console.error(`an event failed: ${(error as Error).name}`);
    return error instanceof MalformedEvent ? 400 : 503;
  }
}

/** Return the body of a request; undefined if it has more bytes than that. */
export async function bodyOf(request: IncomingMessage, most: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed where this stops to read: there is still an answer to give.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) {
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Handle events from where the environment says. A queue is read until something does not answer; then the process ends,
 * and what supervises it (ECS, systemd) starts it again later: going on would use up the attempts of messages that are
 * not to blame.
 */
export async function consume(handle: Handle): Promise<void> {
  const { QUEUE_URL: queueUrl, EVENTS_PORT: port, EVENTS_FILE: file } = process.env;
  if (queueUrl) {
    for (const sqs = new SQSClient(); ; ) {
      await work(sqs, queueUrl, handle);
    }
  } else if (port) {
    await once(createServer(receiver(handle)).listen(Number(port), "127.0.0.1"), "listening");
    console.log(`waiting for events: EVENTS_URL=http://127.0.0.1:${port}/ make run`);
  } else if (file) {
    for await (const line of (await open(file)).readLines()) {
      await handle(parse(line));
    }
  } else {
    console.error("Set QUEUE_URL, EVENTS_PORT or EVENTS_FILE: where the events come from.");
    process.exitCode = 2;
  }
}
