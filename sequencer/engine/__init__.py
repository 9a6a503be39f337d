"""Executes observing blocks: state machine, runner, checkpoints, operator verbs, journal, safe state."""
