"""What may be done to make training faster.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from dataclasses import dataclass

COMPILABLE = ("network", "views", "forward")


@dataclass(frozen=True)
class Speed:
    """What is done to make steps faster. Each may change roundings, and nothing else.

    Attributes: compile, of COMPILABLE, what torch.compile merges into fewer operations: the
    "network", which is the encoder; the "views", once their parameters are drawn; the "forward"
    pass of both branches with their loss, which contains the network. graph, whether a whole step
    is recorded as a CUDA graph and replayed, so that it is launched at once. tune, whether cuDNN
    tries its algorithms for each convolution and keeps the fastest.
    """

    compile: tuple[str, ...] = ()
    graph: bool = False
    tune: bool = False

    def __str__(self) -> str:
        """The options of ``python -m vicreg train`` that ask for it, "" for none."""
        asked = {f"--compile {','.join(self.compile)}": self.compile, "--graph": self.graph, "--tune": self.tune}
        return " ".join(option for option, given in asked.items() if given)


PLAIN = Speed()
