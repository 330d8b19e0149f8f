import { fileURLToPath } from "node:url";

// Next would look for the root of the project further up, and find other people's lock files there.
const root = fileURLToPath(new URL(".", import.meta.url));

export default { turbopack: { root }, outputFileTracingRoot: root };
