"""A web application that signs people in with pysaml2, without the web: it reads one command a line and answers each with one
line of JSON. pysaml2 has signatures made, checked and opened by xmlsec1.

usage: /usr/bin/python3 pysaml2_sp.py FOLDER ADDRESS PROVIDER

    metadata                         the file of its metadata; its key is made the first time
    begin redirect|post FORMAT [force] [passive] [artifact]
                                     where the browser goes: an address, or a form with the request
    finish RESPONSE                  what the library understood of what the browser brought
    replay RESPONSE                  the same, of a response that nobody asked for
    fetch TICKET                     what it was told for the ticket that the browser brought
    program LOGIN PASSWORD           what it understood of what a program brought, which signed the person in without a browser
    logout soap                      asks the provider, without a browser, to end the session
    logout redirect                  the address by which the browser asks for it
    ended RESPONSE RELAY_STATE       what came back from there
"""

import base64
import json
import os
import re
import sys
import urllib.parse
from xml.etree import ElementTree

import saml2
from saml2 import BINDING_HTTP_ARTIFACT, BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, BINDING_PAOS, BINDING_SOAP, ecp, xmldsig, xmlenc
from saml2.cert import OpenSSLWrapper
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.ecp_client import Client as Program
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
                # It believes what a program brings only at the address where it believes a form.
                "assertion_consumer_service": [(address + "acs", BINDING_HTTP_POST), (address + "ticket", BINDING_HTTP_ARTIFACT),
                                               (address + "acs", BINDING_PAOS)],
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
    if "artifact" in wants:
        more["response_binding"] = BINDING_HTTP_ARTIFACT
    asked, binding, info = client().prepare_for_negotiated_authenticate(
        entityid=idp(), relay_state=relay, binding=BINDINGS[how], sign=True,
        nameid_format="urn:oasis:names:tc:SAML:2.0:nameid-format:" + name_format, **SIGNING, **more)
    outstanding[asked] = relay
    if binding == BINDING_HTTP_REDIRECT:
        return {"url": dict(info["headers"])["Location"], "relay": relay}
    page = "".join(info["data"])
    field = lambda name: re.search(f'name="{name}" value="([^"]*)"', page).group(1)
    return {"action": re.search('action="([^"]*)"', page).group(1), "request": field("SAMLRequest"), "relay": relay}


def read(response, asked, binding=BINDING_HTTP_POST):
    said = client().parse_authn_request_response(response, binding, asked)
    state["name"] = said.name_id
    return {"name": said.name_id.text, "format": said.name_id.format.rsplit(":", 1)[1], "attributes": said.ava,
            "class": said.authn_info()[0][0], "issuer": said.issuer()}


def finish(response):
    return read(response, outstanding)


def replay(response):
    return read(response, {})


def fetch(ticket):
    told = client().artifact2message(ticket, "idpsso", sign=True, sign_alg=xmldsig.SIG_RSA_SHA256,
                                     digest_alg=xmldsig.DIGEST_SHA256)
    message = client().parse_artifact_resolve_response(told.text)
    return read(base64.b64encode(str(message).encode()).decode(), outstanding, BINDING_HTTP_ARTIFACT)


def program(login, password):
    # The service answers a program with a request, in an envelope, for which the library does not sign it.
    asked, envelope = ecp.ecp_auth_request(client(), idp(), "registre", sign=False)
    outstanding[asked] = "registre"
    # The program takes it to the provider with the password, and the answer back.
    between = Program(login, password, metadata_file=provider, xmlsec_binary="/usr/bin/xmlsec1")
    taken = between.parse_sp_ecp_response(between.parse_soap_message(envelope))
    signed = client().sign(taken["authn_request"], sign_alg=xmldsig.SIG_RSA_SHA256, digest_alg=xmldsig.DIGEST_SHA256)
    basic = base64.b64encode(f"{login}:{password}".encode()).decode()
    told = between.phase2(str(signed), taken["rc_url"], idp(), headers=[("Authorization", "Basic " + basic)])
    brought = between.use_soap(told, taken["rc_url"], [taken["relay_state"]])["data"]
    # The service reads it.
    said, relay = ecp.handle_ecp_authn_response(client(), brought, outstanding)
    return {"name": said.name_id.text, "attributes": said.ava, "class": said.authn_info()[0][0], "relay": relay.text}


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
for prefix, namespace in (("samlp", saml2.samlp.NAMESPACE), ("saml", saml2.saml.NAMESPACE), ("ds", xmldsig.NAMESPACE),
                          ("xenc", xmlenc.NAMESPACE)):
    ElementTree.register_namespace(prefix, namespace)
# What xmlsec1 leaves behind goes where the test cleans up.
os.environ.setdefault("TMPDIR", folder)
commands = {f.__name__: f for f in (metadata, begin, finish, replay, fetch, program, logout, ended)}
for line in sys.stdin:
    name, *arguments = line.split()
    try:
        said = commands[name](*arguments)
    except Exception as error:  # the test reads what went wrong
        said = {"error": type(error).__name__, "why": str(error)}
    print(json.dumps(said), flush=True)
