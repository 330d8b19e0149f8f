import { start } from "stillhere/slim";

import { tellWhenReady } from "./ready.js";

// The wasm is found by webpack itself, as the module names it.
tellWhenReady(start);
