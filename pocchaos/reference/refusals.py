"""What the assistant does not answer, decided before the model is asked: by rules first, then by relevance."""

import re

from pocchaos.reference.retrieval import Found

LEAST_COVERAGE = 0.45  # share of a question's meaning that one passage must know, unless it names one of OURS

NOT_OURS = (
    "I can only help with Fernwick Home: its devices, plans, orders, bills and accounts. Is there something about "
    "those that I can look up for you?"
)
NOT_ALLOWED = (
    "I am sorry, but I cannot help with that. I am glad to help with your own Fernwick devices, orders, bills or "
    "account."
)

OURS = re.compile(
    r"\b(fernwick|hub|ember|thermostat|latch|lock|wren|camera|glow|lamp|nook|plug|dew|pip|sensor"
    r"|invoice|billing|receipt|refund|voucher|parcel|delivery|warranty)s?\b",
    re.IGNORECASE,
)


def _rule(*parts: str) -> re.Pattern[str]:
    """Parts that follow each other within one sentence, at most 50 characters apart."""
    return re.compile(r"[^.?!]{0,50}?".join(rf"\b(?:{part})" for part in parts), re.IGNORECASE)


MISUSE = (
    # somebody else's instructions in place of ours
    _rule("ignore|disregard|forget|override|bypass|drop|skip", "instruction|rule|guideline|prompt|polic|filter|above"),
    _rule(r"(?:system|hidden|initial|original|secret|developer)\s+(?:prompt|message|instruction)"),
    _rule("pretend|act|behave|role-?play|respond|answer", "as|like|to be|you are", "admin|root|hacker|unrestricted"),
    _rule(r"(?:developer|debug|admin|god|root)[ -]mode|jailbreak|(?:no|without) (?:filter|limits|restrictions)"),
    _rule("you are (?:now|no longer)"),
    _rule(
        "print|repeat|reveal|show|dump|output|list|tell|give",
        "your|the",
        "prompt|instructions|configuration|api key|environment|credentials|source code",
    ),
    # what belongs to others
    _rule(
        "other|another|(?:somebody|someone) else|different|all|every|neighbour",
        r"(?:customer|tenant|user|account|person|camera|lock)'?s?\b",
    ),
    # harm
    _rule("hack|crack|steal|stolen|spy|stalk|break into|brute force|phish|forge|fake|exploit|clone|launder|sabotage"),
    _rule("eavesdrop|blackmail|scam|defraud|ransomware|malware|weapon|bomb|explosive"),
    _rule("without|behind", "knowing|noticing|consent|permission|their back"),
    # code where a question should be
    re.compile(r"<script|\.\./|;\s*--|\bunion select\b|\bdrop table\b|\bor 1\s*=\s*1", re.IGNORECASE),
)


def why_refused(question: str, found: Found) -> str:
    """What to say in place of an answer; empty where the question is a fair one that we can look up."""
    if any(pattern.search(question) for pattern in MISUSE):
        return NOT_ALLOWED
    if not found.passages or (found.coverage < LEAST_COVERAGE and not OURS.search(question)):
        return NOT_OURS
    return ""
