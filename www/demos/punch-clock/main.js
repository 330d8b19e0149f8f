// The punch clock's page: the stage, the manager's board, the log, and what Ann's phone shows.

import "../kit/source.js";
import { watch } from "/client/watch.js";
import { Clock } from "../../clock.js";
import { field, text } from "../../markup.js";
import { Log } from "../../log.js";
import { showLine } from "../kit/line.js";
import { Stage } from "../kit/stage.js";
import { ask } from "../kit/token.js";
import { complain, toast } from "../kit/toast.js";
import { Board, words } from "./board.js";
import { follow } from "./clock.js";
import { EMPLOYEES, MANAGER, SYSTEM, nameOf, tokenOf } from "./cast.js";

const [ann] = EMPLOYEES;
const asManager = tokenOf(MANAGER);
const clock = new Clock();
const board = new Board(document.getElementById("board"), clock);
const log = new Log(document.getElementById("story"));

const stage = new Stage(document.getElementById("stage"), {
  cast: EMPLOYEES,
  onOpen: ({ user }) => board.expect(user, null),
  onKill: (person) => warn(person).catch(complain),
});
stage.open(ann.user);

/** Says until when somebody stays in of whom nothing more is heard. */
async function warn({ user }) {
  const { nowAt, isIn, sessions } = await ask(`/${SYSTEM}/v1/users/${user}/explain`, asManager);
  clock.heard(nowAt);
  if (isIn && !stage.tabsOf(user)) board.expect(user, sessions.map((session) => session.leaseUntilAt).sort().at(-1));
}

function note(punch) {
  if (board.knows(punch)) return;
  board.punched(punch);
  log.add(punch.kind, punch.at, nameOf(punch.user), words(punch));
}

async function begin() {
  const { nowAt, punches } = await ask(`/${SYSTEM}/v1/punches?limit=20`, asManager);
  clock.heard(nowAt);
  for (const punch of punches.reverse()) note(punch);
  board.showOwn(board.newest(ann.user));
}

const begun = begin().catch(complain);

const office = watch({ endpoint: `/${SYSTEM}/v1`, token: asManager });
office.on("snapshot", ({ nowAt }) => clock.heard(nowAt));
office.on("change", () => board.here(office.members));
// What the line tells first is on the answer too, after what was before it.
office.on("punch", (punch) => begun.then(() => note(punch)));
showLine(office);

follow(ann.user, tokenOf(ann), (punch) => {
  board.showOwn(punch);
  if (punch.kind === "AUTO_OUT") {
    const heard = new Date(punch.at).toLocaleTimeString();
    toast(`Ann, the clock has punched you out. The last that it knows of you is of ${heard}.`);
  }
});
