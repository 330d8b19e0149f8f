// Who is in this demo: three employees, and the manager over whose shoulder the visitor looks.

import { tokenFor } from "../kit/token.js";

export const SYSTEM = "punch-clock";

export const EMPLOYEES = [
  { user: "ann", name: "Ann Miller", role: "employee" },
  { user: "bob", name: "Bob Ferry", role: "employee" },
  { user: "cleo", name: "Cleo Stone", role: "employee" },
];

export const MANAGER = { user: "mia", name: "Mia Hart", role: "admin" };

/** The name to a user's id. */
export const nameOf = (user) => EMPLOYEES.find((person) => person.user === user)?.name ?? user;

export const tokenOf = (person) => tokenFor(SYSTEM, person);
