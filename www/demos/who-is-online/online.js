import { start } from "/client/index.js";
import { watch } from "/client/watch.js";

/** For everybody who has logged in: it beats while they do something, and rests when they do. */
export const beOnline = (token) => start({ endpoint: "/who-is-online/v1", token, idleAfterMs: 10_000 });

/** For the admin: calls `changed` whenever the list may be another. */
export function watchList(token, changed) {
  return watch({ endpoint: "/who-is-online/v1", token, onChange: changed });
}

/** The list: user, name, email, role, department, status, lastSeenAt, lastSeenMs, lastSeenAgo; and how many of each. */
export async function list(token) {
  const headers = { authorization: `Bearer ${await token()}` };
  return (await fetch("/who-is-online/v1/admin/users", { headers })).json();
}
