import { enableActivityTracking, newTracker, trackPageView } from "@snowplow/browser-tracker";

newTracker("stillhere", "https://collector.example.com", { appId: "orders" });
enableActivityTracking({ minimumVisitLength: 10, heartbeatDelay: 10 });
trackPageView();
