"""Signing: keys, rotation, purposes, and whatever a client may send."""

import ast
import hashlib
import hmac
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hawkapi.security import signing
from hawkapi.security.signing import Signer

KEY = "k" * 32
OTHER = "o" * 32


def test_the_standard_library_is_all_it_stands_on():
    tree = ast.parse(Path(signing.__file__).read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert "hmac" in imported
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names | {"hawkapi"}


def test_the_signature_is_the_hexadecimal_hmac_sha256_of_the_text():
    signature = hmac.new(KEY.encode(), b"text", hashlib.sha256).hexdigest()
    assert Signer(KEY).sign(b"text") == b"text." + signature.encode()


def test_the_key_of_a_purpose_is_the_raw_hmac_of_its_salt():
    key = hmac.new(KEY.encode(), b"purpose", hashlib.sha256).digest()
    assert Signer(KEY, salt=b"purpose").sign(b"text") == Signer(key).sign(b"text")


def test_what_was_signed_is_verified():
    signer = Signer(KEY)
    for text in (b"text", b"", b"a.b.c", b"\xff\0"):
        assert signer.verify(signer.sign(text)) == text


def test_bytes_and_text_are_the_same_key():
    assert Signer(KEY.encode()).verify(Signer(KEY).sign(b"text")) == b"text"
    assert Signer("ключ" * 8).verify(Signer(("ключ" * 8).encode()).sign(b"text")) == b"text"


@pytest.mark.parametrize("keys", [[KEY, OTHER], (KEY, OTHER), [KEY.encode(), OTHER]])
def test_the_first_key_signs_and_all_verify(keys):
    signer = Signer(keys)
    assert signer.sign(b"text") == Signer(KEY).sign(b"text")
    assert signer.verify(Signer(KEY).sign(b"text")) == b"text"
    assert signer.verify(Signer(OTHER).sign(b"text")) == b"text"
    assert Signer([KEY]).verify(Signer(OTHER).sign(b"text")) is None


def test_a_signature_of_one_purpose_is_worth_nothing_for_another():
    signers = [Signer(KEY), Signer(KEY, salt=b"one"), Signer(KEY, salt=b"two")]
    for signer in signers:
        for other in signers:
            assert other.verify(signer.sign(b"text")) == (b"text" if other is signer else None)


def test_what_a_text_is_bound_to_must_be_known():
    signer = Signer(KEY)
    signed = signer.sign(b"text", bound_to="a")
    assert signer.verify(signed, bound_to="a") == b"text"
    assert signer.verify(signed, bound_to="b") is None
    assert signer.verify(signed) is None
    assert signer.verify(signer.sign(b"text"), bound_to="a") is None
    assert signer.verify(signer.sign(b"text"), bound_to="") is None


def test_a_bound_text_cannot_pass_for_a_longer_one():
    signer = Signer(KEY)
    signature = signer.sign(b"text", bound_to="a").rpartition(b".")[2]
    assert signer.verify(b"text\na." + signature) is None


@pytest.mark.parametrize("place", range(len(Signer(KEY).sign(b"text"))))
def test_every_changed_byte_is_seen(place):
    signer = Signer(KEY)
    signed = signer.sign(b"text")
    for bit in range(8):
        changed = bytearray(signed)
        changed[place] ^= 1 << bit
        assert signer.verify(bytes(changed)) is None


def test_every_truncation_is_seen():
    signer = Signer(KEY)
    signed = signer.sign(b"text")
    for length in range(len(signed)):
        assert signer.verify(signed[:length]) is None
    for start in range(1, len(signed)):
        assert signer.verify(signed[start:]) is None
    assert signer.verify(signed.upper()) is None


@given(st.binary(max_size=300))
def test_whatever_a_client_sends_is_plainly_invalid(signed):
    assert Signer([KEY, OTHER]).verify(signed) is None
    assert Signer([KEY, OTHER]).verify(signed, bound_to="a") is None


@pytest.mark.parametrize("secret", ["", b"", [], (), [KEY, ""], [b""]])
def test_an_empty_secret_is_refused_by_name(secret):
    with pytest.raises(ValueError, match="secret_key must not be empty"):
        Signer(secret, argument="secret_key")


@pytest.mark.parametrize("secret", [None, 5, [5], [KEY, None], bytearray(b"k" * 32), {KEY}])
def test_a_secret_of_another_type_is_refused_by_name(secret):
    with pytest.raises(TypeError, match="secret must be str, bytes or a list of these"):
        Signer(secret)


@pytest.mark.parametrize("secret", ["k" * 31, b"k" * 31, [KEY, "short"], ["short", "also"]])
def test_a_short_key_is_accepted_with_one_warning(secret, caplog):
    signer = Signer(secret, argument="secret_key")
    assert signer.verify(signer.sign(b"text")) == b"text"
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("secret_key has a key below 32 bytes")
    assert "short" not in record.getMessage()


def test_a_key_of_32_bytes_is_long_enough(caplog):
    Signer(["k" * 32, "é" * 16])
    assert not caplog.records


def test_cve_2021_33880_signatures_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr("hmac.compare_digest", lambda a, b: compared.append((a, b)))
    assert Signer(KEY).verify(b"text.sig") is None
    assert compared == [(Signer(KEY).sign(b"text").rpartition(b".")[2], b"sig")]
