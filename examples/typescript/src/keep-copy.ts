/**
 * Keep a copy of the users, groups and memberships in a relational database.
 *
 *     node build/keep-copy.js fill acme globex    # once, and whenever the copy is in doubt
 *     node build/keep-copy.js                     # all the time
 *
 * Start the queue before the first `fill`, and consume after it or meanwhile: so nothing falls into a gap. `fill`
 * compares the copy with the whole table, so it also repairs: after events were lost, or the table was restored.
 *
 * Needs, in the environment, `TABLE_NAME` (the output of Rollcall's stack), `COPY_DATABASE` (a file of SQLite, which is
 * made), where events come from (receiving.ts), and `ACCOUNT` if the copy is of one account only.
 *
 * How it stays right. An event says that a user or group changed, not what to write. The copy's row is read, then the
 * table, then the row is written if nothing wrote it meanwhile (`writes` counts); else all of it is done again. So what
 * is written last was read last, however many workers there are, and in whatever order events come.
 *
 * `version` spares work: an event that is not newer than the row is passed over. The row of a user who is gone stays,
 * without personal data: ids are not used again, and a late event of such a user has nothing to say. Events of a replay
 * are never passed over: after a restored backup, versions may go back.
 *
 * The statements are those of SQLite and, with `$1` for `?`, of PostgreSQL.
 */

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import sqlite, { type Database, type JSValue } from "node-sqlite3-wasm";
import { isMain } from "./main.ts";
import { type Group, type User, Users } from "./reading.ts";
import { consume, type LifecycleEvent } from "./receiving.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS scim_users (
    account TEXT NOT NULL, id TEXT NOT NULL, writes INTEGER NOT NULL, version INTEGER NOT NULL,
    gone BOOLEAN NOT NULL, active BOOLEAN NOT NULL, user_name TEXT, document TEXT, PRIMARY KEY (account, id));
  CREATE TABLE IF NOT EXISTS scim_groups (
    account TEXT NOT NULL, id TEXT NOT NULL, writes INTEGER NOT NULL, version INTEGER NOT NULL,
    gone BOOLEAN NOT NULL, display_name TEXT, document TEXT, PRIMARY KEY (account, id));
  CREATE TABLE IF NOT EXISTS scim_members (
    account TEXT NOT NULL, group_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (account, group_id, user_id));
  CREATE INDEX IF NOT EXISTS scim_groups_of_user ON scim_members (account, user_id)`;

const WRITE_USER = `
  INSERT INTO scim_users (account, id, writes, version, gone, active, user_name, document)
  VALUES (?, ?, 1, ?, ?, ?, ?, ?)
  ON CONFLICT (account, id) DO UPDATE SET
    writes = scim_users.writes + 1, version = excluded.version, gone = excluded.gone, active = excluded.active,
    user_name = excluded.user_name, document = excluded.document
  WHERE scim_users.writes = ?`;
const WRITE_GROUP = `
  INSERT INTO scim_groups (account, id, writes, version, gone, display_name, document)
  VALUES (?, ?, 1, ?, ?, ?, ?)
  ON CONFLICT (account, id) DO UPDATE SET
    writes = scim_groups.writes + 1, version = excluded.version, gone = excluded.gone,
    display_name = excluded.display_name, document = excluded.document
  WHERE scim_groups.writes = ?`;
const LEAVE = "DELETE FROM scim_members WHERE account = ? AND group_id = ?";
const JOIN = "INSERT INTO scim_members (account, group_id, user_id) VALUES (?, ?, ?)";

type Kind = "scim_users" | "scim_groups";

/** What the copy knows of a user or group; `writes` and `version` are 0 of one whom it has never seen. */
interface Row {
  readonly writes: number;
  readonly version: number;
  readonly gone: boolean;
}

/** The copy in a database. `usersOf` returns what reads an account of Rollcall's table. */
export class Copy {
  readonly #database: Database;
  readonly #usersOf: (account: string) => Users;

  constructor(database: Database, usersOf: (account: string) => Users) {
    this.#database = database;
    this.#usersOf = usersOf;
    database.exec(SCHEMA);
  }

  /** Bring what an event is about up to date. */
  async handle({ account, userId, groupId, version, isReplay }: LifecycleEvent): Promise<void> {
    // Who is gone has no version. A large change of members is published in parts of one version: each counts as newer.
    const isNewer = (row: Row, least: number) => isReplay || (!row.gone && (version ?? Infinity) >= row.version + least);
    if (userId !== undefined) {
      await this.#lookAtUser(account, userId, (row) => isNewer(row, 1));
    } else if (groupId !== undefined) {
      await this.#lookAtGroup(account, groupId, (row) => isNewer(row, 0));
    }
  }

  /** Make the copy of a whole account what the table has. Workers may go on meanwhile. */
  async fill(account: string): Promise<void> {
    const users = this.#usersOf(account);
    const unseen = new Set(this.#present("scim_users", account));
    for await (const user of users.all()) {
      const row = this.#row("scim_users", account, user.id);
      // Where the copy has more than the list, the table is asked again.
      if (row.gone || row.version > user.version || !this.#writeUser(account, user.id, row, user)) {
        await this.#lookAtUser(account, user.id);
      }
      unseen.delete(user.id);
    }
    for (const id of unseen) {
      await this.#lookAtUser(account, id);
    }
    const groups = new Set(this.#present("scim_groups", account));
    for await (const group of users.allGroups()) {
      groups.add(group.id);
    }
    for (const id of groups) {
      await this.#lookAtGroup(account, id);
    }
  }

  /** Make the copy of one user what the table has, if that is wanted of the row. */
  async #lookAtUser(account: string, id: string, isWanted = (_: Row) => true): Promise<void> {
    let row = this.#row("scim_users", account, id);
    while (isWanted(row) && !this.#writeUser(account, id, row, await this.#usersOf(account).byId(id))) {
      row = this.#row("scim_users", account, id);
    }
  }

  /** Make the copy of one group and its members what the table has, if that is wanted of the row. */
  async #lookAtGroup(account: string, id: string, isWanted = (_: Row) => true): Promise<void> {
    for (let row = this.#row("scim_groups", account, id); isWanted(row); row = this.#row("scim_groups", account, id)) {
      const group = await this.#usersOf(account).group(id);
      // After the group: so they are of this version, or of a later one whose event is still to come.
      const members = group === undefined ? [] : await this.#usersOf(account).membersOf(id);
      if (this.#writeGroup(account, id, row, group, members)) {
        return;
      }
    }
  }

  #row(kind: Kind, account: string, id: string): Row {
    const found = this.#database.get(`SELECT writes, version, gone FROM ${kind} WHERE account = ? AND id = ?`, [account, id]);
    return found === null
      ? { writes: 0, version: 0, gone: false }
      : { writes: Number(found["writes"]), version: Number(found["version"]), gone: Boolean(found["gone"]) };
  }

  #present(kind: Kind, account: string): string[] {
    const found = this.#database.all(`SELECT id FROM ${kind} WHERE account = ? AND NOT gone`, [account]);
    return found.map((row) => String(row["id"]));
  }

  /** Write a user, or that there is none; return false if the row is no longer as it was read. */
  #writeUser(account: string, id: string, row: Row, user: User | undefined): boolean {
    const values = user
      ? [user.version, false, user.active, user.userName, JSON.stringify(user.document)]
      : [row.version, true, false, null, null];
    return this.#write(WRITE_USER, [account, id, ...values, row.writes]);
  }

  #writeGroup(account: string, id: string, row: Row, group: Group | undefined, members: readonly string[]): boolean {
    const values = group
      ? [group.version, false, group.displayName, JSON.stringify(group.document)]
      : [row.version, true, null, null];
    return this.#inTransaction(() => {
      if (!this.#write(WRITE_GROUP, [account, id, ...values, row.writes])) {
        return false;
      }
      this.#database.run(LEAVE, [account, id]);
      members.forEach((userId) => this.#database.run(JOIN, [account, id, userId]));
      return true;
    });
  }

  #write(statement: string, values: JSValue[]): boolean {
    return this.#database.run(statement, values).changes > 0;
  }

  #inTransaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

async function main(): Promise<void> {
  const { TABLE_NAME: tableName, COPY_DATABASE: file, ACCOUNT: only } = process.env;
  if (!tableName || !file) {
    console.error("Set TABLE_NAME and COPY_DATABASE: where the users are, and where the copy is.");
    process.exitCode = 2;
    return;
  }
  const client = new DynamoDBClient();
  const copy = new Copy(new sqlite.Database(file), (account) => new Users(tableName, account, client));
  const [command, ...accounts] = process.argv.slice(2);
  if (command === "fill") {
    for (const account of accounts) {
      await copy.fill(account);
    }
  } else {
    await consume((event) => (only && event.account !== only ? undefined : copy.handle(event)));
  }
}

if (isMain(import.meta.filename)) {
  await main();
}
