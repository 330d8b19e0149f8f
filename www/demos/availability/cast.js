// Who is in this demo: the practice's own directory of therapists, and a client who looks for one. What a therapist is
// good at is the directory's business; stillhere says who can be reached.

import { tokenFor } from "../kit/token.js";

export const SYSTEM = "availability";

export const THERAPISTS = [
  { user: "ada", name: "Dr. Ada Brook", role: "therapist", specialties: "sleep, anxiety" },
  { user: "ben", name: "Dr. Ben Castle", role: "therapist", specialties: "couples" },
  { user: "cora", name: "Dr. Cora Dale", role: "therapist", specialties: "grief, trauma" },
];

export const CLIENT = { user: "visitor", name: "A client" };

export const tokenOf = (person) => tokenFor(SYSTEM, person);
