import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_hud_widget.redact import RULES, forget_redacted, redact, redact_json

SECRETS = [
    "sk-ant-api03-abcdefghijklmnopqrstuvwxyz",
    "sk-proj-0123456789abcdefghij",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat_11ABCDEFG0abcdefghijkl_mnop",
    "xoxb-123456789012-abcdefABCDEF",
    "AKIAIOSFODNN7EXAMPLE",
    "AIzaSyA-abcdefghijklmnopqrstuvwxyz012345",
    "hf_abcdefghijklmnopqrstuvwxyz",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
    "1234567890:AAabcdefghijklmnopqrstuvwxyz0123456",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_of_known_shape_is_masked_wherever_it_stands(secret: str) -> None:
    assert secret not in redact(f'curl -H "X: {secret}" https://example.org/?q=1')


@pytest.mark.parametrize(
    "line",
    [
        "OPENAI_API_KEY=plainsecretvalue",
        "export DB_PASSWORD='plainsecretvalue'",
        '{"access_token": "plainsecretvalue"}',
        "Authorization: Bearer plainsecretvalue",
        "X-Api-Key: plainsecretvalue",
        "api-key: plainsecretvalue",
        "FAL_KEY=plainsecretvalue",
        "OPENAI_KEY=plainsecretvalue",
        "secret_key = 'plainsecretvalue'",
        "private_key: plainsecretvalue",
        "curl -u bob:plainsecretvalue https://example.org",
        '{\\"password\\": \\"plainsecretvalue\\"}',
        "client_secret: plainsecretvalue",
        "postgres://me:plainsecretvalue@db.example.org/x",
        "-----BEGIN RSA PRIVATE KEY-----\nplainsecretvalue\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nplainsecretvalue",
    ],
)
def test_a_secret_that_is_named_as_one_is_masked(line: str) -> None:
    assert "plainsecretvalue" not in redact(line)


@pytest.mark.parametrize(
    "text",
    [
        "The tokenizer splits words; secrets of good coffee.",
        "max_tokens: 90000000",
        "total_tokens=123456789",
        "primary_key = customer_id",
        "sort by the cache_key: region_and_day",
        "https://example.org/path?page=2",
        "git commit 3f2a9c1e0b7d4f6a8c5e2d1b0a9f8e7d6c5b4a39",
        "def password_strength(text): return len(text)",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_masking_twice_changes_nothing_more() -> None:
    once = redact("API_KEY=plainsecretvalue and Bearer abcdefghijklmnop")
    assert redact(once) == once


def test_every_string_in_a_payload_is_masked() -> None:
    assert redact_json({"a": [{"b": f"x {SECRETS[0]}"}], "n": 1, "t": None}) == {
        "a": [{"b": "x [redacted]"}],
        "n": 1,
        "t": None,
    }


def test_what_stands_under_a_secret_s_name_is_masked_whatever_it_looks_like() -> None:
    assert redact_json({"password": "abc", "token": "x", "tokens": 5, "client_secret": "1"}) == {
        "password": "[redacted]",
        "token": "[redacted]",
        "tokens": 5,
        "client_secret": "[redacted]",
    }


def test_a_number_is_masked_unless_it_is_a_count() -> None:
    assert redact("password=12345678") == "password=[redacted]"


def test_what_no_encoder_takes_is_replaced() -> None:
    assert redact_json({"a": "half \ud83d of it", "b": float("nan"), "c": float("inf")}) == {
        "a": "half ? of it",
        "b": None,
        "c": None,
    }


WORDS = st.sampled_from(
    [
        *SECRETS,
        "plainsecretvalue",
        "API_KEY=",
        "ToKeN: ",
        "PassPhrase = ",
        "basic ",
        "BEARER ",
        " -u me:",
        " --user=a:",
        "ftp://me:word@",
        "-----BEGIN PRIVATE KEY-----",
        '\\"',
        "'",
        " ",
        "\n",
        "Ä",
        "a" * 20,
        "12345678",
    ]
)


@given(st.lists(WORDS | st.text(max_size=5)).map("".join))
def test_the_search_for_hints_leaves_no_rule_out(text: str) -> None:
    thorough = text.encode("utf-8", "replace").decode("utf-8")
    if len(thorough) >= 10:
        for rule in RULES:
            thorough = rule.pattern.sub(rule.replace, thorough)
    assert redact(text) == thorough


def test_what_was_redacted_once_is_not_searched_again_until_it_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[str] = []
    monkeypatch.setattr(
        "hermes_hud_widget.redact.redact", lambda text: (searched.append(text), redact(text))[1]
    )
    forget_redacted()
    secret, long = "Bearer abcdefghijklmnop", "x" * 100_000
    for _ in range(3):
        assert redact_json({"a": [secret], "b": long}) == {"a": ["Bearer [redacted]"], "b": long}
    assert searched.count(secret) == 1
    assert searched.count(long) == 3
    forget_redacted()
    redact_json(secret)
    assert searched.count(secret) == 2


def test_a_long_run_of_dashes_takes_no_longer_than_words() -> None:
    # In a time that goes with the square of its length this would take minutes, and pytest's limit would end it.
    assert redact("-." * 500_000 + " key") == "-." * 500_000 + " key"
