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

Signer() finds and refreshes credentials as the AWS SDKs do. Client(signer).fetch(url) sends requests with retries.
auth=signer signs for requests and httpx. verify() checks signatures on the server's side. explain() says why a service
refused a request. `python3 sigv4.py --help` lists the commands for a shell.

The contract:

- The URL, headers and body that come back are what must be sent, byte for byte. The URL is rewritten into the exact form
  that the service canonicalises.
- Nothing that is passed in is changed. A signature reads the clock once. A signer keeps no state of a request, so threads
  and tasks may share it.
- Secrets and tokens never appear in a repr, an exception or a log line.
- No network, no file and no environment is touched at import, nor by a signature whose credentials, service and region
  were given.

Errors:

    SigV4Error
    +-- RequestError            the caller asked for something that cannot be signed; also a ValueError
    +-- CredentialsError        credentials are malformed, or a provider failed
    |   +-- CredentialsNotFound no credentials are configured there
    +-- SignatureError          a received signature is not valid
    +-- ServiceError            a service responded with an error
    +-- ConnectionFailed        a service did not respond; also a ConnectionError

Map of the file. A section uses only the sections above it:

    0. Header                   licence, imports, constants that several sections share
    1. Errors                   what can go wrong, and how messages describe it
    2. Values                   Credentials, SignedRequest, request bodies, times
    3. Canonical request        the pure functions of the specification
    4. Service and region       from the URL; partitions
    5. Signer                   sign, presign, the SigV4 signing key
    6. HTTP libraries           requests, httpx, aiohttp, urllib, opensearch-py
    7. Tokens                   RDS, DSQL, ElastiCache, MemoryDB, MSK, EKS, IoT
    8. S3 and streams           chunked uploads, POST policies, event streams
    9. SigV4a                   signatures for several regions
    10. HTTP                    Client with retries, Response
    11. Credentials             providers, the default chain, refresh
    12. Verify                  the server's side
    13. Explain                 a 403 in words
    14. Command line            python3 sigv4.py --help
    15. Vendoring               smaller copies of this file

Source of the algorithm: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hmac
import io
import os
import sys
import time
from binascii import a2b_base64, a2b_qp, b2a_base64, crc32
from hashlib import sha1, sha256
from operator import itemgetter

TYPE_CHECKING = False  # type checkers know this name; importing typing costs 2 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any, NoReturn, TypedDict

    from typing_extensions import Self, Unpack

    Headers = Mapping[str, Any] | Iterable[tuple[Any, Any]] | None
    Pairs = list[tuple[str, str]]

    class _Options(TypedDict, total=False):  # of Signer, and of each of its calls
        double_encode: bool | None
        normalize_path: bool | None
        sign_all_headers: bool | None
        token_after_signature: bool | None
        content_sha256: bool | None
        sign_query: bool | None
        unsigned_headers: Iterable[str] | None

    class _Unpackable(tuple[str, str, dict[str, str], bytes | Any]):  # so that unpacking a SignedRequest gives typed names
        def __new__(cls, *_: Any) -> Self: ...
else:
    _Unpackable = object

__version__ = "0.1.0"
__all__ = [
    "ALGORITHM",
    "ALGORITHM_V4A",
    "Client",
    "ConnectionFailed",
    "Credentials",
    "CredentialsError",
    "CredentialsNotFound",
    "EventSigner",
    "ExpiryWarning",
    "Provider",
    "RequestError",
    "Response",
    "ServiceError",
    "SigV4Error",
    "SigV4aKey",
    "SignatureError",
    "SignedRequest",
    "Signer",
    "Verified",
    "aiohttp_middleware",
    "canonical_request",
    "chain",
    "decode_event",
    "default_chain",
    "dsql_token",
    "eks_token",
    "elasticache_token",
    "encode_event",
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
    "httpx_auth",
    "iot_mqtt_url",
    "main",
    "memorydb_token",
    "msk_token",
    "opensearch_auth",
    "post_policy",
    "rds_token",
    "s3_url",
    "requests_auth",
    "sign_stream",
    "signing_key",
    "string_to_sign",
    "urllib_handler",
    "vendor",
    "verify",
    "verify_asgi",
    "verify_post_policy",
    "verify_wsgi",
]

# 0. Header ------------------------------------------------------------------------------------------------------------

ALGORITHM = "AWS4-HMAC-SHA256"
ALGORITHM_V4A = "AWS4-ECDSA-P256-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # lowercase hex
CONTENT_SHA256 = "x-amz-content-sha256"
MAX_EXPIRES = 604800  # seconds, 7 days: the longest life of a presigned URL
FILE_PIECE = 1 << 18  # bytes of a file that are read at a time
CACHE_SIZE = 512  # entries in each cache; a full cache is emptied

# S3 takes the path encoded once and not normalized, and requires x-amz-content-sha256.
S3_SERVICES = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})

ALPHANUMERIC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
UNRESERVED = ALPHANUMERIC + b"-._~"  # RFC 3986 2.3: what strict percent-encoding leaves as it is
TOKEN = ALPHANUMERIC + b"!#$%&'*+-.^_`|~"  # RFC 9110 5.6.2: methods and header names
PRINTABLE = bytes(range(0x20, 0x7F))
HEX_DIGITS = frozenset("0123456789abcdefABCDEF")

# What lower sections add to higher ones, by public name: `_extensions["default_chain"] = default_chain`. See _extension.
_extensions: dict[str, Any] = {}

# 1. Errors ------------------------------------------------------------------------------------------------------------
# Lower sections use: _extension, _describe_type, _safe_prefix, _safe_url, _log, DEBUG, WARNING, _printable.


class SigV4Error(Exception):
    """The base of every error that this module raises."""


class RequestError(SigV4Error, ValueError):
    """The caller asked for something that cannot be signed. The message says what was received and what is allowed."""


class CredentialsError(SigV4Error):
    """Credentials are malformed, or a provider that should have some failed."""


class CredentialsNotFound(CredentialsError):
    """A provider has no credentials. A chain goes on to the next provider. The message lists what was tried."""


class SignatureError(SigV4Error):
    """A received signature is not valid. `code` is the error code that S3 would respond with.

    canonical_request, string_to_sign: those that the server made of a request whose signature does not match, else None. They
    are for the server's own debugging only, because they hold the request's session token.
    """

    def __init__(self, code: str, message: str, canonical_request: str | None = None, string_to_sign: str | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.canonical_request = canonical_request
        self.string_to_sign = string_to_sign

    def __str__(self) -> str:
        return ": ".join(self.args)


class ServiceError(SigV4Error):
    """A service responded with an error.

    status: the HTTP status, an int. code, request_id: str, or None if the response has none.
    explanation: what explain() says about a refused request, which is part of the message too; else empty.
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
    """A service did not respond in `attempts` attempts. `__cause__` is the error of the last one."""

    def __init__(self, message: str, *, attempts: int = 0) -> None:
        super().__init__(message)
        self.attempts = attempts


class ExpiryWarning(UserWarning):
    """A presigned URL stops working before its `expires`, because the credentials that sign it expire earlier."""


def _extension(name: str) -> Any:
    """Return what a lower section registered under a public name. Raise RequestError if this copy was made without it."""
    if name not in _extensions:
        raise RequestError(f"this copy has no {name}; make one that has it with: sigv4.py vendor Signer {name}")
    return _extensions[name]


def _describe_type(value: object) -> str:
    """Describe a value by its type only, because the value may be a secret."""
    if value is None:
        return "None"
    name = getattr(value, "_described_type", type(value).__name__)  # a stand-in names the type of what it stands for
    return "empty" if isinstance(value, (str, bytes)) and not value else f"of type {name}"


def _safe_prefix(text: object) -> str:
    """Return the leading letters and digits of a value for an error message. The rest may be a misplaced secret."""
    if not isinstance(text, str) or not text:
        return _describe_type(text)
    end = next((index for index, character in enumerate(text[:20]) if not (character.isalnum() or character == "-")), 20)
    return repr(text) if end == len(text) else repr(text[:end] + "...")


def _safe_url(url: str) -> str:
    """Return a URL without user info, query and fragment, which may hold passwords, tokens or signatures."""
    scheme, slashes, rest = url.partition("://") if "://" in url else ("", "", url)
    _, at, after = rest.rpartition("@")
    rest = ("...@" if at else "") + after.partition("?")[0].partition("#")[0]
    shown = scheme + slashes + rest
    return repr(shown if len(shown) <= 100 else shown[:97] + "...")


DEBUG, WARNING = 10, 30  # levels of the module logging


def _log(level: int, message: str, *values: object) -> None:
    """Log to the logger `sigv4`. Nobody can have configured it before logging was imported, so it is not imported here."""
    logging = sys.modules.get("logging")
    if logging is not None:
        logger = logging.getLogger("sigv4")
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        logger.log(level, message, *values)


def _printable(text: str) -> str:
    """Return a received text on one line, without characters that could control a terminal."""
    return "".join([character if character.isprintable() else " " for character in text])


# 2. Values ------------------------------------------------------------------------------------------------------------
# Lower sections use: _as_credentials, _body_kind, _size_of, _seek, _check_bytes, _pieces_of, _utc_datetime,
# _format_iso8601, _format_amz_date, _parse_time, _parse_http_date, _base64url, _remember.

YEAR_2100 = 4102444800.0  # seconds since the epoch; a date after it is taken for an error


class Credentials:
    """An immutable set of AWS credentials, compared by value. Its repr shows neither secret nor token.

    access_key_id, secret_access_key: as AWS issued them. session_token: of temporary credentials, else None.
    expiration: aware datetime after which AWS refuses the credentials, or None. account_id: 12 digits, or None.

    Raises CredentialsError if a value is missing, malformed, or was copied with white space around it.
    """

    __slots__ = (
        "access_key_id", "secret_access_key", "session_token", "expiration", "account_id", "_expires_at", "_quoted_token", "_stamps"
    )  # fmt: skip

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    expiration: datetime | None
    account_id: str | None
    _expires_at: float  # seconds since the epoch; infinity without an expiration
    _quoted_token: str  # the session token percent-encoded, or empty
    _stamps: dict[Any, Any]  # _Stamp by (service, region)

    def __init__(
        self, access_key_id: str, secret_access_key: str, session_token: str | None = None, expiration: datetime | None = None,
        account_id: str | None = None,
    ) -> None:  # fmt: skip
        for name, value in (("access_key_id", access_key_id), ("secret_access_key", secret_access_key), ("session_token", session_token)):
            if value is None and name == "session_token":
                continue
            if not isinstance(value, str) or not value:
                raise CredentialsError(f"{name} is {_describe_type(value)}; it must be a non-empty string")
            # A secret is not part of the request, and other stores allow any text in it: only copying errors are refused.
            valid = value == value.strip() if name == "secret_access_key" else value.isascii() and " " not in value
            if not valid or not value.isprintable():
                raise CredentialsError(f"{name} contains white space or another character that is not allowed; check how it was copied")
        if expiration is not None and (not hasattr(expiration, "timestamp") or expiration.utcoffset() is None):
            raise CredentialsError(f"expiration is {_describe_type(expiration)}; it must be an aware datetime")
        if account_id is not None and not isinstance(account_id, str):
            raise CredentialsError(f"account_id is {_describe_type(account_id)}; it must be a string of digits, or None")
        expires_at = float("inf") if expiration is None else expiration.timestamp()
        values: tuple[Any, ...] = (access_key_id, secret_access_key, session_token, expiration, account_id, expires_at, "", {})
        for slot, item in zip(self.__slots__, values):
            object.__setattr__(self, slot, item)

    def __setattr__(self, name: str, value: object = None) -> NoReturn:
        raise AttributeError(f"Credentials are immutable: make new ones instead of changing {name}")

    __delattr__ = __setattr__

    def _values(self) -> tuple[Any, ...]:
        """Return the arguments that make an equal set."""
        return tuple([getattr(self, name, None) for name in self.__slots__[:5]])

    def __eq__(self, other: object) -> bool:
        return self._values() == other._values() if isinstance(other, Credentials) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> tuple[Any, ...]:
        return Credentials, self._values()

    def __repr__(self) -> str:
        access_key_id, _, token, expiration, account_id = self._values()
        return (
            f"Credentials(access_key_id={access_key_id!r}, secret_access_key=..., session_token={token and '...'},"
            f" expiration={expiration!r}, account_id={account_id!r})"
        )


def _as_credentials(value: Any) -> Credentials | None:
    """Return a value as Credentials, or None if it is none: those of another copy of this file, or a frozen set of botocore's."""
    if isinstance(value, Credentials):
        return value
    for names in (Credentials.__slots__[:5], ("access_key", "secret_key", "token")):
        if all(hasattr(value, name) for name in names):
            return Credentials(*[getattr(value, name) for name in names])
    return None


class SignedRequest(_Unpackable):
    """A request as it must be sent. `method, url, headers, body = request` unpacks it.

    method: upper case. url: str, percent-encoded. headers: dict of str with the given headers and those of the signature,
    Host included. body: as given, but a str as its UTF-8 bytes.
    signature: lowercase hex. canonical_request, string_to_sign: what was signed, to compare with what a service received.
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
        return f"<SignedRequest {self.method} {_safe_url(self.url)}>"

    def curl(self) -> str:
        """Return a curl command that sends this request, quoted for a POSIX shell. It contains the signature and any token.

        A body of printable ASCII is part of the command. Any other body is read from standard input.
        """
        from shlex import quote as shell

        # --path-as-is and --globoff: curl must send the URL as signed, dot segments and brackets included.
        words = ["curl", "--path-as-is", "--globoff", *(["--head"] if self.method == "HEAD" else ["-X", self.method])]
        for name, value in self.headers.items():
            words += ["-H", f"{name}: {value.encode('latin-1').decode()}" if value else f"{name};"]
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            text = bytes(self.body or b"").decode("latin-1") if isinstance(self.body or b"", (bytes, bytearray, memoryview)) else "\0"
            in_command = text.isascii() and text.replace("\n", "").isprintable()
            words += ["--data-raw", text] if in_command else ["--data-binary", "@-"]
            if "content-type" not in map(str.lower, self.headers):
                words += ["-H", "Content-Type:"]  # else curl adds one that was not signed
        return " ".join(shell(word) for word in [*words, self.url])


def _body_kind(body: Any) -> str:
    """Return 'buffer', 'file' (can be rewound) or 'stream' (can be read once). Raise RequestError for what no HTTP client sends."""
    try:
        if hasattr(body, "read"):
            if isinstance(body, io.TextIOBase):
                raise RequestError("body is a file in text mode; open it in binary mode, e.g. open(path, 'rb')")
            return "file" if (body.seekable() if hasattr(body, "seekable") else hasattr(body, "seek")) else "stream"
        memoryview(body).release()
        return "buffer"
    except TypeError:
        pass
    except ValueError as error:  # a closed file, a released memoryview
        raise RequestError(f"body cannot be read: {error}") from None
    if isinstance(body, (dict, set, frozenset)):
        raise RequestError(f"body is {_describe_type(body)}; encode it first, e.g. with json.dumps or urllib.parse.urlencode")
    if hasattr(body, "__iter__") or hasattr(body, "__aiter__"):
        return "stream"
    raise RequestError(f"body is {_describe_type(body)}; it must be str, bytes or another buffer, a binary file or an iterable of bytes")


def _size_of(body: Any) -> int | None:
    """Return the bytes of a buffer, or of a file from its position on; None for a body that can be read once."""
    kind = _body_kind(body)
    if kind != "file":
        return memoryview(body).nbytes if kind == "buffer" else None
    start = _seek(body)
    size = _seek(body, 0, 2) - start
    _seek(body, start, 0)
    return size


def _seek(file: Any, offset: int = 0, whence: int = 1) -> int:
    """Move a file as seek() does and return its position. Raise RequestError if it cannot."""
    try:
        if offset or whence != 1:
            file.seek(offset, whence)
        position = file.tell()
        if isinstance(position, int):
            return position
        error: Exception = TypeError(f"tell() returns a value {_describe_type(position)}")
    except (OSError, OverflowError, TypeError, ValueError) as failure:  # closed, or not seekable although it says so
        error = failure
    raise RequestError(f"body is {_describe_type(file)}, whose position cannot be read or set: {error}") from error


def _check_bytes(piece: Any) -> Any:
    """Return a piece of a body. Raise RequestError if it is not bytes-like."""
    if not isinstance(piece, (bytes, bytearray, memoryview)):
        raise RequestError(f"body yields a value {_describe_type(piece)}; it must yield bytes")
    return piece


def _pieces_of(body: Any, size: int = FILE_PIECE) -> Iterator[Any]:
    """Return an iterator of what a file returns in reads of that size, or of what an iterable yields."""
    return map(_check_bytes, iter(lambda: body.read(size), b"") if hasattr(body, "read") else body)


def _utc_datetime(seconds: float) -> datetime:
    """Return the aware datetime of seconds since the epoch."""
    from datetime import datetime, timezone

    return datetime.fromtimestamp(seconds, timezone.utc)


def _format_iso8601(seconds: float) -> str:
    """Return YYYY-MM-DDTHH:MM:SSZ."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _format_amz_date(utc: time.struct_time) -> str:
    """Return YYYYMMDDTHHMMSSZ. strftime would drop the zeros of years before 1000."""
    return "%04d%02d%02dT%02d%02d%02dZ" % utc[:6]


def _parse_time(value: Any) -> datetime | None:
    """Return the aware datetime of an ISO 8601 text with a zone (Z, an offset, or UTC) or of seconds since the epoch, else None."""
    from datetime import datetime

    try:
        if type(value) in (int, float):
            return _utc_datetime(value)
        text = value.strip()
        for zone in ("UTC", "Z", "z"):  # the AWS CLI used to write UTC into its caches
            if text.endswith(zone):
                text = text[: -len(zone)] + "+00:00"
        whole, dot, rest = text.partition(".")
        if dot:  # Python before 3.11 requires a fraction of six digits
            digits = len(rest) - len(rest.lstrip("0123456789"))
            text = f"{whole}.{rest[:digits]:0<6.6}{rest[digits:]}"
        if len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit():  # +0000
            text = f"{text[:-2]}:{text[-2:]}"
        parsed = datetime.fromisoformat(text)
    except (ValueError, TypeError, AttributeError, IndexError, OverflowError, OSError):  # IndexError: PyPy
        return None
    return None if parsed.utcoffset() is None else parsed


def _parse_http_date(text: str) -> float | None:
    """Return the seconds since the epoch of an HTTP date (RFC 9110 5.6.7), or None if the text is not one."""
    if not text:
        return None
    from email.utils import mktime_tz, parsedate_tz

    try:
        parsed = parsedate_tz(text)
        seconds = -1.0 if parsed is None else float(mktime_tz(parsed))
        return seconds if 0 <= seconds < YEAR_2100 else None
    except (ValueError, OverflowError, IndexError):
        return None


def _base64(data: bytes) -> str:
    """Return data in base64 (RFC 4648 4)."""
    return b2a_base64(data, newline=False).decode()


def _base64url(data: bytes) -> str:
    """Return data in base64url without padding (RFC 4648 5)."""
    return _base64(data).replace("+", "-").replace("/", "_").rstrip("=")


def _to_json(value: Any) -> str:
    """Return a value as JSON in one line, not escaped."""
    from json import dumps

    return dumps(value, ensure_ascii=False, separators=(",", ":"))


def _from_json(text: str | bytes) -> Any:
    """Return the value of JSON. Raise ValueError if it is not JSON, or has too many levels."""
    from json import loads

    try:
        return loads(text)
    except RecursionError:
        raise ValueError("JSON of too many levels") from None


def _random() -> float:
    """Return a random number from 0 to 1, without importing random."""
    return int.from_bytes(os.urandom(6), "big") / 2**48


def _remember(cache: dict[Any, Any], key: object, value: object) -> None:
    """Put a value into a cache. A full cache is emptied first."""
    if len(cache) >= CACHE_SIZE:
        cache.clear()
    cache[key] = value


# 3. Canonical request -------------------------------------------------------------------------------------------------
# Lower sections use: _percent_encode, _percent_decode, _quote, _canonical_path, _remove_dot_segments, _strict_query,
# _sorted_pieces, _is_strict_query, _header_pairs, _header_name, _header_text, _join_values, _fold, _unfold, _are_plain, _utf8.
#
# Each input has one fast test, which proves that it is already canonical, and one slow path for what fails the test.

PLAIN_PATH = UNRESERVED + b"/"
ENCODED_PATH, ENCODED_TEXT, PLAIN_MARKS = PLAIN_PATH + b"%", UNRESERVED + b"%", UNRESERVED + b"\0\1"
# What is left of a query of up to 128 parameters without names and values: one = for each parameter, & between them.
QUERY_SHAPES = frozenset([b"&".join([b"="] * count) for count in range(1, 129)])
# What makes quoted-printable of strict percent-encoding: = for %, g for all but upper-case hex digits.
QUOTED_PRINTABLE = bytes([0x3D if byte == 0x25 else byte if byte in b"0123456789ABCDEF" else 0x67 for byte in range(256)])


def canonical_request(
    method: str, path: str, query: str, headers: Headers, payload_hash: str, *, double_encode: bool = True, normalize_path: bool = True
) -> str:
    """Return METHOD \\n path \\n query \\n name:value \\n ... \\n \\n signed header names \\n payload hash, each in canonical form.

    path, query: as on the wire, still percent-encoded. headers: all that are signed, Host and X-Amz-Date included, as pairs or
    a mapping. payload_hash: lowercase hex, or one of AWS's constants such as UNSIGNED-PAYLOAD.
    double_encode, normalize_path: both False for S3, both True for every other service.

    Raises RequestError if a header has no valid name, or contains a line break that is not a fold.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
    """
    joined = _join_values([(_header_name(name).lower(), _unfold(_header_text(name, value))) for name, value in _header_pairs(headers)])
    names = sorted(joined)
    lines = "".join([f"{name}:{joined[name]}\n" for name in names])
    method, payload_hash = _utf8(method, "method"), _utf8(payload_hash, "payload_hash")
    path = _canonical_path(_utf8(path, "path") or "/", double_encode, normalize_path)
    query = "&".join(_sorted_pieces(_strict_query(_utf8(query, "query")))).replace("!", "=")
    return f"{method}\n{path}\n{query}\n{lines}\n{';'.join(names)}\n{payload_hash}"


def string_to_sign(canonical_request: str, amz_date: str, scope: str, algorithm: str = ALGORITHM) -> str:
    """Return algorithm \\n amz_date \\n scope \\n SHA-256 of the canonical request in lowercase hex.

    amz_date: YYYYMMDDTHHMMSSZ. scope: YYYYMMDD/region/service/aws4_request.
    Raises RequestError if canonical_request is not a string.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-string-to-sign
    """
    digest = sha256(_utf8(canonical_request, "canonical_request").encode()).hexdigest()
    return f"{algorithm}\n{amz_date}\n{scope}\n{digest}"


def signing_key(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    """Return HMAC(HMAC(HMAC(HMAC("AWS4" + secret, date), region), service), "aws4_request"): 32 bytes, valid for one day.

    date: YYYYMMDD. The signature is HMAC-SHA256(key, string to sign) in lowercase hex.
    Raises RequestError if an argument is not a string.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#derive-signing-key
    """
    key = b"AWS4" + _utf8(secret_access_key, "secret_access_key").encode()
    for name, part in (("date", date), ("region", region), ("service", service), ("", "aws4_request")):
        key = hmac.digest(key, _utf8(part, name).encode(), "sha256")
    return key


def _canonical_path(path: str, double_encode: bool, normalize_path: bool) -> str:
    """Return the path of the canonical request, from the path on the wire."""
    data = path.encode()
    if double_encode:
        path = _percent_encode(data, PLAIN_PATH)
    else:  # S3 decodes the path first; who normalizes it keeps its escapes, because %2F is no slash there
        path = _percent_encode(data, ENCODED_PATH) if normalize_path else _percent_encode(_percent_decode(data), PLAIN_PATH)
    if normalize_path:
        path = _remove_dot_segments(path)
        while "//" in path:
            path = path.replace("//", "/")
    return path


def _remove_dot_segments(path: str) -> str:
    """Return a path after RFC 3986 5.2.4: /a/./b/../c is /a/c, /a/.. is /, /a/. is /a/."""
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


def _has_strict_escapes(data: bytes, plain: bytes) -> bool:
    """Return whether each % begins an escape, in upper-case hex, of a byte that is not plain."""
    escapes = data.count(b"%")
    decoded = a2b_qp(data.translate(QUOTED_PRINTABLE))  # in C: a valid escape becomes one byte
    return len(decoded) == len(data) - 2 * escapes and len(decoded.translate(None, plain)) == escapes


def _is_strict_query(query: str) -> bool:
    """Return whether a query has one = for each parameter, a name for each, and strict encoding: the fast test of _strict_query."""
    data = query.encode()
    if data.translate(None, ENCODED_TEXT) not in QUERY_SHAPES or "&=" in query or query[0] == "=":
        return False
    return "%" not in query or _has_strict_escapes(data, UNRESERVED)


def _strict_query(query: str) -> str:
    """Return a query decoded once and strictly encoded once, in the order given, without parameters that have no name.

    A + is a blank. A parameter without = stays without.
    """
    if _is_strict_query(query):
        return query
    _refuse_controls(query, "query")
    pieces = [piece for piece in query.split("&") if piece[:1] not in ("", "=")]
    if any(piece.count("=") > 1 for piece in pieces):
        pieces = [name + equals + value.replace("=", "%3D") for name, equals, value in [piece.partition("=") for piece in pieces]]
    data = "&".join(pieces).replace("+", "%20").encode()
    if b"%0" in data:
        return "&".join(["=".join([_quote(_percent_decode(part)) for part in piece.split(b"=")]) for piece in data.split(b"&")])
    # All at once, with \1 and \0 for & and =, because 20 parameters one by one take three times as long.
    decoded = _percent_decode(data.replace(b"&", b"\1").replace(b"=", b"\0"))
    return _percent_encode(decoded, PLAIN_MARKS).replace("\0", "=").replace("\1", "&")


def _sorted_pieces(query: str) -> list[str]:
    """Return name!value of each parameter of a strict query, sorted. ! sorts below all that a name or value may contain."""
    pieces = query.replace("=", "!").split("&")
    return sorted([piece if "!" in piece else piece + "!" for piece in pieces]) if query else []


def _add_parameters(url: Any, params: Any) -> str:
    """Return a URL with more query parameters, strictly encoded: a mapping or pairs of str, bytes or numbers, or lists of them."""
    if not isinstance(url, str):
        url = url.geturl() if hasattr(url, "geturl") else str(url)
    pieces = []
    for name, value in _header_pairs(params):
        for each in value if isinstance(value, (list, tuple)) else (value,):
            if not isinstance(name, str) or isinstance(each, bool) or not isinstance(each, (str, bytes, int, float)):
                raise RequestError(f"parameter {_safe_prefix(name)} is {_describe_type(each)}; it must be str, bytes or a number")
            text = each if isinstance(each, bytes) else _utf8(str(each), "a parameter").encode()
            pieces.append(f"{_quote(_utf8(name, 'the name of a parameter'))}={_quote(text)}")
    rest, hash_mark, fragment = url.partition("#")
    mark = "" if not pieces or rest[-1:] in ("?", "&") else "&" if "?" in rest else "?"
    return f"{rest}{mark}{'&'.join(pieces)}{hash_mark}{fragment}"


def _percent_encode(data: bytes, plain: bytes = UNRESERVED) -> str:
    """Return data with every byte that is not plain as %XX in upper case."""
    others = set(data.translate(None, plain))
    if 0x25 in others:
        data = data.replace(b"%", b"%25")
        others.remove(0x25)
    for byte in others:
        data = data.replace(b"%c" % byte, b"%%%02X" % byte)
    return data.decode()


def _percent_decode(data: bytes) -> bytes:
    """Return data with its escapes decoded. A % that begins no escape stays."""
    escapes = data.count(b"%")
    if not escapes:
        return data
    if b"\n" not in data and b"\r" not in data:
        decoded = a2b_qp(data.replace(b"=", b"=3D").replace(b"%", b"="))
        if len(decoded) == len(data) - 2 * escapes:
            return decoded
    from urllib.parse import unquote_to_bytes  # takes 5 ms to import

    return unquote_to_bytes(data)


def _quote(text: str | bytes) -> str:
    """Return a text strictly percent-encoded: only A-Za-z0-9-._~ stand for themselves."""
    return _percent_encode(text.encode() if isinstance(text, str) else text)


def _header_pairs(headers: Headers) -> list[tuple[Any, Any]]:
    """Return the (name, value) pairs of a mapping, of pairs, or of an HTTP library's header object, repeated names kept apart."""
    items = getattr(headers, "multi_items", None) or getattr(headers, "items", None)  # httpx's items() joins repeated names
    try:
        pairs: Any = items() if items else headers or ()
        return [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise RequestError(f"headers is {_describe_type(headers)}; pass a mapping, or (name, value) pairs") from None


def _join_values(pairs: Pairs, comma: str = ",") -> dict[str, str]:
    """Return {name: its values joined in order of appearance}. Adding them up one by one would take quadratic time."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: comma.join(several) for name, several in values.items()}


def _header_name(name: Any) -> str:
    """Return a header name as str. Raise RequestError if it is not valid (RFC 9110 5.6.2)."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    if not isinstance(name, str):
        raise RequestError(f"a header name is {_describe_type(name)}; it must be a string")
    if not name or not name.isascii() or name.encode().translate(None, TOKEN):
        raise RequestError(f"header name {_safe_prefix(name)} may contain only letters, digits and !#$%&'*+-.^_`|~ (RFC 9110 5.6.2)")
    return name


def _header_text(name: str, value: Any) -> str:
    """Return a header's value as the text whose UTF-8 bytes are signed and sent.

    Bytes, and a str that Latin-1 can hold, are taken for UTF-8 if they are valid UTF-8, because that is what _read_headers makes.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return str(value)
        except ValueError as error:  # Python converts 4,300 digits
            raise RequestError(f"header {name} is a number with too many digits; pass it as a string") from error
    if not isinstance(value, (str, bytes)):
        raise RequestError(f"header {name} is {_describe_type(value)}; it must be str, bytes or a number (repeat the name for a list)")
    text = value.decode("latin-1") if isinstance(value, bytes) else str.__str__(value)  # of a str enumeration the value
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return _utf8(text, f"header {name}")


def _are_plain(values: Iterable[Any]) -> bool:
    """Return whether header values are canonical: printable ASCII, trimmed and folded."""
    for value in values:
        if value.__class__ is not str:
            return False
    # A blank on either side of each value: two in a row show one that is empty, not trimmed or not folded.
    text = f" {' '.join(values)} "
    return text.isascii() and "  " not in text and text.isprintable()


def _fold(text: str) -> str:
    """Return a text trimmed, each run of ASCII white space as one blank, inside quotes too. str.split() would fold U+00A0."""
    return b" ".join(text.encode().split()).decode()


def _unfold(text: str) -> str:
    """Return a header value folded, which may continue on lines that begin with a blank (obs-fold, RFC 9112 5.2)."""
    for line in text.replace("\r\n", "\n").split("\n")[1:]:
        if not line.startswith((" ", "\t")):
            raise RequestError("a header value contains a line break without a blank or tab after it (RFC 9112 5.2)")
    if "\r" in text.replace("\r\n", ""):
        raise RequestError("a header value contains a carriage return without a line feed")
    return _fold(text)


def _has_controls(text: str) -> bool:
    """Return whether a text contains a control character other than a tab."""
    return not text.isprintable() and any((character < " " and character != "\t") or character == "\x7f" for character in text)


def _refuse_controls(text: str, name: str) -> None:
    """Raise RequestError if a part of a URL contains a control character, which no client can send."""
    if "\t" in text or _has_controls(text):
        raise RequestError(f"the {name} of the URL contains a line break or another control character; percent-encode it")


def _utf8(text: str, name: str) -> str:
    """Return a text that UTF-8 can encode. Raise RequestError for anything else: nobody can send a lone surrogate."""
    if not isinstance(text, str):
        raise RequestError(f"{name} is {_describe_type(text)}; it must be a string")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RequestError(f"{name} contains a lone surrogate, which has no UTF-8 form") from None
    return text


# 4. Service and region ------------------------------------------------------------------------------------------------
# Lower sections use: _split_url, _refine_guess, _guess_host, _require_partition, _PARTITION_SUFFIXES, IOT_GATEWAY, REGION_CHARACTERS.

DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
REGION_CHARACTERS = b"abcdefghijklmnopqrstuvwxyz0123456789-"
IOT_GATEWAY = "iotdevicegateway"
MAX_HOST = 255  # characters of a host (RFC 1035 2.3.4)


class _Partition:
    """A group of AWS regions with DNS suffixes of its own.

    name: as in an ARN. prefixes: what its regions begin with. default_region: of hosts that name none. suffix, sign_in_suffix:
    of its hosts, and of those of the sign-in service. other_suffix: the end of its dual-stack suffix, which begins with `api.`.
    """

    __slots__ = ("name", "prefixes", "default_region", "suffix", "other_suffix", "sign_in_suffix")

    def __init__(self, name: str, prefixes: str, default_region: str, suffix: str, other_suffix: str, sign_in_suffix: str) -> None:
        self.name, self.prefixes, self.default_region = name, prefixes.split(), default_region
        self.suffix, self.other_suffix, self.sign_in_suffix = suffix, other_suffix, sign_in_suffix


# Source: botocore's partitions.json and the endpoint rules of its sign-in service.
PARTITIONS = (
    _Partition("aws", "us eu ap sa ca me af il mx", "us-east-1", "amazonaws.com", "aws", "aws.amazon.com"),
    _Partition("aws-cn", "cn", "cn-northwest-1", "amazonaws.com.cn", "amazonwebservices.com.cn", "amazonaws.cn"),
    _Partition("aws-us-gov", "us-gov", "us-gov-west-1", "amazonaws.com", "aws", "amazonaws-us-gov.com"),
    _Partition("aws-eusc", "eusc-de", "eusc-de-east-1", "amazonaws.eu", "amazonwebservices.eu", "amazonaws-eusc.eu"),
    _Partition("aws-iso", "us-iso", "us-iso-east-1", "c2s.ic.gov", "aws.ic.gov", "c2shome.ic.gov"),
    _Partition("aws-iso-b", "us-isob", "us-isob-east-1", "sc2s.sgov.gov", "aws.scloud", "sc2shome.sgov.gov"),
    _Partition("aws-iso-e", "eu-isoe", "eu-isoe-west-1", "cloud.adc-e.uk", "cloud-aws.adc-e.uk", "csphome.adc-e.uk"),
    _Partition("aws-iso-f", "us-isof", "us-isof-south-1", "csp.hci.ic.gov", "aws.hci.ic.gov", "csphome.hci.ic.gov"),
)
_PARTITION_PREFIXES = {prefix: partition for partition in PARTITIONS for prefix in partition.prefixes}
# The commercial partition comes first and shares its suffixes with GovCloud, whose hosts name their region or `us-gov`.
_PARTITION_SUFFIXES = {suffix: partition for partition in PARTITIONS[::-1] for suffix in (partition.suffix, partition.other_suffix)}

CLOUDFLARE_R2, BACKBLAZE_B2 = ".r2.cloudflarestorage.com", ".backblazeb2.com"  # S3 of others, whose hosts are known too

# Labels between service and suffix that say how a host is reached, not what it is.
ROUTES = frozenset("api on vpce global us-gov dualstack".split())
# signing name:host labels. A label `-x` or `x-` is x itself or any label that ends or begins so. `a.b` is b with a to its
# left, `*.b` with anything, `REGION.b` with a region. An empty name: such hosts do not accept SigV4. Source: botocore's
# endpoint data and, for hosts that are not in it, AWS's documentation.
ALIASES = """
acm:acm-acme agent-registry:agent-registry-control appconfig:appconfigdata appstream:appstream2 appsync:appsync-
aps:aps-workspaces arc-region-switch:arc-region-switch-control-plane aws-marketplace:-marketplace AWSMobileHubService:mobile
bedrock:bedrock-agent,bedrock-agent-runtime,bedrock-data-automation,bedrock-data-automation-runtime,bedrock-runtime
bedrock-agentcore:bedrock-agentcore-control cassandra:cassandra-streams chime:-chime
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
# Regions of hosts that name none, by label, LEFT.label or service.PARTITION, if it is not their partition's default. A host
# of "*" accepts SigV4a only.
SINGLE_REGIONS = {
    "accesspoint.s3-global": "*", "endpoint.events": "*", "endpoints.email": "*", "cloudfront-kvs": "*",
    "globalaccelerator": "us-west-2", "iam.aws-cn": "cn-north-1",
}  # fmt: skip
DEFAULT_REGION_SERVICE = "sustainability"  # signed for its partition's default region, whatever its host names
REFINED_SERVICES = frozenset({"iotdata", "kafka", "maps.geo", "places.geo", "routes.geo"})  # path or query decide further

_SIGNING_NAMES = {pattern: name for entry in ALIASES.split() for name, patterns in [entry.split(":")] for pattern in patterns.split(",")}
_origins: dict[str, _Origin] = {}  # by scheme://authority as given


class _Origin:
    """The scheme and authority of a URL in canonical form, and the service and region that its host names.

    prefix: scheme://authority. guess: (service, region), or None if the host does not name them or more than the host decides.
    host_guess: what _guess_host returned. needs_region: whether it is a host of S3 that names no
    region, or one that accepts SigV4a only.
    """

    __slots__ = ("scheme", "authority", "prefix", "guess", "host_guess", "needs_region")

    def __init__(self, scheme: str, authority: str, host: str) -> None:
        self.scheme = scheme
        self.authority = authority
        self.prefix = f"{scheme}://{authority}"
        self.host_guess = _guess_host(host)
        self.guess = None if self.host_guess and self.host_guess[0] in REFINED_SERVICES else self.host_guess
        service, region = self.host_guess or ("", "")
        self.needs_region = region == "*" or (service == "s3" and region != "auto" and region not in host)


def guess_service_region(url: str) -> tuple[str, str] | None:
    """Return (service, region) for the credential scope of a request to an AWS URL, or None if the URL does not name them.

    A region of "*" means that the host accepts SigV4a only. None is returned for hosts that are not AWS's, that use another
    signing scheme (S3 websites, ECR registries, load balancers), for custom domains and for localhost.
    bucket.s3.amazonaws.com and S3 Accelerate hosts name no region: us-east-1 is returned, and S3's error names the right one.

    Raises RequestError if url is not an absolute http, https, ws or wss URL.
    Source: https://docs.aws.amazon.com/general/latest/gr/rande.html, and botocore's endpoint data
    """
    origin, path, query = _split_url(url)
    return _refine_guess(origin.host_guess, path, query)


def _refine_guess(guess: tuple[str, str] | None, path: str, query: str) -> tuple[str, str] | None:
    """Return what _guess_host returned, decided further by path and query where a service needs it."""
    if guess is None or guess[0] not in REFINED_SERVICES:
        return guess
    service, region = guess
    if service == "iotdata" and path == "/mqtt":
        service = IOT_GATEWAY
    elif service == "kafka" and "kafka-cluster" in query:
        service = "kafka-cluster"
    elif service.endswith(".geo"):
        service = f"geo-{service[:-4]}" if path.startswith("/v2/") else "geo"
    return service, region


def _guess_host(host: str) -> tuple[str, str] | None:
    """Return (service, region) of a host in lower case without port, or None. A geo host is `maps.geo`: its path decides further."""
    labels = host.split(".")
    for length in (2, 1, 3, 4):
        partition = _PARTITION_SUFFIXES.get(".".join(labels[-length:]))
        if partition is not None:
            break
    else:
        if host.endswith(CLOUDFLARE_R2):
            return "s3", "auto"
        return ("s3", labels[-3]) if host.endswith(BACKBLAZE_B2) and labels[-4:-3] == ["s3"] else None
    del labels[-length:]
    default = partition.default_region
    private = False
    while labels and labels[-1] in ROUTES:
        route = labels.pop()
        private = private or route == "vpce"
        if route == "us-gov":
            default = _PARTITION_PREFIXES[route].default_region
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
    elif label.startswith("s3"):  # before the labels to its left, because a bucket can be called us-west-2
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
    if not region or service == DEFAULT_REGION_SERVICE:
        candidates = (f"{left}.{label}", label, f"{service}.{partition.name}")
        region = next((SINGLE_REGIONS[name] for name in candidates if name in SINGLE_REGIONS), default)
    return (service, region) if service else None


def _is_region(label: str) -> bool:
    """Return whether a label has the form of a region: [a-z]{2,4}-([a-z]+-){1,2}[0-9]{1,2}."""
    if "-" not in label or not label[-1].isdigit():
        return False
    *words, number = label.split("-")
    return 2 <= len(words) <= 3 and 2 <= len(words[0]) <= 4 and all(map(str.isalpha, words)) and number.isdigit() and len(number) <= 2


def _signing_name(left: str, label: str) -> str:
    """Return a service's name in a credential scope, from its host label and the label to its left; empty if it has no SigV4."""
    first, last = label.partition("-")[0], label.rpartition("-")[2]
    with_left = (f"{'REGION' if _is_region(left) else left}.{label}", f"*.{label}") if left else ()
    for candidate in (*with_left, label, f"-{last}", f"{first}-"):
        if candidate in _SIGNING_NAMES:
            return _SIGNING_NAMES[candidate]
    return f"{left}.geo" if label == "geo" and left in ("maps", "places", "routes") else label


def _require_partition(region: str) -> _Partition:
    """Return the partition that a region belongs to by its name."""
    partition = _PARTITION_PREFIXES.get(region.rsplit("-", 2)[0])
    if partition is None:
        raise RequestError(f"region {region!r} belongs to no partition that this version knows; pass the endpoint, or update sigv4")
    return partition


def _split_url(url: str) -> tuple[_Origin, str, str]:
    """Return (origin, path, query) of a URL, path and query as given. The path begins with a slash; a fragment is dropped."""
    if not isinstance(url, str):
        if not hasattr(url, "scheme"):  # as httpx.URL, yarl.URL and the results of urlsplit have
            raise RequestError(f"url is {_describe_type(url)}; it must be a string such as 'https://sqs.us-east-1.amazonaws.com/'")
        url = url.geturl() if hasattr(url, "geturl") else str(url)
        if not isinstance(url, str):
            raise RequestError(f"url is made of {type(url).__name__}; it must be made of str")
    cut = url.find("/", 8)  # the slash after https://host
    origin = _origins.get(url[:cut]) if cut > 0 else None
    if origin is None or not url.isascii() or "#" in url:
        scheme, slashes, rest = url.partition("://")
        if not slashes or scheme.lower() not in DEFAULT_PORTS:
            raise RequestError(f"url {_safe_url(url)} must begin with https://, http://, wss:// or ws://")
        before, _, query = _utf8(rest, "url").partition("#")[0].partition("?")
        authority, _, path = before.partition("/")
        return _origins.get(f"{scheme}://{authority}") or _read_origin(scheme, authority, url), "/" + path, query
    path = url[cut:]
    if "?" in path:
        path, _, query = path.partition("?")
        return origin, path, query
    return origin, path, ""


def _read_origin(scheme: str, authority: str, url: str) -> _Origin:
    """Return the origin of a URL: in lower case and without the scheme's default port. It is checked once, then remembered."""
    if "@" in authority:
        raise RequestError(f"url {_safe_url(url)} contains user info before an @; a signed request cannot have it, remove it")
    if len(authority) > MAX_HOST + 6:  # 6: a colon and the port. A stranger may choose it, and it is remembered
        raise RequestError(f"url {_safe_url(url)} has no valid host: it has {len(authority)} characters, {MAX_HOST} are allowed")
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
                raise RequestError(f"url {_safe_url(url)} has a host name that IDNA cannot encode") from None
        valid = not host.encode().translate(None, UNRESERVED)
    if not host:
        raise RequestError(f"url {_safe_url(url)} has no host")
    if not valid or len(host) > MAX_HOST or (port and not (len(port) <= 5 and port.isascii() and port.isdigit() and int(port) <= 65535)):
        raise RequestError(f"url {_safe_url(url)} has no valid host and port; e.g. example.com, 127.0.0.1:9000 or [::1]:9000")
    lower = scheme.lower()
    host = host.lower()
    port = str(int(port)) if port else ""
    origin = _Origin(lower, f"{host}:{port}" if port and port != DEFAULT_PORTS[lower] else host, host)
    _remember(_origins, f"{scheme}://{authority}", origin)
    return origin


# 5. Signer ------------------------------------------------------------------------------------------------------------
# Lower sections use: OLD_HEADERS, OLD_PARAMETERS, METHODS, LATTICE, _current_credentials, _scope_of, _find_region and _copy of Signer,
# _HeaderLayout, _Stamp, _make_key, _make_stamp, _read_now, _read_method, _read_scope, _read_region, _read_body, _is_payload_hash,
# _hash_file, _read_expires.

METHODS = frozenset("GET POST PUT DELETE HEAD PATCH OPTIONS".split())
LEGAL_IN_PATH = PLAIN_PATH + b"!$&'()*+,;=:@[]%"  # what a client sends as it is
# VPC Lattice accepts no payload hash but UNSIGNED-PAYLOAD; OpenSearch Serverless (aoss) and Glacier require x-amz-content-sha256 too.
LATTICE = "vpc-lattice-svcs"
CONTENT_SHA256_SERVICES = S3_SERVICES | {"aoss", "glacier", LATTICE}

# Hop-by-hop headers (RFC 9110 7.6.1) end at the first proxy, so nobody could check a signature over them.
HOP_BY_HOP = frozenset(
    "connection expect keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade".split()
)
# Headers that proxies, load balancers and HTTP libraries add or rewrite. They are signed only with sign_all_headers.
UNSIGNED_HEADERS = frozenset(
    "b3 baggage cdn-loop content-length forwarded priority traceparent tracestate user-agent via x-amzn-trace-id".split()
)
UNSIGNED_PREFIXES = ("accept", "cf-", "sec-", "x-b3-", "x-forwarded-")
# What an earlier signature left in the headers and in the query. It is dropped before a request is signed again.
OLD_HEADERS = frozenset("authorization x-amz-date x-amz-region-set x-amz-s3session-token x-amz-security-token".split())
OLD_PARAMETERS = frozenset(
    "x-amz-algorithm x-amz-credential x-amz-date x-amz-expires x-amz-region-set x-amz-s3session-token x-amz-security-token"
    " x-amz-signature x-amz-signedheaders".split()
)
LAST_PARAMETER = "X-Amz-SignedHeaders~"  # sorts after all parameters of a signature
DEFAULT_EXPIRES = 3600  # seconds

OPTIONS = (
    "double_encode", "normalize_path", "sign_all_headers", "token_after_signature", "content_sha256", "sign_query", "unsigned_headers",
)  # fmt: skip
LONGEST_SESSION = 129600  # seconds: no session token is valid for longer
INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))  # RFC 2104 2
OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))

_EMPTY: dict[str, str] = {}
_NO_HEADERS = (_EMPTY, _EMPTY, _EMPTY)  # what _read_headers returns for none
_NO_PIECES: list[str] = []
_first_letter = itemgetter(0)
_plain_names: dict[tuple[str, ...], None] = {}  # tuples of header names that are valid, and neither special nor repeated


class Signer:
    """Signs requests and presigns URLs with AWS Signature Version 4, for any service. Threads and tasks may share a signer.

    credentials: Credentials; a provider, which is a callable that returns Credentials and is called for each signature; or
    credentials or a session of botocore or boto3. None means default_chain().
    service, region: the names in the credential scope, e.g. "s3" and "us-east-1". None means those that the URL names; for the region
    also AWS_REGION, AWS_DEFAULT_REGION or the profile's. "*" or a list of regions signs with SigV4a.
    clock: a callable that returns seconds since the epoch.

    Options, here or with each request. None means what is right for the service:
    double_encode: encode the canonical path once more (not for S3).
    normalize_path: remove dot segments and doubled slashes (not for S3).
    sign_all_headers: sign headers that proxies may rewrite too, such as Accept, User-Agent and Content-Length.
    token_after_signature: add the session token unsigned (for IoT's WebSockets).
    content_sha256: send and sign X-Amz-Content-SHA256 (for S3, OpenSearch Serverless, VPC Lattice, and constant payload hashes).
    sign_query: put the signature into the query of the URL.
    unsigned_headers: names of headers to send without signing them, because a proxy changes or removes them.
    """

    __slots__ = ("service", "region", "_credentials", "_provider", "_clock", "_options", "_rules", "_adopted", "_configured")

    def __init__(
        self, credentials: Any = None, *, service: str | None = None, region: str | Sequence[str] | None = None,
        clock: Callable[[], float] = time.time, **options: Unpack[_Options],
    ) -> None:  # fmt: skip
        self.service = service
        self.region = region
        self._credentials = None if hasattr(credentials, "get_frozen_credentials") else _as_credentials(credentials)
        self._provider: Any = None
        if self._credentials is None:
            self._provider = _extension("default_chain")() if credentials is None else credentials
            if not any(hasattr(self._provider, name) for name in ("__call__", "get_frozen_credentials", "get_credentials")):
                raise CredentialsError(
                    f"credentials is {_describe_type(credentials)}; pass Credentials(access_key_id, secret_access_key), a callable that"
                    " returns them, or botocore's credentials or session"
                )
        self._clock = clock
        self._options: Any = options
        self._rules: dict[Any, _Rules] = {}
        self._adopted: tuple[Any, Any] = (None, None)  # what the provider returned last, and the same as Credentials
        self._configured: tuple[str | None] | None = None  # the configured region, once it was looked up
        self._rules_for("", {})  # an unknown option is an error here

    def __repr__(self) -> str:
        return f"Signer(service={self.service!r}, region={self.region!r})"

    def sign(
        self, method: str, url: str, headers: Headers = None, body: Any = None, *, service: str | None = None,
        region: str | Sequence[str] | None = None, payload_hash: str | None = None, params: Any = None, now: datetime | None = None,
        expires: int | None = None, **options: Unpack[_Options],
    ) -> SignedRequest:  # fmt: skip
        """Return the request with its signature in the Authorization header, or in the URL with sign_query=True.

        url: absolute; http, https, ws or wss. headers: a mapping, (name, value) pairs, or a library's header object; values are
        str, bytes or numbers. body: str (sent as UTF-8), bytes or another buffer, a binary file (hashed from its position and
        rewound), or an iterable of bytes, which only S3 over https accepts without a payload_hash.
        payload_hash: lowercase hex SHA-256 of the body, or a constant of AWS's such as UNSIGNED-PAYLOAD. A given header
        X-Amz-Content-SHA256 has the same effect. params: more query parameters, a mapping or pairs of plain text.
        now: aware datetime, for a reproducible result. expires: seconds, as for presign, with sign_query only.
        service, region, options: as for Signer, for this request.

        What an earlier signature left in the URL or in the headers is replaced.
        Raises RequestError for what cannot be signed, CredentialsError if there are no credentials.
        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
        """
        if params:
            url = _add_parameters(url, params)
        credentials = self._credentials or self._current_credentials()
        if method.__class__ is not str or method not in METHODS:
            method = _read_method(method)
        origin, path, query = _split_url(url)
        given, canonical_values, special = _read_headers(headers) if headers else _NO_HEADERS
        if service is None:
            service = self.service
        if region is None:
            region = self.region
        if service is None and region is None and origin.guess is not None and not special:
            service, region = origin.guess
            if origin.needs_region:
                region = self._configured_scope(region)
        elif service.__class__ is not str or region.__class__ is not str:
            service, region = self._find_scope(origin, path, query, given, special, service, region)
        rules = (self._rules.get(service) if not options else None) or self._rules_for(service, options)
        if rules.sign_query:
            if body is not None:
                payload_hash = payload_hash or _declared_hash(given, special, body) or rules.default_hash
                body, payload_hash = _read_body(body, payload_hash, UNSIGNED_PAYLOAD if rules.is_s3 else None)
            url, result, canonical, to_sign = self._sign_query(
                method, url, headers, expires, service, region, payload_hash, now, options, False
            )
            signature = url.rpartition("X-Amz-Signature=")[2].partition("&")[0]
            return SignedRequest(method, url, result, body, signature, canonical, to_sign)
        if expires is not None:
            raise RequestError("expires is for a signature in the URL; pass sign_query=True with it, or call presign")
        if rules.is_s3 and (canonical_values is not given or "#" in str(url)):
            _check_s3_request(url, origin, canonical_values)

        canonical_path = path
        if path.encode().translate(None, PLAIN_PATH) or "//" in path or "/." in path:
            path, canonical_path = _read_path(path, rules)
        canonical_query = ""
        if query:
            query, pieces = _read_query(query, rules.is_s3)
            canonical_query = "&".join(pieces).replace("!", "=")

        if payload_hash is None:
            payload_hash = (_declared_hash(given, special, body) if special else None) or rules.default_hash
        if payload_hash is None and body is None:
            payload_hash = EMPTY_SHA256
        elif payload_hash is None and body.__class__ is bytes:
            payload_hash = sha256(body).hexdigest()
        else:
            stream_hash = UNSIGNED_PAYLOAD if rules.is_s3 and origin.scheme in ("https", "wss") else None
            body, payload_hash = _read_body(body, payload_hash, stream_hash)

        seconds, amz_date = (int(self._clock()), "") if now is None else _read_now(now)
        stamp = credentials._stamps.get((service, region))
        if stamp is None or stamp.seconds != seconds:
            stamp = _make_stamp(credentials, service, region, seconds, amz_date)
        key = stamp.key

        result = {**given}
        if "host" not in special:
            result["Host"] = origin.authority
        result["X-Amz-Date"] = stamp.amz_date
        token = credentials.session_token
        if token and not rules.token_after:
            result["X-Amz-Security-Token" if service != "s3express" else _express_token_name(method, path, query, given)] = token
        if CONTENT_SHA256 in special:
            result[special[CONTENT_SHA256]] = payload_hash
            canonical_values = {**canonical_values, special[CONTENT_SHA256]: payload_hash}
        elif rules.content_sha256 or (rules.content_sha256 is None and len(payload_hash) != 64):
            result["X-Amz-Content-SHA256"] = payload_hash
        if key.headers:
            result.update(key.headers)
        layout = rules.layouts.get(tuple(result)) or _make_layout(tuple(result), rules)
        lines = layout.lines.copy()
        lines[1::2] = layout.pick(result if canonical_values is given else {**result, **canonical_values})

        canonical = f"{method}\n{canonical_path}\n{canonical_query}\n{''.join(lines)}\n\n{layout.signed_names}\n{payload_hash}"
        to_sign = stamp.to_sign_head + sha256(canonical.encode()).hexdigest()
        signature = key.sign(to_sign)
        result["Authorization"] = f"{stamp.authorization_head}{layout.signed_names}, Signature={signature}"
        if token and rules.token_after:
            result["X-Amz-Security-Token"] = token
        url = f"{origin.prefix}{path}?{query}" if query else origin.prefix + path
        return SignedRequest(method, url, result, body, signature, canonical, to_sign)

    def presign(
        self, method: str, url: str, headers: Headers = None, *, expires: int | None = None, service: str | None = None,
        region: str | Sequence[str] | None = None, payload_hash: str | None = None, params: Any = None, now: datetime | None = None,
        **options: Unpack[_Options],
    ) -> str:  # fmt: skip
        """Return the URL with its signature in the query: whoever has it can make that one request until it expires.

        headers: those that must be sent with it, with these values; all of them are signed. expires: seconds, 1..604800; None means
        the URL's own X-Amz-Expires, or 3600. A URL for IoT's gateway is made without.
        payload_hash: as for sign; None means UNSIGNED-PAYLOAD for S3 and VPC Lattice, and the hash of an empty body for the rest.
        VPC Lattice, and S3 if one is given, require it in the header X-Amz-Content-SHA256. The other arguments are those of sign.

        Warns with ExpiryWarning if the credentials expire before the URL would.
        Raises RequestError for what cannot be signed, CredentialsError if there are no credentials.
        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
        """
        if params:
            url = _add_parameters(url, params)
        link, _, _, _ = self._sign_query(method, url, headers, expires, service, region, payload_hash, now, options, True)
        return link

    def _sign_query(
        self, method: str, url: str, headers: Headers, expires: int | None, service: Any, region: Any, payload_hash: str | None,
        now: datetime | None, options: Any, signs_all: bool,
    ) -> tuple[str, dict[str, str], str, str]:  # fmt: skip
        """Return (URL with its signature in the query, headers to send, canonical request, string to sign).

        payload_hash: None for a request without a body. signs_all: whether each header must be signed, as presign promises.
        """
        credentials = self._credentials or self._current_credentials()
        if method.__class__ is not str or method not in METHODS:
            method = _read_method(method)
        origin, path, query = _split_url(url)
        given, canonical_values, special = _read_headers(headers) if headers else _NO_HEADERS
        if service is None:
            service = self.service
        if region is None:
            region = self.region
        if service is None and region is None and origin.guess is not None and not special:
            service, region = origin.guess
            if origin.needs_region:
                region = self._configured_scope(region)
        elif service.__class__ is not str or region.__class__ is not str:
            service, region = self._find_scope(origin, path, query, given, special, service, region)
        rules = (self._rules.get(service) if not options else None) or self._rules_for(service, options)
        if rules.is_s3 and (canonical_values is not given or "#" in str(url)):
            _check_s3_request(url, origin, canonical_values)

        canonical_path = path
        if path.encode().translate(None, PLAIN_PATH) or "//" in path or "/." in path:
            path, canonical_path = _read_path(path, rules)
        pieces = _NO_PIECES
        if query:
            if expires is None and ("xpires" in query or "XPIRES" in query):
                expires = _own_expires(query)
            query, pieces = _read_query(query, rules.is_s3)

        if payload_hash is None and special:
            payload_hash = _declared_hash(given, special, None)
        sends_hash = rules.sends_query_hash
        if sends_hash is None:
            sends_hash = payload_hash is not None and payload_hash != UNSIGNED_PAYLOAD
        payload_hash = rules.query_hash if payload_hash is None else _read_body(None, payload_hash, None)[1]

        seconds, amz_date = (int(self._clock()), "") if now is None else _read_now(now)
        stamp = credentials._stamps.get((service, region))
        if stamp is None or stamp.seconds != seconds:
            stamp = _make_stamp(credentials, service, region, seconds, amz_date)
        key = stamp.key

        result = {**given}
        if "host" not in special:
            result["Host"] = origin.authority
        if CONTENT_SHA256 in special:
            result[special[CONTENT_SHA256]] = payload_hash
            canonical_values = {**canonical_values, special[CONTENT_SHA256]: payload_hash}
        elif sends_hash:
            result["X-Amz-Content-SHA256"] = payload_hash
        if signs_all and headers and given is not headers:
            _refuse_authorization(headers)
        if len(result) == 1 and not special:
            layout, lines = HOST_ONLY, f"host:{origin.authority}"
        else:
            layouts = rules.full_layouts if signs_all else rules.layouts
            layout = layouts.get(tuple(result)) or _make_layout(tuple(result), rules, signs_all)
            parts = layout.lines.copy()
            parts[1::2] = layout.pick(result if canonical_values is given else {**result, **canonical_values})
            lines = "".join(parts)

        token = credentials.session_token or ""
        if token:
            name = "X-Amz-Security-Token" if service != "s3express" else _express_token_name(method, path, query, given)
            token = f"&{name}={credentials._quoted_token or _quote_token(credentials)}"
        life = "" if service == IOT_GATEWAY else f"&X-Amz-Expires={_read_expires(expires, credentials, seconds)}"
        # In sorted order, so that without other parameters this is the canonical query.
        signing = f"{stamp.query_head}{life}{key.parameters}{'' if rules.token_after else token}&X-Amz-SignedHeaders={layout.quoted_names}"
        canonical_query = _merge_query(pieces, signing) if pieces else signing
        canonical = f"{method}\n{canonical_path}\n{canonical_query}\n{lines}\n\n{layout.signed_names}\n{payload_hash}"
        to_sign = stamp.to_sign_head + sha256(canonical.encode()).hexdigest()
        signature = key.sign(to_sign)
        query = f"{query}&{signing}" if query else signing
        url = f"{origin.prefix}{path}?{query}&X-Amz-Signature={signature}{token if rules.token_after else ''}"
        return url, result, canonical, to_sign

    def __call__(
        self, method: Any, url: str | None = None, body: Any = None, headers: Headers = None, query_string: str | None = None
    ) -> Any:
        """Sign a request of requests, httpx or httpx2, passed in place of `method`: this is what their `auth=signer` calls.

        With a URL, return the headers to add, as opensearch_auth(self) does: this is what opensearch-py's `http_auth=signer` calls.
        """
        if url is not None:
            return _extension("opensearch_auth")(self)(method, url, body, headers, query_string)
        hook = "httpx_auth" if hasattr(method, "stream") else "requests_auth"
        return _extension(hook)(self)(method)

    def httpx_auth(self) -> Any:
        """Return httpx_auth(self): an auth object for httpx clients that never blocks an event loop."""
        return _extension("httpx_auth")(self)

    def urllib_handler(self) -> Any:
        """Return urllib_handler(self): a handler for urllib.request.build_opener."""
        return _extension("urllib_handler")(self)

    @property
    def aiohttp_middleware(self) -> Any:
        """aiohttp_middleware(self): a middleware for aiohttp.ClientSession(middlewares=[...])."""
        return _extension("aiohttp_middleware")(self)

    def _current_credentials(self) -> Credentials:
        """Return the credentials to sign with now."""
        if self._credentials is not None:
            return self._credentials
        found = _ask_for_credentials(self._provider)
        if isinstance(found, Credentials):
            return found
        return self._adopt_credentials(_ask_for_credentials(found) if hasattr(found, "get_frozen_credentials") else found)

    def _adopt_credentials(self, found: Any) -> Credentials:
        """Return what a provider returned as Credentials. They are kept, because signing keys are kept with them."""
        if isinstance(found, Credentials):
            return found
        if hasattr(found, "__await__"):
            getattr(found, "close", str)()  # else Python warns that it was never awaited
            raise RequestError(
                "credentials come from a coroutine function, which this call cannot await; use an asynchronous client with"
                " signer.httpx_auth() or signer.aiohttp_middleware, or await the credentials before and pass them"
            )
        if found is None and hasattr(self._provider, "get_credentials"):
            raise CredentialsNotFound("the botocore session has no credentials")
        received, credentials = self._adopted
        if credentials is None or received != found:
            credentials = _as_credentials(found)
            if credentials is None:
                raise CredentialsError(f"the provider returned a value {_describe_type(found)}; it must return Credentials")
            self._adopted = found, credentials
        return credentials  # type: ignore[no-any-return]

    def _rules_for(self, service: Any, options: Any) -> _Rules:
        """Return the rules for a service, with the options of a call. They are kept."""
        if options.get("unsigned_headers") is not None:
            options = {**options, "unsigned_headers": tuple(_unsigned_names(options["unsigned_headers"]))}
        key = (service, *options.items()) if options else service
        rules = self._rules.get(key)
        if rules is None:
            unknown = {*options, *self._options} - set(OPTIONS)
            if unknown:
                raise TypeError(f"unknown option {sorted(unknown)[0]!r}; the options are {', '.join(OPTIONS)}")
            chosen = {name: self._options.get(name) if options.get(name) is None else options[name] for name in OPTIONS}
            chosen["unsigned_headers"] = [
                name for each in (self._options, options) for name in _unsigned_names(each.get("unsigned_headers"))
            ]
            rules = _Rules(service, chosen)
            _remember(self._rules, key, rules)
        return rules

    def _find_scope(
        self, origin: _Origin, path: str, query: str, given: Mapping[str, str], special: Mapping[str, str], service: Any, region: Any
    ) -> tuple[Any, Any]:
        """Return (service, region), each that is None by the Host header, else by the URL; a region also as configured."""
        if service is None or region is None:
            host = given[special["host"]].lower().partition(":")[0] if "host" in special else ""
            named = _Origin(origin.scheme, host, host) if host else origin
            named = named if named.host_guess else origin
            guess = _refine_guess(named.host_guess, path, query)
            if guess is not None:
                of_host, at_host = guess
                service = of_host if service is None else service
                if region is None:
                    region = self._configured_scope(at_host) if named.needs_region else at_host
            elif region is None and service is not None:
                region = self._find_region()
        if region is None or service is None:
            missing = " and ".join([f"{name}=" for name, value in (("service", service), ("region", region)) if value is None])
            raise RequestError(
                f"host {origin.authority!r} does not name the {missing.replace('=', '')}; pass {missing} to Signer or to this call"
            )
        return _read_scope("service", service), _read_region(region)

    def _configured_scope(self, region: str) -> Any:
        """Return the region for a host of S3 that names none, or the set of regions for one that accepts SigV4a only."""
        if region != "*":
            return _read_scope("region", self._find_region() or region)
        find_in_profile = _extensions.get("region_set")
        names = os.environ.get("AWS_SIGV4A_SIGNING_REGION_SET") or (find_in_profile() if find_in_profile else None)
        return _read_region(names.split(",") if isinstance(names, str) else names or region)

    def _find_region(self) -> str | None:
        """Return the region that is configured for the provider, or in the environment and the profile, or None."""
        if hasattr(self._provider, "configured_region"):
            return self._provider.configured_region()  # type: ignore[no-any-return]
        if self._configured is None:
            region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            find_in_profile = _extensions.get("from_profile")
            self._configured = (region or (find_in_profile() if find_in_profile else None),)
        return self._configured[0]

    def __reduce__(self) -> tuple[Any, ...]:
        from functools import partial

        credentials = self._credentials or self._provider
        return partial(Signer, credentials, service=self.service, region=self.region, clock=self._clock, **self._options), ()


class _Rules:
    """What holds for the requests of a signer to one service. layouts: _HeaderLayout by the names of the headers.

    full_layouts: those with every header signed. content_sha256: whether X-Amz-Content-SHA256 is added; None means: if the payload
    hash is a constant. sends_query_hash: the same for a signature in the query; None means: if a payload hash was given.
    default_hash: that of a request, or None to hash the body. query_hash: that of a signature in the query, without a body.
    """

    __slots__ = (
        "double_encode", "normalize_path", "sign_all", "token_after", "content_sha256", "sign_query", "unsigned", "sends_query_hash",
        "default_hash", "query_hash", "is_s3", "layouts", "full_layouts",
    )  # fmt: skip

    def __init__(self, service: str, options: Mapping[str, Any]) -> None:
        is_s3, is_lattice = service in S3_SERVICES, service == LATTICE

        def choose(name: str, default: Any) -> Any:
            return default if options[name] is None else options[name]

        self.double_encode = choose("double_encode", not is_s3)
        self.normalize_path = choose("normalize_path", not is_s3)
        self.sign_all = choose("sign_all_headers", False)
        self.token_after = choose("token_after_signature", service == IOT_GATEWAY)
        self.content_sha256 = choose("content_sha256", service in CONTENT_SHA256_SERVICES or None)
        self.sign_query = choose("sign_query", False)
        self.unsigned = frozenset(options["unsigned_headers"])
        self.sends_query_hash = choose("content_sha256", is_lattice or (None if is_s3 else False))
        self.default_hash = UNSIGNED_PAYLOAD if is_lattice else None
        self.query_hash = UNSIGNED_PAYLOAD if is_s3 or is_lattice else EMPTY_SHA256
        self.is_s3 = is_s3
        self.layouts: dict[tuple[str, ...], _HeaderLayout] = {}
        self.full_layouts: dict[tuple[str, ...], _HeaderLayout] = {}


class _HeaderLayout:
    """The canonical lines of headers with certain names. Sorting them for each signature would cost more than hashing.

    lines: `name:` and a place for its value in turn. pick: returns the values for these places from a dict by name.
    signed_names: joined by ;. quoted_names: the same in a query.
    """

    __slots__ = ("lines", "pick", "signed_names", "quoted_names")

    def __init__(self, signed: list[tuple[str, str]]) -> None:
        names = [name for name, _ in signed]
        spellings = [spelling for _, spelling in signed]
        self.lines = [part for name in names for part in (f"\n{name}:", "")]
        self.lines[0] = f"{names[0]}:"
        self.pick: Callable[[Any], Any] = itemgetter(*spellings)
        if len(spellings) == 1:  # for one name itemgetter returns no tuple
            (only,) = spellings
            self.pick = lambda values: (values[only],)
        self.signed_names = ";".join(names)
        self.quoted_names = _quote(self.signed_names)


HOST_ONLY = _HeaderLayout([("host", "Host")])


def _make_layout(names: tuple[str, ...], rules: _Rules, signs_all: bool = False) -> _HeaderLayout:
    """Return the layout of headers with these names, and keep it with the rules, which say what is signed."""
    signed = []
    for spelling in names:
        name = spelling.lower()
        rewritten = name in UNSIGNED_HEADERS or name.startswith(UNSIGNED_PREFIXES)
        if name not in HOP_BY_HOP and name not in rules.unsigned and (signs_all or rules.sign_all or not rewritten):
            signed.append((name, spelling))
        elif signs_all:
            raise RequestError(
                f"header {spelling} cannot be signed; a presigned URL signs every header that it is made with, so leave it out"
            )
    layout = _HeaderLayout(sorted(signed))
    _remember(rules.full_layouts if signs_all else rules.layouts, names, layout)
    return layout


def _unsigned_names(names: Any) -> list[str]:
    """Return the names of unsigned_headers in lower case. Host and x-amz- headers must be signed."""
    if isinstance(names, (str, bytes)):
        raise RequestError("unsigned_headers is a string; pass a list of header names")
    lower = sorted({_header_name(name).lower() for name in names or ()})
    for name in lower:
        if name == "host" or (name.startswith("x-amz-") and name != "x-amz-cf-id"):
            raise RequestError(f"unsigned_headers contains {name}; Host and x-amz- headers must be signed")
    return lower


def _refuse_authorization(headers: Any) -> None:
    """Raise RequestError if a URL is presigned with an Authorization header, which its signature replaces."""
    if any(_header_name(name).lower() == "authorization" for name, _ in _header_pairs(headers)):
        raise RequestError("header Authorization cannot be sent with a presigned URL; leave it out")


def _check_s3_request(url: Any, origin: _Origin, canonical_values: Mapping[str, str]) -> None:
    """Raise RequestError for a fragment, which would cut a key, and for metadata that AWS's S3 cannot verify."""
    if "#" in str(url):
        raise RequestError(
            f"url {_safe_url(str(url))} contains a #, which ends the key; write %23 for a # in a key, or remove the fragment"
        )
    if origin.host_guess is None or origin.authority.endswith((CLOUDFLARE_R2, BACKBLAZE_B2)):
        return
    for name, value in canonical_values.items():
        if not value.isascii() and name.lower().startswith("x-amz-meta-"):
            raise RequestError(f"header {name} is not ASCII, and S3 refuses a signature over it; percent-encode the value or use RFC 2047")


class _SigningKey:
    """The SigV4 signing key of one credential scope. A key of another algorithm has the same attributes and method.

    date: YYYYMMDD. scope: date/region/service/aws4_request. credential: the access key id and the scope.
    headers, parameters: what the algorithm adds to a request, or to a query. signature_length: in hex digits, at most.
    """

    __slots__ = ("date", "scope", "credential", "_inner", "_outer")

    algorithm = ALGORITHM
    headers: Mapping[str, str] = {}
    parameters = ""
    signature_length = 64

    def __init__(self, credentials: Credentials, date: str, region: str, service: str) -> None:
        self.date = date
        self.scope = f"{date}/{region}/{service}/aws4_request"
        self.credential = f"{credentials.access_key_id}/{self.scope}"
        key = signing_key(credentials.secret_access_key, date, region, service).ljust(64, b"\0")  # 64: the block of SHA-256
        self._inner, self._outer = sha256(key.translate(INNER_PAD)), sha256(key.translate(OUTER_PAD))

    def sign(self, string_to_sign: str) -> str:
        """Return the HMAC-SHA256 in lowercase hex. Two copied hash states are faster than hmac.digest (0.64 against 1.69 us)."""
        inner = self._inner.copy()
        inner.update(string_to_sign.encode())
        outer = self._outer.copy()
        outer.update(inner.digest())
        digest: str = outer.hexdigest()
        return digest


class _Stamp:
    """A signing key in one second, with the texts that all its signatures of that second begin with."""

    __slots__ = ("seconds", "amz_date", "key", "to_sign_head", "authorization_head", "query_head")

    def __init__(self, seconds: int, amz_date: str, key: Any) -> None:
        self.seconds = seconds
        self.amz_date = amz_date
        self.key = key
        self.to_sign_head = f"{key.algorithm}\n{amz_date}\n{key.scope}\n"
        self.authorization_head = f"{key.algorithm} Credential={key.credential}, SignedHeaders="
        self.query_head = f"X-Amz-Algorithm={key.algorithm}&X-Amz-Credential={_quote(key.credential)}&X-Amz-Date={amz_date}"


def _make_key(credentials: Credentials, date: str, region: Any, service: Any) -> Any:
    """Return the signing key for a date (YYYYMMDD), region and service: that of SigV4a for a set of regions."""
    kept = credentials._stamps.get((service, region))
    if kept is not None and kept.key.date == date:
        return kept.key
    service, region = _read_scope("service", service), _read_region(region)
    return (_SigningKey if region.__class__ is str else _extension("SigV4aKey"))(credentials, date, region, service)


def _make_stamp(credentials: Credentials, service: Any, region: Any, seconds: int, amz_date: str = "") -> _Stamp:
    """Return the stamp of a second, and keep it with the credentials: with them it goes."""
    amz_date = amz_date or _format_amz_date(time.gmtime(seconds))
    stamp = _Stamp(seconds, amz_date, _make_key(credentials, amz_date[:8], region, service))
    _remember(credentials._stamps, (service, region), stamp)
    return stamp


def _read_now(now: datetime) -> tuple[int, str]:
    """Return (seconds since the epoch, YYYYMMDDTHHMMSSZ). Raise RequestError if now is not an aware datetime."""
    if not hasattr(now, "utctimetuple") or now.utcoffset() is None:
        raise RequestError(f"now is {_describe_type(now)}; it must be an aware datetime, e.g. datetime.now(timezone.utc)")
    try:
        return int(now.timestamp() // 1), _format_amz_date(now.utctimetuple())
    except OverflowError:
        raise RequestError("now is outside the years 1 to 9999 in UTC") from None


def _read_method(method: str) -> str:
    """Return a method in upper case. Raise RequestError if it is not one (RFC 9110 9.1)."""
    if isinstance(method, str) and "://" in method:
        raise RequestError("method is a URL; the arguments seem to be swapped: sign(method, url)")
    if not isinstance(method, str) or not method or not method.isascii() or method.encode().translate(None, TOKEN):
        raise RequestError(f"method is {_safe_prefix(method)}; it must be an HTTP method such as 'GET'")
    return method.upper()


def _read_scope(name: str, value: Any) -> str:
    """Return a service or region as an exact str: a member of a str enumeration would be formatted by its own name."""
    example = "'s3'" if name == "service" else "'us-east-1'"
    if not isinstance(value, str) or not value:
        raise RequestError(f"{name} is {_describe_type(value)}; it must be a name such as {example}")
    if not value.isascii() or value.encode().translate(None, UNRESERVED):
        raise RequestError(f"{name} may contain only letters, digits and -._~, as in {example}")
    return str.__str__(value)


def _read_region(value: Any) -> Any:
    """Return a region as an exact str, or a set of regions as a tuple: those of a list, of a str with commas, or with a wildcard."""
    if isinstance(value, str) and "*" not in value and "," not in value:
        return _read_scope("region", value)
    regions = value.split(",") if isinstance(value, str) else value
    if not isinstance(regions, (list, tuple)) or not regions:
        return _read_scope("region", value)
    names = [str.__str__(part).strip() if isinstance(part, str) else "" for part in regions]
    if not all(names) or "".join(names).encode("utf-8", "replace").translate(None, REGION_CHARACTERS + b"*"):
        raise RequestError("each region of a set must be a name such as 'us-east-1', or contain a * for any: '*', 'us-*'")
    return tuple(names)


def _read_path(path: str, rules: _Rules) -> tuple[str, str]:
    """Return (path to send, path of the canonical request) for a path that is not plain.

    S3 decodes a path and encodes it strictly before it checks the signature, so the path is sent in that form. Other services
    take it as sent: only what no client could send is encoded, and dot segments are removed, as every client does. A path that is
    encoded once only (double_encode=False) is sent strictly encoded, its escapes as they are.
    """
    data = path.encode()
    if not rules.double_encode and not rules.normalize_path:
        is_strict = not data.translate(None, ENCODED_PATH) and _has_strict_escapes(data, PLAIN_PATH)
        if not is_strict:
            _refuse_controls(path, "path")
        wire = path if is_strict else _percent_encode(_percent_decode(data), PLAIN_PATH)
        return wire, wire
    _refuse_controls(path, "path")
    wire = _percent_encode(data, LEGAL_IN_PATH if rules.double_encode else ENCODED_PATH)
    if b"%" in data:  # one that begins no escape is itself escaped
        first, *escapes = wire.split("%")
        wire = first + "".join([f"{'%' if len(each) > 1 and HEX_DIGITS.issuperset(each[:2]) else '%25'}{each}" for each in escapes])
    if rules.normalize_path:
        wire = _remove_dot_segments(wire)
    return wire, _canonical_path(wire, rules.double_encode, rules.normalize_path)


def _read_query(query: str, is_s3: bool) -> tuple[str, list[str]]:
    """Return (query to send, its sorted pieces): strictly encoded, in the order given, without what an earlier signature left.

    S3 checks a signature over the first of several parameters with one name only, so the others are left out.
    Source: aws/aws-sdk-go, issue 1495
    """
    if "x-amz-" not in query.lower() and _is_strict_query(query):
        if "&" not in query:
            return query, [query.replace("=", "!")]
        pieces = sorted(query.replace("=", "!").split("&"))  # as _sorted_pieces: each piece has its =
        # Most queries show by the first letters that no name is repeated.
        if not is_s3 or len(set(map(_first_letter, pieces))) == len(pieces) or not _has_repeated_names(pieces):
            return query, pieces
    kept: dict[str, str] = {}
    for number, piece in enumerate(_strict_query(query).split("&")):
        name = piece.partition("=")[0]
        if name.lower() not in OLD_PARAMETERS and piece:
            kept.setdefault(name if is_s3 else str(number), piece)
    query = "&".join(kept.values())
    return query, _sorted_pieces(query)


def _has_repeated_names(pieces: list[str]) -> bool:
    """Return whether two of the pieces (name!value) have one name."""
    return len({piece.partition("!")[0] for piece in pieces}) < len(pieces)


def _own_expires(query: str) -> int | None:
    """Return the value of X-Amz-Expires in a query as it was given, or None."""
    for piece in query.split("&"):
        name, _, value = piece.partition("=")
        if name.lower() == "x-amz-expires":
            if not value.isascii() or not value.isdigit() or len(value) > 9:
                raise RequestError(f"X-Amz-Expires in the URL must be a number of seconds from 1 to {MAX_EXPIRES}")
            return int(value)
    return None


def _read_headers(headers: Any) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return (headers to send, their canonical values, spellings of special ones), without those of an earlier signature.

    Repeated names are joined by commas under the first spelling. The special ones are host and x-amz-content-sha256 if they were
    given, and authorization if the request was signed before.
    """
    if not headers:
        return _NO_HEADERS
    if headers.__class__ is dict and tuple(headers) in _plain_names and _are_plain(headers.values()):
        return headers, headers, {}
    sent: Pairs = []
    canonical: Pairs = []
    spellings: dict[str, str] = {}
    special: dict[str, str] = {}
    for name, value in _header_pairs(headers):
        name = _header_name(name)
        text = _header_text(name, value)
        if _has_controls(text):
            raise RequestError(f"header {name} contains a line break or another control character")
        lower = name.lower()
        if lower in OLD_HEADERS:
            if lower == "authorization" and text.startswith("AWS4-"):
                special[lower] = name
            continue
        if lower == "host" and lower in spellings:
            raise RequestError("header Host was given twice")
        name = spellings.setdefault(lower, name)
        # As Latin-1, which http.client, requests, urllib3 and urllib encode it in, it is UTF-8 on the wire.
        sent.append((name, text.strip(" \t") if text.isascii() else text.strip(" \t").encode().decode("latin-1")))
        canonical.append((name, _fold(text)))
    given, canonical_values = _join_values(sent), _join_values(canonical)
    for lower in ("host", CONTENT_SHA256):
        if lower in spellings:
            special[lower] = spellings[lower]
    if "host" in special and not given[special["host"]]:
        raise RequestError("header Host is empty; leave it out to have it made from the URL")
    if not special and headers.__class__ is dict and len(given) == len(headers):
        _remember(_plain_names, tuple(given), None)
    return given, canonical_values, special


def _declared_hash(given: dict[str, str], special: dict[str, str], body: Any) -> str | None:
    """Return the payload hash in a given X-Amz-Content-SHA256. One of an earlier signature is ignored: the body may have changed."""
    if CONTENT_SHA256 not in special:
        return None
    value = given[special[CONTENT_SHA256]]
    signed_before = "authorization" in special and len(value) == 64
    return None if signed_before and (body is None or _body_kind(body) != "stream") else value


def _read_body(body: Any, payload_hash: str | None, stream_hash: str | None) -> tuple[Any, str]:
    """Return (body to send, payload hash). stream_hash stands for the hash of a body that can be read once; None forbids one."""
    if payload_hash is not None and not _is_payload_hash(payload_hash):
        raise RequestError("payload_hash must be 64 lowercase hex digits, UNSIGNED-PAYLOAD or one of AWS's STREAMING- constants")
    if body is None:
        return None, payload_hash or EMPTY_SHA256
    if isinstance(body, str):
        body = _utf8(body, "body").encode()
    kind = _body_kind(body)
    if kind == "buffer" and not memoryview(body).c_contiguous:
        body = memoryview(body).tobytes()  # no HTTP library sends it as it is
    if payload_hash is not None:
        return body, payload_hash
    if kind == "buffer":
        return body, sha256(body).hexdigest()
    if kind == "file":
        return body, _hash_file(body)
    if stream_hash is None:
        raise RequestError(
            f"body is {_describe_type(body)}, which can be read only once, so it cannot be hashed before it is sent; pass bytes, a"
            " seekable file, or payload_hash= (S3 accepts such a body unsigned, but only over https)"
        )
    return body, stream_hash


def _is_payload_hash(value: Any) -> bool:
    """Return whether a value is a SHA-256 in lowercase hex or one of AWS's constants."""
    if not isinstance(value, str) or not value.isascii():
        return False
    digest = len(value) == 64 and HEX_DIGITS.issuperset(value) and value == value.lower()
    return digest or value == UNSIGNED_PAYLOAD or (value.startswith("STREAMING-") and not value.encode().translate(None, UNRESERVED))


def _hash_file(file: Any) -> str:
    """Return the SHA-256 in lowercase hex of a file from its position on, and rewind it there."""
    digest = sha256()
    try:
        start = file.tell()
        for piece in _pieces_of(file):
            digest.update(piece)
        file.seek(start)
    except (OSError, TypeError, ValueError) as error:  # closed, write-only, a read() that takes no size ...
        raise RequestError(f"body is {_describe_type(file)}, which cannot be read: {error}") from error
    return digest.hexdigest()


def _express_token_name(method: str, path: str, query: str, given: dict[str, str]) -> str:
    """Return the header for S3 Express's session token. CreateSession itself, HeadBucket and CopyObject take IAM's token."""
    if not {"session", "session="}.isdisjoint(query.split("&")) or (method == "HEAD" and path == "/"):
        return "X-Amz-Security-Token"
    return "X-Amz-Security-Token" if "x-amz-copy-source" in map(str.lower, given) else "X-Amz-S3session-Token"


def _quote_token(credentials: Credentials) -> str:
    """Return the session token percent-encoded, and keep it with the credentials."""
    token = _quote(credentials.session_token or "")
    object.__setattr__(credentials, "_quoted_token", token)
    return token


def _read_expires(expires: Any, credentials: Credentials, seconds: float) -> int:
    """Return the lifetime of a URL that is signed at `seconds`. Warn if the credentials expire before."""
    if expires is None:
        expires = DEFAULT_EXPIRES
    if expires.__class__ is not int or not 1 <= expires <= MAX_EXPIRES:
        received = expires if isinstance(expires, (int, float)) and abs(expires) < 1e15 else _describe_type(expires)
        raise RequestError(f"expires is {received}; it must be an int of seconds from 1 to {MAX_EXPIRES} (7 days)")
    is_too_long = credentials.session_token is not None and expires > LONGEST_SESSION
    if is_too_long or credentials._expires_at < seconds + expires:
        from warnings import warn

        end = f"at {credentials.expiration}" if credentials.expiration else "36 hours after they were issued, at the latest"
        warn(f"the URL was asked to work for {expires} s, but the credentials that sign it expire {end}", ExpiryWarning, stacklevel=4)
    return int(expires)


def _merge_query(pieces: list[str], signing: str) -> str:
    """Return the canonical query of sorted pieces (name!value) and the parameters of a signature, which are sorted."""
    if pieces[0] > LAST_PARAMETER:
        return f"{signing}&{'&'.join(pieces).replace('!', '=')}"
    return "&".join(sorted(pieces + signing.replace("=", "!").split("&"))).replace("!", "=")


def _scope_of(signer: Signer, url: str, headers: Headers, service: Any, region: Any) -> tuple[Any, Any]:
    """Return the (service, region) that sign would use, a set of regions as a tuple."""
    origin, path, query = _split_url(url)
    service, region = service or signer.service, region or signer.region
    if service is None or region is None:
        given, _, special = _read_headers(headers)
        return signer._find_scope(origin, path, query, given, special, service, region)
    return _read_scope("service", service), _read_region(region)


def _ask_for_credentials(source: Any) -> Any:
    """Return what a provider returns, the credentials of botocore's session, or the frozen set of botocore's credentials."""
    if callable(source):
        return source()
    # One consistent set: single attributes may change during a refresh.
    return source.get_frozen_credentials() if hasattr(source, "get_frozen_credentials") else source.get_credentials()


def _with_other_credentials(signer: Signer, credentials: Any) -> Signer:
    """Return a signer with other credentials, and all else of the given one."""
    copy = Signer(credentials, service=signer.service, region=signer.region, clock=signer._clock, **signer._options)
    copy._provider = signer._provider  # which knows the region of its profile
    copy._rules = signer._rules
    return copy


# 6. HTTP libraries ----------------------------------------------------------------------------------------------------
# Each library passes a request of its own, whose URL it may already have rewritten. The request is signed as it is then, and gets
# the URL and headers that were signed. If the library would send another URL, that is an error.

_httpx_classes: dict[Any, Any] = {}  # by the Auth classes of httpx and httpx2 that they have as bases


def requests_auth(signer: Signer) -> Callable[[Any], Any]:
    """Return what signs for requests: `requests.get(url, auth=requests_auth(signer))`. `auth=signer` does the same.

    A redirect is sent without the signature, because that is valid for the first URL only.
    The callable raises RequestError for what cannot be signed or sent, CredentialsError if there are no credentials.
    Source: https://requests.readthedocs.io/en/latest/user/authentication/#new-forms-of-authentication
    """

    def sign(request: Any) -> Any:
        body, headers = request.body, request.headers
        pairs = headers.lower_items() if hasattr(headers, "lower_items") else headers.items()
        signed, given = _sign_for_library(signer, request.method, request.url, pairs, body)
        if "/." in signed.url:
            path = _request_target(signed.url).partition("?")[0]
            if path != _remove_dot_segments(path):
                raise RequestError(f"requests removes the dot segments of {_safe_url(signed.url)}; use Client, urllib or http.client")
        request.url = signed.url
        _update_headers(headers, given, signed.headers)
        if isinstance(body, str):
            request.body = signed.body
            request.prepare_content_length(signed.body)
        request.register_hook("response", _forget_signature_on_redirect)
        return request

    return sign


def _forget_signature_on_redirect(response: Any, *_: object, **__: object) -> None:
    """Make the copy that requests sends after a redirect one without the signature. requests removes Authorization only, not always."""
    if response.is_redirect:
        request = response.request

        def copy() -> Any:
            del request.copy  # only once: the request itself stays as it was sent
            fresh = request.copy()
            for name in [name for name in fresh.headers if name.lower() in OLD_HEADERS or name.lower() == CONTENT_SHA256]:
                del fresh.headers[name]
            return fresh

        request.copy = copy


def httpx_auth(signer: Signer) -> Any:
    """Return what signs for httpx and httpx2: `httpx.AsyncClient(auth=httpx_auth(signer))`, and the same for Client.

    An AsyncClient waits for credentials without blocking its event loop, that of asyncio or of trio. Multipart forms are read into
    memory; other streams are read once, when they are sent.
    Raises RequestError if neither httpx nor httpx2 is imported. Its flows raise RequestError for what cannot be signed or sent, and
    CredentialsError if there are no credentials.
    Source: https://www.python-httpx.org/advanced/authentication/#custom-authentication-schemes
    """
    bases = tuple([sys.modules[name].Auth for name in ("httpx", "httpx2") if name in sys.modules])  # each accepts its own only
    if not bases:
        raise RequestError("neither httpx nor httpx2 is imported; import it before httpx_auth is called")
    if bases not in _httpx_classes:
        _remember(_httpx_classes, bases, type("SigV4Auth", (_HttpxFlows, *bases), {}))
    return _httpx_classes[bases](signer)


class _HttpxFlows:
    """How httpx has a request signed. httpx_auth makes its class of this one and httpx's own."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def __call__(self, request: Any) -> Any:
        return _sign_for_httpx(self._signer, request)

    def sync_auth_flow(self, request: Any) -> Any:
        yield _sign_for_httpx(self._signer, request)

    async def async_auth_flow(self, request: Any) -> Any:
        yield _sign_for_httpx(await _with_credentials(self._signer), request)


def _sign_for_httpx(signer: Signer, request: Any) -> Any:
    """Sign a Request of httpx in place and return it."""
    stream = request.stream
    try:
        body = request.content
    except Exception:  # RequestNotRead, a class of httpx
        body = request.read() if hasattr(stream, "boundary") else stream
    url, headers = str(request.url), request.headers
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw]
    signed, given = _sign_for_library(signer, request.method, url, pairs, body)
    if signed.url != url:
        request.url = type(request.url)(signed.url)
        if request.url.raw_path.decode() != _request_target(signed.url):
            raise RequestError(f"httpx would not send {_safe_url(signed.url)} as it must be signed; use Client, urllib or http.client")
    _update_headers(headers, given, signed.headers, "utf-8")
    return request


def aiohttp_middleware(signer: Signer) -> Callable[[Any, Any], Any]:
    """Return what signs for aiohttp 3.12 or later: `aiohttp.ClientSession(middlewares=[aiohttp_middleware(signer)])`.

    It waits for credentials without blocking the event loop. Files and multipart forms are read into memory.
    The middleware raises RequestError for what cannot be signed or sent, CredentialsError if there are no credentials.
    Source: https://docs.aiohttp.org/en/stable/client_advanced.html#client-middleware
    """

    async def middleware(request: Any, handler: Any) -> Any:
        if getattr(request, "compress", None):
            raise RequestError("aiohttp compresses a body after it was signed; compress it yourself and set Content-Encoding")
        body = request.body
        if hasattr(body, "as_bytes") and "AsyncIterablePayload" not in [base.__name__ for base in type(body).__mro__]:
            body = await body.as_bytes()
        elif not isinstance(body, bytes):
            body = _StreamedBody(body)
        url, headers = str(request.url), request.headers
        signed, given = _sign_for_library(await _with_credentials(signer), request.method, url, headers.items(), body)
        if signed.url != url:
            request.url = type(request.url)(signed.url, encoded=True)  # encoded: yarl must not rewrite the URL once more
        _update_headers(headers, given, signed.headers, "utf-8")
        return await handler(request)

    return middleware


class _StreamedBody:
    """Stands for a body that only the HTTP library can read, and only once."""

    def __init__(self, body: object) -> None:
        self._described_type = type(body).__name__

    def __aiter__(self) -> NoReturn:
        raise TypeError("only the HTTP library can read this body")


def urllib_handler(signer: Signer) -> Any:
    """Return a handler that signs all requests of an opener: `urllib.request.build_opener(urllib_handler(signer))`.

    A redirect is sent without the signature, because that is valid for the first URL only.
    The handler raises RequestError for what cannot be signed, CredentialsError if there are no credentials.
    Source: https://docs.python.org/3/library/urllib.request.html#urllib.request.BaseHandler
    """
    import urllib.request as library

    class SigV4Handler(library.BaseHandler):
        handler_order = 900  # after urllib's own handlers, because they add headers that must be signed

        def http_request(self, request: library.Request) -> library.Request:
            # A redirect must not be signed for another host. A request that goes to a proxy is signed already.
            if request.unverifiable or request.has_proxy():
                return request
            given = {**request.unredirected_hdrs, **request.headers}
            signed = signer.sign(request.get_method(), request.full_url.partition("#")[0], given, request.data)
            request.full_url = signed.url
            for name in [name for name in given if name.lower() in OLD_HEADERS]:
                request.remove_header(name)
            for name, value in signed.headers.items():
                if given.get(name) != value:
                    request.add_unredirected_header(name, value)
            return request

        https_request = http_request

    return SigV4Handler()


def opensearch_auth(signer: Signer) -> Callable[..., dict[str, str]]:
    """Return what signs for opensearch-py: `OpenSearch(url, http_auth=opensearch_auth(signer))`. `http_auth=signer` does the same.

    That is for its urllib3 and asyncio connections, which call it with (method, url, body=None, headers=None, query_string=None)
    and add the headers of the dict that it returns. RequestsHttpConnection takes requests_auth(signer), or the signer.
    AsyncHttpConnection cannot await credentials: the first ones are fetched while its event loop waits, later ones are not.

    The callable raises RequestError for what cannot be signed, and for a URL that would have to be sent in another form: a query
    with + for a blank, for example. It raises CredentialsError if there are no credentials.
    Source: https://github.com/opensearch-project/opensearch-py/blob/main/guides/auth.md
    """

    def sign(method: str, url: str, body: Any = None, headers: Headers = None, query_string: str | None = None) -> dict[str, str]:
        url, _, _ = str(url).partition("#")
        if query_string and "?" not in url:
            url = f"{url}?{query_string}"
        if isinstance(body, str) and (isinstance(headers, (str, bytes)) or body == url.partition("?")[2]):
            body, headers = headers, None  # before 3.1, the asyncio connection passes the query string before the body
        spellings = {_header_name(name).lower(): name for name, _ in _header_pairs(headers)}
        signed = signer.sign(method, url, headers, body)
        target = _request_target(url)
        escapes = target.partition("?")[0].split("%")[1:]
        # urllib3 sends escapes in upper case, and [ and ] as escapes.
        if target != _request_target(signed.url) or "[" in target or any(each[:2] != each[:2].upper() for each in escapes):
            raise RequestError(
                f"opensearch-py would not send {_safe_url(signed.url)} as it must be signed (+ for a blank in the query must be %20, a"
                " path must have no dot segment); use its RequestsHttpConnection, which sends the URL that was signed"
            )
        changed = OLD_HEADERS | {CONTENT_SHA256}
        added = [(name.lower(), name, value) for name, value in signed.headers.items() if name != "Host"]
        return {spellings.get(lower, name): value for lower, name, value in added if lower in changed or lower not in spellings}

    return sign


async def _with_credentials(signer: Signer) -> Signer:
    """Return a signer that holds the current credentials, which are fetched without blocking the event loop."""
    if signer._credentials is not None:
        return signer
    trio = _running_trio()
    found: Any = signer._provider
    if trio is None and hasattr(found, "get_async"):
        return _with_other_credentials(signer, await found.get_async())
    while found is signer._provider or hasattr(found, "get_frozen_credentials"):
        if trio is not None:
            found = await trio.to_thread.run_sync(_ask_for_credentials, found)
        else:
            from asyncio import get_running_loop
            from contextvars import copy_context
            from functools import partial

            ask: Any = partial(copy_context().run, _ask_for_credentials, found)
            found = await get_running_loop().run_in_executor(None, ask)
        if hasattr(found, "__await__"):
            found = await found
    return _with_other_credentials(signer, signer._adopt_credentials(found))


def _running_trio() -> Any:
    """Return the module trio if this code runs in its event loop, else None."""
    trio = sys.modules.get("trio")
    try:
        return trio and trio.lowlevel.current_task() and trio
    except RuntimeError:
        return None


def _sign_for_library(signer: Signer, method: str, url: str, pairs: Iterable[tuple[str, Any]], body: Any) -> tuple[SignedRequest, Any]:
    """Return (signed request, the given headers by lower-case name). Libraries send no fragment, so it is dropped."""
    url, _, _ = url.partition("#")
    pairs = [(name.lower(), value) for name, value in pairs]
    given = dict(pairs)
    if len(given) < len(pairs):
        return signer.sign(method, url, pairs, body), given
    if "host" in given:
        origin, _, _ = _split_url(url)
        if given["host"] == origin.authority:  # as the signer makes it; a given Host would take longer to sign
            del given["host"]
    return signer.sign(method, url, given, body), given


def _update_headers(headers: Any, given: Mapping[str, Any], signed: Mapping[str, str], encoding: str = "latin-1") -> None:
    """Make a library's headers, which had the given names in lower case, those that were signed.

    What an earlier signature left is removed. Host, which libraries make from the URL, and headers that stay the same are not
    touched. encoding: the one in which the library sends values; their UTF-8 bytes were signed.
    """
    if not OLD_HEADERS.isdisjoint(given):
        for name in [name for name in headers if (name.decode() if isinstance(name, bytes) else name).lower() in OLD_HEADERS]:
            if name in headers:
                del headers[name]
    for name, value in signed.items():
        if name not in given:
            if name != "Host":
                headers[name] = value
        elif not value.isascii() or name == CONTENT_SHA256:
            headers[name] = value.encode("latin-1").decode(encoding)


def _request_target(url: str) -> str:
    """Return path and query of an absolute URL, as in the request line."""
    return "/" + url.partition("://")[2].partition("/")[2]


_extensions["requests_auth"] = requests_auth
_extensions["httpx_auth"] = httpx_auth
_extensions["aiohttp_middleware"] = aiohttp_middleware
_extensions["urllib_handler"] = urllib_handler
_extensions["opensearch_auth"] = opensearch_auth


# 7. Tokens ------------------------------------------------------------------------------------------------------------
# Passwords and URLs that are made by presigning. Each is valid in one region: the argument, or the signer's, or the one that the
# host names, or the one that is configured.

DATABASE_TOKEN_LIFE = 900  # seconds, the longest that these services accept
EKS_TOKEN_LIFE = 60  # seconds; EKS accepts a token for 15 minutes, whatever it says


def rds_token(signer: Signer, host: str, port: int, user: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """Return the password of a database user with IAM authentication in RDS or Aurora. Connect with it within 15 minutes.

    Raises RequestError if host, user or region is not valid, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
    """
    query = f"Action=connect&DBUser={_quote(_utf8(user, 'user'))}"
    return _presigned_token(signer, f"https://{_read_name(host, 'host')}:{port}/?{query}", "rds-db", region, now)


def dsql_token(
    signer: Signer, host: str, *, admin: bool = False, expires: int = DATABASE_TOKEN_LIFE, region: str | None = None,
    now: datetime | None = None,
) -> str:  # fmt: skip
    """Return the password for an Aurora DSQL cluster, for its user `admin` or for others. expires: seconds.

    Raises RequestError if host or region is not valid, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/aurora-dsql/latest/userguide/SECTION_authentication-token.html
    """
    action = "DbConnectAdmin" if admin else "DbConnect"
    return _presigned_token(signer, f"https://{_read_name(host, 'host')}/?Action={action}", "dsql", region, now, expires=expires)


def elasticache_token(
    signer: Signer, cache_name: str, user: str, *, serverless: bool = False, region: str | None = None, now: datetime | None = None
) -> str:
    """Return the password of an ElastiCache user for AUTH or HELLO. Connect within 15 minutes; the connection lasts 12 hours.

    cache_name: of the replication group or the serverless cache.
    Raises RequestError if a name or the region is not valid, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
    """
    query = f"Action=connect&User={_quote(_utf8(user, 'user'))}" + ("&ResourceType=ServerlessCache" if serverless else "")
    return _presigned_token(signer, f"http://{_read_name(cache_name, 'cache_name').lower()}/?{query}", "elasticache", region, now)


def memorydb_token(signer: Signer, cluster_name: str, user: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """Return the password of a MemoryDB user for AUTH or HELLO. Connect within 15 minutes; the connection lasts 12 hours.

    Raises RequestError if a name or the region is not valid, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/memorydb/latest/devguide/auth-iam.html
    """
    url = f"http://{_read_name(cluster_name, 'cluster_name').lower()}/?Action=connect&User={_quote(_utf8(user, 'user'))}"
    return _presigned_token(signer, url, "memorydb", region, now)


def msk_token(signer: Signer, *, region: str | None = None, now: datetime | None = None) -> tuple[str, int]:
    """Return (token, expiry in milliseconds since the epoch) for OAUTHBEARER with a Kafka cluster of MSK.

    Raises RequestError if the region is not valid, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html
    """
    region = _token_region(signer, region)
    url = f"https://kafka.{region}.amazonaws.com/?Action=kafka-cluster%3AConnect"
    now = now or _utc_datetime(signer._clock())
    url = signer.presign("GET", url, expires=DATABASE_TOKEN_LIFE, service="kafka-cluster", region=region, now=now)
    seconds, _ = _read_now(now)
    return _base64url(f"{url}&User-Agent=sigv4%2F{__version__}".encode()), (seconds + DATABASE_TOKEN_LIFE) * 1000


def eks_token(signer: Signer, cluster_name: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """Return the bearer token for the Kubernetes API of an EKS cluster, valid for 15 minutes.

    Raises RequestError if the name or the region is not valid, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html
    """
    region = _token_region(signer, region)
    url = f"https://sts.{region}.{_require_partition(region).suffix}/?Action=GetCallerIdentity&Version=2011-06-15"
    headers = {"x-k8s-aws-id": _read_name(cluster_name, "cluster_name")}
    url = signer.presign("GET", url, headers, expires=EKS_TOKEN_LIFE, service="sts", region=region, now=now)
    return "k8s-aws-v1." + _base64url(url.encode())


def iot_mqtt_url(signer: Signer, endpoint: str, *, region: str | None = None, now: datetime | None = None) -> str:
    """Return the wss URL for MQTT over a WebSocket (sub-protocol mqtt) to an IoT endpoint: abc-ats.iot.us-east-1.amazonaws.com.

    Raises RequestError if the endpoint or the region is not valid, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/iot/latest/developerguide/protocols.html
    """
    return signer.presign("GET", f"wss://{_read_name(endpoint, 'endpoint')}/mqtt", service=IOT_GATEWAY, region=region, now=now)


def _presigned_token(
    signer: Signer, url: str, service: str, region: str | None, now: datetime | None, expires: int = DATABASE_TOKEN_LIFE
) -> str:
    """Return a presigned URL without its scheme."""
    if region is None and signer.region is None:
        guess = guess_service_region(url)
        region = guess[1] if guess else None
    region = _token_region(signer, region)
    return signer.presign("GET", url, expires=expires, service=service, region=region, now=now).partition("://")[2]


def _token_region(signer: Signer, region: Any) -> str:
    """Return the one region that a token is for."""
    region = region or signer.region or signer._find_region()
    if region is None or isinstance(_read_region(region), tuple):
        raise RequestError("a token is for one region; pass region=, or set AWS_REGION")
    return _read_scope("region", region)


def _read_name(text: Any, name: str) -> str:
    """Return a host or a name that is part of a token's URL. Raise RequestError if it is more than that."""
    if not isinstance(text, str) or not text or not text.isascii() or text.encode().translate(None, UNRESERVED):
        raise RequestError(f"{name} is {_safe_prefix(text)}; it must be a bare name, without scheme, port or path")
    return text


# 8. S3 and streams ----------------------------------------------------------------------------------------------------
# Lower sections use: CHECKSUM_SIZES, TRAILER_SIGNATURE, _OWN_CHECKSUMS, _SignatureChain, _bytes_view, _bucket_of.

MIN_CHUNK = 8192  # bytes: S3's lower bound for every chunk but the last
# Bytes of the checksums that S3 accepts as a trailer.
CHECKSUM_SIZES = {
    "crc32": 4, "crc32c": 4, "crc64nvme": 8, "sha1": 20, "sha256": 32, "sha512": 64, "xxhash64": 8, "xxhash3": 8, "xxhash128": 16
}  # fmt: skip
TRAILER_SIGNATURE = "x-amz-trailer-signature"
# Headers that sign_stream makes itself.
STREAM_HEADERS = frozenset(
    "content-encoding content-length x-amz-decoded-content-length x-amz-trailer x-amz-content-sha256 transfer-encoding".split()
)
# Fields that post_policy makes itself, in lower case.
POLICY_FIELDS = frozenset("x-amz-algorithm x-amz-credential x-amz-date x-amz-security-token x-amz-signature policy".split())
MAX_EVENT_HEADERS, MAX_EVENT_PAYLOAD, MAX_EVENT_VALUE = 1 << 17, 1 << 24, 32767  # bytes
EVENT_INTEGERS = {2: 1, 3: 2, 4: 4, 5: 8, 8: 8}  # bytes of the header types that are whole numbers


def sign_stream(
    signer: Signer, method: str, url: str, headers: Headers = None, body: Any = b"", *, length: int | None = None, chunk_size: int = 65536,
    checksum: Any = None, signed: bool = True, **options: Any,
) -> SignedRequest:  # fmt: skip
    """Return an S3 upload that is signed chunk by chunk while it is sent (aws-chunked), in the memory of one chunk.

    body: a binary file, a buffer, or an iterable of bytes. length: its bytes; None means what is left of a file or a buffer.
    chunk_size: bytes of a chunk, 8192 or more. checksum: "crc32", "sha1" or "sha256", sent after the data as a trailer; another
    one of S3's as (name, factory), whose factory() returns an object with update(data) and digest(). signed: whether chunks and
    trailer are signed; if not, only the checksum (crc32 by default) protects the data. options: as for Signer.sign; a region of
    "*" or a list signs with SigV4a.

    The body of the request is an iterable of bytes whose len() is the encoded length. requests, httpx, urllib and http.client send
    it as it is. A file or a buffer can be sent again. Iterating raises RequestError, before the end of the stream is sent, if the
    body is not as long as `length` or the checksum is not as long as S3's.
    Raises RequestError for what cannot be signed so, CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
    """
    if isinstance(body, str):
        body = _utf8(body, "body").encode()
    kind = _body_kind(body)
    if kind == "stream" and not hasattr(body, "read") and not hasattr(body, "__iter__"):
        raise RequestError("body is an asynchronous iterable; pass an iterable, because chunks are signed without await")
    if length is None:
        length = _size_of(body)
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length < 1 << 63:
        raise RequestError(f"length is {_describe_type(length)}; it must be the number of bytes of body")
    if not isinstance(chunk_size, int) or chunk_size < MIN_CHUNK:
        raise RequestError(f"chunk_size must be an int of {MIN_CHUNK} bytes or more")
    if checksum is None and not signed:
        checksum = "crc32"
    name, make_checksum = _read_checksum(checksum)

    credentials = signer._current_credentials()  # one set for the request and all chunks
    pairs = _header_pairs(headers)
    service, region = _scope_of(signer, url, pairs, options.pop("service", None), options.pop("region", None))
    now = options.pop("now", None) or _utc_datetime(int(signer._clock()))
    _, amz_date = _read_now(now)
    key = _make_key(credentials, amz_date[:8], region, service)

    size = _encoded_length(length, chunk_size, key.signature_length if signed else 0, name)
    payload_hash = f"STREAMING-{key.algorithm}-PAYLOAD" if signed else "STREAMING-UNSIGNED-PAYLOAD"
    payload_hash += "-TRAILER" if name else ""
    options = {"content_sha256": True, **options, "service": service, "region": region, "payload_hash": payload_hash, "now": now}
    request = _with_other_credentials(signer, credentials).sign(method, url, _stream_headers(pairs, length, size, name), None, **options)
    request.body = _ChunkedBody(
        body,
        kind,
        length=length,
        chunk_size=chunk_size,
        size=size,
        name=name,
        make_checksum=make_checksum,
        make_chain=lambda: _SignatureChain(key, amz_date, request.signature) if signed else None,
    )
    return request


def _stream_headers(pairs: list[tuple[Any, Any]], length: int, size: int, checksum: str) -> list[tuple[Any, Any]]:
    """Return the headers of an aws-chunked upload: those given, and those that describe the stream."""
    encodings = [_header_text(name, value) for name, value in pairs if _header_name(name).lower() == "content-encoding"]
    kept = [encoding.strip() for encoding in ",".join(encodings).split(",") if encoding.strip().lower() not in ("", "aws-chunked")]
    headers = [(name, value) for name, value in pairs if _header_name(name).lower() not in STREAM_HEADERS]
    headers += [("Content-Encoding", ",".join([*kept, "aws-chunked"])), ("X-Amz-Decoded-Content-Length", str(length))]
    if checksum:
        headers.append(("X-Amz-Trailer", f"x-amz-checksum-{checksum}"))
    return [*headers, ("Content-Length", str(size))]


def _encoded_length(length: int, chunk_size: int, signature_length: int, checksum: str = "") -> int:
    """Return the bytes of an aws-chunked body of `length` bytes; signature_length 0 means an unsigned stream.

    Each chunk has its size in hex, its signature and two line ends. A chunk of no data, the trailer and a line end follow.
    """
    extension = len(";chunk-signature=") + signature_length if signature_length else 0
    whole, rest = divmod(length, chunk_size)
    total = whole * (len(f"{chunk_size:x}") + extension + 2 + chunk_size + 2)
    if rest:
        total += len(f"{rest:x}") + extension + 2 + rest + 2
    total += 1 + extension + 2
    if checksum:
        total += len(f"x-amz-checksum-{checksum}:") + (CHECKSUM_SIZES[checksum] + 2) // 3 * 4 + 2
        total += len(f"{TRAILER_SIGNATURE}:") + signature_length + 2 if signature_length else 0
    return total + 2


class _Crc32:
    """CRC-32 with the methods of a hash object."""

    _value = 0

    def update(self, data: Any) -> None:
        self._value = crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_OWN_CHECKSUMS: dict[str, Callable[[], Any]] = {"crc32": _Crc32, "sha1": sha1, "sha256": sha256}


def _read_checksum(checksum: Any) -> tuple[str, Callable[[], Any]]:
    """Return (name, factory) of a checksum; the name is empty for None."""
    if checksum is None:
        return "", sha256
    name, make = checksum if isinstance(checksum, tuple) and len(checksum) == 2 else (checksum, None)
    if isinstance(name, str) and name in CHECKSUM_SIZES:
        if callable(make):
            return name, make
        if make is None and name in _OWN_CHECKSUMS:
            return name, _OWN_CHECKSUMS[name]
    raise RequestError(
        f"checksum must be one of {', '.join(_OWN_CHECKSUMS)}, or a pair of another name ({', '.join(CHECKSUM_SIZES)}) and a callable"
        " that returns an object with update() and digest()"
    )


class _SignatureChain:
    """The signatures of a stream, each over the one before. Chunks, trailers and events differ in two lines.

    key: a signing key. amz_date: of the request, or of the event. signature: the one before.
    """

    def __init__(self, key: Any, amz_date: str, signature: str) -> None:
        self.key = key
        self.amz_date = amz_date
        self.signature = signature

    def sign(self, kind: str, hashes: str) -> str:
        """Return the next signature, of `kind` PAYLOAD or TRAILER. hashes: the last lines of its string to sign."""
        key = self.key
        self.signature = key.sign(f"{key.algorithm}-{kind}\n{self.amz_date}\n{key.scope}\n{self.signature}\n{hashes}")
        return self.signature

    def padded(self) -> str:
        """Return the last signature as it is sent: SigV4a's vary in length and are padded, so that the length is known before."""
        return self.signature.ljust(self.key.signature_length, "*")


class _ChunkedBody:
    """The aws-chunked body of a request. Iterate over it for its bytes; len() is the Content-Length.

    length: bytes of the data. size: bytes of the encoded body. name, make_checksum: of the checksum in the trailer; an empty name
    means none. make_chain: returns the chain of the signatures, or None for an unsigned stream.
    """

    def __init__(
        self, body: Any, kind: str, *, length: int, chunk_size: int, size: int, name: str, make_checksum: Callable[[], Any],
        make_chain: Callable[[], _SignatureChain | None],
    ) -> None:  # fmt: skip
        self._body = body
        self._kind = kind
        self._length = length
        self._chunk_size = chunk_size
        self._size = size
        self._name = name
        self._make_checksum = make_checksum
        self._make_chain = make_chain
        self._start = _seek(body) if kind == "file" else 0
        self._used = False

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        if self._used and self._kind == "stream":
            raise RequestError("this body can be read only once, and it was; sign the request again")
        if self._kind == "file":
            _seek(self._body, self._start, 0)
        self._used = True
        chain = self._make_chain()
        checksum = self._make_checksum() if self._name else None
        left = self._length
        line_end = b""
        for chunk in self._chunks():
            left -= len(chunk)
            if left < 0:
                raise RequestError(f"body is longer than its length of {self._length} bytes")
            if checksum is not None:
                checksum.update(chunk)
            yield line_end + _chunk_line(chain, chunk)
            yield chunk
            line_end = b"\r\n"
        if left:
            raise RequestError(f"body is {left} bytes shorter than its length of {self._length}")
        yield line_end + _chunk_line(chain, b"") + self._trailer(chain, checksum) + b"\r\n"

    def _trailer(self, chain: _SignatureChain | None, checksum: Any) -> bytes:
        """Return the lines of the trailer, or nothing if there is no checksum."""
        if checksum is None:
            return b""
        digest = checksum.digest()
        if len(digest) != CHECKSUM_SIZES[self._name]:
            raise RequestError(f"the checksum has {len(digest)} bytes; {self._name} has {CHECKSUM_SIZES[self._name]}")
        line = f"x-amz-checksum-{self._name}:{_base64(digest)}"
        if chain is None:
            return f"{line}\r\n".encode()
        chain.sign("TRAILER", sha256(f"{line}\n".encode()).hexdigest())
        return f"{line}\r\n{TRAILER_SIGNATURE}:{chain.padded()}\r\n".encode()

    def _chunks(self) -> Iterator[Any]:
        """Yield the data in chunks of the full size, and a last one of the rest."""
        size = self._chunk_size
        if self._kind == "buffer":
            view = _bytes_view(self._body)
            for start in range(0, len(view), size):
                yield view[start : start + size]
            return
        held = bytearray()
        for piece in _pieces_of(self._body, size):
            if not held and piece.__class__ is bytes and len(piece) == size:  # as files return them: no copy
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


def _chunk_line(chain: _SignatureChain | None, chunk: Any) -> bytes:
    """Return the line before a chunk's data."""
    if chain is None:
        return b"%x\r\n" % len(chunk)
    chain.sign("PAYLOAD", f"{EMPTY_SHA256}\n{sha256(chunk).hexdigest()}")
    return f"{len(chunk):x};chunk-signature={chain.padded()}\r\n".encode()


def _bytes_view(buffer: Any) -> memoryview:
    """Return a view of a buffer's bytes, whatever its items are."""
    view = memoryview(buffer)
    return view.cast("B") if view.c_contiguous else memoryview(view.tobytes())


def post_policy(
    signer: Signer, url: str, conditions: Iterable[Any] = (), fields: Headers = (), *, expires: int, now: datetime | None = None
) -> tuple[str, dict[str, str]]:
    """Return (url, fields) of a form by which a browser uploads to a bucket: multipart/form-data, these fields first, `file` last.

    url: the bucket's. conditions: S3's, {"acl": "private"} or ["content-length-range", 1, 1048576]; those for the bucket and for
    each field are added. fields: those of the form, `key` among them, which may end with ${filename}. expires: seconds, 1..604800.
    Raises RequestError if there is no key, and for several regions; CredentialsError if there are no credentials.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    from json import dumps

    form = {str(name): _field_text(value) for name, value in _header_pairs(fields) if str(name).lower() not in POLICY_FIELDS}
    stated: list[Any] = list(conditions)
    if "key" not in form:
        raise RequestError("fields must contain the key of the object, such as 'uploads/${filename}'")

    origin, path, _ = _split_url(url)
    service, region = _scope_of(signer, url, None, signer.service or "s3", None)
    credentials = signer._current_credentials()
    seconds, amz_date = (int(signer._clock()), "") if now is None else _read_now(now)
    life = _read_expires(expires, credentials, seconds)
    stamp = _make_stamp(credentials, service, region, seconds, amz_date)
    if stamp.key.algorithm != ALGORITHM:
        raise RequestError("a form is signed for one region; pass region= to Signer")
    covered = {name for each in stated if isinstance(each, dict) for name in each}
    covered |= {str(each[1])[1:] for each in stated if isinstance(each, (list, tuple)) and len(each) == 3 and str(each[1])[:1] == "$"}
    if "bucket" not in covered:
        stated.append({"bucket": _bucket_of(url)})
    for name, value in form.items():
        if name not in covered:
            stated.append(["starts-with", "$" + name, value[: -len("${filename}")]] if value.endswith("${filename}") else {name: value})
    signing = {"x-amz-algorithm": ALGORITHM, "x-amz-credential": stamp.key.credential, "x-amz-date": stamp.amz_date}
    if credentials.session_token:
        signing["x-amz-security-token"] = credentials.session_token
    stated += [{name: value} for name, value in signing.items()]
    try:
        policy = _base64(dumps({"expiration": _format_iso8601(seconds + life), "conditions": stated}).encode())
    except (TypeError, ValueError) as error:
        raise RequestError(f"conditions must be what JSON can hold: {error}") from error
    signing = {**signing, "policy": policy, "x-amz-signature": stamp.key.sign(policy)}
    return origin.prefix + _percent_encode(_percent_decode(path.encode()), PLAIN_PATH), {**form, **signing}


def s3_url(bucket: str, key: str = "", *, region: str | None = None, endpoint_url: str | None = None) -> str:
    """Return the URL of an object in S3, or of a bucket, from plain names: strictly percent-encoded.

    region: None leaves it to Signer, which takes the configured one. endpoint_url: of another store. The bucket is part of the
    host, or of the path where a certificate would not cover it: with a dot in its name, and at another store.
    Raises RequestError for what cannot be a bucket's name.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
    """
    if not isinstance(bucket, str) or not bucket or not bucket.isascii() or bucket.encode().translate(None, UNRESERVED) or bucket[0] == ".":
        raise RequestError(f"bucket is {_safe_prefix(bucket)}; it must be the name of a bucket, without slashes")
    path = _percent_encode(_utf8(key, "key").encode(), PLAIN_PATH)
    if endpoint_url is not None:
        origin, base, _ = _split_url(endpoint_url)
        return f"{origin.prefix}{base.rstrip('/')}/{bucket}/{path}"
    region = None if region is None else _read_scope("region", region)
    host = "s3.amazonaws.com" if region is None else f"s3.{region}.{_require_partition(region).suffix}"
    in_host = not bucket.encode().translate(None, REGION_CHARACTERS)
    return f"https://{bucket}.{host}/{path}" if in_host else f"https://{host}/{bucket}/{path}"


def _field_text(value: Any) -> str:
    """Return the value of a form's field as text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _bucket_of(url: str) -> str:
    """Return the bucket of a URL: the labels before S3's own in AWS's hosts, else the path's first segment, else the first label."""
    origin, path, _ = _split_url(url)
    labels = origin.authority.split(".")
    own = [index for index, label in enumerate(labels) if label == "s3" or label.startswith("s3-")]
    if own and origin.host_guess:
        labels = labels[: own[-1]]
        if labels[-1:] and labels[-1].startswith("vpce-"):  # an interface endpoint: [NAME.]bucket.vpce-ID.s3.
            labels.pop()
            if labels[-1:] == ["bucket"]:
                labels.pop()
        if labels:
            return ".".join(labels)
    bucket = _percent_decode(path.strip("/").partition("/")[0].encode()).decode("utf-8", "replace")
    return bucket or origin.authority.partition(".")[0]


class EventSigner:
    """Signs the events of a stream (Transcribe, Lex, Bedrock and others), each over the one before.

    seed: the SignedRequest that opens the stream, whose payload hash is STREAMING-AWS4-HMAC-SHA256-EVENTS; or a signature in hex,
    for a signer whose service and region are set. Each event is signed for its own time, so a stream may cross midnight.
    Source: https://docs.aws.amazon.com/transcribe/latest/dg/streaming-http2.html
    """

    def __init__(self, signer: Signer, seed: SignedRequest | str) -> None:
        self._credentials = signer._current_credentials()
        self._clock = signer._clock
        if isinstance(seed, SignedRequest):
            algorithm, amz_date, scope, _ = seed.string_to_sign.split("\n")
            if algorithm != ALGORITHM:
                raise RequestError("events are signed with SigV4 only, not with SigV4a")
            if f"Credential={self._credentials.access_key_id}/" not in seed.headers.get("Authorization", ""):
                raise RequestError("the request was signed with other credentials than the signer's current ones; sign it again")
            signature = seed.signature
            _, self._region, self._service, _ = scope.split("/")
        else:
            if signer.service is None or signer.region is None or isinstance(_read_region(signer.region), tuple):
                raise RequestError("for a bare signature the signer must have a service and one region; events are signed with SigV4 only")
            signature, self._region, self._service = seed, _read_scope("region", signer.region), _read_scope("service", signer.service)
            _, amz_date = _read_now(_utc_datetime(self._clock()))
        if not isinstance(signature, str) or len(signature) != 64 or not HEX_DIGITS.issuperset(signature):
            raise RequestError(f"seed is {_describe_type(seed)}; it must be a SignedRequest, or its signature of 64 hex digits")
        self._chain = _SignatureChain(_make_key(self._credentials, amz_date[:8], self._region, self._service), amz_date, signature)

    def sign(self, message: bytes, *, now: datetime | None = None) -> bytes:
        """Return the event to send: a frame around the message, which is an encoded event itself (see encode_event)."""
        message = _read_payload(message)  # before the chain moves on: an event that is refused was never signed
        seconds, amz_date = _read_now(_utc_datetime(self._clock()) if now is None else now)
        timestamp = (8, seconds * 1000)
        date_header = _encode_event_headers({":date": timestamp})
        self._chain.amz_date = amz_date
        if self._chain.key.date != amz_date[:8]:
            self._chain.key = _make_key(self._credentials, amz_date[:8], self._region, self._service)
        signature = self._chain.sign("PAYLOAD", f"{sha256(date_header).hexdigest()}\n{sha256(message).hexdigest()}")
        return encode_event({":date": timestamp, ":chunk-signature": bytes.fromhex(signature)}, message)

    def end(self, *, now: datetime | None = None) -> bytes:
        """Return the event that ends the stream: one without a message."""
        return self.sign(b"", now=now)


def encode_event(headers: Mapping[str, Any], payload: bytes) -> bytes:
    """Return an event as application/vnd.amazon.eventstream frames it.

    headers: {name: value} of bool, int (32 bits if it fits, else 64), bytes, str, an aware datetime or a uuid.UUID; or of pairs
    (type 0..9 of the format, value) for other integers, or for a timestamp in milliseconds.
    Raises RequestError if a header or the payload is too long, or of another type.
    Source: https://smithy.io/2.0/aws/amazon-eventstream.html
    """
    encoded = _encode_event_headers(headers)
    payload = _read_payload(payload)
    if len(encoded) > MAX_EVENT_HEADERS:
        raise RequestError(f"the headers of an event are {len(encoded)} bytes; {MAX_EVENT_HEADERS} are allowed")
    prelude = (16 + len(encoded) + len(payload)).to_bytes(4, "big") + len(encoded).to_bytes(4, "big")
    frame = prelude + crc32(prelude).to_bytes(4, "big") + encoded + payload
    return frame + crc32(frame).to_bytes(4, "big")


def _read_payload(payload: Any) -> bytes:
    """Return the payload of an event as bytes."""
    data = _read_buffer(payload, "the payload of an event")
    if len(data) > MAX_EVENT_PAYLOAD:
        raise RequestError(f"the payload of an event is {len(data)} bytes; {MAX_EVENT_PAYLOAD} are allowed")
    return data


def _read_buffer(data: Any, name: str) -> bytes:
    """Return a buffer as bytes."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise RequestError(f"{name} is {_describe_type(data)}; it must be bytes")
    return bytes(data)


def _encode_event_headers(headers: Mapping[str, Any]) -> bytes:
    """Return name length, name, type and value of each header."""
    parts = {}
    for name, value in _header_pairs(headers):
        encoded = _utf8(name, "an event's header name").encode()
        if not 1 <= len(encoded) <= 255 or encoded in parts:
            raise RequestError(f"an event's header name has {len(encoded)} bytes, or comes twice; 1 to 255 are allowed")
        parts[encoded] = bytes([len(encoded)]) + encoded + _encode_event_value(value)
    return b"".join(parts.values())


def _event_type_of(value: Any) -> int | None:
    """Return the type number that a Python value has in an event's header, or None."""
    if isinstance(value, bool):
        return 0 if value else 1
    if isinstance(value, int):
        return 4 if -(2**31) <= value < 2**31 else 5
    if hasattr(value, "utcoffset"):
        return 8
    return 6 if isinstance(value, (bytes, bytearray)) else 7 if isinstance(value, str) else 9 if hasattr(value, "bytes") else None


def _encode_event_value(value: Any) -> bytes:
    """Return the type and the value of an event's header."""
    kind, value = value if isinstance(value, tuple) and len(value) == 2 else (_event_type_of(value), value)
    if kind == 8 and hasattr(value, "utcoffset"):
        _read_now(value)  # an aware datetime
        value = round(value.timestamp() * 1000)
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
        raise RequestError(f"an event's header is {_describe_type(value)}, which type {kind} cannot hold") from error
    if data is None or len(data) > MAX_EVENT_VALUE:
        raise RequestError(f"an event's header is {_describe_type(value)}, or longer than {MAX_EVENT_VALUE} bytes")
    return bytes([kind or 0]) + len(data).to_bytes(2, "big") + data


def decode_event(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return (headers, payload) of one framed event: timestamps as aware datetimes, UUIDs as uuid.UUID.

    Raises RequestError if it is truncated, longer than it says, too large, or its checksums do not match.
    Source: https://smithy.io/2.0/aws/amazon-eventstream.html
    """
    data = _read_buffer(data, "the event")
    total, length = (int.from_bytes(data[start : start + 4], "big") for start in (0, 4))
    if len(data) < 16 or int.from_bytes(data[8:12], "big") != crc32(data[:8]):
        raise RequestError("the event is truncated, or its first 12 bytes are corrupt")
    if total != len(data) or length > min(MAX_EVENT_HEADERS, total - 16) or total - 16 - length > MAX_EVENT_PAYLOAD:
        raise RequestError(f"the event says it has {total} bytes, {length} of them headers, but {len(data)} bytes were passed")
    if int.from_bytes(data[-4:], "big") != crc32(data[:-4]):
        raise RequestError("the event is corrupt: its checksum does not match")
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
            headers[name] = _decode_event_value(kind, value)
    except (IndexError, OverflowError, ValueError) as error:
        raise RequestError("the headers of the event are malformed") from error
    return headers, data[12 + length : -4]


def _decode_event_value(kind: int, value: bytes) -> Any:
    """Return the Python value of an event's header."""
    from datetime import datetime, timedelta, timezone

    if kind in EVENT_INTEGERS:
        number = int.from_bytes(value, "big", signed=True)
        return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=number) if kind == 8 else number
    if kind == 9:
        from uuid import UUID

        return UUID(bytes=value)
    return kind == 0 if kind < 2 else value.decode() if kind == 7 else value


# 9. SigV4a ------------------------------------------------------------------------------------------------------------
# ECDSA over P-256 (FIPS 186-5, SEC 2 2.4.2) in Python integers, for requests to several regions at once. Points are XYZZ
# quadruples: x = X/ZZ, y = Y/ZZZ with ZZ^3 = ZZZ^2 (hyperelliptic.org/EFD, xyzz-3). An exceptional addition gives ZZ = 0.
# Lower sections use: P256_N, _sign_p256, _multiply_base.

P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
SIGNATURE_V4A = 144  # hex digits of the longest signature
# The comb has 8 teeth, 32 bits apart. Each of two tables serves half of these 32, so a multiplication takes 32 additions and 15
# doublings. More tables make it little faster: four take 206 us where two take 232.
COMB_TABLES, COMB_COLUMNS = 2, 16

_comb: Any = None  # see _comb_tables; made at the first signature
_blind: Any = None  # (b, b * G): see _multiply_base


class SigV4aKey:
    """The P-256 key that SigV4a derives from an access key. It depends on nothing else, so it is valid for any day and service.

    private_key: int, 1 <= d < n: K0 + 1 of the first counter, from 1, whose K0 <= n - 2, where
    K0 = HMAC-SHA256("AWS4A" + secret, 00000001 | algorithm | 00 | access key id | counter | 00000100).
    public_key: (x, y), two ints.

    Raises RequestError if an argument is not a string.
    Source: aws-c-auth, key_derivation.c
    """

    __slots__ = ("private_key", "_public_key")

    def __init__(self, access_key_id: str, secret_access_key: str) -> None:
        secret = b"AWS4A" + _utf8(secret_access_key, "secret_access_key").encode()
        label = b"\0\0\0\1" + ALGORITHM_V4A.encode() + b"\0" + _utf8(access_key_id, "access_key_id").encode()
        for counter in range(1, 255):
            candidate = int.from_bytes(hmac.digest(secret, label + bytes([counter]) + b"\0\0\1\0", "sha256"), "big")
            if candidate <= P256_N - 2:
                break
        else:  # 254 misses, of a chance of 2**-32 each
            raise CredentialsError("no SigV4a key can be derived from these credentials")
        self.private_key = candidate + 1
        self._public_key: tuple[int, int] | None = None

    @property
    def public_key(self) -> tuple[int, int]:
        if self._public_key is None:
            self._public_key = _multiply_base(self.private_key)
        return self._public_key

    def sign(self, string_to_sign: str) -> str:
        """Return the ECDSA signature over the SHA-256 of the string to sign, DER in lowercase hex.

        The nonce is RFC 6979's. The time of Python's integers depends on their values. Scalars are blinded, but somebody who can
        time very many signatures closely, for example on the same machine, may still learn something. Use AWS's own signer, in
        C, where that is a danger.
        Raises RequestError if string_to_sign is not a string.
        Source: FIPS 186-5 6.4.1, RFC 6979 3.2
        """
        r, s = _sign_p256(self.private_key, sha256(_utf8(string_to_sign, "string_to_sign").encode()).digest())
        numbers = [number.to_bytes(number.bit_length() // 8 + 1, "big") for number in (r, s)]
        parts = b"".join([b"\2" + bytes([len(number)]) + number for number in numbers])
        return (b"\x30" + bytes([len(parts)]) + parts).hex()


class _SigV4aSigningKey:
    """The signing key of SigV4a for one scope: SigV4aKey with the attributes of _SigningKey."""

    __slots__ = ("date", "scope", "credential", "headers", "parameters", "sign")

    algorithm = ALGORITHM_V4A
    signature_length = SIGNATURE_V4A

    def __init__(self, credentials: Credentials, date: str, regions: Sequence[str], service: str) -> None:
        region_set = ",".join(regions)
        self.date = date
        self.scope = f"{date}/{service}/aws4_request"
        self.credential = f"{credentials.access_key_id}/{self.scope}"
        self.headers = {"X-Amz-Region-Set": region_set}
        self.parameters = f"&X-Amz-Region-Set={_quote(region_set)}"
        self.sign = SigV4aKey(credentials.access_key_id, credentials.secret_access_key).sign


def _sign_p256(private_key: int, digest: bytes) -> tuple[int, int]:
    """Return (r, s) of ECDSA over a digest, by the nonces of RFC 6979."""
    message = int.from_bytes(digest, "big")
    for nonce in _nonces(private_key, message):
        x, _ = _multiply_base(nonce)
        r = x % P256_N
        mask = int.from_bytes(os.urandom(32), "big") | 1  # so that the time of the inversion says nothing about the nonce
        s = pow(nonce * mask, -1, P256_N) * mask * (message + r * private_key) % P256_N
        if r and s:
            return r, s
    raise AssertionError  # the nonces have no end


def _nonces(private_key: int, message: int) -> Iterator[int]:
    """Yield the nonces of RFC 6979 3.2."""
    seed = private_key.to_bytes(32, "big") + (message % P256_N).to_bytes(32, "big")
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


def _multiply_base(scalar: int) -> tuple[int, int]:
    """Return scalar * G as (x, y), computed from a random b * G, so that the steps say nothing about the scalar.

    b is doubled after each use.
    """
    global _blind
    tables = _comb_tables()
    while True:
        start, (x, y) = _blind
        _blind = 2 * start % P256_N, _to_affine([_double(x, y, 1, 1)])[0]
        X, Y, zz, zzz = _comb_sum(tables, scalar, start, (x, y))
        if zz:
            return _to_affine([(X, Y, zz, zzz)])[0]


def _comb_tables() -> list[dict[str, tuple[int, int]]]:
    """Return tables. Table s has, for each string of eight bits b7..b0, sum(+-2**(32 t + 16 s)) * G with + if bt is 1."""
    global _comb, _blind
    if _comb is None:
        point = (*P256_G, 1, 1)
        powers = []
        for power in range(256):
            if power % COMB_COLUMNS == 0:
                powers.append(point)
            point = _double(*point)
        teeth = _to_affine(powers)  # 2**(16 i) * G
        tables = []
        for index in range(COMB_TABLES):
            points = [(*teeth[7 * COMB_TABLES + index], 1, 1)]  # patterns with the highest bit 1; the others are their negatives
            for tooth in range(6, -1, -1):
                x, y = teeth[tooth * COMB_TABLES + index]
                points = [_add(*point, *other) for point in points for other in ((x, P256_P - y), (x, y))]
            table = {}
            for pattern, (x, y) in enumerate(_to_affine(points)):
                table[f"{pattern + 128:08b}"] = (x, y)
                table[f"{127 - pattern:08b}"] = (x, P256_P - y)
            tables.append(table)
        start = int.from_bytes(os.urandom(32), "big") % (P256_N - 1) + 1
        _blind = start, _to_affine([_comb_sum(tables, start, 1, P256_G)])[0]
        _comb = tables
    found: list[dict[str, tuple[int, int]]] = _comb
    return found


def _comb_sum(tables: list[dict[str, tuple[int, int]]], scalar: int, start: int, point: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return scalar * G, from point = start * G, by a comb of signed digits.

    No digit is zero, so each scalar costs the same steps, and nothing branches by its bits but the sign of the result.
    """
    x, y = point
    scalar = (scalar - (start << (COMB_COLUMNS - 1))) % P256_N  # the start is doubled with every column but the last
    negative = scalar % 2 == 0  # digits of +-1 make odd numbers only
    if negative:
        scalar, y = P256_N - scalar, P256_P - y
    bits = f"{(scalar + 2**256 - 1) >> 1:0256b}"
    z = int.from_bytes(os.urandom(32), "big") % (P256_P - 1) + 1
    zz = z * z % P256_P
    zzz = zz * z % P256_P
    total = x * zz % P256_P, y * zzz % P256_P, zz, zzz
    for column in range(COMB_COLUMNS - 1, -1, -1):
        for index, table in enumerate(tables):
            total = _add(*total, *table[bits[31 - column - COMB_COLUMNS * index :: 32]])
        if column:
            total = _double(*total)
    X, Y, zz, zzz = total
    return X, P256_P - Y if negative else Y, zz, zzz


def _add(X: int, Y: int, zz: int, zzz: int, x: int, y: int) -> tuple[int, int, int, int]:
    """Return the sum of an XYZZ point and an affine one of another x."""
    p = P256_P
    P = x * zz - X
    R = y * zzz - Y
    PP = P * P % p
    PPP = P * PP % p
    Q = X * PP % p
    X = (R * R - PPP - 2 * Q) % p
    return X, (R * (Q - X) - Y * PPP) % p, zz * PP % p, zzz * PPP % p


def _double(X: int, Y: int, zz: int, zzz: int) -> tuple[int, int, int, int]:
    """Return the double of an XYZZ point."""
    p = P256_P
    U = 2 * Y
    V = U * U % p
    W = U * V % p
    S = X * V % p
    M = 3 * (X - zz) * (X + zz) % p  # a = -3
    X = (M * M - 2 * S) % p
    return X, (M * (S - X) - W * Y) % p, V * zz % p, W * zzz % p


def _to_affine(points: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """Return (x, y) of points, none of them neutral, with one inversion for all (Montgomery's trick)."""
    p = P256_P
    products = [1]
    for _, _, _, zzz in points:
        products.append(products[-1] * zzz % p)
    inverse = pow(products.pop(), -1, p)
    found = []
    for X, Y, zz, zzz in reversed(points):
        cubed = inverse * products.pop() % p
        inverse = inverse * zzz % p
        root = zz * cubed % p  # 1/Z
        found.append((X * root * root % p, Y * cubed % p))
    return found[::-1]


_extensions["SigV4aKey"] = _SigV4aSigningKey


# 10. HTTP -------------------------------------------------------------------------------------------------------------
# Lower sections use: Response (_error_text, _may_pass), _ConnectionPool, _is_connection_failure, _is_permanent, _response_headers,
# _read_error, _xml_text, _redact, REFUSALS, SKEW_CODES, SKEW_WORDS.

MAX_RETRY_AFTER = 60.0  # seconds: the longest wait before another attempt, whatever Retry-After says
MAX_SKEW = 240.0  # seconds that a clock may be off; AWS refuses from 5 minutes on, S3 from 15
# Statuses of a response that a corrected request may avoid: refusals, and S3's redirects to a bucket's region.
REFUSALS = frozenset({301, 307, 400, 401, 403})
# What services say about credentials that were valid once.
EXPIRED_CODES = frozenset("ExpiredToken ExpiredTokenException InvalidClientTokenId UnrecognizedClientException".split())
# What they say about a clock that is off: codes, and words in the messages of other codes.
SKEW_CODES = frozenset("RequestTimeTooSkewed RequestExpired RequestInTheFuture".split())
SKEW_WORDS = ("signature expired", "not yet current", "not yet valid", "request time ", "request has expired", "skew")
# Encodings of a response's text. A response could name any of Python's codecs, and some are slow or no encodings of text.
CHARSETS = frozenset("utf-8 utf-16 us-ascii ascii iso-8859-1 latin-1 iso-8859-15 windows-1252".split())

# Codes of errors that mean "too many requests", whatever the status. Source: the standard retry mode of AWS's SDKs.
THROTTLING_CODES = frozenset("""
Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException TooManyRequestsException
ProvisionedThroughputExceededException TransactionInProgressException RequestLimitExceeded BandwidthLimitExceeded LimitExceededException
SlowDown PriorRequestNotComplete EC2ThrottledException RequestTimeout RequestTimeoutException
""".split())  # fmt: skip
IDLE_SECONDS, MAX_IDLE = 60.0, 10  # how long a connection is kept without a request, and how many to one origin
BLOCK_SIZE = 1 << 16  # bytes of a file that are sent at a time
IDEMPOTENT_METHODS = frozenset("GET HEAD PUT DELETE OPTIONS".split())  # RFC 9110 9.2.2
MAX_ERROR_BODY = 1 << 20  # bytes that are read of an error's body with stream=True

_tls_contexts: dict[str, Any] = {}  # by CA file


class Response:
    """A response to Client.fetch. With fetch(stream=True) it holds the connection until its body is read to the end or closed.

    status: int. headers: dict that takes names in any case. request: the SignedRequest that was sent last.
    attempts: how many requests it took. Iterating yields the body in pieces of bytes; `with` closes it.
    """

    def __init__(self, status: int, headers: Headers, body: Any, request: SignedRequest | None = None, attempts: int = 1) -> None:
        if not isinstance(status, int) or not 0 < status < 1000:
            raise RequestError(f"status is {_describe_type(status)} or out of range; a transport returns (int, headers, body)")
        plain = body is None or isinstance(body, (str, bytes, bytearray, memoryview))
        if not plain and not hasattr(body, "read") and not hasattr(body, "__iter__"):
            raise RequestError(f"body is {_describe_type(body)}; a transport returns bytes, a file or an iterable of bytes for it")
        self.status = status
        self.headers = _CaseInsensitiveDict(_join_values(_response_headers(headers), ", "))
        self.request = request
        self.attempts = attempts
        self._raw: Any = body
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
            yield from map(bytes, _pieces_of(self._raw))
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
        """Return the next bytes of the body, at most `size`, all if it is negative, none at the end.

        Raises OSError if the connection broke, or ended before the length that the headers promised.
        """
        if self._body is None and (size < 0 or not hasattr(self._raw, "read")):
            self._body = b"".join(self)
        if self._body is not None:
            start = self._position
            self._position = len(self._body) if size < 0 else min(start + size, len(self._body))
            return self._body[start : self._position]
        from http.client import HTTPException

        try:
            piece = bytes(_check_bytes(self._raw.read(size)))
        except HTTPException as error:
            raise ConnectionResetError(f"the body could not be read to its end: {type(error).__name__}") from error
        missing = getattr(self._raw, "length", None)
        if not piece and size and missing:  # http.client notices only if all is read at once
            raise ConnectionResetError(f"the body ended {missing} bytes early")
        return piece

    def close(self) -> None:
        """Release the connection, whatever is left of the body."""
        close = getattr(self._raw, "close", None)
        if close:
            close()

    @property
    def body(self) -> bytes:
        """The whole body; of a streamed one, what has not been read yet."""
        if self._body is None:
            self._body = b"".join(self)
        return self._body

    @property
    def text(self) -> str:
        """The body as text, by the charset of Content-Type, else UTF-8. What cannot be decoded is replaced."""
        charset = self.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
        return self.body.decode(charset if charset in CHARSETS else "utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON. Raise ValueError if it is not."""
        return _from_json(self.body)

    def error(self) -> tuple[str | None, str]:
        """Return (code, message) of an AWS error: from X-Amzn-ErrorType, from S3's and the query services' XML, or from JSON."""
        return _read_error(self.headers, self.text)

    def _error_text(self) -> str:
        """Return code and message of an error for a message of ours, and its request id.

        Only the first line: the lines after it repeat the canonical request, with the session token in it.
        """
        code, message = self.error()
        text = _redact(": ".join([part for part in (code, message.partition("\n")[0][:300]) if part])) or "no explanation"
        request_id = self._request_id()
        return f"{text} (request id {_printable(request_id[:100])})" if request_id else text

    def _request_id(self) -> str:
        named: str = self.headers.get("x-amzn-requestid") or self.headers.get("x-amz-request-id")
        return named or _xml_text(self.text, "RequestId")

    def _may_pass(self) -> bool:
        """Return whether a retry may succeed: the status is 429 or 5xx."""
        return self.status == 429 or self.status >= 500

    def _retry_after(self, now: float) -> float | None:
        """Return the seconds that Retry-After asks to wait, a minute at most, or None if it does not ask (RFC 9110 10.2.3)."""
        text = self.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text), MAX_RETRY_AFTER)
        date = _parse_http_date(text)
        return None if date is None else min(max(date - now, 0.0), MAX_RETRY_AFTER)

    def _is_throttled(self) -> bool:
        """Return whether a service refused the request because there were too many, which a later attempt may survive."""
        code, _ = self.error() if self.status >= 400 else (None, None)
        return self.status == 429 or code in THROTTLING_CODES

    def raise_for_status(self) -> Response:
        """Return this response. Raise ServiceError if the status is 400 or more, for a refusal with what explain() says about it."""
        if self.status < 400:
            return self
        code, _ = self.error()
        what = f"{self.request.method} {_safe_url(self.request.url)}" if self.request else "the request"
        find_causes = _extensions.get("explain")
        causes = find_causes(self.request, self) if find_causes and self.status in REFUSALS else []
        explanation = "\n".join([f"- {cause}" for cause in causes])
        message = "\n".join([f"{what} was refused: {self.status}, {self._error_text()}", *([explanation] if causes else [])])
        raise ServiceError(message, status=self.status, code=code, request_id=self._request_id() or None, explanation=explanation)


class _CaseInsensitiveDict(dict):  # type: ignore[type-arg]
    """Headers, whose names are found in any case."""

    def __getitem__(self, name: str) -> Any:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


def _response_headers(headers: Headers) -> Pairs:
    """Return (name in lower case, value) of a response's headers."""
    pairs = [[part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in pair] for pair in _header_pairs(headers)]
    return [(name.lower(), value) for name, value in pairs]


def _read_error(headers: Mapping[str, str], text: str) -> tuple[str | None, str]:
    """Return (code, message) of an AWS error: from X-Amzn-ErrorType, from S3's and the query services' XML, or from JSON."""
    code = headers.get("x-amzn-errortype", "").partition(":")[0].rpartition("#")[2] or None
    if text.lstrip()[:1] == "<":
        return code or _xml_text(text, "Code") or None, _xml_text(text, "Message")
    try:
        fields = {name.lower(): value for name, value in _from_json(text).items()}
    except (ValueError, AttributeError):
        return code, ""
    inner = fields.get("error")
    if isinstance(inner, dict):  # OpenSearch Serverless
        fields = {"code": inner.get("type"), "message": inner.get("reason")}
    named = fields.get("__type") or fields.get("code") or fields.get("error")
    if code is None and isinstance(named, str):
        code = named.rpartition("#")[2]
    message = fields.get("message")
    return code, message if isinstance(message, str) else ""


def _xml_text(text: str, tag: str) -> str:
    """Return the text of the first element of that name without attributes, or an empty string."""
    from html import unescape

    found = text.partition(f"<{tag}>")[2].partition("<")[0].strip()
    try:
        return unescape(found).strip()
    except ValueError:  # a character reference of more digits than Python converts
        return found


def _redact(text: str) -> str:
    """Return a received text on one line, without long runs of characters, which may be tokens or signatures. ARNs stay."""
    from re import sub

    words = _printable(text).split(" ")
    run = r"[\w+/=%-]{40,}"
    return " ".join([w if w.lstrip("\"'(").startswith("arn:aws") else sub(run, lambda m: f"({len(m[0])} characters)", w) for w in words])


class Client:
    """Sends signed requests, each attempt with a fresh signature, and retries if that can help.

    signer: a Signer; None means Signer(). base_url: what a relative URL is appended to, e.g. the stage of an API Gateway.
    retries: attempts after the first, on connection failures, 429 and 5xx. backoff: seconds; before retry n a random time up to
    backoff * 2**n passes (full jitter), or what Retry-After says, at most a minute.
    timeout: seconds to connect, and to wait for each part of a response.
    transport: a callable that takes a SignedRequest and a timeout, returns (status, headers, body), and raises OSError if the
    connection fails; body: bytes, a file, or an iterable of bytes. None means connections that are kept alive, with TLS verified
    (AWS_CA_BUNDLE names other certificates), proxies from the environment, and no redirect followed. close() closes the idle ones.
    clock: seconds since the epoch; None means the signer's. sleep, random: what waits, and what returns a float from 0 to 1.

    Three refusals are corrected, each by one more attempt that is not counted as a retry: a clock that is off is measured by the
    response's Date header, S3's right region is used and remembered for the bucket, and a provider that has invalidate() is asked
    for fresh credentials when they have expired. Threads may share a client.
    """

    def __init__(
        self, signer: Signer | None = None, *, base_url: str = "", retries: int = 10, backoff: float = 0.05, timeout: float | None = 60,
        transport: Callable[[SignedRequest, float | None], tuple[int, Any, Any]] | None = None, clock: Callable[[], float] | None = None,
        sleep: Callable[[float], object] = time.sleep, random: Callable[[], float] = _random,
    ) -> None:  # fmt: skip
        from threading import Lock

        if not isinstance(retries, int) or retries < 0:
            raise RequestError(f"retries is {retries!r:.40}; it must be an int, 0 for a single attempt")
        self.signer = Signer() if signer is None else signer
        self.base_url = base_url
        self.retries = retries
        self.backoff = backoff
        self.timeout = timeout
        self._pool = _ConnectionPool()
        self._transport = self._pool.send if transport is None else transport
        self._clock = self.signer._clock if clock is None else clock
        self._sleep = sleep
        self._random = random
        self._lock = Lock()  # held while a thread finds out whether expired credentials are still the current ones
        self._skew = 0.0  # seconds by which the services' clocks are ahead of ours
        self._regions: dict[tuple[str, str], str] = {}  # by authority and bucket

    def fetch(
        self, url: str = "", method: str | None = None, headers: Headers = None, body: Any = None, *, json: Any = None,
        timeout: float | None = None, stream: bool = False, **options: Any,
    ) -> Response:  # fmt: skip
        """Return the Response to a signed request, also one of 429 or 5xx when no attempt is left.

        method: None means POST if there is a body, else GET. body: as for Signer.sign. json: sent as JSON instead of a body.
        timeout: seconds, instead of the client's. stream: whether to return as soon as the headers of a success have arrived,
        with the body still to be read. options: as for Signer.sign: service, region, payload_hash and others.

        A file is rewound for another attempt. An iterable is never sent again once its first piece was taken.
        Raises ConnectionFailed, with the number of attempts, if the last one had no response, and what Signer.sign raises.
        """
        url = self._join(url)
        if json is not None:
            headers, body = _json_body(headers, body, json)
        if headers is not None and not hasattr(headers, "items"):
            headers = _header_pairs(headers)  # an iterator would be empty at the second attempt
        method = method or ("GET" if body is None else "POST")
        kind = "none" if body is None or isinstance(body, str) else _body_kind(body)
        start = _seek(body) if kind == "file" else None
        once = _BodyReadOnce(body) if kind == "stream" else None
        timeout = self.timeout if timeout is None else timeout
        corrected: list[str] = []
        attempts = failures = 0
        while True:
            if start is not None:
                _seek(body, start, 0)
            request, signed_at = self._sign(method, url, headers, once or body, options)
            if start is not None:  # a file is hashed once, however often it is sent
                options = {**options, "payload_hash": request.canonical_request.rpartition("\n")[2]}
            attempts += 1
            response = None
            try:
                response = Response(*self._transport(request, timeout), request, attempts)
                if not stream or response.status >= 300:
                    with response:  # read here, because a response that ends early can be asked for again
                        response._body = response.read(MAX_ERROR_BODY if stream else -1)
                        response._position = 0
            except Exception as error:
                if not _is_connection_failure(error):
                    raise
                if failures >= self.retries or _is_permanent(error) or (once and once.begun):
                    raise ConnectionFailed(_no_response(request, attempts, error), attempts=attempts) from error
                response = None
            else:
                if once and once.begun:
                    return response
                correction = self._correct(response, request, signed_at, url, options, corrected)
                if correction:
                    corrected.append(correction)
                    continue
                if failures >= self.retries or not response._may_pass():
                    return response
            self._sleep(self._delay(failures, response))
            failures += 1

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the idle connections of the default transport. The client stays usable."""
        self._pool.close()

    def _join(self, url: str) -> str:
        """Return an absolute URL as it is, and a relative one after the base with one slash between them."""
        if not self.base_url or (isinstance(url, str) and "://" in url.partition("?")[0]) or not isinstance(url, str):
            return url
        if not url or url.startswith("?"):
            return self.base_url + url
        return f"{self.base_url.rstrip('/')}/{url.lstrip('/')}"

    def _sign(self, method: str, url: str, headers: Headers, body: Any, options: dict[str, Any]) -> tuple[SignedRequest, float]:
        """Return (request, seconds since the epoch at which it is signed)."""
        signed_at = self._clock() + self._skew
        if options.get("now") is None and (self._skew or self._clock is not self.signer._clock):
            options = {**options, "now": _utc_datetime(signed_at)}
        region = self._regions.get(_bucket_key(url)) if self._regions else None
        if region:
            options = {**options, "region": region}
            url = _url_in_region(url, region)
        return self.signer.sign(method, url, headers, body, **options), signed_at

    def _delay(self, failures: int, response: Response | None) -> float:
        """Return the seconds to wait before the next attempt."""
        wait = None if response is None else response._retry_after(self._clock() + self._skew)
        return wait if wait is not None else self._random() * min(self.backoff * 2.0 ** min(failures, 1000), MAX_RETRY_AFTER)

    def _correct(
        self, response: Response, request: SignedRequest, signed_at: float, url: str, options: dict[str, Any], corrected: list[str]
    ) -> str:
        """Return what was corrected, so that the same request may be accepted: "clock", "region", "credentials", or empty."""
        date = _parse_http_date(response.headers.get("date", "")) if self._skew or response.status in REFUSALS else None
        if self._skew and date is not None and abs(date - self._clock()) <= MAX_SKEW:
            self._skew = 0.0  # our clock is right again
        if response.status not in REFUSALS:
            return ""
        code, message = response.error()
        about_time = not response.body or code in SKEW_CODES or any(words in message.lower() for words in SKEW_WORDS)
        if "clock" not in corrected and about_time and date is not None and abs(date - signed_at) > MAX_SKEW and not options.get("now"):
            self._skew = date - self._clock() if abs(date - self._clock()) > MAX_SKEW else 0.0
            return "clock"
        if "region" in corrected:
            self._regions.pop(_bucket_key(url), None)  # it did not help, so it is not remembered
        elif _named_region(response, request, code):
            _remember(self._regions, _bucket_key(url), _named_region(response, request, code))
            return "region"
        invalidate = getattr(self.signer._provider, "invalidate", None)
        if "credentials" not in corrected and code in EXPIRED_CODES and invalidate:
            with self._lock:
                current = self.signer._current_credentials()
                same = f"Credential={current.access_key_id}/" in request.headers["Authorization"]
                if same and current.session_token in (None, *request.headers.values()):
                    invalidate()  # else another thread did so, and there are others already
            return "credentials"
        return ""


def _json_body(headers: Headers, body: Any, json: Any) -> tuple[Any, bytes]:
    """Return (headers, body) of a request with JSON."""
    if body is not None:
        raise RequestError("both body and json were given; pass one of them")
    data = _utf8(_to_json(json), "json").encode()
    pairs = _header_pairs(headers)
    if "content-type" not in [_header_name(name).lower() for name, _ in pairs]:
        pairs.append(("Content-Type", "application/json"))
    return pairs, data


class _BodyReadOnce:
    """A body that can be read once, and whether its reading has begun."""

    def __init__(self, body: Any) -> None:
        if not hasattr(body, "read") and not hasattr(body, "__iter__"):
            raise RequestError(f"body is {_describe_type(body)}; an asynchronous body needs an asynchronous HTTP library")
        self._body = body
        self._described_type = type(body).__name__
        self.begun = False
        if hasattr(body, "read"):
            self.read = self._read

    def _read(self, size: int = -1) -> Any:
        self.begun = True
        return self._body.read(size)

    def __iter__(self) -> Iterator[Any]:
        self.begun = True
        return map(bytes, _pieces_of(self._body))


def _bucket_key(url: str) -> tuple[str, str]:
    """Return the (authority, bucket) for which a region is remembered."""
    return _split_url(url)[0].authority, _bucket_of(url)


def _named_region(response: Response, request: SignedRequest, code: str | None) -> str:
    """Return the region that S3 names in a refusal, if the request was signed for another one; else an empty string."""
    algorithm, _, scope, _ = request.string_to_sign.split("\n")
    *_, signed_for, service, _ = scope.split("/")
    if algorithm != ALGORITHM or service not in S3_SERVICES:
        return ""
    region: str = response.headers.get("x-amz-bucket-region", "")
    if not region and code == "AuthorizationHeaderMalformed":
        region = _xml_text(response.text, "Region")
    valid = len(region) < 64 and region.isascii() and not region.encode().translate(None, REGION_CHARACTERS)
    return region if valid and region != signed_for else ""


def _url_in_region(url: str, region: str) -> str:
    """Return a URL of S3 at AWS for its endpoint in another region. The labels before it, a bucket's name, stay."""
    origin, path, query = _split_url(url)
    suffix = next((suffix for suffix in _PARTITION_SUFFIXES if origin.authority.endswith("." + suffix)), "")
    if not suffix or origin.host_guess is None or origin.host_guess[0] not in S3_SERVICES:
        return url
    labels = origin.authority[: -len(suffix) - 1].split(".")
    _, guessed_region = origin.host_guess
    if labels[-1] == guessed_region:
        labels[-1] = region
    elif labels[-1] in ("s3", f"s3-{guessed_region}"):
        labels[-1:] = ["s3", region]
    else:
        return url
    return f"{origin.scheme}://{'.'.join(labels)}.{suffix}{path}" + (f"?{query}" if query else "")


def _no_response(request: SignedRequest, attempts: int, error: BaseException) -> str:
    """Return the message about a request that had no response."""
    reason = error if type(error).__module__ == "ssl" else getattr(error, "reason", error)  # of urllib's URLError
    text = reason if isinstance(reason, str) else type(reason).__name__
    if type(reason).__module__ in ("builtins", "socket", "_socket", "ssl", "http.client") and reason is not text:  # _socket: PyPy
        text += f": {reason}"  # errors of other modules may quote the URL with its query
    count = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return f"{request.method} {_safe_url(request.url)} had no complete response in {count}; the last one failed with {_printable(text)}"


def _is_connection_failure(error: BaseException) -> bool:
    """Return whether a transport failed without a response: OSError (so requests' errors too), http.client's, httpx's, urllib3's."""
    from http.client import HTTPException

    if isinstance(error, (OSError, HTTPException)):
        return not isinstance(error, ValueError) or type(error).__name__ == "SSLCertVerificationError"
    bases = [f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in type(error).__mro__]
    return "httpx.TransportError" in bases or "urllib3.HTTPError" in bases


def _is_permanent(error: BaseException | None) -> bool:
    """Return whether a retry would fail the same way.

    A certificate does not verify, a host name does not exist, or a proxy is not supported. HTTP libraries wrap such errors.
    """
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


class _Idle:
    """A connection that waits for its next request. since: seconds of the pool's clock."""

    __slots__ = ("key", "connection", "since")

    def __init__(self, key: Any, connection: Any, since: float) -> None:
        self.key, self.connection, self.since = key, connection, since


class _ConnectionPool:
    """Sends requests by http.client over connections that it keeps alive (RFC 9112 9.3): the default transport of Client.

    A connection is used again only after its response was read to the end, within IDLE_SECONDS, and if its socket is not readable:
    a readable one was closed by the server, or has received what nobody asked for. clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._idle: list[_Idle] = []  # the latest last
        self._make_lock()

    def _make_lock(self) -> None:
        from threading import Lock

        self._lock, self._pid = Lock(), os.getpid()

    def send(
        self, request: SignedRequest, timeout: float | None, *, connect_timeout: float | None = None, time_limit: float | None = None,
        cafile: str | None = None, uses_proxy: bool = True,
    ) -> tuple[int, Any, Any]:  # fmt: skip
        """Return (status, headers, body) of the response. The body is a file that must be read to its end or closed.

        timeout: seconds for each read and write, and to connect unless there is a connect_timeout. time_limit: seconds in which the
        whole response must arrive. cafile: None means AWS_CA_BUNDLE, or the system's certificates. uses_proxy: whether the proxies
        of the environment are used.
        """
        origin, _, _ = _split_url(request.url)
        if origin.scheme not in ("http", "https"):
            raise RequestError(f"url {_safe_url(request.url)} is for a WebSocket library; presign it and pass it to one")
        proxy = _find_proxy(origin) if uses_proxy else None
        cafile = cafile or os.environ.get("AWS_CA_BUNDLE") or ""
        key = (origin.prefix, proxy, cafile)
        head = _RequestHead(request, origin, proxy)
        for is_reused in (True, False):
            connection = self._take(key) if is_reused else _connect(origin, proxy, cafile, connect_timeout or timeout)
            if connection is None:
                continue
            connection.sock.settimeout(timeout)
            if time_limit is not None:
                _limit_time(connection, self._clock() + time_limit, self._clock)
            sent_head = False
            try:
                head.send(connection)
                sent_head = True
                head.send_body(connection)
                response = connection.getresponse()
                return response.status, response.headers, _PooledBody(self, key, connection, response)
            except BaseException as error:
                connection.close()
                # If the server has just closed an idle connection, another one is used, unless a body could be sent twice by that.
                may_repeat = not sent_head or (request.body is None and request.method in IDEMPOTENT_METHODS)
                if not is_reused or not may_repeat or not isinstance(error, ConnectionError):
                    raise
        raise AssertionError  # not reached: the second connection returns or raises

    def _take(self, key: Any) -> Any:
        """Return a connection that can be used again, or None."""
        if self._pid != os.getpid():  # after a fork: these are the parent's
            self._make_lock()
            self.close()
        while True:
            with self._lock:
                now = self._clock()
                expired = [idle for idle in self._idle if now - idle.since > IDLE_SECONDS]
                own = [idle for idle in self._idle if idle.key == key and idle not in expired]
                dropped = expired + own[-1:]
                self._idle = [idle for idle in self._idle if idle not in dropped]
            for idle in expired:
                idle.connection.close()
            if not own:
                return None
            connection = own[-1].connection
            if not _is_readable(connection.sock):
                return connection
            connection.close()

    def _put(self, key: Any, connection: Any) -> None:
        """Keep a connection for the next request."""
        with self._lock:
            self._idle.append(_Idle(key, connection, self._clock()))
            surplus = [idle for idle in self._idle if idle.key == key][:-MAX_IDLE]
            self._idle = [idle for idle in self._idle if idle not in surplus]
        for idle in surplus:
            idle.connection.close()

    def close(self) -> None:
        """Close the idle connections."""
        idles, self._idle = self._idle, []
        for idle in idles:
            idle.connection.close()

    __del__ = close  # so that a Client need not be closed


class _RequestHead:
    """What is sent of a request: the request line, headers that http.client does not make itself, and how the body is sent."""

    def __init__(self, request: SignedRequest, origin: _Origin, proxy: tuple[str, str] | None) -> None:
        self.method, self.body, self.is_chunked = request.method, request.body, False
        self.target = _request_target(request.url)
        self.headers = list(request.headers.items())
        names = {name.lower() for name in request.headers}
        added = {"Host": origin.authority, "User-Agent": f"sigv4/{__version__}", "Accept-Encoding": "identity"}
        if proxy and origin.scheme == "http":
            _, authorization = proxy
            self.target = request.url
            added.update({"Proxy-Authorization": authorization} if authorization else {})
        if "transfer-encoding" in names:
            self.is_chunked = True
        elif "content-length" not in names:
            size = 0 if self.body is None else _size_of(self.body)
            if size is None:
                self.is_chunked = True
                added["Transfer-Encoding"] = "chunked"
            elif size or self.body is not None or self.method in ("POST", "PUT", "PATCH"):
                added["Content-Length"] = str(size)
        self.headers += [(name, value) for name, value in added.items() if name.lower() not in names]

    def send(self, connection: Any) -> None:
        connection.putrequest(self.method, self.target, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers:
            connection.putheader(name, value)
        connection.endheaders()

    def send_body(self, connection: Any) -> None:
        if self.is_chunked:
            for piece in _pieces_of(self.body or ()):
                if piece:
                    connection.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            connection.send(b"0\r\n\r\n")
        elif self.body is not None:
            connection.send(self.body)


class _PooledBody:
    """The body of a response, as a file. Its connection returns to the pool when it was read to the end."""

    def __init__(self, pool: _ConnectionPool, key: Any, connection: Any, response: Any) -> None:
        self._pool, self._key, self._connection, self._response = pool, key, connection, response
        if response.isclosed():  # there is no body
            self.close()

    @property
    def length(self) -> int | None:
        """The bytes that are still to come, or None if the headers do not say."""
        return self._response.length  # type: ignore[no-any-return]

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._response.read(None if size < 0 else size)
        if self._response.isclosed():
            self.close()
        return data

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            response = self._response
            is_complete = response.isclosed() and not response.will_close and not response.length
            response.close()
            if is_complete:
                self._pool._put(self._key, connection)
            else:
                connection.close()


def _find_proxy(origin: _Origin) -> tuple[str, str] | None:
    """Return (host:port, Proxy-Authorization or nothing) of the proxy that the environment names for an origin, or None."""
    if sys.platform not in ("darwin", "win32") and not any(name.lower().endswith("_proxy") for name in os.environ):
        return None  # urllib.request takes 30 ms to import
    from urllib.parse import unquote, urlsplit
    from urllib.request import getproxies, proxy_bypass

    url = getproxies().get(origin.scheme)
    if not url or proxy_bypass(origin.authority):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    user = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    try:
        return f"{parts.hostname}:{parts.port or 80}", f"Basic {_base64(user.encode())}" if user != ":" else ""
    except ValueError as error:
        raise RequestError(f"a proxy of the environment has an invalid address: {error}") from error


def _connect(origin: _Origin, proxy: tuple[str, str] | None, cafile: str, timeout: float | None) -> Any:
    """Return a new connection of http.client."""
    import http.client as library

    address, authorization = proxy or (origin.authority, "")
    if origin.scheme == "http":
        connection = library.HTTPConnection(address, timeout=timeout, blocksize=BLOCK_SIZE)
    else:
        connection = library.HTTPSConnection(address, timeout=timeout, blocksize=BLOCK_SIZE, context=_tls_context(cafile))
        if proxy:
            connection.set_tunnel(origin.authority, headers={"Proxy-Authorization": authorization} if authorization else {})
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection


def _tls_context(cafile: str) -> Any:
    """Return the TLS context for a CA file, or for the system's certificates. Making one takes 10 ms, so it is kept."""
    try:
        import ssl
    except ImportError:
        raise RequestError("this Python has no ssl module, so it cannot send https requests") from None
    if cafile not in _tls_contexts:
        try:
            _remember(_tls_contexts, cafile, ssl.create_default_context(cafile=cafile or None))
        except OSError as error:
            raise RequestError(f"the CA file {cafile} is not a readable file of certificates; check AWS_CA_BUNDLE") from error
    return _tls_contexts[cafile]


def _is_readable(sock: Any) -> bool:
    """Return whether a socket has received something, or was closed by the other side."""
    import select

    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _limit_time(connection: Any, deadline: float, clock: Callable[[], float]) -> None:
    """Make a connection read its next response until a deadline, however slowly the bytes arrive."""
    from http.client import HTTPResponse

    class LimitedReader(io.RawIOBase):
        def __init__(self, raw: Any) -> None:
            self._raw = raw

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> Any:
            left = deadline - clock()
            if left <= 0:
                raise TimeoutError("the response took too long")
            sock = connection.sock
            if sock is not None and (sock.gettimeout() is None or sock.gettimeout() > left):
                sock.settimeout(left)
            return self._raw.readinto(buffer)

        def close(self) -> None:
            self._raw.close()
            super().close()

    class LimitedResponse(HTTPResponse):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.fp = io.BufferedReader(LimitedReader(self.fp.detach()))

    connection.response_class = LimitedResponse


# 11. Credentials ------------------------------------------------------------------------------------------------------
# Each provider is the function of its name below: it defines `load`, which fetches one set of credentials, and returns a Provider,
# which keeps that set and fetches the next one in time. `load` returns (credentials, name of the source). It raises
# CredentialsNotFound if the source is not configured, so that a chain goes on, and CredentialsError if it is and failed.

MANDATORY_WINDOW = 60.0  # seconds before their end in which credentials are not used any more, if others can be fetched
# (lifetime in seconds up to which, advisory window in seconds): how long before their end others are fetched. All SDKs' rule.
SHORTEST_WINDOW = 300.0
ADVISORY_WINDOWS = ((1200.0, SHORTEST_WINDOW), (5400.0, 900.0), (float("inf"), 3600.0))
MINIMUM_HOLD = 60.0  # seconds, or half the lifetime, in which a set is not asked for again
RETRY_WINDOW = (300.0, 600.0)  # seconds, of which a random number is waited after a failed refresh
MINIMUM_EXPIRE_AFTER = 300  # seconds

CREDENTIALS_CAP = 1 << 16  # bytes of a response that contains credentials; a longer one contains none
# For STS, SSO, OIDC, Cognito and sign-in. Seconds to connect, for one response, and for all attempts together.
SERVICE_ATTEMPTS, CONNECT_TIMEOUT, SERVICE_TIMEOUT, SERVICE_LIMIT = 5, 5.0, 15.0, 60.0
# (seconds before the second attempt, which double with each; seconds at most), both times a random number
TRANSIENT_BACKOFF, THROTTLED_BACKOFF = (0.1, 1.0), (1.0, 20.0)
TRANSIENT_PREFIXES = ("IDPCommunicationError", "InternalError")
# STS could not fetch the keys of the identity provider: a code that is final otherwise. The SDK for Go retries it too.
UNVERIFIED_TOKEN, NO_VERIFICATION_KEY = "InvalidIdentityToken", "retrieve verification key"
# Errors that no refresh will correct: somebody must act.
FINAL_CODES = frozenset(
    "AccessDenied AccessDeniedException UnauthorizedException InvalidGrantException ExpiredTokenException"
    " TOKEN_EXPIRED USER_CREDENTIALS_CHANGED INSUFFICIENT_PERMISSIONS".split()
)
STS_DEFAULT_REGION = "us-east-1"
DEFAULT_FIELDS = "AccessKeyId SecretAccessKey SessionToken Expiration AccountId"  # of credentials in responses


class _LogInAgain(CredentialsError):
    """A failure that ends the use of the current credentials: what they came from was withdrawn."""


class _Held:
    """The credentials that a provider holds. It is never changed, only replaced as a whole.

    refresh_at: when to fetch others. unusable_at: when these should not be used any more. Both in seconds since the epoch.
    """

    __slots__ = ("credentials", "refresh_at", "unusable_at")

    def __init__(self, credentials: Credentials | None, refresh_at: float = 0.0, unusable_at: float = 0.0) -> None:
        self.credentials = credentials
        self.refresh_at = refresh_at
        self.unusable_at = unusable_at


class Provider:
    """Credentials from a source: fetched when they are first needed, kept, and fetched again before they expire.

    Call it for the current Credentials. Any number of threads may share it: one fetches, the others go on with the old set.
    After a failed refresh the old credentials stay in use until they expire. "Nothing found" is not remembered. A provider
    survives a fork and a suspended machine. A copy is the same provider; it cannot be pickled.
    source: where the credentials came from.

    Raises CredentialsNotFound if the source has none, CredentialsError if fetching them failed.
    """

    def __init__(
        self, load: Callable[[], tuple[Credentials, str]], *, clock: Callable[[], float] = time.time, margin: float | None = None,
        sources: Sequence[Any] = (), region: Callable[[], str | None] | None = None, accepts_expired: bool = False,
        keeps_expired: bool = False,
    ) -> None:  # fmt: skip
        self._load = load
        self._clock = clock
        self._margin = margin  # seconds; overrides the windows
        self._sources = sources  # providers to invalidate together with this one
        self._find_region = region
        self._accepts_expired = accepts_expired  # as from providers that decide about it themselves
        self._keeps_expired = keeps_expired  # AWS's rule of static stability, for the metadata service and containers
        self._lifetime: int | None = None
        self._region: tuple[Any, str | None] = (None, None)  # (the _Held for which it was looked up, the region)
        self._invalidations = 0
        self._failure: CredentialsError | None = None  # of the last fetch, if nothing can be used since then
        self._retry_at = 0.0  # before then it is raised again, after the credentials expired
        self._held = _Held(None)
        self.source = ""
        self._make_lock()

    def _make_lock(self) -> None:
        from threading import Lock

        self._lock, self._owner, self._pid = Lock(), 0, os.getpid()  # the owner is the thread that fetches

    def __repr__(self) -> str:
        return f"<Provider of {self.source}>" if self.source else "<Provider>"

    def __copy__(self, _: object = None) -> Provider:
        return self

    __deepcopy__ = __copy__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Provider cannot be pickled; make a new one in the other process")

    def __call__(self) -> Credentials:
        held = self._held
        if held.credentials is not None and self._clock() < held.refresh_at:
            return held.credentials
        return self._refresh()

    async def get_async(self) -> Credentials:
        """Return the current Credentials. If there are none that should be used, others are fetched in a thread meanwhile."""
        held, now = self._held, self._clock()
        if held.credentials is not None and now < held.unusable_at and self._is_usable(held.credentials, now):
            return self()
        from asyncio import get_running_loop

        return await get_running_loop().run_in_executor(None, self)

    def configured_region(self) -> str | None:
        """Return the region that is configured where the credentials are, or None. It is looked up once for each set of them."""
        held, region = self._region
        if held is not self._held:
            held, region = self._held, self._find_region() if self._find_region else None
            self._region = held, region
        return region

    def expire_after(self, seconds: float) -> Provider:
        """Return this provider. From now on credentials without an expiration expire `seconds` (300 or more) after the fetch."""
        if not isinstance(seconds, (int, float)) or not MINIMUM_EXPIRE_AFTER <= seconds < YEAR_2100:
            raise RequestError(f"expire_after takes {MINIMUM_EXPIRE_AFTER} seconds or more")
        self._lifetime = int(seconds)
        return self

    def invalidate(self) -> None:
        """Fetch others at the next call, because a service said that these have expired."""
        self._invalidations += 1
        self._held = _Held(self._held.credentials)
        for source in self._sources:
            getattr(source, "invalidate", lambda: None)()

    def _refresh(self) -> Credentials:
        """Return fresh credentials, or the old ones while another thread fetches."""
        from threading import Thread, get_ident

        if self._pid != os.getpid():  # after a fork: the lock may be held by a thread that does not exist here
            self._make_lock()
        if self._owner == get_ident():
            raise CredentialsError("a provider calls itself for the credentials that it is fetching")
        held, now, failure = self._held, self._clock(), self._failure
        old = held.credentials
        if old is not None and self._is_usable(old, now):
            if _in_event_loop():
                if self._lock.acquire(blocking=False):
                    try:
                        Thread(target=self._fetch_in_background, daemon=True).start()
                    except RuntimeError as error:  # no thread can be started
                        self._keep(old, error)
                        self._lock.release()
                return old
            if not self._lock.acquire(blocking=now >= held.unusable_at):
                return old  # another thread fetches
        else:
            self._lock.acquire()
        return self._fetch(failure)

    def _is_usable(self, credentials: Credentials, now: float) -> bool:
        """Return whether credentials may be used: before their end, or always if their source says so (static stability)."""
        return credentials._expires_at > now or self._keeps_expired

    def _fetch_in_background(self) -> None:
        from contextlib import suppress

        with suppress(CredentialsError):  # it is logged, and raised to those who call after the end of the old credentials
            self._fetch(self._failure)

    def _fetch(self, earlier: CredentialsError | None) -> Credentials:
        """Return credentials from the source, and hold them; if that fails, what _keep says. Release the lock.

        earlier: the last failure when this caller began to wait. It shares one that came meanwhile.
        """
        from threading import get_ident

        self._owner = get_ident()
        try:
            old, now, failure = self._held.credentials, self._clock(), self._failure
            if old is not None and now < self._held.refresh_at:
                return old  # another thread fetched while this one waited
            if failure is not None and (failure is not earlier or now < self._retry_at):
                raise type(failure)(*failure.args) from failure.__cause__
            invalidations = self._invalidations
            try:
                credentials, source = self._load()
                if credentials._expires_at <= self._clock() and not self._accepts_expired:
                    raise CredentialsError(f"{source}: the credentials that were received had expired at {credentials.expiration}")
            except Exception as error:
                failure = _as_credentials_error(error)
                # A UnicodeError contains what could not be encoded, which may be a token.
                cause = error.__cause__ if failure is error else None if isinstance(error, UnicodeError) else error
                if old is None:
                    self._failure = failure
                    raise failure from cause
                return self._keep(old, failure)
            self.source, self._failure = source, None
            return self._hold(credentials, is_current=invalidations == self._invalidations)
        finally:
            self._owner = 0
            self._lock.release()

    def _hold(self, credentials: Credentials, is_current: bool) -> Credentials:
        """Hold credentials and return them. is_current: whether nobody invalidated them during the fetch."""
        now = self._clock()
        if self._lifetime is not None and credentials.expiration is None:
            credentials = _with_expiration(credentials, now + self._lifetime)
        end = credentials._expires_at
        mandatory = MANDATORY_WINDOW if self._margin is None else self._margin
        advisory = mandatory
        if self._margin is None:  # Workers that started together do not fetch at one instant.
            window = next(window for longest, window in ADVISORY_WINDOWS if end - now <= longest)
            advisory = window - _random() * window / 5
        # Credentials that live shorter than their window, or were received again unchanged, are not fetched at every call.
        hold = now + min(MINIMUM_HOLD, max(end - now, 2.0) / 2)
        self._held = _Held(credentials, max(end - advisory, hold), max(end - mandatory, hold)) if is_current else _Held(credentials)
        return credentials

    def _keep(self, old: Credentials, error: BaseException) -> Credentials:
        """Return the old credentials after a failed refresh if they can be used, and schedule the next attempt.

        It follows after 5 to 10 minutes or a third of the time that is left, whichever is shorter. After their end it follows at the
        next call, at most once a second, and the failure is raised.
        """
        now = self._clock()
        left = old._expires_at - now
        if self._is_usable(old, now):
            shortest, longest = RETRY_WINDOW
            delay = shortest + (longest - shortest) * _random()
            retry_at = now + (max(1.0, min(delay, left / 3)) if left > 0 else delay)
            self._held = _Held(old, retry_at, retry_at)
            _log(WARNING, "credentials could not be refreshed, the old ones stay in use: %s", error)
            return old
        self._retry_at = now + 1
        self._held = _Held(old)
        ended = f"the credentials expired at {old.expiration}, and others could not be fetched: {error}"
        self._failure = _LogInAgain(ended) if isinstance(error, _LogInAgain) else CredentialsError(ended)
        raise self._failure from error.__cause__


def _as_credentials_error(error: Exception) -> CredentialsError:
    """Return a failure as CredentialsError. Only messages of this module, or of another copy of it, contain no secret."""
    if isinstance(error, CredentialsError):
        return error
    bases = [base.__name__ for base in type(error).__mro__]
    kind = CredentialsNotFound if "CredentialsNotFound" in bases else CredentialsError
    return kind(f"the source of credentials failed: {error if 'SigV4Error' in bases else type(error).__name__}")


def _in_event_loop() -> bool:
    """Return whether this thread runs an asyncio event loop, which must not be blocked."""
    try:
        return "asyncio" in sys.modules and bool(sys.modules["asyncio"].get_running_loop())
    except RuntimeError:
        return False


def _require_time(value: Any, source: str) -> datetime:
    """Return what _parse_time returns. Raise CredentialsError for what it cannot parse."""
    parsed = _parse_time(value)
    if parsed is None:
        raise CredentialsError(f"{source}: the expiration is not an ISO 8601 time with a zone")
    return parsed


def _with_expiration(credentials: Credentials, seconds: float) -> Credentials:
    """Return the same credentials with an expiration, in seconds since the epoch."""
    key, secret, token, _, account = credentials._values()
    return Credentials(key, secret, token, _utc_datetime(seconds), account)


class _World:
    """What a provider uses of the outside world. Tests pass their own.

    env: a mapping. clock, sleep: as of the module time. run: a list of arguments -> (exit status, stdout, stderr), both bytes.
    transport: as of Client; None means the default one. profile, config_file, credentials_file: of the settings.
    """

    __slots__ = ("env", "clock", "sleep", "run", "transport", "profile", "config_file", "credentials_file")

    def __init__(self, **given: Any) -> None:
        unknown = set(given) - set(self.__slots__)
        if unknown:
            raise TypeError(f"unknown argument {sorted(unknown)[0]!r}; a provider also takes {', '.join(self.__slots__)}")
        self.env: Mapping[str, str] = os.environ if given.get("env") is None else given["env"]
        self.clock: Callable[[], float] = given.get("clock") or time.time
        self.sleep: Callable[[float], object] = time.sleep if given.get("sleep") is None else given["sleep"]
        self.run: Callable[[Any], tuple[int, bytes, bytes]] | None = given.get("run")
        self.transport = given.get("transport")
        self.profile = given.get("profile")
        self.config_file = given.get("config_file")
        self.credentials_file = given.get("credentials_file")

    def variable(self, name: str) -> str | None:
        """Return the value of an environment variable, or None if it is not set or blank."""
        return self.env.get(name, "").strip() or None

    def configured_region(self) -> str | None:
        """Return AWS_REGION, AWS_DEFAULT_REGION or, if this copy of the file has from_profile, the profile's region."""
        region = self.variable("AWS_REGION") or self.variable("AWS_DEFAULT_REGION")
        find_in_profile = _extensions.get("from_profile")
        return region or (find_in_profile(self) if find_in_profile else None)

    def make_provider(self, load: Callable[[], tuple[Credentials, str]], **options: Any) -> Provider:
        """Return a Provider that uses this world."""
        return Provider(load, clock=self.clock, region=self.configured_region, **options)


# Settings: the shared files, and what the environment and they say together.


def _home(world: _World, *parts: str) -> str | None:
    """Return a path below the home directory, or None if there is none."""
    home = world.variable("HOME") or world.variable("USERPROFILE")
    if home is None and world.variable("HOMEDRIVE"):
        home = f"{world.variable('HOMEDRIVE')}{world.variable('HOMEPATH') or ''}"
    return None if home is None else os.path.join(home, *parts)


def _expand_path(world: _World, path: Any) -> str:
    """Return a path with ~ and variables expanded."""
    text: str = os.fspath(path)
    if "$" in text:
        import re

        text = re.sub(r"\$(?:(\w+)|\{([^}$]*)\})", lambda found: world.env.get(found[1] or found[2], found[0]), text)
    home = _home(world)
    return home + text[1:] if home and (text == "~" or text.startswith(("~/", "~\\"))) else text


class _Profiles:
    """The shared files as they are now.

    config, credentials: {(kind, name): settings} of the two files; kinds: profile, sso-session, services.
    selected: the name of the profile. is_named: whether an argument or a variable named it. world: what read them.
    """

    __slots__ = ("world", "config", "credentials", "selected", "is_named")

    def __init__(self, world: _World) -> None:
        config_file = world.config_file or world.variable("AWS_CONFIG_FILE")
        credentials_file = world.credentials_file or world.variable("AWS_SHARED_CREDENTIALS_FILE")
        named = world.profile or world.variable("AWS_PROFILE") or world.variable("AWS_DEFAULT_PROFILE")
        self.world = world
        self.config = _parse_profiles(_expand_path(world, config_file) if config_file else _home(world, ".aws", "config"), True)
        path = _expand_path(world, credentials_file) if credentials_file else _home(world, ".aws", "credentials")
        self.credentials = _parse_profiles(path, False)
        self.selected = named or "default"
        self.is_named = named is not None

    def settings(self, name: str) -> dict[str, str] | None:
        """Return the settings of a profile, those of the credentials file over those of the config file; None if neither has it."""
        both = [file.get(("profile", name)) for file in (self.config, self.credentials)]
        if both == [None, None]:
            return None
        return {key: value for settings in both for key, value in (settings or {}).items() if isinstance(value, str)}

    def require(self, name: str) -> dict[str, str]:
        """Return the settings of a profile. Raise CredentialsError if it does not exist."""
        settings = self.settings(name)
        if settings is None:
            raise CredentialsError(self.describe_missing(name))
        return settings

    def static_keys(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the settings of a profile in the config file and in the credentials file, each empty if there is no key in it.

        A key of one file must not be used with the token of the other. Only if neither has a whole key do they make one together.
        """
        halves = ("aws_access_key_id", "aws_secret_access_key")
        both = [file.get(("profile", name)) or {} for file in (self.config, self.credentials)]
        config, credentials = (
            {} if any(not isinstance(keys.get(half), str) or not keys[half] for half in halves) else keys for keys in both
        )
        if config or credentials:
            return config, credentials
        together = {key: value for keys in both for key, value in keys.items()}
        return {}, together if any(together.get(half) for half in halves) else {}

    def describe_missing(self, name: str) -> str:
        """Return the message about a profile that does not exist."""
        known = sorted({name for file in (self.config, self.credentials) for kind, name in file if kind == "profile"})
        return f"there is no profile {name} in the shared files; they have {', '.join(known) or 'none'}"


def _parse_profiles(path: str | None, is_config: bool) -> dict[tuple[str, str], dict[str, Any]]:
    """Return {(kind, name): settings} of a shared file, empty if there is no file.

    Raises CredentialsError, with path and line, if it cannot be parsed.
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
        raise CredentialsError(f"{path} cannot be read: {type(error).__name__}") from error
    sections: dict[tuple[str, str], dict[str, Any]] = {}
    section: dict[str, Any] | None = None
    key, depth = "", 0  # of the setting that a more indented line continues
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        indent = len(line) - len(line.lstrip())
        wrong = ""
        if key and section is not None and indent > depth:
            wrong = _continue_setting(section, key, stripped)
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
    if ("profile default", "default") in sections:  # it replaces [default]
        sections["profile", "default"] = sections["profile default", "default"]
    return sections


def _continue_setting(section: dict[str, Any], key: str, line: str) -> str:
    """Add a line to the setting before it: to its value, or a nested setting if it has none. Return what is wrong, or nothing."""
    name, value = _split_setting(line)
    if section[key] and isinstance(section[key], str):
        section[key] += "\n" + line
    elif name:
        section[key] = section[key] or {}
        section[key][name] = value
    else:
        return "a nested setting is written as name = value"
    return ""


def _section_kind(text: str, is_config: bool) -> tuple[str, str]:
    """Return (kind, name) of a section, from between its brackets; ("", text) for a kind that means nothing here."""
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
    """Return (name in lower case, value) of `name = value` or `name: value`, without a comment; an empty name if it is neither."""
    marks = [index for index in (line.find("="), line.find(":")) if index >= 0]
    if not marks:
        return "", ""
    name, value = line[: min(marks)].strip().lower(), line[min(marks) + 1 :]
    if name != "credential_process":  # a command may contain what looks like a comment
        for mark in (" #", " ;", "\t#", "\t;"):
            value = value.partition(mark)[0]
    return name, value.strip()


def _setting(profiles: _Profiles, variable: str, key: str = "") -> str | None:
    """Return a setting of the environment, else of the selected profile, whose key is the variable's without AWS_ by default."""
    settings = profiles.settings(profiles.selected) or {}
    return profiles.world.variable(variable) or settings.get(key or variable[4:].lower()) or None


def _flag(profiles: _Profiles, variable: str) -> bool:
    """Return whether a setting is the word true."""
    return (_setting(profiles, variable) or "").lower() == "true"


def _region(profiles: _Profiles, argument: str | None = None) -> str | None:
    """Return the region: the argument, AWS_REGION, AWS_DEFAULT_REGION, the profile's."""
    region = argument or profiles.world.variable("AWS_REGION") or _setting(profiles, "AWS_DEFAULT_REGION", "region")
    if region is not None and (len(region) > 63 or region.encode("utf-8", "replace").translate(None, REGION_CHARACTERS)):
        raise CredentialsError("the configured region may contain only lower-case letters, digits and -")
    return region


def _profile_region(world: _World | None = None) -> str | None:
    """Return the region of the selected profile, or None."""
    return _region(_Profiles(world or _World()))


def _configured_endpoint(profiles: _Profiles, service: str) -> str | None:
    """Return the URL that the environment or the profile has for a service."""
    if _flag(profiles, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return None
    settings: Mapping[str, Any] = profiles.settings(profiles.selected) or {}
    section = settings.get("services")
    found = profiles.config.get(("services", section or ""))
    if section and found is None:
        raise CredentialsError(f"profile {profiles.selected} names [services {section}], which the config file does not have")
    places = ((found or {}).get(service), settings)
    configured = profiles.world.variable(f"AWS_ENDPOINT_URL_{service.upper()}") or profiles.world.variable("AWS_ENDPOINT_URL")
    configured = configured or next((each["endpoint_url"] for each in places if isinstance(each, dict) and each.get("endpoint_url")), None)
    if configured:
        try:
            _split_url(configured)
        except RequestError as error:
            raise CredentialsError(f"the endpoint that is configured for {service} is not a URL: {error}") from error
    return configured


def _endpoint(profiles: _Profiles, service: str, host: str, region: str | None, argument: str | None = None) -> str:
    """Return the URL of a service, in the order of all SDKs: argument, environment, services section, profile, region."""
    endpoint = argument or _configured_endpoint(profiles, service)
    if endpoint:
        return endpoint
    if region is None:
        raise CredentialsError(f"{host} needs a region: pass region=, or set AWS_REGION or the profile's region")
    partition = _require_partition(region)
    fips = _flag(profiles, "AWS_USE_FIPS_ENDPOINT") and partition.name != "aws-us-gov"
    dual_stack = _flag(profiles, "AWS_USE_DUALSTACK_ENDPOINT")
    return f"https://{host}{'-fips' if fips else ''}.{region}.{f'api.{partition.other_suffix}' if dual_stack else partition.suffix}"


# Requests for credentials, and what is read from responses and files.


def _send(world: _World, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float, **options: Any) -> Response:
    """Return the response to a request that is sent as it is: no redirect is followed. options: of the default transport.

    Raises ConnectionFailed, whose cause says why, if there was none.
    """
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise CredentialsError(f"the value for the header {name} contains a line break or another character that is not allowed")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise CredentialsError(f"{_safe_url(url)} contains characters that must be percent-encoded")
    request = SignedRequest(method, url, dict(headers), body, "", "", "")
    pool = _ConnectionPool()
    try:
        status, received, raw = world.transport(request, timeout) if world.transport else pool.send(request, timeout, **options)
        data = b""
        with Response(status, received, raw, request) as response:
            for piece in response:
                data += piece
                if len(data) > CREDENTIALS_CAP:
                    break
    except Exception as error:
        if isinstance(error, SigV4Error) or not _is_connection_failure(error):
            raise
        raise ConnectionFailed(f"no response ({type(getattr(error, 'reason', error)).__name__})", attempts=1) from error
    finally:
        pool.close()
    if len(data) > CREDENTIALS_CAP:
        raise CredentialsError(f"the response of {_safe_url(url)} has more than {CREDENTIALS_CAP} bytes, so it is not credentials")
    return Response(response.status, response.headers, data, request)


def _call_service(
    profiles: _Profiles, source: str, method: str, url: str, headers: Callable[[], dict[str, str]], body: bytes | None
) -> Response:
    """Return a successful response of STS, SSO, OIDC, Cognito or sign-in. Throttling, 5xx and failed connections are retried."""
    world, cafile = profiles.world, _setting(profiles, "AWS_CA_BUNDLE")
    attempts = max(1, int(_number(None, profiles, "AWS_MAX_ATTEMPTS", SERVICE_ATTEMPTS)))
    failure = CredentialsError(f"{source}: no attempt was made")
    begun, waited = world.clock(), 0.0
    for attempt in range(attempts):
        first, longest = TRANSIENT_BACKOFF
        asked = None
        try:
            response = _send(
                world, method, url, headers(), body, SERVICE_TIMEOUT, cafile=cafile, connect_timeout=CONNECT_TIMEOUT,
                time_limit=SERVICE_TIMEOUT,
            )  # fmt: skip
        except ConnectionFailed as error:
            failure = CredentialsError(f"{source}: {_safe_url(url)}: {error}")
            is_final = _is_permanent(error.__cause__)
        else:
            if response.status == 200:
                return response
            code, message = response.error()
            text = f"{source}: {_safe_url(url)} responded with {response.status}, {response._error_text()}"
            failure = (_LogInAgain if code in FINAL_CODES else CredentialsError)(text)
            is_throttled = response._is_throttled() or (code == UNVERIFIED_TOKEN and NO_VERIFICATION_KEY in (message or ""))
            is_final = not (is_throttled or response._may_pass() or (code or "").startswith(TRANSIENT_PREFIXES))
            if is_throttled:
                first, longest = THROTTLED_BACKOFF
                asked = response._retry_after(world.clock())
        wait = _random() * min(first * 2.0**attempt, longest) if asked is None else asked
        waited += wait
        if is_final or attempt == attempts - 1 or max(waited, world.clock() - begun + wait) > SERVICE_LIMIT:
            break
        _log(DEBUG, "%s; the next attempt follows in %.1f s", failure, wait)
        world.sleep(wait)
    raise failure


def _call_sts(
    world: _World, parameters: Mapping[str, Any], credentials: Credentials | None, *, source: str, region: str | None,
    endpoint_url: str | None, prepare: Any = None,
) -> tuple[Credentials, str]:  # fmt: skip
    """Return the credentials in the response to an action of STS, signed with `credentials`, or unsigned if it needs none.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    profiles = _Profiles(world)
    region = _region(profiles, region) or STS_DEFAULT_REGION
    url = _endpoint(profiles, "sts", "sts", region, endpoint_url)
    guess = guess_service_region(url)
    signing_region = guess[1] if guess and guess[0] == "sts" else region
    session_name = parameters.get("RoleSessionName") or f"sigv4-{int(world.clock() * 1000)}"
    fields = [("Version", "2011-06-15")]
    for name, value in {**parameters, "RoleSessionName": session_name}.items():
        if isinstance(value, (list, tuple)):
            for number, member in enumerate(value, 1):
                parts = member.items() if isinstance(member, dict) else [("", member)]
                fields += [(f"{name}.member.{number}{'.' + part if part else ''}", str(text)) for part, text in parts]
        elif value is not None and value != "":
            fields.append((name, str(value)))
    body = "&".join([f"{name}={_quote(value)}" for name, value in fields]).encode()

    def headers() -> dict[str, str]:
        given = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        if prepare is not None:
            prepare(given)
        if credentials is None:
            return given
        return Signer(credentials, clock=world.clock).sign("POST", url, given, body, service="sts", region=signing_region).headers

    text = _call_service(profiles, source, "POST", url, headers, body).text
    return _xml_credentials(text, source, _xml_text(text, "Arn")), source


def _credentials_from(fields: Any, source: str, names: str = DEFAULT_FIELDS, must_expire: bool = True) -> Credentials:
    """Return Credentials from a parsed response, by the names that it has for their five fields."""
    key, secret, token, end, account = [fields.get(name) if isinstance(fields, dict) else None for name in names.split()]
    if not isinstance(key, str) or not isinstance(secret, str) or not key or not secret:
        raise CredentialsError(f"{source}: the response has no access key and secret")
    if end is None and must_expire:
        raise CredentialsError(f"{source}: the response has no Expiration")
    expiration = None if end is None else _require_time(end, source)
    return Credentials(key, secret, token or None, expiration, str(account) if isinstance(account, (str, int)) else None)


def _xml_credentials(text: str, source: str, arn: str = "") -> Credentials:
    """Return Credentials from the XML of STS or S3. arn: of the user, which contains the account."""
    fields: dict[str, Any] = {name: _xml_text(text, name) or None for name in DEFAULT_FIELDS.split()}
    return _credentials_from({**fields, "AccountId": arn.split(":")[4] if arn.count(":") > 4 else None}, source)


def _metadata_credentials(response: Response, source: str) -> Credentials:
    """Return Credentials from the JSON of a container's agent or of an instance's metadata service."""
    fields = _parse_object(response.body, source)
    if fields.get("code", "Success") != "Success":
        text = f"{str(fields['code'])[:100]}: {str(fields.get('message') or '')[:300]}"
        raise CredentialsError(f"{source}: {_printable(text)}")
    return _credentials_from(fields, source, "accesskeyid secretaccesskey token expiration accountid")


def _static_credentials(settings: Mapping[str, Any], profile: str) -> Credentials:
    """Return the static keys of a profile."""
    key, secret = settings.get("aws_access_key_id"), settings.get("aws_secret_access_key")
    if not key or not secret:
        present, missing = ("aws_access_key_id", "aws_secret_access_key") if key else ("aws_secret_access_key", "aws_access_key_id")
        raise CredentialsError(f"profile {profile} has {present} but no {missing}")
    token = settings.get("aws_session_token") or settings.get("aws_security_token") or None
    return Credentials(key, secret, token, None, settings.get("aws_account_id") or None)


def _parse_object(data: bytes, source: str) -> dict[str, Any]:
    """Return the members of a JSON object by lower-case name, empty if it is not an object."""
    try:
        fields = _from_json(data)
    except ValueError as error:
        raise CredentialsError(f"{source}: the response is not JSON") from error
    return {str(name).lower(): value for name, value in fields.items()} if isinstance(fields, dict) else {}


def _read_token_file(path: str | None) -> str:
    """Return a token as its file contains it."""
    try:
        with open(path or "", encoding="utf-8", newline="") as file:
            return file.read(CREDENTIALS_CAP)
    except (OSError, ValueError) as error:
        raise CredentialsError(f"the token file {path} cannot be read: {type(error).__name__}") from error


def _read_cache(path: str | None) -> dict[str, Any] | None:
    """Return the JSON object in a file, or None if it cannot be read, as if the file did not exist."""
    try:
        with open(path or "", "rb") as file:
            fields = _from_json(file.read())
    except (OSError, ValueError):
        return None
    return fields if isinstance(fields, dict) else None


def _write_cache(path: str, fields: dict[str, Any]) -> None:
    """Replace a file atomically, readable by its owner only. If that fails, what was fetched is used without it."""
    from tempfile import mkstemp

    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, temporary = mkstemp(dir=folder)  # of mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(_to_json(fields))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        _log(WARNING, "%s could not be written: %s", path, type(error).__name__)


# The providers, in the order of the default chain. **world: env, transport, clock, sleep and run in place of the real ones.


def from_env(**world: Any) -> Provider:
    """Return a Provider of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION, AWS_ACCOUNT_ID.

    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-static-credentials.html
    """
    outside = _World(**world)

    def load() -> tuple[Credentials, str]:
        key, secret = outside.variable("AWS_ACCESS_KEY_ID"), outside.variable("AWS_SECRET_ACCESS_KEY")
        if key is None:
            raise CredentialsNotFound("environment: AWS_ACCESS_KEY_ID is not set")
        if secret is None:
            raise CredentialsError("environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")
        end = outside.variable("AWS_CREDENTIAL_EXPIRATION")
        expiration = None if end is None else _require_time(end, "AWS_CREDENTIAL_EXPIRATION")
        token = outside.variable("AWS_SESSION_TOKEN") or outside.variable("AWS_SECURITY_TOKEN")
        return Credentials(key, secret, token, expiration, outside.variable("AWS_ACCOUNT_ID")), "environment"

    return outside.make_provider(load)


def from_assume_role(
    role_arn: str, *, source: Any = None, session_name: str | None = None, duration: int | None = None, external_id: str | None = None,
    policy: str | None = None, policy_arns: Sequence[str] = (), tags: Mapping[str, str] | None = None,
    transitive_tag_keys: Sequence[str] = (), serial_number: str | None = None, mfa_code: Callable[[str], str] | None = None,
    source_identity: str | None = None, region: str | None = None, endpoint_url: str | None = None, expiration_margin: float | None = None,
    prepare: Callable[[dict[str, str]], object] | None = None, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of a role's credentials from STS AssumeRole.

    source: Credentials or a provider to assume it from, asked at each refresh; None means default_chain(). session_name: generated
    if it is None. duration: seconds, 900 to 43200. policy: JSON. mfa_code: called with serial_number, returns the device's code.
    expiration_margin: seconds before their end at which others are fetched. prepare: called with the dict of headers of the
    request to STS before it is signed; it may add to it. The other arguments are STS's.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    if expiration_margin is not None and not (isinstance(expiration_margin, (int, float)) and 0 <= expiration_margin < YEAR_2100):
        raise RequestError("expiration_margin must be a number of seconds, 0 or more")
    outside = _World(**world)
    source = _extension("default_chain")(**world) if source is None else source
    find_source = Signer(source)._current_credentials
    parameters = {
        "Action": "AssumeRole",
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

    def load() -> tuple[Credentials, str]:
        name = f"AssumeRole for {role_arn}"
        if serial_number and mfa_code is None:
            raise CredentialsError(
                f"{name} needs a code of the MFA device {serial_number}: pass mfa_code=, a function of its serial number"
            )
        credentials = find_source()
        code = mfa_code(serial_number) if serial_number and mfa_code else None
        fields = {**parameters, "TokenCode": code}
        return _call_sts(outside, fields, credentials, source=name, region=region, endpoint_url=endpoint_url, prepare=prepare)

    return outside.make_provider(load, margin=expiration_margin, sources=[source])


def from_web_identity(
    role_arn: str | None = None, *, token: str | Callable[[], str] | None = None, token_file: str | None = None,
    session_name: str | None = None, provider_id: str | None = None, policy: str | None = None, policy_arns: Sequence[str] = (),
    duration: int | None = None, region: str | None = None, endpoint_url: str | None = None, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of a role's credentials from STS AssumeRoleWithWebIdentity, for Kubernetes and OpenID providers.

    token: the identity's token, or a callable that returns it. token_file: its file, read at each refresh. Arguments that are None
    are taken from AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """
    outside = _World(**world)

    def load() -> tuple[Credentials, str]:
        path = token_file or outside.variable("AWS_WEB_IDENTITY_TOKEN_FILE")
        if token is None and path is None:
            raise CredentialsNotFound("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        role = role_arn or outside.variable("AWS_ROLE_ARN")
        if role is None:
            raise CredentialsError("web identity: there is a token, but neither role_arn nor AWS_ROLE_ARN")
        # The line break at the end of a file is not part of the token.
        found: Any = (
            _read_token_file(_expand_path(outside, path)).rstrip("\r\n") if token is None else token() if callable(token) else token
        )
        parameters = {
            "Action": "AssumeRoleWithWebIdentity",
            "RoleArn": role,
            "RoleSessionName": session_name or outside.variable("AWS_ROLE_SESSION_NAME"),
            "ProviderId": provider_id,
            "Policy": policy,
            "PolicyArns": [{"arn": arn} for arn in policy_arns],
            "DurationSeconds": duration,
            "WebIdentityToken": found.decode() if isinstance(found, bytes) else found,
        }
        name = f"AssumeRoleWithWebIdentity for {role}"
        return _call_sts(outside, parameters, None, source=name, region=region, endpoint_url=endpoint_url)

    return outside.make_provider(load)


SSO_REFRESH_WINDOW = 900.0  # seconds before its end from which on an SSO token is refreshed
SSO_ATTEMPT_INTERVAL = 60.0  # seconds between two attempts to refresh it
_sso_attempts: dict[str, float] = {}  # when the token in a file was last tried to be refreshed


def from_sso(
    profile: str | None = None, *, start_url: str | None = None, session: str | None = None, sso_region: str | None = None,
    account_id: str | None = None, role_name: str | None = None, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of a role's credentials from IAM Identity Center, by the token of `aws sso login`, which it refreshes.

    profile: one that has the sso_ settings. The other arguments override these settings.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html and
    https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
    """
    outside = _World(**{**world, "profile": profile})
    arguments = {
        "sso_start_url": start_url,
        "sso_session": session,
        "sso_region": sso_region,
        "sso_account_id": account_id,
        "sso_role_name": role_name,
    }
    given = {name: value for name, value in arguments.items() if value}

    def load() -> tuple[Credentials, str]:
        profiles = _Profiles(outside)
        source = "SSO" if given and not profile else f"SSO of profile {profiles.selected}"
        settings = {**({} if given and not profile else profiles.require(profiles.selected)), **given}
        settings = _with_sso_session(profiles, settings, source)
        missing = [name for name in ("sso_start_url", "sso_region", "sso_account_id", "sso_role_name") if not settings.get(name)]
        if missing:
            raise CredentialsError(f"{source} lacks {' and '.join(missing)}")
        region = _region(profiles, settings["sso_region"])
        token = _sso_token(profiles, settings, source)
        url = _endpoint(profiles, "sso", "portal.sso", region).rstrip("/")
        role, account = _quote(settings["sso_role_name"]), _quote(settings["sso_account_id"])
        url += f"/federation/credentials?role_name={role}&account_id={account}"
        response = _call_service(profiles, source, "GET", url, lambda: {"x-amz-sso_bearer_token": token}, None)
        fields = _parse_object(response.body, source).get("rolecredentials")
        if isinstance(fields, dict) and isinstance(fields.get("expiration"), int):
            fields = {**fields, "expiration": min(fields["expiration"], YEAR_2100 * 1000) / 1000, "account": settings["sso_account_id"]}
        return _credentials_from(fields, source, "accessKeyId secretAccessKey sessionToken expiration account"), source

    return outside.make_provider(load)


def _with_sso_session(profiles: _Profiles, settings: Mapping[str, str], source: str) -> dict[str, str]:
    """Return SSO settings with those of their [sso-session]."""
    session = settings.get("sso_session")
    if not session:
        return dict(settings)
    section = profiles.config.get(("sso-session", session))
    if section is None and not (settings.get("sso_start_url") and settings.get("sso_region")):
        raise CredentialsError(f"{source} names [sso-session {session}], which the config file does not have")
    for key in ("sso_region", "sso_start_url"):
        if section and key in section and settings.get(key, section[key]) != section[key]:
            raise CredentialsError(f"{source} and [sso-session {session}] differ in {key}")
    return {**settings, **(section or {})}


def _sso_token(profiles: _Profiles, settings: Mapping[str, str], source: str) -> str:
    """Return the access token in the cache of the AWS CLI. That of a session is refreshed if it is about to expire."""
    session = settings.get("sso_session")
    world = profiles.world
    path = _home(world, ".aws", "sso", "cache", sha1((session or settings["sso_start_url"]).encode()).hexdigest() + ".json")
    log_in = f"log in again: aws sso login{f' --sso-session {session}' if session else ''}"
    cached = _read_cache(path)
    if cached is None or not cached.get("accessToken") or not cached.get("expiresAt"):
        raise _LogInAgain(f"{source}: there is no SSO token in {path}; {log_in}")
    left = _require_time(cached["expiresAt"], f"{path}, expiresAt").timestamp() - world.clock()
    if session and left < SSO_REFRESH_WINDOW:
        cached = _refresh_sso_token(profiles, source, str(path), cached, settings["sso_region"]) or cached
        left = _require_time(cached["expiresAt"], f"{path}, expiresAt").timestamp() - world.clock()
    if left <= 0:
        raise _LogInAgain(f"{source}: the SSO token in {path} has expired; {log_in}")
    return str(cached["accessToken"])


def _refresh_sso_token(profiles: _Profiles, source: str, path: str, cached: dict[str, Any], region: str) -> dict[str, Any] | None:
    """Return the cached fields with a new token, written back, or None if it cannot be refreshed or that was tried a moment ago."""
    now = profiles.world.clock()
    keys = ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")
    if not all(cached.get(key) for key in keys) or abs(now - _sso_attempts.get(path, float("-inf"))) < SSO_ATTEMPT_INTERVAL:
        return None
    if _require_time(cached["registrationExpiresAt"], f"{path}, registrationExpiresAt").timestamp() <= now:
        return None
    _remember(_sso_attempts, path, now)
    body = _to_json({"grantType": "refresh_token", **{key: cached[key] for key in keys[:3]}}).encode()
    headers = {"Content-Type": "application/json"}
    try:
        url = _endpoint(profiles, "sso_oidc", "oidc", region).rstrip("/") + "/token"
        received = _parse_object(_call_service(profiles, source, "POST", url, lambda: headers, body).body, source)
        token, seconds = received["accesstoken"], float(received["expiresin"])
    except (CredentialsError, KeyError, OverflowError, TypeError, ValueError):
        return None
    if not isinstance(token, str) or not token or not 0 <= seconds < YEAR_2100:
        return None
    fresh = {**cached, "accessToken": token, "expiresAt": _format_iso8601(now + seconds)}
    fresh["refreshToken"] = received.get("refreshtoken") or cached["refreshToken"]
    _write_cache(path, fresh)
    return fresh


LOGIN_REFRESH_WINDOW = 300.0  # seconds before their end from which on the credentials of `aws login` are refreshed
P256_OID = bytes.fromhex("06082a8648ce3d030107")  # prime256v1 in DER


LOGIN_FIELDS = "accessKeyId secretAccessKey sessionToken expiresAt accountId"
LOG_IN_AGAIN = "log in again: aws login"


def from_login(profile: str | None = None, **world: Any) -> Provider:
    """Return a Provider of the credentials of `aws login`, for a profile that has login_session. They are refreshed as the CLI does.

    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: botocore, credentials.py, LoginProvider; RFC 9449 (DPoP)
    """
    outside = _World(**{**world, "profile": profile})

    def load() -> tuple[Credentials, str]:
        profiles = _Profiles(outside)
        source = f"login session of profile {profiles.selected}"
        session = profiles.require(profiles.selected).get("login_session")
        if not session:
            raise CredentialsNotFound(f"profile {profiles.selected} has no login_session")
        directory = outside.variable("AWS_LOGIN_CACHE_DIRECTORY")
        folder = _expand_path(outside, directory) if directory else _home(outside, ".aws", "login", "cache")
        path = os.path.join(folder or "", sha256(session.strip().encode()).hexdigest() + ".json")
        cached = _read_cache(path)
        if cached is None:
            raise _LogInAgain(f"{source}: there is no session in {path}; {LOG_IN_AGAIN}")
        missing = [name for name in ("accessToken", "refreshToken", "clientId", "dpopKey") if not cached.get(name)]
        if missing:
            raise _LogInAgain(f"{source}: {path} lacks {' and '.join(missing)}; {LOG_IN_AGAIN}")
        credentials = _credentials_from(cached["accessToken"], source, LOGIN_FIELDS)
        if credentials._expires_at - outside.clock() <= LOGIN_REFRESH_WINDOW:
            cached = _refresh_login(profiles, cached, source)
            credentials = _credentials_from(cached["accessToken"], source, LOGIN_FIELDS)
            _write_cache(path, cached)
        return credentials, source

    return outside.make_provider(load)


def _refresh_login(profiles: _Profiles, cached: dict[str, Any], source: str) -> dict[str, Any]:
    """Return the cached fields of a login session with fresh credentials."""
    world = profiles.world
    region = _region(profiles)
    if region is None:
        raise CredentialsError(f"{source} needs a region: set AWS_REGION or the profile's region")
    default = f"https://{region}.signin.{_require_partition(region).sign_in_suffix}"
    url = (_configured_endpoint(profiles, "signin") or default).rstrip("/") + "/v1/token"
    key = _read_private_key(cached["dpopKey"], source)
    body = _to_json({"clientId": cached["clientId"], "grantType": "refresh_token", "refreshToken": cached["refreshToken"]}).encode()

    def headers() -> dict[str, str]:
        return {"Content-Type": "application/json", "DPoP": _dpop_proof(key, url, int(world.clock()))}

    try:
        received = _parse_object(_call_service(profiles, source, "POST", url, headers, body).body, source)
    except _LogInAgain as error:
        raise _LogInAgain(f"{error}; {LOG_IN_AGAIN}") from error
    fresh, seconds = received.get("accesstoken"), received.get("expiresin")
    if not isinstance(fresh, dict) or not isinstance(seconds, (int, float)) or not 0 <= seconds < YEAR_2100:
        raise CredentialsError(f"{source}: the response has no accessToken")
    kept = {name: fresh.get(name) for name in LOGIN_FIELDS.split()[:3]}
    token = {**cached["accessToken"], **kept, "expiresAt": _format_iso8601(world.clock() + seconds)}
    return {**cached, "accessToken": token, "refreshToken": received.get("refreshtoken") or cached["refreshToken"]}


def _dpop_proof(key: int, url: str, now: int) -> str:
    """Return a JSON Web Token, signed with ES256, that proves possession of the key for one POST to the URL (RFC 9449 4.2)."""
    from uuid import uuid4

    x, y = (_base64url(number.to_bytes(32, "big")) for number in _multiply_base(key))
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}
    claims = {"jti": str(uuid4()), "htm": "POST", "htu": url, "iat": now}
    text = ".".join([_base64url(_to_json(part).encode()) for part in (header, claims)])
    r, s = _sign_p256(key, sha256(text.encode()).digest())
    return f"{text}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _read_private_key(pem: Any, source: str) -> int:
    """Return the scalar of a P-256 key in PEM: an ECPrivateKey (RFC 5915), as it is or in PKCS 8.

    Both contain version 1 and the 32 bytes of the scalar. The curve is named before or after them; an ECPrivateKey may omit it.
    """
    lines = [line.strip() for line in str(pem).strip().splitlines()] or [""]
    try:
        data = a2b_base64("".join(lines[1:-1]))
    except ValueError:
        data = b""
    _, _, rest = data.partition(b"\2\1\1\4\x20")
    is_p256 = P256_OID in data or (lines[0] == "-----BEGIN EC PRIVATE KEY-----" and rest[32:33] != b"\xa0")
    key = int.from_bytes(rest[:32], "big")
    if not is_p256 or len(rest) < 32 or not 1 <= key < P256_N:
        raise CredentialsError(f"{source}: dpopKey is not a P-256 key in PEM")
    return key


def from_process(command: str | None = None, *, profile: str | None = None, **world: Any) -> Provider:
    """Return a Provider of what a command prints, in the format of credential_process. None means the profile's command.

    No shell sees the command: a pipeline needs sh -c '...'.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    import shlex

    outside = _World(**{**world, "profile": profile})

    def load() -> tuple[Credentials, str]:
        text, account_id, source = command, None, "credential_process"
        if text is None:
            profiles = _Profiles(outside)
            settings = profiles.require(profiles.selected)
            text, account_id = settings.get("credential_process"), settings.get("aws_account_id")
            source = f"credential_process of profile {profiles.selected}"
            if not text:
                raise CredentialsNotFound(f"profile {profiles.selected} has no credential_process")
        try:
            # On Windows the program itself splits its command line, by the rules of the C runtime.
            arguments: Any = text if os.name == "nt" else shlex.split(text)
            if not arguments:
                raise ValueError("the command is empty")
            status, out, err = (outside.run or _run_process)(arguments)
        except (OSError, ValueError) as error:
            raise CredentialsError(f"{source} cannot be run: {type(error).__name__}: {error}") from error
        if status != 0:
            reason = _printable(err.decode("utf-8", "replace").strip())
            raise CredentialsError(f"{source} ended with status {status}{': ' + reason[-500:] if reason else ''}")
        fields = _parse_object(out, source)
        if fields.get("version") != 1 or isinstance(fields.get("version"), bool):
            raise CredentialsError(f'{source} must print JSON with "Version": 1')
        names = "accesskeyid secretaccesskey sessiontoken expiration accountid"
        fields["accountid"] = fields.get("accountid") or account_id
        credentials = _credentials_from(fields, source, names, must_expire=False)
        return credentials, source

    return outside.make_provider(load)


def _run_process(arguments: Any) -> tuple[int, bytes, bytes]:
    """Return (exit status, stdout, stderr) of a command that no shell sees and whose standard input is empty."""
    from subprocess import DEVNULL, PIPE, run

    done = run(arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, check=False)
    return done.returncode, done.stdout, done.stderr


CONTAINER_HOST = "169.254.170.2"
# Hosts that are sent an authorization token over plain http, beside 127.0.0.0/8.
CONTAINER_HOSTS = frozenset({CONTAINER_HOST, "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]"})
CONTAINER_RETRY_INTERVAL = 1  # seconds


def from_container(
    *, relative_uri: str | None = None, full_uri: str | None = None, token: str | None = None, token_file: str | None = None,
    timeout: float = 2, attempts: int = 3, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of a container's agent: ECS, EKS Pod Identity, Greengrass, Lambda SnapStart, or any https URL.

    Arguments that are None are taken from AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, AWS_CONTAINER_CREDENTIALS_FULL_URI,
    AWS_CONTAINER_AUTHORIZATION_TOKEN and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE. timeout: seconds.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    outside = _World(**world)

    def load() -> tuple[Credentials, str]:
        relative = relative_uri or (None if full_uri else outside.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
        url = full_uri or outside.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if relative:
            url = f"http://{CONTAINER_HOST}/{relative.lstrip('/')}"
        if not url:
            raise CredentialsNotFound(
                "container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
            )
        source = f"container credentials from {_safe_url(url)}"
        if _check_container_url(url) == "http":
            options: dict[str, Any] = {"uses_proxy": False}  # a proxy would take the address for one of its own
        else:
            options = {"cafile": _setting(_Profiles(outside), "AWS_CA_BUNDLE")}
        failure = CredentialsError(f"{source}: no attempt was made")
        for attempt in range(max(1, attempts)):
            if attempt:
                outside.sleep(CONTAINER_RETRY_INTERVAL)
            path = token_file or outside.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
            authorization = (
                _read_token_file(_expand_path(outside, path)) if path else token or outside.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")
            )
            headers = {"Accept": "application/json", **({"Authorization": authorization} if authorization else {})}
            try:
                response = _send(outside, "GET", url, headers, None, timeout, **options)
            except ConnectionFailed as error:
                failure = CredentialsError(f"{source}: {error}")
                continue
            if response.status != 200:
                failure = CredentialsError(f"{source}: the response was {response.status}, {response._error_text()}")
                if response._may_pass():
                    continue
                break
            try:
                return _metadata_credentials(response, source), source
            except CredentialsError as error:
                failure = error
        raise failure

    return outside.make_provider(load, keeps_expired=True)


def _check_container_url(url: str) -> str:
    """Return the scheme of an agent's URL. Raise CredentialsError if a token must not be sent to it."""
    try:
        origin, _, _ = _split_url(url)
    except RequestError as error:
        raise CredentialsError(f"container: {error}") from error
    authority = origin.authority
    host = authority if authority.endswith("]") else authority.rpartition(":")[0] if ":" in authority.rpartition("]")[2] else authority
    octets = host.split(".")
    loopback = len(octets) == 4 and octets[0] == "127" and all(octet.isdigit() and int(octet) < 256 for octet in octets)
    if origin.scheme != "https" and not (origin.scheme == "http" and (loopback or host in CONTAINER_HOSTS)):
        raise CredentialsError(f"container: {_safe_url(url)} is neither https nor an address of this machine or of a container's agent")
    return origin.scheme


METADATA_TOKEN_LIFE = 21600  # seconds
METADATA_HOSTS = {"ipv4": "http://169.254.169.254", "ipv6": "http://[fd00:ec2::254]"}
METADATA_ROLES = "/latest/meta-data/iam/security-credentials/"
METADATA_TIMEOUT, METADATA_ATTEMPTS = 1.0, 1  # seconds; botocore's defaults
METADATA_QUICK_ATTEMPTS, METADATA_QUICK_INTERVAL = 3, 0.1  # for 5xx and 429; seconds, times the number of the attempt


def from_instance_metadata(
    *, endpoint: str | None = None, endpoint_mode: str | None = None, timeout: float | None = 1, attempts: int | None = 1,
    v1_disabled: bool | None = None, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of the role of an EC2 instance, from its metadata service: version 2, or 1 if 2 is refused and 1 allowed.

    endpoint: a URL. endpoint_mode: "ipv4" or "ipv6". timeout: seconds. Arguments that are None are taken from the environment and
    the profile, which also override 1 for timeout and attempts.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html and
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
    """
    outside = _World(**world)
    token, token_until = "", 0.0

    def load() -> tuple[Credentials, str]:
        nonlocal token, token_until
        if (outside.variable("AWS_EC2_METADATA_DISABLED") or "").lower() == "true":
            raise CredentialsNotFound("instance metadata: disabled by AWS_EC2_METADATA_DISABLED")
        profiles = _Profiles(outside)
        mode = (endpoint_mode or _setting(profiles, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") or "ipv4").lower()
        base = endpoint or _setting(profiles, "AWS_EC2_METADATA_SERVICE_ENDPOINT") or METADATA_HOSTS.get(mode)
        if base is None or mode not in METADATA_HOSTS:
            raise CredentialsError("instance metadata: the endpoint mode must be ipv4 or ipv6")
        wait = _number(None if timeout == 1 else timeout, profiles, "AWS_METADATA_SERVICE_TIMEOUT", METADATA_TIMEOUT)
        count = _number(None if attempts == 1 else attempts, profiles, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", METADATA_ATTEMPTS)
        service = _MetadataService(outside, base, wait, max(1, int(count)))
        for is_last in (False, True):
            if is_last or token_until <= outside.clock():
                disabled = _flag(profiles, "AWS_EC2_METADATA_V1_DISABLED") if v1_disabled is None else v1_disabled
                token = service.fetch_token(disabled)
                token_until = outside.clock() + METADATA_TOKEN_LIFE - 60 if token else 0
            headers = {"x-aws-ec2-metadata-token": token} if token else {}
            response = service.request("GET", METADATA_ROLES, headers)
            if response.status == 404:
                raise CredentialsNotFound(f"{service.source}: no role is attached to this instance")
            if response.status == 200:
                role = _quote(response.text.strip().split("\n")[0].strip())
                response = service.request("GET", METADATA_ROLES + role, headers)
            if response.status != 401:
                break
        if response.status != 200:
            kind = CredentialsError if response.status >= 500 else CredentialsNotFound
            raise kind(f"{service.source}: the response was {response.status}")
        credentials = _metadata_credentials(response, service.source)
        if credentials._expires_at <= outside.clock():  # static stability: AWS may extend them, so they are used and asked for again soon
            shortest, longest = RETRY_WINDOW
            delay = shortest + (longest - shortest) * _random() + SHORTEST_WINDOW
            credentials = _with_expiration(credentials, outside.clock() + delay)
        return credentials, service.source

    return outside.make_provider(load, keeps_expired=True)


class _TimedOut(CredentialsNotFound):
    """The metadata service accepted the connection, but did not respond."""


class _MetadataService:
    """Requests to an instance's metadata service. timeout: seconds."""

    def __init__(self, world: _World, base: str, timeout: float, attempts: int) -> None:
        try:
            _split_url(base)
        except RequestError as error:
            raise CredentialsError(f"instance metadata: {error}") from error
        self.world, self.base, self.timeout, self.attempts = world, base.rstrip("/"), timeout, attempts
        self.source = f"instance metadata of {self.base}"

    def request(self, method: str, path: str, headers: dict[str, str]) -> Response:
        """Return a response. 5xx and 429 are retried quickly, connection failures up to `attempts`."""
        failed = received = 0
        while True:
            try:
                response = _send(self.world, method, self.base + path, headers, None, self.timeout, uses_proxy=False)
            except ConnectionFailed as error:
                failed += 1
                if failed >= self.attempts:
                    cause = error.__cause__
                    slow = isinstance(cause, TimeoutError) or type(cause).__name__ == "timeout"  # urllib wraps those of connecting
                    raise (_TimedOut if slow else CredentialsNotFound)(f"{self.source}: {error}") from cause
                continue
            received += 1
            if not response._may_pass() or received >= METADATA_QUICK_ATTEMPTS:
                return response
            self.world.sleep(METADATA_QUICK_INTERVAL * received)

    def fetch_token(self, v1_disabled: bool) -> str:
        """Return a session token of version 2, or an empty string if only version 1 responds and is allowed."""
        try:
            response = self.request("PUT", "/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": str(METADATA_TOKEN_LIFE)})
            if response.status == 200 and response.text.strip():
                return response.text.strip()
            if response.status not in (403, 404, 405):
                raise CredentialsError(f"{self.source}: the response to the request for a token was {response.status}")
            reason = f"the response was {response.status}"
        except _TimedOut:
            reason = "no response in time, as in a container behind a hop limit of 1"
        if v1_disabled:
            raise CredentialsError(f"{self.source}: the request for a token failed ({reason}), and version 1 is disabled")
        return ""


def _number(argument: float | None, profiles: _Profiles, variable: str, default: float) -> float:
    """Return an argument, else a setting if it is a number above 0 and below an hour, else the default."""
    try:
        number = float(_setting(profiles, variable) or default) if argument is None else argument
    except ValueError:
        return default
    return number if 0 < number < 3600 else default


_identities: dict[str, str] = {}  # identity ids of Cognito pools


def from_cognito_identity(
    identity_id: str, *, logins: Mapping[str, str | Callable[[], str]] | None = None, custom_role_arn: str | None = None,
    region: str | None = None, endpoint_url: str | None = None, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of the credentials of a Cognito identity. logins: {provider: token, or a callable that returns it}.

    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html
    """
    outside = _World(**world)

    def load() -> tuple[Credentials, str]:
        fields = {"IdentityId": identity_id, "CustomRoleArn": custom_role_arn, "Logins": _read_logins(logins)}
        place = region or identity_id.partition(":")[0]
        received = _call_cognito(outside, "GetCredentialsForIdentity", fields, place, endpoint_url)
        source = f"Cognito identity {identity_id}"
        return _credentials_from(received.get("credentials"), source, "AccessKeyId SecretKey SessionToken Expiration -"), source

    return outside.make_provider(load)


def from_cognito_identity_pool(
    identity_pool_id: str, *, account_id: str | None = None, logins: Mapping[str, str | Callable[[], str]] | None = None,
    custom_role_arn: str | None = None, user_identifier: str | None = None, cache: Any = None, region: str | None = None,
    endpoint_url: str | None = None, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of the credentials of an identity in a Cognito pool.

    cache: a mapping for the identity's id; None means one of this process. The id is kept for guests and, with a user_identifier,
    for users who have logged in. The other arguments are those of from_cognito_identity.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html
    """
    outside = _World(**world)
    user = user_identifier or (None if logins else "ANONYMOUS")
    cache_key = f"aws:cognito-identity-credentials:{identity_pool_id}:{user}"
    ids = _identities if cache is None else cache
    place = region or identity_pool_id.partition(":")[0]

    def load() -> tuple[Credentials, str]:
        identity = ids.get(cache_key) if user else None
        try:
            if not identity:
                fields = {"IdentityPoolId": identity_pool_id, "AccountId": account_id, "Logins": _read_logins(logins)}
                identity = _call_cognito(outside, "GetId", fields, place, endpoint_url).get("identityid")
                if not isinstance(identity, str):
                    raise CredentialsError(f"Cognito GetId for {identity_pool_id}: the response has no IdentityId")
                if user:
                    ids[cache_key] = identity
            found = from_cognito_identity(
                identity, logins=logins, custom_role_arn=custom_role_arn, region=place, endpoint_url=endpoint_url, **world
            )
            return found._load()
        except Exception:
            ids.pop(cache_key, None)
            raise

    return outside.make_provider(load)


def _read_logins(logins: Mapping[str, Any] | None) -> dict[str, str]:
    """Return logins with the values that their callables return."""
    return {name: value if isinstance(value, str) else value() for name, value in (logins or {}).items()}


def _call_cognito(world: _World, action: str, fields: Mapping[str, Any], region: str, endpoint_url: str | None) -> dict[str, Any]:
    """Return the response to an action of Cognito, which needs no signature."""
    profiles = _Profiles(world)
    url = _endpoint(profiles, "cognito_identity", "cognito-identity", _region(profiles, region), endpoint_url)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"AWSCognitoIdentityService.{action}"}
    body = _to_json({name: value for name, value in fields.items() if value}).encode()
    source = f"Cognito {action}"
    return _parse_object(_call_service(profiles, source, "POST", url, lambda: headers, body).body, source)


def from_s3_express(bucket_url: str, *, source: Any = None, mode: str | None = None, **world: Any) -> Provider:
    """Return a Provider of the sessions of an S3 Express bucket, which live 5 minutes and are valid for its objects only.

    bucket_url: https://BUCKET--AZ--x-s3.s3express-AZ.REGION.amazonaws.com. source: Credentials or a provider to ask for a session
    with; None means default_chain(). mode: "ReadOnly" or "ReadWrite".
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateSession.html
    """
    outside = _World(**world)
    source = _extension("default_chain")(**world) if source is None else source
    signer = Signer(source, service="s3express", clock=outside.clock)
    given = {"X-Amz-Create-Session-Mode": mode} if mode else {}
    origin, _, _ = _split_url(bucket_url)
    url = f"{origin.prefix}/?session"
    name = f"CreateSession of {origin.authority}"

    def load() -> tuple[Credentials, str]:
        response = _call_service(_Profiles(outside), name, "GET", url, lambda: signer.sign("GET", url, given).headers, None)
        return _xml_credentials(response.text, name), name

    return outside.make_provider(load, margin=MANDATORY_WINDOW, sources=[source])


def from_profile(
    profile: str | None = None, *, config_file: str | None = None, credentials_file: str | None = None,
    mfa_code: Callable[[str], str] | None = None, region: str | None = None, **world: Any,
) -> Provider:  # fmt: skip
    """Return a Provider of a profile in the shared files: static keys, a role, a web identity, SSO, `aws login` or a process.

    profile: None means AWS_PROFILE, then `default`. config_file, credentials_file: paths; None means AWS_CONFIG_FILE and
    AWS_SHARED_CREDENTIALS_FILE, then those in ~/.aws. mfa_code: called with the serial number of a device, returns its code.
    region: for STS; None means that of the environment, then the profile's.
    The provider raises CredentialsNotFound if nothing is configured, CredentialsError if that fails.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
    """
    world = {**world, "profile": profile, "config_file": config_file, "credentials_file": credentials_file}
    outside = _World(**world)

    def load() -> tuple[Credentials, str]:
        profiles = _Profiles(outside)
        selected = profiles.selected
        if profiles.settings(selected) is None:
            raise (CredentialsError if profiles.is_named else CredentialsNotFound)(profiles.describe_missing(selected))
        finder = _ProfileFinder(profiles, world, mfa_code, region)
        found = finder.find_role(selected) or finder.find_rest(selected)
        if found is None:
            raise CredentialsNotFound(f"profile {selected} has no credentials")
        return finder.load(found)

    return outside.make_provider(load)


class _ProfileFinder:
    """Finds what a profile says about its credentials: Credentials, or one of the providers above."""

    def __init__(self, profiles: _Profiles, world: dict[str, Any], mfa_code: Any, region: str | None) -> None:
        self.profiles, self.world, self.mfa_code, self.region = profiles, world, mfa_code, region

    def load(self, found: Any) -> tuple[Credentials, str]:
        """Return the credentials that were found, and their source. Errors and source begin with the profile's name."""
        name = f"profile {self.profiles.selected}"
        if isinstance(found, Credentials):
            return found, name
        try:
            credentials, source = found._load()
        except CredentialsError as error:
            error.args = (f"{name}: {error}",)
            raise
        return credentials, f"{name}: {source}"

    def find_role(self, name: str, path: tuple[str, ...] = ()) -> Any:
        """Return the provider of a role that is assumed from another profile or a source of this machine, or None.

        Such a role comes before a web identity. path: the profiles that led here.
        """
        settings = self.profiles.settings(name) or {}
        role, source_profile, credential_source = (settings.get(key) for key in ("role_arn", "source_profile", "credential_source"))
        if settings.get("web_identity_token_file") or not (role or credential_source):
            return None
        if bool(source_profile) == bool(credential_source):
            which = "both source_profile and credential_source" if source_profile else "neither source_profile nor credential_source"
            raise CredentialsError(f"profile {name} has {which}; a role_arn needs one of them")
        source = (
            self._find_source_profile(str(source_profile), (*path, name)) if source_profile else self._find_source(name, credential_source)
        )
        if not role:
            return source
        duration = settings.get("duration_seconds", "")
        return from_assume_role(
            role,
            source=source,
            session_name=settings.get("role_session_name"),
            duration=int(duration) if duration.isdigit() else None,
            external_id=settings.get("external_id"),
            serial_number=settings.get("mfa_serial"),
            mfa_code=self.mfa_code,
            region=self.region,
            **self.world,
        )

    def _find_source(self, name: str, kind: Any) -> Provider:
        """Return the provider of a credential_source, in any case."""
        make = {"environment": from_env, "ec2instancemetadata": from_instance_metadata, "ecscontainer": from_container}.get(kind.lower())
        if make is None:
            received = _safe_prefix(kind)
            raise CredentialsError(
                f"profile {name}: credential_source is {received}; it must be Environment, Ec2InstanceMetadata or EcsContainer"
            )
        provider = make(**self.world)

        def load() -> tuple[Credentials, str]:
            try:
                return provider._load()
            except CredentialsNotFound as error:
                raise CredentialsError(f"credential_source {kind} has no credentials: {error}") from error

        return Provider(load, clock=provider._clock)

    def _find_source_profile(self, name: str, path: tuple[str, ...]) -> Any:
        """Return what a source_profile has: static keys come before all else."""
        if self.profiles.settings(name) is None:
            raise CredentialsError(f"profile {path[-1]}: {self.profiles.describe_missing(name)}")
        in_config, in_credentials = self.profiles.static_keys(name)
        static = in_credentials or in_config
        if name in path and (name != path[-1] or not static):
            raise CredentialsError(f"the profiles form a circle: {' -> '.join((*path, name))}")
        found = _static_credentials(static, name) if static else self.find_role(name, path) or self.find_rest(name)
        if found is None:
            raise CredentialsError(f"profile {name}, the source of profile {path[-1]}, has no credentials")
        return found

    def find_rest(self, name: str) -> Any:
        """Return what any other kind of profile has, in botocore's order: keys in the credentials file come before a process."""
        settings = self.profiles.settings(name) or {}
        world = {**self.world, "profile": name}
        in_config, in_credentials = self.profiles.static_keys(name)
        if settings.get("web_identity_token_file"):
            if not settings.get("role_arn"):
                raise CredentialsError(f"profile {name} has web_identity_token_file but no role_arn")
            token_file, session_name = settings["web_identity_token_file"], settings.get("role_session_name")
            return from_web_identity(
                settings["role_arn"], token_file=token_file, session_name=session_name, region=self.region, **self.world
            )
        if settings.get("sso_account_id") or settings.get("sso_role_name"):
            return from_sso(**world)
        if in_credentials:
            return _static_credentials(in_credentials, name)
        if settings.get("login_session"):
            return _extension("from_login")(**world)
        if settings.get("credential_process"):
            return from_process(**world)
        return _static_credentials(in_config, name) if in_config else None


def default_chain(profile: str | None = None, *, region: str | None = None, mfa_code: Any = None, **world: Any) -> Provider:
    """Return a Provider that looks in the same places as all SDKs, in the same order.

    These are: the environment; a role of the profile; the web identity of the environment; the rest of the profile; a container's
    agent; the instance's metadata.
    profile: a profile's name; then the environment's keys and web identity are ignored. None means AWS_PROFILE, then `default`.
    region: for STS. Raises CredentialsNotFound, with the reason of each place; a place that is configured and fails ends the search.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    """
    profile = profile or None
    world = {**world, "profile": profile}
    outside = _World(**world)
    instance = from_instance_metadata(**world)  # made once, because it keeps its token

    def load_from_profile() -> tuple[Credentials, str]:
        profiles = _Profiles(outside)
        selected = profiles.selected
        exists = profiles.settings(selected) is not None
        settings = profiles.require(selected) if profiles.is_named else profiles.settings(selected) or {}
        finder = _ProfileFinder(profiles, world, mfa_code, region)
        found = finder.find_role(selected)
        # What the environment leaves out of a web identity, the profile may have.
        path = outside.variable("AWS_WEB_IDENTITY_TOKEN_FILE") or settings.get("web_identity_token_file")
        if found is None and profile is None and path:
            role = outside.variable("AWS_ROLE_ARN") or settings.get("role_arn")
            name = outside.variable("AWS_ROLE_SESSION_NAME") or settings.get("role_session_name")
            return from_web_identity(role, token_file=path, session_name=name, region=region, **world)._load()
        found = found or finder.find_rest(selected)
        if found is not None:
            return finder.load(found)
        if profiles.is_named:  # another source than the one that was named would be a surprise
            raise CredentialsError(f"profile {selected}, which was named, has no credentials")
        reason = f"profile {selected} has no credentials" if exists else profiles.describe_missing(selected)
        raise CredentialsNotFound(f"web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; {reason}")

    def load() -> tuple[Credentials, str]:
        tried = []
        loads = [from_env(**world)._load] if profile is None else []
        for load_place in [*loads, load_from_profile, from_container(**world)._load, instance._load]:
            try:
                return load_place()
            except CredentialsNotFound as error:
                tried.append(str(error))
        raise CredentialsNotFound("; ".join(["no credentials in any place of the default chain", *tried]))

    return outside.make_provider(load)


def chain(*providers: Any, clock: Callable[[], float] = time.time) -> Provider:
    """Return a Provider of the first of several that has credentials.

    Raises CredentialsNotFound if none has. One that raises it leads on to the next, while any other error ends the search.
    Source: the rule of all SDKs, https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
    """
    if not providers:
        raise RequestError("chain takes one provider or more")

    def load() -> tuple[Credentials, str]:
        tried = []
        for provider in providers:
            try:
                received = provider()
            except Exception as error:
                # Another copy of this file has its own class of this name.
                if "CredentialsNotFound" not in [base.__name__ for base in type(error).__mro__]:
                    raise
                tried.append(str(error))
                continue
            credentials = _as_credentials(received)
            if credentials is None:
                raise CredentialsError(f"a provider of the chain returned a value {_describe_type(received)}; it must return Credentials")
            return credentials, getattr(provider, "source", "") or getattr(provider, "__name__", "") or type(provider).__name__
        raise CredentialsNotFound("; ".join(["no provider of the chain has credentials", *tried]))

    def find_region() -> str | None:
        regions = (getattr(provider, "configured_region", _World().configured_region)() for provider in providers)
        return next(filter(None, regions), None)

    return Provider(load, clock=clock, sources=providers, region=find_region, accepts_expired=True)


_extensions["from_login"] = from_login
_extensions["from_profile"] = _profile_region
_extensions["default_chain"] = default_chain


# 12. Verify -----------------------------------------------------------------------------------------------------------
# Lower sections use: _Claim, _read_claim.

MAX_LINE = 1024  # bytes of a chunk's first line, and of a trailer
MAX_TRAILERS = 16
MAX_TAIL = (MAX_TRAILERS + 2) * (MAX_LINE + 2)  # bytes after the last chunk
MAX_SCOPE_PART = 64  # characters
MAX_KEPT = 2048  # bytes, about, of header names or of an Authorization header that are worth keeping; a stranger may fill a cache
MAX_BODY = 1 << 24  # bytes, 16 MiB
STREAMING_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING_SIGNED = f"STREAMING-{ALGORITHM}-PAYLOAD"
HEX_BYTES = "".join(sorted(HEX_DIGITS)).encode()
# Parameters that make a URL a presigned one, and headers that a request may have only once.
URL_PARAMETERS = frozenset({"x-amz-algorithm", "x-amz-credential", "x-amz-signature", "x-amz-signedheaders"})
SINGLE_HEADERS = OLD_HEADERS | {"host", "date", CONTENT_SHA256}
PROXY_HEADERS = frozenset({"x-amz-cf-id"})  # CloudFront adds it to every request, after it was signed
# Fields of a form that no condition of its policy needs to cover.
UNCOVERED_FIELDS = frozenset({"policy", "x-amz-signature", "file"})
# The error codes of a malformed signature in a header, in a query and in a form.
MALFORMED_HEADER, MALFORMED_QUERY = "AuthorizationHeaderMalformed", "AuthorizationQueryParametersError"
MALFORMED_FORM = "InvalidArgument"
REASONS = {400: "Bad Request", 403: "Forbidden", 411: "Length Required", 413: "Content Too Large"}

_authorizations: dict[str, tuple[_Credential, str]] = {}  # (credential, signed headers) by an Authorization header without its signature
_spellings: dict[tuple[str, ...], dict[str, str]] = {}  # header names by lower-case name, by all names of a request
_arrived_layouts: dict[tuple[Any, ...], _HeaderLayout] = {}  # see _check_signed_headers
_times: dict[str, float] = {}  # seconds since the epoch by X-Amz-Date


class Verified:
    """A request whose signature is valid: who signed it, when, and what.

    access_key_id: the signer's. scope: YYYYMMDD/region/service/aws4_request. service, region: those of the scope. time: when it was
    signed, an aware datetime. expiration: when a presigned URL or a form expires, an aware datetime, else None.
    path: the path that was signed, percent-encoded and normalized for its service: route by it. Empty for a form, which signs none.
    signature: lowercase hex, the same however the request was written: remember it to refuse a request that comes again.
    signed_headers: their names, in lower case. Do not trust any other header. payload_hash: lowercase hex, or a constant.
    body_is_signed: whether the signature covers the body. It does not with UNSIGNED-PAYLOAD and its like, nor for a form.
    body: bytes, checked and without the framing of aws-chunked. trailers: dict of what followed the data of an aws-chunked body.
    """

    __slots__ = (
        "access_key_id", "scope", "service", "region", "path", "signature", "signed_headers", "payload_hash", "body", "trailers",
        "_seconds", "_end",
    )  # fmt: skip

    def __init__(self, credential: _Credential, seconds: float, end: float | None, signature: str) -> None:
        self.access_key_id = credential.access_key_id
        self.scope = credential.scope
        self.service = credential.service
        self.region = credential.region
        self.path = ""
        self.signature = signature
        self.signed_headers: tuple[str, ...] = ()
        self.payload_hash = UNSIGNED_PAYLOAD
        self.body = b""
        self.trailers: dict[str, str] = {}
        self._seconds = seconds
        self._end = end

    def __repr__(self) -> str:
        return f"<Verified {self.access_key_id} {self.scope}>"

    @property
    def time(self) -> datetime:
        return _utc_datetime(self._seconds)

    @property
    def expiration(self) -> datetime | None:
        return None if self._end is None else _utc_datetime(self._end)

    @property
    def body_is_signed(self) -> bool:
        return self.payload_hash not in (UNSIGNED_PAYLOAD, STREAMING_UNSIGNED)


class _Credential:
    """The credential of a received signature: the access key id and the scope, and the algorithm they are for.

    region: empty for SigV4a, whose scope has none.
    """

    __slots__ = ("algorithm", "access_key_id", "scope", "date", "region", "service")

    def __init__(self, algorithm: str, text: str, malformed: str) -> None:
        if algorithm not in (ALGORITHM, ALGORITHM_V4A):
            raise SignatureError(malformed, f"the algorithm is {_safe_prefix(algorithm)}; it must be {ALGORITHM}")
        count = 4 if algorithm == ALGORITHM else 3
        access_key_id, *parts = text.rsplit("/", count)
        valid = len(parts) == count and access_key_id and all(parts) and parts[-1] == "aws4_request"
        if not valid or "".join(parts).encode("utf-8", "replace").translate(None, UNRESERVED):
            raise SignatureError(malformed, "the credential must be access key id/YYYYMMDD/region/service/aws4_request")
        if max(map(len, parts)) > MAX_SCOPE_PART:
            raise SignatureError(malformed, f"a part of the credential's scope is longer than {MAX_SCOPE_PART} characters")
        self.algorithm = algorithm
        self.access_key_id = access_key_id
        self.scope = "/".join(parts)
        self.date = parts[0]
        self.region = parts[1] if count == 4 else ""
        self.service = parts[-2]


class _Requirements:
    """What verify requires of a request, by its arguments of these names."""

    __slots__ = ("service", "region", "max_skew", "host", "unsigned_headers", "double_encode", "normalize_path", "token_after")

    def __init__(
        self, service: str | None = None, region: str | None = None, max_skew: float = 900, host: str | None = None,
        unsigned_headers: Iterable[str] = (), double_encode: bool | None = None, normalize_path: bool | None = None,
        token_after: bool | None = None,
    ) -> None:  # fmt: skip
        if host is not None and (not isinstance(host, str) or not host or not {*"/?#@ "}.isdisjoint(host)):
            raise RequestError(f"host is {_safe_prefix(host)}; it must be the host that clients sign for, such as 'api.example.com'")
        if isinstance(unsigned_headers, str):
            raise RequestError(f"unsigned_headers is {unsigned_headers!r}; pass a tuple of header names")
        self.service = service
        self.region = region
        self.max_skew = max_skew
        self.host = host
        self.unsigned_headers = PROXY_HEADERS.union(map(str.lower, unsigned_headers)) if unsigned_headers else PROXY_HEADERS
        self.double_encode = double_encode
        self.normalize_path = normalize_path
        self.token_after = token_after


class _Claim:
    """What a received request says about its signature.

    life: seconds that a presigned URL lives, 0 if it does not say; None for a signature in a header. malformed: the code of errors in
    it. canonical_head: the canonical request up to the payload hash. declared_hash: that of X-Amz-Content-SHA256, or None.
    values, spelling: canonical header values by name, and these names by lower-case name. url: as received. origin: of an absolute
    URL, else None. path: see Verified.
    """

    __slots__ = (
        "credential", "amz_date", "seconds", "life", "malformed", "token", "signed_headers", "signature", "declared_hash",
        "canonical_head", "values", "spelling", "url", "origin", "path",
    )  # fmt: skip

    credential: _Credential
    amz_date: str
    seconds: float
    life: int | None
    malformed: str
    token: str | None
    signed_headers: str
    signature: str
    declared_hash: str | None
    canonical_head: str
    values: Mapping[str, str]
    spelling: Mapping[str, str]
    url: str
    origin: _Origin | None
    path: str

    def header(self, name: str) -> str:
        """Return the canonical value of a header, or an empty string."""
        return self.values[self.spelling[name]] if name in self.spelling else ""


def verify(
    method: str, url: str, headers: Headers, body: Any, credentials: Any, *, service: str | None = None, region: str | None = None,
    now: datetime | None = None, max_skew: float = 900, host: str | None = None, unsigned_headers: Iterable[str] = (),
    double_encode: bool | None = None, normalize_path: bool | None = None, token_after_signature: bool | None = None,
) -> Verified:  # fmt: skip
    """Return who signed a request that was received, and when. This is the server's side of Signer and sign_stream.

    Pass service= and region=: without them a signature for any service in any region is accepted.
    Route by Verified.path: for all services but S3, /a/../b and //b have the signature of /b. Trust only the headers that are signed,
    and the body only if Verified.body_is_signed. The order of repeated query parameters is not signed: ?a=1&a=2 has the signature of
    ?a=2&a=1. A request can be sent again within max_skew, or until a presigned URL expires: remember Verified.signature where that
    matters. verify_wsgi and verify_asgi do the most of this.

    method, url, headers: as received. url: absolute, or the request target /path?query, still percent-encoded. The signature may be
    in the Authorization header or in the query. body: bytes, or None; an aws-chunked body is decoded and each chunk is checked.
    Checksums in trailers are checked for crc32, sha1 and sha256; others are in Verified.trailers for the caller.
    credentials: Credentials, or a callable that returns them for an access key id, or None if it knows none.
    service, region: those that must be signed for. now: aware datetime; None means the present. max_skew: seconds that the time of
    signing may be off. host: the public host that was signed for, if a trusted proxy rewrites Host. unsigned_headers: names of
    X-Amz- headers that a trusted proxy adds; X-Amz-Cf-Id, which CloudFront adds, is always allowed.
    double_encode, normalize_path, token_after_signature: as for Signer.

    A form is never accepted, because it signs no method and no path: see verify_post_policy.

    Raises SignatureError, with the code that S3 would respond with, for everything that is not signed correctly, also if the host or
    an X-Amz- header is not signed, the URL is for another host, or a request carries more than one signature.
    Raises RequestError for wrong arguments, such as a naive `now`, CredentialsError if the callable returns something else.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
    """
    if credentials.__class__ is not Credentials:
        _check_lookup(credentials)
    moment = _moment_of(now)
    if body.__class__ is not bytes:
        body = _read_received_body(body)
    requirements = _Requirements(
        service, region, max_skew, host, unsigned_headers, double_encode, normalize_path, token_after_signature
    )  # fmt: skip
    claim = _accept_claim(method, url, headers, moment, requirements)
    known = _find_credentials(credentials, claim.credential.access_key_id)
    return _check_signature(claim, known, body, moment)


def _accept_claim(method: str, url: str, headers: Headers, moment: float, requirements: _Requirements) -> _Claim:
    """Return what a request says about its signature, if it meets all requirements that need no credentials."""
    try:
        claim = _read_claim(method, url, headers, requirements)
        if claim.origin is not None and requirements.host is None:
            _check_authority(claim.origin, claim.header("host"))
    except RequestError as error:
        raise SignatureError("InvalidRequest", str(error)) from None
    _check_scope(claim.credential, requirements.service, requirements.region, claim.malformed)
    _check_time(claim, moment, requirements.max_skew)
    return claim


def _check_signature(claim: _Claim, known: Credentials, body: bytes, moment: float) -> Verified:
    """Return the request whose signature is that of these credentials. The right signature stays out of the locals of a traceback."""
    credential = claim.credential
    _check_token(known, claim.token, moment)
    payload_hash = claim.declared_hash
    if payload_hash is None:
        payload_hash = sha256(body).hexdigest()
        if credential.service in S3_SERVICES or credential.service == LATTICE:
            if claim.life is None:
                raise SignatureError("MissingSecurityHeader", f"header {CONTENT_SHA256} is missing; {credential.service} requires it")
            payload_hash = UNSIGNED_PAYLOAD
    key = _make_key(known, credential.date, credential.region, credential.service)
    canonical = claim.canonical_head + payload_hash
    to_sign = string_to_sign(canonical, claim.amz_date, credential.scope)
    if not hmac.compare_digest(key.sign(to_sign), claim.signature):
        message = "the signature does not match this request and this access key"
        if str(claim.url).encode("utf-8", "replace").translate(None, LEGAL_IN_PATH + b"?"):
            message += "; the URL contains a character that is percent-encoded on the wire, so it seems to be decoded: pass it as received"
        raise SignatureError("SignatureDoesNotMatch", message, canonical, to_sign)
    stamp = known._stamps.get((credential.service, credential.region))
    if stamp is None or stamp.key is not key:  # keys are kept for valid signatures only: a stranger may claim any scope
        _remember(known._stamps, (credential.service, credential.region), _Stamp(0, claim.amz_date, key))
    found = Verified(credential, claim.seconds, claim.seconds + claim.life if claim.life else None, claim.signature)
    found.path = claim.path
    found.signed_headers = tuple(claim.signed_headers.split(";"))
    found.payload_hash = payload_hash
    found.body = body
    if claim.declared_hash is not None:
        _check_body(found, claim, key)
    return found


def _moment_of(now: datetime | None) -> float:
    """Return the seconds since the epoch, with their fraction."""
    return time.time() if now is None else _read_now(now)[0] + now.microsecond / 1e6


def _read_received_body(body: Any) -> bytes:
    """Return a received body as bytes."""
    if body is None:
        return b""
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise RequestError(f"body is {_describe_type(body)}; it must be bytes or None: read the body of the request first")
    return bytes(body)


def _check_scope(credential: _Credential, service: str | None, region: str | None, malformed: str) -> None:
    """Raise SignatureError if a signature is for another algorithm, service or region than the ones that are accepted."""
    if credential.algorithm != ALGORITHM:
        raise SignatureError(malformed, f"the request is signed with {credential.algorithm}; {ALGORITHM} is accepted")
    if service is not None and service != credential.service:
        raise SignatureError(malformed, f"the request is signed for the service {_safe_prefix(credential.service)}; expecting {service!r}")
    if region is not None and region != credential.region:
        raise SignatureError(malformed, f"the request is signed for the region {_safe_prefix(credential.region)}; expecting {region!r}")


def _check_time(claim: _Claim, moment: float, max_skew: float) -> None:
    """Raise SignatureError if a request is too old or from the future, or a presigned URL has expired."""
    seconds = claim.seconds
    if not claim.life:
        if not -max_skew <= moment - seconds <= max_skew:
            when = "ago" if moment > seconds else "in the future"
            raise SignatureError(
                "RequestTimeTooSkewed", f"the request was signed {abs(moment - seconds):.0f} s {when}, but max_skew allows {max_skew:g} s"
            )
    elif moment > seconds + claim.life:
        raise SignatureError("AccessDenied", f"the URL expired at {_format_iso8601(seconds + claim.life)}")
    elif seconds - moment > max_skew:
        raise SignatureError("AccessDenied", f"the URL is not valid before {_format_iso8601(seconds)}")


def _check_authority(origin: _Origin, host: str) -> None:
    """Raise SignatureError if an absolute URL is for another host than the Host header, which is signed."""
    if host != origin.authority and _read_origin(origin.scheme, host, host).authority != origin.authority:
        raise SignatureError(
            "InvalidRequest", "the URL is for another host than the header Host; if a trusted proxy rewrote one, pass host="
        )


def _check_lookup(credentials: Any, can_wait: bool = False) -> None:
    """Raise RequestError if verify cannot use credentials. can_wait: whether a coroutine function will do."""
    if callable(credentials):
        code = getattr(credentials, "__code__", None)
        if code is not None and code.co_flags & 0x80 and not can_wait:  # inspect.CO_COROUTINE
            raise RequestError("credentials is a coroutine function; await it before, or use verify_asgi, which awaits it")
    elif hasattr(credentials, "get"):
        raise RequestError(f"credentials is {_describe_type(credentials)}; pass its method get: credentials=keys.get")
    elif _as_credentials(credentials) is None:
        raise RequestError(
            f"credentials is {_describe_type(credentials)}; pass Credentials, or a callable that returns them for an access key id"
        )


def _look_up(credentials: Any, access_key_id: str) -> Any:
    """Return what the caller knows under an access key id: Credentials, None, or an awaitable of either."""
    if not callable(credentials):
        return credentials
    try:
        return credentials(access_key_id)
    except LookupError:
        return None


def _find_credentials(credentials: Any, access_key_id: str) -> Credentials:
    """Return the Credentials of an access key id."""
    found = _look_up(credentials, access_key_id)
    if hasattr(found, "__await__"):
        if hasattr(found, "close"):
            found.close()
        raise RequestError("credentials returned an awaitable; await it before, or use verify_asgi, which awaits it")
    return _require_credentials(found, access_key_id)


def _require_credentials(found: Any, access_key_id: str) -> Credentials:
    """Return what was found under an access key id. Raise SignatureError if that is nothing."""
    known = _as_credentials(found)
    if known is None and found is not None:
        raise CredentialsError(
            f"credentials returned a value {_describe_type(found)}; it must return Credentials, or None for an unknown id"
        )
    if known is None or known.access_key_id != access_key_id:
        raise SignatureError("InvalidAccessKeyId", f"the access key id {_safe_prefix(access_key_id)} is not known")
    return known


def _check_token(credentials: Credentials, token: str | None, moment: float) -> None:
    """Raise SignatureError if a session token is not that of the credentials, or they have expired."""
    has_token = credentials.session_token is not None
    if bool(token) != has_token or (token and not (token.isascii() and hmac.compare_digest(token, credentials.session_token or ""))):
        raise SignatureError("InvalidToken", "the session token of the request does not belong to this access key")
    if credentials._expires_at <= moment:
        raise SignatureError("ExpiredToken", f"the credentials expired at {_format_iso8601(credentials._expires_at)}")


_NO_REQUIREMENTS = _Requirements()


def _read_claim(method: str, url: str, headers: Headers, requirements: _Requirements = _NO_REQUIREMENTS) -> _Claim:
    """Return what a request says about its signature. Raise SignatureError if it has none, or a malformed one."""
    if method.__class__ is not str or method not in METHODS:
        _read_method(method)
    path, query, origin = _read_target(url)
    host = requirements.host
    values, spelling = _read_arrived_headers(headers, origin.authority if origin is not None and host is None else "", host)
    pieces = _sorted_pieces(_strict_query(query)) if query else []
    parameters = _signature_parameters(pieces) if "x-amz-" in query.lower() else {}
    if "authorization" in spelling:
        if not URL_PARAMETERS.isdisjoint(parameters):
            raise SignatureError("InvalidArgument", "the request is signed in its Authorization header and in its query; one is allowed")
        claim = _claim_from_header({name: values[spelling[name]] for name in SINGLE_HEADERS if name in spelling})
    elif not URL_PARAMETERS.isdisjoint(parameters):
        claim = _claim_from_query(parameters)
        if claim.credential.service in S3_SERVICES and claim.life == 0:
            raise SignatureError(MALFORMED_QUERY, "the query has no x-amz-expires, which S3 requires")
    else:
        raise SignatureError(
            "MissingSecurityHeader", "the request is not signed: it has no Authorization header, and no signature in its query"
        )
    credential = claim.credential
    seconds = _times.get(claim.amz_date)
    claim.seconds = _parse_amz_date(claim.amz_date, claim.malformed) if seconds is None else seconds
    if credential.date != claim.amz_date[:8]:
        raise SignatureError(claim.malformed, "the credential's scope must begin with the day of X-Amz-Date")
    if not claim.signature.isascii() or (len(claim.signature) != 64 and credential.algorithm == ALGORITHM):
        raise SignatureError(claim.malformed, "the signature must be 64 digits in lowercase hex")

    token_after = requirements.token_after
    if token_after is None:
        token_after = credential.service == IOT_GATEWAY
    layout_key = (tuple(values), claim.signed_headers, token_after, requirements.unsigned_headers)
    layout = _arrived_layouts.get(layout_key) or _check_signed_headers(layout_key, spelling, claim.malformed)
    lines = layout.lines.copy()
    lines[1::2] = layout.pick(values)
    claim.values, claim.spelling = values, spelling
    claim.url, claim.origin = url, origin
    claim.declared_hash = claim.header(CONTENT_SHA256) if CONTENT_SHA256 in spelling else None
    if claim.life is not None:
        unsigned = {"x-amz-signature", "x-amz-security-token"} if token_after else {"x-amz-signature"}
        pieces = [piece for piece in pieces if piece.partition("!")[0].lower() not in unsigned]
        if claim.declared_hash is None:  # some SDKs put the header into the query
            claim.declared_hash = next(
                (piece.partition("!")[2] for piece in pieces if piece.partition("!")[0].lower() == CONTENT_SHA256), None
            )
    claim.path = path
    if path.encode().translate(None, PLAIN_PATH) or "//" in path or "/." in path:
        claim.path, path = _read_arrived_path(path, credential.service, requirements)
    query = "&".join(pieces).replace("!", "=")
    claim.canonical_head = f"{method}\n{path}\n{query}\n{''.join(lines)}\n\n{claim.signed_headers}\n"
    return claim


def _read_arrived_path(path: str, service: str, requirements: _Requirements) -> tuple[str, str]:
    """Return (path to route by, path of the canonical request) for a path that is not plain."""
    is_s3 = service in S3_SERVICES
    double_encode = not is_s3 if requirements.double_encode is None else requirements.double_encode
    normalize_path = not is_s3 if requirements.normalize_path is None else requirements.normalize_path
    canonical = _canonical_path(path, double_encode, normalize_path)
    return _percent_decode(canonical.encode()).decode() if double_encode else canonical, canonical


def _read_target(url: str) -> tuple[str, str, _Origin | None]:
    """Return (path, query, origin) of an absolute URL, or of a request target, which has no origin."""
    origin = None
    if isinstance(url, str) and url[:1] == "/":
        path, _, query = _utf8(url, "url").partition("?")
    else:
        origin, path, query = _split_url(url)
    if "#" in str(url) or query[:1] == "=" or "&=" in query:  # what reads the request after us may read it otherwise
        raise SignatureError("InvalidRequest", "the URL contains a # or a parameter without a name; percent-encode the one, drop the other")
    return path, query, origin


def _read_arrived_headers(headers: Headers, authority: str, host: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """Return (canonical values by name, names by lower-case name) of received headers.

    authority: of the URL, which stands for a missing Host. host: replaces a Host that was received.
    """
    values: Any = headers
    spelling = None
    if headers.__class__ is dict and _are_plain(values.values()):
        names = tuple(values)
        spelling = _spellings.get(names) or _read_spelling(names)
    if not spelling:
        values = _join_arrived_headers(headers)
        spelling = {name: name for name in values}
    if host is not None or ("host" not in spelling and authority):
        name = spelling.get("host", "host")
        values, spelling = {**values, name: host or authority}, {**spelling, "host": name}
    return values, spelling


def _read_spelling(names: tuple[str, ...]) -> dict[str, str]:
    """Return header names by lower-case name, empty if two differ in case only."""
    spelling = {_header_name(name).lower(): name for name in names}
    if len(spelling) < len(names):
        return {}
    if _size_of_names(names) <= MAX_KEPT:
        _remember(_spellings, names, spelling)
    return spelling


def _size_of_names(names: tuple[str, ...]) -> int:
    """Return about how many bytes of memory names take."""
    return 48 * len(names) + sum(map(len, names))


def _join_arrived_headers(headers: Headers) -> dict[str, str]:
    """Return canonical values by lower-case name of headers in any form, repeated ones joined."""
    pairs = [(_header_name(name).lower(), _unfold(_header_text(name, value))) for name, value in _header_pairs(headers)]
    values = _join_values(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        for name in SINGLE_HEADERS:
            if names.count(name) > 1:
                raise SignatureError("InvalidRequest", f"header {name} was received twice")
    return values


def _signature_parameters(pieces: list[str]) -> dict[str, str]:
    """Return the decoded query parameters of a signature by lower-case name."""
    found: dict[str, str] = {}
    for piece in pieces:
        name, _, value = piece.partition("!")
        if name.lower() in OLD_PARAMETERS:
            if name.lower() in found:
                raise SignatureError(MALFORMED_QUERY, f"the parameter {name} was received twice")
            found[name.lower()] = _percent_decode(value.encode()).decode("utf-8", "replace")
    return found


def _claim_from_header(headers: Mapping[str, str]) -> _Claim:
    """Return the claim in the Authorization header. headers: canonical values by lower-case name."""
    claim = _Claim()
    claim.malformed = MALFORMED_HEADER
    claim.life = None
    authorization = headers["authorization"]
    kept = _authorizations.get(authorization[:-64])
    if kept is None:
        claim.credential, claim.signed_headers, claim.signature = _parse_authorization(authorization)
    else:
        claim.credential, claim.signed_headers = kept
        claim.signature = authorization[-64:]
    claim.amz_date = headers.get("x-amz-date") or _amz_date_of(headers.get("date", ""))
    if not claim.amz_date:
        raise SignatureError("MissingSecurityHeader", "the request has no X-Amz-Date and no Date")
    claim.token = headers.get("x-amz-security-token") or headers.get("x-amz-s3session-token")
    return claim


def _claim_from_query(parameters: Mapping[str, str]) -> _Claim:
    """Return the claim in the query of a presigned URL. parameters: decoded, by lower-case name."""
    missing = (URL_PARAMETERS | {"x-amz-date"}) - set(parameters)
    if missing:
        raise SignatureError(MALFORMED_QUERY, f"the query has no {' and no '.join(sorted(missing))}")
    claim = _Claim()
    claim.malformed = MALFORMED_QUERY
    claim.credential = _Credential(parameters["x-amz-algorithm"], parameters["x-amz-credential"], MALFORMED_QUERY)
    claim.signed_headers = parameters["x-amz-signedheaders"]
    claim.signature = parameters["x-amz-signature"]
    claim.amz_date = parameters["x-amz-date"]
    claim.token = parameters.get("x-amz-security-token") or parameters.get("x-amz-s3session-token")
    claim.life = 0
    text = parameters.get("x-amz-expires")
    if text is not None:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_EXPIRES):
            raise SignatureError(MALFORMED_QUERY, f"X-Amz-Expires is {_safe_prefix(text)}; it must be a number from 1 to {MAX_EXPIRES}")
        claim.life = int(text)
    return claim


def _parse_authorization(text: str) -> tuple[_Credential, str, str]:
    """Return (credential, signed headers, signature) of an Authorization header.

    The first two are kept by the text before the signature, which all similar requests of a day share.
    """
    algorithm, _, rest = text.partition(" ")
    fields = {}
    for part in rest.split(","):  # blanks after the commas are optional
        name, equals, value = part.strip(" ").partition("=")
        if not equals or not value or name in fields:
            raise SignatureError(MALFORMED_HEADER, "Authorization must be name=value pairs separated by commas, each once")
        fields[name] = value
    for name in ("Credential", "SignedHeaders", "Signature"):
        if name not in fields:
            raise SignatureError(MALFORMED_HEADER, f"Authorization has no {name}")
    if len(fields) > 3:
        raise SignatureError(MALFORMED_HEADER, "Authorization may contain only Credential, SignedHeaders and Signature")
    credential = _Credential(algorithm, fields["Credential"], MALFORMED_HEADER)
    signed, signature = fields["SignedHeaders"], fields["Signature"]
    if text.endswith(f"Signature={signature}") and len(signature) == 64 and len(text) <= MAX_KEPT:
        _remember(_authorizations, text[:-64], (credential, signed))
    return credential, signed, signature


def _parse_amz_date(amz_date: str, malformed: str) -> float:
    """Return the seconds since the epoch of an X-Amz-Date."""
    from datetime import datetime, timezone

    try:
        digits = amz_date[:8] + amz_date[9:15]
        if len(amz_date) != 16 or amz_date[8] + amz_date[15] != "TZ" or not digits.isascii() or not digits.isdigit():
            raise ValueError
        month, day, hour, minute, second = [int(digits[start : start + 2]) for start in range(4, 14, 2)]
        seconds = datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=timezone.utc).timestamp()
    except ValueError:
        code = "AccessDenied" if malformed == MALFORMED_HEADER else malformed
        raise SignatureError(
            code, f"the time of signing is {_safe_prefix(amz_date)}; it must be a time in the form YYYYMMDDTHHMMSSZ"
        ) from None
    _remember(_times, amz_date, seconds)
    return seconds


def _amz_date_of(date: str) -> str:
    """Return the X-Amz-Date for a Date header, which may be used instead of it; empty if it is not a date."""
    seconds = _parse_http_date(date)
    return "" if seconds is None else _format_amz_date(time.gmtime(seconds))


def _check_signed_headers(layout_key: tuple[Any, ...], spelling: dict[str, str], malformed: str) -> _HeaderLayout:
    """Return the layout of the signed headers. Raise SignatureError if the list is malformed, or too short for what was received."""
    names, signed_headers, token_after, unsigned_headers = layout_key
    listed = signed_headers.split(";")
    if listed != sorted(set(listed)) or signed_headers != signed_headers.lower():
        raise SignatureError(malformed, "the signed headers must be in lower case, sorted, separated by semicolons, each once")
    for name in listed:
        if name not in spelling:
            raise SignatureError("SignatureDoesNotMatch", f"header {_safe_prefix(name)} was signed, but was not received")
    if "host" not in listed:
        raise SignatureError("AccessDenied", "the header Host was not signed")
    for name in sorted(set(spelling) - set(listed) - unsigned_headers):
        if _is_amazon_header(name) and not (token_after and name == "x-amz-security-token"):
            raise SignatureError("AccessDenied", f"header {name} was received, but was not signed")
    layout = _HeaderLayout([(name, spelling[name]) for name in listed])
    if _size_of_names(names) <= MAX_KEPT:
        _remember(_arrived_layouts, layout_key, layout)
    return layout


def _is_amazon_header(name: str) -> bool:
    """Return whether a header must be signed if it is there. CGI and WSGI do not distinguish _ and -."""
    return name.replace("_", "-").startswith("x-amz-")


def _check_body(found: Verified, claim: _Claim, key: Any) -> None:
    """Check a body against the payload hash that the signature covers, and decode it if it is aws-chunked."""
    payload_hash = found.payload_hash
    if not _is_payload_hash(payload_hash):
        raise SignatureError(
            "InvalidArgument", f"{CONTENT_SHA256} must be a SHA-256 in lowercase hex, {UNSIGNED_PAYLOAD} or another constant"
        )
    if not payload_hash.startswith("STREAMING-"):
        if payload_hash != UNSIGNED_PAYLOAD and not hmac.compare_digest(sha256(found.body).hexdigest(), payload_hash):
            raise SignatureError("XAmzContentSHA256Mismatch", "the SHA-256 of the body is not the one that was signed")
        return
    if payload_hash not in (STREAMING_UNSIGNED, STREAMING_SIGNED, STREAMING_SIGNED + "-TRAILER"):
        raise SignatureError("InvalidArgument", f"{CONTENT_SHA256} is a constant that verify does not accept")
    length = claim.header("x-amz-decoded-content-length")
    if not (length.isascii() and length.isdigit() and len(length) < 20):
        raise SignatureError("MissingContentLength", "x-amz-decoded-content-length is missing, or not a number")
    chain = None if payload_hash == STREAMING_UNSIGNED else _SignatureChain(key, claim.amz_date, claim.signature)
    body, position = _decode_chunks(found.body, chain, int(length))
    tail = found.body[position : position + MAX_TAIL]
    if payload_hash.endswith("-TRAILER") and len(found.body) - position <= MAX_TAIL:
        announced = {name.strip().lower() for name in claim.header("x-amz-trailer").split(",") if name.strip()}
        found.trailers = _check_trailers(tail.split(b"\r\n"), announced, chain)
        _check_checksums(body, found.trailers)
    elif tail != b"\r\n":
        raise SignatureError("InvalidRequest", "the body does not end after its last chunk")
    found.body = body


def _decode_chunks(data: bytes, chain: _SignatureChain | None, length: int) -> tuple[bytes, int]:
    """Return (the data of an aws-chunked body, the position after its last chunk's line), each chunk's signature checked.

    chain: None for unsigned chunks. length: bytes of the data that the headers promise.
    """
    body = io.BytesIO()  # in one buffer, which getvalue() does not copy, however small the chunks are
    view = memoryview(data)
    position = received = 0
    while True:
        end = data.find(b"\r\n", position, position + MAX_LINE)
        if end < 0:
            too_long = len(data) - position >= MAX_LINE
            raise SignatureError(
                "InvalidRequest" if too_long else "IncompleteBody", "a line of the aws-chunked body is too long, or has no line end"
            )
        digits, mark, signature = data[position:end].partition(b";chunk-signature=")
        expected = 0 if chain is None else 64
        valid = 1 <= len(digits) <= 16 and len(signature) == expected and bool(mark) == (chain is not None)
        if not valid or digits.translate(None, HEX_BYTES):
            parts = "its size in hex" if chain is None else "its size in hex and its signature"
            raise SignatureError("InvalidRequest", f"a chunk must begin with {parts}")
        size = int(digits, 16)
        received += size
        position, end = end + 2, end + 2 + size
        if received > length or (not size and received < length):
            raise SignatureError("IncompleteBody", "the chunks are not as long as x-amz-decoded-content-length says")
        if end > len(data):
            raise SignatureError("IncompleteBody", "the aws-chunked body ends before its last chunk")
        chunk = view[position:end]
        if chain is not None and not _is_next(chain, "PAYLOAD", f"{EMPTY_SHA256}\n{sha256(chunk).hexdigest()}", signature):
            raise SignatureError("SignatureDoesNotMatch", "the signature of a chunk does not match its data and those before it")
        if not size:
            return body.getvalue(), position
        body.write(chunk)
        position = end + 2
        if data[end:position] != b"\r\n":
            raise SignatureError("IncompleteBody" if len(data) < position else "InvalidRequest", "a chunk is longer than its size")


def _is_next(chain: _SignatureChain, kind: str, hashes: str, signature: bytes) -> bool:
    """Return whether a signature is the next one of a chain. If not, the chain forgets the right one: a traceback may show it."""
    if hmac.compare_digest(chain.sign(kind, hashes).encode(), signature):
        return True
    chain.signature = ""
    return False


def _check_trailers(lines: list[bytes], announced: set[str], chain: _SignatureChain | None) -> dict[str, str]:
    """Return the trailers of an aws-chunked body: name:value lines, in signed streams their signature, and an empty line."""
    trailers: dict[str, str] = {}
    signature = b""
    if lines[-2:] != [b"", b""]:
        raise SignatureError("IncompleteBody", "the aws-chunked body ends before the end of its trailers")
    for line in lines[:-2]:
        name, colon, value = line.decode("latin-1").partition(":")
        name = name.lower()
        if name == TRAILER_SIGNATURE and chain is not None and not signature:
            signature = value.strip().encode("latin-1")
        elif signature or name in trailers or name not in announced or len(trailers) == MAX_TRAILERS:
            raise SignatureError("MalformedTrailerError", "a trailer must be announced by x-amz-trailer, and come once")
        elif not colon or len(line) > MAX_LINE or _has_controls(value):
            raise SignatureError("MalformedTrailerError", "a trailer must be name:value, without control characters")
        else:
            trailers[name] = _fold(value)
    if set(trailers) != announced:
        raise SignatureError("MalformedTrailerError", "a trailer that x-amz-trailer announces is missing")
    if chain is not None:
        text = "".join([f"{name}:{value}\n" for name, value in sorted(trailers.items())])
        if not _is_next(chain, "TRAILER", sha256(text.encode("latin-1")).hexdigest(), signature):
            raise SignatureError("SignatureDoesNotMatch", "the signature of the trailers does not match them and the data before them")
    return trailers


def _check_checksums(body: bytes, trailers: Mapping[str, str]) -> None:
    """Raise SignatureError if a checksum in a trailer is not that of the body."""
    from base64 import b64encode

    for name, make in _OWN_CHECKSUMS.items():
        received = trailers.get(f"x-amz-checksum-{name}")
        if received is not None:
            checksum = make()
            checksum.update(body)
            if b64encode(checksum.digest()).decode() != received:
                raise SignatureError("BadDigest", f"the {name} of the data is not the one in the trailer")


def verify_post_policy(
    url: str, fields: Any, credentials: Any, *, length: int | None = None, service: str | None = "s3", region: str | None = None,
    now: datetime | None = None,
) -> Verified:  # fmt: skip
    """Return who signed the policy of a browser's upload form, and when, after its conditions were checked.

    url: what the form was posted to, absolute: a bucket's. fields: those of the form, without the file, as a mapping, pairs or a
    multi-dictionary of the web framework that parsed it. credentials: as for verify. length: bytes of the uploaded file; required
    if the policy has a content-length-range. service, region: those that must be signed for; None accepts any. now: aware datetime.

    The signature covers the policy only. Take the request for an upload to this bucket, and for nothing else.

    Raises SignatureError, with the code that S3 would respond with, if the signature is not valid, the policy has expired, a
    condition is not met, or a field is covered by no condition. Raises RequestError for wrong arguments.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
    """
    if credentials.__class__ is not Credentials:
        _check_lookup(credentials)
    moment = _moment_of(now)
    form = _read_form(fields)
    missing = {"x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "policy"} - set(form)
    if missing:
        raise SignatureError(MALFORMED_FORM, f"the form has no field {sorted(missing)[0]}")
    credential = _Credential(form["x-amz-algorithm"], form["x-amz-credential"], MALFORMED_FORM)
    seconds = _parse_amz_date(form["x-amz-date"], MALFORMED_FORM)
    if credential.date != form["x-amz-date"][:8]:
        raise SignatureError(MALFORMED_FORM, "the credential's scope must begin with the day of x-amz-date")
    _check_scope(credential, service, region, MALFORMED_FORM)
    known = _find_credentials(credentials, credential.access_key_id)
    _check_token(known, form.get("x-amz-security-token"), moment)
    policy = form["policy"]
    key = _make_key(known, credential.date, credential.region, credential.service)
    if not policy.isascii() or not hmac.compare_digest(key.sign(policy).encode(), form["x-amz-signature"].encode("utf-8", "replace")):
        raise SignatureError("SignatureDoesNotMatch", "the signature does not match this policy and this access key")

    end, conditions = _parse_policy(policy)
    if moment > end:
        raise SignatureError("AccessDenied", f"the policy expired at {_format_iso8601(end)}")
    try:
        _, path, query = _split_url(url)
    except RequestError as error:
        raise SignatureError("InvalidRequest", str(error)) from None
    bucket = _bucket_of(url)
    if query or "#" in url or _percent_decode(path.strip("/").encode()) not in (b"", bucket.encode()):
        raise SignatureError("InvalidRequest", "a form must be posted to its bucket: no path but the bucket's name, no query")
    if form.setdefault("bucket", bucket) != bucket:
        raise SignatureError("AccessDenied", "the form's field bucket is not the bucket of the URL")
    covered = _check_conditions(conditions, form, length)
    for name in form:
        if name not in covered and name not in UNCOVERED_FIELDS and not name.startswith("x-ignore-"):
            raise SignatureError("AccessDenied", f"the form's field {_safe_prefix(name)} is covered by no condition of its policy")
    return Verified(credential, seconds, end, form["x-amz-signature"])


def _read_form(fields: Any) -> dict[str, str]:
    """Return the fields of a form by lower-case name. Raise SignatureError if one was given twice."""
    # Django and werkzeug have lists(); their items() shows one value of a name.
    pairs = [(name, value) for name, values in fields.lists() for value in values] if hasattr(fields, "lists") else _header_pairs(fields)
    form: dict[str, str] = {}
    for name, value in pairs:
        lower = str(name).lower()
        if lower in form:
            raise SignatureError(MALFORMED_FORM, f"the form has the field {_safe_prefix(lower)} twice")
        form[lower] = _field_text(value)
    return form


def _parse_policy(policy: str) -> tuple[float, list[Any]]:
    """Return (seconds since the epoch at which a policy expires, its conditions)."""
    import json
    from base64 import b64decode

    try:
        stated = json.loads(b64decode(policy, validate=True))
        expiration: Any = _parse_time(stated["expiration"])
        return expiration.timestamp(), list(stated["conditions"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        raise SignatureError("InvalidPolicyDocument", "the policy must be JSON in base64, with an expiration and conditions") from None


def _check_conditions(conditions: list[Any], form: Mapping[str, str], length: int | None) -> set[str]:
    """Return the names of the fields that conditions cover. Raise SignatureError if one is not met."""
    covered = set()
    for condition in conditions:
        rules = [("eq", f"${name}", value) for name, value in condition.items()] if isinstance(condition, dict) else [condition]
        for rule in rules:
            if not isinstance(rule, (list, tuple)) or len(rule) != 3:
                raise SignatureError("InvalidPolicyDocument", "a condition must be {name: value} or a list of three")
            kind, name, value = rule
            if kind == "content-length-range":
                _check_length(name, value, length)
                continue
            if kind not in ("eq", "starts-with") or not isinstance(name, str) or name[:1] != "$" or not isinstance(value, str):
                raise SignatureError(
                    "InvalidPolicyDocument", "a condition must be eq or starts-with, a $name and a text, or content-length-range"
                )
            name = name[1:].lower()
            received = form.get(name, "")
            covered.add(name)
            if received != value and not (kind == "starts-with" and received.startswith(value)):
                raise SignatureError("AccessDenied", f"the form's field {_safe_prefix(name)} is not what its policy allows")
    return covered


def _check_length(least: Any, most: Any, length: int | None) -> None:
    """Check the length of an upload against a content-length-range."""
    if not isinstance(least, int) or not isinstance(most, int):
        raise SignatureError("InvalidPolicyDocument", "content-length-range takes two numbers of bytes")
    if not isinstance(length, int):
        raise RequestError(
            f"length is {_describe_type(length)}; the policy has a content-length-range: pass the bytes of the uploaded file"
        )
    if not least <= length <= most:
        code = "EntityTooSmall" if length < least else "EntityTooLarge"
        raise SignatureError(code, f"the upload has {length} bytes; the policy allows {least} to {most}")


def verify_wsgi(
    app: Any, credentials: Any, *, service: str, region: str | None = None, max_body: int = MAX_BODY, require_signed_body: bool = True,
    max_skew: float = 900, host: str | None = None, unsigned_headers: Iterable[str] = (), clock: Callable[[], float] = time.time,
) -> Callable[..., Any]:  # fmt: skip
    """Return a WSGI application that passes only rightly signed requests to another one, with the Verified in environ["sigv4"].

    credentials, service, region, max_skew, host, unsigned_headers: as for verify. max_body: bytes of a body as received.
    require_signed_body: refuse a body that the signature does not cover, such as one of UNSIGNED-PAYLOAD. clock: as for Signer.

    The application reads the checked body from wsgi.input, without the framing of aws-chunked. The response is 403 to what is not
    rightly signed, 400 to a path that normalization would change (dot segments, doubled slashes; not for S3), 413 to a body of more
    than max_body bytes, and 411 to a body whose end the server does not mark. The request is verified as it was on the wire, which
    RAW_URI or REQUEST_URI tell; where a server has neither, the path is encoded again, strictly.

    Raises RequestError for wrong arguments.
    Source: https://peps.python.org/pep-3333/
    """
    requirements = _Requirements(_read_scope("service", service), region, max_skew, host, unsigned_headers)
    _check_lookup(credentials)

    def guarded(environ: dict[str, Any], start_response: Any) -> Any:
        method = environ["REQUEST_METHOD"]
        try:
            if "HTTP_SCRIPT_NAME" in environ:  # gunicorn takes it off the path, for the application and not for the signature
                raise SignatureError("AccessDenied", "the header Script_Name is not accepted")
            claim = _admit(method, _wsgi_target(environ), _wsgi_headers(environ), clock(), requirements)
            known = _find_credentials(credentials, claim.credential.access_key_id)
            found = _check_request(claim, known, _read_wsgi_body(environ, max_body), clock(), require_signed_body)
        except SignatureError as error:
            status, headers, text = _refusal(error, method)
            start_response(f"{status} {REASONS[status]}", headers)
            return [text]
        checked = {**environ, "sigv4": found, "wsgi.input": io.BytesIO(found.body), "CONTENT_LENGTH": str(len(found.body))}
        checked.pop("HTTP_TRANSFER_ENCODING", None)
        if found.payload_hash.startswith("STREAMING-"):
            checked["HTTP_CONTENT_ENCODING"] = _without_aws_chunked(checked.pop("HTTP_CONTENT_ENCODING", ""))
        return app(checked, start_response)

    return guarded


def verify_asgi(
    app: Any, credentials: Any, *, service: str, region: str | None = None, max_body: int = MAX_BODY, require_signed_body: bool = True,
    max_skew: float = 900, host: str | None = None, unsigned_headers: Iterable[str] = (), clock: Callable[[], float] = time.time,
) -> Callable[..., Any]:  # fmt: skip
    """Return an ASGI application that passes only rightly signed requests to another one, with the Verified in scope["sigv4"].

    credentials: as for verify, or a coroutine function. The other arguments and the responses are those of verify_wsgi.
    A WebSocket is opened by a signed or presigned GET. Any other is closed before it is accepted, which servers send as 403.
    The events of the lifespan are passed on.

    Raises RequestError for wrong arguments.
    Source: https://asgi.readthedocs.io/en/latest/specs/www.html
    """
    requirements = _Requirements(_read_scope("service", service), region, max_skew, host, unsigned_headers)
    _check_lookup(credentials, can_wait=True)

    async def guarded(scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] == "lifespan":
            return await app(scope, receive, send)
        if scope["type"] not in ("http", "websocket"):
            raise RequestError(f"scope['type'] is {_safe_prefix(scope['type'])}; it must be http, websocket or lifespan")
        method = scope.get("method", "GET")  # a WebSocket has none
        try:
            claim = _admit(method, _asgi_target(scope), scope["headers"], clock(), requirements)
            known = await _await_credentials(credentials, claim.credential.access_key_id)
            body = b"" if scope["type"] == "websocket" else await _receive_body(receive, claim.header("content-length"), max_body)
            if body is None:
                return None
            found = _check_request(claim, known, body, clock(), require_signed_body)
        except SignatureError as error:
            return await _send_refusal(error, method, scope["type"], receive, send)
        messages = [{"type": "http.request", "body": found.body, "more_body": False}] if scope["type"] == "http" else []

        async def receive_checked() -> Any:
            return messages.pop() if messages else await receive()

        headers = scope["headers"]
        if found.payload_hash.startswith("STREAMING-"):
            headers = [pair for pair in headers if pair[0] not in (b"content-length", b"content-encoding")]
            coding = _without_aws_chunked(claim.header("content-encoding"))
            headers += [(b"content-length", str(len(found.body)).encode()), (b"content-encoding", coding.encode())]
        return await app({**scope, "headers": headers, "sigv4": found}, receive_checked, send)

    return guarded


class _Refusal(SignatureError):
    """What a middleware refuses, whether it is signed or not. status: of the response."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status


def _admit(method: str, target: str, headers: Headers, moment: float, requirements: _Requirements) -> _Claim:
    """Return what a request says about its signature. Raise SignatureError for what is refused without reading its body."""
    path = target.partition("?")[0]
    if path[:1] != "/":
        raise _Refusal(400, "InvalidURI", "the target of the request must be a path that begins with /")
    if requirements.service not in S3_SERVICES and ("//" in path or _remove_dot_segments(path) != path):
        # It has the signature of the normalized path, but the application may route by this one.
        raise _Refusal(400, "InvalidURI", "the path must be without dot segments and doubled slashes")
    return _accept_claim(method, target, headers, moment, requirements)


def _check_request(claim: _Claim, known: Credentials, body: bytes, moment: float, require_signed_body: bool) -> Verified:
    """Return the request whose signature and body are right."""
    found = _check_signature(claim, known, body, moment)
    if body and require_signed_body and not found.body_is_signed:
        raise SignatureError("AccessDenied", "the body is not signed; send its SHA-256, or signed chunks")
    return found


def _refusal(error: SignatureError, method: str) -> tuple[int, Pairs, bytes]:
    """Return (status, headers, body) of the response to a request that is refused."""
    _log(DEBUG, "refused a request: %s", error)
    text = str(error).encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text))), ("X-Amzn-ErrorType", error.code)]
    return getattr(error, "status", 403), headers, b"" if method == "HEAD" else text


async def _send_refusal(error: SignatureError, method: str, kind: str, receive: Any, send: Any) -> None:
    """Send the response to a request that is refused. kind: http or websocket."""
    status, headers, text = _refusal(error, method)
    if kind == "websocket":
        await receive()  # that it wants to connect
        await send({"type": "websocket.close", "code": 1008})
        return
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": text})


async def _await_credentials(credentials: Any, access_key_id: str) -> Credentials:
    """Return the Credentials of an access key id, of a function or a coroutine function."""
    found = _look_up(credentials, access_key_id)
    if hasattr(found, "__await__"):
        try:
            found = await found
        except LookupError:
            found = None
    return _require_credentials(found, access_key_id)


def _wsgi_target(environ: Mapping[str, Any]) -> str:
    """Return the request target as it was on the wire. Without RAW_URI and REQUEST_URI the path is encoded again."""
    target: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if target:
        return target
    path = _percent_encode((environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1"), PLAIN_PATH)
    return f"{path}?{environ.get('QUERY_STRING', '')}"


def _asgi_target(scope: Mapping[str, Any]) -> str:
    """Return the request target as it was on the wire. Without raw_path, as under Mangum, the path is encoded again."""
    path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else _percent_encode(scope["path"].encode(), PLAIN_PATH)
    return f"{path}?{scope['query_string'].decode('latin-1')}"


def _wsgi_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a request."""
    headers = {name[5:].replace("_", "-"): value for name, value in environ.items() if name[:5] == "HTTP_"}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):  # the application reads these, and not HTTP_CONTENT_TYPE
        headers.pop(name.replace("_", "-"), None)
        if environ.get(name):
            headers[name.replace("_", "-")] = environ[name]
    return headers


def _without_aws_chunked(coding: str) -> str:
    """Return a Content-Encoding without aws-chunked."""
    return ",".join([each.strip() for each in coding.split(",") if each.strip().lower() != "aws-chunked"])


def _read_length(content_length: str, max_body: int) -> int:
    """Return the number in a Content-Length, 0 if there is none."""
    if content_length and not (content_length.isascii() and content_length.isdigit()):
        raise _Refusal(400, "InvalidArgument", "Content-Length must be a number")
    if len(content_length) > 18 or int(content_length or 0) > max_body:
        raise _Refusal(413, "EntityTooLarge", f"the body is too large; {max_body} bytes are allowed")
    return int(content_length or 0)


def _read_wsgi_body(environ: Mapping[str, Any], max_body: int) -> bytes:
    """Return the whole body of a request: to the end that the server marks, or as long as Content-Length says."""
    length = _read_length(environ.get("CONTENT_LENGTH") or "", max_body)
    has_end, is_chunked = bool(environ.get("wsgi.input_terminated")), "HTTP_TRANSFER_ENCODING" in environ
    if is_chunked and not has_end:
        raise _Refusal(411, "MissingContentLength", "this server reads no body without a Content-Length")
    to_end = is_chunked or (has_end and not environ.get("CONTENT_LENGTH"))
    most = max_body + 1 if to_end else length
    body = io.BytesIO()
    while body.tell() < most:
        piece = environ["wsgi.input"].read(min(most - body.tell(), FILE_PIECE))
        if not piece:
            break
        body.write(piece)
    _read_length(str(body.tell()), max_body)
    if body.tell() < length and not to_end:
        raise _Refusal(400, "IncompleteBody", "the body is shorter than its Content-Length")
    return body.getvalue()


async def _receive_body(receive: Any, content_length: str, max_body: int) -> bytes | None:
    """Return the whole body of a request, or None if the client has disconnected."""
    _read_length(content_length, max_body)
    body = io.BytesIO()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body.write(message.get("body", b""))
        _read_length(str(body.tell()), max_body)
        if not message.get("more_body"):
            return body.getvalue()


# 13. Explain ----------------------------------------------------------------------------------------------------------

# Parts of the names of headers and parameters whose values are not shown.
SECRET_WORDS = ("auth", "cookie", "credential", "key", "pass", "secret", "session", "signature", "token")
# How the JSON services introduce what they computed.
CANONICAL_MARK, TO_SIGN_MARK = "Canonical String for this request should have been\n'", "String-to-Sign should have been\n'"
REGION_CODES = frozenset("AuthorizationHeaderMalformed AuthorizationQueryParametersError PermanentRedirect TemporaryRedirect".split())
MAX_SHOWN = 300  # characters of a value or a message
MAX_PARTS = 20  # parts of a canonical request
MAX_RESPONSE = 1 << 20  # bytes of a response that are read

# The usual cause of a difference in a part of the canonical request, and the remedy.
DIFFERENCES = {
    "method": "A redirect or the HTTP library changed the method. Sign the method that is sent, and do not follow redirects.",
    "path": "The path was encoded, decoded or normalized differently, or a proxy rewrote it. Send the URL that sign returned, unchanged. S3"
    " needs double_encode=False and normalize_path=False, every other service True: check the service that you sign for.",
    "parameter": "A query parameter was added, dropped or encoded differently after signing. Put all parameters into the URL before you"
    " sign it, write %20 for a blank and %2B for a plus, and send the URL that sign returned.",
    "header host": "A proxy or a tunnel changed the Host header. Sign for the host that the service receives, by a Host header.",
    "header content-type": "The HTTP library sent another Content-Type, often with a charset or boundary. Pass it the signed one.",
    "header x-amz-date": "The request was signed twice, or another date was added later. Send all headers of one signature.",
    "header": "A proxy or the HTTP library added, dropped or changed the header. Send it as it was signed, or do not sign it.",
    "signed": "Other headers were signed than the ones that the service checked. Send the Authorization header that sign returned.",
    "payload": "The body was added, dropped or changed after signing: encoded or compressed again, for example. Send the body that sign"
    " returned, and the same X-Amz-Content-SHA256. Only S3 accepts UNSIGNED-PAYLOAD.",
}
SECRET_IS_WRONG = (
    "the secret does not belong to this access key id: it was mistyped, cut, rotated, or is that of another account. Some stores say the"
    " same about an unknown access key id."
)
NO_SIGNATURE = "The service received no signature. A proxy or a redirect dropped the Authorization header, or none was sent."
NO_CONTENT_SHA256 = "The service requires the signed header X-Amz-Content-SHA256. Pass content_sha256=True, or the service's own name."
# (codes, phrase of a message in lower case, cause and remedy) of refusals that need no comparison, in the order in which they are
# tried. A refusal matches by its code or by the phrase.
CAUSES = (
    ("", "required header for this request: x-amz-content-sha256", NO_CONTENT_SHA256),
    ("", "date in credential scope",
        "The date in the credential scope is not that of X-Amz-Date. Sign again, and send all headers of one signature."),
    ("", "valid date or x-amz-date", "X-Amz-Date did not arrive as it was signed. Send the headers that sign returned."),
    ("", "x-amz-expires must be", f"The lifetime of the URL is out of range: expires= takes 1 to {MAX_EXPIRES} seconds."),
    ("", "according to policy",
        "The form does not meet its policy, or the policy has expired. Give each field a condition, or make a new form."),
    ("", "anonymous is not authorized", NO_SIGNATURE),
    ("InvalidAccessKeyId InvalidClientTokenId UnrecognizedClientException", "token included in the request is invalid",
        "The service does not know the access key id. It was mistyped or deleted, or belongs to another partition (China, GovCloud) or"
        " another store. Or it is temporary, and its session token is missing or belongs to another key."),
    ("SignatureDoesNotMatch InvalidSignatureException InvalidSignature", "signature we calculated does not match",
        "The service computed another signature and does not say from what. Check the secret, then what may have changed after signing:"
        " Host, the encoding of the path, a header, the body."),
    ("ExpiredToken ExpiredTokenException TokenRefreshRequired", "token has expired",
        "The session token has expired. Fetch fresh credentials. A provider refreshes them in time, a fixed set does not."),
    ("InvalidToken", "token is invalid",
        "The session token does not belong to this access key, or was cut. Use the key id, secret and token of one response."),
    ("MissingAuthenticationToken MissingAuthenticationTokenException MissingSecurityHeader", "missing authentication token",
        f"{NO_SIGNATURE} API Gateway says the same about a path, a method or a stage that does not exist."),
    ("IncompleteSignature IncompleteSignatureException AuthorizationHeaderMalformed AuthorizationQueryParametersError",
        "authorization header",
        "The service could not read the signature. Send the Authorization header, or the query, unchanged and only once, and no other"
        " kind of authentication beside it."),
    ("XAmzContentSHA256Mismatch BadDigest InvalidDigest", "content-sha256",
        "The body that arrived is not the one that was hashed. Send the bytes that sign returned, unchanged: not compressed, no other"
        " JSON, no other line ends."),
    ("AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError", "not authorized to perform",
        "The signature is valid, but the identity lacks the permission. Check the policies of identity and resource."
        " `sigv4 credentials --identity` shows whose key it is."),
    ("ForbiddenException", "forbidden",
        "The service gives no reason. API Gateway responds so if an API key is missing or a resource policy forbids the request,"
        " OpenSearch Serverless if no data access policy names the identity."),
)  # fmt: skip


def explain(signed: Any, response: Any) -> str:
    """Return why a service refused a request: what it received differently, the usual cause, the remedy.

    signed: the SignedRequest; (method, url, headers, body) as they were sent; a presigned URL; or None for the request that the
    response refers to. response: that of Client, requests, httpx, urllib3 or http.client; an HTTPError of urllib; (status, headers,
    body); or the response as str or bytes, with or without its head. Only its first MiB is read.

    Secrets, tokens and signatures are never shown, only their length.
    Raises RequestError for what is not a response, and for a `signed` that carries no signature.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
    """
    received = _Received(response)
    causes = []
    try:
        stages = _Stages(_attribute(response, "request") if signed is None else signed, received)
    except SignatureError as error:
        if signed is not None and error.code not in ("AccessDenied", "SignatureDoesNotMatch"):
            raise RequestError(f"the signed request cannot be read: {error}") from None
        stages = _Stages(None, received)
        if signed is not None:
            causes.append(f"The request is not what was signed: {error.args[1]}.")
    causes += _causes_of(stages, received)
    if not causes:
        message = _redact(received.message.partition("\n")[0][:MAX_SHOWN]).rstrip(".")
        causes = [f"It does not mention the signature{': ' + message if message else ''}."]
        if not received.text.strip():
            causes = ["It has no body that says why. A response to HEAD never has one: try again with GET."]
    title = " ".join([part for part in (str(received.status or ""), _redact((received.code or "")[:100])) if part])
    return "\n".join([f"The service responded with {title or 'no code'}.", *[f"- {cause}" for cause in causes]])


class _Received:
    """A response: status (int or None), headers, text, the error's code and message, and the canonical request and string to sign
    that it quotes, or empty strings."""

    def __init__(self, response: Any) -> None:
        self.status, self.headers, self.text = _read_response(response)
        self.code, self.message = _read_error(self.headers, self.text)
        canonical, to_sign = _xml_text(self.text, "CanonicalRequest"), _xml_text(self.text, "StringToSign")
        if not canonical and CANONICAL_MARK in self.message:
            canonical, _, rest = self.message.partition(CANONICAL_MARK)[2].partition("'\n\nThe " + TO_SIGN_MARK)
            to_sign = rest.rpartition("'")[0] or rest
            canonical = canonical if to_sign else canonical.rstrip("'\n")
        self.canonical_request = canonical.replace("\r\n", "\n")
        self.string_to_sign = to_sign.replace("\r\n", "\n")


class _Stages:
    """What was signed, as far as it is known: canonical request, string to sign and access key id, or empty strings.

    What a library's request or a presigned URL does not show is taken from the request that the service quotes.
    assumed: what a URL does not show, the method and the signed headers.
    """

    def __init__(self, signed: Any, received: _Received) -> None:
        self.canonical_request = self.string_to_sign = self.access_key_id = ""
        self.assumed: list[str] = []
        if signed is None:
            return
        if isinstance(signed, SignedRequest):
            self.canonical_request, self.string_to_sign = signed.canonical_request, signed.string_to_sign
            in_query = signed.canonical_request.partition("X-Amz-Credential=")[2].partition("%2F")[0]
            self.access_key_id = signed.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0] or in_query
            return
        if isinstance(signed, str):
            signed = (..., signed, ..., None)
        elif hasattr(signed, "method") and hasattr(signed, "url"):  # the request of a library
            signed = (signed.method, signed.url, signed.headers, _body_of(signed))
        if not isinstance(signed, (tuple, list)) or len(signed) != 4:
            raise RequestError(
                f"signed is {_describe_type(signed)}; pass a SignedRequest, (method, url, headers, body), or a presigned URL"
            )
        method, url, headers, body = signed
        quoted = received.canonical_request
        if method is ...:
            self.assumed.append("method")
            method = quoted.partition("\n")[0]
            method = method if method in METHODS else "GET"
        if headers is ...:
            headers = _quoted_headers(url, quoted)
            self.assumed += [f"header {name}" for name in headers]
        claim = _read_claim(method, url, headers)
        payload_hash = claim.declared_hash
        if payload_hash is None and claim.life is not None and claim.credential.service in S3_SERVICES | {LATTICE}:
            payload_hash = UNSIGNED_PAYLOAD
        elif payload_hash is None:
            payload_hash = quoted.rpartition("\n")[2] if body is ... else _read_body(body, None, None)[1]
        credential = claim.credential
        self.access_key_id = credential.access_key_id
        self.canonical_request = claim.canonical_head + payload_hash
        self.string_to_sign = string_to_sign(self.canonical_request, claim.amz_date, credential.scope, credential.algorithm)


def _quoted_headers(url: str, quoted: str) -> dict[str, str]:
    """Return the signed headers of a presigned URL but Host, with their values in the quoted canonical request."""
    lines = [line.partition(":") for line in quoted.split("\n")[3:-3]]
    values = {name: value.replace("\r", " ") for name, _, value in lines}
    _, query, _ = _read_target(url)
    parameters = _signature_parameters(_sorted_pieces(_strict_query(query)))
    names = parameters.get("x-amz-signedheaders", "").lower().split(";")
    return {name: values.get(name, "") for name in names if name not in ("", "host")}


def _find_causes(request: SignedRequest | None, response: Response) -> list[str]:
    """Return what explain finds about a refused request; nothing if the response is not a refusal that it knows."""
    received = _Received(response)
    return _causes_of(_Stages(request, received), received)


def _causes_of(stages: _Stages, received: _Received) -> list[str]:
    """Return the causes of a refusal, nothing if none is known."""
    if received.canonical_request and stages.canonical_request:
        return _compare(stages.canonical_request, received.canonical_request) or _compare_strings_to_sign(stages, received)
    if received.canonical_request:
        parts = [(name, _shown_value(name, value)) for name, value in _canonical_parts(received.canonical_request).items()]
        lines = _limit([f"{_shown_name(name)}: {value}" for name, value in parts])
        return ["\n    ".join(["There is no signed request to compare with. The service received:", *lines])]
    return _causes_of_time(stages, received) or _causes_of_scope(stages, received) or _causes_of_code(stages, received)


def _causes_of_time(stages: _Stages, received: _Received) -> list[str]:
    """Return the cause of a refusal that is about time."""
    lower = received.message.lower()
    if received.status is not None and received.status not in REFUSALS:
        return []
    expires = stages.canonical_request.partition("X-Amz-Expires=")[2].partition("&")[0].partition("\n")[0]
    life = _xml_text(received.text, "X-Amz-Expires") or expires
    if life and ("request has expired" in lower or "signature expired" in lower):
        return [f"The URL was valid for {_printable(life[:10])} s and has expired. Presign it again; expires= takes up to {MAX_EXPIRES} s."]
    if received.code not in SKEW_CODES and not any(words in lower for words in SKEW_WORDS):
        return []
    now = _parse_http_date(received.headers.get("date", ""))
    off = ""
    if now is not None and stages.string_to_sign:
        ahead = _parse_amz_date(stages.string_to_sign.split("\n")[1], "") - now
        off = f" by {abs(ahead):.0f} s: it is {'ahead of' if ahead > 0 else 'behind'} the service's clock"
    return [
        f"The clock that signed is off{off}. Synchronize it with NTP; Client corrects it. Or the request waited for minutes before it was"
        " sent: sign it again."
    ]


def _causes_of_scope(stages: _Stages, received: _Received) -> list[str]:
    """Return the cause of a refusal that is about the service or the region."""
    code, message, text = received.code, received.message, received.text
    lower = message.lower()
    scope = stages.string_to_sign.split("\n")[2].split("/")[1:-1] if stages.string_to_sign else []
    region, service = scope if len(scope) == 2 else ("", "".join(scope))
    if "correct service" in lower or "incorrect service" in lower:
        right = _quoted_after(message, "service: ") or _quoted_after(message, "belongs to ")
        return [_wrong_scope("service", service or _quoted_after(message, "incorrect service "), right)]
    expected = _quoted_after(message, "expecting ") if "the region" in lower else ""
    named = _xml_text(text, "Region") or expected or received.headers.get("x-amz-bucket-region", "")
    endpoint = _xml_text(text, "Endpoint")
    if code in REGION_CODES and endpoint:
        its = f" {_shown_text(named)}" if named else ""
        return [f"The bucket is at another endpoint: send the request to {_shown_text(endpoint)}, signed for its region{its}."]
    if "scoped to a valid region" in lower or (code in REGION_CODES and (named or "the region" in lower)):
        return [_wrong_scope("region", region or _quoted_after(message, "the region "), named if named != region else "")]
    return []


def _causes_of_code(stages: _Stages, received: _Received) -> list[str]:
    """Return the cause of a refusal by its code or its message."""
    lower = received.message.lower()
    unsigned = _xml_text(received.text, "HeadersNotSigned")
    if unsigned or "were not signed" in lower:
        which = f" ({_redact(unsigned[:200])})" if unsigned else ""
        return [f"A header was sent that was not signed{which}. Pass every x-amz- header to sign, and add none afterwards."]
    missing = _xml_text(received.text, "MissingHeaderName")
    if missing.lower() == CONTENT_SHA256:
        return [NO_CONTENT_SHA256]
    if missing:
        return [f"The service requires the header {_shown_text(missing)}, which did not arrive. Pass it to sign, and send it."]
    is_refusal = received.status is None or received.status in REFUSALS
    for codes, phrase, cause in CAUSES:
        if received.code in codes.split() or (phrase in lower and is_refusal):
            suspects = _suspects(stages, received) if "another signature" in cause else []
            return [*suspects, _cause_of_key(stages, received, cause) if "session token" in cause else cause]
    return []


def _cause_of_key(stages: _Stages, received: _Received, cause: str) -> str:
    """Return the cause of a refusal that is about the access key or its token. AKIA begins permanent keys, ASIA temporary ones."""
    access_key_id = stages.access_key_id or _xml_text(received.text, "AWSAccessKeyId")
    lower = stages.canonical_request.lower()
    has_token = "x-amz-security-token" in lower or "x-amz-s3session-token" in lower
    shown = f" {_shown_text(access_key_id)}" if access_key_id else ""
    if access_key_id.startswith("AKIA") and has_token:
        return f"The access key id{shown} is permanent, but was sent with a session token. AWS_SESSION_TOKEN is probably stale: unset it."
    if access_key_id.startswith("ASIA") and lower and not has_token:
        return f"The access key id{shown} is temporary, but no session token was signed. Pass session_token to Credentials."
    return cause.replace("the access key id", f"the access key id{shown}")


def _suspects(stages: _Stages, received: _Received) -> list[str]:
    """Return what a presigned URL does not show, and what the service received of it."""
    quoted = _canonical_parts(received.canonical_request) if received.canonical_request else {}
    suspects = []
    for name in stages.assumed:
        rule = "A presigned URL works only with the method that it was made for."
        if name != "method":
            rule = "This header was signed, so it must be sent with the value that was signed."
        arrived = f" The service received {_shown_value(name, quoted.get(name))}." if quoted else ""
        suspects.append(f"{_shown_name(name)}: {rule}{arrived}")
    return _limit(suspects)


def _wrong_scope(what: str, signed: str, right: str) -> str:
    """Return the cause of a refusal that is about the service or the region."""
    ours = f" {_shown_text(signed)}" if signed else ""
    if not right:
        return f"The request is signed for the wrong {what}{ours}. Pass the service's own as {what}= to Signer or to the call."
    return f"The request is signed for the {what}{ours}, but must be for {_shown_text(right)}. Pass {what}={_shown_text(right)} to Signer."


def _attribute(value: Any, name: str) -> Any:
    """Return an attribute, or None; Python 3.8's HTTPError without a body raises KeyError for any."""
    try:
        return getattr(value, name, None)
    except KeyError:
        return None


def _read_response(response: Any) -> tuple[int | None, dict[str, str], str]:
    """Return (status or None, headers by lower-case name, text) of a response in any form."""
    status: Any = None
    headers: Any = _attribute(response, "headers")
    body: Any = response
    if isinstance(response, tuple) and len(response) == 3:
        status, headers, body = response
    elif not isinstance(response, (str, bytes, bytearray, memoryview)):
        values = [_attribute(response, name) for name in ("status_code", "status", "code")]
        status = next((value for value in values if value is not None), None)
        body = _read_library_body(response)
    if not isinstance(body, (str, bytes, bytearray, memoryview)):
        raise RequestError(
            f"response is {_describe_type(response)}; pass a library's response whose body was read, (status, headers, body), or its text"
        )
    text = body[:MAX_RESPONSE] if isinstance(body, str) else bytes(body)[:MAX_RESPONSE].decode("utf-8", "replace")
    if headers is None and text.startswith("HTTP/"):
        status, headers, text = _split_heads(text.replace("\r\n", "\n"))
    return status if isinstance(status, int) else None, dict(_response_headers(headers)), text


def _read_library_body(response: Any) -> Any:
    """Return the body of a library's response, or None. Raise RequestError if it cannot be read."""
    try:
        for name in ("body", "content", "data"):  # Client's, requests' and httpx's, urllib3's
            if _attribute(response, name) is not None:
                return _attribute(response, name)
        read = _attribute(response, "read")  # http.client's and urllib's
        return read(MAX_RESPONSE) if read else b"" if isinstance(response, OSError) else None
    except Exception as error:  # a library's own, as httpx.ResponseNotRead
        failure = type(error).__name__
    # Raised here, so that the error, which may contain what was read, is not its context.
    raise RequestError(f"the response cannot be read ({failure}); read its body first")


def _split_heads(text: str) -> tuple[int | None, Pairs, str]:
    """Return (status, headers, body) of a response with its head. curl -i also prints interim ones, such as 100 Continue."""
    start, lines = 0, [""]
    status: int | None = 100
    while status is not None and 100 <= status < 200 and text.startswith("HTTP/", start):
        end = text.find("\n\n", start)
        end = len(text) if end < 0 else end
        lines = text[start:end].split("\n")
        number = lines[0].split(" ")[1:2]
        status = int(number[0]) if number and number[0].isascii() and number[0].isdigit() and len(number[0]) == 3 else None
        start = end + 2
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    return status, headers, text[start:]


def _body_of(request: Any) -> Any:
    """Return the body of a library's request; ... if it is not known, or was read when it was sent."""
    try:
        body = request.body if hasattr(request, "body") else request.content
    except Exception:  # httpx.RequestNotRead, or none at all
        return ...
    return body if body is None or isinstance(body, (str, bytes)) else ...


def _canonical_parts(canonical: str) -> dict[str, str]:
    """Return the parts of a canonical request by name: method, path, parameter NAME, header NAME, signed headers, payload hash."""
    method, path, query, *lines = [*canonical.split("\n"), "", "", ""]
    lines = lines[: len(canonical.split("\n")) - 3]
    parts = {"method": method, "path": path}
    pairs = [(f"parameter {name}", value) for name, _, value in [piece.partition("=") for piece in query.split("&") if query]]
    parts.update(_join_values(pairs, "&"))
    parts.update({f"header {name}": value for name, _, value in [line.partition(":") for line in lines[:-2]] if name})
    parts["signed headers"], parts["payload hash"] = [*lines[-2:], "", ""][:2]
    return parts


def _compare(canonical: str, received: str) -> list[str]:
    """Return a sentence for each part of the canonical request that the service received differently."""
    if canonical == received:
        return []
    ours, theirs = _canonical_parts(canonical), _canonical_parts(received)
    found: list[str] = []
    for name in {**ours, **theirs}:
        if ours.get(name) != theirs.get(name):
            signed, arrived = _shown_value(name, ours.get(name)), _shown_value(name, theirs.get(name))
            arrived = "another one" if signed == arrived else arrived
            cause = DIFFERENCES.get(name) or DIFFERENCES[name.partition(" ")[0]]
            found.append(f"{_shown_name(name)}: {signed} was signed, the service received {arrived}. {cause}")
    if len(found) > 1:  # the headers themselves say it
        found = [each for each in found if not each.startswith("signed headers:")]
    return _limit(found) or ["The service received the same parts in another order or layout. Send the URL that sign returned."]


def _compare_strings_to_sign(stages: _Stages, received: _Received) -> list[str]:
    """Return the causes of a refusal if the canonical requests are equal."""
    names = ("algorithm", "X-Amz-Date", "scope")
    for name, ours, theirs in zip(names, stages.string_to_sign.split("\n"), received.string_to_sign.split("\n")):
        if ours != theirs and received.string_to_sign:
            return [
                f"{name}: {_shown_plain(ours)} was signed, the service computed with {_shown_plain(theirs)}. Sign for the service and the"
                " region of the host, and send the X-Amz-Date that was signed."
            ]
    suspects = _suspects(stages, received)
    return [*suspects, f"{'If these are right,' if suspects else 'The service received what was signed, so'} {SECRET_IS_WRONG}"]


def _quoted_after(message: str, before: str) -> str:
    """Return the text in quotes of either kind that follows another one."""
    rest = message.partition(before)[2]
    return rest[1:].partition(rest[0])[0] if rest[:1] in ("'", '"') else ""


def _limit(items: list[str]) -> list[str]:
    """Return the first items of a list, and how many more there are."""
    more = len(items) - MAX_PARTS
    return [*items[:MAX_PARTS], f"and {more} more"] if more > 0 else items


def _shown_name(name: str) -> str:
    """Return the name of a part; that of a header or a parameter only if it can be one."""
    kind, _, own = name.partition(" ")
    if len(own) > 100 or own.encode("utf-8", "replace").translate(None, TOKEN + b" "):
        return f"{kind} of {len(own)} characters"
    return f"{kind} {own!r}" if kind == "parameter" else name


def _shown_value(name: str, value: str | None) -> str:
    """Return a value for an explanation, or its length if its name says that it may be a secret."""
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
    return repr(_printable(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."))


def _shown_text(text: str) -> str:
    return repr(_redact(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."))


_extensions["explain"] = _find_causes


# 14. Command line -----------------------------------------------------------------------------------------------------

EXEC_CREDENTIAL_LIFE = 840.0  # seconds, a minute less than EKS accepts a token for
CREDENTIALS_HELP = "Credentials come from where all AWS tools find them: AWS_*, ~/.aws, the machine."
# What makes each kind of token, the names that it takes, and its option.
TOKENS: dict[str, tuple[Any, str, str]] = {
    "rds": (rds_token, "HOST PORT USER", ""),
    "dsql": (dsql_token, "HOST", "admin"),
    "elasticache": (elasticache_token, "CACHE USER", "serverless"),
    "memorydb": (memorydb_token, "CLUSTER USER", ""),
    "msk": (msk_token, "", ""),
    "eks": (eks_token, "CLUSTER", "exec-credential"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status of the command line: 0, 1 for a failure, 2 for misuse, 22 for fetch --fail, 130 for an interrupt.

    argv: the arguments without the program's name; None means those of the process. A line on stderr says what went wrong.
    Raises nothing.
    """
    try:
        return _run_command(sys.argv[1:] if argv is None else argv)
    except SystemExit as stop:  # argparse: --help and --version exit with 0, misuse with 2
        return int(stop.code or 0)
    except BrokenPipeError:  # the reader stopped early; stdout must not be flushed again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell reports SIGINT
    except (ValueError, SigV4Error, OSError) as error:
        not_found = isinstance(error, CredentialsNotFound)
        _report(f"{error}{'; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile' if not_found else ''}")
        # 2 for RequestError, or an argument that is not a file name or a text; 22 as curl --fail.
        return 2 if isinstance(error, ValueError) else 22 if isinstance(error, ServiceError) else 1


def _run_command(argv: Sequence[str]) -> int:
    """Return the exit status of a command. Its warnings, and with -v its log, are shown on stderr."""
    import logging
    import warnings
    from contextlib import ExitStack

    arguments, unknown = _make_parser().parse_known_args(_join_option_values(argv))
    if unknown:
        word = next((word for word in unknown if word[:1] == "-"), unknown[0]).partition("=")[0]
        raise RequestError(f"{arguments.name} does not take {word!r:.60} (see sigv4 {arguments.name} --help)")
    arguments.wait = time.sleep if arguments.silent or arguments.verbose else _announce_wait  # the log says it too
    handler, logger = logging.StreamHandler(), logging.getLogger("sigv4")
    handler.setFormatter(logging.Formatter("sigv4: %(message)s"))
    with ExitStack() as arguments.cleanup, warnings.catch_warnings():
        warnings.simplefilter("always", ExpiryWarning)
        warnings.showwarning = lambda message, *_: _report(f"warning: {message}")
        arguments.cleanup.callback(logger.setLevel, logger.level)
        arguments.cleanup.callback(logger.removeHandler, handler)
        logger.addHandler(handler)
        logger.setLevel(DEBUG if arguments.verbose else WARNING)
        return arguments.command(arguments) or 0


def _report(text: str) -> None:
    """Print a message on stderr, if it is open, with options for arguments and without characters that could control a terminal."""
    from re import sub

    text = sub(r"\b(service|region)=('[^']*')?", lambda found: f"--{found[1]} {found[2] or ''}".rstrip(), text)
    if sys.stderr is not None:
        print("\n".join(map(_printable, f"sigv4: {sub(' to Signer( or to th.s? call)?', '', text)}".split("\n"))), file=sys.stderr)


def _write(output: bytes) -> None:
    """Write to standard output."""
    if sys.stdout is None:
        raise OSError("standard output is closed")
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.buffer.write(output)
    else:  # main() with sys.stdout replaced by a text stream
        sys.stdout.write(output.decode("utf-8", "replace"))
    sys.stdout.flush()


def _announce_wait(seconds: float) -> None:
    """Wait before another attempt, and say so."""
    _report(f"the next attempt follows in {seconds:.2g} s (-v shows why)")
    time.sleep(seconds)


def _ask_mfa_code(serial_number: str) -> str:
    """Return the code of an MFA device, which is typed on the terminal."""
    import warnings
    from getpass import GetPassWarning, getpass

    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)  # it comes before a code is read from something that is not a terminal
        try:
            return getpass(f"Code of the MFA device {_printable(serial_number)}: ").strip()
        except (GetPassWarning, EOFError):
            raise CredentialsError(
                f"the code of the MFA device {serial_number} must be typed in a terminal; run this in one, or run this there first:"
                ' eval "$(sigv4 credentials --profile NAME --export)"'
            ) from None


def _join_option_values(argv: Sequence[str]) -> list[str]:
    """Return the arguments with the values of -d and -H joined to them: argparse takes a value that begins with a dash for an option."""
    long_names = {"-d": "--data", "--data": "--data", "--data-binary": "--data", "-H": "--header", "--header": "--header"}
    joined: list[str] = []
    rest = iter(argv)
    for argument in rest:
        value = next(rest, None) if argument in long_names else None
        joined.append(argument if value is None else f"{long_names[argument]}={value}")
    return joined


def _make_parser() -> Any:
    """Return the argparse parser."""
    import argparse

    class Parser(argparse.ArgumentParser):
        def __init__(self, **options: Any) -> None:
            layout = argparse.RawDescriptionHelpFormatter  # keeps the lines of the descriptions
            super().__init__(formatter_class=lambda prog: layout(prog, max_help_position=32, width=79), **options)

        def error(self, message: str) -> NoReturn:
            raise RequestError(f"{message.replace('invalid int value:', 'it must be a whole number, not')} (see {self.prog} --help)")

    parser = Parser(prog="sigv4", description="Sign AWS requests with Signature Version 4.", epilog=CREDENTIALS_HELP)
    parser.add_argument("--version", action="version", version=f"sigv4 {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)

    def add(name: str, command: Any, text: str, usage: str, details: str = ".", epilog: str | None = CREDENTIALS_HELP) -> Any:
        description = f"{text[0].upper()}{text[1:]}{details}"
        sub = commands.add_parser(name, usage=f"%(prog)s {usage}", help=text, description=description, epilog=epilog)
        sub.set_defaults(command=command, name=name)
        return sub

    usage, urls = "[options] URL", ".\n\nURL is https://HOST/PATH, or s3://BUCKET/KEY with the key as it is."
    _add_request_options(add("sign", _command_sign, "print a request with its signature in the Authorization header", usage, urls))
    _add_request_options(add("presign", _command_presign, "print a URL with its signature in the query", usage, urls))
    _add_request_options(add("fetch", _command_fetch, "send a signed request and print the body of the response", usage, urls))
    kinds = [f"{kind} {names}" for kind, (_, names, _) in TOKENS.items()]
    rows = [f"  {left:30}{right}".rstrip() for left, right in zip(kinds[::2], [*kinds[1::2], ""])]
    text, usage = "print a token for a database, a cache, Kafka or Kubernetes", "KIND [NAME ...] [options]"
    sub = add("token", _command_token, text, usage, "\n".join([":\n", *rows]))
    sub.add_argument("kind", metavar="KIND", choices=sorted(TOKENS), help=argparse.SUPPRESS)
    sub.add_argument("names", metavar="NAME", nargs="*", help=argparse.SUPPRESS)
    sub.add_argument("--region", metavar="NAME", help="default: from the host, else as configured")
    for own, text in (("admin", "dsql: for the user admin"), ("serverless", "elasticache: of a serverless cache"),
                      ("exec-credential", "eks: as the JSON that kubectl reads")):  # fmt: skip
        sub.add_argument(f"--{own}", dest="option", action="store_const", const=own, help=text)
    sub = add("credentials", _command_credentials, "show which credentials are found, and where", "[options]")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--identity", action="store_true", help="ask STS whose they are: the account and the ARN")
    form.add_argument("--export", action="store_true", help="print them with the secret, as exports for a shell")
    form.add_argument("--process", action="store_true", help="print them with the secret, as a credential_process does")
    for each in (parser, *commands.choices.values()):  # they may come before the command or after it
        default: dict[str, Any] = {} if each is parser else {"default": argparse.SUPPRESS}
        each.add_argument("--profile", metavar="NAME", help="default: AWS_PROFILE, then `default`", **default)
        each.add_argument("-v", "--verbose", action="store_true", help="show the log on stderr", **default)
        each.add_argument("-s", "--silent", action="store_true", help="do not announce retries on stderr", **default)
    sub = add("explain", _command_explain, "say why a service refused a request", "[options] [FILE]", epilog=None)
    sub.add_argument("file", metavar="FILE", nargs="?", default="-", help="the response, with or without its head; default: stdin")
    sub.add_argument("--signed", metavar="REQUEST", help="a presigned URL, or @FILE of what `sign --json` printed, to compare with")
    sub.add_argument("-X", "--method", "--request", metavar="METHOD", help="the method that the presigned URL was made for")
    sub = add("vendor", _command_vendor, "write a copy of this file that contains only what is named", "[options] NAME ...", epilog=None)
    sub.add_argument("names", metavar="NAME", nargs="*", help="public names, such as Signer or from_env")
    sub.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
    sub.add_argument("--check", metavar="FILE", help="say whether a copy is unchanged and of this version")
    return parser


def _add_request_options(sub: Any) -> None:
    """Add the options of sign, presign or fetch to its parser."""
    from argparse import SUPPRESS

    sub.add_argument("url", metavar="URL", help=SUPPRESS)
    sub.add_argument("-X", "--method", metavar="METHOD", help="default: GET, or POST with -d")
    sub.add_argument("--request", dest="method", help=SUPPRESS)  # curl's name for it
    sub.add_argument("-H", "--header", metavar="LINE", action="append", default=[], help="'Name: value', or @FILE; repeatable")
    sub.add_argument("-d", "--data", metavar="DATA", action="append", default=[], help="the body, or @FILE, or @- for stdin")
    sub.add_argument("--service", metavar="NAME", help="default: from the URL")
    sub.add_argument("--region", metavar="NAME", help="default: from the URL, else as configured")
    if sub.get_default("name") == "sign":
        form = sub.add_mutually_exclusive_group()
        form.add_argument("--curl", action="store_true", help="print a curl command that sends the request")
        form.add_argument("--json", action="store_true", help="print it as JSON, the body in base64")
    elif sub.get_default("name") == "presign":
        sub.add_argument("--expires", metavar="SECONDS", type=int, help="1 to 604800; default: 3600")
    else:
        sub.add_argument("-i", "--include", action="store_true", help="print status and headers before the body")
        sub.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
        sub.add_argument("-f", "--fail", action="store_true", help="exit with 22 on a response of 400 or more")
        sub.add_argument("--retries", metavar="N", type=int, default=10, help="attempts after the first; default: %(default)s")


def _make_signer(arguments: Any) -> Signer:
    return Signer(default_chain(arguments.profile, mfa_code=_ask_mfa_code, sleep=arguments.wait))


def _find_url(arguments: Any, signer: Signer) -> str:
    """Return the URL of a request. s3://BUCKET/KEY becomes that of the object, at the endpoint and in the region that are configured."""
    if not arguments.url.startswith("s3://"):
        return str(arguments.url)
    bucket, _, key = arguments.url[5:].partition("/")
    endpoint = _configured_endpoint(_Profiles(_World(profile=arguments.profile)), "s3")
    if endpoint:
        arguments.service = arguments.service or "s3"  # which its host may not show
    return s3_url(bucket, key, region=arguments.region or signer._find_region(), endpoint_url=endpoint)


def _command_sign(arguments: Any) -> None:
    signer = _make_signer(arguments)
    method, url, headers, data = _read_request(arguments, signer)
    body = None if data is None else data.read()
    request = signer.sign(method, url, headers, body, service=arguments.service, region=arguments.region)
    if arguments.curl:
        _write(request.curl().encode() + b"\n")
    elif arguments.json:
        import json

        fields = {"method": request.method, "url": request.url, "headers": request.headers, "body": _base64(body or b"")}
        _write(json.dumps(fields, indent=2).encode() + b"\n")
    else:
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\n".join([f"{request.method} {_request_target(request.url)} HTTP/1.1", *lines, "", ""])
        _write(head.encode("latin-1") + (body or b""))


def _command_presign(arguments: Any) -> None:
    signer = _make_signer(arguments)
    method, url, headers, data = _read_request(arguments, signer)
    service = arguments.service or (guess_service_region(url) or ("",))[0]
    payload_hash = None if data is None or service in S3_SERVICES else _hash_file(data)
    scope = {"service": arguments.service, "region": arguments.region, "payload_hash": payload_hash}
    _write(signer.presign(method, url, headers, expires=arguments.expires, **scope).encode() + b"\n")


def _command_fetch(arguments: Any) -> None:
    signer = _make_signer(arguments)
    method, url, headers, body = _read_request(arguments, signer)
    client = Client(signer, retries=arguments.retries, sleep=arguments.wait)
    with client.fetch(url, method, headers, body, stream=True, service=arguments.service, region=arguments.region) as response:
        if arguments.fail:
            response.raise_for_status()
        if response.status in REFUSALS and (response.status == 403 or _find_causes(response.request, response)):
            _report(explain(response.request, response))
        write = _writer_to(arguments)
        if arguments.include:
            from http.client import responses

            lines = [f"HTTP/1.1 {response.status} {responses.get(response.status, '')}"]
            lines += [f"{name}: {value}" for name, value in response.headers.items()]
            if write is _write and sys.stdout is not None and sys.stdout.isatty():
                lines = [line.encode("unicode_escape").decode() for line in lines]  # they could control the terminal
            write("\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        for piece in response:
            write(piece)


def _command_token(arguments: Any) -> None:
    kind, option = arguments.kind, arguments.option
    make, names, own_option = TOKENS[kind]
    if len(arguments.names) != len(names.split()):
        raise RequestError(f"token {kind} takes {names or 'no name'}; {len(arguments.names)} given")
    if option not in (None, own_option):
        raise RequestError(f"token {kind} does not take --{option}")
    pairs = zip(names.split(), arguments.names)
    values = [int(value) if name == "PORT" and value.isascii() and value.isdigit() else value for name, value in pairs]
    flags = {option: True} if option in ("admin", "serverless") else {}
    token = make(_make_signer(arguments), *values, region=arguments.region, **flags)
    if isinstance(token, tuple):
        token, _ = token  # MSK's, and when it expires
    if option == "exec-credential":
        import json

        status = {"expirationTimestamp": _format_iso8601(time.time() + EXEC_CREDENTIAL_LIFE), "token": token}
        token = json.dumps({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1", "spec": {}, "status": status})
    _write(token.encode() + b"\n")


def _command_credentials(arguments: Any) -> None:
    signer = _make_signer(arguments)
    credentials = signer._provider()
    key, secret, token, expiration, account = credentials._values()
    end = None if expiration is None else _format_iso8601(credentials._expires_at)
    if arguments.export:
        from shlex import quote as shell

        variables = {"ACCESS_KEY_ID": key, "SECRET_ACCESS_KEY": secret, "SESSION_TOKEN": token, "CREDENTIAL_EXPIRATION": end}
        lines = [f"export AWS_{name}={shell(value)}" if value else f"unset AWS_{name}" for name, value in variables.items()]
    elif arguments.process:
        import json

        fields = {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token, "Expiration": end, "AccountId": account}
        lines = [json.dumps({"Version": 1, **{name: value for name, value in fields.items() if value is not None}}, indent=2)]
    else:
        facts = {"source": signer._provider.source, "access key id": key, "account": account or "unknown", "expiration": end or "none"}
        if arguments.identity:
            facts.update(_caller_identity(arguments, signer))
        lines = [f"{name}: {_printable(value)}" for name, value in facts.items()]
    _write("\n".join([*lines, ""]).encode())


def _caller_identity(arguments: Any, signer: Signer) -> dict[str, str]:
    """Return the account and the ARN of the credentials, as STS GetCallerIdentity knows them."""
    profiles = _Profiles(_World(profile=arguments.profile))
    region = _region(profiles) or STS_DEFAULT_REGION
    url = f"{_endpoint(profiles, 'sts', 'sts', region).rstrip('/')}/?Action=GetCallerIdentity&Version=2011-06-15"
    _, region = guess_service_region(url) or ("sts", region)
    response = Client(signer, retries=3, sleep=arguments.wait).fetch(url, service="sts", region=region)
    identity = {"account": _xml_text(response.text, "Account"), "arn": _xml_text(response.text, "Arn")}
    if "" in identity.values():
        raise CredentialsError(f"STS did not identify these credentials. {explain(response.request, response)}")
    return identity


def _command_explain(arguments: Any) -> None:
    signed: Any = arguments.signed
    if signed and signed[0] == "@":
        import json

        data = _open_data([signed], True, arguments.cleanup).read()
        try:
            fields = json.loads(data)
            signed = [fields[name] for name in ("method", "url", "headers")] + [a2b_base64(fields["body"])]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise RequestError(f"{signed[1:]} does not contain what `sign --json` prints") from None
    elif signed is not None and arguments.method:
        signed = (arguments.method, signed, ..., None)
    if "://" in arguments.file:
        raise RequestError("explain takes the response as FILE or on stdin; pass the presigned URL with --signed")
    response = _open_data([f"@{arguments.file}"], True, arguments.cleanup).read(MAX_RESPONSE)
    _write(explain(signed, response).encode() + b"\n")


def _command_vendor(arguments: Any) -> int:
    if arguments.check is not None:
        problem: str = _extension("_check_copy")(arguments.check)
        _write((problem or f"{arguments.check} is unchanged and of this version, {__version__}").encode() + b"\n")
        return 1 if problem else 0
    text = _extension("vendor")(*arguments.names).encode()
    _writer_to(arguments)(text)
    return 0


def _writer_to(arguments: Any) -> Callable[[bytes], object]:
    """Return what writes to the file of -o, or to standard output."""
    path = arguments.output
    return _write if path in (None, "-") else arguments.cleanup.enter_context(open(path, "wb")).write


def _read_request(arguments: Any, signer: Signer) -> tuple[str, str, Pairs, Any]:
    """Return (method, URL, headers, body as an open file or None) as curl reads -X, -H and -d: data make a POST of a form by default."""
    if [] in (*arguments.header, *arguments.data):  # what argparse made of -- before Python 3.13
        raise RequestError("-H or -d was given -- alone; write it to a file and pass @FILE")
    headers, named = _read_header_lines(arguments.header)
    body = _open_data(arguments.data, "content-length" in named, arguments.cleanup)
    if body is not None and "content-type" not in named:
        headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    return arguments.method or ("GET" if body is None else "POST"), _find_url(arguments, signer), headers, body


def _open_data(values: list[str], length_is_known: bool, cleanup: Any) -> Any:
    """Return the data of -d as a binary file, which `cleanup` closes."""
    if not values:
        return None
    if len(values) > 1:
        parts = [_open_data([value], False, cleanup).read() for value in values]
        return io.BytesIO(b"&".join(parts))
    (value,) = values
    if value[:1] != "@":
        return io.BytesIO(os.fsencode(value))
    if value != "@-":
        return cleanup.enter_context(open(value[1:], "rb"))
    if sys.stdin is None:
        raise OSError("standard input is closed")
    source = sys.stdin.buffer
    if source.seekable() or length_is_known:
        return source
    import shutil
    import tempfile

    # Standard input is read twice, because its hash is sent first.
    copy = cleanup.enter_context(tempfile.SpooledTemporaryFile(max_size=FILE_PIECE))  # noqa: SIM115
    shutil.copyfileobj(source, copy)
    copy.seek(0)
    return copy


def _read_header_lines(values: list[str]) -> tuple[Pairs, set[str]]:
    """Return (headers, lower-case names) of -H. A header that is removed (`Name:`) is among the names only."""
    headers: Pairs = []
    named = set()
    lines = []
    for line in values:
        if line.startswith("@"):
            with open(line[1:], encoding="utf-8") as text:
                lines += [each for each in text.read().splitlines() if each]
        else:
            lines.append(line)
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon and not line.endswith(";"):
            raise RequestError(f"header {_safe_prefix(line)} has no colon; write it as 'Name: value', or 'Name;' for an empty one")
        name = name.strip() if colon else line[:-1].strip()
        named.add(name.lower())
        if value.strip(" \t") or not colon:
            headers.append((name, value))
    return headers, named


# 15. Vendoring --------------------------------------------------------------------------------------------------------

HASH_LINE = "SHA-256 of all that follows this docstring: "
PRIVATE_NAMES = "# Lower sections use:"  # begins the last part of the comment below a banner, which is not true for a copy
ALWAYS_KEPT = frozenset({"annotations", "__version__", "__all__"})
NEVER_COPIED = frozenset({"main", "vendor"})

_statements: list[_Statement] = []  # of this file, once they were read


def vendor(*names: str) -> str:
    """Return a copy of this file that contains only the named public names and what they use.

    names: any of __all__ but main and vendor. Statements are kept or dropped as a whole, and imports are pruned. What the file
    registers in _extensions is kept if it is named, or in the copy anyway. Using what is not there raises RequestError.
    Raises RequestError for an unknown name, for none, and if Python has only the bytecode of this file.
    Source: https://docs.python.org/3/library/ast.html
    """
    from textwrap import fill

    allowed = sorted(set(__all__) - NEVER_COPIED)
    for name in names:
        if name not in allowed:
            raise RequestError(f"vendor cannot copy {name!r}; these names can be copied: {', '.join(allowed)}")
    if not names:
        raise RequestError("vendor needs one or more public names, e.g. Signer")
    source = _read_own_source()
    lines = source.split("\n")
    if not _statements:
        _statements.extend(_split_statements(source))
    kept, wanted = _find_needed(_statements, set(names))
    classes = {name for statement in kept if statement.is_class for name in statement.defines}
    public = ", ".join([f'"{name}"' for name in __all__ if name in names or name in classes])
    body = _render(lines, kept, wanted, fill(f"__all__ = [{public}]", 120, subsequent_indent="    "))
    licence = "\n".join(lines[: lines.index(next(line for line in lines if line.startswith('"""')))])
    command = f"python3 sigv4.py vendor {' '.join(sorted(set(names)))}"
    return (
        f'{licence}\n"""AWS Signature Version 4: a part of sigv4 {__version__}, made by\n\n    {command}\n\n'
        "Do not edit this file: make it again. `sigv4.py vendor --check FILE` says whether it is unchanged and current.\n"
        f'{HASH_LINE}{sha256(body.encode()).hexdigest()}\n"""\n{body}'
    )


def _check_copy(path: str) -> str:
    """Return what is wrong with a copy that vendor made, or an empty string if it is unchanged and of this version."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    head, _, body = text.partition('\n"""\n')
    beginning, found, expected = head.partition(HASH_LINE)
    if not found:
        return f"{path} is not a copy that `sigv4.py vendor` made"
    version = beginning.partition("a part of sigv4 ")[2].partition(",")[0]
    if sha256(body.encode()).hexdigest() != expected:
        return f"{path} was edited"
    if version != __version__:
        return f"{path} was made by sigv4 {version}; this is {__version__}"
    names = beginning.partition("sigv4.py vendor ")[2].partition("\n")[0].split()
    return "" if text == vendor(*names) else f"{path} is not what this file makes: it was edited, or made by another revision"


def _read_own_source() -> str:
    """Return the source of this file, also if it is in a zip file."""
    loader = globals().get("__loader__")
    try:
        source = loader.get_source(__name__) if loader is not None else None
    except (AttributeError, ImportError, OSError):
        source = None
    if not source:
        raise RequestError("vendor needs the source of this file, but Python loaded its bytecode; run the sigv4.py that has the source")
    return str(source)


class _Statement:
    """A top-level statement of this file, or one in `if TYPE_CHECKING:`.

    first, last: its lines, counted from 0, with the comment and the blank lines above it. block: the line of the `if` that it is in,
    or -1. is_else: whether it is in the else of that. imported: the names of an import. registers: the name in
    `_extensions["name"] = ...`. section: the line of the banner above it, or -1.
    """

    __slots__ = ("first", "last", "block", "is_else", "is_class", "imported", "defines", "uses", "registers", "section")

    def __init__(self, node: Any, lines: list[str], block: int = -1, is_else: bool = False) -> None:
        import ast

        self.last = node.end_lineno - 1
        self.first = min([node.lineno, *[decorator.lineno for decorator in getattr(node, "decorator_list", ())]]) - 1
        text = lines[self.first]
        while lines[self.first - 1].lstrip().startswith("#") and not _is_banner_comment(lines, self.first - 1):
            self.first -= 1
        while not lines[self.first - 1]:
            self.first -= 1
        self.section = next((index for index in range(self.first, -1, -1) if _is_banner(lines[index])), -1)
        self.block = block
        self.is_else = is_else
        self.is_class = isinstance(node, ast.ClassDef)
        self.imported = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        self.defines = set(self.imported) or _bound_names([node])
        self.uses: set[str] = set() if block < 0 else {"TYPE_CHECKING"}
        _collect_uses(node, frozenset(), self.uses)
        self.registers = text.partition('_extensions["')[2].partition('"')[0] if text.startswith("_extensions[") else ""


def _is_banner(line: str) -> bool:
    return line.startswith("# ") and line.endswith("-----") and line[2:3].isdigit()


def _is_banner_comment(lines: list[str], index: int) -> bool:
    """Return whether a comment line belongs to a banner."""
    while lines[index].startswith("#"):
        if _is_banner(lines[index]):
            return True
        index -= 1
    return False


def _split_statements(source: str) -> list[_Statement]:
    """Return the statements of this file but the docstring and the __main__ guard."""
    import ast

    lines = source.split("\n")
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.If):
            if isinstance(node.test, ast.Name):  # TYPE_CHECKING
                found += [_Statement(inner, lines, node.lineno - 1) for inner in node.body]
                found += [_Statement(inner, lines, node.lineno - 1, True) for inner in node.orelse]
        elif not isinstance(node, ast.Expr):
            found.append(_Statement(node, lines))
    return found


def _bound_names(nodes: Iterable[Any]) -> set[str]:
    """Return the names that statements bind in their own scope."""
    import ast

    found: set[str] = set()
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        if not isinstance(node, ast.Lambda):
            found |= _bound_names(ast.iter_child_nodes(node))
    return found


def _collect_uses(node: Any, local: frozenset[str], found: set[str]) -> None:
    """Add the names that a node uses to found, but those that its function or class binds."""
    import ast

    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        arguments = [each for each in ast.walk(node.args) if isinstance(each, ast.arg)]
        outside = [*getattr(node, "decorator_list", ()), getattr(node, "returns", None), *[each.annotation for each in arguments]]
        for each in [*outside, *node.args.defaults, *node.args.kw_defaults]:
            if each is not None:
                _collect_uses(each, local, found)
        body: list[Any] = node.body if isinstance(node.body, list) else [node.body]
        shared = {
            name for each in body for inner in ast.walk(each) if isinstance(inner, (ast.Global, ast.Nonlocal)) for name in inner.names
        }
        inside = local | {each.arg for each in arguments} | (_bound_names(body) - shared)
        for each in body:
            _collect_uses(each, inside, found)
    elif isinstance(node, ast.ClassDef):
        own = _bound_names(node.body)  # visible to the statements of the class, not to its methods
        for each in [*node.decorator_list, *node.bases, *node.keywords]:
            _collect_uses(each, local, found)
        for each in node.body:
            _collect_uses(each, local if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) else local | own, found)
    elif isinstance(node, ast.Name):
        found |= {node.id} - local
    elif isinstance(node, ast.Global):
        found |= set(node.names)
    else:
        for each in ast.iter_child_nodes(node):
            _collect_uses(each, local, found)


def _find_needed(statements: list[_Statement], names: set[str]) -> tuple[list[_Statement], set[str]]:
    """Return (the statements that define names or what these use, in the order of the file; all names that these use)."""
    wanted = names | ALWAYS_KEPT
    kept: set[int] = set()
    count = -1
    while count != len(kept):
        count = len(kept)
        for index, statement in enumerate(statements):
            if index not in kept and (statement.defines & wanted or statement.registers in wanted):
                kept.add(index)
                if "__all__" not in statement.defines:
                    wanted |= statement.uses
                if not statement.imported:
                    wanted |= statement.defines
    return [statements[index] for index in sorted(kept)], wanted


def _render(lines: list[str], kept: list[_Statement], wanted: set[str], public: str) -> str:
    """Return the text of statements, with the banners of their sections. wanted: what is imported. public: __all__ of the copy."""
    out: list[str] = []
    section, block, is_else = -1, -1, False
    for statement in kept:
        if statement.section != section:
            section = statement.section
            end = section
            while lines[end].startswith("#") and not lines[end].startswith(PRIVATE_NAMES):
                end += 1
            blank_lines = 0 if not out or not out[-1] else 2
            out += [*[""] * blank_lines, *lines[section:end]]
        text = lines[statement.first : statement.last + 1]
        if statement.block >= 0 and (statement.block, statement.is_else) != (block, is_else):
            out.append("else:" if statement.is_else else lines[statement.block])
        block, is_else = statement.block, statement.is_else
        if "__all__" in statement.defines:
            text = public.split("\n")
        elif statement.imported and text[-1].lstrip().startswith("from "):
            text[-1] = f"{text[-1].partition(' import ')[0]} import {', '.join([name for name in statement.imported if name in wanted])}"
        out += text
    return "\n".join(out).lstrip("\n") + "\n"


_extensions["vendor"] = vendor
_extensions["_check_copy"] = _check_copy


if __name__ == "__main__":
    sys.exit(main())
