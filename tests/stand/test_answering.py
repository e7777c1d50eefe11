"""The simulated model tells the passage that answers the question, so that correctness can be asserted."""

import pytest

from pocchaos.stand.origins.answering import answer, passages

KNOWLEDGE = """[1] Returns
Goods can be sent back within 30 days of delivery.

[2] Warranty
The pump has a warranty of 24 months; the filter has none.

[3] Noise
The quiet mode keeps the pump below 32 dB at night.
"""


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("How long is the warranty of the pump?", "24 months"),
        ("How loud is the pump in quiet mode at night?", "32 dB"),
        ("Can I send goods back after delivery?", "30 days"),
        ("What about RETURNS", "30 days"),
    ],
)
@pytest.mark.parametrize(
    "prompt",
    [
        lambda question: (["Answer from the context only.\n\n" + KNOWLEDGE], [question]),
        lambda question: ([], [f"Answer from the context.\n\nContext:\n{KNOWLEDGE}\n\nQuestion: {question}"]),
        lambda question: ([KNOWLEDGE], [f"Question: {question}\nAnswer:"]),
        lambda question: (["Be brief."], [KNOWLEDGE, question]),
    ],
    ids=["system message", "one user message", "answer to be filled in", "earlier message"],
)
def test_the_passage_that_shares_most_words_is_told(question: str, fact: str, prompt: object) -> None:
    system, users = prompt(question)  # type: ignore[operator]  # a table of small functions
    told = answer(system, users)
    assert fact in told
    assert sum(other in told for other in ("24 months", "32 dB", "30 days")) == 1


def test_the_wrong_passages_do_not_give_the_fact() -> None:
    """A POC that retrieves badly must not be saved by its model."""
    assert "24 months" not in answer(["[1] Returns\nGoods can be sent back."], ["How long is the warranty?"])


def test_without_context_the_question_is_echoed() -> None:
    assert answer([], ["What is the weather?"]) == "You asked: What is the weather?"
    assert answer([], [""]) == "You asked nothing."
    assert answer([], []) == "You asked nothing."


def test_of_a_long_passage_only_the_best_sentences_are_told() -> None:
    filler = " ".join(f"Sentence {number} speaks of other things entirely." for number in range(40))
    told = answer([f"{filler} The reactor is cooled with helium. {filler}"], ["What is the reactor cooled with?"])
    assert "helium" in told
    assert len(told) < 400


def test_the_same_prompt_has_the_same_answer() -> None:
    assert len({answer([KNOWLEDGE], ["How long is the warranty?"]) for _ in range(5)}) == 1


def test_lists_and_paragraphs_are_passages_of_their_own() -> None:
    assert passages("Intro\nmore\n\n- one\n- two\n  goes on\n3. three\n\n\nlast") == [
        "Intro\nmore",
        "- one",
        "- two\ngoes on",
        "3. three",
        "last",
    ]


def test_other_scripts_are_words_too() -> None:
    assert "東京" in answer(["- Париж стоит на Сене.\n- 東京 は 日本 の 首都 です。"], ["日本 の 首都 は?"])
