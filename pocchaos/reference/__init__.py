"""The reference POC: a small support assistant for a fictitious maker of smart-home devices.

It is what we show people as a well-behaved POC, and what the demo and the self-test drive. Read it in this order:
`app` (the routes), `assistant` (what happens to a question), `llm` with `retries` and `breaker` (how it depends on
something that fails), `documents` (each tenant's own store). `defects` is the one place where it learns to misbehave.
It imports nothing of the rest of pocchaos, so it can be copied away whole.
"""
