import ssl
from pathlib import Path

import certifi
import pytest

from streams import tls


@pytest.fixture(autouse=True)
def forget_the_context():
    tls.client_context.cache_clear()
    yield
    tls.client_context.cache_clear()


def test_certificates_and_names_are_checked_and_old_tls_is_not_spoken():
    context = tls.client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_there_is_one_context_for_all():
    assert tls.client_context() is tls.client_context()


def test_a_system_without_authorities_gets_mozillas(monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    expected = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    expected.load_verify_locations(certifi.where())
    assert tls.client_context().cert_store_stats() == expected.cert_store_stats()


def test_a_file_of_authorities_that_the_operator_names_is_all_that_counts(monkeypatch, tmp_path):
    one = tmp_path / "authorities.pem"
    text = Path(certifi.where()).read_text()
    one.write_text(
        text[text.index("-----BEGIN") : text.index("-----END") + len("-----END CERTIFICATE-----\n")]
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(one))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "absent"))
    assert tls.client_context().cert_store_stats()["x509_ca"] == 1
