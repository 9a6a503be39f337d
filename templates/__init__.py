"""What an observing block can run: each procedure one module, each template one signature (YAML) beside it."""
