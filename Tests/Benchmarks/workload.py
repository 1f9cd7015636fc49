"""What is sent: tenants, their signed requests, and the scripts by which wrk sends them."""
import json
import random
import urllib.parse
import uuid

import tokens

BROWSER = ("User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
           "Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate, br\r\n"
           "Accept-Language: en-GB,en;q=0.9\r\nReferer: https://site.atlassian.net/browse/TEST-1\r\n")

# A list of whole requests, sent in turn and round again.
WRK_SCRIPT = """local requests = {}
for line in io.lines("%(file)s") do requests[#requests + 1] = "%(before)s" .. line .. "%(after)s" end
local at = 0
request = function()
  at = at %% #requests + 1
  return requests[at]
end
"""


class Workload:
    """Tenants in two regions in turn, with a signed page URL for some of them, and Forge calls if asked for."""

    def __init__(self, folder, tenant_count, now):
        self.folder, self.now = folder, now
        chance = random.Random(7)
        self.tenants = []
        for number in range(tenant_count):
            key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            self.tenants.append((number, key, "ATCO%060x" % chance.getrandbits(240), "EU" if number % 2 else "US"))
        with open(f"{folder}/tenants.tsv", "w") as table, open(f"{folder}/tenants.ndjson", "w") as lines:
            for number, key, secret, region in self.tenants:
                table.write(f"{key}\t{secret}\t{region.lower()}\n")
                lines.write(json.dumps({"clientKey": key, "sharedSecret": secret, "region": region,
                                        "baseUrl": site(number), "productType": "jira"}) + "\n")

    def page_url(self, tenant):
        """An iframe URL as Jira makes it, with its token."""
        number, key, secret, _ = tenant
        parameters = [("xdm_e", site(number)), ("xdm_c", "channel-com.example.app__panel"), ("cp", ""),
                      ("lic", "active"), ("cv", "1001.0.0-SNAPSHOT"), ("issueKey", f"TEST-{number}")]
        query = "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in parameters)
        return f"/panel?{query}&jwt={tokens.host_token(key, secret, 'GET', '/panel', parameters, self.now)}"

    def api_url(self, tenant):
        """A call that a page makes to its own app: the host has no part in it, so nothing is noted of the host."""
        _, key, secret, _ = tenant
        return f"/api?jwt={tokens.context_token(key, secret, self.now)}"

    def write_pages(self, count):
        """A wrk script that opens the pages of `count` tenants in turn; its path and the first URL."""
        urls = [self.page_url(tenant) for tenant in self.tenants[:count]]
        self._write_lines("pages.txt", urls)
        after = f" HTTP/1.1\\r\\nHost: eu.localhost\\r\\n{escaped(BROWSER)}\\r\\n"
        return self._write_script("pages", "GET ", after), urls[0]

    def write_pages_of(self, region, count):
        """A wrk script that opens the pages of `count` tenants of one region at its own host name; its path."""
        tenants = [tenant for tenant in self.tenants if tenant[3] == region][:count]
        name = f"pages-{region.lower()}"
        self._write_lines(f"{name}.txt", [self.page_url(tenant) for tenant in tenants])
        after = f" HTTP/1.1\\r\\nHost: {region.lower()}.localhost\\r\\n{escaped(BROWSER)}\\r\\n"
        return self._write_script(name, "GET ", after)

    def write_forge_calls(self, signer, count):
        """A wrk script of `count` Forge calls, each with a token of its own; its path, and a token of each site."""
        installations = [str(uuid.UUID(int=number)) for number in range(1, 101)]
        claims = [tokens.forge_claims(installations[n % len(installations)], uuid.uuid4().int, self.now)
                  for n in range(count)]
        signed = signer.sign_all(claims)
        self._write_lines("forge.txt", signed)
        before = ("POST /forge HTTP/1.1\\r\\nHost: eu.localhost\\r\\nContent-Type: application/json\\r\\n"
                  "Content-Length: 16\\r\\nx-b3-traceid: 463ac35c9f6413ad\\r\\nx-b3-spanid: a2fb4a1d1a96d312\\r\\n"
                  "Authorization: Bearer ")
        after = '\\r\\n\\r\\n{\\"call\\":\\"hello\\"}'
        return self._write_script("forge", before, after), [signed[n] for n in range(len(installations))]

    def _write_lines(self, name, lines):
        with open(f"{self.folder}/{name}", "w") as file:
            file.write("\n".join(lines) + "\n")

    def _write_script(self, name, before, after):
        path = f"{self.folder}/{name}.lua"
        with open(path, "w") as file:
            file.write(WRK_SCRIPT % {"file": f"{self.folder}/{name}.txt", "before": before, "after": after})
        return path


def site(number):
    return f"https://site{number}.atlassian.net"


def escaped(text):
    return text.replace("\r\n", "\\r\\n")
