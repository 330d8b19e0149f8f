/** What `start` takes. Everything may be left out; what is `undefined` or `null` counts as left out. */
export interface Options {
  /** Where the server's API is: a path or a URL. Default: `"/v1"`. */
  endpoint?: string;
  /**
   * Who beats. A function is asked before the first beat, and again when the server no longer takes its last answer;
   * beats wait for its promise, except for the last word of a page that is leaving.
   */
  token?: string | (() => string | Promise<string>);
  /** The named place. Default: the server's, `"site"`. */
  channel?: string;
  /**
   * What the user looks at. Default: `location.pathname`, followed when the application changes it without loading another
   * page; a name given here stays until `Handle.setPage`.
   */
  page?: string;
  /** Instead of the server's interval: from 500 to 86400000. */
  intervalMs?: number;
  /** Instead of the server's policy for hidden pages: say so and fall silent, beat on slowly, or count as gone. */
  whenHidden?: "pause" | "beat" | "leave";
  /**
   * What wakes the page while it is hidden, where it beats then. `"page"`, the default, is the page's own timer, which
   * browsers hold back to once a minute, so beats are as far apart as that. A `"worker"` goes on in time, and the beats of
   * a hidden page come as those of a visible one; a CSP needs `worker-src blob:` for it, and without it `"page"` is used.
   */
  hiddenTimer?: "page" | "worker";
  /**
   * After so long without input the page says so once, and no more until there is some: from 1000 to 86400000. Default:
   * it beats on, and says how long somebody has been at work.
   */
  idleAfterMs?: number;
  /**
   * The events, at the window, that count as input. Default: pointerdown, pointermove, keydown, scroll, touchstart and
   * wheel. An empty list leaves it to `Handle.markActive`.
   */
  activityEvents?: readonly string[];
  /** Send nothing at all where the browser asks for privacy (`navigator.globalPrivacyControl`). Default: `false`. */
  respectGpc?: boolean;
  /** `"include"` sends cookies to a server of another origin too. */
  credentials?: "include" | "same-origin" | "omit";
  /** Log every wait and every beat with `console.debug`. */
  debug?: boolean;
}

/** The options, checked, and as the heart takes them. */
export interface Settings extends Omit<Options, "token" | "whenHidden"> {
  /** Where beats go. */
  url: string;
  /** Empty when the page is to be asked. */
  token: string | undefined;
  /** The engine's number of the word. */
  whenHidden: number | undefined;
}

/** Whether there is an option of this name. */
export function isOption(name: string): boolean;

/** What is wrong with the option of this name, in a sentence for its developer; `false` when nothing is. */
export function wrong(name: string, value: unknown): string | false;

/**
 * The options as the heart takes them.
 *
 * @throws TypeError for the first that is wrong.
 */
export function read(options: Options): Settings;

/** As much of a page's name as the server takes, to where a character ends. */
export function cut(page: string): string;
