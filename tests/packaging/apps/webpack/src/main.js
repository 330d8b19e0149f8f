import { start } from "stillhere";

import { tellWhenReady } from "./ready.js";

tellWhenReady(start);
