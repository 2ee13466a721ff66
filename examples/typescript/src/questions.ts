/** The questions that every application asks, as docs/use-it.md shows them; copy the lines that you need. */

import type { User, Users } from "./reading.ts";

// region user-name
export async function maySignInAs(users: Users, userName: string): Promise<boolean> {
  const user = await users.byUserName(userName);
  return user?.active === true;
}
// endregion

// region email
export async function maySignInWithEmail(users: Users, address: string): Promise<boolean> {
  const user = await users.byEmail(address);
  return user?.active === true;
}
// endregion

// region external-id
export async function maySignInWithExternalId(users: Users, externalId: string): Promise<boolean> {
  const [user, ...others] = await users.byExternalId(externalId);
  return user?.active === true && others.length === 0;
}
// endregion

// region list
export async function* activeUsers(users: Users): AsyncGenerator<User> {
  for await (const user of users.all()) {
    if (user.active) {
      yield user;
    }
  }
}
// endregion

// region groups
export async function groupNames(users: Users, user: User): Promise<string[]> {
  const groups = await users.groupsOf(user.id);
  return groups.map((group) => group.displayName);
}
// endregion

// region current
export async function isCurrent(users: Users, userId: string, version: number): Promise<boolean> {
  const user = await users.byId(userId);
  return user?.version === version;
}
// endregion
