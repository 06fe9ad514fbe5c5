"""Running chapters, and the commands before them.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
