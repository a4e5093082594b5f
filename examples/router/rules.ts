/** What the filter does unless it is told something else. */
export const ownRules = `
# Hosts inside may do what they want, except to send mail by themselves.
reject log in lan tcp to any port 25
allow in lan

# From outside: pings of either version, and the port that leads inside.
allow in wan icmp type echo-request
allow log in wan tcp to 10.0.0.2 port 7

default deny
default output allow
`;
