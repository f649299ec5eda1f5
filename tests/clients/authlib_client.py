"""A web application that signs people in with authlib, without the web: it reads one command a line and answers each with
one line of JSON.

usage: authlib_client.py ISSUER CLIENT_ID SECRET_FILE REDIRECT_URI SCOPE [AUTHORITY]

    begin            where the browser is to be sent
    finish ADDRESS   where the browser came back: trades the code, checks the ID token, asks for userinfo
    userinfo         asks for userinfo again
    refresh          trades the refresh token for new ones
    reuse            trades the first refresh token once more
    introspect       asks whether the access token is still good
    logout ADDRESS   where the browser is to be sent to sign out, and come back to
"""

import json
import sys
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session

issuer, client_id, secret_file, redirect_uri, scope = sys.argv[1:6]


class Framework:
    """What a web framework does with refreshed tokens: nothing here."""

    def update_token(self, token, refresh_token=None, access_token=None):
        pass


class App(OAuth2Mixin, OpenIDMixin, BaseApp):
    """The same mixins as authlib's application for Flask."""

    client_cls = OAuth2Session


with open(secret_file, encoding="ascii") as file:
    secret = file.read().strip()
app = App(
    Framework(),
    client_id=client_id,
    client_secret=secret,
    server_metadata_url=issuer + "/.well-known/openid-configuration",
    client_kwargs={
        "scope": scope,
        "code_challenge_method": "S256",
        "verify": sys.argv[6] if len(sys.argv) > 6 else True,
    },
)
asked = {}
first = {}
token = {}


def begin():
    asked.update(app.create_authorization_url(redirect_uri))
    return {"url": asked["url"]}


def finish(address):
    answer = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    if "error" in answer:
        return {"error": answer["error"]}
    if answer.get("state") != asked["state"]:
        raise ValueError("the state is not the one that was sent")
    token.update(
        app.fetch_access_token(redirect_uri, code=answer["code"], code_verifier=asked["code_verifier"])
    )
    first.update(token)
    claims = app.parse_id_token(token, nonce=asked["nonce"])
    return {"claims": claims, "userinfo": app.userinfo(token=token), "refresh": "refresh_token" in token}


def userinfo():
    return {"userinfo": app.userinfo(token=token)}


def trade(refresh_token):
    with app._get_oauth_client(**app.load_server_metadata()) as session:
        return session.refresh_token(app.server_metadata["token_endpoint"], refresh_token=refresh_token)


def refresh():
    before = token["access_token"]
    token.update(trade(token["refresh_token"]))
    return {"userinfo": app.userinfo(token=token), "renewed": token["access_token"] != before}


def reuse():
    return {"token": bool(trade(first["refresh_token"]))}


def introspect():
    with app._get_oauth_client(**app.load_server_metadata()) as session:
        answer = session.introspect_token(app.server_metadata["introspection_endpoint"], token=token["access_token"])
        return answer.json()


def logout(address):
    return {"url": app.create_logout_url(address, id_token_hint=first["id_token"])["url"]}


commands = {f.__name__: f for f in (begin, finish, userinfo, refresh, reuse, introspect, logout)}
for line in sys.stdin:
    name, *arguments = line.split()
    try:
        said = commands[name](*arguments)
    except Exception as error:  # the test reads what went wrong
        said = {"error": getattr(error, "error", None) or type(error).__name__, "why": str(error)}
    print(json.dumps(said), flush=True)
