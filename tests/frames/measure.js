// How smoothly the dashboard is drawn, found out in it: `smoothness.look(seconds)` puts it into `smoothness.found`.

const { Roll } = await import("/dashboard/roll.js");
const { LongList } = await import("/dashboard/long_list.js");

/** As fast as somebody turns a wheel who looks for a name. */
const PIXELS_A_FRAME = 40;

/** Somebody scrolls for so long, and reads for so long. */
const TURN_MS = 2_000;

/** The first frames warm the page up and do not count. */
const WARM_UP_MS = 3_000;

const LONG_TASK = { type: "longtask" };

const counted = { changes: 0, snapshots: 0, draws: 0 };

// Counted where the page itself takes them: one that leaves changes out cannot look fast.
const { take } = Roll.prototype;
Roll.prototype.take = function (event) {
  const hasChanged = take.call(this, event);
  if (event.type === "snapshot") counted.snapshots += 1;
  else if (hasChanged) counted.changes += 1;
  return hasChanged;
};

const { show } = LongList.prototype;
LongList.prototype.show = function (keys) {
  counted.draws += 1;
  return show.call(this, keys);
};

const frame = () => new Promise((come) => requestAnimationFrame(come));

const list = document.getElementById("members");

function scroll() {
  const before = list.scrollTop;
  list.scrollTop += PIXELS_A_FRAME;
  if (list.scrollTop === before) list.scrollTop = 0;
}

async function look(seconds) {
  const opened = await frame();
  while ((await frame()) - opened < WARM_UP_MS);
  const tasks = [];
  const observer = new PerformanceObserver((them) => tasks.push(...them.getEntries().map(({ duration }) => duration)));
  observer.observe(LONG_TASK);
  const gaps = [];
  const before = { ...counted };
  const began = await frame();
  let last = began;
  while (last - began < 1_000 * seconds) {
    if (Math.floor((last - began) / TURN_MS) % 2) scroll();
    const at = await frame();
    gaps.push(at - last);
    last = at;
  }
  const length = (last - began) / 1_000;
  observer.disconnect();
  gaps.sort((a, b) => a - b);
  return {
    framesASecond: gaps.length / length,
    mostMs: gaps[Math.ceil(0.95 * gaps.length) - 1],
    longestMs: gaps.at(-1),
    tasks: tasks.length,
    tasksMs: tasks.reduce((sum, ms) => sum + ms, 0),
    changesASecond: (counted.changes - before.changes) / length,
    drawsASecond: (counted.draws - before.draws) / length,
    snapshots: counted.snapshots - before.snapshots,
  };
}

window.smoothness = {
  counted,
  look(seconds) {
    delete document.documentElement.dataset.over;
    look(seconds)
      .then((found) => (this.found = found), (why) => (this.found = { why: String(why.stack ?? why) }))
      .then(() => (document.documentElement.dataset.over = ""));
  },
};
