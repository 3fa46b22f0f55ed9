"""The shared log: whoever reads it, from wherever, gets each message once and no more than a slice at a time."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.cursor import CursorCodec, Next, cursor_key
from gateway.message_log import (
    SLICE_BYTES,
    Entry,
    Form,
    MessageLog,
    Stretch,
    chunks_of,
    further,
)

CODEC = CursorCodec(cursor_key(b"secret"), b"stream")
PLACES = (("orders", 0), ("orders", 1))
START = dict.fromkeys(PLACES, Next(0))

sizes = st.sampled_from([1, 50, 20_000, SLICE_BYTES * 2])
fetches = st.lists(
    st.lists(st.tuples(st.sampled_from(PLACES), st.lists(sizes, max_size=4)), max_size=3),
    min_size=1,
    max_size=6,
)


def logged(made, most_bytes=float("inf")):
    """A log of fetches: of each, runs of a partition, as the sizes of their messages; every run ends filtered."""
    log, position, told = MessageLog(most_bytes), dict(START), []
    for number, fetch in enumerate(made):
        stretches, ends = [], dict(position)
        for place, run in fetch:
            first = ends[place].offset
            entries = [
                Entry(place, Next(first + at + 1), b"%d/%d " % (place[1], first + at) + b"x" * size)
                for at, size in enumerate(run)
            ]
            ends[place] = Next(first + len(run) + 1)
            stretches.append(Stretch(place, tuple(entries), ends[place]))
            told += entries
        for chunk in chunks_of(position, tuple(stretches), CODEC, float(number)):
            log.append(chunk)
            position = chunk.after
    return log, position, told


def rest(log, number, position):
    """Everything from a number on, behind a position: what a client takes."""
    while number < log.head:
        number, portion = log.portion_behind(number, Form.FRAMES, position)
        if portion is not None:
            yield portion


@given(fetches)
def test_no_portion_is_larger_than_a_slice_but_for_a_single_message(made):
    log, _, told = logged(made)
    number, contents = log.tail, []
    while number < log.head:
        number, portion = log.portion(number, Form.FRAMES)
        assert portion.count <= 1 or portion.size <= SLICE_BYTES
        contents += portion.frames
    assert contents == [entry.content for entry in told]


@given(fetches, st.data())
def test_who_comes_back_with_any_position_gets_what_lies_behind_it_and_never_goes_back(made, data):
    log, end, told = logged(made)
    has = {
        place: data.draw(st.sampled_from([START[place], end[place], *_places(told, place)]))
        for place in PLACES
    }
    number = log.number_of(has)
    if not log.head:
        assert number is None
        return
    portions = list(rest(log, number, has))
    expected = [entry.content for entry in told if entry.following > has[entry.place]]
    assert [content for portion in portions for content in portion.frames] == expected
    for portion in portions:
        cursor = CODEC.decode(portion.cursor, ("orders",))
        assert further(cursor, has) == cursor


@given(fetches)
def test_each_cursor_leads_on_to_the_messages_after_it(made):
    log, _, told = logged(made)
    got, number = 0, log.tail
    while number < log.head:
        number, portion = log.portion(number, Form.FRAMES)
        got += portion.count
        has = CODEC.decode(portion.cursor, ("orders",))
        again = [content for one in rest(log, log.number_of(has), has) for content in one.frames]
        assert again == [entry.content for entry in told[got:]]


@given(fetches, st.integers(1, 100_000))
def test_the_oldest_go_when_there_is_too_much_and_the_newest_stays(made, most):
    log, end, _ = logged(made, most)
    assert log.size <= most or log.tail == log.head - 1
    if log.head:
        assert log.newest.after == end
        assert log.number_of(end) == log.head


def test_clients_at_many_places_do_not_make_it_keep_a_slice_for_each():
    log, _, _ = logged([[(PLACES[0], [20_000])] for _ in range(100)])
    for number in range(log.tail, log.head):
        log.portion(number, Form.EVENTS)
    kept = sum(len(portion.content) for _, portion in log._slices.values())
    assert kept <= 16 * SLICE_BYTES * 2


def _places(told, place):
    return [entry.following for entry in told if entry.place == place]


@given(fetches)
def test_each_events_id_leads_on_to_exactly_the_messages_after_it(made):
    log, end, told = logged(made)
    seen, number, ids = 0, log.tail, [CODEC.encode(START)]
    while number < log.head:
        number, portion = log.portion(number, Form.EVENTS)
        for event in portion.content.decode().split("\n\n")[:-1]:
            first, _, data = event.partition("\n")
            ids.append(first.removeprefix("id: "))
            seen += bool(data)
            has = CODEC.decode(ids[-1], ("orders",))
            again = [content for one in rest(log, log.number_of(has), has) for content in one.frames]
            assert again == [entry.content for entry in told[seen:]]
    assert seen == len(told)
    assert not log.head or CODEC.decode(ids[-1], ("orders",)) == end


@given(fetches, st.integers(0, 6), st.data())
def test_a_reader_of_ones_own_and_then_the_log_tell_everything_once(made, joined, data):
    """The own reader tells what lies behind a position, in pieces; the log, read from `joined` on, tells the rest."""
    whole, end, told = logged(made)
    shared = MessageLog(float("inf"))
    for chunk in list(whole._chunks)[joined:]:
        shared.append(chunk)
    has = {
        place: data.draw(st.sampled_from([START[place], end[place], *_places(told, place)]))
        for place in PLACES
    }
    expected = [entry.content for entry in told if entry.following > has[entry.place]]
    got, at, behind = [], whole.tail, dict(has)
    number = shared.number_of(behind)
    while number is None and at < whole.head:
        at, portion = whole.portion_behind(at, Form.FRAMES, behind)
        got += portion.frames if portion is not None else ()
        behind = further(behind, whole.after(at))
        number = shared.number_of(behind)
    if number is not None:
        got += [content for portion in rest(shared, number, behind) for content in portion.frames]
    assert sorted(got) == sorted(expected)
    for place in PLACES:
        of_place = b"%d/" % place[1]
        assert [one for one in got if one.startswith(of_place)] == [
            one for one in expected if one.startswith(of_place)
        ]
