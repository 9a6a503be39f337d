"""The `sequencer` command: thin, one module a verb group."""
