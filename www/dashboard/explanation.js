// @ts-check
// Why somebody's status is what it is, in plain words, from what `/users/{user}/explain` answers. Pure.

import { ago, count, countdown } from "../format.js";

/** One session as the server explains it. @typedef {{ status: string, because: string, changesAt: string, then: string, channel: string, page: string | null, startedAt: string }} Explained */

/** @typedef {{ user: string, nowAt: string, status: string, lastSeenAt: string | null, isIn: boolean, sessions: Explained[] }} Explanation */

/** The first thing to know. @type {(of: Explanation) => string} */
export function headline({ user, nowAt, status, lastSeenAt, isIn, sessions }) {
  const clock = isIn ? " By the punch clock they are in." : "";
  if (sessions.length > 0) {
    return `${user} is ${status}, with ${count(sessions.length, "session", "sessions")} open.${clock}`;
  }
  if (!lastSeenAt) return `Nobody called ${user} has been seen here. Names count every letter, large and small.`;
  const seen = ago(Date.parse(nowAt) - Date.parse(lastSeenAt));
  const rest = status === "offline" ? "" : ` That is recent enough to be called ${status}.`;
  return `${user} is not here. They were last seen ${seen}.${rest}${clock}`;
}

/** One session: which rule fired, and what comes next. @type {(session: Explained, nowAt: string) => string} */
export function sessionWords({ status, because, changesAt, then, channel, page }, nowAt) {
  const place = page ? `${page} in ${channel}` : channel;
  const leftMs = Date.parse(changesAt) - Date.parse(nowAt);
  const next = then === "ended" ? "the session ends" : `it becomes ${then}`;
  const when = leftMs > 0 ? `If nothing is heard for ${countdown(leftMs)}, ${next}.` : `If nothing is heard now, ${next}.`;
  return `On ${place} it is ${status}, because ${because}. ${when}`;
}
