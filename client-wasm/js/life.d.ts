/** Takes out what the tab's page before this one has left under `key`: numbers, none if it has left nothing of ours. */
export function take(key: string): string[];

/** Tells the wasm what the browser does with the page, and leaves the session under `key` whenever the page goes. */
export function watchLife(key: string, until: AbortSignal): void;
