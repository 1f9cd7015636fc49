#!/usr/bin/env python3
"""Measures the gateway beside nginx, nginx with Lua, HAProxy and Envoy, all in one run, and holds it to its bars.

CPU time a request (user and system, by the kernel's account of the process) is the figure compared: on a machine of two
cores the load generator limits the requests a second. Each process has one worker; they take turns, several rounds, and
medians are compared with medians of the same run.
"""
import argparse
import json
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request

import crossing
import doubles
import load
import memory
import peers
import secure
import tokens
from gateway import Gateway
from workload import Workload

SIGNED_PAGES = 2000
# Short, because each call needs a token signed beforehand.
FORGE_SECONDS = 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gateway", help="a release build; without it the others are measured alone")
    parser.add_argument("--envoy", help="the binary of Envoy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="of one run of one process")
    parser.add_argument("--tenants", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--forge-calls", type=int, default=40_000, help="tokens a round: each is sent once")
    parser.add_argument("--only", choices=["cpu", "forge", "crossing", "memory",
                                           "secure"], help="one part of the measurements")
    parser.add_argument("--json", action="store_true", help="figures for a program instead of a table")
    return parser.parse_args()


def status_of(process, target, method="GET", headers=None, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{process.port}{target}", data=body, method=method,
                                     headers={"Host": "eu.localhost", **(headers or {})})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def require(condition, sentence):
    if not condition:
        raise SystemExit(sentence)


def measure_pages(processes, workload, options):
    """Signed page loads: what each process takes for one."""
    script, url = workload.write_pages(min(SIGNED_PAGES, options.tenants))
    for name, process in processes.items():
        require(status_of(process, url) == 200, f"{name} does not route")
        if name in ("nginx-lua", "gateway"):
            require(status_of(process, url + "x") == 401, f"{name} accepts a forged token")
        load.run(process, script, 1, options.connections)  # not counted: connections open, caches fill
    rounds = {name: [] for name in processes}
    for number in range(options.rounds):
        for name, process in processes.items():
            progress(f"pages, round {number + 1} of {options.rounds}: {name}")
            rounds[name].append(load.run(process, script, options.seconds, options.connections))
    return {name: load.median(runs) for name, runs in rounds.items()}


def measure_forge(processes, workload, signer, options):
    """Forge calls, each with a token never seen before; nginx passes on the same bytes."""
    for token in workload.write_forge_calls(signer, 200)[1]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        status = status_of(processes["gateway"], "/forge", "POST", headers, b"{}")
        require(status == 200, f"the gateway answers a Forge call with {status}")
    rounds = {name: [] for name in ("nginx", "gateway")}
    for number in range(options.rounds):
        progress(f"Forge calls, round {number + 1} of {options.rounds}: signing {options.forge_calls} tokens")
        script, _ = workload.write_forge_calls(signer, options.forge_calls)
        for name in rounds:
            progress(f"Forge calls, round {number + 1} of {options.rounds}: {name}")
            rounds[name].append(load.run(processes[name], script, FORGE_SECONDS, options.connections))
        if rounds["gateway"][-1]["count"] > options.forge_calls:
            progress("some tokens were sent twice: give more --forge-calls")
    return {name: load.median(runs) for name, runs in rounds.items()}


def measure(folder, options):
    workload = Workload(folder, options.tenants, int(time.time()))
    signer = tokens.ForgeSigner(folder)
    figures, processes = {"pages": {}, "forge": {}, "crossing": {}, "secure": {}, "memory": {}}, {}
    app = peers.start_app(folder)
    try:
        gateway = None
        if options.gateway:
            keys = doubles.start_key_server(signer.key_set)
            gateway = Gateway(options.gateway, folder, {"EU": app.port, "US": app.port}, keys)
            figures["import"] = gateway.import_tenants(f"{folder}/tenants.ndjson")
        if options.only not in ("memory", "crossing", "secure"):
            processes["nginx"] = peers.start_plain(folder, app)
            if options.only != "forge":
                processes["nginx-lua"] = peers.start_lua(folder, app)
                processes["haproxy"] = peers.start_haproxy(folder, app)
                if options.envoy:
                    processes["envoy"] = peers.start_envoy(folder, app, options.envoy)
            if gateway:
                processes["gateway"], _ = gateway.start()
            if options.only not in ("forge", "secure"):
                figures["pages"] = measure_pages(processes, workload, options)
            if gateway and options.only not in ("cpu", "secure"):
                figures["forge"] = measure_forge(processes, workload, signer, options)
            for process in processes.values():
                process.stop()
            if gateway and options.only in (None, "cpu"):
                # The comparison is without access logs; this is what the gateway's costs.
                logging, _ = gateway.start(access_log=True)
                processes = {"gateway+log": logging}
                figures["pages"].update(measure_pages(processes, workload, options))
                logging.stop()
        if gateway and options.only in (None, "crossing"):
            options.signed_pages = min(SIGNED_PAGES, options.tenants // 2)
            figures["crossing"] = crossing.measure(options.gateway, folder, app, workload, options, progress)
        if gateway and options.only in (None, "secure"):
            figures["secure"] = secure.measure(gateway, workload, options, progress, load.median)
        if gateway and options.only in (None, "memory"):
            figures["memory"] = memory.measure(gateway, workload, options, progress)
    finally:
        for process in [app, *processes.values()]:
            process.stop()
    return figures


def bars(figures):
    """Each promise with its figure and its bound; only of what was measured."""
    pages, forge, memory_figures = figures["pages"], figures["forge"], figures["memory"]
    if "gateway" in pages:
        cost = pages["gateway"]["cpu"]
        yield "verified call / nginx plain", cost / pages["nginx"]["cpu"], 1.25, ""
        yield "verified call / nginx + Lua with the same checks", cost / pages["nginx-lua"]["cpu"], 0.33, ""
    if forge:
        yield "Forge call / nginx plain", forge["gateway"]["cpu"] / forge["nginx"]["cpu"], 2.0, ""
    if figures["crossing"]:
        yield from crossing.bars(figures["crossing"])
    for name, (figure, bound, unit) in memory_figures.items():
        yield name, figure, bound, unit


def report(figures):
    """Prints the table; true if every bar is kept."""
    parts = (("Signed page", figures["pages"]), ("Forge call", figures["forge"]), ("Region", figures["crossing"]),
             ("By h2load", figures["secure"]))
    for title, part in parts:
        for name, row in part.items():
            wrong = f"  REFUSED {row['refused']}" if row["refused"] else ""
            wrong += f"  {row['errors']}" if row["errors"] else ""
            print(f"{title:12s} {name:10s} {row['cpu']:7.1f} µs CPU a request ({row['user']:6.1f} user) "
                  f"{row['rate']:9.0f} requests/s  p99 {row['p99']:7.2f} ms{wrong}")
    if "import" in figures:
        print(f"Import of the tenants: {figures['import']:.1f} s")
    kept = all(not row["refused"] for _, part in parts for row in part.values())
    for name, figure, bound, unit in bars(figures):
        good = figure <= bound
        kept = kept and good
        print(f"{'kept  ' if good else 'MISSED'} {name}: {figure:.2f}{unit} (bar {bound:g}{unit})")
    return kept


def progress(sentence):
    print(sentence, file=sys.stderr, flush=True)


def main():
    options = arguments()
    folder = tempfile.mkdtemp(prefix="residency-bench-")
    try:
        figures = measure(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps({**figures, "bars": [list(bar) for bar in bars(figures)]}))
    elif not report(figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
