import { ifvisible } from "ifvisible.js";

ifvisible.setIdleDuration(300);
for (const state of ["idle", "wakeup", "blur", "focus"]) ifvisible.on(state, () => navigator.sendBeacon("/state", state));
