"""The one exception type whose message is meant for the user.

Written with an AI coding assistant; see the report's section on automatic tools.
"""


class VICRegError(Exception):
    """Something the user can mend; the message is one sentence with the remedy."""
