"""A key pair of a client: the private key goes to the file of the first argument, the public one, as a key set, to that of the second."""

import json
import sys

from joserfc.jwk import ECKey

private_file, public_file = sys.argv[1:]
key = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig", "kid": "one"})
with open(private_file, "w") as file:
    json.dump(key.as_dict(private=True), file)
with open(public_file, "w") as file:
    json.dump({"keys": [key.as_dict(private=False)]}, file)
