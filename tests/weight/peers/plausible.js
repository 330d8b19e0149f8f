import { init } from "@plausible-analytics/tracker";

init({ domain: "example.com", endpoint: "https://plausible.example.com/api/event" });
