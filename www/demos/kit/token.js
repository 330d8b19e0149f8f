// Who somebody is: a token for each person of a demo, from the demo's server. An application has its own way to log in.

/**
 * A function that gives a person's token for a demo, as `start` and `watch` take it.
 *
 * @param {string} system the demo's folder
 * @param {{ user: string, role?: string, name?: string, email?: string, department?: string }} person
 * @returns {() => Promise<string>}
 */
export function tokenFor(system, { user, role, name, email, department }) {
  const body = JSON.stringify({ system, user, role, name, email, department });
  return async () => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/demo/tokens", { method: "POST", headers, body }).catch(() => null);
    if (!answer) throw new Error("The server does not answer. Is `cargo xtask demo` still running?");
    if (answer.status === 404 || answer.status === 405) {
      throw new Error("This server gives out no tokens for trying out: start it with `cargo xtask demo`.");
    }
    if (!answer.ok) throw new Error(`The server gave no token for ${name ?? user}: it answered ${answer.status}.`);
    return (await answer.json()).token;
  };
}

/**
 * Asks a demo's server for something as somebody, and gives the answer's JSON.
 *
 * @throws Error in a sentence for people
 */
export async function ask(url, token, request = {}) {
  const headers = { ...request.headers, ...(token && { authorization: `Bearer ${await token()}` }) };
  const answer = await fetch(url, { cache: "no-store", ...request, headers }).catch(() => null);
  if (!answer) throw new Error("The server does not answer. Is `cargo xtask demo` still running?");
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(body?.error?.message ?? `The server answered ${answer.status}.`);
  return body;
}
