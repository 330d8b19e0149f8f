// @ts-check
// Other tabs that need a line too.

/**
 * Browsers allow six connections to one HTTP/1.1 server, over all tabs, and a stream holds one for good. One that nobody
 * looks at is given up once this many others have come to the front, or the seventh tab could not even beat.
 */
const NEWER_LINES = 3;

/**
 * Whether a server is known to take as many lines as there are on one connection, as HTTP/2 and 3 do.
 *
 * @param {string} url
 * @param {readonly any[]} entries what the page has loaded
 */
export function hasRoom(url, entries) {
  const { origin } = new URL(url);
  return entries.some(({ name, nextHopProtocol }) => /^h[23]/.test(nextHopProtocol) && name.startsWith(`${origin}/`));
}

/** One line among those of the browser's other tabs. */
export class Crowd {
  #name;
  #url;
  #onCrowded;
  #onWanted;
  /** Lines that somebody has looked at since anybody looked at this one. @type {Set<string>} */
  #newer = new Set();
  /** @type {BroadcastChannel | null} */
  #channel = null;

  /**
   * @param {string} name the line's, which may be that of several tabs
   * @param {string} url where it leads
   * @param {{ onCrowded: () => void, onWanted: () => void }} told others need its place; somebody looks at it
   */
  constructor(name, url, { onCrowded, onWanted }) {
    this.#name = name;
    this.#url = url;
    this.#onCrowded = onCrowded;
    this.#onWanted = onWanted;
    this.#channel = channelOf("stillhere.lines");
    if (this.#channel) this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.look();
  }

  /** This tab may have come to the front. */
  look() {
    if (document.visibilityState === "hidden") return;
    this.#newer.clear();
    this.#channel?.postMessage(this.#name);
  }

  close() {
    this.#channel?.close();
  }

  /** @param {string} name */
  #hear(name) {
    if (name === this.#name) {
      this.#newer.clear();
      this.#onWanted();
    } else if (document.visibilityState === "hidden") {
      this.#newer.add(name);
      const loaded = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type));
      if (this.#newer.size >= NEWER_LINES && !hasRoom(this.#url, loaded)) this.#onCrowded();
    }
  }
}

/** A channel between the tabs of this browser; null where there can be none. @type {(name: string) => BroadcastChannel | null} */
export function channelOf(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    // An old browser, or a frame whose storage is blocked.
    return null;
  }
}
