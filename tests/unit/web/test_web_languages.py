"""A page speaks the language its reader asked for; what a sender wrote stays as it came."""

from __future__ import annotations

from web_rig import House

from codedark.web.drawing import environment

HIDDEN = "Roy\u202e\u200b<b>"


def test_a_browser_that_asks_for_french_gets_french(home: House) -> None:
    page = home.guest().get("/login", **{"accept-language": "fr-CA,en;q=0.5"}).text
    assert '<html lang="fr">' in page
    assert "Se connecter" in page


def test_the_choice_holds_for_this_browser_and_leads_back_to_the_page(home: House) -> None:
    guest = home.in_as("nurse")
    moved = guest.post("/language", {"language": "fr", "next": "/beds?unit=4W"})
    assert (moved.status, moved.place) == (303, "/beds?unit=4W")
    assert "Rechercher" in guest.get("/units").text
    guest.post("/language", {"language": "en", "next": "/units"})
    assert "Rechercher" not in guest.get("/units").text


def test_a_language_that_is_not_offered_leads_nowhere(home: House) -> None:
    guest = home.in_as("nurse")
    assert guest.post("/language", {"language": "en-XA"}).status == 404
    assert guest.post("/language", {"language": "fr\r\nSet-Cookie: a=b"}).status == 404


def test_the_next_page_after_a_choice_is_one_of_our_own(home: House) -> None:
    moved = home.in_as("nurse").post("/language", {"language": "fr", "next": "//elsewhere.example/"})
    assert moved.place == "/units"


def test_what_is_set_into_a_sentence_is_escaped_and_visible() -> None:
    env = environment({}, "fr")
    drawn = env.from_string("{% trans facility=name %}until {{ facility }}{% endtrans %}").render(name=HIDDEN)
    assert drawn == "until Roy[U+202E][U+200B]&lt;b&gt;"


def test_words_are_put_into_a_template_when_it_is_compiled_and_say_what_they_said_before() -> None:
    env = environment({}, "fr")
    said = (
        '{{ _("Units") }}|{{ name or _("Units") }}|{% trans percent=5 %}below {{ percent }} %{% endtrans %}'
        "|{% trans n=2, count=name %}{{ count }} entry waits{% pluralize n %}{{ count }} entries wait{% endtrans %}"
    )
    assert env.from_string(said).render(name="") == "Unités|Unités|sous 5 %| entrées attendent"
    assert "gettext" not in env.compile('{{ _("Units") }}{% trans a=name %}until {{ a }}{% endtrans %}', raw=True)
