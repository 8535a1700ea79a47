"""Where boxes of a map stand and how its lines run, for any graph."""

from __future__ import annotations

import time

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pointsman.widgets.mapcells import DOWN, LEFT, RIGHT, UP
from pointsman.widgets.maplayout import FEW, GROWTH, settle
from pointsman.widgets.mapmodel import Link, Metrics, Rect, Skeleton, Spot
from pointsman.widgets.maproute import Plan, route

ROOMY = Metrics()
CLOSE = Metrics(height=1, foot=1, gap=0, label=7, step=1)
KEYS = [f"b{number}" for number in range(14)]


@st.composite
def graphs(draw: st.DrawFn, most: int = 14) -> tuple[list[Spot], list[Link]]:
    keys = draw(st.lists(st.sampled_from(KEYS[:most]), unique=True, max_size=most))
    spots = [
        Spot(key, draw(st.sampled_from("xyz")), draw(st.integers(0, 30)), draw(st.sampled_from(["", "", "", "left"])))
        for key in keys
    ]
    ends = st.sampled_from(KEYS[:most])
    return spots, draw(st.lists(st.tuples(ends, ends), max_size=30))


def plan_of(spots: list[Spot], links: list[Link], metrics: Metrics, before: Skeleton | None = None) -> Plan:
    return route(settle(spots, links, metrics, before), links, metrics)


def cells_of(rect: Rect) -> set[tuple[int, int]]:
    return {(x, y) for x in range(rect.x, rect.right) for y in range(rect.y, rect.y + rect.height)}


def drawn(plan: Plan) -> set[Link]:
    return {link for row in plan.rows.values() for cell in row.values() for link in cell.links}


def check(plan: Plan, spots: list[Spot], links: list[Link]) -> None:
    keys = {spot.key for spot in spots}
    wanted = {link for link in links if link[0] != link[1] and set(link) <= keys}
    assert set(plan.boxes) == keys
    assert set(plan.ways) == wanted == drawn(plan)
    seen: set[tuple[int, int]] = set()
    for rect in plan.boxes.values():
        here = cells_of(rect)
        assert not here & seen, "two boxes overlap"
        seen |= here
        assert rect.x >= 0
        assert rect.y >= 1
        assert rect.right <= plan.width
        assert rect.y + rect.height <= plan.height
    for head in plan.heads:
        title = {(x, head.y) for x in range(head.x, head.x + head.width)}
        if plan.metrics.foot:
            holes = {(x, y) for x in range(head.x, head.x + head.width) for y in range(head.y + 1, head.foot)}
            seen |= holes
        assert not title & seen, "a title is drawn over a box"
        seen |= title
        if plan.metrics.foot:
            seen |= {(x, head.foot) for x in range(head.x, head.x + head.width)}
    for y, row in plan.rows.items():
        for x, cell in row.items():
            assert (x, y) not in seen, "a line runs through a box or a title"
            assert 0 <= x < plan.width
            assert 0 <= y < plan.height
            # Two lines that run the same way through a cell have a box in common, or nobody could tell which is which;
            # unless each of the two starts leads to each of the two ends.
            for axis in (LEFT | RIGHT, UP | DOWN):
                along = [link for link, mask in zip(cell.links, cell.masks, strict=True) if mask & axis]
                for number, one in enumerate(along):
                    for other in along[number + 1 :]:
                        crossed = {(one[0], other[1]), (other[0], one[1])}
                        assert set(one) & set(other) or crossed <= wanted, (x, y, one, other)
    for (source, target), way in plan.ways.items():
        for (x, y), (to_x, to_y) in zip(way.points, way.points[1:], strict=False):
            assert (x == to_x) != (y == to_y)
        start, arrow, one, other = way.points[0], way.arrow, plan.boxes[source], plan.boxes[target]
        assert start[0] in (one.x - 1, one.right)
        assert one.y <= start[1] < one.y + one.height
        assert arrow[0] == (other.right if way.back else other.x - 1)
        assert other.y <= arrow[1] < other.y + other.height


@given(graphs(), st.sampled_from([ROOMY, CLOSE]))
@settings(max_examples=150, deadline=None)
@example((
    [Spot(key, "x", 3) for key in ("a", "b", "c", "d")],
    [("a", "d"), ("b", "c"), ("a", "b"), ("c", "a"), ("d", "b"), ("d", "a")],
), CLOSE)  # fmt: skip
def test_boxes_and_lines_keep_apart(graph: tuple[list[Spot], list[Link]], metrics: Metrics) -> None:
    spots, links = graph
    check(plan_of(spots, links, metrics), spots, links)


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_things_come_in_has_no_say(graph: tuple[list[Spot], list[Link]], random: object) -> None:
    spots, links = graph
    one = plan_of(spots, links, ROOMY)
    random.shuffle(spots)  # type: ignore[attr-defined]
    random.shuffle(links)  # type: ignore[attr-defined]
    other = plan_of(spots, links * 2, ROOMY)
    assert (one.boxes, one.ways) == (other.boxes, other.ways)


