"""A good scenario file broken in one way at a time, and what its author is told.

Each message was read as somebody would who has never seen the code: where it is, what is wrong, what to do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.scenario.samples import FAULT_TYPES


@dataclass(frozen=True)
class Case:
    """What is changed in the good file (old text, new text), and every line of the refusal."""

    name: str
    edits: tuple[tuple[str, str], ...]
    told: list[str]
    env: Mapping[str, str | None] = field(default_factory=dict)  # None: not set


CASES = (
    Case(
        "an_unknown_key",
        (
            (
                "    duration: 60s\n    faults:\n      - {upstream: llm, type: stall}",
                "    durration: 60s\n    faults:\n      - {upstream: llm, type: stall}",
            ),
        ),
        [
            (
                'scenario.yaml:45: stages[1].durration: "durration" is not one of the keys here '
                '(name, duration, settle, load, faults). Did you mean "duration"?'
            ),
        ],
    ),
    Case(
        "an_upstream_that_is_not_there",
        (("{upstream: llm, type: stall}", "{upstream: lmm, type: stall}"),),
        [
            (
                'scenario.yaml:47: stages[1].faults[0].upstream: "lmm" is not one of this scenario\'s '
                'upstreams (llm, db). Did you mean "llm"?'
            ),
        ],
    ),
    Case(
        "a_fault_type_that_is_not_there",
        (("type: stall}", "type: stal}"),),
        [
            (f'scenario.yaml:47: stages[1].faults[0].type: "stal" is not one of {FAULT_TYPES}. Did you mean "stall"?'),
        ],
    ),
    Case(
        "a_fault_without_a_type",
        (("{upstream: llm, type: stall}", "{upstream: llm}"),),
        [
            (f"scenario.yaml:47: stages[1].faults[0].type: is missing: add `type:` and one of {FAULT_TYPES}"),
        ],
    ),
    Case(
        "an_attribute_that_is_not_there",
        (("jitter: 100ms", "jiter: 100ms"),),
        [
            (
                'scenario.yaml:57: stages[4].for_each[0].attributes.jiter: "jiter" is not one of the '
                'keys here (latency, jitter). Did you mean "jitter"?'
            ),
        ],
    ),
    Case(
        "a_duration_without_a_unit",
        (("deadline: 6s", "deadline: 6"),),
        [
            (
                "scenario.yaml:15: target.deadline: 6 is not a duration: write a number with its "
                "unit, such as 250ms, 5s or 2m"
            ),
        ],
    ),
    Case(
        "a_negative_duration",
        (("duration: 30s}", "duration: -30s}"),),
        [
            ("scenario.yaml:48: stages[2].duration: -30s is not positive: write a duration such as 250ms, 5s or 2m"),
        ],
    ),
    Case(
        "a_duration_of_zero",
        (("{name: rest, duration: 30s}", "{name: rest, duration: 0s}"),),
        [
            'scenario.yaml:48: stages[2].duration: "0s" cannot be used: it must be more than 0',
        ],
    ),
    Case(
        "a_rate_that_is_none",
        (("rate: 20/s", "rate: 20"),),
        [
            ("scenario.yaml:41: load.rate: 20 is not a rate: write a positive number per time, such as 40/s or 90/min"),
        ],
    ),
    Case(
        "a_rate_that_climbs_without_steps",
        (("rate: 20/s", "rate: {from: 2/s, to: 20/s}"),),
        [
            "scenario.yaml:41: load.rate.steps: is missing: add it, such as `steps: 10`",
        ],
    ),
    Case(
        "an_arrival_misspelt",
        (("arrival: poisson", "arrival: poison"),),
        [
            ('scenario.yaml:41: load.arrival: "poison" is not one of constant, poisson. Did you mean "poisson"?'),
        ],
    ),
    Case(
        "an_arrival_that_is_not_yet",
        (("{arrival: poisson, rate: 20/s}", "{arrival: closed, users: 30, think: {median: 3s, p99: 15s}}"),),
        [
            (
                'scenario.yaml:41: load.arrival: not yet: "closed". Meanwhile use constant or '
                "poisson, or rate: {from, to, steps}."
            ),
        ],
    ),
    Case(
        "shares_above_the_whole",
        (("share: 80%", "share: 85%"),),
        [
            "scenario.yaml:34: inputs: the shares sum to 105%, not 100%: change 85% + 10% + 10%",
        ],
    ),
    Case(
        "a_share_without_percent",
        (("share: 80%", "share: 80"),),
        [
            (
                "scenario.yaml:37: inputs[0].share: 80 is not between 0 % and 100 %: write it as a "
                "percentage such as 70%"
            ),
        ],
    ),
    Case(
        "shares_of_some_tenants_only",
        ((", share: 40%", ""),),
        [
            ("scenario.yaml:31: tenants: 1 of 2 have a `share`: give each one, or none (then all are equal)"),
        ],
    ),
    Case(
        "a_category_misspelt",
        (("category: off_topic, share: 10%", "category: offtopic, share: 10%"),),
        [
            (
                'scenario.yaml:39: inputs[1].category: "offtopic" is not one of in_scope, edge_case, '
                'off_topic, malformed, misuse. Did you mean "off_topic"?'
            ),
        ],
    ),
    Case(
        "a_variable_that_is_not_set",
        (),
        [
            (
                "scenario.yaml:32: tenants[0].token: ${env.NORTH_TOKEN} is not set: `export "
                "NORTH_TOKEN=…`, or pass `--set env.NORTH_TOKEN=…`."
            ),
        ],
        env={"NORTH_TOKEN": None},
    ),
    Case(
        "a_secret_that_is_too_short",
        (),
        [
            (
                "scenario.yaml:32: tenants[0].token: ${env.NORTH_TOKEN} has 3 characters: a secret "
                "is cut out of everything that is kept, so it needs at least 8; export a longer "
                "NORTH_TOKEN"
            ),
        ],
        env={"NORTH_TOKEN": "abc"},
    ),
    Case(
        "a_template_that_names_nothing",
        (("Bearer ${tenant.token}", "Bearer ${tenant.tokn}"),),
        [
            (
                "scenario.yaml:20: target.request.headers.authorization: ${tenant.tokn} names "
                "nothing: use one of tenant.name, tenant.token, tenant.vars, tenant.canaries. Did "
                'you mean "token"?'
            ),
        ],
    ),
    Case(
        "a_template_of_no_namespace",
        (("${input.text}", "${imput.text}"),),
        [
            (
                "scenario.yaml:21: target.request.json.question: ${imput.text} is not known here: "
                'names begin with tenant, input, request, run, upstreams, env. Did you mean "input"?'
            ),
        ],
    ),
    Case(
        "a_template_with_a_space",
        (("${input.text}", "${ input.text }"),),
        [
            (
                'scenario.yaml:21: target.request.json.question: "${ input.text }" is not a '
                "template: write ${namespace.key}, ${namespace.key?} or ${namespace.key:-default}, "
                "or $${ for a literal ${"
            ),
        ],
    ),
    Case(
        "a_template_where_only_env_may_stand",
        (("name: shop-assistant", 'name: "shop-${tenant.name}"'),),
        [
            (
                "scenario.yaml:2: name: ${tenant.name} cannot stand here, where only ${env.*} is "
                "known: write the value itself"
            ),
        ],
    ),
    Case(
        "an_upstream_template_that_names_nothing",
        (("${upstreams.llm.url}", "${upstreams.llm.uri}"),),
        [
            (
                "scenario.yaml:11: target.start.env.LLM_BASE_URL: ${upstreams.llm.uri} names "
                "nothing: use one of upstreams.llm.url, upstreams.llm.host, upstreams.llm.port"
            ),
        ],
    ),
    Case(
        "a_variable_that_one_tenant_lacks",
        (
            ("${tenant.vars.locale?}", "${tenant.vars.locale}"),
            ("vars: {locale: de}", "vars: {lang: de}"),
        ),
        [
            (
                "scenario.yaml:21: target.request.json.locale: ${tenant.vars.locale} needs "
                "`vars.locale` in every tenant, and south has none: add it."
            ),
        ],
    ),
    Case(
        "a_key_twice",
        (("seed: 5\n", "seed: 5\nseed: 6\n"),),
        [
            'scenario.yaml:5: seed: "seed" stands twice, in lines 4 and 5: keep one',
        ],
    ),
    Case(
        "a_yes_outside_quotes",
        (("alternate: true", "alternate: yes"),),
        [
            (
                "scenario.yaml:50: stages[3].alternate: yes is a boolean to some YAML tools and text "
                'to others: write true, or "yes"'
            ),
        ],
    ),
    Case(
        "a_number_where_text_is_meant",
        (
            ('value: "${input.expected}"', "value: 5"),
            ("path: data.answer", "path: 5"),
        ),
        [
            ('scenario.yaml:22: target.answer.path: 5 is not text: put it in quotes, "5" (an example: answer)'),
        ],
    ),
    Case(
        "a_value_left_empty",
        (("  deadline: 6s", "  deadline:"),),
        [
            "scenario.yaml:15: target.deadline: is empty: write a value, or delete it",
        ],
    ),
    Case(
        "a_list_where_one_is_meant",
        (("{header: x-request-id}", "[x-request-id]"),),
        [
            (
                'scenario.yaml:27: target.correlate: ["x-request-id"] cannot stand here: write none, '
                "or {header: x-request-id}"
            ),
        ],
    ),
    Case(
        "text_where_a_list_is_meant",
        (("command: [python, -m, shop]", "command: python -m shop"),),
        [
            (
                'scenario.yaml:9: target.start.command: "python -m shop" stands where a list is '
                "expected: begin each element with `- `, or write [ ]"
            ),
        ],
    ),
    Case(
        "a_mapping_where_a_list_is_meant",
        (('assert: [{type: contains-any, value: "${input.expected}"}]', "assert: {type: contains-any, value: x}"),),
        [
            (
                'scenario.yaml:38: inputs[0].assert: the mapping {"type": "contains-any", "value": '
                '"x"} stands where a list is expected: begin each element with `- `, or write [ ]'
            ),
        ],
    ),
    Case(
        "a_missing_key",
        (("  url: http://127.0.0.1:8080\n", ""),),
        [
            ("scenario.yaml:5: target.url: is missing: add it, such as `url: http://127.0.0.1:8080`"),
        ],
    ),
    Case(
        "a_template_without_quotes",
        (('{name: north, token: "${env.NORTH_TOKEN}"', "{name: north, token: ${env.NORTH_TOKEN}"),),
        [
            (
                "scenario.yaml:32: this is not YAML near `- {name: north, token: ${env.NORTH_TOKEN}, "
                'share: 60%, vars:`: a template inside { } or [ ] needs quotes: "${…}"'
            ),
        ],
    ),
    Case(
        "a_tab",
        (("  ready: /healthz", "	ready: /healthz"),),
        [
            "scenario.yaml:14: this is not YAML near `ready: /healthz`: a tab: indent with spaces",
        ],
    ),
    Case(
        "a_quote_that_is_never_closed",
        (("description: The", 'description: "The'),),
        [
            (
                'scenario.yaml:11: this is not YAML near `LLM_BASE_URL: "${upstreams.llm.url}/v1"`: '
                "lines that are indented unlike their neighbours"
            ),
        ],
    ),
    Case(
        "a_version_of_tomorrow",
        (("version: 1\n", "version: 2\n"),),
        [
            ("scenario.yaml:1: version: 2 cannot stand here: write 1, the version of the language that is read here"),
        ],
    ),
    Case(
        "a_boolean_as_a_number",
        (("repeat: 2", "repeat: true"),),
        [
            (
                "scenario.yaml:49: stages[3].repeat: true is a boolean, and none is expected here: "
                "write the value itself"
            ),
        ],
    ),
    Case(
        "an_address_that_is_none",
        (("url: http://127.0.0.1:8080", "url: 127.0.0.1:8080"),),
        [
            (
                'scenario.yaml:6: target.url: "127.0.0.1:8080" is not an address: write one such as '
                "http://127.0.0.1:8080"
            ),
        ],
    ),
    Case(
        "an_origin_that_is_none",
        (("tcp://127.0.0.1:5432", "tcp://127.0.0.1"),),
        [
            (
                'scenario.yaml:30: upstreams.db.origin: "tcp://127.0.0.1" is not an origin: write '
                "host and port, such as tcp://127.0.0.1:5432"
            ),
        ],
    ),
    Case(
        "an_https_origin",
        (
            (
                "{simulate: openai, ttft: {median: 200ms, p99: 800ms}, tokens_per_second: 50}",
                '"https://api.example.com"',
            ),
        ),
        [
            (
                'scenario.yaml:29: upstreams.llm.origin: not yet: "https://api.example.com". '
                "Meanwhile put a local http:// gateway before it, or use {simulate: openai}."
            ),
        ],
    ),
    Case(
        "a_median_above_the_p99",
        (("median: 200ms", "median: 2s"),),
        [
            (
                "scenario.yaml:29: upstreams.llm.origin.ttft: median 2s, p99 0.8s: the median must "
                "be positive and not above p99"
            ),
        ],
    ),
    Case(
        "an_address_to_listen_on_that_is_none",
        (("127.0.0.1:18002", "18002"),),
        [
            (
                'scenario.yaml:30: upstreams.db.listen: 18002 is not text: put it in quotes, "18002" '
                "(an example: 127.0.0.1:18001)"
            ),
        ],
    ),
    Case(
        "two_upstreams_on_one_port",
        (("tokens_per_second: 50}", "tokens_per_second: 50}, listen: 127.0.0.1:18002"),),
        [
            (
                'scenario.yaml:30: upstreams.db.listen: "18002" is the port of two of them: give '
                "each upstream its own, or 0 for a free one"
            ),
        ],
    ),
    Case(
        "a_baseline_with_a_fault",
        (
            (
                "{name: baseline, duration: 90s, settle: 10s}",
                "{name: baseline, duration: 90s, faults: [{upstream: llm, type: down}]}",
            ),
        ),
        [
            (
                "scenario.yaml:43: stages[0].faults: the first stage is the baseline and has no "
                "faults: put a stage without any before it"
            ),
        ],
    ),
    Case(
        "settle_longer_than_the_stage",
        (("settle: 10s", "settle: 2m"),),
        [
            (
                "scenario.yaml:43: stages[0].settle: 2 min is not shorter than the stage (90 s): "
                "shorten it, or nothing is left to judge"
            ),
        ],
    ),
    Case(
        "a_fault_longer_than_its_stage",
        (("at: 5s, for: 30s", "at: 5s, for: 90s"),),
        [
            (
                "scenario.yaml:57: stages[4].for_each[0].for: 90 s from 5 s on is longer than "
                "db-bad, 60 s: faults end with their stage; shorten it, or lengthen the stage"
            ),
        ],
    ),
    Case(
        "a_fault_after_its_stage",
        (("at: 5s, for: 30s", "at: 70s"),),
        [
            (
                "scenario.yaml:57: stages[4].for_each[0].at: 70 s is not before the end of db-bad "
                "(60 s): begin earlier, or lengthen the stage"
            ),
        ],
    ),
    Case(
        "two_toxics_with_other_edges",
        (
            (
                'faults: ["${fault}"]',
                ('faults: ["${fault}", {upstream: db, type: bandwidth, at: 10s, attributes: {rate: 10kB/s}}]'),
            ),
        ),
        [
            (
                "scenario.yaml:60: stages[4].stages[0].faults[1]: db.latency and db.bandwidth are on "
                "db downstream at once with other edges, and putting one on lets go what the other "
                "holds: give both the same `at`, `for` and `flap`, or let one end before the other "
                "begins"
            ),
        ],
    ),
    Case(
        "an_http_fault_on_a_tcp_upstream",
        (("{upstream: db, type: down}", "{upstream: db, type: http_error}"),),
        [
            (
                "scenario.yaml:58: stages[4].for_each[1].type: http_error speaks HTTP and db is "
                "tcp://127.0.0.1:5432: use a toxic, such as latency, timeout, reset_peer or down"
            ),
        ],
    ),
    Case(
        "two_different_faults_of_one_id",
        (
            (
                "{name: rest, duration: 30s}",
                ("{name: rest, duration: 30s, faults: [{upstream: llm, type: http_error, attributes: {status: 429}}]}"),
            ),
        ),
        [
            (
                'scenario.yaml:54: stages[3].stages[0].faults[0]: "llm.http_error" is the id of '
                "another fault too (stages[2].faults[0]), judged as one: give each an `id`"
            ),
        ],
    ),
    Case(
        "two_different_stages_of_one_name",
        (("{name: rest, duration: 30s}", "{name: silent, duration: 30s}"),),
        [
            (
                'scenario.yaml:48: stages[2].name: "silent" is the name of another stage too '
                "(stages[1]), and stages of one name are judged together: rename one, such as "
                '"silent-1" and "silent-2", selected by "silent-*"'
            ),
        ],
    ),
    Case(
        "the_current_fault_outside_a_block",
        (("{name: rest, duration: 30s}", '{name: rest, duration: 30s, faults: ["${fault}"]}'),),
        [
            (
                "scenario.yaml:48: stages[2].faults[0]: ${fault} is the current fault of a block's "
                "`for_each`, and there is none: write the fault itself"
            ),
        ],
    ),
    Case(
        "a_block_whose_faults_no_stage_has",
        (('faults: ["${fault}"]', "faults: []"),),
        [
            (
                "scenario.yaml:56: stages[4].for_each: no stage of the block has it: write `faults: "
                '["${fault}"]` in the stage that it is for'
            ),
        ],
    ),
    Case(
        "a_ramp_on_a_toxic",
        (("latency: 800ms,", "latency: {from: 100ms, to: 2s},"),),
        [
            (
                "scenario.yaml:57: stages[4].for_each[0].attributes.latency: a ramp {from, to} is for the stand's own "
                "types: a toxic is constant, since every change of it lets go what it holds. Write one duration, such "
                "as 800ms"
            ),
        ],
    ),
    Case(
        "a_fault_that_is_not_yet",
        (("{upstream: llm, type: stall}", "{upstream: llm, type: truncate, attributes: {after_tokens: 5}}"),),
        [
            ('scenario.yaml:47: stages[1].faults[0].type: not yet: "truncate". Meanwhile use `limit_data`.'),
        ],
    ),
    Case(
        "a_metric_that_is_not_there",
        (("metric: graceful", "metric: gracefull"),),
        [
            (
                'scenario.yaml:66: criteria[3].metric: "gracefull" is not one of the metrics '
                "(answered, attempts_per_request, broken, crashed, degraded, errored, gap_max.p95, "
                "graceful, hung, latency.p95, leaked, over_refused, refused, shed, time_to_recover, "
                'tpot.p95, ttft.p95, under_refused, ungraceful, wrong). Did you mean "graceful"?'
            ),
        ],
    ),
    Case(
        "a_metric_that_is_not_yet",
        (("metric: leaked,", "metric: leaked_upstream,"),),
        [
            ('scenario.yaml:70: criteria[7].metric: not yet: "leaked_upstream". Meanwhile judge `leaked`.'),
        ],
    ),
    Case(
        "a_percentile_that_is_none",
        (("metric: latency.p95", "metric: latency.p100"),),
        [
            (
                'scenario.yaml:64: criteria[1].metric: "latency.p100" is not a percentile: write one '
                "between p1 and p99.99, such as latency.p95"
            ),
        ],
    ),
    Case(
        "a_limit_in_the_wrong_unit",
        (("at_most: 2s}", "at_most: 95%}"),),
        [
            (
                'scenario.yaml:64: criteria[1].at_most: "95%" is not a duration: write a number with '
                "its unit, such as 250ms, 5s or 2m"
            ),
        ],
    ),
    Case(
        "a_limit_on_the_wrong_side",
        (("at_most: 2s}", "at_least: 2s}"),),
        [
            (
                "scenario.yaml:64: criteria[1].at_least: latency.p95 is better the lower it is, so "
                "this limit would punish getting better: write `at_most: 2s`"
            ),
        ],
    ),
    Case(
        "no_limit",
        ((", at_most: 2s}", "}"),),
        [
            "scenario.yaml:64: criteria[1]: has no limit: add `at_most: …`",
        ],
    ),
    Case(
        "two_limits",
        (("at_most: 2s}", "at_most: 2s, at_least: 1s}"),),
        [
            (
                "scenario.yaml:64: criteria[1].at_least: latency.p95 is better the lower it is, so "
                "this limit would punish getting better: write `at_most: 1s`"
            ),
            ("scenario.yaml:64: criteria[1].at_most: has two limits: write two criteria, one for each"),
        ],
    ),
    Case(
        "a_ratio_without_the_other_stage",
        (("at_most: 3x, of: baseline", "at_most: 3x"),),
        [
            ('scenario.yaml:67: criteria[4].at_most: "3x" compares with another stage: say which with `of`'),
        ],
    ),
    Case(
        "a_plain_limit_with_another_stage",
        (("at_most: 3x, of: baseline", "at_most: 3, of: baseline"),),
        [
            (
                'scenario.yaml:67: criteria[4].at_most: "3" does not compare with another stage: '
                "with `of` write a ratio such as 1.5x"
            ),
        ],
    ),
    Case(
        "a_stage_that_is_not_there",
        (("stage: [silent, errors, db-bad]", "stage: [silent, error, db-bad]"),),
        [
            (
                'scenario.yaml:66: criteria[3].stage[1]: "error" is not one of this scenario\'s '
                "stages (baseline, silent, rest, errors, calm, db-bad, db-rest). Did you mean "
                '"errors"?'
            ),
        ],
    ),
    Case(
        "a_glob_that_selects_nothing",
        (('stage: "*rest"', 'stage: "pause-*"'),),
        [
            (
                'scenario.yaml:69: criteria[6].stage: "pause-*" is not one of this scenario\'s stages '
                "(baseline, silent, rest, errors, calm, db-bad, db-rest)."
            ),
        ],
    ),
    Case(
        "a_perfect_limit",
        (("at_least: 80%", "at_least: 100%"),),
        [
            (
                "scenario.yaml:65: criteria[2].at_least: 100% can never be shown, however many "
                "samples there are: write what you need, such as 99.9%"
            ),
        ],
    ),
    Case(
        "attempts_over_a_blind_fault",
        (("stage: errors, upstream: llm, metric: attempts", "stage: db-bad, upstream: db, metric: attempts"),),
        [
            (
                "scenario.yaml:67: criteria[4].stage: attempts cannot be seen under `down` (db.down "
                "in db-bad); use a fault of the stand there, such as `http_error` or `stall`, or leave "
                "that stage out"
            ),
        ],
    ),
    Case(
        "attempts_at_nobody_knows_which_upstream",
        (("stage: errors, upstream: llm, metric: attempts", "stage: errors, metric: attempts"),),
        [
            ("scenario.yaml:67: criteria[4]: attempts at which upstream? Add `upstream:` and one of llm, db"),
        ],
    ),
    Case(
        "graceful_over_a_mixture",
        (("category: in_scope, each: stage, metric: graceful", "each: stage, metric: graceful"),),
        [
            (
                "scenario.yaml:66: criteria[3]: needs a `category`: the scenario deals in_scope, "
                "malformed, off_topic, and those that never reach llm would hide how the others "
                "fare; name some, or say `population: bitten`"
            ),
        ],
    ),
    Case(
        "refused_without_a_sign",
        (("    refusal: {path: refused}\n", ""),),
        [
            (
                "scenario.yaml:64: criteria[2].metric: refused needs a sign of a refusal, and there "
                "is none for inputs/weather.jsonl: add `target.markers.refusal`, or an `assert` to "
                "that entry of `inputs`"
            ),
        ],
    ),
    Case(
        "graceful_over_refusals_without_a_sign",
        (
            ("    refusal: {path: refused}\n", ""),
            ("metric: refused", "metric: graceful"),
        ),
        [
            (
                "scenario.yaml:64: criteria[2].metric: graceful needs a sign of a refusal, and there "
                "is none for inputs/weather.jsonl: add `target.markers.refusal`, or an `assert` to "
                "that entry of `inputs`"
            ),
        ],
    ),
    Case(
        "degraded_without_a_sign",
        (
            ("    fallback: {header: x-degraded}\n", ""),
            ("category: in_scope, metric: answered", "category: in_scope, metric: degraded"),
        ),
        [
            (
                "scenario.yaml:62: criteria[0].metric: degraded needs a sign of a fallback, and there "
                "is none: add `target.markers.fallback`"
            ),
        ],
    ),
    Case(
        "over_refused_without_a_sign",
        (
            ("    refusal: {path: refused}\n", ""),
            ("metric: answered, at_least: 90%", "metric: over_refused, at_most: 5%"),
            ("category: off_topic, metric: refused, at_least: 80%", "metric: crashed, at_most: 5%"),
        ),
        [
            (
                "scenario.yaml:62: criteria[0].metric: over_refused needs a sign of a refusal, and there "
                "is none: add `target.markers.refusal`"
            ),
        ],
    ),
    Case(
        "answered_about_refusals",
        (("category: in_scope, metric: answered", "category: off_topic, metric: answered"),),
        [
            (
                "scenario.yaml:63: criteria[0].category: answered is about inputs that expect an "
                "answer, and off_topic expects the other: judge refused, or name another category"
            ),
        ],
    ),
    Case(
        "leaked_with_nothing_to_leak",
        (('  secrets: ["${env.PROMPT_CANARY}"]\n', ""),),
        [
            (
                "scenario.yaml:69: criteria[7].metric: nothing is declared that could leak: give "
                "tenants `canaries`, or the target `secrets`"
            ),
        ],
    ),
    Case(
        "leaked_with_a_scope",
        (("metric: leaked,", "metric: leaked, stage: baseline,"),),
        [
            ("scenario.yaml:70: criteria[7].stage: leaked looks at everything received in the run: delete it"),
        ],
    ),
    Case(
        "bitten_without_a_join",
        (("  correlate: {header: x-request-id}\n", ""),),
        [
            (
                "scenario.yaml:67: criteria[5].population: nobody can tell whose attempt was "
                "touched: add `target.correlate: {header: x-request-id}`"
            ),
        ],
    ),
    Case(
        "bitten_where_nobody_can_tell",
        (("stage: errors, population: bitten", "stage: db-bad, population: bitten"),),
        [
            (
                "scenario.yaml:68: criteria[5].population: db.latency is on a tcp:// upstream, where "
                "attempts carry no header that joins them to a request: use a fault of the stand, "
                "such as http_error or stall, or delete it"
            ),
        ],
    ),
    Case(
        "tokens_of_no_stream",
        (("metric: latency.p95", "metric: ttft.p95"),),
        [
            (
                "scenario.yaml:64: criteria[1].metric: ttft.p95 needs a stream, and the answer is "
                "none: judge latency.p95, or say `answer.stream: sse`"
            ),
        ],
    ),
    Case(
        "within_longer_than_the_deadline",
        (("metric: answered,", "metric: answered, within: 30s,"),),
        [
            (
                "scenario.yaml:63: criteria[0].within: 30 s is longer than the deadline, 6 s, when "
                "we hang up: shorten it, or delete it"
            ),
        ],
    ),
    Case(
        "within_of_a_bad_outcome",
        (("metric: wrong,", "metric: wrong, within: 2s,"),),
        [
            (
                "scenario.yaml:68: criteria[5].within: is for successes, and wrong counts none: "
                "delete it, or judge answered or graceful"
            ),
        ],
    ),
    Case(
        "recovery_before_any_fault",
        (('stage: "*rest", each: stage', "stage: baseline"),),
        [
            (
                "scenario.yaml:69: criteria[6].stage: no fault and no load of its own ends before "
                "the end of baseline: name the stage after one"
            ),
        ],
    ),
    Case(
        "recovery_of_no_stage",
        (('stage: "*rest", each: stage, ', ""),),
        [
            (
                "scenario.yaml:69: criteria[6]: recovery from what? Add `stage:`, the one in which "
                "the target must recover"
            ),
        ],
    ),
    Case(
        "two_criteria_of_one_id",
        (("id: budget", "id: quality"),),
        [
            (
                'scenario.yaml:64: criteria[1].id: "quality" is the id of two of them: rename one, '
                "since the report names criteria by it"
            ),
        ],
    ),
    Case(
        "an_expression_that_is_none",
        (("path: data.answer", 'path: "data..answer"'),),
        [
            (
                'scenario.yaml:22: target.answer.path: "data..answer" is not a JMESPath: write one '
                'such as data.answer or choices[0].text; quote keys with dashes: "my-key"'
            ),
        ],
    ),
    Case(
        "a_pattern_that_is_none",
        (("refusal: {path: refused}", 'refusal: {pattern: "(?i)sorry("}'),),
        [
            (
                'scenario.yaml:25: target.markers.refusal.pattern: "(?i)sorry(" is not a regular '
                "expression (missing ), unterminated subpattern at character 9): mend or escape it"
            ),
        ],
    ),
    Case(
        "a_marker_of_two_minds",
        (("{header: x-degraded}", "{header: x-degraded, pattern: cached}"),),
        [
            (
                "scenario.yaml:24: target.markers.fallback: has header and pattern: write one of "
                "header, path or pattern (a list of matchers means any of them)"
            ),
        ],
    ),
    Case(
        "an_assertion_misspelt",
        (("type: contains-any", "type: contain-any"),),
        [
            (
                'scenario.yaml:38: inputs[0].assert[0].type: "contain-any" is not one of contains, '
                "not-contains, contains-all, not-contains-all, contains-any, not-contains-any, "
                "equals, not-equals, icontains, not-icontains, is-json, not-is-json, not-empty, "
                'regex, not-regex. Did you mean "contains-any"?'
            ),
        ],
    ),
    Case(
        "an_assertion_about_nothing",
        (('value: "${input.expected}"', "value: []"),),
        [
            ("scenario.yaml:38: inputs[0].assert[0].value: [] is nothing to look for: give at least one text"),
        ],
    ),
    Case(
        "an_assertion_without_a_value",
        ((', value: "${input.expected}"', ""),),
        [
            ("scenario.yaml:38: inputs[0].assert[0].value: is missing: add it, such as `value: ${input.expected}`"),
        ],
    ),
    Case(
        "inputs_from_nowhere",
        (("{file: inputs/weather.jsonl, category", "{category"),),
        [
            (
                "scenario.yaml:39: inputs[1]: says not where its inputs come from: write one of "
                "`file: …` and `generate: malformed`"
            ),
        ],
    ),
    Case(
        "a_kind_of_malformed_that_is_not_there",
        (("generate: malformed", "generate: {malformed: {kinds: [sintax]}}"),),
        [
            (
                'scenario.yaml:40: inputs[2].generate.malformed.kinds[0]: "sintax" is no kind of '
                "malformed request: write syntax, leaves, content_type or one kind. Did you mean "
                '"syntax"?'
            ),
        ],
    ),
    Case(
        "malformed_of_no_body",
        ((('    json: {question: "${input.text}", stream: false, locale: "${tenant.vars.locale?}"}\n'), ""),),
        [
            (
                "scenario.yaml:16: target.request: asks the same whatever the input: put a field of "
                "it in, such as ${input.text}"
            ),
            (
                "scenario.yaml:39: inputs[2].generate: malformed requests are made of a JSON body, "
                "and target.request has no `json`: add it"
            ),
        ],
    ),
    Case(
        "a_body_that_is_not_json",
        (("    json: {question", "    form: {question"),),
        [
            ("scenario.yaml:21: target.request.form: not yet: `form`. Meanwhile send the body as `json`."),
        ],
    ),
    Case(
        "a_method_in_small_letters",
        (("method: POST", "method: post"),),
        [
            (
                'scenario.yaml:17: target.request.method: "post" is not one of GET, POST, PUT, '
                "PATCH, DELETE, HEAD, OPTIONS. Methods are written in capitals."
            ),
        ],
    ),
    Case(
        "a_secret_text_of_chance",
        (('secrets: ["${env.PROMPT_CANARY}"]', "secrets: [sesame]"),),
        [
            ("scenario.yaml:26: target.secrets[0]: a text of 6 characters occurs by chance: write at least 8"),
        ],
    ),
    Case(
        "a_tenant_that_is_not_there",
        (("rate: 20/s}", "rate: 20/s, tenant: nort}"),),
        [
            (
                'scenario.yaml:41: load.tenant: "nort" is not one of this scenario\'s tenants (north, '
                'south). Did you mean "north"?'
            ),
        ],
    ),
    Case(
        "a_parent_that_is_not_there",
        (("version: 1\n", "version: 1\nextends: parent.yaml\n"),),
        [
            ('scenario.yaml:2: extends: "parent.yaml" is not a file: the path is relative to scenario.yaml'),
        ],
    ),
    Case(
        "a_file_that_extends_itself",
        (("version: 1\n", "version: 1\nextends: scenario.yaml\n"),),
        [
            (
                'scenario.yaml:2: extends: "scenario.yaml" extends in a circle (scenario.yaml → '
                "scenario.yaml): one of them must stand alone"
            ),
        ],
    ),
    Case(
        "probes",
        (("criteria:\n", "probes: [{type: cache_bleed, questions: q.jsonl}]\ncriteria:\n"),),
        [
            ("scenario.yaml:62: probes: not yet: `probes`. Meanwhile declare `canaries` and judge `leaked`."),
        ],
    ),
    Case(
        "nested_block",
        (("      - {name: calm, duration: 40s}\n", "      - {repeat: 2, stages: [{name: calm, duration: 40s}]}\n"),),
        [
            ("scenario.yaml:55: stages[3].stages[1]: a block cannot stand inside a block: write its stages out here"),
        ],
    ),
    Case(
        "a_token_that_nobody_sends",
        (('"Bearer ${tenant.token}"', '"Bearer fixed"'),),
        [
            (
                "scenario.yaml:32: tenants[0].token: is never sent: put ${tenant.token} into "
                "target.request.headers, or delete it"
            ),
            (
                "scenario.yaml:33: tenants[1].token: is never sent: put ${tenant.token} into "
                "target.request.headers, or delete it"
            ),
        ],
    ),
    Case(
        "a_request_that_asks_nothing_of_the_input",
        (('question: "${input.text}"', "question: hello"),),
        [
            (
                "scenario.yaml:16: target.request: asks the same whatever the input: put a field of "
                "it in, such as ${input.text}"
            ),
        ],
    ),
    Case(
        "a_comparison_with_itself",
        (("stage: errors, upstream: llm, metric: attempts", "upstream: llm, metric: attempts"),),
        [
            (
                'scenario.yaml:67: criteria[4].of: "baseline" is in the criterion\'s own scope: name '
                "other stages in `stage`"
            ),
        ],
    ),
    Case(
        "several_at_once",
        (
            ("deadline: 6s", "deadline: soon"),
            ("type: stall}", "type: stal}"),
            ("metric: graceful", "metric: gracefull"),
            ("upstream: db, type: down", "upstream: dbb, type: down"),
            ("share: 60%", "share: 50%"),
        ),
        [
            (
                'scenario.yaml:15: target.deadline: "soon" is not a duration: write a number with '
                "its unit, such as 250ms, 5s or 2m"
            ),
            "scenario.yaml:31: tenants: the shares sum to 90%, not 100%: change 50% + 40%",
            (f'scenario.yaml:47: stages[1].faults[0].type: "stal" is not one of {FAULT_TYPES}. Did you mean "stall"?'),
            (
                'scenario.yaml:58: stages[4].for_each[1].upstream: "dbb" is not one of this '
                'scenario\'s upstreams (llm, db). Did you mean "db"?'
            ),
            (
                'scenario.yaml:66: criteria[3].metric: "gracefull" is not one of the metrics '
                "(answered, attempts_per_request, broken, crashed, degraded, errored, gap_max.p95, "
                "graceful, hung, latency.p95, leaked, over_refused, refused, shed, time_to_recover, "
                'tpot.p95, ttft.p95, under_refused, ungraceful, wrong). Did you mean "graceful"?'
            ),
        ],
    ),
)
