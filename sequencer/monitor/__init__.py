"""What people see of a run: live screen, run log, summary, report. Everything is a replay of the journal."""
