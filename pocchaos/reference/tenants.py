"""Who is asking: a bearer token names one tenant, and nothing else does."""

import hmac
from collections.abc import Mapping

from starlette.requests import Request

from pocchaos.reference.problems import Problem


class Tenants:
    """The customers of this assistant and their tokens."""

    def __init__(self, tokens: Mapping[str, str]) -> None:
        self._tokens = {name: token.encode() for name, token in tokens.items()}

    def of(self, request: Request) -> str:
        """The tenant's name; raises a 401 that does not tell which part was wrong."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode()
        # every token is compared, each in constant time: how long it takes tells nothing
        found = [name for name, known in self._tokens.items() if hmac.compare_digest(given, known)]
        if scheme.lower() != "bearer" or not found:
            raise Problem(
                401, "unauthorized", "A valid bearer token is needed.", headers={"www-authenticate": "Bearer"}
            )
        return found[0]
