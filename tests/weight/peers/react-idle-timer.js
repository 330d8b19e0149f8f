import { useIdleTimer } from "react-idle-timer";

export const usePresence = (tell) =>
  useIdleTimer({ timeout: 300_000, crossTab: true, onPresenceChange: ({ type }) => tell(type) });
