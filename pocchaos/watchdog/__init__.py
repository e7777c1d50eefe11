"""Rollback when we are gone: a process beside the conductor that undoes what it can no longer undo itself."""
