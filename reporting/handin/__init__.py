"""What is handed in, and what it is held to.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
