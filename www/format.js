// How times, names and numbers read on the page. Pure: what is said depends on the arguments alone.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time with its two largest units: "48s", "3m 12s", "1h 04m", "2d 3h". */
export function length(ms) {
  if (!Number.isFinite(ms)) return "–";
  const left = Math.max(0, ms);
  if (left < MINUTE) return `${Math.floor(left / SECOND)}s`;
  if (left < HOUR) return `${Math.floor(left / MINUTE)}m ${two(Math.floor((left % MINUTE) / SECOND))}s`;
  if (left < DAY) return `${Math.floor(left / HOUR)}h ${two(Math.floor((left % HOUR) / MINUTE))}m`;
  return `${Math.floor(left / DAY)}d ${Math.floor((left % DAY) / HOUR)}h`;
}

/** How long ago something was, as one says it: "just now", "40s ago", "5m ago", "1h ago", "3d ago". */
export function ago(ms) {
  if (!Number.isFinite(ms)) return "never";
  // A beat may be this old without anything being late, so finer steps would only make the list twitch.
  if (ms < 10 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ago`;
  return `${Math.floor(ms / DAY)}d ago`;
}

/** The seconds that a countdown shows. Rounded up, so that it reaches zero when the time is over and not before. */
export function countdown(ms) {
  const seconds = Math.ceil(Math.max(0, ms) / SECOND);
  return seconds < 60 ? `${seconds}s` : length(seconds * SECOND);
}

/** How far off a recorded end can be. Nothing is said about less than a second: no figure here shows it. */
export function errorBound(ms) {
  if (!Number.isFinite(ms) || ms < SECOND) return "";
  return `± ${countdown(ms)}`;
}

/** The time of day of an instant, in the reader's own time zone and habit. */
export function timeOfDay(instant, locale) {
  const at = new Date(instant);
  if (instant == null || Number.isNaN(at.getTime())) return "–";
  return at.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
}

/** The midnight that began the reader's day: where "today" starts. */
export function midnight(now) {
  const at = new Date(now);
  at.setHours(0, 0, 0, 0);
  return at;
}

/** One or two letters that stand for a name. By code point: half an emoji would be a broken glyph. */
export function initials(name) {
  const words = name.split(/[\s._@-]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => Array.from(word)[0].toLocaleUpperCase()).join("") || "?";
}

/** A hue from 0 to 359 that is always the same for one name (FNV-1a), so people keep their colour. */
export function hue(name) {
  let hash = 0x811c9dc5;
  for (const letter of name) hash = Math.imul(hash ^ letter.codePointAt(0), 0x01000193);
  return (hash >>> 0) % 360;
}

/** Enough of a session's id to tell two apart by eye. */
export function shortId(id) {
  return id ? `${id.slice(0, 6)}…` : "–";
}

/** A number with its noun: "1 person", "3 people". */
export function count(number, one, many) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

/** A message of the server as a sentence of the page: other words may follow it. */
export function asSentence(message) {
  return /[.!?…]$/u.test(message) ? message : `${message}.`;
}

function two(number) {
  return String(number).padStart(2, "0");
}
