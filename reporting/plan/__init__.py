"""What must run, and why.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
