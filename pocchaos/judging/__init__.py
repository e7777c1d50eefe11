"""From recorded evidence to outcomes, metrics and verdicts; pure, repeatable, offline."""
