export { start } from "./heart.js";
export type { Events, Handle, Options, Why } from "./heart.js";
