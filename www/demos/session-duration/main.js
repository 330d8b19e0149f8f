// The page of session duration: the gate is a plain form; beside it are the stage and what the owner sees.

import "../kit/source.js";
import { watch } from "/client/watch.js";
import { field, text } from "../../markup.js";
import { totalsLine } from "../../sessions.js";
import { showLine } from "../kit/line.js";
import { Refresh } from "../kit/refresh.js";
import { Stage } from "../kit/stage.js";
import { complain } from "../kit/toast.js";
import { READER, SYSTEM, asOwner, askAsOwner, visitIn } from "./cast.js";
import { drawStays } from "./stays.js";

/** Beats are no changes, and only they make a stay longer. */
const REFRESH_MS = 5_000;

const card = document.getElementById("stays");

const refresh = new Refresh(REFRESH_MS, async () => {
  const { nowAt, sessions, totals } = await askAsOwner("sessions?limit=20");
  drawStays(card, sessions, nowAt);
  text(field(card, "totals"), sessions.length ? totalsLine(totals) : "");
}, complain);

const here = watch({ endpoint: `/${SYSTEM}/v1`, token: asOwner, onChange: () => refresh.soon() });
showLine(here);

const stage = new Stage(document.getElementById("stage"), { cast: [READER], onClose: () => refresh.soon() });
// Without a cookie a tab could only say that nobody has come through the gate.
if (visitIn(document.cookie)) stage.open(READER.user);
