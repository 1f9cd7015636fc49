"""The proxies the gateway stands beside, each with one worker, and the app instance behind all of them."""
import json
import os

from processes import Process, free_port

HERE = os.path.dirname(os.path.abspath(__file__))
KEEP_ALIVE = "keepalive_requests 100000000"
PASS = 'proxy_http_version 1.1; proxy_set_header Connection "";'


def start_nginx(folder, name, http, modules=""):
    port = free_port()
    path = f"{folder}/{name}.conf"
    with open(path, "w") as file:
        file.write(f"{modules}worker_processes 1; daemon off; master_process off; pid {folder}/{name}.pid;\n"
                   f"error_log {folder}/{name}.err;\nevents {{ worker_connections 12000; }}\n"
                   f"http {{ access_log off; {KEEP_ALIVE}; {http.replace('@port', str(port))} }}\n")
    return Process(name, ["nginx", "-c", path], port, folder).wait_until_listening()


def upstream(name, app):
    return f"upstream {name} {{ server 127.0.0.1:{app.port}; keepalive 256; {KEEP_ALIVE}; }}\n"


def start_app(folder):
    """An app instance that costs as little as one can, with a page of 100 bytes."""
    return start_nginx(folder, "app", f'server {{ listen 127.0.0.1:@port backlog=4096; location / {{ '
                       f'default_type text/html; return 200 "{"x" * 100}"; }} }}')


def start_plain(folder, app):
    return start_nginx(folder, "nginx", upstream("app", app) + "server { listen 127.0.0.1:@port backlog=4096; "
                       f"location / {{ proxy_pass http://app; {PASS} proxy_set_header X-Residency-Tenant abc; }} }}")


def start_lua(folder, app):
    modules = "".join(f"load_module /usr/lib/nginx/modules/{name}.so;\n"
                      for name in ("ndk_http_module", "ngx_http_lua_module"))
    return start_nginx(
        folder, "nginx-lua",
        f'lua_package_path "{HERE}/?.lua;;";\n'
        f'init_by_lua_block {{ router = require "router"; router.load("{folder}/tenants.tsv") }}\n'
        + upstream("eu", app) + upstream("us", app)
        + 'server { listen 127.0.0.1:@port backlog=4096; location / { set $region ""; set $tenant "";\n'
        f"access_by_lua_block {{ router.route() }} proxy_pass http://$region; {PASS}\n"
        "proxy_set_header X-Residency-Tenant $tenant; proxy_set_header X-Residency-Region $region; } }", modules)


def start_haproxy(folder, app):
    port = free_port()
    with open(f"{folder}/haproxy.cfg", "w") as file:
        file.write("global\n  nbthread 1\n  maxconn 4096\n"
                   "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
                   "  http-reuse always\n"
                   f"frontend front\n  bind 127.0.0.1:{port}\n  http-request set-header X-Residency-Tenant abc\n"
                   f"  default_backend back\nbackend back\n  server app 127.0.0.1:{app.port}\n")
    return Process("haproxy", ["haproxy", "-f", f"{folder}/haproxy.cfg"], port, folder).wait_until_listening()


def start_envoy(folder, app, binary):
    port = free_port()
    address = lambda number: {"socket_address": {"address": "127.0.0.1", "port_value": number}}
    kind = "type.googleapis.com/envoy.extensions.filters"
    manager = {"@type": f"{kind}.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "bench",
               "generate_request_id": False,
               "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
                   {"match": {"prefix": "/"}, "route": {"cluster": "app"}}]}]},
               "http_filters": [{"name": "envoy.filters.http.router",
                                 "typed_config": {"@type": f"{kind}.http.router.v3.Router"}}]}
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address(app.port)}}]}]
    configuration = {"static_resources": {
        "listeners": [{"address": address(port), "filter_chains": [{"filters": filters}]}],
        "clusters": [{"name": "app", "type": "STATIC",
                      "load_assignment": {"cluster_name": "app", "endpoints": endpoints}}]}}
    with open(f"{folder}/envoy.json", "w") as file:
        json.dump(configuration, file)
    command = [binary, "-c", f"{folder}/envoy.json", "--concurrency", "1", "-l", "error", "--use-dynamic-base-id"]
    return Process("envoy", command, port, folder).wait_until_listening()
