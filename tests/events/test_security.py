"""Logging in: the properties file says what it says to Kafka's own tools, and nothing shows the password."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import Misconfigured
from events.security import KafkaSecurity

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\'), min_size=1)


def written(tmp_path: Path, text: str) -> Path:
    """A properties file."""
    path = tmp_path / "client.properties"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "security",
    [
        KafkaSecurity.plaintext(),
        KafkaSecurity.scram("api", "pass word=;'#"),
        KafkaSecurity("SASL_SSL", "PLAIN", "api", "x", "/etc/kafka/ca.pem"),
        KafkaSecurity("SASL_SSL", "SCRAM-SHA-256", "api", "x"),
        KafkaSecurity("SSL", ca_file="/etc/kafka/ca.pem"),
    ],
    ids=["no login", "scram", "plain over tls", "scram over tls", "tls alone"],
)
def test_properties_come_back(security: KafkaSecurity, tmp_path: Path) -> None:
    """What `setup` writes is what a process reads."""
    assert KafkaSecurity.from_properties(written(tmp_path, security.properties())) == security


@given(username=PRINTABLE, password=PRINTABLE)
def test_any_plain_password_comes_back(username: str, password: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Signs that mean something to a properties file included."""
    security = KafkaSecurity.scram(username, password)
    path = written(tmp_path_factory.mktemp("properties"), security.properties())
    assert KafkaSecurity.from_properties(path) == security


@pytest.mark.parametrize("password", ['a"b', "a\\b", "a\nb", "ä"])
def test_a_password_that_would_be_read_differently_is_not_written(password: str) -> None:
    """Cut off at its quote it would be a wrong password, and nobody would know why. The error does not show it."""
    with pytest.raises(Misconfigured) as caught:
        KafkaSecurity.scram("api", password).properties()
    assert password not in str(caught.value)


def test_a_file_as_kafkas_own_documentation_shows_it(tmp_path: Path) -> None:
    """Comments, blanks, spaces around the sign, and a value over several lines."""
    text = """
# the client
! another comment
security.protocol = SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\
    username="alice" \\
    password="alice=secret";
ssl.ca.location=/ca.pem
request.timeout.ms=1000
"""
    expected = KafkaSecurity("SASL_SSL", "SCRAM-SHA-512", "alice", "alice=secret", "/ca.pem")
    assert KafkaSecurity.from_properties(written(tmp_path, text)) == expected


def test_user_and_password_may_stand_alone(tmp_path: Path) -> None:
    """As librdkafka writes them."""
    text = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=a\nsasl.password=b\n"
    assert KafkaSecurity.from_properties(written(tmp_path, text)) == KafkaSecurity("SASL_PLAINTEXT", "PLAIN", "a", "b")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("security.protocol=TLS", "security.protocol"),
        ("security.protocol=SASL_SSL\nsasl.username=a\nsasl.password=b", "sasl.mechanism"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\nsasl.username=a\nsasl.password=b", "sasl.mechanism"),
        ("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN", "password"),
        ('security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=Module required username="a";', "password"),
        (
            'security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.jaas.config=Module username="a" password="b',
            "password",
        ),
    ],
    ids=["protocol", "no mechanism", "unknown mechanism", "no login", "no password", "open quote"],
)
def test_a_file_that_cannot_work_is_refused_at_start(text: str, named: str, tmp_path: Path) -> None:
    """With the file and the setting, rather than by a broker that lets nobody in."""
    with pytest.raises(Misconfigured, match=named) as caught:
        KafkaSecurity.from_properties(written(tmp_path, text))
    assert "client.properties" in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """And not a broker without login."""
    with pytest.raises(FileNotFoundError):
        KafkaSecurity.from_properties(tmp_path / "none")


def test_nothing_shows_the_password() -> None:
    """A repr ends in a traceback."""
    assert "hunter2" not in repr(KafkaSecurity.scram("api", "hunter2"))


def test_a_client_gets_what_it_needs() -> None:
    """And no certificates where there is no TLS."""
    assert KafkaSecurity.plaintext().client_kwargs() == {"security_protocol": "PLAINTEXT"}
    found = KafkaSecurity("SASL_SSL", "PLAIN", "a", "b").client_kwargs()
    assert (found["sasl_plain_username"], found["sasl_plain_password"], found["sasl_mechanism"]) == ("a", "b", "PLAIN")
    assert found["ssl_context"].check_hostname
    assert "sasl_mechanism" not in KafkaSecurity("SSL").client_kwargs()
