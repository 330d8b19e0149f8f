// Who is in this demo: colleagues, and the admin whose list the visitor sees.

import { tokenFor } from "../kit/token.js";

export const SYSTEM = "who-is-online";

export const COLLEAGUES = [
  { user: "ann", name: "Ann Miller", role: "editor", email: "ann@example.com", department: "News" },
  { user: "bob", name: "Bob Ferry", role: "editor", email: "bob@example.com", department: "Sports" },
  { user: "cleo", name: "Cleo Stone", role: "lawyer", email: "cleo@example.com", department: "Legal" },
  { user: "dan", name: "Dan Reed", role: "trainee", email: "dan@example.com", department: "News" },
];

export const ADMIN = { user: "mia", name: "Mia Hart", role: "admin" };

export const tokenOf = (person) => tokenFor(SYSTEM, person);
