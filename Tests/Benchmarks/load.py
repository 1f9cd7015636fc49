"""One run of wrk against one process: CPU time a request, requests a second, the slowest hundredth."""
import re
import statistics
import subprocess


def run(process, script, seconds, connections):
    before = process.cpu_seconds()
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script,
               f"http://127.0.0.1:{process.port}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    user, system = (after - was for after, was in zip(process.cpu_seconds(), before))
    count = int(re.search(r"(\d+) requests in", output).group(1))
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    errors = re.search(r"Socket errors: (.*)", output)
    return {"count": count, "user": user / count * 1e6, "cpu": (user + system) / count * 1e6,
            "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1)),
            "p50": milliseconds(re.search(r"^\s+50%\s+(\S+)", output, re.M).group(1)),
            "p99": milliseconds(re.search(r"^\s+99%\s+(\S+)", output, re.M).group(1)),
            "refused": int(refused.group(1)) if refused else 0, "errors": errors.group(1) if errors else ""}


def milliseconds(text):
    value, unit = re.match(r"([\d.]+)(\D+)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60_000}[unit]


def median(rounds):
    """The medians of several runs of one process, and what went wrong in any of them."""
    result = {key: statistics.median(r[key] for r in rounds) for key in ("user", "cpu", "rate", "p50", "p99")}
    result["refused"] = sum(r["refused"] for r in rounds)
    result["errors"] = "; ".join(r["errors"] for r in rounds if r["errors"])
    return result
