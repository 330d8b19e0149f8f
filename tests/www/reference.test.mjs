import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsOf, kindOf, reference } from "../../www/docs/reference.js";

const refusal = (codes, kinds) => ({
  content: { "application/json": { schema: { allOf: [{}, { properties: { error: {
    properties: { code: { enum: codes } },
    oneOf: kinds.map(([of, retry]) => ({ properties: { code: { enum: of }, retry: { const: retry } } })),
  } } }] } } },
});

const ref = (name) => ({ $ref: `#/components/schemas/${name}` });

const DOCUMENT = {
  paths: {
    "/healthz": { get: { summary: "Alive?", security: [], responses: { 200: { content: {} } } } },
    "/p/v1/beat": {
      post: {
        summary: "Still here.",
        security: [{ bearer: [] }, { visit: [] }],
        requestBody: { content: { "application/json": { schema: ref("Beat") } } },
        responses: {
          200: { content: { "application/json": { schema: ref("Accepted") } } },
          400: refusal(["beat_bad", "body_lost"], [[["beat_bad"], false], [["body_lost"], true]]),
        },
      },
    },
    "/p/v1/admin/users": {
      get: { security: [{}, { bearer: [] }], parameters: [{ $ref: "#/components/parameters/limit" }], responses: {} },
    },
    "/p/v1/users/{user}": {
      get: {
        security: [{ bearer: [] }],
        parameters: [{ name: "user", in: "path", required: true, schema: { type: "string" } }],
        responses: {},
      },
    },
  },
  components: {
    parameters: { limit: { name: "limit", in: "query", schema: { type: "integer" }, description: "How many." } },
    schemas: {
      Beat: {
        description: "One report.",
        required: ["seq"],
        properties: { seq: { type: "integer" }, page: { type: ["string", "null"] } },
      },
    },
  },
};

test("routes are grouped by what they are about, an admin's with everybody's, and the server's own come last", () => {
  const groups = reference(DOCUMENT).groups.map(({ title, operations }) => [title, operations.map(({ path }) => path)]);
  assert.deepEqual(groups, [
    ["Beats", ["/p/v1/beat"]],
    ["People", ["/p/v1/admin/users", "/p/v1/users/{user}"]],
    ["The server itself", ["/healthz"]],
  ]);
});

test("a route says who may ask, what goes in and what comes out", () => {
  const [[beat], [people, person], [alive]] = reference(DOCUMENT).groups.map(({ operations }) => operations);
  assert.equal(beat.who, "Who asks is said by a token, or the e-mail gate's cookie.");
  assert.equal(people.who, "Who asks is said by a token; or not at all.");
  assert.equal(alive.who, "Anybody may ask.");
  assert.equal(beat.body, "Beat");
  assert.deepEqual(beat.answers, [{ status: "200", shape: "Accepted", type: "application/json" }]);
  assert.deepEqual(people.parameters, [{ name: "limit", kind: "integer", isNeeded: false, words: "How many." }]);
  assert.deepEqual(person.parameters, [{ name: "user", kind: "string", isNeeded: true, words: "In the path." }]);
});

test("a refusal says whether to try again", () => {
  assert.deepEqual(reference(DOCUMENT).refusals, [
    { code: "beat_bad", status: "400", retry: false },
    { code: "body_lost", status: "400", retry: true },
  ]);
});

test("a shape has its fields, and each says what it is", () => {
  assert.deepEqual(fieldsOf(DOCUMENT.components.schemas.Beat), [
    { name: "seq", kind: "integer", isNeeded: true, words: "" },
    { name: "page", kind: "string or null", isNeeded: false, words: "" },
  ]);
  assert.equal(kindOf({ type: "array", items: ref("Member") }), "list of Member");
  const span = { prefixItems: [{ type: "integer" }, { type: "integer" }] };
  assert.equal(kindOf({ type: "array", items: span }), "list of [integer, integer]");
  assert.equal(kindOf({ enum: ["IN", "OUT"] }), '"IN" or "OUT"');
  assert.equal(kindOf({ type: "string", format: "date-time" }), "moment");
});
