// @ts-check
// What an operator should hear before anybody complains: pure sentences from what is known.

import { count } from "../format.js";

/** AUTO_OUTs in one minute above which somebody is to be woken. */
export const AUTO_OUTS_PER_MINUTE = 10;

/** Whoever waits for a change hears of it within this time. */
const LAG_MS = 1_000;

/** Fewer beats say nothing about a network. */
const ENOUGH_BEATS = 20;
const ENOUGH_ENDS = 10;

/** Most requests that may wait for the server's one task; so many are a queue that grows. */
const MANY_COMMANDS = 500;

/**
 * What is known; whatever is null is not.
 *
 * @typedef {object} Known
 * @property {string | null} [line] why nothing comes from the feed
 * @property {readonly number[] | null} [autoOuts] of the last hour, minute by minute
 * @property {{ ended: number, timeout: number } | null} [ends] of the last hour
 * @property {{ taken: number, refused: number, share: number | null } | null} [beats] of the last minute
 * @property {number | null} [lagMs] until most changes have reached this page
 * @property {{ unwritten: number, resyncs: number, commands: number } | null} [server] of the last minute
 */

/** One warning. An alert is for now, a notice for today. @typedef {{ grade: "alert" | "notice", words: string }} Warning */

/** Alerts first. @type {(known: Known) => Warning[]} */
export function warnings(known) {
  const all = [ofLine(known), ofAutoOuts(known), ofServer(known), ofBeats(known), ofLag(known), ofQueue(known), ofEnds(known), ofResyncs(known)];
  const found = /** @type {Warning[]} */ (all.filter((warning) => warning !== null));
  return found.sort((a, b) => Number(a.grade === "notice") - Number(b.grade === "notice"));
}

/** What is well, as far as it is known, for when there is nothing to warn of. @type {(known: Known) => string} */
export function calm({ line, beats, autoOuts }) {
  const well = [
    ...(beats?.taken ? ["beats arrive"] : []),
    ...(line === null ? ["changes are told"] : []),
    ...(autoOuts ? ["nobody is punched out by the dozen"] : []),
  ];
  if (well.length === 0) return "Nothing is known yet.";
  return `Nothing to worry about: ${[well.slice(0, -1).join(", "), well.at(-1)].filter(Boolean).join(" and ")}.`;
}

/** The most in any one minute. @type {(autoOuts: readonly number[] | null | undefined) => number} */
export function busiestMinute(autoOuts) {
  return Math.max(0, ...(autoOuts ?? []));
}

/** @type {(known: Known) => Warning | null} */
function ofLine({ line }) {
  return line ? alert(`${line} What is shown as present may be over.`) : null;
}

/** @type {(known: Known) => Warning | null} */
function ofAutoOuts({ autoOuts }) {
  const most = busiestMinute(autoOuts);
  if (most > AUTO_OUTS_PER_MINUTE) {
    return alert(`${most} people were punched out automatically within one minute of the last hour; more than ${AUTO_OUTS_PER_MINUTE} is an alert. Ask whether a network or an office went down.`);
  }
  if (2 * most > AUTO_OUTS_PER_MINUTE) {
    return notice(`${most} people were punched out automatically within one minute of the last hour; the alert is above ${AUTO_OUTS_PER_MINUTE}.`);
  }
  return null;
}

/** @type {(known: Known) => Warning | null} */
function ofServer({ server }) {
  if (!server || server.unwritten <= 0) return null;
  return alert(`${count(server.unwritten, "batch", "batches")} could not be written in the last minute. Look at the disk or the database; new sessions have to wait.`);
}

/** @type {(known: Known) => Warning | null} */
function ofBeats({ beats }) {
  if (!beats || beats.share === null || beats.taken + beats.refused < ENOUGH_BEATS || beats.share >= 0.99) return null;
  const words = `${count(beats.refused, "beat", "beats")} of ${(beats.taken + beats.refused).toLocaleString()} were refused in the last minute. The server’s metrics say which codes.`;
  return beats.share < 0.9 ? alert(words) : notice(words);
}

/** @type {(known: Known) => Warning | null} */
function ofLag({ lagMs }) {
  if (lagMs === null || lagMs === undefined || lagMs <= LAG_MS) return null;
  return notice(`Changes reach their watchers after more than a second (${(lagMs / 1_000).toFixed(1)} s). The server or the network between is slow.`);
}

/** @type {(known: Known) => Warning | null} */
function ofQueue({ server }) {
  if (!server || server.commands < MANY_COMMANDS) return null;
  return notice(`${count(server.commands, "request waits", "requests wait")} for the server’s turn. It has more to do than it can.`);
}

/** @type {(known: Known) => Warning | null} */
function ofEnds({ ends }) {
  if (!ends || ends.ended < ENOUGH_ENDS || 2 * ends.timeout <= ends.ended) return null;
  return notice(`${ends.timeout} of ${ends.ended} sessions of the last hour fell silent instead of saying goodbye. Networks, or machines that sleep, are the usual reason.`);
}

/** @type {(known: Known) => Warning | null} */
function ofResyncs({ server }) {
  if (!server || server.resyncs <= 0) return null;
  return notice(`${count(server.resyncs, "watcher", "watchers")} read too slowly in the last minute and started over.`);
}

/** @type {(words: string) => Warning} */
const alert = (words) => ({ grade: "alert", words });

/** @type {(words: string) => Warning} */
const notice = (words) => ({ grade: "notice", words });
