// @ts-check
// However many changes come, there is one draw for each frame that the screen shows.

/**
 * Gives a function that asks for a draw. It may be called at any time and as often as one likes; `draw` is called once
 * in the next frame. A hidden page has no frames, and is drawn when it is looked at again.
 *
 * @param {() => void} draw
 * @param {(callback: () => void) => unknown} requestFrame
 * @returns {() => void}
 */
export function oncePerFrame(draw, requestFrame = (callback) => requestAnimationFrame(callback)) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestFrame(() => {
      // Before the draw: what changes while it runs is for the next frame, and so is what comes after one that fails.
      isAsked = false;
      draw();
    });
  };
}
