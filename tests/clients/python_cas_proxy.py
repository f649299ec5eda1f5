"""A web application that speaks CAS through python-cas and opens other services in the person's name. It listens where it
is registered: its callback hears proxy-granting tickets, and its address hears the ends of sessions. It reads one command a
line and answers each with one line of JSON.

usage: python_cas_proxy.py SERVER SERVICE CERTIFICATE KEY

    verify TICKET    who comes with that service ticket; asks for a proxy-granting ticket
    open ADDRESS     the page of another service, opened in the person's name
    ended TICKET     whether the server said that the session of that ticket is over
"""

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import cas
import requests

server, service, certificate, key = sys.argv[1:5]
granted = {}
notices = []


class Site(BaseHTTPRequestHandler):
    """What the server calls."""

    def do_GET(self):
        query = parse_qs(urlsplit(self.path).query)
        if "pgtIou" in query:
            granted[query["pgtIou"][0]] = query["pgtId"][0]
        self.answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        notices.extend(parse_qs(body).get("logoutRequest", []))
        self.answer()

    def answer(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def client(address):
    """python-cas for a service at that address."""
    return cas.CASClient(version=3, server_url=server + "/", service_url=address)


def verify(ticket):
    """Who comes; what the callback heard meanwhile is kept under the name the answer gives."""
    mine = client(service)
    mine.proxy_callback = service + "callback"
    user, attributes, iou = mine.verify_ticket(ticket)
    verify.granting = granted.get(iou)
    return {"user": user, "attributes": attributes or {}, "granted": verify.granting is not None}


def visit(address):
    """The page of another service."""
    try:
        ticket = client(address).get_proxy_ticket(verify.granting)
    except cas.CASError as error:
        return {"refused": str(error)}
    page = requests.get(address, params={"ticket": ticket}, timeout=10)
    return {"status": page.status_code, "body": page.text}


def ended(ticket):
    """Whether a notice was of that ticket."""
    heard = any(cas.CASClientV3.verify_logout_request(notice.encode(), ticket) for notice in notices)
    return {"ended": heard}


site = ThreadingHTTPServer(("127.0.0.1", urlsplit(service).port), Site)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
site.socket = context.wrap_socket(site.socket, server_side=True)
threading.Thread(target=site.serve_forever, daemon=True).start()

commands = {"verify": verify, "open": visit, "ended": ended}
for line in sys.stdin:
    command, argument = line.split(maxsplit=1)
    print(json.dumps(commands[command](argument.strip())), flush=True)
