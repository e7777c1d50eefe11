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
    Case(
        "a_port_that_nobody_has",
        (("url: http://127.0.0.1:8080", "url: http://127.0.0.1:99999"),),
        ['scenario.yaml:6: target.url: "http://127.0.0.1:99999" has the port 99999: write one from 1 to 65535'],
    ),
    Case(
        "an_origin_on_a_port_that_nobody_has",
        (('origin: "tcp://127.0.0.1:5432"', 'origin: "http://[::1]:65536"'),),
        ['scenario.yaml:30: upstreams.db.origin: "http://[::1]:65536" has the port 65536: write one from 1 to 65535'],
    ),
    Case(
        "an_origin_on_port_0",
        (('origin: "tcp://127.0.0.1:5432"', 'origin: "http://127.0.0.1:0"'),),
        ['scenario.yaml:30: upstreams.db.origin: "http://127.0.0.1:0" has the port 0: write one from 1 to 65535'],
    ),
    Case(
        "a_relayed_origin_on_port_0",
        (('origin: "tcp://127.0.0.1:5432"', 'origin: "tcp://127.0.0.1:0"'),),
        [
            (
                'scenario.yaml:30: upstreams.db.origin: "tcp://127.0.0.1:0" is not an origin: write host and port, '
                "such as tcp://127.0.0.1:5432"
            ),
        ],
    ),
    Case(
        "a_path_of_two_lines",
        (("path: /ask", 'path: "/ask\\r\\nx: ${input.text}"'),),
        [
            (
                'scenario.yaml:18: target.request.path: "/ask\\r\\nx: ${input.text}" has a space, a line break or '
                "another control character, which no path holds: write a space as %20"
            ),
        ],
    ),
    Case(
        "a_header_with_a_nul",
        (('"Bearer ${tenant.token}"', '"Bearer \\0${tenant.token}"'),),
        [
            (
                "scenario.yaml:20: target.request.headers.authorization: has a line break or another control "
                "character, which a header cannot hold: write it in one line"
            ),
        ],
    ),
    Case(
        "a_secret_in_a_name",
        (("name: shop-assistant", 'name: "shop-${env.NORTH_TOKEN}"'),),
        [
            (
                "scenario.yaml:2: name: ${env.NORTH_TOKEN} is a secret, since tenants[0].token reads it too, and "
                "what stands here is shown in reports: read another variable here, or write the text itself"
            ),
        ],
    ),
    Case(
        "a_secret_in_a_claim",
        (("{id: quality, ", '{id: quality, claim: "as ${env.PROMPT_CANARY} says", '),),
        [
            (
                "scenario.yaml:63: criteria[0].claim: ${env.PROMPT_CANARY} is a secret, since target.secrets[0] reads "
                "it too, and what stands here is shown in reports: read another variable here, or write the text "
                "itself"
            ),
        ],
    ),
    Case(
        "an_attribute_beside_the_type",
        ((STALL, "{upstream: llm, type: stall, after_tokens: 3}"),),
        [
            (
                'scenario.yaml:47: stages[1].faults[0].after_tokens: "after_tokens" is one of the attributes: write it '
                "inside them, attributes: {after_tokens: 3}"
            ),
        ],
    ),
    Case(
        "an_attribute_that_is_called_as_its_type",
        ((STALL, "{upstream: llm, type: latency, latency: 3s}"),),
        [
            (
                'scenario.yaml:47: stages[1].faults[0].latency: "latency" is one of the attributes: write it inside '
                "them, attributes: {latency: 3s}"
            ),
        ],
    ),
    Case(
        "a_share_of_requests_on_a_toxic",
        ((STALL, "{upstream: llm, type: timeout, error_rate: 30%}"),),
        [
            (
                'scenario.yaml:47: stages[1].faults[0].error_rate: "error_rate" is a share of requests, which the '
                "stand's faults take: here write toxicity, a share of connections"
            ),
        ],
    ),
    Case(
        "a_share_of_connections_on_the_stand",
        ((STALL, "{upstream: llm, type: stall, toxicity: 30%}"),),
        [
            (
                'scenario.yaml:47: stages[1].faults[0].toxicity: "toxicity" is a share of connections, which '
                "Toxiproxy's toxics take: here write error_rate, a share of requests"
            ),
        ],
    ),
    Case(
        "a_share_without_percent_as_a_limit",
        (("at_least: 90%}\n  - {id: budget", "at_least: 5}\n  - {id: budget"),),
        [
            (
                "scenario.yaml:63: criteria[0].at_least: 5 is not between 0 % and 100 %: write it as a percentage such "
                "as 70%"
            ),
        ],
    ),
    Case(
        "a_number_in_quotes",
        (("seed: 5", 'seed: "5"'),),
        ['scenario.yaml:4: seed: "5" is text, and a number is expected: write it without quotes, 5'],
    ),
    Case(
        "a_number_in_quotes_inside_a_fault",
        (("status: 503", 'status: "503"'),),
        [
            (
                'scenario.yaml:54: stages[3].stages[0].faults[0].attributes.status: "503" is text, and a number is '
                "expected: write it without quotes, 503"
            ),
        ],
    ),
    Case(
        "a_pattern_of_an_assertion_that_is_none",
        (('{type: contains-any, value: "${input.expected}"}', '{type: regex, value: "(["}'),),
        [
            (
                'scenario.yaml:38: inputs[0].assert[0].value: "([" is not a regular expression (unterminated character '
                "set at character 1): mend or escape it"
            ),
        ],
    ),
    Case(
        "a_key_of_two_lines",
        (("seed: 5", '"se\\ned": 5'),),
        [
            (
                'scenario.yaml:4: se\\ned: "se\\ned" is not one of the keys here (version, name, description, seed, '
                'target, upstreams, tenants, inputs, load, stages, criteria). Did you mean "seed"?'
            ),
        ],
    ),
)
