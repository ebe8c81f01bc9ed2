"""Rules without input or output; time and randomness are parameters. Their cases stand in clients/vectors."""
