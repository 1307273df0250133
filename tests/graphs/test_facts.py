"""Facts from recorded triples."""

from knowhen.graphs.facts import Fact, facts_from


def test_triples_become_facts_once_each_and_malformed_ones_are_counted() -> None:
    facts, malformed = facts_from(
        [
            ["Ann", "knows", "Bob"],
            ("ann", "Knows", "BOB"),
            ["Ann", "knows"],
            ["Ann", "knows", "Bob", "well"],
            "ann knows bob",
            ["Ann", 3, "Bob"],
            [" ", "is", "Bob"],
            None,
        ]
    )
    assert facts == (Fact("ann", "knows", "bob"),)
    assert malformed == 6


def test_facts_in_other_scripts_stay_different() -> None:
    facts, _ = facts_from([["北京", "是", "首都"], ["上海", "是", "城市"]])
    assert [fact.text for fact in facts] == ["北京 是 首都", "上海 是 城市"]


def test_a_fact_about_oneself_has_one_entity() -> None:
    assert Fact("ann", "likes", "ann").entities == ("ann",)
