// @ts-check
// `stillhere`: everything that beats, in one module.

import "./inlined.js";

export { start } from "./heart.js";
