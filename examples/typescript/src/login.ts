/**
 * Decide whether a person may sign in, and with which roles.
 *
 *     node build/login.js ACCOUNT userName|email|externalId VALUE [ROLES_FILE]
 *
 * prints the answer as JSON and exits with 0 if the person may sign in, 1 if not, 2 for a mistake in the call. Your
 * application calls `signIn` instead, after its identity provider's assertion or token was verified.
 *
 * Needs `TABLE_NAME` in the environment, the output TableName of Rollcall's stack, and the right to read the table
 * (docs/use-it.md).
 */

import { readFile } from "node:fs/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { uniqueForm } from "./keys.ts";
import { isMain } from "./main.ts";
import { type Group, type User, Users } from "./reading.ts";

export type Carries = "userName" | "email" | "externalId";

// region name-id
/**
 * What a NameID of each format most likely carries; keep it for each customer's connection, where you can change it.
 * A transient NameID names no one: refuse it.
 */
export const CARRIES: Readonly<Record<string, Carries>> = {
  "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress": "email",
  "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified": "userName",
  "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent": "externalId",
};
// endregion

/** The person may not sign in; the message is the reason, for your log and not for the person. */
export class Refused extends Error {}

/** Roles by the displayName of a group, and those that every active user has: roles.json. */
export interface Roles {
  readonly everyone?: readonly string[];
  readonly groups?: Readonly<Record<string, readonly string[]>>;
}

/** What a session keeps: who signed in, at which version, with which roles. */
export interface Login {
  readonly userId: string;
  readonly version: number;
  readonly userName: string;
  readonly roles: readonly string[];
}

// region roles
/** Return the roles of a user in these groups; a group that is not listed gives none. */
export function rolesOf(groups: readonly Group[], { everyone = [], groups: ofGroups = {} }: Roles): string[] {
  const listed = new Map(Object.entries(ofGroups).map(([name, roles]) => [uniqueForm(name), roles]));
  const mine = groups.flatMap((group) => listed.get(uniqueForm(group.displayName)) ?? []);
  return [...new Set([...everyone, ...mine])].sort();
}
// endregion

// region sign-in
/**
 * Return what the session keeps. Throws Refused, or errors of the AWS SDK: then no one signs in.
 *
 * `value` is what the verified assertion says; `carries` is whether that is a userName, an email or an externalId.
 */
export async function signIn(users: Users, roles: Roles, carries: Carries, value: string): Promise<Login> {
  const user = await find(users, carries, value);
  if (!user.active) {
    throw new Refused("inactive");
  }
  const { id: userId, version, userName } = user;
  return { userId, version, userName, roles: rolesOf(await users.groupsOf(userId), roles) };
}

/** Return the one user; throws Refused if there is none, or if there are several. */
export async function find(users: Users, carries: Carries, value: string): Promise<User> {
  let user: User | undefined;
  if (carries === "externalId") {
    const [first, ...others] = await users.byExternalId(value);
    if (others.length > 0) {
      throw new Refused("several users have this externalId");
    }
    user = first;
  } else {
    user = await (carries === "email" ? users.byEmail(value) : users.byUserName(value));
  }
  if (user === undefined) {
    throw new Refused("no such user");
  }
  return user;
}
// endregion

async function main(): Promise<number> {
  const [account, carries, value, file = "roles.json"] = process.argv.slice(2);
  const tableName = process.env["TABLE_NAME"];
  const known = Object.values(CARRIES).find((each) => each === carries);
  if (!tableName || !account || !known || value === undefined) {
    console.error("Set TABLE_NAME, then: node build/login.js ACCOUNT userName|email|externalId VALUE [ROLES_FILE]");
    return 2;
  }
  const roles = JSON.parse(await readFile(file, "utf8")) as Roles;
  for (const [name, listed] of Object.entries({ everyone: roles.everyone ?? [], ...roles.groups })) {
    if (!Array.isArray(listed)) {
      console.error(`${file}: write the roles of ${name} as a list`); // the letters of a text would pass for roles
      return 2;
    }
  }
  try {
    const login = await signIn(new Users(tableName, account, new DynamoDBClient()), roles, known, value);
    console.log(JSON.stringify({ allowed: true, ...login }));
    return 0;
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    console.log(JSON.stringify({ allowed: false, reason: error.message }));
    return 1;
  }
}

if (isMain(import.meta.filename)) {
  process.exitCode = await main();
}
