/** The name of the zone. */
export const origin = "lab.example";

/** The zone as it is at first, in the standard format (RFC 1035, 5). */
export const zoneText = `$TTL 1h
@       SOA   ns hostmaster ( 1 2h 15m 1w 5m )
        NS    ns
        MX    10 mail
        TXT   "A zone in a unikernel"
ns      A     10.0.0.1
        AAAA  fd00::1
mail    A     10.0.0.25
www     CNAME ns
*.any   A     10.0.0.99
_http._tcp  SRV  0 0 80 www
`;
