"""What counts as the target's insides, and what only talks about them."""

import json
import time

import pytest

from pocchaos.judging.internals import internals

PYTHON = """Traceback (most recent call last):
  File "/app/main.py", line 42, in answer
    return llm.ask(question)
ZeroDivisionError: division by zero"""
JAVA = """java.lang.NullPointerException: Cannot invoke "String.length()"
\tat com.example.poc.Answer.build(Answer.java:57)
\tat java.base/java.lang.Thread.run(Thread.java:833)"""
NODE = """TypeError: Cannot read properties of undefined (reading 'id')
    at answer (/srv/poc/src/answer.js:12:9)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"""
GO = """panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.main()
\t/src/poc/main.go:9 +0x1d"""
RUBY = "/app/lib/answer.rb:12:in `build': undefined method `id' for nil (NoMethodError)"
DOTNET = """System.NullReferenceException: Object reference not set to an instance of an object.
   at Poc.Answers.Build(String question) in C:\\src\\Poc\\Answers.cs:line 31"""
DOTNET_WITHOUT_SYMBOLS = """System.InvalidOperationException: no
   at Poc.Answers.AnswerBuilder.Build(String question)
   at Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext context)"""
PHP = "Fatal error: Uncaught Exception: no in /var/www/html/answer.php:12\n#0 /var/www/html/index.php(3): answer()"
RUST = "thread 'main' panicked at src/main.rs:4:9:\nindex out of bounds"
POSTGRES = 'ERROR:  relation "documents" does not exist\nLINE 1: SELECT * FROM documents\n                      ^'
SQLALCHEMY = "(psycopg2.errors.UndefinedTable) relation gone\n[SQL: SELECT id FROM documents]"
MYSQL = (
    "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the "
    "right syntax to use near 'FORM x' at line 1"
)
SQLITE = "sqlite3.OperationalError: no such table: documents"
ENVIRONMENT = "HOSTNAME=poc-1\nPATH=/usr/local/bin:/usr/bin\nHOME=/root\nOPENAI_API_KEY=sk-1"

SHOWN = {
    "python": PYTHON,
    "java": JAVA,
    "node": NODE,
    "go": GO,
    "ruby": RUBY,
    "dotnet": DOTNET,
    "dotnet without symbols": DOTNET_WITHOUT_SYMBOLS,
    "php": PHP,
    "rust": RUST,
    "postgres": POSTGRES,
    "sqlalchemy": SQLALCHEMY,
    "mysql": MYSQL,
    "sqlite": SQLITE,
    "oracle": "ORA-00942: table or view does not exist",
    "sqlstate": "SQLSTATE[42S02]: Base table or view not found: 1146",
    "path with line": "failed in /srv/poc/answer.py:88 while asking",
    "windows path with line": r"failed in C:\poc\src\answer.py, line 88",
    "environment": ENVIRONMENT,
}


@pytest.mark.parametrize("body", SHOWN.values(), ids=SHOWN)
def test_insides_are_seen_in_plain_text(body: str) -> None:
    assert internals(body)


@pytest.mark.parametrize("body", SHOWN.values(), ids=SHOWN)
def test_insides_are_seen_inside_json_strings(body: str) -> None:
    """Line ends and quotes are escaped there."""
    assert internals(json.dumps({"error": {"message": "no", "detail": [body]}}))


def test_insides_are_seen_in_an_html_error_page() -> None:
    escaped = PYTHON.replace('"', "&quot;")
    assert internals(f"<html><body><pre>{escaped}</pre></body></html>")


def test_an_environment_is_seen_as_an_object() -> None:
    assert internals(json.dumps({"debug": {"env": {"PATH": "/bin", "HOME": "/root", "KEY": "1"}}})) == "environment"


HARMLESS = {
    "prose about tracebacks": "A traceback starts with 'Traceback (most recent call last):' and names each file "
    "and line, in order of the calls; read it from the bottom up.",
    "prose about java": "In Java, the stack trace lists lines such as 'at' followed by the class and method; "
    "a NullPointerException means a reference was null.",
    "prose about goroutines": "A goroutine is a light thread; when one panics, Go prints the goroutine and its stack.",
    "prose about SQL": "A syntax error at or near a word usually means a typo. ORA-00942 means the table is missing.",
    "prose about SQL syntax": "If you see 'You have an error in your SQL syntax', check your quotes.",
    "prose about paths": "Your settings are in /etc/poc/settings.yaml; change line 12 and restart.",
    "a url with a port": "Open http://localhost:8080/docs/index.html or https://example.com/a.js and log in at 10:30.",
    "a file without line": "The script is /opt/poc/run.py and takes one argument.",
    "environment advice": "Set PATH=/usr/bin and HOME=/root before you start.",
    "an example .env": "API_KEY=abc\nMODEL=small\nTIMEOUT=30",
    "meeting times": "We are open at 9:30:00 and at 14:15:30 on line 2 of the tram.",
    "a relation": 'The relation "customer has invoices" does not exist in your plan.',
    "a refusal": "I am sorry, but I can only help with questions about our products.",
    "an error object": json.dumps({"error": {"type": "unavailable", "message": "try again later", "path": "/v1/ask"}}),
    "an object with a path": json.dumps({"PATH": "/v1/answer", "status": 503}),
    "a validation error": json.dumps({"detail": [{"loc": ["body", "question"], "msg": "field required", "line": 3}]}),
    "none": "",
    "code without a trace": "Use `raise ValueError('no')` inside `def at(x)`, then call at (x.y.z(1)).",
}


@pytest.mark.parametrize("body", HARMLESS.values(), ids=HARMLESS)
def test_words_about_insides_are_not_insides(body: str) -> None:
    """An assistant may explain a traceback; only the structure of one is evidence."""
    assert internals(body) is None
    assert internals(json.dumps({"answer": body})) is None


def test_a_body_that_only_looks_like_json_is_read_as_text() -> None:
    assert internals("{broken " + PYTHON)


def test_deep_json_is_no_trap() -> None:
    assert internals("[" * 100_000) is None


@pytest.mark.parametrize("levels", [300, 600, 900])
def test_what_the_parser_still_reads_is_searched_however_deep(levels: int) -> None:
    frame = json.dumps('  File "/app/main.py", line 3, in ask\n')
    assert internals("[" * levels + frame + "]" * levels) == "Python frame"
    environment = json.dumps({"PATH": "/bin", "HOME": "/root"})
    assert internals('{"a":' * levels + environment + "}" * levels) == "environment"
    assert internals("[" * levels + '"the PATH variable"' + "]" * levels) is None


HOSTILE = ["\n", " ", "/a", "at $", "$", "a.", "C:\\a", "at a.", "x.rb:", "A=1\n", "&<", "LINE 1: \n", "a/b.php "]


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_body_costs_no_time(unit: str) -> None:
    """64 KiB of whatever tempts a pattern to try again from every place."""
    body = "at line File goroutine .go: .rb: .php :line panicked at " + unit * (65_536 // len(unit))
    began = time.process_time()
    internals(body)
    assert time.process_time() - began < 2.0
