// @ts-check
// A timer that goes on while the page is hidden: browsers hold back a page's own, and not those of its workers.

/** The worker's whole program: it answers after so many milliseconds. */
const PROGRAM = "onmessage=({data})=>setTimeout(postMessage,data,0)";

/**
 * The timer: sent a number, it calls `woken` so many milliseconds later. It calls once at the start, which shows that it
 * runs at all: a page's policy may forbid workers, and not every browser says so at once.
 *
 * @param {() => void} woken
 * @returns {Worker | undefined}
 */
export function hiddenTimer(woken) {
  try {
    const program = URL.createObjectURL(new Blob([PROGRAM]));
    const worker = new Worker(program);
    worker.onmessage = () => {
      URL.revokeObjectURL(program);
      woken();
    };
    // Without it the page's own timer does, and the console has the browser's word for why.
    worker.onerror = (error) => error.preventDefault();
    worker.postMessage(0);
    return worker;
  } catch {
    return undefined;
  }
}
