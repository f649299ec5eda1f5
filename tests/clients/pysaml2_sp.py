"""A web application that signs people in with pysaml2, without the web: it reads one command a line and answers each with one
line of JSON. pysaml2 has signatures made, checked and opened by xmlsec1.

usage: /usr/bin/python3 pysaml2_sp.py FOLDER ADDRESS PROVIDER

    metadata                         the file of its metadata; its key is made the first time
    begin redirect|post FORMAT [force] [passive]
                                     where the browser goes: an address, or a form with the request
    finish RESPONSE                  what the library understood of what the browser brought
    replay RESPONSE                  the same, of a response that nobody asked for
    logout soap                      asks the provider, without a browser, to end the session
    logout redirect                  the address by which the browser asks for it
    ended RESPONSE RELAY_STATE       what came back from there
"""

import json
import os
import re
import sys
import urllib.parse
from xml.etree import ElementTree

import saml2
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, BINDING_SOAP, xmldsig
from saml2.cert import OpenSSLWrapper
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.ident import code
from saml2.metadata import entity_descriptor
from saml2.s_utils import sid

folder, address, provider = sys.argv[1:4]
key, certificate = os.path.join(folder, "pysaml2.key"), os.path.join(folder, "pysaml2.pem")
BINDINGS = {"redirect": BINDING_HTTP_REDIRECT, "post": BINDING_HTTP_POST, "soap": BINDING_SOAP}
SIGNING = {"sigalg": xmldsig.SIG_RSA_SHA256, "digest_alg": xmldsig.DIGEST_SHA256}
outstanding, state = {}, {}


def config(known):
    """What an operator writes in the configuration of pysaml2."""
    return SPConfig().load({
        "entityid": address + "metadata",
        "name": "Le registre",
        "key_file": key,
        "cert_file": certificate,
        "encryption_keypairs": [{"key_file": key, "cert_file": certificate}],
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "allow_unknown_attributes": True,
        "service": {"sp": {
            "endpoints": {
                "assertion_consumer_service": [(address + "acs", BINDING_HTTP_POST)],
                "single_logout_service": [(address + "slo", BINDING_HTTP_REDIRECT), (address + "soap", BINDING_SOAP)],
            },
            "authn_requests_signed": True,
            "logout_requests_signed": True,
            "want_response_signed": True,
            "want_assertions_signed": True,
            "allow_unsolicited": False,
            "required_attributes": ["displayName"],
            "optional_attributes": ["givenName", "sn", "mail"],
        }},
        "metadata": {"local": [provider]} if known else {},
    })


def metadata():
    if not os.path.exists(key):
        made = OpenSSLWrapper().create_certificate(
            {"cn": "localhost", "country_code": "FR", "state": "Notos", "city": "Agaterive", "organization": "Le registre",
             "organization_unit": "Essais"}, key_length=2048)
        for file, text in zip((certificate, key), made):
            with open(file, "wb") as out:
                out.write(text)
    file = os.path.join(folder, "pysaml2.xml")
    with open(file, "w", encoding="utf-8") as out:
        out.write(str(entity_descriptor(config(False))))
    return {"file": file}


def client():
    if "client" not in state:
        state["client"] = Saml2Client(config=config(True))
    return state["client"]


def idp():
    return client().metadata.identity_providers()[0]


def begin(how, name_format, *wants):
    relay = "registre?page=" + sid()[:8]
    more = {}
    if "force" in wants:
        more["force_authn"] = "true"
    if "passive" in wants:
        more["is_passive"] = "true"
    asked, binding, info = client().prepare_for_negotiated_authenticate(
        entityid=idp(), relay_state=relay, binding=BINDINGS[how], sign=True,
        nameid_format="urn:oasis:names:tc:SAML:2.0:nameid-format:" + name_format, **SIGNING, **more)
    outstanding[asked] = relay
    if binding == BINDING_HTTP_REDIRECT:
        return {"url": dict(info["headers"])["Location"], "relay": relay}
    page = "".join(info["data"])
    field = lambda name: re.search(f'name="{name}" value="([^"]*)"', page).group(1)
    return {"action": re.search('action="([^"]*)"', page).group(1), "request": field("SAMLRequest"), "relay": relay}


def read(response, asked):
    said = client().parse_authn_request_response(response, BINDING_HTTP_POST, asked)
    state["name"] = said.name_id
    return {"name": said.name_id.text, "format": said.name_id.format.rsplit(":", 1)[1], "attributes": said.ava,
            "class": said.authn_info()[0][0], "issuer": said.issuer()}


def finish(response):
    return read(response, outstanding)


def replay(response):
    return read(response, {})


def logout(how):
    done = client().do_logout(state["name"], [idp()], "urn:oasis:names:tc:SAML:2.0:logout:user", saml2.time_util.in_a_while(minutes=5),
                              sign=True, expected_binding=BINDINGS[how], sign_alg=xmldsig.SIG_RSA_SHA256,
                              digest_alg=xmldsig.DIGEST_SHA256)
    said = done[idp()]
    if how == "soap":
        return {"status": said.status_ok()}
    return {"url": dict(said[1]["headers"])["Location"]}


def ended(address):
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query, strict_parsing=True)
    said = client().parse_logout_request_response(query["SAMLResponse"][0], BINDING_HTTP_REDIRECT)
    return {"status": said.status_ok()}


# Of an envelope of SOAP it writes the message anew before it has the signature looked at, with prefixes of its own, which are
# signed too: those of the provider must be made known to it.
for prefix, namespace in (("samlp", saml2.samlp.NAMESPACE), ("saml", saml2.saml.NAMESPACE), ("ds", xmldsig.NAMESPACE)):
    ElementTree.register_namespace(prefix, namespace)
# What xmlsec1 leaves behind goes where the test cleans up.
os.environ.setdefault("TMPDIR", folder)
commands = {f.__name__: f for f in (metadata, begin, finish, replay, logout, ended)}
for line in sys.stdin:
    name, *arguments = line.split()
    try:
        said = commands[name](*arguments)
    except Exception as error:  # the test reads what went wrong
        said = {"error": type(error).__name__, "why": str(error)}
    print(json.dumps(said), flush=True)
