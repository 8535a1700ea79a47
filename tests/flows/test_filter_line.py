"""The hubble CLI's words in the pane's filter line: what they keep, what is left to search for, what is wrong, completion."""

from __future__ import annotations

import contextlib

import pytest
from flowrows import COREDNS, HOST, JELLYFIN, LAN, PEERS, WEATHER, drop, flow
from hypothesis import given, strategies

from pointsman.tui.answers.flows.filterline import WORDS, complete, read_line, values
from pointsman.tui.answers.flows.predicates import FilterError
from pointsman.tui.answers.flows.words import FLAGS
from pointsman.tui.model.flows import L7, Flow
from pointsman.tui.views.flowfilter import reader
from pointsman.tui.views.flows import COLUMNS, search_text
from pointsman.widgets import filtering
from pointsman.widgets.tailmodel import TailModel

ROWS = (
    flow(), drop(), drop(JELLYFIN, COREDNS), flow(LAN, JELLYFIN), flow(JELLYFIN, WEATHER), flow(HOST, COREDNS),
    flow(COREDNS, JELLYFIN, is_reply=True, l7=L7("dns", "RESPONSE", query="api.weather.example.", answers=("198.51.100.4",))),
)  # fmt: skip


def kept(text: str) -> list[int]:
    model = TailModel[Flow](COLUMNS, 100, search=search_text, reader=reader())
    model.append(ROWS)
    model.set_filter(text)
    return [ROWS.index(model.item_at(index)) for index in range(len(model))]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3, 4, 5, 6]),
        ("verdict dropped", [1, 2]),
        ("verdict DROPPED | port 5432", [1]),
        ("port 5432 port 443", [0, 1, 4]),
        ("--verdict=dropped --to-port 53", [2]),
        ("verdict dropped not port 53", [1]),
        ("from-pod media/jellyfin to-namespace db", [0, 1]),
        ("not namespace media", [5]),
        ("to-fqdn *.weather.example", [4]),
        ("reply", [6]),
        ("identity host", [5]),
        ("ip 192.168.7.0/24", [3, 5]),
        ("dns-query weather", [6]),
        ("verdict dropped coredns", [2]),
        ("coredns", [2, 5, 6]),
        ('"port"', []),
        ("jellyfin !dropped verdict forwarded", [0, 3, 4, 6]),
        ("verdict", [0, 1, 2, 3, 4, 5, 6]),
        ("namespace db verdict", [0, 1]),
        ("postgres|pihole", [0, 1]),
        ("/post.res/", [0, 1]),
        ("destination:postgres", [0, 1]),
    ],
)
def test_what_is_kept(text: str, rows: list[int]) -> None:
    assert kept(text) == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("verdict eaten", "not a verdict"),
        ("port http", "not a port"),
        ("ip 10.0.0", "not an IP address"),
        ("from-pod a/b pod c/d to-fqdn x.example", "cannot be combined"),
        ("--colour blue", "not a filter word"),
        ("http-path [", "not a regular expression"),
        ("not not port 53", ""),
        ("/[/", "not a regular expression"),
    ],
)
def test_what_is_wrong_is_a_sentence(text: str, said: str) -> None:
    if not said:
        assert kept(text) == []
        return
    with pytest.raises(filtering.FilterError, match=said):
        kept(text)


def test_a_bad_filter_keeps_the_old_one() -> None:
    model = TailModel[Flow](COLUMNS, 100, search=search_text, reader=reader())
    model.append(ROWS)
    model.set_filter("verdict dropped")
    with pytest.raises(filtering.FilterError):
        model.set_filter("verdict eaten")
    assert len(model) == 2
    assert model.filter_text == "verdict dropped"


def test_words_are_found_in_the_line() -> None:
    line = read_line('verdict dropped | not label "app in (a, b)" some words')
    assert line.words == (("verdict", "DROPPED"), ("not", ""), ("label", "app in (a, b)"))
    assert line.rest == "some words"
    assert read_line("just words").test is None
    with pytest.raises(FilterError):
        read_line("port 99999")


WORDY = strategies.one_of(
    strategies.sampled_from(
        ("verdict dropped", "verdict forwarded", "port 53", "not port 53", "namespace media", "reply")
    ),
    strategies.sampled_from(("jellyfin", "!coredns", "SYN", "port", "not", "|", "verdict")),
)
FLOWS = strategies.builds(
    flow,
    strategies.sampled_from(PEERS),
    strategies.sampled_from(PEERS),
    strategies.sampled_from(("FORWARDED", "DROPPED", "AUDIT")),
    is_reply=strategies.sampled_from((None, True, False)),
)


@given(
    strategies.lists(strategies.lists(FLOWS, max_size=8), max_size=6),
    strategies.lists(WORDY, max_size=3),
    strategies.integers(0, 6),
    strategies.integers(1, 30),
)
def test_filtering_as_they_come_is_filtering_all(
    batches: list[list[Flow]], words: list[str], when: int, room: int
) -> None:
    text = " ".join(words)
    model = TailModel[Flow](COLUMNS, room, search=search_text, reader=reader())
    for number, batch in enumerate(batches):
        if number == when:
            _try(model, text)
        model.append(batch)
    if len(batches) <= when:
        _try(model, text)
    after = TailModel[Flow](COLUMNS, room, search=search_text, reader=reader())
    after.append([one for batch in batches for one in batch])
    _try(after, text)
    assert [model.item_at(at) for at in range(len(model))] == [after.item_at(at) for at in range(len(after))]


def _try(model: TailModel[Flow], text: str) -> None:
    with contextlib.suppress(filtering.FilterError):
        model.set_filter(text)


@given(strategies.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(filtering.FilterError):
        reader()(text, ("source",))
    completed = complete(text, ROWS)
    assert completed is None or completed.startswith(text.rpartition(" ")[0])


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("ver", "verdict"),
        ("verdict dr", "verdict dropped"),
        ("namespace m", "namespace media"),
        ("from-pod me", "from-pod media/jellyfin"),
        ("to-fqdn api", "to-fqdn api.weather.example"),
        ("port 54", "port 5432"),
        ("identity h", "identity host"),
        ("verdict dropped not n", "verdict dropped not namespace"),
        ("jelly", None),
        ("", None),
        ("port ", None),
        ("dns-query api", "dns-query api.weather.example."),
    ],
)
def test_completion_from_what_was_seen(text: str, completed: str | None) -> None:
    assert complete(text, ROWS) == completed


def test_every_word_has_values_or_none() -> None:
    for word in WORDS:
        assert isinstance(values(word, ROWS), list)
        assert word in FLAGS or read_line(word).test is None
