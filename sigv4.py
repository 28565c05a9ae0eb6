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

What you can rely on:

- The URL, headers and body that come back are what must be sent, byte for byte: the URL is rewritten into the exact form
  that the service canonicalises.
- Nothing handed in is changed. A signature reads the clock once. A signer keeps no state of a request: threads and tasks
  may share it.
- Secrets and tokens never stand in a repr, an exception or a log line.
- No network, no file and no environment is touched at import, nor by a signature whose credentials, service and region
  were given.

Map of the file; a section uses only those above it:

    0. Header                   constants, with units and source
    1. Errors                   what can go wrong, and whose fault it is
    2. Values                   Credentials, SignedRequest
    3. Canonical request        the pure functions of the specification
    4. Service and region       from the URL
    5. Signer                   sign, presign
    13. Command line            python3 sigv4.py --help

Sections 0 to 5 are a complete signer by themselves: cut the file at the next banner, and the rest still runs.

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
from urllib.parse import quote, unquote_to_bytes

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
    "Credentials",
    "CredentialsError",
    "CredentialsNotFound",
    "ExpiryWarning",
    "RequestError",
    "ServiceError",
    "SigV4Error",
    "SignatureError",
    "SignedRequest",
    "Signer",
    "canonical_request",
    "guess_service_region",
    "main",
    "signing_key",
    "string_to_sign",
]

# 0. Header ------------------------------------------------------------------------------------------------------------

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # lowercase hex, of no bytes at all
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
        super().__init__(f"{code}: {message}")
        self.code = code


