import assert from "node:assert/strict";
import { test } from "node:test";
import { Pass, personOf } from "../../client-wasm/js/pass.js";

const base64 = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");
const token = (claims) => `${base64({ alg: "HS256" })}.${base64(claims)}.signature`;

test("two tokens of one person name the same, whenever they were made", () => {
  const [one, two] = [{ sub: "ann", iat: 1, exp: 2, jti: "a" }, { sub: "ann", iat: 3, exp: 4, nbf: 3, jti: "b" }].map(token);
  assert.equal(personOf(one), personOf(two));
});

test("another person, and the same one with other rights, are others", () => {
  const ann = personOf(token({ sub: "ann", role: "user" }));
  assert.notEqual(ann, personOf(token({ sub: "bob", role: "user" })));
  assert.notEqual(ann, personOf(token({ sub: "ann", role: "admin" })));
});

test("a token that cannot be read stands for itself", () => {
  for (const opaque of ["ann", "a.b.c", "", "a.bnVsbA.c"]) assert.equal(personOf(opaque), opaque);
});

test("a name in any script can be read", () => {
  assert.notEqual(personOf(token({ sub: "Ünï☃" })), personOf(token({ sub: "Uni" })));
});

test("a function is asked once until its token is no longer taken", async () => {
  let asked = 0;
  const pass = new Pass(async () => `token ${++asked}`);
  assert.deepEqual([await pass.text(), await pass.text()], ["token 1", "token 1"]);
  assert.equal(pass.renew(), true);
  assert.equal(await pass.text(), "token 2");
});

test("a text cannot be renewed", async () => {
  const pass = new Pass("ann");
  assert.equal(await pass.text(), "ann");
  assert.equal(pass.renew(), false);
});

test("it is somebody else's once its newest token names another person, until that is settled", async () => {
  let sub = "ann";
  const pass = new Pass(() => token({ sub, iat: Math.random() }));
  await pass.settle();
  assert.equal(pass.isAnothers, false);
  pass.renew();
  await pass.text();
  assert.equal(pass.isAnothers, false);
  sub = "bob";
  pass.renew();
  await pass.text();
  assert.equal(pass.isAnothers, true);
  await pass.settle();
  assert.equal(pass.isAnothers, false);
});

test("no token is nobody's", async () => {
  assert.equal(await new Pass(undefined).settle(), null);
  assert.equal(await new Pass(() => null).text(), null);
});

test("a function that fails is asked again, and one that gives no text is told off", async () => {
  let asked = 0;
  const pass = new Pass(() => {
    if (++asked === 1) throw new Error("signed out");
    return 42;
  });
  await assert.rejects(pass.text(), /signed out/);
  await assert.rejects(pass.text(), /must return a string/);
});