@given(graphs(), graphs(), st.sampled_from([ROOMY, CLOSE]))
@settings(max_examples=100, deadline=None)
def test_what_stays_does_not_move(
    first: tuple[list[Spot], list[Link]], second: tuple[list[Spot], list[Link]], metrics: Metrics
) -> None:
    """Boxes and links come and go: those that stay keep their column and line, unless all is arranged anew."""
    before = plan_of(*first, metrics)
    after = plan_of(*second, metrics, before.skeleton)
    check(after, *second)
    old = {spot.key: spot.group for spot in first[0]}
    new = [spot for spot in second[0] if old.get(spot.key) != spot.group]
    if first[0] and len(new) <= max(FEW, len(first[0]) // GROWTH):
        for spot in second[0]:
            if old.get(spot.key) == spot.group:
                assert after.skeleton.column[spot.key] == before.skeleton.column[spot.key]
                assert after.boxes[spot.key].y == before.boxes[spot.key].y


@given(graphs(), st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_more_links_between_the_same_boxes_move_none(graph: tuple[list[Spot], list[Link]], more: list[Link]) -> None:
    spots, links = graph
    before = plan_of(spots, links, ROOMY)
    after = plan_of(spots, [*links, *more], ROOMY, before.skeleton)
    if spots:
        assert {key: rect.y for key, rect in before.boxes.items()} == {key: rect.y for key, rect in after.boxes.items()}
        assert before.skeleton.column == after.skeleton.column


def test_the_same_again_is_the_same() -> None:
    spots = [Spot(key, key[0], 5) for key in KEYS]
    links = [(KEYS[number], KEYS[(number * 5 + 3) % 14]) for number in range(14)]
    before = plan_of(spots, links, ROOMY)
    again = plan_of(spots, links, ROOMY, before.skeleton)
    assert (before.boxes, before.ways, before.skeleton) == (again.boxes, again.ways, again.skeleton)


def test_layers_follow_the_direction() -> None:
    spots = [
        Spot("world", "outside", 5, "left"),
        Spot("door", "ingress", 4),
        Spot("app", "web", 3),
        Spot("db", "db", 2),
    ]
    links = [("world", "door"), ("door", "app"), ("app", "db"), ("door", "db")]
    plan = plan_of(spots, links, ROOMY)
    assert [plan.skeleton.column[key] for key in ("world", "door", "app", "db")] == [0, 1, 2, 3]
    # The chain is one straight line.
    assert len({plan.boxes[key].y for key in ("world", "door", "app")}) == 1
    assert len(plan.ways["world", "door"].points) == 2


def test_a_circle_is_drawn_with_one_line_back() -> None:
    spots = [Spot(key, "x", 3) for key in "abc"]
    plan = plan_of(spots, [("a", "b"), ("b", "c"), ("c", "a")], ROOMY)
    assert sum(way.back for way in plan.ways.values()) == 1


def test_a_new_box_comes_under_its_group() -> None:
    spots = [Spot(f"{group}{number}", group, 4) for group in "xyz" for number in range(3)]
    links = [("x0", spot.key) for spot in spots if spot.group != "x"]
    before = plan_of(spots, links, ROOMY)
    after = plan_of([*spots, Spot("y9", "y", 4)], [*links, ("x0", "y9")], ROOMY, before.skeleton)
    assert after.skeleton.column["y9"] == before.skeleton.column["y0"]
    assert {key: rect.y for key, rect in before.boxes.items()}.items() <= {
        key: rect.y for key, rect in after.boxes.items()
    }.items()


def test_a_box_that_goes_leaves_its_place_to_the_next_of_its_group() -> None:
    spots = [Spot(f"x{number}", "x", 4) for number in range(5)] + [Spot("y", "y", 4, "left")]
    links = [("y", spot.key) for spot in spots[:5]]
    before = plan_of(spots, links, CLOSE)
    gone = plan_of([spot for spot in spots if spot.key != "x2"], links, CLOSE, before.skeleton)
    assert len(gone.heads) == len(before.heads), "still one frame"
    again = plan_of([*(spot for spot in spots if spot.key != "x2"), Spot("x9", "x", 4)], [*links, ("y", "x9")], CLOSE,
                    gone.skeleton)  # fmt: skip
    assert again.boxes["x9"].y == before.boxes["x2"].y


def test_many_new_ones_are_arranged_anew() -> None:
    few = [Spot(key, "x", 3) for key in KEYS[:3]]
    many = [Spot(key, "x", 3) for key in KEYS]
    before = plan_of(few, [("b0", "b1")], ROOMY)
    after = plan_of(many, [("b0", "b1")], ROOMY, before.skeleton)
    assert after.skeleton.arranged == len(many)
    assert (after.boxes, after.ways) == (plan_of(many, [("b0", "b1")], ROOMY).boxes, after.ways)


def test_nothing_and_one_box() -> None:
    assert plan_of([], [], ROOMY).boxes == {}
    assert plan_of([], [("a", "b")], ROOMY).height == 0
    one = plan_of([Spot("a", "x", 3)], [("a", "a"), ("a", "gone")], ROOMY)
    assert list(one.boxes) == ["a"]
    assert one.ways == {}
    assert plan_of([Spot("a", "x", 3)], [], ROOMY, plan_of([], [], ROOMY).skeleton).boxes.keys() == {"a"}


def homelab(boxes: int, links: int) -> tuple[list[Spot], list[Link]]:
    spots = [Spot(f"k{number}", f"ns{number % max(1, boxes // 5)}", 4 + number % 14) for number in range(boxes)]
    pairs = {(number * 7919) % (boxes * boxes) for number in range(links)}
    return spots, [(f"k{pair // boxes}", f"k{pair % boxes}") for pair in pairs]


def test_a_homelab_is_laid_out_in_a_blink() -> None:
    """40 boxes and 120 links: 50 ms of processor time; the gate leaves room for a busy machine."""
    spots, links = homelab(40, 120)
    best = 1.0
    for _ in range(3):
        start = time.process_time()
        plan_of(spots, links, ROOMY)
        best = min(best, time.process_time() - start)
    assert best < 0.25
