import { start } from "/client/index.js";
import { watch } from "/client/watch.js";

/** In every tab that shall keep somebody in. */
export const beat = (token) => start({ endpoint: "/punch-clock/v1", token });

/** IN or OUT. It is in the log when this is answered. */
export async function punch(kind, token) {
  const headers = { authorization: `Bearer ${await token()}`, "content-type": "application/json" };
  return fetch("/punch-clock/v1/punches", { method: "POST", headers, body: JSON.stringify({ kind }) });
}

/** Whatever the clock says of one person, an AUTO_OUT among it, less than a second later. */
export function follow(user, token, onPunch) {
  const clock = watch({ endpoint: "/punch-clock/v1", user, token });
  clock.on("punch", onPunch);
  return clock;
}
