"""`route off`, `on` and `status` on the demo's server: what is said, asked, written and listed."""

from __future__ import annotations

import json

from writekit import Relay, run

from pointsman.tui.answers.routes.parking import CLASS_NOTE, OFF_CLASS

ROUTES = "/apis/traefik.io/v1alpha1/namespaces/media/ingressroutes"


def test_off_status_and_on(relay: Relay) -> None:
    before = relay.read("films", ROUTES)
    code, out, err = run(relay, "route", "off", "media/films", "--for", "30m", "--yes", "-o", "json")
    assert code == 0, err
    assert "https://films.home.example/: nobody handles it then (404)" in err
    assert json.loads(out)["guard"]["pid"]
    off = relay.read("films", ROUTES)
    assert off["metadata"]["annotations"][CLASS_NOTE] == OFF_CLASS
    assert off["spec"] == before["spec"]
    code, out, err = run(relay, "route", "status", "-o", "json")
    document = json.loads(out)
    assert code == 0, err
    assert document["kind"] == "RouteTimers"
    (item,) = document["items"]
    assert (item["kind"], item["name"], item["watched"]) == ("IngressRoute", "films", "guard")
    code, out, _ = run(relay, "policy", "status", "-o", "json")
    assert json.loads(out)["items"] == [], "a route is no policy"
    code, out, err = run(relay, "routes", "-o", "json")
    films = next(item for item in json.loads(out)["items"] if item["name"] == "films")
    assert films["loaded"] is False
    assert films["problems"] == []
    assert films["off"]["until"] == item["until"]
    assert films["off"]["by"]
    code, out, err = run(relay, "routes")
    assert "off for " in next(line for line in out.splitlines() if "media/films" in line)
    code, out, err = run(relay, "route", "on", "IngressRoute/media/films", "--yes")
    assert code == 0, err
    after = relay.read("films", ROUTES)
    assert after["spec"] == before["spec"]
    assert after["metadata"].get("annotations") == before["metadata"].get("annotations")


def test_what_cannot_be_switched(relay: Relay) -> None:
    for words, said in (
        (("off", "media/nobody"), "nobody"),
        (("off", "Service/db/postgres"), "is not a kind of route"),
        (("on", "media/films", "--for", "5m"), "belong to `route off`"),
        (("off",), "needs the name of a route"),
        (("status", "x"), "takes no name"),
    ):
        code, _, err = run(relay, "route", *words, "--yes")
        assert code == 2, err
        assert said in err


def test_a_loss_of_protection_needs_the_name(relay: Relay) -> None:
    catch = {
        "entryPoints": ["websecure"], "tls": {},
        "routes": [{"kind": "Rule", "match": "HostRegexp(`.*`)", "priority": 1, "services": [{"name": "jellyfin", "port": 8096}]}],
    }  # fmt: skip
    relay.make("catch-all", catch, ROUTES, "traefik.io/v1alpha1 IngressRoute")
    try:
        code, _, err = run(relay, "route", "off", "media/downloads", "--yes")
        assert code == 2, err
        assert "less protected" in err
    finally:
        relay.ask("DELETE", f"{ROUTES}/catch-all")
