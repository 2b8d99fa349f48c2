"""An OpenID Connect provider on this machine: it knows one person, and takes everybody for her."""

from __future__ import annotations

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "pruning"


class Provider:
    """Answers as RFC 6749 and OpenID Connect Core 1.0 say, by the code flow; tokens are signed with RS256."""

    def __init__(self, email: str) -> None:
        self.email, self.secret = email, secrets.token_hex(16)
        self.key = RSAKey.generate_key(2048, parameters={"kid": "one"}, private=True)
        self.codes: dict[str, str] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                where = urlsplit(self.path)
                given = {name: values[0] for name, values in parse_qs(where.query).items()}
                if where.path in ("/authorize", "/leave"):
                    self.send_response(302)
                    self.send_header("Location", getattr(provider, where.path[1:])(given))
                    self.end_headers()
                else:
                    self.say(provider.metadata() if "well-known" in where.path else provider.keys())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.say(provider.token({name: values[0] for name, values in parse_qs(body).items()}))

            def say(self, content: dict[str, Any]) -> None:
                text = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def secrets(self, app: str) -> str:
        """What ``.streamlit/secrets.toml`` holds for an app at this address, as docs/deploy.md has it."""
        return f"""[auth]
redirect_uri = "{app}oauth2callback"
cookie_secret = "{secrets.token_hex(32)}"
client_id = "{CLIENT}"
client_secret = "{self.secret}"
server_metadata_url = "{self.url}/.well-known/openid-configuration"
"""

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint": f"{self.url}/token",
            "end_session_endpoint": f"{self.url}/leave",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, given: dict[str, str]) -> str:
        assert given["client_id"] == CLIENT and "openid" in given["scope"] and given["response_type"] == "code"
        self.codes[code := secrets.token_hex(8)] = given["nonce"]
        return f"{given['redirect_uri']}?{urlencode({'code': code, 'state': given['state']})}"

    def leave(self, given: dict[str, str]) -> str:
        return given["post_logout_redirect_uri"]

    def token(self, given: dict[str, str]) -> dict[str, Any]:
        assert given.get("client_secret", self.secret) == self.secret
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 600,
            "email": self.email,
            "nonce": self.codes.pop(given["code"]),
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "unused", "token_type": "Bearer", "expires_in": 600, "id_token": signed}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
