// Who is in this demo: whoever came through the gate, and the owner of the report.

import { ask, tokenFor } from "../kit/token.js";

export const SYSTEM = "session-duration";

export const READER = { user: "reader", name: "Reader", role: "visitor" };

export const asOwner = tokenFor(SYSTEM, { user: "owner", role: "admin" });

/** What the owner asks, below the system's path. */
export const askAsOwner = (path) => ask(`/${SYSTEM}/v1/admin/${path}`, asOwner);

/** The session of the gate's cookie: what stands before its first dot. Null: nobody has come through the gate. */
export function visitIn(cookies) {
  const found = /(?:^|;\s*)stillhere_session=([^.;]+)\./u.exec(cookies);
  return found ? found[1] : null;
}