class ServiceError(SigV4Error):
    """A service answered with an error: `status` (HTTP, int), `code` and `request_id` (str, or None where it gave none)."""

    def __init__(self, message: str, *, status: int, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id


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
    _token_in_query: str  # percent-encoded
    _states: dict[tuple[str, str], tuple[Any, ...]]  # by service and region: see _signing_state

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
        token_in_query = quote(session_token or "", safe="")
        own: tuple[Any, ...] = (expires_at, token_in_query, {})
        for slot, item in zip(self.__slots__, (access_key_id, secret_access_key, session_token, expiration, account_id, *own)):
            object.__setattr__(self, slot, item)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Credentials are immutable: make new ones instead of setting {name}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Credentials are immutable: {name} can't be deleted")

    def _values(self) -> tuple[str, str, str | None, datetime | None, str | None]:
        return self.access_key_id, self.secret_access_key, self.session_token, self.expiration, self.account_id

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
    return "empty" if isinstance(value, (str, bytes)) and not value else f"of type {type(value).__name__}"


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


def _remember(cache: dict[Any, Any], key: object, value: object) -> None:
    if len(cache) >= CACHE_SIZE:
        cache.clear()
    cache[key] = value


# 3. Canonical request -------------------------------------------------------------------------------------------------


def canonical_request(
    method: str,
    path: str,
    query: str,
    headers: Headers,
    payload_hash: str,
    *,
    double_encode: bool = True,
    normalize_path: bool = True,
) -> str:
    """METHOD \\n path \\n query \\n name:value \\n ... \\n \\n signed header names \\n payload hash, each in canonical form.

    path and query: as on the wire, still encoded. headers: all that are signed, Host and X-Amz-Date too, as pairs or a
    mapping. payload_hash: lowercase hex, or one of AWS's constants such as UNSIGNED-PAYLOAD.
    double_encode, normalize_path: both False for S3 and its kin, both True for every other service.

    Raises RequestError where a header has no valid name or holds a line break that folds nothing.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
    """
    joined: dict[str, str] = {}
    for name, value in _header_pairs(headers):
        name = _header_name(name).lower()
        value = _unfolded(_header_text(name, value))
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    names = sorted(joined)
    lines = "".join([f"{name}:{joined[name]}\n" for name in names])
    method, payload_hash = _utf8(method, "method"), _utf8(payload_hash, "payload_hash")
    path = _canonical_path(_utf8(path, "path") or "/", double_encode, normalize_path)
    query = _canonical_query(_query_pairs(_utf8(query, "query")))
    return f"{method}\n{path}\n{query}\n{lines}\n{';'.join(names)}\n{payload_hash}"


def string_to_sign(canonical_request: str, amz_date: str, scope: str, algorithm: str = ALGORITHM) -> str:
    """algorithm \\n amz_date \\n scope \\n SHA-256 of the canonical request in lowercase hex.

    amz_date: YYYYMMDDTHHMMSSZ. scope: YYYYMMDD/region/service/aws4_request.
    """
    digest = sha256(_utf8(canonical_request, "canonical_request").encode()).hexdigest()
    return f"{algorithm}\n{amz_date}\n{scope}\n{digest}"


def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request"): 32 bytes, good for one day.

    date: YYYYMMDD. The signature is HMAC-SHA256(key, string to sign) in lowercase hex.
    """
    key = b"AWS4" + _utf8(secret_access_key, "secret_access_key").encode()
    for name, part in (("date", date), ("region", region), ("service", service), ("", "aws4_request")):
        key = hmac.digest(key, _utf8(part, name).encode(), "sha256")
    return key


def _canonical_path(path: str, double_encode: bool, normalize_path: bool) -> str:
    """The path of the canonical request, from the path on the wire."""
    path = quote(path if double_encode else unquote_to_bytes(path), safe="/")
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
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="")


def _header_pairs(headers: Headers) -> list[tuple[Any, Any]]:
    """The (name, value) pairs of a mapping, of pairs, or of an HTTP library's header object, repeated names kept apart."""
    items = getattr(headers, "multi_items", None) or getattr(headers, "items", None)  # httpx's items() joins repeated names
    try:
        pairs: Any = items() if items else headers or ()
        return [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise RequestError(f"headers is {_kind(headers)}; pass a mapping, or (name, value) pairs") from None


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

    credentials: Credentials; a provider, that is any callable without arguments that returns Credentials, asked at each
    signature; or an object with get_frozen_credentials(), as botocore's. None reads AWS_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN when a signature needs them.
    service, region: the names in the credential scope, e.g. "s3" and "us-east-1"; taken from the URL where they are None.
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

    __slots__ = ("service", "region", "_credentials", "_provider", "_clock", "_options", "_rules")

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
        self._provider: Callable[[], Any] = _Watched(_read_environment)
        if isinstance(credentials, Credentials):
            self._credentials = credentials
        elif hasattr(credentials, "get_frozen_credentials"):
            self._provider = _Watched(partial(_read_frozen, credentials))
        elif callable(credentials):
            self._provider = credentials
        elif credentials is not None:
            raise CredentialsError(
                f"credentials is {_kind(credentials)}; pass Credentials(access_key_id, secret_access_key), a callable that returns"
                " them, or an object with get_frozen_credentials()"
            )
        self._clock = clock
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
        shape = (names, sign_all, token_name, adds_hash)
        template, signed_headers, _, pick = _plans.get(shape) or _make_plan(shape, result)
        lines = template % pick(result if canonical_values is given else {**result, **canonical_values})

        canonical_query = _canonical_query(pairs) if pairs else ""
        canonical = f"{method}\n{canonical_path}\n{canonical_query}\n{lines}\n{signed_headers}\n{payload_hash}"
        to_sign, signature = _signature(canonical, amz_date, scope, inner, outer)
        authorization = f"{ALGORITHM} Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}"
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
            token = f"&{name}={credentials._token_in_query}"
        # In their sorted order, so that without other parameters they are the canonical query as they stand.
        signing = (
            f"X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={amz_date}{life}"
            f"{'' if token_after else token}&X-Amz-SignedHeaders={signed_names}"
        )
        canonical_query = _canonical_query(pairs + _query_pairs(signing)) if pairs else signing
        canonical = f"{method}\n{canonical_path}\n{canonical_query}\n{lines}\n{signed_headers}\n{payload_hash}"
        _, signature = _signature(canonical, amz_date, scope, inner, outer)
        query = f"{query}&{signing}" if query else signing
        return f"{scheme}://{authority}{path}?{query}&X-Amz-Signature={signature}{token if token_after else ''}"

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
            if "host" in head[1]:
                host = head[0][head[1]["host"]].lower()
                found = _guess_host(host.partition(":")[0]) or found
            guess = _refined(found, path, query) if found is None or found[0] in DIVIDED else found
            if guess is None:
                raise RequestError(_no_guess(authority, service, region))
            service = guess[0] if service is None else service
            region = guess[1] if region is None else region
        if service.__class__ is not str or region.__class__ is not str:
            service, region = _read_scope("service", service), _read_scope("region", region)
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
        state = credentials._states.get((service, region))
        if state is None or state[0] != moment[2]:
            state = _signing_state(credentials, moment[2], region, service)
        return credentials, method, service, (scheme, authority, path, canonical_path, query, pairs), head, more_rules, moment, state

    def _ask(self) -> Credentials:
        credentials = self._provider()
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
        (
            bool(sign_all_headers),
            service == IOT_GATEWAY if token_after_signature is None else token_after_signature,
            content_sha256,
        ),
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
    if name == "region" and (value == "*" or isinstance(value, (list, tuple)) or (isinstance(value, str) and "," in value)):
        raise RequestError("a region of * or a set of regions asks for SigV4a, which this version does not sign; pass one region")
    if not isinstance(value, str) or not value:
        raise RequestError(f"{name} is {_kind(value)}; it must be a name such as {'s3' if name == 'service' else 'us-east-1'!r}")
    if not value.isascii() or value.encode().translate(None, UNRESERVED):
        raise RequestError(f"{name} may hold only letters, digits and -._~, as in {'s3' if name == 'service' else 'us-east-1'!r}")
    return str.__str__(value)


def _wire_path(path: str, double_encode: bool, normalize_path: bool) -> str:
    """The path to send. S3 decodes what it gets and encodes it strictly to check the signature, so it is sent in that form;
    other services take it as sent: only what no client could send is encoded, and dot segments go, as every client drops them."""
    if double_encode:
        first, *rest = quote(path, safe=LEGAL_IN_PATH).split("%")
        path = first + "".join(["%" + part if len(part) > 1 and HEX_DIGITS.issuperset(part[:2]) else "%25" + part for part in rest])
    else:
        path = quote(unquote_to_bytes(path), safe="/")
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
        if names in _plain_names:
            for value in headers.values():
                if value.__class__ is not str:
                    break
            else:
                # A blank on either side of each value: two in a row show one that is empty, untrimmed or in need of folding.
                text = f" {' '.join(headers.values())} "
                if text.isascii() and "  " not in text and not text.encode().translate(None, PRINTABLE):
                    return headers, {}, names, headers
    given: dict[str, str] = {}
    canonical: dict[str, str] = {}
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
        name = spelling.setdefault(lower, name)
        wire, folded = _header_on_wire(text.strip(" \t")), _folded(text)
        if name in given and lower == "host":
            raise RequestError("header Host was given twice")
        given[name] = f"{given[name]},{wire}" if name in given else wire
        canonical[name] = f"{canonical[name]},{folded}" if name in canonical else folded
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
    if payload_hash is None:
        if kind != "stream":
            try:
                payload_hash = _hash_file(body) if kind == "file" else _hash_buffer(body)
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


def _hash_buffer(body: Any) -> str:
    view = memoryview(body)
    return sha256(view if view.c_contiguous else view.tobytes()).hexdigest()


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
    plan = (template, signed_headers, quote(signed_headers, safe=""), itemgetter(*[given for _, given in signed]))
    _remember(_plans, shape, plan)
    return plan


def _express_token_name(method: str, path: str, pairs: Pairs, given: dict[str, str]) -> str:
    """Where S3 Express wants the session token: CreateSession's in a place of its own; IAM's, which CreateSession itself,
    HeadBucket and CopyObject take, where all services do."""
    if ("session", "") in pairs or (method == "HEAD" and path == "/") or "x-amz-copy-source" in map(str.lower, given):
        return "X-Amz-Security-Token"
    return "X-Amz-S3session-Token"


def _read_clock(clock: Callable[[], float], now: datetime | None) -> tuple[float, str, str]:
    """(seconds since the epoch, YYYYMMDDTHHMMSSZ, YYYYMMDD) of now, else of one reading of the clock; rendered once a second."""
    global _second
    if now is None:
        seconds = int(clock())
        if _second[0] != seconds:
            amz_date = "%04d%02d%02dT%02d%02d%02dZ" % time.gmtime(seconds)[:6]
            _second = seconds, amz_date, amz_date[:8]
        return _second
    if not hasattr(now, "utctimetuple") or now.utcoffset() is None:
        raise RequestError(f"now is {_kind(now)}; it must be an aware datetime, e.g. datetime.now(timezone.utc)")
    try:
        amz_date = "%04d%02d%02dT%02d%02d%02dZ" % now.utctimetuple()[:6]
    except OverflowError:
        raise RequestError("now is out of the years 1 to 9999 in UTC") from None
    return now.timestamp(), amz_date, amz_date[:8]


def _signing_state(credentials: Credentials, date: str, region: Any, service: Any) -> tuple[str, str, str, str, Any, Any]:
    """(date, scope, credential, credential in a query, SHA-256 over the inner pad of the signing key, over the outer pad).

    Copying the two hash states is the whole cost of an HMAC; they are kept with the credentials, and with them they go.
    """
    service, region = _read_scope("service", service), _read_scope("region", region)
    scope = f"{date}/{region}/{service}/aws4_request"
    credential = f"{credentials.access_key_id}/{scope}"
    key = signing_key(credentials.secret_access_key, date, region, service).ljust(64, b"\0")  # 64: the block of SHA-256
    state = (date, scope, credential, quote(credential, safe=""), sha256(key.translate(INNER_PAD)), sha256(key.translate(OUTER_PAD)))
    _remember(credentials._states, (service, region), state)
    return state


def _signature(canonical: str, amz_date: str, scope: str, inner: Any, outer: Any) -> tuple[str, str]:
    """(string to sign, its HMAC in lowercase hex)."""
    to_sign = f"{ALGORITHM}\n{amz_date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    inner = inner.copy()
    inner.update(to_sign.encode())
    outer = outer.copy()
    outer.update(inner.digest())
    return to_sign, outer.hexdigest()


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
    frozen = source.get_frozen_credentials()
    return frozen.access_key, frozen.secret_key, frozen.token


def _read_environment(env: Mapping[str, str] = os.environ) -> tuple[str, str, str | None]:
    access_key_id = env.get("AWS_ACCESS_KEY_ID", "").strip()
    secret_access_key = env.get("AWS_SECRET_ACCESS_KEY", "").strip()
    if access_key_id and not secret_access_key:
        raise CredentialsError("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")
    if not access_key_id:
        raise CredentialsNotFound("no credentials: pass Credentials to Signer, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    return access_key_id, secret_access_key, env.get("AWS_SESSION_TOKEN", "").strip() or None


# 13. Command line -----------------------------------------------------------------------------------------------------


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of the command line: 0, 1 for a failure, 2 for misuse, each of these with one line on stderr.

    argv: the arguments without the program's name; None takes those of the process.
    """
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = lambda message, *_: print(f"sigv4: warning: {message}", file=sys.stderr)
            arguments = _parser().parse_args(_glued(sys.argv[1:] if argv is None else argv))
            _write(arguments.command(arguments))
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
        return 1
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


def _parser() -> Any:
    import argparse

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            self.exit(2, f"sigv4: {message} (see {self.prog} --help)\n")

    environment = "Credentials come from the AWS_* variables of the environment."
    parser = Parser(prog="sigv4", description="Sign AWS requests with Signature Version 4.", epilog=environment)
    parser.add_argument("--version", action="version", version=f"sigv4 {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for name, command, text in (
        ("sign", _command_sign, "print a request with its signature in the Authorization header"),
        ("presign", _command_presign, "print a URL with its signature in the query"),
    ):
        sub = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=environment)
        sub.set_defaults(command=command)
        sub.add_argument("url", metavar="URL", help="absolute, e.g. https://examplebucket.s3.amazonaws.com/test.txt")
        sub.add_argument("-X", "--request", metavar="METHOD", help="default: GET, or POST with -d")
        sub.add_argument("-H", "--header", metavar="'NAME: VALUE'", action="append", default=[], help="or @FILE; may be repeated")
        sub.add_argument(
            "-d", "--data", metavar="DATA|@FILE|@-", action="append", default=[], help="body, byte for byte; repeated ones are joined by &"
        )
        sub.add_argument("--service", metavar="NAME", help="default: from the URL")
        sub.add_argument("--region", metavar="NAME", help="default: from the URL")
        if name == "sign":
            form = sub.add_mutually_exclusive_group()
            form.add_argument("--curl", action="store_true", help="print a curl command that sends the request")
            form.add_argument("--json", action="store_true", help="print method, url, headers and body (base64) as JSON")
        else:
            sub.add_argument("--expires", metavar="SECONDS", type=int, default=3600, help="1 to 604800; default: %(default)s")
    return parser


def _command_sign(arguments: Any) -> bytes:
    method, headers, body = _read_request(arguments)
    request = Signer().sign(method, arguments.url, headers, body, service=arguments.service, region=arguments.region)
    if arguments.curl:
        return request.curl().encode() + b"\n"
    if arguments.json:
        import base64
        import json

        encoded = base64.b64encode(body or b"").decode()
        fields = {"method": request.method, "url": request.url, "headers": request.headers, "body": encoded}
        return json.dumps(fields, indent=2).encode() + b"\n"
    target = request.url.partition("://")[2].partition("/")[2]
    head = [f"{request.method} /{target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers.items()), "", ""]
    return "\n".join(head).encode("latin-1") + (body or b"")


def _command_presign(arguments: Any) -> bytes:
    method, headers, body = _read_request(arguments)
    service = arguments.service or (guess_service_region(arguments.url) or ("",))[0]
    payload_hash = None if body is None or service in S3_SERVICES else sha256(body).hexdigest()
    scope = {"service": arguments.service, "region": arguments.region, "payload_hash": payload_hash}
    return Signer().presign(method, arguments.url, headers, expires=arguments.expires, **scope).encode() + b"\n"


def _read_request(arguments: Any) -> tuple[str, Pairs, bytes | None]:
    """(method, headers, body) as curl reads -X, -H and -d: data make a POST of a form unless the options say otherwise."""
    parts = []
    for data in arguments.data:
        if data == "@-":
            if sys.stdin is None:
                raise OSError("standard input is closed")
            parts.append(sys.stdin.buffer.read())
        elif data.startswith("@"):
            with open(data[1:], "rb") as file:
                parts.append(file.read())
        else:
            parts.append(os.fsencode(data))
    body = b"&".join(parts) if parts else None
    headers: Pairs = []
    named = set()
    lines = []
    for line in arguments.header:
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
        if value.strip(" \t") or not colon:  # curl: 'Name:' takes a header away
            headers.append((name, value))
    if body is not None and "content-type" not in named:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    return arguments.request or ("POST" if body is not None else "GET"), headers, body


if __name__ == "__main__":
    sys.exit(main())
