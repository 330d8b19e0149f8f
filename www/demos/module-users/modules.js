import { start } from "/client/index.js";
import { watch } from "/client/watch.js";

const endpoint = "/module-users/v1";

/** In every tab. Whoever moves says `heart.setChannel("hr")` or `heart.setPage("/requests/18")`. */
export const work = (token, module, page) => start({ endpoint, token, channel: module, page });

/** How many are in each module, whenever that changes: [{ channel, users }, …]. */
export const count = (token, tell) => watch({ endpoint, token, counts: true, onChange: (here) => tell(here.counts) });

/** Who is in a module, and on which page of it: [{ user, page, status, … }, …]. */
export const crowd = (token, module, tell) =>
  watch({ endpoint, token, channel: module, onChange: (here) => tell(here.members) });
