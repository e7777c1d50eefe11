"""Good scenario files of our own, to be read as they are and to be broken on purpose."""

from typing import get_args

from pocchaos.faults import AnyStandFault, AnyToxic, Down

FAULT_TYPES = ", ".join(
    kind.model_fields["type"].default for kind in (Down, *get_args(AnyToxic), *get_args(AnyStandFault))
)
"""As a refusal lists them, in the order of the unions: a new fault changes no expected message."""

GOOD = """\
version: 1
name: shop-assistant
description: The LLM goes silent, then errs, then Postgres is slow.
seed: 5
target:
  url: http://127.0.0.1:8080
  version: {get: /version, path: build.commit}
  start:
    command: [python, -m, shop]
    env:
      LLM_BASE_URL: "${upstreams.llm.url}/v1"
      DATABASE_URL: "postgresql://shop:${env.DB_PASSWORD}@${upstreams.db.host}:${upstreams.db.port}/shop"
      RELEASE: "${env.RELEASE:-dev}"
  ready: /healthz
  deadline: 6s
  request:
    method: POST
    path: /ask
    headers:
      authorization: "Bearer ${tenant.token}"
    json: {question: "${input.text}", stream: false, locale: "${tenant.vars.locale?}"}
  answer: {path: data.answer}
  markers:
    fallback: {header: x-degraded}
    refusal: {path: refused}
  secrets: ["${env.PROMPT_CANARY}"]
  correlate: {header: x-request-id}
upstreams:
  llm: {origin: {simulate: openai, ttft: {median: 200ms, p99: 800ms}, tokens_per_second: 50}}
  db: {origin: "tcp://127.0.0.1:5432", listen: 127.0.0.1:18002}
tenants:
  - {name: north, token: "${env.NORTH_TOKEN}", share: 60%, vars: {locale: en}}
  - {name: south, token: "${env.SOUTH_TOKEN}", share: 40%, vars: {locale: de}}
inputs:
  - file: inputs/orders.jsonl
    category: in_scope
    share: 80%
    assert: [{type: contains-any, value: "${input.expected}"}]
  - {file: inputs/weather.jsonl, category: off_topic, share: 10%}
  - {generate: malformed, category: malformed, share: 10%}
load: {arrival: poisson, rate: 20/s}
stages:
  - {name: baseline, duration: 90s, settle: 10s}
  - name: silent
    duration: 60s
    faults:
      - {upstream: llm, type: stall}
  - {name: rest, duration: 30s}
  - repeat: 2
    alternate: true
    stages:
      - name: errors
        duration: 40s
        faults: [{upstream: llm, type: http_error, attributes: {status: 503, retry_after: 2s}}]
      - {name: calm, duration: 40s}
  - for_each:
      - {upstream: db, type: latency, at: 5s, for: 30s, attributes: {latency: 800ms, jitter: 100ms}}
      - {upstream: db, type: down}
    stages:
      - {name: db-bad, duration: 60s, faults: ["${fault}"]}
      - {name: db-rest, duration: 60s}
criteria:
  - {id: quality, stage: baseline, category: in_scope, metric: answered, at_least: 90%}
  - {id: budget, stage: baseline, metric: latency.p95, at_most: 2s}
  - {id: polite, stage: baseline, category: off_topic, metric: refused, at_least: 80%}
  - {id: honest, stage: [silent, errors, db-bad], category: in_scope, each: stage, metric: graceful, at_least: 90%}
  - {id: retries, stage: errors, upstream: llm, metric: attempts_per_request, at_most: 3x, of: baseline}
  - {id: bitten, stage: errors, population: bitten, metric: wrong, at_most: 5%}
  - {id: recover, stage: "*rest", each: stage, metric: time_to_recover, at_most: 10s}
  - {id: no-leak, metric: leaked, at_most: 0}
"""

ENV = {
    "DB_PASSWORD": "correct-horse",
    "PROMPT_CANARY": "canary-9f8e7d6c5b",
    "NORTH_TOKEN": "north-token-123",
    "SOUTH_TOKEN": "south-token-456",
    "HOME": "/home/somebody",
}

PARENT = """\
version: 1
target:
  url: http://127.0.0.1:3000
  ready: /api/health
  deadline: 10s
  request: {path: /api/ask, headers: {x-api-key: "${tenant.token}"}, json: {q: "${input.text}"}}
  answer: {path: data.answer}
  markers: {fallback: {pattern: "(?i)from the cache"}, refusal: {pattern: "(?i)only help with"}}
upstreams:
  llm: {origin: "http://127.0.0.1:11434", listen: 0.0.0.0:18001}
tenants: [{name: solo, token: "${env.API_KEY}"}]
inputs:
  - {file: inputs/questions.jsonl, category: in_scope, share: 100%, assert: [{type: not-empty}]}
load: {arrival: constant, rate: 5/s}
"""

CHILD = """\
extends: shared/target.yaml
name: already-running
target: {deadline: 8s, answer: {path: answer}}
stages:
  - {name: baseline, duration: 60s}
  - {name: outage, duration: 60s, faults: [{upstream: llm, type: stall}]}
  - {name: recovery, duration: 60s}
criteria:
  - {id: no-hang, stage: outage, metric: hung, at_most: 5%}
  - {id: recover, stage: recovery, metric: time_to_recover, at_most: 15s}
"""
