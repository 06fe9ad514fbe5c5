"""What representations are used for: a module a task.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
