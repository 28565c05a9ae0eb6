# sigv4: signs any AWS request. One file, standard library only.
#
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The sigv4 authors
#
# Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
# documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
# rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
# persons to whom the Software is furnished to do so, subject to the following conditions:
#
# The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
# Software.
#
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
# WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
# COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
# OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""AWS Signature Version 4 for any request, any service and any HTTP client.

    from sigv4 import Credentials, Signer

    signer = Signer(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
    method, url, headers, body = signer.sign("GET", "https://examplebucket.s3.amazonaws.com/test.txt")
    link = signer.presign("GET", "https://examplebucket.s3.amazonaws.com/test.txt", expires=600)

Beyond the signature: Client(signer).fetch(url) sends with retries; Signer() and the from_... functions find credentials and refresh
them; auth=signer is for requests and httpx; verify() is the server's side; explain() puts a 403 into words; `python3 sigv4.py --help`
does it in a shell.

What you can rely on:

- The URL, headers and body that come back are what must be sent, byte for byte: the URL is rewritten into the exact form
  that the service canonicalises.
- Nothing handed in is changed. A signature reads the clock once. A signer keeps no state of a request: threads and tasks
  may share it.
- Secrets and tokens never stand in a repr, an exception or a log line.
- No network, no file and no environment is touched at import, nor by a signature whose credentials, service and region
  were given.

Map of the file:

    0. Header                   constants, with units and source
    1. Errors                   what can go wrong, and whose fault it is
    2. Values                   Credentials, SignedRequest
    3. Canonical request        the pure functions of the specification
    4. Service and region       from the URL
    5. Signer                   sign, presign
    6. HTTP libraries           requests, httpx, aiohttp, urllib
    7. Tokens                   RDS, DSQL, ElastiCache, MemoryDB, MSK, EKS, IoT
    8. S3 and streams           uploads signed in pieces, forms, events
    9. SigV4a                   for several regions: key derivation, P-256, verification
    10. HTTP                    Client with retries, Response
    11. Credentials             providers, the default chain, refresh
    12. Verify                  the server's side
    13. Explain                 a 403 put into words
    14. Command line            python3 sigv4.py --help

Source of the algorithm: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import io
import os
import sys
import time
from functools import partial
from hashlib import sha256
from operator import itemgetter

TYPE_CHECKING = False  # as typing.TYPE_CHECKING, which type checkers know by its name; importing typing costs 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any, NoReturn

    Headers = Mapping[str, Any] | Iterable[tuple[Any, Any]] | None
    Pairs = list[tuple[str, str]]
    Origin = tuple[str, str, tuple[str, str] | None]
    Shape = tuple[tuple[str, ...], bool, str, bool]  # names given, sign_all_headers, name of the token, whether the hash is added
    Plan = tuple[str, str, str, Callable[[dict[str, str]], Any]]

__version__ = "0.1.0"
__all__ = [
    "ALGORITHM",
    "ALGORITHM_V4A",
    "Client",
    "ConnectionFailed",
    "Credentials",
    "CredentialsError",
    "CredentialsNotFound",
    "CredentialsWarning",
    "EventSigner",
    "ExpiryWarning",
    "Provider",
    "RequestError",
    "Response",
    "ServiceError",
    "SigV4Error",
    "SignatureError",
    "SignedRequest",
    "Signer",
    "Verified",
    "canonical_request",
    "chain",
    "decode_event",
    "default_chain",
    "dsql_token",
    "eks_token",
    "elasticache_token",
    "encode_event",
    "encoded_length",
    "explain",
    "from_assume_role",
    "from_cognito_identity",
    "from_cognito_identity_pool",
    "from_container",
    "from_env",
    "from_instance_metadata",
    "from_login",
    "from_process",
    "from_profile",
    "from_s3_express",
    "from_sso",
    "from_web_identity",
    "guess_service_region",
    "iot_mqtt_url",
    "main",
    "memorydb_token",
    "msk_token",
    "post_policy",
    "rds_token",
    "sign_stream",
    "signing_key",
    "sigv4a_key",
    "sigv4a_public_key",
    "sigv4a_signature",
    "sigv4a_verify",
    "string_to_sign",
    "verify",
]

# 0. Header ------------------------------------------------------------------------------------------------------------

ALGORITHM = "AWS4-HMAC-SHA256"
ALGORITHM_V4A = "AWS4-ECDSA-P256-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # lowercase hex, of no bytes at all
MAX_RETRY_AFTER = 60.0  # seconds: the longest wait before another try, whatever Retry-After says
EKS_TOKEN_LIFE = 840.0  # seconds, a minute less than EKS takes one for
MAX_SKEW = 240.0  # seconds that a clock may be off; AWS refuses from 5 minutes on, S3 from 15
YEAR_2100 = 4102444800.0  # seconds since the epoch; a clock beyond it is none
MAX_EXPIRES = 604800  # seconds, a week: the longest life of a presigned URL
FILE_PIECE = 1 << 18  # bytes of a file in memory at a time while it is hashed
CACHE_SIZE = 512  # entries in each cache; a full one is emptied

# Services that take the path once encoded and never normalised, and that insist on x-amz-content-sha256.
S3_SERVICES = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})
# The others that want x-amz-content-sha256 among the signed headers; Lattice takes no value but UNSIGNED-PAYLOAD.
LATTICE = "vpc-lattice-svcs"
CONTENT_SHA256_SERVICES = S3_SERVICES | {"aoss", LATTICE}
# IoT's WebSocket gateway wants the session token after the signature, unsigned, and no X-Amz-Expires.
IOT_GATEWAY = "iotdevicegateway"

# Hop-by-hop headers (RFC 9110 7.6.1) end at the first proxy, so a signature over them can never be checked.
HOP_BY_HOP = frozenset(
    "connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)
# Headers that proxies, load balancers and HTTP libraries add or rewrite: signed only where sign_all_headers asks for it.
UNSIGNED_HEADERS = frozenset("baggage content-length forwarded traceparent tracestate user-agent via x-amzn-trace-id".split())
UNSIGNED_PREFIXES = ("accept", "sec-", "x-forwarded-")
# Statuses of an answer that a corrected request may turn: refusals, and S3's redirects to a bucket's region.
REFUSALS = frozenset({301, 307, 400, 401, 403})
# What services say of credentials that were good once.
EXPIRED_CODES = frozenset("ExpiredToken ExpiredTokenException InvalidClientTokenId UnrecognizedClientException".split())
# What they say of a clock that is off: codes, and words in messages of other codes.
SKEW_CODES = frozenset("RequestTimeTooSkewed RequestExpired RequestInTheFuture".split())
SKEW_WORDS = ("signature expired", "not yet current", "not yet valid", "request time ", "request has expired", "skew")
# What an earlier signature left, in headers and in the query: dropped before a request is signed afresh.
OLD_HEADERS = frozenset("authorization x-amz-date x-amz-region-set x-amz-s3session-token x-amz-security-token".split())
OLD_PARAMETERS = frozenset(
    "x-amz-algorithm x-amz-credential x-amz-date x-amz-expires x-amz-region-set x-amz-s3session-token x-amz-security-token"
    " x-amz-signature x-amz-signedheaders".split()
)

OPTIONS = ("double_encode", "normalize_path", "sign_all_headers", "token_after_signature", "content_sha256")  # of Signer
DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
ALPHANUMERIC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
UNRESERVED = ALPHANUMERIC + b"-._~"  # RFC 3986 2.3: what strict percent-encoding leaves as it is
TOKEN = ALPHANUMERIC + b"!#$%&'*+-.^_`|~"  # RFC 9110 5.6.2: methods and header names
LEGAL_IN_PATH = "/!$&'()*+,;=:@[]~%"  # beside letters, digits and -._: what a client sends as it stands
PLAIN_PATH = UNRESERVED + b"/"
PRINTABLE = bytes(range(0x20, 0x7F))
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
REGION_CHARACTERS = b"abcdefghijklmnopqrstuvwxyz0123456789-"
METHODS = frozenset("GET POST PUT DELETE HEAD PATCH OPTIONS".split())
CONTENT_SHA256 = "x-amz-content-sha256"
INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))  # RFC 2104 2
OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))

# 1. Errors ------------------------------------------------------------------------------------------------------------


class SigV4Error(Exception):
    """Base of every error that this module raises.

    SigV4Error
    +-- RequestError         what was asked for can't be signed; also a ValueError
    +-- CredentialsError     credentials are malformed, or fetching them failed
    |   +-- CredentialsNotFound
    +-- SignatureError       a signature that was received does not hold
    +-- ServiceError         a service answered with an error
    +-- ConnectionFailed     a service gave no answer; also a ConnectionError
    """


class RequestError(SigV4Error, ValueError):
    """The caller asked for something that can't be signed; the message says what was received and what is allowed."""


class CredentialsError(SigV4Error):
    """Credentials are malformed, or a provider that should have them failed."""


class CredentialsNotFound(CredentialsError):
    """No credentials where they were looked for; the message lists the places."""


class SignatureError(SigV4Error):
    """A received signature does not hold. `code` is the error code that S3 would answer with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code

    def __str__(self) -> str:
        return ": ".join(self.args)


class ServiceError(SigV4Error):
    """A service answered with an error: `status` (HTTP, int), `code` and `request_id` (str, or None where it gave none).

    explanation: for a refusal what explain says of it, which is in the message too; else empty.
    """

    def __init__(
        self, message: str, *, status: int = 0, code: str | None = None, request_id: str | None = None, explanation: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.explanation = explanation


class ConnectionFailed(SigV4Error, ConnectionError):
    """A request had no answer in `tries` tries; the cause (`__cause__`) is what the last one failed with."""

    def __init__(self, message: str, *, tries: int = 0) -> None:
        super().__init__(message)
        self.tries = tries


class CredentialsWarning(UserWarning):
    """Credentials could not be refreshed or cached; what is there stays in use."""


class ExpiryWarning(UserWarning):
    """A presigned URL was asked to outlive the credentials that sign it: it stops working when they do."""


# 2. Values ------------------------------------------------------------------------------------------------------------


class Credentials:
    """An immutable set of AWS credentials, compared by value; its repr shows neither secret nor token.

    access_key_id and secret_access_key: as AWS issued them. session_token: of temporary credentials, else None.
    expiration: aware datetime after which AWS refuses them, or None. account_id: 12 digits, or None.

    Raises CredentialsError where a value is missing, malformed, or was copied with blanks around it.
    """

    __slots__ = (
        "access_key_id",
        "secret_access_key",
        "session_token",
        "expiration",
        "account_id",
        "_expires_at",
        "_token_in_query",
        "_states",
    )

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    expiration: datetime | None
    account_id: str | None
    _expires_at: float  # seconds since the epoch, infinity where there is no expiration
    _token_in_query: str  # percent-encoded, at its first use
    _states: dict[tuple[str, str], tuple[Any, ...]]  # by service and region: see _signing_state, and _public_key

    def __init__(
        self,
        access_key_id: str,
        secret_access_key: str,
        session_token: str | None = None,
        expiration: datetime | None = None,
        account_id: str | None = None,
    ) -> None:
        for name, value in (("access_key_id", access_key_id), ("secret_access_key", secret_access_key), ("session_token", session_token)):
            if value is None and name == "session_token":
                continue
            if not isinstance(value, str) or not value:
                raise CredentialsError(f"{name} is {_kind(value)}; it must be a string that is not empty")
            # A secret stays out of the request: other stores allow any text in it, so only what a slip of copying adds is refused.
            sound = value == value.strip() if name == "secret_access_key" else value.isascii() and " " not in value
            if not sound or not value.isprintable():
                raise CredentialsError(f"{name} holds a blank, a line break or another character that can't be right; was it copied whole?")
        expires_at = float("inf")
        if expiration is not None:
            if not hasattr(expiration, "timestamp") or expiration.utcoffset() is None:
                raise CredentialsError(f"expiration is {_kind(expiration)}; it must be an aware datetime, e.g. datetime.now(timezone.utc)")
            expires_at = expiration.timestamp()
        if account_id is not None and not isinstance(account_id, str):
            raise CredentialsError(f"account_id is {_kind(account_id)}; it must be a string of digits, or None")
        own: tuple[Any, ...] = (expires_at, "", {})
        for slot, item in zip(self.__slots__, (access_key_id, secret_access_key, session_token, expiration, account_id, *own)):
            object.__setattr__(self, slot, item)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Credentials are immutable: make new ones instead of setting {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Credentials are immutable: {name} can't be deleted")

    def _values(self) -> tuple[str, str, str | None, datetime | None, str | None]:
        return self.access_key_id, self.secret_access_key, self.session_token, self.expiration, self.account_id

    def _quoted_token(self) -> str:
        token = _quote(self.session_token or "")
        object.__setattr__(self, "_token_in_query", token)
        return token

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, Credentials) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> tuple[Any, ...]:
        return Credentials, self._values()

    def __repr__(self) -> str:
        token = None if self.session_token is None else "..."
        return (
            f"Credentials(access_key_id={self.access_key_id!r}, secret_access_key=..., session_token={token},"
            f" expiration={self.expiration!r}, account_id={self.account_id!r})"
        )


class SignedRequest:
    """A request as it must be sent; `method, url, headers, body = request` takes it apart.

    method: upper case. url: str, percent-encoded. headers: dict of str with all that were given and those of the
    signature, Host too. body: as given, but a str as its UTF-8 bytes.
    signature: lowercase hex. canonical_request, string_to_sign: what was signed, to lay beside what a service says it saw.
    """

    __slots__ = ("method", "url", "headers", "body", "signature", "canonical_request", "string_to_sign")

    def __init__(
        self, method: str, url: str, headers: dict[str, str], body: Any, signature: str, canonical_request: str, string_to_sign: str
    ) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.signature = signature
        self.canonical_request = canonical_request
        self.string_to_sign = string_to_sign

    def __iter__(self) -> Iterator[Any]:
        return iter((self.method, self.url, self.headers, self.body))

    def __repr__(self) -> str:
        return f"<SignedRequest {self.method} {_shown(self.url)}>"

    def curl(self) -> str:
        """A curl command that sends this request, quoted for a POSIX shell. It holds the signature and any token.

        A file is read by its name where that gives all of it; another one, or an iterable, from standard input.
        """
        from shlex import quote as shell

        # --path-as-is and --globoff: curl must send the URL as signed, dot segments and brackets included.
        words = ["curl", "--path-as-is", "--globoff"]
        body = self.body
        data = None if body is None or _body_kind(body) != "buffer" else memoryview(body).tobytes()
        empty = body is None or data == b""
        words += ["--head"] if self.method == "HEAD" and empty else ["-X", self.method]
        for name, value in self.headers.items():
            words += ["-H", f"{name}: {value.encode('latin-1').decode()}" if value else f"{name};"]
        source = ""
        if empty:
            words += ["--data-raw", ""] if self.method in ("POST", "PUT", "PATCH") else []
        elif data is None:
            path = getattr(body, "name", None)
            whole = isinstance(path, str) and os.path.isfile(path) and _body_kind(body) == "file" and body.tell() == 0
            words += ["--data-binary", f"@{path}" if whole else "@-"]
        elif data.isascii() and data.replace(b"\n", b"").decode("ascii").isprintable():
            words += ["--data-raw", data.decode("ascii")]
        else:
            source = "printf '" + "".join([f"\\{byte:03o}" for byte in data]) + "' | "
            words += ["--data-binary", "@-"]
        if any(word.startswith("--data") for word in words) and "content-type" not in map(str.lower, self.headers):
            words += ["-H", "Content-Type:"]  # else curl adds one that was not signed
        return source + " ".join(shell(word) for word in [*words, self.url])


def _kind(value: object) -> str:
    """What a value is, in words that show nothing of it but its type; it may be a secret."""
    if value is None:
        return "None"
    name = getattr(value, "_named", type(value).__name__)  # that of a body which another object stands in for
    return "empty" if isinstance(value, (str, bytes)) and not value else f"of type {name}"


def _beginning(text: object) -> str:
    """The letters and digits that a text begins with, to tell it by: what follows may be a secret in the wrong place."""
    if not isinstance(text, str) or not text:
        return _kind(text)
    end = next((index for index, character in enumerate(text[:20]) if not (character.isalnum() or character == "-")), 20)
    return repr(text) if end == len(text) else repr(text[:end] + "...")


def _shown(url: str) -> str:
    """A URL fit for a message: without user-info, query and fragment, where passwords, tokens and signatures stand."""
    scheme, slashes, rest = url.partition("://") if "://" in url else ("", "", url)
    _, at, after = rest.rpartition("@")
    rest = ("...@" if at else "") + after.partition("?")[0].partition("#")[0]
    shown = scheme + slashes + rest
    return repr(shown if len(shown) <= 100 else shown[:97] + "...")


def _body_kind(body: Any) -> str:
    """'buffer', 'file' (one that can be rewound) or 'stream' (read once); RequestError for what no HTTP client sends."""
    if hasattr(body, "read"):
        if isinstance(body, io.TextIOBase):
            raise RequestError("body is a file in text mode; open it in binary mode, e.g. open(path, 'rb')")
        seekable = getattr(body, "seekable", None)
        try:
            return "file" if (seekable() if seekable else hasattr(body, "seek") and hasattr(body, "tell")) else "stream"
        except ValueError:
            raise RequestError("body is a closed file") from None
    try:
        memoryview(body).release()
        return "buffer"
    except TypeError:
        pass
    except ValueError:
        raise RequestError("body is a memoryview that was released") from None
    if isinstance(body, (dict, set, frozenset)):
        raise RequestError(f"body is {_kind(body)}; encode it first, e.g. with json.dumps or urllib.parse.urlencode")
    if hasattr(body, "__iter__") or hasattr(body, "__aiter__"):
        return "stream"
    raise RequestError(f"body is {_kind(body)}; it must be str, bytes or another buffer, a binary file or an iterable of bytes")


def _size_of(body: Any) -> int | None:
    """Bytes from a file's position to its end; None for all else, whose length http.client knows or nobody does."""
    if body is None or _body_kind(body) != "file":
        return None
    start = _position(body)
    size = _position(body, 0, 2) - start
    _position(body, start, 0)
    return size


def _position(file: Any, offset: int = 0, whence: int = 1) -> int:
    """Where a file stands, after it was moved as by seek."""
    try:
        if offset or whence != 1:
            file.seek(offset, whence)
        position = file.tell()
        if isinstance(position, int):
            return position
        error: Exception = TypeError(f"tell() gives {_kind(position)}")
    except (OSError, OverflowError, TypeError, ValueError) as failure:  # closed, or seekable in name only
        error = failure
    raise RequestError(f"body is {_kind(file)} whose position can't be told or set: {error}") from error


def _iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _at(seconds: float) -> datetime:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc)


def _read_time(value: Any) -> datetime | None:
    """An aware datetime from ISO 8601 (with Z, an offset, or UTC as old caches write it) or from seconds since the epoch, else None."""
    from datetime import datetime

    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _at(value)
        text = value.strip()
        for zone in ("UTC", "Z", "z"):
            if text.endswith(zone):
                text = text[: -len(zone)] + "+00:00"
        head, dot, rest = text.partition(".")
        if dot:  # Python before 3.11 wants six digits of a fraction
            digits = len(rest) - len(rest.lstrip("0123456789"))
            text = f"{head}.{rest[:digits]:0<6.6}{rest[digits:]}"
        if len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit():  # +0000
            text = f"{text[:-2]}:{text[-2:]}"
        parsed = datetime.fromisoformat(text)
    except (ValueError, TypeError, AttributeError, OverflowError, OSError):
        return None
    return None if parsed.utcoffset() is None else parsed


