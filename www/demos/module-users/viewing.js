// "Ann is viewing request 17": who else is on a page, as a sentence.

/** Names as one says them: "Ann", "Ann and Bob", "Ann, Bob and Cleo". */
export function inARow(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/**
 * Who of these members is on the page, but for oneself.
 *
 * @param {readonly { user: string, page: string | null }[]} members
 * @param {{ me: string, page: string, title: string, nameOf: (user: string) => string }} view
 */
export function viewing(members, { me, page, title, nameOf }) {
  const names = members.filter((member) => member.page === page && member.user !== me).map(({ user }) => nameOf(user));
  if (!names.length) return `Nobody else is viewing ${title}.`;
  return `${inARow(names.sort())} ${names.length === 1 ? "is" : "are"} viewing ${title}.`;
}
