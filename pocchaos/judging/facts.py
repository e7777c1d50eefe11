"""What a decision may depend on: one frozen value of facts for each distinct combination in a run.

The facts of a response body are found once per content, those of its markers once per content and headers.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from pocchaos.model.evidence import How, StreamEnd


class Checked(StrEnum):
    """What the input's assertions came to."""

    NONE = "none"  # the input has no assertion, or the value of each is unset
    HOLD = "hold"
    FAIL = "fail"
    RAISED = "raised"  # an assertion or hook of the scenario raised: nobody knows


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Everything that the decision table looks at; the defaults are those of a plain good answer."""

    expect: Literal["answer", "refuse"] = "answer"
    how: How = How.COMPLETE
    status: int | None = 200
    baseline: bool = False  # due in the baseline stage
    leaked: bool = False  # a foreign canary or a secret in any byte, or in the joined deltas of a stream
    late: bool = False  # complete, but only after the deadline counted from the actual start
    stream: StreamEnd | None = None
    done_declared: bool = False  # the scenario says which event ends a stream
    kept: bool = True  # the body is there, whole
    internals: bool = False  # trace, source path with line number, SQL error or environment in the body
    json_object: bool = True  # the body is a non-empty JSON object
    blank_body: bool = False
    blank_answer: bool = False  # the extracted answer is missing or white space
    parsed: bool = True  # it is what the scenario expects: JSON, or a stream
    cut_by_length: bool = False  # finish reason `length`
    unfinished_stream: bool = False  # `done` came without the finish reason that the scenario declares
    fallback: bool = False  # markers of the scenario
    refusal: bool = False
    shed: bool = False
    error: bool = False
    allowed_status: bool = False  # status is one of `clean_errors`
    retry_after_missing: bool = False  # `clean_errors` requires Retry-After, and there is none
    checked: Checked = Checked.NONE
    # The next four have no recorded fact yet: quotas, logins, polls and probes are refused when a scenario is read.
    over_quota: bool = False
    login_failed: bool = False
    poll_failed: bool = False
    bad_credentials: bool = False

    @property
    def ok(self) -> bool:
        """A status of 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def client_error(self) -> bool:
        """A status of 4xx."""
        return self.status is not None and 400 <= self.status < 500

    @property
    def server_error(self) -> bool:
        """A status of 5xx."""
        return self.status is not None and 500 <= self.status < 600

    @property
    def error_event(self) -> bool:
        """An error event ended the stream."""
        return self.stream is StreamEnd.ERROR

    @property
    def clean(self) -> bool:
        """An error that a caller can read: 5xx and 429 a JSON object (or the error marker), other 4xx any words."""
        if self.internals:
            return False
        if self.server_error or self.status == 429:
            return self.json_object or self.error
        return not (self.client_error and self.blank_body)
