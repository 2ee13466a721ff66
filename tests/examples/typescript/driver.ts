/**
 * Calls the examples for tests in Python: one request a line on standard input, one answer a line on standard output.
 *
 * A request is {"account", "call", "with"}: the function, and its arguments. An answer is {"value"} or {"error"}.
 */

import { createInterface } from "node:readline";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { externalIdPrefix, sortKey, uniqueForm } from "../src/keys.ts";
import { addresses, Users } from "../src/reading.ts";

interface Request {
  readonly account: string;
  readonly call: string;
  readonly with: readonly never[];
}

const client = new DynamoDBClient({});

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
  }
  return found;
}

function functions(account: string): Record<string, (...given: never[]) => unknown> {
  const users = new Users(process.env["TABLE_NAME"] ?? "", account, client);
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
