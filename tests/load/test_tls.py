"""HTTPS targets, against a TLS server with a certificate of its own."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pocchaos.load.spec import LoadSpec
from pocchaos.model.evidence import How
from tests.load.conftest import Recording, Server, json_reply, spec

# For localhost and 127.0.0.1, made for this test and of no other use.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUar6LIwPa5jlpHQ/OEqdAj9yZs5UwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA2Mzg1OFoYDzIxMjYxMDMx
MDYzODU4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATPlScxai8HLKZzrmRYze334laQHmE2QO6UiFiauKadFRBq+FGmn0e4
PD6qtBq/HRwB/hv7gYfE9O3qJJvAOH/bo28wbTAdBgNVHQ4EFgQUqcca1eFgErfD
f+04rlzGwDQCsbYwHwYDVR0jBBgwFoAUqcca1eFgErfDf+04rlzGwDQCsbYwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgX4bPI/metO64RhTXx1D24OJzOn66PDtd9rtKyVUlv60CIQDX
h0s4pLt6wROkGLQQeEcvbQXBspZYyeNx/rdSShTMtg==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgoN3qRGtDxzLVK0FE
2829TJJuROiCHxs1/Fi1OvHuH4GhRANCAATPlScxai8HLKZzrmRYze334laQHmE2
QO6UiFiauKadFRBq+FGmn0e4PD6qtBq/HRwB/hv7gYfE9O3qJJvAOH/b
-----END PRIVATE KEY-----
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pem"
    path.write_text(CERTIFICATE + KEY)
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Server]:
    """Answers each request of each connection; counts connections whose handshake succeeded."""
    made = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(raw: socket.socket) -> None:
        try:
            with context.wrap_socket(raw, server_side=True) as sock:
                made.connections += 1
                while sock.recv(65536):
                    sock.sendall(json_reply({"answer": "42"}))
        except OSError:
            raw.close()

    def accept() -> None:
        while not made.ending.is_set():
            sock, _ = listening.accept()
            threading.Thread(target=serve, args=(sock,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.port = listening.getsockname()[1]
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield made
        made.ending.set()
        socket.create_connection(("127.0.0.1", made.port)).close()
        accepting.join(5)


def test_a_trusted_target_is_asked_over_kept_connections(
    send: Callable[[LoadSpec], Recording], secure: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TLS 1.3 sends tickets after the handshake: an idle connection with bytes in it is no dead one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    samples = send(spec(f"https://127.0.0.1:{secure.port}", "/ok", range(0, 1000, 50), deadline=5.0)).samples
    assert {(sample.how, sample.error) for sample in samples} == {(How.COMPLETE, None)}
    assert secure.connections < 15


def test_an_untrusted_target_is_a_protocol_error(send: Callable[[LoadSpec], Recording], secure: Server) -> None:
    (sample,) = send(spec(f"https://127.0.0.1:{secure.port}", "/ok", [0], deadline=5.0)).samples
    assert sample.how is How.PROTOCOL
    assert "certificate verify failed" in (sample.error or "")
