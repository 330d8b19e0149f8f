// The table of stays, for the owner and for the reader.

import { hue, length, timeOfDay } from "../../format.js";
import { field, stamp, text } from "../../markup.js";
import { ending, lengthAt } from "../../sessions.js";
import { drawList } from "../kit/element.js";

/** Draws sessions as the server lists them; `nowAt` is when it did. */
export function drawStays(root, sessions, nowAt) {
  field(root, "table").hidden = sessions.length === 0;
  field(root, "empty").hidden = sessions.length > 0;
  drawList(field(root, "rows"), sessions, {
    key: ({ session }) => session,
    make({ session, user }) {
      const row = stamp("stay");
      row.dataset.session = session;
      row.style.setProperty("--hue", hue(user));
      return row;
    },
    fill: (row, session) => fill(row, session, Date.parse(nowAt)),
  });
}

function fill(row, session, now) {
  const end = ending(session);
  row.dataset.user = session.user;
  row.dataset.reason = session.reason ?? "";
  text(field(row, "user"), session.user);
  text(field(row, "started"), timeOfDay(session.startedAt));
  text(field(row, "length"), length(lengthAt(session, now)));
  text(field(row, "visible"), length(session.visibleMs));
  text(field(row, "page"), session.page ?? "the gate");
  text(field(row, "how"), end ? end.how : "still here");
  text(field(row, "bound"), end?.bound ?? "");
}
