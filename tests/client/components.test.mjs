// On a server, components are drawn once, no effect runs, and nothing of a page is there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement } from "react";
import { renderToString as drawReact } from "react-dom/server";
import { createSSRApp, h } from "vue";
import { renderToString as drawVue } from "vue/server-renderer";
import { StillHereElement } from "../../dist/element.js";
import { StillhereProvider, useCounts, useMembers, useStatus, useStillhere } from "../../dist/react.js";
import * as vue from "../../dist/vue.js";

const options = { endpoint: "/v1", token: () => assert.fail("nobody asks"), channel: "orders" };

test("a page of React is drawn on a server as before the first beat", () => {
  function Page() {
    const { status, session, isRunning, beatNow } = useStillhere();
    beatNow();
    return JSON.stringify([status, session, isRunning, useStatus(), useMembers(), useCounts()]);
  }
  const drawn = drawReact(createElement(StillhereProvider, options, createElement(Page)));
  assert.equal(drawn, "[null,null,false,null,[],[]]");
});

test("hooks without a provider see nobody and throw nothing", () => {
  assert.equal(drawReact(createElement(() => `${useMembers("orders").length} ${useStatus()}`)), "0 null");
});

test("a page of Vue is drawn on a server as before the first beat", async () => {
  const Page = {
    setup() {
      const { status, session, isRunning, beatNow } = vue.useStillhere(options);
      const members = vue.useMembers(options);
      beatNow();
      return () => h("p", JSON.stringify([status.value, session.value, isRunning.value, members.value]));
    },
  };
  assert.equal(await drawVue(createSSRApp(Page)), "<p>[null,null,false,[]]</p>");
});

test("the element can be imported where there are no elements", () => {
  assert.equal(typeof StillHereElement, "function");
});
