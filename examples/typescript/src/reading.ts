/**
 * Read one customer's users and groups from Rollcall's table, by the form that docs/use-it.md promises.
 *
 * With `keys.ts` the only module here that knows keys. Every read is strongly consistent: it sees each change that was
 * answered before.
 *
 *     const users = new Users("rollcall-users", "acme", new DynamoDBClient());
 *     const user = await users.byUserName("ada@example.com");
 *     if (user?.active) ...
 *
 * Every method may throw what the AWS SDK throws (throttled, no right to read, no connection). No answer is "no": let
 * no one in on an error.
 */

import { setTimeout as pause } from "node:timers/promises";
import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  paginateQuery,
} from "@aws-sdk/client-dynamodb";
import { externalIdPrefix, sortKey, uniqueForm } from "./keys.ts";

/** The attributes of a SCIM resource (RFC 7643). */
export type Document = Readonly<Record<string, unknown>>;

/** A user at one version. `document` is the SCIM User without `id` and `meta`. */
export interface User {
  readonly id: string;
  readonly version: number;
  readonly active: boolean;
  readonly userName: string;
  readonly created: string;
  readonly lastModified: string;
  readonly document: Document;
}

/** A group at one version, without its members. `document` is the SCIM Group without `id`, `meta`, `members`. */
export interface Group {
  readonly id: string;
  readonly version: number;
  readonly displayName: string;
  readonly document: Document;
}

type Item = Record<string, AttributeValue>;

/** Of any userName or address; longer text is not looked for, nor normalised. */
const MAX_CHARACTERS = 1024;

/** The users and groups of one account. */
export class Users {
  readonly #tableName: string;
  readonly #account: string;
  readonly #client: DynamoDBClient;

  constructor(tableName: string, account: string, client: DynamoDBClient) {
    this.#tableName = tableName;
    this.#account = account;
    this.#client = client;
  }

  /** Return the user with that id, or undefined: there is none, or no longer. One call. */
  async byId(userId: string): Promise<User | undefined> {
    const item = await this.#get("USER", userId);
    return item && userOf(item);
  }

  /** Return the one user with that userName, whatever its case. Two calls; one when there is none. */
  byUserName(userName: string): Promise<User | undefined> {
    return this.#owner("USERNAME", userName, (user) => [user.userName]);
  }

  /** Return the one user who has that e-mail address, as the primary one or as another. Two calls. */
  byEmail(address: string): Promise<User | undefined> {
    return this.#owner("EMAIL", address, addresses);
  }

  /** Return every user with that externalId, as it is not unique and its case matters. Two calls. */
  async byExternalId(externalId: string): Promise<User[]> {
    const ids = new Set<string>();
    for await (const entry of this.#query("EXTERNALID", externalIdPrefix(externalId))) {
      ids.add(textOf(entry, "userId"));
    }
    const users = (await this.#getAll("USER", ids)).map(userOf).sort(byId);
    return users.filter((user) => user.document["externalId"] === externalId);
  }

  /** Yield every user in the order of ids, from behind the id `after`. One call for each 1 MB. */
  async *all(after = ""): AsyncGenerator<User> {
    for await (const item of this.#query("USER", "", after)) {
      yield userOf(item);
    }
  }

  /** Return the groups of a user. Three calls; two when there are none. */
  async groupsOf(userId: string): Promise<Group[]> {
    const ended = new Set<string>();
    for (;;) {
      const changes = await this.#changesOf(userId, ended);
      const ids = await this.#seconds("GROUPOF", `${userId}#`);
      const items = await this.#getAll("GROUP", new Set([...ids, ...changes.keys()]));
      // What was read of a change that ended meanwhile may be of any moment of it: read again without it.
      const nowEnded = items.flatMap((item) => {
        const change = changes.get(textOf(item, "sk"));
        return change && item["job"]?.S !== change.job ? [change.job] : [];
      });
      if (nowEnded.length === 0) {
        const groups = items.map(groupOf).sort(byId);
        return groups.filter((group) => changes.get(group.id)?.joins ?? true);
      }
      nowEnded.forEach((job) => ended.add(job));
    }
  }

  /** Return the group with that id, or undefined. One call. */
  async group(groupId: string): Promise<Group | undefined> {
    const item = await this.#get("GROUP", groupId);
    return item && groupOf(item);
  }

  /** Yield every group in the order of ids, from behind the id `after`. One call for each 1 MB. */
  async *allGroups(after = ""): AsyncGenerator<Group> {
    for await (const item of this.#query("GROUP", "", after)) {
      yield groupOf(item);
    }
  }

  /** Return the ids of a group's members, in order; none if there is no such group. Three calls. */
  async membersOf(groupId: string): Promise<string[]> {
    let before = await this.#get("GROUP", groupId);
    while (before) {
      const [joined, left] = await this.#changeOf(groupId, before["job"]?.S);
      const members = await this.#seconds("MEMBER", `${groupId}#`);
      const after = await this.#get("GROUP", groupId);
      if (after && stateOf(after) === stateOf(before)) {
        return [...new Set([...members.filter((id) => !left.has(id)), ...joined])].sort();
      }
      before = after;
    }
    return [];
  }

  /** Return the user whom an index names, if one of the values has still the form of the text. */
  async #owner(index: string, text: string, values: (user: User) => string[]): Promise<User | undefined> {
    if (text.length > 2 * MAX_CHARACTERS || [...text].length > MAX_CHARACTERS) {
      return undefined;
    }
    const form = uniqueForm(text);
    const entry = await this.#get(index, sortKey(form));
    const user = entry && (await this.byId(textOf(entry, "userId")));
    return user && values(user).map(uniqueForm).includes(form) ? user : undefined;
  }

