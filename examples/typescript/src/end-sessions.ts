/**
 * End a user's sessions when the user is deactivated or removed, and let none begin at that moment.
 *
 *     node build/end-sessions.js    # all the time: acts on events
 *
 * Needs in the environment where events come from (receiving.ts), and no right but to receive them.
 *
 * Why by version. Each session carries the version of the user at which its log-in was checked. A deactivation at
 * version 7 ends those of versions below 7. When the user is reactivated, the next log-in is checked at version 8 or
 * later: a late or repeated event of version 7 does not end it. So neither clocks matter nor the order of events.
 *
 * The race. A log-in that was checked before the deactivation may begin its session after the event came. So the store
 * remembers up to which version a user's sessions are over, and begins none of an earlier one.
 */

import { randomBytes } from "node:crypto";
import { isMain } from "./main.ts";
import type { User } from "./reading.ts";
import { consume, type LifecycleEvent } from "./receiving.ts";

/** Milliseconds, after which a session ends in any case: an outage may hold up events. */
const LIFETIME = 12 * 3600 * 1000;

export interface Session {
  readonly id: string;
  readonly account: string;
  readonly userId: string;
  /** The user's when the log-in was checked. */
  readonly version: number;
  readonly ends: number;
}

/**
 * Sessions in the memory of one process. With several, keep both maps where all of them look (Redis, a database), and
 * make each method one atomic step there.
 */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  /** By user: sessions of versions below this one are over. */
  readonly #over = new Map<string, number>();

  /** Begin a session of a user whom the log-in check let in; undefined if access has ended meanwhile. */
  begin(account: string, user: User): Session | undefined {
    const id = randomBytes(32).toString("base64url");
    const session = { id, account, userId: user.id, version: user.version, ends: Date.now() + LIFETIME };
    if (this.#isOver(session)) {
      return undefined;
    }
    this.#sessions.set(id, session);
    return session;
  }

  /** Return the session with that id; undefined if there is none, or no longer. Ask at every request. */
  find(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    return session && session.ends > Date.now() ? session : undefined;
  }

  /** End every session of a user with a version below that, now and for later. */
  end(account: string, userId: string, below: number): void {
    const user = `${account} ${userId}`;
    this.#over.set(user, Math.max(below, this.#over.get(user) ?? 0));
    for (const session of this.#sessions.values()) {
      if (session.ends <= Date.now() || this.#isOver(session)) {
        this.#sessions.delete(session.id);
      }
    }
  }

  #isOver({ account, userId, version }: Session): boolean {
    return version < (this.#over.get(`${account} ${userId}`) ?? 0);
  }
}

/**
 * Return the version below which an event ends sessions; undefined if it ends none.
 *
 * Every event of a user who is inactive says so, not only the first one, which may be lost. A reactivation says that
 * the user was inactive before it; but one of a replay only says that the user is active.
 */
export function endedBelow({ kind, version, active, isReplay }: LifecycleEvent): number | undefined {
  if (kind === "UserDeprovisioned") {
    return Infinity;
  }
  return active === false || (kind === "UserReactivated" && !isReplay) ? version : undefined;
}

/** End the sessions that an event is about. */
export function endSessions(sessions: Sessions, event: LifecycleEvent): void {
  const below = endedBelow(event);
  if (event.userId !== undefined && below !== undefined) {
    sessions.end(event.account, event.userId, below);
  }
}

if (isMain(import.meta.filename)) {
  const sessions = new Sessions();
  await consume((event) => {
    endSessions(sessions, event);
    console.log(`${event.kind} of ${event.userId ?? event.groupId}`);
  });
}
