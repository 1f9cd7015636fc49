"""Signed pages over HTTP/1.1, over HTTP/1.1 in TLS, and over HTTP/2: what each costs the gateway (h2load)."""
import re
import subprocess

CONNECTIONS = 8
STREAMS = 4
WAYS = {"HTTP/1.1": ("http", ["--h1"]), "TLS": ("https", ["--h1"]), "HTTP/2": ("https", [])}


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=eu.localhost", "-addext", "subjectAltName=DNS:eu.localhost",
                    "-keyout", f"{folder}/site-key.pem", "-out", f"{folder}/site.pem"],
                   check=True, capture_output=True)


def run(process, scheme, options, urls, folder, seconds):
    """One run: CPU time a request, and what was refused. Each connection has STREAMS requests under way at a time."""
    with open(f"{folder}/h2load.txt", "w") as file:
        file.write("".join(f"{scheme}://eu.localhost:{process.port}{url}\n" for url in urls))
    before = process.cpu_seconds()
    command = ["h2load", f"-c{CONNECTIONS}", f"-m{STREAMS}", "-t1", f"-D{seconds}", "-i", f"{folder}/h2load.txt",
               f"--connect-to=127.0.0.1:{process.port}", *options]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    user, system = (after - was for after, was in zip(process.cpu_seconds(), before))
    done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", output)
    count, failed, errored = (int(group) for group in done.groups())
    return {"count": count, "user": user / count * 1e6, "cpu": (user + system) / count * 1e6, "rate": count / seconds,
            "p99": float("nan"), "refused": failed, "errors": f"{errored} errored" if errored else ""}


def measure(gateway, workload, options, progress, median):
    """The medians of each way, by its name."""
    urls = [workload.page_url(tenant) for tenant in workload.tenants[:1000]]
    make_certificate(gateway.folder)
    rounds = {name: [] for name in WAYS}
    for secure in (False, True):
        gateway.configure(gateway.app_ports, "tls: { certificates: [{ chain: site.pem, key: site-key.pem }] }"
                          if secure else "")
        process, _ = gateway.start()
        try:
            names = [name for name, (scheme, _) in WAYS.items() if (scheme == "https") == secure]
            for name in names:
                run(process, *WAYS[name], urls, gateway.folder, 1)
            for number in range(options.rounds):
                for name in names:
                    progress(f"{name}, round {number + 1} of {options.rounds}")
                    rounds[name].append(run(process, *WAYS[name], urls, gateway.folder, options.seconds))
        finally:
            process.stop()
    gateway.configure(gateway.app_ports)
    return {name: median(runs) for name, runs in rounds.items()}
