"""The judged run as JUnit XML: one test case a criterion, trouble of our own as `<error>`."""

from xml.etree import ElementTree as ET

from pocchaos.model.verdict import JudgedRun, Verdict
from pocchaos.report import words


def junit(judged: JudgedRun) -> bytes:
    """A `<testsuites>` document; INCONCLUSIVE is a failure of its own type, so that no CI counts it as a pass."""
    suites = ET.Element("testsuites")
    rows = [row for row in words.rows(judged) if not row.whole]
    bad = sum(row.judgement.verdict is not Verdict.PASS for row in rows)
    suite = ET.SubElement(
        suites,
        "testsuite",
        name=_clean(judged.scenario),
        tests=str(len(rows) + bool(judged.stopped)),
        failures=str(bad),
        errors=str(int(bool(judged.stopped))),
    )
    for row in rows:
        criterion = row.judgement
        case = ET.SubElement(suite, "testcase", classname=_clean(judged.scenario), name=_clean(criterion.id))
        figure = f"{words.show(criterion.figure, criterion.unit)} {words.interval(criterion)}"
        told = f"{figure}, limit {words.limit(criterion)}"
        if criterion.verdict is not Verdict.PASS:
            failure = ET.SubElement(
                case, "failure", type=criterion.verdict.value, message=_clean(f"{told}: {criterion.why}")
            )
            failure.text = _clean(criterion.remedy or criterion.why)
        said = (criterion.claim, words.asked(criterion), told, f"n {words.size(criterion)}")
        ET.SubElement(case, "system-out").text = _clean("\n".join(filter(None, said)))
    if judged.stopped:
        case = ET.SubElement(suite, "testcase", classname=_clean(judged.scenario), name="the run itself")
        ET.SubElement(case, "error", message=_clean(judged.stopped))
    ET.indent(suites)
    return bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _clean(text: str) -> str:
    """XML 1.0 has no place for most control characters."""
    return "".join(
        c if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff" and not "\ud800" <= c <= "\udfff") else "·"
        for c in text
    )
