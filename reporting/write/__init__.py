"""From results to the report's files.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
