// Who is in this demo, and where one can be.

import { tokenFor } from "../kit/token.js";

export const SYSTEM = "module-users";

export const YOU = { user: "you", name: "You" };

/** Each begins somewhere else, so that there is something to see. */
export const USERS = [
  { user: "ann", name: "Ann Miller", role: "sales", module: "crm", page: "/requests/17" },
  { user: "bob", name: "Bob Ferry", role: "accounts", module: "billing", page: "/" },
  { user: "cleo", name: "Cleo Stone", role: "sales", module: "crm", page: "/" },
  { user: "dan", name: "Dan Reed", role: "people", module: "hr", page: "/" },
];

/** As the preset lists them. */
export const MODULES = { crm: "CRM", pms: "Projects", hr: "HR", billing: "Billing", reports: "Reports" };

export const PAGES = { "/": "the list of requests", "/requests/17": "request 17", "/requests/18": "request 18" };

export const nameOf = (user) => USERS.find((person) => person.user === user)?.name ?? user;

export const tokenOf = (person) => tokenFor(SYSTEM, person);
