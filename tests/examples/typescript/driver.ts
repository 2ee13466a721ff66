/**
 * Calls the examples for tests in Python: one request a line on standard input, one answer a line on standard output.
 *
 * A request is {"account", "call", "with"}: the function, and its arguments. An answer is {"value"} or {"error"}.
 */

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import sqlite from "node-sqlite3-wasm";
import { Sessions, endSessions } from "../src/end-sessions.ts";
import { Copy } from "../src/keep-copy.ts";
import { externalIdPrefix, sortKey, uniqueForm } from "../src/keys.ts";
import { type Carries, signIn, type Roles } from "../src/login.ts";
import * as questions from "../src/questions.ts";
import { addresses, type User, Users } from "../src/reading.ts";
import { type LifecycleEvent, parse, receiver as eventReceiver, work } from "../src/receiving.ts";
import { Access, receiver, secretsOf, signature } from "../src/webhook-receiver.ts";

interface Request {
  readonly account: string;
  readonly call: string;
  readonly with: readonly never[];
}

const client = new DynamoDBClient({});
const database = new sqlite.Database();
const copy = new Copy(database, usersOf);

/** Waits after a look at a user, until it is let go on. */
class Held extends Users {
  override async byId(id: string): Promise<User | undefined> {
    const found = await super.byId(id);
    await new Promise<void>((resolve) => {
      goOn = resolve;
      looked();
    });
    return found;
  }
}
let [looked, goOn, held] = [() => {}, () => {}, Promise.resolve()];
const slow = new Copy(database, (account) => new Held(process.env["TABLE_NAME"] ?? "", account, client));

const sessions = new Sessions();
const accessDatabase = new sqlite.Database();
const access = new Access(accessDatabase);

const sqs = new SQSClient();
const handled: string[] = [];

/** Refuses the user `bad`, and finds no table for the user `outage`. */
async function note(event: LifecycleEvent): Promise<void> {
  if (event.userId === "bad") {
    throw new Error("refused");
  }
  if (event.userId === "outage") {
    throw Object.assign(new Error("throttled"), { $metadata: {} });
  }
  handled.push(event.userId ?? "");
}

function usersOf(account: string): Users {
  return new Users(process.env["TABLE_NAME"] ?? "", account, client);
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
  }
  return found;
}

function functions(account: string): Record<string, (...given: never[]) => unknown> {
  const users = usersOf(account);
  return {
    all: async (after?: string) => await listed(users.all(after)),
    allGroups: async (after?: string) => await listed(users.allGroups(after)),
    byEmail: (address: string) => users.byEmail(address),
    byExternalId: (externalId: string) => users.byExternalId(externalId),
    byId: (id: string) => users.byId(id),
    byUserName: (userName: string) => users.byUserName(userName),
    addresses,
    group: (id: string) => users.group(id),
    groupsOf: (userId: string) => users.groupsOf(userId),
    membersOf: (groupId: string) => users.membersOf(groupId),
    /** Acts on all of them at once. */
    copy: (events: string[]) => Promise.all(events.map((event) => copy.handle(parse(event)))),
    /** Begins, and returns between the look at the table and the writing of the row. */
    hold: (event: string) =>
      new Promise<void>((resolve) => {
        looked = resolve;
        held = slow.handle(parse(event));
      }),
    /** Lets it go on to the end, however often it looks again. */
    letGo: async () => {
      looked = () => goOn();
      goOn();
      await held;
    },
    fill: () => copy.fill(account),
    copied: () => ({
      users: database.all("select * from scim_users where account = ? and not gone order by id", [account]),
      groups: database.all("select * from scim_groups where account = ? and not gone order by id", [account]),
      members: database.all("select * from scim_members where account = ? order by group_id, user_id", [account]),
    }),
    forgotten: () =>
      database.all(
        "select id, version, gone, active, user_name, document from scim_users where account = ? and gone",
        [account],
      ),
    signIn: (roles: Roles, carries: Carries, value: string) => signIn(users, roles, carries, value),
    maySignInAs: (userName: string) => questions.maySignInAs(users, userName),
    maySignInWithEmail: (address: string) => questions.maySignInWithEmail(users, address),
    maySignInWithExternalId: (externalId: string) => questions.maySignInWithExternalId(users, externalId),
    activeUsers: async () => (await listed(questions.activeUsers(users))).map((user) => user.id),
    groupNames: (user: User) => questions.groupNames(users, user),
    isCurrent: (userId: string, version: number) => questions.isCurrent(users, userId, version),
    /** After the log-in check, which is byId. */
    begun: (user: User) => (user.active ? sessions.begin(account, user)?.id : undefined),
    isSignedIn: (session: string) => sessions.find(session) !== undefined,
    endSessions: (events: string[]) => events.forEach((event) => endSessions(sessions, parse(event))),
    work: (queueUrl: string) => work(sqs, queueUrl, note, 0),
    handled: () => handled.splice(0),
    /** Returns the port. */
    receiveEvents: async () => {
      const server = createServer(eventReceiver(note)).listen(0, "127.0.0.1");
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    /** Returns the port. */
    receiveWebhooks: async (secrets: string) => {
      const server = receiver(access, secretsOf(secrets)).listen(0, "127.0.0.1");
      await once(server, "listening");
      return (server.address() as AddressInfo).port;
    },
    maySignIn: (userId: string) => access.maySignIn(account, userId),
    breakAccess: () => accessDatabase.exec("DROP TABLE seen"),
    signature,
    secretsOf,
    externalIdPrefixes: (texts: string[]) => texts.map(externalIdPrefix),
    forms: (texts: string[]) => texts.map(uniqueForm),
    sortKeys: (forms: string[]) => forms.map(sortKey),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  let answer: object;
  try {
    const asked = functions(request.account)[request.call];
    if (asked === undefined) {
      throw new Error(`no function ${request.call}`);
    }
    answer = { value: (await asked(...request.with)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
