"""Validates one ticket with python-cas and prints what the library understood, as JSON.

usage: python_cas.py PROTOCOL SERVER SERVICE TICKET [AUTHORITY]
"""

import json
import sys

import cas

protocol, server, service, ticket = sys.argv[1:5]
authority = sys.argv[5] if len(sys.argv) > 5 else True
client = cas.CASClient(version=protocol, server_url=server + "/", service_url=service)
client.session.verify = authority
user, attributes, proxy_granting_ticket = client.verify_ticket(ticket)
json.dump(
    {"user": user, "attributes": attributes or {}, "pgtiou": proxy_granting_ticket, "login": client.get_login_url()},
    sys.stdout,
)