  /** Return by group what the large changes of members that are decided and not done yet do to a user. */
  async #changesOf(userId: string, ended: ReadonlySet<string>): Promise<Map<string, { job: string; joins: boolean }>> {
    const changes = new Map<string, { job: string; joins: boolean }>();
    for await (const item of this.#query("GROUPJOB")) {
      const [groupId = "", job = ""] = textOf(item, "sk").split("#");
      for (const side of ["left", "joined"]) {
        if (!ended.has(job) && idsOf(item, side).includes(userId)) {
          changes.set(groupId, { job, joins: side === "joined" });
        }
      }
    }
    return changes;
  }

  /** Return who joins and who leaves a group by the change of its members that is under way. */
  async #changeOf(groupId: string, job: string | undefined): Promise<[joined: Set<string>, left: Set<string>]> {
    const [joined, left] = [new Set<string>(), new Set<string>()];
    if (job !== undefined) {
      for await (const item of this.#query("GROUPJOB", `${groupId}#${job}#`)) {
        idsOf(item, "joined").forEach((id) => joined.add(id));
        idsOf(item, "left").forEach((id) => left.add(id));
      }
    }
    return [joined, left];
  }

  /** Return the second ids of the pairs whose sort keys have the prefix, in order. */
  async #seconds(collection: string, prefix: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const item of this.#query(collection, prefix)) {
      ids.push(textOf(item, "sk").slice(prefix.length));
    }
    return ids;
  }

  async #get(collection: string, key: string): Promise<Item | undefined> {
    const bytes = Buffer.byteLength(key);
    if (bytes === 0 || bytes > 1024) {
      return undefined;
    }
    const command = new GetItemCommand({
      TableName: this.#tableName,
      Key: this.#key(collection, key),
      ConsistentRead: true,
    });
    return (await this.#client.send(command)).Item;
  }

  /** Return the items that exist, in no order; 100 by one call. */
  async #getAll(collection: string, ids: ReadonlySet<string>): Promise<Item[]> {
    const items: Item[] = [];
    let keys = [...ids].map((id) => this.#key(collection, id));
    for (let attempt = 0; keys.length > 0; ) {
      const asked = { [this.#tableName]: { Keys: keys.slice(0, 100), ConsistentRead: true } };
      const answer = await this.#client.send(new BatchGetItemCommand({ RequestItems: asked }));
      items.push(...(answer.Responses?.[this.#tableName] ?? []));
      const unread = answer.UnprocessedKeys?.[this.#tableName]?.Keys ?? [];
      keys = [...unread, ...keys.slice(100)];
      attempt = unread.length > 0 ? attempt + 1 : 0;
      if (attempt > 0) {
        await pause(Math.min(50 * 2 ** attempt, 5000));
      }
    }
    return items;
  }

  /** Yield the items of a collection whose sort keys have the prefix, or come behind `after`, in order. */
  async *#query(collection: string, prefix = "", after = ""): AsyncGenerator<Item> {
    const condition = prefix ? " AND begins_with(sk, :sk)" : after ? " AND sk > :sk" : "";
    const pages = paginateQuery(
      { client: this.#client },
      {
        TableName: this.#tableName,
        KeyConditionExpression: `pk = :pk${condition}`,
        ExpressionAttributeValues: {
          ":pk": { S: `${this.#account}#${collection}` },
          ...(condition && { ":sk": { S: prefix || after } }),
        },
        ConsistentRead: true,
      },
    );
    for await (const page of pages) {
      yield* page.Items ?? [];
    }
  }

  #key(collection: string, key: string): Item {
    return { pk: { S: `${this.#account}#${collection}` }, sk: { S: key } };
  }
}

/** Return the user's e-mail addresses, the primary one first. */
export function addresses(user: User): string[] {
  const emails = (user.document["emails"] ?? []) as { value?: string; primary?: boolean }[];
  const primaryFirst = emails.toSorted((one, other) => Number(other.primary ?? false) - Number(one.primary ?? false));
  return primaryFirst.flatMap((email) => email.value || []);
}

function userOf(item: Item): User {
  const document = documentOf(item);
  return {
    id: textOf(item, "sk"),
    version: Number(item["version"]?.N),
    // Only what says so lets anybody in.
    active: item["active"]?.BOOL === true,
    userName: document["userName"] as string,
    created: textOf(item, "created"),
    lastModified: textOf(item, "lastModified"),
    document,
  };
}

function groupOf(item: Item): Group {
  const document = documentOf(item);
  return {
    id: textOf(item, "sk"),
    version: Number(item["version"]?.N),
    displayName: document["displayName"] as string,
    document,
  };
}

function documentOf(item: Item): Document {
  return JSON.parse(textOf(item, "document")) as Document;
}

/** The version of a group, and the change of its members that is under way. */
function stateOf(group: Item): string {
  return `${group["version"]?.N} ${group["job"]?.S}`;
}

function idsOf(item: Item, side: string): string[] {
  return item[side]?.S?.split("\n") ?? [];
}

function textOf(item: Item, attribute: string): string {
  const text = item[attribute]?.S;
  if (text === undefined) {
    throw new Error(`An item of the table has no text "${attribute}". Is it the table of Rollcall?`);
  }
  return text;
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}
