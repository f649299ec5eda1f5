"""A mail server: aiosmtpd, which takes letters over STARTTLS alone, from one account, and keeps them.

    mail_server.py PORT CERTIFICATE KEY USER PASSWORD

Each line of standard input is a question, answered by one line of JSON:

    letters         the letters so far: from, to, message, and whether the connection was encrypted
    away N          the next N letters are put off (451)
    refuse N        the next N recipients are refused (550)
    sender N        the next N senders are refused (550), as where the account may not send from that address
    plain           from now on STARTTLS is not offered
"""

import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

port, certificate, key, user, password = sys.argv[1:6]
letters, away, refused, senders, tls_offered = [], 0, 0, 0, True


def told(server, session, envelope, mechanism, data):
    right = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=right)


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        global senders
        if senders:
            senders -= 1
            return "550 5.7.60 " + user + " does not send as " + address
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        global refused
        if refused:
            refused -= 1
            return "550 5.1.1 <" + address + "> nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global away
        if away:
            away -= 1
            return "451 4.3.0 later"
        letters.append({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "message": envelope.content.decode(),
            "tls": session.ssl is not None,
            "account": session.authenticated,
            "hello": session.host_name,
        })
        return "250 OK"


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


class Server(Controller):
    def factory(self):
        encrypted = {"tls_context": context, "require_starttls": True} if tls_offered else {}
        return SMTP(self.handler, hostname="localhost", authenticator=told, auth_required=tls_offered, **encrypted)


Server(Handler(), hostname="127.0.0.1", port=int(port)).start()
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    question, _, number = line.strip().partition(" ")
    if question == "away":
        away = int(number)
    elif question == "refuse":
        refused = int(number)
    elif question == "sender":
        senders = int(number)
    elif question == "plain":
        tls_offered = False
    print(json.dumps({"letters": letters}), flush=True)
