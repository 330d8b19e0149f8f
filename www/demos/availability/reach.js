import { start } from "/client/index.js";
import { watch } from "/client/watch.js";

const endpoint = "/availability/v1";

/** When a therapist logs in. The handle has `isRunning`, and `signOut()` for when they log out. */
export const beReachable = (token) => start({ endpoint, token });

/** Follows these therapists wherever they are; `onBack` when one of them is online. */
export function follow(users, token, { onChange, onBack }) {
  const here = watch({ endpoint, token, users, onChange });
  const look = ({ member }) => member.status === "online" && onBack(member.user);
  here.on("join", look);
  here.on("update", look);
  return here;
}

/** Everybody who is or was here lately: [{ user, status: "online" | "recent", lastSeenAt, lastSeenAgo, … }, …]. */
export async function list(token) {
  const headers = { authorization: `Bearer ${await token()}` };
  return (await fetch(`${endpoint}/users`, { headers })).json();
}
