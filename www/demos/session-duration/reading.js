import { start } from "/client/index.js";

/** On each page behind the gate. Its cookie says who reads, so there is no token; `heart.setPage` turns a page. */
export const read = (page) => start({ endpoint: "/session-duration/v1", page });

/** For the owner: how long somebody has read, over all of their tabs and visits, none of it counted twice. */
export async function timeOf(visitor, token) {
  const headers = { authorization: `Bearer ${await token()}` };
  const url = `/session-duration/v1/admin/users/${encodeURIComponent(visitor)}/history`;
  return (await fetch(url, { headers })).json(); // { total: { sessions, durationMs, visibleMs, … }, … }
}
