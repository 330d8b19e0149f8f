// @ts-check
// The page's heart on behalf of components, which come and go and change their minds.

import { start } from "./index.js";
import { live, Wanted } from "./wanted.js";

/** @typedef {import("./attendance.js").HeartOptions} HeartOptions */
/** @typedef {import("./attendance.js").HeartView} HeartView */
/** @typedef {import("./index.js").Handle} Handle */

/** No heart, as before the first beat and on a server. @type {HeartView} */
export const STILL = { handle: null, status: null, session: null, isRunning: false };

/** Options that a heart takes while it beats. */
const MOVABLE = ["channel", "page"];

/** Who wants the heart, in the order in which they came: the first one says how it beats. @type {Set<Wanted<HeartOptions>>} */
const wanting = new Set();
/** @type {Set<() => void>} */
const listeners = new Set();
/** Starts and stops, one after the other. */
let turn = Promise.resolve();
/** What beats, for whom, and as what. @type {{ by: Wanted<HeartOptions>, key: string, options: HeartOptions, handle: Handle } | null} */
let beating = null;
let view = STILL;

/** How the heart is. The same object until something changes. */
export const heartView = () => view;

/** Calls `listener` after each change until the function that this returns is called. @type {(listener: () => void) => () => void} */
export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const beatNow = () => view.handle?.beatNow();
export const markActive = () => view.handle?.markActive();

/** Tells everybody at once that the person has gone. It beats again when somebody else is signed in. */
export function signOut() {
  view.handle?.signOut();
  look();
}

/** A place for one component. Nothing happens on a server, where no component ever leaves. */
export function attend() {
  /** @type {Wanted<HeartOptions>} */
  const wanted = new Wanted(MOVABLE);
  return {
    /** @type {(options: HeartOptions | null) => void} */
    want(options) {
      if (typeof document === "undefined") return;
      wanted.become(options);
      if (wanted.options) wanting.add(wanted);
      else wanting.delete(wanted);
      settle();
    },
    leave() {
      wanting.delete(wanted);
      settle();
    },
  };
}

/** What is wanted may change many times before it is looked at: only the last time counts. */
function settle() {
  turn = turn.then(follow).catch(reportError).then(look);
}

async function follow() {
  const [by] = wanting;
  if (beating && beating.key !== by?.key) {
    beating.handle.stop();
    beating = null;
  }
  if (!by?.options) return;
  const { options, key } = by;
  if (beating) {
    const { handle, options: before } = beating;
    if (options.channel && options.channel !== before.channel) handle.setChannel(options.channel);
    if (options.page && options.page !== before.page) handle.setPage(options.page);
    // The server may have refused the old one for good.
    if (typeof options.token === "string" && options.token !== before.token) handle.beatNow();
    Object.assign(beating, { by, options });
    return;
  }
  const given = live(options, () => beating?.by ?? by);
  const handle = await start(/** @type {import("./index.js").Options} */ (given));
  beating = { by, key, options, handle };
  for (const kind of /** @type {const} */ (["status", "beat", "ended"])) handle.on(kind, look);
}

/** Makes a new view if there is something new to see. */
function look() {
  const { handle = null } = beating ?? {};
  const { status, session, isRunning } = handle ?? STILL;
  const before = Object.values(view);
  const now = { handle, status, session, isRunning };
  if (Object.values(now).every((value, place) => value === before[place])) return;
  view = now;
  for (const listener of [...listeners]) listener();
}
