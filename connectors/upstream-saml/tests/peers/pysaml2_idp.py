"""An identity provider made of pysaml2, for one round: it is shown our metadata and our request, checks both, and answers.

usage: pysaml2_idp.py key certificate         prints its metadata
       pysaml2_idp.py key certificate address metadata sealed|plain
                                               prints the answer, and the instant it was made at, as JSON
"""

import base64
import json
import os
import sys
import time
import urllib.parse

from saml2 import BINDING_HTTP_REDIRECT, BINDING_HTTP_POST, sigver, xmldsig
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server

IDP = "https://pysaml2.example/idp"
SSO = "https://pysaml2.example/sso"
GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"


def config(key, certificate, sp=None):
    return IdPConfig().load({
        "entityid": IDP,
        "key_file": key,
        "cert_file": certificate,
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "encryption_keypairs": [],
        "service": {"idp": {
            "endpoints": {
                "single_sign_on_service": [(SSO, BINDING_HTTP_REDIRECT)],
                "single_logout_service": [("https://pysaml2.example/slo", BINDING_HTTP_REDIRECT)],
            },
            # It would look for a signature inside the message, where HTTP-Redirect has it beside: `main` checks that one.
            "want_authn_requests_signed": sp is None,
            "name_id_format": [NAMEID_FORMAT_PERSISTENT],
            "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None,
                                   "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}},
        }},
        "metadata": {"local": [sp]} if sp else {},
    })


def main():
    key, certificate = sys.argv[1:3]
    if len(sys.argv) == 3:
        print(entity_descriptor(config(key, certificate)))
        return
    address, metadata, how = sys.argv[3:6]
    server = Server(config=config(key, certificate, metadata))
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query, strict_parsing=True)
    request = server.parse_authn_request(asked["SAMLRequest"][0], BINDING_HTTP_REDIRECT).message
    sp = request.issuer.text
    ours = server.metadata.certs(sp, "spsso", "signing")
    plain = {name: values[0] for name, values in asked.items()}
    certificates = [one[-1] if isinstance(one, tuple) else one for one in ours]
    if not any(sigver.verify_redirect_signature(dict(plain), server.sec.sec_backend, cert=one) for one in certificates):
        sys.exit("the signature of the request is wrong")
    where = server.response_args(request)
    if where["binding"] != BINDING_HTTP_POST or where["destination"] != request.assertion_consumer_service_url:
        sys.exit("the address of the request is not in the metadata")
    sealing = {}
    if how == "sealed":
        # Its template has triple DES, which nobody should read any more.
        template = sigver.pre_encryption_part
        sigver.pre_encryption_part = lambda **more: template(**{**more, "msg_enc": GCM})
        import saml2.entity
        saml2.entity.pre_encryption_part = sigver.pre_encryption_part
        encrypt = sigver.CryptoBackendXmlSec1.encrypt_assertion
        sigver.CryptoBackendXmlSec1.encrypt_assertion = (
            lambda self, statement, enc_key, template, key_type="aes-256", node_xpath=None, node_id=None:
            encrypt(self, statement, enc_key, template, "aes-256", node_xpath))
        sealing = {"encrypt_assertion": True, "encrypt_assertion_self_contained": True}
    answer = server.create_authn_response(
        identity={"givenName": ["Ninon"], "sn": ["R&D <Petit>"], "uid": ["4512345", "4598765"]},
        in_response_to=request.id,
        destination=where["destination"],
        sp_entity_id=sp,
        name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, sp_name_qualifier=sp, text="pysaml2-7"),
        authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_instant": int(time.time())},
        sign_response=True,
        sign_assertion=True,
        sign_alg=xmldsig.SIG_RSA_SHA256,
        digest_alg=xmldsig.DIGEST_SHA256,
        **sealing)
    print(json.dumps({"answer": base64.b64encode(str(answer).encode()).decode(), "state": asked["RelayState"][0],
                      "now": int(time.time())}))


# What xmlsec1 leaves behind goes where the test cleans up.
os.environ.setdefault("TMPDIR", os.path.dirname(os.path.abspath(sys.argv[1])))
main()
