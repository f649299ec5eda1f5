"""A home that has no Préau writes the list of its guests: joserfc signs it, with a key of its own.

guest_list.py KEY keys                            the public half, as a key set
guest_list.py KEY list ISS AUD CONVENTION TERMS SPACE   the list, whose lines are read from the input; TERMS is the fingerprint of the convention
"""

import hashlib
import json
import pathlib
import sys
import time

from joserfc import jws
from joserfc.jwk import ECKey

file = pathlib.Path(sys.argv[1])
if not file.exists():
    file.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
key = ECKey.import_key(json.loads(file.read_text()))
if sys.argv[2] == "keys":
    print(json.dumps({"keys": [{**key.as_dict(private=False), "kid": "lists", "use": "sig", "alg": "ES256"}]}))
    sys.exit()

iss, aud, convention, terms, space = sys.argv[3:]
body = sys.stdin.read()
now = int(time.time())
head = {
    "iss": iss,
    "aud": aud,
    "jti": f"list-{now}",
    "iat": now,
    "exp": now + 86_400,
    "convention": convention,
    "terms": terms,
    "space": space,
    "guests": len(body.splitlines()),
    "digest": hashlib.sha256(body.encode()).hexdigest(),
}
protected = {"alg": "ES256", "kid": "lists", "typ": "preau-guests+jwt"}
print(jws.serialize_compact(protected, json.dumps(head).encode(), key))
print(body, end="")
