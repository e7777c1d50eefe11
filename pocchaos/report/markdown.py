"""The judged run as Markdown, fit for a CI step summary."""

from pocchaos.model.verdict import JudgedRun
from pocchaos.report import words


def markdown(judged: JudgedRun) -> str:
    """One page: banner, criteria, bite, outcomes, what was not tested."""
    lines = [
        f"# {words.BANNER[judged.verdict]}: {_cell(judged.scenario)}",
        "",
        f"{words.tally(judged)}. {_cell(judged.why)}",
        "",
    ]
    if judged.stopped:
        lines += [f"**The run ended early:** {_cell(judged.stopped)}", ""]
    lines += [
        "| verdict | criterion | figure | interval | limit | n | why | remedy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in words.rows(judged):
        criterion = row.judgement
        cells = (
            words.show(criterion.figure, criterion.unit),
            words.interval(criterion),
            words.limit(criterion),
            words.size(criterion),
            criterion.why,
            criterion.remedy,
        )
        verdict = f"{words.SIGN[criterion.verdict]} {criterion.verdict.value}"
        lines.append("| " + " | ".join((verdict, _named(row), *map(_cell, cells))) + " |")
    lines += ["", "## Did the faults bite?", "", "| fault | stage | cycle | bitten | why |", "|---|---|---|---|---|"]
    lines += [
        f"| {_cell(bite.id)} | {_cell(bite.stage)} | {bite.cycle + 1} | {'yes' if bite.bitten else 'no'} "
        f"| {_cell(bite.why)} |"
        for bite in judged.faults
    ]
    lines += [
        "",
        "## Outcomes by stage and category",
        "",
        "| stage | category | outcome | count | of | 95 % interval |",
    ]
    lines += ["|---|---|---|---|---|---|"]
    lines += [
        f"| {_cell(cell.stage)} | {_cell(cell.category)} | {cell.outcome} | {cell.count} | {cell.n} | "
        f"[{words.show(cell.interval[0], 'share')}, {words.show(cell.interval[1], 'share')}] |"
        for cell in judged.outcomes
    ]
    lines += ["", "## Not tested", ""] + [f"- {_cell(line)}" for line in judged.not_tested]
    if judged.notes:
        lines += ["", "## Notes", ""] + [f"- {_cell(line)}" for line in judged.notes]
    facts = judged.facts
    version = _cell(facts.get("target_version") or "not told")
    lines += ["", f"Run {_cell(judged.run)} · seed {_cell(facts.get('seed'))} · target version {version}", ""]
    return "\n".join(lines)


def _named(row: words.Row) -> str:
    """The criterion, its own words, and what it asks for."""
    if row.depth:
        return "– " + "<br>".join(map(_cell, filter(None, (row.name, row.asked))))
    return f"**{_cell(row.name)}**" + "".join(f"<br>{_cell(said)}" for said in (row.judgement.claim, row.asked) if said)


def _cell(value: object) -> str:
    """Text that cannot become markup: Markdown's own signs are escaped, control characters are shown as dots."""
    text = "".join(c if c.isprintable() else "·" for c in str(value))
    for sign in "\\`*_{}[]<>#|":
        text = text.replace(sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return text
