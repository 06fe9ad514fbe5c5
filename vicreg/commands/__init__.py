"""What ``python -m vicreg`` does: a module a command, or a few that belong together.

Each has ``add`` which gives the parser its command, and loads nothing heavy before the
command runs.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
