"""What a rehearsal foresees: told as text, as JSON and as a page."""