def _http_date(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date (RFC 9110 5.6.7), None where it is not one."""
    if not text:
        return None
    from email.utils import mktime_tz, parsedate_tz

    try:
        parsed = parsedate_tz(text)
        seconds = -1.0 if parsed is None else float(mktime_tz(parsed))
        return seconds if 0 <= seconds < YEAR_2100 else None
    except (ValueError, OverflowError, IndexError):
        return None


def _base64url(data: bytes) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _quote(text: str | bytes, safe: str = "") -> str:
    """Percent-encoded, all but A-Za-z0-9-._~ and what is safe. urllib.parse is loaded at the first need: many a signature has none,
    and it takes longer to load than all of this file."""
    from urllib.parse import quote

    return quote(text, safe=safe)


def _unquote(text: str) -> bytes:
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(text)


def _quote_list(text: str, separator: str) -> str:
    """_quote for names between separators, which need no encoding themselves as a rule."""
    if text.replace(separator, "").encode().translate(None, UNRESERVED):
        return _quote(text)
    return text.replace(separator, f"%{ord(separator):02X}")


def _remember(cache: dict[Any, Any], key: object, value: object) -> None:
    if len(cache) >= CACHE_SIZE:
        cache.clear()
    cache[key] = value


# 3. Canonical request -------------------------------------------------------------------------------------------------


def canonical_request(
    method: str, path: str, query: str, headers: Headers, payload_hash: str, *, double_encode: bool = True, normalize_path: bool = True
) -> str:
    """METHOD \\n path \\n query \\n name:value \\n ... \\n \\n signed header names \\n payload hash, each in canonical form.

    path and query: as on the wire, still encoded. headers: all that are signed, Host and X-Amz-Date too, as pairs or a
    mapping. payload_hash: lowercase hex, or one of AWS's constants such as UNSIGNED-PAYLOAD.
    double_encode, normalize_path: both False for S3 and its kin, both True for every other service.

    Raises RequestError where a header has no valid name or holds a line break that folds nothing.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
    """
    joined = _joined([(_header_name(name).lower(), _unfolded(_header_text(name, value))) for name, value in _header_pairs(headers)])
    names = sorted(joined)
    lines = "".join([f"{name}:{joined[name]}\n" for name in names])
    method, payload_hash = _utf8(method, "method"), _utf8(payload_hash, "payload_hash")
    path = _canonical_path(_utf8(path, "path") or "/", double_encode, normalize_path)
    query = _canonical_query(_query_pairs(_utf8(query, "query")))
    return f"{method}\n{path}\n{query}\n{lines}\n{';'.join(names)}\n{payload_hash}"


def string_to_sign(canonical_request: str, amz_date: str, scope: str, algorithm: str = ALGORITHM) -> str:
    """algorithm \\n amz_date \\n scope \\n SHA-256 of the canonical request in lowercase hex.

    amz_date: YYYYMMDDTHHMMSSZ. scope: YYYYMMDD/region/service/aws4_request.
    Raises RequestError where canonical_request is no text.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-string-to-sign
    """
    digest = sha256(_utf8(canonical_request, "canonical_request").encode()).hexdigest()
    return f"{algorithm}\n{amz_date}\n{scope}\n{digest}"


def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request"): 32 bytes, good for one day.

    date: YYYYMMDD. The signature is HMAC-SHA256(key, string to sign) in lowercase hex.
    Raises RequestError where one of them is no text.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#derive-signing-key
    """
    key = b"AWS4" + _utf8(secret_access_key, "secret_access_key").encode()
    for name, part in (("date", date), ("region", region), ("service", service), ("", "aws4_request")):
        key = hmac.digest(key, _utf8(part, name).encode(), "sha256")
    return key


def _canonical_path(path: str, double_encode: bool, normalize_path: bool) -> str:
    """The path of the canonical request, from the path on the wire."""
    path = _quote(path if double_encode else _unquote(path), safe="/")
    if normalize_path:
        path = _without_dot_segments(path)
        while "//" in path:
            path = path.replace("//", "/")
    return path


def _without_dot_segments(path: str) -> str:
    """The path after RFC 3986 5.2.4: /a/./b/../c is /a/c, /a/.. is /, /a/. is /a/."""
    if "/." not in path:
        return path
    segments = path.split("/")[1:]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _query_pairs(query: str) -> Pairs:
    """(name, value) of each parameter, strictly encoded, in the order given; one without a name is dropped, as aws4fetch does."""
    pairs = []
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        if name:
            pairs.append((_strict(name), _strict(value)))
    return pairs


def _canonical_query(pairs: Pairs) -> str:
    """The query of the canonical request. Sorted as pairs: joined strings would put a-b=1 before a=1."""
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def _strict(text: str) -> str:
    """A name or value of a query, decoded once and encoded once: only A-Za-z0-9-._~ stand for themselves, and + is a blank."""
    if not text.encode().translate(None, UNRESERVED):
        return text
    return _quote(_unquote(text.replace("+", " ")))


def _header_pairs(headers: Headers) -> list[tuple[Any, Any]]:
    """The (name, value) pairs of a mapping, of pairs, or of an HTTP library's header object, repeated names kept apart."""
    items = getattr(headers, "multi_items", None) or getattr(headers, "items", None)  # httpx's items() joins repeated names
    try:
        pairs: Any = items() if items else headers or ()
        return [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise RequestError(f"headers is {_kind(headers)}; pass a mapping, or (name, value) pairs") from None


def _joined(pairs: Pairs, comma: str = ",") -> dict[str, str]:
    """{name: its values in order of appearance, joined}; gathered first, since adding them up one by one takes quadratic time."""
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return {name: comma.join(values) for name, values in several.items()}


def _header_name(name: Any) -> str:
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    if not isinstance(name, str):
        raise RequestError(f"a header name is {_kind(name)}; it must be a string")
    if not name or not name.isascii() or name.encode().translate(None, TOKEN):
        raise RequestError(f"header name {_beginning(name)} may hold only letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 5.6.2)")
    return name


def _header_text(name: str, value: Any) -> str:
    """A header's value as the text whose UTF-8 bytes are signed and sent.

    Beyond ASCII, bytes and a str that Latin-1 can hold are taken for UTF-8 where they are that, as _header_on_wire makes them.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return str(value)
        except ValueError:  # an int of more digits than Python converts
            raise RequestError(f"header {name} is an int of too many digits") from None
    if not isinstance(value, (str, bytes)):
        raise RequestError(f"header {name} is {_kind(value)}; it must be str, bytes or a number (repeat the name for a list of values)")
    text = value.decode("latin-1") if isinstance(value, bytes) else str.__str__(value)  # no member of an enumeration
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return _utf8(text, f"header {name}")


def _header_on_wire(text: str) -> str:
    """The str that http.client, requests, urllib3 and urllib, which encode as Latin-1, put on the wire as UTF-8."""
    return text if text.isascii() else text.encode().decode("latin-1")


def _are_plain(values: Iterable[Any]) -> bool:
    """Whether header values are canonical as they stand: printable ASCII, trimmed and folded."""
    for value in values:
        if value.__class__ is not str:
            return False
    # A blank on either side of each value: two in a row show one that is empty, untrimmed or in need of folding.
    text = f" {' '.join(values)} "
    return text.isascii() and "  " not in text and not text.encode().translate(None, PRINTABLE)


def _folded(text: str) -> str:
    """Trimmed, and each run of ASCII white space as one blank, inside quotes too; str.split() would take U+00A0 for one."""
    return b" ".join(text.encode().split()).decode()


def _unfolded(text: str) -> str:
    """As _folded, for a value that may be continued on lines that begin with a blank (obs-fold, RFC 9112 5.2)."""
    for line in text.replace("\r\n", "\n").split("\n")[1:]:
        if not line.startswith((" ", "\t")):
            raise RequestError("a header value holds a line break; only one that a blank or a tab follows is a fold (RFC 9112 5.2)")
    if "\r" in text.replace("\r\n", ""):
        raise RequestError("a header value holds a carriage return by itself")
    return _folded(text)


def _utf8(text: str, what: str) -> str:
    """The text, if UTF-8 can hold it; a lone surrogate can't be sent by anyone."""
    if not isinstance(text, str):
        raise RequestError(f"{what} is {_kind(text)}; it must be a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RequestError(f"{what} holds a lone surrogate, which has no UTF-8 form") from None
    return text


# 4. Service and region ------------------------------------------------------------------------------------------------

# DNS suffixes and the region of a host that names none: its partition's.
SUFFIXES = {
    "amazonaws.com": "us-east-1",
    "aws": "us-east-1",
    "amazonaws.com.cn": "cn-northwest-1",
    "amazonwebservices.com.cn": "cn-northwest-1",
    "amazonaws.eu": "eusc-de-east-1",
    "amazonwebservices.eu": "eusc-de-east-1",
    "c2s.ic.gov": "us-iso-east-1",
    "aws.ic.gov": "us-iso-east-1",
    "sc2s.sgov.gov": "us-isob-east-1",
    "aws.scloud": "us-isob-east-1",
    "cloud.adc-e.uk": "eu-isoe-west-1",
    "cloud-aws.adc-e.uk": "eu-isoe-west-1",
    "csp.hci.ic.gov": "us-isof-south-1",
    "aws.hci.ic.gov": "us-isof-south-1",
}
# Labels between service and suffix that tell how a host is reached, not what it is.
ROUTES = frozenset("api on vpce global us-gov dualstack".split())
# signing name:host labels. A label `-x` or `x-` is x itself or any that ends or begins so; `a.b` is b with a to its left,
# `*.b` with anything, `REGION.b` with a region. An empty name: such hosts take no SigV4. Source: botocore's endpoint data and,
# for hosts that are not in it, AWS's documentation.
ALIASES = """
acm:acm-acme agent-registry:agent-registry-control appconfig:appconfigdata appstream:appstream2 appsync:appsync-
aps:aps-workspaces arc-region-switch:arc-region-switch-control-plane aws-marketplace:-marketplace AWSMobileHubService:mobile
bedrock:bedrock- bedrock-agentcore:bedrock-agentcore,bedrock-agentcore-control cassandra:cassandra-streams chime:-chime
cloudfront-keyvaluestore:cloudfront-kvs cloudhsm:cloudhsmv2 cloudsearch:cloudsearchdomain cloudwatch:cloudwatch-omni
codecommit:-codecommit connect:contact-lens dynamodb:-ddb,-dynamodb ec2-instance-connect:ec2-instance-connect-endpoint
elasticfilesystem:efs es:aos events:eventsv2 execute-api:participant.connect forecast:forecastquery
greengrass:greengrass-ats.iot iam:iam-toolbox iot-jobs-data:jobs.iot iotdata:*.iot ioteventsdata:data.iotevents
iotfleethub:fleethub.iot IoTSecuredTunneling:tunneling.iot,iot-tunneling,iotsecuredtunneling ivs:ivsrealtime
kafka:kafka-api kinesis:-kinesis lakeformation:-lakeformation lambda:lambda-url lex:-lex logs:-logs
medical-imaging:runtime-medical-imaging memorydb:memory-db mgh:migrationhub-config mobiletargeting:pinpoint
mturk-requester:mturk-requester-sandbox neptune-db:neptune omics:-omics partnercentral:partnercentral-prm
personalize:personalize- qbusiness:qbusiness-websocket rds-db:*.rds rekognition:-rekognition
route53-recovery-control-config:arc-recovery-control-config s3:s3- s3express:s3express- s3-object-lambda:s3-object-lambda
s3-outposts:s3-outposts servicecatalog:servicecatalog-appregistry servicediscovery:-servicediscovery
ses:email,mail-manager,email-smtp signer:-signer sms-voice:sms-voice.pinpoint sqs:queue sso-oauth:oidc states:-states
timestream:timestream-ingest,timestream-query transcribe:transcribestreaming wellarchitected:wellarchitected-agent
:s3-website,dkr.ecr,public.ecr,elb,compute,compute-1,credentials.iot,d.codeartifact,REGION.eks,portal.sso,codecatalyst
"""
DIVIDED = frozenset({"iotdata", "kafka", "maps.geo", "places.geo", "routes.geo"})  # the path or the query decides further
# Hosts of no region, or of every region: those of "*" take SigV4a only.
SINGLE_REGIONS = {
    "accesspoint.s3-global": "*",
    "endpoint.events": "*",
    "endpoints.email": "*",
    "cloudfront-kvs": "*",
    "globalaccelerator": "us-west-2",
}

_aliases: dict[str, str] = {}  # ALIASES by host label, read at the first guess
_origins: dict[str, Origin] = {}  # see _read_origin; by scheme://authority as given


def guess_service_region(url: str) -> tuple[str, str] | None:
    """(service, region) for the credential scope of a request to an AWS URL, or None where the URL does not tell.

    A region of "*" is a host that takes SigV4a only. None for hosts that are not AWS's, that belong to another signing
    scheme (S3 websites, ECR registries, load balancers), custom domains and localhost.
    bucket.s3.amazonaws.com and S3 Accelerate hosts name no region: us-east-1 is answered, S3 tells the bucket's own in an error.

    Raises RequestError where url is not an absolute http, https, ws or wss URL.
    Source: https://docs.aws.amazon.com/general/latest/gr/rande.html, and botocore's endpoint data
    """
    (_, _, found), path, query = _split_url(url)
    return _refined(found, path, query)


def _refined(found: tuple[str, str] | None, path: str, query: str) -> tuple[str, str] | None:
    """The answer of _guess_host, where the path or the query has a say in it."""
    if found is None or found[0] not in DIVIDED:
        return found
    service, region = found
    if service == "iotdata" and path == "/mqtt":
        service = IOT_GATEWAY
    elif service == "kafka" and "kafka-cluster" in query:
        service = "kafka-cluster"
    elif service.endswith(".geo"):
        service = f"geo-{service[:-4]}" if path.startswith("/v2/") else "geo"
    return service, region


def _guess_host(host: str) -> tuple[str, str] | None:
    """(service, region) from a host in lower case, without port; a geo host as `maps.geo`, which the path decides further."""
    labels = host.split(".")
    for length in (2, 1, 3, 4):
        default = SUFFIXES.get(".".join(labels[-length:]), "")
        if default:
            break
    else:
        if host.endswith(".r2.cloudflarestorage.com"):
            return "s3", "auto"
        return ("s3", labels[-3]) if labels[-2:] == ["backblazeb2", "com"] and labels[-4:-3] == ["s3"] else None
    del labels[-length:]
    private = False
    while labels and labels[-1] in ROUTES:
        route = labels.pop()
        private = private or route == "vpce"
        if route == "us-gov":
            default = "us-gov-west-1"
    if not labels or "" in labels:
        return None
    label = labels.pop()
    region = ""
    if _is_region(label):
        region = label
        if labels and labels[-1] == "dualstack":
            labels.pop()
        if not labels:
            return None
        label = labels.pop()
    elif label.startswith("s3"):  # before the labels on its left are looked at: a bucket can be called us-west-2
        if label.startswith("s3-website"):
            return None
        region = label[8:] if label.startswith("s3-fips-") else label[3:]
        if _is_region(region):
            return "s3", region
        region = ""
    elif labels:
        region = next(filter(_is_region, (labels[-1], labels[0])), "")
    if label.endswith("-fips"):
        label = label[:-5]
    left = labels[-1] if labels and not (private and labels[-1].startswith("vpce-")) else ""
    service = _signing_name(left, label)
    if not region:
        region = SINGLE_REGIONS.get(f"{left}.{label}") or SINGLE_REGIONS.get(label) or default
        if service == "iam" and region == "cn-northwest-1":
            region = "cn-north-1"
    if service == "sustainability":
        region = default
    return (service, region) if service else None


def _is_region(label: str) -> bool:
    """Whether a label has the form of a region: [a-z]{2,4}-([a-z]+-){1,2}[0-9]{1,2}."""
    if "-" not in label or not label[-1].isdigit():
        return False
    *words, number = label.split("-")
    return 2 <= len(words) <= 3 and 2 <= len(words[0]) <= 4 and all(map(str.isalpha, words)) and number.isdigit() and len(number) <= 2


def _signing_name(left: str, label: str) -> str:
    """The service's name in a credential scope, from its host label and the one to its left; empty where it takes no SigV4."""
    aliases = _aliases or _read_aliases()
    if left:
        for candidate in (f"{'REGION' if _is_region(left) else left}.{label}", f"*.{label}"):
            if candidate in aliases:
                return aliases[candidate]
    if label in aliases:
        return aliases[label]
    beginning, dash, _ = label.partition("-")
    for candidate in ("-" + (label.rpartition("-")[2] if dash else label), beginning + "-"):
        if candidate in aliases:
            return aliases[candidate]
    return f"{left}.geo" if label == "geo" and left in ("maps", "places", "routes") else label


def _read_aliases() -> dict[str, str]:
    global _aliases
    table = {}
    for entry in ALIASES.split():
        name, _, patterns = entry.partition(":")
        table.update(dict.fromkeys(patterns.split(","), name))
    _aliases = table  # whole at once: another thread must not see half of it
    return table


def _split_url(url: str) -> tuple[Origin, str, str]:
    """((scheme, authority, what _guess_host says of it), path, query) of a URL: the origin in proper form, path and query raw.

    The authority is what the Host header must say. The path begins with a slash; a fragment is left out, as no client sends it.
    """
    if not isinstance(url, str):
        if not hasattr(url, "scheme"):  # as httpx.URL, yarl.URL and the results of urlsplit have
            raise RequestError(f"url is {_kind(url)}; it must be a string such as 'https://sqs.us-east-1.amazonaws.com/'")
        url = url.geturl() if hasattr(url, "geturl") else str(url)
        if not isinstance(url, str):
            raise RequestError(f"url is made of {type(url).__name__}; it must be made of str")
    cut = url.find("/", 8)  # the slash after https://host
    origin = _origins.get(url[:cut]) if cut > 0 else None
    if origin is None or not url.isascii() or url.encode().translate(None, PRINTABLE) or "#" in url:
        scheme, slashes, rest = url.partition("://")
        if not slashes or scheme.lower() not in DEFAULT_PORTS:
            raise RequestError(f"url {_shown(url)} must begin with https://, http://, wss:// or ws://")
        if any(character < " " or character == "\x7f" for character in url):
            raise RequestError(f"url {_shown(url)} holds a line break or another control character; percent-encode it")
        before, _, query = _utf8(rest, "url").partition("#")[0].partition("?")
        authority, _, path = before.partition("/")
        return _read_origin(scheme, authority, url), "/" + path, query
    path = url[cut:]
    if "?" in path:
        path, _, query = path.partition("?")
        return origin, path, query
    return origin, path, ""


def _read_origin(scheme: str, authority: str, url: str) -> Origin:
    """(scheme, authority, guess): in lower case and without the scheme's default port; checked once, then remembered."""
    if "@" in authority:
        raise RequestError(f"url {_shown(url)} holds user-info before an @; a signed request has no place for it, take it out")
    host, bracket, port = authority.rpartition("]")
    if bracket:
        host, colon, port = host + bracket, port[:1], port[1:]
        valid = host[0] == "[" and not set(host[1:-1]) - HEX_DIGITS - {":", "."} and len(host) > 3 and (colon == ":" or not colon)
    else:
        host, _, port = authority.partition(":")
        if not host.isascii():
            try:
                host = host.encode("idna").decode()
            except UnicodeError:
                raise RequestError(f"url {_shown(url)} has a host name that IDNA can't encode") from None
        valid = not host.encode().translate(None, UNRESERVED)
    if not host:
        raise RequestError(f"url {_shown(url)} has no host")
    if not valid or (port and not (len(port) <= 5 and port.isascii() and port.isdigit() and int(port) <= 65535)):
        raise RequestError(f"url {_shown(url)} has no valid host and port; e.g. example.com, 127.0.0.1:9000 or [::1]:9000")
    lower = scheme.lower()
    host = host.lower()
    port = str(int(port)) if port else ""
    origin = lower, f"{host}:{port}" if port and port != DEFAULT_PORTS[lower] else host, _guess_host(host)
    _remember(_origins, f"{scheme}://{authority}", origin)
    return origin


# 5. Signer ------------------------------------------------------------------------------------------------------------

_plain_names: dict[tuple[str, ...], None] = {}  # tuples of header names that were checked and need no special treatment
_plans: dict[Shape, Plan] = {}  # see _make_plan
_second = (0, "19700101T000000Z", "19700101")  # the last second that _read_clock rendered


class Signer:
    """Signs requests and presigns URLs with AWS Signature Version 4, for any service.

    credentials: Credentials; a provider, that is any callable without arguments that returns Credentials, asked at each signature;
    or credentials or a session of botocore or boto3. None is default_chain(), asked when a signature needs it.
    service, region: the names in the credential scope, e.g. "s3" and "us-east-1"; taken from the URL where they are None. A region
    that neither tells is that of AWS_REGION, AWS_DEFAULT_REGION or the profile. "*" or a list of regions signs with SigV4a, and so
    do hosts that take nothing else, such as S3's Multi-Region Access Points.
    clock: a callable that returns seconds since the epoch.

    Options, here or with each request, None being what is right for the service:
    double_encode: whether the canonical path is encoded once more (not for S3).
    normalize_path: whether dot segments and doubled slashes are removed (not for S3).
    sign_all_headers: whether headers that proxies may rewrite are signed too: Accept, User-Agent, Content-Length ...
    token_after_signature: whether the session token is added unsigned (for IoT's WebSockets).
    content_sha256: whether the header X-Amz-Content-SHA256 is sent and signed (for S3, OpenSearch Serverless, VPC Lattice,
    and wherever the payload hash is a constant such as UNSIGNED-PAYLOAD).

    One signer serves any number of threads and tasks.
    """

    __slots__ = ("service", "region", "_credentials", "_provider", "_clock", "_options", "_rules", "_configured")

    def __init__(
        self,
        credentials: Any = None,
        *,
        service: str | None = None,
        region: str | Sequence[str] | None = None,
        clock: Callable[[], float] = time.time,
        **options: bool | None,
    ) -> None:
        self.service = service
        self.region = region
        self._credentials: Credentials | None = None
        self._provider: Any = None
        if isinstance(credentials, Credentials):
            self._credentials = credentials
        elif hasattr(credentials, "get_frozen_credentials") or hasattr(credentials, "get_credentials"):
            self._provider = _Watched(partial(_read_frozen, credentials))
        elif callable(credentials):
            self._provider = credentials
        elif credentials is None:
            self._provider = default_chain()
        else:
            raise CredentialsError(
                f"credentials is {_kind(credentials)}; pass Credentials(access_key_id, secret_access_key), a callable that returns"
                " them, or botocore's credentials or session"
            )
        self._clock = clock
        self._configured: tuple[str | None] | None = None
        self._options = options
        self._rules: dict[str, Any] = {"": _rules_of("", options, {})}

    def __repr__(self) -> str:
        return f"Signer(service={self.service!r}, region={self.region!r})"

    def sign(
        self,
        method: str,
        url: str,
        headers: Headers = None,
        body: Any = None,
        *,
        service: str | None = None,
        region: str | Sequence[str] | None = None,
        payload_hash: str | None = None,
        now: datetime | None = None,
        **options: bool | None,
    ) -> SignedRequest:
        """The request with its signature in the Authorization header.

        url: absolute; http, https, ws or wss. headers: a mapping, (name, value) pairs, or a library's header object; values
        str, bytes or numbers. body: str (sent as UTF-8), bytes or another buffer, a binary file (hashed from its position and
        rewound there), or an iterable of bytes, which only S3 over https takes without a payload_hash.
        payload_hash: lowercase hex SHA-256 of the body, or a constant of AWS's such as UNSIGNED-PAYLOAD; a given header
        X-Amz-Content-SHA256 serves as well. now: aware datetime, for a result that can be reproduced.
        service, region, options: as for Signer, for this request.

        What an earlier signature left in the URL or in the headers is replaced.
        Raises RequestError for what can't be signed, CredentialsError where there are no credentials.
        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
        """
        credentials, method, service, target, head, rules, moment, state = self._prepare(
            method, url, headers, service, region, now, options
        )
        scheme, authority, path, canonical_path, query, pairs = target
        given, special, names, canonical_values = head
        sign_all, token_after, content_sha256 = rules
        _, amz_date, _ = moment
        _, scope, credential, _, inner, outer = state
        algorithm = ALGORITHM

        if payload_hash is None:
            if special:
                payload_hash = _hash_in_headers(given, special, body)
            if payload_hash is None and service == LATTICE:
                payload_hash = UNSIGNED_PAYLOAD
        if payload_hash is None and body.__class__ is bytes:
            payload_hash = sha256(body).hexdigest()
        else:
            stream_hash = UNSIGNED_PAYLOAD if service in S3_SERVICES and scheme in ("https", "wss") else None
            body, payload_hash = _payload(body, payload_hash, stream_hash)

        result = {**given}
        if "host" not in special:
            result["Host"] = authority
        result["X-Amz-Date"] = amz_date
        token = credentials.session_token
        token_name = ""
        if token and not token_after:
            token_name = "X-Amz-Security-Token" if service != "s3express" else _express_token_name(method, path, pairs, given)
            result[token_name] = token
        adds_hash = False
        if CONTENT_SHA256 in special:
            result[special[CONTENT_SHA256]] = payload_hash
            canonical_values = {**canonical_values, special[CONTENT_SHA256]: payload_hash}
        elif content_sha256 or (content_sha256 is None and (service in CONTENT_SHA256_SERVICES or len(payload_hash) != 64)):
            result["X-Amz-Content-SHA256"] = payload_hash
            adds_hash = True
        if inner is None:  # SigV4a: see _signing_state
            algorithm = ALGORITHM_V4A
            result["X-Amz-Region-Set"] = outer[1]
            token_name += "*"
        shape = (names, sign_all, token_name, adds_hash)
        template, signed_headers, _, pick = _plans.get(shape) or _make_plan(shape, result)
        lines = template % pick(result if canonical_values is given else {**result, **canonical_values})

        canonical_query = _canonical_query(pairs) if pairs else ""
        canonical = f"{method}\n{canonical_path}\n{canonical_query}\n{lines}\n{signed_headers}\n{payload_hash}"
        to_sign, signature = _signature(canonical, amz_date, scope, inner, outer)
        authorization = f"{algorithm} Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}"
        result["Authorization"] = authorization
        if token and token_after:
            result["X-Amz-Security-Token"] = token
        url = f"{scheme}://{authority}{path}?{query}" if query else f"{scheme}://{authority}{path}"
        return SignedRequest(method, url, result, body, signature, canonical, to_sign)

    def presign(
        self,
        method: str,
        url: str,
        headers: Headers = None,
        *,
        expires: int = 3600,
        service: str | None = None,
        region: str | Sequence[str] | None = None,
        payload_hash: str | None = None,
        now: datetime | None = None,
        **options: bool | None,
    ) -> str:
        """The URL with its signature in the query: whoever has it can make that one request until it expires.

        headers: those that must be sent with it, with these values. expires: seconds, 1..604800; IoT's gateway takes none, so a
        URL for it is made without. payload_hash: as for sign; None is UNSIGNED-PAYLOAD for S3 and VPC Lattice, the hash of an
        empty body for the rest. VPC Lattice, and S3 where one is given, want it sent in the header X-Amz-Content-SHA256.
        The other arguments are those of sign.

        Warns with ExpiryWarning where the credentials expire before the URL would.
        Raises RequestError for what can't be signed, CredentialsError where there are no credentials.
        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
        """
        if expires.__class__ is not int or not 1 <= expires <= MAX_EXPIRES:
            received = expires if isinstance(expires, (int, float)) and abs(expires) < 1e15 else _kind(expires)
            raise RequestError(f"expires is {received}; it must be an int of seconds from 1 to {MAX_EXPIRES} (7 days)")
        credentials, method, service, target, head, rules, moment, state = self._prepare(
            method, url, headers, service, region, now, options
        )
        scheme, authority, path, canonical_path, query, pairs = target
        given, special, names, canonical_values = head
        sign_all, token_after, content_sha256 = rules
        seconds, amz_date, _ = moment
        _, scope, _, credential, inner, outer = state

        if payload_hash is None and special:
            payload_hash = _hash_in_headers(given, special, None)
        hashed = payload_hash is not None
        if payload_hash is None:
            payload_hash = UNSIGNED_PAYLOAD if service in S3_SERVICES or service == LATTICE else EMPTY_SHA256
        else:
            _payload(None, payload_hash, None)

        signed = {**canonical_values}
        if "host" not in special:
            signed["Host"] = authority
        adds_hash = False
        if CONTENT_SHA256 in special:
            signed[special[CONTENT_SHA256]] = payload_hash
        elif content_sha256 or (content_sha256 is None and (service == LATTICE or (hashed and service in S3_SERVICES))):
            signed["X-Amz-Content-SHA256"] = payload_hash
            adds_hash = True
        shape = (names, sign_all, "in the query", adds_hash)
        template, signed_headers, signed_names, pick = _plans.get(shape) or _make_plan(shape, signed)
        lines = template % pick(signed)

        life = "" if service == IOT_GATEWAY else f"&X-Amz-Expires={expires}"
        if life and credentials._expires_at < seconds + expires:
            _warn_of_expiry(credentials, expires)
        token = ""
        if credentials.session_token:
            name = "X-Amz-Security-Token" if service != "s3express" else _express_token_name(method, path, pairs, given)
            token = f"&{name}={credentials._token_in_query or credentials._quoted_token()}"
        algorithm = ALGORITHM
        if inner is None:
            algorithm = ALGORITHM_V4A
            life += f"&X-Amz-Region-Set={_quote(outer[1])}"
        # In their sorted order, so that without other parameters they are the canonical query as they stand.
        signing = (
            f"X-Amz-Algorithm={algorithm}&X-Amz-Credential={credential}&X-Amz-Date={amz_date}{life}"
            f"{'' if token_after else token}&X-Amz-SignedHeaders={signed_names}"
        )
        canonical_query = _canonical_query(pairs + _query_pairs(signing)) if pairs else signing
        canonical = f"{method}\n{canonical_path}\n{canonical_query}\n{lines}\n{signed_headers}\n{payload_hash}"
        _, signature = _signature(canonical, amz_date, scope, inner, outer)
        query = f"{query}&{signing}" if query else signing
        return f"{scheme}://{authority}{path}?{query}&X-Amz-Signature={signature}{token if token_after else ''}"

    def __call__(self, request: Any) -> Any:
        """The request of requests or httpx, signed: what their `auth=signer` calls. Section 11 says how."""
        return _sign_for_httpx(self, request) if hasattr(request, "stream") else _sign_for_requests(self, request)

    def urllib_handler(self) -> Any:
        """A handler that signs all requests of an opener: urllib.request.build_opener(signer.urllib_handler())."""
        return _urllib_handler(self)

    async def aiohttp_middleware(self, request: Any, handler: Any) -> Any:
        """The middleware that signs a session's requests: aiohttp.ClientSession(middlewares=[signer.aiohttp_middleware])."""
        await _sign_for_aiohttp(self, request)
        return await handler(request)

    def _prepare(
        self, method: str, url: str, headers: Headers, service: str | None, region: Any, now: Any, options: dict[str, bool | None]
    ) -> tuple[Any, ...]:
        """What sign and presign have in common: everything up to the payload hash. Plain tuples, since it runs for each signature."""
        credentials = self._credentials or self._ask()
        if method.__class__ is not str or method not in METHODS:
            method = _read_method(method)
        (scheme, authority, found), path, query = _split_url(url)
        head = _read_headers(headers)
        if service is None:
            service = self.service
        if region is None:
            region = self.region
        if service is None or region is None:
            service, region = self._find_scope(authority, found, path, query, head, service, region)
        if service.__class__ is not str or region.__class__ is not str:
            service, region = _read_scope("service", service), _read_region(region)
        rules = self._rules.get(service) if not options else None
        if rules is None:
            rules = _rules_of(service, self._options, options)
            if not options:
                _remember(self._rules, service, rules)
        double_encode, normalize_path, more_rules = rules
        pairs: Pairs = []
        if query:
            query, pairs = _wire_query(query)
        canonical_path = path
        if path.encode().translate(None, PLAIN_PATH) or "//" in path or "/." in path:
            path = _wire_path(path, double_encode, normalize_path)
            canonical_path = _canonical_path(path, double_encode, normalize_path)
        moment = _read_clock(self._clock, now)
        state = credentials._states.get((service, region))  # as _signing_state itself would, at the cost of a call
        if state is None or state[0] != moment[2]:
            state = _signing_state(credentials, moment[2], region, service)
        return credentials, method, service, (scheme, authority, path, canonical_path, query, pairs), head, more_rules, moment, state

    def _find_scope(self, authority: str, found: Any, path: str, query: str, head: Any, service: Any, region: Any) -> tuple[Any, Any]:
        """(service, region), each that is None by the Host header, else by the URL, else for a region as configured."""
        if "host" in head[1]:
            host = head[0][head[1]["host"]].lower()
            found = _guess_host(host.partition(":")[0]) or found
        guess = _refined(found, path, query)
        if guess is not None:
            return guess[0] if service is None else service, guess[1] if region is None else region
        if service is not None:
            region = self._find_region()
        if region is None or service is None:
            raise RequestError(_no_guess(authority, service, region))
        return service, region

    def _scope(self, url: str, headers: Headers, service: Any, region: Any) -> tuple[Any, Any]:
        """(service, region) that a request will be signed for, a set of regions as a tuple, for what must know them before."""
        (_, authority, found), path, query = _split_url(url)
        service = self.service if service is None else service
        region = self.region if region is None else region
        if service is None or region is None:
            service, region = self._find_scope(authority, found, path, query, _read_headers(headers), service, region)
        return service, _read_region(region)

    def _find_region(self) -> str | None:
        """The region that the environment or the profile of the credentials is configured for."""
        if isinstance(self._provider, Provider):
            return self._provider._region()
        if self._configured is None:
            self._configured = (_default_region({}, None),)  # read at the first use, then kept
        return self._configured[0]

    def _ask(self) -> Credentials:
        credentials = self._credentials or self._provider()
        if not isinstance(credentials, Credentials):
            raise CredentialsError(f"the provider returned {_kind(credentials)}; it must return Credentials")
        return credentials


def _rules_of(
    service: str, options: dict[str, bool | None], more: dict[str, bool | None]
) -> tuple[bool, bool, tuple[bool, bool, bool | None]]:
    """The options in the order of OPTIONS, the last three apart, each that is None replaced by what is right for the service."""
    unknown = {*options, *more} - set(OPTIONS)
    if unknown:
        raise TypeError(f"unknown option {sorted(unknown)[0]!r}; the options are {', '.join(OPTIONS)}")
    chosen = [options.get(name) if more.get(name) is None else more[name] for name in OPTIONS]
    double_encode, normalize_path, sign_all_headers, token_after_signature, content_sha256 = chosen
    return (
        service not in S3_SERVICES if double_encode is None else double_encode,
        service not in S3_SERVICES if normalize_path is None else normalize_path,
        (bool(sign_all_headers), service == IOT_GATEWAY if token_after_signature is None else token_after_signature, content_sha256),
    )


def _no_guess(host: str, service: str | None, region: object) -> str:
    missing = " and ".join([f"{name}=" for name, value in (("service", service), ("region", region)) if value is None])
    return f"host {host!r} does not tell the {missing.replace('=', '')} to sign for; pass {missing} to Signer or to this call"


def _read_method(method: str) -> str:
    if not isinstance(method, str) or not method or not method.isascii() or method.encode().translate(None, TOKEN):
        raise RequestError(f"method is {_beginning(method)}; it must be an HTTP method such as 'GET'")
    return method.upper()


def _read_scope(name: str, value: Any) -> str:
    """A service or a region as an exact str, since a member of a str enumeration would be rendered by its own name."""
    example = "'s3'" if name == "service" else "'us-east-1'"
    if not isinstance(value, str) or not value:
        raise RequestError(f"{name} is {_kind(value)}; it must be a name such as {example}")
    if not value.isascii() or value.encode().translate(None, UNRESERVED):
        raise RequestError(f"{name} may hold only letters, digits and -._~, as in {example}")
    return str.__str__(value)


def _read_region(value: Any) -> Any:
    """A region as an exact str; a set of regions, for SigV4a, as a tuple: those of a list, of a str with commas, or with a wildcard."""
    if isinstance(value, str) and "*" not in value and "," not in value:
        return _read_scope("region", value)
    regions = value.split(",") if isinstance(value, str) else value
    if not isinstance(regions, (list, tuple)) or not regions:
        return _read_scope("region", value)
    for part in regions:
        if (
            not isinstance(part, str)
            or not part.strip()
            or part.strip().encode("utf-8", "replace").translate(None, REGION_CHARACTERS + b"*")
        ):
            raise RequestError("each region of a set is a name such as 'us-east-1', or has a * for any: '*', 'us-*'")
    return tuple([str.__str__(part).strip() for part in regions])


def _wire_path(path: str, double_encode: bool, normalize_path: bool) -> str:
    """The path to send. S3 decodes what it gets and encodes it strictly to check the signature, so it is sent in that form;
    other services take it as sent: only what no client could send is encoded, and dot segments go, as every client drops them."""
    if double_encode:
        first, *rest = _quote(path, safe=LEGAL_IN_PATH).split("%")
        path = first + "".join(["%" + part if len(part) > 1 and HEX_DIGITS.issuperset(part[:2]) else "%25" + part for part in rest])
    else:
        path = _quote(_unquote(path), safe="/")
    return _without_dot_segments(path) if normalize_path else path


def _wire_query(query: str) -> tuple[str, Pairs]:
    """The query to send and its pairs, both strictly encoded, in the order given and without an earlier signature."""
    pairs, pieces = [], []
    for piece in query.split("&"):
        name, equals, value = piece.partition("=")
        name, value = _strict(name), _strict(value)
        if name and not (name[:6].lower() == "x-amz-" and name.lower() in OLD_PARAMETERS):
            pairs.append((name, value))
            pieces.append(name + equals + value)
    return "&".join(pieces), pairs


def _read_headers(headers: Headers) -> tuple[dict[str, str], dict[str, str], tuple[str, ...], dict[str, str]]:
    """(headers to send, special, their names, the same with canonical values) of the headers given, without those of an earlier signature.

    Repeated names are joined by commas under the first one's spelling. `special` has the spelling of host and
    x-amz-content-sha256 where they were given, and authorization where the request was signed before.
    """
    if not headers:
        return {}, {}, (), {}
    if headers.__class__ is dict:
        names = tuple(headers)
        if names in _plain_names and _are_plain(headers.values()):
            return headers, {}, names, headers
    wires: Pairs = []
    canonicals: Pairs = []
    spelling: dict[str, str] = {}
    special: dict[str, str] = {}
    for name, value in _header_pairs(headers):
        name = _header_name(name)
        text = _header_text(name, value)
        if any((character < " " and character != "\t") or character == "\x7f" for character in text):
            raise RequestError(f"header {name} holds a line break or another control character")
        lower = name.lower()
        if lower in OLD_HEADERS:
            if lower == "authorization" and text.startswith("AWS4-"):
                special[lower] = name
            continue
        if lower == "host" and lower in spelling:
            raise RequestError("header Host was given twice")
        name = spelling.setdefault(lower, name)
        wires.append((name, _header_on_wire(text.strip(" \t"))))
        canonicals.append((name, _folded(text)))
    given, canonical = _joined(wires), _joined(canonicals)
    for lower in ("host", CONTENT_SHA256):
        if lower in spelling:
            special[lower] = spelling[lower]
    if "host" in special and not given[special["host"]]:
        raise RequestError("header Host is empty; leave it out to have it made from the URL")
    if not special and headers.__class__ is dict and len(given) == len(headers):
        _remember(_plain_names, tuple(given), None)
    return given, special, tuple(given), canonical


def _hash_in_headers(given: dict[str, str], special: dict[str, str], body: Any) -> str | None:
    """The payload hash that X-Amz-Content-SHA256 gives; but not a digest of an earlier signature, as the body may be another now."""
    if CONTENT_SHA256 not in special:
        return None
    value = given[special[CONTENT_SHA256]]
    signed_before = "authorization" in special and len(value) == 64
    return None if signed_before and (body is None or _body_kind(body) != "stream") else value


def _payload(body: Any, payload_hash: str | None, stream_hash: str | None) -> tuple[Any, str]:
    """(body to send, payload hash). stream_hash stands in for the hash of a body that can be read only once; None forbids one."""
    if payload_hash is not None and not _is_payload_hash(payload_hash):
        raise RequestError("payload_hash must be 64 lowercase hex digits, UNSIGNED-PAYLOAD or one of AWS's STREAMING- constants")
    if body is None:
        return None, payload_hash or EMPTY_SHA256
    if isinstance(body, str):
        body = _utf8(body, "body").encode()
    kind = _body_kind(body)
    if kind == "buffer" and not memoryview(body).c_contiguous:
        body = memoryview(body).tobytes()  # no HTTP library sends it as it is
    if payload_hash is None:
        if kind != "stream":
            try:
                payload_hash = _hash_file(body) if kind == "file" else sha256(body).hexdigest()
            except (OSError, TypeError, ValueError) as error:  # closed, write-only, a read() that takes no size ...
                if isinstance(error, RequestError):
                    raise
                raise RequestError(f"body is {_kind(body)} that can't be read: {error}") from error
        elif stream_hash is None:
            raise RequestError(
                f"body is {_kind(body)}, which can be read only once, when it is sent: too late for its hash. Pass bytes, a seekable"
                " file, or payload_hash=; S3 takes such a body unsigned, but over https only"
            )
        else:
            payload_hash = stream_hash
    return body, payload_hash


def _is_payload_hash(value: Any) -> bool:
    if not isinstance(value, str) or not value.isascii():
        return False
    digest = len(value) == 64 and HEX_DIGITS.issuperset(value) and value == value.lower()
    return digest or value == UNSIGNED_PAYLOAD or (value.startswith("STREAMING-") and not value.encode().translate(None, UNRESERVED))


def _hash_file(body: Any) -> str:
    """SHA-256 in lowercase hex of a file from its position on, to which it is rewound."""
    digest = sha256()
    start = body.tell()
    while True:
        piece = body.read(FILE_PIECE)
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise RequestError(f"body is {_kind(body)} whose read() gives {_kind(piece)}; it must give bytes")
        if not piece:
            break
        digest.update(piece)
    body.seek(start)
    return digest.hexdigest()


def _make_plan(shape: Shape, headers: dict[str, str]) -> Plan:
    """How to lay out the signed ones of headers of that shape: (template of the lines, names joined by ;, the same in a query,
    a function that picks the template's values from a dict by name). It is kept, since sorting costs more than hashing.
    """
    sign_all = shape[1]
    signed = []
    for given in headers:
        name = given.lower()
        rewritten = name in UNSIGNED_HEADERS or name.startswith(UNSIGNED_PREFIXES)
        if name not in HOP_BY_HOP and (sign_all or not rewritten):
            signed.append((name, given))
    signed.sort()
    template = "".join([f"{name.replace('%', '%%')}:%s\n" for name, _ in signed])
    signed_headers = ";".join([name for name, _ in signed])
    plan = (template, signed_headers, _quote_list(signed_headers, ";"), itemgetter(*[given for _, given in signed]))
    _remember(_plans, shape, plan)
    return plan


def _express_token_name(method: str, path: str, pairs: Pairs, given: dict[str, str]) -> str:
    """Where S3 Express wants the session token: CreateSession's in a place of its own; IAM's, which CreateSession itself,
    HeadBucket and CopyObject take, where all services do."""
    if ("session", "") in pairs or (method == "HEAD" and path == "/") or "x-amz-copy-source" in map(str.lower, given):
        return "X-Amz-Security-Token"
    return "X-Amz-S3session-Token"


def _amz_date(utc: time.struct_time) -> str:
    """YYYYMMDDTHHMMSSZ; strftime leaves out the zeros of years before 1000."""
    return "%04d%02d%02dT%02d%02d%02dZ" % utc[:6]


def _read_clock(clock: Callable[[], float], now: datetime | None) -> tuple[float, str, str]:
    """(seconds since the epoch, YYYYMMDDTHHMMSSZ, YYYYMMDD) of now, else of one reading of the clock; rendered once a second."""
    global _second
    if now is None:
        seconds = int(clock())
        rendered = _second  # read once: another thread may put a second of another clock there
        if rendered[0] != seconds:
            amz_date = _amz_date(time.gmtime(seconds))
            _second = rendered = seconds, amz_date, amz_date[:8]
        return rendered
    if not hasattr(now, "utctimetuple") or now.utcoffset() is None:
        raise RequestError(f"now is {_kind(now)}; it must be an aware datetime, e.g. datetime.now(timezone.utc)")
    try:
        amz_date = _amz_date(now.utctimetuple())
    except OverflowError:
        raise RequestError("now is out of the years 1 to 9999 in UTC") from None
    return now.timestamp(), amz_date, amz_date[:8]


def _signing_state(credentials: Credentials, date: str, region: Any, service: Any) -> tuple[str, str, str, str, Any, Any]:
    """(date, scope, credential, credential in a query, SHA-256 over the inner pad of the signing key, over the outer pad).

    Copying the two hash states is the whole cost of an HMAC; they are kept with the credentials, and with them they go. For SigV4a
    the last two are None and (private key, region set), and the scope has no region.
    """
    kept = credentials._states.get((service, region))
    if kept is not None and kept[0] == date:
        return kept
    service, regions = _read_scope("service", service), _read_region(region)
    inner: Any = None
    if isinstance(regions, tuple):
        scope = f"{date}/{service}/aws4_request"
        outer: Any = sigv4a_key(credentials.access_key_id, credentials.secret_access_key), ",".join(regions)
    else:
        scope = f"{date}/{regions}/{service}/aws4_request"
        key = signing_key(credentials.secret_access_key, date, regions, service).ljust(64, b"\0")  # 64: the block of SHA-256
        inner, outer = sha256(key.translate(INNER_PAD)), sha256(key.translate(OUTER_PAD))
    credential = f"{credentials.access_key_id}/{scope}"
    state = (date, scope, credential, _quote_list(credential, "/"), inner, outer)
    _remember(credentials._states, (service, region), state)
    return state


def _signature(canonical: str, amz_date: str, scope: str, inner: Any, outer: Any) -> tuple[str, str]:
    """(string to sign, its HMAC in lowercase hex, or for SigV4a its ECDSA signature)."""
    if inner is None:
        to_sign = string_to_sign(canonical, amz_date, scope, ALGORITHM_V4A)
        return to_sign, sigv4a_signature(outer[0], to_sign)
    to_sign = f"{ALGORITHM}\n{amz_date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    return to_sign, _hmac(to_sign, inner, outer)


def _hmac(text: str, inner: Any, outer: Any) -> str:
    """HMAC-SHA256 in lowercase hex, from the hash states over the padded key."""
    inner = inner.copy()
    inner.update(text.encode())
    outer = outer.copy()
    outer.update(inner.digest())
    digest: str = outer.hexdigest()
    return digest


def _warn_of_expiry(credentials: Credentials, expires: int) -> None:
    import warnings

    message = f"a URL for {expires} s was asked for, but the credentials that sign it expire at {credentials.expiration}, and it with them"
    warnings.warn(message, ExpiryWarning, stacklevel=3)


class _Watched:
    """A provider for a source that has no Credentials of ours: makes them anew only when what `read` returns has changed."""

    __slots__ = ("_read", "_last")

    def __init__(self, read: Callable[[], tuple[str, str, str | None]]) -> None:
        self._read = read
        self._last: tuple[Any, Any] = (None, None)

    def __call__(self) -> Credentials:
        values = self._read()
        last, credentials = self._last
        if values != last:
            credentials = Credentials(*values)
            self._last = values, credentials
        return credentials  # type: ignore[no-any-return]


def _read_frozen(source: Any) -> tuple[str, str, str | None]:
    """One consistent set of botocore's; reading its attributes one by one would tear it while it is refreshed."""
    if not hasattr(source, "get_frozen_credentials"):
        source = source.get_credentials()  # of a session
        if source is None:
            raise CredentialsNotFound("the session has no credentials")
    frozen = source.get_frozen_credentials()
    return frozen.access_key, frozen.secret_key, frozen.token


# 6. HTTP libraries ----------------------------------------------------------------------------------------------------
# Each library hands over a request of its own, whose URL it has already rewritten in its own way. It is signed as it is by
# then, the URL that Signer makes of it is put back, and where the library would send another one, that is an error.


def _sign_for_requests(signer: Signer, request: Any) -> Any:
    """A PreparedRequest of requests, signed in place, which is what requests wants of its auth objects."""
    body = request.body
    signed = signer.sign(request.method, request.url, request.headers, body)
    _refuse_dot_segments(signed.url, "requests")
    request.url = signed.url
    _put_headers(request.headers, signed.headers)
    if isinstance(body, str):
        request.body = signed.body
        request.prepare_content_length(signed.body)
    request.register_hook("response", _forget_on_redirect)
    return request


def _forget_on_redirect(response: Any, *_: object, **__: object) -> None:
    """Makes the copy that requests is about to send after a redirect one without the signature, which holds for the first URL only:
    requests itself takes nothing but Authorization out, and that not always."""
    if response.is_redirect:
        sent = response.request

        def copy() -> Any:
            del sent.copy  # for this once: the request itself stays as it was sent
            fresh = sent.copy()
            for name in [name for name in fresh.headers if name.lower() in OLD_HEADERS or name.lower() == CONTENT_SHA256]:
                del fresh.headers[name]
            return fresh

        sent.copy = copy


def _sign_for_httpx(signer: Signer, request: Any) -> Any:
    """A Request of httpx, signed in place. Its multipart forms are read into memory; its other streams are read once."""
    stream = request.stream
    try:
        body = request.content
    except Exception:  # RequestNotRead, a class of httpx's
        body = request.read() if hasattr(stream, "boundary") else stream
    signed = signer.sign(request.method, str(request.url), request.headers.raw, body)
    url = type(request.url)(signed.url)
    if url.raw_path.decode() != _target(signed.url):
        raise RequestError(f"httpx would not send {_shown(signed.url)} as it must be signed; use Client, urllib or http.client")
    request.url = url
    _put_headers(request.headers, signed.headers)
    return request


async def _sign_for_aiohttp(signer: Signer, request: Any) -> None:
    """A ClientRequest of aiohttp, signed in place. encoded=True keeps yarl from rewriting the URL once more."""
    get_async = getattr(signer._provider, "get_async", None)
    if get_async is not None and signer._credentials is None:
        await get_async()  # so that fetching credentials does not block the event loop
    if getattr(request, "compress", None):
        raise RequestError("aiohttp compresses a body after it is signed; compress it yourself and set Content-Encoding")
    body = request.body
    if hasattr(body, "as_bytes") and "AsyncIterablePayload" not in [base.__name__ for base in type(body).__mro__]:
        body = await body.as_bytes()
    elif not isinstance(body, bytes):
        body = _StreamedBody(body)
    signed = signer.sign(request.method, str(request.url), request.headers, body)
    request.url = type(request.url)(signed.url, encoded=True)
    _put_headers(request.headers, signed.headers)


class _StreamedBody:
    """Stands for a body that can be read only once, and by the library alone."""

    def __init__(self, body: object) -> None:
        self._named = type(body).__name__

    def __aiter__(self) -> NoReturn:
        raise TypeError("only the HTTP library may read this body")


def _urllib_handler(signer: Signer) -> Any:
    import urllib.request as library

    class SigV4Handler(library.BaseHandler):
        handler_order = 900  # after urllib's own handlers, so that what they add is there to be signed

        def http_request(self, request: library.Request) -> library.Request:
            # A redirect: what was to be signed for one host is not signed for another. Or sent on to a proxy: signed already.
            if request.unverifiable or request.has_proxy():
                return request
            given = {**request.unredirected_hdrs, **request.headers}
            signed = signer.sign(request.get_method(), request.full_url, given, request.data)
            request.full_url = signed.url
            for name in [name for name in given if name.lower() in OLD_HEADERS]:
                request.remove_header(name)
            for name, value in signed.headers.items():
                if given.get(name) != value:  # unredirected: a redirect does not take them along
                    request.add_unredirected_header(name, value)
            return request

        https_request = http_request

    return SigV4Handler()


def _put_headers(headers: Any, signed: dict[str, str]) -> None:
    """Makes a library's headers those that were signed: what an earlier signature left goes; Host, which libraries make of the
    URL, and headers that stay as they are, are not touched."""
    for name in [name for name in headers if (name.decode() if isinstance(name, bytes) else name).lower() in OLD_HEADERS]:
        if name in headers:
            del headers[name]
    for name, value in signed.items():
        if name not in headers:
            if name != "Host":
                headers[name] = value
        elif not value.isascii() or name.lower() == CONTENT_SHA256:
            headers[name] = value.encode("latin-1").decode() if hasattr(headers, "raw") else value  # httpx encodes as UTF-8


def _target(url: str) -> str:
    """Path and query of an absolute URL, as in the request line."""
    return "/" + url.partition("://")[2].partition("/")[2]


def _refuse_dot_segments(url: str, library: str) -> None:
    path = _target(url).partition("?")[0]
    if path != _without_dot_segments(path):
        raise RequestError(f"{library} drops dot segments from paths such as that of {_shown(url)}; use Client, urllib or http.client")


# 7. Tokens ------------------------------------------------------------------------------------------------------------
# Presigned URLs that serve as passwords. region=None is the signer's, then that of the host, then the one that is configured.


def rds_token(signer: Signer, host: str, port: int, user: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """The password of a database user who has IAM authentication in RDS or Aurora, good for 15 minutes to connect.

    Raises RequestError where host, name or region can't be a part of it, CredentialsError where there are no credentials.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
    """
    query = f"Action=connect&DBUser={_quoted(user, 'user')}"
    return _token(signer, f"https://{_name(host, 'host')}:{port}/?{query}", "rds-db", region, now)


def dsql_token(
    signer: Signer, host: str, *, admin: bool = False, expires: int = 900, region: str | None = None, now: datetime | None = None
) -> str:
    """The password for an Aurora DSQL cluster; admin: for its user `admin`. expires: seconds.

    Raises RequestError where host, name or region can't be a part of it, CredentialsError where there are no credentials.
    Source: https://docs.aws.amazon.com/aurora-dsql/latest/userguide/SECTION_authentication-token.html
    """
    action = "DbConnectAdmin" if admin else "DbConnect"
    return _token(signer, f"https://{_name(host, 'host')}/?Action={action}", "dsql", region, now, expires=expires)


def elasticache_token(
    signer: Signer, cache_name: str, user: str, *, serverless: bool = False, region: str | None = None, now: datetime | None = None
) -> str:
    """The password of an ElastiCache user for AUTH or HELLO, good for 15 minutes to connect and 12 hours to stay.

    cache_name: of the replication group or the serverless cache. Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    Raises RequestError where host, name or region can't be a part of it, CredentialsError where there are no credentials.
    """
    query = f"Action=connect&User={_quoted(user, 'user')}" + ("&ResourceType=ServerlessCache" if serverless else "")
    return _token(signer, f"http://{_name(cache_name, 'cache_name').lower()}/?{query}", "elasticache", region, now)


def memorydb_token(signer: Signer, cluster_name: str, user: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """The password of a MemoryDB user, as elasticache_token's. Source: https://docs.aws.amazon.com/memorydb/latest/devguide/auth-iam.html

    Raises RequestError where host, name or region can't be a part of it, CredentialsError where there are no credentials.
    """
    url = f"http://{_name(cluster_name, 'cluster_name').lower()}/?Action=connect&User={_quoted(user, 'user')}"
    return _token(signer, url, "memorydb", region, now)


def msk_token(signer: Signer, *, region: str | None = None, now: datetime | None = None) -> tuple[str, int]:
    """(token, its end in milliseconds since the epoch) for OAUTHBEARER with a Kafka cluster of MSK.

    Raises RequestError where host, name or region can't be a part of it, CredentialsError where there are no credentials.
    Source: https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html
    """
    region = _token_region(signer, region)
    url = f"https://kafka.{region}.amazonaws.com/?Action=kafka-cluster%3AConnect"
    seconds = _read_clock(signer._clock, now)[0]
    url = signer.presign("GET", url, expires=900, service="kafka-cluster", region=region, now=now or _at(seconds))
    return _base64url(f"{url}&User-Agent=sigv4%2F{__version__}".encode()), (int(seconds) + 900) * 1000


def eks_token(signer: Signer, cluster_name: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """The bearer token for the Kubernetes API of an EKS cluster, good for 15 minutes.

    Raises RequestError where host, name or region can't be a part of it, CredentialsError where there are no credentials.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html
    """
    region = _token_region(signer, region)
    url = f"https://sts.{region}.{_partition(region)[0]}/?Action=GetCallerIdentity&Version=2011-06-15"
    url = signer.presign(
        "GET", url, {"x-k8s-aws-id": _name(cluster_name, "cluster_name")}, expires=60, service="sts", region=region, now=now
    )
    return "k8s-aws-v1." + _base64url(url.encode())


def iot_mqtt_url(signer: Signer, endpoint: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """The wss URL for MQTT over a WebSocket (sub-protocol mqtt) to an IoT endpoint, such as abc-ats.iot.us-east-1.amazonaws.com.

    Raises RequestError where host, name or region can't be a part of it, CredentialsError where there are no credentials.
    Source: https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
    """
    return signer.presign("GET", f"wss://{_name(endpoint, 'endpoint')}/mqtt", service=IOT_GATEWAY, region=region, now=now)


def _token(signer: Signer, url: str, service: str, region: str | None, now: datetime | None, expires: int = 900) -> str:
    """A presigned URL without its scheme."""
    if region is None and signer.region is None:
        (_, _, found), _, _ = _split_url(url)
        region = found[1] if found else None
    region = _token_region(signer, region)
    return signer.presign("GET", url, expires=expires, service=service, region=region, now=now).partition("://")[2]


def _token_region(signer: Signer, region: Any) -> str:
    region = region or signer.region or signer._find_region()
    if region is None or isinstance(_read_region(region), tuple):
        raise RequestError("the token is for one region; pass region=, or set AWS_REGION")
    return _read_scope("region", region)


def _name(text: Any, what: str) -> str:
    """A host or a name as part of a URL."""
    if not isinstance(text, str) or not text or not text.isascii() or text.encode().translate(None, UNRESERVED):
        raise RequestError(f"{what} is {_beginning(text)}; it must be a name alone, without scheme, port or path")
    return text


def _quoted(text: str, what: str) -> str:
    return _quote(_utf8(text, what))


# 8. S3 and streams ----------------------------------------------------------------------------------------------------

MIN_CHUNK = 8192  # bytes: S3's bound for every chunk but the last
SIGNATURE_V4A = 144  # characters to which SigV4a's are padded in a stream, so that its length is known in advance
# Bytes of the checksums that S3 takes as a trailer.
CHECKSUM_SIZES = {
    "crc32": 4,
    "crc32c": 4,
    "crc64nvme": 8,
    "sha1": 20,
    "sha256": 32,
    "sha512": 64,
    "xxhash64": 8,
    "xxhash3": 8,
    "xxhash128": 16,
}
OWN_CHECKSUMS = ("crc32", "sha1", "sha256")  # those that the standard library computes
TRAILER_SIGNATURE = "x-amz-trailer-signature"
MAX_EVENT_HEADERS, MAX_EVENT_PAYLOAD, MAX_EVENT_VALUE = 1 << 17, 1 << 24, 32767  # bytes


def sign_stream(
    signer: Signer,
    method: str,
    url: str,
    headers: Headers = None,
    body: Any = b"",
    *,
    length: int | None = None,
    chunk_size: int = 65536,
    checksum: Any = None,
    signed: bool = True,
    **options: Any,
) -> SignedRequest:
    """An S3 upload that is signed piece by piece as it is sent (aws-chunked): memory is a chunk, however long the stream.

    body: a binary file, a buffer, or an iterable of bytes. length: its bytes; for a file or a buffer None is what is left of it.
    chunk_size: bytes a chunk, 8192 or more. checksum: "crc32", "sha1" or "sha256", sent after the data as a trailer; another one of
    S3's as (name, what computes it), an object with update() and digest(), a callable that makes one, or a function
    (data, value so far) -> value as zlib.crc32 is. signed: whether chunks and trailer are signed; where not, the checksum
    (crc32 if none is named) alone guards the data. options: as for Signer.sign; a region of * or a list signs with SigV4a.

    The request's body is an iterable of bytes whose len() is the encoded length; with requests, httpx, urllib and http.client it
    goes as it is. A file or a buffer can be sent again, where an object for the checksum has a copy(). Iterating raises RequestError,
    before the end of the stream is sent, where the body is not as long as was said or a checksum not as long as S3's.
    Raises RequestError for what can't be signed so, CredentialsError where there are no credentials.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
    """
    if isinstance(body, str):
        body = _utf8(body, "body").encode()
    kind = _body_kind(body)
    if kind == "stream" and not hasattr(body, "read") and not hasattr(body, "__iter__"):
        raise RequestError("body is an asynchronous iterable; a stream is signed as it is iterated, without await")
    if length is None:
        length = _size_of(body) if kind == "file" else memoryview(body).nbytes if kind == "buffer" else None
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length < 1 << 63:
        raise RequestError(f"length is {_kind(length)}; it must be the number of bytes that body gives")
    if not isinstance(chunk_size, int) or chunk_size < MIN_CHUNK:
        raise RequestError(f"chunk_size must be an int of {MIN_CHUNK} bytes or more")
    if checksum is None and not signed:
        checksum = "crc32"
    name, make = _checksum(checksum)
    credentials = signer._ask()  # one set for the request and all chunks
    given = _header_pairs(headers)
    service, region = signer._scope(url, given, options.pop("service", None), options.pop("region", None))
    frozen = Signer(credentials, service=service, region=region, clock=signer._clock, **signer._options)
    encodings = [
        part.strip()
        for key, value in given
        if _header_name(key).lower() == "content-encoding"
        for part in _header_text(key, value).split(",")
        if part.strip().lower() not in ("", "aws-chunked")
    ]
    replaced = ("content-encoding", "content-length", "x-amz-decoded-content-length", "x-amz-trailer", CONTENT_SHA256, "transfer-encoding")
    kept = [(key, value) for key, value in given if _header_name(key).lower() not in replaced]
    kept += [("Content-Encoding", ",".join([*encodings, "aws-chunked"])), ("X-Amz-Decoded-Content-Length", str(length))]
    if name:
        kept.append(("X-Amz-Trailer", f"x-amz-checksum-{name}"))
    asymmetric = isinstance(region, tuple)
    algorithm = "STREAMING-UNSIGNED-PAYLOAD" if not signed else f"STREAMING-{ALGORITHM_V4A if asymmetric else ALGORITHM}-PAYLOAD"
    size = encoded_length(length, chunk_size, 0 if not signed else SIGNATURE_V4A if asymmetric else 64, name)
    kept.append(("Content-Length", str(size)))
    hashed = algorithm + ("-TRAILER" if name else "")
    request = frozen.sign(method, url, kept, None, payload_hash=hashed, **{"content_sha256": True, **options})
    request.body = _Chunks(request, credentials, body, kind, length, chunk_size, size, name, make, signed)
    return request


def encoded_length(length: int, chunk_size: int, signature: int, checksum: str = "") -> int:
    """Bytes of an aws-chunked body of `length` bytes: each chunk with its size in hex, its signature (characters, or 0) and two line
    ends, the final chunk of none, the trailer with its checksum and signature, and a line end.
    Raises RequestError for what is no number of bytes, and for a checksum that S3 does not know.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
    """
    numbers = (length, chunk_size, signature)
    if not all(isinstance(number, int) and 0 <= number < 1 << 63 for number in numbers) or not chunk_size:
        raise RequestError("length, chunk_size and signature must be numbers of bytes, chunk_size 1 or more")
    if checksum and checksum not in CHECKSUM_SIZES:
        raise RequestError(f"checksum may be one of {', '.join(CHECKSUM_SIZES)}")
    extension = len(";chunk-signature=") + signature if signature else 0
    whole, rest = divmod(length, chunk_size)
    total = whole * (len(f"{chunk_size:x}") + extension + 2 + chunk_size + 2)
    if rest:
        total += len(f"{rest:x}") + extension + 2 + rest + 2
    total += 1 + extension + 2
    if checksum:
        total += len(f"x-amz-checksum-{checksum}:") + (CHECKSUM_SIZES[checksum] + 2) // 3 * 4 + 2
        total += len(f"{TRAILER_SIGNATURE}:") + signature + 2 if signature else 0
    return total + 2


def _checksum(checksum: Any) -> tuple[str, Callable[[], Any]]:
    """(name, a callable that makes an object with update() and digest())."""
    if checksum is None:
        return "", _Running
    name, thing = checksum if isinstance(checksum, tuple) and len(checksum) == 2 else (checksum, None)
    own: dict[str, Callable[[], Any]] = dict(zip(OWN_CHECKSUMS, (_Running, _sha1, sha256)))
    computes = hasattr(thing, "update") or callable(thing)
    if not isinstance(name, str) or name not in CHECKSUM_SIZES or (not computes if isinstance(checksum, tuple) else name not in own):
        raise RequestError(
            f"checksum may be one of {', '.join(own)}, or a pair of another name of S3's ({', '.join(CHECKSUM_SIZES)}) and what computes it"
        )
    if thing is None:
        return name, own[name]
    if hasattr(thing, "update") and not isinstance(thing, type):
        return name, thing.copy if hasattr(thing, "copy") else partial(_use_once, [thing])
    try:
        made = thing()
    except TypeError:
        made = None
    return name, thing if hasattr(made, "update") else partial(_Running, thing, CHECKSUM_SIZES[name])


def _sha1() -> Any:
    from hashlib import sha1

    return sha1()


def _use_once(things: list[Any]) -> Any:
    """A checksum object that can't be copied, for the first sending."""
    if not things:
        raise RequestError("the checksum object has no copy(), so its body can be sent only once, and it was; make the request anew")
    return things.pop()


class _Running:
    """A checksum by a function (data, value so far) -> value; zlib's crc32 where none is given."""

    def __init__(self, function: Any = None, size: int = 4) -> None:
        if function is None:
            from zlib import crc32 as function
        self._function = function
        self._size = size
        self._value = 0

    def update(self, data: Any) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(max(self._size, (self._value.bit_length() + 7) // 8), "big")


class _Chain:
    """The signatures of a stream, each over the one before. S3's chunks and trailers, and events, differ in two lines.

    credentials: for what is only checked, SigV4a's public key will do."""

    def __init__(self, credentials: Any, amz_date: str, scope: str, signature: str, asymmetric: bool) -> None:
        self.signature = signature
        self._credentials = credentials
        self._asymmetric = asymmetric
        self._algorithm = ALGORITHM_V4A if asymmetric else ALGORITHM
        self.move(amz_date, scope)

    def move(self, amz_date: str, scope: str) -> None:
        """To another time: an event is signed for its own."""
        self._heads = {kind: f"{self._algorithm}-{kind}\n{amz_date}\n{scope}\n" for kind in ("PAYLOAD", "TRAILER")}
        if self._credentials.__class__ is tuple:
            self._key: Any = self._credentials
        elif self._asymmetric:
            self._key = sigv4a_key(self._credentials.access_key_id, self._credentials.secret_access_key)
        else:
            date, region, service, _ = scope.split("/")
            self._key = _signing_state(self._credentials, date, region, service)[4:]

    def sign(self, kind: str, hashes: str) -> str:
        """The next signature, of `kind` PAYLOAD or TRAILER, in lowercase hex; SigV4a's not padded. hashes: the lines at the end."""
        to_sign = f"{self._heads[kind]}{self.signature}\n{hashes}"
        if self._asymmetric:
            self.signature = sigv4a_signature(self._key, to_sign)
        else:
            self.signature = _hmac(to_sign, *self._key)
        return self.signature

    def check(self, kind: str, hashes: str, signature: str) -> bool:
        """Whether the next signature, as it arrived, holds; SigV4a's may be padded."""
        to_sign = f"{self._heads[kind]}{self.signature}\n{hashes}"
        self.signature = signature
        if self._asymmetric:
            self.signature = signature.rstrip("*")
            return sigv4a_verify(self._key, to_sign, self.signature)
        return signature.isascii() and hmac.compare_digest(_hmac(to_sign, *self._key), signature)


class _Chunks:
    """The aws-chunked body of a request: iterate for its pieces; its len() is what Content-Length says."""

    def __init__(self, request: SignedRequest, credentials: Credentials, body: Any, kind: str, *layout: Any) -> None:
        self._request = request
        self._credentials = credentials
        self._body = body
        self._kind = kind
        self._length, self._chunk_size, self._size, self._name, self._make, self._signed = layout
        self._start = _position(body) if kind == "file" else 0
        self._used = False

    def __len__(self) -> int:
        return int(self._size)

    def __iter__(self) -> Iterator[bytes]:
        if self._used and self._kind == "stream":
            raise RequestError("this body can be read only once, and it was; make the request anew")
        if self._kind == "file":
            _position(self._body, self._start, 0)
        self._used = True
        algorithm, amz_date, scope, _ = self._request.string_to_sign.split("\n")
        asymmetric = algorithm == ALGORITHM_V4A
        chain = _Chain(self._credentials, amz_date, scope, self._request.signature, asymmetric)
        check = self._make() if self._name else None
        left = self._length
        before = b""
        for chunk in self._pieces():
            left -= len(chunk)
            if left < 0:
                raise RequestError(f"body gives more than the {self._length} bytes that were said")
            if check is not None:
                check.update(chunk)
            yield before + self._line(chain, chunk)
            yield chunk
            before = b"\r\n"
        if left:
            raise RequestError(f"body ended {left} bytes short of the {self._length} that were said")
        end = before + self._line(chain, b"")
        if check is not None:
            from base64 import b64encode

            try:
                digest = bytes(memoryview(check.digest()))
            except (OverflowError, TypeError) as error:
                raise RequestError(f"the checksum gives no bytes: {error}") from error
            if len(digest) != CHECKSUM_SIZES[self._name]:
                raise RequestError(f"the checksum has {len(digest)} bytes; {self._name} has {CHECKSUM_SIZES[self._name]}")
            trailer = f"x-amz-checksum-{self._name}:{b64encode(digest).decode()}"
            end += trailer.encode() + b"\r\n"
            if self._signed:
                signature = chain.sign("TRAILER", sha256(trailer.encode() + b"\n").hexdigest())
                end += f"{TRAILER_SIGNATURE}:{self._padded(signature)}\r\n".encode()
        yield end + b"\r\n"

    def _padded(self, signature: str) -> str:
        return signature if len(signature) == 64 else signature.ljust(SIGNATURE_V4A, "*")

    def _line(self, chain: _Chain, chunk: Any) -> bytes:
        """What stands before a chunk's data."""
        if not self._signed:
            return b"%x\r\n" % len(chunk)
        signature = chain.sign("PAYLOAD", f"{EMPTY_SHA256}\n{sha256(chunk).hexdigest()}")
        return f"{len(chunk):x};chunk-signature={self._padded(signature)}\r\n".encode()

    def _pieces(self) -> Iterator[Any]:
        """The data in chunks of the full size, and a last one of the rest."""
        size = self._chunk_size
        if self._kind == "buffer":
            view = _bytes_view(self._body)
            for start in range(0, len(view), size):
                yield view[start : start + size]
            return
        held = bytearray()
        for piece in _buffers_of(self._body, size):
            if not held and piece.__class__ is bytes and len(piece) == size:  # as a file gives them: no copy
                yield piece
                continue
            view = _bytes_view(piece)
            start = 0
            if held:
                start = size - len(held)
                held += view[:start]
                if len(held) < size:
                    continue
                yield bytes(held)
                held.clear()
            while len(view) - start >= size:
                yield bytes(view[start : start + size])
                start += size
            held += view[start:]
        if held:
            yield bytes(held)


def _buffers_of(body: Any, size: int) -> Iterator[Any]:
    """What a file gives in reads of that size, or an iterable, each checked to be bytes of some kind."""
    return map(_check_piece, iter(partial(body.read, size), b"") if hasattr(body, "read") else body)


def _check_piece(piece: Any) -> Any:
    if not isinstance(piece, (bytes, bytearray, memoryview)):
        raise RequestError(f"body gives {_kind(piece)} where it must give bytes")
    return piece


def _bytes_view(buffer: Any) -> memoryview:
    """A view of a buffer's bytes, whatever its items are."""
    view = memoryview(buffer)
    return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())


def post_policy(
    signer: Signer, url: str, conditions: Iterable[Any] = (), fields: Headers = (), *, expires: int, now: datetime | None = None
) -> tuple[str, dict[str, str]]:
    """(url, fields) of a form by which a browser uploads to a bucket: multipart/form-data, these fields first, `file` last.

    url: the bucket's. conditions: S3's, {"acl": "private"} or ["content-length-range", 1, 1048576], beside those that are made for
    the bucket and for each field that has none. fields: those of the form, `key` among them, which may end with ${filename}.
    expires: seconds, 1..604800.
    Raises RequestError where there is no key, for several regions, and for what JSON can't hold; CredentialsError as for sign.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    import json
    from base64 import b64encode

    if expires.__class__ is not int or not 1 <= expires <= MAX_EXPIRES:
        raise RequestError(f"expires must be an int of seconds from 1 to {MAX_EXPIRES} (7 days)")
    made = ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-security-token", "x-amz-signature", "policy")
    pairs = _header_pairs(fields)
    try:
        form = {str(name): value.decode() if isinstance(value, bytes) else str(value) for name, value in pairs}
        stated: list[Any] = list(conditions)
    except (TypeError, ValueError) as error:
        raise RequestError(f"fields must be texts that UTF-8 can hold, and conditions a list: {type(error).__name__}") from None
    form = {name: value for name, value in form.items() if name.lower() not in made}  # those of an earlier signature
    if "key" not in form:
        raise RequestError("fields must hold the key of the object, such as 'uploads/${filename}'")
    (scheme, authority, _), path, _ = _split_url(url)
    service, region = signer._scope(url, None, signer.service or "s3", None)
    if isinstance(region, tuple):
        raise RequestError("a form is signed for one region; pass region= to Signer")
    credentials = signer._ask()
    seconds, amz_date, date = _read_clock(signer._clock, now)
    _, _, credential, _, inner, outer = _signing_state(credentials, date, region, service)
    covered = {name for each in stated if isinstance(each, dict) for name in each}
    covered |= {str(each[1])[1:] for each in stated if isinstance(each, (list, tuple)) and len(each) == 3 and str(each[1])[:1] == "$"}
    if "bucket" not in covered:
        stated.append({"bucket": _bucket_name(url)[1]})
    for name, value in form.items():
        if name not in covered:
            stated.append(["starts-with", "$" + name, value[: -len("${filename}")]] if value.endswith("${filename}") else {name: value})
    signing = {"x-amz-algorithm": ALGORITHM, "x-amz-credential": credential, "x-amz-date": amz_date}
    if credentials.session_token:
        signing["x-amz-security-token"] = credentials.session_token
    stated += [{name: value} for name, value in signing.items()]
    try:
        policy = b64encode(json.dumps({"expiration": _iso(seconds + expires), "conditions": stated}).encode()).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise RequestError(f"conditions must be what JSON can hold: {error}") from None
    return f"{scheme}://{authority}{_wire_path(path, False, False)}", {
        **form,
        **signing,
        "policy": policy,
        "x-amz-signature": _hmac(policy, inner, outer),
    }


def _bucket_name(url: str) -> tuple[str, str]:
    """(authority, the bucket that a URL means): the labels before S3's own in one of AWS's hosts, else the path's first segment, else
    the first label."""
    (_, authority, found), path, _ = _split_url(url)
    labels = authority.split(".")
    own = [index for index, label in enumerate(labels) if label == "s3" or label.startswith("s3-")]
    if own and found:
        labels = labels[: own[-1]]
        if labels[-1:] and labels[-1].startswith("vpce-"):  # an interface endpoint: [NAME.]bucket.vpce-ID.s3.
            labels.pop()
            if labels[-1:] == ["bucket"]:
                labels.pop()
        if labels:
            return authority, ".".join(labels)
    return authority, _unquote(path.strip("/").partition("/")[0]).decode("utf-8", "replace") or authority.partition(".")[0]


class EventSigner:
    """Signs the events of a stream (Transcribe, Lex, Bedrock ...), each over the one before, beginning with the request's signature.

    seed: the SignedRequest that opens the stream, whose payload hash is STREAMING-AWS4-HMAC-SHA256-EVENTS, or a signature in hex
    for a signer whose service and region are set. Each event is signed for its own time, so a stream may cross midnight.
    Source: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-http2.html
    """

    def __init__(self, signer: Signer, seed: SignedRequest | str) -> None:
        credentials = signer._ask()
        self._clock = signer._clock
        if isinstance(seed, SignedRequest):
            algorithm, amz_date, scope, _ = seed.string_to_sign.split("\n")
            if algorithm != ALGORITHM:
                raise RequestError("events are signed with SigV4 only, not with SigV4a")
            if f"Credential={credentials.access_key_id}/" not in seed.headers.get("Authorization", ""):
                raise RequestError("the request was signed with other credentials than the signer gives now; sign it anew and begin again")
            signature = seed.signature
        else:
            _, amz_date, date = _read_clock(self._clock, None)
            if signer.service is None or signer.region is None or isinstance(_read_region(signer.region), tuple):
                raise RequestError("for a bare signature the signer must have a service and one region; events are signed with SigV4 only")
            _, scope, *_ = _signing_state(credentials, date, signer.region, signer.service)
            signature = seed
        if not isinstance(signature, str) or len(signature) != 64 or not HEX_DIGITS.issuperset(signature):
            raise RequestError(f"seed is {_kind(seed)}; it must be a SignedRequest, or its signature, 64 hex digits")
        _, self._region, self._service, _ = scope.split("/")
        self._chain = _Chain(credentials, amz_date, scope, signature, False)

    def sign(self, message: bytes, *, now: datetime | None = None) -> bytes:
        """The event to send: an encoded frame around the message, which is an encoded event itself (see encode_event)."""
        message = _event_payload(message)  # before the chain moves on: an event that is refused was never signed
        seconds, amz_date, date = _read_clock(self._clock, now)
        moment = (8, int(seconds // 1) * 1000)
        stamp = _encode_headers({":date": moment})
        self._chain.move(amz_date, f"{date}/{self._region}/{self._service}/aws4_request")
        signature = self._chain.sign("PAYLOAD", f"{sha256(stamp).hexdigest()}\n{sha256(message).hexdigest()}")
        return encode_event({":date": moment, ":chunk-signature": bytes.fromhex(signature)}, message)

    def end(self, *, now: datetime | None = None) -> bytes:
        """The event that ends the stream: one of no message."""
        return self.sign(b"", now=now)


def encode_event(headers: Mapping[str, Any], payload: bytes) -> bytes:
    """An event as application/vnd.amazon.eventstream frames it.

    headers: {name: value}; bool, int (32 bits where it fits, else 64), bytes, str, an aware datetime or a uuid.UUID; or a pair
    (type 0..9 of the format, value) where another integer or a timestamp in milliseconds is meant.
    Raises RequestError where a header or the payload is too long, or of another type.
    Source: https://smithy.io/2.0/aws/amazon-eventstream.html
    """
    from zlib import crc32

    encoded = _encode_headers(headers)
    payload = _event_payload(payload)
    if len(encoded) > MAX_EVENT_HEADERS:
        raise RequestError(f"an event holds {MAX_EVENT_HEADERS} bytes of headers at most")
    prelude = (16 + len(encoded) + len(payload)).to_bytes(4, "big") + len(encoded).to_bytes(4, "big")
    frame = prelude + crc32(prelude).to_bytes(4, "big") + encoded + payload
    return frame + crc32(frame).to_bytes(4, "big")


def _event_payload(payload: Any) -> bytes:
    if not isinstance(payload, (bytes, bytearray, memoryview)):
        raise RequestError(f"an event is {_kind(payload)}; it must be bytes")
    data = _buffer(payload)
    if len(data) > MAX_EVENT_PAYLOAD:
        raise RequestError(f"an event holds {MAX_EVENT_PAYLOAD} bytes of payload at most")
    return data


def _buffer(data: Any) -> bytes:
    try:
        return bytes(data)
    except ValueError:
        raise RequestError("an event is a memoryview that was released") from None


def _encode_headers(headers: Mapping[str, Any]) -> bytes:
    """name length, name, type, value of each header."""
    if not hasattr(headers, "items"):
        raise RequestError(f"an event's headers are {_kind(headers)}; they must be a mapping")
    parts = []
    for name, value in headers.items():
        encoded = _utf8(name, "an event's header name").encode()
        if not 1 <= len(encoded) <= 255:
            raise RequestError("an event's header name has 1 to 255 bytes")
        parts.append(bytes([len(encoded)]) + encoded + _encode_value(value))
    return b"".join(parts)


def _encode_value(value: Any) -> bytes:
    kind, value = value if isinstance(value, tuple) and len(value) == 2 else (None, value)
    if kind is None:
        if isinstance(value, bool):
            kind = 0 if value else 1
        elif isinstance(value, int):
            kind = 4 if -(2**31) <= value < 2**31 else 5
        elif hasattr(value, "utcoffset"):
            kind, value = 8, round(_read_clock(time.time, value)[0] * 1000)
        else:
            kind = 6 if isinstance(value, (bytes, bytearray)) else 7 if isinstance(value, str) else 9 if hasattr(value, "bytes") else None
    try:
        if kind in (0, 1):
            return bytes([kind])
        if kind in EVENT_INTEGERS:
            return bytes([kind]) + int(value.__index__()).to_bytes(EVENT_INTEGERS[kind], "big", signed=True)
        if kind == 9:
            data = value if isinstance(value, bytes) else value.bytes
            if len(data) != 16:
                raise ValueError
            return b"\x09" + data
        data = value.encode() if kind == 7 else bytes(memoryview(value)) if kind == 6 else None
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise RequestError(f"an event's header is {_kind(value)}, which type {kind} can't hold") from error
    if data is None or len(data) > MAX_EVENT_VALUE:
        raise RequestError(f"an event's header is {_kind(value)}, or longer than {MAX_EVENT_VALUE} bytes")
    return bytes([kind or 0]) + len(data).to_bytes(2, "big") + data


EVENT_INTEGERS = {2: 1, 3: 2, 4: 4, 5: 8, 8: 8}  # bytes of the types that are whole numbers


def decode_event(data: bytes) -> tuple[dict[str, Any], bytes]:
    """(headers, payload) of one framed event: timestamps as aware datetimes, UUIDs as uuid.UUID.

    Raises RequestError where it is truncated, longer than it says, too large, or its checksums do not hold.
    Source: https://smithy.io/2.0/aws/amazon-eventstream.html
    """
    from datetime import datetime, timedelta, timezone
    from zlib import crc32

    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise RequestError(f"the event is {_kind(data)}; it must be bytes")
    data = _buffer(data)
    total, length = (int.from_bytes(data[start : start + 4], "big") for start in (0, 4))
    if len(data) < 16 or int.from_bytes(data[8:12], "big") != crc32(data[:8]):
        raise RequestError("the event is truncated, or its beginning corrupt")
    if total != len(data) or length > min(MAX_EVENT_HEADERS, total - 16) or total - 16 - length > MAX_EVENT_PAYLOAD:
        raise RequestError(f"the event says it has {total} bytes, {length} of them headers; {len(data)} are here")
    if int.from_bytes(data[-4:], "big") != crc32(data[:-4]):
        raise RequestError("the event is corrupt: its checksum does not hold")
    headers: dict[str, Any] = {}
    rest = data[12 : 12 + length]
    try:
        while rest:
            size = rest[0]
            name, kind, rest = rest[1 : 1 + size].decode(), rest[1 + size], rest[2 + size :]
            width = 0 if kind < 2 else 16 if kind == 9 else EVENT_INTEGERS.get(kind, 0)
            if kind in (6, 7):
                width, rest = int.from_bytes(rest[:2], "big") if len(rest) > 1 else MAX_EVENT_VALUE + 1, rest[2:]
            value, rest = rest[:width], rest[width:]
            if kind > 9 or len(value) != width or width > MAX_EVENT_VALUE or not name or name in headers:
                raise ValueError
            if kind in EVENT_INTEGERS:
                number = int.from_bytes(value, "big", signed=True)
                headers[name] = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=number) if kind == 8 else number
            elif kind == 9:
                from uuid import UUID

                headers[name] = UUID(bytes=value)
            else:
                headers[name] = kind == 0 if kind < 2 else value.decode() if kind == 7 else value
    except (IndexError, OverflowError, ValueError) as error:
        raise RequestError("the event's headers are malformed") from error
    return headers, data[12 + length : -4]


# 9. SigV4a ------------------------------------------------------------------------------------------------------------
# ECDSA over P-256 (FIPS 186-5, SEC 2 2.4.2) in Python integers, for requests to several regions at once. Points are XYZZ
# quadruples, x = X/ZZ, y = Y/ZZZ with ZZ^3 = ZZZ^2 (hyperelliptic.org/EFD, xyzz-3); an exceptional addition gives ZZ = 0.

P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
P256_OID = bytes.fromhex("06082a8648ce3d030107")  # prime256v1, as DER names it
P256_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

_comb: Any = None  # see _comb_rows; made at the first signature
_blind: Any = None  # (b, b * G): see _multiply_base


def sigv4a_key(access_key_id: str, secret_access_key: str) -> int:
    """The private key of SigV4a, 1 <= d < n: K0 + 1 of the first counter, from 1, whose K0 <= n - 2, where
    K0 = HMAC-SHA256("AWS4A" + secret, 00000001 | algorithm | 00 | access key id | counter | 00000100).

    It depends on the credentials alone. Source: aws-c-auth, key_derivation.c.
    Raises CredentialsError where no counter will do, which happens to none.
    """
    key = b"AWS4A" + _utf8(secret_access_key, "secret_access_key").encode()
    for counter in range(1, 255):
        fixed = (
            b"\0\0\0\1" + ALGORITHM_V4A.encode() + b"\0" + _utf8(access_key_id, "access_key_id").encode() + bytes([counter]) + b"\0\0\1\0"
        )
        candidate = int.from_bytes(hmac.digest(key, fixed, "sha256"), "big")
        if candidate <= P256_N - 2:
            return candidate + 1
    raise CredentialsError("no SigV4a key can be derived from these credentials")  # of 254 chances of 2**-32 each to miss


def sigv4a_signature(private_key: int, string_to_sign: str, extra_entropy: bytes = b"") -> str:
    """ECDSA over the SHA-256 of the string to sign, DER in lowercase hex; the nonce is RFC 6979's, with extra entropy (3.6) if given.

    Python's integers take longer for some values than for others. Scalars are blinded, but who can time very many signatures
    closely, on the same machine say, may still learn something; use AWS's own signer, in C, where that is a danger.
    Raises RequestError for what is no private key or no text.
    Source: FIPS 186-5 6.4.1, RFC 6979 3.2
    """
    digest = sha256(_utf8(string_to_sign, "string_to_sign").encode()).digest()
    r, s = _sign_p256(private_key, digest, extra_entropy)
    parts = [b"\2" + bytes([len(part)]) + part for part in (number.to_bytes(number.bit_length() // 8 + 1, "big") for number in (r, s))]
    return (b"\x30" + bytes([len(parts[0]) + len(parts[1])]) + parts[0] + parts[1]).hex()


def sigv4a_verify(public_key: tuple[int, int], string_to_sign: str, signature: str) -> bool:
    """Whether a signature in lowercase hex is the key's over the string to sign. A high s is valid, DER is read strictly.

    Raises RequestError where public_key is no pair of ints.
    Source: FIPS 186-5 6.4.2
    """
    numbers = _read_der(signature)
    if not isinstance(public_key, tuple) or len(public_key) != 2 or not all(isinstance(number, int) for number in public_key):
        raise RequestError("a public key of P-256 is a pair of ints (x, y), as sigv4a_public_key makes it")
    x, y = public_key
    if numbers is None or not (0 <= x < P256_P and 0 <= y < P256_P) or (y * y - x**3 + 3 * x - P256_B) % P256_P:
        return False
    r, s = numbers
    if not (1 <= r < P256_N and 1 <= s < P256_N):
        return False
    inverse = pow(s, -1, P256_N)
    digest = int.from_bytes(sha256(_utf8(string_to_sign, "string_to_sign").encode()).digest(), "big")
    found = _affine_add(_multiply(digest * inverse % P256_N, P256_G), _multiply(r * inverse % P256_N, public_key))
    return found is not None and found[0] % P256_N == r


def sigv4a_public_key(private_key: int) -> tuple[int, int]:
    """(x, y) of the public key of a private one, as sigv4a_key makes it: two ints below p.

    Raises RequestError for what is no private key.
    Source: SEC 1 3.2.1
    """
    _check_private_key(private_key)
    found = _multiply(private_key, P256_G)
    assert found is not None
    return found


def _check_private_key(private_key: int) -> None:
    if not isinstance(private_key, int) or not 1 <= private_key < P256_N:
        raise RequestError("a private key of P-256 is an int from 1 to n - 1, as sigv4a_key makes it")


def _sign_p256(private_key: int, digest: bytes, extra_entropy: bytes = b"") -> tuple[int, int]:
    """(r, s) of ECDSA over a digest."""
    _check_private_key(private_key)
    message = int.from_bytes(digest, "big")
    for nonce in _nonces(private_key, message, extra_entropy):
        r = _multiply_base(nonce) % P256_N
        mask = int.from_bytes(os.urandom(32), "big") | 1  # so that the time of the inversion tells nothing of the nonce
        s = pow(nonce * mask, -1, P256_N) * mask * (message + r * private_key) % P256_N
        if r and s:
            return r, s
    raise AssertionError  # the nonces have no end


def _nonces(private_key: int, message: int, extra: bytes) -> Iterator[int]:
    """RFC 6979 3.2, with 3.6 for the extra entropy."""
    seed = private_key.to_bytes(32, "big") + (message % P256_N).to_bytes(32, "big") + extra
    value, key = b"\1" * 32, bytes(32)
    for mark in (b"\0", b"\1"):
        key = hmac.digest(key, value + mark + seed, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        nonce = int.from_bytes(value, "big")
        if 1 <= nonce < P256_N:
            yield nonce
        key = hmac.digest(key, value + b"\0", "sha256")
        value = hmac.digest(key, value, "sha256")


def _comb_rows() -> list[dict[str, tuple[int, int]]]:
    """Four rows: row s has, for each string of eight bits b7..b0, the point sum(+-2**(32 t + 8 s)) * G with + where bt is 1."""
    global _comb, _blind
    if _comb is None:
        (x, y), zz, zzz = P256_G, 1, 1
        doubled = []
        for power in range(256):
            if power % 8 == 0:
                doubled.append((x, y, zz, zzz))
            x, y, zz, zzz = _double(x, y, zz, zzz)
        teeth = _affine_all(doubled)  # 2**(8 i) * G
        rows = []
        for row in range(4):
            # Patterns with the highest bit 1 first, tooth by tooth, all of a round with one inversion; the others are their negatives.
            points = [teeth[28 + row]]
            for tooth in range(6, -1, -1):
                x, y = teeth[4 * tooth + row]
                points = _affine_add_all([(point, other) for point in points for other in ((x, P256_P - y), (x, y))])
            table = {}
            for pattern, (x, y) in enumerate(points):
                table[f"{pattern + 128:08b}"] = (x, y)
                table[f"{127 - pattern:08b}"] = (x, P256_P - y)
            rows.append(table)
        start = int.from_bytes(os.urandom(32), "big") % (P256_N - 1) + 1
        x, y = _affine_all([_comb_sum(rows, start, 1, P256_G)])[0]
        _blind = start, (x, y if (start - 128) % P256_N % 2 else P256_P - y)
        _comb = rows
    found: list[dict[str, tuple[int, int]]] = _comb
    return found


def _multiply_base(scalar: int) -> int:
    """The x of scalar * G, begun with a random b * G, of which the scalar is relieved first. That b is doubled after each use."""
    global _blind
    rows = _comb_rows()
    while True:
        start, point = _blind
        _blind = 2 * start % P256_N, _affine_double(point)
        x, _, zz, _ = _comb_sum(rows, scalar, start, point)
        if zz:
            return x * pow(zz, -1, P256_P) % P256_P


def _comb_sum(rows: list[dict[str, tuple[int, int]]], scalar: int, start: int, point: tuple[int, int]) -> tuple[int, int, int, int]:
    """scalar * G or its negative, from point = start * G with a random Z, by a comb of signed digits: no digit is zero, so each
    scalar costs 32 additions and 7 doublings, and nothing branches by its bits."""
    p = P256_P
    x, y = point
    scalar = (scalar - 128 * start) % P256_N  # the start is doubled seven times
    if scalar % 2 == 0:  # digits of +-1 make odd numbers only
        scalar, y = P256_N - scalar, p - y
    bits = f"{(scalar + 2**256 - 1) >> 1:0256b}"
    z = int.from_bytes(os.urandom(32), "big") % (p - 1) + 1
    zz = z * z % p
    zzz = zz * z % p
    X, Y = x * zz % p, y * zzz % p
    for column in range(7, -1, -1):  # the addition is written out, here and in _multiply: one function for both costs 4 % of a signature
        for row in range(4):
            x, y = rows[row][bits[31 - column - 8 * row :: 32]]
            P = x * zz - X
            R = y * zzz - Y
            PP = P * P % p
            PPP = P * PP % p
            Q = X * PP % p
            X = (R * R - PPP - 2 * Q) % p
            Y = (R * (Q - X) - Y * PPP) % p
            zz = zz * PP % p
            zzz = zzz * PPP % p
        if column:
            X, Y, zz, zzz = _double(X, Y, zz, zzz)
    return X, Y, zz, zzz


def _double(X: int, Y: int, zz: int, zzz: int) -> tuple[int, int, int, int]:
    p = P256_P
    U = 2 * Y
    V = U * U % p
    W = U * V % p
    S = X * V % p
    M = 3 * (X - zz) * (X + zz) % p  # a = -3
    X = (M * M - 2 * S) % p
    return X, (M * (S - X) - W * Y) % p, V * zz % p, W * zzz % p


def _affine_all(points: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """(x, y) of points that are not neutral, with one inversion for all (Montgomery's trick): 1/ZZZ gives 1/ZZ = (ZZ/ZZZ)**2."""
    p = P256_P
    products = [1]
    for _, _, _, zzz in points:
        products.append(products[-1] * zzz % p)
    inverse = pow(products[-1], -1, p)
    found = []
    for index in range(len(points) - 1, -1, -1):
        X, Y, zz, zzz = points[index]
        cubed = inverse * products[index] % p
        inverse = inverse * zzz % p
        root = zz * cubed % p  # 1/Z
        found.append((X * root * root % p, Y * cubed % p))
    return found[::-1]


def _multiply(scalar: int, point: tuple[int, int]) -> tuple[int, int] | None:
    """scalar * point for any point, None where that is the neutral one; not blinded, as only public values are multiplied so."""
    p = P256_P
    window: list[Any] = [None, point]
    for _ in range(14):
        window.append(_affine_add(window[-1], point))
    X, Y, zz, zzz = 1, 1, 0, 0
    for digit in f"{scalar:064x}":
        for _ in range(4 if zz else 0):
            X, Y, zz, zzz = _double(X, Y, zz, zzz)
        other = window[int(digit, 16)]
        if other is None:
            continue
        if not zz:
            (X, Y), zz, zzz = other, 1, 1
            continue
        P = (other[0] * zz - X) % p
        R = (other[1] * zzz - Y) % p
        if not P:  # the same x: a doubling, or the neutral point
            total = _affine_add(_affine_all([(X, Y, zz, zzz)])[0], other)
            (X, Y), zz, zzz = (total or (1, 1)), int(total is not None), int(total is not None)
            continue
        PP = P * P % p
        PPP = P * PP % p
        Q = X * PP % p
        X = (R * R - PPP - 2 * Q) % p
        Y = (R * (Q - X) - Y * PPP) % p
        zz = zz * PP % p
        zzz = zzz * PPP % p
    return _affine_all([(X, Y, zz, zzz)])[0] if zz else None


def _affine_double(point: tuple[int, int]) -> tuple[int, int]:
    x, y = point
    slope = 3 * (x * x - 1) * pow(2 * y, -1, P256_P) % P256_P
    x3 = (slope * slope - 2 * x) % P256_P
    return x3, (slope * (x - x3) - y) % P256_P


def _affine_add(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    """The sum of any two points, None being the neutral one."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        return None if (one[1] + other[1]) % P256_P == 0 else _affine_double(one)
    return _affine_add_all([(one, other)])[0]


def _affine_add_all(pairs: list[tuple[tuple[int, int], tuple[int, int]]]) -> list[tuple[int, int]]:
    """The sums of pairs of points of different x, with one inversion for all (Montgomery's trick)."""
    p = P256_P
    products = [1]
    for (x1, _), (x2, _) in pairs:
        products.append(products[-1] * (x2 - x1) % p)
    inverse = pow(products[-1], -1, p)
    sums = []
    for index in range(len(pairs) - 1, -1, -1):
        (x1, y1), (x2, y2) = pairs[index]
        slope = (y2 - y1) * inverse * products[index] % p
        inverse = inverse * (x2 - x1) % p
        x3 = (slope * slope - x1 - x2) % p
        sums.append((x3, (slope * (x1 - x3) - y1) % p))
    return sums[::-1]


def _read_der(signature: str) -> tuple[int, int] | None:
    """(r, s) of a DER signature in lowercase hex, None where it is anything but that, to the bit."""
    if not isinstance(signature, str) or len(signature) > 144 or len(signature) % 2 or not set(signature) <= set("0123456789abcdef"):
        return None
    data = bytes.fromhex(signature)
    if len(data) < 8 or data[0] != 0x30 or data[1] != len(data) - 2:
        return None
    numbers = []
    rest = data[2:]
    for _ in range(2):
        if len(rest) < 3 or rest[0] != 2 or rest[1] > len(rest) - 2 or not rest[1]:
            return None
        number, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        if number[0] & 0x80 or (len(number) > 1 and number[0] == 0 and not number[1] & 0x80):
            return None  # negative, or longer than it need be
        numbers.append(int.from_bytes(number, "big"))
    return None if rest else (numbers[0], numbers[1])


# 10. HTTP -------------------------------------------------------------------------------------------------------------


# What a text may be encoded in; of Python's other codecs, which an answer could name too, some are slow or no encodings of text.
CHARSETS = frozenset("utf-8 utf-16 us-ascii ascii iso-8859-1 latin-1 iso-8859-15 windows-1252".split())


class Response:
    """An answer to Client.fetch. With fetch(stream=True) it holds the connection until its body is read to the end or closed.

    status: int. headers: dict that takes names in any case. request: the SignedRequest that was sent last.
    tries: how many requests it took. Iterating gives the body in pieces of bytes; `with` closes it.
    """

    def __init__(self, status: int, headers: Headers, body: Any, request: SignedRequest | None = None, tries: int = 1) -> None:
        if not isinstance(status, int) or not 0 < status < 1000:
            raise RequestError(f"status is {_kind(status)}, or no status; a transport returns (int, headers, body)")
        plain = body is None or isinstance(body, (str, bytes, bytearray, memoryview))
        if not plain and not hasattr(body, "read") and not hasattr(body, "__iter__"):
            raise RequestError(f"body is {_kind(body)}; a transport returns bytes, a file or an iterable of bytes for it")
        self.status = status
        self.headers = _AnyCase(_joined(_text_pairs(headers), ", "))
        self.request = request
        self.tries = tries
        self._raw = body
        self._body: bytes | None = None
        self._position = 0
        if plain:
            self._body = (body or "").encode() if body is None or isinstance(body, str) else bytes(body)

    def __repr__(self) -> str:
        return f"<Response {self.status} of {self.request!r}>"

    def __iter__(self) -> Iterator[bytes]:
        if self._body is not None:
            yield self._body
        elif not hasattr(self._raw, "read"):
            yield from _pieces_of(self._raw)
        else:
            piece = self.read(FILE_PIECE)
            while piece:
                yield piece
                piece = self.read(FILE_PIECE)
        self.close()

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the body, `size` at most, all where it is negative; empty at its end.

        Raises OSError where the connection broke, or ended before the length that the headers promised.
        """
        if self._body is None and (size < 0 or not hasattr(self._raw, "read")):
            self._body = b"".join(self)
        if self._body is not None:
            start = self._position
            self._position = len(self._body) if size < 0 else min(start + size, len(self._body))
            return self._body[start : self._position]
        from http.client import HTTPException

        try:
            piece = bytes(_check_piece(self._raw.read(size)))
        except HTTPException as error:
            raise ConnectionResetError(f"the body could not be read to its end: {type(error).__name__}") from error
        short = getattr(self._raw, "length", None)
        if not piece and size and short:  # http.client notices only where all is read at once
            raise ConnectionResetError(f"the body ended {short} bytes short")
        return piece

    def close(self) -> None:
        """Give the connection back, whatever is left of the body."""
        close = getattr(self._raw, "close", None)
        if close:
            close()

    @property
    def body(self) -> bytes:
        """The whole body; for a streamed one, what has not been read yet."""
        if self._body is None:
            self._body = b"".join(self)
        return self._body

    @property
    def text(self) -> str:
        """The body as text, by the charset of Content-Type, else UTF-8; what can't be decoded is replaced."""
        charset = self.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
        return self.body.decode(charset if charset in CHARSETS else "utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not."""
        import json

        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("the body is JSON of too many levels") from None

    def error(self) -> tuple[str | None, str]:
        """(code, message) of an AWS error: from X-Amzn-ErrorType, S3's and the query services' XML, or JSON."""
        return _read_error(self.headers, self.text)

    def _said(self) -> tuple[str | None, str]:
        """(code, code and message fit for a message of ours). The first line only: what some services say beyond it repeats the
        canonical request, with the session token in it."""
        code, message = self.error()
        return code, _redacted(": ".join([part for part in (code, message.partition("\n")[0][:300]) if part]))

    def _findings(self) -> list[str]:
        """What explain finds in a refusal."""
        return _findings(_stages_of(self.request), self.status, self.headers, self.text) if self.status in REFUSALS else []

    def _passes(self) -> bool:
        """Whether the service may answer otherwise in a while: it is overloaded, or failed."""
        return self.status == 429 or self.status >= 500

    def raise_for_status(self) -> Response:
        """This response. Raises ServiceError where the status is 400 or more, for a refusal with what explain says of it."""
        if self.status < 400:
            return self
        code, said = self._said()
        request_id = self.headers.get("x-amzn-requestid") or self.headers.get("x-amz-request-id") or _xml_text(self.text, "RequestId")
        what = f"{self.request.method} {_shown(self.request.url)}" if self.request else "the request"
        tail = f" (request id {_printable(request_id[:100])})" if request_id else ""
        found = self._findings()
        explanation = "\n".join([f"- {finding}" for finding in found])
        message = f"{what} was answered with {self.status} {said or 'and no explanation'}{tail}"
        raise ServiceError(
            f"{message}\n{explanation}" if found else message, status=self.status, code=code, request_id=request_id, explanation=explanation
        )


class Client:
    """Sends signed requests, each try with a fresh signature, and tries again where that can help.

    signer: a Signer; None is Signer(). base_url: what a URL that is not absolute is appended to, e.g. an API Gateway stage.
    retries: further tries after the first one, on connection failures, 429 and 5xx. backoff: seconds; before retry n a random
    time up to backoff * 2**n passes (full jitter), or what Retry-After says, a minute at most.
    timeout: seconds to connect, and to wait for each piece of an answer.
    transport: a callable of a SignedRequest and a time-out that returns (status, headers, body), and raises OSError where the
    connection fails; body: bytes, a file, or an iterable of bytes. None is urllib.request: TLS verified, proxies from the
    environment, no redirect followed.
    clock: seconds since the epoch; None is the signer's. sleep, random: what waits, and what gives a float from 0 to 1.

    Three refusals are corrected, each by one more try that is not counted as a retry: a clock that is off is measured by the
    answer's Date header, S3's right region is used (and remembered for the bucket), and credentials that have expired are
    asked for anew from a provider that has invalidate(). A client may be shared by threads.
    """

    def __init__(
        self,
        signer: Signer | None = None,
        *,
        base_url: str = "",
        retries: int = 10,
        backoff: float = 0.05,
        timeout: float | None = 60,
        transport: Callable[[SignedRequest, float | None], tuple[int, Any, Any]] | None = None,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] | None = None,
    ) -> None:
        if not isinstance(retries, int) or retries < 0:
            raise RequestError(f"retries is {retries!r:.40}; it must be an int, 0 for a single try")
        if random is None:
            from random import random as uniform

            random = uniform
        self.signer = Signer() if signer is None else signer
        self.base_url = base_url
        self.retries = retries
        self.backoff = backoff
        self.timeout = timeout
        self._transport = _send_by_urllib if transport is None else transport
        self._clock = self.signer._clock if clock is None else clock
        self._sleep = sleep
        self._random = random
        from threading import Lock

        self._lock = Lock()  # one thread at a time looks whether credentials that expired are still the current ones
        self._skew = 0.0  # seconds by which the services' clocks are ahead of ours
        self._regions: dict[tuple[str, str], str] = {}  # by authority and bucket: see _bucket_name

    def fetch(
        self,
        url: str = "",
        method: str | None = None,
        headers: Headers = None,
        body: Any = None,
        *,
        json: Any = None,
        timeout: float | None = None,
        stream: bool = False,
        **options: Any,
    ) -> Response:
        """The Response to a signed request; also one of 429 or 5xx, when no try is left.

        method: None is POST if there is a body, else GET. body: as for Signer.sign. json: sent as JSON in place of a body.
        timeout: seconds, in place of the client's. stream: whether to return as soon as the headers of a success are there, with
        the body still to be read. options: as for Signer.sign: service, region, payload_hash ...

        A file is rewound for another try; an iterable is never sent again once its first piece was taken.
        Raises ConnectionFailed, with the number of tries, where the last one had no answer, and what Signer.sign raises.
        """
        url = self._join(url)
        if json is not None:
            if body is not None:
                raise RequestError("both body and json were given; pass one of them")
            import json as json_module

            body = _utf8(json_module.dumps(json, ensure_ascii=False, separators=(",", ":")), "json").encode()
            headers = _header_pairs(headers)
            if "content-type" not in [_header_name(name).lower() for name, _ in headers]:
                headers = [*headers, ("Content-Type", "application/json")]
        if headers is not None and not hasattr(headers, "items"):
            headers = _header_pairs(headers)  # an iterator would be empty at the second try
        method = method or ("GET" if body is None else "POST")
        kind = "none" if body is None or isinstance(body, str) else _body_kind(body)
        start = _position(body) if kind == "file" else None
        if kind == "stream":
            body = _Once(body)
        timeout = self.timeout if timeout is None else timeout
        corrected: list[str] = []
        tries = failures = 0
        while True:
            if start is not None:
                _position(body, start, 0)
            request, signed_at = self._sign(method, url, headers, body, options)
            if start is not None:  # a file is hashed once, however often it is sent
                options = {**options, "payload_hash": request.canonical_request.rpartition("\n")[2]}
            tries += 1
            response = None
            try:
                response = Response(*self._transport(request, timeout), request, tries)
                if not stream or response.status >= 300:
                    with response:
                        response.body  # noqa: B018  # read here, where an answer that is cut short can be asked for again
            except Exception as error:
                if not _is_connection_failure(error):
                    raise
                if failures >= self.retries or _is_permanent(error) or (kind == "stream" and body.begun):
                    raise ConnectionFailed(_no_answer(request, tries, error), tries=tries) from error
                response = None
            else:
                if kind == "stream" and body.begun:
                    return response
                correction = self._correction(response, request, signed_at, url, options, corrected)
                if correction:
                    corrected.append(correction)
                    continue
                if failures >= self.retries or not response._passes():
                    return response
            self._sleep(self._delay(failures, response))
            failures += 1

    def _join(self, url: str) -> str:
        """The URL itself where it is absolute or there is no base, else the base and it, with one slash between them."""
        if not self.base_url or (isinstance(url, str) and "://" in url.partition("?")[0]) or not isinstance(url, str):
            return url
        if not url or url.startswith("?"):
            return self.base_url + url
        return f"{self.base_url.rstrip('/')}/{url.lstrip('/')}"

    def _sign(self, method: str, url: str, headers: Headers, body: Any, options: dict[str, Any]) -> tuple[SignedRequest, float]:
        """(request, the time that its signature tells)."""
        signed_at = self._clock() + self._skew
        if options.get("now") is None and (self._skew or self._clock is not self.signer._clock):
            options = {**options, "now": _at(signed_at)}
        region = self._regions.get(_bucket_name(url)) if self._regions else None
        if region:
            options = {**options, "region": region}
            url = _in_region(url, region)
        return self.signer.sign(method, url, headers, body, **options), signed_at

    def _delay(self, failures: int, response: Response | None) -> float:
        """Seconds to wait before the next try."""
        if response is not None and "retry-after" in response.headers:
            said = response.headers["retry-after"].strip()
            date = _http_date(said)
            if said.isascii() and said.isdigit():
                return min(float(said), MAX_RETRY_AFTER)
            if date is not None:
                return min(max(date - self._clock() - self._skew, 0.0), MAX_RETRY_AFTER)
        return self._random() * min(self.backoff * 2.0 ** min(failures, 1000), MAX_RETRY_AFTER)

    def _correction(
        self, response: Response, request: SignedRequest, signed_at: float, url: str, options: dict[str, Any], corrected: list[str]
    ) -> str:
        """What was corrected, so that the same request may be accepted: "clock", "region", "credentials", or empty."""
        date = _http_date(response.headers.get("date", "")) if self._skew or response.status in REFUSALS else None
        if self._skew and date is not None and abs(date - self._clock()) <= MAX_SKEW:
            self._skew = 0.0  # our clock is right again
        if response.status not in REFUSALS:
            return ""
        code, message = response.error()
        *_, signed_for, service, _ = request.string_to_sign.split("\n")[2].split("/")
        of_time = not response.body or code in SKEW_CODES or any(words in message.lower() for words in SKEW_WORDS)
        if "clock" not in corrected and of_time and date is not None and abs(date - signed_at) > MAX_SKEW and options.get("now") is None:
            self._skew = date - self._clock() if abs(date - self._clock()) > MAX_SKEW else 0.0
            return "clock"
        if "region" in corrected:
            self._regions.pop(_bucket_name(url), None)  # it did not help, so it is not remembered
        elif service in S3_SERVICES and request.string_to_sign.startswith(ALGORITHM + "\n"):
            named = response.headers.get("x-amz-bucket-region", "")
            if not named and code == "AuthorizationHeaderMalformed":
                named = _xml_text(response.text, "Region")
            if (
                named
                and named != signed_for
                and len(named) < 64
                and named.isascii()
                and not named.encode().translate(None, REGION_CHARACTERS)
            ):
                _remember(self._regions, _bucket_name(url), named)
                return "region"
        invalidate = getattr(self.signer._provider, "invalidate", None)
        if "credentials" not in corrected and code in EXPIRED_CODES and invalidate:
            with self._lock:
                current = self.signer._ask()
                same = f"Credential={current.access_key_id}/" in request.headers["Authorization"]
                if same and current.session_token in (None, *request.headers.values()):
                    invalidate()  # else another thread did so, and there are others already
            return "credentials"
        return ""


class _AnyCase(dict):  # type: ignore[type-arg]
    """Headers, whose names are found in any case."""

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class _Once:
    """A body that can be read once, and whether its reading has begun."""

    def __init__(self, body: Any) -> None:
        if not hasattr(body, "read") and not hasattr(body, "__iter__"):
            raise RequestError(f"body is {_kind(body)}; an asynchronous one needs an asynchronous HTTP library")
        self._body = body
        self._named = type(body).__name__
        self.begun = False
        if hasattr(body, "read"):
            self.read = self._read

    def _read(self, size: int = -1) -> Any:
        self.begun = True
        return self._body.read(size)

    def __iter__(self) -> Iterator[Any]:
        self.begun = True
        return _pieces_of(self._body)


def _in_region(url: str, region: str) -> str:
    """The URL at S3's endpoint in another region, where it is at one of AWS's; the labels before it, a bucket's name, stay."""
    (scheme, authority, found), path, query = _split_url(url)
    if found is None or found[0] not in S3_SERVICES:
        return url
    suffix = next((suffix for suffix in SUFFIXES if authority.endswith("." + suffix)), "")
    labels = authority[: -len(suffix) - 1].split(".")
    if not suffix:
        return url
    if labels[-1] == found[1]:
        labels[-1] = region
    elif labels[-1] in ("s3", f"s3-{found[1]}"):
        labels[-1:] = ["s3", region]
    else:
        return url
    return f"{scheme}://{'.'.join(labels)}.{suffix}{path}" + (f"?{query}" if query else "")


def _no_answer(request: SignedRequest, tries: int, error: BaseException) -> str:
    reason = getattr(error, "reason", error)
    said = reason if isinstance(reason, str) else type(reason).__name__
    if (
        type(reason).__module__ in ("builtins", "socket", "ssl", "http.client") and reason is not said
    ):  # others quote the URL, query and all
        said += f": {reason}"
    count = "1 try" if tries == 1 else f"{tries} tries"
    return f"{request.method} {_shown(request.url)} had no complete answer in {count}; the last one failed with {_printable(said)}"


def _is_connection_failure(error: BaseException) -> bool:
    """Whether a transport failed for want of an answer: OSError (so requests' errors too), http.client's, httpx's and urllib3's."""
    from http.client import HTTPException

    if isinstance(error, (OSError, HTTPException)):
        return not isinstance(error, ValueError)
    bases = [f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in type(error).__mro__]
    return "httpx.TransportError" in bases or "urllib3.HTTPError" in bases


def _is_permanent(error: BaseException | None) -> bool:
    """Whether another try would end the same: a certificate that does not verify, a host name that does not exist, a proxy of no use.
    HTTP libraries wrap such an error in several of their own."""
    from socket import EAI_NONAME, gaierror

    for _ in range(10):
        if type(error).__name__ == "SSLCertVerificationError" or (isinstance(error, gaierror) and error.errno == EAI_NONAME):
            return True
        if error is None or isinstance(getattr(error, "reason", None), str):
            return type(error).__name__ == "URLError"
        reason = getattr(error, "reason", None)
        inner = [reason, error.__cause__, error.__context__, *error.args]
        error = next((each for each in inner if isinstance(each, BaseException)), None)
    return False


_tls: dict[str, Any] = {}  # TLS contexts by file of certificates: making one takes 10 ms


def _send_by_urllib(
    request: SignedRequest, timeout: float | None, proxies: dict[str, str] | None = None, cafile: str | None = None
) -> tuple[int, Any, Any]:
    """(status, headers, open body) by urllib.request: the default transport. proxies, cafile: None takes those of the environment."""
    import urllib.request as library
    from http.client import InvalidURL

    class Exact(library.BaseHandler):
        handler_order = 900  # after urllib's own, which adds a Content-Type that was not signed

        def http_request(self, sent: library.Request) -> library.Request:
            if not any(name.lower() == "content-type" for name in request.headers):
                sent.unredirected_hdrs.pop("Content-type", None)
            return sent

        https_request = http_request

    if request.url.startswith("ws"):
        raise RequestError(f"url {_shown(request.url)} is for a WebSocket library: presign it")
    headers = dict(request.headers)
    if not any(name.lower() in ("content-length", "transfer-encoding") for name in headers):
        size = _size_of(request.body)
        if size is not None:
            headers["Content-Length"] = str(size)
    headers.setdefault("User-Agent", f"sigv4/{__version__}")
    opener = library.OpenerDirector()
    handlers = [library.ProxyHandler(proxies), library.HTTPHandler(), Exact()]
    if request.url.startswith("https:"):
        import ssl

        cafile = cafile or os.environ.get("AWS_CA_BUNDLE") or ""
        try:
            context = _tls.get(cafile) or ssl.create_default_context(cafile=cafile or None)
        except OSError as error:
            raise RequestError(f"AWS_CA_BUNDLE names {cafile}, which is no file of certificates that can be read") from error
        _remember(_tls, cafile, context)
        handlers.append(library.HTTPSHandler(context=context))
    for handler in handlers:
        opener.add_handler(handler)
    sent = library.Request(request.url, request.body, headers, method=request.method)
    try:
        answer = opener.open(sent, timeout=timeout)
    except InvalidURL as error:
        raise RequestError(f"a proxy of the environment has no valid address: {error}") from error
    return answer.status, answer.headers, answer


# 11. Credentials ------------------------------------------------------------------------------------------------------
# A provider is a loader, that is a function that fetches one set of credentials, wrapped in a Provider, which keeps it and
# fetches the next one in time. What the loaders need of the outside world, each finds in its _Config.

MANDATORY_WINDOW = 60.0  # seconds before the end in which credentials are not used any more, if others can be had
# (lifetime in seconds up to which, advisory window in seconds): from when on before the end others are fetched. The rule of all SDKs.
ADVISORY_WINDOWS = ((1200.0, 300.0), (5400.0, 900.0), (float("inf"), 3600.0))
MINIMUM_HOLD = 60.0  # seconds, or half the life, in which a set is not asked for again
RETRY_WINDOW = (300.0, 600.0)  # seconds, of which one at random is waited after a refresh that failed
CREDENTIALS_CAP = 1 << 16  # bytes of an answer that holds credentials; a longer one is none
SERVICE_ATTEMPTS, SERVICE_TIMEOUT = 3, 30.0  # of calls to STS, SSO, OIDC and Cognito; seconds
SSO_REFRESH_WINDOW = 900.0  # seconds before its end from which on an SSO token is refreshed
IMDS_TOKEN_TTL = 21600  # seconds
CONTAINER_HOST = "169.254.170.2"
CONTAINER_HOSTS = frozenset({CONTAINER_HOST, "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"})  # that take http
THROTTLED = ("Throttling", "RequestLimitExceeded", "TooManyRequests", "IDPCommunicationError", "InternalError")
# Errors that no refresh will mend: whoever configured this must act.
FINAL_CODES = frozenset(
    "AccessDenied AccessDeniedException UnauthorizedException InvalidGrantException ExpiredTokenException"
    " TOKEN_EXPIRED USER_CREDENTIALS_CHANGED INSUFFICIENT_PERMISSIONS".split()
)


class _LogInAgain(CredentialsError):
    """A failure that ends the use of credentials at hand: what they came from was withdrawn."""


class Provider:
    """Credentials from a source, fetched when they are first needed, kept, and fetched anew before they end.

    Call it for the current Credentials. Any number of threads share it: one fetches, the others go on with what is there.
    A refresh that fails leaves the old credentials in use and is tried again after 5 to 10 minutes; "nothing found" is never
    remembered. It survives fork, pickle and a suspended machine. `source` says where the credentials came from.

    Raises CredentialsNotFound where the source has none, CredentialsError where fetching them failed.
    """

    def __init__(
        self,
        load: Callable[[], tuple[Credentials, str]],
        *,
        clock: Callable[[], float] = time.time,
        margin: float | None = None,
        sources: Sequence[Any] = (),
        region: Callable[[], str | None] | None = None,
        trusted: bool = False,
    ) -> None:
        self._load = load
        self._clock = clock
        self._margin = margin
        self._sources = sources
        self._find_region = region
        self._trusted = trusted  # whether expired credentials are taken from `load`, as from providers that know what they do
        self._life: int | None = None
        self._regions: tuple[Any, str | None] = (None, None)  # (the state for which it was looked up, the region)
        self._invalidations = 0
        self._failure: CredentialsError | None = None  # of a refresh in the background
        self.source = ""
        # (credentials, when to fetch others, when these should not be used any more), seconds since the epoch
        self._state: tuple[Credentials | None, float, float] = (None, 0.0, 0.0)
        self._new_lock()

    def _new_lock(self) -> None:
        from threading import Lock

        self._lock = Lock()
        self._owner = 0  # the thread that has it
        self._pid = os.getpid()

    def _region(self) -> str | None:
        """The region that is configured where the credentials are, looked up once for each set of them."""
        state, region = self._regions
        if state is not self._state:
            state, region = self._state, self._find_region() if self._find_region else None
            self._regions = state, region
        return region

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_owner", "_pid")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._new_lock()

    def __repr__(self) -> str:
        return f"<Provider of {self.source}>" if self.source else "<Provider>"

    def __call__(self) -> Credentials:
        credentials, refresh_at, _ = self._state
        if credentials is not None and self._clock() < refresh_at:
            return credentials
        return self._refresh()

    async def get_async(self) -> Credentials:
        """The current Credentials; where there are none that should be used, others are fetched in a thread meanwhile."""
        credentials, _, mandatory_at = self._state
        if credentials is not None and self._clock() < mandatory_at:
            return self()
        from asyncio import get_running_loop

        return await get_running_loop().run_in_executor(None, self)

    def expire_after(self, seconds: float) -> Provider:
        """This provider, whose credentials from now on count as expiring that many seconds (300 or more) after they were
        fetched, where the source names no end."""
        if not isinstance(seconds, (int, float)) or not 300 <= seconds < YEAR_2100:
            raise RequestError("expire_after takes 300 seconds or more")
        self._life = int(seconds)
        return self

    def invalidate(self) -> None:
        """Fetch others at the next call, since a service said that these have expired."""
        self._invalidations += 1
        self._state = (self._state[0], 0.0, 0.0)
        for source in self._sources:
            invalidate = getattr(source, "invalidate", None)
            if invalidate is not None:
                invalidate()

    def _refresh(self) -> Credentials:
        from threading import Thread, get_ident

        if self._pid != os.getpid():  # forked: the lock may be held by a thread that is not here
            self._new_lock()
        if self._owner == get_ident():
            raise CredentialsError("a provider asks itself for the credentials that it is to fetch")
        credentials, _, mandatory_at = self._state
        if credentials is not None and _in_event_loop():
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            if self._lock.acquire(blocking=False):
                try:
                    Thread(target=self._fetch_in_background, daemon=True).start()
                except RuntimeError as error:  # no thread can be had
                    self._keep(credentials, error)
                    self._lock.release()
            return credentials
        if not self._lock.acquire(blocking=credentials is None or self._clock() >= mandatory_at):
            return credentials  # type: ignore[return-value]  # another thread is at it
        return self._fetch_and_release()

    def _fetch_in_background(self) -> None:
        try:
            self._fetch_and_release()
        except CredentialsError as error:
            self._failure = error

    def _fetch_and_release(self) -> Credentials:
        from threading import get_ident

        self._owner = get_ident()
        try:
            credentials, refresh_at, _ = self._state
            if credentials is not None and self._clock() < refresh_at:
                return credentials  # another thread did it while this one waited
            return self._fetch(credentials)
        finally:
            self._owner = 0
            self._lock.release()

    def _fetch(self, old: Credentials | None) -> Credentials:
        invalidations = self._invalidations
        try:
            credentials, source = self._load()
            now = self._clock()
            if credentials._expires_at <= now and not self._trusted:
                raise CredentialsError(f"{source}: the credentials that came had expired at {credentials.expiration}")
        except Exception as error:
            failure = (
                error
                if isinstance(error, CredentialsError)
                else CredentialsError(
                    f"the source of credentials failed: {error if isinstance(error, RequestError) else type(error).__name__}"
                )
            )
            if old is None or (isinstance(error, _LogInAgain) and self._clock() >= self._state[2]):
                if failure is error:
                    raise
                # An error of encoding holds what it was to encode, which may be a token.
                raise failure from (None if isinstance(error, UnicodeError) else error)
            self._keep(old, failure)
            return old
        if self._life is not None and credentials.expiration is None:
            credentials = _with_expiration(credentials, now + self._life)
        life = credentials._expires_at - now
        mandatory = self._margin if self._margin is not None else MANDATORY_WINDOW
        advisory = mandatory if self._margin is not None else next(window for longest, window in ADVISORY_WINDOWS if life <= longest)
        # What lives shorter than its window, or came again unchanged, is not asked for at every call all the same.
        hold = now + min(MINIMUM_HOLD, max(life, 2.0) / 2)
        self.source = source
        if invalidations == self._invalidations:
            end = credentials._expires_at
            self._state = (credentials, max(end - advisory, hold), max(end - mandatory, hold))
        else:  # while it was fetched, someone was told that it has expired
            self._state = (credentials, 0.0, 0.0)
        return credentials

    def _keep(self, old: Credentials, error: BaseException) -> None:
        """Stay with the old credentials after a refresh that failed, and wait before the next."""
        from random import uniform

        retry_at = self._clock() + uniform(*RETRY_WINDOW)
        self._state = (old, retry_at, max(retry_at, self._state[2]))
        _warn(f"credentials could not be refreshed, the old ones stay in use: {error}")


def _in_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _with_expiration(credentials: Credentials, seconds: float) -> Credentials:
    key, secret, token, _, account = credentials._values()
    return Credentials(key, secret, token, _at(seconds), account)


def _parse_time(value: Any, what: str) -> datetime:
    """As _read_time, but CredentialsError for what it can't read."""
    parsed = _read_time(value)
    if parsed is None:
        raise CredentialsError(f"{what}: the expiration is no ISO 8601 time with a zone")
    return parsed


def _given(world: dict[str, Any], name: str, default: Any) -> Any:
    value = world.get(name)
    return default if value is None else value


class _Config:
    """What a loader knows of the world: the environment, the shared files as they are now, and the means to act on it.

    profile: the one selected, None for AWS_PROFILE and then `default`. A new one is made for each loading, so files are read anew.
    """

    def __init__(self, world: dict[str, Any], profile: str | None = None) -> None:
        self.world = world
        self._env = world.get("env")
        self.transport = world.get("transport")
        self.clock = _given(world, "clock", time.time)
        self.sleep = _given(world, "sleep", time.sleep)
        self.run = _given(world, "run", _run_process)
        self._paths = (world.get("config_file"), world.get("credentials_file"))
        self._files: tuple[Any, ...] | None = None
        self.named = profile or self.env("AWS_PROFILE") or self.env("AWS_DEFAULT_PROFILE")
        self.profile = self.named or "default"

    def env(self, name: str) -> str | None:
        """The value of a variable, None where it is unset or blank."""
        value = (os.environ if self._env is None else self._env).get(name, "").strip()
        return value or None

    def home(self, *parts: str) -> str | None:
        """A path below the home directory, None where there is none."""
        home = self.env("HOME") or self.env("USERPROFILE")
        if home is None and self.env("HOMEDRIVE"):
            home = f"{self.env('HOMEDRIVE')}{self.env('HOMEPATH') or ''}"
        return None if home is None else os.path.join(home, *parts)

    def path(self, given: str | None, *default: str) -> str | None:
        """A path given, with ~ and variables expanded, else one below the home directory."""
        if given is None:
            return self.home(*default)
        text = os.fspath(given)
        if "$" in text:
            import re

            env = os.environ if self._env is None else self._env
            text = re.sub(r"\$(?:(\w+)|\{([^}$]*)\})", lambda found: env.get(found[1] or found[2], found[0]), text)
        home = self.home()
        return home + text[1:] if home and (text == "~" or text.startswith(("~/", "~\\"))) else text

    @property
    def files(self) -> tuple[Any, ...]:
        """(sections of the config file, profiles of the credentials file)."""
        if self._files is None:
            config_file, credentials_file = self._paths
            config = _read_profiles(self.path(config_file or self.env("AWS_CONFIG_FILE"), ".aws", "config"), True)
            credentials = _read_profiles(
                self.path(credentials_file or self.env("AWS_SHARED_CREDENTIALS_FILE"), ".aws", "credentials"), False
            )
            self._files = (config, credentials)
        return self._files

    def section(self, kind: str, name: str) -> dict[str, Any] | None:
        """An sso-session or services section of the config file."""
        found: dict[str, Any] | None = self.files[0].get((kind, name))
        return found

    def settings(self, name: str) -> dict[str, Any] | None:
        """The settings of a profile, those of the credentials file over those of the config file; None where neither has it."""
        config, credentials = (file.get(("profile", name)) for file in self.files)
        if config is None and credentials is None:
            return None
        merged = {**(config or {}), **(credentials or {})}
        return {key: value for key, value in merged.items() if isinstance(value, str)}  # nested ones are none of these

    def selected(self) -> dict[str, Any]:
        """The settings of the selected profile. Raises CredentialsError where there is none of its name."""
        settings = self.settings(self.profile)
        if settings is None:
            raise CredentialsError(_no_profile(self, self.profile))
        return settings

    def static_keys(self, name: str) -> list[dict[str, Any]]:
        """The settings of a profile in the config file and in the credentials file, each empty where it has no key there: a key of
        one file must not meet the token of the other. Only where neither has both halves of a key do they make one together."""
        found = [file.get(("profile", name)) or {} for file in self.files]
        halves = ("aws_access_key_id", "aws_secret_access_key")
        whole = [settings if all(isinstance(settings.get(half), str) and settings[half] for half in halves) else {} for settings in found]
        if any(whole):
            return whole
        together = {**found[0], **found[1]}
        return [{}, together if any(together.get(half) for half in halves) else {}]

    def setting(self, variable: str, key: str) -> str | None:
        """A setting from the environment, else from the selected profile."""
        value = self.env(variable)
        if value is None:
            value = (self.settings(self.profile) or {}).get(key)
        return value if isinstance(value, str) and value else None

    def flag(self, variable: str, key: str) -> bool:
        return (self.setting(variable, key) or "").lower() == "true"

    def region(self, argument: str | None = None) -> str | None:
        """The region: given, AWS_REGION, AWS_DEFAULT_REGION, the profile's."""
        region = argument or self.env("AWS_REGION") or self.setting("AWS_DEFAULT_REGION", "region")
        if region is not None and (len(region) > 63 or region.encode("utf-8", "replace").translate(None, REGION_CHARACTERS)):
            raise CredentialsError("the region that is configured may hold only lower-case letters, digits and -")
        return region

    def endpoint(self, service: str, host: str, region: str | None, argument: str | None = None) -> str:
        """The URL of a service, by the order of all SDKs: argument, environment, services section, profile, region."""
        endpoint = argument or self.configured_endpoint(service)
        if endpoint:
            return endpoint
        if region is None:
            raise CredentialsError(f"{host} needs a region: pass region=, or set AWS_REGION or the profile's region")
        fips = self.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") and not region.startswith("us-gov-")
        dual = self.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
        suffix, dual_suffix = _partition(region)
        return f"https://{host}{'-fips' if fips else ''}.{region}.{dual_suffix if dual and dual_suffix else suffix}"

    def configured_endpoint(self, service: str) -> str | None:
        """The URL of a service that the environment or the profile names."""
        if not self.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls"):
            settings = self.settings(self.profile) or {}
            services: dict[str, Any] = {}
            if isinstance(settings.get("services"), str) and settings["services"]:
                found = self.section("services", settings["services"])
                if found is None:
                    raise CredentialsError(
                        f"profile {self.profile} names [services {settings['services']}], which the config file does not have"
                    )
                services = found[service] if isinstance(found.get(service), dict) else {}
            configured = (
                self.env(f"AWS_ENDPOINT_URL_{service.upper()}")
                or self.env("AWS_ENDPOINT_URL")
                or services.get("endpoint_url")
                or settings.get("endpoint_url")
            )
            if configured:
                try:
                    _split_url(str(configured))
                except RequestError as error:
                    raise CredentialsError(f"the endpoint that is configured for {service} is no URL: {error}") from error
                return str(configured)
        return None

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None, timeout: float, direct: bool = False) -> Response:
        """The answer to a request that is sent as it stands: no redirect is followed, and no proxy asked where `direct`.

        Raises ConnectionFailed, whose cause tells why, where there was none.
        """
        for name, value in headers.items():
            if not value.isascii() or not value.isprintable():
                raise CredentialsError(f"the value for the header {name} holds a line break or another character that no header can have")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise CredentialsError(f"{_shown(url)} holds characters that must be percent-encoded")
        request = SignedRequest(method, url, headers, body, "", "", "")
        if self.transport is not None:
            transport = self.transport
        elif direct:  # an address of this machine, which a proxy would take for one of its own
            transport = partial(_send_by_urllib, proxies={})
        else:
            transport = partial(_send_by_urllib, cafile=self.setting("AWS_CA_BUNDLE", "ca_bundle"))
        try:
            status, answered, raw = transport(request, timeout)
            with Response(status, answered, raw, request) as response:
                if response._body is None:
                    data = b"".join(_capped(response))
                    response = Response(status, answered, data, request)
        except Exception as error:
            if isinstance(error, SigV4Error) or not _is_connection_failure(error):
                raise
            raise ConnectionFailed(f"no answer ({type(getattr(error, 'reason', error)).__name__})", tries=1) from error
        if len(response.body) > CREDENTIALS_CAP:
            raise CredentialsError(f"{_shown(url)} answered with more than {CREDENTIALS_CAP} bytes, which are no credentials")
        return response


# Prefixes of regions and the DNS suffix of their partition, with that of its dual-stack hosts.
PARTITION_SUFFIXES = (
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk", ""),
    ("us-isof-", "csp.hci.ic.gov", ""),
    ("", "amazonaws.com", "api.aws"),
)


def _partition(region: str) -> tuple[str, str]:
    """(DNS suffix, that of dual-stack hosts) of a region's partition."""
    return next((suffix, dual_suffix) for prefix, suffix, dual_suffix in PARTITION_SUFFIXES if region.startswith(prefix))


def _capped(response: Response) -> Iterator[bytes]:
    """The pieces of a body, up to the first beyond the cap."""
    count = 0
    for piece in response:
        yield piece
        count += len(piece)
        if count > CREDENTIALS_CAP:
            return


def _run_process(arguments: list[str]) -> tuple[int, bytes, bytes]:
    """(exit status, stdout, stderr) of a command that no shell sees and that has nothing on its standard input."""
    import subprocess

    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout, done.stderr


def _read_profiles(path: str | None, is_config: bool) -> dict[tuple[str, str], dict[str, Any]]:
    """{(kind, name): settings} of a shared file; kinds: profile, sso-session, services. Nothing where there is no file.

    Raises CredentialsError, with path and line, where it can't be parsed.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
    """
    if path is None:
        return {}
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise CredentialsError(f"{path} can't be read: {type(error).__name__}") from error
    sections: dict[tuple[str, str], dict[str, Any]] = {}
    section: dict[str, Any] | None = None
    key, depth = "", 0  # of the setting that a line which stands further in continues
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        indent = len(line) - len(line.lstrip())
        wrong = ""
        if key and section is not None and indent > depth:
            name, value = _split_setting(stripped)
            if section[key] and isinstance(section[key], str):
                section[key] += "\n" + stripped
            elif name:
                section[key] = section[key] or {}
                section[key][name] = value
            else:
                wrong = "a nested setting is written as name = value"
        elif stripped[0] == "[":
            name, bracket, _ = stripped[1:].partition("]")
            section = sections.setdefault(_section_kind(name, is_config), {}) if bracket else None
            key = ""
            wrong = "" if bracket else "a section lacks its ]"
        elif section is None:
            wrong = "a setting stands before any section"
        else:
            key, value = _split_setting(stripped)
            depth = indent
            section[key] = value
            wrong = "" if key else "a setting is written as name = value"
        if wrong:
            raise CredentialsError(f"{path}, line {number}: {wrong}")
    if ("profile default", "default") in sections:  # of the two ways to write it, it is the one that counts
        sections["profile", "default"] = sections["profile default", "default"]
    return sections


def _section_kind(text: str, is_config: bool) -> tuple[str, str]:
    """(kind, name) of a section, from between its brackets; ("", ...) for one of a kind that means nothing here."""
    kind, _, name = text.strip().replace("\t", " ").partition(" ")
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1]
    if not is_config:
        return ("profile", text.strip()) if text.strip() and not (kind == "profile" and name) else ("", text)
    if kind == "default" and not name:
        return "profile", "default"
    if kind == "profile" and name == "default":
        return "profile default", "default"
    return (kind, name) if kind in ("profile", "sso-session", "services") and name else ("", text)


def _split_setting(line: str) -> tuple[str, str]:
    """(name in lower case, value) of `name = value` or `name: value`, without a comment; an empty name where it is neither."""
    marks = [index for index in (line.find("="), line.find(":")) if index >= 0]
    if not marks:
        return "", ""
    name, value = line[: min(marks)].strip().lower(), line[min(marks) + 1 :]
    if name != "credential_process":  # a command may hold what looks like a comment
        for mark in (" #", " ;", "\t#", "\t;"):
            value = value.partition(mark)[0]
    return name, value.strip()


def _from_settings(settings: Mapping[str, Any], source: str) -> tuple[Credentials, str]:
    """Static keys of a profile."""
    key, secret = settings.get("aws_access_key_id"), settings.get("aws_secret_access_key")
    if not key or not secret:
        missing = "aws_secret_access_key" if key else "aws_access_key_id"
        raise CredentialsError(f"{source} has one half of a key, but no {missing}")
    token = settings.get("aws_session_token") or settings.get("aws_security_token") or None
    return Credentials(key, secret, token, None, settings.get("aws_account_id") or None), source


def _from_fields(
    fields: Any, source: str, names: str = "AccessKeyId SecretAccessKey SessionToken Expiration AccountId", ends: bool = True
) -> Credentials:
    """Credentials from an answer that was parsed, by the names it has for their five fields. ends: whether it must tell their end."""
    key, secret, token, end, account = (fields.get(name) if isinstance(fields, dict) else None for name in names.split())
    if not isinstance(key, str) or not isinstance(secret, str) or not key or not secret:
        raise CredentialsError(f"{source}: the answer holds no access key and secret")
    if end is None and ends:
        raise CredentialsError(f"{source}: the answer has no Expiration")
    expiration = None if end is None else _parse_time(end, source)
    return Credentials(key, secret, token or None, expiration, str(account) if isinstance(account, (str, int)) else None)


def _parse_json(data: bytes, source: str) -> Any:
    import json

    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CredentialsError(f"{source}: the answer is no JSON") from error


def _parse_xml(data: bytes, source: str) -> dict[str, str]:
    """{element: its text} of an answer of STS, in which no name stands twice. Declarations of entities are refused."""
    from xml.parsers import expat

    found: dict[str, str] = {}
    path: list[str] = []

    def refuse(*_: object) -> None:
        raise CredentialsError(f"{source}: the answer declares a document type, which AWS never does")

    def text(piece: str) -> None:
        found[path[-1]] = found.get(path[-1], "") + piece

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: path.append(name.rpartition(":")[2])
    parser.EndElementHandler = lambda _: path.pop() and None
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise CredentialsError(f"{source}: the answer is no XML") from error
    return {name: value.strip() for name, value in found.items()}


# The loaders, in the order of the default chain. Each returns (credentials, where they are from), raises CredentialsNotFound
# where it is not meant to have any, so that a chain goes on, and CredentialsError where it is but failed, so that it stops.


def _load_env(world: dict[str, Any]) -> tuple[Credentials, str]:
    config = _Config(world)
    key, secret = config.env("AWS_ACCESS_KEY_ID"), config.env("AWS_SECRET_ACCESS_KEY")
    if key is None:
        raise CredentialsNotFound("environment: AWS_ACCESS_KEY_ID is not set")
    if secret is None:
        raise CredentialsError("environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")
    end = config.env("AWS_CREDENTIAL_EXPIRATION")
    expiration = None if end is None else _parse_time(end, "AWS_CREDENTIAL_EXPIRATION")
    token = config.env("AWS_SESSION_TOKEN") or config.env("AWS_SECURITY_TOKEN")
    return Credentials(key, secret, token, expiration, config.env("AWS_ACCOUNT_ID")), "environment"


def _load_profile(world: dict[str, Any], profile: str | None, mfa_code: Any, region: str | None) -> tuple[Credentials, str]:
    config = _Config(world, profile)
    if config.settings(config.profile) is None:
        raise (CredentialsError if config.named else CredentialsNotFound)(_no_profile(config, config.profile))
    found = _profile_role(config, config.profile, mfa_code, region) or _profile_rest(config, config.profile, region)
    if found is None:
        raise CredentialsNotFound(f"profile {config.profile} has no credentials")
    return found


def _no_profile(config: _Config, name: str) -> str:
    known = sorted({name for file in config.files for kind, name in file if kind == "profile"})
    return f"there is no profile {name} in the shared files; they have {', '.join(known) or 'none'}"


def _profile_role(
    config: _Config, name: str, mfa_code: Any, region: str | None, path: tuple[str, ...] = ()
) -> tuple[Credentials, str] | None:
    """A profile's role that is assumed from another profile or from a source of this machine: it comes before web identities."""
    settings = config.settings(name) or {}
    role, source_profile, credential_source = (settings.get(key) for key in ("role_arn", "source_profile", "credential_source"))
    if settings.get("web_identity_token_file"):
        return None
    if source_profile and credential_source:
        raise CredentialsError(f"profile {name} has both source_profile and credential_source; one of them must go")
    if role and not (source_profile or credential_source):
        raise CredentialsError(f"profile {name} has role_arn, but neither source_profile nor credential_source to assume it from")
    if credential_source:
        source, where = _credential_source(config, credential_source, name)
        if not role:
            return source, where
    elif role:
        source, _ = _source_profile(config, str(source_profile), mfa_code, region, (*path, name))
    else:
        return None
    duration = settings.get("duration_seconds", "")
    parameters = {
        "RoleArn": role,
        "RoleSessionName": settings.get("role_session_name"),
        "ExternalId": settings.get("external_id"),
        "DurationSeconds": duration if duration.isdigit() else None,
        "SerialNumber": settings.get("mfa_serial"),
    }
    return _assume_role(config, f"profile {name}", parameters, source=source, mfa_code=mfa_code, region=region)


def _source_profile(config: _Config, name: str, mfa_code: Any, region: str | None, path: tuple[str, ...]) -> tuple[Credentials, str]:
    """The credentials of a source_profile, where static keys come before all else."""
    settings = config.settings(name)
    if settings is None:
        raise CredentialsError(f"profile {path[-1]}: {_no_profile(config, name)}")
    in_config, in_credentials = config.static_keys(name)
    static = in_credentials or in_config
    if name in path and (name != path[-1] or not static):
        raise CredentialsError(f"the profiles go round in a circle: {' -> '.join((*path, name))}")
    if static:
        return _from_settings(static, f"profile {name}")
    found = _profile_role(config, name, mfa_code, region, path) or _profile_rest(config, name, region)
    if found is None:
        raise CredentialsError(f"profile {name}, the source of profile {path[-1]}, has no credentials")
    return found


def _credential_source(config: _Config, kind: str, name: str) -> tuple[Credentials, str]:
    world = config.world
    loaders = {
        "environment": partial(_load_env, world),
        "ec2instancemetadata": partial(_load_imds, world, {}),
        "ecscontainer": partial(_load_container, world),
    }
    loader = loaders.get(kind.lower())
    if loader is None:
        raise CredentialsError(f"profile {name}: credential_source may be Environment, Ec2InstanceMetadata or EcsContainer")
    try:
        return loader()
    except CredentialsNotFound as error:
        raise CredentialsError(f"profile {name} takes its credentials from {kind}, which has none: {error}") from error


def _profile_rest(config: _Config, name: str, region: str | None) -> tuple[Credentials, str] | None:
    """All other kinds of profile, in botocore's order: keys in the credentials file beat a process in the config file."""
    settings = config.settings(name) or {}
    source = f"profile {name}"
    in_config, in_credentials = config.static_keys(name)
    if settings.get("web_identity_token_file"):
        if not settings.get("role_arn"):
            raise CredentialsError(f"{source} has web_identity_token_file, but no role_arn")
        return _web_identity(
            config,
            source,
            {"RoleArn": settings["role_arn"], "RoleSessionName": settings.get("role_session_name")},
            partial(_read_web_token, config.path(settings["web_identity_token_file"])),
            region,
        )
    if settings.get("sso_account_id") or settings.get("sso_role_name"):
        return _sso(config, source, settings)
    if in_credentials:
        return _from_settings(in_credentials, source)
    if settings.get("login_session"):
        return _login(config, source, settings["login_session"], region)
    if settings.get("credential_process"):
        return _process(config, settings["credential_process"], source, settings.get("aws_account_id"))
    if in_config:
        return _from_settings(in_config, source)
    return None


def _process(config: _Config, command: str, source: str, account_id: str | None) -> tuple[Credentials, str]:
    """What a credential_process prints. No shell sees the command: pipelines need sh -c '...'."""
    import shlex

    source = f"credential_process of {source}"
    try:
        # On Windows the program itself splits its command line, by the rules of the C runtime.
        arguments: Any = command if os.name == "nt" else shlex.split(command)
        if not arguments:
            raise ValueError("the command is empty")
        status, out, err = config.run(arguments)
    except (OSError, ValueError) as error:
        raise CredentialsError(f"{source} can't be run: {type(error).__name__}: {error}") from error
    if status != 0:
        said = _printable(err.decode("utf-8", "replace").strip())
        raise CredentialsError(f"{source} ended with status {status}{': ' + said[-500:] if said else ''}")
    fields = _parse_json(out, source)
    fields = {str(name).lower(): value for name, value in fields.items()} if isinstance(fields, dict) else {}
    if fields.get("version") != 1 or isinstance(fields.get("version"), bool):
        raise CredentialsError(f'{source} must print JSON with "Version": 1')
    credentials = _from_fields(fields, source, "accesskeyid secretaccesskey sessiontoken expiration accountid", ends=False)
    if account_id and credentials.account_id is None:
        credentials = Credentials(*credentials._values()[:4], account_id)
    return credentials, source


def _call(config: _Config, source: str, method: str, url: str, headers: Callable[[], dict[str, str]], body: bytes | None) -> Response:
    """A successful answer of STS, SSO, OIDC or Cognito; throttling, 5xx and failed connections are tried again."""
    from random import random

    for attempt in range(SERVICE_ATTEMPTS):
        if attempt:
            config.sleep(random() * min(0.05 * 2.0**attempt, 1.0))
        try:
            response = config.send(method, url, headers(), body, SERVICE_TIMEOUT)
        except ConnectionFailed as error:
            failure = CredentialsError(f"{source}: {_shown(url)} gave {error}")
            if _is_permanent(error.__cause__):
                break
            continue
        if response.status == 200:
            return response
        code, said = response._said()
        request_id = _printable((response.headers.get("x-amzn-requestid") or _xml_text(response.text, "RequestId"))[:100])
        tail = f" (request id {request_id})" if request_id else ""
        text = f"{source}: {_shown(url)} answered {response.status}, {said or 'no explanation'}{tail}"
        failure = (_LogInAgain if code in FINAL_CODES else CredentialsError)(text)
        if not (response._passes() or (code or "").startswith(THROTTLED)):
            break
    raise failure


def _sts(
    config: _Config,
    source: str,
    parameters: Mapping[str, Any],
    keys: Credentials | None,
    region: str | None,
    endpoint_url: str | None,
    prepare: Any,
) -> tuple[Credentials, str]:
    """The credentials that an action of STS answers with, signed with `keys` or, where it needs none, unsigned.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    region = config.region(region) or "us-east-1"
    url = config.endpoint("sts", "sts", region, endpoint_url)
    fields = [("Version", "2011-06-15")]
    for name, value in parameters.items():
        if value is None or value == "":
            continue
        members = value if isinstance(value, (list, tuple)) else None
        if members is None:
            fields.append((name, str(value)))
            continue
        for number, member in enumerate(members, 1):
            parts = member.items() if isinstance(member, dict) else [("", member)]
            fields += [(f"{name}.member.{number}{'.' + part if part else ''}", str(text)) for part, text in parts]
    body = "&".join([f"{name}={_quote(value)}" for name, value in fields]).encode()
    signed_for = guess_service_region(url)
    scope = signed_for[1] if signed_for and signed_for[0] == "sts" else region

    def headers() -> dict[str, str]:
        given = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        if prepare is not None:
            prepare(given)
        if keys is None:
            return given
        return Signer(keys, clock=config.clock).sign("POST", url, given, body, service="sts", region=scope).headers

    answer = _parse_xml(_call(config, source, "POST", url, headers, body).body, source)
    account = answer.get("Arn", "").split(":")[4:5]
    credentials = _from_fields({**answer, "AccountId": account[0] if account and account[0] else None}, source)
    return credentials, source


def _assume_role(
    config: _Config,
    source_name: str,
    parameters: dict[str, Any],
    *,
    source: Credentials,
    mfa_code: Any,
    region: str | None,
    endpoint_url: str | None = None,
    prepare: Any = None,
) -> tuple[Credentials, str]:
    what = f"AssumeRole for {source_name}"
    code = None
    if parameters.get("SerialNumber"):
        if mfa_code is None:
            raise CredentialsError(
                f"{what} needs a code of the MFA device {parameters['SerialNumber']}: pass mfa_code=, a function of its serial number"
            )
        code = mfa_code(parameters["SerialNumber"])
    name = parameters.get("RoleSessionName") or f"sigv4-{int(config.clock() * 1000)}"
    fields = {"Action": "AssumeRole", **parameters, "RoleSessionName": name, "TokenCode": code}
    return _sts(config, what, fields, source, region, endpoint_url, prepare)


def _read_token(path: str | None) -> str:
    """A token as its file holds it; one with a line break in it is refused where it is sent."""
    try:
        with open(path or "", encoding="utf-8", newline="") as file:
            return file.read(CREDENTIALS_CAP)
    except (OSError, ValueError) as error:
        raise CredentialsError(f"the token file {path} can't be read: {type(error).__name__}") from error


def _read_web_token(path: str | None) -> str:
    """A token without the line break at the end of its file, which is no part of it."""
    return _read_token(path).rstrip("\r\n")


def _web_identity(
    config: _Config, source: str, parameters: dict[str, Any], token: Callable[[], str], region: str | None, endpoint_url: str | None = None
) -> tuple[Credentials, str]:
    what = f"AssumeRoleWithWebIdentity for {source}"
    name = parameters.get("RoleSessionName") or f"sigv4-{int(config.clock() * 1000)}"
    given: Any = token()
    text = given.decode() if isinstance(given, bytes) else given
    fields = {"Action": "AssumeRoleWithWebIdentity", **parameters, "RoleSessionName": name, "WebIdentityToken": text}
    return _sts(config, what, fields, None, region, endpoint_url, None)


def _load_assume_role(
    world: dict[str, Any],
    source: Callable[[], Credentials],
    parameters: dict[str, Any],
    mfa_code: Any,
    region: str | None,
    endpoint_url: str | None,
    prepare: Any,
) -> tuple[Credentials, str]:
    config = _Config(world)
    if parameters.get("SerialNumber") and mfa_code is None:
        raise CredentialsError("serial_number needs mfa_code=, a function that gets the serial number and returns the code")
    return _assume_role(
        config,
        parameters["RoleArn"],
        parameters,
        source=source(),
        mfa_code=mfa_code,
        region=region,
        endpoint_url=endpoint_url,
        prepare=prepare,
    )


def _load_web_identity(
    world: dict[str, Any], token: Any, token_file: Any, parameters: dict[str, Any], region: str | None, endpoint_url: str | None
) -> tuple[Credentials, str]:
    config = _Config(world)
    if token is None:
        path = token_file or config.env("AWS_WEB_IDENTITY_TOKEN_FILE")
        if path is None:
            raise CredentialsNotFound("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        read: Any = partial(_read_web_token, config.path(path))
    else:
        read = token if callable(token) else lambda: token
    role = parameters.get("RoleArn") or config.env("AWS_ROLE_ARN")
    if role is None:
        raise CredentialsError("web identity: there is a token, but neither role_arn nor AWS_ROLE_ARN")
    name = parameters.get("RoleSessionName") or config.env("AWS_ROLE_SESSION_NAME")
    return _web_identity(config, role, {**parameters, "RoleArn": role, "RoleSessionName": name}, read, region, endpoint_url)


# Prefixes of regions and the DNS suffix of their sign-in service, which has no other hosts, for FIPS or dual-stack.
SIGN_IN_SUFFIXES = (("cn-", "amazonaws.cn"), ("us-gov-", "amazonaws-us-gov.com"), ("", "aws.amazon.com"))
LOGIN_REFRESH_WINDOW = 300.0  # seconds before their end from which on the credentials of `aws login` are refreshed


def _login(config: _Config, source: str, session: str, region: str | None) -> tuple[Credentials, str]:
    """Credentials of `aws login`, from its cache, refreshed by the sign-in service with a DPoP proof (RFC 9449)."""
    source = f"login session of {source}"
    folder = config.path(config.env("AWS_LOGIN_CACHE_DIRECTORY"), ".aws", "login", "cache")
    path = os.path.join(folder or "", sha256(session.strip().encode()).hexdigest() + ".json")
    cached = _read_cache(path)
    login = "log in again: aws login"
    if cached is None:
        raise _LogInAgain(f"{source}: there is no session in {path}; {login}")
    token = cached.get("accessToken")
    missing = [name for name in ("accessToken", "refreshToken", "clientId", "dpopKey") if not cached.get(name)]
    if missing or not isinstance(token, dict):
        raise _LogInAgain(f"{source}: {path} lacks {' and '.join(missing) or 'accessToken'}; {login}")
    names = "accessKeyId secretAccessKey sessionToken expiresAt accountId"
    credentials = _from_fields(token, source, names)
    if credentials._expires_at - config.clock() > LOGIN_REFRESH_WINDOW:
        return credentials, source
    import json

    place = config.region(region)
    if place is None:
        raise CredentialsError(f"{source} needs a region: set AWS_REGION or the profile's region")
    suffix = next(suffix for prefix, suffix in SIGN_IN_SUFFIXES if place.startswith(prefix))
    url = (config.configured_endpoint("signin") or f"https://{place}.signin.{suffix}").rstrip("/") + "/v1/token"
    asked = json.dumps({"clientId": cached["clientId"], "grantType": "refresh_token", "refreshToken": cached["refreshToken"]}).encode()
    key = _read_private_key(cached["dpopKey"], source)

    def headers() -> dict[str, str]:
        return {"Content-Type": "application/json", "DPoP": _dpop_proof(key, url, int(config.clock()))}

    try:
        answer = _parse_json(_call(config, source, "POST", url, headers, asked).body, source)
    except _LogInAgain as error:
        raise _LogInAgain(f"{error}; {login}") from error
    fresh = answer.get("accessToken") if isinstance(answer, dict) else None
    if not isinstance(fresh, dict) or not isinstance(answer.get("expiresIn"), (int, float)) or not 0 <= answer["expiresIn"] < YEAR_2100:
        raise CredentialsError(f"{source}: the answer holds no accessToken")
    kept = {name: fresh.get(name) for name in names.split()[:3]}
    cached = {**cached, "accessToken": {**token, **kept, "expiresAt": _iso(config.clock() + answer["expiresIn"])}}
    cached["refreshToken"] = answer.get("refreshToken") or cached["refreshToken"]
    credentials = _from_fields(cached["accessToken"], source, names)
    _write_cache(path, cached)
    return credentials, source


def _dpop_proof(key: int, url: str, now: int) -> str:
    """A JSON Web Token, signed with ES256, that proves to hold the key for one POST to the URL (RFC 9449 4.2)."""
    import json
    from uuid import uuid4

    x, y = (_base64url(number.to_bytes(32, "big")) for number in sigv4a_public_key(key))
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}
    claims = {"jti": str(uuid4()), "htm": "POST", "htu": url, "iat": now}
    text = ".".join([_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims)])
    r, s = _sign_p256(key, sha256(text.encode()).digest())
    return f"{text}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _read_private_key(pem: Any, source: str) -> int:
    """The scalar of a P-256 key in PEM: SEC 1 (EC PRIVATE KEY, RFC 5915) or PKCS 8 (PRIVATE KEY) around that."""
    from base64 import b64decode

    try:
        lines = [line.strip() for line in pem.strip().splitlines()]
        kind = lines[0].replace("-----BEGIN ", "").replace("-----", "")
        data = b64decode("".join(lines[1:-1]), validate=True)
        curve = P256_OID  # SEC 1 may leave it out
        (_, fields), _ = _read_tlv(data)
        if kind == "PRIVATE KEY":
            _, fields = _read_tlv(fields)  # version
            (_, curve), fields = _read_tlv(fields)  # algorithm
            (_, data), _ = _read_tlv(fields)
            (_, fields), _ = _read_tlv(data)
        elif kind != "EC PRIVATE KEY":
            raise ValueError
        (_, version), fields = _read_tlv(fields)
        (tag, scalar), fields = _read_tlv(fields)
        if fields[:1] == b"\xa0":
            (_, curve), _ = _read_tlv(fields)
        key = int.from_bytes(scalar, "big")
        if version != b"\1" or tag != 4 or P256_OID not in curve or not 1 <= key < P256_N:
            raise ValueError
    except (AttributeError, IndexError, ValueError) as error:
        raise CredentialsError(f"{source}: dpopKey is no P-256 key in PEM") from error
    return key


def _read_tlv(data: bytes) -> tuple[tuple[int, bytes], bytes]:
    """((tag, value), what follows) of the first element in DER."""
    tag, length, start = data[0], data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise ValueError
    return (tag, data[start : start + length]), data[start + length :]


_sso_attempts: dict[str, float] = {}  # when a token, by its file, was last tried to be refreshed


def _sso(config: _Config, source: str, settings: Mapping[str, Any]) -> tuple[Credentials, str]:
    """Credentials of a role from IAM Identity Center, by the token that `aws sso login` left.

    Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
    """
    session = settings.get("sso_session")
    found = dict(settings)
    if session:
        section = config.section("sso-session", session)
        if section is None and not (settings.get("sso_start_url") and settings.get("sso_region")):
            raise CredentialsError(f"{source} names [sso-session {session}], which the config file does not have")
        for key, value in (section or {}).items():
            if key in ("sso_region", "sso_start_url") and settings.get(key, value) != value:
                raise CredentialsError(f"{source} and [sso-session {session}] differ in {key}")
            found[key] = value
    missing = [key for key in ("sso_start_url", "sso_region", "sso_account_id", "sso_role_name") if not found.get(key)]
    if missing:
        raise CredentialsError(f"{source} lacks {' and '.join(missing)}")
    region = config.region(found["sso_region"])
    token = _sso_token(config, source, session, found["sso_start_url"], str(region))
    url = config.endpoint("sso", "portal.sso", region).rstrip("/")
    role, account = (_quote(found[key]) for key in ("sso_role_name", "sso_account_id"))
    url += f"/federation/credentials?role_name={role}&account_id={account}"
    answer = _call(config, source, "GET", url, lambda: {"x-amz-sso_bearer_token": token}, None)
    fields = _parse_json(answer.body, source)
    fields = fields.get("roleCredentials") if isinstance(fields, dict) else None
    if isinstance(fields, dict) and isinstance(fields.get("expiration"), (int, float)) and abs(fields["expiration"]) < 1e15:
        fields = {**fields, "expiration": fields["expiration"] / 1000}
    names = "accessKeyId secretAccessKey sessionToken expiration -"
    return Credentials(*_from_fields(fields, source, names)._values()[:4], found["sso_account_id"]), f"SSO of {source}"


def _sso_token(config: _Config, source: str, session: str | None, start_url: str, region: str) -> str:
    """The access token from the cache that the AWS CLI keeps, refreshed where it is of a session and about to end."""
    from hashlib import sha1

    name = sha1((session or start_url).encode()).hexdigest() + ".json"
    path = config.home(".aws", "sso", "cache", name)
    login = f"log in again: aws sso login{f' --sso-session {session}' if session else ''}"
    cached = _read_cache(path)
    if cached is None or not cached.get("accessToken") or not cached.get("expiresAt"):
        raise _LogInAgain(f"{source}: there is no SSO token in {path}; {login}")
    left = _parse_time(cached["expiresAt"], f"{path}, expiresAt").timestamp() - config.clock()
    if session and left < SSO_REFRESH_WINDOW:
        cached = _refresh_sso_token(config, source, str(path), cached, region) or cached
        left = _parse_time(cached["expiresAt"], f"{path}, expiresAt").timestamp() - config.clock()
    if left <= 0:
        raise _LogInAgain(f"{source}: the SSO token in {path} has expired; {login}")
    return str(cached["accessToken"])


def _refresh_sso_token(config: _Config, source: str, path: str, cached: dict[str, Any], region: str) -> dict[str, Any] | None:
    """The cached fields with a new token, written back; None where it can't be refreshed, or was tried within the last minute."""
    keys = ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")
    if not all(cached.get(key) for key in keys) or abs(config.clock() - _sso_attempts.get(path, float("-inf"))) < 60:
        return None
    if _parse_time(cached["registrationExpiresAt"], f"{path}, registrationExpiresAt").timestamp() <= config.clock():
        return None
    _remember(_sso_attempts, path, config.clock())
    import json

    asked = {"grantType": "refresh_token", **{key: cached[key] for key in keys[:3]}}
    url = config.endpoint("sso_oidc", "oidc", region).rstrip("/") + "/token"
    headers = {"Content-Type": "application/json"}
    try:
        answer = _parse_json(_call(config, source, "POST", url, lambda: headers, json.dumps(asked).encode()).body, source)
        token, seconds = answer["accessToken"], float(answer["expiresIn"])
    except (CredentialsError, KeyError, OverflowError, TypeError, ValueError):
        return None
    if not isinstance(token, str) or not token or not 0 <= seconds < YEAR_2100:
        return None
    fresh = {**cached, "accessToken": token, "expiresAt": _iso(config.clock() + seconds)}
    if answer.get("refreshToken"):
        fresh["refreshToken"] = answer["refreshToken"]
    _write_cache(path, fresh)
    return fresh


def _read_cache(path: str | None) -> dict[str, Any] | None:
    """The JSON object in a file; None where it can't be had, as though the file were not there."""
    import json

    try:
        with open(path or "", "rb") as file:
            fields = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _write_cache(path: str, fields: dict[str, Any]) -> None:
    """Replaces a file, whole at once and readable by its owner alone. Where that can't be done, what was fetched serves without it."""
    import json
    import tempfile

    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder)  # of mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(fields, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        _warn(f"{path} could not be written: {type(error).__name__}")


def _warn(message: str) -> None:
    import warnings

    warnings.warn(message, CredentialsWarning, stacklevel=3)


def _load_sso(world: dict[str, Any], profile: str | None, given: dict[str, str]) -> tuple[Credentials, str]:
    config = _Config(world, profile)
    if given and not profile:
        return _sso(config, "SSO", given)
    return _sso(config, f"profile {config.profile}", {**config.selected(), **given})


def _load_login(world: dict[str, Any], profile: str | None) -> tuple[Credentials, str]:
    config = _Config(world, profile)
    settings = config.selected()
    if not settings.get("login_session"):
        raise CredentialsNotFound(f"profile {config.profile} has no login_session")
    return _login(config, f"profile {config.profile}", settings["login_session"], None)


def _load_process(world: dict[str, Any], command: str | None, profile: str | None) -> tuple[Credentials, str]:
    config = _Config(world, profile)
    if command is not None:
        return _process(config, command, "this program", None)
    settings = config.selected()
    if not settings.get("credential_process"):
        raise CredentialsNotFound(f"profile {config.profile} has no credential_process")
    return _process(config, settings["credential_process"], f"profile {config.profile}", settings.get("aws_account_id"))


def _load_container(
    world: dict[str, Any],
    relative_uri: str | None = None,
    full_uri: str | None = None,
    token: str | None = None,
    token_file: Any = None,
    timeout: float = 2,
    attempts: int = 3,
) -> tuple[Credentials, str]:
    """Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html"""
    config = _Config(world)
    relative = relative_uri or (None if full_uri else config.env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
    url = full_uri or config.env("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if relative:
        url = f"http://{CONTAINER_HOST}/{relative.lstrip('/')}"
    if not url:
        raise CredentialsNotFound("container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
    try:
        (scheme, authority, _), _, _ = _split_url(url)
    except RequestError as error:
        raise CredentialsError(f"container: {error}") from error
    host = authority if authority.endswith("]") else authority.rpartition(":")[0] if ":" in authority.rpartition("]")[2] else authority
    octets = host.split(".")
    loopback = len(octets) == 4 and octets[0] == "127" and all(octet.isdigit() and int(octet) < 256 for octet in octets)
    if scheme != "https" and not (scheme == "http" and (loopback or host in CONTAINER_HOSTS)):
        raise CredentialsError(f"container: {_shown(url)} is neither https nor an address of this machine or of the container's agent")
    source = f"container credentials from {_shown(url)}"
    direct = scheme == "http"
    failure: CredentialsError | None = None
    for attempt in range(max(1, attempts)):
        if attempt:
            config.sleep(1)
        headers = {"Accept": "application/json"}
        path = token_file or config.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        authorization = _read_token(config.path(path)) if path else token or config.env("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if authorization:
            headers["Authorization"] = authorization
        try:
            response = config.send("GET", url, headers, None, timeout, direct)
        except ConnectionFailed as error:
            failure = CredentialsError(f"{source}: {error}")
            continue
        if response.status != 200:
            _, said = response._said()
            failure = CredentialsError(f"{source}: answered {response.status}{', ' + said if said else ''}")
            if response._passes():
                continue
            break
        try:
            return _from_metadata(response, source), source
        except CredentialsError as error:
            failure = error
    assert failure is not None
    raise failure


def _from_metadata(response: Response, source: str) -> Credentials:
    """Credentials from the JSON of a container's agent or of an instance's metadata service."""
    fields = _parse_json(response.body, source)
    if isinstance(fields, dict):
        fields = {str(name).lower(): value for name, value in fields.items()}
        if fields.get("code", "Success") != "Success":
            said = f"{str(fields['code'])[:100]}: {str(fields.get('message') or '')[:300]}"
            raise CredentialsError(f"{source}: {_printable(said)}")
    return _from_fields(fields, source, "accesskeyid secretaccesskey token expiration accountid")


def _load_imds(
    world: dict[str, Any],
    kept: dict[str, Any],
    endpoint: str | None = None,
    endpoint_mode: str | None = None,
    timeout: float | None = None,
    attempts: int | None = None,
    v1_disabled: bool | None = None,
) -> tuple[Credentials, str]:
    """kept: the token of this provider and when it ends. A connection that fails means that this is no EC2 instance.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
    """
    config = _Config(world)
    if (config.env("AWS_EC2_METADATA_DISABLED") or "").lower() == "true":
        raise CredentialsNotFound("instance metadata: disabled by AWS_EC2_METADATA_DISABLED")
    mode = endpoint_mode or config.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode") or "ipv4"
    if mode.lower() not in ("ipv4", "ipv6"):
        raise CredentialsError("instance metadata: the endpoint mode must be ipv4 or ipv6")
    base = endpoint or config.setting("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
    base = (base or ("http://[fd00:ec2::254]" if mode.lower() == "ipv6" else "http://169.254.169.254")).rstrip("/")
    try:
        _split_url(base + "/")
    except RequestError as error:
        raise CredentialsError(f"instance metadata: {error}") from error
    if timeout is None:
        timeout = _number(config.setting("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout"), 1.0)
    if attempts is None:
        attempts = int(_number(config.setting("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts"), 1))
    if v1_disabled is None:
        v1_disabled = config.flag("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")
    source = f"instance metadata of {base}"
    ask = partial(_ask_imds, config, source, timeout=timeout, attempts=max(1, attempts))
    for fresh in (False, True):
        token = "" if fresh else kept.get("token", "") if kept.get("until", 0) > config.clock() else ""
        if not token:
            token = _imds_token(config, source, base, ask, v1_disabled)
            kept.update(token=token, until=config.clock() + IMDS_TOKEN_TTL - 60)
        headers = {"x-aws-ec2-metadata-token": token} if token else {}
        url = f"{base}/latest/meta-data/iam/security-credentials/"
        response = ask("GET", url, headers)
        if response.status == 404:
            raise CredentialsNotFound(f"{source}: no role is attached to this instance")
        if response.status == 200:
            role = _quote(response.text.strip().split("\n")[0].strip())
            response = ask("GET", url + role, headers)
        if response.status != 401 or fresh:
            break
    if response.status != 200:
        raise (CredentialsError if response.status >= 500 else CredentialsNotFound)(f"{source}: answered {response.status}")
    credentials = _from_metadata(response, source)
    if credentials._expires_at <= config.clock():  # static stability: AWS may extend them, so they are used and asked for again soon
        from random import uniform

        credentials = _with_expiration(credentials, config.clock() + uniform(*RETRY_WINDOW) + ADVISORY_WINDOWS[0][1])
    return credentials, source


def _number(text: str | None, default: float) -> float:
    """A number above zero and of a size that makes sense, else the default."""
    try:
        number = float(text) if text else default
    except ValueError:
        return default
    return number if 0 < number < 3600 else default


def _imds_token(config: _Config, source: str, base: str, ask: Any, v1_disabled: bool) -> str:
    """A session token of IMDSv2; empty where only version 1 answers, and that is allowed."""
    refused = ""
    try:
        response = ask("PUT", f"{base}/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": str(IMDS_TOKEN_TTL)})
        if response.status == 200 and response.text.strip():
            return str(response.text.strip())
        if response.status not in (403, 404, 405):
            raise CredentialsError(f"{source}: the request for a token was answered with {response.status}")
        refused = f"it was answered with {response.status}"
    except _TimedOut:
        refused = "it had no answer in time, as in a container behind a hop limit of 1"
    if v1_disabled:
        raise CredentialsError(f"{source}: the request for a token failed ({refused}), and version 1 is disabled")
    return ""


class _TimedOut(CredentialsNotFound):
    """The service took the connection, but did not answer."""


def _ask_imds(config: _Config, source: str, method: str, url: str, headers: dict[str, str], *, timeout: float, attempts: int) -> Response:
    """An answer that is no 5xx or 429: these are asked for again quickly, while time-outs count against `attempts`."""
    unanswered = answered = 0
    while True:
        try:
            response = config.send(method, url, headers, None, timeout, True)
        except ConnectionFailed as error:
            unanswered += 1
            if unanswered >= attempts:
                cause = error.__cause__
                slow = isinstance(cause, TimeoutError) or type(cause).__name__ == "timeout"  # urllib wraps those of connecting
                kind = _TimedOut if slow else CredentialsNotFound
                raise kind(f"{source}: {error}") from cause
            continue
        answered += 1
        if response._passes() and answered < 3:
            config.sleep(0.1 * answered)
            continue
        return response


def _cognito(config: _Config, action: str, fields: dict[str, Any], region: str | None, endpoint_url: str | None) -> Any:
    """Source: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/"""
    import json

    url = config.endpoint("cognito_identity", "cognito-identity", config.region(region), endpoint_url)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AWSCognitoIdentityService.{action}"}
    body = json.dumps({name: value for name, value in fields.items() if value}).encode()
    source = f"Cognito {action}"
    answer = _parse_json(_call(config, source, "POST", url, lambda: headers, body).body, source)
    return answer if isinstance(answer, dict) else {}


def _logins(logins: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: value() if callable(value) else value for name, value in (logins or {}).items()}


def _load_cognito_identity(
    world: dict[str, Any], identity_id: str, logins: Any, custom_role_arn: str | None, region: str | None, endpoint_url: str | None
) -> tuple[Credentials, str]:
    config = _Config(world)
    fields = {"IdentityId": identity_id, "CustomRoleArn": custom_role_arn, "Logins": _logins(logins)}
    answer = _cognito(config, "GetCredentialsForIdentity", fields, region or identity_id.partition(":")[0], endpoint_url)
    source = f"Cognito identity {identity_id}"
    return _from_fields(answer.get("Credentials"), source, "AccessKeyId SecretKey SessionToken Expiration -"), source


_identities: dict[str, str] = {}  # ids of identities of pools


def _load_cognito_pool(
    world: dict[str, Any],
    pool: str,
    account_id: str | None,
    logins: Any,
    custom_role_arn: str | None,
    user_identifier: str | None,
    cache: Any,
    region: str | None,
    endpoint_url: str | None,
) -> tuple[Credentials, str]:
    user = user_identifier or (None if logins else "ANONYMOUS")
    key = f"aws:cognito-identity-credentials:{pool}:{user}"
    ids = _identities if cache is None else cache
    region = region or pool.partition(":")[0]
    identity = ids.get(key) if user else None
    try:
        if not identity:
            fields = {"IdentityPoolId": pool, "AccountId": account_id, "Logins": _logins(logins)}
            identity = _cognito(_Config(world), "GetId", fields, region, endpoint_url).get("IdentityId")
            if not isinstance(identity, str):
                raise CredentialsError(f"Cognito GetId for {pool}: the answer holds no IdentityId")
            if user:
                ids[key] = identity
        return _load_cognito_identity(world, identity, logins, custom_role_arn, region, endpoint_url)
    except Exception:
        ids.pop(key, None)
        raise


def _load_s3_express(world: dict[str, Any], signer: Signer, bucket_url: str, mode: str | None) -> tuple[Credentials, str]:
    config = _Config(world)
    given = {"X-Amz-Create-Session-Mode": mode} if mode else {}
    (scheme, authority, _), _, _ = _split_url(bucket_url)
    url = f"{scheme}://{authority}/?session"
    source = f"CreateSession of {authority}"
    answer = _call(config, source, "GET", url, lambda: signer.sign("GET", url, given).headers, None)
    return _from_fields(_parse_xml(answer.body, source), source), source


def _load_chain(providers: Sequence[Any]) -> tuple[Credentials, str]:
    said = []
    for provider in providers:
        try:
            credentials = provider()
        except CredentialsNotFound as error:
            said.append(str(error))
            continue
        if not isinstance(credentials, Credentials):
            raise CredentialsError(f"a provider of the chain returned {_kind(credentials)}; it must return Credentials")
        return credentials, getattr(provider, "source", "") or getattr(provider, "__name__", "") or type(provider).__name__
    raise CredentialsNotFound("; ".join(["no provider of the chain has credentials", *said]))


def _load_default(world: dict[str, Any], profile: str | None, kept: dict[str, Any], region: str | None) -> tuple[Credentials, str]:
    """The default chain, in botocore's order: keys in the environment; roles of the profile; the web identity in the environment;
    the rest of the profile; a container's agent; the instance's metadata. A source that is configured and fails ends the search."""
    config = _Config(world, profile)
    said = []
    if profile is None:
        try:
            return _load_env(world)
        except CredentialsNotFound as error:
            said.append(str(error))
    there = config.settings(config.profile) is not None
    if config.named and not there:
        raise CredentialsError(_no_profile(config, config.profile))
    if there:
        found = _profile_role(config, config.profile, None, region)
        if found:
            return found
    if profile is None:
        settings = config.settings(config.profile) or {}  # what the environment leaves open of a web identity, the profile may tell
        path = config.env("AWS_WEB_IDENTITY_TOKEN_FILE") or settings.get("web_identity_token_file")
        if path:
            role = config.env("AWS_ROLE_ARN") or settings.get("role_arn")
            name = config.env("AWS_ROLE_SESSION_NAME") or settings.get("role_session_name")
            return _load_web_identity(world, None, path, {"RoleArn": role, "RoleSessionName": name}, region, None)
        said.append("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set")
    if there:
        found = _profile_rest(config, config.profile, region)
        if found:
            return found
        said.append(f"profile {config.profile} has no credentials")
    else:
        said.append(_no_profile(config, config.profile))
    if config.named:  # another source than the one that was named would be a surprise
        raise CredentialsError(f"profile {config.profile}, which was named, has no credentials")
    for loader in (partial(_load_container, world), partial(_load_imds, world, kept)):
        try:
            return loader()
        except CredentialsNotFound as error:
            said.append(str(error))
    raise CredentialsNotFound("; ".join(["no credentials in any place of the default chain", *said]))


def _default_region(world: dict[str, Any], profile: str | None) -> str | None:
    return _Config(world, profile).region()


# What the providers below have in common: env (a mapping), transport (as of Client), clock, sleep and run (a list of arguments ->
# (status, stdout, stderr)) may be passed to each, in place of the real ones.
STAND_INS = frozenset({"env", "transport", "clock", "sleep", "run"})


def _made(
    world: dict[str, Any], load: Any, *, margin: float | None = None, sources: Sequence[Any] = (), profile: str | None = None, **files: Any
) -> Provider:
    """A Provider by a loader that takes the world first, whose arguments come after it."""
    unknown = set(world) - STAND_INS
    if unknown:
        raise TypeError(f"unknown argument {sorted(unknown)[0]!r}; beside its own, a provider takes {', '.join(sorted(STAND_INS))}")
    world = {**world, **files}
    loader, *arguments = load
    clock = _given(world, "clock", time.time)
    return Provider(
        partial(loader, world, *arguments), clock=clock, margin=margin, sources=sources, region=partial(_default_region, world, profile)
    )


def from_env(**world: Any) -> Provider:
    """A Provider of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION and AWS_ACCOUNT_ID.

    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
    """
    return _made(world, (_load_env,))


def from_profile(
    profile: str | None = None,
    *,
    config_file: str | None = None,
    credentials_file: str | None = None,
    mfa_code: Callable[[str], str] | None = None,
    region: str | None = None,
    **world: Any,
) -> Provider:
    """A Provider of a profile in the shared files: static keys, a role (source_profile, credential_source), a web identity, SSO or a
    process.

    profile: None is AWS_PROFILE, then `default`. config_file, credentials_file: paths; None is AWS_CONFIG_FILE and
    AWS_SHARED_CREDENTIALS_FILE, then those in ~/.aws. mfa_code: gets the serial number of a device and returns its code.
    region: for STS; None is that of the environment, then the profile's.
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
    """
    return _made(
        world, (_load_profile, profile, mfa_code, region), profile=profile, config_file=config_file, credentials_file=credentials_file
    )


def from_process(command: str | None = None, *, profile: str | None = None, **world: Any) -> Provider:
    """A Provider of what a command prints, in the format of credential_process; None is that of the profile. No shell is involved.

    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    return _made(world, (_load_process, command, profile), profile=profile)


def from_assume_role(
    role_arn: str,
    *,
    source: Any = None,
    session_name: str | None = None,
    duration: int | None = None,
    external_id: str | None = None,
    policy: str | None = None,
    policy_arns: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    transitive_tag_keys: Sequence[str] = (),
    serial_number: str | None = None,
    mfa_code: Callable[[str], str] | None = None,
    source_identity: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    expiration_margin: float = 5,
    prepare: Callable[[dict[str, str]], object] | None = None,
    **world: Any,
) -> Provider:
    """A Provider of a role's credentials from STS AssumeRole.

    source: Credentials or a provider to assume it from, asked at each refresh; None is default_chain(). session_name: made up where
    it is None. duration: seconds, 900 to 43200. policy: JSON. mfa_code: gets serial_number and returns the device's code.
    expiration_margin: seconds before their end at which others are fetched. prepare: gets the dict of headers of the request to
    STS and may add to it, before it is signed. The other arguments are STS's.
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    if not isinstance(expiration_margin, (int, float)) or not 0 <= expiration_margin < YEAR_2100:
        raise RequestError("expiration_margin is a number of seconds, 0 or more")
    if source is None:
        source = default_chain(**world)
    parameters = {
        "RoleArn": role_arn,
        "RoleSessionName": session_name,
        "DurationSeconds": duration,
        "ExternalId": external_id,
        "Policy": policy,
        "PolicyArns": [{"arn": arn} for arn in policy_arns],
        "Tags": [{"Key": name, "Value": value} for name, value in (tags or {}).items()],
        "TransitiveTagKeys": list(transitive_tag_keys),
        "SerialNumber": serial_number,
        "SourceIdentity": source_identity,
    }
    load = (_load_assume_role, Signer(source)._ask, parameters, mfa_code, region, endpoint_url, prepare)
    return _made(world, load, margin=expiration_margin, sources=[source])


def from_web_identity(
    role_arn: str | None = None,
    *,
    token: str | Callable[[], str] | None = None,
    token_file: str | None = None,
    session_name: str | None = None,
    provider_id: str | None = None,
    policy: str | None = None,
    policy_arns: Sequence[str] = (),
    duration: int | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    **world: Any,
) -> Provider:
    """A Provider of a role's credentials from STS AssumeRoleWithWebIdentity, as Kubernetes and OpenID providers use it.

    token: the identity's token, or a callable that returns it; token_file: its file, read at each refresh. Where an argument is
    None, AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME serve.
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """
    parameters = {
        "RoleArn": role_arn,
        "RoleSessionName": session_name,
        "ProviderId": provider_id,
        "Policy": policy,
        "PolicyArns": [{"arn": arn} for arn in policy_arns],
        "DurationSeconds": duration,
    }
    return _made(world, (_load_web_identity, token, token_file, parameters, region, endpoint_url))


def from_sso(
    profile: str | None = None,
    *,
    start_url: str | None = None,
    session: str | None = None,
    sso_region: str | None = None,
    account_id: str | None = None,
    role_name: str | None = None,
    **world: Any,
) -> Provider:
    """A Provider of a role's credentials from IAM Identity Center, by the token of `aws sso login`, which is refreshed where it can be.

    profile: one that has the sso_ settings; the other arguments stand in for them.
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
    """
    given = {
        "sso_start_url": start_url,
        "sso_session": session,
        "sso_region": sso_region,
        "sso_account_id": account_id,
        "sso_role_name": role_name,
    }
    return _made(world, (_load_sso, profile, {name: value for name, value in given.items() if value}), profile=profile)


def from_login(profile: str | None = None, **world: Any) -> Provider:
    """A Provider of the credentials that `aws login` left for a profile that has login_session; they are refreshed as it does.

    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: botocore, credentials.py, LoginProvider
    """
    return _made(world, (_load_login, profile), profile=profile)


def from_container(
    *,
    relative_uri: str | None = None,
    full_uri: str | None = None,
    token: str | None = None,
    token_file: str | None = None,
    timeout: float = 2,
    attempts: int = 3,
    **world: Any,
) -> Provider:
    """A Provider of what the agent of a container answers: ECS, EKS Pod Identity, Greengrass, Lambda SnapStart, or any https URL.

    Where an argument is None, the variable AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI,
    AWS_CONTAINER_AUTHORIZATION_TOKEN or AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE serves. timeout: seconds.
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    return _made(world, (_load_container, relative_uri, full_uri, token, token_file, timeout, attempts))


def from_instance_metadata(
    *,
    endpoint: str | None = None,
    endpoint_mode: str | None = None,
    timeout: float | None = 1,
    attempts: int | None = 1,
    v1_disabled: bool | None = None,
    **world: Any,
) -> Provider:
    """A Provider of the role of an EC2 instance, from its metadata service, version 2, and 1 where 2 is refused and that is allowed.

    endpoint: a URL; endpoint_mode: "ipv4" or "ipv6"; timeout: seconds. What is None, the environment and the profile tell; they also
    go before the 1 of timeout and attempts.
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
    """
    # The defaults are botocore's; as such they give way to the environment and the profile.
    asked = (None if timeout == 1 else timeout, None if attempts == 1 else attempts)
    return _made(world, (_load_imds, {}, endpoint, endpoint_mode, *asked, v1_disabled))


def from_cognito_identity(
    identity_id: str,
    *,
    logins: Mapping[str, str | Callable[[], str]] | None = None,
    custom_role_arn: str | None = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    **world: Any,
) -> Provider:
    """A Provider of the credentials of a Cognito identity. logins: {provider: token, or a callable that returns it}.

    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html
    """
    return _made(world, (_load_cognito_identity, identity_id, logins, custom_role_arn, region, endpoint_url))


def from_cognito_identity_pool(
    identity_pool_id: str,
    *,
    account_id: str | None = None,
    logins: Mapping[str, str | Callable[[], str]] | None = None,
    custom_role_arn: str | None = None,
    user_identifier: str | None = None,
    cache: Any = None,
    region: str | None = None,
    endpoint_url: str | None = None,
    **world: Any,
) -> Provider:
    """A Provider of the credentials of an identity that a Cognito pool gives.

    cache: a mapping to keep the identity's id in, this process's own where it is None; it is kept for guests and, with a
    user_identifier, for users who have logged in. The other arguments are those of from_cognito_identity.
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html
    """
    load = (_load_cognito_pool, identity_pool_id, account_id, logins, custom_role_arn, user_identifier, cache, region, endpoint_url)
    return _made(world, load)


def from_s3_express(bucket_url: str, *, source: Any = None, mode: str | None = None, **world: Any) -> Provider:
    """A Provider of the sessions of an S3 Express bucket, which live 5 minutes and serve for its objects alone.

    bucket_url: https://BUCKET--AZ--x-s3.s3express-AZ.REGION.amazonaws.com. source: Credentials or a provider to ask for a session
    with; None is default_chain(). mode: "ReadOnly" or "ReadWrite".
    The provider raises CredentialsNotFound where nothing is configured, CredentialsError where that fails.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html
    """
    signer = Signer(default_chain(**world) if source is None else source, service="s3express", clock=_given(world, "clock", time.time))
    return _made(world, (_load_s3_express, signer, bucket_url, mode), margin=MANDATORY_WINDOW, sources=[source])


def default_chain(profile: str | None = None, *, region: str | None = None, **world: Any) -> Provider:
    """A Provider that looks where all SDKs look, in this order: the environment; a role of the profile; the web identity of the
    environment; the rest of the profile; a container's agent; the instance's metadata.

    profile: a profile's name; then the environment's keys and web identity are passed over. None is AWS_PROFILE, then `default`.
    region: for STS. Raises CredentialsNotFound with what each place said; a place that is configured and fails ends the search.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    """
    profile = profile or None
    return _made(world, (_load_default, profile, {}, region), profile=profile)


def chain(*providers: Any, clock: Callable[[], float] = time.time) -> Provider:
    """A Provider of the first of several that has credentials.

    Raises CredentialsNotFound where none has; one that raises it leads on to the next, while any other error ends the search.
    Source: the rule of all SDKs, https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    """
    if not providers:
        raise RequestError("chain takes one provider or more")
    return Provider(partial(_load_chain, providers), clock=clock, sources=providers, trusted=True)


# 12. Verify -----------------------------------------------------------------------------------------------------------

MAX_CHUNK = 1 << 24  # bytes of a signed chunk, which is held in memory until its signature holds
MAX_LINE = 1024  # bytes of a chunk's first line, and of a trailer
MAX_TRAILERS = 16
MAX_PARTS = 100  # of a form
MAX_KEPT = 4096  # characters of names or of an Authorization header that are worth keeping; who fills a cache need not be known
STREAMING_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
HEX_BYTES = "".join(sorted(HEX_DIGITS)).encode()
# Parameters that make a URL a presigned one, and headers that a request has once at most.
URL_PARAMETERS = frozenset({"x-amz-algorithm", "x-amz-credential", "x-amz-signature", "x-amz-signedheaders"})
SINGLE_HEADERS = OLD_HEADERS | {"host", "date", CONTENT_SHA256}
# Fields of a form that no condition of its policy need cover.
UNCOVERED_FIELDS = frozenset({"policy", "x-amz-signature", "file"})

# {an Authorization header without its signature: what _read_authorization makes of it}
_authorizations: dict[str, tuple[str, str, str, str, str, str, str]] = {}
_spellings: dict[tuple[str, ...], dict[str, str]] = {}  # names of headers -> {in lower case: as they arrived}
_signed_lines: dict[tuple[Any, ...], tuple[str, Any, tuple[str, ...]]] = {}  # see _read_signed_headers
_times: dict[str, float] = {}  # seconds since the epoch by X-Amz-Date


class Verified:
    """A request whose signature holds: who signed it, when, and what.

    access_key_id: whose. scope: YYYYMMDD/region/service/aws4_request, for SigV4a without the region. service: the scope's;
    region: the scope's, or SigV4a's set of them, joined by commas. time: when it was signed, an aware datetime. expiration: when
    a presigned URL or a form ends, an aware datetime, else None.
    signed_headers: their names, in lower case; no other header is the signer's word. payload_hash: lowercase hex, or a constant.
    body_is_signed: whether the body is the signer's word; it is not with UNSIGNED-PAYLOAD and its like, nor in a form, which
    signs its fields and nothing else: no method, path, query or header.
    body: bytes where those were handed in, checked and without aws-chunked's framing. For a file or an iterable, a binary file
    that is checked as it is read, for an asynchronous iterable another one: SignatureError is raised while reading, at the end
    at the latest, so read it to its end. trailers: dict of what followed the data, once it was read.
    fields, policy: those of a form, dicts, the bucket that was checked among the fields; empty for other requests.
    """

    __slots__ = (
        "access_key_id",
        "scope",
        "service",
        "region",
        "signed_headers",
        "payload_hash",
        "trailers",
        "fields",
        "policy",
        "_seconds",
        "_end",
        "_body",
    )

    def __init__(
        self,
        access_key_id: str,
        scope: str,
        service: str,
        region: str,
        seconds: float,
        end: float | None,
        signed_headers: tuple[str, ...],
        payload_hash: str,
        body: Any,
    ) -> None:
        self.access_key_id = access_key_id
        self.scope = scope
        self.service = service
        self.region = region
        self.signed_headers = signed_headers
        self.payload_hash = payload_hash
        self.trailers: dict[str, str] = {}
        self.fields: dict[str, Any] = {}
        self.policy: dict[str, Any] = {}
        self._seconds = seconds
        self._end = end
        self._body = body

    def __repr__(self) -> str:
        return f"<Verified {self.access_key_id} {self.scope}>"

    @property
    def time(self) -> datetime:
        return _at(self._seconds)

    @property
    def body_is_signed(self) -> bool:
        return not self.policy and self.payload_hash not in (UNSIGNED_PAYLOAD, STREAMING_UNSIGNED)

    @property
    def expiration(self) -> datetime | None:
        return None if self._end is None else _at(self._end)

    @property
    def body(self) -> Any:
        if isinstance(self._body, list):  # the data of chunks, joined only for who wants them
            self._body = b"".join(self._body)
        return self._body


def verify(
    method: str,
    url: str,
    headers: Headers,
    body: Any,
    credentials: Any,
    *,
    service: str | None = None,
    region: str | None = None,
    now: datetime | None = None,
    max_skew: float = 900,
    double_encode: bool | None = None,
    normalize_path: bool | None = None,
    token_after_signature: bool | None = None,
) -> Verified:
    """Who signed a request that arrived, and when; the server's side of Signer, sign_stream and post_policy.

    method, url, headers: as they arrived; the URL absolute, or the request's target, /path?query, still encoded. The signature
    may stand in the Authorization header, in the query, or in a form's fields, and be SigV4's or SigV4a's.
    body: bytes, another buffer or a str; a binary file or an iterable of bytes, also an asynchronous one, which is checked while
    Verified.body is read, chunk by chunk where it is aws-chunked; for a form its multipart/form-data, or its fields as a mapping,
    the upload under `file` (without one its length stays unchecked: see the policy). None is an empty one. Checksums in trailers
    are checked for crc32, sha1 and sha256, others are the caller's to hold against Verified.trailers.
    credentials: Credentials, or a callable that returns them for an access key id, or None where it knows none. For SigV4a the
    public key, (x, y), will do in their place: then any access key id is taken, which is not the signer's word, and any token.
    service, region: those that must be signed for; None takes any. now: aware datetime, None the present. max_skew: seconds that the
    time of signing may be off. double_encode, normalize_path, token_after_signature: as for Signer.

    A path is signed as it is normalised for its service: for all but S3, /a/../b and //b are /b; route by the normalised one.

    Raises SignatureError, with the code that S3 would answer with, for everything that is not rightly signed: also where host or
    an x-amz- header is not among the signed ones, or a request carries more than one signature.
    Raises RequestError for arguments of the caller's that can't be, such as a naive `now`.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
    """
    moment = _read_clock(time.time, now)[0]
    try:
        if headers.__class__ is not dict:
            headers = _header_pairs(headers)  # an iterator could be read but once
        claim = _read_claim(method, url, headers, double_encode, normalize_path, token_after_signature)
        if claim is None:
            return _verify_form(method, url, headers, body, credentials, service, region, moment)
    except RequestError as error:
        raise SignatureError("InvalidRequest", str(error)) from None
    who, amz_date, seconds, life, token, head, payload_hash, signature, sent = claim
    algorithm, access_key_id, scope, of_service, of_region = who
    malformed = "AuthorizationHeaderMalformed" if life is None else "AuthorizationQueryParametersError"
    if service is not None and service != of_service:
        raise SignatureError(malformed, f"the request is signed for the service {_beginning(of_service)}; expecting {service!r}")
    if region is not None and region != of_region and not (algorithm == ALGORITHM_V4A and _is_in_set(region, of_region)):
        raise SignatureError(malformed, f"the request is signed for the region {_beginning(of_region)}; expecting {region!r}")
    end = None
    if life:
        end = seconds + life
        if moment > end:
            raise SignatureError("AccessDenied", f"the URL expired at {_iso(end)}")
        if seconds - moment > max_skew:
            raise SignatureError("AccessDenied", f"the URL is not valid before {_iso(seconds)}")
    elif not -max_skew <= moment - seconds <= max_skew:
        off = f"{abs(moment - seconds):.0f} s {'ago' if moment > seconds else 'ahead'}"
        raise SignatureError("RequestTimeTooSkewed", f"the request says it was signed {off}; {max_skew:g} s are allowed")
    known = _known(credentials, access_key_id, algorithm)
    if known.__class__ is not tuple:
        _check_token(known, token, moment)

    hashed = payload_hash is None
    if payload_hash is None:
        if of_service in S3_SERVICES or of_service == LATTICE:
            if life is None:
                raise SignatureError("MissingSecurityHeader", f"header {CONTENT_SHA256} is missing; {of_service} wants it")
            payload_hash, hashed = UNSIGNED_PAYLOAD, False
        elif body.__class__ is bytes:
            payload_hash = sha256(body).hexdigest()
        else:
            body, payload_hash = _payload(_rereadable(body), None, None)
    if algorithm == ALGORITHM:
        state = known._states.get((of_service, of_region))  # as in Signer._prepare
        if state is None or state[0] != amz_date[:8]:
            state = _signing_state(known, amz_date[:8], of_region, of_service)
        _, expected = _signature(head + payload_hash, amz_date, scope, *state[4:])
        holds = hmac.compare_digest(expected, signature)
    else:
        known = known if known.__class__ is tuple else _public_key(known)
        holds = sigv4a_verify(known, string_to_sign(head + payload_hash, amz_date, scope, algorithm), signature)
    if not holds:
        raise SignatureError("SignatureDoesNotMatch", "the signature is not the one of this request by this access key")
    found = Verified(access_key_id, scope, of_service, of_region, seconds, end, sent[2], payload_hash, body)
    if not hashed:
        _check_body(found, sent, known, amz_date, signature)
    elif body.__class__ is not bytes:
        found._body = _as_bytes(body)
    return found


def _is_in_set(region: str, regions: str) -> bool:
    """Whether a region is in SigV4a's set: us-east-1, us-*, or both joined by a comma. By hand, since fnmatch can take exponential time."""
    return "*" not in region and any(_matches(region, pattern.strip()) for pattern in regions.split(","))


def _matches(region: str, pattern: str) -> bool:
    first, *middle = pattern.split("*")
    if not middle:
        return region == pattern
    last = middle.pop()
    if len(first) + len(last) > len(region) or not region.startswith(first) or not region.endswith(last):
        return False
    rest = region[len(first) : len(region) - len(last)]
    for part in middle:
        _, found, rest = rest.partition(part) if part else ("", "*", rest)
        if not found:
            return False
    return True


def _known(credentials: Any, access_key_id: str, algorithm: str) -> Any:
    """The Credentials of an access key id, or a public key of SigV4a's."""
    found = credentials
    if callable(credentials):
        try:
            found = credentials(access_key_id)
        except LookupError:
            found = None
    elif credentials is None:
        raise CredentialsError("credentials is None; pass Credentials, or a callable that returns them for an access key id")
    if found.__class__ is tuple and len(found) == 2 and all(isinstance(number, int) for number in found):
        if algorithm == ALGORITHM:
            raise SignatureError("InvalidAccessKeyId", "the request is signed with SigV4, and only a public key is known for SigV4a")
        return found
    if found is not None and not isinstance(found, Credentials):
        raise CredentialsError(
            f"credentials gave {_kind(found)}; pass Credentials, a public key (x, y), or a callable that returns them for an access key id"
        )
    if found is None or found.access_key_id != access_key_id:
        raise SignatureError("InvalidAccessKeyId", f"the access key id {_beginning(access_key_id)} is not known")
    return found


def _check_token(credentials: Credentials, token: str | None, moment: float) -> None:
    own = credentials.session_token
    if (token or own) and not (token and own and token.isascii() and hmac.compare_digest(token, own)):
        raise SignatureError("InvalidToken", "the session token of the request is not the one of this access key")
    if credentials._expires_at <= moment:
        raise SignatureError("ExpiredToken", f"the credentials expired at {_iso(credentials._expires_at)}")


def _public_key(credentials: Credentials) -> tuple[int, int]:
    """SigV4a's public key of credentials, kept with them: it takes as long as a verification."""
    kept = credentials._states.get(("", ""))
    if kept is None:
        kept = sigv4a_public_key(sigv4a_key(credentials.access_key_id, credentials.secret_access_key))
        _remember(credentials._states, ("", ""), kept)
    return kept


def _read_claim(
    method: str,
    url: str,
    headers: Headers,
    double_encode: bool | None = None,
    normalize_path: bool | None = None,
    token_after: bool | None = None,
) -> tuple[Any, ...] | None:
    """What a request says of its signature, None where it has none: ((algorithm, access key id, scope, service, region or set of them),
    X-Amz-Date, the same in seconds, the URL's life in seconds (0 where it names none) or None for the header form, token, canonical
    request up to the payload hash, the hash that is declared or None, signature, (headers, their names by those in lower case, the
    signed ones))."""
    if method.__class__ is not str or method not in METHODS:
        _read_method(method)
    authority = ""
    if isinstance(url, str) and url[:1] == "/":
        path, _, query = _utf8(url, "url").partition("?")
    else:
        (_, authority, _), path, query = _split_url(url)
    if "#" in str(url) or query[:1] == "=" or "&=" in query:  # what reads the request after us may see it otherwise
        raise SignatureError("InvalidRequest", "the URL holds a # or a parameter without a name; percent-encode the one, drop the other")
    values: Any = headers
    spelling = None
    if headers.__class__ is dict and _are_plain(values.values()):
        names = tuple(values)
        spelling = _spellings.get(names) or _read_spelling(names)
    if not spelling:
        values = _received_headers(headers)
        names = tuple(values)
        spelling = dict(zip(names, names))
    if "host" not in spelling and authority:
        values, names, spelling = {**values, "host": authority}, (*names, "host"), {**spelling, "host": "host"}

    found: dict[str, str] = {}
    pairs: Pairs = []
    if query:
        pairs = _query_pairs(query)
        for name, value in pairs:
            if name[:6].lower() == "x-amz-" and name.lower() in OLD_PARAMETERS:
                if name.lower() in found:
                    raise SignatureError("AuthorizationQueryParametersError", f"the parameter {name} is there twice")
                found[name.lower()] = _unquote(value).decode("utf-8", "replace")
    declared = values[spelling[CONTENT_SHA256]] if CONTENT_SHA256 in spelling else None
    amz_date = values[spelling["x-amz-date"]] if "x-amz-date" in spelling else ""
    life = None
    if "authorization" in spelling:
        if not URL_PARAMETERS.isdisjoint(found):
            raise SignatureError("InvalidArgument", "the request is signed in its Authorization header and in its query; one is allowed")
        malformed = "AuthorizationHeaderMalformed"
        authorization = values[spelling["authorization"]]
        read = _authorizations.get(authorization[:-64])
        if read is None:
            read, signature = _read_authorization(authorization)
        else:
            signature = authorization[-64:]
        algorithm, access_key_id, scope, date, region, service, signed = read
        if not amz_date:
            amz_date = _date_of(values[spelling["date"]] if "date" in spelling else "")
        token_name = spelling.get("x-amz-security-token") or spelling.get("x-amz-s3session-token")
        token = values[token_name] if token_name else None
        regions = values[spelling["x-amz-region-set"]] if "x-amz-region-set" in spelling else ""
    elif not URL_PARAMETERS.isdisjoint(found):
        malformed = "AuthorizationQueryParametersError"
        missing = (URL_PARAMETERS | {"x-amz-date"}) - set(found)
        if missing:
            raise SignatureError(malformed, f"the query has no {' and no '.join(sorted(missing))}")
        algorithm, access_key_id, scope, date, region, service = _read_credential(
            found["x-amz-algorithm"], found["x-amz-credential"], malformed
        )
        signed, signature, amz_date = found["x-amz-signedheaders"], found["x-amz-signature"], found["x-amz-date"]
        token = found.get("x-amz-security-token") or found.get("x-amz-s3session-token")
        regions = found.get("x-amz-region-set", "")
        life = _read_life(found.get("x-amz-expires"))
        if declared is None:  # some SDKs put the header into the query
            declared = next((value for name, value in pairs if name.lower() == CONTENT_SHA256), None)
    else:
        return None

    seconds = _times.get(amz_date)
    if seconds is None:
        seconds = _read_amz_date(amz_date, malformed)
    asymmetric = algorithm == ALGORITHM_V4A
    if asymmetric:
        region = regions
        if not regions:
            raise SignatureError(malformed, "the request is signed with SigV4a and names no regions in X-Amz-Region-Set")
    if date != amz_date[:8]:
        raise SignatureError(malformed, "the credential's scope must begin with the day of X-Amz-Date")
    if not signature.isascii() or (len(signature) != 64 and not asymmetric):
        raise SignatureError(malformed, "the signature must be 64 digits in lowercase hex")
    if token_after is None:
        token_after = service == IOT_GATEWAY
    template, pick, signed_names = _signed_lines.get((names, signed, token_after)) or _read_signed_headers(
        names, spelling, signed, token_after, malformed
    )
    if life == 0 and service in S3_SERVICES:
        raise SignatureError(malformed, "the query has no x-amz-expires, which S3 wants")

    canonical_query = ""
    if pairs:
        if life is not None:
            unsigned = {"x-amz-signature", "x-amz-security-token"} if token_after else {"x-amz-signature"}
            pairs = [pair for pair in pairs if pair[0].lower() not in unsigned]
        canonical_query = _canonical_query(pairs)
    if path.encode().translate(None, PLAIN_PATH) or "//" in path or "/." in path:
        of_s3 = service in S3_SERVICES
        path = _canonical_path(
            path, not of_s3 if double_encode is None else double_encode, not of_s3 if normalize_path is None else normalize_path
        )
    head = f"{method}\n{path}\n{canonical_query}\n{template % pick(values)}\n{signed}\n"
    who = algorithm, access_key_id, scope, service, region
    return who, amz_date, seconds, life, token, head, declared, signature, (values, spelling, signed_names)


def _read_spelling(names: tuple[str, ...]) -> dict[str, str]:
    """{in lower case: as it arrived} of valid names, empty where two differ in case alone."""
    spelling = {_header_name(name).lower(): name for name in names}
    if len(spelling) < len(names):
        return {}
    if sum(map(len, names)) <= MAX_KEPT:
        _remember(_spellings, names, spelling)
    return spelling


def _received_headers(headers: Headers) -> dict[str, str]:
    """{name in lower case: canonical value} of headers in any form, repeated ones joined."""
    pairs = [(_header_name(name).lower(), _unfolded(_header_text(name, value))) for name, value in _header_pairs(headers)]
    values = _joined(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        for name in SINGLE_HEADERS:
            if names.count(name) > 1:
                raise SignatureError("InvalidRequest", f"header {name} is there twice")
    return values


def _read_authorization(text: str) -> tuple[Any, str]:
    """((algorithm, access key id, scope, its date, region and service, names of signed headers), signature) of an Authorization header.

    The former are kept by the text before the signature, which is the same in all requests of a day that look alike.
    """
    malformed = "AuthorizationHeaderMalformed"
    algorithm, _, rest = text.partition(" ")
    fields = {}
    for part in rest.split(","):  # blanks after the commas are optional
        name, equals, value = part.strip(" ").partition("=")
        if not equals or not value or name in fields:
            raise SignatureError(malformed, "Authorization must be name=value pairs, with commas between them, each once")
        fields[name] = value
    try:
        credential, signed, signature = fields.pop("Credential"), fields.pop("SignedHeaders"), fields.pop("Signature")
    except KeyError as error:
        raise SignatureError(malformed, f"Authorization has no {error.args[0]}") from None
    if fields:
        raise SignatureError(malformed, "Authorization may hold Credential, SignedHeaders and Signature, nothing else")
    read = (*_read_credential(algorithm, credential, malformed), signed)
    if text.endswith(f"Signature={signature}") and len(signature) == 64 and len(text) <= MAX_KEPT:
        _remember(_authorizations, text[:-64], read)
    return read, signature


def _read_credential(algorithm: str, credential: str, malformed: str) -> tuple[str, str, str, str, str, str]:
    """(algorithm, access key id, scope, its date, region, empty for SigV4a, and service)."""
    if algorithm not in (ALGORITHM, ALGORITHM_V4A):
        raise SignatureError(malformed, f"the algorithm is {_beginning(algorithm)}; {ALGORITHM} and {ALGORITHM_V4A} are known")
    count = 4 if algorithm == ALGORITHM else 3
    access_key_id, *parts = credential.rsplit("/", count)
    sound = len(parts) == count and access_key_id and all(parts) and parts[-1] == "aws4_request"
    if not sound or "".join(parts).encode("utf-8", "replace").translate(None, UNRESERVED):
        form = "access key id/YYYYMMDD/region/service/aws4_request"
        raise SignatureError(malformed, f"the credential must be {form if count == 4 else form.replace('/region', '')}")
    return algorithm, access_key_id, "/".join(parts), parts[0], parts[1] if count == 4 else "", parts[-2]


def _read_amz_date(amz_date: str, malformed: str) -> float:
    """Seconds since the epoch."""
    from datetime import datetime, timezone

    if not amz_date and malformed == "AuthorizationHeaderMalformed":
        raise SignatureError("MissingSecurityHeader", "the request has no X-Amz-Date and no Date")
    try:
        if (
            len(amz_date) != 16
            or not amz_date.isascii()
            or amz_date[8] + amz_date[15] != "TZ"
            or not (amz_date[:8] + amz_date[9:15]).isdigit()
        ):
            raise ValueError
        parts = [int(amz_date[start:end]) for start, end in ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15))]
        seconds = datetime(*parts, tzinfo=timezone.utc).timestamp()  # type: ignore[arg-type, misc]
    except ValueError:
        raise SignatureError(
            "AccessDenied" if malformed == "AuthorizationHeaderMalformed" else malformed,
            f"the time of signing is {_beginning(amz_date)}; it must be a time in the form YYYYMMDDTHHMMSSZ",
        ) from None
    _remember(_times, amz_date, seconds)
    return seconds


def _date_of(date: str) -> str:
    """X-Amz-Date from a Date header, which may stand for it; empty where it is none."""
    seconds = _http_date(date)
    return "" if seconds is None else _amz_date(time.gmtime(seconds))


def _read_life(text: str | None) -> int:
    """Seconds that a URL is good for, 0 where it does not say."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_EXPIRES):
        raise SignatureError(
            "AuthorizationQueryParametersError", f"X-Amz-Expires is {_beginning(text)}; it must be a number from 1 to {MAX_EXPIRES}"
        )
    return int(text)


def _read_signed_headers(
    names: tuple[str, ...], spelling: dict[str, str], signed: str, token_after: bool, malformed: str
) -> tuple[str, Any, tuple[str, ...]]:
    """(template of the canonical lines, what picks their values, names) for headers of these names, as in _make_plan."""
    listed = signed.split(";")
    if listed != sorted(set(listed)) or signed != signed.lower():
        raise SignatureError(malformed, "the signed headers must be in lower case, in order, with semicolons between them, each once")
    for name in listed:
        if name not in spelling:
            raise SignatureError("SignatureDoesNotMatch", f"header {_beginning(name)} was signed, but did not arrive")
    given = set(listed)
    for name in sorted(spelling):
        if name not in given and (name == "host" or _is_amazons(name)) and not (token_after and name == "x-amz-security-token"):
            raise SignatureError("AccessDenied", f"header {name} arrived, but was not signed")
    if "host" not in given:
        raise SignatureError("AccessDenied", "the request has no Host that was signed")
    template = "".join([f"{name.replace('%', '%%')}:%s\n" for name in listed])
    plan = template, itemgetter(*[spelling[name] for name in listed]), tuple(listed)
    if sum(map(len, names)) <= MAX_KEPT:
        _remember(_signed_lines, (names, signed, token_after), plan)
    return plan


def _rereadable(body: Any) -> Any:
    """A body whose hash nothing declares, read whole where it can be read only once."""
    if body is None or isinstance(body, str) or _body_kind(body) != "stream":
        return body
    if hasattr(body, "__aiter__"):
        raise RequestError("the body is an asynchronous iterable, whose hash the request does not declare; read it first")
    return io.BytesIO(b"".join(_pieces_of(body)))


def _is_amazons(name: str) -> bool:
    """Whether a header is one that must be signed where it is there; CGI and WSGI take _ for -."""
    return name.replace("_", "-").startswith("x-amz-")


def _pieces_of(body: Any) -> Iterator[bytes]:
    """The pieces of a body, each a copy unless it is bytes: a buffer may be used again before its chunk's signature is there."""
    return map(bytes, _buffers_of(body, FILE_PIECE))


def _as_bytes(body: Any) -> Any:
    """A buffer as bytes; what is read stays as it is."""
    if body is None or body.__class__ is bytes:
        return body or b""
    return bytes(memoryview(body)) if _body_kind(body) == "buffer" else body


def _check_body(found: Verified, sent: tuple[Any, ...], known: Any, amz_date: str, signature: str) -> None:
    """Hold the body against the hash that the signature is over: now where it is there, else while it is read."""
    body, payload_hash = found._body, found.payload_hash
    if not _is_payload_hash(payload_hash):
        raise SignatureError(
            "InvalidArgument", f"{CONTENT_SHA256} must be a SHA-256 in lowercase hex, {UNSIGNED_PAYLOAD} or another constant"
        )
    if isinstance(body, str):
        body = _utf8(body, "body").encode()
    check: Any = _HashCheck(payload_hash)
    if payload_hash.startswith("STREAMING-"):
        values, spelling, names = sent
        check = _stream_check(found, {name: values[spelling[name]] for name in names}, known, amz_date, signature)
    found.trailers = check.trailers
    if body is None or _body_kind(body) == "buffer":
        found._body = check.feed(_as_bytes(body)) + check.end()
    else:
        found._body = _CheckedPieces(body, check) if hasattr(body, "__aiter__") else _CheckedFile(body, check)


def _stream_check(found: Verified, headers: dict[str, str], known: Any, amz_date: str, signature: str) -> Any:
    """What checks a body that is signed in pieces, by the constant in place of its hash."""
    kind = found.payload_hash
    asymmetric = known.__class__ is tuple
    own = f"STREAMING-{ALGORITHM_V4A if asymmetric else ALGORITHM}-"
    chain = _Chain(known, amz_date, found.scope, signature, asymmetric)
    if kind == "STREAMING-AWS4-HMAC-SHA256-EVENTS" and not asymmetric:
        return _EventCheck(chain, found.region, found.service)
    signed = kind in (own + "PAYLOAD", own + "PAYLOAD-TRAILER")
    if not signed and kind != STREAMING_UNSIGNED:
        raise SignatureError(
            "InvalidArgument", f"{CONTENT_SHA256} names a constant that is unknown, or not one for the request's algorithm"
        )
    length = headers.get("x-amz-decoded-content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise SignatureError("MissingContentLength", "x-amz-decoded-content-length is missing, or no number")
    has_trailers = kind.endswith("-TRAILER")
    trailers = [name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",") if has_trailers and name.strip()]
    return _ChunkCheck(chain if signed else None, int(length), trailers, has_trailers, asymmetric)


class _HashCheck:
    """A body of one hash, or of none that was signed."""

    def __init__(self, expected: str) -> None:
        self.trailers: dict[str, str] = {}
        self._expected = expected
        self._digest = sha256()
        self._signed = expected != UNSIGNED_PAYLOAD
        self._held: list[Any] = []

    def feed(self, data: Any) -> list[Any]:
        """What may be given out after the next bytes."""
        if not self._signed:
            return [data]
        self._digest.update(data)
        held, self._held = self._held, [data]  # the last is given when all hold, so that who reads just so far meets the refusal
        return held

    def end(self) -> list[Any]:
        """What is left to give out. Raises SignatureError where the body does not hold, or is not complete."""
        if self._signed and not hmac.compare_digest(self._digest.hexdigest(), self._expected):
            raise SignatureError("XAmzContentSHA256Mismatch", "the body is not the one whose SHA-256 was signed")
        return self._held


class _ChunkCheck:
    """An aws-chunked body in pieces of any size. Data are given out when their chunk's signature holds; unsigned ones at once."""

    def __init__(self, chain: _Chain | None, length: int, trailers: list[str], has_trailers: bool, asymmetric: bool) -> None:
        self.trailers: dict[str, str] = {}
        self._chain = chain
        self._length = length  # bytes of data that are still to come
        self._names = trailers
        self._has_trailers = has_trailers
        self._size = (SIGNATURE_V4A if asymmetric else 64) if chain else 0  # characters of a signature
        named = [name[len("x-amz-checksum-") :] for name in trailers if name.startswith("x-amz-checksum-")]
        self._checksums = {name: _checksum(name)[1]() for name in named if name in OWN_CHECKSUMS}
        self._next = self._read_size  # what reads the next line
        self._ended = False
        self._line = b""  # what is there of it
        self._left = 0  # bytes of the chunk that are still to come
        self._held: list[Any] = []
        self._signature = ""
        self._digest = sha256()

    def feed(self, data: Any) -> list[Any]:
        """The data, bytes-like, that may be given out after the next bytes."""
        view = _bytes_view(data)
        given: list[Any] = []
        start = 0
        size = len(view)
        while start < size:
            if self._left:
                piece = view[start : start + self._left]
                start += len(piece)
                self._left -= len(piece)
                if self._chain is None:
                    self._give([piece], given)
                else:
                    if self._held:
                        self._digest.update(piece)
                    else:
                        self._digest = sha256(piece)
                    self._held.append(piece)
                    if not self._left:
                        self._end_chunk(given)
                continue
            if self._ended:
                raise SignatureError("InvalidRequest", "the body goes on after the end of its aws-chunked stream")
            window = view[start : start + 256].tobytes()
            if window[:2] == b"\r\n" and self._next == self._read_break:  # with the next line, which is there as a rule
                self._next = self._read_size
                window = window[2:]
                start += 2
            cut = window.find(b"\n") + 1
            start += cut or len(window)
            line = self._line + window[: cut or 256]
            if len(line) > MAX_LINE:
                raise SignatureError("InvalidRequest", f"a line of the aws-chunked body is longer than {MAX_LINE} bytes")
            if not cut:
                self._line = line
                continue
            self._line = b""
            if line[-2:] != b"\r\n":
                raise SignatureError("InvalidRequest", "a line of the aws-chunked body does not end with CR LF")
            self._next(line[:-2])
        return given

    def end(self) -> list[Any]:
        if not self._ended:
            raise SignatureError("IncompleteBody", "the aws-chunked body ends before its last chunk")
        return []

    def _read_size(self, line: bytes) -> None:
        """<size in hex>;chunk-signature=<signature>, the latter in signed streams only."""
        digits, mark, signature = line.partition(b";chunk-signature=")
        sound = 1 <= len(digits) <= 16 and len(signature) == self._size and (mark != b"") == (self._chain is not None)
        if not sound or digits.translate(None, HEX_BYTES):
            what = "its size in hex and its signature" if self._chain else "its size in hex alone"
            raise SignatureError("InvalidRequest", f"a chunk must begin with {what}")
        self._signature = signature.decode("latin-1")
        self._left = left = int(digits, 16)
        self._length -= left
        if left > MAX_CHUNK and self._chain:
            raise SignatureError("InvalidRequest", f"a chunk says it has {left} bytes; {MAX_CHUNK} are held in memory at most")
        if self._length < 0 or (not left and self._length):
            off = f"{abs(self._length)} bytes {'more' if self._length < 0 else 'less'}"
            raise SignatureError("IncompleteBody", f"the chunks have {off} than x-amz-decoded-content-length says")
        if left:
            self._next = self._read_break
        else:
            self._digest = sha256()
            self._end_chunk([])
            self._next = self._read_trailer if self._has_trailers else self._read_end

    def _end_chunk(self, given: list[Any]) -> None:
        if self._chain and not self._chain.check("PAYLOAD", f"{EMPTY_SHA256}\n{self._digest.hexdigest()}", self._signature):
            raise SignatureError("SignatureDoesNotMatch", "the signature of a chunk is not the one of its data after those before it")
        if self._checksums:
            self._give(self._held, given)
        else:
            given += self._held
        self._held = []

    def _give(self, pieces: list[Any], given: list[Any]) -> None:
        for checksum in self._checksums.values():
            for piece in pieces:
                checksum.update(piece)
        given += pieces

    def _read_break(self, line: bytes) -> None:
        if line:
            raise SignatureError("InvalidRequest", "a chunk is longer than it says")
        self._next = self._read_size

    def _read_trailer(self, line: bytes) -> None:
        """name:value, the trailer's signature last in signed streams, then an empty line."""
        if not line:
            self._check_trailers()
            return
        name, colon, value = line.decode("latin-1").partition(":")
        name = name.lower()
        if not colon or name in self.trailers or len(self.trailers) == MAX_TRAILERS or name not in [*self._names, TRAILER_SIGNATURE]:
            raise SignatureError("MalformedTrailerError", "a trailer must be name:value, be announced by x-amz-trailer, and come once")
        if TRAILER_SIGNATURE in self.trailers:
            raise SignatureError("MalformedTrailerError", "the trailers go on after their signature")
        self.trailers[name] = _folded(value)

    def _check_trailers(self) -> None:
        from base64 import b64encode

        signature = self.trailers.pop(TRAILER_SIGNATURE, "")
        if set(self.trailers) != set(self._names):
            raise SignatureError("MalformedTrailerError", "a trailer that x-amz-trailer announced did not come")
        if self._chain:
            lines = "".join([f"{name}:{value}\n" for name, value in sorted(self.trailers.items())])
            if len(signature) != self._size or not self._chain.check("TRAILER", sha256(lines.encode("latin-1")).hexdigest(), signature):
                raise SignatureError("SignatureDoesNotMatch", "the signature of the trailers is not theirs after the data before them")
        elif signature:
            raise SignatureError("MalformedTrailerError", "the stream is unsigned, yet its trailers are")
        for name, checksum in self._checksums.items():
            if self.trailers[f"x-amz-checksum-{name}"] != b64encode(checksum.digest()).decode():
                raise SignatureError("BadDigest", f"the {name} of the data is not the one in the trailer")
        self._ended = True

    def _read_end(self, line: bytes) -> None:
        if line:
            raise SignatureError("InvalidRequest", "the stream goes on after its last chunk, and announced no trailer")
        self._ended = True


class _EventCheck:
    """A stream of signed events in pieces of any size; given out is the encoded message of each."""

    def __init__(self, chain: _Chain, region: str, service: str) -> None:
        self.trailers: dict[str, str] = {}
        self._chain = chain
        self._tail = f"/{region}/{service}/aws4_request"
        self._data = bytearray()
        self._ended = False

    def feed(self, data: Any) -> list[Any]:
        self._data += data
        given = []
        while len(self._data) >= 4:
            total = int.from_bytes(self._data[:4], "big")
            if not 16 <= total <= 16 + MAX_EVENT_HEADERS + MAX_EVENT_PAYLOAD:
                raise SignatureError("InvalidRequest", f"an event says it has {total} bytes")
            if len(self._data) < total:
                break
            message = self._read_event(bytes(self._data[:total]))
            del self._data[:total]
            if message:
                given.append(message)
        return given

    def _read_event(self, frame: bytes) -> bytes:
        try:
            headers, message = decode_event(frame)
            moment = headers[":date"].timestamp()
            signature = bytes.hex(headers[":chunk-signature"])
            amz_date = _amz_date(time.gmtime(moment))
            stamp = _encode_headers({":date": (8, round(moment * 1000))})
        except (RequestError, KeyError, AttributeError, TypeError, ValueError, OverflowError, OSError):
            raise SignatureError("InvalidRequest", "an event is malformed, or has no :date and :chunk-signature") from None
        self._chain.move(amz_date, amz_date[:8] + self._tail)
        if self._ended or not self._chain.check("PAYLOAD", f"{sha256(stamp).hexdigest()}\n{sha256(message).hexdigest()}", signature):
            raise SignatureError("SignatureDoesNotMatch", "the signature of an event is not the one of its message after those before it")
        self._ended = not message
        return message

    def end(self) -> list[Any]:
        if not self._ended or self._data:
            raise SignatureError("IncompleteBody", "the stream of events has no signed end")
        return []


class _CheckedFile(io.RawIOBase):
    """A body that is checked while it is read; iterating gives its data in pieces, not in lines."""

    def __init__(self, body: Any, check: Any) -> None:
        self._given = self._read_pieces(body, check)
        self._rest = memoryview(b"")
        self._failure: BaseException | None = None

    def _read_pieces(self, body: Any, check: Any) -> Iterator[Any]:
        for data in _pieces_of(body):
            yield from check.feed(data)
        yield from check.end()

    def _read_piece(self) -> Any:
        """The next piece, None at the end; what failed once fails again, so that no refusal is taken for an end."""
        if self._failure is not None:
            raise self._failure
        try:
            return next(self._given, None)
        except BaseException as error:
            self._failure = error
            raise

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = self._read_piece()
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def __iter__(self) -> Iterator[bytes]:
        piece: Any = self._rest
        self._rest = memoryview(b"")
        while piece is not None:
            if piece:
                yield bytes(piece)
            piece = self._read_piece()


class _CheckedPieces:
    """A body that arrives asynchronously, checked while it is iterated."""

    def __init__(self, body: Any, check: Any) -> None:
        self._body = body
        self._check = check

    async def __aiter__(self) -> Any:
        async for data in self._body:
            for piece in self._check.feed(bytes(_check_piece(data))):
                yield bytes(piece)
        for piece in self._check.end():
            yield bytes(piece)


def _verify_form(
    method: str, url: str, headers: Headers, body: Any, credentials: Any, service: str | None, region: str | None, moment: float
) -> Verified:
    """verify, for a form that a browser posts; raises MissingSecurityHeader where it is none."""
    import json
    from base64 import b64decode

    values = _received_headers(headers)
    content_type = values.get("content-type", "")
    if method != "POST" or not (hasattr(body, "items") or content_type.lower().startswith("multipart/form-data")):
        raise SignatureError(
            "MissingSecurityHeader", "the request is not signed: it has no Authorization header, and no signature in its query"
        )
    for name in values:
        if _is_amazons(name):
            raise SignatureError("AccessDenied", f"header {_beginning(name)} arrived, but a form signs no header")
    fields: dict[str, Any] = {}
    for name, value in body.items() if hasattr(body, "items") else _form_fields(content_type, body):
        lower = str(name).lower()
        if lower in fields:
            raise SignatureError("InvalidArgument", f"the form has the field {_beginning(lower)} twice")
        fields[lower] = value if lower == "file" else value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    missing = {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "policy"} - set(fields)
    if missing:
        raise SignatureError("InvalidArgument", f"the form must have a field {sorted(missing)[0]}")
    malformed = "InvalidArgument"
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise SignatureError(
            malformed, f"the form's algorithm is {_beginning(fields['x-amz-algorithm'])}; forms are signed with {ALGORITHM}"
        )
    amz_date = fields["x-amz-date"]
    seconds = _read_amz_date(amz_date, malformed)
    _, access_key_id, scope, date, of_region, of_service = _read_credential(ALGORITHM, fields["x-amz-credential"], malformed)
    if date != amz_date[:8]:
        raise SignatureError(malformed, "the credential's scope must begin with the day of x-amz-date")
    for what, expected, signed in (("service", service, of_service), ("region", region, of_region)):
        if expected not in (None, signed):
            raise SignatureError(malformed, f"the form is signed for the {what} {_beginning(signed)}; expecting {expected!r}")
    known = _known(credentials, access_key_id, ALGORITHM)
    _check_token(known, fields.get("x-amz-security-token"), moment)
    *_, inner, outer = _signing_state(known, date, of_region, of_service)
    signature, policy = fields["x-amz-signature"], fields["policy"]
    if not (policy.isascii() and signature.isascii() and hmac.compare_digest(_hmac(policy, inner, outer), signature)):
        raise SignatureError("SignatureDoesNotMatch", "the signature is not the one of this policy by this access key")
    try:
        stated = json.loads(b64decode(policy, validate=True))
        expiration = _read_time(stated["expiration"])
        end_of_life = expiration.timestamp()  # type: ignore[union-attr]
        conditions = list(stated["conditions"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise SignatureError(
            "InvalidPolicyDocument", "the policy must be JSON in base64, with an expiration and a list of conditions"
        ) from None
    if moment > end_of_life:
        raise SignatureError("AccessDenied", f"the policy expired at {_iso(end_of_life)}")
    target = f"https://{values.get('host', '')}{url}" if url[:1] == "/" else url
    (_, authority, _), path, query = _split_url(target)
    if target.split("/")[2].lower() not in (authority, f"{authority}:80", f"{authority}:443") or query or "/" in path.strip("/"):
        raise SignatureError(
            "InvalidRequest", "a form is posted to its bucket: a Host that is one, no path but the bucket's name, no query"
        )
    bucket = _bucket_name(target)[1]
    if fields.get("bucket", bucket) != bucket:
        raise SignatureError("AccessDenied", "the form's field bucket names another than the URL")
    covered = _check_conditions(conditions, {**fields, "bucket": bucket})
    for name in fields:
        if name not in covered and name not in UNCOVERED_FIELDS and not name.startswith("x-ignore-"):
            raise SignatureError("AccessDenied", f"the form has the field {_beginning(name)}, which no condition of its policy covers")
    found = Verified(access_key_id, scope, of_service, of_region, seconds, end_of_life, (), UNSIGNED_PAYLOAD, fields.get("file", b""))
    found.fields, found.policy = {**fields, "bucket": bucket}, stated
    return found


def _form_fields(content_type: str, body: Any) -> list[tuple[str, Any]]:
    """(name, value as bytes) of the parts of multipart/form-data (RFC 7578)."""
    from email.parser import HeaderParser

    body = _rereadable(body)
    data = b"".join(_pieces_of(body)) if hasattr(body, "read") else _as_bytes(body.encode() if isinstance(body, str) else body)
    fields: list[tuple[str, Any]] = []
    try:
        boundary = (HeaderParser().parsestr(f"Content-Type: {content_type[:MAX_LINE]}").get_boundary() or "").encode("latin-1")
        _, *parts, last = (b"\r\n" + data).split(b"\r\n--" + boundary, MAX_PARTS + 1)
        for part in parts:
            head, _, value = part.partition(b"\r\n\r\n")
            if len(head) > MAX_LINE or head[:2] != b"\r\n":
                raise ValueError
            disposition = HeaderParser().parsestr(head.decode().lstrip())
            fields.append((str(disposition.get_param("name", failobj="", header="content-disposition")), value))
    except (TypeError, ValueError):  # no boundary, one that does not come, or a name that can't be decoded
        boundary = b""
    if not boundary or not last.startswith(b"--") or not all(name for name, _ in fields):
        raise SignatureError("MalformedPOSTRequest", "the body is no multipart/form-data: parts with names between boundaries")
    if "file" not in [name.lower() for name, _ in fields]:
        raise SignatureError("InvalidArgument", "the form has no file")
    return fields


def _check_conditions(conditions: list[Any], fields: dict[str, Any]) -> set[str]:
    """The names of the fields that a policy's conditions cover; raises SignatureError where one does not hold."""
    covered = set()
    for condition in conditions:
        rules = [("eq", f"${name}", value) for name, value in condition.items()] if isinstance(condition, dict) else [condition]
        for rule in rules:
            if not isinstance(rule, (list, tuple)) or len(rule) != 3:
                raise SignatureError("InvalidPolicyDocument", "a condition must be {name: value} or a list of three")
            kind, name, value = rule
            if kind == "content-length-range":
                size = _size_of_upload(fields.get("file"))
                if not isinstance(name, int) or not isinstance(value, int):
                    raise SignatureError("InvalidPolicyDocument", "content-length-range takes two numbers of bytes")
                if size is None and "file" in fields:
                    raise SignatureError(
                        "MissingContentLength", "the policy bounds the upload, whose length can't be told before it is read"
                    )
                if size is not None and not name <= size <= value:
                    code = "EntityTooSmall" if size < name else "EntityTooLarge"
                    raise SignatureError(code, f"the upload has {size} bytes; the policy allows {name} to {value}")
                continue
            if kind not in ("eq", "starts-with") or not isinstance(name, str) or name[:1] != "$" or not isinstance(value, str):
                raise SignatureError(
                    "InvalidPolicyDocument", "a condition must be eq or starts-with, a $name and a text, or content-length-range"
                )
            name = name[1:].lower()
            received = fields.get(name, "")
            covered.add(name)
            if received != value and not (kind == "starts-with" and isinstance(received, str) and received.startswith(value)):
                raise SignatureError("AccessDenied", f"the form's field {_beginning(name)} is not what its policy allows")
    return covered


def _size_of_upload(file: Any) -> int | None:
    """Bytes of a form's upload, None where it is not among the fields."""
    if isinstance(file, str):
        return len(file.encode("utf-8", "replace"))
    if file is None or _body_kind(file) == "stream":
        return None  # where there is none, the server holds it against the policy when it comes
    return _size_of(file) if hasattr(file, "read") else memoryview(file).nbytes


# 13. Explain ----------------------------------------------------------------------------------------------------------


# Parts of the names of headers and parameters whose values explain never shows, but for those that are none for all that.
SECRET_WORDS = ("auth", "cookie", "credential", "key", "pass", "secret", "session", "signature", "token")
CANONICAL_MARK, TO_SIGN_MARK = "Canonical String for this request should have been\n'", "String-to-Sign should have been\n'"
REGION_CODES = frozenset("AuthorizationHeaderMalformed AuthorizationQueryParametersError PermanentRedirect TemporaryRedirect".split())
UNKNOWN_KEY_CODES = frozenset("InvalidAccessKeyId InvalidClientTokenId UnrecognizedClientException".split())
# What is behind refusals that need no comparison, in the order in which they are tried: codes, a phrase of the message in lower
# case, cause and remedy.
ADVICE = (
    (
        "",
        "required header for this request: x-amz-content-sha256",
        "The service wants the header X-Amz-Content-SHA256 among the signed ones: pass content_sha256=True, or the service's own name.",
    ),
    (
        "",
        "date in credential scope",
        "The day in the credential scope is not that of X-Amz-Date: sign anew, and send all headers of one signature.",
    ),
    (
        "",
        "valid date or x-amz-date",
        "X-Amz-Date did not arrive as it was made: send the headers that came back from sign, and have proxies pass them.",
    ),
    ("", "x-amz-expires must be", f"The URL's life is out of bounds: expires= takes 1 to {MAX_EXPIRES} seconds."),
    (
        "",
        "according to policy",
        "The form is not what its policy allows, or the policy has expired: give each field a condition that it fulfils, or make it anew.",
    ),
    (
        "",
        "anonymous is not authorized",
        "The service saw no signature: a proxy or a redirect dropped the Authorization header, or none was sent.",
    ),
    (
        "SignatureDoesNotMatch InvalidSignatureException InvalidSignature",
        "signature we calculated does not match",
        "The service computed another signature and does not say over what. Look at the secret first, then at what may have changed the"
        " request on its way: Host, the path's encoding, a header, the body.",
    ),
    (
        "ExpiredToken ExpiredTokenException TokenRefreshRequired",
        "token has expired",
        "The session token has expired. Fetch fresh credentials: a provider does so in time by itself, a fixed set never.",
    ),
    (
        "InvalidToken",
        "token is invalid",
        "The session token is not this access key's, or was cut on its way. Key id, secret and token must come from one answer.",
    ),
    (
        "MissingAuthenticationToken MissingAuthenticationTokenException MissingSecurityHeader",
        "missing authentication token",
        "The service saw no signature: a proxy or a redirect dropped the Authorization header, or none was sent. API Gateway says so too"
        " of a path, a method or a stage that it does not have.",
    ),
    (
        "IncompleteSignature IncompleteSignatureException AuthorizationHeaderMalformed AuthorizationQueryParametersError",
        "authorization header",
        "The service could not read the signature. Send the Authorization header, or the query, as it was made, once, and beside no other"
        " kind of authentication.",
    ),
    (
        "XAmzContentSHA256Mismatch BadDigest InvalidDigest",
        "content-sha256",
        "The body that arrived is not the one that was hashed. Send the bytes that came back from sign, and change nothing afterwards:"
        " no compression, no other JSON, no other line ends.",
    ),
    (
        "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError",
        "not authorized to perform",
        "It is not the signature: whoever the key belongs to lacks the permission. Look at the policies of the identity and of the"
        " resource; `sigv4 credentials` tells whose key it is.",
    ),
    (
        "ForbiddenException",
        "forbidden",
        "The service gives no reason. API Gateway answers so for want of an API key or by a resource policy, OpenSearch Serverless where no"
        " data access policy names the identity.",
    ),
)


def explain(signed: Any, response: Any) -> str:
    """Why a service refused a request, in words: each line that differs between what was signed and what the service says it saw,
    with the usual cause and the remedy.

    signed: the SignedRequest; (method, url, headers, body) as they were sent; a presigned URL; or None for the request that the
    response knows of, if any. response: that of Client, requests, httpx, urllib3 or http.client; an HTTPError of urllib, which is read
    for it; (status, headers, body); or the answer as str or bytes, with or without its head.

    Of secrets, tokens and signatures no more than the length is told.
    Raises RequestError for what is no response, and for a `signed` that carries no signature.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    status, headers, text = _read_answer(response)
    code, message = _read_error(headers, text)
    seen, _ = _echoed(text, message)
    flaw = ""
    stages = "", "", ""
    try:
        stages = _stages_of(_attribute(response, "request") if signed is None else signed, seen)
    except SignatureError as error:
        if signed is not None and error.code not in ("AccessDenied", "SignatureDoesNotMatch"):
            raise RequestError(f"what was signed can't be read: {error}") from None
        flaw = "" if signed is None else f"The request is not what was signed: {error.args[1]}."
    findings = [flaw] if flaw else []
    findings += _findings(stages, status, headers, text)
    if not findings:
        shown = _redacted(message.partition("\n")[0][:300]).rstrip(".")
        findings = [f"It says nothing of the signature{': ' + shown if shown else ''}."]
        if not text.strip():
            findings = ["It has no body to tell why; the answer to a HEAD never has one: ask again with GET."]
    said = " ".join([part for part in (str(status or ""), _redacted((code or "")[:100])) if part])
    return "\n".join([f"The service answered {said or 'without a code'}.", *[f"- {finding}" for finding in findings]])


def _findings(stages: tuple[str, str, str], status: int | None, headers: Mapping[str, str], text: str) -> list[str]:
    """What explain has found; empty where the answer is no refusal that it knows."""
    code, message = _read_error(headers, text)
    lower = message.lower()
    refused = status is None or status in REFUSALS
    canonical, to_sign, key_id = stages
    seen, seen_to_sign = _echoed(text, message)
    if seen and canonical:
        return _compare(canonical, seen) or [_compare_to_sign(to_sign, seen_to_sign)]
    if seen:
        shown = [f"{_shown_name(name)}: {_shown_value(name, value)}" for name, value in _canonical_parts(seen).items()]
        return ["There is no signed request to compare with. This is what the service saw:\n    " + "\n    ".join(shown)]
    algorithm, amz_date, scope, _ = to_sign.split("\n") if to_sign else ("", "", "", "")
    region, service = scope.split("/")[1:3] if algorithm == ALGORITHM else ("", scope.split("/")[1] if scope else "")

    life = _xml_text(text, "X-Amz-Expires") or canonical.partition("X-Amz-Expires=")[2].partition("&")[0].partition("\n")[0]
    if life and refused and ("request has expired" in lower or "signature expired" in lower):
        good_for = f"{_printable(life[:10])} s"
        return [f"The URL was good for {good_for} and has expired. Make another one; expires= takes {MAX_EXPIRES} s at most."]
    if refused and (code in SKEW_CODES or any(words in lower for words in SKEW_WORDS)):
        return [_explain_skew(amz_date, headers, text, message)]
    if "correct service" in lower or "incorrect service" in lower:
        right = _in_quotes(message, "service: ") or _in_quotes(message, "belongs to ")
        return [_wrong("service", service or _in_quotes(message, "incorrect service "), right)]
    said = _in_quotes(message, "expecting ") if "the region" in lower else ""
    named = _xml_text(text, "Region") or said or headers.get("x-amz-bucket-region", "")
    endpoint = _xml_text(text, "Endpoint")
    if code in REGION_CODES and endpoint:
        its = f" {_shown_text(named)}" if named else ""
        return [f"The bucket is at another endpoint: send the request to {_shown_text(endpoint)}, signed for its region{its}."]
    if "scoped to a valid region" in lower or (code in REGION_CODES and (named or "the region" in lower)):
        return [_wrong("region", region or _in_quotes(message, "the region "), named if named != region else "")]
    unsigned = _xml_text(text, "HeadersNotSigned")
    if unsigned or "were not signed" in lower:
        which = f" ({_redacted(unsigned[:200])})" if unsigned else ""
        return [f"A header arrived that was not signed{which}. Every x-amz- header must be: hand it to sign, and add none afterwards."]
    missing = _xml_text(text, "MissingHeaderName")
    if missing.lower() == CONTENT_SHA256:
        return [ADVICE[0][2]]
    if missing:
        return [f"The service wants the header {_shown_text(missing)}, which did not arrive: hand it to sign, and have proxies pass it."]
    if code in UNKNOWN_KEY_CODES or "security token included in the request is invalid" in lower:
        return [_explain_key(canonical, key_id or _xml_text(text, "AWSAccessKeyId"))]
    for codes, phrase, advice in ADVICE:
        if code in codes.split() or (phrase in lower and refused):
            return [advice]
    return []


def _attribute(thing: Any, name: str) -> Any:
    """An attribute, None where there is none; Python 3.8's HTTPError without a body raises KeyError for any."""
    try:
        return getattr(thing, name, None)
    except KeyError:
        return None


def _read_answer(response: Any) -> tuple[int | None, dict[str, str], str]:
    """(status, headers by their names in lower case, text) of a response in any form; None and no headers where they are not told."""
    status = _attribute(response, "status_code") or _attribute(response, "status") or _attribute(response, "code")
    headers = _attribute(response, "headers")
    try:
        if isinstance(response, tuple) and len(response) == 3:
            status, headers, body = response
        elif isinstance(response, (str, bytes, bytearray, memoryview)):
            body = response
        elif _attribute(response, "status_code") is not None:
            body = response.content
        else:
            body = _attribute(response, "body")
            body = _attribute(response, "data") if body is None else body
            if body is None and isinstance(response, OSError) and _attribute(response, "fp") is None:  # an HTTPError without a body
                body = b""
            elif body is None and hasattr(response, "read"):
                body = response.read()
    except Exception as error:  # a library's own, as httpx.ResponseNotRead
        raise RequestError(f"the response can't be read ({type(error).__name__}); read its body first") from error
    if hasattr(body, "close") and hasattr(body, "send"):
        body.close()  # a coroutine's
        raise RequestError("the response is read asynchronously; pass (status, headers, await response.read())")
    if not isinstance(body, (str, bytes, bytearray, memoryview)):
        raise RequestError(f"response is {_kind(response)}; pass a library's response, (status, headers, body), or the answer's text")
    text = body if isinstance(body, str) else bytes(body).decode("utf-8", "replace")
    while (headers is None and text.startswith("HTTP/")) or (status or 0) in range(100, 200):  # curl prints "100 Continue" too
        head, _, text = text.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        number = first.split(" ")[1:2]
        status = int(number[0]) if number and number[0].isascii() and number[0].isdigit() and len(number[0]) == 3 else None
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return status if isinstance(status, int) else None, dict(_text_pairs(headers)), text


def _text_pairs(headers: Headers) -> Pairs:
    """(name in lower case, value) of an answer's headers."""
    try:
        pairs = [[part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in pair] for pair in _header_pairs(headers)]
    except ValueError as error:  # an int of more digits than Python converts, or no pairs
        raise RequestError(f"the headers of the answer can't be read: {type(error).__name__}") from None
    return [(name.lower(), value) for name, value in pairs]


def _read_error(headers: Mapping[str, str], text: str) -> tuple[str | None, str]:
    """(code, message) of an AWS error: from X-Amzn-ErrorType, S3's and the query services' XML, or JSON."""
    import json

    code = headers.get("x-amzn-errortype", "").partition(":")[0].rpartition("#")[2] or None
    if text.lstrip()[:1] == "<":
        return code or _xml_text(text, "Code") or None, _xml_text(text, "Message")
    try:
        fields = {name.lower(): value for name, value in json.loads(text).items()}
    except (ValueError, AttributeError, RecursionError):
        return code, ""
    inner = fields.get("error")
    if isinstance(inner, dict):  # as OpenSearch Serverless has it
        fields = {"code": inner.get("type"), "message": inner.get("reason")}
    said = fields.get("__type") or fields.get("code") or fields.get("error")
    if code is None and isinstance(said, str):
        code = said.rpartition("#")[2]
    message = fields.get("message")
    return code, message if isinstance(message, str) else ""


def _xml_text(text: str, tag: str) -> str:
    """The text of the first element of that name that has no attributes, empty where there is none."""
    from html import unescape

    found = text.partition(f"<{tag}>")[2].partition("<")[0].strip()
    try:
        return unescape(found).strip()
    except ValueError:  # a character by a number of more digits than Python converts
        return found


def _stages_of(signed: Any, seen: str = "") -> tuple[str, str, str]:
    """(canonical request, string to sign, access key id) of what was signed, empty where nothing is known of it. No key is needed.

    seen: the canonical request that the service tells; what a URL or a library's request leaves open is taken from it.
    """
    if signed is None:
        return "", "", ""
    if isinstance(signed, SignedRequest):
        key_id = signed.headers["Authorization"].partition("Credential=")[2].partition("/")[0]
        return signed.canonical_request, signed.string_to_sign, key_id
    open_hash = seen.rpartition("\n")[2]
    if isinstance(signed, str):
        lines = [line.partition(":") for line in seen.split("\n")[3:-3]]
        told = [(name, value) for name, _, value in lines if name and name != "host" and not name.encode().translate(None, TOKEN)]
        method = seen.partition("\n")[0]
        signed = (method if method in METHODS else "GET", signed, told, None)
    elif hasattr(signed, "method") and hasattr(signed, "url"):  # the request of a library
        signed = (signed.method, signed.url, signed.headers, _body_of(signed))
    if not isinstance(signed, (tuple, list)) or len(signed) != 4:
        raise RequestError(f"signed is {_kind(signed)}; pass a SignedRequest, (method, url, headers, body) as sent, or a presigned URL")
    method, url, headers, body = signed
    claim = _read_claim(method, url, headers)
    if claim is None:
        raise SignatureError("MissingSecurityHeader", "it carries no signature")
    (algorithm, key_id, scope, service, _), amz_date, _, life, _, head, payload_hash, _, _ = claim
    if payload_hash is None and life is not None and (service in S3_SERVICES or service == LATTICE):
        payload_hash = UNSIGNED_PAYLOAD
    elif payload_hash is None:
        payload_hash = open_hash if body is ... else _payload(body, None, None)[1]
    return head + payload_hash, string_to_sign(head + payload_hash, amz_date, scope, algorithm), key_id


def _body_of(request: Any) -> Any:
    """The body of a library's request; ... where it is not known, or was read when it was sent."""
    try:
        body = request.body if hasattr(request, "body") else request.content
    except Exception:  # httpx.RequestNotRead, or none at all
        return ...
    return body if body is None or isinstance(body, (str, bytes)) else ...


def _echoed(text: str, message: str) -> tuple[str, str]:
    """(canonical request, string to sign) as the service says that it computed them, empty where it does not say."""
    canonical, to_sign = _xml_text(text, "CanonicalRequest"), _xml_text(text, "StringToSign")
    if not canonical and CANONICAL_MARK in message:
        canonical, _, rest = message.partition(CANONICAL_MARK)[2].partition("'\n\nThe " + TO_SIGN_MARK)
        to_sign = rest.rpartition("'")[0] or rest
        canonical = canonical.rstrip("'\n") if not to_sign else canonical
    return canonical.replace("\r\n", "\n"), to_sign.replace("\r\n", "\n")


def _canonical_parts(canonical: str) -> dict[str, str]:
    """The parts of a canonical request by name: method, path, `parameter NAME`, `header NAME`, signed headers, payload hash."""
    method, path, query, *lines = [*canonical.split("\n"), "", "", ""]
    lines = lines[: len(canonical.split("\n")) - 3]
    parts = {"method": method, "path": path}
    for piece in query.split("&") if query else []:
        name, _, value = piece.partition("=")
        name = f"parameter {name}"
        parts[name] = f"{parts[name]}&{value}" if name in parts else value
    for line in lines[:-2]:
        name, _, value = line.partition(":")
        if name:
            parts[f"header {name}"] = value
    parts["signed headers"], parts["payload hash"] = [*lines[-2:], "", ""][:2]
    return parts


def _compare(canonical: str, seen: str) -> list[str]:
    """A sentence for each part of the canonical request that the service saw otherwise; empty where there is none."""
    if canonical == seen:
        return []
    ours, theirs = _canonical_parts(canonical), _canonical_parts(seen)
    found: list[str] = []
    for name in {**ours, **theirs}:
        one, other = ours.get(name), theirs.get(name)
        if one != other:
            signed, arrived = _shown_value(name, one), _shown_value(name, other)
            arrived = "another one" if signed == arrived else arrived
            found.append(f"{_shown_name(name)}: {signed} was signed, the service saw {arrived}. {_cause(name, one, other)}")
    if len(found) > 1:  # these are told by the headers themselves
        found = [each for each in found if not each.startswith("signed headers:")]
    return found or ["The service saw the same parts in another order or another layout: send the URL that came back from sign."]


def _cause(name: str, one: str | None, other: str | None) -> str:
    """The usual cause of a difference, and the remedy."""
    kind, _, what = name.partition(" ")
    if kind == "method":
        return "A redirect or the HTTP library changed the method: sign the method that is sent, and follow no redirect."
    if kind == "path":
        return _cause_of_path(one or "", other or "")
    if kind == "parameter":
        return _cause_of_parameter(one, other)
    if kind == "payload":
        if other == EMPTY_SHA256:
            return "No body arrived: send the one that was signed. A GET's body is dropped by some clients and proxies."
        if one == EMPTY_SHA256:
            return "A body was sent that was not signed: hand it to sign."
        if UNSIGNED_PAYLOAD in (one, other):
            return "One side hashed the body, the other did not: give both the same X-Amz-Content-SHA256; only S3 takes UNSIGNED-PAYLOAD."
        return "The body was changed after it was signed: send the bytes that came back from sign, not JSON made anew or compressed."
    if what == "host":
        return "Host was rewritten on the way, by a proxy or a tunnel: sign for the one that the service sees, as a Host header."
    if not other:
        return "A proxy or the HTTP library dropped the header: sign only what arrives, or have it pass."
    if one is None:
        return "The service takes the header for a signed one, though it was not: hand it to sign."
    if what == "content-type":
        return "The HTTP library set another type, often with a charset or a boundary: give it the one that was signed, in full."
    if what == "x-amz-date":
        return "The request was stamped again after it was signed, or signed twice: send all headers of one signature."
    return "A proxy or the HTTP library rewrote the header: send it as it was signed, or leave it unsigned where it is no x-amz- one."


def _cause_of_path(one: str, other: str) -> str:
    if other == _quote(one, safe="/"):
        return "The service encodes the path once more: sign for its own name, not for s3, or with double_encode=True."
    if one == _quote(other, safe="/"):
        return (
            "The path was encoded once too often for this service, or decoded once on the way: S3 and its kin take it once, so sign for"
            " service s3, or with double_encode=False; else find the proxy that decodes."
        )
    decoded = [text.replace("%25", "%") for text in (one, other)]
    if _unquote(decoded[0]) == _unquote(decoded[1]):
        return "Both mean the same path in other encodings: send the URL that came back from sign, through a library that leaves it alone."
    if _canonical_path(one, False, True) == _canonical_path(other, False, True):
        return (
            "Dot segments or doubled slashes went away on one side: S3 keeps them (normalize_path=False), other services remove them"
            " (True); a proxy or a library may have removed them too."
        )
    if one.endswith(other) or other.endswith(one):
        return "A part before the path came or went: a proxy or a base path of a custom domain. Sign the path that the service sees."
    return "The path was rewritten on the way: sign the one that the service sees."


def _cause_of_parameter(one: str | None, other: str | None) -> str:
    if one is None:
        return "It was added after signing: put all parameters into the URL before it is signed."
    if other is None:
        return "It was dropped on the way: have the proxy pass the query as it is."
    if one.replace("%20", "%2B") == other.replace("%20", "%2B"):
        return "A + means a blank to one side and a plus to the other: write %20 for a blank and %2B for a plus."
    if _quote(one) == other or _quote(other) == one:
        return "The value was encoded once too often on one side: send the URL that came back from sign as it is."
    if _unquote(one) == _unquote(other):
        return "The same value in another encoding: send the URL that came back from sign, through a library that leaves it alone."
    if sorted(one.split("&")) == sorted(other.split("&")):
        return "Its values come in another order: they are sorted before they are signed."
    return "The value was changed after signing."


def _compare_to_sign(to_sign: str, seen: str) -> str:
    """What is left where the canonical requests agree."""
    lines = zip(("algorithm", "X-Amz-Date", "scope"), to_sign.split("\n"), seen.split("\n"))
    for name, one, other in lines:
        if one != other:
            return (
                f"{name}: {_shown_plain(one)} was signed, the service computed with {_shown_plain(other)}. Sign for the service and the"
                " region of the host, and send the X-Amz-Date that was signed."
            )
    return (
        "All that was signed arrived as it was signed, so the secret is not the one of this access key id: look for one that was mistyped,"
        " cut, rotated, or is another account's. A store may also say so of a key id that it does not know."
    )


def _explain_skew(amz_date: str, headers: Mapping[str, str], text: str, message: str) -> str:
    from contextlib import suppress

    moment = _read_time(_xml_text(text, "ServerTime"))
    now = _http_date(headers.get("date", "")) if moment is None else moment.timestamp()
    stamps = [word.strip("(),.") for word in message.split()]
    stamps = [word for word in stamps if len(word) == 16 and word[8] + word[15] == "TZ"]
    amz_date = amz_date or _xml_text(text, "RequestTime") or "".join(stamps[:1])
    if now is None and stamps:  # "... expired: A is now earlier than B (C - 5 min.)": C is the service's time
        with suppress(SignatureError):
            now = _read_amz_date(stamps[-1], "")
    off = ""
    with suppress(SignatureError):
        ahead = 0.0 if now is None else _read_amz_date(amz_date, "") - now
        off = "" if now is None else f": {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the service's"
    return (
        f"The clock that signed is off{off}. Set it (NTP); Client corrects it by itself. A request that was kept for minutes before it was"
        " sent must be signed again."
    )


def _wrong(what: str, signed: str, right: str) -> str:
    ours = f" {_shown_text(signed)}" if signed else ""
    remedy = (
        f"the service wants {_shown_text(right)}: pass {what}={_shown_text(right)}" if right else f"it is not the service's: pass {what}="
    )
    return f"The request is signed for the {what}{ours}, but {remedy} to Signer or to the call."


def _explain_key(signed: str, key_id: str) -> str:
    has_token = "x-amz-security-token" in signed.lower() or "x-amz-s3session-token" in signed.lower()
    if key_id.startswith("ASIA") and signed and not has_token:
        return f"The key id {_shown_text(key_id)} is a temporary one, and no session token was signed: pass session_token to Credentials."
    return (
        f"The service does not know the access key id{' ' + _shown_text(key_id) if key_id else ''}: it was mistyped, deleted, is of another"
        " partition (China, GovCloud) or of another store; or it is a temporary one, whose session token is missing or not its own."
    )


def _in_quotes(message: str, before: str) -> str:
    """The text in quotes of either kind that follows another one."""
    rest = message.partition(before)[2]
    return rest[1:].partition(rest[0])[0] if rest[:1] in ("'", '"') else ""


def _shown_name(name: str) -> str:
    """The name of a part; that of a header or a parameter only where it can be one."""
    kind, _, what = name.partition(" ")
    if len(what) > 100 or what.encode("utf-8", "replace").translate(None, TOKEN + b" "):
        return f"{kind} of {len(what)} characters"
    return f"{kind} {what!r}" if kind == "parameter" else name


def _shown_value(name: str, value: str | None) -> str:
    """A value fit for an explanation: its length alone where its name says that it may be a secret."""
    if value is None:
        return "nothing"
    if name == "payload hash":
        return "that of no body" if value == EMPTY_SHA256 else _shown_plain(value[:9] + "..." if len(value) == 64 else value[:50])
    if name in ("path", "method", "header host"):
        return _shown_plain(value)
    if name != "signed headers" and any(word in name.lower() for word in SECRET_WORDS):
        return f"a value of {len(value)} characters"
    return _shown_text(value)


def _shown_plain(text: str) -> str:
    return repr(_printable(text if len(text) <= 300 else text[:297] + "..."))


def _shown_text(text: str) -> str:
    return repr(_redacted(text if len(text) <= 300 else text[:297] + "..."))


def _redacted(text: str) -> str:
    """A text from outside on one line, in which nothing stands that could be a token or a signature: no long run of letters and digits,
    but in the name of a resource."""
    return " ".join([word if word.lstrip("\"'(").startswith("arn:aws") else _without_runs(word) for word in _printable(text).split(" ")])


def _without_runs(word: str) -> str:
    parts, run = [], ""
    for character in word + " ":
        if character.isalnum() or character in "+/=%_-":
            run += character
        else:
            parts += [run if len(run) < 40 else f"({len(run)} characters)", character]
            run = ""
    return "".join(parts)[:-1]


def _printable(text: str) -> str:
    """A text from outside, on one line and without what could steer a terminal."""
    return "".join([character if character.isprintable() else " " for character in text])


# 14. Command line -----------------------------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of the command line: 0, 1 for a failure, 2 for misuse, 22 for fetch --fail, with one line on stderr for each.

    argv: the arguments without the program's name; None takes those of the process.
    Raises nothing: what goes wrong is told on stderr and by the status.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", ExpiryWarning)
            warnings.showwarning = lambda message, *_: print(f"sigv4: warning: {message}", file=sys.stderr)
            arguments = _parser().parse_args(_glued(sys.argv[1:] if argv is None else argv))
            try:
                arguments.command(arguments)
            finally:
                for file in arguments.opened:
                    file.close()
    except SystemExit as stop:  # argparse: --help and --version end with 0, misuse with 2
        return int(stop.code or 0)
    except ValueError as error:  # RequestError, or an argument that is no file name and no text
        said = str(error).replace(" to Signer or to this call", "")
        print(f"sigv4: {said.replace('service=', '--service').replace('region=', '--region')}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has what it wanted; stdout must not be flushed again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (SigV4Error, OSError) as error:
        print(f"sigv4: {error}", file=sys.stderr)
        return 22 if isinstance(error, ServiceError) else 1  # as curl --fail
    except KeyboardInterrupt:
        return 130  # as a shell reports SIGINT
    return 0


def _write(output: bytes) -> None:
    if sys.stdout is None:
        raise OSError("standard output is closed")
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(output)
    else:  # main() with sys.stdout replaced by a text stream
        sys.stdout.write(output.decode("utf-8", "replace"))
    sys.stdout.flush()


def _glued(argv: Sequence[str]) -> list[str]:
    """The arguments with the values of -d and -H glued to them: argparse would take one that begins with a dash for an option."""
    long = {"-d": "--data", "--data": "--data", "-H": "--header", "--header": "--header"}
    glued: list[str] = []
    rest = iter(argv)
    for argument in rest:
        value = next(rest, None) if argument in long else None
        glued.append(argument if value is None else f"{long[argument]}={value}")
    return glued


# The names that each kind of token takes.
TOKEN_NAMES = {
    "rds": "HOST PORT USER",
    "dsql": "HOST",
    "elasticache": "CACHE USER",
    "memorydb": "CLUSTER USER",
    "msk": "",
    "eks": "CLUSTER",
}
TOKEN_HELP = "Print a token, in one of these ways:\n\n" + "\n".join([f"  {kind} {names}".rstrip() for kind, names in TOKEN_NAMES.items()])


def _command_token(arguments: Any) -> None:
    kind, names, region = arguments.kind, arguments.names, arguments.region
    if len(names) != len(TOKEN_NAMES[kind].split()):
        raise RequestError(f"token {kind} takes {TOKEN_NAMES[kind] or 'no name'}; {len(names)} given")
    signer = _signer(arguments)
    if kind == "rds":
        if not (names[1].isascii() and names[1].isdigit()):
            raise RequestError(f"token rds takes {TOKEN_NAMES[kind]}; the port must be a number")
        token = rds_token(signer, names[0], int(names[1]), names[2], region=region)
    elif kind == "dsql":
        token = dsql_token(signer, names[0], admin=arguments.admin, region=region)
    elif kind == "elasticache":
        token = elasticache_token(signer, *names, serverless=arguments.serverless, region=region)
    elif kind == "memorydb":
        token = memorydb_token(signer, *names, region=region)
    elif kind == "msk":
        token, _ = msk_token(signer, region=region)
    else:
        token = eks_token(signer, *names, region=region)
        if arguments.exec_credential:
            import json

            status = {"expirationTimestamp": _iso(time.time() + EKS_TOKEN_LIFE), "token": token}
            token = json.dumps(
                {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1", "spec": {}, "status": status}
            )
    _write(token.encode() + b"\n")


def _parser() -> Any:
    import argparse

    class Parser(argparse.ArgumentParser):
        def __init__(self, **options: Any) -> None:
            layout = partial(argparse.HelpFormatter, max_help_position=32, width=79)
            super().__init__(**{"formatter_class": layout, **options})

        def error(self, message: str) -> NoReturn:
            self.exit(2, f"sigv4: {message} (see {self.prog} --help)\n")

    places = "Credentials come from where all AWS tools find them: AWS_*, ~/.aws, the machine."
    parser = Parser(prog="sigv4", description="Sign AWS requests with Signature Version 4.", epilog=places)
    parser.add_argument("--version", action="version", version=f"sigv4 {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for name, command, text in (
        ("sign", _command_sign, "print a request with its signature in the Authorization header"),
        ("presign", _command_presign, "print a URL with its signature in the query"),
        ("fetch", _command_fetch, "send a signed request and print the body of the answer"),
    ):
        sub = commands.add_parser(
            name, usage="%(prog)s [options] URL", help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=places
        )
        sub.set_defaults(command=command, opened=[])
        sub.add_argument("url", metavar="URL", help="e.g. https://bucket.s3.amazonaws.com/key")
        sub.add_argument("-X", "--request", metavar="METHOD", help="default: GET, or POST with -d")
        sub.add_argument("-H", "--header", metavar="LINE", action="append", default=[], help="'Name: value', or @FILE; more than once")
        sub.add_argument("-d", "--data", metavar="DATA", action="append", default=[], help="the body, or @FILE, or @- for stdin")
        sub.add_argument("--service", metavar="NAME", help="default: from the URL")
        sub.add_argument("--region", metavar="NAME", help="default: from the URL, else as configured")
        if name == "sign":
            form = sub.add_mutually_exclusive_group()
            form.add_argument("--curl", action="store_true", help="print a curl command that sends the request")
            form.add_argument("--json", action="store_true", help="print it as JSON, the body in base64")
        elif name == "presign":
            sub.add_argument("--expires", metavar="SECONDS", type=int, default=3600, help="1 to 604800; default: %(default)s")
        else:
            sub.add_argument("-i", "--include", action="store_true", help="print status and headers before the body")
            sub.add_argument("-o", "--output", metavar="FILE", help="write to FILE in place of stdout")
            sub.add_argument("-f", "--fail", action="store_true", help="exit with 22 on an answer of 400 or more")
            sub.add_argument("--retries", metavar="N", type=int, default=10, help="further tries; default: %(default)s")
    text = "tell which credentials are found, and where"
    sub = commands.add_parser("credentials", help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=places)
    sub.set_defaults(command=_command_credentials, opened=[])
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--export", action="store_true", help="print them, secret and all, as exports for a shell")
    form.add_argument("--process", action="store_true", help="print them, secret and all, as a credential_process does")
    text = "tell in words why a service refused a request"
    usage = "%(prog)s [options] [FILE]"
    sub = commands.add_parser("explain", usage=usage, help=text, description=f"{text[0].upper()}{text[1:]}.")
    sub.set_defaults(command=_command_explain, opened=[])
    sub.add_argument("file", metavar="FILE", nargs="?", default="-", help="the answer, with or without its head; default: stdin")
    sub.add_argument("--signed", metavar="REQUEST", help="a presigned URL, or @FILE of what `sign --json` printed, to compare with")
    sub.add_argument("-X", "--request", metavar="METHOD", help="of the presigned URL; default: what the service saw")
    text = "print a token: a password for a database, a cache, Kafka or Kubernetes"
    layout = partial(argparse.RawDescriptionHelpFormatter, max_help_position=32, width=79)
    usage = "%(prog)s KIND [NAME ...] [options]"
    sub = commands.add_parser("token", usage=usage, help=text, description=TOKEN_HELP, epilog=places, formatter_class=layout)
    sub.set_defaults(command=_command_token, opened=[])
    sub.add_argument("kind", metavar="KIND", choices=sorted(TOKEN_NAMES))
    sub.add_argument("names", metavar="NAME", nargs="*")
    sub.add_argument("--region", metavar="NAME", help="default: from the host, else as configured")
    sub.add_argument("--admin", action="store_true", help="dsql: for the user admin")
    sub.add_argument("--serverless", action="store_true", help="elasticache: of a serverless cache")
    sub.add_argument("--exec-credential", action="store_true", help="eks: as the JSON that kubectl wants")
    for name, sub in commands.choices.items():
        if name == "explain":  # it needs no credentials
            continue
        sub.add_argument("--profile", metavar="NAME", help="default: AWS_PROFILE, then `default`")
    return parser


def _signer(arguments: Any) -> Signer:
    return Signer(default_chain(arguments.profile))


def _command_credentials(arguments: Any) -> None:
    provider = default_chain(arguments.profile)
    credentials = provider()
    key, secret, token, expiration, account = credentials._values()
    end = None if expiration is None else _iso(credentials._expires_at)
    if arguments.export:
        from shlex import quote as shell

        variables = {"ACCESS_KEY_ID": key, "SECRET_ACCESS_KEY": secret, "SESSION_TOKEN": token, "CREDENTIAL_EXPIRATION": end}
        lines = [f"export AWS_{name}={shell(value)}" if value else f"unset AWS_{name}" for name, value in variables.items()]
    elif arguments.process:
        import json

        fields = {
            "Version": 1,
            "AccessKeyId": key,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": end,
            "AccountId": account,
        }
        lines = [json.dumps({name: value for name, value in fields.items() if value is not None}, indent=2)]
    else:
        facts = {"from": provider.source, "access key id": key, "account": account or "not told", "until": end or "no end"}
        lines = [f"{name}: {value}" for name, value in facts.items()]
    _write("\n".join([*lines, ""]).encode())


def _command_sign(arguments: Any) -> None:
    method, headers, data = _read_request(arguments)
    body = None if data is None else data.read()
    request = _signer(arguments).sign(method, arguments.url, headers, body, service=arguments.service, region=arguments.region)
    if arguments.curl:
        _write(request.curl().encode() + b"\n")
    elif arguments.json:
        import base64
        import json

        encoded = base64.b64encode(body or b"").decode()
        fields = {"method": request.method, "url": request.url, "headers": request.headers, "body": encoded}
        _write(json.dumps(fields, indent=2).encode() + b"\n")
    else:
        lines = [f"{request.method} {_target(request.url)} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items())]
        _write("\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))


def _command_presign(arguments: Any) -> None:
    method, headers, data = _read_request(arguments)
    service = arguments.service or (guess_service_region(arguments.url) or ("",))[0]
    payload_hash = None if data is None or service in S3_SERVICES else _hash_file(data)
    scope = {"service": arguments.service, "region": arguments.region, "payload_hash": payload_hash}
    _write(_signer(arguments).presign(method, arguments.url, headers, expires=arguments.expires, **scope).encode() + b"\n")


def _command_fetch(arguments: Any) -> None:
    method, headers, body = _read_request(arguments)
    if body is not None:
        body = _Progress(body, "read")
    scope = {"service": arguments.service, "region": arguments.region}
    with Client(_signer(arguments), retries=arguments.retries).fetch(
        arguments.url, method, headers, body, stream=True, **scope
    ) as response:
        if arguments.fail:
            response.raise_for_status()
        to_file = arguments.output not in (None, "-")
        if (response.status == 403 or response._findings()) and sys.stderr is not None:
            print(explain(response.request, response), file=sys.stderr)
        with open(arguments.output, "wb") if to_file else _Standard() as output:
            if arguments.include:
                from http import HTTPStatus

                phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else ""
                lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{name}: {value}" for name, value in response.headers.items())]
                output.write("\n".join([*lines, "", ""]).encode("latin-1", "replace"))
            progress = _Progress(output, "received")
            for piece in response:
                output.write(piece)
                if to_file:  # else it would stand amid the body
                    progress.add(len(piece))
            progress.end()


def _command_explain(arguments: Any) -> None:
    signed: Any = arguments.signed
    if signed is not None and signed[:1] == "@":
        import json
        from base64 import b64decode

        with open(signed[1:], "rb") as file:
            data = file.read()
        try:
            fields = json.loads(data)
            signed = [fields[name] for name in ("method", "url", "headers")] + [b64decode(fields["body"])]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise RequestError(f"{signed[1:]} does not hold what `sign --json` prints") from None
    elif signed is not None and arguments.request:
        signed = (arguments.request, signed, None, None)
    if arguments.file == "-":
        data = _open_data(["@-"], True, arguments.opened).read()
    else:
        with open(arguments.file, "rb") as answer:
            data = answer.read()
    _write(explain(signed, data).encode() + b"\n")


class _Standard:
    """Standard output as a file that is not closed."""

    def __enter__(self) -> _Standard:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, data: bytes) -> None:
        _write(data)


class _Progress:
    """A file to read, whose progress is told on stderr from its second second on, where that is a terminal."""

    def __init__(self, file: Any, verb: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = file
        self._verb = verb
        self._clock = clock
        self._start = self._told = clock()
        self._count = 0
        self.name = getattr(file, "name", None)

    def seekable(self) -> bool:
        return _body_kind(self._file) == "file"

    def tell(self) -> int:
        return int(self._file.tell())

    def seek(self, position: int, whence: int = 0) -> int:
        self._count = 0
        self._start = self._told = self._clock()
        return int(self._file.seek(position, whence))

    def read(self, size: int = -1) -> Any:
        data = self._file.read(size)
        self.add(len(data))
        if not data:
            self.end()
        return data

    def add(self, count: int) -> None:
        """Count bytes, and tell them once a second."""
        self._count += count
        now = self._clock()
        if now - self._told >= 1 and sys.stderr is not None and sys.stderr.isatty():
            self._told = now
            megabytes = self._count / 1e6
            print(f"\r{megabytes:.1f} MB {self._verb}, {megabytes / (now - self._start):.1f} MB/s", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """End the line, if one was begun."""
        if self._told > self._start:
            self._told = self._start
            print(file=sys.stderr)


def _read_request(arguments: Any) -> tuple[str, Pairs, Any]:
    """(method, headers, body as an open file or None) as curl reads -X, -H and -d: data make a POST of a form unless told otherwise."""
    headers, named = _read_header_lines(arguments.header)
    body = _open_data(arguments.data, "content-length" in named, arguments.opened)
    if body is not None and "content-type" not in named:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    return arguments.request or ("GET" if body is None else "POST"), headers, body


def _open_data(values: list[str], length_is_known: bool, opened: list[Any]) -> Any:
    """The data of -d as a binary file, which is added to `opened`. Standard input is read as it comes where it can be rewound or its
    length was told; else it goes through a temporary file, since its hash comes before it, and memory stays small."""
    if not values:
        return None
    if len(values) > 1:
        parts = [_open_data([value], False, opened).read() for value in values]
        return io.BytesIO(b"&".join(parts))
    (value,) = values
    if not isinstance(value, str):  # argparse takes a lone -- for none at all
        raise RequestError("-d was given -- alone; write the data in a file and pass @FILE")
    if value[:1] != "@":
        return io.BytesIO(os.fsencode(value))
    if value != "@-":
        opened.append(open(value[1:], "rb"))  # noqa: SIM115
        return opened[-1]
    if sys.stdin is None:
        raise OSError("standard input is closed")
    source = sys.stdin.buffer
    if source.seekable() or length_is_known:
        return source
    import shutil
    import tempfile

    opened.append(tempfile.SpooledTemporaryFile(max_size=FILE_PIECE))  # noqa: SIM115
    shutil.copyfileobj(source, opened[-1])
    opened[-1].seek(0)
    return opened[-1]


def _read_header_lines(values: list[str]) -> tuple[Pairs, set[str]]:
    """(headers, lower-case names) of -H, those that take a header away (`Name:`) among the names only."""
    headers: Pairs = []
    named = set()
    lines = []
    for line in values:
        if not isinstance(line, str):  # as in _open_data
            raise RequestError("-H was given --; write it as 'Name: value'")
        if line.startswith("@"):
            with open(line[1:], encoding="utf-8") as text:
                lines += [each for each in text.read().splitlines() if each]
        else:
            lines.append(line)
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon and not line.endswith(";"):
            raise RequestError(f"header {_beginning(line)} has no colon; write it as 'Name: value', or 'Name;' for an empty one")
        name = name.strip() if colon else line[:-1].strip()
        named.add(name.lower())
        if value.strip(" \t") or not colon:
            headers.append((name, value))
    return headers, named


if __name__ == "__main__":
    sys.exit(main())
