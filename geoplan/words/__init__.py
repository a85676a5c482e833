"""The words of messages and outputs, errors, progress, strict YAML."""
