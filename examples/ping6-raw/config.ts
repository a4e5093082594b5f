import {
  defaultClock,
  defaultConsole,
  defaultNetwork,
  ethernet,
  icmp,
  ipv6,
  unikernel,
} from "fata-morgana/config";

// Each layer names the one that it stands on. There is no IPv4 here, no UDP and no TCP: nothing of
// them is in the bundle.
const link = ethernet(defaultNetwork);
const internet = ipv6(link);
const echo = icmp({ v6: internet });

export default unikernel(
  "ping6-raw",
  () => import("./unikernel.ts"),
  [defaultConsole, internet, echo, defaultClock],
  {
    description: "Pings all nodes of its link over IPv6 layers that were put together by hand",
    args: {
      to: { type: "string", default: "ff02::1", doc: "Address to ping; by default all nodes" },
      count: { type: "int", default: 0, min: 0, doc: "Exit after so many replies; 0 stays" },
    },
  },
);
