"""`pocchaos check FILE`: validate a scenario and print its plan; touches nothing."""

from pocchaos.cli.options import ScenarioFile, Seed, Set, environment


def check(file: ScenarioFile, seed: Seed = None, settings: Set = None) -> None:
    """Validate a scenario and print its plan: stages, faults, requests, and what each criterion will rest on.

    Nothing is started, sent or written. Ends with 2 if the scenario cannot be run or a criterion cannot pass.

    Example: pocchaos check scenarios/llm_outage.yaml
    """
    from pocchaos.cli.foresee import refuse
    from pocchaos.cli.plan_view import show_plan
    from pocchaos.cli.prepare import prepare
    from pocchaos.scenario.forecast import forecast

    loaded, plan = prepare(file, env=environment(settings), seed=seed)
    foreseen = forecast(loaded.scenario, plan)
    show_plan(loaded.scenario, plan, foreseen)
    refuse(loaded, foreseen)
