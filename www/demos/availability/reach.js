import { start } from "/client/index.js";
import { watch } from "/client/watch.js";

const endpoint = "/availability/v1";

/** When a therapist logs in. The handle has `isRunning`, and `signOut()` for when they log out. */
export const beReachable = (token) => start({ endpoint, token });

/** Follows these therapists wherever they are; `onBack` when one of them has come. */
export function follow(users, token, { onChange, onBack }) {
  const here = watch({ endpoint, token, users, onChange });
  here.on("join", ({ member }) => onBack(member.user));
  return here;
}

/** Everybody who is or was here lately: [{ user, status: "online" | "recent", lastSeenAt, lastSeenAgo, … }, …]. */
export async function list(token) {
  const headers = { authorization: `Bearer ${await token()}` };
  return (await fetch(`${endpoint}/users`, { headers })).json();
}
