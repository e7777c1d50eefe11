"""A good scenario file with values of the right form that no run could use, and what its author is told."""

from tests.scenario.broken import Case

STALL = "{upstream: llm, type: stall}"

UNUSABLE = (
    Case(
        "a_duration_beyond_all_numbers",
        (("deadline: 6s", f"deadline: {'9' * 400}s"),),
        [
            (
                f'scenario.yaml:15: target.deadline: "{"9" * 58}… is longer than 30 days: write a shorter '
                "time, such as 2h"
            ),
        ],
    ),
    Case(
        "a_duration_of_no_microsecond",
        (("{name: rest, duration: 30s}", "{name: rest, duration: 0.0000001s}"),),
        ['scenario.yaml:48: stages[2].duration: "0.0000001s" is shorter than a microsecond: write 1us or more'],
    ),
    Case(
        "a_default_with_a_template_in_it",
        (("${env.RELEASE:-dev}", "${env.RELEASE:-${env.HOME}}"),),
        [
            (
                'scenario.yaml:13: target.start.env.RELEASE: "${env.RELEASE:-${env.HOME}}" has a template inside a '
                "template: a default is plain text, such as ${namespace.key:-none}"
            ),
        ],
    ),
    Case(
        "more_requests_than_can_be_planned",
        (("rate: 20/s", "rate: 100000/s"),),
        [
            (
                'scenario.yaml:41: load: plans about 58,000,000 requests, 12,000,000 of them in "db-bad", and a run '
                "has at most 5,000,000: lower the rate, or shorten the stages"
            ),
        ],
    ),
    Case(
        "more_requests_than_can_be_planned_in_one_stage",
        (("{name: rest, duration: 30s}", "{name: rest, duration: 300h, load: {arrival: constant, rate: 900/min}}"),),
        [
            (
                'scenario.yaml:48: stages[2].load: plans about 16,211,000 requests, 16,200,000 of them in "rest", and '
                "a run has at most 5,000,000: lower the rate, or shorten the stages"
            ),
        ],
    ),
    Case(
        "more_cycles_than_can_be_laid_out",
        (("repeat: 2", "repeat: 1000000000"),),
        [
            (
                "scenario.yaml:49: stages[3].repeat: comes to 2,000,000,003 stages, and a run has at most 2,000: "
                "repeat less, or write fewer"
            ),
        ],
    ),
    Case(
        "more_cycles_than_can_be_laid_out_and_something_else",
        (("repeat: 2", "repeat: 1000000000"), ("deadline: 6s", "deadline: soon")),
        [
            (
                'scenario.yaml:15: target.deadline: "soon" is not a duration: write a number with its unit, such as '
                "250ms, 5s or 2m"
            ),
            (
                "scenario.yaml:49: stages[3].repeat: comes to 2,000,000,003 stages, and a run has at most 2,000: "
                "repeat less, or write fewer"
            ),
        ],
    ),
    Case(
        "a_flap_of_microseconds",
        ((STALL, "{upstream: llm, type: stall, flap: {fault: 1us, pause: 1us}}"),),
        [
            (
                "scenario.yaml:47: stages[1].faults[0].flap: goes on about 30,000,000 times, and the faults of a run "
                "go on at most 10,000 times together: lengthen `fault` and `pause` of its `flap`, or repeat less"
            ),
        ],
    ),
    Case(
        "a_climb_of_too_many_steps",
        (("rate: 20/s", "rate: {from: 1/s, to: 20/s, steps: 1000000000}"),),
        ["scenario.yaml:41: load.rate.steps: 1,000,000,000 cannot be used: it must be at most 1,000"],
    ),
    Case(
        "more_malformed_requests_than_can_be_made",
        (("generate: malformed, category", "generate: {malformed: {count: 1000000000}}, category"),),
        [
            (
                "scenario.yaml:40: inputs[2].generate.malformed.count: 1000000000 is not a number of requests: write a "
                "whole one from 1 to 10,000"
            ),
        ],
    ),
)
