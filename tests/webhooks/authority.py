"""A certificate authority for tests: contexts of servers that it vouches for, and of clients that trust
it.
"""

import datetime as dt
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


class Authority:
    """Signs certificates for host names."""

    def __init__(self, directory):
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Sluice test authority")
        builder = self._builder(self._name, self._key.public_key(), NOW + DAY)
        constraint = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = builder.add_extension(constraint, critical=True).sign(self._key, hashes.SHA256())
        self.path = directory / "authority.pem"
        self.path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def server_context(self, *names, expires=None):
        """Return the context of a server with a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(_name(names[0]), key.public_key(), expires or NOW + DAY)
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        certificate = builder.add_extension(alternatives, critical=False).sign(self._key, hashes.SHA256())
        path = self._directory / f"{names[0]}-{certificate.serial_number}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def client_context(self):
        """Return the context of a client that trusts this authority and no other."""
        return ssl.create_default_context(cafile=str(self.path))

    def _builder(self, subject, public_key, expires):
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 30 * DAY)
            .not_valid_after(expires)
        )


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
